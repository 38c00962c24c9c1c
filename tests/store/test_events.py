"""Consumers of facts: in order, each once, and a poison one parks while the rest goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from shelfwise.access.context import Office
from shelfwise.access.model import system
from shelfwise.core.errors import Unavailable
from shelfwise.edge.tables import READINGS, StoredReading
from shelfwise.store import events
from shelfwise.store.database import Tx, run, values
from shelfwise.store.events import ATTEMPTS_BEFORE_PARKING, EVENTS, Consumer, Event, advance, enrol
from shelfwise.store.migrate import migrate
from tests.conftest import NOON
from tests.edge.history.telling import MARA, Said, tell


def publish(office: Office, *names: str) -> None:
    with office.context(system("test")) as ctx:
        for name in names:
            ctx.publish("test", name)


class Recorder:
    """A handler that notes what it sees and refuses the facts named poison."""

    def __init__(self, *poison: str) -> None:
        self.poison = poison
        self.seen: list[str] = []

    def __call__(self, tx: Tx, facts: Sequence[Event]) -> None:
        if any(fact.subject in self.poison for fact in facts):
            raise ValueError("cannot digest this")
        self.seen += [fact.subject for fact in facts]

    def note(self, facts: Sequence[StoredReading]) -> None:
        self.seen += [str(fact.value) for fact in facts]


def test_facts_arrive_in_order_and_each_once(office: Office) -> None:
    recorder = Recorder()
    consumer = Consumer("test", EVENTS, recorder, batch=2)
    publish(office, "a", "b", "c")
    assert [advance(office.database, 1, consumer, NOON) for _ in range(3)] == [2, 1, 0]
    publish(office, "d")
    advance(office.database, 1, consumer, NOON)
    assert recorder.seen == ["a", "b", "c", "d"]


def publish_at(office: Office, days: int, name: str) -> None:
    with office.context(system("test")) as ctx:
        replace(ctx, now=NOON + timedelta(days=days)).publish("test", name)


def test_a_consumer_that_is_new_to_an_installation_with_a_history_begins_as_far_back_as_it_says(
    office: Office,
) -> None:
    for days, name in ((0, "old"), (20, "weeks ago"), (30, "a day ago"), (31, "now")):
        publish_at(office, days, name)
    seen = {name: Recorder() for name in ("first", "whole", "recent", "now", "early")}
    first = Consumer("first", EVENTS, seen["first"])
    assert enrol(office.database, 1, [first]) == [], "where nobody has read yet, all begin with the first fact"
    advance(office.database, 1, first, NOON)
    new = [
        Consumer("whole", EVENTS, seen["whole"]),
        Consumer("recent", EVENTS, seen["recent"], looks_back=timedelta(days=8)),
        Consumer("now", EVENTS, seen["now"], looks_back=timedelta(0)),
        Consumer("early", EVENTS, seen["early"], looks_back=timedelta(days=400)),
    ]
    assert enrol(office.database, 1, [first, *new]) == ["whole", "recent", "now", "early"]
    publish_at(office, 32, "next")
    assert enrol(office.database, 1, [first, *new]) == [], "it is said once"
    for consumer in (first, *new):
        advance(office.database, 1, consumer, NOON)
    everything = ["old", "weeks ago", "a day ago", "now", "next"]
    assert {name: recorder.seen for name, recorder in seen.items()} == {
        "first": everything, "whole": everything, "early": everything,
        "recent": ["a day ago", "now", "next"], "now": ["next"],
    }  # fmt: skip


def test_readings_are_looked_back_on_by_when_they_came(office: Office) -> None:
    recorder = Recorder()
    readings: Consumer[StoredReading] = Consumer(
        "new", READINGS, lambda tx, facts: recorder.note(facts), looks_back=timedelta(hours=1)
    )
    publish(office, "a")
    advance(office.database, 1, Consumer("first", EVENTS, Recorder()), NOON)
    for hours, degc in ((0, 1.0), (5, 2.0), (6, 3.0)):
        with office.context(MARA) as ctx:
            # The last to come was measured before all others.
            at = NOON - timedelta(days=3) if hours == 6 else NOON
            tell(ctx, [Said(at, degc)], received_at=NOON + timedelta(hours=hours))
    assert enrol(office.database, 1, [readings]) == ["new"]
    advance(office.database, 1, readings, NOON)
    assert recorder.seen == ["3.0"]


def test_after_a_restore_into_another_server_consumers_go_on_where_they_were(office: Office) -> None:
    recorder, late = Recorder(), Recorder()
    consumer, behind = Consumer("test", EVENTS, recorder), Consumer("behind", EVENTS, late, batch=2)
    publish(office, "a", "b", "c")
    advance(office.database, 1, consumer, NOON)
    advance(office.database, 1, behind, NOON)
    with office.database.transaction() as tx:
        for table in ("event", "consumer"):
            run(tx, f"update {table} set tx = (tx::text::bigint + 1000000000)::text::xid8")
    assert migrate(office.database.url) == []
    publish(office, "d")
    for _ in range(2):
        advance(office.database, 1, consumer, NOON)
        advance(office.database, 1, behind, NOON)
    assert recorder.seen == late.seen == ["a", "b", "c", "d"]


def test_a_fact_of_a_transaction_that_commits_late_is_not_skipped(office: Office) -> None:
    recorder = Recorder()
    consumer = Consumer("test", EVENTS, recorder)
    with office.context(system("slow")) as slow:
        slow.publish("test", "slow")
        publish(office, "fast")
        assert advance(office.database, 1, consumer, NOON) == 0
    advance(office.database, 1, consumer, NOON)
    assert sorted(recorder.seen) == ["fast", "slow"]


def test_readings_wait_for_no_import_and_for_every_transaction_that_may_write_some(office: Office) -> None:
    recorder = Recorder()
    readings: Consumer[StoredReading] = Consumer("test", READINGS, lambda tx, facts: recorder.note(facts))

    def heard() -> list[str]:
        advance(office.database, 1, readings, NOON)
        return recorder.seen

    with office.context(MARA, aside=True) as importing:
        importing.publish("test", "a long import")
        with office.context(MARA) as quick:
            tell(quick, [Said(NOON, 1.0)])
        assert heard() == ["1.0"]
        with office.context(MARA) as other:
            other.publish("test", "may write readings still")
            with office.context(MARA) as quick:
                tell(quick, [Said(NOON, 2.0)])
            assert heard() == ["1.0"]
            tell(other, [Said(NOON, 3.0)])
        assert sorted(heard()) == ["1.0", "2.0", "3.0"]
    with office.context(MARA) as quick:
        tell(quick, [Said(NOON, 4.0)])
    assert heard()[-1] == "4.0"


def test_a_transaction_that_stands_aside_can_write_no_reading(office: Office) -> None:
    with pytest.raises(psycopg.errors.RaiseException, match="stands aside"), office.context(MARA, aside=True) as ctx:
        tell(ctx, [Said(NOON, 1.0)])


def test_of_a_large_batch_with_a_poison_fact_each_arrives_once_and_a_part_at_a_time(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "ONE_BY_ONE", 2)
    recorder = Recorder("poison")
    consumer = Consumer("test", EVENTS, recorder)
    publish(office, "a", "b", "c", "poison", "d", "e", "f")
    done = [advance(office.database, 1, consumer, NOON + timedelta(minutes=n)) for n in range(9)]
    assert recorder.seen == ["a", "b", "c", "d", "e", "f"]
    assert (done[0], sum(done)) == (2, 7)


def test_a_poison_fact_is_tried_again_then_parked_and_the_rest_goes_on(office: Office) -> None:
    recorder = Recorder("poison")
    consumer = Consumer("test", EVENTS, recorder)
    publish(office, "before", "poison", "after")
    now = NOON
    for _ in range(ATTEMPTS_BEFORE_PARKING):
        assert "after" not in recorder.seen
        advance(office.database, 1, consumer, now)
        now += timedelta(minutes=1)
    assert recorder.seen == ["before", "after"]
    with office.database.transaction() as tx:
        ((subject, error),) = values(tx, "select data->>'subject', error from parked")
    assert (subject, error) == ("poison", "ValueError: cannot digest this")


def test_a_failing_fact_waits_before_it_is_tried_again(office: Office) -> None:
    recorder = Recorder("poison")
    consumer = Consumer("test", EVENTS, recorder)
    publish(office, "poison")
    advance(office.database, 1, consumer, NOON)
    recorder.poison = ()
    advance(office.database, 1, consumer, NOON)
    assert recorder.seen == []
    advance(office.database, 1, consumer, NOON + timedelta(minutes=1))
    assert recorder.seen == ["poison"]


def test_a_refusing_database_is_nobodys_poison(office: Office) -> None:
    def refuse(tx: Tx, facts: Sequence[Event]) -> None:
        raise Unavailable("disk full")

    publish(office, "a")
    for _ in range(ATTEMPTS_BEFORE_PARKING + 1):
        with pytest.raises(Unavailable):
            advance(office.database, 1, Consumer("test", EVENTS, refuse), NOON)
    with office.database.transaction() as tx:
        assert values(tx, "select * from parked") == []
    recorder = Recorder()
    advance(office.database, 1, Consumer("test", EVENTS, recorder), NOON)
    assert recorder.seen == ["a"]
