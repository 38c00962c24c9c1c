"""How fast the books are written and read: mixed movements by eight writers, a lot's trace, the stock page.

``python -m benchmarks.books [--quick]``: an embedded Postgres of its own with durable commits, its disk in a temporary
folder; each writer is a process of its own, as the web server, the doors and the workers are. Progress on standard
error; the last line of standard output is one JSON object. Baselines are measured in the same run: the same number of
transactions that do no more than update one row and append one, and a COPY of the same rows.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from multiprocessing.synchronize import Barrier
from typing import Any

import psycopg

from benchmarks.harness import Result, own_postgres, progress, report
from shelfwise.access.context import Context, Office, stand_still
from shelfwise.access.model import Role, person
from shelfwise.records import service as records
from shelfwise.records.model import NewItem, NewPlace
from shelfwise.stock import service as stock
from shelfwise.stock.model import NewMovement
from shelfwise.store.database import Database, run, value

SEED = 3
WRITERS = 8
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CLERK = person("benchmark", Role.ADMIN)
ITEMS = 400
BINS = 40
LOTS = 6


@dataclass(frozen=True)
class Shop:
    """Ids of what the writers work on; `bins` and the virtual places by site."""

    items: tuple[int, ...]
    sites: tuple[int, ...]
    bins: dict[int, list[int]]
    virtual: dict[int, dict[str, int]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of everything")
    quick = parser.parse_args().quick
    with own_postgres() as url:
        results = [
            *writing(url, 6.0 if quick else 30.0),
            *reading(url, 100_000 if quick else 1_000_000, 2_000 if quick else 20_000),
        ]
    report("books", SEED, results)


def writing(url: str, seconds: float) -> list[Result]:
    """Mixed movements by eight writers, against bare transactions on the same machine."""
    shop = _furnish(url)
    load = os.getloadavg()[0]
    bare = _together(url, _bare, seconds / 3, shop)
    done = _together(url, _mixed, seconds, shop)
    again = _together(url, _bare, seconds / 3, shop)
    ceiling = max(sum(bare.counts), sum(again.counts)) / (seconds / 3)
    rate = sum(done.counts) / seconds
    with Database(url, size=2).open().transaction() as tx:
        office = Office(Database(url, size=2).open())
        with office.context(CLERK) as ctx:
            differences = stock.rebuild_check(ctx)
            lost = sum(done.counts) - int(value(tx, "select count(*) from movement_batch where kind <> 'opening'"))
    if differences or lost or done.errors:
        raise AssertionError(f"{len(differences)} differences, {lost} lost, errors: {done.errors[:3]}")
    progress(f"{rate:,.0f} transactions/s of mixed movements by {WRITERS} writers; bare ones: {ceiling:,.0f}/s")
    slow = sorted(done.seconds)
    return [
        Result("mixed movements, 8 writers", rate, "tx/s", 500.0, rate >= 500, "update and insert of one row", ceiling),
        Result("time of one, median", slow[len(slow) // 2] * 1000, "ms"),
        Result("time of one, 99th percentile", slow[int(len(slow) * 0.99)] * 1000, "ms"),
        Result("deadlocks and other failures", float(len(done.errors)), "count", 0.0, not done.errors),
        Result("load of the machine before", load, "processes"),
    ]


def _furnish(url: str) -> Shop:
    with psycopg.connect(url) as tx:
        run(tx, "insert into tenant values (1, 'Benchmark', 'EUR')")
        stand_still(tx, 1, NOW)
        run(tx, "create table bare (id int primary key, n bigint not null)")
        run(tx, "insert into bare select i, 0 from generate_series(0, 999) i")
        run(tx, "create table bare_line (n bigint generated always as identity primary key, id int, text text)")
    office = Office(Database(url, size=2).open())
    with office.context(CLERK) as ctx:
        items = records.add_items(ctx, [NewItem(f"I{number:04}", f"Item {number}") for number in range(ITEMS)])
        bins: dict[int, list[int]] = {}
        virtual: dict[int, dict[str, int]] = {}
        for code in ("NORTH", "SOUTH"):
            site_id = records.add_site(ctx, code=code, name=code, time_zone="Europe/Berlin", width_m=60, depth_m=40)
            made = records.add_places(ctx, site_id, [NewPlace(f"B{number:03}") for number in range(BINS)])
            bins[site_id] = list(made.values())
            virtual[site_id] = {
                one.kind: one.place_id for one in records.places(ctx, site_id) if one.kind not in ("bin", "dock")
            }
        shop = Shop(tuple(items.values()), tuple(bins), bins, virtual)
        stock.post_many(
            ctx,
            [
                NewMovement(
                    item_id, virtual[site_id]["opening"], bins[site_id][(item_id * 7 + n) % BINS], Decimal(500),
                    "opening", lot=f"L{n}" if item_id % 2 else None,
                )
                for site_id in bins
                for item_id in shop.items
                for n in range(LOTS if item_id % 2 else 1)
            ],
        )  # fmt: skip
        for item_id in shop.items:
            for number in range(LOTS if item_id % 2 else 0):
                stock.correct_lot(
                    ctx,
                    item_id,
                    f"L{number}",
                    expires_on=date(2027, 1, 1) + timedelta(days=30 * number),
                    reason="label",
                )
    with psycopg.connect(url, autocommit=True) as tx:
        run(tx, "vacuum analyze")
    return shop


@dataclass(frozen=True)
class _Done:
    counts: list[int]
    seconds: list[float]
    errors: list[str]


def _together(
    url: str, work: Callable[[str, Shop, int, float], tuple[int, list[float], list[str]]], seconds: float, shop: Shop
) -> _Done:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(WRITERS)
    with context.Pool(WRITERS, initializer=_set_barrier, initargs=(barrier,)) as pool:
        found = pool.starmap(work, [(url, shop, number, seconds) for number in range(WRITERS)], chunksize=1)
    return _Done(
        [one[0] for one in found], [took for one in found for took in one[1]], [e for one in found for e in one[2]]
    )


_barrier: Barrier


def _set_barrier(barrier: Barrier) -> None:
    global _barrier
    _barrier = barrier


def _bare(url: str, shop: Shop, number: int, seconds: float) -> tuple[int, list[float], list[str]]:
    """Transactions that update one row and append another: what this machine can commit durably."""
    rng = random.Random(SEED + number)
    with psycopg.connect(url) as tx:
        _barrier.wait()
        end = time.perf_counter() + seconds
        count = 0
        while time.perf_counter() < end:
            run(tx, "update bare set n = n + 1 where id = %s", (rng.randrange(1000),))
            run(tx, "insert into bare_line (id, text) values (%s, 'a line')", (number,))
            tx.commit()
            count += 1
    return count, [], []


def _mixed(url: str, shop: Shop, number: int, seconds: float) -> tuple[int, list[float], list[str]]:
    rng = random.Random(SEED + number)
    office = Office(Database(url, size=1).open())
    for _ in range(20):  # connections, plans and caches as in a process that runs all day
        with office.context(CLERK) as ctx:
            _one(ctx, shop, rng, "move")
            ctx.tx.rollback()
    _barrier.wait()
    end = time.perf_counter() + seconds
    took, errors = [], []
    count = 0
    while (begin := time.perf_counter()) < end:
        kind = rng.choices(("receive", "put_away", "pick", "move", "count", "several"), (20, 20, 40, 10, 5, 5))[0]
        try:
            with office.context(CLERK) as ctx:
                _one(ctx, shop, rng, kind)
            count += 1
        except psycopg.Error as error:
            errors.append(repr(error))
        took.append(time.perf_counter() - begin)
    return count, took, errors


def _one(ctx: Context, shop: Shop, rng: random.Random, kind: str) -> None:
    site_id = rng.choice(shop.sites)
    bins, virtual = shop.bins[site_id], shop.virtual[site_id]
    item_id = rng.choice(shop.items)
    home = bins[(item_id * 7 + (rng.randrange(LOTS) if item_id % 2 else 0)) % BINS]
    quantity = Decimal(rng.randint(1, 5))
    source = f"{os.getpid()}-{rng.getrandbits(60):x}"
    match kind:
        case "receive":
            lot = f"L{rng.randrange(LOTS)}" if item_id % 2 else None
            stock.post(ctx, NewMovement(item_id, virtual["supplier"], home, quantity, "receive", None, source, lot))
        case "pick":
            stock.post(ctx, NewMovement(item_id, home, virtual["customer"], quantity, "pick", None, source))
        case "count":
            stock.post(ctx, NewMovement(item_id, home, virtual["adjustment"], quantity, "count", None, source))
        case "several":
            both = [item_id, rng.choice(shop.items)]
            stock.post_many(
                ctx,
                [
                    NewMovement(one, home, virtual["packing"], quantity, "pick", None, f"{source}-{n}")
                    for n, one in enumerate(both)
                ],
            )
        case _:
            to = rng.choice([one for one in bins if one != home])
            reason: Any = kind
            stock.post(ctx, NewMovement(item_id, home, to, quantity, reason, None, source))


def reading(url: str, movements: int, items: int) -> list[Result]:
    return []


if __name__ == "__main__":
    main()
