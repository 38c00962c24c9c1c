"""Forecast a file, and race all methods on a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.demand.contest import Asked
from shelfwise.demand.explaining.explain import explain
from shelfwise.demand.files.building import read
from shelfwise.demand.files.writing import checked_target, paths_of, write_explained, write_forecast, write_paths
from shelfwise.demand.panel import Frequency
from shelfwise.demand.race.champion import forecast
from shelfwise.demand.race.contenders import contenders, why_no_trees
from shelfwise.demand.race.race import OVERALL, WINDOWS, Progress, Race, race
from shelfwise.demand.race.report import as_json, as_table

MOST_WINDOWS = 52
_SHOWN = 5

Say = Callable[[str], None]


@dataclass(frozen=True)
class Files:
    """What a forecast of files is made of, as a person asks for it.

    Attributes:
        explained: where to write what each forecast is made of; None: nowhere.
    """

    history: Path
    future: Path | None
    horizon: int | None
    frequency: Frequency | None
    out: Path
    explained: Path | None = None


def forecast_file(files: Files, asked: Asked, *, cumulative: bool, say: Say, progress: Progress) -> None:
    """Race all methods on the history, forecast each series by the champion of its kind, and write the file."""
    target = checked_target(files.out)
    beside = None if files.explained is None else checked_target(files.explained, "--explain")
    _apart(files.history, files.future, target, beside, paths_of(target) if asked.paths else None)
    progress(f"reading {files.history.name}", 0, 1)
    found = read(files.history, files.future, files.horizon, files.frequency)
    _say_notes(found.notes, say)
    methods = contenders(found.panel.frequency)
    result = race(found.panel, methods, found.panel.ahead, seed=asked.seed, progress=progress)
    _say_champions(result, say)
    made = forecast(found.panel, result, methods, asked, progress)
    for series, note in list(made.notes.items())[:_SHOWN]:
        item, location = found.panel.keys[series]
        say(f"{item!r}{f' at {location!r}' if location else ''}: {note}.")
    if len(made.notes) > _SHOWN:
        say(f"And {len(made.notes) - _SHOWN:,} more series with such notes.")
    write_forecast(target, found, made, cumulative=cumulative)
    say(f"{len(found.series):,} rows were written to {target}.")
    if made.paths is not None:
        say(f"{len(made.paths)} paths were written to {write_paths(target, found, made.paths)}.")
    if beside is not None:
        progress("explaining", 0, 1)
        write_explained(beside, found, explain(found.panel, made, methods))
        say(f"What each forecast is made of was written to {beside}.")


def _apart(*files: Path | None) -> None:
    """What is written must not take the place of what is read, or of what else is written.

    Raises:
        Invalid: two of the files are one.
    """
    named = [one for one in files if one is not None]
    for number, one in enumerate(named):
        for other in named[:number]:
            if one.resolve() == other.resolve():
                raise Invalid(
                    Fault("files", "a file of its own for each", f"{shorten(str(one))} twice", "Name another one.")
                )


def backtest_file(
    history: Path,
    future: Path | None,
    horizon: int,
    windows: int,
    frequency: Frequency | None,
    out: Path | None,
    *,
    seed: int,
    say: Say,
    progress: Progress,
    show: Say,
) -> None:
    """Race all methods on the history, show the race, and write it as JSON where asked to.

    What `future` tells is taken to be known ahead in the past as well.
    """
    _apart(history, future, out)
    if not 1 <= windows <= MOST_WINDOWS:
        raise Invalid(Fault("--windows", f"a number from 1 to {MOST_WINDOWS}", str(windows), "Ask for fewer."))
    progress(f"reading {history.name}", 0, 1)
    found = read(history, future, None if future else horizon, frequency)
    _say_notes(found.notes, say)
    if unknown := [one.name for one in found.panel.columns if not one.ahead and future is None]:
        say(
            f"Hidden from the windows, because no file for --future says that it is known ahead: "
            f"{', '.join(map(repr, unknown))}."
        )
    result = race(found.panel, contenders(found.panel.frequency), horizon, windows, seed=seed, progress=progress)
    if result is None:
        raise Invalid(
            Fault(
                f"file {history.name}", f"a history longer than the horizon of {horizon} {found.panel.frequency}s",
                f"{found.panel.periods} {found.panel.frequency}s", "Ask for a shorter horizon.",
            )
        )  # fmt: skip
    if len(result.origins) < windows:
        say(f"The history is long enough for {len(result.origins)} of {windows} windows.")
    for line in as_table(result):
        show(line)
    if out is not None:
        try:
            out.write_text(json.dumps(as_json(result), indent=1), "utf-8")
        except OSError as error:
            raise Invalid(
                Fault("--out", "a file that can be written", f"{out}: {error.strerror}", "Choose another one.")
            ) from error


def _say_notes(notes: Sequence[str], say: Say) -> None:
    for note in notes:
        say(note)
    if why := why_no_trees():
        say(f"Boosted trees stay out of the race: {why}.")


def _say_champions(result: Race | None, say: Say) -> None:
    if result is None:
        say("The history is too short for a race of methods; the simplest one speaks.")
        return
    names = [f"{names[0]} for {segment}" for segment, names in result.champions.items() if segment != OVERALL]
    say(
        f"Of {len(result.marks)} ways to forecast, on {len(result.origins)} of {WINDOWS} windows: "
        f"{', '.join(names) or result.champions[OVERALL][0]}."
    )
