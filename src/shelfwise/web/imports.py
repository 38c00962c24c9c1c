"""Import: a file is looked at first, every bad cell and every change named, and taken in only when a person says so."""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound
from shelfwise.records import service as records
from shelfwise.records.exchange import Value, guarded, written
from shelfwise.records.model import Site
from shelfwise.web import pages
from shelfwise.web.import_jobs import Imports, Job, discard, look, take_in
from shelfwise.web.visits import Visit, Visitor, visitor

if TYPE_CHECKING:
    from shelfwise.intake.found import Found
    from shelfwise.intake.kind import Change

__all__ = ["Imports", "router"]

router = APIRouter(include_in_schema=False)
_CHUNK = 1 << 20
_FIELDS = 5000
CHANGES_SHOWN = 100


def _jobs(visit: Visit) -> Imports:
    jobs: Imports = visit.request.app.state.imports
    return jobs


@router.get("/import")
def form(visit: Visitor) -> Response:
    from shelfwise.intake import undoing
    from shelfwise.intake.kinds import KINDS

    with visit.context() as ctx:
        done = undoing.imports(ctx)
        files = [list(group) for _, group in groupby(done, key=lambda one: one.file_id)]
        return pages.render(
            visit, ctx, "import.html", sites=_sites(ctx), go_live=records.go_live(ctx), kinds=KINDS, files=files,
            faults=(),
        )  # fmt: skip


@router.post("/import")
async def upload(request: Request) -> Response:
    """Keep the file and look at it. Who asks is known before a byte of the body is read."""
    visit = await run_in_threadpool(visitor, request)
    await run_in_threadpool(_may_import, visit)
    async with request.form(max_files=1, max_fields=4) as sent:
        file, site_code = sent.get("file"), sent.get("site", "")
        if not isinstance(file, UploadFile) or not file.filename or not isinstance(site_code, str):
            raise Invalid(Fault("file", "a CSV file or a workbook", "no file", "Choose a file."))
        jobs = _jobs(visit)
        path = jobs.path(Path(file.filename).name)
        try:
            with path.open("wb") as copy:
                while chunk := await file.read(_CHUNK):
                    await run_in_threadpool(copy.write, chunk)
            return await run_in_threadpool(_look, visit, jobs, path, Path(file.filename).name[:200], site_code)
        except BaseException:
            discard(path)
            raise


def _sites(ctx: Context) -> list[Site]:
    """The sites for which the actor may bring something in."""
    allowed = ctx.sites(Right.IMPORT_DATA)
    return [site for site in records.sites(ctx) if allowed is None or site.site_id in allowed]


def _may_import(visit: Visit) -> None:
    with visit.context() as ctx:
        ctx.require_somewhere(Right.IMPORT_DATA)


def _look(visit: Visit, jobs: Imports, path: Path, name: str, site_code: str) -> Response:
    _check_site(visit, site_code)
    job = Job(secrets.token_urlsafe(16), str(visit.actor), site_code, name, path)
    jobs.keep(job)
    look(visit.office, visit.actor, job)
    return pages.go(f"/import/{job.job_id}")


def _check_site(visit: Visit, code: str) -> None:
    with visit.context() as ctx:
        if code:
            ctx.require(Right.IMPORT_DATA, records.site(ctx, code).site_id)


@router.get("/import/{job_id}")
def show(visit: Visitor, job_id: str) -> Response:
    from shelfwise.intake.kinds import KINDS

    job = _jobs(visit).get(job_id, visit.actor)
    with visit.context() as ctx:
        ctx.require_somewhere(Right.IMPORT_DATA)
        return pages.render(
            visit, ctx, "import_job.html", job=job, found=job.outcome, kinds=KINDS, sites=_sites(ctx), said=None,
            differences=differences, named=named,
        )  # fmt: skip


@router.post("/import/{job_id}/choose")
async def choose(request: Request, job_id: str) -> Response:
    """Read the file as a person says, and look at it anew."""
    visit = await run_in_threadpool(visitor, request)
    await run_in_threadpool(_may_import, visit)
    async with request.form(max_files=0, max_fields=_FIELDS) as sent:
        return await run_in_threadpool(_choose, visit, job_id, sent)


def _choose(visit: Visit, job_id: str, sent: FormData) -> Response:
    job = _jobs(visit).get(job_id, visit.actor)
    site = str(sent.get("site", job.site_code))
    _check_site(visit, site)
    if job.outcome is None:
        raise Invalid(Fault("file", "one that can be read", job.file_name, "Choose another file."))
    told = {one.name: _choice(one, number, sent) for number, one in enumerate(job.outcome.tables)}
    job.site_code, job.choices = site, told
    look(visit.office, visit.actor, job)
    return pages.go(f"/import/{job_id}")


