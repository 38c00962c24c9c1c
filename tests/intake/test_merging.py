"""Two records become one and two again: nothing is lost on the way, whatever happened between."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shelfwise.access.context import Context
from shelfwise.core.errors import Refused
from shelfwise.demand.service import rebuild_history
from shelfwise.intake.joining import merging
from shelfwise.orders import service as orders
from shelfwise.orders.model import NewSalesLine
from shelfwise.records import service as records
from shelfwise.stock import service as stock
from shelfwise.stock.model import NewMovement
from shelfwise.store.database import value, values
from tests.conftest import NOON


@dataclass(frozen=True)
class Shop:
    """A site with three bins, three records of one mug, and a supplier of two of them."""

    site: int
    bins: tuple[int, ...]
    mugs: tuple[int, ...]
    supplier: int


@pytest.fixture
def shop(ctx: Context) -> Shop:
    site = records.add_site(ctx, code="B", name="Berlin", time_zone="Europe/Berlin", width_m=40.0, depth_m=20.0)
    bins = tuple(records.add_place(ctx, site_id=site, code=code) for code in ("A-1", "A-2", "A-3"))
    mugs = tuple(records.add_item(ctx, sku=sku, description="Red mug") for sku in ("MUG", "MUG-OLD", "MUG-OLDER"))
    supplier = records.add_supplier(ctx, code="POT", name="Potter Ltd")
    records.add_terms(ctx, supplier_id=supplier, item_id=mugs[1], unit_cost=Decimal("2.50"), currency="EUR")
    records.add_barcode(ctx, mugs[1], "4006381333931")
    for mug in mugs:
        records.set_pack(ctx, mug, "inner", Decimal(3), date(2026, 1, 1))
    stock.opening_stock(
        ctx, [(mugs[0], bins[0], Decimal(5)), (mugs[1], bins[1], Decimal(7)), (mugs[2], bins[2], Decimal(3))]
    )
    for number, mug in enumerate(mugs):
        sell(ctx, site, mug, f"H{number}", 3 + number, 20 + number)
    rebuild_history(ctx, site)
    return Shop(site, bins, mugs, supplier)


def sell(ctx: Context, site: int, item: int, order: str, quantity: int, days_ago: int) -> None:
    at = NOON - timedelta(days=days_ago)
    orders.take_sales_lines(ctx, [NewSalesLine(order, 1, site, item, at, Decimal(quantity), Decimal(4))])


def state(ctx: Context) -> dict[str, Any]:
    """All that an export would tell of the records, the stock and the history."""
    asked = {
        "items": "select sku, description, unit, archived from item order by sku",
        "barcodes": "select barcode, item_id, level from item_barcode order by 1",
        "terms": "select supplier_id, item_id, unit_cost, pack_size, provenance from supplier_item order by 1, 2",
        "places": "select code, item_id from place order by place_id",
        "balances": """select item_id, place_id, lot, status, on_hand from balance where on_hand <> 0
            and place_id in (select place_id from place where kind = 'bin') order by 1, 2, 3, 4""",
        "levels": "select item_id, on_hand, reserved from stock_level where on_hand <> 0 order by 1",
    }
    return {name: values(ctx.tx, sql) for name, sql in asked.items()}


def history(ctx: Context) -> dict[tuple[int, date], Decimal]:
    found = values(ctx.tx, "select item_id, day, quantity from demand_day")
    return {(item, day): quantity for item, day, quantity in found}


def sold(ctx: Context, item: int) -> Decimal:
    return sum((much for (one, _), much in history(ctx).items() if one == item), Decimal(0))


def lying(ctx: Context, item: int) -> dict[int, Decimal]:
    return dict(values(ctx.tx, """select place_id, sum(on_hand) from balance join place using (tenant_id, place_id)
        where balance.item_id = %s and kind = 'bin' group by 1 having sum(on_hand) <> 0""", (item,)))  # fmt: skip


def test_an_absorbed_item_is_the_other_one_wherever_it_is_named(ctx: Context, shop: Shop) -> None:
    mug, old, _ = shop.mugs
    merging.merge(ctx, "item", mug, old)
    assert records.item_by_sku(ctx, "MUG-OLD").sku == "MUG"
    assert records.item_ids(ctx, ["MUG-OLD"]) == {"MUG-OLD": mug}
    scanned = records.scanned(ctx, "4006381333931")
    assert scanned is not None and scanned.item.sku == "MUG"
    assert sold(ctx, mug) == 3 + 4 and sold(ctx, old) == 0
    assert lying(ctx, mug) == {shop.bins[0]: 5, shop.bins[1]: 7} and lying(ctx, old) == {}
    assert [one.supplier_id for one in records.terms_for(ctx, [mug])] == [shop.supplier]
    assert records.item(ctx, old).archived


@pytest.mark.parametrize("seed", range(6))
def test_merged_and_undone_in_any_chain_all_is_as_before(ctx: Context, shop: Shop, seed: int) -> None:
    rng = random.Random(seed)
    before, sales = state(ctx), history(ctx)
    free = list(shop.mugs)
    done: list[int] = []
    while len(free) > 1:
        survivor, absorbed = rng.sample(free, 2)
        done.append(merging.merge(ctx, "item", survivor, absorbed, Decimal(rng.choice([1, 1, 3]) if not done else 1)))
        free.remove(absorbed)
    assert sum(history(ctx).values()) >= sum(sales.values())
    rebuilt = history(ctx)
    rebuild_history(ctx, shop.site)
    assert history(ctx) == rebuilt
    for merge_id in reversed(done):
        assert merging.unmerge(ctx, merge_id) == []
    assert state(ctx) == before
    assert history(ctx) == sales
    assert stock.rebuild_check(ctx) == []


def test_a_chain_is_undone_from_its_end(ctx: Context, shop: Shop) -> None:
    mug, old, older = shop.mugs
    first = merging.merge(ctx, "item", old, older, Decimal(1))
    merging.merge(ctx, "item", mug, old)
    assert records.item_ids(ctx, ["MUG-OLDER"]) == {"MUG-OLDER": mug}
    assert sold(ctx, mug) == 3 + 4 + 5
    with pytest.raises(Refused, match="MUG-OLD was merged into another one after that"):
        merging.unmerge(ctx, first)


def test_sales_told_of_the_absorbed_item_go_back_to_it(ctx: Context, shop: Shop) -> None:
    mug, old, _ = shop.mugs
    records.set_go_live(ctx, NOON - timedelta(days=5))
    merge_id = merging.merge(ctx, "item", mug, old, Decimal(3))
    sell(ctx, shop.site, old, "S1", 2, 2)
    assert values(ctx.tx, "select item_id, quantity from sales_line where order_number = 'S1'") == [(mug, Decimal(6))]
    sell(ctx, shop.site, old, "S1", 2, 2)  # the same line once more is the same line
    rebuild_history(ctx, shop.site)
    assert sold(ctx, mug) == 3 + 3 * 4 + 6
    merging.unmerge(ctx, merge_id)
    assert [sold(ctx, mug), sold(ctx, old)] == [3, 4 + 2]
    sell(ctx, shop.site, old, "S1", 2, 2)
    rebuild_history(ctx, shop.site)
    assert [sold(ctx, mug), sold(ctx, old)] == [3, 4 + 2]


def test_stock_that_moved_is_taken_back_from_where_it_is_and_what_was_used_is_said(ctx: Context, shop: Shop) -> None:
    mug, old, _ = shop.mugs
    merge_id = merging.merge(ctx, "item", mug, old)
    stock.post(ctx, NewMovement(mug, shop.bins[1], shop.bins[2], Decimal(4), "move"))
    customer = int(value(ctx.tx, "select place_id from place where kind = 'customer'"))
    for place, much in ((shop.bins[0], 5), (shop.bins[1], 2)):
        stock.post(ctx, NewMovement(mug, place, customer, Decimal(much), "ship"))
    said = merging.unmerge(ctx, merge_id)
    assert lying(ctx, old) == {shop.bins[1]: 1, shop.bins[2]: 4}
    assert said == [
        "4 each of MUG-OLD are in A-3 now, where they were put since.",
        "2 of 7 each cannot be put back: they were used, or are promised as MUG.",
    ]
    assert stock.rebuild_check(ctx) == []


def test_terms_changed_since_stay(ctx: Context, shop: Shop) -> None:
    mug, old, _ = shop.mugs
    merge_id = merging.merge(ctx, "item", mug, old)
    (given,) = records.terms_for(ctx, [mug])
    records.add_terms(ctx, supplier_id=given.supplier_id, item_id=mug, unit_cost=Decimal(3), currency="EUR")
    merging.unmerge(ctx, merge_id)
    assert [one.unit_cost for one in records.terms_for(ctx, [mug])] == [Decimal(3)]


def refused(ctx: Context, ids: Sequence[int], factor: int = 1) -> str:
    told = merging.outlook(ctx, "item", ids[0], ids[1], Decimal(factor))
    with pytest.raises(Refused):
        merging.merge(ctx, "item", ids[0], ids[1], Decimal(factor))
    return " ".join(told.hinders)


def test_what_stands_in_the_way_is_said_before(ctx: Context, shop: Shop) -> None:
    mug, old, older = shop.mugs
    records.add_barcode(ctx, older, "4006381333948", "case")
    records.set_pack(ctx, older, "case", Decimal(6), date(2026, 1, 1))
    assert "has no pack of that size" in refused(ctx, (mug, older))
    records.set_go_live(ctx, NOON - timedelta(days=5))
    sell(ctx, shop.site, old, "OPEN", 1, 1)
    assert "MUG-OLD is in sales order OPEN" in refused(ctx, (mug, old))
    box = records.add_item(ctx, sku="BOX", unit="kg", quantum=Decimal("0.5"))
    said = refused(ctx, (mug, box))
    assert "kept in kg" in said and "is no multiple" in said
    merging.merge(ctx, "item", old, box, Decimal(2))
    assert "BOX is merged into MUG-OLD already" in refused(ctx, (mug, box), 2)


def test_a_barcode_of_a_case_names_the_pack_that_holds_as_much(ctx: Context, shop: Shop) -> None:
    mug, _, _ = shop.mugs
    case = records.add_item(ctx, sku="MUG-CASE")
    records.add_barcode(ctx, case, "4006381333955")
    records.set_pack(ctx, mug, "case", Decimal(12), date(2026, 1, 1))
    merging.merge(ctx, "item", mug, case, Decimal(12))
    read = records.by_barcode(ctx, "4006381333955")
    assert read is not None and (read.item_id, read.level) == (mug, "case")
    assert records.item_by_sku(ctx, "MUG-CASE").sku == "MUG-CASE"


def test_an_absorbed_supplier_sells_nothing_more_and_its_deliveries_count_for_the_other(
    ctx: Context, shop: Shop
) -> None:
    other = records.add_supplier(ctx, code="POT2", name="Potter Limited")
    merge_id = merging.merge(ctx, "supplier", other, shop.supplier)
    assert records.supplier_ids(ctx, ["POT"]) == {"POT": other}
    assert [one.supplier_id for one in records.terms_for(ctx, [shop.mugs[1]])] == [other]
    assert merging.unmerge(ctx, merge_id) == []
    assert [one.supplier_id for one in records.terms_for(ctx, [shop.mugs[1]])] == [shop.supplier]
    assert records.terms_of(ctx, other) == []
