"""Which devices are connected to the MQTT door, and how the last connection of the others ended, as people see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.edge.devices import SITE_OF_DEVICE, require_at
from shelfwise.store.database import first, rows


@dataclass(frozen=True)
class Presence:
    """Whether a device is connected. One that never was has none: it calls for each message, or speaks by a gateway.

    Attributes:
        since: when it connected, or when the connection ended; business time.
        ended: 'left' with a word of farewell, 'lost' without, 'closed' by the gateway; None: it is connected.
        last_words: of its will, where it left one and did not take it back.
    """

    device: str
    online: bool
    since: datetime
    ended: str | None
    last_words: str | None


_SELECT = """select p.device, p.online, p.since, p.ended, p.last_words
    from device_presence p join device d using (tenant_id, device)"""


def presences(ctx: Context) -> dict[str, Presence]:
    """By device, of the sites that the actor may see."""
    sites = ctx.sites(Right.VIEW)
    found = rows(
        ctx.tx,
        Presence,
        f"{_SELECT} where p.tenant_id = %s and (%s::bigint[] is null or {SITE_OF_DEVICE} = any(%s))",
        (ctx.tenant, sites, sites),
    )
    return {one.device: one for one in found}


def presence_of(ctx: Context, device: str) -> Presence | None:
    """Of one device; None where it never was connected, or there is no such device."""
    require_at(ctx, Right.VIEW, device)
    return first(ctx.tx, Presence, f"{_SELECT} where p.tenant_id = %s and p.device = %s", (ctx.tenant, device))
