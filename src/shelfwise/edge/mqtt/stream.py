"""The bytes of one connection: gathered until a packet is whole, and held back while they cannot be taken."""

from __future__ import annotations

import asyncio
import time
from typing import cast

from shelfwise.edge.pipeline import Pipeline


class Stream(asyncio.Protocol):
    """What a connection is before it means anything. Where it is not read from, TCP holds the sender back.

    Attributes:
        taken, taken_bytes: messages, and bytes of all kinds, that nobody has counted yet.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self.taken = 0
        self.taken_bytes = 0
        self._transport: asyncio.Transport = None  # type: ignore[assignment]  # set before anything else is called
        self._pipeline = pipeline
        self._buffer = bytearray()
        self._wanted = 2
        self._opened = self._heard = time.monotonic()
        self._signing_in = False
        self._held = False
        self._rests_until = 0.0
        self._stuck_since: float | None = None
        self._closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._heard = time.monotonic()
        self.taken_bytes += len(data)
        if self._buffer or self._held:
            self._buffer += data
            if len(self._buffer) < self._wanted or self._held:
                return
            data = bytes(self._buffer)
            self._buffer.clear()
        self._read(data)

    def pause_writing(self) -> None:
        self._stuck_since = time.monotonic()
        self.hold()

    def resume_writing(self) -> None:
        self._stuck_since = None
        self.go_on()

    @property
    def buffered(self) -> int:
        """How many bytes wait for the rest of their packet, or to be read on."""
        return len(self._buffer)

    def hold(self) -> None:
        """Read no more from this client for now."""
        if not self._held and not self._closed:
            self._held = True
            self._transport.pause_reading()

    def rest(self, until: float) -> None:
        """Read no more from this client until then, in seconds of `time.monotonic`."""
        self._rests_until = until
        self.hold()

    def go_on(self) -> None:
        """Read on: first what has come already, then from the network."""
        if not self._held or self._closed or self._signing_in or self._stuck_since is not None or self._pipeline.full:
            return
        now = time.monotonic()
        if now < self._rests_until:
            return
        self._held = False
        self._heard = now
        data = bytes(self._buffer)
        self._buffer.clear()
        self._read(data)
        if not self._held and not self._closed:
            self._transport.resume_reading()

    def _read(self, data: bytes) -> None:
        """Take every whole packet; keep the rest for later."""
        raise NotImplementedError
