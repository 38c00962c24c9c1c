"""The rules of the ledger: what may move where and in which status, who gets scarce stock, when stock is out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from shelfwise.core.errors import Fault

Reason = Literal[
    "opening",
    "receive",
    "put_away",
    "move",
    "pick",
    "ship",
    "adjust",
    "count",
    "return",
    "write_off",
    "transfer_out",
    "transfer_in",
    "convert",
    "hold",
    "release",
    "reverse",
]
Status = Literal["available", "hold", "quarantine", "damaged"]

STATUSES: tuple[Status, ...] = ("available", "hold", "quarantine", "damaged")
# What lies in these counts as on hand; the other kinds are the other ends of double entry.
REAL = frozenset({"bin", "dock", "packing"})
_CORRECTING = frozenset({"adjustment", "unaccounted"})
_ROAD = frozenset({"transit"})
Ends = tuple[frozenset[str], frozenset[str]]
# From which kinds of place to which a movement of each reason goes.
ENDS: dict[str, tuple[Ends, ...]] = {
    "opening": ((frozenset({"opening"}), REAL),),
    "receive": ((frozenset({"supplier"}), REAL),),
    "put_away": ((REAL, REAL),),
    "move": ((REAL, REAL),),
    "pick": ((REAL, frozenset({"customer", "packing"})),),
    "ship": ((REAL, frozenset({"customer"})),),
    "adjust": ((REAL | _CORRECTING, REAL | _CORRECTING), (_ROAD, _CORRECTING), (_CORRECTING, _ROAD)),
    "count": ((REAL, _CORRECTING), (_CORRECTING, REAL)),
    # From a customer back to us, or from us back to the supplier.
    "return": ((frozenset({"customer"}), REAL), (REAL, frozenset({"supplier"}))),
    "write_off": ((REAL | _ROAD, frozenset({"scrap"})),),
    "transfer_out": ((REAL, _ROAD),),
    "transfer_in": ((_ROAD, REAL),),
    "convert": ((REAL, frozenset({"conversion"})), (frozenset({"conversion"}), REAL)),
    "hold": ((REAL, REAL),),
    "release": ((REAL, REAL),),
}
# Only these change the status of what lies in a real place; whatever else moves keeps the one it has.
STATUS_CHANGES = frozenset({"hold", "release", "reverse"})
# Sources of lines that the ledger makes itself are filed under the movement they belong to.
SHORT = "short:"
# What people may take back themselves, for a while: they saw it, and saw wrong. What was decided takes a right.
OWN_MISTAKES = frozenset(
    {"receive", "put_away", "move", "pick", "ship", "return", "transfer_out", "transfer_in", "convert"}
)
# What a batch is called that an ERP which keeps the books has told: then nothing else may be booked.
TOLD_BY_ERP = "erp"
# What the services of stock file their own facts under; nobody else's source may begin like that.
RESERVED = (SHORT, "receipt:", "pick:", "ship:", "transfer:", "count:", "convert:")


@dataclass(frozen=True)
class NewMovement:
    """A quantity that went from one place to another.

    Attributes:
        quantity: in the item's unit, above zero, a multiple of its quantum.
        occurred_at: when it happened; None: now.
        source: the stable key of the fact behind it; the same source told twice is one movement. None: none.
        lot: None: nobody named one, and the lots that expire first are taken; '': none, and that is known.
        from_status: where the place holds too little in this status, what it holds in others is taken.
        catch_weight_g: what the quantity weighed; None: its share of what lies there.
        batch_id: of what is posted together; None: one of its own call.
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
    from_status: Status = "available"
    to_status: Status = "available"
    catch_weight_g: Decimal | None = None
    note: str | None = None
    batch_id: int | None = None
    sales_line_id: int | None = None
    purchase_order_id: int | None = None
    purchase_line: int | None = None
    transfer_id: int | None = None
    transfer_line: int | None = None
    count_id: int | None = None


@dataclass(frozen=True)
class Entry:
    """A line of the ledger about to be written; fields as those of `NewMovement`.

    Attributes:
        lot_chosen: nobody named the lot: it is the one that should have been taken.
    """

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
    from_status: Status = "available"
    to_status: Status = "available"
    catch_weight_g: Decimal | None = None
    note: str | None = None
    batch_id: int | None = None
    purchase_order_id: int | None = None
    purchase_line: int | None = None
    transfer_id: int | None = None
    transfer_line: int | None = None
    count_id: int | None = None
    lot_chosen: bool = False


@dataclass(frozen=True)
class Movement:
    """A line of the ledger.

    Attributes:
        part_of: the first line of what was told at once and came from several lots or statuses; None: itself.
    """

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
    from_status: Status
    to_status: Status
    catch_weight_g: Decimal | None
    note: str | None
    batch_id: int | None
    part_of: int | None
    lot_chosen: bool
    purchase_order_id: int | None
    purchase_line: int | None
    transfer_id: int | None
    transfer_line: int | None
    count_id: int | None
    actor: str


