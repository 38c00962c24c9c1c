"""Purchase orders that suppliers still owe: one row a line. They were decided elsewhere and are taken as they stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import cast

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.quantities import plain
from shelfwise.intake import tables
from shelfwise.intake.kind import Change, Key, Kind, Posted, Record, Row, RowFault, missing, on_row
from shelfwise.intake.kinds.shared import asked, codes, exact, number, text
from shelfwise.orders import taken_over
from shelfwise.orders.taken_over import TakenOver, TakenOverLine
from shelfwise.records import exchange
from shelfwise.records import service as records
from shelfwise.records.exchange import Value
from shelfwise.records.model import amount_of_money_faults, code_faults, currency_faults
from shelfwise.records.tables import quanta

_STATES = ("draft", "approved", "sent", "confirmed", "part_received")
# Said of the order as a whole, in each of its rows.
_OF_ORDER = ("supplier", "site", "currency", "ordered_at", "expected_at", "state", "note")
_DEFAULTS: Record = {
    "line": 1, "received": Decimal(0), "unit_cost": Decimal(0), "state": "sent", "currency": None, "ordered_at": None,
    "expected_at": None,
}  # fmt: skip


def _known(ctx: Context, keys: Collection[Key] | None) -> dict[Key, Record]:
    found = tables.records(
        ctx.tx,
        """select o.number, l.line, s.code as supplier, t.code as site, i.sku, l.quantity, l.received, l.unit_cost,
                  o.currency, o.created_at as ordered_at, o.expected_at, o.state, o.note
           from purchase_order o join purchase_line l using (tenant_id, purchase_order_id)
           join supplier s on s.tenant_id = o.tenant_id and s.supplier_id = o.supplier_id
           join site t on t.tenant_id = o.tenant_id and t.site_id = o.site_id
           join item i on i.tenant_id = l.tenant_id and i.item_id = l.item_id
           where o.tenant_id = %(tenant)s and (%(open)s::text[] is null or o.state = any(%(open)s::text[]))
             and (%(allowed)s::bigint[] is null or o.site_id = any(%(allowed)s::bigint[]))
             and (%(one)s::text[] is null or o.number = any(%(one)s::text[])) order by o.number, l.line""",
        {
            "tenant": ctx.tenant, "open": list(_STATES) if keys is None else None, "one": asked(keys, 0),
            "allowed": ctx.sites(Right.VIEW),
        },
    )  # fmt: skip
    return {
        (one["number"], one["line"]): one | exact(one, "quantity", "unit_cost", "note")
        | {"received": one["received"].normalize()}
        for one in found
    }  # fmt: skip


def _check(ctx: Context, rows: Sequence[Row]) -> Iterator[RowFault]:
    suppliers = {supplier.code for supplier in records.suppliers(ctx)}
    sites = {site.code for site in records.sites(ctx)}
    items = records.item_ids(ctx, codes((row.values for row in rows), "sku"))
    steps = quanta(ctx.tx, ctx.tenant, items.values())
    known = _known(ctx, [(row.values["number"], None) for row in rows])
    first: dict[Value, Row] = {}
    for row in rows:
        told = row.values
        yield from on_row(row, code_faults(str(told["number"]), "number"))
        for name, there, what in (
            ("supplier", suppliers, "a supplier"), ("site", sites, "a site"), ("sku", items, "an item"),
        ):  # fmt: skip
            if told[name] not in there:
                yield missing(row, name, what)
        if told["sku"] in items:
            yield from _amount_faults(row, steps[items[str(told["sku"])]])
        yield from on_row(row, amount_of_money_faults(number(told, "unit_cost") or Decimal(0), "unit_cost"))
        if told.get("currency") is not None:
            yield from on_row(row, currency_faults(str(told["currency"])))
        if told.get("state") not in (None, *_STATES):
            yield RowFault(
                row.number, "state", f"one of {', '.join(_STATES)}", repr(told["state"]),
                "Orders that are over need not be imported.",
            )  # fmt: skip
        head = first.setdefault(told["number"], row)
        for name in _OF_ORDER:
            if told.get(name) != head.values.get(name):
                yield RowFault(
                    row.number, name, f"{head.values.get(name)}, as in row {head.number} of the same order",
                    str(told.get(name)), "Say the same in all rows of an order, or give it another number.",
                )  # fmt: skip
        yield from _same(row, known)


def _amount_faults(row: Row, step: Decimal) -> Iterator[RowFault]:
    for name, least in (("quantity", "more than 0"), ("received", "0 or more")):
        value = number(row.values, name)
        if value is not None and (value < 0 or (name == "quantity" and value == 0)):
            yield RowFault(row.number, name, least, plain(value), "Correct the quantity.")
        elif value is not None and value % step:
            yield RowFault(row.number, name, f"whole multiples of {plain(step)}", plain(value), "Correct the quantity.")


def _same(row: Row, known: Mapping[Key, Record]) -> Iterator[RowFault]:
    """An order that is here already is changed on its own page, where its supplier is told."""
    mine = {key: record for key, record in known.items() if key[0] == row.values["number"]}
    if not mine:
        return
    key = (row.values["number"], row.values.get("line") or 1)
    before = mine.get(key)
    for name, value in row.values.items():
        if before is None or (value is not None and value != before.get(name)):
            was = "no such line" if before is None else str(before.get(name))
            yield RowFault(
                row.number, name if before is not None else "line", f"{was}, as the order is here already", str(value),
                "Change the order on its own page, or leave it out of the file.",
            )  # fmt: skip
            return


def _write(ctx: Context, changes: Sequence[Change], at: datetime | None) -> Posted:
    suppliers = {supplier.code: supplier.supplier_id for supplier in records.suppliers(ctx)}
    sites = {site.code: site.site_id for site in records.sites(ctx)}
    items = records.item_ids(ctx, codes((change.after for change in changes), "sku"))
    orders: defaultdict[str, list[Record]] = defaultdict(list)
    for change in changes:
        if change.before is None:
            orders[str(change.key[0])].append(change.after)
    taken_over.take_over(
        ctx,
        [
            TakenOver(
                order, suppliers[str(lines[0]["supplier"])], sites[str(lines[0]["site"])], str(lines[0]["state"]),
                text(lines[0], "currency"), _instant(lines[0], "ordered_at") or ctx.now,
                _instant(lines[0], "expected_at") or ctx.now + timedelta(days=7), text(lines[0], "note") or "",
                [
                    TakenOverLine(
                        cast(int, one["line"]), items[str(one["sku"])], number(one, "quantity") or Decimal(0),
                        number(one, "received") or Decimal(0), number(one, "unit_cost") or Decimal(0),
                    )
                    for one in lines
                ],
            )
            for order, lines in orders.items()
        ],
    )  # fmt: skip
    return Posted()


def _instant(record: Record, name: str) -> datetime | None:
    value = record.get(name)
    return value if isinstance(value, datetime) else None


def _undo(ctx: Context, batch_id: int | None, changes: Sequence[Change]) -> list[str]:
    numbers = sorted({str(change.key[0]) for change in changes if change.before is None})
    return taken_over.give_back(ctx, numbers)


PURCHASE_ORDERS = Kind(
    sheet=exchange.PURCHASE_ORDERS,
    noun=("order line", "order lines"),
    known=_known,
    check=_check,
    write=_write,
    undo=_undo,
    right=Right.DECIDE_PROPOSALS,
    defaults=_DEFAULTS,
    numbered=("line", "number"),
    once=True,
)
