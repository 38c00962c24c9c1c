"""How fast readings become durable: acknowledgement latency at a steady pace, the highest rate held, share of COPY.

One reading a message, QoS 1, each device signed in, each reading deduplicated by its key, each acknowledged after an
fsynced commit. The load comes from processes of their own, on the same machine.
"""

from __future__ import annotations

import multiprocessing
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection as Pipe

import psycopg

from benchmarks._publishers import Heard, Load, publish
from benchmarks.harness import Result, own_postgres, progress, report
from shelfwise.access.context import Office, set_business_time
from shelfwise.access.model import system
from shelfwise.core.clocks import BusinessTime
from shelfwise.edge import tables
from shelfwise.edge.devices import add_device
from shelfwise.edge.gateway import GatewayConfig, run
from shelfwise.edge.model import Reading, key_by_id, microseconds
from shelfwise.store.database import Database, Tx, value
from shelfwise.store.database import run as execute

SEED = 1
CONNECTIONS = 200
WINDOW = 10
PACE = 10_000.0
SECRET = "the secret of every device in this benchmark"
COPY_ROWS = 5_000

_spawn = multiprocessing.get_context("spawn")


def main() -> None:
    quick = "--quick" in sys.argv[1:]
    paced_s, full_s, copies = (10.0, 8.0, 30) if quick else (30.0, 30.0, 100)
    with own_postgres() as url:
        devices = _set_up(url)
        with _gateway(url) as port:
            progress(f"{PACE:,.0f} readings/s over {CONNECTIONS} connections")
            paced = _load(Load(port, devices, SECRET, paced_s, 2.0, PACE, 0, "paced"))
            progress(f"As fast as {CONNECTIONS} connections x {WINDOW} unacknowledged readings go")
            full = _load(Load(port, devices, SECRET, full_s, 2.0, None, WINDOW, "full"))
        with psycopg.connect(url) as tx:
            stored = value(tx, "select count(*) from reading")
        progress("COPY alone")
        plain, deduplicated = _copy_ceilings(url, copies)
    lost = paced.sent + full.sent - stored
    rate = len(full.latencies) / full.counted_seconds
    p50, p99 = _quantile(paced, 50), _quantile(paced, 99)
    held = len(paced.latencies) / paced.counted_seconds
    copy_name = f"binary COPY of {COPY_ROWS:,} rows a commit into a table without an index"
    report(
        "ingest",
        SEED,
        [
            Result("readings/s acknowledged at the pace", held, "/s", PACE, held >= 0.99 * PACE),
            Result("acknowledgement at the pace, p50", p50 * 1000, "ms"),
            Result("acknowledgement at the pace, p99", p99 * 1000, "ms", 100.0, p99 < 0.1),
            Result(
                f"highest rate held, {CONNECTIONS} connections x {WINDOW} in flight", rate, "/s",
                baseline=copy_name, baseline_value=plain,
            ),
            Result("acknowledgement at the highest rate, p50", _quantile(full, 50) * 1000, "ms"),
            Result("acknowledgement at the highest rate, p99", _quantile(full, 99) * 1000, "ms"),
            Result("share of COPY", 100 * rate / plain, "%"),
            Result(
                "share of COPY with deduplication", 100 * rate / deduplicated, "%",
                baseline="highest rate of the same COPY through the staging table into `reading`, /s",
                baseline_value=deduplicated,
            ),
            Result("acknowledged readings that are not stored, or stored twice", abs(lost), "", 0.0, lost == 0),
        ],
    )  # fmt: skip


def _set_up(url: str) -> tuple[str, ...]:
    devices = tuple(f"scale-{number}" for number in range(CONNECTIONS))
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
def _gateway(url: str) -> Iterator[int]:
    """A gateway process; yields its MQTT port."""
    mine, its = _spawn.Pipe()
    process = _spawn.Process(target=_run_gateway, args=(url, its))
    process.start()
    try:
        if not mine.poll(30):
            raise RuntimeError("the gateway did not open its doors")
        yield mine.recv()
    finally:
        process.terminate()
        process.join(30)
        process.kill()


def _run_gateway(url: str, ready: Pipe) -> None:
    run(GatewayConfig(url, mqtt_port=0, http_port=0, on_ready=lambda mqtt, http: ready.send(mqtt)))


def _load(load: Load) -> Heard:
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
    if heard.acknowledged != heard.sent:
        raise RuntimeError(f"{heard.sent - heard.acknowledged} readings were never acknowledged")
    return heard


def _copy_ceilings(url: str, commits: int) -> tuple[float, float]:
    """Rows/s of one connection that does nothing but COPY prepared bytes: into a bare table, and with deduplication."""
    now = datetime.now(UTC)
    with psycopg.connect(url, autocommit=True) as tx:
        execute(tx, tables.CREATE_INCOMING)
        execute(tx, "create table bare (like incoming)")
        bare = _rows_per_second(tx, commits, now, tables.COPY_INCOMING.replace("incoming", "bare", 1), None)
        deduplicated = _rows_per_second(tx, commits, now, tables.COPY_INCOMING, tables.STORE_INCOMING)
    return bare, deduplicated


def _rows_per_second(tx: Tx, commits: int, now: datetime, copy_in: str, store: str | None) -> float:
    spent = []
    for commit in range(commits):
        rows = []
        for row in range(COPY_ROWS):
            at = now + timedelta(microseconds=commit * COPY_ROWS + row)
            reading = Reading(key_by_id("ceiling", copy_in, row, at), "scale-7", "weight", 1.5, None, at, now)
            rows.append(tables.copy_row(reading, microseconds(at), microseconds(now)))
        content = b"".join((tables.COPY_HEADER, *rows, tables.COPY_TRAILER))
        began = time.perf_counter()
        with tx.transaction():
            with tx.cursor() as cursor, cursor.copy(copy_in) as copy:
                copy.write(content)
            if store:
                execute(tx, store, (1,))
        spent.append(time.perf_counter() - began)
    return COPY_ROWS / statistics.median(spent)


def _quantile(heard: Heard, percent: int) -> float:
    return statistics.quantiles(heard.latencies, n=100)[percent - 1]


if __name__ == "__main__":
    main()
