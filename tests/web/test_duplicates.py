"""Pairs of records that may be one thing are judged on a page that says what merging does, and each can be undone."""

from __future__ import annotations

import pytest

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.intake.joining import finding
from shelfwise.records import service as records
from tests.web.conftest import Client
from tests.web.world import HOSTILE, World

ASKED = {"HX-Request": "true"}


@pytest.fixture
def pair(office: Office, world: World) -> str:
    """The address of a pair whose names are hostile markup."""
    with office.context(person("root", Role.ADMIN)) as ctx:
        one = records.add_item(ctx, sku="DUP-1", description=f"Copper kettle {HOSTILE}")
        other = records.add_item(ctx, sku="DUP-2", description=f"Kettle copper {HOSTILE}")
        finding.find(ctx)
    return f"/data/duplicates/item/{one}/{other}"


def test_a_pair_is_looked_at_merged_and_taken_back_without_leaving_the_page(client: Client, pair: str) -> None:
    mara = client("mara")
    other = pair.rsplit("/", 1)[1]
    page = mara.get("/data/duplicates").text
    assert "They have the same words, in whatever order." in page and HOSTILE not in page
    assert "may be one thing" in mara.get("/data").text
    looked = mara.get(f"{pair}?keep={other}", headers=ASKED).text
    assert "DUP-1 is archived" in looked and "<html" not in looked
    done = mara.post(pair, data={"verdict": "merge", "keep": other, "factor": "1"}, headers=ASKED)
    assert done.status_code == 200 and "merged" in done.text
    assert "DUP-2" in mara.get("/items/DUP-1").text
    assert "now DUP-2" in mara.get("/api/v1/search?q=DUP").text
    assert pair in mara.get("/data/duplicates?show=decided").text
    assert "One thing…" in mara.post(pair, data={"verdict": "undo"}, headers=ASKED).text
    assert "merged DUP-1 into" in mara.get("/audit").text


def test_without_scripts_the_same_forms_lead_back_to_the_list(client: Client, pair: str) -> None:
    mara = client("mara")
    assert "All that wait" in mara.get(pair).text
    done = mara.post(pair, data={"verdict": "apart"})
    assert (done.status_code, done.headers["location"]) == (303, "/data/duplicates")
    assert pair not in mara.get("/data/duplicates").text


def test_what_stands_in_the_way_is_shown_instead_of_the_button(client: Client, office: Office, pair: str) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        records.add_barcode(ctx, records.item_by_sku(ctx, "DUP-1").item_id, "4006381333931")
    mara = client("mara")
    looked = mara.get(f"{pair}?keep={pair.rsplit('/', 1)[1]}&factor=12", headers=ASKED).text
    assert "has no pack of that size" in looked and "Merge them" not in looked
    refused = mara.post(pair, data={"verdict": "merge", "keep": pair.rsplit("/", 1)[1], "factor": "12"})
    assert refused.status_code == 409


@pytest.mark.parametrize("asked", ["?keep=7777", "?keep=1&factor=none"])
def test_a_wrong_address_is_answered_in_words(client: Client, pair: str, asked: str) -> None:
    assert client("mara").get(pair + asked).status_code == 422


def test_a_viewer_sees_pairs_and_no_buttons(client: Client, pair: str) -> None:
    vera = client("vera")
    page = vera.get("/data/duplicates").text
    assert "DUP-1" in page and "Two things" not in page
    assert vera.post("/data/duplicates/search").status_code == 403


def test_all_records_are_compared_on_a_button(client: Client, world: World) -> None:
    mara = client("mara")
    assert mara.post("/data/duplicates/search").status_code == 303
    assert "comparing" in mara.get("/data/duplicates").text
