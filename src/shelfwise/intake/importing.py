"""Files into the books: what a file would do, doing it, and what was done.

A dry run does all of it and takes it back: so it finds whatever the import would find, also where one sheet of a
workbook needs what another one brings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from shelfwise.access.context import Context, Office
from shelfwise.access.model import Actor, Right
from shelfwise.core.errors import Fault, Forbidden, Invalid, ShelfwiseError
from shelfwise.intake import comparing, headings, tables
from shelfwise.intake.causes import BadRecords
from shelfwise.intake.found import CHANGES_SHOWN, Choice, Found, Outcome
from shelfwise.intake.kind import Change, Kind, Row
from shelfwise.intake.kinds import KINDS, kind_of
from shelfwise.intake.model import FAULTS_SHOWN, Column
from shelfwise.intake.repairs.keeping import answers_of, kept, several
from shelfwise.intake.repairs.model import ALL
from shelfwise.intake.tables import StoredChange
from shelfwise.intake.telling import cell_fault, columns_of, with_unused
from shelfwise.records.exchange import Value
from shelfwise.store.database import notify

if TYPE_CHECKING:  # polars takes a third of a second to import: not at the start of the web or the command line
    from shelfwise.intake.grids import Grid, Opened

Progress = Callable[[str, int, int], None]
# The name under which a choice stands for every table that has none of its own.
EVERY_TABLE = "*"
# What brings records, or what tells records apart: after it, duplicates are looked for.
_MAY_DOUBLE = frozenset({"items", "suppliers", "terms", "barcodes"})


def faulty_rows(path: Path, found: Found) -> Iterator[list[str]]:
    """The rows of a table with bad cells, as they stand in the file, each with what is wrong; headings first."""
    from shelfwise.intake.grids import open_file

    wrong: dict[int, list[str]] = {}
    for fault in found.all_faults:
        wrong.setdefault(fault.row, []).append(f"{fault.column}: expected {fault.expected}. {fault.remedy}")
    yield [*found.headings, "row", "what is wrong"]
    opened = open_file(path, lambda row: headings.recognised(KINDS, row))
    for grid in opened.grids:
        if grid.name == (found.sheet or found.name):
            for number, cells in grid.rows():
                if number in wrong:
                    texts = ["" if cell is None else str(cell) for cell in cells[: len(grid.headings)]]
                    yield [*texts, str(number), " ".join(wrong[number])]


class _TakenBack(Exception):
    """Ends a dry run's transaction."""


def check(
    office: Office, actor: Actor, path: Path, choices: Mapping[str, Choice] | None = None, *,
    site_code: str | None = None, progress: Progress | None = None,
) -> Outcome:  # fmt: skip
    """What an import of the file would do; nothing is changed.

    Args:
        choices: by the name of the table.
        site_code: the site that sold, for sales lines that do not say.

    Raises:
        Invalid: the file cannot be read at all.
        Forbidden: the actor may not import anything.
    """
    return _File(office, actor, path, choices or {}, site_code, progress).check()


def run(
    office: Office, actor: Actor, path: Path, choices: Mapping[str, Choice] | None = None, *,
    site_code: str | None = None, skip_bad: bool = False, progress: Progress | None = None,
) -> Outcome:  # fmt: skip
    """Import the file, all in one transaction: all of its tables, or nothing.

    Args:
        skip_bad: leave bad rows out and say so, instead of refusing the whole file.
        progress: told the table, its rows done and its rows in all.

    Raises:
        Invalid: the file, or (unless `skip_bad`) any cell of it, cannot be right; nothing was imported.
        Forbidden: the actor may not import what it holds.
        Refused: a rule stands against it.
    """
    return _File(office, actor, path, choices or {}, site_code, progress).run(skip_bad)


