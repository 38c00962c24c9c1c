"""One connection of the gateway's event loop to Postgres, made when it is needed, and anew after it broke."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

import psycopg

Connection = psycopg.AsyncConnection[psycopg.rows.TupleRow]
Answer = TypeVar("Answer")


async def connect(url: str) -> Connection:
    return await psycopg.AsyncConnection.connect(
        url, autocommit=True, connect_timeout=5, options="-c application_name=shelfwise-gateway"
    )


class Link:
    """Work is done one after the other, in the order it was asked for."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._db: Connection | None = None
        self._lock = asyncio.Lock()

    async def do(self, work: Callable[[Connection], Awaitable[Answer]]) -> Answer:
        """Do some work that may be done twice: where the connection is found broken, it is done again on a new one.

        Raises:
            psycopg.Error: it could not be done.
        """
        async with self._lock:
            if self._db is not None:
                try:
                    return await work(self._db)
                except psycopg.Error:
                    # Perhaps only this connection is gone: Postgres may be back by now.
                    await self._close()
            self._db = await connect(self._url)
            return await work(self._db)

    async def close(self) -> None:
        async with self._lock:
            await self._close()

    async def _close(self) -> None:
        if self._db is not None:
            with contextlib.suppress(psycopg.Error):
                await self._db.close()
            self._db = None
