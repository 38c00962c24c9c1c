"""What the worker does when one of its readers of facts is in trouble."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
import pytest

from shelfwise import app, worker
from shelfwise.access.context import Office
from shelfwise.access.model import system
from shelfwise.store.database import Tx
from shelfwise.store.events import EVENTS, Consumer


def test_a_reader_whose_work_postgres_undoes_does_not_hold_up_those_behind_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []

    def undone(tx: Tx, facts: Sequence[Any]) -> None:
        raise psycopg.errors.DeadlockDetected

    def listens(tx: Tx, facts: Sequence[Any]) -> None:
        heard.extend(fact.kind for fact in facts)

    monkeypatch.setattr(
        app, "consumers", lambda office: [Consumer("first", EVENTS, undone), Consumer("second", EVENTS, listens)]
    )
    with office.context(system("test")) as ctx:
        ctx.publish("something.happened", "test")
    with pytest.raises(psycopg.errors.DeadlockDetected):
        worker.serve_consumers(office)
    assert heard == ["something.happened"]
