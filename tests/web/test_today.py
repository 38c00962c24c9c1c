"""Today: each role finds what is theirs, the floor finds buttons, and a read changes nothing."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.orders.model import NewSalesLine
from shelfwise.orders.service import take_sales_lines
from shelfwise.records import service as records
from shelfwise.store.database import run, value
from shelfwise.work import tasks
from tests.conftest import NOON
from tests.web.conftest import AsRole, Client
from tests.web.world import World, propose


def test_the_first_page_is_today_and_the_floor_is_one_step_away(client: Client) -> None:
    page = client("mara").get("/").text
    assert "What does today hold?" in page
    assert 'href="/floor"' in page
    assert "drawn to scale" in client("mara").get("/floor").text


def test_a_planner_decides_and_an_operator_is_given_buttons(
    client: Client, as_role: AsRole, office: Office, world: World
) -> None:
    propose(office, world)
    with office.context(person("root", Role.ADMIN)) as ctx:
        tasks.open_task(
            ctx, kind="check", subject="door", site_id=world.site_id, title="Close the door", role="operator"
        )
    planner = as_role(Role.PLANNER).get("/today").text
    assert "order line" in planner and "proposed for" in planner
    assert "To decide" in planner
    operator = client("omar").get("/today").text
    assert "proposed for" not in operator
    assert "To decide" not in operator
    assert "Close the door" in operator
    assert 'class="day day-big"' in operator
    viewer = client("vera").get("/today").text
    assert "To do" not in viewer
    assert "At risk" in viewer


def test_what_is_too_warm_stands_under_at_risk(client: Client, office: Office, world: World) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        run(
            ctx.tx,
            """insert into excursion
                   (tenant_id, zone_id, device, started_at, confirmed_at, worst_degc, last_observed_at)
               values (1, %s, 'thermo-f', %s, %s, -14.2, %s)""",
            (world.zones["F"], NOON - timedelta(minutes=25), NOON - timedelta(minutes=15), NOON),
        )
    assert "Frozen is outside the limit" in client("vera").get("/today").text


def test_what_changed_is_told_until_somebody_says_that_they_have_read_it(
    client: Client, office: Office, world: World
) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        records.set_go_live(ctx, NOON - timedelta(days=1))
        when = NOON - timedelta(hours=1)
        line = NewSalesLine("S-1", 1, world.site_id, world.items["21000"], when, Decimal(2), Decimal(5))
        take_sales_lines(ctx, [line])
    vera = client("vera")
    for _ in range(2):
        page = vera.get("/today").text
        assert "Since yesterday" in page, "looking changes nothing"
        assert "1 order line taken, 10 EUR" in page
    with office.database.transaction() as tx:
        assert value(tx, "select count(*) from seen_until") == 0
    assert vera.post("/today/seen", data={"until": "2026-03-02T11:30:00+00:00"}).status_code == 303
    assert "Since you looked" in vera.get("/today").text
    assert vera.post("/today/seen", data={"until": "yesterday"}).status_code == 422
    assert vera.post("/today/seen", data={"until": "2026-03-02T11:30:00"}).status_code == 422


def test_a_new_house_leads_to_what_comes_first(office: Office, client: Client) -> None:
    mara = client("mara")
    assert 'href="/risk?' not in mara.get("/today").text
    assert "Nothing, as far as is known" in mara.get("/risk").text
    assert "Nothing, as far as is known" in mara.get("/excess").text
