"""What people have set of how a site's orders are planned."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from typing import Any

from psycopg.types.json import Jsonb

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.planning.model import Params
from shelfwise.planning.standing import Aim, Target
from shelfwise.records.company import carrying_rate
from shelfwise.records.service import site_by_id
from shelfwise.store.database import run, value

KEPT = ("service_level", "targets", "ordering_cost", "longest_cover_days", "budget", "pallets")
"""The rest is told elsewhere, or is of no concern to a person."""


def params_of(ctx: Context, site_id: int) -> Params:
    """How orders of a site are planned: as somebody has set it, else as is usual. What keeping stock costs is the
    company's."""
    ctx.require(Right.VIEW, site_id)
    told: dict[str, Any] = (
        value(ctx.tx, "select value from setting where tenant_id = %s and name = %s", (ctx.tenant, _name(site_id)))
        or {}
    )
    known = {name: told[name] for name in KEPT if name in told}
    if known.get("targets"):
        known["targets"] = tuple(Target(Aim(one["aim"]), one["level"]) for one in known["targets"])
    rate = carrying_rate(ctx)
    params = Params(**known)
    return params if rate is None else replace(params, holding_rate=float(rate))


def set_params(ctx: Context, site_id: int, params: Params) -> None:
    """Plan a site's orders so from now on; items race again for a target of another kind or level.

    Raises:
        NotFound: there is no such site.
    """
    ctx.require(Right.RUN_PLANNING, site_id)
    site_by_id(ctx, site_id)
    told = asdict(params)
    kept = {one.name: told[one.name] for one in fields(Params) if one.name in KEPT}
    run(
        ctx.tx,
        """insert into setting (tenant_id, name, value) values (%s, %s, %s)
           on conflict (tenant_id, name) do update set value = excluded.value""",
        (ctx.tenant, _name(site_id), Jsonb(kept)),
    )
    ctx.audit("planning.set", f"site:{site_id}", **{name: one for name, one in kept.items() if one is not None})


def _name(site_id: int) -> str:
    return f"planning:{site_id}"
