"""GS1 barcodes: what a label says of the goods it is on, from element strings, Digital Links and plain numbers.

Understood are element strings as scanners read them (with FNC1 as GS, with or without an AIM identifier such as
``]C1``), as people read them (``(01)09506000134352(10)AB``), Digital Links of any domain, and plain GTIN-8, -12, -13,
-14 and SSCC. Anything else is not GS1's: a house's own numbers are left to whoever asks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from shelfwise.core.errors import Fault, Invalid, shorten

SEPARATOR = "\x1d"
LONGEST = 512


@dataclass(frozen=True)
class Label:
    """What a GS1 barcode says.

    Attributes:
        gtin: 14 digits; of what the label is on, or of what a logistic unit contains.
        expiry: the last day it may be used.
        best_before: the last day of its best quality.
        sscc: 18 digits; the number of a pallet or parcel.
        net_weight_g: grams.
        count: how many of the GTIN.
    """

    gtin: str | None = None
    lot: str | None = None
    expiry: date | None = None
    best_before: date | None = None
    produced: date | None = None
    serial: str | None = None
    sscc: str | None = None
    net_weight_g: Decimal | None = None
    count: int | None = None

    @property
    def last_day(self) -> date | None:
        return self.expiry or self.best_before


@dataclass(frozen=True)
class _Element:
    """One application identifier and what follows it."""

    ai: str
    value: str
    day: date | None
    number: Decimal | None


_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "00": "sscc", "01": "gtin", "02": "gtin", "10": "lot", "11": "produced", "15": "best_before", "17": "expiry",
        "21": "serial", "30": "count", "37": "count",
    }
)  # fmt: skip
_GRAMS: Mapping[str, Decimal] = MappingProxyType(
    {"310": Decimal(1000), "320": Decimal("453.59237"), "357": Decimal("28.349523125")}
)
_DAYS = frozenset({"produced", "best_before", "expiry"})

_AIM = re.compile(r"\](?P<code>[A-Za-z])(?P<how>[0-9A-Za-z])")
_OF_GS1 = frozenset({"C1", "d2", "Q3", "e0", "e1", "e2", "J1"})
# How keyboards and drivers write the separator that they cannot type.
_WRITTEN = re.compile(r"<GS>|\{GS\}|␝|\[GS\]")
_PRIMARY = re.compile(r"https?://[^/?#\s]+(?:/[^?#\s]*)?/(?:00|01|8006|gtin|sscc)/\d", re.IGNORECASE | re.ASCII)
_BEGINS = re.compile(r"(?:01|02)(\d{14})|00(\d{18})", re.ASCII)


@lru_cache(maxsize=4096)
def read(code: str) -> Label | None:
    """What a scanned code says; None: it is none of GS1's.

    Raises:
        Invalid: it is one, and printed or scanned wrongly; in words for who holds the scanner.
    """
    code = code.strip(" \r\n\t")
    if not code or len(code) > LONGEST:
        return None
    aim = _AIM.match(code)
    rest = _WRITTEN.sub(SEPARATOR, code[3:] if aim else code)
    if _PRIMARY.match(rest):
        return _label(code, lambda: _elements_of_link(rest))
    if rest.startswith("(") and re.match(r"\(\d{2,4}\)", rest, re.ASCII):
        return _label(code, lambda: _elements_as_written(rest))
    if (aim and aim[1] + aim[2] in _OF_GS1) or SEPARATOR in rest or _begins_as_one(rest):
        return _label(code, lambda: _elements(rest.strip(SEPARATOR)))
    if rest.isascii() and rest.isdecimal() and has_check_digit(rest):
        if len(rest) in (8, 12, 13, 14):
            return Label(gtin=rest.zfill(14))
        if len(rest) == 18:
            return Label(sscc=rest)
    return None


def without_prefix(code: str) -> str:
    """What a scanner read, without the AIM identifier that some put before it."""
    return _AIM.sub("", code, count=1) if code.startswith("]") else code


def has_check_digit(digits: str) -> bool:
    """Whether the last of these digits is what GS1 computes from the others."""
    return check_digit(digits[:-1]) == digits[-1:]


def check_digit(digits: str) -> str:
    """The digit that follows these: weights 3 and 1 in turn, from the right."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def _begins_as_one(text: str) -> bool:
    found = _BEGINS.match(text)
    return found is not None and has_check_digit(found[1] or found[2])


def _label(code: str, parse: Callable[[], list[_Element]]) -> Label:
    said: dict[str, Any] = {}
    for one in parse():
        field = _FIELDS.get(one.ai)
        if field in _DAYS:
            said[field] = one.day
        elif field == "count":
            said[field] = int(one.value)
        elif field is not None:
            said[field] = _checked(field, one.value, code)
        elif one.number is not None and one.ai[:3] in _GRAMS:
            said["net_weight_g"] = one.number * _GRAMS[one.ai[:3]]
    return Label(**said)


def _checked(field: str, value: str, code: str) -> str:
    if field == "gtin":
        value = value.zfill(14)
    if field in ("gtin", "sscc") and not has_check_digit(value):
        name = {"gtin": "item number", "sscc": "pallet number"}[field]
        raise _unreadable(code, f"a right last digit of the {name}, {check_digit(value[:-1])}")
    return value


def _unreadable(code: str, expected: str) -> Invalid:
    return Invalid(
        Fault("the barcode", expected, shorten(code),
              "Scan it once more; where it stays so, the label is printed wrongly: type the item's number instead.")
    )  # fmt: skip


# The port to biip, which knows every application identifier: nothing else here imports it.


def _elements(text: str) -> list[_Element]:
    from biip.gs1_messages import GS1Message

    return _told(text, lambda: GS1Message.parse(text).element_strings)


def _elements_as_written(text: str) -> list[_Element]:
    from biip.gs1_messages import GS1Message

    return _told(text, lambda: GS1Message.parse_hri(text).element_strings)


def _elements_of_link(text: str) -> list[_Element]:
    from biip.gs1_digital_link_uris import GS1DigitalLinkURI

    return _told(text, lambda: GS1DigitalLinkURI.parse(text).element_strings)


def _told(text: str, parse: Callable[[], Any]) -> list[_Element]:
    from biip import BiipException

    try:
        found = [_Element(one.ai.ai, one.value, one.date, one.decimal) for one in parse()]
    except (BiipException, ValueError, ArithmeticError) as error:
        raise _unreadable(text, "the fields of a GS1 label, each as long as it must be") from error
    if not found:
        raise _unreadable(text, "the fields of a GS1 label")
    return found
