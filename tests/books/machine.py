"""A machine that does to three warehouses whatever people could do to them, and looks at the books after each step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar

import psycopg
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from shelfwise.access.context import Context, Office, stand_still
from shelfwise.access.model import Actor, Right, Role, person, system
from shelfwise.core.errors import Forbidden, Invalid, NotFound, Refused
from shelfwise.orders import service as orders
from shelfwise.orders.model import NewSalesLine
from shelfwise.records import service as records
from shelfwise.stock import service as stock
from shelfwise.stock.model import NewMovement, Status
from shelfwise.store.database import Database, value, values
from tests.conftest import NOON

BOSS = person("mara", Role.ADMIN, user_id=1)
SYSTEM = system("nightly")
SITES = ("NORTH", "SOUTH", "WEST")
BINS = ("A", "B")
LOTS = (None, "", "L1", "L2")
# Movements that can be taken back; what the warehouses began with is left, or soon there is nothing to work with.
_NOT_TAKEN_BACK = """select movement_id, batch_id from movement m where reverses is null
    and not exists (select from movement r where r.tenant_id = m.tenant_id and r.reverses = m.movement_id)"""
_LIES_THERE = """select b.item_id, place_id, lot, status, site_id from balance b join place using (tenant_id, place_id)
    where kind = 'bin' and on_hand > 0 and {fit} order by 1, 2, 3, 4"""
LATER = "reason <> 'opening'"
EXPIRY = {"L1": NOON + timedelta(days=2), "L2": NOON + timedelta(days=9)}

sites = st.sampled_from(range(len(SITES)))
bins = st.sampled_from(BINS)
items = st.sampled_from(("MUG", "MILK"))
amounts = st.integers(1, 9).map(Decimal)
lots = st.sampled_from(LOTS)
held = st.sampled_from(("hold", "quarantine", "damaged"))
picks = st.sampled_from(range(1000))
# Most of what is done is done by somebody who may.
whoever = st.sampled_from((*["mara"] * 9, *["max"] * 4, "piet", "otto", "olga", "quinn", "vera"))


@dataclass(frozen=True)
class House:
    """Ids of what was set up: places by (site, code), items by SKU."""

    sites: tuple[int, ...]
    items: dict[str, int]
    places: dict[tuple[int, str], int]
    suppliers: tuple[int, ...]
    people: dict[str, Actor]


def build(ctx: Context) -> House:
    """Three sites with two bins each; mugs have no lots, milk has."""
    records.set_go_live(ctx, NOON - timedelta(days=30))
    found = [
        records.add_site(ctx, code=code, name=code.title(), time_zone="Europe/Berlin", width_m=40, depth_m=25)
        for code in SITES
    ]
    wares = {sku: records.add_item(ctx, sku=sku) for sku in ("MUG", "MILK")}
    places: dict[tuple[int, str], int] = {}
    for number, site_id in enumerate(found):
        for code in BINS:
            records.add_place(ctx, site_id=site_id, code=code)
        places |= {(number, place.code): place.place_id for place in records.places(ctx, site_id)}
    suppliers = tuple(records.add_supplier(ctx, code=code, name=code) for code in ("POT", "COW"))
    return House(tuple(found), wares, places, suppliers, hire(tuple(found)))


def hire(found: tuple[int, ...]) -> dict[str, Actor]:
    """Somebody of each role; two work on the floor of some sites only."""
    north, south, west = found
    everywhere = (("max", Role.MANAGER), ("piet", Role.PLANNER), ("quinn", Role.QUALITY), ("vera", Role.VIEWER))
    staff = [BOSS, *(person(login, role, user_id=n) for n, (login, role) in enumerate(everywhere, 2))]
    staff.append(person("otto", None, {north: Role.OPERATOR}, 6))
    staff.append(person("olga", None, {south: Role.OPERATOR, west: Role.OPERATOR}, 7))
    return {one.name: one for one in staff}


class Warehouses(RuleBasedStateMachine):
    """Each example lives in one transaction that is never committed; each step is a savepoint in it.

    What a step is refused must leave no trace; what it does must leave the books right. Counts in `done` and `refused`
    show that the machine got anywhere at all.
    """

    database: ClassVar[Database]
    house: ClassVar[House]
    done: ClassVar[Counter[str]] = Counter()
    refused: ClassVar[Counter[str]] = Counter()
    forbidden: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.tx = psycopg.connect(self.database.url, options="-c timezone=UTC")
        self.office = Office(self.database)
        self.now = NOON
        self.told = 0

    def teardown(self) -> None:
        self.tx.rollback()
        self.tx.close()

    @contextmanager
    def step(
        self, name: str, who: Actor | str = BOSS, right: Right | None = None, site_id: int | None = None
    ) -> Iterator[Context]:
        """Something somebody does; with a right: what they may not do without it, at the site."""
        actor = self.house.people[who] if isinstance(who, str) else who
        before = self.written()
        try:
            with self.tx.transaction():
                yield self.office.within(self.tx, actor)
                assert right is None or actor.may(right, site_id), f"{actor.name} did {name} without {right}"
        except Forbidden:
            self.forbidden[name] += 1
            assert self.written() == before, f"{name} was forbidden after it had written"
        except (Refused, Invalid, NotFound):
            self.refused[name] += 1
        else:
            self.done[name] += 1

    def written(self) -> int:
        """How many rows this transaction has written, taken back or not."""
        sql = "select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) from pg_stat_xact_user_tables"
        return int(value(self.tx, sql))

    def source(self) -> str:
        self.told += 1
        return f"fact-{self.told}"

    def place(self, site: int, code: str) -> int:
        return self.house.places[site, code]

    def one_of(self, sql: str, pick: int, fit: str = "true") -> Any:
        """One row of a query, whichever the number says; None where there is none.

        The `{fit}` of the query narrows it to rows with which the step can do something, but for each seventh time.
        """
        found = values(self.tx, sql.format(fit=fit if pick % 7 else "true"))
        return found[pick % len(found)] if found else None

    @initialize()
    def begin(self) -> None:
        with self.step("begin") as ctx:
            lines = [
                (item, self.place(site, code), Decimal(10))
                for item in self.house.items.values()
                for site in range(3)
                for code in BINS
            ]
            stock.opening_stock(ctx, lines)

    # Time

    @rule(hours=st.integers(1, 30))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        stand_still(self.tx, 1, self.now)

    @rule(site=sites)
    def night_falls(self, site: int) -> None:
        with self.step("expire", system("nightly")) as ctx:
            stock.expire_lots(ctx, self.house.sites[site])

    # Goods that move

    @rule(site=sites, sku=items, code=bins, lot=lots, much=amounts, late=st.integers(0, 50))
    def adjust_up(self, site: int, sku: str, code: str, lot: str | None, much: Decimal, late: int) -> None:
        self._post("adjust", sku, self.place(site, "ADJUSTMENT"), self.place(site, code), much, lot, late)

    @rule(site=sites, sku=items, code=bins, lot=lots, much=amounts, late=st.integers(0, 50))
    def adjust_down(self, site: int, sku: str, code: str, lot: str | None, much: Decimal, late: int) -> None:
        self._post("adjust", sku, self.place(site, code), self.place(site, "ADJUSTMENT"), much, lot, late)

    @rule(site=sites, sku=items, code=bins, lot=lots, much=amounts)
    def move(self, site: int, sku: str, code: str, lot: str | None, much: Decimal) -> None:
        there = BINS[1 - BINS.index(code)]
        self._post("move", sku, self.place(site, code), self.place(site, there), much, lot, 0)

    def _post(self, reason: Any, sku: str, start: int, end: int, much: Decimal, lot: str | None, late: int) -> None:
        with self.step(reason) as ctx:
            at = self.now - timedelta(hours=late)
            stock.post(ctx, NewMovement(self.house.items[sku], start, end, much, reason, at, self.source(), lot=lot))

    @rule(pick=picks, much=amounts, who=whoever)
    def write_off(self, pick: int, much: Decimal, who: str) -> None:
        found = self.one_of(_LIES_THERE, pick, "on_hand > 9")
        if found is not None:
            item_id, place_id, lot, status, site_id = found
            with self.step("write off", who, Right.ADJUST_STOCK, site_id) as ctx:
                stock.write_off(
                    ctx, item_id=item_id, place_id=place_id, quantity=much, reason="broken", lot=lot, status=status,
                    seen=True,
                )  # fmt: skip

    @rule(site=sites, sku=items, code=bins, much=amounts, lot=lots)
    def customer_returns(self, site: int, sku: str, code: str, much: Decimal, lot: str | None) -> None:
        with self.step("return") as ctx:
            stock.take_return(
                ctx, item_id=self.house.items[sku], place_id=self.place(site, code), quantity=much, lot=lot
            )

    @rule(site=sites, code=bins, much=amounts)
    def convert(self, site: int, code: str, much: Decimal) -> None:
        with self.step("convert") as ctx:
            stock.convert(
                ctx, item_id=self.house.items["MUG"], place_id=self.place(site, code), quantity=much,
                to_item_id=self.house.items["MILK"], to_quantity=much * 6, source=self.source(),
            )  # fmt: skip

    @rule(site=sites, sku=items, code=bins, lot=lots, much=st.none() | amounts, status=held)
    def hold(self, site: int, sku: str, code: str, lot: str | None, much: Decimal | None, status: Status) -> None:
        with self.step("hold") as ctx:
            stock.hold(
                ctx, item_id=self.house.items[sku], reason="smells", status=status, lot=lot, quantity=much,
                place_id=self.place(site, code),
            )  # fmt: skip

    @rule(lot=st.sampled_from(("L1", "L2")), release=st.booleans())
    def hold_or_release_a_lot_everywhere(self, lot: str, release: bool) -> None:
        with self.step("release everywhere" if release else "hold everywhere") as ctx:
            item_id = self.house.items["MILK"]
            if release:
                stock.release(ctx, item_id=item_id, reason="tested", lot=lot)
            else:
                stock.hold(ctx, item_id=item_id, reason="recall", lot=lot)

    @rule(pick=picks, who=whoever)
    def release(self, pick: int, who: str) -> None:
        found = self.one_of(_LIES_THERE, pick, "status <> 'available'")
        if found is not None:
            item_id, place_id, lot, status, site_id = found
            with self.step("release", who, Right.RELEASE_STOCK, site_id) as ctx:
                stock.release(
                    ctx, item_id=item_id, reason="fine", place_id=place_id, lot=lot,
                    from_status=None if status == "available" else status,
                )  # fmt: skip

    @rule(pick=picks)
    def reverse(self, pick: int) -> None:
        found = self.one_of(f"{_NOT_TAKEN_BACK} and {{fit}} order by 1", pick, LATER)
        if found is not None:
            with self.step("reverse") as ctx:
                stock.reverse(ctx, found[0], "a mistake")

    @rule(pick=picks)
    def reverse_batch(self, pick: int) -> None:
        found = self.one_of(f"{_NOT_TAKEN_BACK} and {{fit}} order by 2", pick, LATER)
        if found is not None:
            with self.step("reverse batch") as ctx:
                stock.reverse_batch(ctx, found[1], "all of it a mistake")

    # Customers

    @rule(site=sites, sku=items, much=amounts)
    def sell(self, site: int, sku: str, much: Decimal) -> None:
        with self.step("sell") as ctx:
            line = NewSalesLine(
                self.source(), 1, self.house.sites[site], self.house.items[sku], self.now, much, Decimal(2)
            )
            orders.take_sales_lines(ctx, [line])

    @rule(site=sites)
    def reserve(self, site: int) -> None:
        with self.step("reserve", system("reservations")) as ctx:
            stock.reserve_open(ctx, self.house.sites[site])

    @rule(pick=picks, code=bins, much=amounts)
    def issue(self, pick: int, code: str, much: Decimal) -> None:
        sql = "select sales_line_id, site_id from sales_line where {fit} order by 1"
        found = self.one_of(sql, pick, "state in ('open', 'reserved')")
        if found is not None:
            site = self.house.sites.index(found[1])
            with self.step("issue") as ctx:
                stock.issue(ctx, found[0], [(self.place(site, code), much)], self.source())

    @rule(pick=picks)
    def customer_cancels(self, pick: int) -> None:
        sql = "select sales_line_id from sales_line where {fit} order by 1"
        found = self.one_of(sql, pick, "state in ('open', 'reserved')")
        if found is not None:
            with self.step("cancel line") as ctx:
                stock.cancel(ctx, found[0], "no longer wanted")

    # What must hold after each step

    @invariant()
    def books_balance(self) -> None:
        with self.tx.transaction():
            assert stock.rebuild_check(self.office.within(self.tx, BOSS)) == []

    @invariant()
    def every_quantity_came_from_somewhere(self) -> None:
        assert values(self.tx, "select item_id from balance group by item_id having sum(on_hand) <> 0") == []

    @invariant()
    def nothing_real_is_below_zero(self) -> None:
        assert values(
            self.tx,
            """select * from balance join place using (tenant_id, place_id)
               where on_hand < 0 and kind in ('bin', 'dock', 'packing', 'transit')""",
        ) == []  # fmt: skip

    @invariant()
    def no_promise_is_beyond_what_may_be_sold(self) -> None:
        assert values(self.tx, "select * from stock_level where reserved > on_hand - blocked or blocked < 0") == []

    @invariant()
    def no_more_arrived_than_left(self) -> None:
        assert values(self.tx, "select * from transfer_progress where shipped - received - back - lost < 0") == []

    @invariant()
    def on_order_is_what_suppliers_owe(self) -> None:
        """By the orders' own history of receipts, not by what is kept for speed."""
        for site_id in self.house.sites:
            with self.tx.transaction():
                ctx = self.office.within(self.tx, BOSS)
                coming = {item: sum(much for much, _ in parts) for item, parts in orders.on_order(ctx, site_id).items()}
            owed = values(
                self.tx,
                """select item_id, sum(greatest(coalesce(l.confirmed_quantity, l.quantity) - coalesce(came, 0), 0))
                   from purchase_line l
                   join purchase_order o using (tenant_id, purchase_order_id)
                   left join (select purchase_order_id, line, sum(quantity) as came from receipt
                              where reversed_at is null and not owed group by 1, 2) r using (purchase_order_id, line)
                   where o.site_id = %s and o.state not in ('draft', 'closed', 'cancelled') group by item_id""",
                (site_id,),
            )
            assert coming == {item: much for item, much in owed if much}
