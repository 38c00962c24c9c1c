"""One device: what it is, where it stands, what it said last, and what the other parts know of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Response

from shelfwise.access.context import Context, business_time
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid
from shelfwise.edge import asking, connected, connections, credentials, device_life, devices, scopes
from shelfwise.edge.formats import FORMATS
from shelfwise.edge.health import service
from shelfwise.records import service as records
from shelfwise.web import device_health, device_history, device_standing, pages
from shelfwise.web.connections import STATES
from shelfwise.web.device_words import connection, how_it_is, importance, last_heard, said, standings
from shelfwise.web.families import FAMILIES, family_of
from shelfwise.web.floor_view import stale_after
from shelfwise.web.visits import Visitor
from shelfwise.web.words import span
from shelfwise.web.writing import read_typed

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form(max_length=600)]
# The pauses that a person chooses from.
_PAUSES_S = (10, 30, 60, 300, 900, 1800, 3600, 14_400, 86_400)


@router.get("/devices/{device}")
def device_page(visit: Visitor, device: str) -> Response:
    with visit.context() as ctx:
        states = devices.states_of_device(ctx, device)
        one = states[0]
        stale = stale_after(business_time(ctx.tx, ctx.tenant).rate)
        site_id = devices.site_of_device(ctx, device)
        heard, bearing = last_heard(states), service.bearings(ctx).get(device)
        return pages.render(
            visit, ctx, "device.html", at_site=site_id, one=one, site_id=site_id,
            heard=heard, state=how_it_is(one, heard, ctx.now, stale, bearing),
            stands=standings(ctx).of(one), formats=FORMATS.values(), speaks=_speaks(ctx, device),
            last=[(state, said(state)) for state in sorted(states, key=importance) if state.kind is not None],
            **_registered(ctx, device), families=FAMILIES, **_link(ctx, device),
            standing=device_standing.parts(ctx, device), health=device_health.parts(ctx, device),
            history=device_history.parts(ctx, device),
        )  # fmt: skip


def _registered(ctx: Context, device: str) -> dict[str, Any]:
    """What is registered of it, for the parts of the page that change that."""
    facts = devices.device_facts(ctx, device)
    gateway = facts.speaks_for == "gateway"
    allowed = ctx.sites(Right.MANAGE_DEVICES) if ctx.actor.may_somewhere(Right.MANAGE_DEVICES) else []
    return {
        "facts": facts,
        "family": family_of(facts.family).words if facts.family else "",
        "signed_in": credentials.sign_in_of(ctx, device),
        "scope": scopes.scope(ctx, device) if gateway else None,
        "scope_sites": [site for site in records.sites(ctx) if allowed is None or site.site_id in allowed],
    }


def _link(ctx: Context, device: str) -> dict[str, Any]:
    """Whether it is connected, how often it was asked to report, and how often it does."""
    presence, told = connected.presence_of(ctx, device), asking.asked(ctx, device)
    return {
        "presence": presence,
        "called": next((one for one in connections.connections(ctx) if one.connection.device == device), None),
        "call_states": STATES,
        "linked": connection(presence),
        "asked": told,
        "kept": None if told.kept_s is None else span(timedelta(seconds=told.kept_s)),
        "pauses": {
            seconds: span(timedelta(seconds=seconds))
            for seconds in sorted({*_PAUSES_S, told.interval_s or _PAUSES_S[0]})
        },
    }


@router.post("/devices/{device}/asked")
def ask(visit: Visitor, device: str, pause: Annotated[str, Form(max_length=20)] = "") -> Response:
    """Ask it to report every so many seconds; empty: as often as it likes."""
    seconds = read_typed(pause) if pause.strip() else None
    if seconds is not None and seconds % 1:
        raise Invalid(Fault("pause", "whole seconds", pause, "Choose one of the list."))
    with visit.context() as ctx:
        asking.ask_interval(ctx, device, None if seconds is None else int(seconds))
    return _back(device, "It is asked." if seconds is not None else "It reports as often as it likes.")


@router.post("/devices/{device}/words")
def change_words(visit: Visitor, device: str, name: Text = "", description: Text = "", family: Text = "") -> Response:
    with visit.context() as ctx:
        device_life.change_device(ctx, device, name=name, description=description, family=family)
    return _back(device, "It is called so from now on.")


@router.post("/devices/{device}/behind")
def assign(visit: Visitor, device: str, behind: Text = "") -> Response:
    with visit.context() as ctx:
        device_life.assign(ctx, device, behind.strip() or None)
    return _back(device, f"It reports behind {behind.strip()}." if behind.strip() else "It reports behind no gateway.")


@router.post("/devices/{device}/scope")
def limit(
    visit: Visitor, device: str, most_devices: Annotated[int, Form()], most_readings: Annotated[int, Form()],
    reach: Text = "any", site: Annotated[int | None, Form()] = None,
) -> Response:  # fmt: skip
    with visit.context() as ctx:
        scopes.limit_gateway(
            ctx, device, reach=reach, site_id=site if reach == "site" else None, most_devices=most_devices,
            most_readings=most_readings,
        )  # fmt: skip
    return _back(device, "It speaks for these from now on.")


@router.post("/devices/{device}/retire")
def retire(visit: Visitor, device: str) -> Response:
    with visit.context() as ctx:
        device_life.retire(ctx, device)
    return _back(device, "It is retired: shut out at once, and what it said stays.")


@router.post("/devices/{device}/delete")
def delete(visit: Visitor, device: str) -> Response:
    with visit.context() as ctx:
        device_life.delete(ctx, device)
    return pages.go("/devices", f"{device} is deleted.")


def _back(device: str, said: str) -> Response:
    return pages.go(f"/devices/{pages.segment(device)}", said)


def _speaks(ctx: Context, device: str) -> str:
    """The format it was registered to speak; '': its topics say."""
    found = devices.device(ctx, device)
    return "" if found is None or found.format is None else found.format
