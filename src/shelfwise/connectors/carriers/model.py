"""What is said to a carrier's live system, and what it answers. No rules: what to do with it is decided elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

from shelfwise.core.errors import Unavailable


class InDoubt(Unavailable):
    """The carrier may have taken the booking or not. It is never repeated blindly: somebody looks at the carrier's."""


@dataclass(frozen=True)
class Address:
    """Where something comes from or goes to. `country`: two letters."""

    country: str
    postal_code: str
    city: str = ""
    street: str = ""
    name: str = ""
    phone: str = ""
    residential: bool = False


@dataclass(frozen=True)
class Package:
    """A parcel; sides that nobody measured are None."""

    weight_kg: Decimal
    length_cm: Decimal | None = None
    width_cm: Decimal | None = None
    height_cm: Decimal | None = None


@dataclass(frozen=True)
class Sending:
    """What is to be sent. `reference` is our number of it, for the label and the invoice."""

    sender: Address
    recipient: Address
    packages: tuple[Package, ...]
    reference: str = ""


@dataclass(frozen=True)
class LiveQuote:
    """What a service costs now, as its carrier says.

    Attributes:
        charges: the parts of the price that it names.
        transit_days, arrives_on: None: it does not say.
    """

    carrier: str
    service_code: str
    service_name: str
    price: Decimal
    currency: str
    charges: tuple[tuple[str, Decimal], ...] = ()
    transit_days: int | None = None
    arrives_on: date | None = None


@dataclass(frozen=True)
class LiveBooking:
    """What a carrier has taken.

    Attributes:
        identifier: by which it is cancelled.
        label: what is to be stuck on it, in `label_format` such as PDF; None: it sent none.
    """

    carrier: str
    service_code: str
    identifier: str
    tracking: str
    label: bytes | None = None
    label_format: str = ""


@dataclass(frozen=True)
class Tracked:
    """How far something is.

    Attributes:
        expected_on: when the carrier says that it comes; None: it does not say.
        arrived_on: None: it has not.
    """

    tracking: str
    status: str
    expected_on: date | None = None
    arrived_on: date | None = None


class CarrierSystem(Protocol):
    """A live system of one carrier or of several."""

    def quote(self, sending: Sending) -> list[LiveQuote]:
        """What each of its services costs for this.

        Raises:
            Refused: it cannot say, and why.
            Unavailable: it was not reached.
        """
        ...

    def book(self, sending: Sending, service_code: str) -> LiveBooking:
        """Have it taken along.

        Raises:
            Refused: the carrier does not take it, and why.
            InDoubt: nobody knows whether it was booked.
        """
        ...

    def cancel(self, booking: LiveBooking) -> None:
        """Give a booking back. What was given back before is given back.

        Raises:
            Refused: it was picked up, or the carrier does not take it back for another reason.
            Unavailable: the carrier was not reached; asking again does no harm.
        """
        ...

    def track(self, tracking: str) -> Tracked:
        """How far it is.

        Raises:
            Refused: the carrier does not know the number.
            Unavailable: it was not reached.
        """
        ...
