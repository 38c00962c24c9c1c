"""What people plan as one promotion: an event, with its items, its state and what it overlaps with. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any, Literal

from shelfwise.core.errors import Fault
from shelfwise.records.promotions import Promotion, promotion_faults

State = Literal["planned", "running", "past", "called off"]
# What an event says of all its items, unless files said it of each.
SHARED = ("starts_on", "ends_on", "kind", "price", "discount_percent", "note", "called_off")


@dataclass(frozen=True)
class NewEvent:
    """A promotion as somebody plans it; fields as those of `Promotion`, for several items at once."""

    code: str
    site_id: int | None
    item_ids: tuple[int, ...]
    starts_on: date
    ends_on: date
    kind: str = "price"
    price: Decimal | None = None
    discount_percent: Decimal | None = None
    note: str | None = None

    def rows(self) -> list[Promotion]:
        """One for each item."""
        return [
            Promotion(
                self.code, self.site_id, item_id, self.starts_on, self.ends_on, self.kind, self.price,
                self.discount_percent, self.note,
            )
            for item_id in self.item_ids
        ]  # fmt: skip


@dataclass(frozen=True)
class StoredPromotion:
    """A row of the table; fields as those of `Promotion`."""

    promotion_id: int
    code: str
    site_id: int | None
    item_id: int
    starts_on: date
    ends_on: date
    kind: str
    price: Decimal | None
    discount_percent: Decimal | None
    note: str | None
    called_off: bool


@dataclass(frozen=True)
class Event:
    """All items of one name at one site, or at all sites.

    Attributes:
        promotion_id: the lowest of its rows, by which it is named in addresses.
        starts_on, ends_on: of all its items together.
        differs: the fields that are not the same for each item, as files can tell them; such a price, discount or note
            is None here.
        called_off: of every item.
    """

    promotion_id: int
    code: str
    site_id: int | None
    item_ids: tuple[int, ...]
    starts_on: date
    ends_on: date
    kind: str
    price: Decimal | None
    discount_percent: Decimal | None
    note: str | None
    called_off: bool
    differs: frozenset[str]

    def state(self, today: date) -> State:
        return state_of(self.starts_on, self.ends_on, self.called_off, today)


def state_of(starts_on: date, ends_on: date, called_off: bool, today: date) -> State:
    """How far a promotion is on a day of its site."""
    if called_off:
        return "called off"
    if today < starts_on:
        return "planned"
    return "running" if today <= ends_on else "past"


def gather(rows: Iterable[StoredPromotion]) -> list[Event]:
    """Rows of the same name and site as events, by their first day."""

    def named(row: StoredPromotion) -> tuple[str, int]:
        return row.code, row.site_id or 0

    found = []
    for _, group in groupby(sorted(rows, key=lambda row: (*named(row), row.promotion_id)), named):
        every = list(group)
        first = every[0]
        differs = frozenset(name for name in SHARED if len({getattr(row, name) for row in every}) > 1)
        told: dict[str, Any] = {
            name: None if name in differs else getattr(first, name) for name in ("price", "discount_percent", "note")
        }
        found.append(
            Event(
                first.promotion_id,
                first.code,
                first.site_id,
                tuple(row.item_id for row in every),
                min(row.starts_on for row in every),
                max(row.ends_on for row in every),
                first.kind,
                **told,
                called_off=all(row.called_off for row in every),
                differs=differs,
            )
        )
    return sorted(found, key=lambda event: (event.starts_on, event.code, event.promotion_id))


def event_faults(new: NewEvent) -> Iterator[Fault]:
    """What is wrong with a promotion that somebody plans."""
    if not new.item_ids:
        yield Fault("items", "at least one item", "none", "Name what is promoted by its SKU.")
    # All items have all else in common.
    yield from promotion_faults(
        Promotion(
            new.code, new.site_id, 0, new.starts_on, new.ends_on, new.kind, new.price, new.discount_percent, new.note
        )
    )


def move_faults(ended_on: date, ends_on: date, today: date) -> Iterator[Fault]:
    """What has been can be corrected, but it cannot be yet to come: what it did is measured, and learnt from."""
    if ended_on < today <= ends_on:
        yield Fault(
            "ends_on", f"a day before {today.isoformat()}, as it is over", ends_on.isoformat(),
            "Correct the day, or plan a new promotion under another name.",
        )  # fmt: skip


def overlapping(event: NewEvent | Event, others: Iterable[Event]) -> list[Event]:
    """The others, not called off, that promote one of its items at one of its sites on one of its days."""
    items = set(event.item_ids)
    return [
        one
        for one in others
        if not one.called_off
        and (one.code, one.site_id) != (event.code, event.site_id)
        and (one.site_id is None or event.site_id is None or one.site_id == event.site_id)
        and one.starts_on <= event.ends_on
        and event.starts_on <= one.ends_on
        and not items.isdisjoint(one.item_ids)
    ]
