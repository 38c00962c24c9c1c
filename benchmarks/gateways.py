"""What a second gateway on the same Postgres brings, and what each part of the way costs in processor time.

The same connections go to one gateway, then half of them to each of two. Clients, gateways and Postgres share the
cores of one machine, so on a small one the rate hardly grows; the processor time that a reading takes of a gateway
and of Postgres is what says how many of each another machine could feed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace

import psycopg

from benchmarks._doors import SECRET, Door, gateway, send, set_up
from benchmarks._publishers import Load
from benchmarks._spent import cpu_seconds
from benchmarks.harness import Result, own_postgres, progress, report
from shelfwise.store.database import value

SEED = 1
CONNECTIONS = 200
# How many messages of how many readings are in flight on each connection.
SHAPES = {f"{CONNECTIONS} x 10 in flight": (10, 1), f"{CONNECTIONS} x 2 messages of 50": (2, 50)}


@dataclass(frozen=True)
class Shared:
    """What gateways took together.

    Attributes:
        rate: readings a second.
        by_gateways, by_postgres: processor time for a reading, in microseconds.
        cores: how many cores gateways and Postgres kept busy.
    """

    sent: int
    rate: float
    by_gateways: float
    by_postgres: float
    cores: float


def main() -> None:
    seconds = 5.0 if "--quick" in sys.argv[1:] else 20.0
    with own_postgres() as url:
        devices = set_up(url, CONNECTIONS)
        with ExitStack() as open_doors:
            doors = [open_doors.enter_context(gateway(url)) for _ in range(2)]
            found = {}
            for name, (window, batch) in SHAPES.items():
                for many in (1, 2):
                    progress(f"{many} gateways, {name}")
                    load = Load(0, devices, SECRET, seconds, 1.0, None, window, f"{many} {name}", batch)
                    found[name, many] = measure(doors[:many], load)
        with psycopg.connect(url) as tx:
            lost = sum(one.sent for one in found.values()) - value(tx, "select count(*) from reading")
    results = [result for name in SHAPES for result in _compared(name, found[name, 1], found[name, 2])]
    results.append(Result("acknowledged readings that are not stored, or stored twice", abs(lost), "", 0.0, lost == 0))
    report("gateways", SEED, results)


def measure(doors: Sequence[Door], load: Load) -> Shared:
    """Divide a load among gateways.

    Raises:
        RuntimeError: a reading was not acknowledged, or the load could not be sent.
    """
    gateways, postgres = [door.process for door in doors], doors[0].postgres
    before = cpu_seconds(*gateways), cpu_seconds(postgres)
    parts = [
        replace(load, port=door.port, devices=load.devices[number :: len(doors)]) for number, door in enumerate(doors)
    ]
    with ThreadPoolExecutor(len(parts)) as threads:
        heard = list(threads.map(send, parts))
    sent = sum(one.sent for one in heard)
    if missing := sent - sum(one.acknowledged for one in heard):
        raise RuntimeError(f"{missing} readings were never acknowledged")
    spent = cpu_seconds(*gateways) - before[0], cpu_seconds(postgres) - before[1]
    rate = sum(len(one.latencies) * load.batch / one.counted_seconds for one in heard)
    return Shared(sent, rate, 1e6 * spent[0] / sent, 1e6 * spent[1] / sent, sum(spent) / sent * rate)


def _compared(name: str, one: Shared, two: Shared) -> list[Result]:
    cores = f"{name}: cores that gateways and Postgres kept busy, of {os.cpu_count()}"
    return [
        Result(f"{name}: readings/s of two gateways", two.rate, "/s", None, None, "one gateway, /s", one.rate),
        Result(cores, two.cores, "", None, None, "with one gateway", one.cores),
        Result(f"{name}: processor time of the gateway for a reading", one.by_gateways, "us"),
        Result(
            f"{name}: processor time of Postgres for a reading, with two gateways", two.by_postgres, "us", None, None,
            "with one gateway, us", one.by_postgres,
        ),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
