"""What was found in a file, table by table, and what a person may say about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shelfwise.core.errors import Fault
from shelfwise.intake.kind import Change, Kind
from shelfwise.intake.model import CellFault, Column, DryRun, Imported
from shelfwise.intake.repairs.model import Answers, Repair
from shelfwise.intake.tables import Batch

CHANGES_SHOWN = 200
EXAMPLE_LENGTH = 40


@dataclass(frozen=True)
class Choice:
    """What a person says about one table of a file; what is left out is found out.

    Attributes:
        kind: the name of a kind; '': leave the table alone; None: find out.
        columns: heading by column; '': not in the file.
        decimal, dates, repairs: see `reading.Said`.
    """

    kind: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    decimal: str | None = None
    dates: str | None = None
    repairs: Answers = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """One table of a file, and what an import of it does.

    Attributes:
        name: of the sheet, or of the file.
        kind: what it is; None: nothing that can be imported, or left alone.
        columns: every column of the file and what it is taken for.
        choice: complete: how it was read.
        remembered: it was read as a file with the same headings was the last time.
        problems: what is wrong with the table as a whole; while there is one, none of it can be imported.
        faults: the first bad cells; `all_faults` has more of them, for a file to correct.
        changes: the first records that become others.
        created, changed, unchanged, skipped: how many records, and bad rows.
        sales: what was found where it holds sales lines.
        same_file: this very table was imported before, so there is nothing to do.
        repairs: what was wrong with it, and became of it.
        sheet: the table that it is a part of; '': it is the table itself.
    """

    name: str
    kind: Kind | None
    headings: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    choice: Choice = field(default_factory=Choice)
    remembered: bool = False
    problems: tuple[Fault, ...] = ()
    faults: tuple[CellFault, ...] = ()
    all_faults: tuple[CellFault, ...] = ()
    fault_count: int = 0
    rows: int = 0
    good_rows: int = 0
    changes: tuple[Change, ...] = ()
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    skipped: int = 0
    notes: tuple[str, ...] = ()
    sales: DryRun | None = None
    imported: Imported | None = None
    import_id: int | None = None
    same_file: Batch | None = None
    repairs: tuple[Repair, ...] = ()
    sheet: str = ""

    @property
    def clean(self) -> bool:
        return not self.problems and not self.fault_count


@dataclass(frozen=True)
class Outcome:
    """A file, its tables in the order in which they are taken in, and what is left alone."""

    file_name: str
    tables: tuple[Found, ...]
    notes: tuple[str, ...] = ()
    file_id: int | None = None

    @property
    def wanted(self) -> tuple[Found, ...]:
        return tuple(one for one in self.tables if one.kind is not None)

    @property
    def can_start(self) -> bool:
        """Whether there is anything to take in, were it only without the bad rows."""
        return any(one.good_rows for one in self.wanted) and not any(one.problems for one in self.wanted)

    @property
    def fault_count(self) -> int:
        return sum(one.fault_count for one in self.wanted)
