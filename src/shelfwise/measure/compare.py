"""Whether a figure is different from before, or only looks so: intervals, and what is still needed for one. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, variance
from typing import Literal

from shelfwise.measure.model import Metric, Week

Kind = Literal["better", "worse", "different", "the_same", "not_enough"]

LEAST_WEEKS = 4
"""Fewer whole weeks than this, before or since, say nothing: one odd week would be the verdict."""
LEAST_COUNTS = 50
"""Where single yes-or-no answers are counted, so many are needed on each side."""
LATEST_WEEKS = 12
"""Before is compared with the latest weeks, not with all since: what was learned slowly should show."""
LEVEL = 0.95
_Z = NormalDist().inv_cdf(0.5 + LEVEL / 2)


@dataclass(frozen=True)
class Verdict:
    """What became of a figure.

    Attributes:
        before, now: means over the weeks compared; None: nothing was measured.
        low, high: the interval in which `now - before` lies with 95% certainty; None: not enough evidence.
        needs: what is missing for a verdict, in words; empty where there is one.
    """

    kind: Kind
    before: float | None
    now: float | None
    low: float | None = None
    high: float | None = None
    weeks_before: int = 0
    weeks_now: int = 0
    needs: str = ""


def compare(metric: Metric, before: Sequence[Week], since: Sequence[Week]) -> Verdict:
    """The figure of the baseline's weeks against that of the latest.

    Weeks are what is compared, because days of one week resemble each other and Mondays each other. Means of weeks are
    compared by Welch's unequal variances (Welch 1947); where single yes-or-no answers are counted, shares by Newcombe's
    hybrid score interval (Newcombe 1998, method 10), which holds where nearly all or none agree. Only an interval that
    leaves out "no change" is called better or worse.
    """
    now = since[-LATEST_WEEKS:]
    known = Verdict("not_enough", _mean(metric, before), _mean(metric, now), None, None, len(before), len(now))
    if needs := _needs(metric, before, now):
        return _with(known, "not_enough", None, needs)
    interval = _newcombe(before, now) if metric.counts else _welch(before, now)
    return _with(known, _kind(metric, *interval), interval, "")


def wilson(hits: float, n: int) -> tuple[float, float]:
    """The 95% interval of a share of `n` (Wilson 1927); n is positive."""
    share, z2 = hits / n, _Z**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def _with(known: Verdict, kind: Kind, interval: tuple[float, float] | None, needs: str) -> Verdict:
    low, high = interval or (None, None)
    return Verdict(kind, known.before, known.now, low, high, known.weeks_before, known.weeks_now, needs)


def _needs(metric: Metric, before: Sequence[Week], now: Sequence[Week]) -> str:
    if not before:
        return "Nothing was measured before, so there is nothing to compare with."
    said = []
    for name, some in (("before", before), ("since", now)):
        if metric.counts:
            lacking = LEAST_COUNTS - sum(one.n for one in some)
            if lacking > 0:
                said.append(f"{lacking} more {name}")
        elif len(some) < LEAST_WEEKS:
            lacking = LEAST_WEEKS - len(some)
            said.append(f"{lacking} more whole {'week' if lacking == 1 else 'weeks'} {name}")
    return f"Needs {' and '.join(said)}." if said else ""


def _kind(metric: Metric, low: float, high: float) -> Kind:
    if low <= 0 <= high:
        return "the_same"
    if metric.better is None:
        return "different"
    return "better" if (high < 0) == (metric.better == "less") else "worse"


def _mean(metric: Metric, some: Sequence[Week]) -> float | None:
    if not some:
        return None
    if metric.counts:
        return _hits(some) / sum(one.n for one in some)
    return fmean(one.value for one in some)


def _hits(some: Sequence[Week]) -> float:
    return sum(one.value * one.n for one in some)


def _welch(before: Sequence[Week], now: Sequence[Week]) -> tuple[float, float]:
    first, second = [one.value for one in before], [one.value for one in now]
    spread = [variance(some) / len(some) for some in (first, second)]
    difference, total = fmean(second) - fmean(first), sum(spread)
    if total == 0:
        return difference, difference
    freedom = total**2 / sum(part**2 / (len(some) - 1) for part, some in zip(spread, (first, second), strict=True))
    half = student(freedom) * math.sqrt(total)
    return difference - half, difference + half


def _newcombe(before: Sequence[Week], now: Sequence[Week]) -> tuple[float, float]:
    sides = []
    for some in (before, now):
        n = sum(one.n for one in some)
        sides.append((_hits(some) / n, *wilson(_hits(some), n)))
    (old, old_low, old_high), (new, new_low, new_high) = sides
    difference = new - old
    return (
        difference - math.hypot(new - new_low, old_high - old),
        difference + math.hypot(new_high - new, old - old_low),
    )


def student(freedom: float) -> float:
    """The 97.5% quantile of Student's t, by the series of Abramowitz and Stegun 26.7.5; within 1% from 3 degrees on."""
    z, n = _Z, max(freedom, 1.0)
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * n**4)
    )
