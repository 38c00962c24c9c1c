"""Prices against formulas worked out by hand, days against a calendar, and services that cannot take it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from shelfwise.core.errors import Invalid
from shelfwise.planning.carriers.areas import Area, read_areas, written
from shelfwise.planning.carriers.checking import card_faults, parcel_faults
from shelfwise.planning.carriers.model import (
    Break,
    Consignment,
    Declined,
    Per,
    Quote,
    RateCard,
    ServiceZone,
    Surcharge,
    When,
    days_after,
    days_between,
)
from shelfwise.planning.carriers.rating import chargeable_kg, money, rate, rate_each
from tests.planning.carriers.cards import FAR, MONDAY, NEAR, PARCEL, card, kg, parcel, sent

SATURDAY = Surcharge("Saturday delivery", When.SATURDAY, Decimal("15"))


def quoted(card: RateCard, consignment: Consignment) -> Quote:
    found = rate(card, consignment)
    assert isinstance(found, Quote), found
    return found


def declined(card: RateCard, consignment: Consignment) -> str:
    found = rate(card, consignment)
    assert isinstance(found, Declined), found
    return found.why


@pytest.mark.parametrize(
    ("one", "consignment", "total", "weight"),
    [
        # By the break that it falls into; its upper end belongs to it.
        (card(), sent(parcel("2")), "6.90", "2"),
        (card(), sent(parcel("5")), "6.90", "5"),
        (card(), sent(parcel("5.001")), "9.90", "5.001"),
        # 40 x 30 x 25 cm / 5000 = 6 kg, more than it weighs.
        (card(dim_factor=kg("5000")), sent(parcel("2", "40", "30", "25")), "9.90", "6"),
        # 139 in3/lb is 5022 cm3/kg: 60 x 40 x 40 / 5022 = 19.117 kg, up to the next half.
        (card(dim_factor=kg("5022"), round_up_kg=kg("0.5")), sent(parcel("12", "60", "40", "40")), "14.90", "19.5"),
        # What weighs more than its size says is charged by weight.
        (card(dim_factor=kg("5000")), sent(parcel("8", "20", "20", "20")), "9.90", "8"),
        # Each parcel by itself: 6.90 + 9.90.
        (card(), sent(parcel("2"), parcel("7")), "16.80", "9"),
        # Together, as freight: 9 kg are in the second break.
        (card(per=Per.SHIPMENT), sent(parcel("2"), parcel("7")), "9.90", "9"),
        # 19.50 up to 10 kg, 1.10 for each kg above: 19.50 + 14.2 x 1.10 = 35.12.
        (card(), sent(parcel("24.2"), country="AT", code="1010"), "35.12", "24.2"),
        # The minimum tops each parcel up: 2 x 8.
        (card(minimum=kg("8")), sent(parcel("2"), parcel("3")), "16.00", "5"),
        # Fuel 18.5% of 6.90 = 1.2765, rounded half up.
        (card(fuel=((date(2026, 1, 1), kg("18.5")),)), sent(parcel("2")), "8.18", "2"),
        # Of the day of the pick-up, not of a later one.
        (card(fuel=((date(2026, 5, 1), kg("10")), (date(2026, 6, 2), kg("50")))), sent(parcel("2")), "7.59", "2"),
        # Residential 3.20 for each of two; not on what goes to a shop.
        (card(surcharges=(Surcharge("Home", When.RESIDENTIAL, kg("3.20")),)),
         sent(parcel("2"), parcel("2"), residential=True), "20.20", "4"),
        (card(surcharges=(Surcharge("Home", When.RESIDENTIAL, kg("3.20")),)), sent(parcel("2")), "6.90", "2"),
        # 121 cm is longer than 120; 120 is not.
        (card(surcharges=(Surcharge("Long", When.OVER_LENGTH, kg("12"), above=kg("120")),)),
         sent(parcel("2", "121", "5", "5"), parcel("2", "120", "5", "5")), "25.80", "4"),
        # 80 + 2 x (40 + 30) = 220 cm around.
        (card(surcharges=(Surcharge("Bulky", When.OVER_GIRTH, percent=kg("50"), above=kg("219")),)),
         sent(parcel("2", "40", "80", "30")), "10.35", "2"),
        # 25% of the transport, then fuel on both where the surcharge bears it: (6.90 + 1.73) x 10% = .863.
        (card(surcharges=(Surcharge("Peak", percent=kg("25"), fuelled=True),), fuel=((date(2026, 1, 1), kg("10")),)),
         sent(parcel("2")), "9.49", "2"),
        (card(surcharges=(Surcharge("Peak", percent=kg("25")),), fuel=((date(2026, 1, 1), kg("10")),)),
         sent(parcel("2")), "9.32", "2"),
        # Freight: one amount for the shipment, however many pallets.
        (card(per=Per.SHIPMENT, surcharges=(Surcharge("Toll", amount=kg("4")),)), sent(parcel("4"), parcel("4")),
         "13.90", "8"),
        # Yen have no cents: 690 x 10.5% = 72.45.
        (card(currency="JPY", zones=(ServiceZone("all", read_areas("JP"), 1, (Break(None, kg("690")),)),),
              fuel=((date(2026, 1, 1), kg("10.5")),)), sent(parcel("2"), country="JP", code="100-0001"), "762", "2"),
    ],
)  # fmt: skip
def test_a_price_is_what_the_formula_says(one: RateCard, consignment: Consignment, total: str, weight: str) -> None:
    quote = quoted(one, consignment)
    assert (quote.total, quote.chargeable_kg) == (Decimal(total), Decimal(weight))
    assert quote.total == sum(line.amount for line in quote.lines)


def test_each_part_of_a_price_is_a_line_that_says_how_it_came_about() -> None:
    one = card(
        minimum=kg("8"), fuel=((date(2026, 1, 1), kg("10")),),
        surcharges=(Surcharge("Home", When.RESIDENTIAL, kg("3")), Surcharge("Peak", percent=kg("5"), fuelled=True)),
    )  # fmt: skip
    lines = quoted(one, sent(parcel("2"), parcel("2"), residential=True)).lines
    assert [(line.name, line.amount, line.how) for line in lines] == [
        ("Transport", Decimal("13.80"), "2 times zone near, 2 kg, up to 5 kg: 6.9"),
        ("Up to the minimum", Decimal("2.20"), "8 at least for each parcel"),
        ("Home", Decimal("6.00"), "2 times 3"),
        ("Peak", Decimal("0.80"), "5% of 16"),
        ("Fuel", Decimal("1.68"), "10% of 16.8"),
    ]


def test_half_a_cent_is_rounded_up() -> None:
    assert (money(Decimal("0.005"), "EUR"), money(Decimal("0.0005"), "KWD")) == (Decimal("0.01"), Decimal("0.001"))


def test_a_weight_that_does_not_end_is_rounded_up_to_the_gram() -> None:
    assert chargeable_kg(card(dim_factor=kg("6000")), (parcel("1", "50", "40", "35"),)) == Decimal("11.667")


@pytest.mark.parametrize(
    ("one", "consignment", "why"),
    [
        (card(), sent(country="FR", code="75001"), "It does not go to FR 75001."),
        (card(), sent(country="CH", code="7999"), "It does not go to CH 7999."),
        (card(), sent(parcel("31")), "It is charged as 31 kg, and zone near has prices up to 30 kg."),
        (card(max_weight_kg=kg("20")), sent(parcel("2"), parcel("20.5")),
         "Parcel 2 weighs 20.5 kg, and no parcel may weigh more than 20 kg."),
        (card(max_length_cm=kg("120")), sent(parcel("2", "20", "130", "20")),
         "It is 130 cm long, and may be 120 cm at most."),
        (card(max_girth_cm=kg("300")), sent(parcel("2", "100", "60", "60")),
         "It is 340 cm long and around, and may be 300 cm at most."),
        (card(capacity_parcels=1), sent(parcel("2"), parcel("2")), "It takes 1 parcels a day, and these are 2."),
        (card(capacity_kg=kg("3")), sent(parcel("4")), "It takes 3 kg a day, and this weighs 4 kg."),
        (card(valid_from=date(2026, 6, 2)), sent(),
         "Its prices hold from 2026-06-02 on, and it would be picked up on 2026-06-01."),
        (card(valid_until=date(2026, 5, 31)), sent(),
         "Its prices held until 2026-05-31, and it would be picked up on 2026-06-01."),
    ],
)  # fmt: skip
def test_a_service_that_cannot_take_it_says_why(one: RateCard, consignment: Consignment, why: str) -> None:
    assert declined(one, consignment) == why


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """In June 2026, Berlin's summer time."""
    return datetime(2026, 6, day, hour - 2, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("one", "ready", "pick_up", "promised"),
    [
        (card(), at(1, 16), 1, 2),  # as late as the cut-off
        (card(), at(1, 16, 1), 2, 3),  # a minute later: the next day
        (card(), at(5, 17), 8, 9),  # Friday evening: Monday
        (card(), at(5, 10), 5, 8),  # picked up on Friday, there on Monday
        (card(holidays=frozenset({date(2026, 6, 8)})), at(5, 17), 9, 10),
        (card(pick_up_days=frozenset({3})), at(4, 10), 10, 11),  # only on Wednesdays
        (card(delivery_days=frozenset(range(1, 7))), at(5, 10), 5, 6),  # delivers on Saturdays anyway
        (card(cut_off=time(0)), at(1, 10), 2, 3),
    ],
)
def test_days_follow_the_cut_off_and_the_calendar(one: RateCard, ready: datetime, pick_up: int, promised: int) -> None:
    quote = quoted(one, sent(ready_at=ready))
    assert (quote.pick_up, quote.promised) == (date(2026, 6, pick_up), date(2026, 6, promised))


