"""Which records are worth a closer look: those that share rare words, two words together, or a code. Pure.

Comparing each of 20,000 records with each other would be 200 million comparisons; blocks bring it to some ten a record.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

from shelfwise.intake.joining.model import Record
from shelfwise.intake.joining.names import Name
from shelfwise.intake.joining.wording import Words

LARGEST_BLOCK = 60
"""What more records than this have in common says too little to look at each pair of them."""

SHARED_AT_LEAST = 0.2
"""Share of the news of both names that they must have in common, before spelling is forgiven."""

STEM = 5

Pair = tuple[int, int]
"""Places in the list of records, the smaller first."""


def candidates(records: Sequence[Record], names: Sequence[Name], words: Words) -> list[Pair]:
    """Pairs worth judging, in order."""
    blocks: dict[str, list[int]] = defaultdict(list)
    coded: dict[str, list[int]] = defaultdict(list)
    for place, record in enumerate(records):
        for key in _keys(names[place]):
            blocks[key].append(place)
        for code in record.codes:
            coded[code].append(place)
    shared: set[Pair] = set()
    for block in blocks.values():
        if len(block) <= LARGEST_BLOCK:
            shared.update(combinations(block, 2))
    sets = [frozenset(name.words) for name in names]
    news = [sum(map(words.rarity, one)) for one in sets]
    near = {
        (one, other) for one, other in shared
        if 2 * sum(map(words.rarity, sets[one] & sets[other])) >= SHARED_AT_LEAST * (news[one] + news[other])
    }  # fmt: skip
    for block in coded.values():
        near.update(combinations(block, 2))
    return sorted(near)


def _keys(name: Name) -> Iterator[str]:
    words = sorted(set(name.words))
    yield from words
    yield from (f"{one} {other}" for one, other in combinations(words, 2))
    if len(words) <= 2:
        yield from (f"{word[:STEM]}.." for word in words if len(word) >= STEM)
