"""Proposed transfers between sites: why, what it changes at both ends, and the decision about it."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Response

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.agents.transfers import deciding, service
from shelfwise.agents.transfers.deciding import may_approve, may_refuse
from shelfwise.agents.transfers.model import ProposedTransfer
from shelfwise.core.errors import Refused
from shelfwise.core.quantities import plain
from shelfwise.orders.transfers import transfers_of_decisions
from shelfwise.records import service as records
from shelfwise.web import pages
from shelfwise.web.inbox import ANSWERED
from shelfwise.web.proposals import Told, projection, read_wanted, told
from shelfwise.web.visits import Visitor
from shelfwise.web.writing import read_typed
from shelfwise.work import objections

router = APIRouter(include_in_schema=False)
LIST = "/proposals#transfers"
Note = Annotated[str, Form(max_length=500)]


@router.post("/proposals/transfers/decide")
def decide(visit: Visitor, said: Annotated[Told, Depends(told)]) -> Response:
    """Approve or reject what was chosen; what cannot be approved is left, with the reason."""
    with visit.context() as ctx:
        _require_a_say(ctx)
        if not said.chosen:
            raise Refused("Nothing was chosen. Tick the transfers that you decide about, then decide.")
        if said.verb == "reject":
            deciding.reject_many(ctx, said.chosen, said.note)
    if said.verb == "reject":
        return pages.go(LIST, f"{_many(len(said.chosen))} rejected; your reason is kept with it.")
    if said.verb != "approve":
        raise Refused("Say whether to approve or to reject.")
    wanted, faults = read_wanted(said)
    words: list[str] = []
    if wanted:
        with visit.context() as ctx:
            done = deciding.approve_many(ctx, wanted, said.note, leave_out_faulty=True)
        faults |= {number: f"{fault.where}: {fault.got}. {fault.remedy}" for number, fault in done.faults}
        words = [f"{one.number} from {one.from_site} to {one.to_site} is made." for one in done.transfers]
    if faults:
        words.append(f"{len(faults)} could not be approved: {next(iter(faults.values()))}")
    return pages.go(LIST, " ".join(words) or "Nothing was moved.")


def _many(count: int) -> str:
    return "1 transfer" if count == 1 else f"{count} transfers"


def _require_a_say(ctx: Context) -> None:
    """Somebody who may neither send goods nor decide anywhere has no say."""
    if not ctx.actor.may_somewhere(Right.TRANSFER_GOODS):
        ctx.require_somewhere(Right.DECIDE_PROPOSALS)


@router.get("/proposals/transfers/{transfer_proposal_id}")
def why(visit: Visitor, transfer_proposal_id: int) -> Response:
    with visit.context() as ctx:
        found = service.proposed_transfer(ctx, transfer_proposal_id)
        made = transfers_of_decisions(ctx, [found.decision_key]).get(found.decision_key)
        names = {site.site_id: site.name for site in records.sites(ctx)}
        at = found.site_id if visit.may("view", found.site_id) else found.from_site_id
        return pages.render(
            visit,
            ctx,
            "proposed_transfer.html",
            proposal=found,
            evidence=found.evidence,
            charts=[
                (found.site_name, projection(found.evidence, "chart")),
                (found.from_name, projection(found.evidence, "giver_chart")),
            ],
            alternatives=_alternatives(found, names),
            made=made,
            may_approve=may_approve(ctx.actor, found),
            may_refuse=may_refuse(ctx.actor, found),
            objection=objections.newest(ctx, f"proposal:{transfer_proposal_id}", at),
        )


def _alternatives(found: ProposedTransfer, names: dict[int, str]) -> list[dict[str, object]]:
    """What else could be done, another site by its name; sites that one may not see are left out."""
    shown = []
    for one in found.alternative.values():
        if "from_site_id" in one:
            if one["from_site_id"] not in names:
                continue
            one = one | {"what": f"Take it from {names[one['from_site_id']]}"}
        shown.append(one)
    return shown


@router.post("/proposals/transfers/{transfer_proposal_id}/approve")
def approve(
    visit: Visitor,
    transfer_proposal_id: int,
    amount: Annotated[str, Form(max_length=40)] = "",
    note: Note = "",
) -> Response:
    wanted: Decimal | None = read_typed(amount) if amount.strip() else None
    with visit.context() as ctx:
        made = deciding.approve(ctx, transfer_proposal_id, wanted, note)
    lines = ", ".join(f"{plain(line.quantity)} of {line.sku}" for line in made.lines)
    return pages.go(
        f"/transfers/{made.transfer_id}",
        f"{made.number} is made: {lines} from {made.from_site} to {made.to_site}, kept there until they leave.",
    )


@router.post("/proposals/transfers/{transfer_proposal_id}/reject")
def reject(visit: Visitor, transfer_proposal_id: int, note: Note = "") -> Response:
    with visit.context() as ctx:
        deciding.reject_many(ctx, [transfer_proposal_id], note)
    return pages.go(LIST, "Rejected; your reason is kept with it. What is needed instead is ordered by the next plan.")


@router.post("/proposals/transfers/{transfer_proposal_id}/take-back")
def take_back(visit: Visitor, transfer_proposal_id: int) -> Response:
    """Undo a decision of which nothing has left."""
    with visit.context() as ctx:
        (after,) = deciding.take_back(ctx, [transfer_proposal_id])
    waits = "It waits for a decision again." if after.state == "proposed" else "It is too old to be decided again."
    return pages.go(f"/proposals/transfers/{transfer_proposal_id}", f"Taken back. {waits}")


@router.post("/proposals/transfers/{transfer_proposal_id}/wrong")
def wrong(visit: Visitor, transfer_proposal_id: int, note: Annotated[str, Form(max_length=4000)] = "") -> Response:
    """This is wrong: said by anybody who sees it, answered by whoever plans; it still waits to be decided."""
    with visit.context() as ctx:
        service.object_to(ctx, transfer_proposal_id, note)
    return pages.go(f"/proposals/transfers/{transfer_proposal_id}", ANSWERED)
