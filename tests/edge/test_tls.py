"""The doors by TLS: a device that trusts the house's authority is let in, and renewal closes no connection."""

from __future__ import annotations

import json
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import paho.mqtt.client as mqtt
from cryptography.hazmat.primitives.serialization import Encoding
from paho.mqtt.enums import CallbackAPIVersion

from shelfwise.edge.gateway import TlsDoors
from shelfwise.https.keeper import Keeper, OwnCertificates
from tests.edge.conftest import SECRET, Start

HOUSE = ("127.0.0.1", "house.local")


def reading(number: int) -> bytes:
    return json.dumps({"kind": "weight", "value": number, "id": f"r-{number}"}).encode()


def trusting(keeper: Keeper) -> ssl.SSLContext:
    """As a device is set up that was given the authority's certificate."""
    assert keeper.authority is not None
    return ssl.create_default_context(cadata=keeper.authority.certificate.public_bytes(Encoding.PEM).decode())


def test_devices_reach_both_doors_by_tls_and_a_renewal_closes_nothing(start: Start, tmp_path: Path) -> None:
    now = [datetime.now(UTC) - timedelta(days=60)]
    source = OwnCertificates(tmp_path / "secrets", HOUSE, now[0], lambda: ())
    keeper = Keeper(source, lambda: now[0])
    with start(tls=TlsDoors(keeper, "127.0.0.1", 0, 0)) as running:
        connected = threading.Event()
        paho = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="scale-7", protocol=mqtt.MQTTv5)
        paho.on_connect = lambda *_: connected.set()
        lost: list[Any] = []
        paho.on_disconnect = lambda *said: lost.append(said)
        paho.username_pw_set("scale-7", SECRET)
        paho.tls_set_context(trusting(keeper))
        paho.connect("127.0.0.1", running.gateway.mqtt_tls_port)
        paho.loop_start()
        assert connected.wait(10)
        paho.publish("shelfwise/scale-7/weight", reading(1), qos=2).wait_for_publish(10)
        before = keeper.facts
        now[0] += timedelta(days=60)
        running.loop.call_soon_threadsafe(keeper.refresh)
        post = Request(
            f"https://127.0.0.1:{running.gateway.http_tls_port}/v1/readings",
            data=reading(2),
            headers={"authorization": f"Bearer scale-7:{SECRET}"},
        )
        with urlopen(post, context=trusting(keeper), timeout=10) as answer:
            assert json.load(answer) == {"stored": True}
        paho.publish("shelfwise/scale-7/weight", reading(3), qos=1).wait_for_publish(10)
        assert not lost
        assert keeper.facts.ends > before.ends
        paho.disconnect()
        paho.loop_stop()
        assert running.sql("select count(*) from reading") == [(3,)]


def test_two_processes_that_start_at_once_share_one_authority(tmp_path: Path) -> None:
    made: list[Keeper] = []

    def process() -> None:
        source = OwnCertificates(tmp_path / "secrets", HOUSE, datetime.now(UTC), lambda: ())
        made.append(Keeper(source, lambda: datetime.now(UTC)))

    threads = [threading.Thread(target=process) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({keeper.authority.facts.fingerprint for keeper in made if keeper.authority is not None}) == 1
    assert len({keeper.facts.fingerprint for keeper in made}) == 1
