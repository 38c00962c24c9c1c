"""Each night, and when asked: what of a site may run out, what is at stake, and what is too much."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import timedelta
from typing import Any

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.orders.coming import Awaited, awaited
from shelfwise.orders.service import worth_today
from shelfwise.planning import tables as planning_tables
from shelfwise.planning.model import Snapshot
from shelfwise.planning.risk import tables
from shelfwise.planning.risk.looking import Beside, look
from shelfwise.planning.risk.model import Outlook
from shelfwise.planning.service import PRICE_DAYS, snapshot
from shelfwise.planning.settings import params_of
from shelfwise.records.service import site_by_id
from shelfwise.stock.service import levels
from shelfwise.store.database import notify

BATCH = 2000


def quiet(done: int, of: int) -> None:
    """Progress that nobody watches."""


def look_ahead(
    ctx: Context, site_id: int, item_ids: Collection[int] | None = None, progress: Callable[[int, int], None] = quiet
) -> int:
    """Say of every item of a site, or of some, what may become of its stock; what was said before makes room.

    Returns:
        Of how many items.

    Raises:
        NotFound: there is no such site.
    """
    ctx.require(Right.RUN_PLANNING, site_id)
    site_by_id(ctx, site_id)
    wanted = [
        one.item_id
        for one in planning_tables.items_of_site(ctx.tx, ctx.tenant, site_id)
        if item_ids is None or one.item_id in item_ids
    ]
    tables.forget(ctx.tx, ctx.tenant, site_id, item_ids)
    for begin in range(0, len(wanted), BATCH):
        progress(begin, len(wanted))
        some = wanted[begin : begin + BATCH]
        seen = snapshot(ctx, site_id, set(some))
        beside = _beside(ctx, seen, some)
        tables.insert(ctx.tx, ctx.tenant, [look(ctx.tenant, seen, item, beside[item.item_id]) for item in seen.items])
    notify(ctx.tx, "live", "proposals")
    return len(wanted)


def outlook(ctx: Context, site_id: int, item_id: int) -> Outlook | None:
    """What was said last of an item; None: nothing yet."""
    ctx.require(Right.VIEW, site_id)
    found = tables.outlook(ctx.tx, ctx.tenant, site_id, item_id)
    return None if found is None else replace(found, advice=advice_for(ctx, found.advice))


def riskiest(ctx: Context, site_id: int, limit: int | None = None, offset: int = 0) -> list[Outlook]:
    """What was said last of a site's items with a forecast, the most likely out within a week first; None: all."""
    ctx.require(Right.VIEW, site_id)
    found = tables.riskiest(ctx.tx, ctx.tenant, site_id, limit, offset)
    return [replace(one, advice=advice_for(ctx, one.advice)) for one in found]


def too_much(ctx: Context, site_id: int, limit: int, offset: int = 0) -> list[Outlook]:
    """What was said last of a site's items of which something is too much, the most in money first."""
    ctx.require(Right.VIEW, site_id)
    found = tables.too_much(ctx.tx, ctx.tenant, site_id, limit, offset)
    return [replace(one, advice=advice_for(ctx, one.advice)) for one in found]


def advice_for(ctx: Context, advice: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What whoever asks may be told of it: what another site lacks is for those who may look at that site."""
    sites = ctx.sites(Right.VIEW)
    return [one for one in advice if one["deed"] != "move" or sites is None or one["subject_id"] in sites]


def _beside(ctx: Context, seen: Snapshot, some: list[int]) -> dict[int, Beside]:
    """What is known of some items of a site beside the snapshot."""
    tx, tenant, site_id = ctx.tx, ctx.tenant, seen.site_id
    coming: dict[int, list[Awaited]] = {}
    for one in awaited(ctx, site_id):
        coming.setdefault(one.item_id, []).append(one)
    prices = planning_tables.mean_prices(tx, tenant, site_id, ctx.now - timedelta(days=PRICE_DAYS))
    worth = worth_today(ctx)
    kept = tables.kept(tx, tenant, site_id, site_by_id(ctx, site_id).time_zone, some)
    blocked = {one.item_id: one.blocked for one in levels(ctx, site_id, some)}
    lots = tables.lots(tx, tenant, site_id, seen.today, some)
    lacking = tables.lacking(tx, tenant, site_id, some)
    cover = params_of(ctx, site_id).longest_cover_days
    return {
        item_id: Beside(
            quantum=kept[item_id].quantum,
            idle_since=kept[item_id].idle_since,
            blocked=float(blocked.get(item_id, 0)),
            awaited=tuple(coming.get(item_id, ())),
            price=prices.get(item_id),
            worth=worth,
            lots=tuple(lots.get(item_id, ())),
            lacking=tuple(lacking.get(item_id, ())),
            longest_cover_days=cover,
        )
        for item_id in some
    }
