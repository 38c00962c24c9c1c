"""What people ask for on the page System: backups, and how the installation is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.connectors.http import trouble
from shelfwise.core.errors import NotFound, Refused
from shelfwise.operations import inside, machine
from shelfwise.operations.model import Finding, named
from shelfwise.settings import Settings
from shelfwise.store.database import rows, value


@dataclass(frozen=True)
class Backup:
    """A backup that was asked for, or a file that lies there.

    Attributes:
        state: 'asked', 'good' (tried out), 'failed', or 'there' (made on the command line, or before an upgrade).
        file: its name; None: there is none, or it was deleted.
    """

    kind: str
    asked_at: datetime
    state: str
    file: str | None
    size: int | None
    problem: str | None


def ask_for_backup(ctx: Context) -> int:
    """Have a backup made and tried out; the worker does it. Asked again while one waits, nothing happens."""
    ctx.require(Right.MANAGE_SETTINGS)
    waiting: int | None = value(
        ctx.tx, "select backup_id from backup_run where tenant_id = %s and state = 'asked'", (ctx.tenant,)
    )
    if waiting is not None:
        return waiting
    ctx.audit("backup.asked", "backup")
    return int(
        value(
            ctx.tx,
            """insert into backup_run (tenant_id, kind, asked_by, asked_at, state)
               values (%s, 'by-hand', %s, %s, 'asked') returning backup_id""",
            (ctx.tenant, ctx.actor.by, ctx.wall.now()),
        )
    )


def backups(ctx: Context, folder: Path, limit: int = 60) -> list[Backup]:
    """Those asked for lately and those that lie in the folder, newest first."""
    ctx.require(Right.MANAGE_SETTINGS)
    there = {path.name: path.stat().st_size for path in folder.glob("shelfwise-*.zip")}
    asked = rows(
        ctx.tx,
        Backup,
        """select kind, asked_at, state, file, size, problem from backup_run where tenant_id = %s
           order by asked_at desc limit %s""",
        (ctx.tenant, limit),
    )
    known = {one.file for one in asked}
    found = [
        Backup(one.kind, one.asked_at, one.state, one.file if one.file in there else None, one.size, one.problem)
        for one in asked
    ]
    for name, size in there.items():
        if name not in known and (said := named(name)):
            found.append(Backup(said.kind, said.made_at, "there", name, size, None))
    return sorted(found, key=lambda one: one.asked_at, reverse=True)[:limit]


def backup_file(ctx: Context, folder: Path, name: str) -> Path:
    """A backup to take along; that somebody took it is written down.

    Raises:
        NotFound: there is none of that name.
        Refused: a key asks. Whoever has a backup has everything, so that takes a person.
    """
    ctx.require(Right.MANAGE_SETTINGS)
    if ctx.actor.kind != "person":
        raise Refused("Only a person can take a backup along.")
    if named(name) is None or not (folder / name).is_file():
        raise NotFound("backup", name)
    ctx.audit("backup.taken", f"backup:{name}", name=name)
    return folder / name


def findings(ctx: Context, settings: Settings) -> list[Finding]:
    """How the machine and the installation are."""
    ctx.require(Right.MANAGE_SETTINGS)
    return [*_door(settings), *inside.look(ctx, settings), *machine.look(settings)]


def _door(settings: Settings) -> list[Finding]:
    """What the gateway says where it takes nothing, as on a full disk: then no alert can be written down either."""
    said = trouble(f"http://{settings.host}:{settings.door_port}/readyz")
    if said is None:
        return []
    return [
        Finding(
            "gateway", "Device door", "danger", f"It takes nothing in: {said}",
            "Make room on the disk, or look into logs/postgres.log. Nothing is lost: devices keep what was not "
            "acknowledged, and all goes on by itself.",
        )
    ]  # fmt: skip
