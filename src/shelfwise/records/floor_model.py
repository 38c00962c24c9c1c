"""A floor as somebody draws it: what a draft changes, and what may not stand as drawn. Pure rules."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from shelfwise.core.errors import Fault
from shelfwise.records.model import NewPlace, Place, Site, Zone, place_faults, positive_faults, zone_faults
from shelfwise.records.racks import Rack, twice_faults

# What is drawn by hand meets its neighbour within a millimetre.
_TOUCH_M = 0.002


@dataclass(frozen=True)
class Footprint:
    """Where something stands on the floor, in m from its upper left corner."""

    x_m: float
    y_m: float
    width_m: float
    depth_m: float

    def overlaps(self, other: Footprint) -> bool:
        """Whether the two share more than an edge."""
        return (
            self.x_m + self.width_m > other.x_m + _TOUCH_M
            and other.x_m + other.width_m > self.x_m + _TOUCH_M
            and self.y_m + self.depth_m > other.y_m + _TOUCH_M
            and other.y_m + other.depth_m > self.y_m + _TOUCH_M
        )

    def within(self, width_m: float, depth_m: float) -> bool:
        return (
            min(self.x_m, self.y_m) >= -_TOUCH_M
            and self.x_m + self.width_m <= width_m + _TOUCH_M
            and self.y_m + self.depth_m <= depth_m + _TOUCH_M
        )


@dataclass(frozen=True)
class Draft:
    """What somebody has drawn over a floor, all of it or nothing of it.

    Attributes:
        seen: the floor that it was drawn over, see `fingerprint`; empty: whatever it looks like.
        size: the floor's new width and depth; None: as it is.
        zones: new ones, whose id is 0, and changed ones.
        zones_gone: ids of zones that are not there any more.
        racks: new ones.
        places: new bins, docks and packing benches.
        moved: where places stand from now on, by id.
        gone: ids of places that go out of use.
    """

    seen: str = ""
    size: tuple[float, float] | None = None
    zones: Sequence[Zone] = ()
    zones_gone: Collection[int] = ()
    racks: Sequence[Rack] = ()
    places: Sequence[NewPlace] = ()
    moved: Mapping[int, Footprint] = field(default_factory=dict)
    gone: Collection[int] = ()


@dataclass(frozen=True)
class Drawn:
    """What a draft did, or would do; counts."""

    bins_made: int = 0
    places_moved: int = 0
    places_gone: int = 0
    zones_made: int = 0
    zones_changed: int = 0
    zones_gone: int = 0
    resized: bool = False

    @property
    def words(self) -> str:
        """12 bins are made, 2 places move, 1 place goes out of use."""
        said = [
            f"{count} {one if count == 1 else many}"
            for count, one, many in (
                (self.bins_made, "place is made", "places are made"),
                (self.places_moved, "place moves", "places move"),
                (self.places_gone, "place goes out of use", "places go out of use"),
                (self.zones_made, "zone is made", "zones are made"),
                (self.zones_changed, "zone changes", "zones change"),
                (self.zones_gone, "zone is taken away", "zones are taken away"),
            )
            if count
        ]
        if self.resized:
            said.append("the floor gets another size")
        return f"{', '.join(said)}." if said else "Nothing changes."


def fingerprint(site: Site, zones: Iterable[Zone], places: Iterable[Place]) -> str:
    """The same for two looks at a floor between which nobody changed it."""
    told = repr((site.width_m, site.depth_m, list(zones), list(places)))
    return hashlib.sha256(told.encode()).hexdigest()[:24]


def footprint(place: NewPlace | Place | Zone) -> Footprint | None:
    """None: nobody said where it stands."""
    x_m, y_m, width_m, depth_m = place.x_m, place.y_m, place.width_m, place.depth_m
    if x_m is None or y_m is None or width_m is None or depth_m is None:
        return None
    return Footprint(x_m, y_m, width_m, depth_m)


def stand(place: NewPlace, at: Footprint) -> NewPlace:
    return replace(place, x_m=at.x_m, y_m=at.y_m, width_m=at.width_m, depth_m=at.depth_m)


def zone_at(at: Footprint, zones: Iterable[Zone]) -> Zone | None:
    """The smallest zone that holds the middle of something; None: it stands in none."""
    x_m, y_m = at.x_m + at.width_m / 2, at.y_m + at.depth_m / 2
    around = [
        zone for zone in zones
        if zone.x_m <= x_m <= zone.x_m + zone.width_m and zone.y_m <= y_m <= zone.y_m + zone.depth_m
    ]  # fmt: skip
    return min(around, key=lambda zone: (zone.width_m * zone.depth_m, zone.code), default=None)


def draft_faults(
    size: tuple[float, float], zones: Sequence[Zone], new: Sequence[NewPlace], standing: Sequence[NewPlace],
    touched: Collection[str],
) -> Iterator[Fault]:  # fmt: skip
    """What may not stand as drawn.

    Args:
        size: of the floor.
        zones: that are new or changed.
        new: places to be made.
        standing: all other places in use, as they will stand.
        touched: the codes of those of them that the draft moves.
    """
    yield from positive_faults(size[0], "width_m", "m")
    yield from positive_faults(size[1], "depth_m", "m")
    for zone in zones:
        for fault in zone_faults(zone):
            yield replace(fault, where=f"zone {zone.code}, {fault.where}")
        at = footprint(zone)
        if at is not None and not at.within(*size):
            yield _outside(f"zone {zone.code}", at, size)
    for place in new:
        yield from place_faults(place, f"{place.code}, ")
    yield from twice_faults(new)
    changed = [*new, *(one for one in standing if one.code in touched)]
    for place in changed:
        at = footprint(place)
        if at is not None and not at.within(*size):
            yield _outside(place.code, at, size)
    yield from _overlaps(changed, standing, touched)


def _outside(what: str, at: Footprint, size: tuple[float, float]) -> Fault:
    ends = f"it ends at {at.x_m + at.width_m:g} × {at.y_m + at.depth_m:g} m, and begins at {at.x_m:g} × {at.y_m:g} m"
    return Fault(what, f"on the floor of {size[0]:g} × {size[1]:g} m", ends, "Move it, or make the floor larger.")


def _overlaps(changed: Sequence[NewPlace], standing: Sequence[NewPlace], touched: Collection[str]) -> Iterator[Fault]:
    """Places that would stand in each other, of which at least one is new or moved; levels stand above each other.

    Of two aisles the first two bins are named, for the others say the same.
    """
    said: set[frozenset[str]] = set()
    mine = {id(place) for place in changed}
    found = [(at, place) for place in (*changed, *(one for one in standing if one.code not in touched))
             if (at := footprint(place)) is not None]  # fmt: skip
    found.sort(key=lambda one: one[0].x_m)
    open_: list[tuple[Footprint, NewPlace]] = []
    for at, place in found:
        open_ = [one for one in open_ if one[0].x_m + one[0].width_m > at.x_m + _TOUCH_M]
        for other_at, other in open_:
            if (id(place) not in mine and id(other) not in mine) or not at.overlaps(other_at) or _stacked(place, other):
                continue
            pair = frozenset((place.aisle or place.code, other.aisle or other.code))
            if pair not in said:
                said.add(pair)
                first, second = sorted((place.code, other.code))
                yield Fault(first, "a place of its own", f"it stands in {second}", "Move one of the two.")
        open_.append((at, place))


def _stacked(one: NewPlace, other: NewPlace) -> bool:
    return one.level is not None and other.level is not None and one.level != other.level
