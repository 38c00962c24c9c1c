"""An approved order is mailed once; killed at whatever step, it is one order and one mail, or in doubt."""

from __future__ import annotations

import socket

import psycopg
import pytest

from shelfwise.access.context import Office
from shelfwise.connectors.mail import MailServer
from shelfwise.core.errors import Refused
from shelfwise.orders import service as orders
from shelfwise.orders.model import PurchaseOrder
from shelfwise.orders.paper import pdf
from shelfwise.store.database import run
from shelfwise.work import outbox
from shelfwise.worker import serve_outbox
from tests.connectors.mailbox import POINTS, Mailbox, free_port
from tests.orders.mailing import (
    IN_DOUBT,
    MARA,
    Later,
    killed_at,
    mail_to,
    open_alerts,
    order_by_mail,
    told,
    wait_for,
    waits_for_a_lock,
    worker,
)


@pytest.fixture
def order(office: Office) -> PurchaseOrder:
    with office.context(MARA) as ctx:
        return order_by_mail(ctx)


def test_an_approved_order_reaches_the_supplier_as_a_letter_with_a_pdf(office: Office, order: PurchaseOrder) -> None:
    with Mailbox() as box:
        assert serve_outbox(office, mail_to(box)) == 1
        assert serve_outbox(office, mail_to(box)) == 0
    (letter,) = box.letters
    assert (letter["To"], letter["Subject"]) == ("orders@potter.example", "Purchase order PO-000001 from Test")
    (paper,) = letter.iter_attachments()
    assert paper.get_filename() == "PO-000001.pdf"
    assert paper.get_content().startswith(b"%PDF-")
    assert told(office) == ("sent", "delivered")


@pytest.mark.parametrize("point", POINTS)
def test_killed_while_mailing_it_is_one_mail_or_in_doubt(
    office: Office, order: PurchaseOrder, database_url: str, point: str
) -> None:
    with killed_at(database_url, point) as box:
        assert told(office) == ("approved", "waiting")
        serve_outbox(Office(office.database), mail_to(box))
        assert len(box.letters) <= 1
        for _ in range(3):
            serve_outbox(Office(office.database, wall=Later()), mail_to(box))
        assert told(office) == ("approved", "in_doubt")
        assert len(box.letters) == (1 if point in ("end of the letter", "taken") else 0)
        assert open_alerts(office) == [IN_DOUBT]


def test_killed_between_the_servers_word_and_our_note_it_is_in_doubt(
    office: Office, order: PurchaseOrder, database_url: str
) -> None:
    # Whoever would note the arrival waits for this lock, taken once the attempt itself is noted.
    blocker = psycopg.connect(database_url)

    def hold(at: str) -> None:
        if at == "greeting":
            blocker.execute("select 1 from outbox for update")

    with Mailbox(hold) as box:
        with worker(database_url, box.port) as process:
            wait_for(lambda: len(box.letters) == 1 and waits_for_a_lock(database_url))
            process.kill()
            process.wait()
        blocker.rollback()
        blocker.close()
        for _ in range(3):
            serve_outbox(Office(office.database, wall=Later()), mail_to(box))
    assert (len(box.letters), told(office)) == (1, ("approved", "in_doubt"))


def test_killed_before_it_reached_the_server_it_is_in_doubt_and_nothing_was_sent(
    office: Office, order: PurchaseOrder, database_url: str
) -> None:
    with Mailbox() as box:
        # Nobody answers at this door, but the kernel lets the caller in.
        with socket.socket() as deaf:
            deaf.bind(("127.0.0.1", 0))
            deaf.listen(1)
            with worker(database_url, deaf.getsockname()[1]) as process:
                wait_for(lambda: attempts(office) == 1)
                process.kill()
                process.wait()
        serve_outbox(Office(office.database, wall=Later()), mail_to(box))
        assert (box.letters, told(office)) == ([], ("approved", "in_doubt"))


def test_killed_before_the_approval_is_committed_there_is_no_order_and_no_mail(office: Office) -> None:
    with pytest.raises(RuntimeError), office.context(MARA) as ctx:
        order_by_mail(ctx)
        raise RuntimeError("the process ends here, and Postgres rolls back")
    with Mailbox() as box:
        assert serve_outbox(office, mail_to(box)) == 0
        assert box.letters == []


def test_in_doubt_the_person_who_asked_decides(office: Office, order: PurchaseOrder) -> None:
    with office.context(MARA) as ctx:
        run(ctx.tx, "update outbox set state = 'in_doubt'")
        with pytest.raises(Refused, match="is on its way"), ctx.tx.transaction():
            orders.take_back_approval(ctx, 1, "")
        assert orders.supplier_has_it(ctx, 1, arrived=True, note="Anna said so.").state == "sent"
    assert told(office) == ("sent", "delivered")


def test_a_copy_says_that_it_is_one_and_has_the_same_message_id(office: Office, order: PurchaseOrder) -> None:
    with Mailbox() as box:
        serve_outbox(office, mail_to(box))
        with office.context(MARA) as ctx:
            run(ctx.tx, "update outbox set state = 'in_doubt'")
            orders.supplier_has_it(ctx, 1, arrived=False)
        serve_outbox(office, mail_to(box))
    first, copy = box.letters
    assert copy["Subject"] == "Copy: Purchase order PO-000001 from Test"
    assert copy["Message-ID"] == first["Message-ID"]


def test_a_server_that_is_away_gets_the_order_later_and_once(office: Office, order: PurchaseOrder) -> None:
    serve_outbox(office, MailServer("127.0.0.1", free_port(), "plain", "buying@shelf.example"))
    assert told(office) == ("approved", "waiting")
    with Mailbox() as box:
        serve_outbox(Office(office.database, wall=Later()), mail_to(box))
        assert len(box.letters) == 1
    assert told(office) == ("sent", "delivered")


@pytest.mark.parametrize("server", [None, "full"])
def test_what_cannot_be_mailed_is_given_up_at_once_and_told(
    office: Office, order: PurchaseOrder, server: str | None
) -> None:
    with Mailbox(lambda at: "552 mailbox full" if at == "end of the letter" else None) as box:
        serve_outbox(office, None if server is None else mail_to(box))
    assert told(office) == ("approved", "failed")
    assert open_alerts(office) == ["PO-000001 could not be delivered to orders@potter.example"]


def test_a_cancelled_order_is_told_so_by_mail(office: Office, order: PurchaseOrder) -> None:
    with Mailbox() as box:
        serve_outbox(office, mail_to(box))
        with office.context(MARA) as ctx:
            orders.cancel(ctx, 1, "no longer needed")
        serve_outbox(office, mail_to(box))
    assert [letter["Subject"] for letter in box.letters] == [
        "Purchase order PO-000001 from Test", "Cancellation of purchase order PO-000001 from Test",
    ]  # fmt: skip


def test_names_on_paper_are_data_and_never_markup(office: Office, order: PurchaseOrder) -> None:
    with office.context(MARA) as ctx:
        message = orders.message_of(ctx, order)
    assert message is not None
    hostile = message.body | {"note": '#panic("x") $ [ * _ `', "supplier": "Żółć Ελληνικά #{"}
    hostile["lines"] = [message.body["lines"][0] | {"description": '#read("/etc/passwd") ] )', "sku": "A#1"}]
    assert pdf(hostile).startswith(b"%PDF-")


def attempts(office: Office) -> int:
    with office.context(MARA) as ctx:
        return len(outbox.attempts(ctx, 1))
