"""The page of measures: what is known, what is not, what people told, and the figures as a file."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.measure import service as measure
from shelfwise.measure.model import Week
from shelfwise.web.week_chart import draw
from tests.conftest import NOON
from tests.web.conftest import Client
from tests.web.world import World

TODAY = NOON.date()


def record(office: Office, world: World, nights: int) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        for ago in range(nights - 1, -1, -1):
            measure.record_day(ctx, world.site_id, TODAY - timedelta(days=ago))


def test_figures_stand_with_what_is_missing_and_no_verdict_before_there_is_evidence(
    client: Client, office: Office, world: World
) -> None:
    record(office, world, 12)
    page = client("vera").get("/measures").text
    assert "What did it bring?" in page
    assert "not enough evidence yet" in page
    assert "better than before" not in page
    assert "function" not in page.split("<main>")[1]
    assert "Unknown is not zero" in page
    assert 'action="/measures/told"' not in page, "a viewer tells nothing"


def test_before_the_first_night_the_page_says_when_the_first_figures_come(client: Client) -> None:
    assert "No night has passed yet" in client("mara").get("/measures").text


def test_what_a_manager_told_is_kept_in_percents_and_marked(client: Client) -> None:
    mara = client("mara")
    told = {
        "site": "LON", "metric": "count_accuracy", "value": "87", "first": "2025-12-01", "last": "2025-12-31",
        "source": "stocktake of December",
    }  # fmt: skip
    assert mara.post("/measures/told", data=told).status_code == 303
    page = mara.get("/measures").text
    assert "87.0 %" in page and "told by mara" in page and "stocktake of December" in page
    assert mara.post("/measures/told", data=told | {"value": "870"}).status_code == 422


def test_the_rate_of_keeping_stock_is_said_in_percents(client: Client) -> None:
    mara = client("mara")
    assert "Nobody has said" in mara.get("/measures").text
    assert mara.post("/measures/carrying-rate", data={"rate": "22.5"}).status_code == 303
    assert "22.5 % of its value a year" in mara.get("/measures").text
    assert mara.post("/measures/carrying-rate", data={"rate": ""}).status_code == 303
    assert "Nobody has said" in mara.get("/measures").text


def test_every_figure_of_every_day_is_a_file(client: Client, office: Office, world: World) -> None:
    record(office, world, 2)
    lines = client("vera").get("/export/measures.csv?site=LON").text.splitlines()
    assert lines[0] == "day,site,metric,title,value,unit,n,how,leaves_out,period"
    assert any(line.startswith("2026-03-02,LON,stock_value,Stock value,") for line in lines)
    assert all(line.endswith(",before") for line in lines[1:])


def test_a_chart_leaves_a_gap_where_a_week_was_not_measured_and_bands_what_was_before() -> None:
    weeks = [Week(TODAY + timedelta(days=7 * at), value, 5, 7) for at, value in enumerate((2.0, 4.0, 0, 1.0))]
    chart = draw([weeks[0], weeks[1]], [weeks[3]])
    assert chart is not None
    first, second, third = chart.bars
    assert third.x - second.x == pytest.approx(2 * (second.x - first.x), abs=0.02)
    assert chart.band == (0.0, 36.0)
    assert [one.before for one in chart.bars] == [True, True, False]
    assert draw([], []) is None


def test_the_scorecard_says_what_is_missing_before_anything_is_scored(client: Client) -> None:
    page = client("vera").get("/scorecard").text
    assert "Can I trust this?" in page
    assert "No forecast that was acted on is over yet" in page
    assert "20 more times" in page
