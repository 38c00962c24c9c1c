"""For which devices a gateway speaks, how much may wait behind it, and the keys of sites."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused, shorten
from shelfwise.edge import waiting
from shelfwise.edge.devices import SELECT_DEVICES, Device, device_facts, hash_of, site_of_device
from shelfwise.edge.model import Known
from shelfwise.store.database import first, notify, rows, run, value
from shelfwise.work import alerts

REACHES = ("any", "site", "assigned")
_LONGEST_KEY_NAME = 80


@dataclass(frozen=True)
class Scope:
    """For whom a gateway speaks.

    Attributes:
        reach: 'any' registered device, those at a 'site', or those 'assigned' to it.
        most_devices, most_readings, most_bytes: see `waiting.Quota`.
    """

    gateway: str
    reach: str
    site_id: int | None
    most_devices: int
    most_readings: int
    most_bytes: int


@dataclass(frozen=True)
class SiteKeySecret:
    """What a door must know of a site key."""

    site_key_id: int
    site_id: int
    secret_hash: bytes

    @property
    def name(self) -> str:
        return f"key:{self.site_key_id}"


@dataclass(frozen=True)
class SiteKey:
    """A site key as people see it; `used_at` by the wall clock, None while nobody used it."""

    site_key_id: int
    site_id: int
    site: str
    name: str
    active: bool
    added_by: str
    added_at: datetime
    used_at: datetime | None
    used_by: str | None


SELECT_SCOPES = """select gateway, reach, site_id, most_devices, most_readings, most_bytes from gateway_scope
    where tenant_id = %s"""
SELECT_SITE_KEYS = "select site_key_id, site_id, secret_hash from site_key where tenant_id = %s and active"


def reach_of(scopes: Iterable[Scope], devices: Iterable[Device]) -> Mapping[str, frozenset[str]]:
    """Of each gateway that does not speak for all: the devices it speaks for."""
    limited = [scope for scope in scopes if scope.reach != "any"]
    if not limited:
        return {}
    all_devices = list(devices)
    return {
        scope.gateway: frozenset(
            device.device
            for device in all_devices
            if (device.site_id == scope.site_id if scope.reach == "site" else device.behind == scope.gateway)
        )
        for scope in limited
    }


def known_devices(ctx: Context) -> Known:
    """All devices that may speak or be spoken for, and by which gateways."""
    devices = rows(ctx.tx, Device, SELECT_DEVICES, (ctx.tenant,))
    scopes = rows(ctx.tx, Scope, SELECT_SCOPES, (ctx.tenant,))
    return Known(frozenset(one.device for one in devices if one.active), reach_of(scopes, devices))


def scope(ctx: Context, device: str) -> Scope:
    """For whom a gateway speaks; for every device where nobody said otherwise.

    Raises:
        NotFound: there is no such device.
    """
    device_facts(ctx, device)
    quota = waiting.DEFAULT
    found = first(ctx.tx, Scope, f"{SELECT_SCOPES} and gateway = %s", (ctx.tenant, device))
    return found or Scope(device, "any", None, quota.devices, quota.readings, quota.bytes)


def limit_gateway(
    ctx: Context,
    device: str,
    *,
    reach: str,
    site_id: int | None = None,
    most_devices: int = waiting.DEFAULT.devices,
    most_readings: int = waiting.DEFAULT.readings,
    most_bytes: int = waiting.DEFAULT.bytes,
) -> None:
    """Say for which devices a gateway speaks, and how much of unknown ones may wait behind it.

    Raises:
        Invalid: a reach that is none, a site where none belongs, or an amount that is none.
        NotFound: there is no such device.
        Refused: it is no gateway.
    """
    ctx.require_somewhere(Right.MANAGE_DEVICES)
    ctx.require(Right.MANAGE_DEVICES, site_of_device(ctx, device))
    if device_facts(ctx, device).speaks_for != "gateway":
        raise Refused(f"{device!r} speaks for itself alone. Register it as a gateway first.")
    if reach not in REACHES or (reach == "site") != (site_id is not None):
        raise Invalid(
            Fault("reach", "any, assigned, or site together with a site", shorten(reach), "Choose one of the three.")
        )
    if site_id is not None:
        ctx.require(Right.MANAGE_DEVICES, site_id)
    for name, amount, low, high in (
        ("most_devices", most_devices, 0, 100_000),
        ("most_readings", most_readings, 1, 1_000_000),
        ("most_bytes", most_bytes, 1, 1 << 34),
    ):
        if not low <= amount <= high:
            raise Invalid(Fault(name, f"{low} to {high}", str(amount), "Choose an amount in between."))
    told = {
        "reach": reach, "site_id": site_id, "most_devices": most_devices, "most_readings": most_readings,
        "most_bytes": most_bytes,
    }  # fmt: skip
    run(
        ctx.tx,
        """insert into gateway_scope
               (tenant_id, gateway, reach, site_id, most_devices, most_readings, most_bytes)
           values (%(tenant)s, %(gateway)s, %(reach)s, %(site_id)s, %(most_devices)s, %(most_readings)s, %(most_bytes)s)
           on conflict (tenant_id, gateway) do update
           set reach = excluded.reach, site_id = excluded.site_id, most_devices = excluded.most_devices,
               most_readings = excluded.most_readings, most_bytes = excluded.most_bytes""",
        {"tenant": ctx.tenant, "gateway": device, **told},
    )
    forget_refusals(ctx, device)
    ctx.audit("device.limit", f"device:{device}", **told)


def forget_refusals(ctx: Context, behind: str) -> None:
    """There may be room again behind a gateway or site key: whether it is enough, the doors will say."""
    run(ctx.tx, "delete from unclaimed_refusal where tenant_id = %s and behind = %s", (ctx.tenant, behind))
    alerts.clear_alert(ctx, "unclaimed", f"behind:{behind}")


def site_keys(ctx: Context) -> list[SiteKey]:
    """The keys of the sites whose devices the actor may manage, those in use first."""
    sites = ctx.sites(Right.MANAGE_DEVICES)
    return rows(
        ctx.tx,
        SiteKey,
        """select k.site_key_id, k.site_id, s.name as site, k.name, k.active, k.added_by, k.added_at,
                  u.at as used_at, u.device as used_by
           from site_key k join site s using (tenant_id, site_id)
           left join lateral (
               select i.at, i.device from device_sign_in i
               where i.tenant_id = k.tenant_id and i.by_what = 'key:' || k.site_key_id
               order by i.at desc limit 1) u on true
           where k.tenant_id = %s and (%s::bigint[] is null or k.site_id = any(%s))
           order by k.active desc, s.name, k.name, k.site_key_id""",
        (ctx.tenant, sites, sites),
    )


def add_site_key(ctx: Context, site_id: int, name: str) -> str:
    """A secret by which small senders of a site may sign in, each with its own name; returned this once.

    Raises:
        Invalid: no name for people.
    """
    ctx.require(Right.MANAGE_DEVICES, site_id)
    name = name.strip()
    if not 0 < len(name) <= _LONGEST_KEY_NAME or not name.isprintable():
        raise Invalid(
            Fault("name", f"1 to {_LONGEST_KEY_NAME} printable characters", shorten(name), "Say what the key is for.")
        )
    secret = secrets.token_urlsafe(24)
    number = value(
        ctx.tx,
        """insert into site_key (tenant_id, site_id, name, secret_hash, added_by, added_at)
           values (%s, %s, %s, %s, %s, %s) returning site_key_id""",
        (ctx.tenant, site_id, name, hash_of(secret.encode()), ctx.actor.by, ctx.now),
    )
    ctx.audit("site_key.add", f"site_key:{number}", site_id=site_id, name=name)
    return secret


def revoke_site_key(ctx: Context, site_key: int) -> None:
    """Shut out whoever signed in with a site key, at once.

    Raises:
        NotFound: there is no such key.
    """
    ctx.require_somewhere(Right.MANAGE_DEVICES)
    site_id = value(
        ctx.tx,
        "select site_id from site_key where tenant_id = %s and site_key_id = %s",
        (ctx.tenant, site_key),
    )
    if site_id is None:
        raise NotFound("site key", site_key)
    ctx.require(Right.MANAGE_DEVICES, site_id)
    run(
        ctx.tx,
        "update site_key set active = false where tenant_id = %s and site_key_id = %s",
        (ctx.tenant, site_key),
    )
    ctx.audit("site_key.revoke", f"site_key:{site_key}")
    notify(ctx.tx, "live", "unclaimed")
