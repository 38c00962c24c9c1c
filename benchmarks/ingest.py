"""How fast readings become durable: rates and latencies by number of connections, beside what the machine can do.

QoS 1, each device signed in, each reading deduplicated by its key, each acknowledged after an fsynced commit. The load
comes from processes of their own on the same machine; processor time is counted for gateway and Postgres alone.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from benchmarks import _chain
from benchmarks._doors import SECRET, Measured, gateway, set_up
from benchmarks._publishers import Load
from benchmarks.harness import Result, own_postgres, progress, report
from shelfwise.edge import tables
from shelfwise.edge.model import Reading, key_by_id, microseconds
from shelfwise.store.database import Tx, value
from shelfwise.store.database import run as execute

SEED = 1
CONNECTIONS = 200
WINDOW = 10
MANY = 1_000
PACE = 10_000.0
BATCH = 50
BATCHES_IN_FLIGHT = 2
COPY_ROWS = 5_000


def main() -> None:
    quick = "--quick" in sys.argv[1:]
    seconds, copies = (6.0, 30) if quick else (30.0, 100)
    with own_postgres() as url:
        devices = set_up(url, MANY)
        with gateway(url) as door:
            progress(f"{PACE:,.0f} readings/s over {MANY:,} connections")
            paced = door.measure(Load(door.port, devices, SECRET, seconds, 2.0, PACE, 0, "paced"))
            progress(f"As fast as {CONNECTIONS} connections x {WINDOW} readings in flight go")
            few = door.measure(Load(door.port, devices[:CONNECTIONS], SECRET, seconds, 2.0, None, WINDOW, "few"))
            progress(f"As fast as {MANY:,} connections x 1 reading in flight go")
            many = door.measure(Load(door.port, devices, SECRET, seconds, 2.0, None, 1, "many"))
            progress(f"As fast as {CONNECTIONS} connections x {BATCHES_IN_FLIGHT} messages of {BATCH} readings go")
            batches = door.measure(
                Load(
                    door.port, devices[:CONNECTIONS], SECRET, seconds, 2.0, None, BATCHES_IN_FLIGHT, "batches", BATCH
                )
            )  # fmt: skip
        with psycopg.connect(url) as tx:
            stored = value(tx, "select count(*) from reading")
        progress("COPY alone, and fsync alone")
        plain, deduplicated = _copy_ceilings(url, copies)
        syncs = _syncs_per_second()
        chain = None
        if _chain.installed():
            progress("Mosquitto to Python to COPY")
            chain = _chain.rate(url, devices[:CONNECTIONS], seconds, WINDOW)
    loads = (paced, few, many, batches)
    lost = sum(load.heard.sent for load in loads) - stored
    report("ingest", SEED, _results(paced, few, many, batches, plain, deduplicated, syncs, chain, lost))


def _results(
    paced: Measured, few: Measured, many: Measured, batches: Measured, plain: float, deduplicated: float, syncs: float,
    chain: tuple[float, int] | None, lost: int,
) -> list[Result]:  # fmt: skip
    ceiling = f"binary COPY of {COPY_ROWS:,} rows a commit into a table without an index, /s"
    results = [
        Result(f"{MANY:,} connections at the pace: readings/s", paced.rate, "/s", PACE, paced.rate >= 0.99 * PACE),
        Result(f"{MANY:,} connections at the pace: p50", paced.p50, "ms"),
        Result(f"{MANY:,} connections at the pace: p99", paced.p99, "ms", 50.0, paced.p99 <= 50),
    ]
    for name, load, floor, aim in (
        (f"{CONNECTIONS} x {WINDOW} in flight", few, 35_000, 60_000),
        (f"{MANY:,} x 1 in flight", many, 15_000, 20_000),
        (f"{CONNECTIONS} x {BATCHES_IN_FLIGHT} messages of {BATCH}", batches, 150_000, 150_000),
    ):
        results += [
            Result(f"{name}: readings/s", load.rate, "/s", floor, load.rate >= floor, ceiling, plain),
            Result(f"{name}: share of what is aimed at", 100 * load.rate / aim, "%"),
            Result(f"{name}: p99", load.p99, "ms"),
            Result(f"{name}: readings for a second of processor time", load.per_cpu_second, "/s"),
            Result(f"{name}: share of COPY", 100 * load.rate / plain, "%"),
            Result(
                f"{name}: share of COPY with deduplication", 100 * load.rate / deduplicated, "%", None, None,
                "the same COPY into `reading` with its keys, /s", deduplicated,
            ),
        ]  # fmt: skip
    # A connection's next reading waits for its last one's commit: no more can pass than are in flight for each sync.
    results += [
        Result("fdatasync of 8 KiB alone", syncs, "/s"),
        Result(
            f"{MANY:,} x 1 in flight: share of what one sync for each round would allow",
            100 * many.rate / (MANY * syncs), "%",
        ),
        Result("acknowledged readings that are not stored, or stored twice", abs(lost), "", 0.0, lost == 0),
    ]  # fmt: skip
    if chain is not None:
        results += [
            Result(
                f"{CONNECTIONS} x {WINDOW} in flight, against Mosquitto to one Python consumer to COPY (acknowledged "
                "from memory, not deduplicated, not checked)",
                few.rate / chain[0], "times", None, None, "rows/s of that chain", chain[0],
            ),
            Result("of that chain: acknowledged by Mosquitto and not stored", chain[1], ""),
        ]  # fmt: skip
    return results


def _copy_ceilings(url: str, commits: int) -> tuple[float, float]:
    """Rows/s of one connection that does nothing but COPY prepared bytes: into a bare table, and with deduplication."""
    now = datetime.now(UTC)
    with psycopg.connect(url, autocommit=True) as tx:
        execute(tx, tables.CREATE_INCOMING)
        execute(tx, "create table bare (like incoming)")
        bare = _rows_per_second(tx, commits, now, tables.COPY_INCOMING.replace("incoming", "bare", 1), None)
        tables.ensure_partitions(tx, {tables.day_number(now)})
        deduplicated = _rows_per_second(tx, commits, now, tables.COPY_NEW, None)
    return bare, deduplicated


def _rows_per_second(tx: Tx, commits: int, now: datetime, copy_in: str, store: str | None) -> float:
    spent = []
    for commit in range(commits):
        rows = []
        for row in range(COPY_ROWS):
            at = now + timedelta(microseconds=commit * COPY_ROWS + row)
            reading = Reading(key_by_id("ceiling", copy_in, row, at), "scale-7", "weight", 1.5, None, at, now)
            rows.append(tables.copy_row(1, reading, microseconds(at), microseconds(now)))
        content = b"".join((tables.COPY_HEADER, *rows, tables.COPY_TRAILER))
        began = time.perf_counter()
        with tx.transaction():
            with tx.cursor() as cursor, cursor.copy(copy_in) as copy:
                copy.write(content)
            if store:
                execute(tx, store)
        spent.append(time.perf_counter() - began)
    return COPY_ROWS / statistics.median(spent)


def _syncs_per_second() -> float:
    with tempfile.TemporaryDirectory(prefix="shelfwise-bench-") as folder:
        file = os.open(Path(folder) / "log", os.O_CREAT | os.O_WRONLY)
        spent = []
        for _ in range(200):
            began = time.perf_counter()
            os.write(file, bytes(8192))
            os.fdatasync(file)
            spent.append(time.perf_counter() - began)
        os.close(file)
    return 1 / statistics.median(spent)


if __name__ == "__main__":
    main()
