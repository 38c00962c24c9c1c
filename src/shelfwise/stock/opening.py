"""What lies where before anything moved, lot by lot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.stock import lots
from shelfwise.stock.ledger import read_map
from shelfwise.stock.model import NewMovement
from shelfwise.stock.posting import post_many


@dataclass(frozen=True)
class OpeningLot:
    """So much of a lot that lies in a place; dates as they stand on it, None where nobody knows."""

    item_id: int
    place_id: int
    quantity: Decimal
    lot: str
    expires_on: date | None = None
    made_on: date | None = None


def opening_lots(ctx: Context, stock: Sequence[OpeningLot], occurred_at: datetime | None = None) -> list[int]:
    """Say what lies where by lots, thousands at once, as `opening_stock` does without them. Returns movement ids.

    Raises:
        Forbidden: without the right to adjust stock there.
        Invalid: a field cannot be right.
        NotFound: a place does not exist.
    """
    places = read_map(ctx, {one.place_id for one in stock})
    for site_id in sorted({places.spots[one.place_id].site_id for one in stock}):
        ctx.require(Right.ADJUST_STOCK, site_id)
    for one in stock:
        lots.put(ctx.tx, ctx.tenant, one.item_id, one.lot, one.expires_on, one.made_on, None)
    return post_many(
        ctx,
        [
            NewMovement(
                one.item_id, places.virtual[places.spots[one.place_id].site_id, "opening"], one.place_id, one.quantity,
                "opening", occurred_at, lot=one.lot,
            )
            for one in stock
        ],
    )  # fmt: skip
