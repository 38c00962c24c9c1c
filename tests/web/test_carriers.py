"""Pages and routes of carriers and of the ways to send a shipment: what people see and do, and what programs may."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.orders.model import NewSalesLine
from shelfwise.orders.service import take_sales_lines
from shelfwise.orders.shipments_model import Box
from shelfwise.planning.carriers import rebooking, sending, service
from shelfwise.planning.carriers.areas import read_areas
from shelfwise.planning.carriers.model import RateCard
from shelfwise.planning.carriers.tables import Destination
from shelfwise.records import service as records
from shelfwise.stock import service as stock
from shelfwise.stock import shipping
from tests.conftest import NOON
from tests.planning.carriers.world import card
from tests.web.conftest import Client
from tests.web.world import World

BOSS = person("root", Role.ADMIN)
FORM = {
    "service_name": "Standard", "service_code": "STD", "site": "", "valid_from": "2026-01-01", "currency": "EUR",
    "charged_per": "parcel", "zone": ["near", "near", ""], "areas": ["GB", "GB", ""], "transit_days": ["1", "1", ""],
    "up_to_kg": ["5", "30", ""], "price": ["6.90", "14,90", ""], "per_kg": ["", "", ""], "fuel": "10",
    "pick_up_days": "mon tue wed thu fri", "delivery_days": "mon tue wed thu fri", "cut_off": "16:00",
}  # fmt: skip


@pytest.fixture
def shipment(office: Office, world: World) -> int:
    """A shipment of four that is being picked; its customer is known."""
    with office.context(BOSS) as ctx:
        records.set_go_live(ctx, NOON - timedelta(days=3))
        stock.opening_stock(ctx, [(world.items["21003"], world.bins["A-010"], Decimal(40))])
        line = NewSalesLine(
            "SO-9", 1, world.site_id, world.items["21003"], NOON, Decimal(4), Decimal(2), customer="Hotel Bristol"
        )
        take_sales_lines(ctx, [line])
        stock.reserve_open(ctx, world.site_id)
        return shipping.begin_shipment(ctx, world.site_id, "SO-9").shipment_id


@pytest.fixture
def carriers(office: Office, world: World) -> tuple[int, int]:
    """Two services of Fox Parcels, slow and fast."""
    with office.context(BOSS) as ctx:
        service.add_carrier(ctx, "FOX", "Fox Parcels")
        return service.put_card(ctx, _card("SLOW", "5", 3)), service.put_card(ctx, _card("FAST", "12", 1))


def _card(code: str, price: str, days: int) -> RateCard:
    one = card(code, price, days)
    return replace(one, zones=tuple(replace(zone, areas=read_areas("GB; DE")) for zone in one.zones))


def test_prices_are_typed_in_shown_and_typed_again(client: Client, world: World) -> None:
    mara = client("mara")
    assert "No prices are known yet" in mara.get("/carriers").text
    made = mara.post("/carriers/new", data={"code": "FOX", "name": "Fox Parcels"})
    assert made.headers["location"] == "/carriers/1"
    kept = mara.post("/carriers/1/cards/new", data=FORM)
    assert kept.headers["location"] == "/rate-cards/1"
    page = mara.get("/rate-cards/1").text
    assert 'value="14.9"' in page and 'value="GB"' in page
    assert "hold now" in mara.get("/carriers").text
    assert "Nothing has been followed yet" in mara.get("/carriers/1").text
    same_day = mara.post("/carriers/1/cards/new", data=FORM)
    assert (same_day.status_code, "another card from 2026-01-01" in same_day.text) == (409, True)
    assert 'value="2026-03-02"' in mara.get("/carriers/1/cards/new?like=1").text


def test_a_form_that_cannot_be_right_says_all_that_is_wrong_and_keeps_what_was_typed(
    client: Client, world: World
) -> None:
    mara = client("mara")
    mara.post("/carriers/new", data={"code": "FOX", "name": "Fox Parcels"})
    wrong = mara.post(
        "/carriers/1/cards/new",
        data=FORM | {"areas": ["GB 1-9", "GB", ""], "price": ["much", "14.90", ""], "fuel": "dear"},
    )
    assert wrong.status_code == 422
    assert "row 1, price" in wrong.text and 'value="GB 1-9"' in wrong.text and 'value="dear"' in wrong.text
    again = mara.post("/carriers/1/cards/new", data=FORM | {"areas": ["GB 1-9", "GB 1-9", ""], "fuel": "dear"})
    assert "Write two dots for a range" in again.text and "fuel" in again.text
    assert mara.get("/api/v1/rate-cards").json() == []


def test_the_ways_to_send_a_shipment_stand_side_by_side_and_one_is_chosen(
    client: Client, shipment: int, carriers: tuple[int, int]
) -> None:
    slow, _ = carriers
    omar = client("omar")
    page = f"/shipments/{shipment}/ways"
    assert "Say where it goes first." in omar.get(page).text
    told = omar.post(f"/shipments/{shipment}/destination", data={"country": "gb", "postal_code": "E1 6AN"})
    assert told.headers["location"] == page
    shown = omar.get(page).text
    assert "FOX Slow" in shown and "FOX Fast" in shown and "a cautious guess" in shown
    other = omar.post(f"/shipments/{shipment}/choose", data={"rate_card_id": str(slow), "price": "4.00"})
    assert other.status_code == 409 and "costs 5 by now" in other.text
    omar.post(f"/shipments/{shipment}/choose", data={"rate_card_id": str(slow), "price": "5.00"})
    assert "What is chosen" in omar.get(page).text
    omar.post(f"/shipments/{shipment}/choice/cancel", data={"reason": "we drive"})
    assert "Chosen before" in omar.get(page).text
    vera = client("vera").get(page).text
    assert "FOX Fast" in vera and "/choose" not in vera


def test_what_is_to_leave_is_chosen_for_together(client: Client, shipment: int, carriers: tuple[int, int]) -> None:
    mara = client("mara")
    assert "nobody has said where it goes" in mara.get("/sending").text
    mara.post(f"/shipments/{shipment}/destination", data={"country": "GB", "due_on": "2026-03-03"})
    page = mara.get("/sending").text
    pick = f"{shipment}:{carriers[1]}:12.00"
    assert pick in page
    assert mara.post("/sending", data={"site": "LON"}).status_code == 409
    assert mara.post("/sending", data={"site": "LON", "pick": "x:y"}).status_code == 422
    assert mara.post("/sending", data={"site": "LON", "pick": pick}).status_code == 303
    assert "Nothing waits for a carrier" in mara.get("/sending").text


def test_a_shipment_arrives_and_its_carrier_is_known_better(
    client: Client, office: Office, shipment: int, carriers: tuple[int, int]
) -> None:
    with office.context(BOSS) as ctx:
        sending.set_destination(ctx, shipment, Destination("GB", "E1"))
        sending.choose_service(ctx, shipment, carriers[0])
        shipping.pick(ctx, shipment, 1, Decimal(4), "p")
        shipping.pack(ctx, shipment, [Box(0, 1, Decimal(900))])
        shipping.ship(ctx, shipment)
    mara = client("mara")
    assert "It arrived on" in mara.get(f"/shipments/{shipment}/ways").text
    assert mara.post(f"/shipments/{shipment}/arrived", data={"day": "2026-03-09"}).status_code == 422
    assert mara.post(f"/shipments/{shipment}/arrived", data={"day": "2026-03-02"}).status_code == 303
    page = mara.get("/carriers/1").text
    assert "1 of 1" in page and "on its day" in page
    assert "1 of 1" in mara.get("/carriers").text


def test_a_proposed_change_is_said_on_the_page_and_in_the_inbox(
    client: Client, office: Office, shipment: int, carriers: tuple[int, int]
) -> None:
    with office.context(BOSS) as ctx:
        sending.set_destination(ctx, shipment, Destination("GB", "E1", due_on=(NOON + timedelta(days=3)).date()))
        sending.choose_service(ctx, shipment, carriers[0])
        sending.tell_expected(ctx, shipment, (NOON + timedelta(days=8)).date())
        assert rebooking.review(ctx) == 1
    mara = client("mara")
    assert "FOX Fast instead?" in mara.get(f"/shipments/{shipment}/ways").text
    assert "FOX Fast instead?" in mara.get("/inbox").text


def test_programs_read_cards_and_quotes_and_choose(client: Client, shipment: int, carriers: tuple[int, int]) -> None:
    mara = client("mara")
    told = {
        "carrier": "FOX", "service_code": "NIGHT", "valid_from": "2026-01-01", "currency": "EUR",
        "surcharges": "Home: residential 3.20",
        "prices": [{"zone": "near", "areas": "GB", "transit_days": 1, "up_to_kg": "30", "price": "30"}],
    }  # fmt: skip
    made = mara.post("/api/v1/rate-cards", json=told)
    assert made.status_code == 200, made.text
    assert made.json()["prices"] == [
        {"zone": "near", "areas": "GB", "transit_days": 1, "up_to_kg": "30", "price": "30", "per_kg": "0"}
    ]
    wrong = mara.post("/api/v1/rate-cards", json=told | {"service_code": "X", "surcharges": "Home"})
    assert wrong.status_code == 422 and "surcharges" in wrong.text
    assert mara.get(f"/api/v1/shipments/{shipment}/quotes").json()["missing"] == "Say where it goes first."
    found = mara.post(
        f"/api/v1/shipments/{shipment}/destination", json={"country": "GB", "residential": True, "due_on": "2026-03-04"}
    ).json()
    prices = {one["service_code"]: one["price"] for one in found["quotes"]}
    assert prices == {"SLOW": "5", "FAST": "12", "NIGHT": "33.2"}
    assert found["proposed"] == carriers[1] and found["reached"]
    booked = mara.post(f"/api/v1/shipments/{shipment}/choose", json={"rate_card_id": carriers[1], "price": "12"})
    assert (booked.status_code, booked.json()["promised_on"]) == (200, "2026-03-03")
    assert len(mara.get(f"/api/v1/shipments/{shipment}/bookings").json()) == 1
