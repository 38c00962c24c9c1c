"""The command that plans a folder: no database, no installation."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from shelfwise.cli_progress import Progress, say

if TYPE_CHECKING:
    from shelfwise.settings import Settings

# By option: what it is of, its type, its default and what it means. Ranges are checked where they are used.
_NUMBERS: tuple[tuple[str, Callable[[str], float], float, str], ...] = (
    ("--service-level", float, 0.95, "the share of replenishment cycles that should pass without a stockout"),
    ("--review-days", int, 1, "days until you plan again"),
    ("--holding-rate", float, 0.25, "cost of a year's stock as a share of its value"),
    ("--ordering-cost", float, 15.0, "cost of placing and receiving an order line, in the currency of the terms"),
    ("--longest-cover-days", int, 60, "no order covers more days, whatever is cheaper; minimum and pack excepted"),
    ("--usual-lead-days", float, 7.0, "assumed where nobody says how long a supplier takes"),
)


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `plan`."""
    parser = commands.add_parser(
        "plan", help="plan what to order from the tables of a folder; needs no installation and changes nothing else"
    )
    parser.add_argument(
        "folder", metavar="FOLDER", type=Path,
        help="CSV or Parquet files: stock, history or forecast, and terms, items, suppliers, purchase_orders, lanes,"
        " receipts"
    )  # fmt: skip
    parser.add_argument(
        "--out", metavar="OUT", type=Path, required=True,
        help="the folder to write: orders.csv, levels.csv, summary.json and what else there is to say; all or nothing"
    )  # fmt: skip
    for name, kind, default, words in _NUMBERS:
        parser.add_argument(name, metavar="N", type=kind, default=default, help=f"{words} (default: {default:g})")
    parser.add_argument(
        "--budget", metavar="N", type=float,
        help="what all orders of a site may cost in this run; what is worth most now comes first (default: no limit)",
    )  # fmt: skip
    parser.add_argument(
        "--no-race", dest="race", action="store_false",
        help="do not let policies race on each item's past: faster, and the forecast's quantile says when to order",
    )  # fmt: skip
    parser.add_argument(
        "--today", metavar="DAY", type=_day, help="the first day to plan for (default: the one after the history)"
    )
    parser.add_argument(
        "--seed", metavar="N", type=int, default=0, help="the same seed gives the same numbers (default: 0)"
    )
    parser.add_argument("--json", action="store_true", help="print the summary as JSON instead of in words")
    parser.set_defaults(command=_plan)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected a day such as 2026-03-31, got {text!r}") from error


def _plan(settings: Settings, given: argparse.Namespace) -> int:
    from shelfwise.planning.files.deciding import Options
    from shelfwise.planning.files.running import plan_folder
    from shelfwise.planning.files.saying import in_words
    from shelfwise.planning.model import Params

    params = Params(
        service_level=given.service_level,
        review_days=given.review_days,
        holding_rate=given.holding_rate,
        ordering_cost=given.ordering_cost,
        longest_cover_days=given.longest_cover_days,
        budget=given.budget,
    )
    options = Options(params, given.today, given.usual_lead_days, abs(given.seed), given.race)
    with Progress() as progress:
        made = plan_folder(given.folder, given.out, options, progress)
    for note in made.summary["notes"]:
        say(note)
    if given.json:
        print(json.dumps(made.summary, indent=2, ensure_ascii=False))
        return 0
    for line in in_words(made.summary, made.orders, given.out):
        print(line)
    return 0
