"""What outlives a connection: messages of QoS 2 that are not released yet, and subscriptions.

A session that its client wants to find again is a row in Postgres. Its receipts of QoS 2 are written in the transaction
that stores the readings, and are gone in one before PUBCOMP is sent: whoever is killed in between, a message that
carries neither id nor time is stored once, and a packet identifier that is used anew is no copy. A session that ends
with its connection keeps them in memory, because nobody may ask for them afterwards.
"""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import psycopg
import structlog
from psycopg.types.json import Jsonb

from shelfwise.edge.link import Connection, Link
from shelfwise.edge.messages import Message, Note
from shelfwise.edge.model import Origin
from shelfwise.edge.mqtt.codes import RECEIVE_MAXIMUM_EXCEEDED
from shelfwise.edge.mqtt.wire import Malformed
from shelfwise.edge.tables import Receipt

log = structlog.get_logger(__name__)

# How many messages of QoS 1 and 2 a client of MQTT 5 may send before it hears of the first, and 2 of MQTT 3.1.1.
RECEIVE_MAXIMUM = 1024
MOST_EXPIRY_S = 7 * 86_400
# Marks of a message, above its 16 bits of packet identifier.
EXACTLY_ONCE, RELEASE = 1 << 16, 1 << 17
PACKET_ID = 0xFFFF

Key = tuple[str, str]


class Line(Protocol):
    """The connection that a session has at the moment."""

    def acknowledge(self, token: int, outcome: str | None, refused: bool) -> None: ...

    def flush(self) -> None: ...

    def knows_nothing_of(self, packet_id: int) -> None:
        """Answer the release of a message that nobody sent."""
        ...

    def close(self, reason: str, detail: str | None) -> None: ...


class ExactlyOnce(Message):
    """A message of QoS 2 in a durable session: the session's receipt of it is stored with its readings."""

    __slots__ = ("receipt",)

    def __init__(
        self, session: Session, token: int, origin: Origin, payload: bytes, arrived: float, receipt: Receipt
    ) -> None:
        super().__init__(session, token, origin, payload, arrived)
        self.receipt = receipt


class Session:
    """What is known of one client beyond its connection.

    Attributes:
        session_id: its row in Postgres; None: it ends with its connection.
        line: None while it is not connected.
        received: packet identifiers of QoS 2 whose messages are durable and not released.
        pending: those whose messages wait for their commit.
        subscriptions: topic to QoS granted.
    """

    def __init__(self, key: Key, expiry_s: int, session_id: int | None) -> None:
        self.key = key
        self.expiry_s = expiry_s
        self.session_id = session_id
        self.line: Line | None = None
        self.received: set[int] = set()
        self.pending: set[int] = set()
        self.subscriptions: dict[str, int] = {}
        self.delivered: bytes | None = None

    def message(self, packet_id: int, origin: Origin, payload: bytes, arrived: float) -> Message | None:
        """What is to be submitted of a message of QoS 2, or None: it waits for its commit already, and PUBREC follows.

        Raises:
            Malformed: there are too many that were not released.
        """
        if packet_id in self.pending:
            return None
        if packet_id in self.received:
            return Note(self, packet_id | EXACTLY_ONCE, origin, arrived)
        if self.unreleased >= RECEIVE_MAXIMUM:
            raise Malformed(
                f"more than {RECEIVE_MAXIMUM} messages of QoS 2 that were not released", RECEIVE_MAXIMUM_EXCEEDED
            )
        self.pending.add(packet_id)
        token = packet_id | EXACTLY_ONCE
        if self.session_id is None:
            return Message(self, token, origin, payload, arrived)
        return ExactlyOnce(self, token, origin, payload, arrived, Receipt(self.session_id, packet_id, released=False))

    def release(self, packet_id: int, origin: Origin, arrived: float) -> Note | None:
        """What is to be submitted before a release can be answered, or None: it has been answered."""
        token = packet_id | RELEASE
        if packet_id in self.received and self.session_id is not None:
            receipt = Receipt(self.session_id, packet_id, released=True)
            return Note(self, token, origin, arrived, receipt)
        if packet_id in self.received:
            self.acknowledge(token, None, refused=False)
            self.flush()
        elif self.line is not None:
            self.line.knows_nothing_of(packet_id)
        return None

    @property
    def unreleased(self) -> int:
        """How many messages of QoS 2 are under way."""
        return len(self.pending) + len(self.received)

    # What the pipeline calls.

    def acknowledge(self, token: int, outcome: str | None, refused: bool) -> None:
        packet_id = token & PACKET_ID
        if token & EXACTLY_ONCE:
            self.pending.discard(packet_id)
            # A PUBREC that refuses is the end of it, and of a copy nothing would be there twice (4.3.3).
            if not refused:
                self.received.add(packet_id)
        else:
            self.received.discard(packet_id)
        if self.line is not None:
            self.line.acknowledge(token, outcome, refused)

    def flush(self) -> None:
        if self.line is not None:
            self.line.flush()


@dataclass(frozen=True)
class Found:
    """A row of Postgres."""

    session_id: int
    present: bool
    subscriptions: dict[str, int]
    delivered: bytes | None
    received: list[int]


