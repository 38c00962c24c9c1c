"""Messages to other systems and to people outside: written with the decision, each under a stable key.

Whoever can tell a repetition gets a message at least once. Whoever cannot, as a reader of mail, gets it once, or it is
in doubt and a person decides: it is never repeated in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

import psycopg
from psycopg.types.json import Jsonb

from shelfwise.access.context import Context, Office
from shelfwise.access.model import Right, system
from shelfwise.core.errors import NotFound, Refused, Unavailable
from shelfwise.store.database import first, notify, rows, run, value, values
from shelfwise.work import alerts

Channel = Literal["http", "mail", "webhook"]
Outcome = Literal["delivered", "not_delivered", "rejected", "unknown"]

FIRST_RETRY = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=10)
ATTEMPTS = 12
# Receivers of webhooks are told of an outage by others, and get days for it, as the Standard Webhooks advise.
WEBHOOK_PAUSES = (
    timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=5),
    timedelta(hours=10), timedelta(hours=14), timedelta(hours=20), timedelta(hours=24),
)  # fmt: skip
# How long a message is left alone once an attempt began, so that two workers do not send it side by side.
LEASES: dict[Channel, timedelta] = {
    "http": timedelta(seconds=60),
    "webhook": timedelta(seconds=60),
    "mail": timedelta(minutes=5),
}
ALERT = "message"


class NotDelivered(Exception):
    """It is certain that the receiver does not have the message: the attempt may be repeated, not before `after`."""

    def __init__(self, said: str = "", after: timedelta | None = None) -> None:
        super().__init__(said)
        self.after = after


class Rejected(Exception):
    """The receiver will not have this message, now or later: it is given up at once."""


@dataclass(frozen=True)
class Message:
    """A message to another system or to somebody outside.

    Attributes:
        idempotency_key: stays the same over all attempts, so that the receiver can tell a repetition.
        state: 'waiting', 'delivered', 'failed' (given up; a person can have it sent again), 'in_doubt' (it may have
            arrived, and must not be repeated blindly) or 'withdrawn' (the receiver got it in another way).
        repeatable: whether the receiver tells a repetition by the key.
        copies: how often it was sent again though it may have arrived.
        subscription_id: who subscribed to it; None for what was decided to be sent.
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
    channel: Channel
    repeatable: bool
    copies: int
    link: str | None
    site_id: int | None
    subscription_id: int | None

    @property
    def host(self) -> str:
        """Who it is for: the rest of a web address may be a secret between us and the receiver."""
        return self.url.removeprefix("mailto:") if self.channel == "mail" else urlsplit(self.url).hostname or ""


@dataclass(frozen=True)
class Attempt:
    """One attempt to deliver a message, by the wall clock; without an outcome while it lasts, or if we died in it."""

    began_at: datetime
    ended_at: datetime | None
    outcome: Outcome | None
    detail: str | None


_COLUMNS = """outbox_id, idempotency_key, url, body, created_at, state, attempts, next_attempt_at, last_error, channel,
    repeatable, copies, link, site_id, subscription_id"""


def enqueue(
    ctx: Context,
    idempotency_key: str,
    url: str,
    body: dict[str, Any],
    *,
    channel: Channel = "http",
    repeatable: bool = True,
    link: str | None = None,
    site_id: int | None = None,
    subscription_id: int | None = None,
) -> None:
    """Have a message delivered once this transaction commits. The same key again changes nothing.

    Args:
        url: where to; 'mailto:' and the address for mail.
        repeatable: whether the receiver tells a repetition by the key.
        link: the page that people are sent to when it does not arrive.
        site_id: whose people are told then; None: those of all sites.
        subscription_id: who subscribed to it; then whoever answers for the subscription is told.
    """
    run(
        ctx.tx,
        """insert into outbox (tenant_id, idempotency_key, url, body, created_at, next_attempt_at, channel, repeatable,
                               link, site_id, subscription_id)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing""",
        (
            ctx.tenant, idempotency_key, url, Jsonb(body), ctx.wall.now(), ctx.wall.now(), channel, repeatable, link,
            site_id, subscription_id,
        ),
    )  # fmt: skip
    notify(ctx.tx, "outbox")


