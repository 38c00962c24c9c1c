"""Messages leave at least once, under one key, and their fate is visible."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shelfwise.access.context import Context, Office
from shelfwise.access.model import Role, person, system
from shelfwise.connectors import http
from shelfwise.core.errors import Forbidden, NotFound, Refused
from shelfwise.store.database import Database, run, values
from shelfwise.work import alerts, outbox
from shelfwise.work.outbox import Message


class HandClock:
    """A wall clock moved by hand."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 2, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


class Partner:
    """The other end: counts what arrives, and is down for a number of attempts."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.got: list[str] = []
        self.delivered: list[str] = []

    def take(self, message: Message) -> None:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("connection refused")
        self.got.append(message.idempotency_key)

    def note(self, ctx: Context, message: Message) -> None:
        self.delivered.append(message.idempotency_key)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def desk(database: Database, clock: HandClock) -> Office:
    office = Office(database, wall=clock)
    with office.context(system("test")) as ctx:
        outbox.enqueue(ctx, "PO-1", "http://127.0.0.1/orders", {"number": "PO-1"})
        outbox.enqueue(ctx, "PO-1", "http://127.0.0.1/orders", {"number": "PO-1"})
    return office


def test_the_same_key_is_one_message(desk: Office) -> None:
    partner = Partner()
    assert outbox.deliver_next(desk, partner.take, partner.note) is not None
    assert outbox.deliver_next(desk, partner.take, partner.note) is None
    assert partner.got == partner.delivered == ["PO-1"]


def test_the_audit_log_names_the_partner_without_the_secret_part_of_its_address(desk: Office) -> None:
    partner = Partner()
    outbox.deliver_next(desk, partner.take, partner.note)
    with desk.database.transaction() as tx:
        assert values(tx, "select detail from audit_entry where action = 'outbox.delivered'") == [
            ({"key": "PO-1", "to": "127.0.0.1"},)
        ]


def test_a_message_rolled_back_never_leaves(desk: Office) -> None:
    with pytest.raises(RuntimeError), desk.context(system("test")) as ctx:
        outbox.enqueue(ctx, "PO-2", "http://127.0.0.1/orders", {})
        raise RuntimeError("decision withdrawn")
    with desk.context(system("test")) as ctx:
        assert [message.idempotency_key for message in outbox.undelivered(ctx)] == ["PO-1"]


def test_a_failed_attempt_is_repeated_under_the_same_key_after_a_growing_pause(desk: Office, clock: HandClock) -> None:
    partner = Partner(failures=2)
    pauses = []
    while not partner.got:
        if outbox.deliver_next(desk, partner.take, partner.note) is None:
            clock.time += timedelta(seconds=1)
            pauses.append(1)
    assert partner.got == ["PO-1"]
    assert len(pauses) == 2 + 4


def test_after_the_last_attempt_the_message_is_failed_and_visible(desk: Office, clock: HandClock) -> None:
    partner = Partner(failures=outbox.ATTEMPTS)
    for _ in range(outbox.ATTEMPTS):
        outbox.deliver_next(desk, partner.take, partner.note)
        clock.time += timedelta(hours=1)
    assert outbox.deliver_next(desk, partner.take, partner.note) is None
    with desk.context(system("test")) as ctx:
        (message,) = outbox.undelivered(ctx)
    assert message.state == "failed"
    assert message.last_error == "ConnectionError: connection refused"


def test_a_worker_that_dies_during_an_attempt_leaves_the_message_to_the_next(desk: Office, clock: HandClock) -> None:
    partner = Partner()

    def die(message: Message) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        outbox.deliver_next(desk, die, partner.note)
    assert outbox.deliver_next(desk, partner.take, partner.note) is None
    clock.time += outbox.LEASES["http"]
    assert outbox.deliver_next(desk, partner.take, partner.note) is not None
    assert partner.got == ["PO-1"]


MANAGER = person("mara", Role.ADMIN)


def give_up(desk: Office, clock: HandClock) -> Message:
    """The message after its last attempt failed."""
    partner = Partner(failures=outbox.ATTEMPTS)
    while partner.failures:
        outbox.deliver_next(desk, partner.take, partner.note)
        clock.time += timedelta(hours=1)
    with desk.context(MANAGER) as ctx:
        (message,) = outbox.undelivered(ctx)
        return message


def test_a_message_given_up_is_sent_again_at_once_under_the_same_key(desk: Office, clock: HandClock) -> None:
    failed = give_up(desk, clock)
    with desk.context(MANAGER) as ctx:
        again = outbox.send_again(ctx, failed.outbox_id)
        assert (again.state, again.attempts, again.next_attempt_at) == ("waiting", 0, clock.time)
        assert outbox.send_again(ctx, failed.outbox_id) == again
        assert values(ctx.tx, "select count(*) from audit_entry where action = 'outbox.send_again'") == [(1,)]
    partner = Partner(failures=outbox.ATTEMPTS - 1)
    while not partner.got:
        outbox.deliver_next(desk, partner.take, partner.note)
        clock.time += timedelta(hours=1)
    assert partner.got == ["PO-1"]
    with desk.context(MANAGER) as ctx:
        with pytest.raises(Refused, match="PO-1 was delivered"):
            outbox.send_again(ctx, failed.outbox_id)
        with pytest.raises(NotFound):
            outbox.send_again(ctx, failed.outbox_id + 1)


def test_only_managers_send_again(desk: Office, clock: HandClock) -> None:
    failed = give_up(desk, clock)
    with desk.context(person("omar", Role.OPERATOR)) as ctx, pytest.raises(Forbidden):
        outbox.send_again(ctx, failed.outbox_id)


def test_a_message_withdrawn_during_an_attempt_that_fails_stays_withdrawn(desk: Office, clock: HandClock) -> None:
    def meanwhile(message: Message) -> None:
        with desk.context(MANAGER) as ctx:
            assert outbox.withdraw(ctx, message.idempotency_key)
        raise ConnectionError("connection refused")

    partner = Partner()
    assert outbox.deliver_next(desk, meanwhile, partner.note) is not None
    clock.time += timedelta(hours=1)
    assert outbox.deliver_next(desk, partner.take, partner.note) is None
    with desk.context(MANAGER) as ctx:
        assert outbox.undelivered(ctx) == []
        assert not outbox.withdraw(ctx, "PO-1")


class Echo(BaseHTTPRequestHandler):
    """Refuses, and repeats the address it was asked at."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(404)
        self.end_headers()
        self.wfile.write(f"No desk at {self.path}".encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_an_error_names_the_partner_without_the_secret_part_of_its_address() -> None:
    with HTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with pytest.raises(httpx.HTTPStatusError) as caught:
            http.post(f"http://127.0.0.1:{server.server_port}/desk/secret?key=1", "PO-1", {})
        thread.join()
    assert str(caught.value) == "127.0.0.1 answered 404: No desk at …"


def test_a_delivery_that_cannot_be_noted_is_repeated_but_not_for_ever(desk: Office, clock: HandClock) -> None:
    partner = Partner()

    def stumble(ctx: Context, message: Message) -> None:
        raise LookupError("no such order")

    for _ in range(outbox.ATTEMPTS):
        outbox.deliver_next(desk, partner.take, stumble)
        clock.time += timedelta(hours=1)
    assert outbox.deliver_next(desk, partner.take, stumble) is None
    assert len(partner.got) == outbox.ATTEMPTS
    with desk.context(system("test")) as ctx:
        assert [message.last_error for message in outbox.undelivered(ctx)] == ["LookupError: no such order"]


class Post:
    """A mailbox: nobody there can tell a second copy from a second letter."""

    def __init__(self, *answers: Exception | None) -> None:
        self.answers = list(answers)
        self.letters = 0

    def take(self, message: Message) -> None:
        answer = self.answers.pop(0) if self.answers else None
        if not isinstance(answer, outbox.NotDelivered | outbox.Rejected):
            self.letters += 1
        if answer is not None:
            raise answer


@pytest.fixture
def mail(database: Database, clock: HandClock) -> Office:
    office = Office(database, wall=clock)
    with office.context(system("test")) as ctx:
        outbox.enqueue(ctx, "PO-7", "mailto:a@b.example", {"number": "PO-7"}, channel="mail", repeatable=False)
    return office


def work_off(office: Office, clock: HandClock, post: Post) -> Message | None:
    """Let a day go by; returns what is undelivered still."""
    for _ in range(40):
        outbox.deliver_next(office, post.take, lambda ctx, message: None)
        clock.time += timedelta(minutes=30)
    with office.context(MANAGER) as ctx:
        return next(iter(outbox.undelivered(ctx)), None)


def open_alerts(office: Office) -> list[str]:
    with office.context(MANAGER) as ctx:
        return [alert.title for alert in alerts.open_alerts(ctx)]


def test_mail_that_certainly_did_not_arrive_is_sent_again_and_arrives_once(mail: Office, clock: HandClock) -> None:
    post = Post(outbox.NotDelivered("busy"), outbox.NotDelivered("busy"))
    assert work_off(mail, clock, post) is None
    assert post.letters == 1
    with mail.context(MANAGER) as ctx:
        told = outbox.message(ctx, "PO-7")
        assert told is not None
        assert [one.outcome for one in outbox.attempts(ctx, told.outbox_id)] == [
            "delivered", "not_delivered", "not_delivered",
        ]  # fmt: skip


def test_mail_whose_fate_nobody_knows_is_in_doubt_and_never_repeated(mail: Office, clock: HandClock) -> None:
    post = Post(ConnectionResetError("gone"))
    left = work_off(mail, clock, post)
    assert left is not None
    assert (left.state, post.letters) == ("in_doubt", 1)
    assert open_alerts(mail) == ["PO-7 may or may not have reached a@b.example"]
    with mail.context(MANAGER) as ctx, pytest.raises(Refused, match="may have arrived"):
        outbox.send_again(ctx, left.outbox_id)


def test_a_worker_that_dies_while_mailing_leaves_the_mail_in_doubt(mail: Office, clock: HandClock) -> None:
    def die(message: Message) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        outbox.deliver_next(mail, die, lambda ctx, message: None)
    post = Post()
    left = work_off(mail, clock, post)
    assert left is not None
    assert (left.state, post.letters) == ("in_doubt", 0)


def test_a_person_who_asked_says_that_it_arrived(mail: Office, clock: HandClock) -> None:
    post = Post(ConnectionResetError("gone"))
    left = work_off(mail, clock, post)
    assert left is not None
    with mail.context(MANAGER) as ctx:
        outbox.resolve(ctx, left.outbox_id, arrived=True, note="They called.")
        assert outbox.resolve(ctx, left.outbox_id, arrived=True).state == "delivered"
    assert work_off(mail, clock, post) is None
    assert (post.letters, open_alerts(mail)) == (1, [])


def test_a_person_who_asked_has_a_copy_sent(mail: Office, clock: HandClock) -> None:
    post = Post(ConnectionResetError("gone"))
    left = work_off(mail, clock, post)
    assert left is not None
    with mail.context(MANAGER) as ctx:
        assert outbox.resolve(ctx, left.outbox_id, arrived=False).copies == 1
    assert work_off(mail, clock, post) is None
    assert post.letters == 2


def test_what_the_receiver_refuses_for_good_is_given_up_at_once_and_told(mail: Office, clock: HandClock) -> None:
    left = work_off(mail, clock, Post(outbox.Rejected("no such mailbox")))
    assert left is not None
    assert (left.state, left.attempts) == ("failed", 1)
    assert open_alerts(mail) == ["PO-7 could not be delivered to a@b.example"]


def test_an_attempt_that_outlasts_its_lease_may_still_say_that_it_arrived(mail: Office, clock: HandClock) -> None:
    def slow(message: Message) -> None:
        clock.time += timedelta(hours=1)
        assert outbox.deliver_next(mail, Post().take, lambda ctx, other: None) is None
        assert open_alerts(mail)

    outbox.deliver_next(mail, slow, lambda ctx, message: None)
    with mail.context(MANAGER) as ctx:
        assert outbox.undelivered(ctx) == []
    assert open_alerts(mail) == []


FATES = ("arrives", "refused", "busy", "lost after arrival", "lost before", "killed before", "killed after")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fates=st.lists(st.sampled_from(FATES), max_size=6), asked=st.lists(st.booleans(), max_size=3))
def test_no_letter_leaves_twice_without_a_persons_word_whatever_happens(
    database: Database, fates: list[str], asked: list[bool]
) -> None:
    clock = HandClock()
    office = Office(database, wall=clock)
    key = f"PO-{uuid4()}"
    with office.context(MANAGER) as ctx:
        run(ctx.tx, "delete from outbox")
        run(ctx.tx, "delete from alert")
        outbox.enqueue(ctx, key, "mailto:a@b.example", {"number": "PO-7"}, channel="mail", repeatable=False)
    letters, words, coming = 0, list(asked), list(fates)

    def take(message: Message) -> None:
        nonlocal letters
        fate = coming.pop(0) if coming else "arrives"
        letters += fate in ("arrives", "lost after arrival", "killed after")
        if fate == "refused":
            raise outbox.Rejected("no such mailbox")
        if fate == "busy":
            raise outbox.NotDelivered("busy")
        if fate.startswith("lost"):
            raise ConnectionResetError("gone")
        if fate.startswith("killed"):
            raise KeyboardInterrupt

    copies = 0
    for _ in range(14):
        with suppress(KeyboardInterrupt):
            outbox.deliver_next(office, take, lambda ctx, message: None)
        clock.time += timedelta(minutes=11)
        assert letters <= 1 + copies
        with office.context(MANAGER) as ctx:
            now = outbox.message(ctx, key)
            assert now is not None
            alarmed = [alert.subject for alert in alerts.open_alerts(ctx)] == [f"outbox:{now.outbox_id}"]
            assert alarmed is (now.state in ("in_doubt", "failed"))
            if now.state == "in_doubt" and words:
                copies += not (arrived := words.pop(0))
                assert outbox.resolve(ctx, now.outbox_id, arrived).copies == copies
            elif now.state == "failed" and words:
                words.pop()
                outbox.send_again(ctx, now.outbox_id)
    assert now is not None
    assert letters >= 1 or now.state != "delivered" or any(asked)
