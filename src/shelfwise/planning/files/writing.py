"""A plan as files that appear whole or not at all, and its summary."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import polars as pl

from shelfwise import __version__
from shelfwise.core.errors import Fault, Invalid
from shelfwise.planning.files.building import Built
from shelfwise.planning.files.columns import COLUMNS, LEVELS, ORDERS, SUMMARY, TRANSFERS
from shelfwise.planning.files.deciding import Options
from shelfwise.records.exchange import guarded


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
            "budget": params.budget,
            "race": options.race,
            "usual_lead_days": options.usual_lead_days,
        },
        "counts": {
            "sites": len(built.sites),
            "items": tables[LEVELS]["sku"].n_unique(),
            **counts,
            "orders": made.height,
            "transfers": tables[TRANSFERS].height if TRANSFERS in tables else 0,
        },
        "totals": [{"currency": currency, "total": total} for currency, total in totals.iter_rows()],
        "suppliers": by_supplier.to_dicts(),
        "files": [f"{name}.csv" for name in tables],
        "notes": list(notes),
    }


def foreign(out: Path) -> list[str]:
    """What has the name of a file of a plan and is none: it was there before any plan, or is a folder."""
    there = [out / name for name in (*(f"{table}.csv" for table in COLUMNS), SUMMARY) if (out / name).exists()]
    planned = (out / SUMMARY).is_file()
    return [path.name for path in there if path.is_dir() or not planned]


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
