"""The pairs that wait for a person, and what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import NotFound, Refused
from shelfwise.intake.joining import merging, pair_tables
from shelfwise.intake.joining.pair_tables import Pair
from shelfwise.records.joined import Kind

SHOWN = 200


@dataclass(frozen=True)
class Search:
    """How far the search for duplicates is.

    Attributes:
        state: 'never', 'asked', 'running', 'done' or 'failed'.
        at: when it was asked for, or ended.
    """

    state: str
    done: int = 0
    total: int = 0
    at: datetime | None = None

    @property
    def busy(self) -> bool:
        return self.state in ("asked", "running")


def waiting(ctx: Context, limit: int = SHOWN) -> list[Pair]:
    """Pairs that may be one thing, what is most at stake first."""
    ctx.require(Right.VIEW)
    return pair_tables.waiting(ctx.tx, ctx.tenant, limit)


def decided(ctx: Context, limit: int = SHOWN) -> list[Pair]:
    """What people decided, the latest first."""
    ctx.require(Right.VIEW)
    return pair_tables.decided(ctx.tx, ctx.tenant, limit)


def pair(ctx: Context, kind: Kind, one_id: int, other_id: int) -> Pair:
    """
    Raises:
        NotFound: nobody has proposed or decided this pair.
    """
    ctx.require(Right.VIEW)
    return _pair(ctx, kind, one_id, other_id)


def count(ctx: Context) -> int:
    """How many pairs wait."""
    ctx.require(Right.VIEW)
    return sum(pair_tables.count_waiting(ctx.tx, ctx.tenant).values())


def merge_pair(ctx: Context, kind: Kind, survivor_id: int, absorbed_id: int, factor: Decimal = merging.ONE) -> int:
    """A proposed pair is one thing; returns the id of the merge. See `merging.merge`.

    Raises:
        NotFound: the pair was not proposed.
        Invalid, Refused: as `merging.merge`.
    """
    ctx.require(Right.EDIT_RECORDS)
    found = _pair(ctx, kind, survivor_id, absorbed_id, lock=True)
    return merging.merge(ctx, kind, survivor_id, absorbed_id, factor, [words for words, _ in found.evidence])


def differ(ctx: Context, kind: Kind, one_id: int, other_id: int) -> Pair:
    """A proposed pair is two things, and is never proposed again.

    Raises:
        NotFound: the pair was not proposed.
        Refused: it is merged.
    """
    ctx.require(Right.EDIT_RECORDS)
    found = _pair(ctx, kind, one_id, other_id, lock=True)
    if found.merge_id is not None:
        raise Refused(f"{found.one_code} and {found.other_code} are merged. Undo that first.")
    pair_tables.decide(ctx.tx, ctx.tenant, kind, one_id, other_id, "different", ctx.actor.by, ctx.now)
    ctx.audit(f"{kind}.kept_apart", f"{kind}:{found.one_id}", other=found.other_code)
    return found


def take_back(ctx: Context, kind: Kind, one_id: int, other_id: int) -> list[str]:
    """Undo what was decided of a pair: it waits again. Returns what could not be put back, in sentences.

    Raises:
        NotFound: the pair was not proposed.
        Refused: as `merging.unmerge`.
    """
    ctx.require(Right.EDIT_RECORDS)
    found = _pair(ctx, kind, one_id, other_id, lock=True)
    if found.merge_id is not None:
        return merging.unmerge(ctx, found.merge_id)
    if found.state == "different":
        pair_tables.wait_again(ctx.tx, ctx.tenant, kind, one_id, other_id)
        ctx.audit(f"{kind}.may_be_one", f"{kind}:{found.one_id}", other=found.other_code)
    return []


def ask(ctx: Context) -> None:
    """Have all records looked at again; a worker takes it up within seconds."""
    ctx.require(Right.EDIT_RECORDS)
    if not search(ctx).busy:
        tell_search(ctx, "asked")
    ctx.publish("duplicates.wanted", "records")


def search(ctx: Context) -> Search:
    """How far the search is, or when it last ended."""
    ctx.require(Right.VIEW)
    said = pair_tables.last_run(ctx.tx, ctx.tenant)
    at = said.get("at")
    return Search(said.get("state", "never"), said.get("done", 0), said.get("total", 0),
                  datetime.fromisoformat(at) if at else None)  # fmt: skip


def tell_search(ctx: Context, state: str, done: int = 0, total: int = 0) -> None:
    """Say how far the search is."""
    if state == "asked":
        ctx.require(Right.EDIT_RECORDS)
    else:
        ctx.require(Right.RUN_PLANNING)
    said: dict[str, Any] = {"state": state, "done": done, "total": total, "at": ctx.now.isoformat()}
    pair_tables.put_run(ctx.tx, ctx.tenant, said)


def _pair(ctx: Context, kind: Kind, one_id: int, other_id: int, lock: bool = False) -> Pair:
    found = pair_tables.pair(ctx.tx, ctx.tenant, kind, one_id, other_id, lock)
    if found is None:
        raise NotFound(f"pair of {kind}s", f"{one_id} and {other_id}")
    return found
