"""Running the judge of drift over invented thermometers, hour by hour, as the worker does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks._sensors import Readings
from shelfwise.edge.health.drift import WELL_AGAIN, Member, Verdict, Zone, judge, learn, level


@dataclass(frozen=True)
class Flag:
    """A thermometer was put in doubt: its number, the hour, and whether it could not be told from its one neighbour."""

    sensor: int
    hour: int
    alone: bool
    size: float


def watch(sensors: Sequence[Readings], days: int) -> list[Flag]:
    """Every time that one of the thermometers was put in doubt."""
    means = [_hourly(one) for one in sensors]
    names = [f"t{number}" for number in range(len(sensors))]
    levels: dict[str, list[float]] = {name: [] for name in names}
    zone = Zone("temperature", {})
    doubted: dict[str, Verdict] = {}
    flags: list[Flag] = []
    for hour in range(24, days * 24):
        zone.members = {
            name: Member(name, means[number], sensors[number].grid, levels[name]) for number, name in enumerate(names)
        }
        verdicts = judge(zone, hour, [name for name, found in doubted.items() if not found.alone])
        for number, name in enumerate(names):
            found = verdicts[name]
            if found.score is None:
                continue
            if found.score >= 1.0 and name not in doubted:
                doubted[name] = found
                flags.append(Flag(number, hour, found.alone, found.size))
            elif found.score < WELL_AGAIN:
                doubted.pop(name, None)
        if hour % 24 == 23:
            learn(zone, hour, doubted)
            for number, name in enumerate(names):
                now = level(means[number], hour)
                if now is not None and name not in doubted:
                    levels[name] = [*levels[name], now][-7:]
    return flags


def _hourly(one: Readings) -> dict[int, float]:
    hours = (one.minutes // 60).astype(int)
    count = np.bincount(hours)
    total = np.bincount(hours, one.degc)
    return {int(hour): float(total[hour] / count[hour]) for hour in np.nonzero(count)[0]}