def undelivered(ctx: Context) -> list[Message]:
    """What waits, is in doubt or was given up, oldest first; of the sites that the actor may see.

    Without what was only subscribed to.
    """
    return rows(
        ctx.tx,
        Message,
        f"""select {_COLUMNS} from outbox
            where tenant_id = %(tenant)s and state in ('waiting', 'failed', 'in_doubt') and subscription_id is null
              and (%(sites)s::bigint[] is null or site_id is null or site_id = any(%(sites)s)) order by outbox_id""",
        {"tenant": ctx.tenant, "sites": ctx.sites(Right.VIEW)},
    )


def message(ctx: Context, idempotency_key: str) -> Message | None:
    """The message under a key; None where there is none."""
    found = first(
        ctx.tx,
        Message,
        f"select {_COLUMNS} from outbox where tenant_id = %s and idempotency_key = %s",
        (ctx.tenant, idempotency_key),
    )
    if found is not None:
        ctx.require(Right.VIEW, found.site_id)
    return found


def attempts(ctx: Context, outbox_id: int) -> list[Attempt]:
    """The attempts to deliver a message, newest first.

    Raises:
        NotFound: there is no such message.
    """
    ctx.require_somewhere(Right.VIEW)
    ctx.require(Right.VIEW, _get(ctx, outbox_id).site_id)
    return rows(
        ctx.tx,
        Attempt,
        """select began_at, ended_at, outcome, detail from outbox_attempt
           where tenant_id = %s and outbox_id = %s order by attempt_id desc""",
        (ctx.tenant, outbox_id),
    )


def may_have_arrived(ctx: Context, outbox_id: int) -> bool:
    """Whether an attempt to deliver a message arrived, is under way, or ended so that nobody knows.

    Raises:
        NotFound: there is no such message.
    """
    return any(one.outcome not in ("not_delivered", "rejected") for one in attempts(ctx, outbox_id))


def subscribed(ctx: Context, subscription_id: int, limit: int = 50) -> list[tuple[Message, list[Attempt]]]:
    """The newest messages of a subscription with their attempts, newest first; of the sites that the actor may see.

    `work.subscriptions` asks whose it is.
    """
    found = rows(
        ctx.tx,
        Message,
        f"""select {_COLUMNS} from outbox
            where tenant_id = %(tenant)s and subscription_id = %(subscription)s
              and (%(sites)s::bigint[] is null or site_id is null or site_id = any(%(sites)s))
            order by outbox_id desc limit %(limit)s""",
        {
            "tenant": ctx.tenant, "subscription": subscription_id, "sites": ctx.sites(Right.VIEW), "limit": limit,
        },
    )  # fmt: skip
    made: dict[int, list[Attempt]] = {one.outbox_id: [] for one in found}
    for outbox_id, *told in values(
        ctx.tx,
        """select outbox_id, began_at, ended_at, outcome, detail from outbox_attempt
           where tenant_id = %s and outbox_id = any(%s) order by attempt_id desc""",
        (ctx.tenant, list(made)),
    ):
        made[outbox_id].append(Attempt(*told))
    return [(one, made[one.outbox_id]) for one in found]


def send_again(ctx: Context, outbox_id: int) -> Message:
    """Have a message that was given up sent again, from now on and as often as a new one, under the same key.

    Of a message that waits still nothing changes.

    Raises:
        NotFound: there is no such message.
        Refused: it was delivered or withdrawn, or is in doubt.
    """
    ctx.require_somewhere(Right.DECIDE_PROPOSALS)
    message = _get(ctx, outbox_id, "for update")
    ctx.require(Right.DECIDE_PROPOSALS, message.site_id)
    if message.subscription_id is not None:
        ctx.require(Right.MANAGE_SETTINGS)
    if message.state == "waiting":
        return message
    if message.state == "in_doubt":
        raise Refused(
            f"The message {message.idempotency_key} may have arrived. Ask {message.host}, then say whether it did."
        )
    if message.state != "failed":
        raise Refused(f"The message {message.idempotency_key} was {message.state}; there is nothing to send again.")
    _wait_anew(ctx, outbox_id, copy=False)
    ctx.audit("outbox.send_again", f"outbox:{outbox_id}", key=message.idempotency_key)
    return _get(ctx, outbox_id)


