"""Watching temperatures: excursions are opened, confirmed and ended as readings come; alerts follow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.condition import tables
from shelfwise.condition.model import Reading, State, Transition, step
from shelfwise.condition.tables import Excursion, Key, Watched, ZoneState
from shelfwise.core.errors import NotFound
from shelfwise.edge.tables import StoredReading
from shelfwise.store.database import notify
from shelfwise.work.alerts import clear_alert, raise_alert

KIND = "temperature"


def watch(ctx: Context, facts: Sequence[StoredReading]) -> None:
    """Judge temperatures against the limit of the zone their device stood in then; other readings are passed over.

    An excursion that is confirmed raises an alert (kind 'temperature', subject 'zone:ID') and publishes
    'condition.excursion'; its end publishes 'condition.recovered', and clears the alert once no device in the zone
    is outside. A device that was moved to another zone ends with its move what it had begun in the old one; what comes
    late from before the move is still judged there. A time from the future counts from its arrival, so that a clock
    that ran ahead once silences nothing.
    """
    ctx.require(Right.HANDLE_ALERTS)
    readings = [fact for fact in facts if fact.kind == KIND]
    if not readings:
        return
    devices = sorted({fact.device for fact in readings})
    zones = tables.watched(ctx.tx, ctx.tenant, devices)
    known = tables.states(ctx.tx, ctx.tenant, devices)
    judged: dict[Key, datetime] = {}
    changed: set[Key] = set()
    for fact in readings:
        zone = next((one for one in zones.get(fact.device, ()) if one.covers(fact.counts_from)), None)
        if zone is None:
            continue
        key = (zone.zone_id, fact.device)
        excursion_id, before = known.get(key, (None, State()))
        if not zone.limited and excursion_id is None:
            continue
        after, transitions = step(before, Reading(fact.counts_from, fact.value), zone.limit)
        if after == before or after.last_observed_at is None:
            continue
        judged[key] = after.last_observed_at
        changed.add(key)
        for transition in transitions:
            excursion_id = _follow(ctx, zone, key, excursion_id, before, after, transition)
        known[key] = (excursion_id, after)
    for key in sorted(changed):
        excursion_id, state = known[key]
        if excursion_id is not None:
            tables.update_excursion(ctx.tx, ctx.tenant, excursion_id, state)
    _leave_old_zones(ctx, zones, known)
    if judged:
        tables.remember_judged(ctx.tx, ctx.tenant, dict(sorted(judged.items())))


def _follow(
    ctx: Context,
    zone: Watched,
    key: Key,
    excursion_id: int | None,
    before: State,
    after: State,
    transition: Transition,
) -> int | None:
    """Do what follows from a transition; returns the excursion that is open afterwards."""
    if transition.kind == "started" or excursion_id is None:
        excursion_id = tables.insert_excursion(ctx.tx, ctx.tenant, key, after)
        notify(ctx.tx, "live", "floor")
        return excursion_id
    # What the batch has changed so far is written down first: other devices' ends look at what is confirmed.
    tables.update_excursion(ctx.tx, ctx.tenant, excursion_id, after if transition.kind == "confirmed" else before)
    if transition.kind == "confirmed":
        return _confirm(ctx, zone, excursion_id, after, transition)
    tables.end_excursion(ctx.tx, ctx.tenant, excursion_id, transition.at)
    notify(ctx.tx, "live", "floor")
    if transition.kind == "recovered":
        ctx.publish("condition.recovered", f"zone:{zone.zone_id}", transition.at, **_data(zone, excursion_id, before))
        _clear(ctx, zone.zone_id)
    return None


def _confirm(ctx: Context, zone: Watched, excursion_id: int, state: State, transition: Transition) -> int:
    limit, started_at = zone.limit, state.started_at or transition.at
    since = started_at.astimezone(ZoneInfo(zone.time_zone))
    minutes = (transition.at - started_at).total_seconds() / 60
    raise_alert(
        ctx,
        KIND,
        f"zone:{zone.zone_id}",
        "danger",
        f"{zone.name} is at {transition.degc:.1f} °C, limit {limit.crossed(transition.degc):g} °C",
        f"{zone.device} has been outside its limit ({limit}) since {since:%d %b %H:%M}, for {minutes:.0f} min; "
        f"the worst was {state.worst:.1f} °C. Look at the door and the cooling, and at the goods.",
        f"/zones/{zone.zone_id}",
        {
            "zone_id": zone.zone_id,
            "device": zone.device,
            "excursion_id": excursion_id,
            "low_degc": limit.low,
            "high_degc": limit.high,
            "delay_s": limit.delay.total_seconds(),
            "started_at": started_at.isoformat(),
            "readings": [{"observed_at": one.observed_at.isoformat(), "degc": one.degc} for one in state.readings],
        },
        site_id=tables.site_of_zone(ctx.tx, ctx.tenant, zone.zone_id),
    )
    ctx.publish("condition.excursion", f"zone:{zone.zone_id}", transition.at, **_data(zone, excursion_id, state))
    notify(ctx.tx, "live", "floor")
    return excursion_id


def _data(zone: Watched, excursion_id: int, state: State) -> dict[str, Any]:
    return {
        "zone_id": zone.zone_id,
        "device": zone.device,
        "excursion_id": excursion_id,
        "started_at": None if state.started_at is None else state.started_at.isoformat(),
        "worst_degc": state.worst,
    }


def _clear(ctx: Context, zone_id: int) -> None:
    if not tables.confirmed_elsewhere(ctx.tx, ctx.tenant, zone_id):
        clear_alert(ctx, KIND, f"zone:{zone_id}")


def _leave_old_zones(ctx: Context, zones: dict[str, list[Watched]], known: dict[Key, tuple[int | None, State]]) -> None:
    """End what devices began in zones that they have left, with the time of the move."""
    for (zone_id, device), (excursion_id, state) in sorted(known.items(), key=lambda one: one[0]):
        if excursion_id is None:
            continue
        stays = [one.until_at for one in zones.get(device, ()) if one.zone_id == zone_id]
        if None in stays:
            continue
        left_at = max((one for one in stays if one is not None), default=ctx.now)
        tables.end_excursion(ctx.tx, ctx.tenant, excursion_id, left_at)
        known[zone_id, device] = (None, State(state.last_observed_at))
        _clear(ctx, zone_id)


def open_excursions(ctx: Context) -> list[Excursion]:
    """Excursions that last, also those not yet confirmed, oldest first; of the sites that the actor may see."""
    return tables.open_excursions(ctx.tx, ctx.tenant, ctx.sites(Right.VIEW))


def excursions(ctx: Context, zone_id: int, since: datetime) -> list[Excursion]:
    """Excursions of a zone that lasted beyond `since`, oldest first; unconfirmed ones are among them.

    Raises:
        NotFound: there is no such zone.
    """
    ctx.require_somewhere(Right.VIEW)
    site_id = tables.site_of_zone(ctx.tx, ctx.tenant, zone_id)
    if site_id is None:
        raise NotFound("zone", zone_id)
    ctx.require(Right.VIEW, site_id)
    return tables.excursions(ctx.tx, ctx.tenant, zone_id, since)


def zone_states(ctx: Context, site_id: int) -> list[ZoneState]:
    """The zones of a site, by code, with their newest temperature and what is wrong with it."""
    ctx.require(Right.VIEW, site_id)
    return tables.zone_states(ctx.tx, ctx.tenant, site_id)
