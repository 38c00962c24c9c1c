"""Purchase orders: whether they were sent, what came, what is still to come; and receiving it, in parts."""

from __future__ import annotations

import secrets
from datetime import date
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Form, Response

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.core.quantities import plain
from shelfwise.orders import service as orders
from shelfwise.orders.attachments import attachments
from shelfwise.orders.model import PurchaseOrder
from shelfwise.orders.purchase_states import ALLOWED, may
from shelfwise.records import service as records
from shelfwise.records.calendars import next_taken
from shelfwise.stock import arrivals
from shelfwise.stock import service as stock
from shelfwise.stock.model import STATUSES
from shelfwise.web import pages
from shelfwise.web.audit_words import lines
from shelfwise.web.listing_rows import find
from shelfwise.web.lists.orders import PURCHASES
from shelfwise.web.visits import Visitor
from shelfwise.web.writing import read_typed
from shelfwise.work import outbox

router = APIRouter(include_in_schema=False)


@router.get("/orders")
def list_orders(visit: Visitor) -> Response:
    with visit.context() as ctx:
        found = find(ctx, PURCHASES, visit.request.query_params)
        return pages.render(
            visit, ctx, "orders.html", found=found, messages=_messages(ctx),
            may_second=ctx.actor.may_somewhere(Right.APPROVE_PURCHASES),
        )  # fmt: skip


def _messages(ctx: Context) -> dict[str, outbox.Message]:
    """The messages that did not arrive yet, by the number of the order they carry, oldest first."""
    return {
        message.body["number"]: message
        for message in outbox.undelivered(ctx)
        if message.body.get("kind") == "purchase_order"
    }


@router.get("/orders/{purchase_order_id}")
def order(visit: Visitor, purchase_order_id: int) -> Response:
    with visit.context() as ctx:
        found = orders.purchase_order(ctx, purchase_order_id)
        places = [place for place in records.places(ctx, found.site_id) if place.real]
        usual = {
            line.item_id: next((place for place in places if place.item_id == line.item_id), None)
            for line in found.lines
        }
        return pages.render(
            visit,
            ctx,
            "order.html",
            at_site=found.site_id,
            order=found,
            zone=records.site_by_id(ctx, found.site_id).zone_info,
            message=orders.message_of(ctx, found),
            hints=_hints(ctx, found),
            asked_lines=[
                (line, wanted) for line, wanted in zip(found.lines, found.as_asked.lines, strict=True) if line != wanted
            ],
            may_now={verb for verb in ALLOWED if may(found.state, verb)},
            history=lines(ctx, orders.history(ctx, purchase_order_id)),
            files=attachments(ctx, f"purchase_order:{purchase_order_id}"),
            alike=[
                one
                for one in orders.purchase_orders(ctx, ["draft"])
                if (one.supplier_id, one.site_id, one.currency) == (found.supplier_id, found.site_id, found.currency)
                and one.number != found.number
            ]
            if found.state == "draft"
            else [],
            places=places,
            usual=usual,
            wanted=arrivals.wanted(ctx, [line.item_id for line in found.lines]),
            # One for each showing of the form, so that sending it twice receives once.
            sources={line.line: f"page:{secrets.token_hex(8)}" for line in found.lines},
        )


@router.post("/orders/{purchase_order_id}/receive")
def receive(
    visit: Visitor,
    purchase_order_id: int,
    line: Annotated[int, Form()],
    amount: Annotated[str, Form(max_length=40)],
    place: Annotated[str, Form(max_length=64)],
    source: Annotated[str, Form(max_length=100)],
    lot: Annotated[str, Form(max_length=64)] = "",
    expires_on: Annotated[str, Form(max_length=10)] = "",
    status: Annotated[str, Form(max_length=12)] = "available",
    owed: Annotated[str, Form(max_length=3)] = "",
    weight: Annotated[str, Form(max_length=40)] = "",
    serials: Annotated[str, Form(max_length=20_000)] = "",
) -> Response:
    if status not in STATUSES:
        raise Invalid(Fault("condition", f"one of {', '.join(STATUSES)}", shorten(status), "Choose one of them."))
    with visit.context() as ctx:
        found = orders.purchase_order(ctx, purchase_order_id)
        where = records.place_by_code(ctx, found.site_id, place.strip())
        came = read_typed(amount)
        for much, piece, serial in _pieces(came, source, serials):
            stock.receive(
                ctx, purchase_order_id, line, much, where.place_id, piece, lot=lot.strip() or None,
                expires_on=_day(expires_on), status=status, owed=None if not owed else owed == "yes",
                catch_weight_g=_weight(weight, much, came), serial=serial, at_form=True,
            )  # fmt: skip
        after = orders.purchase_order(ctx, purchase_order_id)
    return pages.go(f"/orders/{purchase_order_id}", _told(after, line, plain(came), where.code))


