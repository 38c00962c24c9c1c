"""What people know better than the forecast, set and taken back on an item's page."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Form, Response

from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.demand.overrides import service as overrides
from shelfwise.demand.overrides.model import Override
from shelfwise.demand.service import StoredForecast
from shelfwise.records import service as records
from shelfwise.web import pages
from shelfwise.web.listing import day
from shelfwise.web.visits import Visitor
from shelfwise.web.writing import read_typed

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form(max_length=500)]


def quantity_or_change(text: str) -> tuple[Decimal | None, Decimal | None]:
    """(quantity, None) of "120"; (None, change) of "+20 %".

    Raises:
        Invalid: it is neither, or a share without a sign, which could mean two things.
    """
    said = text.strip()
    if not said.endswith("%"):
        return read_typed(said, "quantity"), None
    if said[0] not in "+-−":
        raise Invalid(Fault("quantity", "+20 % or -20 %", shorten(said), "Say whether it is more or less."))
    return None, read_typed(said[:-1].strip().replace("−", "-").removeprefix("+"), "quantity") / 100


def totals(one: Override, model: StoredForecast | None, planned: StoredForecast | None) -> tuple[float, float] | None:
    """What the model says of the days that its forecast reaches, and what planning goes by; None: it reaches none."""
    if model is None or planned is None or not model.enough:
        return None
    begin = max((one.first_day - model.first_day).days, 0)
    end = min((one.last_day - model.first_day).days + 1, model.horizon)
    if begin >= end:
        return None
    said, set_by_person = (float(each.paths[:, begin:end].sum(axis=1).mean()) for each in (model, planned))
    return said, set_by_person


@router.post("/items/{item_id}/overrides")
def set_override(
    visit: Visitor, item_id: int, site: Annotated[str, Form(max_length=64)], quantity: Text = "", reason: Text = "",
    first: Text = "", last: Text = "",
) -> Response:  # fmt: skip
    with visit.context() as ctx:
        here, item = records.site(ctx, site), records.item(ctx, item_id)
        amount, change = quantity_or_change(quantity)
        overrides.set_override(
            ctx, item_id, here.site_id, first_day=_day(first, "first day"), last_day=_day(last, "last day"),
            quantity=amount, change=change, reason=reason,
        )  # fmt: skip
    return _back(item.sku, here.code, "Kept. Planning goes by it from its next run on; the forecast stays beside it.")


@router.post("/overrides/{override_id}/take-back")
def take_back(visit: Visitor, override_id: int) -> Response:
    with visit.context() as ctx:
        one = overrides.take_back_override(ctx, override_id)
        here = records.site_by_id(ctx, one.site_id)
    return _back(one.sku, here.code, "Taken back. Planning goes by the forecast again.")


def _back(sku: str, site: str, words: str) -> Response:
    return pages.go(f"/items/{pages.segment(sku)}?site={pages.segment(site)}#overrides", words)


def _day(text: str, where: str) -> date:
    if not text:
        raise Invalid(Fault(where, "a day such as 2026-03-31", "nothing", "Choose a day."))
    return day(text, where)
