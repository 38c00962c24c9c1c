"""What people decide about proposed transfers, and how a decision is taken back.

The site that gives has to let go and the site that takes has to want it: approving takes the right to transfer goods
from the one and to decide proposals at the other. Either side alone may say no.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Actor, Right
from shelfwise.agents import tables as ledger
from shelfwise.agents.deciding import MOST_AT_ONCE, Wanted
from shelfwise.agents.model import next_state
from shelfwise.agents.telling import tell_decided
from shelfwise.agents.transfers import tables
from shelfwise.agents.transfers.model import ProposedTransfer
from shelfwise.core.clocks import local_day
from shelfwise.core.errors import Fault, Forbidden, Invalid, NotFound, Refused
from shelfwise.core.quantities import plain
from shelfwise.orders import transfers as documents
from shelfwise.orders.model import amount_faults
from shelfwise.orders.transfers_model import Transfer
from shelfwise.records.model import refuse
from shelfwise.records.service import site_by_id
from shelfwise.stock import service as stock
from shelfwise.stock import transfers

_TAKEN_BACK = "the decisions behind it were taken back"

# With the quantity that is moved.
Member = tuple[ProposedTransfer, Decimal]


@dataclass(frozen=True)
class Approved:
    """What became of proposals: the transfers they are in, and why some are not.

    Attributes:
        faults: (proposal, what is wrong with it or its quantity).
    """

    transfers: tuple[Transfer, ...]
    proposal_ids: tuple[int, ...]
    faults: tuple[tuple[int, Fault], ...]


def may_approve(actor: Actor, found: ProposedTransfer) -> bool:
    """Whether somebody may let go of it at the one site, and want it at the other."""
    return actor.may(Right.TRANSFER_GOODS, found.from_site_id) and actor.may(Right.DECIDE_PROPOSALS, found.site_id)


def may_refuse(actor: Actor, found: ProposedTransfer) -> bool:
    """Whether somebody may say no, for the site that gives or for the one that takes."""
    return actor.may(Right.TRANSFER_GOODS, found.from_site_id) or actor.may(Right.DECIDE_PROPOSALS, found.site_id)


def approve(ctx: Context, transfer_proposal_id: int, quantity: Decimal | None = None, note: str = "") -> Transfer:
    """Approve a proposed transfer: it is made and promised at the site that gives. Approved again, it is the same one.

    Args:
        quantity: moved instead of what was proposed.

    Raises:
        Forbidden: the actor may not transfer goods from the one site, or decide proposals at the other.
        NotFound: there is no such proposed transfer.
        Invalid: the quantity cannot be right.
        Refused: it is expired or rejected, was approved with another quantity, or so much does not lie free any more.
    """
    ctx.require_somewhere(Right.DECIDE_PROPOSALS)
    found = _locked(ctx, [transfer_proposal_id]).get(transfer_proposal_id)
    if found is None:
        raise NotFound("proposed transfer", transfer_proposal_id)
    if problem := _problem(ctx, found, quantity, {}):
        raise problem
    ((made, _),) = _carry_out(ctx, [(found, found.quantity if quantity is None else quantity)], note)
    return made


def approve_many(ctx: Context, wanted: Sequence[Wanted], note: str = "", *, leave_out_faulty: bool = False) -> Approved:
    """Approve many, each with its own quantity: one transfer for each pair of sites.

    Args:
        leave_out_faulty: approve the rest where some cannot be, or may not by this actor; else nothing is done.

    Raises:
        Forbidden: the actor may not approve one of them, and none may be left out.
        Invalid: some cannot be approved, each with its reason; nothing was done.
    """
    ctx.require_somewhere(Right.DECIDE_PROPOSALS)
    if not 0 < len(wanted) <= MOST_AT_ONCE:
        raise Invalid(Fault("proposals", f"1 to {MOST_AT_ONCE}", str(len(wanted)), "Choose some of them."))
    quantities = {one.proposal_id: one.quantity for one in wanted}
    known = _locked(ctx, list(quantities))
    faults: list[tuple[int, Fault]] = []
    good: list[Member] = []
    taken: dict[tuple[int, int], Decimal] = {}
    for proposal_id, quantity in quantities.items():
        found = known.get(proposal_id)
        problem = None if found is None else _problem(ctx, found, quantity, taken)
        where = f"proposal {proposal_id}"
        if isinstance(problem, Forbidden) and not leave_out_faulty:
            raise problem
        if found is None or not may_refuse(ctx.actor, found):
            faults.append((proposal_id, Fault(where, "one that you may approve", "none", "Leave it out.")))
        elif isinstance(problem, Invalid):
            faults += [
                (proposal_id, replace(one, where=f"{where} for {found.sku}, {one.where}")) for one in problem.faults
            ]
        elif problem is not None:
            told = Fault(f"{where} for {found.sku}", "one that can be approved", found.state, str(problem))
            faults.append((proposal_id, told))
        else:
            much = found.quantity if quantity is None else quantity
            key = (found.from_site_id, found.item_id)
            taken[key] = taken.get(key, Decimal(0)) + much
            good.append((found, much))
    if faults and not leave_out_faulty:
        refuse(fault for _, fault in faults)
    made = _carry_out(ctx, good, note)
    return Approved(tuple(one for one, _ in made), tuple(one for _, ids in made for one in ids), tuple(faults))


def reject_many(ctx: Context, proposal_ids: Sequence[int], note: str = "") -> list[ProposedTransfer]:
    """Say no for one reason, to all of them or none. What was rejected before stays as it is.

    Raises:
        Forbidden: the actor may say no neither for the site that gives nor for the one that takes.
        NotFound: there is no such proposed transfer.
        Refused: one is expired, or its transfer was made already.
    """
    known = _known(ctx, proposal_ids)
    for found in known.values():
        if found.state == "rejected":
            continue
        state = next_state(found, "reject", ctx.now)
        ledger.decide(ctx.tx, ctx.tenant, found.proposal_id, state, ctx.actor.by, ctx.now, note)
        ctx.audit("proposal.rejected", f"proposal:{found.proposal_id}", item=found.sku, note=note)
        tell_decided(ctx, found, state, note=note)
    after = _locked(ctx, proposal_ids)
    return [after[proposal_id] for proposal_id in proposal_ids]


def take_back(ctx: Context, proposal_ids: Sequence[int]) -> list[ProposedTransfer]:
    """Undo decisions: what was rejected or approved waits for a decision again, if it still can; else it is undone.

    A transfer of which nothing has left is cancelled; what else was decided for it gets a transfer of its own.

    Raises:
        Forbidden: the actor may not decide about one of them as it was decided.
        NotFound: there is no such proposed transfer.
        Refused: goods have left, or a proposal was not decided by a person.
    """
    known = _known(ctx, proposal_ids)
    undone = {found.proposal_id: next_state(found, "undo", ctx.now) for found in known.values()}
    moved = [found for found in known.values() if found.state == "executed"]
    for found in moved:
        _require_both(ctx, found)
    keys = {found.decision_key for found in moved}
    for transfer_id in sorted(set(documents.transfers_of_decisions(ctx, keys).values())):
        _take_out(ctx, transfer_id, keys)
    open_now = set(tables.open_ones(ctx.tx, ctx.tenant).values())
    for found in known.values():
        state = undone[found.proposal_id]
        if ctx.now < found.expires_at and found.way not in open_now:
            state = "proposed"
        ledger.reopen(ctx.tx, ctx.tenant, found.proposal_id, state)
        ctx.audit("proposal.taken_back", f"proposal:{found.proposal_id}", item=found.sku, was=found.state)
        tell_decided(ctx, found, state)
    after = _locked(ctx, proposal_ids)
    return [after[proposal_id] for proposal_id in proposal_ids]


def _take_out(ctx: Context, transfer_id: int, keys: set[str]) -> None:
    there = documents.transfer(ctx, transfer_id)
    if any(line.shipped for line in there.lines):
        raise Refused(
            f"Goods of {there.number} have left {there.from_site} already. Send them back on the page of the transfer."
        )
    behind = documents.decisions_of(ctx, transfer_id)
    transfers.cancel_transfer(ctx, transfer_id, _TAKEN_BACK)
    documents.forget_decisions(ctx, transfer_id)
    staying = _locked(ctx, [int(key.removeprefix("proposal:")) for key in behind if key not in keys])
    if staying:
        _make(ctx, [(found, found.quantity) for found in staying.values()])


def _known(ctx: Context, proposal_ids: Sequence[int]) -> dict[int, ProposedTransfer]:
    """Locked, each one that the actor may say no to."""
    if not any(ctx.actor.may_somewhere(right) for right in (Right.DECIDE_PROPOSALS, Right.TRANSFER_GOODS)):
        ctx.require_somewhere(Right.DECIDE_PROPOSALS)
    known = _locked(ctx, proposal_ids)
    for proposal_id in proposal_ids:
        if proposal_id not in known:
            raise NotFound("proposed transfer", proposal_id)
        if not may_refuse(ctx.actor, known[proposal_id]):
            _require_both(ctx, known[proposal_id])
    return known


def _require_both(ctx: Context, found: ProposedTransfer) -> None:
    """The right to take at the one site, and to give at the other."""
    for right, site_id, name in (
        (Right.DECIDE_PROPOSALS, found.site_id, found.site_name),
        (Right.TRANSFER_GOODS, found.from_site_id, found.from_name),
    ):
        if not ctx.actor.may(right, site_id):
            does = "decide what it takes" if right is Right.DECIDE_PROPOSALS else "send its goods elsewhere"
            raise Forbidden(
                f"{ctx.actor} may not {does} at {name}. Ask somebody who may at both sites, or a manager to change "
                "your role."
            )


def _locked(ctx: Context, proposal_ids: Sequence[int]) -> dict[int, ProposedTransfer]:
    return {one.proposal_id: one for one in tables.lock(ctx.tx, ctx.tenant, proposal_ids)}


def _problem(
    ctx: Context, found: ProposedTransfer, quantity: Decimal | None, taken: dict[tuple[int, int], Decimal]
) -> Invalid | Refused | Forbidden | None:
    """Why a proposal cannot be approved with this quantity; None: it can, or it has been, just so.

    Args:
        taken: what others, approved together with it, take from a site of an item.
    """
    try:
        _require_both(ctx, found)
    except Forbidden as error:
        return error
    if found.state == "executed":
        if quantity is not None and quantity != found.quantity:
            return Refused(
                f"Proposal {found.proposal_id} was approved by {found.decided_by} with {plain(found.quantity)}, not "
                f"{plain(quantity)}. Transfer the difference by hand, or cancel the transfer."
            )
        return None
    try:
        next_state(found, "approve", ctx.now)
    except Refused as error:
        return error
    wanted = found.quantity if quantity is None else quantity
    if faults := list(amount_faults(wanted, found.item_id, {found.item_id: found.step}, "quantity")):
        return Invalid(*faults)
    lies = stock.levels(ctx, found.from_site_id, [found.item_id])
    free = sum((one.available for one in lies), Decimal(0)) - taken.get((found.from_site_id, found.item_id), Decimal(0))
    if wanted > free:
        return Refused(
            f"{found.from_name} has {plain(max(free, Decimal(0)))} of {found.sku} free now, not {plain(wanted)}. Move "
            "less, or wait for the next planning run."
        )
    return None


def _carry_out(ctx: Context, good: Sequence[Member], note: str) -> list[tuple[Transfer, list[int]]]:
    """The transfers of proposals that can be approved, each with the proposals in it; those made before come along."""
    keys = [found.decision_key for found, _ in good if found.state == "executed"]
    before = documents.transfers_of_decisions(ctx, keys)
    made: dict[int, list[int]] = {}
    groups: dict[tuple[int, int], list[Member]] = {}
    for found, wanted in good:
        if found.state == "executed":
            made.setdefault(before[found.decision_key], []).append(found.proposal_id)
        else:
            groups.setdefault((found.from_site_id, found.site_id), []).append((found, wanted))
    result = [(documents.transfer(ctx, transfer_id), ids) for transfer_id, ids in made.items()]
    for members in groups.values():
        transfer = _make(ctx, members)
        ledger.decide_many(
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
            ctx.audit(
                "proposal.transferred", f"proposal:{found.proposal_id}", item=found.sku,
                proposed=plain(found.proposed_quantity), moved=plain(wanted), transfer=transfer.number, note=note,
            )  # fmt: skip
            tell_decided(ctx, found, "executed", transfer=transfer.number, quantity=plain(wanted))
        result.append((transfer, [found.proposal_id for found, _ in members]))
    return result


def _make(ctx: Context, members: Sequence[Member]) -> Transfer:
    """One transfer of all of them, promised at the site that gives."""
    one = members[0][0]
    today = local_day(ctx.now, site_by_id(ctx, one.from_site_id).zone_info)
    drafted = documents.draft_transfer(
        ctx, one.from_site_id, one.site_id, [(found.item_id, wanted) for found, wanted in members],
        ctx.now + timedelta(days=max(found.days(today) for found, _ in members)),
        line_keys=[found.decision_key for found, _ in members],
    )  # fmt: skip
    return transfers.approve_transfer(ctx, drafted.transfer_id)
