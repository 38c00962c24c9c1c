"""The shapes of the REST interface for the ledger, holds, lots and counts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from shelfwise.stock.model import Reason, Status
from shelfwise.web.api_model import Exact, Id, Name, Shown, Text, Told

PlaceCode = Annotated[str, Field(min_length=1, max_length=64)]
LotCode = Annotated[str, Field(max_length=200)]
Why = Annotated[str, Field(min_length=1, max_length=500)]


class MovementIn(Told):
    """What went where; both places by their codes, also those that every site has, such as SUPPLIER or SCRAP.

    `source` is the sender's own key: the same one told twice is one movement. `lot`: left out, nobody named one and
    what expires first is taken; empty, it has none. `occurred_at` left out: now.
    """

    sku: Name
    from_place: PlaceCode
    to_place: PlaceCode
    quantity: Exact
    reason: Reason
    source: Name
    occurred_at: AwareDatetime | None = None
    lot: LotCode | None = None
    serial: Name | None = None
    from_status: Status = "available"
    to_status: Status = "available"
    catch_weight_g: Exact | None = None
    note: Text | None = None


class MovementsIn(Told):
    """Movements at one site, in the order in which they happened: all of them are posted, or none."""

    site: PlaceCode
    movements: Annotated[list[MovementIn], Field(min_length=1, max_length=1000)]


class PostedOut(Shown):
    """The ids in the ledger, in the order in which they were told."""

    movement_ids: list[int]


class WhyIn(Told):
    reason: Why


class AdjustmentIn(Told):
    """By how much the books are wrong about a place; below zero: less lies there.

    Where more would be taken off than the books hold, the answer is 409 unless `seen` says that somebody has looked.
    """

    site: PlaceCode
    sku: Name
    place: PlaceCode
    change: Exact
    reason: Why
    source: Name
    lot: LotCode | None = None
    status: Status | None = None
    seen: bool = False


class WriteOffIn(Told):
    """What is thrown away; more than the books hold: as for adjustments."""

    site: PlaceCode
    sku: Name
    place: PlaceCode
    quantity: Exact
    reason: Why
    source: Name
    lot: LotCode | None = None
    status: Status | None = None
    seen: bool = False


class ConversionIn(Told):
    """How much of one item became how much of another, in the same place or in `to_place`."""

    site: PlaceCode
    sku: Name
    place: PlaceCode
    quantity: Exact
    to_sku: Name
    to_quantity: Exact
    source: Name
    to_place: PlaceCode | None = None
    lot: LotCode | None = None
    note: Text | None = None


class HoldIn(Told):
    """A lot everywhere (no site), an item or lot at a site, or in a place, all of it or so much."""

    sku: Name
    reason: Why
    status: Literal["hold", "quarantine", "damaged"] = "hold"
    lot: LotCode | None = None
    site: PlaceCode | None = None
    place: PlaceCode | None = None
    quantity: Exact | None = None


class HeldOut(Shown):
    """What was held or released; nothing yet, where only what still comes is held."""

    batch_id: int | None
    movement_ids: list[int]
    quantity: Exact


class LineOut(Shown):
    """A line of the ledger. `change`: by how much it changed what was asked for; `balance`: what that was after it."""

    movement_id: int
    sku: str
    occurred_at: datetime
    recorded_at: datetime
    quantity: Exact
    from_place: str
    from_site: str
    to_place: str
    to_site: str
    reason: str
    actor: str
    source: str | None
    lot: str | None
    serial: str | None
    from_status: str
    to_status: str
    note: str | None
    batch_id: int | None
    order_number: str | None
    reverses: int | None
    reversed_by: int | None
    change: Exact
    balance: Exact | None


class LiesOut(Shown):
    """What lies in a bin, on a dock or on a packing bench, by lot and status."""

    sku: str
    site: str
    zone: str | None
    place: str
    kind: str
    lot: str | None
    status: str
    on_hand: Exact
    expires_on: date | None
    expired: bool


class FoundLotOut(Shown):
    """A lot; `status` other than available: held everywhere."""

    sku: str
    code: str
    expires_on: date | None
    status: str
    on_hand: Exact


class StepOut(Shown):
    movement_id: int
    occurred_at: datetime
    recorded_at: datetime
    reason: str
    quantity: Exact
    from_place: str
    from_site: str
    to_place: str
    to_site: str
    lot: str | None
    serial: str | None
    lot_chosen: bool
    order_number: str | None
    customer: str | None
    purchase_number: str | None
    supplier: str | None
    reverses: int | None
    reversed_by: int | None


class MadeOut(Shown):
    sku: str
    lot: str | None
    quantity: Exact
    occurred_at: datetime


class TraceLiesOut(Shown):
    place: str
    kind: str
    site: str
    status: str
    on_hand: Exact


class LotOut(Shown):
    code: str
    expires_on: date | None
    made_on: date | None
    status: str
    status_note: str | None
    first_received_at: datetime | None


class TraceOut(Shown):
    """A lot forward and back: where it lies, whence it came, who got it, what it became."""

    sku: str
    lot: LotOut
    on_hand: Exact
    customers: dict[str, Exact]
    lies: list[TraceLiesOut]
    came: list[StepOut]
    got: list[StepOut]
    scrapped: list[StepOut]
    travelled: list[StepOut]
    corrected: list[StepOut]
    inside: list[StepOut]
    made_into: list[MadeOut]
    made_of: list[MadeOut]
    complete: bool


class PromiseOut(Shown):
    order_number: str
    line: int
    customer: str | None
    quantity: Exact


class SendingOut(Shown):
    number: str
    line: int
    to_site: str
    quantity: Exact


class OwedOut(Shown):
    number: str
    line: int
    supplier: str
    quantity: Exact
    expected_at: datetime


class OnRoadOut(Shown):
    number: str
    from_site: str
    to_site: str
    quantity: Exact
    expected_at: datetime


class ExplainedOut(Shown):
    """Each figure of an item at a site, and what it is made of."""

    on_hand: Exact
    blocked: Exact
    reserved: Exact
    available: Exact
    on_order: Exact
    in_transit: Exact
    why_blocked: dict[str, Exact]
    lies: list[LiesOut]
    promises: list[PromiseOut]
    transfers: list[SendingOut]
    coming: list[OwedOut]
    on_road: list[OnRoadOut]


class AsOfOut(Shown):
    sku: str
    description: str
    unit: str
    on_hand: Exact
    blocked: Exact


class CountOut(Shown):
    """A count: open, to_approve (a second person looks at large differences), posted or cancelled."""

    count_id: int
    number: str
    site: str
    title: str
    blind: bool
    state: str
    opened_by: str
    opened_at: datetime
    closed_at: datetime | None
    places: int
    places_left: int


class CountLineOut(Shown):
    """What was found; what the books say is left out while somebody counts blind."""

    place_id: int
    place: str
    sku: str | None
    lot: str
    counted: Exact | None
    counted_by: str | None
    counted_at: datetime | None
    book: Exact | None
    state: str


class SheetOut(CountOut):
    lines: list[CountLineOut] = Field(default_factory=list)


class CountIn(Told):
    """What is to be counted: these places, and of them these items or whatever lies there."""

    site: PlaceCode
    title: Why
    places: Annotated[list[PlaceCode], Field(min_length=1, max_length=2000)]
    skus: list[Name] = Field(default_factory=list, max_length=1000)
    blind: bool = True


class CountedIn(Told):
    sku: Name
    quantity: Exact
    lot: LotCode = ""


class ToldIn(Told):
    """All that lies in a place of the count; what is not named there is none."""

    place: PlaceCode
    found: Annotated[list[CountedIn], Field(max_length=1000)]
    source: Name
    counted_at: AwareDatetime | None = None


class AgainIn(Told):
    """The places to be counted once more."""

    place_ids: Annotated[list[Id], Field(min_length=1, max_length=2000)]
