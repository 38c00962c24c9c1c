"""Proposals: their states, what may become of them, and when a new one says something new. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, Protocol

from shelfwise.core.errors import Refused

State = Literal["proposed", "approved", "executed", "rejected", "expired", "failed", "undone"]
Verb = Literal["approve", "reject", "expire", "undo", "hand_over", "take", "fail"]

TRANSITIONS: dict[tuple[State, Verb], State] = {
    ("proposed", "approve"): "executed",
    ("proposed", "reject"): "rejected",
    ("proposed", "expire"): "expired",
    # Where an ERP keeps the books: it is approved here, and the ERP takes it or says no.
    ("proposed", "hand_over"): "approved",
    ("approved", "take"): "executed",
    ("approved", "fail"): "failed",
    ("approved", "undo"): "undone",
    ("executed", "undo"): "undone",
    ("rejected", "undo"): "undone",
}
"""All that may happen; whatever is not here may not. What is undone waits for a decision again while it still can."""

REJECTION_STANDS = timedelta(days=3)
"""For so long a rejected order is not proposed again, however often planning runs."""

MATERIAL_SHARE = Decimal("0.2")

_WHAT_TO_DO: dict[State, str] = {
    "approved": "It is being carried out.",
    "rejected": "If it is needed after all, wait for the next planning run or do it by hand.",
    "expired": "Run planning again: what is still needed is proposed anew, from today's stock.",
    "failed": "See the audit log for the reason, then run planning again.",
    "undone": "Run planning again if it is needed after all.",
}
_TO_GO_BACK: dict[str, str] = {
    "purchase": "To go back on it, close its purchase order and tell the supplier.",
    "transfer": "To go back on it, cancel its transfer, or send the goods back.",
}


class Decidable(Protocol):
    """What any proposal has, whatever it is for, and what decisions about it look at."""

    @property
    def proposal_id(self) -> int: ...
    @property
    def action(self) -> str: ...
    @property
    def site_id(self) -> int: ...
    @property
    def item_id(self) -> int: ...
    @property
    def sku(self) -> str: ...
    @property
    def state(self) -> State: ...
    @property
    def expires_at(self) -> datetime: ...
    @property
    def decided_by(self) -> str | None: ...


@dataclass(frozen=True)
class Proposal:
    """An order that Shelfwise thinks should be placed, and what became of the thought.

    Attributes:
        arguments: what would be done: quantity, unit_cost, currency, pack_size, minimum_order (numbers as
            text, so that they stay exact) and expected_days.
        evidence: see `planning.model.Decision`; in lists without its chart.
        edited: {'quantity': …} as a person changed it before approving; None: nothing was changed.
    """

    proposal_id: int
    action: str
    site_id: int
    site: str
    item_id: int
    sku: str
    description: str
    unit: str
    supplier_id: int
    supplier: str
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
    def proposed_quantity(self) -> Decimal:
        return Decimal(self.arguments["quantity"])

    @property
    def quantity(self) -> Decimal:
        """What is, or would be, ordered: as a person edited it, else as proposed."""
        return Decimal((self.edited or self.arguments)["quantity"])

    @property
    def unit_cost(self) -> Decimal:
        return Decimal(self.arguments["unit_cost"])

    @property
    def currency(self) -> str:
        return str(self.arguments["currency"])

    @property
    def pack_size(self) -> Decimal:
        return Decimal(self.arguments["pack_size"])

    @property
    def minimum_order(self) -> Decimal:
        return Decimal(self.arguments["minimum_order"])

    @property
    def total(self) -> Decimal:
        return self.quantity * self.unit_cost

    @property
    def expected_days(self) -> float:
        return float(self.arguments["expected_days"])

    @property
    def decision_key(self) -> str:
        """The key under which its order is placed, once."""
        return f"proposal:{self.proposal_id}"


@dataclass(frozen=True)
class Waiting:
    """An open proposal as a line of a long list: what a decision is taken by, and no more.

    Attributes:
        risk_without, risk_with: chance of running out before a later order could arrive, without this one and with it.
    """

    proposal_id: int
    site_id: int
    site: str
    sku: str
    description: str
    unit: str
    supplier_id: int
    supplier: str
    quantity: Decimal
    unit_cost: Decimal
    currency: str
    pack_size: Decimal
    minimum_order: Decimal
    on_hand: float
    on_order: float
    risk_without: float
    risk_with: float
    expires_at: datetime

    @property
    def total(self) -> Decimal:
        return self.quantity * self.unit_cost


def next_state(proposal: Decidable, verb: Verb, now: datetime) -> State:
    """The state that follows.

    Raises:
        Refused: this may not happen to it any more; says why and what to do.
    """
    if proposal.state == "proposed" and verb in ("approve", "reject", "hand_over") and now >= proposal.expires_at:
        raise Refused(
            f"Proposal {proposal.proposal_id} for {proposal.sku} expired at "
            f"{proposal.expires_at:%Y-%m-%d %H:%M} UTC, as stock has moved on since. {_WHAT_TO_DO['expired']}"
        )
    following = TRANSITIONS.get((proposal.state, verb))
    if following is None:
        by = f" by {proposal.decided_by}" if proposal.decided_by else ""
        remedy = _TO_GO_BACK[proposal.action] if proposal.state == "executed" else _WHAT_TO_DO.get(proposal.state, "")
        raise Refused(f"Proposal {proposal.proposal_id} for {proposal.sku} is {proposal.state}{by}. {remedy}".rstrip())
    return following


def differs(proposal: Proposal, supplier_id: int, quantity: Decimal, pack_size: Decimal) -> bool:
    """Whether a newer decision for the same item says something else: another supplier, another pack, or a
    quantity that differs by more than a fifth and more than one pack."""
    if (proposal.supplier_id, proposal.pack_size) != (supplier_id, pack_size):
        return True
    old = proposal.proposed_quantity
    return abs(quantity - old) > max(pack_size, old * MATERIAL_SHARE)


def purchase_key(site_id: int, item_id: int, day: date, revision: int = 1) -> str:
    """What makes a proposal one proposal: an item at a site on a business day; planning may revise it."""
    key = f"purchase:{site_id}:{item_id}:{day.isoformat()}"
    return key if revision == 1 else f"{key}:{revision}"
