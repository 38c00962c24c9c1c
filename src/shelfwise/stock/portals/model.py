"""When tags read at a dock door have passed it, which way, and which expected goods they are. Pure.

A reader tells of each tag many times, misses some, and hears tags that only lie near. So reads of one tag are gathered
until it has been quiet, and then judged once. Heard at both sides of a door, it has left when its own rate of reads
makes silence mean absence (the adaptive window of SMURF: Jeffery et al., VLDB 2006). Heard at one, it
may be heard at the other still, or lie there and be heard badly: that takes a longer silence to tell.

Where all antennas look one way, strength tells what passes from what lies near: what is carried past an antenna is
heard faintly first, then strongly, then faintly (Keller et al., Internet of Things 2010, tell stray reads by strength).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import fmean, median
from typing import Any, Literal

from shelfwise.core.quantities import ZERO, plain
from shelfwise.edge.standing import Way
from shelfwise.stock.tags.model import Content

Course = Literal["in", "out"]
# Reads within so many seconds at one side are one: the strongest.
BUCKET_S = 0.2
MOST_READS = 60
# At a door whose antennas look one way the oldest count as well: they tell whether it came nearer.
OLDEST_READS = 20
# For so long a reader gathers reads of a tag before it tells of them.
LONGEST_WINDOW = timedelta(seconds=5)
FEWEST_READS = 2
# So much of silence means that a tag has left, at the rate at which it was read: one in a hundred would be wrong.
SURE_OF_ABSENCE = math.log(1 / 0.01)
SHORTEST_QUIET = timedelta(seconds=3)
# Also the longest way from one side of a door to the other, with a hand truck that has to wait.
LONGEST_QUIET = timedelta(seconds=30)
# Whatever is read for longer lies near the door.
LONGEST_STAY = timedelta(seconds=120)
# So much stronger in between than at both ends what passes an antenna is heard. Of 29 tags that lay before an R420 for
# minutes none reached it; what is carried past at a metre or two gains 15 to 30.
PASSES_BY_DB = 6.0
# With fewer reads the strength tells nothing, and only what is heard for so short a time passes.
FEWEST_IN_SHAPE = 5
SHORT_STAY = timedelta(seconds=8)
# A reader that does not say how strongly it heard leaves only the time.
LONGEST_UNTOLD = timedelta(seconds=30)
# Of the time in which a tag was read; less apart are two sides that both see a tag that does not move.
SIDES_APART = 0.25
# A tag heard again at the same door within this time is still there, or on the same way through.
AGAIN = timedelta(seconds=120)
# Passes with a longer pause between them are two loads.
LOAD_PAUSE = timedelta(minutes=5)
_NAMED = 4


@dataclass(frozen=True, order=True)
class Read:
    """A tag was heard at a side of a door; `dbm`: how strongly, None where the reader does not say."""

    at: datetime
    side: Way
    dbm: float | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Sighting:
    """What was heard of one tag at one door and is not judged yet.

    Attributes:
        reads: the newest at each side, and where antennas look one way the oldest, the strongest of each bucket, by
            time; none: all were judged.
        first_at, last_at: of all there were since it was last away for long.
    """

    reads: tuple[Read, ...]
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class Verdict:
    """What reads of a tag come to; `course` None: it did not pass, for the reason `why`."""

    course: Course | None
    at: datetime
    reads: int
    strongest_dbm: float | None
    why: Literal["", "stray", "stays", "one side"] = ""


def reads_of(side: Way, at: datetime, detail: Mapping[str, Any]) -> list[Read]:
    """The reads that one reading stands for: a reader that counts for itself tells of many at once."""
    rssi, many, since = detail.get("rssi"), detail.get("count", detail.get("reads")), detail.get("since")
    dbm = float(rssi) if isinstance(rssi, int | float) else None
    if not isinstance(many, int) or many < FEWEST_READS:
        return [Read(at, side, dbm)]
    lasted = timedelta(seconds=2 * BUCKET_S)
    with suppress(TypeError, ValueError):
        lasted = min(max(at - datetime.fromisoformat(since or ""), lasted), LONGEST_WINDOW)
    return [Read(at - lasted, side, dbm), Read(at, side, dbm)]


def gather(before: Sighting | None, reads: Iterable[Read]) -> Sighting:
    """A sighting with more reads, in whatever order they come: the result is the same."""
    fresh = list(reads)
    times = [one.at for one in fresh]
    if before is not None and (before.reads or min(times) - before.last_at <= AGAIN):
        times += [before.first_at, before.last_at]
    strongest: dict[tuple[Way, int], Read] = {}
    for one in [*(() if before is None else before.reads), *fresh]:
        key = (one.side, math.floor(one.at.timestamp() / BUCKET_S))
        known = strongest.get(key)
        if known is None or _rank(one) > _rank(known):
            strongest[key] = one
    kept: list[Read] = []
    for side in sorted({side for side, _ in strongest}):
        of_side = sorted(one for (at, _), one in strongest.items() if at == side)
        oldest = OLDEST_READS if side in ("in", "out") else 0
        kept += of_side if len(of_side) <= oldest + MOST_READS else of_side[:oldest] + of_side[-MOST_READS:]
    return Sighting(tuple(sorted(kept)), min(times), max(times))


def _rank(one: Read) -> tuple[float, datetime]:
    return (-math.inf if one.dbm is None else one.dbm, one.at)


def _strong(sighting: Sighting, weakest_dbm: float) -> list[Read]:
    return [one for one in sighting.reads if one.dbm is None or one.dbm >= weakest_dbm]


def quiet_after(sighting: Sighting) -> timedelta:
    """How long a tag has to be quiet until its reads are judged."""
    reads = sighting.reads
    if not {one.side for one in reads} >= {"outside", "inside"} or len(reads) < FEWEST_READS:
        return LONGEST_QUIET
    between = (reads[-1].at - reads[0].at) / (len(reads) - 1)
    return min(max(between * SURE_OF_ABSENCE, SHORTEST_QUIET), LONGEST_QUIET)


def judge(sighting: Sighting, weakest_dbm: float) -> Verdict:
    """Whether a tag passed, and which way.

    With antennas at both sides the side that heard it earlier, on the average, is where it came from. With antennas
    that all look one way it passed that way, unless it was there for so long, or was heard so evenly, that it lies near
    the door.
    """
    strong = _strong(sighting, weakest_dbm)
    heard = [one.dbm for one in strong if one.dbm is not None]
    strongest = max(heard, default=None)
    at = (strong or sighting.reads)[-1].at

    def verdict(course: Course | None, why: Literal["", "stray", "stays", "one side"] = "") -> Verdict:
        return Verdict(course, at, len(strong), strongest, why)

    if len(strong) < FEWEST_READS:
        return verdict(None, "stray")
    sides = {one.side for one in strong}
    if sides & {"outside", "inside"}:
        # Only the end of a long stay tells where it went.
        tail = [one for one in strong if one.at >= at - LONGEST_QUIET]
        outside, inside = ([one.at.timestamp() for one in tail if one.side == side] for side in ("outside", "inside"))
        if not outside or not inside:
            return verdict(None, "one side")
        apart = sum(inside) / len(inside) - sum(outside) / len(outside)
        span = (tail[-1].at - tail[0].at).total_seconds()
        if apart == 0 or abs(apart) < SIDES_APART * span:
            return verdict(None, "stays")
        return verdict("in" if apart > 0 else "out")
    if at - sighting.first_at > _longest_stay(sighting.reads):
        return verdict(None, "stays")
    came = sum(1 if one.side == "in" else -1 for one in strong)
    return verdict("in" if came >= 0 else "out")


def _longest_stay(reads: Sequence[Read]) -> timedelta:
    """For how long what was heard like this, by antennas that look one way, has passed and does not lie near."""
    told = [one.dbm for one in reads if one.dbm is not None]
    if len(told) < FEWEST_IN_SHAPE:
        return SHORT_STAY if told else LONGEST_UNTOLD
    # One read alone may be strong by an echo; the ends are means of a few.
    strongest = max(median(told[max(at - 1, 0) : at + 2]) for at in range(len(told)))
    end = max(1, min(5, len(told) // 4))
    weaker = strongest - max(fmean(told[:end]), fmean(told[-end:]))
    return LONGEST_STAY if weaker >= PASSES_BY_DB else timedelta(0)


@dataclass(frozen=True)
class ExpectedLine:
    """So much of an item is expected on a line."""

    line: int
    item_id: int
    sku: str
    unit: str
    quantity: Decimal


@dataclass(frozen=True)
class Expected:
    """Goods that somebody waits for, or that are to leave: a purchase order, a shipment, a transfer."""

    kind: Literal["purchase_order", "shipment", "transfer"]
    document_id: int
    number: str
    due_at: datetime
    lines: tuple[ExpectedLine, ...]


@dataclass(frozen=True)
class Seen:
    """A tag that passed; `content` empty: nobody knows what it is on. `before`: it was booked before."""

    epc: str
    content: tuple[Content, ...] = ()
    before: bool = False


@dataclass(frozen=True)
class MatchedLine:
    """A line and what came of it, by lot and serial; more than expected is possible."""

    expected: ExpectedLine
    came: tuple[Content, ...] = ()

    @property
    def quantity(self) -> Decimal:
        return sum((one.quantity for one in self.came), ZERO)

    @property
    def missing(self) -> Decimal:
        return max(self.expected.quantity - self.quantity, ZERO)


@dataclass(frozen=True)
class Match:
    """What passed, held against what was expected.

    Attributes:
        other: what came and is on no line.
    """

    expected: Expected
    lines: tuple[MatchedLine, ...]
    other: tuple[Content, ...]

    @property
    def due(self) -> Decimal:
        return sum((one.expected.quantity for one in self.lines), ZERO)

    @property
    def matched(self) -> Decimal:
        return sum((min(one.quantity, one.expected.quantity) for one in self.lines), ZERO)

    @property
    def likeness(self) -> Decimal:
        """The share of all that came or was expected that is both."""
        came = sum((one.quantity for line in self.lines for one in line.came), ZERO)
        either = self.due + came + sum((one.quantity for one in self.other), ZERO) - self.matched
        return self.matched / either if either else ZERO


def match(seen: Sequence[Seen], candidates: Iterable[Expected]) -> list[Match]:
    """What passed against all that it can be, the likeliest first; what nothing of it is expected by is left out.

    A tag that was booked before counts for nothing.
    """
    came = [one for tag in seen if not tag.before for one in tag.content]
    found = [_against(came, expected) for expected in candidates]
    return sorted(
        (one for one in found if one.matched > 0),
        key=lambda one: (-one.likeness, one.expected.due_at, one.expected.number),
    )


def _against(came: Sequence[Content], expected: Expected) -> Match:
    left: dict[int, list[Content]] = {}
    for one in came:
        left.setdefault(one.item_id, []).append(one)
    lines: list[MatchedLine] = []
    for number, line in enumerate(expected.lines):
        waiting = left.get(line.item_id, [])
        last = all(later.item_id != line.item_id for later in expected.lines[number + 1 :])
        taken: list[Content] = []
        # Whole tags: a case is not cut in two. What is too much stands on the last line of its item.
        while waiting and (last or sum((one.quantity for one in taken), ZERO) < line.quantity):
            taken.append(waiting.pop(0))
        lines.append(MatchedLine(line, joined(taken)))
    other = joined([one for rest in left.values() for one in rest])
    return Match(expected, tuple(lines), other)


def joined(content: Iterable[Content]) -> tuple[Content, ...]:
    """The same lots of the same items added up; pieces with a serial number stay apart."""
    sums: dict[tuple[int, str | None, str | None], Decimal] = {}
    for one in content:
        key = (one.item_id, one.lot, one.serial)
        sums[key] = sums.get(key, ZERO) + one.quantity
    return tuple(Content(item_id, much, lot, serial) for (item_id, lot, serial), much in sums.items())


def title(best: Match | None, course: Course, door: str, at: str, came: Decimal) -> str:
    """What happened, in one line; `at`: the time at the site."""
    verb = "came in" if course == "in" else "went out"
    if best is None:
        return f"{plain(came)} {verb} through {door} at {at}, and nobody expected them"
    return (
        f"{plain(best.matched)} of {plain(best.due)} expected of {best.expected.number} {verb} through {door} at {at}"
    )


def detail(best: Match | None, skus: dict[int, str], unknown: int, before: int) -> str:
    """What is missing, and what nobody expected."""
    said: list[str] = []
    if best is not None:
        missing = [f"{plain(one.missing)} {one.expected.sku}" for one in best.lines if one.missing]
        more = [
            f"{plain(one.quantity - one.expected.quantity)} {one.expected.sku}"
            for one in best.lines
            if one.quantity > one.expected.quantity
        ]
        said += _listed("missing", missing) + _listed("more than expected", more)
        said += _listed("unexpected", [f"{plain(one.quantity)} {skus.get(one.item_id, '?')}" for one in best.other])
    if unknown:
        said.append(f"{unknown} {'tag that nobody knows' if unknown == 1 else 'tags that nobody knows'}")
    if before:
        said.append(f"{before} booked before, not counted again")
    return ("; ".join(said) or "All that was expected is there") + "."


def _listed(what: str, parts: Sequence[str]) -> list[str]:
    if not parts:
        return []
    more = f" and {len(parts) - _NAMED} more" if len(parts) > _NAMED else ""
    return [f"{what}: {', '.join(parts[:_NAMED])}{more}"]
