"""Figures: what they are made of, and that unknown is not zero."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from shelfwise.measure.compare import compare, student, wilson
from shelfwise.measure.gaps import shortest_gap, suspected
from shelfwise.measure.model import (
    BY_NAME,
    Counted,
    Day,
    Figure,
    Line,
    Wanted,
    Week,
    count_figures,
    fill_figures,
    loss_figure,
    stock_figures,
    stockout_figures,
    weeks,
)

DAY = date(2026, 3, 2)


def wanted(item: int, today: int = 0, lately: int = 28, last: date = DAY) -> Wanted:
    return Wanted(item, Decimal(today), Decimal(lately), last)


def named(figures: list[Figure]) -> dict[str, Figure]:
    return {one.metric: one for one in figures}


def worth(figure: Figure) -> Decimal:
    return figure.part if figure.whole is None else figure.part / figure.whole


def test_an_item_is_out_of_stock_only_where_it_is_kept_and_sells() -> None:
    known = [wanted(1, today=2), wanted(2), wanted(3, lately=0), wanted(4)]
    found = named(stockout_figures(known, out={1, 3}, kept={1, 2, 3}))
    assert worth(found["out_of_stock"]) == Decimal("0.5")
    assert found["out_of_stock"].missing == {"sold_without_stock_levels": 1}
    assert worth(found["wanted_and_out"]) == 1


def test_without_stock_levels_nothing_is_said_about_stockouts() -> None:
    assert stockout_figures([wanted(1, today=2)], out=set(), kept=set()) == []


def test_a_line_counts_as_filled_only_in_whole_and_more_than_asked_is_not_more_than_all() -> None:
    lines = [Line(Decimal(4), Decimal(4)), Line(Decimal(4), Decimal(2)), Line(Decimal(1), Decimal(3))]
    found = named(fill_figures(lines))
    assert worth(found["fill_lines"]) == Decimal(2) / 3
    assert worth(found["fill_units"]) == Decimal("2.5") / 3
    assert fill_figures([]) == []


def stock(
    on_hand: Mapping[int, int], cost: Mapping[int, str], known: list[Wanted], since: date | None = None
) -> dict[str, Figure]:
    return named(
        stock_figures(
            {item: Decimal(amount) for item, amount in on_hand.items()},
            {item: Decimal(amount) for item, amount in cost.items()},
            known, {1: Decimal(1)}, DAY, since, Decimal("0.25"),
        )
    )  # fmt: skip


def test_stock_is_valued_at_cost_and_says_for_how_many_items_nobody_gave_one() -> None:
    found = stock({1: 10, 2: 5, 3: 7}, {1: "2", 2: "4"}, [wanted(1, lately=28)])
    assert found["stock_value"].part == 40
    assert found["stock_value"].missing == {"without_cost": 1}
    assert worth(found["turns"]) == Decimal(2) * 365 / 40
    assert worth(found["days_of_supply"]) == 10, "20 worth of what sells, 2 a day"
    assert found["carrying_cost"].part == Decimal(10) / 365
    assert "dead_stock" not in found, "demand is known for one day: nothing is known to be dead"


def test_what_nobody_wanted_for_half_a_year_is_dead() -> None:
    old = DAY - timedelta(days=181)
    found = stock({1: 10, 2: 5}, {1: "2", 2: "4"}, [wanted(1), wanted(2, lately=0, last=old)], since=old)
    assert worth(found["dead_stock"]) == Decimal("0.5")


def test_an_empty_house_or_one_without_any_cost_has_no_stock_figures() -> None:
    assert stock({1: 0}, {1: "2"}, []) == {}
    assert stock({1: 4}, {}, []) == {}


def test_a_count_agrees_within_the_sheets_tolerance() -> None:
    lines = [
        Counted(1, Decimal(100), Decimal(99), Decimal("0.02")),
        Counted(1, Decimal(10), Decimal(12), Decimal("0.02")),
        Counted(2, Decimal(0), Decimal(1), Decimal("0.02")),
    ]
    found = named(count_figures(lines, {1: Decimal(3)}))
    assert worth(found["count_accuracy"]) == Decimal(1) / 3
    assert [found[name].part for name in ("count_net", "count_off")] == [Decimal(3), Decimal(9)]
    assert found["count_off"].missing == {"without_cost": 1}
    assert count_figures([], {}) == []


def test_nothing_lost_is_zero_and_known() -> None:
    assert loss_figure("written_off", {}, {}).part == 0


@pytest.mark.parametrize(
    ("metric", "days", "value"),
    [
        ("out_of_stock", [(1, 10), (0, 30)], 1 / 40),
        ("stock_value", [(100, None), (200, None)], 150.0),
        ("written_off", [(2, None), (4, None)], 21.0),
    ],
)
def test_a_week_is_a_quotient_of_sums_a_mean_of_evenings_or_seven_times_a_day(
    metric: str, days: list[tuple[int, int | None]], value: float
) -> None:
    some = [
        Day(DAY + timedelta(days=n), Decimal(part), None if whole is None else Decimal(whole), 5)
        for n, (part, whole) in enumerate(days)
    ]
    (week,) = weeks(BY_NAME[metric], some, DAY + timedelta(days=6))
    assert week.value == pytest.approx(value)
    assert week.days == 2
    assert weeks(BY_NAME[metric], some, DAY + timedelta(days=5)) == [], "it is not over"


def in_weeks(*values: float, n: int = 10) -> list[Week]:
    return [Week(DAY + timedelta(days=7 * at), value, n, 7) for at, value in enumerate(values)]


@pytest.mark.parametrize(
    ("metric", "before", "since", "kind"),
    [
        ("out_of_stock", in_weeks(0.20, 0.21, 0.19, 0.20), in_weeks(0.05, 0.06, 0.05, 0.04), "better"),
        ("turns", in_weeks(6, 6.1, 5.9, 6), in_weeks(4, 4.1, 3.9, 4), "worse"),
        ("stock_value", in_weeks(100, 101, 99, 100), in_weeks(50, 51, 49, 50), "different"),
        ("out_of_stock", in_weeks(0.2, 0.1, 0.3, 0.05), in_weeks(0.1, 0.2, 0.05, 0.2), "the_same"),
        ("out_of_stock", in_weeks(0.2, 0.2, 0.2), in_weeks(0.1, 0.1, 0.1, 0.1), "not_enough"),
        ("count_accuracy", in_weeks(0.7, n=60), in_weeks(0.95, n=60), "better"),
        ("count_accuracy", in_weeks(0.7, n=60), in_weeks(0.95, n=20), "not_enough"),
        ("count_accuracy", in_weeks(0.90, n=60), in_weeks(0.95, n=60), "the_same"),
        ("count_accuracy", in_weeks(1.0, n=60), in_weeks(1.0, n=60), "the_same"),
    ],
)
def test_only_a_difference_beyond_chance_is_called_better_or_worse(
    metric: str, before: list[Week], since: list[Week], kind: str
) -> None:
    assert compare(BY_NAME[metric], before, since).kind == kind


def test_what_is_missing_for_a_verdict_is_said_in_numbers() -> None:
    assert compare(BY_NAME["turns"], in_weeks(1, 1, 1), in_weeks(1)).needs == (
        "Needs 1 more whole week before and 3 more whole weeks since."
    )
    assert compare(BY_NAME["count_accuracy"], in_weeks(1, n=50), in_weeks(1, n=8)).needs == "Needs 42 more since."
    assert compare(BY_NAME["turns"], [], in_weeks(1)).needs.startswith("Nothing was measured before")


def test_of_two_figures_without_a_difference_one_in_twenty_is_called_different() -> None:
    rng = np.random.default_rng(5)
    draws = rng.normal(10, 3, (600, 12))
    called = [compare(BY_NAME["turns"], in_weeks(*row[:6]), in_weeks(*row[6:])).kind != "the_same" for row in draws]
    assert 0.02 < sum(called) / len(called) < 0.08


@pytest.mark.parametrize(("freedom", "quantile"), [(3, 3.182), (5, 2.571), (10, 2.228), (30, 2.042), (1000, 1.962)])
def test_students_quantile_is_that_of_the_tables(freedom: float, quantile: float) -> None:
    assert student(freedom) == pytest.approx(quantile, rel=0.01)


def test_the_interval_of_a_share_is_wilsons() -> None:
    assert wilson(10, 10) == pytest.approx((0.722, 1.0), abs=1e-3)
    assert wilson(0, 10) == pytest.approx((0.0, 0.278), abs=1e-3)


def test_a_steady_seller_that_stops_and_goes_on_is_a_suspected_stockout() -> None:
    sold = np.ones(90, bool)
    sold[70:76] = False
    steady, gap = suspected(sold, np.ones(90, bool))
    assert np.flatnonzero(gap).tolist() == list(range(70, 76))
    assert steady[:56].sum() == 0 and steady[56:].all()


def test_a_closed_house_a_short_pause_and_an_item_that_never_comes_back_are_no_suspicion() -> None:
    opened = np.ones(90, bool)
    opened[60:70] = False
    sold = opened.copy()
    sold[75] = False
    sold[82:] = False
    assert not suspected(sold, opened)[1].any()


def test_what_skips_days_anyhow_needs_a_longer_gap() -> None:
    assert [shortest_gap(share) for share in (1.0, 0.95, 0.8)] == [2, 3, 5]
