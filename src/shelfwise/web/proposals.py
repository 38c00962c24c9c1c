"""Proposals: what should be ordered, why, and the decision about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import JSONResponse

from shelfwise.access.model import Right
from shelfwise.agents import service as agents
from shelfwise.agents.model import State, Waiting
from shelfwise.agents.service import Approved, Wanted
from shelfwise.agents.transfers.deciding import may_refuse
from shelfwise.agents.transfers.service import proposed_transfers
from shelfwise.core.errors import Invalid, Refused
from shelfwise.core.quantities import plain
from shelfwise.demand import service as demand
from shelfwise.orders.approval import our_currency
from shelfwise.web import pages, words
from shelfwise.web.charts import race_table
from shelfwise.web.inbox import ANSWERED
from shelfwise.web.policy_bars import policy_race, safety_shares, target_words
from shelfwise.web.start import ask_for_looks
from shelfwise.web.visits import Visit, Visitor
from shelfwise.web.writing import read_typed
from shelfwise.work import objections

router = APIRouter(include_in_schema=False)
SHOWN = 1000
NOTHING = Approved((), (), ())
DECIDED: tuple[State, ...] = ("executed", "approved", "rejected", "expired", "failed", "undone")


@dataclass(frozen=True)
class Group:
    """Open proposals that would become one order."""

    key: str
    supplier: str
    site_id: int
    site: str
    currency: str
    proposals: tuple[Waiting, ...]

    @property
    def total(self) -> Decimal:
        return sum((one.total for one in self.proposals), Decimal(0))


@dataclass(frozen=True)
class Told:
    """What the list's form says: which proposals, with which quantities, to do what, and why."""

    verb: str
    chosen: tuple[int, ...]
    amounts: dict[int, str]
    note: str


async def told(request: Request) -> Told:
    """Read the form by hand: each proposal has a field of its own for its quantity."""
    form = await request.form(max_fields=5000)
    chosen = tuple(int(str(one)) for one in form.getlist("pick") if str(one).isdecimal() and len(str(one)) < 19)
    return Told(
        str(form.get("verb", "")),
        chosen,
        {number: str(form.get(f"amount-{number}", ""))[:40].strip() for number in chosen},
        str(form.get("note", ""))[:500],
    )


@router.get("/proposals")
def list_proposals(visit: Visitor) -> Response:
    with visit.context() as ctx:
        waiting = agents.waiting(ctx, SHOWN)
        decided = agents.proposals(ctx, DECIDED, limit=30)
        transfers = [(one, may_refuse(visit.actor, one)) for one in proposed_transfers(ctx)]
        transfers_decided = proposed_transfers(ctx, DECIDED, limit=30)
        totals: dict[str, Decimal] = {}
        for one in waiting:
            totals[one.currency] = totals.get(one.currency, Decimal(0)) + one.total
        return pages.render(
            visit, ctx, "proposals.html", waiting=waiting, groups=grouped(waiting), decided=decided, totals=totals,
            shown=SHOWN, transfers=transfers, transfers_decided=transfers_decided,
        )  # fmt: skip


def grouped(waiting: Sequence[Waiting]) -> list[Group]:
    """Proposals by the order they would be in: the group with the likeliest to run out first."""
    groups: dict[tuple[int, int, str], list[Waiting]] = {}
    for one in waiting:
        groups.setdefault((one.supplier_id, one.site_id, one.currency), []).append(one)
    return [
        Group(
            "-".join(str(part) for part in key),
            some[0].supplier,
            some[0].site_id,
            some[0].site,
            some[0].currency,
            tuple(some),
        )
        for key, some in groups.items()
    ]


@router.get("/proposals/open")
def open_proposals(visit: Visitor) -> Response:
    """The ids of what waits, for a page that must not move under somebody's hand."""
    with visit.context() as ctx:
        return JSONResponse([one.proposal_id for one in agents.waiting(ctx, SHOWN)])


