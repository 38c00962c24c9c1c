"""SQL of master data."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from shelfwise.records.model import NewPlace, Place, Site, Zone
from shelfwise.store.database import Tx, first, rows, run, value, values

_SITE = "select site_id, code, name, time_zone, width_m, depth_m, provenance from site"
_ZONE = """select zone_id, site_id, code, name, kind, x_m, y_m, width_m, depth_m, low_degc, high_degc, delay
    from zone"""
_PLACE = """select place_id, site_id, zone_id, code, kind, x_m, y_m, width_m, depth_m, item_id, capacity,
    aisle, bay, level, position, height_m, load_kg, archived from place"""
# The columns of a place that can be changed, and their types.
_CHANGEABLE = {
    "code": "text", "kind": "text", "zone_id": "bigint", "x_m": "float8", "y_m": "float8", "width_m": "float8",
    "depth_m": "float8", "item_id": "bigint", "capacity": "numeric", "aisle": "text", "bay": "int", "level": "int",
    "position": "int", "height_m": "float8", "load_kg": "float8",
}  # fmt: skip


def quanta(tx: Tx, tenant: int, ids: Collection[int]) -> dict[int, Decimal]:
    """The quantum of each item that exists among the ids."""
    return dict(
        values(
            tx,
            "select item_id, quantum from item where tenant_id = %s and item_id = any(%s::bigint[])",
            (tenant, list(ids)),
        )
    )


def insert_site(tx: Tx, tenant: int, site: Site) -> int | None:
    """The new site's id, or None where its code is taken."""
    found = value(
        tx,
        """insert into site (tenant_id, code, name, time_zone, width_m, depth_m, provenance)
           values (%s, %s, %s, %s, %s, %s, %s) on conflict (tenant_id, code) do nothing returning site_id""",
        (tenant, site.code, site.name, site.time_zone, site.width_m, site.depth_m, site.provenance),
    )
    return None if found is None else int(found)


def site(tx: Tx, tenant: int, code: str) -> Site | None:
    return None if "\x00" in code else first(tx, Site, f"{_SITE} where tenant_id = %s and code = %s", (tenant, code))


def site_by_id(tx: Tx, tenant: int, site_id: int) -> Site | None:
    return first(tx, Site, f"{_SITE} where tenant_id = %s and site_id = %s", (tenant, site_id))


def sites(tx: Tx, tenant: int) -> list[Site]:
    return rows(tx, Site, f"{_SITE} where tenant_id = %s order by code", (tenant,))


def locked_site(tx: Tx, tenant: int, site_id: int) -> Site | None:
    return first(tx, Site, f"{_SITE} where tenant_id = %s and site_id = %s for no key update", (tenant, site_id))


def update_site(tx: Tx, tenant: int, site: Site) -> None:
    run(
        tx,
        """update site set code = %s, name = %s, time_zone = %s, width_m = %s, depth_m = %s
           where tenant_id = %s and site_id = %s""",
        (site.code, site.name, site.time_zone, site.width_m, site.depth_m, tenant, site.site_id),
    )


def insert_zone(tx: Tx, tenant: int, zone: Zone) -> int | None:
    """The new zone's id, or None where its code is taken at the site."""
    found = value(
        tx,
        """insert into zone (tenant_id, site_id, code, name, kind, x_m, y_m, width_m, depth_m,
                             low_degc, high_degc, delay)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
           on conflict (tenant_id, site_id, code) do nothing returning zone_id""",
        (
            tenant, zone.site_id, zone.code, zone.name, zone.kind, zone.x_m, zone.y_m, zone.width_m, zone.depth_m,
            zone.low_degc, zone.high_degc, zone.delay,
        ),
    )  # fmt: skip
    return None if found is None else int(found)


def zone(tx: Tx, tenant: int, zone_id: int) -> Zone | None:
    return first(tx, Zone, f"{_ZONE} where tenant_id = %s and zone_id = %s", (tenant, zone_id))


def update_zone(tx: Tx, tenant: int, zone: Zone) -> None:
    run(
        tx,
        """update zone set code = %s, name = %s, kind = %s, x_m = %s, y_m = %s, width_m = %s, depth_m = %s,
               low_degc = %s, high_degc = %s, delay = %s
           where tenant_id = %s and zone_id = %s""",
        (
            zone.code, zone.name, zone.kind, zone.x_m, zone.y_m, zone.width_m, zone.depth_m,
            zone.low_degc, zone.high_degc, zone.delay, tenant, zone.zone_id,
        ),
    )  # fmt: skip


def zones(tx: Tx, tenant: int, site_id: int) -> list[Zone]:
    return rows(tx, Zone, f"{_ZONE} where tenant_id = %s and site_id = %s order by code", (tenant, site_id))


def insert_places(tx: Tx, tenant: int, site_id: int, places: Sequence[NewPlace]) -> int:
    """Insert what is not there yet; returns how many that were."""
    return run(
        tx,
        f"""insert into place (tenant_id, site_id, {", ".join(_CHANGEABLE)})
           select %s, %s, u.* from unnest({", ".join(f"%s::{kind}[]" for kind in _CHANGEABLE.values())}) u
           on conflict (tenant_id, site_id, code) do nothing""",
        (tenant, site_id, *_columns(places)),
    )


def _columns(places: Collection[NewPlace]) -> Iterator[list[Any]]:
    """What can be changed of places, by column; whole metres among others are fractions too."""
    for name, kind in _CHANGEABLE.items():
        told = [getattr(place, name) for place in places]
        yield [None if one is None else float(one) for one in told] if kind == "float8" else told


