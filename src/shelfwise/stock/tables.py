"""SQL of the ledger, of balances and of promises."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from psycopg.types.json import Jsonb

from shelfwise.stock.model import Movement, Spot, StockLevel, StockoutChange
from shelfwise.stock.settling import LotFacts, Lying
from shelfwise.store.database import Tx, first, rows, run, value, values
from shelfwise.store.events import EVENTS

Key = tuple[int, int]
# Kind, subject, data, when it happened.
Fact = tuple[str, str, dict[str, object], datetime]


_MOVEMENT = """select movement_id, item_id, from_place_id, to_place_id, quantity, occurred_at, recorded_at, reason,
        source, lot, serial, reverses, sales_line_id, from_status, to_status, catch_weight_g, note, batch_id, part_of,
        lot_chosen, purchase_order_id, purchase_line, transfer_id, transfer_line, count_id, actor
    from movement"""
# Kinds of places that are on hand, for SQL; `model.REAL`.
REAL = "('bin', 'dock', 'packing')"


def lock_levels(tx: Tx, tenant: int, keys: Collection[Key]) -> dict[Key, StockLevel]:
    """Lock the levels of (item, site) in key order, making those that are missing: first step of every writer."""
    ordered = sorted(set(keys))
    found = _lock_levels(tx, tenant, ordered)
    if len(found) < len(ordered):
        # All of them are named again: a row that another writer made just now has its turn in the order too.
        run(
            tx,
            """insert into stock_level (tenant_id, item_id, site_id)
               select %s, u.* from unnest(%s::bigint[], %s::bigint[]) u on conflict do nothing""",
            (tenant, [item for item, _ in ordered], [site for _, site in ordered]),
        )
        found = _lock_levels(tx, tenant, ordered)
    return {(level.item_id, level.site_id): level for level in found}


def _lock_levels(tx: Tx, tenant: int, ordered: Sequence[Key]) -> list[StockLevel]:
    if len(ordered) == 1:
        # The commonest case, at half the cost.
        sql = """select item_id, site_id, on_hand, reserved, blocked from stock_level
                 where tenant_id = %s and item_id = %s and site_id = %s for update"""
        return rows(tx, StockLevel, sql, (tenant, *ordered[0]))
    return rows(
        tx,
        StockLevel,
        """select item_id, site_id, on_hand, reserved, blocked from stock_level
           where tenant_id = %s and (item_id, site_id) in (select * from unnest(%s::bigint[], %s::bigint[]))
           order by item_id, site_id for update""",
        (tenant, [item for item, _ in ordered], [site for _, site in ordered]),
    )


def change_levels(tx: Tx, tenant: int, changes: Iterable[tuple[Key, Decimal, Decimal, Decimal]]) -> None:
    """Add to on_hand, reserved and blocked of locked levels."""
    listed = list(changes)
    run(
        tx,
        """update stock_level l set on_hand = l.on_hand + u.on_hand, reserved = l.reserved + u.reserved,
                                    blocked = l.blocked + u.blocked
           from unnest(%s::bigint[], %s::bigint[], %s::numeric[], %s::numeric[], %s::numeric[])
               u (item_id, site_id, on_hand, reserved, blocked)
           where l.tenant_id = %s and l.item_id = u.item_id and l.site_id = u.site_id""",
        (
            [key[0] for key, *_ in listed],
            [key[1] for key, *_ in listed],
            [one[1] for one in listed],
            [one[2] for one in listed],
            [one[3] for one in listed],
            tenant,
        ),
    )


def skus(tx: Tx, tenant: int, item_ids: Collection[int]) -> dict[int, str]:
    if not item_ids:
        return {}
    return dict(
        values(
            tx,
            "select item_id, sku from item where tenant_id = %s and item_id = any(%s::bigint[])",
            (tenant, list(item_ids)),
        )
    )


def spots(tx: Tx, tenant: int, place_ids: Collection[int]) -> dict[int, Spot]:
    found = rows(
        tx,
        Spot,
        "select place_id, site_id, kind, code from place where tenant_id = %s and place_id = any(%s::bigint[])",
        (tenant, list(place_ids)),
    )
    return {spot.place_id: spot for spot in found}


_SPOT = """select place_id, site_id, kind, code, zone_id is not null and exists (select from zone z
    where z.tenant_id = p.tenant_id and z.zone_id = p.zone_id and z.kind = 'quarantine') as quarantine from place p"""


def spots_and_standing(tx: Tx, tenant: int, place_ids: Collection[int], site_ids: Collection[int]) -> list[Spot]:
    """The named places, and those that each of their sites and of the named ones has one of: the virtual ones and
    where packed goods wait."""
    return rows(
        tx,
        Spot,
        f"""with named as materialized ({_SPOT} where tenant_id = %s and place_id = any(%s::bigint[]))
           select * from named union {_SPOT} where tenant_id = %s and kind not in ('bin', 'dock')
             and site_id = any(array(select site_id from named union select unnest(%s::bigint[])))""",
        (tenant, list(place_ids), tenant, list(site_ids)),
    )


def lying(
    tx: Tx, tenant: int, keys: Collection[Key], now: datetime
) -> tuple[list[Lying], dict[tuple[int, str], LotFacts]]:
    """What lies at (item, place), by lot and status; and what is known of those lots."""
    # OFFSET 0 keeps it at one look into the index for each pair, however many arrays' worth the planner expects.
    found = values(
        tx,
        """select u.item_id, u.place_id, b.* from unnest(%s::bigint[], %s::bigint[]) u (item_id, place_id)
           cross join lateral (
               select b.lot, b.status, b.on_hand, b.catch_weight_g, l.expires_on, l.first_received_at,
                      coalesce(l.status, 'available')
               from balance b
               left join lot l on b.lot <> '' and l.tenant_id = b.tenant_id and l.item_id = b.item_id
                    and l.code = b.lot
               where b.tenant_id = %s and b.item_id = u.item_id and b.place_id = u.place_id and b.on_hand > 0
               offset 0) b""",
        ([item for item, _ in keys], [place for _, place in keys], tenant),
    )
    # Only around its last day does it matter on which side of midnight the place is.
    near = {row[1] for row in found if row[6] is not None and abs((row[6] - now.date()).days) <= 1}
    days = _days(tx, tenant, near, now) if near else {}
    return (
        [Lying(*row[:6]) for row in found],
        {
            (row[0], row[2]): LotFacts(
                row[6], row[7], row[6] is not None and row[6] < days.get(row[1], now.date()), row[8]
            )
            for row in found
            if row[2]
        },
    )


def _days(tx: Tx, tenant: int, place_ids: Collection[int], now: datetime) -> dict[int, date]:
    """The day it is at places."""
    return dict(
        values(
            tx,
            """select place_id, (%s at time zone time_zone)::date
               from place join site using (tenant_id, site_id)
               where tenant_id = %s and place_id = any(%s::bigint[])""",
            (now, tenant, list(place_ids)),
        )
    )


def parts_of(tx: Tx, tenant: int, movement_ids: Collection[int]) -> dict[int, list[Movement]]:
    """The further lines of what was told at once, by its first line, in order."""
    found: dict[int, list[Movement]] = {}
    for one in rows(
        tx,
        Movement,
        f"{_MOVEMENT} where tenant_id = %s and part_of = any(%s::bigint[]) order by movement_id",
        (tenant, list(movement_ids)),
    ):
        if one.part_of is not None:
            found.setdefault(one.part_of, []).append(one)
    return found


def movement(tx: Tx, tenant: int, movement_id: int) -> Movement | None:
    return first(tx, Movement, f"{_MOVEMENT} where tenant_id = %s and movement_id = %s", (tenant, movement_id))


def movements_of_sources(tx: Tx, tenant: int, sources: Collection[str]) -> dict[str, Movement]:
    if not sources:
        return {}
    found = rows(
        tx, Movement, f"{_MOVEMENT} where tenant_id = %s and source = any(%s::text[])", (tenant, list(sources))
    )
    return {one.source: one for one in found if one.source is not None}


def movements_of_batch(tx: Tx, tenant: int, batch_id: int) -> list[Movement]:
    return rows(
        tx, Movement, f"{_MOVEMENT} where tenant_id = %s and batch_id = %s order by movement_id", (tenant, batch_id)
    )


def batch_of(tx: Tx, tenant: int, movement_id: int) -> int | None:
    found = value(tx, "select batch_id from movement where tenant_id = %s and movement_id = %s", (tenant, movement_id))
    return None if found is None else int(found)


def reversals_of(tx: Tx, tenant: int, movement_ids: Collection[int]) -> dict[int, int]:
    """By which movement each was taken back; those that were not are missing."""
    return dict(
        values(
            tx,
            "select reverses, movement_id from movement where tenant_id = %s and reverses = any(%s::bigint[])",
            (tenant, list(movement_ids)),
        )
    )


def was_cancelled(tx: Tx, tenant: int, sales_line_id: int) -> bool:
    """Whether a line was cancelled before it was picked all the same."""
    return bool(
        value(
            tx,
            "select cancelled_before_pick from sales_line where tenant_id = %s and sales_line_id = %s",
            (tenant, sales_line_id),
        )
    )


def note_cancelled(tx: Tx, tenant: int, sales_line_id: int) -> None:
    """A line is picked although it was cancelled."""
    run(
        tx,
        "update sales_line set cancelled_before_pick = true where tenant_id = %s and sales_line_id = %s",
        (tenant, sales_line_id),
    )


def stockout_ends(tx: Tx, tenant: int, keys: Collection[Key]) -> dict[Key, tuple[datetime | None, datetime | None]]:
    """By (item, site): since when the open stockout lasts, and until when the latest closed one did."""
    return {
        (item_id, site_id): (since, until)
        for item_id, site_id, since, until in values(
            tx,
            """select item_id, site_id, max(since) filter (where until_at is null), max(until_at) from stockout
               where tenant_id = %s and (item_id, site_id) in (select * from unnest(%s::bigint[], %s::bigint[]))
               group by item_id, site_id""",
            (tenant, [item for item, _ in keys], [site for _, site in keys]),
        )
    }


def change_stockouts(tx: Tx, tenant: int, changes: Mapping[Key, StockoutChange]) -> None:
    run(
        tx,
        """insert into stockout (tenant_id, item_id, site_id, since, until_at)
           select %s, u.* from unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::timestamptz[]) u
           on conflict (tenant_id, item_id, site_id, since) do update set until_at = excluded.until_at""",
        (
            tenant,
            [item for item, _ in changes],
            [site for _, site in changes],
            [change.since for change in changes.values()],
            [change.until_at for change in changes.values()],
        ),
    )


def reserved_quantity(tx: Tx, tenant: int, sales_line_id: int) -> Decimal:
    """What is reserved for a sales line; zero where nothing is."""
    found = values(
        tx, "select quantity from reservation where tenant_id = %s and sales_line_id = %s", (tenant, sales_line_id)
    )
    return found[0][0] if found else Decimal(0)


def insert_reservations(
    tx: Tx, tenant: int, site_id: int, granted: Sequence[tuple[int, int, Decimal]], reserved_at: datetime
) -> None:
    """Reserve for lines: (sales line, item, quantity)."""
    run(
        tx,
        """insert into reservation (tenant_id, site_id, reserved_at, sales_line_id, item_id, quantity)
           select %s, %s, %s, u.* from unnest(%s::bigint[], %s::bigint[], %s::numeric[]) u""",
        (
            tenant,
            site_id,
            reserved_at,
            [line for line, _, _ in granted],
            [item for _, item, _ in granted],
            [quantity for _, _, quantity in granted],
        ),
    )


def release(tx: Tx, tenant: int, sales_line_id: int, keep: Decimal) -> None:
    """Leave only `keep` of a line's reservation."""
    if keep > 0:
        run(
            tx,
            "update reservation set quantity = %s where tenant_id = %s and sales_line_id = %s",
            (keep, tenant, sales_line_id),
        )
    else:
        run(tx, "delete from reservation where tenant_id = %s and sales_line_id = %s", (tenant, sales_line_id))


