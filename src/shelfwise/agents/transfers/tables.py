"""The SQL of proposed transfers; what they share with other proposals is in `agents.tables`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from psycopg.types.json import Jsonb

from shelfwise.agents.model import State
from shelfwise.agents.transfers.model import ProposedTransfer, Way, transfer_key, way_of
from shelfwise.core.quantities import plain
from shelfwise.planning.sharing.model import Transshipment
from shelfwise.store.database import Tx, first, rows, value, values

_COLUMNS = """p.proposal_id, p.action, p.from_site_id, f.code as from_site, f.name as from_name, p.site_id,
    s.code as site, s.name as site_name, p.item_id, i.sku, i.description, i.unit, p.arguments, p.reason,
    {evidence} as evidence, p.alternative, p.expected_value, p.how_to_undo, p.idempotency_key, p.forecast_id,
    p.proposed_at, p.expires_at, p.state, p.decided_by, p.decided_at, p.decision_note, p.edited"""
_FROM = """from proposal p
    join site f on f.tenant_id = p.tenant_id and f.site_id = p.from_site_id
    join site s on s.tenant_id = p.tenant_id and s.site_id = p.site_id
    join item i on i.tenant_id = p.tenant_id and i.item_id = p.item_id"""
_WITHOUT_CHARTS = _COLUMNS.format(evidence="p.evidence - 'chart' - 'giver_chart'")
_ALL = _COLUMNS.format(evidence="p.evidence")
_OF_SITES = "(%(sites)s::bigint[] is null or p.site_id = any(%(sites)s) or p.from_site_id = any(%(sites)s))"


@dataclass(frozen=True)
class Past:
    """What became of an earlier proposal of a way."""

    way: Way
    state: State


def proposed_transfer(tx: Tx, tenant: int, proposal_id: int) -> ProposedTransfer | None:
    return first(
        tx,
        ProposedTransfer,
        f"select {_ALL} {_FROM} where p.tenant_id = %s and p.action = 'transfer' and p.proposal_id = %s",
        (tenant, proposal_id),
    )


def proposed_transfers(
    tx: Tx, tenant: int, states: Collection[State] | None, sites: Collection[int] | None, limit: int
) -> list[ProposedTransfer]:
    """From or to these sites, None: all. Open ones first, of these the taker likeliest to run out; then the newest."""
    return rows(
        tx,
        ProposedTransfer,
        f"""select {_WITHOUT_CHARTS} {_FROM}
            where p.tenant_id = %(tenant)s and p.action = 'transfer'
              and (%(states)s::text[] is null or p.state = any(%(states)s)) and {_OF_SITES}
            order by p.state <> 'proposed',
                     case when p.state = 'proposed'
                          then (p.evidence #>> '{{stockout,before_own_order_without}}')::float8 end desc nulls last,
                     coalesce(p.decided_at, p.proposed_at) desc, p.proposal_id desc
            limit %(limit)s""",
        {
            "tenant": tenant, "states": None if states is None else list(states),
            "sites": None if sites is None else list(sites), "limit": limit,
        },
    )  # fmt: skip


def lock(tx: Tx, tenant: int, proposal_ids: Collection[int]) -> list[ProposedTransfer]:
    """Proposals without their charts, in the order of their ids, kept from being decided by others."""
    return rows(
        tx,
        ProposedTransfer,
        f"""select {_WITHOUT_CHARTS} {_FROM}
            where p.tenant_id = %s and p.action = 'transfer' and p.proposal_id = any(%s::bigint[])
            order by p.proposal_id for update of p""",
        (tenant, list(proposal_ids)),
    )


def lock_open(tx: Tx, tenant: int) -> dict[Way, ProposedTransfer]:
    """All that are open, kept from being decided until this transaction ends."""
    found = rows(
        tx,
        ProposedTransfer,
        f"""select {_WITHOUT_CHARTS} {_FROM}
            where p.tenant_id = %s and p.action = 'transfer' and p.state = 'proposed'
            order by p.proposal_id for update of p""",
        (tenant,),
    )
    return {one.way: one for one in found}


def open_ones(tx: Tx, tenant: int) -> dict[int, Way]:
    """The way of each open proposal, by its id."""
    found = values(
        tx,
        """select proposal_id, item_id, from_site_id, site_id from proposal
           where tenant_id = %s and action = 'transfer' and state = 'proposed'""",
        (tenant,),
    )
    return {proposal_id: (item_id, start, end) for proposal_id, item_id, start, end in found}


def open_to(tx: Tx, tenant: int, site_id: int) -> list[tuple[int, Decimal, int]]:
    """What open proposals would bring to a site: (item, quantity, in how many days)."""
    return values(
        tx,
        """select item_id, (arguments ->> 'quantity')::numeric, (arguments ->> 'arrives')::int from proposal
           where tenant_id = %s and action = 'transfer' and state = 'proposed' and site_id = %s""",
        (tenant, site_id),
    )


def past(tx: Tx, tenant: int, day: date, rejected_since: datetime) -> list[Past]:
    """Proposals of the business day, and those rejected since then."""
    return [
        Past((item_id, from_site_id, site_id), state)
        for item_id, from_site_id, site_id, state in values(
            tx,
            """select item_id, from_site_id, site_id, state from proposal
               where tenant_id = %s and action = 'transfer' and state <> 'proposed'
                 and ((state = 'rejected' and decided_at > %s) or split_part(idempotency_key, ':', 5) = %s)""",
            (tenant, rejected_since, day.isoformat()),
        )
    ]


def insert(tx: Tx, tenant: int, one: Transshipment, revision: int, undo: str, now: datetime) -> int | None:
    """The new proposal's id; None where there is one with its key, or an open one for its way."""
    found: int | None = value(
        tx,
        """insert into proposal (tenant_id, action, from_site_id, site_id, item_id, arguments, reason, evidence,
               alternative, expected_value, how_to_undo, idempotency_key, forecast_id, proposed_at, expires_at)
           values (%s, 'transfer', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
           on conflict do nothing returning proposal_id""",
        (
            tenant,
            one.from_site_id,
            one.to_site_id,
            one.item_id,
            Jsonb(
                {
                    "quantity": plain(one.quantity), "step": plain(one.step), "arrives": one.days,
                    "days": one.evidence["lane"]["days"], "weekdays": one.evidence["lane"]["weekdays"],
                }
            ),
            one.reason,
            Jsonb(one.evidence),
            Jsonb(one.alternative),
            Jsonb(one.expected_value),
            undo,
            transfer_key(way_of(one), one.today, revision),
            one.forecast_id,
            now,
            one.expires_at,
        ),
    )  # fmt: skip
    return found
