"""The formats of devices: one small file each, and the table that says which topic or path carries which."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from shelfwise.edge.formats import chirpstack, generic
from shelfwise.edge.model import Moment, Origin, Reading

Decode = Callable[[bytes, Origin, Moment], list[Reading]]


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes:
        name: filed with every message that goes to quarantine, so that it can be replayed.
        decode: bytes, where they came in and when -> readings, all or none; an empty list for messages that by their
            nature carry none. Raises Invalid.
        example: a message that is understood, for the documentation and the tests.
    """

    name: str
    decode: Decode
    example: bytes


UNKNOWN = "unknown"

FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "generic": Format("generic", generic.decode, generic.EXAMPLE),
        "chirpstack": Format("chirpstack", chirpstack.decode, chirpstack.EXAMPLE),
    }
)


def origin_of_topic(topic: str, device: str, speaks_for: str) -> Origin:
    """What an MQTT topic says about a message: its format, and the device it is about."""
    parts = topic.split("/")
    if len(parts) >= 3 and parts[0] == "shelfwise":
        return Origin("mqtt", device, speaks_for, parts[1], topic, "generic")
    if len(parts) == 6 and (parts[0], parts[2], parts[4]) == ("application", "device", "event"):
        return Origin("mqtt", device, speaks_for, parts[3].lower(), topic, "chirpstack")
    return Origin("mqtt", device, speaks_for, device, topic, UNKNOWN)
