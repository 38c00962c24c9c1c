"""SQL of promises: what is reserved for customers' lines and for transfers. Callers have locked the levels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from shelfwise.store.database import Tx, run


def reserve_for_lines(
    tx: Tx, tenant: int, site_id: int, granted: Sequence[tuple[int, int, Decimal]], reserved_at: datetime
) -> list[int]:
    """Reserve for open sales lines, on top of what they have: (sales line, item, quantity).

    Returns the lines that have all they need now and are 'reserved'.
    """
    arguments = (
        [line for line, _, _ in granted],
        [item for _, item, _ in granted],
        [quantity for _, _, quantity in granted],
    )
    run(
        tx,
        """insert into reservation as r (tenant_id, site_id, reserved_at, sales_line_id, item_id, quantity)
           select %s, %s, %s, u.* from unnest(%s::bigint[], %s::bigint[], %s::numeric[]) u
           on conflict (tenant_id, sales_line_id) do update
           set quantity = r.quantity + excluded.quantity, reserved_at = excluded.reserved_at""",
        (tenant, site_id, reserved_at, *arguments),
    )
    whole = tx.execute(
        """update sales_line s set state = 'reserved', precedence_at = null from reservation r
           where s.tenant_id = %s and s.sales_line_id = any(%s::bigint[]) and s.state = 'open'
             and r.tenant_id = s.tenant_id and r.sales_line_id = s.sales_line_id
             and r.quantity >= s.quantity - s.issued
           returning s.sales_line_id""",
        (tenant, arguments[0]),
    ).fetchall()
    return sorted(line for (line,) in whole)


def reserve_for_transfer(
    tx: Tx, tenant: int, transfer_id: int, lines: Sequence[tuple[int, Decimal]], at: datetime
) -> None:
    """Add to what lines of a transfer have reserved: (line, quantity), less than zero to free it."""
    run(
        tx,
        """update transfer_line l set reserved = l.reserved + u.much,
                  reserved_at = case when u.much > 0 then %s else l.reserved_at end
           from unnest(%s::int[], %s::numeric[]) u (line, much)
           where l.tenant_id = %s and l.transfer_id = %s and l.line = u.line""",
        (at, [line for line, _ in lines], [much for _, much in lines], tenant, transfer_id),
    )