def resolve(ctx: Context, outbox_id: int, arrived: bool, note: str = "") -> Message:
    """A person has found out whether a message in doubt arrived; if not, it is sent again, as a copy.

    Said again, nothing changes.

    Raises:
        NotFound: there is no such message.
        Refused: it is not in doubt.
    """
    ctx.require_somewhere(Right.DECIDE_PROPOSALS)
    message = _get(ctx, outbox_id, "for update")
    ctx.require(Right.DECIDE_PROPOSALS, message.site_id)
    if message.state == ("delivered" if arrived else "waiting"):
        return message
    if message.state != "in_doubt":
        raise Refused(f"The message {message.idempotency_key} is {message.state}, not in doubt; nothing to decide.")
    if arrived:
        _set_state(ctx, outbox_id, "delivered")
        alerts.clear_alert(ctx, ALERT, f"outbox:{outbox_id}")
    else:
        _wait_anew(ctx, outbox_id, copy=True)
    ctx.audit("outbox.resolved", f"outbox:{outbox_id}", key=message.idempotency_key, arrived=arrived, note=note[:500])
    notify(ctx.tx, "live", "orders")
    return _get(ctx, outbox_id)


def withdraw(ctx: Context, idempotency_key: str) -> bool:
    """The receiver has it in another way, or shall not have it: it is not attempted again. False where none waits.

    A message that is being attempted at this moment may arrive all the same.
    """
    found = value(
        ctx.tx,
        """update outbox set state = 'withdrawn', attempt_id = null
           where tenant_id = %s and idempotency_key = %s and state in ('waiting', 'failed', 'in_doubt')
           returning outbox_id""",
        (ctx.tenant, idempotency_key),
    )
    if found is not None:
        alerts.clear_alert(ctx, ALERT, f"outbox:{found}")
    return found is not None


def lock(ctx: Context, idempotency_keys: Collection[str]) -> None:
    """Keep messages from being begun, ended or decided until this transaction ends."""
    run(
        ctx.tx,
        """select 1 from outbox where tenant_id = %s and idempotency_key = any(%s::text[])
           order by outbox_id for update""",
        (ctx.tenant, list(idempotency_keys)),
    )


def recall(ctx: Context, idempotency_key: str) -> bool:
    """Take back a message that no attempt is under way for; False where one is, or it arrived or may have."""
    found = value(
        ctx.tx,
        """update outbox set state = 'withdrawn'
           where tenant_id = %s and idempotency_key = %s and state in ('waiting', 'failed') and attempt_id is null
           returning outbox_id""",
        (ctx.tenant, idempotency_key),
    )
    if found is not None:
        alerts.clear_alert(ctx, ALERT, f"outbox:{found}")
    return found is not None


def deliver_next(
    office: Office,
    send: Callable[[Message], str | None],
    delivered: Callable[[Context, Message], None],
    failed: Callable[[Context, Message, Exception], None] | None = None,
    channels: Collection[Channel] = ("http", "mail", "webhook"),
) -> Message | None:
    """Attempt one message that is due; None where none is.

    The attempt is recorded before it is made and no transaction is open during it. If we die in between, a repeatable
    message is sent again, and one that is not is in doubt from the end of its lease on.

    Args:
        office: where contexts come from.
        send: makes the attempt. NotDelivered: it certainly did not arrive; Rejected: and never will; any other
            exception: it did not arrive, or, of a message that cannot be repeated, nobody knows. May return what the
            receiver said.
        delivered: what follows from an arrival, in the transaction that records it.
        failed: what follows from an attempt that failed, likewise.
        channels: only messages of these, so that a slow receiver of one holds up nobody else.
    """
    actor = system("outbox")
    with office.context(actor) as ctx:
        _doubt_what_died(ctx)
        begun = _begin(ctx, channels)
    if begun is None:
        return None
    message, attempt_id = begun
    try:
        said = send(message)
    except Exception as error:  # whatever went wrong at the other end, the message stays ours
        with office.context(actor) as ctx:
            _not_arrived(ctx, message, attempt_id, error)
            if failed is not None:
                failed(ctx, message, error)
        return message
    try:
        _note_arrival(office, message, attempt_id, said, delivered)
    except Unavailable:
        raise
    except Exception as error:  # it did arrive; sent again it is a repetition, and not for ever
        with office.context(actor) as ctx:
            _not_arrived(ctx, message, attempt_id, error)
    return message


