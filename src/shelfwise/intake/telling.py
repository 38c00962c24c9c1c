"""What is told of a table: its columns, those that are not taken in, its bad cells by their headings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from shelfwise.intake.found import EXAMPLE_LENGTH, Found
from shelfwise.intake.kind import RowFault
from shelfwise.intake.model import CellFault, Column

if TYPE_CHECKING:
    from shelfwise.intake.grids import Grid


def columns_of(grid: Grid, places: Mapping[str, int]) -> tuple[Column, ...]:
    """Every column of a table, its first value and what it is taken for."""
    names = {place: name for name, place in places.items()}
    examples = [""] * len(grid.headings)
    for _, cells in islice(grid.rows(), 200):
        for i, cell in enumerate(cells[: len(examples)]):
            if not examples[i] and cell is not None:
                examples[i] = str(cell).strip()[:EXAMPLE_LENGTH]
    return tuple(
        Column(i + 1, heading.strip(), None, examples[i], names.get(i, "")) for i, heading in enumerate(grid.headings)
    )


def with_unused(found: Sequence[Found]) -> list[Found]:
    """The tables of a file, each sheet with a sentence on the columns that none of its tables takes in."""
    used: dict[str, set[str]] = {}
    for one in found:
        told = {
            column.header for column in one.columns if column.name and one.kind and column.name not in one.kind.unread
        }
        used.setdefault(one.sheet or one.name, set()).update(told)
    return [one if one.sheet or one.kind is None or one.sales else _with_unused(one, used[one.name]) for one in found]


def _with_unused(one: Found, used: set[str]) -> Found:
    left = [column.header for column in one.columns if column.header and column.header not in used]
    return replace(one, notes=(*one.notes, f"Not imported: {', '.join(left[:10])}.")) if left else one


def cell_fault(grid: Grid, places: Mapping[str, int], fault: RowFault) -> CellFault:
    """A fault of a row, told by the heading that the person knows."""
    heading = grid.headings[places[fault.column]].strip() if fault.column in places else fault.column or "the whole row"
    return CellFault(fault.row, heading, fault.expected, fault.got, fault.remedy)
