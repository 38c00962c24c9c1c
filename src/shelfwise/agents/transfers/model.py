"""A transfer that Shelfwise thinks should take place. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from shelfwise.agents.model import MATERIAL_SHARE, State
from shelfwise.planning.sharing.model import Transshipment
from shelfwise.records.lanes_model import Lane

# (item, from, to): what is moved, and which way.
Way = tuple[int, int, int]


@dataclass(frozen=True)
class ProposedTransfer:
    """Goods that one site should give another, and what became of the thought.

    Attributes:
        site_id: the site that takes; from_site_id: the one that gives. Sites are codes and names.
        arguments: what would be done: quantity and step (numbers as text, so that they stay exact), days and weekdays
            of the way.
        evidence: see `planning.sharing.model.Transshipment`; in lists without its charts.
        edited: {'quantity': …} as a person changed it before approving; None: nothing was changed.
    """

    proposal_id: int
    action: str
    from_site_id: int
    from_site: str
    from_name: str
    site_id: int
    site: str
    site_name: str
    item_id: int
    sku: str
    description: str
    unit: str
    arguments: dict[str, Any]
    reason: str
    evidence: dict[str, Any]
    alternative: dict[str, Any]
    expected_value: dict[str, Any]
    how_to_undo: str
    idempotency_key: str
    forecast_id: int | None
    proposed_at: datetime
    expires_at: datetime
    state: State
    decided_by: str | None
    decided_at: datetime | None
    decision_note: str | None
    edited: dict[str, Any] | None

    @property
    def way(self) -> Way:
        return self.item_id, self.from_site_id, self.site_id

    @property
    def proposed_quantity(self) -> Decimal:
        return Decimal(self.arguments["quantity"])

    @property
    def quantity(self) -> Decimal:
        """What is, or would be, moved: as a person edited it, else as proposed."""
        return Decimal((self.edited or self.arguments)["quantity"])

    @property
    def step(self) -> Decimal:
        return Decimal(self.arguments["step"])

    @property
    def decision_key(self) -> str:
        """The key under which its transfer is made, once."""
        return f"proposal:{self.proposal_id}"

    def days(self, today: date) -> int:
        """In how many days it is there, if it is sent from today on."""
        weekdays = frozenset(int(one) for one in self.arguments["weekdays"])
        lane = Lane(self.from_site_id, self.site_id, float(self.arguments["days"]), Decimal(0), weekdays=weekdays)
        return lane.arrives_after(today)


def way_of(one: Transshipment) -> Way:
    return one.item_id, one.from_site_id, one.to_site_id


def differs(there: ProposedTransfer, one: Transshipment) -> bool:
    """Whether a newer decision for the same way says another quantity: by more than a fifth and more than one step."""
    old = there.proposed_quantity
    return abs(one.quantity - old) > max(one.step, old * MATERIAL_SHARE)


def transfer_key(way: Way, day: date, revision: int = 1) -> str:
    """What makes a proposal one proposal: an item and its way on a business day; planning may revise it."""
    item_id, from_site_id, to_site_id = way
    key = f"transfer:{from_site_id}:{to_site_id}:{item_id}:{day.isoformat()}"
    return key if revision == 1 else f"{key}:{revision}"
