"""Real sales replayed: how much four ways to order have lying on the shelf while they serve the same share of demand.

Each is tuned on the earlier part of the past, with as many candidates as every other, and then steps through the later
part week by week. It sees its own records alone: what it sold, and that a shelf was empty, not what would have sold.
Lead times are drawn once a seed, the same for all. A price of a missed unit makes a point of a frontier, and frontiers
are compared where they serve the same share.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks._sales import REAL
from shelfwise.demand.boosting.model import Effort, Learnt, learn, predict
from shelfwise.demand.contest import Asked
from shelfwise.demand.panel import Column, Panel
from shelfwise.planning.model import Floats
from shelfwise.planning.policies.outlook import recent
from shelfwise.planning.policies.replay import TermsOfMany

Ints = NDArray[np.int64]
PACKS = np.array([1, 2, 4, 6, 12, 24, 48, 96, 144, 288, 576])
PRICES = np.geomspace(1.5, 30_000, 64)
"""Of a missed unit, where holding one a period costs 1."""
QUARTERS = 4
"""Parts of what is replayed, which are resampled whole."""
DEPARTMENT_UNIT = 20.0
"""Dollars of a department's sales that are taken for a unit."""
EFFORT = Effort(30_000, 20_000, 150)
HIGH, HIGH_IS = 0.95, 1.645
"""The quantile that a forecast's doubt is read off, and where it would be of a normal distribution."""


@dataclass(frozen=True, eq=False)
class Trace:
    """Demand of some items, and what is replayed of it.

    Attributes:
        panel: all of the past, known throughout; columns reach beyond it, unknown there.
        learnt: as many periods are known to the forecasts that ways are tuned with.
        tuned: as many periods are known when the replay begins.
        windows: of the moving averages that are tried.
        longest: mean lead times are up to so many periods, each delivery up to `late` more.
        fills: shares served at which ways are compared.
        goals: shares served in training of the prices that are replayed.
        expected: mean and doubt of running totals by origin, from `learnt` to `tuned`: shape (origins, items, ahead).
        model: what is learnt of all periods known when the replay begins.
    """

    panel: Panel
    learnt: int
    tuned: int
    windows: tuple[int, ...]
    longest: int
    late: int
    fills: tuple[float, ...]
    goals: tuple[float, ...]
    expected: tuple[Floats, Floats]
    model: Learnt

    @property
    def demand(self) -> Floats:
        return self.panel.quantity.astype(np.float64)

    @property
    def warm_up(self) -> int:
        """The longest lead time."""
        return self.longest + self.late

    @property
    def ahead(self) -> int:
        return self.warm_up + 1


@dataclass(frozen=True)
class Kind:
    """What is replayed, as in `Trace`.

    Attributes:
        sales: whose.
        told: forecasts know prices and promotions ahead, as a shop does that plans them.
        unit: so much of what was sold is a unit.
        fast: learnt and asked in a minute: what a quick run replays.
        items: that are drawn.
    """

    sales: str
    learnt: int
    tuned: int
    windows: tuple[int, ...]
    longest: int
    late: int
    fills: tuple[float, ...]
    goals: tuple[float, ...]
    told: bool = True
    unit: float = 1.0
    fast: bool = False
    items: int = 120


_WEEKS = (8, 13, 26, 52)
_FILLS = (0.95, 0.97, 0.98, 0.99)
_GOALS = (0.91, 0.95, 0.97, 0.985, 0.996, 0.9995)
_PARTS_FILLS = (0.9, 0.93, 0.95, 0.97)
_PARTS_GOALS = (0.85, 0.89, 0.93, 0.96, 0.98, 0.99, 0.996, 0.999)
KINDS = {
    "groceries": Kind("groceries", 64, 104, _WEEKS, 4, 2, _FILLS, _GOALS),
    "groceries, promotions not told": Kind("groceries", 64, 104, _WEEKS, 4, 2, _FILLS, _GOALS, told=False),
    "departments": Kind("departments", 70, 91, _WEEKS, 4, 2, _FILLS, _GOALS, unit=DEPARTMENT_UNIT),
    "car parts by month": Kind(
        "car parts", 18, 36, (6, 9, 12, 18), 2, 1, _PARTS_FILLS, _PARTS_GOALS, fast=True, items=400
    ),
}


def trace(folder: Path, name: str, items: int, seed: int) -> Trace:
    """Read some items that sold in training, and learn what forecasts need."""
    kind = KINDS[name]
    panel = REAL[kind.sales](folder).panel
    quantity = np.rint(panel.quantity / kind.unit)
    before = quantity[:, : kind.tuned]
    fit = (~np.isnan(before)).mean(axis=1) > 0.95
    fit[fit] = np.nanmean(before[fit], axis=1) > 0.1
    chosen = np.random.default_rng(seed).permutation(np.flatnonzero(fit))[:items]
    ahead = kind.longest + kind.late + 1
    panel = replace(panel, quantity=np.nan_to_num(quantity), columns=panel.columns if kind.told else ())
    panel = _prolonged(panel.pick(np.sort(chosen)), ahead)
    early = _learn(panel, kind.learnt, ahead)
    known = [said(panel.at(origin, ahead), early) for origin in range(kind.learnt, kind.tuned)]
    expected = np.stack([mean for mean, _ in known]), np.stack([doubt for _, doubt in known])
    return Trace(
        panel, kind.learnt, kind.tuned, kind.windows, kind.longest, kind.late, kind.fills, kind.goals, expected,
        _learn(panel, kind.tuned, ahead),
    )  # fmt: skip


