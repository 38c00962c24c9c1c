"""The SQL behind a person's day: each part of it one query, over the sites where it is theirs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from shelfwise.store.database import Tx, run, value, values

Sites = Sequence[int] | None
"""Sites; None: all of them."""
_HERE = "(%(sites)s::bigint[] is null or {0}.site_id = any(%(sites)s))"


def seen_until(tx: Tx, tenant: int, user_id: int) -> datetime | None:
    found: datetime | None = value(
        tx, "select seen_at from seen_until where tenant_id = %s and user_id = %s", (tenant, user_id)
    )
    return found


def set_seen(tx: Tx, tenant: int, user_id: int, at: datetime) -> None:
    run(
        tx,
        """insert into seen_until (tenant_id, user_id, seen_at) values (%s, %s, %s)
           on conflict (tenant_id, user_id) do update set seen_at = greatest(seen_until.seen_at, excluded.seen_at)""",
        (tenant, user_id, at),
    )


def proposals(
    tx: Tx, tenant: int, sites: Sites, worth: Mapping[str, Decimal], lapse: datetime
) -> tuple[int, int, int, Decimal, int]:
    """(open purchases proposed, suppliers, of which lapse by then, worth in our currency, of which without a rate)."""
    ((many, suppliers, lapsing, amount, without),) = values(
        tx,
        f"""select count(*), count(distinct p.supplier_id), count(*) filter (where p.expires_at <= %(lapse)s),
                   coalesce(sum((coalesce(p.edited, p.arguments) ->> 'quantity')::numeric
                                * (p.arguments ->> 'unit_cost')::numeric * w.rate), 0),
                   count(*) filter (where w.rate is null)
            from proposal p
            left join unnest(%(currencies)s::text[], %(rates)s::numeric[]) w (currency, rate)
                on w.currency = p.arguments ->> 'currency'
            where p.tenant_id = %(tenant)s and p.action = 'purchase' and p.state = 'proposed'
              and {_HERE.format("p")}""",
        {
            "tenant": tenant, "sites": sites, "lapse": lapse, "currencies": list(worth), "rates": list(worth.values()),
        },
    )  # fmt: skip
    return many, suppliers, lapsing, amount, without


def proposed_transfers(tx: Tx, tenant: int, takers: Sites, givers: Sites, lapse: datetime) -> tuple[int, int]:
    """(open proposals of transfers to the ones from the others, of which lapse by then)."""
    ((many, lapsing),) = values(
        tx,
        """select count(*), count(*) filter (where p.expires_at <= %(lapse)s) from proposal p
           where p.tenant_id = %(tenant)s and p.action = 'transfer' and p.state = 'proposed'
             and p.site_id = any(%(takers)s) and p.from_site_id = any(%(givers)s)""",
        {"tenant": tenant, "takers": takers, "givers": givers, "lapse": lapse},
    )
    return many, lapsing


def held_lots(tx: Tx, tenant: int, sites: Sites) -> int:
    return int(
        value(
            tx,
            f"""select count(*) from (
                    select distinct b.item_id, b.lot, p.site_id from balance b
                    join place p on p.tenant_id = b.tenant_id and p.place_id = b.place_id
                    where b.tenant_id = %(tenant)s and b.status in ('hold', 'quarantine') and b.on_hand > 0
                      and p.kind in ('bin', 'dock', 'packing') and {_HERE.format("p")}) held""",
            {"tenant": tenant, "sites": sites},
        )
    )


def count_sheets(tx: Tx, tenant: int, sites: Sites, state: str) -> int:
    return int(
        value(
            tx,
            f"""select count(*) from count_sheet c
                where c.tenant_id = %(tenant)s and c.state = %(state)s and {_HERE.format("c")}""",
            {"tenant": tenant, "sites": sites, "state": state},
        )
    )


def shipments(tx: Tx, tenant: int, sites: Sites, late: datetime) -> tuple[int, int, int, int]:
    """(stops to walk to, shipments that have some, packed ones, of all those begun before then)."""
    ((picks, picking, packed, old),) = values(
        tx,
        f"""select coalesce(sum(s.stops), 0), count(*) filter (where s.stops > 0),
                   count(*) filter (where h.state = 'packed'), count(*) filter (where h.created_at < %(late)s)
            from shipment h
            cross join lateral (select count(*) as stops from shipment_stop s where s.tenant_id = h.tenant_id
                                and s.shipment_id = h.shipment_id and s.done_at is null) s
            where h.tenant_id = %(tenant)s and h.state in ('picking', 'packed') and {_HERE.format("h")}""",
        {"tenant": tenant, "sites": sites, "late": late},
    )
    return int(picks), picking, packed, old


def expected(tx: Tx, tenant: int, sites: Sites, start: datetime, end: datetime) -> tuple[int, int]:
    """(orders that suppliers owe in [start, end), orders owed before)."""
    ((today, late),) = values(
        tx,
        f"""select count(distinct o.purchase_order_id) filter (where o.expected_at >= %(start)s
                       and o.expected_at < %(end)s),
                   count(distinct o.purchase_order_id) filter (where o.expected_at < %(start)s)
            from purchase_outstanding o where o.tenant_id = %(tenant)s and {_HERE.format("o")}""",
        {"tenant": tenant, "sites": sites, "start": start, "end": end},
    )
    return today, late


def transfers_due(tx: Tx, tenant: int, sites: Sites, end: datetime) -> int:
    return int(
        value(
            tx,
            """select count(*) from transfer t where t.tenant_id = %(tenant)s
                 and t.state in ('in_transit', 'part_received') and t.expected_at < %(end)s
                 and (%(sites)s::bigint[] is null or t.to_site_id = any(%(sites)s))""",
            {"tenant": tenant, "sites": sites, "end": end},
        )
    )


def on_docks(tx: Tx, tenant: int, sites: Sites) -> int:
    return int(
        value(
            tx,
            f"""select count(*) from place p join balance b on b.tenant_id = p.tenant_id and b.place_id = p.place_id
                where p.tenant_id = %(tenant)s and p.kind = 'dock' and b.on_hand > 0 and {_HERE.format("p")}""",
            {"tenant": tenant, "sites": sites},
        )
    )


def waiting_lines(tx: Tx, tenant: int, sites: Sites) -> tuple[int, int]:
    """(items that are not there, order lines that wait for them)."""
    ((items, lines),) = values(
        tx,
        f"""select count(distinct (s.item_id, s.site_id)), count(*) from sales_line s
            join stockout o on o.tenant_id = s.tenant_id and o.item_id = s.item_id and o.site_id = s.site_id
                and o.until_at is null
            where s.tenant_id = %(tenant)s and s.state = 'open' and s.quantity > s.issued and s.held_back_at is null
              and {_HERE.format("s")}""",
        {"tenant": tenant, "sites": sites},
    )
    return items, lines


def cold_rooms(tx: Tx, tenant: int, sites: Sites) -> list[str]:
    """Zones whose excursion is confirmed and not over."""
    return [
        name
        for (name,) in values(
            tx,
            f"""select distinct z.name from excursion e
                join zone z on z.tenant_id = e.tenant_id and z.zone_id = e.zone_id
                where e.tenant_id = %(tenant)s and e.ended_at is null and e.confirmed_at is not null
                  and {_HERE.format("z")} order by z.name""",
            {"tenant": tenant, "sites": sites},
        )
    ]


def expiring(
    tx: Tx, tenant: int, sites: Sites, days: int, now: datetime, worth: Mapping[str, Decimal]
) -> tuple[int, Decimal]:
    """(lots that can be sold for so many days at most, what they cost)."""
    ((lots, amount),) = values(
        tx,
        f"""with soon as (
                select b.item_id, b.lot, p.site_id, sum(b.on_hand) as quantity from lot t
                join balance b on b.tenant_id = t.tenant_id and b.item_id = t.item_id and b.lot = t.code
                    and b.status = 'available' and b.on_hand > 0
                join place p on p.tenant_id = b.tenant_id and p.place_id = b.place_id
                    and p.kind in ('bin', 'dock', 'packing')
                join site s on s.tenant_id = p.tenant_id and s.site_id = p.site_id
                where t.tenant_id = %(tenant)s and t.expired_at is null and {_HERE.format("p")}
                  and t.expires_on between (%(now)s at time zone s.time_zone)::date
                                       and (%(now)s at time zone s.time_zone)::date + %(days)s
                group by b.item_id, b.lot, p.site_id)
            select count(*), coalesce(sum(soon.quantity * c.cost), 0) from soon
            left join lateral (
                select min(i.unit_cost * w.rate) as cost from supplier_item i
                join unnest(%(currencies)s::text[], %(rates)s::numeric[]) w (currency, rate) using (currency)
                where i.tenant_id = %(tenant)s and i.item_id = soon.item_id) c on true""",
        {
            "tenant": tenant, "sites": sites, "days": days, "now": now, "currencies": list(worth),
            "rates": list(worth.values()),
        },
    )  # fmt: skip
    return lots, amount


def running_out(tx: Tx, tenant: int, sites: Sites, until: date) -> list[tuple[int, int, str, date, bool]]:
    """(item, site, sku, out on, whether an order or a transfer is proposed), of what is still there; soonest first."""
    return values(
        tx,
        f"""select r.item_id, r.site_id, i.sku, r.out_day, exists (
                       select from proposal p where p.tenant_id = r.tenant_id and p.site_id = r.site_id
                         and p.item_id = r.item_id and p.state = 'proposed') as proposed
            from stock_outlook r
            join stock_level v on v.tenant_id = r.tenant_id and v.item_id = r.item_id and v.site_id = r.site_id
            join item i on i.tenant_id = r.tenant_id and i.item_id = r.item_id
            where r.tenant_id = %(tenant)s and {_HERE.format("r")} and r.out_day <= %(until)s
              -- What has come since is no risk any more; what is gone is told apart.
              and v.on_hand - v.blocked - v.reserved between 1e-9 and r.available
            order by r.out_day, r.out_by[7] desc, i.sku""",
        {"tenant": tenant, "sites": sites, "until": until},
    )


def at_stake(tx: Tx, tenant: int, sites: Sites) -> tuple[int, Decimal, int, Decimal]:
    """(items that may run out within the days looked at, the margin at stake, items of which too much is there or
    comes, what is there of it at cost), by what was said last, as the pages of both list them; what has no
    price or cost counts in the numbers alone."""
    ((risky, margin, much, worth),) = values(
        tx,
        f"""select count(*) filter (where available > 0 and out_day is not null),
                   coalesce(sum(units_lost * unit_margin) filter (where available > 0), 0)::numeric,
                   count(*) filter (where greatest(surplus, surplus_coming, wasted) > 0 or idle_days is not null),
                   coalesce(sum(greatest(surplus, wasted) * unit_cost), 0)::numeric
            from stock_outlook r where r.tenant_id = %(tenant)s and {_HERE.format("r")}""",
        {"tenant": tenant, "sites": sites},
    )
    return risky, margin, much, worth


def proposed_against(tx: Tx, tenant: int, items: Collection[tuple[int, int]]) -> tuple[int, int]:
    """How many (orders, transfers) the open proposals for these (item, site) would become."""
    ((orders, transfers),) = values(
        tx,
        """select count(distinct (p.supplier_id, p.site_id, p.arguments ->> 'currency'))
                      filter (where p.action = 'purchase'),
                  count(distinct (p.from_site_id, p.site_id)) filter (where p.action = 'transfer')
           from proposal p join unnest(%s::bigint[], %s::bigint[]) w (item_id, site_id) using (item_id, site_id)
           where p.tenant_id = %s and p.state = 'proposed'""",
        ([item for item, _ in items], [site for _, site in items], tenant),
    )
    return orders, transfers


def doubtful(tx: Tx, tenant: int, sites: Sites) -> int:
    """Things about which an alert asks for a count."""
    return int(
        value(
            tx,
            f"""select count(*) from alert a
                where a.tenant_id = %(tenant)s and a.state <> 'cleared' and a.kind = 'count'
                  and (a.site_id is null or {_HERE.format("a")})""",
            {"tenant": tenant, "sites": sites},
        )
    )


def sales_since(tx: Tx, tenant: int, sites: Sites, since: datetime) -> tuple[int, Decimal]:
    ((lines, worth),) = values(
        tx,
        f"""select count(*), coalesce(sum(s.quantity * s.unit_price), 0) from sales_line s
            where s.tenant_id = %(tenant)s and s.recorded_at > %(since)s and s.quantity > 0
              and s.state not in ('history', 'cancelled') and {_HERE.format("s")}""",
        {"tenant": tenant, "sites": sites, "since": since},
    )
    return lines, worth


def others_since(tx: Tx, tenant: int, sites: Sites, since: datetime, me: str) -> tuple[int, int]:
    """(approved, rejected) proposals that other people decided."""
    ((approved, rejected),) = values(
        tx,
        f"""select count(*) filter (where p.state = 'executed'), count(*) filter (where p.state = 'rejected')
            from proposal p where p.tenant_id = %(tenant)s and p.decided_at > %(since)s and p.decided_by <> %(me)s
              and {_HERE.format("p")}""",
        {"tenant": tenant, "sites": sites, "since": since, "me": me},
    )
    return approved, rejected


def since(tx: Tx, tenant: int, sites: Sites, at: datetime) -> tuple[int, int, int]:
    """(receipts, alerts raised, changes of suppliers' prices and terms)."""
    ((receipts, alerts, prices),) = values(
        tx,
        f"""select (select count(*) from receipt r join purchase_order o using (tenant_id, purchase_order_id)
                    where r.tenant_id = %(tenant)s and r.recorded_at > %(since)s and r.reversed_at is null
                      and {_HERE.format("o")}),
                   (select count(*) from alert a where a.tenant_id = %(tenant)s and a.raised_at > %(since)s
                      and (a.site_id is null or {_HERE.format("a")})),
                   (select count(*) from audit_entry e where e.tenant_id = %(tenant)s and e.business_at > %(since)s
                      and e.action in ('prices.added', 'prices.changed', 'terms.added', 'terms.changed'))""",
        {"tenant": tenant, "sites": sites, "since": at},
    )
    return receipts, alerts, prices


def imports_since(tx: Tx, tenant: int, at: datetime) -> list[str]:
    return [
        name
        for (name,) in values(
            tx,
            """select file_name from import_batch where tenant_id = %s and imported_at > %s and undone_at is null
               group by file_name order by max(import_id) desc""",
            (tenant, at),
        )
    ]
