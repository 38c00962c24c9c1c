"""Proposals of several sites before somebody who decides at one of them and may look at another."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from shelfwise.access import service as access
from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.agents import service as agents
from shelfwise.store.database import values
from tests.access.two_sites import TwoSites, build
from tests.web.conftest import TestClient

PASSWORD = "quiet-otter-shelf"


@pytest.fixture
def sites(office: Office) -> TwoSites:
    with office.context(person("root", Role.ADMIN)) as ctx:
        sites = build(ctx)
        nell = access.add_user(ctx, "nell", "Nell", PASSWORD, None)
        roles = {sites.near["site_id"]: Role.PLANNER, sites.far["site_id"]: Role.VIEWER}
        access.change_user(ctx, nell, "Nell", None, roles)
        return sites


@pytest.fixture
def nell(app: FastAPI, sites: TwoSites) -> Iterator[TestClient]:
    with TestClient(
        app, base_url="http://shelfwise.test", headers={"Origin": "http://shelfwise.test"}, follow_redirects=False
    ) as one:
        assert one.post("/sign-in", data={"login": "nell", "password": PASSWORD}).status_code == 303
        yield one


def test_what_one_may_not_decide_is_left_out_and_the_rest_is_ordered(
    nell: TestClient, office: Office, sites: TwoSites
) -> None:
    near, far = sites.near["proposal_id"], sites.far["proposal_id"]
    told = nell.post(
        "/proposals/decide", data={"verb": "approve", "pick": [near, far]}, headers={"Accept": "application/json"}
    ).json()
    assert told["done"] == [near]
    assert "may not decide proposals here" in told["faults"][str(far)]
    with office.context(person("root", Role.ADMIN)) as ctx:
        assert agents.proposal(ctx, far).state == "proposed"


def test_what_one_may_not_decide_cannot_be_ticked(nell: TestClient, sites: TwoSites) -> None:
    page = nell.get("/proposals").text
    assert f'name="pick" value="{sites.near["proposal_id"]}"' in page
    assert f'name="pick" value="{sites.far["proposal_id"]}"' not in page
    assert "for others to decide" in page


def test_planning_now_is_for_the_sites_where_one_plans(nell: TestClient, office: Office, sites: TwoSites) -> None:
    assert nell.post("/proposals/plan").status_code == 303
    with office.database.transaction() as tx:
        asked = values(tx, "select subject from event where kind = 'planning.requested'")
    assert asked == [(f"site:{sites.near['site_id']}",)]
