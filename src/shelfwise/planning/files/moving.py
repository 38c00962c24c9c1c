"""What the sites of a folder should give each other, and what they have once it is on its way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from shelfwise.planning.files.building import Built
from shelfwise.planning.files.reading import noon
from shelfwise.planning.model import Arrival, Params, Snapshot
from shelfwise.planning.sharing.deciding import decide
from shelfwise.planning.sharing.explain import told
from shelfwise.planning.sharing.model import Heft, House, Transshipment

Progress = Callable[[str, int, int], None]


def moved(built: Built, params: Params, seed: int, progress: Progress) -> tuple[Built, tuple[Transshipment, ...]]:
    """The sites as they are once the goods are promised to go, and what should go, by the rule by which a company's
    sites share."""
    if not built.lanes:
        return built, ()
    progress("moving goods between sites", 0, 1)
    houses = [House(seen.site_id, site, seen) for site, seen in built.sites.items()]
    at = Counter(item.item_id for one in houses for item in one.seen.items)
    hefts = {
        item.item_id: Heft(item.item_id, item.quantum, kg=built.weights.get(item.sku))
        for one in houses
        for item in one.seen.items
        if at[item.item_id] > 1
    }
    moves = decide(houses, built.lanes, hefts, params, [seed, built.today.toordinal()])
    found = tuple(told(moves, hefts, params, built.currency))
    sites = {site: _afterwards(seen, found) for site, seen in built.sites.items()}
    return replace(built, sites=sites), found


def _afterwards(seen: Snapshot, moves: Sequence[Transshipment]) -> Snapshot:
    """A site whose goods are promised to another one, or on their way to it: nothing of them is ordered again."""
    states = {item.item_id: item for item in seen.items}
    for one in moves:
        item = states.get(one.item_id)
        if item is None:
            continue
        if one.from_site_id == seen.site_id:
            states[one.item_id] = replace(item, reserved=item.reserved + one.quantity)
        elif one.to_site_id == seen.site_id:
            arrival = Arrival(one.quantity, noon(seen.today + timedelta(days=one.days)))
            states[one.item_id] = replace(item, on_order=(*item.on_order, arrival))
    return replace(seen, items=tuple(states.values()))
