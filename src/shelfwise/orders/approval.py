"""How much one person may order alone: limits, monthly budgets, and what an amount is worth in our own money."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.clocks import local_day
from shelfwise.core.errors import Fault, Invalid, Refused, shorten
from shelfwise.records.model import amount_of_money_faults, currency_faults, exact, refuse
from shelfwise.store.database import rows, run, value, values
from shelfwise.work import tasks

EVERYBODY = "*"


@dataclass(frozen=True)
class Limit:
    """How much an actor ('person:mara', 'key:shop', '*': whoever has no row) may approve alone, in our currency."""

    actor: str
    amount: Decimal


@dataclass(frozen=True)
class Budget:
    """What may be ordered in a month, and what was: at a site, or at all (None) together; in our currency.

    Attributes:
        without_rate: currencies of orders that are not in `used`, for nobody said what they are worth.
    """

    site_id: int | None
    month: date
    amount: Decimal
    used: Decimal
    without_rate: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rate:
    """What one unit of a currency is worth in ours, from a day on."""

    currency: str
    valid_from: date
    rate: Decimal


def set_limit(ctx: Context, actor: str, amount: Decimal | None) -> None:
    """Say how much an actor may approve alone; None: as everybody, and for everybody no limit at all.

    Raises:
        Invalid: the amount cannot be right.
    """
    ctx.require(Right.MANAGE_SETTINGS)
    if amount is None:
        run(ctx.tx, "delete from approval_limit where tenant_id = %s and actor = %s", (ctx.tenant, actor))
    else:
        refuse(amount_of_money_faults(amount, "amount"))
        run(
            ctx.tx,
            """insert into approval_limit values (%s, %s, %s)
               on conflict (tenant_id, actor) do update set amount = excluded.amount""",
            (ctx.tenant, actor, amount),
        )
    ctx.audit("approval_limit.set", f"limit:{actor}", amount=None if amount is None else f"{amount:f}")


def limits(ctx: Context) -> list[Limit]:
    """All limits, by actor."""
    ctx.require_somewhere(Right.VIEW)
    return rows(
        ctx.tx, Limit, "select actor, amount from approval_limit where tenant_id = %s order by actor", (ctx.tenant,)
    )


def set_budget(ctx: Context, month: date, amount: Decimal | None, site_id: int | None = None) -> None:
    """Say what may be ordered in a calendar month without a second approval; None: as much as is needed.

    Raises:
        Invalid: the amount cannot be right.
    """
    ctx.require(Right.MANAGE_SETTINGS)
    first = month.replace(day=1)
    if amount is None:
        run(
            ctx.tx,
            """delete from purchase_budget
               where tenant_id = %s and month = %s and site_id is not distinct from %s""",
            (ctx.tenant, first, site_id),
        )
    else:
        refuse(amount_of_money_faults(amount, "amount"))
        run(
            ctx.tx,
            """insert into purchase_budget (tenant_id, site_id, month, amount) values (%s, %s, %s, %s)
               on conflict (tenant_id, site_id, month) do update set amount = excluded.amount""",
            (ctx.tenant, site_id, first, amount),
        )
    ctx.audit("budget.set", f"budget:{first:%Y-%m}", site_id=site_id, amount=None if amount is None else f"{amount:f}")


def set_rate(ctx: Context, currency: str, valid_from: date, rate: Decimal) -> None:
    """Say what one unit of a currency is worth in ours from a day on.

    Raises:
        Invalid: the currency or the rate cannot be right.
    """
    ctx.require(Right.MANAGE_SETTINGS)
    faults = list(currency_faults(currency))
    if not exact(rate) or rate <= 0:
        faults.append(Fault("rate", "a number above 0", shorten(str(rate)), "Say what one unit is worth in ours."))
    refuse(faults)
    run(
        ctx.tx,
        """insert into exchange_rate values (%s, %s, %s, %s)
           on conflict (tenant_id, currency, valid_from) do update set rate = excluded.rate""",
        (ctx.tenant, currency, valid_from, rate),
    )
    tasks.close_task(ctx, "set_rate", f"currency:{currency}", "The rate is set.")
    ctx.audit("exchange_rate.set", f"currency:{currency}", valid_from=valid_from.isoformat(), rate=f"{rate:f}")


def rates(ctx: Context) -> list[Rate]:
    """All rates, by currency, the newest first."""
    ctx.require_somewhere(Right.VIEW)
    return rows(
        ctx.tx,
        Rate,
        """select currency, valid_from, rate from exchange_rate where tenant_id = %s
           order by currency, valid_from desc limit 200""",
        (ctx.tenant,),
    )


def worth_today(ctx: Context) -> dict[str, Decimal]:
    """What one unit of each currency is worth today in ours, ours among them."""
    ctx.require_somewhere(Right.VIEW)
    found = values(
        ctx.tx,
        """select distinct on (currency) currency, rate from exchange_rate where tenant_id = %s and valid_from <= %s
           order by currency, valid_from desc""",
        (ctx.tenant, ctx.now.date()),
    )
    return {**dict(found), our_currency(ctx): Decimal(1)}


def budgets(ctx: Context, month: date) -> list[Budget]:
    """The budgets of a month with what approved orders use of each, the one of all sites first."""
    allowed = ctx.sites(Right.VIEW)
    found = rows(
        ctx.tx,
        Budget,
        """select site_id, month, amount, 0::numeric as used from purchase_budget
           where tenant_id = %s and month = %s order by site_id nulls first""",
        (ctx.tenant, month.replace(day=1)),
    )
    return [
        replace(one, used=used, without_rate=missing)
        for one in found
        if one.site_id is None or allowed is None or one.site_id in allowed
        for used, missing in [_used(ctx, one.month, one.site_id, None)]
    ]


def second_needed(ctx: Context, order_id: int, site_id: int, total: Decimal, currency: str) -> str | None:
    """Why a second person has to approve an order; None: the actor's word suffices.

    Raises:
        Refused: a limit or a budget has to be compared with a currency that has no rate.
    """
    limit = _limit_of(ctx)
    months = {place: local_day(ctx.now, _zone(ctx, place)).replace(day=1) for place in (None, site_id)}
    planned = rows(
        ctx.tx,
        Budget,
        """select site_id, month, amount, 0::numeric as used from purchase_budget
           where tenant_id = %s and ((site_id is null and month = %s) or (site_id = %s and month = %s))
           order by site_id nulls first for update""",
        (ctx.tenant, months[None], site_id, months[site_id]),
    )
    if limit is None and not planned:
        return None
    worth = in_our_currency(ctx, total, currency)
    ours = our_currency(ctx)
    if limit is not None and worth > limit:
        return f"{worth:,.2f} {ours} is above the {limit:,.2f} {ours} that {ctx.actor.by} may approve alone."
    for budget in planned:
        used, missing = _used(ctx, budget.month, budget.site_id, order_id)
        if missing:
            raise Refused(
                f"Orders of this month are in {', '.join(missing)}, and nobody said what that is worth in {ours} on "
                "the day of approval, so the budget cannot be compared. An admin can add the rate under Approval."
            )
        if used + worth > budget.amount:
            whose = "all sites" if budget.site_id is None else "this site"
            return (
                f"With it, {used + worth:,.2f} {ours} are ordered this month, above the budget of "
                f"{budget.amount:,.2f} {ours} for {whose}."
            )
    return None


def may_be_second(ctx: Context, first: str, total: Decimal, currency: str) -> None:
    """The actor may be the second to approve what `first` approved.

    Raises:
        Refused: the actor is no person, is the first again, or may not approve as much.
    """
    if ctx.actor.kind != "person":
        raise Refused(f"{ctx.actor.by} is no person; the second approval takes one.")
    if ctx.actor.by == first:
        raise Refused(f"{first} has approved it already; the second approval takes somebody else.")
    limit = _limit_of(ctx)
    if limit is not None and in_our_currency(ctx, total, currency) > limit:
        raise Refused(f"It is above what {ctx.actor.by} may approve. Ask somebody with a higher limit.")


def waiting_for_second(ctx: Context) -> tuple[int, Decimal]:
    """(orders that this person may be the second to approve, their worth in our currency): within their limit, and
    not approved by them already."""
    ctx.require_somewhere(Right.VIEW)
    if ctx.actor.kind != "person" or not ctx.actor.may_somewhere(Right.APPROVE_PURCHASES):
        return 0, Decimal(0)
    limit, worth = _limit_of(ctx), worth_today(ctx)
    totals = values(
        ctx.tx,
        """select o.currency, sum(l.quantity * l.unit_cost)
           from purchase_order o join purchase_line l using (tenant_id, purchase_order_id)
           where o.tenant_id = %(tenant)s and o.state = 'draft' and o.second_needed is not null
             and o.approved_by <> %(me)s and (%(sites)s::bigint[] is null or o.site_id = any(%(sites)s))
           group by o.purchase_order_id, o.currency""",
        {"tenant": ctx.tenant, "me": ctx.actor.by, "sites": ctx.sites(Right.APPROVE_PURCHASES)},
    )
    mine = [total * worth[currency] for currency, total in totals if currency in worth]
    mine = [total for total in mine if limit is None or total <= limit]
    return len(mine), sum(mine, Decimal(0))


def _limit_of(ctx: Context) -> Decimal | None:
    found: Decimal | None = value(
        ctx.tx,
        """select amount from approval_limit where tenant_id = %s and actor in (%s, %s)
           order by actor = %s limit 1""",
        (ctx.tenant, str(ctx.actor), EVERYBODY, EVERYBODY),
    )
    return found


def our_currency(ctx: Context) -> str:
    """The currency of the installation."""
    return str(value(ctx.tx, "select currency from tenant where tenant_id = %s", (ctx.tenant,)))


def in_our_currency(ctx: Context, amount: Decimal, currency: str) -> Decimal:
    """What an amount is worth today in the installation's currency.

    Raises:
        Refused: there is no rate for the currency.
    """
    ours = our_currency(ctx)
    if currency == ours:
        return amount
    rate: Decimal | None = value(
        ctx.tx,
        """select rate from exchange_rate where tenant_id = %s and currency = %s and valid_from <= %s
           order by valid_from desc limit 1""",
        (ctx.tenant, currency, ctx.now.date()),
    )
    if rate is None:
        raise Refused(
            f"Nobody said what {currency} is worth in {ours} on {ctx.now:%Y-%m-%d}, so the amount cannot be compared "
            "with limits and budgets. An admin can add the rate under Approval."
        )
    return amount * rate


def _used(ctx: Context, month: date, site_id: int | None, but: int | None) -> tuple[Decimal, tuple[str, ...]]:
    """(what orders approved in a month cost in our currency, currencies without a rate, which are not in it).

    By the rate of the day of approval, in the month of the site, or of the first site for all together. What the
    supplier will not send does not count, of a closed or cancelled order what came alone.
    """
    zone = _zone(ctx, site_id)
    after = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    found = values(
        ctx.tx,
        """select o.currency, sum(cost * coalesce(
                   case when o.currency = t.currency then 1 end,
                   (select rate from exchange_rate r where r.tenant_id = o.tenant_id and r.currency = o.currency
                      and r.valid_from <= (o.approved_at at time zone %(zone)s)::date
                    order by valid_from desc limit 1))) as known,
               bool_or(o.currency <> t.currency and not exists (
                   select from exchange_rate r where r.tenant_id = o.tenant_id and r.currency = o.currency
                     and r.valid_from <= (o.approved_at at time zone %(zone)s)::date)) as missing
           from purchase_order o join tenant t using (tenant_id)
           cross join lateral (
               select sum(coalesce(l.confirmed_cost, l.unit_cost)
                   * case when o.state in ('closed', 'cancelled') then l.received
                          else coalesce(l.confirmed_quantity, l.quantity) end) as cost
               from purchase_line l
               where l.tenant_id = o.tenant_id and l.purchase_order_id = o.purchase_order_id) c
           where o.tenant_id = %(tenant)s and o.state <> 'draft' and cost > 0
             and o.approved_at >= %(begin)s and o.approved_at < %(end)s
             and (%(site)s::bigint is null or o.site_id = %(site)s)
             and (%(but)s::bigint is null or o.purchase_order_id <> %(but)s)
           group by o.currency order by o.currency""",
        {
            "tenant": ctx.tenant, "zone": zone.key, "site": site_id, "but": but,
            "begin": datetime.combine(month, time(), zone), "end": datetime.combine(after, time(), zone),
        },
    )  # fmt: skip
    used = sum((known for _, known, _ in found if known is not None), Decimal(0))
    return used, tuple(currency for currency, _, missing in found if missing)


def _zone(ctx: Context, site_id: int | None) -> ZoneInfo:
    """The time zone whose months count at a site; for all sites together that of the first one."""
    name = value(
        ctx.tx,
        """select time_zone from site where tenant_id = %(tenant)s
             and (%(site)s::bigint is null or site_id = %(site)s) order by site_id limit 1""",
        {"tenant": ctx.tenant, "site": site_id},
    )
    return ZoneInfo(name or "UTC")


def month_of(text: str) -> date:
    """
    Raises:
        Invalid: the text is no month.
    """
    try:
        return date.fromisoformat(f"{text.strip()}-01")
    except ValueError as error:
        raise Invalid(Fault("month", "a month such as 2026-03", shorten(text), "Correct the month.")) from error
