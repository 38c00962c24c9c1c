"""What devices said that nobody registered: it waits, within bounds, in the transaction of the batch it came with.

A door's picture of the devices is a moment old, and somebody may be registering one right now. So nobody is believed to
be unknown before the table of devices was asked, under a lock that registering takes too: what was said is found by the
one who registers, or is a reading from the start.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from shelfwise.edge.model import Moment, Origin, Reading
from shelfwise.edge.tables import Receipt, Unreadable, put_in_quarantine, store_readings
from shelfwise.store import events
from shelfwise.store.database import Tx, notify, rows, run, values

# Any constant will do, as long as every version of Shelfwise uses the same.
_LOCK = 1_703_991_254
_TOLD_AGAIN = timedelta(hours=1)
# What a reading takes beside its detail, roughly.
_ROW_BYTES = 120

UNCLAIMED = "Nobody has registered this device yet. What it said is kept until somebody claims it."
IGNORED = "This device is ignored: somebody said so on the page of unclaimed devices. Nothing of it is kept."
_SHUT_OUT = (
    "device: expected a registered device that is let in, got {!r}, which is shut out or retired. Let it in again, "
    "then replay this."
)


@dataclass(frozen=True)
class Quota:
    """How much may wait behind one gateway or site key.

    Attributes:
        devices: that nobody claimed or decided to ignore.
        readings: of each of them.
        bytes: of all of their readings, about.
    """

    devices: int = 200
    readings: int = 1_000
    bytes: int = 8 * 1024 * 1024


DEFAULT = Quota()


class Waiting(Protocol):
    """A message of which something waits; `keep` says in it what became of that.

    Attributes:
        readings: how many of its readings are stored already.
        refused: nothing of it was kept, because too much waits.
    """

    origin: Origin
    payload: bytes
    when: Moment
    readings: int
    waits: Sequence[Reading]
    unreadable: Unreadable | None
    receipt: Receipt | None
    outcome: str | None
    refused: bool


@dataclass
class _Heard:
    """A device that nobody registered, as its row will be."""

    device: str
    behind: str
    state: str
    last_at: datetime
    kinds: list[str]
    kept: int
    bytes: int
    passed_over: int


@dataclass
class _Room:
    """How much waits behind a gateway or a site key, and how much may."""

    quota: Quota
    devices: int = 0
    bytes: int = 0
    refused: int = 0
    reason: str = ""

    def refuse(self, reason: str) -> str:
        """Keep a reading nowhere."""
        self.refused += 1
        self.reason = reason
        return reason


def lock(tx: Tx, tenant: int) -> None:
    """Until the transaction ends nobody registers a device, and nothing is kept of one that is not."""
    run(tx, "select pg_advisory_xact_lock(%s, %s)", (_LOCK, tenant))


def keep(tx: Tx, tenant: int, messages: Sequence[Waiting]) -> bool:
    """Store what nobody's devices said, as far as it may wait; True if some of them turned out to be registered."""
    lock(tx, tenant)
    names = sorted({reading.device for message in messages for reading in message.waits})
    registered: dict[str, bool] = dict(
        values(tx, "select device, active from device where tenant_id = %s and device = any(%s)", (tenant, names))
    )
    work = _Work(tx, tenant, messages, names)
    ready: list[Reading] = []
    shut_out: list[Unreadable] = []
    for message in messages:
        outcomes: set[str | None] = set()
        for reading in message.waits:
            active = registered.get(reading.device)
            if active is None:
                outcomes.add(work.keep(reading, message.origin))
            elif active:
                ready.append(reading)
                outcomes.add(None)
            else:
                outcomes.add(_SHUT_OUT.format(reading.device))
        gone = next((one for one in outcomes if one and one.startswith("device:")), None)
        if gone is not None:
            shut_out.append(_unreadable(message, gone))
        message.refused = gone is None and _kept_nothing(message, outcomes)
        if message.unreadable is None:
            message.outcome = gone or min(filter(None, outcomes), key=UNCLAIMED.__eq__, default=None)
    work.write()
    if ready:
        store_readings(tx, tenant, ready)
    if shut_out:
        put_in_quarantine(tx, tenant, shut_out)
        notify(tx, "live", "quarantine")
    return bool(ready)


