"""A planner at the keyboard of a real browser: their own time is added up and not waited for."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from playwright.sync_api import Page, Request, expect

# What a person takes: to read a line and its risk, to think about a quantity and type another, to look at the sum.
READ_S, EDIT_S, LOOK_S, KEY_S = 2.0, 6.0, 5.0, 0.3
# Less than this the eye does not see.
STILL_PX = 2


@dataclass
class Planner:
    """Somebody who clears a list of proposals.

    Attributes:
        human_s: what a person would have taken; machine_s: what the page and the server took.
        edited: how many quantities were typed anew.
        reloads: how often the page was loaded anew; moved: how often it moved under the hand.
        answers: how long each answer of the server took, in ms, by its path.
    """

    page: Page
    human_s: float = 0.0
    machine_s: float = 0.0
    edited: int = 0
    reloads: int = 0
    moved: int = 0
    answers: dict[str, list[float]] = field(default_factory=dict)

    def press(self, key: str, thinking: float = 0.0) -> None:
        self.human_s += KEY_S + thinking
        begin = time.perf_counter()
        self.page.keyboard.press(key)
        self.machine_s += time.perf_counter() - begin

    def write(self, text: str) -> None:
        self.human_s += KEY_S * len(text)
        begin = time.perf_counter()
        self.page.keyboard.type(text)
        self.machine_s += time.perf_counter() - begin

    def heard(self, request: Request) -> None:
        path = request.url.split("/", 3)[-1].split("?")[0]
        self.answers.setdefault(path, []).append(request.timing["responseEnd"])

    @property
    def slowest(self) -> float:
        """The ms of the answer that took longest."""
        return max(max(times) for times in self.answers.values())


def clear(page: Page, edits: int) -> Planner:
    """Walk down the list group by group: read each line, edit some, approve the group when its end is reached."""
    planner = Planner(page)
    page.on("requestfinished", planner.heard)
    begin = time.perf_counter()
    page.goto("/proposals")
    expect(page.locator("[data-proposals]")).to_be_visible()
    planner.machine_s += time.perf_counter() - begin
    page.evaluate("window.stillHere = true")
    while left := page.locator("tr[data-id]").count():
        _choose_group(planner, edits)
        _approve(planner, left)
    return planner


def _choose_group(planner: Planner, edits: int) -> None:
    page = planner.page
    size = page.locator("tbody[data-group]:not([hidden])").first.locator("tr[data-id]").count()
    if not page.evaluate("Boolean(document.activeElement.closest('tr[data-id]'))"):
        planner.press("j")
    for number in range(size):
        planner.human_s += READ_S
        if planner.edited < edits and number % 2 == 0:
            planner.press("e", thinking=EDIT_S)
            pack = page.evaluate("document.activeElement.closest('tr').dataset.pack")
            planner.write(str(int(float(pack)) * 12))
            planner.press("Enter")
            planner.edited += 1
        planner.press("x")
        if number + 1 < size:
            planner.press("j")


def _approve(planner: Planner, left: int) -> None:
    """Approve what is chosen, and see whether the page stays as it was but for the rows that are gone."""
    page = planner.page
    before = page.evaluate("window.scrollY")
    planner.human_s += LOOK_S
    begin = time.perf_counter()
    planner.press("a")
    page.wait_for_function("left => document.querySelectorAll('tr[data-id]').length < left", arg=left)
    planner.machine_s += time.perf_counter() - begin
    after, lowest = page.evaluate("[window.scrollY, document.documentElement.scrollHeight - innerHeight]")
    planner.moved += abs(after - min(before, lowest)) > STILL_PX
    planner.reloads += not page.evaluate("Boolean(window.stillHere)")
    page.evaluate("window.stillHere = true")
