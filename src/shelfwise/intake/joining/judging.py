"""Judge pairs of records by everything that is known of them. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from shelfwise.intake.joining import evidence
from shelfwise.intake.joining.candidates import Pair, candidates
from shelfwise.intake.joining.learning import Learned, learn
from shelfwise.intake.joining.model import Judgement, Meeting, Numbers, Record
from shelfwise.intake.joining.wording import Difference, Words, difference

PRIOR = -6.0
"""Of pairs that share words, about one in sixty is the same thing twice."""

ALIKE_AT_LEAST = 0.4


class Judge:
    """Looks at pairs of a fixed list of records.

    Args:
        records: all records of one tenant.
        orders: how many orders there were in all.
    """

    def __init__(self, records: Sequence[Record], orders: int) -> None:
        self.records = records
        self.orders = max(orders, 1)
        self.words = Words([record.name for record in records])
        self.names = [self.words.joined(record.name) for record in records]
        self._periods = [_middle(record.days) for record in records]
        self._differences: dict[Pair, Difference] = {}
        self._meetings: dict[Pair, Meeting] = {}
        self.learned = Learned({}, frozenset())
        self._nearest: dict[int, float] = defaultdict(float)

    def pairs(self, progress: Callable[[int, int], None] | None = None) -> dict[Pair, Judgement]:
        """Judge every pair worth it, after learning from all of them."""
        found = candidates(self.records, self.names, self.words)
        near = []
        for number, pair in enumerate(found):
            if self.differs(pair).alike >= ALIKE_AT_LEAST or self._share_a_code(pair):
                near.append(pair)
            if progress and number % 1000 == 0:
                progress(number, len(found))
        self.learned = learn((self.differs(pair), self.met(pair)) for pair in near if self._measures_agree(pair))
        for pair in near:
            differs = self.differs(pair)
            if differs.left and differs.right and not self.met(pair).together:
                for place in pair:
                    self._nearest[place] = max(self._nearest[place], differs.alike)
        return {pair: self.judge(pair) for pair in near}

    def differs(self, pair: Pair) -> Difference:
        if pair not in self._differences:
            self._differences[pair] = difference(self.names[pair[0]], self.names[pair[1]], self.words)
        return self._differences[pair]

    def met(self, pair: Pair) -> Meeting:
        if pair not in self._meetings:
            self._meetings[pair] = self._meeting(pair)
        return self._meetings[pair]

    def judge(self, pair: Pair) -> Judgement:
        """All that speaks for and against two records being the same thing, the weightiest first."""
        one, other = (self.records[place] for place in pair)
        differs, met = self.differs(pair), self.met(pair)
        how, said = evidence.wording(differs, self.learned)
        found = [
            *evidence.codes(one, other),
            *said,
            *evidence.nearness(how, differs, [self._nearest[place] for place in pair]),
            *evidence.order(*(self.names[place] for place in pair)),
            *evidence.measures(one, other),
            *evidence.prices(how, one, other, met),
            *evidence.selling(met),
        ]
        return Judgement(tuple(sorted(found, key=lambda each: -abs(each.weight))), PRIOR)

    def _share_a_code(self, pair: Pair) -> bool:
        return bool(self.records[pair[0]].codes & self.records[pair[1]].codes)

    def _measures_agree(self, pair: Pair) -> bool:
        return self.records[pair[0]].name.measures == self.records[pair[1]].name.measures

    def _meeting(self, pair: Pair) -> Meeting:
        one, other = (self.records[place] for place in pair)
        together = len(np.intersect1d(one.orders, other.orders, assume_unique=True))
        expected = len(one.orders) * len(other.orders) / self.orders
        mine, theirs = (self._periods[place] for place in pair)
        common = min(mine[1], theirs[1]) - max(mine[0], theirs[0])
        shorter = max(min(mine[1] - mine[0], theirs[1] - theirs[0]), 1.0)
        fewest = min(len(one.days), len(other.days))
        return Meeting(together, expected, common / shorter, fewest, one.price_apart(other))


def _middle(days: Numbers) -> tuple[float, float]:
    """The period in which the middle 90% of the selling days lie."""
    if len(days) == 0:
        return 0.0, 0.0
    low, high = np.quantile(days, (0.05, 0.95))
    return float(low), float(high)
