"""Files of items, suppliers, places, stock and open orders: what they would change, and that they change it once."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.core.errors import Forbidden, Invalid
from shelfwise.intake import undoing
from shelfwise.intake.found import Choice, Outcome
from shelfwise.intake.importing import check, run
from shelfwise.records import service as records
from shelfwise.stock import service as stock
from shelfwise.store.database import value, values

MARA = person("mara", Role.ADMIN)
ITEMS = "sku,description,unit,quantum,barcode,case_quantity,case_barcode\n"


@pytest.fixture
def shop(office: Office) -> Office:
    """An office with the site LON, two bins in it, two items and a supplier."""
    with office.context(MARA) as ctx:
        site = records.add_site(ctx, code="LON", name="London", time_zone="Europe/London", width_m=20, depth_m=10)
        for code in ("A-1", "A-2"):
            records.add_place(ctx, site_id=site, code=code)
        records.add_item(ctx, sku="MUG", description="Mug")
        records.add_item(ctx, sku="TEA", description="Tea", unit="kg", quantum=Decimal("0.1"))
        records.add_supplier(ctx, code="POT", name="Potter")
    return office


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def told(office: Office, sql: str) -> list[tuple[Any, ...]]:
    with office.database.transaction() as tx:
        return values(tx, sql)


def counts(done: Outcome) -> list[tuple[str, int, int, int]]:
    return [(one.kind.name if one.kind else "", one.created, one.changed, one.unchanged) for one in done.tables]


def test_items_are_made_and_changed_in_one_go_and_the_same_file_changes_nothing_again(
    shop: Office, tmp_path: Path
) -> None:
    path = write(tmp_path, "list.csv", ITEMS + "MUG,Red mug,each,1,4006381333931,12,\nCUP,Cup,each,1,,,\n")
    before = check(shop, MARA, path)
    assert counts(before) == [("items", 1, 1, 0)]
    (changed,) = [one for one in before.tables[0].changes if one.before is not None]
    assert {name: (changed.before or {}).get(name) for name in changed.fields} == {
        "description": "Mug", "barcode": None, "case_quantity": None,
    }  # fmt: skip
    assert told(shop, "select sku, description from item order by sku") == [("MUG", "Mug"), ("TEA", "Tea")]
    assert counts(run(shop, MARA, path)) == [("items", 1, 1, 0)]
    assert told(shop, "select sku, description from item order by sku")[:2] == [("CUP", "Cup"), ("MUG", "Red mug")]
    assert told(shop, "select barcode, level from item_barcode") == [("4006381333931", None)]
    assert told(shop, "select level, quantity from item_pack") == [("case", 12)]
    assert counts(run(shop, MARA, path)) == [("items", 0, 0, 2)]


def test_one_bad_cell_refuses_all_of_it_and_is_named_by_row_and_heading(shop: Office, tmp_path: Path) -> None:
    path = write(tmp_path, "items.csv", "Artikelnummer,Bezeichnung,Unit weight\nA,Good,12\nB,Bad,heavy\n")
    found = check(shop, MARA, path)
    (fault,) = found.tables[0].faults
    assert (fault.row, fault.column, fault.got) == (3, "Unit weight", "'heavy'")
    with pytest.raises(Invalid, match="1 bad cell"):
        run(shop, MARA, path)
    assert len(told(shop, "select 1 from item")) == 2
    done = run(shop, MARA, path, skip_bad=True)
    assert (done.tables[0].created, done.tables[0].skipped) == (1, 1)


def test_a_column_that_is_not_there_says_nothing_and_an_empty_cell_empties(shop: Office, tmp_path: Path) -> None:
    run(shop, MARA, write(tmp_path, "a.csv", "sku,unit_weight_g\nMUG,350\n"))
    assert told(shop, "select description, unit_weight_g from item where sku = 'MUG'") == [("Mug", 350.0)]
    run(shop, MARA, write(tmp_path, "b.csv", "sku,description,unit\nMUG,,\n"))
    assert told(shop, "select description, unit, unit_weight_g from item where sku = 'MUG'") == [("", "each", 350.0)]


def test_what_replaces_what_comes_with_items_of_the_same_file_and_goes_round_in_no_circle(
    shop: Office, tmp_path: Path
) -> None:
    head = "sku,category,replaces,replaces_from,replaces_factor\n"
    path = write(tmp_path, "a.csv", head + "CUP,Pots / Cups,BOWL,2026-05-01,0.5\nBOWL,Pots,MUG,2025-05-01,\n")
    assert counts(run(shop, MARA, path)) == [("items", 2, 0, 0)]
    links = """select i.sku, o.sku, s.factor from succession s join item i using (tenant_id, item_id)
        join item o on o.item_id = s.replaces_id order by 1"""
    assert told(shop, links) == [("BOWL", "MUG", 1), ("CUP", "BOWL", Decimal("0.5"))]
    assert counts(run(shop, MARA, path)) == [("items", 0, 0, 2)]
    wrong = "MUG,,CUP,2026-06-01,\nTEA,,X,2026-06-01,0\nX,,MUG,,\nY,,,2026-06-01,\nZ,,NONE,2026-06-01,1\n"
    found = check(shop, MARA, write(tmp_path, "b.csv", head + wrong))
    said = [(one.row, one.column, one.got) for one in found.tables[0].faults]
    assert {(row, column) for row, column, _ in said} == {
        (2, "replaces"), (3, "replaces_factor"), (4, "replaces_from"), (5, "replaces"), (6, "replaces"),
    }  # fmt: skip
    assert any(got.count("replaces") == 3 for _, _, got in said)
    run(shop, MARA, write(tmp_path, "c.csv", "sku,replaces,replaces_from\nCUP,,\n"))
    assert [link[0] for link in told(shop, links)] == ["BOWL"]


def test_what_a_barcode_is_on_already_is_said(shop: Office, tmp_path: Path) -> None:
    run(shop, MARA, write(tmp_path, "a.csv", "sku,barcode\nMUG,123\n"))
    found = check(shop, MARA, write(tmp_path, "b.csv", "sku,barcode\nTEA,123\nX,9\nY,9\n"))
    assert [(one.row, one.got) for one in found.tables[0].faults] == [
        (2, "'123', which is on item MUG"),
        (4, "'9', as in row 3"),
    ]


def test_opening_stock_is_posted_by_place_and_lot_and_the_same_file_again_does_nothing(
    shop: Office, tmp_path: Path
) -> None:
    path = write(
        tmp_path, "stock.csv",
        "site,place,sku,lot,expires_on,quantity\nLON,A-1,MUG,,,12\nLON,A-2,TEA,L1,2026-12-31,2.5\nLON,A-2,MUG,,,0\n",
    )  # fmt: skip
    assert counts(check(shop, MARA, path)) == [("stock", 2, 0, 1)]
    assert told(shop, "select 1 from movement") == []
    run(shop, MARA, path)
    assert told(shop, "select reason, quantity, lot from movement order by movement_id") == [
        ("opening", 12, None), ("opening", Decimal("2.5"), "L1"),
    ]  # fmt: skip
    assert told(shop, "select expires_on from lot") == [(date(2026, 12, 31),)]
    again = run(shop, MARA, path)
    assert again.tables[0].same_file is not None
    assert len(told(shop, "select 1 from movement")) == 2


def test_after_going_live_a_file_is_a_count_and_its_differences_are_shown_first(shop: Office, tmp_path: Path) -> None:
    run(shop, MARA, write(tmp_path, "a.csv", "site,place,sku,quantity\nLON,A-1,MUG,12\n"))
    with shop.context(MARA) as ctx:
        records.set_go_live(ctx, datetime(2026, 3, 1, tzinfo=UTC))
    path = write(tmp_path, "b.csv", "site,place,sku,quantity\nLON,A-1,MUG,10\nLON,A-2,MUG,3\n")
    found = check(shop, MARA, path)
    assert [((one.before or {}).get("quantity"), one.after["quantity"]) for one in found.tables[0].changes] == [
        (12, 10), (None, 3),
    ]  # fmt: skip
    run(shop, MARA, path)
    assert told(shop, "select reason, quantity from movement order by movement_id")[1:] == [("count", 2), ("count", 3)]
    with shop.context(MARA) as ctx:
        assert stock.rebuild_check(ctx) == []


def test_stock_says_what_cannot_be(shop: Office, tmp_path: Path) -> None:
    path = write(
        tmp_path, "stock.csv",
        "site,place,sku,quantity,unit,status\nLON,A-9,MUG,1,,\nROM,A-1,MUG,1,,\nLON,A-1,NIX,1,,\nLON,A-1,MUG,1.5,,\n"
        "LON,A-1,TEA,1,g,\nLON,A-2,MUG,-1,,\nLON,A-2,TEA,1,,lost\n",
    )  # fmt: skip
    found = check(shop, MARA, path)
    assert [(one.row, one.column) for one in found.tables[0].faults] == [
        (2, "place"), (3, "site"), (4, "sku"), (5, "quantity"), (6, "unit"), (7, "quantity"), (8, "status"),
    ]  # fmt: skip


def test_open_orders_are_taken_over_with_their_numbers_and_our_own_go_on_behind_them(
    shop: Office, tmp_path: Path
) -> None:
    path = write(
        tmp_path, "po.csv",
        "number,supplier,site,sku,quantity,received,unit_cost,expected_at\n"
        "PO-000041,POT,LON,MUG,100,40,2.5,2026-03-20T12:00:00+00:00\n"
        "PO-000041,POT,LON,TEA,5,,9,2026-03-20T12:00:00+00:00\n",
    )  # fmt: skip
    assert counts(run(shop, MARA, path)) == [("purchase_orders", 2, 0, 0)]
    assert told(shop, "select number, state, line, quantity, received from purchase_order join purchase_line using"
                " (tenant_id, purchase_order_id) order by line") == [
        ("PO-000041", "sent", 1, 100, 40), ("PO-000041", "sent", 2, 5, 0),
    ]  # fmt: skip
    assert told(shop, "select sum(quantity) from purchase_outstanding") == [(65,)]
    assert told(shop, "select value from counter where name = 'purchase_order'") == [(41,)]
    assert told(shop, "select 1 from outbox") == []
    changed = write(tmp_path, "po2.csv", "number,line,supplier,site,sku,quantity\nPO-000041,1,POT,LON,MUG,90\n")
    (fault,) = check(shop, MARA, changed).tables[0].faults
    assert (fault.column, fault.got) == ("quantity", "90")


def test_whoever_may_not_adjust_stock_may_not_import_it(shop: Office, tmp_path: Path) -> None:
    path = write(tmp_path, "stock.csv", "site,place,sku,quantity\nLON,A-1,MUG,12\n")
    pia = person("pia", Role.PLANNER)
    assert "right to import" in check(shop, pia, path).tables[0].problems[0].expected
    with pytest.raises(Forbidden):
        run(shop, pia, path)
    with pytest.raises(Forbidden):
        check(shop, person("otto", Role.OPERATOR), path)
    assert told(shop, "select 1 from movement") == []


def test_what_a_person_said_about_a_files_columns_is_remembered_for_files_with_the_same_headings(
    shop: Office, tmp_path: Path
) -> None:
    text = "Kennung,Text,Preis\nA,Something,1.5\n"
    path = write(tmp_path, "odd.csv", text)
    assert check(shop, MARA, path).tables[0].kind is None
    said = {"odd": Choice("items", {"sku": "Kennung", "description": "Text"})}
    assert counts(run(shop, MARA, path, said)) == [("items", 1, 0, 0)]
    later = check(shop, MARA, write(tmp_path, "later.csv", text + "B,Other,2\n"))
    assert later.tables[0].remembered
    assert counts(later) == [("items", 1, 0, 1)]


def test_terms_suppliers_sites_zones_and_places_come_from_one_workbook_in_the_order_they_need(
    office: Office, tmp_path: Path
) -> None:
    sheets: dict[str, list[list[Any]]] = {
        "terms": [["supplier", "sku", "unit_cost", "currency", "lead_time_days"], ["POT", "00123", 2.5, "EUR", 5]],
        "places": [["site", "place", "zone", "sku"], ["LON", "A-1", "C", "00123"]],
        "items": [["sku", "description"], ["00123", "Mug"]],
        "zones": [["site", "zone", "kind", "low_degc"], ["LON", "C", "chilled", 2]],
        "suppliers": [["supplier", "name", "email"], ["POT", "Potter", "orders@potter.example"]],
        "sites": [["site", "name", "time_zone"], ["LON", "London", "Europe/London"]],
        "stock": [["site", "place", "sku", "quantity"], ["LON", "A-1", "00123", 12]],
        "Notes": [["Ask Tom"], ["tomorrow"]],
    }
    path = tmp_path / "all.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    done = run(office, MARA, path)
    assert counts(done) == [
        *((name, 1, 0, 0) for name in ("sites", "zones", "items", "places", "suppliers", "terms", "stock")),
        ("", 0, 0, 0),
    ]
    assert told(office, "select sku from item") == [("00123",)]
    assert told(office, "select on_hand from balance where on_hand > 0") == [(12,)]
    again = check(office, MARA, path)
    assert {(one.created, one.changed) for one in again.wanted} == {(0, 0)}


def test_all_that_terms_say_and_the_times_when_they_are_otherwise_come_from_files(shop: Office, tmp_path: Path) -> None:
    head = "supplier,name,currency,minimum_value,free_freight_from,order_days,orders_until\n"
    seller = write(tmp_path, "suppliers.csv", f'{head}POT,Potter,EUR,100,250,"mon,thu",14:30\n')
    head = "supplier,sku,unit_cost,currency,largest_order,batch_days,safety_days,soft_safety_days,weekly_capacity"
    terms = write(tmp_path, "terms.csv", f"{head},valid_until\nPOT,MUG,2.5,EUR,600,3,1.5,2,250,2027-01-31\n")
    head = "supplier,sku,valid_from,valid_until,lead_time_days,minimum_order\n"
    times = write(tmp_path, "term_periods.csv", f"{head}POT,MUG,2026-12-20,2027-01-06,21,\nPOT,MUG,2027-01-07,,,0\n")
    assert counts(run(shop, MARA, seller)) == [("suppliers", 0, 1, 0)]
    assert counts(run(shop, MARA, terms)) == [("terms", 1, 0, 0)]
    done = run(shop, MARA, times)
    assert counts(done) == [("term_periods", 2, 0, 0)]
    for path, name, rows in ((seller, "suppliers", 1), (terms, "terms", 1), (times, "term_periods", 2)):
        assert counts(check(shop, MARA, path)) == [(name, 0, 0, rows)]
    assert told(shop, "select order_days, orders_until::text from supplier") == [("mon,thu", "14:30:00")]
    assert told(shop, "select valid_from::text, lead_time_days, minimum_order from supplier_period order by 1") == [
        ("2026-12-20", 21.0, None), ("2027-01-07", None, 0),
    ]  # fmt: skip
    with shop.context(MARA) as ctx:
        undoing.undo(ctx, done.tables[0].import_id or 0)
    assert told(shop, "select valid_from from supplier_period") == []


def test_a_time_with_other_terms_that_cannot_be_right_is_told_by_its_cell(shop: Office, tmp_path: Path) -> None:
    head = "supplier,sku,valid_from,valid_until,lead_time_days,batch_days\n"
    wrong = (
        "POT,MUG,2026-12-20,2026-12-01,21,\nPOT,CUP,2026-12-20,,21,\nNOBODY,MUG,2026-12-20,,21,\n"
        "POT,TEA,2026-12-20,,,\n"
    )
    with shop.context(MARA) as ctx:
        for sku in ("MUG", "TEA"):
            item = records.item_by_sku(ctx, sku).item_id
            seller = records.supplier_ids(ctx, ["POT"])["POT"]
            records.add_terms(ctx, supplier_id=seller, item_id=item, unit_cost=Decimal(1), currency="EUR")
    (found,) = check(shop, MARA, write(tmp_path, "term_periods.csv", head + wrong)).tables
    assert [(fault.row, fault.column) for fault in found.faults] == [
        (2, "valid_until"), (3, "sku"), (4, "supplier"), (5, "valid_from"),
    ]  # fmt: skip
    clock = write(tmp_path, "suppliers.csv", "supplier,name,orders_until,order_days\nPOT,Potter,soon,someday\n")
    (found,) = check(shop, MARA, clock).tables
    assert {fault.column for fault in found.faults} == {"orders_until", "order_days"}


def test_prices_by_quantity_come_with_the_terms_and_need_them(shop: Office, tmp_path: Path) -> None:
    head = "supplier,sku,from_quantity,unit_cost,currency,pack_size,lead_time_days\n"
    path = write(tmp_path, "terms.csv", head + "POT,MUG,,2.5,EUR,12,5\nPOT,MUG,100,2.25,EUR,12,5\n")
    assert counts(run(shop, MARA, path)) == [("terms", 2, 0, 0)]
    assert told(shop, "select from_quantity, unit_cost from supplier_price") == [(100, Decimal("2.25"))]
    dearer = write(tmp_path, "dearer.csv", head + "POT,MUG,0,2.5,EUR,12,5\nPOT,MUG,100,2.3,EUR,12,5\n")
    assert counts(run(shop, MARA, dearer)) == [("terms", 0, 1, 1)]
    assert counts(check(shop, MARA, dearer)) == [("terms", 0, 0, 2)]
    odd = write(tmp_path, "odd.csv", head + "POT,MUG,100,2.25,USD,12,5\nPOT,TEA,100,2,EUR,,5\n")
    assert [(one.row, one.column) for one in check(shop, MARA, odd).tables[0].faults] == [
        (2, "currency"), (3, "from_quantity"),
    ]  # fmt: skip


def test_what_is_wrong_with_a_supplier_is_the_same_in_a_file_as_in_a_form(shop: Office, tmp_path: Path) -> None:
    head = "supplier,name,email,order_url\n"
    odd = write(tmp_path, "suppliers.csv", head + "MILL,Mill,a@b@c,\nKILN,Kiln,o x@kiln.example,ftp://kiln\n")
    assert [(one.row, one.column) for one in check(shop, MARA, odd).tables[0].faults] == [
        (2, "email"), (3, "order_url"), (3, "email"),
    ]  # fmt: skip


def test_what_a_file_does_not_tell_of_a_supplier_stays_as_it_is(shop: Office, tmp_path: Path) -> None:
    with shop.context(MARA) as ctx:
        before = records.supplier(ctx, records.supplier_ids(ctx, ["POT"])["POT"])
        records.change_supplier(ctx, before.supplier_id, replace(before.as_new, address="Kiln 3", currency="USD"))
    path = write(tmp_path, "suppliers.csv", "supplier,name,email\nPOT,Potter & Co,o@pot.example\n")
    assert counts(run(shop, MARA, path)) == [("suppliers", 0, 1, 0)]
    assert told(shop, "select name, email, address, currency from supplier") == [
        ("Potter & Co", "o@pot.example", "Kiln 3", "USD")
    ]


def test_sales_come_as_parquet_and_in_a_zip_beside_other_files(shop: Office, tmp_path: Path) -> None:
    line = {"order_number": ["1"], "sku": ["MUG"], "quantity": [2.0], "ordered_at": [datetime(2026, 1, 5, 10)],
            "unit_price": [2.5]}  # fmt: skip
    pl.DataFrame(line).write_parquet(tmp_path / "sales.parquet")
    assert counts(run(shop, MARA, tmp_path / "sales.parquet")) == [("sales", 1, 0, 0)]
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("../../items.csv", "sku,description\nCUP,Cup\n")
        archive.writestr("sales.csv", "order_number,sku,quantity,ordered_at,unit_price\n2,CUP,1,2026-01-06,3\n")
    assert counts(run(shop, MARA, tmp_path / "all.zip")) == [("items", 1, 0, 0), ("sales", 1, 0, 0)]
    assert told(shop, "select order_number, state from sales_line order by 1") == [("1", "history"), ("2", "history")]


def test_thousands_of_items_are_taken_in_at_once(shop: Office, tmp_path: Path) -> None:
    rows = "".join(f"S{i},Thing {i},each,1,{10**9 + i},12,\n" for i in range(3000))
    path = write(tmp_path, "items.csv", ITEMS + rows)
    before = value_of(shop, "select count(*) from audit_entry")
    assert counts(run(shop, MARA, path)) == [("items", 3000, 0, 0)]
    assert value_of(shop, "select count(*) from audit_entry") - before < 10


def value_of(office: Office, sql: str) -> int:
    with office.database.transaction() as tx:
        return int(value(tx, sql))
