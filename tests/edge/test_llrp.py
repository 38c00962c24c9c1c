"""Readers that speak LLRP: an emulator that speaks it on the wire, and worse ones."""

from __future__ import annotations

import asyncio
import random
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from llrpkit.emulator import EmulatedTag, LLRPEmulator

from shelfwise.access.context import Office
from shelfwise.core.errors import Unavailable
from shelfwise.edge import connections, keeper, llrp
from shelfwise.edge.devices import set_active
from shelfwise.edge.llrp import kit_reader
from shelfwise.edge.pipeline import Limits
from shelfwise.edge.writer import Batch, PostgresWriter
from shelfwise.store.database import values
from tests.edge.conftest import MANAGER, Running, Start
from tests.waiting import until

TAGS = (EmulatedTag(bytes.fromhex("300833B2DDD9014000000001"), (1,)), EmulatedTag(bytes(8) + b"\x01\x02\x03\x04", (2,)))
EPCS = {"300833B2DDD9014000000001", "000000000000000001020304"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, office: Office) -> None:
    """Rounds and pauses that people would not notice take long for a test; and time passes, for a reader tells it."""
    with office.database.transaction() as tx:
        tx.execute("update business_clock set rate = 1")
    monkeypatch.setattr(keeper, "_RENEW_S", 0.05)
    monkeypatch.setattr(keeper, "_FIRST_PAUSE_S", 0.05)
    monkeypatch.setattr(llrp, "_KEEP_ALIVE_S", 0.2)


@contextmanager
def emulator(running: Running, port: int = 0, **how: Any) -> Iterator[LLRPEmulator]:
    """A reader on the gateway's own event loop."""
    reader = LLRPEmulator(port=port, tags=TAGS, reads_per_sec=200.0, model_number=2_001_002, firmware="5.14", **how)

    def do(work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, running.loop).result(10)

    do(reader.start())
    try:
        yield reader
    finally:
        do(reader.stop())


def connect(office: Office, port: int, host: str = "127.0.0.1", **settings: object) -> int:
    with office.context(MANAGER) as ctx:
        return connections.add_connection(ctx, "portal-1", "llrp", host, port, {"window_s": 0.2, **settings})


def state(office: Office, connection_id: int) -> connections.Connected:
    with office.context(MANAGER) as ctx:
        return connections.connection(ctx, connection_id)


def trouble(office: Office, connection_id: int) -> str:
    return next((held.trouble or "" for held in state(office, connection_id).held), "")


def reads(running: Running) -> list[tuple[Any, ...]]:
    return running.sql("select detail from reading where device = 'portal-1' and kind = 'tag' order by observed_at")


def test_what_a_reader_sees_becomes_one_reading_a_tag_antenna_and_window(running: Running) -> None:
    with emulator(running) as reader:
        connect(running.office, reader.port)
        until(lambda: len(reads(running)) >= 6)
    details = [detail for (detail,) in reads(running)]
    assert {detail["epc"] for detail in details} == EPCS
    assert {(detail["epc"][:4], detail["antenna"]) for detail in details} == {("3008", 1), ("0000", 2)}
    assert sum(detail.get("count", 1) for detail in details) > 4 * len(details)
    assert all(-90 < detail["rssi"] < -20 for detail in details)
    assert running.sql("select count(*) from quarantine") == [(0,)]


def test_people_see_what_the_reader_is_and_how_it_fares(running: Running) -> None:
    with emulator(running) as reader:
        connection_id = connect(running.office, reader.port)
        until(lambda: any(held.per_second for held in state(running.office, connection_id).held))
        found = state(running.office, connection_id)
        assert found.state == "connected"
        assert found.held[0].facts["said"] == "Impinj Speedway R420, firmware 5.14, 4 antennas"


def test_an_antenna_that_is_unplugged_is_told(running: Running) -> None:
    with emulator(running) as reader:
        connection_id = connect(running.office, reader.port)
        until(lambda: state(running.office, connection_id).state == "connected")
        asyncio.run_coroutine_threadsafe(reader.set_antenna_connected(2, False), running.loop).result(5)
        until(lambda: trouble(running.office, connection_id) == "Antenna 2 is not connected.")


def test_a_reader_that_restarts_is_connected_to_again(running: Running) -> None:
    with emulator(running) as reader:
        connection_id = connect(running.office, reader.port)
        until(lambda: reads(running))
        port = reader.port
    until(lambda: state(running.office, connection_id).state == "trouble")
    before = len(reads(running))
    with emulator(running, port):
        until(lambda: len(reads(running)) > before)
        until(lambda: state(running.office, connection_id).state == "connected")


def test_a_device_that_is_shut_out_and_a_connection_that_is_switched_off_are_hung_up_on(running: Running) -> None:
    with emulator(running) as reader:
        connection_id = connect(running.office, reader.port)

        def let_in(on: bool) -> None:
            with running.office.context(MANAGER) as ctx:
                set_active(ctx, "portal-1", on)

        def switch(on: bool) -> None:
            with running.office.context(MANAGER) as ctx:
                connections.set_connection_active(ctx, connection_id, on)

        for change in (let_in, switch):
            until(lambda: reader._writer is not None)
            change(False)
            until(lambda: reader._writer is None)
            change(True)
        until(lambda: reader._writer is not None)


