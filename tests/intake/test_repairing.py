"""Damage that people's files have is met by its name, with evidence; what is not sure waits for a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from shelfwise.intake.kinds import kind_of
from shelfwise.intake.repairing import Table
from shelfwise.intake.repairs import heading_rows
from shelfwise.intake.repairs.amounts import currency_of
from shelfwise.intake.repairs.codes import check_digit_fits
from shelfwise.intake.repairs.model import ALL, Books, Repair
from shelfwise.intake.workbooks import Cell

KNOWN = Books({"sku": {"00123", "AB-1", "MAR-12"}, "barcode": {"5012345678900"}, "supplier": {"POT"}},
              {"00123": {"case": Decimal(12)}}, {"00123": "each", "FLOUR": "kg"},
              {"supplier": {"the potter": "POT"}})  # fmt: skip


def mended(
    column: str, cells: list[Cell], *, kind: str = "stock", sku: str = "00123", typed: bool = True,
    books: Books = KNOWN, answers: dict[str, bool] | None = None,
) -> tuple[list[Cell], list[Repair]]:  # fmt: skip
    """The cells of one column beside others that are well, repaired."""
    names = [column, "sku", "site", "place"] if column != "sku" else [column, "site", "place"]
    places = {name: place for place, name in enumerate(names) if name in kind_of(kind).sheet.headings}
    lines: list[tuple[int, list[Cell]]] = [
        (at, [cell, *([sku] if column != "sku" else []), "LON", f"A-{at}"]) for at, cell in enumerate(cells, 2)
    ]
    table = Table(names, kind_of(kind), places, lines, typed, books, answers or {})
    table.mend()
    return [line[0] for _, line in table.lines], table.repairs


def test_prices_in_another_currency_than_the_books_wait_for_a_person() -> None:
    pounds: list[Cell] = ["£4.50", "£12.00"]
    for books, certain in (("EUR", False), ("GBP", True)):
        told, repairs = mended("unit_price", pounds, kind="sales", books=replace(KNOWN, currency=books))
        (repair,) = [one for one in repairs if one.name == "currency-signs"]
        assert repair.certain is certain
        assert told == (["4.50", "12.00"] if certain else pounds)


@pytest.mark.parametrize(
    ("books", "sign", "meant"),
    [("USD", "$", "USD"), ("CAD", "$", "CAD"), ("EUR", "$", "USD"), ("SEK", "kr", "SEK"), ("EUR", "kr.", None),
     ("CHF", "Fr.", "CHF"), ("GBP", "€", "EUR")],
)  # fmt: skip
def test_a_sign_of_several_currencies_is_that_of_the_books(books: str, sign: str, meant: str | None) -> None:
    assert currency_of([f"{sign} 5", f"7.50 {sign}"], "Price", books) == meant


@pytest.mark.parametrize(
    ("name", "kind", "column", "before", "after"),
    [
        ("leading-zeros", "stock", "sku", [Decimal(123)], ["00123"]),
        ("leading-zeros", "items", "sku", ["00456", Decimal(7), "04561"], ["00456", "00007", "04561"]),
        ("leading-zeros", "items", "barcode", [Decimal(12345678905), Decimal(5012345678900)],
         ["012345678905", Decimal(5012345678900)]),
        ("scientific-codes", "items", "barcode", ["5.01E+12"], ["5012345678900"]),
        ("scientific-codes", "items", "barcode", ["4.006381333931E+12"], ["4006381333931"]),
        ("trailing-decimals", "items", "sku", ["4711.0", "4712"], ["4711", "4712"]),
        ("codes-as-formulas", "items", "sku", ['="00789"'], ["00789"]),
        ("apostrophes", "items", "sku", ["'0078x"], ["0078x"]),
        ("dates-in-codes", "stock", "sku", [date(2026, 3, 12)], ["MAR-12"]),
        ("capitals", "stock", "sku", ["ab-1"], ["AB-1"]),
        ("names-for-codes", "terms", "supplier", ["The Potter"], ["POT"]),
        ("invisible-characters", "items", "sku", ["\ufeffA1\u200b"], ["A1"]),
        ("spaces-around", "items", "sku", ["  A1 "], ["A1"]),
        ("full-width-characters", "stock", "quantity", ["１２"], ["12"]),
        ("typographic-signs", "items", "sku", ["A–1"], ["A-1"]),
        ("mojibake", "items", "description", ["KÃ¼che"], ["Küche"]),
        ("html-signs", "items", "description", ["Salt &amp; Pepper"], ["Salt & Pepper"]),
        ("unknown-marks", "items", "shelf_life_days", ["n/a", "k.A.", "?", "-"], [None] * 4),
        ("currency-signs", "terms", "unit_cost", ["€ 1.200,50", "3,20 EUR"], ["1.200,50", "3,20"]),
        ("accounting-negatives", "sales", "quantity", ["(12)", "3-"], ["-12", "-3"]),
        ("numbers-with-units", "stock", "quantity", ["10 pcs", "1 dz"], ["10", Decimal(12)]),
        ("numbers-with-units", "items", "unit_weight_g", ["2,5 kg", "350 g"], [Decimal(2500), "350"]),
        ("numbers-with-units", "terms", "lead_time_days", ["5 Tage", "2 weeks"], ["5", "14"]),
        ("packs-as-amounts", "stock", "quantity", ["2 cases"], [Decimal(24)]),
        ("decimal-marks-mixed", "stock", "quantity", ["1.5", "2.25", "1,5"], ["1.5", "2.25", "1.5"]),
        ("text-dates", "stock", "expires_on", ["3. März 2026", "12 Mar 26", "March 3, 2026", "3 de mayo de 2026"],
         [date(2026, 3, 3), date(2026, 3, 12), date(2026, 3, 3), date(2026, 5, 3)]),
        ("serial-dates", "stock", "expires_on", [Decimal(46000), "46001"], [date(2025, 12, 9), date(2025, 12, 10)]),
        ("two-digit-years", "stock", "expires_on", ["31.12.26"], ["31.12.2026"]),
        ("empty-dates", "stock", "expires_on", ["00.00.0000"], [None]),
        ("day-and-month-swapped", "stock", "expires_on",
         [date(2026, 3, 4), date(2026, 1, 5), date(2026, 7, 6), date(2026, 2, 9), "31/01/2026", "13/02/2026"],
         [date(2026, 4, 3), date(2026, 5, 1), date(2026, 6, 7), date(2026, 9, 2), "31/01/2026", "13/02/2026"]),
    ],
)  # fmt: skip
def test_what_is_sure_is_repaired_and_named(
    name: str, kind: str, column: str, before: list[Cell], after: list[Cell]
) -> None:
    cells, repairs = mended(column, before, kind=kind, typed=False)
    assert cells == after
    (repair,) = [one for one in repairs if one.name == name]
    assert repair.accepted
    assert repair.examples
    assert repair.rows[0] >= 2


@pytest.mark.parametrize(
    ("name", "kind", "column", "before", "after"),
    [
        ("leading-zeros", "items", "sku", ["12345", "23456", "34567", "45678", "56789", "678"],
         ["12345", "23456", "34567", "45678", "56789", "00678"]),
        ("scientific-codes", "items", "barcode", ["4.00638133393E+12"], ["4006381333931"]),
        ("capitals", "items", "sku", ["x-1", "X-1"], ["X-1", "X-1"]),
        ("currency-signs", "terms", "unit_cost", ["€ 5", "$ 5"], ["5", "5"]),
        ("packs-as-amounts", "stock", "quantity", ["1 ctn (24)", "2x12", "12x500ML"],
         [Decimal(24), Decimal(24), Decimal(12)]),
        ("day-and-month-swapped", "stock", "expires_on", [date(2026, 3, 4), "31/01/2026"],
         [date(2026, 4, 3), "31/01/2026"]),
    ],
)  # fmt: skip
def test_what_is_not_sure_waits_until_somebody_says_yes(
    name: str, kind: str, column: str, before: list[Cell], after: list[Cell]
) -> None:
    cells, repairs = mended(column, before, kind=kind, typed=False)
    assert cells == before
    assert [one.open for one in repairs if one.name == name] == [True]
    assert mended(column, before, kind=kind, typed=False, answers={name: True})[0] == after
    assert mended(column, before, kind=kind, typed=False, answers={ALL: True})[0] == after


@pytest.mark.parametrize(
    ("kind", "column", "cells"),
    [
        ("items", "sku", ["1", "22", "333"]),
        ("items", "sku", ["12-Mär", "A 1", "1e3x", "0.5x"]),
        ("items", "barcode", ["4006381333931", "012345678905", "96385074"]),
        ("items", "description", ["Total cleaner 5 l", "“Best” – 15’", "Ã la carte"]),
        ("stock", "quantity", ["1.5", "2.25", "1000"]),
        ("stock", "expires_on", [date(2026, 3, 14), date(2026, 3, 4), "31/01/2026"]),
    ],
)  # fmt: skip
def test_what_is_well_stays_as_it_is(kind: str, column: str, cells: list[Cell]) -> None:
    assert mended(column, cells, kind=kind, sku="A") == (cells, [])


def test_a_repair_that_somebody_refuses_is_not_done() -> None:
    cells, (repair,) = mended("sku", [Decimal(123)], answers={"leading-zeros": False})
    assert cells == [Decimal(123)]
    assert not repair.accepted


def lines(*rows: list[Cell]) -> list[tuple[int, list[Cell]]]:
    return list(enumerate(rows, 2))


def test_rows_that_are_none_are_named_and_left_out() -> None:
    headings = ["SKU", "Description", "Barcode", "Unit"]
    table = Table(
        headings, kind_of("items"), {"sku": 0, "description": 1, "barcode": 2, "unit": 3},
        lines(
            ["A1", "Mug", "x1", "each"],
            [None, "Glassware", None, None],
            ["A2", "Glass", "x2", "each"],
            ["sku", "description ", "BARCODE", "unit"],
            ["---", "---", "---", None],
            ["A3", "Total cleaner", "x3", "each"],
            [None, "Total", None, "3"],
            ["Printed on Monday by Tom", None, None, None],
        ), True,
    )  # fmt: skip
    table.mend()
    assert [line[0] for _, line in table.lines] == ["A1", "A2", "A3"]
    assert {one.name: one.rows for one in table.repairs} == {
        "other-rows-of-headings": (5,), "separator-rows": (6,), "totals": (8,), "group-headings": (3,),
        "notes-between-rows": (9,),
    }  # fmt: skip


def test_merged_cells_hold_for_all_their_rows() -> None:
    table = Table(
        ["Supplier", "SKU", "Cost"], kind_of("terms"), {"supplier": 0, "sku": 1, "unit_cost": 2},
        lines(["POT", "A", "1"], [None, "B", "2"], ["MILL", "C", "3"]), True, merges=[(2, 3, 0, 0)],
    )  # fmt: skip
    table.mend()
    assert [line[0] for _, line in table.lines] == ["POT", "POT", "MILL"]
    assert [one.name for one in table.repairs] == ["merged-cells"]


def test_two_rows_of_headings_are_read_as_one_and_titles_above_do_not_disturb() -> None:
    first: list[tuple[int, list[Cell]]] = [
        (1, ["Stock list of the shop", None, None, None]), (3, ["SKU", "Name", "Price", None]),
        (4, [None, None, "net", "gross"]), (5, ["A1", "Mug", "1", "2"]),
    ]  # fmt: skip
    known = {"sku", "name", "price net"}
    found = heading_rows.find(first, lambda row: sum(1 for text in row if text.casefold() in known))
    assert found.names == ("SKU", "Name", "Price net", "Price gross")
    assert [one.name for one in found.repairs] == ["two-rows-of-headings", "titles-above"]


def test_check_digits_are_those_of_gtins() -> None:
    assert all(map(check_digit_fits, ("4006381333931", "96385074", "012345678905", "12345678905")))
    assert not check_digit_fits("4006381333932")


def test_every_name_of_a_repair_is_told_in_the_guide() -> None:
    from shelfwise.intake.repairs.model import TITLES

    guide = Path("docs/guides/import-and-export.md").read_text("utf-8")
    assert not [title for title in TITLES.values() if title not in guide]
