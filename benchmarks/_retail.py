"""A year of a wholesaler's order lines, as the benchmarks of intake read them."""

from __future__ import annotations

from importlib import resources

import numpy as np
import polars as pl

from shelfwise.intake.joining.model import Record

USUAL_SHARE = 0.05
"""A price that fewer of the lines have is none of the usual ones."""


def order_lines() -> pl.DataFrame:
    """Columns order, code, description, quantity, at, price, customer; the code in lower case, because the file writes
    one code both ways (15056BL and 15056bl)."""
    source = resources.files("shelfwise.twin") / "data" / "online_retail_II_2009_2010.parquet"
    with resources.as_file(source) as path:
        lines = pl.read_parquet(path)
    lines.columns = ["order", "code", "description", "quantity", "at", "price", "customer", "country"]
    return lines.drop("country").with_columns(
        pl.col("code").str.to_lowercase(),
        pl.col("at").cast(pl.String).str.slice(0, 19).str.to_datetime("%Y-%m-%d %H:%M:%S", strict=True),
    )


def sold(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines that sell something: described, and with a price."""
    return lines.filter(pl.col("description").is_not_null(), pl.col("price") > 0)


def records(lines: pl.DataFrame, *by: str) -> list[Record]:
    """One record for each distinct value of the columns `by`, which is its key; they hold the description."""
    priced = lines.group_by(*by, "price").len("lines")
    priced = priced.with_columns(share=pl.col("lines") / pl.col("lines").sum().over(by))
    usual = (
        priced.filter(pl.col("share") >= USUAL_SHARE)
        .sort("lines", "price", descending=[True, False])
        .group_by(*by, maintain_order=True)
        .agg(prices="price")
    )
    numbered = lines.with_columns(
        day=pl.col("at").dt.date().cast(pl.Int32), number=pl.col("order").rank("dense").cast(pl.Int64)
    )
    found = (
        numbered.group_by(*by)
        .agg(days=pl.col("day").unique().sort(), orders=pl.col("number").unique().sort())
        .join(usual, on=by, how="left")
        .sort(*by)
    )
    return [
        Record(
            tuple(row[column] for column in by), row["description"], tuple(row["prices"] or ()),
            np.array(row["days"], np.int64), np.array(row["orders"], np.int64),
        )
        for row in found.iter_rows(named=True)
    ]  # fmt: skip
