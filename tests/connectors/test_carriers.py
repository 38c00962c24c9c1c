"""What karrio answers, as we understand it. karrio itself is not here: its answers are written down from real ones."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from shelfwise.connectors.carriers.karrio import Karrio
from shelfwise.connectors.carriers.model import (
    Address,
    CarrierSystem,
    InDoubt,
    LiveBooking,
    Package,
    Sending,
    Tracked,
)
from shelfwise.core.errors import Invalid, Refused, Unavailable

SENDING = Sending(
    Address("DE", "10115", "Berlin", "Street 1", "We"), Address("DE", "80331", residential=True),
    (Package(Decimal("2.5"), Decimal(20), Decimal(20), Decimal(10)), Package(Decimal(1))), "SH-1",
)  # fmt: skip
BOOKED = LiveBooking("fox", "fox_std", "997974811259", "997974811259")
NO = SimpleNamespace(message="Postal code is unknown", code="11")


class Answers:
    """Stands for karrio's gateway: notes what it is asked, and answers with what a test says."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.asked: list[Any] = []
        self.answer: Callable[[], tuple[Any, list[Any]]] = lambda: (None, [])
        models = ModuleType("karrio.core.models")
        for name in ("Address", "Parcel", "RateRequest", "ShipmentRequest", "ShipmentCancelRequest", "TrackingRequest"):
            setattr(models, name, SimpleNamespace)
        verbs = SimpleNamespace(fetch=self._from, create=self._from, cancel=self._from)
        sdk = ModuleType("karrio.sdk")
        sdk.__dict__.update(Rating=verbs, Shipment=verbs, Tracking=verbs, gateway={"fox": self})
        core, karrio = ModuleType("karrio.core"), ModuleType("karrio")
        core.__dict__.update(models=models)
        karrio.__dict__.update(core=core, sdk=sdk)
        for module in (karrio, core, models, sdk):
            patch.setitem(sys.modules, module.__name__, module)

    def create(self, account: dict[str, Any]) -> Answers:
        if "password" not in account:
            raise TypeError("password")
        return self

    def _from(self, request: Any) -> SimpleNamespace:
        self.asked.append(request)
        return SimpleNamespace(from_=lambda gateway: SimpleNamespace(parse=lambda: self.answer()))


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    return Answers(monkeypatch)


@pytest.fixture
def fox(answers: Answers) -> CarrierSystem:
    return Karrio("fox", {"password": "secret"})


def fails() -> tuple[Any, list[Any]]:
    raise TimeoutError("no answer from https://fox.test/?key=secret")


def test_without_the_extra_it_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "karrio", None)
    with pytest.raises(Invalid, match=r"pip install 'shelfwise\[carriers\]'"):
        Karrio("fox", {})


@pytest.mark.parametrize(("carrier", "account"), [("owl", {"password": "x"}), ("fox", {"user": "secret"})])
def test_what_cannot_be_set_up_is_said_without_the_account(
    answers: Answers, carrier: str, account: dict[str, str]
) -> None:
    with pytest.raises(Invalid, match="a carrier that karrio knows") as refused:
        Karrio(carrier, account)
    assert "secret" not in str(refused.value)


def test_a_quote_is_exact_and_names_its_parts(fox: CarrierSystem, answers: Answers) -> None:
    rate = SimpleNamespace(
        carrier_name="fox", service="fox_std", total_charge=6.9, currency="EUR", transit_days=2,
        estimated_delivery="2026-06-03", meta={"service_name": "Standard"},
        extra_charges=[SimpleNamespace(name="Base charge", amount=6.1), SimpleNamespace(name="Fuel", amount=0.8)],
    )  # fmt: skip
    answers.answer = lambda: ([rate], [])
    (quote,) = fox.quote(SENDING)
    assert (quote.price, quote.service_name, quote.arrives_on) == (Decimal("6.9"), "Standard", date(2026, 6, 3))
    assert quote.charges == (("Base charge", Decimal("6.1")), ("Fuel", Decimal("0.8")))
    (asked,) = answers.asked
    assert [(one.weight, one.length, one.weight_unit) for one in asked.parcels] == [
        (2.5, 20.0, "KG"),
        (1.0, None, "KG"),
    ]
    assert (asked.recipient.postal_code, asked.recipient.residential) == ("80331", True)


def test_what_the_carrier_says_against_it_is_passed_on(fox: CarrierSystem, answers: Answers) -> None:
    answers.answer = lambda: ([], [NO])
    for ask in (lambda: fox.quote(SENDING), lambda: fox.track("1")):
        with pytest.raises(Refused, match="Postal code is unknown"):
            ask()
    answers.answer = lambda: (None, [NO])
    for refused in (lambda: fox.book(SENDING, "fox_std"), lambda: fox.cancel(BOOKED)):
        with pytest.raises(Refused, match="Postal code is unknown"):
            refused()


def test_nobody_knows_whether_a_booking_without_an_answer_was_taken(fox: CarrierSystem, answers: Answers) -> None:
    answers.answer = fails
    with pytest.raises(InDoubt, match="before it is booked again") as doubt:
        fox.book(SENDING, "fox_std")
    assert "secret" not in str(doubt.value)
    for harmless in (lambda: fox.quote(SENDING), lambda: fox.cancel(BOOKED), lambda: fox.track("1")):
        with pytest.raises(Unavailable) as unreached:
            harmless()
        assert not isinstance(unreached.value, InDoubt)


def test_a_booking_has_a_number_and_a_label(fox: CarrierSystem, answers: Answers) -> None:
    made = SimpleNamespace(
        carrier_name="fox", tracking_number="997", shipment_identifier=None, label_type="PDF",
        docs=SimpleNamespace(label="JVBERi0="),
    )  # fmt: skip
    answers.answer = lambda: (made, [])
    assert fox.book(SENDING, "fox_std") == LiveBooking("fox", "fox_std", "997", "997", b"%PDF-", "PDF")
    made.docs.label = "no label!"
    assert fox.book(SENDING, "fox_std").label is None


def test_a_booking_is_given_back_only_where_the_carrier_says_so(fox: CarrierSystem, answers: Answers) -> None:
    answers.answer = lambda: (SimpleNamespace(success=True), [])
    fox.cancel(BOOKED)
    assert answers.asked[-1].shipment_identifier == BOOKED.identifier
    answers.answer = lambda: (SimpleNamespace(success=False), [])
    with pytest.raises(Refused, match="did not say why"):
        fox.cancel(BOOKED)


def test_only_what_was_delivered_has_arrived(fox: CarrierSystem, answers: Answers) -> None:
    one = SimpleNamespace(
        status="in_transit", delivered=False, estimated_delivery="2026-06-04",
        events=[SimpleNamespace(date="2026-06-03")],
    )  # fmt: skip
    answers.answer = lambda: ([one], [])
    assert fox.track("997") == Tracked("997", "in_transit", date(2026, 6, 4), None)
    one.delivered, one.status, one.estimated_delivery = True, "delivered", "soon"
    assert fox.track("997") == Tracked("997", "delivered", None, date(2026, 6, 3))
