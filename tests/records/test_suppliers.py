"""Suppliers, the terms on which they sell, and what a quantity costs on a day."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shelfwise.access.context import Context
from shelfwise.access.model import Role, person
from shelfwise.core.errors import Forbidden, Invalid, NotFound, Refused
from shelfwise.records import periods, service
from shelfwise.records.prices import Price, breaks_on, cost_of
from shelfwise.records.supply import NewSupplier, Period, Terms
from shelfwise.store.database import values
from tests.conftest import NOON

TODAY = NOON.date()
SOON = TODAY + timedelta(days=10)


@pytest.fixture
def mug(ctx: Context) -> int:
    return service.add_item(ctx, sku="MUG")


@pytest.fixture
def potter(ctx: Context, mug: int) -> int:
    supplier_id = service.add_supplier(ctx, code="POT", name="Potter")
    service.add_terms(
        ctx, supplier_id=supplier_id, item_id=mug, unit_cost=Decimal(2), currency="EUR", lead_time_days=5.0
    )
    return supplier_id


def noted(ctx: Context, action: str) -> list[dict[str, Any]]:
    found = values(ctx.tx, "select detail from audit_entry where action = %s order by audit_id", (action,))
    return [detail for (detail,) in found]


def test_a_supplier_is_changed_and_the_log_says_what_was_before(ctx: Context, potter: int) -> None:
    before = service.supplier(ctx, potter).as_new
    after = service.change_supplier(
        ctx, potter, replace(before, email="orders@potter.example", address="Kiln Lane 3\nStoke", numbers="de")
    )
    assert (after.email, after.address, after.numbers) == ("orders@potter.example", "Kiln Lane 3\nStoke", "de")
    (detail,) = noted(ctx, "supplier.changed")
    assert detail["before"] == {"email": None, "address": "", "numbers": "en"}
    service.change_supplier(ctx, potter, after.as_new)
    assert len(noted(ctx, "supplier.changed")) == 1


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("code", " "), ("name", " "), ("email", "orders"), ("email", "a\x00@b"), ("order_url", "ftp://x"),
        ("currency", "eur"), ("numbers", "xx"), ("address", "a\x07b"),
    ],
)  # fmt: skip
def test_a_supplier_that_cannot_be_right_is_refused_by_field(ctx: Context, potter: int, field: str, wrong: str) -> None:
    good = service.supplier(ctx, potter).as_new
    with pytest.raises(Invalid) as refusal:
        service.change_supplier(ctx, potter, NewSupplier(**{**asdict(good), field: wrong}))
    assert [fault.where for fault in refusal.value.faults] == [field]


def test_a_code_is_of_one_supplier(ctx: Context, potter: int) -> None:
    with pytest.raises(Refused, match="already exists"):
        service.add_supplier(ctx, code="POT", name="Other")
    other = service.add_suppliers(ctx, [NewSupplier("POT", "Again"), NewSupplier("MILL", "Mill")])["MILL"]
    assert service.supplier(ctx, potter).name == "Potter"
    with pytest.raises(Refused, match="already exists"):
        service.change_supplier(ctx, other, NewSupplier("POT", "Mill"))


def test_terms_are_changed_at_once_and_a_cost_from_its_day_on(ctx: Context, potter: int, mug: int) -> None:
    now = service.terms(ctx, potter, mug)
    after = service.change_terms(ctx, replace(now, unit_cost=Decimal("2.2"), pack_size=Decimal(6)), valid_from=SOON)
    assert (after.unit_cost, after.pack_size) == (Decimal(2), Decimal(6))
    later = replace(ctx, now=NOON + timedelta(days=10))
    assert service.terms(later, potter, mug).unit_cost == Decimal("2.2")
    assert service.change_terms(later, replace(now, unit_cost=Decimal(3))).unit_cost == 3
    first, _ = noted(ctx, "terms.changed")
    assert (first["before"]["unit_cost"], first["after"]["unit_cost"], first["cost_from"]) == (
        "2", "2.2", SOON.isoformat(),
    )  # fmt: skip


def test_more_cost_less_from_a_quantity_on(ctx: Context, potter: int, mug: int) -> None:
    service.set_prices(
        ctx, potter, mug, [(Decimal(100), TODAY, Decimal("1.8")), (Decimal(100), SOON, Decimal("1.9")),
                           (Decimal(500), SOON, Decimal("1.5"))],
    )  # fmt: skip
    wanted = [(mug, Decimal(99)), (mug, Decimal(100)), (mug, Decimal(600)), (mug + 1, Decimal(1))]
    assert service.costs(ctx, potter, wanted) == [
        (Decimal(2), "EUR"), (Decimal("1.8"), "EUR"), (Decimal("1.8"), "EUR"), None,
    ]  # fmt: skip
    later = replace(ctx, now=NOON + timedelta(days=10))
    assert [one and one[0] for one in service.costs(later, potter, wanted)] == [
        Decimal(2), Decimal("1.9"), Decimal("1.5"), None,
    ]  # fmt: skip
    with pytest.raises(Refused, match="prices by quantity or day in EUR"):
        service.change_terms(ctx, replace(service.terms(ctx, potter, mug), currency="USD"))
    service.set_prices(ctx, potter, mug, [])
    assert service.prices_for(ctx, [mug]) == []


def test_prices_that_cannot_be_right_are_refused(ctx: Context, potter: int, mug: int) -> None:
    with pytest.raises(Invalid, match="price 1, from_quantity"):
        service.set_prices(ctx, potter, mug, [(Decimal(-1), TODAY, Decimal(1))])
    with pytest.raises(Invalid, match="each quantity and day once"):
        service.set_prices(ctx, potter, mug, [(Decimal(1), TODAY, Decimal(1))] * 2)
    with pytest.raises(NotFound):
        service.add_many_prices(ctx, [Price(potter, mug + 1, Decimal(1), TODAY, Decimal(1))])
    service.add_many_prices(ctx, [Price(potter, mug, Decimal(10), TODAY, Decimal(1))])
    assert [one.unit_cost for one in service.prices_for(ctx, [mug])] == [1]


def test_who_sells_an_item_no_more_has_no_terms_and_no_prices(ctx: Context, potter: int, mug: int) -> None:
    service.set_prices(ctx, potter, mug, [(Decimal(100), TODAY, Decimal(1))])
    service.remove_terms(ctx, potter, mug)
    assert (service.terms_of(ctx, potter), service.prices_for(ctx, [mug])) == ([], [])
    with pytest.raises(NotFound):
        service.change_terms(ctx, Terms(potter, mug, Decimal(1), "EUR", 1.0))


def test_who_may_not_edit_records_changes_no_supplier(ctx: Context, potter: int) -> None:
    omar = replace(ctx, actor=person("omar", Role.OPERATOR))
    assert service.supplier(omar, potter).code == "POT"
    with pytest.raises(Forbidden):
        service.change_supplier(omar, potter, NewSupplier("POT", "Mine"))


def test_the_newest_price_of_the_largest_quantity_reached_counts() -> None:
    def price(start: int, day: date, cost: int) -> Price:
        return Price(1, 1, Decimal(start), day, Decimal(cost))

    breaks = breaks_on([price(10, SOON, 7), price(10, TODAY, 8), price(50, TODAY, 9)], TODAY)
    assert breaks == ((Decimal(10), Decimal(8)), (Decimal(50), Decimal(9)))
    assert [cost_of(Decimal(1), breaks, Decimal(much)) for much in (9, 10, 49, 50)] == [1, 8, 8, 9]


def test_for_a_time_the_terms_are_otherwise_and_what_is_not_said_holds_as_always(
    ctx: Context, potter: int, mug: int
) -> None:
    service.put_terms(ctx, replace(service.terms(ctx, potter, mug), minimum_order=Decimal(6), safety_days=1.0))
    longer = Period(potter, mug, SOON, SOON + timedelta(days=4), lead_time_days=21.0)
    from_then = Period(potter, mug, SOON + timedelta(days=2), None, minimum_order=Decimal(12))
    periods.set_periods(ctx, potter, mug, [longer, from_then])

    def on(days: int) -> tuple[float | None, Decimal, float]:
        (one,) = service.terms_for(replace(ctx, now=NOON + timedelta(days=days)), [mug])
        return one.lead_time_days, one.minimum_order, one.safety_days

    assert [on(days) for days in (9, 10, 12, 40)] == [
        (5.0, Decimal(6), 1.0), (21.0, Decimal(6), 1.0), (5.0, Decimal(12), 1.0), (5.0, Decimal(12), 1.0),
    ]  # fmt: skip
    later = replace(ctx, now=NOON + timedelta(days=12))
    assert service.terms(later, potter, mug).minimum_order == 6
    (noticed,) = noted(ctx, "periods.changed")
    assert noticed["after"][0] == {
        "valid_from": str(SOON), "valid_until": str(SOON + timedelta(days=4)), "lead_time_days": 21.0,
    }  # fmt: skip
    periods.set_periods(ctx, potter, mug, [])
    assert on(12) == (5.0, Decimal(6), 1.0)


def test_what_is_not_sold_today_is_offered_to_nobody_and_stays_in_the_list(ctx: Context, potter: int, mug: int) -> None:
    now = service.terms(ctx, potter, mug)
    service.put_terms(ctx, replace(now, valid_until=TODAY))
    assert len(service.terms_for(ctx, [mug])) == 1
    tomorrow = replace(ctx, now=NOON + timedelta(days=1))
    assert service.terms_for(tomorrow, [mug]) == []
    (listed,) = service.terms_of(tomorrow, potter)
    assert (listed.sold_on(TODAY), listed.sold_on(TODAY + timedelta(days=1))) == (True, False)
    service.put_terms(tomorrow, replace(now, valid_until=None))
    assert len(service.terms_for(tomorrow, [mug])) == 1


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"largest_order": Decimal(0)}, "largest_order"), ({"weekly_capacity": Decimal(-1)}, "weekly_capacity"),
        ({"pack_size": Decimal(12), "largest_order": Decimal(6)}, "largest_order"), ({"batch_days": -1}, "batch_days"),
        ({"safety_days": math.nan}, "safety_days"), ({"soft_safety_days": math.inf}, "soft_safety_days"),
        ({"lead_time_days": 5000.0}, "lead_time_days"), ({"valid_from": SOON, "valid_until": TODAY}, "valid_until"),
        ({"largest_order": Decimal("NaN")}, "largest_order"),
    ],
)  # fmt: skip
def test_terms_that_cannot_be_right_are_refused_by_field(
    ctx: Context, potter: int, mug: int, wrong: dict[str, Any], where: str
) -> None:
    good = service.terms(ctx, potter, mug)
    with pytest.raises(Invalid) as refusal:
        service.put_terms(ctx, Terms(**{**asdict(good), **wrong}))
    assert [fault.where for fault in refusal.value.faults] == [where]
    if "valid_until" not in wrong:
        with pytest.raises(Invalid) as refusal:
            periods.set_periods(ctx, potter, mug, [Period(potter, mug, TODAY, **wrong)])
        assert [fault.where for fault in refusal.value.faults] == [f"period 1, {where}"]


def test_a_period_says_something_and_begins_once_and_needs_terms(ctx: Context, potter: int, mug: int) -> None:
    with pytest.raises(Invalid, match="something that is otherwise"):
        periods.set_periods(ctx, potter, mug, [Period(potter, mug, TODAY)])
    with pytest.raises(Invalid, match="one period from a day on"):
        periods.set_periods(
            ctx, potter, mug, [Period(potter, mug, TODAY, None, 1.0), Period(potter, mug, TODAY, None, 2.0)]
        )
    with pytest.raises(NotFound):
        periods.add_many_periods(ctx, [Period(potter, mug + 1, TODAY, None, 1.0)])


def test_how_a_supplier_takes_orders_needs_its_currency_and_days_of_the_week(ctx: Context, potter: int) -> None:
    good = service.supplier(ctx, potter).as_new
    with pytest.raises(Invalid, match="no currency"):
        service.change_supplier(ctx, potter, replace(good, minimum_value=Decimal(100)))
    with pytest.raises(Invalid, match="order_days"):
        service.change_supplier(ctx, potter, replace(good, order_days="thu,mon"))
    told = replace(
        good, currency="EUR", minimum_value=Decimal(100), free_freight_from=Decimal(250), order_days="mon,thu",
        orders_until=time(14, 30),
    )  # fmt: skip
    assert service.change_supplier(ctx, potter, told).as_new == told
    (detail,) = noted(ctx, "supplier.changed")
    assert detail["after"]["orders_until"] == "14:30:00"