def _hints(ctx: Context, order: PurchaseOrder) -> list[str]:
    """What its supplier asks of an order, beside one that has not left."""
    seller = records.supplier(ctx, order.supplier_id)
    found: list[str] = []
    if order.state not in ("draft", "approved"):
        return found
    if seller.currency == order.currency:
        for least, said in (
            (seller.minimum_value, "takes no order below"),
            (seller.free_freight_from, "pays the freight from"),
        ):
            if least is not None and order.total < least:
                missing = f"{least - order.total:,.2f}"
                found.append(f"{order.supplier} {said} {least:,.2f} {order.currency}: {missing} are missing.")
    now = ctx.now.astimezone(records.site_by_id(ctx, order.site_id).zone_info)
    taken = next_taken(now, seller.order_days, seller.orders_until)
    if taken != now.date():
        found.append(f"{order.supplier} takes it on {taken:%A}, {taken.day} {taken:%B}.")
    return found


def _pieces(came: Decimal, source: str, serials: str) -> list[tuple[Decimal, str, str | None]]:
    """What is received one after the other: all at once, or each serial by itself."""
    told = serials.split()
    if not told:
        return [(came, source, None)]
    if len(set(told)) != came or len(set(told)) != len(told):
        wanted = f"{plain(came)} different ones, as many as came"
        raise Invalid(Fault("serial numbers", wanted, str(len(set(told))), "Scan each piece once."))
    return [(Decimal(1), f"{source}:{serial}", serial) for serial in told]


def _weight(text: str, much: Decimal, of: Decimal) -> Decimal | None:
    """Told in kg for all that came; in g for a part of it."""
    return (read_typed(text) * 1000 * much / of).quantize(Decimal(1)) if text.strip() and of else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text.strip() else None
    except ValueError as error:
        raise Invalid(Fault("last day", "a day such as 2026-12-31", shorten(text), "Correct the day.")) from error


@router.post("/orders/{purchase_order_id}/sent")
def mark_sent(visit: Visitor, purchase_order_id: int) -> Response:
    """A person has sent the order to its supplier."""
    with visit.context() as ctx:
        order = orders.mark_sent(ctx, orders.purchase_order(ctx, purchase_order_id).number)
    if order.state == "approved":
        said = "Nothing changed."
    elif order.answer_to is not None:
        said = f"Noted: {order.supplier} has been asked. Note the answer here when it comes."
    else:
        said = f"Noted: {order.supplier} has {order.number}."
    return pages.go(f"/orders/{purchase_order_id}", said)


@router.post("/outbox/{outbox_id}/send-again")
def send_again(
    visit: Visitor, outbox_id: int, back: Annotated[str, Form(alias="next", max_length=500)] = "/orders"
) -> Response:
    with visit.context() as ctx:
        message = outbox.send_again(ctx, outbox_id)
    return pages.go(pages.local_address(back), f"It is sent to {message.host} again, up to {outbox.ATTEMPTS} times.")


@router.post("/orders/{purchase_order_id}/close")
def close(visit: Visitor, purchase_order_id: int, reason: Annotated[str, Form(max_length=500)]) -> Response:
    """Expect no more of an order; what comes all the same is received as usual."""
    with visit.context() as ctx:
        asked = orders.purchase_order(ctx, purchase_order_id).answer_to is not None
        order = orders.close_purchase_order(ctx, purchase_order_id, reason)
    said = f"{order.number} is closed: no more of it is expected. Reopen it to undo this."
    if asked and order.answer_to is None:
        said += f" {order.supplier} was not told of the change yet, and is not told now: it is taken back."
    return pages.go(f"/orders/{purchase_order_id}", said)


def _told(order: PurchaseOrder, line: int, came: str, where: str) -> str:
    (now,) = (one for one in order.lines if one.line == line)
    rest = f"{plain(now.outstanding)} still to come" if now.outstanding else "the line is complete"
    return f"{came} of {now.sku} received into {where}; {rest}."
