"""What people say about goods that lie somewhere: the books are wrong, it is held, thrown away, opened, sent back."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Form, Query, Response

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import AskAgain, Fault, Invalid
from shelfwise.core.quantities import ZERO, plain
from shelfwise.orders import service as orders
from shelfwise.records import service as records
from shelfwise.records.model import Item, Place, Site
from shelfwise.stock import service as stock
from shelfwise.stock.model import NewMovement, Status
from shelfwise.web import pages
from shelfwise.web.floor import chosen_site
from shelfwise.web.fulfilment_words import Sent, item_of, new_source, text
from shelfwise.web.moved import address, place_of
from shelfwise.web.moving import ask_again, lying, real_place
from shelfwise.web.visits import Visitor
from shelfwise.web.writing import read_typed

router = APIRouter(include_in_schema=False)
ROWS = 8
Id = Annotated[int, Form(ge=1, le=2**63 - 1)]
Amount = Annotated[str, Form(max_length=40)]
Code = Annotated[str, Form(max_length=200)]
Reason = Annotated[str, Form(max_length=500)]
Source = Annotated[str, Form(max_length=100)]
Seen = Annotated[str, Form(max_length=3)]
Condition = Annotated[Status, Form()]


def amount_of(ctx: Context, site: Site, item: Item, told: str, where: str = "how many") -> Decimal:
    """What somebody typed, in the item's unit: 12, or 3 cases + 4 with the packs of the day."""
    return records.in_base(ctx, item.item_id, told, ctx.now.astimezone(site.zone_info), where)


@router.get("/handle")
def handle(
    visit: Visitor,
    place: Annotated[int, Query(ge=1, le=2**63 - 1)],
    item: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    sku: Annotated[str, Query(max_length=200)] = "",
    lot: Annotated[str, Query(max_length=200)] = "",
    status: Status = "available",
) -> Response:
    """One item, lot and condition in one place, and all that can be done with it."""
    with visit.context() as ctx:
        here, spot = place_of(ctx, place)
        lies = [one for one in stock.lies_at(ctx, place_id=place) if one.on_hand > 0]
        if item is None and not sku.strip():
            return pages.render(visit, ctx, "handle_what.html", at_site=here.site_id, here=here, place=spot, lies=lies)
        what = records.item_by_sku(ctx, sku.strip()) if item is None else records.item(ctx, item)
        return pages.render(
            visit, ctx, "handle.html", at_site=here.site_id, here=here, place=spot, item=what, lot=lot,
            condition=status, there=lying(lies, what.item_id, lot, status), source=new_source(),
            back=_back(what, spot, lot, status),
        )  # fmt: skip


def _back(item: Item, place: Place, lot: str, status: str) -> str:
    return address("/handle", item=item.item_id, place=place.place_id, lot=lot, status=status)


