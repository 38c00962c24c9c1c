"""Networks of sites, invented by a seed: how near the optimum plans are, and how long they take.

Goods, suppliers and lanes are such that the whole is hard: opening a lane costs about as much as it saves on the goods
of some hundred items, suppliers differ by what they are cheap in, a third of lanes, suppliers and sites has a limit
that is likely to bind, minimum values of orders lie around what a fair share of the orders would come to.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from benchmarks.harness import Result, progress
from shelfwise.planning.network.arrays import network
from shelfwise.planning.network.check import check
from shelfwise.planning.network.curve import newsvendor
from shelfwise.planning.network.model import Item, Lane, Offer, Problem, Shelf, Site, Supplier
from shelfwise.planning.network.plan import Limits
from shelfwise.planning.network.solve import solve
from shelfwise.planning.network.start import first

SAMPLES = 60
CARRIERS = ((0.001, 0.085, 2.0), (0.006, 0.045, 3.0), (0.016, 0.022, 5.0), (0.003, 0.120, 1.0))
"""Fixed cost of a lane as a share of what its site needs; of what it carries; days. Parcel, pallet, truck, express."""


def invented(seed: int, items: int, sites: int, suppliers: int, carriers: int) -> Problem:
    """A network of that size; every supplier offers every item, every carrier serves every lane."""
    rng = np.random.default_rng([seed, items, sites, suppliers, carriers])
    cost = np.exp(rng.normal(2.2, 0.9, items))
    weight = np.exp(rng.normal(-0.3, 0.8, items))
    volume = 0.004 * weight * np.exp(rng.normal(0, 0.3, items))
    mean = np.exp(rng.normal(2.6, 1.0, items))[:, None] * rng.dirichlet(np.full(sites, 4.0)) * sites
    mean *= np.exp(rng.normal(0, 0.3, mean.shape))
    cover = np.where(rng.random(mean.shape) < 0.1, rng.uniform(1.5, 3.0, mean.shape), rng.uniform(0, 1.1, mean.shape))
    available = np.rint(mean * cover)
    short = np.maximum(mean - available, 0)
    value, load = (short * cost[:, None]).sum(axis=0), (short * weight[:, None]).sum(axis=0)
    space = (short * volume[:, None]).sum(axis=0)
    kind = rng.integers(0, suppliers, items)
    names = [f"supplier {n}" for n in range(suppliers)]
    places = [f"site {n}" for n in range(sites)]
    return Problem(
        tuple(Item(n, float(weight[n]), float(volume[n])) for n in range(items)),
        tuple(Site(place, _third(rng, 0.8 * float(space[n]))) for n, place in enumerate(places)),
        tuple(_shelf(rng, n, places[m], float(mean[n, m]), float(available[n, m]), float(cost[n]))
              for n, m in product(range(items), range(sites))),
        tuple(Supplier(name, float(rng.uniform(0.001, 0.004) * value.sum()),
                       float(rng.uniform(0.3, 1.5) * value.sum() / suppliers),
                       _third(rng, float(short.sum()) / suppliers)) for name in names),
        tuple(_offer(rng, n, name, float(cost[n]) * (0.94 if kind[n] == m else 1.0), float(mean[n].sum()))
              for n, (m, name) in product(range(items), enumerate(names))),
        tuple(_lane(rng, name, place, c, float(value[m]), float(load[m]))
              for name, (m, place), c in product(names, enumerate(places), range(carriers))),
        tuple(_lane(rng, a, b, c, 0.2 * float(value.mean()), float(load.mean()))
              for a, b, c in product(places, places, range(min(carriers, 2))) if a != b),
        float(0.9 * value.sum()) if rng.random() < 1 / 3 else None,
    )  # fmt: skip


def _third(rng: np.random.Generator, likely: float) -> float | None:
    """A limit in one case of three, somewhat below or above what is likely to be used."""
    return float(likely * rng.uniform(0.6, 1.3)) if rng.random() < 1 / 3 else None


def _shelf(rng: np.random.Generator, item: int, site: str, mean: float, available: float, cost: float) -> Shelf:
    demand = rng.negative_binomial(4, 4 / (4 + mean), SAMPLES)
    margin = float(rng.uniform(0.2, 0.7))
    return Shelf(
        item, site, available, newsvendor(demand, (1 + margin) * cost, -0.9 * cost, 10),
        keep=min(available, float(rng.integers(0, 3))), wait=0.006 * cost, late=0.2 * margin * cost,
    )  # fmt: skip


def _offer(rng: np.random.Generator, item: int, supplier: str, cost: float, mean: float) -> Offer:
    price = cost * float(rng.uniform(0.97, 1.08))
    multiple = int(rng.choice([1, 2, 6, 12])) if mean > 20 else int(rng.choice([1, 1, 2, 4]))
    minimum = int(rng.integers(1, 4)) * multiple if rng.random() < 0.2 else 0
    breaks = ((max(int(mean / 2), 2), 0.96 * price),) if rng.random() < 0.2 else ()
    maximum = int(mean * rng.uniform(0.3, 1.0)) + multiple if rng.random() < 0.1 else None
    return Offer(item, supplier, price, multiple, minimum, maximum, float(rng.integers(1, 10)), breaks)


def _lane(rng: np.random.Generator, origin: str, site: str, carrier: int, value: float, load: float) -> Lane:
    fixed, share, days = CARRIERS[carrier]
    per_kg = share * value / max(load, 1e-9) * float(rng.uniform(0.7, 1.4))
    return Lane(
        origin, site, f"carrier {carrier}", fixed * value * float(rng.uniform(0.6, 1.6)), per_kg,
        capacity=_third(rng, 0.4 * load), days=days, on_time=float(rng.uniform(0.8, 0.99)),
    )  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A size of network, and what is asked of its plans.

    Attributes:
        size: items, sites, suppliers, carriers.
        gap: percent that may lie between plan and bound.
    """

    size: tuple[int, int, int, int]
    seconds: float
    gap: float | None


