"""The SQL of planning: what a snapshot needs beside what other rooms' services give."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from shelfwise.store.database import Tx, rows, value, values


@dataclass(frozen=True)
class ItemRow:
    item_id: int
    sku: str
    description: str
    unit: str
    quantum: Decimal
    shelf_life_days: int | None


def items_of_site(tx: Tx, tenant: int, site_id: int) -> list[ItemRow]:
    """Every item that the site has or had, sells, awaits, owes or has a rule for, by SKU; none that is phased out."""
    return rows(
        tx,
        ItemRow,
        """select item_id, sku, description, unit, quantum, shelf_life_days from item
           where tenant_id = %(tenant)s and not archived and item_id in (
               select item_id from stock_level where tenant_id = %(tenant)s and site_id = %(site)s
               union select item_id from forecast where tenant_id = %(tenant)s and site_id = %(site)s
               union select item_id from item_rule where tenant_id = %(tenant)s and site_id = %(site)s
               union select item_id from sales_line
                   where tenant_id = %(tenant)s and site_id = %(site)s and state = 'open'
               union select item_id from purchase_line
                   join purchase_order using (tenant_id, purchase_order_id)
                   where tenant_id = %(tenant)s and site_id = %(site)s
                     and state not in ('received', 'closed'))
           order by sku""",
        {"tenant": tenant, "site": site_id},
    )


def backordered(tx: Tx, tenant: int, site_id: int) -> dict[int, Decimal]:
    """What open order lines want and have no reservation for."""
    found = values(
        tx,
        """select s.item_id, sum(s.quantity - s.issued - coalesce(r.quantity, 0))
           from sales_line s left join reservation r using (tenant_id, sales_line_id)
           where s.tenant_id = %s and s.site_id = %s and s.state = 'open' and s.quantity > s.issued
           group by s.item_id""",
        (tenant, site_id),
    )
    return dict(found)


def mean_prices(tx: Tx, tenant: int, site_id: int, since: datetime) -> dict[int, Decimal]:
    """What a unit sold for since then, in the tenant's currency, weighted by quantity."""
    found = values(
        tx,
        """select item_id, sum(quantity * unit_price) / sum(quantity) from sales_line
           where tenant_id = %s and site_id = %s and ordered_at >= %s
             and quantity > 0 and state <> 'cancelled'
           group by item_id""",
        (tenant, site_id, since),
    )
    return dict(found)


def pallets(tx: Tx, tenant: int, day: date) -> dict[int, Decimal]:
    """What a pallet of each item holds; of those that come on pallets."""
    found = values(
        tx,
        """select distinct on (item_id) item_id, quantity from item_pack
           where tenant_id = %s and level = 'pallet' and valid_from <= %s order by item_id, valid_from desc""",
        (tenant, day),
    )
    return {item_id: quantity for item_id, quantity in found if quantity is not None}


def counts(tx: Tx, tenant: int, site_id: int, since: datetime) -> list[tuple[int, datetime, Decimal, Decimal]]:
    """(item, when, what the books said, what was there) of posted counts, all places of a count together; by item and
    time."""
    found = values(
        tx,
        """select l.item_id, max(l.counted_at), sum(l.book), sum(l.counted)
           from count_line l join count_sheet c using (tenant_id, count_id)
           where l.tenant_id = %s and c.site_id = %s and l.state = 'posted' and l.item_id is not null
             and l.book is not null and l.counted is not null and l.counted_at >= %s
           group by l.item_id, l.count_id order by l.item_id, max(l.counted_at)""",
        (tenant, site_id, since),
    )
    return [(item_id, at, book, counted) for item_id, at, book, counted in found]


def currency(tx: Tx, tenant: int) -> str:
    found: str = value(tx, "select currency from tenant where tenant_id = %s", (tenant,))
    return found
