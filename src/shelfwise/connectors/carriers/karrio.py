"""Carriers by way of karrio, which speaks to dozens of them. It comes with the extra `carriers`.

karrio answers what a carrier said as messages beside the result, and raises only what never got as far: a request that
it cannot make. Amounts come as binary fractions and are written out before they are exact again.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from shelfwise.connectors.carriers.model import Address, InDoubt, LiveBooking, LiveQuote, Package, Sending, Tracked
from shelfwise.core.errors import Fault, Invalid, Refused, Unavailable, shorten


class Karrio:
    """One account with one carrier.

    Args:
        carrier: as karrio calls it, such as `ups` or `dhl_parcel_de`.
        account: what karrio wants to know of the account, see its documentation of the carrier.

    Raises:
        Invalid: the extra is not installed, karrio does not know the carrier, or the account lacks something.
    """

    def __init__(self, carrier: str, account: Mapping[str, Any]) -> None:
        try:
            import karrio.sdk as sdk
            from karrio.core import models
        except ImportError as error:
            raise Invalid(
                Fault(
                    "carrier", "none, as long as the extra carriers is not installed", shorten(carrier),
                    "Install it: pip install 'shelfwise[carriers]'.",
                )
            ) from error  # fmt: skip
        self._sdk, self._models = sdk, models
        try:
            self._gateway = sdk.gateway[carrier].create(dict(account))
        except Exception as error:
            # Never the account itself: it holds passwords.
            raise Invalid(
                Fault(
                    "carrier", "a carrier that karrio knows, with all it asks of the account", shorten(carrier),
                    f"Install karrio's package for it, and look up what it asks for ({type(error).__name__}).",
                )
            ) from error  # fmt: skip

    def quote(self, sending: Sending) -> list[LiveQuote]:
        request = self._models.RateRequest(
            shipper=self._address(sending.sender), recipient=self._address(sending.recipient),
            parcels=[self._parcel(one) for one in sending.packages], reference=sending.reference, services=[],
        )  # fmt: skip
        rates, messages = self._ask(lambda: self._sdk.Rating.fetch(request).from_(self._gateway).parse())
        if not rates and messages:
            raise Refused(_said(messages))
        return [_quote(one) for one in rates or ()]

    def book(self, sending: Sending, service_code: str) -> LiveBooking:
        request = self._models.ShipmentRequest(
            service=service_code, shipper=self._address(sending.sender), recipient=self._address(sending.recipient),
            parcels=[self._parcel(one) for one in sending.packages], reference=sending.reference, label_type="PDF",
        )  # fmt: skip
        try:
            made, messages = self._ask(lambda: self._sdk.Shipment.create(request).from_(self._gateway).parse())
        except Unavailable as error:
            raise InDoubt(f"{error} Look at the carrier's own page before it is booked again.") from error
        if made is None:
            raise Refused(_said(messages))
        return LiveBooking(
            str(made.carrier_name), service_code, str(made.shipment_identifier or made.tracking_number),
            str(made.tracking_number), _label(made.docs), str(made.label_type or "PDF"),
        )  # fmt: skip

    def cancel(self, booking: LiveBooking) -> None:
        request = self._models.ShipmentCancelRequest(
            shipment_identifier=booking.identifier, service=booking.service_code
        )
        done, messages = self._ask(lambda: self._sdk.Shipment.cancel(request).from_(self._gateway).parse())
        if done is None or not done.success:
            raise Refused(_said(messages))

    def track(self, tracking: str) -> Tracked:
        request = self._models.TrackingRequest(tracking_numbers=[tracking])
        found, messages = self._ask(lambda: self._sdk.Tracking.fetch(request).from_(self._gateway).parse())
        if not found:
            raise Refused(_said(messages))
        one = found[0]
        # The newest event comes first.
        last = _day(one.events[0].date) if one.delivered and one.events else None
        return Tracked(tracking, str(one.status or "unknown"), _day(one.estimated_delivery), last)

    def _ask(self, call: Callable[[], tuple[Any, Any]]) -> tuple[Any, list[Any]]:
        try:
            result, messages = call()
        except Exception as error:
            raise Unavailable(f"The carrier did not answer ({type(error).__name__}).") from error
        return result, list(messages or ())

    def _address(self, one: Address) -> Any:
        return self._models.Address(
            country_code=one.country, postal_code=one.postal_code, city=one.city or None,
            address_line1=one.street or None, person_name=one.name or None, phone_number=one.phone or None,
            residential=one.residential,
        )  # fmt: skip

    def _parcel(self, one: Package) -> Any:
        sides = {
            name: None if side is None else float(side)
            for name, side in (("length", one.length_cm), ("width", one.width_cm), ("height", one.height_cm))
        }
        return self._models.Parcel(weight=float(one.weight_kg), weight_unit="KG", dimension_unit="CM", **sides)


def _quote(rate: Any) -> LiveQuote:
    charges = tuple((str(one.name), _money(one.amount)) for one in rate.extra_charges or ())
    return LiveQuote(
        str(rate.carrier_name), str(rate.service), str((rate.meta or {}).get("service_name") or rate.service),
        _money(rate.total_charge), str(rate.currency), charges, rate.transit_days, _day(rate.estimated_delivery),
    )  # fmt: skip


def _money(amount: float | None) -> Decimal:
    return Decimal(repr(float(amount or 0)))


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(str(text)[:10]) if text else None
    except ValueError:
        return None


def _label(documents: Any) -> bytes | None:
    told = getattr(documents, "label", None)
    try:
        return base64.b64decode(told) if told else None
    except (binascii.Error, ValueError):
        return None


def _said(messages: list[Any]) -> str:
    """What the carrier said, in its words."""
    words = "; ".join(shorten(str(one.message), 200) for one in messages if getattr(one, "message", None))
    return f"The carrier says: {words}." if words else "The carrier did not take it, and did not say why."
