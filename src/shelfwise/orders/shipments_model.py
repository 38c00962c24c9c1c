"""The shapes of shipments and of customers' returns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from shelfwise.core.errors import Fault
from shelfwise.records.model import text_faults

ShipmentState = Literal["picking", "packed", "shipped", "cancelled"]
MOST_BOXES = 200
_LONGEST_MM = 20_000
_HEAVIEST_G = 5_000_000


@dataclass(frozen=True)
class Stop:
    """Where the picker goes, and what became of it; stops are in the order of walking, by place code.

    Attributes:
        lot: the one to take; None: what has no lot.
        picked: how much was found; None: nobody has been there.
    """

    shipment_id: int
    stop: int
    line: int
    item_id: int
    sku: str
    description: str
    unit: str
    place_id: int
    place: str
    lot: str | None
    quantity: Decimal
    picked: Decimal | None
    source: str | None
    done_at: datetime | None
    done_by: str | None


@dataclass(frozen=True)
class ShipmentLine:
    """A line of a shipment: how much is to go, was picked (and not put back), and has left."""

    shipment_id: int
    line: int
    sales_line_id: int
    order_line: int
    item_id: int
    sku: str
    description: str
    unit: str
    quantity: Decimal
    picked: Decimal
    shipped: Decimal


@dataclass(frozen=True)
class Box:
    """A box of a shipment; `label` is what the carrier calls it."""

    shipment_id: int
    box: int
    weight_g: Decimal | None = None
    length_mm: int | None = None
    width_mm: int | None = None
    height_mm: int | None = None
    label: str | None = None


@dataclass(frozen=True)
class Shipment:
    """Goods for one order on their way out of one site. `site` and `packing_place` are codes."""

    shipment_id: int
    number: str
    site_id: int
    site: str
    order_number: str
    customer: str | None
    state: ShipmentState
    packing_place_id: int
    packing_place: str
    carrier: str | None
    tracking: str | None
    created_by: str
    created_at: datetime
    packed_at: datetime | None
    shipped_at: datetime | None
    cancelled_at: datetime | None
    lines: tuple[ShipmentLine, ...] = ()
    stops: tuple[Stop, ...] = ()
    boxes: tuple[Box, ...] = ()

    @property
    def to_pick(self) -> tuple[Stop, ...]:
        """The stops where nobody has been, in the order of walking."""
        return tuple(stop for stop in self.stops if stop.done_at is None)

    @property
    def picked(self) -> Decimal:
        return sum((line.picked for line in self.lines), Decimal(0))


@dataclass(frozen=True)
class ReturnLine:
    """What came back of a line, where it was put and as what."""

    line: int
    sales_line_id: int
    quantity: Decimal
    place_id: int
    status: str
    lot: str | None
    movement_id: int
    sku: str = ""
    place: str = ""


@dataclass(frozen=True)
class CustomerReturn:
    """Goods that a customer sent back, all told at once."""

    return_id: int
    number: str
    site_id: int
    order_number: str
    source: str
    note: str
    created_by: str
    created_at: datetime
    lines: tuple[ReturnLine, ...] = ()


def box_faults(box: Box) -> Iterator[Fault]:
    """What is wrong with a box."""
    where = f"box {box.box}"
    if box.weight_g is not None and not (box.weight_g.is_finite() and 0 < box.weight_g <= _HEAVIEST_G):
        wanted = f"above 0, up to {_HEAVIEST_G} g"
        yield Fault(f"{where}, weight_g", wanted, str(box.weight_g), "Weigh it again.")
    for name, length in (("length", box.length_mm), ("width", box.width_mm), ("height", box.height_mm)):
        if length is not None and not 0 < length <= _LONGEST_MM:
            yield Fault(f"{where}, {name}_mm", f"above 0, up to {_LONGEST_MM} mm", str(length), "Measure it again.")
    if box.label is not None:
        yield from text_faults(box.label, f"{where}, label")
