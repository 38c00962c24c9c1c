"""Counting on a page: started for bins, told place by place, finished, and posted by somebody else."""

from __future__ import annotations

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.records import service as records
from shelfwise.store.database import values
from tests.web.conftest import Client
from tests.web.world import World


def on_hand(office: Office, world: World, sku: str, place: str) -> int:
    with office.database.transaction() as tx:
        found = values(
            tx,
            "select coalesce(sum(on_hand), 0) from balance where item_id = %s and place_id = %s",
            (world.items[sku], world.bins[place]),
        )
    return int(found[0][0])


def test_bins_are_counted_one_after_the_other_and_a_manager_posts_what_differs(
    client: Client, office: Office, world: World
) -> None:
    omar, mara = client("omar"), client("mara")
    made = omar.post("/counts", data={"site": "LON", "bins": "A-001 a-002"})
    assert made.headers["location"] == "/counts/1"
    before = on_hand(office, world, "21000", "A-001")
    page = omar.get("/counts/1").text
    assert "How many lie in A-001?" in page
    assert f">{before}<" not in page
    told = {"source": "s1", "sku": ["21000", "21009"], "lot": ["", ""], "amount": [str(before), "7"]}
    assert omar.post(f"/counts/1/places/{world.bins['A-001']}", data=told).status_code == 303
    assert omar.post("/counts/1/finish").status_code == 409
    assert "How many lie in A-002?" in omar.get("/counts/1").text
    missing = {"source": "s2", "sku": "21001", "lot": "", "amount": ""}
    assert omar.post(f"/counts/1/places/{world.bins['A-002']}", data=missing).status_code == 422
    assert omar.post(f"/counts/1/places/{world.bins['A-002']}", data={**missing, "amount": "1"}).status_code == 303
    assert omar.post("/counts/1/finish").status_code == 303
    assert omar.post("/counts/1/approve").status_code == 403
    assert "differences to look at" in mara.get("/counts").text
    assert mara.post("/counts/1/again", data={"place": str(world.bins["A-002"])}).status_code == 303
    assert (
        omar.post(
            f"/counts/1/places/{world.bins['A-002']}", data={**missing, "source": "s3", "amount": "2"}
        ).status_code
        == 303
    )
    omar.post("/counts/1/finish")
    assert mara.post("/counts/1/approve").status_code == 303
    assert on_hand(office, world, "21000", "A-001") == before
    assert on_hand(office, world, "21009", "A-001") == 7
    assert on_hand(office, world, "21001", "A-002") == 2
    assert "Where books and shelves differ" in mara.get("/counts/1").text


def test_what_to_count_is_a_zone_bins_that_begin_so_or_an_item(client: Client, world: World) -> None:
    omar = client("omar")
    for wanted in ({"zone": str(world.zones["A"])}, {"bins": "A-0*"}, {"item": "21000"}):
        assert omar.post("/counts", data={"site": "LON", **wanted}).status_code == 303
    for wrong in ({}, {"bins": "NOWHERE"}, {"zone": "x"}):
        assert omar.post("/counts", data={"site": "LON", **wrong}).status_code == 422
    assert omar.post("/counts/1/cancel", data={"reason": "wrong aisle"}).status_code == 303
    assert "cancelled" in omar.get("/counts").text


def test_an_item_that_was_not_expected_is_told_by_its_barcode(client: Client, office: Office, world: World) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        records.add_barcode(ctx, world.items["21009"], "4006381333931")
    omar = client("omar")
    omar.post("/counts", data={"site": "LON", "bins": "A-001"})
    told = {"source": "s1", "sku": ["(01)04006381333931", "nothing"], "lot": ["", ""], "amount": ["7", ""]}
    assert omar.post(f"/counts/1/places/{world.bins['A-001']}", data=told).status_code == 422
    told["sku"] = ["(01)04006381333931"]
    assert omar.post(f"/counts/1/places/{world.bins['A-001']}", data=told).status_code == 303
    with office.database.transaction() as tx:
        assert values(tx, "select item_id from count_line where counted = 7") == [(world.items["21009"],)]
