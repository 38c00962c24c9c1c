"""REST: alerts, proposals and the audit log."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from shelfwise.access import service as access
from shelfwise.agents import service as agents
from shelfwise.agents.model import Proposal, State
from shelfwise.web.api_errors import errors
from shelfwise.web.api_model import (
    AlertOut,
    ApproveIn,
    AuditOut,
    Id,
    ProposalOut,
    PurchaseOrderOut,
    RejectIn,
)
from shelfwise.web.visits import Visitor
from shelfwise.work import alerts

router = APIRouter()


@router.get("/alerts", tags=["alerts"], responses=errors())
def open_alerts(visit: Visitor) -> list[AlertOut]:
    """What is wrong now: danger first, then what nobody has taken."""
    with visit.context() as ctx:
        return [AlertOut.model_validate(one) for one in alerts.open_alerts(ctx)]


@router.post("/alerts/{alert_id}/acknowledge", tags=["alerts"], responses=errors(404))
def acknowledge(visit: Visitor, alert_id: Annotated[Id, Path()]) -> AlertOut:
    """Take an alert; again changes nothing."""
    with visit.context() as ctx:
        return AlertOut.model_validate(alerts.acknowledge(ctx, alert_id))


@router.get("/proposals", tags=["proposals"], responses=errors())
def proposals(visit: Visitor, state: Annotated[list[State] | None, Query()] = None) -> list[ProposalOut]:
    """Proposed orders; without a state those that wait for a decision."""
    with visit.context() as ctx:
        return [_shown(one) for one in agents.proposals(ctx, state or ["proposed"])]


@router.get("/proposals/{proposal_id}", tags=["proposals"], responses=errors(404))
def proposal(visit: Visitor, proposal_id: Annotated[Id, Path()]) -> ProposalOut:
    """A proposed order with everything it stands on."""
    with visit.context() as ctx:
        return _shown(agents.proposal(ctx, proposal_id), whole=True)


def _shown(found: Proposal, whole: bool = False) -> ProposalOut:
    return ProposalOut(
        proposal_id=found.proposal_id,
        state=found.state,
        sku=found.sku,
        description=found.description,
        supplier=found.supplier,
        site=found.site,
        quantity=found.quantity,
        unit_cost=found.unit_cost,
        currency=found.currency,
        reason=found.reason,
        proposed_at=found.proposed_at,
        expires_at=found.expires_at,
        decided_by=found.decided_by,
        decided_at=found.decided_at,
        decision_note=found.decision_note,
        how_to_undo=found.how_to_undo,
        evidence=found.evidence if whole else None,
        alternative=found.alternative if whole else None,
        expected_value=found.expected_value if whole else None,
    )


@router.post("/proposals/{proposal_id}/approve", tags=["proposals"], responses=errors(404, 409))
def approve(visit: Visitor, proposal_id: Annotated[Id, Path()], told: ApproveIn) -> PurchaseOrderOut | ProposalOut:
    """Approve, with another quantity if need be; again gives the same order. Where an ERP keeps the books it is to
    place the order, and the answer is the proposal."""
    with visit.context() as ctx:
        order = agents.approve_or_hand_over(ctx, proposal_id, told.quantity, told.note)
        return _shown(agents.proposal(ctx, proposal_id)) if order is None else PurchaseOrderOut.model_validate(order)


@router.post("/proposals/{proposal_id}/reject", tags=["proposals"], responses=errors(404, 409))
def reject(visit: Visitor, proposal_id: Annotated[Id, Path()], told: RejectIn) -> ProposalOut:
    """Reject, with the reason."""
    with visit.context() as ctx:
        agents.reject(ctx, proposal_id, told.note)
        return _shown(agents.proposal(ctx, proposal_id))


@router.get("/audit", tags=["audit"], responses=errors())
def audit(
    visit: Visitor,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
) -> list[AuditOut]:
    """Who did what, newest first; for older ones give the last id as `before`."""
    with visit.context() as ctx:
        return [AuditOut.model_validate(one) for one in access.audit_log(ctx, limit, before)]
