"""Subscriptions: who wants to hear of which facts, where, and by which channel; kept by people."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.access.sessions import own_id
from shelfwise.connectors.guarded import well_formed
from shelfwise.connectors.webhooks import written
from shelfwise.core.errors import Fault, Forbidden, Invalid, NotFound, Refused, shorten
from shelfwise.store.database import first, notify, rows, run, value, values
from shelfwise.work import alerts, outbox
from shelfwise.work.outbox import Attempt, Message

Channel = Literal["webhook", "mail"]
ALERT = "subscription"
# How long the secret before a new one stays valid beside it.
ROTATION = timedelta(hours=24)
TEST = "shelfwise.test"
_SECRET_BYTES = 32
# As good as for ever: resuming lets it go.
_HELD_BACK = timedelta(days=36500)
_KIND = re.compile(r"\*|[a-z0-9_]+(\.[a-z0-9_]+)*(\.\*)?")
_MAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]+")
_MOST = 50

_COLUMNS = """s.subscription_id, s.name, s.channel, s.url, s.kinds, s.sites, s.user_id, s.state, s.why, s.since,
    s.added_at, s.added_by, s.failing_since, s.last_success_at,
    (select count(*) from outbox o where o.tenant_id = s.tenant_id and o.subscription_id = s.subscription_id
       and o.state = 'waiting') as waiting,
    (select count(*) from outbox o where o.tenant_id = s.tenant_id and o.subscription_id = s.subscription_id
       and o.state in ('failed', 'in_doubt')) as given_up"""


@dataclass(frozen=True)
class Subscription:
    """Who wants to hear of which facts.

    Attributes:
        url: where to; 'mailto:' and the address for mail. May be a secret between us and the receiver.
        kinds: of facts: 'stock.moved', 'alert.*' for all that begin so, '*' for all.
        sites: None: every site, and what belongs to none.
        user_id: whose it is; None: the installation's.
        state: 'active', 'paused' (by a person), 'disabled' (after long failure, see `why`) or 'removed'.
        since: facts recorded before this business instant are not sent.
        failing_since: wall time of the first failure since the last success.
        waiting, given_up: messages.
    """

    subscription_id: int
    name: str
    channel: Channel
    url: str
    kinds: list[str]
    sites: list[int] | None
    user_id: int | None
    state: str
    why: str | None
    since: datetime
    added_at: datetime
    added_by: str
    failing_since: datetime | None
    last_success_at: datetime | None
    waiting: int
    given_up: int

    @property
    def host(self) -> str:
        """Where to, without what may be secret."""
        return self.url.removeprefix("mailto:") if self.channel == "mail" else urlsplit(self.url).hostname or ""


@dataclass(frozen=True)
class Secret:
    """When a secret was made and until when it signs; wall times. The secret itself is shown once."""

    made_at: datetime
    expires_at: datetime | None


def add(
    ctx: Context,
    name: str,
    channel: Channel,
    address: str,
    kinds: Sequence[str],
    *,
    sites: Sequence[int] | None = None,
    personal: bool = False,
) -> tuple[int, str | None]:
    """Subscribe from now on; returns the id and, of a webhook, the secret, which is shown this once.

    Args:
        address: https://... for a webhook, a mail address for mail.
        kinds: such as 'alert.*'.
        sites: None: every site, and what belongs to none.
        personal: one's own, which mails what one may see; else the installation's.

    Raises:
        Forbidden: the installation's without the right to manage settings, or one's own without being a person.
        Invalid: an address or a kind that cannot be right.
        Refused: one's own webhook; too many of one's own.
    """
    user_id = own_id(ctx) if personal else None
    if user_id is None:
        ctx.require(Right.MANAGE_SETTINGS)
    else:
        ctx.require_somewhere(Right.VIEW)
        if channel != "mail":
            raise Refused("A webhook tells another system and belongs to the installation. An admin adds it.")
        mine = value(
            ctx.tx,
            "select count(*) from subscription where tenant_id = %s and user_id = %s and state <> 'removed'",
            (ctx.tenant, user_id),
        )
        if mine >= _MOST:
            raise Refused(f"You have {mine} subscriptions. Remove one first.")
    url = _url(channel, address)
    wanted = _kinds(kinds)
    said = " ".join(name.split())[:80]
    if not said:
        raise Invalid(Fault("name", "a name, such as the system that listens", "nothing", "Give it a name."))
    _check_sites(ctx, sites)
    subscription_id: int = value(
        ctx.tx,
        """insert into subscription (tenant_id, name, channel, url, kinds, sites, user_id, since, added_at, added_by)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning subscription_id""",
        (
            ctx.tenant, said, channel, url, wanted, None if sites is None else sorted(set(sites)), user_id, ctx.now,
            ctx.wall.now(), ctx.actor.by,
        ),
    )  # fmt: skip
    secret = _new_secret(ctx, subscription_id) if channel == "webhook" else None
    ctx.audit(
        "subscription.added", f"subscription:{subscription_id}", name=said, to=_get(ctx, subscription_id).host,
        kinds=wanted,
    )  # fmt: skip
    return subscription_id, secret


def _url(channel: str, address: str) -> str:
    address = address.strip()
    if channel == "mail":
        if len(address) > 254 or not _MAIL.fullmatch(address):
            raise Invalid(Fault("address", "a mail address", shorten(address), "Write it as ana@example.com."))
        return f"mailto:{address}"
    found = well_formed(address) if channel == "webhook" else None
    if found is None:
        raise Invalid(
            Fault("address", "an address such as https://erp.example.com/hooks", shorten(address), "Correct it.")
        )
    return found


def _kinds(kinds: Sequence[str]) -> list[str]:
    wanted = sorted({kind.strip() for kind in kinds if kind.strip()})
    wrong = [kind for kind in wanted if not _KIND.fullmatch(kind)]
    if wrong or not wanted or len(wanted) > 100:
        got = shorten(wrong[0]) if wrong else f"{len(wanted)} kinds"
        raise Invalid(Fault("kinds", "kinds of facts such as alert.raised, stock.* or *", got, "Choose at least one."))
    return wanted


def _check_sites(ctx: Context, sites: Sequence[int] | None) -> None:
    if sites is None:
        return
    if not sites:
        raise Invalid(Fault("sites", "at least one site, or all", "none", "Choose where."))
    known = {one for (one,) in values(ctx.tx, "select site_id from site where tenant_id = %s", (ctx.tenant,))}
    for site_id in sites:
        if site_id not in known:
            raise NotFound("site", site_id)


def subscriptions(ctx: Context) -> list[Subscription]:
    """All of them for whoever may manage settings, else one's own; without what was removed, by name.

    Raises:
        Forbidden: for whoever is neither a person nor may manage settings.
    """
    everything = ctx.actor.may(Right.MANAGE_SETTINGS)
    ctx.require_somewhere(Right.VIEW)
    return rows(
        ctx.tx,
        Subscription,
        f"""select {_COLUMNS} from subscription s
            where s.tenant_id = %s and s.state <> 'removed' and (%s or s.user_id = %s) order by s.name""",
        (ctx.tenant, everything, None if everything else own_id(ctx)),
    )


def subscription(ctx: Context, subscription_id: int) -> Subscription:
    """
    Raises:
        NotFound: there is none, or it was removed.
        Forbidden: it is neither one's own nor may one manage settings.
    """
    return _get(ctx, subscription_id)


def _get(ctx: Context, subscription_id: int) -> Subscription:
    manages = ctx.actor.may(Right.MANAGE_SETTINGS)
    ctx.require_somewhere(Right.VIEW)
    mine = None if manages else own_id(ctx)
    found = first(
        ctx.tx,
        Subscription,
        f"""select {_COLUMNS} from subscription s
            where s.tenant_id = %s and s.subscription_id = %s and s.state <> 'removed'""",
        (ctx.tenant, subscription_id),
    )
    if found is None:
        raise NotFound("subscription", subscription_id)
    if not manages and found.user_id != mine:
        raise Forbidden("This subscription is not yours. An admin may change it.")
    return found


def rotate(ctx: Context, subscription_id: int) -> str:
    """Make a new secret, shown this once; for a day each message is signed with both, so that nothing is lost.

    Raises:
        NotFound: there is no such subscription.
        Refused: mail is not signed.
    """
    found = _get(ctx, subscription_id)
    if found.channel != "webhook":
        raise Refused("Mail has no secret.")
    run(
        ctx.tx,
        """update webhook_secret set expires_at = %s
           where tenant_id = %s and subscription_id = %s and expires_at is null""",
        (ctx.wall.now() + ROTATION, ctx.tenant, subscription_id),
    )
    ctx.audit("subscription.secret_renewed", f"subscription:{subscription_id}", name=found.name)
    return _new_secret(ctx, subscription_id)


def _new_secret(ctx: Context, subscription_id: int) -> str:
    secret = secrets.token_bytes(_SECRET_BYTES)
    run(
        ctx.tx,
        "insert into webhook_secret (tenant_id, subscription_id, secret, made_at) values (%s, %s, %s, %s)",
        (ctx.tenant, subscription_id, secret, ctx.wall.now()),
    )
    return written(secret)


def valid_secrets(ctx: Context, subscription_id: int) -> list[Secret]:
    """When the secrets that sign now were made, the newest first."""
    _get(ctx, subscription_id)
    return rows(
        ctx.tx,
        Secret,
        """select made_at, expires_at from webhook_secret where tenant_id = %s and subscription_id = %s
             and (expires_at is null or expires_at > %s) order by secret_id desc""",
        (ctx.tenant, subscription_id, ctx.wall.now()),
    )


def pause(ctx: Context, subscription_id: int) -> Subscription:
    """Send nothing until it is resumed; what happens meanwhile is not sent later. What waits already is held back."""
    found = _get(ctx, subscription_id)
    if found.state == "paused":
        return found
    _set_state(ctx, subscription_id, "paused")
    run(
        ctx.tx,
        """update outbox set next_attempt_at = %s
           where tenant_id = %s and subscription_id = %s and state = 'waiting' and attempt_id is null""",
        (ctx.wall.now() + _HELD_BACK, ctx.tenant, subscription_id),
    )
    ctx.audit("subscription.paused", f"subscription:{subscription_id}", name=found.name)
    return _get(ctx, subscription_id)


def resume(ctx: Context, subscription_id: int) -> Subscription:
    """Send again, what was held back at once; also after it was disabled."""
    found = _get(ctx, subscription_id)
    if found.state == "active":
        return found
    run(
        ctx.tx,
        """update subscription set state = 'active', why = null, failing_since = null, since = %s
           where tenant_id = %s and subscription_id = %s""",
        (ctx.now, ctx.tenant, subscription_id),
    )
    run(
        ctx.tx,
        """update outbox set next_attempt_at = %s
           where tenant_id = %s and subscription_id = %s and state = 'waiting' and attempt_id is null""",
        (ctx.wall.now(), ctx.tenant, subscription_id),
    )
    alerts.clear_alert(ctx, ALERT, f"subscription:{subscription_id}")
    ctx.audit("subscription.resumed", f"subscription:{subscription_id}", name=found.name)
    notify(ctx.tx, "outbox")
    return _get(ctx, subscription_id)


def remove(ctx: Context, subscription_id: int) -> None:
    """Nothing is sent any more, and its secrets are forgotten. What waits is withdrawn."""
    found = _get(ctx, subscription_id)
    _set_state(ctx, subscription_id, "removed")
    run(
        ctx.tx,
        "delete from webhook_secret where tenant_id = %s and subscription_id = %s",
        (ctx.tenant, subscription_id),
    )
    run(
        ctx.tx,
        """update outbox set state = 'withdrawn', attempt_id = null
           where tenant_id = %s and subscription_id = %s and state in ('waiting', 'failed', 'in_doubt')""",
        (ctx.tenant, subscription_id),
    )
    alerts.clear_alert(ctx, ALERT, f"subscription:{subscription_id}")
    ctx.audit("subscription.removed", f"subscription:{subscription_id}", name=found.name)


def send_test(ctx: Context, subscription_id: int) -> None:
    """Send a message that says nothing but that it is a test.

    Raises:
        NotFound: there is no such subscription.
        Refused: it is paused or disabled.
    """
    found = _get(ctx, subscription_id)
    if found.state != "active":
        raise Refused(f"{found.name} is {found.state}, so nothing is sent. Resume it first.")
    at = ctx.wall.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body = {"type": TEST, "timestamp": at, "data": {"by": ctx.actor.by, "note": "A test. Nothing happened."}}
    key = f"test_{subscription_id}_{secrets.token_hex(8)}"
    if found.channel == "mail":
        body |= {"kind": "notice", "subject": f"Test: {found.name}", "text": "A test of Shelfwise. Nothing happened.\n"}
    outbox.enqueue(ctx, key, found.url, body, channel=found.channel, subscription_id=subscription_id)
    ctx.audit("subscription.tested", f"subscription:{subscription_id}", name=found.name)


def messages(ctx: Context, subscription_id: int, limit: int = 50) -> list[tuple[Message, list[Attempt]]]:
    """The newest messages of a subscription, each with its attempts."""
    _get(ctx, subscription_id)
    return outbox.subscribed(ctx, subscription_id, limit)


def send_again(ctx: Context, subscription_id: int) -> int:
    """Have all that was given up sent again, each under its own id; returns how many.

    Raises:
        NotFound: there is no such subscription.
        Refused: it is paused or disabled.
    """
    found = _get(ctx, subscription_id)
    if found.state != "active":
        raise Refused(f"{found.name} is {found.state}, so nothing is sent. Resume it first.")
    again = run(
        ctx.tx,
        """update outbox set state = 'waiting', attempts = 0, next_attempt_at = %s, attempt_id = null
           where tenant_id = %s and subscription_id = %s and state = 'failed'""",
        (ctx.wall.now(), ctx.tenant, subscription_id),
    )
    if again:
        ctx.audit("subscription.sent_again", f"subscription:{subscription_id}", name=found.name, messages=again)
        notify(ctx.tx, "outbox")
    return again


def _set_state(ctx: Context, subscription_id: int, state: str) -> None:
    run(
        ctx.tx,
        "update subscription set state = %s where tenant_id = %s and subscription_id = %s",
        (state, ctx.tenant, subscription_id),
    )
