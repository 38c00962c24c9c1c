"""How fast the books are written and read: mixed movements by eight writers, a lot's trace, the stock page.

``python -m benchmarks.books [--quick]``: an embedded Postgres of its own with durable commits, its disk in a temporary
folder; each writer is a process of its own, as the web server, the doors and the workers are. Progress on standard
error; the last line of standard output is one JSON object. Baselines are measured in the same run: the same number of
transactions that do no more than update one row and append one, and a COPY of the same rows.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg

from benchmarks._pages import over_http
from benchmarks._writers import (
    CLERK,
    SEED,
    WRITERS,
    bare_transactions,
    cpu_seconds,
    furnish,
    mixed_transactions,
    together,
    told_of,
)
from benchmarks.harness import Result, own_postgres, progress, report
from shelfwise.access.context import Office, stand_still
from shelfwise.records import service as records
from shelfwise.records.model import NewPlace
from shelfwise.stock import service as stock
from shelfwise.store.database import Database, run, value

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


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
    shop = furnish(url, NOW)
    load = os.getloadavg()[0]
    bare = together(url, bare_transactions, seconds / 3, shop)
    before = cpu_seconds()
    done = together(url, mixed_transactions, seconds, shop)
    spent = cpu_seconds() - before
    again = together(url, bare_transactions, seconds / 3, shop)
    ceiling = max(bare.total, again.total) / (seconds / 3)
    rate = done.total / seconds
    lost = done.total - told_of(url)
    office = Office(Database(url, size=2).open())
    with office.context(CLERK) as ctx:
        differences = stock.rebuild_check(ctx)
    if differences or lost or done.errors:
        raise AssertionError(f"{len(differences)} differences, {lost} lost, errors: {done.errors[:3]}")
    progress(f"{rate:,.0f} transactions/s of mixed movements by {WRITERS} writers; bare ones: {ceiling:,.0f}/s")
    slow = sorted(done.seconds)
    shares = [Result(f"share: {name}", 100 * count / done.total, "%") for name, count in sorted(done.counts.items())]
    return [
        Result("mixed movements, 8 writers", rate, "tx/s", 500.0, rate >= 500, "update and insert of one row", ceiling),
        Result("processor time of one, all processes of this machine", spent / done.total * 1000, "ms"),
        Result("time of one, median", slow[len(slow) // 2] * 1000, "ms"),
        Result("time of one, 99th percentile", slow[int(len(slow) * 0.99)] * 1000, "ms"),
        Result("deadlocks and other failures", float(len(done.errors)), "count", 0.0, not done.errors),
        Result("refused, as a bin that was empty", float(done.refused), "count"),
        Result("load of the machine before", load, "processes"),
        *shares,
    ]


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
        pages = over_http(office, "EAST")
        worst = max(pages, key=lambda name: pages[name])
        shown = f"GET /stock, {items:,} items x {len(sites)} sites"
        for name, took in pages.items():
            results.append(_read(f"{shown}, {name}", took, 200, "50 levels by key", by_key))
        progress(f"the slowest is {worst}")
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
