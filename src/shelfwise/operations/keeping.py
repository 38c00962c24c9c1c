"""What the worker does for the installation itself: backups by night, and a watch over disk, queue and heartbeat."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, time

import psycopg
import structlog
from psycopg.types.json import Jsonb

from shelfwise.access.context import Context, Office
from shelfwise.access.model import system
from shelfwise.core.errors import ShelfwiseError, Unavailable, shorten
from shelfwise.operations import archived_days, backup, inside, machine
from shelfwise.operations.model import Finding, due, named, superfluous
from shelfwise.settings import Settings
from shelfwise.store.database import first, run, value, values
from shelfwise.work import alerts

log = structlog.get_logger(__name__)

ACTOR = system("upkeep")
# What people are told of; the rest stands on the page System.
WATCHED = ("disk", "backup-disk", "growth", "queue", "backup")
# Told on the page alone: who put it there knows.
QUIET = {("backup-disk", "attention")}


@dataclass(frozen=True)
class _Asked:
    backup_id: int
    kind: str


def attend_to_backups(office: Office, settings: Settings, now: datetime) -> int:
    """Make and try out the backup that is due or was asked for; returns how many.

    Args:
        now: in the time zone in which the settings name the hour.
    """
    with office.context(ACTOR) as ctx:
        if settings.backup_at != "off":
            _ask_if_due(ctx, time.fromisoformat(settings.backup_at), now)
        asked = first(
            ctx.tx,
            _Asked,
            """select backup_id, kind from backup_run where tenant_id = %s and state = 'asked'
               order by backup_id limit 1""",
            (ctx.tenant,),
        )
    if asked is None:
        return 0
    # No transaction is open meanwhile: it would hold up whoever reads facts.
    name, size, problem = _make(office, settings, asked.kind)
    with office.context(ACTOR) as ctx:
        run(
            ctx.tx,
            """update backup_run set state = %s, ended_at = %s, file = %s, size = %s, problem = %s
               where tenant_id = %s and backup_id = %s""",
            ("failed" if problem else "good", ctx.wall.now(), name, size, problem, ctx.tenant, asked.backup_id),
        )
        _delete_superfluous(ctx, settings)
    log.info("backup", file=name, problem=problem)
    return 1


def _ask_if_due(ctx: Context, at: time, now: datetime) -> None:
    last: datetime | None = value(
        ctx.tx, "select max(asked_at) from backup_run where tenant_id = %s and kind = 'daily'", (ctx.tenant,)
    )
    # A new installation has nothing to lose before its first night.
    last = last or inside.there_since(ctx)
    if due(now, at, last and last.astimezone(now.tzinfo)):
        run(
            ctx.tx,
            """insert into backup_run (tenant_id, kind, asked_by, asked_at, state)
               values (%s, 'daily', %s, %s, 'asked')""",
            (ctx.tenant, ctx.actor.by, ctx.wall.now()),
        )


def _make(office: Office, settings: Settings, kind: str) -> tuple[str | None, int | None, str | None]:
    """(name, size, what is wrong with it) of a new backup."""
    url, file = office.database.url, None
    try:
        file = backup.make(url, settings.home, settings.backups, kind, settings.changed())
        wrong = "; ".join(backup.verify(url, file, office.tenant)[:5])
    except (ShelfwiseError, OSError, psycopg.Error) as error:
        wrong = str(error)
    size = None
    with suppress(OSError):
        size = file.stat().st_size if file else None
    return file.name if file else None, size, shorten(wrong, 500)[1:-1] if wrong else None


def _delete_superfluous(ctx: Context, settings: Settings) -> None:
    there = [found for path in settings.backups.glob("shelfwise-*.zip") if (found := named(path.name))]
    tried = values(ctx.tx, "select file from backup_run where tenant_id = %s and state = 'good'", (ctx.tenant,))
    good = {name for (name,) in tried}
    for name in superfluous(there, settings.backup_days, settings.backup_weeks, good):
        (settings.backups / name).unlink(missing_ok=True)
    with suppress(ShelfwiseError):
        # Where one of them cannot be read, nothing is known to be superfluous.
        manifests = [backup.glance(path) for path in sorted(settings.backups.glob("shelfwise-*.zip"))]
        archived_days.clear(settings.backups, [kept for one in manifests if one is not None for kept in one.history])


class Watch:
    """Looks at disk, queue and backups, and tells people when one of them gets worse or is well again."""

    def __init__(self, office: Office, settings: Settings) -> None:
        self._office = office
        self._settings = settings
        self._told: dict[str, str] = {}

    def look(self) -> list[Finding]:
        """One look; returns what is told of."""
        with self._office.context(ACTOR) as ctx:
            inside.note_size(ctx)
            found = [
                one
                for one in (*inside.look(ctx, self._settings), *machine.look(self._settings))
                if one.part in WATCHED and (one.part, one.state) not in QUIET
            ]
            for one in found:
                # Told anew only where it changed: figures change all the time.
                if self._told.get(one.part) != one.state:
                    _tell(ctx, one)
        self._told = {one.part: one.state for one in found}
        return found


def _tell(ctx: Context, found: Finding) -> None:
    if found.state == "well":
        alerts.clear_alert(ctx, "upkeep", found.part)
    else:
        alerts.raise_alert(
            ctx, "upkeep", found.part, found.state, f"{found.what}: {found.words}"[:200], found.remedy, "/system",
            {"part": found.part, "words": found.words},
        )  # fmt: skip


def note(office: Office, name: str, **told: object) -> None:
    """Leave a word for the page System, in the place of the one before."""
    with office.context(ACTOR) as ctx:
        run(
            ctx.tx,
            """insert into setting (tenant_id, name, value) values (%s, %s, %s)
               on conflict (tenant_id, name) do update set value = excluded.value""",
            (ctx.tenant, name, Jsonb({"at": ctx.wall.now().isoformat(), **told})),
        )


class Heartbeat:
    """Calls a service outside for as long as all is well; that service tells somebody when it hears nothing.

    Args:
        answers: does a part of us answer at this address?
        call: an address of others, with a GET.
    """

    def __init__(
        self, office: Office, settings: Settings, answers: Callable[[str], bool], call: Callable[[str], None]
    ) -> None:
        self._office = office
        self._settings = settings
        self._answers = answers
        self._call = call

    def beat(self, last_tick: datetime | None) -> str:
        """Call, or be silent; returns why, empty where all is well.

        Args:
            last_tick: when the worker last told the time; None: never.
        """
        wrong = self._wrong(last_tick)
        if not wrong and self._settings.heartbeat_url is not None:
            try:
                self._call(self._settings.heartbeat_url)
            except Unavailable as error:
                wrong = str(error)
        with suppress(ShelfwiseError, psycopg.Error):
            note(self._office, "heartbeat", well=not wrong, words=wrong)
        return wrong

    def _wrong(self, last_tick: datetime | None) -> str:
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self._settings.host, self._settings.host)  # noqa: S104
        for what, port in (("pages", self._settings.web_port), ("the device door", self._settings.door_port)):
            if not self._answers(f"http://{host}:{port}/readyz"):
                return f"{what} on port {port} do not answer"
        try:
            with self._office.context(ACTOR) as ctx:
                if last_tick is None or ctx.wall.now() - last_tick > inside.LONGEST_TICK:
                    return "the worker stands still"
                if value(
                    ctx.tx, "select 1 from alert where tenant_id = %s and kind = 'books' and state <> 'cleared'",
                    (ctx.tenant,),
                ):  # fmt: skip
                    return "the books differ from the movements"
        except (ShelfwiseError, psycopg.Error) as error:
            return f"the database: {error}"
        return ""
