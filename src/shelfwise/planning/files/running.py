"""Plan a folder into a folder, or tables in memory into tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.demand.files.source import Source
from shelfwise.planning.files.building import built
from shelfwise.planning.files.columns import LEVELS, ORDERS
from shelfwise.planning.files.deciding import Options, Progress, decided, looked, too_small
from shelfwise.planning.files.demand import Heard, forecasts, heard
from shelfwise.planning.files.moving import moved
from shelfwise.planning.files.racing import raced
from shelfwise.planning.files.reading import read_rest
from shelfwise.planning.files.rows import Rows
from shelfwise.planning.files.tables import Faults, folder, frames
from shelfwise.planning.files.writing import foreign, summary, write

_ANY_DAY = date(2000, 1, 1)
"""Where demand could not be read: the rest is looked at all the same, for what is wrong with it."""

FARTHEST = 366
"""Days from the end of what is told of demand to the first that may be planned for."""


@dataclass(frozen=True, eq=False)
class Plan:
    """What should be done.

    Attributes:
        tables: by name, such as orders, as they are written into files of that name.
        summary: counts, totals, what was assumed and what is doubtful; fit for JSON.
    """

    tables: Mapping[str, pl.DataFrame]
    summary: Mapping[str, Any]

    @property
    def orders(self) -> pl.DataFrame:
        return self.tables[ORDERS]

    @property
    def levels(self) -> pl.DataFrame:
        return self.tables[LEVELS]


def quiet(step: str, done: int, of: int) -> None:
    """Progress that nobody watches."""


def plan(tables: Mapping[str, Any], options: Options | None = None, progress: Progress = quiet) -> Plan:
    """Plan tables that are in memory.

    Args:
        tables: by what they would be called as files, such as stock, terms and history: polars or pandas frames, or
            dicts of columns. Columns are those of the files.

    Raises:
        Invalid: something in the tables cannot be right; carries every fault.
    """
    return _planned(frames(tables), options or Options(), [], progress)


def plan_folder(
    path: Path, out: Path | None = None, options: Options | None = None, progress: Progress = quiet
) -> Plan:
    """Plan the tables of a folder; write what comes of it into another one, whole or not at all.

    Raises:
        Invalid: something in the files cannot be right; carries every fault. Nothing is written then.
    """
    if out is not None:
        _apart(path, out)
    with folder(path) as (sources, notes):
        made = _planned(sources, options or Options(), notes, progress)
    if out is not None:
        write(out, made.tables, made.summary)
    return made


def _planned(sources: Mapping[str, Source], options: Options, notes: list[str], progress: Progress) -> Plan:
    progress("reading", 0, 1)
    faults = Faults()
    demand: Heard | None = None
    with faults.collecting():
        demand = heard(sources, options.seed, notes.append)
    today = options.today or (demand.today if demand else _ANY_DAY)
    if demand is not None and abs((today - demand.today).days) > FARTHEST:
        wanted = f"a day within {FARTHEST} days of {demand.today}, up to which demand is told"
        faults.add(Fault("--today", wanted, str(today), "Correct it, or add what sold since."))
    rest = read_rest(sources, demand, today, options.usual_lead_days, faults, notes.append)
    faults.refuse()
    if demand is None:
        raise AssertionError("what could not be read was refused")
    if abs((today - demand.today).days) > 1:
        notes.append(f"Demand is told up to {demand.today}, and {today} is planned for.")
    known = built(rest, forecasts(demand, options.seed, notes.append, progress), notes.append)
    if options.race:
        known = raced(known, demand, options, notes.append, progress)
    rows = Rows()
    looked(known, options, rows, progress)
    known, moves = moved(known, options.params, options.seed, progress)
    rows.moved(known, moves)
    decided(known, options, rows, progress)
    made = rows.tables()
    notes += too_small(known, made[ORDERS])
    return Plan(made, summary(made, rows.counts, known, options, notes))


def _apart(path: Path, out: Path) -> None:
    """
    Raises:
        Invalid: what is written would lie among what is read, or take the place of what is not ours.
    """
    if path.resolve() == out.resolve():
        raise Invalid(
            Fault("--out", "a folder of its own", shorten(str(out)), "Name another one: what is read stays as it is.")
        )
    if not out.resolve().parent.is_dir() or (out.exists() and not out.is_dir()):
        raise Invalid(
            Fault("--out", "a folder inside one that exists", shorten(str(out)), "Make the folder around it first.")
        )
    if theirs := foreign(out):
        raise Invalid(
            Fault(
                "--out", "a folder that is empty or holds a plan with its summary.json",
                f"{', '.join(theirs)}, which no plan wrote", "Choose another one, or take them out.",
            )
        )  # fmt: skip
