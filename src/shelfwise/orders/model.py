"""The shapes of orders and the rules of their states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal

from shelfwise.core.errors import Fault, shorten
from shelfwise.records.model import amount_of_money_faults, exact, text_faults

SalesState = Literal["history", "open", "reserved", "issued", "returned", "cancelled"]
PurchaseState = Literal["draft", "approved", "sent", "confirmed", "part_received", "received", "closed", "cancelled"]
# A supplier who has an order, or was asked something, and says nothing for so long, is asked again by a person.
# Orders are expected at noon of a day: late is what has not come when the day is over.
LATE_AFTER = timedelta(hours=12)
UNDER_WAY: tuple[PurchaseState, ...] = ("approved", "sent", "confirmed", "part_received")

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
# Clocks of shops and handhelds are not ours: a little ahead is believed, a year ahead is a mistake.
CLOCK_TOLERANCE = timedelta(days=1)
LONGEST_NAME = 200


@dataclass(frozen=True)
class NewSalesLine:
    """A line of a customer's order, as the shop or the ERP gives it; (order_number, line) is its lasting name.

    Attributes:
        quantity: in the item's unit; negative: a return.
        unit_price: in the tenant's currency.
    """

    order_number: str
    line: int
    site_id: int
    item_id: int
    ordered_at: datetime
    quantity: Decimal
    unit_price: Decimal
    customer: str | None = None
    country: str | None = None


@dataclass(frozen=True)
class SalesLine:
    """A line of a customer's order and how far it is; `issued` of its `quantity` has left the house."""

    sales_line_id: int
    order_number: str
    line: int
    site_id: int
    item_id: int
    sku: str
    ordered_at: datetime
    recorded_at: datetime
    quantity: Decimal
    issued: Decimal
    unit_price: Decimal
    customer: str | None
    country: str | None
    state: SalesState


@dataclass(frozen=True)
class Taken:
    """What became of lines that were handed in: `known` ones were there already, `new` ones are counted by state."""

    new: int
    known: int
    history: int
    open: int
    returned: int


@dataclass(frozen=True)
class PurchaseLine:
    """A line of a purchase order; `received` may exceed `quantity`, for what came has come.

    Attributes:
        quantity: 0: ordered once, and no longer wanted.
        confirmed_quantity: what the supplier said it will send; None: nothing was said.
        confirmed_cost: what the supplier said one unit will cost; None: nothing was said.
        promised_at: when the supplier said it will come; None: as the order says.
        damaged: came damaged, and is owed still.
        decision_key: the decision behind it; None: it was written by hand.
    """

    purchase_order_id: int
    line: int
    item_id: int
    sku: str
    description: str
    unit: str
    quantity: Decimal
    received: Decimal
    unit_cost: Decimal
    confirmed_quantity: Decimal | None = None
    promised_at: datetime | None = None
    damaged: Decimal = Decimal(0)
    decision_key: str | None = None
    confirmed_cost: Decimal | None = None

    @property
    def owed(self) -> Decimal:
        """What the supplier is to send in all."""
        return self.quantity if self.confirmed_quantity is None else self.confirmed_quantity

    @property
    def cost(self) -> Decimal:
        """What one unit costs: as the supplier said, else as we ordered it."""
        return self.unit_cost if self.confirmed_cost is None else self.confirmed_cost

    @property
    def total(self) -> Decimal:
        return self.owed * self.cost

    @property
    def outstanding(self) -> Decimal:
        return max(self.owed - self.received, Decimal(0))


@dataclass(frozen=True)
class Asked:
    """The change that a supplier was asked for: other quantities, by line, and the day."""

    expected_at: datetime
    quantities: Mapping[int, Decimal]


@dataclass(frozen=True)
class PurchaseOrder:
    """An order to a supplier. `supplier` and `site` are names for people.

    Attributes:
        approved_by: None: a draft.
        second_needed: why a second person has to approve; None: nobody has to.
        revision: counts what the supplier is told; `sent_revision` is the one the supplier has.
        answer_to: 'change' or 'cancel': what the supplier was asked for and has not answered; the order stands as it
            is until they have.
        asked_at: when the supplier was asked for it.
        asked: the change they were asked for; None: no change, or it is answered.
        goes_to: the address that Shelfwise tells the supplier at; None: a person has to tell them.
    """

    purchase_order_id: int
    number: str
    supplier_id: int
    supplier: str
    site_id: int
    site: str
    state: PurchaseState
    decision_key: str
    currency: str
    created_by: str
    created_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    second_needed: str | None
    second_approved_by: str | None
    second_approved_at: datetime | None
    sent_at: datetime | None
    expected_at: datetime
    note: str
    revision: int
    sent_revision: int | None
    answer_to: str | None
    asked_at: datetime | None
    goes_to: str | None
    asked: Asked | None
    lines: tuple[PurchaseLine, ...]

    @property
    def as_asked(self) -> PurchaseOrder:
        """The order as it would be if the supplier agreed to the change; what was confirmed of it counts no more."""
        if self.asked is None:
            return self
        wanted = self.asked.quantities
        lines = tuple(
            replace(line, quantity=wanted[line.line], unit_cost=line.cost, confirmed_quantity=None, promised_at=None,
                    confirmed_cost=None)
            if line.line in wanted
            else line
            for line in self.lines
        )  # fmt: skip
        return replace(self, expected_at=self.asked.expected_at, lines=lines)

    @property
    def total(self) -> Decimal:
        """The cost of all that the supplier is to send, in `currency`."""
        return sum((line.total for line in self.lines), Decimal(0))

    @property
    def due_at(self) -> datetime | None:
        """When the first of what is still to come is expected; None: nothing is to come."""
        if self.state not in UNDER_WAY:
            return None
        return min((line.promised_at or self.expected_at for line in self.lines if line.outstanding), default=None)

    @property
    def to_be_told(self) -> bool:
        """Whether a person has to tell the supplier something that nobody has said they did."""
        if self.goes_to is not None or (self.sent_revision or 0) >= self.revision:
            return False
        return self.state == "approved" or self.answer_to is not None

    @property
    def waits_for_second(self) -> bool:
        """Whether one person has approved it and another has to."""
        return self.state == "draft" and self.approved_by is not None


