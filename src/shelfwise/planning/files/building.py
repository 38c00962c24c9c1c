"""Snapshots, one a site, from what a folder says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from shelfwise.planning.files.demand import Place
from shelfwise.planning.files.offers import Sellers
from shelfwise.planning.files.reading import Rest, Told
from shelfwise.planning.files.tables import Table
from shelfwise.planning.files.wording import exact, few, many
from shelfwise.planning.model import Amount, Arrival, DemandPaths, ItemState, Snapshot
from shelfwise.records.lanes_model import Lane
from shelfwise.records.model import Rule

Say = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Built:
    """What is planned.

    Attributes:
        sites: by the code of each site, what is known of it.
        told: what the files say of each item at each site.
        suppliers: id by code.
        last_sold: the last day on which any of it sold.
        lanes: between the sites.
        weights: kilograms of a unit by SKU, where they are known.
        currency: the most usual one of the terms.
    """

    today: date
    sites: Mapping[str, Snapshot]
    told: Mapping[Place, Told]
    suppliers: Mapping[str, int]
    last_sold: Mapping[Place, date]
    lanes: tuple[Lane, ...]
    weights: Mapping[str, float]
    currency: str


def built(rest: Rest, forecasts: Mapping[Place, DemandPaths], notes: Say) -> Built:
    """Put everything together."""
    tables, known, sites, sellers = rest.tables, rest.known, rest.sites, rest.sellers
    paths = {(sku, site or sites[0]): one for (sku, site), one in forecasts.items()}
    skus = sorted({sku for sku, _ in known})
    ids = {sku: number for number, sku in enumerate(skus, start=1)}
    items = tables.get("items")
    about = {sku: row for row, sku in enumerate(items.texts("sku"))} if items else {}
    levels, quanta, lives = (_told(items, one) for one in ("service_level", "quantum", "shelf_life_days"))
    rules = _rules(items, ids, len(sites) == 1, notes)
    prices = items.numbers("unit_price") if items else []
    descriptions, units = (items.texts("description"), items.texts("unit", "each")) if items else ([], [])
    states: dict[str, list[ItemState]] = {site: [] for site in sites}
    for (sku, site), told in sorted(known.items()):
        told.due.sort(key=lambda one: (one.expected, one.number))
        row = about.get(sku)
        price = None if row is None else prices[row]
        price = rest.prices.get(sku) if price is None else price
        states[site].append(
            ItemState(
                item_id=ids[sku],
                sku=sku,
                description="" if row is None else descriptions[row],
                unit="each" if row is None else units[row],
                on_hand=Amount.exactly(told.on_hand),
                reserved=told.reserved,
                backordered=told.backordered,
                on_order=tuple(Arrival(one.quantity, one.expected) for one in told.due),
                demand=paths.get((sku, site)),
                offers=sellers.offers.get(sku, ()),
                unit_price=None if price is None else exact(price),
                left_out=sellers.left_out.get(sku, ()),
                rule=rules.get(sku),
                service_level=levels.get(sku),
                quantum=exact(quanta.get(sku, 1.0)),
                shelf_life_days=None if sku not in lives else round(lives[sku]),
            )
        )
    _say_unknown(tables, skus, sellers, notes)
    at = datetime.combine(rest.today, time(), UTC)
    return Built(
        rest.today,
        {site: Snapshot(number, at, rest.today, tuple(states[site])) for number, site in enumerate(sites, start=1)},
        known,
        sellers.ids,
        rest.last_sold,
        rest.lanes,
        {sku: grams / 1000 for sku, grams in _told(items, "unit_weight_g").items()},
        sellers.currency,
    )


def _rules(items: Table | None, ids: Mapping[str, int], one_site: bool, notes: Say) -> dict[str, Rule]:
    if items is None or not items.has("reorder_point"):
        return {}
    if not one_site:
        notes(f"{items.name}: its reorder points are not used, because there are several sites.")
        return {}
    points, up_to = items.numbers("reorder_point"), items.numbers("order_up_to")
    return {
        sku: Rule(ids[sku], 1, exact(point), None if most is None else exact(most))
        for sku, point, most in zip(items.texts("sku"), points, up_to, strict=True)
        if point is not None and sku in ids
    }


def _told(items: Table | None, column: str) -> dict[str, float]:
    """A number of each item that has one."""
    if items is None:
        return {}
    return {sku: one for sku, one in zip(items.texts("sku"), items.numbers(column), strict=True) if one is not None}


def _say_unknown(tables: Mapping[str, Table], skus: Sequence[str], sellers: Sellers, notes: Say) -> None:
    """What does not fit together: codes that one file has and no other one knows."""
    ours = set(skus)
    unsold = [sku for sku in skus if sku not in sellers.offers]
    if sellers.offers and unsold:
        notes(f"{many(len(unsold), 'item')} without terms, such as {few(unsold)}: nobody sells them, none is ordered.")
    for name in ("terms", "items"):
        if (table := tables.get(name)) is None:
            continue
        strange = sorted(set(table.texts("sku")) - ours)
        if strange:
            hint = _alike(strange, ours)
            notes(f"{table.name}: {many(len(strange), 'item')} neither in stock nor sold: {few(strange)}.{hint}")


def _alike(strange: Sequence[str], ours: set[str]) -> str:
    """Whether a code is known if one does not mind capitals or zeros in front."""
    bare = {one.casefold().lstrip("0"): one for one in ours}
    for one in strange:
        if (other := bare.get(one.casefold().lstrip("0"))) is not None:
            return f" Is {one!r} what other files call {other!r}? Write it in one way."
    return ""
