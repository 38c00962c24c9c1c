"""GS1 barcodes: what a scan says of the goods, and in which words it is refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfwise.core.errors import Invalid
from shelfwise.edge import gs1
from shelfwise.edge.gs1 import Label

GTIN = "09506000134352"


@pytest.mark.parametrize(
    ("code", "label"),
    [
        (f"01{GTIN}10AB-1\x1d17261200", Label(GTIN, "AB-1", date(2026, 12, 31))),
        (f"]C101{GTIN}10AB-1\x1d17261215", Label(GTIN, "AB-1", date(2026, 12, 15))),
        (f"]d201{GTIN}21S7\x1d10AB", Label(GTIN, "AB", serial="S7")),
        (f"]Q301{GTIN}15270228", Label(GTIN, best_before=date(2027, 2, 28))),
        (f"]e001{GTIN}3103001250", Label(GTIN, net_weight_g=Decimal("1250"))),
        (f"\x1d01{GTIN}10AB", Label(GTIN, "AB")),
        (f"01{GTIN}10AB<GS>17270200", Label(GTIN, "AB", date(2027, 2, 28))),
        (f"01{GTIN}10AB{{GS}}11260101", Label(GTIN, "AB", produced=date(2026, 1, 1))),
        (f"(01){GTIN}(10)AB/1(17)280200", Label(GTIN, "AB/1", date(2028, 2, 29))),
        (f"01{GTIN}3202000100", Label(GTIN, net_weight_g=Decimal("453.59237"))),
        (f"00106141412345678908\x1d02{GTIN}3724", Label(GTIN, sscc="106141412345678908", count=24)),
        (f"02{GTIN}3712\x1d10X", Label(GTIN, "X", count=12)),
        ("00106141412345678908", Label(sscc="106141412345678908")),
        ("106141412345678908", Label(sscc="106141412345678908")),
        (f"https://id.gs1.org/01/{GTIN}/10/AB%2F1/21/7?17=261200", Label(GTIN, "AB/1", date(2026, 12, 31), serial="7")),
        ("https://shop.example/p/01/9506000134352?17=261231", Label(GTIN, expiry=date(2026, 12, 31))),
        ("HTTPS://ID.GS1.ORG/00/106141412345678908", Label(sscc="106141412345678908")),
        ("9506000134352", Label(GTIN)),
        ("]E09506000134352", Label(GTIN)),
        (GTIN, Label(GTIN)),
        ("036000291452", Label("00036000291452")),
        ("96385074", Label("00000096385074")),
    ],
)  # fmt: skip
def test_a_label_says_what_the_goods_are(code: str, label: Label) -> None:
    assert gs1.read(code) == label


@pytest.mark.parametrize(
    "code",
    ["", "A-001", "21001", "85123A", "9506000134353", "12345678", "010950600013435", "0112345678901234", "PO-000012",
     "https://example.com/", "https://example.com/01/x", "(hello)", "]C0HELLO", "٠١٢٣٤٥٦٧", "0" * 600],
)  # fmt: skip
def test_what_is_none_of_gs1s_is_left_to_others(code: str) -> None:
    assert gs1.read(code) is None


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (f"]C101{GTIN[:-1]}310AB", "expected a right last digit of the item number, 2"),
        (f"(01){GTIN[:-1]}3(10)AB", "expected a right last digit of the item number, 2"),
        ("(01)950600013435(10)AB", "expected the fields of a GS1 label, each as long as it must be"),
        (f"01{GTIN}17261300", "expected the fields of a GS1 label"),
        (f"]d201{GTIN}17AB", "expected the fields of a GS1 label"),
        (f"01{GTIN}3103001250AB", "expected the fields of a GS1 label"),
        ("]C1", "expected the fields of a GS1 label"),
        ("(00)106141412345678900", "expected a right last digit of the pallet number, 8"),
        ("https://id.gs1.org/01/09506000134353", "expected a right last digit of the item number, 2"),
    ],
)
def test_a_label_that_is_printed_or_scanned_wrongly_is_refused_in_words(code: str, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        gs1.read(code)
    assert words in str(refused.value)
    assert "Scan it once more" in str(refused.value)


def test_the_last_day_is_the_day_it_expires_else_the_day_it_is_best_before() -> None:
    both = gs1.read(f"01{GTIN}1526123117270131")
    assert both is not None and both.last_day == date(2027, 1, 31)
    best = gs1.read(f"01{GTIN}15261231")
    assert best is not None and best.last_day == date(2026, 12, 31)
    assert Label().last_day is None


@given(
    st.text(max_size=60)
    | st.builds("01{}{}".format, st.just(GTIN), st.text("0123456789AB\x1d()", max_size=40))
    | st.builds("https://id.gs1.org/01/{}/{}".format, st.just(GTIN), st.text(max_size=30))
    | st.builds("({}){}".format, st.text("0123456789", max_size=4), st.text(max_size=30))
)
def test_a_scan_is_a_label_or_refused_or_no_gs1_and_nothing_else(code: str) -> None:
    try:
        found = gs1.read(code)
    except Invalid:
        return
    assert found is None or isinstance(found, Label)
