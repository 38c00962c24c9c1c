"""An explanation in plain words, with numbers that add up as they are written. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal

from shelfwise.core.quantities import plain
from shelfwise.demand.explaining.model import GROUPS, Cause, Explained, Group
from shelfwise.demand.panel import Frequency

LITTLE = 10.0
"""Less than this altogether is written with one decimal."""
PIECES = "each"
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip
_MOST_CAUSES = 3


Write = Callable[[Decimal], str]


def sentence(explained: Explained, unit: str, write: Write = plain) -> str:
    """Why so much is expected. Amounts are rounded so that those written add up to the total written.

    Args:
        write: how numbers are written.
    """
    amounts = written(explained)
    total = sum(amounts.values(), Decimal(0))
    ahead = f"in the next {_ahead(explained)}"
    if not any(amounts.values()):
        return f"Nothing is expected {ahead}."
    said = [_said(group, amount, explained, unit, write) for group, amount in amounts.items() if amount]
    expected = f"Expected {_quantity(total, unit, write)} {ahead}"
    if len(said) == 1 and amounts[Group.LEVEL]:
        return f"{expected}, all of it by {_level(explained)}."
    return f"{expected}: {', '.join(said)}."


def written(explained: Explained) -> dict[Group, Decimal]:
    """The amounts of the horizon as they are written, in steps of one or a tenth, adding up to the rounded total.

    What is lost by rounding goes to those that lost most by it.
    """
    step = Decimal(1) if abs(explained.total) >= LITTLE else Decimal("0.1")
    exact = {group: Decimal(str(amount)) / step for group, amount in explained.amounts.items()}
    found = {group: amount.to_integral_value() for group, amount in exact.items()}
    missing = int(sum(exact.values(), Decimal(0)).to_integral_value() - sum(found.values()))
    sign = 1 if missing > 0 else -1
    by_loss = sorted(GROUPS, key=lambda group: sign * (found[group] - exact[group]))
    for group in by_loss[: abs(missing)]:
        found[group] += sign
    return {group: amount * step for group, amount in found.items()}


def _said(group: Group, amount: Decimal, explained: Explained, unit: str, write: Write) -> str:
    if group is Group.LEVEL:
        return f"{write(amount)} by {_level(explained)}"
    fewer = "fewer" if unit == PIECES else "less"
    return f"{write(abs(amount))} {'more' if amount > 0 else fewer} {_why(group, amount, explained)}"


def _why(group: Group, amount: Decimal, explained: Explained) -> str:
    causes = [one for one in explained.causes if one.group is group]
    if causes:
        return f"for {_named(causes)}"
    if group is Group.PROMOTION:
        return "because nothing is promoted" if amount < 0 else "for its price"
    if group is Group.EVENT:
        return "because there is no holiday or event" if amount < 0 else "for holidays and events"
    return {
        Group.SEASON: "for the season",
        Group.OUTSIDE: "for weather and other things outside",
        Group.REST: "for other reasons",
    }[group]


def _named(causes: Sequence[Cause]) -> str:
    """What is out of the ordinary and when; the first few of many."""
    names: dict[tuple[date, date], list[str]] = {}
    for one in sorted(causes, key=lambda cause: (cause.first, cause.last)):
        names.setdefault((one.first, one.last), []).append(one.name)
    days: dict[str, list[str]] = {}
    for (first, last), together in list(names.items())[:_MOST_CAUSES]:
        days.setdefault(" and ".join(dict.fromkeys(together)), []).append(_days(first, last))
    said = " and ".join(f"the {name} {' and '.join(some)}" for name, some in days.items())
    return said if len(names) <= _MOST_CAUSES else f"{said} and later ones"


def _days(first: date, last: date) -> str:
    """'on 7 December', 'from 7 to 13 December', 'from 28 December to 3 January'."""
    end = f"{last.day} {_MONTHS[last.month - 1]}"
    if first == last:
        return f"on {end}"
    if (first.year, first.month) == (last.year, last.month):
        return f"from {first.day} to {end}"
    return f"from {first.day} {_MONTHS[first.month - 1]} to {end}"


def _level(explained: Explained) -> str:
    return f"the level of the last {'months' if explained.frequency is Frequency.MONTH else 'weeks'}"


def _ahead(explained: Explained) -> str:
    number, what = explained.periods, explained.frequency.value
    if explained.frequency is Frequency.DAY and number % 7 == 0:
        number, what = number // 7, "week"
    return what if number == 1 else f"{number} {what}s"


def _quantity(amount: Decimal, unit: str, write: Write) -> str:
    if unit != PIECES:
        return f"{write(amount)} {unit}"
    return f"{write(amount)} {'piece' if amount == 1 else 'pieces'}"
