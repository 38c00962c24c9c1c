"""Calendar work is enqueued once for each ended day, while the queue is at work, and then done."""

from __future__ import annotations

import asyncio

import pytest

from shelfwise import jobs
from shelfwise.access.context import Context, Office
from shelfwise.access.model import system
from shelfwise.records import service as records
from shelfwise.store.database import values


@pytest.fixture
def site(office: Office) -> int:
    with office.context(system("test")) as ctx:
        return records.add_site(ctx, code="MAIN", name="Main", time_zone="UTC", width_m=10, depth_m=10)


def waiting(office: Office) -> list[str]:
    with office.database.transaction() as tx:
        found = values(tx, "select task_name from procrastinate_jobs where status = 'todo' order by task_name")
    return [name for (name,) in found]


def test_a_tick_beside_an_open_queue_enqueues_each_ended_day_once(office: Office, site: int) -> None:
    async def twice() -> tuple[int, int]:
        async with jobs.queue(office).open_async():
            return await asyncio.to_thread(jobs.tick, office), await asyncio.to_thread(jobs.tick, office)

    assert asyncio.run(twice()) == (2, 0)
    assert waiting(office) == ["check_books", "nightly"]


def test_the_queue_carries_out_what_a_tick_enqueued(office: Office, site: int, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(jobs, "nightly", lambda office, site_id, day: done.append(f"{site_id} {day}"))
    monkeypatch.setattr(jobs, "check_books", lambda office: done.append("books"))

    async def work() -> None:
        queue = jobs.queue(office)
        async with queue.open_async():
            await asyncio.to_thread(jobs.tick, office)
            await queue.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)

    asyncio.run(work())
    assert sorted(done) == [f"{site} 2026-03-01", "books"]
    assert waiting(office) == []


def test_the_books_are_compared_by_the_job_as_by_hand(ctx: Context, office: Office) -> None:
    assert jobs.check_books(office) == 0
