"""What others of a category sell while one is promoted or out of stock, on invented shelves where it is known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from shelfwise.access.context import Context, Office
from shelfwise.access.model import Role, person
from shelfwise.demand import lifts, shelves
from shelfwise.demand.lift import UNKNOWN, Measure, lift_of
from shelfwise.demand.model import DemandHistory
from shelfwise.demand.shelf import Shift, measure_lost, measure_others, share_of, spells, stands_out
from shelfwise.records import promoting
from shelfwise.records import service as records
from shelfwise.records.promoting_model import NewEvent
from shelfwise.store.database import run
from tests.conftest import NOON

START = date(2025, 1, 6)
FIRST, LAST = START + timedelta(days=120), START + timedelta(days=126)
RHYTHM = np.array([0.8, 0.8, 0.9, 1.0, 1.3, 1.5, 0.7])


def shelf(
    factor: float, items: int = 6, level: float = 20.0, swings: float = 0.0, seed: int = 1
) -> list[DemandHistory]:
    """Items that sell `factor` as much from FIRST to LAST, and go up and down together from week to week."""
    rng = np.random.default_rng(seed)
    weeks = np.exp(rng.normal(0, swings, 20)).repeat(7) if swings else np.ones(140)
    mean = level * RHYTHM[np.arange(140) % 7] * weeks
    mean[120:127] *= factor
    return [DemandHistory(START, rng.poisson(mean).astype(float), np.zeros(140, bool)) for _ in range(items)]


def of(histories: list[DemandHistory]) -> Measure:
    return measure_others([(one, ()) for one in histories], FIRST, LAST)


def test_what_others_lose_is_found_again() -> None:
    found = lift_of(of(shelf(0.85)))
    assert found is not None
    assert found.clear
    assert found.factor == pytest.approx(0.85, abs=0.05)


def test_a_busy_week_of_all_is_not_taken_for_many_witnesses() -> None:
    quiet = [of(shelf(1.0, seed=seed)) for seed in range(8)]
    busy = [of(shelf(1.0, swings=0.15, seed=seed)) for seed in range(8)]
    assert sum(one.spread for one in busy) > 2 * sum(one.spread for one in quiet)
    assert sum(found.clear for one in busy if (found := lift_of(one))) <= 3


def test_days_of_their_own_promotions_and_unknown_items_say_nothing() -> None:
    known, promoted = shelf(1.0, items=2)
    promoted.quantity[120:127] = 500
    young = DemandHistory(FIRST, np.ones(7), np.zeros(7, bool))
    days = [FIRST + timedelta(days=number) for number in range(7)]
    assert measure_others([(known, ()), (promoted, days), (young, ())], FIRST, LAST) == of([known])
    assert measure_others([(young, ())], FIRST, LAST) == UNKNOWN


def test_what_an_item_loses_is_told_from_days_that_its_history_leaves_out() -> None:
    (item,) = shelf(0.0, items=1)
    item.masked[120:127] = True
    lost = measure_lost(item, FIRST, LAST, ())
    assert (lost.days, lost.sold) == (7, 0)
    assert lost.expected == pytest.approx(140, rel=0.1)


def test_days_in_a_row_are_one_time_out_of_stock() -> None:
    days = [START + timedelta(days=number) for number in (4, 0, 1, 2, 9)]
    assert [(last - first).days + 1 for first, last in spells(days)] == [3, 1, 1]


def shift(share: float, missed: float = 100.0, spread: float = 8.0) -> Shift:
    return Shift(Measure(7, 0.0, missed, spread), Measure(7, 500 + share * missed, 500.0, spread))


def test_a_share_is_said_on_its_own_numbers_or_with_its_category_or_not_at_all() -> None:
    alone = share_of(shift(0.4), [])
    assert alone is not None
    assert (alone.items, alone.low < 0.4 < alone.high) == (1, True)
    assert alone.share == pytest.approx(0.4)
    assert share_of(shift(0.05), []) is None
    assert share_of(None, [shift(0.4)] * 2) is None
    assert share_of(shift(0.4, missed=3.0), []) is None
    pooled = share_of(None, [shift(0.4 + 0.02 * number) for number in range(-3, 4)])
    assert pooled is not None
    assert pooled.share == pytest.approx(0.4, abs=0.03)
    assert pooled.items == 7


def test_what_is_little_known_of_an_item_is_drawn_towards_its_category() -> None:
    alike = [shift(share) for share in (0.1, 0.2, 0.3, 0.4, 0.5, 0.2, 0.3)]
    sure, unsure = share_of(shift(0.9), alike), share_of(shift(0.9, spread=40.0), alike)
    assert sure is not None
    assert unsure is not None
    assert 0.3 < unsure.share < sure.share < 0.9


def test_one_among_many_is_named_only_where_it_stands_out() -> None:
    assert stands_out(Measure(7, 100.0, 50.0, 8.0))
    assert not stands_out(Measure(7, 65.0, 50.0, 8.0))
    assert not stands_out(Measure(7, 9.0, 2.0, 1.0))


# A site at which one of five alike was promoted for a week and out of stock for three others.
PROMOTED = range(20, 27)
OUT = (range(40, 45), range(60, 66), range(80, 86))
OTHERS = 4


@pytest.fixture
def ctx(office: Office) -> Iterator[Context]:
    with office.context(person("mara", Role.ADMIN)) as ctx:
        yield ctx


@pytest.fixture
def milk(ctx: Context) -> list[int]:
    """Five items of one category at site 1; the first is the one that was promoted, and out of stock."""
    records.add_site(ctx, code="LON", name="London", time_zone="UTC", width_m=20, depth_m=10)
    ids = [records.add_item(ctx, sku=f"MILK-{one}", category="Dairy / Milk") for one in range(OTHERS + 1)]
    rng = np.random.default_rng(7)
    out = {back for spell in OUT for back in spell}
    for number, item_id in enumerate(ids):
        for back in range(1, 181):
            mean = 30.0
            if back in PROMOTED:
                mean *= 0.8 if number else 2.0
            if back in out:
                mean += 5.0 if number else -30.0
            run(
                ctx.tx, "insert into demand_day values (%s, %s, 1, %s, %s)",
                (ctx.tenant, item_id, NOON.date() - timedelta(days=back), Decimal(int(rng.poisson(mean)))),
            )  # fmt: skip
    run(ctx.tx, "insert into stock_level (tenant_id, item_id, site_id) values (%s, %s, 1)", (ctx.tenant, ids[0]))
    for spell in OUT:
        run(
            ctx.tx, "insert into stockout (tenant_id, item_id, site_id, since, until_at) values (%s, %s, 1, %s, %s)",
            (ctx.tenant, ids[0], *(NOON.replace(hour=0) - timedelta(days=back) for back in (spell[-1], spell[0] - 1))),
        )  # fmt: skip
    return ids


def test_what_others_lost_to_a_promotion_is_measured_once_at_night(ctx: Context, milk: list[int]) -> None:
    first, last = (NOON.date() - timedelta(days=back) for back in (PROMOTED[-1], PROMOTED[0]))
    promotion = promoting.plan_event(ctx, NewEvent("MAY", 1, (milk[0],), first, last))
    yesterday = NOON.date() - timedelta(days=1)
    lifts.measure_site(ctx, 1, yesterday)
    assert shelves.measure_others_of_promotions(ctx, 1, yesterday) == 0
    found = lifts.measured(ctx, promotion)
    assert found is not None
    others = found.others["Dairy / Milk"]
    assert others is not None
    assert others.clear
    assert others.factor == pytest.approx(0.8, abs=0.07)


def test_where_demand_goes_while_an_item_is_out_of_stock_is_measured_at_night(ctx: Context, milk: list[int]) -> None:
    yesterday = NOON.date() - timedelta(days=1)
    assert shelves.substitutes(ctx, milk[0]) is None
    assert shelves.measure_stockouts(ctx, 1, yesterday) == 1
    assert shelves.measure_stockouts(ctx, 1, yesterday) == 0
    found = shelves.substitutes(ctx, milk[0])
    assert found is not None
    assert found.share.low < OTHERS * 5 / 30 < found.share.high
    assert set(found.named) <= set(milk[1:])
    assert shelves.substitutes(ctx, milk[1]) is None
