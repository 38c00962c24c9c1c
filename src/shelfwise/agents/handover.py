"""Approved proposals on their way into an ERP that keeps the books: each under one key, until its order is seen there.

    approved -> handed over -> taken (with the ERP's number) -> seen (it stands in the ERP's open orders)
                            -> refused | in doubt, when nothing is heard in time: then a person finds out

A proposal may be handed over more than once, as after a crash, always under the same key, so that the ERP can place its
order once. While one is under way, nothing is proposed for its item.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from shelfwise.access.context import Context
from shelfwise.access.model import Right, Role
from shelfwise.agents import tables
from shelfwise.agents.model import Proposal, Verb, next_state
from shelfwise.agents.telling import tell_decided
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused, shorten
from shelfwise.core.quantities import plain
from shelfwise.records.books import books
from shelfwise.records.calendars import arrival
from shelfwise.store.database import first, notify, rows, run, values
from shelfwise.work import tasks

HandoverState = Literal["approved", "handed_over", "taken", "refused", "in_doubt", "seen", "withdrawn"]
UNDER_WAY: tuple[HandoverState, ...] = ("approved", "handed_over", "taken", "in_doubt")
# Heard of nothing yet, so that it may be handed over (again).
OFFERED: tuple[HandoverState, ...] = ("approved", "handed_over", "in_doubt")
_SELECT = """select h.handover_id, h.proposal_id, h.key, h.run, h.site_id, s.code as site, h.item_id, i.sku,
        i.description, i.unit, v.code as supplier, v.name as supplier_name, h.quantity, h.unit_cost, h.currency,
        h.wanted_at, h.approved_by, h.approved_at, h.state, h.times, h.handed_at, h.due_at, h.erp_number, h.reason,
        h.settled_by, h.settled_at
    from handover h join site s using (tenant_id, site_id) join item i using (tenant_id, item_id)
    join supplier v on v.tenant_id = h.tenant_id and v.supplier_id = h.supplier_id"""


@dataclass(frozen=True)
class Handover:
    """An approved proposal on its way into the ERP.

    Attributes:
        key: the same however often it is handed over.
        run: names what was approved together.
        times: how often it was written into a file; handed_at: when last.
        due_at: when a person is asked if nothing was heard.
        erp_number: of the order that the ERP made of it; reason: why it made none.
    """

    handover_id: int
    proposal_id: int
    key: str
    run: str
    site_id: int
    site: str
    item_id: int
    sku: str
    description: str
    unit: str
    supplier: str
    supplier_name: str
    quantity: Decimal
    unit_cost: Decimal
    currency: str
    wanted_at: datetime
    approved_by: str
    approved_at: datetime
    state: HandoverState
    times: int
    handed_at: datetime | None
    due_at: datetime
    erp_number: str | None
    reason: str | None
    settled_by: str | None
    settled_at: datetime | None


def make(ctx: Context, good: Sequence[tuple[Proposal, Decimal | None]], note: str) -> list[int]:
    """Approve proposals for the ERP; those that are approved already stay as they are. Returns their ids."""
    new = [(found, wanted) for found, wanted in good if found.state not in ("approved", "executed")]
    due_at = ctx.now + timedelta(hours=books(ctx).hand_over_hours)
    name = f"{ctx.now:%Y%m%d-%H%M%S}-{min((found.proposal_id for found, _ in new), default=0)}"
    for found, wanted in new:
        quantity = found.proposed_quantity if wanted is None else wanted
        run(
            ctx.tx,
            """insert into handover (tenant_id, proposal_id, key, run, site_id, item_id, supplier_id, quantity,
                   unit_cost, currency, wanted_at, approved_by, approved_at, due_at)
               values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
               -- It was withdrawn before the ERP heard of it.
               on conflict (tenant_id, key) do update set run = excluded.run, quantity = excluded.quantity,
                   unit_cost = excluded.unit_cost, wanted_at = excluded.wanted_at, approved_by = excluded.approved_by,
                   approved_at = excluded.approved_at, due_at = excluded.due_at, state = 'approved'""",
            (
                ctx.tenant, found.proposal_id, found.decision_key, name, found.site_id, found.item_id,
                found.supplier_id, quantity, found.unit_cost, found.currency,
                arrival(ctx, found.site_id, found.supplier_id, ctx.now + timedelta(days=found.expected_days)),
                ctx.actor.by, ctx.now, due_at,
            ),
        )  # fmt: skip
        edited = None if quantity == found.proposed_quantity else {"quantity": plain(quantity)}
        state = next_state(found, "hand_over", ctx.now)
        tables.decide(ctx.tx, ctx.tenant, found.proposal_id, state, ctx.actor.by, ctx.now, note, edited)
        ctx.audit(
            "proposal.for_erp", f"proposal:{found.proposal_id}", item=found.sku, quantity=plain(quantity), note=note
        )
        ctx.publish(
            "proposal.approved", f"proposal:{found.proposal_id}", key=found.decision_key, site_id=found.site_id,
            site=found.site, item_id=found.item_id, sku=found.sku, supplier=found.supplier,
            quantity=plain(quantity), unit_cost=plain(found.unit_cost), currency=found.currency, by=ctx.actor.by,
        )  # fmt: skip
        tell_decided(ctx, found, state, quantity=plain(quantity))
    return [found.proposal_id for found, _ in good]


def withdraw(ctx: Context, proposal_ids: Sequence[int]) -> None:
    """The decisions behind these are taken back, before the ERP has heard of them.

    Raises:
        Refused: one was handed over.
    """
    gone = values(
        ctx.tx,
        """select proposal_id, state from handover where tenant_id = %s and proposal_id = any(%s::bigint[])
             and state <> 'withdrawn' order by handover_id for update""",
        (ctx.tenant, list(proposal_ids)),
    )
    for proposal_id, state in gone:
        if state != "approved":
            raise Refused(
                f"Proposal {proposal_id} was handed to the ERP. Cancel its order there; here it is told by the ERP."
            )
    run(
        ctx.tx,
        """update handover set state = 'withdrawn' where tenant_id = %s and proposal_id = any(%s::bigint[])
             and state = 'approved'""",
        (ctx.tenant, list(proposal_ids)),
    )


def handovers(ctx: Context, states: Collection[HandoverState] | None = None, limit: int = 500) -> list[Handover]:
    """Of the sites that the actor may see, in some states or all: what is under way first, the newest first."""
    return rows(
        ctx.tx,
        Handover,
        f"""{_SELECT} where h.tenant_id = %(tenant)s and (%(states)s::text[] is null or h.state = any(%(states)s))
              and (%(sites)s::bigint[] is null or h.site_id = any(%(sites)s))
            order by h.state in ('refused', 'seen', 'withdrawn'), h.handover_id desc limit %(limit)s""",
        {
            "tenant": ctx.tenant, "states": None if states is None else list(states), "sites": ctx.sites(Right.VIEW),
            "limit": limit,
        },
    )  # fmt: skip


def offered(ctx: Context, limit: int = 1000) -> list[Handover]:
    """What the ERP has still to answer, the oldest first. Asking changes nothing."""
    return handovers(ctx, OFFERED, limit)[::-1]


def unseen_items(ctx: Context, site_id: int) -> set[int]:
    """Items for which a proposal is on its way into the ERP and not yet among its orders."""
    ctx.require(Right.VIEW, site_id)
    return {
        item_id
        for (item_id,) in values(
            ctx.tx,
            "select item_id from handover where tenant_id = %s and site_id = %s and state = any(%s)",
            (ctx.tenant, site_id, list(UNDER_WAY)),
        )
    }


def mark_handed_over(ctx: Context, keys: Sequence[str]) -> None:
    """These were written where the ERP finds them."""
    ctx.require(Right.RUN_PLANNING)
    run(
        ctx.tx,
        """update handover set times = times + 1, handed_at = %s,
               state = case when state = 'approved' then 'handed_over' else state end
           where tenant_id = %s and key = any(%s)""",
        (ctx.now, ctx.tenant, list(keys)),
    )
    ctx.audit("handover.written", "erp", count=len(keys))


def taken(ctx: Context, key: str, number: str) -> Handover:
    """The ERP has made an order of it. Told again with the same number, nothing changes.

    Raises:
        Invalid: no number.
        NotFound: nothing was handed over under this key.
        Refused: it was told otherwise before.
    """
    one = _locked(ctx, key, Right.RUN_PLANNING)
    if not 0 < len(number) <= 64 or not number.isprintable():
        wanted = "the number of the order in the ERP, at most 64 characters"
        raise Invalid(Fault("number", wanted, shorten(number) or "nothing", "Say which order it became."))
    if one.state in ("taken", "seen") and one.erp_number == number:
        return one
    if one.state not in OFFERED:
        raise _told_otherwise(one)
    _settle(ctx, one, "taken", "take", number=number)
    return handover(ctx, key)


def refused(ctx: Context, key: str, reason: str) -> Handover:
    """The ERP makes no order of it, and says why. Told again, nothing changes.

    Raises:
        Invalid: no reason.
        NotFound: nothing was handed over under this key.
        Refused: it was told otherwise before.
    """
    one = _locked(ctx, key, Right.RUN_PLANNING)
    if not reason.strip():
        raise Invalid(Fault("reason", "why the ERP makes no order of it", "nothing", "Say why."))
    if one.state == "refused":
        return one
    if one.state not in OFFERED:
        raise _told_otherwise(one)
    _settle(ctx, one, "refused", "fail", reason=reason[:500])
    return handover(ctx, key)


def seen(ctx: Context, key: str, number: str | None) -> None:
    """Its order stands among the open ones of the ERP, or somebody saw it there."""
    one = _locked(ctx, key, Right.RUN_PLANNING)
    if one.state in UNDER_WAY:
        _settle(ctx, one, "seen", "take", number=number or one.erp_number)


def see_orders(ctx: Context, told: Sequence[tuple[str, int, str | None]]) -> int:
    """The ERP told its open orders, as (number, item, the key of the proposal behind it); returns how many are ours."""
    ctx.require_somewhere(Right.RUN_PLANNING)
    ours = 0
    for one in handovers(ctx, UNDER_WAY):
        for number, item_id, reference in told:
            if reference == one.key or (one.erp_number == number and item_id == one.item_id):
                seen(ctx, one.key, number)
                ours += 1
                break
    return ours


def hand_over_again(ctx: Context, key: str) -> Handover:
    """A person found out that the ERP does not have it: it is handed over once more, under the same key.

    Raises:
        NotFound: nothing was handed over under this key.
        Refused: it is not in doubt.
    """
    one = _locked(ctx, key, Right.DECIDE_PROPOSALS)
    if one.state != "in_doubt":
        raise _told_otherwise(one)
    due_at = ctx.now + timedelta(hours=books(ctx).hand_over_hours)
    run(
        ctx.tx,
        "update handover set state = 'approved', due_at = %s where tenant_id = %s and key = %s",
        (due_at, ctx.tenant, key),
    )
    tasks.close_task(ctx, "handover", f"handover:{one.handover_id}", "It is handed over again.")
    ctx.audit("handover.again", f"proposal:{one.proposal_id}", item=one.sku)
    return handover(ctx, key)


def chase(ctx: Context) -> int:
    """Ask a person about what the ERP has not answered in time, or not shown; returns how many are new in doubt."""
    ctx.require(Right.RUN_PLANNING)
    late = rows(
        ctx.tx,
        Handover,
        f"""{_SELECT} where h.tenant_id = %s and h.state in ('approved', 'handed_over', 'taken') and h.due_at <= %s
            order by h.handover_id for update of h skip locked""",
        (ctx.tenant, ctx.now),
    )
    for one in late:
        run(
            ctx.tx,
            "update handover set state = 'in_doubt' where tenant_id = %s and key = %s",
            (ctx.tenant, one.key),
        )
        told = "took it as " + str(one.erp_number) if one.erp_number else "has not answered"
        tasks.open_task(
            ctx, kind="handover", subject=f"handover:{one.handover_id}", site_id=one.site_id,
            title=f"Find out whether the ERP has the order of {plain(one.quantity)} {one.sku}",
            detail=f"It {told}, and no such order stands in its list. Look there, then say on the page what you found.",
            why="Nothing more of it is proposed until that is known: it may be ordered already, or not at all.",
            link="/erp", role=Role.PLANNER.value, evidence={"key": one.key},
        )  # fmt: skip
    return len(late)


def handover(ctx: Context, key: str) -> Handover:
    """
    Raises:
        NotFound: nothing was handed over under this key.
    """
    ctx.require_somewhere(Right.VIEW)
    found = first(ctx.tx, Handover, f"{_SELECT} where h.tenant_id = %s and h.key = %s", (ctx.tenant, key))
    if found is None:
        raise NotFound("handed-over proposal", key)
    ctx.require(Right.VIEW, found.site_id)
    return found


def _locked(ctx: Context, key: str, right: Right) -> Handover:
    ctx.require_somewhere(right)
    found = handover(ctx, key)
    ctx.require(right, found.site_id)
    run(ctx.tx, "select from handover where tenant_id = %s and key = %s for update", (ctx.tenant, key))
    return handover(ctx, key)


def _told_otherwise(one: Handover) -> Refused:
    known = f" as order {one.erp_number}" if one.erp_number else f": {one.reason}" if one.reason else ""
    return Refused(f"{one.key} is {one.state.replace('_', ' ')}{known} already. Correct it in the ERP.")


def _settle(
    ctx: Context, one: Handover, state: HandoverState, verb: Verb, number: str | None = None, reason: str | None = None
) -> None:
    run(
        ctx.tx,
        """update handover set state = %s, erp_number = coalesce(%s, erp_number), reason = %s, settled_by = %s,
               settled_at = %s where tenant_id = %s and key = %s""",
        (state, number, reason, ctx.actor.by, ctx.now, ctx.tenant, one.key),
    )
    (decided,) = tables.lock_proposals(ctx.tx, ctx.tenant, [one.proposal_id])
    if decided.state == "approved":
        after = next_state(decided, verb, ctx.now)
        note = reason or decided.decision_note or ""
        tables.decide(
            ctx.tx, ctx.tenant, one.proposal_id, after, decided.decided_by or ctx.actor.by, ctx.now, note,
            decided.edited,
        )  # fmt: skip
        tell_decided(ctx, decided, after, order=number, note=reason)
    tasks.close_task(ctx, "handover", f"handover:{one.handover_id}", "The ERP's answer is known.")
    ctx.audit("handover.told", f"proposal:{one.proposal_id}", item=one.sku, state=state, number=number, reason=reason)
    notify(ctx.tx, "live", "proposals")
