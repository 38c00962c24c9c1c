"""What may run out, and what is too much: as it was reckoned last night, or since."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from shelfwise.access.context import Context
from shelfwise.planning.model import Params
from shelfwise.planning.risk import service as risk
from shelfwise.planning.settings import params_of
from shelfwise.records import service as records
from shelfwise.records.model import Item, Site
from shelfwise.web import pages
from shelfwise.web.listing_rows import find, summed
from shelfwise.web.lists.risk import EXCESS, RISK
from shelfwise.web.risk_words import advice, strip
from shelfwise.web.visits import Visitor

router = APIRouter(include_in_schema=False)


@router.get("/risk")
def may_run_out(visit: Visitor) -> Response:
    """What may run out? By item and day, with what is at stake."""
    asked = visit.request.query_params
    with visit.context() as ctx:
        return pages.render(
            visit, ctx, "risk.html", found=find(ctx, RISK, asked), strip=strip, several=_several(ctx),
            sums=summed(
                ctx, RISK, asked,
                "sum(units_lost) as units, sum(margin_lost) as margin, count(*) - count(margin_lost) as unknown, "
                "count(out_day) as likely, min(said_at) as said_at",
            ),
        )  # fmt: skip


@router.get("/excess")
def too_much(visit: Visitor) -> Response:
    """What is too much? More than sells, what expires, what sells no more, and what can be done."""
    asked = visit.request.query_params
    with visit.context() as ctx:
        return pages.render(
            visit, ctx, "excess.html", found=find(ctx, EXCESS, asked), several=_several(ctx), cover=_cover(ctx),
            sums=summed(
                ctx, EXCESS, asked,
                "sum(worth) as worth, sum(keeping) as keeping, sum(coming_worth) as coming, "
                "sum(wasted_worth) as wasted, count(*) - count(worth) as unknown, min(said_at) as said_at, "
                "max(rate) as rate",
            ),
        )  # fmt: skip


def outlook_of(ctx: Context, item: Item, site: Site) -> dict[str, Any]:
    """For the page of an item: what was said of it last at a site."""
    found = risk.outlook(ctx, site.site_id, item.item_id)
    if found is None:
        return {"risk_strip": None}
    return {
        "outlook": found,
        "risk_strip": strip(found.out_by, found.first_day),
        "outlook_deeds": [advice(one, item.sku, item.item_id) for one in found.advice],
    }


def _cover(ctx: Context) -> str:
    """For how many days stock is to last at most: one number, or the least and the most of several sites."""
    days = [params_of(ctx, site.site_id).longest_cover_days for site in records.sites(ctx)] or [
        Params().longest_cover_days
    ]
    return f"{min(days)} to {max(days)}" if min(days) < max(days) else str(days[0])


def _several(ctx: Context) -> bool:
    return len(records.sites(ctx)) > 1
