"""What a device can say: kinds of readings, their units and ranges, and the key that lets each one count once."""

from __future__ import annotations

import math
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b as _blake2b
from types import MappingProxyType
from typing import Any
from uuid import UUID

import msgspec

from shelfwise.core.errors import Fault, Invalid, shorten

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_UNIX = datetime(1970, 1, 1, tzinfo=UTC)
OLDEST = timedelta(days=400)
FARTHEST_AHEAD = timedelta(days=1)
LONGEST_TEXT = 512
LONGEST_NAME = 128
# The addresses of pages about all devices, and what no address can hold.
RESERVED_NAMES = (".", "..", "new", "unclaimed", "credentials", "site-keys", "labels", "many", "health", "connections")
# Beyond any weight or time; keeps a hostile integer of a thousand digits out of floating point.
_HUGE = 10**18


@dataclass(frozen=True)
class Unit:
    """A unit a device may send: in the kind's own unit the value is ``(value + shift) * factor``."""

    factor: float = 1.0
    shift: float = 0.0


@dataclass(frozen=True)
class Kind:
    """One kind of reading.

    Attributes:
        unit: what values are stored in; '' for kinds whose content is in `detail`.
        low, high: the smallest and largest value that can be true, in that unit.
        units: every unit that is understood, by the name devices give it.
        measured: whether its readings are one number.
    """

    name: str
    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    units: Mapping[str, Unit] = field(default_factory=lambda: MappingProxyType({}))
    measured: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "measured", bool(self.unit))


_ONE = Unit()
_FAHRENHEIT = Unit(5 / 9, -32.0)
_KELVIN = Unit(1.0, -273.15)

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            Kind(
                "weight", "g", 0.0, math.inf,
                MappingProxyType({
                    "g": _ONE, "kg": Unit(1000.0), "mg": Unit(0.001), "t": Unit(1_000_000.0),
                    "lb": Unit(453.59237), "oz": Unit(28.349523125),
                }),
            ),
            Kind(
                "temperature", "degC", -90.0, 150.0,
                MappingProxyType({
                    "degC": _ONE, "°C": _ONE, "C": _ONE, "K": _KELVIN,
                    "degF": _FAHRENHEIT, "°F": _FAHRENHEIT, "F": _FAHRENHEIT,
                }),
            ),
            Kind(
                "humidity", "%RH", 0.0, 100.0,
                MappingProxyType({"%RH": _ONE, "%": _ONE, "percent": _ONE, "ratio": Unit(100.0)}),
            ),
            Kind(
                "battery", "%", 0.0, 100.0,
                MappingProxyType({"%": _ONE, "percent": _ONE, "ratio": Unit(100.0)}),
            ),
            Kind("tag"),
            Kind("scan"),
            Kind("position"),
        )
    }
)  # fmt: skip


class Reading(msgspec.Struct, frozen=True, gc=False):
    """One thing one device said.

    Attributes:
        key: 16 bytes; together with `observed_at` the same for every copy of one reading.
        value: in the kind's unit; None for kinds whose content is in `detail`.
        detail: tag ``{"epc"}``, scan ``{"code"}``, position ``{"lat", "lon", "speed"}`` (WGS84 degrees, m/s).
        observed_at: when it happened, as the device claims; `received_at` where it does not say.
        received_at: when it reached the door, business time.
    """

    key: bytes
    device: str
    kind: str
    value: float | None
    detail: dict[str, Any] | None
    observed_at: datetime
    received_at: datetime

    @property
    def source_key(self) -> UUID:
        return UUID(bytes=self.key)


class Partly(Invalid):
    """A list of readings of which some cannot be right: those are left aside with the reason, the others count.

    Attributes:
        readings: what is understood.
        rest: a message of the same format that holds only what is not, for a person to correct and replay.
    """

    def __init__(self, readings: list[Reading], rest: bytes, *faults: Fault) -> None:
        super().__init__(*faults)
        self.readings = readings
        self.rest = rest


