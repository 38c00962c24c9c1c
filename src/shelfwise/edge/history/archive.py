"""Days that are over are closed: their readings go into a file, and their partition is dropped.

A day is closed a week after its end, when every consumer has had all of it. The file is written under a name for the
time being, read again and compared with Postgres, and given its name; then, in one transaction, it takes the place of
the partition. Whoever is killed in between leaves the partition or the file, never neither: what lies there without
being named in `reading_day` is removed by the next one. What comes even later for an archived day finds a partition
made anew, is read from there, and is merged into a new file.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import structlog
from psycopg.types.json import Jsonb

from shelfwise.access.context import Context, Office
from shelfwise.access.model import system
from shelfwise.edge.history import files, tables
from shelfwise.edge.history.files import CHECK, CHECK_BITS, Summary
from shelfwise.edge.history.model import DAY
from shelfwise.store.database import Tx, run, value, values

if TYPE_CHECKING:
    import polars as pl

log = structlog.get_logger(__name__)

ACTOR = system("history")
LATE_HORIZON = timedelta(days=7)
# Files that are named nowhere are left over, or were replaced; a backup may still be copying one.
_LEFT_ALONE_S = 2 * 86_400
CrashPoint = Callable[[str], None]


def no_crash(point: str) -> None:
    """Nothing happens at the named point."""


@dataclass(frozen=True)
class Archive:
    """Where the files of archived days lie, and who must have heard of a reading before it goes there.

    Attributes:
        consumers: the names of all consumers of readings.
        crash_point: called with 'handed over', 'written', 'named' and 'closed', for tests of crashes.
    """

    office: Office
    folder: Path
    consumers: Sequence[str]
    crash_point: CrashPoint = no_crash

    def keep(self) -> int:
        """Close every day that is due, merge what came late, and clear up; returns how many files were made."""
        with self.office.context(ACTOR) as ctx:
            run(
                ctx.tx,
                """insert into setting (tenant_id, name, value) values (%s, 'history_folder', %s)
                   on conflict (tenant_id, name) do update set value = excluded.value""",
                (ctx.tenant, Jsonb(str(self.folder.absolute()))),
            )
            days = _days_due(ctx, self.consumers)
            self._clear_up(ctx)
        return sum(self._close(day) for day in days)

    def _close(self, day: date) -> bool:
        """Put what the partition of a day holds into its file; False: not now, as others use it."""
        place = self.folder / str(self.office.tenant)
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        given, half = place / f"{day}.csv.part", place / f"{day}.parquet.part"
        try:
            with self.office.database.transaction() as tx:
                run(tx, "set transaction isolation level repeatable read read only")
                seen_before, said = _hand_over(tx, self.office.tenant, day, given)
                old = tables.archived_days(tx, self.office.tenant, *_bounds(day)).get(day)
                due = _due_hours(tx, self.office.tenant, day)
            self.crash_point("handed over")
            if not said:
                with self.office.context(ACTOR) as ctx:
                    _drop(ctx, day, seen_before)
                return False
            late = files.handed_over(given)
            if files.summary(late) != said:
                raise RuntimeError(f"What was written of {day} is not what Postgres holds; nothing was dropped")
            whole = late if old is None else files.merged(files.opened(self.folder / old.file), late)
            closed = self._write(day, whole, half)
            anew = [] if old is None else [one for one in due if one[1] in old.kinds]
            added = [] if old is None else [one for one in due if one[1] not in old.kinds]
            with self.office.context(ACTOR) as ctx:
                if not _drop(ctx, day, seen_before):
                    return False
                _enter(ctx, closed)
                for device, kind, point in files.hours(files.opened(self.folder / closed.file), anew):
                    tables.set_hour(ctx.tx, ctx.tenant, device, kind, point)
                # Of kinds that the file did not have, perhaps as they are not kept so long, the sums are all there is.
                for device, kind, point in files.hours(late, added):
                    tables.add_to_hour(ctx.tx, ctx.tenant, device, kind, point)
            self.crash_point("closed")
            log.info("day closed", day=str(day), readings=sum(closed.kinds.values()), bytes=closed.size)
            return True
        except psycopg.errors.LockNotAvailable:
            log.info("day not closed yet: its readings are in use", day=str(day))
            return False
        finally:
            given.unlink(missing_ok=True)
            half.unlink(missing_ok=True)

    def let_go(self, day: tables.ArchivedDay, kinds: set[str]) -> None:
        """Keep the readings of these kinds no longer; what their hours came to stays known."""
        half = (self.folder / day.file).with_name(f"{day.day}.parquet.part")
        left = {kind: rows for kind, rows in day.kinds.items() if kind not in kinds}
        try:
            less = day
            if left:
                less = self._write(day.day, files.without(files.opened(self.folder / day.file), kinds), half)
            with self.office.context(ACTOR) as ctx:
                run(
                    ctx.tx,
                    """update reading_day set file = %s, sha256 = %s, size = %s, kinds = %s
                       where tenant_id = %s and day = %s and file = %s""",
                    (less.file, less.sha256, less.size, Jsonb(left), ctx.tenant, day.day, day.file),
                )
        finally:
            half.unlink(missing_ok=True)
        log.info("readings let go", day=str(day.day), kinds=sorted(kinds))

    def _write(self, day: date, frame: pl.LazyFrame, half: Path) -> tables.ArchivedDay:
        """Write a frame to a file, read it again, and give the file its name.

        Raises:
            RuntimeError: what was read is not what was to be written.
        """
        files.write(frame, half)
        holds = files.summary(files.opened(half))
        if holds != files.summary(frame):
            raise RuntimeError(f"The file of {day} is not what was to be written; nothing was dropped")
        self.crash_point("written")
        digest = hashlib.sha256(half.read_bytes()).hexdigest()
        file = half.with_name(f"readings-{day}-{digest[:12]}.parquet")
        half.rename(file)
        _make_durable(file.parent)
        self.crash_point("named")
        return tables.ArchivedDay(
            day, str(file.relative_to(self.folder)), digest, file.stat().st_size,
            {kind: rows for kind, (rows, *_) in sorted(holds.items())},
        )  # fmt: skip

    def _clear_up(self, ctx: Context) -> None:
        """Remove files that are named nowhere and have not been touched for a while."""
        named = {
            name
            for (name,) in values(
                ctx.tx, "select file from reading_day where tenant_id = %s and kinds <> '{}'", (ctx.tenant,)
            )
        }
        for path in self.folder.glob(f"{ctx.tenant}/*"):
            if str(path.relative_to(self.folder)) not in named and path.stat().st_mtime < time.time() - _LEFT_ALONE_S:
                with suppress(FileNotFoundError):
                    path.unlink()


def _days_due(ctx: Context, consumers: Sequence[str]) -> list[date]:
    """Days with a partition that are over for long enough, and of which everybody has heard all."""
    found = values(
        ctx.tx,
        """select to_date(right(c.relname, 8), 'YYYYMMDD') from pg_inherits i join pg_class c on c.oid = i.inhrelid
           where i.inhparent = 'reading'::regclass and c.relname ~ '^reading_[0-9]{8}$' order by 1""",
    )
    over = [day for (day,) in found if _bounds(day)[1] + LATE_HORIZON <= ctx.now]
    closed = tables.archived_days(ctx.tx, ctx.tenant, _bounds(over[0])[0], _bounds(over[-1])[1]) if over else {}
    return [
        day
        for day in over
        if _heard_by_all(ctx, day, consumers) and (day in closed or not _due_hours(ctx.tx, ctx.tenant, day))
    ]


def _heard_by_all(ctx: Context, day: date, consumers: Sequence[str]) -> bool:
    return bool(
        value(
            ctx.tx,
            f"""select count(*) = %s from consumer c where tenant_id = %s and consumer = any(%s)
                and not exists (select from {_partition(day)} r
                                where r.tenant_id = c.tenant_id and (r.tx, r.seq) > (c.tx, c.seq))""",
            (len(consumers), ctx.tenant, list(consumers)),
        )
    )


def _due_hours(tx: Tx, tenant: int, day: date) -> list[tuple[str, str, datetime]]:
    return [
        (device, kind, hour)
        for device, kind, hour in values(
            tx,
            """select device, kind, starts_at from reading_hour_due
               where tenant_id = %s and starts_at >= %s and starts_at < %s""",
            (tenant, *_bounds(day)),
        )
    ]


def _hand_over(tx: Tx, tenant: int, day: date, path: Path) -> tuple[str, Summary]:
    """Have Postgres write a day in order; returns up to which transaction, and figures to compare it with."""
    columns = f"""device collate "C" as device, kind collate "C" as kind,
        (extract(epoch from observed_at) * 1000000)::bigint as observed_us,
        (extract(epoch from received_at) * 1000000)::bigint as received_us, value, detail::text, {tables.KEY} as key"""
    with path.open("wb") as out, tx.cursor() as cursor:
        query = f"select {columns} from {_partition(day)} where tenant_id = {int(tenant)} order by 1, 2, 3, 7"
        with cursor.copy(f"copy ({query}) to stdout (format csv)") as copy:
            for part in copy:
                out.write(part)
    said = values(
        tx,
        f"""select kind, count(*), count(value), min(value), max(value), sum(observed_us %% {CHECK})::bigint,
                   sum(key & {CHECK_BITS})::bigint
            from (select {columns} from {_partition(day)} where tenant_id = %s) r group by kind""",
        (tenant,),
    )
    seen_before = value(tx, "select pg_snapshot_xmin(pg_current_snapshot())::text")
    return str(seen_before), {
        kind: (rows, known, low, high, times, keys) for kind, rows, known, low, high, times, keys in said
    }


def _drop(ctx: Context, day: date, seen_before: str) -> bool:
    """Drop a day's partition; False where a reading came after the transactions that were seen."""
    partition = _partition(day)
    # Readers and writers of readings wait behind this, so it gives up soon and is tried again later.
    run(ctx.tx, "set local lock_timeout = '500ms'")
    run(ctx.tx, "lock table only reading in access exclusive mode")
    run(ctx.tx, f"lock table {partition} in access exclusive mode")
    if value(
        ctx.tx,
        f"select exists (select from {partition} where tenant_id = %s and tx >= %s::xid8)",
        (ctx.tenant, seen_before),
    ):
        return False
    if value(ctx.tx, f"select exists (select from {partition} where tenant_id <> %s)", (ctx.tenant,)):
        run(ctx.tx, f"delete from {partition} where tenant_id = %s", (ctx.tenant,))
    else:
        run(ctx.tx, f"drop table {partition}")
    return True


def _enter(ctx: Context, closed: tables.ArchivedDay) -> None:
    """The file stands for the day from now on."""
    run(
        ctx.tx,
        """insert into reading_day (tenant_id, day, file, sha256, size, kinds, closed_at)
           values (%s, %s, %s, %s, %s, %s, %s)
           on conflict (tenant_id, day) do update set file = excluded.file, sha256 = excluded.sha256,
               size = excluded.size, kinds = excluded.kinds, closed_at = excluded.closed_at""",
        (ctx.tenant, closed.day, closed.file, closed.sha256, closed.size, Jsonb(closed.kinds), ctx.now),
    )
    for table in ("reading_spell", "reading_hour_due"):
        run(
            ctx.tx,
            f"delete from {table} where tenant_id = %s and starts_at >= %s and starts_at < %s",
            (ctx.tenant, *_bounds(closed.day)),
        )


def _partition(day: date) -> str:
    return f"reading_{day:%Y%m%d}"


def _bounds(day: date) -> tuple[datetime, datetime]:
    begins = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return begins, begins + DAY


def _make_durable(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
