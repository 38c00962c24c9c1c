"""Lists: a page says which columns, filters and search it has, and gets sorting, paging and whole exports from here.

What a browser sends never becomes SQL: it chooses among the columns and choices that a list names, and the rest goes in
as parameters. A list shows all it has: what does not fit on a page stands on the next, and the count is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum
from typing import Any, Literal
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from psycopg.rows import dict_row

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.clocks import day_end, day_start
from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.records import service as records
from shelfwise.records.exchange import Kind
from shelfwise.records.tables import contains
from shelfwise.store.database import value

PAGE = 100
LAST_PAGE = 1_000_000
LONGEST = 200
# How many rows are read, and worked on, at once when all are exported.
BATCH = 500
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
            _day(text, one.words)
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


def _day(text: str, where: str) -> date:
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
    """

    wanted: Wanted
    rows: list[Row]
    total: int
    options: Mapping[str, Options]

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
    def narrowed(self) -> bool:
        """Whether something is left out on purpose."""
        return bool(self.wanted.search) or any(
            text != _default(self.listing, name) for name, text in self.wanted.chosen.items()
        )

    def address(self, **changes: Any) -> str:
        """The page with something else asked: page=2, sort='-number', or a filter by its name."""
        new = replace(
            self.wanted,
            sort=changes.pop("sort", self.wanted.sort),
            search=changes.pop("search", self.wanted.search),
            page=changes.pop("page", 1),
        )
        query = replace(new, chosen={**new.chosen, **changes}).query()
        return f"{self.listing.home}?{query}" if query else self.listing.home

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
        query = replace(self.wanted, page=1).query()
        told = [part for part in (query, "bom=yes" if excel else "") if part]
        return f"/export/{self.listing.name}.{form}" + (f"?{'&'.join(told)}" if told else "")

    def link(self, column: Column, row: Row) -> str:
        """Where a cell leads; empty where nothing is known to lead to."""
        parts = {name: quote(str(one), safe="") for name, one in row.items() if one is not None}
        try:
            return column.link.format_map(parts)
        except KeyError:
            return ""


