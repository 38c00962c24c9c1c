"""What people say about devices: it is right, it was replaced or calibrated, and what it showed beside the truth."""

from __future__ import annotations

import math
from collections.abc import Collection
from datetime import date, timedelta

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused, shorten
from shelfwise.edge.deviation import EXACT, Deviation
from shelfwise.edge.devices import site_of_device
from shelfwise.edge.health import corrections, curves, scale, tables, telling
from shelfwise.edge.health.model import CALIBRATION, DRIFT, NOISY, SCALE
from shelfwise.edge.health.tables import Calibration, Doubt, Reference
from shelfwise.edge.model import KINDS, Kind
from shelfwise.store.database import value
from shelfwise.work.tasks import tidy, words

LONGEST_QUIET_DAYS = 90


def believe(ctx: Context, doubt_id: int, note: str, days: int = 30) -> None:
    """A person looked and says that the device is right; nothing is told of this doubt for so many days.

    What a drifting or noisy sensor says now is taken for right: it is learned anew, and judged again after a week.

    Raises:
        NotFound: there is no such doubt.
        Forbidden: without the right to handle alerts where the device stands.
        Invalid: the note says nothing, or the time is none.
        Refused: it is over.
    """
    ctx.require_somewhere(Right.HANDLE_ALERTS)
    one = _open(ctx, doubt_id)
    said = words(note, "note", "how you know that it is right")
    if not 1 <= days <= LONGEST_QUIET_DAYS:
        raise Invalid(Fault("days", f"1 to {LONGEST_QUIET_DAYS} days", str(days), "Choose how long it holds."))
    if one.cause in (DRIFT, NOISY):
        if one.cause == DRIFT:
            curves.forget(ctx.tx, ctx.tenant, one.device, one.kind)
        else:
            tables.forget_noise(ctx.tx, ctx.tenant, one.device, one.kind)
        telling.end(ctx, one, said)
    else:
        tables.quieten(ctx.tx, ctx.tenant, doubt_id, ctx.now + timedelta(days=days), said, ctx.actor.by)
        telling.hush(ctx, one)
    ctx.audit("device.believed", f"device:{one.device}", cause=one.cause, note=said, days=days)


def replaced(ctx: Context, device: str, note: str = "") -> None:
    """Another device reports by this name from now on: all that was learned of the old one is forgotten.

    Raises:
        NotFound: there is no such device.
        Forbidden: without the right to manage devices where it stands.
    """
    _require_device(ctx, Right.MANAGE_DEVICES, device)
    for one in tables.open_doubts(ctx.tx, ctx.tenant, None, device):
        telling.end(ctx, one, "replaced")
    tables.forget(ctx.tx, ctx.tenant, device)
    for held in corrections.history_of_corrections(ctx, device):
        if held.until_at is None:
            corrections.stop_correcting(ctx, device, held.kind)
    ctx.audit("device.replaced", f"device:{device}", note=tidy(note))


def calibrated(
    ctx: Context,
    device: str,
    kind: str,
    done_on: date,
    deviation: float | None = None,
    due_on: date | None = None,
    certificate: str = "",
    adjusted: bool = False,
) -> None:
    """A device was calibrated: what was doubted of its values is over, and it is compared anew.

    What it says is corrected by the deviation from now on, unless it was set right. A newer certificate puts an end to
    the correction of an older one, or of a comparison, unless it is silent about the deviation.

    Args:
        deviation: how much it showed more than the truth, in the kind's unit; None: not told.
        adjusted: it was set right, and shows the truth now.

    Raises:
        NotFound: there is no such device.
        Forbidden: without the right to manage devices where it stands.
        Invalid: a kind that is not measured, a day to come, or a due day before it.
    """
    _require_device(ctx, Right.MANAGE_DEVICES, device)
    _require_measured(kind)
    if done_on > ctx.now.date():
        raise Invalid(Fault("done on", f"a day up to {ctx.now.date()}", str(done_on), "Say when it was calibrated."))
    if due_on is not None and due_on <= done_on:
        raise Invalid(Fault("due on", f"a day after {done_on}", str(due_on), "Say when it is due next, or nothing."))
    if deviation is not None and not math.isfinite(deviation):
        raise Invalid(Fault("deviation", f"a number in {KINDS[kind].unit}", str(deviation), "Leave it out if unknown."))
    about = tidy(certificate)[:200]
    entry = Calibration(0, device, kind, done_on, deviation, due_on, about, ctx.actor.by, ctx.now, adjusted)
    tables.add_calibration(ctx.tx, ctx.tenant, entry)
    ctx.audit(
        "device.calibrated", f"device:{device}", reading=kind, done_on=done_on.isoformat(), deviation=deviation,
        due_on=None if due_on is None else due_on.isoformat(), adjusted=adjusted,
    )  # fmt: skip
    before = corrections.holding(ctx, device, kind)
    newest = before is None or done_on >= before.found_on
    if newest and (adjusted or deviation is not None):
        off = EXACT if adjusted or deviation is None else Deviation(zero=deviation)
        corrections.correct(ctx, device, kind, off, "certificate", done_on, about)
    _over(ctx, device, kind, (DRIFT, SCALE, CALIBRATION), "calibrated")


