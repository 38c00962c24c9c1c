"""How fast the real order lines are imported, against a plain COPY of the same rows, and in how much memory.

``python -m benchmarks.imports [--quick]``: an embedded Postgres of its own in a temporary folder; each import runs in a
process of its own, so that its peak memory is its own. Progress on standard error; the last line of standard output is
one JSON object.
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import resources
from multiprocessing.connection import Connection
from pathlib import Path

import polars as pl
import psycopg

from shelfwise.access.context import Office, stand_still
from shelfwise.access.model import Role, person
from shelfwise.intake.sales import import_sales
from shelfwise.records import service as records
from shelfwise.store import embedded
from shelfwise.store.database import Database, run, value
from shelfwise.store.migrate import migrate

QUICK_ROWS = 50_000
MANAGER = person("benchmark", Role.ADMIN)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"the first {QUICK_ROWS:,} rows only")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory(prefix="shelfwise-bench-") as folder, _postgres(Path(folder)) as cluster:
        parquet, csv, rows = _files(Path(folder), QUICK_ROWS if quick else None)
        _say(f"{rows:,} order lines")
        results = []
        # Before and after, because the machine's speed drifts; the better one counts as the ceiling.
        copy_s = [_plain_copy(cluster, parquet)]
        for path in (parquet, csv):
            seconds, peak_mb = _in_own_process(cluster.database_url("shelfwise"), path)
            copy_s.append(_plain_copy(cluster, parquet))
            kind = path.suffix[1:]
            results += [
                _result(f"{kind}: all rows imported", seconds, "s", None if quick else 60.0),
                _result(f"{kind}: rate", rows / seconds, "rows/s", None, "plain COPY", rows / min(copy_s)),
                _result(f"{kind}: share of plain COPY", min(copy_s) / seconds, "ratio", None, "plain COPY", 1.0),
                _result(f"{kind}: peak memory of the importing process", peak_mb, "MB", 1000.0),
            ]
    print(json.dumps({"name": "imports", "commit": _commit(), "seed": 0, "machine": _machine(), "results": results}))


def _result(
    metric: str, figure: float, unit: str, target: float | None, baseline: str | None = None, base: float | None = None
) -> dict[str, object]:
    met = None if target is None else figure < target
    _say(f"{metric}: {figure:,.4g} {unit}" + ("" if target is None else f" (target: below {target:g})"))
    return {
        "metric": metric, "value": round(figure, 4), "unit": unit, "target": target, "met": met,
        "baseline": baseline, "baseline_value": None if base is None else round(base, 4),
    }  # fmt: skip


@contextmanager
def _postgres(folder: Path) -> Iterator[embedded.Cluster]:
    cluster = embedded.find(folder)
    embedded.initialise(cluster)
    server = embedded.start(cluster, folder / "postgres.log")
    try:
        yield cluster
    finally:
        embedded.stop(server)
        embedded.remove(cluster)


def _files(folder: Path, limit: int | None) -> tuple[Path, Path, int]:
    source = resources.files("shelfwise.twin") / "data" / "online_retail_II_2009_2010.parquet"
    with resources.as_file(source) as path:
        lines = pl.read_parquet(path, n_rows=limit)
    parquet, csv = folder / "sales.parquet", folder / "sales.csv"
    lines.write_parquet(parquet)
    lines.write_csv(csv)
    return parquet, csv, lines.height


def _plain_copy(cluster: embedded.Cluster, parquet: Path) -> float:
    """Seconds to COPY the same columns, already in memory as CSV, into a table without any index, and commit."""
    buffer = io.BytesIO()
    pl.read_parquet(parquet).write_csv(buffer, include_header=False)
    with psycopg.connect(cluster.database_url("shelfwise")) as tx:
        tx.execute("drop table if exists plain")
        tx.execute(
            """create table plain (order_number text, sku text, description text, quantity numeric,
                                   ordered_at timestamp, unit_price numeric, customer text, country text)"""
        )
        tx.commit()
        begin = time.perf_counter()
        with tx.cursor() as cursor, cursor.copy("copy plain from stdin (format csv)") as copy:
            copy.write(buffer.getvalue())
        tx.commit()
        seconds = time.perf_counter() - begin
        tx.execute("drop table plain")
    _say(f"plain COPY: {seconds:.2f} s")
    return seconds


def _in_own_process(url: str, path: Path) -> tuple[float, float]:
    here, there = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_import, args=(there, url, path))
    process.start()
    there.close()
    try:
        seconds, peak_mb = here.recv()
    except EOFError:
        sys.exit("The import failed; its traceback stands above.")
    process.join()
    return seconds, peak_mb


def _import(answer: Connection, url: str, path: Path) -> None:
    """Import into an emptied schema; answers with seconds and the peak of this process's memory in MB."""
    with psycopg.connect(url) as tx:
        tx.execute("drop schema public cascade")
        tx.execute("create schema public")
    migrate(url)
    with psycopg.connect(url) as tx:
        run(tx, "insert into tenant values (1, 'Benchmark', 'GBP')")
        stand_still(tx, 1, datetime(2011, 1, 1, tzinfo=UTC))
    database = Database(url, size=2).open()
    office = Office(database)
    with office.context(MANAGER) as ctx:
        records.add_site(ctx, code="LEI", name="Leicester", time_zone="Europe/London", width_m=60, depth_m=40)

    def progress(done: int, total: int) -> None:
        print(f"\r{path.suffix[1:]}: {done:,} of {total:,} rows", end="", file=sys.stderr, flush=True)

    begin = time.perf_counter()
    done = import_sales(office, MANAGER, path, site_code="LEI", progress=progress)
    seconds = time.perf_counter() - begin
    print(file=sys.stderr)
    with database.transaction() as tx:
        stored = value(tx, "select count(*) from sales_line")
    database.close()
    if stored != done.new or done.new != done.rows:
        raise AssertionError(f"{done.rows} rows read, {done.new} reported as new, {stored} stored")
    answer.send((seconds, _peak_mb()))


def _peak_mb() -> float:
    """The most memory this process ever held, in MB."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss would begin at what the parent held when it started us
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / (1024 if sys.platform == "darwin" else 1)


def _commit() -> str:
    found = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return found.stdout.strip()


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
