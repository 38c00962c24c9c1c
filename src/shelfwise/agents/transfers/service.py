"""Transfers between sites that Shelfwise proposes: made by the warehousing agent, decided in `deciding`."""

from __future__ import annotations

from collections.abc import Collection

from shelfwise.access.context import Context
from shelfwise.access.model import Right, Role
from shelfwise.agents import service as agents
from shelfwise.agents import tables as ledger
from shelfwise.agents.model import REJECTION_STANDS, State
from shelfwise.agents.transfers import tables
from shelfwise.agents.transfers.model import ProposedTransfer, Way, differs, way_of
from shelfwise.core.errors import Forbidden, NotFound
from shelfwise.core.quantities import plain
from shelfwise.orders.transfers import being_moved
from shelfwise.planning.model import Params
from shelfwise.planning.sharing.model import Transshipment
from shelfwise.planning.sharing.service import transshipments
from shelfwise.records.books import books
from shelfwise.store.database import notify
from shelfwise.work import objections

UNDO = "Take the decision back while nothing of the transfer has left; later send the goods back on its page."
OPEN: tuple[State, ...] = ("proposed",)
_NO_LONGER_NEEDED = "No longer needed: stock and orders suffice, or another site needs it more."
_REPLACED = "Replaced by a newer proposal from newer numbers."


def propose_transfers(ctx: Context, params: Params | None = None) -> list[int]:
    """One run of the warehousing agent: look at all sites, decide what they should give each other, propose it.

    Open proposals for what is no longer needed are withdrawn. What a proposed transfer would bring counts for the
    purchases of the site that takes, so these are looked at again where that changed. Returns the ids of new
    proposals; run again on the same state it makes none. Where an ERP keeps the books, goods are moved by it: none.
    """
    ctx.require(Right.RUN_PLANNING)
    if books(ctx).elsewhere:
        return []
    agents.expire(ctx)
    before = tables.open_ones(ctx.tx, ctx.tenant)
    new = propose(ctx, transshipments(ctx, params))
    changed = before.items() ^ tables.open_ones(ctx.tx, ctx.tenant).items()
    # An order to a supplier is joined from all items of a site, so that no few of them can be planned alone.
    for site_id in sorted({site_id for _, (_, _, site_id) in changed}):
        agents.propose_purchases(ctx, site_id, params)
    return new


def propose(ctx: Context, decisions: Collection[Transshipment]) -> list[int]:
    """Put decisions of one look at all sites before people; returns the ids of the proposals that are new.

    A way of an item has one open proposal at most, and one a business day. If the open one says about the same (see
    `model.differs`) it stays, and stands for longer; else it expires and the newer one takes its place. What is under
    way between two sites is not proposed again, nor back; what was rejected not for three days, what was approved not
    again on the same day. An open proposal that is not among the decisions is withdrawn.
    """
    ctx.require(Right.RUN_PLANNING)
    waiting = tables.lock_open(ctx.tx, ctx.tenant)
    blocked, revisions = _past(ctx, decisions)
    new: list[int] = []
    changed = False
    for one in decisions:
        way = way_of(one)
        there = waiting.pop(way, None)
        if there is not None:
            if way not in blocked and not differs(there, one):
                ledger.extend(ctx.tx, ctx.tenant, there.proposal_id, one.expires_at)
                continue
            _withdraw(ctx, there, _REPLACED)
            changed = True
            if f":{one.today.isoformat()}" in there.idempotency_key:
                revisions[way] = revisions.get(way, 1) + 1
        if way in blocked:
            continue
        made = tables.insert(ctx.tx, ctx.tenant, one, revisions.get(way, 1), UNDO, ctx.now)
        if made is not None:
            new.append(made)
            _tell_new(ctx, made, one)
    for there in waiting.values():
        _withdraw(ctx, there, _NO_LONGER_NEEDED)
    if new or changed or waiting:
        notify(ctx.tx, "live", "proposals")
    return new


def _past(ctx: Context, decisions: Collection[Transshipment]) -> tuple[set[Way], dict[Way, int]]:
    """(ways of items that are not to be proposed now, the revision that a new proposal of one would be today)."""
    blocked: set[Way] = set()
    revisions: dict[Way, int] = {}
    for today in {one.today for one in decisions}:
        for one in tables.past(ctx.tx, ctx.tenant, today, ctx.now - REJECTION_STANDS):
            if one.state == "expired":
                revisions[one.way] = revisions.get(one.way, 1) + 1
            else:
                blocked.add(one.way)
    for item_id, start, end in being_moved(ctx):
        blocked |= {(item_id, start, end), (item_id, end, start)}
    return blocked, revisions


def proposed_transfers(
    ctx: Context, states: Collection[State] | None = OPEN, limit: int = 500
) -> list[ProposedTransfer]:
    """Proposed transfers in some states, all where None, from or to sites that the actor may see; evidence without
    charts. Open ones by the risk of the site that takes, then the newest decided."""
    return tables.proposed_transfers(ctx.tx, ctx.tenant, states, ctx.sites(Right.VIEW), limit)


def proposed_transfer(ctx: Context, transfer_proposal_id: int) -> ProposedTransfer:
    """
    Raises:
        Forbidden: the actor may look at neither of its sites.
        NotFound: there is no such proposed transfer.
    """
    ctx.require_somewhere(Right.VIEW)
    found = tables.proposed_transfer(ctx.tx, ctx.tenant, transfer_proposal_id)
    if found is None:
        raise NotFound("proposed transfer", transfer_proposal_id)
    if not any(ctx.actor.may(Right.VIEW, site) for site in (found.from_site_id, found.site_id)):
        raise Forbidden(f"{ctx.actor} may look at neither site of it. Ask a manager to change your role.")
    return found


def object_to(ctx: Context, transfer_proposal_id: int, note: str = "") -> int:
    """This proposal is wrong: whoever plans answers, and it stays to be decided. Returns the id of the task.

    Raises:
        Forbidden, NotFound: as `proposed_transfer`.
    """
    found = proposed_transfer(ctx, transfer_proposal_id)
    at = found.site_id if ctx.actor.may(Right.VIEW, found.site_id) else found.from_site_id
    task_id = objections.say_wrong(
        ctx, subject=f"proposal:{transfer_proposal_id}", site_id=at,
        what=f"Move {plain(found.quantity)} of {found.sku} from {found.from_name} to {found.site_name}",
        link=f"/proposals/transfers/{transfer_proposal_id}", answers=Role.PLANNER, note=note,
    )  # fmt: skip
    ctx.audit("proposal.objected", f"proposal:{transfer_proposal_id}", item=found.sku, note=note[:500])
    return task_id


def _withdraw(ctx: Context, there: ProposedTransfer, note: str) -> None:
    ledger.decide(ctx.tx, ctx.tenant, there.proposal_id, "expired", ctx.actor.by, ctx.now, note)
    ctx.audit("proposal.expired", f"proposal:{there.proposal_id}", note=note)
    ctx.publish("proposal.decided", f"proposal:{there.proposal_id}", state="expired", item_id=there.item_id, note=note)


def _tell_new(ctx: Context, proposal_id: int, one: Transshipment) -> None:
    ctx.audit("proposal.made", f"proposal:{proposal_id}", item=one.sku, quantity=plain(one.quantity))
    ctx.publish(
        "proposal.made", f"proposal:{proposal_id}", item_id=one.item_id, site_id=one.to_site_id,
        from_site_id=one.from_site_id, quantity=plain(one.quantity),
    )  # fmt: skip
