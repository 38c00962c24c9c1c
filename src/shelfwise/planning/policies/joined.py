"""Several items of one supplier, who delivers only from some order value on. Pure."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shelfwise.planning.policies.model import ANY, NEARLY, Rounds


@dataclass(frozen=True)
class Line:
    """An item that the supplier sells.

    Attributes:
        position: on hand less owed plus in transit.
        reorder_point, order_up_to: its own s and S.
        rate: expected demand of a period.
        unit_cost: in the currency of the minimum.
        terms: packs and minimum of the item.
        breaks: (from so many on, cost of one), where it is then another.
    """

    position: float
    reorder_point: float
    order_up_to: float
    rate: float
    unit_cost: float
    terms: Rounds = ANY
    breaks: tuple[tuple[float, float], ...] = ()

    def value(self, ordered: float) -> float:
        """What so many cost together."""
        reached = [one for one in self.breaks if one[0] <= ordered + NEARLY]
        return ordered * (max(reached)[1] if reached else self.unit_cost)

    def cover(self, ordered: float) -> float:
        """Periods that the position lasts with this much more."""
        return max(self.position + ordered, 0.0) / self.rate if self.rate > 0 else math.inf


def join(lines: Sequence[Line], minimum: float, longest_cover: float) -> tuple[float, ...]:
    """What to order of each item together; nothing at all where no item is at its reorder point.

    Items at their reorder point are ordered as their own (s, S) says. Where that falls short of the minimum, packs are
    added to the item that will be needed first, again and again: held value costs the same for every item, so what is
    needed soonest costs least to hold (a can-order policy after Balintfy 1964, filled up by time to run out).

    Args:
        minimum: value of an order.
        longest_cover: an item is filled up no further than so many periods last; where the minimum cannot be reached
            within it, what is urgent is ordered all the same, and the supplier has to be asked.
    """
    ordered = [_own(line) for line in lines]
    if not any(ordered):
        return tuple(ordered)
    own = tuple(ordered)
    value = sum(line.value(quantity) for quantity, line in zip(ordered, lines, strict=True))
    waiting = [(line.cover(quantity), place) for place, (line, quantity) in enumerate(zip(lines, ordered, strict=True))]
    heapq.heapify(waiting)
    while value < minimum - NEARLY and waiting:
        _, place = heapq.heappop(waiting)
        line = lines[place]
        more = _more(line, ordered[place])
        if more <= ordered[place] or line.cover(more) > longest_cover:
            continue
        value += line.value(more) - line.value(ordered[place])
        ordered[place] = more
        heapq.heappush(waiting, (line.cover(more), place))
    return tuple(ordered) if value >= minimum - NEARLY else own


def _own(line: Line) -> float:
    low = line.position <= line.reorder_point + NEARLY
    return _rounded(line, line.order_up_to - line.position) if low else 0.0


def _more(line: Line, ordered: float) -> float:
    return _rounded(line, ordered + 1)


def _rounded(line: Line, quantity: float) -> float:
    return float(line.terms.rounded(np.array([quantity]))[0])
