"""What a site awaits, line by line: of suppliers, of other sites, and by the books of an ERP."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.records.books import books
from shelfwise.store.database import rows


@dataclass(frozen=True)
class Awaited:
    """An outstanding quantity of an item.

    Attributes:
        ordered_at: when it was ordered, or sent on its way; None: nobody told.
        expected_at: by its promise, or by what was expected when it was ordered.
        source_id, number: of the purchase order or the transfer; an ERP's order has a number alone.
    """

    item_id: int
    quantity: Decimal
    ordered_at: datetime | None
    expected_at: datetime
    supplier_id: int | None
    source: Literal["purchase", "transfer", "erp"]
    source_id: int | None
    number: str


def awaited(ctx: Context, site_id: int) -> list[Awaited]:
    """What suppliers and other sites owe a site, the soonest first; see `service.on_order` and `transfers.coming`."""
    ctx.require(Right.VIEW, site_id)
    return rows(
        ctx.tx,
        Awaited,
        """select w.item_id, w.quantity, coalesce(o.sent_at, o.approved_at) as ordered_at, w.expected_at,
                  o.supplier_id, 'purchase' as source, w.purchase_order_id as source_id, o.number
           from purchase_outstanding w join purchase_order o using (tenant_id, purchase_order_id)
           where tenant_id = %(tenant)s and w.site_id = %(site)s
           union all
           select l.item_id, sum(p.shipped - p.received - p.back - p.lost + l.reserved),
                  coalesce(t.approved_at, t.created_at), t.expected_at, null, 'transfer', t.transfer_id, t.number
           from transfer t
           join transfer_line l using (tenant_id, transfer_id)
           join transfer_progress p using (tenant_id, transfer_id, line)
           where tenant_id = %(tenant)s and t.to_site_id = %(site)s
             and t.state in ('approved', 'in_transit', 'part_received')
           group by l.item_id, t.transfer_id, t.approved_at, t.created_at, t.expected_at, t.number
           having sum(p.shipped - p.received - p.back - p.lost + l.reserved) > 0
           union all
           select item_id, quantity, null, expected_at, supplier_id, 'erp', null, number from erp_order o
           where %(elsewhere)s and tenant_id = %(tenant)s and site_id = %(site)s and quantity > 0
             and (gone_at is null or not exists (
                 select from erp_stock s where s.tenant_id = o.tenant_id and s.site_id = o.site_id
                   and s.as_of >= o.gone_at))
           order by expected_at, number""",
        {"tenant": ctx.tenant, "site": site_id, "elsewhere": books(ctx).elsewhere},
    )
