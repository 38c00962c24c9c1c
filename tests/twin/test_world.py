"""The invented world is consistent: bins inside their zones and apart, whole weeks, stock to begin with."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from itertools import combinations
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from shelfwise.twin import sales, world
from shelfwise.twin.sales import Seller
from shelfwise.twin.world import World, build

LONDON = ZoneInfo("Europe/London")


@pytest.fixture(scope="module")
def sellers() -> list[Seller]:
    return sales.best_sellers()


@pytest.fixture(scope="module")
def built(sellers: list[Seller]) -> World:
    return build(sellers)


def test_the_best_sellers_are_goods_and_sell(sellers: list[Seller]) -> None:
    assert len(sellers) == 400
    assert all(re.fullmatch(r"\d{5}[A-Za-z]*", seller.sku) for seller in sellers)
    assert all(seller.daily > 0 and seller.price > 0 and seller.description for seller in sellers)
    assert all(list(seller.busy) == sorted(seller.busy) and seller.busy[0] > 0 for seller in sellers)
    assert [seller.lines for seller in sellers] == sorted((seller.lines for seller in sellers), reverse=True)


def test_bins_lie_inside_their_zones_and_do_not_overlap(built: World) -> None:
    zones = {zone.code: zone.box for zone in built.zones}
    assert all(zones[item.zone].holds(item.box) for item in built.items)
    assert len({item.bin_code for item in built.items}) == len(built.items)
    assert not any(a.box.overlaps(b.box) for a, b in combinations(built.items, 2))


def test_zones_lie_on_the_floor_and_do_not_overlap(built: World) -> None:
    floor = world.Box(0, 0, world.WIDTH_M, world.DEPTH_M)
    assert all(floor.holds(zone.box) for zone in built.zones)
    assert not any(a.box.overlaps(b.box) for a, b in combinations(built.zones, 2))
    (dock,) = (zone for zone in built.zones if zone.kind == "dock")
    assert dock.box.holds(built.dock)


def test_usual_temperatures_are_within_the_limits(built: World) -> None:
    for zone in built.zones:
        assert zone.low_degc is None or zone.low_degc < zone.usual_degc < (zone.high_degc or 99)
    assert {thermometer.zone for thermometer in built.thermometers} == {zone.code for zone in built.zones}
    assert sum(thermometer.lorawan for thermometer in built.thermometers) == 2


def test_every_item_has_stock_that_fits_its_bin_and_terms_that_can_be_met(built: World) -> None:
    suppliers = {supplier.code for supplier in built.suppliers}
    assert len(suppliers) == 6
    for item in built.items:
        assert 0 < item.opening <= item.capacity
        assert item.supplier in suppliers
        assert float(item.unit_cost) > 0
        assert item.minimum_order % item.pack_size == 0
        assert item.unit_weight_g > 0
    assert {item.supplier for item in built.items} == suppliers


def test_a_dozen_items_begin_below_what_a_busy_spell_needs_and_the_rest_do_not(
    built: World, sellers: list[Seller]
) -> None:
    stated = {supplier.code: round(supplier.stated_days) for supplier in built.suppliers}
    low = [
        item.opening < seller.busy[stated[item.supplier] + 1] for item, seller in zip(built.items, sellers, strict=True)
    ]
    assert sum(low) == world.NEAR_REORDER


def test_a_share_of_the_bins_stands_on_scales(built: World) -> None:
    scales = [item.scale for item in built.items if item.scale]
    assert len(scales) == len(set(scales)) == world.SCALES


def test_goods_of_the_chilled_room_lie_there_in_lots_that_have_not_expired(built: World) -> None:
    today = date(2026, 3, 2)
    cool = [item for item in built.items if item.zone == "C"]
    assert cool
    for item in cool:
        lots = item.lots(today)
        assert sum(pieces for _, pieces, _, _ in lots) == item.opening
        assert len({code for code, *_ in lots}) == len(lots)
        assert all(made < today < last_day for _, _, made, last_day in lots)
    assert all(not item.lots(today) for item in built.items if item.zone != "C")


def test_the_same_seed_gives_the_same_world(built: World, sellers: list[Seller]) -> None:
    assert build(sellers) == built
    assert build(sellers, seed=8) != built


def test_more_items_than_bins_are_refused(sellers: list[Seller]) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        build(sellers * 2)


@pytest.mark.parametrize("today", [date(2026, 11, 17), date(2026, 11, 18), date(2026, 11, 24), date(2030, 2, 28)])
def test_dates_move_by_whole_weeks_to_the_last_matching_weekday(today: date) -> None:
    shift = sales.shift_days(today)
    moved = sales.GO_LIVE_DAY + timedelta(days=shift)
    assert shift % 7 == 0
    assert moved.weekday() == sales.GO_LIVE_DAY.weekday()
    assert timedelta(0) <= today - moved < timedelta(days=7)


def test_go_live_is_the_beginning_of_a_local_day() -> None:
    assert sales.go_live(0, LONDON) == datetime(2010, 8, 31, 23, tzinfo=ZoneInfo("UTC"))


def test_lead_times_scatter_around_what_is_stated_and_are_the_same_when_asked_again() -> None:
    for supplier in world.SUPPLIERS:
        days = [world.true_lead_days(supplier, f"PO-{i:06d}", 7) for i in range(200)]
        assert supplier.stated_days * 0.8 < sum(days) / len(days) < supplier.stated_days * 1.5
        assert len(set(days)) == 200
        assert world.true_lead_days(supplier, "PO-000003", 7) == days[3]


def test_deliveries_add_up_to_what_was_ordered() -> None:
    parts = [
        world.deliveries(supplier, f"PO-{number}", 1, 48, 7) for supplier in world.SUPPLIERS for number in range(50)
    ]
    assert all(sum(quantity for _, quantity in part) == 48 for part in parts)
    assert all(days > 0 and quantity > 0 for part in parts for days, quantity in part)
    assert {len(part) for part in parts} == {1, 2}
    assert all(len(world.deliveries(supplier, "PO-1", 1, 1, 7)) == 1 for supplier in world.SUPPLIERS)


def test_history_ends_where_live_orders_begin_and_nothing_is_lost(tmp_path: Path) -> None:
    rows = sales.write_history(tmp_path / "history.parquet", 700)
    history = pl.read_parquet(tmp_path / "history.parquet")
    every = set(pl.read_parquet(sales.DATA)["StockCode"])
    live = sales.live_orders(every)
    assert rows == history.height
    assert rows + len(live) == 525_461
    assert history["InvoiceDate"].min() == "2011-11-01 07:45:00"
    assert [line.at for line in live] == sorted(line.at for line in live)
    assert min(line.at for line in live).date() == sales.GO_LIVE_DAY
    assert live[-1].at - live[0].at < sales.ROUND
    assert len({(line.order_number, line.line) for line in live}) == len(live)
