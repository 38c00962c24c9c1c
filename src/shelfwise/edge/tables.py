"""The SQL of readings, their daily partitions and the quarantine."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from shelfwise.edge.deviation import EXACT, Deviation
from shelfwise.edge.model import EPOCH, Reading
from shelfwise.store.database import Tx, notify, run, values
from shelfwise.store.events import Stream


@dataclass(frozen=True)
class StoredReading:
    """A reading as consumers get it; see `model.Reading` for its fields.

    Attributes:
        value: as the device said it.
        correction: what the device's clock is behind by, where that is known; the claimed time stays as it is.
        deviation: by how much the device is off, where that is known.
    """

    tx: int
    seq: int
    device: str
    kind: str
    value: float | None
    detail: dict[str, Any] | None
    observed_at: datetime
    received_at: datetime
    correction: timedelta = timedelta(0)
    deviation: Deviation = EXACT

    @property
    def counts_as(self) -> float | None:
        """The value that counts: what the device said, without what it is known to be off by."""
        return None if self.value is None else self.deviation.truth(self.value)

    @property
    def counts_from(self) -> datetime:
        """When it happened, as far as that can be: a clock that runs ahead would put all that follows behind it."""
        return min(self.observed_at + self.correction, self.received_at)


READINGS = Stream(
    "reading",
    StoredReading,
    """select tx::text::bigint as tx, seq, device, kind, value, detail, observed_at, received_at from reading""",
    "seq",
    "reading",
    "received_at",
    without_aside=True,
)

# Any constants will do, as long as every version of Shelfwise uses the same.
_PARTITION_LOCK = 7_305_437_222

DAY_US = 86_400_000_000

COPY_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
COPY_TRAILER = b"\xff\xff"

_COLUMNS = "tenant_id, source_key, observed_at, received_at, device, kind, value, detail"
# Refused as a whole when one of its readings is stored already, or is in it twice.
COPY_NEW = f"copy reading ({_COLUMNS}) from stdin (format binary)"
# Through a table of its own, readings that are stored already are passed over. It takes twice as long.
CREATE_INCOMING = """create temp table if not exists incoming (
    tenant_id int, source_key uuid, observed_at timestamptz, received_at timestamptz, device text, kind text,
    value double precision, detail jsonb) on commit delete rows"""
COPY_INCOMING = f"copy incoming ({_COLUMNS}) from stdin (format binary)"
STORE_INCOMING = f"""insert into reading ({_COLUMNS}) select {_COLUMNS} from incoming on conflict do nothing"""
# Without a claimed time (observed_at is received_at) the table's key cannot tell a copy that came later; a look among
# the others of the batch and two days back can.
STORE_INCOMING_TIMELESS = f"""
    insert into reading ({_COLUMNS})
    select {_COLUMNS}
    from (select distinct on (source_key, nullif(observed_at, received_at)) * from incoming
          order by source_key, nullif(observed_at, received_at), received_at) i
    where observed_at <> received_at or not exists (
        select from reading r where r.tenant_id = i.tenant_id and r.source_key = i.source_key
            and r.observed_at > i.observed_at - interval '2 days' and r.observed_at <= i.observed_at)
    on conflict do nothing"""

# The same rule for one reading at a time.
_STORE_ONE = """
    insert into reading (tenant_id, source_key, observed_at, received_at, device, kind, value, detail)
    select %(tenant)s, %(key)s, %(observed)s, %(received)s, %(device)s, %(kind)s, %(value)s, %(detail)s
    where %(timed)s or not exists (
        select from reading r where r.tenant_id = %(tenant)s and r.source_key = %(key)s
            and r.observed_at > %(observed)s::timestamptz - interval '2 days' and r.observed_at <= %(observed)s)
    on conflict do nothing"""

_HEAD = struct.Struct("!hiii16siqiq").pack
_LENGTH = struct.Struct("!i").pack
_VALUE = struct.Struct("!id").pack
_NULL = b"\xff\xff\xff\xff"
_json = msgspec.json.Encoder().encode


def copy_row(tenant: int, reading: Reading, observed_us: int, received_us: int) -> bytes:
    """A reading as one row of Postgres' binary COPY format, in the column order of `COPY_NEW` and `COPY_INCOMING`.

    The times are the reading's own, as `microseconds` counts; the caller has them at hand.
    """
    return b"".join(
        (
            _HEAD(8, 4, tenant, 16, reading.key, 8, observed_us, 8, received_us),
            _sized(reading.device),
            _sized(reading.kind),
            _NULL if reading.value is None else _VALUE(8, reading.value),
            _NULL if reading.detail is None else _jsonb(reading.detail),
        )
    )


@lru_cache(maxsize=16_384)
def _sized(text: str) -> bytes:
    raw = text.encode()
    return _LENGTH(len(raw)) + raw


def _jsonb(detail: dict[str, Any]) -> bytes:
    body = _json(detail)
    return _LENGTH(len(body) + 1) + b"\x01" + body


def day_number(instant: datetime) -> int:
    """UTC days since 2000."""
    return (instant - EPOCH).days


def ensure_partitions(tx: Tx, days: Iterable[int]) -> None:
    """Make the daily partitions of `reading` that are missing; `days` as `day_number` counts them.

    A partition is made beside the table and then attached, so that neither readers nor other writers wait.
    """
    wanted = [date(2000, 1, 1) + timedelta(days=day) for day in sorted(days)]
    run(tx, "select pg_advisory_xact_lock(%s)", (_PARTITION_LOCK,))
    present = {
        name
        for (name,) in values(
            tx,
            """select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
               where i.inhparent = 'reading'::regclass""",
        )
    }
    for day in wanted:
        name = f"reading_{day:%Y%m%d}"
        if name not in present:
            run(tx, f"create table {name} (like reading including defaults)")
            run(
                tx,
                f"""alter table reading attach partition {name}
                    for values from ('{day} 00:00+00') to ('{day + timedelta(days=1)} 00:00+00')""",
            )


def store_readings(tx: Tx, tenant: int, readings: Sequence[Reading]) -> int:
    """Store readings that came in another way than through the pipeline, in this order; returns how many were new."""
    if not readings:
        return 0
    ensure_partitions(tx, {day_number(reading.observed_at) for reading in readings})
    with tx.cursor() as cursor:
        cursor.executemany(
            _STORE_ONE,
            [
                {
                    "tenant": tenant, "key": reading.source_key, "observed": reading.observed_at,
                    "received": reading.received_at, "device": reading.device, "kind": reading.kind,
                    "value": reading.value, "detail": None if reading.detail is None else Jsonb(reading.detail),
                    "timed": reading.observed_at != reading.received_at,
                }
                for reading in readings
            ],
        )  # fmt: skip
        new = cursor.rowcount
    if new:
        notify(tx, "reading")
    return new


@dataclass(frozen=True)
class Unreadable:
    """A message that could not be understood, on its way to quarantine. `seen`: how many copies of it came."""

    door: str
    device: str
    topic: str
    format: str
    received_at: datetime
    payload: bytes
    reason: str
    seen: int = 1

    @property
    def fingerprint(self) -> bytes:
        parts = (self.device.encode(), self.topic.encode(), self.reason.encode(), self.payload)
        return sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).digest()


def put_in_quarantine(tx: Tx, tenant: int, messages: Sequence[Unreadable]) -> None:
    """Keep messages; copies of one that already waits are counted there."""
    counted: dict[bytes, tuple[Unreadable, int]] = {}
    for message in messages:
        _, seen = counted.get(message.fingerprint, (message, 0))
        counted[message.fingerprint] = (message, seen + message.seen)
    with tx.cursor() as cursor:
        cursor.executemany(
            """insert into quarantine as q
                   (tenant_id, door, device, topic, format, received_at, payload, reason, fingerprint, seen)
               values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
               on conflict (tenant_id, fingerprint) where state = 'waiting'
               do update set seen = q.seen + excluded.seen""",
            [
                (
                    tenant, m.door, m.device, m.topic, m.format, m.received_at, m.payload, m.reason, fingerprint, seen,
                )
                for fingerprint, (m, seen) in sorted(counted.items())
            ],
        )  # fmt: skip


@dataclass(frozen=True)
class Receipt:
    """What a session of QoS 2 keeps in the transaction of a message: that it was received, or released again."""

    session_id: int
    packet_id: int
    released: bool


def keep_receipts(tx: Tx, tenant: int, receipts: Iterable[Receipt]) -> None:
    """Keep or give back receipts of QoS 2; those of a session that is gone are nobody's."""
    # In order, as one packet identifier may be given back and used anew within a batch; the last of each counts.
    last = {(one.session_id, one.packet_id): one.released for one in receipts}
    kept = [key for key, released in last.items() if not released]
    released = [key for key, released in last.items() if released]
    if kept:
        run(
            tx,
            """insert into mqtt_receipt (tenant_id, session_id, packet_id)
               select s.tenant_id, s.session_id, r.packet_id
               from unnest(%s::bigint[], %s::int[]) r (session_id, packet_id)
               join mqtt_session s on s.tenant_id = %s and s.session_id = r.session_id
               for key share of s
               on conflict do nothing""",
            ([session for session, _ in kept], [packet for _, packet in kept], tenant),
        )
    if released:
        run(
            tx,
            """delete from mqtt_receipt m using unnest(%s::bigint[], %s::int[]) r (session_id, packet_id)
               where m.tenant_id = %s and m.session_id = r.session_id and m.packet_id = r.packet_id""",
            ([session for session, _ in released], [packet for _, packet in released], tenant),
        )
