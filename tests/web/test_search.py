"""One search for everything: found by how it begins, jumped to where there is only one, and nothing one may not see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from shelfwise.access.context import Context, Office
from shelfwise.access.model import Right, Role, key_actor, person
from shelfwise.core.errors import Forbidden
from shelfwise.records import service as records
from shelfwise.records.item_packs import add_barcode
from shelfwise.stock import service as stock
from shelfwise.stock.model import NewMovement
from shelfwise.web.searching import EACH, only_one, search
from tests.access.two_sites import FAR, TwoSites, at_near_site, build
from tests.shared import Beginnings
from tests.web.conftest import Client
from tests.web.world import World


@pytest.fixture
def sites(office: Office, beginnings: Beginnings) -> TwoSites:
    return beginnings.begin("found", lambda: furnish(office))


def furnish(office: Office) -> TwoSites:
    with office.context(person("root", Role.ADMIN)) as ctx:
        made = build(ctx)
        add_barcode(ctx, made.near["item_id"], "04012345123456")
        for rows in (made.near, made.far):
            standing = {place.code: place.place_id for place in records.places(ctx, rows["site_id"])}
            move = NewMovement(
                rows["item_id"], standing["OPENING"], rows["place_id"], Decimal(1), "opening",
                lot=f"L-{rows['site']}", serial=f"S-{rows['site']}",
            )  # fmt: skip
            stock.post(ctx, move)
        return made


@pytest.fixture
def ctx(office: Office, sites: TwoSites) -> Iterator[Context]:
    with office.context(person("root", Role.ADMIN, user_id=sites.near["user_id"])) as ctx:
        yield ctx


@pytest.mark.parametrize(
    ("text", "kind", "title", "link"),
    [
        ("2100", "item", "21001", "/items/21001"),
        ("white m", "item", "21001", "/items/21001"),
        ("MUG", "item", "21001", "/items/21001"),
        ("0401234", "item", "21001", "/items/21001"),
        ("po-00", "purchase order", "PO-000001", "/orders/"),
        ("1", "purchase order", "PO-000001", "/orders/"),
        ("so-lon", "sales order", "SO-London", "/sales/orders/SO-London"),
        ("sh-0", "shipment", "SH-000001", "/shipments/"),
        ("TR-000001", "transfer", "TR-000001", "/transfers/"),
        ("ct-", "count", "CT-000001", "/counts/"),
        ("l-l", "lot", "L-LON", "/lot?item=1&code=L-LON"),
        ("s-lon", "serial", "S-LON", "/items/21001"),
        ("a-0", "bin", "A-001", "/bins/"),
        ("dock", "place", "DOCK", "/places?search=DOCK"),
        ("pott", "supplier", "Potter", "/suppliers/"),
        ("thermo-l", "device", "thermo-LON", "/devices?search=thermo-LON"),
        ("oma", "person", "omar", "/people/"),
    ],
)
def test_everything_is_found_by_how_it_begins(ctx: Context, text: str, kind: str, title: str, link: str) -> None:
    found = [one for one in search(ctx, text) if (one.kind, one.title) == (kind, title)]
    assert found
    assert found[0].link.startswith(link)


@pytest.mark.parametrize("text", ["PO-000001", "po-000001", " A-001 ", "04012345123456", "L-LON", "thermo-LON", "OMAR"])
def test_what_is_named_in_full_and_only_once_is_the_one(ctx: Context, text: str) -> None:
    assert only_one(search(ctx, text)) is not None


def test_what_two_things_are_called_is_a_choice(ctx: Context) -> None:
    assert only_one(search(ctx, "DOCK")) is None
    assert len([one for one in search(ctx, "DOCK") if one.exact]) == 4


@pytest.mark.parametrize(
    "text",
    [
        "2100",
        "mug",
        "po-",
        "so-",
        "sh-",
        "tr-",
        "ct-",
        "l-",
        "s-",
        "znz",
        "ZNZ-01",
        "dock",
        "thermo",
        "Zanzibar",
        "1",
        "2",
    ],
)
def test_nothing_of_a_site_that_one_may_not_see_is_found(ctx: Context, sites: TwoSites, text: str) -> None:
    near = at_near_site(ctx, sites, Role.MANAGER, sites.near["user_id"])
    assert not FAR.search(str(search(near, text, 100)))
    assert not FAR.search(
        str(search(replace(ctx, actor=key_actor("k", frozenset({Right.VIEW}), [sites.near["site_id"]])), text))
    )


def test_people_are_found_by_who_manages_them_alone(ctx: Context) -> None:
    for role in (Role.MANAGER, Role.OPERATOR, Role.VIEWER):
        assert not search(replace(ctx, actor=person("nell", role)), "omar")
    with pytest.raises(Forbidden):
        search(replace(ctx, actor=person("nobody", None)), "omar")


@pytest.mark.parametrize(
    "text", ["", "  ", "\x00", "%", "_", "\\", "'; drop table item; --", "x" * 500, "%(tenant)s", "{}"]
)
def test_odd_texts_find_nothing_and_break_nothing(ctx: Context, text: str) -> None:
    assert search(ctx, text) == []


def test_of_each_kind_only_a_few_are_told(office: Office, world: World) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        found = search(ctx, "21")
        assert len([one for one in found if one.kind == "item"]) == EACH
        assert found[0].title == "21000"


def test_the_page_jumps_where_there_is_only_one_and_lists_the_rest(client: Client, world: World) -> None:
    vera = client("vera")
    answer = vera.get("/search", params={"q": "a-001"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/bins/{world.bins['A-001']}")
    page = vera.get("/search", params={"q": "2100"}).text
    assert 'href="/items/21001"' in page and "&lt;script&gt;" in page
    assert "Nothing of that name" in vera.get("/search", params={"q": "zzz"}).text
    assert "Type or scan something" in vera.get("/search").text


def test_suggestions_are_a_part_of_a_page_and_say_what_each_is(client: Client, world: World) -> None:
    part = client("vera").get("/search/suggestions", params={"q": "2100"}).text
    assert "<html" not in part
    assert '<a class="hit" role="option"' in part and '<span class="hit-kind">item</span>' in part
    assert client("vera").get("/search/suggestions", params={"q": " "}).text.strip() == ""


def test_programs_search_the_same(client: Client, world: World) -> None:
    vera = client("vera")
    found = vera.get("/api/v1/search", params={"q": "21001"}).json()
    assert found == [{"kind": "item", "title": "21001", "detail": "White hanging heart no 1", "link": "/items/21001",
                      "exact": True}]  # fmt: skip
    assert vera.get("/api/v1/search").json() == []
    assert vera.get("/api/v1/search", params={"q": "a", "each": 0}).status_code == 422


def test_every_page_has_the_box_and_its_keys(client: Client, world: World) -> None:
    page = client("vera").get("/stock").text
    assert 'aria-keyshortcuts="/"' in page and 'data-go="s"' in page
    assert 'data-go="w"' not in page and 'data-go="w"' in client("mara").get("/keyboard").text
