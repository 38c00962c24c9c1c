"""Changing a whole floor at once: all of it or nothing, told beforehand, and never over somebody else's changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from shelfwise.access.context import Context
from shelfwise.core.errors import Invalid, NotFound, Refused
from shelfwise.edge import devices
from shelfwise.records import service
from shelfwise.records.drawing import FloorChanged
from shelfwise.records.floor_model import Draft, Drawn, Footprint
from shelfwise.records.model import NewPlace, Zone
from shelfwise.records.racks import Rack
from shelfwise.stock import service as stock
from tests.records.test_items import last_audit
from tests.records.test_records import add_site

COLD = Zone(0, 0, "C", "Cold room", "chilled", 0, 0, 9, 9, 2, 8, timedelta(minutes=10))
RACK = Rack("A", 1, 1, bays=2, levels=2, bay_width_m=3, depth_m=1)


def ids(ctx: Context, site_id: int) -> dict[str, int]:
    return {one.code: one.place_id for one in service.places(ctx, site_id, archived=True)}


def test_a_draft_is_carried_out_whole_and_says_what_it_did(ctx: Context) -> None:
    site_id = add_site(ctx)
    old = service.add_place(ctx, site_id=site_id, code="OLD")
    draft = Draft(
        zones=[COLD], racks=[RACK], places=[NewPlace("B-1", x_m=20, y_m=20, width_m=1, depth_m=1)],
        moved={ids(ctx, site_id)["DOCK"]: Footprint(1, 12, 3, 2)}, gone=[old],
    )  # fmt: skip
    done = service.draw_floor(ctx, site_id, draft)
    assert done == Drawn(bins_made=5, places_moved=1, places_gone=1, zones_made=1)
    assert done.words == "5 places are made, 1 place moves, 1 place goes out of use, 1 zone is made."
    floor = service.floor_of(ctx, site_id)
    (zone,) = floor.zones
    assert {one.code: one.zone_id for one in floor.places} == {
        "A-01-01": zone.zone_id, "A-01-02": zone.zone_id, "A-02-01": zone.zone_id, "A-02-02": zone.zone_id,
        "B-1": None, "DOCK": None, "PACKING": None,
    }  # fmt: skip
    assert last_audit(ctx)[1]["gone"] == ["OLD"]


def test_what_a_draft_would_do_is_said_and_not_done(ctx: Context) -> None:
    site_id = add_site(ctx)
    before = service.floor_of(ctx, site_id)
    said = service.draw_floor(ctx, site_id, Draft(racks=[RACK], size=(50, 30)), only_say=True)
    assert said == Drawn(bins_made=4, resized=True)
    assert service.floor_of(ctx, site_id) == before


def test_bins_follow_the_zone_that_is_drawn_over_them_and_lose_the_one_that_goes(ctx: Context) -> None:
    site_id = add_site(ctx)
    service.draw_floor(ctx, site_id, Draft(zones=[COLD], racks=[RACK]))
    floor = service.floor_of(ctx, site_id)
    (cold,) = floor.zones
    small = replace(COLD, code="F", kind="frozen", x_m=3.9, width_m=3.5, depth_m=3)
    service.draw_floor(ctx, site_id, Draft(zones=[small]))
    zones = {zone.code: zone.zone_id for zone in service.zones(ctx, site_id)}
    assert {one.code: one.zone_id for one in service.places(ctx, site_id) if one.aisle} == {
        "A-01-01": cold.zone_id, "A-01-02": cold.zone_id, "A-02-01": zones["F"], "A-02-02": zones["F"],
    }  # fmt: skip
    done = service.draw_floor(ctx, site_id, Draft(zones=[replace(cold, x_m=20)], zones_gone=[zones["F"]]))
    assert (done.zones_changed, done.zones_gone) == (1, 1)
    assert {one.zone_id for one in service.places(ctx, site_id) if one.aisle} == {None}


def test_goods_devices_codes_and_edges_stand_in_the_way_and_nothing_is_done(ctx: Context) -> None:
    site_id, item_id = add_site(ctx), service.add_item(ctx, sku="MUG")
    service.draw_floor(ctx, site_id, Draft(zones=[COLD], racks=[RACK]))
    known = ids(ctx, site_id)
    stock.opening_stock(ctx, [(item_id, known["A-01-01"], Decimal(5))])
    devices.add_device(ctx, "scale-1", place_id=known["A-01-02"])
    zone_id = service.zones(ctx, site_id)[0].zone_id
    devices.add_device(ctx, "thermo", zone_id=zone_id)
    before = service.floor_of(ctx, site_id)
    for draft, error, said in (
        (Draft(gone=[known["A-01-01"], known["A-01-02"], known["A-02-01"]]), Refused, "A-01-01, A-01-02 cannot go"),
        (Draft(gone=[known["DOCK"]]), Refused, "last dock"),
        (Draft(zones_gone=[zone_id]), Refused, "thermometer stands there"),
        (Draft(racks=[replace(RACK, y_m=5)]), Refused, "'A-01-01' already exists"),
        (Draft(zones=[replace(COLD, x_m=20)]), Refused, "zone 'C' already"),
        (Draft(racks=[replace(RACK, aisle="B")]), Invalid, "it stands in B-01-01"),
        (Draft(moved={known["A-01-01"]: Footprint(39, 1, 3, 1)}), Invalid, "on the floor of 40 × 25 m"),
        (Draft(moved={known["SCRAP"]: Footprint(9, 1, 3, 1)}), NotFound, "place in use at this site"),
        (Draft(gone=[known["A-02-01"]], zones=[replace(COLD, code="D", width_m=99)]), Invalid, "zone D"),
    ):
        with pytest.raises(error, match=said):
            service.draw_floor(ctx, site_id, draft)
    assert service.floor_of(ctx, site_id) == before


def test_who_draws_over_a_floor_that_somebody_else_changed_is_told(ctx: Context) -> None:
    site_id = add_site(ctx)
    seen = service.floor_of(ctx, site_id).seen
    service.draw_floor(ctx, site_id, Draft(seen, racks=[RACK]))
    with pytest.raises(FloorChanged, match="Nothing of yours is lost"):
        service.draw_floor(ctx, site_id, Draft(seen, zones=[COLD]))
    now = service.floor_of(ctx, site_id).seen
    service.change_place(ctx, ids(ctx, site_id)["A-01-01"], NewPlace("A-01-99"))
    with pytest.raises(FloorChanged):
        service.draw_floor(ctx, site_id, Draft(now, zones=[COLD]))
    service.draw_floor(ctx, site_id, Draft(service.floor_of(ctx, site_id).seen, zones=[COLD]))
