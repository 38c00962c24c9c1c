"""The formats of devices: one small file each, and the table that says which topic or path carries which."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from shelfwise.edge.formats import (
    chirpstack,
    epcis,
    generic,
    homeassistant,
    impinj,
    llrp,
    osmand,
    traccar,
    zebra,
    zebra_handheld,
)
from shelfwise.edge.model import Announcement, Moment, Origin, Reading

Decode = Callable[[bytes, Origin, Moment], list[Reading]]


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes:
        name: filed with every message that goes to quarantine, so that it can be replayed. Also the last part of its
            HTTP path and the first of its topics.
        label: what a person calls the devices that speak it.
        decode: bytes, where they came in and when -> readings; an empty list for messages that by their nature carry
            none. Raises Invalid where nothing of a message can be right, and Partly where only some can.
        example: a message that is understood, for the documentation and the tests.
        announced: what a message says of its device's other topics, where the format has such; raises Invalid.
    """

    name: str
    label: str
    decode: Decode
    example: bytes
    announced: Callable[[bytes, Origin], Announcement | None] | None = None


UNKNOWN = "unknown"
# What topics carry that a device announced.
ANNOUNCED = "homeassistant"

FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        form.name: form
        for form in (
            Format("generic", "Anything that sends our own JSON", generic.decode, generic.EXAMPLE),
            Format("llrp", "Readers that we call by LLRP", llrp.decode, llrp.EXAMPLE),
            Format("chirpstack", "LoRaWAN, by ChirpStack", chirpstack.decode, chirpstack.EXAMPLE),
            Format("impinj", "Impinj readers", impinj.decode, impinj.EXAMPLE),
            Format("zebra", "Zebra fixed readers", zebra.decode, zebra.EXAMPLE),
            Format("zebra-handheld", "Zebra handheld readers", zebra_handheld.decode, zebra_handheld.EXAMPLE),
            Format("osmand", "Trackers and phones, by OsmAnd or Traccar Client", osmand.decode, osmand.EXAMPLE),
            Format("traccar", "A Traccar server", traccar.decode, traccar.EXAMPLE),
            Format(
                "homeassistant",
                "Zigbee2MQTT, ESPHome and others that Home Assistant discovers",
                homeassistant.decode,
                homeassistant.EXAMPLE,
                homeassistant.announced,
            ),
            Format("epcis", "A partner's EPCIS 2.0", epcis.decode, epcis.EXAMPLE),
        )
    }
)

# Where a topic stands for a format and says which device a message is about; `+` is any one part, `#` one or more.
# Besides these, every format has topics of its own: its name, the device, and anything.
TOPICS: tuple[tuple[str, str, int], ...] = (
    ("shelfwise/+/#", "generic", 1),
    ("application/+/device/+/event/+", "chirpstack", 3),
    ("+/DATA/clients/data1event/+", "zebra-handheld", 4),
    ("homeassistant/+/+/config", "homeassistant", 2),
    ("homeassistant/+/+/+/config", "homeassistant", 2),
)


def origin_of_topic(topic: str, device: str, speaks_for: str, fixed: str | None = None) -> Origin:
    """What an MQTT topic says about a message: its format, and the device it is about.

    Args:
        device: who signed in.
        fixed: what that device speaks wherever it publishes, where it was registered so.
    """
    form, subject = _of_topic(topic.split("/"))
    if fixed is not None and form != fixed:
        form, subject = fixed, None
    if form == "chirpstack" and subject is not None:
        subject = subject.lower()
    return Origin("mqtt", device, speaks_for, device if subject is None else subject, topic, form)


def _of_topic(parts: list[str]) -> tuple[str, str | None]:
    for pattern, form, position in TOPICS:
        if _fits(parts, pattern.split("/")):
            return form, parts[position]
    if len(parts) >= 3 and parts[0] in FORMATS:
        return parts[0], parts[1]
    return UNKNOWN, None


def _fits(parts: list[str], pattern: list[str]) -> bool:
    if pattern[-1] == "#":
        return len(parts) >= len(pattern) and _fits(parts[: len(pattern) - 1], pattern[:-1])
    return len(parts) == len(pattern) and all(
        wanted in ("+", part) for part, wanted in zip(parts, pattern, strict=True)
    )
