"""The demonstration seeds itself through the rooms' services, once; interrupted, it is taken up where it was."""

from __future__ import annotations

import stat
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from shelfwise.access.context import Office, business_time
from shelfwise.access.service import actor_of_key, sign_in
from shelfwise.core.errors import Refused
from shelfwise.demo import DemoSignIn, furnish
from shelfwise.demo import seeding as demo
from shelfwise.records import service as records
from shelfwise.stock import service as stock
from shelfwise.store.database import run, value, values
from shelfwise.twin import config, sales, world
from shelfwise.twin.sales import Seller

ITEMS = 24


@pytest.fixture(scope="module")
def few_orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real orders of a few middling items."""
    lines = pl.read_parquet(sales.DATA)
    goods = lines.filter(pl.col("StockCode").str.contains(r"^\d{5}[A-Z]?$")).group_by("StockCode").len()
    kept = goods.sort(["len", "StockCode"], descending=True).slice(300, ITEMS)["StockCode"]
    path = tmp_path_factory.mktemp("orders") / "orders.parquet"
    lines.filter(pl.col("StockCode").is_in(kept.to_list())).write_parquet(path)
    return path


@pytest.fixture
def empty(office: Office) -> Office:
    """A migrated database without a tenant."""
    with office.database.transaction() as tx:
        run(tx, "delete from business_clock")
        run(tx, "delete from tenant")
    return office


def seed(office: Office, home: Path, orders: Path, told: list[str] | None = None, desk: int = 8090) -> DemoSignIn:
    steps = told if told is not None else []
    return demo.seed(
        office,
        home,
        web_url="http://127.0.0.1:8080",
        mqtt_port=1883,
        door_url="http://127.0.0.1:8081",
        order_desk_port=desk,
        progress=lambda what, done, total: steps.append(what),
        orders=orders,
    )


def test_goods_that_expire_lie_in_lots_and_some_wait_to_be_looked_at(office: Office) -> None:
    sellers = [Seller("10001", "SCENTED CANDLE", 90, 6.0, tuple(range(20, 110, 10)), 2.95)]
    sellers += [Seller("10002", "HEART LANTERN", 80, 5.0, tuple(range(20, 110, 10)), 1.95)]
    built = world.build(sellers)
    with office.context(demo.FOUNDER) as ctx:
        site_id = furnish.lay_out(ctx, built, ctx.now)
        furnish.put_in(ctx, built, site_id, dict.fromkeys(furnish.device_names(built), "s" * 24), "http://127.0.0.1/o")
        candle, lantern = (records.item_by_sku(ctx, sku).item_id for sku in ("10001", "10002"))
        lots = stock.lies_at(ctx, item_id=candle)
        assert len({one.lot for one in lots}) == 2
        assert {one.status for one in lots} == {"available", "quarantine"}
        assert all(one.expires_on and one.expires_on > ctx.now.date() for one in lots)
        assert [one.lot for one in stock.lies_at(ctx, item_id=lantern)] == [None]
        assert stock.rebuild_check(ctx) == []


def test_a_seeded_demonstration_has_a_floor_stock_people_and_few_proposals(
    empty: Office, tmp_path: Path, few_orders: Path
) -> None:
    told: list[str] = []
    ready = seed(empty, tmp_path, few_orders, told)
    assert ready.new
    assert list(dict.fromkeys(told))[1] == "Importing nine months of real orders"
    with empty.context(demo.FOUNDER) as ctx:
        site = records.site(ctx, world.SITE)
        live = records.go_live(ctx)
        assert live is not None
        assert ctx.now >= live + demo.OPENS_AT
        assert business_time(ctx.tx, 1).rate == 1440.0
        assert values(ctx.tx, "select distinct state from sales_line") == [("history",)]
        assert value(ctx.tx, "select max(ordered_at) from sales_line") < live
        assert sum(one.on_hand > 0 for one in stock.bins(ctx, site.site_id)) == ITEMS
        assert stock.rebuild_check(ctx) == []
        assert len(records.suppliers(ctx)) == 6
        proposals = value(ctx.tx, "select count(*) from proposal where state = 'proposed'")
        assert 0 < proposals < ITEMS
        assert value(ctx.tx, "select count(*) from forecast") == ITEMS
        for table in ("site", "supplier", "supplier_item", "device"):
            assert values(ctx.tx, f"select distinct provenance from {table}") == [("invented",)]
        note = value(ctx.tx, "select value->>'note' from setting where name = 'demo'")
    assert "Invented are" in note
    assert "CC BY 4.0" in ready.banner("http://127.0.0.1:8080")


def test_people_can_sign_in_and_the_twin_may_do_no_more_than_it_must(
    empty: Office, tmp_path: Path, few_orders: Path
) -> None:
    ready = seed(empty, tmp_path, few_orders)
    for one in ready.people:
        assert sign_in(empty, one.login, one.password)
    given = config.read(ready.twin_config)
    assert actor_of_key(empty, given.api_key).rights == frozenset(demo.TWIN_RIGHTS)
    for secret in (tmp_path / "secrets").iterdir():
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert all(f"password {one.password}" in (tmp_path / "secrets" / "sign-in").read_text() for one in ready.people)
    with empty.database.transaction() as tx:
        registered = {name for (name,) in values(tx, "select device from device")}
    assert set(given.devices) == registered


def test_a_second_start_goes_on_where_business_time_stopped_and_follows_new_ports(
    empty: Office, tmp_path: Path, few_orders: Path
) -> None:
    first = seed(empty, tmp_path, few_orders)
    with empty.database.transaction() as tx:
        reached = business_time(tx, 1).business_anchor + timedelta(days=3)
        run(
            tx,
            "insert into setting (tenant_id, name, value) values (1, 'last_tick', to_jsonb(%s::timestamptz))",
            (reached,),
        )
        before = values(tx, "select count(*) from sales_line union all select count(*) from movement")
    again = seed(empty, tmp_path, few_orders, desk=8099)
    assert not again.new
    assert again.people == first.people
    with empty.database.transaction() as tx:
        assert business_time(tx, 1).business_anchor == reached
        assert values(tx, "select count(*) from sales_line union all select count(*) from movement") == before
        given = config.read(again.twin_config)
        assert values(tx, "select distinct order_url from supplier") == [(f"http://127.0.0.1:8099{given.desk_path}",)]
    assert given.desk_port == 8099


@pytest.mark.parametrize(
    "step", ["Importing nine months of real orders", "Summing demand by day", "Proposing what to order"]
)
def test_seeding_that_was_interrupted_is_taken_up_again(
    empty: Office, tmp_path: Path, few_orders: Path, step: str
) -> None:
    def stop(what: str, done: int, total: int) -> None:
        if what == step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        demo.seed(
            empty,
            tmp_path,
            web_url="http://127.0.0.1:8080",
            mqtt_port=1883,
            door_url="http://127.0.0.1:8081",
            order_desk_port=8090,
            progress=stop,
            orders=few_orders,
        )
    with empty.database.transaction() as tx:
        assert business_time(tx, 1).rate == 0
    ready = seed(empty, tmp_path, few_orders)
    assert ready.new
    assert sign_in(empty, ready.people[0].login, ready.people[0].password)
    with empty.context(demo.FOUNDER) as ctx:
        opening = sum(Decimal(one.opening) for one in world.build(sales.best_sellers(few_orders), demo.SEED).items)
        assert value(ctx.tx, "select sum(on_hand) from stock_level") == opening


def test_an_installation_that_is_no_demonstration_is_left_alone(
    office: Office, tmp_path: Path, few_orders: Path
) -> None:
    with pytest.raises(Refused, match="no demonstration"):
        seed(office, tmp_path, few_orders)


def test_the_note_names_the_day_that_stands_for_the_first_of_september() -> None:
    shift = sales.shift_days(datetime(2026, 11, 22, tzinfo=demo.ZONE).date())
    assert "18 November 2026" in demo._note(shift, sales.go_live(shift, demo.ZONE), 1440.0)
