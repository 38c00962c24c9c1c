"""Gathers what the sharing between sites sees; what it decides from it is in deciding.py."""

from __future__ import annotations

from collections import Counter

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.planning import service as planning
from shelfwise.planning.model import Params
from shelfwise.planning.settings import params_of
from shelfwise.planning.sharing import tables
from shelfwise.planning.sharing.deciding import decide
from shelfwise.planning.sharing.explain import told
from shelfwise.planning.sharing.model import House, Transshipment
from shelfwise.planning.tables import currency
from shelfwise.records.lanes import lanes
from shelfwise.records.service import sites


def transshipments(ctx: Context, params: Params | None = None) -> list[Transshipment]:
    """What the company's sites should give each other now. Proposing it is the warehousing agent's part.

    Each site is looked at as its own orders are planned, or all by `params`. On one day the same state of the sites
    gives the same answer.
    """
    ctx.require(Right.RUN_PLANNING)
    ways = [one for one in lanes(ctx) if one.used]
    joined = {end for one in ways for end in (one.from_site_id, one.to_site_id)}
    houses = [
        House(one.site_id, one.name, planning.snapshot(ctx, one.site_id), params or params_of(ctx, one.site_id))
        for one in sites(ctx)
        if one.site_id in joined
    ]
    if not houses:
        return []
    known = Counter(item.item_id for house in houses for item in house.seen.items)
    shared = [item_id for item_id, count in known.items() if count > 1]
    hefts = tables.hefts(ctx.tx, ctx.tenant, shared, ctx.now.date())
    moves = decide(houses, ways, hefts, [ctx.tenant, ctx.now.date().toordinal()])
    return told(moves, hefts, currency(ctx.tx, ctx.tenant))
