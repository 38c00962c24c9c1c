"""From what happened to whoever subscribed, through the worker as it is wired."""

from __future__ import annotations

import json

from standardwebhooks.webhooks import Webhook

from shelfwise import jobs, worker
from shelfwise.access.context import Office, stand_still
from shelfwise.access.model import Role, person
from shelfwise.connectors.mail import MailServer
from shelfwise.work import alerts, outbox, subscriptions
from shelfwise.work.model import PATIENCE
from tests.conftest import NOON
from tests.connectors.mailbox import Mailbox
from tests.work.receiver import HERE, receiver

BOSS = person("mara", Role.ADMIN)


def hear(office: Office) -> None:
    """Every consumer has its turn until none has anything left."""
    while worker.serve_consumers(office):
        pass


def test_an_alert_is_told_to_a_system_and_to_a_person(office: Office) -> None:
    with receiver() as there, Mailbox() as box:
        with office.context(BOSS) as ctx:
            _, secret = subscriptions.add(ctx, "ERP", "webhook", there.url, ["alert.*"])
            subscriptions.add(ctx, "Ana", "mail", "ana@example.com", ["alert.raised"])
            alerts.raise_alert(ctx, "temperature", "zone:1", "danger", "Cold room at 9 °C", "Limit 8 °C.", "/", {})
        hear(office)
        assert worker.serve_outbox(office, MailServer("127.0.0.1", box.port, "plain", "shelf@example.com")) == 1
        assert worker.serve_webhooks(office, HERE) == 1
        with office.database.transaction() as tx:
            stand_still(tx, 1, NOON + PATIENCE["danger"])
        jobs.tick(office)
        hear(office)
        assert worker.serve_webhooks(office, HERE) == 1
    (letter,) = box.letters
    assert (letter["To"], letter["Subject"]) == ("ana@example.com", "alert raised: Cold room at 9 °C")
    assert "Limit 8 °C." in letter.get_content()
    assert secret is not None
    assert [Webhook(secret).verify(body, sent)["type"] for sent, body in there.got] == [
        "alert.raised", "alert.escalated",
    ]  # fmt: skip
    assert json.loads(there.got[1][1])["data"]["to"] == "quality"


def test_a_receiver_that_is_slow_holds_up_no_order(office: Office) -> None:
    with receiver() as there:
        with office.context(BOSS) as ctx:
            made, _ = subscriptions.add(ctx, "ERP", "webhook", there.url, ["*"])
            subscriptions.send_test(ctx, made)
            outbox.enqueue(ctx, "PO-1", there.url, {"number": "PO-1"})
        assert worker.serve_outbox(office) == 1
        assert [sent.get("idempotency-key") for sent, _ in there.got] == ["PO-1"]
        assert worker.serve_webhooks(office, HERE) == 1
