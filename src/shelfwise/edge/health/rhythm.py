"""How often a device reports, learned from itself, and from when on its silence means something."""

from __future__ import annotations

import math

import msgspec

# Gaps are sorted into classes, each a fifth longer than the one before.
_LOG_STEP = math.log(1.2)
_FORGET_AT = 1000
LEARNED_AFTER = 20
# How many gaps that would have been silence make a new rhythm; a usual gap takes a fifth of one back.
_NEW_RHYTHM = 5.0
# A device is steady while the long gaps are no more than this many times the short ones.
_STEADY = 8.0
_MULTIPLE = 3.0


class Rhythm(msgspec.Struct):
    """What is known of the gaps between arrivals.

    Attributes:
        last: the newest arrival, seconds since 1970.
        gaps: by class of length, how much time was spent in such gaps, in seconds. Weighing by time, not by number,
            makes bursts of one device one report: a moment taken at random nearly always lies in a long gap.
        count: gaps behind it, halved now and then together with the times, so that the distant past fades.
        limit: silence beyond it is unusual, in seconds; None: not learned, or it reports by events.
        unusual: gaps beyond the limit of late.
    """

    last: float = 0.0
    gaps: dict[int, float] = {}
    count: int = 0
    limit: float | None = None
    unusual: float = 0.0


def heard(rhythm: Rhythm, at: float) -> None:
    """Take an arrival into account; one that comes out of order says nothing about gaps."""
    gap = at - rhythm.last
    if gap <= 0:
        return
    first = rhythm.last == 0.0
    rhythm.last = at
    if first:
        return
    if rhythm.limit is not None and gap > rhythm.limit:
        # An outage is no rhythm, unless it goes on like that.
        rhythm.unusual += 1.0
        if rhythm.unusual < _NEW_RHYTHM:
            return
        rhythm.gaps, rhythm.count, rhythm.limit, rhythm.unusual = {}, 0, None, 0.0
    elif rhythm.unusual:
        rhythm.unusual = max(rhythm.unusual - 0.2, 0.0)
    place = max(int(math.log(gap) / _LOG_STEP), 0) if gap > 1.0 else 0
    rhythm.gaps[place] = rhythm.gaps.get(place, 0.0) + gap
    rhythm.count += 1
    if rhythm.count >= _FORGET_AT:
        rhythm.count //= 2
        rhythm.gaps = {place: time / 2 for place, time in rhythm.gaps.items() if time > 1.0}
    if rhythm.count % 16 == 0 or rhythm.count == LEARNED_AFTER:
        rhythm.limit = _limit(rhythm)


def usual_gap(rhythm: Rhythm) -> float | None:
    """The gap, in seconds, in which a moment taken at random lies in the middle case; None: not learned."""
    return _quantile(rhythm, 0.5) if rhythm.count >= LEARNED_AFTER else None


def by_events(rhythm: Rhythm) -> bool:
    """Whether it has been learned that the device reports when something happens, and not by the clock."""
    return rhythm.count >= LEARNED_AFTER and rhythm.limit is None


def silent_since(rhythm: Rhythm, now: float, least: float) -> float | None:
    """The last arrival where the silence since then is unusual; None where it is not, or cannot be judged.

    Args:
        least: no silence shorter than this is told, in seconds.
    """
    if rhythm.limit is None or now - rhythm.last <= max(rhythm.limit, least):
        return None
    return rhythm.last


def _limit(rhythm: Rhythm) -> float | None:
    if rhythm.count < LEARNED_AFTER or _quantile(rhythm, 0.95) > _STEADY * _quantile(rhythm, 0.1):
        return None
    return _MULTIPLE * _quantile(rhythm, 0.99)


def _quantile(rhythm: Rhythm, share: float) -> float:
    """The upper edge of the class in which this share of the time is reached."""
    wanted, behind, place = share * sum(rhythm.gaps.values()), 0.0, 0
    for place in sorted(rhythm.gaps):
        behind += rhythm.gaps[place]
        if behind >= wanted:
            break
    return math.exp((place + 1) * _LOG_STEP)
