"""A gateway that was cut off delivers a day late, shuffled and twice, by two doors at once: all of it counts, once."""

from __future__ import annotations

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx

from shelfwise.access.context import Office
from shelfwise.condition import service as condition
from shelfwise.condition.model import Limit, Reading, timeline
from shelfwise.edge.history import service as history
from shelfwise.edge.history.model import HOUR
from shelfwise.records import service as records
from shelfwise.store.database import values
from tests.conftest import NOON
from tests.edge.conftest import SECRET, Running, Start
from tests.edge.conftest import devices as devices
from tests.edge.conftest import start as start
from tests.edge.history.telling import MARA, Said, add_probe, hear, hear_and_sum

MIDNIGHT = NOON - timedelta(hours=12)


def post(running: Running, speaker: str, said: Sequence[Said]) -> None:
    body = [
        {"device": one.device, "kind": one.kind, "value": one.value, "at": one.at.isoformat(), "id": one.at.isoformat()}
        for one in said
    ]
    answer = httpx.post(
        running.url("/v1/readings"), json=body, headers={"authorization": f"Bearer {speaker}:{SECRET}"}, timeout=30
    )
    assert answer.json() == {"stored": True}


def test_a_days_backlog_beside_live_readings_is_told_once_and_as_if_it_had_come_in_order(
    office: Office, start: Start
) -> None:
    chance = random.Random(3)
    with office.context(MARA) as ctx:
        site_id = records.add_site(ctx, code="MAIN", name="Main", time_zone="UTC", width_m=40, depth_m=25)
        zone_id = records.add_zone(
            ctx, site_id=site_id, code="1", name="Cold room", kind="chilled", x_m=0, y_m=0, width_m=8, depth_m=5,
            low_degc=2.0, high_degc=8.0,
        )  # fmt: skip
        add_probe(ctx, "cold-1", zone_id=zone_id)
    day = [
        Said(MIDNIGHT + timedelta(minutes=2 * n), 5.0 if not 100 <= n < 130 and n % 50 > 2 else 9.0, "cold-1")
        for n in range(360)
    ]
    live = [Said(NOON - timedelta(seconds=10 * n), float(n), "scale-7", "weight") for n in range(60)]
    backlog = day + chance.sample(day, 120)
    chance.shuffle(backlog)
    parts = [backlog[n : n + 40] for n in range(0, len(backlog), 40)]
    with start() as one, start() as other, ThreadPoolExecutor(6) as senders:
        sent = [senders.submit(post, chance.choice((one, other)), "gate-1", part) for part in parts]
        sent += [senders.submit(post, gateway, "scale-7", [said]) for said in live for gateway in (one, other)]
        for posted in sent:
            posted.result()
            hear(office)
    hear_and_sum(office)
    with office.context(MARA) as ctx:
        assert values(ctx.tx, "select device, count(*) from reading group by 1 order by 1") == [
            ("cold-1", 360), ("scale-7", 60),
        ]  # fmt: skip
        found = history.readings(ctx, "cold-1", "temperature", MIDNIGHT, NOON, 12).points
        assert [point.readings for point in found] == [30] * 12
        assert found[3].high == 9.0 and found[0].at + HOUR == found[1].at
        spells, _ = timeline([Reading(one.at, one.value) for one in day], Limit(2.0, 8.0, timedelta(minutes=10)))
        told = condition.excursions(ctx, zone_id, MIDNIGHT)
        assert [(one.started_at, one.confirmed_at, one.ended_at) for one in told] == [
            (spell.started_at, spell.state.confirmed_at, spell.ended_at) for spell in spells
        ]
        kinds = values(ctx.tx, "select kind, state from alert order by alert_id")
        assert ("temperature_past", "open") in kinds and "temperature" not in {kind for kind, _ in kinds}
