"""``python -m shelfwise.twin CONFIG.json``: play the simulated warehouse until told to stop."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import stat
import sys
import threading
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import httpx
import structlog

from shelfwise.twin import config, sales
from shelfwise.twin.config import TwinConfig
from shelfwise.twin.desk import OrderDesk
from shelfwise.twin.devices import NEXT_DRIFT, Climate, HttpDoor, Scale, Sensor
from shelfwise.twin.gate import Gate, gtins
from shelfwise.twin.mqtt import Publisher
from shelfwise.twin.platform import Platform, PlatformClock
from shelfwise.twin.staff import Dock, Floor, FloorWorkers, Shop
from shelfwise.twin.world import LORA_GATEWAY, READER, World, build

log = structlog.get_logger()

FIRST_DRIFT_S = 60.0
# Long enough to be seen, on the wall and for the zone's delay.
DOOR_OPEN_S, DOOR_OPEN = 45.0, timedelta(hours=3)
DRIFTING = ("C", "F")


def main() -> int:
    if len(sys.argv) != 2:
        sys.stderr.write("usage: python -m shelfwise.twin CONFIG.json\n")
        return 2
    _configure_logs()
    given = config.read(Path(sys.argv[1]))
    asyncio.run(_until_stopped(given))
    return 0


async def _until_stopped(given: TwinConfig) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        # Whoever started us holds the other end: when it closes, they are gone, and so are we.
        threading.Thread(target=_follow_parent, args=(loop, stop), daemon=True).start()
    playing = asyncio.create_task(play(given))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
    for task in (playing, stopping):
        task.cancel()
    await asyncio.gather(stopping, return_exceptions=True)
    try:
        await playing
    except asyncio.CancelledError:
        log.info("stopped")


def _follow_parent(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    while os.read(0, 4096):
        pass
    loop.call_soon_threadsafe(stop.set)


async def play(given: TwinConfig) -> None:
    """Run every part of the simulation at once, each of them for ever."""
    world = build(sales.best_sellers(), given.seed)
    lines = sales.live_orders({item.sku for item in world.items})
    platform = Platform(given.web_url, given.api_key)
    clock = PlatformClock(platform)
    began = await clock.sync()
    floor = Floor(world.items)
    await floor.begin(platform)
    desk = OrderDesk(clock.now, given.desk_path)
    log.info("playing", business=began.isoformat(), rate=clock.rate, lines=len(lines), items=len(world.items))
    async with httpx.AsyncClient(timeout=15) as http, asyncio.TaskGroup() as group:

        def start(name: str, part: Callable[[], Awaitable[None]]) -> None:
            group.create_task(_for_ever(name, part), name=name)

        start("clock", clock.run)
        start("order desk", lambda: desk.run(given.desk_host, given.desk_port))
        start("shop", Shop(platform, clock, lines, given.shift_days).run)
        start("floor", FloorWorkers(platform, clock, floor, given.seed).run)
        gate = _start_reader(start, given, world, platform, clock)
        start("dock", Dock(platform, clock, floor, desk, world.suppliers, given.seed, gate).run)
        _start_scales(start, given, world, floor, clock)
        _start_thermometers(start, given, world, clock, http)


Start = Callable[[str, Callable[[], Awaitable[None]]], None]


def _start_reader(
    start: Start, given: TwinConfig, world: World, platform: Platform, clock: PlatformClock
) -> Gate | None:
    """The reader at the dock door; a demonstration of before has none."""
    if READER not in given.devices:
        return None
    publisher = Publisher(given.mqtt_host, given.mqtt_port, READER, given.devices[READER])
    start(READER, publisher.run)
    return Gate(platform, clock, publisher, gtins(world.items))


def _start_scales(start: Start, given: TwinConfig, world: World, floor: Floor, clock: PlatformClock) -> None:
    for number, item in enumerate(item for item in world.items if item.scale):
        name = item.scale or ""
        publisher = Publisher(given.mqtt_host, given.mqtt_port, name, given.devices[name])
        chance = random.Random(given.seed * 10_007 + number)  # noqa: S311  # a simulation
        scale = Scale(item, publisher, clock, chance)
        floor.watch(item.sku, scale.carries)
        start(name, scale.run)
        start(f"{name} connection", publisher.run)


def _start_thermometers(
    start: Start, given: TwinConfig, world: World, clock: PlatformClock, http: httpx.AsyncClient
) -> None:
    gateway = Publisher(given.mqtt_host, given.mqtt_port, LORA_GATEWAY, given.devices[LORA_GATEWAY])
    start(LORA_GATEWAY, gateway.run)
    zones = {zone.code: zone for zone in world.zones}
    climates: dict[str, Climate] = {}
    for number, one in enumerate(world.thermometers):
        chance = random.Random(given.seed * 20_011 + number)  # noqa: S311  # a simulation
        climate = climates[one.zone] = Climate(zones[one.zone], chance)
        secret = given.devices[one.device]
        if one.lorawan:
            start(one.device, Sensor(one, climate, clock, gateway, None).run)
        elif zones[one.zone].kind == "dock":
            door = HttpDoor(given.door_url, one.device, secret, http)
            start(one.device, Sensor(one, climate, clock, None, door).run)
        else:
            publisher = Publisher(given.mqtt_host, given.mqtt_port, one.device, secret)
            start(one.device, Sensor(one, climate, clock, publisher, None).run)
            start(f"{one.device} connection", publisher.run)

    async def leave_doors_open() -> None:
        await asyncio.sleep(FIRST_DRIFT_S)
        number = 0
        while True:
            climate = climates[DRIFTING[number % len(DRIFTING)]]
            open_for = max(DOOR_OPEN, timedelta(seconds=DOOR_OPEN_S * clock.rate))
            climate.leave_door_open(clock.now(), open_for)
            log.info("a door was left open", zone=climate.zone.name, business_hours=open_for / timedelta(hours=1))
            number += 1
            await asyncio.sleep(max(30.0, clock.wall_seconds(NEXT_DRIFT)))

    start("doors", leave_doors_open)


async def _for_ever(name: str, part: Callable[[], Awaitable[None]]) -> None:
    """Run a part; should it fail, say so and begin it anew after a pause: one broken scale stops no warehouse."""
    pause = 1.0
    while True:
        try:
            await part()
        except Exception:  # a simulation goes on; what went wrong stands in the log
            log.exception("part failed", part=name, pause_s=pause)
        await asyncio.sleep(pause)
        pause = min(60.0, pause * 2)


def _configure_logs() -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


if __name__ == "__main__":
    sys.exit(main())
