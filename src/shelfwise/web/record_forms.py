"""Forms of master data: reading them so that all that is wrong is said at once, and showing them again as they were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from starlette.datastructures import FormData

from shelfwise.core.errors import Fault, Invalid, Refused, ShelfwiseError, shorten
from shelfwise.core.quantities import plain
from shelfwise.records.changes import NeedsWord
from shelfwise.web.writing import read_typed, typed

Chosen = TypeVar("Chosen", bound=str)
# What a form is shown again for; all else is a page of its own.
SHOWN_AGAIN = (Invalid, Refused)


@dataclass
class Answers:
    """What somebody wrote into a form; what cannot be read is gathered, and said by `check`."""

    sent: FormData
    faults: list[Fault] = field(default_factory=list)

    def text(self, name: str) -> str:
        return str(self.sent.get(name, "")).strip()

    def ticked(self, name: str) -> bool:
        return bool(self.text(name))

    def chosen(self, name: str, among: Iterable[Chosen], words: str) -> Chosen:
        known = list(among)
        text = self.text(name)
        found = next((one for one in known if one == text), None)
        if found is None:
            self.faults.append(Fault(words, f"one of {', '.join(known)}", shorten(text), "Choose one of them."))
        return found or known[0]

    def number(self, name: str, words: str) -> Decimal | None:
        """A number, or None where the field is empty."""
        try:
            return read_typed(text, words) if (text := self.text(name)) else None
        except Invalid as error:
            self.faults += error.faults
            return None

    def needed(self, name: str, words: str) -> Decimal:
        found = self.number(name, words)
        if found is None and not self.text(name):
            self.faults.append(Fault(words, "a number such as 12 or 0.5", "nothing", "Fill it in."))
        return found or Decimal(0)

    def real(self, name: str, words: str) -> float | None:
        found = self.number(name, words)
        return None if found is None else float(found)

    def real_or(self, name: str, words: str, otherwise: float) -> float:
        found = self.real(name, words)
        return otherwise if found is None else found

    def share(self, name: str, words: str, low: float, high: float) -> float | None:
        """A percentage between these, as a share of 1."""
        found = self.number(name, words)
        if found is not None and not low <= found <= high:
            self.faults.append(Fault(words, f"{low:g} to {high:g} %", f"{plain(found)} %", "Correct it."))
        # Divided as it was written: 99.9 in binary is a little more than 99.9.
        return None if found is None else float(found / 100)

    def whole(self, name: str, words: str) -> int | None:
        found = self.number(name, words)
        if found is not None and found % 1:
            self.faults.append(Fault(words, "a whole number", plain(found), "Correct the number."))
        return None if found is None else int(found)

    def day(self, name: str, words: str) -> date:
        try:
            return date.fromisoformat(self.text(name))
        except ValueError:
            self.faults.append(Fault(words, "a day such as 2026-03-31", shorten(self.text(name)), "Choose a day."))
            return date.min

    def day_if_any(self, name: str, words: str) -> date | None:
        return self.day(name, words) if self.text(name) else None

    def check(self) -> None:
        """
        Raises:
            Invalid: something could not be read.
        """
        if self.faults:
            raise Invalid(*self.faults)


def shown_again(values: Mapping[str, object], sent: FormData | None, error: ShelfwiseError | None) -> dict[str, Any]:
    """What a form's template gets: the values as they are, or as they were sent, and why they were not taken."""
    asked = error.concerns if isinstance(error, NeedsWord) else ()
    return {
        "values": {name: _written(one) for name, one in values.items()}
        if sent is None
        else {name: str(sent.get(name, "")) for name in values},
        "faults": error.faults if isinstance(error, Invalid) else (),
        "fault": "" if error is None or asked or isinstance(error, Invalid) else str(error),
        "concerns": asked,
        "status": 200 if error is None else 422 if isinstance(error, Invalid) else 409,
    }


def _written(value: object) -> str:
    """A value as it stands in a field; empty where it is unknown."""
    if value is None or value is False:
        return ""
    if value is True:
        return "yes"
    if isinstance(value, float):
        return typed(Decimal(repr(value)))
    return typed(value) if isinstance(value, Decimal) else str(value)
