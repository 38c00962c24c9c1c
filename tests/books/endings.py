"""Whatever state a document was brought to, somebody can lead it on or back; what is final says why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from shelfwise.access.context import Context
from shelfwise.core.errors import ShelfwiseError
from shelfwise.orders import service as orders
from shelfwise.orders import transfers as documents
from shelfwise.orders.shipments_model import Box
from shelfwise.stock import counts, shipping, transfers
from shelfwise.stock import service as stock
from shelfwise.stock.customer_returns import CameBack, take_customer_return
from shelfwise.stock.transfers import Goods
from shelfwise.store.database import values
from shelfwise.work import tasks
from tests.books.fulfilment import Fulfilment

Verb = Callable[[Context, Any], object]

# Documents in these states are looked back at, and acted on no more.
FINAL = {
    ("sales line", "cancelled"): "the customer was told; what is wanted after all is a new order",
    ("sales line", "returned"): "it says what came back; the goods have a life of their own",
    ("shipment", "cancelled"): "its goods are back in their bins; the order is shipped by another one",
    ("transfer", "closed"): "what still turns up is received all the same; more goes by another one",
    ("transfer", "cancelled"): "nothing of it has moved; another one is drafted",
    ("count", "cancelled"): "the same places are counted by another sheet",
    ("count", "posted"): "its batch of movements is taken back where it was wrong",
    ("task", "done"): "it is reopened, or where its cause is still there another one is open already",
    ("task", "dropped"): "as one that is done",
    ("order", "merged"): "its lines are in another draft, and are taken out of that one",
}


@dataclass(frozen=True)
class Kind:
    """A kind of document: (id, state, site, more...) of each, and what people can try."""

    sql: str
    verbs: tuple[Verb, ...]


def _receipt_back(ctx: Context, row: Any) -> None:
    sql = """select m.movement_id from receipt r join movement m
             on m.tenant_id = r.tenant_id and m.source = 'receipt:' || r.source
             where r.purchase_order_id = %s and r.reversed_at is null order by 1 desc"""
    stock.reverse(ctx, values(ctx.tx, sql, (row[0],))[0][0], "never came")


def _issue_back(ctx: Context, row: Any) -> None:
    sql = """select movement_id from movement m where sales_line_id = %s and reverses is null
             and not exists (select from movement r where r.reverses = m.movement_id) order by 1 desc"""
    stock.reverse(ctx, values(ctx.tx, sql, (row[0],))[0][0], "never left")


def _shipment_back(ctx: Context, row: Any) -> None:
    """What is being picked for a line comes off it first."""
    sql = "select shipment_id from shipment where order_number = %s and site_id = %s and state in ('picking', 'packed')"
    shipping.cancel_shipment(ctx, values(ctx.tx, sql, (row[3], row[2]))[0][0], "no")


def _comes_back(ctx: Context, row: Any) -> None:
    take_customer_return(ctx, row[2], row[3], [CameBack(row[0], Decimal(1), row[4])], f"back-{row[0]}")


def _arrives(ctx: Context, row: Any) -> None:
    transfers.receive_transfer(ctx, row[0], [Goods(line, Decimal(1), row[3]) for line in (1,)], f"late-{row[0]}")


def _released_everywhere(ctx: Context, row: Any) -> None:
    sql = "select code from lot where item_id = %s and status <> 'available'"
    stock.release(ctx, item_id=row[0], lot=values(ctx.tx, sql, (row[0],))[0][0], reason="fine")


def _thrown_away(ctx: Context, row: Any) -> None:
    """What has expired is released by nobody."""
    sql = """select place_id, b.on_hand, b.status, b.lot from balance b join place using (tenant_id, place_id)
             where b.item_id = %s and site_id = %s and kind in ('bin', 'dock', 'packing') and b.on_hand > 0
             order by b.status = 'available', 1"""
    for place_id, much, status, lot in values(ctx.tx, sql, (row[0], row[2])):
        stock.write_off(ctx, item_id=row[0], place_id=place_id, quantity=much, reason="old", status=status, lot=lot)
        return


DOCK = "(select place_id from place p where p.site_id = {} and p.kind = 'dock' limit 1)"
KINDS: dict[str, Kind] = {
    "order": Kind(
        """select purchase_order_id, case when state = 'cancelled' and not exists (select from purchase_line l
               where l.purchase_order_id = o.purchase_order_id) then 'merged' else state end, site_id, number
           from purchase_order o""",
        (
            lambda ctx, row: orders.approve_purchase_order(ctx, row[0]),
            lambda ctx, row: orders.cancel(ctx, row[0], "no"),
            lambda ctx, row: orders.close_purchase_order(ctx, row[0], "no"),
            lambda ctx, row: orders.reopen(ctx, row[0], "yes"),
            lambda ctx, row: orders.restore(ctx, row[0], "yes"),
            _receipt_back,
            # More ordered than came: something is owed again.
            lambda ctx, row: orders.answer(ctx, row[0], False),
        ),
    ),
    "sales line": Kind(
        f"select sales_line_id, state, site_id, order_number, {DOCK.format('sales_line.site_id')} from sales_line",
        (lambda ctx, row: stock.cancel(ctx, row[0], "no"), _shipment_back, _issue_back, _comes_back),
    ),
    "shipment": Kind(
        "select shipment_id, state, site_id from shipment",
        (
            lambda ctx, row: shipping.cancel_shipment(ctx, row[0], "no"),
            lambda ctx, row: shipping.reopen_shipment(ctx, row[0], "no"),
            lambda ctx, row: shipping.pack(ctx, row[0], [Box(0, 1)]),
        ),
    ),
    "transfer": Kind(
        f"select transfer_id, state, from_site_id, {DOCK.format('transfer.to_site_id')} from transfer",
        (
            lambda ctx, row: transfers.cancel_transfer(ctx, row[0], "no"),
            lambda ctx, row: transfers.close_transfer(ctx, row[0], "no"),
            _arrives,
            lambda ctx, row: documents.transfer(ctx, row[0]).on_road > 0
            and transfers.write_off_from_road(ctx, row[0], 2, Decimal(1), "gone"),
        ),
    ),
    "count": Kind(
        "select count_id, state, site_id from count_sheet",
        (
            lambda ctx, row: counts.cancel_count(ctx, row[0], "no"),
            lambda ctx, row: counts.approve_count(ctx, row[0]),
        ),
    ),
    "hold": Kind(
        "select item_id, 'blocked', site_id from stock_level where blocked > 0",
        (
            lambda ctx, row: stock.release(ctx, item_id=row[0], site_id=row[2], reason="fine"),
            _released_everywhere,
            _thrown_away,
        ),
    ),
    "task": Kind(
        "select task_id, state, site_id from task",
        (
            lambda ctx, row: tasks.take(ctx, row[0]),
            lambda ctx, row: tasks.done(ctx, row[0], "done"),
            lambda ctx, row: tasks.drop(ctx, row[0], "not needed"),
            lambda ctx, row: tasks.snooze(ctx, row[0], ctx.now + timedelta(hours=1)),
            lambda ctx, row: tasks.reopen(ctx, row[0], "after all"),
        ),
    ),
}  # fmt: skip


class Business(Fulfilment):
    """All of it, and at the end nothing is stuck."""

    seen: Counter[tuple[str, str]]

    def teardown(self) -> None:
        try:
            for kind in KINDS:
                self._nothing_is_stuck(kind)
        finally:
            super().teardown()

    def _nothing_is_stuck(self, name: str) -> None:
        looked: Counter[str] = Counter()
        for row in values(self.tx, f"{KINDS[name].sql} order by 1 desc"):
            state = row[1]
            looked[state] += 1
            # Three of a kind in a run: what differs between them comes with the next run.
            if looked[state] > 3:
                continue
            self.seen[name, state] += 1
            if (name, state) not in FINAL:
                assert self._can_be_left(name, row), f"{name} {row[0]} is {state}, and nobody can do anything about it"

    def _can_be_left(self, name: str, row: Any) -> bool:
        """Whether somebody gets something done with it; whatever it is, it is taken back."""
        for act in KINDS[name].verbs:
            for who in ("max", "mara"):
                before, done = self.written(), False
                with self.tx.transaction(force_rollback=True):
                    try:
                        with self.tx.transaction():
                            act(self.office.within(self.tx, self.house.people[who]), row)
                            done = self.written() > before
                    except (ShelfwiseError, IndexError):
                        continue
                if done:
                    return True
        return False
