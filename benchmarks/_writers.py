"""Eight writers at the work of a warehouse of three sites: each a process of its own, each transaction committed."""

from __future__ import annotations

import multiprocessing
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from multiprocessing.synchronize import Barrier
from pathlib import Path

import psycopg

from shelfwise.access.context import Context, Office, stand_still
from shelfwise.access.model import Role, person
from shelfwise.core.errors import Refused
from shelfwise.orders import service as orders
from shelfwise.orders.model import NewSalesLine
from shelfwise.orders.transfers import draft_transfer
from shelfwise.records import service as records
from shelfwise.records.model import NewItem, NewPlace
from shelfwise.stock import service as stock
from shelfwise.stock import transfers
from shelfwise.stock.model import NewMovement
from shelfwise.stock.transfers import Goods
from shelfwise.store.database import Database, run, value

SEED = 3
WRITERS = 8
CLERK = person("benchmark", Role.ADMIN)
ITEMS = 400
BINS = 40
LOTS = 6
PLENTY = Decimal(1_000_000)
# Of a hundred transactions: what a busy day of a warehouse is made of. A sale is reserved in a transaction of its own.
SHARES = {
    "receipt of an order": 14,
    "put away or move": 18,
    "sale taken": 18,
    "sale reserved": 18,
    "sale picked and issued": 18,
    "transfer leaves": 3,
    "transfer arrives": 3,
    "adjustment": 4,
    "hold": 1,
    "release": 1,
    "reversal": 2,
}


@dataclass(frozen=True)
class Shop:
    """Ids of what the writers work on; places by site, open orders by (order, line, site), transfers by their ends."""

    items: tuple[int, ...]
    sites: tuple[int, ...]
    bins: dict[int, list[int]]
    virtual: dict[int, dict[str, int]]
    buying: tuple[tuple[int, int, int], ...]
    moving: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class Done:
    """What writers got done: how often by kind, how long each took, and what failed."""

    counts: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    refused: int = 0

    @property
    def total(self) -> int:
        return self.counts.total()


def furnish(url: str, now: datetime) -> Shop:
    """Three sites full of goods, with orders and transfers under way that never end."""
    with psycopg.connect(url) as tx:
        run(tx, "insert into tenant values (1, 'Benchmark', 'EUR')")
        stand_still(tx, 1, now)
        run(tx, "create table bare (id int primary key, n bigint not null)")
        run(tx, "insert into bare select i, 0 from generate_series(0, 999) i")
        run(tx, "create table bare_line (n bigint generated always as identity primary key, id int, text text)")
        # By kind: what writers told, to be compared with what is there afterwards.
        run(tx, "create table told (source text primary key, kind text not null)")
    office = Office(Database(url, size=2).open())
    with office.context(CLERK) as ctx:
        records.set_go_live(ctx, now - timedelta(days=30))
        items = records.add_items(ctx, [NewItem(f"I{number:04}", f"Item {number}") for number in range(ITEMS)])
        bins: dict[int, list[int]] = {}
        virtual: dict[int, dict[str, int]] = {}
        for code in ("NORTH", "SOUTH", "WEST"):
            site_id = records.add_site(ctx, code=code, name=code, time_zone="Europe/Berlin", width_m=60, depth_m=40)
            made = records.add_places(ctx, site_id, [NewPlace(f"B{number:03}") for number in range(BINS)])
            bins[site_id] = list(made.values())
            virtual[site_id] = {
                one.kind: one.place_id for one in records.places(ctx, site_id) if one.kind not in ("bin", "dock")
            }
        shop = Shop(tuple(items.values()), tuple(bins), bins, virtual, (), ())
        _fill(ctx, shop)
        shop = Shop(shop.items, shop.sites, bins, virtual, _buy(ctx, shop, now), _plan_transfers(ctx, shop, now))
    with psycopg.connect(url, autocommit=True) as tx:
        run(tx, "vacuum analyze")
    return shop


def home(shop: Shop, site_id: int, item_id: int, number: int = 0) -> int:
    """The bin where the item lies; items with lots lie in several."""
    return shop.bins[site_id][(item_id * 7 + (number if item_id % 2 else 0)) % BINS]


