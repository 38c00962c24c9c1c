"""The HTTP door's way to and from the network: what a client may take of time and memory."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import zlib
from collections.abc import Iterator
from typing import Any

import h11
import uvicorn
from starlette.requests import Request
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from shelfwise.https.keeper import Keeper

MAX_BODY = 1024 * 1024
HEAD_S = 10.0
BODY_S = 30.0


class BodyRefused(Exception):
    """A body that is not taken; the rest of it is not read. `status`: of HTTP."""

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        super().__init__(text)


async def read_body(request: Request) -> bytes:
    """
    Raises:
        BodyRefused: too large, as it comes or unpacked, too slow, or packed in a way that is not understood.
    """
    too_large = BodyRefused(413, f"The body has more than {MAX_BODY} bytes. Send fewer readings at once.")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > MAX_BODY:
        raise too_large
    packed = request.headers.get("content-encoding", "identity").strip().lower()
    if packed not in ("identity", "gzip"):
        raise BodyRefused(415, f"The body is packed with {packed[:32]!r}. Send it as it is, or packed with gzip.")
    chunks, size = [], 0
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.stream():
                size += len(chunk)
                if size > MAX_BODY:
                    raise too_large
                chunks.append(chunk)
    except TimeoutError:
        raise BodyRefused(408, f"The body did not come within {BODY_S:g} s. Send it again.") from None
    body = b"".join(chunks)
    return body if packed == "identity" else _unpacked(body, too_large)


def _unpacked(body: bytes, too_large: BodyRefused) -> bytes:
    """What was packed with gzip; no more of it is unpacked than may be there."""
    unpacking = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        content = unpacking.decompress(body, MAX_BODY + 1)
    except zlib.error as error:
        raise BodyRefused(400, f"The body is not packed with gzip: {error}.") from error
    if len(content) > MAX_BODY:
        raise too_large
    if not unpacking.eof or unpacking.unused_data:
        raise BodyRefused(400, "The body is not one whole gzip file.")
    return content


class _Protocol(H11Protocol):
    """Closes a connection whose request does not get beyond its head; uvicorn waits for it as long as it takes."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        if self._deadline is None and self.conn.their_state is h11.IDLE:
            self._expect_head()
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._expect_nothing()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._expect_nothing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect_nothing()
        super().connection_lost(exc)

    def _expect_head(self) -> None:
        self._expect_nothing()
        self._deadline = self.loop.call_later(HEAD_S, self.transport.abort)

    def _expect_nothing(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class Server(uvicorn.Server):
    """Uvicorn within a loop that somebody else runs: signals are the gateway's business."""

    def __init__(self, app: ASGIApp, keeper: Keeper | None = None) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                ssl_context_factory=None if keeper is None else keeper.context_for_uvicorn,
                http=_Protocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=5,
                limit_concurrency=1000,
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def serve_on(self, listener: socket.socket) -> None:
        """Serve until `should_exit` is set."""
        await self.serve(sockets=[listener])
