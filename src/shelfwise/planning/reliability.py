"""How far a supplier can be relied on: what never comes, what comes short, and what comes late. Pure.

Each chance is a Beta posterior. What other items of a supplier did is believed of this one, too, as if it were a few
orders of its own (a Beta prior around the supplier's mean); what this item did counts in full.

Nobody says that an order will never come. Of one that has not come by now, the chance that it never will is, by Bayes'
rule, l / (l + (1 - l) P(lead time > age)), with l the supplier's own share of lost orders: next to nothing while it is
not due, and near certain when it is overdue far beyond anything ever seen. What is lost by such a chance counts as lost
to that extent (Dempster, Laird and Rubin 1977).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

ROUNDS = 25
SUPPLIER_COUNTS_AS = 8.0
"""Orders of an item that all else its supplier did is worth."""
LOST, SHORT, LATE = (0.05, 3.95), (0.25, 4.75), (1.0, 4.0)
"""Before anything is seen: so many orders that were lost, came short or late, and so many others."""
HALF_CAME = (0.5, 1.0)
"""Before anything came short: the share that came, and the orders that this is worth."""
_DRAWN = 2000


@dataclass(frozen=True)
class Sent:
    """A line of an order that left, as it stands.

    Attributes:
        age: days since it left.
        share: how much of what was ordered has come, 0 to 1.
        finished: nothing more of it is expected.
        on_time: it came by the day it was expected on; None: that day has not passed.
    """

    item_id: int
    age: float
    share: float
    finished: bool
    on_time: bool | None = None

    @property
    def outstanding(self) -> bool:
        """Nothing of it has come, and it is expected."""
        return not self.finished and self.share <= 0


@dataclass(frozen=True)
class Chance:
    """A Beta posterior.

    Attributes:
        happened, others: orders that it happened to and that it did not, those believed beforehand with them.
        seen: orders of the supplier that it was learned from; `own`: of them, those of the item.
    """

    happened: float
    others: float
    seen: int
    own: int

    @property
    def mean(self) -> float:
        return self.happened / (self.happened + self.others)

    def besides(self, extent: float) -> float:
        """The mean without one order, to which it happened to such an extent."""
        rest = self.happened + self.others - 1
        return max(self.happened - extent, 0.0) / rest if rest > 0 else self.mean

    @property
    def interval(self) -> tuple[float, float]:
        """In which it lies with 80%."""
        return _interval(round(self.happened, 3), round(self.others, 3))


@dataclass(frozen=True)
class Reliability:
    """What is believed of the next order of an item from a supplier.

    Attributes:
        lost: that it never comes.
        short: of one that comes, that less comes than was ordered.
        share_when_short: how much of it comes then.
        late: that it comes after the day it is expected on.
    """

    lost: Chance
    short: Chance
    share_when_short: float
    late: Chance

    @property
    def fill(self) -> float:
        """The share of what is ordered that comes in the end."""
        return (1 - self.lost.mean) * (1 - self.short.mean * (1 - self.share_when_short))


def learn(sent: Sequence[Sent], items: Iterable[int], later: Callable[[int, float], float]) -> dict[int, Reliability]:
    """What a supplier's orders teach of each of its items.

    Args:
        sent: all its orders' lines.
        items: those asked about; what was never ordered is believed to be as the others.
        later: P(lead time > days) of an item's orders that do come.
    """
    came = [one for one in sent if one.finished and one.share > 0]
    lost = _Counted(_lost(sent, later), LOST)
    short = _Counted([(one.item_id, float(one.share < 1)) for one in came], SHORT)
    late = _Counted([(one.item_id, float(not one.on_time)) for one in sent if one.on_time is not None], LATE)
    shares = [one.share for one in came if one.share < 1]
    share = (HALF_CAME[0] + sum(shares)) / (HALF_CAME[1] + len(shares))
    return {item: Reliability(lost.of(item), short.of(item), share, late.of(item)) for item in items}


def never(lost: float, later: float) -> float:
    """The chance that an order which has not come never will.

    Args:
        lost: the share of orders that never come.
        later: P(lead time > its age) of one that does.
    """
    return lost / (lost + (1 - lost) * later) if lost > 0 else 0.0


def _lost(sent: Sequence[Sent], later: Callable[[int, float], float]) -> list[tuple[int, float]]:
    """(item, to what extent it is lost) of each order, so that both explain each other."""
    known = [(one.item_id, float(one.share <= 0)) for one in sent if not one.outstanding]
    still = [(one.item_id, later(one.item_id, one.age)) for one in sent if one.outstanding]
    gone = LOST[0] + sum(extent for _, extent in known)
    extents = [0.0] * len(still)
    for _ in range(ROUNDS if still else 0):
        # Each by what the others say: its own being late must not make it more probable that it is lost.
        total, others = gone + sum(extents), sum(LOST) + len(sent) - 1
        extents = [never((total - own) / others, chance) for own, (_, chance) in zip(extents, still, strict=True)]
    return known + [(item, extent) for extent, (item, _) in zip(extents, still, strict=True)]


class _Counted:
    """To what extent something happened to a supplier's orders, in all and for each item."""

    def __init__(self, found: Sequence[tuple[int, float]], before: tuple[float, float]) -> None:
        self._before = before
        self._seen, self._happened = len(found), sum(extent for _, extent in found)
        self._own: dict[int, tuple[int, float]] = {}
        for item, extent in found:
            count, happened = self._own.get(item, (0, 0.0))
            self._own[item] = count + 1, happened + extent

    def of(self, item: int) -> Chance:
        """The posterior of one item, with its supplier's other items as its prior."""
        count, own = self._own.get(item, (0, 0.0))
        happened = self._before[0] + self._happened - own
        others = self._before[1] + self._seen - count - (self._happened - own)
        worth = min(SUPPLIER_COUNTS_AS / (happened + others), 1.0)
        return Chance(happened * worth + own, others * worth + count - own, self._seen, count)


@lru_cache(maxsize=4096)
def _interval(happened: float, others: float) -> tuple[float, float]:
    """From a fixed sample, so that the same orders always teach the same."""
    low, high = np.quantile(np.random.default_rng(2013).beta(happened, others, _DRAWN), (0.1, 0.9))
    return float(low), float(high)
