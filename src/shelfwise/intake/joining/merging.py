"""Two records made one, and two again: each keeps its own rows, and the merge is an entry that can be taken back.

What changes when an item is absorbed: its codes name the survivor (records.joined), its history counts for the survivor
(demand), what lies there is converted, its fixed places are kept for the survivor, which also gets the suppliers it
lacked, and it is archived. Undoing puts each of these back as far as nobody has changed it since, and says what stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused
from shelfwise.core.quantities import ZERO, plain
from shelfwise.demand import service as demand
from shelfwise.intake.joining import merge_tables as tables
from shelfwise.intake.joining import pair_tables
from shelfwise.intake.joining.merge_tables import Lying, Merge
from shelfwise.records import item_tables, supplier_tables
from shelfwise.records import service as records
from shelfwise.records.changes import said
from shelfwise.records.item_packs import content
from shelfwise.records.joined import Kind, family, reckon, standing
from shelfwise.records.model import Item
from shelfwise.records.supply import Supplier, Terms
from shelfwise.stock import service as stock

ONE = Decimal(1)


@dataclass(frozen=True)
class Outlook:
    """What a merge would do, before it is done.

    Attributes:
        does: what will change, in sentences.
        hinders: why it cannot be done as it is, each with what to do; none: it can.
    """

    does: tuple[str, ...]
    hinders: tuple[str, ...]


def outlook(ctx: Context, kind: Kind, survivor_id: int, absorbed_id: int, factor: Decimal = ONE) -> Outlook:
    """What merging one record into another would do; nothing is changed.

    Args:
        factor: so many units of the survivor are one of the absorbed.

    Raises:
        Invalid: the factor cannot be right, or both are one record.
        NotFound: a record does not exist.
    """
    ctx.require(Right.VIEW)
    _sane(survivor_id, absorbed_id, factor)
    hinders = _merged_already(ctx, kind, survivor_id, absorbed_id)
    if kind == "supplier":
        kept, gone = records.supplier(ctx, survivor_id), records.supplier(ctx, absorbed_id)
        given = len(_lacking_items(ctx, survivor_id, absorbed_id))
        does = [
            f"Orders go to {kept.name} only. Orders under way at {gone.name} stay as they are.",
            f"How long deliveries took is counted together. The code {gone.code} means {kept.name} from now on.",
        ]
        if given:
            does.append(f"{kept.name} gets the terms of {_many(given, 'item')} that only {gone.name} sold.")
        return Outlook(tuple(does), tuple(hinders))
    kept_item, gone_item = records.item(ctx, survivor_id), records.item(ctx, absorbed_id)
    lying = tables.lying(ctx.tx, ctx.tenant, absorbed_id)
    return Outlook(
        tuple(_item_does(ctx, kept_item, gone_item, factor, lying)),
        (*hinders, *_item_hinders(ctx, kept_item, gone_item, factor, lying)),
    )


def merge(
    ctx: Context, kind: Kind, survivor_id: int, absorbed_id: int, factor: Decimal = ONE, evidence: Sequence[str] = ()
) -> int:
    """Say that one record is another one; returns the id of the merge, which can be undone.

    Raises:
        Forbidden: the actor may not edit records, or not adjust stock where some of it lies.
        Invalid: the factor cannot be right, or both are one record.
        NotFound: a record does not exist.
        Refused: something stands in the way; nothing was changed.
    """
    ctx.require(Right.EDIT_RECORDS)
    _sane(survivor_id, absorbed_id, factor)
    _lock(ctx, kind, survivor_id, absorbed_id)
    before = outlook(ctx, kind, survivor_id, absorbed_id, factor)
    if before.hinders:
        raise Refused(" ".join(before.hinders))
    merge_id = tables.insert(
        ctx.tx, ctx.tenant, kind, survivor_id, absorbed_id, factor, list(evidence), ctx.actor.by, ctx.now
    )
    move = _move_item if kind == "item" else _move_supplier
    tables.set_moved(ctx.tx, ctx.tenant, merge_id, move(ctx, merge_id, survivor_id, absorbed_id, factor))
    reckon(ctx.tx, ctx.tenant, kind)
    if kind == "item":
        demand.rebuild_items(ctx, [survivor_id, absorbed_id])
    pair_tables.decide(ctx.tx, ctx.tenant, kind, survivor_id, absorbed_id, "same", ctx.actor.by, ctx.now)
    ctx.audit(
        f"{kind}.merged", f"{kind}:{survivor_id}", absorbed=_code(ctx, kind, absorbed_id), merge_id=merge_id,
        factor=plain(factor), evidence=list(evidence),
    )  # fmt: skip
    return merge_id


def unmerge(ctx: Context, merge_id: int) -> list[str]:
    """Two records again; returns what could not be put back, in sentences.

    Raises:
        Forbidden: the actor may not edit records, or not adjust stock where some of it lies.
        NotFound: there is no such merge.
        Refused: it is undone already, or the survivor was absorbed itself since.
    """
    ctx.require(Right.EDIT_RECORDS)
    found = tables.merge(ctx.tx, ctx.tenant, merge_id, lock=True)
    if found is None:
        raise NotFound("merge", merge_id)
    if found.undone_at is not None:
        raise Refused("This merge is undone already.")
    kind, survivor, absorbed = found.kind, found.survivor_id, found.absorbed_id
    _lock(ctx, kind, survivor, absorbed)
    if standing(ctx.tx, ctx.tenant, kind, [survivor]):
        code = _code(ctx, kind, survivor)
        raise Refused(f"{code} was merged into another one after that. Undo that first: it holds what is to go back.")
    tables.undone(ctx.tx, ctx.tenant, merge_id, ctx.actor.by, ctx.now)
    _take_terms_back(ctx, found.moved)
    said = _put_item_back(ctx, found) if kind == "item" else []
    reckon(ctx.tx, ctx.tenant, kind)
    if kind == "item":
        demand.rebuild_items(ctx, [survivor, absorbed])
    pair_tables.wait_again(ctx.tx, ctx.tenant, kind, survivor, absorbed)
    ctx.audit(
        f"{kind}.unmerged", f"{kind}:{survivor}", absorbed=_code(ctx, kind, absorbed), merge_id=merge_id, stays=said
    )
    return said


def _sane(survivor_id: int, absorbed_id: int, factor: Decimal) -> None:
    if survivor_id == absorbed_id:
        raise Invalid(Fault("absorbed", "another record", str(absorbed_id), "Choose two records."))
    if not (factor.is_finite() and ZERO < factor < Decimal(10**6)):
        raise Invalid(Fault("factor", "a number above 0", str(factor), "Say how many of the one are in the other."))


def _lock(ctx: Context, kind: Kind, *ids: int) -> None:
    for one in sorted(ids):
        found: Item | Supplier | None = (
            item_tables.locked_item(ctx.tx, ctx.tenant, one) if kind == "item"
            else supplier_tables.supplier(ctx.tx, ctx.tenant, one, "for update")
        )  # fmt: skip
        if found is None:
            raise NotFound(kind, one)


def _code(ctx: Context, kind: Kind, one: int) -> str:
    return records.item(ctx, one).sku if kind == "item" else records.supplier(ctx, one).code


def _merged_already(ctx: Context, kind: Kind, *ids: int) -> list[str]:
    known = standing(ctx.tx, ctx.tenant, kind, ids)
    return [
        f"{_code(ctx, kind, one.id)} is merged into {_code(ctx, kind, one.survivor_id)} already: merge that one."
        for one in known.values()
    ]


def _item_does(ctx: Context, kept: Item, gone: Item, factor: Decimal, lying: Sequence[Lying]) -> list[str]:
    times = "" if factor == 1 else f", {plain(factor)} {kept.unit} for each"
    does = [f"What was sold as {gone.sku} counts for {kept.sku}{times}."]
    if factor == 1:
        does.append(f"{gone.sku} and its barcodes mean {kept.sku} in scans, searches, files and the API.")
    else:
        does.append(
            f"Barcodes of {gone.sku} mean the pack of {kept.sku} that holds as much; orders told of it are taken as "
            f"{kept.sku}, {plain(factor)} for one."
        )
    if amount := sum((one.quantity for one in lying), ZERO):
        places = len({one.place_id for one in lying})
        does.append(
            f"{plain(amount)} {gone.unit} in {_many(places, 'place')} become {plain(amount * factor)} {kept.unit} of "
            f"{kept.sku}."
        )
    if lacking := _lacking_suppliers(ctx, kept.item_id, gone.item_id, factor):
        does.append(f"{kept.sku} gets the terms of {_many(len(lacking), 'supplier')} that it lacked.")
    return [*does, f"{gone.sku} is archived. Nothing is deleted, and all of it can be undone."]


def _item_hinders(ctx: Context, kept: Item, gone: Item, factor: Decimal, lying: Sequence[Lying]) -> list[str]:
    said = []
    if kept.unit != gone.unit and factor == 1:
        said.append(
            f"{gone.sku} is kept in {gone.unit}, {kept.sku} in {kept.unit}: say how many {kept.unit} are in one "
            f"{gone.unit}."
        )
    if (gone.quantum * factor) % kept.quantum:
        said.append(
            f"The smallest amount of {gone.sku}, {plain(gone.quantum * factor)} {kept.unit} then, is no multiple of "
            f"that of {kept.sku}, {plain(kept.quantum)}: make that smaller first."
        )
    if lying and gone.tracking != kept.tracking:
        said.append(
            f"{gone.sku} is tracked by {gone.tracking}, {kept.sku} by {kept.tracking}, and some of it lies there: use "
            "it up, or track both alike first."
        )
    elif lying and (gone.tracking == "serial" or gone.catch_weight or kept.catch_weight):
        said.append(f"{gone.sku} has serial numbers or weights of its own, which cannot be converted: use it up first.")
    if blocked := sum((one.blocked for one in lying), ZERO):
        said.append(f"{plain(blocked)} {gone.unit} of {gone.sku} are on hold: release them or write them off first.")
    if waiting := tables.under_way(ctx.tx, ctx.tenant, gone.item_id):
        more = f" and {len(waiting) - 5} more" if len(waiting) > 5 else ""
        said.append(f"{gone.sku} is in {', '.join(waiting[:5])}{more}: finish or change them first.")
    return [*said, *_packs_hinder(ctx, kept, gone, factor)]


def _packs_hinder(ctx: Context, kept: Item, gone: Item, factor: Decimal) -> list[str]:
    """Barcodes whose content the survivor has no pack for: a scan could not say how many it is."""
    today = ctx.now.date()
    sizes = {pack.quantity for pack in records.packs_of(ctx, kept.item_id, today)} | {ONE}
    members = family(ctx.tx, ctx.tenant, "item", [gone.item_id])
    known = standing(ctx.tx, ctx.tenant, "item", members)
    wanted = set()
    for one in members:
        packs, times = records.packs_of(ctx, one, today), known[one].factor if one in known else ONE
        held = [content(packs, read.level) for read in records.barcodes_of(ctx, one)]
        wanted |= {size * times * factor for size in held if size is not None}
    return [
        f"A barcode of {gone.sku} is on {plain(size)} {kept.unit}, and {kept.sku} has no pack of that size: add it "
        "first."
        for size in sorted(wanted - sizes)
    ]


def _move_item(ctx: Context, merge_id: int, kept: int, gone: int, factor: Decimal) -> dict[str, Any]:
    was = records.item(ctx, gone)
    places = tables.take_places(ctx.tx, ctx.tenant, gone, kept)
    lying = tables.lying(ctx.tx, ctx.tenant, gone)
    for number, one in enumerate(lying):
        stock.convert(
            ctx, item_id=gone, place_id=one.place_id, quantity=one.quantity, to_item_id=kept,
            to_quantity=one.quantity * factor, source=f"merge-{merge_id}-{number}", lot=one.lot or None,
            note=f"{was.sku} merged",
        )  # fmt: skip
    given = _lacking_suppliers(ctx, kept, gone, factor)
    supplier_tables.put_terms(ctx.tx, ctx.tenant, given)
    tables.set_archived(ctx.tx, ctx.tenant, gone, True)
    stuff = [
        {"site": one.site_id, "place": one.place_id, "lot": one.lot, "quantity": plain(one.quantity)} for one in lying
    ]
    return {"archived": was.archived, "places": places, "stock": stuff, "terms": [_written(one) for one in given]}


def _move_supplier(ctx: Context, merge_id: int, kept: int, gone: int, factor: Decimal) -> dict[str, Any]:
    given = _lacking_items(ctx, kept, gone)
    supplier_tables.put_terms(ctx.tx, ctx.tenant, given)
    return {"terms": [_written(one) for one in given]}


def _lacking_suppliers(ctx: Context, kept: int, gone: int, factor: Decimal) -> list[Terms]:
    """Terms of the absorbed item by suppliers that do not sell the survivor yet, in the survivor's units."""
    sold_by = {one.supplier_id for one in records.terms_for(ctx, [kept], standing=True)}
    return [
        replace(
            one, item_id=kept, unit_cost=one.unit_cost if factor == 1 else round(one.unit_cost / factor, 9),
            pack_size=one.pack_size * factor, minimum_order=one.minimum_order * factor,
            largest_order=None if one.largest_order is None else one.largest_order * factor,
            weekly_capacity=None if one.weekly_capacity is None else one.weekly_capacity * factor,
        )
        for one in records.terms_for(ctx, [gone], standing=True) if one.supplier_id not in sold_by
    ]  # fmt: skip


