"""Devices: their sign-in, where they stand, and what each said last."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused, shorten
from shelfwise.edge.formats import FORMATS
from shelfwise.edge.model import LONGEST_NAME
from shelfwise.edge.standing import Spot, begin
from shelfwise.edge.tables import StoredReading
from shelfwise.store.database import first, rows, run, value


@dataclass(frozen=True)
class Device:
    """What a door must know to let a device in; `format`: what it speaks on any topic, None: its topics say."""

    device: str
    secret_hash: bytes
    speaks_for: str
    active: bool
    format: str | None = None

    def proves(self, secret: bytes) -> bool:
        """Whether the secret is this device's; takes the same time for any wrong one."""
        return hmac.compare_digest(hash_of(secret), self.secret_hash)


# The site of a row `d` of devices.
SITE_OF_DEVICE = """coalesce(
    (select p.site_id from place p where p.tenant_id = d.tenant_id and p.place_id = d.place_id),
    (select z.site_id from zone z where z.tenant_id = d.tenant_id and z.zone_id = d.zone_id),
    (select coalesce(h.site_id, f.from_site_id) from standing t
     left join shipment h on h.tenant_id = t.tenant_id and h.shipment_id = t.shipment_id
     left join transfer f on f.tenant_id = t.tenant_id and f.transfer_id = t.transfer_id
     where t.tenant_id = d.tenant_id and t.device = d.device and t.antenna = 0 and t.until_at is null))"""
SELECT_DEVICES = "select device, secret_hash, speaks_for, active, format from device where tenant_id = %s"

_SELECT_STATES = """select d.device, d.name, d.zone_id, d.place_id, d.speaks_for, d.active, d.provenance,
        l.kind, l.value, l.detail, l.observed_at, l.received_at
    from device d left join device_latest l using (tenant_id, device)"""


@dataclass(frozen=True)
class DeviceState:
    """A device and the newest it said of one kind; `kind` and what follows are None while it has said nothing."""

    device: str
    name: str
    zone_id: int | None
    place_id: int | None
    speaks_for: str
    active: bool
    provenance: str
    kind: str | None
    value: float | None
    detail: dict[str, Any] | None
    observed_at: datetime | None
    received_at: datetime | None


def hash_of(secret: bytes) -> bytes:
    """What is kept of a secret. Secrets are 256 random bits, so a plain hash keeps them."""
    return hashlib.sha256(secret).digest()


def add_device(
    ctx: Context,
    device: str,
    *,
    name: str = "",
    zone_id: int | None = None,
    place_id: int | None = None,
    speaks_for: str = "self",
    format: str | None = None,
    secret: str | None = None,
    provenance: str = "entered",
) -> str:
    """Register a device; returns its secret, which is shown this once and kept only as a hash.

    Args:
        device: its name in sign-in, topics and messages; for LoRaWAN its devEui in lower case.
        speaks_for: 'self', or 'gateway' for one that also reports for other registered devices.
        format: what it speaks on any topic, a name of `formats.FORMATS`; None: its topics say.
        secret: given by tests and by simulations that must know it beforehand; otherwise a random one is made.

    Raises:
        Invalid: a name that cannot stand in a topic, or no format.
        Refused: the name is taken.
    """
    ctx.require_somewhere(Right.MANAGE_DEVICES)
    ctx.require(Right.MANAGE_DEVICES, _site_of_standing(ctx, zone_id, place_id))
    if not 0 < len(device) <= LONGEST_NAME or not device.isprintable() or set(device) & set("/+#: "):
        raise Invalid(
            Fault(
                "device",
                f"1 to {LONGEST_NAME} printable characters without / + # : and spaces",
                shorten(device),
                "Choose a name such as scale-7.",
            )
        )
    _require_format(format)
    secret = secret or secrets.token_urlsafe(32)
    added = run(
        ctx.tx,
        """insert into device (tenant_id, device, name, secret_hash, speaks_for, format, provenance)
           values (%s, %s, %s, %s, %s, %s, %s) on conflict do nothing""",
        (ctx.tenant, device, name, hash_of(secret.encode()), speaks_for, format, provenance),
    )
    if not added:
        raise Refused(f"There is a device {device!r} already. Give it a new secret, or choose another name.")
    spot = Spot(zone_id=zone_id, place_id=place_id)
    begin(ctx.tx, ctx.tenant, device, spot, since=None, noted_at=ctx.now, noted_by=ctx.actor.by)
    ctx.audit("device.add", f"device:{device}", zone_id=zone_id, place_id=place_id, speaks_for=speaks_for)
    return secret


def renew_secret(ctx: Context, device: str) -> str:
    """Give a device a new secret, which is returned this once; the old one is refused from now on."""
    _require_at(ctx, Right.MANAGE_DEVICES, device)
    secret = secrets.token_urlsafe(32)
    _update(ctx, device, "secret_hash", hash_of(secret.encode()))
    ctx.audit("device.renew_secret", f"device:{device}")
    return secret


def set_active(ctx: Context, device: str, active: bool) -> None:
    """Let a device in, or shut it out; shut out, it is disconnected at once."""
    _require_at(ctx, Right.MANAGE_DEVICES, device)
    _update(ctx, device, "active", active)
    ctx.audit("device.activate" if active else "device.revoke", f"device:{device}")


