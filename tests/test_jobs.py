"""Calendar work happens once for each business day, in the queue that lives in the same database."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from shelfwise import jobs, worker
from shelfwise.access.context import Context, Office, stand_still
from shelfwise.access.model import system
from shelfwise.agents import runs
from shelfwise.planning.carriers import rebooking
from shelfwise.records import service as records
from shelfwise.store.database import run, values
from shelfwise.work import alerts
from tests.conftest import NOON


@pytest.fixture
def site(office: Office) -> int:
    with office.context(system("test")) as ctx:
        return records.add_site(ctx, code="LEI", name="Leicester", time_zone="Europe/London", width_m=9, depth_m=9)


def queued(office: Office) -> list[tuple[str, dict[str, object]]]:
    with office.database.transaction() as tx:
        return [(name, args) for name, args in values(tx, "select task_name, args from procrastinate_jobs order by id")]


def tick_and_work(office: Office) -> None:
    async def work() -> None:
        queue = jobs.queue(office)
        async with queue.open_async():
            await asyncio.to_thread(jobs.tick, office)
            await queue.run_worker_async(wait=False, install_signal_handlers=False)

    asyncio.run(work())


def test_a_day_that_ended_is_worked_on_once_however_often_the_clock_ticks(office: Office, site: int) -> None:
    assert jobs.tick(office) == 3
    assert jobs.tick(office) == 0
    assert queued(office) == [
        ("nightly", {"site_id": site, "day": "2026-03-01"}), ("check_books", {}), ("judge_devices", {}),
    ]  # fmt: skip


def test_the_next_day_is_the_sites_own(office: Office, site: int) -> None:
    jobs.tick(office)
    with office.database.transaction() as tx:
        stand_still(tx, 1, NOON + timedelta(hours=12))
    jobs.tick(office)
    assert queued(office)[3] == ("nightly", {"site_id": site, "day": "2026-03-02"})


def test_a_tick_that_fails_has_enqueued_nothing(office: Office, site: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(ctx: Context, job: str, day: object) -> bool:
        if job == "check_books":
            raise RuntimeError("the lights went out")
        return True

    monkeypatch.setattr(jobs, "_first_time", fail)
    with pytest.raises(RuntimeError):
        jobs.tick(office)
    assert queued(office) == []


def test_bookings_that_cannot_be_looked_at_keep_no_night_from_its_work(
    office: Office, site: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(ctx: Context) -> int:
        raise RuntimeError("no such service")

    monkeypatch.setattr(rebooking, "review", fail)
    with pytest.raises(RuntimeError):
        jobs.tick(office)
    assert [name for name, _ in queued(office)] == ["nightly", "check_books", "judge_devices"]


def test_a_worker_does_what_a_tick_enqueued_while_its_queue_is_open(office: Office, site: int) -> None:
    tick_and_work(office)
    with office.database.transaction() as tx:
        assert values(tx, "select task_name, status from procrastinate_jobs order by id") == [
            ("nightly", "succeeded"),
            ("check_books", "succeeded"),
            ("judge_devices", "succeeded"),
        ]


def test_what_sites_should_give_each_other_is_looked_at_once_after_all_of_them(office: Office, site: int) -> None:
    with office.context(system("test")) as ctx:
        records.add_site(ctx, code="YOR", name="York", time_zone="Europe/London", width_m=9, depth_m=9)

    tick_and_work(office)
    assert [name for name, _ in queued(office)] == ["nightly", "nightly", "check_books", "judge_devices", "share"]
    with office.database.transaction() as tx:
        assert values(tx, "select distinct status from procrastinate_jobs") == [("succeeded",)]


def test_a_nightly_run_that_fails_is_an_alert_until_one_succeeds(
    office: Office, site: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("no such thing")

    day = NOON.date() - timedelta(days=1)
    with monkeypatch.context() as patch:
        patch.setattr(jobs, "nightly", fail)
        with pytest.raises(ValueError, match="no such thing"):
            jobs.nightly_or_alert(office, site, day)
    with office.context(system("test")) as ctx:
        (alert,) = alerts.open_alerts(ctx)
        assert (alert.kind, alert.subject) == ("nightly", f"site:{site}")
        assert "no such thing" in alert.evidence["error"]
    jobs.nightly_or_alert(office, site, day)
    with office.context(system("test")) as ctx:
        assert alerts.open_alerts(ctx) == []


def test_books_that_differ_from_their_movements_are_an_alert_and_stay_as_they_are(office: Office, site: int) -> None:
    with office.context(system("test")) as ctx:
        item = records.add_item(ctx, sku="TEA")
        place = records.add_place(ctx, site_id=site, code="A-1")
        run(ctx.tx, "insert into balance values (1, %s, %s, 5)", (item, place))
    assert jobs.check_books(office) > 0
    with office.context(system("test")) as ctx:
        (alert,) = alerts.open_alerts(ctx)
        assert (alert.kind, alert.severity, alert.link) == ("books", "danger", "/items/TEA")
        # In words for people, without what only the code calls things.
        assert "TEA: the books hold 5 in A-1 at " in alert.detail
        assert "Difference(" not in alert.detail + str(alert.evidence)
        assert values(ctx.tx, "select on_hand from balance")[0][0] == 5
        run(ctx.tx, "delete from balance")
    assert jobs.check_books(office) == 0
    with office.context(system("test")) as ctx:
        assert alerts.open_alerts(ctx) == []


def test_what_takes_long_is_left_to_the_queue_by_those_who_hear_of_it(office: Office, site: int) -> None:
    with office.context(system("test")) as ctx:
        asked = runs.ask(ctx, site)
        # Of an earlier version; it names no run.
        ctx.publish("planning.requested", f"site:{site}", site_id=site)
        assert runs.ask(ctx, site) == asked
        ctx.publish("sales.imported", f"site:{site}", site_id=site, history=1)
    worker.serve_consumers(office)
    assert sorted(queued(office), key=lambda one: one[0]) == [
        ("find_duplicates", {}), ("learn_history", {"site_id": site}), ("look", {"run_id": asked}),
    ]  # fmt: skip

    async def work() -> None:
        queue = jobs.queue(office)
        async with queue.open_async():
            await queue.run_worker_async(wait=False, install_signal_handlers=False)

    asyncio.run(work())
    with office.database.transaction() as tx:
        assert values(tx, "select distinct status from procrastinate_jobs") == [("succeeded",)]
