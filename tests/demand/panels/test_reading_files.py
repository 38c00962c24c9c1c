"""What the rows of a file are taken for: frequency, missing rows, columns known ahead; and what is said of it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from shelfwise.demand.files.building import Read, read
from shelfwise.demand.panel import Column, Frequency

DAYS = [date(2026, 1, 5) + timedelta(days=one) for one in range(84)]


def write(folder: Path, frame: pl.DataFrame, name: str = "history.csv") -> Path:
    path = folder / name
    if name.endswith("parquet"):
        frame.write_parquet(path)
    else:
        frame.write_csv(path)
    return path


def rows(days: list[date], item: str = "tea", location: str = "north", quantity: float = 5) -> pl.DataFrame:
    return pl.DataFrame({"item": item, "location": location, "date": days, "quantity": quantity})


def built(
    folder: Path,
    history: pl.DataFrame,
    future: pl.DataFrame | None = None,
    horizon: int | None = 7,
    ending: str = "csv",
) -> Read:
    later = None if future is None else write(folder, future, f"future.{ending}")
    return read(write(folder, history, f"history.{ending}"), later, horizon, None)


def said(found: Read, words: str) -> bool:
    return any(words in note for note in found.notes)


def column(found: Read, name: str) -> Column:
    return next(one for one in found.panel.columns if one.name == name)


@pytest.mark.parametrize(
    ("days", "frequency", "next_date"),
    [
        (DAYS, Frequency.DAY, date(2026, 3, 30)),
        ([one for one in DAYS if one.toordinal() % 11], Frequency.DAY, date(2026, 3, 30)),
        (DAYS[3::7], Frequency.WEEK, date(2026, 4, 2)),
        ([one for number, one in enumerate(DAYS[3::7]) if number not in (2, 3, 6)], Frequency.WEEK, date(2026, 4, 2)),
        ([date(2025, month, 1) for month in range(1, 13) if month != 6], Frequency.MONTH, date(2026, 1, 1)),
        ([date(2025, 1, 31), date(2025, 2, 28), date(2025, 3, 31), date(2025, 4, 30)], Frequency.MONTH,
         date(2025, 5, 31)),
    ],
)  # fmt: skip
def test_the_frequency_is_found_out_with_holes(
    tmp_path: Path, days: list[date], frequency: Frequency, next_date: date
) -> None:
    found = built(tmp_path, rows(days))
    assert found.panel.frequency == frequency
    assert found.panel.dates[found.panel.periods] == next_date


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_exactly_the_rows_of_the_future_are_forecast_and_the_others_are_closed(tmp_path: Path, ending: str) -> None:
    ahead = [date(2026, 3, 30) + timedelta(days=one) for one in (0, 1, 4)]
    future = pl.concat([rows(ahead), rows(ahead[:1], item="cold start")]).drop("quantity")
    found = built(tmp_path, rows(DAYS), future, None, ending)
    assert found.panel.keys == (("cold start", "north"), ("tea", "north"))
    assert found.panel.wanted.tolist() == [[True, False, False, False, False], [True, True, False, False, True]]
    assert [found.panel.keys[one][0] for one in found.series] == ["tea", "tea", "tea", "cold start"]
    assert found.days == (*ahead, ahead[0])
    assert said(found, "1 series of the future have no history")


def test_without_zeros_a_missing_row_is_zero_where_the_place_traded_and_closed_where_it_did_not(tmp_path: Path) -> None:
    open_days = [one for one in DAYS if one.weekday() != 6]
    frames = [rows(open_days, item=item) for item in ("tea", "salt")] + [rows(open_days[::5], item="saffron")]
    found = built(tmp_path, pl.concat(frames))
    saffron = found.panel.quantity[found.panel.keys.index(("saffron", "north"))]
    assert np.isnan(saffron[6])
    assert saffron[1] == 0
    assert said(found, "closed, because their location has no row on that date")
    assert said(found, "no row on a Sunday")
    assert found.panel.wanted.sum(axis=1).tolist() == [6, 6, 6]


def test_one_slow_mover_alone_says_nothing_about_when_its_place_was_open(tmp_path: Path) -> None:
    some = [one for one in DAYS if one.toordinal() % 5 in (0, 2) and one.toordinal() % 3]
    found = built(tmp_path, rows(some), horizon=7)
    assert not np.isnan(found.panel.quantity).any()
    assert found.panel.wanted.all()


def test_where_zeros_are_written_a_missing_row_is_unknown(tmp_path: Path) -> None:
    frame = rows(DAYS).with_columns(quantity=pl.Series([0.0, 1.0] * 42)).filter(pl.col("date") != DAYS[40])
    found = built(tmp_path, frame)
    assert np.flatnonzero(np.isnan(found.panel.quantity[0])).tolist() == [40]
    assert said(found, "1 rows are missing after the first of their series: unknown")


@pytest.mark.parametrize(
    ("heading", "values"),
    [
        ("in_stock", ["1", "0"]),
        ("In Stock", ["yes", "no"]),
        ("stockout", ["false", "true"]),
        ("available", ["12", "0"]),
        ("in_stock", ["in", "out"]),
        ("in_stock", ["ja", "nein"]),
        ("in_stock", ["100%", "0 %"]),
        ("availability", ["Available", "Sold_Out"]),
        ("stockout", ["in stock", "out-of-stock"]),
        ("stockout", ["non", "oui"]),
        ("stockout", ["", "X"]),
    ],
)
def test_a_day_sold_out_is_masked_and_its_column_is_no_input(tmp_path: Path, heading: str, values: list[str]) -> None:
    frame = rows(DAYS).with_columns(pl.Series(heading, [values[0]] * 83 + values[1:]))
    found = built(tmp_path, frame)
    assert np.flatnonzero(np.isnan(found.panel.quantity[0])).tolist() == [83]
    assert found.panel.columns == ()
    assert said(found, "1 rows were sold out")


def test_categories_of_parquet_are_read_as_their_words(tmp_path: Path) -> None:
    frame = rows(DAYS).with_columns(
        in_stock=pl.Series(["yes"] * 83 + ["no"]).cast(pl.Enum(["no", "yes"])),
        item=pl.lit("tea").cast(pl.Categorical),
        quantity=pl.Series(["5"] * 84).cast(pl.Categorical),
        promotion=pl.Series(["none", "leaflet"] * 42).cast(pl.Categorical),
    )
    found = built(tmp_path, frame, ending="parquet")
    assert np.flatnonzero(np.isnan(found.panel.quantity[0])).tolist() == [83]
    assert column(found, "promotion").labels == ("none", "leaflet")


@pytest.mark.parametrize("states", [["open", "closed"], ["ouvert", "fermé"], ["yes", "no"]])
def test_a_door_is_open_or_closed_in_words(tmp_path: Path, states: list[str]) -> None:
    frame = rows(DAYS).with_columns(open=pl.Series(states[:1] * 83 + states[1:]))
    assert said(built(tmp_path, frame), "1 rows were closed")


def test_a_day_told_to_be_closed_is_written_as_such(tmp_path: Path) -> None:
    frame = rows(DAYS).with_columns(open=pl.lit(1))
    ahead = rows([date(2026, 3, 30), date(2026, 3, 31)]).drop("quantity").with_columns(open=pl.Series([1, 0]))
    found = built(tmp_path, frame, ahead, None)
    assert found.closed.tolist() == [False, True]
    assert found.panel.wanted.tolist() == [[True, False]]


def test_zeros_of_closed_days_do_not_say_that_missing_rows_are_unknown(tmp_path: Path) -> None:
    frame = rows(DAYS).with_columns(open=pl.Series([0] + [1] * 83), quantity=pl.Series([0] + [5] * 83))
    other = frame.with_columns(item=pl.lit("salt")).filter(pl.col("date") != DAYS[40])
    found = built(tmp_path, pl.concat([frame, other]))
    assert found.panel.quantity[found.panel.keys.index(("salt", "north")), 40] == 0


def test_columns_are_known_ahead_only_where_the_future_tells_them(tmp_path: Path) -> None:
    history = rows(DAYS).with_columns(
        price=pl.lit(2.5), promotion=pl.Series(["none", "leaflet"] * 42), temperature=pl.Series(range(84)),
        brand=pl.lit("Leaf"),
    )  # fmt: skip
    ahead = rows([date(2026, 3, 30), date(2026, 3, 31)]).drop("quantity")
    future = ahead.with_columns(price=pl.Series([2.0, None]), Promotion=pl.lit("shelf"), sales=pl.lit(99))
    found = built(tmp_path, history, future, None)
    assert {one.name: one.ahead for one in found.panel.columns} == {
        "price": True, "promotion": True, "temperature": False, "brand": True,
    }  # fmt: skip
    promotion = column(found, "promotion")
    assert [promotion.labels[int(one)] for one in promotion.values[0, -3:]] == ["leaflet", "shelf", "shelf"]
    assert np.isnan(column(found, "price").values[0, -1])
    assert np.isnan(column(found, "temperature").values[0, -2:]).all()
    assert column(found, "brand").values[0, -1] == 0
    for words in ("'price' is empty in 50%", "Not told of the future: 'temperature'", "does not have it: 'sales'"):
        assert said(found, words)


@pytest.mark.parametrize("mark", ["X", "1"])
def test_a_mark_or_nothing_is_a_flag_and_its_blanks_are_no_warning(tmp_path: Path, mark: str) -> None:
    promotion = pl.Series([mark if day % 7 == 3 else None for day in range(84)])
    future = rows([date(2026, 3, 30), date(2026, 3, 31)]).drop("quantity").with_columns(promo=pl.Series([mark, None]))
    found = built(tmp_path, rows(DAYS).with_columns(promo=promotion), future, None)
    values = column(found, "promo").values[0]
    assert values.tolist() == [float(day % 7 == 3) for day in range(84)] + [1.0, 0.0]
    assert column(found, "promo").ahead
    assert not said(found, "is empty in")


def test_a_future_of_which_nothing_is_in_the_history_is_said_with_a_name_of_each(tmp_path: Path) -> None:
    found = built(tmp_path, rows(DAYS), rows([date(2026, 3, 30)], item="00tea").drop("quantity"), None)
    assert said(found, "it has ('tea', 'north'), the future ('00tea', 'north')")


def test_a_flag_of_closed_days_that_the_future_lacks_is_said(tmp_path: Path) -> None:
    history = rows(DAYS).with_columns(open=pl.Series([0, *[1] * 83]))
    future = rows([date(2026, 3, 30)]).drop("quantity")
    assert said(built(tmp_path, history, future, None), "Not told of the future: 'open'")


def test_a_future_that_could_be_read_in_two_ways_is_read_as_the_history(tmp_path: Path) -> None:
    history = rows(DAYS).with_columns(pl.col("date").dt.strftime("%d/%m/%Y"))
    future = rows([date(2026, 4, day) for day in range(1, 4)]).drop("quantity")
    found = built(tmp_path, history, future.with_columns(pl.col("date").dt.strftime("%d/%m/%Y")), None)
    assert found.days == (date(2026, 4, 1), date(2026, 4, 2), date(2026, 4, 3))


def test_what_is_the_same_everywhere_is_kept_once(tmp_path: Path) -> None:
    frame = pl.concat([rows(DAYS, item=item).with_columns(heat=pl.Series(range(84))) for item in ("a", "b")])
    assert column(built(tmp_path, frame), "heat").values.strides[0] == 0


def test_other_names_of_columns_are_taken_where_one_column_can_be_meant(tmp_path: Path) -> None:
    frame = rows(DAYS).rename({"item": "SKU", "location": "Store", "date": "day", "quantity": "Units Sold"})
    found = built(tmp_path, frame.with_columns(sales=pl.lit(12.5)))
    assert said(found, "'SKU' for item, 'Store' for location, 'day' for date, 'Units Sold' for quantity")
    assert [one.name for one in found.panel.columns] == ["sales"]


def test_numbers_of_items_and_places_are_taken_before_their_names(tmp_path: Path) -> None:
    frame = rows(DAYS).rename({"item": "Item Num", "location": "store_num"})
    found = built(tmp_path, frame.with_columns(item_name=pl.lit("Tea"), store_name=pl.lit("North")))
    assert said(found, "'Item Num' for item, 'store_num' for location")
    frame = rows(DAYS).rename({"item": "Product Name", "location": "StoreName"})
    assert said(built(tmp_path, frame), "'Product Name' for item, 'StoreName' for location")


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_numbers_of_items_are_the_same_where_one_file_writes_them_as_floats(tmp_path: Path, ending: str) -> None:
    history = rows(DAYS).with_columns(item=pl.lit(7.0), location=pl.lit(3))
    future = history.head(2).with_columns(item=pl.lit(7), location=pl.lit(3.0), date=pl.Series([date(2026, 4, 1)] * 2))
    found = built(tmp_path, history, future.head(1).drop("quantity"), None, ending)
    assert found.panel.keys == (("7", "3"),)


def test_weeks_in_a_file_of_days_are_said(tmp_path: Path) -> None:
    found = built(tmp_path, pl.concat([rows(DAYS), rows(DAYS[::7], item="by the week")]))
    assert said(found, "1 series, such as 'by the week', have a row every seven days")


def test_a_location_may_be_missing(tmp_path: Path) -> None:
    found = built(tmp_path, rows(DAYS).drop("location"))
    assert found.panel.keys == (("tea", ""),)
    assert said(found, "no column for location")


@pytest.mark.parametrize(
    "text",
    [
        "05.01.2026", "5/1/2026", "2026-01-05 00:00:00", "2026/1/5", "20260105", "2026-01-05T08:30:00+02:00",
    ],
)  # fmt: skip
def test_dates_are_read_however_they_are_written(tmp_path: Path, text: str) -> None:
    pattern = {
        "05.01.2026": "%d.%m.%Y", "5/1/2026": "%d/%m/%Y", "2026/1/5": "%Y/%m/%d", "20260105": "%Y%m%d",
        "2026-01-05 00:00:00": "%Y-%m-%d 00:00:00", "2026-01-05T08:30:00+02:00": "%Y-%m-%dT08:30:00+02:00",
    }[text]  # fmt: skip
    found = built(tmp_path, rows(DAYS).with_columns(pl.Series("date", [day.strftime(pattern) for day in DAYS])))
    assert found.panel.dates[0] == DAYS[0]
    assert found.panel.frequency is Frequency.DAY


def test_where_day_and_month_could_be_either_an_even_rhythm_decides(tmp_path: Path) -> None:
    months = [f"01/{month:02}/{year}" for year in (2024, 2025) for month in range(1, 13)]
    frame = pl.DataFrame({"item": "tea", "date": months, "quantity": 1})
    assert built(tmp_path, frame).panel.frequency is Frequency.MONTH


def test_a_file_of_windows_with_semicolons_and_decimal_commas_is_read(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    lines = [f"Käse;{day:%d.%m.%Y};1.234,5;2,99" for day in DAYS]
    path.write_bytes("\r\n".join(["item;date;quantity;price", *lines]).encode("cp1252"))
    found = read(path, None, 7, None)
    assert found.panel.keys == (("Käse", ""),)
    assert found.panel.quantity[0, 0] == 1234.5
    assert column(found, "price").values[0, 0] == np.float32(2.99)
    assert said(found, "Windows-1252")


@pytest.mark.parametrize(
    ("cells", "quantities"),
    [
        (["0,800", "1,250"], [0.8, 1.25]),
        (["1,250", "2,5"], [1.25, 2.5]),
        (["1.250,5", "2.400", "0.125"], [1250.5, 2400, 0.125]),
        (["1,240", "640", "0"], [1240, 640, 0]),
        (["1,240", "12.5"], [1240, 12.5]),
        (["1,234,567", "1,240"], [1234567, 1240]),
        (["1.240", "640", "-1.100"], [1240, 640, np.nan]),
        (["1.234.567", "1.240"], [1234567, 1240]),
        (["1.240", "2.5", "640"], [1.24, 2.5, 640]),
        ([" 1.2500", "1.250"], [1.25, 1.25]),
    ],
)
def test_commas_and_points_are_told_apart_by_what_stands_beside_them(
    tmp_path: Path, cells: list[str], quantities: list[float]
) -> None:
    path = tmp_path / "history.csv"
    lines = [f"tea;{day};{cell}" for day, cell in zip(DAYS, cells, strict=False)]
    path.write_text("\n".join(["item;date;quantity", *lines]), "utf-8")
    assert np.allclose(read(path, None, 7, None).panel.quantity[0], quantities, equal_nan=True)


def test_a_quantity_that_stands_alone_is_set_aside_and_said(tmp_path: Path) -> None:
    frame = rows(DAYS).with_columns(quantity=pl.Series([5.0] * 50 + [1e9, 1e6] + [5.0] * 32))
    found = built(tmp_path, frame)
    assert np.flatnonzero(np.isnan(found.panel.quantity[0])).tolist() == [50, 51]
    assert said(found, "Set aside: 1e+09 of 'tea' at 'north' on 2026-02-24")


def test_returns_are_masked_and_said(tmp_path: Path) -> None:
    frame = rows(DAYS).with_columns(quantity=pl.Series([5.0] * 83 + [-2.0]))
    found = built(tmp_path, frame)
    assert np.isnan(found.panel.quantity[0, -1])
    assert said(found, "1 rows are negative")
