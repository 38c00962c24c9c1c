"""Who is told, who is told next, and what comes first."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfwise.access.model import ON_THE_FLOOR, RIGHTS, Right, Role, on_handheld, person
from shelfwise.work import model
from shelfwise.work.model import RULES, addressed, escalates, is_mine, rule, task_ladder, urgency
from tests.conftest import NOON

ROLES = st.sets(st.sampled_from(list(Role)))
LADDERS = st.lists(st.sampled_from(list(Role)), min_size=1, max_size=4, unique=True)


@given(LADDERS, st.integers(0, 9), ROLES)
def test_something_is_for_a_role_that_somebody_has_unless_nobody_could_act(
    ladder: list[Role], level: int, held: set[Role]
) -> None:
    to = addressed(ladder, level, held)
    rest = ladder[min(level, len(ladder) - 1) :]
    if held & {*rest, Role.MANAGER, Role.ADMIN}:
        assert to in held
    if rest[0] in held:
        assert to is rest[0]


@given(LADDERS, st.integers(0, 9), st.integers(0, 5000), st.sampled_from(["danger", "attention"]))
def test_nothing_goes_beyond_the_last_of_its_ladder_or_before_its_time(
    ladder: list[Role], level: int, minutes: int, severity: str
) -> None:
    goes = escalates(severity, level, NOON, ladder, NOON + timedelta(minutes=minutes))
    patience = 15 if severity == "danger" else 24 * 60
    assert goes is (level + 1 < len(ladder) and minutes >= patience)


def test_every_rule_begins_with_somebody_who_may_act_and_answers_through_one_who_may() -> None:
    for kind, one in RULES.items():
        assert one.why, kind
        for role in (*one.ladder, one.answers):
            assert Right.HANDLE_ALERTS in RIGHTS[role], kind
    assert rule("a kind that nobody described").by_hand


def test_what_is_for_a_role_falls_to_the_manager_and_then_to_the_admin() -> None:
    assert task_ladder(Role.QUALITY) == (Role.QUALITY, Role.MANAGER, Role.ADMIN)
    assert task_ladder(Role.ADMIN) == (Role.ADMIN,)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_at_a_site_is_known_by_its_rights(role: Role) -> None:
    there = person("nell", None, {7: role})
    assert is_mine(there, role, 7)
    assert not is_mine(there, role, 8)
    assert not is_mine(there, role, None)
    assert is_mine(person("nell", role), role, 8)
    assert is_mine(person("nell", role), role, None)
    # Two roles with the same rights could not be told apart.
    assert len(set(RIGHTS.values())) == len(RIGHTS)


def test_a_handheld_shows_the_work_of_the_floor() -> None:
    assert RIGHTS[Role.OPERATOR] == ON_THE_FLOOR
    assert is_mine(on_handheld(person("mara", Role.ADMIN), 7, 1), Role.OPERATOR, 7)


def test_danger_that_nobody_has_comes_before_all_else() -> None:
    now = NOON
    first = urgency(severity="danger", priority=None, taken=False, due_at=None, now=now)
    others = [
        urgency(severity=severity, priority=priority, taken=taken, due_at=due_at, now=now)
        for severity, priority in (("danger", None), ("attention", None), (None, "high"), (None, "low"))
        for taken in (True, False)
        for due_at in (None, now - timedelta(days=3), now + timedelta(days=3))
        if (severity, taken) != ("danger", False)
    ]
    assert first < min(others)
    assert model.LONGEST_SNOOZE["danger"] < model.LONGEST_SNOOZE["attention"]
