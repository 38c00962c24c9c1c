"""What promotions did, on invented series whose lift is known, and on some without any."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.demand import lifts
from shelfwise.demand.lift import UNKNOWN, Case, Measure, band, days_of, expected_lift, lift_of, measure, together
from shelfwise.demand.model import DemandHistory
from shelfwise.demand.service import rebuild_history
from shelfwise.orders import service as orders
from shelfwise.orders.model import NewSalesLine
from shelfwise.records import promoting
from shelfwise.records import service as records
from shelfwise.records.promoting_model import NewEvent
from tests.conftest import NOON

START = date(2025, 1, 6)
FIRST, LAST = START + timedelta(days=120), START + timedelta(days=126)


def invented(lift: float, dip: float = 1.0, level: float = 20.0, seed: int = 1) -> DemandHistory:
    """150 days with a weekly rhythm, lifted on the days from FIRST to LAST and dipping in the week after."""
    rng = np.random.default_rng(seed)
    mean = level * np.array([0.8, 0.8, 0.9, 1.0, 1.3, 1.5, 0.7])[np.arange(150) % 7]
    mean[120:127] *= lift
    mean[127:134] *= dip
    return DemandHistory(START, rng.poisson(mean).astype(float), np.zeros(150, bool))


def measured(history: DemandHistory, other: list[date] | None = None) -> tuple[Measure, Measure]:
    found = measure(history, FIRST, LAST, other or [])
    return found["during"], found["after"]


@pytest.mark.parametrize("lift", [0.5, 1.0, 1.8, 4.0])
def test_a_known_lift_is_found_again(lift: float) -> None:
    factors = [lift_of(measured(invented(lift, seed=seed))[0]) for seed in range(5)]
    assert all(one is not None for one in factors)
    assert np.mean([one.factor for one in factors if one]) == pytest.approx(lift, rel=0.1)
    assert sum(one.low <= lift <= one.high for one in factors if one) >= 3


def test_no_lift_is_not_called_one_and_a_dip_is_seen_after() -> None:
    during, after = (lift_of(one) for one in measured(invented(1.0, dip=0.5)))
    assert during is not None
    assert after is not None
    assert (during.clear, after.clear, after.factor < 0.7) == (False, True, True)


def test_days_out_of_stock_and_of_other_promotions_are_not_measured() -> None:
    history = invented(2.0)
    history.quantity[121:124] = 0
    history.masked[121:124] = True
    during, after = measured(history, days_of(LAST, LAST + timedelta(days=3)))
    assert (during.days, after.days) == (3, 4)
    found = lift_of(during)
    assert found is not None
    assert found.factor == pytest.approx(2.0, rel=0.25)


def test_nothing_is_said_without_a_history_before_it_or_with_little_to_expect() -> None:
    young = invented(2.0)
    early = measure(young, START + timedelta(days=5), START + timedelta(days=9), [])
    assert early == {"during": UNKNOWN, "after": UNKNOWN}
    assert lift_of(Measure(7, 9.0, 1.0, 1.0)) is None


def test_slow_movers_tell_together_what_none_tells_alone() -> None:
    each = [measured(invented(3.0, level=0.2, seed=seed))[0] for seed in range(40)]
    assert all(lift_of(one) is None for one in each)
    found = lift_of(together(each))
    assert found is not None
    assert found.low < 3.0 < found.high


def test_a_new_event_is_expected_to_do_what_others_of_its_kind_and_discount_did() -> None:
    fifth = Case("price", "up to 20 %", Measure(7, 180.0, 100.0, 10.0))
    half = Case("price", "up to 50 %", Measure(7, 400.0, 100.0, 10.0))
    none = Case("display", "", Measure(7, 100.0, 100.0, 10.0))
    cases = [fifth] * 14 + [half] * 14 + [none] * 14
    found = [expected_lift(cases, one.kind, one.band) for one in (fifth, half, none)]
    assert [one.factor for one in found if one] == pytest.approx([1.8, 4.0, 1.0], rel=0.1)
    assert [one.events for one in found if one] == [14, 14, 14]
    assert expected_lift(cases, "feature", "") is None
    assert expected_lift([fifth] * 2, "price", fifth.band) is None


def test_a_band_with_one_lucky_event_is_drawn_towards_its_kind() -> None:
    usual = Case("price", "up to 20 %", Measure(7, 150.0, 100.0, 10.0))
    lucky = Case("price", "up to 50 %", Measure(7, 900.0, 100.0, 10.0))
    found = expected_lift([usual] * 9 + [lucky], "price", lucky.band)
    assert found is not None
    assert 1.5 < found.factor < 4
    assert found.events == 10


def test_events_that_differ_widely_promise_little() -> None:
    alike = [Case("price", "", Measure(7, 200.0, 100.0, 10.0))] * 8
    apart = [
        replace(one, measure=Measure(7, sold, 100.0, 10.0)) for one, sold in zip(alike, (90, 400) * 4, strict=True)
    ]
    narrow, wide = expected_lift(alike, "price", ""), expected_lift(apart, "price", "")
    assert narrow is not None
    assert wide is not None
    assert wide.high / wide.low > 2 * narrow.high / narrow.low


@pytest.mark.parametrize(
    ("percent", "words"), [(None, ""), (0, ""), (10, "up to 10 %"), (20, "up to 20 %"), (60, "more than 50 %")]
)
def test_discounts_of_about_the_same_size_are_one_band(percent: int | None, words: str) -> None:
    assert band(None if percent is None else Decimal(percent)) == words


def test_a_past_promotion_is_measured_at_night_and_teaches_what_to_expect(office: Office) -> None:
    with office.context(person("mara", Role.ADMIN)) as ctx:
        site = records.add_site(ctx, code="LON", name="London", time_zone="UTC", width_m=20, depth_m=10)
        mug = records.add_item(ctx, sku="MUG")
        today = NOON.date()
        weeks = {back: f"P{back}" for back in (20, 40, 60)}
        rng = np.random.default_rng(3)
        lines = []
        for back in range(1, 121):
            promoted = any(first - 6 <= back <= first for first in weeks)
            sold = int(rng.poisson(40 if promoted else 20))
            lines.append(
                NewSalesLine(f"S{back}", 1, site, mug, NOON - timedelta(days=back), Decimal(sold), Decimal(1), None)
            )
        orders.take_sales_lines(ctx, lines)
        rebuild_history(ctx, site)
        ids = [
            promoting.plan_event(
                ctx,
                NewEvent(code, site, (mug,), today - timedelta(days=back), today - timedelta(days=back - 6)),
            )
            for back, code in weeks.items()
        ]
        coming = promoting.plan_event(ctx, NewEvent("NEXT", site, (mug,), today, today + timedelta(days=6)))
        assert lifts.measured(ctx, ids[0]) is None
        assert lifts.measure_site(ctx, site, today - timedelta(days=1)) == 3
        assert lifts.measure_site(ctx, site, today - timedelta(days=1)) == 0
        found = lifts.measured(ctx, ids[0])
        assert found is not None
        assert found.lift is not None
        assert found.lift.clear
        assert found.lift.factor == pytest.approx(2, rel=0.25)
        hoped = lifts.expected(ctx, coming)
        assert hoped is not None
        assert (hoped.lift.events, hoped.lift.factor > 1.3) == (3, True)
        ends = today - timedelta(days=15)
        promoting.change_event(ctx, ids[0], NewEvent("P20", site, (mug,), today - timedelta(days=20), ends))
        assert lifts.measured(ctx, ids[0]) is None
