"""Sites: one row a warehouse."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.intake import tables
from shelfwise.intake.kind import Change, Key, Kind, Posted, Record, Row, RowFault, on_row
from shelfwise.intake.kinds.shared import asked, measure, number, removed
from shelfwise.records import bulk, exchange
from shelfwise.records import service as records
from shelfwise.records.model import Site, site_faults
from shelfwise.records.site_changes import change_site

_FLOOR = {"width_m": Decimal(50), "depth_m": Decimal(30)}


def _known(ctx: Context, keys: Collection[Key] | None) -> dict[Key, Record]:
    found = tables.records(
        ctx.tx,
        """select code as site, name, time_zone, width_m, depth_m from site where tenant_id = %(tenant)s
           and (%(one)s::text[] is null or code = any(%(one)s::text[])) order by code""",
        {"tenant": ctx.tenant, "one": asked(keys, 0)},
    )
    return {(one["site"],): one | measure(one, "width_m", "depth_m") for one in found}


def _check(ctx: Context, rows: Sequence[Row]) -> Iterator[RowFault]:
    for row in rows:
        yield from on_row(row, site_faults(_site(row.values)), {"code": "site"})


def _site(record: Record) -> Site:
    return Site(
        0, str(record["site"]), str(record.get("name") or ""), str(record.get("time_zone") or ""),
        float(number(record, "width_m") or _FLOOR["width_m"]), float(number(record, "depth_m") or _FLOOR["depth_m"]),
        "imported",
    )  # fmt: skip


def _write(ctx: Context, changes: Sequence[Change], at: datetime | None) -> Posted:
    for change in changes:
        site = _site(change.after)
        if change.before is None:
            records.add_site(
                ctx, code=site.code, name=site.name, time_zone=site.time_zone, width_m=site.width_m,
                depth_m=site.depth_m, provenance="imported",
            )  # fmt: skip
        else:
            change_site(ctx, records.site(ctx, site.code).site_id, site, confirmed=True)
    return Posted()


def _remove(ctx: Context, keys: Sequence[Key]) -> dict[Key, str]:
    return removed(keys, bulk.remove_sites(ctx, [str(code) for (code,) in keys]))


SITES = Kind(
    sheet=exchange.SITES,
    noun=("site", "sites"),
    known=_known,
    check=_check,
    write=_write,
    remove=_remove,
    defaults=_FLOOR,
    measures=("width_m", "depth_m"),
)
