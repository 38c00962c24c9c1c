"""Master data on pages: items, packs, barcodes, sites, zones and bins are added and changed without a script."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.records import service as records
from shelfwise.records.model import Item
from shelfwise.records.packs import Pack, in_words
from shelfwise.stock import service as stock
from shelfwise.store.database import run, value
from tests.conftest import NOON
from tests.web.conftest import Client
from tests.web.world import World

CASE = Pack("case", Decimal(2), NOON.date())
ITEM = {"sku": "A/7 <b>", "description": "Odd & new", "unit": "each", "quantum": "1", "tracking": "none"}


def item_of(office: Office, sku: str) -> Item:
    with office.context(person("root", Role.ADMIN)) as ctx:
        return records.item_by_sku(ctx, sku)


def told_of(item: Item, **changes: str) -> dict[str, str]:
    """An item's form as it is filled in, with some fields changed; ticks that are not set are not sent."""
    told = {
        "sku": item.sku, "description": item.description, "unit": item.unit, "quantum": str(item.quantum),
        "tracking": item.tracking,
    }  # fmt: skip
    return told | changes


def test_an_item_is_added_with_its_barcode_and_case_and_found_by_each(
    client: Client, office: Office, world: World
) -> None:
    mara = client("mara")
    told = ITEM | {"barcode": "4006381333931", "case": "12", "shelf_life_days": "60", "unit_weight_g": "310.5"}
    done = mara.post("/records/items/new", data=told)
    assert (done.status_code, done.headers["location"]) == (303, "/items/A%2F7%20%3Cb%3E")
    item = item_of(office, "A/7 <b>")
    assert (item.shelf_life_days, item.unit_weight_g) == (60, 310.5)
    for search in ("A/7", "odd &", "33393"):
        found = mara.get("/items", params={"search": search}).text
        assert "A/7 &lt;b&gt;" in found, search
        assert "21000" not in found
    page = mara.get(f"/records/items/{item.item_id}").text
    assert "4006381333931" in page
    assert '12<span class="unit">each</span>' in page
    assert f'href="/records/items/{item.item_id}"' in mara.get(done.headers["location"]).text


def test_items_without_stock_and_without_history_are_in_the_list(client: Client, world: World) -> None:
    client("mara").post("/records/items/new", data=ITEM)
    page = client("vera").get("/items").text
    assert "A/7 &lt;b&gt;" in page
    assert "/records/items/" not in page


def test_a_form_that_was_not_taken_says_all_that_is_wrong_and_keeps_what_was_written(
    client: Client, world: World
) -> None:
    told = ITEM | {"quantum": "some", "shelf_life_days": "1.5", "tracking": "box", "description": "Kept <i>"}
    answer = client("mara").post("/records/items/new", data=told)
    assert answer.status_code == 422
    for part in ("Smallest amount", "Keeps, days", "Tracked by", 'value="Kept &lt;i&gt;"', 'value="some"'):
        assert part in answer.text, part
    taken = client("mara").post("/records/items/new", data=ITEM | {"sku": "21000"})
    assert taken.status_code == 409
    assert "already exists" in taken.text


def test_tracking_is_tightened_after_a_word_about_what_lies_there(client: Client, office: Office, world: World) -> None:
    mara, item = client("mara"), item_of(office, "21000")
    where, told = f"/records/items/{item.item_id}", told_of(item, tracking="lot", needs_expiry="yes")
    asked = mara.post(where, data=told)
    assert asked.status_code == 409
    assert "lies there without a lot" in asked.text
    assert "has no last day" in asked.text
    assert re.search(r'name="needs_expiry" value="yes" checked', asked.text)
    assert item_of(office, "21000").tracking == "none"
    assert mara.post(where, data=told | {"confirmed": "yes"}).status_code == 303
    changed = item_of(office, "21000")
    assert (changed.tracking, changed.needs_expiry) == ("lot", True)
    refused = mara.post(where, data=told_of(changed, unit="kg"))
    assert refused.status_code == 409
    assert "has movements in each" in refused.text


