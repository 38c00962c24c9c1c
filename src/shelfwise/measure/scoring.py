"""The scorecard of a site: forecasts that were acted on, orders, calls, decisions and alerts, against what came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.agents import outcomes
from shelfwise.agents.outcomes import Decided
from shelfwise.core.clocks import local_day
from shelfwise.demand import figures as demand_figures
from shelfwise.demand import service as demand
from shelfwise.measure import scoring_tables as tables
from shelfwise.measure.scores import HORIZONS, LEAST_ORDERS, Accuracy, Bin, Score, accuracy, calibration, score
from shelfwise.orders import figures as order_figures
from shelfwise.records import service as records
from shelfwise.stock import service as stock
from shelfwise.work import tasks

LOOKED_BACK = timedelta(days=365)
MISSES_SHOWN = 10
BATCH = 200


@dataclass(frozen=True)
class ForecastMiss:
    """A forecast whose total came outside its interval."""

    sku: str
    item_id: int
    origin: date
    score: Score


@dataclass(frozen=True)
class Arrival:
    """A proposed order that came, or should have: predicted and real, days late (negative: early)."""

    purchase_order_id: int
    number: str
    sku: str
    supplier: str
    predicted: datetime
    came: datetime | None
    days_late: float


@dataclass(frozen=True)
class Arrivals:
    """How predicted arrivals did.

    Attributes:
        on_time: came by the predicted instant; half of them should, for it is the middle of what is likely.
        mean_late: days, of those that came.
        needs: how many more it takes; 0: enough.
    """

    n: int
    on_time: int
    mean_late: float | None
    worst: list[Arrival]
    needs: int


@dataclass(frozen=True)
class Turnout:
    """Proposals that were decided alike, and how often the item ran out before a later order could have come.

    Attributes:
        known: those of which it is known by now; `said`: the mean risk that was told for what was decided.
    """

    what: str
    n: int
    known: int
    ran_out: int
    said: float | None


@dataclass(frozen=True)
class Scorecard:
    """What was predicted at a site in the last year, and what came."""

    forecasts: list[Accuracy]
    left_out_days: int
    misses: list[ForecastMiss]
    arrivals: Arrivals
    bins: list[Bin]
    more_came: int
    turnouts: list[Turnout]
    alerts: list[tuple[str, int, int]]


def score_forecasts(ctx: Context, site_id: int, day: date) -> int:
    """Score the forecasts behind approved proposals whose days are over by `day`, each once; returns how many.

    Raises:
        NotFound: there is no such site.
    """
    ctx.require(Right.RUN_PLANNING, site_id)
    done = tables.scored(ctx.tx, ctx.tenant, site_id)
    wanted = [one for one in outcomes.acted_on(ctx, site_id) if any((one, horizon) not in done for horizon in HORIZONS)]
    made = 0
    for begin in range(0, len(wanted), BATCH):
        some = [one for one in demand_figures.forecasts(ctx, site_id, wanted[begin : begin + BATCH]) if one.enough]
        known = demand.history(ctx, site_id, {one.item_id for one in some}, day) if some else {}
        found = [
            (one.forecast_id, one.item_id, one.origin, score(one.paths, one.origin, known[one.item_id], horizon))
            for one in some
            for horizon in HORIZONS
            if (one.forecast_id, horizon) not in done
            and horizon <= one.horizon
            and one.origin + timedelta(days=horizon) <= day
            and one.item_id in known
        ]
        tables.insert_scores(ctx.tx, ctx.tenant, site_id, found)
        made += len(found)
    return made


def scorecard(ctx: Context, site_id: int) -> Scorecard:
    """
    Raises:
        NotFound: there is no such site.
    """
    ctx.require(Right.VIEW, site_id)
    zone = records.site_by_id(ctx, site_id).zone_info
    since = local_day(ctx.now - LOOKED_BACK, zone)
    scored = tables.scores(ctx.tx, ctx.tenant, site_id, since)
    misses = [
        ForecastMiss(sku, item, origin, one) for one, sku, item, origin in scored if one.counts and not one.inside
    ]
    misses.sort(key=lambda miss: -abs(miss.score.said - miss.score.came) / (miss.score.came + miss.score.said + 1))
    calls = tables.settled_calls(ctx.tx, ctx.tenant, site_id, since)
    decided = outcomes.decided(ctx, site_id, ctx.now - LOOKED_BACK)
    return Scorecard(
        accuracy(one for one, *_ in scored),
        sum(one.left_out for one, *_ in scored),
        misses[:MISSES_SHOWN],
        _arrivals(ctx, site_id, decided),
        calibration([(risk, what == "ran_out") for risk, what in calls if what != "more_came"]),
        sum(what == "more_came" for _, what in calls),
        _turnouts(ctx, site_id, decided),
        tables.alerts_judged(ctx.tx, ctx.tenant, site_id, since, tasks.OBJECTION),
    )


def _arrivals(ctx: Context, site_id: int, decided: Sequence[Decided]) -> Arrivals:
    ordered = {one.decision_key: one for one in decided if one.state == "executed"}
    found = []
    for line in order_figures.delivered(ctx, site_id, list(ordered)):
        one = ordered[line.decision_key or ""]
        predicted = line.approved_at + timedelta(days=one.expected_days)
        if line.complete_at is None and predicted > ctx.now:
            continue
        late = ((line.complete_at or ctx.now) - predicted) / timedelta(days=1)
        found.append(
            Arrival(line.purchase_order_id, line.number, one.sku, one.supplier, predicted, line.complete_at, late)
        )
    came = [one.days_late for one in found if one.came is not None]
    worst = sorted((one for one in found if one.days_late > 0), key=lambda one: -one.days_late)
    return Arrivals(
        len(found),
        sum(one.days_late <= 0 for one in found),
        sum(came) / len(came) if came else None,
        worst[:MISSES_SHOWN],
        max(LEAST_ORDERS - len(found), 0),
    )


def what_was_done(one: Decided) -> str:
    """In which heap of decisions a proposal lies."""
    if one.state == "executed":
        return "changed" if one.edited else "approved"
    return one.state


def _turnouts(ctx: Context, site_id: int, decided: Sequence[Decided]) -> list[Turnout]:
    out: dict[int, list[datetime]] = {}
    for stockout in stock.stockouts(ctx, site_id, ctx.now - LOOKED_BACK):
        out.setdefault(stockout.item_id, []).append(stockout.since)
    many, known, ran_out = Counter[str](), Counter[str](), Counter[str]()
    said: dict[str, list[float]] = {}
    for one in decided:
        what, until = what_was_done(one), one.decided_at + timedelta(days=one.expected_days + 1)
        many[what] += 1
        if until > ctx.now:
            continue
        known[what] += 1
        ran_out[what] += any(one.decided_at < since <= until for since in out.get(one.item_id, ()))
        risk = one.risk_with if one.state == "executed" else one.risk_without
        if risk is not None:
            said.setdefault(what, []).append(risk)
    return [
        Turnout(what, n, known[what], ran_out[what], sum(said[what]) / len(said[what]) if what in said else None)
        for what, n in many.most_common()
    ]
