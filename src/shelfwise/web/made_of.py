"""What a forecast is made of: a sentence, and a bar for each group from where the one before ended. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from shelfwise.demand.boosting.model import NAME as BOOSTED
from shelfwise.demand.explaining.model import GROUPS, Explained, Group
from shelfwise.demand.explaining.sentence import sentence, written
from shelfwise.web import words

WORDS = {
    Group.LEVEL: "Level of the last weeks",
    Group.SEASON: "Season and weekdays",
    Group.PROMOTION: "Price and promotions",
    Group.EVENT: "Holidays and events",
    Group.OUTSIDE: "Weather and other things outside",
    Group.REST: "Other reasons",
}
WIDTH = 100.0
_CLEAR = 0.005


@dataclass(frozen=True)
class Bar:
    """A group: its bar begins at `x` and is `width` wide, of `WIDTH`; hollow where it takes away."""

    words: str
    amount: Decimal
    x: float
    width: float


@dataclass(frozen=True)
class Week:
    """A week by group, in the order of the bars."""

    first: date
    last: date
    amounts: tuple[float, ...]


@dataclass(frozen=True)
class Used:
    """Something told beside the demand, and whether it is used."""

    name: str
    words: str


@dataclass(frozen=True)
class MadeOf:
    """The picture; the last bar is the total."""

    sentence: str
    bars: tuple[Bar, ...]
    weeks: tuple[Week, ...]
    inputs: tuple[Used, ...]


def made_of(summary: Mapping[str, Any] | None, unit: str) -> MadeOf | None:
    """What a stored forecast says of itself; None where it says nothing."""
    if summary is None or not summary.get("explained"):
        return None
    explained = Explained.from_json(summary["explained"])
    amounts = written(explained)
    shown = [group for group in GROUPS if amounts[group] or group is Group.LEVEL]
    # Only the model of all items looks at what is told beside the demand.
    told = summary.get("inputs") or [] if BOOSTED in explained.model else []
    return MadeOf(
        sentence(explained, unit, words.number),
        tuple(_bars([(WORDS[group], amounts[group]) for group in shown])),
        tuple(
            Week(one.first, one.last, (*(one.amounts[group] for group in shown), one.total))
            for one in explained.stretches
        ),
        tuple(Used(one["name"], _used(one["gain"], one["kept"])) for one in told),
    )


def _bars(amounts: Sequence[tuple[str, Decimal]]) -> list[Bar]:
    """Each from the sum of those before, and the total from zero."""
    steps: list[tuple[str, Decimal, Decimal]] = []
    running = Decimal(0)
    for name, amount in amounts:
        steps.append((name, amount, min(running, running + amount)))
        running += amount
    steps.append(("Expected altogether", running, min(running, Decimal(0))))
    low = min(start for _, _, start in steps)
    high = max(start + abs(amount) for _, amount, start in steps)
    scale = WIDTH / float(high - low or 1)
    return [
        Bar(name, amount, round(float(start - low) * scale, 2), round(max(float(abs(amount)) * scale, 0.4), 2))
        for name, amount, start in steps
    ]


def _used(gain: float, kept: bool) -> str:
    better = f"{words.number(100 * gain, 0 if gain >= 0.1 else 1)} % better with it"
    if kept:
        return f"used, {better}" if gain >= _CLEAR else "used, though it could not be tested much"
    return "not used, no better with it" if gain < _CLEAR else f"not used, {better}, which may be chance"
