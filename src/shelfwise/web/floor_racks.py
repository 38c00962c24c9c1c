"""Racks as people see them: levels beside each other on the map, and above each other from the front. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from shelfwise.web.floor_svg import draw_bin, n
from shelfwise.web.floor_view import BinFacts, BinView, Box

# A cell of the front view, in its own units, and what is between two bays.
_CELL_WIDTH, _CELL_HEIGHT, _UPRIGHT = 3.0, 2.0, 0.3
_TEXT = 0.5


def spread(bins: Iterable[BinFacts]) -> list[BinFacts]:
    """Bins that stand above each other get a strip each of the footprint they share, the lowest level first.

    From above one sees only the highest; so that none is hidden, a bay is split along its longer side.
    """
    stacks: defaultdict[tuple[str | None, Box], list[BinFacts]] = defaultdict(list)
    for one in bins:
        stacks[one.aisle, one.box].append(one)
    spread_out = []
    for (_, box), stack in stacks.items():
        stack.sort(key=lambda one: (one.level or 0, one.code))
        spread_out += [replace(one, box=strip(box, turn, len(stack))) for turn, one in enumerate(stack)]
    return sorted(spread_out, key=lambda one: one.code)


def strip(box: Box, turn: int, of: int) -> Box:
    """One of so many equal parts of a box, along its longer side."""
    if box.width >= box.depth:
        return Box(box.x + box.width * turn / of, box.y, box.width / of, box.depth)
    return Box(box.x, box.y + box.depth * turn / of, box.width, box.depth / of)


@dataclass(frozen=True)
class Aisle:
    """An aisle in numbers: how many bins, and how many of them hold nothing."""

    name: str
    bins: int
    free: int


def aisles(bins: Iterable[BinView]) -> list[Aisle]:
    """The aisles that bins are in, by name."""
    found: defaultdict[str, list[BinView]] = defaultdict(list)
    for view in bins:
        if view.facts.aisle is not None:
            found[view.facts.aisle].append(view)
    return [Aisle(name, len(these), sum(one.level == 0 for one in these)) for name, these in sorted(found.items())]


def front(aisle: str, bins: Sequence[BinView]) -> Markup:
    """An aisle from the front: a column a bay, the lowest level at the bottom, each bin filled by its level."""
    cells: Mapping[tuple[int, int], list[BinView]] = _cells(bins)
    bays = sorted({bay for bay, _ in cells})
    levels = sorted({level for _, level in cells}, reverse=True)
    parts = []
    for column, bay in enumerate(bays):
        x = 1.6 + column * (_CELL_WIDTH + _UPRIGHT)
        parts.append(_text(x + _CELL_WIDTH / 2, len(levels) * _CELL_HEIGHT + 0.8, str(bay), "middle"))
        for row, level in enumerate(levels):
            whole = Box(x, row * _CELL_HEIGHT, _CELL_WIDTH, _CELL_HEIGHT - 0.2)
            these = cells.get((bay, level), [])
            for turn, one in enumerate(these):
                parts.append(draw_bin(replace(one, facts=replace(one.facts, box=strip(whole, turn, len(these))))))
    for row, level in enumerate(levels):
        parts.append(_text(1.2, row * _CELL_HEIGHT + _CELL_HEIGHT / 2, str(level), "end"))
    width, height = 1.8 + len(bays) * (_CELL_WIDTH + _UPRIGHT), len(levels) * _CELL_HEIGHT + 1.2
    return Markup(
        '<svg class="floor rack-front" viewBox="0 -0.2 {0} {1}" width="{2}" role="group" aria-label="{3}">'
        "<defs><pattern id='hatch' width='.34' height='.34' patternUnits='userSpaceOnUse' "
        "patternTransform='rotate(45)'><line class='hatch-line' x1='.17' x2='.17' y2='.34'/></pattern></defs>{4}</svg>"
    ).format(
        n(width), n(height), round(width * 26),
        f"Aisle {aisle} from the front: {len(bays)} bays, {len(levels)} levels, {len(bins)} bins.",
        Markup("").join(parts),
    )  # fmt: skip


def _cells(bins: Iterable[BinView]) -> dict[tuple[int, int], list[BinView]]:
    cells: defaultdict[tuple[int, int], list[BinView]] = defaultdict(list)
    for view in sorted(bins, key=lambda one: (one.facts.position or 0, one.facts.code)):
        cells[view.facts.bay or 0, view.facts.level or 0].append(view)
    return dict(cells)


def _text(x: float, y: float, said: str, anchor: str) -> Markup:
    return Markup('<text class="scale-text" x="{}" y="{}" font-size="{}" text-anchor="{}">{}</text>').format(
        n(x), n(y), _TEXT, anchor, said
    )
