"""What a kind of file is to an import: its columns, what is there already, and how a change of it is carried out.

A kind is one small file in `kinds/`: a description table and three functions. The columns are those of
`records.exchange`, so that what was exported can be imported.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault
from shelfwise.records.exchange import Sheet, Value

# What names a record within its kind: the values of the sheet's key columns.
Key = tuple[Value, ...]
# A record as a file would show it: a value for each column of its sheet.
Record = Mapping[str, Value]


@dataclass(frozen=True)
class Row:
    """A row that could be read: its number as a spreadsheet counts, and the values of the columns it has."""

    number: int
    values: Record


@dataclass(frozen=True)
class RowFault:
    """What is wrong with one cell of a row; `column` is the name of a column of the sheet, '' for the whole row."""

    row: int
    column: str
    expected: str
    got: str
    remedy: str


@dataclass(frozen=True)
class Change:
    """A record that will be another one: `before` is None where it is new."""

    row: int
    key: Key
    before: Record | None
    after: Record

    @property
    def fields(self) -> tuple[str, ...]:
        """The columns that say something else than before."""
        if self.before is None:
            return tuple(name for name, value in self.after.items() if value is not None)
        return tuple(name for name, value in self.after.items() if value != self.before.get(name))


@dataclass(frozen=True)
class Posted:
    """What was done beside the records themselves: the batch of movements, if there is one."""

    batch_id: int | None = None


# The keys are of the file; None: all that is there.
Known = Callable[[Context, Collection[Key] | None], dict[Key, Record]]
Check = Callable[[Context, Sequence[Row]], Iterator[RowFault]]
Write = Callable[[Context, Sequence[Change], datetime | None], Posted]
Remove = Callable[[Context, Sequence[Key]], dict[Key, str]]
# Given the batch of movements and the changes; returns what had to stay, in sentences.
Undo = Callable[[Context, int | None, Sequence[Change]], list[str]]


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        sheet: its columns and what names a row.
        noun: one of its records and several: ("item", "items").
        right: what an import of it takes.
        defaults: what a new record says where the file says nothing; an empty cell of a known one leaves it as it was.
        unread: columns that are given out but not taken in.
        known: what is there of the keys, or all of it, each as a file would show it.
        check: rules that need the books or several columns: references, amounts. Never changes anything.
        write: carry out the changes, in a transaction that ends in all of them or none.
        remove: take back records that an import made; returns those that have to stay, and why.
        undo: takes back an import of this kind in its own way; None: by putting records back, and removing new ones.
        measures: columns that are kept as binary fractions.
        spelt: how texts of a column are spelt once they are kept, where one thing can be written in several ways.
        amount: the column whose 0 means that nothing is there.
        numbered: a column that counts the rows within another, where the file does not have it.
        site_said: a file that names no site is of the one that is chosen for it, or of the only one there is.
        once: the same file again does nothing, even where things have moved on since.
    """

    sheet: Sheet
    noun: tuple[str, str]
    known: Known
    check: Check
    write: Write
    remove: Remove | None = None
    right: Right = Right.IMPORT_DATA
    defaults: Record = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    spelt: Mapping[str, Callable[[str], str | None]] = field(default_factory=dict)
    amount: str = ""
    numbered: tuple[str, str] | None = None
    once: bool = False
    site_said: bool = False
    undo: Undo | None = None
    synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.sheet.name

    def key_of(self, record: Record) -> Key:
        return tuple(record.get(name) for name in self.sheet.key)


def on_row(row: Row, faults: Iterator[Fault], names: Mapping[str, str] | None = None) -> Iterator[RowFault]:
    """The faults a rule of another room found, on the row; their `where` is a field of that room.

    Args:
        names: the sheet's column for a field that is called otherwise there.
    """
    for fault in faults:
        column = fault.where.split(",")[0]
        yield RowFault(row.number, (names or {}).get(column, column), fault.expected, fault.got, fault.remedy)


def missing(row: Row, column: str, what: str) -> RowFault:
    """A row names something that is not there."""
    return RowFault(
        row.number, column, f"{what} that exists", repr(row.values.get(column)),
        f"Correct the code, or import the {what.split()[-1]} first.",
    )  # fmt: skip
