"""Another quantity than the forecast's, set by a person for some days: what it makes of the futures. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np

from shelfwise.core.errors import Fault
from shelfwise.demand.model import LARGEST_QUANTITY, Flags, Floats, Paths

LONGEST_DAYS = 92
FURTHEST_DAYS = 365
LARGEST_CHANGE = Decimal(10)


@dataclass(frozen=True)
class Override:
    """What a person set for an item at a site, from `first_day` to `last_day`.

    Attributes:
        quantity: for all these days together; None: `change` says it.
        change: of what the model says, whatever it says by then; 0.2 is a fifth more.
        scored_days: how many of the days were known when it was scored; None: it is not over, or was taken back.
        came: what was wanted on them; `model_absolute`, `person_absolute`: how far off each total was.
    """

    override_id: int
    item_id: int
    sku: str
    site_id: int
    first_day: date
    last_day: date
    quantity: Decimal | None
    change: Decimal | None
    reason: str
    set_by: str
    set_at: datetime
    taken_back_by: str | None
    taken_back_at: datetime | None
    scored_days: int | None
    came: float | None
    model_absolute: float | None
    person_absolute: float | None

    @property
    def days(self) -> int:
        return (self.last_day - self.first_day).days + 1

    def stands(self, today: date) -> bool:
        """Whether planning goes by it, today or later: it ends by itself."""
        return self.taken_back_at is None and self.last_day >= today


@dataclass(frozen=True)
class Verdict:
    """What the changes that are over made of the forecast. No word of whose they were.

    Attributes:
        better: by how much smaller the error is than the model's alone, as a share; below 0: larger. None: the model
            made no error that could be smaller.
    """

    over: int
    nearer: int
    further: int
    better: float | None


def faults(
    first_day: date, last_day: date, quantity: Decimal | None, change: Decimal | None, reason: str, today: date
) -> list[Fault]:
    """What is wrong with what somebody wants to set."""
    found = []
    if first_day < today:
        found.append(
            Fault("first day", f"{today} or later", first_day.isoformat(), "What is over is not forecast any more.")
        )
    if not first_day <= last_day < first_day + timedelta(days=LONGEST_DAYS):
        expected = f"a day from {first_day} on, {LONGEST_DAYS} days at most"
        found.append(Fault("last day", expected, last_day.isoformat(), "Choose other days."))
    if first_day > today + timedelta(days=FURTHEST_DAYS):
        found.append(Fault("first day", "within a year", first_day.isoformat(), "Choose an earlier day."))
    if (quantity is None) == (change is None):
        found.append(Fault("quantity", "a quantity, or a change of what is forecast", "both or neither", "Give one."))
    if quantity is not None and not 0 <= quantity <= Decimal(LARGEST_QUANTITY):
        found.append(Fault("quantity", f"0 to {LARGEST_QUANTITY:g}", str(quantity), "Correct it."))
    if change is not None and not -1 <= change <= LARGEST_CHANGE:
        found.append(Fault("change", f"-100 % to +{100 * LARGEST_CHANGE} %", f"{100 * change:f} %", "Correct it."))
    if not reason.strip():
        found.append(Fault("reason", "a few words", "nothing", "Say what you know that the forecast does not."))
    return found


def changed(paths: Paths, first_day: date, overrides: Iterable[Override]) -> Paths:
    """The futures with what people set: scaled day by day, so that how they differ from each other stays.

    Of a quantity, the days ahead get their share by number of days: what a range has sold already does not change what
    is expected of the rest. Where the model says nothing at all, it is spread evenly.

    Args:
        paths: shape (futures, days); the first column is `first_day`.
    """
    result = paths.astype(np.float64)
    for one in overrides:
        begin = max((one.first_day - first_day).days, 0)
        end = min((one.last_day - first_day).days + 1, paths.shape[1])
        if begin >= end or not len(paths):
            continue
        if one.change is not None:
            result[:, begin:end] *= 1 + float(one.change)
            continue
        wanted = float(one.quantity or 0) * (end - begin) / one.days
        said = float(result[:, begin:end].sum()) / len(result)
        if said > 0:
            result[:, begin:end] *= wanted / said
        else:
            result[:, begin:end] = wanted / (end - begin)
    return result.astype(np.float32)


def off_by(one: Override, paths: Paths, first_day: date, came: Floats, known: Flags) -> tuple[int, float, float, float]:
    """(days known, what came on them, how far off the model's total was, how far off with the override).

    Args:
        paths: of the last forecast before the override began to count; the first column is `first_day`.
        came, known: by day from `first_day` on.
    """
    begin = max((one.first_day - first_day).days, 0)
    end = min((one.last_day - first_day).days + 1, paths.shape[1], len(known))
    counted = np.zeros(paths.shape[1], bool)
    counted[begin:end] = known[begin:end]
    total = float(came[: len(known)][counted[: len(known)]].sum())
    said, set_by_person = (
        float(each[:, counted].astype(np.float64).sum()) / len(each)
        for each in (paths, changed(paths, first_day, [one]))
    )
    return int(counted.sum()), total, abs(said - total), abs(set_by_person - total)


def verdict(overrides: Sequence[Override]) -> Verdict | None:
    """What those that were scored made of the forecast; None: none was."""
    over = [
        (one.model_absolute, one.person_absolute)
        for one in overrides
        if one.scored_days and one.model_absolute is not None and one.person_absolute is not None
    ]
    if not over:
        return None
    model, person = sum(one for one, _ in over), sum(one for _, one in over)
    return Verdict(
        len(over),
        sum(person < model for model, person in over),
        sum(person > model for model, person in over),
        1 - person / model if model > 0 else None,
    )
