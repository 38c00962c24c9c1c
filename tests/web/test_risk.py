"""What may run out, what is too much: as pages, files, an item's own strip, and for programs."""

from __future__ import annotations

from datetime import date

import pytest
from starlette.testclient import TestClient

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.measure.today_tables import proposed_against
from shelfwise.planning.model import Params
from shelfwise.planning.risk import service as risk
from shelfwise.planning.settings import set_params
from shelfwise.records.service import add_site
from shelfwise.store.database import run
from shelfwise.web.risk_words import HEIGHT, advice, strip
from tests.web.conftest import Client
from tests.web.world import HOSTILE, World, propose


@pytest.fixture
def root(office: Office, client: Client, world: World) -> TestClient:
    """A planner's browser, after a look ahead at a site with forecasts; one item has far too much stock."""
    propose(office, world)
    with office.context(person("root", Role.ADMIN)) as ctx:
        risk.look_ahead(ctx, world.site_id)
        run(
            ctx.tx,
            """update stock_outlook set surplus = 80, daily = 1, unit_cost = 2, advice = %s::jsonb
               where item_id = %s""",
            ('[{"deed": "mark_down", "quantity": 80, "about": "", "subject_id": null}]', world.items["21001"]),
        )
    return client("mara")


def test_what_may_run_out_stands_with_its_days_and_what_is_at_stake(root: TestClient) -> None:
    page = root.get("/risk?show=all").text
    assert "What may run out?" in page
    assert "Likely out in 28 days" in page
    assert 'class="risk-strip"' in page and "Risk of having run out: " in page
    assert HOSTILE not in page
    for narrowed in (
        "site=LON",
        "zone=1",
        "category=x",
        "supplier=1",
        "class=A",
        "show=out",
        "show=soon",
        "sort=-margin_lost",
    ):
        assert root.get(f"/risk?{narrowed}").status_code == 200, narrowed


def test_too_much_says_what_it_costs_and_what_can_be_done(root: TestClient) -> None:
    page = root.get("/excess").text
    assert "What is too much?" in page
    assert "€160.00" in page, "80 at 2"
    assert "€3.33" in page, "a quarter of it a year, by the month"
    assert '<a href="/promotions/new?sku=21001">Mark down 80</a>' in page
    for narrowed in ("show=idle", "show=expiring", "show=coming", "zone=zz", "supplier=0", "sort=keeping"):
        assert root.get(f"/excess?{narrowed}").status_code == 200, narrowed


def test_today_counts_what_the_page_of_too_much_lists(root: TestClient, office: Office, world: World) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        run(ctx.tx, "update stock_outlook set surplus_coming = 5 where item_id = %s", (world.items["21002"],))
    _, *lines = root.get("/export/excess.csv").text.splitlines()
    assert len(lines) > 1
    assert f"Of {len(lines)} items more is there or comes than will sell" in root.get("/today").text


def test_a_transfer_against_running_out_is_called_one(root: TestClient, office: Office, world: World) -> None:
    assert "an order is proposed" in root.get("/export/risk.csv?show=all").text
    with office.context(person("root", Role.ADMIN)) as ctx:
        other = add_site(ctx, code="PAR", name="Paris", time_zone="Europe/Paris", width_m=9.0, depth_m=9.0)
        run(ctx.tx, "update proposal set action = 'transfer', supplier_id = null, from_site_id = %s", (other,))
        assert proposed_against(ctx.tx, ctx.tenant, [(world.items["21000"], world.site_id)]) == (0, 1)
    told = root.get("/export/risk.csv?show=all").text
    assert "a transfer is proposed" in told
    assert "an order is proposed" not in told


def test_too_much_is_beyond_what_each_site_wants_to_last(root: TestClient, office: Office, world: World) -> None:
    assert "sells within 60 days" in root.get("/excess").text
    with office.context(person("root", Role.ADMIN)) as ctx:
        set_params(ctx, world.site_id, Params(longest_cover_days=120))
    assert "sells within 120 days" in root.get("/excess").text


def test_both_are_given_out_as_files_and_to_programs(root: TestClient, world: World) -> None:
    heads, *lines = root.get("/export/risk.csv?show=all").text.splitlines()
    assert heads.startswith("sku,description,site,near,in_14_days,far,out_day,units_lost,margin_lost")
    assert len(lines) >= 1
    assert "Mark down 80" in root.get("/export/excess.csv").text
    said = root.get("/api/v1/risk?site=LON").json()
    assert said["site"] == "LON" and said["as_of"] and said["currency"] == "EUR"
    assert len(said["items"][0]["out_by"]) == 28
    near = [one["out_by"][6] for one in said["items"]]
    assert near == sorted(near, reverse=True)
    much = root.get("/api/v1/excess?site=LON").json()
    (one,) = (one for one in much["items"] if one["sku"] == "21001")
    assert one["surplus"] == 80
    assert one["advice"] == [{"deed": "mark_down", "quantity": 80, "about": ""}]
    assert root.get("/api/v1/risk?site=nowhere").status_code == 404


def test_an_item_shows_its_own_risk(root: TestClient) -> None:
    sku = root.get("/api/v1/risk?site=LON").json()["items"][0]["sku"]
    page = root.get(f"/items/{sku}?site=LON").text
    assert "When may it run out?" in page
    assert "risk-strip-large" in page


def test_nothing_is_said_before_the_first_night(client: Client) -> None:
    assert client("vera").get("/api/v1/risk?site=LON").json()["items"] == []
    assert client("vera").get("/api/v1/excess?site=LON").json()["as_of"] is None
    assert "Nothing, as far as is known" in client("vera").get("/risk").text


def test_a_day_is_drawn_as_high_as_it_is_likely() -> None:
    drawn = strip([0.0, 0.3, 0.8], date(2026, 3, 2))
    assert drawn is not None
    assert [bar.kind for bar in drawn.bars] == ["none", "possible", "likely"]
    assert drawn.bars[2].height == pytest.approx(0.8 * HEIGHT)
    assert drawn.bars[1].words == "by Tuesday 3 March: 30 %"
    assert strip([], date(2026, 3, 2)) is None


@pytest.mark.parametrize(
    ("deed", "said", "link"),
    [
        ("order_less", "Take 5 off X/1", "/orders/9"),
        ("move", "Move 5 to X/1, which will lack them", "/transfers/new"),
        ("mark_down", "Mark down 5 of lot X/1", "/promotions/new?sku=A%2F1"),
        ("give_back", "Ask X/1 to take 5 back", "/orders?show=all&search=A%2F1"),
        ("write_off", "Write 5 off", "/lies?item=7"),
    ],
)
def test_what_can_be_done_leads_to_where_it_is_done(deed: str, said: str, link: str) -> None:
    one = {"deed": deed, "quantity": 5.0, "about": "X/1", "subject_id": 9}
    assert advice(one, "A/1", 7) == (said, link)