@dataclass(frozen=True)
class GivenBack:
    """A promise that was taken back: of a sales line, or of a line of a transfer."""

    item_id: int
    site_id: int
    quantity: Decimal
    sales_line_id: int | None
    transfer_id: int | None
    transfer_line: int | None


def give_back(tx: Tx, tenant: int, over: Mapping[Key, Decimal]) -> list[GivenBack]:
    """Take the youngest promises at (item, site) back until `over` is free; their lines wait again.

    What was picked for a line already, and waits to leave, is the last to be taken from it.
    """
    return rows(
        tx,
        GivenBack,
        """with asked as materialized (
               select * from unnest(%(items)s::bigint[], %(sites)s::bigint[], %(over)s::numeric[])
                   u (item_id, site_id, over)),
           promise as (
               select r.item_id, r.site_id, r.quantity, r.reserved_at, r.sales_line_id, null::bigint as transfer_id,
                      null::int as transfer_line,
                      exists (select from shipment_line l join shipment s using (tenant_id, shipment_id)
                              where l.tenant_id = r.tenant_id and l.sales_line_id = r.sales_line_id
                                and s.state in ('picking', 'packed')
                                and exists (select from shipment_moved m where m.tenant_id = l.tenant_id
                                            and m.shipment_id = l.shipment_id and m.line = l.line)) as picked
               from asked a
               join reservation r on r.tenant_id = %(tenant)s and r.item_id = a.item_id and r.site_id = a.site_id
               union all
               select l.item_id, t.from_site_id, l.reserved, l.reserved_at, null, l.transfer_id, l.line, false
               from asked a
               join transfer_line l on l.tenant_id = %(tenant)s and l.item_id = a.item_id and l.reserved > 0
               join transfer t on t.tenant_id = l.tenant_id and t.transfer_id = l.transfer_id
                 and t.from_site_id = a.site_id),
           turn as (
               select p.*, sum(quantity) over (
                   partition by item_id, site_id
                   order by picked, reserved_at desc nulls first, sales_line_id desc, transfer_id desc, transfer_line
                   ) - quantity as before
               from promise p),
           gone as materialized (
               select item_id, site_id, quantity, sales_line_id, transfer_id, transfer_line
               from turn join asked using (item_id, site_id) where before < over),
           freed as (
               delete from reservation r using gone g
               where r.tenant_id = %(tenant)s and r.sales_line_id = g.sales_line_id),
           waiting as (
               update sales_line s set state = 'open' from gone g
               where s.tenant_id = %(tenant)s and s.sales_line_id = g.sales_line_id and s.state = 'reserved'),
           left_over as (
               update transfer_line l set reserved = 0, reserved_at = null from gone g
               where l.tenant_id = %(tenant)s and l.transfer_id = g.transfer_id and l.line = g.transfer_line)
           select * from gone order by item_id, site_id, sales_line_id desc""",
        {
            "tenant": tenant,
            "items": [item for item, _ in over],
            "sites": [site for _, site in over],
            "over": list(over.values()),
        },
    )


def publish_all(tx: Tx, tenant: int, facts: Sequence[Fact], recorded_at: datetime, topics: Sequence[str] = ()) -> None:
    """Record many facts (kind, subject, data, occurred at) at once, in order; and tell pages of these topics."""
    run(
        tx,
        """with told as (
               insert into event (tenant_id, recorded_at, kind, subject, data, occurred_at)
               select %s, %s, u.* from jsonb_to_recordset(%s)
                   u (kind text, subject text, data jsonb, occurred_at timestamptz))
           select pg_notify(channel, topic) from unnest(%s::text[], %s::text[]) u (channel, topic)""",
        (
            tenant,
            recorded_at,
            as_document(facts),
            [EVENTS.channel, *("live" for _ in topics)],
            ["", *topics],
        ),
    )


def as_document(facts: Sequence[Fact]) -> Jsonb:
    """Facts as one JSON document: in an array of JSON texts every quote is escaped, at ten times the cost."""
    return Jsonb(
        [
            {"kind": kind, "subject": subject, "data": data, "occurred_at": at.isoformat()}
            for kind, subject, data, at in facts
        ]
    )
