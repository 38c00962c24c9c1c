"""What wins on an item's past decides tonight, about the sizes of tonight's forecast."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from shelfwise.core.errors import Invalid
from shelfwise.planning.levels import QUANTILE, Policy, policy_of, promised
from shelfwise.planning.model import ItemState, Params
from shelfwise.planning.policies.families import FAMILIES
from shelfwise.planning.racing.model import AGAIN, SPANS, Runner, classes, enough, run
from shelfwise.planning.simulate import draw
from shelfwise.planning.standing import Aim, Raced, Standing, Target
from tests.planning.examples import NOON, TODAY, Case, decided, fixed, poisson

YESTERDAY = TODAY - timedelta(days=1)


def standing(policy: str, *numbers: float, level: float = 0.95) -> Standing:
    others = tuple(Raced(one.name, 10.0 if one.name == policy else 12.5, 0.5, 0.97, True) for one in FAMILIES)
    return Standing(policy, numbers, others, Target(level=level), "A", {}, 336, YESTERDAY, True)


def tonight(item: ItemState, params: Params | None = None) -> Policy:
    params, (offer,) = params or Params(samples=4000), item.offers
    futures = draw(item, offer.lead_time, TODAY, params, 21, np.random.default_rng(1))
    return policy_of(item, offer, futures, NOON, params)


def item(on_hand: int = 10, **given: object) -> ItemState:
    return replace(Case(on_hand, lead_time=fixed(4.0), unit_cost="20").item, **given)  # type: ignore[arg-type]


def runner(history: np.ndarray[tuple[int], np.dtype[np.float64]], item_id: int = 1, quantum: float = 1.0) -> Runner:
    return Runner(item_id, quantum, Case(lead_time=fixed(4.0), unit_cost="20").offer, 8.0, "A", history)


def past(days: int = 336, mean: float = 5.0, seed: int = 0) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.random.default_rng(seed).poisson(mean, days).astype(float)


def test_the_safety_is_learned_on_the_past_and_its_size_comes_from_the_forecast() -> None:
    calm, wild = (tonight(item(demand=poisson(mean), standing=standing("order up to", 2.0))) for mean in (5.0, 20.0))
    for found, mean in ((calm, 5 * 5.0), (wild, 20 * 5.0)):
        assert found.reorder_point == pytest.approx(mean + 2 * mean**0.5, abs=1.5)
        assert found.safety == pytest.approx(2 * mean**0.5, abs=1.5)


def test_what_is_so_cheap_that_an_order_would_last_for_months_keeps_its_promise_too() -> None:
    """In a race it would be ordered once or never, and whatever was kept of it would have sufficed."""
    cheap = Case(lead_time=fixed(7.0), unit_cost="0.1")
    runners = [replace(runner(past(252, mean=2.0, seed=seed), seed), offer=cheap.offer) for seed in range(6)]
    found = run(runners, Params(), YESTERDAY, 1)
    in_nine_of_ten = float(np.quantile(np.random.default_rng(0).poisson(2.0 * 7, 4000), 0.9))
    points = [
        tonight(replace(cheap.item, demand=poisson(2.0), standing=found[seed])).reorder_point for seed in range(6)
    ]
    assert min(points) >= in_nine_of_ten


def test_what_can_only_be_ordered_for_months_does_not_race() -> None:
    one = runner(past())
    for offer in (replace(one.offer, minimum_order=Decimal(1000)), replace(one.offer, pack_size=Decimal(1000))):
        assert run([replace(one, offer=offer)], Params(), YESTERDAY, 1) == {}


def test_every_family_can_decide_and_none_orders_above_what_it_keeps() -> None:
    for family in FAMILIES:
        raced = standing(family.name, *family.grid[-1])
        low, high = (tonight(item(on_hand, standing=raced)) for on_hand in (0, 2000))
        assert low.name == family.name
        assert low.wanted > 0
        assert high.wanted == 0
        assert low.reorder_point <= low.order_up_to
        assert low.wanted <= (low.cap or low.wanted)


def test_what_is_coming_is_not_ordered_again_by_any_family() -> None:
    for family in FAMILIES:
        case = replace(
            Case(0, lead_time=fixed(4.0), unit_cost="20").item, standing=standing(family.name, *family.grid[0])
        )
        wanted = tonight(case).wanted
        coming = replace(Case(0, on_order=((int(wanted) + 60, 3.0),)).item, offers=case.offers, standing=case.standing)
        assert tonight(coming).wanted == 0


def test_what_is_owed_to_customers_is_ordered_whatever_won() -> None:
    for family in (one for one in FAMILIES if one.name != "batches"):
        raced = standing(family.name, *family.grid[0])
        none, much = (tonight(item(0, standing=raced, backordered=Decimal(owed))) for owed in (0, 50))
        assert much.wanted == pytest.approx(none.wanted + 50, abs=1), family.name
        coming = Case(0, on_order=((50, 2.0),)).item.on_order
        covered = tonight(item(0, standing=raced, backordered=Decimal(50), on_order=coming))
        assert covered.wanted == pytest.approx(none.wanted, abs=1), family.name


def test_promised_is_what_was_raced_for_or_the_share_of_cycles_that_is_wanted_by_now() -> None:
    fill, params = Target(Aim.FILL, 0.99), Params(samples=4000)
    raced = item(standing=replace(standing("order up to", 1.6), target=fill))
    kept = replace(params, targets=(fill, Target(), Target()))
    assert promised(raced, tonight(raced, kept), kept) == fill
    assert promised(raced, tonight(raced, params), params) == Target(level=0.95)
    unraced = item(service_level=0.9)
    assert promised(unraced, tonight(unraced), kept) == Target(level=0.9)


def test_a_policy_that_is_known_no_more_leaves_the_simple_rule() -> None:
    for raced in (standing("crystal ball", 1.0), standing("reorder point", 1.0)):
        assert tonight(item(standing=raced)).name == QUANTILE
    without = tonight(item())
    assert tonight(item(demand=None, standing=standing("order up to", 1.0))).name == QUANTILE
    assert without.name == QUANTILE


def test_no_order_covers_more_than_the_longest_cover_whatever_won() -> None:
    cheap = replace(Case(0, lead_time=fixed(4.0), unit_cost="0.01").item, standing=standing("reorder point", 1.0, 1.6))
    found = tonight(cheap, Params(longest_cover_days=10))
    assert found.order_up_to - found.reorder_point == pytest.approx(50, rel=0.05)
    assert found.longest_cut > 100
    assert tonight(cheap).order_up_to - tonight(cheap).reorder_point == pytest.approx(300, rel=0.05)


def test_asked_for_another_service_level_it_keeps_as_much_more_as_the_forecast_says() -> None:
    raced = item(standing=standing("order up to", 1.6))
    levels = [tonight(raced, Params(samples=4000, service_level=level)).reorder_point for level in (0.8, 0.95, 0.99)]
    assert levels[1] == tonight(raced).reorder_point
    # Poisson of 25: quantiles 29, 33 and 37.
    assert np.diff(levels).tolist() == pytest.approx([4, 4], abs=1.01)
    filled = replace(raced, standing=replace(standing("order up to", 1.6), target=Target(Aim.FILL, 0.9)))
    assert tonight(filled, Params(samples=4000, service_level=0.99)).reorder_point == pytest.approx(37, abs=1)
    as_raced = Params(samples=4000, targets=(Target(Aim.FILL, 0.9), Target(), Target()))
    assert tonight(filled, as_raced).reorder_point == levels[1]


def test_fractions_of_a_unit_are_kept_where_an_item_comes_in_fractions() -> None:
    rng = np.random.default_rng(0)
    paths = replace(poisson(5.0), paths=rng.gamma(4, 0.1, (512, 28)).astype(np.float32))
    found = tonight(item(0, demand=paths, quantum=Decimal("0.05"), standing=standing("order up to", 1.0)))
    assert found.wanted % 0.05 == pytest.approx(0, abs=1e-9) or found.wanted % 0.05 == pytest.approx(0.05, abs=1e-9)
    assert 1.5 < found.wanted < 4.5


def test_a_race_keeps_its_promise_on_days_that_it_has_not_seen() -> None:
    """The winner, asked every day for years with the sizes of the true distribution: cycles without a stockout."""
    case = Case(0, lead_time=fixed(4.0), unit_cost="20", demand=poisson(5.0, paths=4000))
    (raced,) = run([runner(past(672))], Params(service_level=0.9), YESTERDAY, 1).values()
    levels = tonight(replace(case.item, standing=raced), Params(samples=4000, service_level=0.9))
    rng = np.random.default_rng(5)
    due, stock, cycles, good, short = dict[int, float](), levels.order_up_to, 0, 0, False
    for day in range(20_000):
        position = stock + sum(due.values())
        if position <= levels.reorder_point:
            due[day + 4] = levels.order_up_to - position
        if day in due:
            stock, cycles, good, short = stock + due.pop(day), cycles + 1, good + (not short), False
        wanted = rng.poisson(5)
        short, stock = short or wanted > stock, max(stock - wanted, 0.0)
    assert 0.85 <= good / cycles <= 0.97


def test_who_lately_sold_says_enough_and_who_seldom_did_does_not() -> None:
    for days, span in ((700, 672), (400, 336), (90, 84)):
        found = enough(past(days))
        assert found is not None
        assert len(found) == span
    assert enough(past(SPANS[-1] - 1)) is None
    seldom = np.zeros(336)
    seldom[::40] = 3.0
    assert enough(seldom) is None
    ended = past(336)
    ended[200:] = 0.0
    assert enough(ended) is None
    unknown = past(336)
    unknown[:300] = np.nan
    assert enough(unknown) is None


def test_short_and_long_pasts_race_apart_and_too_short_ones_not_at_all() -> None:
    found = run([runner(past(90), 1), runner(past(700), 2), runner(past(50), 3)], Params(), YESTERDAY, 1)
    assert {item_id: one.days for item_id, one in found.items()} == {1: 84, 2: 672}
    assert all(one.apart and one.until == YESTERDAY for one in found.values())
    assert [one.name for one in found[1].raced] == [family.name for family in FAMILIES]


def test_a_race_is_held_again_a_week_later_or_when_terms_or_targets_change() -> None:
    one, params = runner(past()), Params()
    raced = replace(standing("order up to", 1.0), on=one.stands_on(params))
    assert one.due(None, YESTERDAY, params)
    assert not one.due(raced, YESTERDAY + timedelta(days=6), params)
    assert one.due(raced, YESTERDAY + AGAIN, params)
    assert one.due(raced, YESTERDAY, replace(params, service_level=0.99))
    assert one.due(raced, YESTERDAY, replace(params, targets=(Target(Aim.COST), Target(), Target())))
    dearer = replace(one, offer=replace(one.offer, pack_size=Decimal(6)))
    assert dearer.due(raced, YESTERDAY, params)
    weekly = replace(one, offer=replace(one.offer, order_gap_days=7))
    assert weekly.due(raced, YESTERDAY, params)
    slow = replace(one, offer=replace(one.offer, lead_time=fixed(90.0)))
    assert not slow.due(None, YESTERDAY, params)


def test_classes_are_by_the_value_of_what_was_wanted() -> None:
    found = classes({1: 700.0, 2: 150.0, 3: 100.0, 4: 40.0, 5: 10.0, 6: 0.0})
    assert found == {1: "A", 2: "A", 3: "B", 4: "C", 5: "C", 6: "C"}
    assert classes({1: 0.0}) == {1: "C"}
    assert classes({}) == {}


def test_each_class_has_its_own_target() -> None:
    params = Params(targets=(Target(Aim.FILL, 0.99), Target(Aim.FILL, 0.9), Target(Aim.COST)))
    dear = Case(lead_time=fixed(4.0), unit_cost="2000").offer
    some = [replace(runner(past(seed=3), number), group=group, offer=dear) for number, group in enumerate("ABC")]
    found = run(some, params, date(2026, 3, 1), 1)
    served = [next(one.fill for one in found[number].raced if one.name == found[number].policy) for number in range(2)]
    assert served[0] > served[1] + 0.03
    assert [found[number].target.aim for number in range(3)] == [Aim.FILL, Aim.FILL, Aim.COST]
    assert params.target_of("") == Target(level=0.95)


@pytest.mark.parametrize(
    "wrong", [{"budget": -1.0}, {"pallets": float("nan")}, {"targets": (Target(level=0.2), Target(), Target())}]
)
def test_parameters_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        Params(**wrong)  # type: ignore[arg-type]


def test_a_decision_says_who_won_and_by_how_much_the_others_cost_more() -> None:
    case = Case(5, lead_time=fixed(4.0), unit_cost="20")
    raced = replace(case, standing=standing("reorder point", 1.6, 1.0))
    plain, shown = decided(case), decided(raced)
    assert plain is not None
    assert shown is not None
    assert plain.evidence["policy"]["race"] is None
    policy = shown.evidence["policy"]
    assert policy["name"] == "reorder point"
    others = {one["name"]: (one["percent"], one["more"]) for one in policy["race"]["policies"]}
    assert others["reorder point"] == (0.0, 0.0)
    assert others["order up to"] == (25.0, 2.5)
    assert "The policy that did best on its past orders up to" in shown.reason
    assert "did best" not in plain.reason
