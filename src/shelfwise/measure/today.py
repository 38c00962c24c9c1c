"""A person's day: what to decide, what to do, what is at risk, what changed since they last looked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.clocks import day_end, day_start, local_day
from shelfwise.core.errors import Forbidden
from shelfwise.measure import sentences
from shelfwise.measure import today_tables as tables
from shelfwise.measure.sentences import EXPIRY_DAYS, SOON_DAYS, Changes, Line, Risks, Waiting, Work
from shelfwise.orders import approval
from shelfwise.records import service as records
from shelfwise.records.model import Site
from shelfwise.work import inbox
from shelfwise.work.inbox import Row

LATE_SHIPMENT = timedelta(days=1)
FIRST_LOOK = timedelta(days=1)
SHOWN_TASKS = 3


@dataclass(frozen=True)
class Today:
    """A page of one person's day.

    Attributes:
        tasks: the most urgent of what is theirs.
        since: from when on changes are told; `seen`: because they said so then, else it is a day ago.
    """

    decide: list[Line]
    do: list[Line]
    tasks: list[Row]
    risk: list[Line]
    changed: list[Line]
    since: datetime
    seen: bool
    sites: list[Site]


def today(ctx: Context) -> Today:
    """The day of whoever asks, at the sites that are theirs.

    Raises:
        Forbidden: they may look at nothing.
    """
    ctx.require_somewhere(Right.VIEW)
    sites = records.sites(ctx)
    zone = sites[0].zone_info if sites else ZoneInfo("UTC")
    day = local_day(ctx.now, zone)
    currency = approval.our_currency(ctx)
    seen = None if ctx.actor.user_id is None else tables.seen_until(ctx.tx, ctx.tenant, ctx.actor.user_id)
    since = seen or ctx.now - FIRST_LOOK
    mine, _ = inbox.inbox(ctx, "me")
    return Today(
        sentences.to_decide(_waiting(ctx, sites, day_end(day, zone)), currency),
        sentences.to_do(_work(ctx, sites, mine, day, zone)),
        mine[:SHOWN_TASKS],
        sentences.at_risk(_risks(ctx, day, zone), day, currency),
        sentences.since(_changes(ctx, since), currency),
        since,
        seen is not None,
        sites,
    )


def have_seen(ctx: Context, until: datetime) -> None:
    """A person has read what changed up to an instant; their next look begins there.

    Raises:
        Forbidden: no person, or one who may look at nothing.
    """
    ctx.require_somewhere(Right.VIEW)
    if ctx.actor.user_id is None:
        raise Forbidden("Only a person has a day of their own. Sign in.")
    tables.set_seen(ctx.tx, ctx.tenant, ctx.actor.user_id, min(until, ctx.now))


def _at(ctx: Context, sites: list[Site], right: Right) -> list[int]:
    """Those of the sites where the actor has a right."""
    return [site.site_id for site in sites if ctx.actor.may(right, site.site_id)]


def _waiting(ctx: Context, sites: list[Site], tonight: datetime) -> Waiting:
    tx, tenant = ctx.tx, ctx.tenant
    deciding, holding = _at(ctx, sites, Right.DECIDE_PROPOSALS), _at(ctx, sites, Right.RELEASE_STOCK)
    adjusting = _at(ctx, sites, Right.ADJUST_STOCK)
    many, suppliers, lapsing, worth, without = (
        tables.proposals(tx, tenant, deciding, approval.worth_today(ctx), tonight) if deciding else (0, 0, 0, None, 0)
    )
    giving = _at(ctx, sites, Right.TRANSFER_GOODS)
    moves, moves_lapsing = tables.proposed_transfers(tx, tenant, deciding, giving, tonight)
    second, second_worth = approval.waiting_for_second(ctx)
    return Waiting(
        many, suppliers, None if without else worth, lapsing, second, second_worth,
        counts=tables.count_sheets(tx, tenant, adjusting, "to_approve") if adjusting else 0,
        held=tables.held_lots(tx, tenant, holding) if holding else 0,
        transfers=moves,
        transfers_lapsing=moves_lapsing,
    )  # fmt: skip


def _work(ctx: Context, sites: list[Site], mine: list[Row], day: date, zone: ZoneInfo) -> Work:
    tx, tenant = ctx.tx, ctx.tenant
    receiving, issuing, counting = (
        _at(ctx, sites, right) for right in (Right.RECEIVE_GOODS, Right.ISSUE_GOODS, Right.COUNT_STOCK)
    )
    picks, shipments, packed, _ = tables.shipments(tx, tenant, issuing, ctx.now) if issuing else (0, 0, 0, 0)
    due, _ = tables.expected(tx, tenant, receiving, day_start(day, zone), day_end(day, zone)) if receiving else (0, 0)
    return Work(
        tasks=len(mine),
        overdue=sum(one.overdue for one in mine),
        picks=picks,
        shipments=shipments,
        packed=packed,
        to_put_away=tables.on_docks(tx, tenant, issuing) if issuing else 0,
        receipts_today=due,
        transfers_today=tables.transfers_due(tx, tenant, receiving, day_end(day, zone)) if receiving else 0,
        counts=tables.count_sheets(tx, tenant, counting, "open") if counting else 0,
    )


def _risks(ctx: Context, day: date, zone: ZoneInfo) -> Risks:
    tx, tenant, sites = ctx.tx, ctx.tenant, ctx.sites(Right.VIEW)
    ending = tables.running_out(tx, tenant, sites, day + timedelta(days=SOON_DAYS))
    out, waiting = tables.waiting_lines(tx, tenant, sites)
    lots, lots_worth = tables.expiring(tx, tenant, sites, EXPIRY_DAYS, ctx.now, approval.worth_today(ctx))
    risky, margin, much, worth = tables.at_stake(tx, tenant, sites)
    return Risks(
        running_out=tuple((sku, out_on) for _, _, sku, out_on, _ in ending),
        fixed_by=tables.proposed_against(tx, tenant, [(item, site) for item, site, *_ in ending]),
        fixed=sum(proposed for *_, proposed in ending),
        risky=risky,
        margin=margin,
        too_much=much,
        too_much_worth=worth,
        out=out,
        waiting_lines=waiting,
        cold_rooms=tuple(tables.cold_rooms(tx, tenant, sites)),
        late_orders=tables.expected(tx, tenant, sites, day_start(day, zone), day_end(day, zone))[1],
        late_shipments=tables.shipments(tx, tenant, sites, ctx.now - LATE_SHIPMENT)[3],
        expiring=lots,
        expiring_worth=lots_worth,
        doubtful=tables.doubtful(tx, tenant, sites),
    )


def _changes(ctx: Context, since: datetime) -> Changes:
    tx, tenant, sites = ctx.tx, ctx.tenant, ctx.sites(Right.VIEW)
    sales, sold = tables.sales_since(tx, tenant, sites, since)
    receipts, alerts, prices = tables.since(tx, tenant, sites, since)
    imports = tables.imports_since(tx, tenant, since) if ctx.actor.may_somewhere(Right.IMPORT_DATA) else []
    others = tables.others_since(tx, tenant, sites, since, ctx.actor.by)
    return Changes(sales, sold, receipts, alerts, others, prices, tuple(imports))
