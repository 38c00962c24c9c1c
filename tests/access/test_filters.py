"""Saved filters: one's own, what others share, and the one that a page opens with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from shelfwise.access import filters
from shelfwise.access import service as access
from shelfwise.access.context import Context, Office
from shelfwise.access.model import Right, Role, key_actor, person
from shelfwise.core.errors import Forbidden, Invalid, NotFound, Refused


@pytest.fixture
def two(office: Office) -> Iterator[tuple[Context, Context]]:
    """Mara and Omar, in one transaction."""
    with office.context(person("root", Role.ADMIN)) as ctx:
        mara = access.add_user(ctx, "mara", "Mara", None, Role.MANAGER)
        omar = access.add_user(ctx, "omar", "Omar", None, Role.OPERATOR)
        yield (
            replace(ctx, actor=person("mara", Role.MANAGER, user_id=mara)),
            replace(ctx, actor=person("omar", Role.OPERATOR, user_id=omar)),
        )


def save(ctx: Context, name: str, query: str, shared: bool = False) -> int:
    """A filter of the orders; its id."""
    filters.save_filter(ctx, "orders", name, query, shared=shared)
    return next(one.filter_id for one in filters.filters(ctx, "orders") if one.name == name.strip())


def names(ctx: Context, page: str = "orders") -> list[str]:
    return [one.name for one in filters.filters(ctx, page)]


def test_a_filter_is_ones_own_until_it_is_shared(two: tuple[Context, Context]) -> None:
    mara, omar = two
    late = save(mara, " Late ones ", "show=late")
    assert (names(mara), names(omar), names(mara, "sales_orders")) == (["Late ones"], [], [])
    with pytest.raises(NotFound):
        filters.filter_of(omar, late)
    filters.change_filter(mara, late, "Late", True)
    (found,) = filters.filters(omar, "orders")
    assert (found.name, found.query, found.owner, found.mine, found.default) == (
        "Late",
        "show=late",
        "mara",
        False,
        False,
    )


def test_what_somebody_else_saved_is_not_changed_and_not_deleted(two: tuple[Context, Context]) -> None:
    mara, omar = two
    late = save(mara, "Late", "show=late", shared=True)
    with pytest.raises(Forbidden, match="mara saved this filter"):
        filters.change_filter(omar, late, "Mine", True)
    with pytest.raises(Forbidden, match="mara saved this filter"):
        filters.remove_filter(omar, late)
    assert names(omar) == ["Late"]


def test_saved_again_under_its_name_it_is_replaced(two: tuple[Context, Context]) -> None:
    mara, _ = two
    late = save(mara, "A", "show=late")
    assert save(mara, "A", "show=all") == late
    assert [one.query for one in filters.filters(mara, "orders")] == ["show=all"]
    other = save(mara, "B", "")
    with pytest.raises(Refused, match="already"):
        filters.change_filter(mara, other, "A", False)


def test_a_page_opens_with_the_filter_that_each_person_chose(two: tuple[Context, Context]) -> None:
    mara, omar = two
    late = save(mara, "Late", "show=late", shared=True)
    done = save(mara, "Done", "show=done")
    filters.open_with(mara, "orders", done)
    filters.open_with(mara, "orders", late)
    filters.open_with(omar, "orders", late)
    opened = [filters.opens_with(one, "orders") for one in two]
    assert [one.name for one in opened if one] == ["Late", "Late"]
    filters.change_filter(mara, late, "Late", False)
    assert filters.opens_with(omar, "orders") is None
    filters.open_with(mara, "orders", None)
    assert filters.opens_with(mara, "orders") is None
    with pytest.raises(NotFound):
        filters.open_with(mara, "sales_orders", late)
    filters.open_with(mara, "orders", late)
    filters.remove_filter(mara, late)
    assert filters.opens_with(mara, "orders") is None
    assert names(mara) == ["Done"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\nb", "a\x00b"])
def test_a_filter_needs_a_name_that_fits(two: tuple[Context, Context], name: str) -> None:
    with pytest.raises(Invalid, match="name: expected"):
        filters.save_filter(two[0], "orders", name, "")


def test_a_query_that_is_none_and_too_many_filters_are_refused(
    two: tuple[Context, Context], monkeypatch: pytest.MonkeyPatch
) -> None:
    mara, _ = two
    with pytest.raises(Invalid, match="query"):
        filters.save_filter(mara, "orders", "A", "x" * 2001)
    monkeypatch.setattr(filters, "MOST", 1)
    filters.save_filter(mara, "orders", "A", "")
    with pytest.raises(Refused, match="Delete one"):
        filters.save_filter(mara, "orders", "B", "")


def test_a_program_saves_no_filter_and_finds_what_is_shared(two: tuple[Context, Context]) -> None:
    mara, _ = two
    filters.save_filter(mara, "orders", "Late", "show=late", shared=True)
    filters.save_filter(mara, "orders", "Mine", "show=late")
    shop = replace(mara, actor=key_actor("shop", frozenset({Right.VIEW})))
    assert names(shop) == ["Late"]
    with pytest.raises(Forbidden, match="saved by a person"):
        filters.save_filter(shop, "orders", "Late", "")
    with pytest.raises(Forbidden):
        filters.open_with(shop, "orders", None)
