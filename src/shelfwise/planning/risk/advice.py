"""What to do about too much: order less, move it to who lacks it, mark it down, give it back, write it off. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Literal

from shelfwise.planning.risk.excess import Excess

Deed = Literal["order_less", "move", "mark_down", "give_back", "write_off"]
LONG_IDLE_DAYS = 365
"""What sold nothing for a year is hardly sold any more."""


@dataclass(frozen=True)
class Ordered:
    """An open line of a purchase order that could be cut or stopped."""

    purchase_order_id: int
    number: str
    quantity: float


@dataclass(frozen=True)
class Lacking:
    """A site that will probably lack the item, and how many of it."""

    site_id: int
    site: str
    units: float


@dataclass(frozen=True)
class Advice:
    """One thing that can be done.

    Attributes:
        quantity: how many it is about, in whole quanta of the item.
        about: the number of an order, the name of a site, of a supplier, or a lot.
        subject_id: of the order, the site or the supplier.
    """

    deed: Deed
    quantity: float
    about: str = ""
    subject_id: int | None = None


def advise(
    found: Excess, orders: Sequence[Ordered], lacking: Sequence[Lacking], supplier: tuple[int, str] | None,
    quantum: Decimal,
) -> tuple[Advice, ...]:  # fmt: skip
    """What can be done about it, what costs least first: nothing is paid for what does not come.

    Args:
        orders: what of it is on order, the one that comes last first.
        lacking: sites that will lack it, the one that lacks most first.
        supplier: who would take it back.
    """
    said: list[Advice] = []

    def say(deed: Deed, units: float, about: str = "", subject_id: int | None = None) -> float:
        whole = whole_quanta(units, quantum)
        if whole > 0:
            said.append(Advice(deed, whole, about, subject_id))
        return whole

    left = found.coming
    for order in orders:
        left -= say("order_less", min(order.quantity, left), order.number, order.purchase_order_id)
    left = found.too_much
    for site in lacking:
        left -= say("move", min(site.units, left), site.site, site.site_id)
    for lot in found.wasted:
        say("mark_down", lot.quantity, lot.lot)
    if found.daily and not found.wasted:
        say("mark_down", left)
    idle = found.idle_days is not None or not found.daily
    if idle and supplier is not None:
        say("give_back", left, supplier[1], supplier[0])
    if found.idle_days is not None and found.idle_days >= LONG_IDLE_DAYS:
        say("write_off", left)
    return tuple(said)


def whole_quanta(units: float, quantum: Decimal) -> float:
    """Rounded down: nobody moves a part of a piece."""
    return float((Decimal(f"{units:.6f}") / quantum).to_integral_value(ROUND_FLOOR) * quantum)
