"""How a file writes its numbers and dates: found out from the whole file, never guessed from the first rows."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from shelfwise.core.errors import Fault
from shelfwise.intake.model import Layout

_CURRENCY = r"[£$€¥\s\x{a0}\x{202f}]*"
_GROUPS = r" '’\x{a0}\x{202f}"
_NUMERIC_DATE = (
    r"^(?P<a>\d{1,4})[-/.](?P<b>\d{1,2})[-/.](?P<c>\d{1,4})"
    r"(?:[T ,]+(?P<hour>\d{1,2})[:.h](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"(?:\s*(?P<half>[AaPp])\.?[Mm]\.?)?)?\s*(?P<zone>[Zz]|UTC|[+-]\d{2}:?\d{2})?$"
)
_NAMED_DATE = (
    r"^(?P<a>\d{1,2})[-/. ]+(?P<b>[A-Za-z]{3,9})\.?[-/., ]+(?P<c>\d{2,4})"
    r"(?:[T ,]+(?P<hour>\d{1,2})[:.h](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"(?:\s*(?P<half>[AaPp])\.?[Mm]\.?)?)?\s*(?P<zone>[Zz]|UTC|[+-]\d{2}:?\d{2})?$"
)
_MONTHS = {name: str(i) for i, name in enumerate(
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1)}  # fmt: skip
_ISO_COMPACT = r"^(\d{4})(\d{2})(\d{2})(T\d{2}:?\d{2}.*)?$"

_SURE_POINT = (
    r"^(?:\d{1,3}(?:,\d{3})+|\d*)\.(?:\d{1,2}|\d{4,})$|^0?\.\d+$|^\d{4,}\.\d+$"
    r"|^\d{1,3}(?:,\d{3}){2,}$|^\d{1,3}(?:,\d{3})+\.\d+$"
)
_SURE_COMMA = (
    r"^(?:\d{1,3}(?:\.\d{3})+|\d*),(?:\d{1,2}|\d{4,})$|^0?,\d+$|^\d{4,},\d+$"
    r"|^\d{1,3}(?:\.\d{3}){2,}$|^\d{1,3}(?:\.\d{3})+,\d+$"
)


@dataclass(frozen=True)
class Written:
    """How the file writes: `decimal` is '.' or ','; `dates` is 'dmy' or 'mdy' where the year does not come first."""

    decimal: str
    dates: str


@dataclass
class Evidence:
    """What the cells of a file say about its way of writing; filled chunk by chunk, then decided."""

    dot: int = 0
    comma: int = 0
    either: int = 0
    either_example: str = ""
    day_first: int = 0
    month_first: int = 0
    any_first: int = 0
    any_example: str = ""
    zoned: int = 0
    unzoned: int = 0
    notes: list[str] = field(default_factory=list)

    def take_numbers(self, cells: pl.Series) -> None:
        """Note what a column of numbers shows."""
        if cells.dtype != pl.String:
            return
        cells, counts = _counted(cells)
        bare = cells.str.replace_all(rf"^[-+−]?{_CURRENCY}|{_CURRENCY}-?$", "").str.replace_all(rf"[{_GROUPS}]", "")
        marked = bare.str.contains(r"^\d*[.,][\d.,]*$|^\d[\d.,]*[.,]\d*$")
        either = marked & bare.str.contains(r"^[1-9]\d{0,2}[.,]\d{3}$")
        self.dot += int((counts * (marked & bare.str.contains(_SURE_POINT))).sum())
        self.comma += int((counts * (marked & bare.str.contains(_SURE_COMMA))).sum())
        self.either += int((counts * either).sum())
        if either.any() and not self.either_example:
            self.either_example = cells.filter(either)[0]

    def take_dates(self, cells: pl.Series) -> None:
        """Note what a column of dates shows."""
        if cells.dtype != pl.String:
            aware = isinstance(cells.dtype, pl.Datetime) and cells.dtype.time_zone is not None
            self.zoned += cells.len() if aware else 0
            self.unzoned += 0 if aware else cells.len()
            return
        cells, counts = _counted(cells)
        groups = cells.str.extract_groups(_NUMERIC_DATE).struct.unnest()
        first, second = (groups[name].cast(pl.Int32, strict=False) for name in ("a", "b"))
        undecided = (groups["a"].str.len_chars() < 4).fill_null(False)
        either = (undecided & (first <= 12) & (second <= 12) & (first != second)).fill_null(False)
        self.day_first += int((counts * (undecided & (first > 12) & (second <= 12))).sum())
        self.month_first += int((counts * (undecided & (second > 12) & (first <= 12))).sum())
        self.any_first += int((counts * either).sum())
        if either.any() and not self.any_example:
            self.any_example = cells.filter(either)[0]
        zoned = int((counts * cells.str.contains(r":\d{2}.*(?:[Zz]|UTC|[+-]\d{2}:?\d{2})$")).sum())
        self.zoned += zoned
        self.unzoned += int(counts.sum()) - zoned

    def decide(self, said: Layout) -> tuple[Written, list[Fault]]:
        """The file's way of writing, and what only a person can say."""
        problems: list[Fault] = []
        return Written(self._decimal(said, problems), self._dates(said, problems)), problems

    def _decimal(self, said: Layout, problems: list[Fault]) -> str:
        if said.decimal:
            return said.decimal
        if self.dot == self.comma and (self.dot or self.either):
            problems.append(
                Fault(
                    "numbers", "a decimal point or a decimal comma that can be told from a thousands separator",
                    f"{self.dot} numbers that show a point, {self.comma} that show a comma, and {self.either} such as "
                    f"{self.either_example!r} that can be read both ways",
                    "Say which one it is: decimal '.' or ','.",
                )
            )  # fmt: skip
        return "," if self.comma > self.dot else "."

    def _dates(self, said: Layout, problems: list[Fault]) -> str:
        if said.dates:
            return said.dates
        if self.day_first and self.month_first:
            problems.append(
                Fault(
                    "dates", "the day first in the whole file, or the month first in the whole file",
                    f"{self.day_first} dates that must have the day first, {self.month_first} the month",
                    "Export the dates as year-month-day (2010-12-31), or say which order is right: dmy or mdy; "
                    "the other ones are then named as bad cells.",
                )
            )  # fmt: skip
        elif self.any_first and not self.day_first and not self.month_first:
            problems.append(
                Fault(
                    "dates", "dates whose day and month can be told apart",
                    f"{self.any_first} dates such as {self.any_example!r} that can be read both ways, "
                    "and none that decides",
                    "Say whether the day or the month comes first: dmy or mdy.",
                )
            )  # fmt: skip
        return "mdy" if self.month_first > self.day_first else "dmy"


