"""Who keeps the books: Shelfwise, or an ERP that tells what there is and takes proposals over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused
from shelfwise.records.changes import NeedsWord
from shelfwise.store.database import first, run, values

Keeper = Literal["shelfwise", "erp"]


@dataclass(frozen=True)
class Books:
    """Who keeps them, and how approved proposals reach the ERP.

    Attributes:
        hand_over_by: 'file' or 'rest'.
        hand_over_hours: for so long the ERP may be silent about a proposal before a person is asked.
    """

    books: Keeper
    hand_over_by: str
    hand_over_hours: int

    @property
    def elsewhere(self) -> bool:
        return self.books == "erp"


def books(ctx: Context) -> Books:
    """
    Raises:
        NotFound: the installation was never set up.
    """
    ctx.require_somewhere(Right.VIEW)
    found = first(
        ctx.tx, Books, "select books, hand_over_by, hand_over_hours from tenant where tenant_id = %s", (ctx.tenant,)
    )
    if found is None:
        raise NotFound("tenant", ctx.tenant)
    return found


def change_books(ctx: Context, to: Books, *, confirmed: bool = False) -> None:
    """Say who keeps the books from now on, and how proposals are handed over.

    Raises:
        Invalid: a value cannot be right.
        NeedsWord: what the ERP has on order is not known here afterwards, and it is not `confirmed` that this is meant.
        Refused: something is under way that would be lost; it is named.
    """
    ctx.require(Right.MANAGE_SETTINGS)
    if to.books not in ("shelfwise", "erp") or to.hand_over_by not in ("file", "rest"):
        raise Invalid(Fault("books", "shelfwise or erp, by file or rest", f"{to.books}, {to.hand_over_by}", "Choose."))
    if not 1 <= to.hand_over_hours <= 720:
        raise Invalid(Fault("hand_over_hours", "1 to 720", str(to.hand_over_hours), "Correct the hours."))
    before = books(ctx)
    if before == to:
        return
    if before.books != to.books:
        _refuse_to_lose(ctx, to.books)
        ahead = [] if to.elsewhere else _counted(ctx, _ON_ORDER_THERE)
        if ahead and not confirmed:
            raise NeedsWord(
                f"The ERP has {ahead[0]}. Shelfwise does not know of them from then on, until you import them as "
                "purchase orders."
            )
    run(
        ctx.tx,
        "update tenant set books = %s, hand_over_by = %s, hand_over_hours = %s where tenant_id = %s",
        (to.books, to.hand_over_by, to.hand_over_hours, ctx.tenant),
    )
    ctx.audit("books.changed", "company", keeper=to.books, by=to.hand_over_by, hours=to.hand_over_hours)


_ON_ORDER_THERE = {"lines on order": "select count(*) from erp_order where tenant_id = %(tenant)s and gone_at is null"}
_UNDER_WAY: dict[str, dict[str, str]] = {
    "erp": {
        "order lines that wait or are reserved": """select count(*) from sales_line
            where tenant_id = %(tenant)s and state in ('open', 'reserved')""",
        "purchase orders that are not finished": """select count(*) from purchase_order
            where tenant_id = %(tenant)s and state not in ('received', 'closed', 'cancelled')""",
        "transfers that are not finished": """select count(*) from transfer
            where tenant_id = %(tenant)s and state not in ('received', 'closed', 'cancelled')""",
        "counts that are not finished": """select count(*) from count_sheet
            where tenant_id = %(tenant)s and state not in ('posted', 'cancelled')""",
    },
    "shelfwise": {
        "proposals on their way into the ERP": """select count(*) from handover
            where tenant_id = %(tenant)s and state not in ('refused', 'seen', 'withdrawn')""",
    },
}


def _refuse_to_lose(ctx: Context, keeper: Keeper) -> None:
    """
    Raises:
        Refused: something is under way that the other one would not know of.
    """
    found = _counted(ctx, _UNDER_WAY[keeper])
    if found:
        raise Refused(f"There are still {', '.join(found)}. They would be lost. Finish, close or cancel them first.")


def _counted(ctx: Context, queries: dict[str, str]) -> list[str]:
    found = []
    for words, sql in queries.items():
        ((count,),) = values(ctx.tx, sql, {"tenant": ctx.tenant})
        if count:
            found.append(f"{count} {words}")
    return found
