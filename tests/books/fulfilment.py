"""What people do to sales orders, shipments, transfers and counts in the warehouses of machine.py."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import rule

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.orders import sales_orders
from shelfwise.orders import transfers as documents
from shelfwise.orders.shipments_model import Box
from shelfwise.stock import counts, shipping, transfers
from shelfwise.stock import service as stock
from shelfwise.stock.model import Status
from shelfwise.stock.transfers import Goods
from shelfwise.store.database import values
from tests.books.machine import amounts, bins, lots, picks, sites, whoever
from tests.books.purchasing import Purchasing, choice

# With the state, and what is left to do before the next one.
SHIPMENTS = """select shipment_id, site_id, state, exists (select from shipment_stop p
        where p.shipment_id = s.shipment_id and done_at is null) from shipment s where {fit} order by 1"""
STOPS = """select shipment_id, stop, quantity, site_id from shipment_stop join shipment using (tenant_id, shipment_id)
    where {fit} order by 1, 2"""
TRANSFERS = """select transfer_id, from_site_id, to_site_id, state, (select sum(shipped - received - back - lost)
        from transfer_progress p where p.transfer_id = t.transfer_id) from transfer t where {fit} order by 1"""
COUNTS = """select count_id, site_id, state, exists (select from count_line l where l.count_id = c.count_id
        and l.state = 'open') from count_sheet c where {fit} order by 1"""
ON_THE_ROAD = """exists (select from transfer_progress p where p.transfer_id = t.transfer_id
    and shipped - received - back - lost > 0)"""


class Fulfilment(Purchasing):
    """Goods leave for customers and for other sites, and are counted."""

    # Sales orders and shipments

    @rule(site=sites, sku=st.sampled_from(("MUG", "MILK")), much=amounts, part=st.booleans(), who=whoever)
    def take_order(self, site: int, sku: str, much: Decimal, part: bool, who: str) -> None:
        site_id = self.house.sites[site]
        with self.step("take order", who, Right.TAKE_ORDERS, site_id) as ctx:
            lines = [(self.house.items[sku], much, Decimal(2))]
            sales_orders.take_order(ctx, site_id, lines, allow_part=part)
        with self.step("reserve") as ctx:
            stock.reserve_open(ctx, site_id)
        if part:
            self.begin_one("state = 'reserved'", -1)

    @rule(
        pick=picks, verb=st.sampled_from(("put first", "hold back", "let wait", "allow part")), yes=st.booleans(),
        who=whoever,
    )  # fmt: skip
    def line_is_ranked(self, pick: int, verb: str, yes: bool, who: str) -> None:
        acts: dict[str, Callable[[Context, int], object]] = {
            "put first": lambda ctx, line: stock.put_first(ctx, line, "fair"),
            "hold back": lambda ctx, line: stock.hold_back(ctx, line, "unpaid"),
            "let wait": lambda ctx, line: stock.let_wait(ctx, line),
            "allow part": lambda ctx, line: stock.allow_part(ctx, line, yes),
        }
        sql = "select sales_line_id, site_id from sales_line where {fit} order by 1"
        found = self.one_of(sql, pick, "state in ('open', 'reserved')")
        if found is not None:
            with self.step(f"line: {verb}", who, Right.TAKE_ORDERS, found[1]) as ctx:
                acts[verb](ctx, found[0])

    @rule(pick=picks, who=whoever)
    def begin_shipment(self, pick: int, who: str) -> None:
        self.begin_one("state = 'reserved'", pick, who)

    def begin_one(self, fit: str, pick: int, who: str = "mara") -> None:
        found = self.one_of(
            "select site_id, order_number from sales_line where {fit} order by sales_line_id", pick, fit
        )
        if found is not None:
            with self.step("begin shipment", who, Right.ISSUE_GOODS, found[0]) as ctx:
                shipping.begin_shipment(ctx, found[0], found[1])

    @rule(pick=picks, less=st.integers(-2, 2).map(lambda n: max(n, 0)), code=st.none() | bins, who=whoever)
    def pick_a_stop(self, pick: int, less: int, code: str | None, who: str) -> None:
        found = self.one_of(STOPS, pick, "state = 'picking' and done_at is null")
        if found is not None:
            where = None if code is None else self.place(self.house.sites.index(found[3]), code)
            with self.step("pick short" if less else "pick", who, Right.ISSUE_GOODS, found[3]) as ctx:
                shipping.pick(ctx, found[0], found[1], max(found[2] - less, Decimal(0)), self.source(), place_id=where)

    @rule(pick=picks, left=st.booleans())
    def all_of_it_is_picked(self, pick: int, left: bool) -> None:
        """The common case, to the end: picked, packed and gone."""
        found = self.one_of(SHIPMENTS, pick, "state = 'picking'")
        if found is None:
            return
        sql = "select stop, quantity from shipment_stop where done_at is null and shipment_id = %s order by 1"
        for stop, quantity in values(self.tx, sql, (found[0],)):
            with self.step("pick") as ctx:
                shipping.pick(ctx, found[0], stop, quantity, self.source())
        with self.step("shipment: pack") as ctx:
            shipping.pack(ctx, found[0], [Box(0, 1)])
        if left:
            with self.step("shipment: ship") as ctx:
                shipping.ship(ctx, found[0])

    @rule(pick=picks, number=picks, who=whoever)
    def shipment_goes_on(self, pick: int, number: int, who: str) -> None:
        self.shipment_on(pick, number, who)

    def shipment_on(self, pick: int, number: int, who: str) -> None:
        found = self.one_of(SHIPMENTS, pick, "state <> 'cancelled'")
        if found is None:
            return
        fits = {
            "pack": found[2] == "picking" and not found[3],
            "ship": found[2] == "packed",
            "cancel": found[2] in ("picking", "packed") and number % 4 == 0,
            "reopen": found[2] in ("packed", "shipped") and number % 4 == 1,
        }
        acts: dict[str, Callable[[Context, int], object]] = {
            "pack": lambda ctx, shipment: shipping.pack(ctx, shipment, [Box(0, 1)]),
            "ship": lambda ctx, shipment: shipping.ship(ctx, shipment),
            "cancel": lambda ctx, shipment: shipping.cancel_shipment(ctx, shipment, "not today"),
            "reopen": lambda ctx, shipment: shipping.reopen_shipment(ctx, shipment, "a mistake"),
        }
        verb = choice([name for name, fit in fits.items() if fit], acts, number)
        with self.step(f"shipment: {verb}", who, Right.ISSUE_GOODS, found[1]) as ctx:
            acts[verb](ctx, found[0])

    # Transfers

    @rule(start=sites, steps=st.integers(1, 2), mugs=amounts, milk=amounts, approved=st.booleans(), who=whoever)
    def draft_transfer(self, start: int, steps: int, mugs: Decimal, milk: Decimal, approved: bool, who: str) -> None:
        here, there = self.house.sites[start], self.house.sites[(start + steps) % 3]
        with self.step("draft transfer", who, Right.TRANSFER_GOODS, here) as ctx:
            lines = [(self.house.items["MUG"], mugs), (self.house.items["MILK"], milk)]
            made = documents.draft_transfer(ctx, here, there, lines, self.now + timedelta(days=1))
            if approved:
                transfers.approve_transfer(ctx, made.transfer_id)

    @rule(pick=picks, number=picks, who=whoever)
    def transfer_lives_on(self, pick: int, number: int, who: str) -> None:
        self.transfer_on(pick, number, who)

    def transfer_on(self, pick: int, number: int, who: str) -> None:
        found = self.one_of(TRANSFERS, pick, "state not in ('closed', 'cancelled')")
        if found is None:
            return
        fits = {
            "approve": found[3] in ("draft", "approved"),
            "edit": found[3] == "draft",
            "cancel": found[3] in ("draft", "approved") and number % 4 == 0,
            "close": found[3] not in ("draft", "approved") and not found[4],
        }
        later = self.now + timedelta(days=2)
        acts: dict[str, Callable[[Context, int], object]] = {
            "approve": lambda ctx, one: transfers.approve_transfer(ctx, one),
            "edit": lambda ctx, one: documents.edit_transfer(
                ctx, one, [(self.house.items["MUG"], Decimal(2))], later, "fewer"
            ),
            "cancel": lambda ctx, one: transfers.cancel_transfer(ctx, one, "not needed"),
            "close": lambda ctx, one: transfers.close_transfer(ctx, one, "enough"),
        }
        verb = choice([name for name, fit in fits.items() if fit], acts, number)
        with self.step(f"transfer: {verb}", who, Right.TRANSFER_GOODS, found[1]) as ctx:
            acts[verb](ctx, found[0])

    @rule(pick=picks, line=st.sampled_from((1, 2)), much=amounts, code=bins, lot=lots, who=whoever)
    def leaves(self, pick: int, line: int, much: Decimal, code: str, lot: str | None, who: str) -> None:
        """In parts, or more than was promised."""
        found = self.one_of(TRANSFERS, pick, "state in ('approved', 'in_transit', 'part_received')")
        if found is not None:
            place_id = self.place(self.house.sites.index(found[1]), code)
            with self.step("transfer: ship", who, Right.ISSUE_GOODS, found[1]) as ctx:
                transfers.ship_transfer(ctx, found[0], [Goods(line, much, place_id, lot)], self.source())

    @rule(
        pick=picks, line=st.sampled_from((1, 2)), much=amounts, code=bins, lot=lots,
        status=st.sampled_from(("available", "available", "damaged")), back=st.booleans(), who=whoever,
    )  # fmt: skip
    def arrives(
        self, pick: int, line: int, much: Decimal, code: str, lot: str | None, status: Status, back: bool, who: str
    ) -> None:
        """Short, over, damaged, of another lot, or back where it came from."""
        found = self.one_of(TRANSFERS, pick, ON_THE_ROAD)
        if found is not None:
            end = found[1] if back else found[2]
            goods = [Goods(line, much, self.place(self.house.sites.index(end), code), lot, status=status)]
            with self.step("transfer: back" if back else "transfer: receive", who, Right.RECEIVE_GOODS, end) as ctx:
                act = transfers.send_back if back else transfers.receive_transfer
                act(ctx, found[0], goods, self.source())

    @rule(pick=picks, who=whoever)
    def is_lost(self, pick: int, who: str) -> None:
        found = self.one_of(
            """select transfer_id, from_site_id, line, shipped - received - back - lost from transfer_progress
               join transfer using (tenant_id, transfer_id) where {fit} order by 1, 3""",
            pick, "shipped - received - back - lost > 0",
        )  # fmt: skip
        if found is not None:
            with self.step("transfer: lost", who, Right.ADJUST_STOCK, found[1]) as ctx:
                transfers.write_off_from_road(ctx, found[0], found[2], max(found[3], Decimal(1)), "fell off")

    # Counts

    @rule(site=sites, code=bins, who=whoever)
    def start_count(self, site: int, code: str, who: str) -> None:
        site_id = self.house.sites[site]
        with self.step("start count", who, Right.COUNT_STOCK, site_id) as ctx:
            counts.start_count(ctx, site_id=site_id, title="Look", place_ids=[self.place(site, code)])

    @rule(pick=picks, mugs=st.integers(0, 12).map(Decimal), milk=st.integers(0, 12).map(Decimal), who=whoever)
    def count(self, pick: int, mugs: Decimal, milk: Decimal, who: str) -> None:
        found = self.one_of(COUNTS, pick, "state = 'open'")
        if found is not None:
            sql = f"select distinct place_id from count_line where count_id = {int(found[0])}"
            (place_id,) = values(self.tx, sql)[0]
            told = [(self.house.items["MUG"], "", mugs), (self.house.items["MILK"], "L1", milk)]
            with self.step("count: tell", who, Right.COUNT_STOCK, found[1]) as ctx:
                counts.tell_count(ctx, found[0], place_id, told, self.source())
                if pick % 2:
                    counts.finish_count(ctx, found[0])

    @rule(pick=picks, number=picks, who=whoever)
    def count_goes_on(self, pick: int, number: int, who: str) -> None:
        self.count_on(pick, number, who)

    def count_on(self, pick: int, number: int, who: str) -> None:
        found = self.one_of(COUNTS, pick, "state in ('open', 'to_approve')")
        if found is None:
            return
        fits = {
            "finish": found[2] == "open" and not found[3],
            "approve": found[2] == "to_approve",
            "again": found[2] == "to_approve" and number % 3 == 0,
            "cancel": found[2] in ("open", "to_approve") and number % 5 == 0,
        }
        places = [place_id for site, place_id in self._bins() if self.house.sites[site] == found[1]]
        acts: dict[str, Callable[[Context, int], object]] = {
            "finish": lambda ctx, one: counts.finish_count(ctx, one),
            "approve": lambda ctx, one: counts.approve_count(ctx, one),
            "again": lambda ctx, one: counts.count_again(ctx, one, places),
            "cancel": lambda ctx, one: counts.cancel_count(ctx, one, "no time"),
        }
        verb = choice([name for name, fit in fits.items() if fit], acts, number)
        right = Right.ADJUST_STOCK if verb in ("approve", "again") else Right.COUNT_STOCK
        with self.step(f"count: {verb}", who, right, found[1]) as ctx:
            acts[verb](ctx, found[0])

    @rule(pick=picks, numbers=st.lists(picks, min_size=2, max_size=5))
    def they_live_long(self, pick: int, numbers: list[int]) -> None:
        """One shipment, transfer or count goes on and on, in the hands of somebody who may."""
        go_on = (self.shipment_on, self.transfer_on, self.count_on)[pick % 3]
        for number in numbers:
            go_on(pick, number, "max")

    def _bins(self) -> list[tuple[int, int]]:
        return [(site, place_id) for (site, code), place_id in self.house.places.items() if len(code) == 1]
