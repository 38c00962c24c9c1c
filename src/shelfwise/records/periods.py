"""What suppliers' terms say otherwise for a time: all periods of an item at once, or thousands from a file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from psycopg import errors as pg

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound
from shelfwise.records import supplier_tables as tables
from shelfwise.records.changes import said
from shelfwise.records.model import refuse
from shelfwise.records.prices import period_faults
from shelfwise.records.supply import Period
from shelfwise.store.database import run


def set_periods(ctx: Context, supplier_id: int, item_id: int, periods: Sequence[Period]) -> None:
    """Say all times in which a supplier's terms for an item are otherwise; others are forgotten.

    Raises:
        Invalid: a period cannot be right, or two begin on one day.
        NotFound: the supplier does not sell the item.
    """
    ctx.require(Right.EDIT_RECORDS)
    _check(periods, "period")
    before = periods_of(ctx, supplier_id, item_id)
    tables.remove_periods(ctx.tx, ctx.tenant, supplier_id, item_id)
    _put(ctx, periods)
    after = periods_of(ctx, supplier_id, item_id)
    if before != after:
        ctx.audit(
            "periods.changed", f"supplier:{supplier_id}", item_id=item_id, before=_said(before), after=_said(after)
        )


def add_many_periods(ctx: Context, periods: Sequence[Period]) -> None:
    """Say thousands of periods at once; those that begin on the same day are replaced, others stay.

    Raises:
        Invalid: a period cannot be right, or two of an item begin on one day; nothing was added.
        NotFound: a supplier does not sell an item.
    """
    ctx.require(Right.IMPORT_DATA)
    _check(periods, "row")
    _put(ctx, periods)
    if periods:
        ctx.audit("periods.added", "terms", count=len(periods))


def remove_many_periods(ctx: Context, told: Collection[tuple[int, int, Any]]) -> None:
    """Forget periods by supplier, item and first day."""
    ctx.require(Right.IMPORT_DATA)
    if not told:
        return
    gone = run(
        ctx.tx,
        """delete from supplier_period p using unnest(%s::bigint[], %s::bigint[], %s::date[])
               u (supplier_id, item_id, starts)
           where p.tenant_id = %s and p.supplier_id = u.supplier_id and p.item_id = u.item_id
             and p.valid_from = u.starts""",
        (*map(list, zip(*told, strict=True)), ctx.tenant),
    )
    ctx.audit("periods.removed", "terms", count=gone)


def periods_for(ctx: Context, item_ids: Collection[int]) -> list[Period]:
    """When the terms of all suppliers for the items are otherwise, past and coming times too."""
    ctx.require_somewhere(Right.VIEW)
    return tables.periods_for(ctx.tx, ctx.tenant, item_ids)


def periods_of(ctx: Context, supplier_id: int, item_id: int) -> list[Period]:
    """When the terms of one supplier for one item are otherwise, by first day."""
    return [one for one in periods_for(ctx, [item_id]) if one.supplier_id == supplier_id]


def _check(periods: Sequence[Period], row: str) -> None:
    refuse(fault for number, one in enumerate(periods, 1) for fault in period_faults(one, f"{row} {number}, "))
    if len({(one.supplier_id, one.item_id, one.valid_from) for one in periods}) < len(periods):
        raise Invalid(Fault("periods", "one period from a day on", "two", "Keep the one that holds."))


def _put(ctx: Context, periods: Sequence[Period]) -> None:
    try:
        with ctx.tx.transaction():
            tables.put_periods(ctx.tx, ctx.tenant, periods)
    except pg.ForeignKeyViolation as error:
        sellers = sorted({one.supplier_id for one in periods})
        raise NotFound("terms behind a period of supplier", sellers) from error


def _said(periods: Iterable[Period]) -> list[dict[str, Any]]:
    return [
        {
            name: said(value)
            for name, value in asdict(one).items()
            if value is not None and name not in ("supplier_id", "item_id")
        }
        for one in periods
    ]
