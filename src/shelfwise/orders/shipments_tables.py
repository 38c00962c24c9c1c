"""SQL of shipments and customers' returns."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from shelfwise.orders.shipments_model import (
    Box,
    CustomerReturn,
    ReturnLine,
    Shipment,
    ShipmentLine,
    ShipmentState,
    Stop,
)
from shelfwise.store.database import Tx, rows, run, value, values


@dataclass(frozen=True)
class Packed:
    """Goods of a shipment in its packing place: of which line, and from where they were picked."""

    line: int
    item_id: int
    lot: str | None
    serial: str | None
    status: str
    from_place_id: int
    quantity: Decimal


@dataclass(frozen=True)
class ToShip:
    """A line of an order with what is reserved for it and in no shipment yet."""

    sales_line_id: int
    item_id: int
    quantity: Decimal


_HEAD = """select h.shipment_id, h.number, h.site_id, t.code as site, h.order_number,
        (select s.customer from sales_line s where s.tenant_id = h.tenant_id and s.order_number = h.order_number
         and s.customer is not null order by s.line limit 1) as customer,
        h.state, h.packing_place_id, p.code as packing_place, h.carrier, h.tracking, h.created_by, h.created_at,
        h.packed_at, h.shipped_at, h.cancelled_at
    from shipment h
    join site t on t.tenant_id = h.tenant_id and t.site_id = h.site_id
    join place p on p.tenant_id = h.tenant_id and p.place_id = h.packing_place_id"""
_LINES = """select l.shipment_id, l.line, l.sales_line_id, s.line as order_line, l.item_id, i.sku, i.description,
        i.unit, l.quantity,
        coalesce((select sum(case m.kind when 'pick' then m.quantity when 'put_back' then -m.quantity else 0 end)
                  from shipment_moved m where m.tenant_id = l.tenant_id and m.shipment_id = l.shipment_id
                    and m.line = l.line), 0) as picked,
        coalesce((select sum(m.quantity) from shipment_moved m where m.tenant_id = l.tenant_id
                    and m.shipment_id = l.shipment_id and m.line = l.line and m.kind = 'ship'), 0) as shipped
    from shipment_line l
    join sales_line s on s.tenant_id = l.tenant_id and s.sales_line_id = l.sales_line_id
    join item i on i.tenant_id = l.tenant_id and i.item_id = l.item_id"""
_STOPS = """select t.shipment_id, t.stop, t.line, l.item_id, i.sku, i.description, i.unit, t.place_id, p.code as place,
        t.lot, t.quantity, t.picked, t.source, t.done_at, t.done_by
    from shipment_stop t
    join shipment_line l on l.tenant_id = t.tenant_id and l.shipment_id = t.shipment_id and l.line = t.line
    join item i on i.tenant_id = l.tenant_id and i.item_id = l.item_id
    join place p on p.tenant_id = t.tenant_id and p.place_id = t.place_id"""


def shipments(
    tx: Tx,
    tenant: int,
    *,
    shipment_id: int | None = None,
    order_number: str | None = None,
    states: Collection[ShipmentState] | None = None,
    sites: Collection[int] | None = None,
    limit: int = 200,
) -> list[Shipment]:
    """Shipments with their lines, stops and boxes, newest first."""
    heads = rows(
        tx,
        Shipment,
        f"""{_HEAD} where h.tenant_id = %(tenant)s
            and (%(id)s::bigint is null or h.shipment_id = %(id)s)
            and (%(order)s::text is null or h.order_number = %(order)s)
            and (%(states)s::text[] is null or h.state = any(%(states)s))
            and (%(sites)s::bigint[] is null or h.site_id = any(%(sites)s))
            order by h.shipment_id desc limit %(limit)s""",
        {
            "tenant": tenant,
            "id": shipment_id,
            "order": order_number,
            "states": None if states is None else list(states),
            "sites": None if sites is None else list(sites),
            "limit": limit,
        },
    )
    if not heads:
        return []
    these = (tenant, [head.shipment_id for head in heads])
    lines = rows(
        tx,
        ShipmentLine,
        f"{_LINES} where l.tenant_id = %s and l.shipment_id = any(%s::bigint[]) order by l.shipment_id, l.line",
        these,
    )
    stops = rows(
        tx,
        Stop,
        f"{_STOPS} where t.tenant_id = %s and t.shipment_id = any(%s::bigint[]) order by p.code, t.stop",
        these,
    )
    boxes = rows(
        tx,
        Box,
        """select shipment_id, box, weight_g, length_mm, width_mm, height_mm, label from shipment_box
           where tenant_id = %s and shipment_id = any(%s::bigint[]) order by box""",
        these,
    )
    return [
        replace(
            head,
            lines=tuple(one for one in lines if one.shipment_id == head.shipment_id),
            stops=tuple(one for one in stops if one.shipment_id == head.shipment_id),
            boxes=tuple(one for one in boxes if one.shipment_id == head.shipment_id),
        )
        for head in heads
    ]


def lock_shipment(tx: Tx, tenant: int, shipment_id: int) -> None:
    """Wait until nobody else changes the shipment. After the levels of its items, never before."""
    run(tx, "select 1 from shipment where tenant_id = %s and shipment_id = %s for update", (tenant, shipment_id))


def to_ship(tx: Tx, tenant: int, site_id: int, order_number: str) -> list[ToShip]:
    """What is reserved for lines of an order at a site and in no shipment yet."""
    return rows(
        tx,
        ToShip,
        """select * from (
               select s.sales_line_id, s.item_id, r.quantity - coalesce((
                   select sum(l.quantity) from shipment_line l join shipment h using (tenant_id, shipment_id)
                   where l.tenant_id = s.tenant_id and l.sales_line_id = s.sales_line_id
                     and h.state in ('picking', 'packed')), 0) as quantity
               from sales_line s join reservation r using (tenant_id, sales_line_id)
               where s.tenant_id = %s and s.site_id = %s and s.order_number = %s order by s.line) l
           where quantity > 0""",
        (tenant, site_id, order_number),
    )


def insert_shipment(
    tx: Tx,
    tenant: int,
    number: str,
    site_id: int,
    order_number: str,
    packing_place_id: int,
    lines: Sequence[ToShip],
    by: str,
    at: datetime,
) -> int:
    shipment_id = int(
        value(
            tx,
            """insert into shipment (tenant_id, number, site_id, order_number, packing_place_id, created_by, created_at)
               values (%s, %s, %s, %s, %s, %s, %s) returning shipment_id""",
            (tenant, number, site_id, order_number, packing_place_id, by, at),
        )
    )
    run(
        tx,
        """insert into shipment_line (tenant_id, shipment_id, line, sales_line_id, item_id, quantity)
           select %s, %s, u.* from unnest(%s::int[], %s::bigint[], %s::bigint[], %s::numeric[]) u""",
        (
            tenant,
            shipment_id,
            list(range(1, len(lines) + 1)),
            [one.sales_line_id for one in lines],
            [one.item_id for one in lines],
            [one.quantity for one in lines],
        ),
    )
    return shipment_id


def insert_moves(tx: Tx, tenant: int, shipment_id: int, kind: str, moves: Sequence[tuple[int, int, Decimal]]) -> None:
    """Note that movements belong to a shipment: (movement, line, quantity)."""
    run(
        tx,
        """insert into shipment_move (tenant_id, shipment_id, kind, movement_id, line, quantity)
           select %s, %s, %s, u.* from unnest(%s::bigint[], %s::int[], %s::numeric[]) u""",
        (
            tenant,
            shipment_id,
            kind,
            [movement for movement, _, _ in moves],
            [line for _, line, _ in moves],
            [quantity for _, _, quantity in moves],
        ),
    )


def moves(tx: Tx, tenant: int, shipment_id: int, kind: str) -> list[int]:
    """The movements of a kind that were not reversed, oldest first."""
    found = values(
        tx,
        "select movement_id from shipment_moved where tenant_id = %s and shipment_id = %s and kind = %s order by 1",
        (tenant, shipment_id, kind),
    )
    return [movement_id for (movement_id,) in found]


def has_left(tx: Tx, tenant: int, movement_ids: Collection[int]) -> str | None:
    """The number of a shipment that has left and to which one of these movements belongs; None: there is none."""
    found = values(
        tx,
        """select h.number from shipment_move m join shipment h using (tenant_id, shipment_id)
           where m.tenant_id = %s and m.movement_id = any(%s::bigint[]) and h.state = 'shipped' limit 1""",
        (tenant, list(movement_ids)),
    )
    return found[0][0] if found else None


def packed(tx: Tx, tenant: int, shipment_id: int) -> list[Packed]:
    """What was picked for a shipment and not put back, by line, lot, serial, status and where it came from."""
    return rows(
        tx,
        Packed,
        """select line, item_id, lot, serial, status, from_place_id, sum(quantity) as quantity from (
               select s.line, m.item_id, m.lot, m.serial,
                      case s.kind when 'pick' then m.to_status else m.from_status end as status,
                      case s.kind when 'pick' then m.from_place_id else m.to_place_id end as from_place_id,
                      case s.kind when 'pick' then m.quantity else -m.quantity end as quantity
               from shipment_moved s
               join movement m on m.tenant_id = s.tenant_id
                 and (m.movement_id = s.movement_id or m.part_of = s.movement_id)
               where s.tenant_id = %s and s.shipment_id = %s and s.kind in ('pick', 'put_back')) moved
           group by line, item_id, lot, serial, status, from_place_id having sum(quantity) > 0
           order by line, from_place_id, lot nulls first, serial nulls first""",
        (tenant, shipment_id),
    )


def set_boxes(tx: Tx, tenant: int, shipment_id: int, boxes: Sequence[Box]) -> None:
    run(tx, "delete from shipment_box where tenant_id = %s and shipment_id = %s", (tenant, shipment_id))
    run(
        tx,
        """insert into shipment_box (tenant_id, shipment_id, box, weight_g, length_mm, width_mm, height_mm, label)
           select %s, %s, u.* from unnest(%s::int[], %s::numeric[], %s::int[], %s::int[], %s::int[], %s::text[]) u""",
        (
            tenant,
            shipment_id,
            list(range(1, len(boxes) + 1)),
            [one.weight_g for one in boxes],
            [one.length_mm for one in boxes],
            [one.width_mm for one in boxes],
            [one.height_mm for one in boxes],
            [one.label for one in boxes],
        ),
    )


def set_packed(tx: Tx, tenant: int, shipment_id: int, at: datetime | None) -> None:
    """The shipment is packed since then; None: it is being picked again."""
    run(
        tx,
        "update shipment set state = %s, packed_at = %s where tenant_id = %s and shipment_id = %s",
        ("picking" if at is None else "packed", at, tenant, shipment_id),
    )


def set_shipped(
    tx: Tx, tenant: int, shipment_id: int, at: datetime | None, carrier: str | None, tracking: str | None
) -> None:
    """The shipment has left; None: it has not, and is packed."""
    run(
        tx,
        """update shipment set state = %s, shipped_at = %s, carrier = %s, tracking = %s
           where tenant_id = %s and shipment_id = %s""",
        ("packed" if at is None else "shipped", at, carrier, tracking, tenant, shipment_id),
    )


def set_carrier(tx: Tx, tenant: int, shipment_id: int, carrier: str | None) -> None:
    """Who is to take it along, once it is packed."""
    run(
        tx, "update shipment set carrier = %s where tenant_id = %s and shipment_id = %s", (carrier, tenant, shipment_id)
    )


def set_cancelled(tx: Tx, tenant: int, shipment_id: int, at: datetime) -> None:
    run(
        tx,
        "update shipment set state = 'cancelled', cancelled_at = %s where tenant_id = %s and shipment_id = %s",
        (at, tenant, shipment_id),
    )


def insert_return(
    tx: Tx,
    tenant: int,
    number: str,
    site_id: int,
    order_number: str,
    source: str,
    note: str,
    by: str,
    at: datetime,
    lines: Sequence[ReturnLine],
) -> int:
    return_id = int(
        value(
            tx,
            """insert into customer_return
                   (tenant_id, number, site_id, order_number, source, note, created_by, created_at)
               values (%s, %s, %s, %s, %s, %s, %s, %s) returning return_id""",
            (tenant, number, site_id, order_number, source, note, by, at),
        )
    )
    run(
        tx,
        """insert into customer_return_line
               (tenant_id, return_id, line, sales_line_id, quantity, place_id, status, lot, movement_id)
           select %s, %s, u.* from unnest(%s::int[], %s::bigint[], %s::numeric[], %s::bigint[], %s::text[], %s::text[],
               %s::bigint[]) u""",
        (
            tenant,
            return_id,
            [one.line for one in lines],
            [one.sales_line_id for one in lines],
            [one.quantity for one in lines],
            [one.place_id for one in lines],
            [one.status for one in lines],
            [one.lot for one in lines],
            [one.movement_id for one in lines],
        ),
    )
    return return_id


def returns(
    tx: Tx,
    tenant: int,
    *,
    order_number: str | None = None,
    source: str | None = None,
    sites: Collection[int] | None = None,
) -> list[CustomerReturn]:
    """Returns of an order, to some sites, or the one of a source, newest first; lines taken back are left out."""
    heads = rows(
        tx,
        CustomerReturn,
        """select return_id, number, site_id, order_number, source, note, created_by, created_at from customer_return
           where tenant_id = %(tenant)s and (%(order)s::text is null or order_number = %(order)s)
             and (%(source)s::text is null or source = %(source)s)
             and (%(sites)s::bigint[] is null or site_id = any(%(sites)s)) order by return_id desc limit 200""",
        {
            "tenant": tenant,
            "order": order_number,
            "source": source,
            "sites": None if sites is None else list(sites),
        },
    )
    found = values(
        tx,
        """select r.return_id, r.line, r.sales_line_id, r.quantity, r.place_id, r.status, r.lot, r.movement_id, i.sku,
                  p.code
           from customer_return_line r
           join sales_line s using (tenant_id, sales_line_id)
           join item i using (tenant_id, item_id)
           join place p on p.tenant_id = r.tenant_id and p.place_id = r.place_id
           where r.tenant_id = %s and r.return_id = any(%s::bigint[])
             and not exists (select from movement m where m.tenant_id = r.tenant_id and m.reverses = r.movement_id)
           order by r.return_id, r.line""",
        (tenant, [head.return_id for head in heads]),
    )
    return [
        replace(head, lines=tuple(ReturnLine(*row[1:]) for row in found if row[0] == head.return_id)) for head in heads
    ]


def returned(tx: Tx, tenant: int, sales_line_ids: Collection[int]) -> dict[int, Decimal]:
    """How much of sales lines came back; those of which nothing did are missing."""
    return dict(
        values(
            tx,
            """select r.sales_line_id, sum(r.quantity) from customer_return_line r
               where r.tenant_id = %s and r.sales_line_id = any(%s::bigint[])
                 and not exists (select from movement m where m.tenant_id = r.tenant_id and m.reverses = r.movement_id)
               group by 1""",
            (tenant, list(sales_line_ids)),
        )
    )
