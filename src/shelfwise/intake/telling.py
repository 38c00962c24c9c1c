"""What is told of a table: its columns, those that are not taken in, its bad cells by their headings."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING

from shelfwise.intake.found import EXAMPLE_LENGTH
from shelfwise.intake.kind import Kind, RowFault
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


def unused(kind: Kind, grid: Grid, places: Mapping[str, int]) -> list[str]:
    """A sentence on the columns that are not taken in."""
    used = {place for name, place in places.items() if name not in kind.unread}
    unused = [heading.strip() for i, heading in enumerate(grid.headings) if i not in used and heading.strip()]
    return [f"Not imported: {', '.join(unused[:10])}."] if unused else []


def cell_fault(grid: Grid, places: Mapping[str, int], fault: RowFault) -> CellFault:
    """A fault of a row, told by the heading that the person knows."""
    heading = grid.headings[places[fault.column]].strip() if fault.column in places else fault.column or "the whole row"
    return CellFault(fault.row, heading, fault.expected, fault.got, fault.remedy)
