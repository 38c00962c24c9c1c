"""Devices: their sign-in, where they stand, and what each said last."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused, shorten
from shelfwise.edge import waiting
from shelfwise.edge.formats import FORMATS
from shelfwise.edge.model import LONGEST_NAME, LONGEST_TEXT, fault_of_name
from shelfwise.edge.standing import Spot, begin
from shelfwise.edge.tables import StoredReading
from shelfwise.store.database import first, rows, run, value


@dataclass(frozen=True)
class Device:
    """What a door must know of a device.

    Attributes:
        secret_hash: of its secret; of one that signed in: of what it signed in with.
        format: what it speaks on any topic, None: its topics say.
        secret_before: of the secret before, which is good until `secret_before_until` (wall clock).
        behind: the gateway it is assigned to.
        by: with what it signed in: its own 'secret', or 'key:3' for a site key.
    """

    device: str
    secret_hash: bytes
    speaks_for: str
    active: bool
    format: str | None = None
    secret_before: bytes | None = None
    secret_before_until: datetime | None = None
    site_id: int | None = None
    behind: str | None = None
    by: str = "secret"

    def proves(self, secret: bytes) -> bool:
        """Whether the secret is this device's; takes the same time for any wrong one."""
        return self.lets_in(hash_of(secret))

    def lets_in(self, secret_hash: bytes) -> bool:
        """Whether it is active and whoever has the secret of this hash is this device."""
        if not self.active:
            return False
        if hmac.compare_digest(secret_hash, self.secret_hash):
            return True
        return (
            self.secret_before is not None
            and self.secret_before_until is not None
            and hmac.compare_digest(secret_hash, self.secret_before)
            and datetime.now(UTC) < self.secret_before_until
        )


# The site of a row `d` of devices.
SITE_OF_DEVICE = """coalesce(
    (select p.site_id from place p where p.tenant_id = d.tenant_id and p.place_id = d.place_id),
    (select z.site_id from zone z where z.tenant_id = d.tenant_id and z.zone_id = d.zone_id),
    (select coalesce(h.site_id, f.from_site_id) from standing t
     left join shipment h on h.tenant_id = t.tenant_id and h.shipment_id = t.shipment_id
     left join transfer f on f.tenant_id = t.tenant_id and f.transfer_id = t.transfer_id
     where t.tenant_id = d.tenant_id and t.device = d.device and t.antenna = 0 and t.until_at is null))"""
SELECT_DEVICES = f"""select d.device, d.secret_hash, d.speaks_for, d.active, d.format, d.secret_before,
        d.secret_before_until, {SITE_OF_DEVICE} as site_id, d.behind
    from device d where d.tenant_id = %s"""
LONGEST_OVERLAP = timedelta(days=7)
_SELECT_STATES = """select d.device, d.name, d.zone_id, d.place_id, d.speaks_for, d.active, d.retired_at, d.provenance,
        l.kind, l.value, l.said, l.detail, l.observed_at, l.received_at
    from device d left join device_latest l using (tenant_id, device)"""


