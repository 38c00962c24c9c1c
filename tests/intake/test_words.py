"""Headings mean what their words say together, in six languages; what nobody knows means nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shelfwise.intake import headings, words
from shelfwise.intake.kinds import KINDS, kind_of

# `[Language]`, then rows of headings: the kind of their table, and each heading with the column that it means.
_ROWS = (Path(__file__).parent / "heading_rows.txt").read_text(encoding="utf-8").splitlines()
_PARTS = {"items": ("suppliers", "terms", "stock"), "stock": ("items", "suppliers", "terms")}


def rows(language: str) -> Iterator[tuple[str, dict[str, str]]]:
    inside = False
    for line in _ROWS:
        if line.startswith("["):
            inside = line == f"[{language}]"
        elif inside and line:
            kind, _, told = line.partition(": ")
            pairs = [one.rpartition("=") for one in told.split(" | ")]
            yield kind, {heading: column for heading, _, column in pairs}


def taken(names: list[str]) -> tuple[str, dict[str, set[str]]]:
    """The kind that a table is taken for, and by heading the columns that it or one of its parts takes."""
    kind = headings.recognise(KINDS, "Sheet1", names)
    found: dict[str, set[str]] = {name: set() for name in names}
    for one in () if kind is None else (kind.name, *_PARTS.get(kind.name, ())):
        places, _ = headings.propose(kind_of(one), names, {}, {*kind_of(one).sheet.headings})
        if one == (kind and kind.name) or {"supplier", "sku", "quantity"} & places.keys():
            for column, place in places.items():
                found[names[place]].add(column)
    return kind.name if kind else "", found


@pytest.mark.parametrize("language", ["English", "German", "French", "Spanish", "Italian", "Dutch"])
def test_nearly_all_headings_are_known_and_tables_are_what_they_are(language: str) -> None:
    known = told = 0
    for kind, meant in rows(language):
        found_kind, found = taken([*meant])
        # A list of goods that says how many there are is both.
        assert found_kind in ({"items", "stock", kind} if kind in ("items", "stock", "terms") else {kind}), meant
        for heading, column in meant.items():
            told += column != "-"
            known += column in found[heading]
    assert told > 50
    assert known >= 0.9 * told


@pytest.mark.parametrize("language", ["English", "German", "French", "Spanish", "Italian", "Dutch"])
def test_no_heading_is_taken_for_what_it_is_not(language: str) -> None:
    for kind, meant in rows(language):
        found_kind, found = taken([*meant])
        for heading, column in meant.items():
            others = found[heading] - {column, "name"} if found_kind == kind else set()
            assert column in found[heading] or not others, (heading, others)


@pytest.mark.parametrize(
    ("heading", "column"),
    [("Lead time (weeks)", "lead_time_days"), ("Lieferzeit (Wochen)", "lead_time_days"),
     ("Weight (kg)", "unit_weight_g"), ("Total", "quantity"), ("Qty sold", "quantity"), ("Reorder qty", "quantity"),
     ("Order qty", "quantity"), ("Stock value", "quantity"), ("Retail price", "unit_cost"), ("VK-Preis", "unit_cost"),
     ("Preis brutto", "unit_cost"), ("Cases", "case_quantity"), ("Customer no.", "sku"),
     ("Supplier phone", "supplier")],
)  # fmt: skip
def test_what_sounds_alike_and_means_something_else_is_not_taken(heading: str, column: str) -> None:
    names = ["SKU", "Name of the thing", "Supplier of it", heading]
    for kind in ("items", "stock", "terms"):
        places, _ = headings.propose(kind_of(kind), names, {}, {*kind_of(kind).sheet.headings})
        assert places.get(column) != 3


def test_compounds_abbreviations_and_signs_are_taken_apart() -> None:
    assert words.ideas("Lieferantenartikelnummer") == frozenset({"supplier", "item", "code"})
    assert words.ideas("Q.tà") == words.ideas("Qty.") == frozenset({"quantity"})
    assert (
        words.ideas("N° article") == words.ideas("Item #") == words.ideas("Artikel-Nr.") == frozenset({"item", "code"})
    )
    assert words.ideas("Colour of the moon") is None


def test_two_headings_that_mean_the_same_are_asked_about_where_the_column_is_needed_and_else_left() -> None:
    places, faults = headings.propose(kind_of("stock"), ["Our art. code", "Prod. code", "Bin", "Site", "Qty"], {})
    assert "sku" not in places
    assert any("each heading once" in fault.expected for fault in faults)
