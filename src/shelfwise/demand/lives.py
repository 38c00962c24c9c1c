"""What a site's items begin with, and from when until when they are sold."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.demand.alike import Life, with_predecessors
from shelfwise.demand.model import DemandHistory
from shelfwise.demand.service import history
from shelfwise.records.items import items_by_id
from shelfwise.records.succession import Succession, successions
from shelfwise.store.database import values


def begun_history(
    ctx: Context, site_id: int, item_ids: Collection[int], until: date | None = None
) -> dict[int, DemandHistory]:
    """As `history`, and what items replace, to the beginning of each chain, stands before their own first sale.

    Also of items that never sold at the site, where what they replace did.

    Raises:
        NotFound: there is no such site.
    """
    ctx.require(Right.VIEW, site_id)
    links = successions(ctx)
    known = history(ctx, site_id, sorted({*item_ids} | before(links, item_ids)), until)
    begun = with_predecessors(known, links)
    return {item_id: begun[item_id] for item_id in sorted({*item_ids} & begun.keys())}


def before(links: Collection[Succession], item_ids: Collection[int]) -> set[int]:
    """All that stands before some items in their chains."""
    replaced = {link.item_id: link.replaces_id for link in links}
    found: set[int] = set()
    waiting = list(item_ids)
    while waiting:
        one = replaced.get(waiting.pop())
        if one is not None and one not in found:
            found.add(one)
            waiting.append(one)
    return found


def lives(ctx: Context, site_id: int, item_ids: Collection[int]) -> dict[int, Life]:
    """From when until when items are sold at a site; those of which nothing is said are left out.

    The first day counts as long as a successor has not sold: from then on its own sales say more.
    """
    ctx.require(Right.VIEW, site_id)
    begins = {link.item_id: link.from_day for link in successions(ctx)}
    for (sold,) in values(
        ctx.tx,
        "select distinct item_id from demand_day where tenant_id = %s and site_id = %s and item_id = any(%s)",
        (ctx.tenant, site_id, list(begins)),
    ):
        del begins[sold]
    ends = {item_id: one.sold_until for item_id, one in items_by_id(ctx, item_ids).items()}
    found = {one: Life(begins.get(one), ends.get(one)) for one in item_ids}
    return {one: life for one, life in found.items() if life != Life()}
