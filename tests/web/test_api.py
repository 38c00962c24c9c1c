"""The REST interface: exact decimals, errors with faults and the right codes, and changes that happen once."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.records import service as records
from shelfwise.stock import service as stock
from tests.conftest import NOON
from tests.web.conftest import Client
from tests.web.world import World, propose, quarantined

LINE = {
    "order_number": "536365", "line": 1, "sku": "21001", "ordered_at": "2026-03-02T11:00:00Z", "quantity": "2",
    "unit_price": 2.55, "customer": "17850", "country": "United Kingdom",
}  # fmt: skip


@pytest.fixture
def live(office: Office) -> None:
    """Gone live a day ago: sales from then on move stock."""
    with office.context(person("root", Role.ADMIN)) as ctx:
        records.set_go_live(ctx, NOON.replace(day=1))


def test_the_clock_tells_business_time_and_its_rate(client: Client) -> None:
    assert client("vera").get("/api/v1/clock").json() == {"now": "2026-03-02T12:00:00Z", "rate": 0.0}


def test_sales_lines_are_taken_reserved_and_issued_once(
    client: Client, office: Office, world: World, live: None
) -> None:
    mara = client("mara")
    with office.context(person("root", Role.ADMIN)) as ctx:
        stock.opening_stock(ctx, [(world.items["21001"], world.bins["A-002"], records.item(ctx, 1).quantum * 50)])
    answer = mara.post("/api/v1/sales-lines?site=LON", json=[LINE])
    assert answer.json() == {"new": 1, "known": 0, "history": 0, "open": 1, "returned": 0}
    assert mara.post("/api/v1/sales-lines", json=[LINE]).json()["known"] == 1
    with office.context(person("root", Role.ADMIN)) as ctx:
        stock.reserve_open(ctx, world.site_id)
    (line,) = mara.get("/api/v1/sales-lines", params={"state": "reserved", "after": 0}).json()
    assert (line["sku"], line["quantity"], line["unit_price"], line["state"]) == ("21001", "2", "2.55", "reserved")
    told = {"picks": [{"place": "A-002", "quantity": 2}], "source": "scanner-1", "occurred_at": "2026-03-02T11:30:00Z"}
    address = f"/api/v1/sales-lines/{line['sales_line_id']}/issue"
    first, again = mara.post(address, json=told).json(), mara.post(address, json=told).json()
    assert (first["state"], first["issued"], first["new"]) == ("issued", "2", True)
    assert again == first | {"new": False}
    assert mara.get("/api/v1/sales-lines", params={"after": line["sales_line_id"]}).json() == []


def test_a_bad_line_names_the_fault_and_nothing_is_taken(client: Client, live: None) -> None:
    mara = client("mara")
    for change, where in (
        ({"sku": "nothing"}, "line 1, sku"),
        ({"quantity": "NaN"}, "body 1 quantity"),
        ({"quantity": "1e400"}, "body 1 quantity"),
        ({"quantity": True}, "body 1 quantity"),
        ({"ordered_at": "2026-03-02T11:00:00"}, "body 1 ordered_at"),
        ({"colour": "red"}, "body 1 colour"),
    ):
        answer = mara.post("/api/v1/sales-lines", json=[LINE, LINE | {"line": 2} | change])
        assert answer.status_code == 422, change
        (fault,) = answer.json()["faults"]
        assert fault["where"] == where
        assert set(fault) == {"where", "expected", "got", "remedy"}
    assert mara.get("/api/v1/sales-lines").json() == []


def test_decimals_stay_exact_on_their_way_through(client: Client, live: None) -> None:
    mara = client("mara")
    for line, price in ((1, "0.1"), (2, 0.1), (3, "12345678.123456"), (4, 7)):
        answer = mara.post("/api/v1/sales-lines", json=[LINE | {"line": line, "unit_price": price}])
        assert answer.status_code == 200, answer.text
    prices = [line["unit_price"] for line in mara.get("/api/v1/sales-lines").json()]
    assert prices == ["0.1", "0.1", "12345678.123456", "7"]


def test_a_proposal_becomes_an_order_once_and_its_goods_are_received(
    client: Client, office: Office, world: World
) -> None:
    mara = client("mara")
    proposal_id = propose(office, world)
    (listed,) = mara.get("/api/v1/proposals").json()
    assert (listed["proposal_id"], listed["evidence"]) == (proposal_id, None)
    whole = mara.get(f"/api/v1/proposals/{proposal_id}").json()
    assert {"without", "with"} <= set(whole["evidence"]["chart"])
    approve = f"/api/v1/proposals/{proposal_id}/approve"
    assert mara.post(approve, json={"quantity": "13"}).status_code == 422
    order = mara.post(approve, json={"quantity": "24"}).json()
    assert mara.post(approve, json={"quantity": 24}).json()["number"] == order["number"] == "PO-000001"
    assert mara.post(f"/api/v1/proposals/{proposal_id}/reject", json={"note": "late"}).status_code == 409
    assert order["total"] == "60"
    address = f"/api/v1/purchase-orders/{order['purchase_order_id']}"
    told = {"line": 1, "quantity": 10, "place": "DOCK", "source": "dock-1"}
    assert mara.post(f"{address}/receipts", json=told).json()["new"] is True
    assert mara.post(f"{address}/receipts", json=told).json()["new"] is False
    assert mara.post(f"{address}/receipts", json=told | {"quantity": 11}).status_code == 409
    after = mara.get(address).json()
    assert (after["state"], after["lines"][0]["outstanding"]) == ("part_received", "14")
    states = {"state": ["sent", "part_received"]}
    assert len(mara.get("/api/v1/purchase-orders", params=states).json()) == 1
    assert mara.get("/api/v1/proposals", params={"state": "executed"}).json()[0]["decided_by"] == "mara"


def test_items_forecasts_stock_places_and_devices_are_read(client: Client, office: Office, world: World) -> None:
    vera = client("vera")
    propose(office, world)
    item = vera.get("/api/v1/items/21000").json()
    assert (item["quantum"], item["places"][0]["on_hand"]) == ("1", "30")
    forecast = vera.get("/api/v1/items/21000/forecast").json()
    assert forecast["first_day"] == "2026-03-02"
    assert len(forecast["summary"]["q50"]) == 28
    assert vera.get("/api/v1/items/21001/forecast").status_code == 404
    (row,) = vera.get("/api/v1/stock", params={"search": "21000"}).json()
    assert (row["on_hand"], row["available"]) == ("30", "30")
    places = {one["code"]: one for one in vera.get("/api/v1/places", params={"site": "LON"}).json()}
    assert places["A-001"]["on_hand"] == "30"
    assert places["A-001"]["observed"] == pytest.approx(30)
    assert vera.get("/api/v1/places", params={"site": "PAR"}).status_code == 404
    assert {one["device"] for one in vera.get("/api/v1/devices").json()} >= {"scale-0", "thermo-c"}


def test_quarantine_is_replayed_with_corrected_bytes_or_dropped(client: Client, office: Office, world: World) -> None:
    mara = client("mara")
    first, second = quarantined(office, b"\xff\x00"), quarantined(office, b"{}")
    shown = {one["quarantine_id"]: one for one in mara.get("/api/v1/quarantine").json()}
    assert base64.b64decode(shown[first]["payload_base64"]) == b"\xff\x00"
    corrected = base64.b64encode(b'{"kind": "weight", "value": 1000, "unit": "g"}').decode()
    assert mara.post(f"/api/v1/quarantine/{first}/replay", json={"payload_base64": "!"}).status_code == 422
    answer = mara.post(f"/api/v1/quarantine/{first}/replay", json={"payload_base64": corrected})
    assert answer.json() == {"new_readings": 1}
    assert mara.post(f"/api/v1/quarantine/{second}/replay", json={}).status_code == 422
    assert mara.post(f"/api/v1/quarantine/{second}/drop").json()["state"] == "dropped"
    assert mara.post(f"/api/v1/quarantine/{second}/drop").status_code == 409


def test_the_audit_log_tells_who_did_it(client: Client, office: Office, world: World) -> None:
    mara = client("mara")
    mara.post(f"/api/v1/proposals/{propose(office, world)}/approve", json={})
    entries: list[dict[str, Any]] = mara.get("/api/v1/audit", params={"limit": 50}).json()
    assert ("mara", "proposal.approved") in {(one["actor_name"], one["action"]) for one in entries}
    assert mara.get("/api/v1/audit", params={"limit": 2, "before": entries[0]["audit_id"]}).json() == entries[1:3]


def test_errors_are_json_wherever_they_arise(client: Client) -> None:
    mara = client("mara")
    assert mara.get("/api/v1/nothing").json()["error"]
    assert mara.put("/api/v1/stock").status_code == 405
    assert mara.post("/api/v1/sales-lines", content=b"\xff{").status_code == 422
    assert mara.get("/api/v1/items/%00").status_code in {404, 422}
    assert mara.get("/api/v1/stock", params={"search": "\x00"}).status_code in {200, 422}


def test_the_description_names_every_error_and_the_page_lists_every_call(client: Client) -> None:
    mara = client("mara")
    schema = mara.get("/api/v1/openapi.json").json()
    page = mara.get("/api").text
    for path, methods in schema["paths"].items():
        assert path in page
        for operation in methods.values():
            assert {"401", "403", "422", "503"} <= set(operation["responses"])
