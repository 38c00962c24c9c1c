"""The SQL of mends."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
from psycopg.types.json import Jsonb

from shelfwise.demand.mending import Lines
from shelfwise.store.database import Tx, first, rows, run, values

Key = int | date
"""What a mend is about: a line, or a day."""


@dataclass(frozen=True)
class NewMend:
    """A mend as a rule found it; without a line it is of a whole day."""

    rule: str
    day: date
    item_id: int | None
    line: int | None
    other_line: int | None
    before: Decimal | None
    after: Decimal | None
    why: dict[str, float]
    state: str

    @property
    def key(self) -> Key:
        return self.day if self.line is None else self.line


@dataclass(frozen=True)
class KnownMend:
    """A mend that stands, as far as it can be compared with one that was found again."""

    mend_id: int
    rule: str
    day: date
    line: int | None
    after: Decimal | None
    state: str
    decided: bool

    @property
    def key(self) -> Key:
        return self.day if self.line is None else self.line

    def differs(self, found: NewMend) -> bool:
        return (self.rule, self.after, self.state) != (found.rule, found.after, found.state)


@dataclass(frozen=True)
class StoredMend:
    """A mend, with what a person needs to judge it.

    Attributes:
        rule: see `demand.mending.Rule`, or 'gap'.
        day: the site's day the line was ordered on, or the day whose records are missing.
        before, after: what the line says, and what it counts for; None of a gap.
        order_number, other_order: of the line, and of the one that says so.
        state: 'applied', 'waiting' or 'refused'.
        decided_by: None: the rule applied itself, or nobody has decided yet.
    """

    mend_id: int
    site_id: int
    site: str
    rule: str
    day: date
    sales_line_id: int | None
    item_id: int | None
    sku: str | None
    description: str | None
    order_number: str | None
    customer: str | None
    unit_price: Decimal | None
    other_order: str | None
    before: Decimal | None
    after: Decimal | None
    why: dict[str, Any]
    state: str
    found_at: datetime
    decided_by: str | None
    decided_at: datetime | None


@dataclass(frozen=True)
class RuleCount:
    """What a rule found.

    Attributes:
        before, after: what the lines of applied mends say, and what they count for.
    """

    rule: str
    applied: int
    waiting: int
    refused: int
    before: Decimal
    after: Decimal


_MEND = """select m.mend_id, m.site_id, s.code as site, m.rule, m.day, m.sales_line_id, m.item_id, i.sku, i.description,
       l.order_number, l.customer, l.unit_price, o.order_number as other_order, m.before, m.after, m.why, m.state,
       m.found_at, m.decided_by, m.decided_at
    from demand_mend m
    join site s on s.tenant_id = m.tenant_id and s.site_id = m.site_id
    left join item i on i.tenant_id = m.tenant_id and i.item_id = m.item_id
    left join sales_line l on l.tenant_id = m.tenant_id and l.sales_line_id = m.sales_line_id
    left join sales_line o on o.tenant_id = m.tenant_id and o.sales_line_id = m.other_line_id"""


def lines(tx: Tx, tenant: int, site_id: int) -> Lines:
    """All lines of a site that were not cancelled, in columns."""
    found = values(
        tx,
        """select sales_line_id, dense_rank() over (order by order_number),
                  coalesce(dense_rank() over (order by customer nulls last), 0)
                      * case when customer is null then -1 else 1 end,
                  item_id, extract(epoch from ordered_at)::bigint, quantity::float8, unit_price::float8
           from sales_line where tenant_id = %s and site_id = %s and state <> 'cancelled' order by sales_line_id""",
        (tenant, site_id),
    )
    columns = list(zip(*found, strict=True)) if found else [()] * 7
    whole = [np.array(column, np.int64) for column in columns[:5]]
    return Lines(
        line=whole[0], order=whole[1], customer=whole[2], item=whole[3], at=whole[4],
        quantity=np.array(columns[5], np.float64), price=np.array(columns[6], np.float64),
    )  # fmt: skip


def orders(tx: Tx, tenant: int, site_id: int, zone: str) -> list[tuple[date, int]]:
    """Each order's day at the site, and the last number in its name; 0 where it has none."""
    return values(
        tx,
        """select (min(ordered_at) at time zone %s)::date,
                  coalesce(right(substring(order_number from '([0-9]+)[^0-9]*$'), 18)::bigint, 0)
           from sales_line where tenant_id = %s and site_id = %s group by order_number""",
        (zone, tenant, site_id),
    )


def known(tx: Tx, tenant: int, site_id: int) -> list[KnownMend]:
    return rows(
        tx,
        KnownMend,
        """select mend_id, rule, day, sales_line_id as line, after, state, decided_by is not null as decided
           from demand_mend where tenant_id = %s and site_id = %s""",
        (tenant, site_id),
    )


