"""What people decide about a purchase order on its page: drafts, approvals, the supplier's answers, and back."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from starlette.datastructures import FormData

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, Refused, shorten
from shelfwise.core.quantities import ZERO, plain
from shelfwise.orders import service as orders
from shelfwise.orders.model import PurchaseOrder
from shelfwise.orders.paper import pdf
from shelfwise.orders.service import Confirmed
from shelfwise.records import service as records
from shelfwise.records.habits import usual_lead_days
from shelfwise.web import pages
from shelfwise.web.files import download
from shelfwise.web.visits import Visit, Visitor
from shelfwise.web.writing import read_typed

router = APIRouter(include_in_schema=False)
ROWS = 8
Reason = Annotated[str, Form(max_length=500)]
NewLines = list[tuple[int, Decimal, Decimal]]


async def _sent(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=2000)


Sent = Annotated[FormData, Depends(_sent)]


@router.get("/orders/new")
def new(visit: Visitor, supplier: int | None = None, site: str | None = None) -> Response:
    """A draft to fill in."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.DECIDE_PROPOSALS)
        return pages.render(
            visit, ctx, "order_draft.html", order=None, suppliers=records.suppliers(ctx), sites=records.sites(ctx),
            chosen=supplier, site=site, rows=ROWS, key=f"hand:{secrets.token_hex(8)}",
        )  # fmt: skip


@router.post("/orders/new")
def draft(visit: Visitor, sent: Sent) -> Response:
    with visit.context() as ctx:
        ctx.require_somewhere(Right.DECIDE_PROPOSALS)
        supplier_id = _number(sent, "supplier")
        site = records.site(ctx, str(sent.get("site", "")))
        lines, currency = _lines(ctx, sent, supplier_id)
        order = orders.draft_purchase_order(
            ctx,
            key=str(sent.get("key", ""))[:100] or f"hand:{secrets.token_hex(8)}",
            supplier_id=supplier_id,
            site_id=site.site_id,
            lines=lines,
            currency=currency,
            expected_at=_expected(ctx, sent, site.site_id, supplier_id, lines),
            note=_note(sent),
        )
    return _back(order, f"{order.number} is a draft. Nothing is ordered until it is approved.")


@router.get("/orders/{purchase_order_id}/edit")
def edit(visit: Visitor, purchase_order_id: int) -> Response:
    with visit.context() as ctx:
        order = orders.purchase_order(ctx, purchase_order_id)
        ctx.require(Right.DECIDE_PROPOSALS, order.site_id)
        return pages.render(
            visit, ctx, "order_draft.html", order=order, suppliers=[], sites=[], chosen=order.supplier_id,
            zone=records.site_by_id(ctx, order.site_id).zone_info, site=order.site, rows=len(order.lines) + 3, key="",
        )  # fmt: skip


@router.post("/orders/{purchase_order_id}/edit")
def save(visit: Visitor, purchase_order_id: int, sent: Sent) -> Response:
    with visit.context() as ctx:
        before = orders.purchase_order(ctx, purchase_order_id)
        ctx.require(Right.DECIDE_PROPOSALS, before.site_id)
        lines, _ = _lines(ctx, sent, before.supplier_id)
        order = orders.edit_draft(
            ctx, purchase_order_id, lines=lines, note=_note(sent),
            expected_at=_expected(ctx, sent, before.site_id, before.supplier_id, lines),
        )  # fmt: skip
    return _back(order, f"{order.number} is changed.")


def _lines(ctx: Context, sent: FormData, supplier_id: int) -> tuple[NewLines, str]:
    """The lines that are filled in; a cost that is left empty is the supplier's by our terms with it."""
    skus = [str(one).strip() for one in sent.getlist("sku")]
    known = records.item_ids(ctx, {sku for sku in skus if sku})
    terms = {one.item_id: one for one in records.terms_for(ctx, known.values()) if one.supplier_id == supplier_id}
    given: list[tuple[int, Decimal, Decimal | None]] = []
    faults: list[Fault] = []
    told = zip(skus, sent.getlist("amount"), sent.getlist("cost"), strict=False)
    for row, (sku, amount, cost) in enumerate(told, 1):
        if not sku and not str(amount).strip():
            continue
        if sku not in known:
            faults.append(Fault(f"line {row}, item", "an item that exists", shorten(sku), "Correct the SKU."))
            continue
        try:
            much = read_typed(amount, f"line {row}, quantity")
            each = read_typed(cost, f"line {row}, cost") if str(cost).strip() else None
        except Invalid as error:
            faults += error.faults
            continue
        if each is None and known[sku] not in terms:
            faults.append(Fault(f"line {row}, cost", "what one unit costs", "nothing",
                                "We have no terms with this supplier for the item: type the cost."))  # fmt: skip
        given.append((known[sku], much, each))
    if faults:
        raise Invalid(*faults)
    costs = records.costs(ctx, supplier_id, [(item_id, much) for item_id, much, _ in given])
    lines: NewLines = []
    for (item_id, much, each), by_terms in zip(given, costs, strict=True):
        lines.append((item_id, much, each if each is not None else by_terms[0] if by_terms else ZERO))
    return lines, _currency(ctx, supplier_id, {one.currency for one in terms.values()})