def take_out(tx: Tx, tenant: int, device: str) -> tuple[int, str | None]:
    """What waited of a device becomes readings, in the order it came; forget the device.

    Returns:
        How many readings were new, and behind whom it was heard; None where it was not.
    """
    found = values(tx, "select behind from unclaimed_device where tenant_id = %s and device = %s", (tenant, device))
    if not found:
        return 0, None
    waited = [
        Reading(key.bytes, device, kind, number, detail, observed_at, received_at)
        for key, kind, number, detail, observed_at, received_at in values(
            tx,
            """select source_key, kind, value, detail, observed_at, received_at from unclaimed_reading
               where tenant_id = %s and device = %s order by received_at, seq""",
            (tenant, device),
        )
    ]
    new = store_readings(tx, tenant, waited)
    run(tx, "delete from unclaimed_device where tenant_id = %s and device = %s", (tenant, device))
    return new, str(found[0][0])


class _Work:
    """The rows of one batch, before they are written."""

    def __init__(self, tx: Tx, tenant: int, messages: Sequence[Waiting], names: list[str]) -> None:
        self._tx = tx
        self._tenant = tenant
        self._heard = {
            one.device: one
            for one in rows(
                tx,
                _Heard,
                """select device, behind, state, last_at, kinds, kept, bytes, passed_over from unclaimed_device
                   where tenant_id = %s and device = any(%s)""",
                (tenant, names),
            )
        }
        behind = {_behind(message.origin) for message in messages} | {one.behind for one in self._heard.values()}
        self._rooms = _rooms(tx, tenant, sorted(behind))
        self._now = max(message.when.received_at for message in messages)
        self._there = self._keys(names, messages)
        self._rows: list[tuple[object, ...]] = []

    def keep(self, reading: Reading, origin: Origin) -> str:
        """Take a reading in if there is room; what to tell its sender."""
        heard = self._heard.get(reading.device)
        if heard is None:
            behind = _behind(origin)
            room = self._rooms[behind]
            if room.devices >= room.quota.devices:
                return room.refuse(
                    f"{room.quota.devices} unknown devices wait behind {_named(behind)} already, and no more may. "
                    f"Claim or ignore them first; what {reading.device!r} says is not kept."
                )
            room.devices += 1
            heard = _Heard(reading.device, behind, "waiting", self._now, [], 0, 0, 0)
            self._heard[reading.device] = heard
        heard.last_at = max(heard.last_at, reading.received_at)
        if heard.state == "ignored":
            heard.passed_over += 1
            return IGNORED
        key = _identity(reading.device, reading.source_key.bytes, reading.observed_at, reading.received_at)
        if key in self._there:
            return UNCLAIMED
        detail = None if reading.detail is None else msgspec.json.encode(reading.detail).decode()
        size = _ROW_BYTES + len(reading.device) + len(detail or "")
        room = self._rooms[heard.behind]
        if heard.kept >= room.quota.readings or room.bytes + size > room.quota.bytes:
            heard.passed_over += 1
            return room.refuse(
                f"{heard.kept} readings of {heard.device!r} wait to be claimed, and no more may wait behind "
                f"{_named(heard.behind)}. Claim or ignore it; what it says more is not kept."
            )
        heard.kept += 1
        heard.bytes += size
        room.bytes += size
        if reading.kind not in heard.kinds:
            heard.kinds.append(reading.kind)
        self._there.add(key)
        self._rows.append((
            self._tenant, reading.device, reading.source_key, reading.observed_at, reading.received_at, reading.kind,
            reading.value, detail,
        ))  # fmt: skip
        return UNCLAIMED

    def write(self) -> None:
        with self._tx.cursor() as cursor:
            cursor.executemany(
                """insert into unclaimed_device as u
                       (tenant_id, device, behind, state, first_at, last_at, kinds, kept, bytes, passed_over)
                   values (%(tenant)s, %(device)s, %(behind)s, %(state)s, %(now)s, %(last_at)s, %(kinds)s, %(kept)s,
                           %(bytes)s, %(passed_over)s)
                   on conflict (tenant_id, device) do update
                   set last_at = excluded.last_at, kinds = excluded.kinds, kept = excluded.kept,
                       bytes = excluded.bytes, passed_over = excluded.passed_over""",
                [{"tenant": self._tenant, "now": self._now, **vars(one)} for one in self._heard.values()],
            )
            cursor.executemany(
                """insert into unclaimed_reading
                       (tenant_id, device, source_key, observed_at, received_at, kind, value, detail)
                   values (%s, %s, %s, %s, %s, %s, %s, %s)""",
                self._rows,
            )
        for behind, room in self._rooms.items():
            if room.refused:
                _tell_refused(self._tx, self._tenant, behind, room, self._now)
        notify(self._tx, "live", "unclaimed")

    def _keys(self, names: list[str], messages: Sequence[Waiting]) -> set[tuple[object, ...]]:
        """What waits already of what came now, so that a copy is kept once and takes no room."""
        keys = [reading.source_key for message in messages for reading in message.waits]
        return {
            _identity(device, key.bytes, observed_at, received_at)
            for device, key, observed_at, received_at in values(
                self._tx,
                """select device, source_key, observed_at, received_at from unclaimed_reading
                   where tenant_id = %s and device = any(%s) and source_key = any(%s)""",
                (self._tenant, names, keys),
            )
        }


