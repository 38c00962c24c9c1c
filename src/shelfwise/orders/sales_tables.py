"""SQL of customers' orders as documents: what was said about lines besides their content, notes, history, lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shelfwise.store.database import Tx, run, value, values


def set_allow_part(tx: Tx, tenant: int, sales_line_id: int, allow: bool) -> None:
    run(
        tx,
        "update sales_line set allow_part = %s where tenant_id = %s and sales_line_id = %s",
        (allow, tenant, sales_line_id),
    )


def set_precedence(tx: Tx, tenant: int, sales_line_id: int, at: datetime | None) -> None:
    run(
        tx,
        "update sales_line set precedence_at = %s where tenant_id = %s and sales_line_id = %s",
        (at, tenant, sales_line_id),
    )


def set_held_back(tx: Tx, tenant: int, sales_line_id: int, at: datetime | None) -> None:
    run(
        tx,
        "update sales_line set held_back_at = %s where tenant_id = %s and sales_line_id = %s",
        (at, tenant, sales_line_id),
    )


def shipment_under_way(tx: Tx, tenant: int, sales_line_id: int) -> str | None:
    """The number of the shipment that a line is being picked or packed for; None: none."""
    found = value(
        tx,
        """select h.number from shipment_line l join shipment h using (tenant_id, shipment_id)
           where l.tenant_id = %s and l.sales_line_id = %s and h.state in ('picking', 'packed') limit 1""",
        (tenant, sales_line_id),
    )
    return None if found is None else str(found)


def numbers_known(tx: Tx, tenant: int, order_number: str) -> bool:
    found = value(
        tx,
        "select exists (select from sales_line where tenant_id = %s and order_number = %s)",
        (tenant, order_number),
    )
    return bool(found)


def allow_parts_of(tx: Tx, tenant: int, order_number: str) -> None:
    run(
        tx,
        "update sales_line set allow_part = true where tenant_id = %s and order_number = %s",
        (tenant, order_number),
    )


def insert_note(tx: Tx, tenant: int, order_number: str, note: str, by: str, at: datetime) -> None:
    run(
        tx,
        """insert into sales_note (tenant_id, order_number, note, written_by, written_at)
           values (%s, %s, %s, %s, %s)""",
        (tenant, order_number, note, by, at),
    )


def newest_numbers(tx: Tx, tenant: int, sites: Sequence[int] | None, limit: int) -> list[str]:
    """The orders whose lines were noted last, newest first; looks at a few lines only, however many there are."""
    found = values(
        tx,
        """select order_number from (
               select order_number, sales_line_id from sales_line
               where tenant_id = %(tenant)s and (%(sites)s::bigint[] is null or site_id = any(%(sites)s))
               order by sales_line_id desc limit %(limit)s * 20) newest
           group by order_number order by max(sales_line_id) desc limit %(limit)s""",
        {"tenant": tenant, "sites": None if sites is None else list(sites), "limit": limit},
    )
    return [number for (number,) in found]


def numbers_under_way(
    tx: Tx, tenant: int, sites: Sequence[int] | None, states: Sequence[str], search: str, limit: int
) -> list[str]:
    """Orders with lines in these states, newest first, whose number, customer, SKU or description contains the text."""
    text = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    found = values(
        tx,
        """select s.order_number from sales_line s join item i using (tenant_id, item_id)
           where s.tenant_id = %(tenant)s and s.state in ('open', 'reserved') and s.state = any(%(states)s::text[])
             and (%(sites)s::bigint[] is null or s.site_id = any(%(sites)s))
             and (%(text)s = '' or concat_ws(' ', s.order_number, s.customer, i.sku, i.description) ilike %(like)s)
           group by s.order_number order by max(s.sales_line_id) desc limit %(limit)s""",
        {
            "tenant": tenant,
            "sites": None if sites is None else list(sites),
            "states": list(states),
            "text": text,
            "like": f"%{text}%",
            "limit": limit,
        },
    )
    return [number for (number,) in found]


def entered_before(tx: Tx, tenant: int, action: str, key: str) -> str | None:
    """What a telling by hand made before, by its key; the caller has locked the counter of its documents."""
    found = value(
        tx,
        """select subject from audit_entry where tenant_id = %s and action = %s and detail->>'key' = %s
           order by audit_id desc limit 1""",
        (tenant, action, key),
    )
    return None if found is None else str(found)
