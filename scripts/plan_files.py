"""The reference page of what `shelfwise plan` reads and writes."""

from __future__ import annotations

from shelfwise.planning.files.columns import COLUMNS, WORDS
from shelfwise.planning.files.sheets import DEMAND, INPUTS, names_of

_HEAD = """# Files of a plan

What `shelfwise plan` reads in its folder and writes into another one. How to use it: [Plan from
files](../guides/plan-from-files.md).

## What is read

CSV or Parquet, by its ending; the encoding, the delimiter and the way in which numbers and dates are written are found
out. Of each file one is read. Capitals, spaces and signs in the names of files and columns do not matter.
"""
_DEMAND = """### Demand

One of these is needed; the first that is there is taken. The columns are those of [Forecast a
file](../guides/forecast-a-file.md).
"""
_SUMMARY = """### summary.json

Version, the day that was planned for, seed, parameters, counts, totals by currency and supplier, the files that were
written, and notes: all that was assumed, and all that is doubtful. It is written last: where it is there, the others
are.
"""
_OF_DEMAND = {
    "forecast-paths": "possible futures: item, location, date, path, quantity; `--paths` writes them",
    "totals": "quantiles of running totals: item, location, date, q0.1 and so on; `--cumulative` writes them",
    "forecast": "quantiles of each day, week or month, or a mean alone: item, location, date, mean, q0.1 and so on",
    "history": "what sold: item, location, date, quantity; lines of orders (with an order number) are added up by day",
}
_KINDS = {
    "day": "a day",
    "code": "a code",
    "text": "a text",
    "number": "a number",
    "whole": "a whole number",
    "instant": "a day",
}


def plan_files() -> str:
    from scripts.reference import code, table

    parts = [_HEAD]
    for one in INPUTS:
        sheet, known = one.sheet, names_of(one.sheet)
        parts.append(f"### {sheet.name}\n\n{sheet.words} May be called {_either(one.stems)}.\n")
        rows = [
            [
                code(column.name), "yes" if column.needed else "", _KINDS[column.kind], column.words,
                ", ".join(line[0] for line in known[column.name][1:4]),
            ]
            for column in sheet.columns
        ]  # fmt: skip
        parts.append(table(["column", "needed", "holds", "means", "also called"], rows))
    parts.append(_DEMAND)
    rows = [[code(name), _either(DEMAND[name]), words] for name, words in _OF_DEMAND.items()]
    parts.append(table(["file", "may be called", "holds"], rows))
    parts.append("## What is written\n\nAn empty cell is unknown, which is not zero.\n")
    for name, columns in COLUMNS.items():
        parts.append(f"### {name}.csv\n\n{WORDS[name]}\n")
        parts.append(table(["column", "means"], [[code(column), words] for column, (_, words) in columns.items()]))
    parts.append(_SUMMARY)
    return "\n".join(parts)


def _either(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"
