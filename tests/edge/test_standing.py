"""Where devices stand: dated moves, corrections, antennas, scales; and what late readings are taken for."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfwise.access.context import Context
from shelfwise.access.model import Role, person
from shelfwise.core.errors import Forbidden, Invalid, NotFound
from shelfwise.edge import devices
from shelfwise.edge.standing import NOWHERE, Spot, covers, move_device, standing_at, where_it_stood
from shelfwise.edge.tables import StoredReading
from shelfwise.records import service as records
from shelfwise.records.model import NewPlace
from shelfwise.stock import service as stock
from shelfwise.store.database import values
from tests.conftest import NOON


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


@pytest.fixture
def site_id(ctx: Context) -> int:
    return records.add_site(ctx, code="MAIN", name="Main", time_zone="Europe/Berlin", width_m=40, depth_m=25)


@pytest.fixture
def item_id(ctx: Context) -> int:
    return records.add_item(ctx, sku="MUG", unit_weight_g=350.0)


@pytest.fixture
def bins(ctx: Context, site_id: int, item_id: int) -> dict[str, int]:
    codes = ("A-01", "A-02")
    return records.add_places(ctx, site_id, [NewPlace(code, "bin", item_id=item_id) for code in codes])


def stood(ctx: Context, device: str) -> list[tuple[int, str, datetime | None, datetime | None]]:
    return [(one.antenna, one.where, one.from_at, one.until_at) for one in where_it_stood(ctx, device)]


def test_the_first_place_counts_for_all_a_device_has_said_and_a_move_from_its_instant_on(
    ctx: Context, bins: dict[str, int]
) -> None:
    devices.add_device(ctx, "scale-7", place_id=bins["A-01"])
    move_device(replace(ctx, now=at(9)), "scale-7", Spot(place_id=bins["A-02"]), at=at(5))
    assert stood(ctx, "scale-7") == [(0, "A-02", at(5), None), (0, "A-01", None, at(5))]
    (state,) = devices.device_states(ctx)
    assert state.place_id == bins["A-02"]
    move_device(replace(ctx, now=at(9)), "scale-7", Spot(place_id=bins["A-02"]))
    assert len(stood(ctx, "scale-7")) == 2


def test_a_move_told_again_with_its_instant_corrects_it(ctx: Context, bins: dict[str, int]) -> None:
    devices.add_device(ctx, "scale-7", place_id=bins["A-01"])
    for code in ("A-02", "A-01"):
        move_device(ctx, "scale-7", Spot(place_id=bins[code], tare_g=1200.0), at=at(-5))
    assert stood(ctx, "scale-7") == [(0, "A-01", at(-5), None), (0, "A-01", None, at(-5))]


def test_a_device_that_was_taken_away_stands_nowhere_and_comes_back_later(ctx: Context, bins: dict[str, int]) -> None:
    devices.add_device(ctx, "scale-7", place_id=bins["A-01"])
    move_device(replace(ctx, now=at(1)), "scale-7", NOWHERE)
    assert devices.site_of_device(ctx, "scale-7") is None
    move_device(replace(ctx, now=at(2)), "scale-7", Spot(place_id=bins["A-01"]))
    assert stood(ctx, "scale-7") == [(0, "A-01", at(2), None), (0, "A-01", None, at(1))]


@pytest.mark.parametrize(
    ("to", "minute", "words"),
    [
        (Spot(), 10, "a time that is past"),
        (Spot(), -10, "when it last moved, or later"),
        (Spot(tare_g=-1), None, "a weight in g"),
        (Spot(exact_to_g=0), None, "a weight in g"),
        (Spot(way="in"), None, "at a dock"),
    ],
)
def test_what_cannot_be_right_is_refused_in_words(
    ctx: Context, bins: dict[str, int], to: Spot, minute: float | None, words: str
) -> None:
    devices.add_device(ctx, "scale-7", place_id=bins["A-01"])
    move_device(ctx, "scale-7", Spot(place_id=bins["A-02"]), at=at(-5))
    with pytest.raises(Invalid, match=words):
        move_device(ctx, "scale-7", replace(to, place_id=bins["A-01"]), at=None if minute is None else at(minute))
    assert len(stood(ctx, "scale-7")) == 2


def test_antennas_stand_by_themselves_and_a_dock_names_all_that_looks_at_it(ctx: Context, site_id: int) -> None:
    dock = records.place_by_code(ctx, site_id, "DOCK").place_id
    devices.add_device(ctx, "gate", place_id=dock)
    move_device(ctx, "gate", Spot(place_id=dock, way="outside"), antenna=1)
    move_device(ctx, "gate", Spot(place_id=dock, way="inside"), antenna=2)
    assert [(one.device, one.antenna, one.way) for one in standing_at(ctx, place_id=dock)] == [
        ("gate", 0, None), ("gate", 1, "outside"), ("gate", 2, "inside"),
    ]  # fmt: skip
    assert values(ctx.tx, "select detail->>'what' from audit_entry where action = 'device.move'") == [
        ("the antenna 1 of ",), ("the antenna 2 of ",),
    ]  # fmt: skip


def test_only_who_manages_devices_at_both_sites_moves_one_from_the_one_to_the_other(
    ctx: Context, site_id: int, bins: dict[str, int]
) -> None:
    other = records.add_site(ctx, code="OTHER", name="Other", time_zone="UTC", width_m=9, depth_m=9)
    there = records.place_by_code(ctx, other, "DOCK").place_id
    devices.add_device(ctx, "scale-7", place_id=bins["A-01"])
    nell = replace(ctx, actor=person("nell", None, {site_id: Role.MANAGER}))
    for to in (Spot(place_id=there), Spot(place_id=there, tare_g=1.0)):
        with pytest.raises(Forbidden):
            move_device(nell, "scale-7", to)
    move_device(ctx, "scale-7", Spot(place_id=there), at=at(-1))
    move_device(ctx, "scale-7", Spot(place_id=bins["A-02"]))
    assert [one.where for one in where_it_stood(nell, "scale-7")] == ["A-02", "", "A-01"]
    with pytest.raises(NotFound):
        move_device(ctx, "scale-7", Spot(place_id=10**9))


def test_a_bin_shows_what_its_scale_weighs_less_the_tare_and_nothing_of_before_it_came(
    ctx: Context, site_id: int, bins: dict[str, int], item_id: int
) -> None:
    lid = records.add_item(ctx, sku="LID", unit_weight_g=20.0)
    stock.opening_stock(ctx, [(item_id, bins["A-02"], Decimal(3)), (lid, bins["A-02"], Decimal(50))])
    devices.add_device(ctx, "scale-7", place_id=bins["A-01"])
    devices.remember_latest(ctx, [StoredReading(1, 1, "scale-7", "weight", 3500.0, None, NOON, NOON)])

    def shown() -> dict[str, tuple[object, ...]]:
        return {
            one.code: (one.scale, one.sku, one.on_hand, one.observed, one.doubt)
            for one in stock.bins(ctx, site_id)
            if one.kind == "bin"
        }

    assert shown()["A-01"] == ("scale-7", "MUG", 0, 10.0, None)
    spot = Spot(place_id=bins["A-02"], item_id=lid, tare_g=500.0, exact_to_g=10.0)
    move_device(replace(ctx, now=at(1)), "scale-7", spot)
    assert shown() == {"A-01": (None, "MUG", 0, None, None), "A-02": ("scale-7", "LID", 50, None, 0.5)}
    devices.remember_latest(ctx, [StoredReading(1, 2, "scale-7", "weight", 1480.0, None, at(2), at(2))])
    assert shown()["A-02"] == ("scale-7", "LID", 50, 49.0, 0.5)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=6, unique=True), st.integers(-5, 60))
def test_each_instant_belongs_to_one_stay_and_no_other(moves: list[int], minute: int) -> None:
    ends = [None, *(at(one) for one in sorted(moves)), None]
    assert sum(covers(begin, end, at(minute)) for begin, end in pairwise(ends)) == 1
