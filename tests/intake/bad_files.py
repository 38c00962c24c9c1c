"""Files as they come, made by the thousand: a true table first, then what people and programs do to it.

The oracle is the true table, which the reader never sees. Each file has to end in one of four ways: read as exactly the
truth, asked about (and the truth once everything was accepted), read but for rows that are named as bad, or refused
as a whole in words. Everything else is a failure.
"""

from __future__ import annotations

import csv
import io
import random
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import xlsxwriter

from shelfwise.core.errors import Invalid
from shelfwise.core.quantities import plain
from shelfwise.intake import headings
from shelfwise.intake.grids import open_file
from shelfwise.intake.kinds import KINDS, kind_of
from shelfwise.intake.reading import Read, Said, read
from shelfwise.intake.repairs.model import ALL, Answers

HEADINGS = ("Artikelnummer", "Name", "EAN", "Unit weight", "Shelf life days")
COLUMNS = ("sku", "description", "barcode", "unit_weight_g", "shelf_life_days")
_WORDS = ("Müller", "hammer",
           "blue", "Café", "500 g", "steel", "Nº 4", 'pipe 3"', "tea, green", "olive; black", "Wrench",
          "large", "Größe", "=SUM", "+plus", "@home", "-minus", "O'Neil", "x|y")  # fmt: skip
_OLD = ("cp850", "mac-roman", "cp1252", "latin-1")
_ISO = ZoneInfo("UTC")
Truth = dict[str, tuple[str | None, ...]]


@dataclass
class Sheet:
    """A table on its way into a file: cells as text, and how they are going to be written.

    Attributes:
        expected: what must come of it: 'read' (the truth, perhaps asked), 'bad' (rows may be named), 'refused'.
    """

    rows: list[list[str]]
    chance: random.Random
    encoding: str = "utf-8"
    delimiter: str = ","
    before: list[list[str]] = field(default_factory=list)
    expected: set[str] = field(default_factory=lambda: {"read", "asked"})
    name: str = "file.csv"
    raw: Callable[[bytes], bytes] = bytes


def check_digit(digits: str) -> str:
    """Of a GTIN, by the book: threes and ones from the right."""
    return str(-sum(int(one) * (1 if place % 2 else 3) for place, one in enumerate(reversed(digits))) % 10)


def truth(chance: random.Random) -> list[list[str]]:
    """Rows of items, no two with one code, name or barcode."""
    rows = []
    codes = chance.sample(range(10, 99_999), chance.randint(6, 25))
    for number, code in enumerate(codes):
        name = f"{chance.choice(_WORDS)} {chance.choice(_WORDS)} {number}"
        start = f"4{chance.randint(0, 10**11 - 1):011d}"
        weight = plain(Decimal(chance.randint(1, 99999)) / 10 + Decimal("0.05"))
        rows.append([f"{code:05d}", name, start + check_digit(start), weight, str(chance.randint(1, 900))])
    rows[0][0] = "00007" if all(row[0] != "00007" for row in rows) else rows[0][0]
    return rows


Damage = Callable[[Sheet], None]


def _encoding(name: str) -> Damage:
    def damage(sheet: Sheet) -> None:
        # What an old encoding has no sign for would be lost in writing, not in reading.
        if name not in _OLD or not any("\u200b" in cell for row in sheet.rows for cell in row):
            sheet.encoding = name

    return damage


def _delimiter(mark: str) -> Damage:
    def damage(sheet: Sheet) -> None:
        sheet.delimiter = mark

    return damage


def _each(column: int, change: Callable[[Sheet, str], str], share: float = 1.0) -> Damage:
    def damage(sheet: Sheet) -> None:
        for row in sheet.rows:
            # What one damage has changed another one leaves.
            whole = row[column].replace(".", "").isdigit() if column != 1 else True
            if whole and sheet.chance.random() < share:
                row[column] = change(sheet, row[column])

    return damage


def _insert(row: Callable[[Sheet], list[str]]) -> Damage:
    def damage(sheet: Sheet) -> None:
        for _ in range(sheet.chance.randint(1, 3)):
            sheet.rows.insert(sheet.chance.randint(1, len(sheet.rows)), row(sheet))

    return damage


def _titles(sheet: Sheet) -> None:
    sheet.before = [["Stock list"], [], ["as of 3 March"]][: sheet.chance.randint(1, 3)]


def _three_digits(sheet: Sheet) -> None:
    for row in sheet.chance.sample(sheet.rows, 2):
        row[2] = f"{Decimal(row[2]):.2E}" if row[2].isdigit() else "4.01E+12"
    sheet.expected = {"bad"}


def _bad_number(sheet: Sheet) -> None:
    sheet.chance.choice(sheet.rows)[3] = sheet.chance.choice(["heavy", "1.2.3", "#REF!", "12 apples", "∞"])
    sheet.expected = {"bad"}


