"""Watching temperatures: excursions are opened, confirmed and ended as readings come; alerts follow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from shelfwise.access.context import Context, business_time
from shelfwise.access.model import Right
from shelfwise.condition import alarms, tables
from shelfwise.condition.alarms import KIND
from shelfwise.condition.late import judge_anew
from shelfwise.condition.model import Reading, Spell, State, Transition, is_known, step
from shelfwise.condition.tables import Excursion, Key, Watched, ZoneState
from shelfwise.core.errors import NotFound
from shelfwise.edge.tables import StoredReading
from shelfwise.store.database import notify

# What arrives so long after it was measured is told as of the past. In the fast time of a demo it is longer.
LATE = timedelta(minutes=15)


def watch(ctx: Context, facts: Sequence[StoredReading]) -> None:
    """Judge temperatures against the limit of the zone their device stood in then; other readings are passed over.

    An excursion that is confirmed raises an alert (kind 'temperature', subject 'zone:ID') and publishes
    'condition.excursion'; its end publishes 'condition.recovered', and clears the alert once no device in the zone
    is outside. A device that was moved to another zone ends with its move what it had begun in the old one; what comes
    late from before the move is still judged there. A time from the future counts from its arrival, so that a clock
    that ran ahead once silences nothing.

    Whatever order readings come in, the same excursions are written down in the end. What is told late raises no alarm
    as if it were so now, but an alert of its own (kind 'temperature_past', subject 'excursion:ID').
    """
    ctx.require(Right.HANDLE_ALERTS)
    readings = [fact for fact in facts if fact.kind == KIND and is_known(fact.counts_as)]
    if not readings:
        return
    devices = sorted({fact.device for fact in readings})
    zones = tables.watched(ctx.tx, ctx.tenant, devices)
    known = tables.states(ctx.tx, ctx.tenant, devices)
    late_after = LATE * max(1.0, business_time(ctx.tx, ctx.tenant).rate)
    judged: dict[Key, datetime] = {}
    changed: set[Key] = set()
    behind: dict[tuple[Key, datetime | None], tuple[Watched, list[StoredReading]]] = {}
    for fact in sorted(readings, key=lambda fact: fact.counts_from):
        zone = next((one for one in zones.get(fact.device, ()) if one.covers(fact.counts_from)), None)
        if zone is None:
            continue
        key = (zone.zone_id, fact.device)
        excursion_id, before = known.get(key, (None, State()))
        if not zone.limited and excursion_id is None:
            continue
        if before.last_observed_at is not None and fact.counts_from <= before.last_observed_at:
            behind.setdefault((key, zone.from_at), (zone, []))[1].append(fact)
            continue
        after, transitions = step(before, Reading(fact.counts_from, fact.counts_as), zone.limit)
        if after == before or after.last_observed_at is None:
            continue
        judged[key] = after.last_observed_at
        changed.add(key)
        late = fact.received_at - fact.counts_from > late_after
        for transition in transitions:
            excursion_id = _follow(ctx, zone, key, excursion_id, before, after, transition, late)
        if excursion_id is not None and after.confirmed_at is not None and not late and fact.counts_as is not None:
            _alarm_once(ctx, zone, excursion_id, after, fact.counts_from, fact.counts_as)
        known[key] = (excursion_id, after)
    for key in sorted(changed):
        excursion_id, state = known[key]
        if excursion_id is not None:
            tables.update_excursion(ctx.tx, ctx.tenant, excursion_id, state)
    for (key, _), (zone, late_ones) in sorted(behind.items(), key=lambda one: str(one[0])):
        last = known[key][1].last_observed_at
        stands = None if last is None else judge_anew(ctx, zone, late_ones, last)
        if stands is not None:
            known[key] = stands
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
    late: bool,
) -> int | None:
    """Do what follows from a transition; returns the excursion that is open afterwards."""
    if transition.kind == "started" or excursion_id is None:
        excursion_id = tables.insert_excursion(ctx.tx, ctx.tenant, key, after)
        notify(ctx.tx, "live", "floor")
        return excursion_id
    # What the batch has changed so far is written down first: other devices' ends look at what is confirmed.
    tables.update_excursion(ctx.tx, ctx.tenant, excursion_id, after if transition.kind == "confirmed" else before)
    if transition.kind == "confirmed":
        tables.note_told(ctx.tx, ctx.tenant, excursion_id, ctx.now)
        alarms.publish_excursion(ctx, zone, excursion_id, after, transition.at)
        if late:
            alarms.tell_past(ctx, zone, excursion_id, Spell(after, None), ctx.now)
        return excursion_id
    tables.end_excursion(ctx.tx, ctx.tenant, excursion_id, transition.at)
    notify(ctx.tx, "live", "floor")
    if transition.kind == "recovered":
        alarms.publish_recovered(ctx, zone, excursion_id, before, transition.at)
        if not tables.is_alarmed(ctx.tx, ctx.tenant, excursion_id):
            alarms.tell_past(ctx, zone, excursion_id, Spell(before, transition.at), ctx.now)
        alarms.clear(ctx, zone.zone_id)
    return None


def _alarm_once(ctx: Context, zone: Watched, excursion_id: int, state: State, at: datetime, degc: float) -> None:
    """Give the alarm for what lasts, once; also for what was told late until now and is heard to last still."""
    if tables.is_alarmed(ctx.tx, ctx.tenant, excursion_id):
        return
    alarms.alarm(ctx, zone, excursion_id, state, at, degc)


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
        alarms.clear(ctx, zone_id)


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
    """The zones of a site, by code, with their temperature and what is wrong with it."""
    ctx.require(Right.VIEW, site_id)
    return tables.zone_states(ctx.tx, ctx.tenant, site_id, ctx.now)
