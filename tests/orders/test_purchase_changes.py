"""What the supplier is told of a change, who tells them, and what stands when they answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from shelfwise.access.context import Context
from shelfwise.access.model import Right, Role, person
from shelfwise.core.errors import Refused
from shelfwise.orders import approval, service
from shelfwise.orders.model import PurchaseOrder
from shelfwise.orders.paper import paper
from shelfwise.orders.service import Confirmed
from shelfwise.records import service as records
from shelfwise.store.database import run, value, values
from shelfwise.work import tasks
from tests.conftest import NOON
from tests.orders.shop import Shop, open_shop
from tests.orders.test_purchase_life import DESK, DUE, approved, draft, receive, sent, waiting


@pytest.fixture
def shop(ctx: Context) -> Shop:
    return open_shop(ctx, DESK)


@pytest.fixture
def silent_shop(ctx: Context) -> Shop:
    """Its supplier has no address."""
    return open_shop(ctx)


def told(ctx: Context, key: str) -> dict[str, object]:
    """The message under a key, less the installation."""
    found: dict[str, object] = value(ctx.tx, "select body from outbox where idempotency_key like %s", (f"{key}@%",))
    return found


def facts(ctx: Context) -> list[tuple[str, list[str]]]:
    """What was published: the kind, and how much of each line is to come from then on."""
    found = values(ctx.tx, "select kind, data from event where kind like 'purchase.%%' order by event_id")
    return [(kind, [one["quantity"] for one in data["outstanding"].values()]) for kind, data in found]


def to_do(ctx: Context) -> list[str]:
    return [one.title for one in tasks.tasks(ctx)]


def test_a_line_that_is_no_longer_wanted_is_told_as_0_with_a_total_without_it(ctx: Context, shop: Shop) -> None:
    order = sent(ctx, shop)
    service.change_sent(ctx, order.purchase_order_id, {1: Decimal(0)}, DUE, "dropped")
    body = told(ctx, "PO-000001.2")
    lines = body["lines"]
    assert isinstance(lines, list)
    assert [(line["sku"], line["quantity"]) for line in lines] == [("MUG", "0"), ("ROPE", "5.5")]
    assert body["total"] == "5.5"
    letter = paper(body).text
    assert "1  no longer wanted: MUG White mug" in letter
    assert "Total 5.50 EUR" in letter


def test_what_was_confirmed_is_what_the_next_change_says_of_the_other_lines(ctx: Context, shop: Shop) -> None:
    order = sent(ctx, shop)
    service.confirm(ctx, order.purchase_order_id, [Confirmed(1, Decimal(8), unit_cost=Decimal("2.5"))])
    after = service.change_sent(ctx, order.purchase_order_id, {2: Decimal(4)}, DUE, "less rope").as_asked
    assert [(line.owed, line.cost) for line in after.lines] == [
        (Decimal(8), Decimal("2.5")), (Decimal(4), Decimal(1)),
    ]  # fmt: skip
    assert told(ctx, "PO-000001.2")["total"] == "24.0"
    again = service.answer(ctx, order.purchase_order_id, accepted=True)
    assert [line.owed for line in again.lines] == [Decimal(8), Decimal(4)]
    back = service.change_sent(ctx, again.purchase_order_id, {1: Decimal(10)}, DUE, "all of it after all")
    assert service.answer(ctx, back.purchase_order_id, accepted=True).lines[0].owed == 10


def test_an_order_of_which_nothing_came_is_never_received(ctx: Context, shop: Shop) -> None:
    order = sent(ctx, shop)
    with pytest.raises(Refused, match=r"Nothing would be left of PO-000001\. Cancel it instead"):
        service.change_sent(ctx, order.purchase_order_id, {1: Decimal(0), 2: Decimal(0)}, DUE, "")
    none = service.confirm(ctx, order.purchase_order_id, [Confirmed(1, Decimal(0)), Confirmed(2, Decimal(0))])
    assert (none.state, none.due_at, service.on_order(ctx, shop.site_id)) == ("confirmed", None, {})


@pytest.mark.parametrize(
    ("act", "title"),
    [
        (lambda ctx, order: order, "Send PO-000001 to Potter"),
        (
            lambda ctx, order: service.change_sent(
                ctx, service.mark_sent(ctx, order.number).purchase_order_id, {1: Decimal(7)}, DUE, ""
            ),
            "Ask Potter to change PO-000001",
        ),
        (
            lambda ctx, order: service.cancel(ctx, service.mark_sent(ctx, order.number).purchase_order_id, ""),
            "Ask Potter to cancel PO-000001",
        ),
    ],
)
def test_without_an_address_a_person_is_asked_to_tell_the_supplier_and_nobody_says_they_were_told(
    ctx: Context, silent_shop: Shop, act: Callable[[Context, PurchaseOrder], PurchaseOrder], title: str
) -> None:
    order = act(ctx, approved(ctx, silent_shop))
    assert (to_do(ctx), order.to_be_told) == ([title], True)
    newest = service.history(ctx, order.purchase_order_id)[0]
    assert newest.detail["supplier_is_told"] is False
    (task,) = tasks.tasks(ctx)
    with pytest.raises(Refused, match="Say on the page of the order that you have told the supplier"):
        tasks.done(ctx, task.task_id)
    assert service.mark_sent(ctx, order.number).to_be_told is False
    assert to_do(ctx) == []


def test_an_answer_means_that_the_supplier_was_told(ctx: Context, silent_shop: Shop) -> None:
    order = sent(ctx, silent_shop)
    service.change_sent(ctx, order.purchase_order_id, {1: Decimal(7)}, DUE, "")
    after = service.answer(ctx, order.purchase_order_id, accepted=True)
    assert (after.sent_revision, after.to_be_told, to_do(ctx)) == (2, False, [])


def test_the_task_to_approve_is_done_by_approving_and_not_by_saying_so(ctx: Context, shop: Shop) -> None:
    approval.set_limit(ctx, "*", Decimal(20))
    order = service.approve_purchase_order(ctx, draft(ctx, shop).purchase_order_id)
    (task,) = tasks.tasks(ctx)
    with pytest.raises(Refused, match=r"This waits still\. Approve the order on its page"):
        tasks.done(ctx, task.task_id)
    with pytest.raises(Refused, match=r"This waits still\. Approve the order on its page"):
        tasks.drop(ctx, task.task_id, "no")
    service.take_back_approval(ctx, order.purchase_order_id, "")
    assert to_do(ctx) == []


def test_closed_while_a_change_waits_it_is_taken_back_if_it_has_not_left(ctx: Context, shop: Shop) -> None:
    order = sent(ctx, shop)
    service.change_sent(ctx, order.purchase_order_id, {1: Decimal(15)}, DUE, "")
    closed = service.close_purchase_order(ctx, order.purchase_order_id, "enough")
    assert (closed.answer_to, closed.lines[0].owed, waiting(ctx)) == (None, Decimal(10), [])
    assert service.history(ctx, order.purchase_order_id)[0].detail["change_withdrawn"] is True


def test_closed_while_a_change_is_out_it_can_be_answered_still(ctx: Context, shop: Shop) -> None:
    order = sent(ctx, shop)
    service.change_sent(ctx, order.purchase_order_id, {1: Decimal(15)}, DUE, "")
    run(ctx.tx, "update outbox set state = 'delivered'")
    service.close_purchase_order(ctx, order.purchase_order_id, "enough")
    after = service.answer(ctx, order.purchase_order_id, accepted=False)
    assert (after.state, after.answer_to, after.lines[0].owed) == ("closed", None, Decimal(10))


def test_a_refused_cancellation_leaves_the_change_before_it_unanswered(ctx: Context, shop: Shop) -> None:
    order = sent(ctx, shop)
    service.change_sent(ctx, order.purchase_order_id, {1: Decimal(15)}, DUE, "")
    run(ctx.tx, "update outbox set state = 'delivered'")
    service.cancel(ctx, order.purchase_order_id, "no longer needed")
    refused = service.answer(ctx, order.purchase_order_id, accepted=False)
    assert (refused.state, refused.answer_to) == ("sent", "change")
    assert service.answer(ctx, order.purchase_order_id, accepted=False).lines[0].owed == 10


def test_a_cancellation_takes_a_change_back_that_has_not_left(ctx: Context, shop: Shop) -> None:
    order = sent(ctx, shop)
    service.change_sent(ctx, order.purchase_order_id, {1: Decimal(15)}, DUE, "")
    gone = service.cancel(ctx, order.purchase_order_id, "no longer needed")
    assert waiting(ctx) == [("PO-000001.3.cancel", "cancel")]
    back = service.answer(ctx, gone.purchase_order_id, accepted=False)
    assert (back.state, back.answer_to, back.lines[0].owed) == ("sent", None, Decimal(10))


def test_whoever_listens_learns_of_every_step_what_is_to_come(ctx: Context, shop: Shop) -> None:
    order_id = sent(ctx, shop).purchase_order_id
    service.change_sent(ctx, order_id, {1: Decimal(15)}, DUE, "")
    service.answer(ctx, order_id, accepted=False)
    service.close_purchase_order(ctx, order_id, "")
    service.reopen(ctx, order_id, "")
    service.cancel(ctx, order_id, "")
    service.answer(ctx, order_id, accepted=True)
    service.restore(ctx, order_id, "")
    service.approve_purchase_order(ctx, order_id)
    service.take_back_approval(ctx, order_id, "")
    assert facts(ctx) == [
        ("purchase.placed", ["10", "5.5"]),
        ("purchase.sent", ["10", "5.5"]),
        ("purchase.asked", ["10", "5.5"]),
        ("purchase.answered", ["10", "5.5"]),
        ("purchase.closed", ["0", "0"]),
        ("purchase.reopened", ["10", "5.5"]),
        ("purchase.asked", ["10", "5.5"]),
        ("purchase.answered", ["0", "0"]),
        ("purchase.cancelled", ["0", "0"]),
        ("purchase.restored", ["0", "0"]),
        ("purchase.placed", ["10", "5.5"]),
        ("purchase.taken_back", ["0", "0"]),
    ]


def test_the_day_on_paper_is_the_day_at_the_site(ctx: Context, shop: Shop) -> None:
    site_id = records.add_site(ctx, code="AKL", name="Auckland", time_zone="Pacific/Auckland", width_m=9, depth_m=9)
    noon = datetime(2026, 3, 20, 12, tzinfo=ZoneInfo("Pacific/Auckland"))
    order = service.draft_purchase_order(
        ctx, key="a", supplier_id=shop.supplier_id, site_id=site_id, currency="EUR", expected_at=noon,
        lines=[(shop.mug, Decimal(1), Decimal(2))],
    )  # fmt: skip
    stored = service.purchase_order(ctx, order.purchase_order_id)
    assert stored.expected_at.date() == date(2026, 3, 19)
    assert "expected 20 March 2026" in paper(service.paper_of(ctx, stored)).text


def test_a_letter_names_both_ends_and_writes_numbers_as_its_readers_do(ctx: Context, shop: Shop) -> None:
    run(ctx.tx, "update supplier set account_number = 'C-7', address = 'Kiln Lane 3', numbers = 'de'")
    run(ctx.tx, "update tenant set address = E'Dock Road 1\nHamburg', tax_number = 'DE 123'")
    run(ctx.tx, "update site set address = 'Gate 4'")
    text = paper(service.paper_of(ctx, draft(ctx, shop, mugs=1000))).text
    for said in ("Our number with you: C-7", "Deliver to: Main, Gate 4", "Hamburg", "DE 123", "Total 2.005,50 EUR"):
        assert said in text


def test_a_budget_counts_what_will_come_and_not_what_will_not(ctx: Context, shop: Shop) -> None:
    approval.set_budget(ctx, date(2026, 3, 1), Decimal(100))

    def used() -> Decimal:
        (budget,) = approval.budgets(ctx, date(2026, 3, 1))
        return budget.used

    order = sent(ctx, shop)
    assert used() == Decimal("25.5")
    service.confirm(ctx, order.purchase_order_id, [Confirmed(1, Decimal(4)), Confirmed(2, None, None, Decimal(2))])
    assert used() == 19
    receive(ctx, shop, order, "1", "r1")
    service.close_purchase_order(ctx, order.purchase_order_id, "")
    assert used() == 2


def test_a_budget_with_orders_in_a_currency_without_a_rate_says_so_and_guesses_nothing(
    ctx: Context, shop: Shop
) -> None:
    made = service.draft_purchase_order(
        ctx, key="yen", supplier_id=shop.supplier_id, site_id=shop.site_id, currency="JPY", expected_at=DUE,
        lines=[(shop.mug, Decimal(10), Decimal(900))],
    )  # fmt: skip
    service.approve_purchase_order(ctx, made.purchase_order_id)
    approval.set_budget(ctx, date(2026, 3, 1), Decimal(100))
    (budget,) = approval.budgets(ctx, date(2026, 3, 1))
    assert (budget.used, budget.without_rate) == (Decimal(0), ("JPY",))
    with pytest.raises(Refused, match="are in JPY, and nobody said what that is worth in EUR"):
        approved(ctx, shop)
    approval.set_rate(ctx, "JPY", date(2026, 1, 1), Decimal("0.006"))
    assert approved(ctx, shop).state == "approved"


def test_the_month_of_a_budget_is_the_month_at_the_site(ctx: Context, shop: Shop) -> None:
    site_id = records.add_site(ctx, code="AKL", name="Auckland", time_zone="Pacific/Auckland", width_m=9, depth_m=9)
    approval.set_budget(ctx, date(2026, 4, 1), Decimal(5), site_id)
    # Still March in Berlin, and in Auckland the first of April.
    late = replace(ctx, now=NOON.replace(day=31, hour=18))
    order = service.draft_purchase_order(
        late, key="a", supplier_id=shop.supplier_id, site_id=site_id, currency="EUR", expected_at=DUE,
        lines=[(shop.mug, Decimal(10), Decimal(2))],
    )  # fmt: skip
    assert service.approve_purchase_order(late, order.purchase_order_id).waits_for_second


def test_undoing_a_decision_keeps_the_names_of_those_who_approved(ctx: Context, shop: Shop) -> None:
    approval.set_limit(ctx, "*", Decimal(20))
    boss = replace(ctx, actor=person("max", Role.MANAGER, user_id=3))
    approval.set_limit(ctx, "person:max", Decimal(100))
    placed = service.place_purchase_order(
        ctx, decision_key="d", supplier_id=shop.supplier_id, site_id=shop.site_id, currency="EUR", expected_at=DUE,
        lines=[(shop.mug, Decimal(10), Decimal(2)), (shop.rope, Decimal(5), Decimal(1))], line_keys=["one", "two"],
    )  # fmt: skip
    assert placed.waits_for_second
    service.approve_purchase_order(boss, placed.purchase_order_id)
    undoer = replace(ctx, actor=person("pia", Role.PLANNER, user_id=2))
    after = service.take_lines_out(undoer, placed.purchase_order_id, {"two"})
    assert (after.state, after.approved_by, after.second_approved_by) == ("approved", "mara", "max")
    assert [line.sku for line in after.lines] == ["MUG"]
    assert waiting(ctx) == [("PO-000001.2", "order")]
    assert undoer.actor.may(Right.DECIDE_PROPOSALS)
    assert after.expected_at - NOON == timedelta(days=7)


def test_the_day_asked_for_holds_when_they_agree_and_not_before(ctx: Context, shop: Shop) -> None:
    order = sent(ctx, shop)
    later = DUE + timedelta(days=5)
    asked = service.change_sent(ctx, order.purchase_order_id, {}, later, "no room before")
    assert (asked.expected_at, asked.as_asked.expected_at) == (DUE, later)
    assert told(ctx, "PO-000001.2")["expected_at"] == later.isoformat()
    assert {when for _, when in service.on_order(ctx, shop.site_id)[shop.mug]} == {DUE}
    service.answer(ctx, order.purchase_order_id, accepted=True)
    assert {when for _, when in service.on_order(ctx, shop.site_id)[shop.mug]} == {later}


def test_asking_for_what_the_order_says_already_is_refused(ctx: Context, shop: Shop) -> None:
    order = sent(ctx, shop)
    with pytest.raises(Refused, match=r"That is what PO-000001 says already"):
        service.change_sent(ctx, order.purchase_order_id, {1: Decimal(10)}, DUE, "")


def test_they_say_something_else_and_that_is_what_is_on_order(ctx: Context, shop: Shop) -> None:
    order = sent(ctx, shop)
    service.change_sent(ctx, order.purchase_order_id, {1: Decimal(4)}, DUE, "fewer")
    when = DUE + timedelta(days=2)
    after = service.answer_otherwise(ctx, order.purchase_order_id, [Confirmed(1, Decimal(8), when)], "Ana, by phone")
    assert (after.answer_to, after.asked, after.lines[0].owed) == (None, None, Decimal(8))
    assert service.on_order(ctx, shop.site_id)[shop.mug] == [(Decimal(8), when)]


def test_what_came_while_they_were_asked_has_come(ctx: Context, shop: Shop) -> None:
    order = sent(ctx, shop)
    service.cancel(ctx, order.purchase_order_id, "no longer needed")
    receive(ctx, shop, order, "6", "r1")
    after = service.answer(ctx, order.purchase_order_id, accepted=True)
    assert (after.state, after.lines[0].received, service.on_order(ctx, shop.site_id)) == ("closed", Decimal(6), {})
    other = sent(ctx, shop, "again")
    service.change_sent(ctx, other.purchase_order_id, {1: Decimal(4)}, DUE, "fewer")
    receive(ctx, shop, other, "6", "r2")
    agreed = service.answer(ctx, other.purchase_order_id, accepted=True)
    assert (agreed.lines[0].quantity, agreed.lines[0].outstanding) == (Decimal(4), Decimal(0))


@pytest.mark.parametrize(
    "ask",
    [
        lambda ctx, order: service.change_sent(ctx, order.purchase_order_id, {1: Decimal(15)}, DUE, ""),
        lambda ctx, order: service.cancel(ctx, order.purchase_order_id, ""),
    ],
)
def test_a_question_is_taken_back_while_it_has_not_left(
    ctx: Context, shop: Shop, ask: Callable[[Context, PurchaseOrder], PurchaseOrder]
) -> None:
    order = sent(ctx, shop)
    ask(ctx, order)
    back = service.take_back_question(ctx, order.purchase_order_id)
    assert (back.state, back.answer_to, back.asked, waiting(ctx)) == ("sent", None, None, [])
    with pytest.raises(Refused, match="is asked nothing"):
        service.take_back_question(ctx, order.purchase_order_id)
    ask(ctx, order)
    run(ctx.tx, "update outbox set state = 'delivered'")
    with pytest.raises(Refused, match="has been asked, or may have been"):
        service.take_back_question(ctx, order.purchase_order_id)
