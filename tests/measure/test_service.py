"""Figures are recorded once a night, what was before is fixed once, and what people told stands beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import psycopg
import pytest

from shelfwise import jobs
from shelfwise.access.context import Context, Office, stand_still
from shelfwise.access.model import Role, person
from shelfwise.agents import service as agents
from shelfwise.core.errors import Invalid
from shelfwise.demand.forecasting.service import forecast_site
from shelfwise.demand.service import rebuild_history
from shelfwise.measure import service as measure
from shelfwise.measure.service import Measure
from shelfwise.records import company as companies
from shelfwise.stock import counts
from shelfwise.stock import service as stock
from shelfwise.store.database import run, values
from tests.conftest import NOON
from tests.planning.shop import Shop

TODAY, YESTERDAY = NOON.date(), NOON.date() - timedelta(days=1)


@pytest.fixture
def shop(ctx: Context) -> Shop:
    return Shop.open(ctx)


def figures(ctx: Context) -> dict[str, Decimal]:
    return {
        metric: part if whole is None else part / whole
        for metric, part, whole in values(ctx.tx, "select metric, part, whole from kpi_day where how = 'measured'")
    }


def of(shop: Shop, metric: str) -> Measure:
    found = measure.measures(shop.ctx, shop.site).measures
    return next(one for one in found if one.metric.name == metric)


def test_a_day_is_recorded_from_what_lay_there_was_wanted_and_came(shop: Shop) -> None:
    mug, vase = shop.item("MUG"), shop.item("VASE", cost="4")
    shop.stock(mug, 28)
    shop.stock(vase, 7)
    shop.sold_daily(mug, 28, quantity=1)
    rebuild_history(shop.ctx, shop.site)
    shop.open_order(mug, 4, reserve=True)
    shop.open_order(mug, 30, reserve=True)
    companies.set_carrying_rate(shop.ctx, Decimal("0.365"))
    measure.record_day(shop.ctx, shop.site, TODAY)
    found = figures(shop.ctx)
    assert found["stock_value"] == 84
    assert found["carrying_cost"] == Decimal("0.084")
    assert found["fill_lines"] == Decimal("0.5")
    assert found["written_off"] == found["expired"] == 0
    assert "dead_stock" not in found and "count_accuracy" not in found, "unknown is not zero"


def test_what_was_recorded_stays_whatever_is_recorded_again(shop: Shop) -> None:
    mug = shop.item("MUG")
    shop.stock(mug, 10)
    assert measure.record_day(shop.ctx, shop.site, TODAY) > 0
    before = figures(shop.ctx)
    stock.write_off(shop.ctx, item_id=mug, place_id=shop.bin, quantity=Decimal(4), reason="broken")
    assert measure.record_day(shop.ctx, shop.site, TODAY) == 0
    assert figures(shop.ctx) == before
    with pytest.raises(psycopg.errors.RaiseException, match="never changed"), shop.ctx.tx.transaction():
        run(shop.ctx.tx, "update kpi_day set part = 0")


def test_a_count_is_measured_on_the_day_its_sheet_is_closed(shop: Shop) -> None:
    mug = shop.item("MUG")
    shop.stock(mug, 10)
    count_id = counts.start_count(
        shop.ctx, site_id=shop.site, title="Aisle", place_ids=[shop.bin], tolerance=Decimal(0)
    )
    counts.tell_count(shop.ctx, count_id, shop.bin, [(mug, "", Decimal(9))], source="c")
    counts.finish_count(shop.ctx, count_id)
    counts.approve_count(replace(shop.ctx, actor=person("nora", Role.MANAGER)), count_id)
    measure.record_day(shop.ctx, shop.site, TODAY)
    found = figures(shop.ctx)
    assert [found[name] for name in ("count_accuracy", "count_net", "count_off")] == [
        Decimal(0),
        Decimal(-2),
        Decimal(2),
    ]


def test_before_ends_the_day_before_the_first_approval_and_is_fixed_once(shop: Shop) -> None:
    mug = shop.item("MUG")
    shop.sold_daily(mug, 60)
    shop.stock(mug, 6)
    measure.record_day(shop.ctx, shop.site, YESTERDAY - timedelta(days=9))
    assert measure.measures(shop.ctx, shop.site).baseline is None
    rebuild_history(shop.ctx, shop.site)
    forecast_site(shop.ctx, shop.site, YESTERDAY, 28)
    (made,) = agents.propose_purchases(shop.ctx, shop.site)
    agents.approve(shop.ctx, made)
    assert measure.fix_baseline(shop.ctx, shop.site)
    fixed = measure.measures(shop.ctx, shop.site).baseline
    assert fixed is not None
    assert (fixed.from_day, fixed.until_day) == (YESTERDAY - timedelta(days=9), YESTERDAY)
    assert not measure.fix_baseline(shop.ctx, shop.site)
    with pytest.raises(psycopg.errors.RaiseException, match="never changed"), shop.ctx.tx.transaction():
        run(shop.ctx.tx, "delete from baseline")


def test_stockouts_before_stock_was_kept_are_only_suspected_and_marked_so(shop: Shop) -> None:
    mug, vase = shop.item("MUG"), shop.item("VASE")
    shop.sold_daily(mug, 100)
    shop.sold_daily(vase, 100)
    gone = "delete from sales_line where item_id = %s and ordered_at between %s and %s"
    run(shop.ctx.tx, gone, (mug, NOON - timedelta(days=20, hours=1), NOON - timedelta(days=14)))
    rebuild_history(shop.ctx, shop.site)
    assert measure.estimate_history(shop.ctx, shop.site) > 30
    assert values(
        shop.ctx.tx, "select sum(part), count(*) filter (where part > 0), min(how), max(how) from kpi_day"
    ) == [(7, 7, "estimated", "estimated")]
    assert of(shop, "gaps").before
    assert not of(shop, "out_of_stock").known, "sales say nothing of empty shelves"
    assert measure.estimate_history(shop.ctx, shop.site) > 30, "history that grew is estimated anew"


def test_what_the_business_measured_before_stands_beside_as_told(shop: Shop) -> None:
    days = (date(2025, 12, 1), date(2025, 12, 31))
    measure.tell_figure(shop.ctx, shop.site, "count_accuracy", Decimal("0.8"), *days, "guessed")
    measure.tell_figure(shop.ctx, shop.site, "count_accuracy", Decimal("0.87"), *days, "stocktake of December")
    told = of(shop, "count_accuracy").told
    assert told is not None
    assert (told.value, told.told_by, told.source) == (Decimal("0.87"), "mara", "stocktake of December")
    assert [one.source for one in measure.told_figures(shop.ctx, shop.site)] == ["stocktake of December", "guessed"]


@pytest.mark.parametrize(
    ("metric", "value", "until", "source", "where"),
    [
        ("speed", "1", TODAY, "x", "figure"),
        ("count_accuracy", "87", TODAY, "x", "value"),
        ("stock_value", "-1", TODAY, "x", "value"),
        ("count_accuracy", "0.8", TODAY + timedelta(days=9), "x", "days"),
        ("count_accuracy", "0.8", TODAY, " ", "source"),
    ],
)
def test_what_cannot_be_is_not_kept(shop: Shop, metric: str, value: str, until: date, source: str, where: str) -> None:
    with pytest.raises(Invalid) as refused:
        measure.tell_figure(shop.ctx, shop.site, metric, Decimal(value), YESTERDAY, until, source)
    assert refused.value.faults[0].where == where


@contextmanager
def at(office: Office, days: int) -> Iterator[Context]:
    with office.database.transaction() as tx:
        stand_still(tx, 1, NOON + timedelta(days=days))
    with office.context(person("mara", Role.ADMIN)) as ctx:
        yield ctx


def test_the_nightly_run_measures_each_day(office: Office) -> None:
    with office.context(person("mara", Role.ADMIN)) as ctx:
        shop = Shop.open(ctx)
        shop.stock(shop.item("MUG"), 10)
    for night in (1, 2):
        with at(office, night):
            pass
        jobs.nightly(office, shop.site, TODAY + timedelta(days=night - 1))
    with at(office, 2) as ctx:
        told = values(ctx.tx, "select day, part from kpi_day where metric = 'stock_value' order by day")
    assert told == [(TODAY, 20), (TODAY + timedelta(days=1), 20)]
