"""Taking and looking up sales lines; rooms reach these through service.py."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused
from shelfwise.orders import tables
from shelfwise.orders.model import NewSalesLine, SalesLine, SalesState, Taken, first_state, sales_line_faults
from shelfwise.records import tables as records_tables
from shelfwise.records.model import refuse
from shelfwise.store.database import notify

_SHOWN = 5


def take_sales_lines(ctx: Context, lines: Sequence[NewSalesLine], import_id: int | None = None) -> Taken:
    """Take customers' order lines; a line that was taken before is counted as known and nothing else.

    Lines before go-live are history and move no stock; later ones are open, returns (negative) are 'returned'.
    Publishes one 'sales.taken' for each site with open lines: site_id, lines, item_ids.

    Raises:
        Invalid: some line cannot be right; nothing was taken.
        Refused: a line with the same order number and line says something else; nothing was taken.
        NotFound: a site does not exist.
    """
    ctx.require_somewhere(Right.TAKE_ORDERS)
    for site_id in sorted({line.site_id for line in lines}):
        ctx.require(Right.TAKE_ORDERS, site_id)
    _check(ctx, lines)
    # In the order of their names, so that two overlapping batches wait for each other instead of deadlocking.
    ordered = [line for _, line in sorted(_once(lines).items())]
    go_live = records_tables.go_live(ctx.tx, ctx.tenant)
    states = [first_state(line.ordered_at, line.quantity, go_live) for line in ordered]
    new = tables.insert_sales_lines(ctx.tx, ctx.tenant, ordered, states, ctx.now, import_id)
    if len(new) < len(ordered):
        _refuse_different(ctx, ordered)
    asked: dict[int, list[int]] = {}
    for site_id, item_id, state in new:
        if state == "open":
            asked.setdefault(site_id, []).append(item_id)
    for site_id, item_ids in sorted(asked.items()):
        ctx.publish(
            "sales.taken",
            f"site:{site_id}",
            site_id=site_id,
            lines=len(item_ids),
            item_ids=sorted(set(item_ids)),
        )
    counts = {state: sum(1 for _, _, found in new if found == state) for state in ("history", "open", "returned")}
    if new:
        ctx.audit("sales.taken", "sales", new=len(new), **counts)
        notify(ctx.tx, "live", "orders")
    return Taken(len(new), len(lines) - len(new), counts["history"], counts["open"], counts["returned"])


def _check(ctx: Context, lines: Sequence[NewSalesLine]) -> None:
    quanta = records_tables.quanta(ctx.tx, ctx.tenant, {line.item_id for line in lines})
    refuse(
        fault for row, line in enumerate(lines, 1) for fault in sales_line_faults(line, quanta, ctx.now, f"line {row}")
    )
    known = {site.site_id for site in records_tables.sites(ctx.tx, ctx.tenant)}
    for line in lines:
        if line.site_id not in known:
            raise NotFound("site", line.site_id)


def _once(lines: Sequence[NewSalesLine]) -> dict[tuple[str, int], NewSalesLine]:
    found: dict[tuple[str, int], NewSalesLine] = {}
    for line in lines:
        if found.setdefault((line.order_number, line.line), line) != line:
            raise Invalid(
                Fault(
                    f"order {line.order_number}, line {line.line}",
                    "each line once",
                    "two with different content",
                    "Send the one that holds.",
                )
            )
    return found


def _refuse_different(ctx: Context, lines: Sequence[NewSalesLine]) -> None:
    stored = tables.different_sales_lines(ctx.tx, ctx.tenant, lines, _SHOWN)
    if stored:
        named = "; ".join(
            f"order {line.order_number} line {line.line} is {line.quantity:f} of {line.sku} at {line.unit_price:f},"
            f" ordered {line.ordered_at.isoformat()}"
            for line in stored
        )
        raise Refused(
            f"These lines were taken before with another content: {named}. "
            "Cancel the old line and send the new one under a number of its own. Nothing was taken."
        )


def sales_line(ctx: Context, sales_line_id: int) -> SalesLine:
    """
    Raises:
        NotFound: there is no such line.
    """
    ctx.require_somewhere(Right.VIEW)
    found = tables.sales_line(ctx.tx, ctx.tenant, sales_line_id)
    if found is None:
        raise NotFound("sales line", sales_line_id)
    ctx.require(Right.VIEW, found.site_id)
    return found


def sales_lines(
    ctx: Context,
    *,
    site_id: int | None = None,
    states: Collection[SalesState] | None = None,
    after: int = 0,
    limit: int = 500,
) -> list[SalesLine]:
    """Sales lines behind the id `after`, by id; of one site or all that the actor may see, in some states or all."""
    sites = ctx.sites(Right.VIEW)
    if site_id is not None:
        ctx.require(Right.VIEW, site_id)
        sites = [site_id]
    return tables.sales_lines(ctx.tx, ctx.tenant, sites, states, after, limit)
