"""Which devices are connected, and how their connections ended."""

from __future__ import annotations

import pytest

from shelfwise.edge.messages import says_presence
from tests.edge.conftest import SECRET, Running, Start
from tests.edge.packets import DISCONNECT, BareClient, connect, connect5, packet, publish, text

WILL = ("shelfwise/scale-7/status", b"offline")
PRESENCE = "select device, online, ended, last_words from device_presence"
ONLINE = [("scale-7", True, None, None)]


def client(running: Running, content: bytes) -> BareClient:
    bare = BareClient(running.mqtt_port)
    bare.send(content)
    assert bare.receive(4)[:1] == b"\x20"
    return bare


@pytest.mark.parametrize(
    ("content", "farewell", "ended", "words"),
    [
        (connect("scale-7", SECRET, will=WILL), DISCONNECT, "left", None),
        (connect("scale-7", SECRET, will=WILL), b"", "lost", "offline"),
        (connect("scale-7", SECRET), b"", "lost", None),
        (connect("scale-7", SECRET, will=("a", b"\xff\x00")), b"", "lost", "\N{REPLACEMENT CHARACTER}" * 2),
        (connect("scale-7", SECRET, will=WILL), b"\xf0\x00", "closed", "offline"),
        (connect5("scale-7", SECRET, will=b"\0" + text("a") + text("gone")), packet(0xE0, b"\4"), "left", "gone"),
    ],
    ids=["farewell", "lost with a will", "lost without", "a will of any bytes", "sent away", "farewell with a will"],
)
def test_how_a_connection_ended_is_known(
    running: Running, content: bytes, farewell: bytes, ended: str, words: str | None
) -> None:
    with client(running, content) as bare:
        assert running.waits_for(PRESENCE, ONLINE)
        bare.send(farewell)
    assert running.waits_for(PRESENCE, [("scale-7", False, ended, words)])


def test_a_device_is_connected_while_one_of_its_clients_is(running: Running) -> None:
    with client(running, connect("scale-7", SECRET, client_id="one")):
        with client(running, connect("scale-7", SECRET, client_id="two")):
            pass
        with client(running, connect("probe-1", SECRET)):
            assert running.waits_for(
                "select device from device_presence where online order by 1", [("probe-1",), ("scale-7",)]
            )
    assert running.waits_for("select count(*) from device_presence where online", [(0,)])


def test_a_will_waits_for_its_delay_and_is_not_said_when_the_client_comes_back(running: Running) -> None:
    delayed = connect5(
        "scale-7",
        SECRET,
        properties=b"\x11\x00\x00\x00\x3c",
        will=b"\x05\x18\x00\x00\x00\x3c" + text("a") + text("gone"),
    )
    with client(running, delayed):
        assert running.waits_for(PRESENCE, ONLINE)
    with client(running, connect("probe-1", SECRET)):
        # That is written down later than the loss would have been.
        assert running.waits_for("select count(*) from device_presence where device = 'probe-1'", [(1,)])
    assert running.sql(f"{PRESENCE} where device = 'scale-7'") == ONLINE
    with client(running, delayed):
        pass


def test_what_a_gateway_that_was_killed_left_as_connected_is_closed_when_it_comes_back(start: Start) -> None:
    with start() as running, client(running, connect("scale-7", SECRET)):
        assert running.waits_for(PRESENCE, ONLINE)
    with running.office.database.transaction() as tx:
        tx.execute("update device_presence set online = true, ended = null")
    with start() as running:
        assert running.waits_for(PRESENCE, [("scale-7", False, "closed", None)])


def test_a_message_that_says_no_more_than_that_the_client_is_there_is_taken(running: Running) -> None:
    words = (b"online", b"Offline", b'{"state": "online"}', b'{"state":"offline"}')
    with client(running, connect("scale-7", SECRET, will=WILL)) as bare:
        bare.send(b"".join(publish(WILL[0], word, n) for n, word in enumerate(words, 1)))
        assert bare.acknowledged(4) == [1, 2, 3, 4]
    assert running.sql("select count(*) from quarantine") == [(0,)]
    assert running.sql("select count(*) from reading") == [(0,)]


@pytest.mark.parametrize("payload", [b"", b"on", b"online!", b'{"state": "ok"}', b'{"kind": "online"}'])
def test_anything_else_is_no_word_of_presence(payload: bytes) -> None:
    assert not says_presence(payload)
