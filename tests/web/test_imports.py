"""Import: a dry run names each bad cell and changes nothing; then all of the file is taken in, or nothing."""

from __future__ import annotations

import threading
from pathlib import Path

from fastapi import FastAPI

from shelfwise.access.context import Office
from shelfwise.store.database import values
from tests.web.conftest import Client, TestClient
from tests.web.world import HOSTILE

GOOD = (
    "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n"
    "1001,21001,Lunch bag,6,2026-02-01 10:00:00,2.55,17850,United Kingdom\n"
    "1001,21002,Cake stand,2,2026-02-01 10:00:00,7.95,17850,United Kingdom\n"
)
BAD = GOOD + "1002,21003,Slate,many,2026-02-02 11:00:00,1.25,17850,France\n"


def send(client: TestClient, text: str | bytes, name: str = "sales.csv") -> str:
    answer = client.post("/import", data={"site": "LON"}, files={"file": (name, text)})
    assert answer.status_code == 303, answer.text
    _wait()
    return str(answer.headers["location"])


def _wait() -> None:
    for thread in threading.enumerate():
        if thread.name == "import":
            thread.join(60)


def finish(client: TestClient, address: str) -> str:
    _wait()
    return str(client.get(address).text)


def lines(office: Office) -> int:
    with office.database.transaction() as tx:
        return len(values(tx, "select 1 from sales_line"))


def test_a_dry_run_names_the_bad_cell_and_takes_nothing_in(client: Client, office: Office) -> None:
    mara = client("mara")
    page = mara.get(send(mara, BAD)).text
    assert "Bad cells" in page
    assert "&#39;many&#39;" in page
    assert "leave out the bad ones" in page
    assert lines(office) == 0


def test_a_good_file_is_taken_in_once(client: Client, office: Office) -> None:
    mara = client("mara")
    address = send(mara, GOOD)
    assert mara.post(f"{address}/start").status_code == 303
    assert "Taken in." in finish(mara, address)
    assert mara.post(f"{address}/start").status_code == 409
    again = send(mara, GOOD)
    mara.post(f"{again}/start")
    assert "had been imported before" in finish(mara, again)
    assert lines(office) == 2


def test_bad_rows_are_left_out_only_when_that_was_asked_for(client: Client, office: Office) -> None:
    mara = client("mara")
    address = send(mara, BAD)
    mara.post(f"{address}/start")
    assert "Nothing was imported." in finish(mara, address)
    mara.post(f"{address}/start", data={"skip_bad": "yes"})
    assert "Left out" in finish(mara, address)
    assert lines(office) == 2


def test_what_is_no_table_is_refused_with_the_reason(client: Client) -> None:
    mara = client("mara")
    for content in (b"", b"PK\x03\x04" + bytes(200), bytes(range(256)) * 8):
        page = mara.get(send(mara, content)).text
        assert "expected" in page
        assert "Take in" not in page


def test_a_hostile_file_name_is_a_name_and_no_path(client: Client) -> None:
    mara = client("mara")
    page = mara.get(send(mara, GOOD, f"../../etc/{HOSTILE}.csv")).text
    assert HOSTILE not in page
    assert not list(Path("/etc").glob("*script*"))


def test_an_upload_is_its_owners_alone_and_a_form_without_a_file_says_so(client: Client) -> None:
    mara = client("mara")
    address = send(mara, GOOD)
    assert client("omar").get(address).status_code == 404
    assert mara.post("/import", data={"site": "LON"}).status_code == 422
    assert client("vera").post("/import", files={"file": ("a.csv", GOOD)}).status_code == 403


def test_a_file_that_is_refused_leaves_nothing_behind(client: Client, app: FastAPI) -> None:
    mara = client("mara")
    assert mara.post("/import", data={"site": "NOWHERE"}, files={"file": ("a.csv", GOOD)}).status_code == 404
    folder = app.state.imports.path("next").parent
    assert list(folder.parent.iterdir()) == [folder]


ITEMS = "sku,description,case_quantity\n21001,Red mug,12\nX1,New,6\nX2,Bad,many\n"


def test_what_a_file_of_items_changes_is_shown_from_what_to_what_and_its_bad_rows_come_as_a_file(
    client: Client, office: Office
) -> None:
    mara = client("mara")
    address = send(mara, ITEMS, "items.csv")
    page = mara.get(address).text
    assert "Items" in page
    assert "<ins>Red mug</ins>" in page
    assert "leave out the bad ones" in page
    assert mara.get(f"{address}/faults.csv?table=0").text.splitlines() == [
        "\ufeffsku,description,case_quantity,row,what is wrong",
        "X2,Bad,many,4,case_quantity: expected a number such as 12 or 0.5. Correct the number.",
    ]
    assert mara.get(f"{address}/faults.csv?table=7").status_code == 404
    with office.database.transaction() as tx:
        assert values(tx, "select 1 from item where sku = 'X1'") == []


