"""Learning a supplier's lead time from what it says and from what arrived when. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from shelfwise.planning.model import Floats, LeadTime

STATED_COUNTS_AS = 2.0
SPREAD_COUNTS_AS = 6.0
PRIOR_SPREAD = 0.2
SHORTEST_DAYS = 0.25
AT_MOST_TIMES = 4.0
SAMPLES = 1000


def learn(stated: float, observed: Sequence[float]) -> LeadTime:
    """The distribution of the next order's lead time.

    Logarithms of lead times are taken as normal with unknown mean and variance, with the conjugate
    normal-inverse-gamma prior (Gelman et al. 2013, Bayesian Data Analysis, 3rd ed., section 3.3): the stated
    lead time counts as two observed ones, and a spread of a fifth of it as six. The next order's logarithm
    then follows a Student t distribution; it is cut off at four times the longest lead time stated or seen.

    Args:
        stated: the supplier's own figure in days, not negative.
        observed: days from order to receipt, in any order; shorter than six hours counts as six hours.
    """
    logs = [math.log(max(days, SHORTEST_DAYS)) for days in observed]
    number = len(logs)
    prior_mean = math.log(max(stated, SHORTEST_DAYS))
    mean = sum(logs) / number if number else prior_mean
    weight = STATED_COUNTS_AS + number
    centre = (STATED_COUNTS_AS * prior_mean + number * mean) / weight
    freedom = SPREAD_COUNTS_AS + number
    squares = (
        SPREAD_COUNTS_AS * PRIOR_SPREAD**2
        + sum((value - mean) ** 2 for value in logs)
        + STATED_COUNTS_AS * number / weight * (mean - prior_mean) ** 2
    )
    scale = math.sqrt(squares / freedom * (1 + 1 / weight))
    longest = AT_MOST_TIMES * max([stated, SHORTEST_DAYS, *observed])
    days = np.exp(centre + scale * _student(freedom))
    return LeadTime(stated, number, np.clip(days, SHORTEST_DAYS, longest))


@lru_cache(maxsize=512)
def _student(freedom: float) -> Floats:
    """A fixed ascending sample, symmetric about zero, so that the same receipts always teach the same."""
    half = np.abs(np.random.default_rng(2013).standard_t(freedom, SAMPLES // 2))
    return np.sort(np.concatenate((-half, half)))
