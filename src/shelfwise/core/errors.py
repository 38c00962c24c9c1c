"""The exceptions of the house. Every one says what was expected, what came, where, and what to do.

::

    ShelfwiseError
    ├── Invalid        the caller sent something that cannot be right (HTTP 422)
    ├── NotFound       the thing named does not exist for this tenant (HTTP 404)
    ├── Refused        understood, but against a rule: no stock, wrong state (HTTP 409)
    │   └── AskAgain   refused once: whoever has read why may say so and ask again
    ├── Forbidden      this actor may not do this (HTTP 403)
    ├── Unauthenticated  nobody known is asking (HTTP 401)
    └── Unavailable    we cannot promise durability or reach a part of ourselves; try again (HTTP 503)
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with one input.

    Attributes:
        where: the field, cell (``row 12, column quantity``), topic or byte offset.
        expected: what would have been accepted.
        got: what came, shortened to something a person can read.
        remedy: what to do about it.
    """

    where: str
    expected: str
    got: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: expected {self.expected}, got {self.got}. {self.remedy}"


class ShelfwiseError(Exception):
    """Base of everything Shelfwise raises on purpose; its text is fit to be shown to a person."""


class Invalid(ShelfwiseError):
    """Input that cannot be right; carries every fault found, not only the first."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__("; ".join(str(fault) for fault in faults))


class NotFound(ShelfwiseError):
    """The named thing does not exist, or not for this tenant."""

    def __init__(self, what: str, name: object) -> None:
        super().__init__(f"There is no {what} {name!r}. Check the name, or create it first.")


class Refused(ShelfwiseError):
    """A rule forbids what was asked, as things stand."""


class AskAgain(Refused):
    """Probably a mistake. A page shows why, and asks again with the parameter that says 'I have seen it'."""


class Forbidden(ShelfwiseError):
    """The actor is known but lacks the right."""


class Unauthenticated(ShelfwiseError):
    """No valid sign-in, key or device password came with the request."""


class Unavailable(ShelfwiseError):
    """The request was not carried out and may be tried again unchanged."""


def shorten(value: object, limit: int = 60) -> str:
    """The value as text for a `Fault`, cut so that a hostile input cannot fill a log or a page."""
    text = value if isinstance(value, str) else repr(value)
    text = "".join(ch if ch.isprintable() else f"\\x{ord(ch):02x}" for ch in text[: limit + 1])
    return f"{text[:limit]!r}…" if len(text) > limit else repr(text)
