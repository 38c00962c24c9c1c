"""The files of closed days: one day's readings as Parquet, sorted by device, kind and time.

Polars is imported where it is used: it takes a second, and most pages need no file.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from shelfwise.edge.history.model import ORIGIN, Point
from shelfwise.edge.history.tables import RawReading

if TYPE_CHECKING:
    import polars as pl


def points(
    files: Sequence[Path], device: str, kind: str, stretches: Sequence[tuple[datetime, datetime]], step: timedelta
) -> list[Point]:
    """What the files hold of a device in some stretches of time, in points of `step`."""
    import polars as pl

    measured = pl.col("value").is_not_null()
    found = (
        _of(files, device, kind)
        .filter(pl.any_horizontal(pl.lit(False), *(_within(since, until) for since, until in stretches)))
        # Counted from where all stretches are counted from, not from 1970.
        .with_columns(at=(pl.col("observed_at") - pl.lit(ORIGIN)) // step * step + pl.lit(ORIGIN))
        .group_by("at")
        .agg(
            readings=pl.len(),
            measured=pl.col("value").count(),
            low=pl.col("value").min(),
            high=pl.col("value").max(),
            total=pl.col("value").filter(measured).sum(),
            last=pl.col("value").filter(measured).sort_by(pl.col("observed_at").filter(measured)).last(),
            last_at=pl.col("observed_at").max(),
        )
        .sort("at")
        .collect()
    )
    return [Point(**row | {"total": row["total"] if row["measured"] else None}) for row in found.iter_rows(named=True)]


def raw(
    files: Sequence[Path], device: str, kind: str, since: datetime, until: datetime, limit: int | None = None
) -> list[RawReading]:
    """Readings one by one, newest first."""
    found = _of(files, device, kind).filter(_within(since, until)).select(
        "observed_at", "received_at", "value", "detail", "key"
    ).sort("observed_at", "key", descending=True)  # fmt: skip
    return [
        RawReading(**row | {"detail": None if row["detail"] is None else json.loads(row["detail"])})
        for row in (found if limit is None else found.head(limit)).collect().iter_rows(named=True)
    ]


def _of(files: Sequence[Path], device: str, kind: str) -> pl.LazyFrame:
    import polars as pl

    return pl.scan_parquet(list(files)).filter((pl.col("device") == device) & (pl.col("kind") == kind))


def _within(since: datetime, until: datetime) -> pl.Expr:
    import polars as pl

    return (pl.col("observed_at") >= since) & (pl.col("observed_at") < until)
