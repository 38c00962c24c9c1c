"""A real client, Eclipse Paho, at QoS 0 and 1."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from tests.edge.conftest import SECRET, Running


@contextmanager
def client(running: Running, device: str, secret: str = SECRET) -> Iterator[tuple[mqtt.Client, list[ReasonCode]]]:
    """A connected client, and the codes of its CONNACKs."""
    codes: list[ReasonCode] = []
    connected = threading.Event()

    def on_connect(client: mqtt.Client, data: Any, flags: Any, code: ReasonCode, properties: Any) -> None:
        codes.append(code)
        connected.set()

    paho = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=device, protocol=mqtt.MQTTv311)
    paho.on_connect = on_connect
    paho.username_pw_set(device, secret)
    paho.connect("127.0.0.1", running.mqtt_port)
    paho.loop_start()
    assert connected.wait(10)
    yield paho, codes
    paho.disconnect()
    paho.loop_stop()


def reading(number: int) -> bytes:
    return json.dumps({"kind": "weight", "value": number, "unit": "kg", "id": f"r-{number}"}).encode()


def test_what_is_acknowledged_at_qos_1_is_stored(running: Running) -> None:
    with client(running, "scale-7") as (paho, _):
        for published in [paho.publish("shelfwise/scale-7/weight", reading(n), qos=1) for n in range(50)]:
            published.wait_for_publish(10)
        assert running.sql("select count(*), min(value), max(value) from reading") == [(50, 0.0, 49_000.0)]


def test_qos_0_is_stored_without_an_acknowledgement(running: Running) -> None:
    with client(running, "scale-7") as (paho, _):
        paho.publish("shelfwise/scale-7/weight", reading(1), qos=0)
        paho.publish("shelfwise/scale-7/weight", reading(2), qos=1).wait_for_publish(10)
        assert running.sql("select count(*) from reading") == [(2,)]


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
