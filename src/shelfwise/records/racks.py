"""Racks: an aisle of bays and levels becomes bins with codes, and how a plain warehouse is laid out. Pure rules."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import product

from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.records.model import (
    LARGEST_NUMBER,
    NewPlace,
    Zone,
    ZoneKind,
    code_faults,
    corner_faults,
    positive_faults,
)

USUAL_PATTERN = "{aisle}-{bay:2}-{level:2}"
# What people choose among; they may write their own.
PATTERNS = (USUAL_PATTERN, "{aisle}-{bay:2}-{level:2}-{position}", "{aisle}{bay:2}{level:a}", "{aisle}.{bay:3}.{level}")
# One look at the floor, and one transaction, hold no more.
MOST_BINS = 5000
_PART = re.compile(r"\{(aisle|bay|level|position)(?::([1-4a]))?\}")


@dataclass(frozen=True)
class Rack:
    """A row of bays under one name, seen from above.

    Attributes:
        aisle: its name, the first part of the codes of its bins.
        x_m, y_m: its upper left corner on the floor.
        bay_width_m: of one bay, along the row.
        depth_m: across the row.
        upright: its bays follow each other from top to bottom, not from left to right.
        backward: bay 1 is at the right or the lower end.
        pattern: how codes are made, e.g. `{aisle}-{bay:2}-{level:2}`; `:2` writes two digits, `:a` letters.
        height_m: of one level.
        load_kg: what one bin may carry.
    """

    aisle: str
    x_m: float
    y_m: float
    bays: int
    levels: int
    positions: int = 1
    bay_width_m: float = 2.7
    depth_m: float = 1.1
    upright: bool = False
    backward: bool = False
    pattern: str = USUAL_PATTERN
    height_m: float | None = None
    load_kg: float | None = None

    @property
    def length_m(self) -> float:
        return self.bays * self.bay_width_m


def rack_faults(rack: Rack, row: str = "") -> Iterator[Fault]:
    """What is wrong with a rack, before its bins are looked at."""
    yield from code_faults(rack.aisle, f"{row}aisle")
    yield from corner_faults(rack.x_m, rack.y_m, row)
    for name in ("bays", "levels", "positions"):
        number = getattr(rack, name)
        if not 0 < number <= LARGEST_NUMBER:
            yield Fault(f"{row}{name}", f"a number from 1 to {LARGEST_NUMBER}", shorten(str(number)), "Correct it.")
    for name, unit in {"bay_width_m": "m", "depth_m": "m", "height_m": "m", "load_kg": "kg"}.items():
        yield from positive_faults(getattr(rack, name), f"{row}{name}", unit)
    if (much := rack.bays * rack.levels * rack.positions) > MOST_BINS:
        yield Fault(f"{row}bays", f"at most {MOST_BINS} bins at once", str(much), "Draw the aisle in two parts.")
    yield from _pattern_faults(rack, row)


def _pattern_faults(rack: Rack, row: str) -> Iterator[Fault]:
    left = _PART.sub("", rack.pattern)
    if "{" in left or "}" in left:
        wanted = "text with {aisle}, {bay}, {level}, {position}, and :1 to :4 or :a for digits or letters"
        yield Fault(f"{row}pattern", wanted, shorten(rack.pattern), f"Write it like {USUAL_PATTERN}.")
    named = {part for part, _ in _PART.findall(rack.pattern)}
    for part, several in (("bay", rack.bays), ("level", rack.levels), ("position", rack.positions)):
        if several > 1 and part not in named:
            wanted = f"{{{part}}}, as there are {several}"
            yield Fault(f"{row}pattern", wanted, shorten(rack.pattern), "Without it several bins get the same code.")


def code_of(pattern: str, aisle: str, bay: int, level: int, position: int) -> str:
    """The code of a bin."""
    numbers = {"bay": bay, "level": level, "position": position}

    def written(found: re.Match[str]) -> str:
        if found[1] == "aisle":
            return aisle
        number = numbers[found[1]]
        return letters(number) if found[2] == "a" else f"{number:0{found[2] or 1}d}"

    return _PART.sub(written, pattern)


def letters(number: int) -> str:
    """1 is A, 26 is Z, 27 is AA."""
    said = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        said = chr(ord("A") + rest) + said
    return said


def bins(rack: Rack) -> list[NewPlace]:
    """The bins of a rack, by bay, level and position; levels of one bay and position share a footprint.

    Raises:
        Invalid: the rack cannot be right, or several of its bins get the same code.
    """
    if faults := list(rack_faults(rack)):
        raise Invalid(*faults)
    step = rack.bay_width_m / rack.positions
    made = []
    for bay, level, position in product(
        range(1, rack.bays + 1), range(1, rack.levels + 1), range(1, rack.positions + 1)
    ):
        before = (bay - 1) * rack.bay_width_m + (position - 1) * step
        along = round(rack.length_m - before - step if rack.backward else before, 3)
        x_m, y_m = (rack.x_m, rack.y_m + along) if rack.upright else (rack.x_m + along, rack.y_m)
        width_m, depth_m = (rack.depth_m, step) if rack.upright else (step, rack.depth_m)
        made.append(
            NewPlace(
                code_of(rack.pattern, rack.aisle, bay, level, position), x_m=round(x_m, 3), y_m=round(y_m, 3),
                width_m=round(width_m, 3), depth_m=round(depth_m, 3), aisle=rack.aisle, bay=bay, level=level,
                position=position if rack.positions > 1 else None, height_m=rack.height_m, load_kg=rack.load_kg,
            )
        )  # fmt: skip
    if faults := list(twice_faults(made)):
        raise Invalid(*faults)
    return made


def twice_faults(places: Iterable[NewPlace]) -> Iterator[Fault]:
    """The codes that more than one of the new places have."""
    for code, times in Counter(one.code for one in places).items():
        if times > 1:
            yield Fault("code", "a code for each bin", f"{code} {times} times", "Change the pattern or the aisle.")


@dataclass(frozen=True)
class PlainFloor:
    """A warehouse as most are: rows of racks, gangways between them, docks along the lower wall.

    Attributes:
        aisles: how many rows of racks, named from `first` on.
        gangway_m: between two rows, wide enough for what drives there.
        quarantine: with a corner for what must not be sold.
    """

    aisles: int = 3
    bays: int = 8
    levels: int = 3
    positions: int = 1
    first: str = "A"
    bay_width_m: float = 2.7
    depth_m: float = 1.1
    gangway_m: float = 3.0
    height_m: float | None = None
    load_kg: float | None = None
    docks: int = 1
    quarantine: bool = False
    backward: bool = False
    pattern: str = USUAL_PATTERN


@dataclass(frozen=True)
class Layout:
    """What a plain warehouse consists of: its size, zones, racks, and places that stand alone."""

    width_m: float
    depth_m: float
    zones: tuple[Zone, ...]
    racks: tuple[Rack, ...]
    places: tuple[NewPlace, ...]


# What stands along the lower wall: docks of so much, with air between, then the packing bench and the corner.
_STRIP_M, _DOCK_M, _AIR_M, _CORNER_M = 4.0, 3.0, 1.0, 3.0
# Between two rows that stand back to back, and between racks and wall.
_BACKS_M, _WALL_M = 0.2, 0.5
_MOST_AISLES, _MOST_DOCKS = 200, 50


def plain_faults(plain: PlainFloor) -> Iterator[Fault]:
    """What is wrong with the numbers of a plain warehouse."""
    for name, most in (("aisles", _MOST_AISLES), ("docks", _MOST_DOCKS)):
        if not 0 < getattr(plain, name) <= most:
            yield Fault(name, f"a number from 1 to {most}", str(getattr(plain, name)), "Correct the number.")
    yield from positive_faults(plain.gangway_m, "gangway_m", "m")
    if not ((plain.first.isalpha() and plain.first.isascii()) or plain.first.isdecimal()) or len(plain.first) > 3:
        wanted = "up to three letters or digits, such as A or 01"
        yield Fault("first", wanted, shorten(plain.first), "The next rows follow: B, C, or 02, 03.")
    else:
        yield from rack_faults(_rack(plain, plain.first, 0, 0))
        if (much := plain.aisles * plain.bays * plain.levels * plain.positions) > MOST_BINS:
            yield Fault("aisles", f"at most {MOST_BINS} bins at once", str(much), "Make some now, and more later.")


def lay_out(plain: PlainFloor) -> Layout:
    """Lay a plain warehouse out: row by row, two of them back to back between gangways.

    Raises:
        Invalid: a number cannot be right.
    """
    if faults := list(plain_faults(plain)):
        raise Invalid(*faults)
    racks, y_m, aisle = [], _WALL_M, plain.first
    for row in range(plain.aisles):
        if row:
            y_m += plain.depth_m + (plain.gangway_m if row % 2 else _BACKS_M)
        racks.append(_rack(plain, aisle, plain.gangway_m, round(y_m, 3)))
        aisle = _next(aisle)
    ends_m = round(y_m + plain.depth_m + _WALL_M, 3)
    strip_m = round(ends_m + plain.gangway_m - _WALL_M, 3)
    docks = [
        NewPlace("DOCK" if not number else f"DOCK-{number + 1}", "dock", None, _AIR_M + number * (_DOCK_M + _AIR_M),
                 strip_m + 1, _DOCK_M, _STRIP_M - 1.5)
        for number in range(plain.docks)
    ]  # fmt: skip
    bench_m = _AIR_M + plain.docks * (_DOCK_M + _AIR_M)
    places = [*docks, NewPlace("PACKING", "packing", None, bench_m, strip_m + 1, 2, 1)]
    right_m = bench_m + 3
    width_m = max(racks[0].length_m + 2 * plain.gangway_m, right_m + (_CORNER_M + _AIR_M if plain.quarantine else 0))
    width_m = round(width_m, 3)
    zones = [
        _zone("RACKS", "Racks", "ambient", 0, 0, width_m, ends_m),
        _zone("DOCKS", "Goods in and out", "dock", 0, strip_m, right_m if plain.quarantine else width_m, _STRIP_M),
    ]
    if plain.quarantine:
        corner_m = width_m - _CORNER_M - _AIR_M / 2
        zones.append(_zone("QUARANTINE", "Quarantine", "quarantine", corner_m, strip_m + 0.5, _CORNER_M, _CORNER_M))
        places.append(NewPlace("Q-01", "bin", None, corner_m + 0.5, strip_m + 1.5, 2, 1.5))
    return Layout(width_m, round(strip_m + _STRIP_M, 3), tuple(zones), tuple(racks), tuple(places))


def _rack(plain: PlainFloor, aisle: str, x_m: float, y_m: float) -> Rack:
    return Rack(
        aisle, x_m, y_m, plain.bays, plain.levels, plain.positions, plain.bay_width_m, plain.depth_m,
        backward=plain.backward, pattern=plain.pattern, height_m=plain.height_m, load_kg=plain.load_kg,
    )  # fmt: skip


def _zone(code: str, name: str, kind: ZoneKind, x_m: float, y_m: float, width_m: float, depth_m: float) -> Zone:
    return Zone(0, 0, code, name, kind, x_m, y_m, width_m, depth_m, None, None, timedelta(minutes=10))


def _next(aisle: str) -> str:
    """B after A, AA after Z, 02 after 01."""
    if aisle.isdecimal():
        return f"{int(aisle) + 1:0{len(aisle)}d}"
    number = 0
    for one in aisle.upper():
        number = number * 26 + ord(one) - ord("A") + 1
    return letters(number + 1)
