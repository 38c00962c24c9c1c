"""Characters that nobody sees or meant: invisible ones, spaces, wide digits, broken encodings, typographic signs."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterator

from shelfwise.intake.repairs.model import Cells, Proposal
from shelfwise.intake.workbooks import Cell

_NOTHING = re.compile("[\u200b-\u200f\u2060-\u2064\ufeff\u00ad\u202a-\u202e\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SPACE = re.compile("[\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\t\r\n]+")
_WIDE = re.compile("[\uff01-\uff5e]")
_ENTITY = re.compile(r"&(?:#\d{2,6}|#x[0-9a-fA-F]{2,5}|[a-zA-Z]{2,8});")
# What UTF-8 looks like when it was read as Windows-1252 or as Latin-1.
_BROKEN = re.compile(
    "[\u00c2\u00c3][\u0080-\u00bf\u0152-\u02dc\u2013-\u203a\u20ac\u2122]|\u00e2\u20ac.|\u00e2\u0080[\u0080-\u00bf]"
)
_SIGNS = str.maketrans({
    "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u2010": "-",
    "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-",
})  # fmt: skip


def invisible(told: Cells) -> Iterator[Proposal]:
    """Zero-width characters, hard spaces, tabs and line breaks; line breaks within a text are left."""
    if told.column.kind == "text":
        yield from _each(told, "invisible-characters", "nobody sees them, and nothing with them is ever found",
                         lambda text: _NOTHING.sub("", text))  # fmt: skip
    else:
        yield from _each(told, "invisible-characters", "nobody sees them, and nothing with them is ever found",
                         lambda text: _SPACE.sub(" ", _NOTHING.sub("", text)))  # fmt: skip


def around(told: Cells) -> Iterator[Proposal]:
    yield from _each(told, "spaces-around", "a value begins and ends with what can be seen", str.strip)


def wide(told: Cells) -> Iterator[Proposal]:
    if told.column.kind != "text":
        yield from _each(
            told, "full-width-characters", "they are the same digits and letters, typed on an East Asian keyboard",
            lambda text: _WIDE.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text),
        )  # fmt: skip


def mojibake(told: Cells) -> Iterator[Proposal]:
    yield from _each(told, "mojibake", "read as UTF-8, which they once were, they make letters", mended)


def mended(text: str) -> str:
    """A text whose letters were broken by reading UTF-8 as something else, put right; every other one as it is."""
    for _ in range(2):
        if not _BROKEN.search(text):
            break
        for encoding in ("cp1252", "latin-1"):
            try:
                text = text.encode(encoding).decode("utf-8")
                break
            except UnicodeError:
                continue
        else:
            break
    return text


def entities(told: Cells) -> Iterator[Proposal]:
    if told.column.kind == "text":
        yield from _each(told, "html-signs", "a web page writes these signs so",
                         lambda text: html.unescape(text) if _ENTITY.search(text) else text)  # fmt: skip


def signs(told: Cells) -> Iterator[Proposal]:
    if told.column.kind != "text":
        yield from _each(told, "typographic-signs", "a word processor made them of the keys that were pressed",
                         lambda text: text.translate(_SIGNS))  # fmt: skip


def _each(told: Cells, name: str, why: str, mend: Callable[[str], str]) -> Iterator[Proposal]:
    after: dict[int, Cell] = {}
    for at, text in told.texts():
        if (mended := mend(text)) != text:
            after[at] = mended or None
    if after:
        yield Proposal(name, why, after)


RULES = (mojibake, entities, invisible, around, wide, signs)