def _note_arrival(
    office: Office,
    message: Message,
    attempt_id: int,
    said: str | None,
    delivered: Callable[[Context, Message], None],
) -> None:
    for last in (False, False, True):
        try:
            with office.context(system("outbox")) as ctx:
                _arrived(ctx, message, attempt_id, said)
                delivered(ctx, message)
                # Of what was subscribed to the attempts tell enough; the audit log is for what was decided.
                if message.subscription_id is None:
                    ctx.audit(
                        "outbox.delivered", f"outbox:{message.outbox_id}", key=message.idempotency_key, to=message.host
                    )  # fmt: skip
            return
        except psycopg.OperationalError:  # Postgres undid it, as after a deadlock: it arrived all the same
            if last:
                raise


def _begin(ctx: Context, channels: Collection[Channel]) -> tuple[Message, int] | None:
    now = ctx.wall.now()
    due = first(
        ctx.tx,
        Message,
        f"""select {_COLUMNS} from outbox
            where tenant_id = %s and state = 'waiting' and next_attempt_at <= %s
              and (repeatable or attempt_id is null) and channel = any(%s)
            order by next_attempt_at, outbox_id limit 1 for update skip locked""",
        (ctx.tenant, now, list(channels)),
    )
    if due is None:
        return None
    attempt_id: int = value(
        ctx.tx,
        "insert into outbox_attempt (tenant_id, outbox_id, began_at) values (%s, %s, %s) returning attempt_id",
        (ctx.tenant, due.outbox_id, now),
    )
    begun = first(
        ctx.tx,
        Message,
        f"""update outbox set attempts = attempts + 1, attempt_id = %s, next_attempt_at = %s
            where tenant_id = %s and outbox_id = %s returning {_COLUMNS}""",
        (attempt_id, now + LEASES[due.channel], ctx.tenant, due.outbox_id),
    )
    return None if begun is None else (begun, attempt_id)


def _doubt_what_died(ctx: Context) -> None:
    """Whoever began these attempts has died in them: whether they arrived, nobody knows."""
    found = rows(
        ctx.tx,
        Message,
        f"""select {_COLUMNS} from outbox
            where tenant_id = %s and state = 'waiting' and not repeatable and attempt_id is not null
              and next_attempt_at <= %s for update skip locked""",
        (ctx.tenant, ctx.wall.now()),
    )
    for message in found:
        _doubt(ctx, message, None, "Shelfwise stopped during the attempt.")


def _arrived(ctx: Context, message: Message, attempt_id: int, said: str | None) -> None:
    _end_attempt(ctx, attempt_id, "delivered", said)
    run(
        ctx.tx,
        """update outbox set state = 'delivered', last_error = null, attempt_id = null
           where tenant_id = %s and outbox_id = %s""",
        (ctx.tenant, message.outbox_id),
    )
    alerts.clear_alert(ctx, ALERT, f"outbox:{message.outbox_id}")


