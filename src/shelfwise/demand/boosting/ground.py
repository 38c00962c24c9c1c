"""A panel prepared for many questions about its past, and the level by which each series is divided. Pure."""

from __future__ import annotations

import numpy as np

from shelfwise.demand.boosting.rhythm import RHYTHMS
from shelfwise.demand.boosting.rows import Rows
from shelfwise.demand.boosting.running import Indices, Running, grouped
from shelfwise.demand.panel import Numbers, Panel

LEAST = 0.02
"""No level is below this share of its location's mean, or a single sale after none would count for thousands."""


class Ground:
    """What features are computed from.

    Attributes:
        demand: each series' own.
        item, location: of each series, as an index.
        items, locations: the mean demand of an item over its locations, and of a location over its items.
        everything: the mean demand of all.
        first: the first period known of each series; the number of periods where none is.
    """

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self.rhythm = RHYTHMS[panel.frequency]
        self.demand = Running(panel.quantity)
        self.item, items = _codes([item for item, _ in panel.keys])
        self.location, locations = _codes([location for _, location in panel.keys])
        self.items = Running(grouped(panel.quantity, self.item, items))
        self.locations = Running(grouped(panel.quantity, self.location, locations))
        self.everything = Running(grouped(panel.quantity, np.zeros(panel.series, np.int32), 1))
        known = np.isfinite(panel.quantity)
        self.first = np.where(known.any(axis=1), known.argmax(axis=1), panel.periods).astype(np.int32)

    def level(self, rows: Rows) -> Numbers:
        """What a series sells in a period, by its recent past; what alike series sell as long as it has none.

        Never zero, so that it can be divided by: a series that has sold nothing gets a little of what others sell.
        """
        rhythm, origin = self.rhythm, rows.origin
        count = self.demand.count(rows.series, origin - rhythm.base, origin)
        recent = np.nan_to_num(self.demand.mean(rows.series, origin - rhythm.base, origin))
        year = np.nan_to_num(self.demand.mean(rows.series, origin - rhythm.year, origin))
        held = rhythm.base / 4
        own = (count * recent + held * year) / (count + held)
        seen = self.demand.count(rows.series, np.zeros_like(origin), origin)
        few = rhythm.base / 4
        strange = 1 / (1 + (seen / few) ** 2)
        level = (1 - strange) * own + strange * self.alike(rows)
        _, location, everywhere = self._relatives(rows)
        least = LEAST * np.minimum(location, everywhere) + 1e-6
        found: Numbers = np.maximum(level, least).astype(np.float32)
        return found

    def alike(self, rows: Rows) -> Numbers:
        """What this item at other places and other items at this place let expect, over the last year."""
        item, location, everywhere = self._relatives(rows)
        zero = np.zeros(len(rows), np.float32)
        product: Numbers = np.divide(item * location, everywhere, out=zero, where=everywhere > 0)
        return product

    def _relatives(self, rows: Rows) -> tuple[Numbers, Numbers, Numbers]:
        """The mean of the item, of the location and of all; that of all for what has just begun."""
        start = rows.origin - self.rhythm.year
        item = self.items.mean(self.item[rows.series], start, rows.origin)
        location = self.locations.mean(self.location[rows.series], start, rows.origin)
        nothing = np.zeros_like(rows.origin)
        everywhere = np.nan_to_num(self.everything.mean(nothing, start, rows.origin))
        return (
            np.where(np.isfinite(item), item, everywhere),
            np.where(np.isfinite(location), location, everywhere),
            everywhere,
        )


def _codes(names: list[str]) -> tuple[Indices, int]:
    known = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([known[name] for name in names], np.int32), len(known)
