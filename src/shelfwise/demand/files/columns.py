"""What files tell beside the demand, spread over all series and periods."""

from __future__ import annotations

import numpy as np
import polars as pl

from shelfwise.demand.files.keys import Keys, Places, Rows
from shelfwise.demand.files.source import is_plain
from shelfwise.demand.files.values import MOST_LABELS, told
from shelfwise.demand.panel import Column, Numbers

_EMPTIER = 0.02
"""A future that is empty in so much larger a share of its rows than the history lacks something."""


def columns(known: Keys, ahead: int) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    """(every column, what was assumed of them)."""
    found: list[Column] = []
    not_told: list[str] = []
    notes: list[str] = []
    for heading in known.history.headings.others:
        later = _same(heading, known.future)
        cells = [known.history.source.column(heading)]
        if known.future is not None and later is not None:
            cells.append(known.future.source.column(later))
        if len({one.dtype for one in cells}) > 1 and all(map(is_plain, cells)):
            cells = [one.cast(pl.String) for one in cells]
        alike = len({one.dtype for one in cells}) == 1
        read = told(pl.concat([one.alias("") for one in cells])) if alike else None
        if read is None:
            notes.append(f"{heading!r} was left out: it holds neither numbers nor up to {MOST_LABELS:,} names.")
            continue
        values, labels = read
        if np.isnan(values).all():
            continue
        values, labels = _blank_is_none(values, labels, known)
        column = _spread(known, ahead, heading, values, labels, later is not None)
        if not column.ahead and known.future is not None:
            not_told.append(heading)
        missing, usual = (float(np.isnan(part).mean()) if len(part) else 0.0 for part in (
            values[known.history.source.rows :], values[: known.history.source.rows]
        ))  # fmt: skip
        if later is not None and missing > usual + _EMPTIER:
            notes.append(f"{heading!r} is empty in {missing:.0%} of the rows of the future: unknown there.")
        found.append(column)
    if not_told:
        notes.append(f"Not told of the future: {', '.join(map(repr, not_told))}. Their past alone is used.")
    if known.future is not None and (extra := _unheard(known)):
        notes.append(f"Left out of the future, because the history does not have it: {', '.join(map(repr, extra))}.")
    return tuple(found), tuple(notes)


def _blank_is_none(values: Numbers, labels: tuple[str, ...], known: Keys) -> tuple[Numbers, tuple[str, ...]]:
    """A column that tells one thing or nothing, such as an X on days of a promotion: blank means that there is none."""
    rows = known.history.source.rows
    past, blank = values[:rows], np.isnan(values)
    told = np.unique(values[~blank])
    if len(told) != 1 or (not labels and told[0] == 0) or not blank.any():
        return values, labels
    ever = np.zeros(len(known.names), np.bool_)
    ever[known.history.series[~np.isnan(past)]] = True
    if not (np.isnan(past) & ever[known.history.series]).any():
        return values, labels  # it belongs to some series, and is never blank there
    if labels:
        return np.where(blank, np.float32(0), np.float32(1)), ("", labels[int(told[0])])
    return np.where(blank, np.float32(0), values), labels


def _same(heading: str, future: Rows | None) -> str | None:
    """The heading of the future's column of that name, however it writes capitals."""
    if future is None:
        return None
    return next((one for one in future.headings.others if one.lower() == heading.lower()), None)


def _unheard(known: Keys) -> list[str]:
    if known.future is None:
        return []
    heard = {one.lower() for one in known.history.headings.others}
    told = [*known.future.headings.others, known.future.headings.roles.get("quantity")]
    return [one for one in told if one is not None and one.lower() not in heard]


def _spread(known: Keys, ahead: int, heading: str, values: Numbers, labels: tuple[str, ...], in_future: bool) -> Column:
    """The column over all series and periods; what is the same for all of them is kept once."""
    length = known.periods + ahead
    series, period = known.history.series, known.history.period
    if in_future and known.future is not None:
        series = np.concatenate((series, known.future.series))
        period = np.concatenate((period, known.future.period))
    inside = ~np.isnan(values)
    series, period, values = series[inside], period[inside], values[inside]
    each = _agreed(series, values, len(known.names))
    if each is not None:
        # It belongs to the series, as a category or a size does: known at all times.
        return Column(heading, np.broadcast_to(each[:, None], (len(each), length)), labels, ahead=True)
    for_all = _agreed(period, values, length)
    if for_all is not None:
        return Column(heading, np.broadcast_to(for_all, (len(known.names), length)), labels, in_future)
    places = known.location_of[series] * length + period
    for_place = _agreed(places, values, (int(known.location_of.max()) + 1) * length)
    if for_place is not None:
        return Column(heading, for_place.reshape(-1, length)[known.location_of], labels, in_future)
    whole = np.full((len(known.names), length), np.nan, np.float32)
    whole[series, period] = values
    return Column(heading, whole, labels, in_future)


def _agreed(groups: Places, values: Numbers, count: int) -> Numbers | None:
    """The one value of each group; None where some group has several."""
    one = np.full(count, np.nan, np.float32)
    one[groups] = values
    return one if bool((one[groups] == values).all()) else None
