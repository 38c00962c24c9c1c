"""A site's forecast: sane on odd histories, fair to slow movers, aware of promotions and closed days."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from numpy.typing import NDArray

from shelfwise.demand.boosting.model import Boosted, Effort
from shelfwise.demand.contest import Asked
from shelfwise.demand.forecasting import racing
from shelfwise.demand.forecasting.columns import (
    HOLIDAY,
    PROMOTION,
    Promoted,
    country_of,
    holiday_column,
    promotion_columns,
)
from shelfwise.demand.forecasting.gathering import without_closed
from shelfwise.demand.forecasting.lifted import Lifted
from shelfwise.demand.forecasting.racing import Made, forecast_panel, taking_part
from shelfwise.demand.forecasting.standing import Standing
from shelfwise.demand.forecasting.summary import figures, race_of
from shelfwise.demand.model import DemandHistory, Flags, Floats, screen
from shelfwise.demand.panel import Panel, daily
from shelfwise.demand.race.race import OVERALL
from shelfwise.demand.simple.forecaster import simple_forecasters
from shelfwise.records.calendars import Calendar

MONDAY = date(2026, 1, 5)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def panel_of(*quantity: Floats, masked: Flags | None = None, ahead: int = 28) -> Panel:
    days = max(len(one) for one in quantity)
    origin = MONDAY + timedelta(days=days - 1)
    histories = [
        screen(
            DemandHistory(
                origin - timedelta(days=len(one) - 1), one, np.zeros(len(one), bool) if masked is None else masked
            )
        )[0]
        for one in quantity
    ]
    return daily(origin, histories, ahead, [(str(number), "") for number in range(len(quantity))])


def made_of(panel: Panel, before: Mapping[str, Standing] | None = None, seed: int = 0) -> Made:
    return forecast_panel(panel, before or {}, panel.dates[panel.periods - 1], seed, lambda done, of: None)


def spiky() -> Floats:
    values = rng(2).poisson(5, 200).astype(float)
    values[150] = 1e11
    return values


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("quantity", "masked"),
    [
        (np.zeros(100), None),
        (np.full(100, 3.0), None),
        (np.ones(14), None),
        (spiky(), None),
        (np.full(100, 1e12), None),
        (np.full(100, 0.001), None),
        (rng().poisson(3, 120).astype(float), np.arange(120) % 2 == 0),
        (rng().poisson(3, 120).astype(float), np.arange(120) >= 60),
        (rng().poisson(3, 120).astype(float), np.arange(120) < 90),
        (rng().poisson(3, 120).astype(float), np.arange(120) % 7 < 5),
        (np.concatenate((np.zeros(99), [500.0])), None),
    ],
    ids=[
        "all zero", "constant", "two weeks", "one huge day", "huge", "tiny", "every other day unknown",
        "unknown since long", "known only lately", "two weekdays known", "first sale today",
    ],
)  # fmt: skip
def test_odd_histories_give_finite_numbers_fit_for_json(quantity: Floats, masked: Flags | None) -> None:
    made = made_of(panel_of(quantity, masked=masked))
    assert made.paths.shape == (256, 1, 28)
    assert np.isfinite(made.paths).all()
    assert (made.paths >= 0).all()
    json.dumps(figures(made.paths[:, 0]), allow_nan=False)
    if made.race is not None:
        json.dumps(race_of(made.race, OVERALL), allow_nan=False)


def test_one_mistyped_order_does_not_move_the_forecast() -> None:
    assert made_of(panel_of(spiky())).paths.max() < 100


def test_slow_movers_are_not_forecast_as_never_selling() -> None:
    quantity = np.where(rng(8).random(274) < 0.08, 6.0, 0.0).astype(np.float64)
    totals = made_of(panel_of(quantity)).paths[:, 0].sum(axis=1)
    assert 0.5 * 28 * quantity.mean() < totals.mean() < 2 * 28 * quantity.mean()
    assert np.quantile(totals, 0.9) >= 6


def test_figures_show_quantiles_of_totals_not_sums_of_daily_quantiles() -> None:
    shown = figures(made_of(panel_of(rng(6).poisson(4, 200).astype(float))).paths[:, 0])
    assert shown["cumulative"]["q90"][-1] < sum(shown["q90"])
    assert shown["cumulative"]["q10"][-1] > sum(shown["q10"])


def test_a_weekly_rhythm_is_forecast_and_the_race_says_by_whom() -> None:
    rhythm = np.tile([0.0, 20.0, 0.0, 5.0, 0.0, 40.0, 1.0], 30)
    made = made_of(panel_of((rhythm + rng(3).integers(-1, 2, 210)).clip(0.0)))
    assert made.race is not None
    told = race_of(made.race, OVERALL)
    assert told["winner"] == made.standings[OVERALL].champion == made.prediction.models[0] != "moving average"
    assert (told["windows"], set(told["scores"])) == (4, set(made.race.marks))
    assert made.paths.mean(axis=0)[0, 5] > 30
    assert made.paths.mean(axis=0)[0, 4] < 5


def test_the_same_seed_gives_the_same_forecast() -> None:
    panel = panel_of(rng(6).poisson(4, 200).astype(float))
    np.testing.assert_array_equal(made_of(panel, seed=5).paths, made_of(panel, seed=5).paths)


def test_with_little_to_learn_from_trees_take_no_part() -> None:
    def names(days: int, items: int) -> list[str]:
        return [one.name for one in taking_part(panel_of(*[np.ones(days)] * items))]

    assert "boosted trees" not in names(300, 101)
    assert "boosted trees" not in names(400, 24)
    assert "boosted trees" in names(400, 26)


def test_a_former_champion_speaks_on_while_another_is_on_trial() -> None:
    panel = panel_of(np.tile([0.0, 20.0, 0.0, 5.0, 0.0, 40.0, 1.0], 30))
    origin = panel.dates[panel.periods - 1]
    former = Standing(OVERALL, "moving average", date(2026, 1, 1), None, 0, None, origin - timedelta(days=1))
    made = made_of(panel, {OVERALL: former})
    assert made.prediction.models == ("moving average",)
    assert (made.standings[OVERALL].challenger, made.standings[OVERALL].nights) == ("seasonal naive", 1)


def promoted(first: int, last: int, percent: int | None = 20, item: int = 1) -> Promoted:
    discount = None if percent is None else Decimal(percent)
    return Promoted(item, MONDAY + timedelta(days=first), MONDAY + timedelta(days=last), "price", discount)


def lifted_case() -> tuple[Panel, NDArray[np.bool_]]:
    """Ten a day, thirty on promotion; the next one is on the second week ahead."""
    spans = [(60, 66), (100, 106), (140, 146), (207, 213)]
    on = np.zeros(228, bool)
    for first, last in spans:
        on[first : last + 1] = True
    quantity = np.where(on[:200], 30.0, 10.0)
    panel = panel_of(quantity, quantity, masked=None)
    events = [promoted(first, last, item=item) for first, last in spans for item in (1, 2)]
    return replace(panel, columns=promotion_columns(events, (1, 2), panel.dates)), on[200:]


def test_a_coming_promotion_sells_what_past_ones_of_its_sort_did() -> None:
    panel, ahead = lifted_case()
    made = made_of(panel)
    shown = made.paths.mean(axis=0)[0]
    assert shown[~ahead] == pytest.approx(10, abs=0.5)
    assert shown[ahead] == pytest.approx(30, rel=0.1)
    total = made.prediction.totals[0.5][0]
    assert total[-1] == pytest.approx(21 * 10 + 7 * 30, rel=0.1)


def test_what_a_promotion_will_do_is_told_from_before_the_origin_alone() -> None:
    panel, _ = lifted_case()
    method = Lifted(simple_forecasters(panel.frequency)[0])
    wild = replace(panel, quantity=panel.quantity.copy())
    wild.quantity[:, 130:] = 999
    before, after = (method.forecast([one.at(130, 28)], Asked())[0] for one in (panel, wild))
    np.testing.assert_array_equal(before.mean, after.mean)


def test_of_promotions_on_one_day_the_largest_discount_counts() -> None:
    dates = [MONDAY + timedelta(days=day) for day in range(10)]
    events = [promoted(2, 5, 40), promoted(0, 9, 10), promoted(4, 4, None)]
    which, share = promotion_columns(events, (7, 1), dates)
    assert which.labels == ("", "price", "price up to 10 %", "price up to 50 %")
    assert share.values[1].tolist() == pytest.approx([0.1, 0.1, 0.4, 0.4, 0.4, 0.4, 0.1, 0.1, 0.1, 0.1])
    assert not which.values[0].any()
    assert promotion_columns([promoted(20, 22)], (1,), dates) == ()


def test_holidays_are_those_of_the_country_of_the_sites_time_zone() -> None:
    dates = [date(2026, 12, 24) + timedelta(days=day) for day in range(3)]
    found = holiday_column("Europe/Berlin", dates, 4)
    assert found is not None
    assert (found.name, found.ahead, found.values.shape) == (HOLIDAY, True, (4, 3))
    assert [found.labels[int(place)] for place in found.values[3]] == ["", "Christmas Day", "Second Day of Christmas"]
    assert country_of("Asia/Tokyo") == "JP"
    assert holiday_column("UTC", dates, 4) is None


def test_a_day_closed_is_not_wanted_and_says_nothing_unless_something_sold() -> None:
    quantity = np.tile([5.0, 5, 5, 5, 5, 5, 0], 10)
    quantity[13] = 4.0
    panel = without_closed(panel_of(quantity), Calendar(frozenset({MONDAY + timedelta(days=72)}), frozenset({7})))
    assert np.isnan(panel.quantity[0]).sum() == 9
    assert panel.quantity[0, 13] == 4
    assert panel.wanted[0, :7].tolist() == [True, True, False, True, True, True, False]
    made = made_of(panel)
    assert np.isnan(made.paths[:, 0, 6]).all()
    assert made.paths[:, 0, 0].mean() == pytest.approx(5, abs=0.2)


class SmallTrees(Boosted):
    """Learns little."""

    def __init__(self) -> None:
        super().__init__(Effort(rows=4000, examined=2000, trees=10))


def test_columns_reach_the_trees_and_say_what_they_gained(monkeypatch: pytest.MonkeyPatch) -> None:
    """One small learning run: enough items, a promotion that triples what is sold."""
    monkeypatch.setattr(racing, "Boosted", SmallTrees)
    random = rng(4)
    items = tuple(range(28))
    spans = [(start, start + 6) for start in range(30, 380, 60)]
    events = [promoted(*spans[number], item=item) for item in items for number in range(item % 2, 6, 2)]
    panel = panel_of(*[np.ones(380)] * 28, ahead=14)
    columns = promotion_columns(events, items, panel.dates)
    on = columns[0].values[:, :380] > 0
    quantity = random.poisson(np.where(on, 15.0, 5.0)).astype(np.float32)
    made = made_of(replace(panel, quantity=quantity, columns=columns))
    assert {one.name for one in made.inputs} == {PROMOTION, "discount"}
    assert any(one.kept for one in made.inputs)
