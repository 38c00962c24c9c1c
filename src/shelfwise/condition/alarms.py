"""What people are told of excursions: an alarm for what is so now, and a quieter word for what was, told late."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from shelfwise.access.context import Context
from shelfwise.condition import tables
from shelfwise.condition.model import Limit, Spell, State
from shelfwise.condition.tables import Watched
from shelfwise.condition.weighing import TO_CHECK, only_doubted
from shelfwise.store.database import notify
from shelfwise.work.alerts import clear_alert, raise_alert

KIND = "temperature"
PAST = "temperature_past"


def alarm(ctx: Context, zone: Watched, excursion_id: int, state: State, at: datetime, degc: float) -> None:
    """A zone is outside its limit for longer than its delay, now."""
    limit, started_at = zone.limit, state.started_at or at
    minutes = (at - started_at).total_seconds() / 60
    title = f"{zone.name} is at {degc:.1f} °C, limit {limit.crossed(degc):g} °C"
    look = "Look at the door and the cooling, and at the goods."
    doubt = only_doubted(ctx, zone.zone_id, limit)
    if doubt:
        title, look = f"{TO_CHECK}{title}", f"But {doubt} Hold another thermometer beside it now. {look}"
    raise_alert(
        ctx,
        "temperature",
        f"zone:{zone.zone_id}",
        "attention" if doubt else "danger",
        title,
        f"{zone.device} has been outside its limit ({limit}) since {_there(started_at, zone)}, for {minutes:.0f} min; "
        f"the worst was {state.worst:.1f} °C. {look}",
        f"/zones/{zone.zone_id}",
        evidence(zone, limit, excursion_id, state),
        site_id=tables.site_of_zone(ctx.tx, ctx.tenant, zone.zone_id),
    )
    tables.note_alarmed(ctx.tx, ctx.tenant, excursion_id)
    notify(ctx.tx, "live", "floor")


def tell_past(ctx: Context, zone: Watched, excursion_id: int, spell: Spell, told_at: datetime) -> None:
    """A zone was outside its limit, and we hear of it only now: nobody has to run, somebody has to judge the goods.

    Told again when more is known of it.
    """
    state, limit = spell.state, zone.limit
    worst = state.worst or 0.0
    bound = limit.crossed(worst) or 0.0
    until = f"to {_there(spell.ended_at, zone)}" if spell.ended_at else "until it was last heard"
    raise_alert(
        ctx,
        "temperature_past",
        f"excursion:{excursion_id}",
        "attention",
        f"{zone.name} was at {worst:.1f} °C, limit {bound:g} °C: in the past, told late",
        f"{zone.device} was outside its limit ({limit}) from {_there(spell.started_at, zone)} {until}, and told of it "
        f"on {_there(told_at, zone)}. Judge the goods that lay there then; nothing has to be done at the door now.",
        f"/zones/{zone.zone_id}",
        evidence(zone, limit, excursion_id, state)
        | {"told_at": told_at.isoformat(), "ended_at": spell.ended_at and spell.ended_at.isoformat()},
        site_id=tables.site_of_zone(ctx.tx, ctx.tenant, zone.zone_id),
    )


def clear_past(ctx: Context, excursion_id: int) -> None:
    """What was told late turned out not to have been so."""
    clear_alert(ctx, PAST, f"excursion:{excursion_id}")


def clear(ctx: Context, zone_id: int) -> None:
    """The alarm of a zone ends with the last excursion of which it was given."""
    if not tables.confirmed_elsewhere(ctx.tx, ctx.tenant, zone_id):
        clear_alert(ctx, KIND, f"zone:{zone_id}")


def publish_excursion(ctx: Context, zone: Watched, excursion_id: int, state: State, at: datetime) -> None:
    ctx.publish("condition.excursion", f"zone:{zone.zone_id}", at, **_data(zone, excursion_id, state))
    notify(ctx.tx, "live", "floor")


def publish_recovered(ctx: Context, zone: Watched, excursion_id: int, state: State, at: datetime) -> None:
    ctx.publish("condition.recovered", f"zone:{zone.zone_id}", at, **_data(zone, excursion_id, state))


def _data(zone: Watched, excursion_id: int, state: State) -> dict[str, Any]:
    return {
        "zone_id": zone.zone_id,
        "device": zone.device,
        "excursion_id": excursion_id,
        "started_at": None if state.started_at is None else state.started_at.isoformat(),
        "worst_degc": state.worst,
    }


def evidence(zone: Watched, limit: Limit, excursion_id: int, state: State) -> dict[str, Any]:
    return {
        "zone_id": zone.zone_id,
        "device": zone.device,
        "excursion_id": excursion_id,
        "low_degc": limit.low,
        "high_degc": limit.high,
        "delay_s": limit.delay.total_seconds(),
        "started_at": None if state.started_at is None else state.started_at.isoformat(),
        "readings": [{"observed_at": one.observed_at.isoformat(), "degc": one.degc} for one in state.readings],
    }


def _there(at: datetime, zone: Watched) -> str:
    return f"{at.astimezone(ZoneInfo(zone.time_zone)):%d %b %H:%M}"
