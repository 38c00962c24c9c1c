"""Sends what waits in the outbox, for tests that kill it: python -m tests.orders.mailing_worker URL PORT."""

from __future__ import annotations

import sys

from shelfwise.access.context import Office
from shelfwise.connectors.mail import MailServer
from shelfwise.store.database import Database
from shelfwise.worker import serve_outbox


def main(url: str, port: int) -> None:
    database = Database(url, size=2).open()
    server = MailServer("127.0.0.1", port, "plain", "buying@shelf.example")
    serve_outbox(Office(database), server)
    database.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
