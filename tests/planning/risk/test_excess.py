"""Too much: more than sells, what expires before it sells, what sells no more; and what can be done about it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfwise.planning.model import Floats
from shelfwise.planning.risk.advice import Lacking, Ordered, advise, whole_quanta
from shelfwise.planning.risk.excess import Dated, Excess, excess, wasting

TODAY = date(2026, 3, 2)


def steady(daily: float, days: int = 60) -> Floats:
    return np.full((4, days), daily)


def lot(name: str, quantity: float, days: int) -> Dated:
    return Dated(name, TODAY + timedelta(days=days - 1), quantity, days)


def test_what_does_not_sell_within_the_longest_cover_is_too_much() -> None:
    found = excess(100, 0, steady(1), 60, [], 0, 0)
    assert (found.surplus, found.cover_days, found.daily) == (40, 100, 1)
    assert excess(60, 0, steady(1), 60, [], 0, 0).surplus == 0


def test_what_nine_of_ten_futures_do_not_need_is_too_much() -> None:
    demand = np.arange(1.0, 11.0)[:, None] * np.ones((1, 10))
    assert excess(95, 0, demand, 10, [], 0, None).surplus == pytest.approx(4)


def test_what_is_on_order_is_too_much_only_beyond_what_is_there() -> None:
    assert excess(50, 30, steady(1), 60, [], 0, 0).coming == 20
    assert excess(70, 30, steady(1), 60, [], 0, 0).coming == 30
    assert excess(10, 30, steady(1), 60, [], 0, 0).coming == 0


def test_without_a_forecast_only_what_is_idle_is_too_much() -> None:
    assert excess(5, 0, None, 60, [], 0, 89).too_much == 0
    assert excess(5, 0, None, 60, [], 0, 90).too_much == 5
    assert excess(5, 0, None, 60, [], 0, None).idle_days is None
    assert excess(0, 0, None, 60, [], 0, 400).idle_days is None


def test_what_expires_first_is_sold_first_and_the_rest_is_wasted() -> None:
    found = wasting(steady(2, 30), [lot("B", 10, 10), lot("A", 12, 5)], 0)
    assert [(one.lot, one.quantity, one.likely) for one in found] == [("A", 2, 1)]


def test_what_is_promised_already_is_not_wasted() -> None:
    assert wasting(steady(0, 30), [lot("A", 12, 5)], 9)[0].quantity == 3
    assert wasting(steady(0, 30), [lot("A", 12, 5)], 12) == ()


@given(
    st.lists(st.integers(0, 4), min_size=8, max_size=8),
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 8)), min_size=1, max_size=4),
    st.integers(0, 3),
)
def test_what_is_wasted_is_what_a_day_by_day_play_leaves(
    demand: list[int], lots: list[tuple[int, int]], owed: int
) -> None:
    named = [lot(f"L{number}", float(quantity), days) for number, (quantity, days) in enumerate(lots)]
    found = wasting(np.array([demand], np.float64), named, owed)
    left = {one.lot: one.quantity for one in named}
    wasted = {one.lot: 0.0 for one in named}
    for day, wanted in enumerate(demand, 1):
        need = float(wanted + (owed if day == 1 else 0))
        for one in sorted(named, key=lambda one: (one.last_day, one.lot)):
            taken = min(left[one.lot], need) if day <= one.days else 0.0
            left[one.lot] -= taken
            need -= taken
        for one in named:
            if day == one.days:
                wasted[one.lot], left[one.lot] = left[one.lot], 0.0
    assert {one.lot: one.quantity for one in found} == {name: much for name, much in wasted.items() if much}


def said(found: Excess, **about: object) -> list[tuple[str, float, str]]:
    given_ = {"orders": [], "lacking": [], "supplier": None, "quantum": Decimal(1)} | about
    return [(one.deed, one.quantity, one.about) for one in advise(found, **given_)]  # type: ignore[arg-type]


def test_what_has_not_come_yet_is_cut_first_from_the_order_that_comes_last() -> None:
    found = Excess(1.0, 60.0, 0.0, 25.0, (), None)
    orders = [Ordered(2, "PO-2", 20.0), Ordered(1, "PO-1", 20.0)]
    assert said(found, orders=orders) == [("order_less", 20, "PO-2"), ("order_less", 5, "PO-1")]


def test_who_will_lack_it_gets_it_before_it_is_marked_down() -> None:
    found = Excess(1.0, 90.0, 30.4, 0.0, (), None)
    assert said(found, lacking=[Lacking(2, "Berlin", 12.7)]) == [("move", 12, "Berlin"), ("mark_down", 18, "")]


def test_what_sells_no_more_goes_back_or_is_written_off() -> None:
    for idle, seller in product((100, 400), (None, (3, "Harbour"))):
        found = said(Excess(None, None, 8.0, 0.0, (), idle), supplier=seller)
        back = [("give_back", 8, "Harbour")] if seller else []
        assert found == back + ([("write_off", 8, "")] if idle == 400 else [])


def test_a_lot_that_will_expire_is_marked_down_by_its_name() -> None:
    found = excess(12, 0, steady(2, 60), 60, [lot("A", 12, 5)], 0, 0)
    assert said(found) == [("mark_down", 2, "A")]


def test_nobody_moves_a_part_of_a_piece() -> None:
    assert whole_quanta(2.999, Decimal(1)) == 2
    assert whole_quanta(2.999, Decimal("0.5")) == 2.5
    assert said(Excess(1.0, 60.0, 0.9, 0.0, (), None)) == []