def test_a_person_says_what_a_column_is_and_the_file_is_looked_at_anew(client: Client, office: Office) -> None:
    mara = client("mara")
    address = send(mara, "Kennung,Farbe\nX1,New\n", "odd.csv")
    assert "left alone" in mara.get(address).text
    mara.post(f"{address}/choose", data={"kind-0": "items"})
    assert "a column for sku" in finish(mara, address)
    mara.post(f"{address}/choose", data={"kind-0": "items", "column-0-1": "sku", "column-0-2": "description"})
    assert "Take in 1 rows" in finish(mara, address)
    mara.post(f"{address}/start")
    assert "Taken in." in finish(mara, address)
    with office.database.transaction() as tx:
        assert values(tx, "select description from item where sku = 'X1'") == [("New",)]


def test_the_history_of_imports_shows_what_one_changed_and_takes_it_back(client: Client, office: Office) -> None:
    mara = client("mara")
    address = send(mara, "sku,description\n21001,Red mug\nX1,New\n", "items.csv")
    mara.post(f"{address}/start")
    finish(mara, address)
    assert "items.csv" in mara.get("/import").text
    with office.database.transaction() as tx:
        ((file_id,),) = values(tx, "select import_id from import_batch where kind = 'items'")
    assert "<ins>Red mug</ins>" in mara.get(f"/imports/{file_id}").text
    assert mara.post(f"/imports/{file_id}/undo").status_code == 303
    assert "Taken back" in mara.get(f"/imports/{file_id}").text
    assert mara.post(f"/imports/{file_id}/undo").status_code == 409
    with office.database.transaction() as tx:
        assert values(tx, "select 1 from item where sku = 'X1' or description = 'Red mug'") == []


def test_what_a_file_says_is_shown_as_text_and_never_as_markup(client: Client) -> None:
    mara = client("mara")
    page = mara.get(send(mara, f'sku,description\nX1,"{HOSTILE}"\nX1,"{HOSTILE}"\n', "items.csv")).text
    assert HOSTILE not in page


def test_sales_are_repaired_under_the_same_names(client: Client, office: Office) -> None:
    mara = client("mara")
    text = "Shop sales\n\n" + GOOD + '1003,21001,Lunch bag,(2),"12 Mar 26","£2.55",17850,France\n,Total,,6,,,,\n'
    address = send(mara, text)
    page = mara.get(address).text
    for title in ("Titles above", "Dates written in words", "Currency signs", "Rows of totals", "below zero"):
        assert title in page
    mara.post(f"{address}/start")
    finish(mara, address)
    with office.database.transaction() as tx:
        assert values(tx, "select quantity, unit_price::text from sales_line where order_number = '1003'") == [
            (-2, "2.55")
        ]
    assert lines(office) == 3


DAMAGED = "sku,description,unit_weight_g\n00123,Mug,350 g\n00456,Cup,n/a\n789,Pot,\nx-1,Jug,\nX-1,Jug,\n"


def test_repairs_are_shown_with_a_tick_each_and_what_is_not_sure_is_done_only_when_ticked(
    client: Client, office: Office
) -> None:
    mara = client("mara")
    address = send(mara, DAMAGED, "items.csv")
    page = mara.get(address).text
    assert "Leading zeros lost" in page
    assert "yours to decide" in page
    ticks = {f"repair-0-{place}": "yes" for place in range(page.count('type="checkbox"'))}
    mara.post(f"{address}/choose", data={"kind-0": "items", "repairs-0": "9", **ticks, "column-0-1": "sku",
                                         "column-0-2": "description", "column-0-3": "unit_weight_g"})  # fmt: skip
    assert "yours to decide" not in finish(mara, address)
    mara.post(f"{address}/start")
    finish(mara, address)
    with office.database.transaction() as tx:
        found = {sku for (sku,) in values(tx, "select sku from item")}
        file_id = values(tx, "select max(import_id) from import_batch")[0][0]
    assert {"00123", "00456", "00789", "X-1"} <= found
    assert "x-1" not in found
    assert "What was repaired" in mara.get(f"/imports/{file_id}").text
    again = mara.get(send(mara, DAMAGED + "12,Lid,\n", "items.csv")).text
    assert "yours to decide" not in again
