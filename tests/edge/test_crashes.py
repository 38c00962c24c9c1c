"""kill -9 of the gateway and of Postgres at named points, with unacknowledged messages in flight.

What was acknowledged is stored, what is stored was sent, each once; sent again, all of it is stored once.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from shelfwise.access.context import Office, stand_still
from shelfwise.edge.devices import add_device
from shelfwise.store import embedded
from shelfwise.store.database import Database, run, values
from shelfwise.store.migrate import migrate
from tests.conftest import NOON
from tests.edge.conftest import MANAGER, SECRET
from tests.edge.packets import BareClient, publish

POINTS = ("taken", "copied", "before_commit", "after_commit", "acknowledged")
ORDINARY = (("gateway", "before_commit", 9), ("gateway", "after_commit", 3), ("postgres", "before_commit", 5))
THOROUGH = [(victim, point, nth) for victim in ("gateway", "postgres") for point in POINTS for nth in (2, 23)]

SENDERS = 6
READINGS_EACH = 600
IN_FLIGHT = 20


@dataclass
class Postgres:
    """A cluster of its own, fsync on, that may be killed and started again."""

    cluster: embedded.Cluster
    log: Path
    server: subprocess.Popen[bytes]

    def restart(self) -> None:
        self.server.wait(30)
        self.server = embedded.start(self.cluster, self.log)


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    home = tmp_path_factory.mktemp("crashes")
    cluster = embedded.find(home)
    embedded.initialise(cluster)
    running = Postgres(cluster, home / "postgres.log", embedded.start(cluster, home / "postgres.log"))
    migrate(cluster.url)
    with psycopg.connect(cluster.url) as tx:
        run(tx, "insert into tenant values (1, 'Test', 'EUR')")
        stand_still(tx, 1, NOON)
    database = Database(cluster.url, size=1).open()
    with Office(database).context(MANAGER) as ctx:
        for number in range(SENDERS):
            add_device(ctx, f"scale-{number}", secret=SECRET)
    database.close()
    yield running
    embedded.stop(running.server)
    embedded.remove(cluster)


class GatewayProcess:
    """A gateway that will be killed, or will see its Postgres killed."""

    def __init__(self, postgres: Postgres, port: int, victim: str | None, point: str = "", nth: int = 0) -> None:
        wish: dict[str, Any] = {"database_url": postgres.cluster.url, "port": port, "point": point, "pass": nth}
        wish["victim"] = postgres.server.pid if victim == "postgres" else victim
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.edge.crashing_gateway"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(wish) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.strip() == str(port):
                break

    def wait(self) -> int:
        code = self.process.wait(60)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()
        return code

    def stop(self) -> None:
        self.process.terminate()
        assert self.wait() == 0


@dataclass
class Sender:
    """One device: sends its readings with a window, and notes what was sent and what acknowledged."""

    number: int
    case: str
    sent: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)

    def work(self, port: int, until_closed: bool) -> None:
        """Send everything that is not acknowledged yet; give up when the connection is closed."""
        device = f"scale-{self.number}"
        names = [f"{self.case}-{self.number}-{n}" for n in range(READINGS_EACH)]
        waiting = [name for name in names if name not in self.acknowledged]
        with BareClient(port) as bare:
            try:
                bare.sign_in(device, SECRET)
                for start in range(0, len(waiting), IN_FLIGHT):
                    burst = waiting[start : start + IN_FLIGHT]
                    self.sent.update(burst)
                    bare.send(b"".join(publish(f"shelfwise/{device}/w", self._payload(name), n)
                                       for n, name in enumerate(burst, 1)))  # fmt: skip
                    done = bare.acknowledged(len(burst))
                    assert done == list(range(1, len(done) + 1))
                    self.acknowledged.update(burst[: len(done)])
                    if len(done) < len(burst):
                        return
            except (ConnectionError, AssertionError):
                if not until_closed:
                    raise

    def _payload(self, name: str) -> bytes:
        value = int(name.rpartition("-")[2])
        return json.dumps({"kind": "weight", "value": value, "id": name, "at": NOON.isoformat()}).encode()


def send_all(senders: list[Sender], port: int, until_closed: bool = False) -> list[threading.Thread]:
    threads = [threading.Thread(target=sender.work, args=(port, until_closed)) for sender in senders]
    for thread in threads:
        thread.start()
    return threads


def stored(postgres: Postgres) -> list[tuple[str, float]]:
    with psycopg.connect(postgres.cluster.url) as tx:
        return [(device, value) for device, value in values(tx, "select device, value from reading")]


def names(found: list[tuple[str, float]], case: str) -> list[str]:
    return [f"{case}-{device.removeprefix('scale-')}-{int(value)}" for device, value in found]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def kill_and_recover(postgres: Postgres, victim: str, point: str, nth: int) -> None:
    with psycopg.connect(postgres.cluster.url) as tx:
        run(tx, "truncate reading")
    case = f"{victim}-{point}-{nth}"
    senders = [Sender(number, case) for number in range(SENDERS)]
    port = free_port()
    gateway = GatewayProcess(postgres, port, victim, point, nth)
    threads = send_all(senders, port, until_closed=True)
    if victim == "gateway":
        assert gateway.wait() == -9
    else:
        postgres.restart()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    sent = set().union(*(sender.sent for sender in senders))
    acknowledged = set().union(*(sender.acknowledged for sender in senders))
    found = names(stored(postgres), case)
    assert len(found) == len(set(found))
    assert acknowledged <= set(found) <= sent
    if victim == "gateway":
        assert len(acknowledged) < SENDERS * READINGS_EACH
        gateway = GatewayProcess(postgres, port, None)
    for thread in send_all(senders, port):
        thread.join(60)
        assert not thread.is_alive()
    gateway.stop()
    assert all(len(sender.acknowledged) == READINGS_EACH for sender in senders)
    found = names(stored(postgres), case)
    assert len(found) == len(set(found)) == SENDERS * READINGS_EACH


@pytest.mark.parametrize(("victim", "point", "nth"), ORDINARY)
def test_what_is_acknowledged_survives_kill_9(postgres: Postgres, victim: str, point: str, nth: int) -> None:
    kill_and_recover(postgres, victim, point, nth)


@pytest.mark.slow
@pytest.mark.parametrize(("victim", "point", "nth"), THOROUGH)
def test_what_is_acknowledged_survives_kill_9_at_every_point(
    postgres: Postgres, victim: str, point: str, nth: int
) -> None:
    kill_and_recover(postgres, victim, point, nth)
