"""Fair shares of what is scarce: everybody who takes runs out with the same probability. Pure.

Filling like water: what there is goes to whoever is likeliest to run out, until that one is no worse off than the next,
and so on. Where every unit earns the same this is also what leaves the fewest units short (the newsvendor's condition:
at the optimum the next unit is worth the same everywhere).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from shelfwise.planning.model import Floats
from shelfwise.planning.sharing.paths import NOISE


def needed(spare: Floats, cases: int, step: float) -> float:
    """The fewest whole steps with which at most so many cases run out.

    Args:
        spare: what is left in each case without them, ascending; negative: missing.
    """
    return max(math.ceil(-float(spare[min(cases, len(spare) - 1)]) / step - NOISE), 0) * step


def common_cases(spares: Sequence[Floats], allowed: int) -> int:
    """In how many cases each has to run out if all that there is were shared out freely: `allowed`, or more where that
    is too little."""
    total = np.sum(spares, axis=0)
    enough = np.flatnonzero(total >= -NOISE)
    least = int(enough[0]) if len(enough) else len(total) - 1
    return max(allowed, least)


def fair_shares(spares: Sequence[Floats], stock: float, step: float, allowed: int, first: int = 0) -> list[float]:
    """What each gets of the stock, in whole steps: what it needs to run out in at most `allowed` cases, or, where that
    is more than there is, so much that all run out equally often.

    Args:
        spares: for each what is left in each case without a share, ascending; all of the same length.
        first: who gets a last step for which several are equally in need; give another one each day.
    """
    if not spares:
        return []
    low, high = allowed, len(spares[0]) - 1
    while low < high:
        middle = (low + high) // 2
        if sum(needed(one, middle, step) for one in spares) <= stock + NOISE:
            high = middle
        else:
            low = middle + 1
    shares = [needed(one, low, step) for one in spares]
    if (wanted := sum(shares)) > stock + NOISE:
        # Not even the best case goes well: all lack the same part of what they need then.
        shares = [math.floor(one * stock / wanted / step + NOISE) * step for one in shares]
        return _handed_out(shares, [needed(one, low, step) for one in spares], spares, stock, step, first)
    if low > allowed:
        # Too little for all to be one case better off: the steps that are left go to those worst off now.
        return _handed_out(shares, [needed(one, low - 1, step) for one in spares], spares, stock, step, first)
    return shares


def _handed_out(
    shares: Sequence[float], most: Sequence[float], spares: Sequence[Floats], stock: float, step: float, first: int
) -> list[float]:
    """The shares, and what is left of the stock to those likeliest to run out, none more than its most."""
    result, left = list(shares), stock - sum(shares)
    in_turn = sorted(range(len(result)), key=lambda n: (-risk_with(spares[n], result[n]), (n - first) % len(result)))
    for place in in_turn:
        more = max(min(most[place] - result[place], math.floor(left / step + NOISE) * step), 0.0)
        result[place] += more
        left -= more
    return result


def risk_with(spare: Floats, share: float) -> float:
    """The probability of running out with so much more, or (negative) less."""
    return float((spare + share < -NOISE).mean())
