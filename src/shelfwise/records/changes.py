"""What changes of master data have in common: what differs, what needs a person's word, and codes that are taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

from shelfwise.core.errors import Refused
from shelfwise.core.quantities import plain


class NeedsWord(Refused):
    """Possible, but it means something for what is there already: somebody must confirm that it is meant."""

    def __init__(self, *concerns: str) -> None:
        self.concerns = concerns
        super().__init__(f"{' '.join(concerns)} Confirm that this is meant.")


@dataclass(frozen=True)
class Differences:
    """The fields that differ, fit for the audit log."""

    before: dict[str, Any]
    after: dict[str, Any]

    def __bool__(self) -> bool:
        return bool(self.after)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Differences:
    """What is not the same in two versions of a record with equal fields."""
    names = [name for name in after if before[name] != after[name]]
    return Differences({name: said(before[name]) for name in names}, {name: said(after[name]) for name in names})


def taken(what: str, code: str) -> Refused:
    """The refusal of a code that is there already."""
    return Refused(f"The {what} {code!r} already exists. Use it, or choose another code.")


def said(value: Any) -> Any:
    """A value as the audit log has it: exact numbers and times as texts."""
    if isinstance(value, Decimal):
        return plain(value)
    return str(value) if isinstance(value, date | time | timedelta) else value
