"""Sales lines as one table of a file among others: what `intake.sales` finds and does, said as for every other kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, NotFound
from shelfwise.intake import sales
from shelfwise.intake.found import Choice, Found
from shelfwise.intake.model import Column, DryRun, Field, Layout
from shelfwise.records import service as records
from shelfwise.records.model import Site


def take_sales(
    ctx: Context, path: Path, sheet: str | None, choice: Choice, *, site_code: str | None, dry: bool, skip_bad: bool,
    file_id: int | None, progress: Callable[[int, int], None] | None,
) -> tuple[Found, int | None]:  # fmt: skip
    """Look at sales lines, or take them in; returns what was found and the id of the import the file goes under.

    Raises:
        Invalid: not `dry`, and something cannot be right.
    """
    site, problems = _site(ctx, site_code)
    fields = {field: choice.columns[field.value] for field in Field if field.value in choice.columns}
    layout = Layout(fields, decimal=choice.decimal, dates=choice.dates, sheet=sheet)
    if not dry:
        done = sales.take_in(ctx, path, site, layout, skip_bad=skip_bad, progress=progress, file_id=file_id)
        found = Found(
            "", None, choice=choice, rows=done.rows, good_rows=done.rows - done.skipped, created=done.new,
            unchanged=done.known, skipped=done.skipped, faults=done.faults, imported=done, import_id=done.import_id,
        )  # fmt: skip
        return found, done.file_id
    looked = sales.check(path, layout, time_zone=None if site is None else site.time_zone,
                         today=max(ctx.now, ctx.wall.now()).date())  # fmt: skip
    if site is not None or _all_say_their_site(looked):
        problems = []
    problems += _unknown_sites(ctx, looked)
    found = Found(
        "", None, columns=tuple(_column(column) for column in looked.columns), choice=_complete(choice, looked),
        problems=(*looked.problems, *problems), faults=looked.faults, all_faults=looked.faults,
        fault_count=looked.fault_count, rows=looked.rows, good_rows=looked.good_rows,
        skipped=looked.rows - looked.good_rows, notes=looked.notes, sales=looked,
    )  # fmt: skip
    return found, None


def _site(ctx: Context, code: str | None) -> tuple[Site | None, list[Fault]]:
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
