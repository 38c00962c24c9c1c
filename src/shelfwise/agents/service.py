"""The ledger of proposals: made by agents, decided by people, carried out once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.agents import tables
from shelfwise.agents.model import REJECTION_STANDS, Proposal, State, differs, next_state
from shelfwise.core.errors import Invalid, NotFound, Refused
from shelfwise.core.quantities import plain
from shelfwise.orders.model import PurchaseOrder
from shelfwise.orders.service import place_purchase_order
from shelfwise.planning.model import Decision, Params, order_faults
from shelfwise.planning.service import plan
from shelfwise.store.database import notify

UNDO = (
    "Close the purchase order on its page and tell the supplier. What is delivered all the same is received as usual."
)
OPEN: tuple[State, ...] = ("proposed",)
_NO_LONGER_NEEDED = "No longer needed: stock and orders suffice."


def propose_purchases(ctx: Context, site_id: int, params: Params | None = None) -> list[int]:
    """One run of the purchasing agent: look at the site, decide, let what is too old expire, propose.

    Open proposals for what is no longer needed are withdrawn. Returns the ids of new proposals; run again on
    the same state it makes none.

    Raises:
        NotFound: there is no such site.
    """
    seen, decisions = plan(ctx, site_id, params)
    expire(ctx, site_id)
    return propose(ctx, site_id, decisions, reviewed={item.item_id for item in seen.items})


def propose(ctx: Context, site_id: int, decisions: Sequence[Decision], reviewed: Collection[int] = ()) -> list[int]:
    """Put decisions before people; returns the ids of the proposals that are new.

    An item has one open proposal at most, and one a business day. If the open one says the same (see
    `agents.model.differs`) it stays, and stands for longer; else it expires and the newer one takes its
    place. What was rejected is not proposed again for three days, what was approved not again on the same
    day.

    Args:
        reviewed: items that were looked at; an open proposal for one of them without a decision is withdrawn.
    """
    ctx.require(Right.RUN_PLANNING, site_id)
    if not decisions and not reviewed:
        return []
    waiting = tables.lock_open(ctx.tx, ctx.tenant, site_id)
    new: list[int] = []
    changed = False
    blocked, revisions = _past(ctx, site_id, decisions)
    for decision in decisions:
        there = waiting.pop(decision.item_id, None)
        if there is not None:
            if not differs(there, decision.supplier_id, decision.quantity, decision.pack_size):
                tables.extend(ctx.tx, ctx.tenant, there.proposal_id, decision.expires_at)
                continue
            _expire(ctx, there.proposal_id, there.item_id, "Replaced by a newer proposal from newer numbers.")
            changed = True
            if f":{decision.today.isoformat()}" in there.idempotency_key:
                revisions[decision.item_id] = revisions.get(decision.item_id, 1) + 1
        if decision.item_id in blocked:
            continue
        made = tables.insert(ctx.tx, ctx.tenant, decision, revisions.get(decision.item_id, 1), UNDO, ctx.now)
        if made is not None:
            new.append(made)
            _tell_new(ctx, made, decision)
    for item_id in waiting.keys() & set(reviewed):
        _expire(ctx, waiting[item_id].proposal_id, item_id, _NO_LONGER_NEEDED)
        changed = True
    if new or changed:
        notify(ctx.tx, "live", "proposals")
    return new


def proposals(
    ctx: Context,
    states: Collection[State] | None = OPEN,
    site_id: int | None = None,
    limit: int = 200,
) -> list[Proposal]:
    """Proposals in some states, all where None: open ones by the risk of running out, then the newest
    decided.

    Of the sites that the actor may see, or of one of them. Their evidence comes without its chart; see `proposal`.
    """
    sites = ctx.sites(Right.VIEW)
    if site_id is not None:
        ctx.require(Right.VIEW, site_id)
        sites = [site_id]
    return tables.proposals(ctx.tx, ctx.tenant, states, sites, limit)


def proposal(ctx: Context, proposal_id: int) -> Proposal:
    """
    Raises:
        NotFound: there is no such proposal.
    """
    ctx.require_somewhere(Right.VIEW)
    found = _found(tables.proposal(ctx.tx, ctx.tenant, proposal_id), proposal_id)
    ctx.require(Right.VIEW, found.site_id)
    return found


def approve(ctx: Context, proposal_id: int, quantity: Decimal | None = None, note: str = "") -> PurchaseOrder:
    """Approve a proposal and place its order, once: approved again, by whomever, it gives the same order.

    Args:
        quantity: ordered instead of what was proposed; whole packs, at least the supplier's minimum.

    Raises:
        Forbidden: the actor may not decide proposals.
        NotFound: there is no such proposal.
        Invalid: the quantity is not whole packs, or below the minimum.
        Refused: it is expired or rejected, or was approved with another quantity.
    """
    ctx.require(Right.DECIDE_PROPOSALS)
    found = _found(tables.proposal(ctx.tx, ctx.tenant, proposal_id, lock=True), proposal_id)
    if found.state == "executed":
        if quantity is not None and quantity != found.quantity:
            raise Refused(
                f"Proposal {proposal_id} was approved by {found.decided_by} with {plain(found.quantity)}, not "
                f"{plain(quantity)}. Order the difference by hand, or close the order."
            )
        return _place(ctx, found, found.quantity)
    state = next_state(found, "approve", ctx.now)
    wanted = found.proposed_quantity if quantity is None else quantity
    if faults := order_faults(wanted, found.pack_size, found.minimum_order):
        raise Invalid(*faults)
    edited = None if wanted == found.proposed_quantity else {"quantity": plain(wanted)}
    tables.decide(ctx.tx, ctx.tenant, proposal_id, state, ctx.actor.name, ctx.now, note, edited)
    approved = _found(tables.proposal(ctx.tx, ctx.tenant, proposal_id), proposal_id)
    order = _place(ctx, approved, wanted)
    tables.set_state(ctx.tx, ctx.tenant, proposal_id, next_state(approved, "execute", ctx.now))
    ctx.audit(
        "proposal.approved",
        f"proposal:{proposal_id}",
        item=found.sku,
        proposed=plain(found.proposed_quantity),
        ordered=plain(wanted),
        order=order.number,
        note=note,
    )
    _tell_decided(ctx, found, "executed", order=order.number, quantity=plain(wanted))
    return order


def reject(ctx: Context, proposal_id: int, note: str = "") -> Proposal:
    """Reject a proposal; the note says why. Rejected again, nothing changes.

    Raises:
        Forbidden: the actor may not decide proposals.
        NotFound: there is no such proposal.
        Refused: it is expired, or an order was placed already.
    """
    ctx.require_somewhere(Right.DECIDE_PROPOSALS)
    found = _found(tables.proposal(ctx.tx, ctx.tenant, proposal_id, lock=True), proposal_id)
    ctx.require(Right.DECIDE_PROPOSALS, found.site_id)
    if found.state == "rejected":
        return found
    state = next_state(found, "reject", ctx.now)
    tables.decide(ctx.tx, ctx.tenant, proposal_id, state, ctx.actor.by, ctx.now, note)
    ctx.audit("proposal.rejected", f"proposal:{proposal_id}", item=found.sku, note=note)
    _tell_decided(ctx, found, state, note=note)
    return _found(tables.proposal(ctx.tx, ctx.tenant, proposal_id), proposal_id)


def expire(ctx: Context, site_id: int | None = None) -> int:
    """Let open proposals of a site, or (None) of every site, lapse whose time is over; returns how many."""
    ctx.require(Right.RUN_PLANNING, site_id)
    over = tables.lapsed(ctx.tx, ctx.tenant, site_id, ctx.now)
    for proposal_id, item_id in over:
        _expire(ctx, proposal_id, item_id, "Nobody decided in time.")
    if over:
        notify(ctx.tx, "live", "proposals")
    return len(over)


def _past(ctx: Context, site_id: int, decisions: Sequence[Decision]) -> tuple[set[int], dict[int, int]]:
    """(items not to be proposed now, the revision that a new proposal of an item would be today)."""
    blocked: set[int] = set()
    revisions: dict[int, int] = {}
    if not decisions:
        return blocked, revisions
    earlier = tables.past_of_site(ctx.tx, ctx.tenant, site_id, decisions[0].today, ctx.now - REJECTION_STANDS)
    for one in earlier:
        if one.state == "expired":
            revisions[one.item_id] = revisions.get(one.item_id, 1) + 1
        else:
            blocked.add(one.item_id)
    return blocked, revisions


def _place(ctx: Context, approved: Proposal, quantity: Decimal) -> PurchaseOrder:
    return place_purchase_order(
        ctx,
        decision_key=approved.decision_key,
        supplier_id=approved.supplier_id,
        site_id=approved.site_id,
        lines=[(approved.item_id, quantity, approved.unit_cost)],
        currency=approved.currency,
        expected_at=ctx.now + timedelta(days=approved.expected_days),
    )


def _expire(ctx: Context, proposal_id: int, item_id: int, note: str) -> None:
    tables.decide(ctx.tx, ctx.tenant, proposal_id, "expired", ctx.actor.by, ctx.now, note)
    ctx.audit("proposal.expired", f"proposal:{proposal_id}", note=note)
    ctx.publish("proposal.decided", f"proposal:{proposal_id}", state="expired", item_id=item_id, note=note)


def _tell_new(ctx: Context, proposal_id: int, decision: Decision) -> None:
    ctx.audit("proposal.made", f"proposal:{proposal_id}", item=decision.sku, quantity=plain(decision.quantity))
    ctx.publish(
        "proposal.made",
        f"proposal:{proposal_id}",
        item_id=decision.item_id,
        site_id=decision.site_id,
        quantity=plain(decision.quantity),
    )


def _tell_decided(ctx: Context, decided: Proposal, state: State, **data: Any) -> None:
    ctx.publish(
        "proposal.decided",
        f"proposal:{decided.proposal_id}",
        state=state,
        item_id=decided.item_id,
        site_id=decided.site_id,
        by=ctx.actor.by,
        **data,
    )
    notify(ctx.tx, "live", "proposals")


def _found(one: Proposal | None, proposal_id: int) -> Proposal:
    if one is None:
        raise NotFound("proposal", proposal_id)
    return one
