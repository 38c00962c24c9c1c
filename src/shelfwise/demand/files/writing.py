"""A forecast as a file, with the rows and the keys that it was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.demand.explaining.model import Explained
from shelfwise.demand.files.building import Read
from shelfwise.demand.files.source import CSV, PARQUET
from shelfwise.demand.panel import Numbers, Prediction

CLOSED = "closed"
_DECIMALS = 4


def checked_target(path: Path, option: str = "--out") -> Path:
    """The file to write, before anything is computed for it. `option`: what it was asked for by.

    Raises:
        Invalid: its ending says nothing, or its folder does not exist.
    """
    if path.suffix.lower() not in (*PARQUET, *CSV):
        raise Invalid(Fault(option, "a name that ends in .csv or .parquet", shorten(path.name), "Name it so."))
    if not path.resolve().parent.is_dir():
        raise Invalid(Fault(option, "a file in a folder that exists", shorten(str(path)), "Make the folder first."))
    return path


def write_forecast(path: Path, read: Read, made: Prediction, *, cumulative: bool) -> None:
    """Write item, location, date, mean, a column for each quantile, and model.

    With `cumulative` mean and quantiles are of everything from the first period ahead up to the row's.
    """
    quantiles = made.totals if cumulative else made.quantiles
    mean = _running(made.mean) if cumulative else made.mean
    columns = {"mean": mean} | {f"q{level:g}": values for level, values in quantiles.items()}
    numbers = {name: _of_rows(read, values, cumulative=cumulative) for name, values in columns.items()}
    models = np.array(made.models, dtype=object)[read.series]
    if not cumulative:
        models = np.where(read.closed, CLOSED, models)
    _write(path, pl.DataFrame(_keys(read) | numbers | {"model": pl.Series(list(models), dtype=pl.String)}))


def paths_of(path: Path) -> Path:
    """The file of the paths beside that of the forecast."""
    return path.with_name(f"{path.stem}-paths{path.suffix}")


def write_paths(path: Path, read: Read, paths: Numbers) -> Path:
    """Write possible futures beside the forecast: item, location, date, path (from 1), quantity; returns the file."""
    target = paths_of(path)
    keys = pl.DataFrame(_keys(read))
    frames = [
        keys.with_columns(
            pl.lit(number + 1).alias("path"), pl.Series("quantity", _of_rows(read, one, cumulative=False))
        )
        for number, one in enumerate(paths)
    ]
    _write(target, pl.concat(frames))
    return target


def write_explained(path: Path, read: Read, explained: Sequence[Explained | None]) -> None:
    """Write item, location, first, last, group, amount: of each series and week (of days) or period, every group."""
    rows = [
        (series, stretch.first, stretch.last, group.value, amount)
        for series, one in enumerate(explained)
        if one is not None
        for stretch in one.stretches
        for group, amount in stretch.amounts.items()
    ]
    columns = ("series", "first", "last", "group", "amount")
    types = (pl.Int64(), pl.Date(), pl.Date(), pl.String(), pl.Float64())
    frame = pl.DataFrame(rows, schema=dict(zip(columns, types, strict=True)), orient="row")
    item, location = (each.gather(frame["series"]) for each in _names(read))
    _write(path, frame.drop("series").insert_column(0, item).insert_column(1, location), "--explain")


def _names(read: Read) -> tuple[pl.Series, pl.Series]:
    """Item and location of each series, of the types that they have in the history."""
    item, location = (
        pl.Series(called, [name[place] for name in read.panel.keys], dtype=pl.String).cast(
            read.types[place], strict=False
        )
        for place, called in enumerate(("item", "location"))
    )
    return item, location


def _keys(read: Read) -> dict[str, pl.Series]:
    item, location = _names(read)
    return {
        "item": item.gather(read.series),
        "location": location.gather(read.series),
        "date": pl.Series(list(read.days), dtype=pl.Date),
    }


def _of_rows(read: Read, values: Numbers, *, cumulative: bool) -> pl.Series:
    """One number a row; empty where nothing can be said, zero on a day that was told to be closed."""
    found = values[read.series, read.period].astype(np.float64).round(_DECIMALS)
    if cumulative:
        filled = _carried(values)[read.series, read.period].astype(np.float64).round(_DECIMALS)
        found = np.where(read.closed, filled, found)
    else:
        found = np.where(read.closed, 0.0, found)
    return pl.Series(found).fill_nan(None)


def _running(mean: Numbers) -> Numbers:
    """The running total over what is wanted; NaN where nothing is."""
    running: Numbers = np.where(np.isnan(mean), np.nan, np.nancumsum(mean, axis=1)).astype(np.float32)
    return running


def _carried(values: Numbers) -> Numbers:
    """On a closed day the total is that of the day before; before the first open one, zero."""
    places = np.where(np.isnan(values), -1, np.arange(values.shape[1]))
    last = np.maximum.accumulate(places, axis=1)
    carried: Numbers = np.where(last >= 0, np.take_along_axis(values, np.maximum(last, 0), axis=1), 0.0)
    return carried


def _write(path: Path, frame: pl.DataFrame, option: str = "--out") -> None:
    """Write the whole file or none of it."""
    half = path.with_name(path.name + ".new")
    try:
        if path.suffix.lower() in PARQUET:
            frame.write_parquet(half)
        else:
            frame.write_csv(half, separator="\t" if path.suffix.lower() == ".tsv" else ",")
        half.replace(path)
    except OSError as error:
        raise Invalid(
            Fault(option, "a file that can be written", f"{path}: {error.strerror}", "Choose another one.")
        ) from error
    finally:
        half.unlink(missing_ok=True)
