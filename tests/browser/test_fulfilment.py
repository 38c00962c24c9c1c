"""An order on its way out, as people do it: taken at a desk, picked with a scanner on a phone, packed and gone."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from playwright.sync_api import Page, expect

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.orders import sales_orders
from shelfwise.records import service as records
from shelfwise.stock import service as stock
from tests.browser.conftest import SignIn
from tests.conftest import NOON
from tests.web.world import World


def scan(page: Page, code: str) -> None:
    """A scanner types and presses Enter, wherever the cursor is."""
    # What listens to it comes after what is drawn.
    page.wait_for_load_state()
    page.keyboard.type(code)
    page.keyboard.press("Enter")


def test_an_order_is_taken_picked_with_a_scanner_packed_and_shipped(
    sign_in: SignIn, office: Office, world: World
) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        records.set_go_live(ctx, NOON - timedelta(days=3))
        stock.opening_stock(ctx, [(world.items["21003"], world.bins["A-010"], Decimal(60))])
    desk = sign_in("mara")
    desk.goto("/sales/new")
    desk.get_by_label("Customer").fill("Hotel Bristol")
    desk.get_by_label("Item", exact=True).first.fill("21003")
    desk.get_by_label("How many").first.fill("5")
    desk.get_by_role("button", name="Take the order").click()
    expect(desk.get_by_role("heading", name="SO-000001 for Hotel Bristol")).to_be_visible()
    desk.get_by_role("button", name="Ship what is reserved").click()
    desk.wait_for_url("**/shipments/1")

    floor = sign_in("omar", 390, 844)
    floor.goto("/shipments/1/pick")
    pick = floor.locator("#pick")
    said = floor.locator("#pick-said")
    while pick.count():
        place, sku = pick.get_attribute("data-place") or "", pick.get_attribute("data-sku") or ""
        taken = floor.get_by_role("button", name="Taken")
        assert (taken.bounding_box() or {"height": 0})["height"] >= 48
        scan(floor, "Z-999")
        expect(said).to_have_text(f"Z-999 is the wrong bin. Go to {place}.")
        scan(floor, sku)
        expect(said).to_contain_text("Scan the bin")
        scan(floor, place.lower())
        expect(said).to_contain_text("right")
        scan(floor, "21999")
        expect(said).to_have_text(f"21999 is the wrong item. Take {sku}.")
        scan(floor, sku)
        expect(said).to_contain_text(f"{sku}: right")
        with floor.expect_navigation():
            scan(floor, sku)
    expect(floor.get_by_role("heading", name="All stops are done").or_(floor.get_by_text("Pack it"))).to_be_visible()

    desk.goto("/shipments/1")
    desk.get_by_label("Weight, kg").first.fill("3.2")
    desk.get_by_role("button", name="It is packed").click()
    desk.get_by_label("Carrier").fill("DHL")
    desk.get_by_role("button", name="It has left").click()
    expect(desk.get_by_text("SH-000001 has left with DHL.")).to_be_visible()
    with office.context(person("root", Role.ADMIN)) as ctx:
        assert sales_orders.sales_order(ctx, "SO-000001").words == "shipped"
        assert stock.rebuild_check(ctx) == []


def test_pages_of_fulfilment_fit_a_phone(sign_in: SignIn, office: Office, world: World) -> None:
    phone = sign_in("mara", 390, 844, "dark")
    for path in ("/sales", "/sales/new", "/shipments", "/transfers", "/transfers/new"):
        phone.goto(path)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390, path
