"""What pages read: bins with their scales, the stock list, an item's places and its movements."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from shelfwise.access.context import Context, Office
from shelfwise.access.model import Actor, Role, person
from shelfwise.core.errors import Forbidden
from shelfwise.edge import standing
from shelfwise.edge.standing import Spot
from shelfwise.records import service as records
from shelfwise.stock import service
from shelfwise.stock.model import NewMovement, StockLevel
from shelfwise.stock.reads import BinStock, ItemAt, StockRow
from shelfwise.store.database import run
from tests.conftest import NOON
from tests.stock.house import MANAGER, House, build_house


def stand(ctx: Context, device: str, place_id: int) -> None:
    run(ctx.tx, "insert into device (tenant_id, device, secret_hash) values (1, %s, '')", (device,))
    standing.begin(ctx.tx, 1, device, Spot(place_id=place_id), since=None, noted_at=NOON, noted_by="mara")


def weigh(ctx: Context, device: str, place_id: int, grams: float | None, minute: int = 0) -> None:
    stand(ctx, device, place_id)
    run(
        ctx.tx,
        """insert into device_latest (tenant_id, device, kind, value, observed_at, received_at)
           values (1, %s, 'weight', %s, %s, %s)""",
        (device, grams, NOON + timedelta(minutes=minute), NOON),
    )


def by_code(ctx: Context, house: House) -> dict[str, BinStock]:
    return {one.code: one for one in service.bins(ctx, house.site_id)}


def test_a_bin_shows_what_the_ledger_and_what_the_scale_say(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "10")
    weigh(ctx, "scale-1", house.place["A-1"], 9 * 350.0)
    found = by_code(ctx, house)
    assert sorted(found) == ["A-1", "A-2", "A-3", "DOCK"]
    mugs = found["A-1"]
    assert (mugs.sku, mugs.description, str(mugs.on_hand), mugs.others, str(mugs.capacity)) == (
        "MUG",
        "White mug",
        "10",
        0,
        "100",
    )
    assert (mugs.scale, mugs.observed, mugs.observed_at) == ("scale-1", 9.0, NOON)


def test_what_a_scale_cannot_know_is_unknown_and_never_zero(ctx: Context) -> None:
    house = build_house(ctx)
    weigh(ctx, "no-value", house.place["A-1"], None)
    weigh(ctx, "no-unit-weight", house.place["A-2"], 500.0)
    stand(ctx, "silent", house.place["A-3"])
    found = by_code(ctx, house)
    assert [(one.scale, one.observed) for one in found.values()] == [
        ("no-value", None), ("no-unit-weight", None), ("silent", None), (None, None),
    ]  # fmt: skip
    assert [one.observed_at for one in found.values()] == [NOON, NOON, None, None]


def test_a_bin_for_any_item_shows_what_lies_there(ctx: Context) -> None:
    house = build_house(ctx)
    empty = by_code(ctx, house)["A-3"]
    assert (empty.item_id, empty.sku, str(empty.on_hand), empty.others) == (None, None, "0", 0)
    house.fill(ctx, "A-3", "2", house.mug)
    house.fill(ctx, "A-3", "5", house.rope)
    house.fill(ctx, "A-1", "5", house.rope)
    found = by_code(ctx, house)
    assert (found["A-3"].sku, str(found["A-3"].on_hand), found["A-3"].others) == ("ROPE", "5", 1)
    assert (found["A-1"].sku, str(found["A-1"].on_hand), found["A-1"].others) == ("MUG", "0", 1)


def test_the_newest_weight_counts_where_two_scales_stand(ctx: Context) -> None:
    house = build_house(ctx)
    weigh(ctx, "old", house.place["A-1"], 350.0, minute=0)
    weigh(ctx, "new", house.place["A-1"], 700.0, minute=1)
    mugs = by_code(ctx, house)["A-1"]
    assert (mugs.scale, mugs.observed) == ("new", 2.0)


def test_the_stock_list_keeps_on_hand_reserved_available_and_on_order_apart(ctx: Context) -> None:
    house = build_house(ctx)
    records.add_item(ctx, sku="NEVER", description="never seen here")
    house.fill(ctx, "A-2", "10", house.rope)
    house.sell(ctx, "1", "4", house.rope)
    service.reserve_open(ctx, house.site_id)
    order = house.buy(ctx, "d1", "24")
    service.receive(ctx, order.purchase_order_id, 1, Decimal(5), house.place["DOCK"], "r1")
    mugs, rope = service.stock_list(ctx, house.site_id)
    here = (Decimal(0), house.site_id, "MAIN")
    figures = Decimal(5), Decimal(0), Decimal(5), Decimal(19)
    assert mugs == StockRow(house.mug, "MUG", "White mug", "each", *figures, *here)
    figures = Decimal(10), Decimal(4), Decimal(6), Decimal(0)
    assert rope == StockRow(house.rope, "ROPE", "Rope", "m", *figures, *here)
    assert [row.sku for row in service.stock_list(ctx, house.site_id, "rop")] == ["ROPE"]
    assert [row.sku for row in service.stock_list(ctx, house.site_id, limit=1, offset=1)] == ["ROPE"]
    assert service.stock_list(ctx, house.site_id, "%") == []
    for column, first in (
        ("sku", "MUG"),
        ("on_hand", "MUG"),
        ("reserved", "MUG"),
        ("available", "MUG"),
        ("on_order", "ROPE"),
    ):
        found = service.stock_list(ctx, None, order=column)  # type: ignore[arg-type]
        assert found[0].sku == first, column
        assert service.stock_list(ctx, None, order=column, descending=True)[0].sku != first  # type: ignore[arg-type]
    assert service.levels(ctx, house.site_id)[0] == StockLevel(house.mug, house.site_id, Decimal(5), Decimal(0))


def test_an_items_places_come_real_ones_first(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-3", "5")
    house.fill(ctx, "A-1", "2")
    site = (house.site_id, "MAIN")
    assert service.item_stock(ctx, house.mug) == [
        ItemAt(house.place["A-1"], "A-1", "bin", *site, Decimal(2)),
        ItemAt(house.place["A-3"], "A-3", "bin", *site, Decimal(5)),
        ItemAt(house.place["OPENING"], "OPENING", "opening", *site, Decimal(-7)),
    ]


def test_movements_name_their_places_newest_first(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "5")
    earlier = NOON - timedelta(hours=2)
    move = NewMovement(house.mug, house.place["A-1"], house.place["DOCK"], Decimal(2), "move", earlier, "scan-1")
    service.post(ctx, move)
    moved, opened = service.movements(ctx, house.mug)
    assert (moved.from_place, moved.to_place, moved.site, moved.actor, moved.source) == (
        "A-1", "DOCK", "MAIN", "person:mara", "scan-1",
    )  # fmt: skip
    assert (moved.occurred_at, moved.recorded_at) == (earlier, NOON)
    assert (opened.from_place, opened.to_place, opened.reason) == ("OPENING", "A-1", "opening")
    assert len(service.movements(ctx, house.mug, limit=1)) == 1
    assert service.movements(ctx, house.rope) == []


def test_two_sites_do_not_see_each_others_stock(ctx: Context) -> None:
    house = build_house(ctx)
    other = records.add_site(ctx, code="OTHER", name="Other", time_zone="UTC", width_m=10, depth_m=10)
    house.fill(ctx, "A-1", "5")
    assert service.levels(ctx, other) == []
    assert service.stock_list(ctx, other) == []
    assert [one.code for one in service.bins(ctx, other)] == ["DOCK"]


def test_a_list_over_all_sites_shows_those_that_one_may_see(office: Office) -> None:
    with office.context(MANAGER) as ctx:
        house = build_house(ctx)
        other = records.add_site(ctx, code="OTHER", name="Other", time_zone="UTC", width_m=10, depth_m=10)
        dock = next(place.place_id for place in records.places(ctx, other) if place.code == "DOCK")
        service.opening_stock(ctx, [(house.mug, dock, Decimal(3)), (house.mug, house.place["A-1"], Decimal(5))])
        assert [(row.site, int(row.on_hand)) for row in service.stock_list(ctx, None)] == [("MAIN", 5), ("OTHER", 3)]
    with office.context(person("olga", None, {other: Role.VIEWER})) as ctx:
        assert [row.site for row in service.stock_list(ctx, None)] == ["OTHER"]
        assert {place.site for place in service.item_stock(ctx, house.mug)} == {"OTHER"}
        assert {row.site for row in service.movements(ctx, house.mug)} == {"OTHER"}
        assert {row.site for row in service.lies_at(ctx, item_id=house.mug)} == {"OTHER"}
        for read in (
            lambda: service.bins(ctx, house.site_id),
            lambda: service.stock_list(ctx, house.site_id),
            lambda: service.levels(ctx, house.site_id),
            lambda: service.stockouts(ctx, house.site_id, NOON),
            lambda: service.explain(ctx, house.mug, house.site_id),
            lambda: service.stock_as_of(ctx, house.site_id, NOON),
            lambda: service.near_expiry(ctx, house.site_id),
            lambda: service.suggest(ctx, house.mug, house.site_id, Decimal(1)),
            lambda: service.rebuild_check(ctx),
        ):
            with pytest.raises(Forbidden):
                read()


def test_who_may_not_view_reads_nothing(office: Office) -> None:
    with office.context(Actor("key", "shop")) as ctx:
        for read in (
            lambda: service.bins(ctx, 1),
            lambda: service.stock_list(ctx, 1),
            lambda: service.levels(ctx, 1),
            lambda: service.item_stock(ctx, 1),
            lambda: service.movements(ctx, 1),
            lambda: service.stockouts(ctx, 1, NOON),
            lambda: service.rebuild_check(ctx),
        ):
            with pytest.raises(Forbidden):
                read()
