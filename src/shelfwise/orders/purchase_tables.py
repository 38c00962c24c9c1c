"""SQL of purchase orders and receipts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from shelfwise.orders.model import UNDER_WAY, LeadTime, PurchaseLine, PurchaseOrder, PurchaseState
from shelfwise.store.database import Tx, first, rows, run, value, values

_LINE = """select purchase_order_id, line, item_id, sku, description, quantity, received, unit_cost
    from purchase_line join item using (tenant_id, item_id)"""


@dataclass(frozen=True)
class StoredReceipt:
    """A row of receipt, with the item it was for."""

    receipt_id: int
    purchase_order_id: int
    line: int
    item_id: int
    quantity: Decimal
    place_id: int
    received_at: datetime
    source: str


def next_number(tx: Tx, tenant: int, name: str) -> int:
    """The next number of a document. Whoever asks waits until the one before has committed: so there are no holes."""
    run(
        tx,
        "insert into counter (tenant_id, name, value) values (%s, %s, 0) on conflict do nothing",
        (tenant, name),
    )
    return int(
        value(
            tx,
            "update counter set value = value + 1 where tenant_id = %s and name = %s returning value",
            (tenant, name),
        )
    )


def lock_counter(tx: Tx, tenant: int, name: str) -> None:
    """Wait until no other transaction is about to take a number."""
    run(
        tx,
        "insert into counter (tenant_id, name, value) values (%s, %s, 0) on conflict do nothing",
        (tenant, name),
    )
    run(tx, "select 1 from counter where tenant_id = %s and name = %s for update", (tenant, name))


def order_of_decision(tx: Tx, tenant: int, decision_key: str) -> int | None:
    found = value(
        tx,
        "select purchase_order_id from purchase_order where tenant_id = %s and decision_key = %s",
        (tenant, decision_key),
    )
    return None if found is None else int(found)


def insert_order(
    tx: Tx,
    tenant: int,
    *,
    number: str,
    supplier_id: int,
    site_id: int,
    decision_key: str,
    currency: str,
    approved_by: str,
    approved_at: datetime,
    expected_at: datetime,
    lines: Sequence[tuple[int, Decimal, Decimal]],
) -> int:
    order_id = int(
        value(
            tx,
            """insert into purchase_order (tenant_id, number, supplier_id, site_id, state, decision_key, currency,
                                           approved_by, approved_at, expected_at)
               values (%s, %s, %s, %s, 'approved', %s, %s, %s, %s, %s) returning purchase_order_id""",
            (
                tenant,
                number,
                supplier_id,
                site_id,
                decision_key,
                currency,
                approved_by,
                approved_at,
                expected_at,
            ),
        )
    )
    run(
        tx,
        """insert into purchase_line (tenant_id, purchase_order_id, line, item_id, quantity, unit_cost)
           select %s, %s, u.* from unnest(%s::int[], %s::bigint[], %s::numeric[], %s::numeric[]) u""",
        (
            tenant,
            order_id,
            list(range(1, len(lines) + 1)),
            [item_id for item_id, _, _ in lines],
            [quantity for _, quantity, _ in lines],
            [cost for _, _, cost in lines],
        ),
    )
    return order_id


def orders(
    tx: Tx,
    tenant: int,
    *,
    order_id: int | None = None,
    number: str | None = None,
    states: Collection[PurchaseState] | None = None,
    limit: int = 1,
) -> list[PurchaseOrder]:
    """Orders with their lines, newest first."""
    with tx.cursor() as cursor:
        found = cursor.execute(
            """select purchase_order_id, number, o.supplier_id, s.name, o.site_id, t.code, state, decision_key,
                      currency, approved_by, approved_at, sent_at, expected_at
               from purchase_order o
               join supplier s on s.tenant_id = o.tenant_id and s.supplier_id = o.supplier_id
               join site t on t.tenant_id = o.tenant_id and t.site_id = o.site_id
               where o.tenant_id = %(tenant)s and (%(id)s::bigint is null or purchase_order_id = %(id)s)
                 and (%(number)s::text is null or number = %(number)s)
                 and (%(states)s::text[] is null or state = any(%(states)s))
               order by purchase_order_id desc limit %(limit)s""",
            {
                "tenant": tenant,
                "id": order_id,
                "number": number,
                "states": None if states is None else list(states),
                "limit": limit,
            },
        ).fetchall()
    lines: dict[int, list[PurchaseLine]] = {row[0]: [] for row in found}
    for line in order_lines(tx, tenant, lines):
        lines[line.purchase_order_id].append(line)
    return [PurchaseOrder(*(*row, tuple(lines[row[0]]))) for row in found]


def order_lines(tx: Tx, tenant: int, order_ids: Collection[int]) -> list[PurchaseLine]:
    return rows(
        tx,
        PurchaseLine,
        f"{_LINE} where tenant_id = %s and purchase_order_id = any(%s::bigint[]) order by purchase_order_id, line",
        (tenant, list(order_ids)),
    )


def order_line(tx: Tx, tenant: int, order_id: int, line: int) -> tuple[int, PurchaseLine] | None:
    """The site an order is for, and one of its lines."""
    for found in order_lines(tx, tenant, [order_id]):
        if found.line == line:
            site_id = value(
                tx,
                "select site_id from purchase_order where tenant_id = %s and purchase_order_id = %s",
                (tenant, order_id),
            )
            return int(site_id), found
    return None


def lock_order(tx: Tx, tenant: int, order_id: int) -> tuple[str, int, PurchaseState, datetime | None] | None:
    """Number, site, state and sent_at of an order, which stays locked."""
    found = values(
        tx,
        """select number, site_id, state, sent_at from purchase_order
           where tenant_id = %s and purchase_order_id = %s for update""",
        (tenant, order_id),
    )
    return found[0] if found else None


def set_state(tx: Tx, tenant: int, order_id: int, state: PurchaseState) -> None:
    run(
        tx,
        "update purchase_order set state = %s where tenant_id = %s and purchase_order_id = %s",
        (state, tenant, order_id),
    )


def set_sent(tx: Tx, tenant: int, number: str, sent_at: datetime) -> int:
    """How many orders this changed: none if it was sent before, or is received or closed."""
    return run(
        tx,
        """update purchase_order set state = 'sent', sent_at = %s
           where tenant_id = %s and number = %s and state = 'approved'""",
        (sent_at, tenant, number),
    )


def receipt_of_source(tx: Tx, tenant: int, source: str) -> StoredReceipt | None:
    return first(
        tx,
        StoredReceipt,
        """select receipt_id, purchase_order_id, line, item_id, r.quantity, place_id, received_at, source
           from receipt r join purchase_line l using (tenant_id, purchase_order_id, line)
           where tenant_id = %s and source = %s""",
        (tenant, source),
    )


def insert_receipt(
    tx: Tx,
    tenant: int,
    *,
    order_id: int,
    line: int,
    quantity: Decimal,
    place_id: int,
    received_at: datetime,
    recorded_at: datetime,
    received_by: str,
    source: str,
) -> int | None:
    """The new receipt's id, or None where the source was told before."""
    found = value(
        tx,
        """insert into receipt (tenant_id, purchase_order_id, line, quantity, place_id, received_at, recorded_at,
                                received_by, source)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict (tenant_id, source) do nothing
           returning receipt_id""",
        (tenant, order_id, line, quantity, place_id, received_at, recorded_at, received_by, source),
    )
    return None if found is None else int(found)


