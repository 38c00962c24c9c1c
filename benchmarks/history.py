"""How fast a history of 50 million readings is told, what summing and closing cost, and what files gain over tables.

2,000 thermometers tell for thirty days. The rows are made inside Postgres, beside the door; everything is then summed
and read through the same functions as in the product.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from benchmarks.harness import Result, own_postgres, progress, report
from shelfwise import worker
from shelfwise.access.context import Office, stand_still
from shelfwise.access.model import Role, person
from shelfwise.edge import tables as edge
from shelfwise.edge.history import service as history
from shelfwise.edge.history.archive import LATE_HORIZON, Archive
from shelfwise.edge.model import key_by_id
from shelfwise.store.database import Database, Tx, run, value, values

SEED = 50
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
CLERK = person("clerk", Role.ADMIN)
CLOSED_DAYS = 3
COPY_ROWS = 5_000
# So that making the rows takes minutes and not an hour; what is measured reads, and writes with every commit durable.
FOR_LOADING = ("wal_level=minimal", "max_wal_senders=0", "max_wal_size=8GB", "maintenance_work_mem=512MB")


@dataclass(frozen=True)
class Size:
    """How much there is; each device tells `a_day` times a day, evenly."""

    devices: int
    days: int
    a_day: int
    copies: int

    @property
    def readings(self) -> int:
        return self.devices * self.days * self.a_day


FULL = Size(2_000, 30, 834, 60)
QUICK = Size(200, 5, 834, 20)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="800 thousand readings")
    size = QUICK if parser.parse_args().quick else FULL
    with own_postgres(*FOR_LOADING) as url, tempfile.TemporaryDirectory(prefix="shelfwise-history-") as folder:
        _furnish(url, size)
        database = Database(url, size=4).open()
        try:
            office = Office(database)
            results = [*_summing(office, size), *_reading(office, size), *_closing(office, size, Path(folder))]
        finally:
            database.close()
        results += _ingest_cost(url, size)
    report("history", SEED, results)


def _furnish(url: str, size: Size) -> None:
    """The devices and what they said, day by day; a partition gets its indexes when all of its rows are there."""
    with psycopg.connect(url) as tx:
        run(tx, "insert into tenant values (1, 'History', 'EUR')")
        stand_still(tx, 1, BEGIN + size.days * DAY)
        run(
            tx,
            """insert into device (tenant_id, device, secret_hash)
               select 1, 'thermometer-' || n, '' from generate_series(1, %s) n""",
            (size.devices,),
        )
    for number in range(size.days):
        day, began = BEGIN + number * DAY, time.perf_counter()
        name = f"reading_{day:%Y%m%d}"
        with psycopg.connect(url) as tx:
            run(tx, f"create table {name} (like reading including defaults)")
            if number:
                # Much faster than to make them again.
                run(
                    tx,
                    f"""insert into {name} (tenant_id, source_key, observed_at, received_at, device, kind, value)
                        select tenant_id, source_key, observed_at + %(days)s, received_at + %(days)s, device, kind,
                               value + %(number)s / 40.0
                        from reading_{BEGIN:%Y%m%d}""",
                    {"days": number * DAY, "number": number},
                )
            else:
                _make_first_day(tx, name, size)
            run(
                tx,
                f"alter table reading attach partition {name} for values from ('{day.date()}') "
                f"to ('{(day + DAY).date()}')",
            )
        progress(f"Day {number + 1} of {size.days}: {time.perf_counter() - began:.1f} s")
    with psycopg.connect(url, autocommit=True) as tx:
        run(
            tx,
            """insert into device_latest (tenant_id, device, kind, value, observed_at, received_at)
               select distinct on (device) tenant_id, device, kind, value, observed_at, received_at from reading
               where observed_at >= %s order by device, observed_at desc""",
            (BEGIN + (size.days - 1) * DAY,),
        )
        run(tx, "vacuum analyze")


def _make_first_day(tx: Tx, name: str, size: Size) -> None:
    run(
        tx,
        f"""insert into {name} (tenant_id, source_key, observed_at, received_at, device, kind, value)
            select 1, gen_random_uuid(), at, at + interval '1 second', 'thermometer-' || d, 'temperature',
                   floor(100 * (4 + 2 * sin(extract(epoch from at)::float8 / 9000 + d) + random() / 4)) / 100
            from generate_series(0, %(a_day)s - 1) n, generate_series(1, %(devices)s) d,
                 lateral (select %(day)s::timestamptz + interval '1 day' * (n + d / (%(devices)s + 1.0))
                                 / %(a_day)s as at) t""",
        {"a_day": size.a_day, "devices": size.devices, "day": BEGIN},
    )


def _summing(office: Office, size: Size) -> list[Result]:
    """All hours are due, as after an import of old readings; the worker sums them."""
    with office.context(CLERK) as ctx:
        run(
            ctx.tx,
            """insert into reading_hour_due (tenant_id, device, kind, starts_at)
               select 1, device, 'temperature', hour
               from device, generate_series(%s::timestamptz, %s, interval '1 hour') hour""",
            (BEGIN, BEGIN + size.days * DAY - timedelta(hours=1)),
        )
    began = time.perf_counter()
    summed = worker.sum_hours(office)
    seconds = time.perf_counter() - began
    progress(f"{summed:,} hours of devices summed in {seconds:.1f} s")
    with psycopg.connect(office.database.url, autocommit=True) as tx:
        run(tx, "vacuum analyze reading_hour, reading_spell")
    return [
        Result("readings there", float(size.readings), "readings"),
        Result("summing an hour of all devices", 1000 * seconds / (24 * size.days), "ms"),
        Result("readings summed", size.readings / seconds, "readings/s"),
    ]


def _reading(office: Office, size: Size) -> list[Result]:
    chance = random.Random(SEED)
    devices = [f"thermometer-{chance.randint(1, size.devices)}" for _ in range(30)]
    last = BEGIN + (size.days - 1) * DAY

    def latest() -> None:
        found = values(ctx.tx, "select device, kind, value, observed_at from device_latest where tenant_id = 1")
        assert len(found) == size.devices

    def chart(device: str, day: datetime = last) -> None:
        assert history.readings(ctx, device, "temperature", day, day + DAY, 300).points

    def from_readings(device: str) -> None:
        assert history.told_one_by_one(ctx, device, "temperature", last, last + DAY)

    def year(device: str) -> None:
        assert history.readings(ctx, device, "temperature", BEGIN, BEGIN + 366 * DAY, 400).points

    def months(table: str, at: str, total: str, count: str) -> int:
        return len(
            values(
                ctx.tx,
                f"""select date_trunc('hour', {at}) as hour, min({total}), sum({total}), sum({count}) from {table}
                    where tenant_id = 1 and kind = 'temperature' group by 1 order by 1""",
            )
        )

    with office.context(CLERK) as ctx:
        newest = _times(latest, 20)
        day = _times_of(chart, devices)
        raw = _times_of(from_readings, devices[:5])
        years = _times_of(year, devices)
        hours = _times(lambda: months("reading_hour", "starts_at", "total", "readings"), 3)
        progress("The same month from the readings themselves")
        plain = _times(lambda: months("reading", "observed_at", "value", "1"), 1)
    return [
        Result("last value of every device, median", newest, "ms", 5.0, newest < 5.0),
        Result("chart of a device's day, median", day, "ms", 200.0, day < 200.0, "its readings, one by one", raw),
        Result("chart of a device's year, median", years, "ms"),
        Result("a month of all devices by the hour", hours / 1000, "s", 2.0, hours < 2000,
               "from the readings", plain / 1000),
    ]  # fmt: skip


def _closing(office: Office, size: Size, folder: Path) -> list[Result]:
    """Three days are closed, and read again from their files."""
    device, day = f"thermometer-{size.devices // 2}", BEGIN + DAY
    with office.context(CLERK) as ctx:
        table = int(value(ctx.tx, f"select pg_total_relation_size('reading_{day:%Y%m%d}')"))
        scan = _times(lambda: _by_hour(ctx.tx, day), 3)
        before = _times(lambda: history.told_one_by_one(ctx, device, "temperature", day, day + DAY), 5)
        stand_still(ctx.tx, 1, BEGIN + CLOSED_DAYS * DAY + LATE_HORIZON)
    began = time.perf_counter()
    closed = Archive(office, folder, ()).keep()
    seconds = (time.perf_counter() - began) / closed
    with office.context(CLERK) as ctx:
        file = int(value(ctx.tx, "select size from reading_day where day = %s", (day.date(),)))
        path = folder / value(ctx.tx, "select file from reading_day where day = %s", (day.date(),))
        after = _times(lambda: history.told_one_by_one(ctx, device, "temperature", day, day + DAY), 5)
        chart = _times(lambda: history.readings(ctx, device, "temperature", day, day + DAY, 300), 5)
    again = _times(lambda: _by_hour_of_file(path), 3)
    return [
        Result("closing a day", seconds, "s"),
        Result("bytes of a reading in a file", file / (size.devices * size.a_day), "B", None, None,
               "in a partition with its indexes", table / (size.devices * size.a_day)),
        Result("a day of all devices by the hour, from its file", again, "ms", None, None, "from its partition", scan),
        Result("a device's day one by one, from its file", after, "ms", None, None, "from its partition", before),
        Result("chart of a device's archived day", chart, "ms", 200.0, chart < 200.0),
    ]  # fmt: skip


def _by_hour(tx: Tx, day: datetime) -> None:
    values(
        tx,
        """select date_trunc('hour', observed_at) as hour, min(value), sum(value), count(*) from reading
           where tenant_id = 1 and observed_at >= %s and observed_at < %s group by 1""",
        (day, day + DAY),
    )


def _by_hour_of_file(path: Path) -> None:
    import polars as pl

    value = pl.col("value")
    pl.scan_parquet(path).group_by(pl.col("observed_at").dt.truncate("1h")).agg(
        value.min().alias("low"), value.sum().alias("total"), pl.len()
    ).collect()


def _ingest_cost(url: str, size: Size) -> list[Result]:
    """What the index of times costs whoever writes: COPY with it and without, turn by turn."""
    day = BEGIN + (size.days + 2) * DAY
    with psycopg.connect(url, autocommit=True) as tx:
        run(tx, "delete from reading_hour_due")
        with tx.transaction():
            edge.ensure_partitions(tx, {edge.day_number(day)})
        bare = f"bare_{day:%Y%m%d}"
        run(tx, f"create table {bare} (like reading including defaults)")
        run(tx, f"create index on {bare} (tenant_id, tx, seq)")
        run(tx, f"alter table {bare} add primary key (tenant_id, source_key, observed_at)")
        spent: dict[str, float] = {"reading": 0.0, bare: 0.0}
        for number in range(size.copies):
            for table in spent:
                rows = [_row(day, number * COPY_ROWS + n, table) for n in range(COPY_ROWS)]
                began = time.perf_counter()
                with (
                    tx.cursor() as cursor,
                    cursor.copy(
                        f"""copy {table} (tenant_id, source_key, observed_at, received_at, device, kind, value)
                        from stdin"""
                    ) as copy,
                ):
                    copy.write("".join(rows))
                spent[table] += time.perf_counter() - began
    with_index, without = (size.copies * COPY_ROWS / seconds for seconds in spent.values())
    return [
        Result("COPY with the index of times", with_index, "readings/s", None, None, "into a table without", without)
    ]


def _row(day: datetime, number: int, table: str) -> str:
    at = day + timedelta(milliseconds=20 * number)
    key = key_by_id(table, "temperature", number, at).hex()
    return (
        f"1\t{key}\t{at.isoformat()}\t{at.isoformat()}\tthermometer-{number % 2000}\ttemperature\t{number % 90 / 10}\n"
    )


def _times(act: Callable[[], object], times: int) -> float:
    return _times_of(lambda _: act(), [""] * times)


def _times_of(act: Callable[[str], object], devices: list[str]) -> float:
    """The median, in ms."""
    spent = []
    for device in devices:
        began = time.perf_counter()
        act(device)
        spent.append(1000 * (time.perf_counter() - began))
    return statistics.median(spent)


if __name__ == "__main__":
    main()
