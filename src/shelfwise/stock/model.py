"""The rules of the ledger: what may move where, what a short pick means, who gets scarce stock, when stock is out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal

from shelfwise.core.errors import Fault

Reason = Literal["opening", "receive", "move", "pick", "adjust", "return", "reverse"]

REAL = frozenset({"bin", "dock"})
_CORRECTING = frozenset({"adjustment", "unaccounted"})
# From which kinds of place to which a movement of each reason goes.
ENDS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "opening": (frozenset({"opening"}), REAL),
    "receive": (frozenset({"supplier"}), REAL),
    "move": (REAL, REAL),
    "pick": (REAL, frozenset({"customer"})),
    "return": (frozenset({"customer"}), REAL),
    "adjust": (REAL | _CORRECTING, REAL | _CORRECTING),
}
# Sources of corrections that the ledger makes itself are filed under the movement they belong to.
SHORT = "short:"


@dataclass(frozen=True)
class NewMovement:
    """A quantity that went from one place to another.

    Attributes:
        quantity: in the item's unit, above zero, a multiple of its quantum.
        occurred_at: when it happened; None: now.
        source: the stable key of the fact behind it; the same source told twice is one movement. None: none.
    """

    item_id: int
    from_place_id: int
    to_place_id: int
    quantity: Decimal
    reason: Reason
    occurred_at: datetime | None = None
    source: str | None = None
    lot: str | None = None
    serial: str | None = None


@dataclass(frozen=True)
class Entry:
    """A line of the ledger about to be written."""

    item_id: int
    from_place_id: int
    to_place_id: int
    quantity: Decimal
    occurred_at: datetime
    reason: Reason
    source: str | None = None
    lot: str | None = None
    serial: str | None = None
    reverses: int | None = None
    sales_line_id: int | None = None


@dataclass(frozen=True)
class Movement:
    """A line of the ledger."""

    movement_id: int
    item_id: int
    from_place_id: int
    to_place_id: int
    quantity: Decimal
    occurred_at: datetime
    recorded_at: datetime
    reason: Reason
    source: str | None
    lot: str | None
    serial: str | None
    reverses: int | None
    sales_line_id: int | None


@dataclass(frozen=True)
class Spot:
    """What the ledger must know of a place."""

    place_id: int
    site_id: int
    kind: str
    code: str

    @property
    def real(self) -> bool:
        return self.kind in REAL


@dataclass(frozen=True)
class StockLevel:
    """The sum over a site's real places, and what is promised of it."""

    item_id: int
    site_id: int
    on_hand: Decimal
    reserved: Decimal

    @property
    def available(self) -> Decimal:
        return self.on_hand - self.reserved

    @property
    def overpromised(self) -> Decimal:
        """What is promised beyond what is there."""
        return max(self.reserved - self.on_hand, Decimal(0))

    def changed(self, on_hand: Decimal, reserved: Decimal) -> StockLevel:
        return replace(self, on_hand=self.on_hand + on_hand, reserved=self.reserved + reserved)


@dataclass(frozen=True)
class Settled:
    """An entry, and the correction that must be written before it where its place lacks what was taken."""

    entry: Entry
    correction: Entry | None

    @property
    def missing(self) -> Decimal:
        return Decimal(0) if self.correction is None else self.correction.quantity


def ends_faults(reason: str, start: Spot, end: Spot, where: str) -> Iterator[Fault]:
    """What is wrong with the two ends of a movement."""
    if start.site_id != end.site_id:
        yield Fault(
            where, "two places of one site", f"{start.code} and {end.code}", "Send goods between sites as orders."
        )
    if start.place_id == end.place_id:
        yield Fault(where, "two different places", f"{start.code} twice", "Say where it went.")
    allowed = ENDS.get(reason)
    if allowed is None:
        yield Fault(where, f"one of {', '.join(sorted(ENDS))}", repr(reason), "Reversals are made by reversing.")
    elif start.kind not in allowed[0] or end.kind not in allowed[1]:
        wanted = f"{' or '.join(sorted(allowed[0]))} to {' or '.join(sorted(allowed[1]))}"
        yield Fault(where, f"for {reason!r}: {wanted}", f"{start.kind} to {end.kind}", "Correct the places or reason.")


def settle(
    entries: Iterable[Entry],
    balances: Mapping[tuple[int, int], Decimal],
    spots: Mapping[int, Spot],
    unaccounted: Mapping[int, int],
) -> list[Settled]:
    """Find what real places lack for what was taken from them.

    What was observed has happened: where a bin holds less than was taken, it must have held more than the ledger knew.
    The difference comes from the site's UNACCOUNTED place, so that no bin falls below zero and the sum stays zero.

    Args:
        entries: in the order in which they happen.
        balances: on hand by (item, place) before; missing means zero.
        spots: every place named in the entries.
        unaccounted: the UNACCOUNTED place of each site.
    """
    held = dict(balances)
    settled = []
    for entry in entries:
        start = spots[entry.from_place_id]
        correction = None
        if start.real:
            key = (entry.item_id, start.place_id)
            missing = entry.quantity - held.get(key, Decimal(0))
            if missing > 0:
                correction = Entry(
                    entry.item_id, unaccounted[start.site_id], start.place_id, missing, entry.occurred_at, "adjust"
                )
                held[key] = held.get(key, Decimal(0)) + missing
            held[key] -= entry.quantity
        if spots[entry.to_place_id].real:
            key = (entry.item_id, entry.to_place_id)
            held[key] = held.get(key, Decimal(0)) + entry.quantity
        settled.append(Settled(entry, correction))
    return settled


def place_changes(entries: Iterable[Entry]) -> dict[tuple[int, int], Decimal]:
    """By how much entries change each (item, place), in key order."""
    changes: dict[tuple[int, int], Decimal] = {}
    for entry in entries:
        for place_id, quantity in ((entry.from_place_id, -entry.quantity), (entry.to_place_id, entry.quantity)):
            key = (entry.item_id, place_id)
            changes[key] = changes.get(key, Decimal(0)) + quantity
    return dict(sorted(changes.items()))


def allocate(available: Decimal, lines: Sequence[tuple[int, Decimal]]) -> list[tuple[int, Decimal]]:
    """Which of an item's waiting lines get what is available: oldest first, a whole line or nothing.

    A line too big for what is left waits; younger ones that fit are not held up by it.

    Args:
        lines: (sales line, quantity), oldest first.
    """
    granted = []
    for sales_line_id, quantity in lines:
        if 0 < quantity <= available:
            available -= quantity
            granted.append((sales_line_id, quantity))
    return granted


@dataclass(frozen=True)
class StockoutChange:
    """A stockout to open at `since`, or, where `until_at` is set, the open one to close."""

    since: datetime
    until_at: datetime | None


def stockout_change(
    available: Decimal, open_since: datetime | None, last_until: datetime | None, at: datetime
) -> StockoutChange | None:
    """What happens to an item's stockouts when this much is available since `at`.

    Facts come late and out of order; intervals never overlap and never end before they begin, so a late fact counts
    from the newest instant that is already decided.
    """
    if available <= 0 and open_since is None:
        return StockoutChange(at if last_until is None else max(at, last_until), None)
    if available > 0 and open_since is not None:
        return StockoutChange(open_since, max(at, open_since))
    return None
