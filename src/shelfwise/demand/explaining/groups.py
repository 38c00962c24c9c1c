"""Which group each feature of the boosted model belongs to, and what is out of the ordinary in a row. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.boosting.features import Table
from shelfwise.demand.boosting.told import Kind, named
from shelfwise.demand.explaining.model import GROUPS, Group
from shelfwise.demand.model import Flags
from shelfwise.demand.panel import Column

ALIKE = len(GROUPS)
"""The player after the groups: what sold under like conditions, which belongs to whichever of them are unusual."""
_ALIKE = ("under such conditions", "such conditions met")
_SEASON = re.compile(r"season|weekday|years? ago|day|month|Easter")
_WHAT_IT_IS = ("step", "item", "location")
# What columns of files are called, in the order in which they are asked: a fuel price is no price of ours.
_WORDS = (
    (Group.OUTSIDE, re.compile(r"(?<![a-z])(temp|rain|weather|snow|humid|cpi|inflation|fuel|oil|unemploy|econom)")),
    (Group.PROMOTION, re.compile(r"price|preis|promo|discount|rabatt|markdown|feature|display|tpr|leaflet|coupon")),
    (Group.EVENT, re.compile(r"holiday|event|feast|festiv|feiertag|ferien|vacation|easter|christmas|school")),
)
_BESIDE_USUAL = 0.05
"""A number is out of the ordinary from so much above or below its mean of the last year."""


def group_of(column: Column, kind: Kind) -> Group:
    """What a column is about: by its name, else by how it behaves.

    What never changes tells what the item is. What is known ahead for each item by itself is a plan of ours; what is
    the same for all is an event if it comes and goes, else from outside.
    """
    if kind.static:
        return Group.REST
    for group, words in _WORDS:
        if words.search(column.name.lower()):
            return group
    shared = bool(column.values.strides[0] == 0)
    if column.ahead and not shared:
        return Group.PROMOTION
    return Group.EVENT if column.ahead and kind.flag else Group.OUTSIDE


def player_of(feature: str, groups: Mapping[str, Group]) -> int:
    """The place of a feature's group in `GROUPS`, or `ALIKE`. `groups`: of each column that the model uses."""
    if feature in _ALIKE:
        return ALIKE
    owners = [
        column for column in groups if feature == named(column) or feature.startswith(f"{named(column)}: ")
    ]  # fmt: skip
    if owners:
        return GROUPS.index(groups[max(owners, key=len)])
    if feature in _WHAT_IT_IS:
        return GROUPS.index(Group.REST)
    return GROUPS.index(Group.SEASON if _SEASON.search(feature) else Group.LEVEL)


def players(table: Table, groups: Mapping[str, Group]) -> NDArray[np.int64]:
    return np.array([player_of(feature, groups) for feature in table.names], np.int64)


def unusual(table: Table, kinds: Mapping[str, Kind]) -> dict[str, Flags]:
    """By column that is told of the very period: in which rows it is out of the ordinary, shape (rows,)."""
    return {name: _unusual(table, name, kind) for name, kind in kinds.items() if named(name) in table.names}


def _unusual(table: Table, name: str, kind: Kind) -> Flags:
    value = _feature(table, named(name))
    if kind.static or len(value) == 0:
        return np.zeros(len(value), np.bool_)
    if kind.usual != -1:
        found: Flags = np.isfinite(value) & (value != kind.usual) & (value != -1)
        return found
    if kind.flag:
        return np.zeros(len(value), np.bool_)
    beside = _feature(table, f"{named(name)}: beside usual")
    far = np.abs(beside - 1) > _BESIDE_USUAL if kind.positive else np.abs(beside) > kind.spread / 2
    return np.isfinite(beside) & far


def _feature(table: Table, name: str) -> NDArray[np.float32]:
    return np.asarray(table.values[:, table.names.index(name)])


def given_back(alike: NDArray[np.float64], there: Flags, cycle: int) -> NDArray[np.float64]:
    """What sold under like conditions, given to the groups that are unusual, in equal parts; shape (rows, groups).

    Where none is, the conditions are the ordinary ones: of days what counts then is the weekday, of longer periods how
    much sells without anything special.

    Args:
        there: shape (rows, groups).
    """
    otherwise = GROUPS.index(Group.SEASON if cycle > 1 else Group.LEVEL)
    share = there.astype(np.float64)
    share[~there.any(axis=1), otherwise] = 1
    shared: NDArray[np.float64] = alike[:, None] * share / share.sum(axis=1, keepdims=True)
    return shared


def by_group(flags: Mapping[str, Flags], groups: Mapping[str, Group], rows: int) -> Flags:
    """Shape (rows, groups): where any column of a group is out of the ordinary."""
    found = np.zeros((rows, len(GROUPS)), np.bool_)
    for name, each in flags.items():
        found[:, GROUPS.index(groups[name])] |= each
    return found


def chosen(columns: Sequence[Column], kinds: Mapping[str, Kind], given: Mapping[str, Group]) -> dict[str, Group]:
    """The group of each column that is used: as given, else by what it is."""
    return {
        one.name: given.get(one.name) or group_of(one, kinds[one.name]) for one in columns if one.name in kinds
    }  # fmt: skip
