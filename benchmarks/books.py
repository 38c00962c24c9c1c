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
from typing import Any, get_args

import psycopg

from benchmarks.harness import Result, own_postgres, progress, report
from shelfwise.access.context import Context, Office, stand_still
from shelfwise.access.model import Role, person
from shelfwise.records import service as records
from shelfwise.records.model import NewItem, NewPlace
from shelfwise.stock import service as stock
from shelfwise.stock.model import NewMovement
from shelfwise.stock.reads import StockOrder
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
    """A lot's trace and the stock page, over a book of so many movements of so many items at three sites."""
    sites, hot = _fill(url, movements, items)
    office = Office(Database(url, size=2).open(), tenant=2)
    results = []
    with office.context(CLERK) as ctx:
        found = stock.trace(ctx, hot, "HOT")
        steps = len(found.came) + len(found.got)
        took = _median(lambda: stock.trace(ctx, hot, "HOT"))
        scan = _median(lambda: value(ctx.tx, _SCAN, ("HOT",)), 3)
        results.append(
            _read(f"trace of a lot of {steps:,} among {movements:,} movements", took, 1000, "scan of all", scan)
        )
        by_key = _median(lambda: value(ctx.tx, _ONE_PAGE, (sites[0],)))
        pages: dict[str, float] = {}
        for site_id, where in ((sites[0], "one site"), (None, "all sites")):
            for order in get_args(StockOrder):
                for down in (False, True):
                    name = f"{where}, by {order}{' from the top' if down else ''}"
                    pages[name] = _median(_page(ctx, site_id, "", order, down), 3)
            pages[f"{where}, search"] = _median(_page(ctx, site_id, "item 17", "sku", False), 3)
        worst = max(pages, key=lambda name: pages[name])
        shown = f"stock page of {items:,} items x {len(sites)} sites"
        first = pages["one site, by sku"]
        results.append(_read(f"{shown}, first page", first, 200, "50 levels by key", by_key))
        results.append(
            _read(f"{shown}, worst column or search ({worst})", pages[worst], 200, "50 levels by key", by_key)
        )
        results.append(_read("one figure explained", _median(lambda: stock.explain(ctx, hot, sites[0])), None))
        past = NOW - timedelta(days=1)
        results.append(
            _read("stock of a site as of a day ago", _median(lambda: stock.stock_as_of(ctx, sites[0], past), 3), None)
        )
        check = _median(lambda: stock.rebuild_check(ctx), 1)
        results.append(_read(f"the books rebuilt from {movements:,} movements and compared", check, None))
        if wrong := stock.rebuild_check(ctx):
            raise AssertionError(f"the filled books differ: {wrong[:3]}")
    return results


_SCAN = "select count(*) from movement where lot || '' = %s and tenant_id + 0 = 2"
_ONE_PAGE = (
    "select count(*) from (select * from stock_level where tenant_id = 2 and site_id = %s order by item_id limit 50) l"
)


def _page(ctx: Context, site_id: int | None, search: str, order: StockOrder, down: bool) -> Callable[[], object]:
    return lambda: stock.stock_list(ctx, site_id, search, 51, 0, order=order, descending=down)


