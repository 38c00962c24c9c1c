"""Facts go out to whoever subscribed to them, and what becomes of the receivers that take nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shelfwise.access.context import Context, Office
from shelfwise.access.model import system
from shelfwise.connectors import webhooks
from shelfwise.connectors.guarded import Network
from shelfwise.store.database import first, rows, run, value, values
from shelfwise.store.events import Event
from shelfwise.work import alerts, outbox
from shelfwise.work.outbox import Message, NotDelivered, Rejected
from shelfwise.work.subscriptions import ALERT

# A receiver that has taken nothing for so long is told of; and after so long it is told nothing more. Wall time.
TELL_AFTER = timedelta(hours=1)
DISABLE_AFTER = timedelta(days=3)
# While a receiver takes nothing, one of its messages is tried and the others stand behind it.
STAND_BACK = timedelta(minutes=5)
KEEP = timedelta(days=30)


@dataclass(frozen=True)
class _Wanted:
    """A subscription as facts are held against it; `everywhere` and `at`: where its owner may look."""

    subscription_id: int
    name: str
    channel: str
    url: str
    kinds: list[str]
    sites: list[int] | None
    since: datetime
    everywhere: bool
    at: list[int]

    def wants(self, kind: str, site_id: int | None) -> bool:
        if not any(matches(one, kind) for one in self.kinds):
            return False
        if self.sites is not None and site_id not in self.sites:
            return False
        return self.everywhere or site_id in self.at


def matches(wanted: str, kind: str) -> bool:
    """Whether a kind of fact is wanted by 'stock.moved', 'stock.*' or '*'."""
    return wanted in ("*", kind) or (wanted.endswith(".*") and kind.startswith(wanted[:-1]))


def spread(ctx: Context, facts: Sequence[Event]) -> None:
    """Write a message for each fact and each subscription that wants it. A consumer of facts; repeatable."""
    found = rows(
        ctx.tx,
        _Wanted,
        """select s.subscription_id, s.name, s.channel, s.url, s.kinds, s.sites, s.since,
               s.user_id is null or u.role is not null as everywhere,
               array(select r.site_id from user_site_role r
                     where r.tenant_id = s.tenant_id and r.user_id = s.user_id) as at
           from subscription s left join app_user u using (tenant_id, user_id)
           where s.tenant_id = %s and s.state = 'active' and (s.user_id is null or u.active)
           order by s.subscription_id""",
        (ctx.tenant,),
    )
    if not found:
        return
    installation = str(value(ctx.tx, "select installation from tenant where tenant_id = %s", (ctx.tenant,))).replace(
        "-", ""
    )[:12]
    sites = values(ctx.tx, "select site_id, code from site where tenant_id = %s", (ctx.tenant,))
    codes = {int(site_id): str(code) for site_id, code in sites}
    for fact in facts:
        site_id = fact.data.get("site_id")
        for one in found:
            if fact.recorded_at < one.since or not one.wants(fact.kind, site_id):
                continue
            body = payload(fact, codes.get(site_id) if site_id is not None else None)
            if one.channel == "mail":
                body |= notice(fact.kind, body["data"])
            outbox.enqueue(
                ctx,
                f"evt_{installation}_{fact.seq}_{one.subscription_id}",
                one.url,
                body,
                # A notice read twice does no harm: at least once for mail as well.
                channel="mail" if one.channel == "mail" else "webhook",
                site_id=site_id,
                subscription_id=one.subscription_id,
            )


def payload(fact: Event, site: str | None) -> dict[str, Any]:
    """What is told of a fact: its kind, when it happened, and its data."""
    return {
        "type": fact.kind,
        "timestamp": fact.occurred_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "data": {**fact.data, "subject": fact.subject, "site": site},
    }


def notice(kind: str, data: Mapping[str, Any]) -> dict[str, str]:
    """The same as a letter to a person."""
    what = kind.replace(".", " ").replace("_", " ")
    title = str(data.get("title") or data.get("number") or data["subject"])
    lines = [f"{title}", ""]
    if data.get("detail"):
        lines += [str(data["detail"]), ""]
    shown = {name: told for name, told in data.items() if name not in ("title", "detail") and told is not None}
    lines += [f"{name.replace('_', ' ')}: {told}" for name, told in sorted(shown.items())]
    lines += ["", "You get this because somebody subscribed this address; the page Notifications ends it."]
    return {"kind": "notice", "subject": " ".join(f"{what}: {title}".split())[:200], "text": "\n".join(lines) + "\n"}


def send_webhook(office: Office, message: Message, allowed: Sequence[Network] = ()) -> str:
    """Make one attempt, signed with the secrets that are valid now; returns what the receiver said.

    Raises:
        NotDelivered: it may be tried again.
        Rejected: the receiver wants no more, or nobody wants it sent.
    """
    with office.context(system("webhooks")) as ctx:
        state = value(
            ctx.tx,
            "select state from subscription where tenant_id = %s and subscription_id = %s",
            (ctx.tenant, message.subscription_id),
        )
        secrets = [
            bytes(secret)
            for (secret,) in values(
                ctx.tx,
                """select secret from webhook_secret where tenant_id = %s and subscription_id = %s
                     and (expires_at is null or expires_at > %s) order by secret_id desc""",
                (ctx.tenant, message.subscription_id, ctx.wall.now()),
            )
        ]
        at = ctx.wall.now()
    if state == "paused":
        raise NotDelivered("The subscription is paused.", STAND_BACK)
    if state != "active" or not secrets:
        raise Rejected(f"The subscription is {state or 'gone'}.")
    told = {name: message.body.get(name) for name in ("type", "timestamp", "data")}
    body = json.dumps(told, separators=(",", ":")).encode()
    try:
        return webhooks.post(message.url, body, webhooks.headers(secrets, message.idempotency_key, at, body), allowed)
    except webhooks.NotTaken as error:
        raise NotDelivered(str(error), error.after) from error
    except webhooks.Gone as error:
        raise Rejected(str(error)) from error


def delivered(ctx: Context, message: Message) -> None:
    """A receiver took a message: what stood behind goes at once, and the alert is over. Of other messages nothing."""
    if message.subscription_id is None:
        return
    was_failing = value(
        ctx.tx,
        """update subscription s set failing_since = null, last_success_at = %s
           from subscription old where s.tenant_id = %s and s.subscription_id = %s
             and old.tenant_id = s.tenant_id and old.subscription_id = s.subscription_id
           returning old.failing_since is not null""",
        (ctx.wall.now(), ctx.tenant, message.subscription_id),
    )
    if was_failing:
        run(
            ctx.tx,
            """update outbox set next_attempt_at = %s
               where tenant_id = %s and subscription_id = %s and state = 'waiting' and attempt_id is null""",
            (ctx.wall.now(), ctx.tenant, message.subscription_id),
        )
        alerts.clear_alert(ctx, ALERT, f"subscription:{message.subscription_id}")


@dataclass(frozen=True)
class _Failing:
    name: str
    channel: str
    state: str
    failing_since: datetime


def failed(ctx: Context, message: Message, error: Exception) -> None:
    """A receiver did not take a message: the others stand back; after long failure people are told, and it ends."""
    if message.subscription_id is None:
        return
    now = ctx.wall.now()
    found = first(
        ctx.tx,
        _Failing,
        """update subscription set failing_since = coalesce(failing_since, %s)
           where tenant_id = %s and subscription_id = %s and state = 'active'
           returning name, channel, state, failing_since""",
        (now, ctx.tenant, message.subscription_id),
    )
    if found is None:
        return
    run(
        ctx.tx,
        """update outbox set next_attempt_at = %s
           where tenant_id = %s and subscription_id = %s and outbox_id <> %s and state = 'waiting'
             and attempt_id is null and next_attempt_at < %s""",
        (now + STAND_BACK, ctx.tenant, message.subscription_id, message.outbox_id, now + STAND_BACK),
    )
    said = str(error)[:300]
    gone = isinstance(error, Rejected) and found.channel == "webhook"
    if gone or now - found.failing_since >= DISABLE_AFTER:
        _disable(ctx, message, found.name, said)
    elif now - found.failing_since >= TELL_AFTER:
        alerts.raise_alert(
            ctx, ALERT, f"subscription:{message.subscription_id}", "attention",
            f"{found.name} has taken nothing for a while",
            f"{message.host} does not take what it subscribed to. {said} It is tried for {DISABLE_AFTER.days} days, "
            "then the subscription is disabled.",
            f"/webhooks/{message.subscription_id}", {"to": message.host, "error": said},
        )  # fmt: skip


def _disable(ctx: Context, message: Message, name: str, said: str) -> None:
    run(
        ctx.tx,
        """update subscription set state = 'disabled', why = %s where tenant_id = %s and subscription_id = %s""",
        (said, ctx.tenant, message.subscription_id),
    )
    run(
        ctx.tx,
        """update outbox set state = 'failed', last_error = coalesce(last_error, 'The subscription was disabled.'),
               attempt_id = null
           where tenant_id = %s and subscription_id = %s and state = 'waiting'""",
        (ctx.tenant, message.subscription_id),
    )
    ctx.audit("subscription.disabled", f"subscription:{message.subscription_id}", name=name, why=said)
    alerts.raise_alert(
        ctx, ALERT, f"subscription:{message.subscription_id}", "danger", f"{name} is told nothing any more",
        f"{message.host} took nothing for too long or wants no more, so the subscription is disabled. {said} When the "
        "receiver is well again, resume it and send again what was given up.",
        f"/webhooks/{message.subscription_id}", {"to": message.host, "error": said},
    )  # fmt: skip


def forget_old(ctx: Context) -> int:
    """Delete what arrived long ago and was only subscribed to; returns how many. For the calendar; repeatable."""
    return run(
        ctx.tx,
        """delete from outbox where tenant_id = %s and subscription_id is not null
             and state in ('delivered', 'withdrawn') and created_at < %s""",
        (ctx.tenant, ctx.wall.now() - KEEP),
    )