def test_the_cut_off_is_in_the_time_of_the_origin() -> None:
    # 23:30 on Sunday in UTC is Monday in Berlin.
    assert quoted(card(), sent(ready_at=datetime(2026, 5, 31, 23, 30, tzinfo=UTC))).pick_up == date(2026, 6, 1)


def test_nothing_is_picked_up_while_the_site_is_closed() -> None:
    quote = quoted(card(), sent(closed={date(2026, 6, 1)}.__contains__))
    assert quote.pick_up == date(2026, 6, 2)


def test_saturday_is_charged_only_where_it_arrives_on_one_for_it() -> None:
    one = card(surcharges=(SATURDAY,))
    friday = at(5, 10)
    asked, not_asked = quoted(one, sent(ready_at=friday, saturday=True)), quoted(one, sent(ready_at=friday))
    assert (asked.promised, asked.total) == (date(2026, 6, 6), Decimal("21.90"))
    assert (not_asked.promised, not_asked.total) == (date(2026, 6, 8), Decimal("6.90"))
    assert quoted(one, sent(saturday=True)).total == Decimal("6.90")


def test_the_longest_part_of_the_postal_code_wins() -> None:
    def zone(label: str, areas: str) -> ServiceZone:
        return ServiceZone(label, read_areas(areas), 1, NEAR.breaks)

    one = card(
        zones=(zone("all", "DE"), zone("south", "DE 80..89"), zone("Munich", "DE 803..805"), zone("isle", "GB IM"))
    )
    found = {code: one.zone_for("DE", code) for code in ("10115", "81000", "80331", "8 03-31", "")}
    assert {code: zone.label for code, zone in found.items() if zone} == {
        "10115": "all", "81000": "south", "80331": "Munich", "8 03-31": "Munich", "": "all",
    }  # fmt: skip
    assert one.zone_for("GB", "im1 1aa") == one.zones[3]
    assert one.zone_for("GB", "SW1A") is None


