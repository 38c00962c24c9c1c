"""Live updates: one listener a process hears Postgres' hints and fans them out to every open page."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable

import psycopg
import structlog

from shelfwise.store.database import Database

CHANNEL = "live"
TOPICS = frozenset({"floor", "alerts", "proposals", "orders", "quarantine", "unclaimed"})
GAP = 0.5
HEARTBEAT = 10.0
_PAUSE = 1.0
_log = structlog.get_logger()


class _Follower:
    def __init__(self) -> None:
        self.topics: set[str] = set()
        self.woken = asyncio.Event()


class Live:
    """Hints that something changed, by topic; a page that gets one asks again for what it shows.

    Args:
        database: whose `live` channel to listen to.
        gap: the shortest time in seconds between two messages to one page; hints in between are joined.
    """

    def __init__(self, database: Database, gap: float = GAP) -> None:
        self._database = database
        self._gap = gap
        self._followers: set[_Follower] = set()
        self._stopping = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to listen; `loop` is where followers live."""
        self._loop = loop
        self._thread = threading.Thread(target=self._listen, name="live", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End every stream and the listener; may be called twice and from any thread."""
        self._stopping.set()
        self._call(self._wake_all)

    def join(self) -> None:
        if self._thread is not None:
            self._thread.join(timeout=5)

    @property
    def followers(self) -> int:
        return len(self._followers)

    async def follow(self) -> AsyncIterator[frozenset[str]]:
        """Topics that changed, as they change; an empty set every so often to keep the line open; ends at `stop`."""
        follower = _Follower()
        self._followers.add(follower)
        try:
            while not self._stopping.is_set():
                try:
                    await asyncio.wait_for(follower.woken.wait(), HEARTBEAT)
                except TimeoutError:
                    yield frozenset()
                    continue
                follower.woken.clear()
                topics, follower.topics = frozenset(follower.topics), set()
                if topics:
                    yield topics
                    await asyncio.sleep(self._gap)
        finally:
            self._followers.discard(follower)

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._database.listen_connection() as connection:
                    connection.execute(f"listen {CHANNEL}".encode())
                    # Whatever was said while nobody listened: every page asks once.
                    self._tell(TOPICS)
                    while not self._stopping.is_set():
                        for hint in connection.notifies(timeout=0.25):
                            self._tell(frozenset({hint.payload}) & TOPICS)
            except psycopg.Error as error:
                if not self._stopping.is_set():
                    _log.warning("live.listener_lost", error=str(error))
                    self._stopping.wait(_PAUSE)

    def _tell(self, topics: frozenset[str]) -> None:
        if topics:
            self._call(lambda: self._spread(topics))

    def _call(self, what: Callable[[], None]) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(what)

    def _spread(self, topics: frozenset[str]) -> None:
        for follower in self._followers:
            follower.topics |= topics
            follower.woken.set()

    def _wake_all(self) -> None:
        for follower in self._followers:
            follower.woken.set()
