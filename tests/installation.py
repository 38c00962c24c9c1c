"""An installation under test: `shelfwise up` as a person starts it, with everything below it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx

LIMIT_S = 90.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Installation:
    """`shelfwise up` in a folder of its own, on ports of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.web = free_port()
        self.door = free_port()
        self.mqtt = free_port()
        self.output = home.parent / f"{home.name} output.txt"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        starts = self.said().count("Shelfwise is ready") if self.output.exists() else 0
        environment = {
            **os.environ,
            "SHELFWISE_HOME": str(self.home),
            "SHELFWISE_WEB_PORT": str(self.web),
            "SHELFWISE_DOOR_PORT": str(self.door),
            "SHELFWISE_MQTT_PORT": str(self.mqtt),
        }
        environment.pop("SHELFWISE_DATABASE_URL", None)
        with self.output.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "shelfwise", "up"],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=environment,
                start_new_session=True,
            )
        wait_for(lambda: self.is_ready() and self.said().count("Shelfwise is ready") > starts, "readiness")

    def said(self) -> str:
        return self.output.read_text("utf-8", "replace")

    def is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"it ended; it said:\n{self.said()}"
        return all(_answers(f"http://127.0.0.1:{port}/readyz") for port in (self.web, self.door))

    def stop(self) -> int:
        """What Ctrl-C does; returns the exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)

    def family(self) -> dict[int, str]:
        """The supervisor and everything below it: process id to command line."""
        assert self.process is not None
        return processes_below(self.process.pid)

    def named(self, *words: str) -> list[int]:
        """The processes below the supervisor whose command lines hold all the words."""
        return [pid for pid, command in self.family().items() if all(word in command for word in words)]


def processes_below(root: int) -> dict[int, str]:
    listing = subprocess.run(
        ["ps", "-e", "-ww", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    ).stdout
    parents: dict[int, int] = {}
    commands: dict[int, str] = {}
    for line in listing.splitlines():
        pid, parent, command = line.split(None, 2)
        parents[int(pid)] = int(parent)
        commands[int(pid)] = command

    def descends(pid: int) -> bool:
        while pid in parents:
            if pid == root:
                return True
            pid = parents[pid]
        return False

    return {pid: command for pid, command in commands.items() if descends(pid)}


def alive(pids: set[int]) -> set[int]:
    """Those of the processes that still run; one that waits to be reaped by its parent does not."""
    return {pid for pid in pids if _runs(pid)}


def wait_for(condition: Callable[[], bool], what: str, limit_s: float = LIMIT_S) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {limit_s:g} s in vain for {what}"
        time.sleep(0.1)


def _runs(pid: int) -> bool:
    listing = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(listing.strip()) and not listing.strip().startswith("Z")


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2.0).status_code == 200
    except httpx.HTTPError:
        return False
