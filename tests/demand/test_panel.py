"""A panel cut off at an origin holds nothing of what came after."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from shelfwise.demand.panel import Column, Frequency, Panel


def panel(quantity: list[list[float]], ahead: int = 2) -> Panel:
    rows = np.array(quantity, np.float32)
    length = rows.shape[1] + ahead
    told = np.arange(length, dtype=np.float32)
    return Panel(
        tuple((f"item {one}", "") for one in range(len(rows))),
        Frequency.DAY,
        tuple(date(2026, 1, 1) + timedelta(days=one) for one in range(length)),
        rows,
        (
            Column("price", np.broadcast_to(told, (len(rows), length)), ahead=True),
            Column("visitors", np.tile(told, (len(rows), 1))),
        ),
        np.ones((len(rows), ahead), np.bool_),
    )


def test_a_panel_at_an_origin_keeps_what_was_told_ahead_and_nothing_else() -> None:
    past = panel([[1, 2, np.nan, 4, 5, 6]]).at(2, 3)
    assert past.quantity.tolist() == [[1, 2]]
    assert past.wanted.tolist() == [[False, True, True]]
    price, visitors = past.columns
    assert price.values.tolist() == [[0, 1, 2, 3, 4]]
    assert visitors.values[0, :2].tolist() == [0, 1]
    assert np.isnan(visitors.values[0, 2:]).all()
    assert past.dates == tuple(date(2026, 1, 1) + timedelta(days=one) for one in range(5))


def test_an_origin_may_be_the_end_of_the_history() -> None:
    now = panel([[1, 2, 3]]).at(3, 2)
    assert (now.periods, now.ahead) == (3, 2)
    assert now.wanted.all()


def test_some_series_are_picked_in_the_order_given() -> None:
    some = panel([[1, 2], [3, 4], [5, 6]]).pick([2, 0])
    assert some.keys == (("item 2", ""), ("item 0", ""))
    assert some.quantity.tolist() == [[5, 6], [1, 2]]
    assert some.columns[0].values.strides[0] == 0
