"""One MQTT connection against a transport and a pipeline that only take notes."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from shelfwise.core.clocks import BusinessTime
from shelfwise.edge.devices import Device
from shelfwise.edge.directory import Directory
from shelfwise.edge.limits import DeviceRates, SignInBrake
from shelfwise.edge.link import Link
from shelfwise.edge.messages import Message
from shelfwise.edge.metrics import Metrics
from shelfwise.edge.model import Origin
from shelfwise.edge.mqtt.connection import Connection
from shelfwise.edge.mqtt.door import MqttDoor, MqttLimits, Place
from shelfwise.edge.mqtt.session import Session, Sessions
from shelfwise.edge.pipeline import Pipeline
from tests.edge.packets import connect, connect5

CONFIG = b'{"device": "scale-7"}'
SCALE = Device("scale-7", b"", "self", True)


class Directory_:
    time = BusinessTime(datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))

    async def sign_in(self, name: str, secret: bytes, address: str) -> Device | None:
        return SCALE if (name, secret) == ("scale-7", b"secret") else None

    def understood(self, origin: Origin) -> Origin:
        return origin


class Pipeline_:
    """Takes notes of what is submitted; full after `room` messages."""

    def __init__(self, room: int = 1_000_000) -> None:
        self.room = room
        self.messages: list[Message] = []

    @property
    def full(self) -> bool:
        return len(self.messages) >= self.room

    def submit(self, message: Message) -> None:
        self.messages.append(message)


class Sessions_(Sessions):
    """Sessions with a row of their own, but in memory alone."""

    def __init__(self) -> None:
        super().__init__(cast(Link, None), 1, "test")
        self.kept: dict[tuple[str, str], Session] = {}

    async def open(self, key: tuple[str, str], clean: bool, expiry_s: int) -> tuple[Session, bool]:
        self._take_over(key)
        if clean:
            self.kept.pop(key, None)
        known = self.kept.get(key)
        session = known or Session(key, expiry_s, 7 if expiry_s else None)
        if expiry_s:
            self.kept[key] = session
        self.live[key] = session
        return session, known is not None

    async def leave(self, session: Session) -> None:
        assert session.line is None

    async def remember(self, session: Session) -> None:
        pass


class Door(MqttDoor):
    async def tell_config(self, connections: Sequence[Connection], retained: bool) -> None:
        for connection in connections:
            assert connection.down is not None
            connection.down.tell_config(CONFIG, retained)

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        with pytest.raises(StopIteration):
            work.send(None)


class Transport:
    """Notes what is written, and whether reading is paused."""

    def __init__(self) -> None:
        self.written = b""
        self.closed = False
        self.paused = False

    def write(self, content: bytes) -> None:
        self.written += content

    def close(self) -> None:
        self.closed = True

    abort = close

    def can_write_eof(self) -> bool:
        return False

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def get_extra_info(self, name: str) -> None:
        return None


def connection(pipeline: Pipeline_ | None = None) -> tuple[Connection, Transport, Pipeline_]:
    pipeline = pipeline or Pipeline_()
    door = Door(
        cast(Directory, Directory_()),
        cast(Pipeline, pipeline),
        Metrics(),
        MqttLimits(10, connections_of_device=5),
        DeviceRates(1000),
        SignInBrake(),
        cast(Link, None),
        Place(1, ""),
    )
    door.sessions = Sessions_()
    made, transport = another(door)
    return made, transport, pipeline


def another(door: MqttDoor) -> tuple[Connection, Transport]:
    transport = Transport()
    made = door.connection()
    made.connection_made(cast(asyncio.Transport, transport))
    return made, transport


def feed(made: Connection, transport: Transport, pieces: Sequence[bytes]) -> None:
    for piece in pieces:
        if not transport.closed:
            made.data_received(piece)


def signed_in(pipeline: Pipeline_ | None = None) -> tuple[Connection, Transport, Pipeline_]:
    made, transport, notes = connection(pipeline)
    made.data_received(connect("scale-7", "secret"))
    assert transport.written == b"\x20\x02\x00\x00"
    transport.written = b""
    return made, transport, notes


def signed_in5(
    pipeline: Pipeline_ | None = None, properties: bytes = b"", clean: bool = True
) -> tuple[Connection, Transport, Pipeline_]:
    made, transport, notes = connection(pipeline)
    made.data_received(connect5("scale-7", "secret", properties=properties, clean=clean))
    assert transport.written[0] == 0x20
    assert transport.written[3] == 0
    transport.written = b""
    return made, transport, notes


def commit(made: Connection, notes: Pipeline_, outcome: str | None = None, refused: bool = False) -> None:
    """Acknowledge what was submitted, as the pipeline does."""
    for message in notes.messages:
        if message.sink is not None:
            message.sink.acknowledge(message.token, outcome, refused)
            message.sink.flush()
    notes.messages.clear()
