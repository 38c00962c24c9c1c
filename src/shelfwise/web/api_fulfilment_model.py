"""The shapes of the REST interface for sales orders, shipments, returns and transfers, made and proposed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from shelfwise.web.api_model import Exact, Id, Name, Shown, Text, Told

Number = Annotated[int, Field(ge=0, le=2**31 - 1)]
Status = Literal["available", "hold", "quarantine", "damaged"]
Code = Annotated[str, Field(min_length=1, max_length=64)]
Millimetres = Annotated[int, Field(ge=1, le=20_000)]


class Why(Told):
    """Something that has to be explained."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


class AllowPartIn(Told):
    """Whether a line may go in parts: what is there is reserved, and the rest waits."""

    allow: bool


class OrderLineOut(Shown):
    """A line of a customer's order; `words` says how far it is, `missing` what nothing is promised for."""

    sales_line_id: int
    line: int
    site: str
    sku: str
    quantity: Exact
    reserved: Exact
    issued: Exact
    returned: Exact
    missing: Exact
    state: str
    words: str
    allow_part: bool
    precedence_at: datetime | None
    held_back_at: datetime | None
    shipment_id: int | None


class SalesOrderOut(Shown):
    """A customer's order with its lines; `words` says how far it is as a whole."""

    order_number: str
    customer: str | None
    country: str | None
    ordered_at: datetime
    words: str
    lines: list[OrderLineOut]


class ShipmentIn(Told):
    """Which order to ship from where; nothing but what is reserved for it goes."""

    order_number: Name
    site: Code
    packing_place: Code | None = None


class StopOut(Shown):
    """Where the picker goes, in the order of walking; `picked` is null where nobody has been."""

    stop: int
    line: int
    place: str
    sku: str
    lot: str | None
    quantity: Exact
    picked: Exact | None


class ShipmentLineOut(Shown):
    line: int
    sales_line_id: int
    sku: str
    quantity: Exact
    picked: Exact
    shipped: Exact


class BoxOut(Shown):
    box: int
    weight_g: Exact | None
    length_mm: int | None
    width_mm: int | None
    height_mm: int | None
    label: str | None


class ShipmentOut(Shown):
    """A shipment: picking, packed, shipped or cancelled."""

    shipment_id: int
    number: str
    site: str
    order_number: str
    state: str
    packing_place: str
    carrier: str | None
    tracking: str | None
    created_at: datetime
    packed_at: datetime | None
    shipped_at: datetime | None
    lines: list[ShipmentLineOut]
    stops: list[StopOut]
    boxes: list[BoxOut]


class PickIn(Told):
    """What was taken at a stop; 0: nothing was there. Without place and lot: as the stop says."""

    stop: Number
    quantity: Exact
    source: Name
    place: Code | None = None
    lot: Annotated[str, Field(max_length=200)] | None = None
    serial: Name | None = None
    occurred_at: AwareDatetime | None = None


class PickedOut(Shown):
    """What became of a pick; `warnings` are for the picker."""

    shipment: ShipmentOut
    movement_id: int | None
    warnings: list[str]
    new: bool


class BoxIn(Told):
    weight_g: Exact | None = None
    length_mm: Millimetres | None = None
    width_mm: Millimetres | None = None
    height_mm: Millimetres | None = None
    label: Name | None = None


class PackIn(Told):
    boxes: Annotated[list[BoxIn], Field(min_length=1, max_length=200)]


class ReceiptIn(Told):
    """Goods that came; `source` is the receiver's own key: the same one told twice is one receipt."""

    line: Annotated[int, Field(ge=1, le=2**31 - 1)]
    quantity: Exact
    place: Name
    source: Name
    occurred_at: AwareDatetime | None = None
    lot: Name | None = None
    serial: Name | None = None
    expires_on: date | None = None
    made_on: date | None = None
    status: Status = "available"
    catch_weight_g: Exact | None = None


class ShipIn(Told):
    carrier: Name | None = None
    tracking: Name | None = None
    occurred_at: AwareDatetime | None = None
    left_anyway: Name | None = None


class CameBackIn(Told):
    """What came back of a line, and where it was put."""

    sales_line_id: Id
    quantity: Exact
    place: Code
    status: Status = "quarantine"
    lot: Name | None = None
    serial: Name | None = None


class ReturnIn(Told):
    """Goods of an order that a customer sent back; the same source told twice is one return."""

    site: Code
    order_number: Name
    lines: Annotated[list[CameBackIn], Field(min_length=1, max_length=500)]
    source: Name
    note: Text = ""
    occurred_at: AwareDatetime | None = None


class ReturnLineOut(Shown):
    line: int
    sales_line_id: int
    sku: str
    quantity: Exact
    place: str
    status: str
    lot: str | None


class ReturnOut(Shown):
    return_id: int
    number: str
    order_number: str
    note: str
    created_at: datetime
    lines: list[ReturnLineOut]


class TransferLineIn(Told):
    sku: Name
    quantity: Exact


class TransferIn(Told):
    """A transfer to plan; told twice with the same source, it is one draft."""

    from_site: Code
    to_site: Code
    lines: Annotated[list[TransferLineIn], Field(min_length=1, max_length=500)]
    expected_at: AwareDatetime
    note: Text = ""
    source: Name | None = None


class GoodsIn(Told):
    """So much of a line, taken from a place or put there. Without a lot: whichever goes first."""

    line: Number
    quantity: Exact
    place: Code
    lot: Annotated[str, Field(max_length=200)] | None = None
    serial: Name | None = None
    status: Status = "available"


class MovedIn(Told):
    """What left or arrived; the same source told twice is the same fact."""

    goods: Annotated[list[GoodsIn], Field(min_length=1, max_length=500)]
    source: Name
    occurred_at: AwareDatetime | None = None


class LostIn(Told):
    line: Number
    quantity: Exact
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class TransferLineOut(Shown):
    """`shipped` has left; of that `received` has come, `back` was sent back, `lost` was written off."""

    line: int
    sku: str
    quantity: Exact
    reserved: Exact
    shipped: Exact
    received: Exact
    damaged: Exact
    back: Exact
    lost: Exact
    over: Exact
    on_road: Exact


class TransferOut(Shown):
    """A transfer: draft, approved, in_transit, part_received, received, closed or cancelled."""

    transfer_id: int
    number: str
    from_site: str
    to_site: str
    state: str
    expected_at: datetime
    note: str
    lines: list[TransferLineOut]


class ComingOut(Shown):
    """What is on the road to a site."""

    sku: str
    quantity: Exact
    expected_at: datetime


class ProposedTransferOut(Shown):
    """A proposed transfer. `alternative`, `evidence` and `expected_value` are given for one, not in lists."""

    proposal_id: int
    state: str
    sku: str
    description: str
    from_site: str
    to_site: str = Field(validation_alias="site")
    quantity: Exact
    unit: str
    reason: str
    proposed_at: datetime
    expires_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    decision_note: str | None
    how_to_undo: str
    evidence: dict[str, Any] | None = None
    alternative: dict[str, Any] | None = None
    expected_value: dict[str, Any] | None = None
