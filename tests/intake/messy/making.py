"""How a messy file is made, and what is true of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

import xlsxwriter

Cell = str | int | float | date | None
Rows = Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Messy:
    """A file of a business.

    Attributes:
        sheets: rows by the name of a sheet; a CSV file has one sheet named after its encoding and delimiter.
        merged: cells that are one, by sheet: first row, first column, last row, last column, from 0.
        damage: the names of the repairs that must be shown.
        asked: those of them that wait for a person.
        items: descriptions by SKU.
        barcodes: by SKU.
        stock: amounts by place and SKU.
        costs: by supplier and SKU.
        expiries: by SKU.
        bad: how many rows must be named as bad.
    """

    name: str
    sheets: Mapping[str, Rows]
    damage: set[str]
    items: Mapping[str, str]
    asked: set[str] = field(default_factory=set)
    merged: Mapping[str, Sequence[tuple[int, int, int, int]]] = field(default_factory=dict)
    barcodes: Mapping[str, str] = field(default_factory=dict)
    stock: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)
    costs: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)
    expiries: Mapping[str, date] = field(default_factory=dict)
    bad: int = 0

    def write(self, folder: Path) -> Path:
        path = folder / self.name
        if path.suffix == ".csv":
            ((way, rows),) = self.sheets.items()
            encoding, delimiter = way.split(" ")
            lines = [delimiter.join("" if cell is None else str(cell) for cell in row) for row in rows]
            path.write_bytes("\r\n".join(lines).encode(encoding))
            return path
        with xlsxwriter.Workbook(path) as book:
            day = book.add_format({"num_format": "dd/mm/yyyy"})
            for name, rows in self.sheets.items():
                page = book.add_worksheet(name)
                for top, left, bottom, right in self.merged.get(name, ()):
                    page.merge_range(top, left, bottom, right, "")
                for at, row in enumerate(rows):
                    for place, cell in enumerate(row):
                        if isinstance(cell, date):
                            page.write_datetime(at, place, cell, day)
                        elif isinstance(cell, str):
                            page.write_string(at, place, cell)
                        elif cell is not None:
                            page.write_number(at, place, cell)
        return path


def amounts(**by_sku: str) -> dict[str, Decimal]:
    return {sku: Decimal(amount) for sku, amount in by_sku.items()}
