"""What tests of mailed orders share: an order by mail, and workers that are killed while they mail it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import psycopg

from shelfwise.access.context import Context, Office
from shelfwise.access.model import Role, person
from shelfwise.connectors.mail import MailServer
from shelfwise.core.clocks import WallClock
from shelfwise.orders import service as orders
from shelfwise.orders.model import PurchaseOrder
from shelfwise.store.database import run, values
from shelfwise.work import alerts
from tests.conftest import NOON
from tests.connectors.mailbox import Mailbox
from tests.orders.shop import open_shop

MARA = person("mara", Role.ADMIN)
DUE = NOON + timedelta(days=7)
IN_DOUBT = "PO-000001 may or may not have reached orders@potter.example"
ROOT = Path(__file__).resolve().parents[2]


class Later:
    """The wall clock of a worker that is started after the lease of a killed one has run out."""

    def now(self) -> datetime:
        return WallClock().now() + timedelta(minutes=30)


def order_by_mail(ctx: Context) -> PurchaseOrder:
    """Approved, for a supplier who takes orders by mail."""
    shop = open_shop(ctx)
    run(ctx.tx, "update supplier set email = 'orders@potter.example', account_number = 'C-7'")
    return orders.place_purchase_order(
        ctx, decision_key="d", supplier_id=shop.supplier_id, site_id=shop.site_id, currency="EUR", expected_at=DUE,
        lines=[(shop.mug, Decimal(24), Decimal("1.10"))],
    )  # fmt: skip


def mail_to(box: Mailbox) -> MailServer:
    return MailServer("127.0.0.1", box.port, "plain", "buying@shelf.example")


def told(office: Office) -> tuple[str, str]:
    """The states of the order and of its newest message."""
    with office.context(MARA) as ctx:
        order = orders.purchase_order(ctx, 1)
        message = orders.message_of(ctx, order)
        assert message is not None
        return order.state, message.state


def subjects(box: Mailbox) -> list[str]:
    return [letter["Subject"].removesuffix(" from Test") for letter in box.letters]


def open_alerts(office: Office) -> list[str]:
    with office.context(MARA) as ctx:
        return [alert.title for alert in alerts.open_alerts(ctx)]


@contextmanager
def worker(url: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-m", "tests.orders.mailing_worker", url, str(port)], cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def killed_at(url: str, point: str) -> Iterator[Mailbox]:
    """A mailbox after a worker was killed at a point of its conversation with it."""
    victim: list[subprocess.Popen[bytes]] = []

    def kill(at: str) -> None:
        if at == point and victim:
            os.kill(victim[0].pid, signal.SIGKILL)
            victim[0].wait()

    with Mailbox(kill) as box:
        with worker(url, box.port) as process:
            victim.append(process)
            process.wait(timeout=60)
            assert process.returncode == -signal.SIGKILL
        victim.clear()
        yield box


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
