"""What the pipeline promises: each reading once, nothing acknowledged unsaved, nothing lost while Postgres refuses."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

import httpx
import psycopg
import pytest

from shelfwise.core.errors import Unavailable
from shelfwise.edge.gateway import no_crash
from shelfwise.edge.pipeline import Limits
from shelfwise.edge.tables import READINGS
from shelfwise.edge.writer import LONGEST_DOUBT, BadRow, Batch, Copies, PostgresWriter
from shelfwise.store.database import values
from tests.conftest import NOON
from tests.edge.conftest import SECRET, Running, Start
from tests.edge.packets import BareClient, publish

TOPIC = "shelfwise/scale-7/w"


def reading(number: int, **others: object) -> bytes:
    at = (NOON - timedelta(seconds=number)).isoformat()
    message = {"kind": "weight", "value": number, "id": f"r-{number}", "at": at} | others
    return json.dumps({name: value for name, value in message.items() if value is not None}).encode()


def send(running: Running, *payloads: bytes) -> None:
    """Publish at QoS 1 and wait for every acknowledgement."""
    with BareClient(running.mqtt_port).sign_in("scale-7", SECRET) as bare:
        bare.send(b"".join(publish(TOPIC, payload, n) for n, payload in enumerate(payloads, 1)))
        assert bare.acknowledged(len(payloads)) == list(range(1, len(payloads) + 1))


def test_a_stream_told_twice_and_out_of_order_is_stored_once(running: Running) -> None:
    stream = [reading(number) for number in range(500)] * 2
    random.Random(5).shuffle(stream)
    send(running, *stream)
    everything = "select source_key, observed_at, value, received_at, seq from reading order by observed_at"
    stored = running.sql(everything)
    assert [row[2] for row in stored] == [float(n) for n in range(499, -1, -1)]
    random.Random(6).shuffle(stream)
    send(running, *stream)
    assert running.sql(everything) == stored


def test_without_a_claimed_time_the_device_s_id_still_makes_it_once(running: Running) -> None:
    with running.office.database.transaction() as tx:
        tx.execute("update business_clock set rate = 1")
    send(running, reading(1, at=None), reading(1, at=None), reading(2, at=None), reading(2))
    send(running, reading(1, at=None), reading(3))
    assert running.sql("select value from reading order by value") == [(1.0,), (2.0,), (2.0,), (3.0,)]


def test_with_neither_id_nor_time_it_is_stored_as_often_as_it_comes(running: Running) -> None:
    send(running, *[reading(1, at=None, id=None)] * 3)
    assert running.sql("select detail from reading") == [({"at_least_once": True},)] * 3


def test_missing_days_get_their_partitions(running: Running) -> None:
    days = [(NOON - timedelta(days=days)).isoformat() for days in (0, 1, 30, 399)]
    send(running, *[reading(n, at=at) for n, at in enumerate(days)])
    for name in ("reading_20250127", "reading_20260131", "reading_20260301", "reading_20260302"):
        assert running.sql(f"select count(*) from {name}") == [(1,)]


def test_a_reader_that_takes_long_does_not_keep_a_new_day_waiting(running: Running) -> None:
    send(running, reading(1))
    with running.office.database.transaction() as tx:
        tx.execute("select count(*) from reading")
        send(running, reading(2, at=(NOON - timedelta(days=1)).isoformat()))
    assert running.sql("select count(*) from reading") == [(2,)]


def test_a_partition_that_somebody_took_away_comes_back(running: Running) -> None:
    send(running, reading(1))
    with running.office.database.transaction() as tx:
        tx.execute("drop table reading_20260302")
    send(running, reading(2))
    assert running.sql("select value from reading") == [(2.0,)]
    assert running.sql("select count(*) from quarantine") == [(0,)]


def test_consumers_get_readings_in_the_order_of_their_commits(running: Running) -> None:
    for number in range(3):
        send(running, reading(number), reading(number + 10))
    with running.office.database.transaction() as tx:
        facts = READINGS.after(tx, 1, (0, 0), 100)
    assert [fact.value for fact in facts] == [0.0, 10.0, 1.0, 11.0, 2.0, 12.0]
    assert facts[0].received_at == NOON


def test_a_consumer_that_is_far_behind_reads_along_the_index(running: Running) -> None:
    send(running, reading(1))
    with running.office.database.transaction() as tx:
        for wasteful in ("enable_seqscan", "enable_bitmapscan", "enable_sort"):
            tx.execute(f"set local {wasteful} = off")
        plan = values(tx, f"explain {READINGS.query}", (1, 0, 0, 10))
    assert not any("Sort  " in line for (line,) in plan)


def test_the_commit_is_hinted_at(running: Running) -> None:
    with running.office.database.listen_connection() as db:
        db.execute("listen reading")
        send(running, reading(1))
        assert [notice.channel for notice in db.notifies(timeout=10, stop_after=1)] == ["reading"]


class Faulty:
    """A writer that fails as told before it hands a batch to the real one."""

    def __init__(self, url: str, fail: Callable[[Batch], None]) -> None:
        self.real = PostgresWriter(url, 1, no_crash)
        self.fail = fail

    def write(self, batch: Batch) -> int:
        self.fail(batch)
        return self.real.write(batch)

    def close(self) -> None:
        self.real.close()


def test_a_full_disk_means_refusal_not_loss(start: Start, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    full = threading.Event()
    full.set()
    refused = threading.Event()
    write = PostgresWriter._write

    def on_a_full_disk(self: PostgresWriter, tx: psycopg.Connection, batch: Batch) -> int:
        if full.is_set():
            refused.set()
            raise psycopg.errors.DiskFull("could not extend file: No space left on device")
        return write(self, tx, batch)

    monkeypatch.setattr(PostgresWriter, "_write", on_a_full_disk)
    limits = Limits(messages=40)
    with start(limits=limits) as running, BareClient(running.mqtt_port).sign_in("scale-7", SECRET) as bare:
        bare.send(b"".join(publish(TOPIC, reading(n), n) for n in range(1, 201)))
        assert refused.wait(10)
        credentials = {"authorization": f"Bearer scale-7:{SECRET}"}
        answer = httpx.post(running.url("/v1/readings"), content=reading(300), headers=credentials)
        assert answer.status_code == 503
        assert "No space left" in answer.text
        assert httpx.get(running.url("/readyz")).status_code == 503
        assert bare.silent_for(0.3)
        assert running.sql("select count(*) from reading") == [(0,)]
        full.clear()
        assert bare.acknowledged(200) == list(range(1, 201))
        assert running.sql("select count(*), sum(value) from reading") == [(200, 20_100.0)]
        assert httpx.get(running.url("/readyz")).status_code == 200


def test_a_row_that_postgres_refuses_does_not_hold_up_the_others(start: Start, database_url: str) -> None:
    def refuse_the_thirteenth(batch: Batch) -> None:
        if any(b"r-13" in message.payload for message in batch.unreadable):
            return
        if any(b"\x01poison" in row or b"poison" in row for row in batch.rows):
            raise BadRow("Postgres refused a row: value out of range")

    with start(writer=Faulty(database_url, refuse_the_thirteenth)) as running:
        poison = json.dumps({"kind": "scan", "value": "poison", "id": "r-13", "at": NOON.isoformat()}).encode()
        send(running, *[reading(n) for n in range(50)], poison, *[reading(n) for n in range(50, 100)])
        assert running.sql("select count(*) from reading") == [(100,)]
        assert running.sql("select payload, reason from quarantine") == [
            (poison, "Postgres refused a row: value out of range")
        ]


def test_what_can_be_stored_nowhere_is_not_acknowledged(start: Start, database_url: str) -> None:
    def refuse(batch: Batch) -> None:
        if batch.unreadable or any(b"poison" in row for row in batch.rows):
            raise BadRow("no")

    with start(writer=Faulty(database_url, refuse), patience_s=0.1) as running:
        poison = json.dumps({"kind": "scan", "value": "poison", "id": 1}).encode()
        with BareClient(running.mqtt_port).sign_in("scale-7", SECRET) as bare:
            bare.send(publish(TOPIC, poison, 1) + publish(TOPIC, reading(2), 2))
            assert bare.acknowledged(1) == [2]


def test_the_writer_waits_for_a_database_that_restarts(start: Start, database_url: str) -> None:
    with start() as running:
        send(running, reading(1))
        with psycopg.connect(database_url, autocommit=True) as admin:
            admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'shelfwise-gateway'"
            )
        send(running, reading(2))
        assert running.sql("select count(*) from reading") == [(2,)]


def test_a_batch_that_postgres_gave_up_for_another_gateway_s_is_stored_and_nobody_is_told_to_send_again(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two gateways that store the same rows in different orders wait for each other, and Postgres ends one of them."""
    write = PostgresWriter._write
    attempts: list[Batch] = []

    def given_up_twice(self: PostgresWriter, tx: psycopg.Connection, batch: Batch) -> int:
        attempts.append(batch)
        if len(attempts) < 3:
            raise psycopg.errors.DeadlockDetected("deadlock detected")
        return write(self, tx, batch)

    monkeypatch.setattr(PostgresWriter, "_write", given_up_twice)
    with closing(PostgresWriter(database_url, 1, no_crash)) as writer:
        assert writer.write(Batch([], 0, frozenset(), False, ())) == 0
    assert len(attempts) == 3


