"""Devices that are known to be off: from when to when what they say counts as corrected, and by how much.

What a device said stays as it said it. A correction holds for readings made after it was told, so nothing that was
judged, alarmed or drawn before becomes another thing; one that ends leaves its time corrected.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, Refused
from shelfwise.edge.deviation import EXACT, Deviation
from shelfwise.edge.devices import require_at
from shelfwise.edge.health import words
from shelfwise.edge.model import KINDS
from shelfwise.edge.standing import covers
from shelfwise.edge.tables import StoredReading
from shelfwise.store.database import Tx, first, rows, run

# What is further off than this is broken, or was written in another unit: it is mended and not corrected.
MOST_OFF = {"temperature": 10.0, "humidity": 30.0, "battery": 30.0}
MOST_SPAN = 1.5


@dataclass(frozen=True)
class Correction:
    """What a device says of a kind counts without its deviation from `from_at` until `until_at`; None: it holds.

    Attributes:
        source: 'certificate', or 'reference' for what was held against something known.
        found_on: the day on which it was found to be off.
        about: the number of the certificate, or what it was compared with.
    """

    device: str
    kind: str
    from_at: datetime
    until_at: datetime | None
    zero: float
    span: float
    source: str
    found_on: date
    about: str
    told_by: str

    @property
    def deviation(self) -> Deviation:
        return Deviation(self.zero, self.span)

    def covers(self, at: datetime) -> bool:
        return covers(self.from_at, self.until_at, at)


Corrections = dict[tuple[str, str], list[Correction]]
_CORRECTIONS = """select device, kind, from_at, until_at, zero, span, source, found_on, about, told_by
    from device_correction where tenant_id = %s and device = any(%s::text[])"""


def corrections_of(tx: Tx, tenant: int, devices: Collection[str]) -> Corrections:
    """All corrections of devices by (device, kind), the newest first; for whoever reads readings."""
    found: Corrections = {}
    for one in rows(tx, Correction, f"{_CORRECTIONS} order by from_at desc", (tenant, list(devices))):
        found.setdefault((one.device, one.kind), []).append(one)
    return found


def deviation_at(known: Sequence[Correction], at: datetime) -> Deviation:
    """By how much a device was known to be off at an instant, by its corrections of one kind."""
    return next((one.deviation for one in known if one.covers(at)), EXACT)


def amended(facts: Sequence[StoredReading], known: Corrections) -> Sequence[StoredReading]:
    """Readings with what their device is known to be off by: `counts_as` then allows for it."""
    if not known:
        return facts
    return [
        replace(fact, deviation=deviation_at(known.get((fact.device, fact.kind), ()), fact.counts_from))
        for fact in facts
    ]


def history_of_corrections(ctx: Context, device: str) -> list[Correction]:
    """The corrections of a device that hold and that held, the newest first."""
    require_at(ctx, Right.VIEW, device)
    return rows(ctx.tx, Correction, f"{_CORRECTIONS} order by from_at desc, correction_id desc", (ctx.tenant, [device]))


def stop_correcting(ctx: Context, device: str, kind: str) -> None:
    """What a device says counts as it says it from now on.

    Raises:
        Forbidden: without the right to manage devices where it stands.
        Refused: it is not corrected.
    """
    require_at(ctx, Right.MANAGE_DEVICES, device)
    if holding(ctx, device, kind) is None:
        raise Refused(f"What {device} says of its {kind} is not corrected. Look at its page again.")
    correct(ctx, device, kind, EXACT, "reference", ctx.now.date())


def holding(ctx: Context, device: str, kind: str) -> Correction | None:
    """The correction that holds; for whoever has looked at the rights."""
    return first(ctx.tx, Correction, f"{_CORRECTIONS} and kind = %s and until_at is null", (ctx.tenant, [device], kind))


def correct(ctx: Context, device: str, kind: str, by: Deviation, source: str, found_on: date, about: str = "") -> None:
    """Correct what it says of a kind by this from now on, in the place of what held; `EXACT`: correct nothing.

    For whoever has looked at the rights.

    Raises:
        Invalid: it is further off than a device is that still measures.
    """
    _require_small(kind, by)
    before = holding(ctx, device, kind)
    which = (ctx.tenant, device, kind)
    run(
        ctx.tx,
        """update device_correction set until_at = %s
           where tenant_id = %s and device = %s and kind = %s and until_at is null""",
        (ctx.now, *which),
    )
    if by:
        run(
            ctx.tx,
            """insert into device_correction
                   (tenant_id, device, kind, from_at, zero, span, source, found_on, about, told_by)
               values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
            (*which, ctx.now, by.zero, by.span, source, found_on, about, ctx.actor.by),
        )
        ctx.audit(
            "device.corrected", f"device:{device}", reading=kind, off=words.off(kind, by), zero=by.zero, span=by.span,
            source=source, found_on=found_on.isoformat(),
        )  # fmt: skip
    elif before is not None:
        ctx.audit("device.uncorrected", f"device:{device}", reading=kind, off=words.off(kind, before.deviation))


def _require_small(kind: str, by: Deviation) -> None:
    most = MOST_OFF.get(kind)
    if most is not None and abs(by.zero) > most:
        found = f"{by.zero:g} {KINDS[kind].unit}"
        raise Invalid(
            Fault("deviation", f"at most {most:g} {KINDS[kind].unit}", found, "Replace it, or mend the figure.")
        )
    if not 1 / MOST_SPAN <= by.span <= MOST_SPAN:
        expected = f"{1 / MOST_SPAN:.2f} to {MOST_SPAN:g} times the truth"
        raise Invalid(Fault("shown", expected, f"{by.span:.2f} times", "Mend the figure, or have the scale mended."))
