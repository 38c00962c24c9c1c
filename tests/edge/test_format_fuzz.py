"""No message makes a format fail in a way that nobody foresaw, and whatever it makes of one can be stored."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shelfwise.core.errors import Invalid
from shelfwise.edge.formats import FORMATS, Format, origin_of_topic
from shelfwise.edge.messages import Message
from shelfwise.edge.model import KINDS, Known, Meaning, Origin, Partly, Reading, fault_of_name, moment
from shelfwise.edge.tables import copy_row
from tests.conftest import NOON

NOW = moment(NOON)
MEANS = (Meaning("", "temperature", "°C", ("temperature",), "t"), Meaning("a", "battery", "%", ("a", "b"), "b"))
# What breaks programs, in place of any value of a message.
WILD: list[Any] = [
    None, True, -1, 0, 2**31, 2**63, 2**64, 10**30, -(10**400), 1e308, -0.0, "", "x", "\0", "a\0b", "\ud800", "\x1d",
    "9" * 5000, "1e999", "NaN", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "2026-03-02T12:00:00Z", [], {},
    [[]], {"": {}}, [None] * 2000, {"a": {"b": 4}}, "urn:epc:id:sgtin:0614141.812345.%00", "https://id.gs1.org/01/",
    "{{ value_json.a }}", "homeassistant",
]  # fmt: skip
RAW = [
    b"", b" ", b"\0", b"\xff\xfe", b"\xef\xbb\xbf{}", b"{", b"[" * 5000, b'{"data":' * 3000, b"null", b"7", b'"x"',
    b"[null]", b"[{}]", b"{}\n{}", b"{}\n\0", b"NaN", b'{"a":Infinity}', b"id=1&lat=1e400", b"&=&=" * 200, b"lat=%00",
    b"id=%ff&lat=1&lon=1", b"\n" * 1000, b'{"timestamp":"\\ud800"}', b"1" * 100_000,
]  # fmt: skip


def origins(form: Format) -> Iterator[Origin]:
    yield Origin("http", "gate-1", "gateway", "gate-1", f"/v1/{form.name}/up", form.name)
    yield Origin("mqtt", "scale-7", "self", "scale-7", f"{form.name}/scale-7/x", form.name)
    if form.name == "chirpstack":
        yield origin_of_topic("application/1/device/0101010101010101/event/up", "gate-1", "gateway")
    if form.announced is not None:
        yield origin_of_topic("homeassistant/sensor/a/b/config", "gate-1", "gateway")
        yield Origin("mqtt", "gate-1", "gateway", "gate-1", "a/b", form.name, MEANS)


def storable(reading: Reading) -> None:
    """Whether Postgres would take it; its text holds neither a zero byte nor half a character."""
    kind = KINDS[reading.kind]
    assert len(reading.key) == 16
    assert reading.observed_at.tzinfo is not None
    assert (reading.value is None) != kind.measured
    assert reading.value is None or (math.isfinite(reading.value) and kind.low <= reading.value <= kind.high)
    row = copy_row(1, reading, 0, 0)
    assert b"\\u0000" not in row
    for told in (reading.device, *texts(reading.detail)):
        assert "\0" not in told
        told.encode()


def texts(told: object) -> Iterator[str]:
    if isinstance(told, str):
        yield told
    elif isinstance(told, dict):
        for name, value in told.items():
            yield name
            yield from texts(value)
    elif isinstance(told, float):
        assert math.isfinite(told)


def survives(form: Format, payload: bytes) -> None:
    for origin in origins(form):
        try:
            readings = form.decode(payload, origin, NOW)
        except Partly as partly:
            readings = partly.readings
            with pytest.raises(Invalid):
                form.decode(partly.rest, origin, NOW)
        except Invalid as refused:
            assert refused.faults
            continue
        for reading in readings:
            # A name that no device can have is found out when somebody asks whose it is.
            if fault_of_name(reading.device) is None:
                storable(reading)
        message = Message(None, 0, origin, payload, 0.0)
        message.when = NOW
        message.decode(1, Known(frozenset({"gate-1", "scale-7"})))
        if message.unreadable is not None:
            assert "\0" not in message.unreadable.reason
            assert "Report this" not in message.unreadable.reason
            message.unreadable.reason.encode()


def mutated(message: Any, chance: random.Random) -> Any:
    """The same with one value somewhere in it taken out, doubled or replaced."""
    if isinstance(message, dict) and message and chance.random() < 0.9:
        name = chance.choice(list(message))
        if chance.random() < 0.1:
            return {key: value for key, value in message.items() if key != name}
        return message | {name: mutated(message[name], chance)}
    if isinstance(message, list) and message and chance.random() < 0.9:
        place = chance.randrange(len(message))
        return [*message[:place], mutated(message[place], chance), *message[place + chance.randrange(2) :]]
    return chance.choice(WILD)


@pytest.mark.parametrize("form", FORMATS.values(), ids=lambda form: form.name)
def test_an_example_in_which_anything_is_changed_is_understood_or_refused(form: Format) -> None:
    chance = random.Random(form.name)
    example = json.loads(form.example)
    for _ in range(400):
        message = mutated(example, chance)
        for _ in range(chance.randrange(3)):
            message = mutated(message, chance)
        survives(form, json.dumps(message).encode())


@pytest.mark.parametrize("form", FORMATS.values(), ids=lambda form: form.name)
def test_an_example_that_was_cut_or_hit_on_the_way_is_understood_or_refused(form: Format) -> None:
    chance = random.Random(form.name)
    for _ in range(200):
        hit = bytearray(form.example)
        for _ in range(chance.randint(1, 3)):
            hit[chance.randrange(len(hit))] = chance.randrange(256)
        survives(form, bytes(hit[: chance.randrange(1, len(hit) + 1)] if chance.random() < 0.5 else hit))


@pytest.mark.parametrize("raw", RAW, ids=lambda raw: repr(raw[:16]))
@pytest.mark.parametrize("form", FORMATS.values(), ids=lambda form: form.name)
def test_what_is_hardly_a_message_is_refused(form: Format, raw: bytes) -> None:
    survives(form, raw)


_json = st.recursive(
    st.sampled_from(WILD[:20]) | st.text(max_size=20) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("form", FORMATS.values(), ids=lambda form: form.name)
@given(st.data())
@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
def test_other_json_under_the_names_of_a_format_is_understood_or_refused(form: Format, data: st.DataObject) -> None:
    names = list(dict.fromkeys(names_in(json.loads(form.example))))
    message = data.draw(st.dictionaries(st.sampled_from(names), _json | st.dictionaries(st.sampled_from(names), _json)))
    survives(form, json.dumps(message).encode())


def names_in(message: Any) -> Iterator[str]:
    if isinstance(message, dict):
        for name, value in message.items():
            yield name
            yield from names_in(value)
    elif isinstance(message, list):
        for one in message:
            yield from names_in(one)
