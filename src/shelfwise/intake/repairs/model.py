"""A repair: damage by its name, where it is, why we believe it, what becomes of what. Nothing is repaired unnamed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from shelfwise.core.quantities import plain
from shelfwise.intake.workbooks import Cell
from shelfwise.records.exchange import Column

EXAMPLES = 3
ROWS_NAMED = 12
_SHOWN = 40

# By name, as people are told of it. The names are kept beside imports and layouts: they stay as they are.
TITLES: dict[str, str] = {
    "accounting-negatives": "Numbers below zero as accountants write them",
    "apostrophes": "Apostrophes in front of codes",
    "capitals": "Capital and small letters mixed up in codes",
    "check-digits": "Barcodes whose check digit is wrong",
    "codes-as-formulas": "Codes wrapped into a formula",
    "column-left-out": "A column that the file does not have",
    "currency-signs": "Currency signs at numbers",
    "dates-in-codes": "Codes that a spreadsheet made a date of",
    "day-and-month-swapped": "Day and month swapped",
    "decimal-marks-mixed": "Decimal points and commas mixed",
    "empty-dates": "Dates that mean that there is none",
    "full-width-characters": "Wide East Asian digits and letters",
    "group-headings": "Headings of groups between the rows",
    "html-signs": "Signs as a web page writes them",
    "invisible-characters": "Invisible characters",
    "leading-zeros": "Leading zeros lost",
    "merged-cells": "Merged cells",
    "mojibake": "Letters broken by a wrong encoding",
    "names-for-codes": "Names where codes are kept",
    "names-twice": "The same name under different codes",
    "notes-between-rows": "Notes and footers among the rows",
    "numbers-with-units": "Units beside numbers",
    "other-rows-of-headings": "Headings repeated among the rows",
    "packs-as-amounts": "Packs counted instead of units",
    "rows-twice": "The same row twice",
    "scientific-codes": "Codes shortened to 5.01E+12",
    "separator-rows": "Lines of dashes among the rows",
    "serial-dates": "Dates as a spreadsheet's day numbers",
    "several-sheets": "Several sheets of one list",
    "spaces-around": "Spaces around values",
    "stock-twice": "The same place twice",
    "text-dates": "Dates written in words",
    "titles-above": "Titles above the headings",
    "totals": "Rows of totals",
    "trailing-decimals": "Codes that end in .0",
    "two-digit-years": "Years of two digits",
    "two-rows-of-headings": "Two rows of headings",
    "typographic-signs": "Typographic quotes and dashes in codes and numbers",
    "unknown-marks": "Marks that mean unknown",
}


@dataclass(frozen=True)
class Proposal:
    """What a rule believes of some cells of a column, or of some rows.

    Attributes:
        after: the repaired cell by the place of its row.
        drop: places of rows that are none.
        noticed: places where something is wrong that we cannot repair.
        certain: it is accepted unless a person says no; else only if one says yes.
    """

    name: str
    why: str
    after: Mapping[int, Cell] = field(default_factory=dict)
    drop: frozenset[int] = frozenset()
    noticed: tuple[int, ...] = ()
    certain: bool = True


@dataclass(frozen=True)
class Repair:
    """A repair as a person sees it.

    Attributes:
        name: one of `TITLES`.
        column: the heading; '': the table.
        why: the evidence, in a sentence.
        count: how many cells or rows.
        rows: the numbers of the first of them.
        examples: some as they stand in the file, and as they become.
        certain: see `Proposal`.
        accepted: whether it was carried out.
        told_only: there is nothing to accept: it says how the file was read, or what a person should look at.
    """

    name: str
    column: str
    why: str
    count: int
    rows: tuple[int, ...] = ()
    examples: tuple[tuple[str, str], ...] = ()
    certain: bool = True
    accepted: bool = True
    told_only: bool = False

    @property
    def key(self) -> str:
        """What a person's yes or no is kept under."""
        return f"{self.name}/{self.column}"

    @property
    def title(self) -> str:
        return TITLES[self.name]

    @property
    def open(self) -> bool:
        """Whether a person has to say something."""
        return not self.accepted and not self.told_only


@dataclass(frozen=True)
class Books:
    """What the books know that tells what a damaged code was.

    Attributes:
        codes: the known codes by column: sku, barcode, site, place, supplier.
        packs: units in a pack by SKU and level.
        units: the unit of each SKU.
        names: the code by name in small letters, for columns whose codes have names.
        beside: codes of goods with a zero in front in other tables of the same file.
        currency: of the books; '': unknown.
    """

    codes: Mapping[str, Collection[str]] = field(default_factory=dict)
    packs: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    beside: frozenset[str] = frozenset()
    currency: str = ""


@dataclass(frozen=True)
class Cells:
    """A column of a table: its meaning, its cells, and what the books know.

    Attributes:
    """

    column: Column
    cells: Sequence[Cell]
    typed: bool = False
    books: Books = field(default_factory=Books)

    def known(self) -> Collection[str]:
        name = "barcode" if self.column.name.endswith("barcode") else self.column.name
        return self.books.codes.get(name, ())

    def texts(self) -> Iterator[tuple[int, str]]:
        for at, cell in enumerate(self.cells):
            if isinstance(cell, str) and cell:
                yield at, cell


Rule = Callable[[Cells], Iterator[Proposal]]
# A person's yes or no by the key of a repair; what is left out is done where it is certain. ALL: yes to everything.
Answers = Mapping[str, bool]
ALL = "*"


def answered(key: str, certain: bool, answers: Answers) -> bool:
    """Whether a repair is carried out."""
    name = key.split("/", 1)[0]
    return answers.get(key, answers.get(name, answers.get(ALL, certain)))


def made(proposal: Proposal, heading: str, numbers: Sequence[int], before: Sequence[Cell], answers: Answers) -> Repair:
    """A proposal as a person sees it."""
    places = sorted({*proposal.after, *proposal.drop, *proposal.noticed})
    examples: dict[str, str] = {}
    for at in places:
        if len(examples) == EXAMPLES:
            break
        becomes = shown(proposal.after[at]) if at in proposal.after else "left out" if at in proposal.drop else ""
        examples.setdefault(shown(before[at]), becomes)
    told_only = not proposal.after and not proposal.drop
    accepted = not told_only and answered(f"{proposal.name}/{heading}", proposal.certain, answers)
    return Repair(
        proposal.name, heading, proposal.why, len(places), tuple(numbers[at] for at in places[:ROWS_NAMED]),
        tuple(examples.items()), proposal.certain, accepted, told_only,
    )  # fmt: skip


def shown(cell: Cell) -> str:
    """A cell as a person sees it, with what is invisible made visible."""
    if cell is None:
        return "nothing"
    text = plain(cell) if isinstance(cell, Decimal) else str(cell)
    text = "".join(one if one.isprintable() else f"<{ord(one):04X}>" for one in text)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
