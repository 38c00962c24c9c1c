"""Lists: a page says which columns, filters and search it has, and gets sorting, paging and whole exports from here.

What a browser sends never becomes SQL: it chooses among the columns and choices that a list names, and the rest goes in
as parameters. A list shows all it has: what does not fit on a page stands on the next, and the count is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal
from urllib.parse import quote, urlencode

from shelfwise.access.context import Context
from shelfwise.access.filters import SavedFilter
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.records import service as records
from shelfwise.records.exchange import Kind

PAGE = 100
LAST_PAGE = 1_000_000
LONGEST = 200
# The question that means: as the page is by itself.
UNFILTERED = "view=none"
Row = dict[str, Any]
Options = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Column:
    """A column of a list.

    Attributes:
        key: what rows and addresses call it, and the heading in files.
        heading: what people call it.
        shown, exported: whether it stands on the page, and in files.
        sortable: whether the page can be sorted by it.
        link: where a cell leads, with keys of the row in braces: '/orders/{purchase_order_id}'.
        under: the key of what stands below it in the same cell.
        wall: an instant of the machine's clock, not of the business's.
    """

    key: str
    heading: str
    kind: Kind = "text"
    shown: bool = True
    exported: bool = True
    sortable: bool = True
    link: str = ""
    under: str = ""
    wall: bool = False

    @property
    def number(self) -> bool:
        return self.kind in ("number", "whole")

    @property
    def high_first(self) -> bool:
        """Whether the first click brings the highest to the top: most, or newest, is what people look for."""
        return self.number or self.kind == "instant"


@dataclass(frozen=True)
class Choice:
    """One value of a filter; `where` is the condition in SQL, if it is not the filter's own."""

    value: str
    words: str
    where: str = ""


@dataclass(frozen=True)
class Filter:
    """Something a list can be narrowed by.

    Attributes:
        where: the condition in SQL; the value is its parameter `f_NAME`.
        choices: what can be chosen. `options`: the same, where it depends on what there is.
        kind: 'from' and 'until' are days, of the first site's calendar, both included.
        tabs: shown as buttons above the list.
        default: what holds where nothing is chosen.
        keep: for rows that are worked out and not queried: whether one stays.
    """

    name: str
    words: str
    where: str = ""
    choices: tuple[Choice, ...] = ()
    options: Callable[[Context], Options] | None = None
    kind: Literal["choice", "text", "from", "until"] = "choice"
    tabs: bool = False
    default: str = ""
    keep: Callable[[Row, str], bool] | None = None


def viewable(ctx: Context) -> list[int] | None:
    """The sites whose rows may be shown; None: all.

    Raises:
        Forbidden: the actor may look at nothing.
    """
    return ctx.sites(Right.VIEW)


@dataclass(frozen=True)
class Listing:
    """What a page lists.

    Attributes:
        name: of files and of the address of exports.
        home: the page's address.
        query: a select with `{where}` where further conditions go; it has the parameters tenant, sites, now, wall, zone
            and `own`, the actor's signature. Its rows have the columns' keys.
        order: the key it is sorted by at first, with a minus for descending; `key`: settles the order of equals.
        search: the condition in SQL by which text is found, with the parameter `like`; empty: there is no search.
        allowed: checks the right and says the sites, for `sites` in the query.
        fill: works out more about some rows, such as words.
        rows: instead of `query`, for short lists that rooms work out.
        counted_apart: a page is read without looking at the rest, for a long list whose order an index has.
    """

    name: str
    home: str
    title: str
    columns: tuple[Column, ...]
    order: str
    key: str
    query: str = ""
    filters: tuple[Filter, ...] = ()
    search: str = ""
    search_words: str = "Search"
    allowed: Callable[[Context], list[int] | None] = viewable
    fill: Callable[[Context, list[Row]], None] | None = None
    rows: Callable[[Context], Iterable[Row]] | None = None
    counted_apart: bool = False

    @property
    def searchable(self) -> bool:
        return bool(self.search) or self.rows is not None

    def column(self, key: str) -> Column | None:
        return next((one for one in self.columns if one.key == key), None)

    def filter(self, name: str) -> Filter | None:
        return next((one for one in self.filters if one.name == name), None)


@dataclass(frozen=True)
class Wanted:
    """What somebody asks of a list; nothing in it that the list does not know."""

    listing: Listing
    sort: str
    search: str = ""
    page: int = 1
    chosen: Mapping[str, str] = field(default_factory=dict)

    @property
    def by(self) -> str:
        return self.sort.removeprefix("-")

    @property
    def descending(self) -> bool:
        return self.sort.startswith("-")

    def query(self) -> str:
        """As the part of an address behind the question mark; what is as ever is left out."""
        told = {name: text for name, text in self.chosen.items() if text != _default(self.listing, name)}
        if self.search:
            told["search"] = self.search
        if self.sort != self.listing.order:
            told["sort"] = self.sort
        if self.page > 1:
            told["page"] = str(self.page)
        return urlencode(told)


