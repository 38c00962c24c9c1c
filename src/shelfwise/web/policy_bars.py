"""The race of policies as bars, and what safety stock is for, as plain data for a picture. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from shelfwise.planning.safety import DEMAND, LEAD_TIME, RECORDS

WORDS = {
    "order up to": "Up to a level at every look",
    "moving average": "Up to a level at every look, by the last weeks",
    "reorder point": "At a reorder point, up to a level",
    "batches": "At a reorder point, in batches",
    "capped order up to": "Up to a level, never much at once",
    "capped reorder point": "At a reorder point, never much at once",
    "projected level": "What will be missing when it arrives",
}
SHARES = {
    DEMAND: "More may be wanted",
    LEAD_TIME: "A delivery may be late",
    RECORDS: "Less may be there than the books say",
}
WIDTH = 100.0
_MOST_TIMES = 3.0
"""A bar that would be longer than so many of the winner's is cut off, or the others could not be told apart."""


@dataclass(frozen=True)
class Bar:
    """What a policy costs a month; lengths are of `WIDTH`.

    Attributes:
        low, high: where the cost may lie by the luck of the draw, beside the winner's.
        cut: the bar is longer than can be shown.
    """

    words: str
    wins: bool
    able: bool
    cost: float
    more: float
    percent: float | None
    fill: float
    width: float
    low: float
    high: float
    cut: bool


@dataclass(frozen=True)
class PolicyRace:
    """The picture, the cheapest that kept the target first.

    Attributes:
        target: what was promised, in words.
    """

    winner: str
    target: str
    days: int
    until: date
    apart: bool
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Share:
    """A part of the safety stock; its bar begins at `x` and is `width` wide."""

    words: str
    units: float
    x: float
    width: float


def policy_race(race: Mapping[str, Any] | None) -> PolicyRace | None:
    """None where the item has not raced."""
    if race is None:
        return None
    least = next(float(one["cost"]) for one in race["policies"] if one["name"] == race["winner"])
    longest: float = max(min(max(one["cost"] for one in race["policies"]), _MOST_TIMES * least), 1e-9)

    def length(cost: float) -> float:
        return round(min(max(cost / longest, 0.0), 1.0) * WIDTH, 2)

    bars = [
        Bar(
            words_of(one["name"]), one["name"] == race["winner"], one["able"], one["cost"], one["more"], one["percent"],
            one["fill"], length(one["cost"]), length(one["cost"] - 2 * one["unsure"]),
            length(one["cost"] + 2 * one["unsure"]), one["cost"] > longest,
        )
        for one in race["policies"]
    ]  # fmt: skip
    bars.sort(key=lambda bar: (not bar.wins, not bar.able, bar.cost))
    return PolicyRace(
        words_of(race["winner"]),
        target_words(race["target"]),
        race["days"],
        date.fromisoformat(race["until"]),
        race["apart"],
        tuple(bars),
    )


def words_of(policy: str) -> str:
    """A policy's name in words."""
    return WORDS.get(policy, policy.capitalize())


def safety_shares(safety: Mapping[str, Any] | None) -> tuple[Share, ...]:
    """None of it where there is no safety stock."""
    shares = (safety or {}).get("shares") or {}
    total = sum(shares.values())
    if total <= 0:
        return ()
    found, begins = [], 0.0
    for name, words in SHARES.items():
        width = WIDTH * shares.get(name, 0.0) / total
        found.append(Share(words, shares.get(name, 0.0), round(begins, 2), round(width, 2)))
        begins += width
    return tuple(found)


def target_words(target: Mapping[str, Any]) -> str:
    """What is promised, in words."""
    level = f"{100 * target['level']:g}"
    return {
        "cycles": f"no stockout in {level} of 100 deliveries",
        "fill": f"{level} % of what is wanted is there",
    }.get(str(target["aim"]), "the least cost, with what missed sales lose")
