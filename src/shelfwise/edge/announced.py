"""What devices announced about their topics: kept in Postgres, known to the doors in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from psycopg.types.json import Jsonb

from shelfwise.core.errors import Fault, Invalid
from shelfwise.edge.model import Announcement, Meaning
from shelfwise.store.database import Tx, run, values

# Of one device that signs in: a broker full of sensors stands behind it, a program that has gone wrong does not.
MOST_ANNOUNCED = 2_000

SELECT_ANNOUNCED = "select device, topic, states from announced where tenant_id = %s"

# By the topic of the announcement; then by the topic of the states, what their values mean.
Announcements = dict[str, Announcement]
Topics = Mapping[str, tuple[Meaning, ...]]


def learn(known: Announcements, told: Announcement) -> None:
    """Take an announcement into what is known of a device.

    Raises:
        Invalid: it has announced too much.
    """
    others = sum(len(one.states) for topic, one in known.items() if topic != told.topic)
    if others + len(told.states) > MOST_ANNOUNCED:
        raise Invalid(
            Fault("announcements", f"at most {MOST_ANNOUNCED} states of one device", str(others + len(told.states)),
                  "Let the devices sign in for themselves, or take back what is gone.")
        )  # fmt: skip
    if told.states:
        known[told.topic] = told
    else:
        known.pop(told.topic, None)


def by_topic(known: Announcements) -> dict[str, tuple[Meaning, ...]]:
    """What the values on each topic mean."""
    topics: dict[str, tuple[Meaning, ...]] = {}
    for one in known.values():
        for topic, meaning in one.states:
            topics[topic] = (*topics.get(topic, ()), meaning)
    return topics


def keep(tx: Tx, tenant: int, told: Sequence[tuple[str, Announcement]]) -> None:
    """Keep what devices announced, the newest of each topic."""
    for (device, topic), one in {(device, one.topic): one for device, one in told}.items():
        if one.states:
            run(
                tx,
                """insert into announced (tenant_id, device, topic, states) values (%s, %s, %s, %s)
                   on conflict (tenant_id, device, topic) do update set states = excluded.states
                       where announced.states <> excluded.states""",
                (tenant, device, topic, Jsonb([{"topic": name, "means": asdict(means)} for name, means in one.states])),
            )
        else:
            run(
                tx,
                "delete from announced where tenant_id = %s and device = %s and topic = %s",
                (tenant, device, topic),
            )


def of_row(topic: str, states: Sequence[Mapping[str, Any]]) -> Announcement:
    """An announcement as `keep` wrote it."""
    return Announcement(topic, tuple((one["topic"], _meaning(one["means"])) for one in states))


def _meaning(told: Mapping[str, Any]) -> Meaning:
    return Meaning(told["device"], told["kind"], told["unit"], tuple(told["path"]), told["name"])


def of_device(tx: Tx, tenant: int, device: str) -> Topics:
    """What is kept of a device."""
    found = values(tx, f"{SELECT_ANNOUNCED} and device = %s", (tenant, device))
    return by_topic({topic: of_row(topic, states) for _, topic, states in found})
