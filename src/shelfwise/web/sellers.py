"""Who should sell us an item: all who do, by what getting it from each is expected to cost altogether."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Response

from shelfwise.access.context import Context
from shelfwise.core.errors import NotFound
from shelfwise.orders import service as orders
from shelfwise.planning import service as planning
from shelfwise.planning.ranking import Ranked, said, shown
from shelfwise.records import service as records
from shelfwise.records.model import Item, Site
from shelfwise.records.sheet import Kind
from shelfwise.web import pages
from shelfwise.web.floor import chosen_site
from shelfwise.web.listing_files import CSV, Head, Table, as_csv, sent
from shelfwise.web.visits import Visitor

router = APIRouter(include_in_schema=False)


@router.get("/items/{sku:path}/sellers")
def sellers(visit: Visitor, sku: str, site: str | None = None) -> Response:
    with visit.context() as ctx:
        item, here = _asked(ctx, sku, site)
        ranked = planning.sellers(ctx, here.site_id, item.item_id)
        currency = _currency(ctx, ranked)
        return pages.render(
            visit, ctx, "sellers.html", at_site=here.site_id, item=item, here=here, ranked=ranked,
            told=shown(ranked), currency=currency, reason=said(ranked, currency),
        )  # fmt: skip


@router.get("/items/{sku:path}/sellers.csv")
def as_file(visit: Visitor, sku: str, site: str | None = None) -> Response:
    with visit.context() as ctx:
        item, here = _asked(ctx, sku, site)
        ranked = planning.sellers(ctx, here.site_id, item.item_id)
        table = Table("sellers", [Head(name, _kind(name)) for name in COLUMNS], _rows(ranked, _currency(ctx, ranked)))
        return sent(as_csv(table, here.zone_info), CSV, f"{item.sku}-sellers.csv")


COLUMNS = (
    "supplier", "units", "quantity", "unit_cost", "currency", "compared_in", "goods", "ordering", "holding",
    "lost_margin", "missed_unit", "total", "more", "days", "days_at_most", "lost", "short", "late", "fill",
    "orders_seen", "orders_of_item",
)  # fmt: skip


def _kind(name: str) -> Kind:
    return "text" if name in ("supplier", "currency", "compared_in") else "number"


def _rows(ranked: Sequence[Ranked], currency: str) -> list[list[Any]]:
    return [[{**one, "compared_in": currency}[name] for name in COLUMNS] for one in shown(ranked)]


def _asked(ctx: Context, sku: str, site: str | None) -> tuple[Item, Site]:
    item, here = records.item_by_sku(ctx, sku), chosen_site(ctx, site)
    if here is None:
        raise NotFound("site", site)
    return item, here


def _currency(ctx: Context, ranked: Sequence[Ranked]) -> str:
    """In which they are compared: the one that all of them bill in, where nobody said what it is worth; else ours."""
    billed = {one.offer.currency for one in ranked}
    return billed.pop() if len(billed) == 1 and ranked[0].offer.rate == 1 else orders.our_currency(ctx)
