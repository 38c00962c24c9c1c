"""The SQL of what is learned of devices, what is doubted, and what people said about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from shelfwise.edge.devices import SITE_OF_DEVICE
from shelfwise.edge.health import clock, curves
from shelfwise.edge.health.model import IN_DOUBT, Finding, State, instant
from shelfwise.edge.health.pairs import Days
from shelfwise.edge.health.rhythm import LEARNED_AFTER
from shelfwise.edge.health.silence import Heard
from shelfwise.store.database import Tx, first, rows, run, value, values

Key = tuple[str, str]
_state = msgspec.json.Decoder(State)
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Doubt:
    """Something about a device that is not as it should be, or was; fields as in the table device_doubt."""

    doubt_id: int
    device: str
    name: str
    site_id: int | None
    zone_id: int | None
    place_id: int | None
    kind: str
    cause: str
    since: datetime
    noticed_at: datetime
    size: float
    evidence: dict[str, Any]
    quiet_until: datetime | None
    answer: str | None
    answered_by: str | None
    ended_at: datetime | None


@dataclass(frozen=True)
class Watched:
    """What was learned of one kind of a device's readings, and where the device stands.

    Attributes:
        days: its hourly means of the days before in this zone, by day since 1970, as far as it was believed.
    """

    device: str
    kind: str
    site_id: int | None
    zone_id: int | None
    state: State
    days: Days


@dataclass(frozen=True)
class Calibration:
    """`deviation`: by how much it showed too much, in the kind's unit; `adjusted`: it was set right then."""

    calibration_id: int
    device: str
    kind: str
    done_on: date
    deviation: float | None
    due_on: date | None
    certificate: str
    told_by: str
    told_at: datetime
    adjusted: bool = False

    @property
    def holds_since(self) -> datetime:
        """From when on what it shows counts; on the day itself, from when it was told."""
        if self.told_at.date() == self.done_on:
            return self.told_at
        return datetime.combine(self.done_on, time.max, UTC)


@dataclass(frozen=True)
class Reference:
    """What a device showed while the truth was known, both in the kind's unit."""

    reference_id: int
    at: datetime
    truth: float
    shown: float
    source: str
    about: str
    told_by: str


# Whether what the device of a row `l` of device_latest says of its kind is in doubt; takes %(now)s.
DOUBTED = f"""exists (select from device_doubt x
    where x.tenant_id = l.tenant_id and x.device = l.device and x.kind = l.kind and x.ended_at is null
      and x.cause in ({", ".join(f"'{cause}'" for cause in sorted(IN_DOUBT))})
      and (x.quiet_until is null or x.quiet_until <= %(now)s))"""
_DOUBT = f"""select x.doubt_id, x.device, d.name, {SITE_OF_DEVICE} as site_id, d.zone_id, d.place_id, x.kind, x.cause,
        x.since, x.noticed_at, x.size, x.evidence, x.quiet_until, x.answer, x.answered_by, x.ended_at
    from device_doubt x join device d using (tenant_id, device)"""


def states(tx: Tx, tenant: int, keys: Collection[Key]) -> dict[Key, State]:
    """What is known of these devices and kinds, locked in order of name."""
    devices = sorted({device for device, _ in keys})
    found = values(
        tx,
        """select device, kind, state::text from device_health where tenant_id = %s and device = any(%s::text[])
           order by device, kind for update""",
        (tenant, devices),
    )
    return {(device, kind): _state.decode(state) for device, kind, state in found if (device, kind) in keys}


def keep_states(tx: Tx, tenant: int, known: Mapping[Key, State]) -> None:
    # One document for all: as an array of texts, half of the time went into its quotes.
    told = [
        {
            "device": device, "kind": kind, "state": state, "heard_at": instant(state.rhythm.last),
            "silent_after_s": state.rhythm.limit, "correction_s": clock.correction_s(state.clock),
        }
        for (device, kind), state in sorted(known.items(), key=lambda one: one[0])
    ]  # fmt: skip
    run(
        tx,
        """insert into device_health as h (tenant_id, device, kind, state, heard_at, silent_after_s, correction_s)
           select %s, u.* from jsonb_to_recordset(%s::jsonb)
             u (device text, kind text, state jsonb, heard_at timestamptz, silent_after_s float8, correction_s float8)
           on conflict (tenant_id, device, kind) do update
           set state = excluded.state, heard_at = excluded.heard_at, silent_after_s = excluded.silent_after_s,
               correction_s = excluded.correction_s""",
        (tenant, _encode(told).decode()),
    )


