"""Faults of a history that rules can see: what each finds, what it would make of it, and why. Pure.

Nothing here changes a line. A mend is a proposal: this line counts for so much. Certain ones are applied at once and
shown; the others wait for a person.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

PACKS = (6, 10, 12, 24, 48, 100, 144)
"""Pieces in a pack, as houses pack them."""

CANCELLED_WITHIN_S = 90 * 86_400
SEEN_ENOUGH = 5
"""From this many lines on an item has a usual price and a usual quantity."""

NEAR_THE_MAIN_PRICE = 2.6
"""Times dearer or cheaper than the commonest price another one may be and still be a price of one piece: less than half
of the smallest pack."""

PRICE_APART = 0.01
"""How far, as a share, a price may be from the usual one and still be that one: cents are rounded."""

ONE_OFF_TIMES = 10.0
ONE_OFF_SPREADS = 5.0
LINES_FOR_ONE_OFFS = 20


class Rule(StrEnum):
    CANCELLED = "cancelled"
    COPIED = "copied"
    REPEATED = "repeated"
    UNIT = "unit"
    ONE_OFF = "one_off"


AT_MOST_OFF = 4.0
CLEARLY_NEARER = 1.5
"""In spreads of the logarithm of an item's quantities: how far off a mended one may be, and how much nearer than before
it has to be for the mend to apply itself."""


@dataclass(frozen=True, eq=False)
class Lines:
    """Order lines in columns, all of one length.

    Attributes:
        line: what the caller knows them by; a later line has a larger one.
        order, customer, item: numbers that stand for them; a customer below zero is not known.
        at: seconds since 1970.
        quantity: in the item's unit, negative where it came back.
        price: of one.
    """

    line: Whole
    order: Whole
    customer: Whole
    item: Whole
    at: Whole
    quantity: Floats
    price: Floats

    def __len__(self) -> int:
        return len(self.line)


@dataclass(frozen=True)
class Mend:
    """A line that does not count for what it says.

    Attributes:
        line: as in `Lines`.
        before, after: its quantity, and what it counts for.
        other: the line that says so: what cancels it, or what it repeats; None: the item's other lines do.
        why: what can be checked, by name.
        certain: it applies itself.
    """

    rule: Rule
    line: int
    before: float
    after: float
    other: int | None = None
    why: dict[str, float] = field(default_factory=dict)
    certain: bool = False


def mends(lines: Lines) -> list[Mend]:
    """What all rules find; a line is mended by the first rule that speaks of it."""
    found: dict[int, Mend] = {}
    for rule in (cancelled, twice, mixed_up, one_offs):
        for mend in rule(lines):
            found.setdefault(mend.line, mend)
    return list(found.values())


def cancelled(lines: Lines) -> Iterator[Mend]:
    """A line that goes back in full to the customer it came from, within ninety days: nobody wanted it after all.

    Each return cancels one line, the latest before it.
    """
    known = lines.customer >= 0
    amount = np.abs(lines.quantity)
    back = np.flatnonzero(known & (lines.quantity < 0))
    returned = set(zip(lines.customer[back].tolist(), lines.item[back].tolist(), amount[back].tolist(), strict=True))
    by_key: dict[tuple[int, int, float], list[int]] = defaultdict(list)
    for place in np.flatnonzero(known & np.isin(lines.item, lines.item[back])).tolist():
        key = int(lines.customer[place]), int(lines.item[place]), float(amount[place])
        if key in returned:
            by_key[key].append(place)
    for places in by_key.values():
        waiting: list[int] = []
        for place in sorted(places, key=lambda one: (lines.at[one], -lines.quantity[one])):
            if lines.quantity[place] > 0:
                waiting.append(place)
            elif waiting and lines.at[place] - lines.at[waiting[-1]] <= CANCELLED_WITHIN_S:
                first = waiting.pop()
                yield Mend(
                    Rule.CANCELLED, int(lines.line[first]), float(lines.quantity[first]), 0.0, int(lines.line[place]),
                    {"days": round(float(lines.at[place] - lines.at[first]) / 86_400, 1)}, certain=True,
                )  # fmt: skip


def twice(lines: Lines) -> Iterator[Mend]:
    """One sale told again: same customer, item, quantity, price and second.

    Under another order number it is a copy, as of a day that was imported twice. Within one order a person may have
    typed it on purpose, so somebody is asked.
    """
    sold = np.flatnonzero(lines.quantity > 0)
    columns = (lines.line, lines.price, lines.quantity, lines.customer, lines.at, lines.item)
    order = sold[np.lexsort([column[sold] for column in columns])]
    same = np.ones(max(len(order) - 1, 0), bool)
    for column in columns[1:]:
        same &= column[order][1:] == column[order][:-1]
    first = order[0] if len(order) else 0
    for number, repeats in enumerate(same.tolist(), 1):
        place = order[number]
        if not repeats:
            first = place
            continue
        rule = Rule.REPEATED if lines.order[place] == lines.order[first] else Rule.COPIED
        yield Mend(
            rule,
            int(lines.line[place]),
            float(lines.quantity[place]),
            0.0,
            int(lines.line[first]),
            certain=rule is Rule.COPIED,
        )


def mixed_up(lines: Lines) -> Iterator[Mend]:
    """Packs told as pieces, or pieces as packs: the price is off the usual by the size of a pack, and the quantity,
    put right by it, is likelier among the item's other lines."""
    for places in _by_item(lines):
        if len(places) < SEEN_ENOUGH:
            continue
        prices, quantities = lines.price[places], lines.quantity[places]
        usual = _usual(prices)
        if len(usual) == 0:
            continue
        nearest = np.abs(np.log(prices[:, None] / usual[None, :])).min(axis=1)
        sane = np.log(quantities[nearest < PRICE_APART])
        middle, spread = (float(np.median(sane)), max(_spread(sane), 0.7)) if len(sane) else (0.0, 1.0)
        pieces = bool(np.all(quantities == np.round(quantities)))
        for place in places[nearest > PRICE_APART].tolist():
            mend = _unit(lines, place, usual, middle, spread)
            if mend and (mend.after == round(mend.after) or not pieces):
                yield mend


