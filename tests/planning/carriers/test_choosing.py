"""Chances learnt from what arrived, the choice that follows, the day shared out, and bookings changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import product

import numpy as np
import pytest

from shelfwise.planning.carriers.choosing import Booked, Option, choose, option, percent, rebook
from shelfwise.planning.carriers.model import Quote
from shelfwise.planning.carriers.punctuality import (
    ABOVE_COUNTS_AS,
    CLASSES,
    Arrived,
    Lane,
    Lateness,
    Record,
    Seen,
    arrivals,
    learn,
)
from shelfwise.planning.carriers.rating import rate
from shelfwise.planning.carriers.sharing import Slot, Used, Wanted, share_out, slot
from tests.planning.carriers.cards import card, kg, sent

NEAR = Lane("FOX", "STD", "BER", "near")
FAR = Lane("FOX", "STD", "BER", "far")
OTHER_SERVICE = Lane("FOX", "EXP", "BER", "near")
OTHER_CARRIER = Lane("OWL", "STD", "BER", "near")


def arrived(lane: Lane, *days_late: int, times: int = 1) -> list[Arrived]:
    return [Arrived(lane, days) for days in days_late] * times


def lateness(on_time: float, late: float = 0.0) -> Lateness:
    """Days late of certain chances: on the day, a day later, and four days later for the rest."""
    chances = np.array([0.0, on_time, late, 0.0, 0.0, 1 - on_time - late])
    return Lateness(chances * 1000, Seen(1000, 0, 1000, 0, 1000, 0))


def quote(price: str, code: str = "STD", **changes: object) -> Quote:
    zone = replace(card().zones[0], breaks=(replace(card().zones[0].breaks[2], price=kg(price)),))
    found = rate(card(zones=(zone,), service_code=code, service_name=code.title(), **changes), sent())
    assert isinstance(found, Quote)
    return found


def offer(price: str, on_time: float, code: str = "STD", late: float = 0.0, due: date | None = None) -> Option:
    return option(quote(price, code), lateness(on_time, late), due)


# What is learnt.


def test_a_carrier_nobody_has_tried_is_given_nine_of_ten_and_says_so() -> None:
    found = Record().lateness(NEAR)
    assert found.on_time == pytest.approx(0.9)
    assert "cautious guess" in found.seen.words


def test_a_bare_promise_is_never_believed_whole() -> None:
    found = learn(arrived(NEAR, 0, times=5)).lateness(NEAR)
    assert 0.9 < found.on_time < 0.97


def test_what_is_known_of_a_lane_counts_most_then_the_service_then_the_carrier() -> None:
    late = learn([*arrived(NEAR, 2, times=40), *arrived(FAR, 0, times=40), *arrived(OTHER_SERVICE, 0, times=40)])
    near, far, other, foreign = (late.lateness(one).on_time for one in (NEAR, FAR, OTHER_SERVICE, OTHER_CARRIER))
    assert near < 0.25 < far < other
    # What one carrier did is one example of what carriers do.
    assert near < foreign < 0.9


def test_its_own_shipments_count_once() -> None:
    found = learn(arrived(NEAR, 1, times=10)).lateness(NEAR)
    assert found.weights.sum() == pytest.approx(10 + ABOVE_COUNTS_AS)
    assert found.on_time == pytest.approx(ABOVE_COUNTS_AS * 0.9 / (10 + ABOVE_COUNTS_AS))


def test_the_order_in_which_shipments_arrive_teaches_nothing() -> None:
    told = [*arrived(NEAR, 0, 1, 3), *arrived(FAR, -2, 9), *arrived(OTHER_CARRIER, 0)]
    one, other = learn(told).lateness(FAR), learn(reversed(told)).lateness(FAR)
    assert one.weights == pytest.approx(other.weights)


def test_the_counts_are_shown() -> None:
    seen = learn([*arrived(NEAR, 0, 0, 1), *arrived(FAR, 0), *arrived(OTHER_SERVICE, 2)]).lateness(NEAR).seen
    assert seen == Seen(3, 2, 4, 3, 5, 3)
    assert seen.words == "2 of 3 to this zone on time, 3 of 4 of this service on time."


def test_a_zone_nobody_sent_to_leans_on_the_service_and_says_so() -> None:
    seen = learn(arrived(FAR, 0, times=12)).lateness(NEAR).seen
    assert seen.words == "None to this zone yet; 12 of 12 of this service on time."


def test_what_is_not_certain_is_not_called_so() -> None:
    assert [percent(one) for one in (0, 0.001, 0.5, 0.949, 0.998, 1)] == [
        "0%", "under 1%", "50%", "95%", "over 99%", "100%",
    ]  # fmt: skip


def test_more_shipments_make_the_band_narrower() -> None:
    few, many = (learn(arrived(NEAR, *[0] * 9, 1, times=times)).lateness(NEAR) for times in (1, 40))
    assert np.diff(few.band(2))[0] > 3 * np.diff(many.band(2))[0]
    assert few.band(CLASSES) == (1.0, 1.0)
    assert few.band(2) == few.band(2)


def test_leaning_on_the_levels_above_beats_a_lane_alone_and_one_figure_for_all() -> None:
    """Lanes of carriers that differ, few shipments of each: the Brier score of the next shipment's chance."""
    rng = np.random.default_rng(7)
    told, truth = [], {}
    for carrier in range(6):
        mean = rng.beta(9, 1.5)
        for zone in range(10):
            lane = Lane(f"C{carrier}", "STD", "BER", f"z{zone}")
            truth[lane] = rng.beta(25 * mean, 25 * (1 - mean))
            told += arrived(lane, *np.where(rng.random(rng.integers(2, 20)) < truth[lane], 0, 2).tolist())
    record = learn(told)
    own = {lane: float(record.counts[lane][:2].sum() / record.counts[lane].sum()) for lane in truth}
    for_all = np.mean([one.days_late <= 0 for one in told])

    def off(chance: dict[Lane, float]) -> float:
        return float(np.mean([(chance[lane] - truth[lane]) ** 2 for lane in truth]))

    pooled = off({lane: record.lateness(lane).on_time for lane in truth})
    assert pooled < 0.8 * off(own)
    assert pooled < 0.8 * off(dict.fromkeys(truth, float(for_all)))


