"""Transfers between sites are proposed once, decided by those who may at both ends, and made once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from shelfwise.access.context import Context
from shelfwise.access.model import Role, person
from shelfwise.agents import service as agents
from shelfwise.agents.deciding import Wanted
from shelfwise.agents.transfers.deciding import approve, approve_many, reject_many, take_back
from shelfwise.agents.transfers.model import ProposedTransfer
from shelfwise.agents.transfers.service import object_to, propose_transfers, proposed_transfer, proposed_transfers
from shelfwise.core.errors import Forbidden, Invalid, NotFound, Refused
from shelfwise.orders import transfers as documents
from shelfwise.orders.transfers_model import TransferState
from shelfwise.planning.model import Params
from shelfwise.planning.service import snapshot
from shelfwise.planning.settings import set_params
from shelfwise.records.service import add_site
from shelfwise.stock import transfers
from shelfwise.stock.transfers import Goods
from shelfwise.store.database import run, values
from tests.agents.two_shops import Two, build
from tests.conftest import NOON


@pytest.fixture
def two(ctx: Context) -> Two:
    return build(ctx)


def states(ctx: Context) -> list[TransferState]:
    return [one.state for one in documents.transfers(ctx)]


def test_what_one_site_lacks_and_another_can_spare_is_proposed_with_what_it_stands_on(two: Two) -> None:
    cup, tea = sorted(two.proposed(), key=lambda one: one.sku)
    assert (tea.sku, tea.from_site, tea.site, tea.state) == ("TEA", "D", "B", "proposed")
    assert tea.quantity % 1 == 0
    assert "Dresden" in tea.reason
    assert "its part of a shipment with 1 other item" in tea.reason
    assert tea.how_to_undo.startswith("Take the decision back")
    assert "chart" not in tea.evidence
    whole = proposed_transfer(two.ctx, tea.proposal_id)
    assert {"chart", "giver_chart"} <= whole.evidence.keys()
    assert whole.forecast_id is not None
    assert cup.idempotency_key == f"transfer:{two.dresden.site}:{two.berlin.site}:{two.cups}:2026-03-02"


def test_a_transfer_keeps_what_its_sites_have_set_to_promise(two: Two) -> None:
    set_params(two.ctx, two.dresden.site, Params(service_level=0.99))
    assert {one.evidence["service_level"] for one in two.proposed()} == {0.99}


def test_looking_again_proposes_nothing_twice(two: Two) -> None:
    first = two.proposed()
    assert propose_transfers(two.agent) == []
    assert propose_transfers(two.later(days=1).agent) == []
    assert [one.proposal_id for one in proposed_transfers(two.ctx, None)] == [one.proposal_id for one in first]
    assert proposed_transfers(two.ctx)[0].expires_at == NOON + timedelta(days=3)


def test_what_a_proposed_transfer_brings_is_not_ordered_as_well(two: Two) -> None:
    agents.propose_purchases(two.agent, two.berlin.site)
    alone = {one.sku: one.quantity for one in agents.proposals(two.ctx)}
    assert alone.keys() == {"CUP", "TEA"}
    (cup, tea) = sorted(two.proposed(), key=lambda one: one.sku)
    after = agents.proposals(two.ctx)
    assert all("by a transfer that is proposed, and not decided yet" in one.reason for one in after)
    left = {one.sku: one.quantity for one in after}
    for one in (cup, tea):
        assert left.get(one.sku, Decimal(0)) <= max(alone[one.sku] - one.quantity * Decimal("0.8"), Decimal(0))


def test_an_approved_transfer_counts_as_on_order_where_it_goes_and_as_promised_where_it_comes_from(two: Two) -> None:
    _, tea = sorted(two.proposed(), key=lambda one: one.sku)
    made = approve(two.ctx, tea.proposal_id, note="as usual")
    assert (made.state, made.from_site, made.to_site) == ("approved", "D", "B")
    assert made.expected_at == NOON + timedelta(days=1)
    (seen,) = snapshot(two.ctx, two.berlin.site, [two.tea]).items
    assert [one.quantity for one in seen.on_order] == [tea.quantity]
    assert two.free(two.tea) == 300 - tea.quantity
    decided = proposed_transfer(two.ctx, tea.proposal_id)
    assert (decided.state, decided.decided_by, decided.decision_note) == ("executed", "mara", "as usual")
    assert [one.sku for one in two.later(days=1).proposed()] == ["CUP"]


def test_approving_twice_gives_the_same_transfer(two: Two) -> None:
    one, *_ = two.proposed()
    first = approve(two.ctx, one.proposal_id, Decimal(9))
    assert approve(two.ctx, one.proposal_id) == first
    assert proposed_transfer(two.ctx, one.proposal_id).quantity == 9
    with pytest.raises(Refused, match="approved by mara with 9, not 10"):
        approve(two.ctx, one.proposal_id, Decimal(10))
    assert len(documents.transfers(two.ctx)) == 1


def test_many_go_as_one_transfer_for_each_pair_of_sites(two: Two) -> None:
    done = approve_many(two.ctx, [Wanted(one.proposal_id) for one in two.proposed()])
    (made,) = done.transfers
    assert {line.sku for line in made.lines} == {"CUP", "TEA"}
    assert len(done.proposal_ids) == 2


@pytest.mark.parametrize(
    ("quantity", "wanted"), [("1.5", "quantity"), ("0", "quantity"), ("-3", "quantity"), ("301", "free now")]
)
def test_no_fraction_nothing_and_more_than_is_free_cannot_be_approved(two: Two, quantity: str, wanted: str) -> None:
    one, *_ = two.proposed()
    with pytest.raises((Invalid, Refused), match=wanted):
        approve(two.ctx, one.proposal_id, Decimal(quantity))
    faulty = approve_many(two.ctx, [Wanted(one.proposal_id, Decimal(quantity))], leave_out_faulty=True)
    assert (faulty.transfers, len(faulty.faults)) == ((), 1)
    assert states(two.ctx) == []


def test_giving_takes_the_right_at_the_one_site_and_taking_at_the_other(two: Two) -> None:
    one, *_ = two.proposed()
    for alone in (two.at(berlin=Role.PLANNER), two.at(dresden=Role.PLANNER)):
        assert proposed_transfers(alone) != []
        with pytest.raises(Forbidden, match="Ask somebody who may at both sites"):
            approve(alone, one.proposal_id)
    with pytest.raises(Forbidden):
        approve(two.at(berlin=Role.PLANNER, dresden=Role.OPERATOR), one.proposal_id)
    assert approve(two.at(berlin=Role.PLANNER, dresden=Role.PLANNER), one.proposal_id).state == "approved"


def test_either_side_may_say_no_and_a_stranger_neither_sees_nor_decides(two: Two) -> None:
    cup, tea = two.proposed()
    reject_many(two.at(dresden=Role.PLANNER), [cup.proposal_id], "we need them")
    reject_many(two.at(berlin=Role.PLANNER), [tea.proposal_id], "no room")
    assert [one.state for one in proposed_transfers(two.ctx, None)] == ["rejected", "rejected"]
    assert two.later(days=2).proposed() == []
    far = add_site(two.ctx, code="F", name="Far", time_zone="UTC", width_m=9, depth_m=9)
    stranger = replace(two.ctx, actor=person("otto", None, {far: Role.MANAGER}))
    assert proposed_transfers(stranger, None) == []
    with pytest.raises(Forbidden):
        proposed_transfer(stranger, tea.proposal_id)
    with pytest.raises(Forbidden):
        reject_many(stranger, [tea.proposal_id])


def test_what_is_no_longer_needed_is_withdrawn_and_what_it_would_have_brought_is_ordered(two: Two) -> None:
    assert len(two.proposed()) == 2
    two.berlin.ordered(two.tea, 60, days=1.0)
    assert [one.sku for one in two.proposed()] == ["CUP"]
    (gone,) = proposed_transfers(two.ctx, ["expired"])
    assert gone.decision_note is not None
    assert gone.decision_note.startswith("No longer needed")
    assert "CUP" not in {one.sku for one in agents.proposals(two.ctx)} or gone.sku == "TEA"


def test_nothing_is_proposed_while_it_is_on_its_way_nor_back(two: Two) -> None:
    many = [Wanted(one.proposal_id, Decimal(2)) for one in two.proposed()]
    (made,) = approve_many(two.ctx, many).transfers
    tomorrow = two.later(days=1)
    assert tomorrow.proposed() == []
    goods = [Goods(line.line, line.quantity, two.dresden.bin) for line in made.lines]
    transfers.ship_transfer(two.ctx, made.transfer_id, goods, "out")
    assert tomorrow.proposed() == []
    arrived = [Goods(line.line, line.quantity, two.berlin.bin) for line in made.lines]
    transfers.receive_transfer(two.ctx, made.transfer_id, arrived, "in")
    assert len(two.later(days=1).proposed()) == 2


def ids(some: Sequence[ProposedTransfer]) -> list[int]:
    return [one.proposal_id for one in some]


def test_a_decision_is_taken_back_until_something_has_left_and_the_rest_still_goes(two: Two) -> None:
    cup, tea = sorted(two.proposed(), key=lambda one: one.sku)
    approve_many(two.ctx, [Wanted(cup.proposal_id), Wanted(tea.proposal_id)])
    (back,) = take_back(two.ctx, [tea.proposal_id])
    assert (back.state, back.decided_by) == ("proposed", None)
    assert states(two.ctx) == ["approved", "cancelled"]
    (line,) = documents.transfers(two.ctx, ["approved"])[0].lines
    assert (line.sku, line.quantity) == ("CUP", cup.quantity)
    assert two.free(two.tea) == 300
    again = approve(two.ctx, tea.proposal_id)
    assert again.state == "approved"
    transfers.ship_transfer(two.ctx, again.transfer_id, [Goods(1, Decimal(1), two.dresden.bin)], "out")
    with pytest.raises(Refused, match="have left D already"):
        take_back(two.ctx, [tea.proposal_id])


def test_a_rejection_is_taken_back_by_the_side_that_rejected(two: Two) -> None:
    one, *_ = two.proposed()
    giver = two.at(dresden=Role.PLANNER)
    reject_many(giver, [one.proposal_id], "no")
    (back,) = take_back(giver, [one.proposal_id])
    assert back.state == "proposed"


def test_what_is_over_or_unknown_cannot_be_decided(two: Two) -> None:
    one, *_ = two.proposed()
    with pytest.raises(Refused, match="expired"):
        approve(two.later(days=3).ctx, one.proposal_id)
    agents.expire(two.later(days=3).agent)
    assert proposed_transfers(two.ctx) == []
    for unknown in (
        approve,
        lambda ctx, number: reject_many(ctx, [number]),
        lambda ctx, number: take_back(ctx, [number]),
    ):
        with pytest.raises(NotFound):
            unknown(two.ctx, 10**9)
    agents.propose_purchases(two.agent, two.berlin.site)
    for purchase in agents.proposals(two.ctx):
        with pytest.raises(NotFound):
            approve(two.ctx, purchase.proposal_id)
    with pytest.raises(NotFound):
        agents.approve(two.ctx, one.proposal_id)


def test_where_an_erp_keeps_the_books_nothing_is_proposed(two: Two) -> None:
    run(two.ctx.tx, "update tenant set books = 'erp'")
    assert propose_transfers(two.agent) == []


def test_anybody_who_sees_it_may_say_that_it_is_wrong(two: Two) -> None:
    one, *_ = two.proposed()
    object_to(two.at(dresden=Role.OPERATOR), one.proposal_id, "the tea is old")
    assert values(two.ctx.tx, "select kind from task") == [("objection",)]
