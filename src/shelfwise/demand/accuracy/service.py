"""Each night: forecasts whose days are over are scored. On the page: how far off they were, and whether they helped."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.demand import figures
from shelfwise.demand.accuracy import tables
from shelfwise.demand.accuracy.judging import HALF, HALVES, SCORED_DAYS, came, judge, seen
from shelfwise.demand.accuracy.summing import Judgement, judged
from shelfwise.demand.accuracy.tables import Due
from shelfwise.demand.model import DemandHistory, screen
from shelfwise.demand.race.segments import Segment
from shelfwise.demand.service import BATCH, Progress, history

# As long as late and corrected sales still change a score: while the forecast itself is kept.
RESCORED = timedelta(days=SCORED_DAYS + 7)
DAILY = timedelta(weeks=12)
KEPT = timedelta(days=366)
LOOKED_AT = timedelta(weeks=8)
WORST = 12
# A list of the worst says nothing about items of which next to nothing was known.
LEAST_DAYS = 28


@dataclass(frozen=True)
class ItemAccuracy:
    """How the forecasts of one item did."""

    item_id: int
    sku: str
    segment: Segment
    judgement: Judgement


@dataclass(frozen=True)
class Accuracy:
    """How the forecasts of a site did.

    Attributes:
        first, last: the evenings from which the forecasts are.
        halves: of the first and of the second fortnight ahead.
        weeks: by the Monday of the evenings of a week, for a year.
        worst: the items with the largest error against their own ups and downs (RMSSE).
    """

    first: date
    last: date
    items: int
    whole: Judgement
    halves: tuple[Judgement, ...]
    segments: list[tuple[Segment, int, Judgement]]
    weeks: list[tuple[date, Judgement]]
    worst: list[ItemAccuracy]


def score_forecasts(ctx: Context, site_id: int, day: date, progress: Progress | None = None) -> int:
    """Score every kept forecast of which a half is over by `day`, and again where late or corrected sales changed what
    it is scored against; returns how many halves were.

    Days on which nobody knows what was wanted (nothing to sell, closed, records missing) are not scored, and neither
    are days that stand alone as a mistyped order does.

    Args:
        progress: called with (done, total) items now and then.

    Raises:
        NotFound: there is no such site.
    """
    ctx.require(Right.RUN_PLANNING, site_id)
    forecasts: dict[int, list[Due]] = defaultdict(list)
    half_over = day - timedelta(days=HALF)
    for one in tables.due(ctx.tx, ctx.tenant, site_id, day - RESCORED, half_over, SCORED_DAYS):
        forecasts[one.item_id].append(one)
    items = list(forecasts)
    scores: list[tables.NewScore] = []
    for start in range(0, len(items), BATCH):
        batch = items[start : start + BATCH]
        known = {item_id: screen(one)[0] for item_id, one in history(ctx, site_id, batch, day).items()}
        wanted = [each for item_id in known for each in forecasts[item_id] if _changed(each, known[item_id], day)]
        scores += _scored(ctx, site_id, day, wanted, known)
        if progress:
            progress(start + len(batch), len(items))
    # Written at the end and at once, as forecasts are.
    tables.put(ctx.tx, scores)
    tables.thin(ctx.tx, ctx.tenant, site_id, day - DAILY, day - KEPT)
    return len(scores)


def accuracy(ctx: Context, site_id: int) -> Accuracy | None:
    """How the forecasts of the latest eight weeks of evenings did; None: none is scored yet.

    Raises:
        Forbidden: without the right to see that site.
    """
    ctx.require(Right.VIEW, site_id)
    scored = tables.scored_between(ctx.tx, ctx.tenant, site_id)
    if scored is None:
        return None
    first = max(scored[0], scored[1] - LOOKED_AT + timedelta(days=1))
    found = tables.sums(ctx.tx, ctx.tenant, site_id, first, "item")
    by_item: dict[str, list[tables.Sums]] = defaultdict(list)
    by_week: dict[str, list[tables.Sums]] = defaultdict(list)
    for one in found:
        by_item[one.key].append(one)
    for one in tables.sums(ctx.tx, ctx.tenant, site_id, scored[0], "week"):
        by_week[one.key].append(one)
    items = [_of_item(some) for some in by_item.values()]
    return Accuracy(
        first=first,
        last=scored[1],
        items=len(items),
        whole=judged(found),
        halves=tuple(judged([one for one in found if one.half == half + 1]) for half in range(HALVES)),
        segments=[
            (segment, sum(one.segment == segment for one in items), judged(some))
            for segment in Segment
            if (some := [one for one in found if _segment(by_item[one.key]) == segment])
        ],
        weeks=[(date.fromisoformat(monday), judged(some)) for monday, some in by_week.items()],
        worst=sorted(
            (one for one in items if one.judgement.scores.periods >= LEAST_DAYS),
            key=lambda one: -(one.judgement.scores.rmsse or 0.0),
        )[:WORST],
    )


def _of_item(some: Sequence[tables.Sums]) -> ItemAccuracy:
    return ItemAccuracy(some[0].item_id or 0, some[0].key, _segment(some), judged(some))


def _segment(some: Sequence[tables.Sums]) -> Segment:
    """The first half is scored a fortnight before the second, and so knows the newest."""
    return Segment(some[0].segment)


def _changed(one: Due, known: DemandHistory, day: date) -> bool:
    """Whether a half that is over was not scored yet, or against something else."""
    if known.first_day > one.origin:
        return False
    first, second = seen(one.forecast_id, *came(known, one.origin))
    over = one.origin + timedelta(days=SCORED_DAYS) <= day
    return one.first_seen != first or (over and one.second_seen != second)


def _scored(
    ctx: Context, site_id: int, day: date, wanted: Sequence[Due], known: dict[int, DemandHistory]
) -> list[tables.NewScore]:
    by_origin: dict[date, list[Due]] = defaultdict(list)
    for one in wanted:
        by_origin[one.origin].append(one)
    result: list[tables.NewScore] = []
    for origin, some in by_origin.items():
        paths = {
            one.forecast_id: one.paths for one in figures.forecasts(ctx, site_id, [one.forecast_id for one in some])
        }
        found = judge(origin, [known[one.item_id] for one in some], [paths[one.forecast_id] for one in some])
        over = HALVES if origin + timedelta(days=SCORED_DAYS) <= day else 1
        for row, one in enumerate(some):
            digests = seen(one.forecast_id, *came(known[one.item_id], origin))
            for half in range(over):
                marks, inside = found.marks, float(found.total_covered[row, half])
                result.append(
                    (
                        ctx.tenant, site_id, one.item_id, origin, half + 1, found.segments[row], one.model,
                        digests[half],
                        *(float(getattr(marks, name)[row, half]) for name in (
                            "count", "demand", "absolute", "difference", "scaled", "pinball", "covered"
                        )),
                        None if np.isnan(inside) else inside,
                        float(found.average.absolute[row, half]), float(found.average.scaled[row, half]),
                    )
                )  # fmt: skip
    return result