class _File:
    """One file on its way into the books."""

    def __init__(
        self, office: Office, actor: Actor, path: Path, choices: Mapping[str, Choice], site_code: str | None,
        progress: Progress | None,
    ) -> None:  # fmt: skip
        from shelfwise.intake.grids import open_file

        with office.context(actor, aside=True) as ctx:
            ctx.require_somewhere(Right.IMPORT_DATA)
        self.office, self.actor, self.path, self.choices = office, actor, path, choices
        self.site_code, self.progress = site_code, progress
        self.bad = BadRecords()
        self.beside: frozenset[str] = frozenset()
        self.opened: Opened = open_file(path, lambda row: headings.recognised(KINDS, row))
        self.file_id: int | None = None

    def check(self) -> Outcome:
        found: list[Found] = []
        try:
            with self.office.context(self.actor, aside=True) as ctx:
                found = self._all(ctx, dry=True, skip_bad=True)
                raise _TakenBack
        except _TakenBack:
            return Outcome(self.opened.name, tuple(found), self._notes())

    def run(self, skip_bad: bool) -> Outcome:
        with self.office.context(self.actor, aside=True) as ctx:
            tables.lock_file(ctx.tx, self.opened.sha256)
            found = self._all(ctx, dry=False, skip_bad=skip_bad)
            refused = [fault for one in found for fault in one.problems]
            if not refused and not skip_bad:
                refused = self._bad_cells(found)
            if refused:
                raise Invalid(*refused)
            if not any(one.kind for one in found):
                raise Invalid(
                    Fault(f"file {self.opened.name}", "a table that can be imported", "none", "Say what kind it is.")
                )
            return Outcome(self.opened.name, tuple(found), self._notes(), self.file_id)

    def _bad_cells(self, found: Sequence[Found]) -> list[Fault]:
        """The faults of a refused file: first how many there are, then each of those that are listed."""
        bad = [(one, fault.fault()) for one in found for fault in one.faults]
        if not bad:
            return []
        count = sum(one.fault_count for one in found)
        shown = f"; the first {len(bad)} are listed" if count > len(bad) else ""
        summary = Fault(
            f"file {self.opened.name}", "no bad cell", f"{count} bad cell{'s' if count != 1 else ''}{shown}",
            "Nothing was imported. Correct them, or import again and leave bad rows out.",
        )  # fmt: skip
        if len(self.opened.grids) > 1:
            bad = [(one, replace(fault, where=f"sheet {one.name}, {fault.where}")) for one, fault in bad]
        return [summary, *(fault for _, fault in bad)]

    def _notes(self) -> tuple[str, ...]:
        notes = []
        if self.opened.hidden:
            notes.append(f"Hidden sheets are left alone: {', '.join(self.opened.hidden)}.")
        return tuple(notes)

    def _all(self, ctx: Context, dry: bool, skip_bad: bool) -> list[Found]:
        found: list[Found] = []
        for grid, kind, choice, remembered in self._tables(ctx):
            if kind is None:
                found.append(self._left_alone(grid, choice))
                if grid.part and not dry:
                    tables.put_layout(ctx.tx, ctx.tenant, headings_key(grid), "", {}, ctx.now)
                continue
            try:
                ctx.require_somewhere(kind.right)
                one = self._sales(ctx, grid, kind, choice, dry, skip_bad) if kind.name == "sales" else self._table(
                    ctx, grid, kind, choice, skip_bad
                )  # fmt: skip
            except Forbidden as error:
                if not dry:
                    raise
                remedy = "Ask a manager to import it."
                fault = Fault(grid.name, f"the right to import {kind.noun[1]}", str(error), remedy)
                one = Found(grid.name, kind, grid.headings, choice=choice, problems=(fault,))
            if not dry:
                self._remember(ctx, grid, one)
            # What is wrong with a table is told once, and not again with each kind that it holds.
            of_sheet = {repair.key for other in found if _sheet(other) == (grid.sheet or grid.name)
                        for repair in other.repairs}  # fmt: skip
            new = tuple(repair for repair in one.repairs if repair.key not in of_sheet)
            found.append(replace(one, remembered=remembered, sheet=grid.sheet, repairs=new))
        return with_unused(found)

    def _tables(self, ctx: Context) -> list[tuple[Grid, Kind | None, Choice, bool]]:
        """The tables of the file and the further kinds that they hold, in the order in which one needs the other."""
        from shelfwise.intake import known

        seen = known.books(ctx)
        told: list[tuple[Grid, Kind | None, Choice, bool]] = []
        for grid in self.opened.grids:
            choice, remembered = self._choice(ctx, grid)
            kind = kind_of(choice.kind) if choice.kind else None
            told.append((grid, kind, choice, remembered))
        self.beside = known.zeros_in_front([(grid, kind) for grid, kind, _, _ in told])
        named = {kind.name for _, kind, _, _ in told if kind is not None}
        for grid, kind, choice, remembered in tuple(told):
            for part, other, sure in known.parts(ctx, grid, kind, seen) if kind is not None else ():
                if other.name in named:
                    # A sheet of its own says it.
                    continue
                choice, remembered = self._choice(ctx, part, other.name if sure else "")
                told.append((part, kind_of(choice.kind) if choice.kind else None, choice, remembered))
        kinds = [kind.name for _, kind, _, _ in told if kind is not None]
        told = [
            (replace(grid, repairs=(*grid.repairs, several(kinds.count(kind.name)))), kind, choice, remembered)
            if kind is not None and kinds.count(kind.name) > 1 else (grid, kind, choice, remembered)
            for grid, kind, choice, remembered in told
        ]  # fmt: skip
        return sorted(told, key=lambda one: KINDS.index(one[1]) if one[1] else len(KINDS))

    def _choice(self, ctx: Context, grid: Grid, proposed: str | None = None) -> tuple[Choice, bool]:
        """What a person says, else what was said of the last file with these headings, else what it looks like.

        Args:
            proposed: the kind of a part of a table.
        """
        everywhere = self.choices.get(EVERY_TABLE)
        said = self.choices.get(grid.name, everywhere if proposed is None else None)
        if said is not None and said.kind is not None:
            return replace(said, repairs=self._answers(grid, said)), False
        answers = self._answers(grid, said)
        stored = tables.layout(ctx.tx, ctx.tenant, headings_key(grid))
        if stored is not None and (any(kind.name == stored.kind for kind in KINDS) or proposed is not None):
            remembered = Choice(stored.kind, **stored.said)
            return replace(remembered, repairs={**remembered.repairs, **answers}), True
        if proposed is None:
            kind = headings.recognise(KINDS, grid.name, grid.headings)
            proposed = kind.name if kind else ""
        elif ALL in answers or (grid.part_kind == "places" and answers.get("column-left-out/place")):
            # Goods that are put into one place need it.
            proposed = grid.part_kind
        return Choice(proposed, said.columns if said else {}, repairs=answers), False

    def _answers(self, grid: Grid, said: Choice | None) -> dict[str, bool]:
        """What a person said to repairs of this table, in any of its parts."""
        everywhere = self.choices.get(EVERY_TABLE)
        sheet = grid.sheet or grid.name
        found = dict(everywhere.repairs) if everywhere is not None else {}
        for name, choice in self.choices.items():
            if name == sheet or name.startswith(f"{sheet}: "):
                found |= choice.repairs
        return found | dict(said.repairs if said is not None else {})

    def _remember(self, ctx: Context, grid: Grid, one: Found) -> None:
        if one.kind is not None and not one.problems:
            said = {"columns": dict(one.choice.columns), "decimal": one.choice.decimal, "dates": one.choice.dates,
                    "repairs": dict(one.choice.repairs)}  # fmt: skip
            tables.put_layout(ctx.tx, ctx.tenant, headings_key(grid), one.kind.name, said, ctx.now)

    def _left_alone(self, grid: Grid, choice: Choice) -> Found:
        columns = tuple(Column(i + 1, heading.strip(), None, "") for i, heading in enumerate(grid.headings))
        notes = grid.notes
        if grid.part:
            title = kind_of(grid.part_kind).sheet.title.lower()
            notes = (f"It can be read as {title}, too, with something that only a person can say: choose so, or accept "
                     "all repairs.",)  # fmt: skip
        return Found(grid.name, None, grid.headings, columns, choice, notes=notes, sheet=grid.sheet)

    def _table(self, ctx: Context, grid: Grid, kind: Kind, choice: Choice, skip_bad: bool) -> Found:
        """Take one table in, as far as its rows are good."""
        from shelfwise.intake import known
        from shelfwise.intake.reading import Said, read
        from shelfwise.intake.sales_table import say_site

        if self.progress is not None:
            self.progress(grid.name, 0, 0)
        named_beside = grid.part and kind.name in ("places", "suppliers")
        if grid.part:
            choice = replace(choice, columns={**grid.unsaid, **choice.columns})
        places, _ = headings.propose(kind, grid.headings, choice.columns)
        offered = known.fillings(ctx, kind, grid, places)
        offers = {name: one.repair(choice.repairs, sum(1 for _ in grid.rows())) for name, one in offered.items()}
        filled = {name: one for name, one in offered.items() if offers[name].accepted}
        places, problems = headings.propose(kind, grid.headings, choice.columns, filled)
        if not choice.columns.get("sku"):
            problems += known.numbers_of_rows(grid, places)
        left = known.rules_left(ctx, kind, grid, places)
        places = {name: place for name, place in places.items() if name not in left}
        before = tables.import_of(ctx.tx, ctx.tenant, self.opened.sha256, kind.name, grid.name) if kind.once else None
        done = read(
            grid,
            kind,
            places,
            Said(choice.columns, choice.decimal, choice.dates, choice.repairs),
            known.zone(ctx),
            replace(known.books(ctx), beside=self.beside),
            filled,
        )
        if kind.site_said:
            problems += say_site(ctx, self.site_code, done)
        repairs = (*offers.values(), *done.repairs)
        told = Found(
            grid.name, kind, grid.headings, columns_of(grid, places),
            Choice(kind.name, {**{one.name: "" for one in kind.sheet.columns}, **done.said.columns}, done.said.decimal,
                   done.said.dates, {**choice.repairs, **answers_of(repairs)}),
            repairs=repairs, notes=(*grid.notes, *left.values(), *done.notes),
            rows=len(done.rows) + len(done.bad),
        )  # fmt: skip
        if not told.rows and not done.problems:
            problems.append(Fault(grid.name, "a row below the headings", "none", "Export it again, with data."))
        if problems or done.problems:
            return replace(told, problems=(*problems, *done.problems))
        if before is not None:
            return replace(told, same_file=before, good_rows=told.rows, unchanged=told.rows, import_id=before.import_id)
        if named_beside:
            # What a list of goods names beside them is made where it is not there, and never changed.
            there = kind.known(ctx, [comparing.key_of(kind, row) for row in done.rows])
            done.rows = [row for row in done.rows if comparing.key_of(kind, row) not in there]
            told = replace(told, rows=len(done.rows) + len(done.bad))
        waiting = self.bad.sort_out(kind, kind.check(ctx, done.rows), done)
        told = replace(told, notes=(*told.notes, *waiting))
        self.bad.take(kind, done)
        done.drop_bad()
        bad = tuple(cell_fault(grid, places, fault) for fault in sorted(done.faults, key=lambda one: one.row))
        told = replace(
            told, good_rows=len(done.rows), skipped=len(done.bad), fault_count=done.fault_count, all_faults=bad,
            faults=bad[:FAULTS_SHOWN],
        )  # fmt: skip
        if done.fault_count and not skip_bad:
            return told
        return self._write(ctx, kind, told, done.rows)

    def _write(self, ctx: Context, kind: Kind, told: Found, rows: Sequence[Row]) -> Found:
        known = kind.known(ctx, [comparing.key_of(kind, row) for row in rows])
        changes, same = comparing.changes(kind, rows, known)
        created = sum(1 for change in changes if change.before is None)
        told = replace(
            told, changes=_shown(changes), created=created, changed=len(changes) - created,
            unchanged=same,
        )  # fmt: skip
        import_id = tables.add_import(
            ctx, self.opened.name, self.opened.sha256, told.rows, kind.name, told.name, self.file_id
        )
        self.file_id = self.file_id or import_id
        try:
            with ctx.tx.transaction():
                posted = kind.write(ctx, changes, None)
        except Forbidden:
            raise
        except Invalid as error:
            return replace(told, problems=error.faults)
        except ShelfwiseError as error:
            return replace(told, problems=(Fault(told.name, "what the books allow", str(error), "See above."),))
        tables.finish_import(
            ctx.tx, ctx.tenant, import_id, created=created, changed=told.changed, unchanged=same,
            skipped=told.skipped, batch_id=posted.batch_id, repairs=kept(told.repairs),
        )  # fmt: skip
        tables.put_changes(ctx.tx, ctx.tenant, import_id, (_stored(kind, one) for one in changes))
        ctx.audit(
            "import.done", f"import:{import_id}", kind=kind.noun[1], file=self.opened.name,
            sha256=self.opened.sha256.hex(), created=created, changed=told.changed, unchanged=same,
            skipped=told.skipped, repairs={one.title: one.count for one in told.repairs if one.accepted},
        )  # fmt: skip
        if kind.name in _MAY_DOUBLE and created + told.changed:
            ctx.publish("duplicates.wanted", f"import:{import_id}")
        notify(ctx.tx, "live", "orders")
        if self.progress is not None:
            self.progress(told.name, told.rows, told.rows)
        return replace(told, import_id=import_id)

    def _sales(self, ctx: Context, grid: Grid, kind: Kind, choice: Choice, dry: bool, skip_bad: bool) -> Found:
        from shelfwise.intake.sales_table import take_sales

        told, file_id = take_sales(
            ctx, grid, kind, choice, site_code=self.site_code, dry=dry,
            skip_bad=skip_bad, file_id=self.file_id,
            progress=None if self.progress is None else lambda done, rows: self.progress and self.progress(
                grid.name, done, rows
            ),
        )  # fmt: skip
        self.file_id = self.file_id or file_id
        return replace(told, name=grid.name, kind=kind, headings=grid.headings)


def headings_key(grid: Grid) -> str:
    """What stands for a row of headings: files of one make have the same."""
    key = "\x1f".join(name.strip() for name in grid.headings).replace("\x00", "")
    return f"{key}\x1e{grid.part_kind}" if grid.part else key


def _sheet(found: Found) -> str:
    return found.sheet or found.name


def _shown(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Those that change something first: a person looks at them more closely than at what is new."""
    return tuple(sorted(changes, key=lambda one: (one.before is None, one.row))[:CHANGES_SHOWN])


def _stored(kind: Kind, one: Change) -> StoredChange:
    key: dict[str, Value] = dict(zip(kind.sheet.key, one.key, strict=True))
    before = None if one.before is None else comparing.texts(one.before)
    return StoredChange(one.row, list(comparing.texts(key).values()), before, comparing.texts(one.after))
