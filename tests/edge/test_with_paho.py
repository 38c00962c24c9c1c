"""A real client, Eclipse Paho: MQTT 3.1.1 and 5 at every QoS, and a connection that breaks under way."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from shelfwise.edge.scopes import limit_gateway
from tests.edge.conftest import MANAGER, SECRET, Running


@contextmanager
def client(
    running: Running,
    device: str,
    secret: str = SECRET,
    protocol: MQTTProtocolVersion = mqtt.MQTTv311,
    kept: bool = False,
) -> Iterator[tuple[mqtt.Client, list[ReasonCode]]]:
    """A connected client, and the codes of its CONNACKs. `kept`: it wants to find its session again."""
    codes: list[ReasonCode] = []
    connected = threading.Event()

    def on_connect(client: mqtt.Client, data: Any, flags: Any, code: ReasonCode, properties: Any) -> None:
        codes.append(code)
        connected.set()

    five = protocol == mqtt.MQTTv5
    paho = mqtt.Client(
        CallbackAPIVersion.VERSION2,
        client_id=device,
        protocol=protocol,
        clean_session=None if five else not kept,
    )
    properties = None
    if five:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.RequestProblemInformation = 1
        if kept:
            properties.SessionExpiryInterval = 3600
    paho.on_connect = on_connect
    paho.username_pw_set(device, secret)
    paho.reconnect_delay_set(0.05, 0.2)  # type: ignore[arg-type]  # parts of a second do as well
    paho.connect(
        "127.0.0.1",
        running.mqtt_port,
        clean_start=not kept if five else mqtt.MQTT_CLEAN_START_FIRST_ONLY,
        properties=properties,
    )
    paho.loop_start()
    assert connected.wait(10)
    yield paho, codes
    paho.disconnect()
    paho.loop_stop()


def reading(number: int) -> bytes:
    return json.dumps({"kind": "weight", "value": number, "unit": "kg", "id": f"r-{number}"}).encode()


versions = pytest.mark.parametrize("protocol", [mqtt.MQTTv311, mqtt.MQTTv5], ids=["3.1.1", "5"])


@versions
def test_what_is_acknowledged_is_stored_and_qos_0_too(running: Running, protocol: MQTTProtocolVersion) -> None:
    with client(running, "scale-7", protocol=protocol) as (paho, _):
        for published in [paho.publish("shelfwise/scale-7/weight", reading(n), qos=n % 3) for n in range(60)]:
            published.wait_for_publish(10)
        paho.publish("shelfwise/scale-7/weight", reading(60), qos=1, retain=True).wait_for_publish(10)
        assert running.sql("select count(*), min(value), max(value) from reading") == [(61, 0.0, 60_000.0)]


@versions
def test_a_connection_that_breaks_loses_nothing_and_counts_nothing_twice(
    running: Running, protocol: MQTTProtocolVersion
) -> None:
    with client(running, "scale-7", protocol=protocol, kept=True) as (paho, codes):
        sent = []
        for number in range(300):
            # Neither an id nor a time: only QoS 2 can tell a copy.
            sent.append(paho.publish("shelfwise/scale-7/weight", b'{"kind": "weight", "value": 5}', qos=2))
            if number in (50, 120, 200):
                running.loop.call_soon_threadsafe(cut, running)
            if number % 10 == 0:
                sent[number // 2].wait_for_publish(10)
        for published in sent:
            published.wait_for_publish(10)
        assert len(codes) > 1
    assert running.sql("select count(*) from reading") == [(300,)]


def cut(running: Running) -> None:
    for connection in running.gateway.mqtt.connections:
        connection._transport.abort()


def test_in_mqtt_5_an_acknowledgement_says_why_a_message_is_in_quarantine(running: Running) -> None:
    told: list[Properties | None] = []
    heard = threading.Event()

    def on_publish(client: mqtt.Client, data: Any, number: int, code: ReasonCode, properties: Properties) -> None:
        told.append(properties)
        heard.set()

    with client(running, "scale-7", protocol=mqtt.MQTTv5) as (paho, _):
        paho.on_publish = on_publish
        paho.publish("shelfwise/scale-7/weight", b'{"kind": "weight", "value": -1}', qos=1)
        assert heard.wait(10)
    assert str(told[0]).startswith("[ReasonString : Waits for a person. value: expected weight from 0 g")


@versions
def test_beyond_what_may_wait_of_unknown_devices_mqtt_5_is_refused(
    running: Running, protocol: MQTTProtocolVersion
) -> None:
    """MQTT 3.1.1 has no word for it; that such a message is gone is told to people."""
    with running.office.context(MANAGER) as ctx:
        limit_gateway(ctx, "gate-1", reach="any", most_devices=1)
    told: list[str] = []
    of_ghosts = [b'{"device": "ghost-%d", "kind": "weight", "value": 1, "id": "a"}' % n for n in (1, 1, 2)]
    both = b"[" + of_ghosts[2] + b',{"device": "scale-7", "kind": "weight", "value": 1, "id": "a"}]'
    with client(running, "gate-1", protocol=protocol) as (paho, _):
        paho.on_publish = lambda client, data, number, code, properties: told.append(code.getName())
        for payload in (*of_ghosts, both):
            paho.publish("shelfwise/gate-1/x", payload, qos=1).wait_for_publish(10)
    refused = "Quota exceeded" if protocol == mqtt.MQTTv5 else "Success"
    assert told == ["Success", "Success", refused, "Success"]
    assert running.sql("select device from unclaimed_reading") == [("ghost-1",)]
    assert running.sql("select device from reading") == [("scale-7",)]
    assert running.sql("select readings from unclaimed_refusal") == [(2,)]


def test_a_wrong_secret_an_unknown_and_a_revoked_device_are_refused(running: Running) -> None:
    for device, secret in (("scale-7", "wrong"), ("nobody", SECRET), ("gone-1", SECRET)):
        with client(running, device, secret) as (_, codes):
            assert codes[0].getName() == "Not authorized"


def test_a_revoked_device_is_disconnected_at_once(running: Running) -> None:
    gone = threading.Event()
    with client(running, "scale-7") as (paho, _):
        paho.on_disconnect = lambda *_: gone.set()
        with running.office.database.transaction() as tx:
            tx.execute("update device set active = false where device = 'scale-7'")
        assert gone.wait(10)