def test_a_refused_row_is_told_apart_from_a_database_in_trouble(database_url: str) -> None:
    writer = PostgresWriter(database_url, 1, no_crash)
    with pytest.raises(BadRow):
        writer.write(Batch([b"\x00\x07not a row"], 1, frozenset(), False, ()))
    with pytest.raises(Unavailable):
        PostgresWriter("postgresql:///nowhere?host=/nonexistent", 1, no_crash).write(
            Batch([], 0, frozenset(), False, ())
        )


def test_a_batch_that_holds_copies_brings_what_is_new_in_it(running: Running) -> None:
    send(running, *[reading(n) for n in range(100)])
    send(running, *[reading(n) for n in range(50, 150)])
    send(running, *[reading(n) for n in range(150, 200)])
    assert running.sql("select count(*), sum(value) from reading") == [(200, 19_900.0)]


def test_after_copies_were_found_ever_more_batches_are_searched_for_some() -> None:
    copies = Copies()
    assert copies.expects_none()
    searched = []
    for _ in range(9):
        copies.found()
        searched.append(0)
        while not copies.expects_none():
            searched[-1] += 1
    assert searched == [1, 2, 4, 8, 16, 32, 64, 64, 64]
    assert searched[-1] == LONGEST_DOUBT
    copies.found_none()
    copies.found()
    assert [copies.expects_none(), copies.expects_none()] == [False, True]


def test_stopping_commits_and_acknowledges_what_was_taken(start: Start) -> None:
    with start() as running, BareClient(running.mqtt_port).sign_in("scale-7", SECRET) as bare:
        bare.send(b"".join(publish(TOPIC, reading(n), n) for n in range(1, 1001)))
        bare.acknowledged(1)
        running.stop()
        acknowledged = 1 + len(bare.acknowledged(10_000))
    with running.office.database.transaction() as tx:
        stored = tx.execute("select count(*) from reading").fetchall()[0][0]
    assert acknowledged == stored
