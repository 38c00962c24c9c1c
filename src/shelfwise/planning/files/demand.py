"""What a folder says of demand: a history that is forecast here, or a forecast that was made before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import polars as pl

from shelfwise.core.errors import Fault, Invalid
from shelfwise.demand.contest import Asked
from shelfwise.demand.files.building import Read, read_opened
from shelfwise.demand.files.dates import dates
from shelfwise.demand.files.headings import NAMES, matched, understood
from shelfwise.demand.files.source import InMemory, Source
from shelfwise.demand.files.values import quantities
from shelfwise.demand.forecasting.racing import FORECAST_PATHS, taking_part
from shelfwise.demand.model import MIN_OBSERVED_DAYS
from shelfwise.demand.panel import Frequency, Panel
from shelfwise.demand.race.champion import forecast
from shelfwise.demand.race.race import OVERALL, WINDOWS, Race, race, windows_of
from shelfwise.planning.files.daily import daily, first_day, length
from shelfwise.planning.files.sheets import FORECAST, HISTORY, PATHS, TOTALS
from shelfwise.planning.files.told import Told, told_paths, told_quantiles, told_totals
from shelfwise.planning.files.wording import many
from shelfwise.planning.model import DemandPaths
from shelfwise.records.exchange import unguarded
from shelfwise.records.headings import OF_SALES, SYNONYMS, plain_header

Say = Callable[[str], None]
Progress = Callable[[str, int, int], None]
Place = tuple[str, str]
"""(SKU, site)."""

AHEAD = {Frequency.DAY: 28, Frequency.WEEK: 8, Frequency.MONTH: 4}
"""So many periods are forecast; beyond them futures go on as `planning.simulate.ahead` says."""
BY_ITS_END = ("weekending", "weekenddate")
PRICE_DAYS = 90
MOST_BYTES = 600_000_000
FEWEST_PATHS = 64


@dataclass(frozen=True, eq=False)
class Heard:
    """What files say of demand, before anything is forecast.

    Attributes:
        read: the history, where there is one.
        told: a forecast that was made before; None: the history has to be forecast.
        places: every item and site that is named.
        today: the day that follows what is told.
        has_sites: whether the files say at which site.
        written: how they write dates.
        prices: by SKU, what one recently sold for, where the history tells.
        last_sold: by item and site, the last day (or the first of the period) on which any sold.
    """

    read: Read | None
    told: Told | None
    places: tuple[Place, ...]
    today: date
    has_sites: bool
    written: str
    prices: Mapping[str, float]
    last_sold: Mapping[Place, date]


def heard(sources: Mapping[str, Source], seed: int, notes: Say) -> Heard:
    """Read what is told of demand.

    Raises:
        Invalid: something in the files cannot be right, or none of them says anything of demand.
    """
    history = sources.get(HISTORY)
    read = None if history is None else _read(history, notes)
    prices = {} if history is None else _prices(history)
    last = {} if read is None else _last_sold(read.panel)
    told = _told(sources, seed, notes)
    if told is not None:
        places = dict.fromkeys((*told.paths, *(() if read is None else places_of(read.panel))))
        if read is not None and len(places) > len(told.paths):
            lacking = many(len(places) - len(told.paths), "item")
            notes(f"{lacking} of the history have no forecast: only what is owed is ordered of them.")
        return Heard(read, told, tuple(places), told.first_day, told.has_sites, told.written, prices, last)
    if read is None:
        raise Invalid(
            Fault(
                "folder", "a file history.csv of what sold, or a forecast", "neither with rows",
                "Add history.csv with item, location, date and quantity; see the guide on planning from files.",
            )
        )  # fmt: skip
    has_sites = any(location for _, location in read.panel.keys)
    return Heard(read, None, places_of(read.panel), _begin(read)[0], has_sites, read.written, prices, last)


def _prices(history: Source) -> dict[str, float]:
    """The mean of the last weeks, of each item; of a file without prices, or with words for them, none."""
    names = {"item": NAMES["item"], "unit_price": tuple((one,) for one in SYNONYMS["unit_price"])}
    roles = matched(history.headings, names, (), history.path.name)
    if len(roles) < len(names):
        return {}
    headings = understood(history.headings, history.path.name)
    try:
        prices = quantities(history, roles["unit_price"])
    except Invalid:
        return {}
    days = dates(history, headings.roles["date"])
    day = np.array(days.different, dtype="datetime64[D]")[days.places]
    lately = (day > day.max() - np.timedelta64(PRICE_DAYS, "D")) & (prices > 0)
    skus = history.cells(roles["item"]).cast(pl.String).str.strip_chars()
    mean = pl.DataFrame({"sku": skus, "price": prices}).filter(lately).group_by("sku").agg(pl.col("price").mean())
    return {unguarded(str(sku)): float(price) for sku, price in mean.iter_rows()}


def _last_sold(panel: Panel) -> dict[Place, date]:
    sold = np.nan_to_num(panel.quantity) > 0
    last = panel.periods - 1 - np.argmax(sold[:, ::-1], axis=1)
    return {place: panel.dates[last[series]] for series, place in enumerate(places_of(panel)) if sold[series].any()}


def forecasts(said: Heard, seed: int, notes: Say, progress: Progress) -> Mapping[Place, DemandPaths]:
    """What is expected of each item at each site of which enough is known."""
    if said.told is not None:
        return said.told.paths
    return {} if said.read is None else _forecast(said.read, seed, notes, progress)


def places_of(panel: Panel) -> tuple[Place, ...]:
    """The item and site of each series."""
    return tuple((unguarded(item.strip()), unguarded(location.strip())) for item, location in panel.keys)


def _read(history: Source, notes: Say) -> Read:
    read = read_opened(_by_day(history, notes), max(AHEAD.values()), None)
    for note in read.notes:
        notes(f"{history.path.name}: {note}")
    panel = read.panel
    return replace(read, panel=panel.at(panel.periods, AHEAD[panel.frequency]))


def _by_day(history: Source, notes: Say) -> Source:
    """A history of order lines or of several channels added up by day; any other as it is."""
    parts = {"order_number": tuple((one,) for one in OF_SALES["order_number"]), "channel": (("channel",),)}
    apart = matched(history.headings, parts, (), history.path.name)
    if not apart:
        return history
    roles = understood([one for one in history.headings if one not in apart.values()], history.path.name).roles
    days, values = dates(history, roles["date"]), quantities(history, roles["quantity"])
    keys: dict[str, pl.Series] = {
        name: history.cells(roles[name]).cast(pl.String).str.strip_chars()
        for name in ("item", "location") if name in roles
    }  # fmt: skip
    day = pl.Series(list(days.different), dtype=pl.Date).gather(days.places)
    rows = pl.DataFrame({**keys, "date": day, "quantity": values}).filter(pl.col("quantity").is_not_nan())
    summed = rows.group_by([*keys, "date"]).agg(pl.col("quantity").sum()).sort([*keys, "date"])
    which = " and ".join(map(repr, apart.values()))
    notes(f"{history.path.name}: it has {which}, so {history.rows:,} lines were added up to {summed.height:,} days.")
    return InMemory.of(history.path.name, summed)


def _forecast(read: Read, seed: int, notes: Say, progress: Progress) -> dict[Place, DemandPaths]:
    panel = read.panel
    methods = taking_part(panel)
    enough = len(windows_of(panel, panel.ahead, WINDOWS)) == WINDOWS
    result = race(panel, methods, panel.ahead if enough else -(-panel.ahead // 2), seed=seed, progress=progress)
    made = forecast(panel, result, methods, Asked(paths=_affordable(panel, notes), seed=seed), progress)
    notes(_spoken(result))
    begin = _begin(read)
    known = (~np.isnan(panel.quantity)).sum(axis=1) * length(begin[0], panel.frequency)
    rng = np.random.default_rng([seed, panel.series])
    found: dict[Place, DemandPaths] = {}
    for place, named in enumerate(places_of(panel)):
        if made.paths is None or known[place] < MIN_OBSERVED_DAYS:
            continue
        drawn = made.paths[:, place]
        if np.isnan(drawn).all() and panel.wanted[place].any():
            continue
        found[named] = DemandPaths(
            None, made.models[place], begin[0], daily(np.nan_to_num(drawn), begin, panel.frequency, rng)
        )
    if lacking := panel.series - len(found):
        notes(f"{many(lacking, 'item')} at a site had too few known days for a forecast.")
    return found


def _begin(read: Read) -> list[date]:
    """The first day of each period ahead."""
    ends = plain_header(read.dates) in BY_ITS_END
    panel = read.panel
    return [first_day(one, panel.frequency, by_its_end=ends) for one in panel.dates[panel.periods :]]


def _affordable(panel: Panel, notes: Say) -> int:
    fits = int(MOST_BYTES / (panel.series * panel.ahead * np.float32().itemsize))
    paths = max(min(fits, FORECAST_PATHS), FEWEST_PATHS)
    if paths < FORECAST_PATHS:
        notes(f"Of each item {paths} futures were drawn instead of {FORECAST_PATHS}: there are many items.")
    return paths


def _spoken(result: Race | None) -> str:
    if result is None:
        return "The history is too short for a race of forecasts; the simplest one speaks."
    names = [f"{names[0]} for {segment}" for segment, names in result.champions.items() if segment != OVERALL]
    return f"Of {len(result.marks)} ways to forecast: {', '.join(names) or result.champions[OVERALL][0]}."


def _told(sources: Mapping[str, Source], seed: int, notes: Say) -> Told | None:
    rng = np.random.default_rng([seed, 28])
    for name, read in ((PATHS, told_paths), (TOTALS, told_totals), (FORECAST, told_quantiles)):
        if name in sources:
            told = read(sources[name], notes, rng)
            notes(f"{sources[name].path.name}: {many(len(told.paths), 'forecast')}, from {told.first_day} on.")
            return told
    return None
