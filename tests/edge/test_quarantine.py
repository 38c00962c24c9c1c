"""The quarantine: what could not be understood is corrected and taken in, or dropped, once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from shelfwise.access.context import Context
from shelfwise.access.model import Role, person
from shelfwise.core.errors import Forbidden, Invalid, NotFound, Refused
from shelfwise.edge import quarantine
from shelfwise.edge.devices import add_device, set_active
from shelfwise.edge.tables import Unreadable, put_in_quarantine
from shelfwise.store.database import values
from tests.conftest import NOON
from tests.edge.conftest import MANAGER, SECRET, Running
from tests.edge.packets import BareClient, publish

NEGATIVE = b'{"kind":"weight","value":-5,"id":"r-1"}'
FIXED = b'{"kind":"weight","value":5,"id":"r-1"}'


@pytest.fixture
def full(ctx: Context) -> Iterator[Context]:
    """A context of a tenant with one message in quarantine, which came an hour ago."""
    add_device(ctx, "scale-7")
    put(ctx, NEGATIVE)
    yield ctx


def put(ctx: Context, payload: bytes, form: str = "generic", topic: str = "shelfwise/scale-7/w") -> None:
    message = Unreadable("mqtt", "scale-7", topic, form, NOON - timedelta(hours=1), payload, "why")
    put_in_quarantine(ctx.tx, ctx.tenant, [message])


def the_one(ctx: Context) -> int:
    (message,) = quarantine.waiting(ctx)
    return message.quarantine_id


def readings(ctx: Context) -> list[tuple[object, ...]]:
    return values(ctx.tx, "select device, kind, value, received_at, observed_at from reading")


def test_fixed_bytes_are_taken_in_as_if_they_had_come_then(full: Context) -> None:
    number = the_one(full)
    assert quarantine.replay(full, number, FIXED) == 1
    then = NOON - timedelta(hours=1)
    assert readings(full) == [("scale-7", "weight", 5.0, then, then)]
    assert quarantine.waiting(full) == []
    decided = quarantine.get(full, number)
    assert (decided.state, decided.decided_by, decided.decided_at) == ("replayed", "mara", NOON)
    assert decided.payload == NEGATIVE
    assert values(full.tx, "select action, detail->>'corrected' from audit_entry where subject like 'quarantine%'") == [
        ("quarantine.replayed", "true")
    ]


def test_what_is_still_wrong_stays_and_says_why(full: Context) -> None:
    number = the_one(full)
    for payload in (None, b"?", b'{"device":"probe-1","kind":"weight","value":5}'):
        with pytest.raises(Invalid):
            quarantine.replay(full, number, payload)
    assert the_one(full) == number
    assert readings(full) == []


def test_a_list_with_one_wrong_reading_is_taken_whole_once_it_is_fixed(full: Context) -> None:
    good = {"kind": "weight", "value": 1, "id": "good"}
    fixed = json.dumps([good, {"kind": "weight", "value": 2, "id": "fixed"}]).encode()
    assert quarantine.replay(full, the_one(full), fixed) == 2


def test_a_reading_that_came_in_another_way_meanwhile_is_not_doubled(full: Context) -> None:
    put(full, b"another")
    (second, first) = quarantine.waiting(full)
    assert quarantine.replay(full, first.quarantine_id, FIXED) == 1
    assert quarantine.replay(full, second.quarantine_id, FIXED) == 0
    assert len(readings(full)) == 1


def test_each_message_is_decided_once(full: Context) -> None:
    number = the_one(full)
    quarantine.drop(full, number)
    for decide in (lambda: quarantine.replay(full, number, FIXED), lambda: quarantine.drop(full, number)):
        with pytest.raises(Refused, match="dropped by mara already"):
            decide()
    with pytest.raises(NotFound):
        quarantine.drop(full, number + 1)


def test_copies_are_counted_and_a_decided_message_that_comes_again_waits_again(full: Context) -> None:
    put(full, NEGATIVE)
    (message,) = quarantine.waiting(full)
    assert message.seen == 2
    quarantine.drop(full, message.quarantine_id)
    put(full, NEGATIVE)
    assert the_one(full) != message.quarantine_id


def test_a_message_without_a_format_can_only_be_dropped(full: Context) -> None:
    quarantine.drop(full, the_one(full))
    put(full, b"?", form="unknown", topic="weight")
    with pytest.raises(Invalid, match="Drop it"):
        quarantine.replay(full, the_one(full))
    quarantine.drop(full, the_one(full))


def test_a_device_that_was_shut_out_meanwhile_is_not_replayed(full: Context) -> None:
    set_active(full, "scale-7", False)
    with pytest.raises(Refused, match="is not active"):
        quarantine.replay(full, the_one(full), FIXED)


def test_a_viewer_may_look_and_not_decide(full: Context) -> None:
    viewer = replace(full, actor=person("vera", Role.VIEWER))
    number = the_one(viewer)
    with pytest.raises(Forbidden):
        quarantine.replay(viewer, number, FIXED)
    with pytest.raises(Forbidden):
        quarantine.drop(viewer, number)


def test_what_a_device_sent_wrongly_is_fixed_by_a_person_and_reaches_consumers(running: Running) -> None:
    with BareClient(running.mqtt_port).sign_in("scale-7", SECRET) as bare:
        bare.send(publish("shelfwise/scale-7/w", NEGATIVE, 1))
        assert bare.acknowledged(1) == [1]
    with running.office.database.listen_connection() as db:
        db.execute("listen reading")
        with running.office.context(MANAGER) as ctx:
            quarantine.replay(ctx, the_one(ctx), FIXED)
        assert [notice.channel for notice in db.notifies(timeout=10, stop_after=1)] == ["reading"]
    assert running.sql("select device, value from reading") == [("scale-7", 5.0)]


def test_a_lora_device_that_is_shut_out_is_replayed_after_it_was_let_in_again(running: Running) -> None:
    with running.office.context(MANAGER) as ctx:
        add_device(ctx, "beef")
        set_active(ctx, "beef", False)
    frame = {"deviceInfo": {"devEui": "beef"}, "time": NOON.isoformat(), "object": {"temperature": 4}}
    with BareClient(running.mqtt_port).sign_in("gate-1", SECRET) as bare:
        bare.send(publish("application/1/device/beef/event/up", json.dumps(frame).encode(), 1))
        assert bare.acknowledged(1) == [1]
    with running.office.context(MANAGER) as ctx:
        with pytest.raises(Invalid, match="a registered, active device"):
            quarantine.replay(ctx, the_one(ctx))
        set_active(ctx, "beef", True)
        assert quarantine.replay(ctx, the_one(ctx)) == 1
    assert running.sql("select device, kind, value from reading") == [("beef", "temperature", 4.0)]
