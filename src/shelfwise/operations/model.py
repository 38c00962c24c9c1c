"""What a backup says of itself, when one is due, and which are kept. Pure rules."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

# Without a good backup for so long, people are told: a day, and time for the next one to be made and tried.
LONGEST_WITHOUT = timedelta(hours=26)
KINDS = {
    "daily": "made by itself each night",
    "by-hand": "asked for by a person",
    "before-upgrade": "made before an upgrade",
    "before-restore": "made before a restore",
}
# A forecast of the disk needs so many days, and looks back no further.
FEWEST_DAYS, MOST_DAYS = 3, 30
FULL_SOON_DAYS = 14
_NAME = re.compile(rf"shelfwise-(\d{{8}}-\d{{6}})Z-({'|'.join(KINDS)})\.zip")


@dataclass(frozen=True)
class Named:
    """What the name of a backup's file says."""

    name: str
    made_at: datetime
    kind: str


@dataclass(frozen=True)
class Manifest:
    """What lies beside the dump in a backup.

    Attributes:
        version: of Shelfwise that made it; `schema` the number of its last migration.
        postgres: the server's version.
        size: bytes of the dump; `sha256` of the same.
        tables: by table, its rows and a sum over what they hold.
        secrets: names of the files from the folder of secrets that are in it.
        settings: variables that were set then; their values are not in it.
        history: files of archived days that belong to it and lie beside it: name, sha256 and size of each.
    """

    version: str
    schema: int
    kind: str
    made_at: datetime
    postgres: str
    size: int
    sha256: str
    tables: Mapping[str, tuple[int, str]]
    secrets: Sequence[str] = ()
    settings: Sequence[str] = ()
    history: Sequence[tuple[str, str, int]] = ()


@dataclass(frozen=True)
class Finding:
    """What a look at one part of the installation found.

    Attributes:
        part: short and the same each time, such as 'disk'.
        what: the part in words.
        state: 'well', 'attention' or 'danger'.
        words: what was found.
        remedy: what to do about it; empty where all is well.
    """

    part: str
    what: str
    state: str
    words: str
    remedy: str = ""


def file_name(made_at: datetime, kind: str) -> str:
    return f"shelfwise-{made_at.astimezone(UTC):%Y%m%d-%H%M%S}Z-{kind}.zip"


def named(name: str) -> Named | None:
    """None: this is not the name of a backup."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    return Named(name, datetime.strptime(found[1], "%Y%m%d-%H%M%S").replace(tzinfo=UTC), found[2])


def superfluous(there: Collection[Named], days: int, weeks: int, good: Collection[str]) -> list[str]:
    """The daily backups to delete: all but the newest of each of the last days and weeks.

    What somebody asked for, and what was made before an upgrade or a restore, stays. So does the newest backup that
    was tried out, however old it is.
    """
    daily = sorted((one for one in there if one.kind == "daily"), key=lambda one: one.made_at, reverse=True)
    keep = {one.name for one in [one for one in daily if one.name in good][:1]}
    for count, period in ((days, "%Y-%m-%d"), (weeks, "%G-%V")):
        newest: dict[str, str] = {}
        for one in daily:
            newest.setdefault(one.made_at.strftime(period), one.name)
        keep |= set(list(newest.values())[:count])
    return [one.name for one in daily if one.name not in keep]


def due(now: datetime, at: time, last: datetime | None) -> bool:
    """Is tonight's backup still to be made? `now` and `at` are of the same time zone.

    An installation that was off at that time makes it when it is back.
    """
    planned = now.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    if planned > now:
        planned -= timedelta(days=1)
    return last is None or last < planned


def differences(said: Mapping[str, tuple[int, str]], found: Mapping[str, tuple[int, str]]) -> list[str]:
    """In words, where a restored database is not what the manifest says."""
    words = []
    for table in sorted({*said, *found}):
        if table not in found:
            words.append(f"table {table} is missing")
        elif table not in said:
            words.append(f"table {table} should not be there")
        elif said[table][0] != found[table][0]:
            words.append(f"table {table} has {found[table][0]:,} rows instead of {said[table][0]:,}")
        elif said[table][1] != found[table][1]:
            words.append(f"table {table} has other contents")
    return words


def disk_finding(part: str, place: str, free: int, low_gb: int, left_days: float | None = None) -> Finding:
    """Room on a disk.

    Args:
        place: where, in words.
        free: bytes.
        low_gb: less than this is told.
        left_days: until it is full, as the database grows; None: not known, or it does not grow.
    """
    words = f"{free / 1e9:,.1f} GB free in {place}"
    if left_days is not None:
        words += f"; as the database grows, full in ~{left_days:,.0f} days"
    low = low_gb * 1e9
    tell = "Only whoever looks after the computer that Shelfwise runs on can do that: tell them."
    if free < low / 5:
        remedy = f"Make room now: when it is full, nothing can be booked any more. {tell}"
        return Finding(part, "The disk is nearly full", "danger", words, remedy)
    if free < low or (left_days is not None and left_days < FULL_SOON_DAYS):
        remedy = f"Make room, or move to a larger disk, before it is full. {tell}"
        return Finding(part, "The disk fills up", "attention", words, remedy)
    return Finding(part, "Disk", "well", words)


def days_until_full(sizes: Sequence[tuple[date, int]], free: int) -> float | None:
    """How long the room lasts if the database grows on as it did; None: too few days are known, or it does not grow."""
    known = sorted(sizes)[-MOST_DAYS:]
    if len(known) < FEWEST_DAYS:
        return None
    days, grown = (known[-1][0] - known[0][0]).days, known[-1][1] - known[0][1]
    return None if days < FEWEST_DAYS - 1 or grown <= 0 else free / (grown / days)


def backup_finding(last_good: datetime | None, problem: str | None, since: datetime, now: datetime) -> Finding:
    """Is there a backup to rely on?

    Args:
        last_good: when the newest one that was tried out was asked for.
        problem: why the newest attempt failed; None: it did not.
        since: for how long this installation is there.
    """
    remedy = "See why on the page System, put that right, and make one there."
    age = now - (last_good or since)
    words = "None at night yet, or by the page System"
    if last_good is not None:
        words = f"The last good one is {in_words(age)} old"
    if problem is not None:
        words += f". The newest attempt failed: {problem}"
    state = "danger" if age > LONGEST_WITHOUT else "attention" if problem is not None else "well"
    return Finding("backup", "Backup", state, words, "" if state == "well" else remedy)


def in_words(age: timedelta) -> str:
    minutes = age.total_seconds() / 60
    if minutes < 120:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.0f} h" if minutes < 48 * 60 else f"{minutes / 1440:.0f} days"