@dataclass(frozen=True)
class Meaning:
    """What one value on a topic means, as its device announced it.

    Attributes:
        device: whom the value is about; '' where it is about whoever signed in.
        kind: a name of `KINDS`; '' for a value that says nothing about the warehouse.
        unit: as in the kind's `units`, or None: the kind's own.
        path: where the value stands in a JSON message; empty: the message is the value.
        name: tells apart values of one kind.
    """

    device: str
    kind: str
    unit: str | None
    path: tuple[str, ...]
    name: str


@dataclass(frozen=True)
class Announcement:
    """What a device says of its own topics.

    Attributes:
        topic: where it was announced; a later one there takes its place.
        states: topic and meaning of each value; none: it is taken back.
    """

    topic: str
    states: tuple[tuple[str, Meaning], ...]


@dataclass(frozen=True)
class Origin:
    """Where a message came in and who may be speaking in it.

    Attributes:
        door: 'mqtt' or 'http'.
        device: who signed in.
        speaks_for: 'self', 'gateway' for a device that reports for others as well, or 'key:3' for one that signed in
            with the site key of that number: it speaks for itself, and may be nobody's yet.
        subject: the device a message is about when it does not name one.
        topic: the MQTT topic or HTTP path.
        format: a name in `formats.FORMATS`.
        means: what the topic's values mean, where that was announced.
    """

    door: str
    device: str
    speaks_for: str
    subject: str
    topic: str
    format: str
    means: tuple[Meaning, ...] = ()


class Moment(msgspec.Struct, frozen=True):
    """When a message came in, and which claimed times are believable then (business time).

    Attributes:
        received_us: `received_at` as `microseconds` counts.
    """

    received_at: datetime
    earliest: datetime
    latest: datetime
    received_us: int


def moment(received_at: datetime) -> Moment:
    return Moment(received_at, received_at - OLDEST, received_at + FARTHEST_AHEAD, microseconds(received_at))


def microseconds(instant: datetime) -> int:
    """Microseconds since 2000, as Postgres counts."""
    since = instant - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def speaker(origin: Origin, named: str | None) -> str:
    """The device a reading belongs to, if whoever signed in may speak for it; whether it is known is asked later.

    Raises:
        Invalid: another device's name or topic without the right to speak for it.
    """
    device = origin.subject if named is None else named
    if origin.speaks_for == "gateway" or device == origin.device == origin.subject:
        return device
    raise Invalid(
        Fault(
            "device" if device != origin.device else "topic", f"{origin.device!r}, the device that signed in",
            shorten(device if device != origin.device else origin.subject),
            "Let each device sign in for itself, or register the sender as a gateway.",
        )
    )  # fmt: skip


def fault_of_name(device: str) -> Fault | None:
    """Why this can be no device's name; None where it can."""
    if (
        0 < len(device) <= LONGEST_NAME
        and device.isprintable()
        and not set(device) & set("/+#: ")
        and device not in RESERVED_NAMES
    ):
        return None
    return Fault(
        "device",
        f"1 to {LONGEST_NAME} printable characters without / + # : and spaces, and none of {', '.join(RESERVED_NAMES)}",
        shorten(device),
        "Choose a name such as scale-7.",
    )


@dataclass(frozen=True)
class Known:
    """The devices as a door knows them.

    Attributes:
        active: those that may speak or be spoken for.
        reach: of each gateway that does not speak for all: the devices it speaks for.
    """

    active: frozenset[str] = frozenset()
    reach: Mapping[str, frozenset[str]] = field(default_factory=dict)


_NOBODY: Sequence[Reading] = ()


def of_nobody(readings: Sequence[Reading], origin: Origin, known: Known) -> Sequence[Reading]:
    """Those readings whose device nobody registered, as far as the door knows: they wait until somebody claims it.

    Raises:
        Invalid: of a device that this gateway does not speak for, or that nobody can register by that name.
    """
    if origin.speaks_for == "self":  # then `speaker` has found that all are its own
        return _NOBODY
    reach = known.reach.get(origin.device)
    found = []
    for reading in readings:
        device = reading.device
        if device in known.active:
            if reach is not None and device not in reach and device != origin.device:
                raise Invalid(
                    Fault(
                        "device", f"a device that {origin.device!r} speaks for", shorten(device),
                        "Say on the gateway's page for which devices it speaks, then replay this.",
                    )
                )  # fmt: skip
        elif device != origin.device or origin.speaks_for != "gateway":
            if fault := fault_of_name(device):
                raise Invalid(fault)
            found.append(reading)
    return found


