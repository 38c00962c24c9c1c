"""SQL of stops: where pickers of shipments are sent, and what speaks against it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from shelfwise.store.database import Tx, rows, run, value, values


@dataclass(frozen=True)
class OpenStop:
    """Where a picker of a shipment is still to go."""

    shipment_id: int
    stop: int
    line: int
    sales_line_id: int
    item_id: int
    place_id: int
    lot: str | None
    quantity: Decimal


def planned(tx: Tx, tenant: int, site_id: int, item_ids: Collection[int]) -> dict[tuple[int, int, str], Decimal]:
    """By (item, place, lot): how much shipments under way will still pick there."""
    return {
        (item_id, place_id, lot): quantity
        for item_id, place_id, lot, quantity in values(
            tx,
            """select l.item_id, t.place_id, coalesce(t.lot, ''), sum(t.quantity)
               from shipment_stop t
               join shipment_line l using (tenant_id, shipment_id, line)
               join shipment h using (tenant_id, shipment_id)
               where t.tenant_id = %s and h.site_id = %s and h.state = 'picking' and t.done_at is null
                 and l.item_id = any(%s::bigint[])
               group by 1, 2, 3""",
            (tenant, site_id, list(item_ids)),
        )
    }


def insert_stops(
    tx: Tx, tenant: int, shipment_id: int, stops: Sequence[tuple[int, int, str | None, Decimal]], first: int
) -> None:
    """Send the picker to (line, place, lot, quantity); numbered from `first`."""
    run(
        tx,
        """insert into shipment_stop (tenant_id, shipment_id, stop, line, place_id, lot, quantity)
           select %s, %s, u.* from unnest(%s::int[], %s::int[], %s::bigint[], %s::text[], %s::numeric[]) u""",
        (
            tenant,
            shipment_id,
            list(range(first, first + len(stops))),
            [line for line, _, _, _ in stops],
            [place for _, place, _, _ in stops],
            [lot for _, _, lot, _ in stops],
            [quantity for _, _, _, quantity in stops],
        ),
    )


def stop_done(
    tx: Tx, tenant: int, shipment_id: int, stop: int, picked: Decimal, source: str | None, at: datetime, by: str
) -> None:
    """Somebody was at a stop; without a source nobody was, and it was called off."""
    run(
        tx,
        """update shipment_stop set picked = %s, source = %s, done_at = %s, done_by = %s
           where tenant_id = %s and shipment_id = %s and stop = %s""",
        (picked, source, at, by, tenant, shipment_id, stop),
    )


def open_stops(tx: Tx, tenant: int, site_id: int, item_ids: Collection[int]) -> list[OpenStop]:
    """Where pickers are still to fetch items, of the oldest shipments first."""
    return rows(
        tx,
        OpenStop,
        """select t.shipment_id, t.stop, t.line, l.sales_line_id, l.item_id, t.place_id, t.lot, t.quantity
           from shipment_stop t
           join shipment_line l using (tenant_id, shipment_id, line)
           join shipment h using (tenant_id, shipment_id)
           where t.tenant_id = %s and h.site_id = %s and h.state = 'picking' and t.done_at is null
             and l.item_id = any(%s::bigint[]) order by t.shipment_id, t.stop""",
        (tenant, site_id, list(item_ids)),
    )


def shorten_stop(tx: Tx, tenant: int, shipment_id: int, stop: int, quantity: Decimal) -> None:
    run(
        tx,
        "update shipment_stop set quantity = %s where tenant_id = %s and shipment_id = %s and stop = %s",
        (quantity, tenant, shipment_id, stop),
    )


def next_stop(tx: Tx, tenant: int, shipment_id: int) -> int:
    found = value(
        tx, "select max(stop) from shipment_stop where tenant_id = %s and shipment_id = %s", (tenant, shipment_id)
    )
    return int(found or 0) + 1


def promised_beyond(tx: Tx, tenant: int, sales_line_id: int) -> Decimal:
    """How much is reserved for a sales line that no shipment under way has picked or is to pick."""
    found = value(
        tx,
        """select coalesce((select quantity from reservation where tenant_id = %(tenant)s
                            and sales_line_id = %(line)s), 0)
                  - coalesce((select sum(t.quantity) from shipment_line l
                              join shipment h using (tenant_id, shipment_id)
                              join shipment_stop t using (tenant_id, shipment_id, line)
                              where l.tenant_id = %(tenant)s and l.sales_line_id = %(line)s and h.state = 'picking'
                                and t.done_at is null), 0)
                  - coalesce((select sum(case m.kind when 'pick' then m.quantity else -m.quantity end)
                              from shipment_line l
                              join shipment h using (tenant_id, shipment_id)
                              join shipment_moved m using (tenant_id, shipment_id, line)
                              where l.tenant_id = %(tenant)s and l.sales_line_id = %(line)s
                                and h.state in ('picking', 'packed')), 0)""",
        {"tenant": tenant, "line": sales_line_id},
    )
    return Decimal(found)


def with_packed(tx: Tx, tenant: int, site_id: int, item_ids: Collection[int]) -> list[int]:
    """The shipments under way at a site of which some of these items were picked."""
    found = values(
        tx,
        """select distinct h.shipment_id from shipment h
           join shipment_line l using (tenant_id, shipment_id)
           join shipment_moved m using (tenant_id, shipment_id, line)
           where h.tenant_id = %s and h.site_id = %s and h.state in ('picking', 'packed')
             and l.item_id = any(%s::bigint[]) order by 1""",
        (tenant, site_id, list(item_ids)),
    )
    return [shipment_id for (shipment_id,) in found]


def why_not_for_sale(tx: Tx, tenant: int, item_id: int, place_id: int, lot: str | None, today: date) -> str | None:
    """What speaks against selling a lot at a place: 'held', 'expired'; None: nothing that is known."""
    found = values(
        tx,
        """select coalesce((select l.status <> 'available' from lot l
                            where l.tenant_id = %(tenant)s and l.item_id = %(item)s and l.code = %(lot)s), false)
                  or not exists (select from balance b where b.tenant_id = %(tenant)s and b.item_id = %(item)s
                                 and b.place_id = %(place)s and (%(lot)s::text is null or b.lot = %(lot)s)
                                 and b.on_hand > 0 and b.status = 'available')
                  and exists (select from balance b where b.tenant_id = %(tenant)s and b.item_id = %(item)s
                              and b.place_id = %(place)s and (%(lot)s::text is null or b.lot = %(lot)s)
                              and b.on_hand > 0 and b.status <> 'available') as held,
                  coalesce((select l.expires_on < %(today)s from lot l
                            where l.tenant_id = %(tenant)s and l.item_id = %(item)s and l.code = %(lot)s), false)""",
        {"tenant": tenant, "item": item_id, "place": place_id, "lot": lot, "today": today},
    )
    held, expired = found[0]
    return "expired" if expired else "held" if held else None
