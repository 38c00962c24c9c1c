"""Alerts and messages of before are kept on: each finds its site, and what waited is still sent."""

from __future__ import annotations

import psycopg

from shelfwise.access.context import Office, stand_still
from shelfwise.access.model import Role, person
from shelfwise.store.database import Database, run
from shelfwise.store.migrate import migrate
from shelfwise.work import alerts, inbox, outbox
from tests.conftest import NOON
from tests.upgrading import as_it_was

OLD = """
    insert into tenant values (1, 'Test', 'EUR');
    insert into site (tenant_id, code, name, time_zone, width_m, depth_m) values (1, 'LON', 'London', 'UTC', 9, 9);
    insert into zone (tenant_id, site_id, code, name, kind, x_m, y_m, width_m, depth_m)
        values (1, 1, 'C', 'Cold', 'chilled', 0, 0, 1, 1);
    insert into alert (tenant_id, kind, subject, severity, title, detail, link, raised_at, state, cleared_at) values
        (1, 'temperature', 'zone:1', 'danger', 'Hot', '', '/', '2026-03-01', 'open', null),
        (1, 'count', 'item:7:site:1', 'attention', 'Count', '', '/', '2026-03-01', 'acknowledged', null),
        (1, 'nightly', 'site:1', 'attention', 'Night', '', '/', '2026-03-01', 'cleared', '2026-03-01'),
        (1, 'books', 'ledger', 'danger', 'Books', '', '/', '2026-03-01', 'open', null);
    insert into outbox (tenant_id, idempotency_key, url, body, created_at, next_attempt_at)
        values (1, 'PO-1', 'http://127.0.0.1/', '{"number": "PO-1"}', '2026-03-01', '2026-03-01');
"""


def test_alerts_and_messages_of_before_are_kept_on(server_url: str) -> None:
    with as_it_was(server_url, "work_upgraded", before=7) as url:
        with psycopg.connect(url) as tx:
            run(tx, OLD)
            stand_still(tx, 1, NOON)
        assert "0012_work.sql" in migrate(url)
        database = Database(url, size=2)
        try:
            office = Office(database.open())
            with office.context(person("mara", Role.ADMIN)) as ctx:
                assert {one.title: one.site_id for one in [*alerts.open_alerts(ctx), *alerts.recent_alerts(ctx)]} == {
                    "Hot": 1, "Count": 1, "Night": 1, "Books": None,
                }  # fmt: skip
                assert len(inbox.inbox(ctx, "all")[0]) == 3
            sent: list[str] = []
            outbox.deliver_next(office, lambda message: sent.append(message.idempotency_key), lambda ctx, message: None)
            assert sent == ["PO-1"]
        finally:
            database.close()
