"""What people do to purchase orders in the warehouses of machine.py."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import rule

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.orders import service as orders
from shelfwise.stock import service as stock
from shelfwise.stock.model import Status
from tests.books.machine import EXPIRY, Warehouses, amounts, bins, held, lots, picks, sites, whoever

ORDERS = "select purchase_order_id, site_id, number, state, answer_to from purchase_order order by 1"
UNDER_WAY = frozenset({"approved", "sent", "confirmed", "part_received"})
# What can be done to an order in which states, and the right that it takes.
VERBS: dict[str, tuple[frozenset[str], Right]] = {
    "approve": (frozenset({"draft"}), Right.DECIDE_PROPOSALS),
    "take back": (frozenset({"approved"}), Right.DECIDE_PROPOSALS),
    "edit": (frozenset({"draft"}), Right.DECIDE_PROPOSALS),
    "send": (frozenset({"approved"}), Right.RUN_PLANNING),
    "close": (UNDER_WAY, Right.DECIDE_PROPOSALS),
    "reopen": (frozenset({"closed"}), Right.DECIDE_PROPOSALS),
    "cancel": (frozenset({"draft", "approved", "sent", "confirmed"}), Right.DECIDE_PROPOSALS),
    "restore": (frozenset({"cancelled"}), Right.DECIDE_PROPOSALS),
    "accepted": (frozenset({"asked"}), Right.RUN_PLANNING),
    "refused": (frozenset({"asked"}), Right.RUN_PLANNING),
    "confirm": (UNDER_WAY, Right.RUN_PLANNING),
    "change": (frozenset({"sent", "confirmed", "part_received"}), Right.DECIDE_PROPOSALS),
}


def choice(fitting: list[str], every: Iterable[str], number: int) -> str:
    """One of the verbs that fit; each seventh time, or where none fits, any."""
    known = sorted(every)
    some = fitting if fitting and number % 7 else known
    return some[number % len(some)]


class Purchasing(Warehouses):
    """Orders are drafted, merged, approved, sent, changed, answered, received, closed and undone."""

    def lines(self, mugs: Decimal, milk: Decimal) -> list[tuple[int, Decimal, Decimal]]:
        return [(self.house.items["MUG"], mugs, Decimal(1)), (self.house.items["MILK"], milk, Decimal(1))]

    @rule(site=sites, supplier=st.sampled_from((0, 1)), mugs=amounts, milk=amounts, sent=st.booleans(), who=whoever)
    def buy(self, site: int, supplier: int, mugs: Decimal, milk: Decimal, sent: bool, who: str) -> None:
        site_id = self.house.sites[site]
        with self.step("buy", who, Right.DECIDE_PROPOSALS, site_id) as ctx:
            placed = orders.place_purchase_order(
                ctx, decision_key=self.source(), supplier_id=self.house.suppliers[supplier], site_id=site_id,
                currency="EUR", expected_at=self.now + timedelta(days=7), lines=self.lines(mugs, milk),
            )  # fmt: skip
            if sent:
                orders.mark_sent(ctx, placed.number)

    @rule(site=sites, mugs=amounts, milk=amounts, who=whoever)
    def draft(self, site: int, mugs: Decimal, milk: Decimal, who: str) -> None:
        site_id = self.house.sites[site]
        with self.step("draft", who, Right.DECIDE_PROPOSALS, site_id) as ctx:
            orders.draft_purchase_order(
                ctx, key=self.source(), supplier_id=self.house.suppliers[0], site_id=site_id, currency="EUR",
                expected_at=self.now + timedelta(days=7), lines=self.lines(mugs, milk),
            )  # fmt: skip

    @rule(pick=picks)
    def merge(self, pick: int) -> None:
        found = self.one_of(
            """select array_agg(purchase_order_id) from purchase_order where state = 'draft' and {fit}
               group by supplier_id, site_id having count(*) > 1 order by 1""",
            pick,
        )
        if found is not None:
            with self.step("merge") as ctx:
                orders.merge_drafts(ctx, found[0][:2])

    @rule(pick=picks, number=picks, much=st.integers(1, 9).map(Decimal), who=whoever)
    def purchase_lives_on(self, pick: int, number: int, much: Decimal, who: str) -> None:
        self.go_on(pick, number, much, who)

    @rule(pick=picks, numbers=st.lists(picks, min_size=2, max_size=5), much=st.integers(1, 9).map(Decimal))
    def purchase_lives_long(self, pick: int, numbers: list[int], much: Decimal) -> None:
        """One order goes on and on."""
        for number in numbers:
            self.go_on(pick, number, much, "mara")

    def go_on(self, pick: int, number: int, much: Decimal, who: str) -> None:
        found = self.one_of(ORDERS, pick)
        if found is None:
            return
        stands = {found[3], "asked" if found[4] else ""}
        verb = choice([name for name, (states, _) in VERBS.items() if stands & states], VERBS, number)
        later = self.now + timedelta(days=int(much))
        acts: dict[str, Callable[[Context, int, str], object]] = {
            "approve": lambda ctx, order, _: orders.approve_purchase_order(ctx, order),
            "take back": lambda ctx, order, _: orders.take_back_approval(ctx, order, "too much"),
            "edit": lambda ctx, order, _: orders.edit_draft(
                ctx, order, lines=self.lines(much, much), expected_at=later, note="changed"
            ),
            "send": lambda ctx, _, number: orders.mark_sent(ctx, number),
            "close": lambda ctx, order, _: orders.close_purchase_order(ctx, order, "no more comes"),
            "reopen": lambda ctx, order, _: orders.reopen(ctx, order, "it comes after all"),
            "cancel": lambda ctx, order, _: orders.cancel(ctx, order, "no longer needed"),
            "restore": lambda ctx, order, _: orders.restore(ctx, order, "needed after all"),
            "accepted": lambda ctx, order, _: orders.answer(ctx, order, True),
            "refused": lambda ctx, order, _: orders.answer(ctx, order, False),
            "confirm": lambda ctx, order, _: orders.confirm(
                ctx, order, [orders.Confirmed(1, much - 1, later), orders.Confirmed(2)]
            ),
            "change": lambda ctx, order, _: orders.change_sent(ctx, order, {1: much + 4}, later, "other plans"),
        }
        with self.step(f"order: {verb}", who, VERBS[verb][1], found[1]) as ctx:
            acts[verb](ctx, found[0], found[2])

    @rule(pick=picks, much=amounts, lot=lots, code=bins, status=st.just("available") | held, who=whoever)
    def receive(self, pick: int, much: Decimal, lot: str | None, code: str, status: Status, who: str) -> None:
        found = self.one_of(
            """select purchase_order_id, line, site_id from purchase_line
               join purchase_order using (tenant_id, purchase_order_id) where {fit} order by 1, 2""",
            pick, "state not in ('draft', 'cancelled')",
        )  # fmt: skip
        if found is not None:
            place_id = self.place(self.house.sites.index(found[2]), code)
            expires = EXPIRY.get(lot or "")
            with self.step("receive", who, Right.RECEIVE_GOODS, found[2]) as ctx:
                stock.receive(
                    ctx, found[0], found[1], much, place_id, self.source(), lot=lot or None,
                    expires_on=None if expires is None else expires.date(), status=status,
                )  # fmt: skip
