"""A plain warehouse from a few numbers, its racks on the map and from the front, and drawing by a program."""

from __future__ import annotations

from decimal import Decimal

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.records import service as records
from shelfwise.records.racks import PlainFloor
from shelfwise.stock import service as stock
from shelfwise.web.floor_racks import spread, strip
from shelfwise.web.floor_view import BinFacts, Box
from tests.web.conftest import Client
from tests.web.world import World

NUMBERS = {
    "aisles": "2", "bays": "3", "levels": "2", "positions": "1", "docks": "2", "first": "R", "bay_width_m": "2.7",
    "depth_m": "1.1", "gangway_m": "3", "height_m": "1.5", "load_kg": "800", "quarantine": "yes",
    "pattern": "{aisle}-{bay:2}-{level:2}",
}  # fmt: skip


def new_site(office: Office) -> int:
    with office.context(person("root", Role.ADMIN)) as ctx:
        return records.add_site(ctx, code="NEW", name="New", time_zone="Europe/London", width_m=5, depth_m=5)


def test_a_few_numbers_are_shown_as_a_plan_and_make_the_racks(client: Client, office: Office, world: World) -> None:
    site_id, mara = new_site(office), client("mara")
    page = f"/records/sites/{site_id}/lay-out"
    usual = PlainFloor()
    assert f"{usual.aisles * usual.bays * usual.levels} bins" in mara.get(page).text
    plan = mara.get(page, params=NUMBERS).text
    assert "12 bins" in plan
    assert "R-01-01" in plan
    assert "S-03-02" in plan
    odd = mara.get(page, params=NUMBERS | {"aisles": "many"})
    assert (odd.status_code, "many" in odd.text) == (200, True)
    assert mara.post(page, data=NUMBERS | {"bays": "0"}).status_code == 422
    done = mara.post(page, data=NUMBERS)
    assert (done.status_code, done.headers["location"]) == (303, "/floor?site=NEW")
    with office.context(person("root", Role.ADMIN)) as ctx:
        floor = records.floor_of(ctx, site_id)
        zones = {zone.zone_id: zone.code for zone in floor.zones}
        placed = {one.code: zones.get(one.zone_id or 0) for one in floor.places}
        assert len(floor.places) == 12 + 2 + 1 + 1
        assert (placed["R-01-01"], placed["DOCK-2"], placed["Q-01"]) == ("RACKS", "DOCKS", "QUARANTINE")
    again = mara.post(page, data=NUMBERS)
    assert (again.status_code, "already exists" in again.text) == (409, True)


def test_levels_share_a_bay_on_the_map_and_stand_above_each_other_from_the_front(
    client: Client, office: Office, world: World
) -> None:
    site_id, mara = new_site(office), client("mara")
    mara.post(f"/records/sites/{site_id}/lay-out", data=NUMBERS)
    with office.context(person("root", Role.ADMIN)) as ctx:
        place_id = records.place_by_code(ctx, site_id, "R-02-02").place_id
        stock.opening_stock(ctx, [(world.items["21001"], place_id, Decimal(5))])
    page = mara.get("/floor?site=NEW").text
    assert 'href="/floor/rack?site=NEW&amp;aisle=R"' in page
    assert "Aisle R" in page
    rack = mara.get("/floor/rack?site=NEW&aisle=R").text
    assert "Aisle R from the front: 3 bays, 2 levels, 6 bins." in rack
    assert f'href="/bins/{place_id}"' in rack
    assert mara.get("/floor/rack?site=NEW&aisle=X").status_code == 404


def test_the_levels_of_a_bay_get_a_strip_each_and_neighbours_keep_theirs() -> None:
    bay, upright = Box(1, 1, 3, 1), Box(5, 1, 1, 2)
    drawn = spread([
        BinFacts(1, "A-1-2", bay, aisle="A", level=2), BinFacts(2, "A-1-1", bay, aisle="A", level=1),
        BinFacts(3, "A-1-3", bay, aisle="A", level=3), BinFacts(4, "B", upright),
    ])  # fmt: skip
    assert {one.code: one.box for one in drawn} == {
        "A-1-1": Box(1, 1, 1, 1), "A-1-2": Box(2, 1, 1, 1), "A-1-3": Box(3, 1, 1, 1), "B": upright,
    }  # fmt: skip
    assert strip(upright, 1, 2) == Box(5, 2, 1, 1)


def test_a_program_draws_over_the_floor_it_has_seen(client: Client, office: Office, world: World) -> None:
    site_id, mara = new_site(office), client("mara")
    here = f"/api/v1/sites/{site_id}/floor"
    seen = mara.get(here).json()
    dock = next(one["place_id"] for one in seen["places"] if one["code"] == "DOCK")
    draft = {
        "seen": seen["seen"], "width_m": 30, "depth_m": 20,
        "zones": [{"code": "Q", "name": "Q", "kind": "quarantine", "x_m": 0, "y_m": 0, "width_m": 9, "depth_m": 9}],
        "racks": [{"aisle": "A", "x_m": 1, "y_m": 1, "bays": 2, "levels": 3}],
        "moved": [{"place_id": dock, "x_m": 1, "y_m": 15, "width_m": 3, "depth_m": 2}],
    }  # fmt: skip
    said = mara.post(here, json=draft | {"only_say": True}).json()
    assert said["words"] == "6 places are made, 1 place moves, 1 zone is made, the floor gets another size."
    assert mara.get(here).json() == seen
    assert mara.post(here, json=draft).json() == said
    late = mara.post(here, json=draft)
    assert (late.status_code, "Nothing of yours is lost" in late.text) == (409, True)
    wrong = mara.post(here, json={"zones": [draft["zones"][0] | {"code": "P", "x_m": 25}]})
    assert (wrong.status_code, wrong.json()["faults"][0]["where"]) == (422, "zone P")
    assert client("omar").post(here, json=draft).status_code == 403
