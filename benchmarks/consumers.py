"""How many readings a second of processor time each reader of readings digests, against reading the same rows alone.

A warehouse with thermometers in cold rooms, scales under bins and two dock doors tells for some hours. The rows are
copied into Postgres beside the door; then each consumer takes all of them in turn, through the same function as the
worker. Processor time is that of this process and of Postgres together, so what else runs here disturbs it little.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import psycopg

from benchmarks._spent import cpu_seconds
from benchmarks.harness import Result, own_postgres, progress, report
from shelfwise import app
from shelfwise.access.context import Context, Office, stand_still
from shelfwise.access.model import Role, person
from shelfwise.edge.devices import add_device
from shelfwise.edge.history.tables import HOURS_TOLD
from shelfwise.edge.model import Reading, key_by_id, microseconds
from shelfwise.edge.standing import Spot, Way, move_device
from shelfwise.edge.tables import COPY_HEADER, COPY_NEW, COPY_TRAILER, READINGS, copy_row, day_number, ensure_partitions
from shelfwise.records import service as records
from shelfwise.store.database import Database, run
from shelfwise.store.events import Consumer, advance

SEED = 35
BEGIN = datetime(2026, 3, 2, 6, tzinfo=UTC)
CLERK = person("clerk", Role.ADMIN)
MINUTE = timedelta(minutes=1)
# How often a tag is read on its way through a door.
READS = 20
# What the door takes in at least, on the machine that its figures are from; consumers share the machine with it.
DOOR = 35_000.0


@dataclass(frozen=True)
class Size:
    """How much there is; every device tells once a minute, and at each door a few tags pass."""

    rooms: int
    thermometers: int
    scales: int
    tags: int
    minutes: int


FULL = Size(20, 300, 300, 12, 240)
QUICK = Size(20, 300, 300, 12, 60)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="an hour of readings")
    size = QUICK if parser.parse_args().quick else FULL
    load = os.getloadavg()[0]
    with own_postgres() as url:
        database = Database(url, size=4).open()
        try:
            office = Office(database)
            with psycopg.connect(url) as tx:
                run(tx, "insert into tenant values (1, 'Consumers', 'EUR')")
                stand_still(tx, 1, BEGIN)
            with office.context(CLERK) as ctx:
                readings = list(_told(size, _furnish(ctx, size)))
            _store(url, readings)
            progress(f"{len(readings):,} readings are there")
            results = list(_measure(office, len(readings)))
        finally:
            database.close()
    report("consumers", SEED, [*results, Result("load of the machine before", load, "processes")])


def _furnish(ctx: Context, size: Size) -> dict[str, list[str]]:
    """Devices by what they tell."""
    site = records.add_site(ctx, code="MAIN", name="Main", time_zone="UTC", width_m=100, depth_m=60)
    zones = [
        records.add_zone(
            ctx, site_id=site, code=f"C{n}", name=f"Cold room {n}", kind="chilled", x_m=n, y_m=0, width_m=1, depth_m=1,
            low_degc=2.0, high_degc=8.0,
        )
        for n in range(size.rooms)
    ]  # fmt: skip
    thermometers = [f"thermometer-{n}" for n in range(size.thermometers)]
    scales = [f"scale-{n}" for n in range(size.scales)]
    for n, name in enumerate(thermometers):
        add_device(ctx, name, zone_id=zones[n % len(zones)])
    for name in scales:
        add_device(ctx, name, zone_id=zones[0])
    doors = [f"door-{n}" for n in range(2)]
    ways: Sequence[tuple[int, Way]] = ((1, "outside"), (2, "inside"))
    for name in doors:
        dock = records.add_place(ctx, site_id=site, code=name.upper(), kind="dock")
        add_device(ctx, name, place_id=dock)
        for antenna, way in ways:
            move_device(ctx, name, Spot(place_id=dock, way=way), antenna=antenna)
    return {"temperature": thermometers, "humidity": thermometers, "weight": scales, "tag": doors}


def _told(size: Size, devices: dict[str, list[str]]) -> Iterator[Reading]:
    """What all say, minute by minute. Each fifth cold room is too warm for a quarter of an hour now and then."""
    chance = Random(SEED)
    for minute in range(size.minutes):
        at = BEGIN + minute * MINUTE
        for n, device in enumerate(devices["temperature"]):
            warm = 6.0 if n % 5 == 0 and minute % 120 >= 105 else 0.0
            yield _reading(device, "temperature", round(4 + warm + chance.gauss(0, 0.2), 1), at, n)
            yield _reading(device, "humidity", round(60 + chance.gauss(0, 2), 1), at, n)
        for n, device in enumerate(devices["weight"]):
            yield _reading(device, "weight", round(20_000 + chance.gauss(0, 15), 0), at, n)
        for n, device in enumerate(devices["tag"]):
            for tag in range(size.tags // 2):
                epc = f"E280{minute:08X}{n:04X}{tag:08X}"
                for step in range(READS):
                    moment, antenna = at + timedelta(milliseconds=150 * step + tag), 1 + (2 * step >= READS)
                    yield _reading(device, "tag", None, moment, tag, epc=epc, antenna=antenna, rssi=-50.0)


def _reading(device: str, kind: str, value: float | None, at: datetime, nth: int, **detail: Any) -> Reading:
    at += timedelta(microseconds=nth)
    key = key_by_id(device, kind, f"{nth} {detail}", at)
    return Reading(key, device, kind, value, detail or None, at, at + timedelta(milliseconds=20))


def _store(url: str, readings: Sequence[Reading]) -> None:
    """As the door does, a second's worth of a busy house in each transaction."""
    with psycopg.connect(url) as tx:
        ensure_partitions(tx, {day_number(one.observed_at) for one in readings})
    for first in range(0, len(readings), 5_000):
        with psycopg.connect(url) as tx, tx.cursor() as cursor, cursor.copy(COPY_NEW) as copy:
            copy.write(COPY_HEADER)
            for one in readings[first : first + 5_000]:
                copy.write(copy_row(1, one, microseconds(one.observed_at), microseconds(one.received_at)))
            copy.write(COPY_TRAILER)
    with psycopg.connect(url, autocommit=True) as tx:
        run(tx, "vacuum analyze")


