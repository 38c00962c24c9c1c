"""What is asked of goods that come in: the lot, the last day, the serial, the weight, as their items want it.

Who stands at a form is asked before anything is booked. What was observed, by a scanner or another system, is booked
as it was told, for it has happened; then a task asks for what is missing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from urllib.parse import quote

from shelfwise.access.context import Context
from shelfwise.core.errors import Fault
from shelfwise.core.quantities import plain
from shelfwise.records.model import refuse
from shelfwise.stock import lots
from shelfwise.stock.model import Entry, NewMovement
from shelfwise.store.database import rows, value
from shelfwise.work import tasks

IDENTIFY, LOT_DATE = "identify", "lot_date"


@dataclass(frozen=True)
class Wanted:
    """What an item wants to be told of what comes of it; see `records.model.NewItem`."""

    item_id: int
    sku: str
    tracking: str
    needs_expiry: bool
    shelf_life_days: int | None
    catch_weight: bool

    def lacking(self, lot: str | None, serial: str | None, dated: bool, weight: Decimal | None) -> list[str]:
        """What was not told, in words: 'lot', 'last day', 'serial number', 'weight'."""
        said = []
        if not lot and (self.tracking == "lot" or self.needs_expiry):
            said.append("lot")
        if self.needs_expiry and not dated:
            said.append("last day")
        if self.tracking == "serial" and serial is None:
            said.append("serial number")
        if self.catch_weight and weight is None:
            said.append("weight")
        return said


def wanted(ctx: Context, item_ids: Collection[int]) -> dict[int, Wanted]:
    """By item, of those that want anything."""
    found = rows(
        ctx.tx,
        Wanted,
        """select item_id, sku, tracking, needs_expiry, shelf_life_days, catch_weight from item
           where tenant_id = %s and item_id = any(%s::bigint[])
             and (tracking <> 'none' or needs_expiry or catch_weight or shelf_life_days is not null)""",
        (ctx.tenant, list(item_ids)),
    )
    return {one.item_id: one for one in found}


def last_day(ctx: Context, item: Wanted | None, site_id: int, at: datetime, made_on: date | None) -> date | None:
    """The last day by the item's shelf life, from when it was made, else from the day it came; None: it has none."""
    if item is None or item.shelf_life_days is None:
        return None
    day = made_on or value(
        ctx.tx,
        "select (%s at time zone time_zone)::date from site where tenant_id = %s and site_id = %s",
        (at, ctx.tenant, site_id),
    )
    return None if day is None else day + timedelta(days=item.shelf_life_days)


def lacking(
    ctx: Context,
    arriving: Sequence[Entry | NewMovement],
    *,
    at_form: bool,
    expires_on: date | None = None,
    weighed: bool = False,
) -> dict[int, list[str]]:
    """What was not told of goods that come in, by their position; nothing for those that are complete.

    Args:
        at_form: a person can be asked.
        expires_on: the last day that was told with them.
        weighed: their weight is asked too.

    Raises:
        Invalid: something is missing, and it can be asked.
    """
    items = wanted(ctx, {one.item_id for one in arriving})
    found: dict[int, list[str]] = {}
    for position, one in enumerate(arriving):
        item = items.get(one.item_id)
        if item is None:
            continue
        known = lots.lot(ctx.tx, ctx.tenant, one.item_id, one.lot) if one.lot else None
        dated = expires_on is not None or (known is not None and known.expires_on is not None)
        weight = one.catch_weight_g if weighed else Decimal(0)
        if missing := item.lacking(one.lot, one.serial, dated, weight):
            found[position] = missing
    if at_form:
        refuse([
            Fault(
                name, f"the {name} of {items[arriving[position].item_id].sku}", "nothing",
                "Scan each piece by itself." if name == "serial number" else "Read it off the goods.",
            )
            for position, names in found.items() for name in names
        ])  # fmt: skip
    return found


def ask(ctx: Context, site_id: int, arrived: Entry | NewMovement, movement_id: int, missing: Sequence[str]) -> None:
    """Have somebody find out what was not told of goods that came in."""
    item = wanted(ctx, [arrived.item_id])[arrived.item_id]
    names = " and ".join(missing)
    tasks.open_task(
        ctx, kind=IDENTIFY, subject=f"movement:{movement_id}", site_id=site_id,
        title=f"Find out the {names} of {plain(arrived.quantity)} of {item.sku}",
        detail="They were booked as they were told. Read it off the goods; then take the movement back, and tell it "
        "again with all of it.",
        why=f"{item.sku} is kept with its {names}, and whoever told of these goods did not say it.",
        link=f"/items/{quote(item.sku, safe='')}", evidence={"movement_id": movement_id, "missing": list(missing)},
    )  # fmt: skip


def note_lot(
    ctx: Context,
    site_id: int,
    item_id: int,
    sku: str,
    code: str,
    expires_on: date | None = None,
    made_on: date | None = None,
    supplier_id: int | None = None,
) -> None:
    """Note a lot that comes in; where it is known with another last day, the earlier one holds, and somebody is asked.

    A later day would make goods fit for sale that nobody has looked at: only `stock.correct_lot` does that.
    """
    before = lots.lot(ctx.tx, ctx.tenant, item_id, code)
    lots.put(ctx.tx, ctx.tenant, item_id, code, expires_on, made_on, supplier_id)
    if before is None or None in (before.expires_on, expires_on) or before.expires_on == expires_on:
        return
    days = {"known": str(before.expires_on), "told": str(expires_on)}
    ctx.audit("lot.date_differs", f"item:{item_id}", lot=code, **days)
    tasks.open_task(
        ctx, kind=LOT_DATE, subject=f"item:{item_id}:lot:{code}", site_id=site_id, role="quality",
        title=f"Which last day has lot {code} of {sku}?",
        detail=f"It was known with {before.expires_on}, and came now with {expires_on}. The earlier one holds until "
        "somebody has read the label and corrected the lot.",
        why="Goods past their last day must not be sold, and one of the two days is wrong.",
        link=f"/lot?item={item_id}&code={quote(code, safe='')}", evidence=days,
    )  # fmt: skip
