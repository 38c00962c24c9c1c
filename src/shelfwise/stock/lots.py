"""SQL of lots: what is known of them, what has expired, what goes first."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from shelfwise.stock.model import Lot, Status
from shelfwise.stock.settling import LotFacts
from shelfwise.stock.tables import REAL, Key
from shelfwise.store.database import Tx, first, rows, run, values


@dataclass(frozen=True)
class Suggestion:
    """From where to take how much of which lot, in the order in which it should go."""

    place_id: int
    place: str
    lot: str | None
    expires_on: date | None
    quantity: Decimal


@dataclass(frozen=True)
class Stuff:
    """A lot ('': none) in one status at a real place."""

    item_id: int
    site_id: int
    place_id: int
    lot: str
    status: Status
    on_hand: Decimal


_LOT = """select item_id, code, expires_on, made_on, supplier_id, status, status_note, first_received_at, expired_at
    from lot"""


def lot(tx: Tx, tenant: int, item_id: int, code: str) -> Lot | None:
    return first(tx, Lot, f"{_LOT} where tenant_id = %s and item_id = %s and code = %s", (tenant, item_id, code))


def know(
    tx: Tx, tenant: int, arriving: Mapping[tuple[int, str], int], now: datetime
) -> dict[tuple[int, str], LotFacts]:
    """What is known of lots (item, code) at the site where each arrives; new ones are noted."""
    ordered = sorted(arriving)
    arguments = ([item for item, _ in ordered], [code for _, code in ordered])
    run(
        tx,
        """insert into lot (tenant_id, item_id, code, first_received_at)
           select %s, u.item_id, u.code, %s from unnest(%s::bigint[], %s::text[]) u (item_id, code)
           on conflict (tenant_id, item_id, code) do update set first_received_at = excluded.first_received_at
           where lot.first_received_at is null""",
        (tenant, now, *arguments),
    )
    found = values(
        tx,
        """select l.item_id, l.code, l.expires_on, l.first_received_at,
                  coalesce(l.expires_on < (%s at time zone s.time_zone)::date, false), l.status
           from unnest(%s::bigint[], %s::text[], %s::bigint[]) u (item_id, code, site_id)
           join lot l on l.tenant_id = %s and l.item_id = u.item_id and l.code = u.code
           join site s on s.tenant_id = l.tenant_id and s.site_id = u.site_id""",
        (now, *arguments, [arriving[key] for key in ordered], tenant),
    )
    return {(item_id, code): LotFacts(*facts) for item_id, code, *facts in found}


def put(
    tx: Tx, tenant: int, item_id: int, code: str, expires_on: date | None, made_on: date | None, supplier_id: int | None
) -> None:
    """Note a lot; what is known of it already stays, but of two last days the earlier one holds."""
    run(
        tx,
        """insert into lot as l (tenant_id, item_id, code, expires_on, made_on, supplier_id)
           values (%s, %s, %s, %s, %s, %s)
           on conflict (tenant_id, item_id, code) do update set
               expires_on = least(l.expires_on, excluded.expires_on),
               expired_at = case when excluded.expires_on < l.expires_on then null else l.expired_at end,
               made_on = coalesce(l.made_on, excluded.made_on),
               supplier_id = coalesce(l.supplier_id, excluded.supplier_id)""",
        (tenant, item_id, code, expires_on, made_on, supplier_id),
    )


def expired(tx: Tx, tenant: int, keys: Collection[Key], now: datetime) -> dict[Key, Decimal]:
    """How much at (item, site) is past its last day and not yet taken out of what can be sold."""
    return {
        (item_id, site_id): quantity
        for item_id, site_id, quantity in values(
            tx,
            f"""select u.item_id, u.site_id, sum(b.on_hand)
                from unnest(%s::bigint[], %s::bigint[]) u (item_id, site_id)
                join site s on s.tenant_id = %s and s.site_id = u.site_id
                join lot l on l.tenant_id = s.tenant_id and l.item_id = u.item_id and l.expired_at is null
                  and l.expires_on < (%s at time zone s.time_zone)::date
                join balance b on b.tenant_id = l.tenant_id and b.item_id = l.item_id and b.lot = l.code
                  and b.status = 'available' and b.on_hand > 0
                join place p on p.tenant_id = b.tenant_id and p.place_id = b.place_id and p.site_id = s.site_id
                where p.kind in {REAL} group by u.item_id, u.site_id""",
            ([item for item, _ in keys], [site for _, site in keys], tenant, now),
        )
    }


def supplier_of(tx: Tx, tenant: int, purchase_order_id: int) -> int | None:
    found = values(
        tx,
        "select supplier_id from purchase_order where tenant_id = %s and purchase_order_id = %s",
        (tenant, purchase_order_id),
    )
    return found[0][0] if found else None


def expire_again(tx: Tx, tenant: int, keys: Collection[tuple[int, str]]) -> None:
    """What is past its last day came back for sale: the next night takes it out again."""
    ordered = sorted(keys)
    run(
        tx,
        """update lot set expired_at = null where tenant_id = %s and expired_at is not null
           and (item_id, code) in (select * from unnest(%s::bigint[], %s::text[]))""",
        (tenant, [item for item, _ in ordered], [code for _, code in ordered]),
    )


def fit_to_pick(tx: Tx, tenant: int, item_id: int, site_id: int, now: datetime) -> list[Suggestion]:
    """All that may be picked of an item at a site: first expired first, then oldest receipt, then place."""
    return rows(
        tx,
        Suggestion,
        """select b.place_id, p.code as place, nullif(b.lot, '') as lot, l.expires_on, b.on_hand as quantity
           from balance b
           join place p on p.tenant_id = b.tenant_id and p.place_id = b.place_id and p.site_id = %(site)s
           join site s on s.tenant_id = p.tenant_id and s.site_id = p.site_id
           left join lot l on b.lot <> '' and l.tenant_id = b.tenant_id and l.item_id = b.item_id and l.code = b.lot
           where b.tenant_id = %(tenant)s and b.item_id = %(item)s and b.status = 'available' and b.on_hand > 0
             and p.kind in ('bin', 'dock')
             and (l.expires_on is null or l.expires_on >= (%(now)s at time zone s.time_zone)::date)
           order by l.expires_on nulls last, l.first_received_at nulls last, p.code, b.lot""",
        {"tenant": tenant, "item": item_id, "site": site_id, "now": now},
    )


def scope(
    tx: Tx,
    tenant: int,
    item_id: int,
    lot: str | None,
    site_id: int | None,
    place_id: int | None,
    statuses: Collection[Status],
) -> list[Stuff]:
    """What of an item lies in the named lot, site and place (None: any), in one of the statuses; as it should go."""
    return rows(
        tx,
        Stuff,
        f"""select b.item_id, p.site_id, b.place_id, b.lot, b.status, b.on_hand
            from balance b
            join place p on p.tenant_id = b.tenant_id and p.place_id = b.place_id and p.kind in {REAL}
            left join lot l on l.tenant_id = b.tenant_id and l.item_id = b.item_id and l.code = b.lot
            where b.tenant_id = %(tenant)s and b.item_id = %(item)s and b.on_hand > 0
              and (%(lot)s::text is null or b.lot = %(lot)s) and (%(site)s::bigint is null or p.site_id = %(site)s)
              and (%(place)s::bigint is null or b.place_id = %(place)s) and b.status = any(%(statuses)s::text[])
            order by l.expires_on nulls last, l.first_received_at nulls last, p.code, b.lot, b.status""",
        {
            "tenant": tenant,
            "item": item_id,
            "lot": lot,
            "site": site_id,
            "place": place_id,
            "statuses": list(statuses),
        },
    )


def at_place(tx: Tx, tenant: int, item_id: int, place_id: int) -> dict[str, Decimal]:
    """How much of each lot ('': none) an item has at a place, below zero too; lots of which it has none are missing."""
    return dict(
        values(
            tx,
            """select lot, sum(on_hand) from balance where tenant_id = %s and item_id = %s and place_id = %s
               group by lot having sum(on_hand) <> 0 order by lot""",
            (tenant, item_id, place_id),
        )
    )


def sites_of(tx: Tx, tenant: int) -> list[int]:
    return [site_id for (site_id,) in values(tx, "select site_id from site where tenant_id = %s", (tenant,))]


def set_status(tx: Tx, tenant: int, item_id: int, code: str, status: Status, note: str | None) -> None:
    """Hold a lot everywhere, or no longer."""
    run(
        tx,
        "update lot set status = %s, status_note = %s where tenant_id = %s and item_id = %s and code = %s",
        (status, note, tenant, item_id, code),
    )


def to_expire(tx: Tx, tenant: int, site_id: int, now: datetime) -> list[Stuff]:
    """What lies at a site for sale although its last day is over."""
    return rows(
        tx,
        Stuff,
        f"""select b.item_id, p.site_id, b.place_id, b.lot, b.status, b.on_hand
            from lot l
            join balance b on b.tenant_id = l.tenant_id and b.item_id = l.item_id and b.lot = l.code
              and b.status = 'available' and b.on_hand > 0
            join place p on p.tenant_id = b.tenant_id and p.place_id = b.place_id and p.kind in {REAL}
            join site s on s.tenant_id = p.tenant_id and s.site_id = p.site_id
            where l.tenant_id = %s and p.site_id = %s and l.expired_at is null
              and l.expires_on < (%s at time zone s.time_zone)::date
            order by b.item_id, b.lot, p.code""",
        (tenant, site_id, now),
    )


def note_expired(tx: Tx, tenant: int, now: datetime) -> None:
    """Lots whose last day is over at every site, and of which nothing is for sale any more, need no further look.

    Those of which something is for sale again need one, whoever brought it back and however he did.
    """
    about = {"tenant": tenant, "now": now}
    for_sale = f"""exists (
        select from balance b join place p on p.tenant_id = b.tenant_id and p.place_id = b.place_id and p.kind in {REAL}
        where b.tenant_id = l.tenant_id and b.item_id = l.item_id and b.lot = l.code and b.status = 'available'
          and b.on_hand > 0)"""
    run(
        tx,
        f"""update lot l set expired_at = null
            where l.tenant_id = %(tenant)s and l.expired_at is not null and {for_sale}""",
        about,
    )
    run(
        tx,
        f"""update lot l set expired_at = %(now)s where l.tenant_id = %(tenant)s and l.expired_at is null
            and l.expires_on < (
                select min((%(now)s at time zone time_zone)::date) from site where tenant_id = %(tenant)s)
            and not {for_sale}""",
        about,
    )


def change(tx: Tx, tenant: int, item_id: int, code: str, expires_on: date | None, made_on: date | None) -> None:
    """Correct the dates of a lot; the night looks at it anew."""
    run(
        tx,
        """update lot set expires_on = %s, made_on = %s, expired_at = null
           where tenant_id = %s and item_id = %s and code = %s""",
        (expires_on, made_on, tenant, item_id, code),
    )
