"""Many series of demand on one time axis, with the columns that go with them: what methods forecast from. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.model import DemandHistory

Numbers = NDArray[np.float32]


class Frequency(StrEnum):
    """What one period of a panel is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, eq=False)
class Column:
    """One thing told beside the demand, such as a price, a promotion or a temperature.

    Attributes:
        name: as the file calls it.
        values: shape (series, periods + ahead), NaN where it was not told. A category is its index in `labels`. May be
            a view that repeats one row.
        labels: the names of a category, in order of first appearance; empty for numbers.
        ahead: True where its values after the last period of the history are told.
    """

    name: str
    values: Numbers
    labels: tuple[str, ...] = ()
    ahead: bool = False

    def until(self, origin: int, end: int) -> Column:
        """The column as it was told at the end of the first `origin` periods, up to period `end`."""
        if self.ahead:
            return replace(self, values=self.values[:, :end])
        known = np.full((len(self.values), end), np.nan, np.float32)
        known[:, :origin] = self.values[:, :origin]
        return replace(self, values=known)

    def of(self, series: NDArray[np.int64]) -> Numbers:
        """The values of some series; a view where one row speaks for all."""
        if self.values.strides[0] == 0:
            return np.broadcast_to(self.values[0], (len(series), self.values.shape[1]))
        return self.values[series]


@dataclass(frozen=True, eq=False)
class Panel:
    """Demand of many series, period by period.

    Attributes:
        keys: (item, location) of each series.
        frequency: what one period is.
        dates: the first day of each period of the history and then of those ahead; length periods + ahead.
        quantity: shape (series, periods), NaN where the demand is unknown: before a series begins, on closed days, and
            on days out of stock. Negative quantities (returns) have been netted or masked before.
        columns: what else is told.
        wanted: shape (series, ahead): which periods ahead are to be forecast; on the others it is closed.
    """

    keys: tuple[tuple[str, str], ...]
    frequency: Frequency
    dates: tuple[date, ...]
    quantity: Numbers
    columns: tuple[Column, ...]
    wanted: NDArray[np.bool_]

    @property
    def series(self) -> int:
        return len(self.keys)

    @property
    def periods(self) -> int:
        """How many periods are history."""
        return int(self.quantity.shape[1])

    @property
    def ahead(self) -> int:
        """How many periods after the history are forecast."""
        return int(self.wanted.shape[1])

    def at(self, origin: int, ahead: int) -> Panel:
        """What was known at the end of the first `origin` periods, with the `ahead` periods after them to forecast.

        Everything later is cut away, not hidden: whoever is handed this panel cannot look ahead. Of a column only what
        was told ahead stays. Wanted are the periods whose demand became known, so that every forecast can be scored;
        where the stretch reaches into the periods ahead of this panel, those wanted in it.
        """
        end = origin + ahead
        wanted = np.concatenate((~np.isnan(self.quantity), self.wanted), axis=1)[:, origin:end]
        return Panel(
            self.keys,
            self.frequency,
            self.dates[:end],
            self.quantity[:, :origin],
            tuple(column.until(origin, end) for column in self.columns),
            wanted,
        )

    def pick(self, series: Sequence[int] | NDArray[np.int64]) -> Panel:
        """The panel of some of its series, in the order given."""
        chosen = np.asarray(series, dtype=np.int64)
        return Panel(
            tuple(self.keys[one] for one in chosen),
            self.frequency,
            self.dates,
            self.quantity[chosen],
            tuple(replace(column, values=column.of(chosen)) for column in self.columns),
            self.wanted[chosen],
        )


def daily(origin: date, histories: Sequence[DemandHistory], ahead: int, keys: Sequence[tuple[str, str]]) -> Panel:
    """The panel of daily histories as they were known at the end of `origin`, all days ahead wanted.

    Days before the first of an item, and masked ones, are not known.

    Args:
        histories: at least one; what they hold of days after `origin` is left out.
        keys: of each history.
    """
    known = [max((origin - one.first_day).days + 1, 0) for one in histories]
    periods = max(*known, 1)
    quantity = np.full((len(histories), periods), np.nan, np.float32)
    for row, (one, days) in enumerate(zip(histories, known, strict=True)):
        seen = one.until(days)
        begin = periods - days
        quantity[row, begin : begin + seen.days] = np.where(seen.masked, np.nan, seen.quantity)
    first = origin - timedelta(days=periods - 1)
    return Panel(
        tuple(keys),
        Frequency.DAY,
        tuple(first + timedelta(days=day) for day in range(periods + ahead)),
        quantity,
        (),
        np.ones((len(histories), ahead), np.bool_),
    )


@dataclass(frozen=True, eq=False)
class Prediction:
    """What is expected of each series in each period ahead.

    Attributes:
        mean: shape (series, ahead); NaN where nothing is wanted or nothing can be said.
        quantiles: by probability, shape (series, ahead) each, not falling from one to the next.
        totals: by probability, the quantiles of the running total over the wanted periods up to each one.
        models: which method speaks, by series.
        paths: shape (paths, series, ahead) where they were asked for.
        notes: what a person should know of a series, by its index.
    """

    mean: Numbers
    quantiles: dict[float, Numbers]
    totals: dict[float, Numbers]
    models: tuple[str, ...]
    paths: Numbers | None
    notes: dict[int, str]
