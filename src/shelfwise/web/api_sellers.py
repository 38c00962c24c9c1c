"""REST: who should sell us an item."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from shelfwise.planning import service as planning
from shelfwise.planning.ranking import shown
from shelfwise.records import service as records
from shelfwise.web.api_errors import errors
from shelfwise.web.api_stock import SiteCode, site_of
from shelfwise.web.visits import Visitor

router = APIRouter()


class SellerOut(BaseModel):
    """What `units` are expected to cost from a supplier: `total` is `goods`, `ordering`, `holding` and `lost_margin`
    together, `more` than with the first. `quantity` is what would be ordered there, more than is needed
    where a price break makes more cheaper. Where nobody knows what the item sells for, `missed_unit` is what a missed
    unit counts as in `lost_margin`: what the service level makes it worth; both are null where nothing says that.

    `lost`, `short`, `late`: the chance that its next order never comes, comes short, comes late; `fill`: the share of
    what is ordered that comes in the end; learned from `orders_seen` lines of its orders, of them
    `orders_of_item` of this item.
    """

    supplier_id: int
    supplier: str
    units: float
    quantity: Decimal
    unit_cost: Decimal
    currency: str
    goods: float
    ordering: float
    holding: float
    lost_margin: float | None
    missed_unit: float | None
    total: float
    more: float
    days: float
    days_at_most: float
    lost: float
    short: float
    late: float | None
    fill: float
    orders_seen: int
    orders_of_item: int


@router.get("/items/{sku:path}/sellers", tags=["suppliers"], responses=errors(404))
def sellers(visit: Visitor, sku: Annotated[str, Path(max_length=200)], site: SiteCode = None) -> list[SellerOut]:
    """Who sells an item, by what getting it for a site from each is expected to cost altogether, the cheapest first."""
    with visit.context() as ctx:
        here, item = site_of(ctx, site), records.item_by_sku(ctx, sku)
        return [SellerOut.model_validate(one) for one in shown(planning.sellers(ctx, here.site_id, item.item_id))]
