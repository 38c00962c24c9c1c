"""What people do with connections to readers and brokers; the gateways hear of each change and follow it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused
from shelfwise.edge import devices
from shelfwise.edge.connection_model import (
    BrokerPlan,
    Connection,
    Held,
    Kind,
    ReaderPlan,
    Secrets,
    check_address,
    check_topics,
    plan_of,
)
from shelfwise.edge.devices import SITE_OF_DEVICE
from shelfwise.edge.formats import FORMATS
from shelfwise.store.database import first, rows, run, value
from shelfwise.work import alerts

# A reader that restarts, or a cable that is swapped, is nobody's business.
PATIENCE = timedelta(minutes=5)
MOST_SLOTS = 32
_COLUMNS = "c.connection_id, c.device, c.kind, c.host, c.port, c.settings, c.slots, c.active"
_HELD = """select slot, case when held_until > clock_timestamp() then held_by end as held_by,
                  case when held_until > clock_timestamp() then state else 'waiting' end as state,
                  since, trouble, trouble_at, per_second, heard_at, facts
           from connection_lease where tenant_id = %s and connection_id = %s order by slot"""


@dataclass(frozen=True)
class Connected:
    """A connection and how each of its slots fares; `site_id`: where its device stands, None: nowhere yet."""

    connection: Connection
    held: tuple[Held, ...]
    site_id: int | None

    @property
    def state(self) -> str:
        """Of the slot that fares worst; 'off' when it is switched off."""
        if not self.connection.active:
            return "off"
        known = [one.state for one in self.held]
        return next((state for state in ("trouble", "connecting", "connected") if state in known), "waiting")


def add_connection(
    ctx: Context,
    device: str,
    kind: Kind,
    host: str,
    port: int,
    settings: dict[str, Any],
    *,
    name: str = "",
    zone_id: int | None = None,
    place_id: int | None = None,
    slots: int = 1,
    secrets: Secrets | None = None,
) -> int:
    """Set up a connection; a device of that name is registered with it, unless it is there already.

    Args:
        settings: a `ReaderPlan` or `BrokerPlan` as JSON.
        slots: how many gateways share a broker's messages; a reader takes one.
        name, zone_id, place_id: of a new device, and where it stands.

    Raises:
        Invalid: an address, a topic or a setting that cannot be right.
        Refused: the device has a connection already, or may not speak for others.
    """
    ctx.require_somewhere(Right.MANAGE_DEVICES)
    if kind == "mqtt" and not settings.get("client"):
        settings = {**settings, "client": f"shelfwise-{token_hex(4)}"}
    settings, slots = _checked(kind, host, port, settings, slots)
    known = devices.device(ctx, device)
    if known is None:
        devices.add_device(
            ctx, device, name=name, zone_id=zone_id, place_id=place_id,
            speaks_for="gateway" if kind == "mqtt" else "self",
        )  # fmt: skip
    else:
        ctx.require(Right.MANAGE_DEVICES, devices.site_of_device(ctx, device))
        if (zone_id, place_id) != (None, None):
            raise Refused(f"{device} is registered already. Leave out where it stands; its own page says that.")
        if kind == "mqtt" and known.speaks_for != "gateway":
            raise Refused(f"{device} may speak for itself alone. Choose another name: a broker speaks for others.")
    connection_id: int | None = value(
        ctx.tx,
        """insert into connection (tenant_id, device, kind, host, port, settings, slots)
           values (%s, %s, %s, %s, %s, %s, %s) on conflict (tenant_id, device) do nothing returning connection_id""",
        (ctx.tenant, device, kind, host, port, Jsonb(settings), slots),
    )
    if connection_id is None:
        raise Refused(f"{device} has a connection already. Change that one, or choose another name.")
    _keep_secrets(ctx, connection_id, secrets)
    ctx.audit("connection.add", f"connection:{connection_id}", device=device, kind=kind, host=host, port=port)
    return connection_id


def change_connection(
    ctx: Context,
    connection_id: int,
    host: str,
    port: int,
    settings: dict[str, Any],
    *,
    slots: int = 1,
    secrets: Secrets | None = None,
) -> None:
    """Change where it leads and how; the gateway that holds it connects anew. No secrets: the ones it has stay.

    Raises:
        Invalid: an address, a topic or a setting that cannot be right.
    """
    before = _managed(ctx, connection_id)
    if before.kind == "mqtt" and not settings.get("client"):
        # Under another name the broker would not know us, and keep for nobody what it kept for us.
        settings = {**settings, "client": before.settings["client"]}
    settings, slots = _checked(before.kind, host, port, settings, slots)
    after = replace(before, host=host, port=port, settings=settings, slots=slots)
    run(
        ctx.tx,
        """update connection set host = %s, port = %s, settings = %s, slots = %s
           where tenant_id = %s and connection_id = %s""",
        (host, port, Jsonb(settings), slots, ctx.tenant, connection_id),
    )
    run(
        ctx.tx,
        "delete from connection_lease where tenant_id = %s and connection_id = %s and slot > %s",
        (ctx.tenant, connection_id, slots),
    )
    _keep_secrets(ctx, connection_id, secrets)
    ctx.audit(
        "connection.change", f"connection:{connection_id}", device=before.device, secrets=secrets is not None,
        before=_told(before), after=_told(after),
    )  # fmt: skip


def set_connection_active(ctx: Context, connection_id: int, active: bool) -> None:
    """Switch it on or off; off, the gateway hangs up at once."""
    found = _managed(ctx, connection_id)
    run(
        ctx.tx,
        "update connection set active = %s where tenant_id = %s and connection_id = %s",
        (active, ctx.tenant, connection_id),
    )
    ctx.audit(
        "connection.switch_on" if active else "connection.switch_off", f"connection:{connection_id}",
        device=found.device,
    )  # fmt: skip


def remove_connection(ctx: Context, connection_id: int) -> str:
    """Forget the connection and its secrets; returns its device, which stays, with all it has said."""
    found = _managed(ctx, connection_id)
    run(ctx.tx, "delete from connection where tenant_id = %s and connection_id = %s", (ctx.tenant, connection_id))
    alerts.clear_alert(ctx, "connection", f"connection:{connection_id}")
    ctx.audit("connection.remove", f"connection:{connection_id}", device=found.device)
    return found.device


def connections(ctx: Context) -> list[Connected]:
    """All connections of the sites that the actor may see, by device."""
    return _connected(ctx, ctx.sites(Right.VIEW))


def connection(ctx: Context, connection_id: int) -> Connected:
    """
    Raises:
        NotFound: there is none, or none that the actor may see.
    """
    sites = ctx.sites(Right.VIEW)
    found = next((one for one in _connected(ctx, sites) if one.connection.connection_id == connection_id), None)
    if found is None:
        raise NotFound("connection", connection_id)
    return found


def kind_of(ctx: Context, connection_id: int) -> Kind:
    """What is called, for whoever may change it."""
    return _managed(ctx, connection_id).kind


def secrets_of(ctx: Context, connection_id: int) -> Secrets:
    """What the other side wants to see; for whoever may set it anew, to try the connection out."""
    _managed(ctx, connection_id)
    found = first(
        ctx.tx,
        Secrets,
        """select password, certificate, private_key from connection_secret
           where tenant_id = %s and connection_id = %s""",
        (ctx.tenant, connection_id),
    )
    return found or Secrets()


def look_after(ctx: Context) -> int:
    """Alert where a connection has been down for a while or a reader lacks an antenna, and clear what is over.

    Called every so often by the worker; returns how many are not well.
    """
    wall = ctx.wall.now()
    unwell = 0
    for one in _connected(ctx, None):
        subject = f"connection:{one.connection.connection_id}"
        said = _complaint(one, wall - PATIENCE)
        if said is None:
            alerts.clear_alert(ctx, "connection", subject)
            continue
        unwell += 1
        title, detail = said
        alerts.raise_alert(
            ctx, "connection", subject, "attention", title, detail,
            f"/devices/connections/{one.connection.connection_id}",
            {"device": one.connection.device, "host": one.connection.host, "port": one.connection.port},
            site_id=one.site_id,
        )  # fmt: skip
    return unwell


def _complaint(one: Connected, before: datetime) -> tuple[str, str] | None:
    device = one.connection.device
    if one.state == "off":
        return None
    for held in one.held:
        if held.state == "connected":
            if missing := held.facts.get("missing"):
                which = ", ".join(str(antenna) for antenna in missing)
                return f"{device}: antenna {which} is not connected", "Nothing is read there. Look at plug and cable."
        elif held.since is not None and held.since < before:
            return f"{device} is not connected", held.trouble or "No gateway holds it. Does one run?"
    return None


def _connected(ctx: Context, sites: Sequence[int] | None) -> list[Connected]:
    found = rows(
        ctx.tx,
        Connection,
        f"""select {_COLUMNS} from connection c join device d using (tenant_id, device)
            where c.tenant_id = %s and (%s::bigint[] is null or {SITE_OF_DEVICE} = any(%s)) order by c.device""",
        (ctx.tenant, sites, sites),
    )
    return [
        Connected(
            one,
            tuple(rows(ctx.tx, Held, _HELD, (ctx.tenant, one.connection_id))),
            devices.site_of_device(ctx, one.device),
        )
        for one in found
    ]


def _managed(ctx: Context, connection_id: int) -> Connection:
    ctx.require_somewhere(Right.MANAGE_DEVICES)
    found = first(
        ctx.tx,
        Connection,
        f"select {_COLUMNS} from connection c where tenant_id = %s and connection_id = %s for update",
        (ctx.tenant, connection_id),
    )
    if found is None:
        raise NotFound("connection", connection_id)
    ctx.require(Right.MANAGE_DEVICES, devices.site_of_device(ctx, found.device))
    return found


def _checked(kind: Kind, host: str, port: int, settings: dict[str, Any], slots: int) -> tuple[dict[str, Any], int]:
    """The settings in full, and the slots."""
    check_address(host, port)
    if kind == "llrp":
        return msgspec.to_builtins(plan_of(ReaderPlan, settings)), 1
    plan = plan_of(BrokerPlan, settings)
    check_topics(plan, FORMATS)
    if not 1 <= slots <= MOST_SLOTS:
        raise Invalid(
            Fault("gateways", f"1 to {MOST_SLOTS}", str(slots), "Give how many gateways are to share the messages.")
        )
    return msgspec.to_builtins(plan), slots


def _keep_secrets(ctx: Context, connection_id: int, secrets: Secrets | None) -> None:
    if secrets is None:
        return
    run(
        ctx.tx,
        """insert into connection_secret (tenant_id, connection_id, password, certificate, private_key)
           values (%s, %s, %s, %s, %s)
           on conflict (tenant_id, connection_id) do update set password = excluded.password,
               certificate = excluded.certificate, private_key = excluded.private_key""",
        (ctx.tenant, connection_id, secrets.password, secrets.certificate, secrets.private_key),
    )


def _told(connection: Connection) -> dict[str, Any]:
    """What the audit log keeps of it."""
    plan = {name: content for name, content in connection.settings.items() if name != "authority"}
    return {"host": connection.host, "port": connection.port, "slots": connection.slots, **plan}
