"""Which devices to believe: learning from each reading, judging by the hour, and telling people what is in doubt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import NotFound
from shelfwise.edge.deviation import EXACT
from shelfwise.edge.devices import require_at, site_of_device
from shelfwise.edge.health import battery, corrections, curves, drift, scale, silence, tables, telling
from shelfwise.edge.health.battery import Charge
from shelfwise.edge.health.clock import correction_s, still_holds
from shelfwise.edge.health.corrections import Correction
from shelfwise.edge.health.model import (
    CALIBRATE_SOON,
    CALIBRATION,
    CURVES,
    IN_DOUBT,
    SCALE,
    Finding,
    State,
    findings,
    member,
    take,
)
from shelfwise.edge.health.pairs import WINDOW
from shelfwise.edge.health.rhythm import usual_gap
from shelfwise.edge.health.tables import Calibration, Doubt, Key, Reference, Watched
from shelfwise.edge.tables import StoredReading


@dataclass(frozen=True)
class Known:
    """How a device reports one kind. Seconds; None: not learned, or it does not apply."""

    kind: str
    usual_s: float | None
    silent_after_s: float | None
    correction_s: float | None


@dataclass(frozen=True)
class Health:
    """What the page of one device shows.

    Attributes:
        compared_with: by kind of curve, the devices in its zone that it is compared with.
        corrections: what was and is allowed for, the newest first.
        references: (kind, what it showed while the truth was known), newest first.
    """

    open: list[Doubt]
    over: list[Doubt]
    known: list[Known]
    charge: Charge | None
    calibrations: list[Calibration]
    corrections: list[Correction]
    references: list[tuple[str, Reference]]
    compared_with: list[tuple[str, list[str]]]


# Sensors that stand together are compared in groups of at most so many: more would say nothing new.
_GROUP = 8


def learn(ctx: Context, facts: Sequence[StoredReading]) -> None:
    """Take readings into account. A consumer of READINGS; what it learns is judged apart, by the hour.

    What a device says itself counts here: a correction that begins is no jump of the sensor.
    """
    keys = {(fact.device, fact.kind) for fact in facts}
    known = tables.states(ctx.tx, ctx.tenant, keys)
    for fact in facts:
        key = fact.device, fact.kind
        state = known.get(key)
        if state is None:
            state = known[key] = State()
        take(state, fact)
    tables.keep_states(ctx.tx, ctx.tenant, known)


def corrected(ctx: Context, facts: Sequence[StoredReading]) -> Sequence[StoredReading]:
    """The readings, with what their device is known to be off by, its clock and its values.

    `counts_from` and `counts_as` then allow for it.
    """
    names = sorted({fact.device for fact in facts})
    if wrong := tables.corrections(ctx.tx, ctx.tenant, names):
        facts = [_correct(fact, wrong.get((fact.device, fact.kind))) for fact in facts]
    return corrections.amended(facts, corrections.corrections_of(ctx.tx, ctx.tenant, names))


def _correct(fact: StoredReading, seconds: float | None) -> StoredReading:
    if seconds is None or fact.observed_at == fact.received_at:
        return fact
    if not still_holds(seconds, fact.observed_at.timestamp(), fact.received_at.timestamp()):
        return fact
    return replace(fact, correction=timedelta(seconds=seconds))


def look_for_silence(ctx: Context, least: timedelta) -> int:
    """Tell of devices that are silent against their own rhythm, and of those that are back; returns how many are.

    Args:
        least: no shorter silence is told.
    """
    ctx.require(Right.HANDLE_ALERTS)
    heard = tables.heard(ctx.tx, ctx.tenant)
    quiet = silence.quiet(heard, ctx.now, least)
    telling.tell_silence(ctx, quiet, silence.outages(heard, quiet, ctx.now))
    return len(quiet)


def judge(ctx: Context) -> int:
    """Judge what was learned of every device, and tell of what is new or over; returns how much is not as it should be.

    Meant for the end of each hour. Judged twice it tells and learns nothing twice.
    """
    ctx.require(Right.HANDLE_ALERTS)
    known = tables.watched(ctx.tx, ctx.tenant)
    open_ = tables.open_doubts(ctx.tx, ctx.tenant, None)
    found: dict[str, list[Finding]] = defaultdict(list)
    groups: dict[tuple[int | None, str], list[Watched]] = defaultdict(list)
    for one in known:
        curves = one.kind in CURVES and one.zone_id is not None
        groups[(one.zone_id, one.kind) if curves else (None, "")].append(one)
    for (_, kind), members in groups.items():
        for group in _split(members) if kind else ([one] for one in members):
            for device, finding in _judge_group(ctx, group, kind, open_):
                found[device].append(finding)
    for device, finding in chain(_scales(ctx, known), _calibrations(ctx)):
        found[device].append(finding)
    telling.tell(ctx, found, open_, {one.device: one.site_id for one in known})
    return sum(map(len, found.values()))


def _split(members: Sequence[Watched]) -> Iterator[Sequence[Watched]]:
    parts = -(-len(members) // _GROUP)
    for part in range(parts):
        yield members[part::parts]


def _judge_group(
    ctx: Context, group: Sequence[Watched], kind: str, open_: Sequence[Doubt]
) -> Iterator[tuple[str, Finding]]:
    """What is not as it should be with sensors of one kind that stand together, or with one device of any kind."""
    names = [one.device for one in group]
    drifting = {one.device: one for one in open_ if one.cause == "drift" and one.kind == kind and one.device in names}
    verdicts = _compare(ctx, group, kind, drifting, open_) if kind else {}
    for one in group:
        others = [other.state.shape for other in group if other is not one and other.state.shape is not None]
        for finding in findings(one.kind, one.state, others, verdicts.get(one.device), one.device in drifting, ctx.now):
            yield one.device, finding


def _compare(
    ctx: Context, group: Sequence[Watched], kind: str, drifting: dict[str, Doubt], open_: Sequence[Doubt]
) -> dict[str, drift.Verdict]:
    hour = int(ctx.now.timestamp() // 3600) - 1
    members = {one.device: member(one.device, one.state.shape, one.days) for one in group if one.state.shape}
    zone = drift.Zone(kind, members, curves.references(ctx.tx, ctx.tenant, kind, sorted(members)))
    odd = {one.device for one in open_ if one.kind == kind and one.cause in IN_DOUBT and one.cause != "drift"}
    certain = {name for name, one in drifting.items() if not one.evidence.get("alone")}
    verdicts = drift.judge(zone, hour, drift.usual(zone, hour // WINDOW), certain | odd)
    zone_id = group[0].zone_id
    if zone_id is not None and hour % WINDOW == WINDOW - 1:
        wrong = odd | set(drifting) | {name for name, one in verdicts.items() if (one.score or 0.0) >= 1.0}
        learned = drift.learn(zone, hour, wrong)
        curves.keep(ctx.tx, ctx.tenant, kind, zone_id, learned.days)
        curves.keep_references(ctx.tx, ctx.tenant, kind, learned.references)
    return verdicts


def _scales(ctx: Context, known: Iterable[Watched]) -> Iterator[tuple[str, Finding]]:
    since = {one.device: one.holds_since for one in tables.calibrations(ctx.tx, ctx.tenant) if one.kind == "weight"}
    for one in known:
        if one.kind != "weight":
            continue
        told = tables.references(ctx.tx, ctx.tenant, one.device, "weight", since.get(one.device), scale.KEPT)
        held = corrections.holding(ctx, one.device, "weight")
        off = EXACT if held is None else held.deviation
        error = scale.error([scale.Weighing(by.truth, off.truth(by.shown)) for by in told])
        if error is not None and error.in_doubt:
            about = {"weighings": error.weighings, "zero_g": round(error.zero_g, 1)}
            yield one.device, Finding("weight", SCALE, told[0].at, error.percent, about)


def _calibrations(ctx: Context) -> Iterator[tuple[str, Finding]]:
    for one in tables.calibrations(ctx.tx, ctx.tenant):
        if one.due_on is not None and one.due_on - ctx.now.date() <= CALIBRATE_SOON:
            days = float((one.due_on - ctx.now.date()).days)
            yield one.device, Finding(one.kind, CALIBRATION, ctx.now, days, {"due_on": one.due_on.isoformat()})


def doubts(ctx: Context) -> list[Doubt]:
    """What is not as it should be with devices at the sites that the actor may see, oldest first."""
    return tables.open_doubts(ctx.tx, ctx.tenant, ctx.sites(Right.VIEW))


def in_doubt(ctx: Context) -> dict[Key, Doubt]:
    """By (device, kind): the oldest reason to doubt what it says, where nobody has said that it is right."""
    found: dict[Key, Doubt] = {}
    for one in doubts(ctx):
        if one.cause in IN_DOUBT and (one.quiet_until is None or one.quiet_until <= ctx.now):
            found.setdefault((one.device, one.kind), one)
    return found


def doubts_between(ctx: Context, device: str, kind: str, since: datetime, until: datetime) -> list[Doubt]:
    """Reasons for which what a device said of a kind was in doubt at some time in this stretch, oldest first.

    Raises:
        Forbidden: it stands at a site that the actor may not see.
    """
    require_at(ctx, Right.VIEW, device)
    return tables.doubts_between(ctx.tx, ctx.tenant, device, kind, since, until)


def bearings(ctx: Context) -> dict[str, str]:
    """By device, what is known beside how old its last word is: 'in doubt', 'silent', 'steady', or 'by events'.

    'steady': it keeps to its rhythm. 'by events': its silence means nothing. Who is not here is not known yet.
    """
    ctx.require_somewhere(Right.VIEW)
    found = {
        device: "silent" if silent else "steady" if steady else "by events"
        for device, steady, silent in tables.rhythms(ctx.tx, ctx.tenant)
    }
    return found | {device: "in doubt" for device, _ in in_doubt(ctx) if found.get(device) != "silent"}


def doubt(ctx: Context, doubt_id: int) -> Doubt:
    """
    Raises:
        NotFound: there is none of that number.
        Forbidden: its device is at a site that the actor may not see.
    """
    ctx.require_somewhere(Right.VIEW)
    found = tables.doubt(ctx.tx, ctx.tenant, doubt_id)
    if found is None:
        raise NotFound("doubt", doubt_id)
    ctx.require(Right.VIEW, found.site_id)
    return found


def health_of(ctx: Context, device: str) -> Health:
    """What is known of one device.

    Raises:
        Forbidden: it stands at a site that the actor may not see.
    """
    ctx.require_somewhere(Right.VIEW)
    ctx.require(Right.VIEW, site_of_device(ctx, device))
    watched = tables.watched(ctx.tx, ctx.tenant, device)
    charges = [battery.charge(one.state.battery) for one in watched if one.state.battery is not None]
    return Health(
        tables.open_doubts(ctx.tx, ctx.tenant, None, device),
        tables.ended_doubts(ctx.tx, ctx.tenant, device),
        [
            Known(one.kind, usual_gap(one.state.rhythm), one.state.rhythm.limit, correction_s(one.state.clock))
            for one in watched
        ],
        next(iter(charges), None),
        tables.calibrations(ctx.tx, ctx.tenant, device),
        corrections.history_of_corrections(ctx, device),
        [
            (one.kind, known)
            for one in watched
            for known in reversed(tables.references(ctx.tx, ctx.tenant, device, one.kind, None, 10))
        ],
        [
            (one.kind, curves.compared_with(ctx.tx, ctx.tenant, device, one.kind))
            for one in watched
            if one.kind in CURVES and one.zone_id is not None
        ],
    )
