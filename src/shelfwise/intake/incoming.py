"""Files that come by themselves, from a folder or by REST: each taken in once, whole or not at all, and noted.

A file is noted before it is taken in, and the import is one transaction. Whoever finds a file that is noted and not
finished, as after a crash, looks whether its import is in the books; so it is never taken in twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg.types.json import Jsonb

from shelfwise.access.context import Context, Office
from shelfwise.access.model import Actor, Right, Role
from shelfwise.agents import runs
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused, ShelfwiseError, Unavailable, shorten
from shelfwise.intake import headings, importing, tables
from shelfwise.intake.found import Choice, Outcome
from shelfwise.intake.kinds import KINDS
from shelfwise.records import service as records
from shelfwise.records import sources
from shelfwise.store.database import first, notify, rows, run, value
from shelfwise.work import alerts, tasks

# After so many times that something failed on our side, a person has to look.
MOST_ATTEMPTS = 3
FAULTS_KEPT = 100
# What a snapshot says is true again however often it says the same.
_NEVER_THE_SAME = ("erp_stock", "erp_orders")
SEEN_BY_PLANNING = frozenset({"items", "terms", "stock", "sales", "daily_sales", "purchase_orders", "erp_stock",
                              "erp_orders"})  # fmt: skip
_FIELDS = """incoming_id, source_id, sent_by, key, file_name, sha256, size, said, state, attempts, done_rows, picked_at,
    finished_at, file_id, result"""


@dataclass(frozen=True)
class Incoming:
    """A file that came by itself.

    Attributes:
        source_id: whose folder it lay in; None: sent by REST.
        key: what tells it from the sender's other files.
        said: how it is to be taken in: `kind`, `site`, `skip_bad`, and `exact` where numbers and days are written
            plainly.
        state: 'picked' (being taken in), 'done', 'same' (its content had been taken in before) or 'refused'.
        result: what came of it: `tables` with counts, or `faults` and `error`.
    """

    incoming_id: int
    source_id: int | None
    sent_by: str
    key: str
    file_name: str
    sha256: bytes
    size: int
    said: dict[str, Any]
    state: str
    attempts: int
    done_rows: int
    picked_at: datetime
    finished_at: datetime | None
    file_id: int | None
    result: dict[str, Any]

    @property
    def finished(self) -> bool:
        return self.state != "picked"

    @property
    def faults(self) -> list[Fault]:
        return [Fault(**one) for one in self.result.get("faults", ())]


def note(
    ctx: Context, *, key: str, file_name: str, sha256: bytes, size: int, said: Mapping[str, Any],
    source_id: int | None = None,
) -> Incoming:  # fmt: skip
    """Note that a file came, before it is taken in; noted again under the same key, it is that one.

    Raises:
        Refused: the key was another file's.
    """
    ctx.require_somewhere(Right.IMPORT_DATA)
    run(
        ctx.tx,
        """insert into incoming (tenant_id, source_id, sent_by, key, file_name, sha256, size, said, picked_at)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing""",
        (
            ctx.tenant, source_id, str(ctx.actor), key, file_name, sha256, size, Jsonb(dict(said)), ctx.now,
        ),
    )  # fmt: skip
    found = first(
        ctx.tx,
        Incoming,
        f"select {_FIELDS} from incoming where tenant_id = %s and sent_by = %s and key = %s",
        (ctx.tenant, str(ctx.actor), key),
    )
    if found is None:
        raise NotFound("file", key)
    if (found.sha256, found.said) != (sha256, dict(said)):
        raise Refused(
            f"The key {shorten(key)} was used for another file at {found.picked_at:%Y-%m-%d %H:%M} UTC. Give each file "
            "a key of its own; send the same file again under the same key."
        )
    return found


def incoming(ctx: Context, incoming_id: int) -> Incoming:
    """
    Raises:
        NotFound: there is no such file, or it is somebody else's, of sites the actor may not import for.
    """
    ctx.require_somewhere(Right.IMPORT_DATA)
    found = first(
        ctx.tx, Incoming, f"select {_FIELDS} from incoming where tenant_id = %s and incoming_id = %s",
        (ctx.tenant, incoming_id),
    )  # fmt: skip
    if found is None or not (ctx.actor.may(Right.IMPORT_DATA) or found.sent_by == str(ctx.actor)):
        raise NotFound("file", incoming_id)
    return found


def latest(ctx: Context, source_id: int | None = None, limit: int = 50) -> list[Incoming]:
    """What came by itself, the newest first, of one source or all."""
    ctx.require(Right.IMPORT_DATA)
    return rows(
        ctx.tx,
        Incoming,
        f"""select {_FIELDS} from incoming where tenant_id = %(tenant)s
              and (%(source)s::bigint is null or source_id = %(source)s) order by incoming_id desc limit %(limit)s""",
        {"tenant": ctx.tenant, "source": source_id, "limit": limit},
    )


def take(office: Office, actor: Actor, one: Incoming, path: Path) -> Incoming:
    """Take a noted file in, if that was not done before; returns it with what came of it.

    Raises:
        Unavailable: not now; nothing was done.
        Exception: something failed on our side for the first times; it may be tried again.
    """
    if one.finished:
        return one
    with office.context(actor, aside=True) as ctx:
        file_id = _taken_in(ctx, one)
        before = None if file_id is not None else _same_before(ctx, one)
        if file_id is not None:
            return _finish(ctx, one, "done", file_id, {"tables": _tables_of(ctx, file_id)})
        if before is not None:
            return _finish(ctx, one, "same", before, {"tables": _tables_of(ctx, before)})
        run(
            ctx.tx,
            "update incoming set attempts = attempts + 1, done_rows = 0 where tenant_id = %s and incoming_id = %s",
            (ctx.tenant, one.incoming_id),
        )
    try:
        outcome = importing.run(
            office, actor, path, choices(office, actor, path, one.said), site_code=one.said.get("site"),
            skip_bad=bool(one.said.get("skip_bad")), progress=_Progress(office, actor, one),
        )  # fmt: skip
    except Unavailable:
        raise
    except Invalid as error:
        return _refuse(office, actor, one, "It cannot be taken in as it is.", error.faults)
    except ShelfwiseError as error:
        return _refuse(office, actor, one, str(error))
    except Exception:
        if one.attempts + 1 < MOST_ATTEMPTS:
            raise
        return _refuse(office, actor, one, "Something failed on our side. It has been logged; nothing was taken in.")
    with office.context(actor, aside=True) as ctx:
        done = _finish(ctx, one, "done", outcome.file_id, {"tables": _counts(outcome)})
        if any(found.kind is not None and found.kind.name in SEEN_BY_PLANNING for found in outcome.tables):
            for site in records.sites(ctx):
                if ctx.actor.may(Right.RUN_PLANNING, site.site_id):
                    runs.ask(ctx, site.site_id)
    return done


def choices(office: Office, actor: Actor, path: Path, said: Mapping[str, Any]) -> dict[str, Choice]:
    """How the tables of a file are read: of the kind that was said, as files with these headings were the last time."""
    if not said.get("kind"):
        return {}
    if said.get("exact"):
        return {importing.EVERY_TABLE: Choice(said["kind"], decimal=".", dates="ymd")}
    with office.context(actor, aside=True) as ctx:
        return _remembered(ctx, path, said["kind"])


def _remembered(ctx: Context, path: Path, kind: str) -> dict[str, Choice]:
    from shelfwise.intake.grids import open_file

    found = {importing.EVERY_TABLE: Choice(kind)}
    for grid in open_file(path, lambda row: headings.recognised(KINDS, row)).grids:
        stored = tables.layout(ctx.tx, ctx.tenant, importing.headings_key(grid))
        found[grid.name] = Choice(kind, **stored.said) if stored is not None and stored.kind == kind else Choice(kind)
    return found


class _Progress:
    """Notes how far it is now and then, in a transaction of its own."""

    EVERY_S = 2.0

    def __init__(self, office: Office, actor: Actor, one: Incoming) -> None:
        self.office, self.actor, self.incoming_id = office, actor, one.incoming_id
        self.told_at = office.wall.now()

    def __call__(self, table: str, done: int, in_all: int) -> None:
        now = self.office.wall.now()
        if (now - self.told_at).total_seconds() < self.EVERY_S:
            return
        self.told_at = now
        with self.office.context(self.actor, aside=True) as ctx:
            run(
                ctx.tx,
                "update incoming set done_rows = %s where tenant_id = %s and incoming_id = %s",
                (done, ctx.tenant, self.incoming_id),
            )


def _taken_in(ctx: Context, one: Incoming) -> int | None:
    """The import of this file, done before a crash kept us from noting it."""
    found: int | None = value(
        ctx.tx,
        """select min(coalesce(b.file_id, b.import_id)) from import_batch b
           where b.tenant_id = %(tenant)s and b.sha256 = %(sha)s and b.imported_by = %(by)s
             and b.imported_at >= %(since)s and b.undone_at is null and not exists (
                 select from incoming i where i.tenant_id = b.tenant_id and i.incoming_id <> %(one)s
                   and i.file_id = coalesce(b.file_id, b.import_id))""",
        {
            "tenant": ctx.tenant, "sha": one.sha256, "by": one.sent_by, "since": one.picked_at,
            "one": one.incoming_id,
        },
    )  # fmt: skip
    return found


def _same_before(ctx: Context, one: Incoming) -> int | None:
    """The import of the same content by the same sender, unless it was taken back or tells how things stand."""
    found: int | None = value(
        ctx.tx,
        """select i.file_id from incoming i where i.tenant_id = %(tenant)s and i.sent_by = %(by)s
             and i.sha256 = %(sha)s and i.said = %(said)s and i.state = 'done' and i.incoming_id <> %(one)s
             and not exists (select from import_batch b
                 where b.tenant_id = i.tenant_id and coalesce(b.file_id, b.import_id) = i.file_id
                   and (b.undone_at is not null or b.kind = any(%(never)s)))
           order by i.incoming_id desc limit 1""",
        {
            "tenant": ctx.tenant, "by": one.sent_by, "sha": one.sha256, "said": Jsonb(one.said),
            "one": one.incoming_id, "never": list(_NEVER_THE_SAME),
        },
    )  # fmt: skip
    return found


def _finish(ctx: Context, one: Incoming, state: str, file_id: int | None, result: dict[str, Any]) -> Incoming:
    run(
        ctx.tx,
        """update incoming set state = %s, finished_at = %s, file_id = %s, result = %s
           where tenant_id = %s and incoming_id = %s""",
        (state, ctx.now, file_id, Jsonb(result), ctx.tenant, one.incoming_id),
    )
    if state in ("done", "same") and one.source_id is not None:
        alerts.clear_alert(ctx, "incoming", f"source:{one.source_id}")
        alerts.clear_alert(ctx, "silent_source", f"source:{one.source_id}")
    ctx.audit("incoming.finished", f"incoming:{one.incoming_id}", file=one.file_name, state=state)
    notify(ctx.tx, "live", "orders")
    return incoming(ctx, one.incoming_id)


def _refuse(office: Office, actor: Actor, one: Incoming, error: str, faults: Sequence[Fault] = ()) -> Incoming:
    kept = [
        {"where": fault.where, "expected": fault.expected, "got": fault.got, "remedy": fault.remedy}
        for fault in faults[:FAULTS_KEPT]
    ]
    with office.context(actor, aside=True) as ctx:
        refused = _finish(ctx, one, "refused", None, {"error": error, "faults": kept})
        if one.source_id is not None:
            _ask_a_person(ctx, refused, str(faults[0]) if faults else error)
    return refused


def _ask_a_person(ctx: Context, one: Incoming, why: str) -> None:
    source = sources.source(ctx, one.source_id or 0)
    link = f"/incoming/{one.incoming_id}"
    alerts.raise_alert(
        ctx, "incoming", f"source:{source.source_id}", "attention", f"A file of {source.name} was refused",
        f"{shorten(one.file_name)}: {why} Nothing of it was taken in. This clears when the next file is.", link,
        {"file": one.file_name}, site_id=source.site_id,
    )  # fmt: skip
    tasks.open_task(
        ctx, kind="incoming_refused", subject=f"incoming:{one.incoming_id}", site_id=source.site_id,
        title=f"Mend {shorten(one.file_name)} of {source.name}",
        detail="Correct what is named, and put the corrected file into the folder again under another name.",
        why="What it holds is missing here, also when later files are taken in.", link=link,
        role=Role.PLANNER.value, evidence={"file": one.file_name},
    )  # fmt: skip


def _counts(outcome: Outcome) -> list[dict[str, Any]]:
    return [
        {
            "table": one.name, "kind": one.kind.name if one.kind else "", "rows": one.rows, "new": one.created,
            "changed": one.changed, "unchanged": one.unchanged, "skipped": one.skipped,
            "bad_cells": [str(fault.fault()) for fault in one.faults[:FAULTS_KEPT]],
        }
        for one in outcome.tables
    ]  # fmt: skip


def _tables_of(ctx: Context, file_id: int) -> list[dict[str, Any]]:
    return [
        {
            "table": one.sheet, "kind": one.kind, "rows": one.rows, "new": one.created, "changed": one.changed,
            "unchanged": one.unchanged, "skipped": one.skipped, "bad_cells": [],
        }
        for one in tables.imports_of_file(ctx.tx, ctx.tenant, file_id)
    ]  # fmt: skip
