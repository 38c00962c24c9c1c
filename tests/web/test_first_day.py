"""The guide of the first day, walked through the pages with its own files, up to the first proposals.

What they must say is reckoned here from the definitions that the documentation gives, without a line of planning code.
"""

from __future__ import annotations

import math
import re
import threading
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from shelfwise import jobs, worker
from shelfwise.access.context import Office, stand_still
from shelfwise.access.model import system
from shelfwise.agents import runs
from shelfwise.agents import service as agents
from shelfwise.agents.model import Proposal
from shelfwise.store.database import value
from tests.conftest import NOON
from tests.web.conftest import TestClient

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "first-day.md"
FILES = GUIDE.parent / "first-day"
OWN = "three random words"
# What planning is told where nobody says otherwise; see docs/concepts.md.
SERVICE, ORDERING, HOLDING, LONGEST_COVER = 0.95, 15.0, 0.25, 60


def bring_in(browser: TestClient, name: str) -> None:
    """Look at a file of the guide and take it in, as a person does."""
    looked = browser.post("/import", data={"site": ""}, files={"file": (name, (FILES / name).read_bytes())})
    assert looked.status_code == 303, looked.text
    address = looked.headers["location"]
    for thread in threading.enumerate():
        if thread.name == "import":
            thread.join(60)
    page = browser.get(address).text
    assert "Bad cells</h2>" not in page, re.sub(r"<[^>]+>", " ", page)
    assert browser.post(f"{address}/start").status_code == 303
    for thread in threading.enumerate():
        if thread.name == "import":
            thread.join(60)
    assert "Taken in." in browser.get(address).text, name


def look(office: Office) -> dict[str, Proposal]:
    """The worker does what it was asked to; the open proposals by SKU."""
    worker.serve_consumers(office)
    with office.context(system("test")) as ctx:
        waiting = [one.run_id for one in runs.latest_runs(ctx) if one.state == "waiting"]
    for run_id in waiting:
        jobs.look(office, run_id)
    with office.context(system("test")) as ctx:
        return {one.sku: one for one in agents.proposals(ctx)}


def student_quantile(level: float) -> float:
    """Of Student's distribution with six degrees of freedom, whose distribution function has a closed form."""

    def reached(t: float) -> float:
        angle = math.atan(t / math.sqrt(6))
        sine, cosine = math.sin(angle), math.cos(angle)
        return 0.5 + sine * (1 + cosine**2 / 2 + 3 * cosine**4 / 8) / 2

    low, high = 0.0, 50.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if reached(middle) < level else (low, middle)
    return high


def lead_time_quantile(stated: float) -> int:
    """Whole days in which an order has come in 95 of 100 cases, where nothing has arrived yet: the stated time counts
    as two observed ones and a spread of a fifth of it as six, on a logarithmic scale; an item may differ from others of
    its supplier by three tenths of that variance; one order in eighty is thought to be lost, and comes last of all."""
    spread = math.sqrt(6 * 0.2**2 / 6 * (1 + 0.3 + 1 / 2))
    return math.ceil(stated * math.exp(spread * student_quantile(SERVICE / (1 - 1 / 80))))


def order(daily: int, lead_days: float, cost: float, on_hand: int, pack: int, least: int = 0) -> int:
    """What is to be ordered of something that sells as much every day.

    Reorder point: what sells until the order placed a day later has come. Up to: what makes an order last as long as
    the economic order quantity, 60 days at most. In whole packs.
    """
    point = daily * (lead_time_quantile(lead_days) + 1)
    if on_hand > point:
        return 0
    economic = math.sqrt(2 * daily * 365 * ORDERING / (HOLDING * cost))
    days = min(max(round(economic / daily), 1), LONGEST_COVER)
    return math.ceil(max(point + (days - 1) * daily - on_hand, least) / pack) * pack


@pytest.mark.parametrize("later", [timedelta(0), timedelta(days=250)], ids=["at once", "files of last winter"])
def test_somebody_alone_gets_from_an_empty_folder_to_proposals_that_are_right(
    fresh: TestClient, office: Office, later: timedelta
) -> None:
    with office.database.transaction() as tx:
        stand_still(tx, 1, NOON + later)
    assert fresh.get("/").headers["location"] == "/setup"
    told = dict(re.findall(r"^\| ([^|]+?) +\| ([^|]+?) +\|$", GUIDE.read_text("utf-8"), re.MULTILINE))
    done = fresh.post(
        "/setup",
        data={
            "company": told["Name, as it stands on orders"], "currency": told["Currency of your books"].split()[0],
            "time_zone": told["Time zone"], "numbers": "en", "days": "name", "site": told["Name of the first place"],
            "code": told["Its code"], "name": "Ana", "password": OWN, "again": OWN,
        },
    )  # fmt: skip
    assert done.headers["location"] == "/start"
    named = re.findall(r"\]\(first-day/([a-z]+\.csv)\)", GUIDE.read_text("utf-8"))
    assert sorted(set(named)) == sorted(path.name for path in FILES.iterdir())
    for name in dict.fromkeys(named):
        bring_in(fresh, name)
        # Whatever was proposed from half of the files gives way.
        look(office)
    assert fresh.post("/go-live", data={"when": "now"}).status_code == 303
    with office.context(system("test")) as ctx:
        proposals = {one.sku: one for one in agents.proposals(ctx)}

    expected = {
        "MUG-RED": order(daily=4, lead_days=4, cost=1.20, on_hand=20, pack=12, least=48),
        # Nobody said how long the grocer takes: seven days are assumed.
        "TEA-ASSAM": order(daily=2, lead_days=7, cost=3.50, on_hand=15, pack=10),
        # Five days of sales are no forecast; the rule in the file says 20 and 60.
        "CHEESE-1KG": math.ceil((60 - 12) / 6) * 6,
    }
    assert {sku: int(one.quantity) for sku, one in proposals.items()} == expected
    assert "the 7 days that are usual here" in proposals["TEA-ASSAM"].reason
    assert "your own rule counts: reorder at 20, up to 60" in proposals["CHEESE-1KG"].reason
    assert proposals["MUG-RED"].total == Decimal("1.20") * expected["MUG-RED"]

    page = fresh.get("/start").text
    assert "2 items forecast" in page
    assert "3 orders proposed" in page
    assert "orders will assume 7 days" in page
    assert "Lead time assumed" in fresh.get(f"/proposals/{proposals['TEA-ASSAM'].proposal_id}").text
    assert "Your rule" in fresh.get(f"/proposals/{proposals['CHEESE-1KG'].proposal_id}").text

    # The night finds it done.
    with office.context(system("test")) as ctx:
        site_id = int(value(ctx.tx, "select site_id from site"))
    jobs.nightly(office, site_id, (NOON + later - timedelta(days=1)).date())
    with office.context(system("test")) as ctx:
        assert {one.sku: one.proposal_id for one in agents.proposals(ctx)} == {
            sku: one.proposal_id for sku, one in proposals.items()
        }
