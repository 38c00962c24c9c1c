"""Which item takes another's place, and from when on: what is known of the one then counts for the other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, shorten
from shelfwise.core.quantities import plain
from shelfwise.records.items import item, items_by_id
from shelfwise.records.joined import standing
from shelfwise.records.model import positive_faults, refuse
from shelfwise.store.database import rows, run

# An item, by its id or by its SKU.
MOST_UNITS = 1_000_000
"""Of a new item for one of the old."""
Named = TypeVar("Named", int, str)


@dataclass(frozen=True)
class Succession:
    """An item takes the place of another from a day on; one of the other is `factor` of its own unit.

    A box of 12 that replaces boxes of 6 has a factor of 0.5.
    """

    item_id: int
    replaces_id: int
    from_day: date
    factor: Decimal = Decimal(1)


def predecessor_of(ctx: Context, item_id: int) -> Succession | None:
    """What an item replaces, as it was told."""
    ctx.require_somewhere(Right.VIEW)
    return next(iter(_stored(ctx, "item_id = %s", item_id)), None)


def successors_of(ctx: Context, item_id: int) -> list[Succession]:
    """What replaces an item, as it was told, by the day."""
    ctx.require_somewhere(Right.VIEW)
    return _stored(ctx, "replaces_id = %s", item_id)


def successions(ctx: Context) -> list[Succession]:
    """All of them, between the records that stand: of items that were merged their survivors, in their units.

    Where a merge makes an item its own predecessor, or gives it a second one, what was told of the survivor holds.
    """
    ctx.require_somewhere(Right.VIEW)
    told = _stored(ctx)
    known = standing(ctx.tx, ctx.tenant, "item", {one for link in told for one in (link.item_id, link.replaces_id)})
    found: dict[int, Succession] = {}
    for link in sorted(told, key=lambda link: link.item_id in known):
        for_item, replaced = known.get(link.item_id), known.get(link.replaces_id)
        factor = link.factor * (for_item.factor if for_item else 1) / (replaced.factor if replaced else 1)
        item_id = for_item.survivor_id if for_item else link.item_id
        replaces_id = replaced.survivor_id if replaced else link.replaces_id
        if item_id != replaces_id:
            found.setdefault(item_id, Succession(item_id, replaces_id, link.from_day, factor))
    return list(found.values())


def set_predecessor(ctx: Context, told: Succession) -> None:
    """Say what an item replaces; what was said before is replaced.

    Raises:
        Invalid: the factor cannot be right, or the item would come after itself.
        NotFound: one of the items does not exist.
    """
    ctx.require(Right.EDIT_RECORDS)
    replaced = item(ctx, told.replaces_id)
    item(ctx, told.item_id)
    _lock(ctx)
    refuse([*factor_faults(told.factor), *_circle_faults(ctx, [told])])
    if predecessor_of(ctx, told.item_id) == told:
        return
    _put(ctx, [told])
    ctx.audit(
        "item.replaces", f"item:{told.item_id}", replaced=replaced.sku, from_day=told.from_day.isoformat(),
        factor=plain(told.factor),
    )  # fmt: skip


def remove_predecessor(ctx: Context, item_id: int) -> None:
    """An item replaces nothing.

    Raises:
        NotFound: there is no such item.
    """
    ctx.require(Right.EDIT_RECORDS)
    item(ctx, item_id)
    if run(ctx.tx, "delete from succession where tenant_id = %s and item_id = %s", (ctx.tenant, item_id)):
        ctx.audit("item.replaces_nothing", f"item:{item_id}")


def put_successions(ctx: Context, told: Sequence[Succession], gone: Collection[int] = ()) -> None:
    """Say what thousands of items replace, as files bring it.

    Args:
        gone: items that replace nothing any more.

    Raises:
        Invalid: a factor cannot be right, or an item would come after itself; nothing was changed.
    """
    ctx.require(Right.IMPORT_DATA)
    if not told and not gone:
        return
    _lock(ctx)
    run(ctx.tx, "delete from succession where tenant_id = %s and item_id = any(%s)", (ctx.tenant, list(gone)))
    refuse([*(fault for one in told for fault in factor_faults(one.factor)), *_circle_faults(ctx, told)])
    _put(ctx, told)
    ctx.audit("items.replace", "items", count=len(told) + len(gone))


def factor_faults(factor: Decimal) -> Iterator[Fault]:
    """What is wrong with how many units of the new item one of the old one is."""
    yield from positive_faults(factor, "replaces_factor", "units of the new item for one of the old")
    if factor > MOST_UNITS:
        yield Fault("replaces_factor", f"at most {MOST_UNITS:,}", shorten(str(factor)), "Is it a code, or an amount?")


def circle(links: Iterable[tuple[Named, Named]]) -> list[Named]:
    """Items that come after themselves, each after the one before it, if there are any.

    Args:
        links: (item, what it replaces); each item replaces one at most.
    """
    before = dict(links)
    cleared: set[Named] = set()
    for start in before:
        way: dict[Named, None] = {}
        one: Named | None = start
        while one is not None and one not in cleared:
            if one in way:
                return list(way)[list(way).index(one) :]
            way[one] = None
            one = before.get(one)
        cleared |= way.keys()
    return []


def _circle_faults(ctx: Context, told: Sequence[Succession]) -> Iterator[Fault]:
    """What is told, with what is known, must not make an item its own predecessor."""
    known = {one.item_id: one.replaces_id for one in _stored(ctx)}
    if found := circle((known | {one.item_id: one.replaces_id for one in told}).items()):
        names = items_by_id(ctx, found)
        chain = " replaces ".join(names[one].sku for one in [*found, found[0]])
        yield Fault("replaces", "an item that does not come after this one", chain, "Take one of these back first.")


def _stored(ctx: Context, where: str = "true", *told: int) -> list[Succession]:
    return rows(
        ctx.tx,
        Succession,
        f"""select item_id, replaces_id, from_day, factor from succession
            where tenant_id = %s and {where} order by from_day, item_id""",
        (ctx.tenant, *told),
    )


def _lock(ctx: Context) -> None:
    """One at a time says what replaces what: two who each close half of a circle would both be let through."""
    run(ctx.tx, "select pg_advisory_xact_lock(hashtext('succession'), %s)", (ctx.tenant,))


def _put(ctx: Context, told: Sequence[Succession]) -> None:
    with ctx.tx.cursor() as cursor:
        cursor.executemany(
            """insert into succession (tenant_id, item_id, replaces_id, from_day, factor) values (%s, %s, %s, %s, %s)
               on conflict (tenant_id, item_id) do update set replaces_id = excluded.replaces_id,
                   from_day = excluded.from_day, factor = excluded.factor""",
            [(ctx.tenant, one.item_id, one.replaces_id, one.from_day, one.factor) for one in told],
        )
