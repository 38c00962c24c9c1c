"""How often a device is asked to report, by its retained configuration, and whether it does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from shelfwise.access.context import Context, business_time
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound
from shelfwise.edge.devices import require_at
from shelfwise.edge.health.words import span
from shelfwise.edge.history import service as history
from shelfwise.edge.model import KINDS
from shelfwise.store.database import notify, run, values

SHORTEST_S, LONGEST_S = 1, 604_800
# So many of its last reports are looked at, and so many it takes to say anything.
_LOOKED_AT, _FEWEST = 11, 5
# A sleeping device keeps a pause as well as its cheap clock and its next retry let it.
_LEEWAY = 1.5


@dataclass(frozen=True)
class Asked:
    """What a device was asked and what it does, in seconds of the clock on the wall.

    Attributes:
        interval_s: None: it was never asked, or the choice was given back to it.
        kept_s: the median pause between its last reports; None: too few to tell.
        follows: None: nothing was asked, or it is too early to tell.
    """

    interval_s: int | None
    at: datetime | None
    by: str | None
    kept_s: float | None
    follows: bool | None


def ask_interval(ctx: Context, device: str, seconds: int | None) -> None:
    """Ask a device to report so often; None: as often as it likes. It hears of it with its configuration.

    Raises:
        Invalid: less than a second, or more than a week.
        NotFound: there is no such device.
    """
    require_at(ctx, Right.MANAGE_DEVICES, device)
    if seconds is not None and not SHORTEST_S <= seconds <= LONGEST_S:
        raise Invalid(Fault("how often", "a second to a week", f"{seconds} s", "Choose a pause between."))
    changed = run(
        ctx.tx,
        "update device set asked_interval_s = %s, asked_at = %s, asked_by = %s where tenant_id = %s and device = %s",
        (seconds, ctx.now, ctx.actor.by, ctx.tenant, device),
    )
    if not changed:
        raise NotFound("device", device)
    often = "as often as it likes" if seconds is None else f"every {span(seconds)}"
    ctx.audit("device.ask_interval", f"device:{device}", seconds=seconds, often=often)
    notify(ctx.tx, "live", "floor")


def asked(ctx: Context, device: str) -> Asked:
    """What was asked, against the last reports of the kind that it reports most tellingly.

    Raises:
        NotFound: there is no such device.
    """
    require_at(ctx, Right.VIEW, device)
    found = values(
        ctx.tx,
        "select asked_interval_s, asked_at, asked_by from device where tenant_id = %s and device = %s",
        (ctx.tenant, device),
    )
    if not found:
        raise NotFound("device", device)
    interval, at, by = found[0]
    kept = _kept(ctx, device, at if interval is not None else None)
    follows = None if interval is None or kept is None else interval / _LEEWAY <= kept <= interval * _LEEWAY
    return Asked(interval, at, by, kept, follows)


def _kept(ctx: Context, device: str, since: datetime | None) -> float | None:
    """The median pause between the last reports; `since`: what came before counts for nothing.

    Tags and scans come when goods do, and have no pause to keep.
    """
    kinds = [kind for kind in history.kinds_of(ctx, device) if KINDS[kind].measured]
    if not kinds:
        return None
    since = since or ctx.now - timedelta(days=30)
    told = history.raw_readings(ctx, device, kinds[0], since, ctx.now + timedelta(microseconds=1), limit=_LOOKED_AT)
    pauses = [(newer.observed_at - older.observed_at).total_seconds() for newer, older in pairwise(told)]
    if len(pauses) < _FEWEST - 1:
        return None
    return median(pauses) / max(business_time(ctx.tx, ctx.tenant).rate, 1.0)
