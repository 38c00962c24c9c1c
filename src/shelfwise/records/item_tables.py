"""SQL of items, their packs and their barcodes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shelfwise.records.model import Item, NewItem, Tracking
from shelfwise.records.packs import Level, Pack
from shelfwise.records.tables import codes, contains
from shelfwise.store.database import Tx, first, rows, run, values

_ITEM = """select item_id, sku, description, unit, quantum, unit_weight_g, provenance, tracking, needs_expiry,
    shelf_life_days, catch_weight, archived, category, sold_until from item"""


@dataclass(frozen=True)
class Barcode:
    """What a scanner reads off an item; off a pack of it, where there is a level."""

    barcode: str
    item_id: int
    level: Level | None = None


@dataclass(frozen=True)
class ItemPack:
    """A pack and the item it is of."""

    item_id: int
    level: Level
    quantity: Decimal | None
    valid_from: date

    @property
    def pack(self) -> Pack:
        return Pack(self.level, self.quantity, self.valid_from)


def insert_items(tx: Tx, tenant: int, items: Sequence[NewItem]) -> int:
    """Insert what is not there yet; returns how many that were."""
    return run(
        tx,
        """insert into item (tenant_id, sku, description, unit, quantum, unit_weight_g, provenance, tracking,
               needs_expiry, shelf_life_days, catch_weight, archived, category, sold_until)
           select %s, u.* from unnest(%s::text[], %s::text[], %s::text[], %s::numeric[], %s::float8[], %s::text[],
               %s::text[], %s::bool[], %s::int[], %s::bool[], %s::bool[], %s::text[], %s::date[]) u
           on conflict (tenant_id, sku) do nothing""",
        (
            tenant,
            [item.sku for item in items],
            [item.description for item in items],
            [item.unit for item in items],
            [item.quantum for item in items],
            [item.unit_weight_g for item in items],
            [item.provenance for item in items],
            [item.tracking for item in items],
            [item.needs_expiry for item in items],
            [item.shelf_life_days for item in items],
            [item.catch_weight for item in items],
            [item.archived for item in items],
            [item.category for item in items],
            [item.sold_until for item in items],
        ),
    )


def update_item(tx: Tx, tenant: int, item_id: int, item: NewItem) -> None:
    run(
        tx,
        """update item set sku = %s, description = %s, unit = %s, quantum = %s, unit_weight_g = %s, tracking = %s,
               needs_expiry = %s, shelf_life_days = %s, catch_weight = %s, archived = %s, category = %s,
               sold_until = %s
           where tenant_id = %s and item_id = %s""",
        (
            item.sku, item.description, item.unit, item.quantum, item.unit_weight_g, item.tracking, item.needs_expiry,
            item.shelf_life_days, item.catch_weight, item.archived, item.category, item.sold_until, tenant, item_id,
        ),
    )  # fmt: skip


# An absorbed item is its survivor, where one of the one is one of the other; see records.joined.
_STANDS_FOR = """coalesce((select j.survivor_id from joined j where j.tenant_id = item.tenant_id and j.kind = 'item'
    and j.id = item.item_id and j.factor = 1), item_id)"""


def item_ids(tx: Tx, tenant: int, skus: Collection[str], own: bool = False) -> dict[str, int]:
    """The id of each SKU, of its survivor where it was absorbed; `own`: of the record that has the SKU itself."""
    return dict(
        values(
            tx,
            f"""select sku, {"item_id" if own else _STANDS_FOR} from item
                where tenant_id = %s and sku = any(%s::text[])""",
            (tenant, codes(skus)),
        )
    )


def item_by_sku(tx: Tx, tenant: int, sku: str) -> Item | None:
    found = item_ids(tx, tenant, [sku])
    return item(tx, tenant, found[sku]) if found else None


def item(tx: Tx, tenant: int, item_id: int) -> Item | None:
    return first(tx, Item, f"{_ITEM} where tenant_id = %s and item_id = %s", (tenant, item_id))


def locked_item(tx: Tx, tenant: int, item_id: int) -> Item | None:
    """The item; until the end of the transaction nobody changes it, and its first movement waits."""
    return first(tx, Item, f"{_ITEM} where tenant_id = %s and item_id = %s for update", (tenant, item_id))


def items_by_id(tx: Tx, tenant: int, ids: Collection[int]) -> dict[int, Item]:
    found = rows(tx, Item, f"{_ITEM} where tenant_id = %s and item_id = any(%s::bigint[])", (tenant, list(ids)))
    return {item.item_id: item for item in found}


def items(tx: Tx, tenant: int, search: str, limit: int, offset: int, archived: bool) -> list[Item]:
    """Items whose SKU, description, category or barcode contains the text; those that are phased out only on wish."""
    return rows(
        tx,
        Item,
        f"""{_ITEM} where tenant_id = %(tenant)s and (%(archived)s or not archived)
            and (%(like)s = '%%%%' or sku ilike %(like)s or description ilike %(like)s or category ilike %(like)s
                 or exists (select from item_barcode b where b.tenant_id = item.tenant_id and b.item_id = item.item_id
                            and b.barcode ilike %(like)s))
            order by sku limit %(limit)s offset %(offset)s""",
        {"tenant": tenant, "like": contains(search), "limit": limit, "offset": offset, "archived": archived},
    )


def categories(tx: Tx, tenant: int) -> list[str]:
    """The different categories of items."""
    found = values(tx, "select distinct category from item where tenant_id = %s and category <> ''", (tenant,))
    return [category for (category,) in found]


def has_moved(tx: Tx, tenant: int, item_id: int) -> bool:
    """Whether there is a movement of the item."""
    return bool(values(tx, "select from movement where tenant_id = %s and item_id = %s limit 1", (tenant, item_id)))


def packs(tx: Tx, tenant: int, item_ids: Collection[int]) -> list[ItemPack]:
    """All packs the items ever had, by item and level, the newest first."""
    return rows(
        tx,
        ItemPack,
        """select item_id, level, quantity, valid_from from item_pack
           where tenant_id = %s and item_id = any(%s::bigint[]) order by item_id, level, valid_from desc""",
        (tenant, list(item_ids)),
    )


def put_packs(tx: Tx, tenant: int, packs: Iterable[ItemPack]) -> None:
    """Insert packs; what was said of the same level and day is replaced."""
    told = list(packs)
    run(
        tx,
        """insert into item_pack (tenant_id, item_id, level, quantity, valid_from)
           select %s, u.* from unnest(%s::bigint[], %s::text[], %s::numeric[], %s::date[]) u
           on conflict (tenant_id, item_id, level, valid_from) do update set quantity = excluded.quantity""",
        (
            tenant,
            [one.item_id for one in told],
            [one.level for one in told],
            [one.quantity for one in told],
            [one.valid_from for one in told],
        ),
    )


def barcodes(tx: Tx, tenant: int, item_id: int) -> list[Barcode]:
    return rows(
        tx,
        Barcode,
        "select barcode, item_id, level from item_barcode where tenant_id = %s and item_id = %s order by barcode",
        (tenant, item_id),
    )


def barcodes_among(tx: Tx, tenant: int, wanted: Collection[str]) -> dict[str, Barcode]:
    """Those that are known among the barcodes."""
    found = rows(
        tx,
        Barcode,
        "select barcode, item_id, level from item_barcode where tenant_id = %s and barcode = any(%s::text[])",
        (tenant, codes(wanted)),
    )
    return {one.barcode: one for one in found}


def put_barcodes(tx: Tx, tenant: int, told: Sequence[Barcode]) -> int:
    """Insert barcodes; one that the same item has already gets the level told. Returns how many are so now."""
    return run(
        tx,
        """insert into item_barcode (tenant_id, barcode, item_id, level)
           select %s, u.* from unnest(%s::text[], %s::bigint[], %s::text[]) u
           on conflict (tenant_id, barcode) do update set level = excluded.level
               where item_barcode.item_id = excluded.item_id""",
        (tenant, [one.barcode for one in told], [one.item_id for one in told], [one.level for one in told]),
    )


def delete_barcode(tx: Tx, tenant: int, item_id: int, barcode: str) -> bool:
    """Whether it was there."""
    if "\x00" in barcode:
        return False
    sql = "delete from item_barcode where tenant_id = %s and item_id = %s and barcode = %s"
    return run(tx, sql, (tenant, item_id, barcode)) == 1


@dataclass(frozen=True)
class Lying:
    """How much of an item lies in a real place."""

    site: str
    place: str
    quantity: Decimal


def untracked(tx: Tx, tenant: int, item_id: int, tracking: Tracking) -> list[Lying]:
    """What lies in real places without the lot, or the serial numbers, that an item so tracked would have."""
    if tracking == "none":
        return []
    named = (
        "0"
        if tracking == "lot"
        else """(select count(*) from serial n
        where n.tenant_id = b.tenant_id and n.item_id = b.item_id and n.place_id = b.place_id)"""
    )
    return rows(
        tx,
        Lying,
        f"""select s.code as site, p.code as place, sum(b.on_hand) - {named} as quantity
            from balance b join place p on p.tenant_id = b.tenant_id and p.place_id = b.place_id
            join site s on s.tenant_id = p.tenant_id and s.site_id = p.site_id
            where b.tenant_id = %s and b.item_id = %s and p.kind in ('bin', 'dock', 'packing')
              and (%s = 'serial' or b.lot = '')
            group by b.tenant_id, b.item_id, b.place_id, s.code, p.code
            having sum(b.on_hand) > {named} order by s.code, p.code""",
        (tenant, item_id, tracking),
    )


def without_last_day(tx: Tx, tenant: int, item_id: int) -> list[Lying]:
    """What lies in real places and has no last day."""
    return rows(
        tx,
        Lying,
        """select s.code as site, p.code as place, sum(b.on_hand) as quantity
           from balance b join place p on p.tenant_id = b.tenant_id and p.place_id = b.place_id
           join site s on s.tenant_id = p.tenant_id and s.site_id = p.site_id
           left join lot l on l.tenant_id = b.tenant_id and l.item_id = b.item_id and l.code = b.lot
           where b.tenant_id = %s and b.item_id = %s and b.on_hand > 0 and p.kind in ('bin', 'dock', 'packing')
             and l.expires_on is null
           group by s.code, p.code order by s.code, p.code""",
        (tenant, item_id),
    )


def off_quantum(tx: Tx, tenant: int, item_id: int, quantum: Decimal) -> list[Lying]:
    """What is in any place, real or not, and is no multiple of the quantum."""
    return rows(
        tx,
        Lying,
        """select s.code as site, p.code as place, b.on_hand as quantity
           from balance b join place p on p.tenant_id = b.tenant_id and p.place_id = b.place_id
           join site s on s.tenant_id = p.tenant_id and s.site_id = p.site_id
           where b.tenant_id = %s and b.item_id = %s and mod(b.on_hand, %s) <> 0 order by s.code, p.code""",
        (tenant, item_id, quantum),
    )
