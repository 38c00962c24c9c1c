"""Invented demand of three kinds, with the expectation it was drawn from: what a forecast can at best know.

Small counts by day, item and store, with prices and events; sales of stores by day, closed on Sundays, with promotions
and holidays; groceries by week with price cuts, leaflets and displays. Their numbers follow no real data set.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from shelfwise.demand.panel import Column, Frequency, Numbers, Panel

BEGIN = date(2021, 1, 4)


@dataclass(frozen=True, eq=False)
class Invented:
    """A panel whose periods have all come, and the expectation of each; shape (series, periods)."""

    panel: Panel
    truth: Numbers


def items(seed: int, series: int = 120, days: int = 760) -> Invented:
    """Slow and fast items of stores: weekly and yearly seasons, price cuts, events that shift what is bought."""
    rng = np.random.default_rng([seed, 1])
    item, place = np.arange(series) // 4, np.arange(series) % 4
    day = np.arange(days)
    level = np.exp(rng.normal(0.3, 1.1, series // 4 + 1)[item] + np.array([0.3, 0, -0.2, -0.4])[place])
    week = np.array([0.9, 0.8, 0.8, 0.9, 1.1, 1.4, 1.2])
    season = 1 + 0.25 * np.sin(2 * np.pi * (day / 365.25 + rng.random((series, 1))))
    kind = np.full(days, np.nan, np.float32)
    for start, label in ((40, 0), (104, 1), (355, 2), (98, 1)):
        kind[start::365] = label
    lift = np.where(np.isnan(kind), 1.0, np.array([1.5, 1.3, 0.2])[np.nan_to_num(kind).astype(int)])
    usual = np.round(rng.uniform(1, 9, series), 2)[:, None]
    cut = _stretches(rng, series, days, 7, 0.06) * rng.uniform(0.1, 0.35, (series, 1))
    expected = level[:, None] * week[day % 7] * season * lift * (1 - cut) ** -2.5
    quantity = _counts(rng, expected, 2.0)
    begun = np.where(rng.random(series) < 0.15, rng.integers(60, days - 60, series), 0)
    quantity[day < begun[:, None]] = np.nan
    columns = (
        Column("price", (usual * (1 - cut)).astype(np.float32), ahead=True),
        Column("event", np.broadcast_to(kind, (series, days)), ("sports", "feast", "closing"), True),
        Column("temperature", np.broadcast_to(rng.normal(15, 6, days).astype(np.float32), (series, days))),
    )
    keys = tuple((f"item {one}", f"store {other}") for one, other in zip(item, place, strict=True))
    return Invented(_panel(keys, Frequency.DAY, 1, quantity, columns), expected.astype(np.float32))


def stores(seed: int, series: int = 80, days: int = 760) -> Invented:
    """Sales of whole stores: closed on Sundays, promotions every second week, pay days, busy before a holiday."""
    rng = np.random.default_rng([seed, 2])
    day = np.arange(days)
    dates = [BEGIN + timedelta(int(one)) for one in day]
    level = np.exp(rng.normal(8.5, 0.4, (series, 1)))
    week = np.array([1.15, 1.0, 0.95, 0.97, 1.05, 1.1, 0.0])[day % 7]
    holiday = np.array([(one.month, one.day) in {(1, 1), (5, 1), (10, 3), (12, 25), (12, 26)} for one in dates])
    promotion = ((day // 7) % 2 == 0) & (day % 7 < 5)
    before = np.roll(holiday, -1) | np.roll(holiday, -2)
    pay = np.array([1.12 if one.day >= 28 or one.day <= 3 else 1.0 for one in dates])
    advent = np.array([1 + 0.25 * max(0, (one.timetuple().tm_yday - 330)) / 30 for one in dates])
    growth = np.exp(rng.normal(0, 0.1, (series, 1)) * day / 365)
    lift = rng.uniform(1.2, 1.6, (series, 1))
    expected = level * week * pay * advent * growth * np.where(promotion, lift, 1) * np.where(before, 1.25, 1)
    noise = np.exp(rng.normal(0, 0.08, (series, days)) + rng.normal(0, 0.02, days))
    quantity = np.round(expected * noise).astype(np.float32)
    closed = (day % 7 == 6) | holiday
    kind = (np.arange(series) % 3).astype(np.float32)
    quantity[:, closed] = np.nan
    columns = (
        Column("promotion", np.broadcast_to(promotion.astype(np.float32), (series, days)), ahead=True),
        Column("holiday", np.broadcast_to(holiday.astype(np.float32), (series, days)), ahead=True),
        Column("kind", np.broadcast_to(kind[:, None], (series, days)), tuple("abc"), True),
    )
    keys = tuple(("everything", f"store {one}") for one in range(series))
    return Invented(_panel(keys, Frequency.DAY, 1, quantity, columns), expected.astype(np.float32))


def groceries(seed: int, series: int = 200, weeks: int = 130) -> Invented:
    """Packed food by week: price cuts that are told by leaflet or display sell several times as much."""
    rng = np.random.default_rng([seed, 3])
    item, place = np.arange(series) // 10, np.arange(series) % 10
    level = np.exp(rng.normal(2.5, 0.8, series // 10 + 1)[item] + rng.normal(0, 0.4, 10)[place])
    week = np.arange(weeks)
    promoted = _stretches(rng, series, weeks, 2, 0.12)
    feature = promoted * (rng.random((series, weeks)) < 0.4)
    display = promoted * (rng.random((series, weeks)) < 0.4)
    cut = promoted * rng.choice([0.1, 0.2, 0.3], (series, weeks))
    usual = np.round(rng.uniform(1.5, 6, series // 10 + 1)[item], 2)[:, None]
    elastic = rng.uniform(1.5, 3.5, series // 10 + 1)[item][:, None]
    season = 1 + 0.15 * np.sin(2 * np.pi * (week / 52.18 + rng.random((series, 1))))
    expected = level[:, None] * season * (1 - cut) ** -elastic * 1.6**feature * 1.5**display
    quantity = _counts(rng, expected, 5.0)
    columns = (
        Column("price", (usual * (1 - cut)).astype(np.float32), ahead=True),
        Column("feature", feature.astype(np.float32), ahead=True),
        Column("display", display.astype(np.float32), ahead=True),
    )
    keys = tuple((f"item {one}", f"store {other}") for one, other in zip(item, place, strict=True))
    return Invented(_panel(keys, Frequency.WEEK, 7, quantity, columns), expected.astype(np.float32))


KINDS: dict[str, tuple[Callable[[int], Invented], int]] = {
    "items by day": (items, 28),
    "stores by day": (stores, 42),
    "groceries by week": (groceries, 6),
}
"""Each with the horizon it is asked for."""


def censored(invented: Invented, share: float, seed: int, masked: bool) -> Panel:
    """The panel with a share of its periods sold out part of the way: told as unknown, or as what was sold."""
    rng = np.random.default_rng([seed, 4])
    quantity = invented.panel.quantity.copy()
    out = rng.random(quantity.shape) < share
    sold = np.floor(quantity * rng.uniform(0, 0.6, quantity.shape)).astype(np.float32)
    quantity[out] = np.nan if masked else sold[out]
    panel = invented.panel
    return Panel(panel.keys, panel.frequency, panel.dates, quantity, panel.columns, panel.wanted)


def _panel(
    keys: tuple[tuple[str, str], ...],
    frequency: Frequency,
    days: int,
    quantity: Numbers,
    columns: tuple[Column, ...],
) -> Panel:
    dates = tuple(BEGIN + timedelta(days * one) for one in range(quantity.shape[1]))
    return Panel(keys, frequency, dates, quantity, columns, np.zeros((len(keys), 0), np.bool_))


def _stretches(rng: np.random.Generator, series: int, periods: int, length: int, share: float) -> Numbers:
    """1 in stretches that make up about that share of the periods, else 0."""
    begins = rng.random((series, periods)) < share / length
    running = np.cumsum(begins, axis=1).astype(np.float32)
    before = np.concatenate((np.zeros((series, length), np.float32), running[:, :-length]), axis=1)
    within: Numbers = (running > before).astype(np.float32)
    return within


def _counts(rng: np.random.Generator, expected: Numbers, evenness: float) -> Numbers:
    """Whole numbers that vary more than by chance alone (negative binomial)."""
    return rng.poisson(expected * rng.gamma(evenness, 1 / evenness, expected.shape)).astype(np.float32)
