"""A message on its way through the pipeline, and what became of it: rows, or a reason for the quarantine."""

from __future__ import annotations

from collections.abc import Container
from typing import Protocol

import structlog

from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.edge.formats import FORMATS
from shelfwise.edge.model import Moment, Origin, Partly, Reading, microseconds, of_known_devices
from shelfwise.edge.tables import DAY_US, Receipt, Unreadable, copy_row

log = structlog.get_logger(__name__)

_LONGEST_REASON = 2000


class Sink(Protocol):
    """Where a message came from and its acknowledgement goes."""

    def acknowledge(self, token: int, outcome: str | None) -> None:
        """The message is durable; `outcome` says why it is in quarantine, None: its readings are stored."""
        ...

    def flush(self) -> None:
        """All acknowledgements of a batch have been given."""
        ...


class Message:
    """One message.

    Attributes:
        token: the sink's own mark of it.
        arrived: in seconds of `time.monotonic`.
        when: the instant it came in, set by the pipeline before anything else is done with it.
        note: why it is for the quarantine whatever it holds; None: it is to be decoded.
        rows: its readings as rows of Postgres' COPY, once decoded.
        days: the UTC days of its readings since 2000.
        timeless: whether a reading has an id of its own but no claimed time.
        unreadable: what of it goes to quarantine.
        outcome: what its sink is told.
        receipt: of few, which are of a class of their own.
    """

    receipt: Receipt | None = None
    __slots__ = (
        "arrived", "days", "note", "origin", "outcome", "payload", "readings", "rows", "sink", "timeless", "token",
        "unreadable", "when",
    )  # fmt: skip

    def __init__(
        self, sink: Sink | None, token: int, origin: Origin, payload: bytes, arrived: float, note: str | None = None
    ) -> None:
        self.sink = sink
        self.token = token
        self.origin = origin
        self.payload = payload
        self.arrived = arrived
        self.note = note
        self.when: Moment
        self.rows = b""
        self.readings = 0
        self.days: set[int] | None = None
        self.timeless = False
        self.unreadable: Unreadable | None = None
        self.outcome: str | None = None

    def decode(self, tenant: int, known: Container[str]) -> None:
        """Find out what it says; never raises.

        Args:
            known: the names of the tenant's active devices.
        """
        if self.note is not None:
            self.refuse(self.note)
            return
        when = self.when
        try:
            readings = _decode(self, when)
            of_known_devices(readings, self.origin, known)
        except Partly as error:
            self._take_apart(tenant, error, known)
        except Invalid as error:
            self.refuse(str(error))
        except Exception as error:  # whatever a format trips over must not stop the others
            log.exception("a format failed", format=self.origin.format)
            self.refuse(f"The format {self.origin.format} failed: {type(error).__name__}: {error}. Report this.")
        else:
            self._encode(tenant, readings, when)

    def refuse(self, reason: str) -> None:
        """Send it to quarantine instead."""
        self.rows, self.readings, self.days, self.timeless = b"", 0, set(), False
        self._set_aside(reason, self.payload)

    def _take_apart(self, tenant: int, partly: Partly, known: Container[str]) -> None:
        """Store what is understood; the rest goes to quarantine."""
        try:
            of_known_devices(partly.readings, self.origin, known)
        except Invalid as error:
            self.refuse(str(error))
        else:
            self._encode(tenant, partly.readings, self.when)
            self._set_aside(str(partly), partly.rest)

    def _set_aside(self, reason: str, payload: bytes) -> None:
        reason = "".join(ch if ch.isprintable() else f"\\x{ord(ch):02x}" for ch in reason[:_LONGEST_REASON])
        origin = self.origin
        self.unreadable = Unreadable(
            origin.door, origin.device, origin.topic, origin.format, self.when.received_at, payload, reason
        )
        self.outcome = reason

    def _encode(self, tenant: int, readings: list[Reading], when: Moment) -> None:
        received_us = when.received_us
        rows = []
        days = set()
        for reading in readings:
            if reading.observed_at is when.received_at:
                observed_us = received_us
                if not (reading.detail and "at_least_once" in reading.detail):
                    self.timeless = True
            else:
                observed_us = microseconds(reading.observed_at)
            rows.append(copy_row(tenant, reading, observed_us, received_us))
            days.add(observed_us // DAY_US)
        self.rows = rows[0] if len(rows) == 1 else b"".join(rows)
        self.readings = len(readings)
        self.days = days


class Note(Message):
    """What holds no reading, and is acknowledged in its turn: after the commit, in the order in which it came."""

    __slots__ = ("receipt",)

    def __init__(self, sink: Sink, token: int, origin: Origin, arrived: float, receipt: Receipt | None = None) -> None:
        super().__init__(sink, token, origin, b"", arrived)
        self.receipt = receipt

    def decode(self, tenant: int, known: Container[str]) -> None:
        self.days = set()


def _decode(message: Message, when: Moment) -> list[Reading]:
    found = FORMATS.get(message.origin.format)
    if found is None:
        raise Invalid(
            Fault(
                "topic",
                "shelfwise/<device>/<anything>, <format>/<device>/<anything> or another of those in the guide",
                shorten(message.origin.topic),
                "Publish to one of these topics, or say on the device's page which format it speaks.",
            )
        )
    return found.decode(message.payload, message.origin, when)
