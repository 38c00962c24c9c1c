"""Scales and thermometers: what they measure of the simulated floor, and the messages they send."""

from __future__ import annotations

import asyncio
import math
import random
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx
import msgspec
import structlog

from shelfwise.twin.mqtt import Publisher
from shelfwise.twin.platform import PlatformClock
from shelfwise.twin.world import Item, Thermometer, Zone

log = structlog.get_logger()

HEARTBEAT_S = 25.0
REPORT_EVERY = timedelta(minutes=10)
NEXT_DRIFT = timedelta(days=4)
WARMING, COOLING = timedelta(hours=1.2), timedelta(hours=1.0)
RISE_DEGC = {"chilled": 9.0, "frozen": 12.0}


def generic(device: str, kind: str, value: float, unit: str, at: datetime) -> bytes:
    """A reading as generic JSON; its id is the same whenever it is sent again."""
    return msgspec.json.encode(
        {"device": device, "kind": kind, "value": value, "unit": unit, "at": at.isoformat(),
         "id": f"{device}-{int(at.timestamp() * 1000)}"}
    )  # fmt: skip


def uplink(dev_eui: str, counter: int, degc: float, humidity: float, battery: float, at: datetime) -> bytes:
    """A ChirpStack v4 uplink with a decoded object."""
    name = uuid.uuid5(uuid.NAMESPACE_OID, f"{dev_eui}/{at.isoformat()}")
    return msgspec.json.encode(
        {"deduplicationId": str(name), "time": at.isoformat(), "deviceInfo": {"devEui": dev_eui}, "fCnt": counter,
         "fPort": 85, "data": "", "object": {"temperature": degc, "humidity": humidity, "battery": battery},
         "rxInfo": [{"rssi": -71, "snr": 9.5}]}
    )  # fmt: skip


@dataclass
class Scale:
    """A scale under a bin: it tells the weight when it changes, and now and then all the same."""

    item: Item
    publisher: Publisher
    clock: PlatformClock
    chance: random.Random
    pieces: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def carries(self, pieces: int) -> None:
        """What lies on it from now on."""
        self.pieces = pieces
        self.changed.set()

    def weigh(self) -> float:
        """The weight in g as the load cell sees it: with noise, and never below zero."""
        noise = self.chance.gauss(0, max(1.0, 0.03 * self.item.unit_weight_g))
        return round(max(0.0, self.pieces * self.item.unit_weight_g + (noise if self.pieces else abs(noise) * 0.2)), 1)

    async def run(self) -> None:
        await asyncio.sleep(self.chance.uniform(0, 3))
        while True:
            device = self.publisher.name
            self.publisher.send(
                f"shelfwise/{device}/weight", generic(device, "weight", self.weigh(), "g", self.clock.now())
            )
            self.changed.clear()
            await asyncio.sleep(1.0)
            try:
                await asyncio.wait_for(self.changed.wait(), HEARTBEAT_S * self.chance.uniform(0.8, 1.2))
            except TimeoutError:
                continue


@dataclass
class Climate:
    """A zone's air: its usual temperature, the day's rhythm, and what a door left open does to it."""

    zone: Zone
    chance: random.Random
    opened_at: datetime | None = None
    open_for: timedelta = timedelta(0)
    _noise: float = 0.0

    def leave_door_open(self, at: datetime, open_for: timedelta) -> None:
        self.opened_at, self.open_for = at, open_for

    def temperature(self, at: datetime) -> float:
        """In degC at an instant."""
        swing = {"ambient": 1.5, "dock": 3.0}.get(self.zone.kind, 0.4)
        rhythm = swing * math.sin(2 * math.pi * (at.hour + at.minute / 60 - 9) / 24)
        self._noise = 0.8 * self._noise + self.chance.gauss(0, 0.08)
        return round(self.zone.usual_degc + rhythm + self._noise + self._warmth(at), 2)

    def _warmth(self, at: datetime) -> float:
        if self.opened_at is None or at < self.opened_at:
            return 0.0
        rise = RISE_DEGC.get(self.zone.kind, 0.0)
        open_for = min(at - self.opened_at, self.open_for)
        reached = rise * (1 - math.exp(-open_for / WARMING))
        closed_for = max(at - self.opened_at - self.open_for, timedelta(0))
        return reached * math.exp(-closed_for / COOLING)


@dataclass
class Sensor:
    """A thermometer: by MQTT for itself, by MQTT through the LoRaWAN gateway, or by HTTP."""

    thermometer: Thermometer
    climate: Climate
    clock: PlatformClock
    publisher: Publisher | None
    door: HttpDoor | None
    counter: int = 0

    async def run(self) -> None:
        while True:
            at = self.clock.now()
            degc = self.climate.temperature(at)
            self.counter += 1
            device = self.thermometer.device
            if self.thermometer.lorawan and self.publisher:
                humidity, battery = round(62 + self.climate.chance.gauss(0, 1.5), 1), round(97 - self.counter / 5000, 1)
                self.publisher.send(
                    f"application/1/device/{device}/event/up", uplink(device, self.counter, degc, humidity, battery, at)
                )
            elif self.publisher:
                self.publisher.send(f"shelfwise/{device}/temperature", generic(device, "temperature", degc, "degC", at))
            elif self.door:
                await self.door.send(generic(device, "temperature", degc, "degC", at))
            await asyncio.sleep(min(60.0, max(1.0, self.clock.wall_seconds(REPORT_EVERY))))


@dataclass
class HttpDoor:
    """A device's way in by HTTP: sends until it is taken."""

    url: str
    device: str
    secret: str
    http: httpx.AsyncClient

    async def send(self, payload: bytes) -> None:
        headers = {"Authorization": f"Bearer {self.device}:{self.secret}", "Content-Type": "application/json"}
        pause = 0.5
        while True:
            try:
                answer = await self.http.post(f"{self.url}/v1/readings", content=payload, headers=headers)
                if answer.status_code < 500 and answer.status_code != 429:
                    if not answer.is_success:
                        log.warning("reading refused", device=self.device, status=answer.status_code)
                    return
            except httpx.HTTPError as error:
                log.info("door does not answer", device=self.device, error=f"{type(error).__name__}: {error}")
            await asyncio.sleep(pause)
            pause = min(15.0, pause * 2)
