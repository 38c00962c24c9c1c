"""What passes dock doors: readings become passes, passes loads, and a load a proposal that a person confirms."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from shelfwise.access.context import Context, business_time
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, shorten
from shelfwise.core.quantities import ZERO
from shelfwise.edge.standing import Standing, standings_of
from shelfwise.edge.tables import StoredReading
from shelfwise.orders import purchase_tables, shipments_tables, transfers_tables
from shelfwise.orders.model import UNDER_WAY
from shelfwise.records import service as records
from shelfwise.stock.portals import tables
from shelfwise.stock.portals.model import (
    AGAIN,
    LONGEST_QUIET,
    SHORTEST_QUIET,
    Course,
    Expected,
    ExpectedLine,
    Match,
    Read,
    Seen,
    detail,
    gather,
    judge,
    match,
    quiet_after,
    reads_of,
    title,
)
from shelfwise.stock.portals.tables import DoorState, Key, Load, Passed
from shelfwise.stock.tags import service as tags
from shelfwise.store.database import notify
from shelfwise.work import tasks

TASK = "portal"
POLICIES = ("off", "suggest")
_AT_ONCE = 2000
_MOST_CANDIDATES = 500


def watch(ctx: Context, facts: Sequence[StoredReading]) -> None:
    """Take tags that antennas at dock doors have read into account. A consumer of READINGS.

    What is unfinished stays in the database, so that nothing is forgotten between two batches or by a restart. Where an
    antenna stood when it read counts, not where it stands now.
    """
    ctx.require(Right.HANDLE_ALERTS)
    told = [fact for fact in facts if fact.kind == "tag" and fact.detail is not None and fact.detail.get("epc")]
    if told:
        known = standings_of(ctx.tx, ctx.tenant, {fact.device for fact in told})
        heard: dict[Key, list[Read]] = {}
        came: dict[Key, datetime] = {}
        for fact in told:
            about = fact.detail or {}
            door = _door(known.get(fact.device, ()), about.get("antenna"), fact.counts_from)
            if door is None or door.way is None or door.place_id is None:
                continue
            key = (door.place_id, str(about["epc"]).upper())
            heard.setdefault(key, []).extend(reads_of(door.way, fact.counts_from, about))
            came[key] = max(came.get(key, fact.received_at), fact.received_at)
        if heard:
            before = tables.sightings(ctx.tx, ctx.tenant, heard)
            seen = {key: (gather(before.get(key), reads), came[key]) for key, reads in heard.items()}
            tables.put_sightings(ctx.tx, ctx.tenant, seen)
    if facts:
        _settle(ctx, facts[-1].received_at)


def _door(known: Sequence[Standing], antenna: object, at: datetime) -> Standing | None:
    """Where an antenna stood; one that nobody placed looks where its reader stands."""
    there = [one for one in known if one.covers(at)]
    own = next((one for one in there if one.antenna and one.antenna == antenna), None)
    return own or next((one for one in there if one.antenna == 0), None)


def settle(ctx: Context) -> int:
    """Judge what has been quiet for long enough; returns how many tags passed. For a worker with nothing to read."""
    ctx.require(Right.HANDLE_ALERTS)
    return _settle(ctx, ctx.now)


def _settle(ctx: Context, until: datetime) -> int:
    # Where business time runs fast, what one moment of the wall clock brings in parts is hours apart.
    rate = max(business_time(ctx.tx, ctx.tenant).rate, 1.0)
    waiting = tables.quiet_sightings(ctx.tx, ctx.tenant, until - SHORTEST_QUIET * rate, _AT_ONCE)
    ready = {key: one for key, (one, came) in waiting.items() if came + quiet_after(one) * rate <= until}
    if not ready:
        return 0
    weakest = tables.weakest(ctx.tx, ctx.tenant, {place_id for place_id, _ in ready})
    passed, touched = 0, set[int]()
    for key, sighting in sorted(ready.items(), key=lambda one: (one[1].last_at, one[0])):
        verdict = judge(sighting, weakest[key[0]])
        load_id = None if verdict.course is None else tables.note_pass(ctx.tx, ctx.tenant, key, verdict, ctx.now)
        if load_id is not None:
            passed += 1
            touched.add(load_id)
    tables.set_judged(ctx.tx, ctx.tenant, ready, until - (AGAIN + LONGEST_QUIET) * rate)
    for load_id in sorted(touched):
        _propose(ctx, load_id)
    if touched:
        notify(ctx.tx, "live", "orders")
    return passed


def _propose(ctx: Context, load_id: int) -> None:
    """Ask a person to confirm what a load seems to be, where the door is to."""
    load = _load(ctx, load_id)
    (door,) = tables.doors(ctx.tx, ctx.tenant, None, load.place_id) or (None,)
    if door is None or door.policy == "off" or load.state != "open":
        return
    picture = _picture(ctx, load)
    came = sum((one.quantity for tag in picture.seen if not tag.before for one in tag.content), ZERO)
    if not came:
        return
    best = next(iter(picture.matches), None)
    tasks.open_task(
        ctx, kind=TASK, subject=f"portal_load:{load_id}", site_id=load.site_id,
        title=title(best, load.way, load.door, _clock(ctx, load), came),
        detail=detail(best, picture.skus, picture.unknown, picture.before),
        why="Tags were read at the dock door. Book it, so that the books say what has happened.",
        link=f"/portals/loads/{load_id}", role="operator",
        evidence={"load_id": load_id, "door": load.door, "tags": load.tags},
    )  # fmt: skip


def _clock(ctx: Context, load: Load) -> str:
    site = records.site(ctx, load.site)
    return f"{load.last_at.astimezone(ZoneInfo(site.time_zone)):%H:%M}"


@dataclass(frozen=True)
class Picture:
    """A load as it is understood now.

    Attributes:
        matches: what it can be, the likeliest first.
        skus: by item.
        unknown, before: how many tags nobody knows, and how many were booked before.
    """

    load: Load
    passes: tuple[Passed, ...]
    seen: tuple[Seen, ...]
    matches: tuple[Match, ...]
    skus: dict[int, str]
    unknown: int
    before: int


def picture(ctx: Context, load_id: int) -> Picture:
    """A load with what passed and what it can be.

    Raises:
        NotFound: there is no such load.
    """
    ctx.require_somewhere(Right.VIEW)
    load = _load(ctx, load_id)
    ctx.require(Right.VIEW, load.site_id)
    return _picture(ctx, load)


def _picture(ctx: Context, load: Load) -> Picture:
    passes = tables.passes(ctx.tx, ctx.tenant, load.load_id)
    known = tags.meanings(ctx, [one.epc for one in passes])
    seen = tuple(Seen(one.epc, known[one.epc].content if one.epc in known else (), one.before) for one in passes)
    items = {one.item_id for tag in seen for one in tag.content}
    found = match(seen, _candidates(ctx, load.site_id, load.way, items))
    return Picture(
        load, tuple(passes), seen, tuple(found), {item_id: records.item(ctx, item_id).sku for item_id in items},
        sum(1 for one in seen if not one.content), sum(1 for one in seen if one.before),
    )  # fmt: skip


def _candidates(ctx: Context, site_id: int, way: Course, items: Collection[int]) -> list[Expected]:
    """Purchase orders and transfers that are to come, or shipments and transfers that are to go, with these items."""
    found: list[Expected] = []
    if way == "in":
        for order in purchase_tables.orders(
            ctx.tx, ctx.tenant, states=UNDER_WAY, sites=[site_id], limit=_MOST_CANDIDATES
        ):
            lines = [
                ExpectedLine(one.line, one.item_id, one.sku, one.unit, one.outstanding)
                for one in order.lines
                if one.outstanding > 0
            ]
            due = order.due_at or order.expected_at
            found.append(Expected("purchase_order", order.purchase_order_id, order.number, due, tuple(lines)))
    else:
        for shipment in shipments_tables.shipments(
            ctx.tx, ctx.tenant, states=("picking", "packed"), sites=[site_id], limit=_MOST_CANDIDATES
        ):
            lines = [
                ExpectedLine(one.line, one.item_id, one.sku, one.unit, one.picked)
                for one in shipment.lines
                if one.picked > 0
            ]
            found.append(Expected("shipment", shipment.shipment_id, shipment.number, shipment.created_at, tuple(lines)))
    for transfer in transfers_tables.transfers(
        ctx.tx, ctx.tenant, states=("approved", "in_transit", "part_received"), sites=[site_id],
        limit=_MOST_CANDIDATES,
    ):  # fmt: skip
        if site_id != (transfer.to_site_id if way == "in" else transfer.from_site_id):
            continue
        lines = [
            ExpectedLine(one.line, one.item_id, one.sku, one.unit, much)
            for one in transfer.lines
            if (much := one.on_road if way == "in" else one.to_ship) > 0
        ]
        found.append(Expected("transfer", transfer.transfer_id, transfer.number, transfer.expected_at, tuple(lines)))
    return [one for one in found if any(line.item_id in items for line in one.lines)]


def _load(ctx: Context, load_id: int) -> Load:
    found = tables.load(ctx.tx, ctx.tenant, load_id)
    if found is None:
        raise NotFound("load", load_id)
    return found


def loads(ctx: Context, limit: int = 100) -> list[Load]:
    """Loads of the sites that the actor may see: those that wait first, then the newest."""
    return tables.loads(ctx.tx, ctx.tenant, ctx.sites(Right.VIEW), limit)


def doors(ctx: Context) -> list[DoorState]:
    """The docks of the sites that the actor may see, and how their antennas do."""
    return tables.doors(ctx.tx, ctx.tenant, ctx.sites(Right.VIEW))


def change_door(ctx: Context, place_id: int, policy: str, weakest_dbm: float) -> None:
    """How a door works: whether what passes is proposed, and which reads are too weak to count.

    Raises:
        NotFound: there is no such dock.
        Invalid: a field cannot be right.
    """
    ctx.require_somewhere(Right.MANAGE_DEVICES)
    found = tables.doors(ctx.tx, ctx.tenant, None, place_id)
    if not found:
        raise NotFound("dock", place_id)
    ctx.require(Right.MANAGE_DEVICES, found[0].site_id)
    faults = []
    if policy not in POLICIES:
        faults.append(Fault("policy", "'off' or 'suggest'", shorten(policy), "Choose one."))
    if not -120 <= weakest_dbm <= 0:
        faults.append(
            Fault("weakest signal", "-120 to 0 dBm", f"{weakest_dbm:g}", "Most readers hear from -80 to -30.")
        )
    if faults:
        raise Invalid(*faults)
    tables.set_door(ctx.tx, ctx.tenant, place_id, policy, weakest_dbm)
    ctx.audit("portal.changed", f"place:{place_id}", policy=policy, weakest_dbm=weakest_dbm)


def being_read(ctx: Context, place_id: int) -> int:
    """How many tags are being read at a dock and not judged yet.

    Raises:
        NotFound: there is no such dock.
    """
    ctx.require_somewhere(Right.VIEW)
    found = tables.doors(ctx.tx, ctx.tenant, None, place_id)
    if not found:
        raise NotFound("dock", place_id)
    ctx.require(Right.VIEW, found[0].site_id)
    return tables.not_judged(ctx.tx, ctx.tenant, place_id, timedelta(minutes=1), ctx.now)


def quantity_of(found: Match) -> dict[int, Decimal]:
    """By line, what a person is asked to confirm."""
    return {one.expected.line: one.quantity for one in found.lines if one.quantity > 0}
