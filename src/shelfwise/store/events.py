"""Facts and their consumers: each reads on from its own position, retries, and parks what it cannot digest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

import psycopg
from psycopg.types.json import Jsonb

from shelfwise.core.errors import Unavailable
from shelfwise.store.database import ASIDE, Database, Tx, first, notify, rows, run, values

ATTEMPTS_BEFORE_PARKING = 4
# So many of a batch that failed are handed over one by one before the rest is tried as a whole again: a transaction
# that lasts for long holds up everybody.
ONE_BY_ONE = 500
FIRST_RETRY = timedelta(seconds=0.5)

# The oldest of the transactions that the snapshot sees running, but for those whose connection says that they stand
# aside; where there is none, the end of the snapshot. Who cannot be seen, such as another role's, is waited for.
_OLDEST_BUT_ASIDE = f"""coalesce(
    (select min(running) from pg_snapshot_xip(pg_current_snapshot()) running
     where not exists (select from pg_stat_get_activity(null) a
                       where a.backend_xid = running::xid and a.application_name = '{ASIDE}')),
    pg_snapshot_xmax(pg_current_snapshot()))"""


class Positioned(Protocol):
    """A row of a stream: its place in the order of commits."""

    @property
    def tx(self) -> int: ...
    @property
    def seq(self) -> int: ...


@dataclass(frozen=True)
class Event:
    """A business fact: `kind` such as 'stock.moved', `subject` such as 'item:12', and its data."""

    tx: int
    seq: int
    kind: str
    subject: str
    data: dict[str, Any]
    occurred_at: datetime
    recorded_at: datetime


Fact = TypeVar("Fact", bound=Positioned)


@dataclass(frozen=True)
class Stream(Generic[Fact]):
    """A table whose rows are facts in the order of their commits.

    Attributes:
        name: of the table; positions are filed under it.
        fact: the dataclass of one row; has `tx` and `seq`.
        select: the columns and the table, up to the WHERE, with tx as ``tx::text::bigint``.
        seq: the column of the sequence number.
        channel: where commits are hinted at with NOTIFY.
        came: the column that says when we learned of a fact, business time.
        without_aside: whether transactions that stand aside (see `database.stand_aside`) write none of these facts, so
            that nobody has to wait for them.
    """

    name: str
    fact: type[Fact]
    select: str
    seq: str
    channel: str
    came: str
    without_aside: bool = False

    @property
    def query(self) -> str:
        """The next facts behind a position; takes the tenant, the position's tx and seq, and the most rows.

        The order names the columns, not the selected expressions, so that it is the index's own.
        """
        return f"""{self.select} where tenant_id = %s and (tx, {self.seq}) > (%s::text::xid8, %s)
            and tx < {_OLDEST_BUT_ASIDE if self.without_aside else "pg_snapshot_xmin(pg_current_snapshot())"}
            order by {self.name}.tx, {self.name}.{self.seq} limit %s"""

    def after(self, tx: Tx, tenant: int, position: tuple[int, int], limit: int) -> list[Fact]:
        """The next facts behind a position, none newer than the oldest running transaction that may write some."""
        return rows(tx, self.fact, self.query, (tenant, *position, limit))

    def at(self, tx: Tx, tenant: int, position: tuple[int, int]) -> Fact | None:
        """The fact at a position; None where it is not stored any more."""
        return first(
            tx,
            self.fact,
            f"{self.select} where tenant_id = %s and (tx, {self.seq}) = (%s::text::xid8, %s)",
            (tenant, *position),
        )

    def position_before(self, tx: Tx, tenant: int, newest: timedelta) -> tuple[int, int]:
        """Where to begin to get what came in this time before the newest fact; (0, 0) where nothing is older.

        Read backwards by the index until one is old enough: about as much as will be read anyway.
        """
        found = values(
            tx,
            f"""select tx::text::bigint, {self.seq} from {self.name} where tenant_id = %(tenant)s and {self.came} <= (
                    select {self.came} from {self.name} where tenant_id = %(tenant)s
                    order by {self.name}.tx desc, {self.name}.{self.seq} desc limit 1) - %(newest)s::interval
                order by {self.name}.tx desc, {self.name}.{self.seq} desc limit 1""",
            {"tenant": tenant, "newest": newest},
        )
        return (found[0][0], found[0][1]) if found else (0, 0)


EVENTS = Stream(
    "event",
    Event,
    """select tx::text::bigint as tx, event_id as seq, kind, subject, data, occurred_at, recorded_at from event""",
    "event_id",
    "event",
    "recorded_at",
)


@dataclass(frozen=True)
class Consumer(Generic[Fact]):
    """A reader of a stream.

    Attributes:
        name: unique; its position is filed under it.
        stream: what it reads.
        handle: takes facts in order, in the consumer's transaction; raises on what it cannot digest.
        batch: the most facts handed over at once.
        looks_back: new to an installation that has a history, it begins with what came in this time before the newest
            fact; None: with the first fact there is, as for sums that must be whole. See `enrol`.
    """

    name: str
    stream: Stream[Fact]
    handle: Callable[[Tx, Sequence[Fact]], None]
    batch: int = 500
    looks_back: timedelta | None = None


@dataclass(frozen=True)
class _Position:
    tx: int
    seq: int
    attempts: int
    retry_at: datetime | None


def publish(
    tx: Tx,
    tenant: int,
    kind: str,
    subject: str,
    data: dict[str, Any],
    occurred_at: datetime,
    recorded_at: datetime,
) -> None:
    """Record a fact in the transaction that made it true."""
    run(
        tx,
        "insert into event (tenant_id, kind, subject, data, occurred_at, recorded_at) values (%s, %s, %s, %s, %s, %s)",
        (tenant, kind, subject, Jsonb(data), occurred_at, recorded_at),
    )
    notify(tx, EVENTS.channel)


def enrol(database: Database, tenant: int, consumers: Sequence[Consumer[Any]]) -> list[str]:
    """Say where consumers begin that are new to an installation with a history; returns their names.

    Where none has read anything yet nothing is said, and each begins with the first fact.
    """
    with database.transaction() as tx:
        known = {name for (name,) in values(tx, "select consumer from consumer where tenant_id = %s", (tenant,))}
        new = [one for one in consumers if one.name not in known] if known else []
        for one in new:
            begin = (0, 0) if one.looks_back is None else one.stream.position_before(tx, tenant, one.looks_back)
            run(
                tx,
                """insert into consumer (tenant_id, consumer, stream, tx, seq) values (%s, %s, %s, %s::text::xid8, %s)
                   on conflict do nothing""",
                (tenant, one.name, one.stream.name, *begin),
            )
    return [one.name for one in new]


def advance(database: Database, tenant: int, consumer: Consumer[Fact], wall_now: datetime) -> int:
    """Hand the next facts to the consumer in one transaction with its new position; returns how many it got past.

    A fact that fails is tried again with growing pauses, then parked, and the rest goes on. A database that refuses
    work is nobody's poison: that error is passed on and the position stays.
    """
    with database.transaction() as tx:
        run(
            tx,
            """insert into consumer (tenant_id, consumer, stream, tx, seq) values (%s, %s, %s, '0', 0)
               on conflict do nothing""",
            (tenant, consumer.name, consumer.stream.name),
        )
        position = first(
            tx,
            _Position,
            """select tx::text::bigint as tx, seq, attempts, retry_at from consumer
               where tenant_id = %s and consumer = %s for update skip locked""",
            (tenant, consumer.name),
        )
        if position is None or (position.retry_at is not None and position.retry_at > wall_now):
            return 0
        facts = consumer.stream.after(tx, tenant, (position.tx, position.seq), consumer.batch)
        if not facts:
            return 0
        if position.attempts == 0 and digest(tx, consumer, facts) is None:
            _move(tx, tenant, consumer, facts[-1])
            return len(facts)
        return _one_by_one(tx, tenant, consumer, facts[:ONE_BY_ONE], position.attempts, wall_now)


def _one_by_one(
    tx: Tx, tenant: int, consumer: Consumer[Fact], facts: Sequence[Fact], attempts: int, wall_now: datetime
) -> int:
    for done, fact in enumerate(facts):
        error = digest(tx, consumer, [fact])
        if error is None:
            _move(tx, tenant, consumer, fact)
        elif attempts + 1 < ATTEMPTS_BEFORE_PARKING:
            run(
                tx,
                """update consumer set attempts = %s, failing_seq = %s, retry_at = %s
                   where tenant_id = %s and consumer = %s""",
                (attempts + 1, fact.seq, wall_now + FIRST_RETRY * 2**attempts, tenant, consumer.name),
            )
            return done
        else:
            _park(tx, tenant, consumer, fact, error, wall_now)
            _move(tx, tenant, consumer, fact)
        attempts = 0
    return len(facts)


def digest(tx: Tx, consumer: Consumer[Fact], facts: Sequence[Fact]) -> Exception | None:
    """Hand facts to the consumer; what it trips over is returned, and what it had done till then is undone.

    Raises:
        Unavailable, psycopg.OperationalError: the database refuses work, which is not the facts' fault.
    """
    try:
        with tx.transaction():
            consumer.handle(tx, facts)
    except (Unavailable, psycopg.OperationalError):
        raise
    except Exception as error:  # whatever a handler trips over must not stop the stream
        return error
    return None


def _move(tx: Tx, tenant: int, consumer: Consumer[Fact], fact: Fact) -> None:
    run(
        tx,
        """update consumer set tx = %s::text::xid8, seq = %s, attempts = 0, failing_seq = null, retry_at = null
           where tenant_id = %s and consumer = %s""",
        (fact.tx, fact.seq, tenant, consumer.name),
    )


def _park(tx: Tx, tenant: int, consumer: Consumer[Fact], fact: Fact, error: Exception, wall_now: datetime) -> None:
    run(
        tx,
        """insert into parked (tenant_id, consumer, stream, seq, data, error, parked_at)
           values (%s, %s, %s, %s, %s, %s, %s)""",
        (
            tenant,
            consumer.name,
            consumer.stream.name,
            fact.seq,
            Jsonb(_as_json(fact)),
            in_words(error),
            wall_now,
        ),
    )


def in_words(error: Exception) -> str:
    """An error as a text that Postgres can hold."""
    return f"{type(error).__name__}: {error}"[:2000].replace("\x00", "\\x00")


def _as_json(fact: Positioned) -> dict[str, Any]:
    plain = asdict(fact)  # type: ignore[call-overload]  # every fact is a dataclass
    return {key: v if isinstance(v, int | float | str | dict | list | None) else str(v) for key, v in plain.items()}