@dataclass(frozen=True)
class DeviceState:
    """A device and the newest it said of one kind; `kind` and what follows are None while it has said nothing.

    `value` is what counts; `said` what the device said itself, where that is another value.
    """

    device: str
    name: str
    zone_id: int | None
    place_id: int | None
    speaks_for: str
    active: bool
    retired_at: datetime | None
    provenance: str
    kind: str | None
    value: float | None
    said: float | None
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
    description: str = "",
    family: str = "",
    zone_id: int | None = None,
    place_id: int | None = None,
    speaks_for: str = "self",
    format: str | None = None,
    secret: str | None = None,
    provenance: str = "entered",
) -> str:
    """Register a device; returns its secret, which is shown this once and kept only as a hash.

    What it said before, behind a gateway or with a site key, becomes readings now.

    Args:
        device: its name in sign-in, topics and messages; for LoRaWAN its devEui in lower case.
        family: what it was added as, a name in `families.FAMILIES`.
        speaks_for: 'self', or 'gateway' for one that also reports for other registered devices.
        format: what it speaks on any topic, a name of `formats.FORMATS`; None: its topics say.
        secret: given by tests and by simulations that must know it beforehand; otherwise a random one is made.

    Raises:
        Invalid: a name that cannot stand in a topic, or no format.
        Refused: the name is taken, or was that of a device that is retired.
    """
    ctx.require_somewhere(Right.MANAGE_DEVICES)
    ctx.require(Right.MANAGE_DEVICES, site_of_standing(ctx, zone_id, place_id))
    if fault := fault_of_name(device):
        raise Invalid(fault)
    require_texts(name, description)
    _require_format(format)
    waiting.lock(ctx.tx, ctx.tenant)
    secret = secret or secrets.token_urlsafe(32)
    added = run(
        ctx.tx,
        """insert into device
               (tenant_id, device, name, description, family, secret_hash, speaks_for, format, provenance)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing""",
        (
            ctx.tenant, device, name, description, family, hash_of(secret.encode()), speaks_for, format, provenance,
        ),
    )  # fmt: skip
    if not added:
        retired = value(
            ctx.tx, "select retired_at from device where tenant_id = %s and device = %s", (ctx.tenant, device)
        )
        if retired is not None:
            raise Refused(
                f"{device!r} was a device that is retired. Its readings go by that name: take that one back into use "
                "if it is the same, or choose another name."
            )
        raise Refused(f"There is a device {device!r} already. Give it a new secret, or choose another name.")
    spot = Spot(zone_id=zone_id, place_id=place_id)
    begin(ctx.tx, ctx.tenant, device, spot, since=None, noted_at=ctx.now, noted_by=ctx.actor.by)
    new, behind = waiting.take_out(ctx.tx, ctx.tenant, device)
    if behind is not None:
        _assign(ctx, device, behind)
    ctx.audit(
        "device.add", f"device:{device}", zone_id=zone_id, place_id=place_id, speaks_for=speaks_for, family=family,
        waited=new, behind=behind,
    )  # fmt: skip
    return secret


def _assign(ctx: Context, device: str, behind: str) -> None:
    """A device that was heard behind a gateway is assigned to it; one that came with a site key to none."""
    run(
        ctx.tx,
        """update device d set behind = g.device from device g
           where d.tenant_id = %s and d.device = %s and g.tenant_id = d.tenant_id and g.device = %s""",
        (ctx.tenant, device, behind),
    )


def renew_secret(ctx: Context, device: str, overlap: timedelta = timedelta(0)) -> str:
    """Give a device a new secret, which is returned this once; the old one is refused after the overlap.

    Raises:
        Invalid: an overlap of more than a week.
        NotFound: there is no such device.
    """
    require_at(ctx, Right.MANAGE_DEVICES, device)
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise Invalid(
            Fault("overlap", f"0 to {LONGEST_OVERLAP.days} days", str(overlap), "Let the old secret end sooner.")
        )
    secret = secrets.token_urlsafe(32)
    until = ctx.wall.now() + overlap if overlap else None
    changed = run(
        ctx.tx,
        """update device set secret_before = case when %(until)s::timestamptz is null then null else secret_hash end,
                  secret_before_until = %(until)s, secret_hash = %(hash)s
           where tenant_id = %(tenant)s and device = %(device)s""",
        {"tenant": ctx.tenant, "device": device, "hash": hash_of(secret.encode()), "until": until},
    )
    if not changed:
        raise NotFound("device", device)
    ctx.audit("device.renew_secret", f"device:{device}", overlap_minutes=round(overlap.total_seconds() / 60))
    return secret


def set_active(ctx: Context, device: str, active: bool) -> None:
    """Let a device in, or shut it out; shut out, it is disconnected at once."""
    require_at(ctx, Right.MANAGE_DEVICES, device)
    changed = run(
        ctx.tx,
        """update device set active = %s, secret_before = null, secret_before_until = null,
                  retired_at = case when %s then null else retired_at end
           where tenant_id = %s and device = %s""",
        (active, active, ctx.tenant, device),
    )
    if not changed:
        raise NotFound("device", device)
    ctx.audit("device.activate" if active else "device.revoke", f"device:{device}")


