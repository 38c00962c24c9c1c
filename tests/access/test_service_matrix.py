"""Every public function of every room, asked by every role at its own site: docs/reference/rights.md decides."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scripts.rest import rights_of

from shelfwise.access.context import Context
from shelfwise.access.model import Right, Role, person
from shelfwise.stock.posting import ENOUGH_FOR
from tests.access.test_services import FOR_ADMINS, WALKED, Function, _outcome, arguments, undone, written
from tests.access.two_sites import TwoSites, build
from tests.access.written import MATRIX

# Asks for whatever its caller names, which is read there; the walks of test_services.py walk it.
FOR_CALLERS = {"orders.purchases.lock", "orders.transfers.to_change", "stock.posting.require_any"}
# What everybody who is signed in does for themselves.
OWN = {
    "access.sessions.own_id",
    "access.sessions.own_sessions",
    "access.sessions.end_own_session",
    "access.sessions.end_own_sessions",
}
# Posting asks by the reason of the movement; the walks post a move.
POSTING = {"stock.posting.post": "move", "stock.posting.post_many": "move"}
# The rights that each function may ask for, its helpers' included.
ASKED = {
    one.name: rights_of(one.call) | {*ENOUGH_FOR.get(POSTING.get(one.name, ""), ())}
    for one in WALKED
    if one.name not in FOR_CALLERS | OWN
}

# What changes something though it takes no more than to view, and why that is right.
BY_VIEWERS = {
    "access.filters.save_filter": "a list under a name is one's own",
    "measure.today.have_seen": "how far one has read is one's own",
    "work.tasks.note": "whoever sees a task may say something about it",
    **{name: "whoever sees something may say that it is wrong" for name in ASKED if ".object_to" in name},
}


def walked() -> list[Function]:
    return [one for one in WALKED if one.name in ASKED]


@pytest.fixture
def sites(ctx: Context) -> TwoSites:
    return build(ctx)


def test_each_function_asks_for_a_right_that_can_be_read_in_it() -> None:
    assert [name for name, rights in ASKED.items() if not rights] == []


@pytest.mark.parametrize("role", list(Role))
def test_a_role_does_what_is_written_of_it_and_nothing_else(ctx: Context, sites: TwoSites, role: Role) -> None:
    """Who has none of the rights is forbidden it before anything is written; who has all of them is not."""
    user_id, site_id = sites.near["user_id"], sites.near["site_id"]
    here = replace(ctx, actor=person("nell", None, {site_id: role}, user_id))
    everywhere = replace(ctx, actor=person("nell", role, user_id=user_id))
    wrong = []
    for one in walked():
        given, before = arguments(one, sites.near, optional=True), written(ctx)
        with undone(ctx):
            said = _outcome(one, here, given)
        if not ASKED[one.name] & MATRIX[role]:
            if said != "Forbidden" or written(ctx) != before:
                wrong.append(f"{one.name}: {said[:120]}, and {role} has none of {sorted(ASKED[one.name])}")
        elif ASKED[one.name] <= MATRIX[role] and said == "Forbidden":
            # What belongs to no site, or to two of them, takes the role everywhere.
            with undone(ctx):
                said = _outcome(one, everywhere, given)
            if said == "Forbidden":
                wrong.append(f"{one.name}: forbidden, and {role} has {sorted(ASKED[one.name])}")
    assert not wrong, "\n".join(wrong)


def test_who_may_only_view_changes_nothing_but_what_is_listed(ctx: Context, sites: TwoSites) -> None:
    """Asked with the right to view alone, in all combinations of arguments."""
    vera = replace(ctx, actor=person("vera", Role.VIEWER, user_id=sites.near["user_id"]))
    assert MATRIX[Role.VIEWER] == {Right.VIEW}
    changed = set()
    for one in walked():
        for optional in (False, True):
            before = written(ctx)
            with undone(ctx):
                _outcome(one, vera, arguments(one, sites.near, optional))
            if written(ctx) != before:
                changed.add(one.name)
    assert changed == BY_VIEWERS.keys()


def test_the_exceptions_of_the_walks_are_functions_that_exist() -> None:
    assert {*FOR_ADMINS, *BY_VIEWERS} <= ASKED.keys()
    assert {one.name for one in WALKED} >= FOR_CALLERS | OWN
