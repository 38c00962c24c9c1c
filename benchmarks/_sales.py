"""Real sales, as panels: departments of stores by week, promoted groceries by week, car parts by month."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from shelfwise.demand.panel import Column, Frequency, Numbers, Panel


@dataclass(frozen=True, eq=False)
class Sales:
    """A panel whose periods have all come, and how it is judged.

    Attributes:
        ahead: the horizon.
        promoted: shape (series, periods): where something was on promotion; None where nobody tells.
    """

    panel: Panel
    ahead: int
    promoted: NDArray[np.bool_] | None = None


def departments(folder: Path) -> Sales:
    """Weekly sales in dollars of departments; markdowns are planned and so told ahead, weather and prices are not."""
    marked = [f"MarkDown{number}" for number in range(1, 6)]
    seen = ["Temperature", "Fuel_Price", "CPI", "Unemployment"]
    sales = pl.read_parquet(folder / "walmart2014_train.parquet")
    weeks = pl.read_parquet(folder / "walmart2014_features.parquet").drop("IsHoliday")
    shops = pl.read_parquet(folder / "walmart2014_stores.parquet")
    whole = sales.join(weeks, on=["Store", "Date"], how="left").join(shops, on="Store")
    whole = whole.with_columns(pl.col("Weekly_Sales").clip(0), pl.col("IsHoliday").cast(pl.Float32))
    ahead = ["IsHoliday", "Type", "Size", *marked]
    keys = _Keys("Dept", "Store", "Date", "Weekly_Sales")
    return Sales(_panel(whole, keys, Frequency.WEEK, [*ahead, *seen], ahead), 8)


def groceries(folder: Path) -> Sales:
    """Weekly units of packed food with shelf price, usual price, leaflet, display and price cut."""
    sales = pl.read_parquet(folder / "frat_transaction.parquet").with_columns(pl.col("week_end_date").dt.date())
    goods = pl.read_parquet(folder / "frat_product.parquet").select(
        "upc_id", "category", "sub_category", "manufacturer"
    )
    shops = pl.read_parquet(folder / "frat_store.parquet").unique("store_id").select("store_id", "seg_value_name")
    whole = sales.join(goods, on="upc_id").join(shops, on="store_id")
    told = ["price", "base_price", "feature", "display", "tpr_only"]
    told += ["category", "sub_category", "manufacturer", "seg_value_name"]
    panel = _panel(whole, _Keys("upc_id", "store_id", "week_end_date", "units"), Frequency.WEEK, told, told)
    flags = [column.values for column in panel.columns if column.name in {"feature", "display", "tpr_only"}]
    return Sales(panel, 4, np.any([np.nan_to_num(each) > 0 for each in flags], axis=0))


def car_parts(folder: Path) -> Sales:
    """Monthly units of spare parts, most of them none in most months."""
    parts = pl.read_parquet(folder / "carparts_monthly.parquet")
    first = pl.lit(date(1998, 1, 1)).dt.offset_by((pl.col("month_no") - 1).cast(pl.String) + "mo")
    whole = parts.with_columns(first.alias("month"), pl.lit("store").alias("place"))
    return Sales(_panel(whole, _Keys("part", "place", "month", "qty"), Frequency.MONTH, [], []), 6)


REAL: dict[str, Callable[[Path], Sales]] = {
    "departments": departments,
    "groceries": groceries,
    "car parts": car_parts,
}


@dataclass(frozen=True)
class _Keys:
    item: str
    location: str
    day: str
    quantity: str


def _panel(rows: pl.DataFrame, keys: _Keys, frequency: Frequency, told: Sequence[str], ahead: Sequence[str]) -> Panel:
    dates = sorted(rows[keys.day].unique().to_list())
    pairs = rows.select(keys.item, keys.location).unique(maintain_order=True).rows()
    place = {pair: number for number, pair in enumerate(pairs)}
    when = {day: number for number, day in enumerate(dates)}
    series = np.array([place[pair] for pair in rows.select(keys.item, keys.location).rows()])
    period = np.array([when[day] for day in rows[keys.day].to_list()])

    def grid(values: pl.Series) -> Numbers:
        filled = np.full((len(pairs), len(dates)), np.nan, np.float32)
        filled[series, period] = values.cast(pl.Float32).fill_null(np.nan).to_numpy()
        return filled

    columns = []
    for name in told:
        values, labels = rows[name], tuple[str, ...]()
        if values.dtype == pl.String:
            labels = tuple(values.drop_nulls().unique(maintain_order=True).to_list())
            values = values.replace_strict({label: number for number, label in enumerate(labels)}, default=None)
        columns.append(Column(name, grid(values), labels, name in ahead))
    names = tuple((str(item), str(location)) for item, location in pairs)
    nothing = np.zeros((len(pairs), 0), np.bool_)
    return Panel(names, frequency, tuple(dates), grid(rows[keys.quantity]), tuple(columns), nothing)
