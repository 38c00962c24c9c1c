"""The page of accuracy: one sentence first, then pictures, kinds and the worst; and the same by REST and as a file."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.demand.accuracy.service import score_forecasts
from shelfwise.demand.forecasting.service import forecast_site
from shelfwise.store.database import run
from tests.conftest import NOON
from tests.web.conftest import Client
from tests.web.world import World

YESTERDAY = NOON.date() - timedelta(days=1)


@pytest.fixture
def scored(office: Office, world: World) -> None:
    """A mug that sold four a day until five weeks ago and five a day since; forecasts of three evenings are over."""
    with office.context(person("root", Role.ADMIN)) as ctx:
        run(
            ctx.tx,
            """insert into demand_day select 1, item_id, %s, %s::date - n, case when n < 35 then 5 else 4 end
               from item, generate_series(0, 110) n where sku = '21001'""",
            (world.site_id, YESTERDAY),
        )
        for ago in (35, 33, 30, 0):
            forecast_site(ctx, world.site_id, YESTERDAY - timedelta(days=ago))
        assert score_forecasts(ctx, world.site_id, YESTERDAY) == 6


def test_before_the_first_forecast_is_over_the_page_says_when_it_will_speak(client: Client) -> None:
    vera = client("vera")
    assert "Two weeks after the first one" in vera.get("/accuracy").text
    assert vera.get("/api/v1/accuracy?site=LON").json()["whole"] is None


@pytest.mark.usefixtures("scored")
def test_one_sentence_says_how_far_off_beside_the_moving_average_and_over_which_evenings(client: Client) -> None:
    page = client("vera").get("/accuracy").text
    assert "off by 1" in page.split('class="stack"')[0]
    assert "25 Jan 2026 to 30 Jan 2026, for 1 item." in page
    assert "% too little" in page and "/items/21001?site=LON" in page
    assert page.count('<svg class="weeks"') == 2 and "week-tick" in page


@pytest.mark.usefixtures("scored")
def test_programs_are_told_the_same_and_every_scored_forecast_is_a_file(client: Client) -> None:
    vera = client("vera")
    told = vera.get("/api/v1/accuracy?site=LON").json()
    assert told["whole"]["days"] == 84
    assert -0.25 < told["whole"]["bias"] < -0.1
    assert list(told["segments"]) == ["smooth"]
    lines = vera.get("/export/forecast_accuracy.csv?site=LON").text.splitlines()
    assert len(lines) == 7
    assert lines[0].startswith("origin,site,sku,days_ahead,segment,model,days,came,said,off_by")


@pytest.mark.usefixtures("scored")
def test_what_a_planner_sets_stands_on_the_items_page_with_who_and_why_and_can_be_taken_back(client: Client) -> None:
    mara, days = client("mara"), {"first": "2026-03-03", "last": "2026-03-05"}
    item = mara.get("/api/v1/items/21001").json()["item_id"]
    told = days | {"site": "LON", "quantity": "20 %", "reason": "school fair"}
    page = f"/items/{item}/overrides"
    assert "whether it is more or less" in mara.post(page, data=told).text
    assert mara.post(page, data=told | {"quantity": "+20 %"}).status_code == 303
    shown = mara.get("/items/21001").text
    assert "school fair" in shown
    (told_of,) = re.findall(r"(\d+) instead of (\d+)", shown)
    assert int(told_of[0]) == pytest.approx(1.2 * int(told_of[1]), abs=1)
    (one,) = client("vera").get("/api/v1/overrides?site=LON").json()
    assert (one["change"], one["taken_back_at"]) == ("0.2", None)
    assert "school fair" in client("vera").get("/accuracy").text
    assert mara.post(f"/overrides/{one['override_id']}/take-back").status_code == 303
    assert "taken back by" in mara.get("/items/21001").text
