"""Lists and the search box in a real browser: by keyboard, in light and dark, and on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.orders import service as orders
from shelfwise.orders import transfers
from shelfwise.orders.model import NewSalesLine
from shelfwise.records import service as records
from tests.browser.conftest import SignIn
from tests.web.world import World


@pytest.fixture
def busy(office: Office, world: World) -> None:
    """Orders of customers and to a supplier, and a transfer."""
    with office.context(person("root", Role.ADMIN)) as ctx:
        records.set_go_live(ctx, ctx.now)
        items = list(world.items.values())
        lines = [
            NewSalesLine(
                f"SO-{n:04}", 1, world.site_id, items[n % 9], ctx.now, Decimal(n % 7 + 1), Decimal("2.5"), f"C-{n % 5}"
            )
            for n in range(140)
        ]
        orders.take_sales_lines(ctx, lines)
        for n in range(5):
            orders.place_purchase_order(
                ctx, decision_key=f"key-{n}", supplier_id=world.supplier_id, site_id=world.site_id,
                lines=[(items[n], Decimal(12), Decimal("2.50"))], currency="EUR", expected_at=ctx.now,
            )  # fmt: skip
        port = records.add_site(ctx, code="POR", name="Port", time_zone="Europe/London", width_m=9, depth_m=9)
        transfers.draft_transfer(ctx, world.site_id, port, [(items[0], Decimal(2))], ctx.now, "For the port")


@pytest.mark.usefixtures("busy")
def test_a_list_is_walked_sorted_and_saved_by_keyboard(sign_in: SignIn, shoot: Callable[[Page, str], None]) -> None:
    page = sign_in("mara")
    page.goto("/sales")
    expect(page.locator(".pager")).to_contain_text("1 to 100 of 140")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    focused = page.locator("tbody tr").first.locator("a").first
    expect(focused).to_be_focused()
    shoot(page, "list-sales")
    page.keyboard.press("]")
    expect(page.locator(".pager")).to_contain_text("101 to 140 of 140")
    page.keyboard.press("[")
    expect(page.locator(".pager")).to_contain_text("1 to 100 of 140")
    page.get_by_role("link", name="Missing").click()
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("Missing")
    page.get_by_text("Save this list").click()
    page.get_by_label("Name").fill("Most missing")
    page.keyboard.press("Enter")
    expect(page.locator(".chip.chosen")).to_contain_text("Most missing")
    shoot(page, "list-saved")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/sales/orders/SO-"))


@pytest.mark.usefixtures("busy")
def test_the_search_box_suggests_and_jumps(sign_in: SignIn, shoot: Callable[[Page, str], None]) -> None:
    page = sign_in("mara")
    page.goto("/stock")
    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()
    page.keyboard.type("po-0")
    expect(page.locator("#suggestions")).to_contain_text("PO-000005")
    shoot(page, "search-suggestions")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("PO-000005")
    page.keyboard.press("/")
    page.keyboard.type("A-007")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("A-007")


def test_keys_lead_to_pages_and_are_shown(sign_in: SignIn, shoot: Callable[[Page, str], None]) -> None:
    page = sign_in("mara")
    page.goto("/inbox")
    page.keyboard.press("g")
    page.keyboard.press("s")
    expect(page.locator("h1")).to_contain_text("How much is there?")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    shoot(page, "keys")
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize(
    ("width", "scheme", "paths"),
    [
        (
            360,
            "light",
            ("/stock", "/orders", "/sales", "/transfers", "/lots?show=all", "/devices", "/people", "/audit"),
        ),
        (1440, "dark", ("/stock", "/orders", "/export")),
    ],
)
def test_lists_fit_on_a_phone_and_a_screen(
    sign_in: SignIn, shoot: Callable[[Page, str], None], width: int, scheme: str, paths: tuple[str, ...]
) -> None:
    page = sign_in("mara", width, 900, scheme)
    for path in paths:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
        shoot(page, f"list{path.split('?')[0].replace('/', '-')}-{width}-{scheme}")
