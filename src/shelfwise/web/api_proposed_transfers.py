"""REST: proposed transfers between sites, and the decisions about them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from shelfwise.agents.model import State
from shelfwise.agents.transfers import deciding, service
from shelfwise.agents.transfers.model import ProposedTransfer
from shelfwise.web.api_errors import errors
from shelfwise.web.api_fulfilment_model import ProposedTransferOut, TransferOut
from shelfwise.web.api_model import ApproveIn, Id, RejectIn
from shelfwise.web.visits import Visitor

router = APIRouter()
Which = Annotated[Id, Path()]


@router.get("/proposed-transfers", tags=["proposals"], responses=errors())
def proposed_transfers(
    visit: Visitor, state: Annotated[list[State] | None, Query()] = None
) -> list[ProposedTransferOut]:
    """What one site should give another; without a state what waits for a decision."""
    with visit.context() as ctx:
        return [_shown(one) for one in service.proposed_transfers(ctx, state or service.OPEN)]


@router.get("/proposed-transfers/{transfer_proposal_id}", tags=["proposals"], responses=errors(404))
def proposed_transfer(visit: Visitor, transfer_proposal_id: Which) -> ProposedTransferOut:
    """A proposed transfer with everything it stands on."""
    with visit.context() as ctx:
        return ProposedTransferOut.model_validate(service.proposed_transfer(ctx, transfer_proposal_id))


def _shown(found: ProposedTransfer) -> ProposedTransferOut:
    """As a line of a list."""
    shown = ProposedTransferOut.model_validate(found)
    return shown.model_copy(update={"evidence": None, "alternative": None, "expected_value": None})


@router.post("/proposed-transfers/{transfer_proposal_id}/approve", tags=["proposals"], responses=errors(404, 409))
def approve(visit: Visitor, transfer_proposal_id: Which, told: ApproveIn) -> TransferOut:
    """Approve, with another quantity if need be: the transfer is made, and promised where it comes from. Again gives
    the same transfer."""
    with visit.context() as ctx:
        return TransferOut.model_validate(deciding.approve(ctx, transfer_proposal_id, told.quantity, told.note))


@router.post("/proposed-transfers/{transfer_proposal_id}/reject", tags=["proposals"], responses=errors(404, 409))
def reject(visit: Visitor, transfer_proposal_id: Which, told: RejectIn) -> ProposedTransferOut:
    """Reject, with the reason; either of the two sites may."""
    with visit.context() as ctx:
        deciding.reject_many(ctx, [transfer_proposal_id], told.note)
        return _shown(service.proposed_transfer(ctx, transfer_proposal_id))


@router.post("/proposed-transfers/{transfer_proposal_id}/take-back", tags=["proposals"], responses=errors(404, 409))
def take_back(visit: Visitor, transfer_proposal_id: Which) -> ProposedTransferOut:
    """Undo a decision of which nothing has left; its transfer is cancelled."""
    with visit.context() as ctx:
        (after,) = deciding.take_back(ctx, [transfer_proposal_id])
        return _shown(after)
