"""Totals of days, as a till adds them up: taken in, corrected by a later file, learned from, and taken back."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.core.errors import Invalid
from shelfwise.demand import service as demand
from shelfwise.intake import undoing
from shelfwise.intake.found import Outcome
from shelfwise.intake.importing import check, run
from shelfwise.orders import service as orders
from shelfwise.orders.model import NewSalesLine
from shelfwise.records import calendars, sources
from shelfwise.records import service as records
from shelfwise.records.calendars import ClosedDay
from shelfwise.records.sources import NewSource
from shelfwise.store.database import values
from tests.conftest import NOON

MARA = person("mara", Role.ADMIN)


@pytest.fixture
def shop(office: Office) -> Office:
    """An office with the site LON and a mug."""
    with office.context(MARA) as ctx:
        records.add_site(ctx, code="LON", name="London", time_zone="Europe/London", width_m=20, depth_m=10)
        records.add_item(ctx, sku="MUG", description="Mug")
    return office


def take(office: Office, folder: Path, text: str, name: str = "till.csv") -> Outcome:
    path = folder / name
    path.write_text(text, "utf-8")
    return run(office, MARA, path)


def told(office: Office, sql: str) -> list[tuple[Any, ...]]:
    with office.database.transaction() as tx:
        return values(tx, sql)


def demand_of(office: Office) -> list[tuple[Any, ...]]:
    with office.context(MARA) as ctx:
        demand.rebuild_history(ctx, 1)
    return told(office, "select i.sku, d.day, d.quantity from demand_day d join item i using (item_id) order by 1, 2")


def test_a_till_s_file_is_known_by_its_headings_and_taken_for_the_only_site(shop: Office, tmp_path: Path) -> None:
    done = take(shop, tmp_path, "Datum;Artikelnummer;Menge;Umsatz\n27.02.2026;MUG;3;7,50\n28.02.2026;CUP;2;5,00\n")
    (table,) = done.tables
    assert table.kind is not None
    assert (table.kind.name, table.created) == ("daily_sales", 2)
    assert told(shop, "select day, quantity, value, channel from sales_day order by day") == [
        (date(2026, 2, 27), Decimal(3), Decimal("7.50"), ""), (date(2026, 2, 28), Decimal(2), Decimal("5.00"), ""),
    ]  # fmt: skip
    assert told(shop, "select sku, provenance from item order by item_id") == [
        ("MUG", "entered"), ("CUP", "imported"),
    ]  # fmt: skip
    assert told(shop, "select count(*) from sales_line") == [(0,)]


def test_a_later_file_corrects_the_days_it_names_and_the_look_says_from_what_to_what(
    shop: Office, tmp_path: Path
) -> None:
    take(shop, tmp_path, "day,sku,quantity\n2026-02-27,MUG,3\n2026-02-28,MUG,4\n")
    later = tmp_path / "later.csv"
    later.write_text("day,sku,quantity\n2026-02-28,MUG,6\n2026-03-01,MUG,1\n", "utf-8")
    (table,) = check(shop, MARA, later).tables
    assert (table.created, table.changed, table.unchanged) == (1, 1, 0)
    (changed,) = [one for one in table.changes if one.before is not None]
    assert changed.before is not None
    assert (changed.before["quantity"], changed.after["quantity"]) == (Decimal(4), Decimal(6))
    run(shop, MARA, later)
    assert [(day, quantity) for _, day, quantity in demand_of(shop)] == [
        (date(2026, 2, 27), Decimal(3)), (date(2026, 2, 28), Decimal(6)), (date(2026, 3, 1), Decimal(1)),
    ]  # fmt: skip


def test_what_was_brought_by_mistake_is_taken_back_and_what_was_corrected_is_as_before(
    shop: Office, tmp_path: Path
) -> None:
    take(shop, tmp_path, "day,sku,quantity\n2026-02-27,MUG,3\n")
    wrong = take(shop, tmp_path, "day,sku,quantity\n2026-02-27,MUG,30\n2026-02-28,MUG,40\n", "wrong.csv")
    with shop.context(MARA) as ctx:
        undone = undoing.undo(ctx, wrong.file_id or 0)
    assert (undone.restored, undone.left) == (2, ())
    assert told(shop, "select day, quantity from sales_day") == [(date(2026, 2, 27), Decimal(3))]


def test_totals_stand_for_the_day_s_order_lines_but_a_channel_counts_beside_them(shop: Office, tmp_path: Path) -> None:
    with shop.context(MARA) as ctx:
        orders.take_sales_lines(
            ctx,
            [NewSalesLine(f"S-{day}", 1, 1, 1, datetime(2026, 2, day, 12, tzinfo=NOON.tzinfo), Decimal(5), Decimal(2))
             for day in (26, 27)],
        )  # fmt: skip
    take(shop, tmp_path, "day,sku,quantity,channel\n2026-02-26,MUG,7,\n2026-02-27,MUG,7,till\n")
    assert [(day.day, quantity) for _, day, quantity in demand_of(shop)] == [(26, Decimal(7)), (27, Decimal(12))]


@pytest.mark.parametrize(
    ("row", "wanted"),
    [("2999-03-04,MUG,1,LON", "a day from 1990"), ("2026-02-27,MUG,1,NYC", "a site that exists")],
)
def test_a_day_that_has_not_been_or_a_site_that_is_not_there_is_refused(
    shop: Office, tmp_path: Path, row: str, wanted: str
) -> None:
    with pytest.raises(Invalid, match=wanted):
        take(shop, tmp_path, f"day,sku,quantity,site\n{row}\n")


def test_days_that_were_not_told_or_on_which_nobody_was_there_are_no_days_without_demand(
    shop: Office, tmp_path: Path
) -> None:
    first = NOON.date() - timedelta(days=10)
    days = [first + timedelta(days=number) for number in range(10)]
    told_days = [day for number, day in enumerate(days) if number not in (4, 5, 7)]
    take(shop, tmp_path, "day,sku,quantity\n" + "".join(f"{day},MUG,2\n" for day in told_days))
    demand_of(shop)
    with shop.context(MARA) as ctx:
        assert not demand.history(ctx, 1)[1].masked.any()
        calendars.put_closed_days(ctx, [ClosedDay(1, None, days[4], None, "Inventory")])
        assert [int(n) for n in demand.history(ctx, 1)[1].masked.nonzero()[0]] == [4]
        sources.put_source(ctx, NewSource("till", "Till", "daily_sales", 1, every_days=1))
        ctx.tx.execute("update source set expected_since = %s", (days[5],))
        assert [int(n) for n in demand.history(ctx, 1)[1].masked.nonzero()[0]] == [4, 5, 7]
