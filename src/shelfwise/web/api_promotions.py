"""REST: promotions, planned, running and past."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.records import promoting
from shelfwise.records import service as records
from shelfwise.records.promoting_model import Event, NewEvent, State, overlapping
from shelfwise.web.api_errors import errors
from shelfwise.web.api_model import Exact, Id, Name, Shown, Text, Told
from shelfwise.web.visits import Visitor

router = APIRouter()
Which = Annotated[Id, Path()]
Why = Annotated[str, Field(max_length=500)]


class PromotionIn(Told):
    """A promotion. `site` left out: at all sites. `kind`: price, feature, display or other."""

    promotion: Annotated[str, Field(min_length=1, max_length=64)]
    site: Annotated[str, Field(max_length=64)] | None = None
    skus: Annotated[list[Name], Field(min_length=1, max_length=10_000)]
    starts_on: date
    ends_on: date
    kind: Annotated[str, Field(max_length=20)] = "price"
    price: Exact | None = None
    discount_percent: Exact | None = None
    note: Text | None = None


class PromotionOut(Shown):
    """A promotion. `differs`: what a file told of each item by itself; it is null here, or of all items together.

    `overlaps` names other promotions of one of its items, there and then.
    """

    promotion_id: int
    promotion: str
    site: str | None
    skus: list[str]
    starts_on: date
    ends_on: date
    kind: str
    price: Exact | None
    discount_percent: Exact | None
    note: str | None
    state: State
    differs: list[str]
    overlaps: list[str]


class CalledOffIn(Told):
    """Why it does not take place."""

    reason: Why


@router.get("/promotions", tags=["promotions"], responses=errors())
def promotions(
    visit: Visitor,
    since: Annotated[date, Query(description="With a day on or after this one")] = date.min,
    until: Annotated[date, Query(description="With a day on or before this one")] = date.max,
) -> list[PromotionOut]:
    """Promotions by their first day, called off ones too."""
    with visit.context() as ctx:
        return _out(ctx, promoting.events(ctx, since, until))


@router.get("/promotions/{promotion_id}", tags=["promotions"], responses=errors(404))
def promotion(visit: Visitor, promotion_id: Which) -> PromotionOut:
    """One promotion with all its items."""
    with visit.context() as ctx:
        return _one(ctx, promotion_id)


@router.post("/promotions", tags=["promotions"], responses=errors(404))
def plan(visit: Visitor, told: PromotionIn) -> PromotionOut:
    """Plan a promotion, or note one that has been."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.RUN_PLANNING)
        return _one(ctx, promoting.plan_event(ctx, _told(ctx, told)))


@router.post("/promotions/{promotion_id}", tags=["promotions"], responses=errors(404, 409))
def change(visit: Visitor, promotion_id: Which, told: PromotionIn) -> PromotionOut:
    """Change a promotion. What is over can be corrected, but not moved to days to come."""
    with visit.context() as ctx:
        promoting.require_change(ctx, promotion_id)
        return _one(ctx, promoting.change_event(ctx, promotion_id, _told(ctx, told)).promotion_id)


@router.post("/promotions/{promotion_id}/call-off", tags=["promotions"], responses=errors(404, 409))
def call_off(visit: Visitor, promotion_id: Which, told: CalledOffIn) -> PromotionOut:
    """Call a promotion off. It is kept, and can be put back."""
    with visit.context() as ctx:
        return _one(ctx, promoting.call_off(ctx, promotion_id, told.reason).promotion_id)


@router.post("/promotions/{promotion_id}/put-back", tags=["promotions"], responses=errors(404))
def put_back(visit: Visitor, promotion_id: Which) -> PromotionOut:
    """It takes place after all."""
    with visit.context() as ctx:
        return _one(ctx, promoting.put_back(ctx, promotion_id).promotion_id)


def _one(ctx: Context, promotion_id: int) -> PromotionOut:
    return _out(ctx, [promoting.event(ctx, promotion_id)])[0]


def _told(ctx: Context, told: PromotionIn) -> NewEvent:
    site_id = None if told.site is None else records.site(ctx, told.site).site_id
    skus = list(dict.fromkeys(told.skus))
    known = records.item_ids(ctx, skus)
    unknown = [sku for sku in skus if sku not in known]
    if unknown:
        raise Invalid(
            *(
                Fault("skus", "the SKU of an item", shorten(sku), "Correct the SKU, or add the item first.")
                for sku in unknown[:20]
            )
        )
    return NewEvent(
        told.promotion, site_id, tuple(known[sku] for sku in skus), told.starts_on, told.ends_on, told.kind,
        told.price, told.discount_percent, told.note,
    )  # fmt: skip


def _out(ctx: Context, events: list[Event]) -> list[PromotionOut]:
    sites = {site.site_id: site.code for site in records.sites(ctx)}
    items = records.items_by_id(ctx, {item_id for one in events for item_id in one.item_ids})
    since, until = (
        min((one.starts_on for one in events), default=date.min),
        max((one.ends_on for one in events), default=date.min),
    )
    beside = promoting.events(ctx, since, until)
    today = {site_id: promoting.today_at(ctx, site_id) for site_id in {one.site_id for one in events}}
    return [
        PromotionOut(
            promotion_id=one.promotion_id, promotion=one.code,
            site=None if one.site_id is None else sites[one.site_id],
            skus=sorted(items[item_id].sku for item_id in one.item_ids),
            starts_on=one.starts_on, ends_on=one.ends_on, kind=one.kind, price=one.price,
            discount_percent=one.discount_percent, note=one.note, differs=sorted(one.differs),
            state=one.state(today[one.site_id]),
            overlaps=[other.code for other in overlapping(one, beside)],
        )
        for one in events
    ]  # fmt: skip