def _ragged(sheet: Sheet) -> None:
    sheet.chance.choice(sheet.rows).append("one cell too many")
    sheet.expected = {"bad"}


def _no_code(sheet: Sheet) -> None:
    sheet.chance.choice(sheet.rows)[0] = ""
    sheet.expected = {"bad"}


def _same_code(sheet: Sheet) -> None:
    sheet.rows.append([sheet.rows[0][0], "another thing", "", "1.5", "3"])
    sheet.expected = {"bad"}


def _headings_alone(sheet: Sheet) -> None:
    sheet.rows.clear()
    sheet.expected = {"refused"}


def _broken(sheet: Sheet, text: str) -> str:
    return text.encode("utf-8").decode("cp1252") if any(one in text for one in "éüö") else text


def _raw(change: Callable[[Sheet, bytes], bytes], *expected: str) -> Damage:
    def damage(sheet: Sheet) -> None:
        before = sheet.raw
        sheet.raw = lambda data: change(sheet, before(data))
        sheet.expected = {*expected} or {"refused"}

    return damage


def _in_zip(sheet: Sheet, data: bytes, name: str = "items.csv") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return packed.getvalue()


def _xml_bomb(sheet: Sheet, data: bytes) -> bytes:
    entities = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("xl/workbook.xml", f'<!DOCTYPE x [<!ENTITY a0 "ha">{entities}]><workbook>&a9;</workbook>')
    return packed.getvalue()


WELL: tuple[tuple[str, Damage], ...] = (
    *((f"encoding {name}", _encoding(name)) for name in (
        "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1", "mac-roman", "cp850")),
    *((f"delimiter {mark!r}", _delimiter(mark)) for mark in (",", ";", "\t", "|")),
    ("titles above", _titles),
    ("zeros lost", _each(0, lambda sheet, cell: cell.lstrip("0"), 0.6)),
    ("codes with .0", _each(0, lambda sheet, cell: f"{cell.lstrip('0')}.0" if cell[0] != "0" else cell)),
    ("decimal comma", _each(3, lambda sheet, cell: cell.replace(".", ","))),
    ("currency", _each(3, lambda sheet, cell: f"{cell} €", 0.0)),
    ("mixed decimals", _each(3, lambda sheet, cell: cell.replace(".", ","), 0.3)),
    ("grams", _each(3, lambda sheet, cell: f"{cell} g", 0.7)),
    ("days", _each(4, lambda sheet, cell: f"{cell} days", 0.7)),
    ("hard spaces", _each(0, lambda sheet, cell: f"\u00a0{cell} ", 0.5)),
    ("zero-width", _each(2, lambda sheet, cell: f"\ufeff{cell}\u200b" if sheet.encoding not in _OLD else cell, 0.5)),
    ("formula codes", _each(2, lambda sheet, cell: f'="{cell}"', 0.8)),
    ("full digits", _each(2, lambda sheet, cell: f"{cell[0]}.{cell[1:]}E+12" if len(cell) == 13 else cell, 0.4)),
    ("three digits left", _three_digits),
    ("total", lambda sheet: sheet.rows.append(["", "Total", "", "", str(sheet.chance.randint(100, 9999))])),
    ("note", lambda sheet: sheet.rows.append(["", "Printed on Monday", "", "", ""])),
    ("headings again", _insert(lambda sheet: [*HEADINGS])),
    ("blank rows", _insert(lambda sheet: ["", " ", "", "", ""])),
    ("dashes", _insert(lambda sheet: ["-----"] * 5)),
    ("same row twice", lambda sheet: sheet.rows.append([*sheet.rows[-1]]) if sheet.rows[-1][0] else None),
    ("mojibake", _each(1, _broken)),
)  # fmt: skip
BAD: tuple[tuple[str, Damage], ...] = (
    ("bad number", _bad_number), ("ragged", _ragged), ("no code", _no_code), ("same code twice", _same_code),
    ("no bytes", _raw(lambda sheet, data: b"")),
    ("NUL bytes", _raw(lambda sheet, data: data[:40] + b"\0" + data[40:])),
    ("binary", _raw(lambda sheet, data: sheet.chance.randbytes(3000))),
    ("unclosed quote", _raw(lambda sheet, data: data.replace(b"\r\n", b'\r\n"', 1) + b"x" * 140_000)),
    ("headings alone", _headings_alone),
    ("a picture", _raw(lambda sheet, data: b"\x89PNG\r\n\x1a\n" + data)),
    ("a PDF", _raw(lambda sheet, data: b"%PDF-1.7\n" + data)),
    ("gzip", _raw(lambda sheet, data: b"\x1f\x8b\x08\0" + data)),
    ("one word", _raw(lambda sheet, data: b"hello\r\nworld\r\n")),
    ("another list", _raw(lambda sheet, data: b"colour,mood\r\nred,angry\r\n")),
    ("16,000 columns", _raw(lambda sheet, data: b",".join(b"c%d" % i for i in range(16_000)) + b"\r\n1,2\r\n")),
    ("a zip of it", _raw(_in_zip, "read", "asked", "letters")),
    ("a zip in a zip", _raw(lambda sheet, data: _in_zip(sheet, _in_zip(sheet, data), "inner.zip"))),
    ("half a zip", _raw(lambda sheet, data: _in_zip(sheet, data)[:-30])),
    ("an XML bomb", _raw(_xml_bomb)),
    ("an old workbook cut off", _raw(lambda sheet, data: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + data[:500])),
)  # fmt: skip


