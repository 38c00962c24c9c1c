"""Lanes between sites: how long goods take from one to another, what that costs, and on which days something leaves."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.quantities import ZERO
from shelfwise.intake import tables
from shelfwise.intake.kind import Change, Key, Kind, Posted, Record, Row, RowFault, missing, on_row
from shelfwise.intake.kinds.shared import exact, measure, number, text
from shelfwise.records import lanes, sheets_trade
from shelfwise.records import service as records
from shelfwise.records.lanes_model import EVERY_DAY, Lane, lane_faults, weekdays_read, weekdays_words


def _known(ctx: Context, keys: Collection[Key] | None) -> dict[Key, Record]:
    found = tables.records(
        ctx.tx,
        """select f.code as from_site, s.code as to_site, l.days, l.cost_per_shipment, l.cost_per_kg, l.weekdays
           from lane l join site f on f.tenant_id = l.tenant_id and f.site_id = l.from_site_id
           join site s on s.tenant_id = l.tenant_id and s.site_id = l.to_site_id
           where l.tenant_id = %(tenant)s and (%(allowed)s::bigint[] is null
               or l.from_site_id = any(%(allowed)s::bigint[]) and l.to_site_id = any(%(allowed)s::bigint[]))
           order by f.code, s.code""",
        {"tenant": ctx.tenant, "allowed": ctx.sites(Right.VIEW)},
    )
    every: dict[Key, Record] = {
        (one["from_site"], one["to_site"]): {
            **one, **measure(one, "days"), **exact(one, "cost_per_shipment", "cost_per_kg"),
            "weekdays": weekdays_words(frozenset(one["weekdays"])),
        }
        for one in found
    }  # fmt: skip
    return every if keys is None else {key: every[key] for key in keys if key in every}


def _check(ctx: Context, rows: Sequence[Row]) -> Iterator[RowFault]:
    sites = {site.code: site.site_id for site in records.sites(ctx)}
    for row in rows:
        unknown = [name for name in ("from_site", "to_site") if text(row.values, name) not in sites]
        if unknown:
            yield missing(row, unknown[0], "a site")
        else:
            yield from on_row(row, lane_faults(_lane(row.values, sites)))


def _lane(record: Record, sites: dict[str, int]) -> Lane:
    start, end = (sites[str(record[name])] for name in ("from_site", "to_site"))
    return Lane(
        start, end, float(number(record, "days") or ZERO), number(record, "cost_per_shipment") or Decimal(0),
        number(record, "cost_per_kg") or Decimal(0), weekdays_read(text(record, "weekdays") or ""),
    )  # fmt: skip


def _write(ctx: Context, changes: Sequence[Change], at: datetime | None) -> Posted:
    sites = {site.code: site.site_id for site in records.sites(ctx)}
    lanes.put_lanes(ctx, [_lane(change.after, sites) for change in changes])
    return Posted()


def _remove(ctx: Context, keys: Sequence[Key]) -> dict[Key, str]:
    sites = {site.code: site.site_id for site in records.sites(ctx)}
    lanes.remove_lanes(ctx, [(sites[str(start)], sites[str(end)]) for start, end in keys])
    return {}


LANES = Kind(
    sheet=sheets_trade.LANES,
    noun=("lane", "lanes"),
    known=_known,
    check=_check,
    write=_write,
    remove=_remove,
    defaults={"cost_per_shipment": ZERO, "cost_per_kg": ZERO, "weekdays": weekdays_words(EVERY_DAY)},
    synonyms={
        "from_site": ("origin", "source_site", "von"),
        "to_site": ("destination", "target_site", "nach"),
        "days": ("transit_days", "laufzeit"),
        "weekdays": ("departs", "departure_days", "abfahrtstage"),
    },
)
