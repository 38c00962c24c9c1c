"""Packs: "3 cases + 4" is a quantity in the item's unit, and back. Pure.

A pack is dated: how many a case holds changes, and what was told last year was told in last year's cases. Whoever reads
or writes a quantity takes the packs of the day it is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, get_args

from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.core.quantities import ZERO, plain
from shelfwise.records.model import LARGEST, exact, positive_faults

Level = Literal["each", "inner", "case", "pallet"]
LEVELS: tuple[Level, ...] = get_args(Level)
LONGEST = 100

# How people call the levels, each with its plural; the item's own unit goes before all of them.
_CALLED: dict[Level, tuple[str, ...]] = {
    "each": ("each", "ea", "piece", "pieces", "pc", "pcs", "unit", "units"),
    "inner": ("inner", "inners", "inner pack", "inner packs"),
    "case": ("case", "cases", "cs", "carton", "cartons", "ctn", "box", "boxes"),
    "pallet": ("pallet", "pallets", "plt", "pal"),
}
_LEVEL_OF: dict[str, Level] = {word: level for level, called in _CALLED.items() for word in called}
_PLURAL: dict[Level, str] = {"each": "each", "inner": "inners", "case": "cases", "pallet": "pallets"}

_PLUS = re.compile(r"\s*(?:\+|&|\band\b)\s*")
# Thousands may be set apart by (narrow, unbreakable) spaces or apostrophes; a comma is a decimal mark like a point.
_PART = re.compile(
    r"(?P<whole>[0-9]{1,3}(?:[ \u00a0\u202f'’][0-9]{3})+|[0-9]+)(?:[.,](?P<rest>[0-9]+))?\s*(?P<word>.*)"
)


@dataclass(frozen=True)
class Pack:
    """A pack of an item.

    Attributes:
        quantity: what it holds, in the item's unit; None: not packed like this any more.
        valid_from: the day from which that is so.
    """

    level: Level
    quantity: Decimal | None
    valid_from: date


def on_day(packs: Iterable[Pack], day: date) -> list[Pack]:
    """Those that hold on a day, the largest first."""
    latest: dict[Level, Pack] = {}
    for pack in packs:
        if pack.valid_from <= day and (pack.level not in latest or latest[pack.level].valid_from < pack.valid_from):
            latest[pack.level] = pack
    return [latest[level] for level in reversed(LEVELS) if level in latest and latest[level].quantity is not None]


def pack_faults(pack: Pack, unit: str, quantum: Decimal, row: str = "") -> Iterator[Fault]:
    """What is wrong with a new pack; `row` is put before the names of fields."""
    where = f"{row}quantity"
    if pack.level not in LEVELS:
        yield Fault(f"{row}level", "'each', 'inner', 'case' or 'pallet'", shorten(pack.level), "Choose one of them.")
        return
    yield from positive_faults(pack.quantity, where, unit)
    if pack.quantity is None or not (pack.quantity.is_finite() and 0 < pack.quantity < LARGEST):
        return
    if pack.quantity % quantum:
        yield Fault(where, f"whole multiples of {plain(quantum)} {unit}", plain(pack.quantity), "Correct the pack.")
    if _LEVEL_OF.get(unit.casefold()) == pack.level and pack.quantity != 1:
        told = f"1, for {unit} is the unit that the item is kept in"
        yield Fault(where, told, plain(pack.quantity), "Choose another level.")


def parse(text: str, packs: Sequence[Pack], unit: str, quantum: Decimal, where: str = "quantity") -> Decimal:
    """Read a quantity in packs into the item's unit: "36", "3 cases + 4", "1,5 kg".

    A comma is a decimal mark, as a point is. Where it could set thousands apart as well ("1,200" mugs), it is asked.

    Args:
        packs: those that hold on the day the quantity is about.
        unit, quantum: the item's own.
        where: what a fault calls the field.

    Raises:
        Invalid: nothing that can be read so, a pack the item does not come in, or no multiple of the quantum.
    """
    sizes = _sizes(packs)
    asked = f'a quantity such as "{_example(sizes, unit)}"'
    if len(text) > LONGEST or not text.strip():
        raise Invalid(Fault(where, asked, shorten(text) if text.strip() else "nothing", "Say how much it is."))
    total = sum((_part(one, sizes, unit, quantum, where, asked) for one in _PLUS.split(text.strip())), ZERO)
    if total >= LARGEST:
        raise Invalid(Fault(where, "a quantity below 10^15", shorten(text), "Correct the quantity."))
    if total % quantum:
        told = f"whole multiples of {plain(quantum)} {unit}"
        raise Invalid(Fault(where, told, f"{shorten(text)} = {plain(total)}", "Correct the quantity."))
    return total


def in_words(quantity: Decimal, packs: Sequence[Pack], unit: str) -> str:
    """A quantity as people say it: 3 cases + 4 each. What is less than nothing has a minus in front."""
    if quantity < 0:
        words = in_words(-quantity, packs, unit)
        return f"−({words})" if " + " in words else f"−{words}"
    parts = []
    for level, size in sorted(_sizes(packs).items(), key=lambda one: -one[1]):
        count = quantity // size if size != 1 else ZERO
        if count:
            parts.append(f"{plain(count)} {level if count == 1 else _PLURAL[level]}")
            quantity -= count * size
    if quantity or not parts:
        parts.append(f"{plain(quantity)} {unit}")
    return " + ".join(parts)


def _part(text: str, sizes: Mapping[Level, Decimal], unit: str, quantum: Decimal, where: str, asked: str) -> Decimal:
    """One of the parts between the plus signs, in the item's unit."""
    found = _PART.fullmatch(text)
    if found is None:
        raise Invalid(Fault(where, asked, shorten(text), "Begin each part with a number of 0 or more."))
    whole, rest, word = re.sub(r"[^0-9]", "", found["whole"]), found["rest"] or "", found["word"].strip().casefold()
    size = _size(word, sizes, unit)
    if size is None:
        comes_in = ", ".join([unit, *(level for level in reversed(LEVELS) if level in sizes)])
        raise Invalid(Fault(where, f"one of: {comes_in}", shorten(found["word"].strip()), _ASK))
    number = Decimal(f"{whole}.{rest or 0}")
    # Who writes "1,200" of something that is not told in thousandths may well mean twelve hundred.
    in_thousandths = size == 1 and int(quantum.normalize().as_tuple().exponent) <= -3
    if len(rest) == 3 and len(whole) <= 3 and whole[0] != "0" and not in_thousandths:
        either = f"{whole}{rest} or {plain(number)}"
        raise Invalid(Fault(where, either, shorten(text), "Write the one that you mean, without a mark in thousands."))
    if not exact(number):
        raise Invalid(Fault(where, "a number below 10^15 with at most 12 decimals", shorten(text), "Correct it."))
    return number * size


_ASK = "Write it in one of these, or have the pack added to the item."


def _size(word: str, sizes: Mapping[Level, Decimal], unit: str) -> Decimal | None:
    """How much of the unit a word stands for; None: the item does not come in it."""
    own = unit.casefold()
    if word in ("", own, f"{own}s"):
        return Decimal(1)
    level = _LEVEL_OF.get(word)
    if level is None:
        return None
    # Items that are counted at all are counted in pieces, whatever their unit is called.
    return sizes.get(level, Decimal(1) if _LEVEL_OF.get(own) == level else None)


def _sizes(packs: Iterable[Pack]) -> dict[Level, Decimal]:
    return {pack.level: pack.quantity for pack in packs if pack.quantity is not None}


def _example(sizes: Mapping[Level, Decimal], unit: str) -> str:
    level = next((level for level in reversed(LEVELS) if sizes.get(level, ZERO) > 1), None)
    return f"36 {unit}" if level is None else f"3 {_PLURAL[level]} + 4 {unit}"
