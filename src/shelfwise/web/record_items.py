"""Items as records: the list of all, adding and changing one, its packs and barcodes, phasing it out."""

from __future__ import annotations

from dataclasses import asdict, replace
from decimal import Decimal
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Form, Response
from starlette.datastructures import FormData

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, ShelfwiseError
from shelfwise.core.quantities import plain
from shelfwise.records import rules, succession
from shelfwise.records import service as records
from shelfwise.records.model import TRACKING, NewItem
from shelfwise.records.packs import LEVELS, Level, in_words, on_day
from shelfwise.records.succession import Succession
from shelfwise.web import pages
from shelfwise.web.fulfilment_words import Sent
from shelfwise.web.listing_rows import find
from shelfwise.web.lists.records import ITEMS
from shelfwise.web.record_forms import SHOWN_AGAIN, Answers, shown_again
from shelfwise.web.shell import shell
from shelfwise.web.visits import Visit, Visitor

router = APIRouter(include_in_schema=False)
Short = Annotated[str, Form(max_length=100)]


@router.get("/items")
def list_items(visit: Visitor) -> Response:
    with visit.context() as ctx:
        return pages.render(visit, ctx, "record_items.html", found=find(ctx, ITEMS, visit.request.query_params))


@router.get("/records/items/new")
def new(visit: Visitor) -> Response:
    with visit.context() as ctx:
        return _new_page(visit, ctx)


def _new_page(
    visit: Visit, ctx: Context, sent: FormData | None = None, error: ShelfwiseError | None = None
) -> Response:
    ctx.require(Right.EDIT_RECORDS)
    values = asdict(NewItem("")) | {"barcode": "", "case": ""}
    return pages.render(
        visit,
        ctx,
        "record_item.html",
        item=None,
        categories=records.categories(ctx),
        **shown_again(values, sent, error),
    )


@router.post("/records/items/new")
def add(visit: Visitor, sent: Sent) -> Response:
    """Add an item, at once with the barcode on it and with what a case holds, where they are given."""
    try:
        with visit.context() as ctx:
            ctx.require(Right.EDIT_RECORDS)
            answers = Answers(sent)
            told, case = _told(answers), answers.number("case", "In a case")
            answers.check()
            item_id = records.add_item(
                ctx, sku=told.sku, description=told.description, unit=told.unit, quantum=told.quantum,
                unit_weight_g=told.unit_weight_g, tracking=told.tracking, needs_expiry=told.needs_expiry,
                shelf_life_days=told.shelf_life_days, catch_weight=told.catch_weight, category=told.category,
                sold_until=told.sold_until,
            )  # fmt: skip
            if barcode := answers.text("barcode"):
                records.add_barcode(ctx, item_id, barcode)
            if case is not None:
                frame = shell(ctx)
                records.set_pack(ctx, item_id, "case", case, frame.now.astimezone(frame.zone).date())
    except SHOWN_AGAIN as error:
        with visit.context() as ctx:
            return _new_page(visit, ctx, sent, error)
    return pages.go(f"/items/{pages.segment(told.sku)}", f"{told.sku} is added. Say in which bin it is kept next.")


def _told(answers: Answers) -> NewItem:
    return NewItem(
        answers.text("sku"),
        answers.text("description"),
        answers.text("unit"),
        answers.needed("quantum", "Smallest amount"),
        answers.real("unit_weight_g", "Weight of one"),
        tracking=answers.chosen("tracking", TRACKING, "Tracked by"),
        needs_expiry=answers.ticked("needs_expiry"),
        shelf_life_days=answers.whole("shelf_life_days", "Keeps, days"),
        catch_weight=answers.ticked("catch_weight"),
        category=answers.text("category"),
        sold_until=answers.day_if_any("sold_until", "Sold until"),
    )


@router.get("/records/items/{item_id}")
def edit(visit: Visitor, item_id: int) -> Response:
    with visit.context() as ctx:
        return _edit_page(visit, ctx, item_id)


def _edit_page(
    visit: Visit, ctx: Context, item_id: int, sent: FormData | None = None, error: ShelfwiseError | None = None
) -> Response:
    ctx.require(Right.EDIT_RECORDS)
    item, frame = records.item(ctx, item_id), shell(ctx)
    today = frame.now.astimezone(frame.zone).date()
    history = records.pack_history(ctx, item_id)
    packs = on_day(history, today)
    smaller = {
        pack.level: [one for one in packs if LEVELS.index(one.level) < LEVELS.index(pack.level)] for pack in packs
    }
    return pages.render(
        visit, ctx, "record_item.html", item=item, today=today, levels=LEVELS, packs=packs, history=history,
        # A pallet of 480 is 40 cases too.
        told_smaller={
            pack.level: in_words(pack.quantity or Decimal(0), smaller[pack.level], item.unit) for pack in packs
        },
        barcodes=records.barcodes_of(ctx, item_id),
        rules={one.site_id: one for one in rules.rules_of_item(ctx, item_id)},
        sites=records.sites(ctx), categories=records.categories(ctx), **replacing(ctx, item_id),
        **shown_again(asdict(item.as_new), sent, error),
    )  # fmt: skip


