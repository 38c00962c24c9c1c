"""An approved order is mailed once; killed at whatever step, it is one order and one mail, or in doubt."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.connectors.mail import MailServer
from shelfwise.core.clocks import WallClock
from shelfwise.core.errors import Refused
from shelfwise.orders import service as orders
from shelfwise.orders.model import PurchaseOrder
from shelfwise.orders.paper import pdf
from shelfwise.store.database import run, values
from shelfwise.work import alerts, outbox
from shelfwise.worker import serve_outbox
from tests.conftest import NOON
from tests.connectors.mailbox import POINTS, Mailbox, free_port
from tests.orders.shop import open_shop

MARA = person("mara", Role.ADMIN)
ROOT = Path(__file__).resolve().parents[2]


class Later:
    """The wall clock of a worker that is started after the lease of a killed one has run out."""

    def now(self) -> datetime:
        return WallClock().now() + timedelta(minutes=30)


@pytest.fixture
def order(office: Office) -> PurchaseOrder:
    """Approved, for a supplier who takes orders by mail."""
    with office.context(MARA) as ctx:
        shop = open_shop(ctx)
        run(ctx.tx, "update supplier set email = 'orders@potter.example', account_number = 'C-7'")
        return orders.place_purchase_order(
            ctx, decision_key="d", supplier_id=shop.supplier_id, site_id=shop.site_id, currency="EUR",
            lines=[(shop.mug, Decimal(24), Decimal("1.10"))], expected_at=NOON + timedelta(days=7),
        )  # fmt: skip


def mail_to(box: Mailbox) -> MailServer:
    return MailServer("127.0.0.1", box.port, "plain", "buying@shelf.example")


def told(office: Office) -> tuple[str, str]:
    """The states of the order and of its message."""
    with office.context(MARA) as ctx:
        order = orders.purchase_order(ctx, 1)
        message = orders.message_of(ctx, order)
        assert message is not None
        return order.state, message.state


@contextmanager
def worker(url: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-m", "tests.orders.mailing_worker", url, str(port)], cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


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
    victim: list[subprocess.Popen[bytes]] = []

    def kill(at: str) -> None:
        if at == point and victim:
            os.kill(victim[0].pid, signal.SIGKILL)
            victim[0].wait()

    with Mailbox(kill) as box:
        with worker(database_url, box.port) as process:
            victim.append(process)
            process.wait(timeout=60)
            assert process.returncode == -signal.SIGKILL
        victim.clear()
        assert told(office) == ("approved", "waiting")
        serve_outbox(Office(office.database), mail_to(box))
        assert len(box.letters) <= 1
        for _ in range(3):
            serve_outbox(Office(office.database, wall=Later()), mail_to(box))
        assert told(office) == ("approved", "in_doubt")
        assert len(box.letters) == (1 if point in ("end of the letter", "taken") else 0)
        with office.context(MARA) as ctx:
            assert [alert.title for alert in alerts.open_alerts(ctx)] == [
                "PO-000001 may or may not have reached orders@potter.example"
            ]


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
            process.send_signal(signal.SIGKILL)
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
                process.send_signal(signal.SIGKILL)
                process.wait()
        serve_outbox(Office(office.database, wall=Later()), mail_to(box))
        assert (box.letters, told(office)) == ([], ("approved", "in_doubt"))


def test_killed_before_the_approval_is_committed_there_is_no_order_and_no_mail(office: Office) -> None:
    with pytest.raises(RuntimeError), office.context(MARA) as ctx:
        shop = open_shop(ctx)
        run(ctx.tx, "update supplier set email = 'orders@potter.example'")
        orders.place_purchase_order(
            ctx, decision_key="d", supplier_id=shop.supplier_id, site_id=shop.site_id, currency="EUR",
            lines=[(shop.mug, Decimal(24), Decimal("1.10"))], expected_at=NOON + timedelta(days=7),
        )  # fmt: skip
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
    with office.context(MARA) as ctx:
        assert [alert.title for alert in alerts.open_alerts(ctx)] == [
            "PO-000001 could not be delivered to orders@potter.example"
        ]


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


def waits_for_a_lock(url: str) -> bool:
    with psycopg.connect(url) as looking:
        return bool(
            values(
                looking,
                "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
            )
        )


def wait_for(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < end, "it did not happen within a minute"
        time.sleep(0.02)