def _measure(office: Office, told: int) -> Iterator[Result]:
    heard: list[Consumer[Any]] = [one for one in app.consumers(office) if one.stream.name == READINGS.name]
    alone: dict[bool, float] = {}
    for whole, consumer in (
        (True, Consumer("alone", READINGS, lambda tx, facts: None, batch=2_000)),
        (False, Consumer("hours alone", HOURS_TOLD, lambda tx, facts: None, batch=20_000)),
    ):
        alone[whole] = _rate(office, consumer, told)
    seconds_each = 0.0
    for consumer in heard:
        rate = _rate(office, consumer, told)
        seconds_each += 1 / rate
        whole = consumer.stream is READINGS
        yield Result(
            consumer.name, rate, "readings/s of processor time", baseline="the same rows read alone",
            baseline_value=alone[whole],
        )  # fmt: skip
    together = 1 / seconds_each
    yield Result(
        "all of them, one after the other", together, "readings/s of processor time",
        baseline="the floor of the door, on both cores", baseline_value=DOOR,
    )  # fmt: skip
    yield Result("readings told", float(told), "readings")


def _rate(office: Office, consumer: Consumer[Any], told: int) -> float:
    """Readings a second of processor time, from the first fact to the last."""
    spent, began, done = cpu_seconds(os.getpid()), time.perf_counter(), 0
    while many := advance(office.database, office.tenant, consumer, office.wall.now()):
        done += many
    if done != told:
        raise RuntimeError(f"{consumer.name} got past {done:,} of {told:,} readings")
    spent = cpu_seconds(os.getpid()) - spent
    progress(f"{consumer.name}: {told / spent:,.0f} a second of processor time, {time.perf_counter() - began:.1f} s")
    return told / spent


if __name__ == "__main__":
    main()
