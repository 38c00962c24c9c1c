"""SQL of pairs of records that may be one thing: stored with certainty and evidence, decided once and for all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from psycopg.types.json import Jsonb

from shelfwise.records.joined import Kind
from shelfwise.store.database import Tx, first, rows, run, value, values

State = Literal["waiting", "same", "different"]


@dataclass(frozen=True)
class FoundPair:
    """Two records that may be one thing, the one with the smaller id first.

    Attributes:
        evidence: (sentence, bits), the weightiest first.
        stake: value of stock and of a year's sales of both, by how unsure it is.
    """

    one_id: int
    other_id: int
    certainty: float
    evidence: list[tuple[str, float]]
    stake: Decimal = Decimal(0)


@dataclass(frozen=True)
class Pair:
    """A pair as a person judges it: what both records say, and what speaks for and against."""

    kind: Kind
    one_id: int
    other_id: int
    one_code: str
    one_name: str
    other_code: str
    other_name: str
    certainty: float
    evidence: list[tuple[str, float]]
    stake: Decimal
    state: State
    found_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    merge_id: int | None


_PAIR = """select d.kind, d.one_id, d.other_id,
        coalesce(a.sku, s.code) as one_code, coalesce(a.description, s.name) as one_name,
        coalesce(b.sku, t.code) as other_code, coalesce(b.description, t.name) as other_name,
        d.certainty, d.evidence, d.stake, d.state, d.found_at, d.decided_by, d.decided_at,
        (select merge_id from merge m where m.tenant_id = d.tenant_id and m.kind = d.kind and m.undone_at is null
            and (m.survivor_id, m.absorbed_id) in ((d.one_id, d.other_id), (d.other_id, d.one_id))) as merge_id
    from duplicate d
    left join item a on d.kind = 'item' and a.tenant_id = d.tenant_id and a.item_id = d.one_id
    left join item b on d.kind = 'item' and b.tenant_id = d.tenant_id and b.item_id = d.other_id
    left join supplier s on d.kind = 'supplier' and s.tenant_id = d.tenant_id and s.supplier_id = d.one_id
    left join supplier t on d.kind = 'supplier' and t.tenant_id = d.tenant_id and t.supplier_id = d.other_id"""
# A pair of which one was absorbed meanwhile waits until that is undone: the survivor will be proposed by itself.
_FREE = """not exists (select from joined j where j.tenant_id = d.tenant_id and j.kind = d.kind
    and j.id in (d.one_id, d.other_id))"""


def keep(tx: Tx, tenant: int, kind: Kind, found: Iterable[FoundPair], at: datetime) -> int:
    """Store what was found and forget what waits and was not found again; what was decided stays. Returns how many."""
    told = list(found)
    keys = ([one.one_id for one in told], [one.other_id for one in told])
    run(
        tx,
        """delete from duplicate d where tenant_id = %s and kind = %s and state = 'waiting' and not exists (
               select from unnest(%s::bigint[], %s::bigint[]) u (a, b) where (u.a, u.b) = (d.one_id, d.other_id))""",
        (tenant, kind, *keys),
    )
    return run(
        tx,
        """insert into duplicate (tenant_id, kind, found_at, one_id, other_id, certainty, evidence, stake)
           select %s, %s, %s, u.* from unnest(%s::bigint[], %s::bigint[], %s::float8[], %s::jsonb[], %s::numeric[]) u
           on conflict (tenant_id, kind, one_id, other_id) do update set
               certainty = excluded.certainty, evidence = excluded.evidence, stake = excluded.stake
               where duplicate.state = 'waiting'""",
        (
            tenant, kind, at, *keys, [one.certainty for one in told], [Jsonb(one.evidence) for one in told],
            [one.stake for one in told],
        ),
    )  # fmt: skip


def waiting(tx: Tx, tenant: int, limit: int) -> list[Pair]:
    """What waits for a person, by what is at stake."""
    return rows(
        tx, Pair,
        f"""{_PAIR} where d.tenant_id = %s and d.state = 'waiting' and {_FREE}
            order by d.stake desc, d.certainty desc, d.kind, d.one_id, d.other_id limit %s""",
        (tenant, limit),
    )  # fmt: skip


def decided(tx: Tx, tenant: int, limit: int) -> list[Pair]:
    """What people decided, the latest first."""
    return rows(
        tx, Pair,
        f"{_PAIR} where d.tenant_id = %s and d.state <> 'waiting' order by d.decided_at desc, d.one_id limit %s",
        (tenant, limit),
    )  # fmt: skip


def pair(tx: Tx, tenant: int, kind: Kind, one: int, other: int, lock: bool = False) -> Pair | None:
    return first(
        tx,
        Pair,
        f"""{_PAIR} where d.tenant_id = %s and d.kind = %s and d.one_id = %s and d.other_id = %s
            {"for update of d" if lock else ""}""",
        (tenant, kind, min(one, other), max(one, other)),
    )


def count_waiting(tx: Tx, tenant: int) -> dict[Kind, int]:
    return dict(
        values(
            tx,
            f"select kind, count(*) from duplicate d where tenant_id = %s and state = 'waiting' and {_FREE} group by 1",
            (tenant,),
        )
    )


def decide(tx: Tx, tenant: int, kind: Kind, one: int, other: int, state: State, by: str, at: datetime) -> None:
    """Also of a pair that nobody had proposed: what a person decides is remembered."""
    run(
        tx,
        """insert into duplicate (tenant_id, kind, one_id, other_id, certainty, evidence, state, found_at, decided_by,
                                  decided_at)
           values (%(tenant)s, %(kind)s, %(one)s, %(other)s, 1, '[]', %(state)s, %(at)s, %(by)s, %(at)s)
           on conflict (tenant_id, kind, one_id, other_id) do update set
               state = excluded.state, decided_by = excluded.decided_by, decided_at = excluded.decided_at""",
        {
            "tenant": tenant, "kind": kind, "one": min(one, other), "other": max(one, other), "state": state, "by": by,
            "at": at,
        },
    )  # fmt: skip


def wait_again(tx: Tx, tenant: int, kind: Kind, one: int, other: int) -> None:
    run(
        tx,
        """update duplicate set state = 'waiting', decided_by = null, decided_at = null
           where tenant_id = %s and kind = %s and one_id = %s and other_id = %s""",
        (tenant, kind, min(one, other), max(one, other)),
    )


Selling = tuple[int, list[int], list[int], list[float]]
"""(item, days, orders, usual prices): days as numbers since 1970, orders as numbers of their own."""


def selling(tx: Tx, tenant: int) -> list[Selling]:
    """How each item was sold: its days, its orders and the prices it was sold at most often."""
    return values(
        tx,
        """with line as (
               select coalesce(told_item_id, item_id) as item_id, dense_rank() over (order by order_number) as number,
                      ordered_at::date - date '1970-01-01' as day, unit_price
               from sales_line where tenant_id = %(tenant)s and quantity > 0 and state <> 'cancelled'),
           price as (
               select item_id, array_agg(unit_price::float8 order by seen desc, unit_price) as prices from (
                   select item_id, unit_price, count(*) as seen,
                          row_number() over (partition by item_id order by count(*) desc, unit_price) as place
                   from line where unit_price > 0 group by 1, 2) one where place <= 3 group by 1)
           select item_id, array_agg(distinct day), array_agg(distinct number), coalesce(max(p.prices), '{}')
           from line left join price p using (item_id) group by 1""",
        {"tenant": tenant},
    )


def order_count(tx: Tx, tenant: int) -> int:
    return int(value(tx, "select count(distinct order_number) from sales_line where tenant_id = %s", (tenant,)))


Told = tuple[int, str, str, str, Sequence[str]]
"""(item, description, unit, tracking, codes)"""


def items(tx: Tx, tenant: int) -> list[Told]:
    """Items that are used and were not absorbed, with what their suppliers and scanners call them."""
    return values(
        tx,
        """select i.item_id, i.description, i.unit, i.tracking, array(
                   select 'barcode ' || ltrim(b.barcode, '0') from item_barcode b
                   where b.tenant_id = i.tenant_id and b.item_id = i.item_id and coalesce(b.level, 'each') = 'each'
                   union select 'the code ' || s.supplier_sku || ' of ' || p.name from supplier_item s
                   join supplier p using (tenant_id, supplier_id)
                   where s.tenant_id = i.tenant_id and s.item_id = i.item_id and s.supplier_sku <> '')
           from item i where i.tenant_id = %s and not i.archived and not exists (
               select from joined j where j.tenant_id = i.tenant_id and j.kind = 'item' and j.id = i.item_id)
           order by i.item_id""",
        (tenant,),
    )


def worth(tx: Tx, tenant: int, since: datetime) -> dict[int, Decimal]:
    """What the stock of each item and its sales since then are worth, at what it was sold or bought for."""
    return dict(
        values(
            tx,
            """select item_id, sum(amount) from (
                   select coalesce(told_item_id, item_id) as item_id, quantity * unit_price as amount from sales_line
                       where tenant_id = %(tenant)s and ordered_at >= %(since)s and state <> 'cancelled'
                   union all
                   select l.item_id, l.on_hand * coalesce((select min(t.unit_cost) from supplier_item t
                       where t.tenant_id = l.tenant_id and t.item_id = l.item_id), 0) from stock_level l
                       where l.tenant_id = %(tenant)s) one group by 1""",
            {"tenant": tenant, "since": since},
        )
    )


SupplierTold = tuple[int, str, str | None, str | None, str | None, str, list[int]]
"""(supplier, name, mail, order address, account, postal address, items)"""


def suppliers(tx: Tx, tenant: int) -> list[SupplierTold]:
    """Suppliers that were not absorbed."""
    return values(
        tx,
        """select supplier_id, name, email, order_url, account_number, address, array(
                   select item_id from supplier_item t
                   where t.tenant_id = s.tenant_id and t.supplier_id = s.supplier_id)
           from supplier s where tenant_id = %s and not exists (
               select from joined j where j.tenant_id = s.tenant_id and j.kind = 'supplier' and j.id = s.supplier_id)
           order by supplier_id""",
        (tenant,),
    )


def bought(tx: Tx, tenant: int, since: datetime) -> dict[int, Decimal]:
    """What was ordered of each supplier since then."""
    return dict(
        values(
            tx,
            """select o.supplier_id, sum(l.quantity * l.unit_cost) from purchase_order o
               join purchase_line l using (tenant_id, purchase_order_id)
               where o.tenant_id = %s and o.created_at >= %s and o.state <> 'cancelled' group by 1""",
            (tenant, since),
        )
    )


def put_run(tx: Tx, tenant: int, said: dict[str, Any]) -> None:
    """How far the search for duplicates is."""
    run(
        tx,
        """insert into setting (tenant_id, name, value) values (%s, 'duplicates', %s)
           on conflict (tenant_id, name) do update set value = excluded.value""",
        (tenant, Jsonb(said)),
    )


def last_run(tx: Tx, tenant: int) -> dict[str, Any]:
    found: dict[str, Any] | None = value(
        tx, "select value from setting where tenant_id = %s and name = 'duplicates'", (tenant,)
    )
    return found or {}
