"""Bridges to brokers that were there before us: acknowledged to them after our commit, each message once."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfwise.access.context import Office
from shelfwise.core.errors import Invalid, Refused
from shelfwise.edge import keeper
from shelfwise.edge.bridge import look_at_broker
from shelfwise.edge.connection_model import BrokerPlan, Secrets, TopicRule, check_topics, matches, origin_by, plan_of
from shelfwise.edge.devices import set_format
from shelfwise.edge.formats import FORMATS
from shelfwise.edge.model import Origin
from tests.conftest import NOON
from tests.edge.brokers import Publisher, connect, connected, free_port, mosquitto, nats, process, state, trouble
from tests.edge.conftest import MANAGER, Running, Start
from tests.waiting import until

COUNT = 400


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "_RENEW_S", 0.05)
    monkeypatch.setattr(keeper, "_FIRST_PAUSE_S", 0.05)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with nats(tmp_path_factory.mktemp("nats")) as port:
        yield port


def payloads(start: int = 0, count: int = COUNT) -> list[bytes]:
    return [
        json.dumps(
            {"kind": "weight", "value": n, "id": f"r-{n}", "at": (NOON - timedelta(seconds=n)).isoformat()}
        ).encode()
        for n in range(start, start + count)
    ]


def stored(running: Running) -> list[float]:
    return [value for (value,) in running.sql("select value from reading where device = 'scale-7' order by value")]


def test_what_comes_over_a_bridge_is_stored_as_its_devices_readings(running: Running, broker: int) -> None:
    connection_id = connect(
        running.office, broker, {"filter": "shelfwise/#"},
        {"filter": "plant/+/weights/#", "format": "generic", "device_level": 2}, device="broker-a",
    )  # fmt: skip
    connected(running.office, connection_id)
    assert state(running.office, connection_id).held[0].facts["said"] == "MQTT 3.1.1 broker"
    publisher = Publisher(broker)
    publisher.publish("shelfwise/scale-7/weight", *payloads(0, 10))
    publisher.publish("plant/scale-7/weights/left", *payloads(10, 10))
    publisher.publish("shelfwise/scale-7/weight", b"\x00 not JSON")
    until(lambda: len(stored(running)) == 20)
    until(lambda: running.sql("select door, device, topic from quarantine where reason not like 'device%'"))
    assert running.sql("select door, device, topic from quarantine") == [
        ("bridge", "broker-a", "shelfwise/scale-7/weight")
    ]
    publisher.close()


def test_what_home_assistant_is_told_is_understood_over_a_bridge_also_when_it_was_told_before(
    running: Running, broker: int
) -> None:
    config = {"dev_cla": "temperature", "stat_t": "z2m/probe-1", "val_tpl": "{{ value_json.t }}"}
    publisher = Publisher(broker)
    publisher.publish("homeassistant/sensor/probe-1/t/config", json.dumps(config).encode(), retain=True)
    publisher.publish("z2m/probe-1", b'{"t": 1}', retain=True)
    connection_id = connect(
        running.office, broker, {"filter": "homeassistant/#"}, {"filter": "z2m/+"}, device="broker-e"
    )
    connected(running.office, connection_id)
    until(lambda: running.sql("select device, topic from announced"))
    publisher.publish("z2m/probe-1", b'{"t": 2}')
    until(lambda: running.sql("select device, kind, value from reading") == [("probe-1", "temperature", 2.0)])
    config["val_tpl"] = "{{ value_json.u }}"
    publisher.publish("homeassistant/sensor/probe-1/t/config", json.dumps(config).encode())
    publisher.publish("z2m/probe-1", b'{"u": 3}')
    until(lambda: running.sql("select value from reading order by value") == [(2.0,), (3.0,)])
    publisher.publish("homeassistant/sensor/probe-1/t/config", b"", retain=True)
    until(lambda: running.sql("select count(*) from announced") == [(0,)])
    publisher.close()


def test_a_look_tells_which_topics_nobody_could_read(running: Running, broker: int) -> None:
    config = {"dev_cla": "temperature", "stat_t": "look/known"}
    publisher = Publisher(broker)
    publisher.publish("homeassistant/sensor/look/t/config", json.dumps(config).encode(), retain=True)
    connection_id = connect(
        running.office, broker, {"filter": "homeassistant/sensor/look/#"}, {"filter": "look/+"}, device="broker-g"
    )
    stopped = threading.Event()

    def speak() -> None:
        while not stopped.wait(0.02):
            publisher.publish("look/known", b"1")
            publisher.publish("look/odd", b"1")

    speaking = threading.Thread(target=speak)
    speaking.start()
    found = asyncio.run(look_at_broker(state(running.office, connection_id).connection, Secrets(), "127.0.0.1", 0.4))
    stopped.set()
    speaking.join()
    assert found.topics == {"look/known": "homeassistant", "look/odd": None}
    assert "Topics that tell no format: 1." in found.in_words(0.4)
    publisher.publish("homeassistant/sensor/look/t/config", b"", retain=True)
    publisher.close()


def test_a_device_that_was_registered_with_its_format_speaks_it_over_a_bridge_too(
    running: Running, broker: int
) -> None:
    connection_id = connect(
        running.office, broker, {"filter": "gates/+/tags", "device_level": 2}, {"filter": "shelfwise/#"},
        device="broker-f",
    )  # fmt: skip
    connected(running.office, connection_id)
    publisher = Publisher(broker)
    publisher.publish("gates/probe-1/tags", FORMATS["zebra"].example)
    until(lambda: running.sql("select format from quarantine") == [("unknown",)])
    with running.office.context(MANAGER) as ctx:
        set_format(ctx, "probe-1", "zebra")
    until(lambda: running.gateway.directory.format_of("probe-1") == "zebra")
    for number, topic in enumerate(("gates/probe-1/tags", "shelfwise/probe-1/tags"), 1):
        publisher.publish(topic, FORMATS["zebra"].example.replace(b"194", str(number).encode()))
        # At least: a broker whose message we had not yet confirmed when the format was set brings it again.
        assert running.waits_for(f"select count(*) >= {number} from reading where device = 'probe-1'", [(True,)])
    publisher.close()


def test_kill_9_in_the_middle_loses_nothing_and_doubles_nothing(
    office: Office, start: Start, broker: int, database_url: str
) -> None:
    connection_id = connect(office, broker, device="broker-b")
    wish = {"database_url": database_url, "port": 0, "victim": "gateway", "point": "after_commit", "pass": 3}
    first = subprocess.Popen(
        [sys.executable, "-m", "tests.edge.crashing_gateway"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert first.stdin is not None
    assert first.stdout is not None
    first.stdin.write(json.dumps(wish).encode() + b"\n")
    first.stdin.flush()
    first.stdout.readline()
    connected(office, connection_id)
    publisher = Publisher(broker)
    sent = 0
    while first.poll() is None:
        publisher.publish("shelfwise/scale-7/weight", *payloads(sent, 40))
        sent += 40
        assert sent < 10_000, "the gateway was to be killed at its third commit"
        time.sleep(0.05)
    assert first.returncode == -signal.SIGKILL
    first.stdin.close()
    first.stdout.close()
    with office.database.transaction() as tx:
        tx.execute("update connection_lease set held_until = clock_timestamp()")
    with start() as second:
        until(lambda: len(stored(second)) >= sent)
        assert stored(second) == [float(n) for n in range(sent)]
    publisher.close()


def test_while_nobody_listens_the_broker_keeps_what_comes(start: Start, broker: int) -> None:
    with start() as first:
        connection_id = connect(first.office, broker, device="broker-c")
        connected(first.office, connection_id)
    publisher = Publisher(broker)
    publisher.publish("shelfwise/scale-7/weight", *payloads(0, 50))
    with start() as second:
        until(lambda: len(stored(second)) == 50)
    publisher.close()


def test_hostile_payloads_and_topics_end_in_quarantine_and_the_bridge_stands(running: Running, broker: int) -> None:
    connection_id = connect(running.office, broker, {"filter": "#"}, device="broker-d")
    connected(running.office, connection_id)
    chance = random.Random(3)
    topics = ["shelfwise/scale-7/x", "application/1/device/00/event/up", "impinj/x/y", "zebra/x/y", "llrp/x/y", "any"]
    publisher = Publisher(broker)
    for number in range(60):
        nested = b'{"a":' * chance.randrange(200) + b"1"
        payload = chance.choice((chance.randbytes(chance.randrange(300)), nested, b"[" * 3000, b'{"kind": 1e999}'))
        publisher.publish(chance.choice(topics), payload + str(number).encode())
    publisher.publish("shelfwise/scale-7/weight", *payloads(0, 1))
    until(lambda: stored(running) == [0.0])
    assert state(running.office, connection_id).state == "connected"
    assert running.sql("select count(*) > 30 from quarantine") == [(True,)]
    publisher.close()


def test_a_broker_that_is_not_there_or_is_none_is_said_in_words(running: Running) -> None:
    connection_id = connect(running.office, 1)
    trouble(running.office, connection_id, "cannot be reached")


def test_a_bridge_to_ourselves_is_refused(running: Running) -> None:
    connection_id = connect(running.office, running.mqtt_port)
    trouble(running.office, connection_id, "own doors")


@pytest.mark.parametrize(
    ("topic_filter", "topic", "fits"),
    [
        ("a/+/c", "a/b/c", True), ("a/+/c", "a/b/c/d", False), ("a/#", "a", True), ("a/#", "a/b/c", True),
        ("#", "$SYS/x", False), ("+/x", "$SYS/x", False), ("$SYS/#", "$SYS/x", True), ("+", "/a", False),
        ("/+", "/a", True), ("a//c", "a//c", True), ("a", "b", False),
    ],
)  # fmt: skip
def test_a_filter_takes_what_mqtt_says_it_takes(topic_filter: str, topic: str, fits: bool) -> None:
    assert matches(topic_filter, topic) is fits


def test_the_first_rule_that_fits_says_what_a_topic_carries() -> None:
    plan = BrokerPlan((TopicRule("a/+/t", "generic", 2), TopicRule("a/#"), TopicRule("application/#")))
    registered = {"probe-1": "zebra", "0101": "zebra", "gate": "impinj"}.get
    origin = origin_by(plan, "a/probe-1/t", "broker", registered)
    assert (origin.format, origin.subject, origin.device, origin.speaks_for) == (
        "generic", "probe-1", "broker", "gateway",
    )  # fmt: skip
    assert origin_by(plan, "a/b", "broker", registered).format == "unknown"
    lorawan = origin_by(plan, "application/1/device/0102/event/up", "broker", registered)
    assert (lorawan.format, lorawan.subject) == ("chirpstack", "0102")
    fixed = origin_by(plan, "application/1/device/0101/event/up", "broker", registered)
    assert (fixed.format, fixed.subject) == ("zebra", "0101")


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_filter_and_no_topic_is_too_odd(topic_filter: str, topic: str) -> None:
    matches(topic_filter, topic)
    origin_by(BrokerPlan((TopicRule(topic_filter or "#", "generic", 3),)), topic, "broker", lambda _: None)


@pytest.mark.parametrize("wrong", ["a/#/b", "a+/b", "#a", "$share/g/a"])
def test_filters_that_no_broker_takes_are_refused(wrong: str) -> None:
    with pytest.raises(Invalid, match="topic filter"):
        check_topics(BrokerPlan((TopicRule(wrong),)), FORMATS)


@pytest.mark.parametrize(
    "settings",
    [{}, {"topics": []}, {"topics": "a"}, {"topics": [{"filter": "a"}], "tls": 3}, {"nonsense": 1}, [], None],
)
def test_settings_of_another_shape_are_refused(settings: object) -> None:
    with pytest.raises(Invalid):
        plan_of(BrokerPlan, settings)


def test_a_bridge_speaks_for_others_and_so_must_its_device(office: Office, devices: None) -> None:
    with pytest.raises(Refused, match="itself alone"):
        connect(office, 1883, device="scale-7")


@pytest.mark.slow
def test_gateways_share_what_a_broker_of_mqtt_5_has(
    start: Start, office: Office, tmp_path: Path, database_url: str
) -> None:
    """On Mosquitto, which the checks elsewhere install: shared subscriptions, a password, and a slot taken over."""
    program = mosquitto()
    if program is None:
        pytest.skip("mosquitto is not installed here; `make check-all` says how")
    port = free_port()
    known = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", known, "us", "a secret"], check=True)
    known.chmod(0o644)
    written = tmp_path / "mosquitto.conf"
    written.write_text(f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {known}\nuser root\n")
    with process([program, "-c", written], port), start() as first, start() as second:
        wrong = connect(office, port, device="other", user="us", secrets=Secrets("wrong"))
        trouble(office, wrong, "refuses us")
        shared = connect(office, port, user="us", secrets=Secrets("a secret"), slots=2)
        until(lambda: [one.state for one in state(office, shared).held] == ["connected"] * 2)
        assert {one.held_by for one in state(office, shared).held} == {
            one.gateway.outgoing.keeper.name for one in (first, second)
        }
        assert state(office, shared).held[0].facts["said"] == "MQTT 5 broker"
        publisher = Publisher(port, "us", "a secret")
        publisher.publish("shelfwise/scale-7/weight", *payloads())
        until(lambda: len(stored(first)) == COUNT)
        taken = [
            sum(
                status.messages for connection, status in one.gateway.outgoing.keeper.statuses() if connection.slots > 1
            )
            for one in (first, second)
        ]
        assert sum(taken) == COUNT
        assert min(taken) > COUNT // 4
        publisher.publish("shelfwise/scale-7/weight", payloads(COUNT, 1)[0], retain=True)
        until(lambda: len(stored(first)) == COUNT + 1)
        config = {"dev_cla": "temperature", "stat_t": "z2m/probe-1"}
        publisher.publish("homeassistant/sensor/probe-1/t/config", json.dumps(config).encode(), retain=True)
        announced = connect(
            office, port, {"filter": "homeassistant/#"}, {"filter": "z2m/+"}, user="us", secrets=Secrets("a secret"),
            slots=2, device="z2m",
        )  # fmt: skip
        until(lambda: [one.state for one in state(office, announced).held] == ["connected"] * 2)
        told = Origin("bridge", "z2m", "gateway", "z2m", "z2m/probe-1", "unknown")
        until(lambda: all(one.gateway.directory.understood(told).means for one in (first, second)))
        publisher.publish("z2m/probe-1", *(str(number).encode() for number in range(20)))
        assert first.waits_for("select count(distinct value) from reading where device = 'probe-1'", [(20,)])
        publisher.close()