def make(folder: Path, number: int, workbooks: bool) -> tuple[Path, Truth, set[str], str]:
    """A file by its number: its path, the truth, how it may end, and what was done to it."""
    chance = random.Random(number)
    sheet = Sheet(truth(chance), chance)
    told = {row[0]: tuple(cell or None for cell in row) for row in sheet.rows}
    # In their order: what changes cells comes before what adds rows.
    picked = sorted(chance.sample(range(len(WELL)), chance.randint(1, 3)))
    damages = [WELL[place] for place in picked] if number % 4 else [chance.choice(BAD)]
    for _, damage in damages:
        damage(sheet)
    name = " + ".join(name for name, _ in damages)
    if workbooks and number % 12 == 1 and sheet.raw is bytes:
        sheet.name = "file.xlsx"
        return _workbook(folder / f"{number}.xlsx", sheet), told, sheet.expected, f"workbook, {name}"
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=sheet.delimiter).writerows([*sheet.before, HEADINGS, *sheet.rows])
    path = folder / f"{number}.csv"
    path.write_bytes(sheet.raw(out.getvalue().encode(sheet.encoding, "replace")))
    if sheet.encoding in _OLD:
        sheet.expected = sheet.expected | {"letters"}
    return path, told, sheet.expected, name


def _workbook(path: Path, sheet: Sheet) -> Path:
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_numbers": False}) as book:
        page = book.add_worksheet("Artikel")
        for at, row in enumerate([*sheet.before, HEADINGS, *sheet.rows]):
            for place, cell in enumerate(row):
                page.write_string(at, place, cell)
    return path


def outcome(path: Path, told: Truth) -> str:
    """How a file ended: read, asked, bad, refused, letters (but for those of an old encoding), or WRONG."""
    try:
        first = _read(path, {})
        asked = any(repair.open for repair in first.repairs)
        done = _read(path, {ALL: True}) if asked else first
    except Invalid as error:
        return "refused" if all(fault.remedy and fault.expected for fault in error.faults) else "WRONG"
    found = {str(row.values["sku"]): tuple(_text(row.values.get(name)) for name in COLUMNS) for row in done.rows}
    if found == told and not done.bad:
        return "asked" if asked else "read"
    bare = {sku: (sku, *row[2:]) for sku, row in found.items()}
    if not done.bad and bare == {sku: (sku, *row[2:]) for sku, row in told.items()}:
        return "letters"
    if done.bad and all(told.get(sku) == row for sku, row in found.items()) and done.fault_count:
        return "bad"
    return "WRONG"


def _read(path: Path, answers: Answers) -> Read:
    opened = open_file(path, lambda row: headings.recognised(KINDS, row))
    (grid,) = opened.grids
    kind = headings.recognise(KINDS, grid.name, grid.headings)
    places, problems = headings.propose(kind_of("items"), grid.headings, {})
    if kind is None or problems:
        raise Invalid(*problems)
    done = read(grid, kind_of("items"), places, Said(repairs=answers), _ISO)
    if done.problems:
        raise Invalid(*done.problems)
    if not done.rows and not done.bad:
        raise Invalid(*problems)
    return done


def _text(value: object) -> str | None:
    return plain(value) if isinstance(value, Decimal) else None if value is None else str(value)


def wrong(folder: Path, numbers: Iterator[int], *, workbooks: bool, count: dict[str, int]) -> Iterator[str]:
    """What ended as it must not, in words; counts how the files ended."""
    for number in numbers:
        path, told, expected, name = make(folder, number, workbooks)
        try:
            ended = outcome(path, told)
        except Exception as error:  # a file must never bring the reader down
            ended = f"{type(error).__name__}: {error}"
        count[ended if ended in ("read", "asked", "bad", "refused", "letters") else "wrong"] += 1
        if ended not in expected:
            yield f"file {number} ({name}): {ended}, not {' or '.join(sorted(expected))}"
        path.unlink()
