"""What docs/reference says about rights is what people, keys and handhelds meet at every route."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from starlette.routing import Route

import shelfwise.web
from shelfwise.access import handhelds
from shelfwise.access import service as access
from shelfwise.access.context import Office
from shelfwise.access.model import RIGHTS, Right, Role, on_handheld, person, system
from shelfwise.access.service import Caller
from shelfwise.access.sessions import IDLE, open_session
from shelfwise.core.errors import Refused
from shelfwise.store.database import run
from shelfwise.web.visits import SESSION_COOKIE
from tests.access.two_sites import TwoSites, furnish
from tests.access.written import MATRIX, ON_THE_FLOOR, PERSONS_ALONE, ROUTES, SCOPES, SHELFWISE
from tests.shared import Beginnings
from tests.web.conftest import TestClient
from tests.web.test_rights import ALSO, CHANGES, NEEDS_MORE_TO_READ, OPEN, SALES_LINE, all_routes, audited
from tests.web.test_site_rights import AT_THE_OTHER_END, OWN, WHOLE_HOUSE, address

# Pages that a person needs before or besides any right, and what is answered to whoever watches over processes.
WITHOUT_RIGHT = {"/account/password", "/account/end-others", "/account/sessions/{session_id}/end"}
# What a badge does not open though everybody has the right: it takes somebody who signed in with a password.
WITH_A_PASSWORD = re.compile("/account|(/api/v1)?/webhooks")
API = "/api/v1/"


@pytest.fixture
def sites(office: Office, beginnings: Beginnings) -> TwoSites:
    return beginnings.begin("two_sites", lambda: furnish(office))


@pytest.fixture
def browser(app: FastAPI) -> Iterator[TestClient]:
    one = TestClient(
        app, base_url="http://shelfwise.test", headers={"Origin": "http://shelfwise.test"}, follow_redirects=False
    )
    yield one
    one.close()


def asked(method: str, path: str) -> Right:
    """The right that these walks expect a route to ask for first."""
    return CHANGES[path][0] if method == "POST" else NEEDS_MORE_TO_READ.get(path, Right.VIEW)


def body(method: str, path: str) -> dict[str, Any]:
    """What is sent along, as arguments of a request."""
    if method == "GET":
        return {}
    told = [SALES_LINE] if path == "/api/v1/sales-lines" else CHANGES[path][1]
    return {"json" if path.startswith(API) else "data": told}


def test_the_code_grants_what_is_written() -> None:
    assert RIGHTS == MATRIX
    assert system("nightly").rights == SHELFWISE
    for role in Role:
        here = on_handheld(person("x", role), site_id=1, handheld_id=1)
        assert here.at_sites == ((1, MATRIX[role] & ON_THE_FLOOR),)
        assert not here.rights


def test_every_right_is_of_use_to_somebody() -> None:
    assert set().union(*MATRIX.values(), SHELFWISE) == set(Right)


def test_each_page_and_route_is_written_with_the_right_it_asks_for(app: FastAPI) -> None:
    wrong = []
    for method, path in sorted(all_routes(app)):
        if path in OPEN:
            continue
        if (method, path) not in ROUTES:
            wrong.append(f"{method} {path} is not written at all")
        elif not path.startswith(API) and path in WITHOUT_RIGHT:
            continue
        elif not {asked(method, path), *ALSO.get(path, ())} & ROUTES[method, path]:
            wrong.append(f"{method} {path} asks for {asked(method, path)}, written is {sorted(ROUTES[method, path])}")
    assert not wrong, "\n".join(wrong)
    assert {path for _, path in ROUTES} <= {path for _, path in all_routes(app)}


def test_no_page_is_made_and_then_forgotten(app: FastAPI) -> None:
    """A module of the web room with a router of its own belongs to the application, which the walks then find."""
    known = {path.removeprefix("/api/v1").replace(":path}", "}") for _, path in all_routes(app)}
    forgotten = []
    for module in pkgutil.iter_modules(shelfwise.web.__path__, "shelfwise.web."):
        router = getattr(importlib.import_module(module.name), "router", None)
        if isinstance(router, APIRouter):
            paths = {
                route.path.removeprefix("/api/v1").replace(":path}", "}")
                for route in router.routes
                if isinstance(route, Route)
            }
            forgotten += [f"{module.name}: {path}" for path in paths - known]
    assert not forgotten, "\n".join(forgotten)


@pytest.mark.parametrize("right", sorted(PERSONS_ALONE))
def test_no_key_is_made_for_what_only_a_person_may(office: Office, right: Right) -> None:
    with pytest.raises(Refused), office.context(person("root", Role.ADMIN)) as ctx:
        access.add_key(ctx, "shop", [right])


def test_a_key_opens_what_is_written_for_its_scope(
    app: FastAPI, browser: TestClient, office: Office, sites: TwoSites
) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        keys = {scope: access.add_key(ctx, f"till-{scope}", [scope]) for scope in SCOPES}
    wrong = []
    for method, path in sorted(all_routes(app)):
        if not path.startswith(API) or path in OPEN:
            continue
        where, right = address(path, sites.near), asked(method, path)
        for scope, key in keys.items():
            before = audited(office)
            answer = browser.request(method, where, headers={"Authorization": f"Bearer {key}"}, **body(method, path))
            if scope in {right, *ALSO.get(path, ())}:
                # What it wants to know first may take a second right, which is written too.
                if answer.status_code in {401, 403} and not ROUTES[method, path] - {scope}:
                    wrong.append(f"{method} {where}: {answer.status_code} {answer.text[:200]}")
            elif answer.status_code != 403 or audited(office) != before:
                wrong.append(f"{method} {where}: {answer.status_code} with {scope}, though the key lacks {right}")
    assert not wrong, "\n".join(wrong)


def test_a_key_with_every_scope_changes_nothing_by_pages(
    app: FastAPI, browser: TestClient, office: Office, sites: TwoSites
) -> None:
    """Where a page takes a key, it is good for its scopes there too, and never for what only a person may."""
    with office.context(person("root", Role.ADMIN)) as ctx:
        key = {"Authorization": f"Bearer {access.add_key(ctx, 'all', SCOPES)}"}
    wrong = []
    for path, (right, told) in sorted(CHANGES.items()):
        if path.startswith(API) or right not in PERSONS_ALONE:
            continue
        before = audited(office)
        answer = browser.post(address(path, sites.near), headers=key, data=told)
        if answer.status_code != 403 or audited(office) != before:
            wrong.append(f"{path}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.QUALITY, Role.OPERATOR])
def test_badge_and_pin_open_the_work_of_the_floor_at_that_site_alone(
    app: FastAPI, browser: TestClient, office: Office, sites: TwoSites, role: Role
) -> None:
    user_id, site_id = sites.near["user_id"], sites.near["site_id"]
    with office.context(person("root", Role.ADMIN)) as ctx:
        run(ctx.tx, "update app_user set role = %s where user_id = %s", (role, user_id))
        handheld_id, _ = handhelds.add_handheld(ctx, site_id, "Zebra")
        token = open_session(ctx, user_id, Caller(), IDLE, handheld_id)
    browser.cookies.set(SESSION_COOKIE, token)
    here, wrong = MATRIX[role] & ON_THE_FLOOR, []
    for method, path in sorted(all_routes(app)):
        if path in {"/live", *OPEN, *OWN, *AT_THE_OTHER_END} or path in WITHOUT_RIGHT:
            continue
        right, where, before = asked(method, path), address(path, sites.near), audited(office)
        answer = browser.request(method, where, **body(method, path))
        if {right, *ALSO.get(path, ())} & here and path not in WHOLE_HOUSE and not WITH_A_PASSWORD.match(path):
            if answer.status_code in {401, 403} or answer.status_code >= 500:
                wrong.append(f"{method} {where}: {answer.status_code} {answer.text[:200]}")
        elif answer.status_code not in {403, 404} or audited(office) != before:
            wrong.append(f"{method} {where}: {answer.status_code}, though a badge is not good for {right}")
    assert not wrong, "\n".join(wrong)


def far_form(told: dict[str, object], sites: TwoSites) -> dict[str, object]:
    """The same form, telling of the far site wherever it tells of one."""
    far = sites.far
    instead = {
        "site": far["site"], "site_id": far["site_id"], "from": far["site"], "from_site": far["site"],
        "to": far["site"], "to_site": far["site"], "pick": far["proposal_id"], "order_number": far["order_number"],
        "line": far["sales_line_id"], "bins": far["bin"],
    }  # fmt: skip
    # Tasks name their site by its id, and corrections their bin.
    ids = {"site": far["site_id"], "place": far["place_id"]}
    return {
        name: ids[name] if name in ids and str(given).isdecimal() else instead.get(name, given)
        for name, given in told.items()
    }


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_a_form_that_names_another_site_changes_nothing_there(
    browser: TestClient, office: Office, sites: TwoSites, role: Role
) -> None:
    """The routes whose address names no row: what they are about stands in the form."""
    user_id, site_id = sites.near["user_id"], sites.near["site_id"]
    with office.context(person("root", Role.ADMIN)) as ctx:
        run(ctx.tx, "update app_user set role = null where user_id = %s", (user_id,))
        run(
            ctx.tx,
            "insert into user_site_role (tenant_id, user_id, site_id, role) values (1, %s, %s, %s)",
            (user_id, site_id, role),
        )
        browser.cookies.set(SESSION_COOKIE, open_session(ctx, user_id, Caller(), IDLE))
    wrong = []
    for path, (right, told) in sorted(CHANGES.items()):
        if "{" in path or path in OWN or path == "/webhooks":
            continue
        if far_form(told, sites) == told:
            # It is about no site, or asks for its own.
            continue
        before = audited(office)
        if path == "/api/v1/sales-lines":
            answer = browser.post(f"{path}?site={sites.far['site']}", json=[SALES_LINE])
        elif path.startswith(API):
            answer = browser.post(path, json=far_form(told, sites))
        else:
            answer = browser.post(path, data=far_form(told, sites))
        allowed = {right, *ALSO.get(path, ())} & MATRIX[role]
        refused = {303, 403, 404, 409, 422} if allowed else {403, 404}
        if answer.status_code not in refused or audited(office) != before:
            wrong.append(f"{path}: {answer.status_code} {answer.text[-300:]}")
    assert not wrong, "\n".join(wrong)
