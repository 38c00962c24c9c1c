"""Labels: what is printed is what a scanner reads, on every paper, and the pages print what was chosen."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from shelfwise.core.code128 import encodable, modules, widths
from shelfwise.web.label_paper import SHEETS, Label, Sheet, bars_svg, png
from tests.web.conftest import Client
from tests.web.world import World

PRINTABLE = "".join(map(chr, range(32, 127)))
LARGE = SHEETS["100x50"]


def scanned(pages: Sequence[bytes]) -> list[tuple[str, str]]:
    """What a scanner reads off printed pages: the kind of symbol, and its text."""
    found = [one for page in pages for one in zxingcpp.read_barcodes(Image.open(io.BytesIO(page)))]
    return [(str(one.format), one.text) for one in found]


def barred(text: str) -> str:
    """What a scanner reads off the bars of a text, drawn three points a module."""
    row = bytearray(b"\xff" * 30)
    for turn, width in enumerate(widths(text)):
        row += (b"\xff" if turn % 2 else b"\x00") * (3 * width)
    row += b"\xff" * 30
    picture = Image.frombytes("L", (len(row), 60), bytes(row) * 60)
    (found,) = zxingcpp.read_barcodes(picture)
    return str(found.text)


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=SHEETS)
def test_both_codes_of_every_label_are_read_on_every_paper(sheet: Sheet) -> None:
    labels = [Label(code, code, ("Aisle A, bay 1", "London"), "up") for code in ("A-01-03", "DOCK", "12345678")]
    read = scanned(png(labels, sheet, dots_per_inch=200))
    assert sorted(read) == sorted((kind, one.code) for kind in ("Code 128", "QR Code") for one in labels)


@pytest.mark.parametrize("start", range(0, 95, 16))
def test_every_printable_character_is_written_in_bars(start: int) -> None:
    text = f"x{PRINTABLE[start : start + 16]}x"
    assert barred(text) == text


@settings(max_examples=40, deadline=None)
@given(st.text("0123456789", min_size=1, max_size=12), st.text("A-", max_size=3), st.text("0123456789", max_size=9))
def test_digits_by_twos_come_out_as_they_went_in(first: str, between: str, last: str) -> None:
    assert barred(f"{first}{between}{last}") == f"{first}{between}{last}"


def test_digits_take_half_the_room() -> None:
    assert modules("12345678") == 11 * (1 + 4 + 1) + 13 + 20
    assert modules("AAAAAAAA") == 11 * (1 + 8 + 1) + 13 + 20


def test_a_code_that_bars_cannot_hold_has_the_square_alone() -> None:
    for code in ("Gläser-01", "A" * 64):
        assert scanned(png([Label(code, code)], LARGE)) == [("QR Code", code)]
    assert bars_svg("A" * 64, 62) == ""
    assert [encodable(one) for one in ("A", "", "ä", "\n")] == [True, False, False, False]


def test_used_up_places_of_the_first_sheet_stay_free() -> None:
    labels = [Label(f"B-{number}", f"B-{number}") for number in range(20)]
    assert [len(png(labels, SHEETS["l7160"], skip, 72)) for skip in (0, 1, 2)] == [1, 1, 2]


def test_labels_of_an_aisle_a_zone_or_some_bins_are_printed(client: Client, world: World) -> None:
    mara = client("mara")
    chilled = next(place_id for code, place_id in world.bins.items() if code.startswith("C"))
    page = mara.get("/labels?site=LON&zone=C").text
    assert "24 chosen" in page
    assert f'value="{chilled}"' in page
    one = mara.get(f"/labels.pdf?site=LON&pick={chilled}&sheet=62x29&arrows=yes")
    assert (one.headers["content-type"], one.content[:5]) == ("application/pdf", b"%PDF-")
    assert mara.get("/labels/item.pdf?sku=21001&copies=2&sheet=62x29").content[:5] == b"%PDF-"
    assert mara.get("/labels/item.pdf?sku=nothing").status_code == 404
    for wrong in ("sheet=papyrus", "aisle=none"):
        assert mara.get(f"/labels.pdf?site=LON&{wrong}").status_code == 422
