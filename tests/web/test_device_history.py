"""The history of a device on its page, as figures, as a file, reading by reading, and for programs."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from shelfwise.access.context import Office
from shelfwise.edge.health import tables as health_tables
from shelfwise.edge.health.model import Finding
from shelfwise.edge.history.model import HOUR, History, Point
from shelfwise.web.device_history import chart, silences, with_gaps
from tests.conftest import NOON
from tests.edge.history.telling import MARA, Said, add_probe, hear_and_sum, tell
from tests.web.conftest import Client
from tests.web.world import World


@pytest.fixture
def told(office: Office, world: World) -> None:
    """A probe in the cold zone, each 10 minutes for two days with three silent hours, the last one too warm."""
    with office.context(MARA) as ctx:
        add_probe(ctx, "probe-1", zone_id=world.zones["C"])
        minutes = [n for n in range(2870, -1, -10) if not 600 <= n < 780]
        tell(ctx, [Said(NOON - timedelta(minutes=n), 15.0 if n < 60 else 4.0 + n % 3) for n in minutes])
        # It tells of the air as well; what is watched is shown first.
        tell(ctx, [Said(NOON - timedelta(minutes=5), 60.0, kind="humidity")])
    hear_and_sum(office)


def chart_of(page: str) -> dict[str, Any]:
    found = re.search(r'data-chart="([^"]+)"', page)
    assert found is not None
    chart: dict[str, Any] = json.loads(unescape(found[1]))
    return chart


def test_the_page_draws_a_day_with_its_gap_its_limit_and_when_it_was_outside(client: Client, told: None) -> None:
    page = client("vera").get("/devices/probe-1").text
    chart = chart_of(page)
    assert chart["limits"] == [2.0, 8.0]
    assert chart["mean"].count(None) == 1 and len(chart["at"]) == 144 - 18 + 2
    assert [(until - since) for since, until in chart["outside"]] == [3000.0]
    silent = [(since - chart["since"], until - chart["since"]) for since, until in chart["silent"]]
    begin = 24 * 3600 - 780 * 60 + 300
    assert silent == [(begin, begin + 3 * 3600 + 300)] and "nothing was heard: nothing is known" in page
    assert chart["doubted"] == [] and "key-doubt" not in page
    assert "/devices/probe-1/history?kind=temperature" in page


def test_times_in_doubt_are_hatched_and_say_why(client: Client, office: Office, told: None) -> None:
    with office.context(MARA) as ctx:
        stuck = Finding("temperature", "stuck", NOON - 5 * HOUR, 3.0, {"value": 4.0})
        noisy = Finding("temperature", "noisy", NOON - 30 * HOUR, 9.0)
        first = health_tables.open_doubt(ctx.tx, 1, "probe-1", noisy, NOON - 28 * HOUR)
        health_tables.end_doubt(ctx.tx, 1, first or 0, NOON - 20 * HOUR)
        believed = Finding("temperature", "spikes", NOON - 9 * HOUR, 4.0)
        second = health_tables.open_doubt(ctx.tx, 1, "probe-1", believed, NOON - 8 * HOUR)
        health_tables.quieten(ctx.tx, 1, second or 0, NOON + 9 * HOUR, "it is right", "mara")
        health_tables.open_doubt(ctx.tx, 1, "probe-1", stuck, NOON - 2 * HOUR)
        health_tables.open_doubt(ctx.tx, 1, "probe-1", Finding("humidity", "stuck", NOON - HOUR, 3.0), NOON)
    page = client("vera").get("/devices/probe-1/history?kind=temperature&over=day").text
    chart = chart_of(page)
    now = NOON.timestamp()
    assert chart["doubted"] == [[chart["since"], now - 20 * 3600], [now - 5 * 3600, now]]
    assert "has said exactly 4 °C for 3 hours" in page and "key-doubt" in page
    assert "far off" not in page, "a person said that it was right"


def test_the_picture_of_a_zone_has_its_gaps_too_and_ends_now(client: Client, told: None, world: World) -> None:
    page = client("vera").get(f"/zones/{world.zones['C']}").text
    drawn = chart_of(page)
    assert (drawn["since"], drawn["until"]) == (NOON.timestamp() - 24 * 3600, NOON.timestamp())
    assert drawn["mean"].count(None) == 1 and len(drawn["silent"]) == 1
    assert "nothing was heard: nothing is known" in page and "outside its limit" in page


def test_longer_times_and_figures_stand_on_a_page_of_their_own_and_in_a_file(client: Client, told: None) -> None:
    page = client("vera").get("/devices/probe-1/history?kind=temperature&over=week").text
    assert "the last 7 days" in page and "30 min from" in page and len(chart_of(page)["at"]) == 92 + 1
    file = client("vera").get("/devices/probe-1/history.csv?kind=temperature&over=week")
    rows = list(csv.DictReader(io.StringIO(file.text)))
    assert len(rows) == 92
    assert sum(int(row["readings"]) for row in rows) == 288 - 18
    assert rows[-2]["high_degC"] == "15.0"


def test_readings_stand_one_by_one_page_after_page(client: Client, told: None) -> None:
    address, seen = "/devices/probe-1/readings?kind=temperature", 0
    while address:
        page = client("vera").get(address).text
        seen += page.count("°C</td>")
        further = re.search(r'href="([^"]+)">Older ones', page)
        address = unescape(further[1]) if further else ""
    assert seen == 288 - 18
    assert client("vera").get("/devices/probe-1/readings?before=x").status_code == 422


def test_programs_get_readings_and_points(client: Client, told: None) -> None:
    browser = client("vera")
    found = browser.get("/api/v1/devices/probe-1/readings?kind=temperature&limit=7").json()
    assert [one["value"] for one in found] == [15.0] * 6 + [4.0]
    last = found[-1]
    behind = browser.get(
        "/api/v1/devices/probe-1/readings",
        params={"kind": "temperature", "limit": 1, "before": last["observed_at"], "before_key": last["key"]},
    ).json()
    assert behind[0]["observed_at"] < last["observed_at"]
    points = browser.get("/api/v1/devices/probe-1/history?kind=temperature&points=24").json()
    assert (points["step_s"], points["points"][-1]["high"]) == (3600.0, 15.0)
    assert browser.get("/api/v1/devices/nobody/history?kind=temperature").status_code == 404


def test_a_device_that_said_nothing_says_so(client: Client, office: Office, world: World) -> None:
    with office.context(MARA) as ctx:
        add_probe(ctx, "probe-1")
    assert "It has not said anything yet" in client("mara").get("/devices/probe-1/history").text
    assert "No reading here" in client("mara").get("/devices/probe-1/readings").text


def test_what_is_unknown_is_a_silence_and_never_a_zero() -> None:
    at = [NOON + n * HOUR for n in (3, 4, 5, 9)]
    points = tuple(Point(one, 1, 1, 1.0, 1.0, 1.0, 1.0, one) for one in at)
    found = History("d", "temperature", NOON, NOON + 24 * HOUR, HOUR, points)
    silent = silences(found, NOON + 13 * HOUR)
    assert silent == [(NOON, at[0]), (at[2] + HOUR, at[3]), (at[3] + HOUR, NOON + 13 * HOUR)]
    drawn = chart(found, (None, None), [], [], silent)
    assert 0 not in drawn["mean"] and drawn["mean"].count(None) == 1
    assert silences(replace(found, points=()), NOON + 13 * HOUR) == [(NOON, NOON + 13 * HOUR)]
    tags = chart(replace(found, kind="tag"), (None, None), [], [], [])
    assert tags["count"] == [1, 1, 1, None, 1]


def test_a_device_that_speaks_seldom_has_no_gaps_but_its_silences() -> None:
    at = [NOON + n * HOUR for n in (0, 1, 2, 3, 9, 10)]
    points = tuple(Point(one, 1, 1, 1.0, 1.0, 1.0, 1.0, one) for one in at)
    step = timedelta(minutes=5)
    shown = with_gaps(History("d", "temperature", NOON, NOON + 12 * HOUR, step, points))
    assert [one for one, point in shown if point is None] == [NOON + 3 * HOUR + step]
