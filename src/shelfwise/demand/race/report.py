"""A race as a table for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from shelfwise.demand.race.marks import HALVES, Marks, Scores
from shelfwise.demand.race.race import OVERALL, Race
from shelfwise.demand.race.segments import SEGMENTS

BASELINE = "moving average"
CALIBRATED = "  calibrated on the others"
_COLUMNS = ("WAPE", "bias", "RMSSE", "pinball", "in 80%", "of totals", "in 80%", "to average")


def as_json(race: Race) -> dict[str, Any]:
    """Every score by segment and method, whole and by half of the horizon."""
    return {
        "horizon": race.ahead,
        "origins": [day.isoformat() for day in race.origins],
        "series": race.series,
        "champions": {segment: names[0] for segment, names in race.champions.items()},
        "segments": {
            segment: {name: _told(marks.of(race.rows(segment))) for name, marks in race.marks.items()}
            for segment in _taking_part(race)
        },
        "calibrated": {segment: _told(marks) for segment, marks in race.calibrated.items()},
    }


def _told(marks: Marks) -> dict[str, Any]:
    """The scores, whole and by half."""
    each = [asdict(marks.of(slice(None), slice(half, half + 1)).score()) for half in range(HALVES)]
    return asdict(marks.score()) | {"halves": each}


def as_table(race: Race) -> Iterator[str]:
    """Lines: a block for each segment, its best first; `*` before the champion."""
    yield (
        f"{race.series} series, {len(race.origins)} windows of {race.ahead} periods from "
        f"{', '.join(day.isoformat() for day in race.origins)}"
    )
    width = max(map(len, (*race.marks, CALIBRATED))) + 2
    for segment in _taking_part(race):
        rows = race.rows(segment)
        champion = race.champions.get(segment, race.champions[OVERALL])[0]
        scores = {name: marks.of(rows).score() for name, marks in race.marks.items()}
        against = scores.get(BASELINE)
        taking = int((next(iter(race.marks.values())).of(rows).count.sum(axis=1) > 0).sum())
        yield ""
        yield f"{f'{segment} ({taking})':<{width}}" + "".join(f"{name:>11}" for name in _COLUMNS)
        for name, score in sorted(scores.items(), key=lambda item: item[1].loss):
            yield _line("* " if name == champion else "  ", name, width, score, against)
            if name == champion and segment in race.calibrated:
                yield _line("  ", CALIBRATED, width, race.calibrated[segment].score(), against)


def _line(sign: str, name: str, width: int, score: Scores, against: Scores | None) -> str:
    cells = (*_cells(score), _gained(score, against))
    return f"{sign}{name:<{width - 2}}" + "".join(f"{cell:>11}" for cell in cells)


def _taking_part(race: Race) -> list[str]:
    return [OVERALL, *(one.value for one in SEGMENTS if race.rows(one.value).any())]


def _cells(score: Scores) -> tuple[str, ...]:
    return (
        _number(score.wape), _number(score.bias, sign=True), _number(score.rmsse), _number(score.pinball),
        _percent(score.coverage), _number(score.total_pinball), _percent(score.total_coverage),
    )  # fmt: skip


def _gained(score: Scores, against: Scores | None) -> str:
    """How much smaller or larger the WAPE is than the moving average's."""
    if against is None or not against.wape or score.wape is None:
        return "-"
    return f"{100 * (score.wape / against.wape - 1):+.0f}%"


def _number(value: float | None, *, sign: bool = False) -> str:
    return "-" if value is None else f"{value:+.3f}" if sign else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f}%"
