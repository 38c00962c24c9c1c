"""Alive, ready, and what waits."""

from __future__ import annotations

import pytest
from fastapi import FastAPI

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.operations.disk import Disk
from shelfwise.settings import Settings
from shelfwise.store.database import Database, run
from shelfwise.web.app import create_app
from shelfwise.work import alerts
from tests.web.conftest import AsRole, Client, TestClient


def test_alive_and_ready(client: Client) -> None:
    nobody = client(None)
    assert nobody.get("/livez").text == "alive\n"
    assert nobody.get("/readyz").json() == {"ready": True}


def test_without_a_database_it_is_alive_and_not_ready(database_url: str) -> None:
    database = Database(database_url).open()
    database.close()
    app = TestClient(create_app(Office(database)))
    assert app.get("/livez").status_code == 200
    answer = app.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]


def test_metrics_count_requests_alerts_and_what_consumers_are_behind(client: Client, office: Office) -> None:
    mara = client("mara")
    with office.context(person("root", Role.ADMIN)) as ctx:
        alerts.raise_alert(ctx, "count", "item:1", "attention", "Count", "Short.", "/stock", {})
        ctx.publish("test", "a")
        run(ctx.tx, "insert into consumer (tenant_id, consumer, stream, tx, seq) values (1, 'late', 'event', '0', 0)")
        run(
            ctx.tx, "insert into consumer (tenant_id, consumer, stream, tx, seq) values (1, 'doors', 'reading', '0', 0)"
        )
        (events,) = ctx.tx.execute("select count(*) from event").fetchone() or (0,)
    mara.get("/stock")
    text = mara.get("/metrics").text
    assert "shelfwise_open_alerts 1.0" in text
    assert f'shelfwise_consumer_lag{{consumer="late"}} {float(events)}' in text
    assert 'shelfwise_consumer_lag{consumer="doors"} 0.0' in text
    assert 'shelfwise_requests_total{method="GET",route="/stock",status="200"} 1.0' in text


@pytest.mark.parametrize(
    ("free", "admin", "others"),
    [
        (50e9, "", ""),
        (4e9, "The disk fills up:</strong> 4.0 GB free in", ""),
        (0.5e9, "The disk is nearly full:</strong> 0.5 GB free in", ""),
        (1e6, "The disk is full: nothing can be stored.</strong> 0.0 GB free", "Write down what you do"),
    ],
)
def test_little_room_is_said_on_every_page_to_who_can_act_and_a_full_disk_to_all(
    app: FastAPI, as_role: AsRole, free: float, admin: str, others: str
) -> None:
    app.state.disk = Disk(Settings(), room=lambda place: int(free))
    for role, words in ((Role.ADMIN, admin), (Role.VIEWER, others)):
        visitor = as_role(role)
        for path in ("/", "/stock", "/devices", "/inbox"):
            page = visitor.get(path).text
            assert words in page, (role, path)
            assert ("The disk" in page) == bool(words), (role, path)
    assert ("nothing can be stored" in TestClient(app).get("/sign-in").text) == bool(others)


def test_the_disk_is_looked_at_no_more_often_than_every_ten_seconds() -> None:
    free, now = iter((50 * 10**9, 5 * 10**8)), [0.0]
    disk = Disk(Settings(), room=lambda place: next(free), clock=lambda: now[0])
    assert [disk.shortage(), disk.shortage()] == [None, None]
    now[0] = 10.0
    for _ in range(2):
        found = disk.shortage()
        assert found is not None and (found.finding.state, found.full) == ("danger", False)


def test_metrics_are_open_on_this_machine_itself(app: FastAPI, world: object) -> None:
    near = TestClient(app, client=("127.0.0.1", 5000))
    assert near.get("/metrics").status_code == 200
