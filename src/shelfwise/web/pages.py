"""Rendering: one Jinja environment that escapes everything, and the helpers that templates use."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context as TemplateContext
from markupsafe import Markup, escape

from shelfwise.access.context import Context
from shelfwise.core.quantities import plain
from shelfwise.operations.disk import Disk
from shelfwise.records.packs import in_words
from shelfwise.web import words, writing
from shelfwise.web.charts import method_words
from shelfwise.web.shell import Shell, shell
from shelfwise.web.visits import THEME_COOKIE, Visit

HERE = Path(__file__).parent
SAID_COOKIE = "shelfwise_said"
THEMES = ("auto", "light", "dark")


def render(
    visit: Visit, ctx: Context, template: str, /, status: int = 200, *, at_site: int | None = None, **values: Any
) -> HTMLResponse:
    """A page of somebody who is signed in, with the frame around it; of one site: with times as they are there."""
    values["shell"] = shell(ctx, at_site)
    return respond(visit.request, template, status, visit=visit, **values)


def respond(request: Request, template: str, status: int = 200, /, **values: Any) -> HTMLResponse:
    """A page; without `shell` and `visit` it is one for nobody in particular, such as the sign-in."""
    # A live update of the page before must not use up the sentence meant for the next one.
    said = None if "hx-request" in request.headers else request.cookies.get(SAID_COOKIE)
    theme = request.cookies.get(THEME_COOKIE, "auto")
    disk: Disk | None = request.app.state.disk
    frame: dict[str, Any] = {
        "shell": None,
        "visit": None,
        "request": request,
        "path": request.url.path,
        "wall_now": request.app.state.office.wall.now(),
        "said": unquote(said) if said else None,
        "shortage": disk.shortage() if disk else None,
        "theme": theme if theme in THEMES else "auto",
    }
    response = HTMLResponse(environment().get_template(template).render(frame | values), status)
    if said:
        response.delete_cookie(SAID_COOKIE, path="/")
    return response


def go(address: str, said: str = "") -> RedirectResponse:
    """Send the browser to a page after a change, with a sentence on what was done."""
    response = RedirectResponse(address, 303)
    if said:
        response.set_cookie(SAID_COOKIE, quote(said[:400]), max_age=60, httponly=True, samesite="lax", path="/")
    return response


def local_address(address: str) -> str:
    """The address if it is a path on this server, else the home page: nobody is sent elsewhere after signing in."""
    plain = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if plain else "/"


@cache
def environment() -> Environment:
    env = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(
        number=words.number,
        plain=plain,
        typed=writing.typed,
        written_day=writing.written_day,
        money=words.money,
        temperature=words.temperature,
        percent=words.percent,
        span=words.span,
        json=_attribute_json,
        when=_when,
        day=_day,
        segment=segment,
        in_packs=in_words,
        method=method_words,
    )
    env.globals.update(static=static_address, themes=THEMES, style=writing.style)
    return env


@cache
def static_address(name: str) -> str:
    """Where a static file is, with a hash of its content, so that browsers may keep it for ever."""
    content = (HERE / "static" / name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(content).hexdigest()[:12]}"


def _attribute_json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), default=str)


@pass_context
def _when(context: TemplateContext, instant: datetime | None, *, wall: bool = False) -> Markup:
    """A relative time with the exact one on hover; ticks in the browser. `wall` counts by the wall clock instead."""
    frame: Shell | None = context["shell"]
    if instant is None or frame is None:
        return Markup('<span class="quiet">never</span>')
    now = context["wall_now"] if wall else frame.now
    return _time(instant, frame.zone, words.ago(instant, now), wall, writing.style())


@lru_cache(maxsize=4096)
def _time(instant: datetime, zone: ZoneInfo, ago: str, wall: bool, style: writing.Style) -> Markup:
    """Kept, because the rows of a long list often name the same instant."""
    return Markup('<time datetime="{}" title="{}"{}>{}</time>').format(
        words.machine(instant), words.exact(instant, zone), Markup(" data-wall") if wall else "", ago
    )


@pass_context
def _day(context: TemplateContext, instant: datetime | None) -> Markup:
    """The day of an instant at the site, exact on hover."""
    frame: Shell | None = context["shell"]
    if instant is None or frame is None:
        return escape("–")
    return Markup('<time datetime="{}" title="{}" data-still>{}</time>').format(
        words.machine(instant), words.exact(instant, frame.zone), words.short_day(instant, frame.zone)
    )


def segment(text: object) -> str:
    """A text as one part of an address."""
    return quote(str(text), safe="")
