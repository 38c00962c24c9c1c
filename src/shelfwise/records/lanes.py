"""Lanes: how goods get from one site to another, how long that takes and what it costs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from itertools import permutations

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.records import tables
from shelfwise.records.lanes_model import Lane, lane_faults
from shelfwise.records.model import refuse
from shelfwise.store.database import run, values


def lanes(ctx: Context) -> list[Lane]:
    """The way from each site that the actor may see to each other one: as somebody said, else as is usual."""
    seen = ctx.sites(Right.VIEW)
    told = {(one.from_site_id, one.to_site_id): one for one in _told(ctx)}
    ((days, cost),) = values(
        ctx.tx, "select usual_lane_days, usual_lane_cost from tenant where tenant_id = %s", (ctx.tenant,)
    )
    sites = [one.site_id for one in tables.sites(ctx.tx, ctx.tenant) if seen is None or one.site_id in seen]
    usual = Decimal(repr(float(cost)))
    return [
        told.get(ends) or Lane(*ends, days=float(days), cost_per_shipment=usual, assumed=True)
        for ends in permutations(sites, 2)
    ]


def _told(ctx: Context) -> list[Lane]:
    return [
        Lane(start, end, float(days), shipment, kg, frozenset(weekdays))
        for start, end, days, shipment, kg, weekdays in values(
            ctx.tx,
            """select from_site_id, to_site_id, days, cost_per_shipment, cost_per_kg, weekdays from lane
               where tenant_id = %s""",
            (ctx.tenant,),
        )
    ]


def put_lane(ctx: Context, lane: Lane) -> None:
    """Say how goods get from one site to another.

    Raises:
        Forbidden: the actor may not edit records at both ends.
        Invalid: a field cannot be right.
    """
    ctx.require(Right.EDIT_RECORDS, lane.from_site_id)
    ctx.require(Right.EDIT_RECORDS, lane.to_site_id)
    _put(ctx, [lane])


def put_lanes(ctx: Context, told: Sequence[Lane]) -> None:
    """Add lanes, or change those between the same sites.

    Raises:
        Forbidden: the actor may not import data at both ends of each.
        Invalid: a field cannot be right; nothing was changed.
    """
    ctx.require_somewhere(Right.IMPORT_DATA)
    _require(ctx, {(one.from_site_id, one.to_site_id) for one in told})
    _put(ctx, told)


def _put(ctx: Context, told: Sequence[Lane]) -> None:
    refuse(fault for one in told for fault in lane_faults(one))
    if not told:
        return
    for one in told:
        run(
            ctx.tx,
            """insert into lane
                   (tenant_id, from_site_id, to_site_id, days, cost_per_shipment, cost_per_kg, weekdays)
               values (%s, %s, %s, %s, %s, %s, %s)
               on conflict (tenant_id, from_site_id, to_site_id) do update set days = excluded.days,
                   cost_per_shipment = excluded.cost_per_shipment, cost_per_kg = excluded.cost_per_kg,
                   weekdays = excluded.weekdays""",
            (
                ctx.tenant, one.from_site_id, one.to_site_id, one.days, one.cost_per_shipment, one.cost_per_kg,
                sorted(one.weekdays),
            ),
        )  # fmt: skip
    ctx.audit("lanes.set", "lanes", count=len(told))


def remove_lanes(ctx: Context, ends: Sequence[tuple[int, int]]) -> None:
    """Forget what was said of lanes, (from, to): what is usual counts again."""
    ctx.require_somewhere(Right.IMPORT_DATA)
    if not ends:
        return
    _require(ctx, set(ends))
    gone = run(
        ctx.tx,
        """delete from lane l using unnest(%s::bigint[], %s::bigint[]) u (from_site_id, to_site_id)
           where l.tenant_id = %s and l.from_site_id = u.from_site_id and l.to_site_id = u.to_site_id""",
        (*map(list, zip(*ends, strict=True)), ctx.tenant),
    )
    ctx.audit("lanes.removed", "lanes", count=gone)


def _require(ctx: Context, ends: Collection[tuple[int, int]]) -> None:
    for site_id in {site for pair in ends for site in pair}:
        ctx.require(Right.IMPORT_DATA, site_id)
