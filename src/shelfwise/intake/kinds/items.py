"""Items: one row a thing that is bought, kept and sold, with its packs and a barcode for each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import cast

from shelfwise.access.context import Context
from shelfwise.core.errors import Fault
from shelfwise.core.quantities import plain
from shelfwise.intake import tables
from shelfwise.intake.kind import Change, Key, Kind, Posted, Record, Row, RowFault, missing, on_row
from shelfwise.intake.kinds.shared import asked, day, exact, measure, number, real, removed, text
from shelfwise.records import bulk, exchange
from shelfwise.records import service as records
from shelfwise.records.item_rules import item_faults
from shelfwise.records.item_tables import Barcode, ItemPack
from shelfwise.records.model import NewItem, Rule, Tracking, code_faults
from shelfwise.records.packs import Level, Pack, pack_faults
from shelfwise.records.rules import forget_rules, rule_faults, set_many_rules
from shelfwise.records.succession import Succession, circle, factor_faults, put_successions
from shelfwise.store.database import values

_DEFAULTS: Record = {
    "unit": "each", "quantum": Decimal(1), "tracking": "none", "needs_expiry": False, "catch_weight": False,
}  # fmt: skip
_LEVELS: tuple[Level, ...] = ("inner", "case", "pallet")
# The columns that hold the barcode of one unit, and of each pack.
_BARCODES: dict[str, Level | None] = {"barcode": None} | {f"{level}_barcode": level for level in _LEVELS}
# What can change by the thousand, for it changes no meaning of what was booked.
_PLAIN = {"description", "unit_weight_g", "shelf_life_days", "category", "sold_until"}
# Your own rule; a file of items tells it where there is one site.
_RULE = ("reorder_point", "order_up_to")
_REPLACES = ("replaces", "replaces_from", "replaces_factor")
# Packs of an item that a file brings hold for what was told before it, too.
_ALWAYS = date(2000, 1, 1)


def _known(ctx: Context, keys: Collection[Key] | None) -> dict[Key, Record]:
    found = tables.records(
        ctx.tx,
        """select i.sku, i.description, i.unit, i.quantum, i.tracking, i.needs_expiry, i.shelf_life_days,
                  i.catch_weight, i.unit_weight_g, b.barcode, p.inner_quantity, b.inner_barcode, p.case_quantity,
                  b.case_barcode, p.pallet_quantity, b.pallet_barcode, r.reorder_point, r.order_up_to,
                  i.category, i.sold_until, o.sku as replaces, s.from_day as replaces_from,
                  coalesce(s.factor, 1) as replaces_factor
           from item i
           left join (select item_id, max(quantity) filter (where level = 'inner') as inner_quantity,
                    max(quantity) filter (where level = 'case') as case_quantity,
                    max(quantity) filter (where level = 'pallet') as pallet_quantity
               from (select distinct on (item_id, level) item_id, level, quantity from item_pack
                     where tenant_id = %(tenant)s and valid_from <= %(day)s
                     order by item_id, level, valid_from desc) newest group by item_id) p using (item_id)
           left join (select item_id, min(barcode) filter (where coalesce(level, 'each') = 'each') as barcode,
                    min(barcode) filter (where level = 'inner') as inner_barcode,
                    min(barcode) filter (where level = 'case') as case_barcode,
                    min(barcode) filter (where level = 'pallet') as pallet_barcode
               from item_barcode where tenant_id = %(tenant)s group by item_id) b using (item_id)
           -- Where there is one site, its rules are the items'.
           left join (select item_id, reorder_point, order_up_to from item_rule where tenant_id = %(tenant)s
                and (select count(*) from site where tenant_id = %(tenant)s) = 1) r using (item_id)
           left join succession s on s.tenant_id = i.tenant_id and s.item_id = i.item_id
           left join item o on o.tenant_id = s.tenant_id and o.item_id = s.replaces_id
           where i.tenant_id = %(tenant)s and (%(one)s::text[] is null or i.sku = any(%(one)s::text[]))
           order by i.sku""",
        {"tenant": ctx.tenant, "one": asked(keys, 0), "day": ctx.now.date()},
    )
    packed = tuple(f"{level}_quantity" for level in _LEVELS)
    return {
        (one["sku"],): one
        | exact(one, "description", "category", "quantum", "replaces_factor", *packed, *_RULE)
        | measure(one, "unit_weight_g")
        for one in found
    }


def _check(ctx: Context, rows: Sequence[Row]) -> Iterator[RowFault]:
    scanned = {text(row.values, name) for row in rows for name in _BARCODES}
    owners = _owners(ctx, {barcode for barcode in scanned if barcode is not None})
    seen: dict[str, int] = {}
    sites = records.sites(ctx)
    yield from _replaces_faults(ctx, rows)
    for row in rows:
        yield from _rule_faults(row, len(sites))
        record = {**_DEFAULTS, **{name: value for name, value in row.values.items() if value is not None}}
        yield from on_row(row, item_faults(_item(record)))
        yield from on_row(row, _pack_faults(record))
        for name in _BARCODES:
            barcode = text(record, name)
            if barcode is None:
                continue
            yield from on_row(row, code_faults(barcode, name))
            owner, first = owners.get(barcode, str(record["sku"])), seen.setdefault(barcode, row.number)
            if owner != record["sku"]:
                yield RowFault(
                    row.number, name, "a barcode of no other item", f"{barcode!r}, which is on item {owner}",
                    "Take it off there first, or correct it.",
                )  # fmt: skip
            elif first != row.number:
                yield RowFault(
                    row.number, name, "each barcode once", f"{barcode!r}, as in row {first}", "Keep the one that holds."
                )


def _rule_faults(row: Row, sites: int) -> Iterator[RowFault]:
    told = {name: number(row.values, name) for name in _RULE}
    if told["reorder_point"] is None and told["order_up_to"] is not None:
        yield RowFault(
            row.number, "order_up_to", "a reorder point as well", plain(told["order_up_to"]), "Say at what to order."
        )
    if told["reorder_point"] is None:
        return
    if sites != 1:
        yield RowFault(
            row.number, "reorder_point", "one site, which the rule is for", f"{sites} sites",
            "Leave the column out, and say the rule of each site on the item's page.",
        )  # fmt: skip
    yield from on_row(row, rule_faults(Rule(0, 0, told["reorder_point"], told["order_up_to"])))


def _replaces_faults(ctx: Context, rows: Sequence[Row]) -> Iterator[RowFault]:
    known = _links(ctx)
    told = {str(row.values["sku"]): row for row in rows if text(row.values, "replaces") is not None}
    skus = {str(row.values["sku"]) for row in rows}
    skus |= records.item_ids(ctx, {str(row.values["replaces"]) for row in told.values()}, own=True).keys()
    for sku, row in told.items():
        if row.values["replaces"] not in skus:
            yield missing(row, "replaces", "an item")
        if row.values.get("replaces_from") is None and ("replaces_from" in row.values or sku not in known):
            yield RowFault(row.number, "replaces_from", "the day from which on it does so", "nothing", "Say the day.")
        if (factor := number(row.values, "replaces_factor")) is not None:
            yield from on_row(row, factor_faults(factor))
    for row in rows:
        sku = str(row.values["sku"])
        if row.values.get("replaces_from") and sku not in told and ("replaces" in row.values or sku not in known):
            yield RowFault(row.number, "replaces", "the SKU of an item, where there is a day", "nothing", "Say which.")
    found = circle((known | {sku: str(row.values["replaces"]) for sku, row in told.items()}).items())
    for sku in [sku for sku in found if sku in told][:1]:
        chain = " replaces ".join([*found, found[0]])
        yield RowFault(told[sku].number, "replaces", "no item that comes after it", chain, "Correct one of them.")


def _links(ctx: Context) -> dict[str, str]:
    """What replaces what, by SKU."""
    return dict(
        values(
            ctx.tx,
            """select i.sku, o.sku from succession s join item i using (tenant_id, item_id)
               join item o on o.tenant_id = s.tenant_id and o.item_id = s.replaces_id where s.tenant_id = %s""",
            (ctx.tenant,),
        )
    )


def _pack_faults(record: Record) -> Iterator[Fault]:
    quantum, unit = number(record, "quantum") or Decimal(1), text(record, "unit") or "each"
    for level in _LEVELS:
        held = number(record, f"{level}_quantity")
        if held is not None and quantum > 0:
            for fault in pack_faults(Pack(level, held, _ALWAYS), unit, quantum, ""):
                yield replace(fault, where=f"{level}_quantity")


def _owners(ctx: Context, barcodes: set[str]) -> dict[str, str]:
    return dict(
        values(
            ctx.tx,
            """select b.barcode, i.sku from item_barcode b join item i using (tenant_id, item_id)
               where b.tenant_id = %s and b.barcode = any(%s::text[])""",
            (ctx.tenant, [barcode for barcode in barcodes if "\x00" not in barcode]),
        )
    )


def _item(record: Record) -> NewItem:
    return NewItem(
        str(record["sku"]), text(record, "description") or "", text(record, "unit") or "each",
        number(record, "quantum") or Decimal(0), real(record, "unit_weight_g"), "imported",
        cast(Tracking, record.get("tracking")), bool(record.get("needs_expiry")),
        cast("int | None", record.get("shelf_life_days")), bool(record.get("catch_weight")),
        category=text(record, "category") or "", sold_until=day(record, "sold_until"),
    )  # fmt: skip


def _write(ctx: Context, changes: Sequence[Change], at: datetime | None) -> Posted:
    ids = records.add_items(ctx, [_item(change.after) for change in changes if change.before is None])
    known = [change for change in changes if change.before is not None]
    ids |= records.item_ids(ctx, [str(change.key[0]) for change in known], own=True)
    careful = [change for change in known if {*change.fields} & _DEFAULTS.keys()]
    bulk.change_items(
        ctx,
        [
            _item(change.after)
            for change in known
            if {*change.fields} & _PLAIN and not {*change.fields} & _DEFAULTS.keys()
        ],
    )
    for change in careful:
        item_id = ids[str(change.key[0])]
        kept = records.item(ctx, item_id).archived
        records.change_item(ctx, item_id, replace(_item(change.after), archived=kept), confirmed=True)
    packs = [pack for change in changes for pack in _packs(ctx, change, ids[str(change.key[0])])]
    records.set_packs(ctx, packs)
    _put_rules(ctx, changes, ids)
    _put_successions(ctx, changes, ids)
    gone = [barcode for change in changes for barcode, _ in _barcodes(change.before or {}, change.after)]
    bulk.remove_barcodes(ctx, gone)
    records.add_barcodes(
        ctx,
        [
            Barcode(barcode, ids[str(change.key[0])], level)
            for change in changes
            for barcode, level in _barcodes(change.after, change.before or {})
        ],
    )
    return Posted()


def _put_rules(ctx: Context, changes: Sequence[Change], ids: Mapping[str, int]) -> None:
    told = [change for change in changes if {*_RULE} & {*change.fields}]
    if not told:
        return
    (site,) = records.sites(ctx)
    kept, gone = [], []
    for change in told:
        item_id, point = ids[str(change.key[0])], number(change.after, "reorder_point")
        if point is None:
            gone.append(item_id)
        else:
            kept.append(Rule(item_id, site.site_id, point, number(change.after, "order_up_to"), "imported"))
    set_many_rules(ctx, kept)
    forget_rules(ctx, site.site_id, gone)


def _put_successions(ctx: Context, changes: Sequence[Change], ids: Mapping[str, int]) -> None:
    told = [change for change in changes if {*_REPLACES} & {*change.fields}]
    replaced = {text(change.after, "replaces") or "" for change in told}
    ids = {**ids, **records.item_ids(ctx, replaced - ids.keys(), own=True)}
    kept, gone = [], []
    for change in told:
        item_id, sku, since = (
            ids[str(change.key[0])],
            text(change.after, "replaces"),
            day(change.after, "replaces_from"),
        )
        if sku is None or since is None:
            gone.append(item_id)
        else:
            factor = number(change.after, "replaces_factor")
            kept.append(Succession(item_id, ids[sku], since, Decimal(1) if factor is None else factor))
    put_successions(ctx, kept, gone)


def _packs(ctx: Context, change: Change, item_id: int) -> Iterator[ItemPack]:
    for level in _LEVELS:
        name = f"{level}_quantity"
        after, before = number(change.after, name), number(change.before or {}, name)
        if after != before:
            yield ItemPack(item_id, level, after, _ALWAYS if change.before is None else ctx.now.date())


def _barcodes(one: Record, other: Mapping[str, object]) -> Iterator[tuple[str, Level | None]]:
    """The barcodes of one version that the other does not have in the same place."""
    for name, level in _BARCODES.items():
        barcode = text(one, name)
        if barcode is not None and barcode != other.get(name):
            yield barcode, level


def _remove(ctx: Context, keys: Sequence[Key]) -> dict[Key, str]:
    return removed(keys, bulk.remove_items(ctx, [str(sku) for (sku,) in keys]))


ITEMS = Kind(
    sheet=exchange.ITEMS,
    noun=("item", "items"),
    known=_known,
    check=_check,
    write=_write,
    remove=_remove,
    defaults={**_DEFAULTS, "replaces_factor": Decimal(1)},
    measures=("unit_weight_g",),
    synonyms={
        "category": (
            "itemcategory",
            "productcategory",
            "category",
            "productgroup",
            "itemgroup",
            "group",
            "department",
            "family",
            "warengruppe",
            "artikelgruppe",
            "kategorie",
            "produktgruppe",
            "categorie",
            "famille",
            "rayon",
            "categoria",
            "familia",
            "grupo",
            "reparto",
            "productgroep",
        ),
        "sold_until": ("solduntil", "lastsalesday", "discontinuedon", "discontinuationdate", "auslaufdatum"),
        "replaces": ("replaces", "predecessor", "supersedes", "vorgaenger", "vorganger", "ersetzt", "remplace"),
        "reorder_point": (
            "reorderpoint",
            "reorderlevel",
            "reorderat",
            "minstock",
            "minimumstock",
            "minlevel",
            "minqty",
            "minimum",
            "min",
            "meldebestand",
            "mindestbestand",
            "bestellpunkt",
            "stockminimum",
            "stockmini",
            "puntodereorden",
        ),
        "order_up_to": (
            "orderupto",
            "maxstock",
            "maximumstock",
            "maxlevel",
            "maxqty",
            "maximum",
            "max",
            "par",
            "parlevel",
            "targetstock",
            "sollbestand",
            "hoechstbestand",
            "hochstbestand",
            "maximalbestand",
            "stockmaximum",
        ),
    },
)
