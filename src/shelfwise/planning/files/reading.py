"""Everything that a folder says beside demand. What is assumed on the way is said."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from shelfwise.core.errors import Fault, Invalid
from shelfwise.demand.files.source import Source
from shelfwise.planning.files.demand import Heard, Place
from shelfwise.planning.files.offers import Sellers, sellers_of
from shelfwise.planning.files.sheets import ITEMS, LANES, PURCHASE_ORDERS, RECEIPTS, STOCK, SUPPLIERS, TERMS
from shelfwise.planning.files.tables import Faults, Table, once, read_table
from shelfwise.planning.files.wording import exact, few, many
from shelfwise.records.lanes_model import Lane, lane_faults, weekdays_read
from shelfwise.records.sheet import Sheet

Say = Callable[[str], None]

ONLY = "main"
"""What the site is called where no file names one."""
_COUNTED = ("", "available", "ok", "free", "good", "unrestricted")
_OVER = (
    "received", "cancelled", "canceled", "closed", "done", "delivered", "draft", "rejected", "geliefert", "eingegangen",
    "storniert", "abgeschlossen", "erledigt", "entwurf", "abgelehnt",
)  # fmt: skip
_OPEN = (
    "", "open", "ordered", "approved", "sent", "confirmed", "part_received", "offen", "bestellt", "bestätigt",
    "teilgeliefert",
)  # fmt: skip
_SHOWN = 3


@dataclass(frozen=True)
class Due:
    """What is outstanding of an order.

    Attributes:
        ordered: None: nobody says when.
        supplier: its code; '': nobody says.
    """

    quantity: Decimal
    expected: datetime
    ordered: datetime | None
    supplier: str
    number: str


@dataclass(frozen=True)
class Lot:
    """So much that may be sold until a day."""

    code: str
    last_day: date
    quantity: Decimal


@dataclass
class Told:
    """What files say of one item at one site."""

    on_hand: Decimal = Decimal(0)
    reserved: Decimal = Decimal(0)
    backordered: Decimal = Decimal(0)
    due: list[Due] = field(default_factory=list)
    lots: list[Lot] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Rest:
    """Everything beside forecasts.

    Attributes:
        known: what is said of each item at each site.
        lanes: between sites.
        prices, last_sold: see `Heard`.
    """

    today: date
    sites: tuple[str, ...]
    tables: Mapping[str, Table]
    known: Mapping[Place, Told]
    sellers: Sellers
    lanes: tuple[Lane, ...]
    prices: Mapping[str, float]
    last_sold: Mapping[Place, date]


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
        for sheet in (STOCK, ITEMS, TERMS, SUPPLIERS, PURCHASE_ORDERS, LANES, RECEIPTS)
        if (table := _table(sources, sheet, faults, written)) is not None
    }
    if "terms" not in sources and "items" in tables:
        _terms_of_items(sources["items"], tables, faults)
    if "stock" not in sources:
        faults.add(
            Fault(
                "folder", "a file stock.csv of what lies there", "none with rows",
                "Add stock.csv with site, sku and quantity; quantity 0 where nothing does.",
            )
        )  # fmt: skip
    sites = _sites(tables, demand, faults)
    places = () if demand is None else demand.places
    known: dict[Place, Told] = {(sku, site or sites[0]): Told() for sku, site in places}
    if "stock" in tables:
        before = set(known)
        _stock(tables["stock"], sites, known, today, faults, notes)
        _lies_nowhere(tables["stock"], sites, before, faults, notes)
    if "purchase_orders" in tables:
        _open_orders(tables["purchase_orders"], sites, known, today, usual, faults, notes)
    if "items" in tables:
        once(tables["items"], ITEMS.key, faults)
        _rules_hold(tables["items"], faults)
    _say_unread(tables, sources, notes)
    sellers = sellers_of(tables, "terms" in sources, today, usual, faults, notes)
    lanes = _lanes(tables.get("lanes"), sites, faults, notes)
    prices = {} if demand is None else demand.prices
    last = {} if demand is None else {(sku, site or sites[0]): day for (sku, site), day in demand.last_sold.items()}
    return Rest(today, sites, tables, known, sellers, lanes, prices, last)


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


def _stock(
    table: Table, sites: Sequence[str], known: dict[Place, Told], today: date, faults: Faults, notes: Say
) -> None:
    once(table, STOCK.key, faults)
    skus, at = table.texts("sku"), _at(table, sites, faults)
    states, quantity = table.texts("status"), table.numbers("quantity")
    reserved, owed = table.numbers("reserved"), table.numbers("backordered")
    lots, ends = table.texts("lot"), table.days("expires_on")
    held = expired = below = 0
    for row in range(table.rows):
        told = known.setdefault((skus[row], at[row]), Told())
        if states[row].lower() not in _COUNTED:
            held += 1
            continue
        last = ends[row]
        if last is not None and last < today:
            expired += 1
            continue
        amount = quantity[row] or 0.0
        if amount < 0:
            below += 1
            if below <= _SHOWN:
                notes(f"{table.name}, {table.source.row(row)}: {amount:g} of {skus[row]!r} lie there: taken for none.")
        told.on_hand += exact(max(amount, 0.0))
        if amount > 0 and last is not None:
            told.lots.append(Lot(lots[row], last, exact(amount)))
        told.reserved += exact(reserved[row] or 0.0)
        told.backordered += exact(owed[row] or 0.0)
    if below > _SHOWN:
        notes(f"{table.name}: {below:,} quantities are below zero: taken for none. Count these items.")
    if held:
        notes(f"{table.name}: {many(held, 'row')} on hold, quarantined or damaged: not counted.")
    if expired:
        notes(f"{table.name}: {many(expired, 'row')} of lots that expired before {today}: not counted.")


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
    ordered, suppliers, numbers = table.days("ordered_at"), table.texts("supplier"), table.texts("number")
    over = late = unknown = 0
    strange: set[str] = set()
    for row in range(table.rows):
        outstanding = (quantity[row] or 0.0) - (received[row] or 0.0)
        if outstanding <= 0 or states[row].lower() in _OVER:
            over += 1
            continue
        day = expected[row]
        if states[row].lower() not in _OPEN:
            strange.add(states[row])
        late += day is not None and day < today
        unknown += day is None
        when, begun = noon(day or today + timedelta(days=round(usual))), ordered[row]
        due = Due(exact(outstanding), when, None if begun is None else noon(begun), suppliers[row], numbers[row])
        known.setdefault((skus[row], at[row]), Told()).due.append(due)
    if over:
        notes(f"{table.name}: {many(over, 'row')} of drafts, or of what is over: not counted.")
    if strange:
        notes(f"{table.name}: states that nobody knows here, {few(sorted(strange))}: taken for still to come.")
    if late:
        notes(f"{table.name}: {many(late, 'row')} overdue: taken to come on the first day.")
    if unknown:
        notes(f"{table.name}: {many(unknown, 'row')} without a day: taken to come in {usual:g} days.")


def _rules_hold(items: Table, faults: Faults) -> None:
    for row, (point, most) in enumerate(zip(items.numbers("reorder_point"), items.numbers("order_up_to"), strict=True)):
        if point is not None and most is not None and most < point:
            wanted = f"at least {point:g}, the reorder point"
            faults.add(items.fault(row, "order_up_to", wanted, f"{most:g}", "Correct one of them."))


def _lanes(table: Table | None, sites: Sequence[str], faults: Faults, notes: Say) -> tuple[Lane, ...]:
    """The ways between sites; what is wrong with one goes to `faults`."""
    if table is None:
        if len(sites) > 1:
            notes("There is no file lanes.csv that says what it takes to move goods between sites: none are moved.")
        return ()
    once(table, LANES.key, faults)
    ids = {site: number for number, site in enumerate(sites, start=1)}
    rows = zip(
        table.texts("from_site"), table.texts("to_site"), table.numbers("days"), table.numbers("cost_per_shipment"),
        table.numbers("cost_per_kg"), table.texts("weekdays"), strict=True,
    )  # fmt: skip
    found = []
    for row, (start, end, days, shipment, kg, weekdays) in enumerate(rows):
        strange = [(name, site) for name, site in (("from_site", start), ("to_site", end)) if site not in ids]
        for name, site in strange:
            faults.add(table.fault(row, name, f"a site such as {few(sites)}", site, "Call it as in the other files."))
        if strange:
            continue
        cost = exact(shipment or 0.0), exact(kg or 0.0)
        lane = Lane(ids[start], ids[end], days or 0.0, *cost, weekdays_read(weekdays))
        where = f"{table.name}, {table.source.row(row)}, column "
        faults.add(*(replace(one, where=where + one.where) for one in lane_faults(lane)))
        found.append(lane)
    return tuple(found)


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)
