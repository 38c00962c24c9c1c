"""What is usually built instead: Mosquitto, one Python consumer, COPY into a table.

What it guarantees is less. Mosquitto acknowledges from memory, so that what was acknowledged is lost when it is killed;
the client library acknowledges to it before the rows are committed; nothing is deduplicated, nothing is checked, and
anybody may publish.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import shutil
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

import psycopg

from benchmarks._doors import send
from benchmarks._publishers import Load
from shelfwise.store.database import run, value

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_LINGER_S = 0.005

_spawn = multiprocessing.get_context("spawn")


def installed() -> str | None:
    """Where Mosquitto is; None: this machine has none."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


def rate(url: str, devices: tuple[str, ...], seconds: float, window: int) -> tuple[float, int]:
    """Readings a second that reached the table, and how many that Mosquitto had acknowledged never did."""
    program = installed()
    if program is None:
        raise RuntimeError("there is no mosquitto on this machine")
    with psycopg.connect(url, autocommit=True) as tx:
        run(tx, "create table chain (device text, value double precision, observed_at timestamptz)")
    with _mosquitto(program) as port, _consumer(url, port):
        began = time.monotonic()
        heard = send(Load(port, devices, "unused", seconds, 0.0, None, window, "chain"))
        spent = time.monotonic() - began
        with psycopg.connect(url, autocommit=True) as tx:
            in_time = value(tx, "select count(*) from chain")
            stored = _settled(tx)
    return in_time / spent, heard.acknowledged - stored


def _settled(tx: psycopg.Connection[Any]) -> int:
    """How many rows there are once no more come."""
    before = -1
    while (now := value(tx, "select count(*) from chain")) != before:
        before = now
        time.sleep(2)
    return int(now)


@contextmanager
def _mosquitto(program: str) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="shelfwise-bench-") as folder:
        configuration = Path(folder) / "mosquitto.conf"
        configuration.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n"
            "max_queued_messages 0\nmax_inflight_messages 0\n"
        )
        broker = subprocess.Popen([program, "-c", configuration], stderr=subprocess.DEVNULL)
        try:
            for _ in range(100):
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except OSError:
                    time.sleep(0.05)
            yield port
        finally:
            broker.terminate()
            broker.wait(10)


@contextmanager
def _consumer(url: str, port: int) -> Iterator[None]:
    mine, its = _spawn.Pipe()
    process = _spawn.Process(target=_consume, args=(url, port, its))
    process.start()
    try:
        if not mine.poll(30):
            raise RuntimeError("the consumer did not connect")
        yield
    finally:
        process.terminate()
        process.join(10)
        process.kill()


def _consume(url: str, port: int, ready: Pipe) -> None:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_store(url, port, ready))


async def _store(url: str, port: int, ready: Pipe) -> None:
    from gmqtt import Client

    waiting: list[tuple[str, bytes]] = []

    def on_message(client: object, topic: str, payload: bytes, qos: int, properties: object) -> int:
        waiting.append((topic, payload))
        return 0

    client = Client("consumer")
    client.on_message = on_message
    await client.connect("127.0.0.1", port, version=4)
    client.subscribe("shelfwise/#", qos=1)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as db:
        await asyncio.sleep(0.5)
        ready.send(True)
        while True:
            await asyncio.sleep(_LINGER_S)
            if waiting:
                rows, waiting[:] = [_row(*one) for one in waiting], []
                async with db.cursor() as cursor, cursor.copy("copy chain from stdin (format binary)") as copy:
                    await copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8) + b"".join(rows) + b"\xff\xff")


def _row(topic: str, payload: bytes) -> bytes:
    reading = json.loads(payload)
    device = topic.split("/")[1].encode()
    since = datetime.fromisoformat(reading["at"]) - _EPOCH
    at = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return struct.pack("!hi", 3, len(device)) + device + struct.pack("!idiq", 8, reading["value"], 8, at)
