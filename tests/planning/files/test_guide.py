"""The command `plan` and its Python door, on the examples of their guide."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import polars as pl
import pytest

from shelfwise import cli
from shelfwise.planning.files.columns import COLUMNS

GUIDES = Path(__file__).resolve().parents[3] / "docs" / "guides"
GUIDE = (GUIDES / "plan-from-files.md").read_text("utf-8")


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(GUIDES / "plan-from-files", tmp_path / "plan-from-files")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_example_of_the_guide_is_planned_as_it_says(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (command,) = re.findall(r"^shelfwise (plan .*)$", GUIDE, re.MULTILINE)
    assert cli.main(command.split()) == 0
    said = capsys.readouterr()
    assert "4 items at 2 sites, as of 2026-03-02." in said.out
    assert "Nobody said how long" not in said.out
    assert "1 lead time not said (of 'GROCER'): 7 days are assumed" in said.err
    promised = re.findall(r"^\| `([a-z]+\.(?:csv|json))` \|", GUIDE, re.MULTILINE)
    assert sorted(path.name for path in (example / "plan").iterdir()) == sorted(promised)
    orders = pl.read_csv(example / "plan" / "orders.csv")
    assert orders.columns == list(COLUMNS["orders"])
    cheese = orders.filter((pl.col("sku") == "CHEESE-1KG") & (pl.col("site") == "HARBOUR")).row(0, named=True)
    assert cheese["quantity"] % 6 == 0
    assert "the 7 days that are usual here and 4 deliveries are assumed" in cheese["reason"]
    assert orders.filter((pl.col("sku") == "MUG-RED") & (pl.col("site") == "HARBOUR")).is_empty()
    levels = pl.read_csv(example / "plan" / "levels.csv")
    assert levels.columns == list(COLUMNS["levels"])
    assert levels.height == 8
    summary = json.loads((example / "plan" / "summary.json").read_text("utf-8"))
    assert summary["totals"] == [{"currency": "GBP", "total": pytest.approx(orders["total"].sum())}]


def test_the_same_folder_and_seed_give_the_same_bytes(example: Path) -> None:
    items = Path("plan-from-files/history.csv")
    items.write_text("".join(line for line in items.read_text("utf-8").splitlines(True) if "MUG" not in line), "utf-8")
    for out in ("one", "other"):
        assert cli.main(["plan", "plan-from-files", "--out", out, "--seed", "3"]) == 0
    names = [path.name for path in (example / "one").iterdir()]
    assert len(names) == 7
    for name in names:
        assert (example / "one" / name).read_bytes() == (example / "other" / name).read_bytes()


def test_the_forecast_of_the_guide_is_taken_where_it_lies_in_the_folder(
    example: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (command,) = re.findall(r"^shelfwise (forecast .*)$", GUIDE, re.MULTILINE)
    assert cli.main(command.split()) == 0
    shutil.move("forecast-paths.csv", "plan-from-files")
    capsys.readouterr()
    assert cli.main(["plan", "plan-from-files", "--out", "plan", "--json", "--no-race"]) == 0
    said = capsys.readouterr()
    assert "forecast-paths.csv: 8 forecasts, from 2026-03-02 on" in said.err
    assert json.loads(said.out)["counts"]["with_forecast"] == 8


def test_what_is_wrong_is_explained_with_exit_code_1_and_nothing_is_written(
    example: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["plan", "nowhere", "--out", "plan"]) == 1
    assert "folder nowhere: expected a folder of CSV or Parquet files, got no such folder" in capsys.readouterr().err
    assert cli.main(["plan", "plan-from-files", "--out", "plan-from-files"]) == 1
    assert "--out: expected a folder of its own" in capsys.readouterr().err
    assert cli.main(["plan", "plan-from-files", "--out", "plan", "--service-level", "2"]) == 1
    assert "service_level: expected a number from 0.5 to 0.999" in capsys.readouterr().err
    assert not Path("plan").exists()
    with pytest.raises(SystemExit) as stopped:
        cli.main(["plan", "plan-from-files", "--out", "plan", "--today", "soon"])
    assert stopped.value.code == 2


def test_the_python_of_the_guide_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"^```python plan.py\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    exec(compile(code, "plan.py", "exec"), {})
    assert "'sku': 'MUG-RED', 'supplier': 'POTTERY'" in capsys.readouterr().out
