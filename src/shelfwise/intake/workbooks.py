"""Workbooks of spreadsheet programs (.xlsx, .xlsb, .xls, .ods): which sheets there are, and their cells exactly."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from shelfwise.core.errors import Fault, Invalid
from shelfwise.intake import workbook_child

LARGEST_WORKBOOK = 100 << 20
LARGEST_UNPACKED = 600 << 20
_PATIENCE_S = 180


@dataclass(frozen=True)
class Failed:
    """A cell whose formula came to no value."""

    text: str

    def __str__(self) -> str:
        return self.text


Cell = str | Decimal | date | datetime | bool | Failed | None


class Folder:
    """Where sheets were read into; gone with the last of them."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="shelfwise-sheets-"))
        self.remove = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


@dataclass(frozen=True)
class Sheet:
    """One sheet: its name, whether it is hidden, how many rows hold anything, where its cells are, which are merged."""

    name: str
    hidden: bool
    rows: int
    file: str
    folder: Folder = field(repr=False, compare=False)
    merges: tuple[tuple[int, int, int, int], ...] = ()

    def cells(self) -> Iterator[tuple[int, list[Cell]]]:
        """The rows that hold anything, each with its number as the spreadsheet shows it."""
        with (self.folder.path / self.file).open(encoding="utf-8") as file:
            for line in file:
                number, *told = json.loads(line)
                yield number, [_cell(one) for one in told]


@dataclass(frozen=True)
class Workbook:
    """A workbook that was read; `formulas` counts the cells that hold one."""

    sheets: tuple[Sheet, ...]
    formulas: int


def is_workbook(head: bytes) -> bool:
    """Whether a file that begins like this may be a workbook: an archive, or the older binary container."""
    return head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0"))


def open_workbook(path: Path) -> Workbook:
    """Read all sheets, in a process whose memory and time are bounded.

    Raises:
        Invalid: it is no whole workbook, is locked, or is too large; says so in words.
    """
    name = path.name
    size = path.stat().st_size
    if size > LARGEST_WORKBOOK:
        raise _invalid(
            name, f"a workbook of at most {LARGEST_WORKBOOK >> 20} MB", f"{size >> 20:,} MB",
            "Save the sheet you need in a file of its own, or as CSV.",
        )  # fmt: skip
    folder = Folder()
    try:
        child = subprocess.run(
            [sys.executable, "-I", workbook_child.__file__, str(path), str(folder.path), str(LARGEST_UNPACKED)],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        folder.remove()
        raise _too_large(name) from error
    try:
        index = json.loads((folder.path / "index.json").read_text("utf-8")) if child.returncode in (0, 3) else None
    except (OSError, ValueError):
        index = None
    if child.returncode == 3 and index is not None:
        folder.remove()
        raise _invalid(name, *index)
    if index is None:
        folder.remove()
        out_of_memory = b"memory" in child.stderr.lower() or child.returncode in (-signal.SIGXCPU, -signal.SIGKILL)
        raise _too_large(name) if out_of_memory else _invalid(
            name, "a workbook that can be read", "one that cannot", "Open it and save it anew as .xlsx, or as CSV."
        )  # fmt: skip
    return Workbook(
        tuple(
            Sheet(
                one["name"],
                one["hidden"],
                one["rows"],
                one["file"],
                folder,
                tuple((top, bottom, left, right) for top, bottom, left, right in one["merges"]),
            )
            for one in index["sheets"]
        ),
        index["formulas"],
    )


def _too_large(name: str) -> Invalid:
    return _invalid(
        name, "a list of at most about a million rows", "a workbook that needs more memory or time than we may take",
        "Often a single cell far below or far to the right makes a sheet that large. Copy the list into a new "
        "workbook, or save the sheet as CSV.",
    )  # fmt: skip


def _invalid(name: str, expected: str, got: str, remedy: str) -> Invalid:
    return Invalid(Fault(f"file {name}", expected, got, remedy))


def _cell(told: str | None) -> Cell:
    if told is None:
        return None
    kind, text = told[0], told[1:]
    if kind == "n":
        return Decimal(text)
    if kind == "d":
        return date.fromisoformat(text)
    if kind == "t":
        return datetime.fromisoformat(text)
    if kind == "b":
        return text == "TRUE"
    return Failed(text) if kind == "e" else text
