"""What was planned as tables, and as files that appear whole or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import polars as pl

from shelfwise import __version__
from shelfwise.core.errors import Fault, Invalid
from shelfwise.planning.files.building import Built
from shelfwise.planning.files.deciding import Options, Planned
from shelfwise.planning.model import Decision, ItemState, Offer
from shelfwise.planning.replenish import Weighed
from shelfwise.records.exchange import guarded

ORDERS, LEVELS, SUMMARY = "orders", "levels", "summary.json"
Cell = str | float | int | date | None
# By column: what it holds, and what it means.
ORDER_COLUMNS: dict[str, tuple[pl.DataType, str]] = {
    "site": (pl.String(), "where it is needed"),
    "sku": (pl.String(), "the item"),
    "description": (pl.String(), "what people call it"),
    "supplier": (pl.String(), "from whom"),
    "quantity": (pl.Float64(), "how many units, in whole packs"),
    "unit": (pl.String(), "what they are counted in"),
    "unit_cost": (pl.Float64(), "of one, when so many are ordered"),
    "currency": (pl.String(), "of the costs"),
    "total": (pl.Float64(), "quantity times unit cost"),
    "order_by": (pl.Date(), "the last day on which ordering keeps the service level; the plan's day: now"),
    "expected_arrival": (pl.Date(), "after the median lead time, when it is ordered on the plan's day"),
    "binds": (pl.String(), "what decided the quantity"),
    "reason": (pl.String(), "why, in sentences with the numbers in them"),
    "runs_out_without": (pl.Float64(), "probability of running out before a later order could come, without it"),
    "runs_out_with": (pl.Float64(), "the same with it"),
    "units_short_if_waiting": (pl.Float64(), "owed on average if one waits for the next review"),
    "cost_of_waiting": (pl.Float64(), "margin that these lose; empty where no price is known"),
}
LEVEL_COLUMNS: dict[str, tuple[pl.DataType, str]] = {
    "site": (pl.String(), "where"),
    "sku": (pl.String(), "the item"),
    "on_hand": (pl.Float64(), "what lies there"),
    "available": (pl.Float64(), "of it, less what is reserved or owed"),
    "on_order": (pl.Float64(), "still to come"),
    "position": (pl.Float64(), "available plus on order"),
    "daily_demand": (pl.Float64(), "mean of a day; empty where there is no forecast"),
    "lead_days": (pl.Float64(), "median days from order to arrival"),
    "reorder_point": (pl.Float64(), "order when the position is not above it"),
    "order_up_to": (pl.Float64(), "and then up to this"),
    "safety_stock": (pl.Float64(), "what of the reorder point is more than the demand expected by then"),
    "service_level": (pl.Float64(), "that was kept"),
    "forecast": (pl.String(), "which method forecast it"),
    "note": (pl.String(), "why there are no levels, where there are none"),
}
COLUMNS = {ORDERS: ORDER_COLUMNS, LEVELS: LEVEL_COLUMNS}
WORDS = {
    ORDERS: "One row for what should be ordered of an item at a site, by supplier.",
    LEVELS: "One row for every item at every site, whether something is ordered or not.",
}


class Rows:
    """Rows of all tables, item by item: what is behind them need not be kept."""

    def __init__(self, today: date) -> None:
        self._today = today
        self._rows: dict[str, list[list[Cell]]] = {name: [] for name in COLUMNS}
        self.counts = {"items_at_sites": 0, "with_forecast": 0, "without_terms": 0}

    def add(self, one: Planned) -> None:
        """What was planned of an item at a site."""
        self.counts["items_at_sites"] += 1
        self.counts["with_forecast"] += one.item.demand is not None
        self.counts["without_terms"] += one.weighed is None
        self._rows[LEVELS].append(_levels(one))
        if one.weighed is not None and one.decision is not None:
            self._rows[ORDERS].append(_order(one, one.weighed, one.decision, self._today))

    def tables(self) -> dict[str, pl.DataFrame]:
        """All of them; orders by supplier, site and SKU."""
        found = {name: _frame(self._rows[name], columns) for name, columns in COLUMNS.items()}
        found[ORDERS] = found[ORDERS].sort("supplier", "site", "sku")
        return found


def _order(one: Planned, weighed: Weighed, decision: Decision, today: date) -> list[Cell]:
    offer = weighed.offer
    wait, stockout = decision.alternative["wait"], decision.evidence["stockout"]
    return [
        one.site, one.item.sku, one.item.description, offer.supplier,
        float(decision.quantity), one.item.unit, float(decision.unit_cost), decision.currency,
        float(decision.quantity * decision.unit_cost), one.order_by,
        today + timedelta(days=round(decision.expected_days)), _binds(one.item, weighed, decision), decision.reason,
        stockout["until_next_order_without"], stockout["until_next_order_with"],
        max(wait["units_short"] - wait["units_short_with_order"], 0.0), wait["margin_lost"],
    ]  # fmt: skip


def _binds(item: ItemState, weighed: Weighed, decision: Decision) -> str:
    """What decided the quantity: without it, another one would have been ordered."""
    if weighed.deal is not None:
        return "price break"
    missing = Decimal(f"{weighed.policy.order_up_to - item.position:.6f}")
    if decision.minimum_order > missing:
        return "minimum order"
    if decision.quantity - missing >= 1 and decision.pack_size > 1:
        return "whole packs"
    if item.demand is None:
        return "what is owed" if item.rule is None else "your own rule"
    return "order-up-to level"


def _levels(one: Planned) -> list[Cell]:
    item, weighed = one.item, one.weighed
    found: list[Cell] = [
        one.site, item.sku, item.on_hand.mean, item.available, float(item.ordered), item.position,
    ]  # fmt: skip
    model = item.demand.model if item.demand else None
    if weighed is None:
        return [*found, *[None] * 6, model, "nobody sells it: it has no terms"]
    policy, offer = weighed.policy, weighed.offer
    if item.demand is None and item.rule is None:
        return [*found, None, _lead(offer), *[None] * 4, None, "no forecast: only what is owed is ordered"]
    safety = None if item.demand is None else policy.reorder_point - float(policy.protected.mean())
    note = None if item.demand is not None else "no forecast: your own rule counts"
    daily = None if item.demand is None else policy.daily_mean
    return [
        *found, daily, _lead(offer), policy.reorder_point, policy.order_up_to, safety, one.service_level, model, note,
    ]  # fmt: skip


def _lead(offer: Offer) -> float:
    return offer.lead_time.quantile(0.5)


def _frame(rows: Sequence[Sequence[Cell]], columns: Mapping[str, tuple[pl.DataType, str]]) -> pl.DataFrame:
    schema = {name: kind for name, (kind, _) in columns.items()}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.with_columns(pl.col(pl.Float64).round(4))


def summary(
    tables: Mapping[str, pl.DataFrame], counts: Mapping[str, int], built: Built, options: Options, notes: Sequence[str]
) -> dict[str, Any]:
    """Counts, totals, and what was assumed on the way, fit for JSON."""
    made = tables[ORDERS]
    totals = made.group_by("currency").agg(pl.col("total").sum().round(2)).sort("currency")
    by_supplier = (
        made.group_by("supplier", "currency")
        .agg(pl.len().alias("orders"), pl.col("total").sum().round(2))
        .sort("supplier", "currency")
    )
    params = options.params
    return {
        "version": __version__,
        "as_of": built.today.isoformat(),
        "seed": options.seed,
        "parameters": {
            "service_level": params.service_level,
            "review_days": params.review_days,
            "holding_rate": params.holding_rate,
            "ordering_cost": params.ordering_cost,
            "longest_cover_days": params.longest_cover_days,
            "usual_lead_days": options.usual_lead_days,
        },
        "counts": {
            "sites": len(built.sites),
            "items": tables[LEVELS]["sku"].n_unique(),
            **counts,
            "orders": made.height,
        },
        "totals": [{"currency": currency, "total": total} for currency, total in totals.iter_rows()],
        "suppliers": by_supplier.to_dicts(),
        "files": [f"{name}.csv" for name in tables],
        "notes": list(notes),
    }


def write(out: Path, tables: Mapping[str, pl.DataFrame], summed: Mapping[str, Any]) -> None:
    """Write a file for each table, and the summary last: where it is there, all others are.

    Raises:
        Invalid: the folder cannot be written to; what it held before is still there then.
    """
    half: Path | None = None
    try:
        half = Path(mkdtemp(prefix=f".{out.name}-", dir=out.resolve().parent))
        for name, table in tables.items():
            _plainly(table).write_csv(half / f"{name}.csv")
        (half / SUMMARY).write_text(json.dumps(summed, indent=2, ensure_ascii=False) + "\n", "utf-8")
        out.mkdir(exist_ok=True)
        (out / SUMMARY).unlink(missing_ok=True)
        for name in COLUMNS:
            if name in tables:
                (half / f"{name}.csv").replace(out / f"{name}.csv")
            else:
                (out / f"{name}.csv").unlink(missing_ok=True)
        (half / SUMMARY).replace(out / SUMMARY)
    except OSError as error:
        raise Invalid(
            Fault("--out", "a folder that can be written to", f"{out}: {error.strerror}", "Choose another one.")
        ) from error
    finally:
        if half is not None:
            shutil.rmtree(half, ignore_errors=True)


def _plainly(table: pl.DataFrame) -> pl.DataFrame:
    """As people read it, and as a spreadsheet may open it: 90 instead of 90.0, and no text that could be run."""
    whole = pl.col(pl.Float64).cast(pl.String).str.strip_suffix(".0")
    return table.with_columns(whole, pl.col(pl.String).map_elements(guarded, return_dtype=pl.String))
