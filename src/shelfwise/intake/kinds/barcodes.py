"""Barcodes: one row each, for items that have more than one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import cast

from shelfwise.access.context import Context
from shelfwise.intake import tables
from shelfwise.intake.kind import Change, Key, Kind, Posted, Record, Row, RowFault, missing, on_row
from shelfwise.intake.kinds.shared import asked, codes, exact, removed, text
from shelfwise.records import bulk, exchange
from shelfwise.records import service as records
from shelfwise.records.item_tables import Barcode
from shelfwise.records.model import code_faults
from shelfwise.records.packs import LEVELS, Level

_DEFAULTS: Record = {"pack": "each"}


def _known(ctx: Context, keys: Collection[Key] | None) -> dict[Key, Record]:
    found = tables.records(
        ctx.tx,
        """select b.barcode, i.sku, coalesce(b.level, 'each') as pack, (
               select p.quantity from item_pack p where p.tenant_id = b.tenant_id and p.item_id = b.item_id
                 and p.level = b.level and p.valid_from <= %(day)s order by p.valid_from desc limit 1) as quantity
           from item_barcode b join item i using (tenant_id, item_id) where b.tenant_id = %(tenant)s
             and (%(one)s::text[] is null or b.barcode = any(%(one)s::text[])) order by b.barcode""",
        {"tenant": ctx.tenant, "one": asked(keys, 0), "day": ctx.now.date()},
    )
    return {(one["barcode"],): one | exact(one, "quantity") for one in found}


def _check(ctx: Context, rows: Sequence[Row]) -> Iterator[RowFault]:
    items = records.item_ids(ctx, codes((row.values for row in rows), "sku"))
    known = _known(ctx, [(row.values["barcode"],) for row in rows])
    for row in rows:
        yield from on_row(row, code_faults(str(row.values["barcode"]), "barcode"))
        if row.values["sku"] not in items:
            yield missing(row, "sku", "an item")
        pack = row.values.get("pack")
        if pack is not None and pack not in LEVELS:
            yield RowFault(row.number, "pack", f"one of {', '.join(LEVELS)}", repr(pack), "Choose one of them.")
        before = known.get((row.values["barcode"],))
        if before is not None and before["sku"] != row.values["sku"]:
            yield RowFault(
                row.number, "barcode", "a barcode of no other item", f"one that is on item {before['sku']}",
                "Take it off there first, or correct it.",
            )  # fmt: skip


def _write(ctx: Context, changes: Sequence[Change], at: datetime | None) -> Posted:
    items = records.item_ids(ctx, codes((change.after for change in changes), "sku"))
    records.add_barcodes(
        ctx,
        [
            Barcode(str(one.key[0]), items[str(one.after["sku"])], _level(text(one.after, "pack")))
            for one in changes
        ],
    )  # fmt: skip
    return Posted()


def _level(pack: str | None) -> Level | None:
    return None if pack in (None, "each") else cast(Level, pack)


def _remove(ctx: Context, keys: Sequence[Key]) -> dict[Key, str]:
    return removed(keys, bulk.remove_barcodes(ctx, [str(barcode) for (barcode,) in keys]))


BARCODES = Kind(
    sheet=exchange.BARCODES,
    noun=("barcode", "barcodes"),
    known=_known,
    check=_check,
    write=_write,
    remove=_remove,
    defaults=_DEFAULTS,
    # What a pack holds is said with the item.
    unread=("quantity",),
)
