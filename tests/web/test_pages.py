"""Pages: signing in, what each page says, that names are never markup, and the headers on every answer."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.orders import service as orders
from shelfwise.stock import service as stock
from shelfwise.store.database import run, value
from shelfwise.web.app import create_app
from shelfwise.web.pages import HERE
from shelfwise.work import alerts
from tests.web.conftest import Client, TestClient
from tests.web.world import HOSTILE, PASSWORDS, World, add_people, given_up, propose, quarantined

PAGES = (
    "/", "/floor", "/alerts", "/proposals", "/stock", "/stock?show=out", "/stock?show=doubt", "/orders",
    "/orders?show=all", "/devices", "/quarantine", "/import", "/audit", "/api", "/floor/side", "/alerts/banner",
)  # fmt: skip


def test_a_wrong_password_is_refused_and_the_login_kept_in_the_form(client: Client) -> None:
    answer = client(None).post("/sign-in", data={"login": "mara", "password": "wrong"})
    assert answer.status_code == 401
    assert 'value="mara"' in answer.text
    assert "shelfwise_session" not in answer.headers.get("set-cookie", "")


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(client: Client) -> None:
    answer = client(None).post("/sign-in", data={"login": "mara", "password": PASSWORDS["mara"]})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_where_https_is_spoken_the_session_never_travels_without_it(office: Office, world: World) -> None:
    safe = TestClient(create_app(office, secure_cookies=True), base_url="https://x", headers={"Origin": "https://x"})
    told = {"login": "mara", "password": PASSWORDS["mara"]}
    answer = safe.post("/sign-in", data=told, follow_redirects=False)
    assert "; secure" in answer.headers["set-cookie"].lower()


def test_signing_out_ends_the_session_on_the_server_too(client: Client) -> None:
    mara = client("mara")
    token = mara.cookies["shelfwise_session"]
    assert mara.post("/sign-out").status_code == 303
    mara.cookies.set("shelfwise_session", token)
    assert mara.get("/").status_code == 303


@pytest.mark.parametrize("address", ["//evil.test", "https://evil.test", "/\\evil.test", "evil", "/a\nb"])
def test_signing_in_leads_nowhere_else(client: Client, address: str) -> None:
    told = {"login": "mara", "password": PASSWORDS["mara"], "next": address}
    assert client(None).post("/sign-in", data=told).headers["location"] == "/"


def test_signing_in_leads_back_to_the_page_that_was_asked_for(client: Client) -> None:
    nobody = client(None)
    address = nobody.get("/stock?search=bag").headers["location"]
    assert address == "/sign-in?next=%2Fstock%3Fsearch%3Dbag"
    assert 'value="/stock?search=bag"' in nobody.get(address).text


def test_every_answer_carries_the_strict_policy(client: Client) -> None:
    mara = client("mara")
    for path in (*PAGES, "/sign-in", "/nothing", "/api/v1/stock", "/livez", "/static/tokens.css"):
        headers = mara.get(path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"


def test_no_page_needs_what_the_policy_forbids(client: Client, office: Office, world: World) -> None:
    mara = client("mara")
    pages = [*PAGES, "/sign-in", "/items/21000", f"/bins/{world.bins['A-001']}", f"/zones/{world.zones['C']}"]
    for path in [*pages, f"/proposals/{propose(office, world)}", f"/quarantine/{quarantined(office, b'x')}"]:
        answer = mara.get(path)
        assert answer.status_code == 200, path
        assert " style=" not in answer.text
        assert "<style" not in answer.text
        assert " onclick" not in answer.text
        assert "javascript:" not in answer.text
        for script in answer.text.split("<script")[1:]:
            assert script.startswith(' src="/static/'), path


def test_hostile_names_stay_text_on_every_page(client: Client, office: Office, world: World) -> None:
    mara = client("mara")
    with office.context(person("root", Role.ADMIN)) as ctx:
        evidence = {HOSTILE: HOSTILE}
        alerts.raise_alert(ctx, "count", "item:1", "danger", HOSTILE, HOSTILE, "javascript:alert(1)", evidence)
        run(
            ctx.tx,
            """insert into parked (tenant_id, consumer, stream, seq, data, error, parked_at)
               values (1, %s, 'event', 1, %s, %s, %s)""",
            (HOSTILE, f'{{"x": "{HOSTILE}"}}', HOSTILE, ctx.wall.now()),
        )
    proposal_id, message = propose(office, world), quarantined(office, HOSTILE.encode())
    given_up(office)
    pages = [*PAGES, "/items/21000", f"/bins/{world.bins['A-001']}", f"/proposals/{proposal_id}"]
    for path in [*pages, f"/quarantine/{message}", f"/stock?search={HOSTILE}", f"/items/{HOSTILE}", "/floor/state"]:
        answer = mara.get(path)
        if "json" not in answer.headers["content-type"]:
            assert HOSTILE not in answer.text, path
            assert "javascript:" not in answer.text, path
    assert "&lt;script&gt;" in mara.get("/proposals").text


def test_an_unknown_page_says_what_to_do(client: Client) -> None:
    answer = client("mara").get("/nothing")
    assert answer.status_code == 404
    assert "start from the first page" in answer.text


def test_an_empty_installation_says_what_to_do_first(office: Office) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        add_people(ctx)
    mara = TestClient(create_app(office), base_url="http://x", headers={"Origin": "http://x"})
    mara.post("/sign-in", data={"login": "mara", "password": PASSWORDS["mara"]})
    for path, words in (
        ("/", "Nothing is set up yet"), ("/floor", "Add a site"),
        ("/stock", "Bring in your sales"), ("/devices", "Add a scale"),
        ("/proposals", "Every night"), ("/orders", "approve one"), ("/alerts", "Nothing is wrong"),
        ("/import", "Begin with the list that you have"),
    ):  # fmt: skip
        answer = mara.get(path)
        assert answer.status_code == 200, path
        assert words in answer.text, path


def test_an_alert_is_taken_by_name_and_stays_open(client: Client, office: Office) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        alert_id = alerts.raise_alert(ctx, "temperature", "zone:1", "danger", "Too warm", "9 °C", "/zones/1", {})
    omar = client("omar")
    assert "Too warm" in omar.get("/stock").text
    omar.post(f"/alerts/{alert_id}/acknowledge")
    page = omar.get("/alerts").text
    assert "Taken by <strong>omar</strong>" in page


def test_approve_receive_in_parts_and_the_stock_rises(client: Client, office: Office, world: World) -> None:
    mara, omar = client("mara"), client("omar")
    proposal_id = propose(office, world)
    assert "Why order" in mara.get(f"/proposals/{proposal_id}").text
    assert mara.post(f"/proposals/{proposal_id}/approve", data={"amount": "7"}).status_code == 422
    assert mara.post(f"/proposals/{proposal_id}/approve", data={"amount": "24"}).status_code == 303
    again = mara.post(f"/proposals/{proposal_id}/approve", data={"amount": "24"})
    assert again.status_code == 303
    with office.context(person("root", Role.ADMIN)) as ctx:
        (order,) = orders.purchase_orders(ctx)
    for amount, source in (("10", "a"), ("10", "a"), ("14", "b")):
        told = {"line": "1", "amount": amount, "place": "A-001", "source": source}
        assert omar.post(f"/orders/{order.purchase_order_id}/receive", data=told).status_code == 303
    assert "all came" in omar.get(f"/orders/{order.purchase_order_id}").text
    with office.context(person("root", Role.ADMIN)) as ctx:
        (level,) = [one for one in stock.levels(ctx, world.site_id) if one.item_id == world.items["21000"]]
        received: int = value(ctx.tx, "select movement_id from movement where reason = 'receive' limit 1")
    assert level.on_hand == Decimal(54)
    undone = mara.post(f"/movements/{received}/reverse", data={"reason": "counted twice", "sku": "21000"})
    assert undone.status_code == 303
    assert "taken back" in mara.get("/items/21000").text


def test_a_quarantined_message_is_shown_corrected_and_taken_in(client: Client, office: Office, world: World) -> None:
    mara = client("mara")
    message = quarantined(office, b'{"kind": "weight", "value": "NaN"}')
    page = mara.get(f"/quarantine/{message}").text
    assert "7b 22 6b 69" in page
    wrong = mara.post(f"/quarantine/{message}/replay", data={"text": '{"kind": "weight", "value": "no"}'})
    assert wrong.status_code == 422
    assert "expected" in wrong.text
    assert "&#34;no&#34;" in wrong.text
    right = mara.post(f"/quarantine/{message}/replay", data={"text": '{"kind": "weight", "value": 4000, "unit": "g"}'})
    assert right.status_code == 303, right.text
    assert mara.post(f"/quarantine/{message}/drop").status_code == 409


def test_light_and_dark_are_remembered_in_a_cookie(client: Client) -> None:
    mara = client("mara")
    mara.post("/theme", data={"theme": "dark", "next": "/stock"})
    assert '<html lang="en" data-theme="dark">' in mara.get("/").text
    mara.post("/theme", data={"theme": '"><script>'})
    assert '<html lang="en" data-theme="auto">' in mara.get("/").text


def test_times_are_relative_to_the_business_clock_and_exact_on_hover(client: Client, office: Office) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        alert_id = alerts.raise_alert(ctx, "temperature", "zone:1", "danger", "Too warm", "9 °C", "/zones/1", {})
        earlier = ctx.now - timedelta(minutes=4)
        run(ctx.tx, "update alert set raised_at = %s where alert_id = %s", (earlier, alert_id))
    page = client("vera").get("/alerts").text
    assert 'title="Mon 2 Mar 2026, 11:56:00 (Europe/London)">4 min ago</time>' in page


def test_the_demonstration_says_what_was_shifted_and_made_up(client: Client, office: Office) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        run(ctx.tx, """insert into setting values (1, 'demo', '{"note": "Dates shifted by 5,600 days."}')""")
    page = client("vera").get("/floor").text
    assert "Dates shifted by 5,600 days." in page
    assert ">invented</span>" in page


def test_a_body_over_the_limit_is_refused(client: Client) -> None:
    answer = client("mara").post("/alerts/1/acknowledge", data={"x": "x" * 1_100_000})
    assert answer.status_code in {404, 413}
    answer = client("mara").post("/api/v1/proposals/1/reject", content=b"x" * 1_100_000)
    assert answer.status_code == 413


def test_static_files_are_kept_for_ever_under_the_hash_of_their_content(client: Client) -> None:
    page = client(None).get("/sign-in").text
    address = page.split('href="/static/tokens.css')[1].split('"')[0]
    assert address.startswith("?v=")
    assert "immutable" in client(None).get(f"/static/tokens.css{address}").headers["cache-control"]
    assert not [path for path in HERE.rglob("*.js") if "http://" in path.read_text() and "vendor" not in path.parts]
