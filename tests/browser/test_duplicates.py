"""Pairs are judged by keyboard, without the page being loaded again."""

from __future__ import annotations

from playwright.sync_api import expect

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.intake.joining import finding
from shelfwise.records import service as records
from tests.browser.conftest import SignIn


def test_a_pair_is_merged_and_taken_back_by_keyboard(office: Office, sign_in: SignIn) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        for sku, words in (("DUP-1", "Copper kettle with lid, 2 l"), ("DUP-2", "KETTLE COPPER LID 2L")):
            records.add_item(ctx, sku=sku, description=words)
        finding.find(ctx)
    page = sign_in("mara")
    page.goto("/data/duplicates")
    page.evaluate("window.sameDocument = true")
    pair = page.locator("[data-pair]", has_text="DUP-1").first
    page.keyboard.press("j")
    expect(page.locator("[data-pair]").first).to_be_focused()
    pair.focus()
    page.keyboard.press("m")
    expect(pair).to_contain_text("What merging does")
    page.keyboard.press("m")
    expect(pair).to_contain_text("merged")
    expect(pair).to_be_focused()
    page.keyboard.press("u")
    expect(pair).to_contain_text("One thing…")
    page.keyboard.press("n")
    expect(pair).to_contain_text("two things")
    assert page.evaluate("window.sameDocument")
