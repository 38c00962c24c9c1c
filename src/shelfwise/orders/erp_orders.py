"""What the ERP says is on order, where it keeps the books: each list is the truth for the sites that it names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Refused
from shelfwise.records.books import books
from shelfwise.store.database import rows, run, value, values


@dataclass(frozen=True)
class OnOrder:
    """A line that a supplier still owes by the ERP's books.

    Attributes:
        quantity: still to come.
        reference: the key of the proposal behind it; None: not told.
    """

    number: str
    line: int
    site_id: int
    item_id: int
    supplier_id: int | None
    quantity: Decimal
    expected_at: datetime
    reference: str | None = None


def newest_as_of(ctx: Context, site_id: int) -> datetime | None:
    """As of when the newest list of a site's open orders holds; None: there was none."""
    ctx.require(Right.VIEW, site_id)
    found: datetime | None = value(
        ctx.tx,
        "select max(greatest(as_of, gone_at)) from erp_order where tenant_id = %s and site_id = %s",
        (ctx.tenant, site_id),
    )
    return found


def put_on_order(ctx: Context, site_id: int, lines: Sequence[OnOrder], as_of: datetime) -> bool:
    """Replace what is on order at a site: what is not named is on order no more.

    Returns whether it was: a list that is older than the one before it changes nothing.

    Raises:
        Refused: Shelfwise keeps the books itself.
    """
    ctx.require(Right.IMPORT_DATA, site_id)
    if not books(ctx).elsewhere:
        raise Refused(
            "Shelfwise keeps the books here. Import them as purchase orders, or say under ERP that the ERP keeps them."
        )
    newest = newest_as_of(ctx, site_id)
    if newest is not None and newest > as_of:
        return False
    _replace(ctx, site_id, lines, as_of)
    return True


def _replace(ctx: Context, site_id: int, lines: Sequence[OnOrder], as_of: datetime) -> None:
    run(
        ctx.tx,
        """update erp_order set gone_at = %s where tenant_id = %s and site_id = %s and gone_at is null
             and as_of < %s and (number, line) not in (select * from unnest(%s::text[], %s::int[]))""",
        (as_of, ctx.tenant, site_id, as_of, [one.number for one in lines], [one.line for one in lines]),
    )
    ctx.audit("erp.orders_told", f"site:{site_id}", count=len(lines), as_of=as_of.isoformat())
    if not lines:
        return
    columns = zip(
        *(
            (one.number, one.line, one.item_id, one.supplier_id, one.quantity, one.expected_at, one.reference)
            for one in lines
        ),
        strict=True,
    )
    run(
        ctx.tx,
        """insert into erp_order (tenant_id, site_id, as_of, number, line, item_id, supplier_id, quantity, expected_at,
               reference)
           select %s, %s, %s, u.* from unnest(%s::text[], %s::int[], %s::bigint[], %s::bigint[], %s::numeric[],
               %s::timestamptz[], %s::text[]) u
           on conflict (tenant_id, number, line) do update set site_id = excluded.site_id, item_id = excluded.item_id,
               supplier_id = excluded.supplier_id, quantity = excluded.quantity, expected_at = excluded.expected_at,
               reference = coalesce(excluded.reference, erp_order.reference), as_of = excluded.as_of, gone_at = null""",
        (ctx.tenant, site_id, as_of, *map(list, columns)),
    )


def coming(ctx: Context, site_id: int) -> list[tuple[int, Decimal, datetime]]:
    """What is coming to a site by the ERP's books: (item, quantity, expected at).

    An order that is gone from the list has come, or will not come. Which of the two, the stock says: until that is told
    as of then or later it still counts as coming, so that what was received between two files is not ordered again.
    """
    ctx.require(Right.VIEW, site_id)
    if not books(ctx).elsewhere:
        return []
    return values(
        ctx.tx,
        """select item_id, quantity, expected_at from erp_order o
           where tenant_id = %(tenant)s and site_id = %(site)s and quantity > 0 and (gone_at is null or not exists (
               select from erp_stock s where s.tenant_id = o.tenant_id and s.site_id = o.site_id
                 and s.as_of >= o.gone_at))
           order by expected_at, number, line""",
        {"tenant": ctx.tenant, "site": site_id},
    )


def on_order_there(ctx: Context, limit: int = 200) -> list[OnOrder]:
    """What the ERP has on order at the sites that one may see, the soonest first."""
    return rows(
        ctx.tx,
        OnOrder,
        """select number, line, site_id, item_id, supplier_id, quantity, expected_at, reference from erp_order
           where tenant_id = %(tenant)s and gone_at is null
             and (%(sites)s::bigint[] is null or site_id = any(%(sites)s))
           order by expected_at, number, line limit %(limit)s""",
        {"tenant": ctx.tenant, "sites": ctx.sites(Right.VIEW), "limit": limit},
    )
