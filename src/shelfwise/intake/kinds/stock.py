"""Stock: one row for what lies in one place, of one item, lot and status.

Before the books go live it is posted as opening stock; afterwards the difference is posted as counted. What a file does
not name stays as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Refused
from shelfwise.core.quantities import plain
from shelfwise.intake import tables
from shelfwise.intake.kind import Change, Key, Kind, Posted, Record, Row, RowFault, missing
from shelfwise.intake.kinds.shared import asked, codes, exact, number, text
from shelfwise.records import exchange
from shelfwise.records import service as records
from shelfwise.stock import lots
from shelfwise.stock import service as stock
from shelfwise.stock.ledger import read_map
from shelfwise.stock.model import STATUSES, NewMovement, Status
from shelfwise.store.database import values

_DEFAULTS: Record = {"status": "available", "expires_on": None, "made_on": None, "catch_weight_g": None}
_NAMED = 20


def _known(ctx: Context, keys: Collection[Key] | None) -> dict[Key, Record]:
    allowed = ctx.sites(Right.VIEW)
    found = tables.records(
        ctx.tx,
        """select s.code as site, p.code as place, i.sku, nullif(b.lot, '') as lot, l.expires_on, l.made_on, b.status,
                  b.on_hand as quantity, i.unit, nullif(b.catch_weight_g, 0) as catch_weight_g
           from balance b join place p using (tenant_id, place_id) join site s using (tenant_id, site_id)
           join item i on i.tenant_id = b.tenant_id and i.item_id = b.item_id
           left join lot l on l.tenant_id = b.tenant_id and l.item_id = b.item_id and l.code = b.lot
           where b.tenant_id = %(tenant)s and b.on_hand <> 0 and p.kind in ('bin', 'dock', 'packing')
             and (%(allowed)s::bigint[] is null or s.site_id = any(%(allowed)s::bigint[]))
             and (%(sites)s::text[] is null or s.code = any(%(sites)s::text[]))
             and (%(places)s::text[] is null or p.code = any(%(places)s::text[]))
           order by s.code, p.code, i.sku, b.lot, b.status""",
        {"tenant": ctx.tenant, "allowed": allowed, "sites": asked(keys, 0), "places": asked(keys, 1)},
    )
    known: dict[Key, Record] = {_key(one): one | exact(one, "quantity", "catch_weight_g") for one in found}
    return known if keys is None else {key: known[key] for key in keys if key in known}


def _key(one: dict[str, Any]) -> Key:
    return tuple(one[name] for name in exchange.STOCK.key)


def _check(ctx: Context, rows: Sequence[Row]) -> Iterator[RowFault]:
    places = _places(ctx, codes((row.values for row in rows), "site"))
    items = {one["sku"]: one for one in _items(ctx, codes((row.values for row in rows), "sku"))}
    known = {(one["sku"], one["lot"]): one for one in _lots(ctx, codes((row.values for row in rows), "sku"))}
    for row in rows:
        at = (str(row.values["site"]), str(row.values["place"]))
        if at not in places:
            known_site = any(site == at[0] for site, _ in places)
            yield missing(row, "place" if known_site else "site", "a place" if known_site else "a site")
        item = items.get(str(row.values["sku"]))
        if item is None:
            yield missing(row, "sku", "an item")
            continue
        yield from _amount_faults(row, item)
        lot = known.get((str(row.values["sku"]), str(row.values.get("lot"))))
        for name in ("expires_on", "made_on"):
            told = row.values.get(name)
            if told is not None and row.values.get("lot") is None:
                yield RowFault(row.number, name, "a lot that it belongs to", str(told), "Name the lot, or empty it.")
            elif told is not None and lot is not None and lot[name] not in (None, told):
                yield RowFault(
                    row.number, name, f"{lot[name]}, as is known of the lot", str(told),
                    "Correct the file, or the lot on its own page.",
                )  # fmt: skip


def _amount_faults(row: Row, item: dict[str, Any]) -> Iterator[RowFault]:
    quantity = number(row.values, "quantity") or Decimal(0)
    if quantity < 0 or quantity >= Decimal("1e15"):
        yield RowFault(row.number, "quantity", "0 or more", plain(quantity), "Nothing less than nothing lies there.")
    elif quantity % item["quantum"]:
        step = f"whole multiples of {plain(item['quantum'])} {item['unit']}"
        yield RowFault(row.number, "quantity", step, plain(quantity), "Correct the quantity, or the item's quantum.")
    unit = text(row.values, "unit")
    if unit is not None and unit != item["unit"]:
        yield RowFault(
            row.number, "unit", f"{item['unit']}, the unit of {item['sku']}", repr(unit), "Give it in that unit."
        )
    status = row.values.get("status")
    if status is not None and status not in STATUSES:
        yield RowFault(row.number, "status", f"one of {', '.join(STATUSES)}", repr(status), "Choose one of them.")


def _places(ctx: Context, sites: set[str]) -> dict[tuple[str, str], int]:
    return {
        (site, place): place_id
        for site, place, place_id in values(
            ctx.tx,
            """select s.code, p.code, p.place_id from place p join site s using (tenant_id, site_id)
               where p.tenant_id = %s and s.code = any(%s::text[]) and p.kind in ('bin', 'dock', 'packing')""",
            (ctx.tenant, list(sites)),
        )
    }


def _items(ctx: Context, skus: set[str]) -> Iterator[dict[str, Any]]:
    return tables.records(
        ctx.tx,
        "select sku, item_id, unit, quantum from item where tenant_id = %(tenant)s and sku = any(%(skus)s::text[])",
        {"tenant": ctx.tenant, "skus": list(skus)},
    )


def _lots(ctx: Context, skus: set[str]) -> Iterator[dict[str, Any]]:
    return tables.records(
        ctx.tx,
        """select i.sku, l.code as lot, l.expires_on, l.made_on from lot l join item i using (tenant_id, item_id)
           where l.tenant_id = %(tenant)s and i.sku = any(%(skus)s::text[])""",
        {"tenant": ctx.tenant, "skus": list(skus)},
    )


def _write(ctx: Context, changes: Sequence[Change], at: datetime | None) -> Posted:
    ctx.require_somewhere(Right.ADJUST_STOCK)
    items = records.item_ids(ctx, codes((change.after for change in changes), "sku"))
    places = _places(ctx, codes((change.after for change in changes), "site"))
    spots = read_map(ctx, set(places.values()))
    go_live = records.go_live(ctx)
    opening = go_live is None or (at or ctx.now) < go_live
    movements = []
    for change in changes:
        after, before = change.after, change.before or {}
        item_id, place_id = items[str(after["sku"])], places[str(after["site"]), str(after["place"])]
        lot, status = text(after, "lot"), cast(Status, after["status"])
        if lot is not None:
            lots.put(
                ctx.tx, ctx.tenant, item_id, lot, cast("date | None", after.get("expires_on")),
                cast("date | None", after.get("made_on")), None,
            )  # fmt: skip
        more = (number(after, "quantity") or Decimal(0)) - (number(before, "quantity") or Decimal(0))
        weight = (number(after, "catch_weight_g") or Decimal(0)) - (number(before, "catch_weight_g") or Decimal(0))
        site_id = spots.spots[place_id].site_id
        correcting = spots.virtual[site_id, "adjustment"]
        if more > 0:
            start = spots.virtual[site_id, "opening"] if opening else correcting
            movements.append(
                NewMovement(
                    item_id, start, place_id, more, "opening" if opening else "count", at, lot=lot or "",
                    to_status=status, catch_weight_g=weight if weight > 0 else None,
                )
            )  # fmt: skip
        elif more < 0:
            movements.append(
                NewMovement(
                    item_id, place_id, correcting, -more, "adjust" if opening else "count", at, lot=lot or "",
                    from_status=status,
                )
            )  # fmt: skip
    ids = stock.post_many(ctx, movements, kind="import", note="From a file") if movements else []
    batch = values(
        ctx.tx, "select batch_id from movement where tenant_id = %s and movement_id = any(%s)", (ctx.tenant, ids[:1])
    )
    return Posted(int(batch[0][0]) if batch else None)


def _undo(ctx: Context, batch_id: int | None, changes: Sequence[Change]) -> list[str]:
    """Movements that nothing has touched since are reversed; what has moved since is left and named."""
    if batch_id is None:
        return []
    found = values(
        ctx.tx,
        """select m.movement_id, i.sku, p.code, exists (
               select from movement later where later.tenant_id = m.tenant_id and later.item_id = m.item_id
                 and later.movement_id > m.movement_id and later.batch_id is distinct from m.batch_id
                 and p.place_id in (later.from_place_id, later.to_place_id)) as touched
           from movement m join item i using (tenant_id, item_id)
           join place p on p.tenant_id = m.tenant_id and p.place_id in (m.from_place_id, m.to_place_id)
             and p.kind in ('bin', 'dock', 'packing')
           where m.tenant_id = %s and m.batch_id = %s and m.part_of is null order by m.movement_id desc""",
        (ctx.tenant, batch_id),
    )
    touched = [(sku, place) for _, sku, place, later in found if later]
    if found and len(touched) == len(found):
        raise Refused(
            f"Everything in it has moved since, such as {touched[0][0]} in {touched[0][1]}. Taking it back would make "
            "stock appear or vanish that people have worked with. Count these places instead."
        )
    reason = "An import was taken back"
    if not touched:
        stock.reverse_batch(ctx, batch_id, reason)
        return []
    for movement_id, _, _, later in found:
        if not later:
            stock.reverse(ctx, movement_id, reason)
    left = [f"{sku} in {place}: it has moved since. Count it instead." for sku, place in touched[:_NAMED]]
    return left + ([f"and {len(touched) - _NAMED} more"] if len(touched) > _NAMED else [])


STOCK = Kind(
    sheet=exchange.STOCK,
    noun=("place with stock", "places with stock"),
    known=_known,
    check=_check,
    write=_write,
    undo=_undo,
    right=Right.ADJUST_STOCK,
    defaults=_DEFAULTS,
    unread=(),
    amount="quantity",
    once=True,
)