@pytest.mark.parametrize("text", ["DE", "DE 10", "DE 10..19; AT; GB SW1", "NL 1011AB"])
def test_areas_are_written_as_they_are_read(text: str) -> None:
    assert written(read_areas(text)) == text


@pytest.mark.parametrize(
    "text", ["", ";", "Germany", "D", "DE 10-19", "DE 1..19", "DE 19..10", "DE 10..", "DE ..19", "DE *"]
)
def test_an_area_that_cannot_be_understood_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        read_areas(text)


def test_delivery_days_are_counted_forth_and_back() -> None:
    friday, tuesday, week = date(2026, 6, 5), date(2026, 6, 9), frozenset({1, 2, 3, 4, 5})
    assert days_after(friday, 2, week, frozenset()) == tuesday
    assert days_between(friday, tuesday, week, frozenset()) == 2
    assert days_between(tuesday, friday, week, frozenset({date(2026, 6, 8)})) == -1


def test_a_good_card_has_no_faults() -> None:
    assert list(card_faults(PARCEL)) == []
    nested = (
        ServiceZone("all", read_areas("DE; AT 1..4"), 1, NEAR.breaks),
        ServiceZone("some", read_areas("DE 10..19; DE 15; AT 5; CH"), 1, NEAR.breaks),
    )
    assert list(card_faults(card(zones=nested))) == []


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        (card(currency="EURO"), "currency"),
        (card(service_name=" "), "service_name"),
        (card(valid_until=date(2025, 1, 1)), "valid_until"),
        (card(minimum=kg("-1")), "minimum"),
        (card(minimum=kg("NaN")), "minimum"),
        (card(dim_factor=kg("0")), "dim_factor"),
        (card(capacity_parcels=0), "capacity_parcels"),
        (card(pick_up_days=frozenset()), "pick_up_days"),
        (card(fuel=((date(2026, 1, 1), kg("1850")),)), "fuel"),
        (card(fuel=((date(2026, 2, 1), kg("1")), (date(2026, 1, 1), kg("1")))), "fuel"),
        (card(surcharges=(Surcharge("Home"),)), "surcharges"),
        (card(surcharges=(Surcharge("Long", When.OVER_LENGTH, kg("1")),)), "surcharges"),
        (card(surcharges=(Surcharge("Home", amount=kg("1")), Surcharge("Home", amount=kg("2")))), "surcharges"),
        (card(zones=()), "zone"),
        (card(zones=(NEAR, ServiceZone("other", (Area("AT"), Area("DE")), 1, NEAR.breaks))), "areas, other"),
        (card(zones=(ServiceZone("a", read_areas("DE 10..19"), 1, NEAR.breaks),
                     ServiceZone("b", read_areas("DE 05; DE 15..25"), 1, NEAR.breaks))), "areas, b"),
        (card(zones=(ServiceZone("a", read_areas("DE 10..90; DE 15"), 1, NEAR.breaks),
                     ServiceZone("b", read_areas("DE 50"), 1, NEAR.breaks))), "areas, b"),
        (card(zones=tuple(ServiceZone(f"z{n}", (Area("DE", "1", "1"),) * 200, 1, NEAR.breaks) for n in range(30))),
         "areas"),
        (card(zones=(ServiceZone("a", (Area("DE"),), 400, NEAR.breaks),)), "transit_days, a"),
        (card(zones=(ServiceZone("a", (Area("DE"),), 1, ()),)), "up_to_kg, a"),
        (card(zones=(ServiceZone("a", (Area("DE"),), 1, (FAR.breaks[1], NEAR.breaks[0])),)), "up_to_kg, a"),
    ],
)  # fmt: skip
def test_a_card_that_cannot_be_right_names_the_column(wrong: RateCard, where: str) -> None:
    assert where in [fault.where for fault in card_faults(wrong)]


def test_parcels_that_cannot_be_right_are_named() -> None:
    assert [fault.where for fault in parcel_faults((parcel("NaN"), parcel("2", "0", "1", "1")))] == [
        "parcel 1, weight", "parcel 2, length",
    ]  # fmt: skip
    assert [fault.where for fault in parcel_faults(())] == ["parcels"]
    assert list(parcel_faults(sent(ready_at=MONDAY).parcels)) == []


def test_the_card_that_has_begun_last_by_the_pick_up_holds_and_one_of_the_site_goes_before() -> None:
    old, new, later = card(), card(valid_from=date(2026, 5, 1)), card(valid_from=date(2026, 7, 1))
    assert [found.card for found in rate_each([later, old, new], sent())] == [new]
    own = card(site="BER")
    assert [found.card for found in rate_each([new, own], sent())] == [own]
    other = card(carrier="OWL")
    assert {found.card.carrier for found in rate_each([old, other], sent())} == {"FOX", "OWL"}
    assert declined_of(rate_each([later], sent())) == [
        "Its prices hold from 2026-07-01 on, and it would be picked up on 2026-06-01."
    ]


def declined_of(found: list[Quote | Declined]) -> list[str]:
    return [one.why for one in found if isinstance(one, Declined)]
