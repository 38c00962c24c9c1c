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
    return str(answer.headers["location"])


def finish(client: TestClient, address: str) -> str:
    for thread in threading.enumerate():
        if thread.name == "import":
            thread.join(60)
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
    assert "Taken in: 2 new lines" in finish(mara, address)
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
        answer = mara.post("/import", data={"site": "LON"}, files={"file": ("sales.csv", content)})
        assert answer.status_code in {303, 422}
        page = answer.text if answer.status_code == 422 else mara.get(answer.headers["location"]).text
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
    assert list(app.state.imports.path().parent.iterdir()) == []
