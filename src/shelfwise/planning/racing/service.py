"""The race of policies for a site's items: who is due, what they race on, and what is kept of it.

Each step is a transaction of its own, so that none is open while a race is computed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.demand.lives import begun_history
from shelfwise.demand.model import screen
from shelfwise.demand.service import last_whole_day
from shelfwise.planning import tables as planning
from shelfwise.planning.model import Floats, Params
from shelfwise.planning.offers import comparable_offers, offers_of
from shelfwise.planning.racing import tables
from shelfwise.planning.racing.model import OUTDATED, SELLING, SPANS, Runner, classes
from shelfwise.planning.replenish import choose
from shelfwise.planning.settings import params_of
from shelfwise.planning.standing import Standing

YEAR = timedelta(days=364)
PRICE_DAYS = timedelta(days=90)


def due(ctx: Context, site_id: int, params: Params | None = None) -> tuple[Runner, ...]:
    """The items of a site whose race is to be held: none was held yet, their history has grown by a week since, or
    what the last one stood on has changed. Those that sold too seldom, or have nobody who sells them, are left out.

    Raises:
        NotFound: there is no such site.
    """
    ctx.require(Right.RUN_PLANNING, site_id)
    params = params or params_of(ctx, site_id)
    until = last_whole_day(ctx, site_id)
    sold = tables.sold(ctx.tx, ctx.tenant, site_id, until - timedelta(days=SPANS[0] - 1), until)
    known = {one.item_id: one for one in planning.items_of_site(ctx.tx, ctx.tenant, site_id)}
    lasting = {
        item_id
        for item_id, first, days, _ in sold
        if item_id in known and days >= 2 * SELLING and (until - first).days + 1 >= SPANS[-1]
    }
    offers, _ = comparable_offers(ctx, offers_of(ctx, sorted(lasting), site_id))
    chosen = {item_id: choose(some) for item_id, some in offers.items() if some}
    prices = planning.mean_prices(ctx.tx, ctx.tenant, site_id, ctx.now - PRICE_DAYS)
    home = planning.currency(ctx.tx, ctx.tenant)
    wanted = tables.sold(ctx.tx, ctx.tenant, site_id, until - YEAR, until)
    groups = classes(
        {item_id: much * float(chosen[item_id].unit_cost * chosen[item_id].rate)
         for item_id, _, _, much in wanted if item_id in chosen}
    )  # fmt: skip
    before = tables.standings(ctx.tx, ctx.tenant, site_id, chosen, until - OUTDATED)
    runners = (
        Runner(
            item_id, float(known[item_id].quantum), offer,
            float(prices[item_id] - offer.unit_cost) if offer.currency == home and item_id in prices else None,
            groups.get(item_id, ""),
        )
        for item_id, offer in sorted(chosen.items())
    )  # fmt: skip
    return tuple(one for one in runners if one.due(before.get(one.item_id), until, params))


def gather(ctx: Context, site_id: int, runners: Sequence[Runner], until: date) -> tuple[Runner, ...]:
    """Some of them with their past; days out of stock are unknown, and so are those that stand alone.

    Raises:
        NotFound: there is no such site.
    """
    ctx.require(Right.RUN_PLANNING, site_id)
    found = begun_history(ctx, site_id, [one.item_id for one in runners], until)
    result = []
    for one in runners:
        if (history := found.get(one.item_id)) is not None:
            seen, _ = screen(history)
            past: Floats = np.where(seen.masked, np.nan, seen.quantity)[-SPANS[0] :]
            result.append(replace(one, history=past))
    return tuple(result)


def keep(ctx: Context, site_id: int, found: Mapping[int, Standing]) -> None:
    """What came of a race takes the place of what was known before."""
    ctx.require(Right.RUN_PLANNING, site_id)
    tables.put(ctx.tx, ctx.tenant, site_id, found, ctx.now)


def forget_outdated(ctx: Context, site_id: int, until: date) -> int:
    """Delete what could not be renewed for long; returns how many."""
    ctx.require(Right.RUN_PLANNING, site_id)
    return tables.forget(ctx.tx, ctx.tenant, site_id, until - OUTDATED)


def standings(ctx: Context, site_id: int, item_ids: Collection[int] | None = None) -> dict[int, Standing]:
    """How the race stands for items of a site, for all where none are named.

    Raises:
        NotFound: there is no such site.
    """
    ctx.require(Right.VIEW, site_id)
    since = last_whole_day(ctx, site_id) - OUTDATED
    return tables.standings(ctx.tx, ctx.tenant, site_id, item_ids, since)
