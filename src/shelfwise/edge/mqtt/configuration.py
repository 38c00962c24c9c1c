"""What a device can know of itself: its name, where it stands, how often to speak, and the units that count.

It is told as a retained message of `shelfwise/<device>/config` to whoever subscribes with the device's own sign-in, and
again when it has changed.
"""

from __future__ import annotations

from collections.abc import Collection
from hashlib import blake2b

import msgspec

from shelfwise.edge.link import Connection, Link
from shelfwise.edge.model import KINDS

_UNITS = {kind.name: kind.unit for kind in KINDS.values() if kind.measured}
_SELECT = """
    select d.device, d.name, d.asked_interval_s, coalesce(p.code, z.name), s.name
    from device d
    left join place p on p.tenant_id = d.tenant_id and p.place_id = d.place_id
    left join zone z on z.tenant_id = d.tenant_id and z.zone_id = d.zone_id
    left join site s on s.tenant_id = d.tenant_id and s.site_id = coalesce(p.site_id, z.site_id)
    where d.tenant_id = %s and d.device = any(%s)"""


def topic_of(device: str) -> str:
    return f"shelfwise/{device}/config"


def digest_of(payload: bytes) -> bytes:
    """By which it is known again whether a device has been told this."""
    return blake2b(payload, digest_size=16).digest()


async def configurations(link: Link, tenant: int, devices: Collection[str]) -> dict[str, bytes]:
    """The configuration of each of these devices, as it is sent.

    Raises:
        psycopg.Error: it cannot be read now.
    """

    async def read(db: Connection) -> dict[str, bytes]:
        cursor = await db.execute(_SELECT, (tenant, list(devices)))
        return {row[0]: _written(*row) for row in await cursor.fetchall()}

    return await link.do(read)


def _written(device: str, name: str, interval_s: int | None, where: str | None, site: str | None) -> bytes:
    told: dict[str, object] = {"device": device, "units": _UNITS}
    if name:
        told["name"] = name
    if where is not None:
        told["stands"] = f"{where}, {site}"
    if interval_s is not None:
        told["interval_s"] = interval_s
    return msgspec.json.encode(told, order="sorted")
