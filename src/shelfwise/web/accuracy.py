"""Can I trust this? How far off forecasts were, by week, kind of demand and item."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from fastapi import APIRouter, Response

from shelfwise.demand.accuracy import service as accuracy
from shelfwise.demand.accuracy.service import Accuracy
from shelfwise.demand.accuracy.summing import Judgement
from shelfwise.demand.forecasting import service as forecasting
from shelfwise.demand.forecasting.standing import TRIAL
from shelfwise.demand.overrides import service as overrides
from shelfwise.demand.overrides.model import verdict
from shelfwise.measure.model import Week
from shelfwise.records import service as records
from shelfwise.web import pages
from shelfwise.web.floor import chosen_site
from shelfwise.web.visits import Visitor
from shelfwise.web.week_chart import WeekChart, draw

router = APIRouter(include_in_schema=False)
DAYS = 7
CHANGES = 20
KINDS = {
    "smooth": ("steady", "sells in most periods, about as much each time"),
    "erratic": ("uneven", "sells in most periods, now little and now much"),
    "intermittent": ("now and then", "sells seldom, about as much each time"),
    "lumpy": ("lumpy", "sells seldom, now little and now much"),
    "new": ("new", "known for less than eight weeks"),
    "ended": ("ended", "has not sold for long"),
}


@router.get("/accuracy")
def show_accuracy(visit: Visitor, site: str | None = None) -> Response:
    with visit.context() as ctx:
        here = chosen_site(ctx, site)
        if here is None:
            return pages.render(visit, ctx, "measures_empty.html")
        found = accuracy.accuracy(ctx, here.site_id)
        changes = overrides.overrides(ctx, here.site_id)
        return pages.render(
            visit, ctx, "accuracy.html", at_site=here.site_id, here=here, sites=records.sites(ctx), found=found,
            kinds=KINDS, verdict=verdict(changes), changes=changes[:CHANGES], error=found and _error(found),
            bias=found and _drawn(found, lambda one: one.scores.bias),
            speakers=forecasting.standings(ctx, here.site_id), trial=TRIAL,
        )  # fmt: skip


def _error(found: Accuracy) -> WeekChart | None:
    beside = {monday: one.average_wape for monday, one in found.weeks if one.average_wape is not None}
    return _drawn(found, lambda one: one.scores.wape, beside)


def _drawn(
    found: Accuracy, of: Callable[[Judgement], float | None], beside: dict[date, float] | None = None
) -> WeekChart | None:
    weeks = [
        Week(monday, value, one.scores.periods, DAYS) for monday, one in found.weeks if (value := of(one)) is not None
    ]
    return draw([], weeks, beside)
