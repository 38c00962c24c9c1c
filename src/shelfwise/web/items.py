"""Stock and items: how much is there, where it lies, what it sold and what it may sell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Form, Response

from shelfwise.access.context import Context
from shelfwise.agents.service import open_proposal
from shelfwise.core.clocks import local_day
from shelfwise.core.errors import Fault, Invalid, NotFound, shorten
from shelfwise.demand import service as demand
from shelfwise.demand import shelves
from shelfwise.demand.overrides import service as overrides
from shelfwise.orders.approval import our_currency
from shelfwise.planning.racing import service as racing
from shelfwise.planning.why import race_shown
from shelfwise.records import promoting
from shelfwise.records import service as records
from shelfwise.records.habits import usual_lead_days
from shelfwise.records.model import Item, Site
from shelfwise.stock import service as stock
from shelfwise.stock.asof import AsOf
from shelfwise.stock.model import OWN_MISTAKES
from shelfwise.stock.reads import StockRow
from shelfwise.web import pages
from shelfwise.web.accuracy import KINDS
from shelfwise.web.charts import demand_chart, race_table
from shelfwise.web.floor import chosen_site, floor_bins
from shelfwise.web.listing import PAGE
from shelfwise.web.listing_rows import find, frame, opened
from shelfwise.web.lists.stock import ALL, STOCK
from shelfwise.web.made_of import made_of
from shelfwise.web.overrides import totals
from shelfwise.web.policy_bars import policy_race
from shelfwise.web.proposals import why_so
from shelfwise.web.record_items import replacing
from shelfwise.web.risk import outlook_of
from shelfwise.web.visits import Visitor
from shelfwise.work import objections

router = APIRouter(include_in_schema=False)
# More places of an item than these stand on a page of their own.
MOST = 100
CHANGES = 10
# So many items are named that sell instead of one that is out of stock.
NAMED = 3
FIGURES = ("on_hand", "blocked", "reserved", "available", "on_order", "in_transit")


@router.get("/stock")
def list_stock(
    visit: Visitor, site: str | None = None, show: str = "all", search: str = "", page: int = 1, day: str = "",
    known: str = "now",
) -> Response:  # fmt: skip
    """What is where; of one site or (site=all) of all, sorted by any column; or as it was at the end of a day."""
    with visit.context() as ctx:
        sites, asked = records.sites(ctx), opened(ctx, STOCK, visit.request.query_params)
        site = asked.get("site", site)
        here = None if site == ALL else chosen_site(ctx, site)
        shown: dict[str, Any] = {
            "here": here, "every": site == ALL, "search": search, "show": show, "page": max(page, 1), "more": False,
            "rows": [], "day": day, "known": known, "as_of": None, "found": None,
        }  # fmt: skip
        if here is None and not (sites and site == ALL):
            return pages.render(visit, ctx, "stock.html", **shown)
        place = ALL if here is None else here.code
        # Of one site only its rows are read, not those of all that one may see.
        listing = STOCK if here is None else replace(STOCK, allowed=lambda ctx: [here.site_id])
        listed = {**asked, "site": place}
        narrowed = here is not None and (day or show in ("out", "doubt"))
        shown["found"] = (frame if narrowed else find)(ctx, listing, listed)
        first = (min(max(page, 1), 10_000) - 1) * PAGE
        if day and here is not None:
            rows: Sequence[AsOf | StockRow] = _as_of(ctx, here, day, known, search, PAGE + 1, first)
            shown["as_of"], shown["more"] = rows[:PAGE], len(rows) > PAGE
        elif show in ("out", "doubt") and here is not None:
            rows = stock.stock_of_items(ctx, here.site_id, _needing(ctx, here, show), search, PAGE + 1, first)
            shown["rows"], shown["more"] = rows[:PAGE], len(rows) > PAGE
        return pages.render(visit, ctx, "stock.html", at_site=None if here is None else here.site_id, **shown)


def _as_of(ctx: Context, here: Site, day: str, known: str, search: str, limit: int, offset: int) -> list[AsOf]:
    """What was there when a day of the site ended, as it was known then or as it is known now."""
    try:
        end = datetime.combine(date.fromisoformat(day) + timedelta(days=1), time(), here.zone_info)
    except (ValueError, OverflowError) as error:
        raise Invalid(Fault("day", "a day such as 2026-03-01", shorten(day), "Correct the day.")) from error
    then = end if known == "then" else None
    return stock.stock_as_of(ctx, here.site_id, end, then, search=search.strip(), limit=limit, offset=offset)


def _needing(ctx: Context, here: Site, show: str) -> set[int]:
    """The items whose bins are empty with none elsewhere, or in doubt."""
    return {
        view.facts.item_id
        for view in floor_bins(ctx, here)
        if view.facts.item_id is not None and (view.doubt if show == "doubt" else view.state == "empty")
    }


def level_of(ctx: Context, item: Item, site: Site) -> dict[str, Decimal]:
    """The figures of an item at a site; zeros where it never was there."""
    row = stock.stock_of(ctx, site.site_id, item.item_id)
    return {name: Decimal(0) if row is None else getattr(row, name) for name in FIGURES}


@router.get("/items/{sku:path}")
def item_page(visit: Visitor, sku: str, site: str | None = None) -> Response:
    with visit.context() as ctx:
        item = records.item_by_sku(ctx, sku)
        here = chosen_site(ctx, site)
        values: dict[str, Any] = {"chart": None, "race": [], "forecast": None, "level": None, "outs": []}
        values |= {"made_of": None, "risk_strip": None, "objection": None, "promoted": [], "changes": [], "today": None}
        values |= {"policies": None, "proposed": None}
        if here is not None:
            history = demand.history(ctx, here.site_id, [item.item_id]).get(item.item_id)
            latest = demand.latest(ctx, here.site_id, item.item_id)
            summary = None if latest is None else latest.summary
            planned = overrides.expected_of(ctx, here.site_id, [item.item_id]).get(item.item_id)
            outs = stock.stockouts(ctx, here.site_id, ctx.now - timedelta(days=120))
            today = local_day(ctx.now, here.zone_info)
            promoted = [
                one
                for one in promoting.events(ctx, today - timedelta(days=400), item_ids=[item.item_id])
                if one.site_id in (None, here.site_id)
            ]
            values = {
                "chart": None
                if history is None
                else demand_chart(
                    history.first_day,
                    history.quantity.tolist(),
                    history.masked.tolist(),
                    summary,
                    None if latest is None else latest.origin,
                    [(one.starts_on, one.ends_on) for one in promoted if not one.called_off],
                ),
                "promoted": [(one, one.state(today)) for one in reversed(promoted)],
                "race": race_table(summary),
                "made_of": made_of(summary, item.unit),
                **outlook_of(ctx, item, here),
                "kind": KINDS.get(((summary or {}).get("race") or {}).get("segment", "")),
                "forecast": latest,
                "level": level_of(ctx, item, here),
                "outs": [out for out in outs if out.item_id == item.item_id],
                "today": today,
                "changes": [
                    (one, totals(one, latest, planned) if one.stands(today) else None)
                    for one in overrides.overrides(ctx, here.site_id, item.item_id)[:CHANGES]
                ],
                **_ordering(ctx, here, item),
                "objection": objections.newest(ctx, f"forecast:{item.item_id}:site:{here.site_id}", here.site_id),
            }
        lies = stock.lies_at(ctx, item_id=item.item_id, limit=MOST + 1)
        return pages.render(
            visit,
            ctx,
            "item.html",
            at_site=None if here is None else here.site_id,
            item=item,
            here=here,
            more=len(lies) > MOST,
            usual=usual_lead_days(ctx),
            **replacing(ctx, item.item_id),
            **_elsewhere(ctx, item),
            terms=[(one, records.supplier(ctx, one.supplier_id)) for one in records.terms_for(ctx, [item.item_id])],
            packs=records.packs_of(ctx, item.item_id, ctx.now.astimezone(here.zone_info if here else UTC).date()),
            barcodes=records.barcodes_of(ctx, item.item_id),
            lies=lies[:MOST],
            unaccounted=[one for one in stock.item_stock(ctx, item.item_id) if one.kind == "unaccounted"],
            moved=stock.movements(ctx, item.item_id, 50),
            own_since=stock.own_since(ctx),
            me=str(ctx.actor),
            own_mistakes=OWN_MISTAKES,
            **values,
        )


def _ordering(ctx: Context, here: Site, item: Item) -> dict[str, Any]:
    """How its policies raced, and what is proposed of it just now."""
    proposed = open_proposal(ctx, here.site_id, item.item_id)
    standing = racing.standings(ctx, here.site_id, [item.item_id]).get(item.item_id)
    shown: dict[str, Any] = {} if proposed is None else why_so(proposed.evidence)
    policies = policy_race(None if standing is None else race_shown(standing))
    return {**shown, "proposed": proposed, "policies": policies, "currency": our_currency(ctx)}


def _elsewhere(ctx: Context, item: Item) -> dict[str, Any]:
    """Where what is wanted of it goes while it is out of stock."""
    found = shelves.substitutes(ctx, item.item_id)
    named = records.items_by_id(ctx, found.named[:NAMED]) if found else {}
    return {"elsewhere": found, "instead": [named[one] for one in (found.named if found else ()) if one in named]}


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
    after: Annotated[str, Form(alias="next", max_length=1000)] = "",
) -> Response:
    with visit.context() as ctx:
        item = records.item_by_sku(ctx, sku)
        stock.reverse(ctx, movement_id, reason)
    back = pages.local_address(after) if after else f"/items/{pages.segment(item.sku)}"
    return pages.go(back, "Taken back: the opposite movement was posted, both stay in the ledger.")
