"""Series from outside: told, revised, imported and given out, and never known too early."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from shelfwise.access.context import Context, Office
from shelfwise.access.model import Role, person
from shelfwise.core.errors import Invalid, Refused
from shelfwise.demand.outside import service as outside
from shelfwise.demand.outside.model import Kind, NewSeries, Told
from shelfwise.demand.outside.service import Taken
from shelfwise.demand.panel import Frequency
from shelfwise.intake import undoing
from shelfwise.intake.giving_out import give_out
from shelfwise.intake.importing import check, run
from shelfwise.records import service as records
from tests.conftest import NOON

MARA = person("mara", Role.ADMIN)
TODAY = NOON.date()
DAY = timedelta(days=1)
SERIES = (
    "series,site,unit,frequency,kind,ahead,lag_days\nFootfall,LON,people,day,other,no,0\nCPI,,,month,economy,no,14\n"
)
VALUES = (
    "series,site,date,value,known_at\nFootfall,LON,2026-02-27,812,\nFootfall,LON,2026-02-28,-0.5,\n"
    "CPI,,2026-01-01,119.1,2026-02-14T09:00:00+00:00\nCPI,,2026-01-31,119.3,2026-02-28T09:00:00+00:00\n"
)


@pytest.fixture
def shop(office: Office) -> Office:
    """An office with the sites LON and NYC."""
    with office.context(MARA) as ctx:
        for code, zone in (("LON", "Europe/London"), ("NYC", "America/New_York")):
            records.add_site(ctx, code=code, name=code, time_zone=zone, width_m=20, depth_m=10)
    return office


def later(ctx: Context, days: int) -> Context:
    return replace(ctx, now=ctx.now + days * DAY)


def test_columns_of_an_origin_stay_whatever_is_told_or_revised_after_it(shop: Office) -> None:
    asked = [TODAY + n * DAY for n in range(-60, 10)]
    with shop.context(MARA) as ctx:
        warm = outside.add_series(ctx, NewSeries("Warmth", 1, "degC", kind=Kind.WEATHER))
        index = outside.add_series(ctx, NewSeries("CPI", frequency=Frequency.MONTH, kind=Kind.ECONOMY, lag_days=14))
        fair = outside.add_series(ctx, NewSeries("Fair", kind=Kind.EVENT, ahead=True))
        outside.add_series(ctx, NewSeries("Elsewhere", 2))
        outside.tell(ctx, warm, [Told(day, float(day.day)) for day in asked if day <= TODAY])
        outside.tell(ctx, index, [Told(date(2026, 1, 1), 119.0)])
        outside.tell(ctx, fair, [Told(TODAY + 3 * DAY, 1.0), Told(TODAY + 5 * DAY, 1.0)])
        seen = outside.columns(ctx, 1, asked, TODAY)
        assert [(one.name, one.ahead) for one in seen] == [("CPI", False), ("Fair", True), ("Warmth", False)]
        known = {one.name: dict(zip(asked, one.values.tolist(), strict=True)) for one in seen}
        assert (known["Warmth"][TODAY], known["CPI"][date(2026, 2, 16)], known["Fair"][TODAY + 4 * DAY]) == (2, 119, 0)
        assert np.isnan([known["Warmth"][TODAY + DAY], known["CPI"][date(2026, 2, 13)]]).all()

        then = later(ctx, 1)
        revised = outside.tell(then, warm, [Told(day, 99.0) for day in (TODAY, TODAY + DAY, TODAY - 50 * DAY)])
        assert revised == Taken(new=1, revised=2, same=0)
        outside.tell(then, index, [Told(date(2026, 1, 1), 130.0), Told(date(2025, 12, 1), 118.0)])
        outside.tell(then, fair, [Told(TODAY + 3 * DAY, None), Told(TODAY + 4 * DAY, 1.0)])
        for before, after in zip(seen, outside.columns(then, 1, asked, TODAY), strict=True):
            np.testing.assert_array_equal(before.values, after.values)
        assert [one.values.dtype for one in seen] == [np.float32] * 3

        outside.stop_series(then, warm)
        assert [one.name for one in outside.columns(then, 1, asked, TODAY + DAY)] == ["CPI", "Fair"]


def test_only_what_is_new_or_another_value_is_added(shop: Office) -> None:
    with shop.context(MARA) as ctx:
        one = outside.add_series(ctx, NewSeries("Warmth"))
        assert outside.tell(ctx, one, [Told(TODAY - DAY, 3.0), Told(TODAY, 4.0)]) == Taken(2, 0, 0)
        assert outside.tell(ctx, one, [Told(TODAY - DAY, 3.0), Told(TODAY, 5.0)]) == Taken(0, 1, 1)
        assert [row.value for row in outside.values_of(ctx, one)] == [3.0, 4.0, 5.0]
        with pytest.raises(Invalid, match="one value a day"):
            outside.tell(ctx, one, [Told(TODAY, 1.0), Told(TODAY, 2.0)])
        with pytest.raises(Invalid, match="a time that has been"):
            outside.tell(ctx, one, [Told(TODAY, 1.0, NOON + DAY)])
        with pytest.raises(Refused, match="has values"):
            outside.change_series(ctx, one, NewSeries("Warmth", frequency=Frequency.WEEK))
        with pytest.raises(Invalid, match="a name of its own"):
            outside.add_series(ctx, NewSeries("Warmth", 1))


def test_files_come_in_go_out_and_are_taken_back(shop: Office, tmp_path: Path) -> None:
    path, told = tmp_path / "outside_series.csv", tmp_path / "outside_values.csv"
    path.write_text(SERIES, "utf-8")
    told.write_text(VALUES, "utf-8")
    with pytest.raises(Invalid, match="a series that exists"):
        run(shop, MARA, told)
    for file, rows in ((path, 2), (told, 4)):
        (table,) = (done := run(shop, MARA, file)).tables
        assert (table.kind and table.kind.name, table.created) == (file.stem, rows)
        assert [(one.created, one.changed, one.unchanged) for one in check(shop, MARA, file).tables] == [(0, 0, rows)]
    with shop.context(MARA) as ctx:
        (given,) = give_out(ctx, ["outside_values"])
        shown = [(row["series"], str(row["date"]), str(row["value"]), str(row["known_at"])) for row in given.records]
        assert shown == [
            ("CPI", "2026-01-01", "119.1", "2026-02-14 09:00:00+00:00"),
            ("CPI", "2026-01-01", "119.3", "2026-02-28 09:00:00+00:00"),
            ("Footfall", "2026-02-27", "812", "2026-02-28 00:00:00+00:00"),
            ("Footfall", "2026-02-28", "-0.5", "2026-03-01 00:00:00+00:00"),
        ]
        assert undoing.undo(ctx, done.file_id or 0).restored == 4
        (given,) = give_out(ctx, ["outside_values"])
        assert list(given.records) == []
        # What was told stays, and counts for the days on which it was known.
        assert len(outside.values_of(ctx, 1)) == 4


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ("Footfall,,2026-02-27,812,", "a series that exists"),
        ("Footfall,LON,2026-02-27,,", "a number"),
        ("CPI,,2026-01-02,1,\nCPI,,2026-01-03,2,", "one value a month"),
        ("CPI,,1926-01-02,1,", "a day from 1990"),
    ],
)
def test_what_cannot_be_right_in_a_file_is_named(shop: Office, tmp_path: Path, row: str, wanted: str) -> None:
    path = tmp_path / "outside_series.csv"
    path.write_text(SERIES, "utf-8")
    run(shop, MARA, path)
    (path := tmp_path / "outside_values.csv").write_text(f"{VALUES.splitlines()[0]}\n{row}\n", "utf-8")
    with pytest.raises(Invalid, match=wanted):
        run(shop, MARA, path)