def reverse_receipt(tx: Tx, tenant: int, source: str, reversed_at: datetime) -> int:
    """How many receipts this changed."""
    return run(
        tx,
        "update receipt set reversed_at = %s where tenant_id = %s and source = %s and reversed_at is null",
        (reversed_at, tenant, source),
    )


def add_received(tx: Tx, tenant: int, order_id: int, line: int, quantity: Decimal) -> None:
    run(
        tx,
        """update purchase_line set received = received + %s
           where tenant_id = %s and purchase_order_id = %s and line = %s""",
        (quantity, tenant, order_id, line),
    )


def on_order(tx: Tx, tenant: int, site_id: int) -> list[tuple[int, Decimal, datetime]]:
    """(item, quantity outstanding, expected at), soonest first."""
    return values(
        tx,
        """select item_id, quantity - received, expected_at
           from purchase_order join purchase_line using (tenant_id, purchase_order_id)
           where tenant_id = %s and site_id = %s and state = any(%s) and quantity > received
           order by expected_at, purchase_order_id, line""",
        (tenant, site_id, list(UNDER_WAY)),
    )


def lead_times(tx: Tx, tenant: int, since: datetime | None) -> list[LeadTime]:
    return rows(
        tx,
        LeadTime,
        """select supplier_id, item_id, r.quantity,
                  greatest(extract(epoch from received_at - coalesce(sent_at, approved_at)), 0)::float8 / 86400 as days
           from receipt r join purchase_line using (tenant_id, purchase_order_id, line)
           join purchase_order using (tenant_id, purchase_order_id)
           where tenant_id = %(tenant)s and reversed_at is null
             and (%(since)s::timestamptz is null or received_at >= %(since)s)
           order by received_at, receipt_id""",
        {"tenant": tenant, "since": since},
    )


def body(order: PurchaseOrder) -> dict[str, Any]:
    """The order as JSON for the supplier: quantities and costs as text, so that they stay exact."""
    return {
        "kind": "purchase_order",
        "number": order.number,
        "site": order.site,
        "currency": order.currency,
        "approved_at": order.approved_at.isoformat(),
        "expected_at": order.expected_at.isoformat(),
        "lines": [
            {
                "line": line.line,
                "sku": line.sku,
                "quantity": f"{line.quantity:f}",
                "unit_cost": f"{line.unit_cost:f}",
            }
            for line in order.lines
        ],
    }


def installation(tx: Tx, tenant: int) -> str:
    """What tells this installation from every other."""
    return str(value(tx, "select installation from tenant where tenant_id = %s", (tenant,)))
