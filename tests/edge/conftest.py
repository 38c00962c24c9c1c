"""A gateway on a thread of its own, and devices that may sign in to it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import uvloop

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.edge.devices import add_device
from shelfwise.edge.gateway import Gateway, GatewayConfig
from shelfwise.edge.pipeline import Limits
from shelfwise.edge.writer import Writer
from shelfwise.store.database import values

MANAGER = person("mara", Role.ADMIN)
SECRET = "a secret that the test knows"


@dataclass
class Running:
    """A gateway that runs, and the database behind it."""

    gateway: Gateway
    loop: asyncio.AbstractEventLoop
    office: Office
    told: asyncio.Event

    def stop(self) -> None:
        """Tell the gateway to stop; does not wait for it."""
        self.loop.call_soon_threadsafe(self.told.set)

    @property
    def mqtt_port(self) -> int:
        return self.gateway.mqtt_port

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.gateway.http_port}{path}"

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        with self.office.database.transaction() as tx:
            return values(tx, query)

    def waits_for(self, query: str, expected: list[tuple[Any, ...]]) -> bool:
        """Whether a query comes to give that, which is written beside what a test can wait for."""
        for _ in range(500):
            if self.sql(query) == expected:
                return True
            time.sleep(0.02)
        return False


Start = Callable[..., AbstractContextManager[Running]]


@pytest.fixture
def devices(office: Office) -> None:
    """scale-7 and probe-1 speak for themselves, gate-1 for others as well, gone-1 is shut out."""
    with office.context(MANAGER) as ctx:
        for device in ("scale-7", "probe-1", "gone-1", "0101010101010101"):
            add_device(ctx, device, secret=SECRET)
        add_device(ctx, "gate-1", speaks_for="gateway", secret=SECRET)
        ctx.tx.execute("update device set active = false where device = 'gone-1'")


@pytest.fixture
def start(office: Office, devices: None) -> Start:
    """Starts gateways: ``with start(writer=..., limits=..., patience_s=...) as running``."""

    @contextmanager
    def started(
        writer: Writer | None = None,
        limits: Limits | None = None,
        patience_s: float = 10.0,
        **more: Any,
    ) -> Iterator[Running]:
        config = GatewayConfig(
            office.database.url, mqtt_port=0, http_port=0, limits=limits or Limits(), patience_s=patience_s, **more
        )
        ready: list[Running] = []
        opened = threading.Event()

        async def serve() -> None:
            gateway = Gateway(config, writer)
            await gateway.start()
            ready.append(Running(gateway, asyncio.get_running_loop(), office, asyncio.Event()))
            opened.set()
            await ready[0].told.wait()
            await gateway.stop()

        def main() -> None:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(serve())

        thread = threading.Thread(target=main, name="gateway")
        thread.start()
        try:
            assert opened.wait(10)
            yield ready[0]
        finally:
            if ready and not ready[0].loop.is_closed():
                ready[0].stop()
            thread.join(30)
            assert not thread.is_alive()

    return started


@pytest.fixture
def running(start: Start) -> Iterator[Running]:
    """A gateway as it ordinarily runs."""
    with start() as gateway:
        yield gateway
