"""Sales lines. They come by the million and are read by columns, in `intake.sales`; here is what the page must know."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from shelfwise.access.context import Context
from shelfwise.intake.kind import Change, Key, Kind, Posted, Record, Row, RowFault
from shelfwise.records import exchange


def _known(ctx: Context, keys: Collection[Key] | None) -> dict[Key, Record]:
    return {}


def _check(ctx: Context, rows: Sequence[Row]) -> Iterator[RowFault]:
    return iter(())


def _write(ctx: Context, changes: Sequence[Change], at: datetime | None) -> Posted:
    return Posted()


SALES = Kind(
    sheet=exchange.SALES,
    noun=("sales line", "sales lines"),
    known=_known,
    check=_check,
    write=_write,
    unread=("state", "issued"),
    once=True,
)
