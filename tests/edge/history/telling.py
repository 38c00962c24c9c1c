"""What tests of the history share: readings put where the door would put them, and the worker's turn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from shelfwise import app, worker
from shelfwise.access.context import Context, Office
from shelfwise.access.model import Role, person
from shelfwise.edge.devices import add_device
from shelfwise.edge.model import key_by_content
from shelfwise.edge.tables import day_number, ensure_partitions
from shelfwise.store.database import run
from shelfwise.store.events import advance

MARA = person("mara", Role.ADMIN)
# Who must have heard of a reading before its day is closed.
CONSUMERS = ("condition", "latest", "hours")


@dataclass(frozen=True)
class Said:
    """One thing a device said; told a second time it is the same reading."""

    at: datetime
    value: float | None
    device: str = "probe-1"
    kind: str = "temperature"

    @property
    def key(self) -> str:
        return key_by_content(self.device, self.kind, self.at, self.value).hex()


def tell(ctx: Context, said: Iterable[Said], received_at: datetime | None = None) -> int:
    """Store readings as the door does; returns how many were new."""
    told = list(said)
    ensure_partitions(ctx.tx, {day_number(one.at) for one in told})
    return sum(
        run(
            ctx.tx,
            """insert into reading (tenant_id, source_key, observed_at, received_at, device, kind, value)
               values (1, %s, %s, %s, %s, %s, %s) on conflict do nothing""",
            (one.key, one.at, received_at or one.at, one.device, one.kind, one.value),
        )
        for one in told
    )


def hear(office: Office) -> None:
    """Let the consumers of readings have their turn until nothing is left."""
    for consumer in app.consumers(office):
        while consumer.stream.name == "reading" and advance(office.database, 1, consumer, office.wall.now()):
            pass


def hear_and_sum(office: Office) -> None:
    hear(office)
    worker.sum_hours(office)


def add_probe(ctx: Context, device: str = "probe-1", zone_id: int | None = None) -> None:
    add_device(ctx, device, zone_id=zone_id)
