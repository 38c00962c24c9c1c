"""A parked fact is tried again when a person asks for it, or dropped with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from shelfwise.access.context import Context, Office
from shelfwise.access.model import Role, person, system
from shelfwise.core.errors import Forbidden, Invalid, NotFound, Refused, Unavailable
from shelfwise.store.database import Tx, run, values
from shelfwise.store.events import ATTEMPTS_BEFORE_PARKING, EVENTS, Consumer, Event, advance
from shelfwise.work import parked
from tests.conftest import NOON

MANAGER = person("mara", Role.ADMIN)


class Handler:
    """Notes each fact in the database, and then fails while there is trouble."""

    def __init__(self, trouble: Exception | None) -> None:
        self.trouble = trouble
        self.seen: list[Event] = []

    def __call__(self, tx: Tx, facts: Sequence[Event]) -> None:
        run(tx, "insert into setting (tenant_id, name, value) values (1, 'handled', '1')")
        if self.trouble:
            raise self.trouble
        self.seen += facts


def set_aside(office: Office, handler: Handler) -> Consumer[Event]:
    """A consumer that has parked one fact."""
    consumer = Consumer("test", EVENTS, handler)
    with office.context(system("test")) as ctx:
        ctx.publish("test", "poison", n=1)
    for attempt in range(ATTEMPTS_BEFORE_PARKING):
        advance(office.database, 1, consumer, NOON + timedelta(minutes=attempt))
    return consumer


def handled(ctx: Context) -> bool:
    return values(ctx.tx, "select 1 from setting where name = 'handled'") != []


def test_a_fact_is_tried_again_as_it_was_and_is_done(office: Office) -> None:
    handler = Handler(ValueError("cannot digest this"))
    consumer = set_aside(office, handler)
    handler.trouble = None
    assert parked.attempt_next(office, [consumer]) is None
    with office.context(MANAGER) as ctx:
        (fact,) = parked.waiting(ctx)
        assert parked.try_again(ctx, fact.parked_id).state == parked.try_again(ctx, fact.parked_id).state == "retry"
        assert [one.state for one in parked.waiting(ctx)] == ["retry"]
    done = parked.attempt_next(office, [consumer])
    assert done is not None
    assert done.state == "done"
    (seen,) = handler.seen
    assert (seen.subject, seen.data, seen.occurred_at) == ("poison", {"n": 1}, NOON)
    assert parked.attempt_next(office, [consumer]) is None
    with office.context(MANAGER) as ctx:
        assert handled(ctx)
        assert parked.waiting(ctx) == []
        with pytest.raises(Refused, match="done already"):
            parked.try_again(ctx, fact.parked_id)
        actions = values(ctx.tx, "select actor_name, action from audit_entry order by audit_id")
    assert actions == [("mara", "parked.try_again"), ("parked facts", "parked.done")]


def test_a_fact_that_fails_again_stays_with_the_new_error_and_leaves_nothing_behind(office: Office) -> None:
    handler = Handler(ValueError("cannot digest this"))
    consumer = set_aside(office, handler)
    handler.trouble = TypeError("nor\x00this")
    with office.context(MANAGER) as ctx:
        (fact,) = parked.waiting(ctx)
        parked.try_again(ctx, fact.parked_id)
    parked.attempt_next(office, [consumer])
    with office.context(MANAGER) as ctx:
        (after,) = parked.waiting(ctx)
        assert not handled(ctx)
    assert fact.error == "ValueError: cannot digest this"
    assert (after.state, after.error) == ("parked", "TypeError: nor\\x00this")
    assert after.parked_at > fact.parked_at
    assert parked.attempt_next(office, [consumer]) is None


def test_a_refusing_database_leaves_the_attempt_to_be_made(office: Office) -> None:
    handler = Handler(ValueError("cannot digest this"))
    consumer = set_aside(office, handler)
    with office.context(MANAGER) as ctx:
        parked.try_again(ctx, 1)
    handler.trouble = Unavailable("disk full")
    with pytest.raises(Unavailable):
        parked.attempt_next(office, [consumer])
    handler.trouble = None
    done = parked.attempt_next(office, [consumer])
    assert done is not None
    assert done.state == "done"


def test_a_fact_whose_reader_or_row_is_gone_stays_and_says_so(office: Office) -> None:
    handler = Handler(ValueError("cannot digest this"))
    consumer = set_aside(office, handler)
    for consumers, words in (([], "No part of this version"), ([consumer], "not stored any more")):
        with office.context(MANAGER) as ctx:
            parked.try_again(ctx, 1)
            if consumers:
                run(ctx.tx, "delete from event where kind = 'test'")
        after = parked.attempt_next(office, consumers)
        assert after is not None
        assert after.state == "parked"
        assert words in after.error


def test_a_fact_is_not_tried_beside_its_own_reader(office: Office) -> None:
    handler = Handler(ValueError("cannot digest this"))
    consumer = set_aside(office, handler)
    handler.trouble = None
    with office.context(MANAGER) as ctx:
        parked.try_again(ctx, 1)
    with office.context(system("reader")) as ctx:
        run(ctx.tx, "select from consumer where consumer = 'test' for update")
        assert parked.attempt_next(office, [consumer]) is None
    assert parked.attempt_next(office, [consumer]) is not None


def test_a_dropped_fact_waits_no_longer_and_the_reason_is_kept(office: Office) -> None:
    set_aside(office, Handler(ValueError("cannot digest this")))
    with office.context(MANAGER) as ctx:
        with pytest.raises(Invalid, match="why"):
            parked.drop(ctx, 1, " ")
        assert parked.drop(ctx, 1, "a sensor of the old house").state == "dropped"
        assert parked.waiting(ctx) == []
        with pytest.raises(Refused, match="dropped already"):
            parked.drop(ctx, 1, "again")
        with pytest.raises(NotFound):
            parked.try_again(ctx, 2)
        ((detail,),) = values(ctx.tx, "select detail from audit_entry where action = 'parked.dropped'")
    assert detail["note"] == "a sensor of the old house"


def test_only_managers_settle_parked_facts(office: Office) -> None:
    set_aside(office, Handler(ValueError("cannot digest this")))
    with office.context(person("omar", Role.OPERATOR)) as ctx:
        assert len(parked.waiting(ctx)) == 1
        with pytest.raises(Forbidden):
            parked.try_again(ctx, 1)
        with pytest.raises(Forbidden):
            parked.drop(ctx, 1, "no")
