"""Places: one row a bin, dock or packing bench."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import cast

from shelfwise.access.context import Context
from shelfwise.intake import tables
from shelfwise.intake.kind import Change, Key, Kind, Posted, Record, Row, RowFault, missing, on_row
from shelfwise.intake.kinds.shared import asked, codes, exact, measure, number, real, removed, text, whole
from shelfwise.records import bulk, exchange
from shelfwise.records import service as records
from shelfwise.records.model import NewPlace, PlaceKind, place_faults
from shelfwise.records.site_changes import change_place

_MEASURES = ("x_m", "y_m", "width_m", "depth_m", "height_m", "load_kg")
_DEFAULTS: Record = {"kind": "bin"}


def _known(ctx: Context, keys: Collection[Key] | None) -> dict[Key, Record]:
    found = tables.records(
        ctx.tx,
        """select s.code as site, p.code as place, p.kind, z.code as zone, p.x_m, p.y_m, p.width_m, p.depth_m, i.sku,
                  p.capacity, p.aisle, p.bay, p.level, p.position, p.height_m, p.load_kg
           from place p join site s using (tenant_id, site_id)
           left join zone z on z.tenant_id = p.tenant_id and z.zone_id = p.zone_id
           left join item i on i.tenant_id = p.tenant_id and i.item_id = p.item_id
           where p.tenant_id = %(tenant)s and p.kind in ('bin', 'dock', 'packing')
             and (%(sites)s::text[] is null or s.code = any(%(sites)s::text[]))
             and (%(one)s::text[] is null or p.code = any(%(one)s::text[])) order by s.code, p.code""",
        {"tenant": ctx.tenant, "sites": asked(keys, 0), "one": asked(keys, 1)},
    )
    return {
        (one["site"], one["place"]): one | measure(one, *_MEASURES) | exact(one, "capacity") for one in found
    }  # fmt: skip


def _check(ctx: Context, rows: Sequence[Row]) -> Iterator[RowFault]:
    sites = {site.code: site.site_id for site in records.sites(ctx)}
    zones = {
        code: {zone.code for zone in records.zones(ctx, sites[code])}
        for code in codes((row.values for row in rows), "site") & sites.keys()
    }
    items = records.item_ids(ctx, codes((row.values for row in rows), "sku"))
    for row in rows:
        record = {**_DEFAULTS, **{name: value for name, value in row.values.items() if value is not None}}
        if record["site"] not in sites:
            yield missing(row, "site", "a site")
            continue
        if record.get("zone") is not None and record["zone"] not in zones[str(record["site"])]:
            yield missing(row, "zone", f"a zone of {record['site']}")
        if record.get("sku") is not None and record["sku"] not in items:
            yield missing(row, "sku", "an item")
        yield from on_row(row, place_faults(_place(record, None, None)), {"code": "place"})


def _place(record: Record, zone_id: int | None, item_id: int | None) -> NewPlace:
    return NewPlace(
        str(record["place"]), cast(PlaceKind, text(record, "kind")), zone_id, real(record, "x_m"), real(record, "y_m"),
        real(record, "width_m"), real(record, "depth_m"), item_id, number(record, "capacity"),
        text(record, "aisle"), whole(record, "bay"), whole(record, "level"), whole(record, "position"),
        real(record, "height_m"), real(record, "load_kg"),
    )  # fmt: skip


def _write(ctx: Context, changes: Sequence[Change], at: datetime | None) -> Posted:
    items = records.item_ids(ctx, codes((change.after for change in changes), "sku"))
    by_site: defaultdict[str, list[Change]] = defaultdict(list)
    for change in changes:
        by_site[str(change.key[0])].append(change)
    for code, here in by_site.items():
        site_id = records.site(ctx, code).site_id
        zones = {zone.code: zone.zone_id for zone in records.zones(ctx, site_id)}

        def place(one: Change, zones: dict[str, int] = zones) -> NewPlace:
            zone, sku = text(one.after, "zone"), text(one.after, "sku")
            return _place(one.after, None if zone is None else zones[zone], None if sku is None else items[sku])

        records.add_places(ctx, site_id, [place(one) for one in here if one.before is None])
        known = {one.code: one.place_id for one in records.places(ctx, site_id, archived=True)}
        for one in here:
            if one.before is not None:
                change_place(ctx, known[str(one.key[1])], place(one))
    return Posted()


def _remove(ctx: Context, keys: Sequence[Key]) -> dict[Key, str]:
    return removed(keys, bulk.remove_places(ctx, [(str(site), str(place)) for site, place in keys]))


PLACES = Kind(
    sheet=exchange.PLACES,
    noun=("place", "places"),
    known=_known,
    check=_check,
    write=_write,
    remove=_remove,
    defaults=_DEFAULTS,
    measures=_MEASURES,
)
