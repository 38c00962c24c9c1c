"""Which lots and statuses a movement takes from its place, and what the place lacks: pure rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal

from shelfwise.core.quantities import ZERO
from shelfwise.stock.model import STATUS_CHANGES, STATUSES, Entry, Spot, Status

# Item, place, lot ('': none), status.
BalanceKey = tuple[int, int, str, str]
_WHOLE_GRAM = Decimal(1)
_NEVER = date.max
_UNKNOWN = datetime.max.replace(tzinfo=UTC)
# What changes the status takes exactly what it names, and never something else in its place.
_EXACT_STATUS = frozenset({"hold", "release"})


@dataclass(frozen=True)
class LotFacts:
    """What decides which of two lots goes first, and in which status one arrives.

    Attributes:
        expired: its last day is over at the site it is asked for.
        status: not 'available': it is held everywhere.
    """

    expires_on: date | None = None
    first_received_at: datetime | None = None
    expired: bool = False
    status: Status = "available"


@dataclass(frozen=True)
class Lying:
    """How much of a lot ('': none) lies at a place in one status, and what it weighs where that is kept."""

    item_id: int
    place_id: int
    lot: str
    status: Status
    on_hand: Decimal
    catch_weight_g: Decimal = ZERO


@dataclass(frozen=True)
class Settled:
    """What was told, the lines it becomes, and the correction written before them where the place lacks something.

    Attributes:
        lines: one for each lot and status it is taken from; their quantities add up to what was told.
    """

    told: Entry
    lines: tuple[Entry, ...]
    correction: Entry | None = None

    @property
    def missing(self) -> Decimal:
        return ZERO if self.correction is None else self.correction.quantity

    @property
    def from_held(self) -> Decimal:
        """How much of it was not fit to be taken by a decision of ours, and was taken all the same."""
        if self.told.from_status != "available" or self.told.reason in _EXACT_STATUS:
            return ZERO
        return sum((line.quantity for line in self.lines if line.from_status != "available"), ZERO)


class _Shelf:
    """What lies where while entries settle, one after the other."""

    def __init__(self, lying: Iterable[Lying], lots: Mapping[tuple[int, str], LotFacts]) -> None:
        self.lots = lots
        self.rows: dict[tuple[int, int], dict[tuple[str, Status], tuple[Decimal, Decimal]]] = {}
        for one in lying:
            self.add((one.item_id, one.place_id), one.lot, one.status, one.on_hand, one.catch_weight_g)

    def add(self, key: tuple[int, int], lot: str, status: Status, quantity: Decimal, weight: Decimal | None) -> None:
        rows = self.rows.setdefault(key, {})
        on_hand, weighs = rows.get((lot, status), (ZERO, ZERO))
        rows[lot, status] = (on_hand + quantity, weighs + (weight or ZERO))

    def choose(self, entry: Entry) -> list[tuple[str, Status, Decimal]]:
        """From which lots and statuses the entry takes how much; less than it wants where there is no more."""
        rows = self.rows.get((entry.item_id, entry.from_place_id), {})
        named = "" if entry.lot is None and entry.reason == "reverse" else entry.lot
        fit = [
            (self._turn(entry, lot, status), lot, status)
            for (lot, status), (on_hand, _) in rows.items()
            if on_hand > 0
            and (named is None or lot == named)
            and (status == entry.from_status or entry.reason not in _EXACT_STATUS)
        ]
        wanted, taken = entry.quantity, []
        for _, lot, status in sorted(fit, key=lambda one: one[0]):
            if wanted <= 0:
                break
            much = min(wanted, rows[lot, status][0])
            wanted -= much
            taken.append((lot, status, much))
        return taken

    def _turn(self, entry: Entry, lot: str, status: Status) -> tuple[bool, bool, int, date, datetime, str]:
        facts = self.lots.get((entry.item_id, lot), LotFacts())
        return (
            status != entry.from_status,
            facts.expired and status == "available",
            STATUSES.index(status),
            facts.expires_on or _NEVER,
            facts.first_received_at or _UNKNOWN,
            lot,
        )


def settle(
    entries: Iterable[Entry],
    lying: Iterable[Lying],
    spots: Mapping[int, Spot],
    unaccounted: Mapping[int, int],
    lots: Mapping[tuple[int, str], LotFacts] | None = None,
) -> list[Settled]:
    """Find the lots and statuses that entries take from real places, and what those places lack.

    Where nobody named a lot, the one that expires first goes first, then the one received first. Where the place holds
    too little in the status asked for, it comes from what is held there: what was observed has happened. Where a bin
    holds less than was taken altogether, it must have held more than the ledger knew: the difference comes from the
    site's UNACCOUNTED place, so that no bin falls below zero and the sum stays zero.

    Args:
        entries: in the order in which they happen.
        lying: what the real places hold before.
        spots: every place named in the entries.
        unaccounted: the UNACCOUNTED place of each site.
        lots: by (item, code); a lot that is missing never expires and is not held.
    """
    shelf = _Shelf(lying, lots or {})
    return [_settled(entry, shelf, spots, unaccounted) for entry in entries]


def _settled(entry: Entry, shelf: _Shelf, spots: Mapping[int, Spot], unaccounted: Mapping[int, int]) -> Settled:
    start, end = spots[entry.from_place_id], spots[entry.to_place_id]
    if not start.real:
        line = _arriving(entry, start, end, shelf)
        if end.real:
            shelf.add((line.item_id, end.place_id), line.lot or "", line.to_status, line.quantity, line.catch_weight_g)
        return Settled(entry, (line,))
    taken = shelf.choose(entry)
    missing = entry.quantity - sum((much for _, _, much in taken), ZERO)
    correction = None
    if missing > 0:
        lot, status = entry.lot or "", _lacking_status(entry)
        correction = Entry(
            entry.item_id, unaccounted[start.site_id], start.place_id, missing, entry.occurred_at, "adjust",
            lot=lot or None, to_status=status,
        )  # fmt: skip
        shelf.add((entry.item_id, start.place_id), lot, status, missing, None)
        taken = _merged([*taken, (lot, status, missing)])
    lines = []
    weighed = ZERO
    for number, (lot, status, much) in enumerate(taken, 1):
        weight = _weight(entry, shelf, lot, status, much, weighed, number == len(taken))
        weighed += weight or ZERO
        shelf.add((entry.item_id, start.place_id), lot, status, -much, None if weight is None else -weight)
        to_status = _leaving_status(entry, end, status)
        if end.real:
            shelf.add((entry.item_id, end.place_id), lot, to_status, much, weight)
        lines.append(
            replace(
                entry,
                quantity=much,
                lot=lot or None,
                lot_chosen=entry.lot is None and bool(lot),
                from_status=status,
                to_status=to_status,
                catch_weight_g=weight,
                source=entry.source if number == 1 else None,
                reverses=entry.reverses if number == 1 else None,
            )
        )
    return Settled(entry, tuple(lines), correction)


def _arriving(entry: Entry, start: Spot, end: Spot, shelf: _Shelf) -> Entry:
    """The entry with the statuses of its two ends: what comes of a held or expired lot is not for sale."""
    facts = shelf.lots.get((entry.item_id, entry.lot or ""), LotFacts())
    # What is on the road has a status too.
    to_status: Status = entry.to_status if end.real or end.kind == "transit" else "available"
    if end.real and to_status == "available" and entry.lot:
        to_status = "quarantine" if facts.expired and facts.status == "available" else facts.status
    if _shuts_away(entry, end, to_status):
        to_status = "quarantine"
    return replace(
        entry,
        lot=entry.lot or None,
        from_status=entry.from_status if start.kind == "transit" else "available",
        to_status=to_status,
    )


def _shuts_away(entry: Entry, end: Spot, status: Status) -> bool:
    """Whether goods for sale come into a quarantine zone; what is released or taken back there is as somebody says."""
    return end.real and end.quarantine and status == "available" and entry.reason not in STATUS_CHANGES


def _lacking_status(entry: Entry) -> Status:
    return entry.from_status if entry.reason in _EXACT_STATUS else "available"


def _leaving_status(entry: Entry, end: Spot, status: Status) -> Status:
    """What is moved keeps its status, on the road too; elsewhere nobody sells it any more."""
    if end.kind == "transit" and entry.reason == "reverse":
        return entry.to_status
    if _shuts_away(entry, end, status):
        return "quarantine"
    if end.real:
        return status if entry.from_status == entry.to_status else entry.to_status
    return status if end.kind == "transit" else "available"


def _merged(taken: Iterable[tuple[str, Status, Decimal]]) -> list[tuple[str, Status, Decimal]]:
    sums: dict[tuple[str, Status], Decimal] = {}
    for lot, status, much in taken:
        sums[lot, status] = sums.get((lot, status), ZERO) + much
    return [(lot, status, much) for (lot, status), much in sums.items()]


def _weight(
    entry: Entry, shelf: _Shelf, lot: str, status: Status, much: Decimal, weighed: Decimal, last: bool
) -> Decimal | None:
    """What a part weighs: its share of what was weighed, else of what lies there, all of it with the last piece."""
    if entry.catch_weight_g is not None:
        if last:
            return max(entry.catch_weight_g - weighed, ZERO)
        return (entry.catch_weight_g * much / entry.quantity).quantize(_WHOLE_GRAM)
    on_hand, weighs = shelf.rows[entry.item_id, entry.from_place_id][lot, status]
    if weighs <= 0:
        return None
    return weighs if much >= on_hand else (weighs * much / on_hand).quantize(_WHOLE_GRAM)


def place_changes(entries: Iterable[Entry]) -> dict[BalanceKey, tuple[Decimal, Decimal]]:
    """By how much entries change each (item, place, lot, status), and its weight in g, in key order."""
    changes: dict[BalanceKey, tuple[Decimal, Decimal]] = {}
    for entry in entries:
        weight = entry.catch_weight_g or ZERO
        for place_id, status, sign in (
            (entry.from_place_id, entry.from_status, -1),
            (entry.to_place_id, entry.to_status, 1),
        ):
            key = (entry.item_id, place_id, entry.lot or "", status)
            quantity, weighs = changes.get(key, (ZERO, ZERO))
            changes[key] = (quantity + sign * entry.quantity, weighs + sign * weight)
    return dict(sorted(changes.items()))
