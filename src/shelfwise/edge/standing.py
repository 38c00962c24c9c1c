"""Where devices and antennas stand, dated: a move rewrites no history, and a late reading counts where it was made."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any, Literal, get_args

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound
from shelfwise.store.database import Tx, notify, rows, run, value, values

# What an antenna sees at a dock door: goods that come in or go out, or one of the two sides between which they pass.
Way = Literal["in", "out", "outside", "inside"]
WAYS: tuple[Way, ...] = get_args(Way)
MOST_ANTENNAS = 255


@dataclass(frozen=True)
class Spot:
    """Somewhere a device can stand: in a zone, at a bin or dock, or along with a shipment or transfer; or nowhere.

    Attributes:
        item_id: what a scale weighs; None: what its bin is for.
        tare_g: what a scale says with nothing on it that counts.
        exact_to_g: how far a scale's word may be off; None: nobody said.
        way: of an antenna, or of a reader as a whole, at a dock door.
    """

    zone_id: int | None = None
    place_id: int | None = None
    shipment_id: int | None = None
    transfer_id: int | None = None
    item_id: int | None = None
    tare_g: float | None = None
    exact_to_g: float | None = None
    way: Way | None = None

    @property
    def nowhere(self) -> bool:
        return self.zone_id is self.place_id is self.shipment_id is self.transfer_id is None


NOWHERE = Spot()
_UNSEEN: dict[str, Any] = {
    "zone_id": None, "place_id": None, "shipment_id": None, "transfer_id": None, "where": "", "site_id": None,
    "noted_by": "",
}  # fmt: skip
_SPOT = ", ".join(one.name for one in fields(Spot))


@dataclass(frozen=True)
class Standing:
    """A time in which a device, or one antenna of it, stood somewhere.

    Attributes:
        antenna: 0: the device itself.
        from_at: None: for as long as anybody knows; `until_at`: None: it stands there now.
        where: the code or number of the place, zone, shipment or transfer; '' nowhere.
        site_id: of where it stood.
    """

    device: str
    antenna: int
    from_at: datetime | None
    until_at: datetime | None
    zone_id: int | None
    place_id: int | None
    shipment_id: int | None
    transfer_id: int | None
    item_id: int | None
    tare_g: float | None
    exact_to_g: float | None
    way: Way | None
    noted_at: datetime
    noted_by: str
    where: str
    place_kind: str | None
    site_id: int | None
    sku: str | None

    @property
    def spot(self) -> Spot:
        return Spot(**{one.name: getattr(self, one.name) for one in fields(Spot)})

    def covers(self, at: datetime) -> bool:
        """Whether it stood there at that instant."""
        return covers(self.from_at, self.until_at, at)


def covers(from_at: datetime | None, until_at: datetime | None, at: datetime) -> bool:
    """Whether an instant lies in a time that may have no beginning and no end; the end belongs to what follows."""
    return (from_at is None or from_at <= at) and (until_at is None or at < until_at)


_DEVICE = "select 1 from device where tenant_id = %s and device = %s"
_STANDINGS = """select t.device, t.antenna, t.from_at, t.until_at, t.zone_id, t.place_id, t.shipment_id, t.transfer_id,
        t.item_id, t.tare_g, t.exact_to_g, t.way, t.noted_at, t.noted_by,
        coalesce(p.code, z.name, h.number, f.number, '') as where, p.kind as place_kind,
        coalesce(p.site_id, z.site_id, h.site_id, f.from_site_id) as site_id, i.sku
    from standing t
    left join place p on p.tenant_id = t.tenant_id and p.place_id = t.place_id
    left join zone z on z.tenant_id = t.tenant_id and z.zone_id = t.zone_id
    left join shipment h on h.tenant_id = t.tenant_id and h.shipment_id = t.shipment_id
    left join transfer f on f.tenant_id = t.tenant_id and f.transfer_id = t.transfer_id
    left join item i on i.tenant_id = t.tenant_id and i.item_id = t.item_id"""


def move_device(ctx: Context, device: str, to: Spot, *, antenna: int = 0, at: datetime | None = None) -> None:
    """It stands somewhere else from an instant on; what it said before counts where it stood then.

    The first place that is ever told counts for all it has said, unless an instant is told with it. Told with the
    instant of the last move, it takes the place of that one, as a correction. Told the same again, nothing changes.

    Args:
        to: `NOWHERE`: it was taken away.
        antenna: of a reader; 0: the device itself.
        at: business time; None: now.

    Raises:
        Invalid: a field cannot be right, or the instant is in the future or before the last move.
        NotFound: no such device, zone, place, item, shipment or transfer.
    """
    ctx.require_somewhere(Right.MANAGE_DEVICES)
    if not value(ctx.tx, f"{_DEVICE} for update", (ctx.tenant, device)):
        raise NotFound("device", device)
    known = _of_devices(ctx.tx, ctx.tenant, [device])
    itself = next((one for one in known if one.antenna == 0 and one.until_at is None), None)
    before = next((one for one in known if one.antenna == antenna), None)
    ctx.require(Right.MANAGE_DEVICES, None if itself is None else itself.site_id)
    # What stands nowhere belongs to no site, so that only who manages all of them finds it again.
    if antenna == 0 or not to.nowhere:
        ctx.require(Right.MANAGE_DEVICES, _site_of(ctx, to))
    _check(ctx, to, antenna, at, before)
    if (NOWHERE if before is None or before.until_at is not None else before.spot) == to:
        return
    since = ctx.now if at is None and before is not None else at
    begin(ctx.tx, ctx.tenant, device, to, antenna=antenna, since=since, noted_at=ctx.now, noted_by=ctx.actor.by)
    now = _of_devices(ctx.tx, ctx.tenant, [device])
    ctx.audit(
        "device.move", f"device:{device}", antenna=antenna, to=asdict(to),
        what=f"the antenna {antenna} of " if antenna else "", since=None if since is None else since.isoformat(),
        where=next((one.where for one in now if one.antenna == antenna and one.until_at is None), "nowhere"),
    )  # fmt: skip
    notify(ctx.tx, "live", "floor")


def begin(
    tx: Tx, tenant: int, device: str, to: Spot, *, antenna: int = 0, since: datetime | None, noted_at: datetime,
    noted_by: str,
) -> None:  # fmt: skip
    """Write down that it stands there; for whoever has looked at the rights and at what is told."""
    which = (tenant, device, antenna)
    run(
        tx,
        """delete from standing where tenant_id = %s and device = %s and antenna = %s and until_at is null
               and from_at = %s""",
        (*which, since),
    )
    run(
        tx,
        "update standing set until_at = %s where tenant_id = %s and device = %s and antenna = %s and until_at is null",
        (since, *which),
    )
    if not to.nowhere:
        run(
            tx,
            f"""insert into standing (tenant_id, device, antenna, from_at, noted_at, noted_by, {_SPOT})
                values (%s, %s, %s, %s, %s, %s{", %s" * len(fields(Spot))})""",
            (*which, since, noted_at, noted_by, *asdict(to).values()),
        )
    if antenna == 0:
        run(
            tx,
            "update device set zone_id = %s, place_id = %s where tenant_id = %s and device = %s",
            (to.zone_id, to.place_id, tenant, device),
        )


def where_it_stood(ctx: Context, device: str) -> list[Standing]:
    """All places of a device and its antennas, the device first and the newest of each first.

    Of places at sites that the actor may not see it says when, and not where.

    Raises:
        NotFound: no such device.
    """
    ctx.require_somewhere(Right.VIEW)
    if not value(ctx.tx, _DEVICE, (ctx.tenant, device)):
        raise NotFound("device", device)
    found = _of_devices(ctx.tx, ctx.tenant, [device])
    now = next((one for one in found if one.antenna == 0 and one.until_at is None), None)
    ctx.require(Right.VIEW, None if now is None else now.site_id)
    sites = ctx.sites(Right.VIEW)
    return [one if sites is None or one.site_id in sites else replace(one, **_UNSEEN) for one in found]


def standing_at(ctx: Context, *, place_id: int | None = None, zone_id: int | None = None) -> list[Standing]:
    """What stands in a zone or at a place now, antennas among them, by device.

    Raises:
        NotFound: no such zone or place.
    """
    ctx.require_somewhere(Right.VIEW)
    ctx.require(Right.VIEW, _site_of(ctx, Spot(place_id=place_id, zone_id=zone_id)))
    return rows(
        ctx.tx,
        Standing,
        f"""{_STANDINGS} where t.tenant_id = %s and t.until_at is null and (t.place_id = %s or t.zone_id = %s)
            order by t.device, t.antenna""",
        (ctx.tenant, place_id, zone_id),
    )


def standings_of(tx: Tx, tenant: int, devices: Collection[str]) -> dict[str, list[Standing]]:
    """All places of devices and their antennas by device; for readers of readings, who find with `covers` where."""
    found: dict[str, list[Standing]] = {}
    for one in _of_devices(tx, tenant, devices):
        found.setdefault(one.device, []).append(one)
    return found


def _of_devices(tx: Tx, tenant: int, devices: Collection[str]) -> list[Standing]:
    return rows(
        tx,
        Standing,
        f"""{_STANDINGS} where t.tenant_id = %s and t.device = any(%s::text[])
            order by t.device, t.antenna, t.from_at desc nulls last""",
        (tenant, list(devices)),
    )


def _site_of(ctx: Context, to: Spot) -> int | None:
    """The site of a spot; None: nowhere.

    Raises:
        NotFound: there is no such zone, place, shipment or transfer.
    """
    for what, number, sql in (
        ("zone", to.zone_id, "select site_id from zone where tenant_id = %s and zone_id = %s"),
        ("place", to.place_id, "select site_id from place where tenant_id = %s and place_id = %s"),
        ("shipment", to.shipment_id, "select site_id from shipment where tenant_id = %s and shipment_id = %s"),
        ("transfer", to.transfer_id, "select from_site_id from transfer where tenant_id = %s and transfer_id = %s"),
    ):
        if number is not None:
            site_id: int | None = value(ctx.tx, sql, (ctx.tenant, number))
            if site_id is None:
                raise NotFound(what, number)
            return site_id
    return None


def _check(ctx: Context, to: Spot, antenna: int, at: datetime | None, before: Standing | None) -> None:
    faults = []
    if sum(one is not None for one in (to.zone_id, to.place_id, to.shipment_id, to.transfer_id)) > 1:
        faults.append(Fault("where it is", "one place", "several", "Choose a zone, a bin, a shipment or a transfer."))
    if not 0 <= antenna <= MOST_ANTENNAS:
        faults.append(Fault("antenna", f"1 to {MOST_ANTENNAS}", str(antenna), "Give the number that the reader uses."))
    for name, grams in (("tare_g", to.tare_g), ("exact_to_g", to.exact_to_g)):
        if grams is not None and not (0 < grams < 1e9 or (grams == 0 and name == "tare_g")):
            remedy = "Read it off the scale; leave out what is not known."
            faults.append(Fault(name, "a weight in g", f"{grams:g}", remedy))
    kind = value(ctx.tx, "select kind from place where tenant_id = %s and place_id = %s", (ctx.tenant, to.place_id))
    if kind not in (None, "bin", "dock", "packing"):
        faults.append(Fault("where it is", "a bin, a dock or a packing bench", str(kind), "Choose a real place."))
    if to.way is not None and (to.way not in WAYS or kind != "dock"):
        faults.append(Fault("way", "'in', 'out', 'outside' or 'inside', at a dock", str(to.way), "Choose a dock door."))
    if at is not None and at > ctx.now:
        faults.append(Fault("at", "a time that is past", at.isoformat(), "Tell of a move when it has happened."))
    last = None if before is None else before.until_at or before.from_at
    if at is not None and last is not None and at < last:
        expected = f"{last:%Y-%m-%d %H:%M} UTC, when it last moved, or later"
        faults.append(Fault("at", expected, at.isoformat(), "Choose a later time."))
    if faults:
        raise Invalid(*faults)
    if to.item_id is not None and not values(
        ctx.tx, "select 1 from item where tenant_id = %s and item_id = %s", (ctx.tenant, to.item_id)
    ):
        raise NotFound("item", to.item_id)