def _median(work: Callable[[], object], times: int = 7) -> float:
    """Milliseconds."""
    took = []
    for _ in range(times):
        begin = time.perf_counter()
        work()
        took.append((time.perf_counter() - begin) * 1000)
    return sorted(took)[times // 2]


def _read(
    metric: str, took: float, target: float | None, baseline: str | None = None, base: float | None = None
) -> Result:
    progress(f"{metric}: {took:,.1f} ms")
    return Result(metric, took, "ms", target, None if target is None else took < target, baseline, base)


def _fill(url: str, movements: int, items: int) -> tuple[list[int], int]:
    """A book written past the ledger, for that would take long; balances and levels follow from its movements."""
    progress(f"filling {movements:,} movements of {items:,} items")
    with psycopg.connect(url) as tx:
        run(tx, "insert into tenant values (2, 'Large', 'EUR')")
        stand_still(tx, 2, NOW)
    office = Office(Database(url, size=2).open(), tenant=2)
    with office.context(CLERK) as ctx:
        sites = [
            records.add_site(ctx, code=code, name=code, time_zone="Europe/Berlin", width_m=60, depth_m=40)
            for code in ("EAST", "WEST", "HOME")
        ]
        for site_id in sites:
            records.add_places(ctx, site_id, [NewPlace(f"B{number:03}") for number in range(200)])
        supplier = records.add_supplier(ctx, code="S", name="Supplier")
        run(
            ctx.tx,
            """insert into item (tenant_id, sku, description)
               select 2, 'I' || i, 'Item ' || i from generate_series(1, %s) i""",
            (items,),
        )
        # Without it the planner would take the items for the few of the other benchmark, and never end.
        run(ctx.tx, "analyze item, place")
        # Every row is right by making; asking for each whether its item exists would take minutes.
        run(ctx.tx, "set local session_replication_role = replica")
        run(ctx.tx, _FILL, {"pairs": movements // 2, "items": items, "now": NOW})
        run(ctx.tx, _FILL_ORDERS, {"supplier": supplier, "site": sites[0], "now": NOW})
        for statement in _FOLLOW:
            run(ctx.tx, statement)
    with psycopg.connect(url, autocommit=True) as tx:
        run(tx, "vacuum analyze")
        hot = value(tx, "select min(item_id) from item where tenant_id = 2")
    return sites, int(hot)


# Pairs of a receipt of ten and a pick of one; one pair in 250 is of the same lot of the first item.
_FILL = """
    with items as materialized (
        select item_id, row_number() over (order by item_id) - 1 as number from item where tenant_id = 2),
    places as materialized (
        select s.site_id, row_number() over (order by s.site_id) - 1 as number,
               (select array_agg(place_id order by place_id) from place p
                where p.tenant_id = 2 and p.site_id = s.site_id and kind = 'bin') as bins,
               (select place_id from place p
                where p.tenant_id = 2 and p.site_id = s.site_id and kind = 'supplier') as supplier,
               (select place_id from place p
                where p.tenant_id = 2 and p.site_id = s.site_id and kind = 'customer') as customer
        from site s where s.tenant_id = 2)
    insert into movement (tenant_id, item_id, lot, from_place_id, to_place_id, quantity, occurred_at, recorded_at,
                          actor, reason)
    select 2, i.item_id,
           case when n %% 250 = 0 then 'HOT' when n %% 2 = 0 then 'L' || n %% 7 end,
           case when pick = 0 then p.supplier else p.bins[n %% 200 + 1] end,
           case when pick = 0 then p.bins[n %% 200 + 1] else p.customer end,
           case when pick = 0 then 10 else 1 end,
           %(now)s::timestamptz - (%(pairs)s - n) * interval '30 seconds',
           %(now)s::timestamptz - (%(pairs)s - n) * interval '30 seconds', 'person:benchmark',
           case when pick = 0 then 'receive' else 'pick' end
    from generate_series(1, %(pairs)s) n cross join generate_series(0, 1) pick
    join items i on i.number = case when n %% 250 = 0 then 0 else n %% %(items)s end
    join places p on p.number = (n / 7) %% 3"""
_FILL_ORDERS = """
    with made as (
        insert into purchase_order (tenant_id, number, supplier_id, site_id, state, decision_key, currency, approved_by,
                                    approved_at, created_by, created_at, expected_at)
        select 2, 'PO-' || n, %(supplier)s, %(site)s, 'approved', 'd' || n, 'EUR', 'benchmark', %(now)s, 'benchmark',
               %(now)s, %(now)s
        from generate_series(1, 1000) n returning purchase_order_id)
    insert into purchase_line (tenant_id, purchase_order_id, line, item_id, quantity, unit_cost)
    select 2, purchase_order_id, 1, item_id, 20, 1
    from (select purchase_order_id, row_number() over () as number from made) m
    join (select item_id, row_number() over (order by item_id) as number
          from item where tenant_id = 2) i using (number)"""
_FOLLOW = (
    """insert into lot (tenant_id, item_id, code) select distinct 2, item_id, lot from movement
       where tenant_id = 2 and lot is not null""",
    """insert into balance (tenant_id, item_id, place_id, lot, on_hand)
       select 2, item_id, place_id, coalesce(lot, ''), sum(quantity) from (
           select item_id, to_place_id as place_id, lot, quantity from movement where tenant_id = 2
           union all select item_id, from_place_id, lot, -quantity from movement where tenant_id = 2) m
       group by item_id, place_id, lot""",
    """insert into stock_level (tenant_id, item_id, site_id, on_hand)
       select 2, i.item_id, s.site_id, coalesce(b.on_hand, 0)
       from item i cross join site s
       left join (select b.item_id, site_id, sum(on_hand) as on_hand
                  from balance b join place using (tenant_id, place_id)
                  where tenant_id = 2 and kind = 'bin' group by b.item_id, site_id) b
         on b.item_id = i.item_id and b.site_id = s.site_id
       where i.tenant_id = 2 and s.tenant_id = 2""",
)


if __name__ == "__main__":
    main()
