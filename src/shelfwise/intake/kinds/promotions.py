"""Promotions: a row for each item in one, at a site or at all."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from typing import Any, cast

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.intake import tables
from shelfwise.intake.kind import Change, Key, Kind, Posted, Record, Row, RowFault, missing, on_row
from shelfwise.intake.kinds.shared import asked, codes, exact, number, text
from shelfwise.records import promotions, sheets_trade
from shelfwise.records import service as records
from shelfwise.records.promoting import today_at
from shelfwise.records.promoting_model import move_faults
from shelfwise.records.promotions import Promotion, promotion_faults

_DEFAULTS: Record = {"kind": "price", "site": None, "called_off": False}


def _known(ctx: Context, keys: Collection[Key] | None) -> dict[Key, Record]:
    found = tables.records(
        ctx.tx,
        """select p.code as promotion, s.code as site, i.sku, p.starts_on, p.ends_on, p.kind, p.price,
                  p.discount_percent, p.note, p.called_off
           from promotion p join item i using (tenant_id, item_id)
           left join site s on s.tenant_id = p.tenant_id and s.site_id = p.site_id
           where p.tenant_id = %(tenant)s and (%(one)s::text[] is null or p.code = any(%(one)s::text[]))
             and (%(skus)s::text[] is null or i.sku = any(%(skus)s::text[]))
             and (%(allowed)s::bigint[] is null or p.site_id is null or p.site_id = any(%(allowed)s::bigint[]))
           order by p.code, s.code, i.sku""",
        {"tenant": ctx.tenant, "one": asked(keys, 0), "skus": asked(keys, 2), "allowed": ctx.sites(Right.VIEW)},
    )
    return {
        (one["promotion"], one["site"], one["sku"]): one | exact(one, "price", "discount_percent", "note")
        for one in found
    }


def _check(ctx: Context, rows: Sequence[Row]) -> Iterator[RowFault]:
    sites = {site.code for site in records.sites(ctx)}
    items = records.item_ids(ctx, codes((row.values for row in rows), "sku"))
    known, today = _known(ctx, {PROMOTIONS.key_of(row.values) for row in rows}), today_at(ctx, None)
    for row in rows:
        if row.values.get("site") is not None and row.values["site"] not in sites:
            yield missing(row, "site", "a site")
        if row.values["sku"] not in items:
            yield missing(row, "sku", "an item")
        told = {**_DEFAULTS, **{name: value for name, value in row.values.items() if value is not None}}
        wanted = _promotion(told, None, 0)
        yield from on_row(row, promotion_faults(wanted))
        before = known.get(PROMOTIONS.key_of(row.values))
        if before is not None:
            yield from on_row(row, move_faults(cast("date", before["ends_on"]), wanted.ends_on, today))


def _promotion(record: Record, site_id: int | None, item_id: int) -> Promotion:
    days: dict[str, Any] = {name: record[name] for name in ("starts_on", "ends_on")}
    return Promotion(
        str(record["promotion"]), site_id, item_id, **days, kind=str(record["kind"]), price=number(record, "price"),
        discount_percent=number(record, "discount_percent"), note=text(record, "note"),
        called_off=bool(record["called_off"]),
    )  # fmt: skip


def _write(ctx: Context, changes: Sequence[Change], at: datetime | None) -> Posted:
    sites, items = _ids(ctx, [change.key for change in changes])
    promotions.put_promotions(
        ctx, [_promotion(one.after, sites[one.key[1]], items[str(one.key[2])]) for one in changes]
    )
    return Posted()


def _remove(ctx: Context, keys: Sequence[Key]) -> dict[Key, str]:
    sites, items = _ids(ctx, keys)
    promotions.remove_promotions(ctx, [(str(key[0]), sites[key[1]], items[str(key[2])]) for key in keys])
    return {}


def _ids(ctx: Context, keys: Sequence[Key]) -> tuple[dict[Any, int | None], dict[str, int]]:
    sites = cast("dict[Any, int | None]", {site.code: site.site_id for site in records.sites(ctx)} | {None: None})
    return sites, records.item_ids(ctx, {str(key[2]) for key in keys})


PROMOTIONS = Kind(
    sheet=sheets_trade.PROMOTIONS,
    noun=("promotion of an item", "promotions of items"),
    known=_known,
    check=_check,
    write=_write,
    remove=_remove,
    defaults=_DEFAULTS,
    synonyms={
        "promotion": ("promotioncode", "promo", "campaign", "aktion"),
        "starts_on": ("start", "startdate", "from", "begin", "beginn", "von"),
        "ends_on": ("end", "enddate", "until", "to", "ende", "bis"),
        "price": ("promoprice", "promotionprice", "aktionspreis"),
        "discount_percent": ("discount", "rabatt"),
        "note": ("notes", "comment", "bemerkung"),
    },
)