def corrections(tx: Tx, tenant: int, devices: Collection[str]) -> dict[Key, float]:
    """Seconds to add to the times that some of these devices claim."""
    found = values(
        tx,
        """select device, kind, correction_s from device_health
           where tenant_id = %s and device = any(%s::text[]) and correction_s is not null""",
        (tenant, list(devices)),
    )
    return {(device, kind): seconds for device, kind, seconds in found}


def heard(tx: Tx, tenant: int) -> list[Heard]:
    """When active devices were last heard with each kind, as far as their rhythm is known.

    Of those that report by events, only whose will says that their connection broke off.
    """
    return rows(
        tx,
        Heard,
        f"""select h.device, h.kind, {SITE_OF_DEVICE} as site_id, d.behind as through, h.heard_at, h.silent_after_s,
                   case when p.ended = 'lost' then p.since end as lost_at
            from device_health h join device d using (tenant_id, device)
            left join device_presence p using (tenant_id, device)
            where h.tenant_id = %s and d.active
              and (h.silent_after_s is not null or (p.ended = 'lost' and p.last_words is not null))
            order by h.device, h.kind""",
        (tenant,),
    )


def rhythms(tx: Tx, tenant: int) -> list[tuple[str, bool, bool]]:
    """Of each device whose rhythm is known: its name, whether it reports steadily, and whether it is silent."""
    found = values(
        tx,
        """select h.device, bool_or(h.silent_after_s is not null),
                  exists (select from device_doubt x where x.tenant_id = h.tenant_id and x.device = h.device
                          and x.cause = 'silent' and x.ended_at is null)
           from device_health h
           where h.tenant_id = %s and (h.state #>> '{rhythm,count}')::int >= %s group by h.tenant_id, h.device""",
        (tenant, LEARNED_AFTER),
    )
    return [(device, steady, silent) for device, steady, silent in found]


def watched(tx: Tx, tenant: int, device: str | None = None) -> list[Watched]:
    """Of active devices, or of one: what was learned; by device and kind."""
    found = values(
        tx,
        f"""select h.device, h.kind, {SITE_OF_DEVICE},
                   coalesce(d.zone_id, (select p.zone_id from place p
                                        where p.tenant_id = d.tenant_id and p.place_id = d.place_id)),
                   h.state::text, c.zone_id, coalesce(c.days, '{{}}')::text
            from device_health h join device d using (tenant_id, device)
            left join device_curve c using (tenant_id, device, kind)
            where h.tenant_id = %s and (d.active or d.device = %s) and (%s::text is null or d.device = %s)
            order by h.device, h.kind""",
        (tenant, device, device, device),
    )
    return [
        Watched(device, kind, site, zone, _state.decode(state), curves.decode(days) if zone == zone_then else {})
        for device, kind, site, zone, state, zone_then, days in found
    ]


def forget_noise(tx: Tx, tenant: int, device: str, kind: str) -> None:
    """How noisy it usually is is learned anew."""
    for state in states(tx, tenant, [(device, kind)]).values():
        if state.shape is not None:
            state.shape.noise.clear()
            keep_states(tx, tenant, {(device, kind): state})


def forget(tx: Tx, tenant: int, device: str) -> None:
    """It is another device from now on."""
    run(tx, "delete from device_health where tenant_id = %s and device = %s", (tenant, device))
    curves.forget(tx, tenant, device, None)


def open_doubts(tx: Tx, tenant: int, sites: list[int] | None, device: str | None = None) -> list[Doubt]:
    """Of devices at these sites, None: everywhere; what weighs most and lasts longest first."""
    return rows(
        tx,
        Doubt,
        f"""{_DOUBT} where x.tenant_id = %(tenant)s and x.ended_at is null and d.active
              and (%(device)s::text is null or x.device = %(device)s)
              and (%(sites)s::bigint[] is null or {SITE_OF_DEVICE} = any(%(sites)s))
            order by x.since, x.device, x.kind, x.cause""",
        {"tenant": tenant, "sites": sites, "device": device},
    )


def ended_doubts(tx: Tx, tenant: int, device: str, limit: int = 20) -> list[Doubt]:
    return rows(
        tx,
        Doubt,
        f"""{_DOUBT} where x.tenant_id = %s and x.device = %s and x.ended_at is not null
            order by x.ended_at desc, x.doubt_id desc limit %s""",
        (tenant, device, limit),
    )