def _counted(cells: pl.Series) -> tuple[pl.Series, pl.Series]:
    """The different values that are there, in the order of their first row, and how many rows have each."""
    table = cells.drop_nulls().alias("cell").to_frame().group_by("cell", maintain_order=True).len()
    return table["cell"], table["len"].cast(pl.Int64)


def number(cells: pl.Expr, written: Written) -> pl.Expr:
    """Numbers as plain text with a decimal point ('-1234.5'); null where the text is no number in this writing."""
    group, mark = (",", r"\.") if written.decimal == "." else (r"\.", ",")
    text = cells.str.replace_all("−", "-", literal=True).str.replace(rf"^(-?){_CURRENCY}(-?)", "$1$2")
    text = text.str.replace(rf"{_CURRENCY}(-?){_CURRENCY}$", "$1").str.replace(r"^([^-].*)-$", "-$1")
    pattern = rf"^[-+]?(?:\d+|\d{{1,3}}(?:[{group}{_GROUPS}]\d{{3}})+)?(?:{mark}\d+)?$"
    plain = text.str.replace_all(rf"[{group}{_GROUPS}+]", "").str.replace(",", ".", literal=True)
    return pl.when(text.str.contains(pattern) & plain.str.contains(r"\d")).then(plain.str.replace(r"^(-?)\.", "${1}0."))


def moment(cells: pl.Expr, written: Written) -> tuple[pl.Expr, pl.Expr]:
    """Dates and times without zone, and their distance from UTC in minutes (null: none is written).

    Null where the text is no date in this writing.
    """
    cells = cells.str.replace(_ISO_COMPACT, "$1-$2-$3$4")
    numeric = cells.str.extract_groups(_NUMERIC_DATE)
    named = cells.str.extract_groups(_NAMED_DATE)

    def part(name: str) -> pl.Expr:
        return pl.coalesce(numeric.struct.field(name), named.struct.field(name))

    a, b, c = (numeric.struct.field(name) for name in "abc")
    year_first = (a.str.len_chars() == 4) | (pl.lit(written.dates == "ymd") & (a.str.len_chars() == 2))
    day_first = pl.lit(written.dates != "mdy")
    month_name = named.struct.field("b").str.to_lowercase().str.slice(0, 3).replace_strict(
        _MONTHS, default=None, return_dtype=pl.String
    )  # fmt: skip
    is_name = month_name.is_not_null()
    year = pl.when(is_name).then(named.struct.field("c")).when(year_first).then(a).otherwise(c)
    month = pl.when(is_name).then(month_name).when(year_first | day_first).then(b).otherwise(a)
    day = pl.when(is_name).then(named.struct.field("a")).when(year_first).then(c).when(day_first).then(a).otherwise(b)
    full_year = pl.when(year.str.len_chars() == 2).then(pl.lit("20") + year).when(year.str.len_chars() == 4).then(year)
    hour = part("hour").cast(pl.Int32).fill_null(0)
    half = part("half").str.to_lowercase()
    hour = (
        pl.when(half.is_null()).then(hour)
        .when((hour < 1) | (hour > 12)).then(None)
        .when(half == "p").then(hour % 12 + 12)
        .otherwise(hour % 12)
    )  # fmt: skip
    two = [x.cast(pl.String).str.pad_start(2, "0") for x in (month, day, hour)]
    minute, second = part("minute").fill_null("00"), part("second").fill_null("00")
    fraction = part("fraction").fill_null("0").str.pad_end(6, "0").str.slice(0, 6)
    text = pl.concat_str(full_year, pl.lit("-"), two[0], pl.lit("-"), two[1], pl.lit(" "), two[2], pl.lit(":"), minute,
                         pl.lit(":"), second, pl.lit("."), fraction)  # fmt: skip
    parsed = text.str.to_datetime("%Y-%m-%d %H:%M:%S%.6f", time_unit="us", strict=False)
    zone = part("zone").str.to_uppercase()
    digits = zone.str.replace(":", "")
    hours, minutes = (digits.str.slice(i, 2).cast(pl.Int32, strict=False) for i in (1, 3))
    offset = (
        pl.when(zone.is_in(["Z", "UTC"])).then(pl.lit(0))
        .otherwise(
            (hours * 60 + minutes)
            * pl.when(digits.str.starts_with("-")).then(-1).otherwise(1)
        )
    )  # fmt: skip
    return parsed, offset
