"""What a file is made of: its columns, what each holds, and what names a row. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

# code: text that is never a number, whatever its digits say. yes: "yes" or "no".
Kind = Literal["code", "text", "number", "whole", "yes", "day", "instant"]
Value = str | Decimal | int | bool | date | datetime | None


@dataclass(frozen=True)
class Column:
    """A column of a sheet.

    Attributes:
        name: the heading.
        needed: an import refuses a row without it.
        words: what it means, for the documentation.
    """

    name: str
    kind: Kind
    words: str
    needed: bool = False


@dataclass(frozen=True)
class Sheet:
    """A kind of file.

    Attributes:
        name: of the CSV in a ZIP, and of the sheet in a workbook.
        key: the columns that name one row; a row whose key is there already changes it, where the kind allows that.
        words: what one row is.
    """

    name: str
    title: str
    words: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def headings(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)
