"""What is measured: each figure's definition, the sums behind it by day, and how days become weeks. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

Unit = Literal["share", "money", "days", "times"]
# How days become a week: one quotient of sums, a sum, or a mean of what stood there each evening.
Rule = Literal["ratio", "sum", "level"]
How = Literal["measured", "estimated"]

DEAD_AFTER_DAYS = 180
AVERAGE_DAYS = 28
DAYS_IN_YEAR = 365
ZERO = Decimal(0)


@dataclass(frozen=True)
class Metric:
    """A figure that is recorded each night for each site.

    Attributes:
        better: which way is good; None: neither, it is told without a verdict.
        says: what it is, in a sentence.
        formula: how it is reckoned, in the terms of the books.
        link: the page of what it is made of.
        counts: each of its `n` is one yes or no, such as a counted place; a comparison can count them.
    """

    name: str
    title: str
    unit: Unit
    rule: Rule
    better: Literal["less", "more"] | None
    says: str
    formula: str
    link: str
    counts: bool = False


METRICS: tuple[Metric, ...] = (
    Metric(
        "out_of_stock", "Items out of stock", "share", "ratio", "less",
        "Of the items that sell, the share with nothing available for six hours or more of the day.",
        "item-days out of stock / item-days of items with demand in the 28 days before",
        "/stock?state=out",
    ),
    Metric(
        "wanted_and_out", "Wanted, and the shelf was empty", "share", "ratio", "less",
        "Of the items that customers wanted that day, the share that was out of stock.",
        "items wanted and out of stock / items wanted; what was never asked for is in neither",
        "/sales",
    ),
    Metric(
        "gaps", "Suspected stockouts before stock was kept", "share", "ratio", "less",
        "An estimate from sales alone: days on which an item that sells on most days suddenly did not.",
        "item-days in gaps too long for chance / item-days of steady sellers",
        "/items",
    ),
    Metric(
        "fill_lines", "Order lines filled at once", "share", "ratio", "more",
        "Of the day's order lines, the share that was wholly promised or sent by the night.",
        "lines reserved or issued in whole / lines taken that day, cancelled ones left out",
        "/sales", counts=True,
    ),
    Metric(
        "fill_units", "Of what was ordered, filled at once", "share", "ratio", "more",
        "How much of a line was promised or sent by the night, on average over the day's lines.",
        "sum over lines of (issued + reserved) / ordered, by the number of lines",
        "/sales",
    ),
    Metric(
        "stock_value", "Stock value", "money", "level", None,
        "What lies there at the end of the day, at what its cheapest supplier asks for it today.",
        "sum over items of on hand x unit cost",
        "/stock",
    ),
    Metric(
        "turns", "Inventory turns", "times", "ratio", "more",
        "How often a year the stock would be sold at this pace.",
        "365 x cost of goods issued / stock value, both of the same days",
        "/stock",
    ),
    Metric(
        "days_of_supply", "Days of supply", "days", "ratio", "less",
        "For how many days what is there would last at the average demand of the last 28 days.",
        "stock of items with demand at cost / cost of their average demand a day",
        "/stock",
    ),
    Metric(
        "dead_stock", "Dead stock", "share", "ratio", "less",
        f"The share of the stock's value that lies in items nobody wanted for {DEAD_AFTER_DAYS} days.",
        f"value of items without demand in {DEAD_AFTER_DAYS} days / stock value",
        "/stock",
    ),
    Metric(
        "carrying_cost", "Cost of keeping the stock", "money", "sum", "less",
        "What the stock costs by lying there: capital, space, insurance, loss.",
        "stock value x the yearly rate in the settings / 365",
        "/measures#keeping",
    ),
    Metric(
        "count_accuracy", "Counts that agree with the books", "share", "ratio", "more",
        "Of the places counted, the share where the count was the books, within the sheet's tolerance.",
        "counted lines within tolerance / counted lines",
        "/counts", counts=True,
    ),
    Metric(
        "count_net", "Counted more or less, in money", "money", "sum", None,
        "What counts found beyond the books, less what they missed.",
        "sum of (counted - book) x unit cost",
        "/counts",
    ),
    Metric(
        "count_off", "Counted differently, in money", "money", "sum", "less",
        "All differences of counts added up, whichever way they were.",
        "sum of |counted - book| x unit cost",
        "/counts",
    ),
    Metric(
        "written_off", "Written off", "money", "sum", "less",
        "What was thrown away or given up, less what was taken back.",
        "sum of quantity written off x unit cost",
        "/stock",
    ),
    Metric(
        "expired", "Past its last day", "money", "level", "less",
        "What lies there and was not sold in time.",
        "sum of quantity of expired lots x unit cost",
        "/lots",
    ),
    Metric(
        "supplier_on_time", "Order lines that came on time", "share", "ratio", "more",
        "Of the lines that suppliers owed that day, the share that had come in whole by its end.",
        "lines complete by the end of the day they were due / lines due",
        "/orders", counts=True,
    ),
    Metric(
        "supplier_in_full", "Of what was due, delivered", "share", "ratio", "more",
        "How much of a line had come by the end of the day it was due, on average.",
        "sum over lines of received / ordered, by the number of lines due",
        "/orders",
    ),
)  # fmt: skip
BY_NAME: Mapping[str, Metric] = {one.name: one for one in METRICS}


@dataclass(frozen=True)
class Figure:
    """A metric of a site on a day: `part` / `whole`, or `part` where there is no whole.

    Attributes:
        n: how many items, lines or places it stands on.
        missing: what it leaves out: {'without_cost': 3, ...}; fit for JSON.
    """

    metric: str
    part: Decimal
    whole: Decimal | None
    n: int
    how: How = "measured"
    missing: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Wanted:
    """What was wanted of an item: on the day, on each of the 28 days up to it together, and when last."""

    item_id: int
    today: Decimal
    lately: Decimal
    last_day: date


@dataclass(frozen=True)
class Line:
    """A line of the day, ours to a customer or a supplier's to us: how much was asked and how much came in time."""

    asked: Decimal
    came: Decimal


