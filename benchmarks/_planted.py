"""Faults planted into a year of order lines, and how many of them the rules of a history find."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

import numpy as np
import polars as pl

from benchmarks.harness import Result, progress
from shelfwise.demand.mending import PACKS, Lines, Rule, gaps, mends

PLANTED = 0.10
FOUND_AT_LEAST = 0.95
FALSE_AT_MOST = 0.01
BEYOND = 4.0
"""The plain rule for quantities: more than so many standard deviations above the item's mean."""


def planted_faults(lines: pl.DataFrame, seed: int) -> list[Result]:
    """Each kind of fault is planted into a tenth of the lines, or days, on its own."""
    rng = np.random.default_rng(seed)
    return [*_units(lines, rng), *_copies(lines, rng), *_lost_days(lines, rng)]


def columns(lines: pl.DataFrame) -> Lines:
    numbered = lines.select(
        line=pl.int_range(pl.len()), order=pl.col("order").rank("dense"), item=pl.col("code").rank("dense"),
        customer=pl.col("customer").cast(pl.Float64).fill_null(-1), at=pl.col("at").dt.epoch("s"),
    ).cast(pl.Int64)  # fmt: skip
    whole = {name: numbered[name].to_numpy() for name in numbered.columns}
    return Lines(
        **whole,
        quantity=lines["quantity"].cast(pl.Float64).to_numpy(),
        price=lines["price"].cast(pl.Float64).to_numpy(),
    )


def _units(lines: pl.DataFrame, rng: np.random.Generator) -> list[Result]:
    """Packs told as pieces or pieces as packs, at the price that goes with it; where pieces fill no pack, packs."""
    told = columns(lines)
    sold = np.flatnonzero((told.quantity > 0) & (told.price > 0))
    chosen = rng.choice(sold, int(PLANTED * len(sold)), replace=False)
    pack = rng.choice(PACKS, len(chosen)).astype(float)
    factor = np.where((rng.random(len(chosen)) < 0.5) & (told.quantity[chosen] % pack == 0), 1 / pack, pack)
    quantity, price = told.quantity.copy(), told.price.copy()
    quantity[chosen] *= factor
    price[chosen] = np.round(price[chosen] / factor, 4)
    wrong = replace(told, quantity=quantity, price=price)
    found = {mend.line: mend for mend in mends(wrong) if mend.rule is Rule.UNIT}
    right = [place for place in chosen.tolist() if place in found and found[place].after == told.quantity[place]]
    results = _scores("unit mix-ups", found, chosen.tolist(), len(sold), _far(wrong, sold))
    return [*results, Result("unit mix-ups: put right to the piece", len(right) / len(chosen), "share of planted")]


def _far(lines: Lines, sold: np.ndarray) -> set[int]:
    item, quantity = lines.item[sold], lines.quantity[sold]
    count = np.bincount(item)
    mean = np.bincount(item, quantity) / np.maximum(count, 1)
    spread = np.sqrt(np.maximum(np.bincount(item, quantity**2) / np.maximum(count, 1) - mean**2, 0))
    return set(sold[quantity > mean[item] + BEYOND * spread[item]].tolist())


def _copies(lines: pl.DataFrame, rng: np.random.Generator) -> list[Result]:
    """A tenth of the orders once more, under other numbers, as from a second system."""
    orders = lines["order"].unique(maintain_order=True)
    chosen = rng.choice(orders.to_numpy(), int(PLANTED * len(orders)), replace=False)
    again = lines.filter(pl.col("order").is_in(chosen)).with_columns(order="copy-" + pl.col("order"))
    told = columns(pl.concat([lines, again]))
    planted = [place for place in range(len(lines), len(told)) if told.quantity[place] > 0]
    found = {mend.line for mend in mends(told) if mend.rule in (Rule.COPIED, Rule.REPEATED)}
    certain = {mend.line for mend in mends(told) if mend.rule is Rule.COPIED}
    return [
        *_scores("copied lines", certain, planted, len(lines), set()),
        Result("copied lines: found, with those asked of a person", len(found & set(planted)) / len(planted), "share"),
    ]


def _lost_days(lines: pl.DataFrame, rng: np.random.Generator) -> list[Result]:
    """Days whose lines are gone, among closed days and holidays, which the data have too."""
    orders = lines.group_by("order").agg(day=pl.col("at").min().dt.date().cast(pl.Int32)).sort("day", "order")
    days = orders["day"].unique().sort().to_numpy()[1:-1]
    lost = rng.choice(days, int(PLANTED * len(days)), replace=False)
    left = orders.filter(~pl.col("day").is_in(lost))
    numbers = [int(digits[0]) if (digits := re.findall(r"\d+", name)) else 0 for name in left["order"]]
    missing = {gap.day for gap in gaps(left["day"].to_list(), numbers) if gap.missing}
    every = set(range(int(days[0]), int(days[-1]) + 1))
    weekdays = {day for day in every - set(left["day"].to_list()) if day % 7 != 2}  # day 2 of 1970 was a Saturday
    return _scores("lost days", missing, lost.tolist(), len(every), weekdays)


def _scores(what: str, found: Collection[int], planted: list[int], all_lines: int, plainly: set[int]) -> list[Result]:
    wanted = set(planted)
    others = all_lines - len(wanted) if what != "copied lines" else all_lines
    hit, wrong = len(wanted & set(found)) / len(wanted), len(set(found) - wanted) / others
    base = {
        "unit mix-ups": "four standard deviations above the mean",
        "lost days": "every empty day but Saturdays",
    }.get(what)
    progress(f"{what}: {hit:.4f} of {len(wanted):,} found, {wrong:.5f} of {others:,} others taken for one")
    return [
        Result(
            f"{what}: found", hit, "share of planted", FOUND_AT_LEAST, hit >= FOUND_AT_LEAST, base,
            len(wanted & plainly) / len(wanted) if base else None,
        ),
        Result(
            f"{what}: false", wrong, "share of the others", FALSE_AT_MOST, wrong <= FALSE_AT_MOST, base,
            len(plainly - wanted) / others if base else None,
        ),
    ]  # fmt: skip