def find(ctx: Context, listing: Listing, given: Mapping[str, str]) -> Found:
    """A page of a list, as asked for; beyond the last page, the last one.

    Raises:
        Forbidden: the actor may not see the list.
        Invalid: a filter's day is none.
    """
    asked = wanted(listing, given)
    if listing.rows is not None:
        every = _worked_out(ctx, asked)
        asked = replace(asked, page=min(asked.page, max(1, -(-len(every) // PAGE))))
        start = (asked.page - 1) * PAGE
        return Found(asked, every[start : start + PAGE], len(every), _options(ctx, listing))
    statement = _statement(ctx, asked)
    rows, total = _some(ctx, *statement, asked.page)
    if not rows and asked.page > 1:
        query, _, told = statement
        total = int(value(ctx.tx, f"select count(*) from ({query}) listed", told))
        asked = replace(asked, page=max(1, -(-total // PAGE)))
        rows, total = _some(ctx, *statement, asked.page)
    if listing.fill is not None:
        listing.fill(ctx, rows)
    return Found(asked, rows, total, _options(ctx, listing))


def every(ctx: Context, listing: Listing, given: Mapping[str, str]) -> Iterator[Row]:
    """The whole filtered list, a few rows at a time.

    Raises:
        Forbidden, Invalid: see `find`; at the first row.
    """
    asked = wanted(listing, given)
    if listing.rows is not None:
        yield from _worked_out(ctx, asked)
        return
    query, order, told = _statement(ctx, asked)
    with ctx.tx.cursor(name="whole_list", row_factory=dict_row) as cursor:
        cursor.execute(f"select * from ({query}) listed {order}", told)
        while some := cursor.fetchmany(BATCH):
            if listing.fill is not None:
                listing.fill(ctx, some)
            yield from some


def zone_of(ctx: Context) -> ZoneInfo:
    """In whose time days and instants are told: that of the first site one may see."""
    found = value(
        ctx.tx,
        """select time_zone from site where tenant_id = %s and (%s::bigint[] is null or site_id = any(%s))
           order by site_id limit 1""",
        (ctx.tenant, *[ctx.sites(Right.VIEW)] * 2),
    )
    return ZoneInfo(str(found or "UTC"))


def cell(column: Column, row: Row) -> Any:
    """The value of a cell for a file."""
    found = row.get(column.key)
    if isinstance(found, Enum):
        return found.value
    return ", ".join(str(one) for one in found) if isinstance(found, list | tuple) else found


def _statement(ctx: Context, asked: Wanted) -> tuple[str, str, dict[str, Any]]:
    """The query of the whole filtered list, its order, and its parameters."""
    listing = asked.listing
    told: dict[str, Any] = {
        "tenant": ctx.tenant, "sites": listing.allowed(ctx), "now": ctx.now, "wall": ctx.wall.now(),
        "own": ctx.actor.by, "zone": zone_of(ctx).key, "like": contains(asked.search),
    }  # fmt: skip
    parts = [listing.search] if asked.search else []
    for one in listing.filters:
        text = asked.chosen[one.name]
        own = next((choice.where for choice in one.choices if choice.value == text), "")
        if own or (one.where and text):
            parts.append(own or one.where)
            told[f"f_{one.name}"] = _parameter(one, text, ZoneInfo(told["zone"]))
    query = listing.query.replace("{where}", "".join(f" and ({part})" for part in parts))
    way = "desc" if asked.descending else "asc"
    return query, f"order by {asked.by} {way} nulls last, {listing.key} {way}", told


def _parameter(one: Filter, text: str, zone: ZoneInfo) -> Any:
    if one.kind == "from":
        return day_start(_day(text, one.words), zone)
    if one.kind == "until":
        return day_end(_day(text, one.words), zone)
    return text


def _some(ctx: Context, query: str, order: str, told: dict[str, Any], page: int) -> tuple[list[Row], int]:
    """The rows of a page, and how many there are altogether."""
    with ctx.tx.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            f"""select listed.*, count(*) over () as of_all from ({query}) listed
                {order} limit {PAGE} offset {(page - 1) * PAGE}""",
            told,
        ).fetchall()
    return rows, rows[0]["of_all"] if rows else 0


def _worked_out(ctx: Context, asked: Wanted) -> list[Row]:
    listing = asked.listing
    listing.allowed(ctx)
    found = list(listing.rows(ctx)) if listing.rows is not None else []
    text = asked.search.lower()
    if text:
        keys = [one.key for one in listing.columns] + [one.under for one in listing.columns if one.under]
        found = [row for row in found if any(text in str(row.get(key) or "").lower() for key in keys)]
    for one in listing.filters:
        chosen, keep = asked.chosen[one.name], one.keep
        if chosen and keep is not None:
            found = [row for row in found if keep(row, chosen)]
    known = [row for row in found if row.get(asked.by) is not None]
    known.sort(key=lambda row: _comparable(row[asked.by]), reverse=asked.descending)
    return known + [row for row in found if row.get(asked.by) is None]


def _comparable(one: Any) -> Any:
    return one.lower() if isinstance(one, str) else str(one) if isinstance(one, list | tuple) else one


def _options(ctx: Context, listing: Listing) -> dict[str, Options]:
    return {
        one.name: one.options(ctx) if one.options else [(choice.value, choice.words) for choice in one.choices]
        for one in listing.filters
    }


def _sites(ctx: Context) -> Options:
    return [(site.code, site.name) for site in records.sites(ctx)]


def site_filter(column: str = "s.code") -> Filter:
    """Narrowing to one site, by its code."""
    return Filter("site", "Site", f"{column} = %(f_site)s", options=_sites)
