"""How often a device is asked to report, and whether it follows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from shelfwise.access.context import Context, Office
from shelfwise.core.errors import Invalid, NotFound
from shelfwise.edge import asking
from tests.conftest import NOON
from tests.edge.history.telling import MARA, Said, add_probe, hear, tell

LATER = timedelta(hours=1)


def every(seconds: int, many: int, until: datetime) -> Iterator[Said]:
    return (Said(until - timedelta(seconds=seconds * number), 4.0 + number) for number in range(many))


@pytest.mark.parametrize(
    ("pause_s", "many", "kept", "follows"),
    [(60, 8, 60, True), (80, 8, 80, True), (300, 8, 300, False), (10, 8, 10, False), (60, 3, None, None)],
)
def test_a_device_follows_where_its_last_pauses_are_about_what_was_asked(
    office: Office, pause_s: int, many: int, kept: float | None, follows: bool | None
) -> None:
    with office.context(MARA) as ctx:
        add_probe(ctx)
        asking.ask_interval(ctx, "probe-1", 60)
        tell(ctx, every(600, 8, NOON - LATER))
        tell(ctx, every(pause_s, many, NOON + LATER))
    hear(office)
    with office.context(MARA) as ctx:
        found = asking.asked(replace(ctx, now=NOON + LATER), "probe-1")
    assert (found.interval_s, found.at, found.by) == (60, NOON, MARA.by)
    assert (found.kept_s, found.follows) == (kept, follows)


def test_what_cannot_be_asked_is_refused_and_the_choice_can_be_given_back(ctx: Context) -> None:
    add_probe(ctx)
    with pytest.raises(Invalid, match="a second to a week"):
        asking.ask_interval(ctx, "probe-1", 0)
    with pytest.raises(NotFound):
        asking.ask_interval(ctx, "nobody", 60)
    asking.ask_interval(ctx, "probe-1", 60)
    asking.ask_interval(ctx, "probe-1", None)
    assert asking.asked(ctx, "probe-1").interval_s is None
