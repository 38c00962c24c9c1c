"""Sales lines as one table of a file among others: what `intake.sales` finds and does, said as for every other kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, NotFound
from shelfwise.intake import known, sales, tables
from shelfwise.intake.found import Choice, Found
from shelfwise.intake.kind import Kind, Row
from shelfwise.intake.model import Column, DryRun, Field, Layout, propose_columns
from shelfwise.intake.repairing import Table
from shelfwise.intake.repairs.keeping import answers_of, kept
from shelfwise.intake.repairs.model import Repair
from shelfwise.records import service as records
from shelfwise.records.model import Site

if TYPE_CHECKING:
    from shelfwise.intake.files import Source
    from shelfwise.intake.grids import Grid
    from shelfwise.intake.reading import Read

_LARGEST_REPAIRED = 40 << 20


def take_sales(
    ctx: Context, grid: Grid, kind: Kind, choice: Choice, *, site_code: str | None, dry: bool, skip_bad: bool,
    file_id: int | None, progress: Callable[[int, int], None] | None,
) -> tuple[Found, int | None]:  # fmt: skip
    """Look at sales lines, or take them in; returns what was found and the id of the import the file goes under.

    Raises:
        Invalid: not `dry`, and something cannot be right.
    """
    site, problems = site_of_file(ctx, site_code)
    fields = {field: choice.columns[field.value] for field in Field if field.value in choice.columns}
    layout = Layout(fields, decimal=choice.decimal, dates=choice.dates, sheet=grid.name if grid.typed else None)
    path = grid.path
    source, repairs = _repaired(ctx, grid, kind, choice, fields)
    choice = replace(choice, repairs={**choice.repairs, **answers_of(repairs)})
    if not dry:
        done = sales.take_in(ctx, path, site, layout, skip_bad=skip_bad, progress=progress, file_id=file_id,
                             source=source)  # fmt: skip
        tables.put_repairs(ctx.tx, ctx.tenant, done.import_id, kept(repairs))
        found = Found(
            "", None, choice=choice, rows=done.rows, good_rows=done.rows - done.skipped, created=done.new,
            unchanged=done.known, skipped=done.skipped, faults=done.faults, imported=done, import_id=done.import_id,
            repairs=repairs,
        )  # fmt: skip
        return found, done.file_id
    looked = sales.check(path, layout, time_zone=None if site is None else site.time_zone,
                         today=max(ctx.now, ctx.wall.now()).date(), source=source)  # fmt: skip
    if site is not None or _all_say_their_site(looked):
        problems = []
    problems += _unknown_sites(ctx, looked)
    found = Found(
        "", None, columns=tuple(_column(column) for column in looked.columns), choice=_complete(choice, looked),
        problems=(*looked.problems, *problems), faults=looked.faults, all_faults=looked.faults,
        fault_count=looked.fault_count, rows=looked.rows, good_rows=looked.good_rows,
        skipped=looked.rows - looked.good_rows, notes=looked.notes, sales=looked,
        repairs=repairs,
    )  # fmt: skip
    return found, None


def _repaired(
    ctx: Context, grid: Grid, kind: Kind, choice: Choice, said: Mapping[Field, str]
) -> tuple[Source | None, tuple[Repair, ...]]:
    """The file opened with its rows repaired, and the repairs; no source where there is nothing to repair.

    Files of more rows than other lists may have are read without: they come from programs, and fast.
    """
    from shelfwise.intake.files import open_source
    from shelfwise.intake.grids import MOST_ROWS

    if grid.path.stat().st_size > _LARGEST_REPAIRED or grid.path.suffix == ".parquet":
        return None, grid.repairs
    lines = list(islice(grid.read(), MOST_ROWS + 1))
    if len(lines) > MOST_ROWS:
        return None, grid.repairs
    fields, _ = propose_columns(grid.headings, said)
    places = {field.value: place for field, place in fields.items()}
    table = Table(grid.headings, kind, places, lines, grid.typed, known.books(ctx), choice.repairs, grid.merges,
                  [*grid.repairs])  # fmt: skip
    table.mend()
    if not any(repair.accepted for repair in table.repairs):
        return None, tuple(table.repairs)
    source = open_source(grid.path, sheet=grid.name if grid.typed else None)
    return replace(source, headers=grid.headings, lines=table.lines), tuple(table.repairs)


def site_of_file(ctx: Context, code: str | None) -> tuple[Site | None, list[Fault]]:
    """The site that sold: the one named, or the only one there is."""
    if code:
        try:
            return records.site(ctx, code), []
        except NotFound as error:
            return None, [Fault("site", "the code of a site", repr(code), str(error))]
    allowed = ctx.sites(Right.IMPORT_DATA)
    here = [one for one in records.sites(ctx) if allowed is None or one.site_id in allowed]
    if len(here) == 1:
        return here[0], []
    wanted = Fault("site", "the site that sold", "none", "Say which site sold these goods, or add a column for it.")
    return None, [wanted]


def say_site(ctx: Context, code: str | None, done: Read) -> list[Fault]:
    """Give rows that name no site the one that sold; returns what is wrong with that."""
    if all(row.values.get("site") is not None for row in done.rows):
        return []
    site, problems = site_of_file(ctx, code)
    if site is not None:
        done.rows = [
            row if row.values.get("site") is not None else Row(row.number, {**row.values, "site": site.code})
            for row in done.rows
        ]
    return problems


def _all_say_their_site(looked: DryRun) -> bool:
    return any(column.field is Field.SITE for column in looked.columns)


def _unknown_sites(ctx: Context, looked: DryRun) -> list[Fault]:
    known = {one.code for one in records.sites(ctx)}
    return [
        Fault("column site", "the code of a site", repr(code), "Correct the code, or import the site first.")
        for code in looked.sites
        if code not in known
    ]


def _column(column: Column) -> Column:
    return replace(column, name=column.field.value if column.field else "")


def _complete(choice: Choice, looked: DryRun) -> Choice:
    said = {field.value: "" for field in Field} | {
        field.value: header for field, header in looked.layout.columns.items()
    }
    return replace(choice, columns=said, decimal=looked.layout.decimal, dates=looked.layout.dates)
