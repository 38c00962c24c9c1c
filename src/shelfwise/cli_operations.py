"""The commands that keep an installation: backup, restore, upgrade, doctor, service."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from shelfwise.core.errors import Refused
from shelfwise.settings import Settings

if TYPE_CHECKING:
    # Spelled out here alone: argparse keeps this class to itself.
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_commands(commands: Commands) -> None:
    make = commands.add_parser("backup", help="write everything into one file, while Shelfwise runs or not")
    make.add_argument(
        "target",
        metavar="FILE|FOLDER",
        type=Path,
        nargs="?",
        help="a new file, or a folder in which it gets a name of its own (default: SHELFWISE_BACKUP_FOLDER, or backups "
        "in the home folder)",
    )
    make.add_argument("--no-trial", action="store_true", help="do not try it out by restoring it beside the database")
    make.set_defaults(command=_backup)

    back = commands.add_parser("restore", help="bring a backup back, also one of an older version")
    back.add_argument("file", metavar="FILE", type=Path, help="a backup, or a dump that pg_dump made (custom format)")
    back.add_argument("--into", type=Path, metavar="FOLDER", help="the home folder to make (default: that of --home)")
    back.add_argument(
        "--replace", action="store_true", help="put it in the place of what is there, which is backed up first"
    )
    back.set_defaults(command=_restore)

    up = commands.add_parser("upgrade", help="back up, then bring the database to this version; `up` does it by itself")
    up.add_argument("--check", action="store_true", help="change nothing: say what would be done")
    up.add_argument("--without-backup", action="store_true", help="make none, because you have one of your own")
    up.set_defaults(command=_upgrade)

    doctor = commands.add_parser("doctor", help="look at everything and say what to do; the exit code is 1 if anything")
    doctor.add_argument("--json", action="store_true", help="for programs: a list of findings")
    doctor.set_defaults(command=_doctor)

    service = commands.add_parser("service", help="have systemd start Shelfwise with the computer, and keep it running")
    service.add_argument(
        "what",
        choices=("install", "uninstall", "show"),
        help="write the unit, remove it, or print what would be written",
    )
    service.add_argument(
        "--run-as", metavar="USER", help="as root: who runs it (default: the owner of the home folder)"
    )
    service.set_defaults(command=_service)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _backup(settings: Settings, given: argparse.Namespace) -> int:
    from shelfwise.operations import backup
    from shelfwise.store.home import serving

    with serving(settings.home, settings.database_url, "A backup is being made") as url:
        target = given.target or settings.backups
        file = backup.make(url, settings.home, target.absolute(), "by-hand", settings.changed())
        print(f"The backup is in {file} ({file.stat().st_size / 1e6:,.1f} MB).")
        if given.no_trial:
            print("It was not tried out.")
            return 0
        wrong = backup.verify(url, file)
    for words in wrong:
        print(words)
    if wrong:
        print("Restored on trial, it is not what it should be. Keep it, and make another one.")
        return 1
    print("Restored on trial: every table is as it was, and its books are right.")
    print("It holds everything, secrets too. Copy it to another machine, and let nobody else read it.")
    return 0


def _restore(settings: Settings, given: argparse.Namespace) -> int:
    from shelfwise.operations import restore
    from shelfwise.store.home import alone

    file = given.file.absolute()
    if given.into is not None:
        settings = replace(settings, home=given.into.absolute())
    restore.inspect(file)
    with alone(settings.home, settings.database_url, "A backup is being restored") as url:
        done = restore.restore(url, settings, file, over=given.replace, say=say)
    if done.applied:
        say(f"Brought to this version: {len(done.applied)} migrations")
    for words in done.books:
        print(words)
    if done.manifest is not None:
        print(f"Restored what was backed up at {done.manifest.made_at:%Y-%m-%d %H:%M} UTC into {settings.home}.")
        if done.manifest.settings:
            print(f"Settings are not in a backup. These were set then: {', '.join(done.manifest.settings)}.")
    else:
        print(f"Restored into {settings.home}.")
    return 0


def _upgrade(settings: Settings, given: argparse.Namespace) -> int:
    from shelfwise.operations import upgrade
    from shelfwise.store.home import alone, is_installed, serving

    if not is_installed(settings.home, settings.database_url):
        raise Refused(f"There is no installation in {settings.home}. Name its folder with --home.")
    if given.check:
        with serving(settings.home, settings.database_url, "An upgrade is being looked at") as url:
            wanted = upgrade.plan(url)
        if not wanted.pending:
            print(f"Nothing to do: the database is of this version (migration {wanted.to}).")
            return 0
        print(f"From migration {wanted.at or 0} to {wanted.to}, after a backup into {settings.backups}:")
        for name in wanted.pending:
            print(f"  {name}")
        return 0
    with alone(settings.home, settings.database_url, "An upgrade is under way") as url:
        upgrade.upgrade(url, settings, say, without_backup=given.without_backup)
    print("The database is of this version.")
    return 0


def _doctor(settings: Settings, given: argparse.Namespace) -> int:
    from shelfwise.operations import doctor

    found = doctor.examine(settings)
    if given.json:
        print(json.dumps([asdict(one) for one in found], indent=1))
    else:
        for one in sorted(found, key=lambda one: ("danger", "attention", "well").index(one.state)):
            print(f"{'ok' if one.state == 'well' else one.state:<10} {one.what}: {one.words}")
            if one.remedy:
                print(f"{'':<10} -> {one.remedy}")
    return 1 if any(one.state != "well" for one in found) else 0


def _service(settings: Settings, given: argparse.Namespace) -> int:
    from shelfwise.operations import unit

    user = _who_runs(settings, given.run_as) if os.geteuid() == 0 else None
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    service = unit.place(settings, Path(sys.executable), user, config)
    control = "systemctl" if user is not None else "systemctl --user"
    if given.what == "show":
        for file, text in service.texts().items():
            print(f"# {file}\n{text}")
        return 0
    if given.what == "uninstall":
        for file in service.texts():
            file.unlink(missing_ok=True)
            print(f"Removed {file}")
        print(f"Stop it, if it runs: {control} disable --now {unit.NAME}; {control} daemon-reload")
        print(f"The installation in {settings.home} stays as it is.")
        return 0
    if user is not None and not settings.home.is_dir():
        raise Refused(f"There is no folder {settings.home}. Make it, and give it to {user}: install -d -o {user}")
    for folder in (settings.home, settings.backups):
        if not folder.exists():
            folder.mkdir(mode=0o700, parents=True)
            if user is not None:
                shutil.chown(folder, user)
    for file, text in service.texts().items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        # The settings may hold a password.
        file.chmod(0o600 if file == service.environment else 0o644)
        print(f"Wrote {file}")
    print(f"Start it now and with the computer: {control} daemon-reload && {control} enable --now {unit.NAME}")
    if user is None:
        print("So that it also runs while you are not signed in: loginctl enable-linger")
    journal = "journalctl" if user is not None else "journalctl --user"
    print(f"What it says, also the first sign-in: {journal} -u {unit.NAME}")
    print(f"Logs of its processes: {settings.home / 'logs'}")
    return 0


def _who_runs(settings: Settings, named: str | None) -> str:
    import pwd

    if named is None:
        return pwd.getpwuid(settings.home.stat().st_uid).pw_name if settings.home.exists() else "root"
    try:
        return pwd.getpwnam(named).pw_name
    except KeyError:
        raise Refused(f"There is no user {named!r} here. Make it: useradd --system {named}") from None
