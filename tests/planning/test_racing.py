"""The race of a site's items: who is due, what is kept, and that planning follows it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from shelfwise import jobs
from shelfwise.access.context import Context, Office
from shelfwise.access.model import system
from shelfwise.orders.model import NewSalesLine
from shelfwise.orders.service import take_sales_lines
from shelfwise.planning.model import Params
from shelfwise.planning.racing import service as racing
from shelfwise.planning.racing.model import OUTDATED, run
from shelfwise.planning.service import plan, snapshot
from shelfwise.records.item_packs import set_pack
from shelfwise.records.service import change_terms, terms
from shelfwise.stock.counts import finish_count, start_count, tell_count
from tests.planning.shop import YESTERDAY, Shop


def sold(shop: Shop, item: int, days: int, seed: int = 1) -> None:
    """Some, on most days."""
    amounts = np.random.default_rng(seed).poisson(4, days)
    take_sales_lines(
        shop.ctx,
        [
            NewSalesLine(
                f"sold-{item}-{day}", 1, shop.site, item, shop.ctx.now - timedelta(days=day),
                Decimal(int(amount)), Decimal(5),
            )
            for day, amount in enumerate(amounts, 1)
            if amount
        ],
    )  # fmt: skip


@pytest.fixture
def shop(ctx: Context) -> Shop:
    made = Shop.open(ctx)
    for sku, days in (("TEA", 120), ("NEW", 30)):
        item = made.item(sku)
        made.items.append(item)
        made.stock(item, 5)
        sold(made, item, days)
    made.forecast()
    return made


def raced(ctx: Context, shop: Shop) -> set[int]:
    runners = racing.gather(ctx, shop.site, racing.due(ctx, shop.site), YESTERDAY)
    found = run(runners, Params(), YESTERDAY, 1)
    racing.keep(ctx, shop.site, found)
    return set(found)


def test_what_wins_is_kept_shown_and_followed(ctx: Context, shop: Shop) -> None:
    tea, new = shop.items
    assert raced(ctx, shop) == {tea}
    (kept,) = racing.standings(ctx, shop.site).values()
    assert (kept.days, kept.until, kept.group, kept.apart) == (84, YESTERDAY, "A", True)
    states = {one.item_id: one for one in snapshot(ctx, shop.site).items}
    assert states[tea].standing == kept
    assert states[new].standing is None
    decisions = {one.item_id: one for one in plan(ctx, shop.site)[1]}
    assert decisions[tea].evidence["policy"]["race"]["winner"] == kept.policy
    assert decisions[new].evidence["policy"]["race"] is None


def test_who_raced_is_due_again_after_a_week_or_with_other_terms(ctx: Context, shop: Shop) -> None:
    tea, _ = shop.items
    raced(ctx, shop)
    assert racing.due(ctx, shop.site) == ()
    assert [one.item_id for one in racing.due(shop.later(days=6), shop.site)] == []
    assert [one.item_id for one in racing.due(shop.later(days=7), shop.site)] == [tea]
    change_terms(ctx, replace(terms(ctx, shop.supplier, tea), pack_size=Decimal(6)))
    assert [one.item_id for one in racing.due(ctx, shop.site)] == [tea]


def test_what_nobody_could_renew_counts_no_more(ctx: Context, shop: Shop) -> None:
    raced(ctx, shop)
    assert racing.standings(replace(ctx, now=ctx.now + OUTDATED), shop.site) != {}
    late = replace(ctx, now=ctx.now + OUTDATED + timedelta(days=1))
    assert racing.standings(late, shop.site) == {}
    assert racing.forget_outdated(late, shop.site, YESTERDAY + OUTDATED + timedelta(days=1)) == 1


def test_the_night_races_in_batches_and_tells_how_far_it_is(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "RACED_TOGETHER", 1)
    with office.context(system("test")) as own:
        shop = Shop.open(own)
        for sku in ("TEA", "RUM"):
            item = shop.item(sku)
            sold(shop, item, 100, seed=item)
        shop.forecast()
    told: list[tuple[int, int]] = []
    assert jobs.race(office, shop.site, lambda done, of: told.append((done, of))) == 2
    assert told == [(1, 2), (2, 2)]
    assert jobs.race(office, shop.site, lambda done, of: told.append((done, of))) == 0
    assert len(told) == 2


def test_counts_make_the_snapshot_unsure_of_what_was_not_counted_lately(ctx: Context, shop: Shop) -> None:
    others = [shop.item(f"COUNTED-{number}") for number in range(10)]
    for item in others:
        shop.stock(item, 20)
    sheet = start_count(
        ctx, site_id=shop.site, title="All", place_ids=[shop.bin], item_ids=others, tolerance=Decimal(1)
    )
    later = shop.later(days=20)
    found = [(item, "", Decimal(15 if number < 4 else 20)) for number, item in enumerate(others)]
    tell_count(later, sheet, shop.bin, found, "told")
    finish_count(later, sheet)
    much_later = shop.later(days=200)
    states = {one.item_id: one for one in snapshot(much_later, shop.site).items}
    assert not states[others[9]].on_hand.exact
    assert states[others[9]].on_hand.mean == 20
    assert {15.0, 20.0, 25.0} >= set(states[others[9]].on_hand.values)
    assert all(one.on_hand.exact for one in snapshot(later, shop.site).items if one.item_id in others)


def test_room_on_pallets_and_shelf_life_are_in_the_snapshot(ctx: Context, shop: Shop) -> None:
    tea, _ = shop.items
    set_pack(ctx, tea, "pallet", Decimal(40), YESTERDAY)
    states = {one.item_id: one for one in snapshot(ctx, shop.site).items}
    assert states[tea].pallet_share == pytest.approx(1 / 40)
    assert states[tea].shelf_life_days is None
    assert states[tea].quantum == 1
