"""What may become of a purchase order, who may let it, and how each step is undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import get_args

import pytest

from shelfwise.access.context import Context
from shelfwise.access.model import Role, person
from shelfwise.core.errors import Forbidden, Invalid, Refused
from shelfwise.orders import approval, service
from shelfwise.orders.model import PurchaseOrder, PurchaseState
from shelfwise.orders.purchase_states import ALLOWED, Verb, check
from shelfwise.orders.receipts import take_back_receipt
from shelfwise.orders.service import Confirmed
from shelfwise.store.database import run, values
from tests.conftest import NOON
from tests.orders.shop import Shop, open_shop

DUE = NOON + timedelta(days=7)
PIA = person("pia", Role.PLANNER, user_id=2)
MAX = person("max", Role.MANAGER, user_id=3)
DESK = "http://127.0.0.1:9/orders"


@pytest.fixture
def shop(ctx: Context) -> Shop:
    return open_shop(ctx, DESK)


def draft(ctx: Context, shop: Shop, key: str = "by hand", mugs: int = 10) -> PurchaseOrder:
    return service.draft_purchase_order(
        ctx, key=key, supplier_id=shop.supplier_id, site_id=shop.site_id, currency="EUR", expected_at=DUE,
        lines=[(shop.mug, Decimal(mugs), Decimal(2)), (shop.rope, Decimal("5.5"), Decimal(1))],
    )  # fmt: skip


def approved(ctx: Context, shop: Shop, key: str = "by hand") -> PurchaseOrder:
    return service.approve_purchase_order(ctx, draft(ctx, shop, key).purchase_order_id)


def sent(ctx: Context, shop: Shop, key: str = "by hand") -> PurchaseOrder:
    return service.mark_sent(ctx, approved(ctx, shop, key).number)


def waiting(ctx: Context) -> list[tuple[str, str]]:
    """What suppliers are being told: the key without the installation, and what of."""
    found = values(ctx.tx, "select idempotency_key, body->>'what' from outbox where state = 'waiting' order by 1")
    return [(key.split("@")[0], what) for key, what in found]


def asked(ctx: Context) -> list[tuple[str, str, str]]:
    """The tasks that wait for somebody: title, role, why."""
    return [
        (title, role, why)
        for title, role, why in values(ctx.tx, "select title, role, why from task where state in ('open', 'taken')")
    ]


def receive(ctx: Context, shop: Shop, order: PurchaseOrder, much: str, source: str, line: int = 1) -> None:
    service.record_receipt(
        ctx, purchase_order_id=order.purchase_order_id, line=line, quantity=Decimal(much), place_id=shop.dock,
        source=source, received_at=ctx.now,
    )  # fmt: skip


def test_every_state_can_be_left_by_somebody() -> None:
    left_by_receipts = {"received"}
    leaving: set[Verb] = {"approve", "take_back", "send", "confirm", "close", "reopen", "cancel", "restore"}
    for state in get_args(PurchaseState):
        assert state in left_by_receipts or any(state in ALLOWED[verb] for verb in leaving), state


@pytest.mark.parametrize("verb", get_args(Verb))
@pytest.mark.parametrize("state", get_args(PurchaseState))
def test_what_may_not_happen_is_refused_with_what_may(state: PurchaseState, verb: Verb) -> None:
    if state in ALLOWED[verb]:
        check("PO-1", state, verb)
    else:
        with pytest.raises(Refused, match=r"PO-1 is .*cannot be .*\. \w+"):
            check("PO-1", state, verb)


def test_a_draft_is_not_on_order_leaves_nothing_and_receives_nothing(ctx: Context, shop: Shop) -> None:
    order = draft(ctx, shop)
    assert (order.number, order.state, order.approved_by, order.created_by) == ("PO-000001", "draft", None, "mara")
    assert draft(ctx, shop) == order
    assert (service.on_order(ctx, shop.site_id), waiting(ctx)) == ({}, [])
    with pytest.raises(Refused, match="is a draft: nobody has ordered it"):
        receive(ctx, shop, order, "1", "r1")
    with pytest.raises(Refused):
        service.mark_sent(ctx, order.number)


def test_a_draft_is_edited_and_approved(ctx: Context, shop: Shop) -> None:
    order = draft(ctx, shop)
    edited = service.edit_draft(
        ctx, order.purchase_order_id, lines=[(shop.mug, Decimal(4), Decimal(3))], expected_at=DUE, note="Ring twice."
    )
    assert [line.quantity for line in edited.lines] == [4]
    assert edited.note == "Ring twice."
    assert service.approve_purchase_order(ctx, order.purchase_order_id).state == "approved"
    assert waiting(ctx) == [("PO-000001", "order")]
    with pytest.raises(Refused, match="cannot be changed as a draft"):
        service.edit_draft(ctx, order.purchase_order_id, lines=[], expected_at=DUE, note="")
    assert [one.action for one in service.history(ctx, order.purchase_order_id)] == [
        "purchase.approved", "purchase.edited", "purchase.drafted",
    ]  # fmt: skip


def test_drafts_for_one_supplier_become_one(ctx: Context, shop: Shop) -> None:
    drafts = [draft(ctx, shop, key).purchase_order_id for key in ("a", "b", "c")]
    merged = service.merge_drafts(ctx, drafts)
    assert (merged.number, len(merged.lines)) == ("PO-000001", 6)
    assert [service.purchase_order(ctx, other).state for other in drafts[1:]] == ["cancelled", "cancelled"]
    with pytest.raises(Refused, match="went into another order"):
        service.restore(ctx, drafts[1], "")
    with pytest.raises(Refused, match="two drafts at least"):
        service.merge_drafts(ctx, drafts[:1])


def test_above_the_limit_of_one_person_another_has_to_approve(ctx: Context, shop: Shop) -> None:
    approval.set_limit(ctx, "*", Decimal(20))
    pia, boss = replace(ctx, actor=PIA), replace(ctx, actor=MAX)
    order = service.approve_purchase_order(pia, draft(pia, shop).purchase_order_id)
    assert (order.state, order.approved_by, order.waits_for_second) == ("draft", "pia", True)
    assert order.second_needed == "25.50 EUR is above the 20.00 EUR that pia may approve alone."
    assert (waiting(ctx), service.drafted_items(ctx, shop.site_id)) == ([], {shop.mug, shop.rope})
    assert asked(ctx) == [("Approve PO-000001 to Potter, for 25.50 EUR", "manager", order.second_needed)]
    with pytest.raises(Forbidden):
        service.approve_purchase_order(pia, order.purchase_order_id)
    with pytest.raises(Refused, match="above what max may approve"):
        service.approve_purchase_order(boss, order.purchase_order_id)
    approval.set_limit(ctx, "person:max", Decimal(100))
    done = service.approve_purchase_order(boss, order.purchase_order_id)
    assert (done.state, done.approved_by, done.second_approved_by) == ("approved", "pia", "max")
    assert asked(ctx) == []
    assert waiting(ctx) == [("PO-000001", "order")]


def test_nobody_is_the_second_to_oneself_and_no_key_is_a_second(ctx: Context, shop: Shop) -> None:
    approval.set_limit(ctx, "*", Decimal(20))
    order = service.approve_purchase_order(ctx, draft(ctx, shop).purchase_order_id)
    with pytest.raises(Refused, match="mara has approved it already"):
        service.approve_purchase_order(ctx, order.purchase_order_id)
    key = replace(ctx, actor=replace(MAX, kind="key", name="erp"))
    with pytest.raises(Refused, match="is no person"):
        service.approve_purchase_order(key, order.purchase_order_id)


def test_an_edit_voids_the_first_approval(ctx: Context, shop: Shop) -> None:
    approval.set_limit(ctx, "*", Decimal(20))
    order = service.approve_purchase_order(ctx, draft(ctx, shop).purchase_order_id)
    edited = service.edit_draft(
        ctx, order.purchase_order_id, lines=[(shop.mug, Decimal(1), Decimal(2))], expected_at=DUE, note=""
    )
    assert (edited.approved_by, edited.second_needed, asked(ctx)) == (None, None, [])
    assert service.approve_purchase_order(ctx, order.purchase_order_id).state == "approved"


def test_above_the_budget_of_the_month_another_has_to_approve(ctx: Context, shop: Shop) -> None:
    approval.set_budget(ctx, date(2026, 3, 1), Decimal(40), shop.site_id)
    assert approved(ctx, shop, "a").state == "approved"
    second = service.approve_purchase_order(ctx, draft(ctx, shop, "b").purchase_order_id)
    assert second.second_needed == (
        "With it, 51.00 EUR are ordered this month, above the budget of 40.00 EUR for this site."
    )
    (budget,) = approval.budgets(ctx, date(2026, 3, 1))
    assert (budget.used, budget.amount) == (Decimal("25.50"), Decimal(40))
    next_month = replace(ctx, now=NOON + timedelta(days=31))
    assert (
        service.approve_purchase_order(next_month, draft(next_month, shop, "c").purchase_order_id).state == "approved"
    )


def test_amounts_in_another_currency_are_compared_by_the_rate_of_the_day(ctx: Context, shop: Shop) -> None:
    approval.set_limit(ctx, "*", Decimal(20))

    def order(key: str) -> PurchaseOrder:
        made = service.draft_purchase_order(
            ctx, key=key, supplier_id=shop.supplier_id, site_id=shop.site_id, currency="USD", expected_at=DUE,
            lines=[(shop.mug, Decimal(10), Decimal("2.1"))],
        )  # fmt: skip
        return service.approve_purchase_order(ctx, made.purchase_order_id)

    with pytest.raises(Refused, match="Nobody said what USD is worth in EUR"):
        order("a")
    approval.set_rate(ctx, "USD", date(2026, 1, 1), Decimal("0.9"))
    approval.set_rate(ctx, "USD", date(2026, 4, 1), Decimal("1.1"))
    assert order("b").state == "approved"
    with pytest.raises(Invalid, match="a number above 0"):
        approval.set_rate(ctx, "USD", date(2026, 1, 1), Decimal(0))


def test_an_approval_is_taken_back_while_the_order_has_not_left(ctx: Context, shop: Shop) -> None:
    order = approved(ctx, shop)
    back = service.take_back_approval(ctx, order.purchase_order_id, "too much")
    assert (back.state, back.approved_by, waiting(ctx)) == ("draft", None, [])
    service.approve_purchase_order(ctx, order.purchase_order_id)
    assert waiting(ctx) == [("PO-000001.2", "order")]
    run(ctx.tx, "update outbox set attempt_id = 1")
    with pytest.raises(Refused, match="is on its way to Potter"):
        service.take_back_approval(ctx, order.purchase_order_id, "too late")


def test_a_supplier_confirms_less_and_later(ctx: Context, shop: Shop) -> None:
    order = sent(ctx, shop)
    later = DUE + timedelta(days=3)
    said = [Confirmed(1, Decimal(8), later), Confirmed(2)]
    assert service.confirm(ctx, order.purchase_order_id, said).state == "confirmed"
    assert service.on_order(ctx, shop.site_id) == {shop.mug: [(Decimal(8), later)], shop.rope: [(Decimal("5.5"), DUE)]}
    receive(ctx, shop, order, "8", "r1")
    receive(ctx, shop, order, "5.5", "r2", line=2)
    assert service.purchase_order(ctx, order.purchase_order_id).state == "received"


def test_a_confirmation_by_telephone_means_that_the_supplier_has_it(ctx: Context, shop: Shop) -> None:
    order = approved(ctx, shop)
    done = service.confirm(ctx, order.purchase_order_id, [Confirmed(1)])
    assert (done.state, done.sent_at, done.sent_revision, waiting(ctx)) == ("confirmed", NOON, 1, [])
    with pytest.raises(Invalid, match="Name a line of the order"):
        service.confirm(ctx, order.purchase_order_id, [Confirmed(9)])


def test_goods_that_came_damaged_are_owed_still(ctx: Context, shop: Shop) -> None:
    order = sent(ctx, shop)
    service.record_receipt(
        ctx, purchase_order_id=order.purchase_order_id, line=1, quantity=Decimal(3), place_id=shop.dock, source="r1",
        received_at=NOON, owed=True,
    )  # fmt: skip
    (line, _) = service.purchase_order(ctx, order.purchase_order_id).lines
    assert [line.received, line.damaged, line.outstanding] == [0, 3, 10]
    service.take_back_receipt(ctx, "r1")
    assert service.purchase_order(ctx, order.purchase_order_id).lines[0].damaged == 0


def test_a_change_is_told_to_the_supplier_and_stands_or_falls_with_the_answer(ctx: Context, shop: Shop) -> None:
    order = sent(ctx, shop)
    changed = service.change_sent(ctx, order.purchase_order_id, {1: Decimal(15), 2: Decimal(0)}, DUE, "fair")
    assert (changed.revision, changed.answer_to) == (2, "change")
    assert [line.owed for line in changed.lines] == [10, Decimal("5.5")]
    assert [line.owed for line in changed.as_asked.lines] == [15, 0]
    assert [amount for amount, _ in service.on_order(ctx, shop.site_id)[shop.mug]] == [10]
    assert waiting(ctx) == [("PO-000001.2", "change")]
    with pytest.raises(Refused, match="has not answered the last change"):
        service.change_sent(ctx, order.purchase_order_id, {1: Decimal(16)}, DUE, "")
    back = service.answer(ctx, order.purchase_order_id, accepted=False, note="sold out")
    assert ([line.owed for line in back.lines], back.answer_to, back.state) == ([10, Decimal("5.5")], None, "sent")
    with pytest.raises(Refused, match="was asked nothing"):
        service.answer(ctx, order.purchase_order_id, accepted=True)


def test_a_change_does_not_go_below_what_came_nor_round_the_second_person(ctx: Context, shop: Shop) -> None:
    order = sent(ctx, shop)
    receive(ctx, shop, order, "6", "r1")
    with pytest.raises(Invalid, match="at least the 6 that came"):
        service.change_sent(ctx, order.purchase_order_id, {1: Decimal(5)}, DUE, "")
    approval.set_limit(ctx, "*", Decimal(26))
    with pytest.raises(Refused, match="may approve alone"), ctx.tx.transaction():
        service.change_sent(ctx, order.purchase_order_id, {1: Decimal(50)}, DUE, "")
    assert service.purchase_order(ctx, order.purchase_order_id).revision == 1


def test_a_supplier_who_has_the_order_is_told_that_it_is_cancelled(ctx: Context, shop: Shop) -> None:
    order = sent(ctx, shop)
    gone = service.cancel(ctx, order.purchase_order_id, "no longer needed")
    assert (gone.state, gone.answer_to, waiting(ctx)) == ("sent", "cancel", [("PO-000001.2.cancel", "cancel")])
    assert service.cancel(ctx, order.purchase_order_id, "again") == gone
    assert service.on_order(ctx, shop.site_id) != {}
    back = service.answer(ctx, order.purchase_order_id, accepted=False, note="it is on the road")
    assert (back.state, back.answer_to) == ("sent", None)
    service.cancel(ctx, order.purchase_order_id, "still no longer needed")
    assert service.answer(ctx, order.purchase_order_id, accepted=True).state == "cancelled"
    assert service.on_order(ctx, shop.site_id) == {}


def test_an_order_that_has_not_left_is_cancelled_without_a_word_and_restored(ctx: Context, shop: Shop) -> None:
    order = approved(ctx, shop)
    gone = service.cancel(ctx, order.purchase_order_id, "no longer needed")
    assert (gone.state, gone.answer_to, waiting(ctx)) == ("cancelled", None, [])
    assert service.cancel(ctx, order.purchase_order_id, "again") == gone
    back = service.restore(ctx, order.purchase_order_id, "needed after all")
    assert (back.state, back.approved_by) == ("draft", None)
    service.approve_purchase_order(ctx, order.purchase_order_id)
    assert [key for key, _ in waiting(ctx)] == ["PO-000001.3"]


def test_closing_withdraws_what_still_waits_and_is_undone_by_reopening(ctx: Context, shop: Shop) -> None:
    order = approved(ctx, shop)
    assert service.close_purchase_order(ctx, order.purchase_order_id, "").state == "closed"
    assert (waiting(ctx), service.on_order(ctx, shop.site_id)) == ([], {})
    assert service.reopen(ctx, order.purchase_order_id, "it comes").state == "approved"
    service.mark_sent(ctx, order.number)
    receive(ctx, shop, order, "4", "r1")
    service.close_purchase_order(ctx, order.purchase_order_id, "the rest never came")
    assert service.reopen(ctx, order.purchase_order_id, "it did").state == "part_received"
    assert service.on_order(ctx, shop.site_id)[shop.mug] == [(Decimal(6), DUE)]


@pytest.mark.parametrize(
    "act",
    [
        lambda ctx, order: service.approve_purchase_order(ctx, order),
        lambda ctx, order: service.take_back_approval(ctx, order, ""),
        lambda ctx, order: service.cancel(ctx, order, ""),
        lambda ctx, order: service.close_purchase_order(ctx, order, ""),
        lambda ctx, order: service.reopen(ctx, order, ""),
        lambda ctx, order: service.restore(ctx, order, ""),
        lambda ctx, order: service.confirm(ctx, order, [Confirmed(1)]),
        lambda ctx, order: service.answer(ctx, order, True),
        lambda ctx, order: service.change_sent(ctx, order, {1: Decimal(1)}, DUE, ""),
        lambda ctx, order: service.merge_drafts(ctx, [order, order + 1]),
        lambda ctx, order: service.edit_draft(ctx, order, lines=[], expected_at=DUE, note=""),
        lambda ctx, order: service.history(ctx, order),
    ],
)
def test_who_works_at_another_site_reaches_nothing(
    ctx: Context, shop: Shop, act: Callable[[Context, int], object]
) -> None:
    order = approved(ctx, shop)
    elsewhere = replace(ctx, actor=person("eve", None, {shop.site_id + 1: Role.MANAGER}))
    with pytest.raises(Forbidden):
        act(elsewhere, order.purchase_order_id)


def test_lines_that_a_receipt_tells_of_stay_though_it_was_taken_back(ctx: Context, shop: Shop) -> None:
    order = sent(ctx, shop)
    receive(ctx, shop, order, "4", "r1")
    take_back_receipt(ctx, "r1")
    service.cancel(ctx, order.purchase_order_id, "not after all")
    service.answer(ctx, order.purchase_order_id, accepted=True)
    restored = service.restore(ctx, order.purchase_order_id, "after all")
    assert restored.state == "draft"
    with pytest.raises(Refused, match="taken back, so its lines stay"):
        service.edit_draft(
            ctx, order.purchase_order_id, lines=[(shop.mug, Decimal(3), Decimal(2))], expected_at=NOON, note=""
        )
    with pytest.raises(Refused, match="taken back, so its lines stay"):
        service.merge_drafts(ctx, [order.purchase_order_id, draft(ctx, shop, "another").purchase_order_id])
    assert service.approve_purchase_order(ctx, order.purchase_order_id).state == "approved"