@router.post("/handle/adjust")
def adjust(
    visit: Visitor, item: Id, place: Id, amount: Amount, before: Amount, reason: Reason, source: Source,
    lot: Code = "", status: Condition = "available", seen: Seen = "",
) -> Response:  # fmt: skip
    """There are so many, and not as many as the page showed. What happened meanwhile stays: the difference counts."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.ADJUST_STOCK)
        here, spot = place_of(ctx, place)
        ctx.require(Right.ADJUST_STOCK, here.site_id)
        what = records.item(ctx, item)
        now = ZERO if amount.strip() == "0" else amount_of(ctx, here, what, amount, "how many there are")
        change = now - read_typed(before, "before")
        if not change:
            raise Invalid(
                Fault("how many there are", f"not {plain(now)}, as the books say so", plain(now), "Leave it.")
            )
        try:
            stock.adjust(
                ctx, item_id=item, place_id=place, change=change, reason=reason, lot=lot, status=status,
                seen=seen == "yes", source=source,
            )  # fmt: skip
        except AskAgain as error:
            told = {
                "item": str(item), "place": str(place), "amount": amount, "before": before, "reason": reason,
                "source": source, "lot": lot, "status": status,
            }  # fmt: skip
            return ask_again(
                visit, ctx, here, "/handle/adjust", told, _back(what, spot, lot, status), title="Are you sure?",
                words=str(error), yes="I have looked: it is so",
            )  # fmt: skip
    return pages.go(
        f"/bins/{place}", f"{what.sku} in {spot.code}: {plain(read_typed(before))} before, {plain(now)} now. {reason}"
    )


@router.post("/handle/write-off")
def write_off(
    visit: Visitor, item: Id, place: Id, amount: Amount, reason: Reason, source: Source, lot: Code = "",
    status: Condition = "available", seen: Seen = "",
) -> Response:  # fmt: skip
    with visit.context() as ctx:
        ctx.require_somewhere(Right.ADJUST_STOCK)
        here, spot = place_of(ctx, place)
        ctx.require(Right.ADJUST_STOCK, here.site_id)
        what = records.item(ctx, item)
        much = amount_of(ctx, here, what, amount)
        try:
            stock.write_off(
                ctx, item_id=item, place_id=place, quantity=much, reason=reason, lot=lot, status=status,
                seen=seen == "yes", source=source,
            )  # fmt: skip
        except AskAgain as error:
            told = {
                "item": str(item), "place": str(place), "amount": amount, "reason": reason, "source": source,
                "lot": lot, "status": status,
            }  # fmt: skip
            return ask_again(
                visit, ctx, here, "/handle/write-off", told, _back(what, spot, lot, status), title="Are you sure?",
                words=str(error), yes="I have looked: it is so",
            )  # fmt: skip
    return pages.go(f"/bins/{place}", f"{plain(much)} of {what.sku} from {spot.code} are written off. {reason}")


@router.post("/handle/convert")
def convert(
    visit: Visitor, item: Id, place: Id, amount: Amount, to_sku: Code, to_amount: Amount, source: Source,
    lot: Code = "", to: Annotated[str, Form(max_length=64)] = "", note: Reason = "",
) -> Response:  # fmt: skip
    """A case is opened, a set is packed: one item becomes another."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.ISSUE_GOODS)
        here, spot = place_of(ctx, place)
        ctx.require(Right.ISSUE_GOODS, here.site_id)
        what = records.item(ctx, item)
        other = records.item(ctx, item_of(ctx, to_sku.strip(), 1))
        end = real_place(ctx, here, to, "to") if to.strip() else spot
        much = amount_of(ctx, here, what, amount)
        made = amount_of(ctx, here, other, to_amount, "how many it became")
        stock.convert(
            ctx, item_id=item, place_id=place, quantity=much, to_item_id=other.item_id, to_quantity=made,
            source=source, to_place_id=end.place_id, lot=lot, note=note.strip() or None,
        )  # fmt: skip
    return pages.go(f"/bins/{end.place_id}", f"{plain(much)} of {what.sku} became {plain(made)} of {other.sku}.")


