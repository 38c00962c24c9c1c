"""A figure leads down to its movements; bins, docks and zones show all that lies there; times are those of the site."""

from __future__ import annotations

from contextlib import AbstractContextManager
from decimal import Decimal

from shelfwise.access.context import Context, Office
from shelfwise.access.model import Role, person
from shelfwise.orders.transfers import draft_transfer
from shelfwise.records import service as records
from shelfwise.stock import service as stock
from shelfwise.stock.model import NewMovement
from tests.conftest import NOON
from tests.web.conftest import Client
from tests.web.world import World


def root(office: Office) -> AbstractContextManager[Context]:
    return office.context(person("root", Role.ADMIN))


def test_a_figure_leads_to_the_movements_that_made_it(client: Client, office: Office, world: World) -> None:
    item = world.items["21000"]
    with root(office) as ctx:
        move = NewMovement(item, world.bins["A-001"], world.bins["A-002"], Decimal(4), "move", note="by hand")
        stock.post(ctx, move)
    vera = client("vera")
    why = vera.get("/explain", params={"item": item, "site": "LON"}).text
    address = f"/movements?item={item}&place={world.bins['A-001']}&lot=&status=available"
    assert address.replace("&", "&amp;") in why
    page = vera.get(address).text
    assert "What made it 26 each?" in page
    assert "−4" in page
    assert "by hand" in page
    assert "What made it 30 each?" in vera.get("/movements", params={"item": item, "site": "LON"}).text
    assert f"/movements?item={item}" in vera.get("/items/21000").text
    assert vera.get("/movements").status_code == 422
    assert vera.get("/movements", params={"item": 999}).status_code == 404


def test_a_long_history_is_read_page_by_page(client: Client, office: Office, world: World) -> None:
    item, (one, two) = world.items["21000"], (world.bins["A-001"], world.bins["A-002"])
    with root(office) as ctx:
        there = [NewMovement(item, *ends, Decimal(1), "move") for _ in range(60) for ends in ((one, two), (two, one))]
        stock.post_many(ctx, there)
    vera = client("vera")
    first = vera.get("/movements", params={"item": item}).text
    assert ">opening<" not in first
    older = first.split('href="/movements?')[-1].split('"')[0].replace("&amp;", "&")
    second = vera.get(f"/movements?{older}").text
    assert ">opening<" in second


def test_a_bin_that_is_drawn_nowhere_has_its_page_and_so_has_a_dock(
    client: Client, office: Office, world: World
) -> None:
    with root(office) as ctx:
        place = records.add_place(ctx, site_id=world.site_id, code="LOFT")
        dock = records.place_by_code(ctx, world.site_id, "DOCK").place_id
        stock.opening_stock(ctx, [(world.items["21001"], place, Decimal(3)), (world.items["21002"], dock, Decimal(2))])
    vera = client("vera")
    assert "21001" in vera.get(f"/bins/{place}").text
    page = vera.get(f"/bins/{dock}").text
    assert "Dock DOCK" in page
    assert "21002" in page
    assert vera.get("/bins/999999").status_code == 404
    # On the map there is no room for it.
    assert str(place) not in vera.get("/floor/state").json()["bins"]


def test_a_bin_shows_its_own_movements_and_not_those_of_its_namesake(
    client: Client, office: Office, world: World
) -> None:
    with root(office) as ctx:
        other = records.add_site(ctx, code="NYC", name="New York", time_zone="America/New_York", width_m=9, depth_m=9)
        far = records.add_place(ctx, site_id=other, code="A-001")
        stock.opening_stock(ctx, [(world.items["21000"], far, Decimal(77))])
        # And one that lies here besides the item that belongs here.
        stock.opening_stock(ctx, [(world.items["21005"], world.bins["A-001"], Decimal(13))])
    page = client("vera").get(f"/bins/{world.bins['A-001']}").text
    assert ">77<" not in page
    assert page.count("21005") > 1


def test_times_on_a_page_about_a_site_are_those_of_the_site(client: Client, office: Office, world: World) -> None:
    with root(office) as ctx:
        other = records.add_site(ctx, code="NYC", name="New York", time_zone="America/New_York", width_m=9, depth_m=9)
        far = records.add_place(ctx, site_id=other, code="B-1")
        stock.opening_stock(ctx, [(world.items["21000"], far, Decimal(7))])
    mara = client("mara")
    for path in (f"/bins/{far}", "/items/21000?site=NYC", f"/movements?item={world.items['21000']}&place={far}"):
        page = mara.get(path).text
        assert "(America/New_York)" in page, path
        assert 'data-zone="America/New_York"' in page, path
        assert "(Europe/London)" not in page, path
    assert 'data-zone="Europe/London"' in mara.get(f"/bins/{world.bins['A-001']}").text


def test_more_places_of_an_item_than_fit_are_said_and_shown(client: Client, office: Office, world: World) -> None:
    with root(office) as ctx:
        lots = [
            NewMovement(
                world.items["21000"], _opening(ctx, world), world.bins["A-001"], Decimal(1), "opening", lot=f"L-{n:03}"
            )
            for n in range(120)
        ]  # fmt: skip
        stock.post_many(ctx, lots)
    vera = client("vera")
    page = vera.get("/items/21000").text
    assert "There is more." in page
    assert "L-119" not in page.split("What moved")[0]
    rest = vera.get("/lies", params={"item": world.items["21000"], "page": 2}).text
    assert "L-119" in rest
    assert vera.get("/lies").status_code == 422


def _opening(ctx: Context, world: World) -> int:
    return next(one.place_id for one in records.places(ctx, world.site_id) if one.kind == "opening")


def test_all_that_lies_in_a_zone_stands_on_its_page(client: Client, world: World) -> None:
    page = client("vera").get(f"/zones/{world.zones['A']}").text
    assert "All that lies here" in page
    assert f"/movements?item={world.items['21000']}&amp;place={world.bins['A-001']}" in page


def test_the_bins_of_a_transfer_are_offered_by_their_codes(client: Client, office: Office, world: World) -> None:
    with root(office) as ctx:
        other = records.add_site(ctx, code="NYC", name="New York", time_zone="America/New_York", width_m=9, depth_m=9)
        transfer_id = draft_transfer(ctx, world.site_id, other, [(world.items["21000"], Decimal(2))], NOON).transfer_id
    mara = client("mara")
    mara.post(f"/transfers/{transfer_id}/approve")
    page = mara.get(f"/transfers/{transfer_id}").text
    assert '<option value="A-001">' in page
    assert "Place(" not in page
