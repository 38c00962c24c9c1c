"""`shelfwise up`: owns Postgres and the processes, restarts what dies, stops all of it cleanly."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from shelfwise.connectors.http import answers
from shelfwise.core.errors import Unavailable
from shelfwise.settings import Settings
from shelfwise.store import embedded

POLL_S = 0.2
# A log that has grown so large is put aside as NAME.log.1, in the place of the one put aside before.
LARGEST_LOG = 20_000_000
LOGS_LOOKED_AT_S = 60.0
READY_LIMIT_S = 60.0
STOP_PATIENCE_S = 12.0
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 10.0
# A process that ran this long is healthy again: its next restart is quick.
HEALTHY_AFTER_S = 30.0

Say = Callable[[str], None]


class Stop(Exception):
    """Somebody asked us to stop."""


@dataclass
class Child:
    """A process we keep alive.

    Attributes:
        name: of the process and of its log file.
        command: its program and arguments.
        environment: what it gets beyond our own.
    """

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    restart_at: float = 0.0
    pause: float = FIRST_PAUSE_S

    def start(self, log: Path) -> None:
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                self.command,
                # The child notices by this pipe when we are gone, even after kill -9.
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
                env={**os.environ, **self.environment},
                start_new_session=True,
            )
        self.started_at = time.monotonic()

    def stop(self, deadline: float) -> None:
        if self.process is None:
            return
        if self.process.poll() is None:
            try:
                self.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()


class Supervisor:
    """One installation's Postgres and processes.

    Args:
        settings: of the installation; `home` must be locked by the caller (`only_one`).
        say: how progress reaches the person at the terminal.
    """

    def __init__(self, settings: Settings, say: Say) -> None:
        self.settings = settings
        self.say = say
        self.children: list[Child] = []
        self._cluster: embedded.Cluster | None = None
        self._postgres: subprocess.Popen[bytes] | None = None
        self._look_at_logs = 0.0
        self._logs = settings.home / "logs"
        self._logs.mkdir(mode=0o700, parents=True, exist_ok=True)

    def start_database(self) -> str:
        """Start the embedded Postgres, unless the settings name another one; returns the URL to use."""
        if self.settings.database_url is not None:
            self.say("Using the Postgres that SHELFWISE_DATABASE_URL names")
            return self.settings.database_url
        self._cluster = embedded.find(self.settings.home)
        if embedded.initialise(self._cluster):
            self.say("Made a new Postgres data folder")
        self._postgres = embedded.start(self._cluster, self._logs / "postgres.log")
        self.say("Postgres is running")
        return self._cluster.url

    def add(self, child: Child) -> None:
        """Start a process and keep it alive from now on."""
        self.children.append(child)
        child.start(self._logs / f"{child.name}.log")

    def add_own(self, name: str, settings: Settings) -> None:
        """Start one of our own processes (`shelfwise.processes`)."""
        command = [sys.executable, "-m", "shelfwise", "--home", str(settings.home), "process", name]
        self.add(Child(name, command, settings.environment()))

    def wait_until_ready(self, urls: list[str]) -> None:
        """Return once every URL answers with 200; processes that die meanwhile are restarted.

        Raises:
            Unavailable: not within a minute; says which, and where its log is.
        """
        deadline = time.monotonic() + READY_LIMIT_S
        missing = list(urls)
        while missing:
            self.mend()
            missing = [url for url in missing if not answers(url)]
            if missing and time.monotonic() > deadline:
                raise Unavailable(f"{', '.join(missing)} did not get ready. The logs are in {self._logs}.")
            time.sleep(POLL_S)

    def run(self) -> None:
        """Restart what dies, until SIGINT or SIGTERM raises `Stop` (see `stopping_by_signal`)."""
        while True:
            self.mend()
            time.sleep(POLL_S)

    def mend(self) -> None:
        """Restart whatever has ended, with growing pauses while it keeps ending."""
        if self._postgres is not None and self._cluster is not None and self._postgres.poll() is not None:
            self.say(f"Postgres ended with code {self._postgres.returncode}; starting it again")
            try:
                self._postgres = embedded.start(self._cluster, self._logs / "postgres.log")
            except Unavailable as error:
                self.say(f"{error}\nTrying again in {LONGEST_PAUSE_S:g} s")
                time.sleep(LONGEST_PAUSE_S)
        now = time.monotonic()
        if now >= self._look_at_logs:
            self._look_at_logs = now + LOGS_LOOKED_AT_S
            rotate(self._logs)
        for child in self.children:
            if child.process is None or child.process.poll() is None:
                continue
            if child.restart_at == 0.0:
                if now - child.started_at > HEALTHY_AFTER_S:
                    child.pause = FIRST_PAUSE_S
                child.restart_at = now + child.pause
                self.say(
                    f"{child.name} ended with code {child.process.returncode}; starting it again in {child.pause:g} s "
                    f"(log: {self._logs / child.name}.log)"
                )
                child.pause = min(LONGEST_PAUSE_S, child.pause * 2)
            elif now >= child.restart_at:
                child.stop(now)
                child.restart_at = 0.0
                child.start(self._logs / f"{child.name}.log")

    def stop(self) -> None:
        """Stop every process, the newest first, and Postgres last."""
        for child in self.children:
            if child.process is not None and child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + STOP_PATIENCE_S
        for child in reversed(self.children):
            child.stop(deadline)
        if self._postgres is not None:
            embedded.stop(self._postgres)
        self.say("Everything has stopped")


def rotate(logs: Path, largest: int = LARGEST_LOG) -> None:
    """Put large logs aside; whoever writes one goes on in the same file, from its new beginning."""
    for log in logs.glob("*.log"):
        if log.stat().st_size > largest:
            # Copied and emptied, not renamed: the processes have the file open.
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
            os.truncate(log, 0)


@contextmanager
def stopping_by_signal() -> Iterator[None]:
    """Turn the first SIGINT or SIGTERM into `Stop`; while we are stopping, further ones are ignored."""

    def stop(number: int, frame: FrameType | None) -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)
        raise Stop

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
