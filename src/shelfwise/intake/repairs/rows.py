"""Rows that are none: totals, headings repeated on each page, headings of groups, notes, lines of dashes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from decimal import Decimal

from shelfwise.intake.repairs.model import Proposal
from shelfwise.intake.workbooks import Cell

Line = tuple[int, list[Cell]]

_TOTAL = re.compile(
    r"(?i)^[\s*:]*(?:grand\s+|sub[\s-]?|sous[\s-]?|zwischen)?(?:totale?s?|totaal|summe|gesamt(?:summe|betrag)?|sum|somme|"
    r"suma|übertrag|uebertrag|endsumme|carried forward|brought forward)\b(?P<rest>.*)$"
)
_NAMES_MORE = re.compile(r"[^\W\d_]{3,}")
_NOTE = re.compile(
    r"(?i)^\W*(?:page|seite|página|pagina|printed|gedruckt|stand|as of|date|datum|note|notes|hinweis|nb|n\.b\.|ps|"
    r"imprimé|impreso|end of|ende|fin|prices?|preise|alle|all|legend|source|quelle|created|erstellt|report|\*)\b"
)
_DASHES = re.compile(r"^[\s\-_=*.·~#+|–—]{2,}$")


def headings_again(rows: Sequence[Line], headings: Sequence[str]) -> Iterator[Proposal]:
    wanted = [heading.strip().casefold() for heading in headings]
    named = {place for place, heading in enumerate(wanted) if heading}
    drop = set()
    for at, (_, cells) in enumerate(rows):
        said = {place: text_of(cell).casefold() for place, cell in enumerate(cells[: len(wanted)]) if text_of(cell)}
        alike = sum(1 for place, text in said.items() if text == wanted[place])
        if alike >= 2 and alike >= 0.8 * max(len(said), 1) and alike * 2 >= len(named):
            drop.add(at)
    if drop:
        yield Proposal("other-rows-of-headings", "they say the same as the headings", drop=frozenset(drop))


def separators(rows: Sequence[Line]) -> Iterator[Proposal]:
    drop = set()
    for at, (_, cells) in enumerate(rows):
        said = [text_of(cell) for cell in cells if text_of(cell)]
        if said and all(_DASHES.match(text) for text in said) and (len(said) > 1 or len(said[0]) > 2):
            drop.add(at)
    if drop:
        yield Proposal("separator-rows", "they hold dashes alone", drop=frozenset(drop))


def totals(rows: Sequence[Line], key: Collection[int]) -> Iterator[Proposal]:
    """Rows that say so, where nothing is named that could be counted; the sum is compared where there is one."""
    sure: set[int] = set()
    unsure: set[int] = set()
    sums: dict[int, Decimal] = {}
    since: dict[int, Decimal] = {}
    agree = 0
    for at, (_, cells) in enumerate(rows):
        words = [place for place, cell in enumerate(cells) if isinstance(cell, str) and _TOTAL.match(cell.strip())]
        numbers = {place: number for place, cell in enumerate(cells) if (number := _number(cell)) is not None}
        if words:
            rest = [place for place, cell in enumerate(cells) if text_of(cell) and place not in words]
            texts = [place for place in rest if place not in numbers]
            keys = [place for place in rest if place in key]
            alone = not keys and len(texts) <= 1
            short = all(len(text_of(cells[place])) <= 60 for place in words)
            agrees = any(
                number and number in (sums.get(place), since.get(place))
                for place, number in numbers.items() if place not in key
            )  # fmt: skip
            if (alone and short) or agrees:
                agree += agrees
                # "Total cleaner" may be a thing without a code: then the sum has to be one.
                bare = any(not _NAMES_MORE.search(_TOTAL.sub(r"\g<rest>", text_of(cells[place]))) for place in words)
                (sure if alone and (bare or agrees) else unsure).add(at)
                since = {}
                continue
        for place, number in numbers.items():
            sums[place] = sums.get(place, Decimal(0)) + number
            since[place] = since.get(place, Decimal(0)) + number
    if sure:
        added = f"; {agree} of them are the sum of the rows above" if agree else ""
        yield Proposal("totals", f"they say so, and name nothing that could be counted{added}", drop=frozenset(sure))
    if unsure:
        yield Proposal(
            "totals", "they say so, and are the sum of the rows above", drop=frozenset(unsure), certain=False
        )


def notes(rows: Sequence[Line], key: Collection[int], optional: bool) -> Iterator[Proposal]:
    """Rows with a single text where the others have more: headings of groups, and notes below the table.

    Args:
        optional: a row with nothing but its key may be a record.
    """
    filled = [[place for place, cell in enumerate(cells) if text_of(cell)] for _, cells in rows]
    full = sorted(len(one) for one in filled)
    if not full or full[len(full) // 2] < 3:
        return
    codes = [text_of(cells[place]) for (_, cells), one in zip(rows, filled, strict=True) if len(one) > 2
             for place in key if place < len(cells) and text_of(cells[place])]  # fmt: skip
    digits = sum(1 for code in codes if any(one.isdigit() for one in code))
    last = max((at for at, one in enumerate(filled) if len(one) > 2), default=-1)
    drops: dict[str, set[int]] = {}
    for at, one in enumerate(filled):
        if len(one) != 1 or not isinstance(rows[at][1][one[0]], str):
            continue
        text = text_of(rows[at][1][one[0]])
        name = "notes-between-rows" if at > last or _NOTE.match(text) else "group-headings"
        told = " " in text or not any(letter.isdigit() for letter in text)
        sure = one[0] not in key or not optional or _NOTE.match(text) or (told and digits >= 0.9 * max(len(codes), 1))
        drops.setdefault(name + ("" if sure else "?"), set()).add(at)
    why = "a single text stands there, where the other rows have more"
    for name, drop in sorted(drops.items()):
        yield Proposal(name.rstrip("?"), why, drop=frozenset(drop), certain=not name.endswith("?"))


def merged(rows: Sequence[Line], merges: Sequence[tuple[int, int, int, int]]) -> dict[int, dict[int, Cell]]:
    """What stands in cells that were merged downwards: for each column the cell by the place of its row.

    Args:
        merges: first and last row number, first and last column from 0.
    """
    after: dict[int, dict[int, Cell]] = {}
    at_number = {number: at for at, (number, _) in enumerate(rows)}
    for top, bottom, left, right in merges:
        first = at_number.get(top)
        if first is None or bottom == top or left != right or left >= len(rows[first][1]):
            continue
        value = rows[first][1][left]
        for number in range(top + 1, bottom + 1):
            at = at_number.get(number)
            if at is not None and value is not None and left < len(rows[at][1]) and not text_of(rows[at][1][left]):
                after.setdefault(left, {})[at] = value
    return after


def gaps(rows: Sequence[Line], place: int) -> dict[int, Cell]:
    """What stands in cells that were left empty below the first of a group."""
    after: dict[int, Cell] = {}
    value: Cell = None
    for at, (_, cells) in enumerate(rows):
        cell = cells[place] if place < len(cells) else None
        if text_of(cell):
            value = cell
        elif value is not None:
            after[at] = value
        else:
            return {}
    return after


def text_of(cell: Cell) -> str:
    return "" if cell is None else str(cell).strip()


def _number(cell: Cell) -> Decimal | None:
    if isinstance(cell, Decimal):
        return cell
    if isinstance(cell, str) and not isinstance(cell, date):
        text = cell.strip().replace(",", ".")
        return Decimal(text) if re.fullmatch(r"-?\d+(?:\.\d{1,2}|\.\d{4,})?", text) else None
    return None
