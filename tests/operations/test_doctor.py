"""`shelfwise doctor` and the page System: what is wrong, in words, and what to do about it."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from shelfwise import cli
from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.operations import doctor, service
from shelfwise.operations.model import Finding, file_name
from shelfwise.settings import Settings
from shelfwise.store.database import run
from shelfwise.web.app import create_app
from tests.conftest import NOON
from tests.installation import free_port
from tests.web.conftest import TestClient
from tests.web.world import PASSWORDS, add_people


def by_part(found: list[Finding]) -> dict[str, Finding]:
    return {one.part: one for one in found}


def test_before_the_first_start_it_looks_at_the_machine_and_makes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "none"
    assert cli.main(["--home", str(home), "doctor", "--json"]) == 1
    found = {one["part"]: one for one in json.loads(capsys.readouterr().out)}
    assert found["installation"]["remedy"] == "shelfwise up"
    assert {"disk", "memory", "python", "papers"} <= set(found)
    assert not home.exists()


def test_it_says_what_is_wrong_and_what_to_do(
    database_url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHELFWISE_DATABASE_URL", database_url)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setenv("SHELFWISE_MQTT_PORT", str(other.getsockname()[1]))
        for variable in ("SHELFWISE_WEB_PORT", "SHELFWISE_DOOR_PORT"):
            monkeypatch.setenv(variable, str(free_port()))
        assert cli.main(["--home", str(settings.home), "doctor"]) == 1
    lines = capsys.readouterr().out.splitlines()
    at = next(n for n, line in enumerate(lines) if "for MQTT is used by something else" in line)
    assert lines[at].startswith("danger")
    assert lines[at + 1].strip() == "-> Stop that, or name another port in SHELFWISE_MQTT_PORT."
    assert any(line.startswith("ok") and "Tables: Of this version" in line for line in lines)


def test_it_tells_an_older_database_from_a_newer_one(old_url: str, settings: Settings) -> None:
    there = replace(settings, database_url=old_url)
    assert by_part(doctor.examine(there))["schema"].state == "attention"
    with psycopg.connect(old_url) as tx:
        run(tx, "insert into schema_migration values (9999, '9999_future.sql')")
    found = by_part(doctor.examine(there))["schema"]
    assert (found.state, "newer Shelfwise" in found.words) == ("danger", True)


def test_a_postgres_that_is_gone_is_a_finding_and_no_traceback(settings: Settings) -> None:
    gone = replace(settings, database_url="postgresql://nobody@127.0.0.1:1/none")
    assert by_part(doctor.examine(gone))["postgres"].state == "danger"


def test_the_page_shows_what_needs_a_look_and_the_backups_to_take_along(office: Office, settings: Settings) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        add_people(ctx)
    name = file_name(NOON, "before-upgrade")
    settings.backups.mkdir()
    (settings.backups / name).write_bytes(b"a backup")
    app = create_app(office, settings=settings)
    with TestClient(
        app, base_url="http://shelfwise.test", headers={"Origin": "http://shelfwise.test"}, follow_redirects=True
    ) as browser:
        browser.post("/sign-in", data={"login": "mara", "password": PASSWORDS["mara"]})
        page = browser.get("/system").text
        assert "Is this installation well?" in page
        assert "things need a look" in page
        assert "made before an upgrade" in page
        assert browser.get(f"/system/backups/{name}").content == b"a backup"
        assert f"took the backup {name} along" in browser.get("/audit").text
        assert "being made" in browser.post("/system/backups").text
        assert browser.get("/system/backups/postgres").status_code == 404
    with office.context(person("mara", Role.ADMIN)) as ctx:
        assert {one.state for one in service.backups(ctx, settings.backups)} == {"asked", "there"}
