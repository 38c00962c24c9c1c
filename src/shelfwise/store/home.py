"""An installation's folder: who holds it, and its Postgres for as long as one command needs it."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from shelfwise.core.errors import Refused
from shelfwise.store import embedded

RUNNING = "Shelfwise is already running"


class Busy(Refused):
    """Somebody else holds the home folder; `doing` says with what."""

    def __init__(self, home: Path, doing: str) -> None:
        self.doing = doing
        advice = (
            "Stop it first (Ctrl-C in its terminal), or name another folder with --home."
            if doing == RUNNING
            else "Wait until it is done."
        )
        super().__init__(f"{doing} in {home}. {advice}")


@contextmanager
def only_one(home: Path, doing: str = RUNNING) -> Iterator[None]:
    """Hold the installation's lock; it goes with the process, however that ends.

    Raises:
        Busy: somebody else holds it.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (home / "lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise Busy(home, lock.read() or RUNNING) from None
        lock.truncate(0)
        lock.write(doing)
        lock.flush()
        yield


def is_installed(home: Path, database_url: str | None) -> bool:
    """Is there something to read here? Creates nothing."""
    return database_url is not None or (home / "secrets" / "postgres").exists()


@contextmanager
def alone(home: Path, database_url: str | None, doing: str) -> Iterator[str]:
    """Hold the installation while nothing of it runs but its Postgres, whose URL this gives.

    An embedded Postgres is made where there is none, started, and stopped at the end.

    Raises:
        Busy: Shelfwise runs, or another command holds it.
    """
    with ExitStack() as stack:
        stack.enter_context(only_one(home, doing))
        if database_url is not None:
            yield database_url
            return
        (home / "logs").mkdir(mode=0o700, parents=True, exist_ok=True)
        cluster = embedded.find(home)
        embedded.initialise(cluster)
        stack.callback(embedded.stop, embedded.start(cluster, home / "logs" / "postgres.log"))
        yield cluster.url


@contextmanager
def serving(home: Path, database_url: str | None, doing: str) -> Iterator[str]:
    """The URL of the installation's Postgres: the one that runs, else started for as long as this lasts.

    Raises:
        Refused: there is no installation, or another command holds it.
    """
    if not is_installed(home, database_url):
        raise Refused(f"There is no installation in {home}. Name its folder with --home.")
    if database_url is not None:
        yield database_url
        return
    with ExitStack() as stack:
        try:
            url = stack.enter_context(alone(home, None, doing))
        except Busy as busy:
            if busy.doing != RUNNING:
                raise
            url = embedded.find(home).url
        yield url
