"""`shelfwise up`: stops without a trace, and comes back from kill -9 of any of its processes, or of all."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from shelfwise.core.errors import Refused
from shelfwise.store import embedded
from shelfwise.store.home import only_one
from tests.installation import Installation, alive, wait_for


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    installation = Installation(tmp_path_factory.mktemp("a folder with spaces") / "home")
    installation.start()
    yield installation
    installation.stop()
    embedded.remove(embedded.find(installation.home))


def test_the_first_start_tells_address_and_first_sign_in(installation: Installation) -> None:
    said = installation.said()
    assert f"http://127.0.0.1:{installation.web}" in said
    assert "First sign-in: admin  password: " in said


def test_secrets_are_readable_by_their_owner_alone(installation: Installation) -> None:
    folder = installation.home / "secrets"
    assert {oct(path.stat().st_mode & 0o777) for path in folder.iterdir()} == {"0o600"}
    assert oct(folder.stat().st_mode & 0o777) == "0o700"


@pytest.mark.parametrize("name", ["gateway", "web", "worker", "postgres"])
def test_a_process_killed_at_once_is_started_again(installation: Installation, name: str) -> None:
    words = ("postgres", "-D") if name == "postgres" else ("process", name)
    (victim,) = installation.named(*words)
    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: installation.named(*words) not in ([], [victim]), f"a new {name}")
    wait_for(installation.is_ready, "readiness")


def test_ctrl_c_leaves_no_process_and_the_next_start_finds_everything(installation: Installation) -> None:
    family = set(installation.family())
    assert installation.stop() == 0
    assert alive(family) == set()
    installation.start()
    assert installation.said().count("First sign-in") == 1


def test_a_killed_supervisor_takes_its_processes_along_and_the_next_start_recovers(installation: Installation) -> None:
    assert installation.process is not None
    family = set(installation.family())
    os.kill(installation.process.pid, signal.SIGKILL)
    installation.process.wait()
    wait_for(lambda: alive(family) == set(), "the orphans' end")
    installation.start()


def test_after_all_processes_were_killed_the_next_start_recovers(installation: Installation) -> None:
    assert installation.process is not None
    for pid in installation.family():
        with contextlib.suppress(ProcessLookupError):  # some leave with the one that was killed before them
            os.kill(pid, signal.SIGKILL)
    installation.process.wait()
    installation.start()


def test_one_home_has_one_supervisor(tmp_path: Path) -> None:
    with only_one(tmp_path), pytest.raises(Refused, match="already running"), only_one(tmp_path):
        pass