def _currency(ctx: Context, supplier_id: int, of_terms: set[str]) -> str:
    """In which the order is: that of our terms for its items, else that of the supplier, else ours."""
    if len(of_terms) > 1:
        told = ", ".join(sorted(of_terms))
        raise Invalid(Fault("lines", "items that are billed in one currency", told, "Write an order for each."))
    if of_terms:
        return of_terms.pop()
    return records.supplier(ctx, supplier_id).currency or orders.our_currency(ctx)


def _expected(ctx: Context, sent: FormData, site_id: int, supplier_id: int, lines: NewLines) -> datetime:
    """Noon of the day typed, at the site; else after the longest lead time of what is ordered."""
    text = str(sent.get("expected", "")).strip()
    if text:
        return _noon(ctx, text, site_id)
    usual = usual_lead_days(ctx)
    days = [
        usual if one.lead_time_days is None else one.lead_time_days
        for one in records.terms_for(ctx, [item_id for item_id, _, _ in lines])
        if one.supplier_id == supplier_id
    ]
    return ctx.now + timedelta(days=max(days, default=usual))


def _noon(ctx: Context, text: str, site_id: int) -> datetime:
    try:
        day = datetime.fromisoformat(text).date()
    except ValueError as error:
        raise Invalid(Fault("day", "a day such as 2026-12-31", shorten(text), "Correct the day.")) from error
    return datetime.combine(day, time(12), records.site_by_id(ctx, site_id).zone_info)


def _note(sent: FormData) -> str:
    return " ".join(str(sent.get("note", "")).split())[:500]


def _number(sent: FormData, name: str) -> int:
    text = str(sent.get(name, ""))
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Invalid(Fault(name, "one of the list", shorten(text), "Choose one."))
    return int(text)


def _back(order: PurchaseOrder, said: str) -> Response:
    return pages.go(f"/orders/{order.purchase_order_id}", said)


_BY_HAND = "Shelfwise has no address for {}: tell them yourself, then say here that you did."


def _who_tells(order: PurchaseOrder) -> str:
    """Whether the supplier is being told, in words."""
    if order.goes_to is None:
        return f"{_BY_HAND.format(order.supplier)} Until they have answered, the order stands as it is."
    return f"{order.supplier} is asked. The order stands as it is until you note their answer here."


def _do(visit: Visit, act: Callable[[Context], PurchaseOrder], said: Callable[[PurchaseOrder], str]) -> Response:
    with visit.context() as ctx:
        order = act(ctx)
    return _back(order, said(order))


@router.post("/orders/{purchase_order_id}/approve")
def approve(visit: Visitor, purchase_order_id: int) -> Response:
    def said(order: PurchaseOrder) -> str:
        if order.waits_for_second:
            return f"Approved by you. {order.second_needed} Somebody else has to approve it too."
        if order.goes_to is None:
            return f"{order.number} is approved. {_BY_HAND.format(order.supplier)}"
        return f"{order.number} is approved, and leaves for {order.supplier}."

    return _do(visit, lambda ctx: orders.approve_purchase_order(ctx, purchase_order_id), said)


@router.post("/orders/{purchase_order_id}/take-back")
def take_back(visit: Visitor, purchase_order_id: int, reason: Reason = "") -> Response:
    return _do(
        visit,
        lambda ctx: orders.take_back_approval(ctx, purchase_order_id, reason),
        lambda order: f"The approval is taken back; {order.number} is a draft again and {order.supplier} gets nothing.",
    )


@router.post("/orders/{purchase_order_id}/merge")
def merge(visit: Visitor, purchase_order_id: int, sent: Sent) -> Response:
    others = [int(str(one)) for one in sent.getlist("other") if str(one).isdecimal() and len(str(one)) < 19]
    return _do(
        visit,
        lambda ctx: orders.merge_drafts(ctx, [purchase_order_id, *others]),
        lambda order: f"All of it is in {order.number} now, with {len(order.lines)} lines.",
    )


def _said(ctx: Context, purchase_order_id: int, sent: FormData) -> list[Confirmed]:
    """What the supplier said of each line: how much, when, at what cost; an empty field means as ordered."""
    order = orders.purchase_order(ctx, purchase_order_id)
    said = []
    for line in order.lines:
        amount = str(sent.get(f"amount-{line.line}", "")).strip()
        day = str(sent.get(f"day-{line.line}", "")).strip()
        cost = str(sent.get(f"cost-{line.line}", "")).strip()
        each = read_typed(cost, f"line {line.line}, cost") if cost else None
        said.append(
            Confirmed(
                line.line,
                read_typed(amount, f"line {line.line}, quantity") if amount else None,
                _noon(ctx, day, order.site_id) if day else None,
                None if each == line.unit_cost else each,
            )
        )
    return said


