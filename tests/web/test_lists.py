"""Every list: sorted by each column, narrowed by each filter, found by text, given out whole; and nothing beyond it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
from fastapi import FastAPI
from python_calamine import CalamineWorkbook

from shelfwise.access.context import Context, Office
from shelfwise.access.model import Role, person
from shelfwise.access.service import Caller
from shelfwise.access.sessions import IDLE, open_session
from shelfwise.core.errors import Forbidden, Invalid
from shelfwise.records import service as records
from shelfwise.records.model import NewItem
from shelfwise.stock import service as stock
from shelfwise.stock import transfers
from shelfwise.stock.transfers import Goods
from shelfwise.web import lists
from shelfwise.web.listing import PAGE, Listing
from shelfwise.web.listing_rows import every, find
from shelfwise.web.visits import SESSION_COOKIE
from shelfwise.work import subscriptions
from tests.access.two_sites import FAR, TwoSites, at_near_site, build
from tests.shared import Beginnings
from tests.web.conftest import Client, TestClient
from tests.web.world import World

LISTS = sorted(lists.ALL)
# What belongs to no site: a role at a single one does not open it.
WHOLE_HOUSE = {"audit", "keys", "people"}


@pytest.fixture
def sites(office: Office, beginnings: Beginnings) -> TwoSites:
    return beginnings.begin("listed", lambda: furnish(office))


def furnish(office: Office) -> TwoSites:
    with office.context(person("root", Role.ADMIN)) as ctx:
        made = build(ctx)
        for rows in (made.near, made.far):
            transfers.approve_transfer(ctx, rows["transfer_id"])
            goods = [Goods(1, Decimal(1), rows["place_id"])]
            transfers.ship_transfer(ctx, rows["transfer_id"], goods, f"truck-{rows['site']}")
        subscriptions.add(ctx, "Ana", "mail", "ana@example.com", ["alert.*"])
        return made


@pytest.fixture
def ctx(office: Office, sites: TwoSites) -> Iterator[Context]:
    with office.context(person("root", Role.ADMIN, user_id=sites.near["user_id"])) as ctx:
        yield ctx


@pytest.fixture
def root(app: FastAPI, office: Office, sites: TwoSites) -> Iterator[TestClient]:
    """A browser of somebody who may do everything at both sites."""
    with office.context(person("root", Role.ADMIN)) as ctx:
        ctx.tx.execute("update app_user set role = 'admin' where user_id = %s", (sites.near["user_id"],))
        token = open_session(ctx, sites.near["user_id"], Caller(), IDLE)
    with TestClient(app, base_url="http://shelfwise.test", follow_redirects=False) as one:
        one.cookies.set(SESSION_COOKIE, token)
        yield one


def widest(listing: Listing, **more: str) -> dict[str, str]:
    """What has to be asked for all that a list can show."""
    return {one.name: "all" for one in listing.filters if any(choice.value == "all" for choice in one.choices)} | more


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_sorted_by_each_column_both_ways_and_keeps_all_its_rows(ctx: Context, name: str) -> None:
    listing = lists.ALL[name]
    everything = find(ctx, listing, widest(listing))
    assert everything.total == len(everything.rows) > 0, "give tests/access/two_sites.py a row for it"
    for column in listing.columns:
        for sort in (column.key, f"-{column.key}"):
            found = find(ctx, listing, widest(listing, sort=sort))
            assert (found.total, found.wanted.sort) == (
                everything.total,
                sort if column.sortable else listing.order,
            )
            if column.sortable and column.kind in ("number", "whole", "instant"):
                known = [row[column.key] for row in found.rows if row[column.key] is not None]
                assert known == sorted(known, reverse=sort.startswith("-"))
                assert all(row[column.key] is None for row in found.rows[len(known) :])


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_narrowed_by_each_of_its_filters_and_by_text(ctx: Context, name: str) -> None:
    listing = lists.ALL[name]
    everything = find(ctx, listing, widest(listing))
    assert set(everything.options) == {one.name for one in listing.filters}
    for one in listing.filters:
        for value, _ in everything.options[one.name]:
            found = find(ctx, listing, widest(listing, **{one.name: value}))
            assert found.total <= everything.total
            assert found.wanted.chosen[one.name] in (value, one.default)
            assert len(list(every(ctx, listing, widest(listing, **{one.name: value})))) == found.total
        if one.kind in ("from", "until"):
            assert find(ctx, listing, widest(listing, **{one.name: "2026-03-02"})).total <= everything.total
            with pytest.raises(Invalid, match="a day such as"):
                find(ctx, listing, {one.name: "yesterday"})
    if listing.searchable:
        assert find(ctx, listing, {"search": "no such thing at all"}).total == 0
        for hostile in ("'; drop table item; --", "%", "\x00", "_", "\\", "{where}", "%(tenant)s", "100 %"):
            assert find(ctx, listing, widest(listing, search=hostile)).total <= everything.total


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("sort", ["sku; drop table item", "-", "of_all", "tenant_id", "1"])
def test_what_is_no_column_sorts_nothing(ctx: Context, name: str, sort: str) -> None:
    listing = lists.ALL[name]
    assert find(ctx, listing, {"sort": sort, "page": "no"}).wanted.sort == listing.order


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_given_out_whole_and_its_page_says_where(root: TestClient, ctx: Context, name: str) -> None:
    listing = lists.ALL[name]
    total = find(ctx, listing, widest(listing)).total
    heads = [one.key for one in listing.columns if one.exported]
    answer = root.get(f"/export/{name}.csv", params=widest(listing))
    assert answer.status_code == 200, answer.text
    assert re.fullmatch(rf'attachment; filename="{name}-\d{{4}}-\d\d-\d\d\.csv"', answer.headers["content-disposition"])
    told = list(csv.reader(io.StringIO(answer.text, newline="")))
    assert told[0] == heads
    assert len(told) == total + 1
    assert root.get(f"/export/{name}.csv", params=widest(listing, bom="yes")).content.startswith(
        b"\xef\xbb\xbf" + heads[0].encode()
    )
    book = CalamineWorkbook.from_filelike(io.BytesIO(root.get(f"/export/{name}.xlsx", params=widest(listing)).content))
    assert book.sheet_names == [name]
    assert book.get_sheet_by_name(name).to_python()[0] == heads
    assert len(book.get_sheet_by_name(name).to_python()) == total + 1
    page = root.get(listing.home, params=widest(listing)).text
    assert f"/export/{name}.xlsx" in page
    assert f"/export/{name}.csv" in page


@pytest.mark.parametrize("name", LISTS)
def test_a_list_and_its_file_hold_nothing_of_a_site_that_one_may_not_see(
    ctx: Context, sites: TwoSites, name: str
) -> None:
    near = at_near_site(ctx, sites, Role.MANAGER, sites.near["user_id"])
    if name in WHOLE_HOUSE:
        with pytest.raises(Forbidden):
            find(near, lists.ALL[name], {})
        with pytest.raises(Forbidden):
            list(every(near, lists.ALL[name], {}))
        return
    everything = widest(lists.ALL[name])
    assert not FAR.search(str(list(every(near, lists.ALL[name], everything))))
    for site in (sites.far["site"], str(sites.far["site_id"])):
        assert not FAR.search(str(list(every(near, lists.ALL[name], {**everything, "site": site}))))
    found = find(near, lists.ALL[name], everything)
    assert not FAR.search(str((found.rows, found.options)))


@pytest.mark.parametrize("name", LISTS)
def test_whoever_may_look_at_nothing_gets_no_list_and_no_file(ctx: Context, name: str) -> None:
    nobody = replace(ctx, actor=person("nobody", None))
    with pytest.raises(Forbidden):
        find(nobody, lists.ALL[name], {})
    with pytest.raises(Forbidden):
        list(every(nobody, lists.ALL[name], {}))


def test_what_does_not_fit_on_a_page_stands_on_the_next_and_the_count_is_said(
    client: Client, office: Office, world: World
) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        items = records.add_items(ctx, [NewItem(f"P-{n:04}") for n in range(250)])
        dock = records.place_by_code(ctx, world.site_id, "DOCK").place_id
        stock.opening_stock(ctx, [(item, dock, Decimal(1)) for item in items.values()])
        total = find(ctx, lists.ALL["stock_levels"], {}).total
        assert total > 250
        last = find(ctx, lists.ALL["stock_levels"], {"page": "99"})
        assert (last.wanted.page, len(last.rows)) == (-(-total // PAGE), total % PAGE)
    vera = client("vera")
    page = vera.get("/stock?search=P-0&sort=-sku").text
    assert "1 to 100 of 250" in page
    assert "P-0249" in page and "P-0149" not in page
    (following,) = re.findall(r'rel="next" href="([^"]+)"', page)
    page = vera.get(following.replace("&amp;", "&")).text
    assert "101 to 200 of 250" in page and "P-0149" in page
    assert len(rows_of(vera.get("/export/stock_levels.csv?search=P-0&site=LON").text)) == 250


def test_the_first_click_on_a_figure_brings_the_most_and_the_second_the_least(client: Client, world: World) -> None:
    vera = client("vera")
    page = vera.get("/stock").text
    assert 'aria-sort="ascending"><a class="sort" href="/stock?site=LON&amp;sort=-sku"' in page
    assert 'href="/stock?site=LON&amp;sort=-on_hand"' in page
    page = vera.get("/stock?sort=-on_hand").text
    assert 'aria-sort="descending"><a class="sort" href="/stock?site=LON&amp;sort=on_hand"' in page


def test_the_sort_stays_while_one_searches_and_turns_pages(client: Client, world: World) -> None:
    page = client("vera").get("/stock?sort=-on_hand&search=cake").text
    assert '<input type="hidden" name="sort" value="-on_hand">' in page
    assert 'href="/export/stock_levels.xlsx?site=LON&amp;search=cake&amp;sort=-on_hand"' in page


def test_an_unknown_list_or_form_is_said_not_to_exist(client: Client, world: World) -> None:
    assert client("vera").get("/export/secrets.csv").status_code == 404
    assert client("vera").get("/export/stock_levels.pdf").status_code == 404


def test_every_list_names_columns_that_its_rows_have(ctx: Context) -> None:
    for listing in lists.ALL.values():
        rows = find(ctx, listing, widest(listing)).rows
        known = set(rows[0])
        for column in listing.columns:
            if column.exported or column.sortable:
                assert column.key in known, (listing.name, column.key)
            assert not column.under or column.under in known
            assert set(re.findall(r"\{(\w+)\}", column.link)) <= known


def test_a_list_is_saved_under_a_name_and_a_page_opens_with_it(client: Client, world: World) -> None:
    vera, omar = client("vera"), client("omar")
    told = {"page": "stock_levels", "name": "Empty <b>", "query": "site=LON&state=out&evil=1&page=7", "shared": "yes"}
    answer = vera.post("/filters", data={**told, "opens": "yes"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/stock?site=LON&state=out")
    page = vera.get("/stock").text
    assert "Empty &lt;b&gt;" in page
    assert '<option value="out" selected>' in page
    assert "Nothing fits" in page
    assert '<option value="out" selected>' not in vera.get("/stock?view=none").text
    assert '<option value="out" selected>' not in omar.get("/stock").text
    assert "Saved by vera" in omar.get("/stock").text
    (filter_id,) = set(re.findall(r'action="/filters/(\d+)/remove"', page))
    assert omar.post(f"/filters/{filter_id}/remove").status_code == 403
    assert vera.post("/filters/none/open", data={"page": "stock_levels"}).status_code == 303
    assert '<option value="out" selected>' not in vera.get("/stock").text
    assert vera.post(f"/filters/{filter_id}/remove").status_code == 303
    assert "Saved by vera" not in omar.get("/stock").text
    assert vera.post("/filters", data={**told, "page": "nothing"}).status_code == 404


def test_a_page_that_opens_with_a_filter_can_be_opened_without(client: Client, world: World) -> None:
    vera = client("vera")
    vera.post("/filters", data={"page": "sales_orders", "name": "All", "query": "show=all", "opens": "yes"})
    page = vera.get("/sales").text
    assert 'href="/sales?view=none"' in page
    assert "No order is here" in page
    assert "No customer waits" in vera.get("/sales?view=none").text
