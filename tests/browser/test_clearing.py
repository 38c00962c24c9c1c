"""A planner clears a long list of proposals by keyboard: nothing reloads, nothing moves under the hand."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Page, Request, expect

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.agents import service as agents
from shelfwise.store.database import values
from tests.browser.conftest import SignIn
from tests.web.world import World, propose_many

# What a person takes: to read a line and its risk, to think about a quantity and type another, to look at the sum.
READ_S, EDIT_S, LOOK_S, KEY_S = 2.0, 6.0, 5.0, 0.3


@dataclass
class Planner:
    """Somebody at the keyboard, whose own time is added up and not waited for.

    Attributes:
        human_s: what a person would have taken; machine_s: what the page and the server took.
        answers: how long each answer of the server took, in ms, by its path.
    """

    page: Page
    human_s: float = 0.0
    machine_s: float = 0.0
    answers: dict[str, list[float]] = field(default_factory=dict)

    def press(self, key: str, thinking: float = 0.0) -> None:
        self.human_s += KEY_S + thinking
        begin = time.perf_counter()
        self.page.keyboard.press(key)
        self.machine_s += time.perf_counter() - begin

    def write(self, text: str, thinking: float) -> None:
        self.human_s += thinking + KEY_S * len(text)
        begin = time.perf_counter()
        self.page.keyboard.type(text)
        self.machine_s += time.perf_counter() - begin

    def heard(self, request: Request) -> None:
        path = request.url.split("/", 3)[-1].split("?")[0]
        self.answers.setdefault(path, []).append(request.timing["responseEnd"])


def clear(page: Page, edits: int) -> Planner:
    """Walk down the list group by group: read each line, edit some, approve the group when its end is reached."""
    planner = Planner(page)
    page.on("requestfinished", planner.heard)
    begin = time.perf_counter()
    page.goto("/proposals")
    expect(page.locator("[data-proposals]")).to_be_visible()
    planner.machine_s += time.perf_counter() - begin
    page.evaluate("window.stillHere = true")
    edited = 0
    while page.locator("tr[data-id]").count():
        size = page.locator("tbody[data-group]:not([hidden])").first.locator("tr[data-id]").count()
        if not page.evaluate("Boolean(document.activeElement.closest('tr[data-id]'))"):
            planner.press("j")
        for number in range(size):
            planner.human_s += READ_S
            if edited < edits and number % 2 == 0:
                planner.press("e", thinking=EDIT_S)
                row = page.evaluate("document.activeElement.closest('tr').dataset.pack")
                planner.write(str(int(float(row)) * 12), thinking=0)
                planner.press("Enter")
                edited += 1
            planner.press("x")
            if number + 1 < size:
                planner.press("j")
        scroll = page.evaluate("window.scrollY")
        planner.human_s += LOOK_S
        left = page.locator("tr[data-id]").count()
        begin = time.perf_counter()
        planner.press("a")
        page.wait_for_function("left => document.querySelectorAll('tr[data-id]').length < left", arg=left)
        planner.machine_s += time.perf_counter() - begin
        still = page.evaluate("[window.scrollY, document.documentElement.scrollHeight - innerHeight]")
        assert abs(still[0] - min(scroll, still[1])) <= 2, "the page moved under the hand"
        assert page.evaluate("window.stillHere"), "the page was loaded anew"
    assert edited == edits
    return planner


def test_forty_proposals_are_cleared_by_keyboard_with_four_edits(sign_in: SignIn, office: Office, world: World) -> None:
    numbers = propose_many(office, world, 40, suppliers=4)
    planner = clear(sign_in("mara"), edits=4)
    with office.database.transaction() as tx:
        assert values(tx, "select count(*), count(edited) from proposal where state = 'executed'") == [(40, 4)]
        assert values(tx, "select count(*) from purchase_order") == [(4,)]
    assert len(numbers) == 40
    assert planner.answers["proposals/decide"]


def test_what_is_typed_stays_while_others_decide_and_planning_runs(
    sign_in: SignIn, office: Office, world: World
) -> None:
    numbers = propose_many(office, world, 6, suppliers=2)
    page = sign_in("mara")
    page.goto("/proposals")
    expect(page.locator("body")).to_have_attribute("data-live", "yes")
    mine = page.locator(f"#proposal-{numbers[0]}")
    mine.locator("input[data-proposed]").fill("13")
    expect(mine.locator(".fault")).to_contain_text("packs of")
    before = mine.bounding_box()
    with office.context(person("root", Role.ADMIN)) as ctx:
        agents.reject(ctx, numbers[1], "decided by somebody else")
    expect(page.locator(f"#proposal-{numbers[1]}.gone")).to_contain_text("decided or no longer needed")
    expect(mine.locator("input[data-proposed]")).to_have_value("13")
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


@pytest.mark.slow
def test_two_hundred_proposals_with_twenty_edits_are_cleared_in_a_quarter_of_an_hour(
    sign_in: SignIn, office: Office, world: World
) -> None:
    propose_many(office, world, 200, suppliers=12)
    planner = clear(sign_in("mara"), edits=20)
    print(
        json.dumps(
            {
                "human_min": round(planner.human_s / 60, 1),
                "machine_s": round(planner.machine_s, 2),
                "slowest_ms": {path: round(max(times)) for path, times in sorted(planner.answers.items())},
            }
        )
    )
    with office.database.transaction() as tx:
        assert values(tx, "select count(*), count(edited) from proposal where state = 'executed'") == [(200, 20)]
        assert values(tx, "select count(*) from purchase_order") == [(12,)]
