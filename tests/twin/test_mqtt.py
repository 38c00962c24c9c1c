"""The twin's MQTT packets are those of a known client, byte for byte, and nothing unacknowledged is lost."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import closing, suppress

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from shelfwise.twin import mqtt

CONNACK = bytes([0x20, 2, 0, 0])


def packets_of_paho(act: Callable[[paho.Client], object], count: int) -> list[bytes]:
    """What paho sends: its CONNECT, and the packets that the action makes it send."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(10)
    got: list[bytes] = []

    def serve() -> None:
        with server, server.accept()[0] as connection:
            connection.settimeout(10)
            while len(got) < count:
                got.append(receive(connection))
                if len(got) == 1:
                    connection.sendall(CONNACK)

    thread = threading.Thread(target=serve)
    thread.start()
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="scale-7", protocol=paho.MQTTv311)
    client.username_pw_set("scale-7", "geheim ß")

    def connected(one: paho.Client, *_: object) -> None:
        act(one)

    client.on_connect = connected
    client.connect("127.0.0.1", server.getsockname()[1], keepalive=60)
    client.loop_start()
    thread.join(10)
    client.loop_stop()
    return got


def receive(connection: socket.socket) -> bytes:
    def exactly(count: int) -> bytes:
        data = b""
        while len(data) < count:
            data += connection.recv(count - len(data))
        return data

    packet, length, shift = exactly(1), 0, 0
    while True:
        group = exactly(1)
        packet += group
        length |= (group[0] & 0x7F) << shift
        shift += 7
        if not group[0] & 0x80:
            return packet + exactly(length)


async def emptied(publisher: mqtt.Publisher) -> None:
    """Return once everything was acknowledged."""
    for _ in range(1000):
        if not publisher.waiting:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("not acknowledged in time")


def test_connect_is_what_paho_sends() -> None:
    (theirs,) = packets_of_paho(lambda client: None, 1)
    assert mqtt.connect("scale-7", "scale-7", "geheim ß", 60) == theirs


@pytest.mark.parametrize("size", [0, 1, 100, 127, 128, 16_383, 16_384, 70_000])
def test_publish_is_what_paho_sends(size: int) -> None:
    topic, payload = "shelfwise/scale-7/weight", b"x" * size
    theirs = packets_of_paho(lambda client: client.publish(topic, payload, qos=1), 2)[1]
    assert mqtt.publish(topic, payload, 1) == theirs
    assert mqtt.publish(topic, payload, 1, again=True)[0] == theirs[0] | 0x08


def test_ping_and_disconnect_are_the_two_bytes_of_the_standard() -> None:
    assert (mqtt.ping(), mqtt.disconnect()) == (b"\xc0\x00", b"\xe0\x00")


def test_what_was_not_acknowledged_is_sent_again_and_marked() -> None:
    """A door that takes a message and dies before its PUBACK gets it again; an acknowledged one is not repeated."""
    seen: list[tuple[bool, bytes]] = []

    async def scenario() -> None:
        done = asyncio.Event()

        async def door(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with closing(writer), suppress(asyncio.IncompleteReadError, ConnectionError):
                await mqtt.read_packet(reader)
                writer.write(CONNACK)
                while True:
                    head = await reader.readexactly(1)
                    (length,) = await reader.readexactly(1)
                    rest = await reader.readexactly(length)
                    topic_end = 2 + int.from_bytes(rest[:2])
                    seen.append((bool(head[0] & 0x08), rest[topic_end + 2 :]))
                    if len(seen) == 2:
                        break
                    writer.write(bytes([0x40, 2]) + rest[topic_end : topic_end + 2])
                    if len(seen) == 4:
                        done.set()

        server = await asyncio.start_server(door, "127.0.0.1", 0)
        publisher = mqtt.Publisher("127.0.0.1", server.sockets[0].getsockname()[1], "scale-7", "secret")
        for text in (b"one", b"two", b"three"):
            publisher.send("t", text)
        running = asyncio.create_task(publisher.run())
        await asyncio.wait_for(done.wait(), 10)
        await emptied(publisher)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        server.close()

    asyncio.run(scenario())
    assert seen == [(False, b"one"), (False, b"two"), (True, b"two"), (False, b"three")]


def test_a_refused_sign_in_is_tried_again_later_and_nothing_is_dropped() -> None:
    answers = [bytes([0x20, 2, 0, 5]), CONNACK]

    async def scenario() -> list[bytes]:
        taken: list[bytes] = []

        async def door(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with closing(writer), suppress(asyncio.IncompleteReadError, ConnectionError):
                await mqtt.read_packet(reader)
                writer.write(answers.pop(0))
                _, rest = await mqtt.read_packet(reader)
                taken.append(rest[-4:])
                writer.write(bytes([0x40, 2]) + rest[3:5])
                await reader.read()

        server = await asyncio.start_server(door, "127.0.0.1", 0)
        publisher = mqtt.Publisher("127.0.0.1", server.sockets[0].getsockname()[1], "scale-7", "secret")
        publisher.send("t", b"kept")
        running = asyncio.create_task(publisher.run())
        await emptied(publisher)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        server.close()
        return taken

    assert asyncio.run(scenario()) == [b"kept"]
