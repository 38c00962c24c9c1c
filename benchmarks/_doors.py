"""A gateway to be measured: a database with devices, the gateway's process, loads of publishers, time spent."""

from __future__ import annotations

import multiprocessing
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection as Pipe

import psycopg

from benchmarks._publishers import Heard, Load, publish
from benchmarks._spent import cpu_seconds, parent_of
from shelfwise.access.context import Office, set_business_time
from shelfwise.access.model import system
from shelfwise.core.clocks import BusinessTime
from shelfwise.edge.devices import add_device
from shelfwise.edge.gateway import GatewayConfig, run
from shelfwise.store.database import Database, value
from shelfwise.store.database import run as execute

SECRET = "the secret of every device in this benchmark"

_spawn = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Measured:
    """What a load gave.

    Attributes:
        rate: readings a second that were acknowledged.
        per_cpu_second: readings for each second of processor time of gateway and Postgres; the clients' is not in it.
        p50, p99: of the acknowledgements, in ms.
    """

    heard: Heard
    rate: float
    per_cpu_second: float
    p50: float
    p99: float


@dataclass(frozen=True)
class Door:
    """An open MQTT door, and the processes behind it."""

    port: int
    process: int
    postgres: int

    def measure(self, load: Load) -> Measured:
        """Send a load until it is acknowledged.

        Raises:
            RuntimeError: a reading was not acknowledged, or the load could not be sent.
        """
        before = cpu_seconds(self.process, self.postgres)
        heard = send(load)
        spent = cpu_seconds(self.process, self.postgres) - before
        if heard.acknowledged != heard.sent:
            raise RuntimeError(f"{heard.sent - heard.acknowledged} readings were never acknowledged")
        cuts = statistics.quantiles(heard.latencies, n=100)
        counted = len(heard.latencies) * load.batch
        return Measured(
            heard, counted / heard.counted_seconds, heard.acknowledged / spent, 1000 * cuts[49], 1000 * cuts[98]
        )


def set_up(url: str, many: int) -> tuple[str, ...]:
    """An installation with devices; returns their names."""
    devices = tuple(f"scale-{number}" for number in range(many))
    with psycopg.connect(url) as tx:
        execute(tx, "insert into tenant values (1, 'Benchmark', 'EUR')")
        now = datetime.now(UTC)
        set_business_time(tx, 1, BusinessTime(now, now))
    database = Database(url, size=1).open()
    with Office(database).context(system("benchmark")) as ctx:
        for device in devices:
            add_device(ctx, device, secret=SECRET)
    database.close()
    return devices


@contextmanager
def gateway(url: str) -> Iterator[Door]:
    """A gateway in a process of its own."""
    mine, its = _spawn.Pipe()
    process = _spawn.Process(target=_run_gateway, args=(url, its))
    process.start()
    try:
        if not mine.poll(30):
            raise RuntimeError("the gateway did not open its doors")
        with psycopg.connect(url) as tx:
            postgres = parent_of(value(tx, "select pg_backend_pid()"))
        yield Door(mine.recv(), process.pid or 0, postgres)
    finally:
        process.terminate()
        process.join(30)
        process.kill()


def _run_gateway(url: str, ready: Pipe) -> None:
    run(GatewayConfig(url, mqtt_port=0, http_port=0, on_ready=lambda mqtt, http: ready.send(mqtt)))


def send(load: Load) -> Heard:
    """Send a load from a process of its own."""
    mine, its = _spawn.Pipe()
    process = _spawn.Process(target=publish, args=(load, its))
    process.start()
    its.close()
    try:
        if not mine.poll(load.seconds + 90):
            raise RuntimeError("the load generator does not answer")
        heard: Heard = mine.recv()
    except EOFError:
        raise RuntimeError("the load generator failed; its error stands above") from None
    finally:
        process.join(30)
        process.kill()
    return heard
