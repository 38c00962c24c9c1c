"""A lot is found, corrected and followed to whoever got it; a serial number has its history."""

from __future__ import annotations

import csv
import io
from contextlib import AbstractContextManager
from datetime import date
from decimal import Decimal

import pytest

from shelfwise.access.context import Context, Office
from shelfwise.access.model import Role, person
from shelfwise.records import service as records
from shelfwise.stock import service as stock
from shelfwise.stock.model import NewMovement
from tests.web.conftest import Client
from tests.web.world import World

CODE = "L/7 <b>&x"


def root(office: Office) -> AbstractContextManager[Context]:
    return office.context(person("root", Role.ADMIN))


def place(ctx: Context, world: World, kind: str) -> int:
    return next(one.place_id for one in records.places(ctx, world.site_id) if one.kind == kind)


@pytest.fixture
def traced(office: Office, world: World) -> int:
    """Ten of a lot come, three go to a customer, two become something else. Returns the item."""
    item = world.items["21000"]
    with root(office) as ctx:
        stock.post(
            ctx,
            NewMovement(item, place(ctx, world, "opening"), world.bins["A-002"], Decimal(10), "opening", lot=CODE),
        )
        stock.post(
            ctx,
            NewMovement(item, world.bins["A-002"], place(ctx, world, "customer"), Decimal(3), "ship", lot=CODE),
        )
        stock.convert(
            ctx, item_id=item, place_id=world.bins["A-002"], quantity=Decimal(2), to_item_id=world.items["21005"],
            to_quantity=Decimal(24), source="c", lot=CODE,
        )  # fmt: skip
    return item


def test_a_lot_is_found_by_how_its_code_begins(client: Client, world: World, traced: int) -> None:
    vera = client("vera")
    page = vera.get("/lots/find", params={"search": "l/7"}).text
    assert f"/lot?item={traced}&amp;code=L%2F7%20%3Cb%3E%26x" in page
    assert "5 on hand" in page
    assert "<b>&x" not in page
    assert vera.get("/lots/find", params={"search": "\x00"}).status_code == 200
    for nothing in ("%", "7"):
        assert "No lot and no serial number is called so" in vera.get("/lots/find", params={"search": nothing}).text


def test_who_got_a_lot_comes_as_a_file(client: Client, world: World, traced: int) -> None:
    vera = client("vera")
    answer = vera.get("/lot/customers.csv", params={"item": traced, "code": CODE})
    assert answer.headers["content-type"].startswith("text/csv")
    (one,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert one == {"lot": CODE, "item": "21000", "customer": "", "order": "", "quantity": "3"}
    assert vera.get("/lot/customers.csv", params={"item": traced, "code": "NOPE"}).status_code == 404


def test_a_lot_page_shows_what_it_became_and_what_can_be_done_where_it_lies(
    client: Client, world: World, traced: int
) -> None:
    page = client("mara").get("/lot", params={"item": traced, "code": CODE}).text
    assert "Made into" in page
    assert "21005" in page
    assert f"/handle?item={traced}&amp;place={world.bins['A-002']}&amp;lot=L%2F7%20%3Cb%3E%26x" in page
    other = client("mara").get("/lot", params={"item": world.items["21005"], "code": CODE}).text
    assert "Made of" in other


def test_the_dates_of_a_lot_are_corrected_with_a_reason(
    client: Client, office: Office, world: World, traced: int
) -> None:
    mara = client("mara")
    told = {"item": str(traced), "code": CODE, "expires_on": "2027-05-01", "reason": "misread"}
    assert mara.post("/lot/correct", data={**told, "reason": " "}).status_code == 422
    assert mara.post("/lot/correct", data={**told, "expires_on": "soon"}).status_code == 422
    assert mara.post("/lot/correct", data=told).status_code == 303
    with root(office) as ctx:
        assert stock.trace(ctx, traced, CODE).lot.expires_on == date(2027, 5, 1)
    assert client("omar").post("/lot/correct", data=told).status_code == 403


def test_a_serial_number_is_found_with_its_history(client: Client, office: Office, world: World) -> None:
    item = world.items["21000"]
    with root(office) as ctx:
        stock.take_return(ctx, item_id=item, place_id=world.bins["A-002"], quantity=Decimal(1), serial="S/1 <i>")
        stock.post(
            ctx,
            NewMovement(
                item, world.bins["A-002"], world.bins["A-003"], Decimal(1), "move", serial="S/1 <i>",
                from_status="quarantine", to_status="quarantine",
            ),
        )  # fmt: skip
    vera = client("vera")
    assert "No. S/1 &lt;i&gt;" in vera.get("/lots/find", params={"search": "S/1 <i>"}).text
    page = vera.get("/serial", params={"item": item, "code": "S/1 <i>"}).text
    assert "in quarantine" in page
    assert page.index("return") < page.index("move")
    assert f'<a href="/bins/{world.bins["A-003"]}">A-003</a>' in page
    assert vera.get("/serial", params={"item": item, "code": "S2"}).status_code == 404


def test_lots_counts_and_moving_are_in_the_navigation(client: Client, world: World) -> None:
    page = client("omar").get("/").text
    for path in ("/move", "/lots", "/counts"):
        assert f'href="{path}"' in page
    assert 'href="/move"' not in client("vera").get("/").text
