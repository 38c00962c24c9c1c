"""Purchase orders: once for each decision, numbered without holes, received in parts, and what that teaches."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from shelfwise.access.context import Context, Office
from shelfwise.access.model import Role, person, system
from shelfwise.core.errors import Forbidden, Invalid, NotFound, Refused
from shelfwise.orders import service
from shelfwise.orders.model import LeadTime, PurchaseOrder, Receipt
from shelfwise.orders.purchase_states import state_by_receipts
from shelfwise.store.database import values
from tests.conftest import NOON
from tests.orders.shop import Shop, open_shop

MANAGER = person("mara", Role.ADMIN)
DUE = NOON + timedelta(days=7)


def place(ctx: Context, shop: Shop, key: str = "decision-1", quantity: int = 24) -> PurchaseOrder:
    return service.place_purchase_order(
        ctx,
        decision_key=key,
        supplier_id=shop.supplier_id,
        site_id=shop.site_id,
        lines=[(shop.mug, Decimal(quantity), Decimal("1.10")), (shop.rope, Decimal("7.5"), Decimal("0.4"))],
        currency="EUR",
        expected_at=DUE,
    )


def receive(ctx: Context, shop: Shop, order: PurchaseOrder, quantity: str, source: str, line: int = 1) -> Receipt:
    return service.record_receipt(
        ctx, purchase_order_id=order.purchase_order_id, line=line, quantity=Decimal(quantity), place_id=shop.dock,
        source=source, received_at=ctx.now,
    )  # fmt: skip


def test_one_decision_makes_one_order(ctx: Context) -> None:
    shop = open_shop(ctx)
    order = place(ctx, shop)
    assert (order.number, order.state, order.supplier, order.site, order.approved_by) == (
        "PO-000001", "approved", "Potter", "MAIN", "mara",
    )  # fmt: skip
    assert order.total == Decimal("29.40")
    assert place(ctx, shop) == order
    assert place(ctx, shop, "decision-2").number == "PO-000002"
    with pytest.raises(Refused, match="PO-000001"):
        place(ctx, shop, quantity=36)


def test_concurrent_calls_for_one_decision_make_one_order_and_numbers_have_no_holes(office: Office) -> None:
    with office.context(MANAGER) as ctx:
        shop = open_shop(ctx)

    def decide(number: int) -> str:
        try:
            with office.context(MANAGER) as ctx:
                order = place(ctx, shop, f"decision-{number % 4}")
                if number % 3 == 0:
                    raise ValueError("the caller fails and rolls back")
                return order.number
        except ValueError:
            return ""

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(decide, range(16)))
    with office.context(MANAGER) as ctx:
        orders = service.purchase_orders(ctx)
    assert sorted(order.number for order in orders) == [f"PO-00000{number}" for number in range(1, 5)]
    assert {order.decision_key for order in orders} == {f"decision-{number}" for number in range(4)}


def test_an_order_goes_into_the_outbox_once_under_its_number_and_its_installation(ctx: Context) -> None:
    shop = open_shop(ctx, "http://127.0.0.1:9/orders")
    place(ctx, shop)
    place(ctx, shop)
    ((key, url, body),) = values(ctx.tx, "select idempotency_key, url, body from outbox")
    ((installation,),) = values(ctx.tx, "select installation from tenant where tenant_id = 1")
    assert (key, url) == (f"PO-000001@{installation}", "http://127.0.0.1:9/orders")
    assert [(line["line"], line["sku"], line["quantity"], line["unit_cost"]) for line in body["lines"]] == [
        (1, "MUG", "24", "1.10"), (2, "ROPE", "7.5", "0.4"),
    ]  # fmt: skip


def test_a_supplier_without_an_address_gets_the_order_from_a_person(ctx: Context) -> None:
    shop = open_shop(ctx)
    order = place(ctx, shop)
    assert values(ctx.tx, "select * from outbox") == []
    sent = service.mark_sent(ctx, order.number)
    assert (sent.state, sent.sent_at) == ("sent", NOON)
    later = replace(ctx, now=NOON + timedelta(days=1))
    assert service.mark_sent(later, order.number) == sent
    for number in ("PO-000009", "PO-000001\x00"):
        with pytest.raises(NotFound, match="purchase order"):
            service.mark_sent(ctx, number)


def test_an_order_is_received_in_parts(ctx: Context) -> None:
    shop = open_shop(ctx)
    order = place(ctx, shop)

    def state() -> tuple[str, list[str]]:
        now = service.purchase_order(ctx, order.purchase_order_id)
        return now.state, [str(line.outstanding) for line in now.lines]

    receive(ctx, shop, order, "10", "r1")
    assert state() == ("part_received", ["14", "7.5"])
    receive(ctx, shop, order, "14", "r2")
    assert state() == ("part_received", ["0", "7.5"])
    receive(ctx, shop, order, "7.5", "r3", line=2)
    assert state() == ("received", ["0", "0.0"])


def test_the_same_source_is_one_receipt_and_with_another_content_it_is_refused(ctx: Context) -> None:
    shop = open_shop(ctx)
    order = place(ctx, shop)
    first = receive(ctx, shop, order, "10", "r1")
    assert first.new
    assert receive(ctx, shop, order, "10", "r1") == replace(first, new=False)
    with pytest.raises(Refused, match="'r1' has told of another receipt: 10 for line 1"):
        receive(ctx, shop, order, "11", "r1")
    assert service.purchase_order(ctx, order.purchase_order_id).lines[0].received == 10


def test_what_came_beyond_the_order_is_received_and_marked(ctx: Context) -> None:
    shop = open_shop(ctx)
    order = place(ctx, shop)
    for quantity, source in (("20", "r1"), ("10", "r2"), ("5", "r3")):
        receive(ctx, shop, order, quantity, source)
    assert service.purchase_order(ctx, order.purchase_order_id).lines[0].received == 35
    marks = values(ctx.tx, "select data->>'over', data->'closed' from event where kind = 'purchase.received'")
    assert marks == [("0", False), ("6", False), ("5", False)]


def test_goods_for_a_closed_order_are_received_and_it_stays_closed(ctx: Context) -> None:
    shop = open_shop(ctx)
    order = place(ctx, shop)
    assert service.close_purchase_order(ctx, order.purchase_order_id, "cancelled by phone").state == "closed"
    assert service.on_order(ctx, shop.site_id) == {}
    receive(ctx, shop, order, "24", "r1")
    assert service.purchase_order(ctx, order.purchase_order_id).state == "closed"
    assert values(ctx.tx, "select data->'closed' from event where kind = 'purchase.received'") == [(True,)]


def test_an_order_received_in_full_is_not_closed(ctx: Context) -> None:
    shop = open_shop(ctx)
    order = place(ctx, shop)
    receive(ctx, shop, order, "24", "r1")
    receive(ctx, shop, order, "7.5", "r2", line=2)
    with pytest.raises(Refused, match="nothing left to close"):
        service.close_purchase_order(ctx, order.purchase_order_id, "")
    with pytest.raises(NotFound):
        service.close_purchase_order(ctx, 99, "")


def test_on_order_is_what_is_outstanding_soonest_first(ctx: Context) -> None:
    shop = open_shop(ctx)
    order = place(ctx, shop)
    place(ctx, shop, "decision-2")
    receive(ctx, shop, order, "10", "r1")
    receive(ctx, shop, order, "9", "r2", line=2)
    assert service.on_order(ctx, shop.site_id) == {
        shop.mug: [(Decimal(14), DUE), (Decimal(24), DUE)],
        shop.rope: [(Decimal("7.5"), DUE)],
    }


def test_lead_times_run_from_sending_or_else_approving_to_each_receipt(ctx: Context) -> None:
    shop = open_shop(ctx)
    by_hand, sent = place(ctx, shop), place(ctx, shop, "decision-2")
    service.mark_sent(replace(ctx, now=NOON + timedelta(days=1)), sent.number)
    receive(replace(ctx, now=NOON + timedelta(days=4)), shop, sent, "10", "r1")
    receive(replace(ctx, now=NOON + timedelta(days=6)), shop, sent, "14", "r2")
    receive(replace(ctx, now=NOON + timedelta(days=7, hours=12)), shop, by_hand, "24", "r3")
    mine = (shop.supplier_id, shop.mug)
    assert service.lead_times(ctx) == [
        LeadTime(*mine, 3.0, Decimal(10)),
        LeadTime(*mine, 5.0, Decimal(14)),
        LeadTime(*mine, 7.5, Decimal(24)),
    ]
    assert len(service.lead_times(ctx, since=NOON + timedelta(days=5))) == 2


def test_a_receipt_taken_back_is_outstanding_again_and_teaches_nothing(ctx: Context) -> None:
    shop = open_shop(ctx)
    order = place(ctx, shop)
    service.mark_sent(ctx, order.number)
    receive(ctx, shop, order, "24", "r1")
    service.take_back_receipt(ctx, "r1")
    service.take_back_receipt(ctx, "r1")
    service.take_back_receipt(ctx, "never told")
    now = service.purchase_order(ctx, order.purchase_order_id)
    assert now.state == "sent"
    assert now.lines[0].received == 0
    assert service.lead_times(ctx) == []


def test_an_order_that_cannot_be_right_is_refused(ctx: Context) -> None:
    shop = open_shop(ctx)
    good = (shop.mug, Decimal(1), Decimal(1))

    def order(*lines: tuple[int, Decimal, Decimal], supplier_id: int = shop.supplier_id, site_id: int = shop.site_id,
              currency: str = "EUR") -> None:  # fmt: skip
        service.place_purchase_order(
            ctx, decision_key="d", supplier_id=supplier_id, site_id=site_id, lines=lines, currency=currency,
            expected_at=DUE,
        )  # fmt: skip

    with pytest.raises(Invalid, match="at least one line"):
        order()
    with pytest.raises(Invalid, match="line 2, quantity: expected a multiple of 1"):
        order(good, (shop.mug, Decimal("0.5"), Decimal(1)))
    with pytest.raises(Invalid, match="line 1, unit_cost"):
        order((shop.mug, Decimal(1), Decimal(-1)))
    with pytest.raises(Invalid, match="currency"):
        order(good, currency="euro")
    with pytest.raises(NotFound, match="supplier 99"):
        order(good, supplier_id=99)
    with pytest.raises(NotFound, match="site 99"):
        order(good, site_id=99)
    assert service.purchase_orders(ctx) == []
    assert place(ctx, shop).number == "PO-000001"


def test_who_may_order_and_who_may_receive(office: Office) -> None:
    with office.context(MANAGER) as ctx:
        shop = open_shop(ctx)
        order = place(ctx, shop)
    for actor in (person("otto", Role.OPERATOR), person("vera", Role.VIEWER), system("planning")):
        with office.context(actor) as ctx, pytest.raises(Forbidden):
            place(ctx, shop, "decision-2")
    with office.context(person("otto", Role.OPERATOR)) as ctx:
        receive(ctx, shop, order, "1", "r1")
        with pytest.raises(Forbidden):
            service.mark_sent(ctx, order.number)
    with office.context(person("vera", Role.VIEWER)) as ctx:
        assert service.purchase_order_by_number(ctx, order.number).state == "part_received"
        with pytest.raises(Forbidden):
            receive(ctx, shop, order, "1", "r2")


def test_the_state_follows_what_was_received() -> None:
    assert state_by_receipts("closed", True, []) == "closed"
    assert state_by_receipts("sent", True, []) == "sent"
