"""Categories, successors and substitutes on pages and by REST."""

from __future__ import annotations

import re

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.records import service as records
from shelfwise.store.database import run
from tests.web.conftest import Client
from tests.web.world import World

API = "/api/v1"
MILK = {"unit": "each", "quantum": "1", "tracking": "none", "category": "Dairy / Milk"}


def listed(page: str) -> list[str]:
    return re.findall(r'href="/items/(MILK-\w+|21\d+)"', page)


def test_items_of_a_category_are_told_listed_and_found(client: Client, world: World) -> None:
    mara = client("mara")
    assert mara.post("/records/items/new", data=MILK | {"sku": "MILK-1", "sold_until": "2026-12-31"}).status_code == 303
    assert mara.post(f"{API}/items", json={"sku": "MILK-2", "category": "Dairy"}).json()["category"] == "Dairy"
    wrong = mara.post("/records/items/new", data=MILK | {"sku": "MILK-3", "category": "Dairy /Milk/"})
    assert wrong.status_code == 422
    assert "Dairy / Milk" in wrong.text
    assert {*listed(mara.get("/items", params={"category": "Dairy"}).text)} == {"MILK-1", "MILK-2"}
    assert {*listed(mara.get("/items", params={"category": "Dairy / Milk"}).text)} == {"MILK-1"}
    assert "MILK-1" not in listed(mara.get("/items", params={"lacks": "category"}).text)
    page = mara.get("/items/MILK-1").text
    assert "/items?category=Dairy%20%2F%20Milk" in page
    assert "Sold until" in page
    hits = mara.get(f"{API}/search", params={"q": "milk"}).json()
    assert ("category", "Dairy / Milk") in {(one["kind"], one["title"]) for one in hits}
    assert mara.get(f"{API}/items/MILK-1").json()["sold_until"] == "2026-12-31"


def test_what_an_item_replaces_is_said_on_both_and_taken_back(client: Client, office: Office, world: World) -> None:
    mara = client("mara")
    with office.context(person("root", Role.ADMIN)) as ctx:
        new, old = (records.item_by_sku(ctx, sku).item_id for sku in ("21001", "21000"))
    form = f"/records/items/{new}/replaces"
    assert mara.post(form, data={"sku": "21000", "from_day": "2026-05-01", "factor": "0.5"}).status_code == 303
    assert "one of it is 0.5 each of this" in mara.get("/items/21001").text
    assert "Replaced by" in mara.get("/items/21000").text
    assert "both are forecast as if nothing changed" in mara.get(f"/records/items/{old}").text
    told = [{"replaces": "21000", "from_day": "2026-05-01", "factor": "0.5"}]
    assert mara.get(f"{API}/items/21001/replaces").json() == told
    back = mara.post(f"{API}/items/21000/replaces", json={"replaces": "21001", "from_day": "2026-06-01"})
    assert back.status_code == 422
    assert "21000 replaces 21001" in back.text
    assert mara.post(form, data={"sku": ""}).status_code == 303
    assert mara.get(f"{API}/items/21001/replaces").json() == []
    assert mara.post(f"{API}/items/21001/replaces", json=told[0]).json() == told
    assert mara.post(f"{API}/items/21001/replaces/remove").json() == []


def test_substitutes_stand_on_the_items_page_where_the_numbers_carry_it(
    client: Client, office: Office, world: World
) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        run(ctx.tx, "update item set category = 'Mugs'")
        item, other = (records.item_by_sku(ctx, sku).item_id for sku in ("21001", "21000"))
        for which, sold, expected in ((item, 0, 100), (None, 340, 300), (other, 140, 100)):
            run(
                ctx.tx,
                """insert into substitution (tenant_id, site_id, item_id, other_id, days, sold, expected, spread, until)
                   values (%s, %s, %s, %s, 5, %s, %s, 9, '2026-02-01')""",
                (ctx.tenant, world.site_id, item, which, sold, expected),
            )
    page = client("vera").get("/items/21001").text
    assert "About 40 % of what is wanted of it" in page
    assert re.search(r'sold clearly more: <a href="/items/21000"', page)
    assert "from its own days" in page
    assert "of what is wanted of it" not in client("vera").get("/items/21000").text
