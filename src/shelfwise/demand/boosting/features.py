"""The table that the model sees: one row for each question, one column for each feature. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.boosting.alike import alike_features
from shelfwise.demand.boosting.calendar import calendar_features
from shelfwise.demand.boosting.ground import Ground
from shelfwise.demand.boosting.past import past_features
from shelfwise.demand.boosting.rows import Rows
from shelfwise.demand.boosting.told import Told, named
from shelfwise.demand.panel import Numbers

MANY = 300


@dataclass(frozen=True, eq=False)
class Table:
    """Features of rows.

    Attributes:
        names: of the features.
        values: shape (rows, features), NaN where unknown.
        level: shape (rows,): what demand is divided by.
        categories: the features whose numbers have no order.
    """

    names: tuple[str, ...]
    values: Numbers
    level: Numbers
    categories: tuple[str, ...]

    def pick(self, rows: NDArray[np.bool_]) -> Table:
        return replace(self, values=self.values[rows], level=self.level[rows])

    def plus(self, name: str, value: Numbers) -> Table:
        """With one more feature."""
        values = np.concatenate((self.values, value[:, None].astype(np.float32)), axis=1)
        return replace(self, names=(*self.names, name), values=values)

    def without(self, columns: Sequence[str]) -> Table:
        """Without the features that come from some columns of the panel."""
        prefixes = [named(one) for one in columns]
        kept = [not any(name == one or name.startswith(f"{one}: ") for one in prefixes) for name in self.names]
        names = tuple(name for name, stays in zip(self.names, kept, strict=True) if stays)
        categories = tuple(name for name in self.categories if name in names)
        return replace(self, names=names, values=self.values[:, np.array(kept)], categories=categories)


def table(ground: Ground, told: Sequence[Told], rows: Rows, *, remembered: bool = True) -> Table:
    """What is known at each row's origin, and nothing of later but what was told ahead.

    Args:
        remembered: with what was sold under like conditions, which comes from all columns together.
    """
    level = ground.level(rows)
    found = dict(past_features(ground, rows, level))
    found |= dict(calendar_features(ground.panel, rows))
    categories = []
    for name, codes in (("item", ground.item), ("location", ground.location)):
        if 1 < codes.max() + 1 <= min(MANY, len(codes) / 3):
            found[name] = codes[rows.series].astype(np.float32)
            categories.append(name)
    for one in told:
        found |= dict(one.features(ground, rows))
        if one.category:
            categories += [name for name in (one.name, f"{one.name}: before", f"{one.name}: after") if name in found]
    if remembered:
        found |= dict(alike_features(ground, told, rows, level))
    values = np.empty((len(rows), len(found)), np.float32)
    for number, value in enumerate(found.values()):
        values[:, number] = value
    return Table(tuple(found), values, level, tuple(categories))
