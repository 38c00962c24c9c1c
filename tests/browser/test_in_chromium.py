"""In real Chromium, under the strict policy: pages live, work by keyboard, and complain of nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import FilePayload, Page, expect

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.store.database import run
from shelfwise.work import alerts
from tests.browser.conftest import SignIn
from tests.web.world import World, propose, quarantined, say

Shoot = Callable[[Page, str], None]


def listening(page: Page) -> Page:
    """The page once its live line is open."""
    expect(page.locator("body")).to_have_attribute("data-live", "yes")
    return page


def weigh(office: Office, grams: float) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        say(ctx, "scale-0", "weight", grams)


def test_the_map_changes_when_a_message_arrives(sign_in: SignIn, office: Office, world: World) -> None:
    page = sign_in("vera")
    page.goto("/floor")
    listening(page)
    name = f"#bin-{world.bins['A-001']}"
    bin_, fill = page.locator(name), page.locator(f"{name} .fill")
    expect(bin_).to_have_class(re.compile(r"\bbin-well\b"))
    full = float(fill.get_attribute("height") or 0)
    weigh(office, 500.0)
    expect(bin_).to_have_class(re.compile(r"\bbin-low\b.*\bdoubtful\b"))
    assert float(fill.get_attribute("height") or 0) < full / 3
    expect(bin_).to_have_attribute("aria-label", re.compile("5 by the scale.* In doubt"))
    weigh(office, 3000.0)
    expect(bin_).not_to_have_class(re.compile("doubtful"))


def test_an_alert_stands_on_every_open_page_without_a_reload(sign_in: SignIn, office: Office, world: World) -> None:
    floor, stock = listening(sign_in("vera")), sign_in("omar")
    stock.goto("/stock")
    listening(stock)
    with office.context(person("root", Role.ADMIN)) as ctx:
        link = f"/zones/{world.zones['F']}"
        alerts.raise_alert(ctx, "temperature", "zone:3", "danger", "Frozen is too warm", "Above −18 °C.", link, {})
    for page in (floor, stock):
        expect(page.locator("#alert-banner")).to_contain_text("Frozen is too warm")
    stock.locator("#alert-banner a").click()
    stock.get_by_role("button", name="I take it").click()
    expect(stock.locator("main")).to_contain_text("You have taken: Frozen is too warm")
    expect(floor.locator("#alert-banner")).to_contain_text("acknowledged")


def test_approve_receive_and_see_the_stock_rise(sign_in: SignIn, office: Office, world: World, shoot: Shoot) -> None:
    proposal_id = propose(office, world)
    page = sign_in("mara")
    page.goto(f"/proposals/{proposal_id}")
    expect(page.locator("[data-chart][data-drawn] canvas")).to_be_visible()
    shoot(page, "proposal-light")
    page.get_by_label(re.compile("^Quantity")).fill("24")
    page.get_by_role("button", name="Approve and order").click()
    expect(page.locator(".note:visible")).to_contain_text("as PO-000001")
    item = listening(sign_in("vera"))
    item.goto("/items/21000")
    expect(item.locator("#item-level dd").first).to_have_text(re.compile("^30"))
    listening(item)
    page.goto("/orders")
    page.get_by_role("link", name="PO-000001").click()
    page.get_by_label("How many", exact=True).fill("20")
    page.get_by_role("button", name="Receive").click()
    expect(page.locator(".note:visible")).to_contain_text("20 of 21000 received into A-001; 4 still to come.")
    expect(item.locator("#item-level dd").first).to_have_text(re.compile("^50"))
    shoot(item, "item-light")


def test_the_wrong_role_finds_no_control_and_is_refused_when_it_asks_all_the_same(
    sign_in: SignIn, office: Office, world: World
) -> None:
    proposal_id = propose(office, world)
    page = sign_in("omar")
    page.goto("/proposals")
    expect(page.get_by_role("link", name="why?")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    answer = page.evaluate(
        "async (path) => { const answer = await fetch(path, {method: 'POST'}); return [answer.status, answer.url]; }",
        f"/proposals/{proposal_id}/approve",
    )
    assert answer[0] == 403
    page.goto("/audit")
    expect(page.get_by_role("heading")).to_have_text("You may not do this")


def test_the_map_is_walked_by_arrow_keys_and_opened_by_enter(sign_in: SignIn, world: World) -> None:
    page = sign_in("vera")
    page.goto("/floor")
    listening(page)
    page.locator(f"#bin-{world.bins['A-001']}").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(f"#bin-{world.bins['A-002']}")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator(f"#bin-{world.bins['A-014']}")).to_be_focused()
    assert page.locator("a.bin[tabindex='0']").count() == 1
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Bin A-014")


def test_a_file_is_checked_taken_in_and_followed_to_its_end(sign_in: SignIn, shoot: Shoot) -> None:
    page = sign_in("mara")
    page.goto("/import")
    header = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price\n"
    rows = "".join(f"{n},21001,Lunch bag,{n % 7 + 1},2026-01-{n % 28 + 1:02} 10:00:00,2.55\n" for n in range(3000))
    upload: FilePayload = {"name": "sales.csv", "mimeType": "text/csv", "buffer": (header + rows).encode()}
    page.get_by_label("CSV file, workbook").set_input_files(upload)
    page.get_by_role("button", name="Look at the file").click()
    expect(page.get_by_role("button", name="Take in 3,000 rows")).to_be_visible(timeout=60_000)
    shoot(page, "import-checked-light")
    page.get_by_role("button", name="Take in 3,000 rows").click()
    expect(page.get_by_text("Taken in.")).to_be_visible(timeout=60_000)


def test_dark_is_chosen_by_hand_and_stays(sign_in: SignIn, world: World) -> None:
    page = sign_in("vera")
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(paper)
    page.get_by_role("button", name="Dark", exact=True).click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto("/stock")
    assert page.evaluate(paper) != light


def test_tables_are_walked_by_arrow_keys(sign_in: SignIn, world: World) -> None:
    page = sign_in("vera")
    page.goto("/stock")
    page.get_by_role("link", name="21000").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("tbody tr:nth-child(2) a").first).to_be_focused()


def test_every_page_draws_without_complaint_light_dark_and_on_a_phone(
    sign_in: SignIn, office: Office, world: World, shoot: Shoot
) -> None:
    proposal_id = propose(office, world)
    message = quarantined(office, b'{"kind": "weight", "value": NaN}')
    with office.context(person("root", Role.ADMIN)) as ctx:
        say(ctx, "thermo-f", "temperature", -14.2)
        run(
            ctx.tx,
            """insert into excursion
                   (tenant_id, zone_id, device, started_at, confirmed_at, worst_degc, last_observed_at)
               values (1, %s, 'thermo-f', %s, %s, -14.2, %s)""",
            (world.zones["F"], ctx.now - timedelta(minutes=25), ctx.now - timedelta(minutes=15), ctx.now),
        )
        link = f"/zones/{world.zones['F']}"
        alerts.raise_alert(ctx, "temperature", "zone:3", "danger", "Frozen is too warm", "Above −18 °C.", link, {})
    pages = {
        "today": "/",
        "floor": "/floor",
        "alerts": "/alerts",
        "proposals": "/proposals",
        "proposal": f"/proposals/{proposal_id}",
        "item": "/items/21000",
        "stock": "/stock",
        "orders": "/orders",
        "quarantine": "/quarantine",
        "message": f"/quarantine/{message}",
        "devices": "/devices",
        "import": "/import",
        "audit": "/audit",
        "api": "/api",
        "bin": f"/bins/{world.bins['A-001']}",
        "zone": link,
    }
    for kind, (scheme, width, height) in {
        "light": ("light", 1440, 900),
        "dark": ("dark", 1440, 900),
        "phone": ("light", 360, 740),
    }.items():
        page = sign_in("mara", width, height, scheme)
        for name, path in pages.items():
            answer = page.goto(path)
            assert answer is not None
            assert answer.status == 200, path
            for chart in page.locator("[data-chart]").all():
                expect(chart).to_have_attribute("data-drawn", "yes")
            too_wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
            assert not too_wide, f"{path} must be scrolled sideways at {width} pixels"
            shoot(page, f"{name}-{kind}")
        page.context.close()
