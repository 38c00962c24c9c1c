"""The end of a connection that was told why: it is heard out, so that the reason arrives."""

from __future__ import annotations

import asyncio

_HEARD_OUT_S = 2.0


class Leaving(asyncio.Protocol):
    """What comes from a client after its DISCONNECT was sent; nothing of it is taken.

    To close with bytes unread would reset the connection, and the client would lose what it was told (RFC 9112, 9.6,
    says so of HTTP). So only our half is closed, until the client closes its own or has had the time to.
    """

    def __init__(self, before: asyncio.Protocol, transport: asyncio.Transport) -> None:
        self._before = before
        self._transport = transport
        self._end: asyncio.TimerHandle | None = None

    def listen_on(self, held: bool) -> None:
        """Take over; `held`: the connection was not read from."""
        self._transport.set_protocol(self)
        self._transport.write_eof()
        if held:
            self._transport.resume_reading()
        self._end = asyncio.get_running_loop().call_later(_HEARD_OUT_S, self._transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._end is not None:
            self._end.cancel()
        self._before.connection_lost(exc)
