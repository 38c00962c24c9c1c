"""SQL of receipts, and of the lead times they teach."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shelfwise.orders.model import LeadTime, SentLine
from shelfwise.store.database import Tx, first, rows, run, value


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
    owed: bool


def receipt_of_source(tx: Tx, tenant: int, source: str) -> StoredReceipt | None:
    return first(
        tx,
        StoredReceipt,
        """select receipt_id, purchase_order_id, line, item_id, r.quantity, place_id, received_at, source, owed
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
    owed: bool,
) -> int | None:
    """The new receipt's id, or None where the source was told before."""
    found = value(
        tx,
        """insert into receipt (tenant_id, purchase_order_id, line, quantity, place_id, received_at, recorded_at,
                                received_by, source, owed)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict (tenant_id, source) do nothing
           returning receipt_id""",
        (tenant, order_id, line, quantity, place_id, received_at, recorded_at, received_by, source, owed),
    )
    return None if found is None else int(found)


def reverse_receipt(tx: Tx, tenant: int, source: str, reversed_at: datetime) -> int:
    """How many receipts this changed."""
    return run(
        tx,
        "update receipt set reversed_at = %s where tenant_id = %s and source = %s and reversed_at is null",
        (reversed_at, tenant, source),
    )


def add_received(tx: Tx, tenant: int, order_id: int, line: int, quantity: Decimal, owed: bool) -> None:
    """Add to what counts as delivered, or to what came damaged and is owed still."""
    column = "damaged" if owed else "received"
    run(
        tx,
        f"""update purchase_line set {column} = {column} + %s
            where tenant_id = %s and purchase_order_id = %s and line = %s""",
        (quantity, tenant, order_id, line),
    )


def lead_times(tx: Tx, tenant: int, since: datetime | None) -> list[LeadTime]:
    return rows(
        tx,
        LeadTime,
        """select coalesce((select j.survivor_id from joined j where j.tenant_id = %(tenant)s and j.kind = 'supplier'
                      and j.id = supplier_id), supplier_id) as supplier_id, item_id, r.quantity,
                  greatest(extract(epoch from received_at - coalesce(sent_at, approved_at)), 0)::float8 / 86400 as days
           from receipt r join purchase_line using (tenant_id, purchase_order_id, line)
           join purchase_order using (tenant_id, purchase_order_id)
           where tenant_id = %(tenant)s and reversed_at is null and not owed
             and (%(since)s::timestamptz is null or received_at >= %(since)s)
           order by received_at, receipt_id""",
        {"tenant": tenant, "since": since},
    )


def sent_lines(tx: Tx, tenant: int, since: datetime) -> list[SentLine]:
    """Of orders that left since then, of the survivors of suppliers that were merged; not of cancelled ones, nor of
    lines that we did not want any more."""
    return rows(
        tx,
        SentLine,
        """select coalesce(j.survivor_id, o.supplier_id) as supplier_id, l.item_id,
                  coalesce(o.sent_at, o.approved_at) as sent_at, coalesce(l.promised_at, o.expected_at) as due_at,
                  l.quantity, l.received, came.last_at as received_at, came.days,
                  o.state in ('received', 'closed') or coalesce(l.confirmed_quantity, l.quantity) <= l.received
                      as finished, s.time_zone
           from purchase_order o join purchase_line l using (tenant_id, purchase_order_id)
           join site s on s.tenant_id = o.tenant_id and s.site_id = o.site_id
           left join joined j on j.tenant_id = o.tenant_id and j.kind = 'supplier' and j.id = o.supplier_id
           left join lateral (
               select max(r.received_at) as last_at, case when count(*) > 0 then
                      greatest(sum(extract(epoch from r.received_at - coalesce(o.sent_at, o.approved_at)) * r.quantity)
                               / sum(r.quantity), 0)::float8 / 86400 end as days
               from receipt r
               where r.tenant_id = l.tenant_id and r.purchase_order_id = l.purchase_order_id and r.line = l.line
                 and r.reversed_at is null and not r.owed) came on true
           where o.tenant_id = %(tenant)s and o.state not in ('draft', 'cancelled') and l.quantity > 0
             and coalesce(o.sent_at, o.approved_at) >= %(since)s
           order by sent_at, o.purchase_order_id, l.line""",
        {"tenant": tenant, "since": since},
    )
