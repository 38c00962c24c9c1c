"""Sensors that drift: how soon that is noticed, how often it is said of one that has not, and what it costs.

``python -m benchmarks.drift [--quick] [--tune]``: invented rooms with 1 to 8 thermometers, and invented scales, of a
family of parameters that the detector's constants were not chosen on; `--tune` measures on the family that they were
chosen on. Needs no database. Progress on standard error; the last line of standard output is one JSON object.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np

from benchmarks._scales import weighings
from benchmarks._sensors import REPORTED_ON, TUNED_ON, Family, Fault, room
from benchmarks._watching import Flag, watch
from benchmarks.harness import Result, progress, report
from shelfwise.edge.health.model import State, take
from shelfwise.edge.health.pairs import DAYS_NEEDED
from shelfwise.edge.health.scale import Weighing, error
from shelfwise.edge.tables import StoredReading

SEED_TUNED, SEED_REPORTED = 1, 20_260
LEARNING = DAYS_NEEDED + 1
SIZES = (2, 3, 4, 5, 8)
QUIET_DAYS, FAULT_DAYS = 60, 36
WITHIN_H = 24.0


@dataclass(frozen=True)
class Trial:
    """A room in which the first thermometer went wrong: hours until it was in doubt, None: never.

    `innocent`: others that were put in doubt for certain; `either`: it could not be told from its one neighbour;
    `reported`: it had said something in most hours of the first day.
    """

    hours: float | None
    innocent: int
    either: bool
    reported: bool


def quiet_room(family: Family, seed: int, number: int) -> tuple[float, list[Flag]]:
    """Sensor-months that were judged in a room in which nothing is wrong, and what was flagged all the same."""
    rng = np.random.default_rng([seed, 1, number])
    sensors = int(rng.integers(1, 9))
    flags = watch(room(rng, QUIET_DAYS, sensors, family, {}), QUIET_DAYS)
    return sensors * (QUIET_DAYS - LEARNING) / 30, flags


def faulty_room(family: Family, seed: int, sensors: int, size: float, over: float, number: int) -> Trial:
    rng = np.random.default_rng([seed, 2, sensors, int(10 * size), int(over), number])
    start = rng.uniform(20, 28)
    days = FAULT_DAYS + int(over)
    fault = Fault(start, float(rng.choice([-1, 1])) * size, over)
    said = room(rng, days, sensors, family, {0: fault})
    flags = [flag for flag in watch(said, days) if flag.hour + 1 > start * 24]
    mine = next((flag for flag in flags if flag.sensor == 0), None)
    first = (said[0].minutes >= start * 1440) & (said[0].minutes < (start + 1) * 1440)
    heard = len(set((said[0].minutes[first] // 60).tolist()))
    return Trial(
        None if mine is None else mine.hour + 1 - start * 24,
        len({flag.sensor for flag in flags if flag.sensor and not flag.alone}),
        mine is not None and mine.alone,
        heard >= 18,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rooms")
    parser.add_argument("--tune", action="store_true", help="the family that the constants were chosen on")
    given = parser.parse_args()
    family, seed = (TUNED_ON, SEED_TUNED) if given.tune else (REPORTED_ON, SEED_REPORTED)
    rooms, trials, scales = (6, 4, 100) if given.quick else (100, 60, 2000)
    results: list[Result] = []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        progress(f"{rooms} rooms in which nothing is wrong")
        results += _false(list(pool.map(partial(quiet_room, family, seed), range(rooms), chunksize=2)))
        for sensors in SIZES:
            progress(f"{trials} rooms of {sensors} in which one is off by 1 degC at once")
            step = partial(faulty_room, family, seed, sensors, 1.0, 0.0)
            results += _found(f"1 degC at once, one of {sensors}", list(pool.map(step, range(trials), chunksize=2)))
        for size, over, sensors in ((2.0, 0.0, 4), (0.6, 0.0, 4), (1.0, 30.0, 4)):
            how = f"over {over:.0f} days" if over else "at once"
            progress(f"{trials} rooms of {sensors} in which one is off by {size} degC {how}")
            many = list(pool.map(partial(faulty_room, family, seed, sensors, size, over), range(trials), chunksize=2))
            results += _found(f"{size:g} degC {how}, one of {sensors}", many, target=False)
    results += _scales(seed, scales)
    results += _cost(10_000 if given.quick else 100_000)
    report("drift", seed, results)


def _false(quiet: Sequence[tuple[float, list[Flag]]]) -> list[Result]:
    months = sum(one for one, _ in quiet)
    # One disagreement of two is one thing told, not two.
    flags = [flag for _, some in quiet for flag in some if not (flag.alone and flag.sensor)]
    rate = 100 * len(flags) / months
    low, high = _poisson(len(flags))
    for flag in flags:
        progress(f"flagged though nothing is wrong: {flag}")
    return [
        Result("sensor-months in which nothing is wrong", months, "months"),
        Result("said to drift, in 100 sensor-months", rate, "flags", 1.0, rate <= 1.0),
        Result("the same, 95 % interval from", 100 * low / months, "flags"),
        Result("the same, 95 % interval to", 100 * high / months, "flags"),
    ]


def _found(what: str, trials: Sequence[Trial], target: bool = True) -> list[Result]:
    known = [one for one in trials if one.reported]
    hours = sorted(one.hours for one in known if one.hours is not None)
    within = sum(one <= WITHIN_H for one in hours) / len(known)
    wanted = 0.95 if target else None
    met = within >= 0.95 if target else None
    results = [
        Result(f"{what}: in doubt within 24 h", 100 * within, "%", None if wanted is None else 95.0, met),
        Result(f"{what}: never noticed in what follows", 100 * (1 - len(hours) / len(known)), "%"),
        Result(f"{what}: another was put in doubt", 100 * sum(one.innocent > 0 for one in known) / len(known), "%"),
    ]
    if any(one.either for one in known):
        results.append(Result(f"{what}: as one of the two", 100 * sum(one.either for one in known) / len(known), "%"))
    if hours:
        results += [
            Result(f"{what}: noticed after, median", float(np.median(hours)), "h"),
            Result(f"{what}: noticed after, 9 of 10", float(np.quantile(hours, 0.9)), "h"),
        ]
    return results


def _scales(seed: int, many: int) -> list[Result]:
    progress(f"{many} scales that are right, and as many that show 2 % too much or too little")
    false, needed = 0, []
    for number in range(many):
        rng = np.random.default_rng([seed, 3, number])
        false += _first(weighings(rng, 100, 100, 0.0)) is not None
        rng = np.random.default_rng([seed, 4, number])
        found = _first(weighings(rng, 70, 20, float(rng.choice([-2, 2]))), from_=20)
        needed.append(math.inf if found is None else found - 20)
    within = 100 * sum(one <= 50 for one in needed) / many
    rate = 100 * false / many
    return [
        Result("2 % on a scale: in doubt within 50 weighings", within, "%", 95.0, within >= 95.0),
        Result("2 % on a scale: weighings needed, median", float(np.median(needed)), "weighings"),
        Result("2 % on a scale: weighings needed, 99 of 100", float(np.quantile(needed, 0.99)), "weighings"),
        Result("right scales put in doubt within 100 weighings", rate, "%", 1.0, rate <= 1.0),
    ]


def _first(known: Sequence[Weighing], from_: int = 0) -> int | None:
    """After how many weighings the scale is in doubt."""
    for number in range(max(from_, 1), len(known) + 1):
        found = error(known[:number])
        if found is not None and found.in_doubt:
            return number
    return None


def _cost(readings: int) -> list[Result]:
    """Processor time of what each reading teaches, without the database."""
    at, rng = datetime(2026, 3, 2, tzinfo=UTC), np.random.default_rng(5)
    facts = [
        StoredReading(
            1, number, "t", "temperature", round(4 + float(rng.normal(0, 0.1)), 2), None,
            at + timedelta(minutes=number), at + timedelta(minutes=number, seconds=1),
        )
        for number in range(readings)
    ]  # fmt: skip
    state, begun = State(), time.process_time()
    for fact in facts:
        take(state, fact)
    return [Result("processor time for 100,000 readings", (time.process_time() - begun) * 100_000 / readings, "s")]


def _poisson(count: int) -> tuple[float, float]:
    """The 95 % interval of a count's expectation, exact (Garwood), by bisection."""

    def tail(expected: float, upto: int) -> float:
        term = total = math.exp(-expected)
        for number in range(1, upto + 1):
            term *= expected / number
            total += term
        return total

    def solve(reached: Callable[[float], bool]) -> float:
        low, high = 0.0, 10.0 * (count + 2)
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (low, middle) if reached(middle) else (middle, high)
        return low

    lower = 0.0 if count == 0 else solve(lambda expected: 1 - tail(expected, count - 1) >= 0.025)
    return lower, solve(lambda expected: tail(expected, count) <= 0.025)


if __name__ == "__main__":
    main()