@dataclass(frozen=True)
class Batch:
    """What movements posted together are called; `signed_by` is whose name stands for it, where it needs one."""

    kind: str
    note: str | None = None
    signed_by: str | None = None
    reverses_batch_id: int | None = None
    occurred_at: datetime | None = None


@dataclass(frozen=True)
class Lot:
    """A lot of an item: everything of it that was produced together.

    Attributes:
        status: not 'available': held everywhere; what still arrives of it gets this status.
        expires_on: the last day on which it may be sold, by the site's calendar.
    """

    item_id: int
    code: str
    expires_on: date | None
    made_on: date | None
    supplier_id: int | None
    status: Status
    status_note: str | None
    first_received_at: datetime | None
    expired_at: datetime | None


@dataclass(frozen=True)
class Spot:
    """What the ledger must know of a place; `quarantine`: what comes there is not for sale until it is released."""

    place_id: int
    site_id: int
    kind: str
    code: str
    quarantine: bool = False

    @property
    def real(self) -> bool:
        return self.kind in REAL


@dataclass(frozen=True)
class StockLevel:
    """The sum over a site's real places, what of it may not be sold, and what is promised of the rest."""

    item_id: int
    site_id: int
    on_hand: Decimal
    reserved: Decimal
    blocked: Decimal = Decimal(0)

    @property
    def available(self) -> Decimal:
        return self.on_hand - self.blocked - self.reserved

    @property
    def overpromised(self) -> Decimal:
        """What is promised beyond what is there and may be sold."""
        return max(-self.available, Decimal(0))

    def changed(self, on_hand: Decimal, reserved: Decimal, blocked: Decimal = Decimal(0)) -> StockLevel:
        return replace(
            self,
            on_hand=self.on_hand + on_hand,
            reserved=self.reserved + reserved,
            blocked=self.blocked + blocked,
        )


def ends_faults(
    reason: str,
    start: Spot,
    end: Spot,
    where: str,
    from_status: Status = "available",
    to_status: Status = "available",
) -> Iterator[Fault]:
    """What is wrong with the two ends of a movement."""
    if start.site_id != end.site_id and not (reason == "transfer_in" and start.kind == "transit"):
        yield Fault(
            where,
            "two places of one site",
            f"{start.code} and {end.code}",
            "Send goods between sites as orders or as a transfer.",
        )
    if (start.place_id, from_status) == (end.place_id, to_status):
        yield Fault(where, "two different places", f"{start.code} twice", "Say where it went.")
    yield from _reason_faults(reason, start, end, where)
    yield from _status_faults(reason, start, end, where, from_status, to_status)


def _reason_faults(reason: str, start: Spot, end: Spot, where: str) -> Iterator[Fault]:
    allowed = ENDS.get(reason)
    if allowed is None:
        yield Fault(where, f"one of {', '.join(sorted(ENDS))}", repr(reason), "Reversals are made by reversing.")
    elif not any(start.kind in starts and end.kind in ends for starts, ends in allowed):
        wanted = ", or ".join(
            f"{' or '.join(sorted(starts))} to {' or '.join(sorted(ends))}" for starts, ends in allowed
        )
        yield Fault(where, f"for {reason!r}: {wanted}", f"{start.kind} to {end.kind}", "Correct the places or reason.")


def _status_faults(
    reason: str, start: Spot, end: Spot, where: str, from_status: Status, to_status: Status
) -> Iterator[Fault]:
    if reason == "hold" and to_status == "available":
        yield Fault(f"{where}, to_status", "hold, quarantine or damaged", "available", "Release stock by 'release'.")
    elif reason == "release" and (to_status != "available" or from_status == "available"):
        yield Fault(
            f"{where}, to_status", "held stock to 'available'", f"{from_status} to {to_status}", "Hold it by 'hold'."
        )
    elif start.real and end.real and reason not in STATUS_CHANGES and from_status != to_status:
        yield Fault(
            f"{where}, to_status",
            f"{from_status!r}, as it was",
            repr(to_status),
            "A move keeps the status. Hold or release the stock to change it.",
        )


def allocate(
    available: Decimal, lines: Sequence[tuple[int, Decimal]], in_parts: Collection[int] = ()
) -> list[tuple[int, Decimal]]:
    """Which of an item's waiting lines get what is available: oldest first, a whole line or nothing.

    A line too big for what is left waits; younger ones that fit are not held up by it.

    Args:
        lines: (sales line, quantity), oldest first.
        in_parts: the lines that take what is there, and wait for the rest only.
    """
    granted = []
    for sales_line_id, quantity in lines:
        if sales_line_id in in_parts:
            quantity = min(quantity, available)
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
