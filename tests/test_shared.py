"""The database that tests share is as empty and as full as one of their own would be."""

from __future__ import annotations

from typing import Any

from shelfwise.access.context import Office
from shelfwise.store.database import Tx, values
from tests.shared import Beginnings, empty, fill, used_tables
from tests.web.world import furnish


def test_what_a_test_begins_with_is_copied_as_it_was_written(office: Office, shared_tx: Tx) -> None:
    beginnings = Beginnings(shared_tx)
    bare = everything(shared_tx)
    assert set(bare) == {"business_clock"}
    first = beginnings.begin("once", lambda: furnish(office, aisles=1, bins_a_side=2))
    written = everything(shared_tx)
    assert len(written) > 15
    with shared_tx.transaction():
        empty(shared_tx)
        fill(shared_tx)
    assert everything(shared_tx) == bare
    assert beginnings.begin("once", lambda: furnish(office)) == first
    assert everything(shared_tx) == written


def test_what_somebody_wrote_before_is_not_copied_over(office: Office, shared_tx: Tx) -> None:
    beginnings = Beginnings(shared_tx)
    assert beginnings.begin("before", lambda: furnish(office, aisles=1, bins_a_side=2))
    assert beginnings.begin("before", lambda: "written anew") == "written anew"


def everything(tx: Tx) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of every table that holds any but the tenant's own, and how far each sequence has come."""
    tables = used_tables(tx) - {"tenant"}
    found = {table: values(tx, f"select row::text from {table} as row order by 1") for table in tables}
    counted = values(
        tx, "select sequencename, last_value from pg_sequences where last_value is not null order by sequencename"
    )
    return found | ({"sequences": counted} if counted else {})
