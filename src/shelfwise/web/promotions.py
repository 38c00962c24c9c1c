"""Promotions: a calendar of what was and what is planned, and a form to plan, correct and call off."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Response
from starlette.datastructures import FormData

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, ShelfwiseError, shorten
from shelfwise.demand import lifts
from shelfwise.records import promoting
from shelfwise.records import service as records
from shelfwise.records.promoting_model import Event, NewEvent
from shelfwise.records.promotions import KINDS
from shelfwise.web import pages
from shelfwise.web.fulfilment_words import Sent
from shelfwise.web.listing_rows import find
from shelfwise.web.lists.trade import PROMOTIONS
from shelfwise.web.promotion_calendar import DAYS, first_monday, lay_out
from shelfwise.web.record_forms import SHOWN_AGAIN, Answers, shown_again
from shelfwise.web.site_choice import answered, offered
from shelfwise.web.visits import Visit, Visitor

router = APIRouter(include_in_schema=False)
KIND_WORDS = {"price": "price cut", "feature": "advertised", "display": "on display", "other": "something else"}


@router.get("/promotions")
def calendar(visit: Visitor, since: Annotated[date | None, Query(alias="from")] = None) -> Response:
    with visit.context() as ctx:
        today = promoting.today_at(ctx, None)
        laid_out = lay_out((), first_monday(today, _within_reach(since)), today)
        laid_out = lay_out(promoting.events(ctx, laid_out.first, laid_out.last), laid_out.first, today)
        return pages.render(
            visit, ctx, "promotions.html", calendar=laid_out, days=DAYS, asked=since, kinds=KIND_WORDS,
            sites={site.site_id: site.code for site in records.sites(ctx)},
            found=find(ctx, PROMOTIONS, visit.request.query_params),
        )  # fmt: skip


def _within_reach(day: date | None) -> date | None:
    """A day whose half year has a past and a future; None for others."""
    return day if day is not None and 1900 < day.year < 2200 else None


@router.get("/promotions/new")
def new(visit: Visitor, sku: Annotated[str, Query(max_length=200)] = "") -> Response:
    with visit.context() as ctx:
        return _new_page(visit, ctx, sku)


def _new_page(
    visit: Visit, ctx: Context, sku: str = "", sent: FormData | None = None, error: ShelfwiseError | None = None
) -> Response:
    ctx.require_somewhere(Right.RUN_PLANNING)
    today = promoting.today_at(ctx, None)
    shown = {
        "code": "", "site": "", "kind": "price", "starts_on": today, "ends_on": today, "price": None,
        "discount_percent": None, "note": None, "items": sku,
    }  # fmt: skip
    return _page(visit, ctx, None, shown, sent, error)


@router.post("/promotions/new")
def plan(visit: Visitor, sent: Sent) -> Response:
    try:
        with visit.context() as ctx:
            ctx.require_somewhere(Right.RUN_PLANNING)
            told = _told(ctx, sent)
            promotion_id = promoting.plan_event(ctx, told)
            said = _said(ctx, promoting.event(ctx, promotion_id), "is planned")
    except SHOWN_AGAIN as error:
        with visit.context() as ctx:
            return _new_page(visit, ctx, "", sent, error)
    return pages.go(f"/promotions/{promotion_id}", said)


@router.get("/promotions/{promotion_id}")
def promotion(visit: Visitor, promotion_id: int) -> Response:
    with visit.context() as ctx:
        return _event_page(visit, ctx, promotion_id)


def _event_page(
    visit: Visit, ctx: Context, promotion_id: int, sent: FormData | None = None, error: ShelfwiseError | None = None
) -> Response:
    event = promoting.event(ctx, promotion_id)
    skus = [one.sku for one in _items(ctx, event)]
    shown = {name: getattr(event, name) for name in ("code", "kind", "starts_on", "ends_on", "price",
             "discount_percent", "note")}  # fmt: skip
    return _page(visit, ctx, event, shown | {"site": event.site_id, "items": "\n".join(skus)}, sent, error)


def _items(ctx: Context, event: Event) -> list[Any]:
    return sorted(records.items_by_id(ctx, event.item_ids).values(), key=lambda one: one.sku)


def _page(
    visit: Visit, ctx: Context, event: Event | None, shown: dict[str, Any], sent: FormData | None,
    error: ShelfwiseError | None,
) -> Response:  # fmt: skip
    own: dict[str, Any] = {"state": None, "overlaps": [], "items": [], "did": None, "may_do": None}
    if event is not None:
        own = {
            "state": event.state(promoting.today_at(ctx, event.site_id)),
            "overlaps": promoting.overlaps(ctx, event),
            "items": _items(ctx, event),
            "did": lifts.measured(ctx, event.promotion_id),
            "may_do": lifts.expected(ctx, event.promotion_id),
        }
    return pages.render(
        visit, ctx, "promotion.html", event=event, kinds=KIND_WORDS,
        skus={one.item_id: one.sku for one in own["items"]}, **own, **offered(ctx, Right.RUN_PLANNING),
        **shown_again(shown, sent, error),
    )  # fmt: skip


@router.post("/promotions/{promotion_id}")
def change(visit: Visitor, promotion_id: int, sent: Sent) -> Response:
    try:
        with visit.context() as ctx:
            promoting.require_change(ctx, promotion_id)
            after = promoting.change_event(ctx, promotion_id, _told(ctx, sent))
            said = _said(ctx, after, "is saved")
    except SHOWN_AGAIN as error:
        with visit.context() as ctx:
            return _event_page(visit, ctx, promotion_id, sent, error)
    return pages.go(f"/promotions/{after.promotion_id}", said)


@router.post("/promotions/{promotion_id}/call-off")
def call_off(visit: Visitor, promotion_id: int, reason: Annotated[str, Form(max_length=500)] = "") -> Response:
    with visit.context() as ctx:
        event = promoting.call_off(ctx, promotion_id, reason.strip())
    return pages.go(f"/promotions/{promotion_id}", f"{event.code} is called off. It stays here, and can be put back.")


@router.post("/promotions/{promotion_id}/put-back")
def put_back(visit: Visitor, promotion_id: int) -> Response:
    with visit.context() as ctx:
        event = promoting.put_back(ctx, promotion_id)
    return pages.go(f"/promotions/{promotion_id}", f"{event.code} takes place after all.")


def _said(ctx: Context, event: Event, done: str) -> str:
    others = promoting.overlaps(ctx, event)
    also = f" It overlaps with {', '.join(one.code for one in others[:3])}: that is allowed." if others else ""
    return f"{event.code} {done}.{also}"


def _told(ctx: Context, sent: FormData) -> NewEvent:
    answers = Answers(sent)
    skus = list(dict.fromkeys(line.strip() for line in answers.text("items").splitlines() if line.strip()))
    known = records.item_ids(ctx, skus)
    for sku in [sku for sku in skus if sku not in known][:20]:
        answers.faults.append(
            Fault("Items", "the SKU of an item, one a line", shorten(sku), "Correct the SKU, or add the item first.")
        )
    told = NewEvent(
        answers.text("code"), answered(ctx, answers, "Site", "all"), tuple(known[sku] for sku in skus if sku in known),
        answers.day("starts_on", "First day"), answers.day("ends_on", "Last day"),
        answers.chosen("kind", KINDS, "Kind"), answers.number("price", "Price"),
        answers.number("discount_percent", "Cheaper by, %"), answers.text("note") or None,
    )  # fmt: skip
    answers.check()
    return told
