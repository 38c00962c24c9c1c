"""What others hear when a proposal is decided."""

from __future__ import annotations

from typing import Any

from shelfwise.access.context import Context
from shelfwise.agents.model import Decidable, State
from shelfwise.store.database import notify


def tell_decided(ctx: Context, decided: Decidable, state: State, **data: Any) -> None:
    """Publish what became of a proposal."""
    ctx.publish(
        "proposal.decided", f"proposal:{decided.proposal_id}", state=state, item_id=decided.item_id,
        site_id=decided.site_id, by=ctx.actor.by, **data,
    )  # fmt: skip
    notify(ctx.tx, "live", "proposals")