@dataclass(frozen=True)
class Counted:
    """What a count found of an item in a place, what the books said, and how far off is still the same."""

    item_id: int
    book: Decimal
    counted: Decimal
    tolerance: Decimal

    @property
    def agrees(self) -> bool:
        return abs(self.counted - self.book) <= self.tolerance * abs(self.book)


def share(metric: str, part: Decimal | int, whole: Decimal | int, n: int, **missing: Any) -> list[Figure]:
    """A quotient; none where there is nothing to divide by: unknown is not zero."""
    if whole <= 0:
        return []
    return [Figure(metric, Decimal(part), Decimal(whole), n, missing={k: v for k, v in missing.items() if v})]


def stockout_figures(wanted: Sequence[Wanted], out: Collection[int], kept: Collection[int]) -> list[Figure]:
    """Items out of stock, among those that sell and are kept at the site.

    Args:
        out: items that had nothing available for six hours or more of the day.
        kept: items whose stock is kept here; of others nothing is known.
    """
    selling = [one for one in wanted if one.item_id in kept and one.lately > 0]
    asked = [one for one in selling if one.today > 0]
    unknown = sum(1 for one in wanted if one.item_id not in kept and one.lately > 0)
    return [
        *share("out_of_stock", sum(one.item_id in out for one in selling), len(selling), len(selling),
               sold_without_stock_levels=unknown),
        *share("wanted_and_out", sum(one.item_id in out for one in asked), len(asked), len(asked)),
    ]  # fmt: skip


def fill_figures(lines: Sequence[Line]) -> list[Figure]:
    """How much of the day's order lines was promised or sent by the night."""
    return _lines("fill_lines", "fill_units", lines)


def supplier_figures(lines: Sequence[Line]) -> list[Figure]:
    """How much of the lines that were due had come by the end of that day."""
    return _lines("supplier_on_time", "supplier_in_full", lines)


def _lines(whole_lines: str, on_average: str, lines: Sequence[Line]) -> list[Figure]:
    some = [one for one in lines if one.asked > 0]
    filled = sum(one.came >= one.asked for one in some)
    parts = sum((min(max(one.came, ZERO) / one.asked, Decimal(1)) for one in some), ZERO)
    return [
        *share(whole_lines, filled, len(some), len(some)),
        *share(on_average, parts, len(some), len(some)),
    ]


