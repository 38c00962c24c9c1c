"""History from order lines, and forecasts that are made once and kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from shelfwise.access.context import Context, Office
from shelfwise.access.model import Role, person
from shelfwise.core.errors import Forbidden, Invalid, NotFound
from shelfwise.demand.explaining.model import Explained
from shelfwise.demand.forecasting.gathering import gather
from shelfwise.demand.forecasting.service import forecast_site
from shelfwise.demand.model import NOT_ENOUGH
from shelfwise.demand.outside.model import NewSeries, Told
from shelfwise.demand.outside.service import add_series, tell
from shelfwise.demand.service import forget_forecasts, history, last_whole_day, latest, latest_of, rebuild_history
from shelfwise.orders.model import NewSalesLine
from shelfwise.orders.service import take_sales_lines
from shelfwise.records.calendars import ClosedDay, put_closed_days
from shelfwise.records.service import add_item, add_site
from shelfwise.store.database import run, value, values
from tests.conftest import NOON

YESTERDAY = date(2026, 3, 1)


@pytest.fixture
def site(ctx: Context) -> int:
    return add_site(ctx, code="B", name="Berlin", time_zone="Europe/Berlin", width_m=40.0, depth_m=20.0)


def sell(ctx: Context, site: int, item: int, name: str, at: datetime, quantity: float) -> None:
    line = NewSalesLine(name, 1, site, item, at, Decimal(str(quantity)), Decimal(2))
    take_sales_lines(ctx, [line])


def sell_daily(ctx: Context, site: int, item: int, days: int, quantity: int = 3) -> None:
    lines = [
        NewSalesLine(f"{item}-{number}", 1, site, item, NOON - timedelta(days=number), Decimal(quantity), Decimal(2))
        for number in range(1, days + 1)
    ]
    take_sales_lines(ctx, lines)


def test_demand_is_summed_by_the_sites_own_day(ctx: Context, site: int) -> None:
    tea = add_item(ctx, sku="TEA")
    # Half past eleven at night in UTC is already the next day in Berlin.
    sell(ctx, site, tea, "1", datetime(2026, 2, 10, 23, 30, tzinfo=UTC), 4)
    sell(ctx, site, tea, "2", datetime(2026, 2, 11, 9, 0, tzinfo=UTC), 3)
    assert rebuild_history(ctx, site) == 1
    assert values(ctx.tx, "select day, quantity from demand_day") == [(date(2026, 2, 11), Decimal(7))]


def test_returns_and_cancelled_lines_are_no_demand(ctx: Context, site: int) -> None:
    tea = add_item(ctx, sku="TEA")
    sell(ctx, site, tea, "1", NOON - timedelta(days=3), 4)
    sell(ctx, site, tea, "2", NOON - timedelta(days=3), -2)
    sell(ctx, site, tea, "3", NOON - timedelta(days=2), 9)
    run(ctx.tx, "update sales_line set state = 'cancelled' where order_number = '3'")
    rebuild_history(ctx, site)
    assert values(ctx.tx, "select quantity from demand_day") == [(Decimal(4),)]


def test_rebuilding_all_or_from_a_day_on_gives_the_same_rows(ctx: Context, site: int) -> None:
    tea = add_item(ctx, sku="TEA")
    sell_daily(ctx, site, tea, 20)
    rebuild_history(ctx, site)
    everything = values(ctx.tx, "select * from demand_day order by day")
    assert rebuild_history(ctx, site) == 20
    assert rebuild_history(ctx, site, since=date(2026, 2, 25)) == 5
    assert values(ctx.tx, "select * from demand_day order by day") == everything


def test_a_line_that_came_late_is_found_when_its_day_is_rebuilt(ctx: Context, site: int) -> None:
    tea = add_item(ctx, sku="TEA")
    sell_daily(ctx, site, tea, 10)
    rebuild_history(ctx, site)
    sell(ctx, site, tea, "late", NOON - timedelta(days=4), 100)
    rebuild_history(ctx, site, since=date(2026, 2, 26))
    assert value(ctx.tx, "select quantity from demand_day where day = '2026-02-26'") == 103


def test_days_between_the_first_sale_and_yesterday_are_filled_with_zero(ctx: Context, site: int) -> None:
    tea, salt = add_item(ctx, sku="TEA"), add_item(ctx, sku="SALT")
    add_item(ctx, sku="NEVER")
    sell_daily(ctx, site, salt, 30)
    sell(ctx, site, tea, "1", NOON - timedelta(days=6), 4)
    sell(ctx, site, tea, "2", NOON - timedelta(days=3), 2.0)
    rebuild_history(ctx, site)
    known = history(ctx, site)
    assert set(known) == {tea, salt}
    assert known[tea].first_day == date(2026, 2, 24)
    assert known[tea].last_day == YESTERDAY == last_whole_day(ctx, site)
    assert known[tea].quantity.tolist() == [4, 0, 0, 2, 0, 0]
    assert not known[tea].masked.any()
    assert history(ctx, site, [tea], until=date(2026, 2, 26))[tea].quantity.tolist() == [4, 0, 0]


def test_days_out_of_stock_are_masked(ctx: Context, site: int) -> None:
    tea = add_item(ctx, sku="TEA")
    sell_daily(ctx, site, tea, 10)
    rebuild_history(ctx, site)
    run(ctx.tx, "insert into stock_level (tenant_id, item_id, site_id) values (1, %s, %s)", (tea, site))
    out = "insert into stockout (tenant_id, item_id, site_id, since, until_at) values (1, %s, %s, %s, %s)"
    run(ctx.tx, out, (tea, site, NOON - timedelta(days=5), NOON - timedelta(days=3)))
    run(ctx.tx, out, (tea, site, NOON - timedelta(hours=20), None))
    known = history(ctx, site)[tea]
    masked = [known.day(number).day for number in np.flatnonzero(known.masked).tolist()]
    # From one o'clock (noon in UTC) of the 25th to one o'clock of the 27th, and from five of the 1st on.
    assert masked == [25, 26, 27, 1]


def test_a_feed_that_stopped_is_unknown_and_not_zero(ctx: Context, site: int) -> None:
    tea = add_item(ctx, sku="TEA")
    for number in range(20, 60):
        sell(ctx, site, tea, str(number), NOON - timedelta(days=number), 3)
    rebuild_history(ctx, site)
    known = history(ctx, site)[tea]
    assert known.masked.sum() == 19
    forecast_site(ctx, site, YESTERDAY)
    made = latest(ctx, site, tea)
    assert made is not None
    np.testing.assert_array_equal(made.paths, 3)


def test_a_forecast_is_stored_as_it_was_made(ctx: Context, site: int) -> None:
    tea, new = add_item(ctx, sku="TEA"), add_item(ctx, sku="NEW")
    sell_daily(ctx, site, tea, 100)
    sell_daily(ctx, site, new, 4)
    rebuild_history(ctx, site)
    told: list[tuple[int, int]] = []
    assert forecast_site(ctx, site, YESTERDAY, 28, lambda done, total: told.append((done, total))) == 2
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1]
    made = latest(ctx, site, tea)
    assert made is not None
    assert made.paths.shape == (256, 28)
    np.testing.assert_array_equal(made.paths, 3)
    assert made.first_day == date(2026, 3, 2)
    assert made.summary["q50"] == [3.0] * 28
    assert made.summary["cumulative"]["q90"][-1] == 84
    assert (made.summary["race"]["windows"], made.summary["race"]["segment"]) == (3, "all")
    assert made.summary["kind"] == "smooth"
    thin = latest_of(ctx, site)[new]
    assert (thin.model, thin.enough, thin.paths.shape) == (NOT_ENOUGH, False, (0, 28))


def test_what_an_item_is_and_when_it_ends_is_known_to_the_forecast(ctx: Context, site: int) -> None:
    tea = add_item(ctx, sku="TEA", category="Tea")
    new = add_item(ctx, sku="NEW", category="Tea")
    ending = add_item(ctx, sku="END", sold_until=YESTERDAY + timedelta(days=14))
    for item_id, days in ((tea, 100), (new, 4), (ending, 100)):
        sell_daily(ctx, site, item_id, days)
    rebuild_history(ctx, site)
    forecast_site(ctx, site, YESTERDAY)
    found = latest_of(ctx, site)
    assert found[new].model == "others alike"
    assert found[new].paths.mean() == pytest.approx(3, abs=0.2)
    assert found[ending].paths[:, 0].mean() == pytest.approx(3, abs=0.2)
    assert not found[ending].paths[:, 14:].any()
    explained = Explained.from_json(found[tea].summary["explained"])
    assert explained.total == pytest.approx(84, rel=0.05)
    assert found[new].summary["explained"] is None


def test_a_site_that_is_closed_for_weeks_is_forecast_to_sell_nothing(ctx: Context, site: int) -> None:
    tea = add_item(ctx, sku="TEA")
    sell_daily(ctx, site, tea, 60)
    rebuild_history(ctx, site)
    put_closed_days(ctx, [ClosedDay(site, None, YESTERDAY + timedelta(days=n), None) for n in range(1, 29)])
    forecast_site(ctx, site, YESTERDAY)
    made = latest(ctx, site, tea)
    assert made is not None
    assert (made.model, made.enough, made.paths.shape) == ("closed", True, (256, 28))
    assert not made.paths.any()


def test_figures_from_outside_reach_the_panel_as_they_were_known(ctx: Context, site: int) -> None:
    tea = add_item(ctx, sku="TEA")
    sell_daily(ctx, site, tea, 30)
    rebuild_history(ctx, site)
    rain = add_series(ctx, NewSeries("Rain", site, "mm"))
    day = YESTERDAY - timedelta(days=2)
    run(
        ctx.tx,
        """insert into outside_value (tenant_id, series_id, period, value, known_at, told_at)
           values (1, %s, %s, 7, %s, %s)""",
        (rain, day, NOON - timedelta(days=2), NOON - timedelta(days=2)),
    )
    tell(ctx, rain, [Told(day, 9.0, NOON)])  # revised on the day after the origin
    gathered = gather(ctx, site, [tea], YESTERDAY, 7)
    assert gathered is not None
    (column,) = [one for one in gathered.panel.columns if one.name == "outside: Rain"]
    assert np.nanmax(column.values) == 7
    assert np.isnan(column.values[0, 30:]).all()
    assert {one.name for one in gathered.panel.columns} == {"outside: Rain", "holiday"}


def test_a_forecast_is_made_once_for_each_origin_and_then_kept(ctx: Context, site: int) -> None:
    tea = add_item(ctx, sku="TEA")
    sell_daily(ctx, site, tea, 60)
    rebuild_history(ctx, site)
    assert forecast_site(ctx, site, date(2026, 2, 27)) == 1
    assert forecast_site(ctx, site, date(2026, 2, 27)) == 0
    assert forecast_site(ctx, site, YESTERDAY) == 1
    made = latest(ctx, site, tea)
    assert made is not None
    assert made.origin == YESTERDAY
    assert latest(ctx, site, tea + 1) is None


def test_only_what_is_kept_here_is_forecast_once_anything_is(ctx: Context, site: int) -> None:
    tea, coffee = add_item(ctx, sku="TEA"), add_item(ctx, sku="COFFEE")
    for item_id in (tea, coffee):
        sell_daily(ctx, site, item_id, 60)
    rebuild_history(ctx, site)
    assert forecast_site(ctx, site, date(2026, 2, 27)) == 2
    run(ctx.tx, "insert into stock_level (tenant_id, item_id, site_id) values (1, %s, %s)", (tea, site))
    assert forecast_site(ctx, site, YESTERDAY) == 1


def test_an_old_forecast_is_forgotten_unless_it_was_acted_on(ctx: Context, site: int) -> None:
    tea = add_item(ctx, sku="TEA")
    sell_daily(ctx, site, tea, 60)
    rebuild_history(ctx, site)
    for origin in (date(2026, 2, 20), date(2026, 2, 21), YESTERDAY):
        forecast_site(ctx, site, origin)
    supplier = value(ctx.tx, "insert into supplier values (1, default, 'A', 'A') returning supplier_id")
    run(
        ctx.tx,
        """insert into proposal (tenant_id, action, site_id, item_id, supplier_id, arguments, reason, evidence,
               alternative, expected_value, how_to_undo, idempotency_key, forecast_id, proposed_at, expires_at)
           select 1, 'purchase', site_id, item_id, %s, '{}', '', '{}', '{}', '{}', '', 'k', forecast_id, %s, %s
           from forecast where origin = '2026-02-20'""",
        (supplier, NOON, NOON),
    )
    assert forget_forecasts(ctx, site, YESTERDAY) == 1
    origins = values(ctx.tx, "select origin from forecast order by origin")
    assert origins == [(date(2026, 2, 20),), (YESTERDAY,)]


def test_a_day_that_is_not_over_is_no_origin(ctx: Context, site: int) -> None:
    with pytest.raises(Invalid, match="2026-03-01 at the latest"):
        forecast_site(ctx, site, date(2026, 3, 2))
    with pytest.raises(Invalid, match="horizon"):
        forecast_site(ctx, site, YESTERDAY, horizon=0)
    with pytest.raises(NotFound):
        forecast_site(ctx, 999, YESTERDAY)


def test_other_tenants_see_nothing_of_it(ctx: Context, site: int) -> None:
    tea = add_item(ctx, sku="TEA")
    sell_daily(ctx, site, tea, 60)
    rebuild_history(ctx, site)
    forecast_site(ctx, site, YESTERDAY)
    run(ctx.tx, "insert into tenant values (2, 'Other', 'EUR')")
    stranger = replace(ctx, tenant=2)
    assert latest(stranger, site, tea) is None
    assert history(stranger, site, until=YESTERDAY) == {}
    with pytest.raises(NotFound):
        rebuild_history(stranger, site)


def test_who_may_not_plan_may_not_forecast(office: Office, ctx: Context, site: int) -> None:
    operator = replace(ctx, actor=person("otto", Role.OPERATOR))
    with pytest.raises(Forbidden):
        rebuild_history(operator, site)
    with pytest.raises(Forbidden):
        forecast_site(operator, site, YESTERDAY)


def test_computing_forecasts_holds_up_no_consumer_of_facts(office: Office) -> None:
    """Consumers wait for the oldest transaction that has written anything: nothing is written until all is drawn."""
    with office.context(person("mara", Role.ADMIN)) as ctx:
        site = add_site(ctx, code="B", name="Berlin", time_zone="Europe/Berlin", width_m=40.0, depth_m=20.0)
        sell_daily(ctx, site, add_item(ctx, sku="TEA"), 60)
        rebuild_history(ctx, site)
    written: list[object] = []
    with office.context(person("mara", Role.ADMIN)) as ctx:
        ask = "select pg_current_xact_id_if_assigned()::text"
        forecast_site(ctx, site, YESTERDAY, progress=lambda done, total: written.append(value(ctx.tx, ask)))
        assert value(ctx.tx, ask) is not None
    assert set(written) == {None}
