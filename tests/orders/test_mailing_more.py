"""Changes and cancellations by mail, decisions that race an attempt, and two workers at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import TypeVar

import pytest

from shelfwise.access.context import Context, Office
from shelfwise.app import delivered
from shelfwise.core.errors import Refused
from shelfwise.orders import service as orders
from shelfwise.orders.model import PurchaseOrder
from shelfwise.work import outbox
from shelfwise.work.outbox import Message
from shelfwise.worker import serve_outbox
from tests.connectors.mailbox import POINTS, Mailbox
from tests.orders.mailing import (
    DUE,
    IN_DOUBT,
    MARA,
    Later,
    killed_at,
    mail_to,
    open_alerts,
    order_by_mail,
    subjects,
    told,
    wait_for,
    waits_for_a_lock,
)

T = TypeVar("T")
Act = Callable[[Context], PurchaseOrder]

ORDER, CHANGE, CANCELLATION = (f"{what} PO-000001" for what in (
    "Purchase order", "Changed purchase order", "Cancellation of purchase order",
))  # fmt: skip


def change(ctx: Context) -> PurchaseOrder:
    return orders.change_sent(ctx, 1, {1: Decimal(12)}, DUE, "half of it")


def cancel(ctx: Context) -> PurchaseOrder:
    return orders.cancel(ctx, 1, "no longer needed")


def take_back(ctx: Context) -> PurchaseOrder:
    return orders.take_back_approval(ctx, 1, "too early")


def do(office: Office, act: Callable[[Context], T]) -> T:
    with office.context(MARA) as ctx:
        return act(ctx)


def stored(office: Office) -> PurchaseOrder:
    return do(office, lambda ctx: orders.purchase_order(ctx, 1))


@pytest.fixture(autouse=True)
def order(office: Office) -> None:
    do(office, order_by_mail)


@pytest.mark.parametrize(("point", "letters"), [("begin of the letter", 0), ("end of the letter", 1)])
@pytest.mark.parametrize(("act", "state", "subject"), [(change, "sent", CHANGE), (cancel, "sent", CANCELLATION)])
def test_killed_while_telling_of_a_change_or_a_cancellation_it_is_in_doubt_until_a_person_decides(
    office: Office, database_url: str, act: Act, state: str, subject: str, point: str, letters: int
) -> None:
    deliver(office)
    asked = do(office, act)
    with killed_at(database_url, point) as box:
        for _ in range(3):
            serve_outbox(Office(office.database, wall=Later()), mail_to(box))
        assert subjects(box) == [subject] * letters
        assert (told(office), open_alerts(office)) == ((state, "in_doubt"), [IN_DOUBT])
        assert stored(office) == asked
        assert (asked.sent_revision, asked.revision) == (1, 2)
        do(office, lambda ctx: orders.supplier_has_it(ctx, 1, arrived=False))
        serve_outbox(office, mail_to(box))
        assert subjects(box) == [subject] * letters + [f"Copy: {subject}"]
    assert (told(office), open_alerts(office)) == ((state, "delivered"), [])


@pytest.mark.parametrize("point", POINTS)
def test_a_second_worker_leaves_a_letter_alone_that_the_first_is_handing_over(office: Office, point: str) -> None:
    with Mailbox() as other:

        def second(at: str) -> None:
            if at == point:
                assert serve_outbox(Office(office.database), mail_to(other)) == 0

        with Mailbox(second) as box:
            assert serve_outbox(office, mail_to(box)) == 1
        assert (subjects(box), subjects(other), told(office)) == ([ORDER], [], ("sent", "delivered"))


def test_two_workers_at_once_share_the_letters_and_each_is_mailed_once(office: Office) -> None:
    with office.context(MARA) as ctx:
        for number in range(7):
            outbox.enqueue(
                ctx, f"n{number}", "mailto:mara@shelf.example", {"kind": "notice", "subject": str(number), "text": ""},
                channel="mail", repeatable=False,
            )  # fmt: skip
    made: list[int] = []
    ready = threading.Barrier(2)
    with Mailbox() as box:

        def work() -> None:
            ready.wait(timeout=60)
            made.append(serve_outbox(Office(office.database), mail_to(box)))

        both = [threading.Thread(target=work) for _ in range(2)]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
    assert sum(made) == 8
    assert sorted(subjects(box)) == [*"0123456", ORDER]


def test_a_worker_that_outlives_its_lease_says_itself_how_it_ended_and_nothing_is_mailed_twice(office: Office) -> None:
    seen = []
    with Mailbox() as other:

        def late(at: str) -> None:
            if at == "taken":
                serve_outbox(Office(office.database, wall=Later()), mail_to(other))
                seen.append((told(office), open_alerts(office)))

        with Mailbox(late) as box:
            serve_outbox(office, mail_to(box))
    assert seen == [(("approved", "in_doubt"), [IN_DOUBT])]
    assert (subjects(box), subjects(other)) == ([ORDER], [])
    assert (told(office), open_alerts(office)) == (("sent", "delivered"), [])


@pytest.mark.parametrize("point", POINTS)
def test_what_is_being_mailed_cannot_be_taken_back(office: Office, point: str) -> None:
    refused = []

    def at_once(at: str) -> None:
        if at == point:
            with pytest.raises(Refused, match="is on its way to Potter") as caught:
                do(office, take_back)
            refused.append(caught)

    with Mailbox(at_once) as box:
        serve_outbox(office, mail_to(box))
    assert (len(refused), subjects(box), told(office)) == (1, [ORDER], ("sent", "delivered"))


@pytest.mark.parametrize("point", POINTS)
def test_cancelled_while_it_is_mailed_the_supplier_is_told_so_in_a_second_letter(office: Office, point: str) -> None:
    def at_once(at: str) -> None:
        if at == point and not box.letters[1:] and stored(office).answer_to is None:
            do(office, cancel)

    with Mailbox(at_once) as box:
        serve_outbox(office, mail_to(box))
    after = stored(office)
    assert subjects(box) == [ORDER, CANCELLATION]
    assert (after.state, after.sent_revision, after.answer_to) == ("sent", 1, "cancel")
    assert after.sent_at is not None


@pytest.mark.parametrize(("act", "state"), [(take_back, "draft"), (cancel, "cancelled")])
@pytest.mark.parametrize("stands", [True, False])
def test_what_is_being_taken_back_is_not_begun_and_leaves_only_if_it_was_not(
    office: Office, act: Act, state: str, stands: bool
) -> None:
    with Mailbox() as box:
        with suppress(InterruptedError), office.context(MARA) as ctx:
            act(ctx)
            assert serve_outbox(office, mail_to(box)) == 0
            if not stands:
                raise InterruptedError
        serve_outbox(office, mail_to(box))
    after = stored(office)
    assert (after.state, subjects(box)) == ((state, []) if stands else ("sent", [ORDER]))
    assert (after.sent_at is None) == stands


@pytest.mark.parametrize("act", [take_back, cancel])
def test_whoever_takes_back_while_the_arrival_is_noted_waits_for_it_and_finds_the_order_sent(
    office: Office, database_url: str, act: Act
) -> None:
    came: list[object] = []

    def decide() -> None:
        try:
            came.append(do(office, act).state)
        except Refused as error:
            came.append(str(error))

    waiting = threading.Thread(target=decide)

    def arrived(ctx: Context, message: Message) -> None:
        waiting.start()
        wait_for(lambda: waits_for_a_lock(database_url))
        delivered(ctx, message)

    outbox.deliver_next(office, lambda message: None, arrived)
    waiting.join()
    if act is take_back:
        assert came == ["PO-000001 is sent and cannot be taken back. Ask the supplier to change or to cancel it."]
        assert told(office) == ("sent", "delivered")
    else:
        assert came == ["sent"]
        assert (told(office), stored(office).answer_to) == (("sent", "waiting"), "cancel")
    assert stored(office).sent_revision == 1


@pytest.mark.parametrize("changed", [False, True])
def test_cancelled_while_an_attempt_fails_what_was_tried_is_not_mailed_after_the_cancellation(
    office: Office, changed: bool
) -> None:
    if changed:
        deliver(office)
        do(office, change)
    with Mailbox(cancelled_meanwhile(office, "451 later")) as box:
        serve_outbox(office, mail_to(box))
        serve_outbox(Office(office.database, wall=Later()), mail_to(box))
    assert subjects(box) == [CANCELLATION]
    # Whether they have the order itself nobody knows, where its letter was stopped.
    assert (told(office), open_alerts(office)) == (("sent" if changed else "approved", "delivered"), [])
    assert stored(office).answer_to == "cancel"


def test_cancelled_while_an_attempt_is_refused_for_good_nobody_is_asked_to_send_the_order(office: Office) -> None:
    with Mailbox(cancelled_meanwhile(office, "550 never")) as box:
        serve_outbox(office, mail_to(box))
    assert (subjects(box), open_alerts(office)) == ([CANCELLATION], [])


def test_cancelled_while_the_order_is_in_doubt_the_supplier_is_told_and_no_copy_can_follow(
    office: Office, database_url: str
) -> None:
    with killed_at(database_url, "taken") as box:
        serve_outbox(Office(office.database, wall=Later()), mail_to(box))
        assert open_alerts(office) == [IN_DOUBT]
        do(office, cancel)
        serve_outbox(office, mail_to(box))
        assert (subjects(box), open_alerts(office)) == ([ORDER, CANCELLATION], [])
        with pytest.raises(Refused, match="not in doubt"):
            do(office, lambda ctx: outbox.resolve(ctx, 1, arrived=False))


def test_a_cancellation_that_was_taken_back_is_not_mailed_by_a_letter_that_waited(office: Office) -> None:
    deliver(office)
    do(office, cancel)
    with Mailbox(lambda at: "451 later" if at == "recipient" else None) as box:
        serve_outbox(office, mail_to(box))
    do(office, lambda ctx: orders.take_back_question(ctx, 1))
    with Mailbox() as box:
        serve_outbox(Office(office.database, wall=Later()), mail_to(box))
    assert (subjects(box), told(office), stored(office).answer_to) == ([], ("sent", "withdrawn"), None)


@pytest.mark.parametrize("act", [change, cancel])
def test_what_the_supplier_answered_already_is_not_mailed_any_more(office: Office, act: Act) -> None:
    deliver(office)
    do(office, act)
    do(office, lambda ctx: orders.answer(ctx, 1, accepted=False, note="by phone"))
    with Mailbox() as box:
        assert serve_outbox(office, mail_to(box)) == 0


def test_a_cancellation_asked_for_while_the_first_letter_leaves_waits_for_their_answer(office: Office) -> None:
    def at_once(at: str) -> None:
        if at == "taken" and not box.letters[1:]:
            do(office, cancel)
            with pytest.raises(Refused, match="may have PO-000001 by now"):
                do(office, lambda ctx: orders.take_back_question(ctx, 1))

    with Mailbox(at_once) as box:
        assert serve_outbox(office, mail_to(box)) == 2
    assert (subjects(box), stored(office).state) == ([ORDER, CANCELLATION], "sent")
    after = do(office, lambda ctx: orders.answer(ctx, 1, accepted=False, note="it is packed"))
    assert (after.state, after.answer_to, open_alerts(office)) == ("sent", None, [])


def test_a_letter_that_arrives_after_a_person_sent_the_order_does_not_hold_back_the_change_since(
    office: Office,
) -> None:
    def at_once(at: str) -> None:
        if at == "taken" and not box.letters[1:]:
            do(office, lambda ctx: orders.mark_sent(ctx, "PO-000001"))
            do(office, change)

    with Mailbox(at_once) as box:
        serve_outbox(office, mail_to(box))
    assert (subjects(box), stored(office).sent_revision) == ([ORDER, CHANGE], 2)


def test_closed_and_reopened_while_it_was_mailed_its_supplier_is_told_of_a_cancellation(office: Office) -> None:
    def at_once(at: str) -> None:
        if at == "taken" and not box.letters[1:]:
            do(office, lambda ctx: orders.close_purchase_order(ctx, 1, ""))
            do(office, lambda ctx: orders.reopen(ctx, 1, ""))
            do(office, cancel)

    with Mailbox(at_once) as box:
        serve_outbox(office, mail_to(box))
    assert (subjects(box), stored(office).answer_to) == ([ORDER, CANCELLATION], "cancel")


def deliver(office: Office) -> None:
    with Mailbox() as box:
        serve_outbox(office, mail_to(box))


def cancelled_meanwhile(office: Office, answer: str) -> Callable[[str], str | None]:
    """A server that refuses the first letter, while a person cancels the order."""

    def at_once(at: str) -> str | None:
        if at != "recipient" or stored(office).answer_to == "cancel":
            return None
        do(office, cancel)
        return answer

    return at_once
