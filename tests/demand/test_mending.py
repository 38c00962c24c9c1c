"""Each rule sees its own fault in a history, and leaves alone what only looks like it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from shelfwise.demand.mending import Gap, Lines, Mend, Rule, gaps, mends

DAY = 86_400


@dataclass(frozen=True)
class Line:
    quantity: float
    at: int = 0
    customer: int = 7
    order: int | None = None
    item: int = 1
    price: float = 2.5


def found(*lines: Line) -> list[Mend]:
    def column(name: str, kind: type) -> np.ndarray:
        return np.array([getattr(line, name) for line in lines], kind)

    orders = np.array([number if line.order is None else line.order for number, line in enumerate(lines)], np.int64)
    whole = {name: column(name, np.int64) for name in ("customer", "item", "at")}
    return mends(
        Lines(
            line=np.arange(len(lines)), order=orders, **whole, quantity=column("quantity", np.float64),
            price=column("price", np.float64),
        )
    )  # fmt: skip


def usual(count: int = 10) -> list[Line]:
    """An item that sells 1 to 5 pieces at a time, at the same price."""
    return [Line(1 + number % 5, at=number * DAY, customer=100 + number) for number in range(count)]


def test_an_ordinary_history_is_left_alone() -> None:
    assert found(*usual(200)) == []


def test_what_came_back_in_full_was_no_demand() -> None:
    (mend,) = found(Line(6), Line(-6, at=3 * DAY))
    assert (mend.rule, mend.line, mend.other, mend.after, mend.certain) == (Rule.CANCELLED, 0, 1, 0.0, True)


def test_a_return_cancels_one_line_the_latest_before_it() -> None:
    assert [mend.line for mend in found(Line(6), Line(6, at=DAY), Line(-6, at=2 * DAY), Line(6, at=3 * DAY))] == [1]


@pytest.mark.parametrize(
    "back",
    [
        Line(-6, at=91 * DAY),
        Line(-5, at=DAY),
        Line(-6, at=DAY, customer=8),
        Line(-6, at=DAY, item=2),
        Line(-6, at=-DAY),
    ],
)
def test_other_returns_cancel_nothing(back: Line) -> None:
    assert found(Line(6), back) == []


def test_a_return_by_an_unknown_customer_cancels_nothing() -> None:
    assert found(Line(6, customer=-1), Line(-6, at=DAY, customer=-1)) == []


def test_the_same_sale_under_another_order_number_is_a_copy() -> None:
    (mend,) = found(Line(6), Line(6))
    assert (mend.rule, mend.line, mend.other, mend.after, mend.certain) == (Rule.COPIED, 1, 0, 0.0, True)


def test_the_same_line_twice_in_one_order_is_asked_about() -> None:
    (mend,) = found(Line(6, order=1), Line(6, order=1))
    assert (mend.rule, mend.certain) == (Rule.REPEATED, False)


@pytest.mark.parametrize("other", [Line(6, at=1), Line(6, customer=8), Line(6, price=2.6), Line(5)])
def test_another_second_customer_price_or_quantity_is_another_sale(other: Line) -> None:
    assert found(Line(6), other) == []


def test_packs_told_as_pieces_are_seen_by_price_and_quantity() -> None:
    (mend,) = found(*usual(), Line(36, at=50 * DAY, price=2.5 / 12))
    assert (mend.rule, mend.before, mend.after, mend.why["pack"]) == (Rule.UNIT, 36.0, 3.0, 12.0)
    assert mend.certain


def test_pieces_told_as_packs_are_seen_too() -> None:
    lines = [Line(24 * one.quantity, one.at, one.customer) for one in usual()]
    (mend,) = found(*lines, Line(2, at=50 * DAY, price=60.0))
    assert (mend.rule, mend.after) == (Rule.UNIT, 48.0)


def test_a_bargain_is_no_mix_up() -> None:
    assert found(*usual(), Line(3, at=50 * DAY, price=1.0)) == []


def test_a_mix_up_never_leaves_a_part_of_a_piece() -> None:
    assert found(*usual(), Line(37, at=50 * DAY, price=2.5 / 12)) == []


def test_one_line_far_beyond_all_others_waits_for_a_person() -> None:
    (mend,) = found(*usual(40), Line(5000, at=50 * DAY))
    assert (mend.rule, mend.after, mend.certain) == (Rule.ONE_OFF, 5.0, False)


def working_days(weeks: int) -> list[int]:
    return [5 + 7 * week + day for week in range(weeks) for day in range(5)]


def test_a_lost_day_leaves_a_hole_in_the_order_numbers_and_a_holiday_leaves_none() -> None:
    days = [day for day in working_days(8) for _ in range(10)]
    numbers = list(range(1000, 1000 + len(days)))
    lost, holiday = 21, 34
    told = [(day, number) for day, number in zip(days, numbers, strict=True) if day != lost]
    told = [(day, number - 10 * (day > holiday)) for day, number in told if day != holiday]
    assert gaps(*zip(*told, strict=True)) == [Gap(lost, True, 10), Gap(holiday, False, 0)]


def test_where_numbers_do_not_tell_a_missing_weekday_is_asked_about() -> None:
    days = [day for day in working_days(8) if day != 21]
    assert gaps(days, [0] * len(days)) == [Gap(21, None, 0)]


def test_closed_weekdays_are_no_gap() -> None:
    days = working_days(8)
    assert gaps(days, list(range(len(days)))) == []


def test_nothing_has_no_gap() -> None:
    assert gaps([], []) == [] and found() == []
