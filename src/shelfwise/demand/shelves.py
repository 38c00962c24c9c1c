"""What others of a category lose to a promotion, and gain while an item is out of stock: measured at night."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.demand.lift import LONGEST_DAYS, Measure, days_of, measure, together
from shelfwise.demand.service import days_out, history
from shelfwise.demand.shelf import (
    Others,
    Share,
    Shift,
    measure_lost,
    measure_others,
    share_of,
    spells,
    stands_out,
)
from shelfwise.records.items import item
from shelfwise.records.promoting import promoted_days
from shelfwise.store.database import rows, run, values

# So many a night: what is left is done in the next ones, the newest first.
MOST_PROMOTIONS = 100
MOST_ITEMS = 100
# The best sellers of a category speak for it.
MOST_OTHERS = 100
# Times out of stock are measured so far back.
DAYS_BACK = 365
# So many of the items that sold more are kept for each item.
KEPT = 10


@dataclass(frozen=True)
class Substitutes:
    """Where what is wanted of an item goes while it is out of stock; `named`: the items that clearly sold more."""

    share: Share
    named: list[int]


@dataclass(frozen=True)
class _Waiting:
    """A promotion that is over, of items of a category; `promotion_id`: the row of one of them."""

    promotion_id: int
    item_id: int
    category: str
    starts_on: date
    ends_on: date
    promoted: list[int]


@dataclass(frozen=True)
class _Stored:
    item_id: int
    other_id: int | None
    days: int
    sold: float
    expected: float
    spread: float

    @property
    def measure(self) -> Measure:
        return Measure(self.days, self.sold, self.expected, self.spread)


class _Shelf:
    """What is known of some items at a site, read once for all that is measured in a night."""

    def __init__(self, ctx: Context, site_id: int, item_ids: Collection[int], origin: date) -> None:
        self.histories = history(ctx, site_id, sorted(item_ids), origin)
        self._promoted = promoted_days(ctx, site_id, item_ids)

    def promoted(self, item_id: int) -> set[date]:
        return {day for _, first, last in self._promoted.get(item_id, ()) for day in days_of(first, last)}

    def others(self, item_ids: Collection[int]) -> Others:
        return [(self.histories[one], self.promoted(one)) for one in item_ids if one in self.histories]


def measure_others_of_promotions(ctx: Context, site_id: int, origin: date) -> int:
    """Measure what others of the promoted items' categories sold during promotions that were over by the end of
    `origin` at a site, the newest first; returns how many, each category counted. Repeatable."""
    ctx.require(Right.RUN_PLANNING, site_id)
    waiting = _waiting(ctx, site_id, origin)
    if not waiting:
        return 0
    alike = _alike(ctx, site_id, {one.item_id for one in waiting}, origin)
    shelf = _Shelf(ctx, site_id, {other for others in alike.values() for other in others}, origin)
    measured = [
        (one, measure_others(shelf.others([*{*alike[one.item_id]} - {*one.promoted}]), one.starts_on, one.ends_on))
        for one in waiting
    ]
    with ctx.tx.cursor() as cursor:
        cursor.executemany(
            """insert into promotion_lift (tenant_id, promotion_id, site_id, span, category, days, sold, expected,
                   spread, measured_at) values (%s, %s, %s, 'others', %s, %s, %s, %s, %s, %s)
               on conflict (tenant_id, promotion_id, site_id, span) do update set category = excluded.category,
                   days = excluded.days, sold = excluded.sold, expected = excluded.expected, spread = excluded.spread,
                   measured_at = excluded.measured_at""",
            [
                (
                    ctx.tenant, one.promotion_id, site_id, one.category, it.days, it.sold, it.expected, it.spread,
                    ctx.now,
                )
                for one, it in measured
            ],
        )  # fmt: skip
    ctx.audit("promotions.measured_others", f"site:{site_id}", count=len(waiting))
    return len(waiting)


def measure_stockouts(ctx: Context, site_id: int, origin: date) -> int:
    """Measure what others of their categories sold while items were out of stock at a site; returns how many items.

    An item is measured anew, over the last year, when a time out of stock has ended by the end of `origin`, or has
    lasted as long as is measured of it. Repeatable.

    Raises:
        NotFound: there is no such site.
    """
    ctx.require(Right.RUN_PLANNING, site_id)
    waiting = _waiting_items(ctx, site_id, origin)
    if not waiting:
        return 0
    alike = _alike(ctx, site_id, waiting, origin)
    shelf = _Shelf(ctx, site_id, {*waiting, *(other for others in alike.values() for other in others)}, origin)
    told = []
    for item_id, out in waiting.items():
        found = _measured(shelf, item_id, alike[item_id], out) if item_id in shelf.histories else {}
        told += [
            (
                ctx.tenant, site_id, item_id, other_id, it.days, it.sold, it.expected, it.spread,
                max(last for _, last in out),
            )
            for other_id, it in ({item_id: Measure(0, 0.0, 0.0, 0.0)} | found).items()
        ]  # fmt: skip
    run(
        ctx.tx,
        "delete from substitution where tenant_id = %s and site_id = %s and item_id = any(%s)",
        (ctx.tenant, site_id, list(waiting)),
    )
    with ctx.tx.cursor() as cursor:
        cursor.executemany(
            """insert into substitution (tenant_id, site_id, item_id, other_id, days, sold, expected, spread, until)
               values (%s, %s, %s, %s, %s, %s, %s, %s, %s)""",
            told,
        )
    ctx.audit("stockouts.measured", f"site:{site_id}", count=len(waiting))
    return len(waiting)


def substitutes(ctx: Context, item_id: int) -> Substitutes | None:
    """Where what is wanted of an item goes while it is out of stock, by the sites one may see; None where the numbers
    do not carry it.

    Raises:
        NotFound: there is no such item.
    """
    sites = ctx.sites(Right.VIEW)
    own = item(ctx, item_id)
    if not own.category:
        return None
    found = rows(
        ctx.tx,
        _Stored,
        """select s.item_id, s.other_id, s.days, s.sold, s.expected, s.spread
           from substitution s join item i using (tenant_id, item_id)
           where s.tenant_id = %(tenant)s and i.category = %(category)s
             and (s.item_id = %(item)s or s.other_id is null or s.other_id = s.item_id)
             and (%(sites)s::bigint[] is null or s.site_id = any(%(sites)s))
           order by s.item_id, s.other_id nulls first""",
        {"tenant": ctx.tenant, "category": own.category, "item": item_id, "sites": sites},
    )
    measures = {
        both: together(one.measure for one in group)
        for both, group in groupby(found, lambda one: (one.item_id, one.other_id))
    }
    shifts = {
        one: Shift(measures[one, one], others)
        for (one, other), others in measures.items()
        if other is None and (one, one) in measures
    }
    share = share_of(shifts.pop(item_id, None), list(shifts.values()))
    named = {
        other: it.sold - it.expected
        for (one, other), it in measures.items()
        if one == item_id and other not in (None, item_id) and stands_out(it)
    }
    return (
        None
        if share is None
        else Substitutes(share, sorted((one for one in named if one), key=lambda one: -named[one]))
    )


def _measured(
    shelf: _Shelf, item_id: int, others: Collection[int], out: Collection[tuple[date, date]]
) -> dict[int | None, Measure]:
    """What the item lost, what the others sold together (None), and those of them that sold more."""
    lost, gained = [], []
    each: dict[int, list[Measure]] = {}
    for first, last in out:
        missed = measure_lost(shelf.histories[item_id], first, last, shelf.promoted(item_id))
        among = measure_others(shelf.others(others), first, last)
        if not (missed.days and among.days):
            continue
        lost.append(missed)
        gained.append(among)
        for other in others:
            if other in shelf.histories:
                it = measure(shelf.histories[other], first, last, shelf.promoted(other))["during"]
                each.setdefault(other, []).append(it)
    if not lost:
        return {}
    best = {other: together(found) for other, found in each.items()}
    most = sorted(best, key=lambda other: best[other].expected - best[other].sold)[:KEPT]
    return {item_id: together(lost), None: together(gained)} | {
        other: best[other] for other in most if best[other].sold > best[other].expected
    }


def _waiting(ctx: Context, site_id: int, origin: date) -> list[_Waiting]:
    """Promotions that are over, with the categories of their items whose others have not been measured yet."""
    return rows(
        ctx.tx,
        _Waiting,
        """select min(p.promotion_id) as promotion_id, min(p.item_id) as item_id, i.category, p.starts_on, p.ends_on,
                  (select array_agg(q.item_id) from promotion q where q.tenant_id = %(tenant)s and q.code = p.code
                       and q.site_id is not distinct from p.site_id) as promoted
           from promotion p join item i using (tenant_id, item_id)
           where p.tenant_id = %(tenant)s and not p.called_off and p.ends_on <= %(origin)s and i.category <> ''
             and coalesce(p.site_id, %(site)s) = %(site)s
             and exists (select from item o where o.tenant_id = i.tenant_id and o.category = i.category
                 and o.unit = i.unit and o.item_id <> i.item_id)
             and not exists (
                 select from promotion q join promotion_lift l using (tenant_id, promotion_id)
                 where q.tenant_id = %(tenant)s and q.code = p.code and q.site_id is not distinct from p.site_id
                   and l.site_id = %(site)s and l.span = 'others' and l.category = i.category)
           group by p.code, p.site_id, i.category, p.starts_on, p.ends_on
           order by p.ends_on desc, 1 limit %(most)s""",
        {"tenant": ctx.tenant, "site": site_id, "origin": origin, "most": MOST_PROMOTIONS},
    )


def _waiting_items(ctx: Context, site_id: int, origin: date) -> dict[int, list[tuple[date, date]]]:
    """Items with a category that were out of stock since they were measured, and all their times out of stock."""
    known: dict[int, date | None] = dict(
        values(
            ctx.tx,
            """select i.item_id, max(s.until) from item i
               left join substitution s on s.tenant_id = i.tenant_id and s.item_id = i.item_id and s.site_id = %s
               where i.tenant_id = %s and i.category <> '' group by i.item_id""",
            (site_id, ctx.tenant),
        )
    )
    found: dict[int, list[tuple[date, date]]] = {}
    earliest = origin - timedelta(days=DAYS_BACK)
    for item_id, days in days_out(ctx, site_id, earliest, origin).items():
        # Of one that goes on for long, what is measured of it is over.
        out = [(first, min(last, first + timedelta(days=LONGEST_DAYS - 1))) for first, last in spells(days)]
        over = [(first, last) for first, last in out if last < origin]
        if item_id in known and over and over[-1][1] > (known[item_id] or date.min):
            found[item_id] = over
    newest = sorted(found, key=lambda one: found[one][-1][1], reverse=True)[:MOST_ITEMS]
    return {one: found[one] for one in newest}


def _alike(ctx: Context, site_id: int, item_ids: Collection[int], origin: date) -> dict[int, list[int]]:
    """For each item the others of its category that are kept in the same unit, and have sold at the site of late."""
    found: dict[int, list[int]] = {one: [] for one in item_ids}
    for item_id, other in values(
        ctx.tx,
        """with kin as (
               select i.item_id, o.item_id as other_id
               from item i join item o on o.tenant_id = i.tenant_id and o.category = i.category and o.unit = i.unit
                   and o.item_id <> i.item_id
               where i.tenant_id = %(tenant)s and i.item_id = any(%(items)s) and i.category <> ''),
           sold as (
               select item_id, sum(quantity) as quantity from demand_day
               where tenant_id = %(tenant)s and site_id = %(site)s and day between %(since)s and %(until)s
                 and item_id in (select other_id from kin) group by item_id)
           select item_id, other_id from (
               select kin.item_id, kin.other_id,
                      row_number() over (partition by kin.item_id order by sold.quantity desc, kin.other_id) as place
               from kin join sold on sold.item_id = kin.other_id) ranked
           where place <= %(most)s order by item_id, place""",
        {
            "tenant": ctx.tenant,
            "items": list(item_ids),
            "site": site_id,
            "most": MOST_OTHERS,
            "since": origin - timedelta(days=DAYS_BACK),
            "until": origin,
        },
    ):
        found[item_id].append(other)
    return found
