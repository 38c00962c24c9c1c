"""The rows of lists: a page of one, or all of it a few at a time, asked of the database as a person wants them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import Enum
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from psycopg.rows import dict_row

from shelfwise.access import filters
from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.clocks import day_end, day_start
from shelfwise.records.tables import contains
from shelfwise.store.database import value
from shelfwise.web.listing import PAGE, Column, Filter, Found, Listing, Options, Row, Wanted, day, wanted

# How many rows are read, and worked on, at once when all are exported.
BATCH = 500


def opened(ctx: Context, listing: Listing, given: Mapping[str, str]) -> Mapping[str, str]:
    """What is asked of a list: what the address says, or, where it says nothing, the filter the page opens with."""
    if given or ctx.actor.user_id is None:
        return given
    first = filters.opens_with(ctx, listing.name)
    return {} if first is None else dict(parse_qsl(first.query))


# What a list of tens of thousands of rows is sorted and counted in.
SORTED_IN = "64MB"


def find(ctx: Context, listing: Listing, given: Mapping[str, str]) -> Found:
    """A page of a list, as asked for; beyond the last page, the last one. Asked for nothing, see `opened`.

    Raises:
        Forbidden: the actor may not see the list.
        Invalid: a filter's day is none.
    """
    asked = wanted(listing, opened(ctx, listing, given))
    if listing.rows is not None:
        every = _worked_out(ctx, asked)
        asked = replace(asked, page=min(asked.page, max(1, -(-len(every) // PAGE))))
        start = (asked.page - 1) * PAGE
        return _found(ctx, asked, every[start : start + PAGE], len(every))
    statement = _statement(ctx, asked)
    rows, total = _some(ctx, listing, *statement, asked.page)
    if not rows and asked.page > 1:
        query, _, told = statement
        asked = replace(asked, page=max(1, -(-_count(ctx, query, told) // PAGE)))
        rows, total = _some(ctx, listing, *statement, asked.page)
    if listing.fill is not None:
        listing.fill(ctx, rows)
    return _found(ctx, asked, rows, total)


def summed(ctx: Context, listing: Listing, given: Mapping[str, str], sums: str) -> Row:
    """What the whole filtered list comes to: `sums` is what SQL selects of its rows, such as `sum(worth) as worth`.

    Raises:
        Forbidden, Invalid: see `find`.
    """
    query, _, told = _statement(ctx, wanted(listing, opened(ctx, listing, given)))
    with ctx.tx.cursor(row_factory=dict_row) as cursor:
        found: Row | None = cursor.execute(f"select {sums} from ({query}) listed", told).fetchone()
    return found or {}


def frame(ctx: Context, listing: Listing, given: Mapping[str, str]) -> Found:
    """What stands around a list, its search and filters, without looking for rows; for pages that show others.

    Raises:
        Invalid: a filter's day is none.
    """
    return _found(ctx, wanted(listing, opened(ctx, listing, given)), [], 0)


def _found(ctx: Context, asked: Wanted, rows: list[Row], total: int) -> Found:
    saved = filters.filters(ctx, asked.listing.name) if ctx.actor.user_id is not None else []
    return Found(asked, rows, total, _options(ctx, asked.listing), saved)


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
        return day_start(day(text, one.words), zone)
    if one.kind == "until":
        return day_end(day(text, one.words), zone)
    return text


def _some(
    ctx: Context, listing: Listing, query: str, order: str, told: dict[str, Any], page: int
) -> tuple[list[Row], int]:
    """The rows of a page, and how many there are altogether."""
    counted = "" if listing.counted_apart else ", count(*) over () as of_all"
    with ctx.tx.cursor(row_factory=dict_row) as cursor:
        # Counting keeps all rows for a moment: in memory, not on disk.
        cursor.execute(f"set local work_mem = '{SORTED_IN}'")
        rows = cursor.execute(
            f"select listed.*{counted} from ({query}) listed {order} limit {PAGE} offset {(page - 1) * PAGE}", told
        ).fetchall()
    if not listing.counted_apart:
        return rows, rows[0]["of_all"] if rows else 0
    return rows, _count(ctx, query, told)


def _count(ctx: Context, query: str, told: dict[str, Any]) -> int:
    return int(value(ctx.tx, f"select count(*) from ({query}) listed", told))


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
