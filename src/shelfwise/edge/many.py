"""Many devices at once: looked at row by row before anything is done, then all of them or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.edge import devices
from shelfwise.edge.model import LONGEST_NAME, fault_of_name
from shelfwise.store.database import values

MOST_AT_ONCE = 500


@dataclass(frozen=True)
class NewDevice:
    """A device as a row of a list tells of it.

    Attributes:
        row: in the list, for people.
        site, where: the code of the site, and of the bin, dock or zone, or a zone's name; '' is any site, or nowhere.
            Where a code and a name are the same, the bin's code counts before the zone's, and that before a name.
    """

    row: int
    device: str
    name: str = ""
    family: str = ""
    speaks_for: str = "self"
    format: str | None = None
    site: str = ""
    where: str = ""


@dataclass(frozen=True)
class Looked:
    """What becomes of a row.

    Attributes:
        zone_id, place_id: where it will stand, and `stands` in words.
        waited: how many readings wait for it and will count.
    """

    told: NewDevice
    faults: tuple[Fault, ...] = ()
    zone_id: int | None = None
    place_id: int | None = None
    stands: str = ""
    waited: int = 0


@dataclass(frozen=True)
class _Spot:
    site_id: int
    words: str
    rank: int
    zone_id: int | None = None
    place_id: int | None = None


@dataclass
class _Spots:
    """Where something can stand, by the words for it in lower case and the site's code in lower case."""

    found: dict[tuple[str, str], list[_Spot]] = field(default_factory=dict)
    sites: set[str] = field(default_factory=set)

    def add(self, site: str, called: str, spot: _Spot) -> None:
        self.sites.add(site.lower())
        for key in ((called.lower(), site.lower()), (called.lower(), "")):
            self.found.setdefault(key, []).append(spot)

    def named(self, told: NewDevice) -> list[_Spot]:
        """Those of the best rank; several are one too many to know which."""
        found = self.found.get((told.where.lower(), told.site.lower()), []) if told.where else []
        best = min((one.rank for one in found), default=0)
        return [one for one in found if one.rank == best]


def look(ctx: Context, told: Sequence[NewDevice]) -> list[Looked]:
    """What would become of each row, and what is wrong with it; nothing is changed."""
    ctx.require_somewhere(Right.MANAGE_DEVICES)
    spots = _spots(ctx)
    taken, waiting = _taken(ctx, told), _waiting(ctx, told)
    often = Counter(one.device for one in told)
    return [_look(ctx, one, spots, taken, waiting, often[one.device]) for one in told]


def add_devices(ctx: Context, told: Sequence[NewDevice]) -> list[tuple[str, str]]:
    """Register all of them, or none; returns (device, its secret), told this once.

    Raises:
        Invalid: what is wrong in which rows; or there are none, or too many.
    """
    ctx.require_somewhere(Right.MANAGE_DEVICES)
    if not 0 < len(told) <= MOST_AT_ONCE:
        raise Invalid(Fault("devices", f"1 to {MOST_AT_ONCE}", str(len(told)), "Add them in parts."))
    looked = look(ctx, told)
    if faults := [fault for one in looked for fault in one.faults]:
        raise Invalid(*faults)
    return [
        (one.told.device, devices.add_device(
            ctx, one.told.device, name=one.told.name, family=one.told.family, zone_id=one.zone_id,
            place_id=one.place_id, speaks_for=one.told.speaks_for, format=one.told.format, provenance="imported",
        ))
        for one in looked
    ]  # fmt: skip


