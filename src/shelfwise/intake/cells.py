"""Rows of a file become order lines, and every bad cell gets a name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import polars as pl

from shelfwise.core.errors import Fault, shorten
from shelfwise.intake.files import Source
from shelfwise.intake.formats import Written, moment, number
from shelfwise.intake.model import FAULTS_SHOWN, REQUIRED, CellFault, Field

WHOLE_ROW = "the whole row"
EARLIEST_YEAR = 1990
LONGEST = {
    Field.ORDER_NUMBER: 100,
    Field.SKU: 64,
    Field.CUSTOMER: 200,
    Field.COUNTRY: 100,
    Field.SITE: 64,
    Field.DESCRIPTION: 500,
}

_NUMBERS = (Field.QUANTITY, Field.UNIT_PRICE, Field.LINE)
_LOST = r"^[+-]?\d(?:[.,]\d+)?[Ee]\+\d+$"
_SPREADSHEET_ERROR = r"^#(?:N/A|REF!|NAME\?|VALUE!|DIV/0!|NULL!|NUM!)$"
_NOT_FINITE = r"(?i)^[+-]?(?:nan|inf|infinity|∞)$"

_NUMBER = "a number such as 12, -3 or 1.25"
_RULES: dict[str, tuple[str, str]] = {
    "missing": ("a value", "Fill the cell, or leave the row out."),
    "lost": (
        "a number or code with all its digits",
        "A spreadsheet has shortened it. Format the column as text and export again from the source.",
    ),
    "error": ("a value", "A formula failed here. Correct it in the spreadsheet and export again."),
    "invisible": ("a code of printable characters", "A line break or another invisible character is in it: remove it."),
    "long": ("a shorter text", "Look for an unclosed quote, or shorten the text."),
    "number": (_NUMBER, "Correct the number."),
    "finite": (_NUMBER, "This is no number. Correct the cell, or leave the row out."),
    "large": ("a number below 1,000,000,000,000", "Correct the number."),
    "decimals": ("at most 6 decimals", "Round the quantity to what can be moved."),
    "zero": ("a quantity other than 0", "Leave the row out: nothing was sold."),
    "whole": ("a whole number from 1", "Correct the line number."),
    "code": ("a code, as text or a whole number", "Export the column as text."),
    "date": (
        "a date such as 2010-12-31 or 2010-12-31 08:26",
        "Correct the date, or say in which order the file writes dates (dmy, mdy).",
    ),
    "serial": (
        "a date such as 2010-12-31",
        "A spreadsheet exported its internal day number. Format the column as date and export again.",
    ),
    "clock": (
        "a time that existed on that day",
        "Clocks were set forward over it, so it cannot be local time. Say the file's time zone, perhaps UTC.",
    ),
    "twice": ("each line of an order once", "A row above has this line of the order. Correct the line numbers."),
}

_ACCEPTED: dict[Field, tuple[str, ...]] = {
    Field.QUANTITY: ("text", "number"), Field.UNIT_PRICE: ("text", "number"), Field.LINE: ("text", "number"),
    Field.ORDERED_AT: ("text", "time"), Field.DESCRIPTION: ("text", "number"), Field.COUNTRY: ("text",),
    Field.ORDER_NUMBER: ("text", "number"), Field.SKU: ("text", "number"), Field.CUSTOMER: ("text", "number"),
    Field.SITE: ("text", "number"),
}  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """How to read the rows.

    Attributes:
        columns: index of the column by field.
        written: how numbers and dates are written.
        time_zone: of times without one; None: leave them as they are.
        last_day: dates behind it are absurd.
    """

    columns: Mapping[Field, int]
    written: Written
    time_zone: str | None
    last_day: date


@dataclass
class Rows:
    """Reads a source's rows in chunks of good lines, and keeps account of the bad ones.

    Each chunk has the columns row, order_number, line, sku, description, quantity, ordered_at, unit_price, customer,
    country; quantity and price are exact decimals as text. Without a line column a line's number is its running number
    within its order, bad rows counted, so that a corrected file gives the same numbers.
    """

    source: Source
    reading: Reading
    faults: list[CellFault] = field(default_factory=list)
    fault_count: int = 0
    rows: int = 0
    bad_rows: int = 0
    _orders: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(schema={"order_number": pl.String, "before": pl.UInt32})
    )
    _seen: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.UInt64))

    def __iter__(self) -> Iterator[pl.DataFrame]:
        for chunk in self.source.chunks():
            yield self._read(chunk.frame)

    def _read(self, frame: pl.DataFrame) -> pl.DataFrame:
        fields = self.reading.columns
        parsed = frame
        for kind in Field:
            parsed = self._parsed(kind, parsed)
        parsed = self._numbered(parsed) if Field.LINE not in fields else self._once(parsed)
        codes = [f"{kind.value}!" for kind in Field]
        ragged = pl.col("cells").is_not_null()
        parsed = parsed.with_columns(pl.when(~ragged).then(pl.col(code)) for code in codes)
        bad = ragged | pl.any_horizontal(pl.col(code).is_not_null() for code in codes)
        self.rows += frame.height
        self._note(parsed.filter(bad))
        return parsed.filter(~bad).select("row", *[kind.value for kind in Field])

    def _parsed(self, kind: Field, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame with the field's value and the code of what is wrong with it, as columns 'sku' and 'sku!'.

        Each different cell is looked at once: a file has far fewer of them than rows.
        """
        code_name = f"{kind.value}!"
        if kind not in self.reading.columns:
            dtype = pl.Int64 if kind is Field.LINE else pl.String
            return frame.with_columns(pl.lit(None, dtype).alias(kind.value), pl.lit(None, pl.String).alias(code_name))
        name = str(self.reading.columns[kind])
        cells = frame.select(pl.col(name).unique())
        if kind is Field.ORDERED_AT:
            value, code = self._moment(name, cells.schema[name])
        elif kind in _NUMBERS:
            value, code = self._number(kind, name, cells.schema[name])
        else:
            value, code = _text(kind, name, cells.schema[name])
        missing = "missing" if kind in REQUIRED or kind is Field.LINE else None
        code = pl.when(pl.col(name).is_null()).then(pl.lit(missing)).otherwise(code)
        cells = cells.with_columns(value.alias(kind.value), code.alias(code_name))
        return frame.join(cells, on=name, how="left", nulls_equal=True, maintain_order="left")

    def _number(self, kind: Field, name: str, dtype: pl.DataType) -> tuple[pl.Expr, pl.Expr]:
        cell, finite = pl.col(name), pl.lit(True)
        if dtype == pl.String:
            value = number(cell, self.reading.written)
            finite = ~cell.str.contains(_NOT_FINITE)
        elif dtype.is_float():
            finite = cell.is_finite()
            # What binary fractions leave behind (3.3000000000000003) was never meant.
            value = number(cell.cast(pl.Float64).round(6).cast(pl.String), Written(".", "dmy"))
        else:
            value = number(cell.cast(pl.String), Written(".", "dmy"))
        text = cell.cast(pl.String)
        rough = value.cast(pl.Float64, strict=False)
        code = (
            pl.when(~finite).then(pl.lit("finite"))
            .when(text.str.contains(_LOST) | text.str.contains(r"^[\d.]+e\d+$")).then(pl.lit("lost"))
            .when(text.str.contains(_SPREADSHEET_ERROR)).then(pl.lit("error"))
            .when(value.is_null()).then(pl.lit("number"))
            .when(rough.abs() >= 1e12).then(pl.lit("large"))
        )  # fmt: skip
        if kind is Field.QUANTITY:
            code = (
                code.when(rough == 0)
                .then(pl.lit("zero"))
                .when(value.str.contains(r"\.\d{7,}$"))
                .then(pl.lit("decimals"))
            )
        if kind is Field.LINE:
            value = value.str.replace(r"\.0+$", "")
            whole = value.cast(pl.Int64, strict=False)
            return whole, code.when(whole.is_null() | (whole < 1) | (whole > 2**31 - 1)).then(pl.lit("whole"))
        return value, code.otherwise(None)

    def _moment(self, name: str, dtype: pl.DataType) -> tuple[pl.Expr, pl.Expr]:
        offset = pl.lit(None, pl.Int32)
        cell = pl.col(name)
        serial = pl.lit(False)
        if dtype == pl.String:
            naive, offset = moment(cell, self.reading.written)
            serial = cell.str.contains(r"^\d{5}(?:[.,]\d+)?$")
        elif isinstance(dtype, pl.Datetime) and dtype.time_zone:
            naive, offset = cell.dt.convert_time_zone("UTC").dt.replace_time_zone(None), pl.lit(0, pl.Int32)
        else:
            naive = cell
        naive = naive.cast(pl.Datetime("us"))
        utc = (naive - pl.duration(minutes=offset)).dt.replace_time_zone("UTC")
        zone = self.reading.time_zone or "UTC"
        local = naive.dt.replace_time_zone(zone, non_existent="null", ambiguous="earliest").dt.convert_time_zone("UTC")
        value = pl.when(offset.is_not_null()).then(utc).otherwise(local)
        code = (
            pl.when(serial).then(pl.lit("serial"))
            .when(naive.is_null()).then(pl.lit("date"))
            .when((naive.dt.year() < EARLIEST_YEAR) | (naive.dt.date() > self.reading.last_day)).then(pl.lit("range"))
            .when(value.is_null()).then(pl.lit("clock"))
        )  # fmt: skip
        return value, code.otherwise(None)

    def _numbered(self, parsed: pl.DataFrame) -> pl.DataFrame:
        running = pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("order_number")
        parsed = parsed.join(self._orders, on="order_number", how="left", maintain_order="left").with_columns(
            line=(running + pl.col("before").fill_null(0)).cast(pl.Int64)
        )
        counted = parsed.filter(pl.col("order_number").is_not_null()).group_by("order_number").agg(before=pl.len())
        self._orders = pl.concat([self._orders, counted]).group_by("order_number").agg(pl.col("before").sum())
        return parsed

    def _once(self, parsed: pl.DataFrame) -> pl.DataFrame:
        keys = parsed.select(key=pl.struct("order_number", "line").hash())["key"]
        twice = (~keys.is_first_distinct() | keys.is_in(self._seen.implode())) & parsed["line"].is_not_null()
        self._seen = self._seen.append(keys)
        return parsed.with_columns(
            pl.when(pl.col("line!").is_null() & twice).then(pl.lit("twice")).otherwise(pl.col("line!")).alias("line!")
        )

    def _note(self, bad: pl.DataFrame) -> None:
        self.bad_rows += bad.height
        ragged = bad.filter(pl.col("cells").is_not_null())
        self.fault_count += ragged.height + sum(bad.height - bad[f"{kind.value}!"].null_count() for kind in Field)
        for row in bad.head(max(0, FAULTS_SHOWN - len(self.faults))).iter_rows(named=True):
            if row["cells"] is not None:
                self.faults.append(self._ragged(row))
                continue
            for kind in Field:
                if row[f"{kind.value}!"] is not None and len(self.faults) < FAULTS_SHOWN:
                    self.faults.append(self._fault(kind, row))

    def _ragged(self, row: Mapping[str, object]) -> CellFault:
        return CellFault(
            int(str(row["row"])), WHOLE_ROW, f"{len(self.source.headers)} cells as in the header",
            f"{row['cells']} cells, beginning {shorten(row['0'] or '')}",
            "Look for a delimiter inside a value: such a value needs quotes around it.",
        )  # fmt: skip

    def _fault(self, kind: Field, row: Mapping[str, object]) -> CellFault:
        code, index = row[f"{kind.value}!"], self.reading.columns[kind]
        got = row[str(index)]
        if code == "range":
            expected = f"a date from {EARLIEST_YEAR} to {self.reading.last_day:%Y-%m-%d}"
            remedy = "Correct the date; a system's empty date may stand behind it."
        else:
            expected, remedy = _RULES[str(code)]
        if code == "long":
            expected = f"at most {LONGEST[kind]} characters"
        shown = "nothing" if got is None else shorten(got if isinstance(got, str) else str(got))
        return CellFault(int(str(row["row"])), self.source.headers[index].strip(), expected, shown, remedy)


