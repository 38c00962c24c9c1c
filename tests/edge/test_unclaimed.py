"""Devices that nobody registered: what they say waits within bounds, is claimed once and whole, or is ignored."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from datetime import timedelta

import httpx
import pytest

from shelfwise.access.context import Context, Office
from shelfwise.core.errors import NotFound, Refused
from shelfwise.edge import scopes, unclaimed
from shelfwise.edge.devices import add_device, set_active
from shelfwise.edge.messages import Message
from shelfwise.edge.model import Origin, Reading, key_by_id, moment
from shelfwise.edge.tables import READINGS, Receipt, Unreadable
from shelfwise.edge.unclaimed import claim, ignore, listen_again
from shelfwise.edge.waiting import IGNORED, UNCLAIMED, keep
from shelfwise.store.database import values
from shelfwise.store.events import EVENTS
from tests.conftest import NOON
from tests.edge.conftest import MANAGER, SECRET, Running, Start
from tests.edge.packets import BareClient, publish

GATE = Origin("mqtt", "gate-1", "gateway", "gate-1", "shelfwise/gate-1/x", "generic")


class Sent:
    """A message whose readings are of devices that the door does not know."""

    def __init__(self, *readings: Reading, origin: Origin = GATE, minute: int = 0) -> None:
        self.origin = origin
        self.payload = b"{}"
        self.when = moment(NOON + timedelta(minutes=minute))
        self.waits: Sequence[Reading] = readings
        self.unreadable: Unreadable | None = None
        self.readings = 0
        self.receipt: Receipt | None = None
        self.outcome: str | None = UNCLAIMED
        self.refused = False


def reading(device: str, number: int, timed: bool = True) -> Reading:
    at = NOON - timedelta(seconds=number)
    key = key_by_id(device, "weight", number, at if timed else None)
    return Reading(key, device, "weight", float(number), None, at if timed else NOON, NOON)


def stored(ctx: Context) -> list[tuple[object, ...]]:
    return values(ctx.tx, "select device, value, received_at from reading order by seq")


def send(ctx: Context, *messages: Sent) -> list[str | None]:
    keep(ctx.tx, ctx.tenant, messages)
    return [message.outcome for message in messages]


@pytest.fixture
def gate(ctx: Context) -> Context:
    """A context of a tenant with a gateway and no other device."""
    add_device(ctx, "gate-1", speaks_for="gateway")
    return ctx


def test_what_waits_is_listed_with_where_it_came_from_and_what_it_said_last(gate: Context) -> None:
    assert send(gate, Sent(reading("ghost", 2), reading("ghost", 1))) == [UNCLAIMED]
    assert stored(gate) == []
    (found,) = unclaimed.unclaimed(gate)
    assert (found.device, found.behind, found.kinds, found.kept, found.value) == ("ghost", "gate-1", ["weight"], 2, 1.0)


def test_a_copy_takes_no_room_whether_it_names_a_time_or_not(gate: Context) -> None:
    for timed in (True, False):
        for minute in (0, 1):
            one = reading("ghost", 1 + timed, timed)
            send(gate, Sent(one, minute=minute), Sent(one, minute=minute))
    assert [one.kept for one in unclaimed.unclaimed(gate)] == [2]


def test_a_claim_makes_readings_of_all_that_waited_in_the_order_it_came_and_as_of_then(gate: Context) -> None:
    send(gate, Sent(reading("ghost", 9)), Sent(reading("ghost", 3)), Sent(reading("other", 1)))
    assert claim(gate, "ghost", name="Scale at the door") == 2
    assert stored(gate) == [("ghost", 9.0, NOON), ("ghost", 3.0, NOON)]
    assert [one.device for one in unclaimed.unclaimed(gate)] == ["other"]
    assert values(gate.tx, "select name, behind from device where device = 'ghost'") == [
        ("Scale at the door", "gate-1")
    ]
    with pytest.raises(NotFound):
        claim(gate, "ghost")


def test_what_the_sender_repeats_after_the_claim_is_there_already(gate: Context) -> None:
    copies = [reading("ghost", 1), reading("ghost", 2, timed=False)]
    send(gate, Sent(*copies))
    claim(gate, "ghost")
    assert send(gate, Sent(*copies)) == [None]
    assert len(stored(gate)) == 2


def test_registering_by_hand_a_device_that_waits_is_a_claim(gate: Context) -> None:
    send(gate, Sent(reading("ghost", 1)))
    add_device(gate, "ghost")
    assert len(stored(gate)) == 1
    assert unclaimed.unclaimed(gate) == []


def test_a_device_that_was_just_registered_speaks_at_once_whatever_the_door_knew(gate: Context) -> None:
    add_device(gate, "ghost")
    assert send(gate, Sent(reading("ghost", 1))) == [None]
    assert stored(gate) == [("ghost", 1.0, NOON)]


def test_what_a_device_that_is_shut_out_says_behind_a_gateway_goes_to_quarantine(gate: Context) -> None:
    add_device(gate, "ghost")
    set_active(gate, "ghost", False)
    (outcome,) = send(gate, Sent(reading("ghost", 1)))
    assert outcome is not None
    assert "got 'ghost', which is shut out or retired" in outcome
    assert values(gate.tx, "select reason from quarantine") == [(outcome,)]
    assert (stored(gate), unclaimed.unclaimed(gate)) == ([], [])


def test_what_is_ignored_is_counted_and_not_kept_until_somebody_listens_again(gate: Context) -> None:
    send(gate, Sent(reading("ghost", 1)))
    ignore(gate, "ghost")
    with pytest.raises(Refused, match="ignored already"):
        ignore(gate, "ghost")
    assert send(gate, Sent(reading("ghost", 2))) == [IGNORED]
    (found,) = unclaimed.unclaimed(gate)
    assert (found.state, found.kept, found.passed_over, found.decided_by) == ("ignored", 0, 1, "mara")
    listen_again(gate, "ghost")
    assert send(gate, Sent(reading("ghost", 3))) == [UNCLAIMED]
    assert claim(gate, "ghost") == 1


def test_beyond_the_devices_that_may_wait_nothing_is_kept_and_somebody_is_told_once(gate: Context) -> None:
    scopes.limit_gateway(gate, "gate-1", reach="any", most_devices=2)
    send(gate, Sent(reading("one", 1)), Sent(reading("two", 1)))
    third, fourth = Sent(reading("three", 1), reading("one", 2)), Sent(reading("four", 1))
    send(gate, third, fourth)
    for told, name in ((third, "'three'"), (fourth, "'four'")):
        assert told.outcome is not None
        assert "2 unknown devices wait behind 'gate-1' already" in told.outcome
        assert f"what {name} says is not kept" in told.outcome
    assert (third.refused, fourth.refused) == (False, True)
    assert {one.device: one.kept for one in unclaimed.unclaimed(gate)} == {"one": 2, "two": 1}
    (refusal,) = unclaimed.refusals(gate)
    assert (refusal.behind, refusal.readings) == ("gate-1", 2)
    assert values(gate.tx, "select count(*) from event where kind = 'devices.refused'") == [(1,)]
    ignore(gate, "two")
    assert unclaimed.refusals(gate) == []
    # As the pipeline does it, where Postgres refused the batch that it came with.
    assert send(gate, fourth) == [UNCLAIMED]
    assert not fourth.refused


@pytest.mark.parametrize("limit", [{"most_readings": 2}, {"most_bytes": 300}])
def test_beyond_what_may_wait_of_a_device_nothing_grows(gate: Context, limit: dict[str, int]) -> None:
    scopes.limit_gateway(gate, "gate-1", reach="any", **limit)
    send(gate, *(Sent(reading("ghost", number)) for number in range(9)))
    (found,) = unclaimed.unclaimed(gate)
    assert (found.kept, found.passed_over) == (2, 7)
    assert send(gate, Sent(reading("ghost", 0))) == [UNCLAIMED]
    assert claim(gate, "ghost") == 2


def about(device: str, number: int, **others: object) -> bytes:
    at = (NOON - timedelta(seconds=number)).isoformat()
    return json.dumps({"device": device, "kind": "weight", "value": number, "id": number, "at": at} | others).encode()


def test_nothing_is_lost_and_nothing_twice_while_a_device_is_claimed_under_way(start: Start) -> None:
    """Two gateways of ours take its messages; it is claimed in the middle, and each of them hears of that later."""
    many = 300
    with start() as one, start() as other:
        half_way = threading.Barrier(3, timeout=30)
        failed: list[BaseException] = []

        def stream(running: Running, first: int) -> None:
            try:
                with BareClient(running.mqtt_port).sign_in("gate-1", SECRET) as bare:
                    for number in range(first, 2 * many, 2):
                        bare.send(publish("shelfwise/gate-1/x", about("ghost", number), number + 1))
                        assert bare.acknowledged(1) == [number + 1]
                        if number == first + 2 * (many // 2):
                            half_way.wait()
            except BaseException as error:
                failed.append(error)
                half_way.abort()

        threads = [threading.Thread(target=stream, args=(running, n)) for n, running in enumerate((one, other))]
        for thread in threads:
            thread.start()
        half_way.wait()
        with one.office.context(MANAGER) as ctx:
            claim(ctx, "ghost")
        for thread in threads:
            thread.join(60)
        assert failed == []
        found = one.sql("select value::int from reading where device = 'ghost' order by 1")
        assert [number for (number,) in found] == list(range(2 * many))
        assert one.sql("select count(*) from unclaimed_reading") == [(0,)]
        assert one.sql("select count(*) from quarantine") == [(0,)]


def test_acknowledged_means_that_it_waits_beside_what_is_known(running: Running) -> None:
    both = b"[" + about("scale-7", 1) + b"," + about("ghost", 2) + b"]"
    answer = httpx.post(running.url("/v1/readings"), content=both, headers={"authorization": f"Bearer gate-1:{SECRET}"})
    assert (answer.status_code, answer.json()) == (202, {"waits": UNCLAIMED})
    assert running.sql("select device from reading") == [("scale-7",)]
    assert running.sql("select device from unclaimed_reading") == [("ghost",)]


def test_beyond_the_quota_http_says_so(running: Running) -> None:
    with running.office.context(MANAGER) as ctx:
        scopes.limit_gateway(ctx, "gate-1", reach="any", most_devices=0)
    answer = httpx.post(
        running.url("/v1/readings"), content=about("ghost", 1), headers={"authorization": f"Bearer gate-1:{SECRET}"}
    )
    assert answer.status_code == 429
    assert "Claim or ignore them first" in answer.json()["error"]


def test_what_was_refused_and_then_put_in_quarantine_is_kept_there() -> None:
    message = Message(None, 1, GATE, b"{}", 0.0)
    message.when, message.refused = moment(NOON), True
    message.refuse("Postgres would not take its row")
    assert (message.refused, message.outcome) == (False, "Postgres would not take its row")


def test_consumers_read_claimed_readings_after_all_that_came_before(gate: Context, office: Office) -> None:
    send(gate, Sent(reading("ghost", 2)), Sent(reading("ghost", 1)))
    claim(gate, "ghost")
    gate.tx.commit()
    with office.database.transaction() as tx:
        facts = READINGS.after(tx, gate.tenant, (0, 0), 10)
        told = EVENTS.after(tx, gate.tenant, (0, 0), 10)
    assert [(fact.device, fact.value, fact.received_at) for fact in facts] == [
        ("ghost", 2.0, NOON), ("ghost", 1.0, NOON),
    ]  # fmt: skip
    assert told == []


def test_a_person_is_told_of_what_was_refused_and_claiming_makes_room(gate: Context) -> None:
    scopes.limit_gateway(gate, "gate-1", reach="any", most_devices=1)
    send(gate, Sent(reading("one", 1)), Sent(reading("two", 1)))
    (told,) = values(gate.tx, "select data from event where kind = 'devices.refused'")
    unclaimed.tell_of_refusal(gate, told[0])
    assert values(gate.tx, "select title, state from alert") == [
        ("More unknown devices speak behind gate-1 than may wait", "open")
    ]
    claim(gate, "one")
    assert values(gate.tx, "select state from alert") == [("cleared",)]
