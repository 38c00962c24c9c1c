"""`shelfwise backup`, `restore` and `upgrade` as people type them, on an installation with a Postgres of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from shelfwise import cli
from shelfwise.store import embedded
from shelfwise.store.database import run, value
from shelfwise.store.home import RUNNING, Busy, alone, only_one
from tests.operations.conftest import STORED


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder whose name has a space, into which the version before was restored."""
    home = tmp_path_factory.mktemp("a folder with spaces") / "home"
    assert cli.main(["restore", str(STORED), "--into", str(home)]) == 0
    yield home
    embedded.remove(embedded.find(home))


def test_while_nothing_runs_postgres_is_started_for_a_backup_and_stopped_again(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["--home", str(home), "backup", str(tmp_path / "one.zip")]) == 0
    assert "every table is as it was, and its books are right" in capsys.readouterr().out
    assert not (embedded.find(home).data / "postmaster.pid").exists()


def test_while_shelfwise_runs_a_backup_uses_its_postgres_and_a_restore_is_refused(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "one.zip"
    with alone(home, None, RUNNING) as url:
        with psycopg.connect(url) as tx:
            run(tx, "insert into item (tenant_id, sku) values (1, 'LATER')")
        assert cli.main(["--home", str(home), "backup", str(file), "--no-trial"]) == 0
        assert "It was not tried out." in capsys.readouterr().out
        assert cli.main(["--home", str(home), "restore", str(file), "--replace"]) == 1
        assert "Shelfwise is already running in" in capsys.readouterr().err
        assert cli.main(["--home", str(home), "upgrade", "--check"]) == 0
        assert "Nothing to do" in capsys.readouterr().out
    assert cli.main(["--home", str(home), "restore", str(file)]) == 1
    assert "To replace it, say so: --replace" in capsys.readouterr().err
    assert cli.main(["--home", str(home), "restore", str(file), "--replace"]) == 0
    said = capsys.readouterr()
    assert "What was there is kept in" in said.err
    assert "Restored what was backed up at" in said.out


def test_two_commands_do_not_meet_in_one_home(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with only_one(home, "A backup is being made"):
        assert cli.main(["--home", str(home), "backup"]) == 1
        assert "A backup is being made in" in capsys.readouterr().err
        with pytest.raises(Busy, match="Wait until it is done"), only_one(home):
            pass


def test_up_of_an_older_version_refuses_and_says_what_to_do(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with alone(home, None, "A test") as url, psycopg.connect(url) as tx:
        run(tx, "insert into schema_migration values (9999, '9999_future.sql')")
    monkeypatch.setattr(cli, "is_free", lambda host, port: True)
    assert cli.main(["--home", str(home), "up"]) == 1
    assert "used by a newer Shelfwise: install that version, or restore" in capsys.readouterr().err
    with alone(home, None, "A test") as url, psycopg.connect(url) as tx:
        run(tx, "delete from schema_migration where number = 9999")
        assert value(tx, "select count(*) from item") > 0


@pytest.mark.parametrize("words", [["backup"], ["upgrade"], ["upgrade", "--check"]])
def test_where_no_installation_is_nothing_is_made(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["--home", str(tmp_path / "none"), *words]) == 1
    assert "There is no installation in" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
