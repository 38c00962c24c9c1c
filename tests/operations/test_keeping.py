"""An installation looks after itself: backups by night, a watch over disk and queue, a heartbeat to the outside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import psycopg
import pytest

from shelfwise.access.context import Office
from shelfwise.access.model import Actor, Role, person
from shelfwise.connectors import http
from shelfwise.core.errors import NotFound, Refused, Unavailable
from shelfwise.operations import backup, inside, keeping, machine, service
from shelfwise.operations.model import backup_finding, days_until_full, disk_finding
from shelfwise.settings import Settings
from shelfwise.store.database import Database, run, value, values
from shelfwise.supervisor import rotate
from shelfwise.work import alerts
from tests.operations.conftest import NewDatabase

ADMIN = person("mara", Role.ADMIN)
TONIGHT = datetime(2026, 3, 3, 2, 30, tzinfo=UTC)


@pytest.fixture
def living(new_database: NewDatabase, upgraded_once: str) -> Iterator[Office]:
    """An installation that has been there for a while."""
    database = Database(new_database(upgraded_once), size=4).open()
    yield Office(database)
    database.close()


def runs(office: Office) -> list[tuple[str, str]]:
    with office.context(ADMIN) as ctx:
        return [(kind, state) for kind, state in values(ctx.tx, "select kind, state from backup_run order by 1, 2")]


def watched(office: Office, settings: Settings) -> dict[str, str]:
    return {one.part: one.state for one in keeping.Watch(office, settings).look()}


def test_each_night_a_backup_is_made_and_tried_out_once(living: Office, settings: Settings) -> None:
    with living.context(ADMIN) as ctx:
        run(ctx.tx, "update audit_entry set wall_at = %s", (TONIGHT - timedelta(days=1),))
    assert keeping.attend_to_backups(living, settings, TONIGHT - timedelta(minutes=1)) == 0
    assert keeping.attend_to_backups(living, settings, TONIGHT) == 1
    assert runs(living) == [("daily", "good")]
    (file,) = settings.backups.iterdir()
    assert backup.read(file) is not None
    with living.context(ADMIN) as ctx:
        run(ctx.tx, "update backup_run set asked_at = %s", (TONIGHT,))
    assert keeping.attend_to_backups(living, settings, TONIGHT + timedelta(hours=23)) == 0
    assert keeping.attend_to_backups(living, settings, TONIGHT + timedelta(hours=24)) == 1


def test_none_is_made_by_itself_where_that_is_off_and_one_that_was_asked_for_is(
    living: Office, settings: Settings
) -> None:
    off = replace(settings, backup_at="off")
    assert keeping.attend_to_backups(living, off, TONIGHT) == 0
    with living.context(ADMIN) as ctx:
        asked = service.ask_for_backup(ctx)
        assert service.ask_for_backup(ctx) == asked
    assert keeping.attend_to_backups(living, off, TONIGHT) == 1
    with living.context(ADMIN) as ctx:
        (made,) = service.backups(ctx, off.backups)
        assert (made.kind, made.state) == ("by-hand", "good")
        assert made.file is not None
        assert service.backup_file(ctx, off.backups, made.file).stat().st_size == made.size
        for name in ("../secrets/postgres", "shelfwise-20260101-000000Z-daily.zip"):
            with pytest.raises(NotFound):
                service.backup_file(ctx, off.backups, name)
    with living.context(Actor("key", "shop", ADMIN.rights)) as ctx, pytest.raises(Refused, match="Only a person"):
        service.backup_file(ctx, off.backups, made.file)


def test_a_backup_that_fails_is_told_until_a_good_one_is_there(
    living: Office, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with living.context(ADMIN) as ctx:
        service.ask_for_backup(ctx)
    with monkeypatch.context() as patch:
        patch.setattr(backup, "verify", lambda *given: ["table item has 3 rows instead of 4"])
        keeping.attend_to_backups(living, replace(settings, backup_at="off"), TONIGHT)
    watch = keeping.Watch(living, settings)
    watch.look()
    with living.context(ADMIN) as ctx:
        (alert,) = [one for one in alerts.open_alerts(ctx) if one.subject == "backup"]
        assert "table item has 3 rows instead of 4" in alert.title
        (listed,) = service.backups(ctx, settings.backups)
        assert listed.state == "failed"
        service.ask_for_backup(ctx)
    keeping.attend_to_backups(living, replace(settings, backup_at="off"), TONIGHT)
    watch.look()
    with living.context(ADMIN) as ctx:
        assert [one for one in alerts.open_alerts(ctx) if one.subject == "backup"] == []


@pytest.mark.parametrize(
    ("good_before_h", "there_h", "problem", "state"),
    [
        (25, 999, None, "well"),
        (27, 999, None, "danger"),
        (3, 999, "disk full", "attention"),
        (None, 3, None, "well"),
        (None, 27, None, "danger"),
    ],
)
def test_a_day_without_a_good_backup_is_a_danger(
    good_before_h: int | None, there_h: int, problem: str | None, state: str
) -> None:
    good = None if good_before_h is None else TONIGHT - timedelta(hours=good_before_h)
    found = backup_finding(good, problem, TONIGHT - timedelta(hours=there_h), TONIGHT)
    assert found.state == state
    assert bool(found.remedy) is (state != "well")


@pytest.mark.parametrize(
    ("free_gb", "left", "state"),
    [(6, None, "well"), (4.9, None, "attention"), (0.9, None, "danger"), (6, 13, "attention"), (6, 15, "well")],
)
def test_little_room_is_told_before_there_is_none(free_gb: float, left: float | None, state: str) -> None:
    assert disk_finding("disk", "/srv", int(free_gb * 1e9), 5, left).state == state


def test_a_disk_is_full_when_the_database_has_grown_by_what_is_free() -> None:
    def sizes(*gigabytes: float) -> list[tuple[date, int]]:
        return [(date(2026, 3, 1) + timedelta(days=n), int(held * 1e9)) for n, held in enumerate(gigabytes)]

    assert days_until_full(sizes(10, 11, 12), int(23e9)) == pytest.approx(23)
    assert days_until_full(sizes(10, 11), int(23e9)) is None
    assert days_until_full(sizes(12, 11, 10), int(23e9)) is None
    # Of long ago nothing is believed.
    assert days_until_full(sizes(*range(40), *([39] * 30)), int(23e9)) is None


def test_a_disk_that_fills_up_is_an_alert_that_clears(
    living: Office, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "room", lambda path: int(0.5e9))
    watch = keeping.Watch(living, replace(settings, backup_at="off"))
    for _ in range(3):
        watch.look()
    with living.context(ADMIN) as ctx:
        (alert,) = [one for one in alerts.open_alerts(ctx) if one.subject == "disk"]
        assert (alert.severity, alert.times, alert.link) == ("danger", 1, "/system")
    monkeypatch.setattr(machine, "room", lambda path: int(50e9))
    watch.look()
    with living.context(ADMIN) as ctx:
        assert [one for one in alerts.open_alerts(ctx) if one.subject == "disk"] == []


def test_work_that_waits_too_long_is_told(living: Office, settings: Settings) -> None:
    with living.context(ADMIN) as ctx:
        # What the stored installation had to do still waits from then.
        run(ctx.tx, "delete from procrastinate_jobs")
    assert watched(living, settings)["queue"] == "well"
    with living.context(ADMIN) as ctx:
        run(ctx.tx, "insert into procrastinate_jobs (queue_name, task_name) values ('default', 'plan')")
        run(ctx.tx, "update procrastinate_events set at = %s", (ctx.wall.now() - timedelta(minutes=31),))
    assert watched(living, settings)["queue"] == "attention"
    assert watched(living, replace(settings, queue_minutes=60))["queue"] == "well"


def test_the_size_of_the_database_is_written_down_once_a_day(living: Office) -> None:
    with living.context(ADMIN) as ctx:
        inside.note_size(ctx)
        inside.note_size(ctx)
        assert value(ctx.tx, "select count(*) from size_day where size > 1000000") == 1


class Outside:
    """The service that misses us: counts how often it was called."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.down: set[int] = set()

    def answers(self, url: str) -> bool:
        return not any(f":{port}/" in url for port in self.down)

    def call(self, url: str) -> None:
        self.heard.append(url)