@router.post("/orders/{purchase_order_id}/confirm")
def confirm(visit: Visitor, purchase_order_id: int, sent: Sent) -> Response:
    """What the supplier said of each line; what is left as it was means: as ordered."""

    def act(ctx: Context) -> PurchaseOrder:
        return orders.confirm(ctx, purchase_order_id, _said(ctx, purchase_order_id, sent))

    def told(order: PurchaseOrder) -> str:
        short = [line for line in order.lines if line.owed < line.quantity]
        other = [f"{line.sku} at {line.cost:f}" for line in order.lines if line.cost != line.unit_cost]
        costs = f" It costs other than ordered: {', '.join(other)}." if other else ""
        if not short:
            return f"Noted: {order.supplier} sends all of {order.number}.{costs}"
        missing = ", ".join(f"{plain(line.quantity - line.owed)} of {line.sku}" for line in short)
        return f"Noted: {order.supplier} will not send {missing}. Planning counts on the rest alone.{costs}"

    return _do(visit, act, told)


@router.post("/orders/{purchase_order_id}/change")
def change(visit: Visitor, purchase_order_id: int, sent: Sent) -> Response:
    def act(ctx: Context) -> PurchaseOrder:
        order = orders.purchase_order(ctx, purchase_order_id)
        quantities = {
            line.line: read_typed(sent.get(f"amount-{line.line}", ""), f"line {line.line}, quantity")
            for line in order.lines
        }
        day = str(sent.get("expected", "")).strip()
        expected_at = _noon(ctx, day, order.site_id) if day else order.expected_at
        return orders.change_sent(ctx, purchase_order_id, quantities, expected_at, str(sent.get("reason", "")))

    return _do(visit, act, _who_tells)


@router.post("/orders/{purchase_order_id}/cancel")
def cancel(visit: Visitor, purchase_order_id: int, reason: Reason) -> Response:
    def said(order: PurchaseOrder) -> str:
        if order.answer_to == "cancel":
            return _who_tells(order)
        return f"{order.number} is cancelled; it had not left. Restore it to undo this."

    return _do(visit, lambda ctx: orders.cancel(ctx, purchase_order_id, reason), said)


@router.post("/orders/{purchase_order_id}/answer")
def answer(visit: Visitor, purchase_order_id: int, sent: Sent) -> Response:
    """What the supplier says to a change or a cancellation: yes, no, or something else by line."""
    says, note = str(sent.get("accepted", "")), str(sent.get("note", ""))[:500]
    if says not in ("yes", "no", "other"):
        raise Invalid(Fault("answer", "yes, no or other", shorten(says), "Choose one."))

    def act(ctx: Context) -> PurchaseOrder:
        if says == "other":
            return orders.answer_otherwise(ctx, purchase_order_id, _said(ctx, purchase_order_id, sent), note)
        return orders.answer(ctx, purchase_order_id, says == "yes", note)

    def said(order: PurchaseOrder) -> str:
        if order.answer_to is not None:
            return f"Noted: {order.number} stands. What {order.supplier} says of the change before is still to come."
        if says == "other":
            return f"Noted: {order.number} is as {order.supplier} said. Planning counts on that."
        return "Noted." if says == "yes" else f"Noted: {order.number} stands as it is."

    return _do(visit, act, said)


@router.post("/orders/{purchase_order_id}/take-back-question")
def take_back_question(visit: Visitor, purchase_order_id: int) -> Response:
    return _do(
        visit,
        lambda ctx: orders.take_back_question(ctx, purchase_order_id),
        lambda order: f"It is not asked: it had not left. {order.number} stands as it is.",
    )


@router.post("/orders/{purchase_order_id}/arrived")
def arrived(
    visit: Visitor,
    purchase_order_id: int,
    has_it: Annotated[str, Form(max_length=3)],
    note: Reason = "",
) -> Response:
    """A person has asked the supplier about a message in doubt."""
    return _do(
        visit,
        lambda ctx: orders.supplier_has_it(ctx, purchase_order_id, has_it == "yes", note),
        lambda order: f"Noted: {order.supplier} has {order.number}." if has_it == "yes" else "A copy is sent.",
    )


@router.post("/orders/{purchase_order_id}/reopen")
def reopen(visit: Visitor, purchase_order_id: int, reason: Reason = "") -> Response:
    return _do(
        visit,
        lambda ctx: orders.reopen(ctx, purchase_order_id, reason),
        lambda order: f"{order.number} is open again: what is missing is expected.",
    )


@router.post("/orders/{purchase_order_id}/restore")
def restore(visit: Visitor, purchase_order_id: int, reason: Reason = "") -> Response:
    return _do(
        visit,
        lambda ctx: orders.restore(ctx, purchase_order_id, reason),
        lambda order: f"{order.number} is a draft again. Approve it, and it leaves anew.",
    )


@router.get("/orders/{purchase_order_id}/paper")
def paper(visit: Visitor, purchase_order_id: int) -> Response:
    """The order as the supplier gets it, or what they are asked for, as a PDF."""
    with visit.context() as ctx:
        order = orders.purchase_order(ctx, purchase_order_id)
        if not order.lines:
            raise Refused(f"{order.number} has no lines to print.")
        if order.state == "draft":
            raise Refused(f"{order.number} is a draft. It becomes an order on paper when it is approved.")
        content = pdf(orders.question_of(ctx, order))
    return download(f"{order.number}.pdf", content, "application/pdf")
