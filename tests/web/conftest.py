"""A furnished warehouse behind the web application, and a browser-like client for each role."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI

from shelfwise.access import service as access
from shelfwise.access.context import Office, stand_still
from shelfwise.access.model import Role, person
from shelfwise.access.service import Caller, set_up_tenant
from shelfwise.access.sessions import IDLE, open_session
from shelfwise.store.database import run
from shelfwise.web.app import create_app
from shelfwise.web.visits import SESSION_COOKIE
from tests.conftest import NOON
from tests.shared import Beginnings
from tests.web.world import PASSWORDS, World, furnish

with warnings.catch_warnings():
    # Starlette would rather have the successor of httpx, which the connectors do not need.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient as TestClient

Client = Callable[[str | None], TestClient]
PRINTED = "printed-at-the-start"
AsRole = Callable[[Role], TestClient]


@pytest.fixture
def world(office: Office, beginnings: Beginnings) -> World:
    """A small warehouse: 60 bins."""
    return beginnings.begin("small", lambda: furnish(office, aisles=1, bins_a_side=6))


@pytest.fixture
def app(office: Office) -> Iterator[FastAPI]:
    app = create_app(office)
    yield app
    app.state.imports.close()


@pytest.fixture
def client(app: FastAPI, world: World) -> Iterator[Client]:
    """Signs in as mara (manager), omar (operator) or vera (viewer); None is nobody. Redirects are not followed."""
    opened: list[TestClient] = []

    def sign_in(login: str | None) -> TestClient:
        one = TestClient(
            app,
            base_url="http://shelfwise.test",
            headers={"Origin": "http://shelfwise.test"},
            follow_redirects=False,
            raise_server_exceptions=True,
        )
        opened.append(one)
        if login is not None:
            answer = one.post("/sign-in", data={"login": login, "password": PASSWORDS[login]})
            assert answer.status_code == 303, answer.text
        return one

    yield sign_in
    for one in opened:
        one.close()


@pytest.fixture
def fresh(office: Office) -> Iterator[TestClient]:
    """The browser of the first admin of an empty installation, signed in as `shelfwise up` printed."""
    with office.database.transaction() as tx:
        run(tx, "delete from business_clock")
        run(tx, "delete from tenant")
    assert set_up_tenant(office.database, "My warehouse", "EUR", "admin", PRINTED, setup_due=True)
    with office.database.transaction() as tx:
        stand_still(tx, 1, NOON)
    app = create_app(office)
    one = TestClient(app, base_url="http://shelf.test", headers={"Origin": "http://shelf.test"}, follow_redirects=False)
    assert one.post("/sign-in", data={"login": "admin", "password": PRINTED}).headers["location"] == "/"
    yield one
    one.close()
    app.state.imports.close()


@pytest.fixture
def as_role(client: Client, office: Office, world: World) -> AsRole:
    """The browser of somebody who has this role everywhere, newly hired and signed in."""

    def enter(role: Role) -> TestClient:
        with office.context(person("root", Role.ADMIN)) as ctx:
            user_id = access.add_user(ctx, f"new-{role}", role.title(), None, role)
            token = open_session(ctx, user_id, Caller(), IDLE)
        browser = client(None)
        browser.cookies.set(SESSION_COOKIE, token)
        return browser

    return enter
