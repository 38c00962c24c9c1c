"""What scales and thermometers measure: never below nothing, a day's rhythm, and a door left open."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import msgspec

from shelfwise.edge.formats import chirpstack, generic
from shelfwise.edge.model import Origin, moment
from shelfwise.twin import devices
from shelfwise.twin.devices import Climate, Scale
from shelfwise.twin.mqtt import Publisher
from shelfwise.twin.platform import Platform, PlatformClock
from shelfwise.twin.sales import Seller
from shelfwise.twin.world import ZONES, build

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SELLERS = [Seller("85123A", "HEART T-LIGHT HOLDER", 100, 12.0, tuple(range(20, 110, 10)), 2.95)]


def climate(code: str) -> Climate:
    return Climate(next(zone for zone in ZONES if zone.code == code), random.Random(1))


def test_a_zone_stays_within_its_limits_while_all_is_well() -> None:
    for zone in ZONES:
        air = climate(zone.code)
        measured = [air.temperature(NOON + timedelta(minutes=10 * i)) for i in range(2000)]
        assert zone.low_degc is None or zone.low_degc < min(measured)
        assert zone.high_degc is None or max(measured) < zone.high_degc


def test_a_door_left_open_warms_beyond_the_limit_for_longer_than_the_delay_and_then_recovers() -> None:
    for code in ("C", "F"):
        air = climate(code)
        air.leave_door_open(NOON, timedelta(hours=3))
        limit = air.zone.high_degc or 0.0
        minutes = range(0, 24 * 60, 10)
        warm = [minute for minute in minutes if air.temperature(NOON + timedelta(minutes=minute)) > limit]
        assert warm[-1] - warm[0] > 2 * air.zone.delay / timedelta(minutes=1)
        assert warm[-1] < 8 * 60
        assert len(warm) == (warm[-1] - warm[0]) // 10 + 1


def test_a_scale_weighs_what_lies_on_it_and_never_less_than_nothing() -> None:
    (item,) = build(SELLERS).items
    clock = PlatformClock(Platform("http://unused", "key"))
    scale = Scale(item, Publisher("unused", 1, "scale", "secret"), clock, random.Random(1))
    assert all(scale.weigh() >= 0 for _ in range(200))
    scale.carries(10)
    measured = [scale.weigh() for _ in range(200)]
    assert abs(sum(measured) / len(measured) / item.unit_weight_g - 10) < 0.05
    assert len(set(measured)) > 100


def test_messages_are_understood_by_the_formats_they_claim_to_be() -> None:
    payload = devices.generic("scale-a-01-01", "weight", 1250.5, "g", NOON)
    origin = Origin("mqtt", "scale-a-01-01", "self", "scale-a-01-01", "shelfwise/scale-a-01-01/weight", "generic")
    (reading,) = generic.decode(payload, origin, moment(NOON))
    assert (reading.value, reading.observed_at) == (1250.5, NOON)

    eui = "24e124535b316056"
    payload = devices.uplink(eui, 7, -18.25, 61.0, 96.0, NOON)
    topic = f"application/1/device/{eui}/event/up"
    origin = Origin("mqtt", "lorawan-gateway", "gateway", eui, topic, "chirpstack")
    readings = chirpstack.decode(payload, origin, moment(NOON))
    assert {(one.kind, one.value) for one in readings} == {
        ("temperature", -18.25),
        ("humidity", 61.0),
        ("battery", 96.0),
    }


def test_a_message_sent_again_bears_the_same_name() -> None:
    assert devices.generic("s", "weight", 1.0, "g", NOON) == devices.generic("s", "weight", 1.0, "g", NOON)
    one, two = (msgspec.json.decode(devices.uplink("e", n, 1.0, 1.0, 1.0, NOON)) for n in (1, 2))
    assert one["deduplicationId"] == two["deduplicationId"]
