"""How long readings are kept, by kind: what is gone is gone from files, and its hours stay."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from shelfwise.access.context import Context, Office, stand_still
from shelfwise.core.errors import Invalid
from shelfwise.edge.history import retention
from shelfwise.edge.history import service as history
from shelfwise.edge.history.archive import Archive
from shelfwise.edge.history.model import HOUR
from shelfwise.store.database import value, values
from tests.conftest import NOON
from tests.edge.history.telling import CONSUMERS, MARA, Said, add_probe, hear_and_sum, tell


def test_a_kind_is_let_go_from_the_files_and_its_hours_stay(office: Office, tmp_path: Path) -> None:
    keeper = Archive(office, tmp_path, CONSUMERS)
    with office.context(MARA) as ctx:
        add_probe(ctx)
        tell(ctx, [Said(NOON + timedelta(minutes=n), float(n)) for n in range(60)])
        tell(ctx, [Said(NOON + timedelta(minutes=n), None, kind="tag") for n in range(60)])
        retention.keep_for(ctx, "tag", 20)
    with office.database.transaction() as tx:
        stand_still(tx, 1, NOON + timedelta(days=21))
    hear_and_sum(office)
    assert (keeper.keep(), retention.let_go(keeper), retention.let_go(keeper)) == (1, 1, 0)
    with office.context(MARA) as ctx:
        assert values(ctx.tx, "select kinds from reading_day") == [({"temperature": 60},)]
        assert history.raw_readings(ctx, "probe-1", "tag", NOON, NOON + HOUR) == []
        assert [one.readings for one in history.readings(ctx, "probe-1", "tag", NOON, NOON + HOUR).points] == [60]
        fine = history.readings(ctx, "probe-1", "temperature", NOON, NOON + HOUR, 12)
        assert [one.readings for one in fine.points] == [5] * 12
        # One that comes for what is gone is added to its hour.
        tell(ctx, [Said(NOON + timedelta(seconds=30), None, kind="tag")], NOON + timedelta(days=21))
    hear_and_sum(office)
    assert (keeper.keep(), retention.let_go(keeper)) == (1, 1)
    with office.context(MARA) as ctx:
        assert value(ctx.tx, "select readings from reading_hour where kind = 'tag'") == 61
        stand_still(ctx.tx, 1, NOON + timedelta(days=800))
    assert retention.let_go(keeper) == 1
    with office.context(MARA) as ctx:
        assert values(ctx.tx, "select kinds from reading_day") == [({},)]
        coarse = history.readings(ctx, "probe-1", "temperature", NOON, NOON + HOUR, 12).points
        assert [one.readings for one in coarse] == [60]


def test_what_food_law_asks_for_cannot_be_let_go_sooner(ctx: Context) -> None:
    with pytest.raises(Invalid, match="365 to 36500 days"):
        retention.keep_for(ctx, "temperature", 364)
    with pytest.raises(Invalid, match="8 to 36500 days"):
        retention.keep_for(ctx, "tag", 7)
    with pytest.raises(Invalid, match="kind"):
        retention.keep_for(ctx, "mood", 100)
    retention.keep_for(ctx, "temperature", None)
    kept = {one.kind: one.days for one in retention.kept(ctx)}
    assert (kept["temperature"], kept["tag"], kept["scan"]) == (None, 30, 365)
