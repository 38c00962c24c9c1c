"""A look at the installation from inside its database: what waits, what failed, how it grows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from shelfwise.access.context import Context
from shelfwise.operations import machine
from shelfwise.operations.model import Finding, backup_finding, days_until_full, disk_finding, in_words
from shelfwise.settings import Settings
from shelfwise.store.database import Tx, first, run, value, values
from shelfwise.store.migrate import migrations

# The worker tells the time twice a second.
LONGEST_TICK = timedelta(minutes=2)


@dataclass(frozen=True)
class _Waiting:
    jobs: int
    oldest: datetime | None
    failed_jobs: int
    parked: int
    failed_messages: int


def look(ctx: Context, settings: Settings) -> list[Finding]:
    """Everything that this database says; reads alone."""
    now = ctx.wall.now()
    found = [_postgres(ctx.tx), _schema(ctx.tx), *_growth(ctx, settings), *_waiting(ctx, settings, now)]
    if settings.backup_at != "off":
        found.append(_backup(ctx, now))
    if settings.heartbeat_url is not None:
        found.append(_heartbeat(ctx, settings, now))
    return found


def note_size(ctx: Context) -> None:
    """Write down once a day how large the database is."""
    run(
        ctx.tx,
        """insert into size_day (tenant_id, day, size) values (%s, %s, pg_database_size(current_database()))
           on conflict do nothing""",
        (ctx.tenant, ctx.wall.now().date()),
    )


def _postgres(tx: Tx) -> Finding:
    version = tx.info.parameter_status("server_version") or "?"
    unsafe = [
        name
        for name in ("fsync", "synchronous_commit", "full_page_writes")
        if value(tx, "select current_setting(%s)", (name,)) == "off"
    ]
    if unsafe:
        return Finding(
            "postgres", "Postgres", "danger", f"Version {version}, and {', '.join(unsafe)} is off",
            "Switch it on: a power cut would lose what devices and people were told is stored.",
        )  # fmt: skip
    return Finding("postgres", "Postgres", "well", f"Version {version}, and what it confirms is on the disk")


def _schema(tx: Tx) -> Finding:
    at, to = value(tx, "select max(number) from schema_migration"), migrations()[-1][0]
    if at == to:
        return Finding("schema", "Tables", "well", f"Of this version (migration {to})")
    return Finding(
        "schema", "Tables", "danger", f"Migration {at}, and this version brings {to}",
        "Stop Shelfwise, then: shelfwise upgrade",
    )  # fmt: skip


def _growth(ctx: Context, settings: Settings) -> list[Finding]:
    size = value(ctx.tx, "select pg_database_size(current_database())")
    found = [Finding("size", "Database", "well", f"{size / 1e9:,.2f} GB")]
    if value(ctx.tx, "select inet_server_addr() is not null"):
        # By a network: its disk is somebody else's to watch.
        return found
    sizes = [
        (day, int(held))
        for day, held in values(ctx.tx, "select day, size from size_day where tenant_id = %s", (ctx.tenant,))
    ]
    place = machine.place_of_data(settings)
    free = machine.room(place)
    left = days_until_full(sizes, free)
    if left is not None:
        found.append(disk_finding("growth", str(place), free, settings.disk_low_gb, left))
    return found


def _waiting(ctx: Context, settings: Settings, now: datetime) -> list[Finding]:
    waits = first(
        ctx.tx,
        _Waiting,
        """select count(*) filter (where status = 'todo') as jobs,
               min((select min(at) from procrastinate_events e where e.job_id = j.id))
                   filter (where status = 'todo' and coalesce(scheduled_at, '-infinity') <= %(now)s) as oldest,
               count(*) filter (where status = 'failed') as failed_jobs,
               (select count(*) from parked where tenant_id = %(tenant)s and state in ('parked', 'retry')) as parked,
               (select count(*) from outbox where tenant_id = %(tenant)s and state in ('failed', 'in_doubt'))
                   as failed_messages
           from procrastinate_jobs j where status in ('todo', 'failed')""",
        {"tenant": ctx.tenant, "now": now},
    )
    assert waits is not None  # noqa: S101 (a sum always has a row)
    found = []
    late = waits.oldest is not None and now - waits.oldest > timedelta(minutes=settings.queue_minutes)
    words = "No work waits" if not waits.jobs else f"{waits.jobs} jobs wait"
    if waits.oldest is not None:
        words += f", the oldest for {in_words(now - waits.oldest)}"
    remedy = "Look into logs/worker.log: it is busy, stuck or not running."
    found.append(Finding("queue", "Queue", "attention" if late else "well", words, remedy if late else ""))
    ticked: datetime | None = value(
        ctx.tx,
        "select (value ->> 'at')::timestamptz from setting where tenant_id = %s and name = 'worker'",
        (ctx.tenant,),
    )
    if ticked is None or now - ticked > LONGEST_TICK:
        said = "has not run yet" if ticked is None else f"was last seen {in_words(now - ticked)} ago"
        found.append(Finding("worker", "Worker", "danger", f"It {said}", remedy))
    else:
        found.append(Finding("worker", "Worker", "well", "It runs"))
    for part, what, many, where in (
        ("parked", "Facts set aside", waits.parked, "Try them again or drop them on the page Quarantine."),
        ("outbox", "Messages given up", waits.failed_messages, "The alerts about them say what to do with each."),
    ):
        found.append(
            Finding(part, what, "attention" if many else "well", f"{many:,}" if many else "None", where if many else "")
        )
    return found


def _backup(ctx: Context, now: datetime) -> Finding:
    good: datetime | None = value(
        ctx.tx,
        "select max(asked_at) from backup_run where tenant_id = %s and state = 'good'",
        (ctx.tenant,),
    )
    problem: str | None = value(
        ctx.tx,
        """select problem from backup_run where tenant_id = %s and state <> 'asked'
           order by asked_at desc, backup_id desc limit 1""",
        (ctx.tenant,),
    )
    return backup_finding(good, problem, there_since(ctx) or now, now)


def there_since(ctx: Context) -> datetime | None:
    """When the first entry was written into the audit log."""
    found: datetime | None = value(ctx.tx, "select min(wall_at) from audit_entry where tenant_id = %s", (ctx.tenant,))
    return found


def _heartbeat(ctx: Context, settings: Settings, now: datetime) -> Finding:
    told = value(ctx.tx, "select value from setting where tenant_id = %s and name = 'heartbeat'", (ctx.tenant,))
    if told is None:
        return Finding("heartbeat", "Heartbeat", "attention", "None was sent yet", "Wait a minute, and look again.")
    if told["well"] and now - datetime.fromisoformat(told["at"]) < timedelta(seconds=3 * settings.heartbeat_s + 60):
        return Finding("heartbeat", "Heartbeat", "well", "The service outside hears us")
    return Finding(
        "heartbeat", "Heartbeat", "attention", f"The service outside does not hear us: {told['words']}",
        "Put right what is named; the next one goes out by itself.",
    )  # fmt: skip
