"""Snapshots, one a site, from the tables of a folder. What is assumed on the way is said."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from shelfwise.core.errors import Fault, Invalid
from shelfwise.demand.files.source import Source
from shelfwise.planning.files.demand import Heard, Place
from shelfwise.planning.files.offers import Sellers, sellers_of
from shelfwise.planning.files.sheets import ITEMS, PURCHASE_ORDERS, RECEIPTS, STOCK, SUPPLIERS, TERMS
from shelfwise.planning.files.tables import Faults, Table, once, read_table
from shelfwise.planning.files.wording import few, many
from shelfwise.planning.model import Amount, Arrival, DemandPaths, ItemState, Snapshot
from shelfwise.records.model import Rule
from shelfwise.records.sheet import Sheet

Say = Callable[[str], None]

ONLY = "main"
"""What the site is called where no file names one."""
_COUNTED = ("", "available", "ok", "free", "good", "unrestricted")
_OVER = ("received", "cancelled", "canceled", "closed", "done", "draft", "rejected")
_SHOWN = 3


@dataclass(frozen=True, eq=False)
class Built:
    """What is planned.

    Attributes:
        sites: by the code of each site, what is known of it.
        levels: service level by SKU, where an item has its own.
        places: (SKU, site) of each item of each snapshot, in its order.
    """

    today: date
    sites: Mapping[str, Snapshot]
    levels: Mapping[str, float]
    places: Mapping[str, tuple[Place, ...]]


@dataclass
class Told:
    """What files say of one item at one site."""

    on_hand: Decimal = Decimal(0)
    reserved: Decimal = Decimal(0)
    backordered: Decimal = Decimal(0)
    arrivals: list[Arrival] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Rest:
    """Everything beside forecasts.

    Attributes:
        known: what is said of each item at each site.
    """

    today: date
    sites: tuple[str, ...]
    tables: Mapping[str, Table]
    known: Mapping[Place, Told]
    sellers: Sellers
    prices: Mapping[str, float]


def read_rest(
    sources: Mapping[str, Source], demand: Heard | None, today: date, usual: float, faults: Faults, notes: Say
) -> Rest:
    """Read everything beside demand; what is wrong goes to `faults`.

    Args:
        demand: None: it could not be read, which is among the faults.
        usual: days from order to arrival where nobody says.
    """
    written = "" if demand is None else demand.written
    tables = {
        sheet.name: table
        for sheet in (STOCK, ITEMS, TERMS, SUPPLIERS, PURCHASE_ORDERS, RECEIPTS)
        if (table := _table(sources, sheet, faults, written)) is not None
    }
    if "terms" not in sources and "items" in tables:
        _terms_of_items(sources["items"], tables, faults)
    if "stock" not in sources:
        faults.add(
            Fault(
                "folder", "a file stock.csv of what lies there", "none",
                "Add stock.csv with site, sku and quantity; quantity 0 where nothing does.",
            )
        )  # fmt: skip
    sites = _sites(tables, demand, faults)
    places = () if demand is None else demand.places
    known: dict[Place, Told] = {(sku, site or sites[0]): Told() for sku, site in places}
    if "stock" in tables:
        before = set(known)
        _stock(tables["stock"], sites, known, faults, notes)
        _lies_nowhere(tables["stock"], sites, before, faults, notes)
    if "purchase_orders" in tables:
        _open_orders(tables["purchase_orders"], sites, known, today, usual, faults, notes)
    if "items" in tables:
        once(tables["items"], ITEMS.key, faults)
    _say_unread(tables, sources, notes)
    sellers = sellers_of(tables, "terms" in sources, usual, faults, notes)
    prices = {} if demand is None else demand.prices
    return Rest(today, sites, tables, known, sellers, prices)


def _table(sources: Mapping[str, Source], sheet: Sheet, faults: Faults, written: str) -> Table | None:
    if sheet.name not in sources:
        return None
    with faults.collecting():
        return read_table(sources[sheet.name], sheet, faults, written)
    return None


def _terms_of_items(source: Source, tables: dict[str, Table], faults: Faults) -> None:
    """A list of items may say besides who sells them for how much."""
    spoken_for = [heading for column, heading in tables["items"].roles.items() if column != "sku"]
    with suppress(Invalid):  # It names no cost.
        tables["terms"] = read_table(source, TERMS, faults, spoken_for=spoken_for)


def _say_unread(tables: Mapping[str, Table], sources: Mapping[str, Source], notes: Say) -> None:
    """Columns that were taken for nothing, or a misspelt heading would be missed in silence."""
    for source in sources.values():
        taken = {heading for table in tables.values() if table.source is source for heading in table.roles.values()}
        left = [one for one in source.headings if one not in taken and one]
        if taken and left:
            notes(f"{source.path.name}: not read: {few(left)}.")


def _sites(tables: Mapping[str, Table], demand: Heard | None, faults: Faults) -> tuple[str, ...]:
    """The sites that are named anywhere; one where none is."""
    named = set() if demand is None else {site for _, site in demand.places if site}
    with_sites = [table for name in ("stock", "purchase_orders") if (table := tables.get(name)) and table.has("site")]
    for table in with_sites:
        named.update(site for site in table.texts("site") if site)
    if len(named) > 1:
        without = [
            table.name for name in ("stock", "purchase_orders")
            if (table := tables.get(name)) and not table.has("site")
        ]  # fmt: skip
        if demand is not None and not demand.has_sites:
            without.append("the file of demand")
        some = ", ".join(sorted(named)[:_SHOWN])
        for name in without:
            faults.add(
                Fault(
                    f"{name}, headings", "a column 'site'", f"none, and there are {len(named)} sites: {some}",
                    "Say in each row which site it is of.",
                )
            )  # fmt: skip
    return tuple(sorted(named)) or (ONLY,)


def _at(table: Table, sites: Sequence[str], faults: Faults) -> list[str]:
    """The site of each row; where there is one alone, that is meant."""
    if not table.has("site"):
        return [sites[0]] * table.rows
    found = table.texts("site")
    for row, site in enumerate(found):
        if not site and len(sites) > 1:
            faults.add(table.fault(row, "site", "the site", "an empty cell", "Fill it in, or take the row out."))
    return [site or sites[0] for site in found]


def _stock(table: Table, sites: Sequence[str], known: dict[Place, Told], faults: Faults, notes: Say) -> None:
    once(table, STOCK.key, faults)
    skus, at = table.texts("sku"), _at(table, sites, faults)
    states, quantity = table.texts("status"), table.numbers("quantity")
    reserved, owed = table.numbers("reserved"), table.numbers("backordered")
    held = below = 0
    for row in range(table.rows):
        told = known.setdefault((skus[row], at[row]), Told())
        if states[row].lower() not in _COUNTED:
            held += 1
            continue
        amount = quantity[row] or 0.0
        if amount < 0:
            below += 1
            if below <= _SHOWN:
                notes(f"{table.name}, {table.source.row(row)}: {amount:g} of {skus[row]!r} lie there: taken for none.")
        told.on_hand += _exact(max(amount, 0.0))
        told.reserved += _exact(reserved[row] or 0.0)
        told.backordered += _exact(owed[row] or 0.0)
    if below > _SHOWN:
        notes(f"{table.name}: {below:,} quantities are below zero: taken for none. Count these items.")
    if held:
        notes(f"{table.name}: {many(held, 'row')} on hold, quarantined or damaged: not counted.")


def _lies_nowhere(table: Table, sites: Sequence[str], sold: Collection[Place], faults: Faults, notes: Say) -> None:
    """What sells and is not in the stock: one item may be sold out, a whole site is called otherwise."""
    here = set(zip(table.texts("sku"), _at(table, sites, Faults()), strict=True))
    told = {site for _, site in here}
    for site in sorted({site for _, site in sold} - told):
        faults.add(
            Fault(
                f"{table.name}, column {table.roles.get('site', 'site')}", f"rows of {site!r}, where things sell",
                few(sorted(told)), "Call the site in one way; say quantity 0 where nothing lies.",
            )
        )  # fmt: skip
    if lacking := sorted({sku for sku, site in sold if (sku, site) not in here}):
        sell = many(len(lacking), "item")
        notes(f"{table.name}: {sell} that sell are not in it, such as {few(lacking)}: none lies there.")


def _open_orders(
    table: Table, sites: Sequence[str], known: dict[Place, Told], today: date, usual: float, faults: Faults, notes: Say
) -> None:
    if table.has("number") and table.has("line"):
        once(table, PURCHASE_ORDERS.key, faults)
    skus, at, states = table.texts("sku"), _at(table, sites, faults), table.texts("state")
    quantity, received, expected = table.numbers("quantity"), table.numbers("received"), table.days("expected_at")
    over = late = unknown = 0
    for row in range(table.rows):
        outstanding = (quantity[row] or 0.0) - (received[row] or 0.0)
        if outstanding <= 0 or states[row].lower() in _OVER:
            over += 1
            continue
        day = expected[row]
        late += day is not None and day < today
        unknown += day is None
        when = _noon(day or today + timedelta(days=round(usual)))
        known.setdefault((skus[row], at[row]), Told()).arrivals.append(Arrival(_exact(outstanding), when))
    if over:
        notes(f"{table.name}: {many(over, 'row')} of drafts, or of what is over: not counted.")
    if late:
        notes(f"{table.name}: {many(late, 'row')} overdue: taken to come on the first day.")
    if unknown:
        notes(f"{table.name}: {many(unknown, 'row')} without a day: taken to come in {usual:g} days.")


def built(rest: Rest, forecasts: Mapping[Place, DemandPaths], notes: Say) -> Built:
    """Put everything together."""
    tables, known, sites, sellers = rest.tables, rest.known, rest.sites, rest.sellers
    paths = {(sku, site or sites[0]): one for (sku, site), one in forecasts.items()}
    skus = sorted({sku for sku, _ in known})
    ids = {sku: number for number, sku in enumerate(skus, start=1)}
    items = tables.get("items")
    about = {sku: row for row, sku in enumerate(items.texts("sku"))} if items else {}
    rules = _rules(items, ids, len(sites) == 1, notes)
    prices = items.numbers("unit_price") if items else []
    descriptions, units = (items.texts("description"), items.texts("unit", "each")) if items else ([], [])
    states: dict[str, list[ItemState]] = {site: [] for site in sites}
    places: dict[str, list[Place]] = {site: [] for site in sites}
    for (sku, site), told in sorted(known.items()):
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
                on_order=tuple(sorted(told.arrivals, key=lambda one: one.expected_at)),
                demand=paths.get((sku, site)),
                offers=sellers.offers.get(sku, ()),
                unit_price=None if price is None else _exact(price),
                left_out=sellers.left_out.get(sku, ()),
                rule=rules.get(sku),
            )
        )
        places[site].append((sku, site))
    _say_unknown(tables, skus, sellers, notes)
    at = datetime.combine(rest.today, time(), UTC)
    return Built(
        rest.today,
        {site: Snapshot(number, at, rest.today, tuple(states[site])) for number, site in enumerate(sites, start=1)},
        _levels(items),
        {site: tuple(some) for site, some in places.items()},
    )


def _rules(items: Table | None, ids: Mapping[str, int], one_site: bool, notes: Say) -> dict[str, Rule]:
    if items is None or not items.has("reorder_point"):
        return {}
    if not one_site:
        notes(f"{items.name}: its reorder points are not used, because there are several sites.")
        return {}
    points, up_to = items.numbers("reorder_point"), items.numbers("order_up_to")
    return {
        sku: Rule(ids[sku], 1, _exact(point), None if most is None else _exact(most))
        for sku, point, most in zip(items.texts("sku"), points, up_to, strict=True)
        if point is not None and sku in ids
    }


def _levels(items: Table | None) -> dict[str, float]:
    if items is None:
        return {}
    told = zip(items.texts("sku"), items.numbers("service_level"), strict=True)
    return {sku: level for sku, level in told if level is not None}


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


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def _exact(value: float) -> Decimal:
    """The decimal that was written; six places are finer than any quantum in use."""
    return Decimal(repr(round(value, 6)))
