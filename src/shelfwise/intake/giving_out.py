"""Everything that can be imported, given out: each kind of record as a file would show it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from psycopg.rows import dict_row

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.intake.kind import Kind, Record
from shelfwise.intake.kinds import KINDS
from shelfwise.intake.kinds.sales import SALES
from shelfwise.records.exchange import Sheet

BATCH = 2000


@dataclass(frozen=True)
class Given:
    """The records of one kind; they are read once, while the context that gave them is open."""

    sheet: Sheet
    records: Iterator[Record]


def give_out(ctx: Context, names: Collection[str]) -> list[Given]:
    """The records of the kinds with these names, in the order in which they can be imported again.

    Raises:
        Forbidden: the actor may not import data at every site: whoever takes everything along sees everything.
        Invalid: a kind does not exist, or none is named.
    """
    ctx.require(Right.IMPORT_DATA)
    known = [kind.name for kind in KINDS]
    wrong = sorted(set(names) - set(known))
    if wrong or not names:
        raise Invalid(
            Fault(
                "sheets", f"some of {', '.join(known)}", shorten(wrong[0]) if wrong else "none", "Tick what you need."
            )
        )
    chosen = [kind for kind in KINDS if kind.name in names]
    ctx.audit("data.exported", "tenant", sheets=[kind.name for kind in chosen])
    return [Given(kind.sheet, _records(ctx, kind)) for kind in chosen]


def _records(ctx: Context, kind: Kind) -> Iterator[Record]:
    if kind is SALES:
        return _sales(ctx)
    return iter(kind.known(ctx, None).values())


def _sales(ctx: Context) -> Iterator[Record]:
    """Lines come by the million: a few at a time."""
    with ctx.tx.cursor(name="sales_lines", row_factory=dict_row) as cursor:
        cursor.execute(
            """select s.order_number, s.line, t.code as site, i.sku, i.description, s.quantity, s.ordered_at,
                      s.unit_price, s.customer, s.country, s.state, s.issued
               from sales_line s join item i using (tenant_id, item_id) join site t using (tenant_id, site_id)
               where s.tenant_id = %s order by s.order_number, s.line""",
            (ctx.tenant,),
        )
        while some := cursor.fetchmany(BATCH):
            yield from some
