"""Stock and items: how much is there, where it lies, what it sold and what it may sell."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Form, Response

from shelfwise.access.context import Context
from shelfwise.core.errors import NotFound
from shelfwise.demand import service as demand
from shelfwise.records import service as records
from shelfwise.records.model import Item, Site
from shelfwise.stock import service as stock
from shelfwise.stock.reads import StockRow
from shelfwise.web import pages
from shelfwise.web.charts import demand_chart, race_table
from shelfwise.web.floor import chosen_site, floor_view
from shelfwise.web.visits import Visitor

router = APIRouter(include_in_schema=False)
PAGE = 100
SHOWS = ("all", "out", "doubt")


@router.get("/stock")
def list_stock(visit: Visitor, search: str = "", site: str | None = None, show: str = "all", page: int = 1) -> Response:
    with visit.context() as ctx:
        here = chosen_site(ctx, site)
        if here is None:
            return pages.render(visit, ctx, "stock.html", here=None, rows=[], search="", show="all", page=1, more=False)
        first = (min(max(page, 1), 10_000) - 1) * PAGE
        if show in ("out", "doubt"):
            found = _needing(ctx, here, show)
            known = {row.sku: row for row in stock.stock_list(ctx, here.site_id, search, 100_000)}
            rows = [known[sku] if sku in known else _never_there(ctx, sku) for sku in sorted(found)]
            wanted = search.strip().lower()
            rows = [row for row in rows if wanted in f"{row.sku} {row.description}".lower()]
            rows, more = rows[first : first + PAGE], len(rows) > first + PAGE
        else:
            rows = stock.stock_list(ctx, here.site_id, search, PAGE + 1, first)
            rows, more = rows[:PAGE], len(rows) > PAGE
        return pages.render(
            visit, ctx, "stock.html", here=here, rows=rows, search=search, show=show, page=max(page, 1), more=more
        )


def _never_there(ctx: Context, sku: str) -> StockRow:
    """An item that has a bin and has never been in it."""
    item, none = records.item_by_sku(ctx, sku), Decimal(0)
    return StockRow(item.item_id, item.sku, item.description, item.unit, none, none, none, none)


def _needing(ctx: Context, here: Site, show: str) -> set[str]:
    """The SKUs whose bins are empty with none elsewhere, or in doubt."""
    return {
        view.facts.sku
        for view in floor_view(ctx, here).bins
        if view.facts.sku is not None and (view.doubt if show == "doubt" else view.state == "empty")
    }


def level_of(ctx: Context, item: Item, site: Site) -> dict[str, Decimal]:
    """On hand, reserved, available and on order of an item at a site; zeros where it never was there."""
    row = stock.stock_of(ctx, site.site_id, item.item_id)
    if row is None:
        return dict.fromkeys(("on_hand", "reserved", "available", "on_order"), Decimal(0))
    return {"on_hand": row.on_hand, "reserved": row.reserved, "available": row.available, "on_order": row.on_order}


@router.get("/items/{sku:path}")
def item_page(visit: Visitor, sku: str, site: str | None = None) -> Response:
    with visit.context() as ctx:
        item = records.item_by_sku(ctx, sku)
        here = chosen_site(ctx, site)
        values: dict[str, Any] = {"chart": None, "race": [], "forecast": None, "level": None, "outs": []}
        if here is not None:
            history = demand.history(ctx, here.site_id, [item.item_id]).get(item.item_id)
            latest = demand.latest(ctx, here.site_id, item.item_id)
            summary = None if latest is None else latest.summary
            outs = stock.stockouts(ctx, here.site_id, ctx.now - timedelta(days=120))
            values = {
                "chart": None
                if history is None
                else demand_chart(
                    history.first_day,
                    history.quantity.tolist(),
                    history.masked.tolist(),
                    summary,
                    None if latest is None else latest.origin,
                ),
                "race": race_table(summary),
                "forecast": latest,
                "level": level_of(ctx, item, here),
                "outs": [out for out in outs if out.item_id == item.item_id],
            }
        return pages.render(
            visit,
            ctx,
            "item.html",
            item=item,
            here=here,
            terms=[(one, records.supplier(ctx, one.supplier_id)) for one in records.terms_for(ctx, [item.item_id])],
            places=stock.item_stock(ctx, item.item_id),
            moved=stock.movements(ctx, item.item_id, 50),
            **values,
        )


@router.get("/levels/{item_id}")
def level(visit: Visitor, item_id: int, site: str | None = None) -> Response:
    """The figures at the head of an item's page, for their live refresh."""
    with visit.context() as ctx:
        item, here = records.item(ctx, item_id), chosen_site(ctx, site)
        if here is None:
            raise NotFound("site", site)
        return pages.render(visit, ctx, "item_level.html", item=item, here=here, level=level_of(ctx, item, here))


@router.post("/movements/{movement_id}/reverse")
def reverse(
    visit: Visitor,
    movement_id: int,
    reason: Annotated[str, Form(max_length=500)],
    sku: Annotated[str, Form(max_length=200)],
) -> Response:
    with visit.context() as ctx:
        item = records.item_by_sku(ctx, sku)
        stock.reverse(ctx, movement_id, reason)
    return pages.go(
        f"/items/{pages.segment(item.sku)}", "Taken back: the opposite movement was posted, both stay in the ledger."
    )
