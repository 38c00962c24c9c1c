"""Brokers that were there before us: NATS from its wheel, and Mosquitto where it is installed."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

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
def nats(folder: Path) -> Iterator[int]:
    """NATS with its MQTT listener, which needs JetStream; yields its port."""
    port = free_port()
    written = folder / "nats.conf"
    written.write_text(
        f'server_name: before-us\nlisten: "127.0.0.1:{free_port()}"\n'
        f'jetstream {{ store_dir: "{folder}" }}\nmqtt {{ host: "127.0.0.1", port: {port} }}\n'
    )
    with process([Path(sys.executable).with_name("nats-server"), "-c", written], port):
        yield port


def mosquitto() -> str | None:
    return shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/opt/homebrew/sbin")


class Publisher:
    """Somebody else's device, that publishes to the broker; what it published is safe with the broker."""

    def __init__(self, port: int, user: str = "", password: str = "") -> None:
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
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
