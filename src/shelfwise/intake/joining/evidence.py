"""What speaks for two records being the same thing, and what against, each finding with its weight in bits. Pure.

The weights were estimated as log2(share among pairs that are the same / share among pairs that are not) on half of the
stock codes of a year of a wholesaler's sales, and rounded; `benchmarks/intake.py` measures them on the other half.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shelfwise.intake.joining.learning import Learned
from shelfwise.intake.joining.model import SEEN_OFTEN, Evidence, Meeting, Record
from shelfwise.intake.joining.names import COLOURS, Name, apart
from shelfwise.intake.joining.wording import Difference

TOGETHER = {1: -6.0, 2: -10.0, 3: -18.0}
"""Bits by the number of orders that hold both; of the 384 pairs of the first half that were the same, none was ever
ordered together."""


@dataclass(frozen=True)
class Wording:
    """A way in which two names differ, and what it makes of the other findings.

    Attributes:
        words: bits for differing in this way, at a likeness of `middle`; `steep` more for a likeness of 1 more.
        prices: bits for the same usual price, for one that both had at times, and for none.
        nearness: bits where both, one, or neither of the names has a nearer one.
    """

    words: float
    prices: tuple[float, float, float]
    nearness: tuple[float, float, float] = (0, 0, 0)
    middle: float = 0
    steep: float = 0


SAME = Wording(10.5, (2.5, 0, -1))
LONGER = Wording(5, (7, 1, -3.5), middle=0.8, steep=5)
RENAMED = Wording(8.5, (2.5, 0.5, -6))
PARTLY_RENAMED = Wording(4, (2.5, -0.5, -5), (-5, -3, 3.5))
OTHER = Wording(-0.5, (2.5, 0, -4), (-3, 0, 2), middle=0.65, steep=16)
VARIANT = Wording(-6, (2.5, 0, -4), (-3, 0, 2), middle=0.5, steep=6)


def codes(one: Record, other: Record) -> list[Evidence]:
    found = [Evidence(f"Both carry {code}.", 24) for code in sorted(one.codes & other.codes)]
    for what, value in one.attributes.items():
        theirs = other.attributes.get(what)
        if theirs and theirs != value:
            found.append(Evidence(f"Their {what} differs: {value} and {theirs}.", -3))
    return found


def wording(differs: Difference, learned: Learned) -> tuple[Wording, list[Evidence]]:
    found = [Evidence(f"'{one}' and '{other}' differ by a letter or two.", -0.5) for one, other in differs.spelled]
    found += [Evidence(f"'{a}' and '{b}' may be short and long for one word.", -1) for a, b in differs.shortened]
    left, right = list(differs.left), list(differs.right)
    how, words = SAME, "They have the same words, in whatever order."
    renamed = learned.renamed(left, right)
    varying = next(((a, b) for a in left for b in right if learned.vary(a, b)), None)
    if varying:
        how, words = VARIANT, f"'{varying[0]}' and '{varying[1]}' tell things apart that are sold side by side."
    elif renamed:
        before, after = renamed.before, renamed.after
        left, right = apart(left, before)[0], apart(right, after)[0]
        how = PARTLY_RENAMED if left or right else RENAMED
        words = f"'{' '.join(before) or 'nothing'}' became '{' '.join(after) or 'nothing'}'"
        words += f" in {renamed.followed} of {renamed.seen} names"
        words += f"; besides, one says '{' '.join(left + right)}'." if left or right else " that differ so."
    elif left and right:
        how, words = OTHER, f"One says '{' '.join(left)}', the other '{' '.join(right)}'."
    elif left or right:
        how, words = LONGER, f"One says '{' '.join(left or right)}' too, and all the rest is the same."
    return how, [*found, Evidence(words, round(how.words + (differs.alike - how.middle) * how.steep, 1))]


def nearness(how: Wording, differs: Difference, nearest: Sequence[float]) -> list[Evidence]:
    """Of names that say different things, those that have no nearer one are likelier to mean the same."""
    sides = sum(differs.alike >= best for best in nearest)
    words = ("Both have", "One of them has", "Neither has")[sides]
    bits = how.nearness[sides]
    return [Evidence(f"{words} a nearer name that is not sold beside it.", bits)] if any(how.nearness) else []


def order(one: Name, other: Name) -> list[Evidence]:
    """Red with white dots is not white with red dots."""
    mine, theirs = ([word for word in name.words if word in COLOURS] for name in (one, other))
    if mine == theirs or sorted(mine) != sorted(theirs):
        return []
    return [Evidence(f"One says '{' '.join(mine)}', the other '{' '.join(theirs)}'.", -3)]


def measures(one: Record, other: Record) -> list[Evidence]:
    mine, theirs = one.name.measures - other.name.measures, other.name.measures - one.name.measures
    amounts = {amount for _, amount in mine} == {amount for _, amount in theirs}
    if not mine and not theirs:
        measured = one.name.measures
        return [Evidence(f"Both say {_said(measured)}.", 0.5)] if measured else []
    if amounts:
        return [Evidence(f"{_said(mine)} and {_said(theirs)} are the same number.", -1)]
    if mine and theirs:
        return [Evidence(f"One says {_said(mine)}, the other {_said(theirs)}.", -12)]
    bare = any(dimension == "number" for dimension, _ in mine or theirs)
    return [Evidence(f"Only one says {_said(mine or theirs)}.", -8 if bare else -3)]


def _said(measures: Iterable[tuple[str, float]]) -> str:
    return ", ".join(f"{dimension} {amount:g}" for dimension, amount in sorted(measures))


def prices(how: Wording, one: Record, other: Record, met: Meeting) -> list[Evidence]:
    away = met.price_apart
    if away is None:
        return []
    if away >= 0.1:
        words, bits = f"One costs {2**away:.1f} times the other.", how.prices[2] - (2 if away > 1.3 else 0)
    elif one.prices[0] == other.prices[0]:
        words, bits = "They cost the same.", how.prices[0]
    else:
        words, bits = "They were sold at the same price at times.", how.prices[1]
    return [Evidence(words, bits)]


def selling(met: Meeting) -> list[Evidence]:
    if met.together:
        orders = "1 order holds" if met.together == 1 else f"{met.together} orders hold"
        return [Evidence(f"{orders} both: whoever orders takes them for two things.", TOGETHER[min(met.together, 3)])]
    found = []
    if met.expected > 0.5:
        bits = round(min(0.7 * met.expected, 4), 1)
        found.append(Evidence(f"No order holds both, where chance alone would put {met.expected:.1f}.", bits))
    if met.one_followed_the_other:
        found.append(Evidence("One stopped selling as the other began.", 1.5))
    elif met.fewest >= SEEN_OFTEN:
        found.append(Evidence("They sold at the same time.", -0.5))
    return found
