"""One pipeline for all doors: decode, validate, deduplicate, commit, acknowledge.

Doors submit messages on the event loop's thread, where they are decoded. One writer thread takes what has gathered,
makes it durable in one transaction, and hands the messages back to the loop to be acknowledged, in the order they came.
While Postgres refuses, nothing is acknowledged and nothing is thrown away: the batch is tried again, and doors stop
reading when the queue is full.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from shelfwise.core.clocks import BusinessTime
from shelfwise.core.errors import Invalid, Unavailable
from shelfwise.edge.messages import Message, Sink
from shelfwise.edge.metrics import Metrics
from shelfwise.edge.model import Announcement, Known, moment
from shelfwise.edge.writer import BadRow, Batch, CrashPoint, Writer

log = structlog.get_logger(__name__)

_LONGEST_PAUSE_S = 5.0
_LONGEST_COMMIT_S = 10.0
# Small messages are decoded as they come, while the writer waits for Postgres; large ones by the writer, so that doors
# stay quick.
_LARGE = 16 * 1024
_SAME_MOMENT_S = 0.001


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
    """What the pipeline must know of the outside: whose it is, and what changes under way: business time, devices.

    `learn` takes what a device announced of its topics, and raises Invalid where it has announced too much.
    """

    tenant: int
    time: Callable[[], BusinessTime]
    known: Callable[[], Known]
    learn: Callable[[str, Announcement], None]


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
        self._as_of = -1.0
        self._moment = moment(datetime.now(UTC))
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
        if message.arrived - self._as_of > _SAME_MOMENT_S:
            self._as_of = message.arrived
            self._moment = moment(self._surroundings.time().at(datetime.now(UTC)))
        message.when = self._moment
        if len(message.payload) <= _LARGE:
            message.decode(self._surroundings.tenant, self._surroundings.known())
            if message.announced is not None:
                self._learn(message, message.announced)
        self._held += 1
        self._held_bytes += len(message.payload)
        self._queue.append(message)
        if self._held == 1:
            self._drained.clear()
        if not self._wake.is_set():
            self._wake.set()
        if self._held >= self._limits.messages or self._held_bytes >= self._limits.bytes:
            self.full = True

    def _learn(self, message: Message, announced: Announcement) -> None:
        """States may follow at once: they are understood before the announcement is durable."""
        try:
            self._surroundings.learn(message.origin.device, announced)
        except Invalid as error:
            message.refuse(str(error))

    def trouble(self) -> str | None:
        """Why acknowledgements cannot be given at the moment, or None."""
        since = self._since
        if self._trouble is None and since is not None and time.monotonic() - since > _LONGEST_COMMIT_S:
            return f"a commit has been under way for more than {_LONGEST_COMMIT_S:g} s"
        return self._trouble

    async def close(self, patience_s: float) -> None:
        """Commit and acknowledge what was taken, then stop. What Postgres refuses until then stays unacknowledged."""
        try:
            await asyncio.wait_for(self._drained.wait(), patience_s)
        except TimeoutError:
            log.warning("stopping with unacknowledged messages", messages=self._held, trouble=self._trouble)
        self._stop.set()
        self._wake.set()
        await asyncio.to_thread(self._thread.join, _LONGEST_COMMIT_S)

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
        for message in messages:
            if message.days is None:
                message.decode(self._surroundings.tenant, self._surroundings.known())
                if message.announced is not None:
                    self._learn(message, message.announced)
        done = self._store(messages)
        self._since = None
        if done:
            self._loop.call_soon_threadsafe(self._acknowledge, messages)

    def _store(self, messages: Sequence[Message]) -> bool:
        """Make messages durable, however long it takes; False if told to stop before."""
        batch = _batch(messages)
        pause = 0.05
        while True:
            try:
                new = self._writer.write(batch)
                break
            except BadRow as error:
                return self._bisect(messages, str(error))
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
        self._metrics.duplicates.inc(batch.readings - new)
        self._metrics.quarantined.inc(len(batch.unreadable))
        self._metrics.unclaimed.inc(len(batch.waiting))
        return True

    def _bisect(self, messages: Sequence[Message], problem: str) -> bool:
        """One message's row must not hold up the others: halve until it stands alone, then quarantine it."""
        if len(messages) > 1:
            middle = len(messages) // 2
            return self._store(messages[:middle]) and self._store(messages[middle:])
        (message,) = messages
        if message.unreadable is not None and not message.readings:
            # Not even the quarantine takes it: without an acknowledgement its sender keeps it.
            log.error("a message can be stored nowhere and is not acknowledged", topic=message.origin.topic)
            message.sink = None
            return True
        log.error("postgres refused a reading that was found valid", error=problem, topic=message.origin.topic)
        message.refuse(problem)
        return self._store(messages)

    def _acknowledge(self, messages: list[Message]) -> None:
        now = time.monotonic()
        observe = self._metrics.latency.observe
        sinks: dict[Sink, None] = {}
        released = 0
        for message in messages:
            released += len(message.payload)
            sink = message.sink
            if sink is not None:
                sink.acknowledge(message.token, message.outcome, message.refused)
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


def _batch(messages: Sequence[Message]) -> Batch:
    days: set[int] = set()
    readings = 0
    timeless = False
    unreadable = []
    receipts = []
    waiting = []
    announced = []
    for message in messages:
        readings += message.readings
        if message.days:
            days |= message.days
        if message.timeless:
            timeless = True
        if message.unreadable is not None:
            unreadable.append(message.unreadable)
        if message.receipt is not None:
            receipts.append(message.receipt)
        if message.waits:
            waiting.append(message)
        if message.announced is not None:
            announced.append((message.origin.device, message.announced))
    rows = [message.rows for message in messages]
    return Batch(rows, readings, frozenset(days), timeless, unreadable, receipts, waiting, announced)
