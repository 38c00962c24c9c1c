"""Pages and routes of sales, shipments and transfers: what people see, what is done once, what programs may do."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.orders import sales_orders, shipments, transfers
from shelfwise.records import service as records
from shelfwise.stock import service as stock
from shelfwise.stock import shipping
from shelfwise.store.database import value
from tests.conftest import NOON
from tests.web.conftest import Client
from tests.web.world import World

BOSS = person("root", Role.ADMIN)


@pytest.fixture
def live(office: Office, world: World) -> World:
    """The warehouse is live, has forty of 21003, and there is a second site, LDS."""
    with office.context(BOSS) as ctx:
        records.set_go_live(ctx, NOON - timedelta(days=3))
        stock.opening_stock(ctx, [(world.items["21003"], world.bins["A-010"], Decimal(40))])
        records.add_site(ctx, code="LDS", name="Leeds", time_zone="Europe/London", width_m=20, depth_m=20)
    return world


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


def count(office: Office, table: str) -> int:
    with office.database.transaction() as tx:
        return int(value(tx, f"select count(*) from {table}"))


def test_a_form_that_is_sent_twice_takes_one_order_and_drafts_one_transfer(
    client: Client, office: Office, live: World
) -> None:
    mara = client("mara")
    order = {"site": "LON", "sku-1": "21003", "amount-1": "4", "price-1": "2.50", "customer": "Ann"}
    order["source"] = hidden(mara.get("/sales/new").text, "source")
    addresses = {mara.post("/sales/new", data=order).headers["location"] for _ in range(2)}
    assert addresses == {"/sales/orders/SO-000001"}
    plan = {"from": "LON", "to": "LDS", "due": "2026-03-09", "sku-1": "21003", "amount-1": "3"}
    plan["source"] = hidden(mara.get("/transfers/new").text, "source")
    addresses = {mara.post("/transfers/new", data=plan).headers["location"] for _ in range(2)}
    assert addresses == {"/transfers/1"}
    assert (count(office, "sales_line"), count(office, "transfer")) == (1, 1)


def test_an_order_page_explains_its_lines_and_offers_what_makes_sense(
    client: Client, office: Office, live: World
) -> None:
    with office.context(BOSS) as ctx:
        lines = [(live.items["21003"], Decimal(much), Decimal(2)) for much in (5, 900)]
        sales_orders.take_order(ctx, live.site_id, lines, customer="<b>Ann</b>")
        stock.reserve_open(ctx, live.site_id)
    page = client("mara").get("/sales/orders/SO-000001").text
    assert "&lt;b&gt;Ann&lt;/b&gt;" in page
    assert "900 missing; nothing is on order" in page
    assert "in A-0" in page
    for offered in ("Ship what is reserved", "Put first", "Take promise back", "Cancel the line"):
        assert offered in page, offered
    seen = client("vera").get("/sales/orders/SO-000001").text
    assert "900 missing" in seen
    for withheld in ("Ship what is reserved", "Put first", "Cancel the line", "What should others know?"):
        assert withheld not in seen, withheld
    assert "SO-000001" in client("vera").get("/sales?search=ann").text


def test_a_pick_that_is_sent_twice_happens_once_and_the_next_stop_is_shown(
    client: Client, office: Office, live: World
) -> None:
    with office.context(BOSS) as ctx:
        sales_orders.take_order(ctx, live.site_id, [(live.items["21003"], Decimal(5), Decimal(2))])
        stock.reserve_open(ctx, live.site_id)
    omar = client("omar")
    begun = omar.post("/sales/shipments", data={"order_number": "SO-000001", "site": "LON"})
    assert begun.headers["location"] == "/shipments/1"
    again = omar.post("/sales/shipments", data={"order_number": "SO-000001", "site": "LON"})
    assert again.status_code == 409
    page = omar.get("/shipments/1/pick").text
    told = {"stop": hidden(page, "stop"), "source": hidden(page, "source"), "amount": "1"}
    assert {omar.post("/shipments/1/pick", data=told).status_code for _ in range(2)} == {303}
    with office.context(BOSS) as ctx:
        found = shipments.shipment(ctx, 1)
        assert found.picked == 1
        assert stock.rebuild_check(ctx) == []
    assert omar.post("/shipments/1/pick", data=told | {"source": "other"}).status_code == 409


def test_a_transfer_goes_its_way_on_its_page(client: Client, office: Office, live: World) -> None:
    mara = client("mara")
    plan = {"from": "LON", "to": "LDS", "due": "2026-03-09", "sku-1": "21003", "amount-1": "6", "source": "x"}
    assert mara.post("/transfers/new", data=plan).status_code == 303
    assert mara.post("/transfers/1/approve").status_code == 303
    left = {"line": "1", "amount": "6", "place": "A-010", "source": "s1"}
    assert {mara.post("/transfers/1/ship", data=left).status_code for _ in range(2)} == {303}
    road = mara.get("/transfers/road").text
    assert "21003" in road
    assert "LDS" in road
    came = {"line": "1", "amount": "4", "place": "DOCK", "source": "r1", "status": "damaged"}
    assert {mara.post("/transfers/1/receive", data=came).status_code for _ in range(2)} == {303}
    assert mara.post("/transfers/1/close", data={"reason": "enough"}).status_code == 409
    assert (
        mara.post("/transfers/1/back", data={"line": "1", "amount": "1", "place": "A-010", "source": "b"}).status_code
        == 303
    )
    assert mara.post("/transfers/1/lost", data={"line": "1", "amount": "1", "reason": "fell off"}).status_code == 303
    page = mara.get("/transfers/1").text
    for said in ("4 damaged", "1 sent back", "1 lost", "written off (1, fell off)"):
        assert said in page, said
    with office.context(BOSS) as ctx:
        assert transfers.transfer(ctx, 1).state == "received"
        assert stock.rebuild_check(ctx) == []


def test_programs_ship_and_move_as_people_do(client: Client, live: World) -> None:
    mara = client("mara")

    def tell(path: str, **told: Any) -> Any:
        answer = mara.post(f"/api/v1/{path}", json=told)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json()

    line = {"order_number": "W/1", "line": 1, "sku": "21003", "ordered_at": "2026-03-02T10:00:00Z", "quantity": 3,
            "unit_price": "2.5"}  # fmt: skip
    assert mara.post("/api/v1/sales-lines?site=LON", json=[line]).json()["open"] == 1
    tell("sales-lines/1/allow-part", allow=True)
    order = mara.get("/api/v1/sales-orders/W/1").json()
    assert (order["words"], order["lines"][0]["reserved"]) == ("reserved", "3")
    begun = tell("shipments", order_number="W/1", site="LON")
    for stop in begun["stops"]:
        picked = tell("shipments/1/picks", stop=stop["stop"], quantity=stop["quantity"], source=f"p{stop['stop']}")
        assert picked["new"] is True
    assert tell("shipments/1/pack", boxes=[{"weight_g": 900, "label": "L"}])["state"] == "packed"
    assert tell("shipments/1/ship", carrier="DHL", tracking="1")["state"] == "shipped"
    back = tell("customer-returns", site="LON", order_number="W/1", source="r",
                lines=[{"sales_line_id": 1, "quantity": 1, "place": "DOCK"}])  # fmt: skip
    assert (back["number"], back["lines"][0]["status"]) == ("RT-000001", "quarantine")
    drafted = tell("transfers", from_site="LON", to_site="LDS", lines=[{"sku": "21003", "quantity": 2}],
                   expected_at="2026-03-09T12:00:00Z")  # fmt: skip
    assert drafted["state"] == "draft"
    tell("transfers/1/approve")
    tell("transfers/1/ship", goods=[{"line": 1, "quantity": 2, "place": "A-010"}], source="o")
    assert mara.get("/api/v1/in-transit?site=LDS").json() == [
        {"sku": "21003", "quantity": "2", "expected_at": "2026-03-09T12:00:00Z"}
    ]
    done = tell("transfers/1/receive", goods=[{"line": 1, "quantity": 2, "place": "DOCK"}], source="i")
    assert (done["state"], done["lines"][0]["received"]) == ("received", "2")


def test_files_are_kept_with_orders_shipments_and_transfers_and_their_keeping_is_history(
    client: Client, office: Office, live: World
) -> None:
    with office.context(BOSS) as ctx:
        sales_orders.take_order(ctx, live.site_id, [(live.items["21003"], Decimal(5), Decimal(2))], customer="Ann")
        stock.reserve_open(ctx, live.site_id)
        shipping.begin_shipment(ctx, live.site_id, "SO-000001")
        leeds = records.site(ctx, "LDS").site_id
        lines = [(live.items["21003"], Decimal(2))]
        transfers.draft_transfer(ctx, live.site_id, leeds, lines, NOON + timedelta(days=1), "")
    mara, vera = client("mara"), client("vera")
    letter = {"file": ("note.txt", b"Left at the gate.", "text/plain")}
    for number, (about, page) in enumerate(
        {
            "sales_order:SO-000001": "/sales/orders/SO-000001",
            "shipment:1": "/shipments/1",
            "transfer:1": "/transfers/1",
        }.items(),
        1,
    ):
        assert vera.post("/files", params={"about": about}, files=letter).status_code == 403
        answer = mara.post("/files", params={"about": about}, files=letter)
        assert (answer.status_code, answer.headers["location"]) == (303, page)
        shown = vera.get(page).text
        assert f"/files/{number}" in shown
        assert vera.get(f"/files/{number}").content == b"Left at the gate."
    assert "file kept (TR-000001, note.txt)" in mara.get("/transfers/1").text
    assert "note.txt" in mara.get("/audit").text
