"""Writing down what is in doubt and what is over, and telling people of it: once for each cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

from shelfwise.access.context import Context
from shelfwise.edge.health import tables, words
from shelfwise.edge.health.model import BATTERY, CALIBRATION, IN_DOUBT, SILENT, Finding
from shelfwise.edge.health.silence import Outage, Quiet
from shelfwise.edge.health.tables import Doubt
from shelfwise.store.database import notify, value
from shelfwise.work import alerts, tasks

SILENT_ALERT = "device_silent"
DOUBT_ALERT = "device_doubt"
# Causes that are work to do in the coming days rather than something to look at now.
_TASKS = {BATTERY: "battery", CALIBRATION: "calibration"}


def tell(
    ctx: Context, found: Mapping[str, Sequence[Finding]], open_: Sequence[Doubt], sites: Mapping[str, int | None]
) -> None:
    """Open what is new, say anew what lasts, end what is over. Silence is told apart."""
    before = {(one.device, one.kind, one.cause): one for one in open_ if one.cause != SILENT}
    for device in sorted(found):
        for finding in found[device]:
            known = before.pop((device, finding.kind, finding.cause), None)
            _tell_of(ctx, device, finding, sites.get(device), known)
    for one in before.values():
        end(ctx, one)


def _tell_of(ctx: Context, device: str, finding: Finding, site_id: int | None, known: Doubt | None) -> None:
    """Write a finding down and tell of it; of one that a person has answered nothing more is told."""
    added = tables.open_doubt(ctx.tx, ctx.tenant, device, finding, ctx.now)
    if known is not None and known.quiet_until is not None and known.quiet_until > ctx.now:
        return
    if finding.cause in _TASKS:
        _ask(ctx, device, finding, site_id)
    else:
        _warn(ctx, device, finding, site_id, finding.since if known is None else known.since)
    if added is not None:
        _look_again(ctx, device, finding.kind, finding.cause, site_id)


def end(ctx: Context, one: Doubt, answer: str | None = None) -> None:
    """It is over, by itself or because a person said so."""
    by = None if answer is None else ctx.actor.by
    tables.end_doubt(ctx.tx, ctx.tenant, one.doubt_id, ctx.now, answer, by)
    hush(ctx, one)


def hush(ctx: Context, one: Doubt) -> None:
    """Take back what was told of it."""
    if one.cause in _TASKS:
        tasks.close_task(ctx, _TASKS[one.cause], _subject(one.device, one.kind))
    elif one.cause == SILENT:
        alerts.clear_alert(ctx, SILENT_ALERT, f"device:{one.device}")
    else:
        alerts.clear_alert(ctx, DOUBT_ALERT, f"{_subject(one.device, one.kind)}:{one.cause}")
    _look_again(ctx, one.device, one.kind, one.cause, one.site_id)


def tell_silence(ctx: Context, silent: Mapping[str, Quiet], outages: Sequence[Outage]) -> None:
    """Tell of silent devices, those of one outage in one alert, and clear what is over."""
    before = {one.device: one for one in tables.open_doubts(ctx.tx, ctx.tenant, None) if one.cause == SILENT}
    told = {one.subject for one in alerts.open_alerts(ctx) if one.kind == SILENT_ALERT}
    for device in sorted(before.keys() - silent.keys()):
        tables.end_doubt(ctx.tx, ctx.tenant, before[device].doubt_id, ctx.now)
    for device in sorted(silent.keys() - before.keys()):
        one = silent[device]
        about = {"kinds": list(one.kinds), "speaks": list(one.others), "usual_s": one.usual_s, "lost": one.lost}
        finding = Finding("", SILENT, one.since, (ctx.now - one.since).total_seconds() / 3600, about)
        tables.open_doubt(ctx.tx, ctx.tenant, device, finding, ctx.now)
    if before.keys() ^ silent.keys():
        # Whoever weighs readings against each other may have lost a witness, or have one more.
        ctx.publish("device.doubted", "devices", devices=sorted(before.keys() ^ silent.keys()), cause=SILENT)
        notify(ctx.tx, "live", "floor")
    common = {device for one in outages for device in one.devices}
    snoozed = {name for name, one in before.items() if one.quiet_until is not None and one.quiet_until > ctx.now}
    wanted: set[str] = set()
    for outage in outages:
        wanted.add(outage.subject)
        if outage.subject not in told:
            _warn_of_outage(ctx, outage)
    for device in sorted(silent.keys() - common - snoozed):
        wanted.add(f"device:{device}")
        if f"device:{device}" not in told:
            _warn_of_silence(ctx, silent[device])
    for subject in sorted(told - wanted):
        alerts.clear_alert(ctx, SILENT_ALERT, subject)


def _warn_of_outage(ctx: Context, outage: Outage) -> None:
    many = f"{len(outage.devices)} of {outage.known} devices"
    if outage.through is not None:
        title = f"{outage.through} is silent, with {many} behind it"
        look, link = "Look whether the gateway has power and a network.", f"/devices/{quote(outage.through, safe='')}"
    elif outage.site_id is not None:
        title = f"{many} at one site fell silent together"
        look, link = "Look at what they share: the network, the power, a gateway.", "/devices/health"
    else:
        title = f"No device is heard any more: all {outage.known} are silent"
        look, link = (
            "Look whether devices can reach Shelfwise: the network, the machine, its address.",
            "/devices/health",
        )
    alerts.raise_alert(
        ctx, SILENT_ALERT, outage.subject, "danger" if outage.site_id is None else "attention", title,
        f"The last was heard at {_at(ctx, outage.since, outage.site_id)}. {look} Nothing is known of what they watch "
        "until they are back; that clears this.",
        link, {"devices": list(outage.devices), "since": outage.since.isoformat()}, site_id=outage.site_id,
    )  # fmt: skip


def _warn_of_silence(ctx: Context, one: Quiet) -> None:
    if one.lost:
        title = f"{one.device} has lost its connection"
    elif one.others:
        title = f"{one.device} says no {' and no '.join(one.kinds)} any more"
    else:
        title = f"{one.device} is silent"
    rhythm = "" if one.usual_s is None else f" It usually reports at least every {words.span(one.usual_s)}."
    alerts.raise_alert(
        ctx, SILENT_ALERT, f"device:{one.device}", "attention", title,
        f"It was last heard at {_at(ctx, one.since, one.site_id)}.{rhythm} {words.to_do(SILENT)}",
        f"/devices/{quote(one.device, safe='')}", {"kinds": list(one.kinds), "since": one.since.isoformat()},
        site_id=one.site_id,
    )  # fmt: skip


def _warn(ctx: Context, device: str, finding: Finding, site_id: int | None, since: datetime) -> None:
    said = words.what(finding.cause, finding.kind, finding.size, finding.evidence)
    alerts.raise_alert(
        ctx, DOUBT_ALERT, f"{_subject(device, finding.kind)}:{finding.cause}", "attention",
        f"{'In doubt: ' if finding.cause in IN_DOUBT else ''}{device} {said}",
        f"Since {_at(ctx, since, site_id)}. {words.to_do(finding.cause)}",
        f"/devices/{quote(device, safe='')}", dict(finding.evidence), site_id=site_id,
    )  # fmt: skip


def _ask(ctx: Context, device: str, finding: Finding, site_id: int | None) -> None:
    said = words.what(finding.cause, finding.kind, finding.size, finding.evidence)
    days = finding.size if finding.cause == CALIBRATION else finding.evidence.get("days_left")
    urgent = bool(finding.evidence.get("very_low")) or (finding.cause == CALIBRATION and finding.size < 0)
    tasks.open_task(
        ctx, kind=_TASKS[finding.cause], subject=_subject(device, finding.kind), site_id=site_id,
        title=f"{device}: {said}", detail=words.to_do(finding.cause),
        why="What it measures is unknown from the moment it is empty." if finding.cause == BATTERY
        else "Only a calibration tells by how much it is off where no neighbour can.",
        link=f"/devices/{quote(device, safe='')}", role="operator" if finding.cause == BATTERY else "quality",
        due_at=None if days is None else ctx.now + timedelta(days=max(days, 0.0)),
        evidence=dict(finding.evidence), priority="high" if urgent else "normal",
    )  # fmt: skip


def _look_again(ctx: Context, device: str, kind: str, cause: str, site_id: int | None) -> None:
    """Have those who weigh what the device says look again."""
    if cause in IN_DOUBT:
        ctx.publish("device.doubted", f"device:{device}", devices=[device], cause=cause, reading=kind, site_id=site_id)
    notify(ctx.tx, "live", "floor")


def _subject(device: str, kind: str) -> str:
    return f"device:{device}:{kind}"


def _at(ctx: Context, instant: datetime, site_id: int | None) -> str:
    zone = value(ctx.tx, "select time_zone from site where tenant_id = %s and site_id = %s", (ctx.tenant, site_id))
    return f"{instant.astimezone(ZoneInfo(zone or 'UTC')):%-d %b %H:%M}"
