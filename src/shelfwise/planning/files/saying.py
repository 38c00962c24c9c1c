"""What came of a plan, in a few plain sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from shelfwise.planning.files.wording import many

MOST_SUPPLIERS = 5
URGENT = 3


def in_words(summary: Mapping[str, Any], orders: pl.DataFrame, out: Path) -> Iterator[str]:
    """Lines for a terminal: how much of what is to be ordered, what is most urgent, what to do next."""
    counts = summary["counts"]
    planned = f"{many(counts['items'], 'item')} at {many(counts['sites'], 'site')}"
    yield f"{planned}, as of {summary['as_of']}."
    if counts["transfers"]:
        yield f"{many(counts['transfers'], 'transfer')} between sites come first: {out / 'transfers.csv'}"
    if not counts["orders"]:
        yield f"Nothing has to be ordered. Where each item stands: {out / 'levels.csv'}"
        return
    suppliers = summary["suppliers"]
    totals = " and ".join(f"{one['total']:,.2f} {one['currency']}".strip() for one in summary["totals"])
    yield f"{many(counts['orders'], 'order line')} of {many(len(suppliers), 'supplier')}, {totals}:"
    for one in sorted(suppliers, key=lambda each: -each["total"])[:MOST_SUPPLIERS]:
        yield f"  {one['supplier']}: {many(one['orders'], 'line')}, {one['total']:,.2f} {one['currency']}".rstrip()
    if len(suppliers) > MOST_SUPPLIERS:
        yield f"  and {len(suppliers) - MOST_SUPPLIERS:,} more"
    yield "Most urgent:"
    first = orders.sort(["order_by", "runs_out_without", "sku"], descending=[False, True, False]).head(URGENT)
    for one in first.iter_rows(named=True):
        risk = f"{one['runs_out_without'] * 100:.0f}%"
        yield (
            f"  {one['sku']} at {one['site']}: {one['quantity']:g} {one['unit']} of {one['supplier']} by "
            f"{one['order_by']}; without it, it runs out with {risk}"
        )
    yield f"Next: read the reasons in {out / 'orders.csv'}, and what was assumed in {out / 'summary.json'}."
