"""Where each serial number is: it is in one place once, and what says otherwise is told to a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import NotFound
from shelfwise.stock import tables
from shelfwise.stock.model import Entry, Spot
from shelfwise.store.database import Tx, rows, run, values

# Which of a serial's movements says where it is: the latest that stands; where none does, the last taking back.
LATEST = """(m.reverses is null and not exists (
        select from movement r where r.tenant_id = m.tenant_id and r.reverses = m.movement_id)) desc,
    m.occurred_at desc, m.movement_id desc"""


@dataclass(frozen=True)
class SerialAt:
    """Where a serial number is, by the latest movement that named it and stands."""

    item_id: int
    sku: str
    serial: str
    place_id: int
    place: str
    kind: str
    site_id: int
    site: str
    lot: str | None
    status: str
    movement_id: int


def follow(ctx: Context, lines: Sequence[Entry], ids: Sequence[int], spots: Mapping[int, Spot]) -> None:
    """Note where serials went; publish 'stock.serial_conflict' where one was not where it is said to come from.

    A serial is where the latest movement brought it that stands: what is told late and happened before moves it not.
    """
    named = [(line, number) for line, number in zip(lines, ids, strict=True) if line.serial is not None]
    if not named:
        return
    keys = {(line.item_id, line.serial or "") for line, _ in named}
    known = _known(ctx, keys)
    facts: list[tables.Fact] = []
    for line, number in named:
        key = (line.item_id, line.serial or "")
        before, since = known.get(key, (None, line.occurred_at))
        if line.occurred_at < since or line.reverses is not None:
            continue
        # One that we have never seen may come from outside, and from nowhere else.
        fits = before == line.from_place_id if before is not None else not spots[line.from_place_id].real
        if before is not None and not fits and not spots[line.from_place_id].real:
            fits = not _real(ctx, before, spots)
        if not fits:
            facts.append(
                (
                    "stock.serial_conflict",
                    f"item:{line.item_id}",
                    {
                        "movement_id": number,
                        "item_id": line.item_id,
                        "serial": line.serial,
                        "site_id": spots[line.to_place_id].site_id,
                        "from_place_id": line.from_place_id,
                        "known_place_id": before,
                        "reason": line.reason,
                    },
                    line.occurred_at,
                )
            )
        known[key] = (line.to_place_id, line.occurred_at)
    ordered = sorted(keys)
    run(
        ctx.tx,
        f"""insert into serial (tenant_id, item_id, serial, place_id, lot, status, movement_id, occurred_at)
            select %(tenant)s, u.item_id, u.serial, m.to_place_id, m.lot, m.to_status, m.movement_id, m.occurred_at
            from unnest(%(items)s::bigint[], %(serials)s::text[]) u (item_id, serial)
            cross join lateral (
                select * from movement m where m.tenant_id = %(tenant)s and m.item_id = u.item_id
                  and m.serial = u.serial order by {LATEST} limit 1) m
            on conflict (tenant_id, item_id, serial) do update set place_id = excluded.place_id, lot = excluded.lot,
                status = excluded.status, movement_id = excluded.movement_id, occurred_at = excluded.occurred_at""",
        {"tenant": ctx.tenant, "items": [item for item, _ in ordered], "serials": [serial for _, serial in ordered]},
    )
    if facts:
        tables.publish_all(ctx.tx, ctx.tenant, facts, ctx.now)


def lying(tx: Tx, tenant: int, item_id: int, place_ids: Sequence[int]) -> dict[tuple[int, str, str], list[str]]:
    """Which serials lie at places, by (place, lot or '', status)."""
    found: dict[tuple[int, str, str], list[str]] = {}
    for place_id, lot, status, serial in values(
        tx,
        """select place_id, coalesce(lot, ''), status, serial from serial
           where tenant_id = %s and item_id = %s and place_id = any(%s::bigint[]) order by serial""",
        (tenant, item_id, list(place_ids)),
    ):
        found.setdefault((place_id, lot, status), []).append(serial)
    return found


def _known(ctx: Context, keys: set[tuple[int, str]]) -> dict[tuple[int, str], tuple[int | None, datetime]]:
    """Where serials are, and since when."""
    ordered = sorted(keys)
    return {
        (item_id, serial): (place_id, since)
        for item_id, serial, place_id, since in values(
            ctx.tx,
            # What was never dated is older than whatever is told now.
            """select item_id, serial, place_id, greatest(occurred_at, '1000-01-01'::timestamptz) from serial
               where tenant_id = %s and (item_id, serial) in (select * from unnest(%s::bigint[], %s::text[]))""",
            (ctx.tenant, [item for item, _ in ordered], [serial for _, serial in ordered]),
        )
    }


def _real(ctx: Context, place_id: int, spots: Mapping[int, Spot]) -> bool:
    spot = spots.get(place_id) or tables.spots(ctx.tx, ctx.tenant, [place_id]).get(place_id)
    return spot is not None and spot.real


def find_serial(ctx: Context, serial: str) -> list[SerialAt]:
    """Where a serial number is: one row for each item that has it."""
    ctx.require_somewhere(Right.VIEW)
    return rows(
        ctx.tx,
        SerialAt,
        """select s.item_id, i.sku, s.serial, s.place_id, p.code as place, p.kind, p.site_id, w.code as site, s.lot,
                  s.status, s.movement_id
           from serial s
           join item i on i.tenant_id = s.tenant_id and i.item_id = s.item_id
           join place p on p.tenant_id = s.tenant_id and p.place_id = s.place_id
           join site w on w.tenant_id = p.tenant_id and w.site_id = p.site_id
           where s.tenant_id = %(tenant)s and s.serial = %(serial)s
             and (%(sites)s::bigint[] is null or p.site_id = any(%(sites)s)) order by i.sku""",
        {"tenant": ctx.tenant, "serial": serial, "sites": ctx.sites(Right.VIEW)},
    )


def serial_at(ctx: Context, item_id: int, serial: str) -> SerialAt:
    """
    Raises:
        NotFound: no movement has named it.
    """
    for one in find_serial(ctx, serial):
        if one.item_id == item_id:
            return one
    raise NotFound("serial", serial)
