"""Books that were kept before lots had balances of their own are kept on."""

from __future__ import annotations

from decimal import Decimal

import psycopg

from shelfwise.access.context import Office, stand_still
from shelfwise.stock import service
from shelfwise.stock.model import NewMovement
from shelfwise.store.database import Database, run, value, values
from shelfwise.store.migrate import migrate
from tests.conftest import NOON
from tests.stock.house import MANAGER
from tests.upgrading import as_it_was

# A site with a bin that bears the name of a place to come, a lot, a serial, a cancelled line that was picked.
OLD = """
    insert into tenant values (1, 'Test', 'EUR');
    insert into item (tenant_id, sku) values (1, 'MUG');
    insert into site (tenant_id, code, name, time_zone, width_m, depth_m) values (1, 'MAIN', 'Main', 'UTC', 9, 9);
    insert into place (tenant_id, site_id, code, kind) values
        (1, 1, 'A-1', 'bin'), (1, 1, 'PACKING', 'bin'), (1, 1, 'SUPPLIER', 'supplier'), (1, 1, 'CUSTOMER', 'customer'),
        (1, 1, 'OPENING', 'opening'), (1, 1, 'ADJUSTMENT', 'adjustment'), (1, 1, 'UNACCOUNTED', 'unaccounted');
    insert into sales_line (tenant_id, order_number, line, site_id, item_id, ordered_at, recorded_at, quantity,
                            unit_price, state, issued)
        values (1, 'W-1', 1, 1, 1, '2026-03-01', '2026-03-01', 1, 1, 'issued', 1);
    insert into audit_entry (tenant_id, wall_at, business_at, actor_kind, actor_name, action, subject)
        values (1, '2026-03-01', '2026-03-01', 'person', 'mara', 'sales.cancelled', 'sales_line:1');
    insert into movement (tenant_id, item_id, from_place_id, to_place_id, quantity, occurred_at, recorded_at, actor,
                          reason, lot, serial, sales_line_id) values
        (1, 1, 3, 1, 10, '2026-03-01', '2026-03-01', 'person:mara', 'receive', 'L1', null, null),
        (1, 1, 3, 1, 1, '2026-03-01', '2026-03-01', 'person:mara', 'receive', null, 'S1', null),
        (1, 1, 1, 4, 1, '2026-03-01', '2026-03-01', 'person:mara', 'pick', null, 'S1', 1),
        -- A move that was told after the pick which followed it.
        (1, 1, 3, 1, 1, '2026-03-01', '2026-03-01', 'person:mara', 'receive', null, 'S2', null),
        (1, 1, 2, 4, 1, '2026-03-03', '2026-03-03', 'person:mara', 'pick', null, 'S2', null),
        (1, 1, 1, 2, 1, '2026-03-02', '2026-03-04', 'person:mara', 'move', null, 'S2', null);
    insert into device (tenant_id, device, secret_hash, place_id) values (1, 'scale-1', '', 1), (1, 'free', '', null);
    insert into balance values (1, 1, 1, 10), (1, 1, 2, 0), (1, 1, 3, -12), (1, 1, 4, 2);
    insert into stock_level values (1, 1, 1, 10, 0);
"""


def test_books_of_before_get_lots_statuses_and_the_new_places(server_url: str) -> None:
    with as_it_was(server_url, "upgraded", before=8) as url:
        with psycopg.connect(url) as tx:
            run(tx, OLD)
            stand_still(tx, 1, NOON)
        assert "0008_ledger.sql" in migrate(url)
        database = Database(url, size=2).open()
        with Office(database).context(MANAGER) as ctx:
            assert service.rebuild_check(ctx) == []
            assert [(one.lot, int(one.on_hand)) for one in service.lies_at(ctx)] == [("L1", 10)]
            assert [service.serial_at(ctx, 1, serial).kind for serial in ("S1", "S2")] == ["customer", "customer"]
            kinds: dict[str, str] = dict(values(ctx.tx, "select code, kind from place where place_id > 7"))
            assert kinds == {
                "PACKING-STANDING": "packing", "TRANSIT": "transit", "SCRAP": "scrap", "CONVERSION": "conversion",
            }  # fmt: skip
            stands = "select device, from_at, until_at, place_id, noted_at from standing"
            assert values(ctx.tx, stands) == [("scale-1", None, None, 1, NOON)]
            service.post(ctx, NewMovement(1, 1, 4, Decimal(2), "pick"))
            service.reverse(ctx, 3, "it was cancelled")
            assert value(ctx.tx, "select state from sales_line") == "cancelled"
            assert service.rebuild_check(ctx) == []
        database.close()
