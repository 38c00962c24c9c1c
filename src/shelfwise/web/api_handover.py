"""REST: what an ERP that keeps the books takes over: approved proposals, and its answers to them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path

from shelfwise.agents import handover
from shelfwise.web.api_errors import errors
from shelfwise.web.api_model import Exact, Shown, Text, Told
from shelfwise.web.visits import Visitor

router = APIRouter()
Key = Annotated[str, Path(max_length=200, description="The proposal's key")]


class HandoverOut(Shown):
    """An approved proposal. `key` is the same however often it is handed over: place its order once."""

    key: str
    state: str
    site: str
    supplier: str
    sku: str
    description: str
    quantity: Exact
    unit: str
    unit_cost: Exact
    currency: str
    wanted_at: datetime
    approved_by: str
    approved_at: datetime
    erp_number: str | None
    reason: str | None


class NumberIn(Told):
    number: Text


class ReasonIn(Told):
    reason: Text


@router.get("/handover", tags=["handover"], responses=errors())
def waiting(visit: Visitor) -> list[HandoverOut]:
    """Approved proposals that wait for the ERP's answer, the oldest first. Asking changes nothing."""
    with visit.context() as ctx:
        return [HandoverOut.model_validate(one) for one in handover.offered(ctx)]


@router.get("/handover/{handover_key}", tags=["handover"], responses=errors(404))
def one(visit: Visitor, handover_key: Key) -> HandoverOut:
    """A proposal that was handed over, and how far it is."""
    with visit.context() as ctx:
        return HandoverOut.model_validate(handover.handover(ctx, handover_key))


@router.post("/handover/{handover_key}/taken", tags=["handover"], responses=errors(404, 409))
def taken(visit: Visitor, handover_key: Key, told: NumberIn) -> HandoverOut:
    """The ERP has made an order of it: its number there. Told again, nothing changes."""
    with visit.context() as ctx:
        return HandoverOut.model_validate(handover.taken(ctx, handover_key, told.number))


@router.post("/handover/{handover_key}/refused", tags=["handover"], responses=errors(404, 409))
def refused(visit: Visitor, handover_key: Key, told: ReasonIn) -> HandoverOut:
    """The ERP makes no order of it, and why. Told again, nothing changes."""
    with visit.context() as ctx:
        return HandoverOut.model_validate(handover.refused(ctx, handover_key, told.reason))
