"""Readers and brokers that we connect to: which there are, how each fares, and how a new one is added and tried out."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, Refused, ShelfwiseError
from shelfwise.edge import connections
from shelfwise.edge.connection_model import KINDS, LLRP_PORT, MQTT_PORT, Kind, Secrets
from shelfwise.edge.connections import Connected
from shelfwise.edge.formats import FORMATS
from shelfwise.edge.reaching import Ours, ours
from shelfwise.edge.trying import try_out
from shelfwise.web import pages
from shelfwise.web.device_standing import places_to_stand, spot_told
from shelfwise.web.visits import Visit, Visitor

router = APIRouter(include_in_schema=False)
STATES = {
    "connected": ("well", "connected"),
    "connecting": ("unknown", "connecting"),
    "trouble": ("danger", "not connected"),
    "waiting": ("unknown", "no gateway holds it"),
    "off": ("unknown", "switched off"),
}


async def _sent(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=100)


Sent = Annotated[FormData, Depends(_sent)]


@router.get("/devices/connections")
def list_connections(visit: Visitor) -> Response:
    with visit.context() as ctx:
        return _list(visit, ctx)


@router.post("/devices/connections")
def add_connection(visit: Visitor, sent: Sent) -> Response:
    """Set it up, and show how it fares."""
    try:
        with visit.context() as ctx:
            ctx.require_somewhere(Right.MANAGE_DEVICES)
            spot = spot_told(_text(sent, "stands"))
            kind: Kind = "mqtt" if sent.get("kind") == "mqtt" else "llrp"
            made = connections.add_connection(
                ctx, _text(sent, "device"), kind, _text(sent, "host"), _port(sent, kind), _settings(sent, kind),
                name=_text(sent, "name"), zone_id=spot.zone_id, place_id=spot.place_id,
                slots=int(_number(sent, "slots") or 1), secrets=_secrets(sent),
            )  # fmt: skip
    except (Invalid, Refused) as error:
        with visit.context() as ctx:
            return _list(visit, ctx, error, sent)
    return pages.go(f"/devices/connections/{made}", "Set up. A gateway connects in a few seconds.")


@router.get("/devices/connections/{connection_id}")
def show(visit: Visitor, connection_id: int) -> Response:
    with visit.context() as ctx:
        return _detail(visit, ctx, connection_id)


@router.post("/devices/connections/{connection_id}")
def change(visit: Visitor, connection_id: int, sent: Sent) -> Response:
    try:
        with visit.context() as ctx:
            kind = connections.kind_of(ctx, connection_id)
            connections.change_connection(
                ctx, connection_id, _text(sent, "host"), _port(sent, kind), _settings(sent, kind),
                slots=int(_number(sent, "slots") or 1), secrets=_secrets(sent),
            )  # fmt: skip
    except Invalid as error:
        with visit.context() as ctx:
            return _detail(visit, ctx, connection_id, error=error)
    return pages.go(f"/devices/connections/{connection_id}", "Changed. The gateway connects anew.")


@router.post("/devices/connections/{connection_id}/try")
def try_it(visit: Visitor, connection_id: int) -> Response:
    """Connect once, from here, and say what was found."""
    with visit.context() as ctx:
        secrets = connections.secrets_of(ctx, connection_id)
        found = connections.connection(ctx, connection_id)
    # No transaction is held while we look; a reader that a gateway holds would refuse a second caller.
    if found.connection.kind == "llrp" and found.state == "connected":
        tried = True, f"A gateway reads it: {found.held[0].facts.get('said', 'connected')}."
    else:
        tried = try_out(found.connection, secrets, own_doors(visit))
    with visit.context() as ctx:
        return _detail(visit, ctx, connection_id, tried=tried)


@router.post("/devices/connections/{connection_id}/active")
def set_active(visit: Visitor, connection_id: int, sent: Sent) -> Response:
    on = sent.get("active") == "true"
    with visit.context() as ctx:
        connections.set_connection_active(ctx, connection_id, on)
    return pages.go(f"/devices/connections/{connection_id}", "Switched on." if on else "Switched off.")


@router.post("/devices/connections/{connection_id}/remove")
def remove(visit: Visitor, connection_id: int) -> Response:
    with visit.context() as ctx:
        device = connections.remove_connection(ctx, connection_id)
    return pages.go("/devices/connections", f"{device} is not called any more. What it said stays.")


def own_doors(visit: Visit) -> Ours:
    """What must not be called from here."""
    state = visit.request.app.state
    told = state.settings
    return ours(
        state.office.database.url, told.mqtt_port, told.door_port, told.mqtt_tls_port, told.door_tls_port,
        told.web_port, told.https_port,
    )  # fmt: skip


def _list(visit: Visit, ctx: Context, error: ShelfwiseError | None = None, sent: FormData | None = None) -> Response:
    return pages.render(
        visit, ctx, "connections.html", 200 if error is None else 422 if isinstance(error, Invalid) else 409,
        found=connections.connections(ctx), states=STATES, kinds=KINDS, sent=sent or {}, formats=FORMATS.values(),
        ports={"llrp": LLRP_PORT, "mqtt": MQTT_PORT}, **_refused(error),
        standings=places_to_stand(ctx) if visit.may(Right.MANAGE_DEVICES.value) else [],
    )  # fmt: skip


def _detail(
    visit: Visit,
    ctx: Context,
    connection_id: int,
    tried: tuple[bool, str] | None = None,
    error: ShelfwiseError | None = None,
) -> Response:
    found: Connected = connections.connection(ctx, connection_id)
    return pages.render(
        visit, ctx, "connection.html", 422 if error else 200, at_site=found.site_id, found=found, tried=tried,
        one=found.connection, states=STATES, kinds=KINDS, formats=FORMATS.values(), sent=_told(found),
        manages=ctx.actor.may(Right.MANAGE_DEVICES, found.site_id), **_refused(error),
    )  # fmt: skip


def _refused(error: ShelfwiseError | None) -> dict[str, Any]:
    if isinstance(error, Invalid):
        return {"faults": error.faults, "fault": ""}
    return {"faults": (), "fault": str(error) if error else ""}


def _told(found: Connected) -> dict[str, str]:
    """A connection as the form that could have made it."""
    one, settings = found.connection, found.connection.settings
    told = {"host": one.host, "port": str(one.port), "slots": str(one.slots)}
    for name in ("power_dbm", "session", "window_s", "read_s", "rest_s", "user", "authority", "client"):
        told[name] = "" if settings.get(name) is None else str(settings[name])
    told["antennas"] = ", ".join(str(number) for number in settings.get("antennas", ()))
    told["tls"] = "yes" if settings.get("tls") else ""
    told["topics"] = "\n".join(
        " ".join(
            part
            for part in (rule["filter"], rule["format"], str(rule["device_level"]) if rule["device_level"] else "")
            if part
        )
        for rule in settings.get("topics", ())
    )
    return told


def _text(sent: FormData, name: str) -> str:
    return str(sent.get(name, "")).strip()


def _number(sent: FormData, name: str) -> float | None:
    told = _text(sent, name)
    if not told:
        return None
    try:
        return float(told.replace(",", "."))
    except ValueError as error:
        raise Invalid(Fault(name.replace("_", " "), "a number", told[:60], "Correct it.")) from error


def _port(sent: FormData, kind: Kind) -> int:
    return int(min(_number(sent, "port") or (LLRP_PORT if kind == "llrp" else MQTT_PORT), 1e9))


def _settings(sent: FormData, kind: Kind) -> dict[str, Any]:
    if kind == "llrp":
        antennas = [
            int(one) if one.isdecimal() and len(one) < 6 else one
            for one in _text(sent, "antennas").replace(",", " ").split()
        ]
        numbers = {name: _number(sent, name) for name in ("power_dbm", "session", "window_s", "read_s", "rest_s")}
        told = {name: number for name, number in numbers.items() if number is not None}
        if "session" in told:
            told["session"] = int(told["session"])
        return {"antennas": antennas, **told}
    return {
        "topics": [_rule(line) for line in _text(sent, "topics").splitlines() if line.strip()],
        "tls": sent.get("tls") == "yes",
        "authority": _text(sent, "authority"),
        "user": _text(sent, "user"),
        "client": _text(sent, "client"),
    }


def _rule(line: str) -> dict[str, Any]:
    """A line such as ``sensors/+/temp generic 2``: a filter, and where the topic does not tell, format and level."""
    topic_filter, *rest = line.split()
    rule: dict[str, Any] = {"filter": topic_filter}
    for word in rest:
        if word.isdecimal() and len(word) < 4:
            rule["device_level"] = int(word)
        else:
            rule["format"] = word
    return rule


def _secrets(sent: FormData) -> Secrets | None:
    """None where nothing was told: what is known stays."""
    told = [_text(sent, name) or None for name in ("password", "certificate", "private_key")]
    return Secrets(*told) if any(told) else None
