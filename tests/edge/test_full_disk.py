"""A disk that is really full: nothing is acknowledged, whoever looks is told, and room is enough to go on."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import httpx
import psycopg
import pytest

from shelfwise.operations import service as operations
from shelfwise.settings import Settings
from shelfwise.store import embedded
from tests.conftest import NOON
from tests.edge.conftest import MANAGER, SECRET, Start

pytestmark = pytest.mark.slow
AS_ROOT = os.geteuid() == 0


@pytest.fixture
def small_disk(shared_url: str) -> Iterator[Path]:
    """A file system of a few MB, in which the database of the tests makes its new tables meanwhile."""
    place = embedded.ROOT_FOLDER / f"small-{os.getpid()}"
    place.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(place)], check=True)
    owner = embedded.find(place).owner or (os.geteuid(), os.getegid())
    os.chown(place, *owner)
    name = psycopg.conninfo.conninfo_to_dict(shared_url)["dbname"]
    with psycopg.connect(shared_url, autocommit=True) as admin:
        admin.execute(f"create tablespace small location '{place}'".encode())
        admin.execute(f'alter database "{name}" set default_tablespace = small'.encode())
    yield place
    with psycopg.connect(shared_url, autocommit=True) as admin:
        admin.execute(f'alter database "{name}" reset default_tablespace'.encode())
        partitions = admin.execute("select inhrelid::regclass from pg_inherits where inhparent = 'reading'::regclass")
        for (partition,) in partitions.fetchall():
            admin.execute(f"drop table {partition}".encode())
        admin.execute("drop tablespace small")
    subprocess.run(["umount", str(place)], check=True)
    place.rmdir()


def until(said: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not said():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def post(url: str, first: int) -> int:
    """A hundred readings by HTTP; returns the status."""
    readings = [
        {"kind": "weight", "value": n, "at": (NOON - timedelta(seconds=n)).isoformat(), "id": str(n)}
        for n in range(first, first + 100)
    ]
    answer = httpx.post(url, json=readings, headers={"authorization": f"Bearer scale-7:{SECRET}"}, timeout=30)
    assert answer.status_code != 202, answer.text
    return answer.status_code


@pytest.mark.skipif(not AS_ROOT, reason="only root may mount; the same is tested by the port in test_pipeline.py")
def test_a_full_disk_stops_acknowledgements_is_told_and_is_over_when_there_is_room(
    small_disk: Path, start: Start
) -> None:
    filler = small_disk / "filler"
    with start() as running:
        settings = Settings(door_port=running.gateway.http_port)
        assert post(running.url("/v1/readings"), 0) == 200
        with filler.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))
        statuses: list[int] = []
        sender = threading.Thread(
            target=lambda: statuses.extend(post(running.url("/v1/readings"), 100 * n) for n in range(1, 60))
        )
        sender.start()
        until(lambda: "No space left on device" in httpx.get(running.url("/readyz")).text)
        with running.office.context(MANAGER) as ctx:
            (door,) = [one for one in operations.findings(ctx, settings) if one.part == "gateway"]
        assert (door.state, "No space left on device" in door.words) == ("danger", True)
        filler.unlink()
        until(lambda: httpx.get(running.url("/readyz")).status_code == 200)
        sender.join()
        assert {200, 503} >= set(statuses)
        acknowledged = 100 * (1 + statuses.count(200))
        ((stored,),) = running.sql("select count(*) from reading")
        assert acknowledged <= stored <= 6000
        for n in range(1, 60):
            assert post(running.url("/v1/readings"), 100 * n) == 200
        assert running.sql("select count(*) from reading") == [(6000,)]
