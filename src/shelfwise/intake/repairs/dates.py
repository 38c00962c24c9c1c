"""What spreadsheets and people make of dates: words, day numbers, swapped days and months, years of two digits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from shelfwise.intake.repairs.model import Cells, Proposal
from shelfwise.intake.workbooks import Cell

_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 (a spreadsheet's days have no zone)
_FIRST, _LAST = 32874, 73050
_SERIAL = re.compile(r"(\d{5})(?:[.,](\d+))?")
_NONE = frozenset(("0", "0000-00-00", "00.00.0000", "00/00/0000", "0000-00-00 00:00:00", "1900-01-00", "00.01.1900",
                   "0/1/1900", "1/0/1900", "01.01.0001"))  # fmt: skip
_SLASHED = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{2}|\d{4})(?:[ T,].*)?")
_MONTHS = (
    ("jan", "ene", "gen", "januar", "january", "januari", "janvier", "janv", "enero", "gennaio", "janeiro", "jän",
     "jänner"),
    ("feb", "febr", "fév", "fev", "februar", "february", "februari", "février", "fevrier", "febrero", "febbraio",
     "fevereiro", "févr"),
    ("mar", "mär", "maer", "mrz", "mrt", "march", "märz", "maerz", "maart", "mars", "marzo", "março", "marco"),
    ("apr", "avr", "abr", "april", "avril", "abril", "aprile"),
    ("may", "mai", "mei", "mag", "maggio", "mayo", "maio"),
    ("jun", "june", "juni", "juin", "junio", "giu", "giugno", "junho"),
    ("jul", "july", "juli", "juil", "juillet", "julio", "lug", "luglio", "julho"),
    ("aug", "august", "augustus", "aoû", "aout", "août", "ago", "agosto"),
    ("sep", "sept", "set", "september", "septembre", "septiembre", "settembre", "setembro"),
    ("oct", "okt", "ott", "out", "october", "oktober", "octobre", "octubre", "ottobre", "outubro"),
    ("nov", "november", "novembre", "noviembre", "novembro"),
    ("dec", "dez", "déc", "dic", "december", "dezember", "décembre", "decembre", "diciembre", "dicembre", "dezembro"),
)  # fmt: skip
_NUMBER_OF = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}
_WEEKDAY, _CLOCK = r"(?:[^\W\d_]+\.?,?\s+)?", r"(?:[ T,]+(\d{1,2}:\d{2}(?::\d{2})?))?"
_DAY_FIRST = re.compile(
    rf"{_WEEKDAY}(\d{{1,2}})(?:\.|st|nd|rd|th|º|er)?[\s\-/.]*(?:de\s+|of\s+)?([^\W\d_]{{3,10}})\.?,?[\s\-/.']*"
    rf"(?:de\s+|del\s+)?(\d{{4}}|\d{{2}}){_CLOCK}"
)
_MONTH_FIRST = re.compile(rf"{_WEEKDAY}([^\W\d_]{{3,10}})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}}){_CLOCK}")
# So many true dates, none behind the 12th, are no chance: (12/31)^4 is 2 in 100.
_NO_CHANCE = 4


def empty(told: Cells) -> Iterator[Proposal]:
    after: dict[int, Cell] = {at: None for at, text in told.texts() if text in _NONE}
    after |= {
        at: None for at, cell in enumerate(told.cells)
        if (isinstance(cell, date) and cell.year < 1901) or (isinstance(cell, Decimal) and not cell)
    }  # fmt: skip
    if after:
        yield Proposal("empty-dates", "programs write these where there is no date", after)


def serial(told: Cells) -> Iterator[Proposal]:
    after: dict[int, Cell] = {}
    for at, cell in enumerate(told.cells):
        days: Decimal | None = None
        if isinstance(cell, Decimal):
            days = cell
        elif isinstance(cell, str) and (found := _SERIAL.fullmatch(cell)):
            days = Decimal(f"{found[1]}.{found[2] or 0}")
        if days is not None and _FIRST <= days < _LAST:
            moment = _EPOCH + timedelta(seconds=round(float(days) * 86400))
            after[at] = moment if days % 1 else moment.date()
    if after:
        yield Proposal("serial-dates", "a spreadsheet counts days from 1900 on; as dates they lie in years that make "
                       "sense", after)  # fmt: skip


def words(told: Cells) -> Iterator[Proposal]:
    after: dict[int, Cell] = {}
    for at, text in told.texts():
        if (day := in_words(text)) is not None:
            after[at] = day
    if after:
        yield Proposal(
            "text-dates", "the month is written as a word, which no order of day and month can change", after
        )


def in_words(text: str) -> date | None:
    """A date whose month is a word: '3. März 2026', '12 Mar 26', 'March 3, 2026'."""
    if found := _DAY_FIRST.fullmatch(text.strip()):
        day, name, year, clock = found.groups()
    elif found := _MONTH_FIRST.fullmatch(text.strip()):
        name, day, year, clock = found.groups()
    else:
        return None
    month = _NUMBER_OF.get(name.casefold())
    if month is None:
        return None
    try:
        whole = date(int(year) + (2000 if len(year) == 2 else 0), month, int(day))
        return (
            whole
            if clock is None
            else datetime.combine(whole, time.fromisoformat(clock.rjust(len(clock) + (clock[1] == ":"), "0")))
        )
    except ValueError:
        return None


def swapped(told: Cells) -> Iterator[Proposal]:
    """Days and months that another country's spreadsheet swapped: it made dates of what it could, and left the rest."""
    true = {at: cell for at, cell in enumerate(told.cells) if isinstance(cell, date)}
    texts = [found for _, text in told.texts() if (found := _SLASHED.fullmatch(text))]
    left = [found for found in texts if (int(found[1]) > 12) != (int(found[2]) > 12)]
    day_first = sum(1 for found in left if int(found[1]) > 12)
    if not true or not left or (0 < day_first < len(left)) or any(cell.day > 12 for cell in true.values()):
        return
    after: dict[int, Cell] = {
        at: cell.replace(day=cell.month, month=cell.day) for at, cell in true.items() if cell.day != cell.month
    }
    if after:
        yield Proposal(
            "day-and-month-swapped",
            f"{len(left)} dates stayed text, all of them with the {'day' if day_first else 'month'} first; of the "
            f"{len(true)} that became dates none has a day behind the 12th, as if its day were the month",
            after, certain=len(true) >= _NO_CHANCE and len(left) >= 2,
        )  # fmt: skip


def short_years(told: Cells) -> Iterator[Proposal]:
    """Numeric dates with years of two digits, where it is clear which part is the year."""
    after: dict[int, Cell] = {}
    for at, text in told.texts():
        found = _SLASHED.fullmatch(text)
        if (found and len(found[3]) == 2 and (int(found[1]) > 12) != (int(found[2]) > 12) and int(found[1]) <= 31) or (
            found and len(found[3]) == 2 and int(found[1]) <= 12 and int(found[2]) <= 12
        ):
            after[at] = text[: found.start(3)] + "20" + text[found.start(3) :]
    if after:
        yield Proposal("two-digit-years", "they are of this century", after)


RULES = (empty, words, serial, swapped, short_years)
