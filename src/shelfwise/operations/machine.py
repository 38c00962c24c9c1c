"""A look at the machine: what can be found out without a database."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import util
from pathlib import Path

from shelfwise.core.errors import Refused
from shelfwise.https.keeper import GivenCertificate
from shelfwise.operations.model import Finding, disk_finding
from shelfwise.settings import Settings
from shelfwise.store.embedded import ROOT_FOLDER

LEAST_MEMORY_GB = 2


def look(settings: Settings) -> list[Finding]:
    """Everything, in the order in which a person would want to read it."""
    return [
        *_disks(settings),
        _memory(),
        _secrets(settings.home),
        *_certificate(settings),
        _python(),
        _openmp(),
        _papers(),
    ]


def room(path: Path) -> int:
    """Bytes free where a path lies or would lie."""
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free


def place_of_data(settings: Settings) -> Path:
    """Where the embedded Postgres has its data."""
    return ROOT_FOLDER if os.geteuid() == 0 else settings.home


def on_one_disk(one: Path, other: Path) -> bool:
    def disk(path: Path) -> int:
        while not path.exists():
            path = path.parent
        return path.stat().st_dev

    return disk(one) == disk(other)


def _disks(settings: Settings) -> Iterator[Finding]:
    place = place_of_data(settings)
    yield disk_finding("disk", str(place), room(place), settings.disk_low_gb)
    if on_one_disk(place, settings.backups):
        yield Finding(
            "backup-disk", "Backups", "attention" if settings.backup_at != "off" else "well",
            f"They lie in {settings.backups}, on the same disk as everything else",
            "Name a folder on another disk in SHELFWISE_BACKUP_FOLDER, or copy them elsewhere.",
        )  # fmt: skip
    else:
        yield disk_finding("backup-disk", str(settings.backups), room(settings.backups), settings.disk_low_gb)


def _memory() -> Finding:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    if total < LEAST_MEMORY_GB:
        return Finding(
            "memory", "Memory", "attention", f"{total:.1f} GB in this computer",
            f"Forecasts need about {LEAST_MEMORY_GB} GB; take a larger machine.",
        )  # fmt: skip
    return Finding("memory", "Memory", "well", f"{total:.1f} GB in this computer")


def _secrets(home: Path) -> Finding:
    folder = home / "secrets"
    if not folder.exists():
        return Finding("secrets", "Secrets", "well", "None are kept in files")
    open_to_others = [path for path in (folder, *folder.rglob("*")) if path.stat().st_mode & 0o077]
    if open_to_others:
        return Finding(
            "secrets", "Secrets", "danger", f"Others than their owner may read {open_to_others[0]}",
            f"chmod -R go-rwx {folder}",
        )  # fmt: skip
    return Finding("secrets", "Secrets", "well", f"{folder} can be read by its owner alone")


def _certificate(settings: Settings) -> Iterator[Finding]:
    """One that somebody else renews may run out; our own are renewed by the web process."""
    if settings.https != "files" or settings.tls_certificate is None or settings.tls_key is None:
        return
    now = datetime.now(UTC)
    try:
        facts = GivenCertificate(settings.tls_certificate, settings.tls_key).current(now).facts
    except Refused as error:
        yield Finding("certificate", "Certificate", "danger", str(error), "Until then no browser gets in by HTTPS.")
        return
    words = f"{settings.tls_certificate} is good until {facts.ends:%Y-%m-%d}"
    if facts.ends < now:
        yield Finding("certificate", "Certificate", "danger", words, "Renew it now: browsers refuse it.")
    elif facts.ends_soon(now):
        yield Finding("certificate", "Certificate", "attention", words, "Have it renewed, as you do with the others.")
    else:
        yield Finding("certificate", "Certificate", "well", words)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < (3, 11):  # noqa: UP036 (whoever runs an old one should be told so)
        return Finding("python", "Python", "danger", version, "Install Python 3.11 or newer, and make clean.")
    return Finding("python", "Python", "well", version)


def _openmp() -> Finding:
    try:
        ctypes.CDLL("libgomp.so.1")
    except OSError:
        return Finding(
            "libgomp", "Library for models", "attention", "libgomp is missing: learned forecasts stay out of the race",
            "Debian and Ubuntu: apt install libgomp1",
        )  # fmt: skip
    return Finding("libgomp", "Library for models", "well", "libgomp can be loaded")


def _papers() -> Finding:
    if util.find_spec("typst") is None:
        return Finding(
            "papers", "Papers", "danger", "typst is missing: no order can be printed or sent as PDF",
            "Install the locked requirements again.",
        )  # fmt: skip
    return Finding("papers", "Papers", "well", "typst is there, with fonts of its own")