def _fill(ctx: Context, shop: Shop) -> None:
    stock.post_many(
        ctx,
        [
            NewMovement(
                item_id, shop.virtual[site_id]["opening"], home(shop, site_id, item_id, n), Decimal(5000), "opening",
                lot=f"L{n}" if item_id % 2 else None,
            )
            for site_id in shop.sites
            for item_id in shop.items
            for n in range(LOTS if item_id % 2 else 1)
        ],
    )  # fmt: skip
    # Written past the rooms, as all that only sets the stage.
    run(
        ctx.tx,
        "update lot set expires_on = date '2027-01-01' + 30 * substr(code, 2)::int where tenant_id = %s",
        (ctx.tenant,),
    )


def _buy(ctx: Context, shop: Shop, now: datetime) -> tuple[tuple[int, int, int], ...]:
    supplier = records.add_supplier(ctx, code="S", name="Supplier")
    found = []
    for number in range(0, ITEMS, 40):
        lines = [(item_id, PLENTY, Decimal(1)) for item_id in shop.items[number : number + 40]]
        for site_id in shop.sites:
            order = orders.place_purchase_order(
                ctx, decision_key=f"{number}-{site_id}", supplier_id=supplier, site_id=site_id, lines=lines,
                currency="EUR", expected_at=now + timedelta(days=7),
            )  # fmt: skip
            orders.mark_sent(ctx, order.number)
            found += [(order.purchase_order_id, line.line, site_id) for line in order.lines]
    return tuple(found)


def _plan_transfers(ctx: Context, shop: Shop, now: datetime) -> tuple[tuple[int, int, int], ...]:
    """Many between each two sites; some of what lies there is promised to them."""
    found = []
    for number, item_id in enumerate(shop.items[:90]):
        here, there = shop.sites[number % 3], shop.sites[(number + 1) % 3]
        made = draft_transfer(ctx, here, there, [(item_id, Decimal(1000))], now + timedelta(days=2))
        transfers.approve_transfer(ctx, made.transfer_id)
        found.append((made.transfer_id, home(shop, here, item_id), home(shop, there, item_id)))
    return tuple(found)


