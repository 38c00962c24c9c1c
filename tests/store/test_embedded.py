"""The embedded Postgres: private, in odd folders, and clear about what is wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from shelfwise.core.errors import Refused, Unavailable
from shelfwise.store import embedded
from shelfwise.store.embedded import Cluster


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "a home with spaces"


@pytest.fixture
def cluster(home: Path) -> Iterator[Cluster]:
    cluster = embedded.find(home)
    embedded.initialise(cluster)
    yield cluster
    embedded.remove(cluster)


def test_it_asks_for_its_password_and_listens_on_its_own_socket_alone(home: Path, cluster: Cluster) -> None:
    server = embedded.start(cluster, home / "log")
    try:
        with psycopg.connect(cluster.url) as tx:
            assert tx.execute("show listen_addresses").fetchone() == ("",)
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(cluster.url.replace(cluster.password, "guessed"))
        assert oct(cluster.sockets.stat().st_mode & 0o777) == "0o700"
    finally:
        embedded.stop(server)
    assert server.returncode == 0


def test_a_server_left_over_by_a_killed_supervisor_is_stopped_by_the_next_start(home: Path, cluster: Cluster) -> None:
    left_over = embedded.start(cluster, home / "log")
    server = embedded.start(cluster, home / "log")
    try:
        assert left_over.wait(5) == 0
        with psycopg.connect(cluster.url) as tx:
            assert tx.execute("select 1").fetchone() == (1,)
    finally:
        embedded.stop(server)


def test_another_process_that_got_the_number_of_a_lost_server_is_left_alone(home: Path, cluster: Cluster) -> None:
    user, group = cluster.owner or (os.geteuid(), os.getegid())
    bystander = subprocess.Popen(["sleep", "60"], user=user, group=group, cwd="/")
    note = cluster.data / "postmaster.pid"
    try:
        note.write_text(f"{bystander.pid}\n{cluster.data}\n0\n5432\n\n\n\n")
        os.chown(note, user, group)
        server = embedded.start(cluster, home / "log")
        embedded.stop(server)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_initialising_half_done_is_done_again(home: Path) -> None:
    cluster = embedded.find(home)
    half = cluster.data.with_name("postgres.new")
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18")
    assert embedded.initialise(cluster)
    assert not embedded.initialise(cluster)
    embedded.remove(cluster)


def test_data_whose_password_is_gone_is_not_touched(home: Path, cluster: Cluster) -> None:
    (home / "secrets" / "postgres").unlink()
    with pytest.raises(Refused, match=r"To start anew, remove .*; to keep the data, put that file back"):
        embedded.find(home)


def test_a_wrong_password_is_said_at_once(home: Path, cluster: Cluster) -> None:
    (home / "secrets" / "postgres").write_text("another")
    with pytest.raises(Unavailable, match="does not fit its data"):
        embedded.start(embedded.find(home), home / "log")


def test_a_start_that_fails_quotes_the_log(home: Path, cluster: Cluster) -> None:
    with pytest.raises(Unavailable, match="shared_buffers"):
        embedded.start(cluster, home / "log", "shared_buffers=nonsense")


def test_a_socket_folder_of_somebody_else_is_refused(home: Path, cluster: Cluster) -> None:
    if os.geteuid() != 0:
        cluster.sockets.symlink_to(home)
    else:
        cluster.sockets.mkdir()
        os.chown(cluster.sockets, 65534, 65534)
    with pytest.raises(Refused, match="belongs to user"):
        embedded.start(cluster, home / "log")


def test_a_killed_server_that_nobody_has_buried_yet_does_not_stand_in_the_way(home: Path, cluster: Cluster) -> None:
    killed = embedded.start(cluster, home / "log")
    os.kill(killed.pid, signal.SIGKILL)
    buried = threading.Timer(0.5, killed.wait)
    buried.start()
    server = embedded.start(cluster, home / "log")
    embedded.stop(server)
    buried.join()


def test_a_killed_server_that_is_never_buried_does_not_either(
    home: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "DEAD_LIMIT_S", 0.5)
    killed = embedded.start(cluster, home / "log")
    os.kill(killed.pid, signal.SIGKILL)
    server = embedded.start(cluster, home / "log")
    embedded.stop(server)
    killed.wait()
