"""Devices that are known to be off: what counts is corrected from the day that is told, and nothing before."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from shelfwise.access.context import Context
from shelfwise.app import in_true_time
from shelfwise.condition import service as condition
from shelfwise.core.errors import Invalid, Refused
from shelfwise.edge.deviation import EXACT, Deviation
from shelfwise.edge.devices import add_device, remember_latest, states_of_device
from shelfwise.edge.health import answers, corrections, service, words
from shelfwise.edge.history import service as history
from shelfwise.edge.history.model import HOUR, floor
from shelfwise.edge.history.tables import Told
from shelfwise.edge.tables import StoredReading
from shelfwise.records import service as records
from shelfwise.store.database import values
from shelfwise.work.alerts import open_alerts
from tests.conftest import NOON
from tests.edge.history.telling import Said, tell

MARCH = date(2026, 3, 1)


def later(ctx: Context, minutes: float) -> Context:
    return replace(ctx, now=NOON + timedelta(minutes=minutes))


@pytest.fixture
def zone_id(ctx: Context) -> int:
    site_id = records.add_site(ctx, code="MAIN", name="Main", time_zone="Europe/Berlin", width_m=40, depth_m=25)
    zone_id = records.add_zone(
        ctx, site_id=site_id, code="1", name="Cold room", kind="chilled", x_m=0, y_m=0, width_m=8, depth_m=5,
        low_degc=2.0, high_degc=8.0,
    )  # fmt: skip
    add_device(ctx, "t1", zone_id=zone_id)
    add_device(ctx, "scale-7")
    return zone_id


def says(ctx: Context, *told: tuple[float, float], device: str = "t1", kind: str = "temperature") -> None:
    """A device says (minute, value), and all who hear of readings do their work."""
    said = [Said(NOON + timedelta(minutes=minute), value, device, kind) for minute, value in told]
    tell(ctx, said)
    history.remember_hours(ctx, [Told(1, 1, device, kind, floor(one.at, HOUR)) for one in said])
    facts = [StoredReading(1, 1, device, kind, one.value, None, one.at, one.at) for one in said]
    for hear in (condition.watch, remember_latest, service.learn):
        in_true_time(hear)(later(ctx, told[-1][0]), facts)


def newest(ctx: Context, device: str = "t1") -> tuple[float | None, float | None]:
    """What counts of what it said last, and what it said itself where that is another value."""
    state = states_of_device(ctx, device)[0]
    return None if state.value is None else round(state.value, 6), state.said


def audited(ctx: Context) -> list[str]:
    return [
        one for (one,) in values(ctx.tx, "select action from audit_entry where action like '%%corrected' order by 1")
    ]


@pytest.mark.parametrize(
    ("by", "shown", "truth", "told"),
    [
        (Deviation(0.4), 4.4, 4.0, "reads 0.4 °C high"),
        (Deviation(-0.25), 3.75, 4.0, "reads 0.25 °C low"),
        (Deviation(span=1.02), 5100.0, 5000.0, "shows 2.0 % too much"),
        (Deviation(10.0, 0.99), 1000.0, 1000.0, "shows 1.0 % too little and reads 10 °C high"),
        (EXACT, 4.0, 4.0, "is exact"),
    ],
)
def test_what_counts_is_what_is_shown_without_the_deviation(
    by: Deviation, shown: float, truth: float, told: str
) -> None:
    assert by.truth(shown) == pytest.approx(truth)
    assert (words.off("temperature", by), bool(by)) == (told, told != "is exact")


def test_what_a_certificate_says_counts_from_then_on_and_what_was_judged_before_stays(
    ctx: Context, zone_id: int
) -> None:
    says(ctx, (0, 8.3), (20, 8.3))
    (before,) = open_alerts(ctx)
    answers.calibrated(later(ctx, 21), "t1", "temperature", MARCH, deviation=0.4, certificate="K-77")
    assert len(open_alerts(ctx)) == 1, "what was told is not taken back by a certificate"
    says(ctx, (30, 8.3))
    assert newest(ctx) == (7.9, 8.3)
    assert open_alerts(ctx) == []
    (excursion,) = condition.excursions(ctx, zone_id, NOON)
    assert (excursion.worst_degc, excursion.ended_at) == (8.3, NOON + timedelta(minutes=30))
    assert before.evidence["zone_id"] == zone_id
    (one,) = service.health_of(ctx, "t1").corrections
    assert (one.zero, one.source, one.found_on, one.about, one.until_at) == (0.4, "certificate", MARCH, "K-77", None)
    assert audited(ctx) == ["device.corrected"]


def test_what_was_made_before_and_comes_late_counts_as_it_was_said(ctx: Context, zone_id: int) -> None:
    answers.calibrated(later(ctx, 30), "t1", "temperature", MARCH, deviation=2.0)
    says(ctx, (60, 6.0))
    says(ctx, (0, 8.3), (29, 8.3), (59, 9.9))
    (excursion,) = condition.excursions(ctx, zone_id, NOON)
    # At minute 59 it was 7.9 in truth.
    assert (excursion.started_at, excursion.ended_at) == (NOON, NOON + timedelta(minutes=59))


def test_the_history_has_what_counts_and_each_reading_what_was_said(ctx: Context, zone_id: int) -> None:
    answers.calibrated(later(ctx, 30), "t1", "temperature", MARCH, deviation=1.0)
    says(ctx, (0, 5.0), (10, 5.0), (40, 5.0), (50, 7.0))

    def points(step: int) -> list[tuple[float | None, float | None, float | None]]:
        found = history.readings(ctx, "t1", "temperature", NOON, NOON + timedelta(hours=1), step).points
        return [(one.low, one.mean, one.high) for one in found]

    assert points(2) == [(5.0, 5.0, 5.0), (4.0, 5.0, 6.0)]
    raw = history.raw_readings(ctx, "t1", "temperature", NOON, NOON + timedelta(hours=1))
    assert [(one.value, one.counts_as) for one in raw] == [(7.0, 6.0), (5.0, 4.0), (5.0, 5.0), (5.0, 5.0)]


@pytest.mark.parametrize(
    ("newer", "deviation", "adjusted", "counts"),
    [
        (date(2026, 3, 2), 0.0, False, 5.0),
        (date(2026, 3, 2), -0.5, False, 5.5),
        (date(2026, 3, 2), 0.4, True, 5.0),
        (date(2026, 3, 2), None, True, 5.0),
        (date(2026, 3, 2), None, False, 4.6),
        (date(2026, 2, 28), 0.0, False, 4.6),
    ],
    ids=["exact", "other", "set right", "set right, not told", "not told", "older"],
)
def test_a_newer_certificate_that_says_otherwise_puts_an_end_to_the_correction(
    ctx: Context, zone_id: int, newer: date, deviation: float | None, adjusted: bool, counts: float
) -> None:
    answers.calibrated(ctx, "t1", "temperature", MARCH, deviation=0.4)
    says(ctx, (1, 5.0))
    answers.calibrated(later(ctx, 2), "t1", "temperature", newer, deviation=deviation, adjusted=adjusted)
    says(ctx, (3, 5.0))
    assert newest(ctx)[0] == counts


def test_a_correction_is_stopped_by_hand_and_its_time_stays_corrected(ctx: Context, zone_id: int) -> None:
    answers.calibrated(ctx, "t1", "temperature", MARCH, deviation=0.4)
    says(ctx, (1, 5.0))
    corrections.stop_correcting(later(ctx, 2), "t1", "temperature")
    says(ctx, (3, 5.0))
    assert newest(ctx) == (5.0, None)
    raw = history.raw_readings(ctx, "t1", "temperature", NOON, NOON + timedelta(hours=1))
    assert [one.counts_as for one in raw] == [5.0, 4.6]
    assert audited(ctx) == ["device.corrected", "device.uncorrected"]
    with pytest.raises(Refused, match="not corrected"):
        corrections.stop_correcting(later(ctx, 4), "t1", "temperature")


def test_another_device_by_its_name_is_not_corrected(ctx: Context, zone_id: int) -> None:
    answers.calibrated(ctx, "t1", "temperature", MARCH, deviation=0.4)
    answers.replaced(later(ctx, 1), "t1")
    says(ctx, (3, 5.0))
    assert newest(ctx) == (5.0, None)


def test_a_thermometer_is_corrected_by_one_that_is_known_to_be_right(ctx: Context, zone_id: int) -> None:
    says(ctx, (0, 5.3))
    assert answers.compare_with(later(ctx, 1), "t1", "temperature", 5.0, correct=True) == pytest.approx(0.3)
    says(ctx, (2, 5.3))
    assert newest(ctx) == (5.0, 5.3)
    # What it shows itself is compared, not what was made of it.
    assert answers.compare_with(later(ctx, 3), "t1", "temperature", 5.0) == pytest.approx(0.3)


def test_a_scale_is_corrected_by_one_weighing_and_better_by_six(ctx: Context, zone_id: int) -> None:
    answers.compare_with(ctx, "scale-7", "weight", 5000, 5100, correct=True)
    says(ctx, (1, 10_200), device="scale-7", kind="weight")
    assert newest(ctx, "scale-7") == (10_000, 10_200)
    for truth in (1000, 2000, 4000, 6000, 8000, 9000):
        answers.compare_with(later(ctx, 2), "scale-7", "weight", truth, 1.02 * truth + 30, correct=truth == 9000)
    says(ctx, (3, 1050), device="scale-7", kind="weight")
    assert newest(ctx, "scale-7")[0] == pytest.approx(1000, abs=5)
    service.judge(later(ctx, 60))
    assert service.doubts(ctx) == [], "a scale that is corrected is not in doubt for what it is corrected by"


@pytest.mark.parametrize(
    ("kind", "truth", "shown", "what"),
    [
        ("temperature", 4.0, 40.0, "at most 10 degC"),
        ("weight", 5.0, 5000.0, "times the truth"),
        ("weight", 0.0, 30.0, "weight of something"),
    ],
)
def test_what_is_too_far_off_is_mended_and_not_corrected(
    ctx: Context, zone_id: int, kind: str, truth: float, shown: float, what: str
) -> None:
    device = "t1" if kind == "temperature" else "scale-7"
    with pytest.raises(Invalid, match=what), ctx.tx.transaction():
        answers.compare_with(ctx, device, kind, truth, shown, correct=True)
    assert corrections.history_of_corrections(ctx, device) == []
