"""The files of archived days: one day's readings as Parquet, sorted by device, kind and time.

Polars is imported where it is used: it takes a second, and most pages need no file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shelfwise.edge.history.model import Point
from shelfwise.edge.history.tables import RawReading

if TYPE_CHECKING:
    import polars as pl

# Sums over times and keys are made of these parts of them, so that none overflows.
CHECK = 1_000_003
CHECK_BITS = 0xFFFFFF


def points(
    files: Sequence[Path], device: str, kind: str, stretches: Sequence[tuple[datetime, datetime]], step: timedelta
) -> list[Point]:
    """What the files hold of a device in some stretches of time, in points of `step`, which is an hour or less."""
    import polars as pl

    found = (
        _of(files, device, kind)
        .filter(pl.any_horizontal(pl.lit(False), *(_within(since, until) for since, until in stretches)))
        .with_columns(at=pl.col("observed_at").dt.truncate(f"{step.total_seconds():.0f}s"))
        .group_by("at")
        .agg(**_point(pl))
        .sort("at")
        .collect()
    )
    return [_as_point(row) for row in found.iter_rows(named=True)]


def _point(pl: Any) -> dict[str, pl.Expr]:
    measured = pl.col("value").is_not_null()
    return {
        "readings": pl.len(),
        "measured": pl.col("value").count(),
        "low": pl.col("value").min(),
        "high": pl.col("value").max(),
        "total": pl.col("value").sum(),
        "last": pl.col("value").filter(measured).sort_by(pl.col("observed_at").filter(measured)).last(),
        "last_at": pl.col("observed_at").max(),
    }


def _as_point(row: dict[str, Any]) -> Point:
    return Point(**row | {"total": row["total"] if row["measured"] else None})


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


# What a reading is known by, and the order of a file.
_NAME = ["device", "kind", "observed_at", "key"]
# Small enough that one device's day is found without reading much of the others'.
_ROWS_IN_A_GROUP = 20_000
# By kind: rows, values, the lowest and the highest value, and sums over times and keys.
Summary = dict[str, tuple[int, int, float | None, float | None, int, int]]


def handed_over(path: Path) -> pl.LazyFrame:
    """What `archive.hand_over` had Postgres write."""
    import polars as pl

    return pl.scan_csv(
        path,
        has_header=False,
        schema={
            "device": pl.String, "kind": pl.String, "observed_at": pl.Int64, "received_at": pl.Int64,
            "value": pl.Float64, "detail": pl.String, "key": pl.Int64,
        },
    ).with_columns(pl.col("observed_at", "received_at").cast(pl.Datetime("us", "UTC")))  # fmt: skip


def opened(path: Path) -> pl.LazyFrame:
    import polars as pl

    return pl.scan_parquet(path)


def merged(old: pl.LazyFrame, late: pl.LazyFrame) -> pl.LazyFrame:
    """Both together, in order; what is in both stands in it once."""
    import polars as pl

    return pl.concat([old, late]).unique(subset=_NAME, keep="first").sort(_NAME)


def without(frame: pl.LazyFrame, kinds: Collection[str]) -> pl.LazyFrame:
    import polars as pl

    return frame.filter(~pl.col("kind").is_in(list(kinds)))


def write(frame: pl.LazyFrame, path: Path) -> None:
    """Write a file to the disk, whole; verified by who calls."""
    frame.sink_parquet(path, compression="zstd", row_group_size=_ROWS_IN_A_GROUP, statistics=True)
    with path.open("rb") as file:
        os.fsync(file.fileno())


def summary(frame: pl.LazyFrame) -> Summary:
    """What a frame holds, in figures that do not depend on its order."""
    import polars as pl

    found = (
        frame.group_by("kind")
        .agg(
            pl.len(),
            pl.col("value").count().alias("values"),
            pl.col("value").min().alias("low"),
            pl.col("value").max().alias("high"),
            (pl.col("observed_at").cast(pl.Int64) % CHECK).sum().alias("times"),
            (pl.col("key") & CHECK_BITS).sum().alias("keys"),
        )
        .collect()
    )
    return {kind: (rows, known, low, high, times, keys) for kind, rows, known, low, high, times, keys in found.rows()}


def hours(frame: pl.LazyFrame, wanted: Sequence[tuple[str, str, datetime]]) -> list[tuple[str, str, Point]]:
    """Sums of these hours, as (device, kind, start)."""
    import polars as pl

    due = pl.LazyFrame(
        wanted, schema={"device": pl.String, "kind": pl.String, "at": pl.Datetime("us", "UTC")}, orient="row"
    )
    found = (
        frame.with_columns(at=pl.col("observed_at").dt.truncate("1h"))
        .join(due, on=["device", "kind", "at"])
        .group_by("device", "kind", "at")
        .agg(**_point(pl))
        .collect()
    )
    return [(row.pop("device"), row.pop("kind"), _as_point(row)) for row in found.iter_rows(named=True)]
