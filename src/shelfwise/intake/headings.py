"""Which column of a file is what, and which kind of file it is: by what its headings are called. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import permutations

from shelfwise.core.errors import Fault
from shelfwise.intake import words
from shelfwise.intake.kind import Kind
from shelfwise.intake.model import list_of
from shelfwise.records.headings import NAMES, PLACES, SYNONYMS, plain_header

_LONGEST_HEADING = 60
_OTHER_UNITS = frozenset((
    "week", "weeks", "woche", "wochen", "semaines", "semanas", "settimane", "weken", "month", "months", "monate",
    "mois", "meses", "mesi", "maanden", "kg", "lb", "lbs", "oz",
))  # fmt: skip
_UNFIT = -1e6


def names_of(kind: Kind, column: str) -> tuple[str, ...]:
    """What a column of this kind may be called, plain, the most telling first.

    Where a file can say both site and place, "location" is the place.
    """
    names = (plain_header(column), *kind.synonyms.get(column, ()), *SYNONYMS.get(column, ()))
    if (kind.name, column) == ("stock", "quantity"):
        # What was ordered is not there.
        return tuple(name for name in names if "order" not in name)
    if column == "site" and "place" in kind.sheet.headings:
        return tuple(name for name in names if name not in PLACES)
    return names


def propose(
    kind: Kind, headings: Sequence[str], said: Mapping[str, str], filled: Collection[str] = ()
) -> tuple[dict[str, int], list[Fault]]:
    """Which heading stands for which column of a kind: as a person said, else by name.

    Args:
        said: heading by column; an empty heading: the column is not in the file, whatever headings there are.
        filled: columns that something stands for, where the file does not have them.

    Returns:
        The place of the heading by column, and what is wrong: a heading that is not there or there twice, or a needed
        column that none stands for.
    """
    found: dict[str, int] = {}
    faults: list[Fault] = []
    plain = [plain_header(heading) for heading in headings]
    said_in = [ways(heading) for heading in headings]
    trimmed = [heading.strip() for heading in headings]
    spoken_for = {trimmed.index(one.strip()) for one in said.values() if one.strip() in trimmed and one.strip()}
    # What bears a column's own name is that column, before synonyms are looked at.
    own = {plain.index(plain_header(one.name)) for one in kind.sheet.columns if plain_header(one.name) in plain}
    for column in kind.sheet.columns:
        wanted = said.get(column.name)
        places: list[int] = []
        if wanted:
            places = [i for i, heading in enumerate(trimmed) if heading == wanted.strip()]
            if not places:
                faults.append(
                    Fault(f"column {column.name}", f"one of {list_of(headings)}", repr(wanted), "Choose a heading.")
                )
        elif wanted is None:
            for name in names_of(kind, column.name):
                taken = set(found.values()) | spoken_for | (own if name != plain_header(column.name) else set())
                places = [i for i, ways in enumerate(said_in) if name in ways and i not in taken]
                if places:
                    break
            if not places:
                taken = set(found.values()) | spoken_for | own
                places = words.surest(kind.name, column.name, headings, taken)
        if len(places) > 1 and column.needed:
            numbers = " and ".join(str(i + 1) for i in places)
            faults.append(
                Fault(
                    f"heading {headings[places[0]]!r}", "each heading once", f"it in columns {numbers}",
                    "Rename one of them in the file, so that nobody has to guess which one counts.",
                )
            )  # fmt: skip
        elif len(places) == 1:
            found[column.name] = places[0]
        elif column.needed and not wanted and column.name not in filled:
            examples = ", ".join(dict.fromkeys((column.name, *SYNONYMS.get(column.name, ())[:2])))
            faults.append(
                Fault(
                    "headings", f"a column for {column.name.replace('_', ' ')} (such as {examples})", list_of(headings),
                    "Say which column holds it, or add it to the file.",
                )
            )  # fmt: skip
    return found, faults


def ways(heading: str) -> set[str]:
    """A heading in plain letters, as it stands, without what is in brackets, and with its words in another order."""
    inner = " ".join(re.findall(r"[(\[]([^)\]]*)[)\]]", heading)).casefold()
    # "Lead time (weeks)" is none in days.
    bare = heading if _OTHER_UNITS & {*inner.split()} else re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", heading)
    parts = [word for word in re.split(r"[\s_./\\:,;-]+", bare) if plain_header(word)]
    turned = {plain_header("".join(order)) for order in permutations(parts)} if len(parts) in (2, 3) else set()
    return {plain_header(heading), plain_header(bare), *turned} - {""}


def tells_goods(headings: Sequence[str]) -> bool:
    """Whether a table is one of goods: what is called by a name there is no supplier."""
    names = {name for column in _OF_GOODS for name in SYNONYMS[column]} - {*NAMES}
    return any(
        ways(heading) & names or any(words.rank("items", column, heading) == 0 for column in _OF_GOODS)
        for heading in headings
        if plain_header(heading) not in NAMES
    )


def score(kind: Kind, name: str, headings: Sequence[str]) -> float:
    """How well a table fits a kind: `_UNFIT` where a needed column is missing, more the more it says."""
    found, faults = propose(kind, headings, {})
    if faults or (kind.name == "suppliers" and tells_goods(headings)):
        return _UNFIT
    named = plain_header(name).rstrip("0123456789") == plain_header(kind.name)
    exact = sum(1 for heading in headings if heading.strip() in kind.sheet.headings)
    taken = sum(1 for column in found if column not in kind.unread)
    return taken + exact + (100 if named else 0) - 0.5 * (len(headings) - taken)


def recognise(kinds: Sequence[Kind], name: str, headings: Sequence[str]) -> Kind | None:
    """The kind that a table fits best; None where it fits none."""
    scored = [(score(kind, name, headings), -place, kind) for place, kind in enumerate(kinds)]
    best = max(scored, key=lambda one: one[:2], default=None)
    for kind in kinds:
        if best is not None and best[2].name in _LISTS and _clearly(kind, headings):
            return kind
    known = recognised(kinds, headings)
    filled = sum(1 for heading in headings if heading.strip())
    # A list of goods says much that is none of the goods themselves: who sells them, how many there are.
    fits = best is not None and best[0] > _UNFIT and bool(propose(best[2], headings, {})[0])
    if best is not None and (best[0] > 0 or (fits and known > 1 and 2 * known >= filled)):
        return best[2]
    for kind in kinds:
        # Lists of small businesses: items without a code, suppliers without one.
        lacking, telling = _WITHOUT_CODES.get(kind.name, ((), ()))
        found, faults = propose(kind, headings, {}, lacking)
        if kind.name == "suppliers" and tells_goods(headings):
            continue
        if lacking and not faults and telling[0] in found and any(one in found for one in telling[1:]):
            return kind
    return None


_OF_GOODS = ("sku", "description", "barcode", "quantity", "unit_cost", "unit_price", "case_quantity", "lot")

# What everything with a code and a number can be read as; and what a table is in spite of a needed column that it
# lacks, which a person is asked for: by kind what must be there, how many of those needed, and what must not be.
_LISTS = ("items", "stock", "daily_sales")
_CLEAR: dict[str, tuple[frozenset[str], int, frozenset[str]]] = {
    "sales": (frozenset({"order_number", "sku"}), 4, frozenset()),
    "terms": (frozenset({"supplier", "sku", "unit_cost"}), 3, frozenset({"description", "quantity", "barcode"})),
}


def _clearly(kind: Kind, headings: Sequence[str]) -> bool:
    if kind.name not in _CLEAR:
        return False
    must, least, never = _CLEAR[kind.name]
    needed = {column.name for column in kind.sheet.columns if column.needed}
    found = propose(kind, headings, {}, needed)[0].keys()
    goods = {column for column in never if any(words.rank("items", column, heading) == 0 for heading in headings)}
    return must <= found and len(needed & found) >= least and not goods


# By kind: what may be left out, what must be there, and one of what beside it.
_WITHOUT_CODES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "items": (("sku",), ("description", "barcode", "unit", "case_quantity", "unit_weight_g")),
    "suppliers": (("supplier",), ("name", "email", "account_number", "order_url")),
}


def recognised(kinds: Sequence[Kind], headings: Sequence[str]) -> int:
    """How many headings of a row some kind knows: tells headings from the titles above them."""
    known = {name for kind in kinds for column in kind.sheet.columns for name in names_of(kind, column.name)}
    short = [heading for heading in headings if heading.strip() and len(heading) <= _LONGEST_HEADING]
    return sum(1 for heading in short if ways(heading) & known or words.known(heading))
