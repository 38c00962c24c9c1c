"""A dry run finds out how a file is written, names each bad cell, and refuses what is no table at all."""

from __future__ import annotations

import io
import math
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from shelfwise.core.errors import Invalid
from shelfwise.intake.model import FAULTS_SHOWN, CellFault, DryRun, Field, Layout
from shelfwise.intake.sales import check

TODAY = date(2026, 3, 2)
HEADER = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country"
GOOD = "489434,85048,BALL,12,2009-12-01 07:45:00,6.95,13085,United Kingdom"


def run(path: Path, layout: Layout | None = None) -> DryRun:
    return check(path, layout, time_zone="Europe/London", today=TODAY)


def csv(folder: Path, *rows: str, header: str = HEADER, encoding: str = "utf-8") -> Path:
    path = folder / "sales.csv"
    path.write_bytes("\r\n".join([header, *rows, ""]).encode(encoding))
    return path


def only_fault(path: Path, layout: Layout | None = None) -> CellFault:
    found = run(path, layout)
    assert found.problems == ()
    assert found.fault_count == 1
    return found.faults[0]


def refusal(path: Path) -> str:
    with pytest.raises(Invalid) as refused:
        run(path)
    return str(refused.value)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    found = run(csv(tmp_path, GOOD.replace(",", delimiter), header=HEADER.replace(",", delimiter)))
    assert found.layout.delimiter == delimiter
    assert found.clean
    assert found.totals.value == Decimal("83.40")


@pytest.mark.parametrize(
    ("encoding", "found_as"),
    [("utf-8", "utf-8-sig"), ("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16"), ("utf-16-le", "utf-16-le"),
     ("utf-16-be", "utf-16-be"), ("cp1252", "cp1252")],
)  # fmt: skip
def test_the_encoding_is_found(tmp_path: Path, encoding: str, found_as: str) -> None:
    found = run(csv(tmp_path, GOOD.replace("BALL", "CAFÉ “BALL” €"), encoding=encoding))
    assert found.layout.encoding == found_as
    assert found.columns[2].example == "CAFÉ “BALL” €"
    assert found.clean


@pytest.mark.parametrize(
    ("quantity", "price", "value"),
    [
        ("1,200", "6.95", "8340"),
        ("1.200", "6,95", "8340"),
        ("1 200", "6,95", "8340"),
        ("1\u202f200", "6,95", "8340"),
        ("1'200", "6.95", "8340"),
        ("-3", "£1,234.50", "-3703.5"),
        ("3-", "2.50", "-7.5"),
        ("\u22123", "2.50", "-7.5"),
        ("+3", ".5", "1.5"),
        ("2", "2,50 €", "5"),
        ("2", "1.234.567,8", "2469135.6"),
        ("2", "1,234,567", "2469134"),
    ],
)
def test_decimal_and_thousands_separators_are_told_apart(tmp_path: Path, quantity: str, price: str, value: str) -> None:
    header = "order;sku;qty;date;price"
    found = run(csv(tmp_path, f"1;A;{quantity};2020-01-02;{price}", header=header))
    assert found.problems == ()
    assert found.faults == ()
    assert found.totals.value == Decimal(value)


def test_a_number_that_can_be_read_both_ways_is_asked_about(tmp_path: Path) -> None:
    path = csv(tmp_path, "1;A;1.234;2020-01-02;5", header="order;sku;qty;date;price")
    (problem,) = run(path).problems
    assert "'1.234'" in problem.got
    assert run(path, Layout(decimal=",")).totals.quantity == 1234
    assert run(path, Layout(decimal=".")).totals.quantity == Decimal("1.234")


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2010-07-01 08:26:00", datetime(2010, 7, 1, 7, 26, tzinfo=UTC)),
        ("2010-07-01T08:26:00Z", datetime(2010, 7, 1, 8, 26, tzinfo=UTC)),
        ("2010-07-01T08:26:00.250+02:00", datetime(2010, 7, 1, 6, 26, 0, 250000, tzinfo=UTC)),
        ("2010/07/01", datetime(2010, 6, 30, 23, 0, tzinfo=UTC)),
        ("20100701", datetime(2010, 6, 30, 23, 0, tzinfo=UTC)),
        ("31/12/2010 08:26", datetime(2010, 12, 31, 8, 26, tzinfo=UTC)),
        ("31.12.10 08:26", datetime(2010, 12, 31, 8, 26, tzinfo=UTC)),
        ("12/31/2010 8:26 PM", datetime(2010, 12, 31, 20, 26, tzinfo=UTC)),
        ("12/31/2010 12:05 am", datetime(2010, 12, 31, 0, 5, tzinfo=UTC)),
        ("31 Dec 2010 08:26", datetime(2010, 12, 31, 8, 26, tzinfo=UTC)),
        ("5-May-10", datetime(2010, 5, 4, 23, 0, tzinfo=UTC)),
        ("05/05/2010", datetime(2010, 5, 4, 23, 0, tzinfo=UTC)),
    ],
)
def test_dates_are_read_in_many_forms(tmp_path: Path, text: str, utc: datetime) -> None:
    found = run(csv(tmp_path, f"1;A;1;{text};5", header="order;sku;qty;date;price"))
    assert found.problems == ()
    assert found.faults == ()
    assert found.totals.first_at == utc


