"""SQL of sales lines."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shelfwise.orders.model import NewSalesLine, SalesLine, SalesState
from shelfwise.store.database import Tx, first, rows, run, values

_SALES_LINE = """select sales_line_id, order_number, line, site_id, item_id, sku, ordered_at, recorded_at, quantity,
        issued, unit_price, customer, country, state
    from sales_line join item using (tenant_id, item_id)"""
# What a line of an absorbed item is told again as: the item that it named, in that one's units.
_SAME = """((s.site_id, coalesce(s.told_item_id, s.item_id), s.ordered_at)
        is not distinct from (u.site_id, u.item_id, u.ordered_at)
    and case when s.told_factor is null then (s.quantity, s.unit_price) is not distinct from (u.quantity, u.unit_price)
        else (s.quantity, round(s.unit_price, 9))
            is not distinct from (u.quantity * s.told_factor, round(u.unit_price / s.told_factor, 9)) end)"""
_COLUMNS = """order_number, line, site_id, item_id, ordered_at, quantity, unit_price, customer, country, state"""
_TYPES = """order_number text, line int, site_id bigint, item_id bigint, ordered_at timestamptz, quantity numeric,
    unit_price numeric, customer text, country text, state text"""

# Lines told of an absorbed item are kept for its survivor, in that one's units, and remember what they named.
_KEPT = """u.order_number, u.line, u.site_id, coalesce(j.survivor_id, u.item_id), u.ordered_at,
    u.quantity * coalesce(j.factor, 1),
    case when j.factor is null or j.factor = 1 then u.unit_price else u.unit_price / j.factor end,
    u.customer, u.country, u.state, j.id, j.factor"""
_SURVIVORS = "left join joined j on j.tenant_id = %s and j.kind = 'item' and j.id = u.item_id"

# order_number, line, site_id, item_id, ordered_at, quantity, unit_price, customer, country, state
SalesRow = tuple[str, int, int, int, datetime, Decimal, Decimal, str | None, str | None, SalesState]


@dataclass(frozen=True)
class Copied:
    """What became of copied rows: inserted, there already with the same content, there with another content."""

    new: int
    known: int
    different: int


def insert_sales_lines(
    tx: Tx,
    tenant: int,
    lines: Sequence[NewSalesLine],
    states: Sequence[SalesState],
    recorded_at: datetime,
    import_id: int | None,
) -> list[tuple[int, int, SalesState]]:
    """Insert what is not there yet, in the order given; returns site, item and state of each new line."""
    return values(
        tx,
        f"""insert into sales_line (tenant_id, recorded_at, import_id, {_COLUMNS}, told_item_id, told_factor)
            select %s, %s, %s, {_KEPT}
            from unnest(%s::text[], %s::int[], %s::bigint[], %s::bigint[], %s::timestamptz[], %s::numeric[],
                %s::numeric[], %s::text[], %s::text[], %s::text[]) u ({_COLUMNS}) {_SURVIVORS}
            on conflict (tenant_id, order_number, line) do nothing returning site_id, item_id, state""",
        (
            tenant,
            recorded_at,
            import_id,
            [line.order_number for line in lines],
            [line.line for line in lines],
            [line.site_id for line in lines],
            [line.item_id for line in lines],
            [line.ordered_at for line in lines],
            [line.quantity for line in lines],
            [line.unit_price for line in lines],
            [line.customer for line in lines],
            [line.country for line in lines],
            list(states),
            tenant,
        ),
    )


def different_sales_lines(tx: Tx, tenant: int, lines: Sequence[NewSalesLine], limit: int) -> list[SalesLine]:
    """Stored lines that bear the name of one of these but say something else."""
    return rows(
        tx,
        SalesLine,
        f"""select s.sales_line_id, s.order_number, s.line, s.site_id, s.item_id, i.sku, s.ordered_at, s.recorded_at,
                s.quantity, s.issued, s.unit_price, s.customer, s.country, s.state
            from unnest(%s::text[], %s::int[], %s::bigint[], %s::bigint[], %s::timestamptz[], %s::numeric[],
                %s::numeric[]) u (order_number, line, site_id, item_id, ordered_at, quantity, unit_price)
            join sales_line s on s.tenant_id = %s and s.order_number = u.order_number and s.line = u.line
            join item i on i.tenant_id = s.tenant_id and i.item_id = s.item_id
            where not {_SAME} order by s.order_number, s.line limit %s""",
        (
            [line.order_number for line in lines],
            [line.line for line in lines],
            [line.site_id for line in lines],
            [line.item_id for line in lines],
            [line.ordered_at for line in lines],
            [line.quantity for line in lines],
            [line.unit_price for line in lines],
            tenant,
            limit,
        ),
    )


def copy_sales_lines(
    tx: Tx, tenant: int, lines: Iterable[SalesRow], *, recorded_at: datetime, import_id: int | None = None
) -> Copied:
    """Load hundreds of thousands of checked lines by COPY; lines that are there already stay as they are.

    The caller has checked quantities against quanta and decides what follows from `different` ones.

    Args:
        lines: rows of (order_number, line, site_id, item_id, ordered_at, quantity, unit_price, customer, country,
            state), each name once.
    """
    run(tx, f"create temp table if not exists sales_staging ({_TYPES}) on commit drop")
    run(tx, "truncate sales_staging")
    staged = 0
    with tx.cursor() as cursor, cursor.copy(f"copy sales_staging ({_COLUMNS}) from stdin") as copy:
        for line in lines:
            copy.write_row(line)
            staged += 1
    new = run(
        tx,
        f"""insert into sales_line (tenant_id, recorded_at, import_id, {_COLUMNS}, told_item_id, told_factor)
            select %s, %s, %s, {_KEPT} from sales_staging u {_SURVIVORS}
            on conflict (tenant_id, order_number, line) do nothing""",
        (tenant, recorded_at, import_id, tenant),
    )
    different = 0
    if new < staged:
        ((different,),) = values(
            tx,
            f"""select count(*) from sales_staging u join sales_line s
                on s.tenant_id = %s and s.order_number = u.order_number and s.line = u.line where not {_SAME}""",
            (tenant,),
        )
    return Copied(new, staged - new - different, different)


def sales_line(tx: Tx, tenant: int, sales_line_id: int) -> SalesLine | None:
    return first(tx, SalesLine, f"{_SALES_LINE} where tenant_id = %s and sales_line_id = %s", (tenant, sales_line_id))


def sales_lines(
    tx: Tx, tenant: int, sites: list[int] | None, states: Collection[SalesState] | None, after: int, limit: int
) -> list[SalesLine]:
    """Lines behind the id `after`, by id; of these sites, or (None) of all."""
    return rows(
        tx,
        SalesLine,
        f"""{_SALES_LINE} where tenant_id = %(tenant)s and sales_line_id > %(after)s
            and (%(sites)s::bigint[] is null or site_id = any(%(sites)s))
            and (%(states)s::text[] is null or state = any(%(states)s))
            order by sales_line_id limit %(limit)s""",
        {
            "tenant": tenant,
            "after": after,
            "sites": sites,
            "states": None if states is None else list(states),
            "limit": limit,
        },
    )


def waiting_items(tx: Tx, tenant: int, site_id: int) -> list[int]:
    """The items that open lines of a site ask for."""
    found = values(
        tx,
        """select distinct item_id from sales_line
           where tenant_id = %s and site_id = %s and state = 'open' and held_back_at is null""",
        (tenant, site_id),
    )
    return [item_id for (item_id,) in found]


def waiting_lines(tx: Tx, tenant: int, site_id: int, item_ids: Collection[int]) -> list[tuple[int, int, Decimal, bool]]:
    """(item, sales line, quantity neither issued nor reserved, whether in parts) of open lines that are not held back.

    By item, and within it those with precedence first, then the oldest.
    """
    return values(
        tx,
        """select s.item_id, s.sales_line_id, s.quantity - s.issued - coalesce(r.quantity, 0), s.allow_part
           from sales_line s left join reservation r using (tenant_id, sales_line_id)
           where s.tenant_id = %s and s.site_id = %s and s.state = 'open' and s.item_id = any(%s::bigint[])
             and s.held_back_at is null
           order by s.item_id, s.precedence_at nulls last, s.ordered_at, s.sales_line_id""",
        (tenant, site_id, list(item_ids)),
    )


def set_state(tx: Tx, tenant: int, sales_line_ids: Collection[int], state: SalesState) -> None:
    run(
        tx,
        "update sales_line set state = %s where tenant_id = %s and sales_line_id = any(%s::bigint[])",
        (state, tenant, list(sales_line_ids)),
    )


def set_issued(tx: Tx, tenant: int, sales_line_id: int, issued: Decimal, state: SalesState) -> None:
    run(
        tx,
        "update sales_line set issued = %s, state = %s where tenant_id = %s and sales_line_id = %s",
        (issued, state, tenant, sales_line_id),
    )


def remove_lines_of_import(tx: Tx, tenant: int, import_id: int) -> tuple[dict[int, int], list[tuple[str, int, str]]]:
    """Lines of an import that nothing was promised or moved for are removed.

    Returns:
        How many at each site; and the lines that stay: order number, line, state.
    """
    gone = values(
        tx,
        """with gone as (delete from sales_line where tenant_id = %s and import_id = %s
               and state in ('history', 'open', 'returned') and issued = 0 returning site_id)
           select site_id, count(*) from gone group by site_id""",
        (tenant, import_id),
    )
    stay = values(
        tx,
        """select order_number, line, state from sales_line where tenant_id = %s and import_id = %s
           order by order_number, line""",
        (tenant, import_id),
    )
    return dict(gone), [(number, line, state) for number, line, state in stay]
