"""Closing days: nothing is lost or doubled, whoever is killed where, and whatever comes late."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from shelfwise.access.context import Context, Office, stand_still
from shelfwise.edge.history import archive, files
from shelfwise.edge.history import service as history
from shelfwise.edge.history.archive import Archive
from shelfwise.edge.history.model import HOUR, Point
from shelfwise.store.database import run, value, values
from tests.conftest import NOON
from tests.edge.history.telling import CONSUMERS, MARA, Said, add_probe, hear_and_sum, tell

MIDNIGHT = NOON - timedelta(hours=12)
LATER = NOON + timedelta(days=8)


class Killed(Exception):
    """The process ended here."""


def die_at(point: str) -> archive.CrashPoint:
    def crash(reached: str) -> None:
        if reached == point:
            raise Killed(point)

    return crash


@pytest.fixture
def said(office: Office) -> list[Said]:
    """A day of two probes, heard and summed, and the clock eight days later."""
    day = [
        Said(MIDNIGHT + timedelta(minutes=7 * n), None if n % 17 == 0 else 4.0 + n % 5 / 3, device)
        for n in range(200)
        for device in ("probe-1", "probe-2")
    ]
    with office.context(MARA) as ctx:
        add_probe(ctx)
        add_probe(ctx, "probe-2")
        tell(ctx, day)
    with office.database.transaction() as tx:
        stand_still(tx, 1, LATER)
    hear_and_sum(office)
    return day


def told(ctx: Context) -> tuple[Sequence[Point], Sequence[Point], list[tuple[object, ...]]]:
    """What the history of the day says, by the half hour, by two hours, and one by one."""
    fine = history.readings(ctx, "probe-1", "temperature", MIDNIGHT, MIDNIGHT + timedelta(days=1), 48)
    coarse = history.readings(ctx, "probe-1", "temperature", MIDNIGHT, MIDNIGHT + timedelta(days=1), 12)
    raw = history.raw_readings(ctx, "probe-1", "temperature", MIDNIGHT, MIDNIGHT + timedelta(days=1), None, 1000)
    return fine.points, coarse.points, [(one.observed_at, one.value, one.received_at, one.key) for one in raw]


def partitions(ctx: Context) -> int:
    """Tables of that day: other tests leave those of others."""
    return int(value(ctx.tx, "select count(*) from pg_class where relname = %s", (f"reading_{MIDNIGHT:%Y%m%d}",)))


@pytest.mark.parametrize("point", ["handed over", "written", "named", "closed"])
def test_who_is_killed_while_a_day_is_closed_loses_nothing(
    office: Office, said: list[Said], tmp_path: Path, point: str
) -> None:
    with office.context(MARA) as ctx:
        before = told(ctx)
    with pytest.raises(Killed):
        Archive(office, tmp_path, CONSUMERS, die_at(point)).keep()
    with office.context(MARA) as ctx:
        assert _rounded(told(ctx)) == _rounded(before)
    Archive(office, tmp_path, CONSUMERS).keep()
    with office.context(MARA) as ctx:
        assert _rounded(told(ctx)) == _rounded(before)
        assert (value(ctx.tx, "select count(*) from reading"), partitions(ctx)) == (0, 0)
        assert values(ctx.tx, "select kinds from reading_day") == [({"temperature": 400},)]
    assert len(list(tmp_path.glob("1/*"))) == 1


def _rounded(found: tuple[Sequence[Point], Sequence[Point], list[tuple[object, ...]]]) -> object:
    fine, coarse, raw = found
    return [
        (p.at, p.readings, p.measured, p.low, p.high, round(p.total or 0, 6), p.last) for p in (*fine, *coarse)
    ], raw


def test_what_comes_for_a_closed_day_is_read_beside_its_file_and_merged_once(
    office: Office, said: list[Said], tmp_path: Path
) -> None:
    keeper = Archive(office, tmp_path, CONSUMERS)
    assert keeper.keep() == 1
    late = [Said(MIDNIGHT + timedelta(minutes=7 * n + 3), 20.0) for n in range(20)]
    with office.context(MARA) as ctx:
        tell(ctx, [*said[:30], *late], LATER)
    hear_and_sum(office)
    with office.context(MARA) as ctx:
        before = told(ctx)
    assert sum(one.readings for one in before[0]) == sum(one.readings for one in before[1]) == len(before[2]) == 220
    assert keeper.keep() == 1
    with office.context(MARA) as ctx:
        after = told(ctx)
        assert [row[:2] for row in after[2]] == [row[:2] for row in before[2]]
        assert _rounded((*after[:2], [])) == _rounded((*before[:2], []))
        assert values(ctx.tx, "select kinds from reading_day") == [({"temperature": 420},)]
        hour = value(ctx.tx, "select readings from reading_hour where device = 'probe-1' order by starts_at limit 1")
        assert hour == len([one for one in (*said, *late) if one.device == "probe-1" and one.at < MIDNIGHT + HOUR])
    assert keeper.keep() == 0


def test_a_day_stays_open_while_somebody_has_not_heard_of_it_or_a_sum_is_due(
    office: Office, said: list[Said], tmp_path: Path
) -> None:
    with office.context(MARA) as ctx:
        run(ctx.tx, "update consumer set seq = seq - 1 where consumer = 'latest'")
    assert Archive(office, tmp_path, CONSUMERS).keep() == 0
    with office.context(MARA) as ctx:
        run(ctx.tx, "update consumer set seq = seq + 1 where consumer = 'latest'")
        run(ctx.tx, "insert into reading_hour_due values (1, %s, 'probe-1', 'temperature')", (MIDNIGHT,))
    assert Archive(office, tmp_path, CONSUMERS).keep() == 0
    assert Archive(office, tmp_path, [*CONSUMERS, "new"]).keep() == 0


def test_a_reading_that_comes_while_its_day_is_closed_keeps_it_open(
    office: Office, said: list[Said], tmp_path: Path
) -> None:
    def tell_more(point: str) -> None:
        if point == "named":
            with office.context(MARA) as ctx:
                tell(ctx, [Said(MIDNIGHT + timedelta(seconds=1), 3.0)], LATER)

    assert Archive(office, tmp_path, CONSUMERS, tell_more).keep() == 0
    hear_and_sum(office)
    assert Archive(office, tmp_path, CONSUMERS).keep() == 1
    with office.context(MARA) as ctx:
        assert values(ctx.tx, "select kinds from reading_day") == [({"temperature": 401},)]


def test_a_file_that_does_not_hold_what_postgres_holds_takes_no_place(
    office: Office, said: list[Said], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = files.write
    monkeypatch.setattr(files, "write", lambda frame, path: write(frame.head(399), path))
    with pytest.raises(RuntimeError, match="nothing was dropped"):
        Archive(office, tmp_path, CONSUMERS).keep()
    with office.context(MARA) as ctx:
        assert value(ctx.tx, "select count(*) from reading") == 400
    assert list(tmp_path.glob("1/*")) == []


def test_a_day_in_use_is_closed_later(office: Office, said: list[Said], tmp_path: Path) -> None:
    with office.context(MARA) as reader:
        value(reader.tx, "select count(*) from reading")
        assert Archive(office, tmp_path, CONSUMERS).keep() == 0
    assert Archive(office, tmp_path, CONSUMERS).keep() == 1
