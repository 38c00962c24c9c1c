"""Messages to other systems: written with the decision, delivered at least once, each under a stable key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from psycopg.types.json import Jsonb

from shelfwise.access.context import Context, Office
from shelfwise.access.model import Right, system
from shelfwise.core.errors import NotFound, Refused, Unavailable
from shelfwise.store.database import first, notify, rows, run

FIRST_RETRY = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=10)
ATTEMPTS = 12
# How long a message is left alone once an attempt began, so that two workers do not send it side by side.
LEASE = timedelta(seconds=60)


@dataclass(frozen=True)
class Message:
    """A message to another system.

    Attributes:
        idempotency_key: stays the same over all attempts, so that the receiver can tell a repetition.
        state: 'waiting', 'delivered', 'failed' (given up; a person can have it sent again) or 'withdrawn' (the receiver
            got it in another way).
    """

    outbox_id: int
    idempotency_key: str
    url: str
    body: dict[str, Any]
    created_at: datetime
    state: str
    attempts: int
    next_attempt_at: datetime
    last_error: str | None

    @property
    def host(self) -> str:
        """Who it is for: the rest of the address may be a secret between us and the receiver."""
        return urlsplit(self.url).hostname or ""


_COLUMNS = """outbox_id, idempotency_key, url, body, created_at, state, attempts, next_attempt_at, last_error"""


def enqueue(ctx: Context, idempotency_key: str, url: str, body: dict[str, Any]) -> None:
    """Have a message delivered once this transaction commits. The same key again changes nothing."""
    run(
        ctx.tx,
        """insert into outbox (tenant_id, idempotency_key, url, body, created_at, next_attempt_at)
           values (%s, %s, %s, %s, %s, %s) on conflict do nothing""",
        (ctx.tenant, idempotency_key, url, Jsonb(body), ctx.wall.now(), ctx.wall.now()),
    )
    notify(ctx.tx, "outbox")


def undelivered(ctx: Context) -> list[Message]:
    """What waits or was given up, oldest first."""
    ctx.require(Right.VIEW)
    return rows(
        ctx.tx,
        Message,
        f"select {_COLUMNS} from outbox where tenant_id = %s and state in ('waiting', 'failed') order by outbox_id",
        (ctx.tenant,),
    )


def send_again(ctx: Context, outbox_id: int) -> Message:
    """Have a message that was given up sent again, from now on and as often as a new one, under the same key.

    Of a message that waits still nothing changes.

    Raises:
        NotFound: there is no such message.
        Refused: it was delivered or withdrawn.
    """
    ctx.require(Right.DECIDE_PROPOSALS)
    message = _get(ctx, outbox_id, "for update")
    if message.state == "waiting":
        return message
    if message.state != "failed":
        raise Refused(f"The message {message.idempotency_key} was {message.state}; there is nothing to send again.")
    run(
        ctx.tx,
        """update outbox set state = 'waiting', attempts = 0, next_attempt_at = %s
           where tenant_id = %s and outbox_id = %s""",
        (ctx.wall.now(), ctx.tenant, outbox_id),
    )
    ctx.audit("outbox.send_again", f"outbox:{outbox_id}", key=message.idempotency_key)
    notify(ctx.tx, "outbox")
    notify(ctx.tx, "live", "orders")
    return _get(ctx, outbox_id)


def _get(ctx: Context, outbox_id: int, lock: str = "") -> Message:
    found = first(
        ctx.tx,
        Message,
        f"select {_COLUMNS} from outbox where tenant_id = %s and outbox_id = %s {lock}",
        (ctx.tenant, outbox_id),
    )
    if found is None:
        raise NotFound("message in the outbox", outbox_id)
    return found


def withdraw(ctx: Context, idempotency_key: str) -> bool:
    """The receiver has it in another way: it is not attempted again. False where it does not wait."""
    withdrawn = run(
        ctx.tx,
        """update outbox set state = 'withdrawn'
           where tenant_id = %s and idempotency_key = %s and state in ('waiting', 'failed')""",
        (ctx.tenant, idempotency_key),
    )
    return bool(withdrawn)


def deliver_next(
    office: Office, send: Callable[[Message], None], delivered: Callable[[Context, Message], None]
) -> Message | None:
    """Attempt one message that is due; None where none is.

    The attempt is recorded before it is made and no transaction is open during it. If we die in between, the message
    is sent again: at least once, and the receiver tells repetitions by the key.

    Args:
        office: where contexts come from.
        send: makes the attempt; any exception means that it did not arrive.
        delivered: what follows from an arrival, in the transaction that records it.
    """
    actor = system("outbox")
    with office.context(actor) as ctx:
        now = ctx.wall.now()
        message = first(
            ctx.tx,
            Message,
            f"""update outbox set attempts = attempts + 1, next_attempt_at = %s
                where tenant_id = %s and outbox_id = (
                    select outbox_id from outbox where tenant_id = %s and state = 'waiting' and next_attempt_at <= %s
                    order by next_attempt_at limit 1 for update skip locked)
                returning {_COLUMNS}""",
            (now + LEASE, ctx.tenant, ctx.tenant, now),
        )
    if message is None:
        return None
    try:
        send(message)
    except Exception as error:  # whatever went wrong at the other end, the message stays ours
        with office.context(actor) as ctx:
            _failed(ctx, message, error)
        return message
    try:
        with office.context(actor) as ctx:
            run(
                ctx.tx,
                "update outbox set state = 'delivered', last_error = null where tenant_id = %s and outbox_id = %s",
                (ctx.tenant, message.outbox_id),
            )
            delivered(ctx, message)
            ctx.audit("outbox.delivered", f"outbox:{message.outbox_id}", key=message.idempotency_key, to=message.host)
    except Unavailable:
        raise
    except Exception as error:  # it did arrive; sent again it is a repetition, and not for ever
        with office.context(actor) as ctx:
            _failed(ctx, message, error)
    return message


def _failed(ctx: Context, message: Message, error: Exception) -> None:
    pause = min(LONGEST_PAUSE, FIRST_RETRY * 2 ** (message.attempts - 1))
    run(
        ctx.tx,
        """update outbox set state = %s, next_attempt_at = %s, last_error = %s
           where tenant_id = %s and outbox_id = %s and state = 'waiting'""",
        (
            "failed" if message.attempts >= ATTEMPTS else "waiting",
            ctx.wall.now() + pause,
            f"{type(error).__name__}: {error}"[:500],
            ctx.tenant,
            message.outbox_id,
        ),
    )
    notify(ctx.tx, "live", "orders")