def set_format(ctx: Context, device: str, format: str | None) -> None:
    """Say what a device speaks wherever it publishes; None: its topics say.

    Raises:
        Invalid: there is no such format.
        NotFound: there is no such device.
    """
    _require_at(ctx, Right.MANAGE_DEVICES, device)
    _require_format(format)
    _update(ctx, device, "format", format)
    ctx.audit("device.set_format", f"device:{device}", format=format)


def _require_format(format: str | None) -> None:
    if format is not None and format not in FORMATS:
        raise Invalid(Fault("format", "one of " + ", ".join(FORMATS), shorten(format), "Choose one, or none."))


def site_of_device(ctx: Context, device: str) -> int | None:
    """The site where a device stands; None where it stands nowhere yet, or is not known."""
    found: int | None = value(
        ctx.tx,
        f"select {SITE_OF_DEVICE} from device d where d.tenant_id = %s and d.device = %s",
        (ctx.tenant, device),
    )
    return found


def _require_at(ctx: Context, right: Right, device: str) -> None:
    """The actor must have the right where the device stands."""
    ctx.require_somewhere(right)
    ctx.require(right, site_of_device(ctx, device))


def _site_of_standing(ctx: Context, zone_id: int | None, place_id: int | None) -> int | None:
    found: int | None = value(
        ctx.tx,
        """select coalesce((select site_id from place where tenant_id = %(tenant)s and place_id = %(place)s),
                           (select site_id from zone where tenant_id = %(tenant)s and zone_id = %(zone)s))""",
        {"tenant": ctx.tenant, "place": place_id, "zone": zone_id},
    )
    return found


def _update(ctx: Context, device: str, column: str, content: object) -> None:
    changed = run(
        ctx.tx,
        f"update device set {column} = %s where tenant_id = %s and device = %s",
        (content, ctx.tenant, device),
    )
    if not changed:
        raise NotFound("device", device)


def device(ctx: Context, name: str) -> Device | None:
    """What a door knows of a device, or None."""
    return first(ctx.tx, Device, f"{SELECT_DEVICES} and device = %s", (ctx.tenant, name))


def active_devices(ctx: Context) -> frozenset[str]:
    """The names of all devices that may speak or be spoken for."""
    found = value(
        ctx.tx,
        "select coalesce(array_agg(device), '{}') from device where tenant_id = %s and active",
        (ctx.tenant,),
    )
    return frozenset(found)


def device_states(ctx: Context) -> list[DeviceState]:
    """Every device with the newest reading of each kind it sends; by device and kind.

    Of the sites that the actor may see; a device that stands nowhere yet is shown to those who may see every site.
    """
    sites = ctx.sites(Right.VIEW)
    return rows(
        ctx.tx,
        DeviceState,
        f"""{_SELECT_STATES}
           left join zone z on z.tenant_id = d.tenant_id and z.zone_id = d.zone_id
           left join place p on p.tenant_id = d.tenant_id and p.place_id = d.place_id
           where d.tenant_id = %s and (%s::bigint[] is null or coalesce(p.site_id, z.site_id) = any(%s))
           order by d.device, l.kind""",
        (ctx.tenant, sites, sites),
    )


def states_of_device(ctx: Context, device: str) -> list[DeviceState]:
    """One device with the newest reading of each kind it sends, at least one state; by kind.

    Raises:
        NotFound: there is no such device.
    """
    _require_at(ctx, Right.VIEW, device)
    found = rows(
        ctx.tx,
        DeviceState,
        f"{_SELECT_STATES} where d.tenant_id = %s and d.device = %s order by l.kind",
        (ctx.tenant, device),
    )
    if not found:
        raise NotFound("device", device)
    return found


def remember_latest(ctx: Context, facts: Sequence[StoredReading]) -> None:
    """Keep the newest reading of each device and kind; one that comes late changes nothing. A consumer of READINGS.

    A time from the future counts from its arrival: kept as claimed, it would hide what the device says until then.
    """
    newest: dict[tuple[str, str], StoredReading] = {}
    for fact in facts:
        known = newest.get((fact.device, fact.kind))
        if known is None or fact.counts_from >= known.counts_from:
            newest[fact.device, fact.kind] = fact
    with ctx.tx.cursor() as cursor:
        cursor.executemany(
            """insert into device_latest as l
                   (tenant_id, device, kind, value, detail, observed_at, received_at)
               values (%s, %s, %s, %s, %s, %s, %s)
               on conflict (tenant_id, device, kind) do update
               set value = excluded.value, detail = excluded.detail,
                   observed_at = excluded.observed_at, received_at = excluded.received_at
               where excluded.observed_at >= l.observed_at""",
            [
                (
                    ctx.tenant,
                    fact.device,
                    fact.kind,
                    fact.value,
                    None if fact.detail is None else Jsonb(fact.detail),
                    fact.counts_from,
                    fact.received_at,
                )
                for _, fact in sorted(newest.items())
            ],
        )
    run(ctx.tx, "select pg_notify('live', 'floor')")
