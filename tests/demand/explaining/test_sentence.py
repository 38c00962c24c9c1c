"""An explanation is said in plain words, and the numbers that are written add up to the one that is."""

from __future__ import annotations

from datetime import date

import pytest

from shelfwise.demand.explaining.model import GROUPS, Cause, Explained, Group, Stretch
from shelfwise.demand.explaining.sentence import sentence, written
from shelfwise.demand.panel import Frequency

PROMOTED = Cause(Group.PROMOTION, "promotion", date(2026, 12, 7), date(2026, 12, 13))
FEAST = Cause(Group.EVENT, "holiday", date(2026, 12, 25), date(2026, 12, 25))


def _explained(
    amounts: dict[Group, float], *causes: Cause, periods: int = 28, frequency: Frequency = Frequency.DAY
) -> Explained:
    every = {group: amounts.get(group, 0.0) for group in GROUPS}
    return Explained(
        "boosted trees", frequency, periods, 90.0, (Stretch(date(2026, 12, 1), date(2026, 12, 28), every),), causes
    )


def test_everything_that_counts_is_said_with_its_days() -> None:
    amounts = {Group.LEVEL: 100.2, Group.SEASON: 12.4, Group.PROMOTION: 19.9, Group.EVENT: -8.0, Group.OUTSIDE: -4.3}
    assert sentence(_explained(amounts, PROMOTED, FEAST), "each") == (
        "Expected 120 pieces in the next 4 weeks: 100 by the level of the last weeks, 12 more for the season, "
        "20 more for the promotion from 7 to 13 December, 8 fewer for the holiday on 25 December, "
        "4 fewer for weather and other things outside."
    )


def test_one_piece_is_singular_and_small_numbers_have_a_decimal() -> None:
    assert sentence(_explained({Group.LEVEL: 1.0}, periods=7), "each") == (
        "Expected 1 piece in the next week, all of it by the level of the last weeks."
    )
    assert sentence(_explained({Group.LEVEL: 2.5, Group.SEASON: -0.31}, periods=1), "kg") == (
        "Expected 2.2 kg in the next day: 2.5 by the level of the last weeks, 0.3 less for the season."
    )


def test_nothing_is_said_to_be_nothing() -> None:
    said = sentence(_explained({}, periods=3, frequency=Frequency.MONTH), "each")
    assert said == "Nothing is expected in the next 3 months."


def test_less_for_want_of_a_promotion_is_said_so() -> None:
    said = sentence(_explained({Group.LEVEL: 50.0, Group.PROMOTION: -4.0}, periods=2, frequency=Frequency.WEEK), "each")
    assert said == (
        "Expected 46 pieces in the next 2 weeks: 50 by the level of the last weeks, "
        "4 fewer because nothing is promoted."
    )


def test_days_across_months_and_many_of_them() -> None:
    new_year = Cause(Group.PROMOTION, "promotion", date(2026, 12, 28), date(2027, 1, 3))
    many = [
        PROMOTED,
        new_year,
        *[Cause(Group.PROMOTION, "price", date(2027, 2, day), date(2027, 2, day)) for day in (1, 3)],
    ]
    said = sentence(_explained({Group.LEVEL: 50.0, Group.PROMOTION: 10.0}, *many), "each")
    assert said.endswith(
        "10 more for the promotion from 7 to 13 December and from 28 December to 3 January and the price on 1 February "
        "and later ones."
    )


@pytest.mark.parametrize("total", [0.04, 9.96, 33.3, 1234.5])
def test_the_parts_that_are_written_add_up_to_the_total_that_is(total: float) -> None:
    third = total / 3
    one = _explained({Group.LEVEL: third, Group.SEASON: third, Group.PROMOTION: 2 * third, Group.EVENT: -third})
    assert float(sum(written(one).values())) == pytest.approx(round(total, 0 if total >= 10 else 1))
