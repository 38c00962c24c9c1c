"""The ledger of proposals: made by agents, decided by people, carried out once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType

from shelfwise.access.context import Context
from shelfwise.access.model import Right, Role
from shelfwise.agents import handover, tables
from shelfwise.agents.deciding import (
    Approved,
    Wanted,
    approve,
    approve_many,
    approve_or_hand_over,
    reject,
    reject_many,
    take_back,
)
from shelfwise.agents.model import REJECTION_STANDS, Proposal, State, Waiting, differs
from shelfwise.agents.transfers.tables import open_to as open_transfers_to
from shelfwise.core.errors import NotFound
from shelfwise.core.quantities import plain
from shelfwise.orders import service as orders
from shelfwise.planning.model import Arrival, Decision, Params
from shelfwise.planning.service import plan_site
from shelfwise.store.database import notify
from shelfwise.work import objections, tasks

__all__ = [
    "Approved",
    "Wanted",
    "approve",
    "approve_many",
    "approve_or_hand_over",
    "expire",
    "object_to",
    "open_proposal",
    "proposal",
    "proposals",
    "propose",
    "propose_purchases",
    "reject",
    "reject_many",
    "take_back",
    "waiting",
]

UNDO = "Take the decision back while the order has not left; later ask the supplier on the order's page to cancel it."
OPEN: tuple[State, ...] = ("proposed",)
_NO_LONGER_NEEDED = "No longer needed: stock and orders suffice."


def propose_purchases(ctx: Context, site_id: int, params: Params | None = None, *, anew: bool = False) -> list[int]:
    """One run of the purchasing agent: look at the site, decide, let what is too old expire, propose.

    Open proposals for what is no longer needed are withdrawn. What other sites are proposed to give is not ordered as
    well. Returns the ids of new proposals; run again on the same state it makes none.

    Args:
        anew: somebody asked, or brought something in: see `propose`.

    Raises:
        NotFound: there is no such site.
    """
    proposed = _from_sites(ctx, site_id)
    seen, planned = plan_site(ctx, site_id, params, proposed)
    expire(ctx, site_id)
    _ask_for_rates(ctx, seen.without_rate)
    reviewed = {item.item_id: _NO_LONGER_NEEDED for item in seen.items}
    reviewed |= {one.item_id: one.says for one in planned.waiting}
    decisions = [_beside(one, proposed.get(one.item_id, ())) for one in planned.decisions]
    return propose(ctx, site_id, decisions, reviewed, anew=anew)


def propose(
    ctx: Context,
    site_id: int,
    decisions: Sequence[Decision],
    reviewed: Mapping[int, str] = MappingProxyType({}),
    *,
    anew: bool = False,
) -> list[int]:
    """Put decisions before people; returns the ids of the proposals that are new.

    An item has one open proposal at most, and one a business day. If the open one says the same (see
    `agents.model.differs`) it stays, and stands for longer; else it expires and the newer one takes its
    place. What was rejected is not proposed again for three days, what was approved not again on the same
    day.

    Args:
        reviewed: items that were looked at; an open proposal for one of them without a decision is withdrawn, for
            this reason.
        anew: an open proposal stays only where it says and shows the very same: what it stood on was half told.
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
            material = differs(there, decision.supplier_id, decision.quantity, decision.pack_size)
            if not (material or (anew and _shows_other(there, decision))):
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
    for item_id in waiting.keys() & reviewed.keys():
        _expire(ctx, waiting[item_id].proposal_id, item_id, reviewed[item_id])
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


def waiting(ctx: Context, limit: int = 1000) -> list[Waiting]:
    """Open proposals of the sites that the actor may see, as lines of a list: the likeliest to run out first."""
    return tables.waiting(ctx.tx, ctx.tenant, ctx.sites(Right.VIEW), limit)


def proposal(ctx: Context, proposal_id: int) -> Proposal:
    """
    Raises:
        NotFound: there is no such proposal.
    """
    ctx.require_somewhere(Right.VIEW)
    found = _found(tables.proposal(ctx.tx, ctx.tenant, proposal_id), proposal_id)
    ctx.require(Right.VIEW, found.site_id)
    return found


