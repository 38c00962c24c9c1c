"""What the model sees: nothing of later, the same features whatever a column does next, seasons by the calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
from benchmarks._invented import items

from shelfwise.demand.boosting.calendar import easter
from shelfwise.demand.boosting.features import table
from shelfwise.demand.boosting.ground import Ground
from shelfwise.demand.boosting.rows import every
from shelfwise.demand.boosting.sampling import examined_origins, learning_rows
from shelfwise.demand.boosting.told import Told
from shelfwise.demand.panel import Column, Panel

MADE = items(3, series=12, days=420).panel
EVERY = np.arange(12, dtype=np.int32)


def _seen(panel: Panel, origin: int, ahead: int) -> tuple[tuple[str, ...], np.ndarray]:
    ground = Ground(panel)
    found = table(ground, [Told(one, ground) for one in panel.columns], every(EVERY, origin, ahead))
    return found.names, found.values


def test_what_is_seen_at_an_origin_of_the_past_is_what_was_seen_then() -> None:
    """The same question, asked of a panel that knows what came and of one that was cut off there."""
    names, now = _seen(MADE, 400, 14)
    then_names, then = _seen(MADE.at(400, 14), 400, 14)
    assert names == then_names
    assert np.array_equal(now, then, equal_nan=True)


def test_a_column_gives_the_same_features_when_it_takes_new_values_later() -> None:
    values = np.zeros(MADE.quantity.shape, np.float32)
    values[:, 100:] = 1
    flag = Column("stage", values, ahead=True)
    early = replace(MADE, columns=(flag,)).at(200, 7)
    learnt = Told(early.columns[0], Ground(early))
    values = values.copy()
    values[:, 300:] = 2.5
    later = replace(MADE, columns=(replace(flag, values=values),)).at(310, 7)
    ground = Ground(later)
    told = Told(later.columns[0], ground, learnt.kind)
    assert learnt.kind.flag and not Told(later.columns[0], ground).kind.flag
    names = [name for name, _ in told.features(ground, every(EVERY, 310, 7))]
    assert names == [name for name, _ in learnt.features(Ground(early), every(EVERY, 200, 7))]


def test_unknown_demand_is_never_an_answer_to_learn_from() -> None:
    rows = learning_rows(Ground(MADE), 420, 14, 2_000, np.random.default_rng(1))
    assert len(rows) == 2_000
    assert np.isfinite(MADE.quantity[rows.series, rows.period]).all()
    assert (rows.period < 420).all() and (rows.origin >= 1).all()


def test_six_windows_are_examined_and_lie_closer_together_in_a_short_history() -> None:
    assert examined_origins(1000, 28) == [832, 860, 888, 916, 944, 972]
    assert examined_origins(60, 8) == [47, 48, 49, 50, 51, 52]


def test_no_question_gives_an_empty_table_of_the_same_features() -> None:
    ground = Ground(MADE)
    told = [Told(one, ground) for one in MADE.columns]
    none = table(ground, told, every(EVERY[:0], 400, 7))
    assert none.names == table(ground, told, every(EVERY, 400, 7)).names and none.values.shape[0] == 0


def test_a_level_is_never_zero() -> None:
    nothing_sold = replace(MADE, quantity=np.zeros_like(MADE.quantity))
    assert (Ground(nothing_sold).level(every(EVERY, 400, 7)) > 0).all()


def test_easter_moves_as_it_does() -> None:
    assert [easter(year) for year in (2011, 2024, 2025)] == [date(2011, 4, 24), date(2024, 3, 31), date(2025, 4, 20)]
