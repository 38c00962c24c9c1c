"""Plans every item of a folder, and says what was found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import polars as pl

from shelfwise.core.errors import Fault, Invalid
from shelfwise.planning.files.building import Built
from shelfwise.planning.files.looking import outlook
from shelfwise.planning.files.rows import Rows
from shelfwise.planning.files.sheets import ALLOWED
from shelfwise.planning.model import ItemState, Params, Snapshot
from shelfwise.planning.replenish import Weighed
from shelfwise.planning.simulate import shelf
from shelfwise.planning.together import plan_all

Progress = Callable[[str, int, int], None]
EVERY = 200
"""Items between two words of progress."""


@dataclass(frozen=True)
class Options:
    """What a person may set.

    Attributes:
        today: the first day that is planned for; None: the one after the last that the files tell of.
        usual_lead_days: assumed where nobody says how long a supplier takes.
        race: whether policies race on each item's past; else the forecast's quantile decides.

    Raises:
        Invalid: a value is out of its range.
    """

    params: Params = field(default_factory=Params)
    today: date | None = None
    usual_lead_days: float = 7.0
    seed: int = 0
    race: bool = True

    def __post_init__(self) -> None:
        fits, wanted = ALLOWED["lead_time_days"]
        if not fits(self.usual_lead_days):
            raise Invalid(Fault("usual_lead_days", wanted, f"{self.usual_lead_days:g}", "Correct it."))


def looked(built: Built, options: Options, rows: Rows, progress: Progress) -> None:
    """What may run out and what is too much, if nothing is done."""
    count, done = sum(len(one.items) for one in built.sites.values()), 0
    for site, snapshot in built.sites.items():
        for item in snapshot.items:
            if done % EVERY == 0:
                progress("looking ahead: items", done, count)
            done += 1
            place = item.sku, site
            told, last = built.told[place], built.last_sold.get(place)
            cover = options.params.longest_cover_days
            rows.looked(site, item, outlook(options.seed, snapshot, item, told, built.suppliers, last, cover))


def decided(built: Built, options: Options, rows: Rows, progress: Progress) -> None:
    """Plan every item of every site; what is found goes to `rows`.

    The same files, options and seed give the same.
    """
    count, done = sum(len(one.items) for one in built.sites.values()), 0
    for site, snapshot in built.sites.items():
        by: dict[int, date] = {}

        def look(item: ItemState, found: Weighed | None, site: str = site, by: dict[int, date] = by) -> None:
            nonlocal done
            if done % EVERY == 0:
                progress("planning: items", done, count)
            done += 1
            rows.weighed(site, item, found, options.params.of(item).service_level)
            if found is not None and found.quantity > 0:
                by[item.item_id] = order_by(built.sites[site], item, found, options.params)

        seed = np.random.default_rng([options.seed, snapshot.site_id])
        made = plan_all(snapshot, options.params, seed, look)
        rows.decided(site, snapshot, made, by)


def too_small(built: Built, orders: pl.DataFrame) -> list[str]:
    """Orders that come to less than their supplier delivers, in sentences."""
    least = {
        offer.supplier: float(offer.minimum_value)
        for snapshot in built.sites.values() for item in snapshot.items for offer in item.offers
        if offer.minimum_value is not None
    }  # fmt: skip
    totals = orders.group_by("supplier", "site", "currency").agg(pl.col("total").sum()).sort("supplier", "site")
    return [
        f"{supplier} delivers orders from {least[supplier]:,.2f} {currency}".rstrip()
        + f" on, and what {site} needs comes to {total:,.2f}: ask whether they deliver that."
        for supplier, site, currency, total in totals.iter_rows()
        if total < least.get(supplier, 0.0)
    ]


def order_by(snapshot: Snapshot, item: ItemState, found: Weighed, params: Params) -> date:
    """The last day on which an order comes, after its median lead time, before running out is likelier than was
    promised; never before today, and never after the next review."""
    path = shelf(item, found.futures, snapshot.at, 0.0)
    risk = (np.minimum.accumulate(path, axis=1) < 0).mean(axis=0)
    beyond = np.flatnonzero(risk > 1 - params.of(item).service_level)
    empty = int(beyond[0]) if len(beyond) else path.shape[1]
    wait = empty - 1 - int(np.median(found.futures.lead))
    return snapshot.today + timedelta(days=min(max(wait, 0), params.review_days))
