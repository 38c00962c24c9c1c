"""One pipeline for all doors: decode, validate, deduplicate, commit, acknowledge.

Doors submit messages on the event loop's thread. One writer thread takes what has gathered, decodes it, makes it
durable in one transaction, and hands the messages back to the loop to be acknowledged, in the order they came. While
Postgres refuses, nothing is acknowledged and nothing is thrown away: the batch is tried again, and doors stop reading
when the queue is full.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import structlog

from shelfwise.core.clocks import BusinessTime
from shelfwise.core.errors import Fault, Invalid, Unavailable, shorten
from shelfwise.edge.formats import FORMATS
from shelfwise.edge.metrics import Metrics
from shelfwise.edge.model import Moment, Origin, Reading, moment
from shelfwise.edge.tables import Unreadable, copy_row, day_number
from shelfwise.edge.writer import BadRow, Batch, CrashPoint, Writer

log = structlog.get_logger(__name__)

_LONGEST_PAUSE_S = 5.0
_LONGEST_COMMIT_S = 10.0


class Sink(Protocol):
    """Where a message came from and its acknowledgement goes."""

    def acknowledge(self, token: int, outcome: str | None) -> None:
        """The message is durable; `outcome` says why it is in quarantine, None: its readings are stored."""
        ...

    def flush(self) -> None:
        """All acknowledgements of a batch have been given."""
        ...


class Message:
    """One message on its way. `token` is the sink's own mark, `arrived` in seconds of `time.monotonic`."""

    __slots__ = ("arrived", "note", "origin", "outcome", "payload", "sink", "token")

    def __init__(
        self, sink: Sink | None, token: int, origin: Origin, payload: bytes, arrived: float, note: str | None = None
    ) -> None:
        self.sink = sink
        self.token = token
        self.origin = origin
        self.payload = payload
        self.arrived = arrived
        self.note = note
        self.outcome: str | None = None


@dataclass(frozen=True)
class Limits:
    """How much the pipeline holds at once.

    Attributes:
        messages, bytes: waiting or being committed; above either, doors stop reading.
        batch, batch_bytes: the most in one transaction.
        linger_s: how long a commit waits for company.
    """

    messages: int = 50_000
    bytes: int = 64 * 1024 * 1024
    batch: int = 5_000
    batch_bytes: int = 8 * 1024 * 1024
    linger_s: float = 0.002


@dataclass(frozen=True)
class Surroundings:
    """What the pipeline must know of the outside: business time and the active devices; both change under way."""

    time: Callable[[], BusinessTime]
    known: Callable[[], Container[str]]