def place_ids(tx: Tx, tenant: int, site_id: int, wanted: Collection[str]) -> dict[str, int]:
    return dict(
        values(
            tx,
            "select code, place_id from place where tenant_id = %s and site_id = %s and code = any(%s::text[])",
            (tenant, site_id, codes(wanted)),
        )
    )


def places(tx: Tx, tenant: int, site_id: int) -> list[Place]:
    return rows(tx, Place, f"{_PLACE} where tenant_id = %s and site_id = %s order by code", (tenant, site_id))


def place_by_code(tx: Tx, tenant: int, site_id: int, code: str) -> Place | None:
    if "\x00" in code:
        return None
    return first(tx, Place, f"{_PLACE} where tenant_id = %s and site_id = %s and code = %s", (tenant, site_id, code))


def places_by_id(tx: Tx, tenant: int, ids: Collection[int]) -> dict[int, Place]:
    found = rows(tx, Place, f"{_PLACE} where tenant_id = %s and place_id = any(%s::bigint[])", (tenant, list(ids)))
    return {place.place_id: place for place in found}


def locked_place(tx: Tx, tenant: int, place_id: int) -> Place:
    """A place that is there; until the end of the transaction nobody changes it, and movements to it wait."""
    found = first(tx, Place, f"{_PLACE} where tenant_id = %s and place_id = %s for update", (tenant, place_id))
    if found is None:
        raise LookupError(place_id)
    return found


def update_place(tx: Tx, tenant: int, place_id: int, place: NewPlace) -> None:
    update_places(tx, tenant, {place_id: place})


def update_places(tx: Tx, tenant: int, places: Mapping[int, NewPlace]) -> None:
    """Thousands at once, by id."""
    run(
        tx,
        f"""update place p set {", ".join(f"{name} = u.{name}" for name in _CHANGEABLE)}
           from unnest(%s::bigint[], {", ".join(f"%s::{kind}[]" for kind in _CHANGEABLE.values())})
               u (place_id, {", ".join(_CHANGEABLE)})
           where p.tenant_id = %s and p.place_id = u.place_id""",
        (list(places), *_columns(places.values()), tenant),
    )


def set_place_archived(tx: Tx, tenant: int, place_id: int, archived: bool) -> None:
    run(tx, "update place set archived = %s where tenant_id = %s and place_id = %s", (archived, tenant, place_id))


@dataclass(frozen=True)
class InPlace:
    """How much of an item lies in a place."""

    sku: str
    unit: str
    quantity: Decimal


def lying_in(tx: Tx, tenant: int, place_id: int) -> list[InPlace]:
    """What lies in a place, by SKU."""
    return rows(
        tx,
        InPlace,
        """select i.sku, i.unit, sum(b.on_hand) as quantity
           from balance b join item i on i.tenant_id = b.tenant_id and i.item_id = b.item_id
           where b.tenant_id = %s and b.place_id = %s and b.on_hand <> 0 group by i.sku, i.unit order by i.sku""",
        (tenant, place_id),
    )


def lock_places(tx: Tx, tenant: int, ids: Collection[int]) -> None:
    """Until the end of the transaction nobody changes them, and movements to them wait."""
    run(
        tx,
        "select from place where tenant_id = %s and place_id = any(%s::bigint[]) order by place_id for update",
        (tenant, list(ids)),
    )


def used_places(tx: Tx, tenant: int, ids: Collection[int]) -> list[str]:
    """The codes of those places in which goods lie or devices stand."""
    found = values(
        tx,
        """select p.code from place p where p.tenant_id = %s and p.place_id = any(%s::bigint[]) and (
               exists (select from balance b
                   where b.tenant_id = p.tenant_id and b.place_id = p.place_id and b.on_hand <> 0)
               or exists (select from device d
                   where d.tenant_id = p.tenant_id and d.place_id = p.place_id and d.active))
           order by p.code""",
        (tenant, list(ids)),
    )
    return [code for (code,) in found]


def delete_zone(tx: Tx, tenant: int, zone_id: int) -> None:
    run(tx, "delete from zone where tenant_id = %s and zone_id = %s", (tenant, zone_id))


def devices_at(tx: Tx, tenant: int, place_id: int) -> list[str]:
    """The devices in use that stand at a place."""
    sql = "select device from device where tenant_id = %s and place_id = %s and active order by device"
    return [device for (device,) in values(tx, sql, (tenant, place_id))]


def standing_places(tx: Tx, tenant: int, site_ids: Collection[int]) -> dict[tuple[int, str], int]:
    """The virtual places of sites, by site and kind."""
    return {
        (site_id, kind): place_id
        for site_id, kind, place_id in values(
            tx,
            """select site_id, kind, place_id from place
               where tenant_id = %s and site_id = any(%s::bigint[]) and kind not in ('bin', 'dock')""",
            (tenant, list(site_ids)),
        )
    }


def go_live(tx: Tx, tenant: int) -> datetime | None:
    text = value(tx, "select value from setting where tenant_id = %s and name = 'go_live'", (tenant,))
    return None if text is None else datetime.fromisoformat(text)


def put_go_live(tx: Tx, tenant: int, instant: datetime) -> None:
    run(
        tx,
        """insert into setting (tenant_id, name, value) values (%s, 'go_live', %s)
           on conflict (tenant_id, name) do update set value = excluded.value""",
        (tenant, Jsonb(instant.isoformat())),
    )


def codes(given: Collection[str]) -> list[str]:
    """Those that can be codes at all: Postgres takes no zero byte."""
    return [code for code in given if "\x00" not in code]


def contains(search: str) -> str:
    """A LIKE pattern that finds the text anywhere and takes its %, _ and \\ as they are."""
    plain = search.replace("\x00", "").replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{plain}%"