@router.get("/opening")
def opening(visit: Visitor, site: str | None = None) -> Response:
    """Before anything moved: what lies where."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.ADJUST_STOCK)
        here = chosen_site(ctx, site)
        sites = [one for one in records.sites(ctx) if visit.may("adjust_stock", one.site_id)]
        return pages.render(
            visit, ctx, "opening.html", at_site=None if here is None else here.site_id, here=here, sites=sites,
            rows=ROWS, source=new_source(),
        )  # fmt: skip


@router.post("/opening")
def open_stock(visit: Visitor, sent: Sent) -> Response:
    with visit.context() as ctx:
        ctx.require_somewhere(Right.ADJUST_STOCK)
        here = records.site(ctx, text(sent, "site", 64))
        ctx.require(Right.ADJUST_STOCK, here.site_id)
        source = text(sent, "source", 80) or new_source()
        start = next(one.place_id for one in records.places(ctx, here.site_id) if one.kind == "opening")
        lies = []
        for row in range(1, ROWS + 1):
            if sku := text(sent, f"sku-{row}", 200):
                item = records.item(ctx, item_of(ctx, sku, row))
                spot = real_place(ctx, here, text(sent, f"place-{row}", 64), f"line {row}, bin")
                much = amount_of(ctx, here, item, text(sent, f"amount-{row}", 40), f"line {row}, how many")
                lot = text(sent, f"lot-{row}", 200)
                lies.append(
                    NewMovement(
                        item.item_id, start, spot.place_id, much, "opening", source=f"{source}:{row}", lot=lot
                    )
                )  # fmt: skip
        if not lies:
            raise Invalid(Fault("lines", "at least one item and where it lies", "none", "Fill in a line."))
        stock.post_many(ctx, lies)
    said = "1 line is" if len(lies) == 1 else f"{len(lies)} lines are"
    return pages.go(
        f"/opening?site={pages.segment(here.code)}", f"{said} in the books. Go on with the next, or stop here."
    )


@router.get("/returns/new")
def new_return(visit: Visitor, site: str | None = None, sku: str = "") -> Response:
    """Goods came back, and nobody knows of which order."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.RECEIVE_GOODS)
        here = chosen_site(ctx, site)
        sites = [one for one in records.sites(ctx) if visit.may("receive_goods", one.site_id)]
        return pages.render(
            visit, ctx, "return_new.html", at_site=None if here is None else here.site_id, here=here, sites=sites,
            sku=sku[:200], source=new_source(),
        )  # fmt: skip


@router.post("/returns/new")
def take_return(
    visit: Visitor, site: Annotated[str, Form(max_length=64)], sku: Code, amount: Amount,
    place: Annotated[str, Form(max_length=64)], source: Source, status: Condition = "quarantine", lot: Code = "",
    serial: Code = "", note: Reason = "",
) -> Response:  # fmt: skip
    with visit.context() as ctx:
        ctx.require_somewhere(Right.RECEIVE_GOODS)
        here = records.site(ctx, site)
        ctx.require(Right.RECEIVE_GOODS, here.site_id)
        item = records.item(ctx, item_of(ctx, sku.strip(), 1))
        spot = real_place(ctx, here, place, "bin")
        much = amount_of(ctx, here, item, amount)
        stock.take_return(
            ctx, item_id=item.item_id, place_id=spot.place_id, quantity=much, status=status, source=source,
            lot=lot.strip(), serial=serial.strip() or None, note=note.strip() or None,
        )  # fmt: skip
    return pages.go(f"/bins/{spot.place_id}", f"{plain(much)} of {item.sku} came back and lie in {spot.code}.")


@router.post("/orders/{purchase_order_id}/send-back")
def send_back(
    visit: Visitor, purchase_order_id: int, line: Annotated[int, Form(ge=0, le=2**31 - 1)], amount: Amount,
    place: Annotated[str, Form(max_length=64)], reason: Reason, source: Source, lot: Code = "",
    status: Condition = "available", again: Annotated[str, Form(max_length=3)] = "no",
) -> Response:  # fmt: skip
    """Goods of an order go back to their supplier."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.RECEIVE_GOODS)
        order = orders.purchase_order(ctx, purchase_order_id)
        here = records.site_by_id(ctx, order.site_id)
        spot = real_place(ctx, here, place, "bin")
        much = read_typed(amount, "how many")
        stock.return_to_supplier(
            ctx, purchase_order_id=purchase_order_id, line=line, place_id=spot.place_id, quantity=much, reason=reason,
            owed_again=again == "yes", lot=lot.strip() or None, status=status, source=source,
        )  # fmt: skip
    owed = "They are owed once more." if again == "yes" else "They are not owed any more."
    return pages.go(f"/orders/{purchase_order_id}", f"{plain(much)} went back from {spot.code}. {owed}")
