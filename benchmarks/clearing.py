"""How long a planner takes to clear 200 proposals by keyboard, 20 of them with another quantity, in a real Chromium.

``python -m benchmarks.clearing [--quick]``: an embedded Postgres of its own and the web application on a free port; the
browser is the one that ``python -m scripts.chromium`` finds. The planner's reading, thinking and typing is added up and
not waited for; what the page and the server take is measured. Progress on standard error; the last line of standard
output is one JSON object.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg
from playwright.sync_api import Page, sync_playwright
from scripts import chromium
from tests.web.world import furnish, propose_many

from benchmarks._pages import served, signed_in
from benchmarks._planner import Planner, clear
from benchmarks.harness import Result, own_postgres, progress, report
from shelfwise.access.context import Office, stand_still
from shelfwise.store.database import Database, run, values
from shelfwise.web.visits import SESSION_COOKIE

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SEED = 7
MINUTES, ANSWER_MS = 15.0, 300.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="40 proposals with 4 edits")
    proposals, suppliers, edits = (40, 4, 4) if parser.parse_args().quick else (200, 12, 20)
    program = chromium.find()
    if program is None:
        sys.exit("There is no Chromium to measure in. `python -m scripts.chromium` gets one, or name it: CHROMIUM=PATH")
    with own_postgres() as url:
        office = _office(url)
        progress(f"proposing {proposals} orders of {suppliers} suppliers")
        propose_many(office, furnish(office), proposals, suppliers)
        with served(office) as address, _window(program, address, signed_in(office, "planner")) as page:
            planner = clear(page, edits)
        with office.database.transaction() as tx:
            decided = values(tx, "select count(*), count(edited) from proposal where state = 'executed'")
        if decided != [(proposals, edits)]:
            raise AssertionError(f"{proposals} with {edits} edits were to be ordered, and {decided} were")
    report("clearing", SEED, _results(planner, f"{proposals} proposals, {edits} edits", proposals))


def _results(planner: Planner, what: str, proposals: int) -> list[Result]:
    minutes = (planner.human_s + planner.machine_s) / 60
    within = MINUTES * proposals / 200
    slowest = planner.slowest
    for name, took in sorted(planner.answers.items()):
        progress(f"{name}: {len(took)} answers, the slowest in {max(took):,.0f} ms")
    return [
        Result(
            f"{what}: a person's time at the keyboard, with the machine's", minutes, "min", within, minutes <= within
        ),
        Result(f"{what}: the machine's part of it", planner.machine_s, "s"),
        Result("slowest answer of the server", slowest, "ms", ANSWER_MS, slowest <= ANSWER_MS),
        Result("times the page was loaded anew", float(planner.reloads), "count", 0.0, planner.reloads == 0),
        Result("times the page moved under the hand", float(planner.moved), "count", 0.0, planner.moved == 0),
    ]


def _office(url: str) -> Office:
    """Empty books of one tenant, its clock standing still."""
    with psycopg.connect(url) as tx:
        run(tx, "insert into tenant values (1, 'Benchmark', 'EUR')")
        stand_still(tx, 1, NOW)
    return Office(Database(url, size=12).open())


@contextmanager
def _window(program: str, address: str, token: str) -> Iterator[Page]:
    """A page of a browser that is signed in and was at the front page before, as everybody comes from there.

    It is closed before the server ends, which waits for whoever listens.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        context = browser.new_context(base_url=address, viewport={"width": 1440, "height": 900})
        context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": address}])
        page = context.new_page()
        page.goto("/")
        yield page
        browser.close()


if __name__ == "__main__":
    main()
