"""The commands that forecast files: no database, no installation."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from shelfwise.cli_progress import Progress, say

if TYPE_CHECKING:
    from shelfwise.settings import Settings

MOST_PATHS = 10_000


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `forecast` and `backtest`."""
    ahead = commands.add_parser(
        "forecast", help="forecast the demand of a file into a file; needs no installation and changes nothing else"
    )
    _add_history(ahead)
    ahead.add_argument("--horizon", metavar="N", type=int, help="how many periods ahead; with --future as it reaches")
    ahead.add_argument(
        "--future", metavar="FUTURE", type=Path,
        help="a file of what is known ahead, such as prices and promotions: item, location and date as in HISTORY; "
        "exactly its rows are forecast, and a date that is not in it is closed"
    )  # fmt: skip
    ahead.add_argument(
        "--quantiles", metavar="Q,Q,…", type=_quantiles, default=(0.1, 0.5, 0.9),
        help="probabilities between 0 and 1 (default: 0.1,0.5,0.9)"
    )  # fmt: skip
    ahead.add_argument(
        "--cumulative", action="store_true",
        help="mean and quantiles of the running total up to each row, which is what planning needs: "
        "quantiles of periods do not add up"
    )  # fmt: skip
    ahead.add_argument(
        "--paths", metavar="N", type=_paths, default=0,
        help="write N possible futures as well, into a second file beside FORECAST: for FORECAST.csv into "
        "FORECAST-paths.csv"
    )  # fmt: skip
    ahead.add_argument(
        "--out", metavar="FORECAST", type=Path, required=True,
        help="the file to write, by its ending: item, location, date, mean, q0.1 and so on, model"
    )  # fmt: skip
    ahead.add_argument(
        "--explain", metavar="FILE", type=Path,
        help="write what each forecast is made of as well: item, location, first, last, group, amount"
    )  # fmt: skip
    ahead.set_defaults(command=_forecast)

    back = commands.add_parser(
        "backtest", help="race all ways to forecast on the past of a file, and show how each did; changes nothing"
    )
    _add_history(back)
    back.add_argument("--horizon", metavar="N", type=int, required=True, help="how many periods ahead")
    back.add_argument(
        "--windows", metavar="K", type=int, default=4, help="how many stretches of the past to forecast (default: 4)"
    )
    back.add_argument(
        "--future", metavar="FUTURE", type=Path,
        help="the file that the forecast will get: what it tells is known ahead in the windows too",
    )  # fmt: skip
    back.add_argument("--out", metavar="JSON", type=Path, help="write every score into this file, as JSON")
    back.set_defaults(command=_backtest)


def _add_history(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "history", metavar="HISTORY", type=Path,
        help="a CSV or Parquet file: item, location, date, quantity, and whatever else is told, such as price, "
        "promotion, in_stock or temperature"
    )  # fmt: skip
    parser.add_argument(
        "--frequency", choices=("day", "week", "month"), help="what a row is the demand of (default: found out)"
    )
    parser.add_argument(
        "--seed", metavar="N", type=int, default=0, help="the same seed gives the same numbers (default: 0)"
    )


def _quantiles(text: str) -> tuple[float, ...]:
    try:
        found = tuple(sorted({float(one) for one in text.split(",")}))
    except ValueError:
        found = ()
    if not found or not all(0 < one < 1 for one in found):
        raise argparse.ArgumentTypeError(f"expected probabilities between 0 and 1, such as 0.1,0.5,0.9, got {text!r}")
    return found


def _paths(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > MOST_PATHS:
        raise argparse.ArgumentTypeError(f"expected a number up to {MOST_PATHS}, got {text!r}")
    return int(text)


def _forecast(settings: Settings, given: argparse.Namespace) -> int:
    from shelfwise.demand.contest import Asked
    from shelfwise.demand.files.running import Files, forecast_file
    from shelfwise.demand.panel import Frequency

    frequency = Frequency(given.frequency) if given.frequency else None
    files = Files(given.history, given.future, given.horizon, frequency, given.out, given.explain)
    asked = Asked(given.quantiles, given.paths, abs(given.seed))
    with Progress() as progress:
        forecast_file(files, asked, cumulative=given.cumulative, say=say, progress=progress)
    return 0


def _backtest(settings: Settings, given: argparse.Namespace) -> int:
    from shelfwise.demand.files.running import backtest_file
    from shelfwise.demand.panel import Frequency

    frequency = Frequency(given.frequency) if given.frequency else None
    with Progress() as progress:
        backtest_file(
            given.history,
            given.future,
            given.horizon,
            given.windows,
            frequency,
            given.out,
            seed=abs(given.seed),
            say=say,
            progress=progress,
            show=print,
        )
    return 0
