"""Packs and barcodes of items: what a case holds from which day on, and what a scanner reads off it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused, shorten
from shelfwise.core.quantities import plain
from shelfwise.edge import gs1
from shelfwise.records import item_tables as tables
from shelfwise.records.item_tables import Barcode, ItemPack
from shelfwise.records.items import item
from shelfwise.records.joined import standing
from shelfwise.records.model import code_faults, refuse
from shelfwise.records.packs import LEVELS, Level, Pack, on_day, pack_faults, parse


def packs_of(ctx: Context, item_id: int, on: date) -> list[Pack]:
    """The packs an item comes in on a day, the largest first."""
    return on_day(pack_history(ctx, item_id), on)


def pack_history(ctx: Context, item_id: int) -> list[Pack]:
    """All packs an item ever had, by level, the newest first."""
    ctx.require_somewhere(Right.VIEW)
    return [one.pack for one in tables.packs(ctx.tx, ctx.tenant, [item_id])]


def in_base(ctx: Context, item_id: int, text: str, at: date, where: str = "quantity") -> Decimal:
    """Read "3 cases + 4" into the item's unit.

    Args:
        at: the day the quantity is about; of an instant, the day in its own time zone, so give it in the site's.

    Raises:
        Invalid: nothing that can be read so, a pack the item does not come in, or no multiple of the quantum.
        NotFound: there is no such item.
    """
    found = item(ctx, item_id)
    day = at.date() if isinstance(at, datetime) else at
    return parse(text, packs_of(ctx, item_id, day), found.unit, found.quantum, where)


def set_pack(ctx: Context, item_id: int, level: Level, quantity: Decimal | None, valid_from: date) -> None:
    """Say how much one pack holds from a day on; None: the item does not come so any more.

    What was told in earlier packs stays as it was told. What was said of a day that is over is not overwritten.

    Raises:
        Invalid: the pack cannot be right.
        NotFound: there is no such item.
        Refused: another size was said of that day, and the day is over.
    """
    ctx.require(Right.EDIT_RECORDS)
    told = ItemPack(item_id, level, quantity, valid_from)
    earlier = {(one.level, one.valid_from): one.quantity for one in _put_packs(ctx, [told], "")}
    before, after = earlier.get((level, valid_from)), quantity
    if (level, valid_from) not in earlier or before != after:
        ctx.audit(
            "item.pack_set", f"item:{item_id}", level=level, valid_from=valid_from.isoformat(),
            quantity="nothing" if quantity is None else plain(quantity),
            replaced=None if before is None else plain(before),
        )  # fmt: skip


def set_packs(ctx: Context, packs: Sequence[ItemPack]) -> None:
    """Say how much thousands of packs hold, each from its day on, as `set_pack` does.

    Raises:
        Invalid: a row cannot be right; nothing was set.
        NotFound: an item does not exist.
        Refused: another size was said of a day that is over.
    """
    ctx.require(Right.IMPORT_DATA)
    if packs:
        _put_packs(ctx, packs, "row {}, ")
        ctx.audit("packs.set", "items", count=len(packs))


def _put_packs(ctx: Context, packs: Sequence[ItemPack], row: str) -> list[ItemPack]:
    """Returns the packs that were there before."""
    ids = {one.item_id for one in packs}
    known = tables.items_by_id(ctx.tx, ctx.tenant, ids)
    if missing := ids - known.keys():
        raise NotFound("item", min(missing))
    refuse(
        fault
        for number, one in enumerate(packs, 1)
        for fault in pack_faults(
            one.pack, known[one.item_id].unit, known[one.item_id].quantum, row.format(number)
        )
    )  # fmt: skip
    refuse(_twice(packs, row))
    there = tables.packs(ctx.tx, ctx.tenant, ids)
    said = {(one.item_id, one.level, one.valid_from): one.quantity for one in there}
    today = ctx.now.date()
    for one in packs:
        key = (one.item_id, one.level, one.valid_from)
        if key in said and said[key] != one.quantity and one.valid_from < today:
            size = "nothing" if said[key] is None else plain(said[key] or Decimal(0))
            raise Refused(
                f"From {one.valid_from} on a {one.level} of {known[one.item_id].sku} held {size}, and what was told "
                "in it stays so. Say from which later day on it holds something else."
            )
    tables.put_packs(ctx.tx, ctx.tenant, packs)
    return there


def _twice(packs: Sequence[ItemPack], row: str) -> Iterator[Fault]:
    seen: set[tuple[int, str, date]] = set()
    for number, one in enumerate(packs, 1):
        key = (one.item_id, one.level, one.valid_from)
        if key in seen:
            told = f"{one.level} from {one.valid_from} a second time"
            yield Fault(f"{row.format(number)}level", "each level once for a day", told, "Keep the one that holds.")
        seen.add(key)


def add_barcode(ctx: Context, item_id: int, barcode: str, level: Level | None = None) -> None:
    """Say what a scanner reads off an item; off a pack of it, with a level.

    Raises:
        Invalid: no barcode, or no level.
        NotFound: there is no such item.
        Refused: another item has the barcode.
    """
    ctx.require(Right.EDIT_RECORDS)
    if _put_barcodes(ctx, [Barcode(barcode, item_id, level)], ""):
        ctx.audit("item.barcode_added", f"item:{item_id}", barcode=barcode, level=level)


def add_barcodes(ctx: Context, barcodes: Sequence[Barcode]) -> None:
    """Say what scanners read off thousands of items.

    Raises:
        Invalid: a row cannot be right; nothing was added.
        NotFound: an item does not exist.
        Refused: another item has a barcode.
    """
    ctx.require(Right.IMPORT_DATA)
    if barcodes and (added := _put_barcodes(ctx, barcodes, "row {}, ")):
        ctx.audit("barcodes.added", "items", count=added)


def _put_barcodes(ctx: Context, told: Sequence[Barcode], row: str) -> int:
    """Returns how many say something new."""
    refuse(_barcode_faults(told, row))
    there = tables.barcodes_among(ctx.tx, ctx.tenant, {one.barcode for one in told})
    items = tables.items_by_id(ctx.tx, ctx.tenant, {one.item_id for one in (*told, *there.values())})
    for one in told:
        if one.item_id not in items:
            raise NotFound("item", one.item_id)
        if one.barcode in there and there[one.barcode].item_id != one.item_id:
            raise _belongs(one.barcode, items[there[one.barcode].item_id].sku)
    new = [one for one in told if there.get(one.barcode) != one]
    if tables.put_barcodes(ctx.tx, ctx.tenant, new) < len(new):
        raise Refused("Somebody has just said that one of these barcodes is on another item. Look at it and try again.")
    return len(new)


def _belongs(barcode: str, sku: str) -> Refused:
    return Refused(f"The barcode {barcode!r} is on the item {sku!r} already. Take it off there first.")


def _barcode_faults(told: Sequence[Barcode], row: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for number, one in enumerate(told, 1):
        yield from code_faults(one.barcode, f"{row.format(number)}barcode")
        if one.level is not None and one.level not in LEVELS:
            wanted = "'each', 'inner', 'case', 'pallet' or nothing"
            yield Fault(f"{row.format(number)}level", wanted, shorten(one.level), "Choose one of them.")
        if one.barcode in seen:
            yield Fault(f"{row.format(number)}barcode", "each barcode once", shorten(one.barcode), "Keep one of them.")
        seen.add(one.barcode)


def remove_barcode(ctx: Context, item_id: int, barcode: str) -> None:
    """
    Raises:
        NotFound: the item has no such barcode.
    """
    ctx.require(Right.EDIT_RECORDS)
    if not tables.delete_barcode(ctx.tx, ctx.tenant, item_id, barcode):
        raise NotFound("barcode of this item", barcode)
    ctx.audit("item.barcode_removed", f"item:{item_id}", barcode=barcode)


def barcodes_of(ctx: Context, item_id: int) -> list[Barcode]:
    """What scanners read off an item."""
    ctx.require_somewhere(Right.VIEW)
    return tables.barcodes(ctx.tx, ctx.tenant, item_id)


def by_barcode(ctx: Context, scanned: str) -> Barcode | None:
    """The item, and the pack of it, that a scanner has read; None: nobody said what this is.

    A retail number is one number whether it is written with 8, 12, 13 or 14 digits, or in a GS1 label or Digital Link.
    """
    ctx.require_somewhere(Right.VIEW)
    forms = _forms(scanned)
    found = tables.barcodes_among(ctx.tx, ctx.tenant, forms)
    read = next((found[form] for form in forms if form in found), None)
    return None if read is None else _of_survivor(ctx, read)


def _of_survivor(ctx: Context, read: Barcode) -> Barcode:
    """What a barcode of an absorbed item stands for now: as many of the survivor's units, or its pack that holds them.

    Where the survivor has no such pack any more it stays what it was, so that nobody counts twelve for one.
    """
    now = standing(ctx.tx, ctx.tenant, "item", [read.item_id]).get(read.item_id)
    if now is None:
        return read
    today = ctx.now.date()
    held = content(packs_of(ctx, read.item_id, today), read.level)
    if held is None:
        return read
    if held * now.factor == 1:
        return replace(read, item_id=now.survivor_id, level=None)
    sizes = {pack.quantity: pack.level for pack in packs_of(ctx, now.survivor_id, today)}
    level = sizes.get(held * now.factor)
    return read if level is None else replace(read, item_id=now.survivor_id, level=level)


def content(packs: Sequence[Pack], level: Level | None) -> Decimal | None:
    """How many units are in what bears a barcode; None: nobody said."""
    if level in (None, "each"):
        return Decimal(1)
    return next((pack.quantity for pack in packs if pack.level == level), None)


def codes_of(ctx: Context, item_id: int) -> list[str]:
    """All that a scanner may read off an item, in each way a retail number can be written."""
    return [form for one in barcodes_of(ctx, item_id) for form in _forms(one.barcode)]


def _forms(scanned: str) -> list[str]:
    """As it was read, then every other way to write the retail number that it is, or that a GS1 label of it holds."""
    code = gs1.without_prefix(scanned)
    try:
        label = gs1.read(scanned)
    except Invalid:
        label = None
    number = code if label is None or label.gtin is None else label.gtin
    if number.isascii() and number.isdecimal() and len(number) in (8, 12, 13, 14):
        bare = number.lstrip("0")
        others = [bare.zfill(size) for size in (8, 12, 13, 14) if len(bare) <= size]
    else:
        others = []
    return list(dict.fromkeys([scanned, code, *others]))
