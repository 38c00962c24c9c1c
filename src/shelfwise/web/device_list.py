"""A list of devices as people paste it from a spreadsheet or a CSV file: columns by their headings, or in order."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence

from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.edge.many import MOST_AT_ONCE, NewDevice
from shelfwise.web.families import FAMILIES, Family

ORDER = ("device", "name", "kind", "where", "site")
_HEADINGS = {
    "device": "device", "code": "device", "id": "device", "device id": "device", "deveui": "device", "serial": "device",
    "name": "name", "description": "name", "name for people": "name",
    "kind": "kind", "family": "kind", "type": "kind", "it is": "kind",
    "where": "where", "place": "where", "bin": "where", "zone": "where", "location": "where", "stands at": "where",
    "site": "site", "warehouse": "site",
}  # fmt: skip
# What people call a family beside its name and its words.
_CALLED = {
    "temperature": "thermometer", "sensor": "thermometer", "temperature sensor": "thermometer", "weight": "scale",
    "impinj reader": "impinj", "zebra reader": "zebra", "handheld": "zebra-handheld", "gps": "tracker",
}  # fmt: skip


def read_list(text: str) -> tuple[list[NewDevice], list[Fault]]:
    """The devices of a list, and what is wrong with its cells; rows are counted as in the list, empty ones too.

    Raises:
        Invalid: there is nothing in it, or too much.
    """
    rows = [(number, cells) for number, cells in _rows(text) if any(cells)]
    columns = list(ORDER)
    if rows and (named := _named(rows[0][1])):
        columns = named
        rows = rows[1:]
    if not rows:
        remedy = "Paste rows with a device in each, such as: scale-7, Scale at the door, scale, A-01-03"
        raise Invalid(Fault("list", "a row for each device", "nothing", remedy))
    if len(rows) > MOST_AT_ONCE:
        raise Invalid(Fault("list", f"at most {MOST_AT_ONCE} devices", str(len(rows)), "Add them in parts."))
    told, faults = [], []
    for number, cells in rows:
        said = dict(zip(columns, cells, strict=False))
        if extra := [one for one in cells[len(columns) :] if one]:
            expected = f"{len(columns)} cells: {', '.join(one or 'left out' for one in columns)}"
            faults.append(Fault(f"row {number}", expected, shorten(", ".join(extra)), "Leave the last ones out."))
        family = _family(said.get("kind", ""))
        if isinstance(family, str):
            names = ", ".join(one.name for one in FAMILIES)
            faults.append(Fault(f"row {number}, kind", f"one of {names}", shorten(family), "Choose one, or none."))
            family = None
        told.append(
            NewDevice(
                number, said.get("device", ""), said.get("name", ""), "" if family is None else family.name,
                "self" if family is None else family.speaks_for, None if family is None else family.format,
                said.get("site", ""), said.get("where", ""),
            )
        )  # fmt: skip
    return told, faults


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    text = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    first = next((line for line in text.splitlines() if line.strip()), "")
    # A spreadsheet hands over tabs; of the others, the one that the first row has most of.
    apart = "\t" if "\t" in first else max(";,", key=first.count)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=apart)
        for cells in reader:
            yield reader.line_num, [" ".join(one.split()) for one in cells]
    except csv.Error as error:
        raise Invalid(Fault("list", "rows of cells", str(error), "Paste it again, or save it as CSV.")) from error


def _named(cells: Sequence[str]) -> list[str] | None:
    """The columns of a row of headings; None: it is none. A column that nobody knows is passed over."""
    found = [_HEADINGS.get(re.sub(r"[\s_-]+", " ", one).strip().lower(), "") for one in cells]
    return found if found.count("device") == 1 and len([one for one in found if one]) >= min(2, len(cells)) else None


def _family(text: str) -> Family | str | None:
    """The family that a cell names; None: it is empty; the text itself where there is none."""
    said = text.lower().removeprefix("a ").removeprefix("an ")
    if not said:
        return None
    said = _CALLED.get(said, said)
    for one in FAMILIES:
        if said in (one.name, one.words.removeprefix("a ")):
            return one
    return text
