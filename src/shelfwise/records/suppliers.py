"""Adding, changing and looking up suppliers, their terms and prices; rooms reach these through service.py."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, replace
from datetime import date, time
from decimal import Decimal
from typing import Any

from psycopg import errors as pg

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused
from shelfwise.core.quantities import ZERO, plain
from shelfwise.records import supplier_tables as tables
from shelfwise.records.changes import differences, said, taken
from shelfwise.records.model import Provenance, refuse
from shelfwise.records.prices import Price, breaks_on, cost_of, price_faults, supplier_faults, terms_faults
from shelfwise.records.sites import require_items
from shelfwise.records.supply import NewSupplier, Supplier, Terms


def add_supplier(
    ctx: Context,
    *,
    code: str,
    name: str,
    order_url: str | None = None,
    email: str | None = None,
    account_number: str | None = None,
    address: str = "",
    currency: str | None = None,
    numbers: str = "en",
    provenance: Provenance = "entered",
    minimum_value: Decimal | None = None,
    free_freight_from: Decimal | None = None,
    order_days: str = "",
    orders_until: time | None = None,
) -> int:
    """Add a supplier; returns its id. The arguments are the fields of `NewSupplier`.

    Raises:
        Invalid: a field cannot be right.
        Refused: the code is taken.
    """
    ctx.require(Right.EDIT_RECORDS)
    new = NewSupplier(
        code, name, order_url, email, account_number, address, currency, numbers, provenance, minimum_value,
        free_freight_from, order_days, orders_until,
    )  # fmt: skip
    refuse(supplier_faults(new))
    if not tables.insert_suppliers(ctx.tx, ctx.tenant, [new]):
        raise taken("supplier", code)
    supplier_id = tables.supplier_ids(ctx.tx, ctx.tenant, [code])[code]
    ctx.audit("supplier.added", f"supplier:{supplier_id}", code=code)
    return supplier_id


def add_suppliers(ctx: Context, suppliers: Sequence[NewSupplier]) -> dict[str, int]:
    """Add thousands of suppliers at once; codes that are there already stay as they are. Returns the id of each code.

    Raises:
        Invalid: a field of some row cannot be right; nothing was added.
    """
    ctx.require(Right.IMPORT_DATA)
    refuse(fault for row, one in enumerate(suppliers, 1) for fault in supplier_faults(one, f"row {row}, "))
    added = tables.insert_suppliers(ctx.tx, ctx.tenant, suppliers)
    if added:
        ctx.audit("suppliers.added", "suppliers", added=added)
    return tables.supplier_ids(ctx.tx, ctx.tenant, {one.code for one in suppliers})


def change_supplier(ctx: Context, supplier_id: int, to: NewSupplier) -> Supplier:
    """Set all fields of a supplier but its provenance; returns it as it is now.

    Orders that are on their way to the old address go there still.

    Args:
        to: the fields as they shall be, e.g. `replace(supplier.as_new, email="...")`.

    Raises:
        Invalid: a field cannot be right.
        NotFound: there is no such supplier.
        Refused: the code is taken.
    """
    ctx.require(Right.EDIT_RECORDS)
    before = tables.supplier(ctx.tx, ctx.tenant, supplier_id, "for update")
    if before is None:
        raise NotFound("supplier", supplier_id)
    to = replace(to, provenance=before.provenance)
    refuse(supplier_faults(to))
    changed = differences(asdict(before.as_new), asdict(to))
    if changed:
        try:
            with ctx.tx.transaction():
                tables.update_supplier(ctx.tx, ctx.tenant, supplier_id, to)
        except pg.UniqueViolation as error:
            raise taken("supplier", to.code) from error
        ctx.audit("supplier.changed", f"supplier:{supplier_id}", before=changed.before, after=changed.after)
    return supplier(ctx, supplier_id)


def suppliers(ctx: Context) -> list[Supplier]:
    """All suppliers, by code."""
    ctx.require_somewhere(Right.VIEW)
    return tables.suppliers(ctx.tx, ctx.tenant)


def supplier(ctx: Context, supplier_id: int) -> Supplier:
    """
    Raises:
        NotFound: there is no such supplier.
    """
    ctx.require_somewhere(Right.VIEW)
    found = tables.supplier(ctx.tx, ctx.tenant, supplier_id)
    if found is None:
        raise NotFound("supplier", supplier_id)
    return found


def supplier_ids(ctx: Context, codes: Collection[str]) -> dict[str, int]:
    """The ids of those codes that exist."""
    ctx.require_somewhere(Right.VIEW)
    return tables.supplier_ids(ctx.tx, ctx.tenant, codes)


def add_terms(
    ctx: Context,
    *,
    supplier_id: int,
    item_id: int,
    unit_cost: Decimal,
    currency: str,
    lead_time_days: float | None = None,
    pack_size: Decimal = Decimal(1),
    minimum_order: Decimal = Decimal(0),
    provenance: Provenance = "entered",
    supplier_sku: str = "",
) -> None:
    """Say on which terms a supplier sells an item; earlier terms of the two are replaced.

    Raises:
        Invalid: a field cannot be right.
        NotFound: the supplier or the item does not exist.
    """
    ctx.require(Right.EDIT_RECORDS)
    terms = Terms(
        supplier_id, item_id, unit_cost, currency, lead_time_days, pack_size, minimum_order, provenance, supplier_sku
    )
    _add(ctx, terms)


def put_terms(ctx: Context, to: Terms, valid_from: date | None = None) -> Terms:
    """Say on which terms a supplier sells an item, new or changed as by `change_terms`; returns them.

    Raises:
        Invalid: a field cannot be right.
        NotFound: the supplier or the item does not exist.
        Refused: another currency, while there are prices in the old one.
    """
    ctx.require(Right.EDIT_RECORDS)
    if any(one.supplier_id == to.supplier_id for one in terms_for(ctx, [to.item_id], standing=True)):
        return change_terms(ctx, to, valid_from)
    _add(ctx, to)
    return terms(ctx, to.supplier_id, to.item_id)


def add_many_terms(ctx: Context, terms: Sequence[Terms]) -> None:
    """Say on which terms suppliers sell thousands of items; earlier terms of the same pair are replaced.

    Raises:
        Invalid: a field of some row cannot be right, or a pair appears twice; nothing was added.
        NotFound: a supplier or an item does not exist.
    """
    ctx.require(Right.IMPORT_DATA)
    refuse(fault for row, one in enumerate(terms, 1) for fault in terms_faults(one, f"row {row}, "))
    if len({(one.supplier_id, one.item_id) for one in terms}) < len(terms):
        raise Invalid(Fault("terms", "each supplier and item once", "a pair twice", "Keep the terms that hold."))
    _put(ctx, terms)
    if terms:
        ctx.audit("terms.added", "terms", count=len(terms))


def change_terms(ctx: Context, to: Terms, valid_from: date | None = None) -> Terms:
    """Set the terms on which a supplier sells an item; returns them as they are now.

    Args:
        valid_from: the day from which the new cost holds; None or a day that has come: at once. All else holds at once.

    Raises:
        Invalid: a field cannot be right.
        NotFound: the supplier does not sell the item.
        Refused: another currency, while there are prices in the old one.
    """
    ctx.require(Right.EDIT_RECORDS)
    before = terms(ctx, to.supplier_id, to.item_id)
    to = replace(to, provenance=before.provenance)
    refuse(terms_faults(to))
    day = ctx.now.date()
    if to.currency != before.currency and _prices(ctx, to.supplier_id, to.item_id):
        raise Refused(
            f"There are prices by quantity or day in {before.currency}. Remove them first, then change the currency."
        )
    ahead = valid_from is not None and valid_from > day and to.unit_cost != before.unit_cost
    _put(ctx, [replace(to, unit_cost=before.unit_cost) if ahead else to])
    if ahead and valid_from is not None:
        tables.put_prices(
            ctx.tx, ctx.tenant, [Price(to.supplier_id, to.item_id, ZERO, valid_from, to.unit_cost)]
        )  # fmt: skip
    changed = differences(asdict(before), asdict(to))
    if changed:
        ctx.audit(
            "terms.changed", f"supplier:{to.supplier_id}", item_id=to.item_id, before=changed.before,
            after=changed.after, cost_from=valid_from.isoformat() if ahead and valid_from is not None else None,
        )  # fmt: skip
    return terms(ctx, to.supplier_id, to.item_id)


def remove_terms(ctx: Context, supplier_id: int, item_id: int) -> None:
    """The supplier sells the item to us no more; its prices go with the terms. Orders under way stay as they are.

    Raises:
        NotFound: the supplier does not sell the item.
    """
    ctx.require(Right.EDIT_RECORDS)
    before = terms(ctx, supplier_id, item_id)
    tables.remove_terms(ctx.tx, ctx.tenant, supplier_id, item_id)
    ctx.audit("terms.ended", f"supplier:{supplier_id}", item_id=item_id, **_said(before))


def terms(ctx: Context, supplier_id: int, item_id: int) -> Terms:
    """The standing terms on which a supplier sells an item, at today's cost; what a period says counts not here.

    Raises:
        NotFound: the supplier does not sell the item.
    """
    ctx.require_somewhere(Right.VIEW)
    found = [one for one in terms_for(ctx, [item_id], standing=True) if one.supplier_id == supplier_id]
    if not found:
        raise NotFound(f"terms of supplier {supplier_id} for item", item_id)
    return found[0]


def terms_for(ctx: Context, item_ids: Collection[int], standing: bool = False) -> list[Terms]:
    """The terms of all suppliers for the items as they are today, by item and supplier.

    Args:
        standing: as they were said, without what periods say; also of items that are not sold today.
    """
    ctx.require_somewhere(Right.VIEW)
    return tables.terms_for(ctx.tx, ctx.tenant, item_ids, ctx.now.date(), standing)


def terms_of(ctx: Context, supplier_id: int, standing: bool = False) -> list[Terms]:
    """The terms of a supplier as they are today, by item; also of items that are not sold today.

    Args:
        standing: without what periods say.

    Raises:
        NotFound: there is no such supplier.
    """
    supplier(ctx, supplier_id)
    return tables.terms_of(ctx.tx, ctx.tenant, supplier_id, ctx.now.date(), standing)


def set_prices(ctx: Context, supplier_id: int, item_id: int, prices: Iterable[tuple[Decimal, date, Decimal]]) -> None:
    """Say all prices of a supplier for an item that depend on the quantity or the day; others are forgotten.

    Args:
        prices: (from so many units on, from this day on, cost of one unit), in the currency of the terms.

    Raises:
        Invalid: a price cannot be right, or one appears twice.
        NotFound: the supplier does not sell the item.
    """
    ctx.require(Right.EDIT_RECORDS)
    terms(ctx, supplier_id, item_id)
    new = [Price(supplier_id, item_id, *one) for one in prices]
    refuse(fault for row, one in enumerate(new, 1) for fault in price_faults(one, f"price {row}, "))
    _once(new)
    before = _prices(ctx, supplier_id, item_id)
    tables.remove_prices(ctx.tx, ctx.tenant, supplier_id, item_id)
    tables.put_prices(ctx.tx, ctx.tenant, new)
    after = _prices(ctx, supplier_id, item_id)
    if before != after:
        ctx.audit(
            "prices.changed", f"supplier:{supplier_id}", item_id=item_id, before=_prices_said(before),
            after=_prices_said(after),
        )  # fmt: skip


def add_many_prices(ctx: Context, prices: Sequence[Price]) -> None:
    """Say thousands of prices at once; those for the same quantity and day are replaced, others stay.

    Raises:
        Invalid: a price cannot be right, or one appears twice; nothing was added.
        NotFound: a supplier does not sell an item.
    """
    ctx.require(Right.IMPORT_DATA)
    refuse(fault for row, one in enumerate(prices, 1) for fault in price_faults(one, f"row {row}, "))
    _once(prices)
    try:
        with ctx.tx.transaction():
            tables.put_prices(ctx.tx, ctx.tenant, prices)
    except pg.ForeignKeyViolation as error:
        raise NotFound("terms behind a price of supplier", sorted({one.supplier_id for one in prices})) from error
    if prices:
        ctx.audit("prices.added", "terms", count=len(prices))


def prices_for(ctx: Context, item_ids: Collection[int]) -> list[Price]:
    """The prices of all suppliers for the items that depend on quantity or day, past and coming ones too."""
    ctx.require_somewhere(Right.VIEW)
    return tables.prices_for(ctx.tx, ctx.tenant, item_ids)


def costs(
    ctx: Context, supplier_id: int, quantities: Collection[tuple[int, Decimal]]
) -> list[tuple[Decimal, str] | None]:
    """What one unit of each (item, quantity) costs at a supplier today, and in which currency; None: not sold."""
    ctx.require_somewhere(Right.VIEW)
    ids = {item_id for item_id, _ in quantities}
    sold = {one.item_id: one for one in terms_for(ctx, ids) if one.supplier_id == supplier_id}
    prices = [one for one in prices_for(ctx, ids) if one.supplier_id == supplier_id]
    result: list[tuple[Decimal, str] | None] = []
    for item_id, quantity in quantities:
        known = sold.get(item_id)
        if known is None:
            result.append(None)
            continue
        breaks = breaks_on([one for one in prices if one.item_id == item_id], ctx.now.date())
        result.append((cost_of(known.unit_cost, breaks, quantity), known.currency))
    return result


def _add(ctx: Context, terms: Terms) -> None:
    refuse(terms_faults(terms))
    _put(ctx, [terms])
    ctx.audit("terms.added", f"supplier:{terms.supplier_id}", item_id=terms.item_id, **_said(terms))


def _put(ctx: Context, new: Sequence[Terms]) -> None:
    require_items(ctx, {one.item_id for one in new})
    wanted = {one.supplier_id for one in new}
    missing = wanted - tables.known_suppliers(ctx.tx, ctx.tenant, wanted)
    if missing:
        raise NotFound("supplier", min(missing))
    tables.forget_begun(ctx.tx, ctx.tenant, [(one.supplier_id, one.item_id) for one in new], ctx.now.date())
    tables.put_terms(ctx.tx, ctx.tenant, new)


def _prices(ctx: Context, supplier_id: int, item_id: int) -> list[Price]:
    return [one for one in tables.prices_for(ctx.tx, ctx.tenant, [item_id]) if one.supplier_id == supplier_id]


def _once(prices: Sequence[Price]) -> None:
    names = {(one.supplier_id, one.item_id, one.from_quantity, one.valid_from) for one in prices}
    if len(names) < len(prices):
        raise Invalid(Fault("prices", "each quantity and day once", "one twice", "Keep the price that holds."))


def _said(terms: Terms) -> dict[str, Any]:
    """Terms for the audit log, without what is as usual."""
    usual = asdict(Terms(terms.supplier_id, terms.item_id, terms.unit_cost, terms.currency, None))
    always = {"unit_cost", "currency", "pack_size", "minimum_order", "lead_time_days"}
    return {
        name: said(value)
        for name, value in asdict(terms).items()
        if name in always or (value != usual[name] and name != "provenance")
    }


def _prices_said(prices: Sequence[Price]) -> list[str]:
    return [f"{plain(one.unit_cost)} from {plain(one.from_quantity)} on, from {one.valid_from}" for one in prices]
