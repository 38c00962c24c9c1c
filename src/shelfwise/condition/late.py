"""Readings that come behind what was judged: the time around them is judged anew, as if all had come in order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from shelfwise.access.context import Context
from shelfwise.condition import alarms, tables
from shelfwise.condition.model import Reading, Spell, State, timeline
from shelfwise.condition.tables import Key, Known, Watched
from shelfwise.edge.health import service as health
from shelfwise.edge.history import service as history
from shelfwise.edge.model import FARTHEST_AHEAD
from shelfwise.edge.tables import StoredReading

# The first stretch that is judged anew behind the last late reading; doubled until old and new agree.
_FIRST_STRETCH = timedelta(hours=6)


def judge_anew(
    ctx: Context, zone: Watched, late: Sequence[StoredReading], judged: datetime
) -> tuple[int | None, State] | None:
    """Judge a device's stay in a zone anew from the first late reading on; it is told what changed.

    Begins inside: where something that lasted then was open, with its beginning. Ends where old and new agree that the
    zone was inside, else with all that was judged.

    Args:
        judged: the newest reading that was judged in this zone.

    Returns:
        how it stands now: the open excursion, if there is one, and the state; None where that did not change.
    """
    key = (zone.zone_id, late[0].device)
    first, last = min(fact.counts_from for fact in late), max(fact.counts_from for fact in late)
    known = tables.known_since(ctx.tx, ctx.tenant, key, first)
    begins = min([first, *(one.started_at for one in known if one.covers(first))])
    stretch = _FIRST_STRETCH
    while True:
        until = min(last + stretch, judged)
        spells, state = timeline(_told(ctx, zone, key[1], begins, until), zone.limit)
        if until == judged or (state.started_at is None and not any(one.covers(until) for one in known)):
            break
        stretch *= 2
    affected = [one for one in known if one.started_at <= until]
    numbers = _rewrite(ctx, key, affected, spells, until == judged)
    told_at = max(fact.received_at for fact in late)
    before = {one.excursion_id: one for one in affected}
    for number, spell in zip(numbers, spells, strict=True):
        _tell(ctx, zone, number, spell, before.get(number), told_at)
    for gone in sorted(set(before) - set(numbers)):
        alarms.clear_past(ctx, gone)
    alarms.clear(ctx, zone.zone_id)
    if until < judged:
        return None
    is_open = bool(spells) and spells[-1].ended_at is None
    return (numbers[-1] if is_open else None), (spells[-1].state if is_open else State(state.last_observed_at))


def _told(ctx: Context, zone: Watched, device: str, since: datetime, until: datetime) -> list[Reading]:
    """What a device said from `since` until `until`, both included, while it stood in the zone."""
    # A clock that ran ahead put its readings behind this time; they count from their arrival.
    found = history.told_one_by_one(ctx, device, alarms.KIND, since - FARTHEST_AHEAD, until + FARTHEST_AHEAD)
    facts = [
        StoredReading(0, 0, device, alarms.KIND, one.value, None, one.observed_at, one.received_at) for one in found
    ]
    return [
        Reading(fact.counts_from, fact.counts_as)
        for fact in health.corrected(ctx, facts)
        if since <= fact.counts_from <= until and zone.covers(fact.counts_from)
    ]


def _rewrite(ctx: Context, key: Key, known: Sequence[Known], spells: Sequence[Spell], to_the_end: bool) -> list[int]:
    """Write down what is so now in the place of what was thought; returns the excursions' numbers in order.

    One that began when another is known to have, or lasted while it did, keeps its number.
    """
    left = list(known)
    numbers: list[int | None] = []
    for spell in spells:
        same = next((one for one in left if one.started_at == spell.started_at), None) or next(
            (one for one in left if spell.covers(one.started_at) or one.covers(spell.started_at)), None
        )
        if same is not None:
            left.remove(same)
        numbers.append(None if same is None else same.excursion_id)
    tables.remove_excursions(ctx.tx, ctx.tenant, [one.excursion_id for one in left])
    written = []
    for number, spell in zip(numbers, spells, strict=True):
        # One row may be open at a time, so each is made with its end.
        if number is None:
            number = tables.insert_excursion(ctx.tx, ctx.tenant, key, spell.state, spell.ended_at)
        else:
            tables.rewrite_excursion(ctx.tx, ctx.tenant, number, spell)
        written.append(number)
    return written


def _tell(ctx: Context, zone: Watched, number: int, spell: Spell, before: Known | None, told_at: datetime) -> None:
    if spell.state.confirmed_at is None:
        alarms.clear_past(ctx, number)
        return
    was_confirmed = before is not None and before.confirmed_at is not None
    if was_confirmed and before is not None and before.alarmed:
        return
    tables.note_told(ctx.tx, ctx.tenant, number, told_at)
    changed = before is None or not was_confirmed or before.ended_at != spell.ended_at
    if changed or (before is not None and before.started_at != spell.started_at):
        alarms.tell_past(ctx, zone, number, spell, told_at)
    if not was_confirmed:
        alarms.publish_excursion(ctx, zone, number, spell.state, spell.state.confirmed_at)