def test_one_telling_date_decides_for_the_whole_file(tmp_path: Path) -> None:
    rows = ("1;A;1;03/04/2010;5", "2;A;1;13/04/2010;5")
    found = run(csv(tmp_path, *rows, header="order;sku;qty;date;price"))
    assert found.layout.dates == "dmy"
    assert found.totals.first_at == datetime(2010, 4, 2, 23, tzinfo=UTC)


def test_dates_that_can_all_be_read_both_ways_are_asked_about(tmp_path: Path) -> None:
    path = csv(tmp_path, "1;A;1;03/04/2010;5", "2;A;1;05/06/2010;5", header="order;sku;qty;date;price")
    found = run(path)
    assert "'03/04/2010'" in found.problems[0].got
    assert found.good_rows == 0
    assert run(path, Layout(dates="mdy")).totals.first_at == datetime(2010, 3, 4, tzinfo=UTC)


def test_a_file_with_both_orders_of_dates_is_asked_about(tmp_path: Path) -> None:
    path = csv(tmp_path, "1;A;1;13/04/2010;5", "2;A;1;04/13/2010;5", header="order;sku;qty;date;price")
    assert "1 dates that must have the day first, 1 the month" in run(path).problems[0].got
    fault = only_fault(path, Layout(dates="dmy"))
    assert (fault.row, fault.column, fault.got) == (3, "date", "'04/13/2010'")


@pytest.mark.parametrize(
    ("column", "cell", "expected"),
    [
        ("Quantity", "", "a value"),
        ("Quantity", "NaN", "a number"),
        ("Quantity", "-inf", "a number"),
        ("Quantity", "∞", "a number"),
        ("Quantity", "twelve", "a number"),
        ("Quantity", "12 pcs", "a number"),
        ("Quantity", "1e3", "with all its digits"),
        ("Quantity", "0", "other than 0"),
        ("Quantity", "0.00", "other than 0"),
        ("Quantity", "1.23456789", "6 decimals"),
        ("Quantity", "99999999999999", "below 1,000,000,000,000"),
        ("Quantity", "#REF!", "a value"),
        ("Price", "", "a value"),
        ("Price", "12,50", "a number"),
        ("Price", "1.5.0", "a number"),
        ("StockCode", "", "a value"),
        ("StockCode", "5.01E+12", "with all its digits"),
        ("StockCode", "X" * 65, "at most 64 characters"),
        ("StockCode", "A\u200bB", "printable"),
        ("Invoice", "4.89434E+05", "with all its digits"),
        ("Description", "D" * 501, "at most 500 characters"),
        ("Customer ID", "1.3085E+4", "with all its digits"),
        ("InvoiceDate", "", "a value"),
        ("InvoiceDate", "yesterday", "a date"),
        ("InvoiceDate", "2010-02-30", "a date"),
        ("InvoiceDate", "2010-13-01", "a date"),
        ("InvoiceDate", "2010-12-01 25:00", "a date"),
        ("InvoiceDate", "40147.32", "a date"),
        ("InvoiceDate", "1970-01-01", "from 1990 to 2027-03-03"),
        ("InvoiceDate", "2100-01-01", "from 1990 to 2027-03-03"),
        ("InvoiceDate", "2010-03-28 01:30", "existed"),
    ],
)
def test_each_bad_cell_is_named(tmp_path: Path, column: str, cell: str, expected: str) -> None:
    cells = GOOD.split(",")
    names = HEADER.split(",")
    cells[names.index(column)] = f'"{cell}"'
    fault = only_fault(csv(tmp_path, GOOD, ",".join(cells), GOOD))
    assert (fault.row, fault.column) == (3, column)
    assert expected in fault.expected
    assert fault.remedy


def test_several_faults_of_a_row_are_all_named_and_the_list_is_capped(tmp_path: Path) -> None:
    found = run(csv(tmp_path, *(f"{i},A,a,x,2010-01-01,y,," for i in range(FAULTS_SHOWN))))
    assert found.fault_count == 2 * FAULTS_SHOWN
    assert len(found.faults) == FAULTS_SHOWN
    assert [(fault.row, fault.column) for fault in found.faults[:3]] == [(2, "Quantity"), (2, "Price"), (3, "Quantity")]


