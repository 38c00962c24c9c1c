"""Many devices at once: a list is pasted, looked at row by row and added whole; and labels for devices."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Response

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, Refused, ShelfwiseError
from shelfwise.edge import devices, many
from shelfwise.edge.devices import DeviceState
from shelfwise.edge.many import Looked
from shelfwise.web import pages
from shelfwise.web.device_list import read_list
from shelfwise.web.device_words import Standings, standings
from shelfwise.web.devices import address_of_doors, refused
from shelfwise.web.families import FAMILIES
from shelfwise.web.label_paper import MOST_LABELS, SHEETS, Label
from shelfwise.web.labels import USUAL_SHEET, Code, paper
from shelfwise.web.visits import Visit, Visitor

router = APIRouter(include_in_schema=False)
Listed = Annotated[str, Form(max_length=200_000)]
# A longer list helps nobody to tick.
_MOST_SHOWN = 500


@dataclass(frozen=True)
class Row:
    """A row of a list, what becomes of it, and all that is wrong with it."""

    looked: Looked
    faults: tuple[Fault, ...]


@router.get("/devices/many")
def form(visit: Visitor) -> Response:
    with visit.context() as ctx:
        ctx.require_somewhere(Right.MANAGE_DEVICES)
        return _page(visit, ctx, "")


@router.post("/devices/many")
def add_many(visit: Visitor, told: Listed = "", add: Annotated[str, Form(max_length=3)] = "") -> Response:
    """Look at a list, or add all that is in it; where a row is wrong, nothing is added."""
    try:
        with visit.context() as ctx:
            ctx.require_somewhere(Right.MANAGE_DEVICES)
            rows = _rows(ctx, told)
            if add != "yes" or any(row.faults for row in rows):
                return _page(visit, ctx, told, rows)
            return _secrets(visit, ctx, rows, many.add_devices(ctx, [row.looked.told for row in rows]))
    except (Invalid, Refused) as error:
        with visit.context() as ctx:
            return _page(visit, ctx, told, error=error)


def _rows(ctx: Context, told: str) -> list[Row]:
    listed, faults = read_list(told)
    by_row: dict[str, list[Fault]] = {}
    for fault in faults:
        by_row.setdefault(fault.where.split(",")[0], []).append(fault)
    return [Row(one, (*by_row.get(f"row {one.told.row}", ()), *one.faults)) for one in many.look(ctx, listed)]


def _page(
    visit: Visit, ctx: Context, told: str, rows: list[Row] | None = None, error: ShelfwiseError | None = None
) -> Response:
    wrong = [row for row in rows or () if row.faults]
    status = 409 if isinstance(error, Refused) else 422 if error or wrong else 200
    return pages.render(
        visit, ctx, "device_many.html", status, told=told, rows=rows, wrong=wrong, families=FAMILIES, **refused(error)
    )


def _secrets(visit: Visit, ctx: Context, rows: list[Row], made: list[tuple[str, str]]) -> Response:
    """The page that shows the secrets, this once, and as a file that is made in the page itself."""
    at, names = address_of_doors(visit), {row.looked.told.device: row.looked for row in rows}
    sheet = io.StringIO()
    out = csv.writer(sheet, lineterminator="\r\n")
    out.writerow(["device", "secret", "name", "stands", "host", "mqtt", "mqtt_tls", "http"])
    for device, secret in made:
        one = names[device]
        out.writerow([device, secret, one.told.name, one.stands, at.host, at.mqtt, at.mqtt_tls or "", at.web])
    response = pages.render(
        visit, ctx, "device_many_added.html", made=made, names=names, written=sheet.getvalue(),
        address="data:text/csv;charset=utf-8," + quote(sheet.getvalue()),
        labels="/devices/labels.pdf?" + "&".join(f"pick={pages.segment(device)}" for device, _ in made),
    )  # fmt: skip
    response.headers["cache-control"] = "no-store"
    return response


@router.get("/devices/labels")
def labels(visit: Visitor, search: Annotated[str, Query(max_length=100)] = "") -> Response:
    """Which devices shall have a label?"""
    with visit.context() as ctx:
        found, places = _in_use(ctx), standings(ctx)
        wanted = [one for one in found if search.lower() in f"{one.device} {one.name} {places.of(one)[0]}".lower()]
        return pages.render(
            visit, ctx, "device_labels.html", found=[(one, places.of(one)[0]) for one in wanted[:_MOST_SHOWN]],
            count=len(wanted), known=len(found), most=MOST_LABELS, sheets=SHEETS, search=search,
        )  # fmt: skip


@router.get("/devices/labels.pdf")
def labels_pdf(
    visit: Visitor,
    pick: Annotated[list[str], Query(max_length=_MOST_SHOWN)] = [],  # noqa: B006 (FastAPI copies it)
    sheet: Code = USUAL_SHEET,
    skip: Annotated[int, Query(ge=0, le=99)] = 0,
) -> Response:
    """The labels of those that are picked; of all where none is."""
    with visit.context() as ctx:
        places, chosen = standings(ctx), set(pick)
        made = [_label(one, places) for one in _in_use(ctx) if not chosen or one.device in chosen]
    return paper(made, sheet, skip, "labels-of-devices")


def _in_use(ctx: Context) -> list[DeviceState]:
    """Each device that the actor may see and that is not retired, once."""
    ctx.require_somewhere(Right.VIEW)
    return list({one.device: one for one in devices.device_states(ctx) if one.retired_at is None}.values())


def _label(one: DeviceState, places: Standings) -> Label:
    """It holds the name that it signs in with, by which a search finds it, and no secret."""
    return Label(one.device, one.device, tuple(line for line in (one.name[:60], places.of(one)[0]) if line))
