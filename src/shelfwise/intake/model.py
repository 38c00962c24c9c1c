"""What a file of sales order lines may look like, and what was found in one. Pure: no files, no database, no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from shelfwise.core.errors import Fault
from shelfwise.intake import words
from shelfwise.records.headings import OF_SALES, plain_header

FAULTS_SHOWN = 200


class Field(StrEnum):
    """What a column of a sales file can be."""

    ORDER_NUMBER = "order_number"
    LINE = "line"
    SKU = "sku"
    DESCRIPTION = "description"
    QUANTITY = "quantity"
    ORDERED_AT = "ordered_at"
    UNIT_PRICE = "unit_price"
    CUSTOMER = "customer"
    COUNTRY = "country"
    SITE = "site"


REQUIRED = (Field.ORDER_NUMBER, Field.SKU, Field.QUANTITY, Field.ORDERED_AT, Field.UNIT_PRICE)

SYNONYMS = {Field(name): names for name, names in OF_SALES.items()}


@dataclass(frozen=True)
class Layout:
    """What a person says about a file; what is left out is found out.

    Attributes:
        columns: header name by field, '' for one that is not in the file; a field that is not named here is proposed
            from the headers.
        encoding: a Python codec such as 'cp1252'.
        delimiter: one character.
        decimal: '.' or ','.
        dates: 'ymd', 'dmy' or 'mdy'.
        time_zone: of times without one, such as 'Europe/London'; else the site's.
        sheet: of a workbook; else the first that holds anything.
    """

    columns: Mapping[Field, str] = field(default_factory=dict)
    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    dates: str | None = None
    time_zone: str | None = None
    sheet: str | None = None


@dataclass(frozen=True)
class Column:
    """One column of the file: its number from 1, its header, what it is taken for, and its first value.

    Attributes:
        name: of the column of `records.exchange` that it is taken for; '': none.
    """

    number: int
    header: str
    field: Field | None
    example: str
    name: str = ""


@dataclass(frozen=True)
class CellFault:
    """One bad cell.

    Attributes:
        row: the row as a spreadsheet counts it: the header is row 1, and a cell with line breaks is still one row.
        column: the header of the column, or 'the whole row'.
        expected, got, remedy: see `shelfwise.core.errors.Fault`.
    """

    row: int
    column: str
    expected: str
    got: str
    remedy: str

    def fault(self) -> Fault:
        return Fault(f"row {self.row}, column {self.column}", self.expected, self.got, self.remedy)


@dataclass(frozen=True)
class Totals:
    """What the readable rows add up to; `first_at` and `last_at` as written where they carry no time zone."""

    orders: int = 0
    items: int = 0
    quantity: Decimal = Decimal(0)
    value: Decimal = Decimal(0)
    returned_lines: int = 0
    without_description: int = 0
    without_customer: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None


@dataclass(frozen=True)
class DryRun:
    """What an import of the file would do; nothing was changed.

    Attributes:
        file_name: without its folder.
        sha256: of the file's bytes.
        kind: 'csv', 'parquet' or 'workbook'.
        columns: every column of the file and what it is taken for.
        rows: with anything in them, the header not counted.
        good_rows: those that can be imported.
        problems: what is wrong with the file as a whole; while there is one, no row can be imported.
        faults: the first `FAULTS_SHOWN` bad cells.
        fault_count: all bad cells.
        totals: of the good rows.
        notes: what was found out or assumed, in sentences.
        layout: complete: what the import will read with.
        sites: the codes of sites that the good rows name.
    """

    file_name: str
    sha256: bytes
    kind: str
    columns: tuple[Column, ...]
    rows: int
    good_rows: int
    problems: tuple[Fault, ...]
    faults: tuple[CellFault, ...]
    fault_count: int
    totals: Totals
    notes: tuple[str, ...]
    layout: Layout
    sites: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether every row can be imported."""
        return not self.problems and self.fault_count == 0


@dataclass(frozen=True)
class Imported:
    """What an import did.

    Attributes:
        import_id: the batch in the books.
        rows: read from the file.
        new: lines that were not known.
        known: lines that were there before, by order number and line; they were left as they were.
        differing: how many of the known ones say something else in this file.
        history: new lines before the go-live instant; open, returned: those behind it.
        new_items: items that were made for them.
        skipped: bad rows left out because the caller asked for that; `faults` says why.
        same_file: this very file had been imported before, so there was nothing to do.
        file_id: the first import of the same file at the same time.
    """

    import_id: int
    rows: int
    new: int = 0
    known: int = 0
    differing: int = 0
    history: int = 0
    open: int = 0
    returned: int = 0
    new_items: int = 0
    skipped: int = 0
    faults: tuple[CellFault, ...] = ()
    same_file: bool = False
    file_id: int | None = None


def propose_columns(headers: Sequence[str], said: Mapping[Field, str]) -> tuple[dict[Field, int], list[Fault]]:
    """Which column is what: as the person said, else by header name.

    Returns:
        The column's index by field, and what is wrong: a named column that is not there, one that is there twice, or
        a required field that no column stands for.
    """
    found: dict[Field, int] = {}
    faults: list[Fault] = []
    plain = [plain_header(header) for header in headers]
    for kind in Field:
        wanted = said.get(kind)
        places: list[int] = []
        if wanted:
            places = [i for i, header in enumerate(headers) if header.strip() == wanted.strip()]
            if not places:
                faults.append(
                    Fault(
                        f"mapping of {kind.value}",
                        f"one of {list_of(headers)}",
                        repr(wanted),
                        "Name a column of the file.",
                    )
                )
        elif wanted is None:
            taken = set(found.values()) | {i for i, h in enumerate(headers) if h in said.values()}
            places = next(
                (
                    p
                    for name in SYNONYMS[kind]
                    if (p := [i for i, h in enumerate(plain) if h == name and i not in taken])
                ),
                [],
            )
            if not places:
                places = words.surest("sales", kind.value, headers, taken)
        if len(places) > 1 and kind in REQUIRED:
            numbers = " and ".join(str(i + 1) for i in places)
            faults.append(
                Fault(
                    f"header {headers[places[0]]!r}", "each column name once", f"it in columns {numbers}",
                    "Rename one of them in the file, so that nobody has to guess which one counts.",
                )
            )  # fmt: skip
        elif len(places) == 1:
            found[kind] = places[0]
        elif kind in REQUIRED and not wanted:
            faults.append(
                Fault(
                    "header", f"a column for {kind.value} (such as {', '.join(SYNONYMS[kind][:3])})",
                    list_of(headers), f"Say which column holds the {kind.value}, or add it to the file.",
                )
            )  # fmt: skip
    return found, faults


def list_of(names: Sequence[str], limit: int = 12) -> str:
    """Names for a message: the first ones, cut to a readable length."""
    shown = ", ".join(name.strip()[:30] or "(empty)" for name in names[:limit])
    return shown + (f" and {len(names) - limit} more" if len(names) > limit else "")
