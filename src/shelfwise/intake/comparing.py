"""What a file says beside what is there: what is new, what changes from what to what, what stays. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo

from shelfwise.intake.kind import Change, Key, Kind, Record, Row
from shelfwise.records.exchange import Value, read, written

_UTC = ZoneInfo("UTC")


def key_of(kind: Kind, row: Row) -> Key:
    """What names the row, with what stands for it where it says nothing."""
    return tuple(
        row.values[name] if row.values.get(name) is not None else kind.defaults.get(name) for name in kind.sheet.key
    )


def changes(kind: Kind, rows: Sequence[Row], known: Mapping[Key, Record]) -> tuple[list[Change], int]:
    """The rows that make or change a record, and how many leave theirs as it is.

    A column that the file does not have says nothing. An empty cell empties the field, but for fields that always say
    something: those stay as they are.
    """
    found = []
    same = 0
    blank: dict[str, Value] = {column.name: None for column in kind.sheet.columns if column.name not in kind.unread}
    always = {column.name for column in kind.sheet.columns if column.needed} | kind.defaults.keys()
    for row in rows:
        key = key_of(kind, row)
        given = {name: _kept(kind, name, value) for name, value in row.values.items()}
        before = known.get(key)
        if before is None:
            after = {**blank, **kind.defaults, **{name: value for name, value in given.items() if value is not None}}
        else:
            told = {name: value for name, value in given.items() if value is not None or name not in always}
            after = {**before, **told}
        change = Change(row.number, key, before, after)
        if not change.fields or (before is None and kind.amount and not after[kind.amount]):
            same += 1
        else:
            found.append(change)
    return found, same


def _kept(kind: Kind, name: str, value: Value) -> Value:
    """The value as it is kept: measures are binary fractions, and texts have one spelling."""
    if name in kind.spelt and isinstance(value, str):
        return kind.spelt[name](value)
    if name in kind.measures and isinstance(value, Decimal):
        return Decimal(repr(float(value))).normalize()
    return value


def texts(record: Record) -> dict[str, str | None]:
    """A record as it is kept beside an import."""
    return {name: None if value is None else written(value, _UTC) for name, value in record.items()}


def values(kind: Kind, record: Mapping[str, str | None]) -> dict[str, Value]:
    """The record that `texts` made this of."""
    found: dict[str, Value] = {}
    for name, text in record.items():
        column = kind.sheet.column(name)
        if text is None or column.kind in ("code", "text"):
            found[name] = text
        else:
            found[name] = read(text, column)
    return found
