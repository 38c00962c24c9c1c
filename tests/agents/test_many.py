"""Hundreds of proposals are decided at once, with edits, and a decision can be taken back before an order leaves."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from shelfwise.access.context import Context
from shelfwise.access.model import Role, person, system
from shelfwise.agents.service import (
    Wanted,
    approve_many,
    proposal,
    proposals,
    propose,
    reject_many,
    take_back,
    waiting,
)
from shelfwise.core.errors import Forbidden, Invalid, NotFound, Refused
from shelfwise.orders import service as orders
from shelfwise.planning.service import plan
from shelfwise.records import service as records
from shelfwise.store.database import run, values
from tests.planning.shop import Shop

CASE = Decimal(12)


@pytest.fixture
def shop(ctx: Context) -> Shop:
    shop = Shop.open(ctx)
    tea = shop.item("TEA", cost="2.50", pack="12", least="24")
    shop.stock(tea, 5)
    shop.sold_daily(tea, 60)
    shop.forecast()
    return shop


@pytest.fixture
def numbers(ctx: Context, shop: Shop) -> list[int]:
    """Six proposals for six items: four from one supplier, two from another."""
    agent = replace(ctx, actor=system("purchasing"))
    (decision,) = plan(agent, shop.site)[1]
    other = records.add_supplier(ctx, code="MILL", name="Mill")
    many = [
        replace(
            decision, item_id=shop.item(f"ITEM-{n}"), sku=f"ITEM-{n}", quantity=CASE * (n + 2),
            supplier_id=shop.supplier if n < 4 else other,
        )
        for n in range(6)
    ]  # fmt: skip
    return propose(agent, shop.site, many)


def test_the_lines_of_the_list_say_what_the_proposals_say_in_the_same_order(ctx: Context, numbers: list[int]) -> None:
    told = "update proposal set evidence = jsonb_set(evidence, %s, %s) where proposal_id = %s"
    run(ctx.tx, told, ("{stockout,until_next_order_without}", "0.25", numbers[1]))
    run(ctx.tx, told, ("{stockout,until_next_order_without}", "0.5", numbers[2]))
    run(ctx.tx, told, ("{stock,on_order}", '[{"quantity": 5}, {"quantity": 2.5}]', numbers[0]))
    full = proposals(ctx)
    names = ("proposal_id", "site_id", "site", "sku", "description", "unit", "supplier_id", "supplier", "quantity",
             "unit_cost", "currency", "pack_size", "minimum_order", "total", "expires_at")  # fmt: skip
    lines = waiting(ctx)
    assert [[getattr(one, name) for name in names] for one in lines] == [
        [getattr(one, name) for name in names] for one in full
    ]
    for line, one in zip(lines, full, strict=True):
        stock, risks = one.evidence["stock"], one.evidence["stockout"]
        assert (line.on_hand, line.on_order) == (stock["on_hand"], sum(each["quantity"] for each in stock["on_order"]))
        assert (line.risk_without, line.risk_with) == (
            risks["until_next_order_without"], risks["until_next_order_with"],
        )  # fmt: skip
    assert {line.on_order for line in lines} == {0, 7.5}
    assert len({line.risk_without for line in lines}) == 3
    assert [line.proposal_id for line in waiting(ctx, 2)] == [one.proposal_id for one in full[:2]]
    reject_many(ctx, [numbers[0]], "")
    assert numbers[0] not in {line.proposal_id for line in waiting(ctx)}


def test_many_approvals_are_one_order_for_each_supplier(ctx: Context, numbers: list[int]) -> None:
    done = approve_many(ctx, [Wanted(numbers[0], CASE * 3), *(Wanted(number) for number in numbers[1:])])
    assert [(order.number, order.supplier, len(order.lines)) for order in done.orders] == [
        ("PO-000001", "Harbour Supplies", 4), ("PO-000002", "Mill", 2),
    ]  # fmt: skip
    assert [line.quantity for line in done.orders[0].lines] == [36, 36, 48, 60]
    assert [line.decision_key for line in done.orders[1].lines] == [f"proposal:{number}" for number in numbers[4:]]
    assert (done.faults, sorted(done.proposal_ids)) == ((), numbers)
    decided = proposal(ctx, numbers[0])
    assert (decided.state, decided.edited, decided.decided_by) == ("executed", {"quantity": "36"}, "mara")
    assert proposals(ctx) == []


def test_the_same_approvals_again_give_the_same_orders(ctx: Context, numbers: list[int]) -> None:
    wanted = [Wanted(number) for number in numbers]
    first = approve_many(ctx, wanted)
    again = approve_many(ctx, wanted)
    assert {order.number for order in again.orders} == {order.number for order in first.orders}
    assert values(ctx.tx, "select count(*) from purchase_line") == [(6,)]


def test_nothing_is_ordered_where_one_cannot_be_and_each_says_why(ctx: Context, numbers: list[int]) -> None:
    reject_many(ctx, numbers[:1], "no")
    wanted = [Wanted(numbers[0]), Wanted(numbers[1], Decimal(13)), Wanted(numbers[2]), Wanted(999)]
    with pytest.raises(Invalid) as caught:
        approve_many(ctx, wanted)
    assert {fault.where.split(",")[0] for fault in caught.value.faults} == {
        "proposal 999", f"proposal {numbers[0]} for ITEM-0", f"proposal {numbers[1]} for ITEM-1",
    }  # fmt: skip
    assert orders.purchase_orders(ctx) == []


def test_the_rest_is_ordered_where_the_faulty_may_be_left_out(ctx: Context, numbers: list[int]) -> None:
    done = approve_many(ctx, [Wanted(numbers[1], Decimal(13)), Wanted(numbers[2])], leave_out_faulty=True)
    assert done.proposal_ids == (numbers[2],)
    assert len(done.faults) == 1
    assert proposal(ctx, numbers[1]).state == "proposed"


def test_rejecting_many_is_all_or_nothing(ctx: Context, numbers: list[int]) -> None:
    approve_many(ctx, [Wanted(numbers[5])])
    with pytest.raises(Refused, match="is executed by mara"), ctx.tx.transaction():
        reject_many(ctx, numbers, "too early")
    assert proposal(ctx, numbers[0]).state == "proposed"
    with pytest.raises(NotFound), ctx.tx.transaction():
        reject_many(ctx, [numbers[0], 999])
    assert {one.state for one in reject_many(ctx, numbers[:5], "too early")} == {"rejected"}


def test_a_decision_taken_back_waits_again_and_leaves_the_rest_of_its_order(ctx: Context, numbers: list[int]) -> None:
    (order,) = approve_many(ctx, [Wanted(number) for number in numbers[:4]]).orders
    (back,) = take_back(ctx, numbers[:1])
    assert (back.state, back.decided_by, back.edited) == ("proposed", None, None)
    after = orders.purchase_order(ctx, order.purchase_order_id)
    assert (after.state, [line.sku for line in after.lines]) == ("approved", ["ITEM-1", "ITEM-2", "ITEM-3"])
    (anew,) = approve_many(ctx, [Wanted(numbers[0])]).orders
    assert anew.number == "PO-000002"


def test_an_order_whose_decisions_are_all_taken_back_is_cancelled_and_they_may_order_anew(
    ctx: Context, numbers: list[int]
) -> None:
    wanted = [Wanted(number) for number in numbers[:4]]
    (order,) = approve_many(ctx, wanted).orders
    assert {one.state for one in take_back(ctx, numbers[:4])} == {"proposed"}
    assert orders.purchase_order(ctx, order.purchase_order_id).state == "cancelled"
    (anew,) = approve_many(ctx, wanted).orders
    assert (anew.number, anew.state) == ("PO-000002", "approved")


def test_what_has_left_the_house_is_not_taken_back(ctx: Context, numbers: list[int]) -> None:
    run(ctx.tx, "update supplier set order_url = 'http://127.0.0.1:9/'")
    (order,) = approve_many(ctx, [Wanted(numbers[0])]).orders
    run(ctx.tx, "update outbox set state = 'delivered'")
    with pytest.raises(Refused, match=r"has arrived there\. Cancel it instead"), ctx.tx.transaction():
        take_back(ctx, numbers[:1])
    orders.mark_sent(ctx, order.number)
    with pytest.raises(Refused, match="is sent and cannot be taken back"), ctx.tx.transaction():
        take_back(ctx, numbers[:1])
    assert proposal(ctx, numbers[0]).state == "executed"


def test_a_rejection_taken_back_waits_again_unless_a_newer_one_does(ctx: Context, numbers: list[int]) -> None:
    reject_many(ctx, numbers[:1], "no")
    assert take_back(ctx, numbers[:1])[0].state == "proposed"


def test_who_may_not_decide_at_a_site_decides_nothing(ctx: Context, shop: Shop, numbers: list[int]) -> None:
    elsewhere = replace(ctx, actor=person("eve", None, {shop.site + 1: Role.PLANNER}))
    for act in (
        lambda: approve_many(elsewhere, [Wanted(numbers[0])]),
        lambda: reject_many(elsewhere, numbers[:1]),
        lambda: take_back(elsewhere, numbers[:1]),
    ):
        with pytest.raises(Forbidden):
            act()
    here = replace(ctx, actor=person("pia", None, {shop.site: Role.PLANNER}))
    assert approve_many(here, [Wanted(numbers[0])]).orders[0].approved_by == "pia"