def test_rows_are_numbered_as_a_spreadsheet_does(tmp_path: Path) -> None:
    path = csv(tmp_path, "", GOOD.replace("BALL", '"TWO\nLINES"'), "", GOOD.replace("6.95", "?"))
    assert only_fault(path).row == 5


def test_ragged_rows_are_named_but_empty_cells_at_the_end_are_no_fault(tmp_path: Path) -> None:
    found = run(csv(tmp_path, GOOD + ",,", GOOD.rsplit(",", 1)[0], GOOD.replace("BALL", "BALL, RED")))
    assert [(fault.row, fault.column, fault.got[:7]) for fault in found.faults] == [
        (3, "the whole row", "7 cells"),
        (4, "the whole row", "9 cells"),
    ]


def test_quotes_hold_delimiters_line_breaks_and_quotes(tmp_path: Path) -> None:
    found = run(csv(tmp_path, GOOD.replace("BALL", '"15"" PLATE, RED\nAND BLUE"')))
    assert found.clean
    assert found.columns[2].example.startswith('15" PLATE, RED')


def test_an_unclosed_quote_is_found_and_not_swallowed(tmp_path: Path) -> None:
    path = csv(tmp_path, GOOD, GOOD.replace("BALL", '"BALL'), *[GOOD] * 5000)
    assert "row 3" in refusal(path)
    assert "quote" in refusal(path)