def _not_arrived(ctx: Context, message: Message, attempt_id: int, error: Exception) -> None:
    certainly = isinstance(error, NotDelivered | Rejected)
    said = (str(error) if certainly and str(error) else f"{type(error).__name__}: {error}")[:500]
    said = said.replace("\x00", "\\x00")
    certain = message.repeatable or certainly
    outcome: Outcome = "rejected" if isinstance(error, Rejected) else "not_delivered" if certain else "unknown"
    _end_attempt(ctx, attempt_id, outcome, said)
    if not certain:
        _doubt(ctx, message, attempt_id, said)
        return
    pause = _pause(message, error)
    given_up = isinstance(error, Rejected) or pause is None
    changed = run(
        ctx.tx,
        """update outbox set state = %s, next_attempt_at = %s, last_error = %s, attempt_id = null
           where tenant_id = %s and outbox_id = %s and attempt_id = %s""",
        (
            "failed" if given_up else "waiting",
            ctx.wall.now() + (pause or LONGEST_PAUSE),
            said,
            ctx.tenant,
            message.outbox_id,
            attempt_id,
        ),
    )
    if changed:
        alerts.clear_alert(ctx, ALERT, f"outbox:{message.outbox_id}")
    if given_up and changed and message.subscription_id is None:
        _tell(ctx, message, "attention", f"{_name(message)} could not be delivered to {message.host}", said)
    notify(ctx.tx, "live", "orders")


def _pause(message: Message, error: Exception) -> timedelta | None:
    """How long to leave a message alone after an attempt that failed; None: it was the last."""
    if message.channel != "webhook":
        pause = min(LONGEST_PAUSE, FIRST_RETRY * 2 ** (message.attempts - 1))
        return None if message.attempts >= ATTEMPTS else pause
    if message.attempts > len(WEBHOOK_PAUSES):
        return None
    # Spread out, so that what failed together is not tried again together.
    pause = WEBHOOK_PAUSES[message.attempts - 1] * (1 + message.outbox_id % 20 / 100)
    asked = error.after if isinstance(error, NotDelivered) else None
    return max(pause, min(asked, WEBHOOK_PAUSES[-1])) if asked is not None else pause


def _doubt(ctx: Context, message: Message, attempt_id: int | None, why: str) -> None:
    # The attempt stays named: where it only took longer than its lease, it may still say how it ended.
    changed = run(
        ctx.tx,
        """update outbox set state = 'in_doubt', last_error = %s
           where tenant_id = %s and outbox_id = %s and state = 'waiting'
             and attempt_id = coalesce(%s, attempt_id)""",
        (why, ctx.tenant, message.outbox_id, attempt_id),
    )
    if changed:
        _tell(
            ctx, message, "danger", f"{_name(message)} may or may not have reached {message.host}",
            f"{why} It is not sent again by itself. Ask {message.host} whether it is there, and say so.",
        )  # fmt: skip
    notify(ctx.tx, "live", "orders")


def _tell(ctx: Context, message: Message, severity: str, title: str, detail: str) -> None:
    alerts.raise_alert(
        ctx, ALERT, f"outbox:{message.outbox_id}", severity, title, detail, message.link or "/orders",
        {"key": message.idempotency_key, "to": message.host}, site_id=message.site_id,
    )  # fmt: skip


def _name(message: Message) -> str:
    return str(message.body.get("number") or message.body.get("title") or f"Message {message.outbox_id}")


def _end_attempt(ctx: Context, attempt_id: int, outcome: Outcome, detail: str | None) -> None:
    run(
        ctx.tx,
        "update outbox_attempt set ended_at = %s, outcome = %s, detail = %s where tenant_id = %s and attempt_id = %s",
        (ctx.wall.now(), outcome, detail, ctx.tenant, attempt_id),
    )


def _wait_anew(ctx: Context, outbox_id: int, *, copy: bool) -> None:
    run(
        ctx.tx,
        """update outbox set state = 'waiting', attempts = 0, next_attempt_at = %s, attempt_id = null,
                             copies = copies + %s
           where tenant_id = %s and outbox_id = %s""",
        (ctx.wall.now(), int(copy), ctx.tenant, outbox_id),
    )
    alerts.clear_alert(ctx, ALERT, f"outbox:{outbox_id}")
    notify(ctx.tx, "outbox")
    notify(ctx.tx, "live", "orders")


def _set_state(ctx: Context, outbox_id: int, state: str) -> None:
    run(
        ctx.tx,
        "update outbox set state = %s where tenant_id = %s and outbox_id = %s",
        (state, ctx.tenant, outbox_id),
    )


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