def set_format(ctx: Context, device: str, format: str | None) -> None:
    """Say what a device speaks wherever it publishes; None: its topics say.

    Raises:
        Invalid: there is no such format.
        NotFound: there is no such device.
    """
    require_at(ctx, Right.MANAGE_DEVICES, device)
    _require_format(format)
    changed = run(
        ctx.tx, "update device set format = %s where tenant_id = %s and device = %s", (format, ctx.tenant, device)
    )
    if not changed:
        raise NotFound("device", device)
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


def require_at(ctx: Context, right: Right, device: str) -> None:
    """The actor must have the right where the device stands."""
    ctx.require_somewhere(right)
    ctx.require(right, site_of_device(ctx, device))


def site_of_standing(ctx: Context, zone_id: int | None, place_id: int | None) -> int | None:
    found: int | None = value(
        ctx.tx,
        """select coalesce((select site_id from place where tenant_id = %(tenant)s and place_id = %(place)s),
                           (select site_id from zone where tenant_id = %(tenant)s and zone_id = %(zone)s))""",
        {"tenant": ctx.tenant, "place": place_id, "zone": zone_id},
    )
    return found


def require_texts(name: str, description: str) -> None:
    for where, told, longest in (("name", name, LONGEST_NAME), ("description", description, LONGEST_TEXT)):
        if len(told) > longest or not told.replace("\n", " ").replace("\r", " ").isprintable():
            raise Invalid(Fault(where, f"at most {longest} printable characters", shorten(told), "Shorten it."))


def device(ctx: Context, name: str) -> Device | None:
    """What a door knows of a device, or None."""
    return first(ctx.tx, Device, f"{SELECT_DEVICES} and d.device = %s", (ctx.tenant, name))


@dataclass(frozen=True)
class DeviceFacts:
    """What is registered of a device; `retired_at` is set once it is not used any more."""

    device: str
    name: str
    description: str
    family: str
    zone_id: int | None
    place_id: int | None
    speaks_for: str
    behind: str | None
    active: bool
    retired_at: datetime | None
    secret_before_until: datetime | None


def device_facts(ctx: Context, device: str) -> DeviceFacts:
    """
    Raises:
        NotFound: there is no such device.
    """
    require_at(ctx, Right.VIEW, device)
    found = first(
        ctx.tx,
        DeviceFacts,
        """select device, name, description, family, zone_id, place_id, speaks_for, behind, active, retired_at,
                  secret_before_until
           from device where tenant_id = %s and device = %s""",
        (ctx.tenant, device),
    )
    if found is None:
        raise NotFound("device", device)
    return found


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
    require_at(ctx, Right.VIEW, device)
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
    told = [fact for _, fact in sorted(newest.items())]
    run(
        ctx.tx,
        """insert into device_latest as l (tenant_id, device, kind, value, said, detail, observed_at, received_at)
           select %s, * from unnest(%s::text[], %s::text[], %s::float8[], %s::float8[], %s::jsonb[], %s::timestamptz[],
                                    %s::timestamptz[])
           on conflict (tenant_id, device, kind) do update
           set value = excluded.value, said = excluded.said, detail = excluded.detail,
               observed_at = excluded.observed_at, received_at = excluded.received_at
           where excluded.observed_at >= l.observed_at""",
        (
            ctx.tenant,
            [fact.device for fact in told],
            [fact.kind for fact in told],
            [fact.counts_as for fact in told],
            [fact.value if fact.deviation else None for fact in told],
            [None if fact.detail is None else Jsonb(fact.detail) for fact in told],
            [fact.counts_from for fact in told],
            [fact.received_at for fact in told],
        ),
    )
    run(ctx.tx, "select pg_notify('live', 'floor')")
