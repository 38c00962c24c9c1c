"""What an item sells that takes another's place, and one whose sale ends. Pure.

A successor begins with its predecessor's history, so that it need not be learnt anew; what is phased out is expected to
fade, so that nothing is ordered that nobody will buy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from shelfwise.demand.model import LARGEST_QUANTITY, DemandHistory, Floats, Paths
from shelfwise.records.succession import Succession

FADE_DAYS = 28
"""Over so many days before its last one an item's sales fade to nothing: people who know turn to what comes next, sizes
run out, and it is not advertised any more."""


@dataclass(frozen=True)
class Life:
    """The first and the last day on which an item is sold; None: nobody said."""

    from_day: date | None = None
    last_day: date | None = None


def within(paths: Paths, first_day: date, life: Life) -> Paths:
    """Paths of an item, with nothing before its life, and fading towards its end; see the functions below."""
    if life.from_day is not None:
        paths = phased_in(paths, first_day, life.from_day)
    return paths if life.last_day is None else phased_out(paths, first_day, life.last_day)


def with_predecessors(histories: Mapping[int, DemandHistory], links: Iterable[Succession]) -> dict[int, DemandHistory]:
    """The histories, those of successors begun by what they replace, through chains: of C the history of B, and of A.

    Where a successor has sold itself, that counts, also while both are sold; the predecessor keeps its own history.
    What the predecessor sold from the day of the change on says little of either, so that these days are unknown until
    the successor's own first sale. A successor that never sold gets a history too.

    Args:
        histories: by item; all end on the same day.
        links: without circles, one for each successor; items without a history are no hindrance.
    """
    result = dict(histories)
    waiting = {link.item_id: link for link in links}
    while waiting:
        ready = [link for link in waiting.values() if link.replaces_id not in waiting]
        if not ready:  # a circle: nobody comes first
            break
        for link in ready:
            del waiting[link.item_id]
            own, before = result.get(link.item_id), result.get(link.replaces_id)
            if before is not None and (joined := _joined(before, own, link)) is not None:
                result[link.item_id] = joined
    return result


def _joined(before: DemandHistory, own: DemandHistory | None, link: Succession) -> DemandHistory | None:
    begins = before.days if own is None else (own.first_day - before.first_day).days
    told = min((link.from_day - before.first_day).days, begins)
    if told <= 0:  # the successor has the longer history itself
        return own
    quantity, masked = np.zeros(begins), np.ones(begins, bool)
    # Beyond belief a mistyped factor must not keep a whole site from being forecast.
    scaled = np.minimum(before.quantity[:told] * float(link.factor), LARGEST_QUANTITY)
    quantity[:told] = _whole(scaled) if _is_whole(before.quantity) else scaled
    masked[:told] = before.masked[:told]
    if own is not None:
        quantity, masked = np.concatenate((quantity, own.quantity)), np.concatenate((masked, own.masked))
    return DemandHistory(before.first_day, quantity, masked)


def phased_out(paths: Paths, first_day: date, last_day: date) -> Paths:
    """Paths that fade to nothing by an item's last day, and stay there.

    Before the last four weeks nothing changes. Within them the fading is measured from where it stands on the first
    day, since the level that the paths were drawn from has faded so far already.

    Args:
        paths: shape (paths, horizon); whole numbers stay whole numbers.
        first_day: the day of the first column.
    """
    left = (last_day - first_day).days + 1 - np.arange(paths.shape[1])
    share = np.clip(left / (FADE_DAYS + 1), 0, 1)
    begun = min(max((last_day - first_day).days + 2, 0) / (FADE_DAYS + 1), 1)
    return _scaled(paths, share / begun if begun else share)


def phased_in(paths: Paths, first_day: date, from_day: date) -> Paths:
    """Paths of an item that is sold from a day on, and not before: for one whose history is all its predecessor's."""
    return _scaled(paths, (np.arange(paths.shape[1]) >= (from_day - first_day).days).astype(np.float64))


def _scaled(paths: Paths, share: Floats) -> Paths:
    scaled = paths.astype(np.float64) * share
    return (_whole(scaled) if _is_whole(paths) else scaled).astype(np.float32)


def _is_whole(values: Floats | Paths) -> bool:
    return bool((values == np.rint(values)).all())


def _whole(values: Floats) -> Floats:
    """Whole numbers whose running total is never off by more than half a unit: slow movers do not round to nothing."""
    running = np.floor(np.cumsum(values, axis=-1) + 0.5)
    result: Floats = np.diff(running, axis=-1, prepend=0)
    return result
