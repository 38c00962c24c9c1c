"""Imports put order lines into the books: once, all or nothing, history apart from what is still to be delivered."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.core.errors import Forbidden, Invalid, NotFound
from shelfwise.intake.model import Layout
from shelfwise.intake.sales import import_sales
from shelfwise.records import service as records
from shelfwise.store.database import value, values

MANAGER = person("mara", Role.ADMIN)
HEADER = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n"


@pytest.fixture
def shop(office: Office) -> Office:
    """An office with the site LEI and go-live on 2010-09-01."""
    with office.context(MANAGER) as ctx:
        records.add_site(
            ctx, code="LEI", name="Leicester", time_zone="Europe/London", width_m=40, depth_m=30, provenance="invented"
        )
        records.set_go_live(ctx, datetime(2010, 9, 1, tzinfo=UTC))
    return office


def write(folder: Path, *rows: str, name: str = "sales.csv") -> Path:
    path = folder / name
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows), "utf-8")
    return path


def lines(office: Office) -> list[tuple[object, ...]]:
    with office.database.transaction() as tx:
        return values(
            tx,
            """select order_number, line, sku, quantity, unit_price, state from sales_line
               join item using (tenant_id, item_id) order by sales_line_id""",
        )


def test_lines_before_go_live_are_history_and_later_ones_open_or_returned(shop: Office, tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "489434,85048,BALL,12,2010-08-31 23:59:00,6.95,13085,United Kingdom",
        "489434,79323P,LIGHTS,3,2010-08-31 23:59:00,6.75,13085,United Kingdom",
        "500000,85048,BALL,2,2010-09-01 09:00:00,6.95,,France",
        "C500001,85048,BALL,-2,2010-09-01 10:00:00,6.95,,France",
    )
    done = import_sales(shop, MANAGER, path, site_code="LEI")
    assert (done.rows, done.new, done.history, done.open, done.returned, done.new_items) == (4, 4, 2, 1, 1, 2)
    assert lines(shop) == [
        ("489434", 1, "85048", 12, Decimal("6.95"), "history"),
        ("489434", 2, "79323P", 3, Decimal("6.75"), "history"),
        ("500000", 1, "85048", 2, Decimal("6.95"), "open"),
        ("C500001", 1, "85048", -2, Decimal("6.95"), "returned"),
    ]


def test_times_without_a_zone_are_local_to_the_site(shop: Office, tmp_path: Path) -> None:
    import_sales(shop, MANAGER, write(tmp_path, "1,A,a,1,2010-07-01 12:00:00,1,,"), site_code="LEI")
    with shop.database.transaction() as tx:
        assert value(tx, "select ordered_at from sales_line") == datetime(2010, 7, 1, 11, tzinfo=UTC)


def test_the_same_file_again_says_so_and_adds_nothing(shop: Office, tmp_path: Path) -> None:
    path = write(tmp_path, "1,A,a,1,2010-07-01 12:00:00,1,,")
    first = import_sales(shop, MANAGER, path, site_code="LEI")
    again = import_sales(shop, MANAGER, path, site_code="LEI")
    assert again.same_file
    assert again.import_id == first.import_id
    assert again.new == 0
    assert len(lines(shop)) == 1


def test_a_longer_export_adds_only_what_is_new_and_counts_what_differs(shop: Office, tmp_path: Path) -> None:
    import_sales(shop, MANAGER, write(tmp_path, "1,A,a,1,2010-07-01 12:00:00,1,,"), site_code="LEI")
    longer = write(
        tmp_path,
        "1,A,a,5,2010-07-01 12:00:00,1,,",
        "1,B,b,2,2010-07-01 12:00:00,1,,",
        name="longer.csv",
    )
    done = import_sales(shop, MANAGER, longer, site_code="LEI")
    assert (done.new, done.known, done.differing) == (1, 1, 1)
    assert [row[:4] for row in lines(shop)] == [("1", 1, "A", 1), ("1", 2, "B", 2)]


def test_one_bad_cell_refuses_the_whole_file_and_names_it(shop: Office, tmp_path: Path) -> None:
    path = write(tmp_path, "1,A,a,1,2010-07-01 12:00:00,1,,", "2,A,a,many,2010-07-01 12:00:00,1,,")
    with pytest.raises(Invalid) as refused:
        import_sales(shop, MANAGER, path, site_code="LEI")
    summary, cell = refused.value.faults
    assert "1 bad cell" in summary.got
    assert (cell.where, cell.got) == ("row 3, column Quantity", "'many'")
    with shop.database.transaction() as tx:
        assert value(tx, "select count(*) from sales_line") == 0
        assert value(tx, "select count(*) from item") == 0
        assert value(tx, "select count(*) from import_batch") == 0


def test_bad_rows_can_be_skipped_and_keep_their_line_numbers(shop: Office, tmp_path: Path) -> None:
    bad = write(
        tmp_path, "1,A,a,1,2010-07-01 12:00,1,,", "1,B,b,?,2010-07-01 12:00,1,,", "1,C,c,3,2010-07-01 12:00,1,,"
    )
    done = import_sales(shop, MANAGER, bad, site_code="LEI", skip_bad=True)
    assert (done.new, done.skipped, done.faults[0].row) == (2, 1, 3)
    good = write(
        tmp_path,
        "1,A,a,1,2010-07-01 12:00,1,,",
        "1,B,b,2,2010-07-01 12:00,1,,",
        "1,C,c,3,2010-07-01 12:00,1,,",
        name="corrected.csv",
    )
    done = import_sales(shop, MANAGER, good, site_code="LEI")
    assert (done.new, done.known, done.differing) == (1, 2, 0)
    assert sorted(row[1:4] for row in lines(shop)) == [(1, "A", 1), (2, "B", 2), (3, "C", 3)]


def test_progress_ends_at_all_rows(shop: Office, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path = write(tmp_path, *(f"{i},A,a,1,2010-07-01 12:00:00,1,," for i in range(7)))
    import_sales(shop, MANAGER, path, site_code="LEI", progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (7, 7)


def test_items_are_made_once_with_the_first_description_and_marked_as_imported(shop: Office, tmp_path: Path) -> None:
    path = write(
        tmp_path, "1,A,,1,2010-07-01 12:00:00,1,,", "2,A,Lamp,1,2010-07-01 12:00:00,1,,", "3,A,lamp?,1,2010-07-02,1,,"
    )
    import_sales(shop, MANAGER, path, site_code="LEI")
    with shop.context(MANAGER) as ctx:
        item = records.item_by_sku(ctx, "A")
    assert (item.description, item.provenance) == ("Lamp", "imported")
    assert item.quantum == 1


def test_a_fraction_sets_the_quantum_of_a_new_item_and_is_refused_for_an_item_sold_whole(
    shop: Office, tmp_path: Path
) -> None:
    with shop.context(MANAGER) as ctx:
        records.add_item(ctx, sku="WHOLE")
    import_sales(shop, MANAGER, write(tmp_path, "1,RIBBON,r,2.50,2010-07-01,1,,"), site_code="LEI")
    with shop.context(MANAGER) as ctx:
        assert records.item_by_sku(ctx, "RIBBON").quantum == Decimal("0.1")
    with pytest.raises(Invalid, match="row 2, column quantity: expected a multiple of 1"):
        import_sales(shop, MANAGER, write(tmp_path, "2,WHOLE,w,1.5,2010-07-01,1.25,,"), site_code="LEI")


def test_open_lines_are_published_for_reservation(shop: Office, tmp_path: Path) -> None:
    import_sales(shop, MANAGER, write(tmp_path, "1,A,a,1,2010-09-02,1,,", "1,A,a,1,2010-08-02,1,,"), site_code="LEI")
    with shop.database.transaction() as tx:
        assert value(tx, "select count(*) from event where kind = 'sales.taken'") == 1


def test_without_the_right_or_the_site_nothing_is_read(shop: Office, tmp_path: Path) -> None:
    path = write(tmp_path, "1,A,a,1,2010-09-02,1,,")
    with pytest.raises(Forbidden):
        import_sales(shop, person("otto", Role.OPERATOR), path, site_code="LEI")
    with pytest.raises(NotFound):
        import_sales(shop, MANAGER, path, site_code="MOON")


def test_a_file_that_only_a_person_can_decide_is_refused_until_they_do(shop: Office, tmp_path: Path) -> None:
    path = write(tmp_path, "1,A,a,1,03/04/2010 10:00,1,,")
    with pytest.raises(Invalid, match="day or the month comes first"):
        import_sales(shop, MANAGER, path, site_code="LEI")
    import_sales(shop, MANAGER, path, site_code="LEI", mapping=Layout(dates="dmy"))
    with shop.database.transaction() as tx:
        assert value(tx, "select ordered_at from sales_line") == datetime(2010, 4, 3, 9, tzinfo=UTC)


def test_parquet_and_csv_of_the_same_lines_give_the_same_books(shop: Office, tmp_path: Path) -> None:
    source = write(tmp_path, *(f"{i // 3},A{i % 2},a,{i - 50},2010-07-01 12:00:00,{i}.25,{i},UK" for i in range(49)))
    import_sales(shop, MANAGER, source, site_code="LEI")
    parquet = tmp_path / "sales.parquet"
    pl.read_csv(source, try_parse_dates=True).with_columns(pl.col("Customer ID").cast(pl.Float64)).write_parquet(
        parquet
    )
    done = import_sales(shop, MANAGER, parquet, site_code="LEI")
    assert (done.new, done.known, done.differing) == (0, 49, 0)


def test_imports_name_the_actor(shop: Office, tmp_path: Path) -> None:
    import_sales(shop, MANAGER, write(tmp_path, "1,A,a,1,2010-09-02,1,,"), site_code="LEI")
    with shop.database.transaction() as tx:
        assert value(tx, "select imported_by from import_batch") == "person:mara"
        assert value(tx, "select actor_name from audit_entry where action = 'sales.import'") == "mara"
