"""Who won an item's race, what its order stands on and why, on the pages of the proposal and of the item."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shelfwise import jobs
from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.agents import service as agents
from shelfwise.demand import service as demand
from shelfwise.demand.forecasting import service as forecasting
from shelfwise.planning.settings import params_of, set_params
from shelfwise.planning.standing import Aim, Target
from shelfwise.planning.why import race_shown
from shelfwise.web.policy_bars import policy_race, safety_shares
from shelfwise.web.proposals import why_so
from tests.planning.test_race import standing
from tests.web.conftest import Client
from tests.web.world import World, propose, sell

SKU = "21000"


def test_the_race_and_the_reasons_stand_on_the_pages_of_proposal_and_item(
    office: Office, client: Client, world: World
) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        sell(ctx, world, SKU)
    assert jobs.race(office, world.site_id, lambda done, of: None) == 1
    mara = client("mara")
    with office.context(person("root", Role.ADMIN)) as ctx:
        assert agents.open_proposal(ctx, world.site_id, world.items[SKU]) is None
    page = mara.get(f"/items/{SKU}").text
    assert "Which way of ordering costs least?" in page
    assert "Why not earlier?" not in page

    proposal_id = propose_again(office, world)
    for address in (f"/proposals/{proposal_id}", f"/items/{SKU}"):
        page = mara.get(address).text
        assert "Which way of ordering costs least?" in page
        assert "no stockout in 95 of 100 deliveries" in page
        assert page.count('<td class="made-of-bar">') >= 6
        for question in ("Why not earlier?", "Why not more?", "Why this supplier?", "What is the safety stock for?"):
            assert question in page
        assert "Nobody but Acme &amp; Sons is known to sell it." in page
    assert f'href="/proposals/{proposal_id}"' in page


def propose_again(office: Office, world: World) -> int:
    """As `propose`, for an item whose sales are there already."""
    with office.context(person("root", Role.ADMIN)) as ctx:
        forecasting.forecast_site(ctx, world.site_id, demand.last_whole_day(ctx, world.site_id))
        agents.propose_purchases(ctx, world.site_id)
        (found,) = [one for one in agents.proposals(ctx) if one.sku == SKU]
        return found.proposal_id


def test_without_a_race_a_proposal_gives_its_reasons_all_the_same(office: Office, client: Client, world: World) -> None:
    page = client("mara").get(f"/proposals/{propose(office, world)}").text
    assert "Why not more?" in page
    assert "Which way of ordering" not in page
    assert '<dt>Promised</dt><dd class="right">no stockout in 95 of 100 deliveries</dd>' in page


def test_what_is_promised_is_told_as_it_was_meant_also_by_proposals_of_before() -> None:
    now = {"service_level": 0.95, "target": {"aim": "fill", "level": 0.99}}
    assert why_so({"parameters": now})["promised"] == "99 % of what is wanted is there"
    assert why_so({"parameters": {"service_level": 0.9}})["promised"] == "no stockout in 90 of 100 deliveries"
    assert why_so({})["promised"] is None


def test_bars_are_as_long_as_costs_the_winner_first_and_never_absurd() -> None:
    shown = race_shown(standing("batches", 1.0))
    shown["policies"][0] |= {"cost": 500.0, "percent": 4900.0, "able": False}
    found = policy_race(shown)
    assert found is not None
    assert [bar.wins for bar in found.bars] == [True] + [False] * (len(found.bars) - 1)
    assert found.bars[0].width == pytest.approx(100 * 10 / 30, abs=0.01)
    assert (found.bars[-1].able, found.bars[-1].cut, found.bars[-1].width) == (False, True, 100.0)
    assert all(0 <= bar.low <= bar.high <= 100 for bar in found.bars)
    assert policy_race(None) is None


def test_shares_stand_behind_each_other_and_none_is_shown_of_nothing() -> None:
    found = safety_shares({"units": 8.0, "shares": {"demand": 4.0, "lead time": 3.0, "records": 1.0}})
    assert [(one.x, one.width) for one in found] == [(0.0, 50.0), (50.0, 37.5), (87.5, 12.5)]
    assert safety_shares({"units": -1.0, "shares": {"demand": 0.0}}) == ()
    assert safety_shares(None) == ()


def test_a_planner_sets_targets_and_limits_and_the_next_plan_keeps_them(
    office: Office, client: Client, world: World
) -> None:
    mara = client("mara")
    page = mara.get("/planning?site=LON").text
    assert "Class A, the few that make up 80% of the value" in page
    said = {"aim-A": "fill", "level-A": "98,5", "aim-B": "cycles", "level-B": "90", "aim-C": "cost", "budget": "1"}
    assert mara.post(f"/planning/{world.site_id}", data=said).status_code == 303
    with office.context(person("root", Role.ADMIN)) as ctx:
        params = params_of(ctx, world.site_id)
    assert params.targets == (Target(Aim.FILL, 0.985), Target(Aim.CYCLES, 0.9), Target(Aim.COST, 0.95))
    assert (params.budget, params.pallets, params.ordering_cost) == (1.0, None, 15.0)
    page = mara.get("/planning").text
    assert 'value="98.5"' in page
    assert '<option value="cost" selected>' in page
    assert mara.post(f"/planning/{world.site_id}", data=said | {"level-A": "120"}).status_code == 422
    assert mara.post(f"/planning/{world.site_id}", data=said | {"level-A": "99.9"}).status_code == 303
    assert mara.post(f"/planning/{world.site_id}", data=said | {"aim-C": "luck"}).status_code == 422
    assert client("omar").post(f"/planning/{world.site_id}", data=said).status_code == 403

    # All that is needed costs more than 1: it waits, and what stood open says why.
    with office.context(person("root", Role.ADMIN)) as ctx:
        set_params(ctx, world.site_id, replace(params, budget=None))
    proposal_id = propose(office, world)
    with office.context(person("root", Role.ADMIN)) as ctx:
        set_params(ctx, world.site_id, params)
        agents.propose_purchases(ctx, world.site_id)
        found = agents.proposal(ctx, proposal_id)
    assert found.state == "expired"
    assert found.decision_note is not None
    assert found.decision_note.startswith("Waits for the budget: of 1.00")
