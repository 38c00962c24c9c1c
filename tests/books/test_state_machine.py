"""Orders, movements, reversals, holds and transfers at random over three sites: the books are right after each step."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from shelfwise.access.context import Office
from shelfwise.store.database import Database
from tests.books.machine import BOSS, Warehouses, build


def drive(database: Database, office: Office, examples: int, steps: int) -> type[Warehouses]:
    with office.context(BOSS) as ctx:
        house = build(ctx)
    machine = type(
        "Machine", (Warehouses,), {"database": database, "house": house, "done": Counter(), "refused": Counter()}
    )
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, derandomize=True, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    return machine


def test_books_balance_and_promises_hold_whatever_people_do(database: Database, office: Office) -> None:
    machine = drive(database, office, examples=12, steps=50)
    assert machine.done.total() > 200


@pytest.mark.slow
def test_books_balance_and_promises_hold_over_ten_thousand_steps(database: Database, office: Office) -> None:
    machine = drive(database, office, examples=200, steps=100)
    assert machine.done.total() + machine.refused.total() >= 10_000
    # A step that was never carried out was never tested.
    assert not {name for name in machine.refused if not machine.done[name]}
