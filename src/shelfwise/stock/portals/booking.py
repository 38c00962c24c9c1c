"""Confirming a load: one tap books the receipt or the shipment through the services that post them, and once."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused, shorten
from shelfwise.core.quantities import ZERO, plain
from shelfwise.stock import picking, shipping, transfers
from shelfwise.stock import service as stock
from shelfwise.stock.portals import tables
from shelfwise.stock.portals.model import Match, MatchedLine
from shelfwise.stock.portals.service import TASK, Picture, picture
from shelfwise.stock.portals.tables import Load
from shelfwise.stock.tags import service as tags
from shelfwise.stock.tags.model import Content
from shelfwise.stock.transfers import Goods
from shelfwise.store.database import notify
from shelfwise.work import tasks


def book_load(
    ctx: Context,
    load_id: int,
    document: str,
    amounts: Mapping[int, Decimal] | None = None,
    tags_seen: int | None = None,
) -> str:
    """A person confirms that a load is this: it is received, or has left. Confirmed again, nothing changes.

    Tags whose item was known by their GTIN alone are bound by it, so that they are known as received here.

    Args:
        document: 'purchase_order:12', 'shipment:12' or 'transfer:12': one that the load can be.
        amounts: by line, how much it really was; None: as the tags say. A line that is left out: as the tags say.
        tags_seen: how many tags the load had when the person looked; None: whatever it has.

    Returns:
        The number of the document.

    Raises:
        NotFound: no such load, or it cannot be that document.
        Refused: it was rejected, or booked as something else; or its document cannot take it; or more tags have passed
            since the person looked.
        Invalid: an amount cannot be right.
    """
    _require_goods(ctx)
    tables.lock_load(ctx.tx, ctx.tenant, load_id)
    seen = picture(ctx, load_id)
    load = seen.load
    ctx.require(Right.RECEIVE_GOODS if load.way == "in" else Right.ISSUE_GOODS, load.site_id)
    kind, _, number = document.partition(":")
    if load.state == "booked" and str(getattr(load, f"{kind}_id", None)) == number:
        return document
    if load.state != "open":
        raise Refused(f"This load is {load.state} already{f' by {load.decided_by}' if load.decided_by else ''}.")
    if tags_seen is not None and load.tags > tags_seen:
        more = load.tags - tags_seen
        raise Refused(f"{more} more {'tag has' if more == 1 else 'tags have'} passed since you looked. Look again.")
    chosen = next((one for one in seen.matches if f"{one.expected.kind}:{one.expected.document_id}" == document), None)
    if chosen is None:
        raise NotFound("order that this load can be", shorten(document))
    goods = [
        (one, content)
        for one in sorted(chosen.lines, key=lambda line: (line.expected.item_id, line.expected.line))
        for content in _content(one, (amounts or {}).get(one.expected.line))
    ]
    if not goods:
        raise Invalid(Fault("quantity", "more than 0 on one line", "nothing", "Reject the load if nothing came."))
    {"purchase_order": _receive, "shipment": _ship, "transfer": _transfer}[chosen.expected.kind](
        ctx, load, chosen, goods
    )
    _bind(ctx, seen, chosen)
    tables.mark_booked(ctx.tx, ctx.tenant, load_id, [one.epc for one in seen.seen if one.content and not one.before])
    told = (chosen.expected.kind, chosen.expected.document_id)
    tables.decide(ctx.tx, ctx.tenant, load_id, "booked", ctx.now, ctx.actor.by, "", told)
    tasks.close_task(ctx, TASK, f"portal_load:{load_id}", f"Booked as {chosen.expected.number}.")
    ctx.audit(
        "portal.booked", f"site:{load.site_id}", load=load_id, door=load.door, number=chosen.expected.number,
        lines={str(line.expected.line): plain(one.quantity) for line, one in goods},
    )  # fmt: skip
    notify(ctx.tx, "live", "orders")
    return chosen.expected.number


def _require_goods(ctx: Context) -> None:
    """Whoever neither receives nor issues goods anywhere decides about no load, be it there or not."""
    if not ctx.actor.may_somewhere(Right.ISSUE_GOODS):
        ctx.require_somewhere(Right.RECEIVE_GOODS)


def _content(line: MatchedLine, told: Decimal | None) -> list[Content]:
    """What is booked on a line; where a person says another amount, of the lot that the tags name if they name one."""
    if told is None or told == line.quantity:
        return list(line.came)
    if not told.is_finite() or told < 0:
        raise Invalid(Fault(f"line {line.expected.line}", "0 or more", str(told), "Say how much it was."))
    if told == 0:
        return []
    lots = {one.lot for one in line.came}
    return [Content(line.expected.item_id, told, lots.pop() if len(lots) == 1 else None)]


def _receive(ctx: Context, load: Load, chosen: Match, goods: list[tuple[MatchedLine, Content]]) -> None:
    for row, (line, one) in enumerate(goods, 1):
        stock.receive(
            ctx, chosen.expected.document_id, line.expected.line, one.quantity, load.place_id,
            f"portal:{load.load_id}:{row}", load.last_at, lot=one.lot, serial=one.serial,
        )  # fmt: skip


def _ship(ctx: Context, load: Load, chosen: Match, goods: list[tuple[MatchedLine, Content]]) -> None:
    """All that is packed has left: what of it no antenna heard is on the truck too, or the person would not say so."""
    shipping.ship(ctx, chosen.expected.document_id, occurred_at=load.last_at)


def _transfer(ctx: Context, load: Load, chosen: Match, goods: list[tuple[MatchedLine, Content]]) -> None:
    source = f"portal:{load.load_id}"
    if load.way == "in":
        told = [Goods(line.expected.line, one.quantity, load.place_id, one.lot, one.serial) for line, one in goods]
        transfers.receive_transfer(ctx, chosen.expected.document_id, told, source, load.last_at)
        return
    free = picking.free_to_pick(ctx, load.site_id, {one.item_id for _, one in goods})
    told = []
    for line, one in goods:
        left = one.quantity
        for stop in picking.choose(free.get(one.item_id, []), one.quantity):
            told.append(Goods(line.expected.line, stop.quantity, stop.place_id, one.lot, one.serial))
            left -= stop.quantity
        if left > ZERO:
            told.append(Goods(line.expected.line, left, load.place_id, one.lot, one.serial))
    transfers.ship_transfer(ctx, chosen.expected.document_id, told, source, load.last_at)


def _bind(ctx: Context, seen: Picture, chosen: Match) -> None:
    if seen.load.way != "in":
        return
    bound = tags.bound_among(ctx, [one.epc for one in seen.seen])
    order_id = chosen.expected.document_id if chosen.expected.kind == "purchase_order" else None
    lines = {one.expected.item_id: one.expected.line for one in chosen.lines}
    groups: dict[tuple[Content, ...], list[str]] = {}
    for one in seen.seen:
        if one.content and one.epc not in bound:
            groups.setdefault(one.content, []).append(one.epc)
    for content, epcs in groups.items():
        line = lines.get(content[0].item_id) if order_id is not None else None
        tags.bind_tags(
            ctx, seen.load.site_id, epcs, content, purchase_order_id=None if line is None else order_id,
            purchase_line=line,
        )  # fmt: skip


def reject_load(ctx: Context, load_id: int, reason: str) -> None:
    """It was no receipt and no shipment: goods carried about, or a wrong guess. Nothing is booked.

    Raises:
        NotFound: there is no such load.
        Refused: it is booked.
        Invalid: no reason.
    """
    _require_goods(ctx)
    tables.lock_load(ctx.tx, ctx.tenant, load_id)
    load = tables.load(ctx.tx, ctx.tenant, load_id)
    if load is None:
        raise NotFound("load", load_id)
    ctx.require(Right.RECEIVE_GOODS if load.way == "in" else Right.ISSUE_GOODS, load.site_id)
    said = " ".join(reason.split())[:500]
    if not said:
        raise Invalid(Fault("reason", "why, in a few words", "nothing", "Say what it was."))
    if load.state == "booked":
        raise Refused("This load is booked. Take the receipt or the shipment back instead.")
    if load.state == "rejected":
        return
    tables.decide(ctx.tx, ctx.tenant, load_id, "rejected", ctx.now, ctx.actor.by, said, None)
    tasks.close_task(ctx, TASK, f"portal_load:{load_id}", f"Rejected: {said}")
    ctx.audit("portal.rejected", f"site:{load.site_id}", load=load_id, door=load.door, reason=said)
    notify(ctx.tx, "live", "orders")
