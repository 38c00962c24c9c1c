"""What people decide about proposals: one or hundreds at once, with edits; and how a decision is taken back."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.agents import handover, tables
from shelfwise.agents.model import Proposal, next_state
from shelfwise.agents.telling import tell_decided
from shelfwise.core.errors import Fault, Forbidden, Invalid, NotFound, Refused
from shelfwise.core.quantities import plain
from shelfwise.orders import service as orders
from shelfwise.orders.model import PurchaseOrder
from shelfwise.planning.model import order_faults
from shelfwise.records import service as records
from shelfwise.records.books import books
from shelfwise.records.calendars import arrival
from shelfwise.records.model import refuse

MOST_AT_ONCE = 1000


@dataclass(frozen=True)
class Wanted:
    """A proposal to approve; `quantity` None: as proposed."""

    proposal_id: int
    quantity: Decimal | None = None


@dataclass(frozen=True)
class Approved:
    """What became of many proposals: the orders they are in, and why some are not.

    Attributes:
        orders: none where an ERP keeps the books: it is to place them.
        faults: (proposal, what is wrong with it or its quantity).
    """

    orders: tuple[PurchaseOrder, ...]
    proposal_ids: tuple[int, ...]
    faults: tuple[tuple[int, Fault], ...]


def approve(ctx: Context, proposal_id: int, quantity: Decimal | None = None, note: str = "") -> PurchaseOrder:
    """Approve a proposal and place its order, once: approved again, by whomever, it gives the same order.

    Args:
        quantity: ordered instead of what was proposed; whole packs, at least the supplier's minimum.

    Raises:
        Forbidden: the actor may not decide proposals at its site.
        NotFound: there is no such proposal.
        Invalid: the quantity is not whole packs, or below the minimum.
        Refused: it is expired or rejected, or was approved with another quantity; or an ERP keeps the books.
    """
    found = _approvable(ctx, proposal_id, quantity)
    if books(ctx).elsewhere:
        raise Refused("The ERP keeps the books here and places the orders: hand the proposal over to it.")
    ((order, _),) = _carry_out(ctx, [(found, quantity)], note)
    return order


def approve_or_hand_over(
    ctx: Context, proposal_id: int, quantity: Decimal | None = None, note: str = ""
) -> PurchaseOrder | None:
    """Approve a proposal, see `approve`; where an ERP keeps the books it is handed over, and there is no order."""
    if not books(ctx).elsewhere:
        return approve(ctx, proposal_id, quantity, note)
    handover.make(ctx, [(_approvable(ctx, proposal_id, quantity), quantity)], note)
    return None


def _approvable(ctx: Context, proposal_id: int, quantity: Decimal | None) -> Proposal:
    ctx.require_somewhere(Right.DECIDE_PROPOSALS)
    found = _locked(ctx, [proposal_id]).get(proposal_id)
    if found is None:
        raise NotFound("proposal", proposal_id)
    problem = _problem(ctx, found, quantity)
    if problem is not None:
        raise problem
    return found


def approve_many(ctx: Context, wanted: Sequence[Wanted], note: str = "", *, leave_out_faulty: bool = False) -> Approved:
    """Approve many proposals, each with its own quantity: one order for each supplier, site and currency.

    Asked again, it gives the same orders. Two approvals of one proposal never make two lines.

    Args:
        leave_out_faulty: approve the rest where some cannot be, or may not by this actor; else nothing is done.

    Raises:
        Forbidden: the actor may not decide proposals at the site of one of them, and none may be left out.
        Invalid: some cannot be approved, each with its reason; nothing was done.
    """
    ctx.require_somewhere(Right.DECIDE_PROPOSALS)
    if not 0 < len(wanted) <= MOST_AT_ONCE:
        raise Invalid(Fault("proposals", f"1 to {MOST_AT_ONCE}", str(len(wanted)), "Choose some of them."))
    quantities = {one.proposal_id: one.quantity for one in wanted}
    known = _locked(ctx, list(quantities))
    faults: list[tuple[int, Fault]] = []
    good: list[tuple[Proposal, Decimal | None]] = []
    for proposal_id, quantity in quantities.items():
        found = known.get(proposal_id)
        problem = None if found is None else _problem(ctx, found, quantity)
        if isinstance(problem, Forbidden) and not leave_out_faulty:
            raise problem
        if found is None or not ctx.actor.may(Right.VIEW, found.site_id):
            faults.append((proposal_id, Fault(f"proposal {proposal_id}", "one that exists", "none", "Leave it out.")))
            continue
        if isinstance(problem, Invalid):
            faults += [
                (proposal_id, replace(one, where=f"proposal {proposal_id} for {found.sku}, {one.where}"))
                for one in problem.faults
            ]
        elif problem is not None:
            where = f"proposal {proposal_id} for {found.sku}"
            faults.append((proposal_id, Fault(where, "one that can be approved", found.state, str(problem))))
        else:
            good.append((found, quantity))
    if faults and not leave_out_faulty:
        refuse(fault for _, fault in faults)
    if books(ctx).elsewhere:
        handed = handover.make(ctx, good, note) if good else []
        return Approved((), tuple(handed), tuple(faults))
    placed = _carry_out(ctx, good, note) if good else []
    return Approved(tuple(order for order, _ in placed), tuple(one for _, ids in placed for one in ids), tuple(faults))


def reject(ctx: Context, proposal_id: int, note: str = "") -> Proposal:
    """Reject a proposal; the note says why. Rejected again, nothing changes.

    Raises:
        Forbidden: the actor may not decide proposals at its site.
        NotFound: there is no such proposal.
        Refused: it is expired, or an order was placed already.
    """
    return reject_many(ctx, [proposal_id], note)[0]


def reject_many(ctx: Context, proposal_ids: Sequence[int], note: str = "") -> list[Proposal]:
    """Reject proposals for one reason, all of them or none. What was rejected before stays as it is.

    Raises:
        Forbidden: the actor may not decide proposals at the site of one of them.
        NotFound: there is no such proposal.
        Refused: one is expired, or an order was placed for it already.
    """
    ctx.require_somewhere(Right.DECIDE_PROPOSALS)
    known = _locked(ctx, proposal_ids)
    for proposal_id in proposal_ids:
        if proposal_id not in known:
            raise NotFound("proposal", proposal_id)
        ctx.require(Right.DECIDE_PROPOSALS, known[proposal_id].site_id)
    for found in known.values():
        if found.state == "rejected":
            continue
        state = next_state(found, "reject", ctx.now)
        tables.decide(ctx.tx, ctx.tenant, found.proposal_id, state, ctx.actor.by, ctx.now, note)
        ctx.audit("proposal.rejected", f"proposal:{found.proposal_id}", item=found.sku, note=note)
        tell_decided(ctx, found, state, note=note)
    after = _locked(ctx, proposal_ids)
    return [after[proposal_id] for proposal_id in proposal_ids]


def take_back(ctx: Context, proposal_ids: Sequence[int]) -> list[Proposal]:
    """Undo decisions: what was rejected or ordered waits for a decision again, if it still can; else it is undone.

    An order that has not left the house loses the lines of these proposals; without any line it is cancelled.

    Raises:
        Forbidden: the actor may not decide proposals at the site of one of them.
        NotFound: there is no such proposal.
        Refused: an order has left the house, or a proposal was not decided by a person.
    """
    ctx.require_somewhere(Right.DECIDE_PROPOSALS)
    known = _locked(ctx, proposal_ids)
    for proposal_id in proposal_ids:
        if proposal_id not in known:
            raise NotFound("proposal", proposal_id)
        ctx.require(Right.DECIDE_PROPOSALS, known[proposal_id].site_id)
    undone = {found.proposal_id: next_state(found, "undo", ctx.now) for found in known.values()}
    handover.withdraw(ctx, [found.proposal_id for found in known.values()])
    keys = {found.decision_key for found in known.values() if found.state == "executed"}
    for order_id in sorted(set(orders.orders_of_decisions(ctx, keys).values())):
        _take_out(ctx, order_id, keys)
    open_now = tables.open_items(ctx.tx, ctx.tenant, {found.site_id for found in known.values()})
    for found in known.values():
        state = undone[found.proposal_id]
        if ctx.now < found.expires_at and (found.site_id, found.item_id) not in open_now:
            state = "proposed"
        tables.reopen(ctx.tx, ctx.tenant, found.proposal_id, state)
        ctx.audit("proposal.taken_back", f"proposal:{found.proposal_id}", item=found.sku, was=found.state)
        tell_decided(ctx, found, state)
    after = _locked(ctx, proposal_ids)
    return [after[proposal_id] for proposal_id in proposal_ids]


def _take_out(ctx: Context, order_id: int, keys: set[str]) -> None:
    order = orders.purchase_order(ctx, order_id)
    if order.state in ("cancelled", "closed"):
        return
    if any(line.decision_key not in keys for line in order.lines):
        orders.take_lines_out(ctx, order_id, keys)
    else:
        orders.take_back_approval(ctx, order_id, "all decisions behind it were taken back")
        orders.cancel(ctx, order_id, "all decisions behind it were taken back")
        orders.forget_decisions(ctx, order_id)


def _locked(ctx: Context, proposal_ids: Sequence[int]) -> dict[int, Proposal]:
    return {one.proposal_id: one for one in tables.lock_proposals(ctx.tx, ctx.tenant, proposal_ids)}


def _problem(ctx: Context, found: Proposal, quantity: Decimal | None) -> Invalid | Refused | Forbidden | None:
    """Why a proposal cannot be approved with this quantity; None: it can, or it has been, just so."""
    try:
        ctx.require(Right.DECIDE_PROPOSALS, found.site_id)
    except Forbidden as error:
        return error
    if found.state in ("approved", "executed"):
        if quantity is not None and quantity != found.quantity:
            return Refused(
                f"Proposal {found.proposal_id} was approved by {found.decided_by} with {plain(found.quantity)}, not "
                f"{plain(quantity)}. Order the difference by hand, or close the order."
            )
        return None
    try:
        next_state(found, "approve", ctx.now)
    except Refused as error:
        return error
    wanted = found.proposed_quantity if quantity is None else quantity
    if faults := order_faults(wanted, found.pack_size, found.minimum_order):
        return Invalid(*faults)
    return None


def _carry_out(
    ctx: Context, good: Sequence[tuple[Proposal, Decimal | None]], note: str
) -> list[tuple[PurchaseOrder, list[int]]]:
    """The orders of proposals that can be approved, each with the proposals in it; those placed before come along."""
    before = orders.orders_of_decisions(ctx, [found.decision_key for found, _ in good if found.state == "executed"])
    placed: dict[int, list[int]] = {}
    groups: dict[tuple[int, int, str], list[tuple[Proposal, Decimal]]] = {}
    for found, quantity in good:
        if found.state == "executed":
            placed.setdefault(before[found.decision_key], []).append(found.proposal_id)
        else:
            wanted = found.proposed_quantity if quantity is None else quantity
            groups.setdefault((found.supplier_id, found.site_id, found.currency), []).append((found, wanted))
    result = [(orders.purchase_order(ctx, order_id), ids) for order_id, ids in placed.items()]
    for (supplier_id, site_id, currency), members in groups.items():
        costs = _costs(ctx, supplier_id, currency, members)
        order = orders.place_purchase_order(
            ctx,
            decision_key=_decision_key([found for found, _ in members]),
            supplier_id=supplier_id,
            site_id=site_id,
            lines=[(found.item_id, wanted, cost) for (found, wanted), cost in zip(members, costs, strict=True)],
            line_keys=[found.decision_key for found, _ in members],
            currency=currency,
            expected_at=arrival(
                ctx, site_id, supplier_id, ctx.now + timedelta(days=max(found.expected_days for found, _ in members))
            ),
        )
        tables.decide_many(
            ctx.tx,
            ctx.tenant,
            [
                (found.proposal_id, None if wanted == found.proposed_quantity else {"quantity": plain(wanted)})
                for found, wanted in members
            ],
            "executed",
            ctx.actor.by,
            ctx.now,
            note,
        )
        for found, wanted in members:
            _tell_approved(ctx, found, wanted, order, note)
        result.append((order, [found.proposal_id for found, _ in members]))
    return result


def _costs(ctx: Context, supplier_id: int, currency: str, members: Sequence[tuple[Proposal, Decimal]]) -> list[Decimal]:
    """What one unit of each costs: as proposed, but for another quantity what that costs by the supplier's terms."""
    known = records.costs(ctx, supplier_id, [(found.item_id, wanted) for found, wanted in members])
    return [
        found.unit_cost if wanted == found.proposed_quantity or now is None or now[1] != currency else now[0]
        for (found, wanted), now in zip(members, known, strict=True)
    ]


def _decision_key(members: Sequence[Proposal]) -> str:
    """What makes one order of these proposals, once."""
    if len(members) == 1:
        return members[0].decision_key
    named = ",".join(str(number) for number in sorted(found.proposal_id for found in members))
    return f"proposals:{hashlib.sha256(named.encode()).hexdigest()[:32]}"


def _tell_approved(ctx: Context, found: Proposal, wanted: Decimal, order: PurchaseOrder, note: str) -> None:
    ctx.audit(
        "proposal.approved",
        f"proposal:{found.proposal_id}",
        item=found.sku,
        proposed=plain(found.proposed_quantity),
        ordered=plain(wanted),
        order=order.number,
        note=note,
    )
    tell_decided(ctx, found, "executed", order=order.number, quantity=plain(wanted))
