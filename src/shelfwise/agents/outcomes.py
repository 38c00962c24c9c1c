"""What became of proposals: when deciding began, and what was decided, for those who score it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.store.database import rows, value, values


def first_approval(ctx: Context, site_id: int) -> datetime | None:
    """When the first proposal of a site was approved that still stands; None: none was."""
    ctx.require(Right.VIEW, site_id)
    found: datetime | None = value(
        ctx.tx,
        "select min(decided_at) from proposal where tenant_id = %s and site_id = %s and state = 'executed'",
        (ctx.tenant, site_id),
    )
    return found


@dataclass(frozen=True)
class Decided:
    """A proposal that is not open any more, and what it promised.

    Attributes:
        risk_without, risk_with: of running out before a later order could arrive, without this one and with it.
        edited: whether a person changed the quantity.
    """

    proposal_id: int
    item_id: int
    sku: str
    supplier: str
    state: str
    edited: bool
    decided_at: datetime
    expected_days: float
    risk_without: float | None
    risk_with: float | None

    @property
    def decision_key(self) -> str:
        """The key under which its order was placed."""
        return f"proposal:{self.proposal_id}"


def decided(ctx: Context, site_id: int, since: datetime) -> list[Decided]:
    """What was decided at a site since then, the newest first."""
    ctx.require(Right.VIEW, site_id)
    return rows(
        ctx.tx,
        Decided,
        """select p.proposal_id, p.item_id, i.sku, v.name as supplier, p.state, p.edited is not null as edited,
                  p.decided_at, (p.arguments ->> 'expected_days')::float8 as expected_days,
                  (e.stockout ->> 'until_next_order_without')::float8 as risk_without,
                  (e.stockout ->> 'until_next_order_with')::float8 as risk_with
           from proposal p
           cross join lateral jsonb_to_record(p.evidence) e (stockout jsonb)
           join item i on i.tenant_id = p.tenant_id and i.item_id = p.item_id
           join supplier v on v.tenant_id = p.tenant_id and v.supplier_id = p.supplier_id
           where p.tenant_id = %s and p.site_id = %s and p.state <> 'proposed' and p.decided_at >= %s
           order by p.decided_at desc, p.proposal_id desc""",
        (ctx.tenant, site_id, since),
    )


def acted_on(ctx: Context, site_id: int) -> list[int]:
    """The forecasts behind approved proposals of a site."""
    ctx.require(Right.VIEW, site_id)
    return [
        forecast_id
        for (forecast_id,) in values(
            ctx.tx,
            """select distinct forecast_id from proposal
               where tenant_id = %s and site_id = %s and state = 'executed' and forecast_id is not null order by 1""",
            (ctx.tenant, site_id),
        )
    ]
