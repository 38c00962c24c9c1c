"""What an ERP that keeps the books tells: how much lies where, and what is on order. Each file is how things stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import cast

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.agents import handover
from shelfwise.core.errors import Refused
from shelfwise.core.quantities import plain
from shelfwise.intake import tables
from shelfwise.intake.kind import Change, Key, Kind, Posted, Record, Row, RowFault, missing
from shelfwise.intake.kinds.shared import asked, codes, exact, number, text, whole
from shelfwise.orders import erp_orders
from shelfwise.orders.erp_orders import OnOrder
from shelfwise.records import service as records
from shelfwise.records import sheets_trade
from shelfwise.records.tables import quanta
from shelfwise.stock import told_by_erp
from shelfwise.stock.told_by_erp import Told

_OF_A_LINE = ("sku", "quantity", "expected_at")
_AS_OF = ("asof", "snapshotat", "snapshot", "stand", "timestamp", "exportedat")


def _known_stock(ctx: Context, keys: Collection[Key] | None) -> dict[Key, Record]:
    found = tables.records(
        ctx.tx,
        """select s.code as site, i.sku, e.quantity, e.as_of
           from erp_stock e join site s using (tenant_id, site_id) join item i using (tenant_id, item_id)
           where e.tenant_id = %(tenant)s and (%(allowed)s::bigint[] is null or e.site_id = any(%(allowed)s::bigint[]))
             and (%(skus)s::text[] is null or i.sku = any(%(skus)s::text[])) order by s.code, i.sku""",
        {"tenant": ctx.tenant, "allowed": ctx.sites(Right.VIEW), "skus": asked(keys, 1)},
    )
    return {(one["site"], one["sku"]): one | exact(one, "quantity") for one in found}


def _known_orders(ctx: Context, keys: Collection[Key] | None) -> dict[Key, Record]:
    found = tables.records(
        ctx.tx,
        """select s.code as site, o.number, o.line, i.sku, o.quantity, o.expected_at, v.code as supplier, o.reference,
                  o.as_of
           from erp_order o join site s using (tenant_id, site_id) join item i using (tenant_id, item_id)
           left join supplier v on v.tenant_id = o.tenant_id and v.supplier_id = o.supplier_id
           where o.tenant_id = %(tenant)s and o.gone_at is null
             and (%(allowed)s::bigint[] is null or o.site_id = any(%(allowed)s::bigint[]))
             and (%(numbers)s::text[] is null or o.number = any(%(numbers)s::text[]))
           order by s.code, o.number, o.line""",
        {"tenant": ctx.tenant, "allowed": ctx.sites(Right.VIEW), "numbers": asked(keys, 1)},
    )
    return {(one["site"], one["number"], one["line"]): one | exact(one, "quantity") for one in found}


def _check(ctx: Context, rows: Sequence[Row]) -> Iterator[RowFault]:
    sites = {site.code for site in records.sites(ctx)}
    suppliers = {supplier.code for supplier in records.suppliers(ctx)}
    items = records.item_ids(ctx, codes((row.values for row in rows), "sku"))
    steps = quanta(ctx.tx, ctx.tenant, items.values())
    for row in rows:
        told = row.values
        if told.get("site") not in sites:
            yield missing(row, "site", "a site")
        if told.get("supplier") is not None and told["supplier"] not in suppliers:
            yield missing(row, "supplier", "a supplier")
        as_of = told["as_of"]
        if isinstance(as_of, datetime) and as_of > max(ctx.now, ctx.wall.now()):
            yield RowFault(row.number, "as_of", "a time that has been", as_of.isoformat(), "Correct the ERP's clock.")
        if _nothing_on_order(told):
            continue
        sku, quantity = told.get("sku"), number(told, "quantity")
        if sku not in items:
            yield missing(row, "sku", "an item")
        elif quantity is None or quantity < 0 or quantity % steps[items[str(sku)]]:
            step = plain(steps[items[str(sku)]])
            yield RowFault(
                row.number, "quantity", f"0 or more, in multiples of {step}", str(quantity), "Correct the quantity."
            )


def _check_orders(ctx: Context, rows: Sequence[Row]) -> Iterator[RowFault]:
    yield from _check(ctx, rows)
    for row in rows:
        for name in (*_OF_A_LINE, "number"):
            if not _nothing_on_order(row.values) and row.values.get(name) is None:
                yield RowFault(row.number, name, "a value, as it is a line of an order", "nothing", "Fill it in.")


def _nothing_on_order(told: Record) -> bool:
    """A row that says of a site that nothing is on order there."""
    return "sku" not in told or all(told.get(name) is None for name in ("number", *_OF_A_LINE))


def _write_stock(ctx: Context, changes: Sequence[Change], at: datetime | None) -> Posted:
    sites, items = _ids(ctx, changes)
    for as_of, some in _by_time(changes).items():
        told = [
            Told(sites[str(one["site"])], items[str(one["sku"])], number(one, "quantity") or Decimal(0)) for one in some
        ]
        told_by_erp.put_stock(ctx, told, as_of)
    return Posted()


def _write_orders(ctx: Context, changes: Sequence[Change], at: datetime | None) -> Posted:
    sites, items = _ids(ctx, changes)
    suppliers = {one.code: one.supplier_id for one in records.suppliers(ctx)}
    for as_of, some in _by_time(changes).items():
        lines: defaultdict[int, list[OnOrder]] = defaultdict(list)
        for one in some:
            site_id = sites[str(one["site"])]
            lines[site_id] += [] if _nothing_on_order(one) else [_line(one, site_id, items, suppliers)]
        for site_id, of_site in lines.items():
            if erp_orders.put_on_order(ctx, site_id, of_site, as_of):
                handover.see_orders(ctx, [(one.number, one.item_id, one.reference) for one in of_site])
    return Posted()


def _line(one: Record, site_id: int, items: dict[str, int], suppliers: dict[str, int]) -> OnOrder:
    supplier = text(one, "supplier")
    return OnOrder(
        str(one["number"]), whole(one, "line") or 1, site_id, items[str(one["sku"])],
        None if supplier is None else suppliers[supplier], number(one, "quantity") or Decimal(0),
        cast(datetime, one["expected_at"]), text(one, "reference"),
    )  # fmt: skip


def _ids(ctx: Context, changes: Sequence[Change]) -> tuple[dict[str, int], dict[str, int]]:
    sites = {site.code: site.site_id for site in records.sites(ctx)}
    return sites, records.item_ids(ctx, codes((change.after for change in changes), "sku"))


def _by_time(changes: Sequence[Change]) -> dict[datetime, list[Record]]:
    """What holds as of the same time, the oldest first."""
    found: defaultdict[datetime, list[Record]] = defaultdict(list)
    for change in changes:
        found[cast(datetime, change.after["as_of"])].append(change.after)
    return dict(sorted(found.items()))


def _undo(ctx: Context, batch_id: int | None, changes: Sequence[Change]) -> list[str]:
    raise Refused("The ERP told how things stand. If that was wrong, its next file with a later time puts it right.")


ERP_STOCK = Kind(
    sheet=sheets_trade.ERP_STOCK,
    noun=("stock of an item by the ERP", "stocks of items by the ERP"),
    known=_known_stock,
    check=_check,
    write=_write_stock,
    undo=_undo,
    right=Right.ADJUST_STOCK,
    site_said=True,
    synonyms={"as_of": _AS_OF},
)
ERP_ORDERS = Kind(
    sheet=sheets_trade.ERP_ORDERS,
    noun=("line on order by the ERP", "lines on order by the ERP"),
    known=_known_orders,
    check=_check_orders,
    write=_write_orders,
    undo=_undo,
    right=Right.RUN_PLANNING,
    defaults={"line": 1},
    site_said=True,
    synonyms={"as_of": _AS_OF, "reference": ("ourreference", "yourreference", "externalreference", "key")},
)
