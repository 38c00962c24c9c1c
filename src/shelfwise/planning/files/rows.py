"""Rows of all tables of a plan, site by site: what is behind them need not be kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import polars as pl

from shelfwise.planning.files.building import Built
from shelfwise.planning.files.columns import ALWAYS, COLUMNS, EXCESS, LEVELS, ORDERS, RACE, RISK, TRANSFERS, WAITING
from shelfwise.planning.files.looking import advised
from shelfwise.planning.model import Decision, ItemState, Snapshot
from shelfwise.planning.replenish import Weighed
from shelfwise.planning.risk.model import LEAST_RISK, Outlook
from shelfwise.planning.sharing.model import Transshipment
from shelfwise.planning.standing import Standing
from shelfwise.planning.together import Planned

Cell = str | float | int | bool | date | None
_DECIMALS = 4


class Rows:
    """Takes what is found item by item.

    Attributes:
        counts: of items at sites, and what was found of how many.
    """

    def __init__(self) -> None:
        self._rows: dict[str, list[list[Cell]]] = {name: [] for name in COLUMNS}
        self._at_stake: dict[tuple[str, str], tuple[Cell, ...]] = {}
        self.counts = {"items_at_sites": 0, "with_forecast": 0, "raced": 0, "without_terms": 0}

    def looked(self, site: str, item: ItemState, seen: Outlook) -> None:
        """What may become of an item if nothing is done."""
        self._at_stake[site, item.sku] = (seen.out_day, seen.units_lost, seen.margin_lost)
        self._rows[RISK] += _risk(site, item.sku, seen)
        if seen.surplus > 0 or seen.surplus_coming > 0 or seen.wasted > 0:
            self._rows[EXCESS].append(_excess(site, item, seen))

    def weighed(self, site: str, item: ItemState, found: Weighed | None, service_level: float) -> None:
        """An item as it stands; `found` None: nobody sells it."""
        self.counts["items_at_sites"] += 1
        self.counts["with_forecast"] += item.demand is not None
        self.counts["without_terms"] += found is None
        level, at_stake = _level(site, item, found, service_level), self._at_stake[site, item.sku]
        self._rows[LEVELS].append([*level, *at_stake, _note(item, found)])
        if item.standing is not None:
            self.counts["raced"] += 1
            self._rows[RACE] += _raced(site, item.sku, item.standing)

    def decided(self, site: str, snapshot: Snapshot, made: Planned, order_by: Mapping[int, date]) -> None:
        """The orders of a site, and those that wait; `order_by` of items that are not only ordered along."""
        items = {item.item_id: item for item in snapshot.items}
        for one in made.decisions:
            by = order_by.get(one.item_id, snapshot.today)
            self._rows[ORDERS].append(_order(site, items[one.item_id], one, by))
        self._rows[WAITING] += [[site, one.sku, float(one.quantity), one.limit, one.says] for one in made.waiting]

    def moved(self, built: Built, moves: Sequence[Transshipment]) -> None:
        """What one site should send another."""
        sites = {seen.site_id: site for site, seen in built.sites.items()}
        items = {item.item_id: item for seen in built.sites.values() for item in seen.items}
        for one in moves:
            worth, item = one.expected_value, items[one.item_id]
            self._rows[TRANSFERS].append([
                sites[one.from_site_id], sites[one.to_site_id], one.sku, item.description, float(one.quantity),
                item.unit, one.leaves_on, one.today + timedelta(days=one.days), worth["cost"], worth["margin_kept"],
                worth["currency"], one.evidence["binds"], one.reason,
            ])  # fmt: skip

    def tables(self) -> dict[str, pl.DataFrame]:
        """Those that have rows, and those that are always there; orders by supplier, site and SKU."""
        found = {
            name: _frame(self._rows[name], {column: kind for column, (kind, _) in columns.items()})
            for name, columns in COLUMNS.items()
            if self._rows[name] or name in ALWAYS
        }
        found[ORDERS] = found[ORDERS].sort("supplier", "site", "sku")
        return found


def _order(site: str, item: ItemState, decision: Decision, by: date) -> list[Cell]:
    wait, shown = decision.alternative["wait"], decision.evidence
    stockout, why = shown["stockout"], shown["why"]
    binds = ", ".join(dict.fromkeys(one["limit"] for one in shown["binding"]))
    return [
        site, item.sku, item.description, shown["terms"]["supplier"], float(decision.quantity), item.unit,
        float(decision.unit_cost), decision.currency, float(decision.quantity * decision.unit_cost), by,
        decision.today + timedelta(days=round(decision.expected_days)), binds, decision.reason, why["earlier"],
        why["more"], why["supplier"], stockout["until_next_order_without"], stockout["until_next_order_with"],
        max(wait["units_short"] - wait["units_short_with_order"], 0.0), wait["margin_lost"],
    ]  # fmt: skip


def _level(site: str, item: ItemState, found: Weighed | None, service_level: float) -> list[Cell]:
    stands: list[Cell] = [
        site, item.sku, item.on_hand.mean, item.available, float(item.ordered), item.position,
    ]  # fmt: skip
    model = item.demand.model if item.demand else None
    if found is None:
        return [*stands, *[None] * 9, model]
    policy, lead = found.policy, found.offer.lead_time.quantile(0.5)
    if item.demand is None and item.rule is None:
        return [*stands, None, lead, *[None] * 7, None]
    known = item.demand is not None
    return [
        *stands, policy.daily_mean if known else None, lead, policy.name, policy.reorder_point, policy.order_up_to,
        policy.safety if known else None, *_next_best(item.standing), service_level, model,
    ]  # fmt: skip


def _note(item: ItemState, found: Weighed | None) -> str | None:
    if found is None:
        return "nobody sells it: it has no terms"
    if item.demand is not None:
        return None
    return f"no forecast: {'only what is owed is ordered' if item.rule is None else 'your own rule counts'}"


def _risk(site: str, sku: str, seen: Outlook) -> list[list[Cell]]:
    """Day by day, of what may run out at all."""
    if not seen.out_by or not seen.out_on or seen.out_by[-1] < LEAST_RISK:
        return []
    days = enumerate(zip(seen.out_by, seen.out_on, strict=True))
    return [[site, sku, seen.first_day + timedelta(days=day), by, on] for day, (by, on) in days]


def _excess(site: str, item: ItemState, seen: Outlook) -> list[Cell]:
    too_much = max(seen.surplus, seen.wasted)
    return [
        site, item.sku, float(seen.available), seen.daily, seen.surplus, seen.surplus_coming, seen.wasted,
        None if seen.unit_cost is None else too_much * seen.unit_cost,
        item.offers[0].currency if item.offers else None, seen.idle_days, advised(seen),
    ]  # fmt: skip


def _next_best(standing: Standing | None) -> tuple[Cell, Cell]:
    """The policy that came nearest to the winner, and by how much more it costs, in percent."""
    if standing is None:
        return None, None
    least = next(one.cost for one in standing.raced if one.name == standing.policy)
    others = [one for one in standing.raced if one.name != standing.policy and one.able] or [
        one for one in standing.raced if one.name != standing.policy
    ]
    best = min(others, key=lambda one: one.cost, default=None)
    return (None, None) if best is None or least <= 0 else (best.name, 100 * (best.cost / least - 1))


def _raced(site: str, sku: str, standing: Standing) -> list[list[Cell]]:
    least = next(one.cost for one in standing.raced if one.name == standing.policy)
    return [
        [
            site, sku, one.name, one.name == standing.policy, one.cost,
            100 * (one.cost / least - 1) if least > 0 else None, one.unsure, one.fill, one.able, standing.days,
        ]
        for one in standing.raced
    ]  # fmt: skip


def _frame(rows: Sequence[Sequence[Cell]], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=dict(schema), orient="row", strict=False)
    return frame.with_columns(pl.col(pl.Float64).round(_DECIMALS))
