"""Zones: one row a rectangle of a site's floor, with its temperature limits."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import cast

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault
from shelfwise.intake import tables
from shelfwise.intake.kind import Change, Key, Kind, Posted, Record, Row, RowFault, missing, on_row
from shelfwise.intake.kinds.shared import asked, measure, real, removed, text
from shelfwise.records import bulk, exchange
from shelfwise.records import service as records
from shelfwise.records.model import ZONE_KINDS, Zone, ZoneKind, zone_faults
from shelfwise.records.site_changes import change_zone

_MEASURES = ("x_m", "y_m", "width_m", "depth_m", "low_degc", "high_degc", "delay_minutes")
_DEFAULTS: Record = {
    "kind": "ambient", "x_m": Decimal(0), "y_m": Decimal(0), "width_m": Decimal(10), "depth_m": Decimal(10),
    "delay_minutes": Decimal(10),
}  # fmt: skip


def _known(ctx: Context, keys: Collection[Key] | None) -> dict[Key, Record]:
    found = tables.records(
        ctx.tx,
        """select s.code as site, z.code as zone, z.name, z.kind, z.x_m, z.y_m, z.width_m, z.depth_m, z.low_degc,
                  z.high_degc, extract(epoch from z.delay) / 60 as delay_minutes
           from zone z join site s using (tenant_id, site_id) where tenant_id = %(tenant)s
             and (%(sites)s::text[] is null or s.code = any(%(sites)s::text[]))
             and (%(one)s::text[] is null or z.code = any(%(one)s::text[])) order by s.code, z.code""",
        {"tenant": ctx.tenant, "sites": asked(keys, 0), "one": asked(keys, 1)},
    )
    return {(one["site"], one["zone"]): one | measure(one, *_MEASURES) for one in found}


def _check(ctx: Context, rows: Sequence[Row]) -> Iterator[RowFault]:
    sites = {site.code: site.site_id for site in records.sites(ctx)}
    for row in rows:
        record = {**_DEFAULTS, **{name: value for name, value in row.values.items() if value is not None}}
        if record["site"] not in sites:
            yield missing(row, "site", "a site")
            continue
        if record["kind"] not in ZONE_KINDS:
            fault = Fault("kind", " or ".join(ZONE_KINDS), repr(record["kind"]), "Choose one of them.")
            yield from on_row(row, iter([fault]))
        yield from on_row(row, zone_faults(_zone(record, 0)), {"code": "zone", "delay": "delay_minutes"})


def _zone(record: Record, site_id: int) -> Zone:
    x_m, y_m, width_m, depth_m = (real(record, name) or 0.0 for name in ("x_m", "y_m", "width_m", "depth_m"))
    return Zone(
        0, site_id, str(record["zone"]), text(record, "name") or str(record["zone"]), cast(ZoneKind, record["kind"]),
        x_m, y_m, width_m, depth_m, real(record, "low_degc"), real(record, "high_degc"),
        timedelta(minutes=real(record, "delay_minutes") or 0),
    )  # fmt: skip


def _write(ctx: Context, changes: Sequence[Change], at: datetime | None) -> Posted:
    sites = {site.code: site.site_id for site in records.sites(ctx)}
    for site_id in {sites[str(change.key[0])] for change in changes}:
        ctx.require(Right.IMPORT_DATA, site_id)
    ids = {(one.site_id, one.code): one.zone_id for site_id in sites.values() for one in records.zones(ctx, site_id)}
    zones = [(change, _zone(change.after, sites[str(change.key[0])])) for change in changes]
    for change, zone in zones:
        if change.before is None:
            records.add_zone(
                ctx, site_id=zone.site_id, code=zone.code, name=zone.name, kind=zone.kind, x_m=zone.x_m, y_m=zone.y_m,
                width_m=zone.width_m, depth_m=zone.depth_m, low_degc=zone.low_degc, high_degc=zone.high_degc,
                delay=zone.delay,
            )  # fmt: skip
        else:
            change_zone(ctx, ids[zone.site_id, zone.code], zone)
    return Posted()


def _remove(ctx: Context, keys: Sequence[Key]) -> dict[Key, str]:
    return removed(keys, bulk.remove_zones(ctx, [(str(site), str(zone)) for site, zone in keys]))


ZONES = Kind(
    sheet=exchange.ZONES,
    noun=("zone", "zones"),
    known=_known,
    check=_check,
    write=_write,
    remove=_remove,
    defaults=_DEFAULTS,
    measures=_MEASURES,
)
