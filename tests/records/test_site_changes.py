"""Sites, zones and places: what may be changed of them, and when a place may go out of use."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from shelfwise.access.context import Context
from shelfwise.core.errors import Invalid, NotFound, Refused
from shelfwise.edge import devices
from shelfwise.records import service
from shelfwise.records.changes import NeedsWord
from shelfwise.records.model import NewPlace
from shelfwise.stock import service as stock
from tests.records.test_items import last_audit
from tests.records.test_records import add_site


def as_new(ctx: Context, place_id: int) -> NewPlace:
    return service.place(ctx, place_id).as_new


def test_a_site_gets_another_name_and_size(ctx: Context) -> None:
    site_id = add_site(ctx)
    before = service.site_by_id(ctx, site_id)
    told = replace(before, site_id=99, name="North", width_m=50, provenance="invented")
    after = service.change_site(ctx, site_id, told)
    assert after == service.site_by_id(ctx, site_id) == replace(before, name="North", width_m=50)
    assert last_audit(ctx) == (
        "site.changed", {"before": {"name": "Main", "width_m": 40}, "after": {"name": "North", "width_m": 50}},
    )  # fmt: skip
    with pytest.raises(Invalid, match="IANA"):
        service.change_site(ctx, site_id, replace(before, time_zone="Mars/Olympus"))
    add_site(ctx, "OTHER")
    with pytest.raises(Refused, match="site 'OTHER' already"):
        service.change_site(ctx, site_id, replace(before, code="OTHER"))
    with pytest.raises(NotFound, match="99"):
        service.change_site(ctx, 99, before)


def test_another_time_zone_takes_a_word_for_it_means_other_days(ctx: Context) -> None:
    site_id = add_site(ctx)
    told = replace(service.site_by_id(ctx, site_id), time_zone="Asia/Tokyo")
    with pytest.raises(NeedsWord, match=r"midnight in Asia/Tokyo then, where it is 21:00 on 2 Mar now, .*13:00"):
        service.change_site(ctx, site_id, told)
    assert service.change_site(ctx, site_id, told, confirmed=True).time_zone == "Asia/Tokyo"


def test_a_zone_gets_other_limits_and_stays_at_its_site(ctx: Context) -> None:
    site_id = add_site(ctx)
    zone_id = service.add_zone(
        ctx, site_id=site_id, code="C", name="Cold", kind="chilled", x_m=0, y_m=0, width_m=5, depth_m=5, low_degc=2,
        high_degc=8,
    )  # fmt: skip
    before = service.zone(ctx, zone_id)
    after = service.change_zone(ctx, zone_id, replace(before, site_id=99, high_degc=6, delay=timedelta(minutes=5)))
    assert after == service.zone(ctx, zone_id) == replace(before, high_degc=6, delay=timedelta(minutes=5))
    assert last_audit(ctx)[1] == {
        "before": {"high_degc": 8.0, "delay": "0:10:00"}, "after": {"high_degc": 6, "delay": "0:05:00"},
    }  # fmt: skip
    with pytest.raises(Invalid, match="below high_degc"):
        service.change_zone(ctx, zone_id, replace(before, low_degc=9))
    with pytest.raises(NotFound, match="99"):
        service.change_zone(ctx, 99, before)


def test_a_bin_moves_on_the_floor_and_belongs_to_another_item(ctx: Context) -> None:
    site_id, item_id = add_site(ctx), service.add_item(ctx, sku="MUG")
    place_id = service.add_place(ctx, site_id=site_id, code="A-01")
    told = NewPlace("A-02", "bin", None, 1, 2, 3, 4, item_id, Decimal(60), "A", 2, 3, 1, 1.2, 400)
    after = service.change_place(ctx, place_id, told)
    assert after == service.place(ctx, place_id)
    assert as_new(ctx, place_id) == told
    assert last_audit(ctx)[1]["after"]["capacity"] == "60"
    with pytest.raises(Refused, match="place 'DOCK' already"):
        service.change_place(ctx, place_id, replace(told, code="DOCK"))
    with pytest.raises(NotFound, match="item 99"):
        service.change_place(ctx, place_id, replace(told, item_id=99))
    with pytest.raises(NotFound, match="zone of this site"):
        service.change_place(ctx, place_id, replace(told, zone_id=99))


def test_a_place_with_goods_stays_what_it_is_and_in_use(ctx: Context) -> None:
    site_id, item_id = add_site(ctx), service.add_item(ctx, sku="MUG")
    place_id = service.add_place(ctx, site_id=site_id, code="A-01")
    stock.opening_stock(ctx, [(item_id, place_id, Decimal(12))])
    with pytest.raises(Refused, match="taken out of use while 12 each of MUG lies there"):
        service.archive_place(ctx, place_id)
    with pytest.raises(Refused, match="made a packing bench while 12 each"):
        service.change_place(ctx, place_id, NewPlace("A-01", "packing"))


def test_an_empty_place_goes_out_of_use_and_comes_back(ctx: Context) -> None:
    site_id, item_id = add_site(ctx), service.add_item(ctx, sku="MUG")
    place_id = service.add_place(ctx, site_id=site_id, code="A-01")
    assert service.archive_place(ctx, place_id).archived
    assert last_audit(ctx) == ("place.archived", {"code": "A-01"})
    assert "A-01" not in {one.code for one in service.places(ctx, site_id)}
    assert "A-01" in {one.code for one in service.places(ctx, site_id, archived=True)}
    assert "A-01" not in {one.code for one in stock.bins(ctx, site_id)}
    # What is found there all the same is seen.
    stock.opening_stock(ctx, [(item_id, place_id, Decimal(1))])
    assert "A-01" in {one.code for one in stock.bins(ctx, site_id)}
    assert not service.restore_place(ctx, place_id).archived
    assert "A-01" in {one.code for one in service.places(ctx, site_id)}


def test_a_site_keeps_a_dock_a_packing_bench_and_the_places_of_its_books(ctx: Context) -> None:
    site_id = add_site(ctx)
    known = {one.code: one.place_id for one in service.places(ctx, site_id)}
    with pytest.raises(Refused, match="DOCK is the last dock of its site"):
        service.archive_place(ctx, known["DOCK"])
    with pytest.raises(Refused, match="PACKING is the last packing bench"):
        service.change_place(ctx, known["PACKING"], NewPlace("PACKING", "bin"))
    for code in ("SUPPLIER", "UNACCOUNTED"):
        with pytest.raises(Refused, match="no place of the floor"):
            service.archive_place(ctx, known[code])
        with pytest.raises(Refused, match="no place of the floor"):
            service.change_place(ctx, known[code], NewPlace("X"))
    service.add_place(ctx, site_id=site_id, code="DOCK-2", kind="dock")
    assert service.archive_place(ctx, known["DOCK"]).archived


def test_a_place_where_a_device_stands_stays_in_use(ctx: Context) -> None:
    site_id = add_site(ctx)
    place_id = service.add_place(ctx, site_id=site_id, code="A-01")
    devices.add_device(ctx, "scale-7", place_id=place_id, secret="secret-of-scale-7")
    with pytest.raises(Refused, match="scale-7 stands at A-01"):
        service.archive_place(ctx, place_id)
