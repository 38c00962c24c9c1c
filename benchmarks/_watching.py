"""Running the judge of drift over invented thermometers, hour by hour, as the worker does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks._sensors import Readings
from shelfwise.edge.health.drift import WELL_AGAIN, Member, Two, Verdict, Zone, judge, learn, usual
from shelfwise.edge.health.pairs import Days


@dataclass(frozen=True)
class Flag:
    """A thermometer was put in doubt: its number, the hour, and whether it could not be told from its one neighbour."""

    sensor: int
    hour: int
    alone: bool
    size: float


def watch(sensors: Sequence[Readings], until: int) -> list[Flag]:
    """Every time that one of the thermometers was put in doubt, within so many days."""
    means = [_hourly(one) for one in sensors]
    names = [f"t{number}" for number in range(len(sensors))]
    days: dict[str, Days] = {name: {} for name in names}
    references: dict[Two, float | None] = {}
    doubted: dict[str, Verdict] = {}
    flags: list[Flag] = []
    for hour in range(24, until * 24):
        members = {
            name: Member(name, means[number], days[name], sensors[number].grid) for number, name in enumerate(names)
        }
        zone = Zone("temperature", members, references)
        if hour % 24 == 0:
            known = usual(zone, hour // 24)
        verdicts = judge(zone, hour, known, [name for name, found in doubted.items() if not found.alone])
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
            learned = learn(zone, hour, doubted)
            days |= learned.days
            references |= learned.references
    return flags


def _hourly(one: Readings) -> dict[int, float]:
    hours = (one.minutes // 60).astype(int)
    count = np.bincount(hours)
    total = np.bincount(hours, one.degc)
    return {int(hour): float(total[hour] / count[hour]) for hour in np.nonzero(count)[0]}
