"""Records that are one thing, from judgements of pairs. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from shelfwise.intake.joining.candidates import Pair
from shelfwise.intake.joining.model import Judgement

SURE = 4.0
"""Bits from which a pair is joined: sixteen to one or more."""

AGAINST = -6.0
"""Bits below which two records keep their groups apart, however well others fit."""


def clusters(
    count: int, judged: Mapping[Pair, Judgement], judge: Callable[[Pair], Judgement], sure: float = SURE
) -> list[list[int]]:
    """Join the surest pairs first; two groups are joined only where no pair across them speaks clearly against.

    Args:
        count: how many records there are.
        judged: pairs looked at.
        judge: judges a pair that was not looked at yet.
        sure: bits from which a pair is joined.
    """
    group = list(range(count))
    members = {place: [place] for place in range(count)}
    for pair, found in sorted(judged.items(), key=lambda each: (-each[1].weight, each[0])):
        if found.weight < sure:
            break
        one, other = group[pair[0]], group[pair[1]]
        if one == other or _apart(members[one], members[other], judged, judge):
            continue
        for place in members[other]:
            group[place] = one
        members[one] += members.pop(other)
    return [sorted(each) for each in members.values()]


def _apart(
    left: list[int], right: list[int], judged: Mapping[Pair, Judgement], judge: Callable[[Pair], Judgement]
) -> bool:
    for one in left:
        for other in right:
            pair = (min(one, other), max(one, other))
            found = judged.get(pair) or judge(pair)
            if found.weight < AGAINST:
                return True
    return False
