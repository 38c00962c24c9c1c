"""The real order lines that the simulated warehouse plays: which goods sell best, and what is ordered when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    import polars as pl

FIRST_DAY = date(2009, 12, 1)
GO_LIVE_DAY = date(2010, 9, 1)
LAST_DAY = date(2010, 12, 9)
STOCKED_ITEMS = 400
RECENT_DAYS = 56
LONGEST_SPELL = 9
# After the last order the same ones are played again this much later; whole weeks, longer than they last.
ROUND = timedelta(weeks=15)
DATA = Path(__file__).with_name("data") / "online_retail_II_2009_2010.parquet"


@dataclass(frozen=True)
class Seller:
    """An item that sells well.

    Attributes:
        lines: order lines in the nine months of history.
        daily: pieces a day over the last `RECENT_DAYS` days of history; outsized lines count as the 95th percentile.
        busy: pieces sold in 1, 2, ... `LONGEST_SPELL` days in a row, at most, in 97 of 100 such spells of the history.
        price: the median selling price in GBP.
    """

    sku: str
    description: str
    lines: int
    daily: float
    busy: tuple[int, ...]
    price: float


@dataclass(frozen=True)
class OrderLine:
    """A line of a real order; `at` is local time in the year it happened."""

    order_number: str
    line: int
    sku: str
    at: datetime
    quantity: int
    unit_price: str
    customer: str | None
    country: str


def shift_days(today: date) -> int:
    """By how many days all dates move: whole weeks, so that go-live falls on its weekday at or before `today`."""
    return (today - GO_LIVE_DAY).days // 7 * 7


def go_live(shift: int, zone: ZoneInfo) -> datetime:
    """The go-live instant: the beginning of its local day, `shift` days later than it was."""
    return datetime.combine(GO_LIVE_DAY + timedelta(days=shift), time(), zone)


def best_sellers(path: Path = DATA, count: int = STOCKED_ITEMS) -> list[Seller]:
    """The goods (codes of five digits and letters) with the most order lines in the history, most first."""
    import polars as pl

    sold = _read(path).filter(
        (pl.col("at").dt.date() < GO_LIVE_DAY)
        & (pl.col("Quantity") > 0)
        & (pl.col("Price") > 0)
        & pl.col("StockCode").str.contains(r"^\d{5}[A-Za-z]*$")
    )
    recent = pl.col("at").dt.date() >= GO_LIVE_DAY - timedelta(days=RECENT_DAYS)
    ordinary = pl.col("Quantity").quantile(0.95)
    table = (
        sold.group_by("StockCode")
        .agg(
            pl.col("Description").drop_nulls().str.strip_chars().mode().sort().first().alias("description"),
            pl.len().alias("lines"),
            (pl.min_horizontal(pl.col("Quantity"), ordinary).filter(recent).sum() / RECENT_DAYS).alias("daily"),
            pl.col("Price").median().alias("price"),
        )
        .sort(["lines", "StockCode"], descending=[True, False])
        .head(count)
    )
    days = sold.group_by("StockCode", pl.col("at").dt.date().alias("day")).agg(pl.col("Quantity").sum())
    by_day = {(sku, day): pieces for sku, day, pieces in days.iter_rows()}
    return [
        Seller(sku, description or sku, lines, max(daily, 0.2), _busy(sku, by_day), price)
        for sku, description, lines, daily, price in table.iter_rows()
    ]


def _busy(sku: str, by_day: dict[tuple[str, date], int]) -> tuple[int, ...]:
    length = (GO_LIVE_DAY - FIRST_DAY).days
    total = [0]
    for number in range(length):
        total.append(total[-1] + by_day.get((sku, FIRST_DAY + timedelta(days=number)), 0))
    found = []
    for spell in range(1, LONGEST_SPELL + 1):
        sums = sorted(total[end] - total[end - spell] for end in range(spell, length + 1))
        found.append(sums[int(0.97 * (len(sums) - 1))])
    return tuple(found)


def write_history(target: Path, shift: int, path: Path = DATA) -> int:
    """Write the nine months before go-live with shifted dates, as the shop's export would be; returns the rows."""
    import polars as pl

    history = _read(path).filter(pl.col("at").dt.date() < GO_LIVE_DAY)
    moved = (pl.col("at") + pl.duration(days=shift)).dt.strftime("%Y-%m-%d %H:%M:%S").alias("InvoiceDate")
    history.with_columns(moved).drop("at").write_parquet(target, compression="zstd")
    return history.height


def live_orders(skus: set[str], path: Path = DATA) -> list[OrderLine]:
    """The order lines from go-live on for these items, in the order in which they came in.

    Lines keep the number they have within their whole order, as the import of the file would number them.
    """
    import polars as pl

    numbered = _read(path).with_columns(pl.int_range(1, pl.len() + 1).over("Invoice").alias("line"))
    live = numbered.filter((pl.col("at").dt.date() >= GO_LIVE_DAY) & pl.col("StockCode").is_in(sorted(skus)))
    return [
        OrderLine(order, line, sku, at, quantity, f"{price:f}".rstrip("0").rstrip("."), customer, country)
        for order, line, sku, at, quantity, price, customer, country in live.sort("at", maintain_order=True)
        .select(
            "Invoice", "line", "StockCode", "at", "Quantity", "Price",
            pl.col("Customer ID").cast(pl.Int64).cast(pl.String), "Country",
        )
        .iter_rows()
    ]  # fmt: skip


def _read(path: Path) -> pl.DataFrame:
    import polars as pl

    lines = pl.read_parquet(path)
    return lines.with_columns(pl.col("InvoiceDate").str.to_datetime("%Y-%m-%d %H:%M:%S").alias("at"))