class Sessions:
    """All sessions of one gateway.

    Args:
        gateway: its name, by which it knows its own rows after a crash.
    """

    def __init__(self, link: Link, tenant: int, gateway: str) -> None:
        self._link = link
        self._tenant = tenant
        self._gateway = gateway
        self.live: dict[Key, Session] = {}

    def is_connected(self, key: Key) -> bool:
        session = self.live.get(key)
        return session is not None and session.line is not None

    async def open(self, key: Key, clean: bool, expiry_s: int) -> tuple[Session, bool]:
        """The session of a client, and whether it was there before. An earlier connection of it is closed.

        Raises:
            psycopg.Error: it could not be found out; nothing is known to have changed.
        """
        earlier = self.live.get(key)
        waited = self._take_over(key)
        expiry_s = min(expiry_s, MOST_EXPIRY_S)
        found = None
        if clean and not expiry_s:
            await self._link.do(lambda db: self._forget(db, key))
        else:
            found = await self._link.do(lambda db: self._find(db, key, clean, expiry_s))
        waited |= self._take_over(key)
        if found is None:
            session, present = Session(key, 0, None), False
        else:
            session, present = Session(key, expiry_s, found.session_id), found.present
            # Of messages that wait for their commit, or did so until now, memory alone knows.
            earlier = self.live.get(key, earlier)
            if earlier is not None and earlier.session_id == found.session_id and waited:
                session, session.expiry_s = earlier, expiry_s
                session.received = waited - session.pending
            session.subscriptions, session.delivered = found.subscriptions, found.delivered
            session.received |= set(found.received) - session.pending
        self.live[key] = session
        return session, present

    def _take_over(self, key: Key) -> set[int]:
        """Close an earlier connection of a session; returns which of its messages wait for their commit."""
        before = self.live.get(key)
        if before is None:
            return set()
        if before.line is not None:
            before.line.close("taken over", "the same client connected again")
        return set(before.pending)

    async def leave(self, session: Session) -> None:
        """The session has no connection any more."""
        if self.live.get(session.key) is session and session.line is None and not session.pending:
            del self.live[session.key]
        if session.session_id is not None:
            await self._try(self._leave(session))

    async def remember(self, session: Session) -> None:
        """Write down what a session has subscribed to and was told."""
        if session.session_id is not None:
            await self._try(
                self._run(
                    """update mqtt_session set subscriptions = %s, delivered = %s
                       where tenant_id = %s and session_id = %s""",
                    (Jsonb(session.subscriptions), session.delivered, self._tenant, session.session_id),
                )
            )

    async def clear_up(self, after_a_start: bool = False) -> None:
        """Forget what has expired; after a start also end what this gateway left open when it was killed."""
        now = datetime.now(UTC)
        if after_a_start:
            await self._run(
                "update mqtt_session set ended_at = %s where tenant_id = %s and gateway = %s and ended_at is null",
                (now, self._tenant, self._gateway),
            )
        await self._run(
            "delete from mqtt_session where tenant_id = %s and ended_at + expiry_s * interval '1 second' < %s",
            (self._tenant, now),
        )
        for session in [one for one in self.live.values() if one.line is None and not one.pending]:
            del self.live[session.key]

    async def _forget(self, db: Connection, key: Key) -> None:
        await db.execute(
            "delete from mqtt_session where tenant_id = %s and device = %s and client_id = %s", (self._tenant, *key)
        )

    async def _find(self, db: Connection, key: Key, clean: bool, expiry_s: int) -> Found | None:
        """The row of a session; None: of a device that nobody registered nothing is kept."""
        now = datetime.now(UTC)
        async with db.transaction():
            if clean:
                await self._forget(db, key)
            cursor = await db.execute(
                """delete from mqtt_session where tenant_id = %s and device = %s and client_id = %s
                   and ended_at + expiry_s * interval '1 second' < %s""",
                (self._tenant, *key, now),
            )
            cursor = await db.execute(
                """insert into mqtt_session (tenant_id, device, client_id, gateway, expiry_s)
                   select tenant_id, device, %s, %s, %s from device where tenant_id = %s and device = %s
                   on conflict (tenant_id, device, client_id)
                   do update set gateway = excluded.gateway, expiry_s = excluded.expiry_s, ended_at = null
                   returning session_id, xmax <> 0, subscriptions, delivered,
                       array(select packet_id from mqtt_receipt r
                             where r.tenant_id = mqtt_session.tenant_id and r.session_id = mqtt_session.session_id)""",
                (key[1], self._gateway, expiry_s, self._tenant, key[0]),
            )
            row = await cursor.fetchone()
        return None if row is None else Found(*row)

    async def _leave(self, session: Session) -> None:
        async def work(db: Connection) -> None:
            if session.line is not None:
                return  # It has come back meanwhile.
            if session.expiry_s:
                await db.execute(
                    "update mqtt_session set ended_at = %s, expiry_s = %s where tenant_id = %s and session_id = %s",
                    (datetime.now(UTC), session.expiry_s, self._tenant, session.session_id),
                )
            else:
                await db.execute(
                    "delete from mqtt_session where tenant_id = %s and session_id = %s",
                    (self._tenant, session.session_id),
                )

        await self._link.do(work)

    async def _run(self, sql: str, params: tuple[Any, ...]) -> None:
        async def work(db: Connection) -> None:
            await db.execute(sql, params)

        await self._link.do(work)

    async def _try(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except psycopg.Error as error:
            log.warning("a session could not be written down", error=str(error))
