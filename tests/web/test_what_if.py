"""What a forecast is made of stands on the item's page; what if is asked on a page of its own, and changes nothing."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from psycopg.types.json import Jsonb

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.demand.explaining.model import GROUPS, Cause, Explained, Group, Stretch
from shelfwise.demand.panel import Frequency
from shelfwise.planning.model import Params
from shelfwise.planning.settings import set_params
from shelfwise.store.database import run
from shelfwise.web.made_of import WIDTH, made_of
from tests.conftest import NOON
from tests.web.conftest import Client
from tests.web.test_rights import audited
from tests.web.world import World, propose

TODAY = NOON.date()
DAY = timedelta(days=1)
AMOUNTS = {Group.LEVEL: 50.0, Group.SEASON: -6.0, Group.PROMOTION: 16.0}


def _explained() -> Explained:
    weeks = tuple(
        Stretch(
            TODAY + 7 * n * DAY, TODAY + (7 * n + 6) * DAY, {group: AMOUNTS.get(group, 0.0) / 2 for group in GROUPS}
        )
        for n in (0, 1)
    )
    cause = Cause(Group.PROMOTION, "promotion", date(2026, 3, 4), date(2026, 3, 5))
    return Explained("boosted trees", Frequency.DAY, 14, 48.0, weeks, (cause,))


SUMMARY = {
    "explained": _explained().as_json(),
    "inputs": [
        {"name": "price", "gain": 0.031, "kept": True}, {"name": "holiday", "gain": 0.0, "kept": True},
        {"name": "temperature", "gain": -0.01, "kept": False}, {"name": "fuel", "gain": 0.006, "kept": False},
    ],
}  # fmt: skip


@pytest.fixture
def forecast(office: Office, world: World) -> World:
    propose(office, world)
    return world


def test_each_bar_begins_where_the_one_before_ended_and_what_is_less_goes_back() -> None:
    found = made_of(SUMMARY, "each")
    assert found is not None
    level, season, promotion, total = found.bars
    assert (level.x, level.width, total.x) == (0.0, round(50 / 60 * WIDTH, 2), 0.0)
    assert season.x == pytest.approx(44 / 60 * WIDTH, abs=0.01)
    assert promotion.x == pytest.approx(season.x) and promotion.x + promotion.width == pytest.approx(WIDTH, abs=0.01)
    assert [bar.amount for bar in found.bars] == [50, -6, 16, 60]
    assert [week.amounts for week in found.weeks] == 2 * [(25, -3, 8, 30)]


def test_which_inputs_were_used_is_said_in_words() -> None:
    found = made_of(SUMMARY, "each")
    assert found is not None
    assert [(one.name, one.words) for one in found.inputs] == [
        ("price", "used, 3.1 % better with it"),
        ("holiday", "used, though it could not be tested much"),
        ("temperature", "not used, no better with it"),
        ("fuel", "not used, 0.6 % better with it, which may be chance"),
    ]
    simple = made_of(SUMMARY | {"explained": _explained().as_json() | {"model": "Theta"}}, "each")
    assert simple is not None and simple.inputs == ()
    assert made_of(None, "each") is made_of({"model": "Theta"}, "each") is None


def test_the_page_of_an_item_says_what_its_forecast_is_made_of_where_it_is_known(
    client: Client, office: Office, forecast: World
) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        run(ctx.tx, "update forecast set summary = summary - 'explained'")
    mara = client("mara")
    assert "made of?" not in mara.get("/items/21000").text
    with office.context(person("root", Role.ADMIN)) as ctx:
        run(ctx.tx, "update forecast set summary = summary || %s", (Jsonb(SUMMARY),))
    page = mara.get("/items/21000").text
    assert (
        "Expected 60 pieces in the next 2 weeks: 50 by the level of the last weeks, 6 fewer for the season, "
        "16 more for the promotion from 4 to 5 March." in page
    )
    assert 'class="bar-less"' in page and "<b>Price</b>: used, 3.1 % better with it" in page
    assert "/items/21000/what-if?site=LON" in page


def test_what_if_shows_both_sides_and_changes_nothing(client: Client, office: Office, forecast: World) -> None:
    before = audited(office)
    vera = client("vera")
    page = vera.get("/items/21000/what-if").text
    assert "How it is</h2>" in page and "Reorder point" in page and "What if</th>" not in page
    asked = {
        "site": "LON", "demand": "1.5", "lead": "2", "service": "99.9", "first": str(TODAY + DAY),
        "last": str(TODAY + 7 * DAY), "lift": "2,5",
    }  # fmt: skip
    page = vera.get("/items/21000/what-if", params=asked).text
    for words in (
        "more would be wanted in the next 28 days",
        "2.5 times as much, as you said",
        "99.9 of 100",
        'value="2,5"',
    ):
        assert words in page
    assert audited(office) == before


def test_what_is_set_for_the_site_stands_where_something_else_may_be_asked(
    client: Client, office: Office, forecast: World
) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        set_params(ctx, forecast.site_id, Params(service_level=0.9, longest_cover_days=120))
    page = client("vera").get("/items/21000/what-if").text
    assert 'placeholder="90"' in page and 'placeholder="120"' in page
    assert "no stockout in 90 of 100 deliveries" in page


def test_a_question_that_cannot_be_answered_is_shown_again_with_what_to_do(client: Client, forecast: World) -> None:
    vera = client("vera")
    for asked, words in (
        ({"demand": "much"}, "a finite decimal number"),
        ({"service": "12"}, "50 to 99.9 %"),
        ({"first": str(TODAY), "last": str(TODAY), "discount": "20"}, "Say what you expect"),
        ({"first": str(TODAY)}, "Choose a day"),
        ({"review": "400"}, "a number from 1 to 90"),
        ({"pack": "0"}, "more than zero"),
        ({"supplier": "987654"}, "one who sells it"),
    ):
        answer = vera.get("/items/21000/what-if", params=asked)
        assert answer.status_code == 422 and words in answer.text
    assert "no forecast of it yet" in vera.get("/items/21001/what-if").text


def test_programs_ask_what_if_too(client: Client, forecast: World) -> None:
    vera, where = client("vera"), "/api/v1/items/21000/what-if"
    found = vera.get(where, params={"demand": 2, "lead_time": 1.5}).json()
    assert found["then"]["expected"] == pytest.approx(2 * found["now"]["expected"], rel=0.05)
    assert len(found["now"]["daily"]["p50"]) == 28 and found["lift"] is None
    promoted = {"first": str(TODAY), "last": str(TODAY + DAY), "lift": 3}
    assert vera.get(where, params=promoted).json()["lift"] == {"factor": 3, "low": 3, "high": 3, "events": 0}
    assert vera.get(where, params={"first": str(TODAY)}).status_code == 422
    bigger = vera.get(where, params={"minimum_order": 5000, "pack_size": 24}).json()
    assert bigger["then"]["quantity"] in ("0", "5016") and bigger["then"]["yearly_cost"] > bigger["now"]["yearly_cost"]
    assert vera.get(where, params={"supplier": "NOBODY"}).status_code == 404
    assert vera.get("/api/v1/items/21001/what-if").status_code == 404