def _look(
    ctx: Context,
    told: NewDevice,
    spots: _Spots,
    taken: Mapping[str, bool],
    waiting: Mapping[str, int],
    often: int,
) -> Looked:
    row = f"row {told.row}"
    faults: list[Fault] = []
    if wrong := fault_of_name(told.device):
        faults.append(Fault(f"{row}, device", wrong.expected, wrong.got or "nothing", wrong.remedy))
    elif told.device in taken:
        got = "one that is retired" if taken[told.device] else "one that is in use"
        faults.append(Fault(f"{row}, device", "a name that is free", f"{told.device}, {got}", "Choose another name."))
    elif often > 1:
        got = f"{told.device} {often} times"
        faults.append(Fault(f"{row}, device", "each device once", got, "Leave it out, or choose another name."))
    if len(told.name) > LONGEST_NAME or not told.name.isprintable():
        expected = f"at most {LONGEST_NAME} printable characters"
        faults.append(Fault(f"{row}, name", expected, shorten(told.name), "Shorten it."))
    found = spots.named(told)
    spot = found[0] if len(found) == 1 else None
    if fault := _fault_of_spot(told, row, spots, found):
        faults.append(fault)
    elif not ctx.actor.may(Right.MANAGE_DEVICES, None if spot is None else spot.site_id):
        expected = "a bin or zone of a site whose devices you manage"
        faults.append(Fault(f"{row}, where", expected, told.where or "nothing", "Say where it stands."))
    if spot is None:
        return Looked(told, tuple(faults), waited=waiting.get(told.device, 0))
    return Looked(told, tuple(faults), spot.zone_id, spot.place_id, spot.words, waiting.get(told.device, 0))


def _fault_of_spot(told: NewDevice, row: str, spots: _Spots, found: Sequence[_Spot]) -> Fault | None:
    if told.site and told.site.lower() not in spots.sites:
        known = ", ".join(sorted(one.upper() for one in spots.sites)[:5])
        return Fault(f"{row}, site", f"the code of a site, such as {known}", shorten(told.site), "Correct it.")
    if not told.where or len(found) == 1:
        return None
    where = shorten(told.where)
    if found:
        several = ", ".join(one.words for one in found[:4])
        return Fault(f"{row}, where", "one place", f"{where}, which is {several}", "Say the site too, or a code.")
    expected = "the code of a bin or dock, or a zone's code or name"
    return Fault(f"{row}, where", expected, where, "See the code on the label, or leave it out and place it later.")


def _spots(ctx: Context) -> _Spots:
    spots = _Spots()
    for site_id, site, zone_id, place_id, code, name in values(
        ctx.tx,
        """select s.site_id, s.code, null, p.place_id, p.code, p.code
           from place p join site s using (tenant_id, site_id)
           where p.tenant_id = %(tenant)s and not p.archived and p.kind in ('bin', 'dock', 'packing')
           union all
           select s.site_id, s.code, z.zone_id, null, z.code, z.name from zone z join site s using (tenant_id, site_id)
           where z.tenant_id = %(tenant)s""",
        {"tenant": ctx.tenant},
    ):
        if not ctx.actor.may(Right.MANAGE_DEVICES, site_id):
            continue
        if place_id is not None:
            spots.add(site, code, _Spot(site_id, f"{code} at {site}", 0, place_id=place_id))
            continue
        for rank, called in ((1, code), (2, name)):
            spots.add(site, called, _Spot(site_id, f"the zone {name} at {site}", rank, zone_id=zone_id))
    return spots


def _taken(ctx: Context, told: Sequence[NewDevice]) -> dict[str, bool]:
    """Those of the names that are taken already, and whether by a device that is retired."""
    return dict(
        values(
            ctx.tx,
            "select device, retired_at is not null from device where tenant_id = %s and device = any(%s::text[])",
            (ctx.tenant, _names(told)),
        )
    )


def _waiting(ctx: Context, told: Sequence[NewDevice]) -> dict[str, int]:
    return dict(
        values(
            ctx.tx,
            "select device, kept from unclaimed_device where tenant_id = %s and device = any(%s::text[])",
            (ctx.tenant, _names(told)),
        )
    )


def _names(told: Sequence[NewDevice]) -> list[str]:
    """What can be asked of Postgres."""
    return [one.device for one in told if "\0" not in one.device]