@router.post("/proposals/decide")
def decide(visit: Visitor, said: Annotated[Told, Depends(told)]) -> Response:
    """Approve or reject what was chosen; what cannot be approved is left, with the reason."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.DECIDE_PROPOSALS)
        if not said.chosen:
            raise Refused("Nothing was chosen. Tick the proposals that you decide about, then decide.")
        if said.verb == "reject":
            agents.reject_many(ctx, said.chosen, said.note)
    if said.verb == "reject":
        return _answer(visit, f"{_many(len(said.chosen))} rejected; your reason is kept with them.", said.chosen)
    if said.verb != "approve":
        raise Refused("Say whether to approve or to reject.")
    wanted, faults = read_wanted(said)
    with visit.context() as ctx:
        done = agents.approve_many(ctx, wanted, said.note, leave_out_faulty=True) if wanted else NOTHING
    faults |= {number: f"{fault.where}: expected {fault.expected}. {fault.remedy}" for number, fault in done.faults}
    return _answer(visit, _said(done), done.proposal_ids, faults)


def read_wanted(said: Told) -> tuple[list[Wanted], dict[int, str]]:
    """What is to be approved with which quantity, and which quantities cannot be read."""
    wanted, faults = [], {}
    for number in said.chosen:
        try:
            amount = said.amounts[number]
            wanted.append(Wanted(number, read_typed(amount) if amount else None))
        except Invalid as error:
            faults[number] = str(error)
    return wanted, faults


def _said(done: Approved) -> str:
    if not done.orders and done.proposal_ids:
        return f"{_many(len(done.proposal_ids))} approved, and handed to the ERP, which places the orders."
    if not done.orders:
        return "Nothing was ordered."
    named = "; ".join(
        f"{order.number} to {order.supplier}, {words.money(order.total, order.currency)}"
        + (", waits for a second approval" if order.waits_for_second else "")
        for order in done.orders[:5]
    )
    more = f" and {len(done.orders) - 5} more" if len(done.orders) > 5 else ""
    count = "one order" if len(done.orders) == 1 else f"{len(done.orders)} orders"
    return f"{_many(len(done.proposal_ids))} became {count}: {named}{more}."


def _many(count: int) -> str:
    return "1 proposal" if count == 1 else f"{count} proposals"


@router.post("/proposals/take-back")
def take_back(visit: Visitor, said: Annotated[Told, Depends(told)]) -> Response:
    """Undo decisions whose orders have not left the house."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.DECIDE_PROPOSALS)
        if not said.chosen:
            raise Refused("Nothing was chosen. Name the proposals whose decision you take back.")
        after = agents.take_back(ctx, said.chosen)
    waiting = [one.proposal_id for one in after if one.state == "proposed"]
    return _answer(visit, f"Taken back: {_many(len(waiting))} wait for a decision again.", tuple(waiting))


def _answer(visit: Visit, text: str, done: Sequence[int], faults: Mapping[int, str] = MappingProxyType({})) -> Response:
    """As JSON to a page that goes on where it is, else as the list anew."""
    if "application/json" in visit.request.headers.get("accept", ""):
        return JSONResponse({"said": text, "done": list(done), "faults": {str(n): why for n, why in faults.items()}})
    left = f" {len(faults)} could not be approved: {next(iter(faults.values()))}" if faults else ""
    return pages.go("/proposals", text + left)


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
            currency=our_currency(ctx),
            **why_so(found.evidence),
            alternatives=[one for one in found.alternative.values() if isinstance(one, dict)],
            objection=objections.newest(ctx, f"proposal:{proposal_id}", found.site_id),
        )


def why_so(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """What the parts of the page on policies and reasons show; older proposals say nothing of it."""
    safety = evidence.get("safety_stock") or {}
    told = evidence.get("parameters") or {}
    level = told.get("service_level")
    target = told.get("target") or (None if level is None else {"aim": "cycles", "level": level})
    return {
        "promised": None if target is None else target_words(target),
        "why": evidence.get("why"),
        "binding": evidence.get("binding", []),
        "units": safety.get("units"),
        "safety": safety_shares(safety),
        "policies": policy_race(evidence.get("policy", {}).get("race")),
    }


def projection(evidence: dict[str, Any], name: str = "chart") -> dict[str, Any] | None:
    """The chart of what will be available with it and without; None where nothing was projected."""
    chart = evidence.get(name)
    return {"kind": "projection", **chart} if chart else None


@router.post("/proposals/{proposal_id}/wrong")
def wrong(visit: Visitor, proposal_id: int, note: Annotated[str, Form(max_length=4000)] = "") -> Response:
    """This is wrong: said by anybody who sees it, answered by whoever plans; it still waits to be decided."""
    with visit.context() as ctx:
        agents.object_to(ctx, proposal_id, note)
    return pages.go(f"/proposals/{proposal_id}", ANSWERED)


@router.post("/proposals/{proposal_id}/approve")
def approve(
    visit: Visitor,
    proposal_id: int,
    amount: Annotated[str, Form(max_length=40)] = "",
    note: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    wanted: Decimal | None = read_typed(amount) if amount.strip() else None
    with visit.context() as ctx:
        order = agents.approve_or_hand_over(ctx, proposal_id, wanted, note)
        undo = agents.proposal(ctx, proposal_id).how_to_undo
    if order is None:
        return pages.go("/proposals", "Approved, and handed to the ERP, which places the order.")
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
        named = ask_for_looks(ctx)
        everywhere = ctx.sites(Right.RUN_PLANNING) is None
    where = "" if everywhere else f" for {', '.join(named)}"
    return pages.go("/proposals", f"Planning has been asked for{where}; new proposals stand here in a moment.")
