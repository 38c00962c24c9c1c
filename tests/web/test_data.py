"""The Data page shows what rules made of the history, and each mend can be taken back there."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.demand import mends
from shelfwise.orders.model import NewSalesLine
from shelfwise.orders.service import take_sales_lines
from shelfwise.store.database import run
from tests.conftest import NOON
from tests.web.conftest import Client
from tests.web.world import World


def sell_and_take_back(office: Office, world: World) -> int:
    """A line of twelve that came back; returns the id of its mend."""
    with office.context(person("root", Role.ADMIN)) as ctx:
        told = [("D1", -9, 12), ("D2", -8, -12)]
        lines = [
            NewSalesLine(order, 1, world.site_id, world.items["21001"], NOON + timedelta(days=day), Decimal(quantity),
                         Decimal(2), "<b>C1</b>")
            for order, day, quantity in told
        ]  # fmt: skip
        take_sales_lines(ctx, lines)
        mends.refresh(ctx, world.site_id)
        (mend,) = mends.stored(ctx, rule="cancelled")
    return mend.mend_id


def test_a_mend_is_shown_with_its_reason_and_taken_back(client: Client, office: Office, world: World) -> None:
    mend_id = sell_and_take_back(office, world)
    mara = client("mara")
    assert "/data/mends?rule=cancelled&amp;state=applied" in mara.get("/data").text
    page = mara.get("/data/mends?rule=cancelled").text
    assert "Order D2 took it back 1 days later." in page
    assert "&lt;b&gt;C1&lt;/b&gt;" in page
    done = mara.post(f"/data/mends/{mend_id}", data={"verdict": "refuse", "then": "/data/mends?rule=cancelled"})
    assert (done.status_code, done.headers["location"]) == (303, "/data/mends?rule=cancelled")
    assert "left as told" in mara.get("/data/mends?rule=cancelled&state=refused").text


def test_a_rule_is_switched_off_and_on(client: Client, world: World) -> None:
    mara = client("mara")
    assert mara.post("/data/rules/copied", data={"state": "off"}).status_code == 303
    assert "Switch on" in mara.get("/data").text
    assert mara.post("/data/rules/copied", data={"state": "on"}).status_code == 303
    assert "Switch on" not in mara.get("/data").text


def test_an_unknown_rule_is_named(client: Client, world: World) -> None:
    mara = client("mara")
    assert mara.get("/data/mends?rule=guesses").status_code == 422
    assert mara.post("/data/rules/guesses", data={"state": "off"}).status_code == 422


def test_all_that_waits_of_a_rule_is_decided_at_once(client: Client, office: Office, world: World) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        for day in (-3, -5):
            run(
                ctx.tx,
                """insert into demand_mend (tenant_id, site_id, rule, day, why, state, found_at)
                   values (1, %s, 'gap', %s, '{"skipped": 7}', 'waiting', %s)""",
                (world.site_id, (NOON + timedelta(days=day)).date(), NOON),
            )
    mara = client("mara")
    assert "Leave all as told" in mara.get("/data/mends?rule=gap&state=waiting").text
    assert mara.post("/data/rules/gap/waiting", data={"verdict": "refuse"}).status_code == 303
    with office.context(person("root", Role.ADMIN)) as ctx:
        assert {one.state for one in mends.stored(ctx, rule="gap")} == {"refused"}
    assert mara.post("/data/rules/guesses/waiting", data={"verdict": "refuse"}).status_code == 422


def test_what_each_source_lacks_leads_to_the_list_of_it(client: Client, world: World) -> None:
    mara = client("mara")
    page = mara.get("/data").text
    assert "Made up for the demo" in page and "/items?lacks=pack&amp;source=invented" in page
    for lack in ("terms", "lead_time", "barcode", "pack", "weight", "place", "wrong_gtin"):
        assert mara.get(f"/items?lacks={lack}&source=invented").status_code == 200