def _over(ctx: Context, device: str, kind: str, causes: Collection[str], because: str) -> None:
    """What was doubted of its values is over, and it is compared anew."""
    curves.forget(ctx.tx, ctx.tenant, device, kind)
    for one in tables.open_doubts(ctx.tx, ctx.tenant, None, device):
        if one.kind == kind and one.cause in causes:
            telling.end(ctx, one, because)


def compare_with(
    ctx: Context, device: str, kind: str, truth: float, shown: float | None = None, about: str = "",
    source: str = "reference", correct: bool = False,
) -> float:  # fmt: skip
    """Keep what a device shows while the truth is known; returns by how much it shows more, in the kind's unit.

    Args:
        truth: what a reference weight weighs or a trusted thermometer shows, in the kind's unit.
        shown: what it shows itself; None: its newest reading.
        source: 'reference' for a weight or a thermometer, 'count' for pieces that were counted.
        correct: what it says is corrected by that from now on. A scale is corrected by all its weighings once they
            tell its zero from its span; until then its zero is taken for right.

    Raises:
        NotFound: there is no such device.
        Forbidden: without the right to handle alerts where it stands; to correct it, to manage devices.
        Invalid: a kind that is not measured, what cannot be a value of it, or more than can be corrected.
        Refused: it has said nothing of that kind within the last hour.
    """
    _require_device(ctx, Right.HANDLE_ALERTS, device)
    known = _require_measured(kind)
    for name, number in (("truth", truth), ("shown", shown)):
        if number is not None and not known.low <= number <= min(known.high, 1e12):
            raise Invalid(Fault(name, f"{kind} in {known.unit}", shorten(number), "Write what the reference says."))
    if shown is None:
        shown = _newest(ctx, device, kind)
    entry = Reference(0, ctx.now, truth, shown, source, tidy(about)[:200], ctx.actor.by)
    tables.add_reference(ctx.tx, ctx.tenant, device, kind, entry)
    ctx.audit("device.compared", f"device:{device}", reading=kind, truth=truth, shown=shown)
    if correct:
        _require_device(ctx, Right.MANAGE_DEVICES, device)
        off = _of_scale(ctx, device, truth, shown) if kind == "weight" else Deviation(zero=shown - truth)
        corrections.correct(ctx, device, kind, off, "reference", ctx.now.date(), entry.about)
        _over(ctx, device, kind, (DRIFT, SCALE), "corrected")
    return shown - truth


def _of_scale(ctx: Context, device: str, truth: float, shown: float) -> Deviation:
    """A scale's deviation by its weighings since it was calibrated, of which the newest is given."""
    known = tables.calibrations(ctx.tx, ctx.tenant, device)
    since = next((one.holds_since for one in known if one.kind == "weight"), None)
    told = tables.references(ctx.tx, ctx.tenant, device, "weight", since, scale.KEPT)
    error = scale.error([scale.Weighing(one.truth, one.shown) for one in told])
    if error is not None:
        return Deviation(error.zero_g, 1 + error.percent / 100)
    if truth <= 0 or shown <= 0:
        remedy = "Put a weight on it that is known, a heavy one."
        raise Invalid(Fault("truth", "the weight of something", f"{truth:g} g", remedy))
    return Deviation(span=shown / truth)


def _newest(ctx: Context, device: str, kind: str) -> float:
    shown: float | None = value(
        ctx.tx,
        """select coalesce(said, value) from device_latest
           where tenant_id = %s and device = %s and kind = %s and observed_at > %s""",
        (ctx.tenant, device, kind, ctx.now - timedelta(hours=1)),
    )
    if shown is None:
        raise Refused(
            f"{device} has said no {kind} within the last hour. Say what it shows, or wait for its next word."
        )
    return shown


def _open(ctx: Context, doubt_id: int) -> Doubt:
    one = tables.doubt(ctx.tx, ctx.tenant, doubt_id)
    if one is None:
        raise NotFound("doubt", doubt_id)
    ctx.require(Right.HANDLE_ALERTS, one.site_id)
    if one.ended_at is not None:
        raise Refused("This is over: the device is well again, or somebody has answered.")
    return one


def _require_device(ctx: Context, right: Right, device: str) -> None:
    ctx.require_somewhere(right)
    if value(ctx.tx, "select 1 from device where tenant_id = %s and device = %s", (ctx.tenant, device)) is None:
        raise NotFound("device", device)
    ctx.require(right, site_of_device(ctx, device))


def _require_measured(kind: str) -> Kind:
    known = KINDS.get(kind)
    if known is None or not known.measured:
        raise Invalid(
            Fault("kind", "weight, temperature, humidity or battery", shorten(kind), "Choose what it measures.")
        )
    return known
