"""Fair shares of groups of features in what boosted trees say (Shapley 1953). Pure.

What the trees would say if only some groups were known is taken as in TreeSHAP (Lundberg et al. 2020): at a split by an
unknown feature both sides count, by how much of what was learnt from went there. But the players are groups, not
features, and of these there are few. Whether a row is on the way to a leaf is then a handful of bits, one for each
group, and the shares of all combinations of bits are computed once for each leaf, not for each row.

At a leaf the game is a product: a group that is known counts 1 where the row agrees with its splits and 0 where not;
one that is unknown counts its share of what was learnt from. The Shapley value of such a product is an integral over
the chance of being known (Owen 1972) of a polynomial of low degree, which a few points of Gauss give exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.model import Flags, Floats
from shelfwise.demand.panel import Numbers

MOST_PLAYERS = 8
"""Their bits share one byte."""
CHUNK = 32_768
"""Rows at once: with fewer the overhead of each tree's branches counts, with more the masks leave the cache."""

LARGEST = float(np.finfo(np.float32).max)

Bits = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Shares:
    """What a booster says of rows, before its link: `base` and what each player adds, shape (rows, players)."""

    base: float
    added: Floats


@dataclass(frozen=True, eq=False)
class _Leaf:
    """`known`: for each row the bits of the players that agree with the way; `covers`: which share of all does."""

    value: float
    known: Bits
    covers: Floats


def shares(booster: Any, values: Numbers, player: NDArray[np.int64], players: int) -> Shares:
    """Split what a booster of LightGBM says.

    Args:
        values: shape (rows, features).
        player: which of the players each feature belongs to, shape (features,).
    """
    if players > MOST_PLAYERS:
        raise ValueError(f"at most {MOST_PLAYERS} players, got {players}")
    base, added = 0.0, np.zeros((len(values), players))
    trees = [one["tree_structure"] for one in booster.dump_model()["tree_info"]]
    parts = [_by_column(values[start : start + CHUNK]) for start in range(0, len(values), CHUNK)]
    for tree in trees:
        tables: Floats | None = None
        for number, part in enumerate(parts):
            leaves = list(_leaves(tree, *part, player, players))
            if tables is None:
                base += sum(leaf.value * float(leaf.covers.prod()) for leaf in leaves)
                tables = _tables(leaves, players)
            here = added[number * CHUNK : (number + 1) * CHUNK]
            for leaf, table in zip(leaves, tables, strict=True):
                here += table.take(leaf.known, axis=0)
    return Shares(base, added)


def _by_column(values: Numbers) -> tuple[Numbers, Numbers]:
    """Feature by feature: as they are, and with zero for what is unknown."""
    columns = np.ascontiguousarray(values.T)
    return columns, np.where(np.isnan(columns), np.float32(0), columns)


def _tables(leaves: list[_Leaf], players: int) -> Floats:
    """What each player adds at each leaf, by the bits of those that agree: (leaves, combinations, players)."""
    agrees = (np.arange(2**players)[:, None] >> np.arange(players) & 1).astype(np.float64)
    covers = np.stack([leaf.covers for leaf in leaves])[:, None, :]
    points, weights = np.polynomial.legendre.leggauss((players + 1) // 2)
    added = np.zeros((len(leaves), len(agrees), players))
    for point, weight in zip((points + 1) / 2, weights / 2, strict=True):
        factors = covers + point * (agrees - covers)
        added += weight * factors.prod(axis=2, keepdims=True) / factors
    result: Floats = added * (agrees - covers) * np.array([leaf.value for leaf in leaves])[:, None, None]
    return result


def _leaves(
    tree: dict[str, Any], columns: Numbers, filled: Numbers, player: NDArray[np.int64], players: int
) -> Iterator[_Leaf]:
    everybody = np.full(columns.shape[1], 2**players - 1, np.uint8)
    waiting = [(tree, everybody, np.ones(players))]
    while waiting:
        node, known, covers = waiting.pop()
        if "split_feature" not in node:
            yield _Leaf(float(node["leaf_value"]), known, covers)
            continue
        feature = node["split_feature"]
        bit = int(player[feature])
        others = np.uint8(2**MOST_PLAYERS - 1 - 2**bit)
        as_it_is = node["missing_type"] == "NaN" or node["decision_type"] == "=="
        column = columns[feature] if as_it_is else filled[feature]
        left = _goes_left(node, column).view(np.uint8) << np.uint8(bit)
        for side, agrees in (("left_child", left), ("right_child", left ^ np.uint8(2**bit))):
            share = covers.copy()
            share[bit] *= _count(node[side]) / node["internal_count"]
            waiting.append((node[side], known & (agrees | others), share))


def _count(node: dict[str, Any]) -> float:
    return float(node["internal_count"] if "split_feature" in node else node["leaf_count"])


def _goes_left(node: dict[str, Any], column: Numbers) -> Flags:
    """How LightGBM decides. A comparison with what is unknown is false."""
    if node["decision_type"] == "==":
        chosen = np.array([int(one) for one in node["threshold"].split("||")])
        return np.asarray(np.isin(np.where(np.isnan(column), -1, column).astype(np.int64), chosen))
    threshold = _rounded_down(node["threshold"])
    return np.asarray(~(column > threshold) if node["default_left"] else column <= threshold)


def _rounded_down(threshold: float) -> np.float32:
    """So that comparing in single precision decides as LightGBM does in double."""
    rounded = np.float32(min(threshold, LARGEST))  # a split off of what is unknown is at 1e300
    return np.nextafter(rounded, np.float32(-np.inf)) if float(rounded) > threshold else rounded
