"""The shapes of the REST interface. Quantities and money are exact decimals, written as strings in answers."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from shelfwise.core.errors import Invalid
from shelfwise.core.quantities import plain, quantity

_MOST_DIGITS = 28


def _exact(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise ValueError("a decimal number, as a string or a number")
    if isinstance(value, str) and not value.isascii():
        raise ValueError("a decimal number written with the digits 0 to 9")
    try:
        number = quantity(value)
    except Invalid as error:
        raise ValueError("a finite decimal number such as 12 or 0.5") from error
    exponent = number.as_tuple().exponent
    if (
        number.adjusted() > 15
        or (isinstance(exponent, int) and exponent < -12)
        or len(number.as_tuple().digits) > _MOST_DIGITS
    ):
        raise ValueError("a decimal number below 10^16 with at most 12 decimals")
    return number


Exact = Annotated[
    Decimal,
    BeforeValidator(_exact),
    PlainSerializer(plain, return_type=str),
    WithJsonSchema(
        {"type": "string", "pattern": r"^-?[0-9]{1,16}(\.[0-9]{1,12})?$", "examples": ["12"]}, mode="serialization"
    ),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^-?[0-9]{1,12}(\.[0-9]{1,6})?$"},
                {"type": "number", "minimum": -1e12, "maximum": 1e12},
            ],
            "examples": ["12"],
        },
        mode="validation",
    ),
]
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Text = Annotated[str, Field(max_length=500)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class Told(BaseModel):
    """What programs send: an unknown field is a mistake, not something to pass over."""

    model_config = ConfigDict(extra="forbid")


class Shown(BaseModel):
    """What programs get, read off the rooms' own rows."""

    model_config = ConfigDict(from_attributes=True)


class FaultOut(BaseModel):
    where: str
    expected: str
    got: str
    remedy: str


class ErrorOut(BaseModel):
    """Every error: a sentence, and where it helps the faults one by one."""

    error: str
    faults: list[FaultOut] = []


class ClockOut(BaseModel):
    """Business time: it runs `rate` times as fast as the wall clock."""

    now: datetime
    rate: float


class SalesLineIn(Told):
    """A line of a customer's order; (order_number, line) is its lasting name. Negative quantities are returns."""

    order_number: Name
    line: Annotated[int, Field(ge=0, le=2**31 - 1)]
    sku: Name
    ordered_at: AwareDatetime
    quantity: Exact
    unit_price: Exact
    customer: Text | None = None
    country: Text | None = None


class TakenOut(Shown):
    """What became of the lines: `known` ones were there already."""

    new: int
    known: int
    history: int
    open: int
    returned: int


class SalesLineOut(Shown):
    """A line and how far it is: history, open, reserved, issued, returned or cancelled."""

    sales_line_id: int
    order_number: str
    line: int
    site_id: int
    item_id: int
    sku: str
    ordered_at: datetime
    recorded_at: datetime
    quantity: Exact
    issued: Exact
    unit_price: Exact
    customer: str | None
    country: str | None
    state: str


class PickIn(Told):
    place: Name
    quantity: Exact


class IssueIn(Told):
    """What was picked from which places; `source` is the picker's own key: the same one told twice is one pick."""

    picks: Annotated[list[PickIn], Field(min_length=1, max_length=200)]
    source: Name
    occurred_at: AwareDatetime | None = None


class IssuedOut(Shown):
    sales_line_id: int
    movement_ids: list[int]
    issued: Exact
    state: str
    new: bool


class PlaceOut(Shown):
    """A bin or dock with what lies there by the book, and by the scale where one can be read.

    `observed` is null where it is unknown. `doubted`: the scale is in doubt, and what it says should move nothing.
    """

    place_id: int
    code: str
    kind: str
    zone_id: int | None
    sku: str | None
    on_hand: Exact
    capacity: Exact | None
    scale: str | None
    observed: float | None
    observed_at: datetime | None
    doubted: bool