def _prolonged(panel: Panel, ahead: int) -> Panel:
    """So that forecasts can be asked for at the last origin too: dates go on, and nothing is told of them."""
    step = panel.dates[-1] - panel.dates[-2]
    dates = panel.dates[: panel.periods] + tuple(panel.dates[panel.periods - 1] + step * n for n in range(1, ahead + 1))
    unknown = np.full((panel.series, ahead), np.nan, np.float32)

    def longer(column: Column) -> Column:
        told = column.values[:, : panel.periods]
        return replace(column, values=np.concatenate((told, unknown), axis=1))

    wanted = np.ones((panel.series, ahead), bool)
    return replace(panel, dates=dates, columns=tuple(longer(one) for one in panel.columns), wanted=wanted)


def _learn(panel: Panel, origin: int, ahead: int) -> Learnt:
    learnt = learn(panel.at(origin, ahead), EFFORT, 0)
    assert learnt is not None, "a trace is long enough to learn from"
    return learnt


def said(known: Panel, learnt: Learnt) -> tuple[Floats, Floats]:
    """Mean and doubt of running totals, shape (items, ahead)."""
    wanted = np.ones_like(known.wanted)
    made = predict(replace(known, wanted=wanted), learnt, Asked((HIGH,)))
    mean = np.cumsum(made.mean.astype(np.float64), axis=1)
    return mean, np.maximum((made.totals[HIGH] - mean) / HIGH_IS, 0.0)


@dataclass(frozen=True, eq=False)
class Supply:
    """How items are delivered, drawn anew for each seed.

    Attributes:
        leads: lead times that were seen before, of each item.
        lead: of an order of each period, shape (periods, items).
    """

    leads: tuple[Floats, ...]
    lead: Ints
    terms: TermsOfMany

    @staticmethod
    def drawn(one: Trace, seed: int) -> Supply:
        """A supplier for each item: near or far, mostly in time; packs from a fifth of a period's demand to two of
        them; a third of the items with a minimum beside."""
        rng = np.random.default_rng([seed, 49])
        mean = one.demand[:, : one.tuned].mean(axis=1)
        items, periods = one.demand.shape
        usual = rng.integers(1, one.longest + 1, items)
        chances = np.array([0.6, 0.3, 0.1][: one.late + 1])
        late = rng.choice(one.late + 1, (periods + 12, items), p=chances / chances.sum())
        most = np.maximum(mean * np.exp(rng.uniform(np.log(0.2), np.log(2.0), items)), 1.0)
        pack = PACKS[np.searchsorted(PACKS, most, side="right") - 1].astype(np.float64)
        least = np.ceil(np.minimum(1.5, 3 * rng.random(items)) * mean / pack) * pack
        least *= rng.random(items) < 1 / 3
        leads = tuple((usual + late[periods:])[:, item].astype(np.float64) for item in range(items))
        return Supply(leads, usual + late[:periods], TermsOfMany(pack[:, None], least[:, None]))


class Way(Protocol):
    """A way to order, tuned, at several prices of a missed unit."""

    def levels(self, period: int, records: Floats) -> tuple[Floats, Floats]:
        """Reorder points and what to order up to, shape (prices, items) each.

        Args:
            records: what was sold before the period; NaN where the shelf was empty, and less than usual was sold; shape
                (prices, items, periods).
        """
        ...


@dataclass(frozen=True, eq=False)
class Outcome:
    """Shape (prices, items, quarters) each, a period on average; `wanted` has no prices."""

    stock: Floats
    missed: Floats
    wanted: Floats


def replayed(way: Way, one: Trace, supply: Supply) -> Outcome:
    """Step through what came after tuning. The shelves begin with what lead time and review will want."""
    (items, periods), prices = one.demand.shape, len(one.goals)
    records = np.repeat(one.demand[None], prices, axis=0)
    records[:, :, one.tuned :] = np.nan
    mean = one.demand[:, : one.tuned].mean(axis=1)
    reach = np.array([samples.mean() + 1 for samples in supply.leads])
    on_hand = np.repeat(np.rint(mean * reach)[None], prices, axis=0)
    due = np.zeros((periods + one.warm_up + 1, prices, items))
    in_transit = np.zeros((prices, items))
    counted = np.array_split(np.arange(one.tuned + one.warm_up, periods), QUARTERS)
    stock, missed = np.zeros((2, periods, prices, items))
    rows = np.arange(items)
    for period in range(one.tuned, periods):
        reorder, upto = way.levels(period, records[:, :, :period])
        position = on_hand + in_transit
        wanted = np.where(position <= reorder, upto - position, 0.0)
        order = supply.terms.rounded(np.maximum(wanted, 0.0).T).T
        due[period + supply.lead[period], :, rows] += order.T
        in_transit += order - due[period]
        on_hand = on_hand + due[period]
        sold = np.minimum(on_hand, one.demand[:, period])
        on_hand = on_hand - sold
        usual = np.stack([recent(past, np.array([period]), one.windows[-1])[0][0] for past in records])
        records[:, :, period] = np.where((on_hand > 0) | (sold > usual), sold, np.nan)
        stock[period], missed[period] = on_hand, one.demand[:, period] - sold
    by_quarter = [np.stack([each[part].mean(axis=0) for part in counted], axis=-1) for each in (stock, missed)]
    wanted = np.stack([one.demand[:, part].mean(axis=1) for part in counted], axis=-1)
    return Outcome(by_quarter[0], by_quarter[1], wanted)