def _kept_nothing(message: Waiting, outcomes: set[str | None]) -> bool:
    """Whether too much waits for anything of a message to be kept. What is ignored is not meant to be."""
    stored = message.readings or message.unreadable is not None
    return not stored and outcomes.isdisjoint((None, UNCLAIMED)) and outcomes != {IGNORED}


def _identity(device: str, key: bytes, observed_at: datetime, received_at: datetime) -> tuple[object, ...]:
    """What two copies of one reading have in common; without a claimed time the key alone tells."""
    return device, key, None if observed_at == received_at else observed_at


def _behind(origin: Origin) -> str:
    return origin.device if origin.speaks_for == "gateway" else origin.speaks_for


def _named(behind: str) -> str:
    return f"site key {behind.removeprefix('key:')}" if behind.startswith("key:") else repr(behind)


def _unreadable(message: Waiting, reason: str) -> Unreadable:
    origin = message.origin
    return Unreadable(
        origin.door, origin.device, origin.topic, origin.format, message.when.received_at, message.payload, reason
    )


def _rooms(tx: Tx, tenant: int, behind: Sequence[str]) -> Mapping[str, _Room]:
    rooms = {one: _Room(DEFAULT) for one in behind}
    for gateway, *quota in values(
        tx,
        """select gateway, most_devices, most_readings, most_bytes from gateway_scope
           where tenant_id = %s and gateway = any(%s)""",
        (tenant, list(behind)),
    ):
        rooms[gateway].quota = Quota(*quota)
    for one, devices, size in values(
        tx,
        """select behind, count(*) filter (where state = 'waiting'), sum(bytes)::bigint from unclaimed_device
           where tenant_id = %s and behind = any(%s) group by behind""",
        (tenant, list(behind)),
    ):
        rooms[one].devices, rooms[one].bytes = devices, size
    return rooms


def _tell_refused(tx: Tx, tenant: int, behind: str, room: _Room, now: datetime) -> None:
    """Count what was kept nowhere, and tell people of it, not of each one."""
    told: Iterable[tuple[object, ...]] = values(
        tx,
        """insert into unclaimed_refusal as r (tenant_id, behind, readings, first_at, last_at, told_at, reason)
           values (%(tenant)s, %(behind)s, %(refused)s, %(now)s, %(now)s, %(now)s, %(reason)s)
           on conflict (tenant_id, behind) do update
           set readings = r.readings + excluded.readings, last_at = excluded.last_at, reason = excluded.reason,
               told_at = case when r.told_at < %(now)s::timestamptz - %(again)s then %(now)s else r.told_at end
           returning told_at = %(now)s, readings""",
        {
            "tenant": tenant, "behind": behind, "refused": room.refused, "now": now, "reason": room.reason,
            "again": _TOLD_AGAIN,
        },
    )  # fmt: skip
    for anew, readings in told:
        if anew:
            events.publish(
                tx, tenant, "devices.refused", f"behind:{behind}",
                {"behind": behind, "readings": readings, "reason": room.reason}, now, now,
            )  # fmt: skip
