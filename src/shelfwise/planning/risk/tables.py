"""The SQL of outlooks: what is known of lots, sales and other sites, and what was said."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal

from psycopg.types.json import Jsonb

from shelfwise.planning.risk.advice import Lacking
from shelfwise.planning.risk.looking import LotHere
from shelfwise.planning.risk.model import Outlook
from shelfwise.store.database import Tx, first, rows, run, values

_COLUMNS = [one.name for one in fields(Outlook)]
_SAID = f"select {', '.join(_COLUMNS)} from stock_outlook where tenant_id = %s and site_id = %s"


@dataclass(frozen=True)
class Kept:
    """What an item is counted in, and since when it sold nothing: the day of its last sale, else the day it came."""

    item_id: int
    quantum: Decimal
    idle_since: date | None


def kept(tx: Tx, tenant: int, site_id: int, zone: str, item_ids: Collection[int]) -> dict[int, Kept]:
    found = rows(
        tx,
        Kept,
        """select i.item_id, i.quantum, coalesce(d.day, m.day) as idle_since
           from item i
           left join lateral (
               select max(day) as day from demand_day d
               where d.tenant_id = i.tenant_id and d.item_id = i.item_id and d.site_id = %(site)s
                 and d.quantity > 0) d on true
           left join lateral (
               select (m.occurred_at at time zone %(zone)s)::date as day from movement m
               join place p on p.tenant_id = m.tenant_id and p.place_id = m.to_place_id and p.site_id = %(site)s
               where d.day is null and m.tenant_id = i.tenant_id and m.item_id = i.item_id
               order by m.movement_id limit 1) m on true
           where i.tenant_id = %(tenant)s and i.item_id = any(%(items)s)""",
        {"tenant": tenant, "site": site_id, "zone": zone, "items": list(item_ids)},
    )
    return {one.item_id: one for one in found}


def lots(tx: Tx, tenant: int, site_id: int, today: date, item_ids: Collection[int]) -> dict[int, list[LotHere]]:
    """Lots that may be sold and will expire."""
    found: dict[int, list[LotHere]] = {}
    for one in rows(
        tx,
        LotHere,
        """select b.item_id, b.lot, l.expires_on as last_day, sum(b.on_hand) as quantity
           from balance b
           join lot l on l.tenant_id = b.tenant_id and l.item_id = b.item_id and l.code = b.lot
           join place p on p.tenant_id = b.tenant_id and p.place_id = b.place_id
               and p.kind in ('bin', 'dock', 'packing')
           where b.tenant_id = %s and p.site_id = %s and b.item_id = any(%s) and b.status = 'available'
             and b.on_hand > 0 and l.expires_on >= %s
           group by b.item_id, b.lot, l.expires_on""",
        (tenant, site_id, list(item_ids), today),
    ):
        found.setdefault(one.item_id, []).append(one)
    return found


def lacking(tx: Tx, tenant: int, site_id: int, item_ids: Collection[int]) -> dict[int, list[Lacking]]:
    """Other sites that will probably run out of an item, by what was said of them last; who lacks most first."""
    found: dict[int, list[Lacking]] = {}
    for item_id, other, name, units in values(
        tx,
        """select o.item_id, s.site_id, s.name, o.units_lost from stock_outlook o join site s using (tenant_id, site_id)
           where o.tenant_id = %s and o.site_id <> %s and o.item_id = any(%s) and o.out_day is not null
           order by o.units_lost desc""",
        (tenant, site_id, list(item_ids)),
    ):
        found.setdefault(item_id, []).append(Lacking(other, name, units))
    return found


def forget(tx: Tx, tenant: int, site_id: int, item_ids: Collection[int] | None = None) -> None:
    some = "" if item_ids is None else "and item_id = any(%(items)s)"
    run(
        tx,
        f"delete from stock_outlook where tenant_id = %(tenant)s and site_id = %(site)s {some}",
        {"tenant": tenant, "site": site_id, "items": None if item_ids is None else list(item_ids)},
    )


def insert(tx: Tx, tenant: int, outlooks: Sequence[Outlook]) -> None:
    with (
        tx.cursor() as cursor,
        cursor.copy(f"copy stock_outlook (tenant_id, {', '.join(_COLUMNS)}) from stdin") as copy,
    ):
        for one in outlooks:
            told = {name: getattr(one, name) for name in _COLUMNS}
            told |= {"lots": Jsonb(one.lots), "advice": Jsonb(one.advice)}
            copy.write_row([tenant, *told.values()])


def outlook(tx: Tx, tenant: int, site_id: int, item_id: int) -> Outlook | None:
    return first(tx, Outlook, f"{_SAID} and item_id = %s", (tenant, site_id, item_id))


def riskiest(tx: Tx, tenant: int, site_id: int, limit: int | None, offset: int) -> list[Outlook]:
    """What was said last of a site's items with a forecast, the most likely out within a week first."""
    sql = f"{_SAID} and out_by is not null order by out_by[7] desc, item_id limit %s offset %s"
    return rows(tx, Outlook, sql, (tenant, site_id, limit, offset))


def too_much(tx: Tx, tenant: int, site_id: int, limit: int, offset: int) -> list[Outlook]:
    """What was said last of items of which something is too much, the most in money first."""
    return rows(
        tx,
        Outlook,
        f"""{_SAID} and (greatest(surplus, surplus_coming, wasted) > 0 or idle_days is not null)
            order by greatest(surplus, wasted) * coalesce(unit_cost, 0) desc, item_id limit %s offset %s""",
        (tenant, site_id, limit, offset),
    )
