"""The pages on the local network: encrypted, but for the page on which a phone learns to trust the house."""

from __future__ import annotations

import json
import plistlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from fastapi import FastAPI

from shelfwise.access.context import Office
from shelfwise.access.throttle import networks
from shelfwise.https.authority import make
from shelfwise.https.keeper import GivenCertificate, Keeper, OwnCertificates
from shelfwise.web.app import create_app
from shelfwise.web.lan import Lan
from shelfwise.web.phones import system_of
from tests.web.conftest import TestClient
from tests.web.world import PASSWORDS, World

HOUSE = ("192.168.1.20", "stock.local")
PLAIN, HTTPS = "http://192.168.1.20:8080", "https://192.168.1.20:8443"
Reach = Callable[..., TestClient]


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def lan(tmp_path: Path) -> Lan:
    return Lan(Keeper(OwnCertificates(tmp_path / "secrets", (), now(), lambda: HOUSE), now), 8080, 8443)


@pytest.fixture
def app(office: Office, lan: Lan) -> Iterator[FastAPI]:
    app = create_app(office, lan=lan)
    yield app
    app.state.imports.close()


@pytest.fixture
def reach(app: FastAPI) -> Reach:
    """A browser that reaches the house at an address; redirects are not followed."""

    def at(address: str, **headers: str) -> TestClient:
        return TestClient(app, base_url=address, headers={"Origin": address, **headers}, follow_redirects=False)

    return at


def test_the_network_is_led_to_https_at_the_same_page(reach: Reach) -> None:
    answer = reach(PLAIN).get("/items/A%2FB?site=LON&q=1")
    assert (answer.status_code, answer.headers["location"]) == (307, f"{HTTPS}/items/A%2FB?site=LON&q=1")


def test_it_is_led_on_under_the_name_it_asked_for_and_else_under_the_address_it_reached(reach: Reach) -> None:
    assert reach("http://stock.local:8080").get("/").headers["location"] == "https://stock.local:8443/"
    assert reach(PLAIN, host="evil.example").get("/").headers["location"] == f"{HTTPS}/"


@pytest.mark.parametrize("path", ["/phone", "/phone/trusted", "/livez", "/readyz", "/static/mark.svg"])
def test_what_holds_no_secret_is_answered_unencrypted(reach: Reach, path: str) -> None:
    assert reach(PLAIN).get(path).status_code == 200


@pytest.mark.parametrize("path", ["/sign-in", "/phones", "/metrics", "/api/v1/openapi.json", "/phonebook"])
def test_everything_else_is_not(reach: Reach, path: str) -> None:
    assert reach(PLAIN).get(path).status_code == 307


def test_a_password_or_key_that_was_sent_unencrypted_is_refused_and_not_passed_on(reach: Reach, world: World) -> None:
    sent = reach(PLAIN).post("/sign-in", data={"login": "mara", "password": PASSWORDS["mara"]})
    assert (sent.status_code, HTTPS in sent.text, sent.cookies.get("shelfwise_session")) == (403, True, None)
    key = reach(PLAIN, Authorization="Bearer x").get("/api/v1/items")
    assert key.status_code == 403
    assert "change what was secret" in key.json()["error"]


def test_this_computer_and_our_own_proxy_are_served_as_ever(reach: Reach, office: Office, lan: Lan) -> None:
    assert reach("http://127.0.0.1:8080").get("/sign-in").status_code == 200
    app = create_app(office, lan=lan, trusted_proxies=networks("10.0.0.5"))
    for client, status in (("10.0.0.5", 200), ("10.0.0.6", 307)):
        proxied = TestClient(app, base_url=PLAIN, client=(client, 4711), follow_redirects=False)
        assert proxied.get("/sign-in").status_code == status
    app.state.imports.close()


def test_a_name_that_is_not_ours_is_sent_away(reach: Reach) -> None:
    answer = reach(HTTPS, host="evil.example").get("/sign-in")
    assert (answer.status_code, "SHELFWISE_NAMES" in answer.text) == (421, True)


def test_people_work_over_https_with_cookies_that_never_travel_without_it(reach: Reach, world: World) -> None:
    browser = reach(HTTPS)
    answer = browser.post("/sign-in", data={"login": "mara", "password": PASSWORDS["mara"]})
    assert answer.status_code == 303
    assert all("Secure" in cookie for cookie in answer.headers.get_list("set-cookie"))
    assert browser.get("/").status_code == 200
    assert browser.post("/theme", data={"theme": "dark"}, headers={"Origin": PLAIN}).status_code == 403


def test_browsers_are_bound_to_https_only_where_that_cannot_lock_anybody_out(
    reach: Reach, office: Office, lan: Lan, tmp_path: Path
) -> None:
    assert "strict-transport-security" not in reach(HTTPS).get("/sign-in").headers
    text = make(HOUSE, now()).issue(HOUSE, now())
    (tmp_path / "both.pem").write_bytes(text)
    (tmp_path / "both.pem").chmod(0o600)
    keeper = Keeper(GivenCertificate(tmp_path / "both.pem", tmp_path / "both.pem"), now)
    for port, bound in ((443, True), (8443, False)):
        app = create_app(office, lan=Lan(keeper, 80, port))
        found = TestClient(app, base_url="https://stock.local").get("/sign-in")
        assert ("strict-transport-security" in found.headers) is bound
        app.state.imports.close()


