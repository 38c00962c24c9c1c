"""“This is wrong”, said of a figure of stock or of a forecast where it stands."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Response

from shelfwise.demand import service as demand
from shelfwise.records import service as records
from shelfwise.stock.objecting import object_to_stock
from shelfwise.web import pages
from shelfwise.web.inbox import ANSWERED
from shelfwise.web.visits import Visitor

router = APIRouter(include_in_schema=False)


@router.post("/items/{item_id}/wrong")
def wrong(
    visit: Visitor,
    item_id: int,
    site: Annotated[str, Form(max_length=64)],
    about: Annotated[Literal["stock", "forecast"], Form()],
    note: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    with visit.context() as ctx:
        here = records.site(ctx, site)
        item = records.item(ctx, item_id)
        (object_to_stock if about == "stock" else demand.object_to)(ctx, item_id, here.site_id, note)
    segment = pages.segment(here.code)
    where = f"/explain?item={item_id}" if about == "stock" else f"/items/{pages.segment(item.sku)}?"
    return pages.go(f"{where}&site={segment}", ANSWERED)
