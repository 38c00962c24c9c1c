"""Whatever people do to orders, shipments and transfers, in any order, the books and the promises stay right."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shelfwise.access.context import Context
from shelfwise.core.errors import Invalid, NotFound, Refused
from shelfwise.orders import sales_orders
from shelfwise.orders import transfers as documents
from shelfwise.orders.shipments_model import Box
from shelfwise.records import service as records
from shelfwise.stock import service as stock
from shelfwise.stock import shipping, transfers
from shelfwise.stock.customer_returns import CameBack, take_customer_return
from shelfwise.stock.model import Status
from shelfwise.stock.transfers import Goods
from shelfwise.store.database import values
from tests.conftest import NOON
from tests.stock.house import build_house

# Each must find nothing.
ALWAYS = {
    "every quantity came from somewhere": "select item_id from balance group by item_id having sum(on_hand) <> 0",
    "nothing real or on the road is below zero": """select * from balance join place using (tenant_id, place_id)
        where on_hand < 0 and kind in ('bin', 'dock', 'packing', 'transit')""",
    "no promise is beyond what may be sold": "select * from stock_level where reserved > on_hand - blocked",
    "no more arrived than left": "select * from transfer_progress where shipped - received - back - lost < 0",
    "a line is reserved when it has all it needs": """select * from sales_line left join reservation r using (tenant_id,
        sales_line_id) where (state = 'reserved') <> coalesce(r.quantity >= sales_line.quantity - issued, false)""",
    "only lines that wait have a promise": """select * from reservation join sales_line using (tenant_id, sales_line_id)
        where state not in ('open', 'reserved')""",
    "what is over keeps nothing": """select * from transfer join transfer_line using (tenant_id, transfer_id)
        where state in ('draft', 'closed', 'cancelled') and reserved > 0""",
}


class Business:
    """Two warehouses with mugs in two lots, and all that can be done to them."""

    def __init__(self, ctx: Context, seed: int) -> None:
        self.ctx, self.dice, self.told = ctx, random.Random(seed), 0
        house = build_house(ctx)
        far = records.add_site(ctx, code="FAR", name="Far", time_zone="Europe/Berlin", width_m=40, depth_m=25)
        for code in ("A-1", "A-3"):
            records.add_place(ctx, site_id=far, code=code)
        self.mug = house.mug
        self.places = {
            house.site_id: house.place,
            far: {place.code: place.place_id for place in records.places(ctx, far)},
        }
        order = house.buy(ctx, "mugs", "120")
        for lot, code, days in (("L1", "A-1", 9), ("L2", "A-3", 5)):
            stock.receive(
                ctx, order.purchase_order_id, 1, Decimal(60), house.place[code], lot, lot=lot,
                expires_on=(NOON + timedelta(days=days)).date(),
            )  # fmt: skip
        stock.opening_stock(ctx, [(self.mug, self.places[far]["A-1"], Decimal(60))])

    def source(self) -> str:
        self.told += 1
        return f"fact-{self.told}"

    def much(self, most: int = 9) -> Decimal:
        return Decimal(self.dice.randint(1, most))

    def lot(self) -> str | None:
        return self.dice.choice((None, "", "L1", "L2"))

    def site(self) -> int:
        return self.dice.choice(sorted(self.places))

    def goods(self, site_id: int) -> list[Goods]:
        return [
            Goods(
                1, self.much(), self.places[site_id][self.dice.choice(("A-1", "A-3"))], self.lot(),
                status=self.dice.choice(("available", "available", "damaged")),
            )
            for _ in range(self.dice.randint(1, 2))
        ]  # fmt: skip

    def one_of(self, sql: str) -> Any:
        found = values(self.ctx.tx, f"{sql} order by 1, 2")
        if not found:
            raise Refused("There is none yet.")
        return self.dice.choice(found)

    def sales_line(self) -> Any:
        return self.one_of("select sales_line_id, site_id, order_number from sales_line")

    def shipment(self) -> int:
        return int(self.one_of("select shipment_id, state from shipment")[0])

    def transfer(self) -> Any:
        return self.one_of("select transfer_id, from_site_id, to_site_id from transfer")

    def sell(self) -> None:
        lines = [(self.mug, self.much(), Decimal(1)) for _ in range(self.dice.randint(1, 2))]
        sales_orders.take_order(self.ctx, self.site(), lines, allow_part=self.dice.random() < 0.4)

    def begin(self) -> None:
        sql = "select site_id, order_number from sales_line where state in ('open', 'reserved')"
        shipping.begin_shipment(self.ctx, *self.one_of(sql))

    def pick(self) -> None:
        shipment_id, stop, quantity, site_id = self.one_of(
            """select shipment_id, stop, quantity, site_id
               from shipment_stop join shipment using (tenant_id, shipment_id)"""
        )
        shipping.pick(
            self.ctx, shipment_id, stop, self.dice.choice((quantity, quantity, self.much(), Decimal(0))),
            self.source(), place_id=self.dice.choice((None, None, self.places[site_id]["A-3"])),
            lot=self.dice.choice((None, None, self.lot())),
        )  # fmt: skip

    def comes_back(self) -> None:
        line, site_id, number = self.sales_line()
        status: Status = self.dice.choice(("available", "damaged", "quarantine"))
        came = CameBack(line, self.much(3), self.places[site_id]["DOCK"], status, self.lot() or None)
        take_customer_return(self.ctx, site_id, number, [came], self.source())

    def issue(self) -> None:
        line, site_id, _ = self.sales_line()
        stock.issue(self.ctx, line, [(self.places[site_id]["A-1"], self.much())], self.source())

    def draft(self) -> None:
        start, end = self.dice.sample(sorted(self.places), 2)
        documents.draft_transfer(self.ctx, start, end, [(self.mug, self.much())], NOON + timedelta(days=1))

    def leaves(self) -> None:
        transfer_id, start, _ = self.transfer()
        transfers.ship_transfer(self.ctx, transfer_id, self.goods(start), self.source())

    def arrives(self) -> None:
        transfer_id, _, end = self.transfer()
        transfers.receive_transfer(self.ctx, transfer_id, self.goods(end), self.source())

    def goes_back(self) -> None:
        transfer_id, start, _ = self.transfer()
        transfers.send_back(self.ctx, transfer_id, self.goods(start), self.source())

    def hold(self) -> None:
        place_id = self.places[self.site()][self.dice.choice(("A-1", "A-3"))]
        stock.hold(self.ctx, item_id=self.mug, place_id=place_id, lot=self.lot(), reason="look", quantity=self.much(4))

    def one_to_reverse(self, column: str) -> int:
        """Never what the warehouses began with, or soon there is nothing to do anything with."""
        sql = f"select distinct {column}, 1 from movement where reverses is null and batch_id > 3"
        return int(self.one_of(sql)[0])

    def acts(self) -> dict[str, Callable[[], object]]:
        ctx, dice = self.ctx, self.dice
        return {
            "sell": self.sell,
            "reserve": lambda: stock.reserve_open(ctx, self.site()),
            "begin": self.begin,
            "pick": self.pick,
            "pick more": self.pick,
            "pack": lambda: shipping.pack(ctx, self.shipment(), [Box(0, 1)]),
            "ship": lambda: shipping.ship(ctx, self.shipment()),
            "cancel shipment": lambda: shipping.cancel_shipment(ctx, self.shipment(), "no"),
            "reopen shipment": lambda: shipping.reopen_shipment(ctx, self.shipment(), "no"),
            "put first": lambda: stock.put_first(ctx, self.sales_line()[0], "fair"),
            "hold back": lambda: stock.hold_back(ctx, self.sales_line()[0], "unpaid"),
            "let wait": lambda: stock.let_wait(ctx, self.sales_line()[0]),
            "allow part": lambda: stock.allow_part(ctx, self.sales_line()[0], dice.random() < 0.5),
            "cancel line": lambda: stock.cancel(ctx, self.sales_line()[0], "no"),
            "issue": self.issue,
            "comes back": self.comes_back,
            "draft": self.draft,
            "approve": lambda: transfers.approve_transfer(ctx, self.transfer()[0]),
            "leaves": self.leaves,
            "leaves too": self.leaves,
            "arrives": self.arrives,
            "arrives too": self.arrives,
            "goes back": self.goes_back,
            "lost": lambda: transfers.write_off_from_road(ctx, self.transfer()[0], 1, self.much(), "gone"),
            "close": lambda: transfers.close_transfer(ctx, self.transfer()[0], "no"),
            "cancel transfer": lambda: transfers.cancel_transfer(ctx, self.transfer()[0], "no"),
            "reverse": lambda: stock.reverse(ctx, self.one_to_reverse("movement_id"), "wrong"),
            "reverse batch": lambda: stock.reverse_batch(ctx, self.one_to_reverse("batch_id"), "wrong"),
            "hold": self.hold,
            "release": lambda: stock.release(
                ctx, item_id=self.mug, site_id=self.site(), reason="fine"
            ),
            "find": lambda: stock.opening_stock(
                ctx, [(self.mug, self.places[self.site()]["A-1"], self.much())]
            ),
            "throw away": lambda: stock.write_off(
                ctx, item_id=self.mug, place_id=self.places[self.site()]["A-1"], quantity=self.much(), reason="broken"
            ),
        }  # fmt: skip


@pytest.mark.parametrize("seed", [3, 18, 149, 158])
def test_the_books_and_the_promises_stay_right(ctx: Context, seed: int) -> None:
    business = Business(ctx, seed)
    acts = business.acts()
    for name in ("sell", "sell", "sell", "reserve", "draft", "draft", "draft", "draft"):
        acts[name]()
    done: Counter[str] = Counter()
    for step in range(120):
        name = business.dice.choice(list(acts))
        try:
            with ctx.tx.transaction():
                acts[name]()
        except (Refused, Invalid, NotFound):
            continue
        done[name] += 1
        assert stock.rebuild_check(ctx) == [], (seed, step, name)
        for rule, sql in ALWAYS.items():
            assert values(ctx.tx, sql) == [], (rule, seed, step, name)
    assert len(done) > 15, done
