"""The shapes of transfers between sites."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

TransferState = Literal["draft", "approved", "in_transit", "part_received", "received", "closed", "cancelled"]
Status = Literal["available", "hold", "quarantine", "damaged"]
# Goods may still leave or arrive.
ALIVE: tuple[TransferState, ...] = ("approved", "in_transit", "part_received", "received")


@dataclass(frozen=True)
class TransferLine:
    """A line of a transfer and how far it is.

    Attributes:
        quantity: is to go; `reserved` of it is promised at the source.
        shipped: has left; of that `received` has come (`damaged` of it damaged), `back` was sent back, `lost` was
            written off, and the rest is on the road.
        over: came beyond what had left by the books.
    """

    transfer_id: int
    line: int
    item_id: int
    sku: str
    description: str
    unit: str
    quantity: Decimal
    reserved: Decimal = Decimal(0)
    shipped: Decimal = Decimal(0)
    received: Decimal = Decimal(0)
    damaged: Decimal = Decimal(0)
    back: Decimal = Decimal(0)
    lost: Decimal = Decimal(0)
    over: Decimal = Decimal(0)

    @property
    def on_road(self) -> Decimal:
        return self.shipped - self.received - self.back - self.lost

    @property
    def to_ship(self) -> Decimal:
        return max(self.quantity - self.shipped, Decimal(0))


@dataclass(frozen=True)
class Transfer:
    """Goods that go from one site to another. `from_site` and `to_site` are codes."""

    transfer_id: int
    number: str
    from_site_id: int
    from_site: str
    to_site_id: int
    to_site: str
    state: TransferState
    expected_at: datetime
    note: str
    created_by: str
    created_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    lines: tuple[TransferLine, ...] = ()

    @property
    def on_road(self) -> Decimal:
        return sum((line.on_road for line in self.lines), Decimal(0))

    def line(self, number: int) -> TransferLine | None:
        return next((one for one in self.lines if one.line == number), None)


@dataclass(frozen=True)
class OnRoad:
    """Goods of a line of a transfer that have left and not arrived, by lot, serial and status."""

    line: int
    item_id: int
    lot: str | None
    serial: str | None
    status: Status
    quantity: Decimal