class StockOut(Shown):
    """An item at a site."""

    item_id: int
    sku: str
    description: str
    unit: str
    on_hand: Exact
    reserved: Exact
    available: Exact
    on_order: Exact


class ItemPlaceOut(Shown):
    place_id: int
    code: str
    kind: str
    site: str
    on_hand: Exact


class MovementOut(Shown):
    movement_id: int
    occurred_at: datetime
    recorded_at: datetime
    quantity: Exact
    from_place: str
    to_place: str
    reason: str
    actor: str
    source: str | None
    reverses: int | None
    reversed_by: int | None


class ForecastOut(BaseModel):
    """The newest forecast of an item at a site: `summary` holds quantiles by day and the race of methods."""

    forecast_id: int
    sku: str
    site: str
    origin: date
    first_day: date
    horizon: int
    model: str
    made_at: datetime
    summary: dict[str, Any]


class AlertOut(Shown):
    alert_id: int
    kind: str
    subject: str
    severity: str
    title: str
    detail: str
    link: str
    evidence: dict[str, Any]
    raised_at: datetime
    state: str
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    cleared_at: datetime | None
    site_id: int | None
    times: int
    snoozed_until: datetime | None


class ProposalOut(BaseModel):
    """A proposed order. `alternative`, `evidence` and `expected_value` are given for one proposal, not in lists."""

    proposal_id: int
    state: str
    sku: str
    description: str
    supplier: str
    site: str
    quantity: Exact
    unit_cost: Exact
    currency: str
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


class ApproveIn(Told):
    """Approve as proposed, or with another quantity."""

    quantity: Exact | None = None
    note: Text = ""


class RejectIn(Told):
    note: Name


class PurchaseLineOut(Shown):
    line: int
    item_id: int
    sku: str
    description: str
    quantity: Exact
    received: Exact
    damaged: Exact
    confirmed_quantity: Exact | None
    promised_at: datetime | None
    outstanding: Exact
    unit_cost: Exact
    confirmed_cost: Exact | None


class AskedOut(Shown):
    """The change that the supplier was asked for and has not answered: quantities by line, and the day."""

    expected_at: datetime
    quantities: dict[int, Exact]


class PurchaseOrderOut(Shown):
    """An order to a supplier as it stands; `asked`: what the supplier was asked for and has not answered."""

    purchase_order_id: int
    number: str
    supplier_id: int
    supplier: str
    site_id: int
    site: str
    state: str
    currency: str
    total: Exact
    created_by: str
    created_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    second_needed: str | None
    second_approved_by: str | None
    sent_at: datetime | None
    expected_at: datetime
    note: str
    revision: int
    sent_revision: int | None
    answer_to: str | None
    asked: AskedOut | None
    lines: list[PurchaseLineOut]


class ReceiptOut(Shown):
    receipt_id: int
    purchase_order_id: int
    line: int
    quantity: Exact
    place_id: int
    received_at: datetime
    source: str
    new: bool


class QuarantinedOut(Shown):
    """A message that could not be understood; the payload in base64."""

    quarantine_id: int
    door: str
    device: str
    topic: str
    format: str
    received_at: datetime
    payload_base64: str
    reason: str
    seen: int
    state: str


class ReplayIn(Told):
    """Replay as it came, or with a corrected payload in base64."""

    payload_base64: Annotated[str, Field(max_length=700_000)] | None = None


class ReplayedOut(BaseModel):
    new_readings: int


class DeviceOut(Shown):
    """A device with the newest it said of one kind; a device that says several kinds is listed once for each.

    `value` is what counts; `said` what the device said itself, where it is known to be off.
    """

    device: str
    name: str
    zone_id: int | None
    place_id: int | None
    speaks_for: str
    active: bool
    provenance: str
    kind: str | None
    value: float | None
    said: float | None
    detail: dict[str, Any] | None
    observed_at: datetime | None
    received_at: datetime | None


class AuditOut(Shown):
    audit_id: int
    wall_at: datetime
    business_at: datetime
    actor_kind: str
    actor_name: str
    action: str
    subject: str
    detail: dict[str, Any]
