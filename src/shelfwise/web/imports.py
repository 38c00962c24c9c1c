"""Import: a file of sales is checked cell by cell first, and taken in only when a person says so."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from shelfwise.access.context import Context, Office
from shelfwise.access.model import Actor, Right
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused, ShelfwiseError, shorten
from shelfwise.records import service as records
from shelfwise.records.model import Site
from shelfwise.web import pages
from shelfwise.web.visits import Visit, Visitor, visitor

router = APIRouter(include_in_schema=False)
_KEPT = 8
_CHUNK = 1 << 20
_log = structlog.get_logger()


@dataclass
class Job:
    """An uploaded file and how far it is: 'checked', 'running', 'done' or 'failed'."""

    job_id: str
    owner: str
    site_code: str
    file_name: str
    path: Path
    dry_run: Any
    state: str = "checked"
    done: int = 0
    rows: int = 0
    imported: Any = None
    error: str = ""
    faults: tuple[Fault, ...] = ()
    lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """
        Raises:
            Refused: it runs or has run already.
        """
        with self.lock:
            if self.state in {"running", "done"}:
                raise Refused("This file is being imported already, or has been.")
            self.state, self.done = "running", 0


class Imports:
    """The files uploaded to this process, newest last; they are gone when it ends, what was imported is not."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._jobs: OrderedDict[str, Job] = OrderedDict()

    def path(self) -> Path:
        """Where a new upload may be written."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="shelfwise-import-"))
        return self._folder / secrets.token_hex(8)

    def close(self) -> None:
        """Remove the uploaded files."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def keep(self, job: Job) -> None:
        self._jobs[job.job_id] = job
        idle = [one for one in self._jobs.values() if one.state != "running"]
        for old in idle[: max(0, len(self._jobs) - _KEPT)]:
            old.path.unlink(missing_ok=True)
            del self._jobs[old.job_id]

    def get(self, job_id: str, actor: Actor) -> Job:
        """
        Raises:
            NotFound: there is no such upload of this person's.
        """
        job = self._jobs.get(job_id)
        if job is None or job.owner != str(actor):
            raise NotFound("upload", job_id)
        return job


def _jobs(visit: Visit) -> Imports:
    jobs: Imports = visit.request.app.state.imports
    return jobs


@router.get("/import")
def form(visit: Visitor) -> Response:
    with visit.context() as ctx:
        return pages.render(visit, ctx, "import.html", sites=_sites(ctx), go_live=records.go_live(ctx), faults=())


@router.post("/import")
async def upload(request: Request) -> Response:
    """Keep the file and check it. Who asks is known before a byte of the body is read."""
    visit = await run_in_threadpool(visitor, request)
    await run_in_threadpool(_may_import, visit)
    async with request.form(max_files=1, max_fields=4) as sent:
        file, site_code = sent.get("file"), sent.get("site")
        if not isinstance(file, UploadFile) or not file.filename or not isinstance(site_code, str):
            raise Invalid(Fault("file", "a CSV or Parquet file and a site", "no file", "Choose a file."))
        jobs = _jobs(visit)
        path = jobs.path()
        try:
            with path.open("wb") as copy:
                while chunk := await file.read(_CHUNK):
                    await run_in_threadpool(copy.write, chunk)
            return await run_in_threadpool(_check, visit, jobs, path, Path(file.filename).name[:200], site_code)
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def _sites(ctx: Context) -> list[Site]:
    """The sites whose sales the actor may bring in."""
    allowed = ctx.sites(Right.IMPORT_DATA)
    return [site for site in records.sites(ctx) if allowed is None or site.site_id in allowed]


def _may_import(visit: Visit) -> None:
    with visit.context() as ctx:
        ctx.require_somewhere(Right.IMPORT_DATA)


def _check(visit: Visit, jobs: Imports, path: Path, name: str, site_code: str) -> Response:
    # Data frames take a while to import: only whoever imports a file pays for it.
    from shelfwise.intake import sales

    with visit.context() as ctx:
        site = records.site(ctx, site_code)
        ctx.require(Right.IMPORT_DATA, site.site_id)
        today = max(ctx.now, ctx.wall.now()).date()
    try:
        dry_run = sales.check(path, time_zone=site.time_zone, today=today)
    except Invalid as error:
        path.unlink(missing_ok=True)
        with visit.context() as ctx:
            return pages.render(
                visit,
                ctx,
                "import.html",
                status=422,
                sites=_sites(ctx),
                go_live=records.go_live(ctx),
                faults=error.faults,
            )
    job = Job(secrets.token_urlsafe(16), str(visit.actor), site.code, name, path, dry_run, rows=dry_run.rows)
    jobs.keep(job)
    return pages.go(f"/import/{job.job_id}")


@router.get("/import/{job_id}")
def show(visit: Visitor, job_id: str) -> Response:
    job = _jobs(visit).get(job_id, visit.actor)
    with visit.context() as ctx:
        ctx.require_somewhere(Right.IMPORT_DATA)
        return pages.render(visit, ctx, "import_job.html", job=job, dry=job.dry_run)


@router.post("/import/{job_id}/start")
async def start(request: Request, job_id: str) -> Response:
    """Import the checked file in the background; the page follows how far it is."""
    visit = await run_in_threadpool(visitor, request)
    await run_in_threadpool(_may_import, visit)
    async with request.form() as sent:
        skip_bad = sent.get("skip_bad") == "yes"
    job = _jobs(visit).get(job_id, visit.actor)
    job.start()
    threading.Thread(target=_run, args=(visit.office, visit.actor, job, skip_bad), name="import", daemon=True).start()
    return pages.go(f"/import/{job_id}")


def _run(office: Office, actor: Actor, job: Job, skip_bad: bool) -> None:
    from shelfwise.intake import sales

    def progress(done: int, rows: int) -> None:
        job.done, job.rows = done, rows

    try:
        job.imported = sales.import_sales(
            office, actor, job.path, site_code=job.site_code, progress=progress, skip_bad=skip_bad
        )
    except ShelfwiseError as error:
        job.error = str(error) if not isinstance(error, Invalid) else "Nothing was imported."
        job.faults = error.faults[:50] if isinstance(error, Invalid) else ()
        job.state = "failed"
    except Exception as error:  # a background job has nobody else to tell
        _log.error("web.import_failed", file=shorten(job.file_name), exc_info=error)
        job.error = "Something failed on our side and nothing was imported. It has been logged."
        job.state = "failed"
    else:
        job.state = "done"
    finally:
        if job.state == "done":
            job.path.unlink(missing_ok=True)