class Pipeline:
    """See the module. Made, and submitted to, on the thread of a running event loop."""

    def __init__(
        self,
        writer: Writer,
        surroundings: Surroundings,
        metrics: Metrics,
        limits: Limits,
        crash_point: CrashPoint,
        on_room: Callable[[], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._writer = writer
        self._surroundings = surroundings
        self._metrics = metrics
        self._limits = limits
        self._crash_point = crash_point
        self._on_room = on_room
        self._queue: deque[Message] = deque()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._held = 0
        self._held_bytes = 0
        self._drained = asyncio.Event()
        self._drained.set()
        self._trouble: str | None = None
        self._since: float | None = None
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self.full = False
        # Resolves only if the writer's thread ends with an error nobody foresaw: the process must then be restarted.
        self.failed: asyncio.Future[None] = self._loop.create_future()
        metrics.watch("queue_messages", "Messages that wait for their commit.", lambda: self._held)
        metrics.watch("queue_bytes", "Bytes of messages that wait for their commit.", lambda: self._held_bytes)

    def start(self) -> None:
        self._thread.start()

    def submit(self, message: Message) -> None:
        """Take a message; its sink hears when it is durable. A caller that sees `full` afterwards should pause."""
        self._held += 1
        self._held_bytes += len(message.payload)
        self._queue.append(message)
        if self._held == 1:
            self._drained.clear()
        if not self._wake.is_set():
            self._wake.set()
        if self._held >= self._limits.messages or self._held_bytes >= self._limits.bytes:
            self.full = True

    def trouble(self) -> str | None:
        """Why acknowledgements cannot be given at the moment, or None."""
        since = self._since
        if self._trouble is None and since is not None and time.monotonic() - since > _LONGEST_COMMIT_S:
            return f"a commit has been under way for more than {_LONGEST_COMMIT_S:g} s"
        return self._trouble

    async def close(self, patience_s: float = 10.0) -> None:
        """Commit and acknowledge what was taken, then stop. What Postgres refuses until then stays unacknowledged."""
        try:
            await asyncio.wait_for(self._drained.wait(), patience_s)
        except TimeoutError:
            log.warning("stopping with unacknowledged messages", messages=self._held, trouble=self._trouble)
        self._stop.set()
        self._wake.set()
        await asyncio.to_thread(self._thread.join, patience_s)

    # On the writer's thread from here on, except `_acknowledge`.

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._wake.wait()
                if len(self._queue) < self._limits.batch:
                    time.sleep(self._limits.linger_s)
                self._wake.clear()
                while self._queue and not self._stop.is_set():
                    self._serve(self._take())
        except Exception as error:
            log.exception("the writer failed")
            self._trouble = "the writer failed; the gateway must be restarted"
            self._loop.call_soon_threadsafe(self.failed.set_exception, error)
        finally:
            self._writer.close()

    def _take(self) -> list[Message]:
        messages: list[Message] = []
        room = self._limits.batch_bytes
        take = self._queue.popleft
        for _ in range(min(len(self._queue), self._limits.batch)):
            message = take()
            messages.append(message)
            room -= len(message.payload)
            if room <= 0:
                break
        return messages

    def _serve(self, messages: list[Message]) -> None:
        self._since = time.monotonic()
        self._crash_point("taken")
        prepared = [_Prepared(message) for message in messages]
        self._prepare(prepared)
        done = self._store(prepared)
        self._since = None
        if done:
            self._loop.call_soon_threadsafe(self._acknowledge, messages)

    def _prepare(self, prepared: Sequence[_Prepared]) -> None:
        """Decode; received_at is when a message came in, in business time."""
        wall = time.time() - time.monotonic()
        business = self._surroundings.time()
        known = self._surroundings.known()
        arrived = -1.0
        when: Moment | None = None
        for entry in prepared:
            message = entry.message
            if when is None or message.arrived != arrived:
                arrived = message.arrived
                when = moment(business.at(datetime.fromtimestamp(wall + arrived, UTC)))
            entry.decode(when, known)

    def _store(self, prepared: Sequence[_Prepared]) -> bool:
        """Make messages durable, however long it takes; False if told to stop before."""
        batch = _batch(prepared)
        pause = 0.05
        while True:
            try:
                new = self._writer.write(batch)
                break
            except BadRow as error:
                return self._bisect(prepared, str(error))
            except Unavailable as error:
                self._metrics.refusals.inc()
                if self._trouble is None:
                    log.warning("postgres refuses readings; until it takes them none is acknowledged", why=str(error))
                self._trouble = str(error)
                if self._stop.wait(pause):
                    return False
                pause = min(pause * 2, _LONGEST_PAUSE_S)
        if self._trouble is not None:
            log.info("postgres takes readings again")
            self._trouble = None
        self._metrics.stored.inc(new)
        self._metrics.duplicates.inc(sum(entry.readings for entry in prepared) - new)
        self._metrics.quarantined.inc(len(batch.unreadable))
        return True

    def _bisect(self, prepared: Sequence[_Prepared], problem: str) -> bool:
        """One message's row must not hold up the others: halve until it stands alone, then quarantine it."""
        if len(prepared) > 1:
            middle = len(prepared) // 2
            return self._store(prepared[:middle]) and self._store(prepared[middle:])
        (entry,) = prepared
        if entry.unreadable is not None:
            # Not even the quarantine takes it: without an acknowledgement its sender keeps it.
            log.error("a message can be stored nowhere and is not acknowledged", topic=entry.message.origin.topic)
            entry.message.sink = None
            return True
        log.error("postgres refused a reading that was found valid", error=problem, topic=entry.message.origin.topic)
        entry.refuse(problem)
        return self._store(prepared)

    def _acknowledge(self, messages: list[Message]) -> None:
        now = time.monotonic()
        observe = self._metrics.latency.observe
        sinks: dict[Sink, None] = {}
        released = 0
        for message in messages:
            released += len(message.payload)
            sink = message.sink
            if sink is not None:
                sink.acknowledge(message.token, message.outcome)
                sinks[sink] = None
                observe(now - message.arrived)
        for sink in sinks:
            sink.flush()
        self._crash_point("acknowledged")
        self._held -= len(messages)
        self._held_bytes -= released
        if not self._held:
            self._drained.set()
        if self.full and self._held <= self._limits.messages // 2 and self._held_bytes <= self._limits.bytes // 2:
            self.full = False
            self._on_room()


class _Prepared:
    """A message and what became of it: rows, or a reason for the quarantine."""

    __slots__ = ("days", "message", "readings", "rows", "timeless", "unreadable", "when")

    def __init__(self, message: Message) -> None:
        self.message = message
        self.rows: bytes = b""
        self.readings = 0
        self.days: Iterable[int] = ()
        self.timeless = False
        self.unreadable: Unreadable | None = None
        self.when: datetime | None = None

    def decode(self, when: Moment, known: Container[str]) -> None:
        message = self.message
        self.when = when.received_at
        if message.note is not None:
            self.refuse(message.note)
            return
        try:
            readings = _decode(message, when, known)
        except Invalid as error:
            self.refuse(str(error))
        except Exception as error:  # whatever a format trips over must not stop the others
            log.exception("a format failed", format=message.origin.format)
            self.refuse(f"The format {message.origin.format} failed: {type(error).__name__}: {error}. Report this.")
        else:
            self.readings = len(readings)
            self.rows = b"".join(map(copy_row, readings))
            self.days = {day_number(reading.observed_at) for reading in readings}
            self.timeless = any(
                reading.observed_at is when.received_at and not (reading.detail or {}).get("at_least_once")
                for reading in readings
            )

    def refuse(self, reason: str) -> None:
        """Send the message to quarantine instead."""
        reason = "".join(ch if ch.isprintable() else f"\\x{ord(ch):02x}" for ch in reason[:2000])
        origin = self.message.origin
        received_at = self.when or datetime.now(UTC)
        self.rows, self.readings, self.days, self.timeless = b"", 0, (), False
        self.unreadable = Unreadable(
            origin.door, origin.device, origin.topic, origin.format, received_at, self.message.payload, reason
        )
        self.message.outcome = reason


def _decode(message: Message, when: Moment, known: Container[str]) -> list[Reading]:
    found = FORMATS.get(message.origin.format)
    if found is None:
        raise Invalid(
            Fault(
                "topic",
                "shelfwise/<device>/<anything> or application/<id>/device/<devEui>/event/up",
                shorten(message.origin.topic),
                "Publish to one of these topics.",
            )
        )
    return found.decode(message.payload, message.origin, when, known)


def _batch(prepared: Sequence[_Prepared]) -> Batch:
    days: set[int] = set()
    for entry in prepared:
        days.update(entry.days)
    return Batch(
        [entry.rows for entry in prepared if entry.readings],
        sum(entry.readings for entry in prepared),
        frozenset(days),
        any(entry.timeless for entry in prepared),
        [entry.unreadable for entry in prepared if entry.unreadable is not None],
    )
