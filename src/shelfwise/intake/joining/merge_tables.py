"""SQL of merges: what stands in the way of one, what it moves, and the entry itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from shelfwise.records.joined import Kind
from shelfwise.stock.tables import REAL
from shelfwise.store.database import Tx, first, rows, run, value, values


@dataclass(frozen=True)
class Merge:
    """An entry that says that one record stands for another.

    Attributes:
        moved: what has to be put back when it is undone; see `intake.joining.merging`.
    """

    merge_id: int
    kind: Kind
    survivor_id: int
    absorbed_id: int
    factor: Decimal
    moved: dict[str, Any]
    merged_by: str
    merged_at: datetime
    undone_at: datetime | None


@dataclass(frozen=True)
class Lying:
    """How much of an item is in a real place, of one lot."""

    site_id: int
    place_id: int
    place: str
    lot: str
    quantity: Decimal
    blocked: Decimal


_MERGE = (
    """select merge_id, kind, survivor_id, absorbed_id, factor, moved, merged_by, merged_at, undone_at from merge"""
)


def insert(
    tx: Tx, tenant: int, kind: Kind, survivor: int, absorbed: int, factor: Decimal, evidence: Any, by: str, at: datetime
) -> int:
    return int(
        value(
            tx,
            """insert into merge (tenant_id, kind, survivor_id, absorbed_id, factor, evidence, merged_by, merged_at)
               values (%s, %s, %s, %s, %s, %s, %s, %s) returning merge_id""",
            (tenant, kind, survivor, absorbed, factor, Jsonb(evidence), by, at),
        )
    )


def set_moved(tx: Tx, tenant: int, merge_id: int, moved: dict[str, Any]) -> None:
    run(tx, "update merge set moved = %s where tenant_id = %s and merge_id = %s", (Jsonb(moved), tenant, merge_id))


def undone(tx: Tx, tenant: int, merge_id: int, by: str, at: datetime) -> None:
    run(
        tx,
        "update merge set undone_by = %s, undone_at = %s where tenant_id = %s and merge_id = %s",
        (by, at, tenant, merge_id),
    )


def merge(tx: Tx, tenant: int, merge_id: int, lock: bool = False) -> Merge | None:
    sql = f"{_MERGE} where tenant_id = %s and merge_id = %s {'for update' if lock else ''}"
    return first(tx, Merge, sql, (tenant, merge_id))


def standing_of(tx: Tx, tenant: int, kind: Kind, absorbed: int) -> Merge | None:
    """The merge by which a record is absorbed now."""
    sql = f"{_MERGE} where tenant_id = %s and kind = %s and absorbed_id = %s and undone_at is null"
    return first(tx, Merge, sql, (tenant, kind, absorbed))


def lying(tx: Tx, tenant: int, item_id: int) -> list[Lying]:
    """What lies in real places, lots before what has none: so what is taken without a lot has none."""
    return rows(
        tx,
        Lying,
        f"""select p.site_id, b.place_id, p.code as place, b.lot, sum(b.on_hand) as quantity,
                   coalesce(sum(b.on_hand) filter (where b.status <> 'available'), 0) as blocked
            from balance b join place p on p.tenant_id = b.tenant_id and p.place_id = b.place_id
            where b.tenant_id = %s and b.item_id = %s and p.kind in {REAL}
            group by p.site_id, b.place_id, p.code, b.lot having sum(b.on_hand) > 0
            order by p.site_id, b.place_id, b.lot = '', b.lot""",
        (tenant, item_id),
    )


def free(tx: Tx, tenant: int, item_id: int, site_id: int) -> Decimal:
    """How much at a site is promised to nobody."""
    found = value(
        tx,
        "select on_hand - reserved from stock_level where tenant_id = %s and item_id = %s and site_id = %s",
        (tenant, item_id, site_id),
    )
    return Decimal(0) if found is None else Decimal(found)


def under_way(tx: Tx, tenant: int, item_id: int) -> list[str]:
    """Orders, transfers and counts that name an item and are not over, in words."""
    found = values(
        tx,
        """select distinct 'sales order ' || order_number from sales_line
               where tenant_id = %(tenant)s and item_id = %(item)s and state in ('open', 'reserved')
           union select 'purchase order ' || o.number from purchase_line l
               join purchase_order o using (tenant_id, purchase_order_id)
               where l.tenant_id = %(tenant)s and l.item_id = %(item)s
                 and o.state in ('draft', 'approved', 'sent', 'confirmed', 'part_received')
           union select 'transfer ' || t.number from transfer_line l join transfer t using (tenant_id, transfer_id)
               where l.tenant_id = %(tenant)s and l.item_id = %(item)s
                 and t.state in ('draft', 'approved', 'in_transit', 'part_received')
           union select 'shipment ' || s.number from shipment_line l join shipment s using (tenant_id, shipment_id)
               where l.tenant_id = %(tenant)s and l.item_id = %(item)s and s.state in ('picking', 'packed')
           order by 1""",
        {"tenant": tenant, "item": item_id},
    )
    return [one for (one,) in found]


def take_places(
    tx: Tx, tenant: int, item_id: int, to_item_id: int, place_ids: Sequence[int] | None = None
) -> list[int]:
    """Places kept for an item are kept for another; returns which. Of some places or of all."""
    found = values(
        tx,
        """update place set item_id = %s where tenant_id = %s and item_id = %s
             and (%s::bigint[] is null or place_id = any(%s)) returning place_id""",
        (to_item_id, tenant, item_id, place_ids, place_ids),
    )
    return [one for (one,) in found]


def set_archived(tx: Tx, tenant: int, item_id: int, archived: bool) -> None:
    run(tx, "update item set archived = %s where tenant_id = %s and item_id = %s", (archived, tenant, item_id))
