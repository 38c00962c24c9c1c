"""What a folder lacks is assumed and said; what is odd is taken the cautious way and said."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from shelfwise.core.errors import Invalid
from shelfwise.planning.files.deciding import Options
from shelfwise.planning.files.running import Plan, plan, plan_folder
from shelfwise.planning.model import Params
from shelfwise.records.exchange import SHEETS
from tests.planning.files.folders import GOOD, START, STOCK, TERMS, history, plan_of, written


def order(made: Plan, sku: str = "TEA") -> dict[str, Any]:
    (found,) = made.orders.filter(pl.col("sku") == sku).to_dicts()
    return dict(found)


def level(made: Plan, sku: str = "TEA") -> dict[str, Any]:
    (found,) = made.levels.filter(pl.col("sku") == sku).to_dicts()
    return dict(found)


def said(made: Plan, words: str) -> bool:
    return any(words in note for note in made.summary["notes"])


def test_stock_and_sales_alone_give_levels_and_say_what_is_missing(tmp_path: Path) -> None:
    folder = written(tmp_path / "in", {"stock.csv": STOCK, "history.csv": history()})
    made = plan_folder(folder)
    assert made.orders.is_empty()
    assert level(made)["on_hand"] == 10
    assert said(made, "There is no file terms.csv")


def test_costs_may_stand_with_the_items_and_a_price_is_no_cost(tmp_path: Path) -> None:
    files = {"stock.csv": STOCK, "history.csv": history(), "items.csv": "sku,name,price,cost\nTEA,Tea,7.90,3.50\n"}
    made = order(plan_folder(written(tmp_path / "in", files)))
    assert (made["unit_cost"], made["supplier"], made["description"]) == (3.5, "supplier", "Tea")
    assert made["cost_of_waiting"] > 0
    files["items.csv"] = "sku,name,price\nTEA,Tea,7.90\n"
    assert plan_folder(written(tmp_path / "in", files)).orders.is_empty()


def test_what_is_on_order_is_not_ordered_again(tmp_path: Path) -> None:
    first = order(plan_of(tmp_path / "a"))
    coming = f"number,sku,quantity,received,eta\n1,TEA,{first['quantity'] + 5},5,2026-02-03\n"
    again = plan_of(tmp_path / "b", purchase_orders=coming)
    assert again.orders.is_empty()
    assert level(again)["on_order"] == first["quantity"]
    over = plan_of(tmp_path / "c", purchase_orders=coming.replace("eta", "state").replace("2026-02-03", "cancelled"))
    assert order(over)["quantity"] == first["quantity"]


def test_places_and_lots_are_added_up_and_what_is_on_hold_is_not_there(tmp_path: Path) -> None:
    stock = "sku,place,status,quantity,reserved\nTEA,A,,30,2\nTEA,B,available,20,\nTEA,C,hold,100,\n"
    made = level(plan_of(tmp_path, stock=stock))
    assert (made["on_hand"], made["available"]) == (50, 48)


def test_a_lot_that_may_no_longer_be_sold_is_not_there(tmp_path: Path) -> None:
    stock = "sku,lot,expires_on,quantity\nTEA,1,2026-02-01,100\nTEA,2,2026-02-02,3\n"
    made = plan_of(tmp_path, stock=stock)
    assert (level(made)["on_hand"], level(made)["available"]) == (3, 3)
    assert order(made)["quantity"] > 0
    assert said(made, "stock.csv: 1 row of lots that expired before 2026-02-02: not counted.")


def test_states_of_orders_that_nobody_knows_are_named_and_those_of_other_tongues_known(tmp_path: Path) -> None:
    orders = "number,sku,quantity,eta,state\n1,TEA,40,2026-02-04,Geliefert\n2,TEA,7,2026-02-04,foo\n"
    made = plan_of(tmp_path, purchase_orders=orders)
    assert level(made)["on_order"] == 7
    assert said(made, "purchase_orders.csv: states that nobody knows here, 'foo': taken for still to come.")


def test_nothing_is_learned_from_what_has_not_come_yet(tmp_path: Path) -> None:
    receipts = "supplier,sku,ordered at,received at\n" + "GROCER,TEA,2026-01-01,2026-03-21\n" * 8
    made = plan_of(tmp_path, receipts=receipts)
    assert level(made)["lead_days"] == pytest.approx(4, rel=0.05)
    assert said(made, "receipts.csv: 8 rows of what came after 2026-02-02: nothing is learned from them.")


def test_an_order_that_its_supplier_will_not_deliver_is_said_aloud(tmp_path: Path) -> None:
    made = plan_of(tmp_path, suppliers="supplier,minimum value\nGROCER,90000\n")
    total = made.orders["total"].sum()
    assert said(made, f"GROCER delivers orders from 90,000.00 EUR on, and what main needs comes to {total:,.2f}: ask")


def test_stock_below_zero_is_taken_for_none_and_named(tmp_path: Path) -> None:
    made = plan_of(tmp_path, stock="sku,quantity\nTEA,-7\n")
    assert level(made)["on_hand"] == 0
    assert said(made, "stock.csv, row 2: -7 of 'TEA' lie there: taken for none.")


def test_a_lead_time_is_said_by_the_terms_else_by_the_supplier_else_assumed(tmp_path: Path) -> None:
    silent = TERMS.replace(",4\n", ",\n")
    of_supplier = plan_of(tmp_path / "a", terms=silent, suppliers="supplier,name,lead time\nGROCER,The grocer,20\n")
    assert level(of_supplier)["lead_days"] == pytest.approx(20, rel=0.05)
    assert order(of_supplier)["supplier"] == "The grocer"
    assumed = plan_of(tmp_path / "b", terms=silent)
    assert level(assumed)["lead_days"] == pytest.approx(7, rel=0.05)
    assert said(assumed, "1 lead time not said (of 'GROCER'): 7 days are assumed")
    assert "Nobody said how long GROCER takes" in order(assumed)["reason"]


def test_lead_times_are_learned_from_receipts_of_the_item_and_in_part_of_others(tmp_path: Path) -> None:
    terms = TERMS + "GROCER,MUG,2,EUR,1,,10\n"
    receipts = "supplier,sku,ordered at,received at\n" + "GROCER,MUG,2026-01-01,2026-01-21\n" * 8
    made = plan_of(tmp_path, terms=terms, receipts=receipts)
    assert 5 < level(made)["lead_days"] < 8
    assert said(made, "lead times of 1 supplier are learned from 8 deliveries")


def test_price_breaks_minimum_and_packs_shape_the_order_and_are_named(tmp_path: Path) -> None:
    assert order(plan_of(tmp_path / "a"))["quantity"] % 10 == 0
    least = order(plan_of(tmp_path / "b", terms="sku,cost,moq\nTEA,3.50,5000\n"))
    assert (least["quantity"], least["binds"]) == (5000, "minimum order")
    cheap = "sku,from,cost\nTEA,,3.50\nTEA,400,0.10\n"
    deal = order(plan_of(tmp_path / "c", terms=cheap))
    assert (deal["quantity"], deal["unit_cost"], deal["binds"]) == (400, 0.1, "price break")
    only_from = order(plan_of(tmp_path / "d", terms="sku,from,cost,pack\nTEA,1000,3.50,7\n"))
    assert only_from["quantity"] == 1001


def test_the_folder_of_an_export_is_planned(tmp_path: Path) -> None:
    """Every sheet is there, most of them without rows; sales are lines of orders, stock lies in places."""
    days = [START + timedelta(days=number) for number in range(28)]
    values: dict[str, list[dict[str, str]]] = {
        "sites": [{"site": "B", "name": "Berlin", "time_zone": "Europe/Berlin"}],
        "items": [{"sku": "TEA", "description": "Tea", "unit": "each", "quantum": "1", "category": "Tea"}],
        "suppliers": [{"supplier": "GROCER", "name": "The grocer"}],
        "terms": [{"supplier": "GROCER", "sku": "TEA", "unit_cost": "3.5", "currency": "EUR", "pack_size": "10"}],
        "stock": [
            {"site": "B", "place": "A-1", "sku": "TEA", "status": "available", "quantity": "7"},
            {"site": "B", "place": "A-2", "sku": "TEA", "status": "damaged", "quantity": "70"},
        ],
        "sales": [
            {"order_number": f"S{number}", "line": "1", "site": "B", "sku": "TEA", "quantity": "5",
             "ordered_at": f"{day}T14:05:00+01:00", "unit_price": "7.90", "state": "issued"}
            for number, day in enumerate(days)
        ],
        "purchase_orders": [
            {"number": "P1", "line": "1", "supplier": "GROCER", "site": "B", "sku": "TEA", "quantity": "20",
             "received": "10", "ordered_at": "2026-01-30T09:00:00+01:00", "expected_at": "2026-02-04T09:00:00+01:00",
             "state": "part_received"},
        ],
    }  # fmt: skip
    files = {
        f"{sheet.name}.csv": pl.DataFrame(
            [{name: row.get(name) for name in sheet.headings} for row in values.get(sheet.name, [])],
            schema=dict.fromkeys(sheet.headings, pl.String),
        ).write_csv(line_terminator="\r\n")
        for sheet in SHEETS
    }
    made = plan_folder(written(tmp_path / "in", files))
    assert (level(made)["on_hand"], level(made)["on_order"]) == (7, 10)
    assert (order(made)["site"], order(made)["supplier"], order(made)["description"]) == ("B", "The grocer", "Tea")
    assert order(made)["cost_of_waiting"] is not None


def test_policies_race_on_the_history_and_the_winner_says_when_to_order(tmp_path: Path) -> None:
    made = plan_of(tmp_path, history=history(days=120))
    race = made.tables["race"]
    assert race["won"].sum() == 1
    winner = race.filter("won").row(0, named=True)
    assert level(made)["policy"] == winner["policy"]
    assert (winner["percent"], winner["days"]) == (0, 84)
    assert level(made)["next_best"] in race["policy"].to_list()
    assert said(made, f"Policies raced for 1 item on their own past; it won: {winner['policy']} for 1.")
    without = plan_folder(tmp_path / "in", options=Options(race=False))
    assert level(without)["policy"] == "forecast quantile"
    assert "race" not in without.tables


def test_what_may_run_out_is_told_day_by_day_as_if_nothing_were_done(tmp_path: Path) -> None:
    made = plan_of(tmp_path / "a")
    risk = made.tables["risk"]
    assert risk.height == 28
    assert risk["date"][0].isoformat() == "2026-02-02"
    assert risk["out_by"].is_sorted()
    assert risk["out_by"][0] == 0
    assert risk["out_by"][-1] == 1
    assert level(made)["runs_out_on"].isoformat() == "2026-02-04"
    assert plan_of(tmp_path / "b", stock="sku,quantity\nTEA,2000\n").tables["risk"].is_empty()
    late = "number,supplier,sku,quantity,ordered at,eta\n1,GROCER,TEA,500,2026-01-01,2026-01-05\n"
    helped = plan_of(tmp_path / "c", purchase_orders=late)
    assert 0 < helped.tables["risk"]["out_by"][-1] <= 1
    assert level(helped)["units_lost"] < level(made)["units_lost"]


def test_what_is_too_much_is_told_with_what_to_do(tmp_path: Path) -> None:
    stock = "sku,lot,expires on,quantity\nTEA,L1,2026-02-04,60\nTEA,,,900\n"
    coming = "number,sku,quantity,eta\n7,TEA,40,2026-02-20\n"
    (found,) = plan_of(tmp_path, stock=stock, purchase_orders=coming).tables["excess"].to_dicts()
    assert found["surplus"] > 600
    assert found["surplus_on_order"] == 40
    assert found["expires"] > 40
    assert found["value"] == pytest.approx(max(found["surplus"], found["expires"]) * 3.5)
    assert "Take 40 off order 7." in found["what_to_do"]
    assert "of lot L1." in found["what_to_do"]


def test_orders_of_a_supplier_are_joined_up_to_its_minimum(tmp_path: Path) -> None:
    files = {
        "history": history(("TEA", "MUG")),
        "stock": "sku,quantity\nTEA,10\nMUG,40\n",
        "terms": TERMS + "GROCER,MUG,2,EUR,1,,4\n",
        "suppliers": "supplier,minimum value\nGROCER,1000\n",
    }
    made = plan_of(tmp_path, **files)
    assert made.orders["total"].sum() >= 1000
    assert made.orders["binds"].str.contains("supplier's minimum").any()


def test_what_does_not_fit_into_the_budget_waits(tmp_path: Path) -> None:
    files = {"history": history(("TEA", "MUG")), "stock": "sku,quantity\nTEA,0\nMUG,20\n"}
    folder = tmp_path / "in"
    whole = plan_of(tmp_path, **files, terms=TERMS + "GROCER,MUG,3,EUR,1,,4\n")
    assert whole.orders.height == 2
    assert "waiting" not in whole.tables
    budget = float(whole.orders.filter(pl.col("sku") == "TEA")["total"].sum()) + 1
    made = plan_folder(folder, options=Options(Params(budget=budget)))
    assert made.orders["sku"].to_list() == ["TEA"]
    (waits,) = made.tables["waiting"].to_dicts()
    assert (waits["sku"], waits["waits_for"]) == ("MUG", "budget")


def test_offers_in_another_currency_are_left_out_and_named(tmp_path: Path) -> None:
    made = plan_of(tmp_path, terms=TERMS + "FAR,TEA,0.01,JPY,1,,4\nGROCER,MUG,1,EUR,1,,4\n")
    assert order(made)["supplier"] == "GROCER"
    assert said(made, "Of 1 item offers in 'JPY' are left out")


def test_an_item_may_have_a_service_level_and_a_rule_of_its_own(tmp_path: Path) -> None:
    items = "sku,service level,min,max\nTEA,0.999,,\nNEW,,5,20\n"
    terms = TERMS + "GROCER,NEW,2,EUR,1,,4\n"
    made = plan_of(tmp_path, items=items, stock=STOCK + "NEW,3\n", terms=terms)
    assert level(made)["service_level"] == 0.999
    assert level(made)["reorder_point"] > level(plan_of(tmp_path / "plain"))["reorder_point"]
    assert (order(made, "NEW")["quantity"], level(made, "NEW")["note"]) == (17, "no forecast: your own rule counts")


def test_what_perishes_is_ordered_for_as_long_as_it_keeps_and_parts_of_a_unit_where_they_can_be_moved(
    tmp_path: Path,
) -> None:
    whole = order(plan_of(tmp_path / "a"))["quantity"]
    fresh = order(plan_of(tmp_path / "b", items="sku,shelf life days\nTEA,14\n"))
    assert fresh["quantity"] < whole
    assert "shelf life" in fresh["binds"]
    terms = "sku,cost,pack,lead time\nTEA,3.50,0.25,4\n"
    parts = order(plan_of(tmp_path / "c", terms=terms, items="sku,unit,quantum\nTEA,kg,0.25\n"))
    assert parts["quantity"] % 0.25 == 0
    assert parts["unit"] == "kg"


def test_codes_that_are_nearly_alike_are_pointed_out(tmp_path: Path) -> None:
    made = plan_of(tmp_path, terms=TERMS.replace("TEA", "00tea"))
    assert said(made, "Is '00tea' what other files call 'TEA'? Write it in one way.")
    assert said(made, "1 item without terms, such as 'TEA'")


def test_a_site_that_sells_and_has_no_stock_is_called_otherwise_and_an_item_is_sold_out(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"stock.csv, column site: expected rows of 'N', where things sell, got 'north'"):
        plan_of(tmp_path / "a", history=history(site="N"), stock="site,sku,quantity\nnorth,TEA,10\n")
    made = plan_of(tmp_path / "b", history=history(("TEA", "MUG")))
    assert level(made, "MUG")["on_hand"] == 0
    assert said(made, "stock.csv: 1 item that sell are not in it, such as 'MUG': none lies there.")


def test_what_a_unit_sells_for_is_told_by_the_items_else_by_the_history(tmp_path: Path) -> None:
    priced = history().replace("quantity", "quantity,unit price").replace("\nTEA", ",8\nTEA").rstrip() + ",8\n"
    priced = priced.replace("unit price,8", "unit price")
    by_history = order(plan_of(tmp_path / "a", history=priced))["cost_of_waiting"]
    by_items = order(plan_of(tmp_path / "b", items="sku,unit price\nTEA,8\n"))["cost_of_waiting"]
    assert by_history > 0
    assert by_history == pytest.approx(by_items, rel=0.5)
    assert order(plan_of(tmp_path / "c"))["cost_of_waiting"] is None


def test_columns_that_mean_nothing_are_named(tmp_path: Path) -> None:
    made = plan_of(tmp_path, terms=TERMS.replace("moq", "packs maybe"))
    assert said(made, "terms.csv: not read: 'packs maybe'.")


def test_files_come_as_spreadsheets_of_several_countries_write_them(tmp_path: Path) -> None:
    german = "Artikelnummer;Lagerbestand\r\nTEA;10,5\r\n'=Grün;3\r\n".encode("cp1252")
    terms = "\ufeffLieferant;Artikelnummer;Einkaufspreis;Währung;VE;Lieferzeit\nMüller;TEA;3,50;eur;10;4\n"
    made = plan_of(tmp_path, stock=german, terms=terms)
    assert level(made)["on_hand"] == 10.5
    assert (order(made)["unit_cost"], order(made)["currency"], order(made)["supplier"]) == (3.5, "EUR", "Müller")
    assert level(made, "=Grün")["note"] == "nobody sells it: it has no terms"
    assert said(made, "stock.csv was read as Windows-1252")


def test_each_site_is_planned_by_itself_and_one_site_needs_no_name(tmp_path: Path) -> None:
    two = history(site="N") + "".join(history(site="S").splitlines(keepends=True)[1:])
    made = plan_of(tmp_path / "a", history=two, stock="warehouse,sku,quantity\nN,TEA,0\nS,TEA,500\n")
    assert made.orders["site"].to_list() == ["N"]
    one = plan_of(tmp_path / "b", history=history(site="N"))
    assert one.levels["site"].to_list() == ["N"]
    assert plan_of(tmp_path / "c").levels["site"].to_list() == ["main"]


def test_what_one_site_can_spare_goes_to_another_and_is_not_ordered_there(tmp_path: Path) -> None:
    two = history(site="N") + "".join(history(site="S").splitlines(keepends=True)[1:])
    files = {
        "history": two,
        "stock": "site,sku,quantity\nN,TEA,0\nS,TEA,500\n",
        "items": "sku,name,unit price\nTEA,Tea,9\n",
    }
    alone = plan_of(tmp_path, **files)
    assert "transfers" not in alone.tables
    assert said(alone, "There is no file lanes.csv")
    made = plan_of(tmp_path, **files, lanes="from,to,days,cost\nS,N,1,5\n")
    (move,) = made.tables["transfers"].to_dicts()
    assert (move["from_site"], move["to_site"], move["sku"], move["description"]) == ("S", "N", "TEA", "Tea")
    assert move["arrives_on"].isoformat() == "2026-02-03"
    north = made.levels.filter(pl.col("site") == "N").row(0, named=True)
    assert north["on_order"] == move["quantity"]
    assert made.orders["total"].sum() < alone.orders["total"].sum()


def test_another_day_and_other_parameters_are_kept_to(tmp_path: Path) -> None:
    folder = written(tmp_path / "in", GOOD)
    late = plan_folder(folder, options=Options(today=date(2026, 2, 20)))
    assert late.summary["as_of"] == "2026-02-20"
    assert said(late, "Demand is told up to 2026-02-02, and 2026-02-20 is planned for.")
    sure = plan_folder(folder, options=Options(Params(service_level=0.99, longest_cover_days=5)))
    assert order(sure)["quantity"] < order(plan_folder(folder))["quantity"]
    assert sure.summary["parameters"]["service_level"] == 0.99


def test_tables_in_memory_give_what_their_files_give(tmp_path: Path) -> None:
    folder = written(tmp_path / "in", GOOD)
    frames = {name.removesuffix(".csv"): pl.read_csv(folder / name) for name in GOOD}
    assert plan(frames).orders.equals(plan_folder(folder).orders)
    plain = {name: {column: list(frame[column]) for column in frame.columns} for name, frame in frames.items()}
    assert plan(plain).levels.equals(plan_folder(folder).levels)


def test_what_a_spreadsheet_could_run_is_guarded_in_files_and_not_in_memory(tmp_path: Path) -> None:
    folder = written(tmp_path / "in", dict(GOOD) | {"stock.csv": STOCK + "=1+1,3\n"})
    made = plan_folder(folder, tmp_path / "out")
    assert made.levels["sku"].to_list() == ["=1+1", "TEA"]
    lines = (tmp_path / "out" / "levels.csv").read_text("utf-8").splitlines()
    assert lines[1].startswith("main,'=1+1,3,3,0,3,")


def test_files_of_an_earlier_plan_go_and_others_stay(tmp_path: Path) -> None:
    folder, out = written(tmp_path / "in", GOOD), tmp_path / "out"
    written(out, {"mine.txt": "kept", "orders.csv": "old", "race.csv": "old", "summary.json": "{}"})
    plan_folder(folder, out)
    there = {path.name for path in out.iterdir()}
    assert {"levels.csv", "mine.txt", "orders.csv", "summary.json"} <= there
    assert "race.csv" not in there
    assert (out / "orders.csv").read_text("utf-8") != "old"
