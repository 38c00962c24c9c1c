"""Facts that a part of Shelfwise could not digest: a person has one tried again, or drops it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shelfwise.access.context import Context, Office
from shelfwise.access.model import Right, system
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused
from shelfwise.store.database import first, notify, rows, run
from shelfwise.store.events import EVENTS, Consumer, digest, in_words


@dataclass(frozen=True)
class Parked:
    """A fact that a consumer could not digest.

    Attributes:
        seq: its number in the stream.
        data: the whole fact, fit for JSON.
        error: what went wrong the last time.
        parked_at: when it was last set aside (wall time).
        state: 'parked', 'retry' (a person asked for another attempt, which the worker will make), 'done' or 'dropped'.
    """

    parked_id: int
    consumer: str
    stream: str
    seq: int
    data: dict[str, Any]
    error: str
    parked_at: datetime
    state: str


_COLUMNS = "p.parked_id, p.consumer, p.stream, p.seq, p.data, p.error, p.parked_at, p.state"


def waiting(ctx: Context, limit: int = 100) -> list[Parked]:
    """What was set aside and is not settled, newest first."""
    ctx.require(Right.VIEW)
    return rows(
        ctx.tx,
        Parked,
        f"""select {_COLUMNS} from parked p where p.tenant_id = %s and p.state in ('parked', 'retry')
            order by p.parked_id desc limit %s""",
        (ctx.tenant, limit),
    )


def try_again(ctx: Context, parked_id: int) -> Parked:
    """Ask for another attempt; the worker makes it. Asked again before that, nothing changes.

    Raises:
        NotFound: there is no such fact.
        Refused: it is done or dropped.
    """
    ctx.require(Right.REPLAY_QUARANTINE)
    fact = _unsettled(ctx, parked_id)
    if fact.state == "retry":
        return fact
    _set_state(ctx, parked_id, "retry")
    ctx.audit("parked.try_again", f"parked:{parked_id}", consumer=fact.consumer, seq=fact.seq)
    notify(ctx.tx, EVENTS.channel)
    return _get(ctx, parked_id)


def drop(ctx: Context, parked_id: int, note: str) -> Parked:
    """Decide that a fact is not needed; it is kept, but waits no longer. The note says why.

    Raises:
        NotFound: there is no such fact.
        Refused: it is done or dropped.
        Invalid: the note says nothing.
    """
    ctx.require(Right.REPLAY_QUARANTINE)
    if not note.strip():
        raise Invalid(Fault("note", "why it is not needed", "nothing", "Say it in a few words."))
    fact = _unsettled(ctx, parked_id)
    _set_state(ctx, parked_id, "dropped")
    ctx.audit("parked.dropped", f"parked:{parked_id}", consumer=fact.consumer, seq=fact.seq, note=note)
    return _get(ctx, parked_id)


def attempt_next(office: Office, consumers: Sequence[Consumer[Any]]) -> Parked | None:
    """Make one attempt that a person asked for, in a transaction of its own; None where none is.

    It is done, or set aside anew with the new error. The consumer reads nothing else meanwhile: its position stays
    locked.

    Raises:
        Unavailable: the database refuses work; the attempt is still to be made.
    """
    with office.context(system("parked facts")) as ctx:
        fact = first(
            ctx.tx,
            Parked,
            f"""select {_COLUMNS} from parked p join consumer c using (tenant_id, consumer)
                where p.tenant_id = %s and p.state = 'retry' order by p.parked_id limit 1 for update skip locked""",
            (ctx.tenant,),
        )
        if fact is None:
            return None
        error = _attempt(ctx, fact, consumers)
        if error is None:
            _set_state(ctx, fact.parked_id, "done")
            ctx.audit("parked.done", f"parked:{fact.parked_id}", consumer=fact.consumer, seq=fact.seq)
        else:
            run(
                ctx.tx,
                """update parked set state = 'parked', error = %s, parked_at = %s
                   where tenant_id = %s and parked_id = %s""",
                (error, ctx.wall.now(), ctx.tenant, fact.parked_id),
            )
            notify(ctx.tx, "live", "quarantine")
        return _get(ctx, fact.parked_id)


def _attempt(ctx: Context, parked: Parked, consumers: Sequence[Consumer[Any]]) -> str | None:
    """What went wrong; None where nothing did."""
    consumer = next((one for one in consumers if one.name == parked.consumer), None)
    if consumer is None:
        return f"No part of this version is called {parked.consumer!r}, so nothing can take the fact. Drop it."
    fact = consumer.stream.at(ctx.tx, ctx.tenant, (parked.data["tx"], parked.seq))
    if fact is None:
        return "The fact is not stored any more, so it cannot be tried again. Drop it."
    error = digest(ctx.tx, consumer, [fact])
    return None if error is None else in_words(error)


def _get(ctx: Context, parked_id: int, lock: str = "") -> Parked:
    found = first(
        ctx.tx,
        Parked,
        f"select {_COLUMNS} from parked p where p.tenant_id = %s and p.parked_id = %s {lock}",
        (ctx.tenant, parked_id),
    )
    if found is None:
        raise NotFound("parked fact", parked_id)
    return found


def _unsettled(ctx: Context, parked_id: int) -> Parked:
    fact = _get(ctx, parked_id, "for update")
    if fact.state not in ("parked", "retry"):
        raise Refused(f"This fact is {fact.state} already. Its story stands in the audit log.")
    return fact


def _set_state(ctx: Context, parked_id: int, state: str) -> None:
    run(
        ctx.tx,
        "update parked set state = %s where tenant_id = %s and parked_id = %s",
        (state, ctx.tenant, parked_id),
    )
    notify(ctx.tx, "live", "quarantine")