def wrong_types(source: Source, columns: Mapping[Field, int], schema: Mapping[str, pl.DataType]) -> list[Fault]:
    """Columns whose type can never hold their field: a list where a number must be."""
    faults = []
    for kind, index in columns.items():
        if _family(schema[str(index)]) not in _ACCEPTED[kind]:
            faults.append(
                Fault(
                    f"column {source.headers[index]}", " or ".join(_ACCEPTED[kind]), f"{schema[str(index)]}",
                    f"Export the column as {_ACCEPTED[kind][-1]}, or say that another column holds the {kind.value}.",
                )
            )  # fmt: skip
    return faults


def last_day(today: date) -> date:
    """The last day that an order may claim: a year ahead."""
    return today + timedelta(days=366)


def instant_or_none(value: object) -> datetime | None:
    """A value of a frame as a datetime."""
    return value if isinstance(value, datetime) else None


def _family(dtype: pl.DataType) -> str:
    if dtype == pl.String or dtype == pl.Null:
        return "text"
    if dtype.is_numeric():
        return "number"
    return "time" if dtype in (pl.Date, pl.Datetime) else "other"


def _text(kind: Field, name: str, dtype: pl.DataType) -> tuple[pl.Expr, pl.Expr]:
    cell = pl.col(name)
    if dtype.is_float():
        whole = cell.is_finite() & (cell == cell.round(0)) & (cell.abs() < 2**53)
        digits = pl.when(whole).then(cell.cast(pl.Int64, strict=False).cast(pl.String))
        missing = "missing" if kind in REQUIRED else None
        return digits, pl.when(cell.is_nan()).then(pl.lit(missing)).when(~whole).then(pl.lit("code")).otherwise(None)
    text = cell.cast(pl.String)
    if kind in (Field.DESCRIPTION, Field.COUNTRY, Field.CUSTOMER):
        text = text.str.replace_all(r"[\p{C}\p{Z}]+", " ").str.strip_chars().replace("", None)
    code = (
        pl.when(text.str.contains(r"[[\p{C}\p{Z}]--[ ]]")).then(pl.lit("invisible"))
        .when(text.str.contains(_LOST) & pl.lit(kind is not Field.DESCRIPTION)).then(pl.lit("lost"))
        .when(text.str.contains(_SPREADSHEET_ERROR)).then(pl.lit("error"))
        .when(text.str.len_chars() > LONGEST[kind]).then(pl.lit("long"))
    )  # fmt: skip
    return text, code.otherwise(None)
