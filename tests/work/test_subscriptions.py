"""Who subscribed is told at least once, each fact under one id; who takes nothing is found out and let go."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from shelfwise.access import service as access
from shelfwise.access.context import Context, Office
from shelfwise.access.model import Role, person, system
from shelfwise.core.errors import Forbidden, Invalid, NotFound, Refused
from shelfwise.records import service as records
from shelfwise.store.database import Database, run, values
from shelfwise.store.events import EVENTS, Consumer, advance
from shelfwise.work import alerts, outbox, spreading, subscriptions
from shelfwise.work.outbox import Message
from tests.work.receiver import HERE, Receiver, receiver

BOSS = person("mara", Role.ADMIN, user_id=1)
ELSEWHERE = "https://erp.example.com/hooks/abc"


class HandClock:
    """A wall clock moved by hand; it begins now, as the reference implementation looks at the real one."""

    def __init__(self) -> None:
        self.time = datetime.now().astimezone()

    def now(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def desk(database: Database, clock: HandClock) -> Office:
    """mara manages; omar works at London alone; there is Leeds besides."""
    office = Office(database, wall=clock)
    with office.context(person("root", Role.ADMIN)) as ctx:
        assert access.add_user(ctx, "mara", "Mara", "three random words", Role.ADMIN) == 1
        for code in ("LON", "LEE"):
            records.add_site(ctx, code=code, name=code, time_zone="Europe/London", width_m=9, depth_m=9)
        assert access.add_user(ctx, "omar", "Omar", "three random words", None, {1: Role.OPERATOR}) == 2
    settle(office)
    return office


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as one:
        yield one


def settle(office: Office) -> None:
    """Let the consumer hear of all that happened."""
    consumer = Consumer("tell", EVENTS, lambda tx, facts: spreading.spread(office.within(tx, system("tell")), facts))
    while advance(office.database, 1, consumer, office.wall.now()):
        pass


def work_off(office: Office) -> int:
    """Attempt all that is due; returns how many attempts there were."""
    made = 0
    while outbox.deliver_next(
        office, lambda message: spreading.send_webhook(office, message, HERE), spreading.delivered, spreading.failed
    ):
        made += 1
    return made


def happens(office: Office, kind: str = "stock.moved", site_id: int | None = 1, n: int = 1) -> None:
    with office.context(system("test")) as ctx:
        for number in range(n):
            ctx.publish(kind, f"item:{number}", site_id=site_id, quantity="3")
    settle(office)


def subscribe(office: Office, url: str = ELSEWHERE, *kinds: str, sites: list[int] | None = None) -> tuple[int, str]:
    with office.context(BOSS) as ctx:
        made, secret = subscriptions.add(ctx, "ERP", "webhook", url, kinds or ("stock.*",), sites=sites)
    assert secret is not None
    return made, secret


def told(office: Office) -> list[str]:
    with office.database.transaction() as tx:
        return [kind for (kind,) in values(tx, "select body->>'type' from outbox order by outbox_id")]


def state(office: Office, subscription_id: int) -> str:
    with office.context(BOSS) as ctx:
        return subscriptions.subscription(ctx, subscription_id).state


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (["stock.moved"], ["stock.moved"]),
        (["stock.*"], ["stock.moved", "stock.short"]),
        (["*"], ["stock.moved", "stock.short", "stocks.other"]),
        (["sales.*", "stock.short"], ["stock.short"]),
        (["stock"], []),
    ],
)
def test_a_subscription_gets_the_kinds_it_names(desk: Office, kinds: list[str], expected: list[str]) -> None:
    subscribe(desk, ELSEWHERE, *kinds)
    for kind in ("stock.moved", "stock.short", "stocks.other"):
        happens(desk, kind)
    assert told(desk) == expected


def test_a_subscription_begins_with_what_happens_after_it(desk: Office, clock: HandClock) -> None:
    with desk.database.transaction() as tx:
        run(tx, "update business_clock set rate = 1, wall_anchor = now(), business_anchor = now()")
    happens(desk)
    clock.time += timedelta(seconds=1)
    subscribe(desk)
    with desk.database.transaction() as tx:
        run(tx, "delete from consumer")
    happens(desk, "stock.short")
    assert told(desk) == ["stock.short"]


def test_a_subscription_for_some_sites_gets_no_others(desk: Office) -> None:
    subscribe(desk, ELSEWHERE, "*", sites=[2])
    happens(desk, "stock.moved", 1)
    happens(desk, "stock.short", 2)
    happens(desk, "forecast.made", None)
    assert told(desk) == ["stock.short"]


def test_people_are_mailed_only_what_they_may_see_and_nothing_once_they_are_gone(desk: Office) -> None:
    omar = person("omar", None, {1: Role.OPERATOR}, 2)
    with desk.context(omar) as ctx:
        subscriptions.add(ctx, "Me", "mail", "omar@example.com", ["stock.*"], personal=True)
    happens(desk, "stock.moved", 1)
    happens(desk, "stock.short", 2)
    happens(desk, "stock.reversed", None)
    assert told(desk) == ["stock.moved"]
    with desk.context(person("root", Role.ADMIN)) as ctx:
        access.set_active(ctx, 2, False)
    happens(desk, "stock.moved", 1)
    assert told(desk) == ["stock.moved"]


def test_an_alert_is_mailed_as_a_letter_that_a_person_can_read(desk: Office) -> None:
    with desk.context(BOSS) as ctx:
        subscriptions.add(ctx, "Nights", "mail", "ana@example.com", ["alert.*"])
        alerts.raise_alert(ctx, "temperature", "zone:1", "danger", "Cold room at 9 °C", "Limit 8 °C.", "/zones/1", {})
    settle(desk)
    with desk.database.transaction() as tx:
        ((channel, url, body),) = values(tx, "select channel, url, body from outbox")
    assert (channel, url, body["kind"], body["subject"]) == (
        "mail", "mailto:ana@example.com", "notice", "alert raised: Cold room at 9 °C",
    )  # fmt: skip
    assert body["text"].startswith("Cold room at 9 °C\n\nLimit 8 °C.\n")


def test_a_webhook_arrives_signed_with_its_fact_under_an_id_that_stays(desk: Office, there: Receiver) -> None:
    _, secret = subscribe(desk, there.url)
    there.answers.append((503, {}, b"later"))
    happens(desk)
    assert work_off(desk) == 1
    assert isinstance(desk.wall, HandClock)
    desk.wall.time += timedelta(seconds=7)
    assert work_off(desk) == 1
    (first, _), (second, body) = there.got
    assert first["webhook-id"] == second["webhook-id"]
    assert first["webhook-timestamp"] != second["webhook-timestamp"]
    assert Webhook(secret).verify(body, second)
    message = json.loads(body)
    assert list(message) == ["type", "timestamp", "data"]
    assert (message["type"], message["timestamp"]) == ("stock.moved", "2026-03-02T12:00:00.000Z")
    assert message["data"] == {"quantity": "3", "site_id": 1, "site": "LON", "subject": "item:0"}


def test_a_crash_after_the_attempt_sends_the_same_id_again(desk: Office, there: Receiver) -> None:
    subscribe(desk, there.url)
    happens(desk)

    def die(message: Message) -> str:
        spreading.send_webhook(desk, message, HERE)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        outbox.deliver_next(desk, die, spreading.delivered, spreading.failed)
    assert isinstance(desk.wall, HandClock)
    desk.wall.time += outbox.LEASES["webhook"]
    assert work_off(desk) == 1
    assert len({sent["webhook-id"] for sent, _ in there.got}) == 1
    assert len(there.got) == 2


def test_a_fact_heard_twice_is_one_message(desk: Office) -> None:
    subscribe(desk)
    happens(desk)
    with desk.database.transaction() as tx:
        run(tx, "delete from consumer")
    settle(desk)
    assert told(desk) == ["stock.moved"]


def test_while_secrets_change_both_sign_and_the_old_one_ends_after_a_day(
    desk: Office, there: Receiver, clock: HandClock
) -> None:
    made, old = subscribe(desk, there.url)
    with desk.context(BOSS) as ctx:
        new = subscriptions.rotate(ctx, made)
        assert len(subscriptions.valid_secrets(ctx, made)) == 2
    happens(desk)
    work_off(desk)
    sent, body = there.got[-1]
    assert Webhook(new).verify(body, sent) == Webhook(old).verify(body, sent)
    with desk.database.transaction() as tx:
        run(tx, "update webhook_secret set expires_at = %s where expires_at is not null", (clock.now(),))
    happens(desk, "stock.short")
    work_off(desk)
    sent, body = there.got[-1]
    assert Webhook(new).verify(body, sent)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(body, sent)


def test_a_receiver_that_is_down_is_tried_with_one_message_while_the_others_stand_back(
    desk: Office, there: Receiver, clock: HandClock
) -> None:
    made, _ = subscribe(desk, there.url)
    there.answers += [(500, {}, b"")] * 3
    happens(desk, n=20)
    assert work_off(desk) == 1
    clock.time += timedelta(seconds=10)
    assert work_off(desk) == 1
    clock.time += timedelta(minutes=6)
    assert work_off(desk) >= 1
    clock.time += timedelta(hours=1)
    work_off(desk)
    assert len({sent["webhook-id"] for sent, _ in there.got}) == 20
    with desk.context(BOSS) as ctx:
        now = subscriptions.subscription(ctx, made)
    assert (now.waiting, now.failing_since) == (0, None)


def test_long_failure_is_told_then_disables_and_resuming_sends_all_again(
    desk: Office, there: Receiver, clock: HandClock
) -> None:
    made, _ = subscribe(desk, there.url)
    there.answers += [(500, {}, b"broken")] * 500
    happens(desk, n=2)
    seen: list[tuple[str, str]] = []
    for _ in range(120):
        work_off(desk)
        with desk.context(BOSS) as ctx:
            seen += [(one.severity, one.link) for one in alerts.open_alerts(ctx)]
        clock.time += timedelta(hours=1)
    link = f"/webhooks/{made}"
    assert list(dict.fromkeys(seen)) == [("attention", link), ("danger", link)]
    assert state(desk, made) == "disabled"
    happens(desk, "stock.short")
    there.answers.clear()
    there.got.clear()
    with desk.context(BOSS) as ctx:
        with pytest.raises(Refused, match="disabled"):
            subscriptions.send_test(ctx, made)
        assert subscriptions.resume(ctx, made).given_up == 2
        assert subscriptions.send_again(ctx, made) == 2
        assert alerts.open_alerts(ctx) == []
    assert work_off(desk) == 2
    assert [json.loads(body)["type"] for _, body in there.got] == ["stock.moved"] * 2


def test_a_receiver_that_says_gone_is_told_nothing_more(desk: Office, there: Receiver) -> None:
    made, _ = subscribe(desk, there.url)
    there.answers.append((410, {}, b""))
    happens(desk, n=3)
    assert work_off(desk) == 1
    assert state(desk, made) == "disabled"
    with desk.context(BOSS) as ctx:
        assert len(alerts.open_alerts(ctx)) == 1
        assert [one.outcome for _, tries in subscriptions.messages(ctx, made) for one in tries] == ["rejected"]


def test_a_busy_receiver_is_left_alone_as_long_as_it_asks(desk: Office, there: Receiver, clock: HandClock) -> None:
    subscribe(desk, there.url)
    there.answers.append((429, {"Retry-After": "600"}, b""))
    happens(desk)
    assert work_off(desk) == 1
    clock.time += timedelta(seconds=599)
    assert work_off(desk) == 0
    clock.time += timedelta(seconds=2)
    assert work_off(desk) == 1


def test_pausing_holds_back_what_waits_and_skips_what_happens_meanwhile(desk: Office, there: Receiver) -> None:
    made, _ = subscribe(desk, there.url)
    happens(desk)
    with desk.context(BOSS) as ctx:
        subscriptions.pause(ctx, made)
    happens(desk, "stock.short")
    assert work_off(desk) == 0
    with desk.context(BOSS) as ctx:
        subscriptions.resume(ctx, made)
    assert work_off(desk) == 1
    assert [json.loads(body)["type"] for _, body in there.got] == ["stock.moved"]


def test_removing_withdraws_what_waits_and_forgets_the_secret(desk: Office, there: Receiver) -> None:
    made, _ = subscribe(desk, there.url)
    happens(desk)
    with desk.context(BOSS) as ctx:
        subscriptions.remove(ctx, made)
        with pytest.raises(NotFound):
            subscriptions.subscription(ctx, made)
        assert values(ctx.tx, "select count(*) from webhook_secret") == [(0,)]
    assert work_off(desk) == 0


def test_a_receiver_in_our_own_network_is_not_reached_unless_that_is_allowed(desk: Office, there: Receiver) -> None:
    made, _ = subscribe(desk, there.url)
    happens(desk)
    outbox.deliver_next(
        desk, lambda message: spreading.send_webhook(desk, message), spreading.delivered, spreading.failed
    )
    assert there.got == []
    with desk.context(BOSS) as ctx:
        ((_, (attempt,)),) = subscriptions.messages(ctx, made)
    assert attempt.outcome == "not_delivered"
    assert "inside our own network" in (attempt.detail or "")


def test_what_was_only_subscribed_to_is_no_ones_undelivered_order_and_not_in_the_audit_log(
    desk: Office, there: Receiver
) -> None:
    subscribe(desk, there.url)
    happens(desk)
    with desk.context(BOSS) as ctx:
        assert outbox.undelivered(ctx) == []
    work_off(desk)
    with desk.context(BOSS) as ctx:
        assert values(ctx.tx, "select count(*) from audit_entry where action = 'outbox.delivered'") == [(0,)]
        run(ctx.tx, "update outbox set created_at = created_at - interval '31 days'")
        assert spreading.forget_old(ctx) == 1


@pytest.mark.parametrize(
    "address",
    [
        "", "ftp://x.example/", "https://", "https://user:pass@x.example/", "javascript:alert(1)", "//x.example/",
        "https://x.example/\nHost: y", "https://x.example:99999/", "https://" + "x" * 2000, "https://bü.example/",
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_right_is_refused(desk: Office, address: str) -> None:
    with desk.context(BOSS) as ctx, pytest.raises(Invalid, match="address"):
        subscriptions.add(ctx, "ERP", "webhook", address, ["*"])


@pytest.mark.parametrize("address", ["", "ana", "ana@", "a@b", "a@b.c, d@e.f", "a@b.c\nBcc: d@e.f", "<a@b.c>"])
def test_a_mail_address_that_cannot_be_right_is_refused(desk: Office, address: str) -> None:
    with desk.context(BOSS) as ctx, pytest.raises(Invalid, match="address"):
        subscriptions.add(ctx, "Ana", "mail", address, ["*"])


def test_only_whoever_manages_settings_adds_the_installations_and_sees_others(desk: Office) -> None:
    omar: Context
    made, _ = subscribe(desk)
    with desk.context(person("omar", None, {1: Role.OPERATOR}, 2)) as omar:
        for touch in (
            lambda: subscriptions.add(omar, "ERP", "webhook", ELSEWHERE, ["*"]),
            lambda: subscriptions.subscription(omar, made), lambda: subscriptions.rotate(omar, made),
            lambda: subscriptions.remove(omar, made), lambda: subscriptions.messages(omar, made),
        ):  # fmt: skip
            with pytest.raises(Forbidden):
                touch()
        with pytest.raises(Refused, match="admin"):
            subscriptions.add(omar, "ERP", "webhook", ELSEWHERE, ["*"], personal=True)
        mine, _ = subscriptions.add(omar, "Me", "mail", "omar@example.com", ["*"], personal=True)
        assert [one.subscription_id for one in subscriptions.subscriptions(omar)] == [mine]
    with desk.context(BOSS) as ctx:
        assert len(subscriptions.subscriptions(ctx)) == 2
