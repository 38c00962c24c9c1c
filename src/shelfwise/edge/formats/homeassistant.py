"""Home Assistant's MQTT discovery: Zigbee2MQTT, ESPHome, Tasmota, Shelly and others announce what their topics mean.

A device publishes an announcement to ``homeassistant/<component>/<node>/<object>/config`` (or without the node), and
from then on its states to the topic named in it. Sensors of temperature, humidity, battery and weight are understood;
what else is announced says nothing about the warehouse and is passed over. Abbreviated names are understood. Of
templates only the plain ones are, and none is ever run: ``{{ value }}``, ``{{ value_json.a.b }}``,
``{{ value_json['a'] }}``, with filters such as ``| float | round(1)``, which are ignored; another one is refused. Who
signs in as a gateway reports for the devices it announces, each under its node; any other device for itself. A state
such as ``unavailable`` is no reading. States have no id and mostly no time (``last_seen``, where Zigbee2MQTT is told to
add it): they are stored as often as they come.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import msgspec

from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.edge.formats import tags
from shelfwise.edge.formats.wording import decoded
from shelfwise.edge.model import (
    KINDS,
    LONGEST_NAME,
    Announcement,
    Meaning,
    Moment,
    Origin,
    Reading,
    key_by_chance,
    key_by_content,
    measure,
    speaker,
    text,
)

EXAMPLE = (
    b'{"name": "Temperature", "dev_cla": "temperature", "stat_t": "zigbee2mqtt/cold-1", "unit_of_meas": "\xc2\xb0C", '
    b'"val_tpl": "{{ value_json.temperature | float | round(1) }}", "uniq_id": "0x00158d0001a2b3c4_temperature", '
    b'"dev": {"ids": ["zigbee2mqtt_0x00158d0001a2b3c4"], "name": "cold-1"}}'
)

TABLE: Mapping[str, str] = MappingProxyType(
    {
        "device_class (dev_cla)": "`temperature`, `humidity`, `battery` or `weight`; others carry no readings",
        "state_topic (stat_t)": "where the states come",
        "unit_of_measurement (unit_of_meas)": "one of the kind's units; without one, the kind's own",
        "value_template (val_tpl)": "where the value stands in a state; without one, the state is the value",
        "device (dev), identifiers (ids)": "the device, where the topic names no node and a gateway announces",
        "components (cmps)": "several of these in one announcement, each with its `platform` (`p`)",
        "~": "what a topic may begin or end with instead of repeating it",
    }
)

MOST_STATES = 200
_LONGEST_PATH = 8

_LONG = MappingProxyType(
    {
        "dev_cla": "device_class", "stat_t": "state_topic", "unit_of_meas": "unit_of_measurement",
        "val_tpl": "value_template", "dev": "device", "ids": "identifiers", "cmps": "components", "p": "platform",
        "avty_t": "availability_topic", "json_attr_t": "json_attributes_topic",
    }
)  # fmt: skip
_CLASSES = frozenset({"temperature", "humidity", "battery", "weight"})
# Of sensors that name no class; a percentage alone could be anything.
_BY_UNIT = MappingProxyType(
    {"°C": "temperature", "°F": "temperature", "K": "temperature", "g": "weight", "kg": "weight", "lb": "weight"}
)
_UNKNOWN_STATES = frozenset({"", "unavailable", "unknown", "none", "null", "nan", "online", "offline"})

_TEMPLATE = re.compile(
    r"\{\{-?\s*(?P<what>value|value_json)(?P<path>(?:\.\w+|\[\s*(?:'[^']*'|\"[^\"]*\")\s*\])*)"
    r"(?P<filters>(?:\s*\|\s*\w+\s*(?:\([^(){}|]*\))?)*)\s*-?\}\}"
)
_STEP = re.compile(r"\.(\w+)|\[\s*(?:'([^']*)'|\"([^\"]*)\")\s*\]")
_FILTER = re.compile(r"\|\s*(\w+)")
# They change how a value looks, or what it is when it is missing; here it is then unknown.
_HARMLESS = frozenset({"float", "int", "round", "is_defined", "default", "string", "trim"})

_decode_object = msgspec.json.Decoder(dict[str, Any]).decode


def decode(payload: bytes, origin: Origin, when: Moment) -> list[Reading]:
    """
    Raises:
        Invalid: a state cannot be right; nothing of it counts.
    """
    if _is_announcement(origin.topic) or not any(meaning.kind for meaning in origin.means):
        return []
    state = _state(payload, origin)
    at = _last_seen(state, when)
    readings = []
    for meaning in origin.means:
        told = _at(state, meaning.path)
        if meaning.kind and told is not None:
            readings.append(_reading(meaning, told, origin, at, when))
    return readings


def announced(payload: bytes, origin: Origin) -> Announcement | None:
    """What a message on an announcement's topic says; None for any other. Without states: it is taken back.

    Raises:
        Invalid: it cannot be understood, and would bring readings if it were.
    """
    if not _is_announcement(origin.topic):
        return None
    if not payload.strip():
        return Announcement(origin.topic, ())
    told = _in_full(decoded(_decode_object, payload))
    parts = origin.topic.split("/")
    component, name = parts[1], text(parts[-2], "topic", LONGEST_NAME)
    device = _device(told, parts) if origin.speaks_for == "gateway" else ""
    entities = told.get("components")
    if isinstance(entities, dict):
        several = [(key, told | _in_full(one)) for key, one in entities.items() if isinstance(one, dict)]
    else:
        several = [(name, told | {"platform": component})]
    states = [state for key, one in several for state in _states(key, one, device)]
    if len(states) > MOST_STATES:
        raise Invalid(Fault("components", f"at most {MOST_STATES}", str(len(states)), "Announce them one by one."))
    return Announcement(origin.topic, tuple(states))


def _is_announcement(topic: str) -> bool:
    parts = topic.split("/")
    return len(parts) in (4, 5) and parts[0] == "homeassistant" and parts[-1] == "config"


def _in_full(told: Mapping[str, Any]) -> dict[str, Any]:
    """With the long names, and with what `~` stands for put into the topics."""
    full = {_LONG.get(name, name): value for name, value in told.items()}
    base = full.pop("~", None)
    if isinstance(base, str):
        for name, value in full.items():
            if name.endswith("_topic") and isinstance(value, str):
                value = base + value[1:] if value.startswith("~") else value
                full[name] = value[:-1] + base if value.endswith("~") else value
    return full


def _device(told: Mapping[str, Any], parts: list[str]) -> str:
    if len(parts) == 4 and parts[1] != "device":
        about = told.get("device")
        found = _in_full(about).get("identifiers") if isinstance(about, dict) else None
        first = found[0] if isinstance(found, list) and found else found
        if isinstance(first, str) and first:
            return text(first, "device, identifiers", LONGEST_NAME)
    return text(parts[2], "topic", LONGEST_NAME)


def _states(name: str, told: Mapping[str, Any], device: str) -> Iterator[tuple[str, Meaning]]:
    for other in ("availability_topic", "json_attributes_topic"):
        if isinstance(told.get(other), str):
            yield text(told[other], other), Meaning(device, "", None, (), name)
    topic = told.get("state_topic")
    if topic is None:
        return
    topic = text(topic, "state_topic")
    unit, of_class = told.get("unit_of_measurement"), told.get("device_class")
    if unit is not None:
        unit = text(unit, "unit_of_measurement", LONGEST_NAME)
    kind = text(of_class, "device_class", LONGEST_NAME) if of_class else _BY_UNIT.get(unit or "", "")
    if told.get("platform") != "sensor" or kind not in _CLASSES:
        yield topic, Meaning(device, "", None, (), name)
        return
    if unit is not None and unit not in KINDS[kind].units:
        raise Invalid(
            Fault("unit_of_measurement", "one of " + ", ".join(KINDS[kind].units), shorten(unit), "Change the unit.")
        )
    path = _path(told.get("value_template"))
    yield topic, Meaning(device, kind, unit, path, text(name, "object", LONGEST_NAME))


def _path(template: object) -> tuple[str, ...]:
    """Where a template takes the value from.

    Raises:
        Invalid: it does more than that.
    """
    if template is None:
        return ()
    found = _TEMPLATE.fullmatch(template.strip()) if isinstance(template, str) and len(template) <= 500 else None
    steps = [] if found is None else ["".join(step) for step in _STEP.findall(found["path"])]
    if (
        found is None
        or not set(_FILTER.findall(found["filters"])) <= _HARMLESS
        or (found["what"] == "value_json") != bool(steps)
        or len(steps) > _LONGEST_PATH
    ):
        raise Invalid(
            Fault("value_template", "{{ value }} or {{ value_json.name }}, with float or round at most",
                  shorten(template), "Have the device send the value itself, in the unit it is announced in.")
        )  # fmt: skip
    return tuple(steps)


def _state(payload: bytes, origin: Origin) -> Any:
    if any(meaning.path for meaning in origin.means):
        if payload.strip().decode("utf-8", "replace").lower() in _UNKNOWN_STATES:
            return {}
        return decoded(_decode_object, payload)
    try:
        return payload.decode().strip()
    except UnicodeDecodeError as error:
        raise Invalid(Fault("the state", "a number", shorten(repr(payload[:40])), "Send UTF-8.")) from error


def _at(state: Any, path: tuple[str, ...]) -> Any:
    """The value there; None: it is not known."""
    for step in path:
        state = state.get(step) if isinstance(state, dict) else None
    if isinstance(state, dict | list) or (isinstance(state, str) and state.strip().lower() in _UNKNOWN_STATES):
        return None
    return state


def _last_seen(state: Any, when: Moment) -> datetime | None:
    told = state.get("last_seen") if isinstance(state, dict) else None
    usable = isinstance(told, str | int | float) and not isinstance(told, bool)
    return tags.instant(told, when, "last_seen") if usable else None


def _reading(meaning: Meaning, told: object, origin: Origin, at: datetime | None, when: Moment) -> Reading:
    device = speaker(origin, meaning.device or None)
    where = ".".join(meaning.path) or "the state"
    value = measure(KINDS[meaning.kind], _number(told), meaning.unit, where)
    detail: dict[str, Any] = {"field": meaning.name}
    if at is None:
        detail["at_least_once"] = True
        return Reading(key_by_chance(), device, meaning.kind, value, detail, when.received_at, when.received_at)
    key = key_by_content(device, f"{meaning.kind}.{meaning.name}", at, value)
    return Reading(key, device, meaning.kind, value, detail, at, when.received_at)


def _number(told: object) -> object:
    """States are text; what is no number is left for `measure` to refuse."""
    if isinstance(told, str) and len(told) <= 40 and told.isascii():
        try:
            number = float(told)
        except ValueError:
            return told
        return number if math.isfinite(number) else told
    return told
