"""Forecasts: how far off, how sure, and at what cost, beside the strongest simple method.

What is measured is what a user gets: the champions of a race on the windows before, joined and made as wide as those
say. Beside it stands the boosted model alone.

``python -m benchmarks.demand [--quick] [--only NAME ...]``: real sales where they lie beside the checkout, and invented
ones, whose truth is known. Every window is learnt anew from what was known before it. Needs no database. Progress on
standard error; the last line of standard output is one JSON object.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from tests.real import DEMAND

from benchmarks._invented import KINDS, items
from benchmarks._judged import LEVELS, Judged, bias, coverage, pinball, wape
from benchmarks._sales import REAL, Sales
from benchmarks._shelves import shelves
from benchmarks.harness import Result, progress, report
from shelfwise.demand.boosting.model import Boosted, Effort
from shelfwise.demand.contest import Asked, Forecaster
from shelfwise.demand.panel import Numbers, Panel, Prediction
from shelfwise.demand.race.champion import forecast
from shelfwise.demand.race.race import race
from shelfwise.demand.race.segments import segments
from shelfwise.demand.simple.forecaster import simple_forecasters

SEED = 11
INVENTED = 2
"""Windows of invented sales: what can be measured on them is known after fewer."""
AUTO_ETS = "AutoETS"
AVERAGE, LAST_YEAR, EMPIRICAL = "moving average", "seasonal naive", "empirical quantile"


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    windows: int
    seeds: int
    effort: Effort
    series: int
    """Of the panel whose cost is taken."""


FULL = Size(4, 1, Effort(), 30_000)
QUICK = Size(1, 1, Effort(rows=15_000, examined=15_000, trees=80), 300)


@dataclass(frozen=True)
class Aim:
    """A share by which the error must be below that of a simple method, None where none is named."""

    average: float | None = None
    last_year: float | None = None
    promoted: float | None = None


AIMS = {"departments": Aim(0.47, 0.25), "groceries": Aim(0.38, None, 0.45), "car parts": Aim()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="invented sales, one window, a small model")
    parser.add_argument("--only", nargs="+", help="some parts: " + ", ".join(_parts(FULL)))
    given = parser.parse_args()
    size = QUICK if given.quick else FULL
    parts = _parts(size)
    chosen = given.only or (["groceries by week", "cost"] if given.quick else list(parts))
    results: list[Result] = []
    for name in chosen:
        begun = time.process_time()
        results += parts[name]()
        progress(f"{name}: {time.process_time() - begun:.0f} s of processor time")
    report("demand", SEED, results)


def _parts(size: Size) -> dict[str, Callable[[], list[Result]]]:
    parts: dict[str, Callable[[], list[Result]]] = {name: partial(_real, name, size) for name in REAL}
    parts |= {name: partial(_invented, name, size) for name in KINDS}
    return parts | {
        "sold out": partial(_sold_out, size),
        "cost": partial(_cost, size),
        AUTO_ETS: partial(_auto_ets, size),
    }


def _real(name: str, size: Size) -> list[Result]:
    if not DEMAND.is_dir():
        progress(f"{name}: the real sales are not on this machine, so they are not measured")
        return []
    return _scores(name, [(REAL[name](DEMAND), seed) for seed in range(size.seeds)], size, AIMS[name])


def _invented(name: str, size: Size) -> list[Result]:
    make, ahead = KINDS[name]
    size = replace(size, windows=min(size.windows, INVENTED))
    return _scores(name, [(Sales(make(SEED + seed).panel, ahead), seed) for seed in range(size.seeds)], size, Aim())


def _scores(name: str, panels: Sequence[tuple[Sales, int]], size: Size, aim: Aim) -> list[Result]:
    windows, alone = [], []
    for sales, seed in panels:
        for number in range(size.windows):
            both = _window(sales, sales.panel.periods - sales.ahead * (number + 1), seed, size.effort)
            for who, judged in zip(("champions", "model alone"), both, strict=True):
                progress(
                    f"{name}, seed {seed}, window {number + 1}, {who}: off by {wape([judged], None):.3f}, "
                    f"too much by {bias([judged]):+.3f}, covered {coverage([judged], seed)['all']:.3f}"
                )
            windows.append(both[0])
            alone.append(both[1])
    return _errors(name, windows, aim) + _certainty(name, windows) + _alone(name, alone)


@dataclass(frozen=True, eq=False)
class _Learnt:
    """The boosted model in a race, which has forecast one panel already."""

    model: Boosted
    panel: Panel
    made: Prediction
    name: str = Boosted.name

    def forecast(self, panels: Sequence[Panel], asked: Asked) -> list[Prediction]:
        return [self.made] if len(panels) == 1 and panels[0] is self.panel else self.model.forecast(panels, asked)


def _window(sales: Sales, origin: int, seed: int, effort: Effort) -> tuple[Judged, Judged]:
    """Forecasts learnt from the first `origin` periods, with the simple methods, and what came.

    Returns:
        By the champions of a race, and by the model alone.
    """
    known, end = sales.panel.at(origin, sales.ahead), origin + sales.ahead
    asked = Asked(LEVELS, seed=seed)
    model = Boosted(effort)
    alone = model.forecast([known], asked)[0]
    everybody: tuple[Forecaster, ...] = (*simple_forecasters(known.frequency), _Learnt(model, known, alone))
    said = forecast(known, race(known, everybody, sales.ahead, seed=seed), everybody, asked)
    simple = {}
    for one in simple_forecasters(known.frequency):
        made = one.forecast([known], Asked((0.9,), seed=seed))[0]
        simple[one.name] = made.mean
        if one.name == EMPIRICAL:
            high = made.quantiles[0.9]
    came = sales.panel.quantity[:, origin:end]
    promoted = None if sales.promoted is None else sales.promoted[:, origin:end]
    judged = Judged(said, came, simple, high, segments(known), promoted)
    return judged, replace(judged, said=alone)


def _errors(name: str, windows: Sequence[Judged], aim: Aim) -> list[Result]:
    own, simple = wape(windows, None), {one: wape(windows, one) for one in windows[0].simple}
    best = min(simple, key=lambda one: simple[one])
    low, high = _interval([1 - wape([one], None) / wape([one], best) for one in windows])
    results = [
        Result(f"{name}: error (WAPE)", own, "", None, None, f"strongest simple: {best}", simple[best]),
        Result(f"{name}: below {best}, 95 % interval of windows from", 100 * low, "%"),
        Result(f"{name}: the same, to", 100 * high, "%"),
        _below(f"{name}: below the moving average", own, AVERAGE, simple[AVERAGE], aim.average),
        _below(f"{name}: below the same season before", own, LAST_YEAR, simple[LAST_YEAR], aim.last_year),
    ]
    if windows[0].promoted is not None:
        average = wape(windows, AVERAGE, promoted=True)
        own = wape(windows, None, promoted=True)
        results.append(_below(f"{name}: on promotion, below the moving average", own, AVERAGE, average, aim.promoted))
        off = bias(windows, promoted=True)
        results.append(Result(f"{name}: on promotion, bias", 100 * off, "%", 3.0, abs(off) <= 0.03))
    return results


def _below(metric: str, own: float, baseline: str, of: float, aim: float | None) -> Result:
    share = 1 - own / of
    return Result(metric, 100 * share, "%", aim and 100 * aim, None if aim is None else share >= aim, baseline, of)


def _certainty(name: str, windows: Sequence[Judged]) -> list[Result]:
    off = bias(windows)
    high, empirical = pinball(windows, 0.9), pinball(windows, 0.9, [one.empirical for one in windows])
    results = [
        Result(f"{name}: bias", 100 * off, "%", 3.0, abs(off) <= 0.03),
        Result(f"{name}: pinball loss at .9", high, "", empirical, high <= empirical, EMPIRICAL, empirical),
    ]
    for group, share in coverage(windows, SEED).items():
        low, upto = (0.78, 0.82) if group == "all" else (0.75, 0.85)
        results.append(Result(f"{name}: 80 % interval covers, {group}", 100 * share, "%", 80, low <= share <= upto))
    return results


def _alone(name: str, windows: Sequence[Judged]) -> list[Result]:
    """What the boosted model does without a race."""
    return [
        Result(f"{name}, model alone: error (WAPE)", wape(windows, None), ""),
        Result(f"{name}, model alone: bias", 100 * bias(windows), "%"),
        Result(f"{name}, model alone: 80 % interval covers", 100 * coverage(windows, SEED)["all"], "%"),
    ]


def _interval(values: Sequence[float]) -> tuple[float, float]:
    """Of a mean, from how windows differ."""
    if len(values) < 2:
        return values[0], values[0]
    mean, error = float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values)))
    return mean - 1.96 * error, mean + 1.96 * error


def _sold_out(size: Size) -> list[Result]:
    """Files in which one day in ten is sold out part of the way: told by `in_stock`, not told, and none of it."""
    off: dict[str, list[tuple[float, float, float]]] = {}
    for seed in range(2 * size.seeds):
        case = shelves(items(SEED + seed), seed)
        for name, sold, told in (("never", case.full, False), ("told", case.sold, True), ("hidden", case.sold, False)):
            with TemporaryDirectory() as folder:
                known, order = case.read(Path(folder), sold, told=told)
            said = Boosted(replace(size.effort, rows=size.effort.rows // 4)).forecast([known], Asked(seed=seed))[0].mean
            off.setdefault(name, []).append(case.off(said, order))
    (never, true_never, _), (told_, true_told, bias_told), (hidden, true_hidden, bias_hidden) = (
        np.mean(off[name], axis=0).tolist() for name in ("never", "told", "hidden")
    )
    what = "one day in ten sold out"
    return [
        Result(f"{what}, told: error (WAPE)", told_, "", 1.03 * never, told_ <= 1.03 * never, "never sold out", never),
        Result(f"{what}, told: off the true mean", true_told, "", None, None, "never sold out", true_never),
        Result(f"{what}, told: bias", 100 * bias_told, "%"),
        Result(f"{what}, not told: error (WAPE)", hidden, "", None, None, "never sold out", never),
        Result(f"{what}, not told: off the true mean", true_hidden, "", None, None, "never sold out", true_never),
        Result(f"{what}, not told: bias", 100 * bias_hidden, "%"),
    ]


def _many(series: int) -> Panel:
    made = items(SEED, series, 400)
    return replace(made.panel.at(372, 28), wanted=np.ones((series, 28), np.bool_))


def _cost(size: Size) -> list[Result]:
    """Learning and asking all series once, with what memory the process ever held."""
    panel, begun = _many(size.series), time.process_time()
    Boosted(size.effort).forecast([panel], Asked())
    minutes = (time.process_time() - begun) / 60
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    what = f"{size.series:,} series x 28 days"
    return [
        Result(f"{what}: processor time", minutes, "min", 10.0, minutes <= 10),
        Result(f"{what}: memory at most", memory, "GiB", 4.0, memory <= 4),
    ]


def _auto_ets(size: Size) -> list[Result]:
    """Processor time of a series, beside AutoETS (statsforecast), where that is installed."""
    if importlib.util.find_spec("statsforecast") is None:
        progress("AutoETS is not installed here (statsforecast), so costs are not compared with it")
        return []
    AutoETS = importlib.import_module("statsforecast.models").AutoETS

    panel = _many(min(size.series, 3_000))
    begun = time.process_time()
    Boosted(size.effort).forecast([panel], Asked())
    own = 1000 * (time.process_time() - begun) / panel.series
    some: list[Numbers] = [each[np.isfinite(each)] for each in panel.quantity[:30]]
    AutoETS(season_length=7).forecast(some[0].astype(np.float64), 28)
    begun = time.process_time()
    for each in some:
        AutoETS(season_length=7).forecast(each.astype(np.float64), 28)
    other = 1000 * (time.process_time() - begun) / len(some)
    what = f"processor time of a series, of {panel.series:,}"
    return [Result(what, own, "ms", other / 5, own <= other / 5, AUTO_ETS, other)]


if __name__ == "__main__":
    main()
