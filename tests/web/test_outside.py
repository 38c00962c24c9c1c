"""The pages of figures from outside, and the same by REST."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from fastapi import FastAPI

from shelfwise.access.context import Office, stand_still
from shelfwise.demand.outside.model import Value
from shelfwise.demand.panel import Frequency
from shelfwise.web.outside_chart import HEIGHT, WIDTH, courses, draw
from tests.conftest import NOON
from tests.web.conftest import Client
from tests.work.receiver import receiver

TODAY = NOON.date()
DAY = timedelta(days=1)
FORM = {
    "name": "Warmest of the day",
    "unit": "degC",
    "site": "",
    "frequency": "day",
    "kind": "weather",
    "lag_days": "0",
}


def test_a_chart_has_a_line_for_each_stretch_and_says_what_was_revised() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    told = [(1, 5.0, 0), (2, 7.0, 0), (4, 6.0, 0), (2, 9.0, 1), (5, 4.0, 0), (5, None, 1)]
    values = [
        Value(number, date(2026, 1, day), value, at + later * DAY, at + later * DAY)
        for number, (day, value, later) in enumerate(told)
    ]
    known = courses(values)
    assert [(one.period.day, one.value, len(one.earlier)) for one in known] == [
        (5, None, 1),
        (4, 6, 0),
        (2, 9, 1),
        (1, 5, 0),
    ]
    chart = draw(known, Frequency.DAY, date(2026, 1, 4))
    assert chart is not None
    assert [(point.course.period.day, point.x, point.y) for point in chart.points] == [
        (1, WIDTH / 8, HEIGHT), (2, WIDTH * 3 / 8, 0), (4, WIDTH * 7 / 8, HEIGHT * 3 / 4),
    ]  # fmt: skip
    assert (len(chart.lines), chart.low, chart.high, chart.today) == (2, Decimal(5), Decimal(9), WIDTH * 7 / 8)
    assert draw([], Frequency.DAY, TODAY) is None


def test_a_series_is_added_told_revised_stopped_and_listed_on_pages(client: Client, office: Office) -> None:
    mara = client("mara")
    assert "Nothing from outside is known" in mara.get("/outside").text
    page = mara.post("/outside/new", data=FORM).headers["location"]
    assert "Nothing was told yet" in mara.get(page).text
    for value in ("4.5", "5.25"):
        assert mara.post(f"{page}/values", data={"of": str(TODAY), "value": value}).status_code == 303
        with office.database.transaction() as tx:
            stand_still(tx, 1, NOON + DAY)
    shown = mara.get(page).text
    assert "5.25 degC" in shown
    assert "1 of 1 day was revised" in shown
    assert 'class="revised"' in shown
    assert mara.post(page, data=FORM | {"name": "Warmth"}).status_code == 303
    assert "another" in mara.post("/outside/new", data=FORM | {"name": "Warmth"}).text
    listed = mara.get("/outside", params={"search": "warm"}).text
    assert f'href="{page}"' in listed
    assert "5.25" in mara.get("/export/outside.csv").text
    mara.post(f"{page}/stop")
    assert "no forecast sees it" in mara.get(page).text
    assert mara.post(f"{page}/resume").status_code == 303


@pytest.fixture
def reachable(app: FastAPI) -> None:
    app.state.settings = replace(app.state.settings, webhook_networks="127.0.0.0/8")


@pytest.mark.usefixtures("reachable")
def test_a_series_is_fetched_at_once_and_says_why_it_could_not_be(client: Client) -> None:
    mara = client("mara")
    page = mara.post("/outside/new", data=FORM).headers["location"]
    with receiver() as there:
        days = {"on": [str(TODAY - DAY), str(TODAY)], "max": [4.5, 6]}
        there.answers += [(200, {}, json.dumps(days).encode()), (200, {}, b"sorry")]
        feed = {
            "url": there.url,
            "format": "json",
            "date_at": "on",
            "value_at": "max",
            "header": "X-Key",
            "secret": "s3",
        }
        assert mara.post(f"{page}/feed", data=feed).headers["location"] == page
        assert "2 new values taken in" in mara.get(page).text
        assert mara.post(f"{page}/refresh").headers["location"] == f"{page}#feed"
    shown = mara.get(page).text
    assert "expected JSON" in shown
    assert "s3" not in shown
    assert "token=secret" not in client("vera").get(page).text
    assert mara.post(f"{page}/feed", data=feed | {"url": "ftp://a.example"}).status_code == 422
    assert mara.post(f"{page}/feed/remove").status_code == 303


def test_programs_add_a_series_and_tell_values_that_are_kept_as_they_were_known(client: Client) -> None:
    mara = client("mara")
    told = {"name": "CPI", "unit": "2020 = 100", "frequency": "month", "kind": "economy", "lag_days": 14}
    made = mara.post("/api/v1/outside", json=told).json()
    at = f"/api/v1/outside/{made['series_id']}"
    for value in (119.1, 119.3, 119.3):
        taken = mara.post(f"{at}/values", json={"values": [{"day": "2026-02-10", "value": value}]}).json()
    assert taken == {"new": 0, "revised": 0, "same": 1}
    assert [(one["period"], one["value"]) for one in mara.get(f"{at}/values").json()] == [
        ("2026-02-01", 119.1), ("2026-02-01", 119.3),
    ]  # fmt: skip
    assert mara.post(at, json=told | {"site": "LON"}).status_code == 409
    assert mara.post(at, json=told | {"kind": "other"}).json()["kind"] == "other"
    assert mara.post(f"{at}/stop").json()["active"] is False
    assert mara.post(f"{at}/refresh").status_code == 409
    assert [one["name"] for one in mara.get("/api/v1/outside").json()] == ["CPI"]
