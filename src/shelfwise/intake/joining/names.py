"""Standard names: what a description says, apart from how it is written. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

EMPTY_WORDS = frozenset("a an and at by for from in of on the to w with und mit fur et de la le pour".split())  # noqa: SIM905
"""They bind words and tell no item from another."""

COLOURS = frozenset(  # without accents, as plain() writes them
    """beige black blue brown cream gold gray green grey ivory lilac magenta mint navy orange pink purple red silver
    turquoise violet white yellow blau braun gelb grau grun rot schwarz weiss blanc bleu jaune noir rouge vert
    """.split()  # noqa: SIM905
)

ABBREVIATIONS = {
    "xmas": "christmas", "asst": "assorted", "blk": "black", "wht": "white", "grn": "green", "sml": "small",
    "med": "medium", "lrg": "large", "lge": "large", "btl": "bottle", "ctn": "carton", "pkt": "packet",
}  # fmt: skip
"""Short forms met everywhere; others are told by their letters, see `shortened`."""

UNITS: dict[str, tuple[str, float]] = {
    "mm": ("length", 1), "cm": ("length", 10), "m": ("length", 1000), "inch": ("length", 25.4), "in": ("length", 25.4),
    "ft": ("length", 304.8), "ml": ("volume", 1), "cl": ("volume", 10), "dl": ("volume", 100), "l": ("volume", 1000),
    "lt": ("volume", 1000), "ltr": ("volume", 1000), "litre": ("volume", 1000), "liter": ("volume", 1000),
    "mg": ("weight", 0.001), "g": ("weight", 1), "gr": ("weight", 1), "kg": ("weight", 1000), "oz": ("weight", 28.35),
    "lb": ("weight", 453.6), "w": ("power", 1), "kw": ("power", 1000), "v": ("voltage", 1), "pc": ("count", 1),
    "pcs": ("count", 1), "pce": ("count", 1), "stk": ("count", 1), "pk": ("count", 1), "pack": ("count", 1),
    "ct": ("count", 1), "pair": ("count", 2),
}  # fmt: skip
"""What a number with this behind it measures, and how much of it one is: mm, ml, g, W, V, pieces."""

_IRREGULAR = {
    "children": "child", "childrens": "child", "childs": "child", "men": "man", "mens": "man", "women": "woman",
    "womens": "woman", "ladies": "lady", "feet": "foot", "leaves": "leaf", "knives": "knife",
}  # fmt: skip

_NUMBER = r"(\d+(?:[.,]\d+)?)"
_SET = re.compile(rf"\b(?:set|pack|box|bag|case|pk|ctn|s|p)(?:\s+of\s+|\s*/\s*|\s+){_NUMBER}(?!\w|[.,/]\d)")
_TIMES = re.compile(rf"(?<![\w.]){_NUMBER}\s*[x\u00d7*]\s*(?=\d)")
_UNIT = re.compile(rf"(?<![\w.]){_NUMBER}\s*-?\s*({'|'.join(sorted(UNITS, key=len, reverse=True))})(?![a-z])")
_BARE = re.compile(rf"(?<![a-z\d.]){_NUMBER}(?![\w])")
_INCH = re.compile(r"(?<=\d)\s*(?:\"|''|\u2033|\u201d)")


@dataclass(frozen=True)
class Name:
    """A description taken apart.

    Attributes:
        words: plain words in the order written, singular, without accents, empty words and measures.
        measures: what it counts or measures, as (dimension, amount in the base unit); ("number", n) where it does not
            say of what.
    """

    words: tuple[str, ...]
    measures: frozenset[tuple[str, float]]

    @property
    def text(self) -> str:
        """The standard name: the same for descriptions that differ in case, order, spaces and ways of writing."""
        measured = [f"{amount:g} {dimension}" for dimension, amount in sorted(self.measures)]
        return " ".join([*sorted(self.words), *measured])


@lru_cache(maxsize=100_000)
def standard(description: str) -> Name:
    """What a description says, apart from how it is written."""
    text = _INCH.sub(" inch", plain(description))
    measures: list[tuple[str, float]] = []

    def take(dimension: str, number: str, factor: float = 1) -> str:
        measures.append((dimension, round(float(number.replace(",", ".")) * factor, 4)))
        return " "

    text = _SET.sub(lambda found: take("count", found[1]), text)
    text = _TIMES.sub(lambda found: take("count", found[1]), text)
    text = _UNIT.sub(lambda found: take(UNITS[found[2]][0], found[1], UNITS[found[2]][1]), text)
    text = _BARE.sub(lambda found: take("number", found[1]), text)
    written = re.findall(r"\w+", text.replace("'", ""))
    words = (singular(ABBREVIATIONS.get(word, word)) for word in written)
    return Name(tuple(word for word in words if word not in EMPTY_WORDS), frozenset(measures))


def plain(text: str) -> str:
    """Lower case, without accents and invisible characters, each run of spaces one space."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    kept = "".join(sign for sign in folded if unicodedata.category(sign) not in ("Mn", "Cf", "Cc") or sign in "\t\n")
    return " ".join(kept.replace("\u2019", "'").replace("`", "'").split())


def singular(word: str) -> str:
    """A word without its plural; roughly, but alike for all words."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def apart(one: Iterable[str], other: Iterable[str]) -> tuple[list[str], list[str]]:
    """The words of one that the other lacks, and the other way round, each as often as it is missing."""
    left, right = list(one), []
    for word in other:
        if word in left:
            left.remove(word)
        else:
            right.append(word)
    return left, right


def edits(one: str, other: str, most: int) -> int:
    """How many letters were added, lost, changed or swapped with a neighbour; `most` + 1 where it is more.

    Damerau 1964, in the restricted form: no letter is changed twice.
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    above: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, above, row = above, row, [i]
        for j, sign in enumerate(other, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != sign))
            if i > 1 and j > 1 and letter == other[j - 2] and sign == one[i - 2]:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)


def shortened(short: str, whole: str) -> bool:
    """Whether one word may stand for the other: letters of it, in order, beginning with its first two or leaving out
    vowels only."""
    if not 2 <= len(short) < len(whole) or short[0] != whole[0] or short.isdigit():
        return False
    if len(short) >= 3 and whole.startswith(short):
        return True
    return short == whole[0] + "".join(sign for sign in whole[1:] if sign not in "aeiou") or (
        len(short) >= 4 and len(short) * 2 >= len(whole) and short[:2] == whole[:2] and _within(short, whole)
    )


def _within(short: str, whole: str) -> bool:
    rest = iter(whole)
    return all(sign in rest for sign in short)
