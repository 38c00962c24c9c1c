"""Programs tell what moved, correct, hold, convert, count and ask why, as people do on the pages."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from starlette.testclient import TestClient

from shelfwise.access import service as access
from shelfwise.access.context import Office
from shelfwise.access.model import Right, Role, person
from shelfwise.stock import service as stock
from tests.web.conftest import Client
from tests.web.world import World


def moved(**changed: object) -> dict[str, Any]:
    line = {
        "sku": "21000",
        "from_place": "A-001",
        "to_place": "A-002",
        "quantity": "4",
        "reason": "move",
        "source": "m",
    }
    return {"site": "LON", "movements": [line | changed]}


def lies(one: TestClient, place: str, sku: str = "21000") -> dict[tuple[str | None, str], str]:
    found = one.get("/api/v1/lies", params={"place": place, "sku": sku}).json()
    return {(row["lot"], row["status"]): row["on_hand"] for row in found}


def test_movements_are_posted_once_and_read_with_the_balance(client: Client, world: World) -> None:
    omar = client("omar")
    told = [omar.post("/api/v1/movements", json=moved()).json() for _ in range(2)]
    assert told[0] == told[1]
    assert lies(omar, "A-001") == {(None, "available"): "26"}
    newest, opened = omar.get("/api/v1/movements", params={"sku": "21000", "place": "A-001"}).json()
    assert (newest["change"], newest["balance"], newest["to_site"]) == ("-4", "26", "LON")
    assert (opened["reason"], opened["balance"]) == ("opening", "30")
    older = {"sku": "21000", "place": "A-001", "before": newest["movement_id"]}
    assert omar.get("/api/v1/movements", params=older).json() == [opened]
    assert omar.get("/api/v1/movements").status_code == 422


def test_all_movements_are_posted_or_none_and_each_needs_its_right(client: Client, world: World) -> None:
    omar = client("omar")
    two = moved()
    two["movements"].append(two["movements"][0] | {"sku": "no such", "source": "n"})
    answer = omar.post("/api/v1/movements", json=two)
    assert answer.status_code == 422
    assert answer.json()["faults"][0]["where"] == "movement 2, sku"
    assert lies(omar, "A-001") == {(None, "available"): "30"}
    scrap = moved(to_place="SCRAP", reason="write_off")
    assert omar.post("/api/v1/movements", json=scrap).status_code == 403
    assert client("mara").post("/api/v1/movements", json=moved(to_place="Z-9")).status_code == 404
    assert client("mara").post("/api/v1/movements", json=moved(reason="hold")).status_code == 422


def test_a_movement_and_a_batch_are_taken_back(client: Client, office: Office, world: World) -> None:
    mara = client("mara")
    (one,) = mara.post("/api/v1/movements", json=moved()).json()["movement_ids"]
    assert mara.post(f"/api/v1/movements/{one}/reverse", json={"reason": "wrong bin"}).status_code == 200
    assert mara.post(f"/api/v1/movements/{one}/reverse", json={"reason": "wrong bin"}).status_code == 409
    mara.post("/api/v1/movements", json=moved(source="again"))
    batch = mara.get("/api/v1/movements", params={"sku": "21000"}).json()[0]["batch_id"]
    assert len(mara.post(f"/api/v1/batches/{batch}/reverse", json={"reason": "no"}).json()["movement_ids"]) == 1
    assert lies(mara, "A-001") == {(None, "available"): "30"}


def test_books_are_corrected_and_more_than_they_hold_needs_somebody_who_looked(client: Client, world: World) -> None:
    mara = client("mara")
    told = {"site": "LON", "sku": "21000", "place": "A-001", "change": "-31", "reason": "counted", "source": "a"}
    asked = mara.post("/api/v1/adjustments", json=told)
    assert asked.status_code == 409
    assert "The books hold 30" in asked.json()["error"]
    assert mara.post("/api/v1/adjustments", json=told | {"seen": True}).status_code == 200
    more = told | {"change": "9", "source": "b"}
    for _ in range(2):
        assert mara.post("/api/v1/adjustments", json=more).status_code == 200
    assert lies(mara, "A-001") == {(None, "available"): "9"}
    gone = {"site": "LON", "sku": "21000", "place": "A-001", "quantity": "2", "reason": "wet", "source": "w"}
    assert mara.post("/api/v1/write-offs", json=gone).status_code == 200
    assert mara.post("/api/v1/write-offs", json=gone | {"quantity": "8", "source": "x"}).status_code == 409
    assert lies(mara, "A-001") == {(None, "available"): "7"}


def test_stock_is_held_by_a_key_and_released_by_nobody_but_a_person(
    client: Client, office: Office, world: World
) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        key = {"Authorization": f"Bearer {access.add_key(ctx, 'lab', [Right.VIEW, Right.HOLD_STOCK])}"}
    nobody = client(None)
    told = {"sku": "21000", "site": "LON", "place": "A-001", "quantity": "3", "reason": "smells"}
    done = nobody.post("/api/v1/holds", json=told, headers=key)
    assert done.json()["quantity"] == "3"
    assert lies(client("vera"), "A-001") == {(None, "available"): "27", (None, "hold"): "3"}
    assert nobody.post("/api/v1/holds", json=told | {"site": None}, headers=key).status_code == 422
    why = client("vera").get("/api/v1/explain", params={"sku": "21000"}).json()
    assert why["blocked"] == "3"
    assert why["why_blocked"] == {"hold": "3"}


def test_a_case_is_opened_and_its_lot_is_traced(client: Client, office: Office, world: World) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        stock.take_return(
            ctx, item_id=world.items["21000"], place_id=world.bins["A-002"], quantity=Decimal(5), lot="L/1",
            status="available",
        )  # fmt: skip
    omar = client("omar")
    told = {
        "site": "LON", "sku": "21000", "place": "A-002", "quantity": "1", "to_sku": "21005", "to_quantity": "6",
        "source": "c", "lot": "L/1",
    }  # fmt: skip
    assert omar.post("/api/v1/conversions", json=told).status_code == 200
    (found, *_) = omar.get("/api/v1/lots", params={"search": "l/"}).json()
    assert (found["sku"], found["code"], found["on_hand"]) == ("21000", "L/1", "4")
    trace = omar.get("/api/v1/trace", params={"sku": "21000", "lot": "L/1"}).json()
    assert [one["sku"] for one in trace["made_into"]] == ["21005"]
    assert [one["place"] for one in trace["lies"]] == ["A-002"]
    assert omar.get("/api/v1/trace", params={"sku": "21000", "lot": "L2"}).status_code == 404


def test_stock_is_read_as_of_an_instant_page_by_page(client: Client, world: World) -> None:
    vera = client("vera")
    whole = vera.get("/api/v1/as-of", params={"at": "2026-03-02T12:00:00Z", "limit": 1000}).json()
    second = vera.get("/api/v1/as-of", params={"at": "2026-03-02T12:00:00Z", "limit": 2, "offset": 2}).json()
    assert second == whole[2:4]
    one = vera.get("/api/v1/as-of", params={"at": "2026-03-02T12:00:00Z", "search": "21000"}).json()
    assert [(row["sku"], row["on_hand"]) for row in one] == [("21000", "30")]
    assert vera.get("/api/v1/as-of", params={"at": "2026-03-01T12:00:00Z"}).json() == []
    assert vera.get("/api/v1/as-of", params={"at": "noon"}).status_code == 422


def test_places_are_counted_by_programs_too(client: Client, world: World) -> None:
    omar, mara = client("omar"), client("mara")
    asked = {"site": "LON", "title": "Aisle A", "places": ["A-001", "A-002"], "skus": ["21000"]}
    sheet = omar.post("/api/v1/counts", json=asked).json()
    here = f"/api/v1/counts/{sheet['count_id']}"
    assert all(line["book"] is None for line in sheet["lines"])
    told = {"place": "A-001", "found": [{"sku": "21000", "quantity": "12"}], "source": "t1"}
    for _ in range(2):
        assert omar.post(f"{here}/places", json=told).status_code == 200
    assert omar.post(f"{here}/finish").status_code == 409
    assert omar.post(f"{here}/places", json={"place": "A-002", "found": [], "source": "t2"}).status_code == 200
    assert omar.post(f"{here}/finish").json()["state"] == "to_approve"
    again = {"place_ids": [world.bins["A-001"]]}
    assert mara.post(f"{here}/again", json=again).json()["state"] == "open"
    assert omar.post(f"{here}/places", json=told | {"source": "t3"}).status_code == 200
    assert omar.post(f"{here}/finish").json()["state"] == "to_approve"
    assert mara.post(f"{here}/approve").json()["state"] == "posted"
    assert lies(mara, "A-001") == {(None, "available"): "12"}
    assert mara.post(f"{here}/cancel", json={"reason": "late"}).status_code == 409
    assert mara.get("/api/v1/counts").json()[0]["number"] == "CT-000001"
