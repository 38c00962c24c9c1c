"""Which row holds the headings, whether the row above belongs to it, and what stands above both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shelfwise.intake.repairs.model import EXAMPLES, Repair, shown
from shelfwise.intake.workbooks import Cell

Recognised = Callable[[Sequence[str]], int]


@dataclass(frozen=True)
class Headings:
    """What was found: the place of the row, its headings, and what was found out on the way."""

    place: int
    names: tuple[str, ...]
    repairs: tuple[Repair, ...]


def find(first: Sequence[tuple[int, Sequence[Cell]]], recognised: Recognised) -> Headings:
    """The row of headings among the first rows of a table: the one of which most headings are known."""
    texts = [["" if cell is None else str(cell) for cell in cells] for _, cells in first]
    known = [recognised(row) for row in texts]
    place = known.index(max(known)) if max(known, default=0) else 0
    names, repairs = texts[place], []
    below = place + 1 < len(texts) and _continues(first[place + 1][1], texts[place])
    upper, lower = (place, place + 1) if below else (place - 1, place)
    joined = _joined(texts[upper], texts[lower], recognised) if upper >= 0 else None
    if joined is not None and recognised(joined) >= known[place]:
        place, names = lower, joined
        examples = [(old or "(empty)", new) for old, new in zip(texts[lower], joined, strict=False) if old != new]
        repairs.append(
            Repair("two-rows-of-headings", "", "the upper row says what the lower one belongs to", 2,
                   (first[upper][0], first[lower][0]), tuple(examples[:EXAMPLES]), told_only=True)
        )  # fmt: skip
    above = [one for one in first[: place - (joined is not None and bool(repairs))] if any(map(str, one[1]))]
    if above:
        repairs.append(
            Repair("titles-above", "", f"the headings are in row {first[place][0]}", len(above),
                   tuple(number for number, _ in above),
                   tuple((shown(next(cell for cell in cells if cell is not None)), "left out")
                         for _, cells in above[:3] if any(cell is not None for cell in cells)), told_only=True)
        )  # fmt: skip
    tidy = [
        " ".join("".join(one if one.isprintable() or one.isspace() else "" for one in name).split()) for name in names
    ]
    return Headings(place, tuple(tidy), tuple(repairs))


def _continues(cells: Sequence[Cell], upper: Sequence[str]) -> bool:
    """Whether a row goes on with the headings above: a few short words, some of them where the row above has none."""
    said = [(place, cell) for place, cell in enumerate(cells) if cell is not None and str(cell).strip()]
    free = [place for place, _ in said if place >= len(upper) or not upper[place].strip()]
    words = all(isinstance(cell, str) and len(cell) <= 20 and not any(map(str.isdigit, cell)) for _, cell in said)
    return bool(free) and words and said[0][0] > 0 and 2 * len(said) <= max(len(upper), len(cells)) + 1


def _joined(upper: Sequence[str], lower: Sequence[str], recognised: Recognised) -> list[str] | None:
    """Both rows as one, where the upper one heads a group of columns: 'Price' over 'net' and 'gross'."""
    width = max(len(upper), len(lower))
    above = [*(text.strip() for text in upper), *[""] * (width - len(upper))]
    below = [*(text.strip() for text in lower), *[""] * (width - len(lower))]
    said = [text for text in above if text]
    # One text is a title; a row that says all there is, is the headings.
    if not said or (len(said) == 1 and above[0]) or any(len(text) > 40 for text in said):
        return None
    gaps = [place for place in range(width) if above[place] and not below[place]]
    filled = list(above)
    count = Counter(text.casefold() for text in below if text)
    twice = {text for text, often in count.items() if often > 1}
    if not gaps and not twice and len(said) < 2:
        return None
    names = []
    for place in range(width):
        if place and not filled[place] and below[place]:
            # A heading of the upper row reaches on over the columns that have none of their own.
            filled[place] = filled[place - 1]
        alone = below[place].casefold() not in twice and (recognised([below[place]]) or not filled[place])
        names.append(below[place] if alone and below[place] else f"{filled[place]} {below[place]}".strip())
    return names