def test_a_huge_cell_is_refused_without_filling_the_message(tmp_path: Path) -> None:
    assert len(refusal(csv(tmp_path, GOOD.replace("BALL", "B" * 5_000_000)))) < 500


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "empty file"),
        (b"PK\x03\x04" + b"\0" * 100, "a damaged archive"),
        (b"%PDF-1.7\n" + b"x" * 100, "PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, "workbook that is whole"),
        (b"\x1f\x8b\x08\0" * 20, "gzip"),
        (bytes(range(256)) * 40, "no text"),
        (b"\x7fELF" + b"\x02\x01\x01\0" * 50, "no text"),
        (b"PAR1 but not really", "Parquet"),
        (b"hello\nworld\n", "a first line without any"),
        (b"\n\n\n", "no readable row"),
        ((HEADER + "\n").encode(), "none"),
        (b"\xff\xfe" + b"\x00\xd8" * 9, "no text"),
    ],
)
def test_what_is_no_table_is_refused_whatever_its_name(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "sales.csv"
    path.write_bytes(content)
    assert what in refusal(path)


def test_a_zip_named_csv_is_refused(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("sales.csv", HEADER + "\n" + GOOD)
    path = tmp_path / "sales.csv"
    path.write_bytes(packed.getvalue())
    assert "Unpack it, or save the sheet as CSV" in refusal(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "none.csv")


def test_columns_are_proposed_from_their_headers(tmp_path: Path) -> None:
    header = "Order No.;Line;Product Code;Item Description;Qty;Order Date;Unit Price;Client;Ship-Country;Note"
    found = run(csv(tmp_path, "1;1;A;a;1;2010-01-01;5;c;FR;n", header=header))
    assert [column.field for column in found.columns] == [
        Field.ORDER_NUMBER, Field.LINE, Field.SKU, Field.DESCRIPTION, Field.QUANTITY, Field.ORDERED_AT,
        Field.UNIT_PRICE, Field.CUSTOMER, Field.COUNTRY, None,
    ]  # fmt: skip
    assert "Not imported: Note." in found.notes


def test_a_missing_column_is_named_with_what_is_there(tmp_path: Path) -> None:
    found = run(csv(tmp_path, "1,A,2010-01-01,5", header="Invoice,StockCode,InvoiceDate,Price"))
    (problem,) = found.problems
    assert "quantity" in problem.expected
    assert problem.got == "Invoice, StockCode, InvoiceDate, Price"
    assert not found.clean


def test_a_person_can_say_which_column_is_which(tmp_path: Path) -> None:
    path = csv(tmp_path, "1,A,7,2010-01-01,5", header="Invoice,StockCode,Sold,InvoiceDate,Price")
    found = run(path, Layout({Field.QUANTITY: "Sold"}))
    assert found.totals.quantity == 7
    wrong = run(path, Layout({Field.QUANTITY: "Gone"}))
    assert "'Gone'" in wrong.problems[0].got


def test_a_header_that_is_there_twice_is_asked_about(tmp_path: Path) -> None:
    path = csv(tmp_path, "1,A,7,2010-01-01,5,6", header="Invoice,StockCode,Qty,InvoiceDate,Price,price")
    assert "columns 5 and 6" in run(path).problems[0].got
    unused = csv(tmp_path, "1,A,7,2010-01-01,5,6,7", header="Invoice,StockCode,Qty,InvoiceDate,Price,note,note")
    assert run(unused).clean


def test_a_line_that_is_there_twice_is_named(tmp_path: Path) -> None:
    rows = ("1,1,A,7,2010-01-01,5", "1,2,A,7,2010-01-01,5", "1,1,B,7,2010-01-01,5", "1,x,B,7,2010-01-01,5")
    found = run(csv(tmp_path, *rows, header="Invoice,Line,StockCode,Qty,InvoiceDate,Price"))
    assert [(fault.row, fault.column) for fault in found.faults] == [(4, "Line"), (5, "Line")]


def test_codes_that_are_no_goods_negative_prices_and_missing_descriptions_are_taken(tmp_path: Path) -> None:
    found = run(
        csv(
            tmp_path,
            "C489449,POST,POSTAGE,-1,2009-12-01 10:33:00,18.00,14156,EIRE",
            "A506401,B,Adjust bad debt,1,2010-04-29 13:36:00,-53594.36,,United Kingdom",
            "489464,21733,,-96,2009-12-01 10:52:00,0.00,,United Kingdom",
            "490000,BANK CHARGES,Bank Charges,1,2009-12-02 10:00:00,15,,United Kingdom",
        )
    )
    assert found.clean
    assert (found.totals.returned_lines, found.totals.without_description, found.totals.without_customer) == (2, 1, 3)
    assert found.totals.value == Decimal("-53597.36")


def test_the_dry_run_says_what_it_assumed(tmp_path: Path) -> None:
    notes = " ".join(run(csv(tmp_path, GOOD)).notes)
    assert "local time: Europe/London" in notes
    assert "no column for the line" in notes


def parquet(folder: Path, **columns: pl.Series) -> Path:
    frame = pl.DataFrame(
        {"Invoice": ["1", "2"], "StockCode": ["A", "B"], "Quantity": [1, 2],
         "InvoiceDate": [datetime(2010, 7, 1, 12), datetime(2010, 7, 2, 12)], "Price": [1.5, 2.5],
         "Customer ID": [13085.0, None]}
    )  # fmt: skip
    path = folder / "sales.parquet"
    frame.with_columns(**columns).write_parquet(path)
    return path


def test_parquet_with_its_own_types_is_read(tmp_path: Path) -> None:
    found = run(parquet(tmp_path))
    assert found.clean
    assert found.totals.first_at == datetime(2010, 7, 1, 11, tzinfo=UTC)
    assert found.totals.value == Decimal("6.5")
    codes = parquet(tmp_path, StockCode=pl.Series([85048, 79323]), Invoice=pl.Series([489434.0, 489435.0]))
    assert run(codes).clean


@pytest.mark.parametrize(
    ("column", "values", "type_name"),
    [
        ("Quantity", pl.Series([[1], [2]]), "List"),
        ("Quantity", pl.Series([date(2010, 1, 1)] * 2), "Date"),
        ("InvoiceDate", pl.Series([1.0, 2.0]), "Float64"),
        ("StockCode", pl.Series([True, False]), "Boolean"),
    ],
)
def test_parquet_with_a_type_that_cannot_be_right_is_refused_by_column(
    tmp_path: Path, column: str, values: pl.Series, type_name: str
) -> None:
    (problem,) = run(parquet(tmp_path, **{column: values})).problems
    assert problem.where == f"column {column}"
    assert type_name in problem.got


def test_parquet_values_that_are_no_numbers_are_named(tmp_path: Path) -> None:
    found = run(parquet(tmp_path, Price=pl.Series([math.nan, math.inf])))
    assert [(fault.row, fault.column) for fault in found.faults] == [(2, "Price"), (3, "Price")]
    found = run(parquet(tmp_path, StockCode=pl.Series([85048.5, None])))
    assert [(fault.row, fault.expected[:6]) for fault in found.faults] == [(2, "a code"), (3, "a valu")]


def test_the_remains_of_binary_fractions_are_no_decimals(tmp_path: Path) -> None:
    found = run(parquet(tmp_path, Quantity=pl.Series([0.1 + 0.2, 3.0])))
    assert found.clean
    assert found.totals.quantity == Decimal("3.3")


def test_a_truncated_parquet_file_is_refused(tmp_path: Path) -> None:
    path = parquet(tmp_path)
    path.write_bytes(path.read_bytes()[:-20])
    assert "Export the file again" in refusal(path)
