"""The web server: pages over plain HTTP, and beside them over HTTPS where the local network is let in."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn
from fastapi import FastAPI

from shelfwise.https.keeper import LOOK_AGAIN_S
from shelfwise.web.lan import Lan


def _config(app: FastAPI, host: str, port: int, **more: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        # Live pages hold their connection open for ever; a stop must not wait for them.
        timeout_graceful_shutdown=2,
        server_header=False,
        # Who asks is found out from the settings: see access.throttle.
        proxy_headers=False,
        ws="none",
        **more,
    )


class _Beside(uvicorn.Server):
    """The HTTPS port. It lives in the loop of the plain one, which alone takes signals and starts and ends the app."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class PageServer(uvicorn.Server):
    """Serves the app until it is told to stop, and keeps the certificate of its HTTPS port fit meanwhile."""

    def __init__(self, app: FastAPI, host: str, port: int, lan: Lan | None = None) -> None:
        super().__init__(_config(app, host, port))
        self._lan = lan
        self._tasks: list[asyncio.Task[None]] = []
        self.beside: _Beside | None = None
        if lan is not None:
            self.beside = _Beside(
                _config(app, host, lan.https_port, lifespan="off", ssl_context_factory=lan.keeper.context_for_uvicorn)
            )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self.beside is not None:
            self._tasks = [asyncio.create_task(self.beside.serve()), asyncio.create_task(self._keep_fit())]

    async def _keep_fit(self) -> None:
        while self._lan is not None:
            await asyncio.sleep(LOOK_AGAIN_S)
            self._lan.keeper.refresh()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self.beside is not None and self._tasks:
            serving, fit = self._tasks
            fit.cancel()
            self.beside.should_exit = True
            await serving
        await super().shutdown(sockets)
