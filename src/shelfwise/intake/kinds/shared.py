"""What the kinds have in common: keys asked for, measures as exact numbers, and codes of other records."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from shelfwise.intake.kind import Key, Record
from shelfwise.records.exchange import Value


def asked(keys: Collection[Key] | None, place: int) -> list[str] | None:
    """One part of the keys, for `column = any(...)`; None: all there are."""
    return None if keys is None else sorted({str(key[place]) for key in keys if key[place] is not None})


def measure(record: Mapping[str, Any], *names: str) -> dict[str, Value]:
    """Binary fractions as the exact numbers a file shows."""
    return {name: None if record[name] is None else Decimal(repr(float(record[name]))).normalize() for name in names}


def exact(record: Mapping[str, Any], *names: str) -> dict[str, Value]:
    """Numbers without the zeros they were stored with, empty texts as nothing."""
    return {name: _plain(record[name]) for name in names}


def _plain(value: Any) -> Value:
    return value.normalize() if isinstance(value, Decimal) else (value or None)


def number(record: Record, name: str) -> Decimal | None:
    value = record.get(name)
    return value if isinstance(value, Decimal) else None


def real(record: Record, name: str) -> float | None:
    value = number(record, name)
    return None if value is None else float(value)


def whole(record: Record, name: str) -> int | None:
    value = record.get(name)
    return value if isinstance(value, int) else None


def day(record: Record, name: str) -> date | None:
    value = record.get(name)
    return value if isinstance(value, date) else None


def text(record: Record, name: str) -> str | None:
    value = record.get(name)
    return None if value is None else str(value)


def codes(rows: Iterable[Record], name: str) -> set[str]:
    """The codes that records name in a column."""
    return {str(record[name]) for record in rows if record.get(name) is not None}


def removed(keys: Sequence[Key], stayed: Mapping[tuple[str, ...], str]) -> dict[Key, str]:
    """Which of the keys had to stay, and why."""
    return {key: stayed[tuple(str(part) for part in key)] for key in keys if tuple(map(str, key)) in stayed}
