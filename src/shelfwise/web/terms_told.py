"""What the forms about suppliers' terms say."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from typing import Any

from starlette.datastructures import FormData

from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.core.quantities import ZERO
from shelfwise.records.supply import Period, Terms
from shelfwise.web.writing import read_typed

# A column of the table of periods, and what people call it.
_OF_PERIODS = {
    "lead_time_days": "takes", "minimum_order": "at least", "largest_order": "at most", "pack_size": "packs of",
    "batch_days": "ordered at once", "safety_days": "days always added", "soft_safety_days": "ordered earlier",
    "weekly_capacity": "in a week",
}  # fmt: skip


def terms_told(sent: FormData, supplier_id: int, item_id: int) -> Terms:
    """The terms themselves; what is left empty is as usual."""

    def number(name: str, where: str) -> Decimal | None:
        return number_told(sent.get(name), where)

    return Terms(
        supplier_id,
        item_id,
        read_typed(sent.get("unit_cost", ""), "cost of one"),
        str(sent.get("currency", "")).strip().upper(),
        _days(number("lead_time_days", "lead time")),
        number("pack_size", "pack") or Decimal(1),
        number("minimum_order", "minimum") or ZERO,
        supplier_sku=str(sent.get("supplier_sku", "")).strip(),
        largest_order=number("largest_order", "at most"),
        batch_days=_whole(number("batch_days", "ordered at once"), "ordered at once") or 0,
        safety_days=_days(number("safety_days", "days always added")) or 0.0,
        soft_safety_days=_days(number("soft_safety_days", "ordered earlier")) or 0.0,
        weekly_capacity=number("weekly_capacity", "in a week"),
        valid_from=day_told(sent.get("sold_from"), "sold from"),
        valid_until=day_told(sent.get("sold_until"), "sold until"),
    )


def prices_told(sent: FormData) -> list[tuple[Decimal, date, Decimal]]:
    """The rows that are filled in: from so many units on, from this day on, what one costs."""
    found = []
    rows = zip(sent.getlist("from"), sent.getlist("day"), sent.getlist("each"), strict=False)
    for number, (start, day, each) in enumerate(rows, 1):
        if not str(start).strip() and not str(each).strip():
            continue
        starts = _needed(day, f"price {number}, from")
        found.append(
            (read_typed(start, f"price {number}, quantity"), starts, read_typed(each, f"price {number}, cost of one"))
        )
    return found


def periods_told(sent: FormData, supplier_id: int, item_id: int) -> list[Period]:
    """The periods that are filled in; a row without anything in it is none."""
    found = []
    columns = ("period_from", "period_until", *(f"period_{name}" for name in _OF_PERIODS))
    for row, cells in enumerate(zip(*(sent.getlist(name) for name in columns), strict=False), 1):
        if not any(str(cell).strip() for cell in cells):
            continue
        starts, ends, *rest = cells
        said = {
            name: number_told(cell, f"period {row}, {words}")
            for (name, words), cell in zip(_OF_PERIODS.items(), rest, strict=True)
        }
        found.append(
            Period(
                supplier_id,
                item_id,
                _needed(starts, f"period {row}, from"),
                day_told(ends, f"period {row}, until"),
                _days(said["lead_time_days"]),
                said["pack_size"],
                said["minimum_order"],
                said["largest_order"],
                _whole(said["batch_days"], f"period {row}, ordered at once"),
                _days(said["safety_days"]),
                _days(said["soft_safety_days"]),
                said["weekly_capacity"],
            )
        )
    return found


def number_told(typed: Any, where: str) -> Decimal | None:
    """A number; None: the field is empty."""
    return read_typed(typed, where) if typed is not None and str(typed).strip() else None


def day_told(typed: Any, where: str) -> date | None:
    """A day; None: the field is empty."""
    text = "" if typed is None else str(typed).strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Invalid(Fault(where, "a day such as 2026-12-31", shorten(text), "Correct the day.")) from error


def clock_told(typed: Any, where: str) -> time | None:
    """A time of day; None: the field is empty."""
    text = "" if typed is None else str(typed).strip()
    try:
        return time.fromisoformat(text) if text else None
    except ValueError as error:
        raise Invalid(Fault(where, "a time such as 14:30", shorten(text), "Correct the time.")) from error


def _needed(typed: Any, where: str) -> date:
    day = day_told(typed, where)
    if day is None:
        raise Invalid(Fault(where, "a day such as 2026-12-31", "nothing", "Choose a day."))
    return day


def _days(number: Decimal | None) -> float | None:
    return None if number is None else float(number)


def _whole(number: Decimal | None, where: str) -> int | None:
    if number is not None and number != number.to_integral_value():
        raise Invalid(Fault(where, "whole days", str(number), "Correct the number."))
    return None if number is None else int(number)
