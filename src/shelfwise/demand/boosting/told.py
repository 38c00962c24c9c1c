"""Features of what is told beside the demand: prices, promotions, events, weather, and what an item is. Pure.

What is told ahead is looked at in the period that is asked for and in its neighbours, never beyond the horizon. What
is not told ahead is known up to the origin alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.boosting.ground import Ground
from shelfwise.demand.boosting.past import Feature
from shelfwise.demand.boosting.rows import Rows
from shelfwise.demand.boosting.running import Indices, Running, grouped
from shelfwise.demand.panel import Column, Numbers

FAR = 15


@dataclass(frozen=True)
class Kind:
    """What sort of column it is, which is settled when the model learns: later panels give the same features.

    Attributes:
        static: it never changes for any series: what an item or a place is.
        flag: a category, or a number that takes two values at most.
        positive: a number that is never below zero, such as a price, and so is compared by ratio.
        around: other series of the same place are looked at too.
        usual: the most frequent value of a flag; -1 is none told.
        spread: of all its values.
    """

    static: bool
    flag: bool
    positive: bool
    around: bool
    usual: float
    spread: float


class Told:
    """One column, prepared.

    Attributes:
        shared: it is the same for all series, as a holiday is, and kept once.
    """

    def __init__(self, column: Column, ground: Ground, kind: Kind | None = None) -> None:
        values = column.values
        self.name, self.ahead, self.category = named(column.name), column.ahead, bool(column.labels)
        self.shared = bool(values.strides[0] == 0 or _same(values))
        if self.shared:
            values = values[:1]
        if self.category:
            values = np.where(np.isfinite(values), values, np.float32(-1))
        self.kind = kind or _kind(values, column, self.shared)
        self.running = Running(values)
        none = np.zeros((0, 0), np.int8)
        moving_flag = self.kind.flag and not self.kind.static
        self.next, self.last = _distances(values, self.kind.usual) if moving_flag else (none, none)
        self.around = None
        if self.kind.around:
            relative = self._relative_to_series(values) if self.kind.positive else values
            relative = np.broadcast_to(relative, (len(ground.location), values.shape[1]))
            self.around = Running(grouped(relative, ground.location, int(ground.location.max()) + 1))
        self._location = ground.location

    def row(self, series: Indices) -> Indices:
        return np.zeros_like(series) if self.shared else series

    def features(self, ground: Ground, rows: Rows) -> Iterator[Feature]:
        """What this column says; names begin with the column's own."""
        which = self.row(rows.series)
        if self.kind.static:
            yield self.name, self.running.values[which, np.minimum(_first(self.running.values)[which], rows.origin)]
        elif not self.ahead:
            yield from self._lagged(ground, rows, which)
        elif self.kind.flag:
            yield from self._flag(ground, rows, which)
        else:
            yield from self._number(ground, rows, which)
        if self.around is not None:
            yield f"{self.name}: around", self.around.at(self._location[rows.series], rows.period, _end(rows))

    def _lagged(self, ground: Ground, rows: Rows, which: Indices) -> Iterator[Feature]:
        origin, base = rows.origin, ground.rhythm.base
        recent = self.running.mean(which, origin - max(base // 4, 1), origin)
        yield f"{self.name}: lately", recent
        yield f"{self.name}: change", recent - self.running.mean(which, origin - ground.rhythm.year, origin)
        yield f"{self.name}: a year ago", self.running.at(which, rows.period - ground.rhythm.year, origin)

    def _flag(self, ground: Ground, rows: Rows, which: Indices) -> Iterator[Feature]:
        end = _end(rows)
        now = self.running.at(which, rows.period, end)
        yield self.name, now
        yield f"{self.name}: before", self.running.at(which, rows.period - 1, end)
        yield f"{self.name}: after", self.running.at(which, rows.period + 1, end)
        yield f"{self.name}: a year ago", self.running.at(which, rows.period - ground.rhythm.year, end)
        ahead = self.next[which, rows.period].astype(np.float32)
        yield f"{self.name}: until next", np.where(rows.period + ahead < end, ahead, FAR).astype(np.float32)
        yield f"{self.name}: since last", self.last[which, rows.period].astype(np.float32)
        if not self.category:
            yield f"{self.name}: share lately", self.running.mean(which, rows.origin - ground.rhythm.base, rows.origin)

    def _number(self, ground: Ground, rows: Rows, which: Indices) -> Iterator[Feature]:
        origin, end, base = rows.origin, _end(rows), ground.rhythm.base
        now = self.running.at(which, rows.period, end)
        yield self.name, now
        year = self.running.mean(which, origin - ground.rhythm.year, origin)
        for name, value in (
            ("", now),
            (" before", self.running.at(which, rows.period - 1, end)),
            (" after", self.running.at(which, rows.period + 1, end)),
            (" lately", self.running.mean(which, origin - base, origin)),
        ):
            yield f"{self.name}:{name} beside usual", _relative(value, year, self.kind.positive)
        yield (
            f"{self.name}: change",
            _relative(now, self.running.mean(which, origin - base, origin), self.kind.positive),
        )
        yield (
            f"{self.name}: a year ago",
            _relative(self.running.at(which, rows.period - ground.rhythm.year, end), year, self.kind.positive),
        )

    def _relative_to_series(self, values: Numbers) -> Numbers:
        """Beside the mean of all that came before, so that it holds nothing of later."""
        known = np.isfinite(values)
        sums = np.cumsum(np.where(known, values, 0), axis=1, dtype=np.float64)
        mean = np.divide(sums, np.cumsum(known, axis=1), out=np.ones(values.shape), where=sums > 0)
        relative: Numbers = (values / mean).astype(np.float32)
        return relative


def _kind(values: Numbers, column: Column, shared: bool) -> Kind:
    known = np.isfinite(values) & ((values != -1) | (not column.labels))
    kinds, counts = np.unique(values[known], return_counts=True) if known.any() else (np.zeros(1), np.ones(1))
    flag = bool(column.labels) or len(kinds) <= 2
    static = not shared and _never_changes(values)
    return Kind(
        static=static,
        flag=flag,
        positive=not flag and float(kinds.min()) >= 0,
        around=column.ahead and not static and not shared and not column.labels,
        usual=float(kinds[counts.argmax()]) if counts.max() * 2 > known.size else -1.0,
        spread=(float(values[known].std()) if known.any() else 0.0) or 1.0,
    )


def named(column: str) -> str:
    """What the features of a column begin with, so that one called as the model calls its own does no harm."""
    return f"told {column}"


def _relative(value: Numbers, usual: Numbers, positive: bool) -> Numbers:
    if not positive:
        return value - usual
    return np.divide(value, usual, out=np.full(len(value), np.nan, np.float32), where=usual > 0)


def _end(rows: Rows) -> Indices:
    return rows.origin + rows.horizon


def _first(values: Numbers) -> Indices:
    """The first period in which something is told."""
    known = np.isfinite(values) & (values != -1)
    first: Indices = known.argmax(axis=1).astype(np.int32)
    return first


def _same(values: Numbers) -> bool:
    for start in range(0, len(values), 256):
        some = values[start : start + 256]
        if not ((some == values[:1]) | (np.isnan(some) & np.isnan(values[:1]))).all():
            return False
    return True


def _never_changes(values: Numbers) -> bool:
    known = np.isfinite(values) & (values != -1)
    low = np.where(known, values, np.inf).min(axis=1)
    high = np.where(known, values, -np.inf).max(axis=1)
    return bool((low >= high).all())


def _distances(values: Numbers, usual: float) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Periods until the next and since the last unusual value, the period itself not counted; at most FAR."""
    unusual = np.isfinite(values) & (values != usual) & (values != -1)
    ahead: NDArray[np.int8] = np.full(values.shape, FAR, np.int8)
    behind: NDArray[np.int8] = np.full(values.shape, FAR, np.int8)
    for period in range(values.shape[1] - 2, -1, -1):
        ahead[:, period] = np.where(unusual[:, period + 1], 1, np.minimum(ahead[:, period + 1] + 1, FAR))
    for period in range(1, values.shape[1]):
        behind[:, period] = np.where(unusual[:, period - 1], 1, np.minimum(behind[:, period - 1] + 1, FAR))
    return ahead, behind
