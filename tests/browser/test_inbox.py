"""The inbox in a real browser: by keyboard, by thumb, and live."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.work import alerts, tasks
from tests.browser.conftest import SignIn
from tests.web.world import World


@pytest.fixture
def waiting(office: Office, world: World) -> None:
    """An alert and three tasks for the floor."""
    with office.context(person("root", Role.ADMIN)) as ctx:
        alerts.raise_alert(
            ctx, "temperature", "zone:2", "danger", "Chilled is at 11.4 °C", "The limit is 8 °C.", "/zones/2",
            {"degC": 11.4}, site_id=world.site_id,
        )  # fmt: skip
        for code in ("A-014", "A-020", "A-031"):
            tasks.open_task(
                ctx, kind="count", subject=code, site_id=world.site_id, title=f"Count bin {code}",
                why="The scale disagrees with the books.",
            )  # fmt: skip


@pytest.mark.usefixtures("waiting")
def test_the_inbox_is_worked_off_by_keyboard_and_follows_what_happens(
    sign_in: SignIn, office: Office, world: World, shoot: Callable[[Page, str], None]
) -> None:
    page = sign_in("omar")
    page.goto("/inbox")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("a")
    expect(page.get_by_text("You have it: Count bin A-014.")).to_be_visible()
    expect(page.locator(".inbox-row:focus")).to_have_count(1)
    page.keyboard.press("d")
    expect(page.get_by_text("Done: ")).to_be_visible()
    page.keyboard.press("s")
    expect(page.get_by_text("It comes back in 1 hour")).to_be_visible()
    page.keyboard.press("k")
    shoot(page, "inbox")
    focused = page.evaluate("document.activeElement.id")
    with office.context(person("root", Role.ADMIN)) as ctx:
        tasks.open_task(ctx, kind="live", subject="x", site_id=world.site_id, title="Came meanwhile")
    expect(page.get_by_text("Came meanwhile")).to_be_visible()
    assert page.evaluate("document.activeElement.id") == focused
    page.keyboard.press("Enter")
    page.wait_for_url("**/alerts/1")
    expect(page.get_by_role("button", name="This is wrong")).to_be_visible()


@pytest.mark.usefixtures("waiting")
def test_the_inbox_fits_a_phone(sign_in: SignIn, shoot: Callable[[Page, str], None]) -> None:
    page = sign_in("omar", width=390, height=844, scheme="dark")
    page.goto("/inbox")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("link", name="Chilled is at 11.4 °C", exact=True).click()
    page.wait_for_url("**/alerts/1")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    shoot(page, "alert-phone-dark")
