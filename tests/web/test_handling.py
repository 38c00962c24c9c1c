"""Stock is corrected, written off, converted, opened, taken back and sent back by people, each with a reason, once."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from decimal import Decimal

from shelfwise.access.context import Context, Office
from shelfwise.access.model import Role, person
from shelfwise.orders import service as orders
from shelfwise.records import service as records
from shelfwise.stock import service as stock
from shelfwise.store.database import values
from tests.conftest import NOON
from tests.web.conftest import Client
from tests.web.world import PASSWORDS, World


def root(office: Office) -> AbstractContextManager[Context]:
    return office.context(person("root", Role.ADMIN))


def lies(office: Office, world: World, code: str, sku: str = "21000") -> dict[tuple[str, str], int]:
    """By lot and status."""
    with root(office) as ctx:
        place = records.place_by_code(ctx, world.site_id, code).place_id
        found = stock.lies_at(ctx, place_id=place, item_id=world.items[sku])
        return {(one.lot or "", one.status): int(one.on_hand) for one in found}


def about(world: World, **more: str) -> dict[str, str]:
    return {"item": str(world.items["21000"]), "place": str(world.bins["A-001"]), "reason": "seen", **more}


def hidden(page: str, part: str, name: str) -> str:
    form = page.split(f'action="{part}"')[1].split("</form>")[0]
    found = re.search(rf'name="{name}" value="([^"]*)"', form)
    assert found, (part, name)
    return found[1]


def test_the_books_are_corrected_with_before_and_after_and_once(client: Client, office: Office, world: World) -> None:
    mara = client("mara")
    asked = {"item": world.items["21000"], "place": world.bins["A-001"]}
    page = mara.get("/handle", params=asked).text
    assert "30 of 21000 in A-001" in page
    told = about(world, amount="26", before=hidden(page, "/handle/adjust", "before"))
    told["source"] = hidden(page, "/handle/adjust", "source")
    for _ in range(2):
        assert mara.post("/handle/adjust", data=told).status_code == 303
    assert lies(office, world, "A-001") == {("", "available"): 26}
    assert mara.post("/handle/adjust", data={**told, "source": "b", "reason": " "}).status_code == 422
    assert mara.post("/handle/adjust", data={**told, "source": "c", "amount": told["before"]}).status_code == 422
    more = {**told, "source": "d", "before": "26", "amount": "31"}
    assert mara.post("/handle/adjust", data=more).status_code == 303
    assert lies(office, world, "A-001") == {("", "available"): 31}
    assert client("omar").post("/handle/adjust", data=told).status_code == 403


def test_what_went_meanwhile_is_asked_about_before_more_is_taken_off(
    client: Client, office: Office, world: World
) -> None:
    mara = client("mara")
    told = about(world, amount="2", before="30", source="a")
    with root(office) as ctx:
        stock.write_off(
            ctx, item_id=world.items["21000"], place_id=world.bins["A-001"], quantity=Decimal(20), reason="wet"
        )
    asked = mara.post("/handle/adjust", data=told)
    assert asked.status_code == 409
    assert 'name="seen" value="yes"' in asked.text
    assert lies(office, world, "A-001") == {("", "available"): 10}
    assert mara.post("/handle/adjust", data={**told, "seen": "yes"}).status_code == 303


def test_goods_are_written_off_and_more_than_there_are_is_asked_again(
    client: Client, office: Office, world: World
) -> None:
    mara = client("mara")
    assert mara.post("/handle/write-off", data=about(world, amount="31", source="w")).status_code == 409
    assert mara.post("/handle/write-off", data=about(world, amount="5", source="w")).status_code == 303
    assert lies(office, world, "A-001") == {("", "available"): 25}


def test_a_row_is_held_and_released_by_itself(client: Client, office: Office, world: World) -> None:
    with root(office) as ctx:
        stock.take_return(
            ctx, item_id=world.items["21000"], place_id=world.bins["A-001"], quantity=Decimal(3), lot="L1",
            status="available",
        )  # fmt: skip
    mara = client("mara")
    page = mara.get("/items/21000").text
    row = f"/handle?item={world.items['21000']}&amp;place={world.bins['A-001']}&amp;lot="
    assert f"{row}&amp;status=available#hold" in page
    assert f"{row}L1&amp;status=available#hold" in page
    hold = {"item": str(world.items["21000"]), "site": "LON", "place": "A-001", "lot": "", "exact": "yes"}
    done = mara.post("/stock/hold", data={**hold, "reason": "wet", "amount": "30", "next": "/bins/11"})
    assert done.headers["location"] == "/bins/11"
    assert lies(office, world, "A-001") == {("", "hold"): 30, ("L1", "available"): 3}
    assert "status=hold#release" in mara.get("/items/21000").text
    told = {**hold, "status": "hold", "reason": "dry", "password": PASSWORDS["mara"], "next": "https://elsewhere.test"}
    assert mara.post("/stock/release", data=told).headers["location"] == "/"
    assert lies(office, world, "A-001") == {("", "available"): 30, ("L1", "available"): 3}


def test_a_case_is_opened_into_pieces(client: Client, office: Office, world: World) -> None:
    omar = client("omar")
    told = about(world, amount="2", to_sku="21005", to_amount="24", to="A-006", source="c")
    before = lies(office, world, "A-006", "21005").get(("", "available"), 0)
    for _ in range(2):
        assert omar.post("/handle/convert", data=told).status_code == 303
    assert lies(office, world, "A-001") == {("", "available"): 28}
    assert lies(office, world, "A-006", "21005") == {("", "available"): before + 24}
    assert omar.post("/handle/convert", data={**told, "to_sku": "no such", "source": "d"}).status_code == 422


def test_opening_stock_is_entered_once_with_its_lots(client: Client, office: Office, world: World) -> None:
    mara = client("mara")
    told = {
        "site": "LON", "source": hidden(mara.get("/opening").text, "/opening", "source"), "sku-1": "21000",
        "place-1": "a-002", "amount-1": "8", "lot-1": "L9", "sku-2": "21001", "place-2": "DOCK", "amount-2": "5",
    }  # fmt: skip
    for _ in range(2):
        assert mara.post("/opening", data=told).status_code == 303
    assert lies(office, world, "A-002") == {("L9", "available"): 8}
    wrong = mara.post("/opening", data={**told, "source": "x", "place-2": "Z-9"})
    assert wrong.status_code == 422
    assert "line 2, bin" in wrong.text
    assert lies(office, world, "A-002") == {("L9", "available"): 8}


def test_goods_come_back_without_an_order(client: Client, office: Office, world: World) -> None:
    omar = client("omar")
    told = {"site": "LON", "sku": "21000", "amount": "2", "place": "A-002", "source": "r", "note": "no paper"}
    for _ in range(2):
        assert omar.post("/returns/new", data=told).status_code == 303
    assert lies(office, world, "A-002") == {("", "quarantine"): 2}


def test_goods_go_back_to_their_supplier_from_the_order(client: Client, office: Office, world: World) -> None:
    with root(office) as ctx:
        order = orders.place_purchase_order(
            ctx, decision_key="d", supplier_id=world.supplier_id, site_id=world.site_id, currency="EUR",
            lines=[(world.items["21000"], Decimal(12), Decimal(2))], expected_at=NOON,
        )  # fmt: skip
        stock.receive(ctx, order.purchase_order_id, 1, Decimal(12), world.bins["A-002"], "r1")
    omar, address = client("omar"), f"/orders/{order.purchase_order_id}"
    page = omar.get(address).text
    assert "Send goods back to Acme" in page
    told = {"line": "1", "amount": "4", "place": "A-002", "reason": "broken", "again": "yes"}
    told["source"] = hidden(page, f"{address}/send-back", "source")
    for _ in range(2):
        assert omar.post(f"{address}/send-back", data=told).status_code == 303
    assert lies(office, world, "A-002") == {("", "available"): 8}
    with office.database.transaction() as tx:
        assert values(tx, "select count(*) from movement where reason = 'return'") == [(1,)]
