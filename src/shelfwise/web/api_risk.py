"""REST: what may run out, and what is too much."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from shelfwise.access.context import Context
from shelfwise.planning.risk import service as risk
from shelfwise.planning.risk.model import Outlook
from shelfwise.records import service as records
from shelfwise.records.company import company
from shelfwise.web.api_errors import errors
from shelfwise.web.api_stock import Limit, Offset, SiteCode, site_of
from shelfwise.web.visits import Visitor

router = APIRouter()


class RiskOut(BaseModel):
    """One item, if nobody orders or moves anything: `out_by[n]` is the probability that it has run out by the end of
    the day `n` days after `first_day`, and `out_on[n]` that it is out then. `out_day`: from then on it is more likely
    out than not; null: not within these days. `units_lost`: wanted from an empty shelf in all these days.
    `margin_lost` is null where a cost or a price is unknown.
    """

    sku: str
    available: Decimal
    coming: Decimal
    out_by: list[float]
    out_on: list[float]
    out_day: date | None
    units_lost: float
    margin_lost: float | None


class RisksOut(BaseModel):
    """What was said of a site at `as_of`, the items most likely out in a week first; null and empty: nothing yet."""

    site: str
    as_of: datetime | None = None
    first_day: date | None = None
    currency: str
    items: list[RiskOut] = []


class WastedOut(BaseModel):
    """A lot of which so much will expire on average; `likely`: the probability that any is left on its last day."""

    lot: str
    last_day: date
    quantity: float
    likely: float


class AdviceOut(BaseModel):
    """Something that can be done: about an order, a site, a lot or a supplier, which `about` names."""

    deed: Literal["order_less", "move", "mark_down", "give_back", "write_off"]
    quantity: float
    about: str


class ExcessItemOut(BaseModel):
    """One item: units beyond what sells in time, there and on order, and what expires. Null is unknown."""

    sku: str
    available: Decimal
    sold_a_day: float | None
    surplus: float
    surplus_on_order: float
    wasted: list[WastedOut]
    days_without_sale: int | None
    unit_cost: float | None
    advice: list[AdviceOut]


class ExcessOut(BaseModel):
    """What was said of a site at `as_of`, the most in money first; null and empty: nothing yet."""

    site: str
    as_of: datetime | None = None
    currency: str
    items: list[ExcessItemOut] = []


@router.get("/risk", tags=["planning"], responses=errors(404))
def may_run_out(visit: Visitor, site: SiteCode = None, limit: Limit = 200, offset: Offset = 0) -> RisksOut:
    """What may run out at a site, by item and day, and what is at stake."""
    with visit.context() as ctx:
        here = site_of(ctx, site)
        found = risk.riskiest(ctx, here.site_id, limit, offset)
        names = _skus(ctx, found)
        return RisksOut(
            site=here.code, currency=company(ctx).currency, as_of=_said_at(found),
            first_day=min((one.first_day for one in found), default=None),
            items=[
                RiskOut(
                    sku=names[one.item_id], available=one.available, coming=one.coming, out_by=one.out_by or [],
                    out_on=one.out_on or [], out_day=one.out_day, units_lost=one.units_lost or 0.0,
                    margin_lost=one.margin_lost,
                )
                for one in found
            ],
        )  # fmt: skip


@router.get("/excess", tags=["planning"], responses=errors(404))
def too_much(visit: Visitor, site: SiteCode = None, limit: Limit = 200, offset: Offset = 0) -> ExcessOut:
    """What is too much at a site: beyond what sells, on order, expiring, or idle; and what can be done."""
    with visit.context() as ctx:
        here = site_of(ctx, site)
        found = risk.too_much(ctx, here.site_id, limit, offset)
        names = _skus(ctx, found)
        return ExcessOut(
            site=here.code, currency=company(ctx).currency, as_of=_said_at(found),
            items=[
                ExcessItemOut(
                    sku=names[one.item_id], available=one.available, sold_a_day=one.daily, surplus=one.surplus,
                    surplus_on_order=one.surplus_coming, wasted=[WastedOut(**lot) for lot in one.lots],
                    days_without_sale=one.idle_days, unit_cost=one.unit_cost,
                    advice=[AdviceOut(**{name: told[name] for name in AdviceOut.model_fields}) for told in one.advice],
                )
                for one in found
            ],
        )  # fmt: skip


def _said_at(found: list[Outlook]) -> datetime | None:
    """When the oldest of it was said."""
    return min((one.said_at for one in found), default=None)


def _skus(ctx: Context, some: list[Outlook]) -> dict[int, str]:
    return {item_id: one.sku for item_id, one in records.items_by_id(ctx, [one.item_id for one in some]).items()}
