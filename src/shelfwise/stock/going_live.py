"""Going live: the moment from which sales reserve and take stock. Before it all sales are history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, Refused
from shelfwise.records import service as records
from shelfwise.records.changes import NeedsWord
from shelfwise.store.database import first

# Between reading a page and sending its form.
_A_MOMENT = timedelta(minutes=15)
_AHEAD = timedelta(days=366)


@dataclass(frozen=True)
class GoingLive:
    """How far it is.

    Attributes:
        at: the moment; None: not decided.
        decided_by, decided_at: who said so, and when; None where nobody did.
        items: that are kept; `counted`: those of them that were told to lie somewhere.
        sales, moves: order lines that are no history, and movements but for opening stock, since the moment.
    """

    at: datetime | None
    decided_by: str | None
    decided_at: datetime | None
    items: int
    counted: int
    sales: int
    moves: int

    @property
    def can_move(self) -> bool:
        """Nothing has happened that would mean something else under another moment."""
        return not (self.sales or self.moves)


def going_live(ctx: Context) -> GoingLive:
    """How far the company is on its way."""
    ctx.require_somewhere(Right.VIEW)
    found = first(
        ctx.tx,
        GoingLive,
        """select %(at)s::timestamptz as at, last.actor_name as decided_by, last.business_at as decided_at,
               (select count(*) from item where tenant_id = %(tenant)s and not archived) as items,
               (select count(distinct m.item_id) from movement m join item i using (tenant_id, item_id)
                   where m.tenant_id = %(tenant)s and m.reason = 'opening' and not i.archived) as counted,
               (select count(*) from sales_line where tenant_id = %(tenant)s and state <> 'history'
                   and quantity > 0 and ordered_at >= %(at)s) as sales,
               (select count(*) from movement where tenant_id = %(tenant)s and reason <> 'opening'
                   and occurred_at >= %(at)s) as moves
           from (values (1)) one
           left join lateral (select actor_name, business_at from audit_entry
               where tenant_id = %(tenant)s and action = 'go_live.decided'
               order by audit_id desc limit 1) last on true""",
        {"tenant": ctx.tenant, "at": records.go_live(ctx)},
    )
    if found is None:
        raise RuntimeError("a query of one row gave none")
    return found


def decide_go_live(ctx: Context, at: datetime, *, confirmed: bool = False) -> None:
    """Say from when on sales reserve and take stock; can be moved while nothing has happened after it.

    Raises:
        Invalid: a moment that is past, for sales since then are history already, or one far ahead.
        NeedsWord: nothing, or not everything, was told to lie anywhere, and it is not `confirmed` that this is meant.
        Refused: something has happened since the moment that was decided.
    """
    ctx.require(Right.IMPORT_DATA)
    known = going_live(ctx)
    if not known.can_move:
        raise Refused(
            f"Since the books went live {known.sales} order lines and {known.moves} movements were booked. Under "
            "another moment they would mean something else, so it stays."
        )
    if not ctx.now - _A_MOMENT <= at <= ctx.now + _AHEAD:
        raise Invalid(
            Fault(
                "go live at", "now or a moment in the next year", at.isoformat(timespec="minutes"),
                "Sales that came in before this moment are history already, and stay it. Choose now or a later moment.",
            )
        )  # fmt: skip
    if not confirmed and known.counted < known.items:
        raise NeedsWord(_uncounted(known))
    records.set_go_live(ctx, at)


def _uncounted(known: GoingLive) -> str:
    if not known.counted:
        what = "Nothing was said to lie anywhere yet" if known.items else "There is no item yet"
        return f"{what}: from that moment on every order would wait for goods that the books do not know of."
    rest = known.items - known.counted
    return (
        f"{rest} of {known.items} items were never said to lie anywhere: the books take them for sold out, and orders "
        "for them wait."
    )