def test_the_page_for_phones_opens_the_steps_of_the_system_that_asks(reach: Reach, lan: Lan) -> None:
    page = reach(PLAIN, **{"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X)"}).get("/phone").text
    assert '<details class="card steps" open><summary>iPhone and iPad' in page
    assert page.count(" open>") == 1
    assert lan.keeper.authority is not None
    assert lan.keeper.authority.facts.fingerprint in page
    assert f'href="{HTTPS}/phone/trusted"' in page


@pytest.mark.parametrize(
    ("agent", "system"),
    [
        ("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile", "android"),
        ("Mozilla/5.0 (Android 14; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", "android"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0.0.0", "windows"),
        ("Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0", "firefox"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.5 Safari/605.1.15", "mac"),
        ("curl/8", "other"),
    ],
)
def test_systems_are_told_by_what_browsers_say(agent: str, system: str) -> None:
    assert system_of(agent) == system


def test_both_downloads_hold_the_authority_and_not_its_key(reach: Reach, lan: Lan) -> None:
    assert lan.keeper.authority is not None
    plain = reach(PLAIN)
    file = plain.get("/phone/shelfwise.crt")
    assert file.headers["content-type"] == "application/x-x509-ca-cert"
    assert x509.load_der_x509_certificate(file.content) == lan.keeper.authority.certificate
    profile = plain.get("/phone/shelfwise.mobileconfig")
    assert profile.headers["content-type"] == "application/x-apple-aspen-config"
    (payload,) = plistlib.loads(profile.content)["PayloadContent"]
    assert (payload["PayloadType"], payload["PayloadContent"]) == ("com.apple.security.root", file.content)


def test_whoever_is_signed_in_finds_the_code_and_the_fingerprint_to_compare(
    reach: Reach, lan: Lan, world: World
) -> None:
    here = reach("http://127.0.0.1:8080")
    here.post("/sign-in", data={"login": "mara", "password": PASSWORDS["mara"]})
    page = here.get("/phones").text
    assert f"{PLAIN}/phone" in page
    assert "<svg" in page
    assert lan.keeper.authority is not None
    assert lan.keeper.authority.facts.fingerprint in page


def test_codes_for_others_name_an_address_that_they_can_reach(reach: Reach, world: World) -> None:
    here = reach("http://127.0.0.1:8080")
    here.post("/sign-in", data={"login": "mara", "password": PASSWORDS["mara"]})
    assert f"{HTTPS}/handheld<" in here.post("/handhelds", data={"name": "Zebra 3", "site": "LON"}).text
    assert f"{HTTPS}/new-password?code=" in here.post("/people", data={"login": "nina", "name": "Nina"}).text


def test_metrics_tell_when_the_certificate_ends(reach: Reach, lan: Lan, world: World) -> None:
    here = reach("http://127.0.0.1:8080")
    here.post("/sign-in", data={"login": "mara", "password": PASSWORDS["mara"]})
    (line,) = [one for one in here.get("/metrics").text.splitlines() if one.startswith("shelfwise_certificate_ends ")]
    assert float(line.split()[1]) == lan.keeper.facts.ends.timestamp()


def test_the_camera_is_for_the_pages_that_scan(reach: Reach) -> None:
    browser = reach(HTTPS)
    for path, allowed in (
        ("/phone/trusted", True),
        ("/sign-in", False),
        ("/move", True),
        ("/tags/bind", True),
        ("/phone", False),
    ):
        headers = browser.get(path).headers
        assert ("camera=(self)" in headers["permissions-policy"]) is allowed
        assert ("'wasm-unsafe-eval'" in headers["content-security-policy"]) is allowed


def test_the_worker_keeps_only_what_holds_no_data(reach: Reach) -> None:
    browser = reach(HTTPS)
    worker = browser.get("/service-worker.js")
    assert worker.headers["content-type"].startswith("text/javascript")
    kept = kept_by(worker.text)
    assert kept[0] == "/offline"
    for address in kept:
        assert browser.get(address).status_code == 200, address
    assert all(address.startswith("/static/") for address in kept[1:])


def kept_by(worker: str) -> list[str]:
    kept: list[str] = json.loads(worker.partition(" = ")[2].partition(";\n")[0])["kept"]
    return kept


def test_it_can_be_put_on_a_home_screen(reach: Reach) -> None:
    browser = reach(HTTPS)
    about = browser.get("/manifest.webmanifest").json()
    assert about["display"] == "standalone"
    assert all(browser.get(icon["src"]).status_code == 200 for icon in about["icons"])


def test_where_the_network_is_not_let_in_pages_say_how_to(office: Office, world: World) -> None:
    app = create_app(office)
    browser = TestClient(app, base_url="http://127.0.0.1:8080", headers={"Origin": "http://127.0.0.1:8080"})
    browser.post("/sign-in", data={"login": "mara", "password": PASSWORDS["mara"]})
    assert "shelfwise up --lan" in browser.get("/phones").text
    assert "shelfwise up --lan" in browser.get("/phone").text
    assert browser.get("/phone/shelfwise.crt").status_code == 404
    app.state.imports.close()
