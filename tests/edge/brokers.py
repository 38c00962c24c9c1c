"""Brokers that were there before us: NATS from its wheel, and Mosquitto where it is installed. And bridges to them."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from shelfwise.access.context import Office
from shelfwise.edge import connections
from tests.edge.conftest import MANAGER
from tests.waiting import until


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def process(command: Sequence[str | Path], port: int) -> Iterator[int]:
    """A server that is there once its port answers."""
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: answers(port))
        yield port
    finally:
        server.kill()
        server.wait(10)


@contextmanager
def nats(folder: Path, more: str = "") -> Iterator[int]:
    """NATS with its MQTT listener, which needs JetStream; yields its port. `more`: about that listener.

    What nobody acknowledged it sends again after a while, which by itself is as long as tests wait for anything.
    """
    port = free_port()
    written = folder / "nats.conf"
    written.write_text(
        f'server_name: before-us\nlisten: "127.0.0.1:{free_port()}"\n'
        f'jetstream {{ store_dir: "{folder}" }}\nmqtt {{ host: "127.0.0.1", port: {port}, ack_wait: "3s"{more} }}\n'
    )
    with process([Path(sys.executable).with_name("nats-server"), "-c", written], port):
        yield port


def mosquitto() -> str | None:
    return shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/opt/homebrew/sbin")


class Publisher:
    """Somebody else's device, that publishes to the broker; what it published is safe with the broker."""

    def __init__(self, port: int, user: str = "", password: str = "", tls: ssl.SSLContext | None = None) -> None:
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        if tls is not None:
            self._client.tls_set_context(tls)
        self._client.max_inflight_messages_set(100)
        if user:
            self._client.username_pw_set(user, password)
        connected = threading.Event()
        self._client.on_connect = lambda *_: connected.set()
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert connected.wait(10)

    def publish(self, topic: str, *payloads: bytes, retain: bool = False) -> None:
        """Returns once the broker has acknowledged all of them."""
        for sent in [self._client.publish(topic, payload, 1, retain) for payload in payloads]:
            sent.wait_for_publish(30)
            assert sent.is_published()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def connect(office: Office, port: int, *topics: dict[str, Any], device: str = "broker", **how: Any) -> int:
    """Set up a bridge; returns its number."""
    slots = how.pop("slots", 1)
    secrets = how.pop("secrets", None)
    settings = {"topics": [*topics] or [{"filter": "shelfwise/#"}], **how}
    with office.context(MANAGER) as ctx:
        return connections.add_connection(
            ctx, device, "mqtt", "127.0.0.1", port, settings, slots=slots, secrets=secrets
        )


def state(office: Office, connection_id: int) -> connections.Connected:
    with office.context(MANAGER) as ctx:
        return connections.connection(ctx, connection_id)


def connected(office: Office, connection_id: int) -> None:
    until(lambda: state(office, connection_id).state == "connected")


def trouble(office: Office, connection_id: int, words: str) -> None:
    """Wait until a bridge has said that this is wrong."""
    until(lambda: any(words in (one.trouble or "") for one in state(office, connection_id).held))