def test_packs_are_told_in_smaller_packs_too_and_end_on_a_day(client: Client, office: Office, world: World) -> None:
    mara, item_id = client("mara"), world.items["21000"]
    where = f"/records/items/{item_id}/packs"
    for level, amount, day in (("case", "12", "2026-03-02"), ("pallet", "40 cases", "2026-03-02")):
        assert mara.post(where, data={"level": level, "amount": amount, "valid_from": day}).status_code == 303
    page = mara.get(f"/records/items/{item_id}").text
    assert "480<span" in page
    assert "40 cases" in page
    assert mara.post(where, data={"level": "case", "valid_from": "2026-03-02", "ends": "yes"}).status_code == 303
    assert "What was told in earlier packs" in mara.get(f"/records/items/{item_id}").text
    for told in (
        {"level": "case", "amount": "1.5", "valid_from": "2026-03-02"},
        {"level": "case", "amount": "", "valid_from": "2026-03-02"},
        {"level": "crate", "amount": "2", "valid_from": "2026-03-02"},
        {"level": "case", "amount": "2", "valid_from": "today"},
    ):
        assert mara.post(where, data=told).status_code == 422, told


def test_the_page_of_an_item_says_what_it_is_and_how_many_packs_lie_there(
    client: Client, office: Office, world: World
) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        item_id = world.items["21000"]
        records.set_pack(ctx, item_id, "case", Decimal(2), NOON.date())
        records.add_barcode(ctx, item_id, "CASE-1", "case")
        records.change_item(ctx, item_id, replace(records.item(ctx, item_id).as_new, shelf_life_days=60))
        level = stock.stock_of(ctx, world.site_id, item_id)
    assert level is not None
    assert level.on_hand > 1
    page = client("vera").get("/items/21000").text
    for words in ("case of 2 each", "CASE-1", "60 days", f"on hand: {in_words(level.on_hand, [CASE], 'each')}"):
        assert words in page, words


def test_a_barcode_is_on_one_item_and_comes_off_again(client: Client, office: Office, world: World) -> None:
    mara = client("mara")
    first, second = (f"/records/items/{world.items[sku]}/barcodes" for sku in ("21000", "21001"))
    assert mara.post(first, data={"barcode": " CASE-1 ", "level": "case"}).status_code == 303
    assert mara.post(second, data={"barcode": "CASE-1"}).status_code == 409
    assert mara.post(f"{first}/remove", data={"barcode": "CASE-1"}).status_code == 303
    assert mara.post(second, data={"barcode": "CASE-1"}).status_code == 303


def test_an_item_that_is_phased_out_is_shown_on_wish(client: Client, world: World) -> None:
    mara, where = client("mara"), f"/records/items/{world.items['21000']}"
    assert mara.post(f"{where}/archive").status_code == 303
    assert "21000 is phased out" in mara.get(where).text
    assert "21000" not in mara.get("/items").text
    assert "21000" in mara.get("/items", params={"show": "archived"}).text
    assert "phased out" in mara.get("/items/21000").text
    assert mara.post(f"{where}/restore").status_code == 303
    assert "21000" in mara.get("/items").text


def test_a_warehouse_is_described_on_pages_alone(client: Client, office: Office, world: World) -> None:
    mara = client("mara")
    site = {"code": "NORTH", "name": "North", "time_zone": "Europe/Berlin", "width_m": "20", "depth_m": "12.5"}
    done = mara.post("/records/sites/new", data=site)
    assert done.status_code == 303
    where = done.headers["location"]
    zone = {
        "code": "COLD", "name": "Cold room", "kind": "chilled", "x_m": "1", "y_m": "1", "width_m": "6", "depth_m": "5",
        "low_degc": "2", "high_degc": "8", "delay": "10",
    }  # fmt: skip
    assert mara.post(f"{where}/zones/new", data=zone).status_code == 303
    with office.database.transaction() as tx:
        zone_id = value(tx, "select max(zone_id) from zone")
    place = {"code": "C-01", "kind": "bin", "zone_id": str(zone_id), "sku": "21000", "capacity": "80", "x_m": "2",
             "y_m": "2", "width_m": "1", "depth_m": "1"}  # fmt: skip
    another = mara.post(f"{where}/places/new", data=place | {"another": "yes"})
    assert another.headers["location"] == f"{where}/places/new"
    made = mara.post(f"{where}/places/new", data=place | {"code": "C-02", "zone_id": "", "sku": ""})
    assert made.headers["location"].startswith("/records/places/")
    listed = mara.get("/places", params={"site": "NORTH"}).text
    assert "C-01" in listed
    assert "C-02" in listed
    assert "packing bench" in listed
    assert "A-001" not in listed
    shown = mara.get("/floor", params={"site": "NORTH"}).text
    assert "Cold room" in shown
    assert "Cold room" in mara.get("/records/sites").text


