"""The first hour in a browser: setting up, the list of what is missing, going live, devices, and a look now."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

from shelfwise import jobs
from shelfwise.access.context import Office
from shelfwise.access.model import Role, person, system
from shelfwise.agents import runs
from shelfwise.edge import devices
from shelfwise.orders import service as orders
from shelfwise.orders.model import NewSalesLine
from shelfwise.records import service as records
from shelfwise.records.company import company
from shelfwise.records.habits import habits
from shelfwise.stock import service as stock
from shelfwise.stock.model import NewMovement
from shelfwise.store.database import run, value
from tests.conftest import NOON
from tests.web.conftest import PRINTED, AsRole, TestClient

OWN = "three random words"
SETUP = {
    "company": "Klein & Söhne", "currency": "CHF", "time_zone": "Europe/Zurich", "numbers": "ch", "days": "dmy",
    "site": "Lager", "code": "ZRH", "name": "Anna Klein", "password": OWN, "again": OWN,
}  # fmt: skip


def test_the_first_sign_in_leads_to_the_page_that_asks_who_we_are(fresh: TestClient, office: Office) -> None:
    assert fresh.get("/").headers["location"] == "/setup"
    assert "Europe/Zurich" in fresh.get("/setup").text
    old = dict(fresh.cookies)
    done = fresh.post("/setup", data=SETUP)
    assert (done.status_code, done.headers["location"]) == (303, "/start")
    assert "Anna Klein" in fresh.get("/account").text or fresh.get("/account").status_code == 200
    with office.context(system("test")) as ctx:
        assert (company(ctx).name, company(ctx).currency) == ("Klein & Söhne", "CHF")
        assert (habits(ctx).time_zone, habits(ctx).numbers, habits(ctx).days) == ("Europe/Zurich", "ch", "dmy")
        (site,) = records.sites(ctx)
        assert (site.code, site.name, site.time_zone) == ("ZRH", "Lager", "Europe/Zurich")
    # The printed password and whoever came in with it are out; the page is there once.
    fresh.cookies.clear()
    assert fresh.post("/sign-in", data={"login": "admin", "password": PRINTED}).status_code == 401
    assert fresh.get("/", headers={"Cookie": f"shelfwise_session={old['shelfwise_session']}"}).status_code == 303
    assert fresh.post("/sign-in", data={"login": "admin", "password": OWN}).status_code == 303
    assert "It is set up" in fresh.get("/setup").text
    assert fresh.post("/setup", data=SETUP).status_code == 409
    assert fresh.get("/").status_code == 200


def test_what_cannot_be_right_is_said_and_nothing_is_half_set_up(fresh: TestClient, office: Office) -> None:
    wrong = {
        "currency": "EURO", "time_zone": "Mars/Olympus", "company": " ", "again": "other words here", "site": "",
        "name": "", "password": "short",
    }  # fmt: skip
    for field, text in wrong.items():
        answer = fresh.post("/setup", data=SETUP | {field: text} | ({"again": text} if field == "password" else {}))
        assert answer.status_code == 422, field
        assert "expected" in answer.text
        assert "Klein &amp; Söhne" in answer.text or field == "company"
    with office.context(system("test")) as ctx:
        assert company(ctx).name == "My warehouse"
        assert records.sites(ctx) == []


def test_the_list_names_what_is_missing_and_leads_to_it(as_role: AsRole, office: Office) -> None:
    browser = as_role(Role.ADMIN)
    with office.context(person("root", Role.ADMIN)) as ctx:
        records.add_item(ctx, sku="ORPHAN")
        run(ctx.tx, "delete from setting where name = 'go_live'")
    page = browser.get("/start").text
    for link in ("/items?lacks=barcode", "/items?lacks=terms", "/go-live"):
        assert link in page
    listed = browser.get("/items?lacks=terms").text
    assert "ORPHAN" in listed
    assert "21001" not in listed
    for lacks in ("barcode", "lead_time", "stock", "history", "rule"):
        assert browser.get(f"/items?lacks={lacks}").status_code == 200
    assert browser.post("/start/steps/mail", data={"aside": "true"}).status_code == 303
    assert "Take it up again" in browser.get("/start").text
    assert browser.post("/start/steps/go_live", data={"aside": "true"}).status_code == 303
    assert browser.post("/start/steps/nonsense", data={"aside": "true"}).status_code == 404
    assert 'href="/start"' in browser.get("/stock").text
    browser.post("/start/steps/page", data={"aside": "true"})
    assert 'href="/start"' not in browser.get("/stock").text


def test_going_live_is_explained_decided_and_moved_until_something_has_happened(
    as_role: AsRole, office: Office
) -> None:
    browser = as_role(Role.ADMIN)
    with office.context(person("root", Role.ADMIN)) as ctx:
        run(ctx.tx, "delete from setting where name = 'go_live'")
        tea = records.add_item(ctx, sku="TEA")
    assert "Not decided yet" in browser.get("/go-live").text
    asked = browser.post("/go-live", data={"when": "then", "at": "2026-03-03T06:00"})
    assert asked.status_code == 409
    assert "never said to lie anywhere" in asked.text
    told = {"when": "then", "at": "2026-03-03T06:00", "confirmed": "yes"}
    assert browser.post("/go-live", data=told).status_code == 303
    with office.context(system("test")) as ctx:
        assert records.go_live(ctx) == NOON + timedelta(hours=18)
    assert browser.post("/go-live", data=told | {"at": "2026-02-03T06:00"}).status_code == 422
    assert browser.post("/go-live", data={"when": "now", "confirmed": "yes"}).status_code == 303
    with office.context(person("root", Role.ADMIN)) as ctx:
        (site, *_) = records.sites(ctx)
        dock = records.place_by_code(ctx, site.site_id, "DOCK").place_id
        shelf = records.add_place(ctx, site_id=site.site_id, code="NEW-1")
        stock.opening_stock(ctx, [(tea, dock, Decimal(5))])
        # What is said to lie there to begin with is no reason to keep the moment; a movement is.
        assert browser.get("/go-live").text.count("Move it") >= 1
        stock.post(ctx, NewMovement(tea, dock, shelf, Decimal(1), "move"))
    refused = browser.post("/go-live", data=told)
    assert refused.status_code == 409
    assert "1 movements" in refused.text


def test_a_device_is_added_on_a_page_and_its_secret_shown_once(as_role: AsRole, office: Office) -> None:
    browser = as_role(Role.ADMIN)
    with office.context(system("test")) as ctx:
        (site, *_) = records.sites(ctx)
        place = next(one for one in records.places(ctx, site.site_id) if one.kind == "bin")
    assert f"place:{place.place_id}" in browser.get("/devices/new").text
    told = {"device": "scale-99", "name": "Under it", "family": "scale", "stands": f"place:{place.place_id}"}
    shown = browser.post("/devices/new", data=told)
    secret = re.search(r'big-code code" id="secret">([^<]+)<', shown.text)
    assert secret is not None
    assert "mosquitto_pub -h shelfwise.test -p 1883" in shown.text
    with office.context(system("test")) as ctx:
        known = devices.device(ctx, "scale-99")
        assert known is not None
        assert known.proves(secret[1].encode())
    assert secret[1] not in browser.get("/devices").text
    assert "scale-99" in browser.get("/devices?state=never+heard").text
    again = browser.post("/devices/new", data=told)
    assert again.status_code == 409
    assert "Under it" in again.text
    assert browser.post("/devices/scale-99/active", data={"active": "false"}).status_code == 303
    renewed = browser.post("/devices/scale-99/secret")
    assert secret[1] not in renewed.text
    with office.context(system("test")) as ctx:
        known = devices.device(ctx, "scale-99")
        assert known is not None
        assert not known.active
        assert not known.proves(secret[1].encode())


def test_a_look_now_says_what_came_of_it_and_the_night_proposes_nothing_twice(as_role: AsRole, office: Office) -> None:
    browser = as_role(Role.ADMIN)
    with office.context(person("root", Role.ADMIN)) as ctx:
        site_id = records.sites(ctx)[0].site_id
        records.set_go_live(ctx, NOON)
        mug = records.item_by_sku(ctx, "21001").item_id
        sold = [
            NewSalesLine(f"H{day}", 1, site_id, mug, NOON - timedelta(days=day), Decimal(9), Decimal(5))
            for day in range(1, 60)
        ]
        orders.take_sales_lines(ctx, sold)
    assert "Nobody has looked yet" in browser.get("/start").text
    assert browser.post("/start/look").status_code == 303
    browser.post("/start/look")
    with office.context(system("test")) as ctx:
        (asked,) = runs.latest_runs(ctx)
        assert asked.state == "waiting"
        assert value(ctx.tx, "select count(*) from planning_run") == 1
    assert "Waiting for its turn" in browser.get("/start").text
    jobs.look(office, asked.run_id)
    with office.context(system("test")) as ctx:
        done = runs.planning_run(ctx, asked.run_id)
        assert done.state == "done"
        assert done.result["forecast"] == 1
        assert done.result["open"] >= 1
        before = value(ctx.tx, "select count(*) from proposal")
    assert "1 item forecast" in browser.get("/start").text
    jobs.look(office, asked.run_id)
    jobs.nightly(office, site_id, (NOON - timedelta(days=1)).date())
    with office.context(system("test")) as ctx:
        assert value(ctx.tx, "select count(*) from proposal") == before