def doubts_between(tx: Tx, tenant: int, device: str, kind: str, since: datetime, until: datetime) -> list[Doubt]:
    """Reasons to doubt what it said in this time, oldest first; without what a person says is right."""
    return rows(
        tx,
        Doubt,
        f"""{_DOUBT} where x.tenant_id = %s and x.device = %s and x.kind = %s and x.cause = any(%s)
              and x.since < %s and (x.ended_at is null or x.ended_at > %s) and (x.ended_at is not null
                or x.quiet_until is null or x.quiet_until <= %s)
            order by x.since, x.doubt_id""",
        (tenant, device, kind, sorted(IN_DOUBT), until, since, until),
    )


def doubt(tx: Tx, tenant: int, doubt_id: int) -> Doubt | None:
    return first(tx, Doubt, f"{_DOUBT} where x.tenant_id = %s and x.doubt_id = %s", (tenant, doubt_id))


def open_doubt(tx: Tx, tenant: int, device: str, finding: Finding, now: datetime) -> int | None:
    """Write it down; None where it is known already, and only its size and evidence are new."""
    added: int | None = value(
        tx,
        """insert into device_doubt (tenant_id, device, kind, cause, since, noticed_at, size, evidence)
           values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing returning doubt_id""",
        (
            tenant, device, finding.kind, finding.cause, finding.since, now, finding.size, Jsonb(finding.evidence),
        ),
    )  # fmt: skip
    if added is None:
        run(
            tx,
            """update device_doubt set size = %s, evidence = evidence || %s
               where tenant_id = %s and device = %s and kind = %s and cause = %s and ended_at is null""",
            (finding.size, Jsonb(finding.evidence), tenant, device, finding.kind, finding.cause),
        )
    return added


def end_doubt(
    tx: Tx, tenant: int, doubt_id: int, now: datetime, answer: str | None = None, by: str | None = None
) -> None:
    run(
        tx,
        """update device_doubt set ended_at = %s, answer = coalesce(%s, answer), answered_by = coalesce(%s, answered_by)
           where tenant_id = %s and doubt_id = %s""",
        (now, answer, by, tenant, doubt_id),
    )


def quieten(tx: Tx, tenant: int, doubt_id: int, until: datetime, answer: str, by: str) -> None:
    run(
        tx,
        """update device_doubt set quiet_until = %s, answer = %s, answered_by = %s
           where tenant_id = %s and doubt_id = %s""",
        (until, answer, by, tenant, doubt_id),
    )


def add_reference(tx: Tx, tenant: int, device: str, kind: str, known: Reference) -> None:
    run(
        tx,
        """insert into device_reference (tenant_id, device, kind, at, truth, shown, source, about, told_by)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s)""",
        (tenant, device, kind, known.at, known.truth, known.shown, known.source, known.about, known.told_by),
    )


def references(tx: Tx, tenant: int, device: str, kind: str, since: datetime | None, limit: int) -> list[Reference]:
    """The newest ones, oldest of them first."""
    found = rows(
        tx,
        Reference,
        """select reference_id, at, truth, shown, source, about, told_by from device_reference
           where tenant_id = %s and device = %s and kind = %s and (%s::timestamptz is null or at > %s)
           order by at desc, reference_id desc limit %s""",
        (tenant, device, kind, since, since, limit),
    )
    return found[::-1]


def add_calibration(tx: Tx, tenant: int, known: Calibration) -> None:
    run(
        tx,
        """insert into device_calibration (tenant_id, device, kind, done_on, deviation, due_on, certificate, told_by,
                                           told_at, adjusted)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
        (
            tenant, known.device, known.kind, known.done_on, known.deviation, known.due_on, known.certificate,
            known.told_by, known.told_at, known.adjusted,
        ),
    )  # fmt: skip


def calibrations(tx: Tx, tenant: int, device: str | None = None) -> list[Calibration]:
    """The newest of each device and kind."""
    return rows(
        tx,
        Calibration,
        """select distinct on (c.device, c.kind) c.calibration_id, c.device, c.kind, c.done_on, c.deviation, c.due_on,
                  c.certificate, c.told_by, c.told_at, c.adjusted
           from device_calibration c join device d using (tenant_id, device)
           where c.tenant_id = %s and (%s::text is null or c.device = %s) and d.active
           order by c.device, c.kind, c.done_on desc, c.calibration_id desc""",
        (tenant, device, device),
    )
