"""A folder that cannot be right is refused with what was expected, what came, where, and what to do; never a crash."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from shelfwise.core.errors import Invalid
from shelfwise.planning.files.deciding import Options
from shelfwise.planning.files.running import plan, plan_folder
from tests.planning.files.folders import GOOD, STOCK, TERMS, history, plan_of, written

TWO = "site,sku,quantity\nN,TEA,10\nS,TEA,4\n"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"stock": ""}, "folder: expected a file stock.csv of what lies there, got none with rows"),
        ({"stock": "sku,quantity\n"}, "folder: expected a file stock.csv of what lies there, got none with rows"),
        ({"stock": "\ufeff"}, "folder: expected a file stock.csv of what lies there"),
        ({"history": "item,date,quantity\n"}, "folder: expected a file history.csv of what sold, or a forecast"),
        ({"stock": "quantity\n3\n"}, "stock.csv, headings: expected a column 'sku'"),
        ({"stock": STOCK + "TEA,3\n"}, "stock.csv, row 3: expected one row of each sku, got 'TEA' again, as in row 2"),
        ({"stock": "sku,quantity\nTEA,many\n"}, "stock.csv, row 2, column quantity: expected a number, got 'many'"),
        ({"stock": "sku,quantity\nTEA,1e13\n"}, "row 2, column quantity: expected a number up to 1e+12"),
        ({"stock": "sku,quantity\nTEA,\n"}, "row 2, column quantity: expected the quantity, got 'an empty cell'"),
        ({"stock": "sku,quantity\n,3\n"}, "stock.csv, row 2, column sku: expected the sku, got 'an empty cell'"),
        ({"stock": "sku,quantity\nTEA,3,4\n"}, "got 3 cells instead of 2"),
        ({"stock": b"\x00\x01\x02"}, "bytes that are no text"),
        ({"stock": "sku,quantity,reserved\nTEA,3,-1\n"}, "column reserved: expected 0 or more, got '-1'"),
        ({"stock": "sku,quantity\nTEA,\"1,250\"\nMUG,\"2,400\"\n"}, "a number that can be read in one way"),
        ({"terms": "sku,pack size\nTEA,10\n"}, "terms.csv, headings: expected a column 'unit_cost'"),
        ({"terms": TERMS + "GROCER,TEA,3.60,EUR,10,,4\n"}, "terms.csv, row 3: expected one row of each supplier and"),
        ({"terms": TERMS.replace("3.50", "-3.50")}, "row 2, column unit cost: expected 0 or more, got '-3.5'"),
        ({"terms": TERMS.replace("3.50", "€ 3.50")}, "terms.csv, row 2, column unit cost: expected a number"),
        ({"terms": TERMS.replace(",4\n", ",4000\n")}, "column lead time: expected 0 to 3650 days, got '4000'"),
        ({"terms": TERMS.replace(",10,", ",-10,")}, "column pack size: expected 0 or more, got '-10'"),
        (
            {"terms": "sku,from,cost,currency\nTEA,0,3,EUR\nTEA,10,2,USD\n"},
            "row 3, column currency: expected EUR, as in row 2, got 'USD'",
        ),
        ({"items": "sku,service level\nTEA,95\n"}, "column service level: expected a share from 0.5 to 0.999"),
        ({"items": "sku,min,max\nTEA,50,20\n"}, "row 2, column max: expected at least 50, the reorder point, got '20'"),
        ({"terms": TERMS.replace("3.50", "nan")}, "column unit cost: expected the unit cost, got 'nan'"),
        ({"terms": TERMS.replace(",10,", ",2.5,")}, "size: expected a multiple of 1, the smallest amount of 'TEA'"),
        ({"terms": TERMS.replace(",10,", ",1e-9,")}, "pack size: expected a multiple of 1, the smallest"),
        ({"items": "sku\nTEA\nTEA\n"}, "items.csv, row 3: expected one row of each sku"),
        ({"suppliers": "supplier\nA\nA\n"}, "suppliers.csv, row 3: expected one row of each supplier"),
        ({"purchase_orders": "sku,quantity,eta\nTEA,5,soon\n"}, "row 2, column eta: expected a date"),
        ({"purchase_orders": "sku,quantity\nTEA,-5\n"}, "row 2, column quantity: expected 0 or more"),
        (
            {"purchase_orders": "number,line,sku,quantity\n1,1,TEA,5\n1,1,TEA,5\n"},
            "row 3: expected one row of each number and line, got '1, 1' again",
        ),
        (
            {"receipts": "supplier,sku,ordered at,received at\nGROCER,TEA,2026-01-09,2026-01-05\n"},
            "receipts.csv, row 2, column received at: expected 2026-01-09 or later, got '2026-01-05'",
        ),
        ({"stock": TWO}, "the file of demand, headings: expected a column 'site', got none"),
        ({"stock": TWO, "history": history(site="N"), "purchase_orders": "sku,quantity\nTEA,5\n"},
         "purchase_orders.csv, headings: expected a column 'site'"),
        (
            {"lanes": "from,to,days\nmain,moon,1\n"},
            "lanes.csv, row 2, column to: expected a site such as 'main', got 'moon'",
        ),
        ({"history": "item,date,quantity\nTEA,soon,1\n"}, "row 2, column date: expected a date, got 'soon'"),
        ({"history": "item,date\nTEA,2026-01-01\n"}, "history.csv, headings: expected a column 'quantity'"),
        ({"history": history() + "TEA,,2026-01-05,1\n"}, "expected one row of each item, location and day"),
        ({"forecast": "item,date,median\nTEA,2026-02-01,1\n"}, "headings: expected quantiles such as q0.1"),
        ({"forecast": "item,date,q0.5\n,2026-02-01,1\n"}, "forecast.csv, row 2, column item: expected the item"),
        ({"forecast": "item,date,q0.5\nTEA,2026-02-01,1\nTEA,2026-02-01,1\n"}, "row 3: expected one row of each"),
        (
            {"forecast": "item,date,q0.1,q0.5,q0.9\nTEA,2026-02-01,1,2,3\nTEA,2026-02-02,9,5,2\n"},
            "forecast.csv, row 3, column q0.5: expected at least the quantile 0.1, which is 9, got '5'",
        ),
        ({"totals": "item,date,q0.5\nTEA,2026-02-01,5\nTEA,2026-02-02,4\n"}, "running totals, which never fall"),
        ({"totals": "item,date,mean\nTEA,2026-02-01,5\n"}, "totals.csv, headings: expected quantiles such as q0.5"),
        ({"forecast-paths": "item,date,path,quantity\nTEA,2026-02-01,1,5\n"}, "expected many paths of each item"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_nothing_is_written(
    tmp_path: Path, changed: dict[str, str | bytes], words: str
) -> None:
    with pytest.raises(Invalid) as caught:
        plan_of(tmp_path, **changed)
    assert words in str(caught.value)


def test_all_that_is_wrong_in_all_files_is_told_at_once_but_not_without_end(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as caught:
        plan_of(tmp_path, stock="sku,quantity\nTEA,x\n", terms=TERMS.replace("3.50", "-1"), items="name\nTea\n")
    assert [fault.where.partition(",")[0] for fault in caught.value.faults] == ["stock.csv", "items.csv", "terms.csv"]
    with pytest.raises(Invalid) as caught:
        plan_of(tmp_path / "many", stock="sku,quantity,reserved\n" + "".join(f"A{one},1,-1\n" for one in range(500)))
    assert len(caught.value.faults) == 20
    assert "(480 more faults like these.)" in str(caught.value)


def test_without_stock_or_demand_it_is_said_what_to_add(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"expected a file history.csv of what sold, or a forecast"):
        plan_folder(written(tmp_path / "a", {"stock.csv": STOCK}))
    with pytest.raises(Invalid, match=r"expected a file stock.csv of what lies there"):
        plan_folder(written(tmp_path / "b", {"history.csv": history()}))
    with pytest.raises(Invalid, match=r"expected a folder of CSV or Parquet files, got a file"):
        plan_folder(tmp_path / "b" / "history.csv")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("stock.xlsx", "file stock.xlsx: expected a name that ends in .csv or .parquet"),
        ("inventory.csv", "expected one file of stock, got inventory.csv and stock.csv. Take one of them out"),
        ("Stock .txt", "expected one file of stock, got Stock .txt and stock.csv"),
    ],
)
def test_files_that_nobody_can_choose_between_are_refused(tmp_path: Path, name: str, words: str) -> None:
    files = {one: text for one, text in GOOD.items() if not (one == "stock.csv" and name == "stock.xlsx")}
    with pytest.raises(Invalid) as caught:
        plan_folder(written(tmp_path / "in", {**files, name: STOCK}))
    assert words in str(caught.value)


def test_an_output_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    folder = written(tmp_path / "in", GOOD)
    out = tmp_path / "out"
    plan_folder(folder, out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    (folder / "stock.csv").write_text("sku,quantity\nTEA,x\n", "utf-8")
    with pytest.raises(Invalid):
        plan_folder(folder, out)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]
    for bad in (tmp_path / "none" / "out", folder / "stock.csv"):
        with pytest.raises(Invalid, match="--out: expected a folder inside one that exists"):
            plan_folder(folder, bad)


def test_a_cell_that_is_wrong_is_told_once(tmp_path: Path) -> None:
    two = history(site="N") + "".join(history(site="S").splitlines(keepends=True)[1:])
    with pytest.raises(Invalid) as caught:
        plan_of(tmp_path, stock=TWO, history=two, lanes="from,to,days,cost\nS,N,1,-5\n")
    assert [(one.where, one.got) for one in caught.value.faults] == [("lanes.csv, row 2, column cost", "'-5'")]


@pytest.mark.parametrize("mine", ["orders.csv", "waiting.csv"])
def test_files_that_no_plan_wrote_are_never_taken_for_an_old_plan(tmp_path: Path, mine: str) -> None:
    folder, out = written(tmp_path / "in", GOOD), written(tmp_path / "out", {mine: "mine"})
    with pytest.raises(Invalid, match=rf"--out: expected a folder that is empty .* got {mine}, which no plan wrote"):
        plan_folder(folder, out)
    assert [(path.name, path.read_text("utf-8")) for path in out.iterdir()] == [(mine, "mine")]


def test_a_folder_where_a_file_should_be_written_leaves_the_old_plan_whole(tmp_path: Path) -> None:
    folder, out = written(tmp_path / "in", GOOD), written(tmp_path / "out", {"summary.json": "{}"})
    (out / "orders.csv").mkdir()
    with pytest.raises(Invalid, match=r"got orders.csv, which no plan wrote"):
        plan_folder(folder, out)
    assert (out / "summary.json").read_text("utf-8") == "{}"


@pytest.mark.parametrize("days", [float("nan"), float("inf"), -5.0, 20_000.0])
def test_usual_lead_days_are_days_that_somebody_could_wait(days: float) -> None:
    with pytest.raises(Invalid, match="usual_lead_days: expected 0 to 3650 days, got"):
        Options(usual_lead_days=days)


@pytest.mark.parametrize("day", [date.min, date(2027, 2, 4), date.max])
def test_a_day_of_which_the_demand_says_nothing_is_refused(tmp_path: Path, day: date) -> None:
    with pytest.raises(Invalid, match="--today: expected a day within 366 days of 2026-02-02, up to which demand"):
        plan_folder(written(tmp_path, GOOD), options=Options(today=day))


def test_tables_in_memory_of_no_known_kind_are_refused() -> None:
    with pytest.raises(Invalid, match="table 'stocks': expected one of stock, items"):
        plan({"stocks": {"sku": ["TEA"]}})


@pytest.mark.parametrize("table", [[{"sku": "TEA", "quantity": 3}], {"sku": ["TEA"], "quantity": [1, 2]}, None])
def test_what_is_no_table_in_memory_is_refused(table: object) -> None:
    with pytest.raises(Invalid, match="table 'stock': expected a polars or pandas frame, or a dict of columns"):
        plan({"stock": table})
