"""Proposals: what should be ordered, why, and the decision about it."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Form, Response

from shelfwise.access.model import Right
from shelfwise.agents import service as agents
from shelfwise.agents.model import State
from shelfwise.core.errors import Refused
from shelfwise.core.quantities import plain, quantity
from shelfwise.demand import service as demand
from shelfwise.records import service as records
from shelfwise.web import pages
from shelfwise.web.charts import race_table
from shelfwise.web.visits import Visitor

router = APIRouter(include_in_schema=False)
DECIDED: tuple[State, ...] = ("executed", "approved", "rejected", "expired", "failed", "undone")


@router.get("/proposals")
def list_proposals(visit: Visitor) -> Response:
    with visit.context() as ctx:
        waiting = agents.proposals(ctx, limit=1000)
        decided = agents.proposals(ctx, DECIDED, limit=30)
        totals: dict[str, Decimal] = {}
        for one in waiting:
            totals[one.currency] = totals.get(one.currency, Decimal(0)) + one.total
        return pages.render(visit, ctx, "proposals.html", waiting=waiting, decided=decided, totals=totals)


@router.get("/proposals/{proposal_id}")
def why(visit: Visitor, proposal_id: int) -> Response:
    with visit.context() as ctx:
        found = agents.proposal(ctx, proposal_id)
        latest = demand.latest(ctx, found.site_id, found.item_id)
        return pages.render(
            visit,
            ctx,
            "proposal.html",
            proposal=found,
            evidence=found.evidence,
            chart=projection(found.evidence),
            race=race_table(None if latest is None else latest.summary),
            alternatives=[one for one in found.alternative.values() if isinstance(one, dict)],
        )


def projection(evidence: dict[str, Any]) -> dict[str, Any] | None:
    """The chart of what will be available with the order and without; None where nothing was projected."""
    chart = evidence.get("chart")
    return {"kind": "projection", **chart} if chart else None


@router.post("/proposals/{proposal_id}/approve")
def approve(
    visit: Visitor,
    proposal_id: int,
    amount: Annotated[str, Form(max_length=40)] = "",
    note: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    wanted: Decimal | None = quantity(amount) if amount.strip() else None
    with visit.context() as ctx:
        order = agents.approve(ctx, proposal_id, wanted, note)
        undo = agents.proposal(ctx, proposal_id).how_to_undo
    lines = ", ".join(f"{plain(line.quantity)} of {line.sku}" for line in order.lines)
    return pages.go(
        "/proposals",
        f"Ordered {lines} from {order.supplier} as {order.number}. To undo it: {undo[0].lower()}{undo[1:]}",
    )


@router.post("/proposals/{proposal_id}/reject")
def reject(visit: Visitor, proposal_id: int, note: Annotated[str, Form(max_length=500)] = "") -> Response:
    with visit.context() as ctx:
        agents.reject(ctx, proposal_id, note)
    return pages.go("/proposals", "Rejected; your reason is kept with the proposal.")


@router.post("/proposals/plan")
def plan(visit: Visitor) -> Response:
    """Ask for a planning run now, not at the end of the day."""
    with visit.context() as ctx:
        ctx.require(Right.RUN_PLANNING)
        sites = records.sites(ctx)
        if not sites:
            raise Refused("There is no site to plan for yet.")
        for site in sites:
            ctx.publish("planning.requested", f"site:{site.site_id}", site_id=site.site_id)
        ctx.audit("planning.requested", "sites", sites=[site.code for site in sites])
    return pages.go("/proposals", "Planning has been asked for; new proposals stand here in a moment.")
