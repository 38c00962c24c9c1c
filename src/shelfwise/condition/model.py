"""When a temperature beyond its limit becomes an excursion: outside for as long as the delay, by the device's clock."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

# The evidence of an alert: the first reading outside and the latest ones before the confirmation.
MOST_READINGS = 60


@dataclass(frozen=True)
class Limit:
    """Between which temperatures, in degC, a zone is well; outside for `delay` is an excursion. None: no bound."""

    low: float | None
    high: float | None
    delay: timedelta

    def excess(self, degc: float) -> float:
        """How far outside the limit a temperature is, in degC; 0 inside and on the bound."""
        above = 0.0 if self.high is None else degc - self.high
        below = 0.0 if self.low is None else self.low - degc
        return max(above, below, 0.0)

    def crossed(self, degc: float) -> float | None:
        """The bound that a temperature is beyond; None inside."""
        if self.high is not None and degc > self.high:
            return self.high
        return self.low if self.low is not None and degc < self.low else None

    def __str__(self) -> str:
        if self.low is None:
            return "no limit" if self.high is None else f"at most {self.high:g} °C"
        return f"at least {self.low:g} °C" if self.high is None else f"{self.low:g} to {self.high:g} °C"


@dataclass(frozen=True)
class Reading:
    """A temperature in degC, or None or NaN where the device could not tell."""

    observed_at: datetime
    degc: float | None


@dataclass(frozen=True)
class State:
    """How a device's zone stands, by what the device has said so far.

    Attributes:
        last_observed_at: the newest reading taken into account.
        started_at: since when it is outside; None: it is inside.
        confirmed_at: when it had been outside for the delay; None: not yet.
        worst: the temperature furthest outside.
        readings: those outside up to the confirmation.
    """

    last_observed_at: datetime | None = None
    started_at: datetime | None = None
    confirmed_at: datetime | None = None
    worst: float | None = None
    readings: tuple[Reading, ...] = ()


@dataclass(frozen=True)
class Transition:
    """What a reading changed: outside now; for as long as the delay; inside again, before or after that."""

    kind: Literal["started", "confirmed", "passed", "recovered"]
    at: datetime
    degc: float


def step(state: State, reading: Reading, limit: Limit) -> tuple[State, tuple[Transition, ...]]:
    """Take one reading into account.

    A reading that is not newer than what was judged before changes nothing, and neither does an unknown value:
    unknown is neither inside nor outside. With a delay of zero the first reading outside confirms.
    """
    at, degc = reading.observed_at, reading.degc
    if degc is None or not is_known(degc) or (state.last_observed_at is not None and at <= state.last_observed_at):
        return state, ()
    excess = limit.excess(degc)
    if excess == 0:
        if state.started_at is None:
            return replace(state, last_observed_at=at), ()
        kind: Literal["passed", "recovered"] = "passed" if state.confirmed_at is None else "recovered"
        return State(at), (Transition(kind, at, degc),)
    transitions: list[Transition] = []
    if state.started_at is None:
        transitions.append(Transition("started", at, degc))
    started_at = state.started_at or at
    worst = degc if state.worst is None or excess > limit.excess(state.worst) else state.worst
    confirmed_at, readings = state.confirmed_at, state.readings
    if confirmed_at is None:
        readings = _remember(readings, reading)
        if at - started_at >= limit.delay:
            confirmed_at = at
            transitions.append(Transition("confirmed", at, degc))
    return State(at, started_at, confirmed_at, worst, readings), tuple(transitions)


@dataclass(frozen=True)
class Spell:
    """A time outside the limit, as readings in their order tell it; `ended_at` is None while it lasts."""

    state: State
    ended_at: datetime | None

    @property
    def started_at(self) -> datetime:
        assert self.state.started_at is not None  # noqa: S101 (what never began is no spell)
        return self.state.started_at

    def covers(self, at: datetime) -> bool:
        return self.started_at <= at and (self.ended_at is None or at <= self.ended_at)


def is_known(degc: float | None) -> bool:
    """Unknown is neither inside nor outside."""
    return degc is not None and math.isfinite(degc)


def timeline(readings: Iterable[Reading], limit: Limit) -> tuple[list[Spell], State]:
    """All times outside that readings tell, whatever order they come in, and how it stands after the last.

    It begins inside. Of several readings of one instant the one furthest outside counts.
    """
    spells: list[Spell] = []
    state = State()
    for reading in in_order(readings, limit):
        before = state
        state, transitions = step(state, reading, limit)
        spells += [Spell(before, one.at) for one in transitions if one.kind in ("passed", "recovered")]
    if state.started_at is not None:
        spells.append(Spell(state, None))
    return spells, state


def in_order(readings: Iterable[Reading], limit: Limit) -> list[Reading]:
    """Known readings by their time, of each instant the one furthest outside."""
    known = [one for one in readings if is_known(one.degc)]
    worst: dict[datetime, Reading] = {}
    for one in sorted(known, key=lambda one: (limit.excess(one.degc or 0.0), one.degc or 0.0)):
        worst[one.observed_at] = one
    return [worst[at] for at in sorted(worst)]


def _remember(readings: tuple[Reading, ...], reading: Reading) -> tuple[Reading, ...]:
    if len(readings) < MOST_READINGS:
        return (*readings, reading)
    return (readings[0], *readings[2:], reading)
