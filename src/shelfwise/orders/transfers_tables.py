"""SQL of transfers between sites."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from shelfwise.orders.transfers_model import OnRoad, Transfer, TransferLine, TransferState
from shelfwise.store.database import Tx, rows, run, value, values

_HEAD = """select t.transfer_id, t.number, t.from_site_id, f.code as from_site, t.to_site_id, d.code as to_site,
        t.state, t.expected_at, t.note, t.created_by, t.created_at, t.approved_by, t.approved_at
    from transfer t
    join site f on f.tenant_id = t.tenant_id and f.site_id = t.from_site_id
    join site d on d.tenant_id = t.tenant_id and d.site_id = t.to_site_id"""
_LINES = """select l.transfer_id, l.line, l.item_id, i.sku, i.description, i.unit, l.quantity, l.reserved, p.shipped,
        p.received, p.damaged, p.back, p.lost, p.over
    from transfer_line l
    join transfer_progress p using (tenant_id, transfer_id, line)
    join item i using (tenant_id, item_id)"""


def transfers(
    tx: Tx,
    tenant: int,
    *,
    transfer_id: int | None = None,
    states: Collection[TransferState] | None = None,
    sites: Collection[int] | None = None,
    limit: int = 200,
) -> list[Transfer]:
    """Transfers from or to any of the sites, with their lines, newest first."""
    heads = rows(
        tx,
        Transfer,
        f"""{_HEAD} where t.tenant_id = %(tenant)s
            and (%(id)s::bigint is null or t.transfer_id = %(id)s)
            and (%(states)s::text[] is null or t.state = any(%(states)s))
            and (%(sites)s::bigint[] is null or t.from_site_id = any(%(sites)s) or t.to_site_id = any(%(sites)s))
            order by t.transfer_id desc limit %(limit)s""",
        {
            "tenant": tenant,
            "id": transfer_id,
            "states": None if states is None else list(states),
            "sites": None if sites is None else list(sites),
            "limit": limit,
        },
    )
    if not heads:
        return []
    lines = rows(
        tx,
        TransferLine,
        f"{_LINES} where l.tenant_id = %s and l.transfer_id = any(%s::bigint[]) order by l.transfer_id, l.line",
        (tenant, [head.transfer_id for head in heads]),
    )
    return [replace(head, lines=tuple(one for one in lines if one.transfer_id == head.transfer_id)) for head in heads]


def lock_transfer(tx: Tx, tenant: int, transfer_id: int) -> None:
    """Wait until nobody else changes the transfer. After the levels of its items, never before."""
    run(tx, "select 1 from transfer where tenant_id = %s and transfer_id = %s for update", (tenant, transfer_id))


def insert_transfer(
    tx: Tx,
    tenant: int,
    number: str,
    from_site_id: int,
    to_site_id: int,
    expected_at: datetime,
    note: str,
    by: str,
    at: datetime,
) -> int:
    return int(
        value(
            tx,
            """insert into transfer
                   (tenant_id, number, from_site_id, to_site_id, expected_at, note, created_by, created_at)
               values (%s, %s, %s, %s, %s, %s, %s, %s) returning transfer_id""",
            (tenant, number, from_site_id, to_site_id, expected_at, note, by, at),
        )
    )


def set_lines(
    tx: Tx, tenant: int, transfer_id: int, lines: Sequence[tuple[int, Decimal]], keys: Sequence[str] = ()
) -> None:
    """The lines of a draft: (item, quantity); and the keys of the decisions behind them, where there are any."""
    run(tx, "delete from transfer_line where tenant_id = %s and transfer_id = %s", (tenant, transfer_id))
    run(
        tx,
        """insert into transfer_line (tenant_id, transfer_id, line, item_id, quantity, decision_key)
           select %s, %s, u.* from unnest(%s::int[], %s::bigint[], %s::numeric[], %s::text[]) u""",
        (
            tenant,
            transfer_id,
            list(range(1, len(lines) + 1)),
            [item_id for item_id, _ in lines],
            [quantity for _, quantity in lines],
            list(keys),
        ),
    )


def set_head(tx: Tx, tenant: int, transfer_id: int, expected_at: datetime, note: str) -> None:
    run(
        tx,
        "update transfer set expected_at = %s, note = %s where tenant_id = %s and transfer_id = %s",
        (expected_at, note, tenant, transfer_id),
    )


def set_state(tx: Tx, tenant: int, transfer_id: int, state: TransferState) -> None:
    run(tx, "update transfer set state = %s where tenant_id = %s and transfer_id = %s", (state, tenant, transfer_id))


def set_approved(tx: Tx, tenant: int, transfer_id: int, by: str, at: datetime) -> None:
    run(
        tx,
        """update transfer set state = 'approved', approved_by = %s, approved_at = %s
           where tenant_id = %s and transfer_id = %s""",
        (by, at, tenant, transfer_id),
    )


def follow_movements(tx: Tx, tenant: int, transfer_ids: Collection[int]) -> None:
    """Let the states of transfers follow from what has left and arrived. Drafts and cancelled ones stay."""
    run(
        tx,
        """update transfer t set state = case
                   when road > 0 and came = 0 then 'in_transit'
                   when road > 0 or (came > 0 and to_ship > 0) then 'part_received'
                   when came > 0 then 'received'
                   when to_ship > 0 then 'approved'
                   else 'closed' end
           from (select p.transfer_id, sum(p.shipped - p.received - p.back - p.lost) as road,
                        sum(p.received + p.over) as came, sum(greatest(l.quantity - p.shipped, 0)) as to_ship
                 from transfer_progress p join transfer_line l using (tenant_id, transfer_id, line)
                 where p.tenant_id = %(tenant)s and p.transfer_id = any(%(ids)s::bigint[]) group by 1) so_far
           where t.tenant_id = %(tenant)s and t.transfer_id = so_far.transfer_id
             and (t.state in ('approved', 'in_transit', 'part_received', 'received') or t.state = 'closed' and road > 0)
        """,
        {"tenant": tenant, "ids": sorted(transfer_ids)},
    )


def on_road(tx: Tx, tenant: int, transfer_id: int) -> list[OnRoad]:
    """What of a transfer is on the road, by line, lot, serial and status; what expires first comes first."""
    return rows(
        tx,
        OnRoad,
        """select m.line, m.item_id, m.lot, m.serial, m.status, sum(m.quantity) as quantity from (
               select transfer_line as line, item_id, lot, serial, to_status as status, to_place_id as place_id,
                      quantity, tenant_id, movement_id
               from movement where tenant_id = %(tenant)s and transfer_id = %(transfer)s
               union all
               select transfer_line, item_id, lot, serial, from_status, from_place_id, -quantity, tenant_id, movement_id
               from movement where tenant_id = %(tenant)s and transfer_id = %(transfer)s) m
           join place p on p.tenant_id = m.tenant_id and p.place_id = m.place_id and p.kind = 'transit'
           left join lot on lot.tenant_id = m.tenant_id and lot.item_id = m.item_id and lot.code = m.lot
           where not exists (select from movement r where r.tenant_id = m.tenant_id and r.reverses = m.movement_id)
           group by m.line, m.item_id, m.lot, m.serial, m.status, lot.expires_on having sum(m.quantity) > 0
           order by m.line, m.status <> 'available', lot.expires_on nulls last, m.lot nulls last, m.serial""",
        {"tenant": tenant, "transfer": transfer_id},
    )


def in_transit(tx: Tx, tenant: int, site_id: int, promised: bool = False) -> list[tuple[int, Decimal, datetime]]:
    """What is on the road to a site: (item, quantity, expected at), soonest first; `promised`: or not left yet."""
    return values(
        tx,
        """select item_id, sum(quantity), expected_at
           from (select t.transfer_id, l.item_id, t.expected_at, p.shipped - p.received - p.back - p.lost
                        + case when %(promised)s then l.reserved else 0 end as quantity
                 from transfer t
                 join transfer_line l using (tenant_id, transfer_id)
                 join transfer_progress p using (tenant_id, transfer_id, line)
                 where tenant_id = %(tenant)s and t.to_site_id = %(site)s
                   and t.state in ('approved', 'in_transit', 'part_received')) coming
           group by item_id, transfer_id, expected_at
           having sum(quantity) > 0
           order by expected_at, item_id""",
        {"tenant": tenant, "site": site_id, "promised": promised},
    )


def being_moved(tx: Tx, tenant: int, sites: Collection[int] | None) -> set[tuple[int, int, int]]:
    """(item, from, to) of lines of transfers from or to these sites that are not over."""
    return set(
        values(
            tx,
            """select l.item_id, t.from_site_id, t.to_site_id from transfer t
               join transfer_line l using (tenant_id, transfer_id)
               where t.tenant_id = %(tenant)s and t.state in ('draft', 'approved', 'in_transit', 'part_received')
                 and (%(sites)s::bigint[] is null or t.from_site_id = any(%(sites)s) or t.to_site_id = any(%(sites)s))
            """,
            {"tenant": tenant, "sites": None if sites is None else list(sites)},
        )
    )


def transfers_of_decisions(tx: Tx, tenant: int, keys: Collection[str]) -> dict[str, int]:
    found = values(
        tx,
        "select decision_key, transfer_id from transfer_line where tenant_id = %s and decision_key = any(%s)",
        (tenant, list(keys)),
    )
    return dict(found)


def decisions_of(tx: Tx, tenant: int, transfer_id: int) -> list[str]:
    return [
        key
        for (key,) in values(
            tx,
            """select decision_key from transfer_line
               where tenant_id = %s and transfer_id = %s and decision_key is not null order by line""",
            (tenant, transfer_id),
        )
    ]


def forget_decisions(tx: Tx, tenant: int, transfer_id: int) -> None:
    run(
        tx,
        "update transfer_line set decision_key = null where tenant_id = %s and transfer_id = %s",
        (tenant, transfer_id),
    )


def not_as_told(tx: Tx, tenant: int, transfer_ids: Collection[int]) -> list[str]:
    """The numbers of transfers of which more has arrived than left, of any lot: what no telling makes of them."""
    found = values(
        tx,
        """with end_of as (
               select transfer_id, transfer_line as line, lot, serial, to_status as status, to_place_id as place_id,
                      quantity, tenant_id, movement_id
               from movement where tenant_id = %(tenant)s and transfer_id = any(%(ids)s::bigint[])
               union all
               select transfer_id, transfer_line, lot, serial, from_status, from_place_id, -quantity, tenant_id,
                      movement_id
               from movement where tenant_id = %(tenant)s and transfer_id = any(%(ids)s::bigint[])),
           road as (
               select e.transfer_id, e.line, sum(e.quantity) as quantity
               from end_of e
               join place p on p.tenant_id = e.tenant_id and p.place_id = e.place_id and p.kind = 'transit'
               where not exists (select from movement r where r.tenant_id = e.tenant_id and r.reverses = e.movement_id)
               group by e.transfer_id, e.line, e.lot, e.serial, e.status),
           line as (
               select transfer_id, line, sum(quantity) as quantity, min(quantity) as least from road group by 1, 2)
           select t.number from transfer_progress p
           join transfer t using (tenant_id, transfer_id)
           left join line using (transfer_id, line)
           where p.tenant_id = %(tenant)s and p.transfer_id = any(%(ids)s::bigint[])
             and (coalesce(line.least, 0) < 0
                  or coalesce(line.quantity, 0) <> p.shipped - p.received - p.back - p.lost)""",
        {"tenant": tenant, "ids": sorted(transfer_ids)},
    )
    return [number for (number,) in found]
