"""Backups hold everything of one instant, say what must be in them, and are tried out."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from shelfwise.core.errors import Refused, Unavailable
from shelfwise.operations import backup, restore
from shelfwise.operations.model import due, file_name, named, superfluous
from shelfwise.settings import Settings
from shelfwise.store import dumps
from shelfwise.store.database import run, value
from tests.operations.conftest import STORED, STORED_SCHEMA, NewDatabase


def contents(url: str) -> dict[str, tuple[int, str]]:
    with psycopg.connect(url) as tx:
        return dumps.census(tx)


def test_a_backup_is_one_file_for_its_owner_alone_under_a_name_that_says_when_and_why(made: Path) -> None:
    assert [path.name for path in made.parent.iterdir()] == [made.name]
    assert oct(made.stat().st_mode & 0o777) == "0o600"
    assert oct(made.parent.stat().st_mode & 0o777) == "0o700"
    said = named(made.name)
    assert said is not None
    assert said.kind == "by-hand"
    manifest = backup.read(made)
    assert manifest is not None
    assert (manifest.schema, manifest.made_at) == (STORED_SCHEMA, said.made_at)
    assert manifest.settings == ["SHELFWISE_HOST"]


def test_secrets_come_along_but_for_the_password_of_the_server_that_was_left(
    made: Path, settings: Settings, tmp_path: Path, new_database: NewDatabase
) -> None:
    there = Settings(home=tmp_path / "elsewhere")
    there.home.mkdir()
    restore.restore(new_database("template0"), there, made, over=False, say=print)
    found = {str(path.relative_to(there.home)) for path in there.home.rglob("*") if path.is_file()}
    assert found == {"secrets/web/key/first"}
    assert oct((there.home / "secrets" / "web" / "key" / "first").stat().st_mode & 0o777) == "0o600"


def test_what_happens_while_a_backup_is_made_is_not_in_it(
    old_url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(old_url)
    whole = dumps.dump

    def dump_while_somebody_writes(url: str, snapshot: str, sink: dumps.Sink) -> dumps.Written:
        with psycopg.connect(url) as tx:
            run(tx, "insert into item (tenant_id, sku) values (1, 'LATE')")
        return whole(url, snapshot, sink)

    monkeypatch.setattr(dumps, "dump", dump_while_somebody_writes)
    file = backup.make(old_url, settings.home, settings.backups, "by-hand")
    manifest = backup.read(file)
    assert manifest is not None
    assert manifest.tables == before != contents(old_url)
    assert backup.verify(old_url, file) == []


def test_a_backup_that_was_tried_out_leaves_nothing_behind(stored_url: str, made: Path) -> None:
    assert backup.verify(stored_url, made) == []
    with psycopg.connect(stored_url) as tx:
        assert value(tx, "select count(*) from pg_database where datname like '%%trying_a_backup'") == 0


def test_a_trial_finds_what_differs_from_the_manifest(stored_url: str, made: Path) -> None:
    def tamper(manifest: dict[str, Any]) -> None:
        manifest["tables"]["item"][0] += 1
        manifest["tables"]["place"][1] = "0"
        manifest["tables"]["shoe"] = [1, "1"]
        del manifest["tables"]["movement"]

    rewrite(made, tamper)
    assert sorted(words.split(" has ")[0] for words in backup.verify(stored_url, made)) == [
        "table item", "table movement should not be there", "table place", "table shoe is missing",
    ]  # fmt: skip


def rewrite(file: Path, change: Callable[[dict[str, Any]], None]) -> None:
    with zipfile.ZipFile(file) as pack:
        parts = {name: pack.read(name) for name in pack.namelist()}
    manifest = json.loads(parts[backup.MANIFEST])
    change(manifest)
    parts[backup.MANIFEST] = json.dumps(manifest).encode()
    with zipfile.ZipFile(file, "w") as pack:
        for name, content in parts.items():
            pack.writestr(name, content)


def cut_off(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-2000])


def flip_a_byte(file: Path) -> None:
    held = bytearray(file.read_bytes())
    held[len(held) // 2] ^= 1
    file.write_bytes(held)


def make_a_letter_of_it(file: Path) -> None:
    file.write_text("Dear Sir or Madam", "utf-8")


def make_another_archive_of_it(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as pack:
        pack.writestr("holiday.txt", "sun")


def let_a_secret_climb_out(file: Path) -> None:
    rewrite(file, lambda manifest: manifest.update(secrets=["../../evil"]))


def make_it_newer(file: Path) -> None:
    rewrite(file, lambda manifest: manifest.update(schema=9999, version="7.0"))


def cut_off_a_bare_dump(file: Path) -> None:
    file.write_bytes(STORED.read_bytes()[:100_000])


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (cut_off, "was cut off"),
        (flip_a_byte, "is damaged"),
        (make_a_letter_of_it, "is no backup of Shelfwise"),
        (make_another_archive_of_it, "is no backup of Shelfwise"),
        (let_a_secret_climb_out, "a secret outside its folder"),
        (make_it_newer, r"made by Shelfwise 7.0 .* newer than this"),
        (cut_off_a_bare_dump, "could not be loaded"),
        (Path.unlink, "cannot be read"),
    ],
)
def test_what_is_not_a_whole_backup_of_ours_is_refused_and_nothing_is_touched(
    made: Path, stored_url: str, settings: Settings, harm: Callable[[Path], None], words: str
) -> None:
    before = contents(stored_url)
    harm(made)
    with pytest.raises(Refused, match=words):
        restore.restore(stored_url, settings, made, over=True, say=print)
    assert contents(stored_url) == before
    assert (settings.home / "secrets" / "postgres").read_text("ascii") == "of this server alone"


def test_what_is_there_is_replaced_only_by_who_says_so_and_is_kept(
    made: Path, old_url: str, settings: Settings
) -> None:
    with psycopg.connect(old_url) as tx:
        run(tx, "insert into item (tenant_id, sku) values (1, 'LATER')")
    with pytest.raises(Refused, match="--replace"):
        restore.restore(old_url, settings, made, over=False, say=print)
    done = restore.restore(old_url, settings, made, over=True, say=print)
    with psycopg.connect(old_url) as tx:
        assert value(tx, "select count(*) from item where sku = 'LATER'") == 0
    assert done.before is not None
    restore.restore(old_url, settings, done.before, over=True, say=print)
    with psycopg.connect(old_url) as tx:
        assert value(tx, "select count(*) from item where sku = 'LATER'") == 1


def test_while_somebody_is_connected_nothing_is_replaced(made: Path, stored_url: str, settings: Settings) -> None:
    with psycopg.connect(stored_url) as tx:
        tx.execute("select 1")
        with pytest.raises(Refused, match="Stop every Shelfwise"):
            restore.restore(stored_url, settings, made, over=True, say=print)


def test_a_dump_of_something_else_is_refused(
    new_database: NewDatabase, stored_url: str, settings: Settings, tmp_path: Path
) -> None:
    other = new_database("template0")
    with psycopg.connect(other) as tx:
        run(tx, "create table shoe (size int)")
    with (tmp_path / "other.dump").open("wb") as out, dumps.snapshot(other) as (_, name):
        dumps.dump(other, name, out)
    with pytest.raises(Refused, match="something else than Shelfwise"):
        restore.restore(stored_url, settings, tmp_path / "other.dump", over=True, say=print)


def test_two_backups_at_once_are_refused(stored_url: str, settings: Settings) -> None:
    with dumps.snapshot(stored_url) as (tx, _):
        tx.execute("select pg_advisory_xact_lock(%s)", (backup._ADVISORY_LOCK,))
        with pytest.raises(Refused, match="Another backup is being made"):
            backup.make(stored_url, settings.home, settings.backups, "by-hand")


def test_a_backup_that_cannot_be_written_leaves_no_half_file(
    stored_url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(url: str, snapshot: str, sink: dumps.Sink) -> dumps.Written:
        sink.write(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(dumps, "dump", full)
    with pytest.raises(Unavailable, match="No space left on device"):
        backup.make(stored_url, settings.home, settings.backups, "by-hand")
    assert list(settings.backups.iterdir()) == []


def test_a_backup_is_never_overwritten(made: Path, stored_url: str, settings: Settings) -> None:
    before = made.read_bytes()
    with pytest.raises(Refused, match="is there already"):
        backup.make(stored_url, settings.home, made, "by-hand")
    assert made.read_bytes() == before


def test_a_role_that_may_not_create_databases_is_told_how_to_allow_it(
    made: Path, stored_url: str, settings: Settings
) -> None:
    role = "modest"
    with psycopg.connect(stored_url, autocommit=True) as admin:
        admin.execute(f"create role {role} login password 'x'")
    try:
        modest = psycopg.conninfo.make_conninfo(stored_url, user=role, password="x")
        with pytest.raises(Refused, match=f"alter role {role} createdb"):
            backup.verify(modest, made)
    finally:
        with psycopg.connect(stored_url, autocommit=True) as admin:
            admin.execute(f"drop role {role}")


def test_of_daily_backups_the_last_days_and_weeks_are_kept_and_the_newest_good_one_always() -> None:
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    days = [file_name(noon - timedelta(days=back), "daily") for back in range(40)]
    there = [found for name in [*days, file_name(noon, "by-hand")] if (found := named(name))]
    gone = superfluous(there, 3, 3, good=[days[35], days[36]])
    kept = [name for name in days if name not in gone]
    # Three days; the weeks before that of Monday 2 March end on 1 March and 22 February.
    assert kept == [*days[:3], days[8], days[35]]


@pytest.mark.parametrize(
    ("now", "last", "wanted"),
    [
        ("2026-03-02 02:29", "2026-03-01 02:31", False),
        ("2026-03-02 02:30", "2026-03-01 02:31", True),
        ("2026-03-02 02:31", "2026-03-02 02:30", False),
        ("2026-03-02 11:00", "2026-03-01 11:00", True),
        ("2026-03-02 01:00", None, True),
        ("2026-03-02 01:00", "2026-02-20 11:00", True),
    ],
)
def test_a_daily_backup_is_due_once_the_hour_has_come_also_after_a_night_off(
    now: str, last: str | None, wanted: bool
) -> None:
    def moment(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)

    assert due(moment(now), time(2, 30), last and moment(last)) is wanted  # type: ignore[arg-type]


def test_books_that_differ_are_told_of(made: Path, old_url: str, settings: Settings) -> None:
    assert restore.restore(old_url, settings, made, over=True, say=print).books == []
    with psycopg.connect(old_url) as tx:
        run(tx, "update balance set on_hand = on_hand + 1 where on_hand > 0")
    wrong = backup.make(old_url, settings.home, settings.backups / "wrong.zip", "by-hand")
    assert restore.restore(old_url, settings, wrong, over=True, say=print).books
