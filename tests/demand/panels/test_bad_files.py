"""A file that cannot be right is refused with what was expected, what came, where, and what to do; never a crash."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shelfwise.core.errors import Invalid, ShelfwiseError
from shelfwise.demand.contest import Asked
from shelfwise.demand.files import running
from shelfwise.demand.files.building import read
from shelfwise.demand.files.running import Files, forecast_file
from shelfwise.demand.race.race import quiet
from shelfwise.demand.simple.forecaster import simple_forecasters

HEAD = "item,location,date,quantity\n"
WEEK = "".join(f"tea,north,2026-01-{day:02},5\n" for day in range(5, 12))


def refused(folder: Path, text: str | bytes, future: str | None = None, name: str = "history.csv") -> str:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    later = None
    if future is not None:
        later = folder / "future.csv"
        later.write_text(future, "utf-8")
    with pytest.raises(Invalid) as caught:
        read(path, later, 3, None)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "history.csv: expected headings and rows"),
        (HEAD, "got no rows"),
        (HEAD + WEEK + "tea,north,2026-01-07,5\n", "row 9: expected one row of each item, location and day"),
        (HEAD + WEEK + "tea,north,2026-01-07,5\n", "as in row 4"),
        (HEAD + WEEK + "tea,north,soon,5\n", "row 9, column date: expected a date, got 'soon'"),
        (HEAD + WEEK + "tea,north,13.01.2026,5\n", "row 9, column date: expected a date written as the others"),
        (HEAD + WEEK + "tea,north,2026-02-30,5\n", "row 9, column date: expected a date, got '2026-02-30'"),
        (HEAD + WEEK + "tea,north,2026-01-13,many\n", "row 9, column quantity: expected a number, got 'many'"),
        (HEAD + WEEK + "tea,north,2026-01-13,inf\n", "row 9, column quantity: expected a number up to 1e+12"),
        (HEAD + WEEK + "tea,north,2026-01-13,1e30\n", "row 9, column quantity: expected a number up to 1e+12"),
        (HEAD + WEEK + ",north,2026-01-13,1\n", "row 9, column item: expected the item, got 'an empty cell'"),
        (HEAD + WEEK + "tea,north,,1\n", "row 9, column date: expected a date, got 'an empty cell'"),
        (
            HEAD + WEEK + "tea,north,2026-01-13,1,9\n",
            "row 9: expected as many cells in each row as there are headings, got 5 cells instead of 4",
        ),
        (HEAD + "tea,north,01/02/2026,1\n", "expected a date that can be read in one way"),
        (HEAD + "tea,north,1900-01-01,1\ntea,north,2199-01-01,1\ntea,north,2199-01-02,1\n", "at most 40,000 days"),
        (HEAD + "a,n,2026-01-05,1\na,n,2026-01-14,1\na,n,2026-01-23,1\n", "with --frequency day, week or month"),
        ("item,date,date,quantity\nx,2026-01-01,2026-01-01,1\n", "expected each heading once"),
        ("sku,product,date,quantity\nx,y,2026-01-01,1\n", "expected one column for item, got 'sku' and 'product'"),
        ("item,date\nx,2026-01-01\n", "expected a column 'quantity'"),
        ("item,date,quantity\nx,2026-01-01,1\nx,2026-01-01,1\n", "if one is, call it 'location'. Add them up"),
        (b"\x00\x01\x02\x03binary", "bytes that are no text"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str | bytes, words: str) -> None:
    assert words in refused(tmp_path, text)


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["1,250", "2,400"], "row 2, column quantity: expected a number that can be read in one way, got '1,250'"),
        (["1,250", "2,400", "0"], "Write it as 1250, or with another place as 1,2500; and the others like it."),
        (["1250", "2,400", "640"], "row 3, column quantity: expected a number that can be read in one way"),
        (["1.250", "2.400", "7"], "Write it as 1250, or with another place as 1.2500; and the others like it."),
        (["1,250.5", "2,4"], "row 2, column quantity: expected a number, got '1,250.5'"),
        (["1,5", "many"], "row 3, column quantity: expected a number, got 'many'"),
    ],
)
def test_a_quantity_that_can_be_read_in_two_ways_is_asked(tmp_path: Path, cells: list[str], words: str) -> None:
    rows = "".join(f"tea;2026-01-{day:02};{cell}\n" for day, cell in enumerate(cells, start=5))
    assert words in refused(tmp_path, "item;date;quantity\n" + rows)


@pytest.mark.parametrize("heading", ["in_stock", "open", "stockout"])
def test_words_that_nobody_knows_of_a_shelf_or_a_door_are_named(tmp_path: Path, heading: str) -> None:
    words = refused(tmp_path, f"item,date,quantity,{heading}\ntea,2026-01-05,1,yes\ntea,2026-01-06,1,perhaps\n")
    assert f"history.csv, column {heading}: expected yes or no" in words
    assert "got 'perhaps'. Write it so, or rename the column" in words


def test_a_row_of_the_future_that_is_history_is_named(tmp_path: Path) -> None:
    words = refused(tmp_path, HEAD + WEEK, "item,location,date\ntea,north,2026-01-12\ntea,north,2026-01-11\n")
    assert "future.csv, row 3, column date: expected a date after 2026-01-11" in words


def test_a_future_without_the_location_of_the_history_is_refused(tmp_path: Path) -> None:
    assert "Call them as in the history" in refused(tmp_path, HEAD + WEEK, "item,date\ntea,2026-01-12\n")


def test_what_is_written_takes_no_other_files_place(tmp_path: Path) -> None:
    history = tmp_path / "history.csv"
    history.write_text(HEAD + WEEK, "utf-8")
    for out, explained in ((history, None), (tmp_path / "out.csv", tmp_path / "out.csv")):
        with pytest.raises(Invalid, match="a file of its own for each"):
            forecast_file(
                Files(history, None, 3, None, out, explained), Asked(), cumulative=False, say=print, progress=quiet
            )
    assert history.read_text("utf-8") == HEAD + WEEK


@pytest.mark.parametrize("name", ["history.xlsx", "history"])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, name: str) -> None:
    assert "ends in .csv or .parquet" in refused(tmp_path, HEAD + WEEK, name=name)


def test_a_parquet_file_that_is_none_is_refused(tmp_path: Path) -> None:
    assert "expected a Parquet file" in refused(tmp_path, "no", name="history.parquet")


def test_lists_and_bytes_are_no_items_and_other_columns_of_them_are_left_out(tmp_path: Path) -> None:
    days = [date(2026, 1, 5) + timedelta(days=one) for one in range(20)]
    frame = pl.DataFrame({"item": "tea", "date": days, "quantity": 1})
    odd: dict[str, list[Any]] = {
        "tags": [["x"]] * 20,
        "raw": [b"\xff"] * 20,
        "for": [timedelta(1)] * 20,
        "none": [None] * 20,
    }
    path = tmp_path / "history.parquet"
    frame.with_columns(*(pl.Series(name, values) for name, values in odd.items())).write_parquet(path)
    found = read(path, None, 3, None)
    assert found.panel.columns == ()
    assert any("'tags' was left out" in note for note in found.notes)
    frame.with_columns(pl.Series("item", [["tea"]] * 20)).write_parquet(path)
    with pytest.raises(Invalid, match="column item: expected text, numbers or dates"):
        read(path, None, 3, None)


@pytest.mark.parametrize("ending", ["\n\n\n", "\r\n\r\n", " \n \n"])
def test_blank_lines_at_the_end_and_line_ends_of_old_are_no_rows(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "history.csv"
    path.write_bytes((HEAD + WEEK + ending).encode())
    assert read(path, None, 3, None).panel.periods == 7
    path.write_bytes((HEAD + WEEK).replace("\n", "\r").encode())
    assert read(path, None, 3, None).panel.periods == 7


NAMES = st.one_of(
    st.sampled_from(["tea", "=1+1", 'a"b', "a,b", "a\nb", " ", "-", "NULL", "ünïcödé", "@x", "nan", "0"]),
    st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=8),
)
QUANTITIES = st.one_of(
    st.integers(-3, 50).map(str),
    st.floats(0, 1e9).map(str),
    st.sampled_from(["", "0", "1e9", "NaN", "-inf", "1,5", "x", "1e400", " 7 "]),
)


@st.composite
def histories(draw: st.DrawFn, sane: bool) -> str:
    """Files as they come: holes, odd names and values, now and then a cell that is nonsense."""
    step = draw(st.sampled_from([1, 7, 9, 28]))
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["item", "location", "date", "quantity", "price"])
    numbers = st.integers(0, 60).map(str) if sane else QUANTITIES
    for name in draw(st.lists(NAMES, min_size=1, max_size=3, unique=True)):
        present = draw(st.lists(st.integers(0, 60), min_size=1, max_size=40, unique=True))
        for place in sorted(present):
            day = date(2024, 1, 1) + timedelta(days=step * place)
            writer.writerow([name, draw(st.sampled_from(["n", "s"])), day, draw(numbers), draw(QUANTITIES)])
    return file.getvalue()


@pytest.fixture(scope="module", autouse=True)
def simple_methods_alone() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "contenders", simple_forecasters)
        yield


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), sane=st.booleans(), horizon=st.integers(1, 12), cumulative=st.booleans())
def test_any_file_is_forecast_sanely_or_refused_in_words(
    tmp_path: Path, data: st.DataObject, sane: bool, horizon: int, cumulative: bool
) -> None:
    text = data.draw(histories(sane))
    history, out = tmp_path / "history.csv", tmp_path / "forecast.parquet"
    history.write_text(text, "utf-8", newline="")
    out.unlink(missing_ok=True)
    said: list[str] = []
    try:
        forecast_file(
            Files(history, None, horizon, None, out), Asked(), cumulative=cumulative, say=said.append, progress=quiet
        )
    except ShelfwiseError as error:
        assert ": expected " in str(error)
        assert not out.exists()
        return
    made = pl.read_parquet(out)
    assert len(made)
    known = made.filter(pl.col("mean").is_not_null())
    assert known.select(pl.col("mean", "q0.1", "q0.5", "q0.9").is_finite().all()).row(0) == (True,) * 4
    assert (known["q0.1"] >= 0).all()
    assert (known["q0.1"] <= known["q0.9"]).all()
    if sane and not cumulative:
        most = max(float(row["quantity"]) for row in csv.DictReader(io.StringIO(text)))
        highest = known["q0.9"].max()
        assert highest is None or float(str(highest)) <= 10 * most or any("more than 10 times" in one for one in said)
