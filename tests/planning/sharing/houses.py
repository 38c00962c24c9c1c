"""Sites that share an item, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from shelfwise.planning.model import Params, Snapshot
from shelfwise.planning.sharing.deciding import Move, decide
from shelfwise.planning.sharing.model import Heft, House
from shelfwise.records.lanes_model import Lane
from tests.planning.examples import NOON, TODAY, Case

EACH = Heft(11, Decimal(1))
FREE = Decimal(0)


def houses(*cases: Case, params: Params | None = None) -> list[House]:
    """Sites 1, 2, … with the same item."""
    return [
        House(number, f"Site {number}", Snapshot(number, NOON, TODAY, (case.item,)), params or Params())
        for number, case in enumerate(cases, 1)
    ]


def ways(many: int, days: float = 1.0, cost: str = "10", **known: object) -> list[Lane]:
    """A lane from each of so many sites to each other one."""
    lane = replace(Lane(1, 2, days, Decimal(cost)), **known)  # type: ignore[arg-type]
    numbers = range(1, many + 1)
    return [replace(lane, from_site_id=start, to_site_id=end) for start in numbers for end in numbers if start != end]


def moved(
    cases: Sequence[Case], lanes: Sequence[Lane] | None = None, heft: Heft = EACH, params: Params | None = None
) -> list[Move]:
    return decide(
        houses(*cases, params=params), ways(len(cases)) if lanes is None else lanes, {heft.item_id: heft}, [1]
    )


def amounts(moves: Sequence[Move]) -> Mapping[tuple[int, int], float]:
    return {one.ends: float(one.quantity) for one in moves}
