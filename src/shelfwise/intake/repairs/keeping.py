"""What people say to repairs, and how both are kept: with a layout to be done again, with an import to be seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from shelfwise.core.errors import Fault, Invalid
from shelfwise.intake.repairs.model import ALL, TITLES, Repair


def answers(said: Sequence[str], all_of_them: bool) -> dict[str, bool]:
    """What somebody says to repairs, as 'name=yes' or 'name=no'.

    Raises:
        Invalid: there is no repair of that name, or it says neither.
    """
    found = {ALL: True} if all_of_them else {}
    for one in said:
        name, _, answer = one.partition("=")
        if name not in TITLES or answer not in ("yes", "no"):
            names = ", ".join(TITLES)
            raise Invalid(Fault("repair", f"name=yes or name=no with one of {names}", repr(one), "Name one of them."))
        found[name] = answer == "yes"
    return found


def answers_of(repairs: Sequence[Repair]) -> dict[str, bool]:
    """What was done with the repairs, to be done again with the next file of this make."""
    return {one.key: one.accepted for one in repairs if not one.told_only}


def kept(repairs: Sequence[Repair]) -> list[dict[str, Any]]:
    """Repairs as they are kept beside an import."""
    return [asdict(one) | {"title": one.title, "open": False} for one in repairs if one.accepted]


def several(count: int) -> Repair:
    """Said of each of several sheets of one kind."""
    why = "they are taken in one after the other; where the same thing is in two of them, the last one holds"
    return Repair("several-sheets", "", why, count, told_only=True)