def stock_figures(
    on_hand: Mapping[int, Decimal],
    cost: Mapping[int, Decimal],
    wanted: Sequence[Wanted],
    issued: Mapping[int, Decimal],
    day: date,
    known_since: date | None,
    carrying_rate: Decimal | None,
) -> list[Figure]:
    """What the stock is worth, how fast it turns, how long it lasts, and how much of it nobody wants.

    Args:
        cost: of one unit, in the company's currency; items without one are in no figure, and are counted as missing.
        issued: what left the house that day, by item.
        known_since: the first day whose demand is known; dead stock is unknown until it is long enough ago.
        carrying_rate: a year's cost as a share of the value; None: nobody said.
    """
    held = {item: amount for item, amount in on_hand.items() if amount > 0}
    if not held:
        return []
    valued = {item: amount * cost[item] for item, amount in held.items() if item in cost}
    without = len(held) - len(valued)
    if not valued:
        return []
    value, n = sum(valued.values(), ZERO), len(valued)
    missing = {"without_cost": without} if without else {}
    found = [Figure("stock_value", value, None, n, missing=missing)]
    gone = sum((amount * cost[item] for item, amount in issued.items() if item in cost), ZERO)
    found += share("turns", gone * DAYS_IN_YEAR, value, n, without_cost=without)
    daily = {one.item_id: one.lately / AVERAGE_DAYS for one in wanted if one.lately > 0 and one.item_id in cost}
    lasting = sum((worth for item, worth in valued.items() if item in daily), ZERO)
    pace = sum((rate * cost[item] for item, rate in daily.items()), ZERO)
    found += share("days_of_supply", lasting, pace, len(daily), without_cost=without)
    if known_since is not None and known_since <= day - timedelta(days=DEAD_AFTER_DAYS):
        alive = {one.item_id for one in wanted if one.last_day > day - timedelta(days=DEAD_AFTER_DAYS)}
        dead = sum((worth for item, worth in valued.items() if item not in alive), ZERO)
        found += share("dead_stock", dead, value, n, without_cost=without)
    if carrying_rate is not None:
        found.append(Figure("carrying_cost", value * carrying_rate / DAYS_IN_YEAR, None, n, missing=missing))
    return found


def count_figures(counted: Sequence[Counted], cost: Mapping[int, Decimal]) -> list[Figure]:
    """How far counts agree with the books, and what the differences are worth."""
    if not counted:
        return []
    off = [((one.counted - one.book) * cost[one.item_id]) for one in counted if one.item_id in cost]
    without = len(counted) - len(off)
    found = share("count_accuracy", sum(one.agrees for one in counted), len(counted), len(counted))
    if off:
        missing = {"without_cost": without} if without else {}
        found.append(Figure("count_net", sum(off, ZERO), None, len(off), missing=missing))
        found.append(Figure("count_off", sum((abs(one) for one in off), ZERO), None, len(off), missing=missing))
    return found


def loss_figure(metric: str, lost: Mapping[int, Decimal], cost: Mapping[int, Decimal]) -> Figure:
    """What quantities by item are worth; nothing lost is 0, and known."""
    known = [amount * cost[item] for item, amount in lost.items() if item in cost]
    without = len(lost) - len(known)
    return Figure(metric, sum(known, ZERO), None, len(known), missing={"without_cost": without} if without else {})


@dataclass(frozen=True)
class Day:
    """A recorded figure of one or several sites together."""

    day: date
    part: Decimal
    whole: Decimal | None
    n: int


@dataclass(frozen=True)
class Week:
    """A figure over a week that begins on a Monday; `days`: on how many days of it there was something to measure."""

    monday: date
    value: float
    n: int
    days: int


def weeks(metric: Metric, days: Iterable[Day], until: date) -> list[Week]:
    """Whole weeks of a figure, oldest first; one in which nothing was measured is left out.

    A week is whole when its Sunday is not after `until`. A sum stands for seven days: the days measured are taken
    together and multiplied up, so that a week in which three nights failed does not look like a quiet one.
    """
    by_monday: dict[date, list[Day]] = {}
    for one in days:
        monday = one.day - timedelta(days=one.day.weekday())
        if monday + timedelta(days=6) <= until:
            by_monday.setdefault(monday, []).append(one)
    return [Week(monday, _together(metric, some), sum(one.n for one in some), len({one.day for one in some}))
            for monday, some in sorted(by_monday.items())]  # fmt: skip


def _together(metric: Metric, days: Sequence[Day]) -> float:
    part = float(sum((one.part for one in days), ZERO))
    number = len({one.day for one in days})
    if metric.rule == "ratio":
        return part / float(sum((one.whole or ZERO for one in days), ZERO))
    return part / number * (7 if metric.rule == "sum" else 1)
