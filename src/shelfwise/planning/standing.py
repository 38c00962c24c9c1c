"""What is promised of an item, and how the race of policies for it stands. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any


class Aim(StrEnum):
    """What a target is about."""

    CYCLES = "cycles"
    FILL = "fill"
    COST = "cost"


@dataclass(frozen=True)
class Target:
    """What is promised of an item.

    Attributes:
        aim: CYCLES: the share of replenishment cycles that pass without a stockout; FILL: the share of what is wanted
            that is there; COST: nothing is promised, a missed unit costs the margin that is lost with it.
        level: the share; without meaning for COST.
    """

    aim: Aim = Aim.CYCLES
    level: float = 0.95


CLASSES = ("A", "B", "C")
"""Of items by the value of what is wanted of them: those that make up the first 80%, the next 15%, and the rest."""


@dataclass(frozen=True)
class Raced:
    """How a policy did in an item's race.

    Attributes:
        name: of its family.
        cost: of a month, judged, in the currency that offers are compared in: holding, ordering and what was missed.
        unsure: standard error of that cost less the winner's.
        fill: share of what was wanted that it served.
        able: it kept the target where its numbers were chosen.
    """

    name: str
    cost: float
    unsure: float
    fill: float
    able: bool


@dataclass(frozen=True)
class Standing:
    """How the race of policies stands for an item at a site.

    Attributes:
        policy: the family that won; `numbers` make its rule out of sizes.
        raced: all that took part, the simplest first.
        target: for which its numbers were chosen; `group`: the item's class by value.
        on: what it stood on, by name, fit for JSON: when that changes, it is raced again.
        days: of the item's past that were looked at, up to `until`.
        apart: numbers were chosen on one part of them and judged on another.
    """

    policy: str
    numbers: tuple[float, ...]
    raced: tuple[Raced, ...]
    target: Target
    group: str
    on: dict[str, Any]
    days: int
    until: date
    apart: bool
