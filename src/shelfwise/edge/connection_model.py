"""Connections that we open to hear of devices: to readers that wait for a call, to brokers that were there before."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.edge.formats import ANNOUNCED, UNKNOWN, origin_of_topic
from shelfwise.edge.formats.wording import place
from shelfwise.edge.model import Origin

LLRP_PORT = 5084
MQTT_PORT = 1883
MQTT_TLS_PORT = 8883
LONGEST_HOST = 253
LONGEST_FILTER = 512
MOST_TOPICS = 50

Kind = Literal["llrp", "mqtt"]
KINDS: dict[str, str] = {"llrp": "RFID reader", "mqtt": "MQTT broker"}

_Session = Annotated[int, msgspec.Meta(ge=0, le=3)]
_Antenna = Annotated[int, msgspec.Meta(ge=1, le=255)]


class ReaderPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a reader reads.

    Attributes:
        antennas: which ones; none named: all of them.
        power_dbm: None: as much as the reader is set to.
        session: of EPC Gen2. 0: a tag answers again at once; 1: after about a second; 2 and 3: after longer.
        population: about how many tags stand before it; a guess by which it sets its rounds.
        window_s: reads of one tag at one antenna within so long are one reading.
        read_s, rest_s: read for so long, then rest for so long; 0: without a rest.
    """

    antennas: Annotated[tuple[_Antenna, ...], msgspec.Meta(max_length=64)] = ()
    power_dbm: Annotated[float, msgspec.Meta(ge=0, le=36)] | None = None
    session: _Session = 1
    population: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 32
    window_s: Annotated[float, msgspec.Meta(ge=0.1, le=300)] = 1.0
    read_s: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 0.0
    rest_s: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 0.0


class TopicRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which topics are listened to, and what they carry.

    Attributes:
        filter: with + for any one level and # for all that follow.
        format: a name in `formats.FORMATS`; empty: as the topic tells, which suits what our own door takes as well.
        device_level: which level of the topic names the device, from 1; 0: the message does, or it is the bridge.
    """

    filter: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_FILTER)]
    format: str = ""
    device_level: Annotated[int, msgspec.Meta(ge=0, le=32)] = 0


class BrokerPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to listen to a broker.

    Attributes:
        topics: the first rule that fits a topic counts.
        tls: whether the connection is encrypted.
        authority: the certificate of the authority that vouches for the broker, PEM; empty: those the machine trusts.
        user: empty: none. The password and a client's certificate lie apart.
        client: what we are called there, and the slot; made up where it is left empty, so that no two are the same.
        in_flight: how many messages may wait for our commit before the broker pauses (MQTT 5).
    """

    topics: Annotated[tuple[TopicRule, ...], msgspec.Meta(min_length=1, max_length=MOST_TOPICS)]
    tls: bool = False
    authority: Annotated[str, msgspec.Meta(max_length=65_536)] = ""
    user: Annotated[str, msgspec.Meta(max_length=512)] = ""
    client: Annotated[str, msgspec.Meta(max_length=64, pattern="^[A-Za-z0-9_-]*$")] = ""
    in_flight: Annotated[int, msgspec.Meta(ge=1, le=20_000)] = 2_000


@dataclass(frozen=True)
class Connection:
    """One connection as it was set up.

    Attributes:
        device: whoever speaks through it speaks as this device.
        settings: a `ReaderPlan` or a `BrokerPlan` as JSON.
        slots: how many gateways may hold it at once.
    """

    connection_id: int
    device: str
    kind: Kind
    host: str
    port: int
    settings: dict[str, Any]
    slots: int
    active: bool


@dataclass(frozen=True)
class Secrets:
    """What a broker wants to see at sign-in."""

    password: str | None = None
    certificate: str | None = None
    private_key: str | None = None


@dataclass(frozen=True)
class Held:
    """How one slot of a connection fares.

    Attributes:
        held_by: the gateway; None: nobody holds it.
        since: of `state`, wall time; so are `trouble_at` and `heard_at`.
        trouble: what went wrong last.
        facts: what the other side said of itself.
    """

    slot: int
    held_by: str | None
    state: str
    since: datetime | None
    trouble: str | None
    trouble_at: datetime | None
    per_second: float | None
    heard_at: datetime | None
    facts: dict[str, Any]


