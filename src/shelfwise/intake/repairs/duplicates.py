"""What stands twice: the same row, the same place with two amounts, the same name under two codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from shelfwise.intake.kind import Kind, Row
from shelfwise.intake.repairs.model import Proposal
from shelfwise.records.exchange import Value


def rows_twice(kind: Kind, rows: Sequence[Row]) -> Iterator[Proposal]:
    """Rows that say the very same as one above; those of a numbered list, such as an order's lines, may."""
    if kind.numbered and kind.numbered[0] not in {name for row in rows[:1] for name in row.values}:
        return
    first: dict[tuple[tuple[str, Value], ...], int] = {}
    drop = set()
    for at, row in enumerate(rows):
        said = tuple(sorted(row.values.items(), key=lambda one: one[0]))
        if first.setdefault(said, at) != at:
            drop.add(at)
    if drop:
        yield Proposal("rows-twice", "they say the very same as a row above", drop=frozenset(drop))


def stock_twice(kind: Kind, rows: Sequence[Row]) -> Iterator[tuple[Proposal, Mapping[int, Decimal]]]:
    """Rows of the same place, item and lot with different amounts: offered to be added up; which row gets what sum."""
    if not kind.amount:
        return
    groups: dict[tuple[Value, ...], list[int]] = {}
    for at, row in enumerate(rows):
        key = kind.key_of({**{name: kind.defaults.get(name) for name in kind.sheet.key},
                           **{name: value for name, value in row.values.items() if value is not None}})  # fmt: skip
        groups.setdefault(key, []).append(at)
    sums: dict[int, Decimal] = {}
    drop: set[int] = set()
    for places in groups.values():
        amounts = [rows[at].values.get(kind.amount) for at in places]
        if len(places) > 1 and all(isinstance(one, Decimal) for one in amounts):
            sums[places[0]] = sum((one for one in amounts if isinstance(one, Decimal)), Decimal(0))
            drop |= {*places[1:]}
    if drop:
        why = "the amounts of the same item in the same place can be added up, if all of them lie there"
        yield Proposal("stock-twice", why, drop=frozenset(drop), certain=False), sums


def names_twice(rows: Sequence[Row]) -> Iterator[Proposal]:
    """Items with one name and different codes: two lengths of a cable, or one thing entered twice."""
    first: dict[str, tuple[int, Value]] = {}
    noticed: set[int] = set()
    for at, row in enumerate(rows):
        name = str(row.values.get("description") or "").strip().casefold()
        if name:
            other = first.setdefault(name, (at, row.values.get("sku")))
            if other[1] != row.values.get("sku"):
                noticed |= {other[0], at}
    if noticed:
        yield Proposal("names-twice", "two codes have the same name: is it one thing? They are taken as two",
                       noticed=tuple(sorted(noticed)))  # fmt: skip
