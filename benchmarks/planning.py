"""Policies of replenishment: how near the optimum, how fast, and how they do where nothing is known.

``python -m benchmarks.planning [--quick] [--only NAME ...]``: published optima where they lie beside the checkout, an
invented shop for speed, and ordering instances invented and real, each beside a plain capped order-up-to. Needs no
database. Progress on standard error; the last line of standard output is one JSON object.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np
from tests.real import DEMAND, INVENTORY

from benchmarks._compared import replays
from benchmarks._network import FULL as NETWORKS
from benchmarks._network import QUICK as QUICK_NETWORKS
from benchmarks._network import networks
from benchmarks._ordering import BEFORE, DELIVERIES, MARGINS, PERIODS, Instance, Plain, delivered, invented, reward
from benchmarks._retail import order_lines, sold
from benchmarks._sales import groceries
from benchmarks._stockouts import stockouts
from benchmarks.harness import Result, progress, report
from shelfwise.planning.model import Floats
from shelfwise.planning.policies.backlog import OrderUpTo, best_reorder_point, level_costs
from shelfwise.planning.policies.distributions import Demand
from shelfwise.planning.policies.exact import LostSales
from shelfwise.planning.policies.families import FAMILIES, sizes_of
from shelfwise.planning.policies.fit import best_base_stock, best_capped, best_capped_reorder_point, best_projected
from shelfwise.planning.policies.learner import Learner
from shelfwise.planning.policies.model import Costs, Observation
from shelfwise.planning.policies.race import FUTURES as RACED_FUTURES
from shelfwise.planning.policies.race import PERIODS as RACED_PERIODS
from shelfwise.planning.policies.race import Entrants, courses, race, tuned
from shelfwise.planning.policies.replay import CostsOfMany, Course, TermsOfMany, bootstrap

SEED = 17
PUBLISHED = 6e-4
"""Published costs are rounded to three digits."""


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    lead_times: int
    items: int
    each: int
    series: int


FULL, QUICK = Size(4, 600, 4, 40), Size(2, 200, 1, 6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short lead times, few items, few instances")
    parser.add_argument("--only", nargs="+", help="some parts: " + ", ".join(_parts(FULL)))
    given = parser.parse_args()
    parts = _parts(QUICK if given.quick else FULL)
    results: list[Result] = []
    for name in given.only or parts:
        begun = time.process_time()
        results += parts[name]()
        progress(f"{name}: {time.process_time() - begun:.0f} s of processor time")
    report("planning", SEED, results)


def _parts(size: Size) -> dict[str, Callable[[], list[Result]]]:
    return {
        "reorder points": _reorder_points,
        "lost sales": partial(_lost_sales, size),
        "fixed cost": _fixed_cost,
        "speed": partial(_speed, size),
        "invented": partial(_invented, size),
        "wholesaler": partial(_wholesaler, size),
        "groceries": partial(_groceries, size),
        "networks": partial(
            networks, QUICK_NETWORKS if size is QUICK else NETWORKS, range(1, 2 if size is QUICK else 4)
        ),
        "stockouts": partial(stockouts, size is QUICK),
        "replay": partial(replays, SEED, size is QUICK),
    }


def _table(name: str) -> list[dict[str, str]]:
    path = INVENTORY / name
    if not path.is_file():
        progress(f"{name} is not on this machine, so nothing is compared with it")
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _reorder_points() -> list[Result]:
    table = _table("zheng_federgruen1991_sS_poisson.csv")
    if not table:
        return []
    exact, begun = 0, time.process_time()
    for row in table:
        costs = Costs(float(row["h"]), float(row["p"]), float(row["K"]))
        best = best_reorder_point(Demand.poisson(float(row["mu"])), costs, int(row["lead_time"]))
        levels = (best.policy.reorder_point, best.policy.order_up_to)
        same = levels == (int(row["s_opt"]), int(row["S_opt"]))
        exact += same and abs(best.cost - float(row["avg_cost"])) < PUBLISHED
    each = 1000 * (time.process_time() - begun) / len(table)
    begun = time.process_time()
    _every_pair(Demand.poisson(10), Costs(1, 9, 64))
    pairs = 1000 * (time.process_time() - begun)
    return [
        Result(
            "(s, S) of Zheng and Federgruen (1991), exact", exact, f"of {len(table)}", len(table), exact == len(table)
        ),
        Result("(s, S), processor time", each, "ms", baseline="every s and S, of the smallest", baseline_value=pairs),
    ]


def _every_pair(demand: Demand, costs: Costs) -> float:
    """The least cost among all pairs within the likely range, each evaluated by itself."""
    charged = level_costs(demand, costs, 0)
    best: float = float("inf")
    chances = demand.chances
    for upto in range(1, 61):
        stays = [1 / (1 - chances[0])]
        total = float(charged.of(np.array([upto]))[0]) * stays[0]
        for below in range(1, upto + 1):
            reach = min(below, len(chances) - 1)
            stays.append(float(chances[1 : reach + 1] @ stays[::-1][:reach]) / (1 - chances[0]))
            best = min(best, float((costs.order + total) / sum(stays[:-1])))
            total += float(charged.of(np.array([upto - below]))[0]) * stays[below]
    return float(best)


def _lost_sales(size: Size) -> list[Result]:
    optimal = [row for row in _table("zipkin2008_lost_sales_poisson.csv") if row["policy"] == "Optimal"]
    gaps: dict[str, list[float]] = {}
    for row in optimal:
        if int(row["L"]) > size.lead_times:
            continue
        system = LostSales(Demand.poisson(float(row["mean"])), Costs(float(row["h"]), float(row["p"])), int(row["L"]))
        costs = {
            "projected level, capped": best_projected(system).cost,
            "projected level": best_projected(system, capped=False).cost,
            "capped order up to": best_capped(system).cost,
            "base-stock": best_base_stock(system).cost,
        }
        for name, cost in costs.items():
            gaps.setdefault(name, []).append(100 * (cost / float(row["avg_cost"]) - 1))
        progress(
            f"shortage {row['p']}, lead time {row['L']}: " + ", ".join(f"{k} {v[-1]:.2f} %" for k, v in gaps.items())
        )
    results = []
    for name, found in gaps.items():
        aimed = name == "projected level, capped"
        for what, value, target in (("mean", float(np.mean(found)), 0.5), ("worst", max(found), 1.0)):
            results.append(
                Result(
                    f"lost sales, Zipkin (2008), Poisson, {len(found)} instances: {name}, above the optimum, {what}",
                    value, "%", target if aimed else None, value <= target if aimed else None,
                )
            )  # fmt: skip
    return results


def _fixed_cost() -> list[Result]:
    table = {row["policy"]: row for row in _table("bijvank2015_lost_sales_fixed_cost.csv")}
    if not table:
        return []
    row = table["optimal_dp"]
    costs = Costs(float(row["h"]), float(row["p"]), float(row["K"]))
    best = best_capped_reorder_point(LostSales(Demand.poisson(5), costs, int(row["L"])))
    gap = 100 * (best.cost / float(row["avg_cost"]) - 1)
    published = 100 * (float(table["(s,S)"]["avg_cost"]) / float(row["avg_cost"]) - 1)
    name = "lost sales with a fixed cost, Bijvank et al. (2015): capped (s, S), above the optimum"
    return [Result(name, gap, "%", 0.5, gap <= 0.5, "(s, S), published", published)]


def _shop(items: int, review: int) -> Entrants:
    """Two years of days: weekdays, lumps, unknown days, packs, lead times of two to eleven days."""
    rng = np.random.default_rng([SEED, review])
    week = np.array([0.8, 0.8, 0.9, 1.0, 1.3, 1.4, 0.8])
    mean = np.exp(rng.normal(1.5, 1, (items, 1))) * np.tile(week, 104)
    past = rng.negative_binomial(2, 2 / (2 + mean)).astype(np.float64)
    past[rng.random(past.shape) < 0.02] = np.nan
    leads = tuple(rng.integers(2, 9) + rng.integers(0, 4, 20).astype(np.float64) for _ in range(items))
    packs = rng.choice([1.0, 6.0, 12.0], (items, 1))
    one = np.ones((items, 1))
    return Entrants(past, leads, CostsOfMany(0.02 * one, one, 5 * one), TermsOfMany(packs, 0 * one), review=review)


def _speed(size: Size) -> list[Result]:
    results = []
    for review in (1, 7):
        shop = _shop(size.items, review)
        begun = time.process_time()
        for start in range(0, size.items, 200):
            part = shop.part(start, start + 200)
            course = bootstrap(part.history, part.leads, RACED_PERIODS, RACED_FUTURES, np.random.default_rng(SEED))
            tuned(FAMILIES[0], part, course, sizes_of(course, part.leads, part.costs, review))
        one = size.items / (time.process_time() - begun)
        begun = time.process_time()
        ran = race(shop, seed=SEED)
        raced = size.items / (time.process_time() - begun)
        asked = "every day" if review == 1 else "every week"
        stepped = _stepped(shop, review)
        results += [
            Result(
                f"order up to, chosen on an item's past, asked {asked}", one, "items/s", 1000, one >= 1000,
                "one item after the other, a period at a time", stepped,
            ),
            Result(f"race of {len(ran.names)} policies, asked {asked}", raced, "items/s", 100, raced >= 100),
        ]  # fmt: skip
    return results


def _stepped(shop: Entrants, review: int) -> float:
    """Items a second, as before, by plain Python: each candidate of each item over as many periods."""
    item = shop.part(0, 1)
    course, _, _ = courses(item, np.random.default_rng(SEED), 14)
    begun = time.process_time()
    for future in range(2):
        _walk(OrderUpTo(60.0), course, future, review)
    share = 2 / float(course.demand.shape[2] * len(FAMILIES[0].grid))
    return share / (time.process_time() - begun)


def _walk(rule: OrderUpTo, course: Course, future: int, review: int) -> float:
    on_hand, in_transit, cost = 30.0, 0.0, 0.0
    due = [0.0] * (len(course.demand) + course.longest + 1)
    for period, wanted in enumerate(course.demand[:, 0, future].tolist()):
        if period % review == 0:
            quantity = rule.order(Observation(period, on_hand, in_transit))
            due[period + int(course.lead[period, 0, future])] += quantity
            in_transit += quantity
        in_transit -= due[period]
        on_hand = max(on_hand + due[period] - wanted, 0.0)
        cost += on_hand
    return cost


def _invented(size: Size) -> list[Result]:
    return _ordering("invented", invented(SEED, size.each))


def _wholesaler(size: Size) -> list[Result]:
    """Weeks of a wholesaler of gifts: what sells in at least half of them."""
    lines = sold(order_lines())
    day = (lines["at"] - lines["at"].min()).dt.total_days().to_numpy()
    codes, item = np.unique(lines["code"].to_numpy(), return_inverse=True)
    weeks = np.zeros((len(codes), PERIODS + BEFORE - 2))
    inside = day // 7 < weeks.shape[1]
    np.add.at(weeks, (item[inside], day[inside] // 7), np.maximum(lines["quantity"].to_numpy()[inside], 0))
    return _ordering("weeks of a wholesaler", _real(weeks[(weeks > 0).mean(axis=1) > 0.5], size, 1))


def _groceries(size: Size) -> list[Result]:
    if not DEMAND.is_dir():
        progress("groceries: the real sales are not on this machine, so they are not measured")
        return []
    values = np.nan_to_num(groceries(DEMAND).panel.quantity.astype(np.float64))
    return _ordering("weeks of groceries", _real(values[:, : PERIODS + BEFORE], size, 2))


def _real(weeks: Floats, size: Size, seed: int) -> list[Instance]:
    rng = np.random.default_rng([SEED, seed])
    weeks = weeks[weeks[:, BEFORE:].sum(axis=1) > 0]
    chosen = weeks[rng.permutation(len(weeks))[: size.series]]
    return [
        delivered(rng, demand, "real", delivery, MARGINS[number % len(MARGINS)])
        for (number, demand), delivery in product(enumerate(chosen), DELIVERIES)
    ]


def _ordering(name: str, instances: Sequence[Instance]) -> list[Result]:
    """Reward as a share of what a clairvoyant with unlimited supply would earn, on average."""

    def learner(one: Instance) -> Learner:
        return Learner(one.costs, one.promised, one.before)

    begun = time.process_time()
    scores = np.array([reward(one, learner) for one in instances])
    each = 1000 * (time.process_time() - begun) / sum(len(one.demand) for one in instances)
    plain = np.array([reward(one, Plain) for one in instances])
    censored = np.array([reward(one, learner, demand_seen=False) for one in instances])
    blind = np.array([reward(one, Plain, demand_seen=False) for one in instances])
    group = np.array([one.group[1] for one in instances])
    unit, against = "of a clairvoyant's", "capped order up to"
    results = [
        Result(
            f"{name}, {len(instances)} instances: reward", float(scores.mean()), unit, float(plain.mean()),
            bool(scores.mean() > plain.mean()), against, float(plain.mean()),
        ),
        Result(
            f"{name}, only sales are seen: reward", float(censored.mean()), unit,
            baseline=against, baseline_value=float(blind.mean()),
        ),
        Result(f"{name}: instances in which the plain rule earns more", 100 * float((plain > scores).mean()), "%"),
        Result(f"{name}: processor time of an order", each, "ms"),
    ]  # fmt: skip
    for delivery in DELIVERIES:
        ours, theirs = (float(one[group == delivery].mean()) for one in (scores, plain))
        results.append(
            Result(f"{name}, delivered {delivery}: reward", ours, unit, baseline=against, baseline_value=theirs)
        )
    return results


if __name__ == "__main__":
    main()
