"""The SQL of how sensors stand to their neighbours: each one's days, and what of two of them is held against."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from shelfwise.edge.health.drift import Two
from shelfwise.edge.health.pairs import Days
from shelfwise.store.database import Tx, run, values

_encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(dict[int, list[float | None]]).decode


def keep(tx: Tx, tenant: int, kind: str, zone_id: int, known: Mapping[str, Days]) -> None:
    """Keep the hourly means of devices in a zone, instead of what was kept of them before."""
    with tx.cursor() as cursor:
        cursor.executemany(
            """insert into device_curve (tenant_id, device, kind, zone_id, days) values (%s, %s, %s, %s, %s::jsonb)
               on conflict (tenant_id, device, kind) do update set zone_id = excluded.zone_id, days = excluded.days""",
            [(tenant, device, kind, zone_id, _encode(days).decode()) for device, days in sorted(known.items())],
        )


def references(tx: Tx, tenant: int, kind: str, devices: Collection[str]) -> dict[Two, float | None]:
    """Of each two of these devices that were compared, what slow drift is held against."""
    found = values(
        tx,
        """select one, other, reference from device_pair
           where tenant_id = %s and kind = %s and one = any(%s::text[]) and other = any(%s::text[])""",
        (tenant, kind, list(devices), list(devices)),
    )
    return {(one, other): reference for one, other, reference in found}


def compared_with(tx: Tx, tenant: int, device: str, kind: str) -> list[str]:
    """The devices that it is compared with."""
    found = values(
        tx,
        """select case one when %(device)s then other else one end from device_pair
           where tenant_id = %(tenant)s and kind = %(kind)s and (one = %(device)s or other = %(device)s) order by 1""",
        {"tenant": tenant, "kind": kind, "device": device},
    )
    return [name for (name,) in found]


def keep_references(tx: Tx, tenant: int, kind: str, known: Mapping[Two, float | None]) -> None:
    with tx.cursor() as cursor:
        cursor.executemany(
            """insert into device_pair (tenant_id, kind, one, other, reference) values (%s, %s, %s, %s, %s)
               on conflict (tenant_id, kind, one, other) do update set reference = excluded.reference""",
            [(tenant, kind, one, other, by) for (one, other), by in sorted(known.items())],
        )


def forget(tx: Tx, tenant: int, device: str, kind: str | None) -> None:
    """A device has changed: how it stands to its neighbours is learned anew."""
    for statement in (
        "delete from device_pair where tenant_id = %s and %s in (one, other) and (%s::text is null or kind = %s)",
        "delete from device_curve where tenant_id = %s and device = %s and (%s::text is null or kind = %s)",
    ):
        run(tx, statement, (tenant, device, kind, kind))