def measure(kind: Kind, value: object, unit: str | None, where: str) -> float:
    """A measured value in the kind's own unit.

    Raises:
        Invalid: not a finite number, an unknown unit, or outside what can be true.
    """
    if value.__class__ is float:
        number: float = value
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) < _HUGE:
        number = float(value)
    else:
        raise Invalid(
            Fault(where, f"a number in {kind.unit}", shorten(value), "Send a number; leave out what is not known.")
        )
    if unit is not None and unit != kind.unit:
        known = kind.units.get(unit)
        if known is None:
            raise Invalid(
                Fault("unit", "one of " + ", ".join(kind.units), shorten(unit), f"Send {kind.name} in {kind.unit}.")
            )
        number = round((number + known.shift) * known.factor, 9)
    if not kind.low <= number <= kind.high or number >= _HUGE:
        high = "" if math.isinf(kind.high) else f" to {kind.high:g}"
        raise Invalid(
            Fault(
                where, f"{kind.name} from {kind.low:g}{high} {kind.unit}", f"{number:g} {kind.unit}",
                "Check or calibrate the sensor; leave out what is not known.",
            )
        )  # fmt: skip
    return number


def text(value: object, where: str, longest: int = LONGEST_TEXT) -> str:
    """A text that can be stored and shown: not empty, not too long, without control characters except GS1's separator.

    Raises:
        Invalid: it is none.
    """
    if (
        isinstance(value, str)
        and 0 < len(value) <= longest
        and (value.isprintable() or value.replace("\x1d", "x").isprintable())
    ):
        return value
    raise Invalid(
        Fault(where, f"1 to {longest} printable characters", shorten(value), "Send the text as the label shows it.")
    )


def believable(at: datetime | float | None, when: Moment, where: str = "at") -> datetime:
    """The instant a device claims, in UTC; when it claims none, the instant its message came in.

    Args:
        at: an aware datetime, or seconds or milliseconds since 1970.

    Raises:
        Invalid: more than `OLDEST` ago or more than `FARTHEST_AHEAD` in the future.
    """
    if at is None:
        return when.received_at
    if isinstance(at, datetime):
        if when.earliest <= at <= when.latest:
            return at if at.tzinfo is UTC else at.astimezone(UTC)
        got = str(at)
    else:
        at = min(max(at, -_HUGE), _HUGE)
        seconds = at / 1000 if abs(at) >= 1e11 else at
        if when.earliest.timestamp() <= seconds <= when.latest.timestamp():
            return datetime.fromtimestamp(seconds, UTC)
        got = f"{at:.17g}"
    raise Invalid(
        Fault(
            where, f"a time from {when.earliest:%Y-%m-%d %H:%M} to {when.latest:%Y-%m-%d %H:%M} UTC", got,
            "Set the device's clock; or leave the time out, so that the time of arrival counts.",
        )
    )  # fmt: skip


def key_by_id(device: str, channel: str, own_id: str | int, claimed: datetime | None) -> bytes:
    """The source key of a reading that carries its device's own id.

    Where a time is claimed the key begins with it, so that keys of one time lie side by side in the index.
    """
    if claimed is None:
        return _blake2b(f"{device}\0{channel}\0#{own_id}".encode(), digest_size=16).digest()
    return _time_prefix(claimed) + _blake2b(f"{device}\0{channel}\0#{own_id}".encode(), digest_size=10).digest()


def key_by_content(device: str, channel: str, claimed: datetime, content: object) -> bytes:
    """The source key of a reading without an id but with a claimed time: the same words at the same time are one."""
    words = f"{device}\0{channel}\0{claimed}\0{content}".encode()
    return _time_prefix(claimed) + _blake2b(words, digest_size=10).digest()


def _time_prefix(claimed: datetime) -> bytes:
    since = claimed - _UNIX
    return (since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000).to_bytes(6, "big")


def key_by_chance() -> bytes:
    """The source key of a reading with neither id nor time. Sent twice, it is stored twice: at least once."""
    return secrets.token_bytes(16)