def wanted(listing: Listing, given: Mapping[str, str]) -> Wanted:
    """Read what a browser sent; what the list does not know is left out.

    Raises:
        Invalid: a day is none.
    """
    sort = given.get("sort", "")
    column = listing.column(sort.removeprefix("-"))
    chosen = {}
    for one in listing.filters:
        text = given.get(one.name, "").replace("\x00", "").strip()[:LONGEST]
        if one.choices and text not in {choice.value for choice in one.choices}:
            text = ""
        if one.kind in ("from", "until") and text:
            day(text, one.words)
        chosen[one.name] = text or one.default
    page = given.get("page", "1")
    return Wanted(
        listing,
        sort if column is not None and column.sortable else listing.order,
        given.get("search", "").replace("\x00", "").strip()[:LONGEST] if listing.searchable else "",
        min(max(int(page), 1), LAST_PAGE) if page.isascii() and page.isdigit() and len(page) < 10 else 1,
        chosen,
    )


def _default(listing: Listing, name: str) -> str:
    found = listing.filter(name)
    return "" if found is None else found.default


def day(text: str, where: str) -> date:
    """
    Raises:
        Invalid: the text is no day.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(Fault(where, "a day such as 2026-03-31", shorten(text), "Correct the day.")) from error


@dataclass(frozen=True)
class Found:
    """A page of a list.

    Attributes:
        total: how many rows the whole filtered list has.
        options: what each filter offers, by its name.
        saved: the filters that somebody finds saved here.
    """

    wanted: Wanted
    rows: list[Row]
    total: int
    options: Mapping[str, Options]
    saved: Sequence[SavedFilter] = ()

    @property
    def listing(self) -> Listing:
        return self.wanted.listing

    @property
    def columns(self) -> list[Column]:
        """Those on the page."""
        return [one for one in self.listing.columns if one.shown]

    @property
    def first(self) -> int:
        """The number of the first row of the page."""
        return (self.wanted.page - 1) * PAGE + 1

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE))

    @property
    def filtered(self) -> bool:
        """Whether a filter leaves something out that the tabs would show."""
        return any(self.wanted.chosen[one.name] != one.default for one in self.listing.filters if not one.tabs)

    @property
    def narrowed(self) -> bool:
        """Whether search or a filter leaves something out."""
        return bool(self.wanted.search) or self.filtered

    def everything(self) -> str:
        """The same tab without search and filters."""
        return self.address(search="", **{one.name: one.default for one in self.listing.filters if not one.tabs})

    def address(self, **changes: Any) -> str:
        """The page with something else asked: page=2, sort='-number', or a filter by its name."""
        new = replace(
            self.wanted,
            sort=changes.pop("sort", self.wanted.sort),
            search=changes.pop("search", self.wanted.search),
            page=changes.pop("page", 1),
        )
        return self._of(replace(new, chosen={**new.chosen, **changes}).query())

    def _of(self, query: str) -> str:
        # Without a question the page opens with the filter that a person chose for it.
        if not query and any(one.default for one in self.saved):
            query = UNFILTERED
        return f"{self.listing.home}?{query}" if query else self.listing.home

    def chip(self, saved: SavedFilter) -> str:
        """The address of a saved filter."""
        return f"{self.listing.home}?{saved.query or UNFILTERED}"

    def shows(self, saved: SavedFilter) -> bool:
        """Whether the page shows what was saved."""
        return saved.query == self.query()

    def query(self) -> str:
        """What is shown, as it is saved: from the first page on."""
        return replace(self.wanted, page=1).query()

    def here(self) -> str:
        """This page, as it is."""
        return self.address(page=self.wanted.page)

    def by(self, column: Column) -> str:
        """The page sorted by a column: the way people look for first, the other way at the second click."""
        down = not self.wanted.descending if self.wanted.by == column.key else column.high_first
        return self.address(sort=f"-{column.key}" if down else column.key)

    def sorted(self, column: Column) -> str:
        """For aria-sort; empty where it is sorted by another column."""
        if self.wanted.by != column.key:
            return ""
        return "descending" if self.wanted.descending else "ascending"

    def file(self, form: str, excel: bool = False) -> str:
        """Where the whole filtered list is given out as a file."""
        told = [part for part in (self.query(), "bom=yes" if excel else "") if part]
        return f"/export/{self.listing.name}.{form}" + (f"?{'&'.join(told)}" if told else "")

    def link(self, column: Column, row: Row) -> str:
        """Where a cell leads; empty where nothing is known to lead to."""
        parts = {name: quote(str(one), safe="") for name, one in row.items() if one is not None}
        try:
            return column.link.format_map(parts)
        except KeyError:
            return ""


def _sites(ctx: Context) -> Options:
    return [(site.code, site.name) for site in records.sites(ctx)]


def site_filter(column: str = "s.code") -> Filter:
    """Narrowing to one site, by its code."""
    return Filter("site", "Site", f"{column} = %(f_site)s", options=_sites)
