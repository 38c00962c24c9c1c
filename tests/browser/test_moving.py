"""Goods carried from the dock and from bin to bin, with a scanner on a phone."""

from __future__ import annotations

from decimal import Decimal

from playwright.sync_api import Page, Route, expect

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.orders import service as orders
from shelfwise.records import service as records
from shelfwise.stock import service as stock
from tests.browser.conftest import SignIn
from tests.browser.test_fulfilment import scan
from tests.conftest import NOON
from tests.web.world import World


def tall(page: Page, name: str) -> bool:
    """Whether a button is made for thumbs."""
    return (page.get_by_role("button", name=name).bounding_box() or {"height": 0})["height"] >= 48


def test_goods_are_carried_from_bin_to_bin_with_a_scanner(sign_in: SignIn, office: Office, world: World) -> None:
    floor = sign_in("omar", 390, 844)
    floor.goto("/move")
    said = floor.locator("[data-said]")
    scan(floor, "Z-999")
    expect(said).to_have_text("Z-999 is no bin here. Scan the label of the bin.")
    scan(floor, "a-001")
    expect(floor.get_by_role("heading", name="What do you take from A-001?")).to_be_visible()
    scan(floor, "21003")
    expect(said).to_contain_text("By the books, no 21003 lies in A-001.")
    expect(floor.get_by_role("link", name="Move 21003 all the same")).to_be_visible()
    scan(floor, "21000")
    expect(floor.get_by_role("heading", name="Where do you carry it?")).to_be_visible()
    assert tall(floor, "It lies there now")
    assert tall(floor, "One less")
    floor.get_by_role("button", name="One less").click()
    expect(floor.get_by_label("How many")).to_have_value("29")
    scan(floor, "21000")
    expect(said).to_contain_text("is no bin here")
    scan(floor, "A-001")
    expect(said).to_contain_text("is where you took it from")
    scan(floor, "a-002")
    expect(said).to_contain_text("A-002.")
    # Into another field by mistake: it is no amount.
    floor.get_by_label("How many").focus()
    scan(floor, "A-003")
    expect(floor.get_by_label("How many")).to_have_value("29")
    expect(said).to_contain_text("A-003.")
    floor.get_by_label("Scan the bin").focus()
    with floor.expect_navigation():
        scan(floor, "A-003")
    expect(floor.get_by_text("29 of 21000 moved from A-001 to A-003.")).to_be_visible()
    expect(floor.get_by_role("heading", name="What do you take from A-001?")).to_be_visible()
    with office.context(person("root", Role.ADMIN)) as ctx:
        (one,) = stock.lies_at(ctx, place_id=world.bins["A-003"], item_id=world.items["21000"])
        assert int(one.on_hand) == 29


def test_the_dock_is_emptied_from_its_list(sign_in: SignIn, office: Office, world: World) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        order = orders.place_purchase_order(
            ctx, decision_key="d", supplier_id=world.supplier_id, site_id=world.site_id, currency="EUR",
            lines=[(world.items["21003"], Decimal(12), Decimal(2))], expected_at=NOON,
        )  # fmt: skip
        dock = records.place_by_code(ctx, world.site_id, "DOCK").place_id
        stock.receive(ctx, order.purchase_order_id, 1, Decimal(12), dock, "r1", lot="L-77")
    floor = sign_in("omar", 360, 780, "dark")
    floor.goto("/put-away")
    floor.get_by_role("link", name="Put away", exact=True).click()
    expect(floor.get_by_role("heading", name="Put it away")).to_be_visible()
    # The answer to the first scan comes while the second one is half typed: it is not written into it.
    asked: list[Route] = []
    floor.route("**/move/code?*", lambda route: asked.append(route))
    with floor.expect_request("**/move/code?*"):
        scan(floor, "A-004")
    floor.keyboard.type("A-0")
    asked.pop().continue_()
    expect(floor.locator("[data-said]")).to_contain_text("A-004.")
    with floor.expect_navigation():
        scan(floor, "04")
    expect(floor.get_by_text("Nothing waits on the docks")).to_be_visible()


def test_pages_for_moving_fit_a_phone(sign_in: SignIn, world: World) -> None:
    phone = sign_in("mara", 360, 780, "dark")
    for path in ("/move", "/put-away", "/move?site=LON&from=A-001", "/move?site=LON&from=A-001&sku=21000"):
        phone.goto(path)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 360, path
