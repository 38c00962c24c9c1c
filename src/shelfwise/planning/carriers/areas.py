"""Areas of zones: a country, and a part of its postal codes, as people write them: `DE`, `DE 10`, `DE 10..19`. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shelfwise.core.errors import Fault, Invalid, shorten

BETWEEN = ";"
_TO = ".."
_COUNTRY = re.compile(r"[A-Z]{2}")
_CODE = re.compile(r"[A-Z0-9]{1,12}")


@dataclass(frozen=True)
class Area:
    """Postal codes of a country that begin with something from `first` to `last`, both as long and included.

    Attributes:
        country: two letters, as DE.
        first: '': the whole country.
    """

    country: str
    first: str = ""
    last: str = ""

    @property
    def length(self) -> int:
        """How much of the postal code it says: more is more exact."""
        return len(self.first)

    def covers(self, country: str, code: str) -> bool:
        """Whether a place lies in it; `code` is one of `normal`."""
        return country == self.country and len(code) >= self.length and self.first <= code[: self.length] <= self.last

    def __str__(self) -> str:
        if not self.first:
            return self.country
        return f"{self.country} {self.first}" + ("" if self.first == self.last else f"{_TO}{self.last}")


def normal(postal_code: str) -> str:
    """A postal code as it is compared: capitals, without spaces and dashes."""
    return re.sub(r"[\s-]", "", postal_code).upper()


def read_areas(text: str, where: str = "areas") -> tuple[Area, ...]:
    """The areas that a text names, with a semicolon between two.

    Raises:
        Invalid: one is none, or there is none.
    """
    parts = [part.strip().upper() for part in text.split(BETWEEN) if part.strip()]
    if not parts:
        raise Invalid(Fault(where, "areas such as DE; AT 1; CH 80..84", "nothing", "Say where the price holds."))
    return tuple(_area(part, where) for part in parts)


def _area(part: str, where: str) -> Area:
    country, _, codes = part.partition(" ")
    first, to, last = (one.strip() for one in codes.partition(_TO))
    first, last = first.replace(" ", ""), last.replace(" ", "") if to else first.replace(" ", "")
    good = _COUNTRY.fullmatch(country) is not None and (
        not codes.strip() or all(_CODE.fullmatch(one) for one in (first, last))
    )
    if not good:
        # A dash may be part of a code or mean a range: guessed wrong, goods would be priced wrong.
        raise Invalid(
            Fault(
                where, "a country and the beginning of postal codes, such as DE, DE 10 or DE 10..19", shorten(part),
                "Write two dots for a range, and leave dashes out of codes.",
            )
        )  # fmt: skip
    if len(first) != len(last) or first > last:
        raise Invalid(
            Fault(where, "a range from the smaller to the greater, both as long", shorten(part), "Correct the range.")
        )
    return Area(country, first, last)


def written(areas: tuple[Area, ...]) -> str:
    """Areas as `read_areas` reads them."""
    return f"{BETWEEN} ".join(map(str, areas))
