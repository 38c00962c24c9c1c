"""Which item takes another's place: told, refused where it would go round in a circle, and followed through merges."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from shelfwise.access.context import Context
from shelfwise.core.errors import Invalid, NotFound
from shelfwise.records import service
from shelfwise.records.item_rules import with_wider
from shelfwise.records.succession import (
    Succession,
    circle,
    predecessor_of,
    remove_predecessor,
    set_predecessor,
    successions,
    successors_of,
)
from shelfwise.store.database import run

DAY = date(2026, 5, 1)


def items(ctx: Context, *skus: str) -> list[int]:
    return [service.add_item(ctx, sku=sku) for sku in skus]


def test_what_an_item_replaces_is_kept_changed_and_taken_back(ctx: Context) -> None:
    old, new = items(ctx, "OLD", "NEW")
    set_predecessor(ctx, Succession(new, old, DAY))
    set_predecessor(ctx, told := Succession(new, old, DAY, Decimal("0.5")))
    assert predecessor_of(ctx, new) == told
    assert successors_of(ctx, old) == successions(ctx) == [told]
    remove_predecessor(ctx, new)
    remove_predecessor(ctx, new)
    assert predecessor_of(ctx, new) is None


def test_no_item_comes_after_itself(ctx: Context) -> None:
    a, b, c = items(ctx, "A", "B", "C")
    set_predecessor(ctx, Succession(b, a, DAY))
    set_predecessor(ctx, Succession(c, b, DAY))
    with pytest.raises(Invalid, match=r"A replaces C replaces B|C replaces B replaces A"):
        set_predecessor(ctx, Succession(a, c, DAY))
    with pytest.raises(Invalid, match="A replaces A"):
        set_predecessor(ctx, Succession(a, a, DAY))
    with pytest.raises(Invalid, match="replaces_factor"):
        set_predecessor(ctx, Succession(b, a, DAY, Decimal(0)))
    with pytest.raises(NotFound):
        set_predecessor(ctx, Succession(b, 999_999, DAY))
    assert predecessor_of(ctx, a) is None


def test_circles_are_found_and_chains_and_forks_are_none() -> None:
    assert circle([(2, 1), (3, 2), (4, 2)]) == []
    assert sorted(circle([("B", "A"), ("C", "B"), ("A", "C"), ("D", "A")])) == ["A", "B", "C"]


def test_of_merged_items_the_survivors_count_in_their_units(ctx: Context) -> None:
    old, new, box, single = items(ctx, "OLD", "NEW", "OLD-BOX", "NEW-SINGLE")
    set_predecessor(ctx, Succession(new, box, DAY, Decimal(3)))
    merged = "insert into joined (tenant_id, kind, id, survivor_id, factor) values (%s, 'item', %s, %s, %s)"
    run(ctx.tx, merged, (ctx.tenant, box, old, 6))
    run(ctx.tx, merged, (ctx.tenant, new, single, 4))
    assert successions(ctx) == [Succession(single, old, DAY, Decimal(2))]
    run(ctx.tx, "update joined set survivor_id = %s where id = %s", (single, box))
    assert successions(ctx) == []


def test_a_category_lies_in_all_that_stand_before_it(ctx: Context) -> None:
    for sku, category in (("MILK", "Dairy / Milk"), ("EGGS", "Eggs"), ("CAN", "")):
        service.add_item(ctx, sku=sku, category=category)
    assert service.categories(ctx) == with_wider(["Eggs", "Dairy / Milk"]) == ["Dairy", "Dairy / Milk", "Eggs"]
    assert [one.sku for one in service.items(ctx, "dairy")] == ["MILK"]
