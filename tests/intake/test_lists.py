"""Lists of goods as a whole: what one table says helps the others, and one cause is told once."""

from __future__ import annotations

from pathlib import Path

import pytest

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.intake import undoing
from shelfwise.intake.found import Choice, Found, Outcome
from shelfwise.intake.importing import EVERY_TABLE, check, run
from shelfwise.intake.kinds import KINDS, kind_of
from shelfwise.intake.repairs.model import ALL
from shelfwise.records import service as records
from tests.intake.messy import ALL_LISTS, Messy
from tests.intake.messy.making import Rows

MARA = person("mara", Role.ADMIN)
YES = {EVERY_TABLE: Choice(repairs={ALL: True})}


@pytest.fixture
def shop(office: Office) -> Office:
    with office.context(MARA) as ctx:
        records.add_site(ctx, code="HQ", name="Shop", time_zone="Europe/Berlin", width_m=20, depth_m=10)
    return office


def looked(office: Office, folder: Path, *rows: Rows) -> Outcome:
    sheets = {f"Sheet{number}": told for number, told in enumerate(rows, 1)}
    return check(office, MARA, Messy("list.xlsx", sheets, set(), {}).write(folder))


def table(outcome: Outcome, kind: str) -> Found:
    return next(one for one in outcome.tables if one.kind is not None and one.kind.name == kind)


GOODS: Rows = [["Art.-Nr.", "Bezeichnung", "EAN", "Lieferant", "EK netto", "Platz", "Bestand", "Mindestbestand"],
               ["AB-1", "Streu", "4006381333931", "Petnova", "6,90 €", "A1", "1.204 Stk", 12],
               ["AB-2", "Futter", "4006381333931", "Petnova", "9,48 €", "A2", "60 Stk", 24]]  # fmt: skip


def test_a_description_of_goods_is_never_the_name_of_a_supplier(shop: Office, tmp_path: Path) -> None:
    suppliers = table(looked(shop, tmp_path, GOODS), "suppliers")
    assert [change.after["name"] for change in suppliers.changes] == ["Petnova"]
    without_codes: Rows = [["Lieferant", "Bezeichnung", "Bestand"], ["Petnova", "Streu", 3]]
    found = looked(shop, tmp_path, without_codes)
    assert all(one.kind is None or one.kind.name != "suppliers" or not one.changes
               or one.changes[0].after["name"] == "Petnova" for one in found.tables)  # fmt: skip


def test_what_follows_from_a_bad_row_in_another_table_is_told_in_one_sentence(shop: Office, tmp_path: Path) -> None:
    found = looked(shop, tmp_path, GOODS)
    assert [fault.expected for one in found.tables for fault in one.faults] == ["each barcode once"]
    for kind in ("terms", "stock"):
        assert table(found, kind).skipped == 1
        assert any("1 row is left out, for the sku" in note for note in table(found, kind).notes)


def test_prices_tell_how_amounts_are_written_that_could_be_read_both_ways(shop: Office, tmp_path: Path) -> None:
    stock = table(looked(shop, tmp_path, GOODS), "stock")
    assert [int(str(change.after["quantity"])) for change in stock.changes] == [1204]


def test_zeros_lost_in_one_table_are_found_in_another(shop: Office, tmp_path: Path) -> None:
    sales: Rows = [["Beleg", "Datum", "Art.-Nr.", "Menge", "VK"], ["R1", "2026-03-02", "00417", 1, 2.5],
                   ["R2", "2026-03-03", "01022", 1, 2.5]]  # fmt: skip
    found = looked(shop, tmp_path, [["Art.-Nr.", "Bezeichnung"], [417, "Streu"], [1022, "Futter"]], sales)
    assert {change.after["sku"] for change in table(found, "items").changes} == {"00417", "01022"}
    assert any(repair.name == "leading-zeros" and "another table" in repair.why
               for repair in table(found, "items").repairs)  # fmt: skip


def test_a_column_of_rules_is_left_out_in_words_where_there_is_not_one_site(office: Office, tmp_path: Path) -> None:
    found = table(looked(office, tmp_path, [["SKU", "Description", "Min stock"], ["A", "Mug", 3]]), "items")
    assert (found.skipped, found.created) == (0, 1)
    assert any("'Min stock' is left out" in note and "none yet" in note for note in found.notes)


@pytest.mark.parametrize("messy", [one for one in ALL_LISTS if not one.bad][:3], ids=lambda one: one.name)
def test_imported_taken_back_and_imported_again_the_books_say_the_same(
    messy: Messy, shop: Office, tmp_path: Path
) -> None:
    def books() -> list[object]:
        with shop.context(MARA) as ctx:
            return [sorted(map(str, kind.known(ctx, None).values())) for kind in KINDS if kind.name != "sales"]

    path = messy.write(tmp_path)
    done = run(shop, MARA, path, YES)
    first = books()
    assert done.file_id is not None
    with shop.context(MARA) as ctx:
        undoing.undo(ctx, done.file_id)
        # What was moved once keeps its name in the journal; nothing of it lies there, and nobody sells it.
        assert not kind_of("stock").known(ctx, None)
        assert not kind_of("terms").known(ctx, None)
    run(shop, MARA, path, YES)
    assert books() == first


def test_numbers_of_rows_are_not_taken_for_codes_without_a_word(shop: Office, tmp_path: Path) -> None:
    rows: Rows = [["No", "Product", "Unit"], [1, "Cup", "each"], [2, "Pot", "each"], [3, "Jug", "each"]]
    assert any("numbers of the rows" in fault.got for fault in table(looked(shop, tmp_path, rows), "items").problems)
