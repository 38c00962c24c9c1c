"""The editor of a floor: by mouse, by keys and by numbers, one draft that is saved as a whole."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.records import service as records
from shelfwise.records.drawing import Floor
from shelfwise.records.floor_model import Draft, Footprint
from tests.browser.conftest import SignIn
from tests.web.world import World

ROOT = person("root", Role.ADMIN)


def floor_of(office: Office, site_id: int) -> Floor:
    with office.context(ROOT) as ctx:
        return records.floor_of(ctx, site_id)


def drag(page: Page, selector: str, right: float, down: float) -> None:
    """By so many metres."""
    scale = page.evaluate("document.querySelector('.draw-picture').getScreenCTM().a")
    box = page.locator(selector).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right * scale, y + down * scale, steps=4)
    page.mouse.up()


def save(page: Page, words: str) -> None:
    page.get_by_role("button", name="Save…").click()
    expect(page.get_by_role("dialog", name="Save the floor")).to_contain_text(words)
    page.get_by_role("button", name="Save it").click()


def test_a_floor_is_drawn_by_mouse_and_keys_over_what_others_change(
    sign_in: SignIn, office: Office, world: World, shoot: Callable[[Page, str], None]
) -> None:
    with office.context(ROOT) as ctx:
        site_id = records.add_site(ctx, code="NEW", name="New", time_zone="Europe/London", width_m=30, depth_m=20)
    page = sign_in("mara")
    page.goto(f"/records/sites/{site_id}/draw")
    page.locator("#drawing[data-ready]").wait_for()
    page.get_by_role("button", name="Add a rack").click()
    rack = page.locator(".draw-newrack")
    expect(rack).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowRight")
    expect(rack).to_have_attribute("aria-label", "New rack A, 15 bins, at 9 × 9.5 m, 13.5 × 1.1 m")
    page.get_by_label("Levels").fill("2")
    page.get_by_label("Levels").press("Tab")
    drag(page, ".draw-newrack", -6, -7)
    expect(rack).to_have_attribute("aria-label", "New rack A, 10 bins, at 3 × 2.5 m, 13.5 × 1.1 m")
    page.get_by_role("button", name="Undo").click()
    expect(rack).to_have_attribute("aria-label", "New rack A, 10 bins, at 9 × 9.5 m, 13.5 × 1.1 m")
    page.get_by_role("button", name="Redo").click()
    page.get_by_role("button", name="Add a zone").click()
    page.keyboard.press("Delete")
    expect(page.locator(".draw-zone")).to_have_count(0)
    page.get_by_role("button", name="Dock DOCK, not drawn yet").click()
    page.get_by_label("From the top, m").fill("15")
    page.get_by_label("From the top, m").press("Tab")
    with office.context(ROOT) as ctx:
        bench = records.place_by_code(ctx, site_id, "PACKING").place_id
        records.draw_floor(ctx, site_id, Draft(moved={bench: Footprint(20, 15, 2, 1)}))
    page.get_by_role("button", name="Save…").click()
    page.get_by_role("button", name="Take their changes in").click()
    expect(page.locator(".draw-packing")).to_have_count(1)
    save(page, "10 places are made, 1 place moves.")
    expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    shoot(page, "drawing")
    floor = floor_of(office, site_id)
    stands = {one.code: (one.x_m, one.y_m) for one in floor.places}
    assert (stands["A-01-01"], stands["A-05-02"]) == ((3, 2.5), (13.8, 2.5))
    assert (stands["DOCK"], stands["PACKING"]) == ((0, 15), (20, 15))
    drag(page, ".draw-rack", 1, 1)
    save(page, "10 places move.")
    expect(page.locator(".draw-rack")).to_have_attribute("aria-label", "Rack A, 10 bins, at 4 × 3.5 m, 13.5 × 1.1 m")