def replacing(ctx: Context, item_id: int) -> dict[str, Any]:
    """What an item replaces and what replaces it, with the items themselves."""
    replaces = succession.predecessor_of(ctx, item_id)
    replaced_by = succession.successors_of(ctx, item_id)
    ids = [one.item_id for one in replaced_by] + ([replaces.replaces_id] if replaces else [])
    return {"replaces": replaces, "replaced_by": replaced_by, "others": records.items_by_id(ctx, ids)}


@router.post("/records/items/{item_id}")
def change(visit: Visitor, item_id: int, sent: Sent) -> Response:
    try:
        with visit.context() as ctx:
            ctx.require(Right.EDIT_RECORDS)
            answers = Answers(sent)
            to = replace(_told(answers), archived=records.item(ctx, item_id).archived)
            answers.check()
            after = records.change_item(ctx, item_id, to, confirmed=answers.ticked("confirmed"))
    except SHOWN_AGAIN as error:
        with visit.context() as ctx:
            return _edit_page(visit, ctx, item_id, sent, error)
    return pages.go(f"/records/items/{item_id}", f"{after.sku} is saved.")


@router.post("/records/items/{item_id}/archive")
def archive(visit: Visitor, item_id: int) -> Response:
    with visit.context() as ctx:
        item = records.archive_item(ctx, item_id)
    return pages.go(
        f"/records/items/{item_id}", f"{item.sku} is phased out: not offered and not ordered. What is there is sold."
    )


@router.post("/records/items/{item_id}/restore")
def restore(visit: Visitor, item_id: int) -> Response:
    with visit.context() as ctx:
        item = records.restore_item(ctx, item_id)
    return pages.go(f"/records/items/{item_id}", f"{item.sku} is offered again.")


@router.post("/records/items/{item_id}/packs")
def set_pack(visit: Visitor, item_id: int, sent: Sent) -> Response:
    """Say what a pack holds from a day on, also in smaller packs ("40 cases"), or that it is not packed so any more."""
    with visit.context() as ctx:
        ctx.require(Right.EDIT_RECORDS)
        answers = Answers(sent)
        level: Level = answers.chosen("level", get_args(Level), "Pack")
        day = answers.day("valid_from", "From")
        answers.check()
        ends = answers.ticked("ends")
        amount = None if ends else records.in_base(ctx, item_id, answers.text("amount"), day, "Holds")
        records.set_pack(ctx, item_id, level, amount, day)
        unit = records.item(ctx, item_id).unit
    holds = "is not packed any more" if amount is None else f"holds {plain(amount)} {unit}"
    return pages.go(f"/records/items/{item_id}", f"From {day} on a {level} {holds}. What was told before stays.")


@router.post("/records/items/{item_id}/replaces")
def set_predecessor(visit: Visitor, item_id: int, sent: Sent) -> Response:
    """Say whose place it takes, from when on; an empty SKU says that it takes nobody's."""
    with visit.context() as ctx:
        ctx.require(Right.EDIT_RECORDS)
        answers = Answers(sent)
        sku = answers.text("sku")
        if not sku:
            succession.remove_predecessor(ctx, item_id)
            return pages.go(f"/records/items/{item_id}", "It takes no other item's place.")
        day, factor = answers.day("from_day", "From"), answers.number("factor", "One of the old is")
        answers.check()
        told = Succession(item_id, records.item_by_sku(ctx, sku).item_id, day, Decimal(1) if factor is None else factor)
        succession.set_predecessor(ctx, told)
    return pages.go(
        f"/records/items/{item_id}",
        f"What {sku} sold before {day} counts for it. Say at {sku} until when that is sold.",
    )


@router.post("/records/items/{item_id}/rules/{site_id}")
def set_rule(visit: Visitor, item_id: int, site_id: int, sent: Sent) -> Response:
    """Say at what, and up to how much, a person orders it at a site; two empty fields take the rule away."""
    with visit.context() as ctx:
        ctx.require(Right.EDIT_RECORDS, site_id)
        answers = Answers(sent)
        point, up_to = answers.number("reorder_point", "Reorder at"), answers.number("order_up_to", "Order up to")
        answers.check()
        if point is None and up_to is not None:
            raise Invalid(Fault("Reorder at", "a number, where there is one to order up to", "nothing", "Fill it in."))
        if point is None:
            rules.remove_rule(ctx, item_id, site_id)
        else:
            rules.set_rule(ctx, item_id, site_id, point, up_to)
    return pages.go(f"/records/items/{item_id}", "Your rule is kept." if point is not None else "There is no rule now.")


@router.post("/records/items/{item_id}/barcodes")
def add_barcode(visit: Visitor, item_id: int, barcode: Short, level: Short = "") -> Response:
    with visit.context() as ctx:
        chosen = next((one for one in LEVELS if one == level), None)
        records.add_barcode(ctx, item_id, barcode.strip(), chosen)
    return pages.go(f"/records/items/{item_id}", f"Whoever scans {barcode.strip()} finds this item.")


@router.post("/records/items/{item_id}/barcodes/remove")
def remove_barcode(visit: Visitor, item_id: int, barcode: Short) -> Response:
    with visit.context() as ctx:
        records.remove_barcode(ctx, item_id, barcode)
    return pages.go(f"/records/items/{item_id}", f"{barcode} does not lead here any more.")
