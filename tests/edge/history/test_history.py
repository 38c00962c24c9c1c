"""One history of a device: from sums and from readings, whatever came late or twice."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest

from shelfwise.access.context import Context, Office
from shelfwise.core.errors import Invalid, NotFound
from shelfwise.edge.history import service as history
from shelfwise.edge.history.model import HOUR, SPELL, Point, floor, join, step_for
from shelfwise.store.database import run, value, values
from tests.conftest import NOON
from tests.edge.history.telling import MARA, Said, add_probe, hear, hear_and_sum, tell

MIDNIGHT = NOON - timedelta(hours=12)


def minutes(*told: tuple[float, float | None]) -> list[Said]:
    return [Said(MIDNIGHT + timedelta(minutes=minute), degc) for minute, degc in told]


def expected(said: Iterable[Said], step: timedelta) -> tuple[Point, ...]:
    """The same by adding up one reading after the other."""
    return join(
        (
            Point(one.at, 1, int(one.value is not None), one.value, one.value, one.value, one.value, one.at)
            for one in sorted(said, key=lambda one: one.at)
        ),
        step,
    )


@pytest.fixture
def probe(office: Office) -> None:
    with office.context(MARA) as ctx:
        add_probe(ctx)
        add_probe(ctx, "probe-2")


def told(ctx: Context, since: datetime, until: datetime, points: int = 300) -> tuple[Point, ...]:
    return history.readings(ctx, "probe-1", "temperature", since, until, points).points


def test_an_hour_is_summed_once_it_has_ended_and_told_before(office: Office, probe: None) -> None:
    said = minutes((0, 4.0), (10, 6.0), (20, None), (59, 5.0), (715, 7.0), (721, 8.0))
    with office.context(MARA) as ctx:
        tell(ctx, said)
    hear(office)
    with office.context(MARA) as ctx:
        before = told(ctx, MIDNIGHT, NOON + HOUR, 24)
    hear_and_sum(office)
    with office.context(MARA) as ctx:
        assert told(ctx, MIDNIGHT, NOON + HOUR, 24) == before == expected(said, HOUR)
        assert values(ctx.tx, "select starts_at, readings, measured, low, high, total, last from reading_hour") == [
            (MIDNIGHT, 4, 3, 4.0, 6.0, 15.0, 5.0),
            (MIDNIGHT + 11 * HOUR, 1, 1, 7.0, 7.0, 7.0, 7.0),
        ]
        assert values(ctx.tx, "select starts_at from reading_hour_due") == [(NOON,)]
    first = before[0]
    assert (first.mean, first.last_at) == (5.0, said[3].at)


def test_a_late_reading_opens_its_hour_again_and_a_copy_never_counts_twice(office: Office, probe: None) -> None:
    said = minutes((0, 4.0), (30, 6.0), (61, 5.0))
    with office.context(MARA) as ctx:
        tell(ctx, said)
    hear_and_sum(office)
    late = minutes((15, 9.0))
    with office.context(MARA) as ctx:
        assert tell(ctx, [*late, *said], NOON) == 1
    hear(office)
    with office.context(MARA) as ctx:
        assert told(ctx, MIDNIGHT, NOON, 12) == expected([*said, *late], HOUR)
    hear_and_sum(office)
    with office.context(MARA) as ctx:
        assert told(ctx, MIDNIGHT, NOON, 12) == expected([*said, *late], HOUR)
        assert value(ctx.tx, "select total from reading_hour where starts_at = %s", (MIDNIGHT,)) == 19.0
        run(ctx.tx, "update consumer set tx = '0', seq = 0 where consumer = 'hours'")
    hear_and_sum(office)
    with office.context(MARA) as ctx:
        assert told(ctx, MIDNIGHT, NOON, 12) == expected([*said, *late], HOUR)


def test_every_length_of_time_tells_the_same_as_adding_up_the_readings(office: Office, probe: None) -> None:
    chance = random.Random(40)
    said = [
        Said(MIDNIGHT - timedelta(days=2) + timedelta(seconds=chance.randrange(3 * 86_400)), chance.uniform(-5, 15))
        for _ in range(600)
    ]
    other = [Said(one.at, 99.0, "probe-2") for one in said[:50]]
    chance.shuffle(said)
    with office.context(MARA) as ctx:
        tell(ctx, said[:400] + other)
    hear_and_sum(office)
    with office.context(MARA) as ctx:
        tell(ctx, said[300:], NOON)
    hear(office)
    with office.context(MARA) as ctx:
        for hours, points in ((3, 300), (3, 60), (24, 300), (24, 48), (70, 300), (72, 20), (72, 2), (72, 1)):
            since = NOON - hours * HOUR
            found = history.readings(ctx, "probe-1", "temperature", since, NOON, points)
            inside = [one for one in said if found.since <= one.at < found.until]
            assert found.since <= since and found.until >= NOON
            assert [_rounded(one) for one in found.points] == [_rounded(one) for one in expected(inside, found.step)]


def _rounded(point: Point) -> tuple[object, ...]:
    return point.at, point.readings, point.measured, point.low, point.high, round(point.total or 0, 6), point.last


def test_readings_one_by_one_are_told_page_by_page_newest_first(office: Office, probe: None) -> None:
    said = [Said(NOON - timedelta(minutes=7 * n + n % 2), float(n)) for n in range(300)]
    with office.context(MARA) as ctx:
        tell(ctx, said)
        tell(ctx, [Said(NOON - timedelta(days=30), 1.0)])
    hear_and_sum(office)
    with office.context(MARA) as ctx:
        seen, before = [], None
        while page := history.raw_readings(
            ctx, "probe-1", "temperature", NOON - timedelta(days=90), NOON + HOUR, before, 40
        ):
            seen += page
            before = page[-1].observed_at, page[-1].key
        newest_first = sorted((one.at for one in said), reverse=True)
        assert [one.observed_at for one in seen] == [*newest_first, NOON - timedelta(days=30)]


def test_of_what_is_no_number_the_hours_say_how_often(office: Office, probe: None) -> None:
    with office.context(MARA) as ctx:
        tell(ctx, [Said(NOON - timedelta(minutes=n), None, kind="tag") for n in range(1, 90)])
    hear_and_sum(office)
    with office.context(MARA) as ctx:
        found = history.readings(ctx, "probe-1", "tag", NOON - HOUR, NOON)
        assert (found.step, [one.readings for one in found.points], found.points[0].mean) == (HOUR, [60], None)


def test_who_asks_for_what_there_is_not_is_told(ctx: Context) -> None:
    add_probe(ctx)
    with pytest.raises(NotFound):
        history.readings(ctx, "nobody", "temperature", MIDNIGHT, NOON)
    with pytest.raises(Invalid, match="kind"):
        history.readings(ctx, "probe-1", "mood", MIDNIGHT, NOON)
    with pytest.raises(Invalid, match="until"):
        history.readings(ctx, "probe-1", "temperature", NOON, MIDNIGHT)
    assert told(ctx, MIDNIGHT, NOON) == ()


def test_a_chart_has_no_more_points_than_were_asked_for() -> None:
    assert step_for(timedelta(days=1), 300) == SPELL
    assert step_for(timedelta(days=7), 300) == HOUR
    assert step_for(timedelta(days=365), 400) == timedelta(days=1)
    assert step_for(timedelta(days=3650), 100) == timedelta(days=42)
    assert floor(NOON + timedelta(minutes=7), SPELL) == NOON + SPELL
