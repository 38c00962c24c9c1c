"""REST: a file or JSON lines sent to be taken in, once under each idempotency key."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import tempfile
import threading
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi import Path as InPath
from starlette.concurrency import run_in_threadpool

from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.intake import incoming
from shelfwise.intake.incoming import Incoming
from shelfwise.intake.kinds import kind_of
from shelfwise.records import service as records
from shelfwise.records.exchange import guarded
from shelfwise.web.api_errors import errors
from shelfwise.web.api_model import FaultOut, Id, Shown
from shelfwise.web.visits import Visit, Visitor

router = APIRouter()
JSON_LINES = "application/x-ndjson"
# A sender waits so long for the answer; what takes longer is asked for at its own address.
PATIENCE_S = 10.0
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_UNDER_WAY: set[int] = set()


class TableOut(Shown):
    """What became of one table of a file."""

    table: str
    kind: str
    rows: int
    new: int
    changed: int
    unchanged: int
    skipped: int
    bad_cells: list[str]


class IncomingOut(Shown):
    """A file that was sent; `lost`: it was interrupted, and has to be sent again under the same key."""

    incoming_id: int
    state: str
    file_name: str
    size: int
    picked_at: datetime
    finished_at: datetime | None
    done_rows: int
    file_id: int | None
    tables: list[TableOut]
    error: str
    faults: list[FaultOut]


@router.post(
    "/imports",
    tags=["imports"],
    responses=errors(404, 409, 413) | {202: {"model": IncomingOut, "description": "It takes longer: ask for it again"}},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "text/csv": {"schema": {"type": "string"}},
                JSON_LINES: {"schema": {"type": "string"}},
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            },
        }
    },
)
async def send(
    request: Request,
    response: Response,
    visit: Visitor,
    idempotency_key: Annotated[str, Header(description="Of your own, for each file another one")] = "",
    kind: Annotated[str, Query(max_length=40, description="What it holds, by the name of the sheet")] = "",
    site: Annotated[str, Query(max_length=64, description="The site that sold, where rows do not say")] = "",
    skip_bad: Annotated[bool, Query(description="Leave bad rows out instead of refusing the file")] = False,
    file_name: Annotated[str, Query(max_length=150)] = "sent.csv",
) -> IncomingOut:
    """Send a file as it is, or JSON lines with the columns of a sheet. Sent again under the same key, it is taken in
    once, and the answer says what came of it. A file with a bad cell is refused as a whole, unless `skip_bad`."""
    as_lines = request.headers.get("content-type", "").split(";")[0].strip().lower() == JSON_LINES
    await run_in_threadpool(_may_send, visit, kind, site, as_lines)
    if not _KEY.fullmatch(idempotency_key):
        wanted = "1 to 200 letters, digits and signs without spaces"
        got = shorten(idempotency_key) or "none"
        raise Invalid(Fault("Idempotency-Key", wanted, got, "Send each file under a key of its own."))
    body = await request.body()
    if as_lines:
        body = await run_in_threadpool(_as_csv, body, kind)
    said = (
        {"kind": kind, "skip_bad": skip_bad} | ({"site": site} if site else {}) | ({"exact": True} if as_lines else {})
    )
    done = await run_in_threadpool(_take, visit, idempotency_key, _plain_name(file_name, as_lines), body, said)
    if not done.finished:
        response.status_code = 202
        response.headers["location"] = f"/api/v1/imports/{done.incoming_id}"
    return _shown(done)


@router.get("/imports/{incoming_id}", tags=["imports"], responses=errors(404))
def sent(visit: Visitor, incoming_id: Annotated[Id, InPath()]) -> IncomingOut:
    """What came of a file that was sent."""
    with visit.context() as ctx:
        return _shown(incoming.incoming(ctx, incoming_id))


def _may_send(visit: Visit, kind: str, site: str, as_lines: bool) -> None:
    with visit.context() as ctx:
        ctx.require_somewhere(Right.IMPORT_DATA)
        if kind or as_lines:
            ctx.require_somewhere(kind_of(kind).right)
        if site:
            ctx.require(Right.IMPORT_DATA, records.site(ctx, site).site_id)


def _plain_name(name: str, as_lines: bool) -> str:
    plain = "".join(letter for letter in name if letter.isprintable() and letter not in "/\\").lstrip(".") or "sent.csv"
    return f"{plain}.csv" if as_lines and not plain.lower().endswith(".csv") else plain


def _take(visit: Visit, key: str, name: str, body: bytes, said: dict[str, Any]) -> Incoming:
    with visit.context() as ctx:
        one = incoming.note(
            ctx, key=key, file_name=name, sha256=hashlib.sha256(body).digest(), size=len(body), said=said
        )
    if one.finished or one.incoming_id in _UNDER_WAY:
        return one
    kept: list[Incoming] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            with tempfile.TemporaryDirectory(prefix="shelfwise-sent-") as folder:
                path = Path(folder) / name
                path.write_bytes(body)
                kept.append(incoming.take(visit.office, visit.actor, one, path))
        except BaseException as error:
            failed.append(error)
        finally:
            _UNDER_WAY.discard(one.incoming_id)

    _UNDER_WAY.add(one.incoming_id)
    thread = threading.Thread(target=work, name="incoming", daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    if failed:
        raise failed[0]
    return kept[0] if kept else one


def _as_csv(body: bytes, kind: str) -> bytes:
    """JSON lines as a file with the sheet's own headings.

    Raises:
        Invalid: a line is no object, or has a field that is no column.
    """
    sheet = kind_of(kind).sheet
    told: list[dict[str, Any]] = []
    for number, line in enumerate(body.decode("utf-8", "replace").splitlines(), 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line, parse_float=Decimal)
        except ValueError:
            found = None
        if not isinstance(found, dict) or not all(name in sheet.headings for name in found):
            wanted = f"a JSON object with some of {', '.join(sheet.headings)}"
            raise Invalid(Fault(f"line {number}", wanted, shorten(line), "Correct the line."))
        told.append(found)
    used = [name for name in sheet.headings if any(name in one for one in told)] or list(sheet.headings)
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(used)
    writer.writerows([_cell(one.get(name)) for name in used] for one in told)
    return file.getvalue().encode()


def _cell(told: Any) -> str:
    match told:
        case None:
            return ""
        case bool():
            return "yes" if told else "no"
        case str():
            return guarded(told)
        case Decimal():
            return f"{told:f}"
        case _:
            return str(told)


def _shown(one: Incoming) -> IncomingOut:
    interrupted = not one.finished and one.incoming_id not in _UNDER_WAY
    return IncomingOut(
        incoming_id=one.incoming_id, state="lost" if interrupted else one.state, file_name=one.file_name,
        size=one.size, picked_at=one.picked_at, finished_at=one.finished_at, done_rows=one.done_rows,
        file_id=one.file_id, tables=[TableOut.model_validate(table) for table in one.result.get("tables", ())],
        error=one.result.get("error", ""), faults=[FaultOut(**asdict(fault)) for fault in one.faults],
    )  # fmt: skip
