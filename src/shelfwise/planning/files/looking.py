"""What may run out and what is too much if nobody does anything, of one item of a folder."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from shelfwise.core.quantities import plain
from shelfwise.orders.coming import Awaited
from shelfwise.planning.files.reading import Told
from shelfwise.planning.model import ItemState, Snapshot
from shelfwise.planning.risk.looking import Beside, LotHere, look
from shelfwise.planning.risk.model import Outlook


def outlook(
    seed: int,
    snapshot: Snapshot,
    item: ItemState,
    told: Told,
    suppliers: Mapping[str, int],
    last_sold: date | None,
    longest_cover_days: int,
) -> Outlook:
    """
    Args:
        suppliers: id by code, of those who sell anything.
        last_sold: None: nobody knows.
    """
    beside = Beside(
        quantum=item.quantum,
        idle_since=last_sold,
        awaited=tuple(
            Awaited(
                item.item_id, one.quantity, one.ordered, one.expected, suppliers.get(one.supplier), "purchase", place,
                one.number,
            )
            for place, one in enumerate(told.due)
        ),
        price=item.unit_price,
        worth={offer.currency: Decimal(1) for offer in item.offers},
        lots=tuple(LotHere(item.item_id, one.code, one.last_day, one.quantity) for one in told.lots),
        longest_cover_days=longest_cover_days,
    )  # fmt: skip
    return look(seed, snapshot, item, beside)


def advised(seen: Outlook) -> str:
    """What can be done about too much, what costs least first, as one sentence after the other."""
    return " ".join(map(_sentence, seen.advice))


def _sentence(one: Mapping[str, Any]) -> str:
    quantity, about = _units(float(one["quantity"])), str(one["about"])
    match one["deed"]:
        case "order_less":
            return f"Take {quantity} off {f'order {about}' if about else 'what is on order'}."
        case "mark_down":
            return f"Mark down {quantity}{f' of lot {about}' if about else ''}."
        case "give_back":
            return f"Ask {about} to take {quantity} back."
        case _:
            return f"Write {quantity} off."


def _units(quantity: float) -> str:
    return plain(Decimal(f"{quantity:.2f}"))
