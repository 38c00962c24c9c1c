"""How whoever asks writes numbers and days: chosen by the company, or by a person for themselves.

The choice holds for one request. It is set when its context is opened, so that every number of a page, from whatever
function it comes, is written in the same way, and what is typed is read as it is written. Programs get and give numbers
as machines write them.
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.core.quantities import plain, quantity
from shelfwise.records.habits import Days, Numbers

# (between thousands, before decimals). The space is a narrow one that no line breaks at.
_SIGNS: dict[Numbers, tuple[str, str]] = {"en": (",", "."), "de": (".", ","), "fr": ("\u202f", ","), "ch": ("’", ".")}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# What people set thousands apart with that can be nothing else.
_SPACES = re.compile(r"(?<=[0-9])[ \u00a0\u202f'’](?=[0-9]{3}(?![0-9]))")


@dataclass(frozen=True)
class Style:
    """
    Attributes:
        numbers: 'en' 1,234.5, 'de' 1.234,5, 'fr' 1 234,5, 'ch' 1’234.5.
        days: 'name' 2 Mar 2026, 'dmy' 02.03.2026, 'mdy' 03/02/2026, 'ymd' 2026-03-02.
    """

    numbers: Numbers = "en"
    days: Days = "name"

    @property
    def group(self) -> str:
        return _SIGNS[self.numbers][0]

    @property
    def decimal(self) -> str:
        return _SIGNS[self.numbers][1]


_MACHINE = Style()
_style: ContextVar[Style] = ContextVar("style")


def style() -> Style:
    """How the one who asks writes."""
    return _style.get(_MACHINE)


def write_as(chosen: Style) -> None:
    """From now on, in this request."""
    _style.set(chosen)


def signed(text: str) -> str:
    """A plain number, with a point and no groups, in the signs of the one who asks: -1234.5 is −1,234.5."""
    head, dot, tail = text.partition(".")
    sign = "−" if head.startswith("-") and text.strip("-0.") else ""
    grouped = f"{int(head.lstrip('-') or 0):,}".replace(",", style().group)
    return f"{sign}{grouped}{style().decimal if dot else ''}{tail}"


def written_day(day: date, weekday: bool = False, year: bool = True) -> str:
    """A day: Mon 2 Mar 2026."""
    sign = "." if style().numbers in ("de", "ch") else "/"
    match style().days:
        case "name":
            text = f"{day.day} {_MONTHS[day.month - 1]}" + (f" {day.year}" if year else "")
        case "ymd":
            text = day.isoformat() if year else f"{day.month:02}-{day.day:02}"
        case "dmy":
            text = sign.join((f"{day.day:02}", f"{day.month:02}", str(day.year) if year else "")).rstrip("/")
        case "mdy":
            text = sign.join((f"{day.month:02}", f"{day.day:02}", str(day.year) if year else "")).rstrip("/")
    return f"{_WEEKDAYS[day.weekday()]} {text}" if weekday else text


def typed(value: Decimal | float) -> str:
    """A number as it stands in a field that `read_typed` reads: no groups, and the decimal sign of the one who asks."""
    return plain(value if isinstance(value, Decimal) else Decimal(repr(value))).replace(".", style().decimal)


def read_typed(text: object, where: str = "quantity") -> Decimal:
    """Read a number that a person typed: 1,5 and 1.5 are one and a half to everybody.

    The decimal sign of the one who asks is always one. Where the other sign stands before exactly three digits, it may
    set thousands apart or be the decimal sign of somebody else: that is asked, not guessed.

    Raises:
        Invalid: no number, or one that can be read in two ways.
    """
    said = str(text).strip().replace("−", "-")
    plainer = _SPACES.sub("", said)
    points, commas = plainer.count("."), plainer.count(",")
    if points and commas:
        # Both: the one that comes last stands before the decimals, and once.
        last = max(".,", key=plainer.rindex)
        other = "," if last == "." else "."
        grouped = re.fullmatch(rf"-?[0-9]{{1,3}}(\{other}[0-9]{{3}})+\{last}[0-9]*", plainer)
        return quantity(plainer.replace(other, "").replace(last, ".") if grouped else said, where)
    if points + commas > 1:
        mark = "." if points else ","
        grouped = re.fullmatch(rf"-?[0-9]{{1,3}}(\{mark}[0-9]{{3}})+", plainer)
        return quantity(plainer.replace(mark, "") if grouped else said, where)
    if (points or commas) and ("." if points else ",") != style().decimal:
        two = re.fullmatch(r"(-?[1-9][0-9]{0,2})[.,]([0-9]{3})", plainer)
        if two is not None:
            one, other = f"{two[1]}{two[2]}", f"{two[1]}{style().decimal}{two[2]}"
            raise Invalid(
                Fault(where, f"{one} or {other}", shorten(said), "Write the one that you mean, so that nobody guesses.")
            )
    return quantity(plainer.replace(",", "."), where)


def whole(told: object) -> int | None:
    """A number that a form of ours sends along, such as an id; None: it is none."""
    text = str(told or "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
