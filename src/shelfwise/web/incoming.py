"""What comes by itself: the sources, the folder of each, and what became of the files in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Form, Response

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.intake import incoming
from shelfwise.intake.kinds import KINDS
from shelfwise.records import service as records
from shelfwise.records import sources
from shelfwise.records.sources import NewSource, Source
from shelfwise.settings import Settings
from shelfwise.web import pages
from shelfwise.web.visits import Visit, Visitor

router = APIRouter(include_in_schema=False)
# What takes a person who decides; Shelfwise does not bring it in by itself.
_NOT_BY_ITSELF = ("purchase_orders",)


def _folder(visit: Visit) -> Path:
    settings: Settings = visit.request.app.state.settings
    return settings.incoming.absolute()


@router.get("/incoming")
def everything(visit: Visitor, source: int | None = None) -> Response:
    with visit.context() as ctx:
        ctx.require(Right.IMPORT_DATA)
        known = sources.sources(ctx)
        files = incoming.latest(ctx, source)
        newest = {one.source_id: one for one in reversed(incoming.latest(ctx, limit=1000))}
        return pages.render(
            visit, ctx, "incoming.html", sources=known, files=files, newest=newest, chosen=source,
            names={one.source_id: one.name for one in known}, folder=_folder(visit),
        )  # fmt: skip


@router.get("/incoming/{incoming_id}")
def one_file(visit: Visitor, incoming_id: int) -> Response:
    with visit.context() as ctx:
        found = incoming.incoming(ctx, incoming_id)
        source = None if found.source_id is None else sources.source(ctx, found.source_id)
        return pages.render(visit, ctx, "incoming_file.html", one=found, source=source)


@router.get("/sources/new")
def new(visit: Visitor) -> Response:
    with visit.context() as ctx:
        ctx.require(Right.IMPORT_DATA)
        return _form(visit, ctx, None)


@router.get("/sources/{source_id}")
def source(visit: Visitor, source_id: int) -> Response:
    with visit.context() as ctx:
        ctx.require(Right.IMPORT_DATA)
        return _form(visit, ctx, sources.source(ctx, source_id))


def _form(visit: Visit, ctx: Context, found: Source | None) -> Response:
    return pages.render(
        visit, ctx, "source.html", source=found, values=found or NewSource("", "", "daily_sales", every_days=1),
        sites=records.sites(ctx), kinds=[one.sheet for one in KINDS if one.name not in _NOT_BY_ITSELF],
        folder=_folder(visit),
    )  # fmt: skip


@router.post("/sources/new")
def add(
    visit: Visitor, code: Annotated[str, Form(max_length=40)], name: Annotated[str, Form(max_length=200)],
    kind: Annotated[str, Form()] = "", site: Annotated[str, Form()] = "", skip_bad: Annotated[str, Form()] = "",
    every_days: Annotated[str, Form(max_length=3)] = "",
) -> Response:  # fmt: skip
    with visit.context() as ctx:
        ctx.require(Right.IMPORT_DATA)
        told = _told(ctx, code=code, name=name, kind=kind, site=site, skip_bad=skip_bad, every_days=every_days)
        sources.put_source(ctx, told)
    return pages.go("/incoming", f"{told.name} is added. Its folder is there in a moment.")


@router.post("/sources/{source_id}")
def change(
    visit: Visitor, source_id: int, code: Annotated[str, Form(max_length=40)],
    name: Annotated[str, Form(max_length=200)], kind: Annotated[str, Form()] = "", site: Annotated[str, Form()] = "",
    skip_bad: Annotated[str, Form()] = "", every_days: Annotated[str, Form(max_length=3)] = "",
    active: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    with visit.context() as ctx:
        ctx.require(Right.IMPORT_DATA)
        told = _told(
            ctx, code=code, name=name, kind=kind, site=site, skip_bad=skip_bad, every_days=every_days,
            active=bool(active),
        )  # fmt: skip
        sources.put_source(ctx, told, source_id)
    return pages.go("/incoming", f"{told.name} is changed.")


def _told(
    ctx: Context, *, code: str, name: str, kind: str, site: str, skip_bad: str, every_days: str, active: bool = True
) -> NewSource:
    allowed = {one.name for one in KINDS if one.name not in _NOT_BY_ITSELF} | {""}
    if kind not in allowed:
        raise Invalid(Fault("kind", "one of the kinds on the page", repr(kind), "Choose one of them."))
    if every_days.strip() and not every_days.strip().isdecimal():
        raise Invalid(Fault("every_days", "a number of days", shorten(every_days), "Correct it, or leave it empty."))
    told: dict[str, Any] = {"code": code.strip(), "name": name.strip(), "kind": kind, "skip_bad": bool(skip_bad)}
    return NewSource(
        **told, site_id=records.site(ctx, site).site_id if site else None,
        every_days=int(every_days) if every_days.strip() else None, active=active,
    )  # fmt: skip
