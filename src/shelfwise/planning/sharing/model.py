"""What the sharing of stock between sites sees and says. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

import numpy as np

from shelfwise.planning.model import Floats, ItemState, LeadTime, Offer, Params, Snapshot
from shelfwise.planning.sharing.paths import Days
from shelfwise.planning.simulate import Futures
from shelfwise.planning.standing import Aim

USUAL_MARGIN = 0.3
"""What a unit earns, as a share of its cost, where nobody said what it sells for."""
UNSOLD_DAYS = 21.0
"""So far ahead is looked for an item that no supplier sells: no order of its own could ever come."""

Binding = Literal["enough", "giver", "stock", "scarce"]
"""Why not more: the taker has what it needs; the giver would run short itself; no more lies there free; or there is too
little for everybody, so that all share the risk."""


@dataclass(frozen=True)
class Heft:
    """What it takes to move one unit of an item.

    Attributes:
        step: the smallest amount that can be moved.
        pack: what the smallest pack holds that it comes in; None: it comes in none.
        kg: what a unit weighs; None: nobody said.
    """

    item_id: int
    step: Decimal
    pack: Decimal | None = None
    kg: float | None = None


@dataclass(frozen=True, eq=False)
class House:
    """A site that gives or takes: its name, what planning sees of it, and how its orders are planned."""

    site_id: int
    name: str
    seen: Snapshot
    params: Params


@dataclass(frozen=True, eq=False)
class Side:
    """One item at one site, and how its stock may go if nothing is moved.

    Attributes:
        offer: the supplier that an order of its own would go to; None: nobody sells it.
        until: until when an order placed at the next review could arrive, shape (samples,).
        path: what is available at the end of each day if nothing is moved, see `paths`.
        spare: shape (samples,), ascending: the least that is available before the order of the next review could
            arrive. Its quantile at a risk is what may go, or (negative) what is missing, at that risk.
    """

    house: House
    item: ItemState
    offer: Offer | None
    lead_time: LeadTime
    futures: Futures
    until: Days
    path: Floats
    spare: Floats

    @property
    def site_id(self) -> int:
        return self.house.site_id

    @property
    def known(self) -> bool:
        """Whether what the site needs of the item is known, so that it may give of it."""
        return self.item.demand is not None or self.item.rule is not None

    @property
    def promised(self) -> float:
        """In what share of cases it should be there: its own, else by the target of its class where that is about
        cases."""
        params = self.house.params.of(self.item)
        target = params.target_of(self.item.standing.group if self.item.standing else "")
        if self.item.service_level is not None or target.aim is not Aim.CYCLES:
            return params.service_level
        return target.level

    @property
    def margin(self) -> float:
        """What a unit earns here, in the currency that offers are compared in."""
        cost = 0.0 if self.offer is None else float(self.offer.unit_cost * self.offer.rate)
        if self.item.unit_price is None:
            return USUAL_MARGIN * cost
        return max(float(self.item.unit_price) - cost, 0.0)

    @property
    def free(self) -> float:
        """What lies there and is promised to nobody, as far as is sure."""
        sure = float(np.quantile(self.item.on_hand.values, 0.05, method="inverted_cdf"))
        return max(sure - float(self.item.reserved + self.item.backordered), 0.0)


@dataclass(frozen=True)
class Transshipment:
    """Goods that one site should give another, and why.

    Attributes:
        quantity: whole steps of the item's quantum, whole packs where that is possible.
        leaves_on: when something leaves on this way next; days: until it lies there.
        reason: sentences with the numbers in them.
        evidence: every input and what follows from it, fit for JSON.
        alternative: what was not taken and what it would cost, fit for JSON.
        expected_value: of moving it, with an 80% interval, fit for JSON.
        expires_at: after this the snapshot is too old to act on.
    """

    item_id: int
    sku: str
    from_site_id: int
    to_site_id: int
    quantity: Decimal
    step: Decimal
    leaves_on: date
    days: int
    forecast_id: int | None
    today: date
    reason: str
    evidence: dict[str, Any]
    alternative: dict[str, Any]
    expected_value: dict[str, Any]
    expires_at: datetime