def forget(tx: Tx, tenant: int, mend_ids: list[int]) -> None:
    if mend_ids:
        run(tx, "delete from demand_mend where tenant_id = %s and mend_id = any(%s)", (tenant, mend_ids))


def insert(tx: Tx, tenant: int, site_id: int, at: datetime, found: Iterable[NewMend]) -> None:
    with (
        tx.cursor() as cursor,
        cursor.copy(
            """copy demand_mend (tenant_id, site_id, found_at, rule, day, item_id, sales_line_id, other_line_id, before,
                                 after, why, state) from stdin"""
        ) as copy,
    ):
        for one in found:
            copy.write_row(
                (tenant, site_id, at, one.rule, one.day, one.item_id, one.line, one.other_line, one.before, one.after,
                 Jsonb(one.why), one.state)
            )  # fmt: skip


def mend(tx: Tx, tenant: int, mend_id: int, lock: bool = False) -> StoredMend | None:
    return first(
        tx,
        StoredMend,
        f"{_MEND} where m.tenant_id = %s and m.mend_id = %s {'for update of m' if lock else ''}",
        (tenant, mend_id),
    )


def mends(
    tx: Tx, tenant: int, site_ids: Collection[int] | None, rule: str | None, state: str | None, after: int, limit: int
) -> list[StoredMend]:
    """Mends in the order in which they were found, beginning behind one."""
    return rows(
        tx,
        StoredMend,
        f"""{_MEND} where m.tenant_id = %s and (%s::bigint[] is null or m.site_id = any(%s))
              and (%s::text is null or m.rule = %s) and (%s::text is null or m.state = %s) and m.mend_id > %s
            order by m.mend_id limit %s""",
        (tenant, _list(site_ids), _list(site_ids), rule, rule, state, state, after, limit),
    )


def counts(tx: Tx, tenant: int, site_ids: Collection[int] | None) -> list[RuleCount]:
    return rows(
        tx,
        RuleCount,
        """select rule, count(*) filter (where state = 'applied') as applied,
                  count(*) filter (where state = 'waiting') as waiting,
                  count(*) filter (where state = 'refused') as refused,
                  coalesce(sum(before) filter (where state = 'applied'), 0) as before,
                  coalesce(sum(after) filter (where state = 'applied'), 0) as after
           from demand_mend where tenant_id = %s and (%s::bigint[] is null or site_id = any(%s)) group by rule""",
        (tenant, _list(site_ids), _list(site_ids)),
    )


def decide(tx: Tx, tenant: int, mend_id: int, state: str, by: str, at: datetime) -> None:
    run(
        tx,
        """update demand_mend set state = %s, decided_by = %s, decided_at = %s
           where tenant_id = %s and mend_id = %s""",
        (state, by, at, tenant, mend_id),
    )


def decide_waiting(
    tx: Tx, tenant: int, site_ids: Collection[int] | None, rule: str, state: str, by: str, at: datetime
) -> int:  # fmt: skip
    """Returns how many waited."""
    return run(
        tx,
        """update demand_mend set state = %s, decided_by = %s, decided_at = %s
           where tenant_id = %s and rule = %s and state = 'waiting' and (%s::bigint[] is null or site_id = any(%s))""",
        (state, by, at, tenant, rule, _list(site_ids), _list(site_ids)),
    )


def rules_off(tx: Tx, tenant: int) -> set[str]:
    return {rule for (rule,) in values(tx, "select rule from demand_rule_off where tenant_id = %s", (tenant,))}


def switch(tx: Tx, tenant: int, rule: str, on: bool, by: str, at: datetime) -> int:
    """Returns how many rows changed: 0 where it was so already."""
    if on:
        return run(tx, "delete from demand_rule_off where tenant_id = %s and rule = %s", (tenant, rule))
    return run(
        tx,
        "insert into demand_rule_off values (%s, %s, %s, %s) on conflict do nothing",
        (tenant, rule, by, at),
    )


def missing_days(tx: Tx, tenant: int, site_id: int) -> list[date]:
    """Days whose records are missing, as far as the rule is on."""
    found = values(
        tx,
        """select day from demand_mend where tenant_id = %s and site_id = %s and rule = 'gap' and state = 'applied'
             and not exists (select from demand_rule_off r where r.tenant_id = demand_mend.tenant_id and r.rule = 'gap')
           order by day""",
        (tenant, site_id),
    )
    return [day for (day,) in found]


def _list(ids: Collection[int] | None) -> list[int] | None:
    return None if ids is None else list(ids)
