"""What a company has still to tell before Shelfwise can decide well: a rule for each step of the way. Pure.

Each step says what is there, what is missing, why that matters and what happens meanwhile, and leads to one place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shelfwise.core.quantities import plain, quantity

# done: nothing to do. missing: decisions are worse without it, or there are none. open: fine without, better with.
State = Literal["done", "missing", "open"]
# An item needs so many days since its first sale for a forecast.
DAYS_FOR_A_FORECAST = 14


@dataclass(frozen=True)
class Counts:
    """What is there. `items` and what follows them count those in use."""

    setup_due: bool = False
    sites: int = 0
    sites_without_bins: int = 0
    bins: int = 0
    items: int = 0
    items_without_barcode: int = 0
    items_without_terms: int = 0
    items_without_stock: int = 0
    items_without_forecast: int = 0
    rules: int = 0
    suppliers: int = 0
    suppliers_untold: int = 0
    terms: int = 0
    terms_without_lead_time: int = 0
    usual_lead_days: float = 7.0
    sale_days: int = 0
    sold_items: int = 0
    open_orders: int = 0
    people: int = 1
    handhelds: int = 0
    devices: int = 0
    devices_never_heard: int = 0
    mail: bool = False
    https: bool = False
    live_at: datetime | None = None
    live: bool = False


@dataclass(frozen=True)
class Step:
    """One thing to tell.

    Attributes:
        said: what is there and what is missing, with numbers.
        why: why it matters, and what happens meanwhile.
        button: (address, words) of the place where it is told.
        missing: (address, words) of the exact list of what is missing; None: there is none, or it is all.
        needed: without it nothing can be proposed; it cannot be put aside.
    """

    key: str
    title: str
    state: State
    said: str
    why: str
    button: tuple[str, str]
    missing: tuple[str, str] | None = None
    needed: bool = False
    put_aside: bool = False

    @property
    def settled(self) -> bool:
        return self.state == "done" or self.put_aside


def steps(counts: Counts, put_aside: Collection[str] = ()) -> tuple[Step, ...]:
    """Every step in the order in which it is best told, with those that somebody has put aside marked."""
    told = (rule(counts) for rule in _RULES)
    return tuple(
        Step(**{**vars(one), "put_aside": True}) if one.key in put_aside and not one.needed else one for one in told
    )


def _company(c: Counts) -> Step:
    return Step(
        "company", "The company", "missing" if c.setup_due else "done",
        "Nobody has said yet who this is." if c.setup_due else "Name, currency and time zone are set.",
        "The name stands on every order, the currency on every amount, and a day begins by the time zone.",
        ("/setup", "Say who you are") if c.setup_due else ("/settings", "Settings"), needed=True,
    )  # fmt: skip


def _floor(c: Counts) -> Step:
    why = (
        "Stock lies in a place. Without bins all of it lies at the dock: the amounts are right, and nobody is told "
        "where to walk."
    )
    if not c.sites:
        return Step(
            "floor", "The building", "missing", "There is no site yet.", why, ("/records/sites/new", "Add a site"),
            needed=True,
        )  # fmt: skip
    said = f"{_many(c.sites, 'site')} with {_many(c.bins, 'bin')}."
    lacking = None
    if c.sites_without_bins and c.bins:
        lacking = ("/records/sites", f"{_many(c.sites_without_bins, 'site')} without a bin")
    return Step(
        "floor", "The building", "open" if c.sites_without_bins else "done", said, why,
        ("/records/sites", "Draw the site and its bins"), lacking,
    )  # fmt: skip


def _items(c: Counts) -> Step:
    return Step(
        "items", "Items", "done" if c.items else "missing",
        f"{_many(c.items, 'item')}." if c.items else "There is no item yet.",
        "Only an item can lie somewhere, be sold, forecast and ordered. A list of sales brings its items along.",
        ("/items", "Look at them") if c.items else ("/import", "Bring a list in"), needed=True,
    )  # fmt: skip


def _barcodes(c: Counts) -> Step:
    why = "What has a barcode is picked, moved and counted with a scan. Meanwhile its code is typed."
    if not c.items_without_barcode:
        said = "Every item has one." if c.items else "They come with the items."
        return Step("barcodes", "Barcodes", "done" if c.items else "open", said, why, ("/import", "Bring barcodes in"))
    return Step(
        "barcodes", "Barcodes", "open", f"{_of(c.items_without_barcode, c.items, 'item')} without a barcode.", why,
        ("/import", "Bring barcodes in"), ("/items?lacks=barcode", "Which"),
    )  # fmt: skip


def _suppliers(c: Counts) -> Step:
    why = "An order goes to a supplier, by mail or to its order system. Without either, a person is asked to tell it."
    if not c.suppliers:
        return Step(
            "suppliers", "Suppliers", "missing", "There is no supplier yet.", why, ("/suppliers/new", "Add one"),
            needed=True,
        )  # fmt: skip
    said = f"{_many(c.suppliers, 'supplier')}."
    if c.suppliers_untold:
        said += f" {c.suppliers_untold} without a mail address or an order system: a person tells them."
    return Step(
        "suppliers", "Suppliers", "open" if c.suppliers_untold else "done", said, why, ("/suppliers", "Look at them"),
    )  # fmt: skip


def _terms(c: Counts) -> Step:
    why = "Terms say who sells an item, at which cost and in which packs. Without them it cannot be ordered."
    if not c.terms or c.items_without_terms:
        said = (
            f"{_of(c.items_without_terms, c.items, 'item')} without terms: they cannot be ordered." if c.terms
            else "No supplier's terms yet: nothing can be proposed."
        )  # fmt: skip
        return Step(
            "terms", "Who sells what, and for how much", "missing", said, why, ("/import", "Bring terms in"),
            ("/items?lacks=terms", "Which") if c.terms else None, needed=not c.terms,
        )  # fmt: skip
    return Step(
        "terms", "Who sells what, and for how much", "done", f"Somebody sells every item: {_many(c.terms, 'term')}.",
        why, ("/suppliers", "Look at them"),
    )  # fmt: skip


def _lead_times(c: Counts) -> Step:
    usual = _amount(c.usual_lead_days)
    why = f"What takes longer is ordered earlier. Meanwhile orders assume {usual} days, marked so."
    if c.terms_without_lead_time:
        said = f"{_of(c.terms_without_lead_time, c.terms, 'term')} without one: orders will assume {usual} days."
        return Step(
            "lead_times", "How long suppliers take", "missing", said, why, ("/import", "Bring lead times in"),
            ("/items?lacks=lead_time", "Which"),
        )  # fmt: skip
    said = "Every term says it." if c.terms else f"No terms yet; where none is said, {usual} days count."
    return Step(
        "lead_times", "How long suppliers take", "done" if c.terms else "open", said, why,
        ("/suppliers", "Look at them"),
    )  # fmt: skip


def _stock(c: Counts) -> Step:
    why = "What is on the shelf need not be ordered. Without it all is taken for sold out, and too much proposed."
    if c.items and not c.items_without_stock:
        return Step(
            "stock", "What lies where", "done", "Every item was said to lie somewhere.", why, ("/stock", "Look")
        )
    said = (
        f"{_of(c.items_without_stock, c.items, 'item')} were never said to lie anywhere: they count as sold out."
        if c.items else "Nothing lies anywhere yet."
    )  # fmt: skip
    return Step(
        "stock", "What lies where", "missing", said, why, ("/opening", "Say what lies where"),
        ("/items?lacks=stock", "Which") if c.items else None,
    )  # fmt: skip


def _history(c: Counts) -> Step:
    why = (
        f"A forecast needs {DAYS_FOR_A_FORECAST} days since an item's first sale. Until then your own rule counts, "
        "where you gave one: reorder at, order up to. Without either, only what is owed to customers is ordered."
    )
    button = ("/import", "Bring sales in")
    if not c.sale_days:
        return Step("history", "What was sold", "missing", "No sales yet, so there is no forecast.", why, button)
    known = c.sold_items - c.items_without_forecast
    enough = _of(known, c.sold_items, "item that sold", "items that sold")
    said = f"{_many(c.sale_days, 'day')} of sales; {enough} have enough."
    if c.items_without_forecast:
        return Step(
            "history", "What was sold", "open", said, why, button, ("/items?lacks=history", "Which have too little"),
        )  # fmt: skip
    return Step("history", "What was sold", "done", said, why, button)


def _orders(c: Counts) -> Step:
    return Step(
        "orders", "What is on its way", "done" if c.open_orders else "open",
        f"{_many(c.open_orders, 'open purchase order')}." if c.open_orders else "No open purchase order is known.",
        "What was ordered already is not ordered again. Meanwhile Shelfwise believes that nothing is coming.",
        ("/orders", "Look at them") if c.open_orders else ("/import", "Bring open orders in"),
    )  # fmt: skip


def _go_live(c: Counts) -> Step:
    why = "From this moment on orders reserve goods and picks take them. Until then sales are history and move nothing."
    if c.live_at is None:
        return Step("go_live", "Going live", "missing", "It is not decided when.", why, ("/go-live", "Decide it"))
    said = "The books are live." if c.live else "It is decided, and still to come."
    return Step("go_live", "Going live", "done", said, why, ("/go-live", "Look at it"))


def _people(c: Counts) -> Step:
    alone = c.people <= 1
    said = (
        "You are alone here." if alone else f"{_many(c.people, 'person', 'people')}, {_many(c.handhelds, 'handheld')}."
    )
    return Step(
        "people", "People and handhelds", "open" if alone else "done", said,
        "Whoever picks, receives and orders signs in as themselves, so that what happened can be asked about.",
        ("/people", "Add people"),
    )  # fmt: skip


def _devices(c: Counts) -> Step:
    why = "A scale counts a bin by itself, a thermometer watches a cold room. Without them people count, as ever."
    if not c.devices:
        return Step("devices", "Devices", "open", "No device yet.", why, ("/devices/new", "Add a device"))
    if c.devices_never_heard:
        return Step(
            "devices", "Devices", "missing", f"{_of(c.devices_never_heard, c.devices, 'device')} never heard of yet.",
            why, ("/devices/new", "Add a device"), ("/devices?state=never+heard", "Which"),
        )  # fmt: skip
    return Step("devices", "Devices", "done", f"{_many(c.devices, 'device')}, all heard of.", why, ("/devices", "Look"))


def _mail(c: Counts) -> Step:
    return Step(
        "mail", "Mail", "done" if c.mail else "open",
        "A mail server is set." if c.mail else "No mail server is set: orders to mail addresses stay here.",
        "With it orders leave by themselves, and people are told of what cannot wait.", ("/settings", "How to set it"),
    )  # fmt: skip


def _https(c: Counts) -> Step:
    return Step(
        "https", "HTTPS", "done" if c.https else "open",
        "Pages are reached by https." if c.https else "Pages are reached by http.",
        "Passwords and orders travel readably in your network meanwhile, and phones do not let a page use the camera.",
        ("/phones", "Connect a phone"),
    )  # fmt: skip


_RULES: tuple[Callable[[Counts], Step], ...] = (
    _company, _floor, _items, _suppliers, _terms, _lead_times, _stock, _history, _orders, _go_live, _barcodes, _people,
    _devices, _mail, _https,
)  # fmt: skip


def _many(number: int, one: str, several: str = "") -> str:
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def _of(some: int, all_: int, one: str, several: str = "") -> str:
    return f"{some:,} of {_many(all_, one, several)}"


def _amount(days: float) -> str:
    return plain(quantity(days))


KEYS = tuple(one.key for one in steps(Counts()))
