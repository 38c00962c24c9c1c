"""What a policy costs where unserved demand is lost, and what the best of all policies would, exactly. Pure.

Only for small instances: the states are what is on hand and every order on its way. It is how near the policies are to
the optimum, and the yardstick that the simulator is held to.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shelfwise.core.errors import Fault, Invalid
from shelfwise.planning.model import Floats
from shelfwise.planning.policies.distributions import Demand
from shelfwise.planning.policies.model import Costs, Rule, Shelves

Ints = NDArray[np.int64]
AGREED = 1e-6
"""The cost of a period is known when its bounds are so near, as a share."""
TOO_MANY = 2_000_000


@dataclass(frozen=True, eq=False)
class LostSales:
    """One item, ordered every period, with a fixed lead time.

    A state has shape (max(lead_time, 1),): what is on hand with what is coming now, then what comes in one period, in
    two and so on.

    Attributes:
        lead_time: periods; 0: an order serves the demand of its own period.
    """

    demand: Demand
    costs: Costs
    lead_time: int

    def cost(self, rule: Rule) -> float:
        """What a period costs in the long run, when the shelf began empty.

        Raises:
            Invalid: the rule reaches too many states.
        """
        states, orders = self._reached(rule)
        keys = _keys(states)
        sorted_by = np.argsort(keys)
        states, orders, keys = states[:, sorted_by], orders[sorted_by], keys[sorted_by]
        following = np.searchsorted(keys, _keys(self._next(states, orders)))
        charged = self._charged(states, orders)
        values = np.zeros(len(keys))
        while True:
            renewed = charged + values[following] @ self.demand.chances
            moved = renewed - values
            if moved.max() - moved.min() <= AGREED * abs(moved.max()):
                return float(moved.max() + moved.min()) / 2
            values = _onward(values, renewed)

    def optimum(self, most_ordered: int, most_on_hand: int) -> float:
        """What a period costs under the best of all policies, by value iteration (Puterman 1994, section 8.5).

        Args:
            most_ordered, most_on_hand: no best policy orders more at once, or more when so much lies there; too small
                a limit gives too high a cost.
        """
        ages = self.lead_time - 1
        axes = [range(most_on_hand + 1), *[range(most_ordered + 1)] * max(ages, 0)]
        states = np.array(list(product(*axes)), np.int64).T
        sizes = np.array([len(axis) for axis in axes])
        following = []
        for order in range(most_ordered + 1):
            after = self._next(states, np.full(states.shape[1], order))
            after[0] = np.minimum(after[0], most_on_hand)
            following.append(np.ravel_multi_index(tuple(after), tuple(sizes)))
        charges = [self._charged(states, np.full(states.shape[1], order)) for order in range(most_ordered + 1)]
        values = np.zeros(states.shape[1])
        while True:
            renewed = np.full(len(values), np.inf)
            for after, charged in zip(following, charges, strict=True):
                renewed = np.minimum(renewed, charged + values[after] @ self.demand.chances)
            moved = renewed - values
            if moved.max() - moved.min() <= AGREED * abs(moved.max()):
                return float(moved.max() + moved.min()) / 2
            values = _onward(values, renewed)

    def _reached(self, rule: Rule) -> tuple[Ints, Ints]:
        fresh = np.zeros((max(self.lead_time, 1), 1), np.int64)
        known = _keys(fresh)
        states, orders = [], []
        while fresh.shape[1]:
            wanted = np.rint(rule.quantities(self._shelves(fresh))).astype(np.int64)
            states.append(fresh)
            orders.append(wanted)
            after = self._next(fresh, wanted).reshape(len(fresh), -1)
            keys, first = np.unique(_keys(after), return_index=True)
            new = ~np.isin(keys, known, assume_unique=True)
            fresh, known = after[:, first[new]], np.union1d(known, keys)
            if len(known) > TOO_MANY:
                raise Invalid(Fault("lead_time", f"at most {TOO_MANY} states", f"more, with {rule}", "Simulate it."))
        return np.concatenate(states, axis=1), np.concatenate(orders)

    def _shelves(self, states: Ints) -> Shelves:
        pipeline = states[:0:-1].astype(np.float64)
        return Shelves(0, states[0].astype(np.float64), pipeline.sum(axis=0), pipeline)

    def _next(self, states: Ints, orders: Ints) -> Ints:
        """What follows for each demand, shape (components, states, demands)."""
        wanted = np.arange(len(self.demand.chances))
        if self.lead_time == 0:
            return _ints(np.maximum((states[0] + orders)[:, None] - wanted, 0)[None])
        left = np.maximum(states[0][:, None] - wanted, 0)
        moving = [*states[1:], orders]
        rest = [np.broadcast_to(one[:, None], left.shape) for one in moving[1:]]
        return _ints(np.stack([left + moving[0][:, None], *rest]))

    def _charged(self, states: Ints, orders: Ints) -> Floats:
        stock = states[0] + (orders if self.lead_time == 0 else 0)
        left = self.demand.expected_left(int(stock.max()))[stock]
        missed = self.demand.mean - stock + left
        charged: Floats = self.costs.holding * left + self.costs.shortage * missed + self.costs.order * (orders > 0)
        return charged


def _onward(values: Floats, renewed: Floats) -> Floats:
    """Most of a step; whole steps would swing for ever where states take turns."""
    moved: Floats = values + 0.9 * (renewed - values)
    moved -= moved[0]
    return moved


def _ints(values: NDArray[Any]) -> Ints:
    return values.astype(np.int64, copy=False)


def _keys(states: Ints) -> Ints:
    """One number for each state; components stay below 4,096."""
    keys = np.zeros(states.shape[1:], np.int64)
    for component in states:
        keys = (keys << 12) + component
    return keys
