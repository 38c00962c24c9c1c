"""Whatever lines a system has, written in any of the ways we read, they come back as they were."""

from __future__ import annotations

import csv
import tempfile
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from shelfwise.intake.model import Layout
from shelfwise.intake.sales import check, read_lines

CODES = st.text("ABCDEFGHIJ0123456789-_/äß", min_size=1, max_size=12)
TEXTS = st.text(st.characters(codec="cp1252", exclude_categories=["C", "Z"]), max_size=20)
AMOUNTS = st.decimals(min_value=-99_999, max_value=99_999, places=2, allow_nan=False).filter(lambda d: d != 0)
MOMENTS = st.datetimes(datetime(1990, 1, 2), datetime(2025, 12, 31)).map(lambda t: t.replace(microsecond=0))


@dataclass(frozen=True)
class Line:
    order: str
    sku: str
    description: str
    quantity: Decimal
    moment: datetime
    price: Decimal


@dataclass(frozen=True)
class Style:
    delimiter: str
    encoding: str
    decimal: str
    thousands: str
    dates: str


LINES = st.lists(st.builds(Line, CODES, CODES, TEXTS, AMOUNTS, MOMENTS, AMOUNTS), min_size=1, max_size=30)
STYLES = st.builds(
    Style,
    st.sampled_from(",;\t|"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    st.sampled_from(".,"),
    st.sampled_from(["", "group", " ", "'"]),
    st.sampled_from(["%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%d.%m.%Y %H:%M:%S"]),
)
ORDERS = {"%Y": "ymd", "%d": "dmy", "%m": "mdy"}


def written(value: Decimal, style: Style) -> str:
    group = {"group": "," if style.decimal == "." else "."}.get(style.thousands, style.thousands)
    return f"{value:,.2f}".replace(",", "\0").replace(".", style.decimal).replace("\0", group)


def write(path: Path, lines: list[Line], style: Style) -> None:
    with path.open("w", encoding=style.encoding, newline="") as file:
        writer = csv.writer(file, delimiter=style.delimiter)
        writer.writerow(["Order", "SKU", "Description", "Quantity", "Date", "Price"])
        for line in lines:
            moment = line.moment.strftime(style.dates)
            numbers = written(line.quantity, style), written(line.price, style)
            writer.writerow([line.order, line.sku, line.description, numbers[0], moment, numbers[1]])


@settings(max_examples=50, deadline=None, derandomize=True)
@given(LINES, STYLES)
def test_lines_come_back_as_they_were_written(lines: list[Line], style: Style) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sales.csv"
        write(path, lines, style)
        # Short files may hold nothing that tells day from month or point from comma: then a person says it.
        layout = Layout(dates=ORDERS[style.dates[:2]], decimal=style.decimal, delimiter=style.delimiter)
        found = check(path, layout, time_zone="UTC", today=date(2026, 1, 1))
        assert found.problems == ()
        assert found.faults == ()
        back = [row for chunk in read_lines(path, layout, time_zone="UTC", today=date(2026, 1, 1)) for row in chunk]
    assert [
        (row["order_number"], row["sku"], row["description"] or "", Decimal(row["quantity"]), row["ordered_at"],
         Decimal(row["unit_price"]))
        for row in back
    ] == [
        (line.order, line.sku, line.description, line.quantity, line.moment.replace(tzinfo=UTC), line.price)
        for line in lines
    ]  # fmt: skip
    running: dict[str, int] = {}
    for row in back:
        running[row["order_number"]] = running.get(row["order_number"], 0) + 1
        assert row["line"] == running[row["order_number"]]


@settings(max_examples=40, deadline=None)
@given(LINES, STYLES)
def test_what_is_found_out_about_a_file_is_never_wrong(lines: list[Line], style: Style) -> None:
    """Left to itself a dry run asks, or reads every value as it was meant: it never guesses."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sales.csv"
        # The day before tells day from month where the first does not.
        more = [Line("X", "X", "", line.quantity, line.moment - timedelta(days=1), line.price) for line in lines]
        write(path, lines + more, style)
        found = check(path, time_zone="UTC", today=date(2026, 1, 1))
    if not found.problems:
        assert found.totals.quantity == sum(line.quantity for line in lines + more)
        assert found.totals.first_at == min(line.moment for line in lines + more).replace(tzinfo=UTC)


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_make_the_dry_run_stumble(content: bytes) -> None:
    from shelfwise.core.errors import Invalid

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sales.csv"
        path.write_bytes(b"order,sku,qty,date,price\n" + content)
        try:
            found = check(path, time_zone="UTC", today=date(2026, 1, 1))
        except Invalid as refused:
            assert str(refused)
        else:
            assert found.good_rows <= found.rows
