"""What a scanned code says, for the scripts of pages that fill in a form from it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from shelfwise.access.model import Right
from shelfwise.core.errors import Invalid
from shelfwise.records import service as records
from shelfwise.web.visits import Visitor

router = APIRouter(include_in_schema=False)


@router.get("/scan")
def scan(visit: Visitor, code: Annotated[str, Query(max_length=600)]) -> Response:
    """The item, and what its label says of these very goods; `words` where it cannot be told."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.VIEW)
        try:
            found = records.scanned(ctx, code)
        except Invalid as error:
            return JSONResponse({"sku": "", "words": str(error)})
        if found is None:
            return JSONResponse({"sku": "", "words": "This is nothing we know. Scan the label of the item."})
        return JSONResponse({"sku": found.item.sku, "words": ""} | told(found))


def told(found: records.Scan) -> dict[str, Any]:
    label = found.label
    return {
        "lot": label.lot or "",
        "last_day": "" if label.last_day is None else label.last_day.isoformat(),
        "serial": label.serial or "",
        "weight_kg": "" if label.net_weight_g is None else f"{label.net_weight_g / 1000:f}",
    }