Plan = TypeVar("Plan", ReaderPlan, BrokerPlan)


def plan_of(kind: type[Plan], settings: object) -> Plan:
    """
    Raises:
        Invalid: settings that cannot be right, the first that is found.
    """
    try:
        return msgspec.convert(settings, kind)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at `")
        raise Invalid(
            Fault(place(path.rstrip("`")), "what the field describes", problem, "Correct it; nothing was saved.")
        ) from error


def check_topics(plan: BrokerPlan, formats: Container[str]) -> None:
    """
    Raises:
        Invalid: filters that no broker takes, or formats that nobody reads.
    """
    faults = []
    for number, rule in enumerate(plan.topics, 1):
        levels = rule.filter.split("/")
        wrong = any("#" in level and (level != "#" or at < len(levels) - 1) for at, level in enumerate(levels))
        wrong = wrong or any("+" in level and level != "+" for level in levels) or not rule.filter.isprintable()
        if wrong or levels[0].startswith("$share"):
            faults.append(
                Fault(
                    f"topic {number}", "a topic filter such as sensors/+/temperature or shelfwise/#",
                    shorten(rule.filter), "+ and # stand alone between slashes, and # comes last.",
                )
            )  # fmt: skip
        if rule.format and rule.format not in formats:
            faults.append(Fault(f"topic {number}", "a format of the list", shorten(rule.format), "Choose one."))
        if rule.device_level > len(levels) and levels[-1] != "#":
            faults.append(
                Fault(
                    f"topic {number}", f"a level from 1 to {len(levels)}", str(rule.device_level),
                    "Count the parts between the slashes; 0 where the message itself names the device.",
                )
            )  # fmt: skip
    if faults:
        raise Invalid(*faults)


def check_address(host: str, port: int) -> None:
    """
    Raises:
        Invalid: no name or address of a machine, or no port. Whether we may call it is asked when we do.
    """
    bare = host.replace(".", "").replace("-", "").replace("_", "").replace(":", "")
    if not 0 < len(host) <= LONGEST_HOST or not bare.isascii() or not bare.isalnum() or host.startswith("-"):
        raise Invalid(
            Fault("address", "a name or an address such as 192.168.1.20", shorten(host), "Leave out mqtt:// and ports.")
        )
    if not 0 < port < 65_536:
        raise Invalid(Fault("port", "1 to 65535", str(port), f"Readers: {LLRP_PORT}; brokers: {MQTT_PORT}."))


def matches(topic_filter: str, topic: str) -> bool:
    """Whether a topic falls under a filter, as MQTT (4.7) has it: wildcards do not take topics that begin with $."""
    wanted, levels = topic_filter.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in ("+", "#"):
        return False
    for at, level in enumerate(wanted):
        if level == "#":
            return True
        if at >= len(levels) or level not in ("+", levels[at]):
            return False
    return len(wanted) == len(levels)


def origin_by(plan: BrokerPlan, topic: str, device: str, format_of: Callable[[str], str | None]) -> Origin:
    """What is known of a message that came over a bridge: the bridge speaks for others, like any gateway.

    What it carries is said by the rule; else by whoever registered the device that the topic names; else by the topic.

    Args:
        format_of: what a device speaks wherever it publishes, where it was registered so.
    """
    for rule in plan.topics:
        if matches(rule.filter, topic):
            break
    else:
        return Origin("bridge", device, "gateway", device, topic, UNKNOWN)
    told = origin_of_topic(topic, device, "gateway")
    levels = topic.split("/")
    subject = levels[rule.device_level - 1] if 0 < rule.device_level <= len(levels) else ""
    if rule.format:
        return Origin("bridge", device, "gateway", subject or device, topic, rule.format)
    subject = subject or told.subject
    return Origin("bridge", device, "gateway", subject, topic, format_of(subject) or told.format)


def may_announce(topic_filter: str) -> bool:
    """Whether Home Assistant's announcements can come by a filter; of these also what a broker kept is wanted."""
    return topic_filter.split("/")[0] in (ANNOUNCED, "+", "#")
