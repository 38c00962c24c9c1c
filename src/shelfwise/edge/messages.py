"""A message on its way through the pipeline, and what became of it: rows, or a reason for the quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import structlog

from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.edge.formats import FORMATS
from shelfwise.edge.model import Announcement, Known, Moment, Origin, Partly, Reading, microseconds, of_nobody
from shelfwise.edge.tables import DAY_US, Receipt, Unreadable, copy_row
from shelfwise.edge.waiting import UNCLAIMED

log = structlog.get_logger(__name__)

_LONGEST_REASON = 2000


class Sink(Protocol):
    """Where a message came from and its acknowledgement goes."""

    def acknowledge(self, token: int, outcome: str | None, refused: bool) -> None:
        """The message is dealt with.

        Args:
            outcome: why it waits for a person, or is not kept; None: its readings are stored.
            refused: whether nothing of it was kept.
        """
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
        waits: readings of devices that nobody registered.
        unreadable: what of it goes to quarantine.
        announced: what it says of its device's other topics.
        outcome: what its sink is told; None: all of its readings are stored.
        refused: whether nothing of it was kept, because too much of unknown devices waits already.
        receipt: of few, which are of a class of their own.
    """

    receipt: Receipt | None = None
    __slots__ = (
        "announced", "arrived", "days", "note", "origin", "outcome", "payload", "readings", "refused", "rows", "sink",
        "timeless", "token", "unreadable", "waits", "when",
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
        self.waits: Sequence[Reading] = ()
        self.unreadable: Unreadable | None = None
        self.announced: Announcement | None = None
        self.outcome: str | None = None
        self.refused = False

    def decode(self, tenant: int, known: Known) -> None:
        """Find out what it says; never raises.

        Args:
            known: the tenant's devices.
        """
        if self.note is not None:
            self.refuse(self.note)
            return
        when = self.when
        try:
            readings = _decode(self, when)
            readings = self._of_known(readings, known)
        except Partly as error:
            self._take_apart(tenant, error, known)
        except Invalid as error:
            if says_presence(self.payload):
                self.days = set()
            else:
                self.refuse(str(error))
        except Exception as error:  # whatever a format trips over must not stop the others
            log.exception("a format failed", format=self.origin.format)
            self.refuse(f"The format {self.origin.format} failed: {type(error).__name__}: {error}. Report this.")
        else:
            self._encode(tenant, readings, when)

    def _of_known(self, readings: list[Reading], known: Known) -> list[Reading]:
        """Those of known devices; what nobody's devices said waits."""
        nobody = of_nobody(readings, self.origin, known)
        if not nobody:
            return readings
        self.waits = nobody
        self.outcome = UNCLAIMED
        unknown = {reading.device for reading in nobody}
        return [reading for reading in readings if reading.device not in unknown]

    def refuse(self, reason: str) -> None:
        """Send it to quarantine instead."""
        self.rows, self.readings, self.days, self.timeless, self.waits = b"", 0, set(), False, ()
        self.announced = None
        self.refused = False
        self._set_aside(reason, self.payload)

    def _take_apart(self, tenant: int, partly: Partly, known: Known) -> None:
        """Store what is understood; the rest goes to quarantine."""
        try:
            readings = self._of_known(partly.readings, known)
        except Invalid as error:
            self.refuse(str(error))
        else:
            self._encode(tenant, readings, self.when)
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


_PRESENCE = frozenset((b"online", b"offline", b"connected", b"disconnected"))


def says_presence(payload: bytes) -> bool:
    """Whether a message is of the kind that clients publish when they come, and leave as their will for when they go.

    It holds no reading and is no nonsense either: the door itself knows who is connected.
    """
    word = payload[:32].strip().lower()
    if word[:1] == b"{" and len(payload) <= 32:
        word = word.replace(b" ", b"").removeprefix(b'{"state":"').removesuffix(b'"}')
    return word in _PRESENCE


class Note(Message):
    """What holds no reading, and is acknowledged in its turn: after the commit, in the order in which it came."""

    __slots__ = ("receipt",)

    def __init__(self, sink: Sink, token: int, origin: Origin, arrived: float, receipt: Receipt | None = None) -> None:
        super().__init__(sink, token, origin, b"", arrived)
        self.receipt = receipt

    def decode(self, tenant: int, known: Known) -> None:
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
    if found.announced is not None:
        message.announced = found.announced(message.payload, message.origin)
    return found.decode(message.payload, message.origin, when)
