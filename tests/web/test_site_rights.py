"""Every route, walked by each role at one of two sites: nothing of the other site is shown, and nothing there changes.

A new route is walked without a line here, if its parts in braces stand in `tests/access/two_sites.py` under that name.
What needs more to be there than an id goes into NOT_THERE; what needs a right at every site into WHOLE_HOUSE.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI

from shelfwise.access.context import Office
from shelfwise.access.model import Right, Role, person
from shelfwise.access.service import Caller
from shelfwise.access.sessions import IDLE, open_session
from shelfwise.store.database import run, value
from shelfwise.web.visits import SESSION_COOKIE
from tests.access.two_sites import Rows, TwoSites, furnish
from tests.access.written import MATRIX
from tests.shared import Beginnings
from tests.web.conftest import TestClient
from tests.web.test_rights import ALSO, CHANGES, OPEN, all_routes, audited

# The far site's code is left out: who asks for it is told that it does not exist, by that name.
FAR = re.compile(r"77700000\d\d|Zanzibar")
# Parts of addresses that name what exists for a moment only.
# What a page has to be asked for, after its address.
ASKED = {
    "/explain": "?item={item_id}",
    "/lot": "?item={item_id}&code=L1",
    "/move/code": "?scanned=21001&site={site}",
    "/scan": "?code=21001",
    "/lot/customers.csv": "?item={item_id}&code=L1",
    "/serial": "?item={item_id}&code=S1",
    "/movements": "?item={item_id}",
    "/lies": "?item={item_id}",
    "/api/v1/movements": "?sku={sku}",
    "/api/v1/lots": "?search=L",
    "/api/v1/trace": "?sku={sku}&lot=L1",
    "/api/v1/devices/{device}/readings": "?kind=temperature",
    "/api/v1/devices/{device}/history": "?kind=temperature",
    "/api/v1/explain": "?sku={sku}",
    "/api/v1/as-of": "?at=2026-03-01T00:00:00Z",
    "/handle": "?item={item_id}&place={place_id}",
}
NOT_THERE = {
    "kind": "item",
    "one": "1",
    "other": "2",
    "step": "devices",
    "rule": "cancelled",
    "job_id": "none",
    "backup": "none",
    "file_id": "77",
    "incoming_id": "77",
    "handover_key": "none",
    "run": "none",
    "source_id": "77",
    "customer_id": "77",
    "subscription_id": "77",
    "filter_id": "77",
    "listing": "stock_levels",
    "form": "csv",
    "parked_id": "77",
}
# Pages on what belongs to no site: a role at a single one does not open them.
WHOLE_HOUSE = {
    "/export",
    "/customers/new",
    "/carriers/new",
    "/incoming",
    "/sources/new",
    "/sources/{source_id}",
    "/records/items/new",
    "/records/items/{item_id}",
    "/records/sites/new",
    "/people",
    "/people/{user_id}",
    "/keys",
    "/audit",
    "/approval",
    "/data/duplicates",
    "/data/duplicates/{kind}/{one}/{other}",
    "/settings",
    "/system",
    "/system/readings",
    "/system/backups/{backup}",
    "/setup",
    "/start",
    "/suppliers/new",
    "/api/v1/audit",
    "/api/v1/parked",
    "/metrics",
}
# What everybody does for themselves, and what all sites share.
OWN = {path for path in CHANGES if path.startswith("/account/")}
# What takes a right at another site than the one it is planned at.
AT_THE_OTHER_END = {
    "/transfers/{transfer_id}/receive",
    "/api/v1/transfers/{transfer_id}/receive",
    "/proposals/transfers/{transfer_proposal_id}/approve",
    "/api/v1/proposed-transfers/{transfer_proposal_id}/approve",
}

Walk = Callable[[Role], TestClient]


@pytest.fixture
def sites(office: Office, beginnings: Beginnings) -> TwoSites:
    return beginnings.begin("two_sites", lambda: furnish(office))


@pytest.fixture
def walk_in(app: FastAPI, office: Office, sites: TwoSites) -> Iterator[Walk]:
    """A browser of somebody who has this role at the near site, and none elsewhere."""
    opened = []

    def enter(role: Role) -> TestClient:
        site_id, user_id = sites.near["site_id"], sites.near["user_id"]
        with office.context(person("root", Role.ADMIN)) as ctx:
            run(ctx.tx, "update app_user set role = null where user_id = %s", (user_id,))
            run(ctx.tx, "delete from user_site_role")
            run(
                ctx.tx,
                "insert into user_site_role (tenant_id, user_id, site_id, role) values (1, %s, %s, %s)",
                (user_id, site_id, role),
            ) if role is not Role.ADMIN else None
            token = open_session(ctx, user_id, Caller(), IDLE)
        one = TestClient(
            app, base_url="http://shelfwise.test", headers={"Origin": "http://shelfwise.test"}, follow_redirects=False
        )
        one.cookies.set(SESSION_COOKIE, token)
        opened.append(one)
        return one

    yield enter
    for one in opened:
        one.close()


def address(path: str, rows: Rows) -> str:
    """The route's address for these rows."""

    def fill(part: re.Match[str]) -> str:
        name = part[1].split(":")[0]
        found = rows.get(name, NOT_THERE.get(name))
        assert found is not None, f"{path}: give tests/access/two_sites.py a row {name!r}"
        return str(found)

    return re.sub(r"\{([^}]+)\}", fill, path + ASKED.get(path, ""))