def test_a_place_form_names_what_does_not_exist(client: Client, world: World) -> None:
    mara, where = client("mara"), f"/records/sites/{world.site_id}/places/new"
    told = {"code": "Z-1", "kind": "shelf", "sku": "NOPE", "zone_id": "x", "x_m": "1"}
    answer = mara.post(where, data=told)
    assert answer.status_code == 422
    for part in ("Kept for", "Zone", "Kind", 'value="NOPE"'):
        assert part in answer.text, part
    assert mara.post(where, data={"code": "Z-1", "kind": "bin", "zone_id": "99999"}).status_code == 404


def test_another_time_zone_is_explained_before_it_is_taken(client: Client, office: Office, world: World) -> None:
    mara, where = client("mara"), f"/records/sites/{world.site_id}"
    with office.context(person("root", Role.ADMIN)) as ctx:
        site = records.site_by_id(ctx, world.site_id)
    told: dict[str, Any] = {
        "code": site.code, "name": site.name, "time_zone": "Asia/Tokyo", "width_m": site.width_m,
        "depth_m": site.depth_m,
    }  # fmt: skip
    asked = mara.post(where, data=told)
    assert asked.status_code == 409
    assert "begin at midnight in Asia/Tokyo" in asked.text
    assert mara.post(where, data=told | {"confirmed": "yes"}).status_code == 303


def test_a_bin_with_goods_stays_in_use_and_an_empty_one_can_go(client: Client, office: Office, world: World) -> None:
    mara, place_id = client("mara"), world.bins["A-001"]
    refused = mara.post(f"/records/places/{place_id}/archive")
    assert refused.status_code == 409
    assert "Move it first" in refused.text
    with office.database.transaction() as tx:
        run(tx, "update balance set on_hand = 0 where place_id = %s", (place_id,))
        run(tx, "update device set active = false where place_id = %s", (place_id,))
    assert mara.post(f"/records/places/{place_id}/archive").status_code == 303
    assert "A-001 is out of use" in mara.get(f"/records/places/{place_id}").text
    assert "A-001" not in mara.get("/places").text
    assert "A-001" in mara.get("/places", params={"show": "all"}).text
    # What moved there is still to be seen.
    assert "This bin is out of use." in mara.get(f"/bins/{place_id}").text
    assert mara.post(f"/records/places/{place_id}/restore").status_code == 303
    assert mara.get(f"/bins/{place_id}").status_code == 200


def test_places_of_the_books_have_no_form(client: Client, office: Office, world: World) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        place_id = records.place_by_code(ctx, world.site_id, "SUPPLIER").place_id
    assert client("mara").get(f"/records/places/{place_id}").status_code == 404
    assert "SUPPLIER" not in client("mara").get("/places").text


def test_pages_of_an_empty_installation_say_what_to_do_first(client: Client, office: Office, world: World) -> None:
    mara = client("mara")
    with office.database.transaction() as tx:
        tx.execute("set local session_replication_role = replica")
        for table in ("item", "site", "place", "zone"):
            tx.execute(f"delete from {table}")
    for path, words in (
        ("/items", "There are no items yet"), ("/records/sites", "There is no site yet"),
        ("/places", "There are no bins yet"),
    ):  # fmt: skip
        assert words in mara.get(path).text, path
