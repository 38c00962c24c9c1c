"""The systemd unit: valid by systemd's own judgement, and what it starts is this Shelfwise with these settings."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shelfwise import cli
from shelfwise.operations import unit
from shelfwise.settings import Settings

# Characters that systemd would read as something else.
HOME = "a home with 100% $PATH"


def service(tmp_path: Path, user: str | None) -> unit.Service:
    home = tmp_path / HOME
    home.mkdir()
    settings = Settings(home=home, web_port=9090, mail_from='"Ana" <ana@example.com>')
    return unit.Service(settings, Path(sys.executable), user, tmp_path / unit.NAME, tmp_path / "shelfwise.env")


@pytest.mark.parametrize("user", [None, "daemon"])
def test_systemd_finds_nothing_wrong_with_the_unit(user: str | None, tmp_path: Path) -> None:
    made = service(tmp_path, user)
    for file, text in made.texts().items():
        file.write_text(text, "utf-8")
    assert f"EnvironmentFile={made.environment}" in made.unit.read_text("utf-8")
    assert ("ProtectSystem=strict" in made.unit.read_text("utf-8")) is (user is not None)
    if judge := shutil.which("systemd-analyze"):
        judged = subprocess.run([judge, "verify", str(made.unit)], capture_output=True, text=True, check=False)
        assert made.unit.name not in judged.stderr
        assert judged.returncode == 0, judged.stderr


def test_what_the_unit_starts_is_this_shelfwise_in_this_home(tmp_path: Path) -> None:
    made = service(tmp_path, "daemon")
    (line,) = [line for line in unit.unit(made).splitlines() if line.startswith("ExecStart=")]
    command = [word.replace("%%", "%").replace("$$", "$") for word in shlex.split(line.removeprefix("ExecStart="))]
    assert command[-1] == "up"
    assert command[-2] == str(tmp_path / HOME)
    said = subprocess.run([*command[:-1], "upgrade", "--check"], capture_output=True, text=True, check=False)
    assert f"There is no installation in {tmp_path / HOME}" in said.stderr


def test_the_settings_that_differ_stand_in_a_file_of_their_own(tmp_path: Path) -> None:
    lines = unit.environment(service(tmp_path, None).settings).splitlines()[1:]
    assert lines == ['SHELFWISE_MAIL_FROM="\\"Ana\\" <ana@example.com>"', 'SHELFWISE_WEB_PORT="9090"']


def test_install_writes_it_and_says_what_to_do_and_uninstall_keeps_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("SHELFWISE_WEB_PORT", "9090")
    home = ["--home", str(tmp_path / "home")]
    assert cli.main([*home, "service", "show"]) == 0
    assert not (tmp_path / "config").exists()
    assert cli.main([*home, "service", "install"]) == 0
    said = capsys.readouterr().out
    written = tmp_path / "config" / "systemd" / "user" / unit.NAME
    assert written.read_text("utf-8") in said
    assert "systemctl --user enable --now shelfwise.service" in said
    assert "journalctl --user -u shelfwise.service" in said
    assert (tmp_path / "config" / "shelfwise.env").stat().st_mode & 0o077 == 0
    assert cli.main([*home, "service", "uninstall"]) == 0
    assert not written.exists()
    assert (tmp_path / "home").is_dir()


def test_a_user_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert cli.main(["--home", str(tmp_path), "service", "show", "--run-as", "no-such-user"]) == 1
    assert "useradd --system no-such-user" in capsys.readouterr().err
