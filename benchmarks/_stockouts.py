"""How often what was said to run out did: real demand of held-back weeks, played against stores as they stood.

At each origin the demand is forecast from what was known before it, as the product does, each store's stock and open
orders are taken as they are, and of every item and day ahead the probability of having run out by then is said.
Then the real demand comes. Beside it stand days of cover, turned into a probability by whatever fits best on earlier
weeks of the same stores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray
from tests.real import DEMAND

from benchmarks._retail import order_lines, sold
from benchmarks._sales import groceries
from benchmarks._stores import Standing, Stores, Suppliers
from benchmarks.harness import Result, progress
from shelfwise.demand.contest import Asked
from shelfwise.demand.forecasting.racing import forecast_panel
from shelfwise.demand.panel import Frequency, Panel
from shelfwise.demand.race.champion import forecast
from shelfwise.demand.race.contenders import contenders
from shelfwise.demand.race.race import race
from shelfwise.planning.model import Floats
from shelfwise.planning.risk.running_out import project

SEED = 23
PATHS = 256
TENTHS = np.linspace(0, 1, 11)
AROUND = (0.15, 0.25)
HALVES = 200
LEAST_COVER, MOST_COVER = -6.0, 6.0

Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Case:
    """A panel of real demand whose periods have all come, and how its stores are kept.

    Attributes:
        ahead: periods looked at.
        leads: the shortest and the longest promised lead time, in periods.
        recent, review, cover: see `Stores`.
    """

    name: str
    panel: Panel
    ahead: int
    leads: tuple[float, float]
    recent: int
    review: int
    cover: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Said:
    """Probabilities of items and periods, and whether it came; every array has the shape (items, ahead)."""

    ours: Floats
    cover: Floats
    came: Flags


def stockouts(quick: bool) -> list[Result]:
    """Whether the projected risk of running out is what it says, and better than days of cover."""
    if quick:
        return _judged("days of a wholesaler", _played(_wholesaler(150), 6))
    wholesaler = _wholesaler(500)
    results = _judged(wholesaler.name, _played(wholesaler, 6))
    if not DEMAND.is_dir():
        progress("stockouts of groceries: the real sales are not on this machine, so they are not measured")
        return results
    weeks = _groceries(500)
    return results + _judged(weeks.name, _played(weeks, 3))


def _groceries(series: int) -> Case:
    panel = groceries(DEMAND).panel
    whole = np.flatnonzero(~np.isnan(panel.quantity[:, 40:]).any(axis=1))
    some = np.sort(np.random.default_rng(SEED).permutation(whole)[:series])
    return Case("weeks of groceries", panel.pick(some), 4, (0.7, 3.0), 8, 1, (0.5, 3.0))


def _wholesaler(series: int) -> Case:
    """A year of days; items that sold in at least ten weeks before anything is held back, drawn by chance."""
    lines = sold(order_lines()).with_columns(day=pl.col("at").dt.date())
    days = lines.group_by("code", "day").agg(pl.col("quantity").sum().clip(0))
    before = days.filter(pl.col("quantity") > 0, pl.col("day") < pl.col("day").max() - timedelta(days=6 * 28))
    weeks = before.group_by("code").agg(pl.col("day").dt.truncate("1w").n_unique())
    codes = sorted(weeks.filter(pl.col("day") >= 10)["code"].to_list())
    codes = np.random.default_rng(SEED).permutation(codes)[:series].tolist()
    place, known = {code: row for row, code in enumerate(codes)}, lines["day"].to_list()
    first, number = min(known), (max(known) - min(known)).days + 1
    values = np.zeros((len(codes), number), np.float32)
    for code, day, quantity in days.filter(pl.col("code").is_in(codes)).iter_rows():
        values[place[code], (day - first).days] = quantity
    dates = tuple(first + timedelta(days=day) for day in range(number))
    keys = tuple((code, "") for code in codes)
    panel = Panel(keys, Frequency.DAY, dates, values, (), np.zeros((len(codes), 0), np.bool_))
    return Case("days of a wholesaler", panel, 28, (3.0, 21.0), 28, 1, (3.0, 28.0))


def _played(case: Case, windows: int) -> Said:
    """Held-back windows at the end, one after another; days of cover learn from every earlier one that was over."""
    rng = np.random.default_rng(SEED)
    demand = np.nan_to_num(case.panel.quantity.astype(np.float64))
    stores = Stores.drawn(demand, Suppliers.drawn(rng, *case.leads), case.recent, case.review, case.cover, rng)
    origins = [case.panel.periods - case.ahead * number for number in range(windows, 0, -1)]
    settled = case.recent + int(3 * case.leads[1])
    taught = list(range(settled, origins[-1] - case.ahead + 1, max(case.ahead // 2, 1)))
    stands = [stores.at(series, {*taught, *origins}, rng) for series in range(len(demand))]
    earlier = {origin: _cover(stores, [one[origin] for one in stands], origin, case) for origin in taught}
    found = []
    for origin in origins:
        over = [earlier[one] for one in taught if one + case.ahead <= origin]
        fitted = Fitted.to(np.concatenate([one for one, _ in over]), np.concatenate([came for _, came in over]))
        there = [one[origin] for one in stands if one[origin].on_hand > 0]
        paths = _paths(case, origin)
        ours = np.array(
            [
                project(
                    np.array([one.on_hand]), paths[:, one.series].astype(np.float64),
                    one.coming(stores.suppliers, origin), rng,
                ).by_day
                for one in there
            ]
        )  # fmt: skip
        cover, came = _cover(stores, there, origin, case)
        found.append(Said(ours, fitted.chance(cover), came))
        progress(f"{case.name}, origin {origin}: {len(there)} items, said {ours.mean():.3f}, came {came.mean():.3f}")
    return Said(*(np.concatenate([getattr(one, name) for one in found]) for name in ("ours", "cover", "came")))


def _paths(case: Case, origin: int) -> NDArray[np.float32]:
    """Possible futures from what was known at an origin, by the race that the product runs."""
    panel = case.panel.at(origin, case.ahead)
    if panel.frequency is Frequency.DAY:
        return forecast_panel(panel, {}, panel.dates[origin - 1], SEED, lambda done, of: None).paths
    methods = contenders(panel.frequency)
    made = forecast(panel, race(panel, methods, case.ahead, seed=SEED), methods, Asked(paths=PATHS, seed=SEED))
    if made.paths is None:
        raise ValueError("no paths were made")
    return made.paths


def _cover(stores: Stores, stands: Sequence[Standing], origin: int, case: Case) -> tuple[Floats, Flags]:
    """How far stock and promised orders reach beyond each period, as a logarithm, and whether it had run out by then;
    of items that are there."""
    reach, came = [], []
    for one in stands:
        if one.on_hand <= 0:
            continue
        daily = float(stores.demand[one.series, max(origin - case.recent, 0) : origin].mean())
        there = one.on_hand + one.promised(stores.suppliers, origin, case.ahead)
        with np.errstate(divide="ignore"):
            reach.append(np.log(there / (daily * np.arange(1, case.ahead + 1))))
        came.append(one.played(stores.demand[one.series, origin : origin + case.ahead], origin))
    return np.clip(np.array(reach), LEAST_COVER, MOST_COVER), np.array(came)


@dataclass(frozen=True, eq=False)
class Fitted:
    """Days of cover as a probability: of each period ahead the better of a logistic curve and a threshold.

    Attributes:
        curves: shape (ahead, 2): intercept and slope.
        steps: shape (ahead, 3): threshold, chance below, chance above.
        curved: shape (ahead,): whether the curve is used.
    """

    curves: Floats
    steps: Floats
    curved: Flags

    @classmethod
    def to(cls, reach: Floats, came: Flags) -> Fitted:
        curves, steps, curved = [], [], []
        for column, out in zip(reach.T, came.T.astype(np.float64), strict=True):
            curve, step = _curve(column, out), _step(column, out)
            curves.append(curve)
            steps.append(step)
            curved.append(_brier(_of_curve(column, curve), out) <= _brier(_of_step(column, step), out))
        return cls(np.array(curves), np.array(steps), np.array(curved))

    def chance(self, reach: Floats) -> Floats:
        return np.stack(
            [
                _of_curve(column, curve) if curved else _of_step(column, step)
                for column, curve, step, curved in zip(reach.T, self.curves, self.steps, self.curved, strict=True)
            ],
            axis=1,
        )


def _curve(reach: Floats, came: Floats) -> Floats:
    """Logistic regression by Newton's method, held together by a trace of a penalty."""
    seen, weights = np.stack((np.ones_like(reach), reach), axis=1), np.zeros(2)
    for _ in range(30):
        chance = 1 / (1 + np.exp(-seen @ weights))
        slope = seen.T @ (came - chance) - 1e-3 * weights
        bend = (seen * (chance * (1 - chance))[:, None]).T @ seen + 1e-3 * np.eye(2)
        weights += np.linalg.solve(bend, slope)
    return weights


