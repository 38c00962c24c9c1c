"""What became of proposals: when deciding began, and what was decided, for those who score it."""

from __future__ import annotations

from datetime import datetime

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.store.database import value


def first_approval(ctx: Context, site_id: int) -> datetime | None:
    """When the first proposal of a site was approved that still stands; None: none was."""
    ctx.require(Right.VIEW, site_id)
    found: datetime | None = value(
        ctx.tx,
        "select min(decided_at) from proposal where tenant_id = %s and site_id = %s and state = 'executed'",
        (ctx.tenant, site_id),
    )
    return found
