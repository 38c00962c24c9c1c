"""A scale's error, from weighings of which the truth was known: a reference weight, or pieces that were counted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

KEPT = 40
_NEEDED = 6
# An error of the span that is told, in per cent, and how many times its own uncertainty it must be.
LEAST_PERCENT = 1.0
_TIMES = 4.0
# Weighings that lie further off than so many usual deviations pull with no more than that.
_PULL = 1.5


@dataclass(frozen=True)
class Weighing:
    """What lay on a scale and what it showed, both in g."""

    truth: float
    shown: float


@dataclass(frozen=True)
class ScaleError:
    """What a scale shows is ``zero_g + (1 + percent / 100) * truth``.

    Attributes:
        doubtful: per cent that the error of the span may be off, at four standard errors.
    """

    percent: float
    zero_g: float
    doubtful: float
    weighings: int

    @property
    def in_doubt(self) -> bool:
        return abs(self.percent) >= max(LEAST_PERCENT, self.doubtful)


def error(weighings: Sequence[Weighing]) -> ScaleError | None:
    """A scale's error by its last weighings, oldest first; None while they are too few, or all of about one load.

    A straight line through all of them: what grows with the load is the span, what does not is the zero. Zero that
    wanders with warmth is thus no error of the span. Single wrong weighings are held short (Huber, by iteration). With
    loads of one size only, zero and span cannot be told apart: then the zero is taken for right.
    """
    known = [one for one in weighings if one.truth > 0 and math.isfinite(one.shown)][-KEPT:]
    if len(known) < _NEEDED:
        return None
    off = [one.shown - one.truth for one in known]
    loads = [one.truth for one in known]
    through_zero = max(loads) < 2 * min(loads)
    weights = [1.0] * len(known)
    slope = zero = 0.0
    for _ in range(12):
        slope, zero = _line(loads, off, weights, through_zero)
        left = [by - zero - slope * load for load, by in zip(loads, off, strict=True)]
        usual = max(1.4826 * median(abs(one) for one in left), 1e-9 * max(loads))
        weights = [min(1.0, _PULL * usual / abs(one)) if one else 1.0 for one in left]
    return ScaleError(100 * slope, zero, 100 * _TIMES * _uncertainty(loads, left, weights, through_zero), len(known))


def _line(
    loads: Sequence[float], off: Sequence[float], weights: Sequence[float], through_zero: bool
) -> tuple[float, float]:
    """The slope and the zero of the line of least squares."""
    total = sum(weights)
    load = 0.0 if through_zero else sum(w * x for w, x in zip(weights, loads, strict=True)) / total
    by = 0.0 if through_zero else sum(w * y for w, y in zip(weights, off, strict=True)) / total
    both = sum(w * (x - load) * (y - by) for w, x, y in zip(weights, loads, off, strict=True))
    spread = sum(w * (x - load) ** 2 for w, x in zip(weights, loads, strict=True))
    slope = both / spread if spread else 0.0
    return slope, by - slope * load


def _uncertainty(loads: Sequence[float], left: Sequence[float], weights: Sequence[float], through_zero: bool) -> float:
    """The standard error of the slope; few weighings are taken to say less than they seem to."""
    total = sum(weights)
    load = 0.0 if through_zero else sum(w * x for w, x in zip(weights, loads, strict=True)) / total
    spread = sum(w * (x - load) ** 2 for w, x in zip(weights, loads, strict=True))
    square = sum(w * one * one for w, one in zip(weights, left, strict=True)) / max(total - 2, 1.0)
    return math.sqrt(square / spread) * (1 + 4 / len(loads)) if spread else math.inf
