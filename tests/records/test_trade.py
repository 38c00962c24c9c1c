"""Customers, promotions and closed days: from files and back, and what follows from them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.core.errors import Invalid
from shelfwise.intake import undoing
from shelfwise.intake.giving_out import give_out
from shelfwise.intake.importing import check, run
from shelfwise.orders import service as orders
from shelfwise.orders.model import NewSalesLine
from shelfwise.records import calendars, customers, promotions
from shelfwise.records import service as records
from shelfwise.records.calendars import Calendar, ClosedDay, next_open
from shelfwise.records.customers import NewCustomer
from tests.conftest import NOON

MARA = person("mara", Role.ADMIN)
FILES = {
    "customers": "customer,name,country,address,customer_group,delivery_note\n"
    "C1,Café Blau,Austria,Ring 4,wholesale,Ring twice\nC2,Ana,,,,\n",
    "promotions": "promotion,site,sku,starts_on,ends_on,kind,price,discount_percent,note\n"
    "SPRING,LON,MUG,2026-03-09,2026-03-15,price,1.99,20,Leaflet\nSPRING,,MUG,2026-04-01,2026-04-02,feature,,,\n",
    "closed_days": "site,supplier,day,weekday,name\nLON,,2026-04-03,,Good Friday\nLON,,,sun,\n,POT,,fri,\n",
    "lanes": "from_site,to_site,days,cost_per_shipment,cost_per_kg,weekdays\n"
    'LON,YOR,1.5,12.5,0.2,"mon,thu"\nYOR,LON,2,0,0,none\n',
}


@pytest.fixture
def shop(office: Office) -> Office:
    """An office with the site LON, a mug and who makes it."""
    with office.context(MARA) as ctx:
        records.add_site(ctx, code="LON", name="London", time_zone="Europe/London", width_m=20, depth_m=10)
        records.add_site(ctx, code="YOR", name="York", time_zone="Europe/London", width_m=20, depth_m=10)
        records.add_item(ctx, sku="MUG", description="Mug")
        records.add_supplier(ctx, code="POT", name="Potter")
    return office


@pytest.mark.parametrize("kind", sorted(FILES))
def test_what_is_brought_in_is_given_out_again_and_taken_back(shop: Office, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"{kind}.csv"
    path.write_text(FILES[kind], "utf-8")
    done = run(shop, MARA, path)
    (table,) = done.tables
    assert table.kind is not None
    rows = FILES[kind].count("\n") - 1
    assert (table.kind.name, table.created) == (kind, rows)
    assert [(one.created, one.changed, one.unchanged) for one in check(shop, MARA, path).tables] == [(0, 0, rows)]
    with shop.context(MARA) as ctx:
        (given,) = give_out(ctx, [kind])
        assert len(list(given.records)) == rows
        assert undoing.undo(ctx, done.file_id or 0).restored == rows
        (given,) = give_out(ctx, [kind])
        assert list(given.records) == []


@pytest.mark.parametrize(
    ("kind", "row", "wanted"),
    [
        ("customers", "C3,,,,,", "name"),
        ("promotions", "SPRING,NYC,MUG,2026-03-09,2026-03-15,,,,", "a site that exists"),
        ("promotions", "SPRING,LON,MUG,2026-03-09,2026-03-01,,,,", "or up to a year later"),
        ("closed_days", "LON,POT,2026-04-03,,", "a site or a supplier"),
        ("closed_days", "LON,,2026-04-03,mon,", "a day or a weekday"),
        ("lanes", "LON,LON,1,,,", "another site"),
        ("lanes", "LON,YOR,-1,,,", "0 to 365"),
        ("lanes", "LON,YOR,1,-5,,", "0 or more"),
        ("lanes", "LON,YOR,1,,,someday", "mon, tue"),
        ("lanes", "LON,ROM,1,,,", "a site"),
    ],
)
def test_what_cannot_be_right_is_named(shop: Office, tmp_path: Path, kind: str, row: str, wanted: str) -> None:
    path = tmp_path / f"{kind}.csv"
    path.write_text(FILES[kind].split("\n")[0] + f"\n{row}\n", "utf-8")
    with pytest.raises(Invalid, match=wanted):
        run(shop, MARA, path)


def test_orders_find_their_customer_by_code_or_name_and_a_code_goes_first(shop: Office) -> None:
    with shop.context(MARA) as ctx:
        blue = customers.put_customer(ctx, NewCustomer("C1", "Café Blau"))
        other = customers.put_customer(ctx, NewCustomer("Café Blau", "Somebody else"))
        ana = customers.put_customer(ctx, NewCustomer("C3", "Ana"))
        told = [("S1", "c1"), ("S2", "ana"), ("S3", "Café Blau"), ("S4", "Nobody")]
        orders.take_sales_lines(
            ctx, [NewSalesLine(number, 1, 1, 1, NOON, Decimal(2), Decimal(5), who) for number, who in told]
        )
        assert [[one.order_number for one in customers.orders_of(ctx, who)] for who in (blue, other, ana)] == [
            ["S1"], ["S3"], ["S2"],
        ]  # fmt: skip
        assert [(one.sku, one.quantity, one.value) for one in customers.bought(ctx, blue)] == [
            ("MUG", Decimal(2), Decimal(10))
        ]
        found = customers.customer_named(ctx, "ANA")
        assert found is not None
        assert found.customer_id == ana
        with pytest.raises(Invalid, match="Another customer has it"):
            customers.put_customer(ctx, NewCustomer("C1", "Ana"), ana)


def test_goods_arrive_on_a_day_when_they_are_delivered_and_somebody_is_there(shop: Office) -> None:
    with shop.context(MARA) as ctx:
        # Monday, 2 March: the supplier does not come on Wednesdays, and we are away on Thursday.
        calendars.put_closed_days(ctx, [ClosedDay(None, 1, None, 3), ClosedDay(1, None, date(2026, 3, 5), None)])
        assert calendars.arrival(ctx, 1, 1, NOON + timedelta(days=1)) == NOON + timedelta(days=1)
        assert calendars.arrival(ctx, 1, 1, NOON + timedelta(days=2)) == NOON + timedelta(days=4)


def test_a_calendar_without_an_open_day_moves_nothing() -> None:
    never = Calendar(weekdays=frozenset(range(1, 8)))
    assert next_open(date(2026, 3, 2), [never]) == date(2026, 3, 2)


def test_an_item_s_promotions_are_those_of_its_site_and_of_all(shop: Office, tmp_path: Path) -> None:
    path = tmp_path / "promotions.csv"
    path.write_text(FILES["promotions"], "utf-8")
    run(shop, MARA, path)
    with shop.context(MARA) as ctx:
        assert [one.site_id for one in promotions.promotions_of(ctx, 1, 1, date(2026, 3, 15))] == [1, None]
        assert [one.site_id for one in promotions.promotions_of(ctx, 1, 1, date(2026, 3, 16))] == [None]


def test_a_file_moves_no_past_promotion_to_days_to_come(shop: Office, tmp_path: Path) -> None:
    path = tmp_path / "promotions.csv"
    heading = "promotion,sku,starts_on,ends_on\n"
    path.write_text(f"{heading}WINTER,MUG,2026-01-05,2026-01-09\n", "utf-8")
    run(shop, MARA, path)
    path.write_text(f"{heading}WINTER,MUG,2026-01-05,2026-12-09\n", "utf-8")
    with pytest.raises(Invalid, match="as it is over"):
        run(shop, MARA, path)
