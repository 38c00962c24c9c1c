"""One open alert for each cause, whatever repeats."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from shelfwise.access import service as access
from shelfwise.access.context import Context, Office, stand_still
from shelfwise.access.model import Role, person, system
from shelfwise.core.errors import Forbidden, Invalid, NotFound, Refused
from shelfwise.store.database import values
from shelfwise.work import alerts, escalation, inbox, tasks
from shelfwise.work.alerts import Alert
from tests.conftest import NOON


def cold_room(ctx: Context, title: str = "Cold room at 9 degC") -> int | None:
    return alerts.raise_alert(ctx, "temperature", "zone:1", "danger", title, "Limit 8 degC.", "/floor", {"degC": 9})


def test_a_cause_that_goes_on_is_told_anew_and_not_doubled(ctx: Context) -> None:
    assert cold_room(ctx) is not None
    assert cold_room(ctx, "Cold room at 11 degC") is None
    assert [alert.title for alert in alerts.open_alerts(ctx)] == ["Cold room at 11 degC"]


def test_an_acknowledged_alert_stays_until_its_cause_is_gone(ctx: Context) -> None:
    alert_id = cold_room(ctx)
    assert alert_id is not None
    alerts.acknowledge(ctx, alert_id)
    (alert,) = alerts.open_alerts(ctx)
    assert (alert.state, alert.acknowledged_by) == ("acknowledged", "mara")
    assert alerts.clear_alert(ctx, "temperature", "zone:1")
    assert alerts.open_alerts(ctx) == []
    assert [alert.state for alert in alerts.recent_alerts(ctx)] == ["cleared"]


def test_a_cause_that_comes_back_is_a_new_alert(ctx: Context) -> None:
    first = cold_room(ctx)
    alerts.clear_alert(ctx, "temperature", "zone:1")
    assert cold_room(ctx) not in (None, first)


def test_clearing_what_is_not_open_is_no_error(ctx: Context) -> None:
    assert not alerts.clear_alert(ctx, "temperature", "zone:1")


def test_danger_stands_above_attention(ctx: Context) -> None:
    cold_room(ctx)
    alerts.raise_alert(ctx, "count", "item:1", "attention", "Count A1", "", "/items/A1", {})
    assert [alert.kind for alert in alerts.open_alerts(ctx)] == ["temperature", "count"]


def test_a_viewer_sees_alerts_and_may_not_acknowledge_them(office: Office) -> None:
    with office.context(person("boss", Role.ADMIN)) as ctx:
        alert_id = cold_room(ctx)
    assert alert_id is not None
    with office.context(person("vic", Role.VIEWER)) as ctx:
        assert len(alerts.open_alerts(ctx)) == 1
        with pytest.raises(Forbidden):
            alerts.acknowledge(ctx, alert_id)


def test_an_unknown_alert_is_said_to_be_unknown(ctx: Context) -> None:
    with pytest.raises(NotFound):
        alerts.acknowledge(ctx, 999)


MINUTE = timedelta(minutes=1)


def at(office: Office, instant: datetime) -> None:
    """Put the business clock there."""
    with office.database.transaction() as tx:
        stand_still(tx, 1, instant)


def stored(office: Office, alert_id: int | None) -> Alert:
    assert alert_id is not None
    with office.context(person("boss", Role.ADMIN)) as ctx:
        return alerts.alert(ctx, alert_id)


def test_who_has_taken_it_keeps_it_however_often_the_cause_is_told(ctx: Context) -> None:
    alert_id = cold_room(ctx)
    assert alert_id is not None
    alerts.acknowledge(ctx, alert_id)
    cold_room(ctx)
    cold_room(ctx)
    alert = alerts.alert(ctx, alert_id)
    assert (alert.state, alert.acknowledged_by, alert.times) == ("acknowledged", "mara", 3)


def test_what_becomes_worse_is_open_again_and_nobodys_snooze_holds(ctx: Context) -> None:
    told = ("temperature", "zone:1")
    alert_id = alerts.raise_alert(ctx, *told, "attention", "Warm", "", "/", {})
    assert alert_id is not None
    alerts.acknowledge(ctx, alert_id)
    alerts.snooze(ctx, alert_id, ctx.now + timedelta(days=1))
    alerts.raise_alert(ctx, *told, "danger", "Hot", "", "/", {})
    alert = alerts.alert(ctx, alert_id)
    assert (alert.state, alert.severity, alert.acknowledged_by, alert.snoozed_until) == ("open", "danger", None, None)


def test_danger_goes_up_the_ladder_while_nobody_takes_it_and_stays_with_the_last(office: Office) -> None:
    with office.context(person("boss", Role.ADMIN)) as ctx:
        alert_id = cold_room(ctx)
    told = []
    for minutes in (14, 15, 16, 29, 30, 45, 60, 600):
        at(office, NOON + minutes * MINUTE)
        with office.context(system("calendar")) as ctx:
            told.append((minutes, escalation.escalate(ctx)))
            assert escalation.escalate(ctx) == 0
    assert [minutes for minutes, gone_on in told if gone_on] == [15, 30, 45]
    assert stored(office, alert_id).role is Role.ADMIN


def test_what_somebody_has_taken_or_snoozed_does_not_go_on(office: Office) -> None:
    with office.context(person("boss", Role.ADMIN)) as ctx:
        taken, snoozed = cold_room(ctx), alerts.raise_alert(ctx, "temperature", "zone:2", "danger", "T", "", "/", {})
        assert taken is not None
        assert snoozed is not None
        alerts.acknowledge(ctx, taken)
        alerts.snooze(ctx, snoozed, NOON + 60 * MINUTE)
    for minutes, gone_on in ((59, 0), (74, 0), (75, 1)):
        at(office, NOON + minutes * MINUTE)
        with office.context(system("calendar")) as ctx:
            assert escalation.escalate(ctx) == gone_on, minutes
    assert stored(office, taken).level == 0
    with office.context(person("boss", Role.ADMIN)) as ctx:
        alerts.give_back(ctx, taken)
    at(office, NOON + 90 * MINUTE)
    with office.context(system("calendar")) as ctx:
        assert escalation.escalate(ctx) == 2


def test_attention_waits_a_day_before_it_goes_on(office: Office) -> None:
    with office.context(person("boss", Role.ADMIN)) as ctx:
        alerts.raise_alert(ctx, "count", "item:1", "attention", "Count A1", "", "/items/A1", {})
    for hours, gone_on in ((23, 0), (24, 1), (200, 0)):
        at(office, NOON + timedelta(hours=hours))
        with office.context(system("calendar")) as ctx:
            assert escalation.escalate(ctx) == gone_on


@pytest.mark.parametrize(("severity", "longest"), [("danger", timedelta(hours=4)), ("attention", timedelta(days=7))])
def test_an_alert_is_silent_only_so_long_and_says_who_silenced_it(
    ctx: Context, severity: str, longest: timedelta
) -> None:
    alert_id = alerts.raise_alert(ctx, "temperature", "zone:1", severity, "T", "", "/", {})
    assert alert_id is not None
    for wrong in (ctx.now, ctx.now - MINUTE, ctx.now + longest + MINUTE):
        with pytest.raises(Invalid, match="until"):
            alerts.snooze(ctx, alert_id, wrong)
    assert alerts.snooze(ctx, alert_id, ctx.now + longest).snoozed_by == "mara"
    assert alerts.snooze(ctx, alert_id, None).snoozed_by is None


def test_what_nobody_watches_is_settled_by_a_person_and_the_rest_is_not(ctx: Context) -> None:
    watched = cold_room(ctx)
    count = alerts.raise_alert(ctx, "count", "item:1", "attention", "Count A1", "", "/items/A1", {})
    assert watched is not None
    assert count is not None
    with pytest.raises(Refused, match="by itself"):
        alerts.settle(ctx, watched, "Door closed.")
    with pytest.raises(Invalid, match="note"):
        alerts.settle(ctx, count, " ")
    assert alerts.settle(ctx, count, "Counted: 7.").outcome == "Counted: 7."
    assert alerts.settle(ctx, count, "Counted: 8.").outcome == "Counted: 7."
    assert [one.kind for one in alerts.open_alerts(ctx)] == ["temperature"]


def test_this_is_wrong_waits_until_somebody_answers_and_the_answer_comes_back(office: Office) -> None:
    with office.context(person("boss", Role.ADMIN)) as ctx:
        for login, role in (("omar", Role.OPERATOR), ("quin", Role.QUALITY)):
            access.add_user(ctx, login, login, "three random words", role)
        alert_id = cold_room(ctx)
    assert alert_id is not None
    omar, quin = person("omar", Role.OPERATOR), person("quin", Role.QUALITY)
    with office.context(omar) as ctx:
        task_id = alerts.object_to(ctx, alert_id, "The probe hangs in the doorway.")
        assert alerts.object_to(ctx, alert_id) == task_id
    with office.context(quin) as ctx:
        alerts.clear_alert(ctx, "temperature", "zone:1")
        (row,) = inbox.inbox(ctx)[0]
        assert (row.key, row.for_me) == (f"task:{task_id}", True)
        with pytest.raises(Invalid, match="answer"):
            tasks.done(ctx, task_id)
        with pytest.raises(Refused, match="answer"):
            tasks.drop(ctx, task_id, "no")
        tasks.done(ctx, task_id, "Moved the probe. Thank you.")
    with office.context(omar) as ctx:
        (row,) = inbox.inbox(ctx)[0]
        assert (row.owner, row.title, row.detail) == (
            "omar", "quin answered: Cold room at 9 degC", "Moved the probe. Thank you.",
        )  # fmt: skip
        tasks.done(ctx, int(row.key.removeprefix("task:")))
        assert inbox.inbox(ctx) == ([], [])


def test_what_happens_to_alerts_is_told_to_whoever_listens(ctx: Context) -> None:
    cold_room(ctx)
    cold_room(ctx)
    alerts.clear_alert(ctx, "temperature", "zone:1")
    alerts.clear_alert(ctx, "temperature", "zone:1")
    told = values(ctx.tx, "select kind from event where kind like 'alert.%%' order by event_id", ())
    assert told == [("alert.raised",), ("alert.cleared",)]


def test_who_cannot_settle_an_alert_passes_it_on(office: Office) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        alert_id = cold_room(ctx)
        assert alert_id is not None
        alerts.acknowledge(ctx, alert_id)
        passed = escalation.pass_alert_on(ctx, alert_id, "I have no key to the cold room.")
        assert (passed.state, passed.acknowledged_by, passed.role) == ("open", None, Role.QUALITY)
        for _ in range(2):
            passed = escalation.pass_alert_on(ctx, alert_id, "Neither have they.")
        with pytest.raises(Refused, match="nobody above admin"):
            escalation.pass_alert_on(ctx, alert_id, "And now?")
