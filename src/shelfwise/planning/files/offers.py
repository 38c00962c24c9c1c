"""Who sells which item on which terms, as a folder's files tell it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from shelfwise.planning.files.sheets import TERMS
from shelfwise.planning.files.tables import Faults, Table, once
from shelfwise.planning.files.wording import exact, few, many
from shelfwise.planning.leadtime import Took, habit
from shelfwise.planning.model import LeadTime, Offer
from shelfwise.records.prices import Break

Say = Callable[[str], None]
NOBODY = "supplier"
"""What the supplier is called where no file names one."""


@dataclass(frozen=True, eq=False)
class Sellers:
    """Offers by SKU, the currencies of those that cannot be compared, the ids of all suppliers by code, and the most
    usual currency."""

    offers: Mapping[str, tuple[Offer, ...]] = field(default_factory=dict)
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ids: Mapping[str, int] = field(default_factory=dict)
    currency: str = ""


@dataclass(frozen=True)
class _Row:
    """One row of the terms, typed."""

    row: int
    start: Decimal
    unit_cost: Decimal
    currency: str
    pack_size: float | None
    minimum_order: float | None
    lead_days: float | None


def sellers_of(
    tables: Mapping[str, Table], has_terms: bool, today: date, usual_lead_days: float, faults: Faults, notes: Say
) -> Sellers:
    """The offers of every item. Lead times are learned from receipts where there are any.

    Args:
        has_terms: there is a file of them, whether it could be read or not.
    """
    terms = tables.get("terms")
    if terms is None:
        if not has_terms:
            notes("There is no file terms.csv that says who sells what for how much: nothing can be ordered.")
        return Sellers()
    once(terms, TERMS.key, faults)
    names, stated_by, least = _suppliers(tables.get("suppliers"), faults)
    _in_whole_packs(terms, tables.get("items"), faults)
    grouped = _grouped(terms)
    numbers = {sku: number for number, sku in enumerate(sorted({sku for _, sku in grouped}), start=1)}
    took = _receipts(tables.get("receipts"), grouped, numbers, stated_by, today, usual_lead_days, faults, notes)
    habits = {supplier: habit(took.get(supplier, ())) for supplier, _ in grouped}
    ids = {supplier: number for number, supplier in enumerate(sorted({one for one, _ in grouped}), start=1)}
    learned: dict[tuple[str, float | None, int], LeadTime] = {}
    assumed: Counter[str] = Counter()
    found: dict[str, list[Offer]] = {}
    for (supplier, sku), rows in grouped.items():
        said = next((one.lead_days for one in rows if one.lead_days is not None), stated_by.get(supplier))
        assumed[supplier] += said is None
        # Items that never came are alike: their samples are kept once.
        known = habits[supplier]
        key = (supplier, said, numbers[sku] if numbers[sku] in known.items else 0)
        if key not in learned:
            lead_time = known.lead_time(key[2], usual_lead_days if said is None else said)
            learned[key] = replace(lead_time, assumed=said is None)
        offer = _offer(terms, ids[supplier], names.get(supplier, supplier), rows, learned[key], faults)
        value = least.get(supplier)
        found.setdefault(sku, []).append(replace(offer, minimum_value=None if value is None else exact(value)))
    if count := sum(assumed.values()):
        who = few(sorted(one for one, unsaid in assumed.items() if unsaid))
        notes(f"{terms.name}: {many(count, 'lead time')} not said (of {who}): {usual_lead_days:g} days are assumed.")
    if not terms.has("pack_size"):
        notes(f"{terms.name}: it has no pack sizes: any whole number can be ordered.")
    return _comparable(found, ids, notes)


def _suppliers(table: Table | None, faults: Faults) -> tuple[dict[str, str], dict[str, float], dict[str, float]]:
    """(name, lead time, least value of an order), each by code."""
    if table is None:
        return {}, {}, {}
    once(table, ("supplier",), faults)
    codes = table.texts("supplier")
    names = {code: name for code, name in zip(codes, table.texts("name"), strict=True) if name}
    days, least = (
        {code: one for code, one in zip(codes, table.numbers(column), strict=True) if one}
        for column in ("lead_time_days", "minimum_value")
    )
    return names, days, least


def _in_whole_packs(terms: Table, items: Table | None, faults: Faults) -> None:
    """Refuse packs in which an item would come in parts of the smallest amount that can be moved."""
    quanta = dict(zip(items.texts("sku"), items.numbers("quantum"), strict=True)) if items else {}
    for row, (sku, pack) in enumerate(zip(terms.texts("sku"), terms.numbers("pack_size"), strict=True)):
        quantum = quanta.get(sku) or 1.0
        if pack and (not exact(pack) or exact(pack) % exact(quantum)):
            faults.add(
                terms.fault(
                    row, "pack_size", f"a multiple of {quantum:g}, the smallest amount of {sku!r}", f"{pack:g}",
                    "Correct it, or say in the column 'quantum' of items.csv what can be moved.",
                )
            )  # fmt: skip


def _grouped(terms: Table) -> dict[tuple[str, str], list[_Row]]:
    """Rows by (supplier, SKU), the smallest quantity first."""
    columns = zip(
        terms.texts("supplier", NOBODY), terms.texts("sku"), terms.numbers("from_quantity"),
        terms.numbers("unit_cost"), terms.texts("currency"), terms.numbers("pack_size"),
        terms.numbers("minimum_order"), terms.numbers("lead_time_days"), strict=True,
    )  # fmt: skip
    found: dict[tuple[str, str], list[_Row]] = {}
    for row, (supplier, sku, start, cost, currency, pack, least, days) in enumerate(columns):
        one = _Row(row, exact(start or 0.0), exact(cost or 0.0), currency.upper(), pack, least, days)
        found.setdefault((supplier, sku), []).append(one)
    return {key: sorted(rows, key=lambda one: one.start) for key, rows in sorted(found.items())}


def _offer(
    terms: Table, supplier_id: int, name: str, rows: Sequence[_Row], lead_time: LeadTime, faults: Faults
) -> Offer:
    first = rows[0]
    for other in rows[1:]:
        if other.currency and first.currency and other.currency != first.currency:
            faults.add(
                terms.fault(
                    other.row, "currency", f"{first.currency}, as in {terms.source.row(first.row)}", other.currency,
                    "Give all prices of an item by a supplier in one currency.",
                )
            )  # fmt: skip
    least = max([one.minimum_order or 0.0 for one in rows] + [float(first.start)])
    pack = next((one.pack_size for one in rows if one.pack_size), 1.0)
    breaks: tuple[Break, ...] = tuple((one.start, one.unit_cost) for one in rows if one.start > 0)
    return Offer(
        supplier_id=supplier_id,
        supplier=name,
        unit_cost=first.unit_cost,
        currency=next((one.currency for one in rows if one.currency), ""),
        pack_size=exact(pack),
        minimum_order=exact(least),
        lead_time=lead_time,
        breaks=breaks if len(rows) > 1 else (),
    )


def _receipts(
    table: Table | None,
    grouped: Mapping[tuple[str, str], Sequence[_Row]],
    numbers: Mapping[str, int],
    stated_by: Mapping[str, float],
    today: date,
    usual: float,
    faults: Faults,
    notes: Say,
) -> dict[str, list[Took]]:
    """What came, by supplier."""
    if table is None:
        return {}
    found: dict[str, list[Took]] = {}
    strange: set[str] = set()
    early = 0
    suppliers = {supplier for supplier, _ in grouped}
    rows = zip(
        table.texts("supplier", NOBODY), table.texts("sku"), table.days("ordered_at"), table.days("received_at"),
        strict=True,
    )  # fmt: skip
    for row, (supplier, sku, ordered, received) in enumerate(rows):
        if ordered is None or received is None:
            continue
        if received < ordered:
            faults.add(
                table.fault(row, "received_at", f"{ordered} or later", str(received), "Correct one of both days.")
            )
            continue
        if received > today:
            early += 1
            continue
        if supplier not in suppliers:
            strange.add(supplier)
            continue
        terms = grouped.get((supplier, sku), ())
        said = next((one.lead_days for one in terms if one.lead_days is not None), stated_by.get(supplier, usual))
        found.setdefault(supplier, []).append(Took(numbers.get(sku, 0), float((received - ordered).days), said))
    if strange:
        notes(f"{table.name}: it names suppliers that sell nothing here, such as {sorted(strange)[0]!r}.")
    if early:
        notes(f"{table.name}: {many(early, 'row')} of what came after {today}: nothing is learned from them.")
    deliveries = many(sum(map(len, found.values())), "delivery").replace("ys", "ies")
    notes(f"{table.name}: lead times of {many(len(found), 'supplier')} are learned from {deliveries}.")
    return found


def _comparable(found: Mapping[str, Sequence[Offer]], ids: Mapping[str, int], notes: Say) -> Sellers:
    """Offers of an item in several currencies cannot be compared: those in the most usual one count."""
    usual = Counter(one.currency for offers in found.values() for one in offers).most_common()
    rank = {currency: place for place, (currency, _) in enumerate(usual)}
    offers: dict[str, tuple[Offer, ...]] = {}
    left_out: dict[str, tuple[str, ...]] = {}
    for sku, some in found.items():
        best = min((one.currency for one in some), key=lambda one: rank[one])
        offers[sku] = tuple(one for one in some if one.currency == best)
        if others := sorted({one.currency for one in some} - {best}):
            left_out[sku] = tuple(others)
    if left_out:
        lacking = many(len(left_out), "item")
        which = few(sorted({one for others in left_out.values() for one in others}))
        notes(f"Of {lacking} offers in {which} are left out: nobody said what these are worth.")
    return Sellers(offers, left_out, ids, usual[0][0] if usual else "")
