"""The files of archived days, which lie beside backups and not in each of them: they hardly ever change.

A folder `history` beside the backups holds each of these files once. A backup names those that belong to it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from shelfwise.core.errors import Unavailable
from shelfwise.store.database import Tx, run, value, values

FOLDER = "history"
# A file's name below the folder, its SHA-256 and its size.
Kept = tuple[str, str, int]


def copy_out(tx: Tx, backups: Path) -> list[Kept]:
    """Put the files of all days that are closed, as a snapshot sees them, beside the backups; returns what they are.

    Raises:
        Unavailable: one is missing or damaged.
    """
    if value(tx, "select to_regclass('reading_day') is null"):
        return []
    kept: list[Kept] = values(tx, "select file, sha256, size from reading_day where kinds <> '{}' order by file")
    told = value(tx, "select value from setting where name = 'history_folder' limit 1")
    for name, sha256, size in kept:
        there = backups / FOLDER / name
        if not there.exists() or there.stat().st_size != size:
            _copy(Path(str(told)) / name, there, sha256)
    return kept


def missing(kept: Iterable[Kept], backups: Path) -> list[str]:
    """Names of the files that do not lie beside a backup as they should."""
    return [
        name
        for name, _, size in kept
        if not (backups / FOLDER / name).is_file() or (backups / FOLDER / name).stat().st_size != size
    ]


def copy_in(tx: Tx, kept: Iterable[Kept], backups: Path, history: Path) -> list[str]:
    """Bring back the files of a restored database; returns the names of those that could not be found.

    Of a day without its file, what each hour came to is still known; the readings one by one are not.
    """
    gone = set(missing(kept, backups))
    for name, sha256, _ in kept:
        if name in gone:
            run(tx, "update reading_day set kinds = '{}' where file = %s", (name,))
        elif not (history / name).exists():
            _copy(backups / FOLDER / name, history / name, sha256)
    return sorted(gone)


def clear(backups: Path, named: Iterable[Kept]) -> None:
    """Delete what no backup names."""
    known = {name for name, _, _ in named}
    for path in (backups / FOLDER).glob("*/*"):
        if str(path.relative_to(backups / FOLDER)) not in known:
            path.unlink(missing_ok=True)


def _copy(source: Path, target: Path, sha256: str) -> None:
    half = target.with_name(f"{target.name}.part")
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        shutil.copyfile(source, half)
    except FileNotFoundError as error:
        raise Unavailable(f"The file {source} of an archived day is missing. Bring it back from a backup.") from error
    if hashlib.sha256(half.read_bytes()).hexdigest() != sha256:
        half.unlink()
        raise Unavailable(f"The file {source} of an archived day is damaged. Bring it back from a backup.")
    with half.open("rb") as file:
        os.fsync(file.fileno())
    half.rename(target)