def _choice(found: Found, number: int, sent: FormData) -> Any:
    """What the form says of one table; another kind than before begins with what it proposes itself."""
    from shelfwise.intake.found import Choice
    from shelfwise.intake.kinds import kind_of

    name = str(sent.get(f"kind-{number}", found.kind.name if found.kind else ""))
    if not name or found.kind is None or name != found.kind.name:
        return Choice(name)
    columns = {column.name: "" for column in kind_of(name).sheet.columns}
    for column in found.columns:
        taken_for = str(sent.get(f"column-{number}-{column.number}", column.name))
        if taken_for in columns:
            columns[taken_for] = column.header
    repairs = {
        repair.key: sent.get(f"repair-{number}-{place}") == "yes"
        for place, repair in enumerate(found.repairs)
        if f"repairs-{number}" in sent and not repair.told_only
    }
    return Choice(name, columns, _one_of(sent, f"decimal-{number}", ".", ","),
                  _one_of(sent, f"dates-{number}", "ymd", "dmy", "mdy"), repairs)  # fmt: skip


def _one_of(sent: FormData, name: str, *allowed: str) -> str | None:
    said = sent.get(name)
    return said if isinstance(said, str) and said in allowed else None


@router.get("/import/{job_id}/faults.csv")
def faults(visit: Visitor, job_id: str, table: int = 0) -> Response:
    """The rows with bad cells as a file, to be corrected and imported again."""
    from shelfwise.intake.importing import faulty_rows

    _may_import(visit)
    job = _jobs(visit).get(job_id, visit.actor)
    if job.outcome is None or not 0 <= table < len(job.outcome.tables) or not job.path.exists():
        raise NotFound("table with bad cells", table)
    text = io.StringIO()
    rows = csv.writer(text)
    for row in faulty_rows(job.path, job.outcome.tables[table]):
        rows.writerow([guarded(cell) for cell in row])
    headers = {"Content-Disposition": 'attachment; filename="bad-rows.csv"'}
    return Response(text.getvalue().encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/import/{job_id}/start")
async def start(request: Request, job_id: str) -> Response:
    """Import the file; the page follows how far it is."""
    visit = await run_in_threadpool(visitor, request)
    await run_in_threadpool(_may_import, visit)
    async with request.form() as sent:
        skip_bad = sent.get("skip_bad") == "yes"
    job = _jobs(visit).get(job_id, visit.actor)
    await run_in_threadpool(take_in, visit.office, visit.actor, job, skip_bad)
    return pages.go(f"/import/{job_id}")


@router.get("/imports/{file_id}")
def imported(visit: Visitor, file_id: int) -> Response:
    """What one file brought, and what it changed from what to what."""
    from shelfwise.intake import undoing
    from shelfwise.intake.kinds import KINDS

    kinds = {kind.name: kind for kind in KINDS}
    with visit.context() as ctx:
        done = undoing.import_of_file(ctx, file_id)
        told = [(one, kinds.get(one.kind), undoing.changes_of(ctx, one, CHANGES_SHOWN)) for one in done]
        return pages.render(visit, ctx, "import_done.html", tables=told, first=done[0], differences=differences,
                            named=named)  # fmt: skip


@router.post("/imports/{file_id}/undo")
def undo(visit: Visitor, file_id: int) -> Response:
    from shelfwise.intake import undoing

    with visit.context() as ctx:
        done = undoing.undo(ctx, file_id)
    left = f" {len(done.left)} had to stay; see below." if done.left else ""
    return pages.go(f"/imports/{file_id}", f"{done.file_name} was taken back: {done.restored} records.{left}")


def named(change: Change) -> str:
    """What a record is called, by its key."""
    return " ".join(_said(part) for part in change.key if part is not None)


def differences(change: Change) -> list[tuple[str, str, str]]:
    """Of each column that says something else: its name, what it said, and what it says then."""
    before: Mapping[str, Value] = change.before or {}
    keys = set() if change.before else {name for name in change.after if change.after[name] in change.key}
    return [
        (name.replace("_", " "), _said(before.get(name)), _said(change.after[name]))
        for name in change.fields
        if name not in keys
    ]


def _said(value: Value) -> str:
    return "nothing" if value is None else written(value, ZoneInfo("UTC"))
