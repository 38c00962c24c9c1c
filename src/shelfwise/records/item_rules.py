"""The rules a new or changed item must meet, and what its category says. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from shelfwise.core.errors import Fault, shorten
from shelfwise.records.model import TRACKING, NewItem, code_faults, positive_faults, text_faults

# Together with quantities below 10^15 it keeps division exact in the 28 digits of Python's decimals.
SMALLEST_QUANTUM = Decimal("1e-9")
# A century: what keeps longer has no last day.
LONGEST_SHELF_LIFE = 36_500
# Between the levels of a category. A slash without spaces belongs to a name: "1/2 litre".
BETWEEN = " / "


def item_faults(item: NewItem, row: str = "") -> Iterator[Fault]:
    """What is wrong with a new item; `row` is put before the names of fields."""
    yield from code_faults(item.sku, f"{row}sku")
    yield from text_faults(item.description, f"{row}description")
    yield from code_faults(item.unit, f"{row}unit")
    yield from positive_faults(item.quantum, f"{row}quantum", item.unit)
    if item.quantum.is_finite() and 0 < item.quantum < SMALLEST_QUANTUM:
        yield Fault(f"{row}quantum", f"at least {SMALLEST_QUANTUM:f}", str(item.quantum), "Choose a smaller unit.")
    yield from positive_faults(item.unit_weight_g, f"{row}unit_weight_g", "g")
    yield from _tracking_faults(item, row)
    yield from _category_faults(item.category, f"{row}category")


def _tracking_faults(item: NewItem, row: str) -> Iterator[Fault]:
    """What does not go together in how an item is told apart and weighed."""
    if item.tracking not in TRACKING:
        yield Fault(f"{row}tracking", "'none', 'lot' or 'serial'", shorten(item.tracking), "Choose one of them.")
    if item.tracking == "serial" and item.quantum != 1:
        remedy = "Track it by lot, or keep it in whole pieces."
        yield Fault(f"{row}quantum", "1, for a serial number is one piece", shorten(str(item.quantum)), remedy)
    if item.needs_expiry and item.tracking == "none":
        remedy = "Track the item by lot, which carries the last day."
        yield Fault(f"{row}needs_expiry", "an item that is tracked by lot or serial", "no tracking", remedy)
    if item.shelf_life_days is not None and not 0 < item.shelf_life_days <= LONGEST_SHELF_LIFE:
        wanted = f"1 to {LONGEST_SHELF_LIFE} days"
        yield Fault(f"{row}shelf_life_days", wanted, str(item.shelf_life_days), "Correct it, or leave it empty.")
    if item.catch_weight and item.quantum.is_finite() and item.quantum % 1:
        remedy = "Keep it in pieces, or in its weight alone."
        yield Fault(f"{row}catch_weight", "an item in whole pieces", f"a quantum of {item.quantum}", remedy)


def _category_faults(category: str, where: str) -> Iterator[Fault]:
    """What is wrong with a category; the rest must be as people wrote it, since equal names are one category."""
    yield from text_faults(category, where)
    levels = category.split(BETWEEN)
    if category and any(not level or level != level.strip("/ ") for level in levels):
        wanted = "a name, or names from wide to narrow such as 'Dairy / Milk'"
        yield Fault(where, wanted, shorten(category), "Write a name, a space, a slash, a space, and the next name.")


def with_wider(categories: Iterable[str]) -> list[str]:
    """The categories and all that they lie in, in order: of 'Dairy / Milk' also 'Dairy'."""
    found: set[str] = set()
    for category in categories:
        levels = category.split(BETWEEN)
        found |= {BETWEEN.join(levels[: depth + 1]) for depth in range(len(levels))}
    return sorted(found - {""})
