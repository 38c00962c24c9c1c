"""What did it bring? Each figure by week, before and since, with how sure it is; and what the business told itself."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Form, Response

from shelfwise.access.context import Context
from shelfwise.core.errors import Fault, Invalid, NotFound, shorten
from shelfwise.measure import scoring
from shelfwise.measure import service as measure
from shelfwise.measure.compare import LATEST_WEEKS, LEAST_COUNTS, LEAST_WEEKS
from shelfwise.measure.model import METRICS, Metric
from shelfwise.records import company as companies
from shelfwise.records import service as records
from shelfwise.records.model import Site
from shelfwise.web import pages, words
from shelfwise.web.floor import chosen_site
from shelfwise.web.listing import day
from shelfwise.web.visits import Visitor
from shelfwise.web.week_chart import draw
from shelfwise.web.writing import read_typed

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form(max_length=500)]
_HUNDRED = Decimal(100)
# What became of proposals, as the scorecard calls it.
KINDS = {
    "approved": "approved as proposed", "changed": "approved with another quantity", "rejected": "rejected",
    "expired": "lapsed or replaced", "undone": "taken back", "failed": "failed",
}  # fmt: skip


def value_words(metric: Metric, value: float | Decimal | None, currency: str) -> str:
    """A figure with its unit: 4.2 %, €1,200, 34 days, 6.1 times a year."""
    if value is None:
        return "–"
    amount = float(value)
    if metric.unit == "share":
        return f"{words.number(100 * amount, 1)} %"
    if metric.unit == "money":
        return words.money(round(amount, 2), currency)
    return f"{words.number(amount, 1)} {'days' if metric.unit == 'days' else 'times a year'}"


@router.get("/measures")
def show_measures(visit: Visitor, site: str | None = None) -> Response:
    with visit.context() as ctx:
        here = chosen_site(ctx, site)
        if here is None:
            return pages.render(visit, ctx, "measures_empty.html")
        found = measure.measures(ctx, here.site_id)
        currency = companies.company(ctx).currency
        return pages.render(
            visit, ctx, "measures.html", at_site=here.site_id, here=here, sites=records.sites(ctx), found=found,
            known=[(one, draw(one.before, one.since)) for one in found.measures if one.known],
            unknown=[one.metric for one in found.measures if not one.known],
            told=measure.told_figures(ctx, here.site_id), metrics=METRICS, rate=companies.carrying_rate(ctx),
            by_name={one.name: one for one in METRICS}, least_weeks=LEAST_WEEKS, least_counts=LEAST_COUNTS,
            latest_weeks=LATEST_WEEKS, valued=lambda metric, value: value_words(metric, value, currency),
        )  # fmt: skip


@router.get("/scorecard")
def show_scorecard(visit: Visitor, site: str | None = None) -> Response:
    """Can I trust this? What was predicted, and what came."""
    with visit.context() as ctx:
        here = chosen_site(ctx, site)
        if here is None:
            return pages.render(visit, ctx, "measures_empty.html")
        return pages.render(
            visit, ctx, "scorecard.html", at_site=here.site_id, here=here, sites=records.sites(ctx),
            card=scoring.scorecard(ctx, here.site_id), kinds=KINDS,
        )  # fmt: skip


@router.post("/measures/told")
def tell(
    visit: Visitor, site: Annotated[str, Form(max_length=64)], metric: Text, value: Text, source: Text,
    first: Text = "", last: Text = "",
) -> Response:  # fmt: skip
    """What the business measured itself; a share is typed as percents."""
    with visit.context() as ctx:
        here = _site(ctx, site)
        known = next((one for one in METRICS if one.name == metric), None)
        amount = read_typed(value, "value")
        if known is not None and known.unit == "share":
            amount /= _HUNDRED
        measure.tell_figure(ctx, here.site_id, metric, amount, _day(first, "first day"), _day(last, "last day"), source)
    return pages.go(f"/measures?site={pages.segment(site)}", "Kept, as told by you. It stands beside what is measured.")


@router.post("/measures/carrying-rate")
def carrying_rate(visit: Visitor, rate: Text = "") -> Response:
    """What keeping stock costs a year, in percents of its value; empty: nobody says."""
    with visit.context() as ctx:
        companies.set_carrying_rate(ctx, read_typed(rate, "rate") / _HUNDRED if rate.strip() else None)
    return pages.go("/measures#keeping", "Kept. Tonight's figures are reckoned with it.")


def _site(ctx: Context, code: str) -> Site:
    found = chosen_site(ctx, code)
    if found is None:
        raise NotFound("site", code)
    return found


def _day(text: str, where: str) -> date:
    if not text:
        raise Invalid(Fault(where, "a day such as 2026-03-31", shorten(text) or "nothing", "Choose a day."))
    return day(text, where)
