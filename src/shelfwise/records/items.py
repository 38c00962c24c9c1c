"""Adding, changing and looking up items; rooms reach these through service.py."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, replace
from datetime import date
from decimal import Decimal

from psycopg import errors as pg

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import NotFound, Refused
from shelfwise.core.quantities import plain
from shelfwise.records import item_tables as tables
from shelfwise.records.changes import NeedsWord, differences, taken
from shelfwise.records.item_rules import item_faults, with_wider
from shelfwise.records.item_tables import Lying
from shelfwise.records.model import Item, NewItem, Provenance, Tracking, refuse
from shelfwise.records.packs import on_day, pack_faults

# So many places are named where something stands in the way of a change.
_NAMED = 5


def add_item(
    ctx: Context,
    *,
    sku: str,
    description: str = "",
    unit: str = "each",
    quantum: Decimal = Decimal(1),
    unit_weight_g: float | None = None,
    provenance: Provenance = "entered",
    tracking: Tracking = "none",
    needs_expiry: bool = False,
    shelf_life_days: int | None = None,
    catch_weight: bool = False,
    category: str = "",
    sold_until: date | None = None,
) -> int:
    """Add an item; returns its id.

    Raises:
        Invalid: a field cannot be right.
        Refused: the SKU is taken.
    """
    ctx.require(Right.EDIT_RECORDS)
    item = NewItem(
        sku, description, unit, quantum, unit_weight_g, provenance, tracking, needs_expiry, shelf_life_days,
        catch_weight, category=category, sold_until=sold_until,
    )  # fmt: skip
    refuse(item_faults(item))
    if not tables.insert_items(ctx.tx, ctx.tenant, [item]):
        raise taken("item", sku)
    item_id = tables.item_ids(ctx.tx, ctx.tenant, [sku], own=True)[sku]
    ctx.audit("item.added", f"item:{item_id}", sku=sku)
    return item_id


def add_items(ctx: Context, items: Sequence[NewItem]) -> dict[str, int]:
    """Add thousands of items at once; SKUs that are already there stay as they are. Returns the id of each SKU.

    Raises:
        Invalid: a field of some row cannot be right; nothing was added.
    """
    ctx.require(Right.IMPORT_DATA)
    refuse(fault for row, item in enumerate(items, 1) for fault in item_faults(item, f"row {row}, "))
    added = tables.insert_items(ctx.tx, ctx.tenant, items)
    if added:
        ctx.audit("items.added", "items", added=added)
    return tables.item_ids(ctx.tx, ctx.tenant, {item.sku for item in items})


def change_item(ctx: Context, item_id: int, to: NewItem, *, confirmed: bool = False) -> Item:
    """Set all fields of an item but its provenance; returns it as it is now.

    What was booked keeps its meaning: the unit stays as soon as something has moved, and the quantum then fits all that
    lies there.

    Args:
        to: the fields as they shall be, e.g. `replace(item.as_new, description="...")`.
        confirmed: a person has read what the change means for what is there already.

    Raises:
        Invalid: a field cannot be right.
        NotFound: there is no such item.
        Refused: the SKU is taken, or what was booked stands against it.
        NeedsWord: it means something that must be confirmed.
    """
    ctx.require(Right.EDIT_RECORDS)
    before = _locked(ctx, item_id)
    to = replace(to, provenance=before.provenance)
    refuse(item_faults(to))
    changed = differences(asdict(before.as_new), asdict(to))
    if not changed:
        return before
    _refuse_what_was_booked(ctx, before, to)
    if (concerns := _concerns(ctx, before, to)) and not confirmed:
        raise NeedsWord(*concerns)
    _update(ctx, item_id, to)
    ctx.audit("item.changed", f"item:{item_id}", before=changed.before, after=changed.after)
    return item(ctx, item_id)


def archive_item(ctx: Context, item_id: int) -> Item:
    """Phase an item out: it is not offered and not proposed any more. What is there stays, and is sold as ever.

    Raises:
        NotFound: there is no such item.
    """
    return _set_archived(ctx, item_id, True)


def restore_item(ctx: Context, item_id: int) -> Item:
    """Offer an item again that was phased out.

    Raises:
        NotFound: there is no such item.
    """
    return _set_archived(ctx, item_id, False)


def _set_archived(ctx: Context, item_id: int, archived: bool) -> Item:
    ctx.require(Right.EDIT_RECORDS)
    before = _locked(ctx, item_id)
    if before.archived != archived:
        _update(ctx, item_id, replace(before.as_new, archived=archived))
        ctx.audit("item.archived" if archived else "item.restored", f"item:{item_id}")
    return replace(before, archived=archived)


def item_by_sku(ctx: Context, sku: str) -> Item:
    """
    Raises:
        NotFound: no item has this SKU.
    """
    ctx.require_somewhere(Right.VIEW)
    found = tables.item_by_sku(ctx.tx, ctx.tenant, sku)
    if found is None:
        raise NotFound("item", sku)
    return found


def item(ctx: Context, item_id: int) -> Item:
    """
    Raises:
        NotFound: there is no such item.
    """
    ctx.require_somewhere(Right.VIEW)
    found = tables.item(ctx.tx, ctx.tenant, item_id)
    if found is None:
        raise NotFound("item", item_id)
    return found


def items_by_id(ctx: Context, item_ids: Collection[int]) -> dict[int, Item]:
    """Those that exist, by id."""
    ctx.require_somewhere(Right.VIEW)
    return tables.items_by_id(ctx.tx, ctx.tenant, item_ids)


def items(ctx: Context, search: str = "", limit: int = 100, offset: int = 0, archived: bool = False) -> list[Item]:
    """Items whose SKU, description, category or barcode contains the text, by SKU.

    Args:
        archived: also those that were phased out.
    """
    ctx.require_somewhere(Right.VIEW)
    return tables.items(ctx.tx, ctx.tenant, search, limit, offset, archived)


def item_ids(ctx: Context, skus: Collection[str], *, own: bool = False) -> dict[str, int]:
    """The ids of those SKUs that exist; of an absorbed item, its survivor's.

    Args:
        own: of the records that have the SKUs themselves, as those need who find out themselves what became of them.
    """
    ctx.require_somewhere(Right.VIEW)
    return tables.item_ids(ctx.tx, ctx.tenant, skus, own)


def categories(ctx: Context) -> list[str]:
    """What items are, and all that lies above it, in order: where there is 'Dairy / Milk', also 'Dairy'."""
    ctx.require_somewhere(Right.VIEW)
    return with_wider(tables.categories(ctx.tx, ctx.tenant))


def _locked(ctx: Context, item_id: int) -> Item:
    found = tables.locked_item(ctx.tx, ctx.tenant, item_id)
    if found is None:
        raise NotFound("item", item_id)
    return found


def _update(ctx: Context, item_id: int, to: NewItem) -> None:
    try:
        with ctx.tx.transaction():
            tables.update_item(ctx.tx, ctx.tenant, item_id, to)
    except pg.UniqueViolation as error:
        raise taken("item", to.sku) from error


def _refuse_what_was_booked(ctx: Context, before: Item, to: NewItem) -> None:
    """
    Raises:
        Refused: movements are there that the new unit or quantum would change the meaning of.
        Invalid: a pack would be no multiple of the new quantum.
    """
    if to.unit != before.unit and tables.has_moved(ctx.tx, ctx.tenant, before.item_id):
        raise Refused(
            f"{before.sku} has movements in {before.unit}, and they stay what they are. "
            f"Add an item that is kept in {to.unit}, and convert what is there."
        )
    if to.quantum != before.quantum:
        if odd := tables.off_quantum(ctx.tx, ctx.tenant, before.item_id, to.quantum):
            raise Refused(
                f"{_where(odd, before.unit)} is no multiple of {plain(to.quantum)} {to.unit}. "
                "Count it to a whole multiple first, or choose a quantum that fits."
            )
        packs = on_day((one.pack for one in tables.packs(ctx.tx, ctx.tenant, [before.item_id])), ctx.now.date())
        refuse(fault for pack in packs for fault in pack_faults(pack, to.unit, to.quantum, f"{pack.level}, "))


def _concerns(ctx: Context, before: Item, to: NewItem) -> list[str]:
    """What a change means for what is there already, in sentences."""
    said = []
    newly_tracked = to.tracking != before.tracking
    lying = tables.untracked(ctx.tx, ctx.tenant, before.item_id, to.tracking) if newly_tracked else []
    if lying:
        said.append(
            f"{_where(lying, before.unit)} lies there without {'a lot' if to.tracking == 'lot' else 'serial numbers'}. "
            "It stays so until it is used up, or until somebody counts it and says which it is; what comes from now on "
            "must name it."
        )
    newly_dated = to.needs_expiry and not before.needs_expiry
    undated = tables.without_last_day(ctx.tx, ctx.tenant, before.item_id) if newly_dated else []
    if undated:
        said.append(
            f"{_where(undated, before.unit)} has no last day. It goes out after all that has one, until somebody "
            "gives its lot a last day."
        )
    if to.unit != before.unit:
        packs = on_day((one.pack for one in tables.packs(ctx.tx, ctx.tenant, [before.item_id])), ctx.now.date())
        for pack in packs[:1]:
            size = plain(pack.quantity or Decimal(0))
            said.append(f"Its packs were told in {before.unit}: a {pack.level} of {size} is {size} {to.unit} then.")
    return said


def _where(lying: Iterable[Lying], unit: str) -> str:
    """12 each in A-001 (MAIN), 3 each in A-002 (MAIN) and 4 other places."""
    all_of_it = list(lying)
    named = ", ".join(f"{plain(one.quantity)} {unit} in {one.place} ({one.site})" for one in all_of_it[:_NAMED])
    more = len(all_of_it) - _NAMED
    return named if more <= 0 else f"{named} and in {more} other {'place' if more == 1 else 'places'}"
