"""What will be wanted, from a short and possibly censored past: a weighing of simple forecasts. Pure.

Demand jumps, drifts, swings and calms down, and nobody knows which. So levels that forget at different paces, trends,
returns to the mean and waves all forecast the whole time, and each speaks in proportion to how well it has done of late
over the stretch that an order has to cover (Bates and Granger 1969, The combination of forecasts).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from shelfwise.planning.model import Floats

AHEAD = 14
"""Periods that are forecast."""
PACES = (0.1, 0.2, 0.35, 0.6, 0.9)
TRENDS = ((0.2, 0.05, 0.95), (0.4, 0.15, 0.9), (0.6, 0.3, 0.9))
"""Pace of the level, pace of the trend, and how much of it is left after each period (Gardner and McKenzie 1985)."""
RETURNS = (-0.4, 0.4, 0.75)
"""How much of a distance from the mean is left after a period."""
BELIEVED = np.array([4.0, 3.0, 2.0, 1.0, 0.5, 0.25, 1.0, 0.5, 0.25, 0.5, 0.5, 0.5, 1.0])
"""How much each forecast is believed before it has shown anything: the mean of all, levels by pace, trends, returns to
the mean, the wave. What runs after every value has to earn its say."""
RETURNS_TO = 30
"""The mean of so many periods."""
FORGETS = 0.93
"""An error counts so much for each period that has passed."""
REMEMBERS = 104
"""Periods that are kept; the mean and the levels remember what was before."""
TEMPER = 0.7
"""How much of the evidence counts: errors of neighbouring periods are not independent."""
WAVES = np.arange(4, 27)
WAVES_NEED = 1.5
"""Cycles that must have been seen."""
CAUTION = 3.0
"""Errors that the first guess of the spread is worth."""
GROWS = 0.5
"""The spread grows by this power of the level, as that of counts does."""
COMMON, COMMON_COUNTS_AS = 0.05, 10.0
"""What share of the variance periods are believed to have in common, and how many errors that is worth."""
LEAST_SHAPE = 0.25
"""Below this a gamma distribution is nearly always zero."""


@dataclass(frozen=True, eq=False)
class Outlook:
    """What is expected of the periods ahead, of which the first begins now.

    Attributes:
        mean, spread: shape (AHEAD,): of each period's demand.
        common: the share of the variance that all periods have in common: the level may be wrong.
    """

    mean: Floats
    spread: Floats
    common: float

    def paths(self, count: int, rng: np.random.Generator) -> Floats:
        """Possible demand, shape (count, AHEAD): gamma distributed, so that it is never negative and leans the more the
        lumpier it is, by the cube of a normal (Wilson and Hilferty 1931)."""
        together = rng.standard_normal((count // 2, 1))
        apart = rng.standard_normal((count // 2, len(self.mean)))
        off = math.sqrt(self.common) * together + math.sqrt(1 - self.common) * apart
        mean = np.maximum(self.mean, 1e-6)
        shape = np.maximum((mean / self.spread) ** 2, LEAST_SHAPE)
        root = 1 - 1 / (9 * shape) + np.concatenate((off, -off)) / (3 * np.sqrt(shape))
        drawn: Floats = mean * np.maximum(root, 0.0) ** 3
        return drawn


class Expectation:
    """Forecasts after each period. Demand is seen one period after the other."""

    def __init__(self) -> None:
        self._seen = 0
        self._demand: list[float] = []
        self._said: list[Floats] = []
        self._together: list[Floats] = []
        self._paces = np.array([0.0, *PACES, *(trend[0] for trend in TRENDS)])
        self._bends = np.array([0.0] * (1 + len(PACES)) + [trend[1] for trend in TRENDS])
        self._damped = np.array([1.0] * (1 + len(PACES)) + [trend[2] for trend in TRENDS])
        self._level = np.zeros(len(self._paces))
        self._slope = np.zeros(len(self._paces))

    def __len__(self) -> int:
        return len(self._demand)

    def see(self, demand: float, covers: int) -> None:
        """Take in a period's demand; `covers` periods is how far ahead an order must reach."""
        self._seen += 1
        self._demand.append(demand)
        if self._seen == 1:
            self._level[:] = demand
        else:
            paces = np.maximum(self._paces, 1 / self._seen)
            expected = self._level + self._damped * self._slope
            level = expected + paces * (demand - expected)
            self._slope = self._damped * self._slope + self._bends * (level - self._level - self._damped * self._slope)
            self._level = level
        self._said.append(np.maximum(np.concatenate((self._levels(), self._returning(), self._waving())), 0.0))
        self._together.append(self._weights(covers) @ self._said[-1])
        if self._seen > REMEMBERS:
            del self._demand[0], self._said[0], self._together[0]

    def censored(self, sold: float, covers: int) -> None:
        """Take in a period that ended without stock: what was wanted is what is expected of all that exceeds what was
        sold (Tobin 1958), under what was expected before."""
        if not self._together:
            self.see(sold, covers)
            return
        before = self.outlook(covers)
        mean, spread = float(before.mean[0]), float(before.spread[0])
        z = (sold - mean) / spread
        tail = 0.5 * math.erfc(z / math.sqrt(2))
        hazard = math.exp(-(z**2) / 2) / math.sqrt(2 * math.pi) / tail if tail > 1e-6 else z + 1 / max(z, 1.0)
        self.see(max(sold, mean + spread * hazard), covers)

    def outlook(self, covers: int) -> Outlook:
        """What is expected of the periods ahead."""
        mean = self._together[-1]
        ahead = min(covers, AHEAD)
        base = max(float(np.std(self._demand[-20:])), 0.1 * float(mean[0]), 0.3)
        scale = np.maximum(mean, 0.05 * max(float(np.mean(self._demand)), 1e-3)) ** GROWS
        first = base / max(float(np.mean(self._demand[-20:])), 1e-3) ** GROWS
        spread = np.empty(AHEAD)
        weight = square = 0.0
        for step in range(AHEAD):
            if step < ahead:
                errors, weights = self._errors(step)
                square, weight = float(weights @ errors**2), float(weights.sum())
            spread[step] = math.sqrt((square + CAUTION * first**2) / (weight + CAUTION)) * scale[step]
        return Outlook(mean, spread, self._common(ahead))

    def _errors(self, step: int) -> tuple[Floats, Floats]:
        """Errors of what was said `step` + 1 periods before, by the level's power, and how much each counts."""
        said = np.array([each[step] for each in self._together[: -step - 1]])
        came = np.array(self._demand[step + 1 :])
        floor = 0.05 * max(float(np.mean(self._demand)), 1e-3)
        return (came - said) / np.maximum(said, floor) ** GROWS, _faded(len(said))

    def _common(self, ahead: int) -> float:
        """From how far totals of several periods were off, beside what single ones were."""
        number = len(self._demand) - ahead
        if ahead < 2 or number < 1:
            return COMMON
        said = np.array([each[:ahead].mean() for each in self._together[:number]])
        single = np.array([each[0] for each in self._together[:number]])
        came = np.lib.stride_tricks.sliding_window_view(np.array(self._demand[1:]), ahead)[:number]
        weights = _faded(number)
        total = float(weights @ (came.mean(axis=1) - said) ** 2)
        one = float(weights @ (came[:, 0] - single) ** 2)
        seen = float(np.clip((ahead * total / max(one, 1e-9) - 1) / (ahead - 1), 0.0, 0.9))
        weight = float(weights.sum())
        return (weight * seen + COMMON_COUNTS_AS * COMMON) / (weight + COMMON_COUNTS_AS)

    def _weights(self, covers: int) -> Floats:
        """How much each forecast counts."""
        believed = _normed(BELIEVED)
        ahead = min(covers, AHEAD, len(self._demand) - 1)
        if ahead < 1:
            return believed
        said = np.array(self._said[:-1])
        loss, counted = np.zeros(said.shape[1]), 0.0
        for step in range(ahead):
            errors = np.array(self._demand[step + 1 :])[:, None] - said[: len(said) - step, :, step]
            weights = _faded(len(errors))
            loss += weights @ np.abs(errors)
            counted += float(weights.sum())
        loss = loss / counted + 1e-3 * (1 + float(np.mean(self._demand)))
        merit: Floats = believed * (loss.min() / loss) ** (TEMPER * counted / ahead)
        return _normed(merit)

    def _levels(self) -> Floats:
        steps: Floats = np.cumsum(self._damped[:, None] ** np.arange(1, AHEAD + 1), axis=1)
        return self._level[:, None] + self._slope[:, None] * steps

    def _returning(self) -> Floats:
        mean = float(np.mean(self._demand[-RETURNS_TO:]))
        left: Floats = np.array(RETURNS)[:, None] ** np.arange(1, AHEAD + 1)
        return mean + (self._demand[-1] - mean) * left

    def _waving(self) -> Floats:
        """The wave that fits best, by least squares; the mean while too little was seen."""
        number = len(self._demand)
        known = np.array(self._demand)
        fitting = WAVES[number >= WAVES_NEED * WAVES]
        if number < 8 or not len(fitting):
            return np.full((1, AHEAD), float(known.mean()))
        angle = 2 * np.pi / fitting[:, None] * np.arange(number + AHEAD)
        wave = np.stack((np.ones_like(angle), np.cos(angle), np.sin(angle)), axis=2)
        past = wave[:, :number]
        weights = 0.98 ** np.arange(number - 1, -1, -1.0)[:, None]
        normal = np.einsum("pti,ptj->pij", past * weights, past) + 1e-6 * np.eye(3)
        factors = np.linalg.solve(normal, np.einsum("pti,t->pi", past * weights, known)[..., None])
        fitted = (wave @ factors)[..., 0]
        best = int(np.argmin(((known - fitted[:, :number]) ** 2) @ weights[:, 0]))
        return fitted[best : best + 1, number:]


def _normed(weights: Floats) -> Floats:
    return weights / float(weights.sum())


def _faded(count: int) -> Floats:
    faded: Floats = FORGETS ** np.arange(count - 1, -1, -1.0)
    return faded