def test_one_gateway_holds_the_reader_and_another_takes_over_when_it_stops(start: Start) -> None:
    with start() as second_home, emulator(second_home) as reader:
        with start() as first:
            connection_id = connect(first.office, reader.port)
            until(lambda: reads(first))
            holder = state(first.office, connection_id).held[0].held_by
            names = {first.gateway.outgoing.keeper.name, second_home.gateway.outgoing.keeper.name}
            assert holder in names
            holding = [len(one.gateway.outgoing.keeper.statuses()) for one in (first, second_home)]
            assert sorted(holding) == [0, 1]
        until(
            lambda: state(second_home.office, connection_id).held[0].held_by == second_home.gateway.outgoing.keeper.name
        )
        before = len(reads(second_home))
        until(lambda: len(reads(second_home)) > before)


def test_while_postgres_refuses_windows_stay_open_and_nothing_is_lost_but_detail(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = threading.Event()
    write = PostgresWriter._write

    def refused(self: PostgresWriter, tx: Any, batch: Batch) -> int:
        if refusing.is_set():
            raise Unavailable("no room")
        return write(self, tx, batch)

    monkeypatch.setattr(PostgresWriter, "_write", refused)
    with start(limits=Limits(messages=2)) as running, emulator(running) as reader:
        connection_id = connect(running.office, reader.port)
        until(lambda: reads(running))
        refusing.set()
        until(lambda: running.gateway.pipeline.full)
        told = running.gateway.outgoing.keeper.statuses()[0][1]
        target = told.messages + 100
        until(lambda: told.messages > target)
        refusing.clear()
        before = len(reads(running))
        until(lambda: len(reads(running)) > before + 3)
        with running.office.context(MANAGER) as ctx:
            connections.set_connection_active(ctx, connection_id, False)
        until(lambda: not running.gateway.outgoing.keeper.statuses())
        until(lambda: sum(detail.get("count", 1) for (detail,) in reads(running)) == told.messages)


@contextmanager
def hostile(say: Callable[[int], bytes]) -> Iterator[int]:
    """A server that says whatever it likes to each who comes, the first, second..., and hangs up; yields its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    over = threading.Event()

    def serve() -> None:
        came = 0
        while not over.is_set():
            try:
                peer, _ = listener.accept()
            except TimeoutError:
                continue
            with peer:
                peer.sendall(say(came))
                came += 1

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        thread.join()
        listener.close()


HELLO = bytes.fromhex("043f 00000020 00000000 00f6 0016 0080 000c 00062f2c2e0c8000 0100 0006 0000".replace(" ", ""))


def test_bytes_that_are_no_llrp_never_hurt_the_gateway(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(7)
    seen: list[int] = []

    def say(nth: int) -> bytes:
        """A greeting or none, then frames of every type with nonsense in them, some of it nearly right."""
        seen.append(nth)
        body = chance.randbytes(chance.randrange(60))
        if nth % 3 == 0:
            return body
        kind = chance.choice((61, 63, 62, 1023, 11, 12, chance.randrange(1024)))
        nested = b"\x00\xf0" + (4 + len(body)).to_bytes(2, "big") + body
        content = chance.choice((body, nested, b"\x8d" + body, b"\x00\xf1" + len(body).to_bytes(2, "big") + body))
        frame = (0x400 | kind).to_bytes(2, "big") + (10 + len(content)).to_bytes(4, "big")
        frame += chance.randrange(4).to_bytes(4, "big") + content
        return (HELLO if nth % 3 == 1 else b"") + frame

    monkeypatch.setattr(keeper, "_LONGEST_PAUSE_S", 0.001)
    monkeypatch.setattr(keeper, "_FIRST_PAUSE_S", 0.001)
    with hostile(say) as port:
        connection_id = connect(running.office, port)
        until(lambda: len(seen) > 150)
    assert trouble(running.office, connection_id)
    assert running.gateway.directory.trouble is None
    assert not running.gateway.pipeline.failed.done()
    assert running.sql("select count(*) from reading") == [(0,)]


def test_errors_say_what_is_there_instead(running: Running) -> None:
    def words(port: int) -> str:
        async def once() -> str:
            reader = kit_reader("127.0.0.1", port)
            try:
                await reader.connect(10.0)
            except Unavailable as error:
                return str(error)
            finally:
                await reader.close()
            return ""

        return asyncio.run(once())

    with hostile(lambda nth: b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        assert "does not speak LLRP" in words(port)
    with emulator(running) as reader:
        connect(running.office, reader.port)
        until(lambda: reader._writer is not None)
        assert "Another program holds the reader" in words(reader.port)


@pytest.mark.parametrize(
    ("host", "port", "said"),
    [
        ("127.0.0.1", None, "own doors"),
        ("169.254.169.254", 5084, "no reader or broker has"),
        ("no-such-host.invalid", 5084, "not known here"),
    ],
)
def test_no_connection_leads_to_ourselves(running: Running, host: str, port: int | None, said: str) -> None:
    connection_id = connect(running.office, port or running.mqtt_port, host)
    until(lambda: said in trouble(running.office, connection_id))


def test_a_connection_that_is_down_for_long_is_an_alert_until_it_is_back(running: Running) -> None:
    connection_id = connect(running.office, 1, antennas=[1, 2])
    until(lambda: state(running.office, connection_id).state == "trouble")

    def alerts() -> list[tuple[Any, ...]]:
        with running.office.context(MANAGER) as ctx:
            connections.look_after(ctx)
            return values(ctx.tx, "select title from alert where kind = 'connection' and state <> 'cleared'")

    assert alerts() == []
    running.gateway.outgoing.keeper.statuses()[0][1].since -= connections.PATIENCE
    until(lambda: alerts() == [("portal-1 is not connected",)])
    with running.office.context(MANAGER) as ctx:
        connections.set_connection_active(ctx, connection_id, False)
    assert alerts() == []
