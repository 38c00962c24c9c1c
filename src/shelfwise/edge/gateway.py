"""The gateway process: both doors, one pipeline, no state outside Postgres."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from shelfwise.edge.directory import Directory
from shelfwise.edge.http import HttpDoor
from shelfwise.edge.http_server import Server
from shelfwise.edge.limits import DeviceRates, SignInBrake
from shelfwise.edge.link import Link
from shelfwise.edge.metrics import Metrics
from shelfwise.edge.mqtt.door import MqttDoor, MqttLimits, Place
from shelfwise.edge.outgoing import Outgoing
from shelfwise.edge.pipeline import Limits, Pipeline, Surroundings
from shelfwise.edge.reaching import ours
from shelfwise.edge.writer import CrashPoint, PostgresWriter, Writer
from shelfwise.https.keeper import LOOK_AGAIN_S, Keeper

log = structlog.get_logger(__name__)

_BACKLOG = 1024
_HANDSHAKE_S = 10.0
# Two busy threads share one interpreter; the writer should not wait the default 5 ms for it at each answer of Postgres.
_SWITCH_S = 0.0002


def no_crash(point: str) -> None:
    """Nothing happens at the named point."""


@dataclass(frozen=True)
class TlsDoors:
    """The doors by TLS, beside the plain ones: with whose certificate, and where."""

    keeper: Keeper
    host: str
    mqtt_port: int = 8883
    http_port: int = 8444


@dataclass(frozen=True)
class GatewayConfig:
    """What a gateway must be told.

    Attributes:
        database_url: no transaction pooler in between.
        tenant: whose devices sign in here.
        host: the address both doors listen on.
        mqtt_port, http_port: 0 takes a free one.
        mqtt: how much the MQTT door takes.
        device_messages: how many a second one device may send in the long run, over both doors.
        limits: how much may wait for its commit.
        tls: None: only the plain doors are open.
        own_ports: further ports of Shelfwise on this machine: none of our own calls goes there.
        patience_s: when told to stop, how long to wait for commits that are still under way or refused.
        on_ready: called with the MQTT and the HTTP port once both doors are open.
        crash_point: called with a point's name ('taken', 'copied', 'before_commit', 'after_commit', 'acknowledged'),
            so that tests can end a process there.
    """

    database_url: str
    tenant: int = 1
    host: str = "127.0.0.1"
    mqtt_port: int = 1883
    http_port: int = 8081
    mqtt: MqttLimits = field(default_factory=MqttLimits)
    device_messages: int = 5_000
    limits: Limits = field(default_factory=Limits)
    tls: TlsDoors | None = None
    own_ports: Sequence[int] = ()
    patience_s: float = 10.0
    on_ready: Callable[[int, int], None] | None = None
    crash_point: CrashPoint = no_crash


class Gateway:
    """A gateway within a running event loop: `start`, then `stop`; tests and `run` use it."""

    def __init__(self, config: GatewayConfig, writer: Writer | None = None) -> None:
        self._config = config
        self.metrics = Metrics()
        self.directory = Directory(config.database_url, config.tenant, self._devices_changed)
        self.pipeline = Pipeline(
            writer or PostgresWriter(config.database_url, config.tenant, config.crash_point),
            Surroundings(
                config.tenant, lambda: self.directory.time, lambda: self.directory.known, self.directory.learn
            ),
            self.metrics,
            config.limits,
            config.crash_point,
            self._room,
        )
        self._link = Link(config.database_url)
        rates, brake = DeviceRates(config.device_messages), SignInBrake()
        place = Place(config.tenant, f"{socket.gethostname()}:{config.mqtt_port}")
        self.mqtt = MqttDoor(self.directory, self.pipeline, self.metrics, config.mqtt, rates, brake, self._link, place)
        self.http = HttpDoor(self.directory, self.pipeline, self.metrics, rates, brake)
        self.outgoing = Outgoing(config.database_url, config.tenant, self.directory, self.pipeline, self.metrics)
        self._http_servers = [Server(self.http.app)]
        self._mqtt_servers: list[asyncio.Server] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._serving: list[asyncio.Task[None]] = []
        self.mqtt_port = self.http_port = self.mqtt_tls_port = self.http_tls_port = 0

    async def start(self) -> None:
        """Open both doors. Where Postgres does not answer yet, they are open but take nothing."""
        loop = asyncio.get_running_loop()
        listeners = [_listen(self._config.host, port) for port in (self._config.mqtt_port, self._config.http_port)]
        self.mqtt_port, self.http_port = (listener.getsockname()[1] for listener in listeners)
        self.pipeline.start()
        self._mqtt_servers = [await loop.create_server(self.mqtt.connection, sock=listeners[0], backlog=_BACKLOG)]
        for work in (self.directory.watch(), self.mqtt.watch(), self.mqtt.keep_books()):
            self._tasks.append(loop.create_task(work))
        self._serving.append(loop.create_task(self._http_servers[0].serve_on(listeners[1])))
        if self._config.tls is not None:
            await self._start_tls(self._config.tls)
        doors = (self.mqtt_port, self.http_port, self.mqtt_tls_port, self.http_tls_port)
        self.outgoing.start(ours(self._config.database_url, *doors, *self._config.own_ports))
        log.info("gateway open", host=self._config.host, mqtt_port=self.mqtt_port, http_port=self.http_port)

    async def _start_tls(self, tls: TlsDoors) -> None:
        loop = asyncio.get_running_loop()
        listeners = [_listen(tls.host, port) for port in (tls.mqtt_port, tls.http_port)]
        self.mqtt_tls_port, self.http_tls_port = (listener.getsockname()[1] for listener in listeners)
        self._mqtt_servers.append(
            await loop.create_server(
                self.mqtt.connection, sock=listeners[0], backlog=_BACKLOG, ssl=tls.keeper.context,
                ssl_handshake_timeout=_HANDSHAKE_S, ssl_shutdown_timeout=_HANDSHAKE_S,
            )
        )  # fmt: skip
        self._http_servers.append(Server(self.http.app, tls.keeper))
        self._serving.append(loop.create_task(self._http_servers[1].serve_on(listeners[1])))
        self._tasks.append(loop.create_task(_keep_fit(tls.keeper)))
        log.info("gateway open by TLS", host=tls.host, mqtt_port=self.mqtt_tls_port, http_port=self.http_tls_port)

    async def stop(self) -> None:
        """Take nothing new, commit and acknowledge what was taken, close."""
        self.http.stopping = True
        for mqtt in self._mqtt_servers:
            mqtt.close()
        self.mqtt.stop_reading()
        await self.outgoing.stop()
        await self.pipeline.close(self._config.patience_s)
        await self.mqtt.close()
        for http in self._http_servers:
            http.should_exit = True
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await asyncio.gather(*self._serving)
        await self.directory.close()
        await self._link.close()
        log.info("gateway closed")

    def _devices_changed(self) -> None:
        self.mqtt.devices_changed()

    def _room(self) -> None:
        self.mqtt.room()


def run(config: GatewayConfig) -> None:
    """Run a gateway until SIGTERM or SIGINT; what was taken by then is committed and acknowledged first.

    Raises:
        OSError: a port is taken.
    """
    sys.setswitchinterval(_SWITCH_S)
    _allow_many_files()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_run(config))


async def _run(config: GatewayConfig) -> None:
    gateway = Gateway(config)
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for wish in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wish, told.set)
    await gateway.start()
    if config.on_ready is not None:
        config.on_ready(gateway.mqtt_port, gateway.http_port)
    gateway.pipeline.failed.add_done_callback(lambda _: told.set())
    await told.wait()
    await gateway.stop()
    if gateway.pipeline.failed.done():
        gateway.pipeline.failed.result()


async def _keep_fit(keeper: Keeper) -> None:
    """Load a renewed certificate into the doors as they stand open, until cancelled."""
    while True:
        await asyncio.sleep(LOOK_AGAIN_S)
        keeper.refresh()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    listener.setblocking(False)
    return listener


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop
    except ImportError:  # not offered on this platform
        return asyncio.new_event_loop
    new_loop: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return new_loop


def _allow_many_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (hard if hard != resource.RLIM_INFINITY else max(soft, 65_536), hard)
        )
