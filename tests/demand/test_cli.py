"""The commands `forecast` and `backtest`, on the example of their guide."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest

from shelfwise import cli

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "forecast-a-file.md"


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in re.findall(r"^```csv (\S+)\n(.*?)^```", GUIDE.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_example_of_the_guide_is_forecast_as_it_says(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commands = re.findall(r"^shelfwise (forecast .*)$", GUIDE.read_text("utf-8"), re.MULTILINE)
    for command in commands:
        assert cli.main(command.split()) == 0
    made = pl.read_csv(example / "forecast.csv")
    assert made.columns == ["item", "location", "date", "mean", "q0.1", "q0.5", "q0.9", "model"]
    asked = pl.read_csv(example / "future.csv")
    assert made.select("item", "location", "date").equals(asked.select("item", "location", "date"))
    assert made["mean"].is_between(15, 60).all()
    totals = pl.read_parquet(example / "total.parquet")
    assert totals["mean"].is_sorted()
    assert totals.height == 12
    said = capsys.readouterr()
    assert "for closed, because their location has no row on that date" in said.err
    assert said.out == ""
    assert sorted(path.name for path in example.iterdir()) == [
        "forecast.csv", "future.csv", "history.csv", "total.parquet",
    ]  # fmt: skip


def test_a_race_is_printed_and_what_is_wrong_is_explained_with_exit_code_1(
    example: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["backtest", "history.csv", "--horizon", "3", "--windows", "2", "--out", "race.json"]) == 0
    assert "1 series, 2 windows of 3 periods" in capsys.readouterr().out
    assert json.loads((example / "race.json").read_text("utf-8"))["horizon"] == 3
    assert cli.main(["backtest", "history.csv", "--horizon", "0"]) == 1
    assert "--horizon: expected a number of periods from 1" in capsys.readouterr().err
    assert cli.main(["forecast", "future.csv", "--horizon", "3", "--out", "forecast.csv"]) == 1
    assert "future.csv, headings: expected a column 'quantity'" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stopped:
        cli.main(["forecast", "history.csv", "--quantiles", "1.5", "--out", "forecast.csv"])
    assert stopped.value.code == 2


def test_paths_go_into_a_file_beside_the_forecast(example: Path) -> None:
    asked = ["forecast", "history.csv", "--horizon", "4", "--paths", "5", "--seed", "3", "--out", "ahead.csv"]
    assert cli.main(asked) == 0
    made, paths = pl.read_csv(example / "ahead.csv"), pl.read_csv(example / "ahead-paths.csv")
    assert paths.columns == ["item", "location", "date", "path", "quantity"]
    assert paths.height == 5 * made.height
    before = paths.write_csv()
    assert cli.main(asked) == 0
    assert pl.read_csv(example / "ahead-paths.csv").write_csv() == before


def test_what_a_forecast_is_made_of_goes_into_a_file_and_adds_up(example: Path) -> None:
    asked = ["forecast", "history.csv", "--horizon", "14", "--out", "ahead.csv", "--explain"]
    assert cli.main([*asked, "why.csv"]) == 0
    made, why = pl.read_csv(example / "ahead.csv"), pl.read_csv(example / "why.csv")
    assert why.columns == ["item", "location", "first", "last", "group", "amount"]
    assert why["first"].unique(maintain_order=True).to_list() == ["2026-03-22", "2026-03-29"]
    assert why["amount"].sum() == pytest.approx(made["mean"].sum(), abs=0.01)
    assert cli.main([*asked, "why.pdf"]) == 1
