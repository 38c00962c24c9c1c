"""A second real client, gmqtt: another reading of the same standard."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import gmqtt
import pytest
from gmqtt.mqtt.constants import MQTTv50, MQTTv311
from gmqtt.storage import PersistentStorage

from shelfwise.edge.scopes import limit_gateway
from tests.edge.conftest import MANAGER, SECRET, Running


def reading(number: int) -> bytes:
    return json.dumps({"kind": "weight", "value": number, "id": f"r-{number}"}).encode()


async def publish(port: int, version: int, device: str, *payloads: bytes) -> int:
    """Publish in a session that is kept, at one QoS after the other; returns whether it was there before."""
    present = 0
    kept = {"session_expiry_interval": 3600} if version == MQTTv50 else {}
    storage = PersistentStorage()
    client = gmqtt.Client("kept", clean_session=False, persistent_storage=storage, **kept)
    connected = asyncio.Event()

    def on_connect(_: Any, flags: int, code: int, properties: Any) -> None:
        nonlocal present
        present = flags
        connected.set()

    client.on_connect = on_connect
    client.set_auth_credentials(device, SECRET)
    await client.connect("127.0.0.1", port, version=version)
    async with asyncio.timeout(20):
        await connected.wait()
        for number, payload in enumerate(payloads):
            client.publish(f"shelfwise/{device}/weight", payload, qos=number % 3)
        await storage.wait_empty()
    await client.disconnect()
    return present


versions = pytest.mark.parametrize("version", [MQTTv311, MQTTv50], ids=["3.1.1", "5"])


@versions
def test_another_client_publishes_at_every_qos_and_finds_its_session_again(running: Running, version: int) -> None:
    port = running.mqtt_port
    assert asyncio.run(publish(port, version, "scale-7", *map(reading, range(30)))) == 0
    assert asyncio.run(publish(port, version, "scale-7", *map(reading, range(30, 60)))) == 1
    assert running.waits_for("select count(*) from reading", [(60,)])


@versions
def test_what_is_refused_at_any_qos_leaves_nothing_and_its_identifier_is_free_again(
    running: Running, version: int
) -> None:
    with running.office.context(MANAGER) as ctx:
        limit_gateway(ctx, "gate-1", reach="any", most_devices=0)
    ghosts = [b'{"device": "ghost-%d", "kind": "weight", "value": 1}' % n for n in range(30)]
    assert asyncio.run(publish(running.mqtt_port, version, "gate-1", *ghosts)) == 0
    with running.office.context(MANAGER) as ctx:
        limit_gateway(ctx, "gate-1", reach="any", most_devices=100)
    assert running.sql("select count(*) from mqtt_receipt") == [(0,)]
    assert running.sql("select count(*) from unclaimed_device") == [(0,)]
    assert asyncio.run(publish(running.mqtt_port, version, "gate-1", *ghosts)) == 1
    assert running.waits_for("select count(*) from unclaimed_reading", [(30,)])
