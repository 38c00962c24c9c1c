"""Workbooks: cells as the spreadsheet means them, and no file that takes more memory or time than we give."""

from __future__ import annotations

import datetime as dt
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter

from shelfwise.core.errors import Invalid
from shelfwise.intake import workbooks
from shelfwise.intake.grids import open_file
from shelfwise.intake.workbooks import Failed, open_workbook

CONTENT = """<?xml version="1.0"?><office:document-content
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>
<table:table table:name="Items"><table:table-row><table:table-cell
 office:value-type="string"><text:p>sku</text:p></table:table-cell><table:table-cell
 office:value-type="float" office:value="2.5"><text:p>2,50</text:p></table:table-cell></table:table-row></table:table>
</office:spreadsheet></office:body></office:document-content>"""


def refusal(path: Path) -> str:
    with pytest.raises(Invalid) as refused:
        open_workbook(path)
    return str(refused.value)


def test_numbers_dates_and_texts_are_what_they_are_in_the_spreadsheet(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet("Stock")
        day = book.add_format({"num_format": "dd.mm.yyyy"})
        minute = book.add_format({"num_format": "dd.mm.yyyy hh:mm"})
        sheet.write_row(0, 0, ["00123", 1.0, 0.1 + 0.2, 1234567.25])
        sheet.write_datetime(0, 4, dt.datetime(2026, 1, 31), day)
        sheet.write_datetime(0, 5, dt.datetime(2026, 1, 31, 10, 5), minute)
        sheet.write_boolean(0, 6, True)
        sheet.write_string(0, 7, "1.5E+3")
    (row,) = open_workbook(tmp_path / "a.xlsx").sheets[0].cells()
    assert row == (
        1,
        [
            "00123", Decimal(1), Decimal("0.3"), Decimal("1234567.25"), dt.date(2026, 1, 31),
            dt.datetime(2026, 1, 31, 10, 5), True, "1.5E+3",
        ],
    )  # fmt: skip


def test_formulas_give_what_was_calculated_last_and_failed_ones_are_known(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        book.add_worksheet("First").write(0, 0, "x")
        sheet = book.add_worksheet("Second")
        sheet.write_formula(2, 1, "=1+1", None, 2)
        sheet.write_formula(2, 2, "=NA()", None, "#N/A")
        sheet.write(2, 3, "end")
    found = open_workbook(tmp_path / "a.xlsx")
    assert found.formulas == 2
    assert list(found.sheets[1].cells()) == [(3, [Decimal(2), Failed("#N/A"), "end"])]


def test_rows_are_numbered_as_the_spreadsheet_shows_them_and_hidden_sheets_are_known(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet("One")
        sheet.write(4, 1, "sku")
        sheet.write(7, 1, "A")
        hidden = book.add_worksheet("Two")
        hidden.write(0, 0, "x")
        hidden.hide()
    one, two = open_workbook(tmp_path / "a.xlsx").sheets
    assert [number for number, _ in one.cells()] == [5, 8]
    assert (one.hidden, two.hidden, one.rows) == (False, True, 2)


def test_an_open_document_spreadsheet_is_read_too(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", CONTENT)
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
    (sheet,) = open_workbook(tmp_path / "a.ods").sheets
    assert list(sheet.cells()) == [(1, ["sku", Decimal("2.5")])]


def test_one_cell_far_away_makes_no_table_of_billions(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "a")
        sheet.write(1_048_575, 16_383, "b")
    assert "a single cell far below" in refusal(tmp_path / "a.xlsx")


@pytest.fixture
def ten_megabytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "LARGEST_UNPACKED", 10 << 20)


@pytest.mark.usefixtures("ten_megabytes")
def test_a_zip_bomb_is_refused_before_it_is_unpacked_for_good(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w") as part:
            for _ in range(20):
                part.write(b" " * (1 << 20))
    assert (tmp_path / "a.xlsx").stat().st_size < 1 << 20
    assert "10 MB when unpacked" in refusal(tmp_path / "a.xlsx")


@pytest.mark.usefixtures("ten_megabytes")
def test_an_archive_that_lies_about_its_size_is_counted_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w") as part:
            for _ in range(20):
                part.write(b" " * (1 << 20))
    size = (20 << 20).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(size, (100).to_bytes(4, "little")))
    assert "10 MB when unpacked" in refusal(path)


def test_a_file_too_large_for_a_workbook_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "LARGEST_WORKBOOK", 10)
    (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04" + bytes(100))
    assert "Save the sheet you need in a file of its own" in refusal(tmp_path / "a.xlsx")


def test_what_was_read_is_gone_with_the_workbook(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        book.add_worksheet().write(0, 0, "x")
    found = open_workbook(tmp_path / "a.xlsx")
    folder = found.sheets[0].folder.path
    assert folder.is_dir()
    del found
    assert not folder.exists()


@pytest.mark.parametrize("text", ["<html><table>", "\ufeff <!DOCTYPE html>", '<?xml version="1.0"?><Workbook>'])
def test_a_web_page_that_calls_itself_a_workbook_is_refused_in_words(tmp_path: Path, text: str) -> None:
    (tmp_path / "list.xls").write_text(text + "<tr><td>sku</td></tr>", "utf-8")
    with pytest.raises(Invalid, match=r"save it as \.xlsx"):
        open_file(tmp_path / "list.xls", len)


def test_a_file_of_two_gigabytes_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "list.csv").open("wb") as file:
        file.truncate(2 << 30)
    with pytest.raises(Invalid, match="at most 500 MB, got 2,048 MB"):
        open_file(tmp_path / "list.csv", len)
