"""One open alert for each cause, whatever repeats."""

from __future__ import annotations

import pytest

from shelfwise.access.context import Context, Office
from shelfwise.access.model import Role, person
from shelfwise.core.errors import Forbidden, NotFound
from shelfwise.work import alerts


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