def test_a_heartbeat_goes_out_while_all_is_well_and_stops_when_a_part_of_it_is_not(
    living: Office, settings: Settings
) -> None:
    outside, there = Outside(), replace(settings, heartbeat_url="https://ping.test/secret")
    heart = keeping.Heartbeat(living, there, outside.answers, outside.call)
    now = living.wall.now()
    assert heart.beat(now) == ""
    assert outside.heard == ["https://ping.test/secret"]
    outside.down = {there.door_port}
    assert "device door on port 8081" in heart.beat(now)
    outside.down = set()
    assert heart.beat(None) == heart.beat(now - timedelta(minutes=3)) == "the worker stands still"
    with living.context(ADMIN) as ctx:
        alerts.raise_alert(ctx, "books", "ledger", "danger", "They differ", "", "/stock", {})
    assert heart.beat(now) == "the books differ from the movements"
    with living.context(ADMIN) as ctx:
        (found,) = [one for one in inside.look(ctx, there) if one.part == "heartbeat"]
        assert (found.state, "the books differ" in found.words) == ("attention", True)
        alerts.clear_alert(ctx, "books", "ledger")
    assert heart.beat(now) == ""
    assert len(outside.heard) == 2


@pytest.fixture
def answering() -> Iterator[tuple[HTTPServer, list[int]]]:
    statuses = [200]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(statuses[0])
            self.send_header("Location", "http://127.0.0.1:1/")
            self.end_headers()

        def log_message(self, format: str, *given: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server, statuses
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_call_outside_follows_no_redirect_and_never_tells_the_secret_address(
    answering: tuple[HTTPServer, list[int]],
) -> None:
    server, statuses = answering
    url = f"http://127.0.0.1:{server.server_port}/secret"
    http.call(url)
    assert http.answers(url)
    statuses[0] = 302
    with pytest.raises(Unavailable, match="answered 302") as refused:
        http.call(url)
    assert "secret" not in str(refused.value)
    assert not http.answers(url)
    with pytest.raises(Unavailable, match="cannot be reached"):
        http.call("http://127.0.0.1:1/secret")


def test_a_log_that_has_grown_large_is_put_aside_and_written_on_from_its_beginning(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    with log.open("ab") as out:
        out.write(b"x" * 200)
        out.flush()
        rotate(tmp_path, largest=100)
        out.write(b"and on")
    assert log.read_bytes() == b"and on"
    assert (tmp_path / "web.log.1").read_bytes() == b"x" * 200
    rotate(tmp_path, largest=100)
    assert log.read_bytes() == b"and on"


def test_secrets_that_others_may_read_are_a_danger(settings: Settings) -> None:
    secret = settings.home / "secrets" / "postgres"
    (settings.home / "secrets").chmod(0o700)
    secret.write_text("x", "ascii")
    for mode, state in ((0o600, "well"), (0o644, "danger")):
        secret.chmod(mode)
        (found,) = [one for one in machine.look(settings) if one.part == "secrets"]
        assert found.state == state


def test_postgres_without_fsync_is_a_danger(living: Office, settings: Settings) -> None:
    with living.context(ADMIN) as ctx:
        on = value(ctx.tx, "select current_setting('fsync')") == "on"
        (found,) = [one for one in inside.look(ctx, settings) if one.part == "postgres"]
        assert (found.state == "danger") is not on
        ctx.tx.execute("set local synchronous_commit = off")
        (found,) = [one for one in inside.look(ctx, settings) if one.part == "postgres"]
        assert (found.state, "synchronous_commit" in found.words) == ("danger", True)


def test_the_watch_says_so_when_postgres_is_gone(living: Office, settings: Settings) -> None:
    heart = keeping.Heartbeat(living, settings, lambda url: True, lambda url: None)
    with psycopg.connect(living.database.url, autocommit=True) as db:
        run(db, "alter table business_clock rename to gone")
    assert heart.beat(living.wall.now()).startswith("the database:")