def together(url: str, work: Callable[[str, Shop, int, float], Done], seconds: float, shop: Shop) -> Done:
    """The same work by all writers at once, begun together."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(WRITERS)
    with context.Pool(WRITERS, initializer=_set_barrier, initargs=(barrier,)) as pool:
        found = pool.starmap(work, [(url, shop, number, seconds) for number in range(WRITERS)], chunksize=1)
    all_of_them = Done(refused=sum(one.refused for one in found))
    for one in found:
        all_of_them.counts.update(one.counts)
        all_of_them.seconds.extend(one.seconds)
        all_of_them.errors.extend(one.errors)
    return all_of_them


_barrier: Barrier


def _set_barrier(barrier: Barrier) -> None:
    global _barrier
    _barrier = barrier


def bare_transactions(url: str, shop: Shop, number: int, seconds: float) -> Done:
    """Transactions that update one row and append another: what this machine can commit durably."""
    rng, done = random.Random(SEED + number), Done()
    with psycopg.connect(url) as tx:
        _barrier.wait(timeout=120)
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            run(tx, "update bare set n = n + 1 where id = %s", (rng.randrange(1000),))
            run(tx, "insert into bare_line (id, text) values (%s, 'a line')", (number,))
            tx.commit()
            done.counts["bare"] += 1
    return done


class Writer:
    """One of them: what it has sold and sent lies before it until it does the next thing with it."""

    def __init__(self, shop: Shop, number: int) -> None:
        self.shop, self.rng, self.number = shop, random.Random(SEED + number), number
        self.told = 0
        self.sold: list[tuple[int, int]] = []
        self.promised: list[tuple[int, int, int]] = []
        self.on_the_road: list[tuple[int, int]] = []
        self.posted: list[int] = []
        self.held: list[tuple[int, int]] = []

    def choose(self) -> str:
        """By their shares; what has nothing to go on with yet gives way to what it waits for."""
        kind = self.rng.choices(list(SHARES), list(SHARES.values()))[0]
        if kind == "sale picked and issued" and not self.promised:
            kind = "sale reserved"
        if kind == "sale reserved" and not self.sold:
            kind = "sale taken"
        if kind == "transfer arrives" and not self.on_the_road:
            kind = "transfer leaves"
        if kind == "release" and not self.held:
            kind = "hold"
        if kind == "reversal" and not self.posted:
            kind = "adjustment"
        return kind

    def source(self) -> str:
        self.told += 1
        return f"{self.number}-{os.getpid()}-{self.told}"

    def act(self, ctx: Context, kind: str) -> Callable[[], object]:
        """Do it; what comes back is to be called once it is committed."""
        shop, rng, source = self.shop, self.rng, self.source()
        site_id, item_id = rng.choice(shop.sites), rng.choice(shop.items)
        here, quantity = home(shop, site_id, item_id, rng.randrange(LOTS)), Decimal(rng.randint(1, 5))
        run(ctx.tx, "insert into told (source, kind) values (%s, %s)", (source, kind))
        match kind:
            case "receipt of an order":
                order, number, where = rng.choice(shop.buying)
                lot = f"L{rng.randrange(LOTS)}"
                stock.receive(ctx, order, number, quantity, rng.choice(shop.bins[where]), source, lot=lot)
            case "sale taken":
                wanted = NewSalesLine(source, 1, site_id, item_id, ctx.now, quantity, Decimal(2))
                orders.take_sales_lines(ctx, [wanted])
                sold = int(value(ctx.tx, "select sales_line_id from sales_line where order_number = %s", (source,)))
                return lambda: self.sold.append((sold, site_id))
            case "sale reserved":
                sales_line_id, where = self.sold[0]
                asked = orders.sales_line(ctx, sales_line_id)
                stock.reserve_open(ctx, where, [asked.item_id])
                self.sold.pop(0)
                start = home(shop, where, asked.item_id)
                return lambda: self.promised.append((sales_line_id, start, int(asked.quantity)))
            case "sale picked and issued":
                sales_line_id, where, much = self.promised.pop(0)
                stock.issue(ctx, sales_line_id, [(where, Decimal(much))], source)
            case "transfer leaves":
                transfer_id, start, end = rng.choice(shop.moving)
                transfers.ship_transfer(ctx, transfer_id, [Goods(1, quantity, start)], source)
                return lambda: self.on_the_road.append((transfer_id, end))
            case "transfer arrives":
                transfer_id, end = self.on_the_road.pop(0)
                transfers.receive_transfer(ctx, transfer_id, [Goods(1, Decimal(1), end)], source)
            case "hold":
                stock.hold(ctx, item_id=item_id, place_id=here, quantity=quantity, reason="look")
                return lambda: self.held.append((item_id, here))
            case "release":
                item_id, here = self.held.pop(0)
                stock.release(ctx, item_id=item_id, place_id=here, reason="fine")
            case "reversal":
                stock.reverse(ctx, self.posted.pop(), "a mistake")
            case "adjustment":
                ends = (here, shop.virtual[site_id]["adjustment"])
                made = stock.post(ctx, NewMovement(item_id, *ends, quantity, "adjust", None, source))
                return lambda: self.posted.append(made)
            case _:
                to = rng.choice([one for one in shop.bins[site_id] if one != here])
                stock.post(ctx, NewMovement(item_id, here, to, quantity, "move", None, source))
        return lambda: None


def mixed_transactions(url: str, shop: Shop, number: int, seconds: float) -> Done:
    """What a warehouse does, by the shares above."""
    office, writer, done = Office(Database(url, size=1).open()), Writer(shop, number), Done()
    refused = 0
    try:
        for _ in range(20):  # connections, plans and caches as in a process that runs all day
            with office.context(CLERK) as ctx:
                writer.act(ctx, "put away or move")
                ctx.tx.rollback()
    except Exception:
        _barrier.abort()
        raise
    _barrier.wait(timeout=120)
    end = time.perf_counter() + seconds
    while (begin := time.perf_counter()) < end:
        kind = writer.choose()
        try:
            with office.context(CLERK) as ctx:
                then = writer.act(ctx, kind)
            then()
            done.counts[kind] += 1
        except Refused:
            refused += 1
        except psycopg.Error as error:
            done.errors.append(repr(error))
        done.seconds.append(time.perf_counter() - begin)
    return Done(done.counts, done.seconds, done.errors, refused)


def told_of(url: str) -> int:
    """How many transactions of the writers are in the books."""
    with psycopg.connect(url) as tx:
        return int(value(tx, "select count(*) from told"))


def cpu_seconds() -> float:
    """Seconds that all processors of this machine have worked so far, for whomever."""
    spent = [int(part) for part in Path("/proc/stat").read_text("ascii").splitlines()[0].split()[1:]]
    idle = spent[3] + spent[4]
    return (sum(spent[:8]) - idle) / os.sysconf("SC_CLK_TCK")
