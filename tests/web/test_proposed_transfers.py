"""Proposed transfers on pages and by API: what is said, decided and taken back; and the ways between sites."""

from __future__ import annotations

from decimal import Decimal

import pytest

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.agents.transfers.service import proposed_transfers
from shelfwise.orders import transfers as documents
from shelfwise.records.lanes import lanes
from tests.agents.two_shops import build
from tests.web.conftest import Client

ROOT = person("root", Role.ADMIN)


@pytest.fixture
def numbers(office: Office, client: Client) -> list[int]:
    """The proposals of cups and tea, from Dresden to Berlin."""
    with office.context(ROOT) as ctx:
        return [one.proposal_id for one in sorted(build(ctx).proposed(), key=lambda one: one.sku)]


def test_the_list_the_page_and_today_say_what_would_go_where_and_why(client: Client, numbers: list[int]) -> None:
    mara = client("mara")
    page = mara.get("/proposals").text
    assert "What should one site give another?" in page
    assert "2 transfers proposed" in page
    why = mara.get(f"/proposals/transfers/{numbers[1]}").text
    for words in (
        "Dresden gives",
        "Berlin takes",
        "Buy ",
        "Move nothing",
        "Approve and make the transfer",
        "What Dresden will have",
    ):
        assert words in why
    assert "2 transfers between sites proposed" in mara.get("/today").text
    assert "Approve" not in client("vera").get(f"/proposals/transfers/{numbers[1]}").text
    assert "TEA" in mara.get("/export/proposed_transfers.csv").text


def test_many_are_approved_in_the_list_and_taken_back_on_their_page(
    client: Client, office: Office, numbers: list[int]
) -> None:
    mara, (cup, tea) = client("mara"), numbers
    told = {"verb": "approve", "pick": [cup, tea], f"amount-{cup}": "7", f"amount-{tea}": "1.5"}
    answer = mara.post("/proposals/transfers/decide", data=told)
    assert answer.status_code == 303
    with office.context(ROOT) as ctx:
        (made,) = documents.transfers(ctx)
        assert [(line.sku, line.quantity) for line in made.lines] == [("CUP", Decimal(7))]
    page = mara.get(f"/proposals/transfers/{cup}").text
    assert f'href="/transfers/{made.transfer_id}"' in page
    assert mara.post(f"/proposals/transfers/{cup}/take-back").status_code == 303
    assert mara.post(f"/proposals/transfers/{tea}/reject", data={"note": "no van"}).status_code == 303
    with office.context(ROOT) as ctx:
        assert [one.proposal_id for one in proposed_transfers(ctx)] == [cup]
    assert mara.post("/proposals/transfers/decide", data={"verb": "approve"}).status_code == 409
    assert mara.post(f"/proposals/transfers/{cup}/approve", data={"amount": "much"}).status_code == 422
    assert mara.get("/proposals/transfers/999").status_code == 404
    assert "no van" in mara.get("/proposals").text


def test_programs_decide_too(client: Client, numbers: list[int]) -> None:
    mara = client("mara")
    listed = mara.get("/api/v1/proposed-transfers").json()
    assert {(one["from_site"], one["to_site"], one["evidence"]) for one in listed} == {("D", "B", None)}
    here = f"/api/v1/proposed-transfers/{numbers[1]}"
    assert mara.get(here).json()["evidence"]["binds"] == "enough"
    made = mara.post(f"{here}/approve", json={"quantity": "9"}).json()
    assert (made["state"], made["lines"][0]["quantity"]) == ("approved", "9")
    assert mara.post(f"{here}/take-back").json()["state"] == "proposed"
    assert mara.post(f"{here}/reject", json={"note": "no"}).json()["state"] == "rejected"


def test_a_way_is_said_in_a_form_shown_again_where_it_is_wrong_and_forgotten(
    client: Client, office: Office, numbers: list[int]
) -> None:
    mara = client("mara")
    page = mara.get("/lanes").text
    assert "usual; nobody said" in page and "<function" not in page.replace("&lt;", "<")
    form = mara.get("/lanes?start=B&end=D").text
    assert "From Berlin to Dresden" in form
    ends = {"start": "B", "end": "D"}
    wrong = mara.post("/lanes", data=ends | {"days": "400", "cost_per_shipment": "9", "mon": "yes"})
    assert wrong.status_code == 422
    assert 'value="400"' in wrong.text
    assert mara.post("/lanes", data=ends | {"days": "1.5", "cost_per_shipment": "9", "mon": "yes"}).status_code == 303
    with office.context(ROOT) as ctx:
        (kept,) = [one for one in lanes(ctx) if not one.assumed and one.days == 1.5]
        assert kept.weekdays == frozenset({1})
    assert mara.post("/lanes", data=ends | {"verb": "forget"}).status_code == 303
    with office.context(ROOT) as ctx:
        assert sum(not one.assumed for one in lanes(ctx)) == 1
    assert mara.post("/lanes", data={"start": "B", "end": "NO", "days": "1"}).status_code == 404
