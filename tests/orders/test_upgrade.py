"""A change that a supplier had not answered before orders stood until the answer is a question afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import psycopg
import pytest

from shelfwise.access.context import Context, Office, stand_still
from shelfwise.access.model import Role, person
from shelfwise.orders import service as orders
from shelfwise.store.database import Database, run
from shelfwise.store.migrate import migrate
from shelfwise.work import tasks
from tests.conftest import NOON
from tests.upgrading import as_it_was

OLD = """
    insert into tenant values (1, 'Test', 'EUR');
    insert into site (tenant_id, code, name, time_zone, width_m, depth_m) values (1, 'LON', 'London', 'UTC', 9, 9);
    insert into item (tenant_id, sku, description, unit, quantum, provenance) values
        (1, 'TEA', 'Tea', 'each', 1, 'entered'), (1, 'MUG', 'Mug', 'each', 1, 'entered');
    insert into supplier (tenant_id, code, name, provenance) values (1, 'HARBOUR', 'Harbour', 'entered');
    insert into purchase_order (tenant_id, number, supplier_id, site_id, state, decision_key, currency, approved_by,
        approved_at, sent_at, expected_at, created_by, created_at, revision, answer_to, asked_at, before_change) values
        (1, 'PO-1', 1, 1, 'sent', 'a', 'EUR', 'mara', '2026-02-01', '2026-02-01', '2026-03-20', 'mara', '2026-02-01', 2,
         'change', '2026-02-02', '{"expected_at": "2026-03-10T00:00:00+00:00", "lines": [
            {"line": 1, "quantity": "40", "unit_cost": "2", "confirmed_quantity": null, "promised_at": null,
             "confirmed_cost": null},
            {"line": 2, "quantity": "9", "unit_cost": "3", "confirmed_quantity": null, "promised_at": null,
             "confirmed_cost": null}]}'),
        (1, 'PO-2', 1, 1, 'cancelled', 'b', 'EUR', 'mara', '2026-02-01', '2026-02-01', '2026-03-10', 'mara',
         '2026-02-01', 2, 'cancel', '2026-02-02', null),
        (1, 'PO-3', 1, 1, 'cancelled', 'c', 'EUR', 'mara', '2025-11-01', '2025-11-01', '2025-12-10', 'mara',
         '2025-11-01', 2, 'cancel', '2025-12-02', null),
        (1, 'PO-4', 1, 1, 'cancelled', 'd', 'EUR', 'mara', '2026-02-01', '2026-02-01', '2026-03-10', 'mara',
         '2026-02-01', 2, 'cancel', '2026-02-02', null),
        (1, 'PO-5', 1, 1, 'cancelled', 'e', 'EUR', 'mara', '2026-02-01', '2026-02-01', '2026-03-10', 'mara',
         '2026-02-01', 2, 'cancel', '2026-02-02', null);
    insert into purchase_line (tenant_id, purchase_order_id, line, item_id, quantity, received, unit_cost) values
        (1, 1, 1, 1, 60, 0, 2), (1, 1, 2, 2, 9, 0, 3), (1, 2, 1, 1, 5, 0, 2), (1, 3, 1, 1, 70, 0, 2),
        (1, 4, 1, 2, 8, 3, 3), (1, 4, 2, 2, 2, 2, 3), (1, 5, 1, 2, 4, 4, 3);
    insert into task (tenant_id, kind, subject, site_id, title, detail, why, link, role, opened_at, opened_by) values
        (1, 'supplier_unanswered', 'purchase_order:2', 1, 'Ask', '', '', '/', 'planner', '2026-02-05', 'system'),
        (1, 'supplier_unanswered', 'purchase_order:3', 1, 'Ask', '', '', '/', 'planner', '2025-12-05', 'system');
"""


@pytest.fixture(scope="module")
def office(server_url: str) -> Iterator[Office]:
    """Where orders were kept as before, brought up to date."""
    with as_it_was(server_url, "orders_upgraded", before=51) as url:
        with psycopg.connect(url) as tx:
            run(tx, OLD)
            stand_still(tx, 1, NOON)
        assert "0051_terms.sql" in migrate(url)
        database = Database(url, size=2)
        try:
            yield Office(database.open())
        finally:
            database.close()


@pytest.fixture
def upgraded(office: Office) -> Iterator[Context]:
    """What a test does to the orders is undone after it."""
    with office.context(person("mara", Role.ADMIN)) as ctx, ctx.tx.transaction(force_rollback=True):
        yield ctx


def test_what_a_supplier_has_not_answered_is_asked_and_the_order_stands_as_it_was(upgraded: Context) -> None:
    changed = orders.purchase_order(upgraded, 1)
    assert changed.state == "sent"
    assert [line.quantity for line in changed.lines] == [40, 9] and changed.expected_at.day == 10
    assert changed.asked is not None
    assert changed.asked.quantities == {1: Decimal(60)} and changed.asked.expected_at.day == 20
    assert [line.quantity for line in orders.answer(upgraded, 1, accepted=True).lines] == [60, 9]


def test_what_was_cancelled_lately_is_a_question_and_what_was_long_ago_stays_cancelled(upgraded: Context) -> None:
    states = {number: orders.purchase_order(upgraded, number) for number in (2, 3, 4, 5)}
    assert {number: (order.state, order.answer_to) for number, order in states.items()} == {
        2: ("sent", "cancel"), 3: ("cancelled", None), 4: ("part_received", "cancel"), 5: ("received", "cancel"),
    }  # fmt: skip
    coming = orders.on_order(upgraded, 1)
    # 40 and 9 of the first order; 5 of the second, and of the fourth what has not come.
    assert {item: sum(amount for amount, _ in arrivals) for item, arrivals in coming.items()} == {1: 45, 2: 14}
    assert [one.subject for one in tasks.tasks(upgraded)] == ["purchase_order:2"]
    answered = [orders.answer(upgraded, number, accepted=True).state for number in (2, 4, 5)]
    assert answered == ["cancelled", "closed", "received"]
