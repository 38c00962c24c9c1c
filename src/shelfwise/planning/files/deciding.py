"""Plans every item of a folder, and says what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np

from shelfwise.planning.files.building import Built
from shelfwise.planning.model import Decision, ItemState, Params, Snapshot
from shelfwise.planning.replenish import Weighed, decide_item, weigh
from shelfwise.planning.simulate import shelf

Progress = Callable[[str, int, int], None]
EVERY = 200
"""Items between two words of progress."""


@dataclass(frozen=True)
class Options:
    """What a person may set.

    Attributes:
        today: the first day that is planned for; None: the one after the last that the files tell of.
        usual_lead_days: assumed where nobody says how long a supplier takes.
    """

    params: Params = field(default_factory=Params)
    today: date | None = None
    usual_lead_days: float = 7.0
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Planned:
    """One item at one site.

    Attributes:
        weighed: None: nobody sells it.
        decision: None: nothing has to be ordered.
        service_level: that was to be kept.
        order_by: the last day on which ordering keeps what was promised; None: nothing is ordered.
    """

    site: str
    item: ItemState
    service_level: float
    weighed: Weighed | None
    decision: Decision | None
    order_by: date | None


def planned(built: Built, options: Options, progress: Progress) -> Iterator[Planned]:
    """What is to be done about every item, in the order of sites and SKUs; each is worked out when it is asked for, or
    the futures of all of them would have to be kept.

    The same files, options and seed give the same.
    """
    count, done = sum(len(one.items) for one in built.sites.values()), 0
    for site, snapshot in built.sites.items():
        seeds = np.random.SeedSequence([options.seed, snapshot.site_id]).spawn(len(snapshot.items))
        for item, seed in zip(snapshot.items, seeds, strict=True):
            if done % EVERY == 0:
                progress("planning: items", done, count)
            done += 1
            level = built.levels.get(item.sku, options.params.service_level)
            yield _plan(site, snapshot, item, replace(options.params, service_level=level), seed)


def _plan(site: str, snapshot: Snapshot, item: ItemState, params: Params, seed: np.random.SeedSequence) -> Planned:
    weighed = weigh(snapshot, item, params, np.random.default_rng(seed))
    if weighed is None or weighed.quantity <= 0:
        return Planned(site, item, params.service_level, weighed, None, None)
    decision = decide_item(snapshot, item, params, np.random.default_rng(seed))
    return Planned(site, item, params.service_level, weighed, decision, _order_by(snapshot, item, weighed, params))


def _order_by(snapshot: Snapshot, item: ItemState, weighed: Weighed, params: Params) -> date:
    """The last day on which an order comes, after its median lead time, before running out is likelier than was
    promised; never before today, and never after the next review."""
    path = shelf(item, weighed.futures, snapshot.at, 0.0)
    risk = (np.minimum.accumulate(path, axis=1) < 0).mean(axis=0)
    beyond = np.flatnonzero(risk > 1 - params.service_level)
    empty = int(beyond[0]) if len(beyond) else path.shape[1]
    wait = empty - 1 - int(np.median(weighed.futures.lead))
    return snapshot.today + timedelta(days=min(max(wait, 0), params.review_days))
