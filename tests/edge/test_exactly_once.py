"""QoS 2: a message is stored once, however often it comes before it was released."""

from __future__ import annotations

from typing import Any

from tests.edge.conftest import SECRET, Running, Start
from tests.edge.notes import another, commit, signed_in, signed_in5
from tests.edge.packets import BareClient, connect, packet, publish, publish5

TOPIC = "shelfwise/scale-7/w"
WEIGHT = b'{"kind": "weight", "value": 5}'  # neither an id nor a time


def exactly(packet_id: int, payload: bytes = WEIGHT, copy: bool = False) -> bytes:
    return packet(0x34 | copy << 3, publish(TOPIC, payload, packet_id, quality=2)[2:])


def release(packet_id: int) -> bytes:
    return packet(0x62, packet_id.to_bytes(2, "big"))


def pubrec(packet_id: int) -> bytes:
    return b"\x50\x02" + packet_id.to_bytes(2, "big")


def pubcomp(packet_id: int) -> bytes:
    return b"\x70\x02" + packet_id.to_bytes(2, "big")


def test_a_copy_of_what_was_not_released_is_answered_and_not_submitted() -> None:
    made, transport, notes = signed_in()
    made.data_received(exactly(7, b"x") + exactly(7, b"x", copy=True))
    assert [m.payload for m in notes.messages] == [b"x"]
    commit(made, notes)
    made.data_received(exactly(7, b"x", copy=True))
    commit(made, notes)
    assert transport.written == pubrec(7) * 2
    transport.written = b""
    made.data_received(release(7) + release(7) + exactly(7, b"y"))
    assert transport.written == pubcomp(7) * 2
    assert [m.payload for m in notes.messages] == [b"y"]


def test_a_release_of_what_nobody_sent_is_answered_and_in_mqtt_5_told() -> None:
    made, transport, _ = signed_in5()
    made.data_received(release(7))
    assert transport.written == b"\x70\x03\x00\x07\x92"
    made, transport, _ = signed_in()
    made.data_received(release(7))
    assert transport.written == pubcomp(7)


def test_in_mqtt_5_pubrec_says_what_is_in_quarantine() -> None:
    made, transport, notes = signed_in5(properties=b"\x17\x01")
    made.data_received(publish5(TOPIC, b"x", 7, quality=2))
    commit(made, notes, "No weight")
    assert transport.written == b"\x50\x24\x00\x07\x00\x20\x1f\x00\x1dWaits for a person. No weight"
    made.data_received(packet(0x62, b"\x00\x07\x00"))
    assert transport.written.endswith(pubcomp(7))


def test_a_commit_that_outlasts_its_connection_is_answered_on_the_next_one() -> None:
    made, _, notes = signed_in()
    door = made.door
    first, _ = another(door)
    first.data_received(connect("scale-7", "secret", client_id="kept", clean=False) + exactly(7, b"x"))
    first.connection_lost(None)
    second, answers = another(door)
    second.data_received(connect("scale-7", "secret", client_id="kept", clean=False) + exactly(7, b"x", copy=True))
    assert [m.payload for m in notes.messages] == [b"x"]
    assert answers.written == b"\x20\x02\x01\x00"
    commit(second, notes)
    assert answers.written == b"\x20\x02\x01\x00" + pubrec(7)


def test_a_clean_session_knows_nothing_of_the_one_before() -> None:
    made, _, notes = signed_in()
    made.data_received(exactly(7, b"x"))
    again, _ = another(made.door)
    again.data_received(connect("scale-7", "secret") + exactly(7, b"x"))
    assert [m.payload for m in notes.messages] == [b"x", b"x"]


def sign_in(running: Running, present: bool, clean: bool = False) -> BareClient:
    bare = BareClient(running.mqtt_port)
    bare.send(connect("scale-7", SECRET, clean=clean))
    assert bare.receive(4) == bytes((0x20, 2, present, 0))
    return bare


def kept(running: Running) -> list[tuple[Any, ...]]:
    return running.sql("select packet_id from mqtt_receipt order by 1")


def test_a_kept_session_takes_a_copy_for_one_also_after_the_gateway_was_started_anew(start: Start) -> None:
    with start() as running:
        with sign_in(running, present=False) as bare:
            bare.send(exactly(7) + exactly(8, b"not json"))
            assert bare.receive(8) == pubrec(7) + pubrec(8)
        assert kept(running) == [(7,), (8,)]
    with start() as running:
        with sign_in(running, present=True) as bare:
            bare.send(exactly(7, copy=True) + exactly(8, b"not json", copy=True))
            assert bare.receive(8) == pubrec(7) + pubrec(8)
            bare.send(release(7))
            assert bare.receive(4) == pubcomp(7)
            assert kept(running) == [(8,)]
            bare.send(exactly(7))
            assert bare.receive(4) == pubrec(7)
        assert running.sql("select count(*) from reading") == [(2,)]
        assert running.sql("select seen from quarantine") == [(1,)]
        with sign_in(running, present=False, clean=True):
            assert kept(running) == []
        with sign_in(running, present=False):
            pass


def test_an_expired_session_is_none(start: Start) -> None:
    with start() as running, sign_in(running, present=False) as bare:
        bare.send(exactly(7))
        assert bare.receive(4) == pubrec(7)
    with start() as running:
        with running.office.database.transaction() as tx:
            tx.execute("update mqtt_session set ended_at = ended_at - interval '8 days'")
        with sign_in(running, present=False):
            assert kept(running) == []


def test_a_killed_gateway_ends_its_sessions_when_it_comes_back(start: Start) -> None:
    with start() as running, sign_in(running, present=False):
        pass
    with running.office.database.transaction() as tx:
        tx.execute("update mqtt_session set ended_at = null")
    with start() as running:
        assert running.waits_for("select count(*) from mqtt_session where ended_at is not null", [(1,)])
