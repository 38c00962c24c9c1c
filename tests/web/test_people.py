"""The pages for people, keys, one's own account and handhelds, as a browser uses them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from scripts.spoken import listen

from shelfwise.access import service as access
from shelfwise.access.context import Office
from shelfwise.access.model import Right, Role, person
from shelfwise.access.throttle import networks
from shelfwise.store.database import value
from shelfwise.web.app import create_app
from shelfwise.web.audit_sentences import SENTENCES
from shelfwise.web.audit_words import KINDS
from shelfwise.web.people_words import browser_words
from shelfwise.web.visits import DEVICE_COOKIE, HANDHELD_COOKIE, SESSION_COOKIE
from tests.web.conftest import Client, TestClient
from tests.web.world import PASSWORDS, World

ROOT = Path(__file__).resolve().parents[2]
NEW = "three random words"
BOSS = person("root", Role.ADMIN)


def browser(app: FastAPI) -> TestClient:
    return TestClient(
        app, base_url="http://shelfwise.test", headers={"Origin": "http://shelfwise.test"}, follow_redirects=False
    )


def big_code(page: str) -> str:
    found = re.search(r'class="big-code code">([^<]+)<', page)
    assert found, page
    return found[1]


def test_a_person_is_added_and_chooses_a_password_with_the_code(app: FastAPI, client: Client) -> None:
    mara = client("mara")
    page = mara.post("/people", data={"login": "nina", "name": "Nina", "role": "viewer"}).text
    code = big_code(page)
    assert f"http://shelfwise.test/new-password?code={code}" in page
    nina = browser(app)
    assert code in nina.get(f"/new-password?code={code}").text
    told = nina.post("/new-password", data={"code": code, "password": NEW, "again": "other"})
    assert (told.status_code, "differ" in told.text) == (422, True)
    told = nina.post("/new-password", data={"code": code, "password": "password1234", "again": "password1234"})
    assert (told.status_code, "common" in told.text) == (422, True)
    assert nina.post("/new-password", data={"code": code, "password": NEW, "again": NEW}).headers["location"] == "/"
    assert ">nina</a>" in nina.get("/account").text
    assert code not in mara.get("/people").text


def test_roles_at_sites_are_given_on_the_persons_page(client: Client, office: Office, world: World) -> None:
    mara = client("mara")
    sent = {"name": "Omar", "role": "none", f"site-{world.site_id}": "quality"}
    assert mara.post("/people/2", data=sent).status_code == 303
    with office.context(BOSS) as ctx:
        assert access.user(ctx, 2).at_sites == {world.site_id: Role.QUALITY}
    assert "quality at London" in mara.get("/people").text
    told = mara.post("/people/1", data={"name": "Mara", "role": "viewer"})
    assert (told.status_code, "last admin" in told.text) == (409, True)
    assert mara.post("/people/2", data={"name": "Omar", "role": "emperor"}).status_code == 422


def test_who_is_shut_out_is_sent_to_the_sign_in(client: Client) -> None:
    mara, omar = client("mara"), client("omar")
    assert omar.get("/").status_code == 200
    assert mara.post("/people/2/deactivate").status_code == 303
    assert omar.get("/").headers["location"].startswith("/sign-in")


def test_a_given_password_has_to_be_changed_before_anything_else(app: FastAPI, office: Office, world: World) -> None:
    with office.context(BOSS) as ctx:
        access.add_user(ctx, "nina", "Nina", "a password that was given", Role.MANAGER, must_change=True)
    nina = browser(app)
    nina.post("/sign-in", data={"login": "nina", "password": "a password that was given"})
    for path in ("/", "/people", "/account", "/audit"):
        assert nina.get(path).headers["location"] == "/account/password", path
    assert nina.get("/nav", headers={"HX-Request": "true"}).headers["HX-Redirect"] == "/account/password"
    assert nina.get("/api/v1/stock").status_code == 403
    assert nina.post("/proposals/plan").headers["location"] == "/account/password"
    assert "a password of your own" in nina.get("/account/password").text
    before = nina.cookies[SESSION_COOKIE]
    sent = {"old": "a password that was given", "password": NEW, "again": NEW}
    assert nina.post("/account/password", data=sent).headers["location"] == "/"
    assert nina.cookies[SESSION_COOKIE] != before
    assert nina.get("/").status_code == 200


def test_a_page_that_refreshes_itself_keeps_nobody_signed_in_and_a_control_does(client: Client, office: Office) -> None:
    mara = client("mara")
    with office.database.transaction() as tx:
        begin = value(tx, "update session set last_seen_at = last_seen_at - interval '1 hour' returning last_seen_at")
    for path, headers, seen in (
        ("/nav", {"HX-Request": "true", "HX-Source": "nav#nav"}, False),
        ("/nav", {"HX-Request": "true"}, False),
        ("/floor/state", {}, False),
        ("/stock", {"HX-Request": "true", "HX-Source": "input#search"}, True),
    ):
        assert mara.get(path, headers=headers).status_code in {200, 404}
        with office.database.transaction() as tx:
            assert (value(tx, "select last_seen_at from session") > begin) is seen, (path, headers)


@pytest.mark.parametrize(("proxies", "seen"), [("10.0.0.0/8", "192.0.2.7"), ("", "10.0.0.5")])
def test_where_somebody_signs_in_from_is_asked_of_our_own_proxy_alone(
    office: Office, world: World, proxies: str, seen: str
) -> None:
    mara = TestClient(
        create_app(office, trusted_proxies=networks(proxies)),
        base_url="http://x",
        headers={"Origin": "http://x", "X-Forwarded-For": "192.0.2.7"},
        client=("10.0.0.5", 40_000),
        follow_redirects=False,
    )
    mara.post("/sign-in", data={"login": "mara", "password": PASSWORDS["mara"]})
    assert f'<td data-label="From">{seen}</td>' in mara.get("/account").text


def test_a_wrong_old_password_is_told_and_signs_nobody_out(client: Client) -> None:
    mara = client("mara")
    told = mara.post("/account/password", data={"old": "wrong", "password": NEW, "again": NEW})
    assert (told.status_code, "not your password" in told.text) == (409, True)
    assert mara.get("/account").status_code == 200


def test_a_browser_is_known_after_the_first_sign_in_and_its_session_is_new_each_time(client: Client) -> None:
    mara = client("mara")
    device, session = mara.cookies[DEVICE_COOKIE], mara.cookies[SESSION_COOKIE]
    mara.post("/sign-in", data={"login": "mara", "password": PASSWORDS["mara"]})
    assert mara.cookies[DEVICE_COOKIE] == device
    assert mara.cookies[SESSION_COOKIE] != session
    assert "/account/sessions/" not in mara.get("/account").text


def test_cookies_of_sessions_browsers_and_handhelds_are_out_of_reach_of_scripts(office: Office, world: World) -> None:
    safe = TestClient(
        create_app(office, secure_cookies=True),
        base_url="https://x",
        headers={"Origin": "https://x"},
        follow_redirects=False,
    )
    with office.context(BOSS) as ctx:
        _, code = access.add_handheld(ctx, world.site_id, "Zebra")
    told = [
        *safe.post("/sign-in", data={"login": "mara", "password": PASSWORDS["mara"]}).headers.get_list("set-cookie"),
        *safe.post("/handheld/enrol", data={"code": code}).headers.get_list("set-cookie"),
    ]
    for name in (SESSION_COOKIE, DEVICE_COOKIE, HANDHELD_COOKIE):
        (one,) = [cookie for cookie in told if cookie.startswith(f"{name}=")]
        assert all(part in one for part in ("HttpOnly", "Secure", "SameSite=lax")), one


def test_a_handheld_from_its_code_to_the_next_person(
    app: FastAPI, client: Client, office: Office, world: World
) -> None:
    mara, phone = client("mara"), browser(app)
    assert "Make this device a handheld" in phone.get("/handheld").text
    assert phone.post("/handheld/enrol", data={"code": "abcd-efgh"}).status_code == 401
    code = big_code(mara.post("/handhelds", data={"name": "Zebra 3", "site": "LON", "idle": "5"}).text)
    assert phone.post("/handheld/enrol", data={"code": code.upper()}).headers["location"] == "/handheld"
    mara.post("/people/2/badge", data={"badge": "B-0815"})
    pin = re.search(r'class="code">(\d{6})<', mara.post("/people/2/pin").text)
    assert pin is not None
    # Whoever is sent to the sign-in meets the badge page, which leads back to where they wanted to go.
    assert phone.get("/sign-in?next=/alerts").headers["location"] == "/handheld?next=%2Falerts"
    assert phone.get("/sign-in?by=password").status_code == 200
    wrong = phone.post("/handheld/sign-in", data={"badge": "B-0815", "pin": "0000"})
    assert (wrong.status_code, "do not match" in wrong.text) == (401, True)
    right = {"badge": "b-0815", "pin": pin[1], "next": "/alerts"}
    assert phone.post("/handheld/sign-in", data=right).headers["location"] == "/alerts"
    page = phone.get("/alerts").text
    assert "Switch person" in page
    assert 'href="/account"' not in page
    for path in ("/account", "/people", "/audit", "/import"):
        assert phone.get(path).status_code == 403, path
    assert phone.post("/proposals/plan").status_code == 403
    assert phone.post("/sign-out").headers["location"] == "/handheld"
    # The same badge and PIN on a device that is no handheld.
    assert browser(app).post("/handheld/sign-in", data=right).status_code == 401
    assert mara.post("/handhelds/1/revoke").status_code == 303
    assert phone.post("/handheld/sign-in", data=right).status_code == 401


def test_a_key_is_shown_once_and_does_what_was_ticked(app: FastAPI, client: Client, world: World) -> None:
    mara = client("mara")
    sent = {"name": "shop", "scope": ["view", "take_orders"], "where": "some", "site": [str(world.site_id)]}
    secret = big_code(mara.post("/keys", data=sent).text)
    assert secret not in mara.get("/keys").text
    nobody, key = browser(app), {"Authorization": f"Bearer {secret}"}
    assert nobody.get("/api/v1/stock", headers=key).status_code == 200
    assert nobody.get("/people", headers=key).status_code == 403
    assert mara.post("/keys/1/revoke").status_code == 303
    assert nobody.get("/api/v1/stock", headers=key).status_code == 401


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"name": "shop"}, 422),
        ({"name": "shop", "scope": "manage_people"}, 422),
        ({"name": "shop", "scope": "view", "where": "some"}, 422),
        ({"name": "shop", "scope": "view", "until": "soon"}, 422),
        ({"name": "shop", "scope": "view", "until": "2001-01-01"}, 422),
        ({"name": "shop", "scope": "view", "where": "some", "site": "99"}, 409),
    ],
)
def test_a_key_that_cannot_be_right_is_explained(client: Client, sent: dict[str, str], status: int) -> None:
    told = client("mara").post("/keys", data=sent)
    assert (told.status_code, "big-code" in told.text) == (status, False)


def test_the_audit_log_reads_as_sentences_and_is_narrowed_down(client: Client, office: Office, world: World) -> None:
    mara = client("mara")
    mara.post("/people/2", data={"name": "<b>Omar</b>", "role": "viewer"})
    with office.context(BOSS) as ctx:
        ctx.audit("strange.thing", "item:1", note="<script>")
        for kind in KINDS:
            ctx.audit("strange.kind", f"{kind}:77")
    page = mara.get("/audit").text
    assert '<b>mara</b></a> changed <a href="/people/2">omar</a>' in page
    assert "role: <s>operator</s> → <b>viewer</b>" in page
    assert 'strange, thing: <a href="/items/21000">item 21000</a>' in page
    assert "<script>" not in page.split("<main>")[1]
    assert "<b>Omar</b>" not in page
    for query, there in (
        ("who=person:mara", True), ("who=person:omar", False), ("who=person", True), ("who=key", False),
        ("action=user.", True), ("action=user.changed", True), ("action=user", False), ("subject=user:omar", True),
        ("subject=user:", True), ("subject=user:%25", False), ("first=2001-01-01", True), ("last=2001-01-01", False),
    ):  # fmt: skip
        assert ("changed <a" in mara.get(f"/audit?{query}").text) is there, query
    assert mara.get("/audit?first=yesterday").status_code == 422


def test_every_action_has_a_sentence() -> None:
    said = {action for action in listen().actions if "…" not in action}
    assert said - SENTENCES.keys() == set(), "say in web/audit_sentences.py how these read"


def test_the_script_for_when_no_admin_can_sign_in_makes_a_code(
    office: Office, database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with office.context(BOSS) as ctx:
        access.add_user(ctx, "admin", "Admin", "a password that is lost", Role.ADMIN)
    guide = (ROOT / "docs" / "guides" / "people-and-rights.md").read_text("utf-8")
    script = guide.split("```python code.py\n")[1].split("```")[0]
    monkeypatch.setenv("SHELFWISE_DATABASE_URL", database_url)
    exec(compile(script, "code.py", "exec"), {"__name__": "__main__"})
    code = capsys.readouterr().out.split(": ")[1]
    assert access.actor_of_session(office, access.use_password_code(office, code, NEW)).may(Right.MANAGE_PEOPLE)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Safari/604.1",
         "Safari on an iPhone"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/127.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Chrome/127.0 Safari/537.36 Edg/127.0", "Edge on a Mac"),
        ("curl/8.5.0", "curl"),
        ("", "an unknown browser"),
    ],
)  # fmt: skip
def test_a_browser_is_named_in_words(agent: str, words: str) -> None:
    assert browser_words(agent) == words
