"""A planner clears a long list of proposals by keyboard: nothing reloads, nothing moves under the hand."""

from __future__ import annotations

from benchmarks._planner import clear
from playwright.sync_api import expect

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.agents import service as agents
from shelfwise.store.database import values
from tests.browser.conftest import SignIn
from tests.web.world import World, propose_many


def test_a_list_is_cleared_by_keyboard_without_a_reload_and_without_moving_under_the_hand(
    sign_in: SignIn, office: Office, world: World
) -> None:
    # Two groups, each longer than half a window: the page gets shorter than where one has scrolled to.
    propose_many(office, world, 32, suppliers=2)
    planner = clear(sign_in("mara"), edits=3)
    assert (planner.edited, planner.reloads, planner.moved) == (3, 0, 0)
    assert len(planner.answers["proposals/decide"]) == 2
    with office.database.transaction() as tx:
        assert values(tx, "select count(*), count(edited) from proposal where state = 'executed'") == [(32, 3)]
        assert values(tx, "select count(*) from purchase_order") == [(2,)]


def test_what_is_typed_stays_while_others_decide_and_planning_runs(
    sign_in: SignIn, office: Office, world: World
) -> None:
    numbers = propose_many(office, world, 6, suppliers=2)
    page = sign_in("mara")
    page.goto("/proposals")
    expect(page.locator("body")).to_have_attribute("data-live", "yes")
    mine = page.locator(f"#proposal-{numbers[0]}")
    mine.locator("input[data-amount]").fill("13")
    expect(mine.locator(".fault")).to_contain_text("packs of")
    before = mine.bounding_box()
    with office.context(person("root", Role.ADMIN)) as ctx:
        agents.reject(ctx, numbers[1], "decided by somebody else")
    expect(page.locator(f"#proposal-{numbers[1]}.gone")).to_contain_text("decided or no longer needed")
    expect(mine.locator("input[data-amount]")).to_have_value("13")
    after = mine.bounding_box()
    assert before is not None
    assert after is not None
    assert (before["x"], before["y"]) == (after["x"], after["y"])


def test_an_approval_is_undone_in_place(sign_in: SignIn, office: Office, world: World) -> None:
    numbers = propose_many(office, world, 3, suppliers=1)
    page = sign_in("mara")
    page.goto("/proposals")
    page.keyboard.press("j")
    page.keyboard.press("a")
    expect(page.locator("#said")).to_contain_text("1 proposal became one order: PO-000001 to Supplier 0")
    expect(page.locator("tr[data-id]")).to_have_count(2)
    page.keyboard.press("u")
    expect(page.locator("#said")).to_contain_text("Taken back: 1 proposal wait")
    expect(page.locator("tr[data-id]")).to_have_count(3)
    with office.context(person("root", Role.ADMIN)) as ctx:
        assert agents.proposal(ctx, numbers[0]).state == "proposed"
