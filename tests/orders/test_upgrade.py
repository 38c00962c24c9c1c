"""A change that a supplier had not answered before orders stood until the answer is a question afterwards."""

from __future__ import annotations

from decimal import Decimal

import psycopg

from shelfwise.access.context import Office, stand_still
from shelfwise.access.model import Role, person
from shelfwise.orders import service as orders
from shelfwise.store.database import Database, run
from shelfwise.store.migrate import migrate, migrations
from tests.conftest import NOON, with_database

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
         '2026-02-01', 2, 'cancel', '2026-02-02', null);
    insert into purchase_line (tenant_id, purchase_order_id, line, item_id, quantity, unit_cost) values
        (1, 1, 1, 1, 60, 2), (1, 1, 2, 2, 9, 3), (1, 2, 1, 1, 5, 2);
"""


def test_what_a_supplier_has_not_answered_is_asked_and_the_order_stands_as_it_was(server_url: str) -> None:
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute("create database orders_upgraded")
    url = with_database(server_url, "orders_upgraded")
    database = Database(url, size=2)
    try:
        with psycopg.connect(url) as tx:
            run(tx, "create table schema_migration (number int primary key, name text not null)")
            for number, name, sql in migrations():
                if number < 51:
                    run(tx, sql)
                    run(tx, "insert into schema_migration values (%s, %s)", (number, name))
            run(tx, OLD)
            stand_still(tx, 1, NOON)
        assert "0051_terms.sql" in migrate(url)
        with Office(database.open()).context(person("mara", Role.ADMIN)) as ctx:
            changed, cancelled = (orders.purchase_order(ctx, number) for number in (1, 2))
            assert [line.quantity for line in changed.lines] == [40, 9] and changed.expected_at.day == 10
            assert changed.asked is not None
            assert changed.asked.quantities == {1: Decimal(60)} and changed.asked.expected_at.day == 20
            assert (changed.state, cancelled.state) == ("sent", "sent")
            coming = orders.on_order(ctx, 1)
            assert {item: sum(amount for amount, _ in arrivals) for item, arrivals in coming.items()} == {1: 45, 2: 9}
            assert [line.quantity for line in orders.answer(ctx, 1, accepted=True).lines] == [60, 9]
            assert orders.answer(ctx, 2, accepted=True).state == "cancelled"
    finally:
        database.close()
        with psycopg.connect(server_url, autocommit=True) as admin:
            admin.execute("drop database orders_upgraded with (force)")
