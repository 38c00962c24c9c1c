"""A forecast that runs away on one side: found in the errors of single days, told, and cleared by itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from urllib.parse import quote

import numpy as np

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.demand.accuracy import tables
from shelfwise.demand.model import screen
from shelfwise.demand.service import BATCH, history
from shelfwise.records.items import items_by_id
from shelfwise.work import alerts

KIND = "forecast_bias"
LOOKED_BACK = timedelta(days=35)
WEIGHT = 0.05
"""Of the newest error."""
RAISED, CLEARED = 0.5, 0.35
"""Three standard deviations of the signal of a forecast that is right on average; and two."""
LEAST_ERRORS = 14
LEAST_BUSY = 5
"""Days on which something sold, or most futures said so: of less than this chance says more than the signal."""


def tracking_signal(errors: Sequence[float]) -> float:
    """The smoothed error by the root of the smoothed square, -1 to 1; above 0 too much is said (after Trigg 1964).

    Trigg divides by the smoothed absolute error. Of what sells seldom that is small beside the rare large error, and
    chance alone would alarm; the root of the square is not.

    Args:
        errors: said less came, one day ahead each, oldest first.
    """
    error = square = weight = 0.0
    for one in errors:
        error += WEIGHT * (one - error)  # from nothing: a few errors alone never alarm
        square = (1 - WEIGHT) * square + WEIGHT * one**2
        weight = (1 - WEIGHT) * weight + WEIGHT
    return error / float(np.sqrt(square / weight)) if square > 0 else 0.0


def runs_away(signal: float, days: int, busy: int, told: bool) -> bool:
    """Whether it is told; what is told already stays so until it has clearly come right.

    Args:
        busy: days on which something sold, or most futures said that it would.
    """
    return days >= LEAST_ERRORS and busy >= LEAST_BUSY and abs(signal) >= (CLEARED if told else RAISED)


def watch_forecasts(ctx: Context, site_id: int, day: date) -> int:
    """Tell of forecasts that have said too much, or too little, day after day, and clear what has come right; returns
    how many run away.

    Raises:
        NotFound: there is no such site.
    """
    ctx.require(Right.RUN_PLANNING, site_id)
    said: dict[int, list[tuple[date, float, float]]] = defaultdict(list)
    for item_id, origin, mean, middle in tables.next_days(ctx.tx, ctx.tenant, site_id, day - LOOKED_BACK, day):
        said[item_id].append((origin + timedelta(days=1), mean, middle))
    told = {one.subject for one in alerts.open_alerts(ctx) if one.kind == KIND and one.site_id == site_id}
    running: set[str] = set()
    items = list(said)
    for start in range(0, len(items), BATCH):
        batch = items[start : start + BATCH]
        skus = {item_id: one.sku for item_id, one in items_by_id(ctx, batch).items()}
        for item_id, past in history(ctx, site_id, batch, day).items():
            known, _ = screen(past)
            errors, came, busy = [], 0.0, 0
            for when, mean, middle in said[item_id]:
                at = (when - known.first_day).days
                if 0 <= at < known.days and not known.masked[at]:
                    errors.append(mean - float(known.quantity[at]))
                    came += float(known.quantity[at])
                    busy += bool(middle > 0 or known.quantity[at] > 0)
            signal, subject = tracking_signal(errors), f"forecast:{item_id}:site:{site_id}"
            if runs_away(signal, len(errors), busy, subject in told):
                running.add(subject)
                _tell(ctx, site_id, subject, skus[item_id], signal, sum(errors) + came, came, len(errors))
    for subject in told - running:
        alerts.clear_alert(ctx, KIND, subject)
    return len(running)


def _tell(
    ctx: Context, site_id: int, subject: str, sku: str, signal: float, said: float, came: float, days: int
) -> None:
    side = "too much" if signal > 0 else "too little"
    alerts.raise_alert(
        ctx,
        KIND,
        subject,
        "attention",
        f"The forecast of {sku} says {side}, day after day",
        f"Over {days} days {said:,.0f} were expected, each on the evening before, and {came:,.0f} came. Something has "
        "changed that the forecast has not learnt yet, or that nobody told it: a new price, a customer gained or lost. "
        "Set another quantity on the item's page until it has. This clears by itself.",
        f"/items/{quote(sku, safe='')}",
        {"signal": round(signal, 3), "days": days, "said": round(said, 3), "came": round(came, 3)},
        site_id=site_id,
    )
