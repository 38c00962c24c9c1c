"""Who should sell us an item is told on a page, in a file and to programs, with each part of what it costs."""

from __future__ import annotations

from typing import Any

from tests.web.conftest import Client
from tests.web.world import World

MILL: dict[str, Any] = {"code": "MILL", "name": "Mill & Sons"}
TERMS: dict[str, Any] = {"unit_cost": "9.5", "currency": "EUR", "lead_time_days": 30, "minimum_order": 500}


def test_all_who_sell_an_item_are_compared_by_what_it_costs_altogether(client: Client, world: World) -> None:
    mara, vera = client("mara"), client("vera")
    made = mara.post("/api/v1/suppliers", json=MILL).json()
    assert mara.post(f"/api/v1/suppliers/{made['supplier_id']}/terms/21000", json=TERMS).status_code == 200
    told = vera.get("/api/v1/items/21000/sellers", params={"site": "LON"}).json()
    assert [one["supplier"] for one in told] == ["Acme & Sons", "Mill & Sons"]
    assert told[0]["more"] == 0
    parts = sum(told[1][name] or 0 for name in ("goods", "ordering", "holding", "lost_margin"))
    assert abs(parts - told[1]["total"]) < 0.03
    assert 0 < told[1]["lost"] < 0.05
    page = vera.get("/items/21000/sellers?site=LON").text
    assert "Who should sell us 21000?" in page
    assert "All in all Acme &amp; Sons is expected to cost least" in page
    assert "/items/21000/sellers?site=LON" in vera.get("/items/21000?site=LON").text
    file = vera.get("/items/21000/sellers.csv?site=LON")
    head, first, second = file.text.strip().split("\r\n")
    assert head.startswith("supplier,units,quantity,unit_cost,currency,compared_in,goods")
    assert first.startswith("Acme & Sons,")
    assert second.startswith("Mill & Sons,")


def test_an_item_that_nobody_sells_says_what_to_do(client: Client, world: World) -> None:
    mara = client("mara")
    mara.post(f"/suppliers/{world.supplier_id}/terms/remove", data={"sku": "21003"})
    mara.post("/suppliers/1/terms/remove", data={"sku": "21003"})
    page = mara.get("/items/21003/sellers?site=LON")
    assert (page.status_code, "Choose a supplier" in page.text) == (200, True)
    assert mara.get("/items/nothing/sellers").status_code == 404