FULL = (Case((1000, 3, 4, 3), 30, 0.2), Case((1000, 6, 6, 4), 60, 2.0))
QUICK = (Case((100, 3, 4, 3), 8, None),)


def networks(cases: Sequence[Case], seeds: Sequence[int]) -> list[Result]:
    """Gap, time and faults of the plans of some networks of each size, beside each item's own best order."""
    results = []
    for case in cases:
        name = "network of {} items, {} sites, {} suppliers, {} carriers".format(*case.size)
        runs = [_run(name, invented(seed, *case.size), case.seconds) for seed in seeds]
        gap, wall, spent, faults, saved = (float(np.max(one)) for one in zip(*runs, strict=True))
        met = None if case.gap is None else gap <= case.gap
        results += [
            Result(f"{name}: plan above the bound of the relaxation, worst of {len(seeds)}", gap, "%", case.gap, met),
            Result(f"{name}: time, longest", wall, "s", case.seconds, wall <= case.seconds),
            Result(f"{name}: processor time of that", spent, "s"),
            Result(f"{name}: rules that plans break", faults, "", 0, faults == 0),
            Result(f"{name}: cost of the first plan, by opening lanes while they pay, above the last one", saved, "%"),
        ]
    return results


def _run(name: str, problem: Problem, seconds: float) -> tuple[float, float, float, float, float]:
    """Gap in percent, seconds, processor seconds, faults, and how much dearer the first plan is, in percent."""
    begun = time.process_time()
    found = solve(problem, Limits(seconds=seconds))
    spent = time.process_time() - begun
    net = network(problem)
    dearer = 100 * (first(net).cost(net) / found.costs.total - 1)
    progress(
        f"{name}: cost {found.costs.total:,.0f}, bound {found.bound:,.0f}, gap {100 * found.gap:.3f} %, first plan "
        f"{dearer:.2f} % dearer, {found.seconds:.1f} s, {spent:.1f} s of processor time; {found.ended}"
    )
    return 100 * found.gap, found.seconds, spent, float(len(check(problem, found))), dearer
