"""Invented cold rooms and the thermometers in them: what a detector of drift is tried on.

A room has a set point that people change, a compressor that cycles, days and weeks, doors, defrosting and warm goods. A
thermometer hangs somewhere: each of these reaches it more or less, and later; it adds an offset of its own, noise with
a memory, a slow wander of the air around it, rounding, and gaps. `TUNED_ON` and `REPORTED_ON` are two families of
parameters: the detector's constants were chosen on the first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Span = tuple[float, float]
DAY = 1440


@dataclass(frozen=True)
class Family:
    """Ranges that rooms and thermometers are drawn from; degC, minutes and counts a day where nothing else is said.

    Attributes:
        noise: of a reading, drawn on a logarithmic scale; `memory`: minutes in which its slow part fades.
        wander: how far the air around one thermometer strays for days; `stray`: in which time.
        reach: how strongly doors, defrosting and days reach a thermometer, 1 being the room's own air.
        set_points: changes by people a month.
        moved: how far the offset of a thermometer moves when goods are stacked before it, once in 60 days.
        heavy: noise with heavy tails, and doors in bursts as lorries come.
    """

    noise: Span = (0.02, 0.5)
    memory: Span = (5.0, 120.0)
    wander: Span = (0.0, 0.08)
    stray: Span = (1.0, 4.0)
    reach: Span = (0.5, 1.6)
    daily: Span = (0.0, 1.0)
    weekly: Span = (0.0, 0.4)
    doors: Span = (5.0, 60.0)
    door: Span = (0.5, 5.0)
    defrosts: Span = (0.0, 4.0)
    defrost: Span = (1.0, 6.0)
    set_points: Span = (0.0, 3.0)
    offset: float = 0.5
    moved: float = 0.1
    loss: Span = (0.0, 0.1)
    outages: Span = (0.0, 2.0)
    heavy: bool = False


TUNED_ON = Family()
REPORTED_ON = Family(
    memory=(2.0, 180.0), wander=(0.0, 0.1), stray=(0.5, 6.0), reach=(0.3, 1.9), daily=(0.0, 1.5), weekly=(0.0, 0.6),
    doors=(0.0, 90.0), door=(0.5, 8.0), defrosts=(0.0, 6.0), defrost=(0.5, 8.0), set_points=(0.0, 4.0), offset=0.7,
    moved=0.12, loss=(0.0, 0.2), outages=(0.0, 4.0), heavy=True,
)  # fmt: skip
EVERY_MINUTES = (1, 2, 5, 10, 15, 30)
GRIDS = (0.0, 0.0, 0.1, 0.1, 0.5)


@dataclass(frozen=True)
class Fault:
    """What goes wrong with a thermometer: `size` degC more from a day on, at once or within `over` days."""

    day: float
    size: float
    over: float = 0.0

    def at(self, minutes: Floats) -> Floats:
        since = minutes / DAY - self.day
        return self.size * (np.clip(since / self.over, 0, 1) if self.over else (since >= 0).astype(float))


@dataclass(frozen=True)
class Readings:
    """What one thermometer said: minutes since the beginning, and degC."""

    minutes: Floats
    degc: Floats
    grid: float


@dataclass(frozen=True)
class _Room:
    """Minute by minute: the set point with the compressor and the season, and what reaches thermometers differently."""

    base: Floats
    slow: Floats
    doors: Floats
    defrosts: Floats


def room(rng: np.random.Generator, days: int, sensors: int, family: Family, faults: dict[int, Fault]) -> list[Readings]:
    """Thermometers of one room; `faults` by their number."""
    here = _room(rng, days, family)
    return [_thermometer(rng, here, family, faults.get(number)) for number in range(sensors)]


def _room(rng: np.random.Generator, days: int, family: Family) -> _Room:
    minutes = np.arange(days * DAY, dtype=float)
    clock, weekday = minutes % DAY / DAY, (minutes // DAY) % 7 < 5
    set_point = np.full(minutes.size, rng.uniform(-25, 8))
    for at in rng.uniform(0, minutes.size, rng.poisson(rng.uniform(*family.set_points) * days / 30)):
        set_point[int(at) :] += rng.choice([-1, 1]) * rng.uniform(0.5, 3.0)
    base = _smooth(set_point, rng.uniform(30, 240))
    base += rng.uniform(0.1, 0.8) * np.sin(2 * np.pi * minutes / rng.uniform(8, 45))
    base += np.cumsum(rng.normal(0, 0.3 / np.sqrt(7 * DAY), minutes.size))
    slow = rng.uniform(*family.daily) * np.sin(2 * np.pi * (clock - rng.uniform(0, 1)))
    slow += rng.uniform(*family.weekly) * weekday
    working = weekday & (clock > 0.25) & (clock < 0.8)
    rate = np.where(working, rng.uniform(*family.doors) / (0.55 * DAY), 0.05 * rng.uniform(*family.doors) / DAY)
    if family.heavy:
        rate = rate * 3 * (np.sin(2 * np.pi * minutes / rng.uniform(60, 300)) > 0.3)
    opened = np.where(rng.random(minutes.size) < rate, rng.uniform(*family.door) * rng.random(minutes.size), 0.0)
    goods = np.where(rng.random(minutes.size) < 0.7 / DAY, rng.uniform(0.5, 2.0), 0.0)
    defrosts = np.zeros(minutes.size)
    if (times := round(rng.uniform(*family.defrosts))) > 0:
        defrosts[int(rng.uniform(0, 300)) :: DAY // times] = rng.uniform(*family.defrost)
    return _Room(
        base, slow + _fade(goods, rng.uniform(120, 480)), _fade(opened, rng.uniform(3, 20)),
        _fade(defrosts, rng.uniform(15, 45)),
    )  # fmt: skip


def _thermometer(rng: np.random.Generator, here: _Room, family: Family, fault: Fault | None) -> Readings:
    size = here.base.size
    reach = rng.uniform(*family.reach, 3)
    air = here.base + reach[0] * here.slow + reach[1] * here.doors + reach[2] * here.defrosts
    air += _wandering(rng, size, rng.uniform(*family.wander), rng.uniform(*family.stray) * DAY)
    if rng.random() < size / DAY / 60:
        air[int(rng.uniform(0, size)) :] += rng.normal(0, family.moved)
    true = _smooth(air, rng.uniform(0.5, 15))
    every = int(rng.choice(EVERY_MINUTES))
    at = np.arange(rng.integers(every), size, every)
    noise = np.exp(rng.uniform(*np.log(family.noise)))
    share = rng.uniform(0.2, 0.8)
    quick = rng.standard_t(4, at.size) / np.sqrt(2) if family.heavy else rng.normal(0, 1, at.size)
    memory = _wandering(rng, size, noise * np.sqrt(share), rng.uniform(*family.memory))
    said = true[at] + memory[at] + noise * np.sqrt(1 - share) * quick + rng.normal(0, family.offset)
    minutes = at.astype(float)
    if fault is not None:
        said += fault.at(minutes)
    grid = float(rng.choice(GRIDS))
    if grid:
        said = np.round(said / grid) * grid
    kept = rng.random(at.size) >= rng.uniform(*family.loss)
    for begin in rng.uniform(0, size, rng.poisson(rng.uniform(*family.outages) * size / DAY / 30)):
        kept &= (minutes < begin) | (minutes > begin + rng.uniform(60, DAY))
    return Readings(minutes[kept], said[kept], grid)


def _wandering(rng: np.random.Generator, size: int, spread: float, minutes: float) -> Floats:
    """A value that strays and comes back, with this standard deviation and memory."""
    pushes = rng.normal(0, spread * np.sqrt(1 - np.exp(-2 / minutes)), size)
    pushes[0] = rng.normal(0, spread)
    return _fade(pushes, minutes)


def _smooth(values: Floats, minutes: float) -> Floats:
    """What follows the values late, as in a vessel of its own."""
    return np.asarray(values[0] + (1 - np.exp(-1 / minutes)) * _fade(values - values[0], minutes))


def _fade(pushes: Floats, minutes: float) -> Floats:
    """The sum of all pushes so far, each fading with time."""
    length = 1 << (2 * pushes.size - 1).bit_length()
    kernel = np.exp(-np.arange(pushes.size) / minutes)
    both = np.fft.rfft(pushes, length) * np.fft.rfft(kernel, length)
    return np.asarray(np.fft.irfft(both, length)[: pushes.size])
