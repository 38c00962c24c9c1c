"""Columns that a file does not have, and what stands for them: the only site, the prices' currency, made-up codes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from shelfwise.intake.repairs.model import Answers, Repair, answered
from shelfwise.intake.workbooks import Cell
from shelfwise.records.exchange import Value

LONGEST_CODE = 64


@dataclass(frozen=True)
class Filling:
    """What stands for a column that a file does not have: its value for a row, by what was read of it and its cells."""

    column: str
    why: str
    example: str
    value: Callable[[Mapping[str, Value], Sequence[Cell]], Value]
    certain: bool = True

    def repair(self, answers: Answers, rows: int) -> Repair:
        """It as a person sees it."""
        name = self.column.replace("_", " ")
        accepted = answered(f"column-left-out/{name}", self.certain, answers)
        return Repair("column-left-out", name, self.why, rows, (), (("nothing", self.example),), self.certain, accepted)


def constant(column: str, value: Value, why: str, certain: bool = True) -> Filling:
    """The same for each row."""
    return Filling(column, why, str(value), lambda row, cells: value, certain)


def codes_from(names: Collection[str], place: int, why: str) -> Filling:
    """A code made of a name, such as HAMMER-500-G: the same again the next time, so that the row is known."""
    code = code_of(next(iter(names), ""))
    return Filling("sku", why, code, lambda row, cells: code_of(str(cells[place] or "")) or None)


def code_of(name: str) -> str:
    """A name as a code: capitals, digits and dashes."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    plain = "".join(one for one in plain if not unicodedata.combining(one)).upper()
    return re.sub(r"[^0-9A-Z]+", "-", plain).strip("-")[:LONGEST_CODE].strip("-")
