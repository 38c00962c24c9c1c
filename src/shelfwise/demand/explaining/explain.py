"""The explanation of a whole prediction: of each series by the methods that spoke."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.boosting.model import Boosted
from shelfwise.demand.contest import Forecaster
from shelfwise.demand.explaining.boosted import Parts, boosted_parts
from shelfwise.demand.explaining.model import GROUPS, Cause, Explained, Group, Stretch, rounded
from shelfwise.demand.explaining.simple import flat_parts, lifted_parts, simple_parts
from shelfwise.demand.forecasting.lifted import Lifted
from shelfwise.demand.model import Flags, Floats
from shelfwise.demand.panel import Frequency, Panel, Prediction
from shelfwise.demand.race.joining import AND
from shelfwise.demand.simple.alike import ALIKE
from shelfwise.demand.simple.forecaster import Simple

DAYS_IN_STRETCH = 7
REST = GROUPS.index(Group.REST)
NAMED = (Group.PROMOTION, Group.EVENT)
"""Groups of which it is said when what is out of the ordinary."""


def explain(
    panel: Panel, made: Prediction, forecasters: Iterable[Forecaster], groups: Mapping[str, Group] | None = None
) -> list[Explained | None]:
    """What the mean of each series is made of; None where nothing is forecast, or nobody knows how it was.

    The amounts of all groups add up to the mean of each stretch and of the whole. Where two methods were joined the
    explanation is the mean of both. What no group accounts for, such as a limit on a series that has ended, remains.

    Args:
        panel: what was forecast, with its periods ahead.
        made: the forecast of it.
        forecasters: those that made it, as they are after it: the boosted model knows what it had learnt.
        groups: of columns, by name; of the others it is told by what they are called and how they behave.
    """
    speakers, known_by_name = _speakers(made), {one.name: one for one in forecasters}
    parts = {
        name: flat_parts(made.mean[series].astype(np.float64))
        if name == ALIKE
        else _parts(panel, known_by_name.get(name), series, groups or {})
        for name, series in speakers.items()
    }
    places = {name: {int(one): place for place, one in enumerate(series)} for name, series in speakers.items()}
    found: list[Explained | None] = []
    for series, model in enumerate(made.models):
        mean = made.mean[series].astype(np.float64)
        if np.isnan(mean).all():
            found.append(None)
            continue
        spoke = [(parts[name], places[name][series]) for name in model.split(AND)]
        known = [(one, place) for one, place in spoke if one is not None and np.isfinite(one.amounts[place]).any()]
        found.append(_explained(panel, model, mean, known) if known else None)
    return found


def _speakers(made: Prediction) -> dict[str, NDArray[np.int64]]:
    """By method, the series of which it speaks alone or with another one."""
    found: dict[str, list[int]] = {}
    for series, model in enumerate(made.models):
        for name in model.split(AND):
            found.setdefault(name, []).append(series)
    return {name: np.array(series, np.int64) for name, series in found.items()}


def _parts(
    panel: Panel, speaker: Forecaster | None, series: NDArray[np.int64], groups: Mapping[str, Group]
) -> Parts | None:
    if isinstance(speaker, Boosted):
        return None if speaker.learnt is None else boosted_parts(panel, speaker.learnt, series, groups)
    if isinstance(speaker, Lifted):
        return lifted_parts(panel, speaker.base.method, series)
    if isinstance(speaker, Simple):
        return simple_parts(panel, speaker.method, series)
    return None


def _explained(panel: Panel, model: str, mean: Floats, known: list[tuple[Parts, int]]) -> Explained:
    wanted = np.isfinite(mean)
    expected = np.where(wanted, mean, 0.0)
    amounts = _average([np.where(wanted[:, None], one.amounts[place], 0.0) for one, place in known])
    amounts[:, REST] = expected - amounts[:, :REST].sum(axis=1)
    base = _average([np.where(wanted, one.base[place], 0.0) for one, place in known])
    pieces = (
        Stretch(first, last, rounded(amounts[part].sum(axis=0).tolist(), float(expected[part].sum())))
        for part, first, last in stretches(panel)
    )
    return Explained(
        model,
        panel.frequency,
        panel.ahead,
        float(base.sum()),
        tuple(pieces),
        tuple(dict.fromkeys(_causes(panel, known, wanted))),
    )


def _average(told: list[Floats]) -> Floats:
    """Of those that say something, cell by cell; zero where none does."""
    speaking = np.maximum(sum(np.isfinite(one).astype(np.float64) for one in told), 1.0)
    mean: Floats = sum(np.nan_to_num(one) for one in told) / speaking
    return mean


def stretches(panel: Panel) -> Iterator[tuple[slice, date, date]]:
    """The pieces in which a forecast is explained: weeks of days, else period by period."""
    length = DAYS_IN_STRETCH if panel.frequency is Frequency.DAY else 1
    for start in range(0, panel.ahead, length):
        end = min(start + length, panel.ahead)
        yield slice(start, end), _day(panel, start), _last_day(panel, end - 1)


def _day(panel: Panel, period: int) -> date:
    return panel.dates[panel.periods + period]


def _last_day(panel: Panel, period: int) -> date:
    """The last day of a period ahead."""
    first = _day(panel, period)
    if panel.frequency is Frequency.DAY:
        return first
    if panel.frequency is Frequency.WEEK:
        return first + timedelta(days=6)
    return (first.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def _causes(panel: Panel, known: list[tuple[Parts, int]], wanted: Flags) -> Iterator[Cause]:
    for parts, place in known:
        for name, flags in parts.unusual.items():
            if parts.groups[name] in NAMED:
                for start, end in _runs(flags[place] & wanted):
                    yield Cause(parts.groups[name], name, _day(panel, start), _last_day(panel, end - 1))


def _runs(flags: Flags) -> Iterator[tuple[int, int]]:
    """Where flags are up without a break: (first, end)."""
    edges = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        yield int(start), int(end)
