"""The door to readers that speak LLRP: we call them, they tell of tags, and many reads become one reading.

LLRP has no acknowledgement of reads. What a reader told lies in our memory until its window closes and the reading is
committed, about a second; a gateway that is killed loses that much, and a tag that is still there is read again by the
next. While Postgres refuses, windows stay open and count on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from shelfwise.core.clocks import BusinessTime
from shelfwise.core.errors import Unavailable
from shelfwise.core.together import first_to_end
from shelfwise.edge.connection_model import Connection, ReaderPlan, plan_of
from shelfwise.edge.formats import llrp as form
from shelfwise.edge.messages import Message
from shelfwise.edge.model import Origin
from shelfwise.edge.pipeline import Pipeline
from shelfwise.edge.status import Status
from shelfwise.edge.windows import ReaderClock, Seen, TagRead, Windows

_KEEP_ALIVE_S = 10.0
_FLUSH_S = 0.1
_READINGS_A_MESSAGE = 200
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class ReaderFacts:
    """What a reader says of itself; `connected` is None where it does not tell which antennas are."""

    maker: str
    model: str
    firmware: str
    antennas: int
    connected: tuple[int, ...] | None

    def in_words(self) -> str:
        plugged = "" if self.connected is None else f", {len(self.connected)} connected"
        return f"{self.maker} {self.model}, firmware {self.firmware}, {self.antennas} antennas{plugged}"


@dataclass(frozen=True)
class Notice:
    """Something a reader tells unasked, in words. `antenna_gone`: it lost an antenna."""

    words: str
    antenna_gone: bool = False


class TagReader(Protocol):
    """One reader, whatever library talks to it. Each method raises `Unavailable`, fit for a person, when it fails."""

    async def connect(self, keep_alive_s: float) -> ReaderFacts: ...

    async def connected_antennas(self) -> tuple[int, ...] | None:
        """Which antennas are plugged in; also the sign that the reader still answers."""
        ...

    def reads(self, plan: ReaderPlan) -> AsyncIterator[TagRead]:
        """What it reads, from now until `read_s` have passed, or for good."""
        ...

    def notices(self) -> AsyncIterator[Notice]: ...

    async def close(self) -> None: ...


# From an address that may be called and a port.
MakeReader = Callable[[str, int], TagReader]


def kit_reader(address: str, port: int) -> TagReader:
    # Imported by those who have a reader: it takes an eighth of a second.
    from shelfwise.edge.llrp_kit import KitReader

    return KitReader(address, port)


class ReaderCall:
    """One connection to one reader, for as long as it holds.

    Args:
        address: of the reader, one that may be called.
        business: how business time runs, asked whenever a reading is made.
    """

    def __init__(
        self,
        connection: Connection,
        address: str,
        pipeline: Pipeline,
        business: Callable[[], BusinessTime],
        status: Status,
        make: MakeReader = kit_reader,
    ) -> None:
        self._connection = connection
        self._plan = plan_of(ReaderPlan, connection.settings)
        self._reader = make(address, connection.port)
        self._pipeline = pipeline
        self._business = business
        self._status = status
        self._windows = Windows(self._plan.window_s)
        self._clock = ReaderClock()
        topic = f"llrp/{connection.host}:{connection.port}"
        self._origin = Origin("llrp", connection.device, "self", connection.device, topic, "llrp")

    async def serve(self) -> None:
        """Connect, and pass on what the reader tells until it is gone or this is cancelled.

        Raises:
            Unavailable: why there is no connection any more.
        """
        try:
            facts = await self._reader.connect(_KEEP_ALIVE_S)
            self._status.connected({"said": facts.in_words(), **msgspec.to_builtins(facts)})
            self._mind_antennas(facts.connected)
            await first_to_end(self._read(), self._listen(), self._probe(), self._flush())
        finally:
            self._submit(self._windows.rest())
            await self._reader.close()

    async def _read(self) -> None:
        plan = self._plan
        while True:
            async with aclosing(self._reader.reads(plan)) as reads:  # type: ignore[type-var]  # ours are generators
                async for read in reads:
                    now = time.time()
                    first, last = self._clock.ours(read, now)
                    self._windows.see(read, first, last, time.monotonic())
                    self._status.count(read.count)
            if not plan.read_s:
                raise Unavailable("The reader stopped to read.")
            await asyncio.sleep(plan.rest_s)

    async def _listen(self) -> None:
        async for notice in self._reader.notices():
            self._status.notice(notice.words)
        raise Unavailable("The reader closed the connection.")

    async def _probe(self) -> None:
        """A reader that has nothing to read says nothing: ask, to know whether it is there."""
        while True:
            await asyncio.sleep(_KEEP_ALIVE_S)
            self._mind_antennas(await self._reader.connected_antennas())
            ahead = self._clock.ahead_s
            if ahead is not None:
                self._status.facts["clock_ahead_s"] = round(ahead, 1)
            self._status.facts["reads_lost"] = self._windows.lost

    async def _flush(self) -> None:
        while True:
            await asyncio.sleep(_FLUSH_S)
            if not self._pipeline.full:
                self._submit(self._windows.due(time.monotonic()))

    def _mind_antennas(self, connected: tuple[int, ...] | None) -> None:
        if connected is not None:
            self._status.facts["connected"] = list(connected)
            self._status.facts["missing"] = sorted(set(self._plan.antennas) - set(connected))

    def _submit(self, seen: Iterable[Seen]) -> None:
        business = self._business()
        noted = [_note(one, business) for one in seen]
        for start in range(0, len(noted), _READINGS_A_MESSAGE):
            payload = _encode(noted[start : start + _READINGS_A_MESSAGE])
            self._pipeline.submit(Message(self._status, 0, self._origin, payload, time.monotonic()))


def _note(seen: Seen, business: BusinessTime) -> form.Noted:
    since, at = (business.at(datetime.fromtimestamp(instant, UTC)) for instant in (seen.first, seen.last))
    rssi = None if seen.rssi is None else round(seen.rssi, 2)
    return form.Noted(seen.epc, at, seen.antenna, rssi, *((seen.count, since) if seen.count > 1 else ()))
