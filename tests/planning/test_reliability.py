"""What receipts teach of a supplier is true of suppliers that are made up, and never false certainty."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from shelfwise.planning.leadtime import BETWEEN, Took, habit
from shelfwise.planning.reliability import Sent, learn, never


def by_day(day: float) -> Callable[[int, float], float]:
    """P(lead time > days) of orders that come within `day` and are as probable on each day until then."""
    return lambda item, days: max(1 - days / day, 0.0)


def came(item: int = 1, share: float = 1.0, on_time: bool = True) -> Sent:
    return Sent(item, 30.0, share, True, on_time)


def lost(sent: list[Sent], item: int = 1, day: float = 10.0) -> float:
    return learn(sent, [item], by_day(day))[item].lost.mean


def test_nothing_seen_is_believed_to_be_reliable_and_the_evidence_says_that_nothing_was_seen() -> None:
    one = learn([], [1], by_day(10.0))[1]
    assert one.lost.mean == pytest.approx(0.0125)
    assert (one.lost.seen, one.lost.own) == (0, 0)
    assert one.fill == pytest.approx(0.9875 * (1 - 0.05 * 0.5))
    low, high = one.short.interval
    assert low < one.short.mean < high


@pytest.mark.parametrize(
    ("age", "least", "most"), [(0.0, 0.0099, 0.0101), (9.0, 0.05, 0.12), (9.99, 0.9, 0.99), (30.0, 0.9999, 1.0)]
)
def test_an_order_that_is_overdue_is_lost_with_growing_probability(age: float, least: float, most: float) -> None:
    assert least <= never(0.01, by_day(10.0)(1, age)) <= most


def test_what_is_not_due_teaches_nothing_of_what_is_lost_and_what_never_came_does() -> None:
    seen = [came() for _ in range(20)]
    young = [Sent(1, 0.0, 0.0, False)] * 20
    assert lost(seen + young) == pytest.approx(lost(seen), rel=0.5)
    overdue = [Sent(1, 60.0, 0.0, False)] * 5
    given_up = [Sent(1, 60.0, 0.0, True)] * 5
    assert lost(seen + overdue) == pytest.approx(lost(seen + given_up), rel=0.01)
    assert lost(seen + overdue) > 10 * lost(seen)


def test_an_item_with_orders_of_its_own_is_believed_by_them_and_one_without_as_the_others() -> None:
    bad = [Sent(1, 60.0, 0.0, True)] * 20
    good = [came(item) for item in (2, 3) for _ in range(20)]
    chances = learn(bad + good, [1, 2, 4], by_day(10.0))
    assert chances[1].lost.mean > 0.7
    assert chances[2].lost.mean < 0.15
    assert chances[2].lost.mean < chances[4].lost.mean < chances[1].lost.mean
    assert (chances[4].lost.seen, chances[4].lost.own) == (60, 0)


def test_short_deliveries_lower_the_share_that_comes_by_how_much_was_missing() -> None:
    mild = learn([came(share=0.9)] * 10 + [came()] * 10, [1], by_day(10.0))[1]
    grave = learn([came(share=0.2)] * 10 + [came()] * 10, [1], by_day(10.0))[1]
    assert mild.short.mean == pytest.approx(grave.short.mean)
    assert grave.fill < 0.8 < mild.fill
    part = [Sent(1, 5.0, 0.5, False)]
    assert learn(part, [1], by_day(10.0))[1].short.seen == 0


def test_late_is_told_only_of_what_was_due() -> None:
    one = learn([came(on_time=False)] * 6 + [Sent(1, 1.0, 0.0, False)] * 5, [1], by_day(10.0))[1]
    assert (one.late.seen, one.late.mean > 0.5) == (6, True)


def test_the_chance_that_an_order_never_comes_is_calibrated_on_suppliers_that_are_made_up() -> None:
    """Of the orders given about so much, so many never come; better than the mean of all, and than counting alone."""
    rng = np.random.default_rng(7)
    told, counted, truth = [], [], []
    for _ in range(300):
        share, day = rng.beta(0.2, 4.0), 20.0
        sent = []
        for _ in range(rng.integers(2, 40)):
            age, gone, lead = rng.uniform(0, 60), rng.random() < share, rng.uniform(0, day)
            arrived = not gone and lead <= age
            sent.append(Sent(1, age, float(arrived), arrived))
        told.append(lost(sent, day=day))
        counted.append(sum(1 for one in sent if one.outstanding) / len(sent))
        truth.append(share)
    real = np.array(truth)
    error, by_counting = np.mean((np.array(told) - real) ** 2), np.mean((np.array(counted) - real) ** 2)
    assert error < 0.5 * np.mean((real - real.mean()) ** 2)
    assert error < 0.2 * by_counting
    for low, high in ((0.0, 0.03), (0.03, 0.08), (0.08, 0.2), (0.2, 1.0)):
        these = [index for index, chance in enumerate(told) if low <= chance < high]
        assert np.mean(np.array(told)[these]) == pytest.approx(np.mean(real[these]), abs=0.03)


def test_items_of_a_supplier_pooled_in_part_are_foreseen_better_than_apart_and_than_as_one() -> None:
    """Log score of the next order, on suppliers whose items differ much, little and not at all."""
    rng = np.random.default_rng(11)
    scores: dict[str, list[float]] = {"in part": [], "as one": [], "apart": []}
    within, counted = 0, 0
    for _ in range(150):
        differ = rng.choice([0.0, 0.15, 0.5])
        supplier = rng.normal(0.1, 0.3)
        items = {item: supplier + rng.normal(0, differ) for item in range(6)}
        took = [
            Took(item, 5 * math.exp(mean + rng.normal(0, 0.2)), 5.0)
            for item, mean in items.items()
            for _ in range(rng.integers(0, 7))
        ]
        in_part, as_one = habit(took), habit(took, (0.0,))
        for item, mean in items.items():
            following = 5 * math.exp(mean + rng.normal(0, 0.2))
            apart = habit([one for one in took if one.item_id == item], (0.0,))
            for name, how in (("in part", in_part), ("as one", as_one), ("apart", apart)):
                logs = np.log(how.lead_time(item, 5.0).samples)
                width = 0.06
                density = np.exp(-0.5 * ((logs - math.log(following)) / width) ** 2).mean() / width
                scores[name].append(math.log(density + 1e-9))
            lead = in_part.lead_time(item, 5.0)
            within += lead.quantile(0.1) <= following <= lead.quantile(0.9)
            counted += 1
    means = {name: float(np.mean(some)) for name, some in scores.items()}
    assert means["in part"] > means["as one"] + 0.05
    assert means["in part"] > means["apart"] + 0.05
    assert 0.76 <= within / counted <= 0.84


def test_a_supplier_late_with_one_item_is_expected_to_be_late_with_others_and_less_so() -> None:
    late = [Took(1, 20.0, 10.0)] * 12
    steady = [Took(item, days, 10.0) for item in (2, 3, 4) for days in (9.0, 10.0, 11.0, 10.0)]
    found = habit(late + steady)
    assert found.between in BETWEEN
    known, other = found.lead_time(1, 10.0).quantile(0.5), found.lead_time(9, 10.0).quantile(0.5)
    assert 10.0 < other < 15.0 < 17.0 < known < 21.0
    assert (found.lead_time(9, 10.0).observed, found.lead_time(9, 10.0).own) == (24, 0)