def with_site(where: str, site: str) -> str:
    return f"{where}{'&' if '?' in where else '?'}site={site}"


def bound(path: str, sites: TwoSites) -> bool:
    """Whether the address names something of one site."""
    return any(part.split(":")[0] in sites.site_bound for part in re.findall(r"\{([^}]+)\}", path))


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_pages_show_nothing_of_another_site(app: FastAPI, walk_in: Walk, sites: TwoSites, role: Role) -> None:
    someone, wrong = walk_in(role), []
    for method, path in sorted(all_routes(app)):
        if method != "GET" or path in {"/live", *OPEN}:
            continue
        for where in (address(path, sites.near), with_site(address(path, sites.near), sites.far["site"])):
            answer = someone.get(where)
            if shown := FAR.search(answer.text):
                wrong.append(f"{where}: {answer.text[max(0, shown.start() - 80) : shown.end() + 40]}")
        if bound(path, sites):
            answer = someone.get(address(path, sites.far))
            if answer.status_code not in {403, 404}:
                wrong.append(f"{address(path, sites.far)}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_nothing_is_changed_at_another_site(walk_in: Walk, office: Office, sites: TwoSites, role: Role) -> None:
    someone, wrong = walk_in(role), []
    for path, (_, told) in sorted(CHANGES.items()):
        if not bound(path, sites):
            continue
        before = audited(office)
        where = address(path, sites.far)
        answer = someone.post(where, json=told) if path.startswith("/api/") else someone.post(where, data=told)
        if answer.status_code not in {403, 404} or audited(office) != before:
            wrong.append(f"{where}: {answer.status_code} {answer.text[:200]}")
    assert not wrong, "\n".join(wrong)


def test_a_role_at_one_site_opens_every_page_for_that_site(app: FastAPI, walk_in: Walk, sites: TwoSites) -> None:
    someone, wrong = walk_in(Role.MANAGER), []
    for method, path in sorted(all_routes(app)):
        if method != "GET" or path in {"/live", *OPEN}:
            continue
        answer = someone.get(address(path, sites.near))
        expected = {403} if path in WHOLE_HOUSE else {200, 303, 404}
        if answer.status_code not in expected:
            wrong.append(f"{path}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_a_role_at_one_site_changes_there_what_the_role_may(
    walk_in: Walk, office: Office, sites: TwoSites, role: Role
) -> None:
    someone, wrong = walk_in(role), []
    for path, (right, told) in sorted(CHANGES.items()):
        if path in OWN | AT_THE_OTHER_END or not bound(path, sites):
            continue
        where = address(path, sites.near)
        before = audited(office)
        answer = someone.post(where, json=told) if path.startswith("/api/") else someone.post(where, data=told)
        if {right, *ALSO.get(path, ())} & MATRIX[role]:
            if answer.status_code in {401, 403} or answer.status_code >= 500:
                wrong.append(f"{where}: {answer.status_code} {answer.text[:200]}")
        elif answer.status_code != 403 or audited(office) != before:
            wrong.append(f"{where}: {answer.status_code}, though {role} lacks {right}")
    assert not wrong, "\n".join(wrong)


def test_somebody_without_any_role_sees_no_page_but_their_own(app: FastAPI, walk_in: Walk, sites: TwoSites) -> None:
    someone = walk_in(Role.ADMIN)
    for method, path in sorted(all_routes(app)):
        if method == "GET" and path not in OPEN:
            answer = someone.get(address(path, sites.near))
            assert answer.status_code in {403, 404} or path == "/account/password", (path, answer.status_code)


def test_the_frame_counts_what_one_may_see(walk_in: Walk, office: Office, sites: TwoSites) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        assert value(ctx.tx, "select count(*) from alert where state <> 'cleared'") > 2
    page = walk_in(Role.MANAGER).get("/nav").text
    assert ">1</span>" in page.split('href="/quarantine"')[1].split("</a>")[0]
    # An order, and a transfer to the port.
    assert ">2</span>" in page.split('href="/proposals"')[1].split("</a>")[0]
    assert Right.VIEW_AUDIT in MATRIX[Role.MANAGER]
    assert 'href="/audit"' not in page
