"""Importing a file in a real browser: by keyboard, on a phone, and back again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    """Items, one of which is there already and one of which is wrong; terms; and a sheet that is nothing."""
    path = tmp_path / "from the old system.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheets: dict[str, list[list[object]]] = {
            "Artikel": [
                ["Our items", None, None, None], ["Artikelnummer", "Bezeichnung", "Menge je Karton", "EAN"],
                ["21000", "A new name for it", 12, None], ["X-100", "Jug", 6, "4006381333931"],
                ["X-200", "Bowl", "many", None],
            ],
            "Notes": [["Ask Tom about the bowls"], ["tomorrow"]],
        }  # fmt: skip
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return path


def test_a_workbook_is_looked_at_corrected_taken_in_and_taken_back(
    sign_in: SignIn, workbook: Path, shoot: Callable[[Page, str], None]
) -> None:
    page = sign_in("mara")
    page.goto("/import")
    shoot(page, "import")
    page.get_by_label("CSV file, workbook").set_input_files(workbook)
    page.get_by_role("button", name="Look at the file").press("Enter")
    expect(page.get_by_role("heading", name="Artikel")).to_be_visible()
    summary = page.get_by_text("How it is read").first
    summary.press("Enter")
    page.get_by_label("Menge je Karton is taken for").select_option("case_quantity")
    page.get_by_role("button", name="Read it so").first.press("Enter")
    expect(page.get_by_role("heading", name="Bad cells")).to_be_visible()
    expect(page.get_by_text("'many'")).to_be_visible()
    shoot(page, "import-looked-at")
    with page.expect_download() as got:
        page.get_by_role("link", name="the bad rows as a file").click()
    assert "X-200" in Path(got.value.path()).read_text("utf-8-sig")
    page.get_by_role("button", name="Take in 2 rows").press("Enter")
    expect(page.get_by_text("Taken in.")).to_be_visible()
    page.get_by_role("link", name="What it changed, and undo").click()
    expect(page.get_by_text("A new name for it")).to_be_visible()
    shoot(page, "import-done")
    page.get_by_role("button", name="Take this import back").press("Enter")
    expect(page.get_by_text("was taken back: 2 records")).to_be_visible()


def test_importing_fits_a_phone_and_the_dark(
    sign_in: SignIn, workbook: Path, shoot: Callable[[Page, str], None]
) -> None:
    phone = sign_in("mara", 360, 740, "dark")
    phone.goto("/import")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    shoot(phone, "import-phone")
    phone.get_by_label("CSV file, workbook").set_input_files(workbook)
    phone.get_by_role("button", name="Look at the file").click()
    expect(phone.get_by_role("heading", name="Artikel")).to_be_visible()
    phone.get_by_text("How it is read").first.click()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    shoot(phone, "import-phone-looked-at")
