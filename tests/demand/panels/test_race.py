"""The race: who speaks for which kind of demand, and how it is scored."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from shelfwise.demand.boosting.model import NAME as TREES
from shelfwise.demand.contest import Asked
from shelfwise.demand.panel import Frequency, Panel, Prediction
from shelfwise.demand.race.calibrating import TRUST, Told, Widths, widened, widths
from shelfwise.demand.race.champion import NOBODY, forecast
from shelfwise.demand.race.contenders import contenders, why_no_trees
from shelfwise.demand.race.joining import averaged
from shelfwise.demand.race.marks import covered, mark
from shelfwise.demand.race.race import OVERALL, race, windows_of
from shelfwise.demand.race.report import as_json, as_table
from shelfwise.demand.race.segments import SEGMENTS, segments
from shelfwise.demand.simple.alike import ALIKE
from tests.demand.panels.made import panel, seasonal_counts


@dataclass(frozen=True)
class Always:
    """Expects the same of every period."""

    name: str
    value: float

    def forecast(self, panels: Sequence[Panel], asked: Asked) -> list[Prediction]:
        made = []
        for one in panels:
            flat = np.where(one.wanted, np.float32(self.value), np.nan).astype(np.float32)
            totals = np.cumsum(np.nan_to_num(flat), axis=1)
            made.append(
                Prediction(
                    flat, dict.fromkeys(asked.quantiles, flat), dict.fromkeys(asked.quantiles, totals),
                    (self.name,) * one.series, None, {},
                )
            )  # fmt: skip
        return made


def test_each_kind_of_demand_is_told_by_gaps_and_sizes() -> None:
    rng = np.random.default_rng(3)
    days = 200
    rows = np.zeros((8, days))
    rows[0] = rng.poisson(50, days)
    rows[1] = rng.lognormal(3, 1.2, days)
    rows[2, ::5] = 4
    rows[3, ::5] = rng.lognormal(1, 1.5, days // 5)
    rows[4] = np.nan
    rows[4, -20:] = 5
    rows[5, :100] = 6
    rows[6, :100] = 6
    rows[6, 100:] = np.nan
    rows[7, ::60] = 1
    kinds = [SEGMENTS[one].value for one in segments(panel(rows))]
    assert kinds == ["smooth", "erratic", "intermittent", "lumpy", "new", "ended", "ended", "intermittent"]


def test_windows_end_with_the_history_and_leave_a_past() -> None:
    assert windows_of(panel(np.ones((1, 200))), 28, 4) == [88, 116, 144, 172]
    assert windows_of(panel(np.ones((1, 90))), 28, 4) == [62]
    assert windows_of(panel(np.ones((1, 5))), 28, 4) == []


def test_the_better_method_wins_and_the_simpler_one_where_it_is_not_clearly_better() -> None:
    base = panel(np.full((30, 120), 10.0))
    result = race(base, [Always("off", 15), Always("near", 10.004), Always("exact", 10)], 7)
    assert result is not None
    assert result.champions[OVERALL][0] == "exact"
    alike = race(base, [Always("simple", 12), Always("model", 11.99)], 7)
    assert alike is not None
    assert alike.champions["smooth"][0] == "simple"


def test_two_that_err_to_either_side_are_joined() -> None:
    base = panel(np.full((30, 120), 10.0))
    members = [Always("low", 8), Always("high", 12)]
    result = race(base, members, 7)
    assert result is not None
    assert result.champions[OVERALL][0] == "low + high"
    made = forecast(base, result, members, Asked())
    assert made.models[0] == "low + high"
    assert made.mean[0].tolist() == [10] * 7


def test_the_mean_of_two_that_is_better_by_a_little_was_lucky_and_does_not_speak() -> None:
    result = race(panel(np.full((30, 120), 10.0)), [Always("high", 10.1), Always("low", 9.704)], 7)
    assert result is not None
    assert result.marks["high + low"].score().loss < result.marks["high"].score().loss
    assert result.champions[OVERALL][0] == "high"


def test_a_panel_without_a_race_is_forecast_by_the_simplest_and_nothing_is_made_up() -> None:
    rows = np.full((2, 5), np.nan)
    rows[0] = 3
    methods = contenders(Frequency.DAY)[:3]
    assert race(panel(rows, 28), methods, 28) is None
    assert forecast(panel(rows, 28), None, methods, Asked()).models == ("moving average", ALIKE)
    unknown = forecast(panel(rows[1:], 28), None, methods, Asked(paths=2))
    assert unknown.models == (NOBODY,)
    assert np.isnan(unknown.mean).all()


def test_who_says_nothing_takes_no_part_in_a_race() -> None:
    methods = contenders(Frequency.DAY)
    result = race(panel(seasonal_counts(2, 40)), (methods[0], methods[-1]), 7, 2)
    assert result is not None and list(result.marks) == ["moving average"]
    assert result.marks["moving average"].score().periods == 2 * 7 * 2


def test_without_its_library_the_model_stays_out_of_the_race(monkeypatch: pytest.MonkeyPatch) -> None:
    everybody = [one.name for one in contenders(Frequency.DAY)]
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    assert [one.name for one in contenders(Frequency.DAY)] == everybody[:-1]
    assert "LightGBM cannot be loaded" in why_no_trees()


def test_what_has_no_history_is_forecast_as_others_of_its_item_sold() -> None:
    rows = np.full((3, 60), 8.0)
    rows[1] = 2
    rows[2] = np.nan
    base = replace(panel(rows), keys=(("tea", "north"), ("salt", "south"), ("tea", "south")))
    made = forecast(base, None, contenders(Frequency.DAY)[:1], Asked())
    assert made.mean[2].tolist() == [8] * 7
    assert made.totals[0.5][2, -1] == 56
    assert made.notes[2] == "it has little history of its own; forecast by one other of its item"


def test_quantiles_are_made_as_wide_as_the_windows_say() -> None:
    rng = np.random.default_rng(2)
    came = rng.normal(100, 10, (300, 8))
    narrow = {0.1: 98.0, 0.5: 100.0, 0.9: 101.0}
    flat = {level: np.full(came.shape, value, np.float32) for level, value in narrow.items()}
    totals = {level: np.cumsum(values, axis=1) for level, values in flat.items()}
    made = Prediction(flat[0.5], flat, totals, ("x",) * 300, np.stack([flat[0.1], flat[0.9]]), {})
    by = widths([Told(made, came, np.ones(came.shape, np.bool_))])
    assert by.periods[0] == pytest.approx((3**TRUST, 3**TRUST))
    wide = widened(made, Widths(((6.4, 12.8),) * 2, ((1, 1),) * 2))
    inside = (wide.quantiles[0.1] <= came) & (came <= wide.quantiles[0.9])
    assert inside.mean() == pytest.approx(0.8, abs=0.02)
    np.testing.assert_array_equal(wide.totals[0.9], totals[0.9])
    small = replace(made, quantiles={level: values / np.float32(50) for level, values in flat.items()})
    np.testing.assert_array_equal(widened(small, by).quantiles[0.9], small.quantiles[0.9])


def test_boosted_trees_alone_are_not_made_wider_by_a_race_in_which_they_were_older() -> None:
    base = panel(np.full((30, 120), 10.0))
    for name, calibrated in ((TREES, False), ("exact", True)):
        result = race(base, [Always("off", 15), Always(name, 10)], 7)
        assert result is not None
        assert result.champions[OVERALL][0] == name
        assert (OVERALL in result.widths) == (OVERALL in result.calibrated) == calibrated
        assert forecast(base, result, [Always("off", 15), Always(name, 10)], Asked()).models[0] == name


def test_a_forecast_far_above_anything_ever_sold_says_so() -> None:
    base = panel(np.full((2, 100), 3.0))
    made = forecast(base, None, [Always("wild", 31)], Asked())
    assert "more than 10 times the 3" in made.notes[0]


def test_nothing_after_the_origins_changes_what_the_race_was_given() -> None:
    rows = seasonal_counts(6, 200)
    other = rows.copy()
    other[:, 172:] += 50
    # The last window alone differs, and in what came alone: the sums of the others are the same.
    one, two = (race(panel(each), contenders(Frequency.DAY)[:4], 28, 4) for each in (rows, other))
    assert one is not None
    assert two is not None
    for name in ("moving average", "same-weekday mean"):
        np.testing.assert_array_equal(one.marks[name].pinball[:18], two.marks[name].pinball[:18])
        np.testing.assert_allclose(
            two.marks[name].demand[18:] - one.marks[name].demand[18:], 50 * one.marks[name].count[18:]
        )
        np.testing.assert_allclose(
            one.marks[name].difference[18:] - two.marks[name].difference[18:],
            50 * one.marks[name].count[18:],
            rtol=1e-4,
        )


def test_scores_are_those_of_the_textbook() -> None:
    past = panel([[1.0, 3, 1, 3]], 4)
    came = np.array([[10.0, 20, 30, 40]])
    made = Always("x", 20).forecast([past], Asked())[0]
    score = mark(past, came, made, np.ones((1, 4), np.bool_)).score()
    assert score.wape == pytest.approx(0.4)
    assert score.bias == pytest.approx(-0.2)
    assert score.rmsse == pytest.approx((600 / 4 / 4) ** 0.5)
    assert score.pinball == pytest.approx((0.5 * 30 + 0.5 * 10) / 100)


def test_a_quantile_in_the_middle_of_a_count_covers_a_share_of_it() -> None:
    rng = np.random.default_rng(0)
    came = rng.poisson(1.2, (1, 200_000)).astype(np.float64)
    quantiles = [np.full(came.shape, np.quantile(came, level)) for level in (0.1, 0.5, 0.9)]
    assert covered(came, quantiles).mean() == pytest.approx(0.8, abs=0.06)
    wide = [np.full(came.shape, level) for level in (-1.0, 0.5, 99.0)]
    assert covered(came, wide).mean() == 1


def test_of_two_one_speaks_where_the_other_says_nothing() -> None:
    base = panel(np.ones((1, 10)), 2)
    one, two = (Always(name, value).forecast([base], Asked())[0] for name, value in (("a", 2), ("b", 4)))
    one.mean[0, 0] = np.nan
    assert averaged(one, two).mean.tolist() == [[4, 3]]


def test_a_race_is_told_as_a_table_and_as_json() -> None:
    result = race(panel(seasonal_counts(30, 200)), contenders(Frequency.DAY)[:3], 14, 3)
    assert result is not None
    lines = list(as_table(result))
    assert lines[0].startswith("30 series, 3 windows of 14 periods from 2024-")
    assert any(line.startswith("* ") for line in lines)
    told = json.loads(json.dumps(as_json(result)))
    assert set(told["champions"]) >= {OVERALL}
    assert len(told["segments"][OVERALL]["moving average"]["halves"]) == 2


def test_two_that_are_asked_for_take_part_together_and_losses_count_as_weighed() -> None:
    base = panel(np.concatenate([np.full((40, 120), 10.0), np.full((20, 120), 1.0)]))
    low, high = Always("low", 1), Always("high", 10)
    methods = [low, high, Always("wild", 90), Always("wilder", 95)]
    found = race(base, methods, 7, pairs=["high + wilder"])
    assert found is not None
    assert {"high + wilder", "low + high"} <= set(found.marks)
    assert "wild + wilder" not in found.marks
    assert found.champions[OVERALL][0] == "high"
    weighed = race(base, methods, 7, weights=np.repeat([0.01, 1.0], [40, 20]))
    assert weighed is not None
    assert weighed.champions[OVERALL][0] == "low"
