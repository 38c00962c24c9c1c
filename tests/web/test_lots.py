"""Stock is held and released on pages, a lot is followed to whoever got it, and each figure explains itself."""

from __future__ import annotations

from decimal import Decimal

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.orders import service as orders
from shelfwise.stock import service as stock
from shelfwise.store.database import values
from tests.conftest import NOON
from tests.web.conftest import Client
from tests.web.world import PASSWORDS, World


def level(office: Office, world: World, sku: str = "21000") -> tuple[int, int]:
    """On hand and blocked."""
    with office.context(person("root", Role.ADMIN)) as ctx:
        row = stock.stock_of(ctx, world.site_id, world.items[sku])
        assert row is not None
        return int(row.on_hand), int(row.blocked)


def test_stock_is_held_by_an_operator_and_released_with_a_signature(
    client: Client, office: Office, world: World
) -> None:
    omar, mara = client("omar"), client("mara")
    on_hand, _ = level(office, world)
    told = {"item": str(world.items["21000"]), "site": "LON", "place": "A-001", "amount": "2", "reason": "smells"}
    assert omar.post("/stock/hold", data=told).status_code == 303
    assert level(office, world) == (on_hand, 2)
    assert "on hold" in mara.get("/items/21000").text
    assert "Held, in quarantine" in mara.get("/lots").text
    assert omar.post("/stock/release", data={**told, "password": PASSWORDS["omar"]}).status_code == 403
    for wrong in ("", PASSWORDS["omar"]):
        refused = mara.post("/stock/release", data={**told, "password": wrong})
        assert refused.status_code in (409, 422)
    assert "That is not your password" in refused.text
    assert level(office, world) == (on_hand, 2)
    assert mara.post("/stock/release", data={**told, "password": PASSWORDS["mara"]}).status_code == 303
    assert level(office, world) == (on_hand, 0)
    with office.database.transaction() as tx:
        assert values(tx, "select signed_by from movement_batch where kind = 'release'") == [("mara",)]


def test_a_lot_with_odd_characters_is_traced_held_and_released_everywhere(
    client: Client, office: Office, world: World
) -> None:
    code, item = "L/7 <b>&x", world.items["21001"]
    with office.context(person("root", Role.ADMIN)) as ctx:
        order = orders.place_purchase_order(
            ctx, decision_key="d", supplier_id=world.supplier_id, site_id=world.site_id, currency="EUR",
            lines=[(item, Decimal(12), Decimal(2))], expected_at=NOON,
        )  # fmt: skip
        dock = world.bins["A-001"]
        stock.receive(ctx, order.purchase_order_id, 1, Decimal(12), dock, "r1", lot=code, expires_on=NOON.date())
    mara = client("mara")
    page = mara.get("/lot", params={"item": item, "code": code})
    assert page.status_code == 200
    assert "PO-000001" in page.text
    assert "<b>&x" not in page.text
    assert "L/7 &lt;b&gt;" in mara.get("/lots").text
    assert mara.post("/stock/hold", data={"item": str(item), "lot": code, "reason": "recall"}).status_code == 303
    assert level(office, world, "21001")[1] == 12
    done = mara.post(
        "/stock/release", data={"item": str(item), "lot": code, "reason": "ok", "password": PASSWORDS["mara"]}
    )
    assert done.status_code == 303
    assert mara.get("/lot", params={"item": item, "code": "NOPE"}).status_code == 404


def test_every_figure_of_the_stock_page_is_explained(client: Client, world: World) -> None:
    vera = client("vera")
    page = vera.get("/stock").text
    assert f"/explain?item={world.items['21000']}&amp;site=LON#on_hand" in page
    why = vera.get("/explain", params={"item": world.items["21000"], "site": "LON"}).text
    for name in ("on_hand", "blocked", "reserved", "available", "on_order", "in_transit"):
        assert f'id="{name}"' in why
    assert "A-001" in why


def test_the_stock_list_is_sorted_by_any_column_and_shows_all_sites(client: Client, world: World) -> None:
    vera = client("vera")
    for sort in ("sku", "-sku", "on_hand", "-available", "in_transit", "no such; drop table item"):
        assert vera.get("/stock", params={"sort": sort}).status_code == 200
    first = vera.get("/stock", params={"sort": "-sku"}).text
    assert first.index("21059") < first.index("21010")
    assert ">Site</a></th>" in vera.get("/stock", params={"site": "all"}).text


def test_stock_is_shown_as_it_was_at_the_end_of_a_day(client: Client, world: World) -> None:
    vera = client("vera")
    assert "21000" in vera.get("/stock", params={"day": "2026-03-02"}).text
    assert "Nothing was there that day" in vera.get("/stock", params={"day": "2020-03-02", "known": "then"}).text
    assert vera.get("/stock", params={"day": "yesterday"}).status_code == 422
    assert vera.get("/stock", params={"day": "9999-12-31"}).status_code in (200, 422)


def test_what_was_posted_together_is_taken_back_together(client: Client, office: Office, world: World) -> None:
    with office.database.transaction() as tx:
        ((batch_id,),) = values(tx, "select max(batch_id) from movement_batch")
    mara = client("mara")
    assert "What was posted together?" in mara.get(f"/batches/{batch_id}").text
    assert client("omar").post(f"/batches/{batch_id}/reverse", data={"reason": "no"}).status_code == 403
    assert mara.post(f"/batches/{batch_id}/reverse", data={"reason": "a test"}).status_code == 303
    assert mara.get("/batches/99999").status_code == 404
    assert level(office, world)[0] == 0