def _unit(lines: Lines, place: int, usual: Floats, middle: float, spread: float) -> Mend | None:
    quantity, price = float(lines.quantity[place]), float(lines.price[place])
    for pack in PACKS:
        for after, matched in ((quantity / pack, price * pack), (quantity * pack, price / pack)):
            apart = np.abs(np.log(usual / matched))
            if apart.min() > PRICE_APART:
                continue
            before_off, after_off = (abs(math.log(one) - middle) / spread for one in (quantity, after))
            if after_off <= max(before_off, AT_MOST_OFF):
                why = {"pack": float(pack), "price": price, "usual_price": float(usual[apart.argmin()])}
                clear = before_off - after_off >= CLEARLY_NEARER
                return Mend(Rule.UNIT, int(lines.line[place]), quantity, after, None, why, certain=clear)
    return None


def one_offs(lines: Lines) -> Iterator[Mend]:
    """One line far beyond all others of its item, ten times the usual and five spreads away: a large customer's single
    order, or a slip. It counts for the largest of the others."""
    for places in _by_item(lines):
        if len(places) < LINES_FOR_ONE_OFFS:
            continue
        logs = np.log(lines.quantity[places])
        middle, spread = float(np.median(logs)), max(_spread(logs), 0.35)
        far = (logs - middle > ONE_OFF_SPREADS * spread) & (logs - middle > math.log(ONE_OFF_TIMES))
        if not far.any() or far.sum() > max(1, len(places) // 100):
            continue
        largest = float(lines.quantity[places[~far]].max())
        for place in places[far].tolist():
            quantity = float(lines.quantity[place])
            why = {"usual": round(math.exp(middle), 3), "spreads": round((math.log(quantity) - middle) / spread, 1)}
            yield Mend(Rule.ONE_OFF, int(lines.line[place]), quantity, largest, None, why)


def _by_item(lines: Lines) -> Iterator[Whole]:
    """Places of the lines that sold something at a price, item by item."""
    sold = np.flatnonzero((lines.quantity > 0) & (lines.price > 0))
    order = sold[np.argsort(lines.item[sold], kind="stable")]
    if len(order) == 0:
        return
    yield from np.split(order, np.flatnonzero(np.diff(lines.item[order])) + 1)


def _usual(prices: Floats) -> Floats:
    """The prices of one piece: the commonest, and those near it that were met more than once."""
    known, counts = np.unique(prices, return_counts=True)
    main = known[counts.argmax()]
    near = (np.abs(np.log(known / main)) < math.log(NEAR_THE_MAIN_PRICE)) & (counts > 1)
    usual: Floats = known[near]
    return usual


def _spread(logs: Floats) -> float:
    """The standard deviation of most of them: 1.4826 times the median distance from the median."""
    return float(1.4826 * np.median(np.abs(logs - np.median(logs))))


@dataclass(frozen=True)
class Gap:
    """A day without any line, and whether its lines are missing.

    Attributes:
        day: day number.
        missing: True: order numbers ran on meanwhile; False: they did not, so the house was closed; None: they do not
            tell.
        skipped: order numbers between the day before and the day after that no line has.
    """

    day: int
    missing: bool | None
    skipped: int


NUMBERS_RUN = 0.9
WEEKDAY_SELLS = 0.8
WEEKDAY_SELLS_AT_ALL = 0.4
"""A weekday that sells less often than this is one on which the house is closed."""

HOLE_OF_A_DAY = 0.3
"""Order numbers without a line, as a share of a usual day's orders, from which records are missing."""


def gaps(days: Sequence[int], numbers: Sequence[int]) -> list[Gap]:
    """Days without data: were their records lost, or was nothing sold?

    Where order numbers run on from day to day they tell: a lost day leaves a hole as large as a day's orders, a closed
    one leaves none. Elsewhere a weekday that sells four times in five is doubtful.

    Args:
        days, numbers: the day number of each order, and the number in its name; 0 where it has none.
    """
    if len(days) == 0:
        return []
    day, number = np.asarray(days, np.int64), np.asarray(numbers, np.int64)
    known = np.unique(day)
    low, high = (np.array([float(np.quantile(number[day == one], at)) for one in known]) for at in (0.02, 0.98))
    orders = np.array([len(np.unique(number[day == one])) for one in known])
    runs = len(known) > SEEN_ENOUGH and float(np.mean(low[1:] >= low[:-1])) >= NUMBERS_RUN and bool(number.all())
    beside = known[1:] - known[:-1] == 1
    holes = low[1:] - high[:-1]
    usual = float(np.quantile(holes[beside], 0.9)) if beside.any() else 0.0
    typical = float(np.median(orders))
    every = np.arange(known[0], known[-1] + 1)
    sold = np.isin(every, known)
    sells = [float(sold[every % 7 == weekday].mean()) if (every % 7 == weekday).any() else 0.0 for weekday in range(7)]
    found = []
    for place in np.flatnonzero(~beside).tolist():
        between = [int(one) for one in range(int(known[place]) + 1, int(known[place + 1]))]
        open_days = [one for one in between if sells[one % 7] >= WEEKDAY_SELLS_AT_ALL]
        skipped = int(max(holes[place] - usual, 0))
        for one in open_days:
            missing: bool | None = None
            if runs:
                missing = skipped > HOLE_OF_A_DAY * typical * len(open_days)
            elif sells[one % 7] < WEEKDAY_SELLS:
                missing = False
            found.append(Gap(one, missing, skipped))
    return found
