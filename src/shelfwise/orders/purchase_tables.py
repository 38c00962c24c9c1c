"""SQL of purchase orders."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from shelfwise.core.quantities import plain
from shelfwise.orders.model import Asked, Outstanding, PurchaseLine, PurchaseOrder, PurchaseState
from shelfwise.store.database import Tx, rows, run, value, values

_LINE = """select purchase_order_id, line, item_id, sku, description, unit, quantity, received, unit_cost,
        confirmed_quantity, promised_at, damaged, decision_key, confirmed_cost
    from purchase_line join item using (tenant_id, item_id)"""
_ORDER = """select purchase_order_id, number, o.supplier_id, s.name, o.site_id, t.code, state, decision_key, o.currency,
        created_by, created_at, approved_by, approved_at, second_needed, second_approved_by, second_approved_at,
        sent_at, expected_at, note, revision, sent_revision, answer_to, asked_at,
        coalesce(s.order_url, s.email), asked
    from purchase_order o
    join supplier s on s.tenant_id = o.tenant_id and s.supplier_id = o.supplier_id
    join site t on t.tenant_id = o.tenant_id and t.site_id = o.site_id"""


@dataclass(frozen=True)
class NewLine:
    """A line to be written; `decision_key` names the decision behind it."""

    item_id: int
    quantity: Decimal
    unit_cost: Decimal
    decision_key: str | None = None


def next_number(tx: Tx, tenant: int, name: str) -> int:
    """The next number of a document. Whoever asks waits until the one before has committed: so there are no holes."""
    run(
        tx,
        "insert into counter (tenant_id, name, value) values (%s, %s, 0) on conflict do nothing",
        (tenant, name),
    )
    return int(
        value(
            tx,
            "update counter set value = value + 1 where tenant_id = %s and name = %s returning value",
            (tenant, name),
        )
    )


def lock_counter(tx: Tx, tenant: int, name: str) -> None:
    """Wait until no other transaction is about to take a number."""
    run(
        tx,
        "insert into counter (tenant_id, name, value) values (%s, %s, 0) on conflict do nothing",
        (tenant, name),
    )
    run(tx, "select 1 from counter where tenant_id = %s and name = %s for update", (tenant, name))


def order_of_decision(tx: Tx, tenant: int, decision_key: str) -> int | None:
    found = value(
        tx,
        "select purchase_order_id from purchase_order where tenant_id = %s and decision_key = %s",
        (tenant, decision_key),
    )
    return None if found is None else int(found)


def insert_order(
    tx: Tx,
    tenant: int,
    *,
    number: str,
    supplier_id: int,
    site_id: int,
    decision_key: str,
    currency: str,
    created_by: str,
    created_at: datetime,
    expected_at: datetime,
    note: str,
    lines: Sequence[NewLine],
) -> int:
    """A new draft; returns its id."""
    order_id = int(
        value(
            tx,
            """insert into purchase_order (tenant_id, number, supplier_id, site_id, state, decision_key, currency,
                                           created_by, created_at, expected_at, note)
               values (%s, %s, %s, %s, 'draft', %s, %s, %s, %s, %s, %s) returning purchase_order_id""",
            (tenant, number, supplier_id, site_id, decision_key, currency, created_by, created_at, expected_at, note),
        )
    )
    put_lines(tx, tenant, order_id, lines)
    return order_id


def put_lines(tx: Tx, tenant: int, order_id: int, lines: Sequence[NewLine], first_number: int = 1) -> None:
    """Write lines, numbered on from `first_number`."""
    run(
        tx,
        """insert into purchase_line (tenant_id, purchase_order_id, line, item_id, quantity, unit_cost, decision_key)
           select %s, %s, u.* from unnest(%s::int[], %s::bigint[], %s::numeric[], %s::numeric[], %s::text[]) u""",
        (
            tenant,
            order_id,
            list(range(first_number, first_number + len(lines))),
            [line.item_id for line in lines],
            [line.quantity for line in lines],
            [line.unit_cost for line in lines],
            [line.decision_key for line in lines],
        ),
    )


def was_received(tx: Tx, tenant: int, order_id: int) -> bool:
    """Whether a receipt tells of the order, taken back or not."""
    return bool(
        value(
            tx,
            "select exists (select from receipt where tenant_id = %s and purchase_order_id = %s)",
            (tenant, order_id),
        )
    )


def remove_lines(tx: Tx, tenant: int, order_id: int) -> None:
    """Of a draft alone: nothing refers to its lines."""
    run(tx, "delete from purchase_line where tenant_id = %s and purchase_order_id = %s", (tenant, order_id))


def change_line(tx: Tx, tenant: int, order_id: int, line: int, quantity: Decimal, unit_cost: Decimal) -> None:
    """Order another quantity; what the supplier had confirmed counts no more."""
    run(
        tx,
        """update purchase_line set quantity = %s, unit_cost = %s, confirmed_quantity = null, promised_at = null,
               confirmed_cost = null
           where tenant_id = %s and purchase_order_id = %s and line = %s""",
        (quantity, unit_cost, tenant, order_id, line),
    )


def confirm_line(
    tx: Tx,
    tenant: int,
    order_id: int,
    line: int,
    quantity: Decimal | None,
    promised_at: datetime | None,
    unit_cost: Decimal | None = None,
) -> None:
    run(
        tx,
        """update purchase_line set confirmed_quantity = %s, promised_at = %s, confirmed_cost = %s
           where tenant_id = %s and purchase_order_id = %s and line = %s""",
        (quantity, promised_at, unit_cost, tenant, order_id, line),
    )


def orders(
    tx: Tx,
    tenant: int,
    *,
    order_id: int | None = None,
    number: str | None = None,
    states: Collection[PurchaseState] | None = None,
    sites: Collection[int] | None = None,
    before: int | None = None,
    among: Collection[int] | None = None,
    limit: int = 1,
) -> list[PurchaseOrder]:
    """Orders with their lines, newest first; of these sites, None: of all; `before` an id; `among` these ids."""
    with tx.cursor() as cursor:
        found = cursor.execute(
            f"""{_ORDER}
                where o.tenant_id = %(tenant)s and (%(id)s::bigint is null or purchase_order_id = %(id)s)
                  and (%(number)s::text is null or number = %(number)s)
                  and (%(states)s::text[] is null or state = any(%(states)s))
                  and (%(sites)s::bigint[] is null or o.site_id = any(%(sites)s))
                  and (%(before)s::bigint is null or purchase_order_id < %(before)s)
                  and (%(among)s::bigint[] is null or purchase_order_id = any(%(among)s))
                order by purchase_order_id desc limit %(limit)s""",
            {
                "tenant": tenant,
                "id": order_id,
                "number": number,
                "states": None if states is None else list(states),
                "sites": None if sites is None else list(sites),
                "before": before,
                "among": None if among is None else list(among),
                "limit": limit,
            },
        ).fetchall()
    lines: dict[int, list[PurchaseLine]] = {row[0]: [] for row in found}
    for line in order_lines(tx, tenant, lines):
        lines[line.purchase_order_id].append(line)
    return [PurchaseOrder(*(*row[:-1], _asked(row[-1]), tuple(lines[row[0]]))) for row in found]


def _asked(stored: dict[str, Any] | None) -> Asked | None:
    if stored is None:
        return None
    wanted = {line["line"]: Decimal(line["quantity"]) for line in stored["lines"]}
    return Asked(datetime.fromisoformat(stored["expected_at"]), wanted)


def asked_as_stored(asked: Asked) -> dict[str, Any]:
    """The change a supplier was asked for, fit for JSON."""
    lines = [{"line": line, "quantity": plain(quantity)} for line, quantity in asked.quantities.items()]
    return {"expected_at": asked.expected_at.isoformat(), "lines": lines}


def order_lines(tx: Tx, tenant: int, order_ids: Collection[int]) -> list[PurchaseLine]:
    return rows(
        tx,
        PurchaseLine,
        f"{_LINE} where tenant_id = %s and purchase_order_id = any(%s::bigint[]) order by purchase_order_id, line",
        (tenant, list(order_ids)),
    )


def order_line(tx: Tx, tenant: int, order_id: int, line: int) -> tuple[int, PurchaseLine] | None:
    """The site an order is for, and one of its lines."""
    for found in order_lines(tx, tenant, [order_id]):
        if found.line == line:
            site_id = value(
                tx,
                "select site_id from purchase_order where tenant_id = %s and purchase_order_id = %s",
                (tenant, order_id),
            )
            return int(site_id), found
    return None


def lock_order(tx: Tx, tenant: int, order_id: int) -> tuple[str, int, PurchaseState, datetime | None] | None:
    """Number, site, state and sent_at of an order, which stays locked."""
    found = values(
        tx,
        """select number, site_id, state, sent_at from purchase_order
           where tenant_id = %s and purchase_order_id = %s for update""",
        (tenant, order_id),
    )
    return found[0] if found else None


def set_state(tx: Tx, tenant: int, order_id: int, state: PurchaseState) -> None:
    run(
        tx,
        "update purchase_order set state = %s where tenant_id = %s and purchase_order_id = %s",
        (state, tenant, order_id),
    )


def change_order(tx: Tx, tenant: int, order_id: int, **columns: Any) -> None:
    """Set columns of an order; the names come from our own code."""
    names = sorted(columns)
    run(
        tx,
        f"""update purchase_order set {", ".join(f"{name} = %s" for name in names)}
            where tenant_id = %s and purchase_order_id = %s""",
        (*(columns[name] for name in names), tenant, order_id),
    )


def orders_of_decisions(tx: Tx, tenant: int, keys: Collection[str]) -> dict[str, int]:
    """The order that each of these decisions has made, where one has."""
    return dict(
        values(
            tx,
            """select decision_key, purchase_order_id from purchase_line
               where tenant_id = %s and decision_key = any(%s::text[])""",
            (tenant, list(keys)),
        )
    )


def forget_decisions(tx: Tx, tenant: int, order_id: int) -> None:
    run(
        tx,
        """update purchase_order set decision_key = decision_key || ' (taken back with ' || number || ')'
           where tenant_id = %s and purchase_order_id = %s""",
        (tenant, order_id),
    )
    run(
        tx,
        "update purchase_line set decision_key = null where tenant_id = %s and purchase_order_id = %s",
        (tenant, order_id),
    )


def drafted_items(tx: Tx, tenant: int, site_id: int) -> set[int]:
    """Items in drafts for a site that one person has approved and another has to."""
    return {
        item_id
        for (item_id,) in values(
            tx,
            """select distinct item_id from purchase_order join purchase_line using (tenant_id, purchase_order_id)
               where tenant_id = %s and site_id = %s and state = 'draft' and approved_by is not null""",
            (tenant, site_id),
        )
    }


def outstanding(tx: Tx, tenant: int, site_id: int) -> list[Outstanding]:
    """What is still to come of each line, soonest first."""
    return rows(
        tx,
        Outstanding,
        """select item_id, quantity, u.expected_at, sent_at, answer_to as asked,
                  coalesce(j.survivor_id, o.supplier_id) as supplier_id
           from purchase_outstanding u join purchase_order o using (tenant_id, purchase_order_id)
           left join joined j on j.tenant_id = o.tenant_id and j.kind = 'supplier' and j.id = o.supplier_id
           where u.tenant_id = %s and u.site_id = %s order by u.expected_at, purchase_order_id, line""",
        (tenant, site_id),
    )


def body(order: PurchaseOrder, kind: str = "order") -> dict[str, Any]:
    """The order as JSON for the supplier: quantities and costs as text, so that they stay exact.

    What stands in it is what is owed; a line of 0 is no longer wanted.

    Args:
        kind: 'order', 'change' (replaces what the supplier has) or 'cancel'.
    """
    return {
        "kind": "purchase_order",
        "what": kind,
        "number": order.number,
        "revision": order.revision,
        "site": order.site,
        "supplier": order.supplier,
        "currency": order.currency,
        "note": order.note,
        "approved_at": None if order.approved_at is None else order.approved_at.isoformat(),
        "expected_at": order.expected_at.isoformat(),
        "total": f"{order.total:f}",
        "lines": [
            {
                "line": line.line,
                "sku": line.sku,
                "description": line.description,
                "unit": line.unit,
                "quantity": f"{line.owed:f}",
                "unit_cost": f"{line.cost:f}",
            }
            for line in order.lines
        ],
    }


def installation(tx: Tx, tenant: int) -> str:
    """What tells this installation from every other."""
    return str(value(tx, "select installation from tenant where tenant_id = %s", (tenant,)))
