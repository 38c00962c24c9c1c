"""What a company takes for granted: its time zone, how it writes numbers and days, and what holds where nobody said."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Literal, get_args
from zoneinfo import available_timezones

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, NotFound, shorten
from shelfwise.records.changes import differences
from shelfwise.records.model import refuse
from shelfwise.store.database import first, run, value

# 1,234.5 or 1.234,5 or 1 234,5 or 1’234.5
Numbers = Literal["en", "de", "fr", "ch"]
# 2 Mar 2026, or day, month and year in figures in one of their orders.
Days = Literal["name", "dmy", "mdy", "ymd"]
NUMBERS: tuple[Numbers, ...] = get_args(Numbers)
DAYS: tuple[Days, ...] = get_args(Days)
LONGEST_LEAD_DAYS = 3650
LONGEST_ANSWER_DAYS = 90
LONGEST_LANE_DAYS = 365
LARGEST_LANE_COST = 1_000_000
LONGEST_TAKE_BACK_MINUTES = 7 * 24 * 60


@dataclass(frozen=True)
class Habits:
    """
    Attributes:
        time_zone: what a new site begins with.
        usual_lead_days: what orders assume where a supplier's terms say no lead time.
        answer_days: how long a supplier may be silent before somebody is asked to ask.
        take_back_minutes: how long whoever posted a movement may take it back without the right to adjust.
        usual_lane_days, usual_lane_cost: how long a shipment to another site takes and what it costs, in the company's
            currency, where nobody said.
    """

    time_zone: str = "UTC"
    numbers: Numbers = "en"
    days: Days = "name"
    usual_lead_days: float = 7.0
    answer_days: int = 3
    take_back_minutes: int = 30
    usual_lane_days: float = 2.0
    usual_lane_cost: float = 25.0


def habits(ctx: Context) -> Habits:
    """
    Raises:
        NotFound: the installation was never set up.
    """
    ctx.require_somewhere(Right.VIEW)
    found = first(
        ctx.tx,
        Habits,
        """select time_zone, numbers, days, usual_lead_days, answer_days, take_back_minutes, usual_lane_days,
               usual_lane_cost from tenant where tenant_id = %s""",
        (ctx.tenant,),
    )
    if found is None:
        raise NotFound("tenant", ctx.tenant)
    return found


def change_habits(ctx: Context, to: Habits) -> Habits:
    """Set all of them, with effect from the next page and the next planning run; returns them.

    Raises:
        Invalid: one cannot be right.
    """
    ctx.require(Right.MANAGE_SETTINGS)
    before = habits(ctx)
    refuse(habit_faults(to))
    changed = differences(asdict(before), asdict(to))
    if changed:
        run(
            ctx.tx,
            """update tenant set time_zone = %s, numbers = %s, days = %s, usual_lead_days = %s, answer_days = %s,
                   take_back_minutes = %s, usual_lane_days = %s, usual_lane_cost = %s where tenant_id = %s""",
            (
                to.time_zone, to.numbers, to.days, to.usual_lead_days, to.answer_days, to.take_back_minutes,
                to.usual_lane_days, to.usual_lane_cost, ctx.tenant,
            ),
        )  # fmt: skip
        ctx.audit("company.changed", "company", before=changed.before, after=changed.after)
    return to


def usual_lead_days(ctx: Context) -> float:
    """How many days an order takes where nobody said."""
    ctx.require_somewhere(Right.VIEW)
    return float(value(ctx.tx, "select usual_lead_days from tenant where tenant_id = %s", (ctx.tenant,)))


def habit_faults(told: Habits) -> Iterator[Fault]:
    """What is wrong with them."""
    if told.time_zone not in available_timezones():
        remedy = "Use a name of the IANA time zones."
        yield Fault("time_zone", "a name such as Europe/Berlin", shorten(told.time_zone), remedy)
    if told.numbers not in NUMBERS:
        yield Fault("numbers", f"one of {', '.join(NUMBERS)}", shorten(told.numbers), "Choose one of them.")
    if told.days not in DAYS:
        yield Fault("days", f"one of {', '.join(DAYS)}", shorten(told.days), "Choose one of them.")
    for name, most, wanted in (
        ("usual_lead_days", LONGEST_LEAD_DAYS, f"0 to {LONGEST_LEAD_DAYS} days"),
        ("usual_lane_days", LONGEST_LANE_DAYS, f"0 to {LONGEST_LANE_DAYS} days"),
        ("usual_lane_cost", LARGEST_LANE_COST, f"0 to {LARGEST_LANE_COST}"),
    ):
        if not (math.isfinite(getattr(told, name)) and 0 <= getattr(told, name) <= most):
            yield Fault(name, wanted, shorten(getattr(told, name)), "Correct the number.")
    for name, least, most, unit in (
        ("answer_days", 1, LONGEST_ANSWER_DAYS, "days"),
        ("take_back_minutes", 0, LONGEST_TAKE_BACK_MINUTES, "minutes"),
    ):
        if not least <= getattr(told, name) <= most:
            yield Fault(name, f"{least} to {most} {unit}", shorten(getattr(told, name)), "Correct the number.")
