"""What the sites of a folder should give each other, and what they have once it is on its way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import timedelta

from shelfwise.planning.files.building import Built
from shelfwise.planning.files.reading import noon
from shelfwise.planning.model import Arrival, Params, Snapshot
from shelfwise.planning.sharing.deciding import decide
from shelfwise.planning.sharing.explain import told
from shelfwise.planning.sharing.model import Heft, House, Transshipment

Progress = Callable[[str, int, int], None]
TOGETHER = 1_000
"""Items that share the cost of a shipment: the futures of all of a large company's would fill the memory."""


def moved(built: Built, params: Params, seed: int, progress: Progress) -> tuple[Built, tuple[Transshipment, ...]]:
    """The sites as they are once the goods are promised to go, and what should go, by the rule by which a company's
    sites share."""
    if not built.lanes:
        return built, ()
    houses = [House(seen.site_id, site, seen, params) for site, seen in built.sites.items()]
    at = Counter(item.item_id for one in houses for item in one.seen.items)
    hefts = {
        item.item_id: Heft(item.item_id, item.quantum, kg=built.weights.get(item.sku))
        for one in houses
        for item in one.seen.items
        if at[item.item_id] > 1
    }
    shared, found = sorted(hefts), list[Transshipment]()
    for start in range(0, len(shared), TOGETHER):
        progress("moving goods between sites: items", start, len(shared))
        some = {item_id: hefts[item_id] for item_id in shared[start : start + TOGETHER]}
        part = [replace(one, seen=_some(one.seen, some)) for one in houses]
        moves = decide(part, built.lanes, some, [seed, built.today.toordinal()])
        found += told(moves, some, built.currency)
    sites = {site: _afterwards(seen, found) for site, seen in built.sites.items()}
    return replace(built, sites=sites), tuple(found)


def _some(seen: Snapshot, wanted: Collection[int]) -> Snapshot:
    return replace(seen, items=tuple(item for item in seen.items if item.item_id in wanted))


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
