"""Successors begin with what their predecessors sold, and what is phased out fades."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from shelfwise.access.context import Context
from shelfwise.demand import tables
from shelfwise.demand.alike import FADE_DAYS, Life, phased_in, phased_out, with_predecessors, within
from shelfwise.demand.lives import before, begun_history, lives
from shelfwise.demand.model import DemandHistory
from shelfwise.records import service as records
from shelfwise.records.succession import Succession, set_predecessor
from shelfwise.store.database import run

DAY = timedelta(days=1)
START = date(2026, 1, 5)
A, B, C = 1, 2, 3


def history(*quantity: float, after: int = 0, masked: tuple[int, ...] = ()) -> DemandHistory:
    """Sold from `after` days after START on; all of these tests' histories end together."""
    flags = np.zeros(len(quantity), bool)
    flags[list(masked)] = True
    return DemandHistory(START + after * DAY, np.array(quantity, float), flags)


def link(item_id: int, replaces_id: int, after: int, factor: str = "1") -> Succession:
    return Succession(item_id, replaces_id, START + after * DAY, Decimal(factor))


def said(one: DemandHistory) -> tuple[int, list[float | None]]:
    """Days after START at which it begins, and what it sold; None: unknown."""
    sold = [None if hidden else float(value) for value, hidden in zip(one.quantity, one.masked, strict=True)]
    return (one.first_day - START).days, sold


def test_a_successor_begins_with_its_predecessors_history_and_goes_on_with_its_own() -> None:
    found = with_predecessors({A: history(4, 6, 5, 1, 0), B: history(7, 8, after=3)}, [link(B, A, 3)])
    assert said(found[B]) == (0, [4, 6, 5, 7, 8])
    assert said(found[A]) == (0, [4, 6, 5, 1, 0])


def test_while_both_are_sold_each_keeps_its_own_sales() -> None:
    found = with_predecessors({A: history(4, 6, 5, 3, 2), B: history(1, 2, 3, after=2)}, [link(B, A, 4)])
    assert said(found[B]) == (0, [4, 6, 1, 2, 3])
    assert said(found[A])[1] == [4, 6, 5, 3, 2]


def test_from_the_change_to_the_first_sale_nothing_is_known() -> None:
    found = with_predecessors({A: history(4, 6, 0, 0, 0), B: history(7, after=4)}, [link(B, A, 2)])
    assert said(found[B]) == (0, [4, 6, None, None, 7])
    alone = with_predecessors({A: history(4, 6, 0, masked=(0,))}, [link(B, A, 2)])
    assert said(alone[B]) == (0, [None, 6, None])


def test_what_is_yet_to_come_has_all_of_its_predecessors_history() -> None:
    assert said(with_predecessors({A: history(4, 6, 5)}, [link(B, A, 30)])[B]) == (0, [4, 6, 5])


def test_chains_reach_back_to_the_first_whatever_order_they_are_told_in() -> None:
    known = {A: history(2, 2, 2, 0, 0, 0), B: history(4, 4, 0, after=3), C: history(9, after=5)}
    links = [link(C, B, 5), link(B, A, 3, "2")]
    assert said(with_predecessors(known, links)[C]) == (0, [4, 4, 4, 4, 4, 9])


def test_other_sizes_are_counted_in_the_successors_unit_and_whole_numbers_stay_whole() -> None:
    sold = with_predecessors({A: history(*[1] * 10)}, [link(B, A, 30, "0.5")])[B].quantity
    assert sold.sum() == 5
    assert set(sold) == {0, 1}
    broken = with_predecessors({A: history(1.5, 2.5)}, [link(B, A, 30, "0.5")])[B]
    assert said(broken)[1] == [0.75, 1.25]


def test_a_longer_history_of_its_own_and_nothing_known_change_nothing() -> None:
    known = {A: history(4, after=2), B: history(1, 1, 1)}
    assert said(with_predecessors(known, [link(B, A, 2)])[B]) == (0, [1, 1, 1])
    assert with_predecessors({}, [link(B, A, 2)]) == {}
    assert with_predecessors({A: history(4, after=2)}, [link(B, A, 0)]).keys() == {A}


def test_a_circle_is_left_alone() -> None:
    known = {A: history(1, 1), B: history(2, after=1)}
    found = with_predecessors(known, [link(A, B, 1), link(B, A, 1)])
    assert found == known


def test_what_is_phased_out_fades_to_nothing_and_slow_movers_do_not_round_away() -> None:
    paths = np.ones((400, 40), np.float32)
    faded = phased_out(paths, START, START + 34 * DAY)
    assert (faded[:, :6] == 1).all()
    assert (faded[:, 35:] == 0).all()
    assert set(np.unique(faded)) == {0, 1}
    assert faded[:, 6:35].sum(axis=1) == pytest.approx(FADE_DAYS / 2, abs=1)
    broken = phased_out(paths / np.float32(2), START, START + 34 * DAY)[0]
    assert (np.diff(broken[6:36]) < 0).all()


def test_fading_goes_on_from_where_it_stands_and_the_day_after_the_last_nothing_is_sold() -> None:
    half = phased_out(np.full((1, 28), 0.5, np.float32), START, START + 13 * DAY)[0]
    whole = phased_out(np.full((1, 28), 0.9, np.float32), START, START + 27 * DAY)[0]
    assert half[0] == pytest.approx(0.5, rel=0.1)
    assert whole[0] == pytest.approx(0.9, rel=0.1)
    assert phased_out(np.ones((2, 5), np.float32), START, START - 1 * DAY).sum() == 0


def test_before_its_first_day_nothing_is_sold() -> None:
    paths = np.ones((2, 5), np.float32)
    assert phased_in(paths, START, START + 2 * DAY).tolist() == [[0, 0, 1, 1, 1]] * 2
    assert phased_in(paths, START, START - 2 * DAY).tolist() == paths.tolist()


def test_within_its_life_paths_begin_and_end() -> None:
    paths = np.ones((1, 40), np.float32)
    lived = within(paths, START, Life(START + 2 * DAY, START + 36 * DAY))[0]
    assert lived[:4].tolist() == [0, 0, 1, 1]
    assert lived[37:].sum() == 0
    assert within(paths, START, Life()) is paths


def test_all_that_stands_before_items_is_found_also_in_a_circle() -> None:
    assert before([link(B, A, 0), link(C, B, 0)], [C]) == {A, B}
    assert before([link(B, A, 0), link(A, B, 0)], [A]) == {A, B}


def test_an_item_that_never_sold_is_forecast_by_what_it_replaces_from_its_first_day(ctx: Context) -> None:
    site = records.add_site(ctx, code="LON", name="London", time_zone="UTC", width_m=20, depth_m=10)
    old, new, other = (records.add_item(ctx, sku=sku, sold_until=ends) for sku, ends in (
        ("OLD", START + 40 * DAY), ("NEW", None), ("OTHER", None)
    ))  # fmt: skip
    set_predecessor(ctx, told := Succession(new, old, START + 30 * DAY))
    for item_id in (old, other):
        for day in range(20):
            sold = (ctx.tenant, item_id, site, START + day * DAY, 3)
            run(ctx.tx, "insert into demand_day values (%s, %s, %s, %s, %s)", sold)
    until = START + 19 * DAY
    assert tables.items_to_forecast(ctx.tx, ctx.tenant, site, until) == [old, new, other]
    found = begun_history(ctx, site, [new, other], until)
    assert {item_id: one.quantity.sum() for item_id, one in found.items()} == {new: 60, other: 60}
    assert lives(ctx, site, [old, new, other]) == {old: Life(None, START + 40 * DAY), new: Life(told.from_day, None)}