@dataclass(frozen=True)
class Receipt:
    """Goods that came for a line of a purchase order; `new` is False where the same source was told before.

    Attributes:
        owed: they do not count as delivered, for they came damaged.
    """

    receipt_id: int
    purchase_order_id: int
    line: int
    quantity: Decimal
    place_id: int
    received_at: datetime
    source: str
    new: bool = True
    owed: bool = False


@dataclass(frozen=True)
class Outstanding:
    """What is still to come of a line of an order.

    Attributes:
        sent_at: when the order left; None: it has not, as far as anybody said.
        asked: 'change' or 'cancel': what the supplier was asked for and has not answered; it counts as it stands.
    """

    item_id: int
    quantity: Decimal
    expected_at: datetime
    supplier_id: int
    sent_at: datetime | None
    asked: str | None


@dataclass(frozen=True)
class SentLine:
    """What became of a line of an order that left, by now.

    Attributes:
        sent_at: when it left; where nobody said, when it was approved.
        due_at: when it was to come, by the supplier's word or else by ours.
        received: what came of it undamaged; `received_at`: its last receipt.
        days: from leaving to receipt, the mean of its receipts by what each brought; None: nothing came.
        finished: nothing more of it is expected.
        time_zone: of the site that ordered.
    """

    supplier_id: int
    item_id: int
    sent_at: datetime
    due_at: datetime
    quantity: Decimal
    received: Decimal
    received_at: datetime | None
    days: float | None
    finished: bool
    time_zone: str

    @property
    def share(self) -> float:
        """How much of what was ordered has come; more than was ordered is all of it."""
        return min(float(self.received / self.quantity), 1.0)

    def on_time(self, now: datetime) -> bool | None:
        """Whether it came when it should have; None: that is still open."""
        last = self.due_at + LATE_AFTER
        if self.received > 0 and self.received_at is not None and self.received_at <= last:
            return True if self.finished or self.share == 1 else None if now <= last else False
        return None if now <= last else False


@dataclass(frozen=True)
class LeadTime:
    """An observed lead time: days from sending an order (from approving it, where nobody said sent) to a receipt.

    A line that came in parts gives one for each part; `quantity` is the weight of each.
    """

    supplier_id: int
    item_id: int
    days: float
    quantity: Decimal


def first_state(ordered_at: datetime, quantity: Decimal, go_live: datetime | None) -> SalesState:
    """The state a sales line begins in. Before go-live, and while that is undecided, sales are history."""
    if go_live is None or ordered_at < go_live:
        return "history"
    return "open" if quantity > 0 else "returned"


def instant_faults(instant: datetime, now: datetime, where: str) -> Iterator[Fault]:
    """What is wrong with the time at which something is said to have happened."""
    if instant.utcoffset() is None:
        yield Fault(where, "an instant with its time zone", shorten(str(instant)), "Add the time zone.")
    elif not EARLIEST <= instant <= now + CLOCK_TOLERANCE:
        yield Fault(
            where,
            f"between {EARLIEST:%Y-%m-%d} and {now + CLOCK_TOLERANCE:%Y-%m-%d}",
            shorten(str(instant)),
            "Set the sender's clock.",
        )


def name_faults(name: str, where: str) -> Iterator[Fault]:
    """What is wrong with another system's name for something: an order number, a source."""
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        yield Fault(where, f"1 to {LONGEST_NAME} printable characters", shorten(name), "Correct the name.")


def amount_faults(
    quantity: Decimal, item_id: int, quanta: Mapping[int, Decimal], where: str, negative: bool = False
) -> Iterator[Fault]:
    """What is wrong with a quantity of an item: it must be finite, above zero and a multiple of the quantum."""
    quantum = quanta.get(item_id)
    if quantum is None:
        yield Fault(f"{where}, item", "an item that exists", str(item_id), "Add the item first.")
    elif not quantity.is_finite() or quantity == 0 or (quantity < 0 and not negative):
        wanted = "a finite number, not 0" if negative else "a finite number above 0"
        yield Fault(where, wanted, shorten(str(quantity)), "Correct the quantity.")
    elif not exact(quantity):
        yield Fault(where, "less than 10^15, to 12 decimals", shorten(str(quantity)), "Correct the quantity.")
    elif quantity % quantum:
        yield Fault(where, f"a multiple of {quantum:f}", f"{quantity:f}", "Round it to what can be moved.")


def sales_line_faults(line: NewSalesLine, quanta: Mapping[int, Decimal], now: datetime, where: str) -> Iterator[Fault]:
    """What is wrong with a sales line."""
    yield from name_faults(line.order_number, f"{where}, order_number")
    if not 0 <= line.line < 2**31:
        yield Fault(f"{where}, line", "a line number of 0 or more", str(line.line), "Correct the line number.")
    yield from instant_faults(line.ordered_at, now, f"{where}, ordered_at")
    yield from amount_faults(line.quantity, line.item_id, quanta, f"{where}, quantity", negative=True)
    yield from amount_of_money_faults(line.unit_price, f"{where}, unit_price", negative=True)
    for name, text in (("customer", line.customer), ("country", line.country)):
        if text is not None:
            yield from text_faults(text, f"{where}, {name}")
