"""People set other quantities than the forecast's, with a reason; planning goes by them, and they are scored too."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.clocks import local_day
from shelfwise.core.errors import Invalid, NotFound, Refused
from shelfwise.demand import figures
from shelfwise.demand.model import screen
from shelfwise.demand.overrides import tables
from shelfwise.demand.overrides.model import LONGEST_DAYS, Override, changed, faults, off_by
from shelfwise.demand.service import StoredForecast, history, latest, latest_of
from shelfwise.demand.tables import lock_site
from shelfwise.records.service import item, site_by_id
from shelfwise.store.database import notify

# Late sales still change a score for so long after the days are over.
RESCORED = timedelta(days=7)
SHOWN = 200


def set_override(
    ctx: Context, item_id: int, site_id: int, *, first_day: date, last_day: date, quantity: Decimal | None = None,
    change: Decimal | None = None, reason: str,
) -> int:  # fmt: skip
    """Set another quantity for some days, or a change of what is forecast; the model's forecast stays beside it.

    Returns:
        Its id.

    Raises:
        Invalid: the days, the quantity or the reason cannot be right.
        NotFound: there is no such item or site.
        Refused: another one stands for some of these days, or there is no forecast that it could stand beside.
    """
    ctx.require(Right.RUN_PLANNING, site_id)
    zone = site_by_id(ctx, site_id).zone_info
    known = item(ctx, item_id)
    today = local_day(ctx.now, zone)
    if wrong := faults(first_day, last_day, quantity, change, reason, today):
        raise Invalid(*wrong)
    lock_site(ctx.tx, ctx.tenant, site_id)
    forecast = latest(ctx, site_id, item_id)
    if forecast is None or not forecast.enough:
        raise Refused(f"There is no forecast of {known.sku} yet that could be changed: set your own rule instead.")
    for one in tables.standing(ctx.tx, ctx.tenant, site_id, first_day, [item_id]):
        if one.first_day <= last_day:
            raise Refused(
                f"{one.set_by} has set {one.first_day} to {one.last_day} already ({one.reason}): take that back first."
            )
    made = tables.insert(
        ctx.tx, ctx.tenant, item_id, site_id, first_day, last_day, quantity, change, reason.strip(), ctx.actor.by,
        ctx.now,
    )  # fmt: skip
    ctx.audit(
        "forecast.overridden", f"item:{item_id}", site_id=site_id, override_id=made, first_day=first_day.isoformat(),
        last_day=last_day.isoformat(), quantity=None if quantity is None else str(quantity),
        change=None if change is None else str(change), reason=reason.strip()[:500],
    )  # fmt: skip
    notify(ctx.tx, "live", "proposals")
    return made


def take_back_override(ctx: Context, override_id: int) -> Override:
    """Planning goes by the model again. One that is taken back already, or over, stays as it is.

    Raises:
        NotFound: there is no such override.
        Forbidden: without the right to plan at its site.
    """
    one = tables.by_id(ctx.tx, ctx.tenant, override_id)
    if one is None:
        ctx.require_somewhere(Right.RUN_PLANNING)
        raise NotFound("change of a forecast", override_id)
    ctx.require(Right.RUN_PLANNING, one.site_id)
    if one.stands(local_day(ctx.now, site_by_id(ctx, one.site_id).zone_info)):
        tables.take_back(ctx.tx, ctx.tenant, override_id, ctx.actor.by, ctx.now)
        ctx.audit(
            "forecast.override_taken_back", f"item:{one.item_id}", site_id=one.site_id, override_id=override_id,
            first_day=one.first_day.isoformat(), last_day=one.last_day.isoformat(),
        )  # fmt: skip
    return tables.by_id(ctx.tx, ctx.tenant, override_id) or one


def overrides(ctx: Context, site_id: int, item_id: int | None = None) -> list[Override]:
    """What was set at a site, or of one item there, the newest first."""
    ctx.require(Right.VIEW, site_id)
    return tables.of_site(ctx.tx, ctx.tenant, site_id, item_id, SHOWN)


def expected_of(ctx: Context, site_id: int, item_ids: Collection[int] | None = None) -> dict[int, StoredForecast]:
    """The newest forecasts as planning goes by them: with what people set for days that they reach."""
    ctx.require(Right.VIEW, site_id)
    today = local_day(ctx.now, site_by_id(ctx, site_id).zone_info)
    found = latest_of(ctx, site_id, item_ids)
    for one in tables.standing(ctx.tx, ctx.tenant, site_id, today, item_ids):
        forecast = found.get(one.item_id)
        if forecast is not None and forecast.enough:
            found[one.item_id] = replace(forecast, paths=changed(forecast.paths, forecast.first_day, [one]))
    return found


def score_overrides(ctx: Context, site_id: int, day: date) -> int:
    """Lay what was set beside what the model had said and what came, once the days are over by `day`; returns how many.

    The model's word is that of the evening before the change began to count. Of more days than a forecast reaches,
    those that it does.

    Raises:
        NotFound: there is no such site.
    """
    ctx.require(Right.RUN_PLANNING, site_id)
    zone = site_by_id(ctx, site_id).zone_info
    done = 0
    for one in tables.standing(ctx.tx, ctx.tenant, site_id, day - RESCORED - timedelta(days=LONGEST_DAYS), None):
        begins = max(one.first_day, local_day(one.set_at, zone))
        number = tables.forecast_before(ctx.tx, ctx.tenant, one.item_id, site_id, begins)
        if begins > day or number is None:
            continue
        (forecast,) = figures.forecasts(ctx, site_id, [number])
        over = min(one.last_day, forecast.origin + timedelta(days=forecast.horizon))
        if not forecast.enough or not over <= day <= over + RESCORED:
            continue
        known = history(ctx, site_id, [one.item_id], day).get(one.item_id)
        if known is None or known.first_day > forecast.first_day:
            continue
        judged, _ = screen(known)
        at = (forecast.first_day - known.first_day).days
        scored = replace(one, first_day=begins, quantity=one.quantity and one.quantity * _rest(one, begins))
        score = off_by(scored, forecast.paths, forecast.first_day, judged.quantity[at:], ~judged.masked[at:])
        tables.set_score(ctx.tx, ctx.tenant, one.override_id, *score)
        done += 1
    return done


def _rest(one: Override, begins: date) -> Decimal:
    """The share of its days that was still ahead when it began to count."""
    return Decimal((one.last_day - begins).days + 1) / one.days
