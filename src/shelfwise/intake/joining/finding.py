"""Look for records that are one thing: read what the books know, judge every pair worth it, keep what may be so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.intake.joining import pair_tables
from shelfwise.intake.joining.model import Judgement
from shelfwise.intake.joining.pair_tables import FoundPair
from shelfwise.intake.joining.suppliers import Firm, same_firms
from shelfwise.records.joined import Kind

LIKELY = 0.5
"""From this certainty on a pair is put before a person."""

LOWEST_DOUBT = 0.05
"""Even the surest pair is worth this share of what it is about: it is decided by a person all the same."""

MOST_ITEMS = 40_000
"""More items are not compared at once: it would take longer than anybody waits for."""

Progress = Callable[[int, int], None]


def find(ctx: Context, progress: Progress | None = None) -> dict[Kind, int]:
    """Judge all items and suppliers, and keep the pairs that may be one thing; returns how many wait of each kind.

    What somebody decided stays decided, and a pair that is not likely any more is forgotten.
    """
    ctx.require(Right.RUN_PLANNING)
    year = ctx.now - timedelta(days=365)
    items = _items(ctx, progress)
    pair_tables.keep(ctx.tx, ctx.tenant, "item", _pairs(items, pair_tables.worth(ctx.tx, ctx.tenant, year)), ctx.now)
    firms = [
        Firm(key, name, email, url, account, address, frozenset(sold))
        for key, name, email, url, account, address, sold in pair_tables.suppliers(ctx.tx, ctx.tenant)
    ]
    bought = pair_tables.bought(ctx.tx, ctx.tenant, year)
    pair_tables.keep(ctx.tx, ctx.tenant, "supplier", _pairs(same_firms(firms), bought), ctx.now)
    return pair_tables.count_waiting(ctx.tx, ctx.tenant)


def stake(certainty: float, worth: Decimal) -> Decimal:
    """Money that goes by a wrong name, by how unsure it is: all of it at one to one, a twentieth where it is clear."""
    doubt = max(4 * certainty * (1 - certainty), LOWEST_DOUBT)
    return round(worth * Decimal(str(round(doubt, 4))), 2)


def _items(ctx: Context, progress: Progress | None) -> dict[tuple[int, int], Judgement]:
    # numpy takes a while to import: not where only the page of pairs is shown.
    import numpy as np

    from shelfwise.intake.joining.judging import Judge
    from shelfwise.intake.joining.model import NONE, Record

    sold = {one[0]: one[1:] for one in pair_tables.selling(ctx.tx, ctx.tenant)}
    records = []
    for item_id, description, unit, tracking, codes in pair_tables.items(ctx.tx, ctx.tenant)[:MOST_ITEMS]:
        days, orders, prices = sold.get(item_id, ((), (), ()))
        records.append(
            Record(
                item_id, description, tuple(prices), np.array(days, np.int64) if days else NONE,
                np.array(orders, np.int64) if orders else NONE, frozenset(codes),
                {"unit": unit, "tracking": tracking},
            )
        )  # fmt: skip
    judged = Judge(records, pair_tables.order_count(ctx.tx, ctx.tenant)).pairs(progress)
    return {(records[one].key, records[other].key): found for (one, other), found in judged.items()}


def _pairs(judged: dict[tuple[int, int], Judgement], worth: dict[int, Decimal]) -> list[FoundPair]:
    return [
        FoundPair(
            one, other, found.certainty, [(said.what, said.weight) for said in found.evidence],
            stake(found.certainty, worth.get(one, Decimal(0)) + worth.get(other, Decimal(0))),
        )
        for (one, other), found in judged.items() if found.certainty >= LIKELY
    ]  # fmt: skip
