"""The web application on a free port of this machine, and a real Chromium to look at it."""

from __future__ import annotations

import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from shelfwise.access.context import Office
from shelfwise.web.app import create_app
from tests.shared import Beginnings
from tests.web.world import PASSWORDS, World, furnish

ARTIFACTS = Path(__file__).resolve().parents[2] / "test-artifacts"
# Answers that a page asks for and understands; Chromium writes them down all the same.
REFUSED = re.compile("status of 40[39]")
SignIn = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """CHROMIUM names the program; else one of the system's, else Playwright's own.

    For one module only: while it is open, Playwright's event loop stands in the way of every `asyncio.run`.
    """
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program or None, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def world(office: Office, beginnings: Beginnings) -> World:
    """A whole warehouse, 144 bins, as the screenshots show it."""
    return beginnings.begin("whole", lambda: furnish(office))


@pytest.fixture
def address(office: Office, world: World) -> Iterator[str]:
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(office), host="127.0.0.1", port=0, log_level="warning", timeout_graceful_shutdown=1, ws="none"
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.02)
    (socket,) = server.servers[0].sockets
    yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    server.should_exit = True
    thread.join(15)


@pytest.fixture
def sign_in(browser: Browser, address: str) -> Iterator[SignIn]:
    """Opens a window of its own, signed in; whatever a page complains about fails the test."""
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def open_as(login: str, width: int = 1440, height: int = 900, scheme: str = "light") -> Page:
        context = browser.new_context(
            base_url=address,
            viewport={"width": width, "height": height},
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.on(
            "console",
            lambda message: (
                complaints.append(f"{page.url}: {message.text}")
                if message.type in {"error", "warning"} and not REFUSED.search(message.text)
                else None
            ),
        )
        page.goto("/sign-in")
        page.get_by_label("Login").fill(login)
        page.get_by_label("Password").fill(PASSWORDS[login])
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/")
        return page

    yield open_as
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def shoot() -> Callable[[Page, str], None]:
    """Saves what a page looks like to test-artifacts/."""

    def save(page: Page, name: str) -> None:
        ARTIFACTS.mkdir(exist_ok=True)
        page.screenshot(path=ARTIFACTS / f"{name}.png")

    return save