def open_proposal(ctx: Context, site_id: int, item_id: int) -> Proposal | None:
    """What is proposed to be ordered of an item at a site now; None: nothing. Its evidence comes without its chart."""
    ctx.require(Right.VIEW, site_id)
    return tables.open_of_item(ctx.tx, ctx.tenant, site_id, item_id)


def object_to(ctx: Context, proposal_id: int, note: str = "") -> int:
    """This proposal is wrong: whoever plans answers, and it stays to be decided. Returns the id of the task.

    Everybody who sees the proposal may say it.

    Raises:
        NotFound: there is no such proposal.
        Forbidden: it is at a site that the actor may not see.
    """
    found = proposal(ctx, proposal_id)
    task_id = objections.say_wrong(
        ctx, subject=f"proposal:{proposal_id}", site_id=found.site_id,
        what=f"Order {plain(found.quantity)} of {found.sku} from {found.supplier}", link=f"/proposals/{proposal_id}",
        answers=Role.PLANNER, note=note,
    )  # fmt: skip
    ctx.audit("proposal.objected", f"proposal:{proposal_id}", item=found.sku, note=note[:500])
    return task_id


def expire(ctx: Context, site_id: int | None = None) -> int:
    """Let open proposals of a site, or (None) of every site, lapse whose time is over; returns how many."""
    ctx.require(Right.RUN_PLANNING, site_id)
    over = tables.lapsed(ctx.tx, ctx.tenant, site_id, ctx.now)
    for proposal_id, item_id in over:
        _expire(ctx, proposal_id, item_id, "Nobody decided in time.")
    if over:
        notify(ctx.tx, "live", "proposals")
    return len(over)


def _ask_for_rates(ctx: Context, missing: Mapping[str, Sequence[str]]) -> None:
    """Have an admin say what currencies are worth whose offers could not be compared."""
    for currency, skus in missing.items():
        tasks.open_task(
            ctx,
            kind="set_rate",
            subject=f"currency:{currency}",
            site_id=None,
            title=f"Say what one {currency} is worth",
            detail=f"Offers in {currency} for {', '.join(skus[:5])}{' and more' if len(skus) > 5 else ''}.",
            why="They cannot be compared with offers in other currencies, so planning leaves them out.",
            link="/approval",
            role=Role.ADMIN.value,
        )


def _from_sites(ctx: Context, site_id: int) -> dict[int, list[Arrival]]:
    """What open proposals of transfers would bring to a site, by item."""
    coming: dict[int, list[Arrival]] = {}
    for item_id, quantity, days in open_transfers_to(ctx.tx, ctx.tenant, site_id):
        coming.setdefault(item_id, []).append(Arrival(quantity, ctx.now + timedelta(days=days)))
    return coming


def _beside(decision: Decision, proposed: Sequence[Arrival]) -> Decision:
    """The decision, with what of its stock on order is proposed and not decided yet."""
    if not proposed:
        return decision
    much = plain(sum((one.quantity for one in proposed), Decimal(0)))
    said = (
        f"{much} of what is on order would come from another site by a transfer that is proposed, and not decided yet."
    )
    return replace(decision, reason=f"{decision.reason} {said}")


def _shows_other(there: Proposal, decision: Decision) -> bool:
    """Whether an open proposal says another quantity, or stands on other stock, than a newer decision."""
    if there.proposed_quantity != decision.quantity:
        return True
    return bool(there.evidence["stock"]["position"] != decision.evidence["stock"]["position"])


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
    # One person has approved these and another has to, or the ERP: they are as good as ordered, and not on order yet.
    return blocked | orders.drafted_items(ctx, site_id) | handover.unseen_items(ctx, site_id), revisions


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


def _found(one: Proposal | None, proposal_id: int) -> Proposal:
    if one is None:
        raise NotFound("proposal", proposal_id)
    return one
