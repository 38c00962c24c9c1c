"""SQL of the ledger, of balances and of promises."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from psycopg.types.json import Jsonb

from shelfwise.stock.model import Entry, Movement, Spot, StockLevel, StockoutChange
from shelfwise.store.database import Tx, first, rows, run, values
from shelfwise.store.events import EVENTS

Key = tuple[int, int]

_MOVEMENT = """select movement_id, item_id, from_place_id, to_place_id, quantity, occurred_at, recorded_at, reason,
        source, lot, serial, reverses, sales_line_id
    from movement"""


def lock_levels(tx: Tx, tenant: int, keys: Collection[Key]) -> dict[Key, StockLevel]:
    """Lock the levels of (item, site) in key order, making those that are missing: first step of every writer."""
    ordered = sorted(set(keys))
    arguments = (tenant, [item for item, _ in ordered], [site for _, site in ordered])
    run(
        tx,
        """insert into stock_level (tenant_id, item_id, site_id)
           select %s, u.* from unnest(%s::bigint[], %s::bigint[]) u on conflict do nothing""",
        arguments,
    )
    found = rows(
        tx,
        StockLevel,
        """select item_id, site_id, on_hand, reserved from stock_level
           where tenant_id = %s and (item_id, site_id) in (select * from unnest(%s::bigint[], %s::bigint[]))
           order by item_id, site_id for update""",
        arguments,
    )
    return {(level.item_id, level.site_id): level for level in found}


def change_levels(tx: Tx, tenant: int, changes: Iterable[tuple[Key, Decimal, Decimal]]) -> None:
    """Add to on_hand and reserved of locked levels."""
    listed = list(changes)
    run(
        tx,
        """update stock_level l set on_hand = l.on_hand + u.on_hand, reserved = l.reserved + u.reserved
           from unnest(%s::bigint[], %s::bigint[], %s::numeric[], %s::numeric[]) u (item_id, site_id, on_hand, reserved)
           where l.tenant_id = %s and l.item_id = u.item_id and l.site_id = u.site_id""",
        (
            [key[0] for key, _, _ in listed],
            [key[1] for key, _, _ in listed],
            [on_hand for _, on_hand, _ in listed],
            [reserved for _, _, reserved in listed],
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


def virtual_spots(tx: Tx, tenant: int, site_ids: Collection[int]) -> list[Spot]:
    """The virtual places of sites."""
    return rows(
        tx,
        Spot,
        """select place_id, site_id, kind, code from place
           where tenant_id = %s and site_id = any(%s::bigint[]) and kind not in ('bin', 'dock')""",
        (tenant, list(site_ids)),
    )


def balances(tx: Tx, tenant: int, keys: Collection[Key]) -> dict[Key, Decimal]:
    """On hand by (item, place); a pair that never had any is missing."""
    return {
        (item_id, place_id): on_hand
        for item_id, place_id, on_hand in values(
            tx,
            """select item_id, place_id, on_hand from balance
               where tenant_id = %s and (item_id, place_id) in (select * from unnest(%s::bigint[], %s::bigint[]))""",
            (tenant, [item for item, _ in keys], [place for _, place in keys]),
        )
    }


def change_balances(tx: Tx, tenant: int, changes: Mapping[Key, Decimal]) -> None:
    """Add to balances, in the order given, which must be key order."""
    run(
        tx,
        """insert into balance as b (tenant_id, item_id, place_id, on_hand)
           select %s, u.* from unnest(%s::bigint[], %s::bigint[], %s::numeric[]) u
           on conflict (tenant_id, item_id, place_id) do update set on_hand = b.on_hand + excluded.on_hand""",
        (tenant, [item for item, _ in changes], [place for _, place in changes], list(changes.values())),
    )


def new_movement_ids(tx: Tx, count: int) -> list[int]:
    """Ids to write movements under, ascending."""
    found = values(
        tx,
        "select nextval(pg_get_serial_sequence('movement', 'movement_id')) from generate_series(1, %s)",
        (count,),
    )
    return sorted(movement_id for (movement_id,) in found)


def insert_movements(
    tx: Tx, tenant: int, ids: Sequence[int], entries: Sequence[Entry], recorded_at: datetime, actor: str
) -> int:
    """Append to the ledger; returns how many lines were written: fewer where a source or reversal is there already."""
    return run(
        tx,
        """insert into movement (tenant_id, recorded_at, actor, movement_id, item_id, from_place_id, to_place_id,
                                 quantity, occurred_at, reason, source, lot, serial, reverses, sales_line_id)
           overriding system value
           select %s, %s, %s, u.* from unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::numeric[],
               %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[]) u
           on conflict do nothing""",
        (
            tenant,
            recorded_at,
            actor,
            list(ids),
            [entry.item_id for entry in entries],
            [entry.from_place_id for entry in entries],
            [entry.to_place_id for entry in entries],
            [entry.quantity for entry in entries],
            [entry.occurred_at for entry in entries],
            [entry.reason for entry in entries],
            [entry.source for entry in entries],
            [entry.lot for entry in entries],
            [entry.serial for entry in entries],
            [entry.reverses for entry in entries],
            [entry.sales_line_id for entry in entries],
        ),
    )


def movement(tx: Tx, tenant: int, movement_id: int) -> Movement | None:
    return first(tx, Movement, f"{_MOVEMENT} where tenant_id = %s and movement_id = %s", (tenant, movement_id))


def movements_of_sources(tx: Tx, tenant: int, sources: Collection[str]) -> dict[str, Movement]:
    found = rows(
        tx, Movement, f"{_MOVEMENT} where tenant_id = %s and source = any(%s::text[])", (tenant, list(sources))
    )
    return {one.source: one for one in found if one.source is not None}


def reversal_of(tx: Tx, tenant: int, movement_id: int) -> int | None:
    found = values(tx, "select movement_id from movement where tenant_id = %s and reverses = %s", (tenant, movement_id))
    return found[0][0] if found else None


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


def publish_all(
    tx: Tx, tenant: int, facts: Sequence[tuple[str, str, dict[str, object], datetime]], recorded_at: datetime
) -> None:
    """Record many facts (kind, subject, data, occurred at) at once, in order."""
    # One JSON document: an array of JSON texts would have every quote in it escaped, at ten times the cost.
    run(
        tx,
        """insert into event (tenant_id, recorded_at, kind, subject, data, occurred_at)
           select %s, %s, u.* from jsonb_to_recordset(%s)
               u (kind text, subject text, data jsonb, occurred_at timestamptz)""",
        (
            tenant,
            recorded_at,
            Jsonb(
                [
                    {"kind": kind, "subject": subject, "data": data, "occurred_at": at.isoformat()}
                    for kind, subject, data, at in facts
                ]
            ),
        ),
    )
    run(tx, "select pg_notify(%s, '')", (EVENTS.channel,))