def test_it_arrives_on_delivery_days_and_never_before_it_was_picked_up() -> None:
    found = arrivals(quote("5"), lateness(0.8, 0.1))
    assert [(one.day.day, round(one.chance, 3)) for one in found] == [
        (1, 0), (2, 0.8), (3, 0.9), (4, 0.9), (5, 0.9),
    ]  # fmt: skip
    friday = replace(quote("5"), pick_up=date(2026, 6, 3), promised=date(2026, 6, 5))
    assert [one.day.day for one in arrivals(friday, lateness(0.8))] == [4, 5, 8, 9, 10]
    same_day = replace(quote("5"), pick_up=date(2026, 6, 2), promised=date(2026, 6, 2))
    assert [one.day.day for one in arrivals(same_day, lateness(0.8))] == [2, 3, 4, 5]


# What is chosen.


def test_the_cheapest_at_the_target_is_chosen_and_a_cheaper_one_below_it_is_named() -> None:
    slow, fair, fast = offer("5", 0.8, "SLOW"), offer("7", 0.96, "FAIR"), offer("20", 0.99, "FAST")
    found = choose([fast, slow, fair], None)
    assert (found.best, found.reached) == (fair, True)
    assert found.options == (slow, fair, fast)
    assert found.why == "FOX Fair is the cheapest of those with at least 95% (96%). 1 cheaper one reaches 80% at most."


