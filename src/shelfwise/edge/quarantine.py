"""What could not be understood: a person can look at it, correct it, take it in after all, or drop it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused, shorten
from shelfwise.edge import announced
from shelfwise.edge.devices import SITE_OF_DEVICE, device, site_of_device
from shelfwise.edge.formats import FORMATS, origin_of_topic
from shelfwise.edge.model import Origin, moment, of_nobody
from shelfwise.edge.scopes import known_devices
from shelfwise.edge.tables import store_readings
from shelfwise.store.database import first, notify, rows, run

_COLUMNS = """quarantine_id, door, device, topic, format, received_at, payload, reason, seen, state, decided_by,
    decided_at"""


@dataclass(frozen=True)
class Quarantined:
    """A message in quarantine; `seen` tells how many copies came, `received_at` when the first did (business time)."""

    quarantine_id: int
    door: str
    device: str
    topic: str
    format: str
    received_at: datetime
    payload: bytes
    reason: str
    seen: int
    state: str
    decided_by: str | None
    decided_at: datetime | None


def waiting(ctx: Context, limit: int = 200) -> list[Quarantined]:
    """The messages that wait for a decision, newest first.

    Of devices at the sites that the actor may see; those of devices that stand nowhere for who may see every site.
    """
    sites = ctx.sites(Right.VIEW)
    return rows(
        ctx.tx,
        Quarantined,
        f"""select {_COLUMNS} from quarantine q where tenant_id = %s and state = 'waiting'
            and (%s::bigint[] is null or (
                select {SITE_OF_DEVICE} from device d
                where d.tenant_id = q.tenant_id and d.device = q.device) = any(%s))
            order by quarantine_id desc limit %s""",
        (ctx.tenant, sites, sites, limit),
    )


def get(ctx: Context, quarantine_id: int) -> Quarantined:
    """
    Raises:
        NotFound: there is no such message.
    """
    ctx.require_somewhere(Right.VIEW)
    found = _get(ctx, quarantine_id, "")
    ctx.require(Right.VIEW, site_of_device(ctx, found.device))
    return found


def replay(ctx: Context, quarantine_id: int, payload: bytes | None = None) -> int:
    """Take a message in after all, as it came or corrected; returns how many readings were new.

    It is judged as if it had come in when it did: its readings keep that `received_at`.

    Raises:
        NotFound: there is no such message.
        Refused: it has been decided already.
        Invalid: it cannot be right still; it stays where it is.
    """
    message = _waiting(ctx, quarantine_id)
    form = FORMATS.get(message.format)
    if form is None:
        raise Invalid(
            Fault("format", "one of " + ", ".join(FORMATS), shorten(message.format), "Drop it; it cannot be replayed.")
        )
    sender = device(ctx, message.device)
    if sender is None or not sender.active:
        raise Refused(f"The device {message.device!r} that sent this is not active. Activate it first, or drop this.")
    origin = _origin(ctx, message, sender.speaks_for)
    content = message.payload if payload is None else payload
    readings = form.decode(content, origin, moment(message.received_at))
    for reading in of_nobody(readings, origin, known_devices(ctx)):
        raise Invalid(
            Fault("device", "a registered, active device", shorten(reading.device), "Register it, then replay this.")
        )
    told = None if form.announced is None else form.announced(content, origin)
    if told is not None:
        announced.keep(ctx.tx, ctx.tenant, [(message.device, told)])
    new = store_readings(ctx.tx, ctx.tenant, readings)
    _decide(ctx, message, "replayed", corrected=payload is not None, readings=len(readings), new=new)
    return new


def drop(ctx: Context, quarantine_id: int) -> None:
    """Decide that a message is not needed; it is kept, but waits no longer.

    Raises:
        NotFound: there is no such message.
        Refused: it has been decided already.
    """
    _decide(ctx, _waiting(ctx, quarantine_id), "dropped")


def _get(ctx: Context, quarantine_id: int, lock: str) -> Quarantined:
    found = first(
        ctx.tx,
        Quarantined,
        f"select {_COLUMNS} from quarantine where tenant_id = %s and quarantine_id = %s {lock}",
        (ctx.tenant, quarantine_id),
    )
    if found is None:
        raise NotFound("message in quarantine", quarantine_id)
    return found


def _waiting(ctx: Context, quarantine_id: int) -> Quarantined:
    """A message that the actor may decide on, locked."""
    ctx.require_somewhere(Right.REPLAY_QUARANTINE)
    message = _get(ctx, quarantine_id, "for update")
    ctx.require(Right.REPLAY_QUARANTINE, site_of_device(ctx, message.device))
    if message.state != "waiting":
        raise Refused(f"This message was {message.state} by {message.decided_by} already.")
    return message


def _origin(ctx: Context, message: Quarantined, speaks_for: str) -> Origin:
    if message.door != "mqtt":
        return Origin(message.door, message.device, speaks_for, message.device, message.topic, message.format)
    origin = origin_of_topic(message.topic, message.device, speaks_for, message.format)
    means = announced.of_device(ctx.tx, ctx.tenant, message.device).get(message.topic, ())
    return replace(origin, means=means)


def _decide(ctx: Context, message: Quarantined, state: str, **detail: object) -> None:
    run(
        ctx.tx,
        """update quarantine set state = %s, decided_by = %s, decided_at = %s
           where tenant_id = %s and quarantine_id = %s""",
        (state, ctx.actor.by, ctx.now, ctx.tenant, message.quarantine_id),
    )
    ctx.audit(f"quarantine.{state}", f"quarantine:{message.quarantine_id}", device=message.device, **detail)
    notify(ctx.tx, "live", "quarantine")
