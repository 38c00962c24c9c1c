"""For how long readings are kept one by one. What an hour came to is kept for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.edge.history.archive import ACTOR, Archive
from shelfwise.edge.history.tables import ArchivedDay
from shelfwise.edge.model import KINDS
from shelfwise.store.database import rows, run, values

if TYPE_CHECKING:
    from collections.abc import Mapping

# Days are closed after a week; before, nothing is let go.
FEWEST_DAYS = 8
MOST_DAYS = 36_500
# What food law asks for at least: temperatures of quick-frozen food are kept for a year (Regulation (EC) 37/2005).
LEAST: Mapping[str, int] = {"temperature": 365, "humidity": FEWEST_DAYS}
USUAL: Mapping[str, int | None] = {
    "temperature": 730, "humidity": 730, "weight": 365, "battery": 90, "tag": 30, "scan": 365, "position": 90,
}  # fmt: skip


@dataclass(frozen=True)
class Kept:
    """For how many days readings of a kind are kept; None: for ever. `least`: fewer are refused."""

    kind: str
    days: int | None
    least: int


def kept(ctx: Context) -> list[Kept]:
    """For how long each kind is kept."""
    ctx.require_somewhere(Right.VIEW)
    return _kept(ctx)


def keep_for(ctx: Context, kind: str, days: int | None) -> None:
    """Keep readings of a kind for so many days, or for ever with None. What is gone does not come back.

    Raises:
        Invalid: an unknown kind, or fewer days than may be.
    """
    ctx.require(Right.MANAGE_SETTINGS)
    if kind not in KINDS:
        raise Invalid(Fault("kind", "one of " + ", ".join(KINDS), shorten(kind), "Correct the kind."))
    least = LEAST.get(kind, FEWEST_DAYS)
    if days is not None and not least <= days <= MOST_DAYS:
        raise Invalid(
            Fault(kind, f"{least} to {MOST_DAYS} days, or nothing for ever", str(days), "Keep it for longer.")
        )
    before = {one.kind: one.days for one in _kept(ctx)}[kind]
    run(
        ctx.tx,
        """insert into reading_kept (tenant_id, kind, days) values (%s, %s, %s)
           on conflict (tenant_id, kind) do update set days = excluded.days""",
        (ctx.tenant, kind, days),
    )
    ctx.audit("history.kept", f"kind:{kind}", before={"days": before}, after={"days": days})


def let_go(archive: Archive) -> int:
    """Rewrite or remove the files of days of which a kind is kept no longer; returns how many days."""
    with archive.office.context(ACTOR) as ctx:
        over = _over(ctx, _kept(ctx))
    for day, kinds in over:
        archive.let_go(day, kinds)
    return len(over)


def _kept(ctx: Context) -> list[Kept]:
    query = "select kind, days from reading_kept where tenant_id = %s"
    told: dict[str, int | None] = dict(values(ctx.tx, query, (ctx.tenant,)))
    return [Kept(kind, told.get(kind, USUAL.get(kind)), LEAST.get(kind, FEWEST_DAYS)) for kind in KINDS]


def _over(ctx: Context, kept: list[Kept]) -> list[tuple[ArchivedDay, set[str]]]:
    days = rows(
        ctx.tx,
        ArchivedDay,
        "select day, file, sha256, size, kinds from reading_day where tenant_id = %s order by day",
        (ctx.tenant,),
    )
    last = {one.kind: ctx.now.date() - timedelta(days=one.days) for one in kept if one.days is not None}
    found = [(day, {kind for kind in day.kinds if kind in last and day.day < last[kind]}) for day in days]
    return [(day, kinds) for day, kinds in found if kinds]
