"""What the boosted model's forecast is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.boosting.features import Table, table
from shelfwise.demand.boosting.ground import Ground
from shelfwise.demand.boosting.model import Learnt
from shelfwise.demand.boosting.rows import every
from shelfwise.demand.boosting.told import Told
from shelfwise.demand.boosting.trees import Ensemble
from shelfwise.demand.explaining.groups import ALIKE, by_group, chosen, given_back, players, unusual
from shelfwise.demand.explaining.model import GROUPS, Group
from shelfwise.demand.explaining.shapley import shares
from shelfwise.demand.model import Flags, Floats
from shelfwise.demand.panel import Panel

CHUNK = 1000
LEVEL = GROUPS.index(Group.LEVEL)


@dataclass(frozen=True, eq=False)
class Parts:
    """What some series' forecast is made of.

    Attributes:
        amounts: shape (series, ahead, groups), NaN where the method says nothing.
        base: shape (series, ahead): what the level alone lets expect; part of the group `LEVEL`.
        unusual: by column, where it is out of the ordinary: shape (series, ahead).
        groups: of these columns.
    """

    amounts: Floats
    base: Floats
    unusual: dict[str, Flags]
    groups: dict[str, Group]


def boosted_parts(panel: Panel, learnt: Learnt, series: NDArray[np.int64], given: Mapping[str, Group]) -> Parts:
    """Of some series of the panel that was learnt, or of a later one."""
    ground = Ground(panel)
    told = [Told(one, ground, learnt.kinds[one.name]) for one in panel.columns if one.name in learnt.kinds]
    groups = chosen(panel.columns, learnt.kinds, given)
    amounts = np.empty((len(series), panel.ahead, len(GROUPS)))
    base = np.empty((len(series), panel.ahead))
    out_of: dict[str, Flags] = {}
    for start in range(0, len(series), CHUNK):
        some = series[start : start + CHUNK].astype(np.int32)
        seen = table(ground, told, every(some, panel.periods, panel.ahead))
        flags = unusual(seen, learnt.kinds)
        made, alone = _amounts(learnt.ensemble, seen, players(seen, groups))
        alike = given_back(made[:, ALIKE], by_group(flags, groups, len(made)), ground.rhythm.cycle)
        part, shape = slice(start, start + CHUNK), (len(some), panel.ahead)
        amounts[part] = (made[:, :ALIKE] + alike).reshape(*shape, len(GROUPS))
        base[part] = alone.reshape(shape)
        for name, each in flags.items():
            out_of.setdefault(name, np.zeros((len(series), panel.ahead), np.bool_))[part] = each.reshape(shape)
    return Parts(amounts, base, out_of, groups)


def _amounts(ensemble: Ensemble, seen: Table, player: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """(by row and player, in units of the item and with the base in the level; the base), the mean of all trees."""
    rows = len(seen.values)
    amounts, base = np.zeros((rows, ALIKE + 1)), np.zeros(rows)
    for _, booster, factor in ensemble.boosters:
        split = shares(booster, seen.values, player, ALIKE + 1)
        alone, added = _unlinked(split.base, split.added)
        amounts += factor * added
        amounts[:, LEVEL] += factor * alone
        base += factor * alone
    per_unit = seen.level / len(ensemble.boosters)
    return amounts * per_unit[:, None], base * per_unit


def _unlinked(base: float, added: Floats) -> tuple[float, Floats]:
    """Amounts of what was added to a logarithm: each gets its share of the change, by the logarithmic mean.

    Trees of Poisson's and of tweedie's loss add up to the logarithm of what they expect. The mean leaves no remainder,
    and does not depend on the order in which the parts are looked at (Ang 2004).
    """
    change = added.sum(axis=1)
    alone = float(np.exp(base))
    still = np.abs(change) < 1e-9
    mean = np.where(still, alone, alone * np.expm1(change) / np.where(still, 1.0, change))
    return alone, added * mean[:, None]