def test_where_none_reaches_the_target_the_most_punctual_is_chosen_and_that_is_said() -> None:
    found = choose([offer("5", 0.7, "SLOW"), offer("9", 0.9, "FAST")], date(2026, 6, 2))
    assert found.best is not None and found.best.key[1] == "FAST" and not found.reached
    assert found.why == "None reaches 95% by 2026-06-02: FOX Fast is the most punctual, with 90%."


def test_a_later_due_date_makes_the_cheap_one_good_enough() -> None:
    slow, fast = quote("5", "SLOW"), quote("9", "FAST")
    for due, chosen in ((date(2026, 6, 2), "FAST"), (date(2026, 6, 3), "SLOW")):
        options = [option(slow, lateness(0.8, 0.18), due), option(fast, lateness(0.97), due)]
        best = choose(options, due).best
        assert best is not None and best.key[1] == chosen


def test_before_it_can_arrive_there_is_no_chance() -> None:
    found = option(quote("5"), lateness(0.97), date(2026, 5, 31))
    assert (found.chance, found.band) == (0.0, (0.0, 0.0))


def test_prices_are_compared_in_one_currency() -> None:
    here, there = (
        option(quote("9"), lateness(1.0), None),
        option(quote("10", "EXP"), lateness(1.0), None, Decimal("0.8")),
    )
    assert choose([here, there], None).best is there


def test_nothing_to_choose_from_is_no_choice() -> None:
    found = choose([], None)
    assert (found.best, found.reached, found.why) == (None, False, "No service can take it.")


# What is shared out.


def best_of_all(
    wanted: Sequence[Wanted], used: Mapping[Slot, Used], target: float = 0.95
) -> tuple[int, float, Decimal]:
    """Every way to share out, looked at one by one."""
    ways = []
    for way in product(*[[None, *one.options] for one in wanted]):
        taken: dict[Slot, int] = {}
        for one, given in zip(wanted, way, strict=True):
            if given is not None:
                taken[slot(given)] = taken.get(slot(given), used.get(slot(given), Used()).parcels) + one.parcels
        capacity = {slot(one): one.quote.card.capacity_parcels for each in wanted for one in each.options}
        if all(much <= (capacity[where] or 99) for where, much in taken.items()):
            chosen = [one for one in way if one is not None]
            in_time = round(sum(min(one.chance, target) for one in chosen), 6)
            ways.append((len(chosen), in_time, -sum((one.price for one in chosen), Decimal(0))))
    sent_, in_time, cost = max(ways)
    return sent_, in_time, -cost


def test_a_day_is_shared_out_as_well_as_trying_every_way() -> None:
    rng = np.random.default_rng(11)
    for _ in range(12):
        cards = [("A", 3), ("B", 4), ("C", None)]
        chances = rng.choice([0.8, 0.9, 0.96, 0.99], 3)
        wanted = [
            Wanted(str(number), int(rng.integers(1, 3)), Decimal(1), [
                option(
                    quote(str(rng.integers(4, 30)), code, capacity_parcels=capacity), lateness(float(chance)), None
                )
                for (code, capacity), chance in zip(cards[: 2 + number % 2], chances, strict=False)
            ])
            for number in range(5)
        ]  # fmt: skip
        used = {slot(wanted[0].options[0]): Used(1)}
        shared = share_out(wanted, used)
        parcels: dict[Slot, int] = {}
        for one in wanted:
            if one.name in shared:
                where = slot(shared[one.name])
                parcels[where] = parcels.get(where, used.get(where, Used()).parcels) + one.parcels
                assert parcels[where] <= (shared[one.name].quote.card.capacity_parcels or 99)
        reached = (
            len(shared),
            round(sum(min(one.chance, 0.95) for one in shared.values()), 6),
            sum((one.price for one in shared.values()), Decimal(0)),
        )
        assert reached == best_of_all(wanted, used)


