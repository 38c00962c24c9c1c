"""Which lanes and links to open, when every shelf then takes the one that suits it best. Pure.

Local search for facility location (add, drop, swap; Cornuejols, Nemhauser and Wolsey 1990), one site after the other:
sites share nothing but suppliers and limits, and limits have prices. Then suppliers are opened and closed as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shelfwise.planning.model import Floats
from shelfwise.planning.network.arrays import Network
from shelfwise.planning.network.bound import Fixed, Flags, Priced, Prices
from shelfwise.planning.network.highs import Ints
from shelfwise.planning.network.state import sums


@dataclass(frozen=True, eq=False)
class Pattern:
    """What is open."""

    lane: Flags
    link: Flags

    def fixed(self, net: Network) -> Fixed:
        """All else closed."""
        busy = sums(net.lane_supplier, self.lane, len(net.order_cost)) > 0
        return Fixed(busy.astype(np.int64), self.lane.astype(np.int64), self.link.astype(np.int64))


@dataclass(frozen=True, eq=False)
class _Site:
    """The ways to a site: lanes first, then links.

    Attributes:
        lane, link: their numbers.
        gain: what each way saves at each shelf, shape (ways, shelves).
        fixed: cost of each way.
        supplier: of each way; -1 for links.
    """

    lane: Ints
    link: Ints
    gain: Floats
    fixed: Floats
    supplier: Ints


def search(net: Network, prices: Prices, priced: Priced, begin: Pattern) -> Pattern:
    """A pattern that no single change of a way or a supplier makes better, at these prices of limits."""
    sites = _sites(net, prices, priced)
    cost = net.order_cost + prices.value * net.minimum_value
    cost = cost - prices.supplier * np.where(np.isfinite(net.supplier_capacity), net.supplier_capacity, 0.0)
    opened = [np.concatenate((begin.lane[one.lane], begin.link[one.link])) for one in sites]
    busy = _busy(sites, opened, len(cost))
    opened, total = _all(sites, opened, busy)
    total -= cost[busy].sum()
    better = True
    while better:
        better = False
        for supplier in range(len(cost)):
            tried = busy.copy()
            tried[supplier] = ~tried[supplier]
            other, value = _all(sites, opened, tried)
            used = _busy(sites, other, len(cost))
            value -= cost[used].sum()
            if value > total * (1 + 1e-9) + 1e-9:
                opened, total, busy, better = other, value, used, True
    lane, link = np.zeros_like(begin.lane), np.zeros_like(begin.link)
    for site, ways in zip(sites, opened, strict=True):
        lane[site.lane] = ways[: len(site.lane)]
        link[site.link] = ways[len(site.lane) :]
    return Pattern(lane, link)


def _sites(net: Network, prices: Prices, priced: Priced) -> list[_Site]:
    rows, moves = net.rows, net.moves
    sites = {one.id: place for place, one in enumerate(net.problem.sites)}
    lane_site = np.array([sites[one.destination] for one in net.problem.lanes], dtype=np.int64)
    link_site = np.array([sites[one.destination] for one in net.problem.links], dtype=np.int64)
    place = np.zeros(len(net.available), dtype=np.int64)
    shelf_site = np.array([sites[one.site] for one in net.problem.shelves], dtype=np.int64)
    capacity = np.where(np.isfinite(net.lane_capacity), net.lane_capacity, 0.0)
    linked = np.where(np.isfinite(net.link_capacity), net.link_capacity, 0.0)
    lane_fixed, link_fixed = net.lane_fixed - prices.lane * capacity, net.link_fixed - prices.link * linked
    found = []
    for site in range(len(net.room)):
        lane, link = np.flatnonzero(lane_site == site), np.flatnonzero(link_site == site)
        shelves = np.flatnonzero(shelf_site == site)
        place[shelves] = np.arange(len(shelves))
        gain = np.zeros((len(lane) + len(link), len(shelves)))
        row, move = np.flatnonzero(rows.site == site), np.flatnonzero(moves.site == site)
        np.maximum.at(gain, (np.searchsorted(lane, rows.lane[row]), place[rows.shelf[row]]), priced.row.gain[row])
        way = len(lane) + np.searchsorted(link, moves.link[move])
        np.maximum.at(gain, (way, place[moves.shelf[move]]), priced.move[1][move])
        fixed = np.maximum(np.concatenate((lane_fixed[lane], link_fixed[link])), 0.0)
        supplier = np.concatenate((net.lane_supplier[lane], np.full(len(link), -1)))
        found.append(_Site(lane, link, gain, fixed, supplier))
    return found


def _busy(sites: list[_Site], opened: list[Flags], suppliers: int) -> Flags:
    busy = np.zeros(suppliers + 1, dtype=np.bool_)
    for site, ways in zip(sites, opened, strict=True):
        busy[site.supplier[ways]] = True
    return busy[:-1]


def _all(sites: list[_Site], opened: list[Flags], busy: Flags) -> tuple[list[Flags], float]:
    """The best ways of each site when these suppliers are busy, and what they save beyond their fixed costs."""
    usable = np.append(busy, True)
    found = []
    for site, ways in zip(sites, opened, strict=True):
        there = usable[site.supplier]
        found.append(_local(site, ways & there, there))
    return [ways for ways, _ in found], sum(value for _, value in found)


def _local(site: _Site, ways: Flags, usable: Flags) -> tuple[Flags, float]:
    gain, fixed = site.gain, site.fixed
    ways = ways.copy()
    total = _total(site, ways)
    while True:
        best, change = total, None
        current = gain[ways].max(axis=0, initial=0.0)
        added = np.maximum(gain, current).sum(axis=1) - fixed - fixed[ways].sum()
        added[ways | ~usable] = -np.inf
        if len(added) and added.max() > best + 1e-9:
            best, change = added.max(), (-1, int(added.argmax()))
        for way in np.flatnonzero(ways):
            rest = ways.copy()
            rest[way] = False
            kept, left = gain[rest].max(axis=0, initial=0.0), fixed[rest].sum()
            if kept.sum() - left > best + 1e-9:
                best, change = kept.sum() - left, (int(way), -1)
            swapped = np.maximum(gain, kept).sum(axis=1) - fixed - left
            swapped[rest | ~usable] = -np.inf
            swapped[way] = -np.inf
            if swapped.max() > best + 1e-9:
                best, change = swapped.max(), (int(way), int(swapped.argmax()))
        if change is None:
            return ways, total
        out, into = change
        if out >= 0:
            ways[out] = False
        if into >= 0:
            ways[into] = True
        total = best


def _total(site: _Site, ways: Flags) -> float:
    return float(site.gain[ways].max(axis=0, initial=0.0).sum() - site.fixed[ways].sum())
