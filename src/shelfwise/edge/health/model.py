"""What is learned of a device from each reading, and what follows from it. Pure: the same readings give the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from shelfwise.edge.health import battery, clock, rhythm, shape
from shelfwise.edge.health.battery import Battery
from shelfwise.edge.health.clock import Clock
from shelfwise.edge.health.drift import WELL_AGAIN, Member, Verdict
from shelfwise.edge.health.pairs import Days
from shelfwise.edge.health.rhythm import Rhythm
from shelfwise.edge.health.shape import Shape
from shelfwise.edge.tables import StoredReading

# Kinds whose curve says something about the sensor; a scale that nobody touches stands still and is well.
CURVES = frozenset({"temperature", "humidity"})
# Causes that put what a device says in doubt; the others say that it needs attention.
IN_DOUBT = frozenset({"drift", "stuck", "spikes", "noisy", "scale"})
SILENT, BATTERY, CLOCK, DRIFT, SCALE, CALIBRATION = "silent", "battery", "clock", "drift", "scale", "calibration"
NOISY = "noisy"
CALIBRATE_SOON = timedelta(days=30)


class State(msgspec.Struct):
    """What was learned of a device's readings of one kind."""

    rhythm: Rhythm = msgspec.field(default_factory=Rhythm)
    clock: Clock = msgspec.field(default_factory=Clock)
    battery: Battery | None = None
    shape: Shape | None = None


@dataclass(frozen=True)
class Finding:
    """Something about a device that is not as it should be.

    Attributes:
        kind: of its readings; '' for the device as a whole.
        size: how much, in the unit of the cause: hours, per cent, seconds, times, or the kind's own unit.
        evidence: what it was found by, fit for JSON.
    """

    kind: str
    cause: str
    since: datetime
    size: float
    evidence: dict[str, Any] = field(default_factory=dict)


def take(state: State, reading: StoredReading) -> None:
    """Take one reading into account. Late and out-of-order ones are normal, and count for what does not need order."""
    received = reading.received_at.timestamp()
    rhythm.heard(state.rhythm, received)
    if reading.observed_at != reading.received_at:
        clock.claimed(state.clock, reading.observed_at.timestamp(), received)
    if reading.value is None:
        return
    if reading.kind == BATTERY:
        state.battery = state.battery or Battery()
        battery.told(state.battery, reading.value, reading.counts_from.timestamp())
    elif reading.kind in CURVES:
        state.shape = state.shape or Shape()
        shape.measured(state.shape, reading.kind, reading.value, reading.counts_from.timestamp())


def findings(
    kind: str, state: State, others: Sequence[Shape], verdict: Verdict | None, doubted: bool, now: datetime
) -> list[Finding]:
    """What is not as it should be with one kind of a device's readings, silence apart.

    Args:
        others: the curves of the same kind in the same zone.
        verdict: what drift was found; None: not judged now.
        doubted: drift is told already, and lasts until it is well again.
    """
    found: list[Finding] = []
    wrong = clock.skew(state.clock)
    if wrong is not None and abs(wrong.behind_s) >= clock.LARGE_S:
        found.append(Finding(kind, CLOCK, now, wrong.behind_s, {"steady": wrong.steady}))
    if state.battery is not None:
        charge = battery.charge(state.battery)
        if charge is not None and charge.low:
            left = {"days_left": charge.days_left, "very_low": charge.very_low}
            found.append(Finding(kind, BATTERY, now, charge.percent, left))
    if state.shape is not None:
        for odd in shape.oddities(state.shape, kind, others, now.timestamp()):
            value = None if state.shape.last is None else state.shape.last[1]
            found.append(
                Finding(kind, odd.cause, instant(odd.since), odd.size, {"value": value, "neighbours": len(others)})
            )
    if verdict is not None and verdict.score is not None and drifts(verdict, doubted):
        about = {"against": list(verdict.against), "alone": verdict.alone, "score": round(verdict.score, 2)}
        found.append(Finding(kind, DRIFT, now, verdict.size, about))
    return found


def drifts(verdict: Verdict, doubted: bool) -> bool:
    """Whether a sensor is in doubt; once it is, it has to come back further than it went."""
    return verdict.score is not None and verdict.score >= (WELL_AGAIN if doubted else 1.0)


def member(device: str, state: Shape, days: Days) -> Member:
    """A device as the judgement of drift wants it."""
    return Member(device, {one.number: one.mean for one in state.hours}, days, shape.grid_of(state))


def instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
