"""Proposals are made once, decided by people who may, and carried out once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from shelfwise.access.context import Context, Office
from shelfwise.access.model import Role, person, system
from shelfwise.agents.service import approve, expire, proposal, proposals, propose, propose_purchases, reject
from shelfwise.core.errors import Forbidden, Invalid, NotFound, Refused, ShelfwiseError
from shelfwise.orders.model import PurchaseOrder
from shelfwise.orders.service import on_order, purchase_orders
from shelfwise.planning.model import Decision
from shelfwise.planning.service import plan
from shelfwise.store.database import values
from tests.conftest import NOON
from tests.planning.shop import Shop


@pytest.fixture
def shop(ctx: Context) -> Shop:
    """Tea sells 3 a day, 5 are left, and packs hold 12."""
    shop = Shop.open(ctx)
    tea = shop.item("TEA", cost="2.50", pack="12", least="24")
    shop.items.append(tea)
    shop.stock(tea, 5)
    shop.sold_daily(tea, 60)
    shop.forecast()
    return shop


@pytest.fixture
def agent(ctx: Context) -> Context:
    return replace(ctx, actor=system("purchasing"))


def decisions(ctx: Context, shop: Shop) -> Sequence[Decision]:
    return plan(ctx, shop.site)[1]


def test_a_run_proposes_what_is_needed_and_says_why(agent: Context, shop: Shop) -> None:
    (number,) = propose_purchases(agent, shop.site)
    (listed,) = proposals(agent)
    assert listed.proposal_id == number
    assert (listed.sku, listed.supplier, listed.site, listed.state) == ("TEA", "Harbour Supplies", "B", "proposed")
    assert listed.reason.startswith("On hand 5, reserved 0, on order 0: position 5.")
    assert listed.quantity % 12 == 0
    assert listed.quantity >= 24
    assert listed.idempotency_key == f"purchase:{shop.site}:{shop.items[0]}:2026-03-02"
    assert listed.expires_at == NOON + timedelta(days=2)
    assert "chart" not in listed.evidence
    whole = proposal(agent, number)
    assert len(whole.evidence["chart"]["with"]["p50"]) == len(whole.evidence["chart"]["without"]["p50"])
    assert whole.forecast_id is not None


def test_running_again_proposes_nothing_twice_and_lets_the_open_one_stand_longer(agent: Context, shop: Shop) -> None:
    (number,) = propose_purchases(agent, shop.site)
    assert propose_purchases(agent, shop.site) == []
    tomorrow = replace(agent, now=NOON + timedelta(days=1))
    assert propose_purchases(tomorrow, shop.site) == []
    (one,) = proposals(agent, None)
    assert one.proposal_id == number
    assert one.expires_at == NOON + timedelta(days=3)


def test_a_material_change_replaces_the_open_proposal_on_the_same_day(agent: Context, shop: Shop) -> None:
    (decision,) = decisions(agent, shop)
    (first,) = propose(agent, shop.site, [decision])
    (second,) = propose(agent, shop.site, [replace(decision, quantity=decision.quantity * 2)])
    (third,) = propose(agent, shop.site, [replace(decision, quantity=decision.quantity * 4)])
    states = {one.proposal_id: (one.state, one.idempotency_key[-2:]) for one in proposals(agent, None)}
    assert states == {first: ("expired", "02"), second: ("expired", ":2"), third: ("proposed", ":3")}
    assert proposal(agent, first).decision_note == "Replaced by a newer proposal from newer numbers."


def test_what_is_no_longer_needed_is_withdrawn(agent: Context, ctx: Context, shop: Shop) -> None:
    (number,) = propose_purchases(agent, shop.site)
    shop.ordered(shop.items[0], 500, days=3.0)
    assert propose_purchases(agent, shop.site) == []
    assert proposal(agent, number).state == "expired"
    assert proposals(agent) == []


def test_an_approved_order_is_not_proposed_again(agent: Context, ctx: Context, shop: Shop) -> None:
    (number,) = propose_purchases(agent, shop.site)
    approve(ctx, number)
    for day in range(3):
        assert propose_purchases(replace(agent, now=NOON + timedelta(days=day)), shop.site) == []


def test_approving_places_the_order_that_was_proposed(agent: Context, ctx: Context, shop: Shop) -> None:
    (number,) = propose_purchases(agent, shop.site)
    order = approve(ctx, number, note="as usual")
    decided = proposal(ctx, number)
    assert (decided.state, decided.decided_by, decided.decision_note) == ("executed", "mara", "as usual")
    assert decided.edited is None
    (line,) = order.lines
    assert (line.item_id, line.quantity, line.unit_cost) == (shop.items[0], decided.quantity, Decimal("2.50"))
    assert (order.decision_key, order.approved_by) == (f"proposal:{number}", "mara")
    assert order.expected_at == NOON + timedelta(days=decided.expected_days)
    assert on_order(ctx, shop.site) == {shop.items[0]: [(decided.quantity, order.expected_at)]}


def test_approving_twice_gives_the_same_order(agent: Context, ctx: Context, shop: Shop) -> None:
    (number,) = propose_purchases(agent, shop.site)
    first = approve(ctx, number, Decimal(36))
    later = replace(ctx, now=NOON + timedelta(days=9), actor=person("nils", Role.ADMIN))
    assert approve(later, number) == first
    assert approve(later, number, Decimal(36)) == first
    with pytest.raises(Refused, match="approved by mara with 36, not 48"):
        approve(later, number, Decimal(48))
    assert len(purchase_orders(ctx)) == 1


def test_many_people_approving_at_once_place_one_order(office: Office) -> None:
    with office.context(person("mara", Role.ADMIN)) as ctx:
        shop = Shop.open(ctx)
        tea = shop.item("TEA", pack="12")
        shop.stock(tea, 5)
        shop.sold_daily(tea, 60)
        shop.forecast()
        (number,) = propose_purchases(ctx, shop.site)
    ready = threading.Barrier(6)
    orders: list[PurchaseOrder] = []

    def press(name: str) -> None:
        ready.wait()
        with office.context(person(name, Role.ADMIN)) as ctx:
            orders.append(approve(ctx, number))

    people = [threading.Thread(target=press, args=(f"person{k}",)) for k in range(6)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    assert len(orders) == 6
    assert len({order.number for order in orders}) == 1
    with office.context(person("mara", Role.ADMIN)) as ctx:
        assert len(purchase_orders(ctx)) == 1
        approvals = values(ctx.tx, "select actor_name from audit_entry where action = 'proposal.approved'")
        assert approvals == [(proposal(ctx, number).decided_by,)]


def test_many_runs_at_once_propose_once(office: Office) -> None:
    with office.context(person("mara", Role.ADMIN)) as ctx:
        shop = Shop.open(ctx)
        for sku in ("TEA", "SALT", "RICE"):
            item = shop.item(sku)
            shop.stock(item, 2)
            shop.sold_daily(item, 60)
        shop.forecast()
    ready = threading.Barrier(4)
    made: list[int] = []

    def run_agent() -> None:
        ready.wait()
        with office.context(system("purchasing")) as ctx:
            made.extend(propose_purchases(ctx, shop.site))

    runs = [threading.Thread(target=run_agent) for _ in range(4)]
    for one in runs:
        one.start()
    for one in runs:
        one.join()
    assert len(made) == 3
    with office.context(person("mara", Role.ADMIN)) as ctx:
        assert sorted(one.sku for one in proposals(ctx, None)) == ["RICE", "SALT", "TEA"]


def test_an_edit_is_kept_beside_what_was_proposed(agent: Context, ctx: Context, shop: Shop) -> None:
    (number,) = propose_purchases(agent, shop.site)
    order = approve(ctx, number, Decimal(120), "a fair is coming")
    decided = proposal(ctx, number)
    assert order.lines[0].quantity == decided.quantity == 120
    assert decided.edited == {"quantity": "120"}
    assert decided.proposed_quantity != 120
    ((detail,),) = values(ctx.tx, "select detail from audit_entry where action = 'proposal.approved'")
    assert (detail["ordered"], detail["order"], detail["note"]) == ("120", order.number, "a fair is coming")


@pytest.mark.parametrize(("quantity", "says"), [("50", "whole packs of 12"), ("12", "minimum of 24"), ("0", "packs")])
def test_an_edit_must_respect_packs_and_the_minimum(
    agent: Context, ctx: Context, shop: Shop, quantity: str, says: str
) -> None:
    (number,) = propose_purchases(agent, shop.site)
    with pytest.raises(Invalid, match=says):
        approve(ctx, number, Decimal(quantity))
    assert proposal(ctx, number).state == "proposed"
    assert purchase_orders(ctx) == []


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER])
def test_who_may_not_decide_is_refused_and_nothing_happens(
    agent: Context, ctx: Context, shop: Shop, role: Role
) -> None:
    (number,) = propose_purchases(agent, shop.site)
    other = replace(ctx, actor=person("otto", role))
    for attempt in (lambda: approve(other, number), lambda: reject(other, number)):
        with pytest.raises(Forbidden, match="may not decide proposals"):
            attempt()
    with pytest.raises(Forbidden):
        propose_purchases(other, shop.site)
    assert proposal(other, number).state == "proposed"


def test_an_agent_may_propose_but_never_decide(agent: Context, shop: Shop) -> None:
    (number,) = propose_purchases(agent, shop.site)
    with pytest.raises(Forbidden):
        approve(agent, number)
    with pytest.raises(Forbidden):
        reject(agent, number)


def test_a_rejected_order_is_not_proposed_again_for_three_days(agent: Context, ctx: Context, shop: Shop) -> None:
    (number,) = propose_purchases(agent, shop.site)
    decided = reject(ctx, number, "we stop selling tea")
    assert (decided.state, decided.decision_note) == ("rejected", "we stop selling tea")
    assert reject(ctx, number, "again") == decided
    for hours in (0, 24, 71):
        assert propose_purchases(replace(agent, now=NOON + timedelta(hours=hours)), shop.site) == []
    assert len(propose_purchases(replace(agent, now=NOON + timedelta(hours=73)), shop.site)) == 1


def test_what_was_rejected_cannot_be_approved_nor_what_was_approved_rejected(
    agent: Context, ctx: Context, shop: Shop
) -> None:
    (number,) = propose_purchases(agent, shop.site)
    reject(ctx, number)
    with pytest.raises(Refused, match="is rejected by mara"):
        approve(ctx, number)
    later = replace(agent, now=NOON + timedelta(days=4))
    (second,) = propose_purchases(later, shop.site)
    person_later = replace(ctx, now=later.now)
    approve(person_later, second)
    with pytest.raises(Refused, match="close its purchase order"):
        reject(person_later, second)


def test_what_nobody_decides_expires_and_is_proposed_anew(agent: Context, ctx: Context, shop: Shop) -> None:
    (number,) = propose_purchases(agent, shop.site)
    late = replace(ctx, now=NOON + timedelta(days=2))
    with pytest.raises(Refused, match="Run planning again"):
        approve(late, number)
    assert proposal(ctx, number).state == "proposed"
    assert expire(replace(agent, now=NOON + timedelta(days=2) - timedelta(seconds=1))) == 0
    assert expire(replace(agent, now=late.now)) == 1
    assert proposal(ctx, number).state == "expired"
    with pytest.raises(Refused, match="is expired"):
        approve(late, number)
    assert len(propose_purchases(replace(agent, now=late.now), shop.site)) == 1


def test_decisions_are_told_to_other_rooms(agent: Context, ctx: Context, shop: Shop) -> None:
    (number,) = propose_purchases(agent, shop.site)
    order = approve(ctx, number)
    told = values(ctx.tx, "select kind, subject, data from event where kind like 'proposal.%' order by event_id")
    assert [(kind, subject) for kind, subject, _ in told] == [
        ("proposal.made", f"proposal:{number}"),
        ("proposal.decided", f"proposal:{number}"),
    ]
    assert told[1][2]["state"] == "executed"
    assert told[1][2]["order"] == order.number


def test_the_list_begins_with_the_item_likeliest_to_run_out(ctx: Context, agent: Context) -> None:
    shop = Shop.open(ctx)
    for sku, left in (("CALM", 21), ("URGENT", 1), ("SOON", 16)):
        item = shop.item(sku)
        shop.stock(item, left)
        shop.sold_daily(item, 60)
    shop.forecast()
    propose_purchases(agent, shop.site)
    assert [one.sku for one in proposals(agent)] == ["URGENT", "SOON", "CALM"]
    assert len(proposals(agent, limit=1)) == 1
    assert proposals(agent, site_id=shop.site + 1) == []


def test_proposals_of_other_tenants_do_not_exist(agent: Context, ctx: Context, shop: Shop) -> None:
    (number,) = propose_purchases(agent, shop.site)
    stranger = replace(ctx, tenant=2)
    assert proposals(stranger) == []
    attempts: list[ShelfwiseError] = []
    for attempt in (lambda: proposal(stranger, number), lambda: approve(stranger, number)):
        with pytest.raises(NotFound) as caught:
            attempt()
        attempts.append(caught.value)
    assert expire(replace(agent, tenant=2, now=NOON + timedelta(days=30))) == 0
    assert len(attempts) == 2


def test_a_decision_of_an_earlier_day_keeps_its_own_key(agent: Context, shop: Shop) -> None:
    (decision,) = decisions(agent, shop)
    (number,) = propose(agent, shop.site, [replace(decision, today=date(2026, 3, 1))])
    assert proposal(agent, number).idempotency_key.endswith("2026-03-01")
