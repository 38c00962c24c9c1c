"""The worker process: consumers of facts, the outbox, the business tick and queued jobs."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import psycopg
import structlog
from procrastinate import App

from shelfwise import app, jobs
from shelfwise.access.context import Office
from shelfwise.access.model import system
from shelfwise.agents.handing_files import hand_over
from shelfwise.computing import HERE
from shelfwise.connectors import http
from shelfwise.connectors.guarded import Network
from shelfwise.connectors.mail import MailServer
from shelfwise.core.errors import ShelfwiseError, Unavailable
from shelfwise.core.together import first_to_end
from shelfwise.demand.outside.refreshing import refresh_due
from shelfwise.edge import connections
from shelfwise.edge.history import retention
from shelfwise.edge.history import service as history
from shelfwise.edge.history.archive import Archive
from shelfwise.edge.tables import READINGS
from shelfwise.intake.folders import Folders
from shelfwise.operations import keeping
from shelfwise.settings import Settings
from shelfwise.store.database import Database
from shelfwise.store.events import advance, enrol
from shelfwise.work import outbox, parked, spreading

log = structlog.get_logger(__name__)

IDLE_S = 0.5
# As long as a file has to stay as it is before it counts as complete.
BETWEEN_LOOKS_S = 5.0
BETWEEN_SUMS_S = 5.0
BETWEEN_FETCHES_S = 60.0
BETWEEN_CLOSINGS_S = 600.0
PAUSE_AFTER_TROUBLE_S = 1.0
STALLED_CHECK_S = 10.0
STALLED_AFTER_S = 20.0
BACKUPS_LOOKED_FOR_S = 10.0
WATCH_S = 30.0


@dataclass
class _Ticked:
    """When the calendar last had its turn, as other threads see it."""

    at: datetime | None = None


ticked = _Ticked()


def run(
    database_url: str,
    tenant: int = 1,
    mail: MailServer | None = None,
    webhook_networks: Sequence[Network] = (),
    settings: Settings | None = None,
) -> None:
    """Work until SIGTERM or SIGINT.

    Args:
        mail: without a mail server, mail is given up at once and people are told.
        webhook_networks: where webhooks may go, and series come from, besides the internet.
        settings: of the installation: its folders, and how to keep it well by backups, a watch, a heartbeat. Without
            them, none of these.
    """
    database = Database(database_url, size=10).open(timeout=60)
    office = Office(database, tenant)
    if new := enrol(database, tenant, app.consumers(office)):
        log.info("readers that are new here", names=new)
    stop = threading.Event()
    hint = threading.Event()
    loops = [
        threading.Thread(target=_loop, args=(name, step, stop, wait), name=name)
        for name, step, wait in (
            ("consumers", lambda: serve_consumers(office), lambda: _wait(hint)),
            ("outbox", lambda: serve_outbox(office, mail), lambda: _pause(stop)),
            ("connections", lambda: look_after_connections(office), lambda: stop.wait(WATCH_S)),
            ("webhooks", lambda: serve_webhooks(office, webhook_networks), lambda: _pause(stop)),
            ("outside", lambda: refresh_due(office, webhook_networks), lambda: stop.wait(BETWEEN_FETCHES_S)),
            ("history", lambda: sum_hours(office), lambda: stop.wait(BETWEEN_SUMS_S)),
            *(() if settings is None else _folders(office, settings, stop)),
            *(() if settings is None else _archive(office, settings, stop)),
            *(() if settings is None else _upkeep(office, settings, stop)),
        )
    ]
    listener = threading.Thread(target=_listen, args=(database, hint, stop), name="listener", daemon=True)
    for thread in (*loops, listener):
        thread.start()
    try:
        asyncio.run(_run_jobs(office, stop, HERE if settings is None else settings.compute))
    finally:
        stop.set()
        hint.set()
        for thread in loops:
            thread.join(timeout=15)
        database.close()


def _folders(
    office: Office, settings: Settings, stop: threading.Event
) -> Iterator[tuple[str, Callable[[], int], Callable[[], object]]]:
    """The loops over folders that other systems write to and read from: (name, step, pause after a step)."""
    watched = Folders(office, settings.incoming)
    yield "incoming", watched.look, lambda: stop.wait(BETWEEN_LOOKS_S)
    yield "outgoing", lambda: hand_over(office, settings.outgoing), lambda: stop.wait(BETWEEN_LOOKS_S)


def _archive(
    office: Office, settings: Settings, stop: threading.Event
) -> Iterator[tuple[str, Callable[[], int], Callable[[], object]]]:
    """The loop that closes days and lets go of what is kept long enough: (name, step, pause after a step)."""
    heard = [one.name for one in app.consumers(office) if one.stream.name == READINGS.name]
    archive = Archive(office, settings.history, heard)

    def keep() -> int:
        archive.keep()
        retention.let_go(archive)
        return 0

    yield "archive", keep, lambda: stop.wait(BETWEEN_CLOSINGS_S)


def _upkeep(
    office: Office, settings: Settings, stop: threading.Event
) -> Iterator[tuple[str, Callable[[], int], Callable[[], object]]]:
    """The loops that keep the installation well: (name, step, pause after a step)."""
    watch = keeping.Watch(office, settings)
    heart = keeping.Heartbeat(office, settings, http.answers, http.call)

    def look() -> int:
        if ticked.at is not None:
            keeping.note(office, "worker", ticked=ticked.at.isoformat())
        watch.look()
        return 0

    def beat() -> int:
        if silent := heart.beat(ticked.at):
            log.warning("no heartbeat", because=silent)
        return 0

    def attend() -> int:
        return keeping.attend_to_backups(office, settings, datetime.now().astimezone())

    yield "backups", attend, lambda: stop.wait(BACKUPS_LOOKED_FOR_S)
    yield "watch", look, lambda: stop.wait(WATCH_S)
    if settings.heartbeat_url is not None:
        yield "heartbeat", beat, lambda: stop.wait(settings.heartbeat_s)


def look_after_connections(office: Office) -> int:
    """Tell people of readers and brokers that are not connected; nothing follows at once."""
    with office.context(system("connections")) as ctx:
        connections.look_after(ctx)
    return 0


def serve_consumers(office: Office) -> int:
    """Give every consumer its turn once, then one parked fact another try; returns how many facts they got past.

    Raises:
        psycopg.OperationalError: Postgres undid the work of one, as after a deadlock; the others had their turn.
    """
    consumers = app.consumers(office)
    done, undone = 0, None
    for consumer in consumers:
        try:
            done += advance(office.database, office.tenant, consumer, office.wall.now())
        except psycopg.OperationalError as error:
            undone = undone or error
    if undone is not None:
        raise undone
    if done == 0:
        done = app.when_all_is_read(office)
    return done + (parked.attempt_next(office, consumers) is not None)


def serve_outbox(office: Office, mail: MailServer | None = None) -> int:
    """Attempt every order and letter that is due; returns how many attempts were made."""
    attempts, send = 0, partial(app.send, mail=mail)
    while message := outbox.deliver_next(office, send, app.delivered, spreading.failed, ("http", "mail")):
        attempts += 1
        if message.attempts > 1:
            log.info("message sent again", key=message.idempotency_key, attempt=message.attempts)
    return attempts


def serve_webhooks(office: Office, networks: Sequence[Network] = ()) -> int:
    """Attempt every webhook that is due, beside the orders, which a slow receiver must not hold up."""
    attempts, send = 0, partial(spreading.send_webhook, office, allowed=networks)
    while outbox.deliver_next(office, send, app.delivered, spreading.failed, ["webhook"]):
        attempts += 1
    return attempts


def sum_hours(office: Office) -> int:
    """Sum every hour that has ended and is due, the oldest first, each in a transaction of its own."""
    summed = 0
    while True:
        with office.context(system("history"), aside=True) as ctx:
            now = history.sum_ended_hour(ctx)
        if not now:
            return summed
        summed += now


def _loop(name: str, step: Callable[[], int], stop: threading.Event, wait: Callable[[], None]) -> None:
    while not stop.is_set():
        try:
            if step() == 0:
                wait()
        except Unavailable as error:
            log.warning("waiting for the database", loop=name, error=str(error))
            stop.wait(PAUSE_AFTER_TROUBLE_S)
        except Exception:
            log.exception("trouble; going on after a pause", loop=name)
            stop.wait(PAUSE_AFTER_TROUBLE_S)


def _wait(hint: threading.Event) -> None:
    hint.wait(IDLE_S)
    hint.clear()


def _pause(stop: threading.Event) -> None:
    stop.wait(IDLE_S)


def _listen(database: Database, hint: threading.Event, stop: threading.Event) -> None:
    """Turn NOTIFY into a hint; without it the loops still look by themselves."""
    while not stop.is_set():
        with suppress(psycopg.Error), database.listen_connection() as connection:
            connection.execute("listen reading; listen event")
            while not stop.is_set():
                for _ in connection.notifies(timeout=1.0, stop_after=1):
                    hint.set()
        stop.wait(PAUSE_AFTER_TROUBLE_S)


async def _run_jobs(office: Office, stop: threading.Event, compute: str) -> None:
    loop = asyncio.get_running_loop()
    finished = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, finished.set)
    while not finished.is_set():
        queue = jobs.queue(office, compute)
        try:
            async with queue.open_async():
                await _work(office, queue, finished)
        except Exception:
            log.exception("the job queue is interrupted; opening it again")
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(finished.wait(), PAUSE_AFTER_TROUBLE_S)
    stop.set()


async def _work(office: Office, queue: App, finished: asyncio.Event) -> None:
    await first_to_end(
        queue.run_worker_async(
            concurrency=1,
            install_signal_handlers=False,
            fetch_job_polling_interval=1.0,
            shutdown_graceful_timeout=5.0,
        ),
        _tick(office),
        _free_stalled(queue),
        finished.wait(),
    )


async def _tick(office: Office) -> None:
    while True:
        try:
            await asyncio.to_thread(jobs.tick, office)
            ticked.at = office.wall.now()
        except ShelfwiseError as error:
            log.warning("no tick", error=str(error))
        await asyncio.sleep(IDLE_S)


async def _free_stalled(queue: App) -> None:
    """Jobs of a worker that was killed go back into the queue; they are written to be repeatable."""
    while True:
        for job in await queue.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_S):
            log.warning("job of a lost worker is queued again", job=job.task_name)
            await queue.job_manager.retry_job(job)
        await asyncio.sleep(STALLED_CHECK_S)
