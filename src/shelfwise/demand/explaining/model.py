"""What an explanation is: the expected total split into groups of causes that add up to it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from shelfwise.demand.panel import Frequency

_DECIMALS = 3


class Group(StrEnum):
    """What makes demand higher or lower."""

    LEVEL = "level"
    SEASON = "season"
    PROMOTION = "price and promotion"
    EVENT = "event"
    OUTSIDE = "outside"
    REST = "rest"


GROUPS = tuple(Group)
Amounts = dict[Group, float]


@dataclass(frozen=True)
class Stretch:
    """A week of days, or one week or month, and what is expected in it by each group."""

    first: date
    last: date
    amounts: Amounts

    @property
    def total(self) -> float:
        return sum(self.amounts.values())


@dataclass(frozen=True)
class Cause:
    """Something told beside the demand that is out of the ordinary from one day to another."""

    group: Group
    name: str
    first: date
    last: date


@dataclass(frozen=True)
class Explained:
    """What a forecast is made of, over its whole horizon and piece by piece.

    Attributes:
        model: which methods spoke.
        frequency: what a period of the forecast is; `periods`: how many there are.
        base: what would be expected with nothing known but the level of the series; part of the group `LEVEL`.
        stretches: in the order of time, without a gap. Their amounts add up to those of the whole.
        causes: what is out of the ordinary in these days, of promotions and events.
    """

    model: str
    frequency: Frequency
    periods: int
    base: float
    stretches: tuple[Stretch, ...]
    causes: tuple[Cause, ...] = ()

    @property
    def first(self) -> date:
        return self.stretches[0].first

    @property
    def last(self) -> date:
        return self.stretches[-1].last

    @property
    def amounts(self) -> Amounts:
        """Over the whole horizon, every group."""
        return {group: sum(one.amounts[group] for one in self.stretches) for group in GROUPS}

    @property
    def total(self) -> float:
        return sum(one.total for one in self.stretches)

    def as_json(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "frequency": self.frequency.value,
            "periods": self.periods,
            "base": round(self.base, _DECIMALS),
            "stretches": [
                {
                    "first": one.first.isoformat(),
                    "last": one.last.isoformat(),
                    "amounts": {group.value: amount for group, amount in one.amounts.items()},
                }
                for one in self.stretches
            ],
            "causes": [
                {
                    "group": one.group.value,
                    "name": one.name,
                    "first": one.first.isoformat(),
                    "last": one.last.isoformat(),
                }
                for one in self.causes
            ],
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Explained:
        return cls(
            told["model"],
            Frequency(told["frequency"]),
            told["periods"],
            told["base"],
            tuple(
                Stretch(
                    date.fromisoformat(one["first"]),
                    date.fromisoformat(one["last"]),
                    {group: one["amounts"].get(group.value, 0.0) for group in GROUPS},
                )
                for one in told["stretches"]
            ),
            tuple(
                Cause(
                    Group(one["group"]), one["name"], date.fromisoformat(one["first"]), date.fromisoformat(one["last"])
                )
                for one in told["causes"]
            ),
        )


def rounded(amounts: Sequence[float], total: float) -> Amounts:
    """Amounts by group, in their order, as they are kept: rounded so that they still add up to the rounded total."""
    kept = [round(float(amount), _DECIMALS) for amount in amounts]
    rest = round(round(float(total), _DECIMALS) - sum(kept[:-1]), _DECIMALS)
    return dict(zip(GROUPS, [*kept[:-1], rest], strict=True))
