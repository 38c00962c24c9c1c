"""The page of the files in which data leaves and comes back, from the definition that both ways use."""

from __future__ import annotations

from shelfwise.records.exchange import SHEETS, kind_words

INTRODUCTION = """# Files

The columns of the files in which Shelfwise gives data out and takes it in. **Export** writes all of them, as a ZIP of
CSV files or as one workbook with a sheet each. The headings stay as they are; what is new comes at the end.

## How values are written

| value | in a CSV file | in a workbook (XLSX) |
| --- | --- | --- |
| code, text | as it is; see below for what could be a formula | a text cell, so that 00123 keeps its zeros |
| number | exact, with a decimal point, without separators: `1200` | a number, but text beyond 15 digits: none is lost |
| yes or no | `yes`, `no` | the same |
| day | `2026-03-31` | a date |
| time | with its offset: `2026-03-31T14:05:00+02:00`, in the time zone of your first site | the same, as text |
| unknown | an empty cell, which is not zero | an empty cell |

CSV files are UTF-8, separated by commas, their lines end with CR LF, and what holds a comma, a quote or a line break
stands in quotes ([RFC 4180](https://www.rfc-editor.org/rfc/rfc4180)). *For Excel* puts a mark (BOM) in front by which
Excel knows the encoding. Excel takes the zeros off codes in CSV files; open the workbook instead.

**Formulas.** A spreadsheet runs a cell that begins with `=`, `+`, `-`, `@` or a tab. So that nobody can hide one in a
description, such texts get an apostrophe in front in a CSV file: `'=1+1`. In a workbook they are marked as text. An
import takes the apostrophe away again. Numbers are not touched: `-3` is minus three.

A sheet of a workbook ends at 1,048,575 rows; what is more stands on a second one, *stock 2*.

## Sheets
"""


def files() -> str:
    from scripts.reference import code, table

    parts = [INTRODUCTION]
    for sheet in SHEETS:
        keys = ", ".join(code(name) for name in sheet.key)
        parts.append(f"### {sheet.name}\n\n{sheet.words} What names a row: {keys}.\n")
        parts.append(
            table(
                ["column", "needed", "holds", "means"],
                [
                    [code(one.name), "yes" if one.needed else "", kind_words(one.kind), one.words]
                    for one in sheet.columns
                ],
            )
        )
    return "\n".join(parts)
