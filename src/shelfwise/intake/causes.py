"""What one table of a file brings counts in its others: where its row is bad, they say so once, not row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shelfwise.intake.kind import Kind, RowFault

if TYPE_CHECKING:
    from shelfwise.intake.reading import Read


@dataclass
class BadRecords:
    """Records of this file whose own rows are bad: by the column that names them, as a fault would write them."""

    names: dict[str, set[str]] = field(default_factory=dict)

    def take(self, kind: Kind, done: Read) -> None:
        """Remember what the bad rows of a table would have brought."""
        column = kind.sheet.key[-1]
        told = {repr(row.values.get(column)) for row in (*done.rows, *done.lost) if row.number in done.bad}
        self.names.setdefault(column, set()).update(told)

    def sort_out(self, kind: Kind, faults: Iterable[RowFault], done: Read) -> list[str]:
        """Add the faults whose cause lies in this table; those whose cause was told already are told in one sentence.

        Returns:
            The sentences.
        """
        waiting: Counter[str] = Counter()
        for fault in list(faults):
            if fault.expected.endswith(" that exists") and fault.got in self.names.get(fault.column, ()):
                if fault.row not in done.bad:
                    waiting[fault.column] += 1
                done.bad.add(fault.row)
            else:
                done.add(fault)
        return [
            f"{count:,} {'row is' if count == 1 else 'rows are'} left out, for the {column.replace('_', ' ')} named "
            "there is in a bad row of another table of this file: correct that row, and this comes in, too."
            for column, count in waiting.items()
        ]
