"""Live updates: a hint reaches every follower once its transaction commits, joined where they come fast."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from starlette.requests import Request

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.core.errors import Unauthenticated, Unavailable
from shelfwise.store.database import Database, notify
from shelfwise.web import floor
from shelfwise.web.live import TOPICS, Live
from shelfwise.web.visits import Visit
from shelfwise.work import alerts


def with_live(database: Database, gap: float, what: Callable[[Live], Awaitable[None]]) -> None:
    async def run() -> None:
        live = Live(database, gap)
        first = asyncio.ensure_future(anext(aiter(live.follow())))
        await asyncio.sleep(0)
        live.start(asyncio.get_running_loop())
        try:
            # The listener tells everybody once that it listens.
            assert await asyncio.wait_for(first, 10) == TOPICS
            await asyncio.wait_for(what(live), 20)
        finally:
            live.stop()
            await asyncio.to_thread(live.join)

    asyncio.run(run())


def hint(database: Database, *topics: str) -> None:
    with database.transaction() as tx:
        for topic in topics:
            notify(tx, "live", topic)


def test_a_hint_reaches_every_follower(database: Database) -> None:
    async def what(live: Live) -> None:
        followers = [aiter(live.follow()) for _ in range(3)]
        waiting = [asyncio.ensure_future(anext(one)) for one in followers]
        await asyncio.sleep(0)
        await asyncio.to_thread(hint, database, "floor")
        assert await asyncio.gather(*waiting) == [frozenset({"floor"})] * 3

    with_live(database, 0.0, what)


def test_hints_that_come_fast_are_joined_and_unknown_ones_passed_over(database: Database) -> None:
    async def what(live: Live) -> None:
        follower = aiter(live.follow())
        waiting = asyncio.ensure_future(anext(follower))
        await asyncio.sleep(0)
        await asyncio.to_thread(hint, database, "nonsense", "floor")
        assert await waiting == {"floor"}
        for _ in range(5):
            await asyncio.to_thread(hint, database, "alerts", "proposals")
        assert await anext(follower) == {"alerts", "proposals"}

    with_live(database, 0.3, what)


def test_a_lost_listener_comes_back_and_has_every_page_ask_again(database: Database) -> None:
    async def what(live: Live) -> None:
        waiting = asyncio.ensure_future(anext(aiter(live.follow())))
        await asyncio.sleep(0)
        with database.transaction() as tx:
            tx.execute(
                """select pg_terminate_backend(pid) from pg_stat_activity
                   where datname = current_database() and query ilike 'listen%'"""
            )
        assert await waiting == TOPICS

    with_live(database, 0.0, what)


def test_stopping_ends_every_stream(database: Database) -> None:
    async def what(live: Live) -> None:
        async def drain() -> int:
            return len([topics async for topics in live.follow()])

        waiting = asyncio.ensure_future(drain())
        await asyncio.sleep(0)
        live.stop()
        assert await waiting == 0

    with_live(database, 0.0, what)


def test_nothing_is_told_of_a_transaction_that_rolled_back(office: Office) -> None:
    async def what(live: Live) -> None:
        follower = aiter(live.follow())
        waiting = asyncio.ensure_future(anext(follower))
        await asyncio.sleep(0)

        def fail_then_raise() -> None:
            try:
                with office.context(person("root", Role.ADMIN)) as ctx:
                    notify(ctx.tx, "live", "orders")
                    raise RuntimeError
            except RuntimeError:
                pass
            with office.context(person("root", Role.ADMIN)) as ctx:
                alerts.raise_alert(ctx, "count", "item:1", "attention", "Count", "Short.", "/stock", {})

        await asyncio.to_thread(fail_then_raise)
        assert await waiting == {"alerts"}

    with_live(office.database, 0.0, what)


@pytest.mark.parametrize(("trouble", "told"), [(Unauthenticated("over"), True), (Unavailable("not now"), False)])
def test_only_the_end_of_a_session_signs_a_page_out(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch, trouble: Exception, told: bool
) -> None:
    answers = iter((Visit(None, None, person("mara", Role.ADMIN)), trouble))  # type: ignore[arg-type]

    def visitor(request: object) -> Visit:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def stream() -> str:
        response = await floor.live(Request({"type": "http", "app": app}))
        assert isinstance(response, StreamingResponse)
        said = asyncio.ensure_future(collect(response))
        while not app.state.live.followers:
            await asyncio.sleep(0)
        app.state.live._spread(frozenset({"floor"}))
        return await asyncio.wait_for(said, 10)

    async def collect(response: StreamingResponse) -> str:
        return "".join([str(part) async for part in response.body_iterator])

    monkeypatch.setattr(floor, "visitor", visitor)
    monkeypatch.setattr(floor, "HEARTBEAT", -1.0)
    assert ("signed-out" in asyncio.run(stream())) is told
