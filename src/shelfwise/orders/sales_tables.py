"""SQL of customers' orders as documents: what was said about lines besides their content, notes, history, lists."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

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


def reserved_lines(tx: Tx, tenant: int, sales_line_id: int) -> Decimal:
    """What is reserved for a line and in no shipment yet."""
    ((free,),) = values(
        tx,
        """select coalesce((select quantity from reservation
                            where tenant_id = %(tenant)s and sales_line_id = %(line)s), 0)
             - coalesce((select sum(l.quantity) from shipment_line l join shipment h using (tenant_id, shipment_id)
                         where l.tenant_id = %(tenant)s and l.sales_line_id = %(line)s
                           and h.state in ('picking', 'packed')), 0)""",
        {"tenant": tenant, "line": sales_line_id},
    )
    return Decimal(free)
