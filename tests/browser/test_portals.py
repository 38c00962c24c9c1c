"""A truck is unloaded through a dock door with antennas: tags bound at the table, the load confirmed by one tap."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from playwright.sync_api import Page, expect

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person, system
from shelfwise.edge import devices
from shelfwise.edge.standing import Spot, move_device
from shelfwise.edge.tables import StoredReading
from shelfwise.orders import service as orders
from shelfwise.records import service as records
from shelfwise.stock.portals import service as portals
from tests.browser.conftest import SignIn
from tests.conftest import NOON
from tests.web.world import World

EPCS = [f"E280116000{number:02d}" for number in range(10)]


def fits(page: Page) -> bool:
    """Whether nothing stands beyond the right edge."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_a_tagged_load_is_confirmed_by_one_tap(sign_in: SignIn, office: Office, world: World) -> None:
    with office.context(person("mara", Role.ADMIN)) as ctx:
        dock = records.place_by_code(ctx, world.site_id, "DOCK").place_id
        devices.add_device(ctx, "gate", name="Reader at the dock", place_id=dock)
        for antenna, way in ((1, "outside"), (2, "inside")):
            move_device(ctx, "gate", Spot(place_id=dock, way=way), antenna=antenna)  # type: ignore[arg-type]
        order = orders.place_purchase_order(
            ctx, decision_key="tagged", supplier_id=world.supplier_id, site_id=world.site_id,
            lines=[(world.items["21001"], Decimal(10), Decimal(2))], currency="EUR", expected_at=NOON,
        )  # fmt: skip
    omar = sign_in("omar", 360, 740)
    omar.goto("/tags/bind")
    # A scanner types like a keyboard: two items, one of them twice, and the tag of the pallet.
    for code in ("21001", "21002", "21001", "E28011609999"):
        omar.get_by_label("Scan goods or tags").fill(code)
        omar.get_by_label("Scan goods or tags").press("Enter")
    expect(omar.get_by_label("Tags", exact=True)).to_have_value("E28011609999")
    assert fits(omar)
    omar.get_by_role("button", name="Bind them all").click()
    expect(omar.get_by_text("1 tag is on 21001, 21002 now.")).to_be_visible()
    expect(omar.locator('td[data-label="On"]')).to_contain_text(["1", "2"])
    omar.goto(f"/tags/bind?order={order.purchase_order_id}&line=1")
    omar.get_by_label("Tags", exact=True).fill("\n".join([*EPCS[:9], EPCS[0]]))
    omar.get_by_role("button", name="Bind them all").click()
    expect(omar.get_by_text("9 tags are on 21001 now.")).to_be_visible()
    with office.context(system("portals")) as ctx:
        reads = [
            StoredReading(1, number, "gate", "tag", None, {"epc": epc, "antenna": antenna, "rssi": -50.0}, when, when)
            for number, epc in enumerate(EPCS)
            for antenna, after in ((1, 0.0), (1, 0.4), (2, 0.8), (2, 1.2))
            for when in (NOON - timedelta(minutes=5) + timedelta(seconds=number + after),)
        ]
        portals.watch(ctx, reads)
        portals.settle(ctx)
    omar.goto("/portals")
    assert fits(omar)
    omar.get_by_role("link", name="DOCK").first.click()
    expect(omar.get_by_role("heading", name=f"Is this {order.number}?")).to_be_visible()
    expect(omar.get_by_text("1 tag is on nothing that anybody knows")).to_be_visible()
    assert fits(omar)
    button = omar.get_by_role("button", name="Yes, receive it at DOCK")
    assert (button.bounding_box() or {"height": 0})["height"] >= 48
    button.click()
    expect(omar.get_by_text(f"{order.number} is booked.")).to_be_visible()
    with office.context(system("portals")) as ctx:
        (line,) = orders.purchase_order(ctx, order.purchase_order_id).lines
    assert line.received == 9
