"""A mixed-integer program for HiGHS, put together from whole blocks of columns and rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from shelfwise.planning.model import Floats

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What HiGHS found.

    Attributes:
        values: of the columns in the best solution; None: it found none.
        cost: of that solution.
        bound: no solution costs less.
        proved: it is as good as was asked for.
        duals: by how much the cost falls with a unit less of each row's bound; of a linear program only.
    """

    values: Floats | None
    cost: float
    bound: float
    proved: bool
    duals: Floats | None = None


class Program:
    """Columns with costs and bounds, rows of their sums with bounds; minimised."""

    def __init__(self) -> None:
        self.columns = self.rows = 0
        self._column: list[tuple[Floats, Floats, Floats, NDArray[np.bool_]]] = []
        self._row: list[tuple[Floats, Floats]] = []
        self._entry: list[tuple[Ints, Ints, Floats]] = []

    def add(self, cost: ArrayLike, lower: ArrayLike, upper: ArrayLike, *, whole: bool, size: int) -> Ints:
        """So many columns; their numbers."""
        given = (np.broadcast_to(np.asarray(one, dtype=np.float64), (size,)) for one in (cost, lower, upper))
        self._column.append((*given, np.full(size, whole)))  # type: ignore[arg-type]
        first, self.columns = self.columns, self.columns + size
        return np.arange(first, self.columns)

    def rows_of(self, lower: ArrayLike, upper: ArrayLike, size: int) -> Ints:
        """So many rows, empty as yet; their numbers."""
        low, high = (np.broadcast_to(np.asarray(one, dtype=np.float64), (size,)) for one in (lower, upper))
        self._row.append((low, high))
        first, self.rows = self.rows, self.rows + size
        return np.arange(first, self.rows)

    def put(self, rows: ArrayLike, columns: ArrayLike, values: ArrayLike) -> None:
        """Entries of rows; those given twice for one place are added up."""
        where = np.asarray(rows, dtype=np.int64), np.asarray(columns, dtype=np.int64)
        row, column, value = np.broadcast_arrays(*where, np.asarray(values, dtype=np.float64))
        self._entry.append((row, column, value))

    def solve(
        self,
        *,
        seconds: float | None,
        nodes: int | None,
        gap: float,
        start: Floats | None = None,
        relaxed: bool = False,
    ) -> Outcome:
        """Run HiGHS on one thread.

        Args:
            seconds, nodes, gap: when to stop; the gap is a cost. None: no such limit.
            start: a solution to begin with.
            relaxed: columns need not be whole.
        """
        import highspy

        class Quiet(highspy.Highs):
            def enableCallbacks(self) -> None:
                """None is used; enabling them would print a banner before it can be silenced."""
                self.setOptionValue("output_flag", False)

        solver: Any = Quiet()  # type: ignore[no-untyped-call]
        solver.setOptionValue("threads", 1)
        solver.setOptionValue("random_seed", 0)
        solver.setOptionValue("mip_rel_gap", 0.0)
        solver.setOptionValue("mip_abs_gap", gap)
        if seconds is not None:
            solver.setOptionValue("time_limit", max(seconds, 0.01))
        if nodes is not None:
            solver.setOptionValue("mip_max_nodes", nodes)
        solver.passModel(self._model(highspy, relaxed))
        if start is not None:
            solution = highspy.HighsSolution()
            solution.col_value = start.tolist()
            solver.setSolution(solution)
        solver.run()
        info = solver.getInfo()
        whole = not relaxed and any(one[3].any() for one in self._column)
        found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        proved = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
        values = np.array(solver.getSolution().col_value) if found else None
        reported = float(info.objective_function_value)
        cost = reported if values is None else float(np.concatenate([one[0] for one in self._column]) @ values)
        bound = float(info.mip_dual_bound) if whole else (cost if proved else -float("inf"))
        if whole and values is not None:
            # HiGHS 1.16 leaves out what presolve has fixed from cost and bound when it is given a start.
            bound += cost - reported
        duals = None if whole or not proved else np.array(solver.getSolution().row_dual)
        return Outcome(values, cost, bound, proved, duals)

    def _model(self, highspy: Any, relaxed: bool) -> Any:
        cost, lower, upper, whole = (np.concatenate(parts) for parts in zip(*self._column, strict=True))
        row, column, value = (np.concatenate(parts) for parts in zip(*self._entry, strict=True))
        order = np.argsort(row * self.columns + column, kind="stable")
        place = (row * self.columns + column)[order]
        first = np.diff(place, prepend=-1) != 0
        summed = np.add.reduceat(value[order], np.flatnonzero(first)) if len(order) else value
        row, column = place[first] // self.columns, place[first] % self.columns
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = self.columns, self.rows
        model.col_cost_, model.col_lower_, model.col_upper_ = cost, lower, upper
        model.row_lower_, model.row_upper_ = (np.concatenate(parts) for parts in zip(*self._row, strict=True))
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.searchsorted(row, np.arange(self.rows + 1)).astype(np.int32)
        model.a_matrix_.index_ = column.astype(np.int32)
        model.a_matrix_.value_ = summed
        if not relaxed:
            kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
            model.integrality_ = [kinds[one] for one in whole.tolist()]
        return model
