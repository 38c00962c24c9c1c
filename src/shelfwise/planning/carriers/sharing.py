"""What carriers take along on one day, shared out over all that is to be sent. Pure.

Each shipment gets one option at most. First as many as possible get one at all; then their chances to be in time are as
great together as they can be, of which more than the target counts for nothing; then it is as cheap as it can be. Three
small integer programs, one after the other, so that no weight has to say how much money a missed day is worth. For a
shipment alone it is the choice of `choosing.choose`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from shelfwise.core.errors import Unavailable
from shelfwise.planning.carriers.choosing import TARGET, Option

_TIME_LIMIT_S = 10.0
_NEARLY = 1e-6


@dataclass(frozen=True, eq=False)
class Wanted:
    """A shipment and the services that could take it."""

    name: str
    parcels: int
    weight_kg: Decimal
    options: Sequence[Option]


@dataclass(frozen=True)
class Used:
    """What is booked of a service for a day."""

    parcels: int = 0
    weight_kg: Decimal = Decimal(0)


Slot = tuple[tuple[str, str, str | None], date]
"""A service, and the day of its pick-up."""


def slot(option: Option) -> Slot:
    return option.key, option.quote.pick_up


def fits(option: Option, used: Used, parcels: int, weight_kg: Decimal) -> bool:
    """Whether so much more fits on the day."""
    card = option.quote.card
    return (card.capacity_parcels is None or used.parcels + parcels <= card.capacity_parcels) and (
        card.capacity_kg is None or used.weight_kg + weight_kg <= card.capacity_kg
    )


def share_out(wanted: Sequence[Wanted], used: Mapping[Slot, Used], target: float = TARGET) -> dict[str, Option]:
    """An option for each shipment that can have one, within what the carriers take along.

    Args:
        used: what was booked before.

    Raises:
        Unavailable: the solver did not come to an end.
    """
    pairs = [
        (place, one)
        for place, shipment in enumerate(wanted)
        for one in shipment.options
        if fits(one, used.get(slot(one), Used()), shipment.parcels, shipment.weight_kg)
    ]
    if not pairs:
        return {}
    limits = _limits(wanted, pairs, used)
    if not limits:
        return _each_its_best(wanted, pairs, target)
    taken = _solve(wanted, pairs, limits, target)
    return {wanted[place].name: one for (place, one), yes in zip(pairs, taken, strict=True) if yes}


def _each_its_best(wanted: Sequence[Wanted], pairs: Sequence[tuple[int, Option]], target: float) -> dict[str, Option]:
    """Nothing is scarce: each takes what it would take alone."""
    found: dict[str, Option] = {}
    for place, one in pairs:
        name = wanted[place].name
        if name not in found or _rank(one, target) < _rank(found[name], target):
            found[name] = one
    return found


def _rank(one: Option, target: float) -> tuple[Any, ...]:
    return -min(one.chance, target), one.price, -one.chance, one.key[:2]


def _limits(
    wanted: Sequence[Wanted], pairs: Sequence[tuple[int, Option]], used: Mapping[Slot, Used]
) -> list[tuple[dict[int, float], float]]:
    """Rows (variable: how much it takes, how much there is) of the slots that could become too full."""
    by_slot: dict[Slot, list[int]] = defaultdict(list)
    for number, (_, one) in enumerate(pairs):
        by_slot[slot(one)].append(number)
    rows: list[tuple[dict[int, float], float]] = []
    for where, numbers in by_slot.items():
        card, before = pairs[numbers[0]][1].quote.card, used.get(where, Used())
        if card.capacity_parcels is not None:
            takes = {number: float(wanted[pairs[number][0]].parcels) for number in numbers}
            rows.append((takes, float(card.capacity_parcels - before.parcels)))
        if card.capacity_kg is not None:
            takes = {number: float(wanted[pairs[number][0]].weight_kg) for number in numbers}
            rows.append((takes, float(card.capacity_kg - before.weight_kg)))
    return [(takes, left) for takes, left in rows if sum(takes.values()) > left]


def _solve(
    wanted: Sequence[Wanted],
    pairs: Sequence[tuple[int, Option]],
    limits: Sequence[tuple[dict[int, float], float]],
    target: float,
) -> list[bool]:
    import highspy

    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("time_limit", _TIME_LIMIT_S)
    taken = [solver.addBinary() for _ in pairs]
    of_shipment: dict[int, list[Any]] = defaultdict(list)
    for (place, _), variable in zip(pairs, taken, strict=True):
        of_shipment[place].append(variable)
    for variables in of_shipment.values():
        solver.addConstr(sum(variables) <= 1)
    for takes, left in limits:
        solver.addConstr(sum(much * taken[number] for number, much in takes.items()) <= left)
    sent = sum(taken)
    in_time = sum(min(one.chance, target) * variable for (_, one), variable in zip(pairs, taken, strict=True))
    cost = sum(float(one.price) * variable for (_, one), variable in zip(pairs, taken, strict=True))
    # What one stage reached, the next may not give up.
    for stage in (sent, in_time):
        solver.maximize(stage)
        _require_solved(solver, highspy)
        solver.addConstr(stage >= solver.getInfo().objective_function_value - _NEARLY)
    solver.minimize(cost)
    _require_solved(solver, highspy)
    return [bool(round(one)) for one in solver.vals(taken)]


def _require_solved(solver: Any, highspy: Any) -> None:
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise Unavailable("Sharing out what carriers take along took too long. Choose for some shipments by hand.")