def _of_curve(reach: Floats, weights: Floats) -> Floats:
    chance: Floats = 1 / (1 + np.exp(-(weights[0] + weights[1] * reach)))
    return chance


def _step(reach: Floats, came: Floats) -> Floats:
    best = np.array([0.0, came.mean(), came.mean()])
    for edge in np.quantile(reach, np.linspace(0.02, 0.98, 49)):
        below = reach <= edge
        if below.all():
            continue
        step = np.array([edge, came[below].mean(), came[~below].mean()])
        if _brier(_of_step(reach, step), came) < _brier(_of_step(reach, best), came):
            best = step
    return best


def _of_step(reach: Floats, step: Floats) -> Floats:
    chance: Floats = np.where(reach <= step[0], step[1], step[2])
    return chance


def _brier(said: Floats, came: Floats | Flags) -> float:
    return float(((said - came) ** 2).mean())


def _judged(name: str, said: Said) -> list[Result]:
    around = (said.ours >= AROUND[0]) & (said.ours <= AROUND[1])
    share = 100 * float(said.came[around].mean())
    ours, cover = _brier(said.ours, said.came), _brier(said.cover, said.came)
    skill = 100 * (1 - ours / cover)
    low, high = _interval(said)
    what = f"{name}, {said.came.size:,} item-periods"
    return [
        Result(f"{what}: told 15 to 25 % ({around.sum():,}), ran out", share, "%", 20, bool(15 <= share <= 25)),
        Result(f"{what}: Brier score", ours, "", cover, ours < cover, "days of cover, fitted", cover),
        Result(f"{name}: better than days of cover by", skill, "%", 0, skill > 0),
        Result(f"{name}: better than days of cover by, at least (95 %, by items)", low, "%"),
        Result(f"{name}: better than days of cover by, at most (95 %, by items)", high, "%"),
        *_diagram(name, said),
    ]


def _interval(said: Said) -> tuple[float, float]:
    """Of the skill, by drawing items anew: the periods of one item are no cases of their own."""
    rng = np.random.default_rng(SEED)
    ours, cover = (((one - said.came) ** 2).mean(axis=1) for one in (said.ours, said.cover))
    drawn = rng.integers(0, len(ours), (HALVES, len(ours)))
    low, high = np.quantile(100 * (1 - ours[drawn].mean(axis=1) / cover[drawn].mean(axis=1)), (0.025, 0.975))
    return float(low), float(high)


def _diagram(name: str, said: Said) -> list[Result]:
    """The reliability diagram: of what was said in each tenth, how much came; beside it what was said on average."""
    place = np.minimum((said.ours * 10).astype(np.int64), 9)
    rows = []
    for tenth in range(10):
        here = place == tenth
        if here.any():
            told = f"{name}, told {10 * tenth} to {10 * tenth + 10} % ({here.sum():,}): ran out"
            mean = 100 * float(said.ours[here].mean())
            rows.append(Result(told, 100 * float(said.came[here].mean()), "%", None, None, "told on average", mean))
    return rows
