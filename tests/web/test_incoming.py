"""Files that programs send, and the pages of what comes by itself."""

from __future__ import annotations

from typing import Any

import pytest

from shelfwise.access import service as access
from shelfwise.access.context import Office
from shelfwise.access.model import Right, Role, person
from shelfwise.intake.folders import Folders
from shelfwise.records import sources
from shelfwise.records.sources import NewSource
from shelfwise.store.database import values
from tests.web.conftest import Client, TestClient
from tests.web.world import PASSWORDS, World

ADDRESS = "/api/v1/imports?kind=daily_sales"
CSV = "day,sku,quantity\n2026-02-27,21001,3\n2026-02-28,21001,4\n"


@pytest.fixture
def till(client: Client, office: Office) -> TestClient:
    """A till with a key that may import."""
    with office.context(person("root", Role.ADMIN)) as ctx:
        secret = access.add_key(ctx, "till", [Right.VIEW, Right.IMPORT_DATA])
    one = client(None)
    one.headers["Authorization"] = f"Bearer {secret}"
    return one


def send(till: TestClient, body: str, key: str, kind: str = "text/csv", address: str = ADDRESS) -> Any:
    return till.post(address, content=body, headers={"Idempotency-Key": key, "Content-Type": kind})


def told(office: Office, sql: str) -> list[tuple[Any, ...]]:
    with office.database.transaction() as tx:
        return values(tx, sql)


def test_a_file_is_taken_in_once_under_its_key(till: TestClient, office: Office) -> None:
    first, again = send(till, CSV, "monday"), send(till, CSV, "monday")
    assert first.status_code == 200, first.text
    assert first.json() == again.json()
    assert [(one["kind"], one["new"], one["changed"]) for one in first.json()["tables"]] == [("daily_sales", 2, 0)]
    assert told(office, "select sum(quantity) from sales_day") == [(7,)]
    assert till.get(f"/api/v1/imports/{first.json()['incoming_id']}").json() == first.json()
    other = send(till, CSV + "2026-03-01,21001,1\n", "monday")
    assert (other.status_code, "another file" in other.json()["error"]) == (409, True)


def test_json_lines_have_the_columns_of_a_sheet(till: TestClient, office: Office) -> None:
    lines = '{"day": "2026-02-27", "sku": "21001", "quantity": 1.250, "channel": "till"}\n'
    assert send(till, lines, "one", "application/x-ndjson").json()["state"] == "done"
    assert told(office, "select quantity, channel from sales_day") == [(1.25, "till")]
    bad = send(till, '{"day": "2026-02-27", "colour": "red"}\n', "two", "application/x-ndjson")
    assert bad.status_code == 422
    assert bad.json()["faults"][0]["where"] == "line 1"


def test_bad_cells_are_named_and_nothing_is_taken_unless_they_may_be_left_out(till: TestClient, office: Office) -> None:
    refused = send(till, CSV + "2026-02-30,21001,1\n", "bad").json()
    assert (refused["state"], refused["tables"]) == ("refused", [])
    assert refused["faults"][1] == {
        "where": "row 4, column day", "expected": "a day such as 2026-03-31", "got": "'2026-02-30'",
        "remedy": refused["faults"][1]["remedy"],
    }  # fmt: skip
    assert told(office, "select count(*) from sales_day") == [(0,)]
    taken = send(till, CSV + "2026-02-30,21001,1\n", "rest", address=f"{ADDRESS}&skip_bad=true").json()
    assert [(one["new"], one["skipped"], len(one["bad_cells"])) for one in taken["tables"]] == [(2, 1, 1)]


def test_what_takes_longer_is_asked_for_at_its_own_address(
    till: TestClient, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shelfwise.web.api_incoming.PATIENCE_S", 0.0)
    answer = send(till, CSV, "large")
    assert answer.status_code == 202
    address = answer.headers["location"]
    for _ in range(1000):
        found = till.get(address).json()
        if found["state"] == "done":
            break
    assert found["tables"][0]["new"] == 2


def test_a_source_is_added_and_its_files_stand_on_the_page(client: Client, office: Office, tmp_path: Any) -> None:
    mara = client("mara")
    assert "Add a source" in mara.get("/incoming").text
    assert mara.post("/sources/new", data={"code": "../x", "name": "Till"}).status_code == 422
    added = mara.post("/sources/new", data={"code": "till", "name": "Till", "kind": "daily_sales", "every_days": "1"})
    assert added.status_code == 303
    with office.context(person("root", Role.ADMIN)) as ctx:
        (source,) = sources.sources(ctx)
        assert source.as_new == NewSource("till", "Till", "daily_sales", every_days=1)
    watched = Folders(office, tmp_path)
    watched.look()
    (tmp_path / "till" / "bad.csv").write_text("day,sku,quantity\n2026-02-30,21001,1\n")
    watched.look()
    watched.look()
    page = mara.get("/incoming").text
    assert "bad.csv" in page
    one = mara.get("/incoming/1").text
    assert "row 2, column day" in one


def test_the_page_of_the_books_says_who_keeps_them_and_a_change_that_would_lose_something_is_refused(
    client: Client, office: Office, world: World
) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        access.add_user(ctx, "ada", "Ada", PASSWORDS["mara"], Role.ADMIN)
    ada = client(None)
    ada.post("/sign-in", data={"login": "ada", "password": PASSWORDS["mara"]})
    page = ada.get("/erp").text
    assert "Shelfwise does: stock is booked here" in page
    assert "Books(" not in page
    assert ada.post("/erp", data={"keeper": "erp", "hours": "24"}).status_code == 303
    assert "The ERP does." in ada.get("/erp").text
    assert told(office, "select books, hand_over_hours from tenant") == [("erp", 24)]
    refused = ada.post("/opening", data={"site": "LON", "source": "o", "sku-1": "21001", "place-1": "A-001",
                                         "amount-1": "1"})  # fmt: skip
    assert (refused.status_code, "The ERP keeps the books here" in refused.text) == (409, True)
