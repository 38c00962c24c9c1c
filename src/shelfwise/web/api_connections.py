"""REST: readers and brokers that we call."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import Field

from shelfwise.edge import connections
from shelfwise.edge.connection_model import LONGEST_HOST, Secrets
from shelfwise.edge.connections import MOST_SLOTS, Connected
from shelfwise.web.api_errors import errors
from shelfwise.web.api_model import Id, Name, Shown, Text, Told
from shelfwise.web.visits import Visitor

router = APIRouter()
Number = Annotated[int, Path(ge=1, le=2**63 - 1)]
Host = Annotated[str, Field(min_length=1, max_length=LONGEST_HOST)]
Port = Annotated[int, Field(ge=1, le=65_535)]
Pem = Annotated[str, Field(max_length=65_536)]


class HeldOut(Shown):
    """How one slot of a connection fares, and which gateway holds it. Wall times.

    `state` is waiting (nobody holds it), connecting, connected or trouble; `facts` is what the other side said of it.
    """

    slot: int
    held_by: str | None
    state: str
    since: datetime | None
    trouble: str | None
    trouble_at: datetime | None
    per_second: float | None
    heard_at: datetime | None
    facts: dict[str, Any]


class ConnectionOut(Shown):
    """A reader or a broker that we call. `state` is that of the slot that fares worst, or off. Secrets are not told."""

    connection_id: int
    device: str
    kind: str
    host: str
    port: int
    settings: dict[str, Any]
    slots: int
    active: bool
    state: str
    held: list[HeldOut]


class SecretsIn(Told):
    """What a broker wants to see: a password, or a client's certificate and its key (PEM)."""

    password: Annotated[str, Field(max_length=1024)] | None = None
    certificate: Pem | None = None
    private_key: Pem | None = None


class ConnectionChangeIn(Told):
    """Where it leads and how.

    `settings` of a reader: antennas, power_dbm, session, population, window_s, read_s, rest_s. Of a broker: topics
    (each with filter, format, device_level), tls, authority, user, client, in_flight. No secrets: those it has stay.
    """

    host: Host
    port: Port
    settings: Annotated[dict[str, Any], Field(default_factory=dict)]
    slots: Annotated[int, Field(ge=1, le=MOST_SLOTS)] = 1
    secrets: SecretsIn | None = None


class ConnectionIn(ConnectionChangeIn):
    """A new one, with a device of that name, which is registered with it unless it is there already."""

    device: Name
    kind: Literal["llrp", "mqtt"]
    name: Text = ""
    zone_id: Id | None = None
    place_id: Id | None = None


class SwitchIn(Told):
    """On or off; off, the gateway hangs up at once."""

    active: bool


@router.get("/connections", tags=["devices"], responses=errors())
def list_connections(visit: Visitor) -> list[ConnectionOut]:
    """All of the sites you may see."""
    with visit.context() as ctx:
        return [_out(one) for one in connections.connections(ctx)]


@router.post("/connections", tags=["devices"], responses=errors(404, 409))
def add_connection(visit: Visitor, told: ConnectionIn) -> ConnectionOut:
    """Set one up; a gateway connects within seconds."""
    with visit.context() as ctx:
        made = connections.add_connection(
            ctx, told.device, told.kind, told.host, told.port, told.settings, name=told.name, zone_id=told.zone_id,
            place_id=told.place_id, slots=told.slots, secrets=_secrets(told.secrets),
        )  # fmt: skip
        return _out(connections.connection(ctx, made))


@router.get("/connections/{connection_id}", tags=["devices"], responses=errors(404))
def one_connection(visit: Visitor, connection_id: Number) -> ConnectionOut:
    """One of them, and how it fares."""
    with visit.context() as ctx:
        return _out(connections.connection(ctx, connection_id))


@router.post("/connections/{connection_id}", tags=["devices"], responses=errors(404))
def change_connection(visit: Visitor, connection_id: Number, told: ConnectionChangeIn) -> ConnectionOut:
    """Change where it leads and how; the gateway connects anew."""
    with visit.context() as ctx:
        connections.change_connection(
            ctx, connection_id, told.host, told.port, told.settings, slots=told.slots, secrets=_secrets(told.secrets)
        )
        return _out(connections.connection(ctx, connection_id))


@router.post("/connections/{connection_id}/active", tags=["devices"], responses=errors(404))
def switch_connection(visit: Visitor, connection_id: Number, told: SwitchIn) -> ConnectionOut:
    """Switch it on or off."""
    with visit.context() as ctx:
        connections.set_connection_active(ctx, connection_id, told.active)
        return _out(connections.connection(ctx, connection_id))


@router.post("/connections/{connection_id}/remove", tags=["devices"], responses=errors(404))
def remove_connection(visit: Visitor, connection_id: Number) -> list[ConnectionOut]:
    """Forget it and its secrets; its device stays, with all it has said. Returns those that are left."""
    with visit.context() as ctx:
        connections.remove_connection(ctx, connection_id)
        return [_out(one) for one in connections.connections(ctx)]


def _secrets(told: SecretsIn | None) -> Secrets | None:
    return None if told is None else Secrets(told.password, told.certificate, told.private_key)


def _out(found: Connected) -> ConnectionOut:
    one = found.connection
    return ConnectionOut(
        connection_id=one.connection_id, device=one.device, kind=one.kind, host=one.host, port=one.port,
        settings=one.settings, slots=one.slots, active=one.active, state=found.state,
        held=[HeldOut.model_validate(held) for held in found.held],
    )  # fmt: skip
