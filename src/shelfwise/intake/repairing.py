"""The rows of a table, repaired as far as that is sure or a person said so; each repair named, none silent. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from shelfwise.intake.kind import Kind, Row
from shelfwise.intake.repairs import amounts, characters, codes, dates, duplicates, rows
from shelfwise.intake.repairs.model import Answers, Books, Cells, Proposal, Repair, Rule, made
from shelfwise.intake.repairs.rows import Line, text_of
from shelfwise.intake.workbooks import Cell
from shelfwise.records.exchange import Column

# Columns that say what a row belongs to: written once for a group, they hold for all of it.
_OF_GROUPS = ("order_number", "number", "ordered_at", "customer", "country", "supplier", "site", "place", "zone")
Merges = Sequence[tuple[int, int, int, int]]


@dataclass
class Table:
    """The rows below some headings on their way to be read.

    Attributes:
        places: which heading stands for which column of the kind.
        answers: what a person said to repairs.
        repairs: those found so far.
    """

    headings: Sequence[str]
    kind: Kind
    places: Mapping[str, int]
    lines: list[Line]
    typed: bool
    books: Books = field(default_factory=Books)
    answers: Answers = field(default_factory=dict)
    merges: Merges = ()
    repairs: list[Repair] = field(default_factory=list)

    @property
    def ours(self) -> bool:
        """Whether an export of ours wrote it: what stands there is meant, whatever it looks like."""
        return tuple(heading.strip() for heading in self.headings) == self.kind.sheet.headings

    def mend(self) -> None:
        """Find and repair what is wrong with rows and cells."""
        if self.ours:
            return
        self._rows()
        for name, place in self.places.items():
            if name not in self.kind.unread:
                self._column(self.kind.sheet.column(name), place)
        self._amounts()

    def _rows(self) -> None:
        key = {self.places[name] for name in self.kind.sheet.key if name in self.places}
        needed = {column.name for column in self.kind.sheet.columns if column.needed}
        for place, after in rows.merged(self.lines, self.merges).items():
            if place < len(self.headings):
                self._take(Proposal("merged-cells", "the cells are one, and what stands there holds for all its rows",
                                    after), place)  # fmt: skip
        keys_alone = needed <= {*self.kind.sheet.key}
        self._drop(lambda: rows.headings_again(self.lines, self.headings))
        self._drop(lambda: rows.separators(self.lines))
        self._drop(lambda: rows.totals(self.lines, key))
        self._drop(lambda: rows.notes(self.lines, key, keys_alone))
        for name in _OF_GROUPS:
            if name in needed and name in self.places:
                self._gaps(self.places[name])

    def _gaps(self, place: int) -> None:
        """Cells left empty below the first of a group."""
        if after := rows.gaps(self.lines, place):
            why = "what a row belongs to stands in the first row of its group alone"
            self._take(Proposal("merged-cells", why, after, certain=False), place)

    def _drop(self, find: Callable[[], Iterator[Proposal]]) -> None:
        drop: set[int] = set()
        for proposal in find():
            said = [next((cell for cell in cells if text_of(cell)), None) for _, cells in self.lines]
            repair = made(proposal, "", self._numbers(), said, self.answers)
            self._note(repair)
            drop |= proposal.drop if repair.accepted else set()
        self.lines = [line for at, line in enumerate(self.lines) if at not in drop]

    def _column(self, column: Column, place: int) -> None:
        for rule in rules_of(column):
            for proposal in list(rule(Cells(column, self._cells(place), self.typed, self.books))):
                self._take(proposal, place)

    def _amounts(self) -> None:
        """Amounts of items, which need the item's unit and packs."""
        for name in ("quantity", "received"):
            if name not in self.places or not {"sku"} <= self.places.keys():
                continue
            packs = {one: self._cells(self.places[one]) for one in self.places if one.endswith("_quantity")}
            unit = self._cells(self.places["unit"]) if "unit" in self.places else ()
            place = self.places[name]
            skus = [text_of(one) for one in self._cells(self.places["sku"])]
            found = amounts.in_units(self._cells(place), skus, unit, packs, self.books)  # fmt: skip
            for proposal in list(found):
                self._take(proposal, place)

    def _cells(self, place: int) -> list[Cell]:
        return [cells[place] if place < len(cells) else None for _, cells in self.lines]

    def _numbers(self) -> list[int]:
        return [number for number, _ in self.lines]

    def _take(self, proposal: Proposal, place: int) -> None:
        repair = made(proposal, self.headings[place].strip(), self._numbers(), self._cells(place), self.answers)
        self._note(repair)
        if repair.accepted:
            for at, cell in proposal.after.items():
                number, cells = self.lines[at]
                self.lines[at] = number, [*cells[:place], cell, *cells[place + 1 :]]

    def _note(self, repair: Repair) -> None:
        """Keep a repair; what two rules found of the same name in the same column is told as one."""
        for at, other in enumerate(self.repairs):
            if other.key == repair.key and other.accepted == repair.accepted and other.told_only == repair.told_only:
                why = other.why if repair.why in other.why else f"{other.why}; {repair.why}"
                self.repairs[at] = replace(
                    other, count=other.count + repair.count, rows=other.rows + repair.rows, why=why,
                    examples=(other.examples + repair.examples)[:3], certain=other.certain and repair.certain,
                )  # fmt: skip
                return
        self.repairs.append(repair)

    def fold(self, read: list[Row]) -> list[Row]:
        """Rows that were read, without those that stand twice, as far as that is sure or a person said so."""
        if self.ours:
            return read
        for proposal in list(duplicates.rows_twice(self.kind, read)):
            read = self._without(proposal, read)
        for proposal, sums in list(duplicates.stock_twice(self.kind, read)):
            before = read
            read = self._without(proposal, read)
            if read is not before:
                added = {before[at].number: amount for at, amount in sums.items()}
                read = [
                    replace(row, values={**row.values, self.kind.amount: added[row.number]})
                    if row.number in added else row
                    for row in read
                ]  # fmt: skip
        if self.kind.name == "items":
            for proposal in list(duplicates.names_twice(read)):
                self._without(proposal, read)
        return read

    def _without(self, proposal: Proposal, read: list[Row]) -> list[Row]:
        named: list[Cell] = [
            " ".join(str(part) for part in self.kind.key_of(row.values) if part is not None) for row in read
        ]
        repair = made(proposal, "", [row.number for row in read], named, self.answers)
        self._note(repair)
        return [row for at, row in enumerate(read) if at not in proposal.drop] if repair.accepted else read


def rules_of(column: Column) -> Iterator[Rule]:
    """The rules for the cells of a column, in their order."""
    yield from characters.RULES
    match column.kind:
        case "number" | "whole":
            yield from amounts.rules_of(column.name)
        case "day" | "instant":
            yield amounts.unknown
            yield from dates.RULES
        case "code":
            yield amounts.unknown
            yield from codes.RULES
        case "text":
            yield amounts.unknown
