"""Figures from outside: which there are, what each says and has said, and where it comes from."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Form, Response
from starlette.datastructures import FormData

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.access.throttle import networks
from shelfwise.connectors.guarded import Network
from shelfwise.core.errors import Fault, Invalid, Refused, ShelfwiseError, Unavailable
from shelfwise.demand.outside import feeds, refreshing
from shelfwise.demand.outside import service as outside
from shelfwise.demand.outside.answers import Format
from shelfwise.demand.outside.feeds import NewFeed
from shelfwise.demand.outside.model import Kind, NewSeries, Told
from shelfwise.demand.outside.service import Taken
from shelfwise.demand.panel import Frequency
from shelfwise.records.promoting import today_at
from shelfwise.web import pages
from shelfwise.web.fulfilment_words import Sent
from shelfwise.web.listing import day
from shelfwise.web.listing_rows import find
from shelfwise.web.lists.outside import OUTSIDE
from shelfwise.web.outside_chart import courses, draw
from shelfwise.web.record_forms import SHOWN_AGAIN, Answers, shown_again
from shelfwise.web.site_choice import answered, offered
from shelfwise.web.visits import Visit, Visitor
from shelfwise.web.writing import read_typed

router = APIRouter(include_in_schema=False)
ROWS = 28
KIND_WORDS = {
    "weather": "weather",
    "economy": "the economy",
    "event": "days on which something is",
    "other": "something else",
}
_SERIES = ("name", "unit", "frequency", "kind", "ahead", "lag_days", "site")
_FEED = ("url", "format", "date_at", "value_at", "header")


@router.get("/outside")
def list_series(visit: Visitor) -> Response:
    with visit.context() as ctx:
        return pages.render(visit, ctx, "outside.html", found=find(ctx, OUTSIDE, visit.request.query_params))


@router.get("/outside/new")
def new(visit: Visitor) -> Response:
    with visit.context() as ctx:
        return _new_page(visit, ctx)


def _new_page(
    visit: Visit, ctx: Context, sent: FormData | None = None, error: ShelfwiseError | None = None
) -> Response:
    ctx.require_somewhere(Right.EDIT_RECORDS)
    shown = dict.fromkeys(_SERIES, "") | {"frequency": "day", "kind": "weather", "lag_days": "0"}
    return pages.render(visit, ctx, "outside_new.html", **_choices(ctx), **shown_again(shown, sent, error))


def _choices(ctx: Context) -> dict[str, Any]:
    return {"kinds": KIND_WORDS, "frequencies": list(Frequency), **offered(ctx, Right.EDIT_RECORDS)}


@router.post("/outside/new")
def add(visit: Visitor, sent: Sent) -> Response:
    try:
        with visit.context() as ctx:
            ctx.require_somewhere(Right.EDIT_RECORDS)
            told = _told(ctx, sent)
            made = outside.add_series(ctx, told)
    except SHOWN_AGAIN as error:
        with visit.context() as ctx:
            return _new_page(visit, ctx, sent, error)
    return pages.go(f"/outside/{made}", f"{told.name} is added. Say now where it comes from, or tell its values.")


@router.get("/outside/{series_id}")
def series(visit: Visitor, series_id: int) -> Response:
    with visit.context() as ctx:
        return _page(visit, ctx, series_id)


def _page(
    visit: Visit, ctx: Context, series_id: int, sent: FormData | None = None, error: ShelfwiseError | None = None
) -> Response:
    one, feed = outside.one_series(ctx, series_id), feeds.feed(ctx, series_id)
    known = courses(outside.values_of(ctx, series_id))
    of_feed = sent is not None and "url" in sent
    shown = {name: getattr(one, name, None) for name in _SERIES} | {"site": one.site_id}
    whence = {name: getattr(feed, name) for name in _FEED} if feed else dict.fromkeys(_FEED) | {"format": "json"}
    fetched = shown_again(whence, sent if of_feed else None, None)["values"]
    again = shown_again(shown, None if of_feed else sent, error)
    return pages.render(
        visit, ctx, "outside_series.html", at_site=one.site_id, one=one, feed=feed, known=known[:ROWS],
        count=len(known), revised=sum(1 for course in known if course.earlier),
        chart=draw(known, one.frequency, today_at(ctx, one.site_id)),
        edits=ctx.actor.may(Right.EDIT_RECORDS, one.site_id), tells=ctx.actor.may(Right.IMPORT_DATA, one.site_id),
        manages=ctx.actor.may(Right.MANAGE_SETTINGS), fetched=fetched, **_choices(ctx), **again,
    )  # fmt: skip


@router.post("/outside/{series_id}")
def change(visit: Visitor, series_id: int, sent: Sent) -> Response:
    try:
        with visit.context() as ctx:
            outside.require_change(ctx, series_id)
            after = outside.change_series(ctx, series_id, _told(ctx, sent))
    except SHOWN_AGAIN as error:
        with visit.context() as ctx:
            return _page(visit, ctx, series_id, sent, error)
    return pages.go(f"/outside/{series_id}", f"{after.name} is saved.")


@router.post("/outside/{series_id}/values")
def tell(
    visit: Visitor, series_id: int, of: Annotated[str, Form(max_length=20)] = "",
    value: Annotated[str, Form(max_length=40)] = "",
) -> Response:  # fmt: skip
    with visit.context() as ctx:
        taken = outside.tell(
            ctx, series_id, [Told(_day(of), float(read_typed(value, "value")) if value.strip() else None)]
        )
    return pages.go(f"/outside/{series_id}#values", _said(taken))


def _day(text: str) -> date:
    if not text:
        raise Invalid(Fault("day", "a day such as 2026-03-31", "nothing", "Choose a day."))
    return day(text, "day")


@router.post("/outside/{series_id}/stop")
def stop(visit: Visitor, series_id: int) -> Response:
    with visit.context() as ctx:
        one = outside.stop_series(ctx, series_id)
    return pages.go(f"/outside/{series_id}", f"{one.name} is stopped. What is known of it stays, and it can go on.")


@router.post("/outside/{series_id}/resume")
def resume(visit: Visitor, series_id: int) -> Response:
    with visit.context() as ctx:
        one = outside.resume_series(ctx, series_id)
    return pages.go(f"/outside/{series_id}", f"{one.name} goes on.")


@router.post("/outside/{series_id}/feed")
def set_feed(visit: Visitor, series_id: int, sent: Sent) -> Response:
    try:
        with visit.context() as ctx:
            ctx.require(Right.MANAGE_SETTINGS)
            answers = Answers(sent)
            told = NewFeed(
                answers.text("url"), answers.chosen("format", list[Format](get_args(Format)), "Answers in"),
                answers.text("date_at"), answers.text("value_at"), answers.text("header") or None,
            )  # fmt: skip
            answers.check()
            feeds.put_feed(ctx, series_id, told, answers.text("secret") or None)
    except SHOWN_AGAIN as error:
        with visit.context() as ctx:
            return _page(visit, ctx, series_id, sent, error)
    return _fetched(visit, series_id, "Kept. ")


@router.post("/outside/{series_id}/feed/remove")
def remove_feed(visit: Visitor, series_id: int) -> Response:
    with visit.context() as ctx:
        feeds.remove_feed(ctx, series_id)
    return pages.go(f"/outside/{series_id}", "It is not fetched any more. What came stays.")


@router.post("/outside/{series_id}/refresh")
def refresh(visit: Visitor, series_id: int) -> Response:
    return _fetched(visit, series_id)


def _fetched(visit: Visit, series_id: int, before: str = "") -> Response:
    """Fetch it now, and say what came; why nothing came stands on its page."""
    try:
        taken = refreshing.refresh(visit.office, visit.actor, series_id, reachable(visit))
    except Refused:
        return pages.go(f"/outside/{series_id}", f"{before}It is fetched once the series goes on.")
    except (Unavailable, Invalid):
        return pages.go(f"/outside/{series_id}#feed", f"{before}Nothing could be taken in: see below why.")
    return pages.go(f"/outside/{series_id}", before + _said(taken))


def reachable(visit: Visit) -> tuple[Network, ...]:
    """Our own networks that may be fetched from."""
    return networks(visit.request.app.state.settings.webhook_networks)


def _said(taken: Taken) -> str:
    if not taken.new + taken.revised:
        return "Nothing new: it is as it was known."
    parts = [f"{count} {words}" for count, words in ((taken.new, "new"), (taken.revised, "revised")) if count]
    values = "value" if taken.new + taken.revised == 1 else "values"
    return f"{' and '.join(parts)} {values} taken in. From tonight on forecasts may learn from it."


def _told(ctx: Context, sent: FormData) -> NewSeries:
    answers = Answers(sent)
    told = NewSeries(
        answers.text("name"), answered(ctx, answers, "Of", "the company"), answers.text("unit"),
        answers.chosen("frequency", Frequency, "One value a"), answers.chosen("kind", Kind, "About"),
        answers.ticked("ahead"), answers.whole("lag_days", "Published after, days") or 0,
    )  # fmt: skip
    answers.check()
    return told
