"""An import is taken back as far as nobody has built on it since; what stays is named."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from shelfwise.access.context import Context, Office
from shelfwise.access.model import Role, person
from shelfwise.core.errors import Forbidden, Refused
from shelfwise.intake import undoing
from shelfwise.intake.importing import run
from shelfwise.intake.undoing import Undone
from shelfwise.records import service as records
from shelfwise.stock import service as stock
from shelfwise.stock.model import NewMovement
from shelfwise.store.database import values

MARA = person("mara", Role.ADMIN)
Import = Callable[[str], int]


@pytest.fixture
def shop(office: Office) -> Office:
    """An office with the site LON, two bins in it and an item."""
    with office.context(MARA) as ctx:
        site = records.add_site(ctx, code="LON", name="London", time_zone="Europe/London", width_m=20, depth_m=10)
        for code in ("A-1", "A-2"):
            records.add_place(ctx, site_id=site, code=code)
        records.add_item(ctx, sku="MUG", description="Mug")
    return office


@pytest.fixture
def take_in(shop: Office, tmp_path: Path) -> Import:
    """Imports a text and returns the file's id."""
    count = iter(range(100))

    def one(text: str) -> int:
        path = tmp_path / f"file{next(count)}.csv"
        path.write_text(text, "utf-8")
        done = run(shop, MARA, path, site_code="LON")
        assert done.file_id is not None
        return done.file_id

    return one


def undo(office: Office, file_id: int) -> Undone:
    with office.context(MARA) as ctx:
        return undoing.undo(ctx, file_id)


def told(office: Office, sql: str) -> list[tuple[Any, ...]]:
    with office.database.transaction() as tx:
        return values(tx, sql)


def test_new_items_go_and_changed_ones_become_what_they_were(shop: Office, take_in: Import) -> None:
    before = told(shop, "select * from item")
    file_id = take_in("sku,description,barcode,case_quantity\nMUG,Red mug,123,12\nCUP,Cup,456,6\n")
    assert undo(shop, file_id) == Undone("file0.csv", 2, ())
    assert told(shop, "select * from item") == before
    assert told(shop, "select 1 from item_barcode") == []
    with pytest.raises(Refused, match="taken back before"):
        undo(shop, file_id)


def test_what_was_changed_or_used_since_stays_and_is_named(shop: Office, take_in: Import) -> None:
    file_id = take_in("sku,description\nMUG,Red mug\nCUP,Cup\nJUG,Jug\n")
    take_in("sku,description\nMUG,Blue mug\n")
    take_in("site,place,sku,quantity\nLON,A-1,CUP,3\n")
    done = undo(shop, file_id)
    assert done.restored == 1
    assert done.left == (
        "MUG: its description was changed since.",
        "CUP: it is used by now, by stock, orders or other records.",
    )
    assert told(shop, "select sku, description from item order by sku") == [("CUP", "Cup"), ("MUG", "Blue mug")]


def test_opening_stock_is_reversed_and_no_row_of_the_ledger_is_lost(shop: Office, take_in: Import) -> None:
    file_id = take_in("site,place,sku,quantity\nLON,A-1,MUG,12\nLON,A-2,MUG,3\n")
    assert undo(shop, file_id).restored == 2
    assert told(shop, "select 1 from balance where on_hand <> 0 and on_hand > 0") == []
    assert told(shop, "select reason, count(*) from movement group by reason order by reason") == [
        ("opening", 2), ("reverse", 2),
    ]  # fmt: skip
    with shop.context(MARA) as ctx:
        assert stock.rebuild_check(ctx) == []
    take_in("site,place,sku,quantity\nLON,A-1,MUG,12\nLON,A-2,MUG,3\n")
    assert told(shop, "select sum(on_hand) from balance where on_hand > 0") == [(15,)]


def test_opening_stock_that_has_moved_since_stays(shop: Office, take_in: Import) -> None:
    file_id = take_in("site,place,sku,quantity\nLON,A-1,MUG,12\nLON,A-2,MUG,3\n")
    with shop.context(MARA) as ctx:
        _take(ctx, "A-1")
    done = undo(shop, file_id)
    assert (done.restored, done.left) == (1, ("MUG in A-1: it has moved since. Count it instead.",))
    alone = take_in("site,place,sku,quantity\nLON,A-2,MUG,5\n")
    with shop.context(MARA) as ctx:
        _take(ctx, "A-2")
    with pytest.raises(Refused, match="moved since"):
        undo(shop, alone)
    with shop.context(MARA) as ctx:
        assert stock.rebuild_check(ctx) == []


def test_open_orders_go_unless_somebody_has_worked_on_them(shop: Office, take_in: Import) -> None:
    with shop.context(MARA) as ctx:
        records.add_supplier(ctx, code="POT", name="Potter")
    file_id = take_in("number,supplier,site,sku,quantity\nX1,POT,LON,MUG,5\nX2,POT,LON,MUG,6\n")
    with shop.context(MARA) as ctx:
        order = int(values(ctx.tx, "select purchase_order_id from purchase_order where number = 'X1'")[0][0])
        dock = records.place_by_code(ctx, records.site(ctx, "LON").site_id, "DOCK").place_id
        stock.receive(ctx, order, 1, Decimal(2), dock, "r1")
    done = undo(shop, file_id)
    assert [one[:9] for one in done.left] == ["Order X1:"]
    assert told(shop, "select number from purchase_order") == [("X1",)]


def test_history_goes_and_can_come_again(shop: Office, take_in: Import) -> None:
    text = "order_number,sku,quantity,ordered_at,unit_price\n1,MUG,2,2026-01-05T10:00:00+00:00,2.5\n"
    file_id = take_in(text)
    assert undo(shop, file_id).restored == 1
    assert told(shop, "select 1 from sales_line") == []
    take_in(text)
    assert len(told(shop, "select 1 from sales_line")) == 1


def test_who_may_not_adjust_stock_may_not_take_it_back(shop: Office, take_in: Import) -> None:
    file_id = take_in("site,place,sku,quantity\nLON,A-1,MUG,12\n")
    with shop.context(person("pia", Role.PLANNER)) as ctx, pytest.raises(Forbidden):
        undoing.undo(ctx, file_id)


def _take(ctx: Context, place: str) -> None:
    site_id = records.site(ctx, "LON").site_id
    places = {one.code: one.place_id for one in records.places(ctx, site_id)}
    item_id = records.item_by_sku(ctx, "MUG").item_id
    stock.post(ctx, NewMovement(item_id, places[place], places["SCRAP"], Decimal(1), "write_off"))
