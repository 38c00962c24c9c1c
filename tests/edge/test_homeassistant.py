"""Home Assistant's discovery: what is announced, what its states then mean, and which templates are refused."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shelfwise.core.errors import Invalid
from shelfwise.edge import announced
from shelfwise.edge.formats import homeassistant, origin_of_topic
from shelfwise.edge.model import Announcement, Meaning, Origin, Reading, moment
from tests.conftest import NOON
from tests.edge.conftest import SECRET, Start
from tests.edge.packets import BareClient, publish

NOW = moment(NOON)
CONFIG = "homeassistant/sensor/cold-1/temperature/config"
STATES = "zigbee2mqtt/cold-1"
SENSOR = {"device_class": "temperature", "state_topic": STATES, "value_template": "{{ value_json.temperature }}"}


def told(message: object, topic: str = CONFIG, sender: str = "z2m", speaks_for: str = "gateway") -> Announcement:
    payload = message if isinstance(message, bytes) else json.dumps(message).encode()
    found = homeassistant.announced(payload, origin_of_topic(topic, sender, speaks_for))
    assert found is not None
    return found


def state(message: object, *announcements: Announcement, sender: str = "z2m", speaks: str = "gateway") -> list[Reading]:
    known = {one.topic: one for one in announcements}
    origin = Origin("mqtt", sender, speaks, sender, STATES, "homeassistant", announced.by_topic(known)[STATES])
    payload = message if isinstance(message, bytes) else json.dumps(message).encode()
    return homeassistant.decode(payload, origin, NOW)


@pytest.mark.parametrize(
    ("message", "meaning"),
    [
        (SENSOR, Meaning("cold-1", "temperature", None, ("temperature",), "temperature")),
        ({"dev_cla": "humidity", "stat_t": STATES, "unit_of_meas": "%", "val_tpl": "{{ value_json.hum }}"},
         Meaning("cold-1", "humidity", "%", ("hum",), "temperature")),
        ({"~": "zigbee2mqtt", "dev_cla": "battery", "stat_t": "~/cold-1", "unit_of_meas": "%"},
         Meaning("cold-1", "battery", "%", (), "temperature")),
        ({"stat_t": STATES, "unit_of_meas": "kg"}, Meaning("cold-1", "weight", "kg", (), "temperature")),
        (SENSOR | {"device_class": "linkquality"}, Meaning("cold-1", "", None, (), "temperature")),
    ],
)  # fmt: skip
def test_an_announcement_says_what_a_topic_means(message: dict[str, Any], meaning: Meaning) -> None:
    assert told(message).states == ((STATES, meaning),)


@pytest.mark.parametrize(
    ("topic", "message", "sender", "speaks_for", "device"),
    [
        (CONFIG, SENSOR, "z2m", "gateway", "cold-1"),
        (CONFIG, SENSOR, "cold-1", "self", ""),
        ("homeassistant/sensor/x/config", SENSOR | {"dev": {"ids": ["cold-9", "y"]}}, "z2m", "gateway", "cold-9"),
        ("homeassistant/sensor/x/config", SENSOR | {"device": {"identifiers": "cold-9"}}, "z2m", "gateway", "cold-9"),
        ("homeassistant/sensor/x/config", SENSOR, "z2m", "gateway", "x"),
    ],
)
def test_a_gateway_announces_for_others_and_a_device_for_itself(
    topic: str, message: dict[str, Any], sender: str, speaks_for: str, device: str
) -> None:
    ((_, meaning),) = told(message, topic, sender, speaks_for).states
    assert meaning.device == device


def test_one_announcement_may_hold_a_whole_device() -> None:
    parts = {
        "t": {"p": "sensor", "dev_cla": "temperature", "unit_of_meas": "°C", "val_tpl": "{{ value_json.t }}"},
        "h": {"platform": "sensor", "device_class": "humidity", "value_template": "{{ value_json['h'] }}"},
        "led": {"p": "light", "cmd_t": "x/set"},
    }
    whole = {"dev": {"ids": ["a"]}, "o": {"name": "x"}, "stat_t": STATES, "avty_t": "x/availability", "cmps": parts}
    found = told(whole, "homeassistant/device/cold-1/config")
    assert [(topic, one.kind) for topic, one in found.states if one.kind] == [
        (STATES, "temperature"), (STATES, "humidity")
    ]  # fmt: skip
    assert ("x/availability", "") in [(topic, one.kind) for topic, one in found.states]
    readings = state({"t": 4.5, "h": 40}, found)
    assert [(one.device, one.kind, one.value) for one in readings] == [
        ("cold-1", "temperature", 4.5), ("cold-1", "humidity", 40.0)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("template", "path"),
    [
        (None, ()),
        ("{{ value }}", ()),
        ("{{value|float}}", ()),
        ("{{ value_json.temperature }}", ("temperature",)),
        ("{{ value_json.a.b.c | float(0) | round(1) }}", ("a", "b", "c")),
        ("{{ value_json['ENERGY']['Power'] }}", ("ENERGY", "Power")),
        ('{{ value_json["a"].b | is_defined }}', ("a", "b")),
        ("{{- value_json.t | default('x') -}}", ("t",)),
    ],
)
def test_plain_templates_are_understood(template: str | None, path: tuple[str, ...]) -> None:
    ((_, meaning),) = told(SENSOR | {"value_template": template}).states
    assert meaning.path == path


@pytest.mark.parametrize(
    "template",
    [
        "{{ value_json.t / 10 }}", "{{ value_json.t * 1.8 + 32 }}", "{% if value_json.t %}1{% endif %}",
        "{{ value_json }}", "{{ value.t }}", "{{ value_json.t | multiply(10) }}", "{{ states('sensor.x') }}", "", "21",
        "{{ value_json.__class__.__mro__[1] }}", "{{ value_json.t if value_json.t else 0 }}", "{{" * 5000, 7,
        "{{ value_json" + ".a" * 200 + " }}",
    ],
)  # fmt: skip
def test_other_templates_are_refused_and_never_run(template: object) -> None:
    with pytest.raises(Invalid, match=r"value_template: expected {{ value }} or {{ value_json.name }}"):
        told(SENSOR | {"value_template": template})


@pytest.mark.parametrize(
    ("message", "values"),
    [
        ({"temperature": -18.5, "linkquality": 90}, [-18.5]),
        ({"temperature": "21.5"}, [21.5]),
        ({"temperature": 0}, [0.0]),
        ({"temperature": None}, []),
        ({"temperature": "unavailable"}, []),
        ({"temperature": ""}, []),
        ({"temperature": {"x": 1}}, []),
        ({"linkquality": 90}, []),
        (b"unavailable", []),
        (b"online", []),
        (b"", []),
    ],
)
def test_unknown_is_not_zero(message: object, values: list[float]) -> None:
    assert [one.value for one in state(message, told(SENSOR))] == values


def test_a_state_may_be_the_value_itself_in_the_unit_that_was_announced() -> None:
    plain = told({"dev_cla": "temperature", "stat_t": STATES, "unit_of_meas": "°F"})
    assert [one.value for one in state(b"14.0", plain)] == [-10.0]
    assert state(b"unknown", plain) == []


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (b"warm", "expected JSON"),
        (b"\xff", "expected JSON"),
        ([], "expected an object, got a list"),
        ({"temperature": "warm"}, "temperature: expected a number in degC, got 'warm'"),
        ({"temperature": True}, "temperature: expected a number in degC"),
        ({"temperature": 900}, "temperature: expected temperature from -90 to 150 degC"),
        ({"temperature": 4, "last_seen": "1970-01-01T00:00:00Z"}, "last_seen: expected a time from"),
    ],
)
def test_a_state_that_cannot_be_right_is_refused_in_words(message: object, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        state(message, told(SENSOR))
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (b"hello", "expected JSON"),
        (SENSOR | {"state_topic": 7}, "state_topic: expected 1 to 512 printable characters"),
        (SENSOR | {"unit_of_measurement": "stone"}, "unit_of_measurement: expected one of degC"),
        (
            {"cmps": {str(number): SENSOR | {"p": "sensor"} for number in range(201)}},
            "components: expected at most 200",
        ),
    ],
)
def test_an_announcement_that_cannot_be_right_is_refused_in_words(message: object, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        told(message)
    assert words in str(refused.value)


def test_a_state_with_a_time_counts_once_and_one_without_says_so() -> None:
    seen = {"temperature": 4, "last_seen": (NOON - timedelta(minutes=1)).isoformat()}
    first, again = state(seen, told(SENSOR))[0], state(seen, told(SENSOR))[0]
    assert first.key == again.key
    assert first.observed_at == NOON - timedelta(minutes=1)
    bare, other = state({"temperature": 4}, told(SENSOR))[0], state({"temperature": 4}, told(SENSOR))[0]
    assert bare.key != other.key
    assert bare.detail == {"field": "temperature", "at_least_once": True}


def test_a_device_announces_so_much_and_no_more() -> None:
    known: dict[str, Announcement] = {}
    one = told(SENSOR)
    for number in range(announced.MOST_ANNOUNCED):
        announced.learn(known, replace(one, topic=f"homeassistant/sensor/{number}/config"))
    announced.learn(known, replace(one, topic="homeassistant/sensor/7/config"))
    with pytest.raises(Invalid, match="announcements: expected at most 2000 states of one device, got 2001"):
        announced.learn(known, one)
    announced.learn(known, Announcement("homeassistant/sensor/7/config", ()))
    announced.learn(known, one)
    assert len(known) == announced.MOST_ANNOUNCED


def test_states_are_understood_from_their_announcement_on_and_after_a_restart(start: Start) -> None:
    topic, plain = "homeassistant/sensor/probe/t/config", {"dev_cla": "temperature", "stat_t": "room/t"}
    with start() as running, BareClient(running.mqtt_port).sign_in("probe-1", SECRET) as bare:
        bare.send(publish("room/t", b"1", 1))
        assert bare.acknowledged(1) == [1]
        bare.send(publish(topic, json.dumps(plain).encode(), 2) + publish("room/t", b"4.5", 3))
        assert bare.acknowledged(2) == [2, 3]
        assert running.sql("select payload from quarantine") == [(b"1",)]
    with start() as running, BareClient(running.mqtt_port).sign_in("probe-1", SECRET) as bare:
        bare.send(publish("room/t", b"5.5", 4))
        assert bare.acknowledged(1) == [4]
        assert running.sql("select device, kind, value from reading order by value") == [
            ("probe-1", "temperature", 4.5), ("probe-1", "temperature", 5.5)
        ]  # fmt: skip
        bare.send(publish(topic, b"", 5))
        assert bare.acknowledged(1) == [5]
        assert running.sql("select count(*) from announced") == [(0,)]
