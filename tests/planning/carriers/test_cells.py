"""Rate cards as rows of a file: what is written is read again, and what cannot be understood names its column."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

import pytest

from shelfwise.core.errors import Invalid
from shelfwise.planning.carriers.cells import SPELT, Record, card_of, records_of
from shelfwise.planning.carriers.model import Per, RateCard, Surcharge, When
from shelfwise.records.sheets_carriers import RATE_CARDS
from tests.planning.carriers.cards import PARCEL, card, kg

FULL = card(
    site="BER", valid_until=date(2026, 12, 31), per=Per.SHIPMENT, dim_factor=kg("5000"), round_up_kg=kg("0.5"),
    minimum=kg("8"), fuel=((date(2026, 1, 1), kg("18.5")), (date(2026, 2, 1), kg("17.25"))), cut_off=time(17, 30),
    surcharges=(
        Surcharge("Home", When.RESIDENTIAL, kg("3.2")),
        Surcharge("Long", When.OVER_LENGTH, kg("12"), above=kg("120")),
        Surcharge("Peak", percent=kg("4"), fuelled=True),
    ),
    pick_up_days=frozenset({1, 3}), delivery_days=frozenset({1, 2, 3, 4, 5, 6}),
    holidays=frozenset({date(2026, 12, 25), date(2026, 12, 26)}), capacity_parcels=40, capacity_kg=kg("900"),
    max_weight_kg=kg("31.5"), max_length_cm=kg("200"), max_girth_cm=kg("360"), cancel_cost=kg("2"),
)  # fmt: skip


@pytest.mark.parametrize("one", [PARCEL, FULL, card(fuel=((date.min, kg("9")),))])
def test_a_card_that_was_written_is_read_again(one: RateCard) -> None:
    rows = list(records_of(one, "Fox Parcels"))
    assert len(rows) == 5
    assert all(set(row) == set(RATE_CARDS.headings) for row in rows)
    assert card_of(rows) == one


def test_what_a_file_leaves_out_is_as_usual() -> None:
    row: Record = {
        "carrier": "FOX", "service_code": "STD", "valid_from": date(2026, 1, 1), "currency": "EUR", "zone": "near",
        "areas": "DE", "transit_days": 1, "price": Decimal("6.90"),
    }  # fmt: skip
    one = card_of([row])
    assert (one.service_name, one.per, one.cut_off, one.pick_up_days) == (
        "STD", Per.PARCEL, time(16), frozenset({1, 2, 3, 4, 5}),
    )  # fmt: skip
    assert one.zones[0].breaks[0].up_to_kg is None


def test_prices_are_sorted_by_weight_whatever_order_the_file_has() -> None:
    rows = list(records_of(PARCEL, "Fox"))
    assert card_of(rows[::-1]).zones[::-1] == PARCEL.zones


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("charged_per", "pallet"),
        ("fuel", "much"),
        ("fuel", "yesterday 3"),
        ("surcharges", "residential 3.20"),
        ("surcharges", "Home: at_home 3.20"),
        ("surcharges", "Long: over_length 12.00"),
        ("surcharges", "Home: residential"),
        ("surcharges", "Home: residential NaN"),
        ("pick_up_days", "mon tues"),
        ("delivery_days", "daily"),
        ("cut_off", "25:00"),
        ("cut_off", "4 pm"),
        ("holidays", "25.12.2026"),
        ("areas", "DE 10-19"),
        ("currency", "Euro"),
    ],
)
def test_a_cell_that_cannot_be_understood_names_its_column(column: str, cell: str) -> None:
    rows = [{**row, column: cell} for row in records_of(PARCEL, "Fox")]
    with pytest.raises(Invalid) as refused:
        card_of(rows)
    assert column in {fault.where.split(",")[0] for fault in refused.value.faults}


def test_a_comma_in_a_text_is_a_decimal_mark() -> None:
    rows = [{**row, "surcharges": "Home: residential 3,20", "fuel": "18,5%"} for row in records_of(PARCEL, "Fox")]
    one = card_of(rows)
    assert (one.surcharges[0].amount, one.fuel) == (Decimal("3.20"), ((date.min, Decimal("18.5")),))


@pytest.mark.parametrize(
    ("column", "told", "kept"),
    [
        ("areas", "de;at 10 .. 12", "DE; AT 10..12"),
        ("fuel", "18,50 %", "18.5"),
        ("fuel", "2026-02-01 17; 2026-01-01 18", "2026-01-01 18; 2026-02-01 17"),
        ("surcharges", "Home:residential 3,20;Peak: always 4% + fuel", "Home: residential 3.2; Peak: always 4% +fuel"),
        ("pick_up_days", "FRI, mon", "mon fri"),
        ("cut_off", "9:30", "09:30"),
        ("holidays", "2026-12-26;2026-12-25", "2026-12-25; 2026-12-26"),
        ("holidays", "Christmas", "Christmas"),
    ],
)
def test_one_thing_has_one_spelling_once_it_is_kept(column: str, told: str, kept: str) -> None:
    assert SPELT[column](told) == kept
