"""SQL of carriers, their rate cards and what was booked with them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from shelfwise.planning.carriers.model import PriceLine, RateCard
from shelfwise.store.database import Tx, first, rows, run, value, values

_CARD = """select r.rate_card_id, r.carrier_id, c.name as carrier_name, r.site_id, r.changed_by, r.changed_at, r.card,
        c.code, s.code as site
    from rate_card r join carrier c on c.tenant_id = r.tenant_id and c.carrier_id = r.carrier_id
    left join site s on s.tenant_id = r.tenant_id and s.site_id = r.site_id"""
_BOOKING = """select b.booking_id, b.shipment_id, b.site_id, b.rate_card_id, c.code as carrier, c.name as carrier_name,
        r.service_code, r.card->>'service_name' as service_name, rs.code as card_site, b.zone, b.price, b.currency,
        b.price_lines, b.parcels, b.weight_kg, b.pick_up_on, b.promised_on, b.due_on, b.chance, b.best_price,
        b.booked_by, b.booked_at, b.cancelled_by, b.cancelled_at, b.expected_on, b.arrived_on, b.days_late
    from shipment_booking b
    join rate_card r on r.tenant_id = b.tenant_id and r.rate_card_id = b.rate_card_id
    join carrier c on c.tenant_id = r.tenant_id and c.carrier_id = r.carrier_id
    left join site rs on rs.tenant_id = r.tenant_id and rs.site_id = r.site_id"""

_NOT_LEFT = """exists (select from shipment h where h.tenant_id = b.tenant_id and h.shipment_id = b.shipment_id
    and h.state in ('picking', 'packed'))"""


@dataclass(frozen=True)
class Carrier:
    """A carrier as it is kept."""

    carrier_id: int
    code: str
    name: str


@dataclass(frozen=True)
class StoredCard:
    """A rate card as it is kept. `site_id` None: it picks up at every site."""

    rate_card_id: int
    carrier_id: int
    carrier_name: str
    site_id: int | None
    changed_by: str
    changed_at: datetime
    card: RateCard


@dataclass(frozen=True)
class Destination:
    """Where a shipment goes and by when, as somebody said it.

    Attributes:
        due_on: None: nobody said.
        ready_at: None: now.
        weight_kg: of all of it, where its boxes do not say; None: what its items weigh.
    """

    country: str
    postal_code: str
    residential: bool = False
    saturday: bool = False
    due_on: date | None = None
    ready_at: datetime | None = None
    weight_kg: Decimal | None = None


@dataclass(frozen=True)
class Booking:
    """A service that was chosen for a shipment, at the price and with the chance of that moment.

    Attributes:
        price_lines: as they were then.
        best_price: what the service cost that was proposed then, in our currency.
        expected_on: when the carrier says by now that it will come.
        days_late: delivery days after the promise of the day on which it really left.
    """

    booking_id: int
    shipment_id: int
    site_id: int
    rate_card_id: int
    carrier: str
    carrier_name: str
    service_code: str
    service_name: str
    card_site: str | None
    zone: str
    price: Decimal
    currency: str
    price_lines: tuple[PriceLine, ...]
    parcels: int
    weight_kg: Decimal
    pick_up_on: date
    promised_on: date
    due_on: date | None
    chance: float
    best_price: Decimal | None
    booked_by: str
    booked_at: datetime
    cancelled_by: str | None
    cancelled_at: datetime | None
    expected_on: date | None
    arrived_on: date | None
    days_late: int | None

    @property
    def key(self) -> tuple[str, str, str | None]:
        """What names the service, as `choosing.Option.key`."""
        return self.carrier, self.service_code, self.card_site


def carriers(tx: Tx, tenant: int) -> list[Carrier]:
    return rows(tx, Carrier, "select carrier_id, code, name from carrier where tenant_id = %s order by code", (tenant,))


def insert_carrier(tx: Tx, tenant: int, code: str, name: str) -> int | None:
    """Returns the id; None: the code is taken."""
    made: int | None = value(
        tx,
        "insert into carrier (tenant_id, code, name) values (%s, %s, %s) on conflict do nothing returning carrier_id",
        (tenant, code, name),
    )
    return made


def rename_carrier(tx: Tx, tenant: int, carrier_id: int, name: str) -> None:
    run(tx, "update carrier set name = %s where tenant_id = %s and carrier_id = %s", (name, tenant, carrier_id))


def cards(
    tx: Tx,
    tenant: int,
    *,
    rate_card_id: int | None = None,
    carrier_id: int | None = None,
    sites: Collection[int] | None = None,
    lock: bool = False,
) -> list[StoredCard]:
    """Cards by carrier, service, site, the newest first.

    Args:
        sites: those that pick up there, or everywhere; None: all cards.
    """
    found = values(
        tx,
        f"""{_CARD} where r.tenant_id = %(tenant)s
              and (%(card)s::bigint is null or r.rate_card_id = %(card)s)
              and (%(carrier)s::bigint is null or r.carrier_id = %(carrier)s)
              and (%(sites)s::bigint[] is null or r.site_id is null or r.site_id = any(%(sites)s::bigint[]))
            order by c.code, r.service_code, s.code nulls first, r.valid_from desc
            {"for update of r" if lock else ""}""",
        {
            "tenant": tenant, "card": rate_card_id, "carrier": carrier_id,
            "sites": None if sites is None else list(sites),
        },
    )  # fmt: skip
    return [
        StoredCard(made, owner, name, site_id, by, at, _card(document, code, site))
        for made, owner, name, site_id, by, at, document, code, site in found
    ]


def _card(document: dict[str, Any], carrier: str, site: str | None) -> RateCard:
    """Codes may have changed since: those of today count."""
    return replace(msgspec.convert(document, RateCard, strict=False), carrier=carrier, site=site)


def put_card(
    tx: Tx, tenant: int, rate_card_id: int | None, carrier_id: int, site_id: int | None, card: RateCard, by: str,
    at: datetime,
) -> int | None:  # fmt: skip
    """Insert a card, or replace the one with this id; returns the id; None: there is another one of the same day."""
    told = {
        "tenant": tenant, "card": rate_card_id, "carrier": carrier_id, "service": card.service_code, "site": site_id,
        "from": card.valid_from, "until": card.valid_until, "document": Jsonb(msgspec.to_builtins(card)), "by": by,
        "at": at,
    }  # fmt: skip
    taken = value(
        tx,
        """select exists (select from rate_card where tenant_id = %(tenant)s and carrier_id = %(carrier)s
               and service_code = %(service)s and site_id is not distinct from %(site)s::bigint
               and valid_from = %(from)s and rate_card_id is distinct from %(card)s::bigint)""",
        told,
    )
    if taken:
        return None
    if rate_card_id is None:
        made: int = value(
            tx,
            """insert into rate_card (tenant_id, carrier_id, service_code, site_id, valid_from, valid_until, card,
                   changed_by, changed_at)
               values (%(tenant)s, %(carrier)s, %(service)s, %(site)s, %(from)s, %(until)s, %(document)s, %(by)s,
                   %(at)s)
               returning rate_card_id""",
            told,
        )
        return made
    run(
        tx,
        """update rate_card set service_code = %(service)s, site_id = %(site)s, valid_from = %(from)s,
               valid_until = %(until)s, card = %(document)s, changed_by = %(by)s, changed_at = %(at)s
           where tenant_id = %(tenant)s and rate_card_id = %(card)s""",
        told,
    )
    return rate_card_id


def card_used(tx: Tx, tenant: int, rate_card_id: int) -> bool:
    """Whether something was ever booked by it."""
    sql = "select exists (select from shipment_booking where tenant_id = %s and rate_card_id = %s)"
    return bool(value(tx, sql, (tenant, rate_card_id)))


def delete_card(tx: Tx, tenant: int, rate_card_id: int) -> None:
    run(tx, "delete from rate_card where tenant_id = %s and rate_card_id = %s", (tenant, rate_card_id))


def destination(tx: Tx, tenant: int, shipment_id: int) -> Destination | None:
    return first(
        tx,
        Destination,
        """select country, postal_code, residential, saturday, due_on, ready_at, weight_kg from shipment_destination
           where tenant_id = %s and shipment_id = %s""",
        (tenant, shipment_id),
    )


def last_destination(tx: Tx, tenant: int, customer: str, sites: Collection[int] | None) -> Destination | None:
    """Where the newest shipment to a customer went, of those at these sites."""
    return first(
        tx,
        Destination,
        """select d.country, d.postal_code, d.residential, d.saturday, null::date as due_on,
                  null::timestamptz as ready_at, null::numeric as weight_kg
           from shipment_destination d join shipment h using (tenant_id, shipment_id)
           where d.tenant_id = %(tenant)s and (%(sites)s::bigint[] is null or h.site_id = any(%(sites)s::bigint[]))
             and exists (select from sales_line l where l.tenant_id = h.tenant_id and l.order_number = h.order_number
                         and lower(l.customer) = lower(%(customer)s))
           order by h.shipment_id desc limit 1""",
        {"tenant": tenant, "customer": customer, "sites": None if sites is None else list(sites)},
    )


def put_destination(tx: Tx, tenant: int, shipment_id: int, to: Destination) -> None:
    run(
        tx,
        """insert into shipment_destination (tenant_id, shipment_id, country, postal_code, residential, saturday,
               due_on, ready_at, weight_kg)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
           on conflict (tenant_id, shipment_id) do update set country = excluded.country,
               postal_code = excluded.postal_code, residential = excluded.residential, saturday = excluded.saturday,
               due_on = excluded.due_on, ready_at = excluded.ready_at, weight_kg = excluded.weight_kg""",
        (
            tenant, shipment_id, to.country, to.postal_code, to.residential, to.saturday, to.due_on, to.ready_at,
            to.weight_kg,
        ),
    )  # fmt: skip


def bookings(
    tx: Tx,
    tenant: int,
    *,
    shipment_id: int | None = None,
    carrier_id: int | None = None,
    sites: Collection[int] | None = None,
    waiting: bool = False,
    standing_since: date | None = None,
) -> list[Booking]:
    """Bookings, the newest first.

    Args:
        waiting: only those that stand, of shipments that have not left.
        standing_since: only those that stand, of shipments that have not left or are picked up on this day or later.
    """
    found = rows(
        tx,
        Booking,
        f"""{_BOOKING} where b.tenant_id = %(tenant)s
              and (%(shipment)s::bigint is null or b.shipment_id = %(shipment)s)
              and (%(carrier)s::bigint is null or r.carrier_id = %(carrier)s)
              and (%(sites)s::bigint[] is null or b.site_id = any(%(sites)s::bigint[]))
              and (not %(waiting)s or (b.cancelled_at is null and {_NOT_LEFT}))
              and (%(since)s::date is null or (b.cancelled_at is null and (b.pick_up_on >= %(since)s or {_NOT_LEFT})))
            order by b.booking_id desc""",
        {
            "tenant": tenant, "shipment": shipment_id, "carrier": carrier_id,
            "sites": None if sites is None else list(sites), "waiting": waiting, "since": standing_since,
        },
    )  # fmt: skip
    return [
        replace(one, price_lines=msgspec.convert(one.price_lines, tuple[PriceLine, ...], strict=False)) for one in found
    ]


def insert_booking(tx: Tx, tenant: int, told: dict[str, Any], lines: Sequence[PriceLine]) -> int:
    names = list(told)
    made: int = value(
        tx,
        f"""insert into shipment_booking (tenant_id, price_lines, {", ".join(names)})
            values (%s, %s, {", ".join("%s" for _ in names)}) returning booking_id""",
        (tenant, Jsonb(msgspec.to_builtins(list(lines))), *told.values()),
    )
    return made


def cancel_booking(tx: Tx, tenant: int, booking_id: int, by: str, at: datetime) -> None:
    run(
        tx,
        "update shipment_booking set cancelled_by = %s, cancelled_at = %s where tenant_id = %s and booking_id = %s",
        (by, at, tenant, booking_id),
    )


def set_expected(tx: Tx, tenant: int, booking_id: int, day: date) -> None:
    run(
        tx,
        "update shipment_booking set expected_on = %s where tenant_id = %s and booking_id = %s",
        (day, tenant, booking_id),
    )


def set_arrived(tx: Tx, tenant: int, booking_id: int, day: date | None, days_late: int | None) -> None:
    run(
        tx,
        "update shipment_booking set arrived_on = %s, days_late = %s where tenant_id = %s and booking_id = %s",
        (day, days_late, tenant, booking_id),
    )


def unsent(tx: Tx, tenant: int, site_id: int) -> list[int]:
    """Shipments of a site that have not left, whose destination is known and for which nothing is booked."""
    found = values(
        tx,
        """select h.shipment_id from shipment h join shipment_destination d using (tenant_id, shipment_id)
           where h.tenant_id = %s and h.site_id = %s and h.state in ('picking', 'packed')
             and not exists (select from shipment_booking b where b.tenant_id = h.tenant_id
                 and b.shipment_id = h.shipment_id and b.cancelled_at is null)
           order by h.shipment_id limit 300""",
        (tenant, site_id),
    )
    return [shipment_id for (shipment_id,) in found]


def without_destination(tx: Tx, tenant: int, site_id: int) -> int:
    """How many shipments of a site have not left and have no destination."""
    return int(
        value(
            tx,
            """select count(*) from shipment h where h.tenant_id = %s and h.site_id = %s
                 and h.state in ('picking', 'packed') and not exists (select from shipment_destination d
                     where d.tenant_id = h.tenant_id and d.shipment_id = h.shipment_id)""",
            (tenant, site_id),
        )
    )


def arrived(tx: Tx, tenant: int, since: date) -> list[tuple[Any, ...]]:
    """What arrived since a day: carrier, service, site, zone, days late, how often."""
    return values(
        tx,
        """select c.code, r.service_code, s.code, b.zone, b.days_late, count(*)::int
           from shipment_booking b
           join rate_card r on r.tenant_id = b.tenant_id and r.rate_card_id = b.rate_card_id
           join carrier c on c.tenant_id = r.tenant_id and c.carrier_id = r.carrier_id
           join site s on s.tenant_id = b.tenant_id and s.site_id = b.site_id
           where b.tenant_id = %s and b.arrived_on >= %s and b.cancelled_at is null
           group by 1, 2, 3, 4, 5""",
        (tenant, since),
    )
