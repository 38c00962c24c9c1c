"""The SQL of the ledger of proposals."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg.types.json import Jsonb

from shelfwise.agents.model import Proposal, State, Waiting, purchase_key
from shelfwise.core.quantities import plain
from shelfwise.planning.model import Decision
from shelfwise.store.database import Tx, first, rows, run, value, values

_COLUMNS = """p.proposal_id, p.action, p.site_id, s.code as site, p.item_id, i.sku, i.description, i.unit,
    p.supplier_id, v.name as supplier, p.arguments, p.reason, {evidence} as evidence, p.alternative,
    p.expected_value, p.how_to_undo, p.idempotency_key, p.forecast_id, p.proposed_at, p.expires_at, p.state,
    p.decided_by, p.decided_at, p.decision_note, p.edited"""
_FROM = """from proposal p
    join site s on s.tenant_id = p.tenant_id and s.site_id = p.site_id
    join item i on i.tenant_id = p.tenant_id and i.item_id = p.item_id
    join supplier v on v.tenant_id = p.tenant_id and v.supplier_id = p.supplier_id"""
_WITHOUT_CHART = _COLUMNS.format(evidence="p.evidence - 'chart'")
_ALL = _COLUMNS.format(evidence="p.evidence")


@dataclass(frozen=True)
class Past:
    """What became of an earlier proposal for an item."""

    item_id: int
    idempotency_key: str
    state: State
    decided_at: datetime | None


def proposal(tx: Tx, tenant: int, proposal_id: int) -> Proposal | None:
    return first(
        tx, Proposal, f"select {_ALL} {_FROM} where p.tenant_id = %s and p.proposal_id = %s", (tenant, proposal_id)
    )


def lock_proposals(tx: Tx, tenant: int, proposal_ids: Collection[int]) -> list[Proposal]:
    """Proposals without their charts, in the order of their ids, kept from being decided by others."""
    return rows(
        tx,
        Proposal,
        f"""select {_WITHOUT_CHART} {_FROM} where p.tenant_id = %s and p.proposal_id = any(%s::bigint[])
            order by p.proposal_id for update of p""",
        (tenant, list(proposal_ids)),
    )


def open_items(tx: Tx, tenant: int, site_ids: Collection[int]) -> set[tuple[int, int]]:
    """(site, item) of open proposals of purchases."""
    return set(
        values(
            tx,
            """select site_id, item_id from proposal
               where tenant_id = %s and site_id = any(%s::bigint[]) and action = 'purchase' and state = 'proposed'""",
            (tenant, list(site_ids)),
        )
    )


def proposals(
    tx: Tx, tenant: int, states: Collection[State] | None, sites: Collection[int] | None, limit: int
) -> list[Proposal]:
    """Of these sites, None: of all. Open ones first, of these the item likeliest to run out; then the newest."""
    return rows(
        tx,
        Proposal,
        f"""select {_WITHOUT_CHART} {_FROM}
            where p.tenant_id = %s and (%s::text[] is null or p.state = any(%s))
              and (%s::bigint[] is null or p.site_id = any(%s))
            order by p.state <> 'proposed',
                     case when p.state = 'proposed'
                          then (p.evidence #>> '{{stockout,until_next_order_without}}')::float8 end
                     desc nulls last,
                     coalesce(p.decided_at, p.proposed_at) desc, p.proposal_id desc
            limit %s""",
        (tenant, _list(states), _list(states), _ids(sites), _ids(sites), limit),
    )


def open_of_item(tx: Tx, tenant: int, site_id: int, item_id: int) -> Proposal | None:
    """What is proposed to be ordered of an item now."""
    return first(
        tx,
        Proposal,
        f"""select {_WITHOUT_CHART} {_FROM}
            where p.tenant_id = %s and p.site_id = %s and p.item_id = %s and p.action = 'purchase'
              and p.state = 'proposed'""",
        (tenant, site_id, item_id),
    )


def waiting(tx: Tx, tenant: int, sites: Collection[int] | None, limit: int) -> list[Waiting]:
    """Open proposals of these sites, None: of all; the item likeliest to run out first."""
    # Evidence is large: it is unpacked once a row, and what a list does not show stays in the database.
    return rows(
        tx,
        Waiting,
        f"""select p.proposal_id, p.site_id, s.code as site, i.sku, i.description, i.unit, p.supplier_id,
                   v.name as supplier, (coalesce(p.edited, p.arguments) ->> 'quantity')::numeric as quantity,
                   (p.arguments ->> 'unit_cost')::numeric as unit_cost, p.arguments ->> 'currency' as currency,
                   (p.arguments ->> 'pack_size')::numeric as pack_size,
                   (p.arguments ->> 'minimum_order')::numeric as minimum_order,
                   (e.stock ->> 'on_hand')::float8 as on_hand,
                   coalesce((select sum((o ->> 'quantity')::float8)
                             from jsonb_array_elements(e.stock -> 'on_order') o), 0) as on_order,
                   (e.stockout ->> 'until_next_order_without')::float8 as risk_without,
                   (e.stockout ->> 'until_next_order_with')::float8 as risk_with, p.expires_at
            {_FROM} cross join lateral jsonb_to_record(p.evidence) e (stock jsonb, stockout jsonb)
            where p.tenant_id = %s and p.state = 'proposed' and (%s::bigint[] is null or p.site_id = any(%s))
            order by risk_without desc nulls last, p.proposed_at desc, p.proposal_id desc
            limit %s""",
        (tenant, _ids(sites), _ids(sites), limit),
    )


def lock_open(tx: Tx, tenant: int, site_id: int) -> dict[int, Proposal]:
    """The open proposals of a site by item, kept from being decided until this transaction ends."""
    found = rows(
        tx,
        Proposal,
        f"""select {_WITHOUT_CHART} {_FROM}
            where p.tenant_id = %s and p.site_id = %s and p.action = 'purchase' and p.state = 'proposed'
            order by p.proposal_id for update of p""",
        (tenant, site_id),
    )
    return {one.item_id: one for one in found}


def past_of_site(tx: Tx, tenant: int, site_id: int, day: date, rejected_since: datetime) -> list[Past]:
    """Proposals of the business day, and those rejected since then."""
    return rows(
        tx,
        Past,
        """select item_id, idempotency_key, state, decided_at from proposal
           where tenant_id = %s and site_id = %s and action = 'purchase' and state <> 'proposed'
             and ((state = 'rejected' and decided_at > %s)
                  or split_part(idempotency_key, ':', 4) = %s)""",
        (tenant, site_id, rejected_since, day.isoformat()),
    )


def insert(tx: Tx, tenant: int, decision: Decision, revision: int, undo: str, now: datetime) -> int | None:
    """The new proposal's id; None where there is one with its key, or an open one for its item."""
    arguments: dict[str, Any] = {
        "quantity": plain(decision.quantity),
        "unit_cost": plain(decision.unit_cost),
        "currency": decision.currency,
        "pack_size": plain(decision.pack_size),
        "minimum_order": plain(decision.minimum_order),
        "expected_days": round(decision.expected_days, 2),
    }
    found: int | None = value(
        tx,
        """insert into proposal (tenant_id, action, site_id, item_id, supplier_id, arguments, reason,
        evidence,
               alternative, expected_value, how_to_undo, idempotency_key, forecast_id, proposed_at,
               expires_at)
           values (%s, 'purchase', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
           on conflict do nothing returning proposal_id""",
        (
            tenant,
            decision.site_id,
            decision.item_id,
            decision.supplier_id,
            Jsonb(arguments),
            decision.reason,
            Jsonb(decision.evidence),
            Jsonb(decision.alternative),
            Jsonb(decision.expected_value),
            undo,
            purchase_key(decision.site_id, decision.item_id, decision.today, revision),
            decision.forecast_id,
            now,
            decision.expires_at,
        ),
    )
    return found


def decide(
    tx: Tx,
    tenant: int,
    proposal_id: int,
    state: State,
    by: str,
    at: datetime,
    note: str,
    edited: dict[str, Any] | None = None,
) -> None:
    run(
        tx,
        """update proposal set state = %s, decided_by = %s, decided_at = %s, decision_note = %s, edited = %s
           where tenant_id = %s and proposal_id = %s""",
        (state, by, at, note, None if edited is None else Jsonb(edited), tenant, proposal_id),
    )


def decide_many(
    tx: Tx,
    tenant: int,
    decided: Sequence[tuple[int, dict[str, Any] | None]],
    state: State,
    by: str,
    at: datetime,
    note: str,
) -> None:
    """Decide proposals alike, each with what a person changed in it."""
    run(
        tx,
        """update proposal p set state = %s, decided_by = %s, decided_at = %s, decision_note = %s, edited = u.edited
           from unnest(%s::bigint[], %s::jsonb[]) u (proposal_id, edited)
           where p.tenant_id = %s and p.proposal_id = u.proposal_id""",
        (
            state,
            by,
            at,
            note,
            [proposal_id for proposal_id, _ in decided],
            [None if edited is None else Jsonb(edited) for _, edited in decided],
            tenant,
        ),
    )


def reopen(tx: Tx, tenant: int, proposal_id: int, state: State) -> None:
    """Take a decision back."""
    run(
        tx,
        """update proposal set state = %s, edited = null,
               decided_by = case when %s = 'proposed' then null else decided_by end,
               decided_at = case when %s = 'proposed' then null else decided_at end,
               decision_note = case when %s = 'proposed' then null else decision_note end
           where tenant_id = %s and proposal_id = %s""",
        (state, state, state, state, tenant, proposal_id),
    )


def extend(tx: Tx, tenant: int, proposal_id: int, expires_at: datetime) -> None:
    run(
        tx,
        """update proposal set expires_at = greatest(expires_at, %s)
           where tenant_id = %s and proposal_id = %s""",
        (expires_at, tenant, proposal_id),
    )


def lapsed(tx: Tx, tenant: int, site_id: int | None, now: datetime) -> list[tuple[int, int]]:
    """(proposal, item) of open proposals of a site, or of all, whose time is over, locked."""
    return [
        (proposal_id, item_id)
        for proposal_id, item_id in values(
            tx,
            """select proposal_id, item_id from proposal
               where tenant_id = %s and state = 'proposed' and expires_at <= %s
                 and (%s::bigint is null or site_id = %s)
               order by proposal_id for update skip locked""",
            (tenant, now, site_id, site_id),
        )
    ]


def _list(states: Collection[State] | None) -> list[State] | None:
    return None if states is None else list(states)


def _ids(sites: Collection[int] | None) -> list[int] | None:
    return None if sites is None else list(sites)
