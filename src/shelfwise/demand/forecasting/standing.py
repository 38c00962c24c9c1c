"""Who speaks for a kind of demand, and who is on trial to do so. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from shelfwise.demand.race.race import CLEARLY

TRIAL = 7
"""So many nights in a row a challenger has to be better before it speaks: one lucky week replaces nobody."""


@dataclass(frozen=True)
class Standing:
    """Who speaks for a kind of demand at a site.

    Attributes:
        segment: the kind of demand.
        champion: who speaks, and `since` which origin.
        challenger: who is better in the race of late, but is still in the shadow; None: nobody is.
        nights: how many in a row it has been.
        gain: by what share less it lost in the newest race.
        origin: of the newest race.
    """

    segment: str
    champion: str
    since: date
    challenger: str | None
    nights: int
    gain: float | None
    origin: date


def settle(before: Standing | None, segment: str, losses: Mapping[str, float], best: str, origin: date) -> Standing:
    """Who speaks after a race.

    A first champion speaks at once, and so does the best where the former champion no longer takes part. Later ones
    have to be clearly better for `TRIAL` nights in a row, racing in the shadow meanwhile. A race of the same or of an
    older night changes nothing.

    Args:
        losses: of all that took part, by name.
        best: the one that won.
    """
    if before is None or before.champion not in losses:
        return Standing(segment, best, origin, None, 0, None, origin)
    if origin <= before.origin:
        return before
    now = losses[before.champion]

    def gain(name: str) -> float:
        return 1 - losses[name] / now if now > 0 else 0.0

    challenger, nights = before.challenger, before.nights + 1
    if challenger is None or challenger not in losses or gain(challenger) < CLEARLY:
        challenger, nights = best, 1
    if gain(challenger) < CLEARLY:
        return replace(before, challenger=None, nights=0, gain=None, origin=origin)
    if nights >= TRIAL:
        return Standing(segment, challenger, origin, None, 0, None, origin)
    return replace(before, challenger=challenger, nights=nights, gain=gain(challenger), origin=origin)
