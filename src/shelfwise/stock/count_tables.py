"""SQL of counts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shelfwise.core.quantities import ZERO
from shelfwise.store.database import Tx, first, rows, run, value, values

_SHEET = """select c.count_id, c.number, c.site_id, s.code as site, c.title, c.blind, c.tolerance, c.state,
        c.opened_by, c.opened_at, c.closed_by, c.closed_at,
        (select count(distinct place_id) from count_line l
         where l.tenant_id = c.tenant_id and l.count_id = c.count_id) as places,
        (select count(distinct place_id) from count_line l
         where l.tenant_id = c.tenant_id and l.count_id = c.count_id and l.state = 'open') as places_left
    from count_sheet c join site s on s.tenant_id = c.tenant_id and s.site_id = c.site_id"""
# Of the instant of counting: what the books say now, without what happened since; late facts are in it. What was taken
# back since and had happened before never was: neither it nor its reversal happened since.
_BOOK = """coalesce((select sum(b.on_hand) from balance b where b.tenant_id = l.tenant_id and b.item_id = l.item_id
        and b.place_id = l.place_id and b.lot = l.lot), 0)
    - coalesce((select sum(case when m.to_place_id = l.place_id then m.quantity else -m.quantity end) from movement m
        where m.tenant_id = l.tenant_id and m.item_id = l.item_id and coalesce(m.lot, '') = l.lot
          and m.occurred_at > l.counted_at and m.to_place_id <> m.from_place_id
          and not exists (select from movement w where w.tenant_id = m.tenant_id and w.movement_id = m.reverses
                          and w.occurred_at <= l.counted_at)
          and l.place_id in (m.to_place_id, m.from_place_id)), 0)"""
_LINE = """select l.count_id, l.place_id, p.code as place, l.item_id, i.sku, i.description, i.unit, l.lot, l.counted,
        l.counted_by, l.counted_at, {book} as book, l.state
    from count_line l
    join place p on p.tenant_id = l.tenant_id and p.place_id = l.place_id
    left join item i on i.tenant_id = l.tenant_id and i.item_id = l.item_id
    where l.tenant_id = %s and l.count_id = %s order by p.code, i.sku nulls last, l.lot"""


@dataclass(frozen=True)
class CountSheet:
    """A count: what is to be looked at, and how far it is.

    Attributes:
        state: 'open', 'to_approve' (large differences wait for a second person), 'posted' or 'cancelled'.
        places_left: how many places nobody has looked at.
    """

    count_id: int
    number: str
    site_id: int
    site: str
    title: str
    blind: bool
    tolerance: Decimal
    state: str
    opened_by: str
    opened_at: datetime
    closed_by: str | None
    closed_at: datetime | None
    places: int
    places_left: int


@dataclass(frozen=True)
class CountLine:
    """An item and lot ('': none) in a place; without an item: a place where the books know of nothing.

    Attributes:
        counted: None: nobody has looked.
        book: what the books say of the instant of counting; None: not worked out, or hidden from who counts.
    """

    count_id: int
    place_id: int
    place: str
    item_id: int | None
    sku: str | None
    description: str | None
    unit: str | None
    lot: str
    counted: Decimal | None
    counted_by: str | None
    counted_at: datetime | None
    book: Decimal | None
    state: str

    @property
    def difference(self) -> Decimal:
        """What was found beyond the books; below zero: what was not found."""
        return (self.counted or ZERO) - (self.book or ZERO)


def insert(
    tx: Tx,
    tenant: int,
    *,
    number: str,
    site_id: int,
    title: str,
    blind: bool,
    tolerance: Decimal,
    opened_by: str,
    opened_at: datetime,
    place_ids: Collection[int],
    item_ids: Collection[int] | None,
) -> int:
    """A new sheet with a line for all that lies in its places, and one for each place where nothing does."""
    count_id = int(
        value(
            tx,
            """insert into count_sheet (tenant_id, number, site_id, title, blind, tolerance, opened_by, opened_at)
               values (%s, %s, %s, %s, %s, %s, %s, %s) returning count_id""",
            (tenant, number, site_id, title, blind, tolerance, opened_by, opened_at),
        )
    )
    run(
        tx,
        """insert into count_line (tenant_id, count_id, place_id, item_id, lot)
           select %(tenant)s, %(count)s, u.place_id, b.item_id, coalesce(b.lot, '')
           from unnest(%(places)s::bigint[]) u (place_id)
           left join (select distinct place_id, item_id, lot from balance
                      where tenant_id = %(tenant)s and place_id = any(%(places)s::bigint[]) and on_hand <> 0
                        and (%(items)s::bigint[] is null or item_id = any(%(items)s))) b using (place_id)""",
        {
            "tenant": tenant,
            "count": count_id,
            "places": list(place_ids),
            "items": None if item_ids is None else list(item_ids),
        },
    )
    return count_id


def sheet(tx: Tx, tenant: int, count_id: int, lock: bool = False) -> CountSheet | None:
    ending = " for update of c" if lock else ""
    return first(tx, CountSheet, f"{_SHEET} where c.tenant_id = %s and c.count_id = %s{ending}", (tenant, count_id))


def sheets(tx: Tx, tenant: int, sites: Collection[int] | None, limit: int) -> list[CountSheet]:
    return rows(
        tx,
        CountSheet,
        f"""{_SHEET} where c.tenant_id = %(tenant)s and (%(sites)s::bigint[] is null or c.site_id = any(%(sites)s))
            order by c.state in ('posted', 'cancelled'), c.count_id desc limit %(limit)s""",
        {"tenant": tenant, "sites": None if sites is None else list(sites), "limit": limit},
    )


def lines(tx: Tx, tenant: int, count_id: int, hide_book: bool = False) -> list[CountLine]:
    """Lines with the books as they were noted when the differences were worked out."""
    return rows(tx, CountLine, _LINE.format(book="null::numeric" if hide_book else "l.book"), (tenant, count_id))


def with_book(tx: Tx, tenant: int, count_id: int) -> list[CountLine]:
    """Lines with what the books say now of the instants of counting."""
    return rows(tx, CountLine, _LINE.format(book=_BOOK), (tenant, count_id))


def places_of(tx: Tx, tenant: int, count_id: int) -> set[int]:
    found = values(
        tx, "select distinct place_id from count_line where tenant_id = %s and count_id = %s", (tenant, count_id)
    )
    return {place_id for (place_id,) in found}


def told_before(tx: Tx, tenant: int, count_id: int, place_id: int, source: str) -> bool:
    return bool(
        values(
            tx,
            """select 1 from count_line
               where tenant_id = %s and count_id = %s and place_id = %s and source = %s limit 1""",
            (tenant, count_id, place_id, source),
        )
    )


def tell(
    tx: Tx,
    tenant: int,
    count_id: int,
    place_id: int,
    found: Sequence[tuple[int, str, Decimal]],
    by: str,
    at: datetime,
    source: str,
) -> None:
    """Everything on the sheet for the place is 0 but what was found; what was posted before stays as it is."""
    run(
        tx,
        """update count_line set counted = 0, counted_by = %s, counted_at = %s, source = %s, state = 'counted'
           where tenant_id = %s and count_id = %s and place_id = %s and state <> 'posted'""",
        (by, at, source, tenant, count_id, place_id),
    )
    run(
        tx,
        """insert into count_line (tenant_id, count_id, place_id, item_id, lot, counted, counted_by, counted_at, source,
                                   state)
           select %s, %s, %s, u.item_id, u.lot, u.counted, %s, %s, %s, 'counted'
           from unnest(%s::bigint[], %s::text[], %s::numeric[]) u (item_id, lot, counted)
           on conflict (tenant_id, count_id, place_id, item_id, lot) do update set counted = excluded.counted
           where count_line.state <> 'posted'""",
        (
            tenant,
            count_id,
            place_id,
            by,
            at,
            source,
            [item_id for item_id, _, _ in found],
            [lot for _, lot, _ in found],
            [quantity for _, _, quantity in found],
        ),
    )


def note_books(tx: Tx, tenant: int, count_id: int, due: Sequence[CountLine], state: str) -> None:
    """Note what the books said of lines, and the state they are in from now on."""
    run(
        tx,
        """update count_line l set book = u.book, state = %s
           from unnest(%s::bigint[], %s::bigint[], %s::text[], %s::numeric[]) u (place_id, item_id, lot, book)
           where l.tenant_id = %s and l.count_id = %s and l.place_id = u.place_id
             and l.item_id is not distinct from u.item_id and l.lot = u.lot""",
        (
            state,
            [line.place_id for line in due],
            [line.item_id for line in due],
            [line.lot for line in due],
            [line.book for line in due],
            tenant,
            count_id,
        ),
    )


def ask_again(tx: Tx, tenant: int, count_id: int, place_ids: Collection[int]) -> int:
    return run(
        tx,
        """update count_line set state = 'open', counted = null, counted_by = null, counted_at = null, source = null,
                                 book = null
           where tenant_id = %s and count_id = %s and place_id = any(%s::bigint[]) and state = 'to_approve'""",
        (tenant, count_id, list(place_ids)),
    )


def set_state(tx: Tx, tenant: int, count_id: int, state: str) -> None:
    run(
        tx,
        "update count_sheet set state = %s where tenant_id = %s and count_id = %s",
        (state, tenant, count_id),
    )


def close(tx: Tx, tenant: int, count_id: int, state: str, by: str, at: datetime) -> None:
    run(
        tx,
        """update count_sheet set state = %s, closed_by = %s, closed_at = %s
           where tenant_id = %s and count_id = %s""",
        (state, by, at, tenant, count_id),
    )
