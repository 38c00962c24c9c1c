"""Files that people have uploaded to be imported: looked at and taken in beside the requests that ask for it."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from shelfwise.access.context import Office
from shelfwise.access.model import Actor, system
from shelfwise.agents import runs
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused, ShelfwiseError, shorten
from shelfwise.records import service as records

_KEPT = 8
_PATIENCE_S = 1.5
_FAULTS_SHOWN = 50
SEEN_BY_PLANNING = frozenset({"items", "terms", "stock", "sales", "purchase_orders"})
_log = structlog.get_logger()


@dataclass
class Job:
    """An uploaded file and how far it is: 'checking', 'checked', 'running', 'done' or 'failed'.

    Attributes:
        outcome: what the newest look at it found, or what the import did; None: it cannot be read.
        choices: what a person said about its tables, by name.
        stage, done, rows: the table being worked on, its rows done and in all (0: not known yet).
    """

    job_id: str
    owner: str
    site_code: str
    file_name: str
    path: Path
    outcome: Any = None
    choices: Mapping[str, Any] = field(default_factory=dict)
    state: str = "checking"
    stage: str = ""
    done: int = 0
    rows: int = 0
    error: str = ""
    faults: tuple[Fault, ...] = ()
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, state: str) -> None:
        """
        Raises:
            Refused: it is being worked on, or has been imported.
        """
        with self.lock:
            if self.state in {"running", "done"} or (self.state == "checking" and state == "running"):
                raise Refused("This file is being imported already, or has been.")
            self.state, self.stage, self.done, self.rows = state, "", 0, 0
            self.error, self.faults = "", ()

    def tell(self, stage: str, done: int, rows: int) -> None:
        """Note how far it is."""
        self.stage, self.done, self.rows = stage, done, rows


class Imports:
    """The files uploaded to this process, newest last; they are gone when it ends, what was imported is not."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._jobs: OrderedDict[str, Job] = OrderedDict()

    def path(self, name: str) -> Path:
        """Where a new upload of this name may be written."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="shelfwise-import-"))
        folder = self._folder / secrets.token_hex(8)
        folder.mkdir()
        plain = "".join(letter for letter in name if letter.isprintable() and letter not in "/\\").lstrip(".")
        return folder / (plain.encode()[-150:].decode(errors="ignore") or "file")

    def close(self) -> None:
        """Remove the uploaded files."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def keep(self, job: Job) -> None:
        self._jobs[job.job_id] = job
        idle = [one for one in self._jobs.values() if one.state not in ("running", "checking")]
        for old in idle[: max(0, len(self._jobs) - _KEPT)]:
            discard(old.path)
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


def discard(path: Path) -> None:
    """Remove an uploaded file with its folder."""
    shutil.rmtree(path.parent, ignore_errors=True)


def look(office: Office, actor: Actor, job: Job) -> None:
    """Find out what an import of the file would do; waits for it a moment, and it goes on afterwards."""
    # Data frames take a while to import: only whoever imports a file pays for it.
    from shelfwise.intake import importing

    def work() -> None:
        job.outcome = importing.check(
            office, actor, job.path, job.choices, site_code=job.site_code or None, progress=job.tell
        )
        job.state = "checked"

    job.begin("checking")
    _aside(job, work, "It cannot be read.")


def take_in(office: Office, actor: Actor, job: Job, skip_bad: bool) -> None:
    """Import the file; waits for it a moment, and it goes on afterwards."""
    from shelfwise.intake import importing

    def work() -> None:
        job.outcome = importing.run(
            office, actor, job.path, job.choices, site_code=job.site_code or None, skip_bad=skip_bad, progress=job.tell
        )
        job.state = "done"
        discard(job.path)
        if any(one.kind is not None and one.kind.name in SEEN_BY_PLANNING for one in job.outcome.tables):
            ask_for_a_look(office)

    job.begin("running")
    _aside(job, work, "Nothing was imported.")


def ask_for_a_look(office: Office) -> None:
    """What was brought in changes what has to be ordered: nobody waits for midnight to be told."""
    try:
        with office.context(system("import")) as ctx:
            for site in records.sites(ctx):
                runs.ask(ctx, site.site_id)
    except ShelfwiseError as error:
        # What was brought in is in; the night looks at it.
        _log.warning("web.no_look_after_import", error=str(error))


def _aside(job: Job, work: Callable[[], None], refused: str) -> None:
    thread = threading.Thread(target=_guarded, args=(job, work, refused), name="import", daemon=True)
    thread.start()
    thread.join(_PATIENCE_S)


def _guarded(job: Job, work: Callable[[], None], refused: str) -> None:
    try:
        work()
    except ShelfwiseError as error:
        job.error = str(error) if not isinstance(error, Invalid) else refused
        job.faults = error.faults[:_FAULTS_SHOWN] if isinstance(error, Invalid) else ()
        job.state = "failed"
    except Exception as error:  # a background job has nobody else to tell
        _log.error("web.import_failed", file=shorten(job.file_name), exc_info=error)
        job.error = "Something failed on our side and nothing was imported. It has been logged."
        job.state = "failed"
