"""Promotions that are over are measured at night, and what they did is said of them and of the next ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.demand.lift import (
    DAYS_AFTER,
    LEAST_EVENTS,
    UNKNOWN,
    Case,
    Lift,
    Measure,
    Span,
    band,
    days_of,
    expected_lift,
    lift_of,
    measure,
    together,
)
from shelfwise.demand.service import history
from shelfwise.demand.shelves import measure_others_of_promotions
from shelfwise.records.promoting import event, promoted_days
from shelfwise.store.database import rows

# A file may bring years of promotions: all of them would hold up the night, and the newest are wanted first.
MOST_AT_ONCE = 500


@dataclass(frozen=True)
class Waiting:
    """A promotion of an item that is over and not measured yet; `settled`: the days after it are over too."""

    promotion_id: int
    item_id: int
    starts_on: date
    ends_on: date
    settled: bool


@dataclass(frozen=True)
class Stored:
    """What was measured of a promotion of an item at a site; fields as those of `Measure`.

    Attributes:
        category: whose others were measured; None: the item itself was.
    """

    code: str
    at_site: int
    kind: str
    discount_percent: Decimal | None
    item_id: int
    site_id: int
    span: Span
    category: str | None
    days: int
    sold: float
    expected: float
    spread: float

    @property
    def measure(self) -> Measure:
        return Measure(self.days, self.sold, self.expected, self.spread)


@dataclass(frozen=True)
class ItemLift:
    """What a promotion did to one item, at all sites together; None where the numbers do not carry it."""

    item_id: int
    during: Measure
    lift: Lift | None


@dataclass(frozen=True)
class EventLift:
    """What a promotion did, altogether and item by item.

    Attributes:
        after: of the same items in the week after it.
        others: what others of the items' categories sold meanwhile, by category.
    """

    during: Measure
    lift: Lift | None
    after: Lift | None
    others: dict[str, Lift | None]
    items: list[ItemLift]


@dataclass(frozen=True)
class Expected:
    """What a promotion may do, by those before it; `band`: of its size of discount, '' where its kind alone speaks."""

    lift: Lift
    band: str


def measure_site(ctx: Context, site_id: int, origin: date) -> int:
    """Measure promotions that were over by the end of `origin` at a site, the newest first; returns how many.

    What was measured stays, but for the week after, which is added once it is over. Repeatable.

    Raises:
        NotFound: there is no such site.
    """
    ctx.require(Right.RUN_PLANNING, site_id)
    measure_others_of_promotions(ctx, site_id, origin)
    waiting = _waiting(ctx, site_id, origin)
    if not waiting:
        return 0
    items = sorted({one.item_id for one in waiting})
    known = history(ctx, site_id, items, origin)
    promoted = promoted_days(ctx, site_id, items)
    measured: list[tuple[int, Span, Measure]] = []
    for one in waiting:
        found: dict[Span, Measure] = {"during": UNKNOWN, "after": UNKNOWN}
        if one.item_id in known:
            # Days that it shares with another promotion say nothing of the one or of the other.
            other = {
                day
                for promotion_id, first, last in promoted[one.item_id]
                if promotion_id != one.promotion_id
                for day in days_of(first, last)
            }
            found = measure(known[one.item_id], one.starts_on, one.ends_on, other)
        measured += [(one.promotion_id, span, it) for span, it in found.items() if span == "during" or one.settled]
    with ctx.tx.cursor() as cursor:
        cursor.executemany(
            """insert into promotion_lift (tenant_id, promotion_id, site_id, span, days, sold, expected, spread,
                   measured_at) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
               on conflict (tenant_id, promotion_id, site_id, span) do nothing""",
            [
                (ctx.tenant, promotion_id, site_id, span, it.days, it.sold, it.expected, it.spread, ctx.now)
                for promotion_id, span, it in measured
            ],
        )
    ctx.audit("promotions.measured", f"site:{site_id}", count=len(waiting))
    return len(waiting)


def measured(ctx: Context, promotion_id: int) -> EventLift | None:
    """What a promotion did at the sites one may see; None: it is not measured yet.

    Raises:
        NotFound: there is no such promotion.
    """
    it = event(ctx, promotion_id)
    found = _stored(ctx, it.code)
    mine = [one for one in found if one.at_site == (it.site_id or 0)]
    if not mine:
        return None
    during = [one for one in mine if one.span == "during"]
    items = [
        ItemLift(item_id, total := together(one.measure for one in group), lift_of(total))
        for item_id, group in groupby(sorted(during, key=lambda one: one.item_id), lambda one: one.item_id)
    ]
    total = together(one.measure for one in during)
    after = lift_of(together(one.measure for one in mine if one.span == "after"))
    of_others = sorted((one for one in mine if one.category is not None), key=lambda one: one.category or "")
    others = {
        category: lift_of(together(one.measure for one in group))
        for category, group in groupby(of_others, lambda one: one.category or "")
    }
    return EventLift(total, lift_of(total), after, others, sorted(items, key=lambda one: -one.during.expected))


def expected(ctx: Context, promotion_id: int) -> Expected | None:
    """What a promotion may do, by others of its kind and size of discount; None: too few have been measured.

    Raises:
        NotFound: there is no such promotion.
    """
    it = event(ctx, promotion_id)
    others = (one for one in _stored(ctx) if (one.code, one.at_site) != (it.code, it.site_id or 0))
    return _expected(others, it.kind, it.discount_percent)


def may_do(ctx: Context, kind: str, discount_percent: Decimal | None) -> Expected | None:
    """What a promotion of a kind and size of discount may do that nobody has planned; None: too few were measured."""
    ctx.require_somewhere(Right.VIEW)
    return _expected(_stored(ctx), kind, discount_percent)


def _expected(found: Iterable[Stored], kind: str, discount_percent: Decimal | None) -> Expected | None:
    cases = _cases(one for one in found if one.span == "during")
    own = band(discount_percent)
    lift = expected_lift(cases, kind, own)
    same = sum(1 for one in cases if one.kind == kind and one.band == own and one.measure.tells)
    return None if lift is None else Expected(lift, own if same >= LEAST_EVENTS else "")


def _cases(found: Iterable[Stored]) -> list[Case]:
    def named(one: Stored) -> tuple[str, int]:
        return one.code, one.at_site

    cases = []
    for _, group in groupby(sorted(found, key=named), named):
        every = list(group)
        cases.append(Case(every[0].kind, band(every[0].discount_percent), together(one.measure for one in every)))
    return cases


def _waiting(ctx: Context, site_id: int, origin: date) -> list[Waiting]:
    return rows(
        ctx.tx,
        Waiting,
        """select p.promotion_id, p.item_id, p.starts_on, p.ends_on, p.ends_on <= %(settled)s as settled
           from promotion p
           where p.tenant_id = %(tenant)s and not p.called_off and p.ends_on <= %(origin)s
             and coalesce(p.site_id, %(site)s) = %(site)s
             and not exists (select from promotion_lift l where l.tenant_id = p.tenant_id
                 and l.promotion_id = p.promotion_id and l.site_id = %(site)s
                 and l.span = case when p.ends_on <= %(settled)s then 'after' else 'during' end)
           order by p.ends_on desc, p.promotion_id limit %(most)s""",
        {
            "tenant": ctx.tenant, "site": site_id, "origin": origin, "most": MOST_AT_ONCE,
            "settled": origin - timedelta(days=DAYS_AFTER),
        },
    )  # fmt: skip


def _stored(ctx: Context, code: str | None = None) -> list[Stored]:
    return rows(
        ctx.tx,
        Stored,
        """select p.code, coalesce(p.site_id, 0) as at_site, p.kind, p.discount_percent, p.item_id, l.site_id, l.span,
                  l.category, l.days, l.sold, l.expected, l.spread
           from promotion_lift l join promotion p using (tenant_id, promotion_id) join item i using (tenant_id, item_id)
           where l.tenant_id = %(tenant)s and not p.called_off and (l.category is null or l.category = i.category)
             and (%(code)s::text is null or p.code = %(code)s)
             and (%(sites)s::bigint[] is null or l.site_id = any(%(sites)s))""",
        {"tenant": ctx.tenant, "code": code, "sites": ctx.sites(Right.VIEW)},
    )
