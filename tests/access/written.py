"""The rights as docs/reference says them, for tests that walk: what people read must be what they meet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from shelfwise.access.model import Right, Role

_PAGES = Path(__file__).resolve().parents[2] / "docs" / "reference"
_NAME = re.compile(r"`([a-z_]+)`")


def _rows(page: str) -> Iterator[list[str]]:
    """The cells of every row of every table of a page, heads too."""
    for line in (_PAGES / page).read_text().splitlines():
        if line.startswith("| "):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def _named(text: str) -> frozenset[Right]:
    return frozenset(Right(name) for name in _NAME.findall(text))


def _sentence(start: str) -> frozenset[Right]:
    (found,) = [line for line in (_PAGES / "rights.md").read_text().splitlines() if line.startswith(start)]
    return _named(found)


def _matrix() -> dict[str, frozenset[Right]]:
    head, *body = [cells for cells in _rows("rights.md") if len(cells) > 3]
    marked = [(Right(cells[1].strip("`")), cells) for cells in body if cells[1].startswith("`")]
    return {
        name: frozenset(right for right, cells in marked if cells[column] == "yes")
        for column, name in enumerate(head)
        if column > 1
    }


def _routes() -> dict[tuple[str, str], frozenset[Right]]:
    pages = {
        (cells[0], cells[1].strip("`")): _named(cells[2]) for cells in _rows("rights.md") if cells[0] in {"GET", "POST"}
    }
    api = {
        (cells[0], "/api/v1" + cells[1][1:].split("]")[0]): _named(cells[3])
        for cells in _rows("rest-api.md")
        if cells[0] in {"GET", "POST"}
    }
    return pages | api


_COLUMNS = _matrix()
# What each role may do, where it is held; and what Shelfwise may do by itself.
MATRIX: dict[Role, frozenset[Right]] = {role: _COLUMNS[role.value] for role in Role}
SHELFWISE = _COLUMNS["Shelfwise itself"]
PERSONS_ALONE = _sentence("No key and no part of Shelfwise")
ON_THE_FLOOR = _sentence("On a handheld")
# The rights that a route may ask for, by method and pattern.
ROUTES = _routes()
# What a key may be made with.
SCOPES = [right for right in Right if right not in PERSONS_ALONE | {Right.SEND_READINGS}]
