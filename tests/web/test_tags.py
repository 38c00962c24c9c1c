"""The page on which tags are bound: to one item, or to several under one tag, as on a mixed pallet."""

from __future__ import annotations

from decimal import Decimal

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.orders import service as orders
from shelfwise.stock.tags import service as tags
from tests.conftest import NOON
from tests.web.conftest import Client
from tests.web.world import World

MARA = person("mara", Role.ADMIN)
PALLET = "E2801160600002054CC2096F"


def test_a_mixed_pallet_is_bound_with_several_items_and_lots_under_one_tag(
    client: Client, office: Office, world: World
) -> None:
    omar = client("omar")
    told = {
        "site": "LON", "sku": ["21001", "", "21002", "21001", "21001"], "amount": ["12", "1", "6", "4", "1"],
        "lot": ["L1", "", "", "L2", "L1"], "epcs": PALLET,
    }  # fmt: skip
    more = omar.post("/tags/bind", data=told | {"more": "yes", "epcs": ""})
    assert (more.status_code, more.text.count("data-goods")) == (200, 7)
    page = omar.post("/tags/bind", data=told, follow_redirects=True)
    assert "1 tag is on 21001, 21002 now." in page.text
    with office.context(MARA) as ctx:
        found = tags.tag_history(ctx, PALLET)
    assert sorted((one.sku, one.lot, one.quantity) for one in found if one.sku == "21001") == [
        ("21001", "L1", Decimal(13)), ("21001", "L2", Decimal(4)),
    ]  # fmt: skip
    assert [(one.sku, one.quantity) for one in found if one.sku == "21002"] == [("21002", Decimal(6))]


def test_what_is_wrong_in_a_row_is_said_and_the_rows_stay(client: Client, world: World) -> None:
    told = {"site": "LON", "sku": ["21001", "21002"], "amount": ["1", "many"], "lot": ["", "L9"], "epcs": PALLET}
    page = client("omar").post("/tags/bind", data=told)
    assert page.status_code == 422
    assert "row 2, under each tag" in page.text
    assert 'value="many"' in page.text and 'value="L9"' in page.text
    empty = client("omar").post("/tags/bind", data=told | {"sku": ["", ""]})
    assert "what the tags are on" in empty.text


def test_the_open_lines_of_an_order_are_offered_for_its_mixed_pallet(
    client: Client, office: Office, world: World
) -> None:
    with office.context(MARA) as ctx:
        order = orders.place_purchase_order(
            ctx, decision_key="mixed", supplier_id=world.supplier_id, site_id=world.site_id,
            lines=[(world.items["21001"], Decimal(10), Decimal(2)), (world.items["21002"], Decimal(4), Decimal(2))],
            currency="EUR", expected_at=NOON,
        )  # fmt: skip
    omar = client("omar")
    here = f"/tags/bind?order={order.purchase_order_id}"
    assert here in omar.get(f"/orders/{order.purchase_order_id}").text
    page = omar.get(here).text
    assert 'name="sku" value="21001"' in page and 'name="sku" value="21002"' in page
    assert 'name="amount" value="10"' in page and 'name="amount" value="4"' in page


def test_programs_bind_a_mixed_pallet_too(client: Client, world: World) -> None:
    told = {
        "site": "LON", "sku": "21001", "quantity": "3", "epcs": [PALLET],
        "also": [{"sku": "21002", "quantity": "2", "lot": "L1"}],
    }  # fmt: skip
    assert client("omar").post("/api/v1/tags", json=told).json() == {"bound": 1}
    found = client("omar").get(f"/api/v1/tags/{PALLET}").json()
    assert {(one["sku"], one["quantity"], one["lot"]) for one in found} == {("21001", "3", None), ("21002", "2", "L1")}
