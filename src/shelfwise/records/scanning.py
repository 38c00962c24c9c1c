"""What somebody scanned or typed for goods: an SKU, a barcode of an item or a pack, or a GS1 label that says more."""

from __future__ import annotations

from dataclasses import dataclass

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Invalid, NotFound
from shelfwise.edge import gs1
from shelfwise.edge.gs1 import Label
from shelfwise.records.item_packs import by_barcode
from shelfwise.records.items import item, item_by_sku
from shelfwise.records.model import Item
from shelfwise.records.packs import Level


@dataclass(frozen=True)
class Scan:
    """Goods that were scanned.

    Attributes:
        level: the pack the label is on; None: one unit, or nobody said.
        label: what a GS1 label says of these very goods, such as their lot; empty for any other code.
    """

    item: Item
    level: Level | None
    label: Label


def scanned(ctx: Context, code: str) -> Scan | None:
    """The goods with this code; None: there are none. The one place where pages, programs and handhelds ask.

    Raises:
        Invalid: a GS1 label that is printed or scanned wrongly.
    """
    ctx.require_somewhere(Right.VIEW)
    code = code.strip(" \r\n\t")
    try:
        return Scan(item_by_sku(ctx, code), None, Label())
    except NotFound:
        pass
    read = by_barcode(ctx, code)
    try:
        label = gs1.read(code)
    except Invalid:
        # A house may have a number of its own that only looks like a label.
        if read is None:
            raise
        label = None
    return None if read is None else Scan(item(ctx, read.item_id), read.level, label or Label())


def item_named(ctx: Context, code: str) -> Item:
    """The item that somebody typed or scanned.

    Raises:
        NotFound: there is none.
        Invalid: a GS1 label that is printed or scanned wrongly.
    """
    found = scanned(ctx, code)
    if found is None:
        raise NotFound("item", code)
    return found.item
