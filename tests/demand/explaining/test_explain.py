"""An explanation adds up to the forecast, and what was planted in the demand shows in its group."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import lightgbm
import numpy as np
import pytest
from benchmarks._invented import groceries, items

from shelfwise.demand.boosting.model import NAME, Boosted, Effort, Learnt
from shelfwise.demand.contest import Asked
from shelfwise.demand.explaining.explain import explain
from shelfwise.demand.explaining.groups import group_of, player_of
from shelfwise.demand.explaining.model import GROUPS, Explained, Group
from shelfwise.demand.explaining.shapley import shares
from shelfwise.demand.forecasting.lifted import Lifted
from shelfwise.demand.model import Floats
from shelfwise.demand.panel import Column, Frequency, Numbers, Panel, Prediction
from shelfwise.demand.race.joining import averaged
from shelfwise.demand.simple.forecaster import simple_forecasters

ASKED = Asked((0.5,))
AHEAD = 6


@dataclass(frozen=True, eq=False)
class Case:
    """Groceries six weeks before the end, what was learnt of them, and what was said."""

    panel: Panel
    trees: Boosted
    learnt: Learnt
    said: Prediction
    explained: list[Explained]


@pytest.fixture(scope="module")
def case() -> Case:
    panel = groceries(5, series=60, weeks=110).panel.at(104, AHEAD)
    trees = Boosted(Effort(rows=5_000, examined=2_000, trees=40))
    (said,) = trees.forecast([panel], ASKED)
    assert trees.learnt is not None
    found = explain(panel, said, [trees])
    return Case(panel, trees, trees.learnt, said, [one for one in found if one is not None])


def test_groups_add_up_to_the_mean_of_each_week_and_of_the_whole(case: Case) -> None:
    assert len(case.explained) == case.panel.series
    for one, mean in zip(case.explained, case.said.mean, strict=True):
        assert one.total == pytest.approx(float(mean.sum()), abs=0.01)
        assert sum(one.amounts.values()) == pytest.approx(one.total, abs=1e-9)
        for stretch, expected in zip(one.stretches, mean, strict=True):
            assert stretch.total == pytest.approx(float(expected), abs=0.001)


def test_hardly_anything_remains_unexplained(case: Case) -> None:
    rest = sum(abs(one.amounts[Group.REST]) for one in case.explained)
    assert rest < 0.05 * sum(one.total for one in case.explained)


def test_a_promotion_shows_as_more_in_its_group_and_its_weeks_are_named(case: Case) -> None:
    price = next(one for one in case.panel.columns if one.name == "price").values
    cut = price[:, 104:] < 0.95 * np.nanmax(price[:, :104], axis=1)[:, None]
    assert cut.any() and not cut.all()
    by_week = np.array([[one.amounts[Group.PROMOTION] for one in each.stretches] for each in case.explained])
    beside = by_week / case.said.mean
    assert beside[cut].mean() > 0.3 > 0.0 > beside[~cut].mean()
    for each, weeks in zip(case.explained, cut, strict=True):
        named = [(one.first, one.last) for one in each.causes if one.group is Group.PROMOTION]
        for stretch, on in zip(each.stretches, weeks, strict=True):
            assert not on or any(first <= stretch.first <= last for first, last in named)


def test_whoever_asks_says_what_a_column_is_about(case: Case) -> None:
    given = dict.fromkeys(case.learnt.kinds, Group.OUTSIDE)
    found = explain(case.panel, case.said, [case.trees], given)
    assert all(one is not None and one.amounts[Group.PROMOTION] == 0 for one in found)
    assert any(one is not None and one.amounts[Group.OUTSIDE] > 1 for one in found)


def test_of_two_methods_together_the_explanation_is_the_mean_of_both(case: Case) -> None:
    average = next(one for one in simple_forecasters(Frequency.WEEK) if one.name == "moving average")
    simple = average.forecast([case.panel], ASKED)[0]
    both = averaged(simple, case.said)
    joined = explain(case.panel, both, [average, case.trees])
    alone = explain(case.panel, simple, [average])
    for one, other, it, mean in zip(case.explained, alone, joined, both.mean, strict=True):
        assert it is not None and other is not None
        assert it.total == pytest.approx(float(mean.sum()), abs=0.01)
        assert it.amounts[Group.PROMOTION] == pytest.approx(one.amounts[Group.PROMOTION] / 2, abs=0.01)
        assert other.amounts[Group.LEVEL] == pytest.approx(other.total, abs=0.01)


def test_a_series_of_which_nothing_is_said_is_not_explained(case: Case) -> None:
    silent = replace(case.said, mean=np.full_like(case.said.mean, np.nan))
    assert explain(case.panel, silent, [case.trees]) == [None] * case.panel.series
    assert explain(case.panel, case.said, ()) == [None] * case.panel.series


def test_an_explanation_survives_being_kept(case: Case) -> None:
    for one in case.explained[:5]:
        again = Explained.from_json(one.as_json())
        assert again.amounts == one.amounts and again.stretches == one.stretches and again.causes == one.causes


def test_the_days_of_a_week_are_season_of_a_simple_method_and_weeks_add_up_to_level() -> None:
    panel = items(3, series=20, days=420).panel.at(392, 28)
    for method in simple_forecasters(Frequency.DAY):
        said = method.forecast([panel], ASKED)[0]
        for one, mean in zip(explain(panel, said, [method]), said.mean, strict=True):
            if one is None:
                assert np.isnan(mean).all()
                continue
            assert len(one.stretches) == 4
            assert one.total == pytest.approx(float(np.nansum(mean)), abs=0.01)
            if method.name == "same-weekday mean":
                assert one.amounts[Group.SEASON] == pytest.approx(0, abs=0.01)


def test_a_simple_method_that_knows_of_promotions_shows_what_they_add() -> None:
    panel = items(3, series=20, days=420).panel
    which = np.zeros((20, 420), np.float32)
    which[:, 60::30] = 1
    which[:5, 400:403] = 1
    which[5:, 404] = 1
    sold = np.where(which > 0, 4 * panel.quantity, panel.quantity)
    panel = replace(panel, quantity=sold, columns=(Column("promotion", which, ("", "price"), True),)).at(392, 14)
    method = Lifted(simple_forecasters(Frequency.DAY)[0])
    (said,) = method.forecast([panel], ASKED)
    for series, one in enumerate(explain(panel, said, [method])):
        assert one is not None and abs(one.amounts[Group.REST]) < 0.01
        days = 3 if series < 5 else 1
        assert one.amounts[Group.PROMOTION] > days * one.amounts[Group.LEVEL] / 14
        assert [(cause.last - cause.first).days for cause in one.causes] == [days - 1]
    other = Lifted(simple_forecasters(Frequency.DAY)[1])
    both = explain(panel, averaged(said, other.forecast([panel], ASKED)[0]), [method, other])
    assert [one.causes for one in both if one] == [one.causes for one in explain(panel, said, [method]) if one]


def _boosted(objective: str, values: Numbers, answer: Numbers, categories: list[int] | None = None) -> Any:
    settings = {
        "objective": objective,
        "num_leaves": 12,
        "min_data_in_leaf": 5,
        "verbose": -1,
        "num_threads": 1,
        "seed": 1,
    }
    data = lightgbm.Dataset(values, answer, params={"verbose": -1}, categorical_feature=categories or [])
    return lightgbm.train(settings, data, 15)


def test_shares_are_those_of_tree_shap_where_each_feature_is_a_group_of_its_own() -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(size=(800, 4)).astype(np.float32)
    values[:, 3] = rng.integers(0, 9, 800)
    values[rng.random((800, 4)) < 0.1] = np.nan
    answer = np.exp(np.nan_to_num(values[:, 0]) + (np.nan_to_num(values[:, 3]) % 3 == 0) * values[:, 1].clip(-1, 1))
    for objective in ("poisson", "l1"):
        trees = _boosted(objective, values, np.nan_to_num(answer), [3])
        split = shares(trees, values, np.arange(4), 4)
        other: Floats = trees.predict(values, pred_contrib=True)
        assert np.allclose(split.added, other[:, :4], atol=1e-9)
        assert np.allclose(split.base, other[:, 4], atol=1e-9)


def test_shares_of_groups_add_up_to_what_the_trees_say() -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(size=(400, 6)).astype(np.float32)
    trees = _boosted("l1", values, values[:, 0] * values[:, 1] + values[:, 2])
    split = shares(trees, values, np.array([0, 0, 1, 1, 2, 2]), 3)
    assert np.allclose(split.base + split.added.sum(axis=1), trees.predict(values, raw_score=True))


@pytest.mark.parametrize(
    ("feature", "group"),
    [
        ("mean of 28", Group.LEVEL), ("trend of the item", Group.LEVEL), ("moved over the year", Group.LEVEL),
        ("weekday of the location", Group.SEASON), ("season of the item 1 years ago", Group.SEASON),
        ("2 years ago", Group.SEASON), ("day of the year", Group.SEASON), ("days to Easter", Group.SEASON),
        ("step", Group.REST), ("told price", Group.PROMOTION), ("told price of fuel: lately", Group.OUTSIDE),
    ],
)  # fmt: skip
def test_each_feature_has_a_group(feature: str, group: Group) -> None:
    columns = {"price": Group.PROMOTION, "price of fuel": Group.OUTSIDE}
    assert GROUPS[player_of(feature, columns)] is group


def test_a_column_of_a_file_is_grouped_by_its_name_else_by_how_it_behaves(case: Case) -> None:
    kind = case.learnt.kinds["price"]
    of_each, of_all = np.zeros((2, 3), np.float32), np.broadcast_to(np.zeros(3, np.float32), (2, 3))

    def said(name: str, *, shared: bool = False, flag: bool = False, ahead: bool = True, static: bool = False) -> Group:
        column = Column(name, of_all if shared else of_each, ahead=ahead)
        return group_of(column, replace(kind, flag=flag, static=static))

    assert said("Unit_Price") is said("onpromotion") is said("stand") is Group.PROMOTION
    assert said("IsHoliday") is said("x1", shared=True, flag=True) is Group.EVENT
    assert (
        said("Fuel_Price") is said("temperature") is said("x2", ahead=False) is said("x3", shared=True) is Group.OUTSIDE
    )
    assert said("category", static=True) is Group.REST


def test_the_model_that_spoke_is_named(case: Case) -> None:
    assert {one.model for one in case.explained} == {NAME}
