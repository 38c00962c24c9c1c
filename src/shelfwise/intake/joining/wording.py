"""How two standard names differ: spelling, joined words, abbreviations, renames, words too many, other words. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shelfwise.intake.joining.names import COLOURS, Name, apart, edits, shortened

SHORTEST_JOINED = 6
"""A shorter word is no two words written together."""

Swap = tuple[tuple[str, ...], tuple[str, ...]]
"""Words of one name and what stands for them in the other; the smaller first."""


class Words:
    """The words of one tenant's names: how common each is, and which are written together here and apart there.

    Attributes:
        names: how many names there are.
        common: how many of them have a word.
    """

    def __init__(self, names: Sequence[Name]) -> None:
        self.names = len(names)
        whole = {word for name in names for word in name.words if len(word) >= SHORTEST_JOINED}
        beside = {pair for name in names for pair in zip(name.words, name.words[1:], strict=False)}
        known = {pair for pair in beside if "".join(pair) in whole}
        self._together = {pair for pair in known if not COLOURS & set(pair)}
        self._apart = {"".join(pair): pair for pair in known - self._together}
        self.common: Counter[str] = Counter()
        for name in names:
            self.common.update(set(self.joined(name).words))
        self._rarity = {word: math.log2((self.names + 1) / often) for word, often in self.common.items()}

    def joined(self, name: Name) -> Name:
        """A name with those words written together that others write together: 'retro spot' as 'retrospot'.

        But for colours, which tell things apart: 'redwhite' as 'red white'.
        """
        words: list[str] = []
        for word in name.words:
            if words and (words[-1], word) in self._together:
                words[-1] += word
            else:
                words += self._apart.get(word, (word,))
        return Name(tuple(words), name.measures)

    def rarity(self, word: str) -> float:
        """Bits of news in a word: 0 where every name has it."""
        return self._rarity.get(word, math.log2(2 * self.names + 2))


@dataclass(frozen=True)
class Difference:
    """What is left when two names are laid over each other.

    Attributes:
        shared: the words both have.
        spelled, shortened: pairs of writings taken for one word.
        left, right: the words that only one of them has.
        alike: share of the names' news that both have, 0 to 1.
    """

    shared: tuple[str, ...]
    spelled: tuple[tuple[str, str], ...]
    shortened: tuple[tuple[str, str], ...]
    left: tuple[str, ...]
    right: tuple[str, ...]
    alike: float

    @property
    def rest(self) -> tuple[str, ...]:
        """What both names say, in one order."""
        return tuple(sorted([*self.shared, *(max(pair) for pair in (*self.spelled, *self.shortened))]))

    @property
    def swap(self) -> Swap:
        one, other = tuple(sorted(self.left)), tuple(sorted(self.right))
        return (one, other) if one <= other else (other, one)


def difference(one: Name, other: Name, words: Words) -> Difference:
    """Lay two names over each other."""
    left, right = apart(one.words, other.words)
    shared = list(one.words)
    for word in left:
        shared.remove(word)
    if not left and not right:
        return Difference(tuple(shared), (), (), (), (), 1.0)
    spelled = _paired(left, right, lambda a, b: _misspelled(a, b, words))
    short = _paired(left, right, lambda a, b: a[0] == b[0] and (shortened(a, b) or shortened(b, a)))
    news = sum(map(words.rarity, shared)) + sum(max(words.rarity(b) for b in pair) for pair in (*spelled, *short))
    lost = sum(map(words.rarity, left)) + sum(map(words.rarity, right))
    alike = 2 * news / (2 * news + lost) if news + lost else 0.0
    return Difference(tuple(shared), tuple(spelled), tuple(short), tuple(left), tuple(right), alike)


def _paired(left: list[str], right: list[str], same: Callable[[str, str], bool]) -> list[tuple[str, str]]:
    found = []
    for word in list(left):
        match = next((other for other in right if same(word, other)), None)
        if match is not None:
            left.remove(word)
            right.remove(match)
            found.append((word, match))
    return found


COMMON = 5
"""A word that this many names have is a word of its own and no slip of the pen."""


def _misspelled(one: str, other: str, words: Words) -> bool:
    if abs(len(one) - len(other)) > 2:  # asked of every pair of words: what is cheap comes first
        return False
    if min(len(one), len(other)) < 4 or one.isdigit() or other.isdigit():
        return False
    if min(words.common[one], words.common[other]) >= COMMON:
        return False
    most = 2 if min(len(one), len(other)) >= 7 else 1
    if abs(len(one) - len(other)) > most or not {one[0], one[1]} & {other[0], other[1]}:
        return False
    return edits(one, other, most) <= most
