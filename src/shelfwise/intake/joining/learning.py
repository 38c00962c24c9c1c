"""What the names of one tenant tell of words: which replaced which, and which tell things apart. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from shelfwise.intake.joining.model import SEEN_OFTEN, Meeting
from shelfwise.intake.joining.names import COLOURS
from shelfwise.intake.joining.wording import Difference, Swap

SIZES = frozenset("xs s m l xl xxl small medium large mini giant big left right links rechts".split())  # noqa: SIM905


@dataclass(frozen=True)
class Rename:
    """Words that became others, how often names were seen to differ so, and how often the one followed the other."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    seen: int
    followed: int


@dataclass(frozen=True)
class Learned:
    """What the swaps of words in the records themselves tell.

    Attributes:
        renames: swaps after which the one name sold no more: how often they were seen, and how often they were renames.
        variants: pairs of words whose things are sold together: other things.
    """

    renames: dict[Swap, tuple[int, int]]
    variants: frozenset[tuple[str, str]]

    def renamed(self, left: Sequence[str], right: Sequence[str]) -> Rename | None:
        """The largest rename among words that differ, where what is left besides stands on one side only."""
        best: Rename | None = None
        for one, other in self._within(left, right):
            for before, after in ((one, other), (other, one)):
                if not (set(before) <= set(left) and set(after) <= set(right)):
                    continue
                rest = len(left) - len(before), len(right) - len(after)
                whole = rest == (0, 0)
                if all(rest) or (not whole and not (before and after)):
                    continue
                if best is None or len(before) + len(after) > len(best.before) + len(best.after):
                    best = Rename(before, after, *self.renames[(one, other)])
        return best

    def _within(self, left: Sequence[str], right: Sequence[str]) -> Iterator[Swap]:
        swap = (tuple(sorted(left)), tuple(sorted(right)))
        for known in (swap, (swap[1], swap[0])):
            if known in self.renames:
                yield known
        for word in {*left, *right}:
            yield from self._by_word.get(word, ())

    @cached_property
    def _by_word(self) -> dict[str, list[Swap]]:
        found: dict[str, list[Swap]] = defaultdict(list)
        for swap in self.renames:
            for word in {*swap[0], *swap[1]}:
                found[word].append(swap)
        return found

    def vary(self, one: str, other: str) -> bool:
        known = any(one in kind and other in kind for kind in (COLOURS, SIZES))
        return known or (min(one, other), max(one, other)) in self.variants


def learn(looked: Iterable[tuple[Difference, Meeting]]) -> Learned:
    """Tell renames from variants: of a rename the one name ends as the other begins, wherever the words are swapped
    ('spotty' became 'retrospot'); variants are bought together ('red' and 'blue')."""
    seen: dict[Swap, dict[tuple[str, ...], Meeting]] = defaultdict(dict)
    for differs, met in looked:
        if differs.left or differs.right:
            known = seen[differs.swap].get(differs.rest)  # the same names once more are no further case
            if known is None or met.together > known.together:
                seen[differs.swap][differs.rest] = met
    renames, variants = {}, set()
    for swap, cases in seen.items():
        meetings = list(cases.values())
        if len(meetings) < SEEN_OFTEN:
            continue
        telling = [met for met in meetings if met.fewest >= SEEN_OFTEN or met.together]
        followed = sum(met.one_followed_the_other and (met.price_apart or 0) < 1.3 for met in telling)
        if followed >= max(SEEN_OFTEN, 0.7 * len(telling)):
            renames[swap] = (len(telling), followed)
        if len(swap[0]) == len(swap[1]) == 1 and sum(met.together > 0 for met in meetings) >= 0.3 * len(meetings):
            variants.add((swap[0][0], swap[1][0]))
    return Learned(renames, frozenset(variants))