def _lacking_items(ctx: Context, kept: int, gone: int) -> list[Terms]:
    sold = {one.item_id for one in records.terms_of(ctx, kept, standing=True)}
    given = records.terms_of(ctx, gone, standing=True)
    return [replace(one, supplier_id=kept) for one in given if one.item_id not in sold]


def _written(terms: Terms) -> dict[str, Any]:
    return {name: said(told) for name, told in asdict(terms).items()}


def _take_terms_back(ctx: Context, moved: dict[str, Any]) -> None:
    """Terms that the merge gave go, but for those that somebody has changed since."""
    for told in moved.get("terms", ()):
        supplier_id, item_id = told["supplier_id"], told["item_id"]
        now = [one for one in records.terms_of(ctx, supplier_id, standing=True) if one.item_id == item_id]
        # What merges of older versions wrote says less.
        if [{name: _written(one)[name] for name in told} for one in now] == [told]:
            supplier_tables.remove_terms(ctx.tx, ctx.tenant, supplier_id, item_id)


def _put_item_back(ctx: Context, found: Merge) -> list[str]:
    kept, gone = records.item(ctx, found.survivor_id), records.item(ctx, found.absorbed_id)
    tables.take_places(ctx.tx, ctx.tenant, kept.item_id, gone.item_id, found.moved["places"])
    tables.set_archived(ctx.tx, ctx.tenant, gone.item_id, found.moved["archived"])
    said = []
    for number, told in enumerate(found.moved["stock"]):
        wanted = Decimal(told["quantity"])
        left = wanted
        lying = [
            one for one in tables.lying(ctx.tx, ctx.tenant, kept.item_id)
            if one.site_id == told["site"] and one.lot == told["lot"]
        ]  # fmt: skip
        # Where it went first; then wherever else at the site it has been put since.
        for place in sorted(lying, key=lambda one: one.place_id != told["place"]):
            free = min(place.quantity - place.blocked, tables.free(ctx.tx, ctx.tenant, kept.item_id, place.site_id))
            back = min(left, free / found.factor)
            back -= back % gone.quantum
            if back <= 0:
                continue
            stock.convert(
                ctx, item_id=kept.item_id, place_id=place.place_id, quantity=back * found.factor,
                to_item_id=gone.item_id, to_quantity=back, source=f"unmerge-{found.merge_id}-{number}-{place.place_id}",
                lot=place.lot or None, note=f"{gone.sku} taken apart again",
            )  # fmt: skip
            left -= back
            if place.place_id != told["place"]:
                said.append(
                    f"{plain(back)} {gone.unit} of {gone.sku} are in {place.place} now, where they were put since."
                )
        if left:
            said.append(
                f"{plain(left)} of {plain(wanted)} {gone.unit} cannot be put back: they were used, or are promised as "
                f"{kept.sku}."
            )
    return said


def _many(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
