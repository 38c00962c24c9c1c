"""A phone on the local network: it learns to trust the house, gets the camera, and says so when it is out of reach.

The phone is a Chromium in a network namespace of its own; the house is the web process as the supervisor starts it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, sync_playwright

from shelfwise.access.context import Office
from shelfwise.https import authority
from shelfwise.settings import Settings
from tests.browser import network
from tests.browser.network import HOUSE, Network
from tests.installation import wait_for
from tests.web.world import PASSWORDS, furnish

PLAIN, HTTPS = f"http://{HOUSE}:8080", f"https://{HOUSE}:8443"


@pytest.fixture(scope="module")
def lan() -> Iterator[Network]:
    if why := network.why_not():
        pytest.skip(f"needs two machines on one network: {why}")
    made = Network()
    yield made
    made.close()


class House:
    """The web process on the house's side of the network, on the ports that an installation has."""

    def __init__(self, lan: Network, database_url: str, home: Path) -> None:
        self._lan = lan
        self._settings = Settings(home=home, database_url=database_url, https="own")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "shelfwise", "--home", str(self._settings.home), "process", "web"]
        self._process = subprocess.Popen(
            self._lan.in_house(*command), stdin=subprocess.PIPE, env={**os.environ, **self._settings.environment()}
        )
        wait_for(lambda: self.answers(f"{HTTPS}/readyz"), "the pages")

    def answers(self, address: str) -> bool:
        """Whether a device that trusts the authority gets an answer; it asks from the phone's side."""
        program = (
            "import ssl, sys, urllib.request\n"
            "trusting = ssl.create_default_context(cafile=sys.argv[2])\n"
            "urllib.request.urlopen(sys.argv[1], context=trusting, timeout=5).read()\n"
        )
        known = self._settings.home / "secrets" / "authority.pem"
        asked = self._lan.on_phone(sys.executable, "-c", program, address, str(known))
        return subprocess.run(asked, capture_output=True, check=False).returncode == 0

    def stop(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            # As when the supervisor goes.
            self._process.stdin.close()
            self._process.wait(20)
        self._process = None


@pytest.fixture
def house(lan: Network, office: Office, database_url: str, tmp_path: Path) -> Iterator[House]:
    furnish(office, aisles=1, bins_a_side=3)
    house = House(lan, database_url, tmp_path / "home")
    house.start()
    yield house
    house.stop()


@pytest.fixture
def phone(lan: Network, house: House, tmp_path: Path) -> Iterator[BrowserContext]:
    """A browser on the phone. Nobody has told it yet whom to trust."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        program = lan.program_on_phone(tmp_path, chromium or playwright.chromium.executable_path, tmp_path / "phone")
        network.trust(tmp_path / "phone", authority.read(tmp_path / "home" / "secrets" / "authority.pem"))
        browser = playwright.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
        )
        yield browser.new_context(viewport={"width": 360, "height": 740})
        browser.close()


def test_a_phone_gets_encrypted_pages_the_camera_and_a_page_for_times_without_connection(
    house: House, phone: BrowserContext
) -> None:
    page = phone.new_page()
    # Whatever it asks for, it is led to HTTPS, and finds no reason to warn.
    page.goto(f"{PLAIN}/sign-in?next=%2Fstock")
    assert page.url == f"{HTTPS}/sign-in?next=%2Fstock"
    assert page.evaluate("isSecureContext")

    page.goto(f"{PLAIN}/phone")
    page.get_by_role("link", name="Look").click()
    page.get_by_role("button", name="Try the camera").click()
    page.get_by_text("The camera works.").wait_for()
    assert page.evaluate("navigator.permissions.query({ name: 'camera' }).then((found) => found.state)") == "granted"
    worker = "navigator.serviceWorker.ready.then((found) => [found.active.state, found.scope])"
    assert page.evaluate(worker)[1] == f"{HTTPS}/"

    page.get_by_role("link", name="Go on").click()
    page.get_by_label("Login").fill("omar")
    page.get_by_label("Password").fill(PASSWORDS["omar"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{HTTPS}/")
    (session,) = [one for one in phone.cookies() if one.get("name") == "shelfwise_session"]
    assert session.get("secure")

    house.stop()
    page.goto(f"{HTTPS}/stock")
    page.get_by_role("heading", name="No connection").wait_for()
    kept = "caches.keys().then(async ([name]) => (await (await caches.open(name)).keys()).map((one) => one.url))"
    assert [one for one in page.evaluate(kept) if "/static/" not in one] == [f"{HTTPS}/offline"]

    house.start()
    page.get_by_role("button", name="Try again").click()
    page.get_by_role("heading", name="How much is there?").wait_for()
