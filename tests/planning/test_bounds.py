"""What bounds an order is kept, named, and what would be without it is said."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from shelfwise.planning.model import Amount, Decision, Params
from shelfwise.planning.safety import DEMAND, LEAD_TIME, RECORDS, Counted, RecordErrors, shares
from shelfwise.planning.simulate import draw
from shelfwise.planning.together import decide
from shelfwise.records.model import Rule
from tests.planning.examples import TODAY, Case, changed, decided, fixed, poisson


def bound(decision: Decision | None) -> dict[str, dict[str, Any]]:
    assert decision is not None
    return {one["limit"]: one for one in decision.evidence["binding"]}


def why(decision: Decision | None) -> dict[str, str]:
    assert decision is not None
    answers: dict[str, str] = decision.evidence["why"]
    assert all(answer.endswith(".") for answer in answers.values())
    return answers


def test_a_pack_and_a_minimum_are_named_with_what_would_do_without() -> None:
    free = decided(Case(10, unit_cost="20"))
    assert free is not None
    assert bound(free) == {}
    packed = bound(decided(Case(10, unit_cost="20", pack_size="48")))
    assert packed["pack"]["without"] == str(free.quantity)
    least = bound(decided(Case(10, unit_cost="20", minimum_order="900")))
    assert least["minimum order"]["without"] == str(free.quantity)
    assert "takes no order of it below 900" in least["minimum order"]["says"]


def test_the_longest_cover_is_named_and_answers_why_not_more() -> None:
    cut, free = (decided(Case(10, unit_cost="20"), Params(longest_cover_days=days)) for days in (5, 120))
    assert cut is not None
    assert free is not None
    assert cut.quantity < free.quantity
    assert Decimal(bound(cut)["longest cover"]["without"]) > cut.quantity
    assert why(cut)["more"].startswith("No order may cover more than 5 days")
    assert "cost least together" in why(free)["more"]


@pytest.mark.parametrize("life", [8, 15, 30])
@pytest.mark.parametrize("pack", ["1", "6"])
def test_no_order_covers_more_than_sells_within_the_shelf_life(life: int, pack: str) -> None:
    fresh, free = (
        decided(Case(10, lead_time=fixed(4.0), pack_size=pack, shelf_life_days=days)) for days in (life, 119)
    )
    assert fresh is not None
    assert free is not None
    # Five a day sell in the middle case, from now until the last day of what comes.
    assert fresh.quantity + 10 <= 5 * (4 + life) + 1
    assert fresh.quantity % Decimal(pack) == 0
    assert fresh.quantity < free.quantity
    assert float(bound(fresh)["shelf life"]["without"]) == pytest.approx(float(free.quantity), abs=6)
    assert why(fresh)["more"].startswith(f"It keeps for {life} days")


def test_where_the_least_order_perishes_too_the_least_is_ordered_and_that_is_said() -> None:
    decision = decided(Case(2, lead_time=fixed(1.0), minimum_order="200", shelf_life_days=5))
    assert decision is not None
    assert decision.quantity == 200
    assert "even the least that can be ordered" in bound(decision)["shelf life"]["says"]


def test_a_price_break_never_makes_more_than_sells_within_the_shelf_life() -> None:
    breaks = ((Decimal(400), Decimal("0.10")),)
    case = Case(10, lead_time=fixed(4.0), shelf_life_days=20)
    for life, quantity in ((None, 400), (20, None)):
        offers = (replace(case.offer, breaks=breaks),)
        seen = replace(case.snapshot, items=(replace(case.item, offers=offers, shelf_life_days=life),))
        (decision,) = decide(seen, Params(), np.random.default_rng(0))
        assert ("price break" in bound(decision)) == (quantity is not None)
        assert (decision.quantity == 400) == (quantity is not None)


def test_the_next_best_supplier_is_named_with_what_it_would_cost_more() -> None:
    case = Case(10)
    other = replace(case.offer, supplier_id=9, supplier="Hill & Sons", unit_cost=Decimal("2.50"), lead_time=fixed(9))
    decision = decided(changed(case, others=(other,)))
    assert decision is not None
    more = decision.evidence["suppliers"][1]["more"]
    assert f"Hill & Sons, would cost {more:,.2f} more (goods +" in why(decision)["supplier"]
    assert "in 9 days instead of" in why(decision)["supplier"]
    assert why(decided(case))["supplier"] == "Nobody but Harbour Supplies is known to sell it."


def test_without_a_forecast_the_answers_speak_of_what_counts() -> None:
    ruled = decided(Case(2, demand=None, rule=Rule(1, 11, Decimal(5), Decimal(20))))
    assert why(ruled)["earlier"] == "Your own rule says to reorder at 5, up to 20."
    owed = decided(Case(0, backordered=4, demand=None))
    assert "before it is owed" in why(owed)["earlier"]
    assert owed is not None
    assert owed.evidence["safety_stock"] == {"units": None, "shares": {}}


def test_shares_of_safety_stock_add_up_and_follow_what_is_unsure() -> None:
    sure = Case(50, lead_time=fixed(5.0))
    late = replace(sure.offer.lead_time, samples=np.array([2.0, 3.0, 5.0, 10.0]))

    def found(doubt: float, lead_time: object) -> dict[str, float]:
        item = replace(sure.item, on_hand=Amount(np.array([50 - doubt, 50.0, 50 + doubt])))
        futures = draw(item, lead_time, TODAY, Params(), 1, np.random.default_rng(1))  # type: ignore[arg-type]
        return shares(12.0, futures, 1)

    alone = found(0.0, sure.offer.lead_time)
    assert alone == {DEMAND: pytest.approx(12.0), LEAD_TIME: 0.0, RECORDS: 0.0}
    both = found(0.0, late)
    assert both[LEAD_TIME] > both[DEMAND] > 0
    all_three = found(20.0, late)
    assert sum(all_three.values()) == pytest.approx(12.0)
    assert all_three[RECORDS] > found(5.0, late)[RECORDS] > 0
    nothing = draw(
        changed(sure, demand=poisson(0.0)).item, sure.offer.lead_time, TODAY, Params(), 1, np.random.default_rng(1)
    )
    assert set(shares(0.0, nothing, 1).values()) == {0.0}


def test_counts_teach_how_sure_the_books_are() -> None:
    counts = [Counted(number % 12, 30.0, 0.1 if number % 6 == 0 else 0.0) for number in range(60)]
    errors = RecordErrors.learn(counts)
    assert errors is not None
    # Ten errors in 1,800 days: after a month every sixth item is off.
    assert errors.chance(99, 30.0) == pytest.approx(1 - np.exp(-30 * 10 / 1800))
    assert errors.chance(99, 0.0) == 0
    assert errors.chance(0, 30.0) > errors.chance(99, 30.0) > errors.chance(1, 30.0)
    fresh, stale = (errors.amount(99, Decimal(40), days, Decimal(1)) for days in (0.0, 300.0))
    assert fresh.exact
    assert stale.mean == 40
    assert set(stale.values) == {36.0, 40.0, 44.0}
    assert errors.amount(99, Decimal(0), 300.0, Decimal(1)).exact
    assert errors.amount(99, Decimal(-3), 300.0, Decimal(1)).mean == -3
    assert (errors.amount(99, Decimal(2), 700.0, Decimal("0.25")).values % 0.25 == 0).all()


def test_few_counts_or_none_that_found_anything_say_nothing() -> None:
    assert RecordErrors.learn([]) is None
    assert RecordErrors.learn([Counted(1, 30.0, 0.5)] * 9) is None
    assert RecordErrors.learn([Counted(1, 30.0, 0.0)] * 50) is None


def test_doubt_about_the_books_makes_safety_stock_and_is_its_own_share() -> None:
    sure, doubtful = Case(10), replace(Case(10).item, on_hand=Amount(np.repeat([4.0, 10.0, 16.0], [20, 20, 20])))
    plain = decided(sure)
    (other,) = decide(replace(sure.snapshot, items=(doubtful,)), Params(), np.random.default_rng(0))
    assert plain is not None
    assert plain.evidence["safety_stock"]["shares"][RECORDS] == 0
    assert other.evidence["safety_stock"]["shares"][RECORDS] > 0
    assert other.evidence["safety_stock"]["units"] > plain.evidence["safety_stock"]["units"]


def test_terms_bound_what_is_ordered_at_once() -> None:
    case = Case(10, unit_cost="20")
    free = decided(case)
    assert free is not None

    def under(**terms: Any) -> Decision:
        item = replace(case.item, offers=(replace(case.offer, **terms),))
        (decision,) = decide(replace(case.snapshot, items=(item,)), Params(), np.random.default_rng(0))
        return decision

    most = under(largest_order=Decimal(40), pack_size=Decimal(12))
    assert most.quantity == 36
    assert bound(most)["largest order"]["says"] == (
        f"Harbour Supplies takes no more than 36 at once; {bound(most)['largest order']['without']} were wanted."
    )
    assert why(most)["more"] == bound(most)["largest order"]["says"]
    # Below the least that can be ordered the largest order makes no sense, and the least is ordered.
    assert under(largest_order=Decimal(5), minimum_order=Decimal(24)).quantity == 24
    ahead = under(batch_days=50)
    assert ahead.quantity > free.quantity
    assert bound(ahead)["ordering ahead"]["without"] == str(free.quantity)


def test_no_more_is_ordered_than_can_be_delivered_until_the_next_order_could_come() -> None:
    case = Case(10, lead_time=fixed(13.0), unit_cost="20", on_order=((20, 5.0),))

    def under(capacity: int, **terms: Any) -> tuple[Decision, ...]:
        offer = replace(case.offer, weekly_capacity=Decimal(capacity), **terms)
        item = replace(case.item, offers=(offer,))
        return decide(replace(case.snapshot, items=(item,)), Params(), np.random.default_rng(0))

    # In the 13 days of an order and the one to the next review they deliver 2 x 24, of which 20 are on order.
    (bounded,) = under(24, pack_size=Decimal(6))
    assert bounded.quantity == 24
    assert "delivers at most 24 a week" in bound(bounded)["weekly capacity"]["says"]
    assert why(bounded)["more"] == bound(bounded)["weekly capacity"]["says"]
    assert under(10) == (), "they are at work on all that they can deliver"
    assert "weekly capacity" not in bound(under(10_000)[0])


def test_who_takes_orders_once_a_week_is_ordered_from_with_a_week_of_cover() -> None:
    case = Case(30, lead_time=fixed(3.0), unit_cost="20")
    item = replace(case.item, offers=(replace(case.offer, order_gap_days=7),))
    assert decided(case) is None
    (weekly,) = decide(replace(case.snapshot, items=(item,)), Params(), np.random.default_rng(0))
    assert "the 7 days to the next review" in weekly.reason
    sooner = replace(case.item, offers=(replace(case.offer, soft_safety_days=5.0),))
    (early,) = decide(replace(case.snapshot, items=(sooner,)), Params(), np.random.default_rng(0))
    assert early.evidence["policy"]["reorder_point"] == pytest.approx(60, abs=5)
