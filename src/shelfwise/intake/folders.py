"""Watched folders: what other systems put there is taken in, and then lies in `done` or in `refused` with the reason.

A file is taken when two looks in a row found it the same, so that nobody has to rename what they write; whoever does
writes under a name that ends in .part or .tmp. What is taken in is a copy, hashed while it is made: a writer who goes
on writing changes no import under way, and what they have written then comes as a file of its own.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from shelfwise.access.context import Context, Office
from shelfwise.access.model import Actor, system
from shelfwise.core.errors import Unavailable, shorten
from shelfwise.intake import incoming
from shelfwise.intake.incoming import Incoming
from shelfwise.records import sources
from shelfwise.records.sources import Source
from shelfwise.store.database import value
from shelfwise.work import alerts

log = structlog.get_logger(__name__)

DONE, REFUSED = "done", "refused"
_UNFINISHED = (".part", ".partial", ".tmp", ".filepart", ".crdownload", ".lock")
_CHUNK = 1 << 20
_FAULTS_SHOWN = 50


@dataclass(frozen=True)
class Look:
    """How a file looked: while that changes, somebody writes it."""

    size: int
    changed_ns: int
    inode: int


@dataclass(frozen=True)
class Copy:
    """A private copy of a file as it looked, and the hash of what is in it."""

    path: Path
    look: Look
    sha256: bytes


class Folders:
    """The folders of all sources, below one folder.

    Args:
        home: below it each source has a folder by its code.
    """

    def __init__(self, office: Office, home: Path) -> None:
        self.office, self.home = office, home
        self._before: dict[Path, Look] = {}

    def look(self) -> int:
        """Look into every folder once and take in what is complete; returns how many files were dealt with."""
        with self.office.context(system("incoming files")) as ctx:
            wanted = [one for one in sources.sources(ctx) if one.active]
        done = 0
        for source in wanted:
            # Held while its files are taken in: two workers do not share a folder.
            with self.office.database.transaction() as tx:
                if value(tx, "select pg_try_advisory_xact_lock(%s, %s)", (_LOCK, source.source_id)):
                    done += self._look(source)
        return done

    def _look(self, source: Source) -> int:
        folder = self.home / source.code
        try:
            for name in ("", DONE, REFUSED):
                (folder / name).mkdir(parents=True, exist_ok=True)
            found = sorted(_files(folder), key=lambda one: (one[1].changed_ns, one[0].name))
        except OSError as error:
            self._tell_trouble(source, str(folder), error)
            return 0
        done = 0
        now_there = dict(found)
        for path, look in found:
            if self._before.get(path) != look:
                continue
            try:
                done += self._deal_with(source, path, look)
            except FileNotFoundError:
                log.info("a file has gone before it was taken in", file=str(path))
            except OSError as error:
                self._tell_trouble(source, path.name, error)
            except Unavailable:
                raise
            except Exception:
                log.exception("a file could not be taken in; it is tried again", file=str(path))
        self._before = {
            path: look for path, look in self._before.items() if path.parent != folder
        } | now_there  # fmt: skip
        return done

    def _deal_with(self, source: Source, path: Path, look: Look) -> bool:
        """Take a complete file in and put it away; False: it is not as it was, and is looked at again."""
        actor = system(f"source {source.code}")
        with _copied(path) as copy:
            if copy.look != look:
                return False
            with self.office.context(actor) as ctx:
                one = _note(ctx, source, path, copy)
            taken = incoming.take(self.office, actor, one, copy.path)
        if _look_at(path) != look:
            return True
        put_away(path, taken)
        return True

    def _tell_trouble(self, source: Source, what: str, error: OSError) -> None:
        log.warning("a folder or file cannot be read", source=source.code, what=what, error=str(error))
        with self.office.context(_actor(source)) as ctx:
            alerts.raise_alert(
                ctx, "incoming", f"source:{source.source_id}", "attention",
                f"Files of {source.name} cannot be read",
                f"{shorten(what)}: {error.strerror or error}. The folder and its files must be readable and writable "
                "for the user that Shelfwise runs as. It is tried again.", f"/incoming?source={source.source_id}",
                {"file": what}, site_id=source.site_id,
            )  # fmt: skip


_LOCK = 7_305_439


def _actor(source: Source) -> Actor:
    return system(f"source {source.code}")


def _note(ctx: Context, source: Source, path: Path, copy: Copy) -> Incoming:
    said = {"kind": source.kind, "skip_bad": source.skip_bad}
    if source.site_id is not None:
        said["site"] = next(iter(_site_code(ctx, source.site_id)))
    return incoming.note(
        ctx, key=f"{path.name}:{copy.look.changed_ns}:{copy.sha256.hex()}", file_name=path.name[:200],
        sha256=copy.sha256, size=copy.look.size, said=said, source_id=source.source_id,
    )  # fmt: skip


def _site_code(ctx: Context, site_id: int) -> Iterator[str]:
    yield str(value(ctx.tx, "select code from site where tenant_id = %s and site_id = %s", (ctx.tenant, site_id)))


def _files(folder: Path) -> Iterator[tuple[Path, Look]]:
    """What may be taken in: plain files that are finished. A link could name any file of the machine: it is left."""
    for entry in os.scandir(folder):
        if entry.name.startswith((".", "~")) or entry.name.lower().endswith(_UNFINISHED):
            continue
        with suppress(FileNotFoundError):
            if entry.is_file(follow_symlinks=False):
                yield Path(entry.path), _as_look(entry.stat(follow_symlinks=False))
            elif entry.is_symlink():
                log.warning("a link is left alone: put the file itself there", file=entry.path)


def _look_at(path: Path) -> Look | None:
    with suppress(FileNotFoundError):
        return _as_look(path.lstat())
    return None


def _as_look(told: os.stat_result) -> Look:
    return Look(told.st_size, told.st_mtime_ns, told.st_ino)


@contextmanager
def _copied(path: Path) -> Iterator[Copy]:
    """A copy of the file under its own name, in a folder of ours that goes afterwards.

    Raises:
        OSError: it has gone, may not be read, or is no plain file by now.
    """
    folder = Path(tempfile.mkdtemp(prefix="shelfwise-incoming-"))
    try:
        # Without following a link, and without waiting for somebody at the other end of a pipe.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            told = os.fstat(handle)
            if not stat.S_ISREG(told.st_mode):
                raise FileNotFoundError(path)
            digest = hashlib.sha256()
            with (folder / path.name).open("wb") as copy:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
                    copy.write(chunk)
            if _as_look(os.fstat(handle)) != _as_look(told):
                raise FileNotFoundError(path)
        yield Copy(folder / path.name, _as_look(told), digest.digest())
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def put_away(path: Path, one: Incoming) -> Path:
    """Move a file that was dealt with to where people find it, beside a text that says what came of it."""
    folder = path.parent / (REFUSED if one.state == "refused" else DONE)
    target = folder / path.name
    if target.exists():
        target = folder / f"{path.stem} {one.incoming_id}{path.suffix}"
    # The text first: whoever sees the file finds the reason beside it.
    _write(target.with_name(f"{target.name}.{'why' if one.state == 'refused' else 'result'}.txt"), in_words(one))
    path.rename(target)
    return target


def in_words(one: Incoming) -> str:
    """What came of a file, for the text beside it."""
    if one.state == "refused":
        faults = [
            f"{fault.where}: expected {fault.expected}, got {fault.got}. {fault.remedy}"
            for fault in one.faults[:_FAULTS_SHOWN]
        ]
        return "\n".join(
            [f"{one.file_name} was refused. Nothing of it was taken in.", one.result.get("error", ""), "", *faults,
             "", "Correct it and put it into the folder again, under another name."]
        ) + "\n"  # fmt: skip
    said = "was taken in" if one.state == "done" else "holds what was taken in before: nothing was done"
    lines = [f"{one.file_name} {said}.", ""]
    for table in one.result.get("tables", ()):
        lines.append(
            f"{table['kind'].replace('_', ' ') or 'left alone'}: {table['rows']} rows, {table['new']} new, "
            f"{table['changed']} changed, {table['unchanged']} as they were, {table['skipped']} left out."
        )
        lines += [f"  left out: {one}" for one in table["bad_cells"][:_FAULTS_SHOWN]]
    return "\n".join(lines) + "\n"


def _write(path: Path, text: str) -> None:
    unfinished = path.with_name(f".{path.name}")
    unfinished.write_text(text, "utf-8")
    unfinished.replace(path)
