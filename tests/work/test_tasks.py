"""What people are to do: whose it is, who has it, and how it ends."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime, timedelta

import pytest

from shelfwise.access import service as access
from shelfwise.access.context import Context, Office, stand_still
from shelfwise.access.model import Role, person, system
from shelfwise.core.errors import Forbidden, Invalid, NotFound, Refused
from shelfwise.records import service as records
from shelfwise.work import alerts, escalation, inbox, objections, tasks
from shelfwise.work.inbox import Row
from tests.conftest import NOON

HOUR = timedelta(hours=1)


@pytest.fixture
def sites(office: Office) -> dict[str, int]:
    """London and Leeds; omar works at London, lee at Leeds, pia plans and vera looks everywhere."""
    with office.context(person("root", Role.ADMIN)) as ctx:
        found = {
            code: records.add_site(ctx, code=code, name=name, time_zone="Europe/London", width_m=9, depth_m=9)
            for code, name in (("LON", "London"), ("LEE", "Leeds"))
        }
        for login, role, at in (
            ("omar", None, {found["LON"]: Role.OPERATOR}),
            ("lee", None, {found["LEE"]: Role.OPERATOR}),
            ("pia", Role.PLANNER, {}),
            ("vera", Role.VIEWER, {}),
        ):
            access.add_user(ctx, login, login.title(), "three random words", role, at)
    return found


def as_person(office: Office, login: str, sites: dict[str, int]) -> AbstractContextManager[Context]:
    people = {
        "omar": person("omar", None, {sites["LON"]: Role.OPERATOR}),
        "lee": person("lee", None, {sites["LEE"]: Role.OPERATOR}),
        "pia": person("pia", Role.PLANNER),
        "vera": person("vera", Role.VIEWER),
        "root": person("root", Role.ADMIN),
    }
    return office.context(people[login])


def count_bin(ctx: Context, site_id: int, bin_code: str = "A-01", **more: object) -> int:
    return tasks.open_task(
        ctx, kind="count", subject=f"place:{bin_code}", site_id=site_id, title=f"Count {bin_code}",
        detail="The scale sees less than the books.", link="/bins/1", why="A pick came short today.", **more,  # type: ignore[arg-type]
    )  # fmt: skip


def at(office: Office, instant: datetime) -> None:
    with office.database.transaction() as tx:
        stand_still(tx, 1, instant)


def keys(found: tuple[list[Row], list[Row]]) -> list[str]:
    return [row.title for row in found[0]]


def test_a_cause_told_again_is_the_same_task_and_whoever_has_it_keeps_it(office: Office, sites: dict[str, int]) -> None:
    with as_person(office, "omar", sites) as ctx:
        task_id = count_bin(ctx, sites["LON"])
        tasks.take(ctx, task_id)
        assert count_bin(ctx, sites["LON"], due_at=NOON + HOUR) == task_id
        found = tasks.task(ctx, task_id)
        assert (found.state, found.owner, found.due_at) == ("taken", "omar", NOON + HOUR)


def test_a_task_stands_before_the_role_at_its_site_and_nobody_else(office: Office, sites: dict[str, int]) -> None:
    with as_person(office, "root", sites) as ctx:
        count_bin(ctx, sites["LON"])
        count_bin(ctx, sites["LEE"], "B-01")
    seen = {}
    for login in ("omar", "lee", "pia", "vera", "root"):
        with as_person(office, login, sites) as ctx:
            seen[login] = (keys(inbox.inbox(ctx)), keys(inbox.inbox(ctx, "all")), inbox.waiting_for(ctx))
    assert seen == {
        "omar": (["Count A-01"], ["Count A-01"], 1),
        "lee": (["Count B-01"], ["Count B-01"], 1),
        "pia": ([], ["Count A-01", "Count B-01"], 0),
        "vera": ([], ["Count A-01", "Count B-01"], 0),
        "root": ([], ["Count A-01", "Count B-01"], 0),
    }


def test_what_is_for_a_role_that_nobody_has_falls_to_the_next(office: Office, sites: dict[str, int]) -> None:
    with as_person(office, "root", sites) as ctx:
        tasks.open_task(
            ctx, kind="release", subject="lot:1", site_id=sites["LON"], title="Release lot 1", role="quality"
        )
        assert [row.to for row in inbox.inbox(ctx, "all")[0]] == [Role.ADMIN]
        access.add_user(ctx, "max", "Max", "three random words", None, {sites["LON"]: Role.MANAGER})
        assert [row.to for row in inbox.inbox(ctx, "all")[0]] == [Role.MANAGER]
        access.add_user(ctx, "quin", "Quin", "three random words", Role.QUALITY)
        assert [row.to for row in inbox.inbox(ctx, "all")[0]] == [Role.QUALITY]


def test_what_somebody_has_another_cannot_take_but_can_be_given(office: Office, sites: dict[str, int]) -> None:
    with as_person(office, "omar", sites) as ctx:
        task_id = count_bin(ctx, sites["LON"])
        assert tasks.take(ctx, task_id).owner == "omar"
        assert tasks.take(ctx, task_id).owner == "omar"
    with as_person(office, "pia", sites) as ctx:
        with pytest.raises(Refused, match="omar has this"):
            tasks.take(ctx, task_id)
        for stranger in ("vera", "lee", "nobody"):
            with pytest.raises(NotFound):
                tasks.hand_over(ctx, task_id, stranger)
        assert tasks.hand_over(ctx, task_id, "pia", "I walk past it.").owner == "pia"
        assert keys(inbox.inbox(ctx, "mine")) == ["Count A-01"]
        assert tasks.hand_over(ctx, task_id, "").owner is None
        assert [note.words for note in tasks.notes(ctx, task_id)] == [
            "Handed over to pia. I walk past it.", "Handed over to whoever takes it.",
        ]  # fmt: skip


def test_done_is_done_until_somebody_opens_it_again_with_a_reason(office: Office, sites: dict[str, int]) -> None:
    with as_person(office, "omar", sites) as ctx:
        task_id = count_bin(ctx, sites["LON"])
        assert tasks.done(ctx, task_id, "Counted: 7").outcome == "Counted: 7"
        assert tasks.done(ctx, task_id, "Counted: 8").outcome == "Counted: 7"
        with pytest.raises(Refused, match="done already"):
            tasks.take(ctx, task_id)
        with pytest.raises(Invalid):
            tasks.reopen(ctx, task_id, "")
        assert tasks.reopen(ctx, task_id, "Wrong bin.").state == "open"
        tasks.drop(ctx, task_id, "The bin is gone.")
        again = count_bin(ctx, sites["LON"])
        assert again != task_id
        with pytest.raises(Refused, match=f"Task {again}"):
            tasks.reopen(ctx, task_id, "It is back.")
        assert [one.task_id for one in tasks.tasks(ctx, finished=True)] == [task_id]


def test_shelfwise_closes_a_task_whose_cause_is_gone(office: Office, sites: dict[str, int]) -> None:
    with as_person(office, "root", sites) as ctx:
        task_id = count_bin(ctx, sites["LON"])
        assert tasks.close_task(ctx, "count", "place:A-01")
        assert not tasks.close_task(ctx, "count", "place:A-01")
        assert tasks.task(ctx, task_id).outcome == "Its cause is gone."
        assert inbox.inbox(ctx, "all") == ([], [])


def test_the_most_urgent_comes_first(office: Office, sites: dict[str, int]) -> None:
    with as_person(office, "root", sites) as ctx:
        here = sites["LON"]
        for title, due_at, priority in (
            ("some day", None, "low"), ("tomorrow", NOON + 24 * HOUR, "normal"), ("overdue", NOON - HOUR, "normal"),
            ("soon", NOON + HOUR, "normal"), ("important", NOON + 90 * HOUR, "high"), ("any time", None, "normal"),
        ):  # fmt: skip
            tasks.add_task(ctx, here, title, due_at=due_at, priority=priority)  # type: ignore[arg-type]
        alerts.raise_alert(ctx, "count", "item:1", "attention", "look", "", "/", {}, site_id=here)
        alerts.raise_alert(ctx, "temperature", "zone:1", "danger", "hot", "", "/", {}, site_id=here)
        taken = alerts.raise_alert(ctx, "temperature", "zone:2", "danger", "hot but taken", "", "/", {}, site_id=here)
        assert taken is not None
        alerts.acknowledge(ctx, taken)
        assert keys(inbox.inbox(ctx, "all")) == [
            "hot", "overdue", "soon", "look", "important", "hot but taken", "tomorrow", "any time", "some day",
        ]  # fmt: skip


def test_a_snoozed_task_leaves_the_inbox_but_not_the_list_of_what_is_snoozed(
    office: Office, sites: dict[str, int]
) -> None:
    with as_person(office, "omar", sites) as ctx:
        task_id = count_bin(ctx, sites["LON"])
        tasks.snooze(ctx, task_id, NOON + HOUR)
        awake, asleep = inbox.inbox(ctx)
        assert awake == []
        assert [(row.title, row.snoozed_by) for row in asleep] == [("Count A-01", "omar")]
        assert inbox.waiting_for(ctx) == 0
        with pytest.raises(Invalid):
            tasks.snooze(ctx, task_id, NOON + timedelta(days=40))
        tasks.snooze(ctx, task_id, None)
        assert inbox.waiting_for(ctx) == 1


def test_a_task_of_another_site_is_neither_seen_nor_touched(office: Office, sites: dict[str, int]) -> None:
    with as_person(office, "root", sites) as ctx:
        task_id = count_bin(ctx, sites["LEE"])
    with as_person(office, "omar", sites) as ctx:
        assert tasks.tasks(ctx) == []
        for touch in (
            lambda: tasks.task(ctx, task_id), lambda: tasks.take(ctx, task_id), lambda: tasks.done(ctx, task_id),
            lambda: tasks.note(ctx, task_id, "x"), lambda: tasks.snooze(ctx, task_id, NOON + HOUR),
            lambda: tasks.add_task(ctx, sites["LEE"], "x"),
        ):  # fmt: skip
            with pytest.raises(Forbidden):
                touch()


def test_a_viewer_may_do_what_was_given_to_them_and_nothing_else(office: Office, sites: dict[str, int]) -> None:
    with as_person(office, "root", sites) as ctx:
        theirs = count_bin(ctx, sites["LON"], owner="vera")
        other = count_bin(ctx, sites["LON"], "A-02")
    with as_person(office, "vera", sites) as ctx:
        assert tasks.done(ctx, theirs).closed_by == "vera"
        with pytest.raises(Forbidden):
            tasks.done(ctx, other)


def test_a_task_that_nobody_took_by_its_time_goes_on_to_the_next_role_and_a_day_later_again(
    office: Office, sites: dict[str, int]
) -> None:
    with as_person(office, "root", sites) as ctx:
        task_id = count_bin(ctx, sites["LON"], due_at=NOON + HOUR)
    for hours, level in ((0.5, 0), (1, 1), (2, 1), (25, 2), (60, 2)):
        at(office, NOON + hours * HOUR)
        with office.context(system("calendar")) as ctx:
            escalation.escalate(ctx)
            assert tasks.task(ctx, task_id).level == level, hours
    with as_person(office, "root", sites) as ctx:
        assert "it goes on to manager" in tasks.notes(ctx, task_id)[0].words


def test_a_task_that_somebody_took_stays_with_them_and_one_that_was_only_given_does_not(
    office: Office, sites: dict[str, int]
) -> None:
    with as_person(office, "root", sites) as ctx:
        given = count_bin(ctx, sites["LON"], "A-01", owner="omar", due_at=NOON + HOUR)
        taken = count_bin(ctx, sites["LON"], "A-02", due_at=NOON + HOUR)
    with as_person(office, "omar", sites) as ctx:
        tasks.take(ctx, taken)
    at(office, NOON + 2 * HOUR)
    with office.context(system("calendar")) as ctx:
        assert escalation.escalate(ctx) == 1
        assert (tasks.task(ctx, given).owner, tasks.task(ctx, given).level) == (None, 1)
        assert (tasks.task(ctx, taken).owner, tasks.task(ctx, taken).level) == ("omar", 0)


def test_who_cannot_do_a_task_passes_it_on_with_a_reason_until_nobody_is_above(
    office: Office, sites: dict[str, int]
) -> None:
    with as_person(office, "root", sites) as ctx:
        task_id = count_bin(ctx, sites["LON"])
    with as_person(office, "omar", sites) as ctx:
        tasks.take(ctx, task_id)
        with pytest.raises(Invalid, match="why somebody else"):
            escalation.pass_task_on(ctx, task_id, "  ")
        passed = escalation.pass_task_on(ctx, task_id, "Too high for me.")
        assert (passed.state, passed.owner, passed.level) == ("open", None, 1)
        # There is no manager at London: it is the admin's.
        assert inbox.task_row(ctx, task_id).to is Role.ADMIN
        escalation.pass_task_on(ctx, task_id, "Still too high.")
        with pytest.raises(Refused, match="nobody above admin"):
            escalation.pass_task_on(ctx, task_id, "And again.")


def test_a_task_that_is_wrong_is_answered_by_a_manager(office: Office, sites: dict[str, int]) -> None:
    with as_person(office, "root", sites) as ctx:
        task_id = count_bin(ctx, sites["LON"])
    with as_person(office, "omar", sites) as ctx:
        asked = objections.object_to_task(ctx, task_id, "There is no such bin.")
        assert objections.object_to_task(ctx, task_id, "Really not.") == asked
        with pytest.raises(Refused, match="Add a remark"):
            objections.object_to_task(ctx, asked)
    with as_person(office, "root", sites) as ctx:
        found = tasks.task(ctx, asked)
        assert (found.role, found.kind) == ("manager", "objection")
        assert len(tasks.notes(ctx, asked)) == 2
    with as_person(office, "lee", sites) as ctx, pytest.raises(Forbidden):
        objections.object_to_task(ctx, task_id)
