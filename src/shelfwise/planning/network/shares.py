"""Who gets how much when there is not enough for all: the same share of the need, or the same risk, for each. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import floor

import numpy as np
from numpy.typing import ArrayLike

from shelfwise.core.errors import Fault, Invalid
from shelfwise.planning.model import Floats
from shelfwise.planning.network.highs import Ints

STEPS = 100
"""Halvings that find a level to the last digit of a floating point number."""
TINY = 1e-9
"""Less than the noise of sums of floating point numbers."""


def fair_shares(available: float, needs: ArrayLike, has: ArrayLike = 0.0) -> tuple[int, ...]:
    """Whole units for each site so that all come to one share of their needs, as far as giving can make them.

    Water is filled up: a site that has more than that share already gets nothing, and those with the lowest share are
    raised together (the equal-fill rule; Jönsson and Silver 1987 show how near it is to the optimum). What is left of
    whole units goes where the share is then smallest; the first one of equal ones.

    Args:
        available: units to be given. What is more than all need stays.
        needs: of each site over the time ahead, zero or more.
        has: what each site has already.

    Raises:
        Invalid: a number that is not finite, or a need or what is available is negative.
    """
    wanted, there = _numbers(needs, has)
    wanted, there = wanted + np.maximum(-there, 0), np.maximum(there, 0)

    def levels(share: float) -> Floats:
        return np.asarray(wanted * share)

    return _filled(available, levels, lambda stock: stock / np.maximum(wanted, TINY), wanted, there)


def equal_risks(available: float, demands: Sequence[ArrayLike], has: ArrayLike = 0.0) -> tuple[int, ...]:
    """Whole units for each site so that all are equally likely to run out, as far as giving can make them.

    Args:
        available: units to be given. What is more than the greatest demand of all stays.
        demands: of each site, equally likely totals over the time ahead.
        has: what each site has already.

    Raises:
        Invalid: a site without demands, a number that is not finite, or what is available is negative.
    """
    samples = [np.sort(np.asarray(one, dtype=np.float64).ravel()) for one in demands]
    if not all(len(one) for one in samples):
        raise Invalid(Fault("demands", "at least one sample for each site", "none", "Leave the site out."))
    for one in samples:
        _numbers(one, 0.0)
    _, there = _numbers([one[-1] for one in samples], has)
    samples = [one + max(-float(stock), 0) for one, stock in zip(samples, there, strict=True)]
    there = np.maximum(there, 0)

    def levels(chance: float) -> Floats:
        return np.array([np.interp(chance * len(one), np.arange(len(one) + 1), [0.0, *one]) for one in samples])

    def chances(stock: Floats) -> Floats:
        places = [np.searchsorted(one, have, side="right") / len(one) for one, have in zip(samples, stock, strict=True)]
        return np.array(places)

    return _filled(available, levels, chances, np.array([one[-1] for one in samples]), there)


def _numbers(needs: ArrayLike, has: ArrayLike) -> tuple[Floats, Floats]:
    wanted = np.asarray(needs, dtype=np.float64).ravel()
    there = np.broadcast_to(np.asarray(has, dtype=np.float64), wanted.shape)
    if not (np.isfinite(wanted).all() and np.isfinite(there).all()) or (wanted < 0).any():
        raise Invalid(Fault("needs", "a number of zero or more for each site", repr(needs)[:100], "Correct them."))
    return wanted, there


def _filled(
    available: float,
    levels: Callable[[float], Floats],
    standing: Callable[[Floats], Floats],
    needs: Floats,
    has: Floats,
) -> tuple[int, ...]:
    """Fill up to the highest common level, then unit by unit where a site then stands lowest."""
    if not 0 <= available < np.inf:
        raise Invalid(Fault("available", "zero or more units", repr(available), "Correct it."))
    units = floor(available + TINY)
    missing = np.ceil(np.maximum(needs - has, 0) - TINY).astype(np.int64)
    if missing.sum() <= units:
        return tuple(missing.tolist())

    def given_at(level: float) -> Ints:
        wanted = np.ceil(np.maximum(levels(level) - has, 0) - TINY).astype(np.int64)
        return np.minimum(wanted, missing)

    low, high = 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if given_at(middle).sum() <= units else (low, middle)
    given = given_at(low)
    for _ in range(units - int(given.sum())):
        behind = np.where(given < missing, standing(has + given), np.inf)
        given[int(behind.argmin())] += 1
    return tuple(given.tolist())
