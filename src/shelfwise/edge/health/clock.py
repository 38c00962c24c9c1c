"""A device's clock against ours: the least delay that its readings ever have is its error, if that stands still."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

import msgspec

BLOCK_S = 4 * 3600.0
_KEPT = 6
_NEEDED = 3
_READINGS_NEEDED = 5
# A clock that is this wrong, in seconds, is told, and corrected where its error stands still.
LARGE_S = 120.0
_STEADY_S = 60.0


class Clock(msgspec.Struct):
    """The least delay by blocks of time.

    Attributes:
        blocks: (number of the block by time of arrival, least seconds from the claimed time to arrival, readings).
    """

    blocks: list[tuple[int, float, int]] = []


@dataclass(frozen=True)
class Skew:
    """How wrong a clock is.

    Attributes:
        behind_s: seconds that it is behind ours; negative: ahead.
        steady: it has been so in every block, so that claimed times can be corrected.
    """

    behind_s: float
    steady: bool


def claimed(clock: Clock, observed: float, received: float) -> None:
    """Take a reading that claims a time into account.

    What was kept on the way and came later has a longer delay than what came at once, and the least of a block is not
    touched by it: only a wrong clock moves the least. A way that always takes the same long looks like a clock that is
    behind, and correcting it is as right.
    """
    number, delay = int(received // BLOCK_S), received - observed
    blocks = clock.blocks
    for place in range(len(blocks) - 1, -1, -1):
        if blocks[place][0] == number:
            _, least, readings = blocks[place]
            blocks[place] = (number, min(least, delay), readings + 1)
            return
    blocks.append((number, delay, 1))
    if len(blocks) > _KEPT:
        blocks.sort()
        del blocks[0]


def skew(clock: Clock) -> Skew | None:
    """The clock's error; None while too little is known."""
    known = [least for _, least, readings in sorted(clock.blocks) if readings >= _READINGS_NEEDED]
    if len(known) < _NEEDED:
        return None
    behind, newest = median(known), known[-1]
    steady = max(known) - min(known) <= max(_STEADY_S, 0.02 * abs(behind))
    return Skew(behind if steady else newest, steady)


def correction_s(clock: Clock) -> float | None:
    """Seconds to add to claimed times; None: they are taken as they are."""
    found = skew(clock)
    return found.behind_s if found is not None and found.steady and abs(found.behind_s) >= LARGE_S else None


def still_holds(correction: float, observed: float, received: float) -> bool:
    """Whether a reading can come from a clock that is so wrong: nothing arrives before it has happened."""
    return received - observed >= correction - _STEADY_S
