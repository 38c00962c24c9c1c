"""A second real client, gmqtt: another reading of the same standard."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import gmqtt
import pytest
from gmqtt.mqtt.constants import MQTTv50, MQTTv311
from gmqtt.storage import PersistentStorage

from tests.edge.conftest import SECRET, Running


def reading(number: int) -> bytes:
    return json.dumps({"kind": "weight", "value": number, "id": f"r-{number}"}).encode()


async def publish_and_come_back(port: int, version: int) -> int:
    """Publish at every QoS, come back to the session, publish again; returns whether the session was there."""
    present = 0
    for turn in range(2):
        kept = {"session_expiry_interval": 3600} if version == MQTTv50 else {}
        storage = PersistentStorage()
        client = gmqtt.Client("kept", clean_session=False, persistent_storage=storage, **kept)
        connected = asyncio.Event()

        def on_connect(_: Any, flags: int, code: int, properties: Any, connected: asyncio.Event = connected) -> None:
            nonlocal present
            present = flags
            connected.set()

        client.on_connect = on_connect
        client.set_auth_credentials("scale-7", SECRET)
        await client.connect("127.0.0.1", port, version=version)
        await asyncio.wait_for(connected.wait(), 10)
        for number in range(30):
            client.publish("shelfwise/scale-7/weight", reading(30 * turn + number), qos=number % 3)
        await storage.wait_empty()
        await client.disconnect()
    return present


@pytest.mark.parametrize("version", [MQTTv311, MQTTv50], ids=["3.1.1", "5"])
def test_another_client_publishes_at_every_qos_and_finds_its_session_again(running: Running, version: int) -> None:
    assert asyncio.run(asyncio.wait_for(publish_and_come_back(running.mqtt_port, version), 30)) == 1
    assert running.waits_for("select count(*) from reading", [(60,)])