def test_where_nothing_is_scarce_each_gets_what_it_would_get_alone() -> None:
    options = [offer("5", 0.8, "SLOW"), offer("7", 0.96, "FAIR"), offer("9", 0.7, "BAD")]
    shared = share_out([Wanted("one", 1, Decimal(1), options), Wanted("two", 1, Decimal(1), options[::2])], {})
    assert {name: one.key[1] for name, one in shared.items()} == {"one": "FAIR", "two": "SLOW"}
    assert shared["two"] is choose(options[::2], None).best
    assert share_out([], {}) == {}


def test_a_full_day_takes_nothing_more_by_weight_either() -> None:
    heavy = option(quote("5", capacity_kg=kg("10")), lateness(1.0), None)
    wanted = [Wanted("one", 1, Decimal(6), [heavy]), Wanted("two", 1, Decimal(6), [heavy])]
    assert len(share_out(wanted, {})) == 1
    assert share_out(wanted, {slot(heavy): Used(1, Decimal(5))}) == {}


# What is booked anew.


def booked(option: Option, price: str, cancel: str = "0") -> Booked:
    return Booked(option.key, Decimal(price), option.chance, Decimal(cancel))


def test_a_booking_that_will_be_late_is_worth_a_change() -> None:
    slow, fast = offer("5", 0.4, "SLOW"), offer("12", 0.97, "FAST")
    found = rebook(booked(slow, "5", "1"), choose([slow, fast], None), picked_up=False)
    assert found is not None and found.to is fast and found.saves == Decimal("-8")
    assert "40%" in found.why and "97%" in found.why


def test_nothing_is_rebooked_after_it_was_picked_up() -> None:
    slow, fast = offer("5", 0.4, "SLOW"), offer("12", 0.97, "FAST")
    assert rebook(booked(slow, "5"), choose([slow, fast], None), picked_up=True) is None


@pytest.mark.parametrize(
    ("price", "cancel", "changed"),
    [
        ("10", "0", True),  # 3 less
        ("10", "2.6", False),  # .40 less: not worth anybody's time
        ("7.20", "0", False),
        ("6", "0", False),
    ],
)
def test_a_cheaper_service_is_worth_a_change_only_with_cancelling_paid(price: str, cancel: str, changed: bool) -> None:
    here, cheap = offer("10", 0.97, "HERE"), offer("7", 0.96, "CHEAP")
    assert (rebook(booked(here, price, cancel), choose([here, cheap], None), picked_up=False) is not None) == changed


def test_what_is_the_best_still_stays() -> None:
    one, other = offer("5", 0.7, "ONE"), offer("4", 0.65, "OTHER")
    assert rebook(booked(one, "5"), choose([one, other], None), picked_up=False) is None


def test_without_the_target_only_a_clearly_better_one_is_proposed() -> None:
    one, little, much = offer("5", 0.7, "ONE"), offer("6", 0.75, "LITTLE"), offer("6", 0.85, "MUCH")
    assert rebook(booked(one, "5"), choose([one, little], None), picked_up=False) is None
    assert rebook(booked(one, "5"), choose([one, much], None), picked_up=False) is not None


def test_whoever_chose_something_else_is_not_asked_again_while_nothing_has_changed() -> None:
    here, cheap, fast = offer("10", 0.97, "HERE"), offer("7", 0.96, "CHEAP"), offer("12", 0.97, "FAST")
    slow = offer("5", 0.6, "SLOW")
    dear = Booked(here.key, Decimal(10), here.chance, best_then=Decimal("7.20"))
    late = Booked(slow.key, Decimal(5), slow.chance, chance_then=0.61)
    assert rebook(dear, choose([here, cheap], None), picked_up=False) is None
    assert rebook(late, choose([slow, fast], None), picked_up=False) is None
    assert rebook(replace(dear, best_then=Decimal(9)), choose([here, cheap], None), picked_up=False) is not None
    assert rebook(replace(late, chance_then=0.9), choose([slow, fast], None), picked_up=False) is not None
